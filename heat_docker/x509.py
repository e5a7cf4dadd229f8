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

"""X.509 certificates of a daemon and of its client.

Three certificates belong together: an authority, a server certificate and a
client certificate that it has signed. They follow RFC 5280, whose rules
Python 3.13 enforces (``VERIFY_X509_STRICT``), and Docker's documentation:
https://docs.docker.com/engine/security/protect-access/.
"""

import dataclasses
import datetime
import ipaddress
import re

from . import errors
from . import i18n

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.asymmetric import rsa
# A broken library must not keep heat-engine from starting: see library().
except Exception as ex:
    x509 = None
    _import_error = str(ex)

_ = i18n._

# Name in every server certificate. A client that expects it needs to know
# neither the address nor the hostname of the server. It need not be unique,
# because the authority signs the certificates of one resource only.
SERVER_NAME = 'docker'

# Maximum days of validity. It is also that of an authority, which has to be
# valid for longer than what it signs.
MOST_DAYS = 3650

# Time for which a certificate is valid before it is made, for servers whose
# clock is slow.
_SLOW_CLOCK = datetime.timedelta(days=1)

_DAY = datetime.timedelta(days=1)

# https://www.rfc-editor.org/rfc/rfc6125#section-6.4.3 and
# https://www.rfc-editor.org/rfc/rfc1034#section-3.5, with the underscore that
# some internal networks use. The last part is no number, so that a misspelled
# address is not a name.
_HOST = re.compile(r'(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*'
                   r'(?!\d+$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?',
                   re.ASCII)
_LONGEST_HOST = 253

# The library requires a value for each one.
_USAGES = ('digital_signature', 'content_commitment', 'key_encipherment',
           'data_encipherment', 'key_agreement', 'key_cert_sign', 'crl_sign',
           'encipher_only', 'decipher_only')


def library() -> None:
    """Check that the library that makes certificates can be used.

    :raises errors.Unsupported: if it is missing.
    """
    if x509 is None:
        raise errors.Unsupported(
            _('The Python library cryptography is required, but it cannot be '
              'imported: %s') % _import_error)


@dataclasses.dataclass(frozen=True)
class Pair:
    """A certificate and its private key, in PEM.

    :ivar key: PKCS #8 without a password, which Docker, OpenSSL and Python
        read for every type of key.
    """

    certificate: str
    key: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class Bundle:
    """The certificates that belong together, with their keys."""

    ca: Pair
    server: Pair
    client: Pair


@dataclasses.dataclass(frozen=True)
class Wanted:
    """The properties of new certificates.

    :ivar owner: text in the subjects that identifies the resource, at most 40
        characters.
    :ivar names: hostnames and addresses of the server, in addition to
        :data:`SERVER_NAME`; see :func:`canonical_names`.
    :ivar days: for which they are valid, from now.
    :ivar key_type: key of :data:`KEY_TYPES`.
    """

    owner: str
    names: tuple[str, ...]
    days: int
    key_type: str


def _ecdsa_p256():
    return ec.generate_private_key(ec.SECP256R1())


def _rsa_3072():
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


def _ed25519():
    return ed25519.Ed25519PrivateKey.generate()


KEY_TYPES = {'ecdsa-p256': _ecdsa_p256, 'rsa-3072': _rsa_3072,
             'ed25519': _ed25519}


def canonical_names(names) -> list[str]:
    """Return the hostnames and addresses of a server in one spelling.

    Empty entries are left out. They are the values of other resources that
    do not exist yet.

    :param names: list of hostnames, also with ``*.`` at the beginning, and of
        IPv4 and IPv6 addresses.
    :returns: sorted list, without duplicates.
    :raises ValueError: if an entry is neither.
    """
    return sorted({_canonical(str(name)) for name in names or ()
                   if name not in (None, '')})


def _canonical(name):
    address = _address(name)
    if address is not None:
        return str(address)
    host = name.strip().lower()
    if len(host) > _LONGEST_HOST or not _HOST.fullmatch(host):
        raise ValueError(_('%r is neither a hostname nor an IP address')
                         % name)
    return host


def _address(name):
    """Return an IP address, or None for a hostname."""
    try:
        return ipaddress.ip_address(name.strip())
    except ValueError:
        return None


def made(wanted: Wanted) -> Bundle:
    """Return new certificates of a new authority."""
    ca = _authority(wanted)
    return _signed(ca, wanted)


def renewed(bundle: Bundle, wanted: Wanted, with_ca: bool = False) -> Bundle:
    """Return new certificates with new keys.

    :param with_ca: whether to make a new authority, too.
    """
    return made(wanted) if with_ca else _signed(bundle.ca, wanted)


def renamed(bundle: Bundle, wanted: Wanted) -> Bundle:
    """Return a new server certificate for the same key.

    The names and the validity are new. The client certificate is the same.
    """
    key = _key(bundle.server)
    return dataclasses.replace(
        bundle, server=_server(_Signer(bundle.ca), key, wanted))


