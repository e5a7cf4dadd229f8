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

"""Where connections go, how they are encrypted, and how they are aborted."""

import dataclasses
import socket
import threading

from cryptography import x509
import fixtures
import mock

from heat_docker import client
from heat_docker import endpoint
from heat_docker import errors
from heat_docker import transport
from sandbox import certificates
from tests.unit import base
from tests.unit import servers

# Names of the host itself, as accepted by the system's resolver.
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
        """Let names resolve to numeric addresses, in this order."""
        resolver = socket.getaddrinfo

        def answer(host, port, *args, **kwargs):
            return [found for ip in names.get(host.partition('.')[0], [host])
                    for found in resolver(ip, port, *args, **kwargs)]

        self.patch(socket, 'getaddrinfo', answer)


def self_signed(key):
    """Return a self-signed certificate."""
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


class AddressTestCase(ConnectionTestCase):

    def setUp(self):
        super().setUp()
        self.listener = self.useFixture(servers.Listener())
        self.configure(read_timeout=0.1)

    def serve(self, *args, **kwargs):
        """Start a server that answers even on a busy machine."""
        self.configure(read_timeout=10.0)
        return super().serve(*args, **kwargs)

    def url(self, host):
        return 'tcp://%s:%d' % (host, self.listener.port)

    def test_denied_before_it_is_connected_to(self):
        for host in OURSELVES:
            words = self.failing(errors.Refused, self.connect(self.url(host)))
            self.assertIn('option denied_networks', words)
            self.assertFalse(self.listener.connected_to, host)

    def test_denied_unspecified(self):
        """Linux connects to itself through these addresses."""
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

    def test_empty_denied_networks_allows_local_addresses(self):
        self.configure(denied_networks=[])
        for host in OURSELVES:
            self.failing(errors.NoAnswer, self.connect(self.url(host)))
            self.assertTrue(self.listener.connected_to, host)

    def test_local_endpoint_is_always_allowed(self):
        self.configure(local_endpoint=self.url('127.0.0.1'))
        self.failing(errors.NoAnswer, self.connect(None))
        self.assertTrue(self.listener.connected_to)

    def test_trusted_address_is_allowed(self):
        """The address was allowed when the object was created."""
        self.failing(errors.NoAnswer, self.connect(
            self.url('localhost'), trusted='127.0.0.1'))
        self.assertTrue(self.listener.connected_to)

    def test_name_that_has_moved_since(self):
        """An object stays where it was created."""
        self.configure(denied_networks=[])
        self.resolve(docker=['127.0.0.2', '127.0.0.1'])
        there = self.serve()
        here = self.serve(address=('127.0.0.2', there.address[1]))
        url = 'tcp://docker.test:%d' % there.address[1]
        for _again in range(2):
            with self.connect(url) as new:
                new.containers.inspect('x')
                self.assertEqual('127.0.0.2', new.address)
            with self.connect(url, trusted='127.0.0.1') as old:
                old.containers.inspect('x')
                self.assertEqual('127.0.0.1', old.address)
        self.assertEqual((1, 1), (here.accepted, there.accepted))
        there.stop()
        words = self.failing(errors.Unreachable,
                             self.connect(url, trusted='127.0.0.1'))
        self.assertIn('(at 127.0.0.1, the address that the hostname had when '
                      'the object was created)', words)
        self.assertEqual(1, here.accepted)

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
        """The operator may have changed the policy since."""
        self.configure(denied_networks=[])
        server = self.serve()
        asked = self.connect(server.url)
        asked.containers.inspect('x')
        self.configure(denied_networks=['127.0.0.0/8'])
        asked.containers.inspect('x')
        server.drop()
        self.failing(errors.Refused, asked)

    def test_name_that_moves(self):
        """Facts about a daemon do not apply to another address."""
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
        """The error repeats nothing from its answer."""
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

    def test_name_without_addresses(self):
        """The resolver may return an empty list instead of an error."""
        self.resolve(docker=[])
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
        """The timeout covers all addresses of a name."""
        self.configure(denied_networks=[], connect_timeout=8)
        self.resolve(docker=['127.0.0.%d' % n for n in range(1, 100)])
        clock = self.set_clock(transport)
        tried = []

        def late(address, timeout, **options):
            tried.append((address[0], timeout))
            clock.now += timeout
            raise TimeoutError('timed out')

        self.patch(transport.urllib3.util.connection, 'create_connection',
                   late)
        words = self.failing(errors.Unreachable,
                             self.connect(self.url('docker.test')))
        self.assertIn('no response in time', words)
        self.assertEqual([('127.0.0.%d' % n, 2.0) for n in range(1, 5)],
                         tried)

    def test_lookup_without_end(self):
        self.configure(denied_networks=[], connect_timeout=0.1)
        resolver, ended = socket.getaddrinfo, threading.Event()
        self.addCleanup(ended.set)

        def late(host, port, *args, flags=0, **kwargs):
            if not flags & socket.AI_NUMERICHOST:
                ended.wait(base.SECONDS)
            return resolver(host, port, *args, flags=flags, **kwargs)

        self.patch(socket, 'getaddrinfo', late)
        words = self.failing(errors.Unreachable,
                             self.connect(self.url('localhost')))
        self.assertIn('no response in time', words)
        self.assertFalse(self.listener.connected_to)


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
        self.assertIn('its certificate is self-signed',
                      self.untrusted(self.serve(pair=itself)))

    def test_expired_certificate_is_reported(self):
        server = self.serve(pair=servers.issued(address='127.0.0.1',
                                                expired=True))
        self.assertIn('its certificate has expired', self.untrusted(server))

    def test_wrong_host(self):
        self.resolve(docker=['127.0.0.1'])
        server = self.serve(pair=servers.issued(host='other.test'))
        words = self.failing(errors.Untrusted, self.connect(
            'https://docker.test:%d' % server.address[1], self.ours()))
        self.assertIn('its certificate is for another hostname', words)

    def test_wrong_address(self):
        server = self.serve(pair=servers.issued(address='127.0.0.2'))
        self.assertIn('its certificate is for another IP address',
                      self.untrusted(server))

    def test_server_name(self):
        """The certificate's name may differ from the daemon's host."""
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
        self.assertIn('it does not speak TLS: use tcp:// in docker_endpoint',
                      words)

    def test_tls_to_who_hangs_up(self):
        server = self.useFixture(servers.Blunt(b''))
        self.failing(errors.NoAnswer, self.connect(
            server.url.replace('tcp', 'https')))

    def test_plain_to_a_port_with_tls(self):
        """Go's server sends this message before TLS starts."""
        server = self.serve(lambda line: servers.http(
            b'Client sent an HTTP request to an HTTPS server.\n',
            '400 Bad Request', 'Connection: close'))
        self.assertIn('expects TLS: use https:// in docker_endpoint',
                      self.failing(errors.Failed, self.connect(server.url)))

    def test_plain_to_who_hangs_up(self):
        server = self.serve(pair=servers.issued(address='127.0.0.1'))
        self.failing(errors.NoAnswer, self.connect(
            server.url.replace('https', 'tcp')))

    def test_environment_is_not_used(self):
        """The environment belongs to the operator, for other purposes."""
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
        """Users cannot act on them."""
        server = self.serve(pair=servers.issued(address='127.0.0.1'))
        with mock.patch('warnings.warn', autospec=True) as warn:
            self.connect(server.url, {'verify': False}).containers.inspect('x')
        self.assertEqual([], [call.args[0] for call in warn.mock_calls])


