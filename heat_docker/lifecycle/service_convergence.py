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
"""The state that a service has to reach, and why it does not.

The swarm replaces tasks by itself, and reports the state of an update. It does
not report that a new service never runs, so this looks at the tasks.
"""

import collections
import math
import time

from oslo_log import log as logging

from .. import answers
from .. import errors
from .. import fields
from .. import i18n
from ..convert import services as convert
from . import plan
from . import readiness
from . import records

_ = i18n._

LOG = logging.getLogger(__name__)

# Seconds for which all tasks have to run by default, as for "docker service
# create".
_DELAY = 5

# Tasks that may fail in the same place.
_FAILURES = 3

# Seconds after which no replacement of a failed task is expected.
_REPLACED = 2.0

# Seconds between two looks, first and last.
_FIRST_LOOK = 0.3
_LONGEST = 5.0

# Seconds between two looks at tasks that only have to keep running. A poll can
# sleep for this time itself, and Heat sleeps for whole seconds, so that the
# last look is on time.
_STABLE = 2.0

# Size of the output of a failed task in messages.
_LAST_BYTES = 2048

# States of an update that does not go on as requested.
_STOPPED = {
    'paused': _('The swarm has paused the update'),
    'rollback_started': _('The swarm rolls back the update'),
    'rollback_paused': _('The swarm has rolled back the update in part'),
    'rollback_completed': _('The swarm has rolled back the update')}


class State:
    """The state of a service and its tasks.

    :ivar tasks: those of its current specification and run.
    """

    def __init__(self, client, inspected: dict):
        """Read the tasks."""
        self.inspected = inspected
        self.mode = convert.mode_from_api(inspected['Spec'].get('Mode'))
        run = fields.read(inspected, 'JobStatus.JobIteration.Index') or 0
        self.all_tasks = client.services.tasks(inspected)
        self.tasks = [task for task in self.all_tasks
                      if task.is_current and task.iteration == run]

    @property
    def is_updating(self):
        """Whether the swarm replaces tasks."""
        return self._update.get('State') == 'updating'

    @property
    def why_stopped(self):
        """How the swarm has stopped an update, as a sentence, or None."""
        state = self._update.get('State')
        return _STOPPED[state] if state in _STOPPED else None

    @property
    def _update(self):
        return self.inspected.get('UpdateStatus') or {}

    @property
    def wanted(self):
        """Number of tasks to run or to complete; None for one on each node."""
        mode = self.inspected['Spec'].get('Mode') or {}
        if self.mode == 'replicated':
            return (mode.get('Replicated') or {}).get('Replicas', 1)
        if self.mode == 'replicated-job':
            return (mode['ReplicatedJob'] or {}).get('TotalCompletions') or 1
        return None

    @property
    def running(self):
        """Tasks that run, of whatever specification."""
        return [task for task in self.all_tasks if task.state == 'running'
                and task.is_wanted]

    @property
    def completed(self):
        """Tasks of the current run of a job that have completed."""
        return [task for task in self.tasks if task.state == 'complete']

    @property
    def good(self):
        """Tasks that are as they are to be; empty if any is not."""
        if self.mode in convert.JOBS:
            return self._completed_all()
        active = [task for task in self.all_tasks
                  if task.is_wanted and not task.has_ended]
        good = [task for task in active
                if task.is_current and task.state == 'running']
        if self.is_updating or len(good) < len(active):
            return []
        if self.wanted is None:
            return good
        return good if len(good) == self.wanted else []

    @property
    def is_good(self):
        """Whether all tasks are as they are to be."""
        return bool(self.good) or self.wanted == 0

    def _completed_all(self):
        if self.mode == 'global-job':
            return self.completed if all(
                task.state == 'complete' for task in self.tasks
                if task.is_wanted) else []
        return self.completed if len(self.completed) >= (
            self.wanted) else []

    @property
    def limits_attempts(self):
        """Whether the restart policy limits how often a task is replaced."""
        restart = fields.read(
            self.inspected, 'Spec.TaskTemplate.RestartPolicy') or {}
        return restart.get('Condition') == 'none' or bool(
            restart.get('MaxAttempts'))

    def place(self, task):
        """Return where a task runs: its slot, or one of all nodes."""
        return task.node if self.mode in ('global', 'global-job') else (
            task.slot)

    def abandoned(self):
        """Return the last tasks of places in which no other task follows."""
        followed = {self.place(task) for task in self.all_tasks
                    if task.is_wanted and not task.has_ended}
        done = {self.place(task) for task in self.completed} if (
            self.mode in convert.JOBS) else set()
        return [task for task in self.tasks if task.has_ended
                and self.place(task) not in followed | done
                and task.desired != 'remove']


