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

"""Which Docker daemon a resource uses, and with which certificates."""

import dataclasses
import os
import posixpath
import re
import ssl
import urllib.parse

from oslo_log import log as logging

from . import conf
from . import i18n
from .convert import scalars

LOG = logging.getLogger(__name__)

_ = i18n._

# https://docs.docker.com/reference/cli/dockerd/#daemon-socket-option
_DEFAULT_PORTS = {'tcp': 2375, 'http': 2375, 'https': 2376}

_HOST = re.compile(r'[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?|'
                   r'\[[0-9A-Fa-f:.]+\]', re.ASCII)

# The part after unix://. If it has no leading slash, it must begin with a
# directory, so that neither a plain file name nor a host is accepted as an
# absolute path.
_SOCKET = re.compile(r'(?:/|\w[\w.-]*/)[^\0?#]*[^\0?#/]')


@dataclasses.dataclass(frozen=True)
class TLS:
    """How the two sides of a connection authenticate each other.

    :ivar ca_cert: CA certificates for the daemon's certificate, in PEM. If it
        is empty, those of the system are used.
    :ivar client_cert: client certificate, in PEM.
    :ivar client_key: private key of the client certificate, in PEM.
    :ivar verify: whether to verify the daemon's certificate.
    :ivar server_name: name that the daemon's certificate must contain. If it
        is empty, it is the host of the endpoint.
    :ivar certificates: reference to the resource that has the client
        certificate and the key. A connection needs these instead.
    """

    ca_cert: str = ''
    client_cert: str = ''
    client_key: str = dataclasses.field(default='', repr=False)
    verify: bool = True
    server_name: str = ''
    certificates: str = ''


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """The address of a daemon, and how to authenticate it.

    :ivar url: URL as in docker_endpoint, with the port, or with the
        normalized path of the socket.
    :ivar tls: settings of an https URL; None for other URLs.
    :ivar local: whether it is the operator's local_endpoint.
    :ivar trusted: numeric address at which the object was created. Requests
        about the object are sent to no other address.
    """

    url: str
    tls: TLS | None = None
    local: bool = False
    trusted: str | None = None

    def __str__(self):
        return self.url

    @property
    def given(self) -> str | None:
        """The value of docker_endpoint; None for the local_endpoint.

        None follows the option if the operator changes its URL.
        """
        return None if self.local else self.url

    @property
    def base_url(self) -> str:
        """The URL for the docker library, with http in place of tcp."""
        if self.url.startswith('tcp://'):
            return 'http://' + self.url[len('tcp://'):]
        return self.url


def of_values(url: str | None, tls: dict | None) -> Endpoint:
    """Return the endpoint for the properties of a resource.

    :param url: value of the property docker_endpoint.
    :param tls: value of the property tls, with the key instead of a
        reference.
    :raises ValueError: with a message for the user.
    """
    named = parse(url or own_url())
    if not url or _is_own(named):
        named = dataclasses.replace(named, local=True)
    encrypted = named.url.startswith('https:')
    tls = scalars.drop_none(tls or {})
    if tls and not encrypted:
        raise ValueError(_('tls requires https, but docker_endpoint is %s')
                         % named)
    if not encrypted:
        return named
    return dataclasses.replace(
        named, tls=_tls(tls) if tls or not named.local
        else _own_material())


def check_tls(values: dict) -> TLS:
    """Validate the property tls and return it as :class:`TLS`.

    :raises ValueError: with a message for the user.
    """
    tls = _tls(values)
    if tls.certificates and (tls.client_cert or tls.client_key):
        raise ValueError(_('certificates of tls replaces client_cert and '
                           'client_key, so set either the former or the '
                           'latter'))
    ssl_context(tls)
    if tls.server_name and not _HOST.fullmatch(tls.server_name):
        raise ValueError(_('server_name of tls, %r, is not a hostname')
                         % tls.server_name)
    return tls


def own_url() -> str:
    """Return the URL of the operator's local_endpoint."""
    return conf.group().local_endpoint


def base_url(url: str) -> str:
    """Return the URL of an endpoint for the docker library.

    Different spellings of one URL have the same result. Host names are not
    resolved.

    :param url: see :func:`parse`.
    :raises ValueError: see :func:`parse`.
    """
    return parse(url).base_url


def base_urls(urls: list[str]) -> list[str]:
    """Return the URLs of several endpoints; see :func:`base_url`."""
    return [base_url(url) for url in scalars.to_strings(urls)]


def own_urls() -> list[str]:
    """Return the URL of the operator's local_endpoint in a list."""
    return [own_url()]


def is_of(url: str | None, where: Endpoint) -> bool:
    """Return whether a URL is that of an endpoint, in whatever spelling.

    :param url: value of docker_endpoint; None for the operator's daemon.
    """
    return base_url(url or own_url()) == where.base_url


def _is_own(named):
    """Return whether an endpoint is the operator's local_endpoint."""
    try:
        return named.base_url == base_url(own_url())
    except ValueError:
        return False


