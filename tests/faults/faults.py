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

"""A server in front of a daemon that makes one API call go wrong.

:data:`FAULTS` is the table of all that can go wrong.
"""

import contextlib
import dataclasses
import json
import select
import socket
import struct
import threading
import time
import typing
import urllib.parse

from sandbox import proxy

# How long the daemon of the fault "refused" is away, in seconds.
_RESTART = 0.7

# The longest time that a response is withheld, in seconds.
_PATIENCE = 60.0

_JSON = ('Content-Type: application/json',)

_PAGE = b'<html><head><title>%s</title></head><body>nginx</body></html>'


class _Reset(Exception):
    """The connection ends without a (further) response."""


def _response(status, content, *headers):
    return b'\r\n'.join([
        b'HTTP/1.1 ' + status.encode(),
        *(header.encode() for header in headers),
        b'Content-Length: %d' % len(content), b'', content])


def _error(status, message):
    """Return a fault: the daemon refuses the request."""
    def fault(call):
        call.reply(_response(status, json.dumps(
            {'message': message}).encode(), *_JSON))
    return fault


def _page(status):
    """Return a fault: a web server responds."""
    def fault(call):
        call.reply(_response(status, _PAGE % status.encode(),
                             'Server: nginx', 'Content-Type: text/html'))
    return fault


def _body(content):
    """Return a fault: a response with the status 200."""
    def fault(call):
        call.reply(_response('200 OK', content, *_JSON))
    return fault


def _reset_before(call):
    raise _Reset()


def _reset_after(call):
    call.whole_answer()
    raise _Reset()


def _late(call):
    call.whole_answer()
    call.wait_for_hangup()
    raise _Reset()


def _late_work(call):
    call.wait_for_hangup()
    with contextlib.suppress(OSError):
        call.whole_answer()
    raise _Reset()