class Converge(plan.Step):
    """Wait until all tasks run and are healthy, or have completed.

    Its failures name the last failed task with its node and its output.
    """

    def __init__(self):
        """Start the wait with the first call."""
        self._since: float | None = None
        self._good: set = set()
        self._good_since = 0.0
        self._abandoned_since: float | None = None
        self._before: set | None = None
        self._has_reported = False

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Look at the tasks, at growing intervals."""
        if ctx.values['wait_for'] == 'none':
            return True
        now = time.monotonic()
        if self._since is None:
            self._since = now
            return plan.After(_FIRST_LOOK)
        state = State(ctx.client, ctx.object.inspect(ctx.client))
        if self._before is None:
            # An update may return to a specification that has failed before.
            self._before = set() if ctx.action == 'CREATE' else {
                task.id for task in state.tasks if task.has_failed}
        left = self._left(ctx, state, now)
        if left <= 0:
            return True
        self._fail_if_stopped(ctx, state, now)
        limit = ctx.values['wait_timeout']
        if limit and now - self._since > limit:
            raise errors.Failed(reason(ctx.client, state, _(
                'The service has not converged after %d s') % limit))
        if state.mode not in convert.JOBS:
            # A newer update does not interrupt tasks that have to complete.
            ctx.neighbors.yield_to_newer_update()
        self._report(ctx, state)
        return plan.After(interval(now - self._since) if left == math.inf
                          else min(left, _STABLE))

    def _left(self, ctx: plan.Context, state, now):
        """Return the seconds for which all tasks still have to run."""
        good = {task.id for task in state.good}
        if not state.is_good:
            self._good = set()
            return math.inf
        if good != self._good:
            self._good, self._good_since = good, now
        if state.mode in convert.JOBS or state.wanted == 0:
            return 0.0
        delay = ctx.values['converge_delay']
        return self._good_since - now + (_DELAY if delay is None else delay)

    def _fail_if_stopped(self, ctx: plan.Context, state, now):
        """Raise if the service cannot converge any more."""
        if state.why_stopped:
            raise errors.Failed(reason(ctx.client, state, state.why_stopped))
        failed = collections.Counter(
            state.place(task) for task in state.tasks
            if task.has_failed and task.id not in (self._before or ()))
        if not state.limits_attempts and any(
                count >= _FAILURES for count in failed.values()):
            raise errors.Failed(reason(ctx.client, state, _(
                'The tasks of the service fail again and again')))
        if not state.abandoned() or state.is_updating or state.is_good:
            self._abandoned_since = None
        elif self._abandoned_since is None:
            self._abandoned_since = now
        elif now - self._abandoned_since > _REPLACED:
            raise errors.Failed(reason(ctx.client, state, _(
                'The tasks of the service have ended')))

    def _report(self, ctx: plan.Context, state):
        """Add an event about the first task that cannot be placed or fails."""
        task = next((task for task in state.tasks
                     if task.error and task.id not in (self._before or ())),
                    None)
        if task is not None and not self._has_reported:
            self._has_reported = True
            ctx.event(_describe(ctx.client, task))


def interval(waited):
    """Return the seconds until the next look at the tasks.

    The interval grows to a tenth of the time already waited.
    """
    return max(_FIRST_LOOK, min(waited / 10, _LONGEST))


class Check(plan.Step):
    """Fail unless all tasks run, or those of a job have completed."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Look at the tasks once."""
        inspected = ctx.object.inspect(ctx.client)
        if ctx.properties['wait_for'] == 'none' or (
                ctx.records.holds(records.Suspended)):
            return True
        state = State(ctx.client, inspected)
        if state.is_good:
            return True
        what = (_('%(count)d of %(all)s tasks have completed')
                if state.mode in convert.JOBS else
                _('%(count)d of %(all)s tasks run'))
        count = len(state.completed if state.mode in convert.JOBS
                    else state.running)
        raise errors.Failed(reason(
            ctx.client, state, state.why_stopped or what % {
                'count': count, 'all': _('all') if state.wanted is None
                else state.wanted}))


def reason(client, state, what):
    """Return why a service has not converged, with the last failed task.

    Events and stacks show 255 characters, so names are not repeated.

    :param what: sentence without a full stop.
    """
    what = _('%s.') % what
    broken = [task for task in state.all_tasks if task.error or (
        task.has_failed)] or state.abandoned()
    # Tasks of the current specification, and the newest of them.
    task = max(broken, default=None, key=lambda task: (
        task.is_current, task.has_ended, task.created_at))
    if task is None:
        return what
    text = '%s %s' % (what, _describe(client, task))
    if not task.container:
        return text
    tty = bool(fields.read(state.inspected,
                           'Spec.TaskTemplate.ContainerSpec.TTY'))
    try:
        output = client.services.task_log_tail(task.id, tty, _LAST_BYTES)
    except errors.DockerError as ex:
        LOG.info('No output of the task %(task)s: %(why)s',
                 {'task': task.id, 'why': ex})
        return text
    return readiness.with_output(text, output)


def _describe(client, task):
    """Return a sentence about a task with its slot, node and error."""
    what = {'task': task.slot or task.id, 'state': answers.line(task.state),
            'error': task.error or _('exit code %d') % task.exit_code}
    if not task.node:
        return _('Task %(task)s is %(state)s: %(error)s.') % what
    return _('Task %(task)s on the node %(node)s is %(state)s: '
             '%(error)s.') % {**what,
                              'node': client.services.node_name(task.node)}