def _tls(values):
    return TLS(**scalars.drop_none(values))


def tls_masked(values: dict) -> dict:
    """Return the property tls with its private key masked."""
    return {name: '***' if name == 'client_key' and value else value
            for name, value in values.items()}


def ssl_context(tls: TLS) -> ssl.SSLContext:
    """Return Python's context for connections with these settings.

    :raises ValueError: if a certificate or the key is invalid. The message
        does not contain the key, which is a secret.
    """
    try:
        context = ssl.create_default_context(cadata=tls.ca_cert or None)
    except (ssl.SSLError, TypeError, ValueError) as ex:
        raise ValueError(_('ca_cert of tls is not a certificate in '
                           'PEM')) from ex
    # Python 3.13 sets this flag. Certificates that are created according to
    # Docker's documentation lack extensions that it requires:
    # https://docs.docker.com/engine/security/protect-access/
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if bool(tls.client_cert) != bool(tls.client_key):
        raise ValueError(_('client_cert and client_key of tls must be set '
                           'together'))
    if tls.client_cert:
        _load_client(context, tls)
    return context


def _load_client(context, tls):
    """Load the client certificate and the key into a context.

    Python requires files. This one is in memory, so that the key is never on
    a disk.
    """
    file = os.memfd_create('tls', os.MFD_CLOEXEC)
    try:
        with open(file, 'w', encoding='utf-8', closefd=False) as pem:
            pem.write('%s\n%s\n' % (tls.client_cert, tls.client_key))
        # Without a password, Python would prompt for one at the terminal.
        context.load_cert_chain('/proc/self/fd/%d' % file, password='')
    except (OSError, ValueError) as ex:
        raise ValueError(_(
            'client_cert and client_key of tls are not a certificate and its '
            'key, without a password, in PEM')) from ex
    finally:
        os.close(file)


def _own_material():
    """Return the operator's TLS settings for the local_endpoint."""
    options = conf.group()
    return _tls({
        'ca_cert': _read('local_ca_file', options.local_ca_file),
        'client_cert': _read('local_cert_file', options.local_cert_file),
        'client_key': _read('local_key_file', options.local_key_file)})


def _read(option, path):
    if not path:
        return ''
    try:
        with open(path, encoding='utf-8') as pem:
            return pem.read()
    except (OSError, ValueError) as ex:
        LOG.error('%(option)s: %(path)s cannot be read: %(why)s',
                  {'option': option, 'path': path, 'why': ex})
        raise ValueError(_('heat-engine cannot read the file that the '
                           'operator has set as %s') % option) from ex


def parse(url: str) -> Endpoint:
    """Return the endpoint for a URL.

    :param url: ``tcp://host[:port]``, ``http://host[:port]``,
        ``https://host[:port]`` or ``unix:///path``. The port defaults to
        2375; for https, to 2376. The path of a socket is absolute even without
        a leading slash, as in ``unix://var/run/docker.sock``:
        https://github.com/docker/docker-py/blob/0.3.1/README.md.
    :raises ValueError: for any other URL. A URL without a host is invalid,
        because the docker library would connect to its own host.
    """
    scheme, separator, rest = url.strip().partition('://')
    scheme = scheme.lower()
    if scheme == 'unix' and separator:
        # policy.endpoint compares the text of the URL, so normalize the path.
        path = posixpath.normpath('/' + rest.lstrip('/'))
        if path == '/' or not _SOCKET.fullmatch(rest):
            raise ValueError(_('%r is not the absolute path of a socket, such '
                               'as unix:///var/run/docker.sock')
                             % _masked(url))
        return Endpoint('unix://' + path)
    if not separator or scheme not in _DEFAULT_PORTS:
        raise ValueError(_('%r is not a Docker endpoint; use '
                           'tcp://host:port, http://host:port, '
                           'https://host:port or unix:///path') % _masked(url))
    try:
        parts = urllib.parse.urlsplit('%s://%s' % (scheme, rest))
        port = parts.port
    except ValueError as ex:
        raise ValueError(_('%(url)r is not a Docker endpoint: %(why)s')
                         % {'url': _masked(url), 'why': ex}) from ex
    if '@' in parts.netloc or parts.path.strip('/') or (
            parts.query or parts.fragment):
        raise ValueError(_('%r contains more than a host and a port')
                         % _masked(url))
    host = parts.netloc
    if port is not None or host.endswith(':'):
        host = host.rpartition(':')[0]
    if not _HOST.fullmatch(host):
        raise ValueError(_('%r contains no host') % _masked(url))
    if port == 0:
        raise ValueError(_('%r contains port 0') % url)
    return Endpoint('%s://%s:%d' % (scheme, host.lower().rstrip('.'),
                                    port or _DEFAULT_PORTS[scheme]))


def _masked(url):
    scheme, slashes, rest = url.partition('//')
    _userinfo, at, host = rest.rpartition('@')
    return scheme + slashes + '…@' + host if at else url
