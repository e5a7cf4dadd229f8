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

"""What a resource reads from its daemon: live state and attributes."""

import collections
import contextlib
import threading
import time

from heat.common import exception
from heat.engine import attributes
from oslo_log import log as logging

from .. import budgets
from .. import client as clients
from .. import conf
from .. import errors
from .. import fields
from .. import i18n
from . import daemon
from . import events

_ = i18n._

LOG = logging.getLogger(__name__)

# How long, in seconds, the attributes of a resource share what was read.
_FRESH = 2.0


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


class _Waiting:
    """What requests of users have taken: time, and bytes from daemons.

    A request shows many resources, each of which knows its own daemon only;
    and those of nested stacks are shown by requests that Heat makes of it,
    which have its id. Those that ended long ago are forgotten.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._requests = collections.OrderedDict()

    def left(self, request, endpoint):
        """Return the seconds that a request may wait for a daemon yet."""
        most = conf.group().attributes_timeout
        with self._lock:
            cost = self._requests.get(request) or _Cost()
            if cost.received > budgets.REQUEST_BYTES:
                raise errors.Failed(_('The daemons return too much for one '
                                      'request'))
            waited = cost.waited
            return min(most - sum(waited.values()),
                       most * budgets.OF_ONE_DAEMON - waited.get(endpoint, 0))

    def add(self, request, endpoint, seconds, received=0):
        """Note that a request has waited for a daemon, and for how much."""
        with self._lock:
            cost = self._cost(request)
            cost.waited[endpoint] += seconds
            cost.received += received

    def may_show(self, request, value):
        """Return whether a request may show one more value, and note it."""
        limit = budgets.ATTRIBUTE + conf.group().max_log_bytes
        size = _estimated_size(value, limit)
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


def _estimated_size(value, limit):
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


_WAITING = _Waiting()


class ShowingResource(events.MaskingResource):
    """A resource with attributes that its daemon provides."""

    # Whether other resources are made of the attributes that are read, which
    # is worth any wait; and whether a user waits for them.
    _is_needed = False
    _is_awaited = False

    def __init__(self, name, definition, stack):
        super().__init__(name, definition, stack)
        self._shown = None

    def forget_live_state(self):
        """Read it again when it is needed, because it may change."""
        self._shown = None

    def _show_resource(self):
        """Return all that the daemon knows of the object.

        Heat replaces an object that is gone.
        """
        with self._asking() as client:
            try:
                inspected = self.object.inspect(client)
            except errors.NotFound as ex:
                raise exception.EntityNotFound(entity=self.type(),
                                               name=self.name) from ex
            if self.external_id is not None:
                # The external_id may be a name.
                self.object.refuse_foreign(inspected)
            # All resources of a request together keep what they have read.
            is_small = client.received <= budgets.ATTRIBUTE
        self._shown = (time.monotonic(), inspected) if is_small else None
        return inspected

    def parse_live_resource_data(self, resource_properties, resource_data):
        """Return the properties that somebody else has changed."""
        with daemon.errors_of_heat():
            return fields.drift(self.spec.FIELDS,
                                fields.null_means_unset(resource_properties),
                                resource_data)

    def node_data(self, stk_defn=None, for_resources=True, for_outputs=False):
        """Return what other resources and the outputs are made of.

        Heat wants it with outputs if a user is to see them.
        """
        self._is_needed = not for_outputs
        try:
            return super().node_data(stk_defn, for_resources, for_outputs)
        finally:
            self._is_needed = False

    @contextlib.contextmanager
    def _asking(self):
        """Connect to the daemon, for as long as a user may wait for it."""
        with self.connect() as client:
            if not self._is_awaited:
                yield client
                return
            request = self.context.request_id
            left = _WAITING.left(request, client.endpoint)
            if left <= 0:
                raise errors.Failed(_(
                    'Docker at %s takes too long to answer all that is shown '
                    '(option attributes_timeout of the operator)')
                    % client.endpoint)
            client.limit_time(left)
            begin = time.monotonic()
            try:
                yield client
            finally:
                _WAITING.add(request, client.endpoint,
                             time.monotonic() - begin, client.received)

    def _resolve_any_attribute(self, attr):
        """Return the value of an attribute, or None if nobody knows it.

        A daemon that is away, or slow, or makes no sense, must not keep
        anybody from seeing the stack.
        """
        self._is_awaited = not self._is_needed
        try:
            value = super()._resolve_any_attribute(attr)
        except exception.HeatException as ex:
            LOG.warning('Attribute %(attribute)s of %(resource)s: %(why)s',
                        {'attribute': attr, 'resource': self.name,
                         'why': ex})
            return None
        except (ArithmeticError, AttributeError, LookupError, RecursionError,
                TypeError, ValueError):
            LOG.exception('Attribute %(attribute)s of %(resource)s: the '
                          'answer is not of the shape that the Docker API '
                          'has', {'attribute': attr, 'resource': self.name})
            return None
        finally:
            self._is_awaited = False
        if attr == attributes.SHOW_ATTR and value is not None:
            # Heat shows it instead of all attributes.
            return {attribute.name: self._resolve_any_attribute(
                        attribute.name)
                    for attribute in self.spec.ATTRIBUTES
                    if not attribute.secret and attribute.at is not None}
        if not self._is_needed and not _WAITING.may_show(
                self.context.request_id, value):
            LOG.warning('Attribute %(attribute)s of %(resource)s: it is too '
                        'long to be shown',
                        {'attribute': attr, 'resource': self.name})
            return None
        return value

    def _resolve_attribute(self, name):
        """Return the value of an attribute of the table.

        What was read for one attribute, or could not be, serves those that
        are asked for in the same breath.
        """
        if self.resource_id is None:
            return None
        attribute = next(attribute for attribute in self.spec.ATTRIBUTES
                         if attribute.name == name)
        if attribute.at is None:
            return getattr(self, attribute.source)()
        inspected = self._inspected()
        if inspected is None:
            return None
        if attribute.source is None:
            value = fields.read(inspected, attribute.at)
        else:
            with self._asking() as client:
                value = getattr(self, attribute.source)(client, inspected)
        return None if value is None else attribute.from_api(value)

    def _inspected(self):
        if self._shown is None or (
                time.monotonic() - self._shown[0] > _FRESH):
            try:
                with self.connect() as client:
                    clients.raise_if_down(client.endpoint)
                return self._show_resource()
            except exception.HeatException:
                self._shown = time.monotonic(), None
                raise
        return self._shown[1]
