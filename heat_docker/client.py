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

"""A Docker daemon: how it is asked, and what its answers mean.

The only module that imports ``docker``, the library of the docker-py
project. It gives the session, unix sockets, and how credentials and streams
are written. Requests are made on its session rather than with its methods, for
those take a fixed timeout each, lack newer fields, and add what they find in
the environment of heat-engine: registry passwords and HTTP headers of
``~/.docker/config.json`` must never reach the daemon of a tenant.
"""

import contextlib
import http
import math
import re
import socket
import threading
import time
import urllib.parse

import requests
import urllib3

from . import answers
from . import budgets
from . import conf
from . import connection
from . import errors
from . import fields
from . import i18n
from . import masking
from .api import containers
from .api import images
from .api import networks
from .api import volumes

try:
    import docker
    from docker import auth as docker_auth
    from docker import errors as docker_errors
    from docker import utils as docker_utils
# A broken library must not keep heat-engine from starting: see library().
except Exception as ex:
    docker = None
    _import_error = str(ex)

_ = i18n._

LIBRARY_NEEDED = (7, 1)

# The newest API whose answers this code has been run against. A daemon that
# speaks a newer one is asked to speak this one.
NEWEST_API = (1, 51)

_PIECE = 64 * 1024


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


# Each kind of objects by the name of its property of a client.
COLLECTIONS = {'containers': containers.Containers, 'images': images.Images,
               'networks': networks.Networks, 'volumes': volumes.Volumes}


