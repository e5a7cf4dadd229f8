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

"""Connections to daemons: where they may go, who is next, why they fail."""

import contextlib
import dataclasses
import functools
import os
import re
import socket
import ssl
import threading
import time
import typing
import weakref

import requests
import urllib3

from . import endpoint as endpoints
from . import errors
from . import i18n
from . import policy

_ = i18n._

# How many connections to one daemon are kept that nobody uses, how long
# nobody may use them, and how old they may become: what is known of the
# daemon's version is as old.
_IDLE_CONNECTIONS = 8
_IDLE_SECONDS = 60.0
_OLD_SECONDS = 300.0

# How many containers a worker makes or starts at a time. A daemon is not
# faster with more, but may take longer for each than is waited for an answer.
_AT_A_TIME = 4

# How many requests a worker sends at a time to a daemon that make containers
# leave their networks. If three or more containers leave a network at once,
# Docker before 29 may keep a wrong count of the remaining ones, and refuse to
# remove the network until the daemon is restarted:
# https://github.com/moby/moby/issues/42119.
_LEAVING_AT_A_TIME = 1

# Shortest and longest time, in seconds, for which a stop request delays the
# next request that makes a container leave its networks.
_SHORTEST_STOP, _LONGEST_STOP = 0.25, 2.0

# How long a daemon that did not answer is taken to be away by those who do
# not have to know for sure.
_AWAY_SECONDS = 15.0


@dataclasses.dataclass(eq=False)
class Connection:
    """A session with one daemon, for one thread at a time.

    The library's session is not made for more:
    https://github.com/docker/docker-py/issues/3229.

    :ivar client: session of the docker library.
    :ivar endpoint: that of who uses it; it says what is trusted.
    :ivar api: version of the API that both sides speak, once that is known.
    :ivar podman: whether the daemon is Podman, once that is known.
    :ivar address: numeric address of the daemon, once it is connected to.
    :ivar sockets: what is connected; a request whose body is the answer of
        another one makes a second.
    :ivar abandoned: whether nobody waits for its answers any more.
    :ivar made: when it was made, or when what it knows was learned.
    """

    client: typing.Any
    endpoint: endpoints.Endpoint
    api: tuple | None = None
    podman: bool | None = None
    address: str | None = None
    sockets: list = dataclasses.field(default_factory=list)
    abandoned: bool = False
    made: float = dataclasses.field(default_factory=time.monotonic)
    used: float = 0.0

    def close(self):
        """Close its sockets."""
        self.client.close()

    def connected(self, new):
        """Note a socket, and forget those that we have closed."""
        self.sockets = [old for old in self.sockets if _is_open(old)] + [new]

    def break_off(self):
        """Wake up the thread that waits for an answer, with an error."""
        for each in self.sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def abandon(self):
        """Break it off, and whatever it connects to from now on."""
        self.abandoned = True
        self.break_off()

    @property
    def is_lost(self):
        """Whether the daemon has closed it while nobody used it."""
        return any(urllib3.util.wait_for_read(each, timeout=0)
                   for each in self.sockets if _is_open(each))


def _is_open(connected):
    """Return whether we have not closed a socket."""
    return connected.fileno() >= 0


def guard(connection):
    """Have a connection go only where the operator allows.

    The address is checked that is connected to, so that a name cannot be
    one address when it is checked and another one later.
    """
    # Proxies, .netrc and CA bundles of the environment are the operator's.
    connection.client.trust_env = False
    endpoint = connection.endpoint
    if endpoint.url.startswith('unix:'):
        # The library's own adapter tells nobody which socket it has opened.
        connection.client.base_url = 'http://localhost'
        connection.client.mount('http://', _Adapter(
            connection, functools.partial(
                _connect_unix, endpoint.url.removeprefix('unix://')),
            None, None))
        return
    try:
        context = endpoint.tls and endpoints.ssl_context(endpoint.tls)
    except ValueError as ex:
        raise errors.Failed(str(ex)) from ex
    adapter = _Adapter(connection, functools.partial(_connect, connection),
                       context, endpoint.tls and endpoint.tls.server_name)
    connection.client.mount('http://', adapter)
    connection.client.mount('https://', adapter)


def _connect(connection, host, port, **options):
    """Return a socket that is connected to a host.

    :param options: of urllib3's function of this name.
    """
    failure = None
    # What is known of the daemon is not known of another address.
    host = connection.address or host.strip('[]').rstrip('.')
    for *_kind, (ip, *_more) in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM):
        try:
            policy.address(connection.endpoint, ip)
            connected = urllib3.util.connection.create_connection(
                (ip, port), **options)
        except (OSError, errors.Refused) as ex:
            failure = failure or ex
            continue
        connection.address = ip
        return connected
    raise failure


def _connect_unix(path, host, port, timeout=None, **options):
    """Return a socket that is connected to a path, whatever the host."""
    connected = socket.socket(socket.AF_UNIX)
    try:
        connected.settimeout(timeout)
        connected.connect(path)
    except OSError:
        connected.close()
        raise
    return connected