def expiries(bundle: Bundle) -> dict[str, datetime.datetime]:
    """Return when each certificate expires, in UTC, by field name."""
    return {field.name: _end(_certificate(getattr(bundle, field.name)))
            for field in dataclasses.fields(bundle)}


def expiry(bundle: Bundle) -> datetime.datetime:
    """Return when the first certificate expires, in UTC."""
    return min(expiries(bundle).values())


def days_until(moment: datetime.datetime) -> int:
    """Return the whole days until a time; negative after that time."""
    return (moment - _now()) // _DAY


def fingerprint(pair: Pair) -> str:
    """Return the SHA-256 fingerprint of a certificate, as OpenSSL shows it."""
    return _certificate(pair).fingerprint(hashes.SHA256()).hex(':').upper()


def check(bundle: Bundle) -> None:
    """Raise unless the certificates and keys belong together.

    :raises ValueError: without a part of a key.
    """
    try:
        for field in dataclasses.fields(bundle):
            pair = getattr(bundle, field.name)
            if _public_bytes(_key(pair).public_key()) != _public_bytes(
                    _certificate(pair).public_key()):
                raise ValueError(_('a key belongs to another certificate'))
    except (AttributeError, TypeError, ValueError) as ex:
        raise ValueError(_(
            'The certificates and keys are incomplete, or do not belong '
            'together')) from ex


def _now():
    """Return the current time in UTC, in seconds as certificates have it."""
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def _end(certificate):
    """Return when a certificate expires, also with old libraries."""
    try:
        return certificate.not_valid_after_utc
    except AttributeError:
        return certificate.not_valid_after.replace(
            tzinfo=datetime.timezone.utc)


class _Signer:
    """An authority that signs certificates."""

    def __init__(self, ca):
        self.key = _key(ca)
        self.certificate = _certificate(ca)
        self.name = self.certificate.subject
        self.end = _end(self.certificate)
        self.identifier = x509.SubjectKeyIdentifier.from_public_key(
            self.key.public_key())


def _authority(wanted):
    """Return the Pair of a new authority, which signs its own certificate."""
    key = KEY_TYPES[wanted.key_type]()
    name = _name('Docker CA', wanted)
    builder = _builder(key, name, name, _now() + MOST_DAYS * _DAY)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        builder
        # It cannot sign further authorities.
        .add_extension(x509.BasicConstraints(True, 0), critical=True)
        .add_extension(_usage('key_cert_sign', 'crl_sign'), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                identifier), critical=False))
    return _pair(builder, key, key)


def _signed(ca, wanted):
    """Return a Bundle with new keys of the server and the client."""
    signer = _Signer(ca)
    new_key = KEY_TYPES[wanted.key_type]
    return Bundle(ca, _server(signer, new_key(), wanted),
                  _client(signer, new_key(), wanted))


def _server(signer, key, wanted):
    names = [SERVER_NAME, *(name for name in canonical_names(wanted.names)
                            if name != SERVER_NAME)]
    builder = _leaf_builder(
        signer, key, 'Docker daemon', wanted,
        x509.oid.ExtendedKeyUsageOID.SERVER_AUTH).add_extension(
            x509.SubjectAlternativeName([_general(name) for name in names]),
            critical=False)
    return _pair(builder, key, signer.key)


def _client(signer, key, wanted):
    builder = _leaf_builder(signer, key, 'Docker client', wanted,
                            x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH)
    return _pair(builder, key, signer.key)


def _general(name):
    address = _address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _leaf_builder(signer, key, role, wanted, purpose):
    """Return what the certificates of both sides have in common."""
    end = min(_now() + wanted.days * _DAY, signer.end)
    # RSA keys can also encrypt the session key, in TLS 1.2.
    usages = ['digital_signature'] + ['key_encipherment'] * isinstance(
        key, rsa.RSAPrivateKey)
    return (
        _builder(key, _name(role, wanted), signer.name, end)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(_usage(*usages), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                signer.identifier), critical=False))


def _builder(key, subject, issuer, end):
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - _SLOW_CLOCK)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(
            key.public_key()), critical=False))


def _name(role, wanted):
    return x509.Name([x509.NameAttribute(
        x509.oid.NameOID.COMMON_NAME, '%s %s' % (role, wanted.owner))])


def _usage(*wanted):
    return x509.KeyUsage(**{usage: usage in wanted for usage in _USAGES})


def _pair(builder, key, signing_key):
    """Return the Pair of a key and its certificate, which it signs."""
    # Ed25519 has a hash of its own.
    algorithm = None if isinstance(
        signing_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    pem = serialization.Encoding.PEM
    return Pair(
        builder.sign(signing_key, algorithm).public_bytes(pem).decode(),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8,
                          serialization.NoEncryption()).decode())


def _certificate(pair):
    return x509.load_pem_x509_certificate(pair.certificate.encode())


def _key(pair):
    return serialization.load_pem_private_key(pair.key.encode(), None)


def _public_bytes(key):
    return key.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)
