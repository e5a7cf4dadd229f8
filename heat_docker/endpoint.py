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

"""Which Docker daemon a resource talks to."""

import dataclasses
import re
import urllib.parse

from . import i18n

_ = i18n._

# https://docs.docker.com/reference/cli/dockerd/#daemon-socket-option
_DEFAULT_PORTS = {'tcp': 2375, 'http': 2375, 'https': 2376}

_HOST = re.compile(r'[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?|'
                   r'\[[0-9A-Fa-f:.]+\]', re.ASCII)


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """Address of a daemon, as users write it and as the library wants it."""

    url: str

    def __str__(self):
        return self.url

    @property
    def base_url(self):
        """The URL for the docker library, which knows tcp only as http."""
        if self.url.startswith('tcp://'):
            return 'http://' + self.url[len('tcp://'):]
        return self.url


def parse(url):
    """Return the :class:`Endpoint` that an URL names.

    :param str url: ``tcp://host[:port]``, ``http://host[:port]``,
        ``https://host[:port]`` or ``unix:///path``. Without a port it is
        2375, for https 2376.
    :raises ValueError: for anything else, and for a URL without host, which
        the docker library would take for the host it runs on.
    """
    scheme, separator, rest = url.partition('://')
    scheme = scheme.lower()
    if scheme == 'unix' and separator:
        if not re.fullmatch(r'/[^\0?#]*[^\0?#/]', rest):
            raise ValueError(_('%r does not name an absolute path of a '
                               'socket, such as unix:///var/run/docker.sock')
                             % _masked(url))
        return Endpoint('unix://' + rest)
    if not separator or scheme not in _DEFAULT_PORTS:
        raise ValueError(_('%r is not a Docker endpoint; say '
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
        raise ValueError(_('%r has more than a host and a port')
                         % _masked(url))
    host = parts.netloc
    if port is not None or host.endswith(':'):
        host = host.rpartition(':')[0]
    if not _HOST.fullmatch(host):
        raise ValueError(_('%r names no host') % _masked(url))
    if port == 0:
        raise ValueError(_('%r names port 0') % url)
    return Endpoint('%s://%s:%d' % (scheme, host,
                                    port or _DEFAULT_PORTS[scheme]))


def _masked(url):
    return re.sub(r'//.*@', '//…@', url)
