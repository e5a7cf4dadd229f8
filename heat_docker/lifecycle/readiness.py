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

"""The state that a container has to reach, and why it does not."""

import time

from oslo_log import log as logging

from .. import answers
from .. import conf
from .. import errors
from .. import i18n
from ..convert import network
from . import containers
from . import plan

_ = i18n._

LOG = logging.getLogger(__name__)

# Restarts after which a container that does not keep running has failed.
# Docker doubles the pause before each, from 0.1 s on: 90 seconds in all.
_RESTARTS = 10

# Seconds that a container may be stopped until its daemon starts it again.
_STOPPED = 15.0

# Shortest and longest pause, in seconds, between two inspections of a
# container that has to become healthy or to complete.
_FIRST_LOOK = 0.1
_LONGEST = 5.0

# Size of the output of a failed container in messages.
_LAST_LINES = 10
_LAST_BYTES = 2048


class WaitFor(plan.Step):
    """Wait until the container is in the state that wait_for names."""

    def __init__(self):
        """Start the wait with the first call."""
        self._since = None
        self._last_start = None
        self._stopped_since = None
        self._has_reported_restart = False

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Inspect the container, at growing intervals."""
        aim = ctx.values['wait_for'] or 'running'
        if aim == 'none':
            return True
        now = time.monotonic()
        if self._since is None:
            self._since = now
            return plan.After(interval(aim, 0.0))
        waited = now - self._since
        inspected = ctx.object.inspect(ctx.client)
        if self._AIMS[aim](self, ctx, inspected):
            return True
        limit = ctx.values['wait_timeout']
        if limit and waited > limit:
            raise errors.Failed(
                _('The container is not %(aim)s after %(limit)d s. %(reason)s')
                % {'aim': aim, 'limit': limit,
                   'reason': failure_reason(ctx.client, inspected)})
        if aim != 'completed':
            # A newer update does not interrupt a command that has to complete.
            ctx.neighbors.yield_to_newer_update()
        return plan.After(interval(aim, waited))

    def _is_running(self, ctx: plan.Context, inspected):
        """Return whether the container has kept running for a while.

        A command that ends at once still shows as running directly after the
        start, so the first inspection comes later.
        """
        state = containers.State(inspected)
        if state.status not in ('running', 'paused'):
            self._fail_unless_restarting(ctx, inspected)
            return False
        last, self._last_start = self._last_start, state.started_at
        return not inspected.get('RestartCount') or last == state.started_at

    def _is_completed(self, ctx: plan.Context, inspected):
        """Return whether the command has ended with exit code 0."""
        state = containers.State(inspected)
        if state.status == 'exited' and state.exit_code == 0:
            return True
        if state.status not in ('running', 'paused'):
            self._fail_unless_restarting(ctx, inspected)
        return False

    def _is_healthy(self, ctx: plan.Context, inspected):
        """Return whether the health check has succeeded."""
        state = containers.State(inspected)
        if state.status not in ('running', 'paused'):
            self._fail_unless_restarting(ctx, inspected)
            return False
        if state.health in (None, '', 'none'):
            raise errors.Failed(
                _('wait_for is healthy, but neither the property healthcheck '
                  'nor the image %s has a health check')
                % ctx.properties['image'])
        if state.health == 'unhealthy':
            raise errors.Failed(failure_reason(ctx.client, inspected))
        return state.health == 'healthy'

    _AIMS = {'running': _is_running, 'completed': _is_completed,
             'healthy': _is_healthy}

    def _fail_unless_restarting(self, ctx: plan.Context, inspected):
        """Raise unless the restart policy may still start the container.

        A daemon that shuts down first stops all containers. When it is back,
        it starts those with such a policy again.
        """
        reason = failure_reason(ctx.client, inspected)
        policy = (inspected.get('HostConfig') or {}).get('RestartPolicy') or {}
        status = containers.State(inspected).status
        if status == 'exited' and (
                policy.get('Name') in ('always', 'unless-stopped')):
            now = time.monotonic()
            if self._stopped_since is None:
                self._stopped_since = now
            if now - self._stopped_since < _STOPPED:
                return
        if status != 'restarting' or (
                inspected.get('RestartCount', 0) >= _RESTARTS):
            raise errors.Failed(reason)
        if not self._has_reported_restart:
            self._has_reported_restart = True
            ctx.event(reason)


def interval(aim, waited):
    """Return the seconds until the next inspection of a container.

    The interval grows to a tenth of the time already waited.

    :param str aim: value of wait_for.
    :param float waited: seconds since the wait began.
    """
    if aim == 'running':
        return conf.group().running_after
    return max(_FIRST_LOOK, min(waited, 1.0), min(waited / 10, _LONGEST))


class Check(plan.Step):
    """Fail unless the container is in the state that wait_for names."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Inspect the container once."""
        inspected = ctx.object.inspect(ctx.client)
        state = containers.State(inspected)
        is_good = {'none': True,
                   'completed': state.has_completed(ctx.properties),
                   'healthy': state.health == 'healthy'}
        if not (is_good.get(ctx.properties['wait_for'],
                            state.status == 'running')
                or state.is_as_signaled(ctx.records)):
            raise errors.Failed(failure_reason(ctx.client, inspected))
        if ctx.properties['networks'] and (
                not network.effective_endpoints(inspected)):
            raise errors.Failed(_('The container %s is in none of its '
                                  'networks') % inspected['Name'].lstrip('/'))
        return True


def failure_reason(client, inspected):
    """Return why a container is not ready, with its last output.

    Events and stacks show 255 characters, so the most important part comes
    first. No text of the daemon or of the container begins a line: it could
    imitate a line of heat-engine's log.
    """
    state = inspected['State']
    cause = (_('out of memory') if state.get('OOMKilled')
             else state.get('Error'))
    what = {'name': answers.line(inspected['Name'].lstrip('/')),
            'state': answers.line(state.get('Status')),
            'code': answers.line(state.get('ExitCode')),
            'cause': ', %s' % answers.line(cause) if cause else ''}
    health = state.get('Health') or {}
    if state.get('Status') == 'running':
        what['health'] = answers.line(health.get('Status') or _('running'))
        reason = _('The container %(name)s is %(health)s.') % what
    else:
        reason = _('The container %(name)s is not running: %(state)s, exit '
                   'code %(code)s%(cause)s.') % what
    checks = health.get('Log') or []
    if checks and health.get('Status') != 'healthy':
        reason = _('%(reason)s Output of its health check: %(check)s') % {
            'reason': reason,
            'check': answers.line(checks[-1].get('Output', '')).strip()}
    return _append_log_tail(client, inspected, reason)


def _append_log_tail(client, inspected, reason):
    try:
        output = client.containers.log_tail(
            inspected['Id'], inspected['Config'].get('Tty'), _LAST_BYTES)
    except errors.DockerError as ex:
        LOG.info('No output of %(name)s: %(why)s',
                 {'name': answers.line(inspected['Name']), 'why': ex})
        return reason
    return with_output(reason, output)


def with_output(reason, output):
    """Return a reason with the last lines of the output of a process.

    :param str reason: ends with a full stop.
    :param str output: may be empty.
    """
    *before, last = [answers.line(line.rstrip('\r')) for line
                     in output.strip().split('\n')[-_LAST_LINES:]]
    if not last:
        return reason
    reason = _('%(reason)s Its last output: %(last)s') % {
        'reason': reason, 'last': last}
    if not before:
        return reason
    return _('%(reason)s\npreceded by:\n%(before)s') % {
        'reason': reason, 'before': '\n'.join(
            '> ' + line for line in before)}
