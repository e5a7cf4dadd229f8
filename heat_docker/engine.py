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

"""The Docker Engine API: one method, one request.

The only module that imports ``docker``, the library of the docker-py
project. It gives the transport (TCP, TLS, unix sockets) and the errors of
HTTP. Requests are made on its session rather than with its methods, for
those take a fixed timeout each, lack newer fields, and add what they find in
the environment of heat-engine: registry passwords and HTTP headers of
``~/.docker/config.json`` must never reach the daemon of a tenant.
"""

import contextlib
import json
import re
import socket
import struct
import time
import urllib.parse

import requests
import urllib3

from . import errors
from . import fields
from . import i18n

try:
    import docker
    from docker import auth as docker_auth
    from docker import errors as docker_errors
    from docker import utils as docker_utils
    from docker.utils import json_stream
# A broken library must not keep heat-engine from starting: see library().
except Exception as ex:
    docker = None
    _import_error = str(ex)

_ = i18n._

LIBRARY_NEEDED = (7, 1)

# The newest API whose answers this code has been run against. A daemon that
# speaks a newer one is asked to speak this one.
NEWEST_API = (1, 51)

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0
# A registry may keep a daemon waiting that long before it sends more.
PULL_TIMEOUT = 300.0
COMMIT_TIMEOUT = 3600.0

# How long one poll waits for a container to stop; and how long after its
# grace period a daemon is asked again.
STOP_PATIENCE = 1.0
STOP_AGAIN = 5.0

_PIECE = 64 * 1024
_FRAME_HEADER = struct.Struct('>BxxxL')


def library():
    """Return the version of the docker library if it can be used.

    :raises errors.Unsupported: if it is missing or too old.
    """
    needed = fields.version_text(LIBRARY_NEEDED)
    if docker is None:
        raise errors.Unsupported(
            _('The Python library docker %(needed)s or later is needed, and '
              'there is none: %(why)s')
            % {'needed': needed, 'why': _import_error})
    version = getattr(docker, '__version__', None)
    if version is None or not hasattr(docker, 'APIClient'):
        raise errors.Unsupported(
            _('The Python library docker %(needed)s or later is needed, and '
              '%(path)s is not it')
            % {'needed': needed, 'path': _path(docker)})
    if tuple(int(n) for n in re.findall(r'\d+', version)[:2]) < LIBRARY_NEEDED:
        raise errors.Unsupported(
            _('The Python library docker %(needed)s or later is needed, and '
              '%(path)s is version %(found)s')
            % {'needed': needed, 'path': _path(docker), 'found': version})
    return version


def library_path():
    """Return the folder that the docker library was imported from."""
    return _path(docker)


def _path(module):
    return next(iter(getattr(module, '__path__', ())), str(module))


