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

"""Steps with images that contain the files of a container."""

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

# Prefix of the tags of images that are removed with their stack. Images of the
# deletion policy are retained. A label cannot distinguish them: containers
# have the labels of their image, and pass them on to the next image.
_OF_STACK = 'snapshot-'

# Map of endpoint, stack and traversal to the time of a list of images, and the
# snapshots in it. Records cannot replace the list: an earlier resource with
# the same name may have been replaced or deleted, and an image may outlive its
# snapshot.
_LISTED: dict[tuple, tuple[float, dict]] = {}


class Commit(plan.Step):
    """Create an image of the container."""

    def __init__(self, keep: bool):
        """Prepare the background task.

        :param keep: whether the image outlives the stack. If so, a missing
            container is not an error.
        """
        self._keep = keep
        self._task = background.Polled()
        self._image = ''

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Start the commit, and return whether it has ended."""
        try:
            return self._commit(ctx)
        except errors.NotFound:
            if not self._keep:
                raise
            return True

    def _commit(self, ctx: plan.Context):
        if not self._task.poll(ctx.client, lambda: self._prepare(ctx)):
            return False
        if not self._keep:
            ctx.records.write(records.SnapshotImage(self._image))
        ctx.event(_('The container is kept as the image %s') % self._image)
        return True

    def cancel(self, ctx: plan.Context) -> None:
        """Stop waiting for the image."""
        self._task.cancel()

    def _prepare(self, ctx: plan.Context):
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
    """Remove the images of snapshots when their stack is deleted.

    Heat does not delete each snapshot of a stack before the stack, and an
    image cannot be removed while a container that was restored from it runs.
    """

    NEEDS_OBJECT = False

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Find the images by their labels, and remove them."""
        name = ctx.object.owner.resource_name
        for tag in _snapshots_of_stack(ctx).get(name, ()):
            remove(ctx.client, tag)
        return True


def remove(client, image):
    """Remove an image, unless a container uses it."""
    with contextlib.suppress(errors.NotFound, errors.Conflict):
        client.images.remove(image)


def _snapshots_of_stack(ctx: plan.Context):
    """Return the snapshots of the stack, by the name of the resource.

    All resources of a worker share one list: during the delete of a stack, no
    images are created except those that are retained. Heat has a new ID for
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

    :param list images: images as the daemon lists them.
    """
    snapshots = {}
    for image in images:
        name = (image.get('Labels') or {}).get(
            process.OWN_LABELS + 'resource_name')
        for tag in image.get('RepoTags') or ():
            # Images that users have committed have the labels, too.
            if is_of_stack(tag):
                snapshots.setdefault(name, []).append(tag)
    return snapshots


def is_of_stack(tag):
    """Return whether a name of an image is that of a stack's snapshot."""
    return answers.is_id(tag) and tag.startswith(
        registry.SNAPSHOTS + '/') and ':' + _OF_STACK in tag
