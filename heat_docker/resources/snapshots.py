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

"""The hooks that Heat calls for snapshots."""

from ..lifecycle import plan
from ..lifecycle import records
from . import base


class SnapshotResource(base.DockerResource):
    """A resource whose files a snapshot of its stack contains.

    Heat allows the deletion policy Snapshot for types with
    handle_snapshot_delete only.

    :cvar snapshot_record: class of the record that has the name of the copy.
    """

    snapshot_record: type[records.Record]

    def snapshot_plan(self, keep: bool) -> list[plan.Step]:
        """Return the steps that make a copy.

        :param keep: whether the copy outlives the stack. If so, a missing
            object is not an error.
        """
        raise NotImplementedError()

    def remove_snapshot(self, client, name):
        """Remove the copy of a snapshot, unless something uses it."""
        raise NotImplementedError()

    def properties_from_snapshot(self, name) -> dict:
        """Return the properties that differ in a restored object.

        None stands for a property that is not set.

        :param name: of the copy.
        """
        raise NotImplementedError()

    def handle_snapshot(self):
        """Return the plan of a snapshot."""
        return self._plan(self.snapshot_plan(keep=False))

    check_snapshot_complete = base.DockerResource.check_create_complete
    handle_snapshot_cancel = base.DockerResource.handle_create_cancel
    handle_snapshot_delete_cancel = base.DockerResource.handle_delete_cancel

    def handle_snapshot_delete(self, state):
        """Return the plan of a delete that leaves a copy."""
        running = self.handle_delete()
        if self.resource_id is not None and running.steps:
            # Once it is known whose the object is.
            running.steps[1:1] = self.snapshot_plan(keep=True)
        return running

    def handle_delete_snapshot(self, snapshot):
        """Remove the copy of a snapshot."""
        copy = records.read(snapshot['resource_data'], self.snapshot_record)
        if copy is not None and copy.name:
            with self.connect() as client:
                self.remove_snapshot(client, copy.name)

    def handle_restore(self, defn, restore_data):
        """Return the definition of a resource restored from a snapshot."""
        copy = records.read(restore_data['resource_data'],
                            self.snapshot_record)
        if copy is None:
            return defn
        values = {**self.properties.data,
                  **self.properties_from_snapshot(copy.name)}
        return defn.freeze(properties={
            name: value for name, value in values.items()
            if value is not None})