class Engine(contextlib.AbstractContextManager):
    """A daemon, connected to at the first request.

    Not to be shared between threads: the library's session is not made for
    it (https://github.com/docker/docker-py/issues/3229).

    Every method raises a subclass of :class:`errors.DockerError`. Ids may be
    names where Docker allows it. Paths and shapes:
    https://docs.docker.com/reference/api/engine/version/v1.41/.
    """

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self._client = None
        self._api = None

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        """Close all connections; the next request opens a new one."""
        if self._client is not None:
            self._client.close()
        self._client = None

    @property
    def api(self):
        """The version of the API that is spoken, such as ``(1, 41)``."""
        if self._api is None:
            self._api = self._negotiate()
        return self._api

    def _negotiate(self):
        try:
            answer = self._json('GET', '/version', version='',
                                has='ApiVersion')
            newest = _version(answer['ApiVersion'])
            # Podman before 4.0 does not say.
            oldest = _version(answer.get('MinAPIVersion') or '1.24')
        except (AttributeError, ValueError, errors.NotFound) as ex:
            raise self._stranger() from ex
        if newest < fields.OLDEST_API or oldest > NEWEST_API:
            raise errors.Unsupported(
                _('Docker at %(endpoint)s speaks versions %(oldest)s to '
                  '%(newest)s of its API, and this plugin %(low)s to '
                  '%(high)s')
                % {'endpoint': self.endpoint,
                   'oldest': fields.version_text(oldest),
                   'newest': fields.version_text(newest),
                   'low': fields.version_text(fields.OLDEST_API),
                   'high': fields.version_text(NEWEST_API)})
        return min(newest, NEWEST_API)

    def create_container(self, query, body):
        """Create a container and return its id and the daemon's warnings."""
        answer = self._json('POST', '/containers/create', query=query,
                            body=body, has='Id')
        return answer['Id'], answer.get('Warnings') or []

    def start_container(self, container):
        """Start a container; one that runs already is left alone."""
        self._request('POST', '/containers/%s/start', container)

    def stop_container(self, container, grace, patience):
        """Stop a container, killing it after a grace period.

        :param grace: seconds that it has to end by itself; None is what it
            was created with, or 10.
        :param float patience: seconds to wait. The daemon goes on stopping
            the container after :class:`errors.NoAnswer`.
        """
        self._request('POST', '/containers/%s/stop', container,
                      query={} if grace is None else {'t': grace},
                      timeout=patience)

    def restart_container(self, container, grace, patience):
        """Stop and start a container; see :meth:`stop_container`."""
        self._request('POST', '/containers/%s/restart', container,
                      query={} if grace is None else {'t': grace},
                      timeout=patience)

    def kill_container(self, container, signal):
        """Send a signal to a container."""
        self._request('POST', '/containers/%s/kill', container,
                      query={'signal': signal})

    def pause_container(self, container):
        """Freeze the processes of a container."""
        self._request('POST', '/containers/%s/pause', container)

    def unpause_container(self, container):
        """Let the processes of a container go on."""
        self._request('POST', '/containers/%s/unpause', container)

    def rename_container(self, container, name):
        """Give a container another name."""
        self._request('POST', '/containers/%s/rename', container,
                      query={'name': name})

    def update_container(self, container, body):
        """Change limits of a container; return the daemon's warnings."""
        return self._json('POST', '/containers/%s/update', container,
                          body=body).get('Warnings') or []

    def connect_container(self, container, network, endpoint):
        """Attach a container to a network."""
        self._request('POST', '/networks/%s/connect', network,
                      body={'Container': container,
                            'EndpointConfig': endpoint})

    def disconnect_container(self, container, network):
        """Detach a container from a network."""
        self._request('POST', '/networks/%s/disconnect', network,
                      body={'Container': container, 'Force': True})

    def put_archive(self, container, archive):
        """Unpack a tar archive at the root of a container."""
        self._request('PUT', '/containers/%s/archive', container,
                      query={'path': '/'}, data=archive,
                      headers={'Content-Type': 'application/x-tar'})

    def stats(self, container):
        """Return one sample of what a container uses."""
        query = {'stream': 'false'}
        if self.api >= (1, 41):
            # Without it the daemon takes a second sample, a second later.
            query['one-shot'] = 'true'
        return self._json('GET', '/containers/%s/stats', container,
                          query=query)

    def execute(self, container, command, size):
        """Run a command in a container.

        :param list command: words of the command.
        :param int size: bytes of output to return at the most.
        :returns: exit code and output.
        """
        created = self._json(
            'POST', '/containers/%s/exec', container,
            body={'Cmd': command, 'AttachStdout': True, 'AttachStderr': True})
        response = self._request(
            'POST', '/exec/%s/start', created['Id'], stream=True,
            body={'Detach': False, 'Tty': False})
        output, deadline = b'', time.monotonic() + READ_TIMEOUT
        with contextlib.closing(response), self._translated():
            for chunk in _frames(response.raw):
                output = (output + chunk)[-size:]
                if time.monotonic() > deadline:
                    self.close()
                    raise errors.NoAnswer(_('The command goes on'))
        self.close()
        done = self._json('GET', '/exec/%s/json', created['Id'])
        return done['ExitCode'], output.decode(errors='replace')

    def wait_container(self, container, patience):
        """Return once the container has ended, or after some seconds.

        :param float patience: seconds to wait at the most.
        """
        with contextlib.suppress(errors.NoAnswer):
            self._request('POST', '/containers/%s/wait', container,
                          timeout=patience)

    def remove_container(self, container, volumes=True, force=False):
        """Remove a container.

        :param bool volumes: its anonymous volumes, too.
        :param bool force: kill it if it runs.
        """
        query = {'v': int(volumes), 'force': int(force)}
        self._request('DELETE', '/containers/%s', container, query=query)

    def inspect_container(self, container):
        """Return all that the daemon knows of a container."""
        return self._json('GET', '/containers/%s/json', container,
                          has='State')

    def list_containers(self, labels):
        """Return the containers, running or not, that have all the labels.

        :param dict labels: label and value.
        """
        filters = {'label': ['%s=%s' % item for item in labels.items()]}
        return self._json(
            'GET', '/containers/json',
            query={'all': '1', 'filters': json.dumps(filters)})

    def log_tail(self, container, tty, size):
        """Return the last bytes that a container has written, as text.

        :param bool tty: whether the container has a terminal; if not, the
            daemon puts frames around what it sends.
        :param int size: bytes to return at the most.
        """
        tail = b''
        # The shortest line is one character and its end.
        for chunk in self._log(container, tty, {'tail': max(1, size // 2)}):
            tail = (tail + chunk)[-size:] if size else b''
        return tail.decode(errors='replace')

    def log_head(self, container, tty, size):
        """Return the first line that a container has written, as text.

        :param bool tty: see :meth:`log_tail`.
        :param int size: bytes to return at the most.
        """
        head = b''
        for chunk in self._log(container, tty, {}):
            head += chunk
            if b'\n' in head or len(head) >= size:
                break
        # The daemon would send the rest on this connection.
        self.close()
        line = head.split(b'\n', 1)[0][:size]
        return line.decode(errors='replace').rstrip('\r')

    def _log(self, container, tty, query):
        response = self._request(
            'GET', '/containers/%s/logs', container, stream=True,
            query={'stdout': '1', 'stderr': '1', **query})
        with contextlib.closing(response), self._translated():
            if tty:
                yield from response.iter_content(_PIECE)
            else:
                yield from _frames(response.raw)

    def has_image(self, image):
        """Return whether the daemon has an image."""
        try:
            self.inspect_image(image)
        except errors.NotFound:
            return False
        return True

    def list_images(self, labels):
        """Return the images that have all the labels."""
        filters = {'label': ['%s=%s' % item for item in labels.items()]}
        return self._json('GET', '/images/json',
                          query={'filters': json.dumps(filters)})

    def inspect_image(self, image):
        """Return all that the daemon knows of an image."""
        return self._json('GET', '/images/%s/json', image)

    def commit_container(self, container, name, tag):
        """Make an image of the files and settings of a container.

        It takes as long as it takes to copy what the container has written.
        """
        self._request(
            'POST', '/commit', body={}, timeout=COMMIT_TIMEOUT,
            query={'container': container, 'repo': name, 'tag': tag})

    def remove_image(self, image):
        """Remove an image, or the name if others use the image."""
        self._request('DELETE', '/images/%s', image)

    def pull_image(self, image, platform=None):
        """Pull an image, yielding the daemon's reports on the progress.

        :param str image: a reference; without tag or digest it is
            ``latest``.
        :param str platform: one of those it exists for; by default that of
            the daemon.
        :raises errors.Failed: with the words of the registry.
        """
        name, tag = docker_utils.parse_repository_tag(image)
        query = {'fromImage': name, 'tag': tag or 'latest'}
        if platform:
            query['platform'] = platform
        response = self._request(
            'POST', '/images/create', stream=True, timeout=PULL_TIMEOUT,
            query=query,
            headers={'X-Registry-Auth': docker_auth.encode_header({})})
        with contextlib.closing(response), self._translated():
            chunks = (chunk.decode(errors='replace')
                      for chunk in response.iter_content(None))
            for report in json_stream.json_stream(chunks):
                if not isinstance(report, dict):
                    raise self._stranger()
                # The status was sent before the pull could fail. "error" is
                # deprecated: docs of the API, version history, v1.48.
                failure = report.get('errorDetail') or report.get('error')
                if failure:
                    words = (failure.get('message') if
                             isinstance(failure, dict) else failure)
                    raise errors.Failed(
                        _('Docker at %(endpoint)s: %(words)s')
                        % {'endpoint': self.endpoint, 'words': words})
                yield report

    def _json(self, *args, has=None, **kwargs):
        response = self._request(*args, **kwargs)
        try:
            answer = response.json()
        except ValueError as ex:
            raise self._stranger() from ex
        if has and not (isinstance(answer, dict) and has in answer):
            raise self._stranger()
        return answer

    def _stranger(self):
        return errors.Failed(
            _('What answers at %s is not a Docker daemon') % self.endpoint)

    def _request(self, method, path, *names, version=None, query=None,
                 body=None, data=None, headers=None, stream=False,
                 timeout=READ_TIMEOUT):
        if version is None:
            version = '/v' + fields.version_text(self.api)
        path %= tuple(urllib.parse.quote(name, safe='') for name in names)
        with self._translated():
            if self._client is None:
                self._client = _connect(self.endpoint)
            response = self._client.request(
                method, self._client.base_url + version + path, params=query,
                json=body, data=data, headers=headers, stream=stream,
                timeout=(CONNECT_TIMEOUT, timeout), allow_redirects=False)
            if response.status_code >= 300 and response.status_code != 304:
                words = _words(response)
                raise errors.of_status(response.status_code, words)(
                    _('Docker at %(endpoint)s: %(words)s')
                    % {'endpoint': self.endpoint,
                       'words': words or 'HTTP status %d %s' % (
                           response.status_code, response.reason)})
            return response

    @contextlib.contextmanager
    def _translated(self):
        """Turn what the library raises into the classes of errors."""
        try:
            yield
        except errors.DockerError:
            raise
        except docker_errors.StreamParseError as ex:
            self.close()
            raise self._stranger() from ex
        except (requests.exceptions.ConnectTimeout,
                requests.exceptions.SSLError) as ex:
            self.close()
            raise self._unreachable(errors.Unreachable, ex) from ex
        except (requests.exceptions.Timeout,
                urllib3.exceptions.ReadTimeoutError) as ex:
            self.close()
            raise self._unreachable(errors.NoAnswer, ex) from ex
        except (requests.exceptions.RequestException,
                urllib3.exceptions.HTTPError,
                docker_errors.DockerException, OSError, ValueError) as ex:
            self.close()
            raise self._unreachable(_connection_error(ex), ex) from ex

    def _unreachable(self, error, ex):
        return error(
            _('Docker at %(endpoint)s cannot be reached from heat-engine on '
              '%(host)s: %(why)s')
            % {'endpoint': self.endpoint, 'host': socket.gethostname(),
               'why': _why(ex)})


def _connect(endpoint):
    try:
        # Any version keeps the constructor from asking the daemon for one.
        client = docker.APIClient(
            endpoint.base_url, version=fields.version_text(fields.OLDEST_API),
            timeout=CONNECT_TIMEOUT)
    except (AttributeError, KeyError, TypeError) as ex:
        # The library reads it, although nothing of it is used.
        raise errors.Failed(
            _('The docker library cannot read the file .docker/config.json '
              'of the user that runs heat-engine')) from ex
    # Proxies, .netrc and CA bundles of the environment are the operator's.
    client.trust_env = False
    return client


def _version(value):
    major, minor = value.split('.')
    return int(major), int(minor)


def _words(response):
    """Return what the daemon says in an answer that is an error, if so."""
    try:
        return response.json()['message'].strip()
    except (ValueError, KeyError, TypeError, AttributeError):
        return ''


def _frames(raw):
    """Yield the contents of the frames that multiplex stdout and stderr."""
    while True:
        header = raw.read(_FRAME_HEADER.size)
        if len(header) < _FRAME_HEADER.size:
            return
        length = _FRAME_HEADER.unpack(header)[1]
        # A frame may be 4 GiB long, if the daemon says so.
        while length and (piece := raw.read(min(length, _PIECE))):
            length -= len(piece)
            yield piece


def _causes(ex):
    """Yield an exception and what caused it, down to the first cause."""
    while ex is not None and not isinstance(ex, errors.DockerError):
        yield ex
        ex = ex.__cause__ or ex.__context__


def _connection_error(ex):
    """Tell a request that may have arrived from one that did not.

    A connection that breaks while the answer is awaited is an error of the
    same class of the library as one that is refused.
    """
    refused = (urllib3.exceptions.NewConnectionError, FileNotFoundError,
               ConnectionRefusedError, PermissionError, socket.gaierror)
    if any(isinstance(cause, refused) for cause in _causes(ex)):
        return errors.Unreachable
    return errors.NoAnswer


def _why(ex):
    """Say in plain words why a connection failed."""
    for cause in reversed(list(_causes(ex))):
        if isinstance(cause, TimeoutError):
            break
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    if isinstance(ex, (requests.exceptions.Timeout,
                       urllib3.exceptions.TimeoutError)):
        return _('no answer in time')
    return _('the connection broke')
