# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Where connections go, who has them next, and why they fail."""

import contextlib
import dataclasses
import errno
import os
import signal
import socket
import ssl
import threading

from cryptography import x509
import fixtures
import mock

from heat_docker import client
from heat_docker import connection
from heat_docker import endpoint
from heat_docker import errors
from sandbox import certificates
from tests.unit import base
from tests.unit import servers

# Names of the host itself, as the resolver of the system takes them.
OURSELVES = ('127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1',
             'localhost', 'LOCALHOST', 'localhost.', '[::ffff:127.0.0.1]')


class ConnectionTestCase(base.TestCase):

    def connect(self, url, tls=None, **more):
        where = dataclasses.replace(endpoint.of_values(url, tls), **more)
        made = client.DockerClient(where)
        self.addCleanup(made.close)
        return made

    def serve(self, *args, **kwargs):
        return self.useFixture(servers.Server(*args, **kwargs))

    def failing(self, error, asked):
        ex = self.assertRaises(errors.DockerError, asked.containers.inspect,
                               'x')
        self.assertIs(error, type(ex), ex)
        self.assertIn(str(asked.endpoint), str(ex))
        self.assert_plain(str(ex))
        return str(ex)

    def resolve(self, **names):
        """Have names mean numeric addresses, in this order."""
        resolver = socket.getaddrinfo

        def answer(host, port, *args, **kwargs):
            return [found for ip in names.get(host.partition('.')[0], [host])
                    for found in resolver(ip, port, *args, **kwargs)]

        self.patch(socket, 'getaddrinfo', answer)


class AddressTestCase(ConnectionTestCase):

    def setUp(self):
        super().setUp()
        self.listener = self.useFixture(servers.Listener())
        self.configure(read_timeout=0.1)

    def url(self, host):
        return 'tcp://%s:%d' % (host, self.listener.port)

    def test_denied_before_it_is_connected_to(self):
        for host in OURSELVES:
            words = self.failing(errors.Refused, self.connect(self.url(host)))
            self.assertIn('option denied_networks', words)
            self.assertFalse(self.listener.connected_to, host)

    def test_denied_unspecified(self):
        """Linux connects to itself by them."""
        for host in ('0', '0.0.0.0', '[::]'):
            self.failing(errors.Refused, self.connect(self.url(host)))
            self.assertFalse(self.listener.connected_to, host)

    def test_denied_by_tls_too(self):
        url = self.url('localhost').replace('tcp', 'https')
        self.failing(errors.Refused, self.connect(url))
        self.assertFalse(self.listener.connected_to)

    def test_denied_name(self):
        self.resolve(docker=['127.0.0.1'])
        words = self.failing(errors.Refused,
                             self.connect(self.url('docker.test')))
        self.assertNotIn('127.0.0.1', words)
        self.assertFalse(self.listener.connected_to)

    def test_allowed(self):
        self.configure(denied_networks=[])
        for host in OURSELVES:
            self.failing(errors.NoAnswer, self.connect(self.url(host)))
            self.assertTrue(self.listener.connected_to, host)

    def test_local(self):
        self.configure(local_endpoint=self.url('127.0.0.1'))
        self.failing(errors.NoAnswer, self.connect(None))
        self.assertTrue(self.listener.connected_to)

    def test_trusted(self):
        """It was allowed when something was made there."""
        self.failing(errors.NoAnswer, self.connect(
            self.url('localhost'), trusted='127.0.0.1'))
        self.assertTrue(self.listener.connected_to)

    def test_trusted_name_that_has_moved(self):
        self.resolve(docker=['127.0.0.1'])
        self.failing(errors.Refused, self.connect(
            self.url('docker.test'), trusted='192.0.2.7'))
        self.assertFalse(self.listener.connected_to)

    def test_second_address(self):
        self.configure(denied_networks=['127.0.0.2'])
        self.resolve(docker=['127.0.0.2', '127.0.0.1'])
        server = self.serve()
        asked = self.connect('tcp://docker.test:%d' % server.address[1])
        self.assertEqual((1, 41), asked.api)
        self.assertEqual('127.0.0.1', asked.address)

    def test_second_address_when_the_first_is_away(self):
        self.configure(denied_networks=[])
        self.resolve(docker=['127.0.0.2', '127.0.0.1'])
        server = self.serve()
        asked = self.connect('tcp://docker.test:%d' % server.address[1])
        self.assertEqual('127.0.0.1', asked.address)

    def test_all_addresses_denied(self):
        self.resolve(docker=['127.0.0.2', '::1'])
        self.failing(errors.Refused, self.connect(self.url('docker.test')))

    def test_every_connection_is_checked(self):
        """The operator may have thought better of it by now."""
        self.configure(denied_networks=[])
        server = self.serve()
        asked = self.connect(server.url)
        asked.containers.inspect('x')
        self.configure(denied_networks=['127.0.0.0/8'])
        asked.containers.inspect('x')
        server.drop()
        self.failing(errors.Refused, asked)

    def test_name_that_moves(self):
        """What is known of a daemon is not known of another address."""
        self.configure(denied_networks=[])
        self.resolve(docker=['127.0.0.1'])
        server = self.serve()
        asked = self.connect('tcp://docker.test:%d' % server.address[1])
        asked.containers.inspect('x')
        self.resolve(docker=['127.0.0.2'])
        server.drop()
        asked.containers.inspect('x')
        self.assertEqual(('127.0.0.1', 2), (asked.address, server.accepted))
        server.stop()
        self.failing(errors.Unreachable, asked)
        other = self.serve(address=('127.0.0.2', server.address[1]))
        asked.containers.inspect('x')
        self.assertEqual('127.0.0.2', asked.address)
        self.assertIn(b' /version ', other.lines[0])

    def test_name_that_moves_to_a_stranger(self):
        """Nothing that it says is repeated."""
        self.configure(denied_networks=[])
        self.resolve(docker=['127.0.0.1'])
        server = self.serve()
        asked = self.connect('tcp://docker.test:%d' % server.address[1])
        asked.containers.inspect('x')
        self.serve(lambda line: servers.http({'message': 'hunter2'},
                                             '500 Oh No'),
                   address=('127.0.0.2', server.address[1]))
        self.resolve(docker=['127.0.0.2'])
        server.stop()
        for _again in range(2):
            words = self.failing(errors.Unreachable, asked)
            self.assertNotIn('hunter2', words)

    def test_unknown_name(self):
        def unknown(*args, **kwargs):
            raise socket.gaierror(socket.EAI_NONAME,
                                  'Name or service not known')

        self.patch(socket, 'getaddrinfo', unknown)
        words = self.failing(errors.Unreachable,
                             self.connect('tcp://docker.test'))
        self.assertIn('Name or service not known', words)

    def test_nobody_listens(self):
        self.configure(denied_networks=[])
        with socket.socket() as bound:
            bound.bind(('127.0.0.1', 0))
            words = self.failing(errors.Unreachable, self.connect(
                'tcp://127.0.0.1:%d' % bound.getsockname()[1]))
        self.assertIn('Connection refused', words)

    def test_connect_timeout(self):
        self.configure(denied_networks=[], connect_timeout=0.1)

        def late(*args, **kwargs):
            self.assertEqual(0.1, kwargs['timeout'])
            raise TimeoutError('timed out')

        self.patch(connection.urllib3.util.connection, 'create_connection',
                   late)
        words = self.failing(errors.Unreachable,
                             self.connect(self.url('127.0.0.1')))
        self.assertIn('no answer in time', words)


