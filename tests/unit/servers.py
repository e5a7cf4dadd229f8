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

"""Servers on loopback, and certificates for them."""

import contextlib
from http import client as http_client
import json
import socket
import socketserver
import ssl
import threading

import fixtures

from sandbox import certificates

VERSION = {'ApiVersion': '1.41', 'MinAPIVersion': '1.12'}


# Creating them is slow.
_AUTHORITIES = {}
_ISSUED = {}


def authority(name='ours'):
    """Return the authority with a name."""
    if name not in _AUTHORITIES:
        _AUTHORITIES[name] = certificates.Authority(name)
    return _AUTHORITIES[name]


def issued(by='ours', **about):
    """Return a certificate and its key; see Authority.issue."""
    key = by, *sorted(about.items())
    if key not in _ISSUED:
        _ISSUED[key] = authority(by).issue('test', **about)
    return _ISSUED[key]


def http(content, status='200 OK', *headers):
    """Return an HTTP response."""
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    return b''.join([
        b'HTTP/1.1 %s\r\n' % status.encode(),
        *(header.encode() + b'\r\n' for header in headers),
        b'Content-Length: %d\r\n\r\n%s' % (len(content), content)])


def daemon(line):
    """Answer requests like a Docker daemon with one container."""
    if b' /version ' in line:
        return http(VERSION)
    if line.startswith(b'PUT ') or b'/start ' in line:
        return http(b'')
    return http({'Id': 'x', 'State': {}})


def begin(line):
    """Answer the version request; begin other answers without an end."""
    if b' /version ' in line:
        return http(VERSION)
    return (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
            b'1\r\n{\r\n')


class Server(fixtures.Fixture):
    """An HTTP server, with or without TLS.

    :param answer: function of a request's first line that returns the bytes
        to send, or None to close the connection without an answer.
    :param pair: certificate and key of the server, for TLS.
    :param clients: authority of the required client certificates.
    :ivar lines: first lines of the requests.
    :ivar headers: headers of the requests.
    :ivar accepted: number of accepted connections.
    """

    def __init__(self, answer=daemon, pair=None, clients=None,
                 address=('127.0.0.1', 0)):
        self._answer = answer
        self._pair = pair
        self._clients = clients
        self._address = address
        self.lines = []
        self.headers = []
        self.accepted = 0

    def _setUp(self):
        self._sockets = []
        self._context = self._pair and self._make_context()
        fixture = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    fixture._serve(self.request)

        class Threads(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        server = Threads(self._address, Handler)
        self.address = server.server_address
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self._server, self._thread = server, thread
        self.addCleanup(self.stop)

    @property
    def url(self):
        """The docker_endpoint of the server."""
        return '%s://%s:%d' % ('https' if self._pair else 'tcp',
                               *self.address)

    def stop(self):
        """Stop the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.drop()

    def drop(self):
        """Close all connections, like a daemon that stops."""
        for connected in self._sockets:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()

    def _make_context(self):
        folder = self.useFixture(fixtures.TempDir())
        path = folder.join('pem')
        certificates.write(path, self._pair.certificate + self._pair.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        if self._clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(
                cadata=self._clients.certificate)
        return context

    def _serve(self, connected):
        self.accepted += 1
        if self._context:
            connected = self._context.wrap_socket(
                connected, server_side=True, do_handshake_on_connect=False)
        self._sockets.append(connected)
        with connected, connected.makefile('rb') as stream:
            if self._context and not self._shake_hands(connected):
                return
            while line := stream.readline():
                # A client that gets the answer before the end of its body
                # sends the next request right after it.
                self.headers.append(self._skip_body(stream))
                self.lines.append(line)
                answer = self._answer(line)
                if answer is None:
                    return
                connected.sendall(answer)
                if b'Connection: close' in answer:
                    return

    @staticmethod
    def _skip_body(stream):
        """Read the headers and the body, and return the headers."""
        headers = http_client.parse_headers(stream)
        stream.read(int(headers['Content-Length'] or 0))
        if headers['Transfer-Encoding'] == 'chunked':
            while length := int(stream.readline(), 16):
                stream.read(length + len(b'\r\n'))
            stream.readline()
        return headers

    def _shake_hands(self, connected):
        try:
            connected.do_handshake()
        except ssl.SSLError:
            # The alert is lost if the connection closes too early.
            socket.socket.shutdown(connected, socket.SHUT_WR)
            while socket.socket.recv(connected, 4096):
                pass
            return False
        return True


class Blunt(Server):
    """A server that sends the same answer to any input.

    :param answer: bytes to send.
    """

    def _serve(self, connected):
        self._sockets.append(connected)
        connected.recv(4096)
        connected.sendall(self._answer)


class Endless(Server):
    """A server whose answers have no end, up to a limit for the test.

    :ivar sent: MiB that the client has accepted.
    """

    def _serve(self, connected):
        self.sent = 0
        self._sockets.append(connected)
        connected.recv(4096)
        connected.sendall(b'HTTP/1.1 200 OK\r\n'
                          b'Transfer-Encoding: chunked\r\n\r\n')
        for _mebibyte in range(64):
            connected.sendall(b'%x\r\n%s\r\n' % (1 << 20, (1 << 20) * b'x'))
            self.sent += 1


class Listener(fixtures.Fixture):
    """A port that accepts connections and does nothing else."""

    def _setUp(self):
        self._socket = socket.create_server(('127.0.0.1', 0))
        self._socket.setblocking(False)
        self.addCleanup(self._socket.close)
        self.port = self._socket.getsockname()[1]

    @property
    def connected_to(self):
        """Whether a client has connected since the last call."""
        try:
            self._socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True
