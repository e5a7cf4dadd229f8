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

"""The daemons of a heat-engine worker: their state and idle connections."""

import collections.abc
import contextlib
import os
import threading
import time
import weakref

from . import endpoint as endpoints
from . import errors
from . import transport

# Idle connections to one daemon that are kept, the seconds for which they may
# be idle, and the seconds after which the version and the address of a daemon
# are determined again.
_IDLE_CONNECTIONS = 8
_IDLE_SECONDS = 60.0
_MAX_AGE_SECONDS = 300.0

# Containers that a worker creates or starts concurrently on one daemon. More
# do not make a daemon faster, but each request may then exceed its timeout.
_CONCURRENT = 4

# How many requests a worker sends at a time to a daemon that make containers
# leave their networks. If three or more containers leave a network at once,
# Docker before 29 may keep a wrong count of the remaining ones, and refuse to
# remove the network until the daemon is restarted:
# https://github.com/moby/moby/issues/42119.
_CONCURRENT_LEAVING = 1

# Shortest and longest time, in seconds, for which a stop request delays the
# next request that makes a container leave its networks.
_SHORTEST_STOP, _LONGEST_STOP = 0.25, 2.0

# Seconds for which a daemon that did not respond is assumed to be down, by
# requests that may be skipped.
_DOWN_SECONDS = 15.0


class _Slots(threading.BoundedSemaphore):
    """Limit on concurrent requests of one kind to a daemon.

    :ivar pace: how long, in seconds, a stop request may delay the next
        request. Containers that use up their grace periods shorten it, so
        that they do not delay other containers.
    """

    pace = 1.0

    def stopped(self, seconds: float | None) -> None:
        """Adapt the pace to a stop.

        :param seconds: how long the container took to stop; None if it took
            longer than the pace.
        """
        pace = self.pace / 2 if seconds is None else 4 * seconds
        self.pace = min(max(pace, _SHORTEST_STOP), _LONGEST_STOP)


class Pool:
    """Idle connections by endpoint, and the state of each daemon.

    New connections reuse the address and the version that earlier ones have
    determined. A forked process does not use its parent's connections,
    because two processes that share a socket receive each other's responses.
    """

    def __init__(self):
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._idle = {}
        self._known = {}
        self._down = {}
        self._responded = {}
        self._slots = weakref.WeakValueDictionary()

    def acquire(self, endpoint: endpoints.Endpoint
                ) -> transport.Connection | None:
        """Return an idle connection to a daemon, or None if there is none.

        If the daemon has closed the connection, all others are dropped, too:
        after a restart, the daemon may have another version.
        """
        with self._locked():
            surplus = self._surplus()
            kept = self._idle.get(endpoint, [])
            found = next(
                (connection for connection in reversed(kept)
                 if transport.is_allowed(endpoint, connection.address)), None)
            if found is not None:
                kept.remove(found)
                if found.is_stale:
                    surplus += [found, *self._drop(endpoint)]
                    found = None
                else:
                    found.endpoint = endpoint
        for connection in surplus:
            connection.close()
        return found

    def release(self, endpoint: endpoints.Endpoint,
                connection: transport.Connection) -> None:
        """Keep a connection that works for the next client."""
        connection.last_used = time.monotonic()
        with self._locked():
            self._idle.setdefault(endpoint, []).append(connection)
            surplus = self._surplus()
        for connection in surplus:
            connection.close()

    def remember(self, connection: transport.Connection) -> None:
        """Record what a connection has determined about its daemon."""
        with self._locked():
            self._record_response(connection.endpoint)
            self._known[connection.endpoint] = {
                name: getattr(connection, name)
                for name in ('api', 'podman', 'address', 'created')}

    def recall(self, endpoint: endpoints.Endpoint) -> dict:
        """Return the known properties of a daemon for a new connection.

        :returns: fields of :class:`transport.Connection`; empty if nothing
            recent is known, or the policy forbids the address.
        """
        with self._locked():
            known = self._known.get(endpoint)
        if (known is None
                or time.monotonic() - known['created'] >= _MAX_AGE_SECONDS
                or not transport.is_allowed(endpoint, known['address'])):
            return {}
        return known

    def mark_up(self, endpoint: endpoints.Endpoint) -> None:
        """Record that a daemon has responded."""
        with self._locked():
            self._record_response(endpoint)

    def mark_down(self, endpoint: endpoints.Endpoint,
                  error: errors.Unreachable, requested: float) -> None:
        """Record that a daemon did not respond, and close its connections.

        A daemon that was late for this request, but has responded to another
        one since, is only slow, so nothing changes.

        :param error: why the request failed.
        :param requested: when the request was sent, in seconds on the clock
            of ``time.monotonic``.
        """
        with self._locked():
            if (isinstance(error, errors.AnswerTimeout)
                    and self._responded.get(endpoint, requested) > requested):
                return
            self._down[endpoint] = time.monotonic(), error
            stale = self._drop(endpoint)
        for connection in stale:
            connection.close()

    def raise_if_down(self, endpoint: endpoints.Endpoint) -> None:
        """Raise an error if a daemon recently did not respond.

        :raises errors.Unreachable: with the message of that failure. It is
            not :class:`errors.NoAnswer`, because no request is sent here.
        """
        with self._locked():
            since, error = self._down.get(endpoint, (0.0, None))
        if error and time.monotonic() - since < _DOWN_SECONDS:
            raise errors.Unreachable(str(error))

    @contextlib.contextmanager
    def slot(self, endpoint: endpoints.Endpoint, leaving: bool = False
             ) -> collections.abc.Iterator[_Slots]:
        """Wait until few enough requests of a kind are in progress.

        :param leaving: whether the request makes a container leave its
            networks.
        :returns: context manager that yields the :class:`_Slots`.
        :raises errors.Unreachable: if the daemon did not respond to another
            request in the meantime.
        """
        with self._locked():
            slots = self._slots.setdefault(
                (endpoint, leaving), _Slots(
                    _CONCURRENT_LEAVING if leaving else _CONCURRENT))
        has_waited = not slots.acquire(blocking=False)
        if has_waited:
            slots.acquire()
        try:
            if has_waited:
                self.raise_if_down(endpoint)
            yield slots
        finally:
            slots.release()

    @contextlib.contextmanager
    def _locked(self):
        if self._process != os.getpid():
            self.__init__()
        with self._lock:
            yield

    def _record_response(self, endpoint):
        self._down.pop(endpoint, None)
        self._responded[endpoint] = time.monotonic()

    def _drop(self, endpoint):
        """Remove what is known about a daemon; return its connections."""
        self._known.pop(endpoint, None)
        return self._idle.pop(endpoint, [])

    def _surplus(self):
        """Remove expired entries, and return the expired connections."""
        now, surplus = time.monotonic(), []
        for endpoint, kept in list(self._idle.items()):
            fresh = [connection for connection in kept[-_IDLE_CONNECTIONS:]
                     if now - connection.last_used < _IDLE_SECONDS
                     and now - connection.created < _MAX_AGE_SECONDS]
            surplus += [connection for connection in kept
                        if connection not in fresh]
            if fresh:
                self._idle[endpoint] = fresh
            else:
                del self._idle[endpoint]
        self._down = {endpoint: down for endpoint, down in self._down.items()
                      if now - down[0] < _DOWN_SECONDS}
        self._responded = {
            endpoint: at for endpoint, at in self._responded.items()
            if now - at < _MAX_AGE_SECONDS}
        self._known = {endpoint: known for endpoint, known
                       in self._known.items()
                       if now - known['created'] < _MAX_AGE_SECONDS}
        return surplus