class TLSTestCase(ConnectionTestCase):

    def setUp(self):
        super().setUp()
        self.configure(denied_networks=[])

    def ours(self, **tls):
        return {'ca_cert': servers.authority().certificate, **tls}

    def untrusted(self, server, **tls):
        return self.failing(errors.Untrusted,
                            self.connect(server.url, self.ours(**tls)))

    def test_right_authority(self):
        server = self.serve(pair=servers.issued(address='127.0.0.1'))
        asked = self.connect(server.url, self.ours())
        self.assertEqual('x', asked.containers.inspect('x')['Id'])
        self.assertEqual('127.0.0.1', asked.address)

    def test_by_name(self):
        self.resolve(docker=['127.0.0.1'])
        server = self.serve(pair=servers.issued(host='docker.test'))
        for host in ('docker.test', 'Docker.Test', 'docker.test.'):
            asked = self.connect('https://%s:%d' % (host, server.address[1]),
                                 self.ours())
            self.assertEqual((1, 41), asked.api)

    def test_wrong_authority(self):
        server = self.serve(pair=servers.issued('theirs',
                                                address='127.0.0.1'))
        self.assertIn('its certificate is not signed by ca_cert of tls',
                      self.untrusted(server))
        self.assertEqual([], server.lines)

    def test_authorities_of_the_system(self):
        server = self.serve(pair=servers.issued(address='127.0.0.1'))
        self.assertIn('its certificate is not signed by',
                      self.untrusted(server, ca_cert=None))

    def test_signed_by_itself(self):
        pair = servers.issued(address='127.0.0.1')
        itself = dataclasses.replace(
            pair, certificate=self_signed(pair.key))
        self.assertIn('its certificate is signed by itself',
                      self.untrusted(self.serve(pair=itself)))

    def test_expired(self):
        server = self.serve(pair=servers.issued(address='127.0.0.1',
                                                expired=True))
        self.assertIn('its certificate has expired', self.untrusted(server))

    def test_wrong_host(self):
        self.resolve(docker=['127.0.0.1'])
        server = self.serve(pair=servers.issued(host='other.test'))
        words = self.failing(errors.Untrusted, self.connect(
            'https://docker.test:%d' % server.address[1], self.ours()))
        self.assertIn('its certificate is for another host name', words)

    def test_wrong_address(self):
        server = self.serve(pair=servers.issued(address='127.0.0.2'))
        self.assertIn('its certificate is for another IP address',
                      self.untrusted(server))

    def test_server_name(self):
        """What the certificate is for need not be where the daemon is."""
        server = self.serve(pair=servers.issued(host='docker'))
        asked = self.connect(server.url, self.ours(server_name='docker'))
        self.assertEqual('x', asked.containers.inspect('x')['Id'])
        for name in ('other', 'dock', '127.0.0.1'):
            self.assertIn('its certificate is for another',
                          self.untrusted(server, server_name=name))

    def test_not_verified(self):
        for about in ({'address': '127.0.0.2'}, {'expired': True,
                                                'host': 'other.test'}):
            server = self.serve(pair=servers.issued('theirs', **about))
            asked = self.connect(server.url, {'verify': False})
            self.assertEqual('x', asked.containers.inspect('x')['Id'])

    def test_verified_next_to_not_verified(self):
        """They do not share connections."""
        server = self.serve(pair=servers.issued('theirs',
                                                address='127.0.0.1'))
        with self.connect(server.url, {'verify': False}) as asked:
            asked.containers.inspect('x')
        self.untrusted(server)

    def client(self, by='ours'):
        pair = servers.issued(by)
        return {'client_cert': pair.certificate, 'client_key': pair.key}

    def mutual(self):
        return self.serve(pair=servers.issued(address='127.0.0.1'),
                          clients=servers.authority())

    def test_client_certificate(self):
        asked = self.connect(self.mutual().url, self.ours(**self.client()))
        self.assertEqual('x', asked.containers.inspect('x')['Id'])

    def test_client_certificate_without_verification(self):
        asked = self.connect(self.mutual().url,
                             {'verify': False, **self.client()})
        self.assertEqual('x', asked.containers.inspect('x')['Id'])

    def test_no_client_certificate(self):
        words = self.untrusted(self.mutual())
        self.assertIn('see client_cert of tls', words)

    def test_wrong_client_certificate(self):
        words = self.untrusted(self.mutual(), **self.client('theirs'))
        self.assertIn('see client_cert of tls', words)
        self.assertNotIn('PRIVATE', words)

    def test_tls_to_a_plain_port(self):
        server = self.useFixture(servers.Blunt(servers.http(
            b'400 Bad Request', '400 Bad Request', 'Connection: close')))
        words = self.failing(errors.Untrusted, self.connect(
            server.url.replace('tcp', 'https')))
        self.assertIn('it does not speak TLS: say tcp:// in docker_endpoint',
                      words)

    def test_tls_to_who_hangs_up(self):
        server = self.useFixture(servers.Blunt(b''))
        self.failing(errors.NoAnswer, self.connect(
            server.url.replace('tcp', 'https')))

    def test_plain_to_a_port_with_tls(self):
        """As Go's server says it, before there is any TLS."""
        server = self.serve(lambda line: servers.http(
            b'Client sent an HTTP request to an HTTPS server.\n',
            '400 Bad Request', 'Connection: close'))
        self.assertIn('expects TLS: say https:// in docker_endpoint',
                      self.failing(errors.Failed, self.connect(server.url)))

    def test_plain_to_who_hangs_up(self):
        server = self.serve(pair=servers.issued(address='127.0.0.1'))
        self.failing(errors.NoAnswer, self.connect(
            server.url.replace('https', 'tcp')))

    def test_environment_is_not_used(self):
        """It is that of the operator, for other purposes."""
        for name in ('HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY'):
            self.useFixture(fixtures.EnvironmentVariable(
                name, 'http://127.0.0.3:1'))
        for name in ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'DOCKER_CONFIG',
                     'DOCKER_CERT_PATH'):
            self.useFixture(fixtures.EnvironmentVariable(name, '/missing'))
        for name in ('DOCKER_TLS_VERIFY', 'DOCKER_TLS'):
            self.useFixture(fixtures.EnvironmentVariable(name, '1'))
        for server in (self.serve(pair=servers.issued(address='127.0.0.1')),
                       self.serve()):
            asked = self.connect(server.url, self.ours() if server.url[4] ==
                                 's' else None)
            self.assertEqual('x', asked.containers.inspect('x')['Id'])

    def test_material_that_is_none(self):
        where = endpoint.Endpoint('https://127.0.0.1:1',
                                  endpoint.TLS(ca_cert='hunter2'))
        ex = self.assertRaises(errors.Failed,
                               client.DockerClient(where).containers.inspect,
                               'x')
        self.assertIn('ca_cert of tls is not', str(ex))

    def test_no_warnings(self):
        """Nobody can do anything about them."""
        server = self.serve(pair=servers.issued(address='127.0.0.1'))
        with mock.patch('warnings.warn', autospec=True) as warn:
            self.connect(server.url, {'verify': False}).containers.inspect('x')
        self.assertEqual([], [call.args[0] for call in warn.mock_calls])


