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

"""The client of a Docker daemon: sends requests and classifies the responses.

This is the only module that imports ``docker``, the docker-py library, which
provides the session, unix sockets, and the encoding of credentials and
references. Requests use its session but not its methods: those have one
timeout for all requests, lack newer fields, and add settings from the
environment of heat-engine. Registry passwords and HTTP headers from
``~/.docker/config.json`` must never reach a tenant's daemon.
"""

import collections.abc
import contextlib
import http
import math
import re
import socket
import threading
import time
import types
import typing
import urllib.parse

import requests
import urllib3

from . import answers
from . import budgets
from . import conf
from . import daemons
from . import diagnosis
from . import errors
from . import fields
from . import i18n
from . import masking
from . import transport
from . import words
from .api import containers
from .api import images
from .api import networks
from .api import nodes
from .api import secrets as api_secrets
from .api import services
from .api import swarms
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

# The newest API version that the plugin knows. It is also used with daemons
# that support newer ones.
NEWEST_API = (1, 56)

_PIECE = 64 * 1024


def library() -> str:
    """Return the version of the docker library.

    :raises errors.Unsupported: if the library is missing or too old.
    """
    needed = fields.version_text(LIBRARY_NEEDED)
    if docker is None:
        raise errors.Unsupported(
            _('The Python library docker %(needed)s or later is required, but '
              'it cannot be imported: %(why)s')
            % {'needed': needed, 'why': _import_error})
    version = getattr(docker, '__version__', None)
    if version is None or not hasattr(docker, 'APIClient'):
        raise errors.Unsupported(
            _('The Python library docker %(needed)s or later is required, but '
              '%(path)s is another package')
            % {'needed': needed, 'path': _path(docker)})
    if tuple(int(n) for n in re.findall(r'\d+', version)[:2]) < LIBRARY_NEEDED:
        raise errors.Unsupported(
            _('The Python library docker %(needed)s or later is required, but '
              '%(path)s is version %(found)s')
            % {'needed': needed, 'path': _path(docker), 'found': version})
    return version


def library_path() -> str:
    """Return the directory that the docker library was imported from."""
    return _path(docker)


def _path(module: types.ModuleType) -> str:
    return next(iter(getattr(module, '__path__', ())), str(module))


# Each kind of object, by the name of its property of a client.
COLLECTIONS = {'configs': api_secrets.Configs,
               'containers': containers.Containers, 'images': images.Images,
               'networks': networks.Networks, 'nodes': nodes.Nodes,
               'secrets': api_secrets.Secrets,
               'services': services.Services, 'swarms': swarms.Swarms,
               'volumes': volumes.Volumes}


_Error = typing.TypeVar('_Error', bound=errors.DockerError)


