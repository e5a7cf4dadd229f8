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

"""A proxy in front of a daemon that a test can cut."""

import re
import threading
import types

import fixtures

from sandbox import proxy


class Proxy(fixtures.Fixture, proxy.Proxy):
    """Forwards connections to a daemon; a test can interrupt them.

    :ivar swallowed: set once an answer has been swallowed.
    """

    def __init__(self, endpoint):
        fixtures.Fixture.__init__(self)
        proxy.Proxy.__init__(self, endpoint)
        self._swallow = None
        self._hold = None
        self.swallowed = threading.Event()
        self._released = threading.Event()

    def _setUp(self):
        self.listen()
        self.addCleanup(self.cut)

    def mend(self):
        """Accept connections again, at the same port."""
        self.listen(self.port)

    def swallow_answer(self, request):
        """Close the connection instead of forwarding the next answer.

        :param str request: expression to search for in the first line of
            the request, such as ``POST .*/containers/create``.
        """
        self.swallowed.clear()
        self._swallow = re.compile(request.encode())

    def hold_answer(self, request):
        """Hold back answers until they are released.

        :param str request: as for :meth:`swallow_answer`.
        """
        self._released.clear()
        self._hold = re.compile(request.encode())

    def release(self):
        """Forward the answers that are held."""
        self._hold = None
        self._released.set()

    def connected(self):
        return types.SimpleNamespace(swallow=False, hold=False)

    def request(self, record, data):
        line = data.split(b'\r\n', 1)[0]
        if line.endswith(b' HTTP/1.1'):
            record.hold = bool(self._hold and self._hold.search(line))
        if self._swallow and self._swallow.search(line):
            self._swallow = None
            record.swallow = True

    def answer(self, record, data):
        if record.swallow:
            self.swallowed.set()
            raise ConnectionAbortedError
        if record.hold:
            self._released.wait()