def _half(call):
    answer = call.whole_answer()
    head = answer.index(b'\r\n\r\n') + 4
    call.reply(answer[:(head + len(answer)) // 2 if head < len(answer)
                      else head // 2])
    call.hang_up()


def _garbage(call):
    call.reply(bytes(range(128, 256)) * 4)
    call.hang_up()


@dataclasses.dataclass(frozen=True)
class Fault:
    """What happens to one API call.

    :ivar doc: sentence for the documentation.
    :ivar act: function that takes the :class:`Call`; None if the server
        refuses connections instead.
    :ivar lasts: whether it also happens to all later calls of the action.
    """

    name: str
    doc: str
    act: typing.Callable | None
    lasts: bool = False


FAULTS = {fault.name: fault for fault in (
    Fault('refused', 'Connections are refused for less than a second, as '
          'while the daemon restarts.', None),
    Fault('down', 'Connections are refused from then on.', None, lasts=True),
    Fault('reset-before', 'The connection is reset, and the daemon does not '
          'receive the request.', _reset_before),
    Fault('reset-after', 'The connection is reset after the daemon has '
          'carried out the request.', _reset_after),
    Fault('late', 'The daemon carries out the request, but responds later '
          'than the timeout.', _late),
    Fault('late-work', 'The daemon carries out the request only after the '
          'timeout.', _late_work),
    Fault('half', 'The connection ends in the middle of the response.',
          _half),
    Fault('500', 'The daemon does nothing and responds with the status 500.',
          _error('500 Internal Server Error', 'input/output error')),
    Fault('503', 'A proxy responds with the status 503.',
          _error('503 Service Unavailable', 'upstream not ready')),
    Fault('409', 'The daemon does nothing and responds with the status 409.',
          _error('409 Conflict', 'another operation is in progress')),
    Fault('404', 'The daemon claims that the object does not exist.',
          _error('404 Not Found', 'No such object: it')),
    Fault('garbage', 'The response is not HTTP.', _garbage),
    Fault('list', 'The response is a JSON list that contains null.',
          _body(b'[null]')),
    Fault('map', 'The response is a JSON map without any known key.',
          _body(b'{"x": {}}')),
    Fault('another', 'A web server at the address responds with the status '
          '404 and a page from then on.', _page('404 Not Found'), lasts=True),
    Fault('page', 'A web server at the address responds with the status 200 '
          'and a page from then on.', _page('200 OK'), lasts=True),
)}


class Call:
    """One API call.

    :ivar line: the first line of the request.
    """

    def __init__(self, server, client, stream, request):
        self.line = request.split(b'\r\n', 1)[0].decode()
        self._server = server
        self._client = client
        self._stream = stream
        self._request = request

    def answer(self):
        """Send the request to the daemon, and yield the response in parts."""
        with self._server.connect() as daemon, daemon.makefile('rb') as stream:
            daemon.sendall(self._request)
            yield from _relayed(stream, self.line.startswith('HEAD '))

    def whole_answer(self):
        """Send the request to the daemon, and return the response."""
        return b''.join(self.answer())

    def reply(self, data):
        """Send data to the client."""
        self._client.sendall(data)

    def hang_up(self):
        """End the connection after what was sent."""
        self._client.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError

    def wait_for_hangup(self):
        """Wait until the client has ended the connection."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and self._server.is_armed:
            if select.select([self._client], [], [], 0.1)[0] and (
                    not self._client.recv(65536, socket.MSG_PEEK)):
                return


def _read(stream):
    """Return the next request with its body; empty at the end."""
    head = _head(stream)
    return head and head + b''.join(_parts(stream, head, True))


def _relayed(stream, headless):
    """Yield a response in parts."""
    head = _head(stream)
    yield head
    status = head.split(None, 2)[1]
    if not headless and status not in (b'204', b'304'):
        yield from _parts(stream, head, False)


def _head(stream):
    """Return the lines up to the empty one."""
    lines = []
    while line := stream.readline():
        lines.append(line)
        if line == b'\r\n':
            break
    return b''.join(lines)


def _parts(stream, head, is_request):
    """Yield the body that follows a head, in parts."""
    headers = {}
    for line in head.split(b'\r\n')[1:]:
        name, _colon, value = line.partition(b':')
        headers[name.strip().lower()] = value.strip()
    if headers.get(b'transfer-encoding') == b'chunked':
        while True:
            line = stream.readline()
            length = int(line or b'0', 16)
            yield line + stream.read(length + 2)
            if not length:
                return
    elif b'content-length' in headers:
        yield stream.read(int(headers[b'content-length']))
    elif not is_request:
        while data := stream.read1(65536):
            yield data


class Server:
    """Forwards API calls to a daemon, and lets one of them go wrong.

    :ivar endpoint: URL for the property docker_endpoint.
    :ivar calls: first lines of the requests since the last :meth:`arm`.
    :ivar is_hit: whether the fault has happened.
    """

    def __init__(self, endpoint):
        """Accept connections.

        :param endpoint: URL of the daemon.
        """
        self._target = urllib.parse.urlsplit(endpoint)
        self._lock = threading.Lock()
        self._fault = None
        self._number = 0
        self._clients = set()
        self._closed = False
        self.calls = []
        self.is_hit = False
        self._port = 0
        self._listen()
        self.endpoint = 'tcp://127.0.0.1:%d' % self._port

    @property
    def is_armed(self):
        """Whether a fault is to happen or has happened."""
        return self._fault is not None

    def arm(self, fault, number):
        """Let a call go wrong.

        :param Fault fault: what happens; None only counts the calls.
        :param number: which call, from 1.
        """
        with self._lock:
            self.calls = []
            self.is_hit = False
            self._fault, self._number = fault, number
        if fault and fault.act is None and number == 1:
            self._refuse()

    def disarm(self):
        """Let everything work again."""
        with self._lock:
            self._fault = None
            if self._server is None and not self._closed:
                self._listen()

    def close(self):
        """Refuse connections for good."""
        with self._lock:
            self._closed = True
            self._fault = None
            self._hang_up()

    def connect(self):
        """Return a socket that is connected to the daemon."""
        return proxy.connect(self._target)

    def _listen(self):
        self._server = socket.create_server(('127.0.0.1', self._port),
                                            backlog=64)
        self._port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._server,),
                         daemon=True).start()

    def _hang_up(self):
        """Refuse connections, and end those that are open."""
        for each in [self._server, *self._clients]:
            if each is not None:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        if self._server is not None:
            self._server.close()
        self._server = None

    def _refuse(self):
        """Refuse connections: for a moment, or until :meth:`disarm`."""
        with self._lock:
            if self._fault is None:
                return
            self.is_hit = True
            self._hang_up()
            fault = self._fault
        if not fault.lasts:
            timer = threading.Timer(_RESTART, self._restart)
            timer.daemon = True
            timer.start()

    def _restart(self):
        with self._lock:
            if self._server is None and not self._closed:
                self._listen()

    def _accept(self, server):
        while True:
            try:
                client, _address = server.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        self._clients.add(client)
        try:
            with client, client.makefile('rb') as stream:
                try:
                    while request := _read(stream):
                        self._pass_on(Call(self, client, stream, request))
                except _Reset:
                    # With this option, the end is a reset.
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      struct.pack('ii', 1, 0))
        except (OSError, ValueError):
            pass
        finally:
            self._clients.discard(client)

    def _pass_on(self, call):
        with self._lock:
            self.calls.append(call.line)
            fault, count = self._fault, len(self.calls)
            act = fault and fault.act
            happens = act and (count == self._number or (
                fault.lasts and count > self._number))
            if happens:
                self.is_hit = True
        if happens:
            act(call)
        elif fault and not act and count == self._number - 1:
            # The next call finds no server.
            answer = call.whole_answer()
            with contextlib.suppress(OSError):
                call.reply(answer)
            self._refuse()
        else:
            for part in call.answer():
                call.reply(part)
