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

"""Certificates that Python, OpenSSL and Docker accept in their strict modes.

``tests/functional/test_certificates.py`` presents them to Docker.
"""

import dataclasses
import datetime
import pathlib
import shutil
import ssl
import subprocess

from cryptography import x509 as library
import fixtures
import mock

from heat_docker import endpoint
from heat_docker import errors
from heat_docker import x509
from tests.unit import base

WANTED = x509.Wanted(36 * 'f', ('docker.example.com', '203.0.113.7',
                                '2001:db8::7', '*.example.org'), 365,
                     'ecdsa-p256')
DAY = datetime.timedelta(days=1)
UTC = datetime.timezone.utc


def wanted(**values):
    return dataclasses.replace(WANTED, **values)


def load(pair):
    return library.load_pem_x509_certificate(pair.certificate.encode())


def extension(pair, kind):
    return load(pair).extensions.get_extension_for_class(kind)


class X509TestCase(base.TestCase):

    def write(self, **texts):
        """Write files with a text each, and return their directory."""
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name, text in texts.items():
            (folder / name).write_text(text)
        return folder

    def at(self, days):
        """Set the clock of the module under test, in days from now."""
        now = datetime.datetime.now(UTC).replace(microsecond=0) + days * DAY
        self.patch(x509, '_now', lambda: now)
        return now


class StrictTestCase(X509TestCase):

    def files(self, bundle):
        return self.write(
            ca=bundle.ca.certificate, server=bundle.server.certificate,
            client=bundle.client.certificate,
            server_pair=bundle.server.certificate + bundle.server.key)

    def shake_hands(self, bundle, server_name):
        """Connect both sides, as strictly as Python 3.13 does by default.

        The client uses the context of the plugin.
        """
        folder = self.files(bundle)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(folder / 'server_pair')
        server.load_verify_locations(folder / 'ca')
        server.verify_mode = ssl.CERT_REQUIRED
        server.verify_flags |= ssl.VERIFY_X509_STRICT
        client = endpoint.ssl_context(endpoint.TLS(
            ca_cert=bundle.ca.certificate,
            client_cert=bundle.client.certificate,
            client_key=bundle.client.key))
        client.verify_flags |= (ssl.VERIFY_X509_STRICT
                                | ssl.VERIFY_X509_PARTIAL_CHAIN)
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        sides = [client.wrap_bio(to_client, to_server,
                                 server_hostname=server_name),
                 server.wrap_bio(to_server, to_client, server_side=True)]
        for _turn in range(4):
            for side in sides:
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        return sides[1].getpeercert()

    def test_handshake_of_all_types_of_keys(self):
        for key_type in x509.KEY_TYPES:
            bundle = x509.made(wanted(key_type=key_type))
            for name in (x509.SERVER_NAME, 'docker.example.com',
                         'any.example.org', '203.0.113.7', '2001:db8::7'):
                peer = self.shake_hands(bundle, name)
                self.assertIn('Docker client', str(peer), key_type)

    def test_other_name_is_refused(self):
        self.assertRaises(ssl.SSLCertVerificationError, self.shake_hands,
                          x509.made(WANTED), 'other.example.com')

    def test_other_authority_is_refused(self):
        bundle = dataclasses.replace(x509.made(WANTED),
                                     client=x509.made(WANTED).client)
        self.assertRaises(ssl.SSLCertVerificationError, self.shake_hands,
                          bundle, x509.SERVER_NAME)

    def test_keys_of_different_types(self):
        """The authority retains its key when the type changes."""
        bundle = x509.made(WANTED)
        for key_type in x509.KEY_TYPES:
            self.shake_hands(x509.renewed(bundle, wanted(key_type=key_type)),
                             x509.SERVER_NAME)

    def test_openssl(self):
        if not shutil.which('openssl'):
            self.skipTest('there is no program openssl')
        for key_type in x509.KEY_TYPES:
            folder = self.files(x509.made(wanted(key_type=key_type)))
            for name, purpose, other in (('server', 'sslserver', 'sslclient'),
                                         ('client', 'sslclient',
                                          'sslserver')):
                self.assertEqual(0, self.verify(folder, name, purpose),
                                 key_type)
                self.assertNotEqual(0, self.verify(folder, name, other))

    def verify(self, folder, name, purpose):
        return subprocess.run(
            ['openssl', 'verify', '-x509_strict', '-check_ss_sig',
             '-purpose', purpose, '-CAfile', folder / 'ca', folder / name],
            capture_output=True, check=False).returncode