def _is_allowed(endpoint, address):
    """Return whether a connection to an address may serve an endpoint."""
    try:
        if address is not None:
            policy.address(endpoint, address)
    except errors.Refused:
        return False
    return True


class _Adapter(requests.adapters.HTTPAdapter):
    """Makes connections by a function, with a TLS context of its own."""

    def __init__(self, connection, connect, context, server_name):
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
                connection.connected(self.sock)
                if connection.abandoned:
                    connection.break_off()
                # Or else urllib3 warns of what the user has asked for.
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

        return type(pool_class.__name__, (pool_class,),
                    {'ConnectionCls': Connecting})

    def build_connection_pool_key_attributes(self, request, verify,
                                             cert=None):
        """Leave to the context what is verified, and by what."""
        host, _kwargs = super().build_connection_pool_key_attributes(
            request, True)
        return host, self._verified()

    def cert_verify(self, conn, url, verify, cert):
        """Leave to the context what is verified, and by what."""
        for name, value in self._verified().items():
            setattr(conn, name, value)

    def _verified(self):
        if not self._context:
            return {}
        # urllib3 would overwrite what the context says with its default.
        options = {'cert_reqs': self._context.verify_mode}
        if self._server_name:
            options['server_hostname'] = self._server_name
        return options


class _Turns(threading.BoundedSemaphore):
    """Limit on concurrent requests of one kind to a daemon.

    :ivar pace: how long, in seconds, a stop request may delay the next
        request. Containers that use up their grace periods shorten it, so
        that they do not delay other containers.
    """

    pace = 1.0

    def stopped(self, seconds):
        """Adapt the pace to a stop.

        :param seconds: how long the container took to stop; None if it took
            longer than the pace.
        """
        pace = self.pace / 2 if seconds is None else 4 * seconds
        self.pace = min(max(pace, _SHORTEST_STOP), _LONGEST_STOP)


class Pool:
    """Connections that nobody uses at the moment, by their endpoint.

    What one has learned of a daemon, its address and version, serves the
    next to be made. A process that was forked has none of its parent's: two
    that write to one socket would get each other's answers.
    """

    def __init__(self):
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._idle = {}
        self._known = {}
        self._away = {}
        self._answered = {}
        self._turns = weakref.WeakValueDictionary()

    def take(self, endpoint):
        """Return a connection to a daemon, or None if there is none.

        A daemon that has closed one may be another version by now.
        """
        with self._locked():
            surplus = self._surplus()
            kept = self._idle.get(endpoint, [])
            taken = next((connection for connection in reversed(kept)
                          if _is_allowed(endpoint, connection.address)), None)
            if taken is not None:
                kept.remove(taken)
                if taken.is_lost:
                    surplus += [taken, *self._forget(endpoint)]
                    taken = None
                else:
                    taken.endpoint = endpoint
        for connection in surplus:
            connection.close()
        return taken

    def learn(self, connection):
        """Keep what a connection has learned of its daemon."""
        with self._locked():
            self._note_answer(connection.endpoint)
            self._known[connection.endpoint] = {
                name: getattr(connection, name)
                for name in ('api', 'podman', 'address', 'made')}

    def known(self, endpoint):
        """Return what a new connection need not learn, by its fields."""
        with self._locked():
            known = self._known.get(endpoint)
        if (known is None or time.monotonic() - known['made'] >= _OLD_SECONDS
                or not _is_allowed(endpoint, known['address'])):
            return {}
        return known

    def give(self, endpoint, connection):
        """Keep a connection that works for whoever wants it next."""
        connection.used = time.monotonic()
        with self._locked():
            self._idle.setdefault(endpoint, []).append(connection)
            surplus = self._surplus()
        for connection in surplus:
            connection.close()

    def answered(self, endpoint):
        """Know that a daemon answers."""
        with self._locked():
            self._note_answer(endpoint)

    def failed(self, endpoint, error, asked):
        """Close all connections to a daemon that does not answer.

        One that has answered others meanwhile is only slow.

        :param float asked: when it was asked what it did not answer, on the
            clock of ``time.monotonic``.
        """
        with self._locked():
            if (isinstance(error, errors.Late)
                    and self._answered.get(endpoint, asked) > asked):
                return
            self._away[endpoint] = time.monotonic(), error
            stale = self._forget(endpoint)
        for connection in stale:
            connection.close()

    def raise_if_away(self, endpoint):
        """Raise if a daemon did not answer somebody else just now.

        :raises errors.Unreachable: with the words of that time. It is not
            :class:`errors.NoAnswer`, for nothing is asked here.
        """
        with self._locked():
            since, error = self._away.get(endpoint, (0.0, None))
        if error and time.monotonic() - since < _AWAY_SECONDS:
            raise errors.Unreachable(str(error))

    @contextlib.contextmanager
    def turn(self, endpoint, leaving=False):
        """Wait until few enough requests of a kind are at work on a daemon.

        :param bool leaving: whether the request makes a container leave its
            networks.
        :returns: a context manager that yields the :class:`_Turns`.
        :raises errors.Unreachable: if the daemon did not answer another
            request in the meantime.
        """
        with self._locked():
            turns = self._turns.setdefault(
                (endpoint, leaving), _Turns(
                    _LEAVING_AT_A_TIME if leaving else _AT_A_TIME))
        has_waited = not turns.acquire(blocking=False)
        if has_waited:
            turns.acquire()
        try:
            if has_waited:
                self.raise_if_away(endpoint)
            yield turns
        finally:
            turns.release()

    @contextlib.contextmanager
    def _locked(self):
        if self._process != os.getpid():
            self.__init__()
        with self._lock:
            yield

    def _note_answer(self, endpoint):
        self._away.pop(endpoint, None)
        self._answered[endpoint] = time.monotonic()

    def _forget(self, endpoint):
        """Remove and return all connections to a daemon."""
        self._known.pop(endpoint, None)
        return self._idle.pop(endpoint, [])

    def _surplus(self):
        """Remove and return the connections that are kept no longer."""
        now, surplus = time.monotonic(), []
        for endpoint, kept in list(self._idle.items()):
            fresh = [connection for connection in kept[-_IDLE_CONNECTIONS:]
                     if now - connection.used < _IDLE_SECONDS
                     and now - connection.made < _OLD_SECONDS]
            surplus += [connection for connection in kept
                        if connection not in fresh]
            if fresh:
                self._idle[endpoint] = fresh
            else:
                del self._idle[endpoint]
        self._away = {endpoint: away for endpoint, away in self._away.items()
                      if now - away[0] < _AWAY_SECONDS}
        self._answered = {endpoint: at for endpoint, at
                          in self._answered.items() if now - at < _OLD_SECONDS}
        self._known = {endpoint: known for endpoint, known
                       in self._known.items()
                       if now - known['made'] < _OLD_SECONDS}
        return surplus