class BreakOffTestCase(ConnectionTestCase):
    """One thread waits for an answer; another one waits no longer."""

    def setUp(self):
        super().setUp()
        self.configure(denied_networks=[])

    def broken_off(self, asked, work):
        """Fail at what is broken off, which says nothing of the daemon."""
        with asked:
            ex = self.assertRaises(errors.NoAnswer, work)
        self.assert_plain(str(ex))
        self.pool.raise_if_away(asked.endpoint)
        self.assertIsNone(self.pool.take(asked.endpoint))
        return str(ex)

    def serve_pull(self, **kwargs):
        """Break off a pull once some of the answer may have come."""
        def answer(line):
            if b'/images/create?' not in line:
                return servers.daemon(line)
            self.asked.break_off()
            return servers.begin(line)

        return self.serve(answer, **kwargs)

    def pull(self, pair=None, tls=None):
        server = self.serve_pull(pair=pair)
        self.asked = self.connect(server.url, tls)
        self.broken_off(self.asked,
                        lambda: list(self.asked.images.pull('x')))
        self.assertEqual(1, server.accepted)

    def test_pull(self):
        self.pull()

    def test_pull_by_tls(self):
        self.pull(servers.issued(address='127.0.0.1'), {'verify': False})

    def test_after_one_answer_was_the_body_of_another_request(self):
        """Two sockets are open then, and any of them is used next."""
        server = self.serve_pull()
        with self.connect(server.url) as copying:
            containers = copying.containers
            containers.put_archive('x', containers.get_archive('y', '/'))
        self.assertEqual(2, server.accepted)
        self.asked = self.connect(server.url)
        self.broken_off(self.asked,
                        lambda: list(self.asked.images.pull('x')))
        self.assertEqual(2, server.accepted)

    def test_before_it_is_connected(self):
        server = self.serve()
        asked = self.connect(server.url)
        asked.break_off()
        self.assertIn('it was broken off', self.broken_off(
            asked, lambda: asked.containers.inspect('x')))
        self.assertEqual(0, server.accepted)

    def test_while_it_connects(self):
        connect = connection._connect

        def broken_off(*args, **kwargs):
            connected = connect(*args, **kwargs)
            asked.break_off()
            return connected

        self.patch(connection, '_connect', broken_off)
        server = self.serve()
        asked = self.connect(server.url)
        self.broken_off(asked, lambda: asked.containers.inspect('x'))
        self.assertEqual([], server.lines)

    def test_after_it_was_given_back(self):
        """The next one to have the connection has it for itself."""
        server = self.serve()
        with self.connect(server.url) as asked:
            asked.containers.inspect('x')
        asked.break_off()
        self.connect(server.url).containers.inspect('x')
        self.assertEqual(1, server.accepted)