class BreakOffTestCase(ConnectionTestCase):
    """One thread waits for an answer; another one aborts the request."""

    def setUp(self):
        super().setUp()
        self.configure(denied_networks=[])

    def broken_off(self, asked, work):
        """Abort a request, which does not mark the daemon as unreachable."""
        with asked:
            ex = self.assertRaises(errors.NoAnswer, work)
        self.assert_plain(str(ex))
        self.pool.raise_if_down(asked.endpoint)
        self.assertIsNone(self.pool.acquire(asked.endpoint))
        return str(ex)

    def serve_pull(self, **kwargs):
        """Abort a pull during its answer."""
        def answer(line):
            if b'/images/create?' not in line:
                return servers.daemon(line)
            self.asked.abort()
            return servers.begin(line)

        return self.serve(answer, **kwargs)

    def pull(self, pair=None, tls=None):
        server = self.serve_pull(pair=pair)
        self.asked = self.connect(server.url, tls)
        self.broken_off(self.asked,
                        lambda: list(self.asked.images.pull('x')))
        self.assertEqual(1, server.accepted)

    def test_aborted_pull_fails(self):
        self.pull()

    def test_pull_by_tls(self):
        self.pull(servers.issued(address='127.0.0.1'), {'verify': False})

    def test_after_one_answer_was_the_body_of_another_request(self):
        """Two sockets are open then, and the next request may use either."""
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
        asked.abort()
        self.assertIn('the request was aborted', self.broken_off(
            asked, lambda: asked.containers.inspect('x')))
        self.assertEqual(0, server.accepted)

    def test_while_it_connects(self):
        connect = transport._connect

        def broken_off(*args, **kwargs):
            connected = connect(*args, **kwargs)
            asked.abort()
            return connected

        self.patch(transport, '_connect', broken_off)
        server = self.serve()
        asked = self.connect(server.url)
        self.broken_off(asked, lambda: asked.containers.inspect('x'))
        self.assertEqual([], server.lines)

    def test_after_it_was_given_back(self):
        """The next user of the connection has exclusive access."""
        server = self.serve()
        with self.connect(server.url) as asked:
            asked.containers.inspect('x')
        asked.abort()
        self.connect(server.url).containers.inspect('x')
        self.assertEqual(1, server.accepted)
