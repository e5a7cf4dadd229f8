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

import contextlib
import json

from heat.common import exception
from heat.common import short_id
from heat.engine import resource
from heat.objects import resource as resource_objects
from heat.objects import stack as stack_objects

from .. import errors
from .. import fields
from .. import i18n
from .. import policy
from ..convert import references
from ..specs import volume as spec
from . import base
from . import copying
from . import reaching
from . import registration
from . import users

_ = i18n._

# Keys of Heat's data of the resource: the last copy of a snapshot, and
# whether the files of source_volume are in it.
_SNAPSHOT = 'snapshot_volume'
_FILLED = 'filled'
# Signs of a volume that was taken over; "true" of earlier versions.
_ADOPTED = 'adopted'


class DockerVolume(copying.Copying, users.Used, base.DockerResource):
    """A volume on a Docker daemon, whose files outlive containers.

    Containers have get_resource of it, which is its name, as the source in
    their property mounts or as a key of volumes. A volume of the same name
    that exists is never taken over; external_id uses one that exists, and
    leaves it alone.

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
    collection = 'volumes'

    def _docker_create(self, client, request):
        """Create the volume; Docker would hand out one that exists."""
        made = client.volumes.create(request.body)
        if not self._is_own(made):
            raise errors.Conflict(
                _('Docker at %(endpoint)s has a volume %(name)s already, '
                  'which is not this resource\'s; to use it, say '
                  'external_id: %(name)s')
                % {'endpoint': client.endpoint, 'name': made['Name']})
        return made['Name']

    def _is_own(self, inspected):
        labels = inspected.get('Labels') or {}
        return self.labels_by('resource_id', 'stack_id').items() <= (
            labels.items())

    def _docker_inspect(self, client, object_id):
        """Return all that the daemon knows of the volume."""
        return _same(client.volumes.inspect(object_id), self._signs_expected())

    def _signs_expected(self):
        """Return the signs by which the volume is known, or None.

        One that this resource has made has its labels. If somebody has removed
        it, Docker may have made another one for a container of the stack. It
        is used unless it may be another project's.
        """
        if _ADOPTED in self.data():
            noted = json.loads(self.data()[_ADOPTED])
            return None if noted is True else noted
        if not policy.is_shared() or 'requested' not in self.data():
            return None
        return {'labels': self.labels_by('resource_id', 'stack_id')}

    def _docker_find(self, client, labels):
        """Return the names of the volumes that have all the labels."""
        return client.volumes.find(labels)

    def _docker_remove(self, client):
        """Remove the volume, unless somebody has made another one of it."""
        inspected = self._docker_inspect(client, self.resource_id)
        if _ADOPTED not in self.data() and not self._is_own(inspected):
            return
        client.volumes.remove(self.resource_id)

    def _docker_users(self, client):
        """Return the ids of the containers that mount the volume."""
        return client.containers.using_volume(self.resource_id)

    # The way back from a failed update.

    def _make(self, client, progress):
        """Create the volume, or use the one from before a failed update.

        A nested stack rolls back by an ordinary update, and users may return
        to the old template by one. Heat then replaces the replacement, and
        still has the resource from before, with its files.
        """
        before = self._volume_before(client)
        if before is None:
            return super()._make(client, progress)
        self._note_request(client)
        self.data_set(_FILLED, 'true')
        self.resource_id_set(self._identity(before))
        return True

    def _volume_before(self, client):
        """Return the volume from before a failed update, or None.

        It has to have the properties that this resource has now.
        """
        replaced = self._row(self.replaces)
        row = (replaced and not self._is_restored()
               and self._row_before(self.properties, replaced.replaces))
        if not row:
            return None
        with contextlib.suppress(errors.NotFound):
            inspected = client.volumes.inspect(row.physical_resource_id)
            self._refuse_foreign(inspected)
            return inspected

    def _row_before(self, values, row_id):
        """Return the row of a resource of the past with these properties.

        :param values: properties after the update.
        :param row_id: id of the latest resource to look at, or None.
        :returns: None if there is none, or if it cannot be used.
        """
        row = self._row(row_id)
        while row is not None and not (
                row.physical_resource_id and row.action != self.DELETE
                and base.UNHEALTHY not in self._notes(row)
                and self._was_like(values, row)):
            row = self._row(row.replaces)
        return row

    def _was_like(self, values, row):
        """Return whether a resource of the past had these properties."""
        old, *_needed = resource.Resource.load(self.context, row.id, None,
                                               False, {})
        return type(old) is type(self) and not fields.changed(
            self.spec.FIELDS, old._values_in(old.frozen_definition()), values)

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
        """Return whether a stack is rolled back to which this one belongs."""
        stack = self.stack
        while stack is not None and stack.action != self.stack.ROLLBACK:
            stack = stack.owner_id and stack_objects.Stack.get_by_id(
                self.context, stack.owner_id, eager_load=False) or None
        return stack is not None and stack.status == self.IN_PROGRESS

    def _is_used_by_another(self):
        """Return whether another resource of the stack uses this volume.

        The last of them that is deleted removes the volume.
        """
        rows = resource_objects.Resource.get_all_by_root_stack(
            self.context, self.stack.root_stack_id(),
            {'stack_id': self.stack.id,
             'physical_resource_id': self.resource_id})
        return any(row.id != self.id and row.action != self.DELETE
                   for row in rows.values())

    # Actions.

    def handle_delete(self):
        """Return how the volume is to be deleted, if nobody needs it."""
        if self.resource_id is not None and self._is_used_by_another():
            return reaching.Progress([])
        return super().handle_delete()

    def handle_create(self):
        """Return how the volume is to be created."""
        steps = [self._make]
        if self.properties['source_volume']:
            steps.append(self._fill)
        return reaching.Progress(steps)

    def _identity(self, inspected):
        """Note what the volume is like; it has nothing but a name."""
        self.data_set(_ADOPTED, json.dumps(_signs(inspected)))
        return inspected['Name']

    def needs_replace_with_prop_diff(self, changed_properties_set,
                                     after_props, before_props):
        """Return whether the volume is to be replaced.

        :raises exception.NotSupported: if nobody has said that its files may
            be destroyed.
        """
        if self._is_undone(before_props, after_props):
            return True
        # One that is named no more has given its files all the same.
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
                'Replacing the volume %s by another one of the same name')
                % self.name)
        return True

    def _is_restored(self):
        """Return whether the stack is being restored from a snapshot.

        A restore is meant to replace the files by those of the snapshot.
        """
        return self.stack.action == self.stack.RESTORE

    def _may_be_replaced(self, values):
        """Return whether marking it unhealthy may replace the volume."""
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
                and self._may_be_there()
                and self._are_updates_pending(template_id)):
            self._retry_in_turn()
        super().delete_convergence(template_id, *args, **kwargs)

    def _are_updates_pending(self, template_id):
        """Return whether a resource of the stack is still to be updated.

        :param template_id: id of the template of the update.
        """
        rows = resource_objects.Resource.get_all_by_root_stack(
            self.context, self.stack.root_stack_id(),
            {'stack_id': self.stack.id, 'status': self.COMPLETE,
             'current_template_id': template_id})
        updated = {row.name for row in rows.values()
                   if row.action not in (self.INIT, self.DELETE)}
        return not self.stack.defn.enabled_rsrc_names() <= updated

    # Snapshots.

    def handle_snapshot(self):
        """Return how the files are copied, if the volume is ours."""
        if self.external_id is not None:
            return reaching.Progress([])
        return reaching.Progress([self._snapshot])

    def check_snapshot_complete(self, progress):
        """Return whether the files are copied."""
        return self._advance(progress)

    def handle_snapshot_delete(self, state):
        """Return how the volume is deleted after its files were copied."""
        progress = self.handle_delete()
        if self.resource_id is not None and progress.steps:
            progress.steps.insert(0, self._keep_if_there)
        return progress

    def handle_delete_snapshot(self, snapshot):
        """Remove the copy of a snapshot."""
        copy = snapshot['resource_data'].get(_SNAPSHOT)
        if copy:
            with self._docker() as client:
                self._remove_copy(client, copy)

    def handle_restore(self, defn, restore_data):
        """Return the definition of a volume made of the snapshot."""
        copy = restore_data['resource_data'].get(_SNAPSHOT)
        if copy is None:
            return defn
        values = {name: value for name, value in self.properties.data.items()
                  if value is not None}
        values['source_volume'] = copy
        return defn.freeze(properties=values)

    def _delete_steps(self):
        """Return the steps that remove the volume and its snapshots."""
        return [self._remove_helpers, *super()._delete_steps(),
                self._remove_snapshots]

    def _remove_snapshots(self, client, progress):
        """Remove the snapshots with their stack, as Heat does with its own."""
        if self.stack.action == self.stack.DELETE:
            for copy in self._find_snapshots(client):
                self._remove_copy(client, copy)
        return True

    def _snapshot(self, client, progress):
        """Return whether the files are copied for a snapshot."""
        copy = self._copy(client, progress, self._snapshot_labels())
        if copy is not None:
            self.data_set(_SNAPSHOT, copy)
        return copy is not None

    def _keep_if_there(self, client, progress):
        """Copy the files for good; a volume that is gone has none to keep."""
        try:
            return self._copy(client, progress,
                              self._copy_labels()) is not None
        except errors.NotFound:
            return True

    def _copy(self, client, progress, labels):
        """Return the volume that the files are copied to, once they are."""
        if 'copy' not in progress.notes:
            copy = 'heat-snapshot-%s-%s' % (
                self.docker_name(self.properties), short_id.generate_id())
            client.volumes.create({'Name': copy, 'Labels': labels})
            progress.notes['copy'] = copy
        copy = progress.notes['copy']
        try:
            name, signs = self.resource_id, self._signs_expected()
            if not self._copied(
                    client, progress, name, copy, lambda client:
                    _same(client.volumes.inspect(name), signs)):
                return None
        except errors.DockerError:
            del progress.notes['copy']
            with contextlib.suppress(errors.Unreachable):
                self._remove_copy(client, copy)
            raise
        self._event(_('The files are kept in the volume %s') % copy)
        return copy

    def _fill(self, client, progress):
        """Return whether the files of source_volume are copied."""
        if _FILLED in self.data():
            return True
        values = self.properties
        done = self._copied(
            client, progress, values['source_volume'], self.resource_id,
            lambda client: self._found(client, values, references.VOLUME))
        if done:
            self.data_set(_FILLED, 'true')
        return done

    def _finish_steps(self):
        """Return the step that fills a volume whose create has failed.

        Once it is filled, what has been written since must not be lost.
        """
        if self.properties['source_volume'] and _FILLED not in self.data():
            return [self._fill]
        return super()._finish_steps()

    # Attributes that no inspect request shows.

    def size(self, client, inspected):
        """Return how many bytes the files take; None if nobody knows."""
        for volume in client.volumes.disk_usage().get('Volumes') or ():
            if volume['Name'] == inspected['Name']:
                size = (volume.get('UsageData') or {}).get('Size', -1)
                return None if size < 0 else size
        return None


def _signs(inspected):
    """Return what never changes of a volume, and is no secret.

    Before Docker 23, the time of its creation is that of its last change:
    https://github.com/moby/moby/pull/44719.
    """
    return {'driver': inspected.get('Driver'),
            'labels': inspected.get('Labels') or {}}


def _same(inspected, signs):
    """Return a volume as a daemon shows it, if it is still the same one.

    A volume has nothing but a name, which somebody else may have given to
    another one since.

    :param signs: what :func:`_signs` has returned once, or labels that are
        among those of the volume; None if any will do.
    :raises errors.NotFound: if it is another one of the same name.
    """
    shown = _signs(inspected)
    if signs is not None and (
            not signs['labels'].items() <= shown['labels'].items()
            or 'driver' in signs and signs != shown):
        raise errors.NotFound(
            _('The volume %s of this resource is gone, and another one has '
              'its name') % inspected['Name'])
    return inspected


def resource_mapping():
    """Return the type and its class, for tools that only read them."""
    return {'DockerInc::Docker::Volume': DockerVolume}


def available_resource_mapping():
    """Return the type and its class if heat-engine can serve it."""
    return registration.available(resource_mapping())
