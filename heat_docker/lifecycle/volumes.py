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

"""The object of a volume, and its steps."""

import contextlib
import dataclasses
import typing

from .. import answers
from .. import errors
from .. import i18n
from .. import policy
from ..api import volumes as api_volumes
from ..convert import references
from . import creation
from . import objects
from . import ownership
from . import plan
from . import records
from . import removal
from . import volume_copies

_ = i18n._


class Volume(objects.Object):
    """A volume, whose name is its ID."""

    COLLECTION = 'volumes'
    KIND = api_volumes.Volumes

    def inspect(self, client):
        """Return what the daemon shows of the volume."""
        return same(client.volumes.inspect(self.id), self.signs())

    def signs(self):
        """Return the signs that identify the volume, or None for any volume.

        A volume that this resource created has its labels. If a user removed
        it, Docker may have created another one for a container of the stack.
        The resource uses that one unless it may belong to another project.
        """
        adopted = self.records.read(records.Adopted)
        if adopted is None and (
                not self.records.holds(records.CreateRequest)):
            return None
        return _signs(adopted, self._own_labels())

    def is_own(self, inspected):
        """Return whether this resource created a volume."""
        labels = inspected.get('Labels') or {}
        return self._own_labels().items() <= labels.items()

    def _own_labels(self):
        return self.owner.labels_by('resource_id', 'stack_id')

    def is_permanent(self, value):
        """Return whether Heat can store a name."""
        return answers.is_id(value) and len(value) < 256

    def permanent_id(self, inspected):
        """Return the name, and record what else identifies the volume.

        Before Docker 23, CreatedAt is the time of the last change:
        https://github.com/moby/moby/pull/44719.
        """
        self.records.write(records.Adopted({
            'driver': inspected.get('Driver'),
            'labels': inspected.get('Labels') or {}}))
        return inspected['Name']


def _volume(ctx: plan.Context) -> Volume:
    """Return the object of a step, which is a volume."""
    return typing.cast(Volume, ctx.object)


def _signs(adopted, labels):
    """Return the signs of an adopted or created volume."""
    if adopted is not None:
        return adopted.signs
    return {'labels': labels} if policy.is_shared() else None


def _signs_of(stored, owner):
    """Return the signs of the volume of an earlier resource of this name.

    :param stored: :class:`heat_docker.lifecycle.neighbors.StoredResource`.
    """
    before = dataclasses.replace(owner, resource_id=stored.uuid)
    return _signs(stored.read(records.Adopted),
                  before.labels_by('resource_id', 'stack_id'))


def same(inspected, signs):
    """Return an inspected volume, if it is still the same one.

    Another volume may have its name now.

    :param signs: ``labels``, which must be among those of the volume; with
        ``driver``, both must be equal. None accepts any volume.
    :raises errors.NotFound: if it is another volume with the same name.
    """
    if signs is not None:
        labels = inspected.get('Labels') or {}
        is_same = signs['labels'].items() <= labels.items()
        if 'driver' in signs:
            is_same = signs == {'driver': inspected.get('Driver'),
                                'labels': labels}
        if not is_same:
            raise errors.NotFound(
                _('The volume %s of this resource no longer exists, and '
                  'another volume has its name') % inspected['Name'])
    return inspected


class Create(creation.Create):
    """Create a volume, or use the one from before a failed update.

    Heat rolls a nested stack back by an ordinary update, and a user may return
    to the old template in the same way. Heat then replaces the replacement,
    and still has the old resource with its files.
    """

    def __init__(self, before):
        """Prepare the request.

        :param before: function that returns the resource from before a failed
            update, a :class:`heat_docker.lifecycle.neighbors.StoredResource`,
            or None.
        """
        self._before = before

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Create a volume, or use the old one."""
        before = self._find_before(ctx)
        if before is None:
            return super().__call__(ctx)
        creation.record_request(ctx.client, ctx.records)
        ctx.records.write(records.Filled())
        ctx.object.id = ctx.object.permanent_id(before)
        return True

    def _find_before(self, ctx: plan.Context):
        stored = self._before()
        if stored is None:
            return None
        with contextlib.suppress(errors.NotFound):
            inspected = same(ctx.client.volumes.inspect(stored.object_id),
                             _signs_of(stored, ctx.object.owner))
            ctx.object.refuse_foreign(inspected)
            return inspected

    def send(self, ctx: plan.Context, request):
        """Send the request. Docker may return a volume that exists."""
        made = ctx.client.volumes.create(request.body)
        if not _volume(ctx).is_own(made):
            raise errors.Conflict(
                _('Docker at %(endpoint)s already has a volume %(name)s, '
                  'which does not belong to this resource; to use it, set '
                  'external_id: %(name)s')
                % {'endpoint': ctx.client.endpoint, 'name': made['Name']})
        return made['Name']


class Remove(removal.RemoveUnused):
    """Remove a volume, unless another volume has its name now."""

    def remove(self, ctx: plan.Context):
        """Send the request."""
        inspected = ctx.object.inspect(ctx.client)
        if ctx.records.holds(records.Adopted) or (
                _volume(ctx).is_own(inspected)):
            ctx.client.volumes.remove(ctx.object.id)

    def users(self, ctx: plan.Context):
        """Return the IDs of the containers that mount the volume."""
        return ctx.client.containers.using_volume(ctx.object.id)


class Fill(volume_copies.Copy):
    """Copy the files of source_volume to a new volume."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Copy the files once: later copies would overwrite newer files."""
        if ctx.records.holds(records.Filled):
            return True
        values = ctx.properties
        done = self.copy(
            ctx, values['source_volume'], ctx.object.id,
            lambda client: ownership.resolve(
                client, ctx.fields, values, ctx.object.owner,
                references.VOLUME))
        if done:
            ctx.records.write(records.Filled())
        return done


class Snapshot(volume_copies.Copy):
    """Copy the files to a new volume."""

    def __init__(self, keep: bool):
        """Prepare the copy.

        :param keep: whether the copy outlives the stack. If so, a missing
            volume is not an error.
        """
        super().__init__()
        self._keep = keep
        self._name: typing.Any = None

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Copy the files, and record the name of the copy."""
        try:
            return self._copy_to_new(ctx)
        except errors.NotFound:
            if not self._keep:
                raise
            return True

    def _copy_to_new(self, ctx: plan.Context):
        owner, client = ctx.object.owner, ctx.client
        if self._name is None:
            name = 'heat-snapshot-%s-%s' % (
                ctx.object.name(ctx.properties), volume_copies.random_name())
            client.volumes.create({'Name': name, 'Labels': (
                volume_copies.kept_labels(owner) if self._keep
                else volume_copies.snapshot_labels(owner))})
            self._name = name
        source, signs = ctx.object.id, _volume(ctx).signs()
        try:
            if not self.copy(ctx, source, self._name, lambda client: same(
                    client.volumes.inspect(source), signs)):
                return False
        except errors.DockerError:
            copy, self._name = self._name, None
            with contextlib.suppress(errors.Unreachable):
                volume_copies.remove_copy(client, copy)
            raise
        if not self._keep:
            ctx.records.write(records.SnapshotVolume(self._name))
        ctx.event(_('The files are kept in the volume %s') % self._name)
        return True


class RemoveSnapshots(plan.Step):
    """Remove the copies of snapshots when their stack is deleted."""

    NEEDS_OBJECT = False

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Find the copies by their labels, and remove them."""
        for name in volume_copies.find_snapshots(ctx.client, ctx.object.owner):
            volume_copies.remove_copy(ctx.client, name)
        return True
