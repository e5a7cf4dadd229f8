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

"""Events without secrets."""

from heat.objects import resource_properties_data

from .. import masking
from . import tables


class MaskingResource(tables.TableResource):
    """A resource whose events show the properties without their secrets."""

    def __init__(self, name, definition, stack):
        super().__init__(name, definition, stack)
        self._masked = None
        self._masked_id = None

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

    def _masked_row(self, masked):
        """Return the ID of the masked properties in Heat's database."""
        if self._masked != masked:
            row = resource_properties_data.ResourcePropertiesData
            self._masked = masked
            self._masked_id = row(self.context).create_or_update(
                self.context, masked).id
        return self._masked_id
