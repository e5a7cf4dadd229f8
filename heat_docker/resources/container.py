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

"""``DockerInc::Docker::Container``."""

import time

from heat.common import exception
from oslo_log import log as logging

from .. import conf
from .. import errors
from .. import i18n
from .. import pulls
from ..specs import container as spec
from . import base

_ = i18n._

LOG = logging.getLogger(__name__)

# Seconds between two events about one pull.
_REPORT_EVERY = 10.0

# Seconds that the first poll waits for a container to stop, and after which
# a daemon is asked again: longer than its grace period of ten seconds.
_STOP_PATIENCE = 1.0
_STOP_AGAIN = 15.0

# Restarts after which a container is given up that does not keep running.
# Docker doubles the pause before each from 0.1 s on: a minute and a half.
_RESTARTS = 10

_STOPPED = ('created', 'exited', 'dead', 'removing')

# How much of its output is shown of a container that failed.
_LAST_LINES = 10
_LAST_BYTES = 2048


class DockerContainer(base.DockerResource):
    """A container on a Docker daemon.

    The daemon at docker_endpoint pulls the image if it does not have it,
    creates the container and starts it. The resource is complete once the
    command has kept running for a second; a command that ends before that
    fails it at once, with its exit code and its last output as the reason.

    The daemon must be reachable from heat-engine. On a server of the same
    stack it is there only when the server has installed it, so let the
    container depend on a wait condition that the server signals.

    Deleting the resource stops the container, which has ten seconds to end
    by itself, and removes it with its anonymous volumes; named volumes and
    folders of the host stay. Suspending the stack stops the container and
    resuming starts it again.
    """

    spec = spec

    def _docker_create(self, docker, query, body):
        """Create the container; the warnings of the daemon are an event."""
        container, warnings = docker.create_container(query, body)
        for warning in warnings:
            self._event(_('Docker warns: %s') % warning)
        return container

    def _docker_inspect(self, docker, object_id):
        """Return all that the daemon knows of the container."""
        return docker.inspect_container(object_id)

    def _docker_find(self, docker, labels):
        """Return the ids of the containers that have all the labels."""
        return [found['Id'] for found in docker.list_containers(labels)]

    # Actions.

    def handle_create(self):
        """Return how the container is to be created."""
        return base.Progress([self._make_or_pull, self._start, self._settle])

    def check_create_complete(self, progress):
        """Return whether the container runs, after doing what is next."""
        return self._advance(progress)

    def handle_create_cancel(self, progress):
        """Leave the pull that the create is waiting for."""
        pull = progress.notes.pop('pull', None)
        if pull is not None:
            pull.leave()

    def handle_suspend(self):
        """Return how the container is to be stopped."""
        return base.Progress([self._stop])

    def check_suspend_complete(self, progress):
        """Return whether the container has stopped."""
        return self._advance(progress)

    def handle_resume(self):
        """Return how the container is to be started again."""
        return base.Progress([self._start, self._settle])

    def check_resume_complete(self, progress):
        """Return whether the container runs again."""
        return self._advance(progress)

    def handle_check(self):
        """Fail, saying why, unless the container is there and running."""
        if self.resource_id is None:
            raise exception.Error(_('The container was never created'))
        with self._docker() as docker:
            inspected = docker.inspect_container(self.resource_id)
            if inspected['State'].get('Status') != 'running':
                raise exception.Error(self._obituary(docker, inspected))

    def _delete_steps(self):
        """Return the steps that stop and remove the container."""
        return [self._stop_if_there, self._remove]

    # Steps.

    def _make_or_pull(self, docker, progress):
        """Create the container, after a pull if the image is missing."""
        pull = progress.notes.get('pull')
        if pull is not None and not self._pulled(pull, progress):
            return False
        try:
            return self._make(docker, progress)
        except errors.NotFound:
            # The daemon misses the image, or a container that is named.
            image = self.properties['image']
            if 'pulled' in progress.notes or docker.has_image(image):
                raise
        self._event(_('Pulling %s') % image)
        progress.notes['pull'] = pulls.join(docker.endpoint, image)
        progress.notes['reported'] = time.monotonic()
        return False

    def _pulled(self, pull, progress):
        """Return whether the image is there, telling of the progress."""
        if not pull.done:
            if time.monotonic() - progress.notes['reported'] > _REPORT_EVERY:
                progress.notes['reported'] = time.monotonic()
                self._event(_('Pulling %(image)s: %(progress)s')
                            % {'image': pull.image,
                               'progress': pull.progress})
            return False
        self.handle_create_cancel(progress)
        if pull.error is not None:
            raise exception.Error(
                _('The image %(image)s cannot be pulled. %(why)s')
                % {'image': pull.image, 'why': pull.error})
        progress.notes['pulled'] = True
        self._event(_('Pulled %(image)s in %(seconds)d s')
                    % {'image': pull.image,
                       'seconds': time.monotonic() - pull.started})
        return True

    def _start(self, docker, progress):
        """Start the container; it may run already."""
        if 'start asked' in progress.notes:
            # The answer was lost. What has run is not run twice.
            state = docker.inspect_container(self.resource_id)['State']
            if state.get('Status') != 'created':
                return True
        progress.notes['start asked'] = True
        docker.start_container(self.resource_id)
        return True

    def _settle(self, docker, progress):
        """Return whether the container has kept running for a while.

        A command that ends at once still reads as running right after the
        start, so one look is not enough.
        """
        docker.wait_container(self.resource_id, conf.group().running_after)
        inspected = docker.inspect_container(self.resource_id)
        state = inspected['State']
        run = state.get('StartedAt')
        if state.get('Status') in ('running', 'paused'):
            settled = (not inspected.get('RestartCount')
                       or progress.notes.get('run') == run)
            progress.notes['run'] = run
            return settled
        obituary = self._obituary(docker, inspected)
        if (state.get('Status') != 'restarting'
                or inspected.get('RestartCount', 0) >= _RESTARTS):
            raise exception.Error(obituary)
        if 'restarting' not in progress.notes:
            progress.notes['restarting'] = True
            self._event(obituary)
        return False

    def _stop(self, docker, progress):
        """Return whether the container has stopped, having asked for it.

        The daemon goes on stopping it when we stop waiting for the answer
        (https://github.com/moby/moby/blob/v28.0.0/daemon/stop.go#L46), but
        it may have died without having heard the request.
        """
        asked = progress.notes.get('stop asked')
        if asked is not None and time.monotonic() - asked < _STOP_AGAIN:
            state = docker.inspect_container(self.resource_id)['State']
            return state.get('Status') in _STOPPED
        progress.notes['stop asked'] = time.monotonic()
        docker.stop_container(self.resource_id, _STOP_PATIENCE)
        return True

    def _stop_if_there(self, docker, progress):
        """Stop the container; one that is gone has nothing left to do."""
        try:
            return self._stop(docker, progress)
        except errors.NotFound:
            progress.steps[1:] = []
            return True

    def _remove(self, docker, progress):
        """Remove the container; others may be at it, or have been."""
        try:
            docker.remove_container(self.resource_id)
        except errors.NotFound:
            return True
        except errors.Busy:
            return False
        except errors.Conflict:
            # Somebody has started it again.
            del progress.notes['stop asked']
            progress.steps.insert(0, self._stop_if_there)
            return False
        return True

    # Words and logs.

    def _obituary(self, docker, inspected):
        """Say how a container came not to run, with its last output."""
        state = inspected['State']
        cause = (_('out of memory') if state.get('OOMKilled')
                 else state.get('Error'))
        said = _('The container %(name)s is not running: %(state)s, exit '
                 'code %(code)s%(cause)s.') % {
            'name': inspected['Name'].lstrip('/'),
            'state': state.get('Status'), 'code': state.get('ExitCode'),
            'cause': ', %s' % cause if cause else ''}
        try:
            output = docker.log_tail(
                inspected['Id'], inspected['Config']['Tty'], _LAST_BYTES)
        except errors.DockerError as ex:
            LOG.info('No output of %(name)s: %(why)s',
                     {'name': self.name, 'why': ex})
            return said
        *before, last = [
            ''.join(letter if letter.isprintable() else '�'
                    for letter in line.rstrip('\r'))
            for line in output.strip().split('\n')[-_LAST_LINES:]]
        if not last:
            return said
        # Events and stacks show 255 characters, so what matters comes first.
        said = _('%(said)s It said last: %(last)s') % {
            'said': said, 'last': last}
        if not before:
            return said
        return _('%(said)s\nand before that:\n%(before)s') % {
            'said': said, 'before': '\n'.join(before)}

    def log_tail(self, docker, inspected):
        """Return the last output of the container."""
        return docker.log_tail(inspected['Id'], inspected['Config']['Tty'],
                               conf.group().log_bytes)

    def log_head(self, docker, inspected):
        """Return the first line of the container's output."""
        return docker.log_head(inspected['Id'], inspected['Config']['Tty'],
                               conf.group().log_bytes)


def resource_mapping():
    """Return the type and its class, for tools that only read them."""
    return {'DockerInc::Docker::Container': DockerContainer}


def available_resource_mapping():
    """Return the type and its class if heat-engine can serve it."""
    return base.available(resource_mapping())
