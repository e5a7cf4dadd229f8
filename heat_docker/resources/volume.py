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

"""``DockerInc::Docker::Volume``."""

from heat.common import exception
from heat.engine import resource
from heat.objects import resource as resource_objects
from heat.objects import stack as stack_objects

from .. import changes
from .. import i18n
from ..lifecycle import creation
from ..lifecycle import neighbors
from ..lifecycle import plan
from ..lifecycle import records
from ..lifecycle import volume_copies
from ..lifecycle import volumes
from ..specs import volume as spec
from . import registration
from . import rows
from . import snapshots

_ = i18n._


class DockerVolume(snapshots.SnapshotResource):
    """A volume on a Docker daemon, whose files outlive containers.

    Containers refer to it by get_resource as the source in their property
    mounts, or as a key of volumes. The value is its name. The create fails if
    a volume with the same name exists. external_id uses an existing volume,
    and never changes or removes it.

    Docker cannot change a volume, and a replacement would destroy its files.
    An update that would replace it therefore fails, unless replace_on_change
    is true. A failed check does not replace a volume that exists. Marking it
    as unhealthy replaces it only if replace_on_change is true and it has no
    fixed name.

    With the deletion policy Retain, deleting the stack leaves the volume; with
    Snapshot it leaves a copy. A snapshot of the stack copies the files to
    another volume of the daemon, up to the size that the operator allows. A
    restore replaces this volume with a new copy of the snapshot. A volume with
    a fixed name cannot be restored.
    """

    spec = spec
    object_class = volumes.Volume
    snapshot_record = records.SnapshotVolume

    # Plans.

    def create_plan(self, values):
        """Return the steps that create the volume, and fill it."""
        steps = [volumes.Create(self._before_update)]
        if values['source_volume']:
            steps.append(volumes.Fill())
        return steps

    def finish_plan(self, ctx, planned):
        """Return the step that fills a volume whose create failed.

        After that, another copy could overwrite newer files.
        """
        if ctx.properties['source_volume'] and (
                not self.records.holds(records.Filled)):
            return [volumes.Fill()]
        return super().finish_plan(ctx, planned)

    def delete_plan(self, values):
        """Return the steps that remove the volume and its snapshots."""
        steps = [volume_copies.RemoveHelpers(), volumes.Remove()]
        if self.stack.action == self.stack.DELETE:
            steps.append(volumes.RemoveSnapshots())
        return steps

    def snapshot_plan(self, keep):
        """Return the step that copies the files."""
        return [volumes.Snapshot(keep)]

    def remove_snapshot(self, client, name):
        """Remove the copy of a snapshot."""
        volume_copies.remove_copy(client, name)

    def properties_from_snapshot(self, name):
        """Return the properties of a volume with the files of the copy."""
        return {'source_volume': name}

    def handle_delete(self):
        """Return the plan of the delete.

        It is empty if another resource uses the same volume.
        """
        if self.resource_id is not None and self._is_used_by_another():
            return plan.Plan(self.plan_context(), [])
        return super().handle_delete()

    # The volume from before a failed update.

    def _before_update(self):
        """Return the resource from before a failed update, or None.

        It must have had the properties that this resource has now.
        """
        replaced = rows.stored(self.context, self.replaces)
        if replaced is None or self._is_restored():
            return None
        row = self._row_before(self.properties, replaced.replaces)
        return row and neighbors.StoredResource(row)

    def _row_before(self, values, row_id):
        """Return the row of an earlier resource with these properties.

        :param values: properties after the update.
        :param row_id: ID of the latest resource to consider, or None.
        :returns: None if there is none, or if it cannot be used.
        """
        row = rows.stored(self.context, row_id)
        while row is not None and not (
                row.physical_resource_id and row.action != self.DELETE
                and not neighbors.StoredResource(row).holds(records.Unhealthy)
                and self._was_like(values, row)):
            row = rows.stored(self.context, row.replaces)
        return row

    def _was_like(self, values, row):
        """Return whether an earlier resource had these properties."""
        old, *_needed = resource.Resource.load(self.context, row.id, None,
                                               False, {})
        return type(old) is type(self) and not changes.changed(
            self.spec.FIELDS, old.values_in(old.frozen_definition()), values)

    def _is_undone(self, before_props, after_props):
        """Return whether an update undoes the replacement of the volume.

        This is so in the rollback of a parent stack, and after a restore that
        has failed. The old volume still exists then.
        """
        restored = before_props['source_volume'] and not (
            after_props['source_volume'])
        return bool((restored or self._is_rolled_back())
                    and self._row_before(after_props, self.replaces))

    def _is_rolled_back(self):
        """Return whether a rollback of this stack or a parent is running."""
        stack = self.stack
        while stack is not None and stack.action != self.stack.ROLLBACK:
            stack = stack.owner_id and stack_objects.Stack.get_by_id(
                self.context, stack.owner_id, eager_load=False) or None
        return stack is not None and stack.status == self.IN_PROGRESS

    def _is_used_by_another(self):
        """Return whether another resource of the stack uses this volume.

        The last of them that is deleted removes the volume.
        """
        found = resource_objects.Resource.get_all_by_root_stack(
            self.context, self.stack.root_stack_id(),
            {'stack_id': self.stack.id,
             'physical_resource_id': self.resource_id})
        return any(row.id != self.id and row.action != self.DELETE
                   for row in found.values())

    # Updates.

    def needs_replace_with_prop_diff(self, changed_properties_set,
                                     after_props, before_props):
        """Return whether the volume has to be replaced.

        :raises exception.NotSupported: if the template does not allow this,
            because it destroys the files.
        """
        if self._is_undone(before_props, after_props):
            return True
        # To remove source_volume keeps the files that were copied from it.
        refilled = ('source_volume' in changed_properties_set
                    and after_props['source_volume'])
        if not refilled and not super().needs_replace_with_prop_diff(
                changed_properties_set, after_props, before_props):
            return False
        if not (after_props['replace_on_change']
                or refilled and self._is_restored()):
            raise exception.NotSupported(feature=_(
                'Replacing the volume %(name)s, which destroys its files, '
                'because of a change of %(changed)s, without '
                'replace_on_change: true')
                % {'name': self.name,
                   'changed': ', '.join(sorted(changed_properties_set))})
        if after_props['name'] and not (
                {'name', 'docker_endpoint'} & set(changed_properties_set)):
            raise exception.NotSupported(feature=_(
                'Replacing the volume %s with another one of the same name')
                % self.name)
        return True

    def _is_restored(self):
        """Return whether the stack is being restored from a snapshot.

        The purpose of a restore is to replace the files.
        """
        return self.stack.action == self.stack.RESTORE

    def may_replace_unhealthy(self, values):
        """Return whether a mark as unhealthy may replace the volume."""
        return bool(values['replace_on_change'] and not values['name'])

    def delete_convergence(self, template_id, *args, **kwargs):
        """Delete the volume, but not while a rollback may need its files.

        As soon as the containers of a replaced or removed volume are updated,
        Heat deletes the volume, although other resources may still fail.

        :param template_id: id of the template of the update.
        :raises exception.UpdateInProgress: to have Heat call this again.
        """
        if (self.stack.action in (self.stack.UPDATE, self.stack.RESTORE)
                and self.current_template_id != template_id
                and creation.may_exist(self.object)
                and self._are_updates_pending(template_id)):
            self.retry_in_turn()
        super().delete_convergence(template_id, *args, **kwargs)

    def _are_updates_pending(self, template_id):
        """Return whether a resource of the stack is still to be updated.

        :param template_id: id of the template of the update.
        """
        found = resource_objects.Resource.get_all_by_root_stack(
            self.context, self.stack.root_stack_id(),
            {'stack_id': self.stack.id, 'status': self.COMPLETE,
             'current_template_id': template_id})
        updated = {row.name for row in found.values()
                   if row.action not in (self.INIT, self.DELETE)}
        return not self.stack.defn.enabled_rsrc_names() <= updated

    # Attributes that no inspect request shows.

    def size(self, client, inspected):
        """Return the size of the files in bytes; None if it is unknown."""
        for volume in client.volumes.disk_usage():
            if volume.get('Name') == inspected['Name']:
                size = (volume.get('UsageData') or {}).get('Size', -1)
                return None if size < 0 else size
        return None


resource_mapping, available_resource_mapping = registration.mappings(
    'DockerInc::Docker::Volume', DockerVolume)
