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

"""Certificates for TLS on loopback: valid ones, and invalid ones for tests.

The file names are those of Docker's documentation:
https://docs.docker.com/engine/security/protect-access/.
"""

import dataclasses
import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.oid import NameOID

from sandbox import ports

DAY = datetime.timedelta(days=1)
VALIDITY = 30 * DAY
# The library requires a value for each one.
USAGES = ('digital_signature', 'content_commitment', 'key_encipherment',
          'data_encipherment', 'key_agreement', 'key_cert_sign', 'crl_sign',
          'encipher_only', 'decipher_only')


@dataclasses.dataclass(frozen=True)
class Pair:
    """A certificate and its key, as texts in PEM."""

    certificate: str
    key: str


class Authority:
    """A certificate authority for a few days."""

    def __init__(self, name='sandbox'):
        """Make the authority's own key and certificate.

        :param name: common name; two of the same name still differ.
        """
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        self._identifier = x509.SubjectKeyIdentifier.from_public_key(
            self._key.public_key())
        builder = self._builder(self._name, self._key, VALIDITY)
        self.certificate = self._sign(
            builder
            .add_extension(x509.BasicConstraints(True, 0), critical=True)
            .add_extension(_usage('key_cert_sign', 'crl_sign'),
                           critical=True))

    def issue(self, name, address=None, host=None, expired=False):
        """Return the Pair of a server, or of a client.

        :param name: common name, which no client checks.
        :param address: IP address of the server.
        :param host: name of the server's host; with neither address nor
            host the certificate is a client's.
        :param expired: whether it has been valid until yesterday.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        end = -DAY if expired else VALIDITY
        builder = self._builder(_name(name), key, end)
        names = []
        if address:
            names.append(x509.IPAddress(ipaddress.ip_address(address)))
        if host:
            names.append(x509.DNSName(host))
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH
        if names:
            purpose = ExtendedKeyUsageOID.SERVER_AUTH
            builder = builder.add_extension(
                x509.SubjectAlternativeName(names), critical=False)
        builder = (
            builder
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(_usage('digital_signature'), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False))
        return Pair(self._sign(builder), _pem(key))

    def _builder(self, name, key, end):
        """Return what all certificates of this authority have in common.

        :param end: last moment of validity, from now.
        """
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 2 * DAY)
            .not_valid_after(now + end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier
                .from_issuer_subject_key_identifier(self._identifier),
                critical=False))

    def _sign(self, builder):
        certificate = builder.sign(self._key, hashes.SHA256())
        return certificate.public_bytes(
            serialization.Encoding.PEM).decode()


def _name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*wanted):
    return x509.KeyUsage(**{usage: usage in wanted for usage in USAGES})


def _pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()).decode()


def write(path, text):
    """Write a file that only its owner may read; return its path."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, 'w') as f:
        f.write(text)
    return str(path)


@dataclasses.dataclass(frozen=True)
class Files:
    """Paths of the files for both ends of a connection."""

    ca: str
    server_cert: str
    server_key: str
    cert: str
    key: str


def provide(folder):
    """Make an authority, a server on loopback and a client of it.

    :param folder: pathlib.Path; made if need be. As the value of
        DOCKER_CERT_PATH it serves the program ``docker`` as well.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    authority = Authority()
    server = authority.issue('server', address=ports.LOOPBACK)
    client = authority.issue('client')
    return Files(
        ca=write(folder / 'ca.pem', authority.certificate),
        server_cert=write(folder / 'server-cert.pem', server.certificate),
        server_key=write(folder / 'server-key.pem', server.key),
        cert=write(folder / 'cert.pem', client.certificate),
        key=write(folder / 'key.pem', client.key))