class DockerClient(contextlib.AbstractContextManager):
    """A client of one daemon, which connects at the first request.

    Threads must not share a client; only :meth:`break_off` may be called from
    another thread. On exit, the connection becomes available to the next
    client of the same endpoint, unless a request failed.

    Requests about objects are methods of collections, such as
    ``client.containers.inspect(object_id)``: see :mod:`heat_docker.api`. Each
    of them raises a subclass of :class:`errors.DockerError`.

    :ivar answered: whether the last answer was one of a daemon, and not of a
        proxy before it.
    """

    def __init__(self, endpoint, secrets=tuple):
        """Prepare to connect.

        :param secrets: function that returns the texts that are masked where
            the daemon repeats them.
        """
        self.endpoint = endpoint
        self._secrets = secrets
        self.answered = False
        self._connection = None
        self._broken_off = False
        self._deadline = math.inf
        # Whoever breaks off must not hit the next one to have the connection.
        self._giving = threading.Lock()

    @property
    def containers(self):
        """The containers of the daemon."""
        return containers.Containers(self)

    @property
    def images(self):
        """The images of the daemon."""
        return images.Images(self)

    @property
    def networks(self):
        """The networks of the daemon."""
        return networks.Networks(self)

    @property
    def volumes(self):
        """The volumes of the daemon."""
        return volumes.Volumes(self)

    def __exit__(self, *exc_info):
        with self._giving:
            if self._broken_off:
                self.close()
            used, self._connection = self._connection, None
        if used is not None:
            _POOL.give(self.endpoint, used)

    def break_off(self):
        """Have the request of another thread fail, and all that follow.

        A daemon whose client is gone ends a pull, a push or a build:
        https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild.
        """
        with self._giving:
            self._broken_off = True
            if self._connection is not None:
                self._connection.abandon()

    def hurry(self, seconds):
        """Have all requests end within some seconds from now.

        That others are told of a daemon that is away needs more patience.
        """
        self._deadline = time.monotonic() + seconds

    def _left(self):
        """Return the seconds that are left to all requests."""
        return max(0.0, self._deadline - time.monotonic())

    def again(self):
        """Return another engine of the same daemon, for another thread."""
        secrets = self._secrets()
        return DockerClient(self.endpoint, lambda: secrets)

    def close(self):
        """Close the connection; the next request opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def throttled(self):
        """Wait for what others of this worker have the daemon do."""
        return _POOL.turn(self.endpoint)

    def throttled_leaving(self):
        """Wait for other containers of this worker to leave networks.

        Podman does not count the containers in a network.
        """
        if self.is_podman:
            return contextlib.nullcontext()
        return _POOL.turn(self.endpoint, leaving=True)

    @property
    def api(self):
        """The version of the API that is spoken, such as ``(1, 41)``."""
        return self._connected().api

    @property
    def is_podman(self):
        """Whether the daemon is Podman, which says so itself."""
        return self._connected().podman

    @property
    def address(self):
        """The numeric address of the daemon; None for a unix socket."""
        return self._connected().address

    def _connected(self):
        """Return a connection of which the version is known."""
        if self._connection is None:
            self._connection = _POOL.take(self.endpoint) or _connect(
                self.endpoint)
        if self._connection.api is None:
            self._connection.api = self._negotiate()
            _POOL.learn(self._connection)
        return self._connection

    def _negotiate(self):
        """Return the newest version of the API that both sides speak.

        Until it has told its versions, nobody knows that it is a Docker
        daemon, so nothing else that it says is repeated.
        """
        try:
            response = self._send('GET', '/version')
        except errors.Late as ex:
            # What is to be asked of the daemon has not begun.
            raise errors.NoAnswer(str(ex)) from ex
        if response.status_code >= 500:
            raise self._unreachable(errors.Unreachable,
                                    _status(response.status_code))
        try:
            if response.status_code != 200:
                raise ValueError(response.status_code)
            answer = answers.parse(response.content)
            newest = _version(answer['ApiVersion'])
            # Podman before 4.0 does not say.
            oldest = _version(answer.get('MinAPIVersion') or '1.24')
            self._connection.podman = 'Podman Engine' in [
                component['Name'] for component
                in answer.get('Components') or ()]
        except (AttributeError, KeyError, TypeError, ValueError) as ex:
            if b'HTTPS server' in response.content:
                raise errors.Failed(
                    _('%s expects TLS: say https:// in docker_endpoint')
                    % self.endpoint) from ex
            raise self.not_docker_error() from ex
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

    def request_json(self, *args, has=None, **kwargs):
        """Return what the JSON of an answer says.

        :param has: key that every answer of this kind has.
        """
        response = self.request(*args, **kwargs)
        try:
            answer = answers.parse(response.content)
        except ValueError as ex:
            raise self._senseless(ex) from ex
        if has and not (isinstance(answer, dict) and has in answer):
            raise self.not_docker_error()
        if has in ('Id', 'Name'):
            self.check_id(answer[has])
        return answer

    def check_id(self, value):
        """Raise if a value cannot be the id or the name of an object.

        It becomes a part of URLs, messages and Heat's database.
        """
        if not answers.is_id(value):
            raise self.failure(errors.Failed,
                               _('the answer has no id of an object'))

    def _senseless(self, ex):
        """Return the error of an answer whose JSON cannot be parsed."""
        return (self.too_long_error() if isinstance(ex, answers.TooMuch)
                else self.not_docker_error())

    def too_long_error(self):
        """Return the error for an answer that is too long."""
        return self.failure(errors.Failed, _('the answer is too long'))

    def not_docker_error(self):
        """Return the error for an answer that no Docker daemon gives."""
        return errors.Failed(
            _('What answers at %s is not a Docker daemon') % self.endpoint)

    def stream_json(self, method, path, *names, **kwargs):
        """Yield the JSON of a stream; an error in it is raised.

        The status was sent before the request could fail. The key "error"
        is deprecated: docs of the API, version history, v1.48.
        """
        response = self.request(method, path, *names, stream=True, **kwargs)
        with contextlib.closing(response), self.translated_errors():
            for line in self._lines(response):
                try:
                    report = answers.parse(line)
                except ValueError as ex:
                    self.close()
                    raise self._senseless(ex) from ex
                if not isinstance(report, dict):
                    raise self.not_docker_error()
                failure = report.get('errorDetail') or report.get('error')
                if failure:
                    words = (failure.get('message') if
                             isinstance(failure, dict) else failure)
                    raise self.failure(errors.Failed, _shortened(words))
                yield report

    def _lines(self, response):
        """Yield the lines of a stream that are not empty, as text.

        Docker and Podman end each report with a new line:
        https://github.com/moby/moby/blob/v28.0.0/pkg/streamformatter/streamformatter.go#L14.

        :raises errors.Failed: if there are more bytes than the budget has.
        """
        left, rest = conf.group().max_report_bytes, bytearray()
        for piece in response.iter_content(_PIECE):
            left -= max(len(piece), budgets.REPORT_COST)
            for line in piece.splitlines(keepends=True):
                left -= budgets.REPORT_COST
                rest += line
                if left < 0 or len(rest) > budgets.REPORT:
                    self.close()
                    raise self.too_long_error()
                if line.endswith(b'\n'):
                    if rest := rest.strip():
                        yield rest.decode(errors='replace')
                    rest = bytearray()
        if rest := rest.strip():
            yield rest.decode(errors='replace')

    def split_reference(self, image):
        """Return the repository and the tag or digest, if any, of an image."""
        return docker_utils.parse_repository_tag(image)

    def auth_header(self, auth):
        """Return the header with credentials, which Docker wants anyway."""
        return {'X-Registry-Auth': docker_auth.encode_header(auth or {})}

    def config_header(self, configs):
        """Return the header with credentials of several registries."""
        return {'X-Registry-Config': docker_auth.encode_header(configs)}

    def request(self, method, path, *names, **kwargs):
        """Make a request of the version that both sides speak."""
        version = '/v' + fields.version_text(self.api)
        path %= tuple(map(self._quoted, names))
        response = self._send(method, version + path, **kwargs)
        failure = None
        if response.status_code >= 300 and response.status_code != 304:
            words = _words(response)
            failure = self.failure(
                errors.of_status(response.status_code, words),
                words or _status(response.status_code))
        self.answered = not isinstance(failure, errors.NoAnswer)
        if self.answered:
            _POOL.answered(self.endpoint)
        if failure is not None:
            raise failure
        return response

    def _quoted(self, name):
        """Return the name of an object as a part of a path."""
        if name in ('', '.', '..') or len(name) > budgets.ID:
            # What is between slashes means another path then.
            raise self.failure(errors.Failed, _(
                '%r is not the name of an object') % name[:budgets.ID])
        return urllib.parse.quote(name, safe='')

    def _send(self, method, path, timeout=None, **options):
        """Make a request, and tell others of a daemon that is away.

        :param float timeout: seconds to wait for the answer, for a request
            that may take its time or be given up; the read_timeout of the
            operator if it is None.
        """
        asked = time.monotonic()
        try:
            return self._exchange(method, path, timeout, **options)
        except errors.Unreachable as ex:
            if timeout is None and not self._broken_off and self._left():
                self.close()
                _POOL.failed(self.endpoint, ex, asked)
            raise

    def _exchange(self, method, path, timeout, query=None, body=None,
                  data=None, headers=None, stream=False):
        options = conf.group()
        patience = min(timeout or options.read_timeout, self._left())
        connect_patience = min(options.connect_timeout, self._left())
        with self.translated_errors():
            if not patience:
                raise self._unreachable(errors.NoAnswer,
                                        _('no answer in time'))
            if self._connection is None:
                self._connection = _connect(self.endpoint)
            if self._broken_off:
                raise self._unreachable(errors.NoAnswer,
                                        _('it was broken off'))
            client = self._connection.client
            with self.time_limit(connect_patience + patience):
                response = client.request(
                    method, client.base_url + path, params=query, json=body,
                    # What is compressed may be more than there is memory.
                    data=data, headers={'Accept-Encoding': 'identity',
                                        **(headers or {})},
                    stream=True, timeout=(connect_patience, patience),
                    allow_redirects=False)
                if not stream:
                    self._read(response, patience)
            return response

    @contextlib.contextmanager
    def time_limit(self, seconds):
        """Break the connection off if the block takes longer.

        The library's timeouts begin anew with each byte that arrives.
        """
        timer = threading.Timer(min(seconds, self._left()),
                                self._connection.break_off)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _read(self, response, patience):
        """Read an answer, unless it is too long or takes too long."""
        begin, content = time.monotonic(), bytearray()
        for piece in response.iter_content(_PIECE):
            content += piece
            if len(content) > conf.group().max_answer_bytes:
                self.close()
                raise self.too_long_error()
            if time.monotonic() - begin > patience:
                self.close()
                raise self._unreachable(errors.Late, _('no answer in time'))
        # Where the library keeps what it has read itself.
        response._content = bytes(content)

    @contextlib.contextmanager
    def translated_errors(self):
        """Turn what the library raises into the classes of errors."""
        try:
            yield
        except errors.DockerError:
            raise
        except (requests.exceptions.RequestException,
                urllib3.exceptions.HTTPError,
                docker_errors.DockerException, OSError, ValueError) as ex:
            # After a read that took too long the library opens a new socket.
            if not connection.is_timeout(ex):
                self.close()
            error, why = connection.explain(ex)
            if error is errors.Untrusted:
                raise self.failure(error, why) from ex
            raise self._unreachable(error, why) from ex

    def failure(self, error, words):
        """Return an error of a class, with the words of the daemon."""
        return error(_('Docker at %(endpoint)s: %(words)s')
                     % {'endpoint': self.endpoint,
                        'words': self.masked(words)})

    def warnings_of(self, answer):
        """Return the warnings in an answer, of which each is an event."""
        found = answer.get('Warnings')
        if not isinstance(found, list):
            return []
        return [self.masked(words)
                for words in found[:budgets.WARNINGS]
                if isinstance(words, str)]

    def masked(self, words):
        """Return what the daemon says without the secrets that it repeats."""
        return masking.without(_shortened(words or ''), self._secrets())

    def _unreachable(self, error, why):
        return error(
            _('Docker at %(endpoint)s cannot be reached from heat-engine on '
              '%(host)s: %(why)s')
            % {'endpoint': self.endpoint, 'host': socket.gethostname(),
               'why': why})


# What the engines of a worker share.
_POOL = connection.Pool()


def raise_if_away(endpoint):
    """Raise if a daemon has not answered somebody else just now.

    :raises errors.Unreachable: with the words of that time.
    """
    _POOL.raise_if_away(endpoint)


def _connect(endpoint):
    try:
        # Any version keeps the constructor from asking the daemon for one.
        client = docker.APIClient(
            endpoint.base_url, version=fields.version_text(fields.OLDEST_API))
    except (AttributeError, KeyError, TypeError) as ex:
        # The library reads it, although nothing of it is used.
        raise errors.Failed(
            _('The docker library cannot read the file .docker/config.json '
              'of the user that runs heat-engine')) from ex
    made = connection.Connection(client, endpoint, **_POOL.known(endpoint))
    connection.guard(made)
    return made


def _version(value):
    major, minor = value.split('.')
    return int(major), int(minor)


def _words(response):
    """Return what the daemon says in an answer that is an error, if so."""
    try:
        return _shortened(answers.parse(response.content)['message'].strip())
    except (ValueError, KeyError, TypeError, AttributeError):
        return ''


def _shortened(words):
    """Return as many words of a daemon as anybody reads, on one line.

    Control characters could pass for other lines of heat-engine's log.
    """
    words = re.sub(r'[\0-\x1f\x7f]+', ' ', str(words)[:budgets.WORDS])
    # The database takes no halves of characters.
    return words.encode(errors='replace').decode()


def _status(code):
    """Return a status of HTTP by our own words, not those of the answer."""
    try:
        return _('HTTP status %(code)d, %(phrase)s') % {
            'code': code, 'phrase': http.HTTPStatus(code).phrase.lower()}
    except ValueError:
        return _('HTTP status %d') % code
