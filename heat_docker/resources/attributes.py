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

"""Live state and attributes, which a resource reads from its daemon."""

import contextlib
import time

from heat.common import exception
from heat.engine import attributes
from oslo_log import log as logging

from .. import budgets
from .. import changes
from .. import client as clients
from .. import errors
from .. import fields
from .. import i18n
from .. import validation
from . import daemon
from . import request_costs
from . import tables

_ = i18n._

LOG = logging.getLogger(__name__)

# Seconds during which the attributes of a resource share one response.
_FRESH = 2.0


_COSTS = request_costs.Costs()


class ShowingResource(daemon.DaemonResource):
    """A resource with attributes that its daemon provides."""

    # Whether other resources need the attributes, which justifies any wait;
    # and whether a user waits for them.
    _is_needed = False
    _is_awaited = False

    def __init__(self, name, definition, stack):
        super().__init__(name, definition, stack)
        self._shown = None

    def forget_live_state(self):
        """Discard the last response, because an action may change it."""
        self._shown = None

    def _show_resource(self):
        """Return the daemon's response to an inspect request.

        :raises exception.EntityNotFound: if the object does not exist. Heat
            then replaces the resource.
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
        is_small = request_costs.estimated_size(
            inspected, budgets.ATTRIBUTE) <= budgets.ATTRIBUTE
        self._shown = (time.monotonic(), inspected) if is_small else None
        return inspected

    def parse_live_resource_data(self, resource_properties, resource_data):
        """Return the properties that were changed outside of Heat."""
        with tables.errors_of_heat():
            return changes.drift(
                self.spec.FIELDS,
                validation.null_means_unset(resource_properties),
                resource_data)

    def node_data(self, stk_defn=None, for_resources=True, for_outputs=False):
        """Return the values that other resources and outputs refer to.

        With ``for_outputs``, Heat shows the values to a user.
        """
        self._is_needed = not for_outputs
        try:
            return super().node_data(stk_defn, for_resources, for_outputs)
        finally:
            self._is_needed = False

    @contextlib.contextmanager
    def _asking(self):
        """Connect to the daemon, within the time that a user waits."""
        with self.connect() as client:
            if not self._is_awaited:
                yield client
                return
            request, source = (self.context.request_id,
                               self.object.source(client))
            left = _COSTS.left(request, source.endpoint)
            if left <= 0:
                raise errors.Failed(_(
                    'Docker at %s takes too long to return all attributes '
                    '(operator option attributes_timeout)')
                    % source.endpoint)
            source.limit_time(left)
            begin = time.monotonic()
            try:
                yield client
            finally:
                _COSTS.add(request, source.endpoint,
                             time.monotonic() - begin, source.received)

    def _resolve_any_attribute(self, attr):
        """Return the value of an attribute, or None if it is unavailable.

        A daemon that is unreachable or slow, or that returns invalid data,
        must not prevent users from reading the stack.
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
                          'response does not have the form that the Docker '
                          'API defines',
                          {'attribute': attr, 'resource': self.name})
            return None
        finally:
            self._is_awaited = False
        if attr == attributes.SHOW_ATTR and value is not None:
            # Heat shows it instead of all attributes.
            return {attribute.name: self._resolve_any_attribute(
                        attribute.name)
                    for attribute in self.spec.ATTRIBUTES
                    if not attribute.secret and attribute.at is not None}
        if not self._is_needed and not _COSTS.may_show(
                self.context.request_id, value):
            LOG.warning('Attribute %(attribute)s of %(resource)s: it is too '
                        'large to show',
                        {'attribute': attr, 'resource': self.name})
            return None
        return value

    def _resolve_attribute(self, name):
        """Return the value of an attribute in the table.

        Attributes that Heat reads together share one response or error.
        """
        if self.resource_id is None:
            return None
        attribute = self.attribute_named(name)
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
                    clients.raise_if_down(
                        self.object.source(client).endpoint)
                return self._show_resource()
            except exception.HeatException:
                self._shown = time.monotonic(), None
                raise
        return self._shown[1]
