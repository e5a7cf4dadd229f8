#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""A TCP proxy in front of a daemon; subclasses watch what passes."""

import contextlib
import socket
import threading
import urllib.parse


def connect(target):
    """Return a socket that is connected to a daemon.

    :param target: its URL, as urllib.parse.urlsplit returns it.
    """
    if target.scheme == 'unix':
        daemon = socket.socket(socket.AF_UNIX)
        daemon.connect(target.path)
        return daemon
    return socket.create_connection((target.hostname, target.port))


class Proxy:
    """Forwards connections to a daemon.

    :ivar endpoint: URL for the property docker_endpoint.
    """

    def __init__(self, endpoint):
        self._target = urllib.parse.urlsplit(endpoint)
        self._lock = threading.Lock()
        self._open = []

    def connected(self):
        """Called for each connection; returns its record for the others."""

    def request(self, record, data):
        """Called before data is sent to the daemon.

        An OSError closes the connection.

        :param record: what :meth:`connected` returned.
        """

    def answer(self, record, data):
        """Called before data is sent to the client, as :meth:`request`."""

    def listen(self, port=0):
        """Accept connections."""
        self._server = socket.create_server(('127.0.0.1', port), backlog=256)
        self.port = self._server.getsockname()[1]
        self.endpoint = f'tcp://127.0.0.1:{self.port}'
        threading.Thread(target=self._accept, args=(self._server,),
                         daemon=True).start()

    def cut(self):
        """Refuse connections, and close those that are open."""
        with self._lock:
            for connection in [self._server] + self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()
            self._open = []

    def _accept(self, server):
        while True:
            try:
                client, _address = server.accept()
            except OSError:
                return
            with self._lock:
                if server.fileno() < 0:
                    # The proxy was cut while this connection was accepted.
                    client.close()
                    return
                daemon = connect(self._target)
                self._open += [client, daemon]
            record = self.connected()
            for source, sink, watch in ((client, daemon, self.request),
                                        (daemon, client, self.answer)):
                if source.family == socket.AF_INET:
                    source.setsockopt(socket.IPPROTO_TCP,
                                      socket.TCP_NODELAY, 1)
                threading.Thread(target=self._forward, daemon=True,
                                 args=(source, sink, watch, record)).start()

    def _forward(self, source, sink, watch, record):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                watch(record, data)
                sink.sendall(data)
        for connection in (source, sink):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
