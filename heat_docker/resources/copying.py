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

"""Copies of the files of volumes, made by way of a helper container."""

import contextlib

from .. import background
from .. import conf
from .. import errors
from .. import i18n
from ..convert import registry
from . import base

_ = i18n._

# An image without files, which the helper is made of.
_IMAGE, _TAG = registry.HELPERS + '/empty', 'latest'
_PATH = '/volume'


def copy_files(client, source, target, labels, check):
    """Copy the files of a volume to another one of the same daemon.

    Helper containers have one each, and never run: the daemon packs and
    unpacks archives of containers that do not. It locks a container as long
    as it does, so one with both would wait for itself.

    :param str source: name of the volume that has the files.
    :param str target: name of the volume that gets them.
    :param dict labels: of the helper.
    :param check: function that takes the daemon, and raises if the source is
        not the volume that it should be. As long as a container has it, no
        other volume can get its name.
    """
    # Docker would make a volume that is missing.
    client.volumes.inspect(source)
    if not client.images.exists('%s:%s' % (_IMAGE, _TAG)):
        client.images.load(_IMAGE, _TAG, bytes(1024))
    with contextlib.ExitStack() as helpers:
        giver, taker = (helpers.enter_context(_helper(client, volume, labels))
                        for volume in (source, target))
        check(client)
        client.containers.put_archive(
            taker, _limited(client.containers.get_archive(
                giver, _PATH + '/.')), _PATH)


@contextlib.contextmanager
def _helper(client, volume, labels):
    """Make a container with a volume, for a while, and yield its id."""
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
    """Yield pieces of bytes until they are more than the operator allows."""
    limit = conf.group().max_snapshot_bytes
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise errors.Refused(
                _('The files of the volume take more than %d bytes (option '
                  'max_snapshot_bytes of the operator)') % limit)
        yield piece


class Copying:
    """The step that copies, and what becomes of copies."""

    def _copy_labels(self):
        """Return the labels of the copies that the deletion policy makes.

        They are not those of the volume, or else a copy would be taken for
        it. Nothing that has them is ever removed.
        """
        return self._all_labels(copy_of=self._origin())

    def _snapshot_labels(self):
        """Return the labels of the copies that go with the stack.

        They are those of the replacement's snapshots, too.
        """
        return self._all_labels(snapshot_of=self._origin())

    def _find_snapshots(self, client):
        """Return the names of the copies that go with the stack.

        Those that were made by an earlier version of the plugin have no label
        of the project.
        """
        label = base.LABEL + 'snapshot_of'
        labels = self._snapshot_labels()
        return [found['Name'] for found
                in client.volumes.list({label: labels[label]})
                if (found.get('Labels') or {}).items() <= labels.items()]

    def _helper_labels(self):
        """Return the labels of the containers that help to copy.

        No other container has them, whatever labels its image has.
        """
        return self._all_labels(helper_of=self._origin())

    def _origin(self):
        return '%s/%s' % (self.stack.id, self.name)

    def _remove_helpers(self, client, progress):
        """Remove helpers of a heat-engine that was killed while it copied.

        A helper never runs, so what has to be killed is none.
        """
        for helper in client.containers.list(self._helper_labels()):
            with contextlib.suppress(errors.NotFound, errors.Conflict,
                                     errors.Busy):
                client.containers.remove(helper['Id'], volumes=False)
        return True

    def _copied(self, client, progress, source, target, check):
        """Return whether the files of a volume are in another one.

        :param check: see :func:`copy_files`.
        """
        def prepare():
            self._remove_helpers(client, progress)
            labels = self._helper_labels()
            return lambda client: copy_files(client, source, target, labels,
                                             check)

        task = background.poll_task(progress.notes, client, prepare)
        if task is not None:
            task.result()
        return task is not None

    def _remove_copy(self, client, copy):
        """Remove a copy, unless something uses it."""
        with contextlib.suppress(errors.NotFound, errors.Conflict):
            client.volumes.remove(copy)
