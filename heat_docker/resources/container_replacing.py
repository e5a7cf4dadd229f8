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

"""How a container makes room for its replacement, and comes back.

It is renamed and stopped, so that the replacement may have its name, ports
and addresses, and the volumes for itself.
"""

import contextlib
import json
import time

from heat.engine import resource

from .. import errors
from .. import fields
from .. import i18n
from ..convert import network
from . import replacing

_ = i18n._

_SUFFIX = '.replaced'

# What a container is until it has stopped; the second one is Podman's.
_BEFORE_IT_HAS_STOPPED = ('running', 'stopping')


class ContainerReplacing(replacing.Replacing):
    """What a container does around its replacement."""

    def _make_room(self, client):
        inspected = client.containers.inspect(self.resource_id)
        name = inspected['Name'].lstrip('/')
        if 'replaced' not in self.data():
            self._refuse_in_vain(client)
            self.data_set('replaced', json.dumps({
                'name': name,
                'grace': self.properties['stop_grace_period'],
                'running': inspected['State'].get('Status') in (
                    'running', 'restarting', 'paused')}))
        if not name.endswith(_SUFFIX):
            client.containers.rename(
                self.resource_id,
                '%s-%s%s' % (name, self.resource_id[:12], _SUFFIX))
        self._hold(client)
        # Whoever comes back has to know of the stop, even if nobody lives to
        # hear its answer.
        self._note_stopping(True)
        try:
            self._stop_even_paused(client, self.resource_id,
                                   self.properties['stop_grace_period'],
                                   client.containers.STOP_PATIENCE)
        except errors.NoAnswer:
            # What is not known to have stopped the replacement waits for.
            return
        except errors.DockerError:
            self._note_stopping(False)
            raise
        self._note_stopping(False)

    def _make(self, client, progress):
        """Create the container, once nobody else has its name."""
        try:
            return super()._make(client, progress)
        except errors.Conflict as ex:
            return self._wait_again(
                client, progress,
                [('name', self.docker_name(self.properties), '')], ex)

    def _hold(self, client):
        """Keep a daemon that starts anew from starting what is stopped.

        What is to run always it starts even if it was stopped on purpose:
        https://docs.docker.com/engine/containers/start-containers-automatically/.
        """
        self._set_restart_policy(client, 'unless-stopped')

    def _let_go(self, client):
        """Have the container run always again, if it was to."""
        self._set_restart_policy(client, 'always')

    def _set_restart_policy(self, client, name):
        policy = self.properties['restart_policy'] or {}
        if policy.get('Name') != 'always':
            return
        # An older Podman updates no container, and starts none by itself.
        with contextlib.suppress(errors.Unsupported):
            client.containers.update(self.resource_id, {
                'RestartPolicy': {'Name': name, 'MaximumRetryCount': 0}})

    def _note_stopping(self, stopping):
        """Note whether the daemon may be stopping the container yet."""
        replaced = json.loads(self.data()['replaced'])
        self.data_set('replaced',
                      json.dumps({**replaced, 'stopping': stopping}))

    def _await_predecessor(self, client, progress):
        """Return whether what this container replaces has made room."""
        row = self._predecessor()
        container = row and row.physical_resource_id
        if not container:
            return True
        try:
            inspected = client.containers.inspect(container)
        except errors.NotFound:
            return True
        if self._collect_room(client, row):
            return False
        if (not inspected['Name'].endswith(_SUFFIX)
                or inspected['State'].get('Status')
                not in _BEFORE_IT_HAS_STOPPED):
            return True
        replaced = json.loads(self._notes(row).get('replaced', '{}'))
        if replaced.get('stopping'):
            progress.notes.setdefault('stop asked', time.monotonic())
        self._ask_to_stop(client, progress, container, replaced.get('grace'))
        return False

    def _ask_to_stop(self, client, progress, container, grace):
        """Ask the daemon to stop a container, unless that was of late.

        The daemon goes on stopping it when we stop waiting for the answer
        (https://github.com/moby/moby/blob/v28.0.0/daemon/stop.go#L46), but
        it may have died without having heard the request.

        :param grace: seconds that it has to end by itself, or None.
        :returns: whether the container is known to have stopped.
        """
        asked = progress.notes.get('stop asked')
        again = self._stopped_after(client, grace)
        if asked is not None and time.monotonic() - asked < again:
            return False
        progress.notes['stop asked'] = time.monotonic()
        patience = (client.containers.STOP_PATIENCE if self._has_own_thread
                    else client.containers.STOP_PATIENCE_IN_TURN)
        try:
            self._stop_even_paused(client, container, grace, patience)
        except errors.AnswerTimeout:
            return False
        except errors.NoAnswer:
            raise
        except errors.Unreachable:
            progress.notes['stop asked'] = None
            raise
        return True

    def _stopped_after(self, client, grace):
        """Return seconds after which a daemon has stopped a container."""
        containers = client.containers
        return containers.STOP_AGAIN + (
            containers.GRACE if grace is None else grace)

    def _stop_even_paused(self, client, container, grace, patience):
        """Stop a container, which has its grace period to end by itself."""
        try:
            client.containers.stop(container, grace, patience)
        except errors.Failed as ex:
            if 'paused' not in str(ex):
                raise
            # Podman stops none that is paused.
            client.containers.unpause(container)
            client.containers.stop(container, grace, patience)

    def _come_back(self, client, progress):
        """Take name and place again from a replacement that has failed.

        Heat may return to the old container by any update, not only by a
        rollback: a nested stack rolls back by one, and so do users.
        """
        if 'replaced' not in self.data():
            return True
        before = json.loads(self.data()['replaced'])
        try:
            inspected = client.containers.inspect(self.resource_id)
        except errors.NotFound as ex:
            raise resource.UpdateReplace(self.name) from ex
        progress.notes['came back'] = True
        self._remove_replacements(client)
        if inspected['Name'].lstrip('/') != before['name']:
            try:
                client.containers.rename(self.resource_id, before['name'])
            except errors.Conflict as ex:
                return self._wait_again(client, progress,
                                        [('name', before['name'], '')], ex)
        if before.get('stopping') and (
                inspected['State'].get('Status') in _BEFORE_IT_HAS_STOPPED):
            # What is started now would be stopped none the less.
            now = time.monotonic()
            since = progress.notes.setdefault('stopping since', now)
            if now - since < self._stopped_after(client, before['grace']):
                return False
        if before['running']:
            self._let_go(client)
            try:
                self._start_again(client)
            except errors.Conflict as ex:
                return self._wait_again(client, progress, fields.claims(
                    self.spec.FIELDS, self.properties), ex)
        self.data_delete('replaced')
        return True

    def _start_again(self, client):
        """Start the container, even if some of its networks are missing.

        A daemon refuses to start a container with an endpoint in a network
        that no longer exists.
        """
        try:
            client.containers.start(self.resource_id)
        except (errors.Failed, errors.NotFound):
            if not self._leave_gone_networks(client):
                raise
            client.containers.start(self.resource_id)

    def _leave_gone_networks(self, client):
        """Detach the container from networks that no longer exist.

        :returns: whether there were any.
        """
        inspected = client.containers.inspect(self.resource_id)
        gone = []
        for name in network.endpoints(inspected):
            try:
                client.networks.inspect(name)
            except errors.NotFound:
                gone.append(name)
                client.networks.disconnect(self.resource_id, name)
        return bool(gone)

    def _return_steps(self):
        """Return the steps that take back what a replacement has taken.

        The networks in the template may differ from those that the container
        had when it was stopped.
        """
        steps = super()._return_steps()
        if 'replaced' in self.data():
            steps.append(self._reconnect)
        return steps

    def _remove_replacements(self, client):
        """Remove what has been made in the place of this container."""
        labels = self.labels_by('project_id', 'stack_id', 'resource_name')
        for container in self._docker_find(client, labels):
            if container != self.resource_id:
                with contextlib.suppress(errors.NotFound, errors.Busy):
                    client.containers.remove(container, force=True)
