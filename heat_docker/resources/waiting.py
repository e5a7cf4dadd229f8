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

"""What a container has to reach, and the words for one that did not."""

import time

from heat.common import exception
from oslo_log import log as logging

from .. import conf
from .. import errors
from .. import i18n

_ = i18n._

LOG = logging.getLogger(__name__)

# Restarts after which a container is given up that does not keep running.
# Docker doubles the pause before each from 0.1 s on: a minute and a half.
_RESTARTS = 10

# How long, in seconds, a container may have ended that its daemon restarts.
_STOPPED = 15.0

# How long, in seconds, after the start it is looked first, and how seldom at
# last, whether a container is healthy or has completed.
_FIRST_LOOK = 0.1
_SELDOM = 5.0

# How much of its output is shown of a container that failed.
_LAST_LINES = 10
_LAST_BYTES = 2048


class Waiting:
    """The last step of a start: to wait for what ``wait_for`` says."""

    def _reach(self, client, progress):
        """Return whether the container has reached what is waited for."""
        values = progress.values(self.properties)
        aim = values['wait_for'] or 'running'
        if aim == 'none':
            return True
        now = time.monotonic()
        if 'waiting since' not in progress.notes:
            progress.notes['waiting since'] = now
            return progress.later(self._look_again_after(aim, 0.0))
        waited = now - progress.notes['waiting since']
        inspected = client.containers.inspect(self.resource_id)
        reached = getattr(self, '_is_' + aim)(client, inspected, progress)
        limit = values['wait_timeout']
        if not reached and limit and waited > limit:
            raise exception.Error(
                _('The container is not %(aim)s after %(limit)d s. '
                  '%(obituary)s')
                % {'aim': aim, 'limit': limit,
                   'obituary': self._obituary(client, inspected)})
        if not reached and aim != 'completed':
            # A newer update does not interrupt a command that is to complete.
            self._give_way()
        return reached or progress.later(self._look_again_after(aim, waited))

    def _look_again_after(self, aim, waited):
        """Return the seconds until a container is looked at again.

        What has been waited for in vain for long may be told a tenth later.
        """
        if aim == 'running':
            return conf.group().running_after
        return max(_FIRST_LOOK, min(waited, 1.0), min(waited / 10, _SELDOM))

    def _is_running(self, client, inspected, progress):
        """Return whether the container has kept running for a while.

        A command that ends at once still reads as running right after the
        start, so one look is not enough.
        """
        state = inspected['State']
        if state.get('Status') not in ('running', 'paused'):
            return self._has_not_ended(client, inspected, progress)
        run, progress.notes['run'] = (progress.notes.get('run'),
                                      state.get('StartedAt'))
        return not inspected.get('RestartCount') or run == state['StartedAt']

    def _is_completed(self, client, inspected, progress):
        """Return whether the command has ended with exit code 0."""
        state = inspected['State']
        if state.get('Status') == 'exited' and state.get('ExitCode') == 0:
            return True
        if state.get('Status') in ('running', 'paused'):
            return False
        return self._has_not_ended(client, inspected, progress)

    def _is_healthy(self, client, inspected, progress):
        """Return whether the health check has succeeded."""
        state = inspected['State']
        health = (state.get('Health') or {}).get('Status')
        if state.get('Status') not in ('running', 'paused'):
            return self._has_not_ended(client, inspected, progress)
        if health in (None, '', 'none'):
            raise exception.Error(
                _('wait_for is healthy, but neither the property healthcheck '
                  'nor the image %s has a health check')
                % self.properties['image'])
        if health == 'unhealthy':
            raise exception.Error(self._obituary(client, inspected))
        return health == 'healthy'

    def _has_not_ended(self, client, inspected, progress):
        """Return False while the restart policy may start it again.

        A daemon that shuts down stops all containers first, and starts those
        with such a policy again.
        """
        obituary = self._obituary(client, inspected)
        policy = (inspected.get('HostConfig') or {}).get('RestartPolicy') or {}
        if inspected['State'].get('Status') == 'exited' and (
                policy.get('Name') in ('always', 'unless-stopped')):
            now = time.monotonic()
            if now - progress.notes.setdefault('ended since', now) < _STOPPED:
                return False
        if (inspected['State'].get('Status') != 'restarting'
                or inspected.get('RestartCount', 0) >= _RESTARTS):
            raise exception.Error(obituary)
        if 'restarting' not in progress.notes:
            progress.notes['restarting'] = True
            self._event(obituary)
        return False

    def _obituary(self, client, inspected):
        """Say how a container is not as it should be, and its last output.

        Events and stacks show 255 characters, so what matters comes first.
        """
        state = inspected['State']
        cause = (_('out of memory') if state.get('OOMKilled')
                 else state.get('Error'))
        what = {'name': inspected['Name'].lstrip('/'),
                'state': state.get('Status'), 'code': state.get('ExitCode'),
                'cause': ', %s' % cause if cause else ''}
        health = state.get('Health') or {}
        if state.get('Status') == 'running':
            what['health'] = health.get('Status') or _('running')
            said = _('The container %(name)s is %(health)s.') % what
        else:
            said = _('The container %(name)s is not running: %(state)s, exit '
                     'code %(code)s%(cause)s.') % what
        checks = health.get('Log') or []
        if checks and health.get('Status') != 'healthy':
            said = _('%(said)s Its health check says: %(check)s') % {
                'said': said, 'check': checks[-1].get('Output', '').strip()}
        return self._with_last_words(client, inspected, said)

    def _with_last_words(self, client, inspected, said):
        try:
            output = client.containers.log_tail(
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
        said = _('%(said)s It said last: %(last)s') % {
            'said': said, 'last': last}
        if not before:
            return said
        return _('%(said)s\nand before that:\n%(before)s') % {
            'said': said, 'before': '\n'.join(before)}
