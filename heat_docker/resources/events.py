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

"""Events without secrets, and rows without former secrets."""

from heat.common import exception
from heat.objects import resource_properties_data
from oslo_db import exception as db_exception
from oslo_log import log as logging

from .. import masking
from . import tables

LOG = logging.getLogger(__name__)


class MaskingResource(tables.TableResource):
    """A resource whose events show the properties without their secrets.

    Heat removes a row of properties together with the last event that refers
    to it. These events refer to rows of their own, so the rows of the resource
    stay. Their secrets are masked when the resource no longer needs them. The
    rows are not removed, because another worker may be about to refer to them.
    """

    def __init__(self, name, definition, stack):
        super().__init__(name, definition, stack)
        self._masked = None
        self._masked_id = None
        self._former = []

    def _update_stored_properties(self):
        former = self._rsrc_prop_data_id, self._stored_properties_data
        super()._update_stored_properties()
        if former[0] not in (None, self._rsrc_prop_data_id):
            self._former.append(former)

    def store(self, *args, **kwargs):
        """Store the resource, and then mask the former properties."""
        before = self._rsrc_prop_data_id
        try:
            super().store(*args, **kwargs)
        except exception.UpdateInProgress:
            # Heat has added a row, but the resource does not refer to it.
            if before is None:
                self._mask(self._rsrc_prop_data_id,
                           self._stored_properties_data)
                self._rsrc_prop_data_id = None
            raise
        while self._former:
            self._mask(*self._former.pop())

    def _mask(self, row_id, properties):
        """Mask the secrets in a row of properties."""
        masked = masking.masked(self.spec.FIELDS, properties or {})
        if row_id is None or masked == (properties or {}):
            return
        try:
            resource_properties_data.ResourcePropertiesData.create_or_update(
                self.context, masked, row_id)
        except db_exception.DBError:
            LOG.exception('Former secrets of %s remain in the database',
                          self.name)

    def add_event(self, reason):
        """Add an event to the stack, in the current state of the resource."""
        self._add_event(self.action, self.status, str(reason))

    def _add_event(self, action, status, reason):
        """Add an event with masked properties."""
        # Heat takes the properties from these two attributes:
        # https://opendev.org/openstack/heat/src/branch/master/heat/engine/resource.py
        kept = self._rsrc_prop_data_id, self._stored_properties_data
        masked = masking.masked(self.spec.FIELDS, kept[1] or {})
        if masked != (kept[1] or {}):
            self._stored_properties_data = masked
            self._rsrc_prop_data_id = self._masked_row(masked)
        try:
            super()._add_event(action, status, reason)
        finally:
            self._rsrc_prop_data_id, self._stored_properties_data = kept
        if (action, status) == (self.DELETE, self.COMPLETE):
            self._mask(*kept)

    def _masked_row(self, masked):
        """Return the ID of the masked properties in Heat's database."""
        if self._masked != masked:
            row = resource_properties_data.ResourcePropertiesData
            self._masked = masked
            self._masked_id = row(self.context).create_or_update(
                self.context, masked).id
        return self._masked_id
