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

"""Valid and invalid endpoint URLs, and the parts of TLS."""

import os
import pty
import signal
import ssl

from cryptography.hazmat.primitives import serialization
import fixtures
import hypothesis
from hypothesis import strategies as st
import testtools

from heat_docker import endpoint
from tests.unit import base
from tests.unit import servers

# URL from a user, its meaning, the URL for the Docker library
ACCEPTED = (
    ('tcp://docker.test:2375', 'tcp://docker.test:2375',
     'http://docker.test:2375'),
    ('tcp://docker.test', 'tcp://docker.test:2375',
     'http://docker.test:2375'),
    ('TCP://docker.test', 'tcp://docker.test:2375',
     'http://docker.test:2375'),
    ('tcp://docker.test:1/', 'tcp://docker.test:1', 'http://docker.test:1'),
    ('tcp://docker.test:', 'tcp://docker.test:2375',
     'http://docker.test:2375'),
    ('http://192.0.2.1', 'http://192.0.2.1:2375', 'http://192.0.2.1:2375'),
    ('https://docker.test', 'https://docker.test:2376',
     'https://docker.test:2376'),
    ('https://[2001:db8::1]', 'https://[2001:db8::1]:2376',
     'https://[2001:db8::1]:2376'),
    ('tcp://[::1]:99', 'tcp://[::1]:99', 'http://[::1]:99'),
    ('unix:///var/run/docker.sock', 'unix:///var/run/docker.sock',
     'unix:///var/run/docker.sock'),
    # The form of old docker-py releases.
    ('unix://var/run/docker.sock', 'unix:///var/run/docker.sock',
     'unix:///var/run/docker.sock'),
    ('unix:////var/lib/..//run/./docker.sock', 'unix:///var/run/docker.sock',
     'unix:///var/run/docker.sock'),
    ('unix:///../a', 'unix:///a', 'unix:///a'),
    # White space from a YAML block.
    ('tcp://docker.test:1 \n', 'tcp://docker.test:1', 'http://docker.test:1'),
    ('unix:///a\n', 'unix:///a', 'unix:///a'),
)

REFUSED = (
    ('', "'' is not a Docker endpoint; use tcp://"),
    ('docker.test:2375', "'docker.test:2375' is not a Docker endpoint"),
    ('docker.test', 'is not a Docker endpoint'),
    ('http+unix://var/run/docker.sock', 'is not .* or unix:///path'),
    ('ssh://docker.test', "'ssh://docker.test' is not a Docker endpoint"),
    ('npipe:////./pipe/docker_engine', 'is not a Docker endpoint'),
    ('tcp://', 'contains no host'),
    ('tcp://:2375', "'tcp://:2375' contains no host"),
    ('tcp:///var/run/docker.sock', 'contains more than a host'),
    ('tcp://a b', 'contains no host'),
    ('tcp://docker.test:0', 'contains port 0'),
    ('tcp://docker.test:65536', 'is not a Docker endpoint'),
    ('tcp://docker.test:x', 'is not a Docker endpoint'),
    ('tcp://[::1', 'is not a Docker endpoint'),
    ('tcp://::1', 'not a Docker endpoint|contains no host'),
    ('http://docker.test/path', 'more than a host and a port'),
    ('http://docker.test?a=b', 'more than a host and a port'),
    ('http://docker.test#a', 'more than a host and a port'),
    ('unix://', 'is not the absolute path'),
    ('unix://relative', 'is not the absolute path'),
    ('unix:///', 'is not the absolute path'),
    ('unix:///a/', 'is not the absolute path'),
    ('unix:///a?b', 'is not the absolute path'),
    ('unix:///a/..', 'is not the absolute path'),
    ('unix:///..', 'is not the absolute path'),
    ('unix://./a', 'is not the absolute path'),
    ('unix://../a', 'is not the absolute path'),
    ('unix://docker.test:2375/a', 'is not the absolute path'),
    ('unix://a/', 'is not the absolute path'),
    ('unix://a\n/b', 'is not the absolute path'),
)


