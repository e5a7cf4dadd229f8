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

"""Images that keep what a container has written, for stack snapshots."""

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
from . import reaching

_ = i18n._

# Key of Heat's data of the resource: the last image of a snapshot.
_IMAGE = 'snapshot_image'

# What the tags of images begin with that go with their stack; those that the
# deletion policy makes stay. A label would not tell: containers have those of
# their image, and pass them on.
_OF_STACK = 'snapshot-'

# Snapshots of stacks, and when they were listed, by what they were asked for.
# That none is there of one resource cannot be told by what it has noted: an
# earlier one of its name may have been replaced, or deleted, and a snapshot's
# image outlive its snapshot.
_LISTED = {}


class Snapshots:
    """The hooks of Heat around snapshots; volumes are not a part of them."""

    def handle_snapshot(self):
        """Return how an image is made of the container, if it is ours."""
        if self.external_id is not None:
            return reaching.Progress([])
        return reaching.Progress([self._snapshot])

    def check_snapshot_complete(self, progress):
        """Return whether the image is made."""
        return self._advance(progress)

    def handle_snapshot_delete(self, state):
        """Return how the container is deleted after an image was made."""
        progress = self.handle_delete()
        if self.resource_id is not None and progress.steps:
            progress.steps.insert(0, self._keep_if_there)
        return progress

    def handle_delete_snapshot(self, snapshot):
        """Remove the image of a snapshot."""
        image = snapshot['resource_data'].get(_IMAGE)
        if not image:
            return
        # One that a container was restored from goes with the stack.
        with self._docker() as client, contextlib.suppress(
                errors.NotFound, errors.Conflict):
            client.images.remove(image)

    def handle_restore(self, defn, restore_data):
        """Return the definition of a container made of the snapshot."""
        image = restore_data['resource_data'].get(_IMAGE)
        if image is None:
            return defn
        values = {name: value for name, value in self.properties.data.items()
                  if value is not None}
        values['image'] = image
        # No registry has it, and none is to be asked for it.
        values['pull_policy'] = 'never'
        values.pop('registry_auth', None)
        return defn.freeze(properties=values)

    def _remove_snapshots(self, client, progress):
        """Remove the snapshots with their stack, as Heat does with its own.

        Heat does not always ask for it when a stack is deleted; and while a
        container runs that was restored from one, it cannot be removed.
        """
        if self.stack.action != self.stack.DELETE:
            return True
        for tag in self._snapshots_of_stack(client).get(self.name, ()):
            with contextlib.suppress(errors.NotFound, errors.Conflict):
                client.images.remove(tag)
        return True

    def _snapshots_of_stack(self, client):
        """Return the snapshots of the stack, by the name of the resource.

        All resources of a worker share one answer: no image of a stack is
        made while it is deleted, but for those that stay. Heat has a new id
        for each time that it works through a stack.
        """
        now, traversal = time.monotonic(), self.stack.current_traversal
        for key, (listed, _snapshots) in list(_LISTED.items()):
            if now - listed > budgets.SNAPSHOT_SECONDS:
                _LISTED.pop(key, None)
        key = client.endpoint, self.stack.id, traversal
        if traversal and key in _LISTED:
            return _LISTED[key][1]
        snapshots = _by_resource(client.images.list(
            self.labels_by('stack_id')))
        if traversal and (
                sum(map(len, snapshots.values())) <= budgets.SNAPSHOTS):
            if len(_LISTED) >= budgets.SNAPSHOT_STACKS:
                _LISTED.clear()
            _LISTED[key] = now, snapshots
        return snapshots

    def _snapshot(self, client, progress):
        """Return whether an image is made for a snapshot."""
        image = self._commit(client, progress, _OF_STACK)
        if image is not None:
            self.data_set(_IMAGE, image)
        return image is not None

    def _keep_if_there(self, client, progress):
        """Make an image for good; a container that is gone needs none."""
        try:
            return self._commit(client, progress, '') is not None
        except errors.NotFound:
            return True

    def _commit(self, client, progress, prefix):
        """Return the image once it is made, which a thread does.

        :param str prefix: what its tag begins with.
        """
        def prepare():
            name = '%s/%s' % (registry.SNAPSHOTS, re.sub(
                '[^a-z0-9]+', '-', ('%s-%s' % (self.stack.name, self.name)
                                    ).lower()).strip('-'))
            tag = prefix + short_id.generate_id()
            progress.notes['image'] = '%s:%s' % (name, tag)
            # A container that was adopted has labels of another stack.
            container, labels = self.resource_id, self.labels
            return lambda client: client.containers.commit(container, name,
                                                           tag, labels)

        task = background.poll_task(progress.notes, client, prepare)
        if task is None:
            return None
        task.result()
        image = progress.notes['image']
        self._event(_('The container is kept as the image %s') % image)
        return image


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
