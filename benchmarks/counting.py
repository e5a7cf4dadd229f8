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

"""A proxy in front of a daemon that counts requests and connections."""

import collections
import re

from sandbox import proxy

_REQUEST = re.compile(rb'^([A-Z]+) (\S+) HTTP/1\.1\r\n', re.MULTILINE)
_NAMED = re.compile(r'^(/v[\d.]+)?(/[a-z]+)(/(?!create|json)[^/]+)?')


class Counter(proxy.Proxy):
    """Forwards connections to a daemon.

    :ivar requests: number of requests, by verb and path without names.
    :ivar connections: number of connections.
    """

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.reset()
        self.listen()

    def reset(self):
        """Set the counts to zero."""
        with self._lock:
            self.requests = collections.Counter()
            self.connections = 0

    @property
    def total(self):
        """Number of all requests."""
        return sum(self.requests.values())

    def connected(self):
        with self._lock:
            self.connections += 1

    def request(self, record, data):
        for verb, path in _REQUEST.findall(data):
            what = '%s %s' % (verb.decode(), _NAMED.sub(
                r'\2', path.decode().partition('?')[0]))
            with self._lock:
                self.requests[what] += 1
