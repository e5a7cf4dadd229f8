#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

import contextlib
import os
import pathlib
import socket
import ssl
import threading

import fixtures
import testtools

from sandbox import certificates
from sandbox import ports

# https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
EXPIRED = 10
UNKNOWN_ISSUER = 20
WRONG_PURPOSE = 26
WRONG_HOST = 62
WRONG_ADDRESS = 64


class CertificatesTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.authority = certificates.Authority()

    def server_of(self, **kwargs):
        return self.authority.issue('server', **kwargs)

    def load(self, context, pair):
        context.load_cert_chain(
            certificates.write(self.folder / 'cert', pair.certificate),
            certificates.write(self.folder / 'key', pair.key))

    def contexts(self, server, trusted, client=None, wanted=None):
        """Return the TLS contexts of both ends of a connection.

        :param server: Pair of the server.
        :param trusted: Authority that the client trusts.
        :param client: Pair of the client.
        :param wanted: Authority that the server accepts clients from.
        """
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.load(server_side, server)
        if wanted:
            server_side.verify_mode = ssl.CERT_REQUIRED
            server_side.load_verify_locations(cadata=wanted.certificate)
        client_side = ssl.create_default_context(cadata=trusted.certificate)
        # The default of later releases of Python.
        client_side.verify_flags |= ssl.VERIFY_X509_STRICT
        if client:
            self.load(client_side, client)
        return server_side, client_side

    def handshake(self, contexts, host=ports.LOOPBACK):
        """Return the certificates that the client and the server received."""
        server_side, client_side = contexts
        client_end, server_end = socket.socketpair()
        got = {}

        def serve():
            try:
                with server_side.wrap_socket(
                        server_end, server_side=True) as server:
                    got['client'] = server.getpeercert()
                    server.sendall(b'.')
            except (ssl.SSLError, OSError) as e:
                got['error'] = e
                server_end.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with contextlib.closing(client_end), client_side.wrap_socket(
                    client_end, server_hostname=host) as client:
                # In TLS 1.3 the server verifies the client's certificate
                # after the client has finished.
                client.recv(1)
                return client.getpeercert(), got.get('client')
        finally:
            thread.join(30)
            self.server_error = got.get('error')

    def refused(self, contexts, code, **kwargs):
        error = self.assertRaises(
            ssl.SSLCertVerificationError, self.handshake, contexts, **kwargs)
        self.assertEqual(code, error.verify_code)


class ServerTest(CertificatesTestCase):
    def test_on_loopback_and_nowhere_else(self):
        contexts = self.contexts(self.server_of(address=ports.LOOPBACK),
                                 self.authority)
        seen, _ = self.handshake(contexts)
        self.assertEqual((('IP Address', ports.LOOPBACK),),
                         seen['subjectAltName'])
        self.refused(contexts, WRONG_ADDRESS, host='127.0.0.2')
        self.refused(contexts, WRONG_HOST, host='localhost')

    def test_of_another_authority_of_the_same_name(self):
        contexts = self.contexts(self.server_of(address=ports.LOOPBACK),
                                 certificates.Authority())
        self.refused(contexts, UNKNOWN_ISSUER)

    def test_expired_server_certificate_is_refused(self):
        contexts = self.contexts(
            self.server_of(address=ports.LOOPBACK, expired=True),
            self.authority)
        self.refused(contexts, EXPIRED)

    def test_of_a_host(self):
        contexts = self.contexts(self.server_of(host='docker.test'),
                                 self.authority)
        self.handshake(contexts, host='docker.test')
        self.refused(contexts, WRONG_ADDRESS)
        self.refused(contexts, WRONG_HOST, host='other.test')

    def test_a_client_is_no_server(self):
        contexts = self.contexts(self.authority.issue('client'),
                                 self.authority)
        self.refused(contexts, WRONG_PURPOSE)


class ClientTest(CertificatesTestCase):
    def connect(self, client):
        return self.handshake(self.contexts(
            self.server_of(address=ports.LOOPBACK), self.authority,
            client=client, wanted=self.authority))

    def test_server_reads_the_name_of_the_client(self):
        _, seen = self.connect(self.authority.issue('somebody'))
        self.assertEqual(((('commonName', 'somebody'),),), seen['subject'])

    def refused_as(self, client):
        self.assertRaises(OSError, self.connect, client)
        return self.server_error

    def test_without_a_certificate(self):
        self.assertEqual('PEER_DID_NOT_RETURN_A_CERTIFICATE',
                         self.refused_as(None).reason)

    def test_of_another_authority(self):
        error = self.refused_as(certificates.Authority().issue('somebody'))
        self.assertEqual(UNKNOWN_ISSUER, error.verify_code)

    def test_expired_client_certificate_is_refused(self):
        error = self.refused_as(
            self.authority.issue('somebody', expired=True))
        self.assertEqual(EXPIRED, error.verify_code)


class ProvideTest(CertificatesTestCase):
    def test_files_fit_together(self):
        files = certificates.provide(self.folder / 'tls')
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_side.load_cert_chain(files.server_cert, files.server_key)
        server_side.verify_mode = ssl.CERT_REQUIRED
        server_side.load_verify_locations(files.ca)
        client_side = ssl.create_default_context(cafile=files.ca)
        client_side.load_cert_chain(files.cert, files.key)
        server, client = self.handshake((server_side, client_side))
        self.assertEqual(server['issuer'], client['issuer'])

    def test_nobody_else_reads_them(self):
        certificates.provide(self.folder / 'tls')
        names = os.listdir(self.folder / 'tls')
        self.assertEqual(['ca.pem', 'cert.pem', 'key.pem', 'server-cert.pem',
                          'server-key.pem'], sorted(names))
        for name in names:
            mode = (self.folder / 'tls' / name).stat().st_mode
            self.assertEqual(0o600, mode & 0o777)