def self_signed(key):
    """Return a certificate of a key that this key signs."""
    private = certificates.serialization.load_pem_private_key(
        key.encode(), None)
    name = x509.Name([])
    now = certificates.datetime.datetime.now(
        certificates.datetime.timezone.utc)
    return (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(private.public_key()).serial_number(1)
            .not_valid_before(now - certificates.DAY)
            .not_valid_after(now + certificates.DAY)
            .sign(private, certificates.hashes.SHA256())
            .public_bytes(certificates.serialization.Encoding.PEM).decode())


class ExplainTestCase(base.TestCase):

    def explain(self, ex, cause=None):
        ex.__cause__ = cause
        error, words = connection.explain(ex)
        self.assert_plain(str(words))
        return error, words

    def test_alerts(self):
        for reason, expected in (
                ('TLSV13_ALERT_CERTIFICATE_REQUIRED', 'see client_cert'),
                ('TLSV1_ALERT_UNKNOWN_CA', 'see client_cert'),
                ('SSLV3_ALERT_BAD_CERTIFICATE', 'see client_cert'),
                ('WRONG_VERSION_NUMBER', 'does not speak TLS'),
                ('RECORD_LAYER_FAILURE', 'does not speak TLS'),
                ('TLSV1_ALERT_PROTOCOL_VERSION',
                 'TLS failed, tlsv1 alert protocol version')):
            cause = ssl.SSLError(1, '[SSL: %s] hm (_ssl.c:1)' % reason)
            cause.reason = reason
            error, words = self.explain(OSError('x'), cause)
            self.assertIs(errors.Untrusted, error)
            self.assertIn(expected, words)

    def test_unknown_fault_of_a_certificate(self):
        cause = ssl.SSLCertVerificationError(1, 'no')
        cause.verify_code, cause.verify_message = 23, 'certificate revoked'
        self.assertEqual((errors.Untrusted, 'certificate revoked'),
                         self.explain(OSError('x'), cause))


