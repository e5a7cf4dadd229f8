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

"""Copies of the files of volumes, by means of helper containers."""

import contextlib

from heat.common import short_id

from .. import background
from .. import conf
from .. import errors
from .. import i18n
from ..convert import registry
from . import ownership
from . import plan

_ = i18n._

# An image without files, from which the helpers are created.
_IMAGE, _TAG = registry.HELPERS + '/empty', 'latest'
_PATH = '/volume'

random_name = short_id.generate_id


def copy_files(client, source, target, labels, check):
    """Copy the files of a volume to another one of the same daemon.

    Each volume has a helper container, which never runs: the daemon can read
    and write archives of stopped containers. It locks the container meanwhile,
    so one container with both volumes would wait for itself.

    :param client: client of the daemon.
    :param str source: name of the volume with the files.
    :param str target: name of the volume that receives them.
    :param dict labels: labels of the helpers.
    :param check: function that takes the client, and raises if the source is
        another volume now. As long as a helper mounts the volume, no other
        volume can get its name.
    """
    # Docker would create a volume that is missing.
    client.volumes.inspect(source)
    if not client.images.exists('%s:%s' % (_IMAGE, _TAG)):
        client.images.load(_IMAGE, _TAG, bytes(1024))
    with contextlib.ExitStack() as helpers:
        giver, taker = (helpers.enter_context(_helper(client, volume, labels))
                        for volume in (source, target))
        check(client)
        # Two requests at a time take two connections, each with its budget.
        with client.clone() as reader:
            client.containers.put_archive(
                taker, _limited(reader.containers.get_archive(
                    giver, _PATH + '/.')), _PATH)


@contextlib.contextmanager
def _helper(client, volume, labels):
    """Create a container with a volume, and yield its ID."""
    helper, _warnings = client.containers.create({}, {
        'Image': '%s:%s' % (_IMAGE, _TAG), 'Cmd': ['none'],
        'Labels': labels, 'NetworkDisabled': True,
        'HostConfig': {'NetworkMode': 'none', 'Mounts': [
            {'Type': 'volume', 'Source': volume, 'Target': _PATH,
             'VolumeOptions': {'NoCopy': True}}]}})
    try:
        yield helper
    finally:
        with contextlib.suppress(errors.DockerError):
            client.containers.remove(helper, volumes=False)


def _limited(pieces):
    """Yield pieces of bytes, up to the size that the operator allows."""
    limit = conf.group().max_snapshot_bytes
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise errors.Refused(
                _('The files of the volume take more than %d bytes (operator '
                  'option max_snapshot_bytes)') % limit)
        yield piece


def kept_labels(owner):
    """Return the labels of copies that outlive the stack.

    They differ from those of the volume, so that a search does not find the
    copy instead. The plugin never removes an object with these labels.
    """
    return owner.all_labels(copy_of=_origin(owner))


def snapshot_labels(owner):
    """Return the labels of copies that are removed with the stack.

    The snapshots of a replacement have the same labels.
    """
    return owner.all_labels(snapshot_of=_origin(owner))


def find_snapshots(client, owner):
    """Return the names of the copies that are removed with the stack.

    Copies of earlier versions of the plugin have no label with the project.
    """
    label = ownership.LABEL + 'snapshot_of'
    labels = snapshot_labels(owner)
    return [found['Name'] for found
            in client.volumes.list({label: labels[label]})
            if (found.get('Labels') or {}).items() <= labels.items()]


def remove_copy(client, name):
    """Remove a copy, unless a container uses it."""
    with contextlib.suppress(errors.NotFound, errors.Conflict):
        client.volumes.remove(name)


def _helper_labels(owner):
    """Return the labels of helper containers.

    No other container has them, regardless of the labels of its image.
    """
    return owner.all_labels(helper_of=_origin(owner))


def _origin(owner):
    return '%s/%s' % (owner.stack_id, owner.resource_name)


def _remove_helpers(client, owner):
    # A helper never runs, so there is nothing to kill.
    for helper in client.containers.find(_helper_labels(owner)):
        with contextlib.suppress(errors.NotFound, errors.Conflict,
                                 errors.Busy):
            client.containers.remove(helper, volumes=False)


class RemoveHelpers(plan.Step):
    """Remove helpers of a heat-engine that ended during a copy."""

    NEEDS_OBJECT = False

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Find the helpers by their labels, and remove them."""
        _remove_helpers(ctx.client, ctx.object.owner)
        return True


class Copy(plan.Step):
    """A step that copies files in the background."""

    def __init__(self):
        """Prepare the background task."""
        self._task = background.Polled()

    def copy(self, ctx: plan.Context, source, target, check):
        """Return whether the files of a volume are in another one.

        :param check: see :func:`copy_files`.
        """
        def prepare():
            _remove_helpers(ctx.client, ctx.object.owner)
            labels = _helper_labels(ctx.object.owner)
            return lambda client: copy_files(client, source, target, labels,
                                             check)

        return self._task.poll(ctx.client, prepare)

    def cancel(self, ctx: plan.Context) -> None:
        """Stop copying."""
        self._task.cancel()