def _causes(ex):
    """Yield an exception and what caused it, down to the first cause.

    urllib3 has some causes as an argument only.
    """
    while isinstance(ex, Exception) and not isinstance(
            ex, errors.DockerError):
        yield ex
        ex = ex.__cause__ or ex.__context__ or next(iter(ex.args), None)


def _find(ex, *classes):
    """Return the first cause of an exception that is of one of classes."""
    found = [cause for cause in _causes(ex) if isinstance(cause, classes)]
    return found[-1] if found else None


def is_timeout(ex):
    """Return whether a connection or an answer took too long."""
    return _find(ex, requests.exceptions.Timeout,
                 urllib3.exceptions.TimeoutError) is not None


def explain(ex):
    """Return the class of error that an exception means, and plain words.

    A connection that breaks while the answer is awaited is an error of the
    same class of the library as one that is refused; but the one request may
    have arrived, and the other has not.
    """
    if _find(ex, ssl.SSLError) and not _find(ex, ssl.SSLEOFError):
        return errors.Untrusted, _distrust(ex)
    if isinstance(ex, requests.exceptions.ConnectTimeout) or _find(
            ex, urllib3.exceptions.NewConnectionError, FileNotFoundError,
            ConnectionRefusedError, PermissionError, socket.gaierror):
        return errors.Unreachable, _why(ex)
    return errors.Late if is_timeout(ex) else errors.NoAnswer, _why(ex)


# https://docs.openssl.org/3.0/man1/openssl-verification-options/
_X509_PROBLEMS = {
    9: _('its certificate is not valid yet'),
    10: _('its certificate has expired'),
    18: _('its certificate is signed by itself, not by ca_cert of tls'),
    19: _('its certificate is not signed by ca_cert of tls'),
    20: _('its certificate is not signed by ca_cert of tls'),
    21: _('its certificate is not signed by ca_cert of tls'),
    62: _('its certificate is for another host name'),
    64: _('its certificate is for another IP address'),
}


def _distrust(ex):
    """Say in plain words why TLS failed."""
    cause = _find(ex, ssl.SSLError)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _X509_PROBLEMS.get(cause.verify_code, cause.verify_message)
    # The names of OpenSSL say whose side it was; the numbers do not.
    reason = cause.reason or ''
    if 'ALERT' in reason and re.search('CERTIFICATE|UNKNOWN_CA', reason):
        return _('it does not accept the client certificate, or wants one: '
                 'see client_cert of tls')
    if 'WRONG_VERSION' in reason or 'RECORD_LAYER' in reason:
        return _('it does not speak TLS: say tcp:// in docker_endpoint')
    return _('TLS failed, %s') % reason.lower().replace('_', ' ')


def _why(ex):
    """Say in plain words why a connection failed."""
    for cause in reversed(list(_causes(ex))):
        if isinstance(cause, TimeoutError):
            break
        if isinstance(cause, OSError) and cause.strerror and not isinstance(
                cause, ssl.SSLError):
            return cause.strerror
    if is_timeout(ex):
        return _('no answer in time')
    return _('the connection broke')
