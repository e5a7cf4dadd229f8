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

"""Connections to a daemon: sockets, TLS and the addresses they may have."""

import collections.abc
import concurrent.futures
import contextlib
import dataclasses
import functools
import http.client
import http.cookiejar
import io
import socket
import ssl
import threading
import time
import typing

import requests
import urllib3

from . import budgets
from . import endpoint as endpoints
from . import errors
from . import policy


class Meter:
    """Counts the bytes that arrive for one response.

    http.client and urllib3 discard interim responses, chunk sizes and
    trailers, so only the socket sees all bytes.

    :ivar left: how many more bytes may arrive.
    :ivar refusal: returns the error for a response that exceeds a limit.
    """

    def __init__(self, left: float, seconds: float,
                 refusal: collections.abc.Callable[[], errors.DockerError]):
        """Begin to count.

        :param seconds: how long the response may take.
        """
        self.left = left
        self.refusal = refusal
        self._deadline = time.monotonic() + seconds

    def count(self, size: int) -> None:
        """Count the bytes that have arrived at once.

        :raises errors.DockerError: if the response exceeds a limit.
        """
        self.left -= max(size, budgets.REPORT_COST)
        if self.left < 0 or time.monotonic() > self._deadline:
            raise self.refusal()


@dataclasses.dataclass(eq=False)
class Connection:
    """A session with one daemon, for one thread at a time.

    The docker library's session is not safe for several threads:
    https://github.com/docker/docker-py/issues/3229.

    :ivar session: session of the docker library.
    :ivar endpoint: endpoint of the current user of the connection, which
        states the trusted address.
    :ivar api: API version that both sides support; None before negotiation.
    :ivar podman: whether the daemon is Podman; None before negotiation.
    :ivar address: numeric address of the daemon; None before the first
        request and for a unix socket.
    :ivar sockets: open sockets. A request whose body is the response to
        another request needs a second one.
    :ivar meter: counts the bytes of the response that arrives next.
    :ivar aborted: whether :meth:`abort` was called.
    :ivar created: time on the clock of ``time.monotonic`` when the version
        and the address were determined.
    :ivar last_used: time on that clock when the connection was released.
    """

    session: requests.Session
    endpoint: endpoints.Endpoint
    api: tuple[int, int] | None = None
    podman: bool | None = None
    address: str | None = None
    sockets: list[socket.socket] = dataclasses.field(default_factory=list)
    meter: Meter | None = None
    aborted: bool = False
    created: float = dataclasses.field(default_factory=time.monotonic)
    last_used: float = 0.0

    def close(self) -> None:
        """Close all sockets."""
        self.session.close()

    def add_socket(self, new: socket.socket) -> None:
        """Record a socket, and drop those that this side has closed."""
        self.sockets = [old for old in self.sockets if _is_open(old)] + [new]

    def shutdown(self) -> None:
        """Make a thread that waits for a response fail at once."""
        for each in self.sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def abort(self) -> None:
        """Shut down all sockets, including those opened from now on."""
        self.aborted = True
        self.shutdown()

    @property
    def is_stale(self) -> bool:
        """Whether the daemon closed the connection while it was idle."""
        return any(urllib3.util.wait_for_read(each, timeout=0)
                   for each in self.sockets if _is_open(each))


class _MeteredIO(io.RawIOBase):
    """Reads a socket, and tells a meter."""

    def __init__(self, raw: io.RawIOBase, meter: Meter):
        self._raw = raw
        self.meter = meter

    def readable(self):
        return True

    def fileno(self):
        return self._raw.fileno()

    def readinto(self, buffer):
        count = self._raw.readinto(buffer)
        self.meter.count(count or 0)
        return count

    def close(self):
        self._raw.close()
        super().close()


class _Reader(io.BufferedReader):
    """A buffer whose lines are not longer than those of http.client.

    urllib3 before 2.6 reads chunk sizes and trailers without a limit.
    """

    def readline(self, size=-1):
        if size is not None and size >= 0:
            return super().readline(size)
        line = super().readline(budgets.HEAD + 1)
        if len(line) > budgets.HEAD:
            raise self.raw.meter.refusal()
        return line


class _MeteredSocket:
    """What http.client needs of the socket that it reads a response from."""

    def __init__(self, connected: socket.socket, meter: Meter):
        self._socket = connected
        self._meter = meter

    def makefile(self, mode):
        return _Reader(_MeteredIO(self._socket.makefile(mode, buffering=0),
                                  self._meter))


def _is_open(connected: socket.socket) -> bool:
    """Return whether this side has not closed a socket."""
    return connected.fileno() >= 0