class Client:
    """Stands in for the library's session, of which the pool knows little."""

    def __init__(self):
        self.closed = False

    def close(self):
        self.closed = True


class PoolTestCase(base.TestCase):

    ONE = endpoint.parse('tcp://one.test')
    TWO = endpoint.parse('tcp://two.test')

    def setUp(self):
        super().setUp()
        # The fields of the class have the function itself.
        self.clock = self.set_clock(connection)
        self.pool = connection.Pool()

    def make(self):
        return connection.Connection(Client(), self.ONE, made=self.clock.now)

    def give(self, count=1, where=ONE):
        given = [self.make() for _number in range(count)]
        for one in given:
            self.pool.give(where, one)
        return given

    def take_all(self, where=ONE):
        taken = []
        while found := self.pool.take(where):
            taken.append(found)
        return taken

    def closed(self, given):
        return [one.client.closed for one in given]

    def test_empty(self):
        self.assertIsNone(self.pool.take(self.ONE))

    def test_last_one_first(self):
        """So that those which nobody needs grow old."""
        given = self.give(3)
        self.assertEqual(given[::-1], self.take_all())
        self.assertEqual(3 * [False], self.closed(given))

    def test_by_endpoint(self):
        self.give()
        tls = endpoint.TLS(client_cert='a', client_key='b')
        for other in (self.TWO, dataclasses.replace(self.ONE, tls=tls),
                      dataclasses.replace(self.ONE, local=True)):
            self.assertIsNone(self.pool.take(other))
        self.assertIsNotNone(self.pool.take(endpoint.parse('tcp://one.test')))

    def test_trusted_address(self):
        """What is connected to it serves who may go there."""
        self.configure(denied_networks=['127.0.0.0/8'])
        trusting = dataclasses.replace(self.ONE, trusted='127.0.0.1')
        [denied, allowed] = given = [
            connection.Connection(Client(), trusting, made=self.clock.now,
                                  address=address)
            for address in ('127.0.0.1', '192.0.2.7')]
        for one in given[::-1]:
            self.pool.give(trusting, one)
        self.assertEqual([allowed], self.take_all())
        self.assertIs(self.ONE, allowed.endpoint)
        self.assertIs(None, allowed.endpoint.trusted)
        self.assertEqual([], self.take_all(dataclasses.replace(
            self.ONE, trusted='127.0.0.2')))
        self.assertEqual([denied], self.take_all(trusting))
        self.assertEqual('127.0.0.1', denied.endpoint.trusted)

    def learn(self, where=ONE, address=None):
        self.pool.learn(connection.Connection(
            Client(), where, api=(1, 41), podman=True, address=address,
            made=self.clock.now))

    def test_known(self):
        begin = self.clock.now
        self.assertEqual({}, self.pool.known(self.ONE))
        self.learn(address='192.0.2.7')
        self.assertEqual({}, self.pool.known(self.TWO))
        self.clock.now += 299
        self.assertEqual(
            {'api': (1, 41), 'podman': True, 'address': '192.0.2.7',
             'made': begin},
            self.pool.known(self.ONE))
        self.clock.now += 1
        self.assertEqual({}, self.pool.known(self.ONE))

    def test_known_of_an_address_that_is_denied(self):
        self.configure(denied_networks=['127.0.0.0/8'])
        trusting = dataclasses.replace(self.ONE, trusted='127.0.0.1')
        self.learn(trusting, '127.0.0.1')
        self.assertEqual({}, self.pool.known(self.ONE))
        self.assertEqual((1, 41), self.pool.known(trusting)['api'])

    def test_known_is_forgotten(self):
        self.learn()
        self.fail_at(self.ONE)
        self.assertEqual({}, self.pool.known(self.ONE))
        self.learn()
        self.clock.now += 300
        self.give(where=self.TWO)
        self.assertEqual({}, self.pool._known)

    def test_not_too_many(self):
        given = self.give(10)
        self.assertEqual(2 * [True] + 8 * [False], self.closed(given))
        self.assertEqual(given[:1:-1], self.take_all())

    def test_not_too_many_of_each(self):
        self.give(8)
        self.give(8, self.TWO)
        self.assertEqual((8, 8), (len(self.take_all()),
                                  len(self.take_all(self.TWO))))

    def test_idle_closed_by_who_comes_later(self):
        old = self.give()
        self.clock.now += 61
        self.give(where=self.TWO)
        self.assertEqual([True], self.closed(old))
        self.assertIsNone(self.pool.take(self.ONE))

    def test_idle_not_taken(self):
        """A firewall may have forgotten it without a word."""
        old = self.give()
        self.clock.now += 61
        self.assertIsNone(self.pool.take(self.ONE))
        self.assertEqual([True], self.closed(old))

    def test_used_again_and_again(self):
        [one] = self.give()
        for _time in range(4):
            self.clock.now += 59
            self.assertIs(one, self.pool.take(self.ONE))
            self.pool.give(self.ONE, one)
        self.assertFalse(one.client.closed)

    def test_old_not_kept(self):
        """The daemon may speak another version by now."""
        [one] = self.give()
        self.pool.take(self.ONE)
        self.clock.now += 300
        self.pool.give(self.ONE, one)
        self.assertTrue(one.client.closed)
        self.assertIsNone(self.pool.take(self.ONE))

    def test_old_not_taken(self):
        one = self.make()
        self.clock.now += 290
        self.pool.give(self.ONE, one)
        self.clock.now += 11
        self.assertIsNone(self.pool.take(self.ONE))

    def fail_at(self, where, error=None, asked=None):
        self.pool.failed(where, error or errors.Unreachable('away'),
                         self.clock.now if asked is None else asked)

    def test_failed_drops_all(self):
        given, others = self.give(3), self.give(1, self.TWO)
        self.fail_at(self.ONE)
        self.assertEqual([], self.take_all())
        self.assertEqual(3 * [True], self.closed(given))
        self.assertEqual(others, self.take_all(self.TWO))

    def test_away_for_a_while(self):
        self.pool.raise_if_away(self.ONE)
        for error in (errors.Unreachable, errors.NoAnswer):
            self.fail_at(self.ONE, error('no route'))
            self.clock.now += 14
            ex = self.assertRaises(errors.Unreachable,
                                   self.pool.raise_if_away, self.ONE)
            # Whoever is told so has not asked for anything.
            self.assertEqual((errors.Unreachable, 'no route'),
                             (type(ex), str(ex)))
            self.pool.raise_if_away(self.TWO)
            self.clock.now += 1
            self.pool.raise_if_away(self.ONE)

    def test_away_until_somebody_is_answered(self):
        self.fail_at(self.ONE)
        self.give()
        self.assertRaises(errors.Unreachable, self.pool.raise_if_away,
                          self.ONE)
        self.pool.answered(self.ONE)
        self.pool.raise_if_away(self.ONE)

    def test_late_for_one_of_several(self):
        """A daemon that answers others meanwhile is not away."""
        given, asked = self.give(3), self.clock.now
        self.clock.now += 1
        self.pool.answered(self.ONE)
        self.clock.now += 14
        self.fail_at(self.ONE, errors.Late('late'), asked)
        self.pool.raise_if_away(self.ONE)
        self.assertEqual(3 * [False], self.closed(given))
        for error, since in ((errors.NoAnswer('broken'), asked),
                             (errors.Late('late'), asked + 1)):
            self.fail_at(self.ONE, error, since)
            self.assertRaises(errors.Unreachable, self.pool.raise_if_away,
                              self.ONE)
            self.clock.now += 15
        self.clock.now += 300
        self.give()
        self.assertEqual({}, self.pool._answered)

    def test_away_is_forgotten(self):
        self.fail_at(self.ONE)
        self.clock.now += 16
        self.give(where=self.TWO)
        self.assertEqual({}, self.pool._away)

    def test_nothing_kept_of_nobody(self):
        self.give()
        self.clock.now += 61
        self.give(where=self.TWO)
        self.assertEqual([self.TWO], list(self.pool._idle))

    def test_forked(self):
        """Two that write to one socket would get each other's answers."""
        self.give()
        self.fail_at(self.TWO)
        # Another thread may be at it when the process is forked.
        with self.pool._lock:
            child = os.fork()
            if not child:
                code = 1
                signal.alarm(base.SECONDS)
                try:
                    found = self.pool.take(self.ONE)
                    self.pool.raise_if_away(self.TWO)
                    code = 0 if found is None else 2
                finally:
                    os._exit(code)
        self.assertEqual(0, os.waitstatus_to_exitcode(
            os.waitpid(child, 0)[1]))
        self.assertEqual(1, len(self.take_all()))

    def turns(self, count, where=ONE):
        """Take turns until the end of the test, and return them."""
        taken = contextlib.ExitStack()
        self.addCleanup(taken.close)
        for _number in range(count):
            taken.enter_context(self.pool.turn(where))
        return taken

    def when_somebody_waits(self, *actions):
        """Do this then; return whether they were to wait, each time."""
        semaphore = self.pool._turns[self.ONE, False]
        acquire = semaphore.acquire
        asked = []

        def wait(blocking=True):
            asked.append(blocking)
            for action in actions if blocking else ():
                action()
            return acquire(blocking=False)

        self.patch(semaphore, 'acquire', wait)
        return asked

    def test_turns(self):
        taken = self.turns(4)
        asked = self.when_somebody_waits(taken.close)
        self.turns(4, self.TWO)
        self.assertEqual([], asked)
        self.turns(1)
        self.assertEqual([False, True], asked)
        self.turns(3)
        self.assertEqual(3 * [False], asked[2:])

    def test_turn_to_leave(self):
        """One request at a time, independent of the limit on other work."""
        self.turns(4)
        with self.pool.turn(self.ONE, leaving=True):
            self.assertEqual(0, self.pool._turns[self.ONE, True]._value)
            self.assertFalse(
                self.pool._turns[self.ONE, True].acquire(blocking=False))

    def test_pace_of_stops(self):
        """It follows the duration of stops, but not of grace periods."""
        with self.pool.turn(self.ONE, leaving=True) as turn:
            paces = [turn.pace]
            for seconds in (0.1, 0.01, 9.0, None, None, None, None):
                turn.stopped(seconds)
                paces.append(turn.pace)
        self.assertEqual([1.0, 0.4, 0.25, 2.0, 1.0, 0.5, 0.25, 0.25], paces)

    def test_turn_after_a_failure(self):
        """Who waited is told what they are told who were there before."""
        taken = self.turns(4)
        self.when_somebody_waits(taken.close, lambda: self.fail_at(
            self.ONE, errors.NoAnswer('no answer in time')))
        ex = self.assertRaises(errors.Unreachable, self.turns, 1)
        # What waited has not been asked, so it has not been lost.
        self.assertNotIsInstance(ex, errors.NoAnswer)
        # Whoever does not have to wait finds out whether it is back.
        self.turns(4)

    def test_nobody_has_a_turn(self):
        self.turns(4).close()
        self.assertEqual([], list(self.pool._turns))

    def test_threads(self):
        """Nobody has a connection that somebody else has."""
        self.give(8)
        in_use, failures = set(), []
        start = threading.Barrier(8)

        def use():
            start.wait(base.SECONDS)
            for number in range(200):
                taken = self.pool.take(self.ONE) or self.make()
                if id(taken) in in_use:
                    failures.append(number)
                in_use.add(id(taken))
                in_use.remove(id(taken))
                self.pool.give(self.ONE, taken)
                if number % 50 == 0:
                    self.fail_at(self.TWO)

        threads = [threading.Thread(target=use) for _number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(base.SECONDS)
        self.assertEqual([], failures)
        self.assertEqual(8, len(set(map(id, self.take_all()))))


class PooledTestCase(ConnectionTestCase):
    """What engines do to the pool that they share."""

    def setUp(self):
        super().setUp()
        self.configure(denied_networks=[])

    def ask(self, url):
        with self.connect(url) as asked:
            return asked.containers.inspect('x')

    def test_one_after_the_other(self):
        server = self.serve()
        self.ask(server.url)
        self.ask(server.url)
        self.assertEqual(1, server.accepted)
        self.assertEqual(1, sum(b' /version ' in line
                                for line in server.lines))

    def test_at_the_same_time(self):
        server = self.serve()
        with self.connect(server.url) as asked:
            asked.containers.inspect('x')
            self.ask(server.url)
        self.assertEqual(2, server.accepted)
        self.assertEqual(2, len(self.pool._idle[asked.endpoint]))
        self.assertEqual(1, self.versions(server))

    def versions(self, server):
        """Return how often the version has been asked."""
        return sum(b' /version ' in line for line in server.lines)

    def test_daemon_stopped_and_started(self):
        """A connection that was closed while nobody used it is no failure.

        Linux tells of it before anything is sent. The daemon may be another
        version now, and no other connection to it is good.
        """
        server = self.serve()
        with self.connect(server.url) as asked:
            asked.containers.inspect('x')
            self.ask(server.url)
        server.drop()
        self.ask(server.url)
        self.assertEqual(3, server.accepted)
        self.assertEqual(2, self.versions(server))
        self.assertEqual(1, len(self.pool._idle[asked.endpoint]))

    def test_version_asked_again_after_a_failure(self):
        server = self.serve()
        self.ask(server.url)
        server.stop()
        self.failing(errors.Unreachable, self.connect(server.url))
        again = self.serve(address=server.address)
        self.ask(server.url)
        self.assertEqual(1, self.versions(again))

    def test_known_address(self):
        """What is known of a version is known of one address."""
        self.resolve(docker=['127.0.0.1'])
        server = self.serve()
        url = 'tcp://docker.test:%d' % server.address[1]
        with self.connect(url) as asked:
            asked.containers.inspect('x')
            self.resolve(docker=['127.0.0.2'])
            self.ask(url)
        self.assertEqual(2, server.accepted)

    def test_connection_given_up_is_not_lost(self):
        """After a patience that has ended, we have closed it."""
        end = threading.Event()
        self.addCleanup(end.set)

        def hang(line):
            return servers.daemon(line) if b'/wait ' not in line else (
                end.wait(base.SECONDS) and None)

        server = self.serve(hang)
        with self.connect(server.url) as asked:
            asked.containers.wait('x', 0.05)
        self.ask(server.url)
        self.assertEqual(1, self.versions(server))

    def test_connects_again_as_who_uses_it(self):
        """Who trusts the address may, who does not may not."""
        server = self.serve()
        with self.connect(server.url) as asked:
            asked.containers.inspect('x')
        trusting = self.connect(server.url, trusted='127.0.0.1')
        for user, denied in ((trusting, ['127.0.0.0/8']),
                             (self.connect(server.url), [])):
            self.configure(denied_networks=[])
            user.containers.inspect('x')
            self.configure(denied_networks=denied)
            server.drop()
            user.containers.inspect('x')
            user.__exit__()
        user = self.connect(server.url)
        user.containers.inspect('x')
        self.configure(denied_networks=['127.0.0.0/8'])
        server.drop()
        self.failing(errors.Refused, user)

    def test_answer_without_end(self):
        """Whoever names the host must not fill the memory of heat-engine."""
        server = self.useFixture(servers.Endless(None))
        self.assertRaises(errors.DockerError, self.ask, server.url)
        self.assertLess(server.sent, 32)

    def test_broken_connection_is_not_given_back(self):
        server = self.serve(lambda line: servers.daemon(line) if b' /version '
                            in line else None)
        asked = self.connect(server.url)
        with asked:
            self.failing(errors.NoAnswer, asked)
        self.assertIsNone(self.pool.take(asked.endpoint))

    def test_away_after_no_answer(self):
        """Those who only look do not wait for it, one after the other."""
        self.configure(read_timeout=0.1)
        end = threading.Event()
        self.addCleanup(end.set)

        def hang(line):
            end.wait(base.SECONDS)

        asked = self.connect(self.serve(hang).url)
        with asked:
            self.failing(errors.NoAnswer, asked)
        self.assertRaises(errors.Unreachable, client.raise_if_away,
                          asked.endpoint)

    def test_away_after_a_connect_timeout(self):
        def late(*args, **kwargs):
            raise TimeoutError(errno.ETIMEDOUT, 'timed out')

        self.patch(connection.urllib3.util.connection, 'create_connection',
                   late)
        asked = self.connect('tcp://127.0.0.1:1')
        with asked:
            self.failing(errors.Unreachable, asked)
        self.assertRaises(errors.Unreachable, client.raise_if_away,
                          asked.endpoint)

    def test_patience_that_ends_is_no_failure(self):
        """Nobody is told that the daemon is away."""
        end = threading.Event()
        self.addCleanup(end.set)

        def hang(line):
            return servers.daemon(line) if b' /version ' in line else (
                end.wait(base.SECONDS) and None)

        asked = self.connect(self.serve(hang).url)
        with asked:
            asked.containers.wait('x', 0.05)
        client.raise_if_away(asked.endpoint)