class DockerClient(contextlib.AbstractContextManager):
    """A client of one daemon, which connects at the first request.

    Threads must not share a client; only :meth:`abort` may be called from
    another thread. On exit, the connection becomes available to the next
    client of the same endpoint, unless a request has failed.

    Requests about objects are methods of collections, such as
    ``client.containers.inspect(object_id)``: see :mod:`heat_docker.api`. Each
    of them raises a subclass of :class:`errors.DockerError`.

    :ivar endpoint: :class:`endpoint.Endpoint` of the daemon.
    :ivar received: bytes of all responses, without streams.
    :ivar answered: whether the last response came from the daemon, and not
        from a proxy in front of it.
    :ivar manager: client of a manager of the swarm, for requests about the
        swarm that the daemon is a part of; by default, the client itself.
    """

    def __init__(self, endpoint,
                 secrets: collections.abc.Callable[
                     [], collections.abc.Iterable[str]] = tuple):
        """Prepare to connect.

        :param endpoint.Endpoint endpoint: the daemon.
        :param secrets: function that returns the strings to mask in messages
            of the daemon.
        """
        self.endpoint = endpoint
        self.received = 0
        self.answered = False
        self.manager = self
        self._secrets = secrets
        self._connection: typing.Any = None
        self._aborted = False
        self._deadline = math.inf
        # abort() must not reach the next client that uses the connection.
        self._releasing = threading.Lock()

    @property
    def configs(self) -> api_secrets.Configs:
        """The configs of the daemon's swarm."""
        return api_secrets.Configs(self)

    @property
    def containers(self) -> containers.Containers:
        """The containers of the daemon."""
        return containers.Containers(self)

    @property
    def images(self) -> images.Images:
        """The images of the daemon."""
        return images.Images(self)

    @property
    def networks(self) -> networks.Networks:
        """The networks of the daemon."""
        return networks.Networks(self)

    @property
    def nodes(self) -> nodes.Nodes:
        """The nodes of the swarm that the daemon manages."""
        return nodes.Nodes(self)

    @property
    def secrets(self) -> api_secrets.Secrets:
        """The secrets of the daemon's swarm."""
        return api_secrets.Secrets(self)

    @property
    def services(self) -> services.Services:
        """The services of the daemon's swarm."""
        return services.Services(self)

    @property
    def swarms(self) -> swarms.Swarms:
        """The swarm that the daemon is a part of."""
        return swarms.Swarms(self)

    @property
    def volumes(self) -> volumes.Volumes:
        """The volumes of the daemon."""
        return volumes.Volumes(self)

    def __exit__(self, *exc_info):
        with self._releasing:
            if self._aborted:
                self.close()
            used, self._connection = self._connection, None
        if used is not None:
            _POOL.release(self.endpoint, used)

    def abort(self) -> None:
        """Make the request of another thread fail, and all later ones.

        A daemon stops a pull, a push or a build when its client disconnects:
        https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild.
        """
        with self._releasing:
            self._aborted = True
            if self._connection is not None:
                self._connection.abort()

    def limit_time(self, seconds: float) -> None:
        """Let all requests together take at most some seconds from now.

        A request that fails because of it does not mark the daemon as down.
        """
        self._deadline = time.monotonic() + seconds

    def _time_left(self) -> float:
        """Return the seconds until the deadline of :meth:`limit_time`."""
        return max(0.0, self._deadline - time.monotonic())

    def clone(self):
        """Return a client of the same daemon, for another thread.

        :returns: :class:`DockerClient` that masks the same secrets.
        """
        secrets = self._secrets()
        return DockerClient(self.endpoint, lambda: secrets)

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def throttled(self) -> contextlib.AbstractContextManager:
        """Wait until few enough requests keep the daemon busy.

        :raises errors.Unreachable: see :meth:`daemons.Pool.slot`.
        """
        return _POOL.slot(self.endpoint)

    def throttled_leaving(self) -> contextlib.AbstractContextManager:
        """Wait for other containers of this worker to leave networks.

        Podman does not count the containers in a network, so this does not
        wait for it.

        :returns: context manager that yields None for Podman, else see
            :meth:`daemons.Pool.slot`.
        """
        if self.is_podman:
            return contextlib.nullcontext()
        return _POOL.slot(self.endpoint, leaving=True)

    @property
    def api(self) -> tuple[int, int]:
        """The negotiated version of the API, such as ``(1, 41)``."""
        return self._negotiated().api

    @property
    def is_podman(self) -> bool:
        """Whether the daemon is Podman, according to its version."""
        return self._negotiated().podman

    @property
    def address(self) -> str | None:
        """The numeric address of the daemon; None for a unix socket."""
        return self._negotiated().address

    def _negotiated(self) -> typing.Any:
        """Return a :class:`transport.Connection` with a known API version."""
        if self._connection is None:
            self._connection = _POOL.acquire(self.endpoint) or _connect(
                self.endpoint)
        if self._connection.api is None:
            self._connection.api = self._negotiate()
            _POOL.remember(self._connection)
        return self._connection

    def _negotiate(self) -> tuple[int, int]:
        """Return the newest API version that both sides support.

        Before the response, the server may be anything but a Docker daemon,
        so messages do not repeat any other part of the response.
        """
        try:
            response = self._send('GET', '/version')
        except errors.AnswerTimeout as ex:
            # The actual request was not sent yet.
            raise errors.NoAnswer(str(ex)) from ex
        if response.status_code >= 500:
            raise self._unreachable(errors.Unreachable,
                                    _status(response.status_code))
        try:
            if response.status_code != 200:
                raise ValueError(response.status_code)
            answer = answers.parse(response.content)
            newest = _version(answer['ApiVersion'])
            # Podman before 4.0 does not report it.
            oldest = _version(answer.get('MinAPIVersion') or '1.24')
            self._connection.podman = 'Podman Engine' in [
                component['Name'] for component
                in answer.get('Components') or ()]
        except (AttributeError, KeyError, TypeError, ValueError) as ex:
            if b'HTTPS server' in response.content:
                raise errors.Failed(
                    _('%s expects TLS: use https:// in docker_endpoint')
                    % self.endpoint) from ex
            raise self.not_docker_error() from ex
        if newest < fields.OLDEST_API or oldest > NEWEST_API:
            raise errors.Unsupported(
                _('Docker at %(endpoint)s supports API versions %(oldest)s to '
                  '%(newest)s, but this plugin requires one from %(low)s to '
                  '%(high)s')
                % {'endpoint': self.endpoint,
                   'oldest': fields.version_text(oldest),
                   'newest': fields.version_text(newest),
                   'low': fields.version_text(fields.OLDEST_API),
                   'high': fields.version_text(NEWEST_API)})
        return min(newest, NEWEST_API)

    def request(self, method: str, path: str, *names: str,
                **options) -> requests.Response:
        """Send a request in the negotiated API version.

        :param path: path below the version, with ``%s`` for each name.
        :param names: names or IDs of objects, which are quoted.
        :param float timeout: see :meth:`_send`.
        :param dict query: parameters of the query.
        :param body: JSON body.
        :param data: other body: bytes, or an iterator of bytes.
        :param dict headers: additional headers.
        :param bool stream: whether the caller reads the response; use
            :meth:`translated_errors` around that.
        :param float max_bytes: limit of bytes for such a response.
        :raises errors.DockerError: the subclass for the HTTP status or for
            the failed connection.
        """
        version = '/v' + fields.version_text(self.api)
        path %= tuple(map(self._quoted, names))
        response = self._send(method, version + path, **options)
        failure = None
        if response.status_code >= 300 and response.status_code != 304:
            message = _message(response)
            failure = self.failure(
                words.of_status(response.status_code, message),
                message or _status(response.status_code))
            failure.status = response.status_code
        self.answered = not isinstance(failure, errors.NoAnswer)
        if self.answered:
            _POOL.mark_up(self.endpoint)
        if failure is not None:
            raise failure
        return response

    def act(self, method: str, path: str, *names: str, **options) -> None:
        """Send a request whose response is empty if it succeeds.

        Another server at the address may respond with a page, and has not
        done what the request is for.

        :param options: see :meth:`request`.
        :raises errors.DockerError: see :meth:`request`; also if the response
            is not empty. Podman responds with text to some requests.
        """
        response = self.request(method, path, *names, **options)
        if response.content.strip() and not self.is_podman:
            raise self.not_docker_error()

    def request_json(self, method: str, path: str, *names: str,
                     has: str | None = None, **options) -> typing.Any:
        """Send a request and return the parsed JSON of the response.

        :param has: key that the response must have. If it is ``Id`` or
            ``Name``, its value must be a valid ID.
        :param options: see :meth:`request`.
        :raises errors.Failed: if the response does not have the key, or is
            too long or not JSON.
        """
        response = self.request(method, path, *names, **options)
        try:
            answer = answers.parse(response.content)
        except ValueError as ex:
            raise self._parse_error(ex) from ex
        if has and not (isinstance(answer, dict) and has in answer):
            raise self.not_docker_error()
        if has in ('Id', 'ID', 'Name'):
            self.check_id(answer[has])
        return answer

    def stream_list(self, method: str, path: str, **options
                    ) -> collections.abc.Iterator[dict]:
        """Send a request and yield the maps in the JSON list of the response.

        The list may be longer than other responses, but not each map.

        :param options: see :meth:`request`.
        :raises errors.Failed: if the response is too long, or is not a list.
        """
        limit = conf.group().max_answer_bytes
        response = self.request(method, path, stream=True,
                                max_bytes=budgets.LIST_FACTOR * limit,
                                **options)
        with contextlib.closing(response), self.translated_errors(), (
                self.time_limit(conf.group().read_timeout)):
            try:
                yield from answers.parse_list(response.iter_content(_PIECE),
                                              limit)
            except ValueError as ex:
                self.close()
                raise self._parse_error(ex) from ex

    def stream_json(self, method: str, path: str, *names: str,
                    **options) -> collections.abc.Iterator[dict]:
        """Send a request and yield the JSON objects of the response.

        The daemon sends the status before the request can fail, and reports
        a failure as an object. Its key "error" is deprecated since version
        1.48: https://docs.docker.com/reference/api/engine/version-history/.

        :param options: see :meth:`request`.
        :raises errors.Failed: for a failure that the daemon reports, and for
            a response that is too long.
        """
        response = self.request(
            method, path, *names, stream=True,
            max_bytes=conf.group().max_report_bytes, **options)
        with contextlib.closing(response), self.translated_errors():
            for line in self._lines(response):
                try:
                    report = answers.parse(line)
                except ValueError as ex:
                    self.close()
                    raise self._parse_error(ex) from ex
                if not isinstance(report, dict):
                    raise self.not_docker_error()
                failure = report.get('errorDetail') or report.get('error')
                if failure:
                    message = (failure.get('message')
                               if isinstance(failure, dict) else failure)
                    raise self.failure(errors.Failed, answers.line(message))
                yield report

    def check_id(self, value: typing.Any) -> None:
        """Check that a value can be the ID or the name of an object.

        It becomes part of URLs, messages and Heat's database.

        :raises errors.Failed: if it cannot.
        """
        if not answers.is_id(value):
            raise self.failure(errors.Failed,
                               _('the response contains no valid object ID'))

    def _parse_error(self, ex: ValueError) -> errors.Failed:
        """Return the error for a response that cannot be parsed."""
        return (self.too_long_error() if isinstance(ex, answers.TooLarge)
                else self.not_docker_error())

    def too_long_error(self) -> errors.Failed:
        """Return the error for a response that exceeds a budget."""
        return self.failure(errors.Failed, _('the response is too long'))

    def not_docker_error(self) -> errors.Failed:
        """Return the error for a response that no Docker daemon sends."""
        return errors.Failed(
            _('The service at %s is not a Docker daemon') % self.endpoint)

    def shape_error(self) -> errors.Failed:
        """Return the error for a response with other types than Docker's."""
        return errors.Failed(_('Docker at %s returned data of unexpected '
                               'types') % self.endpoint)

    def failure(self, error: type[_Error], message: str) -> _Error:
        """Return an error with a message of the daemon, without secrets.

        :param error: class of the error.
        """
        return error(_('Docker at %(endpoint)s: %(message)s')
                     % {'endpoint': self.endpoint,
                        'message': self.masked(message)})

    def _unreachable(self, error: type[errors.DockerError],
                     why: str) -> errors.DockerError:
        host = urllib.parse.urlsplit(self.endpoint.url).hostname
        if self.endpoint.trusted not in (None, host):
            why = _('%(why)s (at %(address)s, the address that the hostname '
                    'had when the object was created)') % {
                        'why': why, 'address': self.endpoint.trusted}
        return error(
            _('Docker at %(endpoint)s cannot be reached from heat-engine on '
              '%(host)s: %(why)s')
            % {'endpoint': self.endpoint, 'host': socket.gethostname(),
               'why': why})

    def warnings_of(self, answer: dict) -> list[str]:
        """Return the warnings in a response, each of which is an event.

        :param answer: response to a request that creates or updates.
        """
        found = answer.get('Warnings')
        if not isinstance(found, list):
            return []
        return [self.masked(message)
                for message in found[:budgets.WARNINGS]
                if isinstance(message, str)]

    def masked(self, message: str | None) -> str:
        """Return a message of the daemon, shortened and without secrets."""
        return masking.without_tokens(masking.without(
            answers.line(message or ''), self._secrets()))

    def split_reference(self, image: str) -> tuple[str, str | None]:
        """Return the repository of an image, and the tag or the digest."""
        return docker_utils.parse_repository_tag(image)

    def auth_header(self, auth: dict | None) -> dict[str, str]:
        """Return the header with credentials for one registry.

        Docker requires it for a push without credentials, too.
        """
        return {'X-Registry-Auth': docker_auth.encode_header(auth or {})}

    def config_header(self, configs: dict[str, dict]) -> dict[str, str]:
        """Return the header with credentials for several registries.

        :param configs: map of registry to credentials.
        """
        return {'X-Registry-Config': docker_auth.encode_header(configs)}

    def _lines(self, response: requests.Response
               ) -> collections.abc.Iterator[str]:
        """Yield the lines of a stream that are not empty.

        Docker and Podman end each report with a newline:
        https://github.com/moby/moby/blob/v28.0.0/pkg/streamformatter/streamformatter.go#L14.

        :raises errors.Failed: if the stream exceeds the budget.
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

    def _quoted(self, name: str) -> str:
        """Return the name of an object, quoted for a path."""
        if name in ('', '.', '..') or len(name) > budgets.ID:
            # With such a segment, the path would mean another resource.
            raise self.failure(errors.Failed, _(
                '%r is not the name of an object') % name[:budgets.ID])
        return urllib.parse.quote(name, safe='')

    def _send(self, method: str, path: str, timeout: float | None = None,
              **options) -> requests.Response:
        """Send a request, and record when a daemon does not respond.

        :param timeout: seconds to wait for the response. A request with a
            timeout of its own may be slow, so its failure does not mark the
            daemon as down. The default is the option ``read_timeout``.
        """
        requested = time.monotonic()
        try:
            return self._exchange(method, path, timeout, **options)
        except errors.Unreachable as ex:
            if timeout is None and not self._aborted and self._time_left():
                self.close()
                _POOL.mark_down(self.endpoint, ex, requested)
            raise

    def _exchange(self, method, path, timeout, query=None, body=None,
                  data=None, headers=None, stream=False,
                  max_bytes=math.inf):
        options = conf.group()
        patience = min(timeout or options.read_timeout, self._time_left())
        connect_patience = min(options.connect_timeout, self._time_left())
        with self.translated_errors():
            if not patience:
                raise self._unreachable(errors.NoAnswer,
                                        _('no response in time'))
            if self._connection is None:
                self._connection = _connect(self.endpoint)
            if self._aborted:
                raise self._unreachable(errors.NoAnswer,
                                        _('the request was aborted'))
            session = self._connection.session
            self._connection.meter = meter = transport.Meter(
                budgets.HEAD, budgets.STREAM_SECONDS, self.too_long_error)
            with self.time_limit(connect_patience + patience):
                response = session.request(
                    method, session.base_url + path, params=query, json=body,
                    # A compressed response may exceed the memory.
                    data=data, headers={'Accept-Encoding': 'identity',
                                        **(headers or {})},
                    stream=True, timeout=(connect_patience, patience),
                    allow_redirects=False)
                if response.headers.get('Content-Encoding',
                                        'identity') != 'identity':
                    self.close()
                    raise self.not_docker_error()
                # The response to a failed request is never a stream.
                stream = stream and response.status_code < 300
                meter.left += max_bytes if stream else options.max_answer_bytes
                if not stream:
                    self._read(response, patience)
            return response

    @contextlib.contextmanager
    def time_limit(self, seconds: float) -> collections.abc.Iterator[None]:
        """Shut the connection down if the block takes longer.

        The library's timeouts restart with each byte that arrives.
        """
        timer = threading.Timer(min(seconds, self._time_left()),
                                self._connection.shutdown)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _read(self, response: requests.Response, patience: float) -> None:
        """Read a response, unless it is too long or takes too long.

        :param patience: seconds for all of it.
        :raises errors.AnswerTimeout: if it takes longer.
        """
        begin, content = time.monotonic(), bytearray()
        for piece in response.iter_content(_PIECE):
            self.received += len(piece)
            content += piece
            if len(content) > conf.group().max_answer_bytes:
                self.close()
                raise self.too_long_error()
            if time.monotonic() - begin > patience:
                self.close()
                raise self._unreachable(errors.AnswerTimeout,
                                        _('no response in time'))
        # Response.content returns it.
        response._content = bytes(content)

    @contextlib.contextmanager
    def translated_errors(self) -> collections.abc.Iterator[None]:
        """Raise exceptions of the libraries as :class:`errors.DockerError`."""
        try:
            yield
        except errors.DockerError:
            raise
        except (requests.exceptions.RequestException,
                urllib3.exceptions.HTTPError,
                docker_errors.DockerException, OSError, ValueError) as ex:
            # After a read timeout, the library opens a new socket by itself.
            if not diagnosis.is_timeout(ex):
                self.close()
            error, why = diagnosis.explain(ex)
            if error is errors.Untrusted:
                raise self.failure(error, why) from ex
            raise self._unreachable(error, why) from ex


# Shared by all clients of a worker.
_POOL = daemons.Pool()


def raise_if_down(endpoint) -> None:
    """Raise an error if a daemon recently did not respond.

    :param endpoint.Endpoint endpoint: the daemon.
    :raises errors.Unreachable: with the message of that failure.
    """
    _POOL.raise_if_down(endpoint)


def _connect(endpoint) -> transport.Connection:
    try:
        # With a version, the constructor does not request the daemon's.
        session = docker.APIClient(
            endpoint.base_url, version=fields.version_text(fields.OLDEST_API))
    except (AttributeError, KeyError, TypeError) as ex:
        # The library reads the file, although its contents are not used.
        raise errors.Failed(
            _('The docker library cannot read the file .docker/config.json '
              'of the user that runs heat-engine')) from ex
    connection = transport.Connection(session, endpoint,
                                      **_POOL.recall(endpoint))
    transport.mount_transport(connection)
    return connection


def _version(value: str) -> tuple[int, int]:
    major, minor = value.split('.')
    return int(major), int(minor)


def _message(response: requests.Response) -> str:
    """Return the daemon's message in an error response; empty if none."""
    try:
        return answers.line(answers.parse(response.content)['message'].strip())
    except (ValueError, KeyError, TypeError, AttributeError):
        return ''


def _status(code: int) -> str:
    """Return an HTTP status in our own words, not those of the response."""
    try:
        return _('HTTP status %(code)d, %(phrase)s') % {
            'code': code, 'phrase': http.HTTPStatus(code).phrase.lower()}
    except ValueError:
        return _('HTTP status %d') % code
