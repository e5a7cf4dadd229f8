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

"""A way to a daemon that a test can cut."""

import contextlib
import re
import socket
import threading
import urllib.parse

import fixtures


class Proxy(fixtures.Fixture):
    """Forwards connections to a daemon, until it is told otherwise.

    :ivar endpoint: URL for the property docker_endpoint.
    """

    def __init__(self, endpoint):
        super().__init__()
        self._target = urllib.parse.urlsplit(endpoint)
        self._swallow = None
        self._hold = None
        self.swallowed = threading.Event()
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._open = []

    def _setUp(self):
        self._listen(0)
        self.addCleanup(self.cut)

    def _listen(self, port):
        self._server = socket.create_server(('127.0.0.1', port))
        self._port = self._server.getsockname()[1]
        self.endpoint = 'tcp://127.0.0.1:%d' % self._port
        threading.Thread(target=self._accept, args=(self._server,),
                         daemon=True).start()

    def cut(self):
        """Refuse connections, and close those that are there."""
        with self._lock:
            for connection in [self._server] + self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()
            self._open = []

    def mend(self):
        """Accept connections again, at the same port."""
        self._listen(self._port)

    def swallow_answer(self, request):
        """Close the connection instead of forwarding the next answer.

        :param str request: expression that the first line of a request has,
            such as ``POST .*/containers/create``.
        """
        self.swallowed.clear()
        self._swallow = re.compile(request.encode())

    def hold_answer(self, request):
        """Keep back answers until they are released.

        :param str request: as for :meth:`swallow_answer`.
        """
        self._released.clear()
        self._hold = re.compile(request.encode())

    def release(self):
        """Forward the answers that are held."""
        self._hold = None
        self._released.set()

    def _accept(self, server):
        while True:
            try:
                client, _address = server.accept()
            except OSError:
                return
            with self._lock:
                if server.fileno() < 0:
                    # It was cut while this one was accepted.
                    client.close()
                    return
                daemon = self._connect()
                self._open += [client, daemon]
            fate = {'swallow': False, 'hold': False}
            for forward, source, sink in (
                    (self._requests, client, daemon),
                    (self._answers, daemon, client)):
                threading.Thread(target=forward, daemon=True,
                                 args=(source, sink, fate)).start()

    def _connect(self):
        if self._target.scheme == 'unix':
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(self._target.path)
            return daemon
        return socket.create_connection((self._target.hostname,
                                         self._target.port))

    def _requests(self, client, daemon, fate):
        with self._closing(client, daemon):
            while data := client.recv(65536):
                line = data.split(b'\r\n', 1)[0]
                if line.endswith(b' HTTP/1.1'):
                    fate['hold'] = bool(self._hold
                                        and self._hold.search(line))
                if self._swallow and self._swallow.search(line):
                    self._swallow = None
                    fate['swallow'] = True
                daemon.sendall(data)

    def _answers(self, daemon, client, fate):
        with self._closing(daemon, client):
            while data := daemon.recv(65536):
                if fate['swallow']:
                    self.swallowed.set()
                    break
                if fate['hold']:
                    self._released.wait()
                client.sendall(data)

    @contextlib.contextmanager
    def _closing(self, *connections):
        with contextlib.suppress(OSError):
            yield
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