def mount_transport(connection: Connection) -> None:
    """Restrict a connection to the addresses that the operator allows.

    The address that is checked is the one that is connected to, so a host
    name cannot resolve to one address for the check and to another one for
    the connection.

    :param connection: its session is modified in place.
    :raises errors.Failed: if the TLS certificates or keys cannot be used.
    """
    session: typing.Any = connection.session
    # Ignore proxies, .netrc and CA bundles in the environment of heat-engine.
    session.trust_env = False
    # Without allow_redirects, requests still reads the body of a redirect:
    # https://github.com/psf/requests/blob/v2.32.3/src/requests/sessions.py#L744.
    session.get_redirect_target = lambda response: None
    # Neither keep cookies nor send them.
    session.cookies.set_policy(
        http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    endpoint, tls = connection.endpoint, connection.endpoint.tls
    if endpoint.url.startswith('unix:'):
        # The docker library's own adapter does not expose its sockets.
        session.base_url = 'http://localhost'
        session.mount('http://', _Adapter(
            connection, functools.partial(
                _connect_unix, endpoint.url.removeprefix('unix://')),
            None, None))
        return
    try:
        context = endpoints.ssl_context(tls) if tls else None
    except ValueError as ex:
        raise errors.Failed(str(ex)) from ex
    adapter = _Adapter(connection, functools.partial(_connect, connection),
                       context, tls.server_name if tls else None)
    session.mount('http://', adapter)
    session.mount('https://', adapter)


def is_allowed(endpoint: endpoints.Endpoint, address: str | None) -> bool:
    """Return whether a connection to an address may serve an endpoint."""
    try:
        if address is not None:
            policy.address(endpoint, address)
    except errors.Refused:
        return False
    return True


def _connect(connection: Connection, host: str, port: int, timeout: float,
             **options) -> socket.socket:
    """Return a socket that is connected to the first address that works.

    :param timeout: seconds for all addresses, and for their lookup.
    :param options: other arguments of urllib3's ``create_connection``.
    :raises OSError: if none of the addresses can be connected to.
    :raises errors.Refused: if the policy forbids the first address and no
        other one works.
    """
    deadline = time.monotonic() + timeout
    failure = None
    # An object stays at the address at which it was created, whatever the name
    # resolves to. The negotiated version applies only to the address that it
    # came from.
    host = (connection.endpoint.trusted or connection.address
            or host.strip('[]').rstrip('.'))
    addresses = _resolve(host, port, timeout)[:budgets.ADDRESSES]
    for left, ip in zip(range(len(addresses), 0, -1), addresses,
                        strict=True):
        # An address that does not respond leaves time for the next one.
        seconds = (deadline - time.monotonic()) / left
        try:
            policy.address(connection.endpoint, ip)
            if seconds <= 0:
                raise TimeoutError('timed out')
            connected = urllib3.util.connection.create_connection(
                (ip, port), timeout=seconds, **options)
        except (OSError, errors.Refused) as ex:
            failure = failure or ex
            continue
        connected.settimeout(timeout)
        connection.address = ip
        return connected
    raise failure or socket.gaierror(socket.EAI_NONAME,
                                     'Name or service not known')


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """Return the numeric addresses of a host.

    The resolver has no timeout of its own, so a thread waits for it.

    :param seconds: how long to wait.
    :raises OSError: if the lookup fails, or takes longer.
    """
    lookup = functools.partial(socket.getaddrinfo, host, port,
                               type=socket.SOCK_STREAM)
    found: typing.Any = None
    with contextlib.suppress(socket.gaierror):
        found = lookup(flags=socket.AI_NUMERICHOST)
    if found is None:
        future: concurrent.futures.Future = concurrent.futures.Future()
        threading.Thread(target=_fulfill, args=(future, lookup),
                         daemon=True, name='lookup of %s' % host).start()
        if not concurrent.futures.wait([future], seconds).done:
            raise TimeoutError('timed out')
        found = future.result()
    return [ip for *_kind, (ip, *_more) in found]


def _fulfill(future: concurrent.futures.Future,
             function: collections.abc.Callable) -> None:
    try:
        future.set_result(function())
    except Exception as ex:
        future.set_exception(ex)


def _connect_unix(path: str, host: str, port: int,
                  timeout: float | None = None, **options) -> socket.socket:
    """Return a socket that is connected to a path; the host is ignored."""
    connected = socket.socket(socket.AF_UNIX)
    try:
        connected.settimeout(timeout)
        connected.connect(path)
    except OSError:
        connected.close()
        raise
    return connected


class _Adapter(requests.adapters.HTTPAdapter):
    """Opens sockets with a function, and uses a TLS context of its own."""

    def __init__(self, connection: Connection,
                 connect: collections.abc.Callable,
                 context: ssl.SSLContext | None, server_name: str | None):
        self._connection = connection
        self._connect = connect
        self._context = context
        self._server_name = server_name
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            'http': self._pool_class(urllib3.HTTPConnectionPool),
            'https': self._pool_class(urllib3.HTTPSConnectionPool)}

    def _pool_class(self, pool_class):
        connect, connection = self._connect, self._connection

        class Connecting(pool_class.ConnectionCls):
            def connect(self):
                super().connect()
                connection.add_socket(self.sock)
                if connection.aborted:
                    connection.shutdown()
                # Otherwise, urllib3 warns about "verify: false" in tls.
                self.is_verified = True

            def _new_conn(self):
                try:
                    return connect(self._dns_host, self.port,
                                   timeout=self.timeout,
                                   source_address=self.source_address,
                                   socket_options=self.socket_options)
                except TimeoutError as ex:
                    raise urllib3.exceptions.ConnectTimeoutError(
                        self, 'timed out') from ex
                except OSError as ex:
                    raise urllib3.exceptions.NewConnectionError(
                        self, 'not connected') from ex

            @staticmethod
            def response_class(connected, *args, **kwargs):
                return http.client.HTTPResponse(
                    _MeteredSocket(connected, connection.meter),
                    *args, **kwargs)

        return type(pool_class.__name__, (pool_class,),
                    {'ConnectionCls': Connecting})

    def build_connection_pool_key_attributes(self, request, verify,
                                             cert=None):
        """Leave the verification of certificates to the TLS context."""
        host, _kwargs = super().build_connection_pool_key_attributes(
            request, True)
        return host, self._verified()

    def cert_verify(self, conn, url, verify, cert):
        """Leave the verification of certificates to the TLS context."""
        for name, value in self._verified().items():
            setattr(conn, name, value)

    def _verified(self):
        if not self._context:
            return {}
        # Without it, urllib3 overwrites the context's mode with its default.
        options = {'cert_reqs': self._context.verify_mode}
        if self._server_name:
            options['server_hostname'] = self._server_name
        return options