class ContentTestCase(X509TestCase):

    def test_extensions(self):
        bundle = x509.made(WANTED)
        basic = extension(bundle.ca, library.BasicConstraints)
        self.assertTrue(basic.critical)
        self.assertEqual(library.BasicConstraints(True, 0), basic.value)
        usage = extension(bundle.ca, library.KeyUsage)
        self.assertTrue(usage.critical and usage.value.key_cert_sign
                        and usage.value.crl_sign)
        self.assertFalse(usage.value.digital_signature)
        for pair in (bundle.server, bundle.client):
            usage = extension(pair, library.KeyUsage)
            self.assertTrue(usage.critical and usage.value.digital_signature)
            self.assertFalse(usage.value.key_cert_sign
                             or usage.value.key_encipherment)
            self.assertFalse(extension(
                pair, library.BasicConstraints).value.ca)
        identifier = extension(bundle.ca, library.SubjectKeyIdentifier).value
        for pair in dataclasses.astuple(bundle):
            pair = x509.Pair(*pair)
            self.assertEqual(identifier.digest, extension(
                pair, library.AuthorityKeyIdentifier).value.key_identifier)

    def test_key_encipherment_of_rsa(self):
        bundle = x509.made(wanted(key_type='rsa-3072'))
        usage = extension(bundle.server, library.KeyUsage).value
        self.assertTrue(usage.key_encipherment)
        self.assertEqual(3072, load(bundle.server).public_key().key_size)

    def test_names_of_the_server_begin_with_the_fixed_one(self):
        for names, expected in (
                ((), ['docker']),
                (('docker', 'a.test'), ['docker', 'a.test'])):
            server = x509.made(wanted(names=names)).server
            found = extension(server, library.SubjectAlternativeName).value
            self.assertEqual(
                expected, found.get_values_for_type(library.DNSName))

    def test_serial_numbers_differ(self):
        bundle = x509.made(WANTED)
        again = x509.renewed(bundle, WANTED)
        self.assertEqual(5, len({load(pair).serial_number for pair in (
            bundle.ca, bundle.server, bundle.client, again.server,
            again.client)}))

    def test_validity(self):
        now = self.at(0)
        bundle = x509.made(WANTED)
        self.assertEqual(
            {'ca': now + 3650 * DAY, 'server': now + 365 * DAY,
             'client': now + 365 * DAY}, x509.expiries(bundle))
        self.assertEqual(365, x509.days_until(x509.expiry(bundle)))
        self.assertLess(
            load(bundle.server).not_valid_before_utc, now)
        self.at(366)
        self.assertEqual(-1, x509.days_until(x509.expiry(bundle)))

    def test_not_valid_for_longer_than_the_authority(self):
        bundle = x509.made(WANTED)
        self.at(3000)
        again = x509.renewed(bundle, wanted(days=825))
        self.assertEqual(1, len(set(x509.expiries(again).values())))

    def test_fingerprint(self):
        server = x509.made(WANTED).server
        if not shutil.which('openssl'):
            self.skipTest('there is no program openssl')
        shown = subprocess.run(
            ['openssl', 'x509', '-noout', '-fingerprint', '-sha256'],
            input=server.certificate.encode(), capture_output=True,
            check=True).stdout.decode()
        self.assertEqual(x509.fingerprint(server),
                         shown.strip().partition('=')[2])

    def test_expiry_with_an_old_library(self):
        """Before version 42, times have no time zone."""
        naive = datetime.datetime(2030, 1, 2)
        old = mock.Mock(spec=['not_valid_after'], not_valid_after=naive)
        self.assertEqual(naive.replace(tzinfo=UTC), x509._end(old))


class ChangesTestCase(X509TestCase):

    def test_renewed_by_the_same_authority(self):
        bundle = x509.made(WANTED)
        again = x509.renewed(bundle, WANTED)
        self.assertEqual(bundle.ca, again.ca)
        for name in ('server', 'client'):
            before, after = getattr(bundle, name), getattr(again, name)
            self.assertNotEqual(before.key, after.key)
            self.assertNotEqual(before.certificate, after.certificate)

    def test_renewed_with_the_authority(self):
        bundle = x509.made(WANTED)
        self.assertNotEqual(bundle.ca.key, x509.renewed(
            bundle, WANTED, with_ca=True).ca.key)

    def test_renamed(self):
        bundle = x509.made(WANTED)
        again = x509.renamed(bundle, wanted(names=('new.test',)))
        self.assertEqual((bundle.ca, bundle.client, bundle.server.key),
                         (again.ca, again.client, again.server.key))
        found = extension(again.server, library.SubjectAlternativeName).value
        self.assertIn('new.test', found.get_values_for_type(library.DNSName))

    def test_check(self):
        bundle = x509.made(WANTED)
        self.assertIsNone(x509.check(bundle))
        other = x509.made(WANTED)
        for server in (x509.Pair(bundle.server.certificate, other.server.key),
                       x509.Pair('x', bundle.server.key),
                       x509.Pair(bundle.server.certificate, 'hunter2'),
                       x509.Pair(bundle.server.certificate, None)):
            error = self.assertRaises(ValueError, x509.check,
                                      dataclasses.replace(bundle,
                                                          server=server))
            self.assertNotIn('hunter2', str(error))

    def test_no_key_in_a_representation(self):
        bundle = x509.made(WANTED)
        self.assertNotIn('PRIVATE', repr(bundle))


class NamesTestCase(base.TestCase):

    def test_one_spelling(self):
        self.assertEqual(
            ['*.a.test', '2001:db8::7', '203.0.113.7', 'a_b', 'docker.test'],
            x509.canonical_names(['Docker.test', ' docker.test', 'a_b',
                                  '2001:DB8:0::7', '203.0.113.7', '*.a.test',
                                  None, '']))
        self.assertEqual([], x509.canonical_names(None))

    def test_neither_a_name_nor_an_address(self):
        for name in ('a b', 'a.test.', '-a', 'a..b', '*', 'a.*.test', 'ä.test',
                     '203.0.113.777', '203.0.113.0/24', 'a:2376', 64 * 'a',
                     'https://a', 130 * 'a.' + 'a', '[2001:db8::7]', '7'):
            error = self.assertRaises(ValueError, x509.canonical_names,
                                      [name])
            self.assertIn('neither a hostname nor an IP address', str(error))


class LibraryTestCase(base.TestCase):

    def test_usable(self):
        self.assertIsNone(x509.library())

    def test_missing(self):
        self.patch(x509, 'x509', None)
        with mock.patch.object(x509, '_import_error', 'No module',
                               create=True):
            error = self.assertRaises(errors.Unsupported, x509.library)
        self.assertIn('cannot be imported: No module', str(error))
