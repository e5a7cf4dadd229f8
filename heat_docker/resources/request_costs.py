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
"""What the requests of users cost, which read attributes of many resources."""

import collections
import threading
import time

from .. import budgets
from .. import conf
from .. import errors
from .. import i18n

_ = i18n._


class _Cost:
    """What a request of a user has taken so far.

    :ivar begin: when it began, in seconds on the clock of ``time.monotonic``.
    :ivar waited: seconds by endpoint.
    :ivar received: bytes from daemons.
    :ivar shown: bytes of attributes.
    """

    def __init__(self):
        self.begin = time.monotonic()
        self.waited = collections.Counter()
        self.received = 0
        self.shown = 0


class Costs:
    """What requests of users have cost: time, and bytes from daemons.

    A request reads many resources, and those of nested stacks in requests of
    Heat that have the same ID. Each of them knows only its own daemon. The
    entries of old requests are removed.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._requests = collections.OrderedDict()

    def left(self, request, endpoint):
        """Return the seconds that a request may still wait for a daemon."""
        most = conf.group().attributes_timeout
        with self._lock:
            cost = self._requests.get(request) or _Cost()
            if cost.received > budgets.REQUEST_BYTES:
                raise errors.Failed(_('The daemons return too much data for '
                                      'one request'))
            waited = cost.waited
            return min(most - sum(waited.values()),
                       most * budgets.OF_ONE_DAEMON - waited.get(endpoint, 0))

    def add(self, request, endpoint, seconds, received=0):
        """Add what a request has waited for and received from a daemon."""
        with self._lock:
            cost = self._cost(request)
            cost.waited[endpoint] += seconds
            cost.received += received

    def may_show(self, request, value):
        """Return whether a request may show one more value, and note it."""
        limit = max(budgets.ATTRIBUTE, conf.group().max_log_bytes)
        size = estimated_size(value, limit)
        with self._lock:
            cost = self._cost(request)
            if size > limit or cost.shown + size > budgets.SHOWN:
                return False
            cost.shown += size
            return True

    def _cost(self, request):
        cost = self._requests.setdefault(request, _Cost())
        now = time.monotonic()
        for old, its in list(self._requests.items()):
            if now - its.begin < budgets.REQUEST_SECONDS:
                break
            del self._requests[old]
        return cost


def estimated_size(value, limit):
    """Return about how many bytes a value takes, or more than a limit."""
    size, left = 0, [value]
    while left and size <= limit:
        part = left.pop()
        size += budgets.VALUE
        if isinstance(part, str):
            size += len(part)
        elif isinstance(part, dict):
            left += (*part, *part.values())
        elif isinstance(part, (list, tuple)):
            left += part
    return size