class ParseTestCase(testtools.TestCase):

    def test_parse_accepted(self):
        for url, meaning, base_url in ACCEPTED:
            parsed = endpoint.parse(url)
            self.assertEqual((meaning, base_url),
                             (str(parsed), parsed.base_url), url)

    def test_parse_twice(self):
        for url, _meaning, _base_url in ACCEPTED:
            parsed = endpoint.parse(url)
            self.assertEqual(parsed, endpoint.parse(str(parsed)))
            self.assertEqual(1, len({parsed, endpoint.parse(str(parsed))}))

    def test_parse_refused(self):
        for url, words in REFUSED:
            ex = self.assertRaises(ValueError, endpoint.parse, url)
            self.assertThat(str(ex), testtools.matchers.MatchesRegex(
                '.*(?:%s)' % words), url)

    def test_parse_password_stays_secret(self):
        for url in ('tcp://me:hunter2@docker.test:1',
                    'ssh://me:hunter2@docker.test',
                    'https://me:hunter2@docker.test:x'):
            ex = self.assertRaises(ValueError, endpoint.parse, url)
            self.assertNotIn('hunter2', str(ex))

    @hypothesis.settings(database=None, deadline=None, derandomize=True)
    @hypothesis.given(
        st.text() | st.text('tcphsunix:/@[]?#.0159').map('tcp://{}'.format) |
        st.text('/a?#\0').map('unix://{}'.format))
    def test_parse_any_text(self, url):
        try:
            parsed = endpoint.parse(url)
        except ValueError as ex:
            self.assertTrue(str(ex))
        else:
            self.assertEqual(parsed, endpoint.parse(str(parsed)))

    def test_passwords_stay_out_of_messages(self):
        for url in ('tcp://me:hun/hunter2@h.test', 'unix://me:hunter2@h',
                    'unix://me:hunter2@h/a', 'unix://hunter2@h/a',
                    'tcp://me:a@hunter2@h.test'):
            ex = self.assertRaises(ValueError, endpoint.parse, url)
            self.assertNotIn('hunter2', str(ex))


class MaterialTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.ca = servers.authority().certificate
        self.pair = servers.issued()

    def tls(self, **values):
        """Return the property, with all keys, as Heat has it."""
        return {'ca_cert': None, 'client_cert': None, 'client_key': None,
                'verify': True, **values}

    def client(self, **values):
        return self.tls(**{'client_cert': self.pair.certificate,
                           'client_key': self.pair.key, **values})

    def with_password(self, key, password=b'hunter2'):
        """Return an encrypted key."""
        return serialization.load_pem_private_key(
            key.encode(), None).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(password)).decode()

    def secrets(self, key):
        """Return the lines of a key that must not appear."""
        return [line for line in key.splitlines() if '-----' not in line]

    def assert_secret(self, words, key=None):
        for line in self.secrets(key or self.pair.key):
            self.assertNotIn(line, words)


