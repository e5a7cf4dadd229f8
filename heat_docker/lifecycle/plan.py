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

"""Plans of steps, which carry out the actions of Heat.

Heat polls an action until it is complete. Each poll continues the plan where
the previous poll stopped: :meth:`Plan.advance`.
"""

import dataclasses
import time
import typing

from .. import errors
from .. import i18n
from . import neighbors as neighbors_module
from . import objects
from . import records as records_module

_ = i18n._

# Seconds that one poll may sleep instead of ending, which would add the second
# until Heat's next poll.
_MAX_SLEEP = 2.0


class Replace(Exception):
    """A step cannot change the object in place, so Heat has to replace it."""

    def __str__(self):
        return _('It must be replaced')


@dataclasses.dataclass(frozen=True)
class After:
    """Result of a step that has to be called again after a pause.

    :ivar seconds: shortest pause; 0 to release the connection to other
        resources.
    """

    seconds: float


@dataclasses.dataclass(frozen=True)
class Instead:
    """Result of a step that is done; other steps replace the rest of the plan.

    :ivar steps: the other steps; if empty, the plan is complete.
    """

    steps: typing.Sequence


@dataclasses.dataclass(frozen=True)
class First:
    """Result of a step that has to be called again after other steps.

    :ivar steps: the other steps.
    """

    steps: typing.Sequence


@dataclasses.dataclass(frozen=True)
class Before:
    """The state of a resource before an update.

    Heat overwrites the action and the status before it calls the hook that
    returns the plan.

    :ivar update_failed: the last update failed. It is not known which of its
        changes were made.
    :ivar suspended: a suspend may have stopped the object, and no resume has
        completed since.
    :ivar unfinished: the object may differ from its properties.
    """

    update_failed: bool = False
    suspended: bool = False
    unfinished: bool = False


@dataclasses.dataclass
class Context:
    """All that a step sees of its resource.

    :ivar object: the object of the daemon. To set its ``id`` stores the ID in
        Heat's database.
    :ivar action: Heat's name of the action, such as ``CREATE``.
    :ivar fields: the table of properties of the type.
    :ivar values: values of the properties after the action.
    :ivar properties: values of the properties before the action. They differ
        from ``values`` only in an update.
    :ivar records: facts that outlive the action, in Heat's database.
    :ivar before: the state of the resource before the action.
    :ivar neighbors: the other resources of the stack.
    :ivar connect: context manager that connects to the daemon.
    :ivar event: function that adds an event with a text to the stack.
    :ivar give_up: function that takes the error once the daemon has been
        unreachable for ``patience()`` seconds. It either raises, or returns
        to drop the rest of the plan.
    :ivar patience: function that returns these seconds.
    :ivar may_sleep: function that returns whether a poll may block, because
        no other resource waits for it.
    :ivar changed: names of the properties that an update changes.
    :ivar client: the :class:`heat_docker.client.DockerClient` of the daemon,
        while a step runs; otherwise None.
    """

    object: objects.Object
    action: str
    fields: typing.Sequence
    values: typing.Mapping
    properties: typing.Mapping
    records: records_module.Store
    before: Before
    neighbors: neighbors_module.Neighbors
    connect: typing.Callable
    event: typing.Callable[[str], None]
    give_up: typing.Callable[[errors.DockerError], None]
    patience: typing.Callable[[], float]
    may_sleep: typing.Callable[[], bool]
    changed: typing.Collection[str] = ()
    client: typing.Any = None


Result = bool | After | Instead | First


class Step:
    """One quick part of an action, such as one request.

    The plan calls a step until it is done. After a lost response, it calls the
    step again, although the daemon may have carried out the request. A step
    must therefore work if it is repeated. Its attributes keep what it knows
    between calls of one action; a record keeps what must outlive heat-engine.

    :cvar NEEDS_OBJECT: whether a delete skips the step if the object no
        longer exists.
    """

    NEEDS_OBJECT = True

    def __call__(self, ctx: Context) -> Result:
        """Carry out the step, or continue it.

        :returns: True if it is done; False to be called again at the next
            poll; an :class:`After`, :class:`Instead` or :class:`First`.
        :raises errors.DockerError: to fail the action. After
            :class:`errors.Unreachable`, the plan waits for the daemon and
            calls the step again.
        :raises Replace: to have Heat replace the object.
        """
        raise NotImplementedError()

    def cancel(self, ctx: Context) -> None:
        """Undo or stop what the step began, because Heat cancels the action.

        The plan calls this for the current step and for those that are done.
        """


class Plan:
    """The remaining steps of an action."""

    def __init__(self, ctx: Context, steps: typing.Iterable[Step]):
        """Prepare to run the steps in this order."""
        self.ctx = ctx
        self.steps = list(steps)
        self._done: list[Step] = []
        self._unreachable_since = None

    def advance(self) -> bool | After:
        """Run steps until one has to wait.

        This sleeps during a short pause, without a connection, unless other
        resources wait for the poll.

        :returns: True if the plan is complete, or False to be called again at
            the next poll, or an :class:`After` for a longer pause.
        """
        slept = 0.0
        longest = _MAX_SLEEP if self.ctx.may_sleep() else 0.0
        while self.steps:
            result = self._run()
            if not isinstance(result, After):
                break
            slept += result.seconds
            if slept > longest:
                return result
            time.sleep(result.seconds)
        return not self.steps

    def cancel(self) -> None:
        """Undo or stop what the steps began, in reverse order."""
        for step in [*self.steps[:1], *reversed(self._done)]:
            step.cancel(self.ctx)

    def _run(self):
        """Run steps with one connection until one is not done.

        :returns: its result.
        """
        with self.ctx.connect() as client:
            self.ctx.client = client
            try:
                while self.steps:
                    result = self.steps[0](self.ctx)
                    self._report_answer(client)
                    if isinstance(result, Instead):
                        self.steps[1:] = result.steps
                    elif isinstance(result, First):
                        self.steps[:0] = result.steps
                        return False
                    elif result is not True:
                        return result
                    self._done.append(self.steps.pop(0))
            except errors.Unreachable as ex:
                self._wait_for_daemon(ex)
            finally:
                self.ctx.client = None
        return False

    def _wait_for_daemon(self, ex):
        """Keep the step for the next poll, unless the daemon is overdue."""
        self.ctx.neighbors.yield_to_newer_update()
        now = time.monotonic()
        first = self._unreachable_since is None
        if first:
            self._unreachable_since = now
        if now - self._unreachable_since < self.ctx.patience():
            if first:
                self.ctx.event(_('%s. Waiting for it') % ex)
            return
        self.ctx.give_up(ex)
        self.steps.clear()

    def _report_answer(self, client):
        """Add an event if the daemon was unreachable before."""
        if client.answered and self._unreachable_since is not None:
            seconds = time.monotonic() - self._unreachable_since
            self._unreachable_since = None
            self.ctx.event(_('Docker at %(endpoint)s responded after '
                             '%(seconds)d s')
                           % {'endpoint': client.endpoint,
                              'seconds': seconds})
