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

"""Steps with images that keep what a container has written."""

import contextlib
import re
import time

from heat.common import short_id

from .. import answers
from .. import background
from .. import budgets
from .. import errors
from .. import i18n
from ..convert import process
from ..convert import registry
from . import plan
from . import records

_ = i18n._

# What the tags of images begin with that go with their stack. Those that the
# deletion policy creates stay. A label would not tell: containers have the
# labels of their image, and pass them on.
_OF_STACK = 'snapshot-'

# Snapshots of stacks, and when they were listed, by what they were listed
# for. Records do not tell that a resource has none: an earlier resource of
# its name may have been replaced or deleted, and an image may outlive its
# snapshot.
_LISTED = {}


class Commit(plan.Step):
    """Create an image of the container.

    :ivar keep: whether the image outlives the stack. Then a container that is
        gone is no error.
    """

    def __init__(self, keep):
        """Prepare the background task."""
        self._keep = keep
        self._task = background.Polled()
        self._image = None

    def __call__(self, ctx):
        """Return whether it is created."""
        try:
            return self._commit(ctx)
        except errors.NotFound:
            if not self._keep:
                raise
            return True

    def _commit(self, ctx):
        if not self._task.poll(ctx.client, lambda: self._prepare(ctx)):
            return False
        if not self._keep:
            ctx.records.write(records.SnapshotImage(self._image))
        ctx.event(_('The container is kept as the image %s') % self._image)
        return True

    def cancel(self, ctx):
        """Stop waiting for the image."""
        self._task.cancel()

    def _prepare(self, ctx):
        owner = ctx.object.owner
        name = '%s/%s' % (registry.SNAPSHOTS, re.sub(
            '[^a-z0-9]+', '-', ('%s-%s' % (
                owner.stack_name, owner.resource_name)).lower()).strip('-'))
        tag = ('' if self._keep else _OF_STACK) + short_id.generate_id()
        self._image = '%s:%s' % (name, tag)
        # A container that was adopted has labels of another stack.
        container, labels = ctx.object.id, owner.labels
        return lambda client: client.containers.commit(container, name, tag,
                                                       labels)


class RemoveSnapshots(plan.Step):
    """Remove the images of snapshots, which go with the stack.

    Heat does not always ask for it when a stack is deleted; and an image
    cannot be removed while a container runs that was restored from it.
    """

    NEEDS_OBJECT = False

    def __call__(self, ctx):
        """Find them by their labels."""
        name = ctx.object.owner.resource_name
        for tag in _snapshots_of_stack(ctx).get(name, ()):
            remove(ctx.client, tag)
        return True


def remove(client, image):
    """Remove an image, unless a container uses it."""
    with contextlib.suppress(errors.NotFound, errors.Conflict):
        client.images.remove(image)


def _snapshots_of_stack(ctx):
    """Return the snapshots of the stack, by the name of the resource.

    All resources of a worker share one answer: no image of a stack is created
    while it is deleted, except for those that stay. Heat has a new id for
    each traversal of a stack.
    """
    now, traversal = time.monotonic(), ctx.neighbors.traversal
    for key, (listed, _snapshots) in list(_LISTED.items()):
        if now - listed > budgets.SNAPSHOT_SECONDS:
            _LISTED.pop(key, None)
    key = ctx.client.endpoint, ctx.object.owner.stack_id, traversal
    if traversal and key in _LISTED:
        return _LISTED[key][1]
    snapshots = _by_resource(ctx.client.images.list(
        ctx.object.owner.labels_by('stack_id')))
    if traversal and (
            sum(map(len, snapshots.values())) <= budgets.SNAPSHOTS):
        if len(_LISTED) >= budgets.SNAPSHOT_STACKS:
            _LISTED.clear()
        _LISTED[key] = now, snapshots
    return snapshots


def _by_resource(images):
    """Return the tags of snapshots, by the name of the resource.

    :param list images: what a daemon lists.
    """
    snapshots = {}
    for image in images:
        name = (image.get('Labels') or {}).get(
            process.OWN_LABELS + 'resource_name')
        for tag in image.get('RepoTags') or ():
            # What users have committed has the labels, too.
            if answers.is_id(tag) and tag.startswith(
                    registry.SNAPSHOTS + '/') and ':' + _OF_STACK in tag:
                snapshots.setdefault(name, []).append(tag)
    return snapshots
