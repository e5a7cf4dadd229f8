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

"""A way to a daemon that counts requests and connections."""

import collections
import contextlib
import re
import socket
import threading
import time
import urllib.parse

_REQUEST = re.compile(rb'^([A-Z]+) (\S+) HTTP/1\.1\r\n', re.MULTILINE)
_NAMED = re.compile(r'^(/v[\d.]+)?(/[a-z]+)(/(?!create|json)[^/]+)?')


class Counter:
    """Forwards connections to a daemon.

    :ivar endpoint: URL for the property docker_endpoint.
    :ivar requests: how many there were, by verb and path without names.
    :ivar connections: how many there were.
    :ivar first_of: when the first of each came, on the clock of ``time``.
    """

    def __init__(self, endpoint):
        self._target = urllib.parse.urlsplit(endpoint)
        self._server = socket.create_server(('127.0.0.1', 0), backlog=256)
        self.endpoint = 'tcp://127.0.0.1:%d' % self._server.getsockname()[1]
        self._lock = threading.Lock()
        self.reset()
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self):
        """Count from nothing."""
        with self._lock:
            self.requests = collections.Counter()
            self.connections = 0
            self.first_of = {}

    @property
    def total(self):
        """How many requests there were."""
        return sum(self.requests.values())

    def close(self):
        """Accept no more connections."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self):
        while True:
            try:
                client, _address = self._server.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
            daemon = self._connect()
            for source, sink, watch in ((client, daemon, self._count),
                                        (daemon, client, None)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
                                  ) if source.family != socket.AF_UNIX else 0
                threading.Thread(target=self._forward, daemon=True,
                                 args=(source, sink, watch)).start()

    def _connect(self):
        if self._target.scheme == 'unix':
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(self._target.path)
            return daemon
        return socket.create_connection((self._target.hostname,
                                         self._target.port))

    def _count(self, data):
        for verb, path in _REQUEST.findall(data):
            what = '%s %s' % (verb.decode(), _NAMED.sub(
                r'\2', path.decode().partition('?')[0]))
            with self._lock:
                self.first_of.setdefault(what, time.time())
                self.requests[what] += 1

    def _forward(self, source, sink, watch):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if watch:
                    watch(data)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()
