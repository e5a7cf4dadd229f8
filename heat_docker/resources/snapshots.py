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
import threading

from heat.common import short_id
from oslo_log import log as logging

from .. import engine
from .. import errors
from .. import i18n
from . import base

_ = i18n._

LOG = logging.getLogger(__name__)

# Keys of Heat's data of the resource: the last image of a snapshot, and the
# one that the deletion policy has made, which outlives the stack.
_IMAGE = 'snapshot_image'
_KEPT = 'kept_image'


class Commit(threading.Thread):
    """Makes an image of a container while heat-engine does other things.

    It takes as long as it takes to copy what the container has written.

    :ivar error: the :class:`errors.DockerError` it has ended with, or None.
    """

    def __init__(self, endpoint, container, name, tag):
        super().__init__(name='commit %s' % container, daemon=True)
        self.error = None
        self._endpoint = endpoint
        self._arguments = container, name, tag

    def run(self):
        """Commit the container."""
        try:
            with engine.Engine(self._endpoint) as docker:
                docker.commit_container(*self._arguments)
        except errors.DockerError as ex:
            self.error = ex
        except Exception:
            # Whoever waits must not take the end of the thread for success.
            LOG.exception('The commit of %s broke off', self._arguments[0])
            self.error = errors.Failed(_('The commit broke off'))


class Snapshots:
    """The hooks of Heat around snapshots; volumes are not a part of them."""

    def handle_snapshot(self):
        """Return how an image is made of the container, if it is ours."""
        if self.external_id is not None:
            return base.Progress([])
        return base.Progress([self._commit])

    def check_snapshot_complete(self, progress):
        """Return whether the image is made."""
        return self._advance(progress)

    def handle_snapshot_delete(self, state):
        """Return how the container is deleted after an image was made."""
        progress = self.handle_delete()
        if self.resource_id is not None:
            progress.steps.insert(0, self._commit_if_there)
        return progress

    def handle_delete_snapshot(self, snapshot):
        """Remove the image of a snapshot."""
        image = snapshot['resource_data'].get(_IMAGE)
        if not image:
            return
        # One that a container was restored from goes with the stack.
        with self._docker() as docker, contextlib.suppress(
                errors.NotFound, errors.Conflict):
            docker.remove_image(image)

    def handle_restore(self, defn, restore_data):
        """Return the definition of a container made of the snapshot."""
        values = {name: value for name, value in self.properties.data.items()
                  if value is not None}
        values['image'] = restore_data['resource_data'][_IMAGE]
        return defn.freeze(properties=values)

    def _remove_snapshots(self, docker, progress):
        """Remove the snapshots with their stack, as Heat does with its own.

        Heat does not always ask for it when a stack is deleted; and while a
        container runs that was restored from one, it cannot be removed. What
        the deletion policy has just made stays.
        """
        if self.stack.action != self.stack.DELETE:
            return True
        labels = self.labels_by('stack_id', 'resource_name')
        for image in docker.list_images(labels):
            for tag in image.get('RepoTags') or ():
                if tag != self.data().get(_KEPT):
                    with contextlib.suppress(errors.NotFound,
                                             errors.Conflict):
                        docker.remove_image(tag)
        return True

    def _commit(self, docker, progress):
        """Return whether the image is made, which a thread does."""
        commit = progress.notes.get('commit')
        if commit is None:
            name = 'heat-snapshot/%s' % re.sub(
                '[^a-z0-9]+', '-', ('%s-%s' % (self.stack.name, self.name)
                                    ).lower()).strip('-')
            tag = short_id.generate_id()
            commit = progress.notes['commit'] = Commit(
                docker.endpoint, self.resource_id, name, tag)
            progress.notes['image'] = '%s:%s' % (name, tag)
            commit.start()
        commit.join(engine.STOP_PATIENCE)
        if commit.is_alive():
            return False
        if commit.error is not None:
            del progress.notes['commit']
            raise commit.error
        self.data_set(_IMAGE, progress.notes['image'])
        self._event(_('The container is kept as the image %s')
                    % progress.notes['image'])
        return True

    def _commit_if_there(self, docker, progress):
        """Make an image; a container that is gone has nothing to keep."""
        try:
            done = self._commit(docker, progress)
        except errors.NotFound:
            return True
        if done:
            self.data_set(_KEPT, progress.notes['image'])
        return done