class TLSTestCase(MaterialTestCase):

    def refused(self, values):
        ex = self.assertRaises(ValueError, endpoint.check_tls, values)
        words = str(ex)
        self.assert_plain(words)
        self.assert_secret(words)
        return words

    def test_certificates_that_fit_are_accepted(self):
        for values in (self.tls(), self.tls(verify=False), {},
                       self.tls(ca_cert=self.ca), self.client(),
                       self.tls(ca_cert=self.ca + servers.authority(
                           'theirs').certificate),
                       self.client(ca_cert=self.ca, verify=None),
                       # Intermediate certificates may follow.
                       self.client(client_cert=self.pair.certificate
                                   + self.ca),
                       self.client(client_key=self.pair.key.replace(
                           '\n', '\r\n'))):
            self.assertEqual(
                values.get('client_cert') or '',
                endpoint.check_tls(values).client_cert)

    def test_authority_is_none(self):
        for wrong in ('hunter2', self.pair.key, self.ca[:-80],
                      self.ca.replace('BEGIN', 'BEGNI'), '\0', 'hünter2'):
            self.assertEqual('ca_cert of tls is not a certificate in PEM',
                             self.refused(self.tls(ca_cert=wrong)))

    def test_server_name(self):
        for name in ('docker', 'a.b-c.test', '192.0.2.7', '[2001:db8::7]'):
            self.assertEqual(name, endpoint.check_tls(
                self.tls(server_name=name)).server_name)
        for name in ('a b', 'https://docker', 'docker:2376', 'ä.test'):
            self.assertIn('is not a hostname',
                          self.refused(self.tls(server_name=name)))

    def test_client_is_half(self):
        for name in ('client_cert', 'client_key'):
            for empty in (None, ''):
                self.assertEqual(
                    'client_cert and client_key of tls must be set together',
                    self.refused(self.client(**{name: empty})))

    def test_client_is_none(self):
        for values in (
                {'client_key': servers.issued('theirs').key},
                {'client_key': servers.issued(host='a.test').key},
                {'client_key': self.with_password(self.pair.key)},
                {'client_key': self.with_password(self.pair.key, b'x')},
                {'client_key': 'hunter2'}, {'client_key': 'hünter2\0'},
                {'client_key': self.pair.certificate},
                {'client_cert': self.pair.key},
                {'client_cert': 'hunter2'},
                {'client_key': '\ud800'}):
            words = self.refused(self.client(**values))
            self.assertEqual(
                'client_cert and client_key of tls are not a certificate and '
                'its key, without a password, in PEM', words)

    def test_password_is_not_asked_for(self):
        """OpenSSL would wait for it at the terminal."""
        values = self.client(client_key=self.with_password(self.pair.key))
        child, terminal = pty.fork()
        if not child:
            signal.alarm(20)
            try:
                endpoint.check_tls(values)
            except ValueError:
                os._exit(0)
            finally:
                os._exit(1)
        self.addCleanup(os.close, terminal)
        # Linux raises it at the end of the input.
        self.assertRaises(OSError, os.read, terminal, 99)
        self.assertEqual(0, os.waitstatus_to_exitcode(
            os.waitpid(child, 0)[1]))

    def test_server_is_verified_unless_verify_is_false(self):
        context = endpoint.ssl_context(endpoint.TLS())
        self.assertTrue(context.check_hostname)
        self.assertEqual(ssl.CERT_REQUIRED, context.verify_mode)
        self.assertFalse(context.verify_flags & ssl.VERIFY_X509_STRICT)
        context = endpoint.ssl_context(endpoint.TLS(verify=False))
        self.assertFalse(context.check_hostname)
        self.assertEqual(ssl.CERT_NONE, context.verify_mode)

    def test_own_authority_replaces_those_of_the_system(self):
        """System authorities count only if the user provides none."""
        context = endpoint.ssl_context(endpoint.TLS(ca_cert=self.ca))
        [only] = context.get_ca_certs(True)
        self.assertEqual(ssl.PEM_cert_to_DER_cert(self.ca), only)

    def test_nothing_is_left(self):
        """No file or descriptor with the key remains."""
        before = set(os.listdir('/proc/self/fd'))
        endpoint.check_tls(self.client())
        self.refused(self.client(client_key='hunter2'))
        self.assertEqual(before, set(os.listdir('/proc/self/fd')))

    def test_key_is_not_shown(self):
        tls = endpoint.TLS(client_cert='a', client_key='hunter2')
        where = endpoint.Endpoint('https://h:1', tls)
        for shown in (repr(tls), str(tls), repr(where), str(where),
                      '%s %r' % (where, where), '{0} {0!r}'.format(where)):
            self.assertNotIn('hunter2', shown)

    def test_only_the_key_is_masked(self):
        masked = endpoint.tls_masked(self.client(ca_cert=self.ca))
        self.assertEqual(self.client(ca_cert=self.ca, client_key='***'),
                         masked)
        self.assert_secret(str(masked))
        self.assertEqual(self.tls(), endpoint.tls_masked(self.tls()))

    def test_equal_only_with_the_same_key(self):
        """Equal endpoints share connections; another key needs others."""
        one = endpoint.TLS(client_cert='a', client_key='b')
        self.assertEqual(1, len({one, endpoint.TLS(client_cert='a',
                                                   client_key='b')}))
        self.assertNotEqual(one, endpoint.TLS(client_cert='a',
                                              client_key='c'))


class OfValuesTestCase(MaterialTestCase):

    def refused(self, *values):
        ex = self.assertRaises(ValueError, endpoint.of_values, *values)
        self.assert_plain(str(ex))
        return str(ex)

    def test_without_tls(self):
        for tls in (None, {}):
            self.assertEqual(
                endpoint.Endpoint('tcp://docker.test:2375'),
                endpoint.of_values('tcp://docker.test', tls))

    def test_with_tls(self):
        for values, expected in (
                (None, endpoint.TLS()), ({}, endpoint.TLS()),
                (self.tls(), endpoint.TLS()),
                (self.tls(verify=False), endpoint.TLS(verify=False)),
                (self.client(ca_cert=self.ca), endpoint.TLS(
                    self.ca, self.pair.certificate, self.pair.key))):
            self.assertEqual(
                endpoint.Endpoint('https://docker.test:2376', expected),
                endpoint.of_values('https://docker.test', values))

    def test_tls_with_something_else(self):
        for url in ('tcp://docker.test:2376', 'unix:///run/docker.sock'):
            self.assertEqual(
                'tls requires https, but docker_endpoint is %s' % url,
                self.refused(url, self.tls()))

    def test_local_by_default(self):
        for url in (None, ''):
            self.assertEqual(
                endpoint.Endpoint('unix:///var/run/docker.sock', local=True),
                endpoint.of_values(url, None))

    def test_local_by_its_name(self):
        self.configure(local_endpoint='tcp://Docker.Test')
        for url in ('tcp://docker.test', 'TCP://DOCKER.TEST:2375/'):
            self.assertTrue(endpoint.of_values(url, None).local)
        for url in ('tcp://docker.test:2376', 'https://docker.test:2375',
                    'unix:///var/run/docker.sock'):
            self.assertFalse(endpoint.of_values(url, None).local, url)

    def test_local_by_other_names(self):
        """Another spelling does not circumvent the policy."""
        self.configure(local_endpoint='tcp://docker.test')
        for url in ('http://docker.test', 'tcp://docker.test.'):
            self.assertTrue(endpoint.of_values(url, None).local, url)
        for own in ('unix:///run/docker.sock', 'unix://run/docker.sock'):
            self.configure(local_endpoint=own)
            for url in ('unix://run/docker.sock', 'unix:///run/docker.sock',
                        'unix:////run//docker.sock',
                        'unix:///srv/../run/./docker.sock'):
                self.assertTrue(endpoint.of_values(url, None).local, url)

    def write(self, name, content):
        path = self.folder.join(name)
        with open(path, 'wb') as written:
            written.write(content)
        return path

    def configure_local(self, **files):
        self.folder = self.useFixture(fixtures.TempDir())
        self.configure(local_endpoint='https://docker.test', **{
            'local_%s_file' % name: self.write(name, content.encode())
            for name, content in files.items()})

    def test_local_material(self):
        self.configure_local(ca=self.ca, cert=self.pair.certificate,
                             key=self.pair.key)
        expected = endpoint.Endpoint(
            'https://docker.test:2376', endpoint.TLS(
                self.ca, self.pair.certificate, self.pair.key), local=True)
        for url in (None, 'https://docker.test'):
            self.assertEqual(expected, endpoint.of_values(url, None))
        self.assertEqual(endpoint.TLS(),
                         endpoint.of_values('https://other.test', None).tls)

    def test_local_material_is_not_for_who_brings_his_own(self):
        self.configure_local(ca=self.ca, cert=self.pair.certificate,
                             key=self.pair.key)
        named = endpoint.of_values('https://docker.test',
                                   self.tls(verify=False))
        self.assertEqual(endpoint.TLS(verify=False), named.tls)

    def test_local_material_read_anew(self):
        """The operator renews certificates while heat-engine runs."""
        self.configure_local(ca='a')
        self.assertEqual('a', endpoint.of_values(None, None).tls.ca_cert)
        self.write('ca', b'b')
        self.assertEqual('b', endpoint.of_values(None, None).tls.ca_cert)

    def test_local_material_unset(self):
        self.configure_local()
        self.assertEqual(endpoint.TLS(), endpoint.of_values(None, None).tls)

    def test_local_material_unreadable(self):
        """The user sees the option, and the operator the file."""
        for name in ('ca', 'cert', 'key'):
            self.configure_local()
            missing = self.folder.join('missing')
            self.configure(**{'local_%s_file' % name: missing})
            words = self.refused(None, None)
            self.assertEqual('heat-engine cannot read the file that the '
                             'operator has set as local_%s_file' % name,
                             words)
            self.assertIn('ERROR heat_docker.endpoint local_%s_file: %s '
                          'cannot be read: ' % (name, missing),
                          self.log.output)
            self.configure(**{'local_%s_file' % name: None})

    def test_local_material_is_no_text(self):
        self.configure_local()
        self.configure(local_key_file=self.write('key', b'\xff\xfe'))
        self.assertIn('local_key_file', self.refused(None, None))

    def test_local_material_for_nobody_else(self):
        """The file is not read, so it cannot fail."""
        self.configure_local()
        self.configure(local_key_file='/missing')
        self.assertEqual(endpoint.TLS(),
                         endpoint.of_values('https://other.test', None).tls)

    def test_local_endpoint_wrong(self):
        """Users with their own daemon need not know."""
        self.configure(local_endpoint='mine.test')
        self.assertIn("'mine.test' is not a Docker endpoint",
                      self.refused(None, None))
        self.assertEqual('tcp://docker.test:2375', str(
            endpoint.of_values('tcp://docker.test', None)))
