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

"""How an action is carried out: a plan of steps, and the runner of plans.

Heat polls an action until it is complete. Each poll continues the plan where
the last one stopped.
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

# How long, in seconds, one poll may sleep instead of ending and causing
# another poll.
_MAX_SLEEP = 2.0


class Replace(Exception):
    """A step cannot change the object in place, so Heat has to replace it."""

    def __str__(self):
        return _('It has to be replaced')


@dataclasses.dataclass(frozen=True)
class After:
    """Result of a step that is to be called again, not before some seconds.

    :ivar seconds: at least so many; 0 to let others have the connection.
    """

    seconds: float


@dataclasses.dataclass(frozen=True)
class Instead:
    """Result of a step that is done, and replaces the rest of the plan."""

    steps: typing.Sequence


@dataclasses.dataclass(frozen=True)
class First:
    """Result of a step that is to be called again after other steps."""

    steps: typing.Sequence


@dataclasses.dataclass(frozen=True)
class Before:
    """What a resource went through before an update.

    Heat overwrites action and status before it asks for the plan.

    :ivar update_failed: the last update failed, so nobody knows which of its
        changes were made.
    :ivar suspended: the object may have been stopped by a suspend, and a
        resume did not start it or has failed.
    :ivar unfinished: the object is not as its properties say.
    """

    update_failed: bool = False
    suspended: bool = False
    unfinished: bool = False


@dataclasses.dataclass
class Context:
    """What a step sees of the resource that it works for.

    :ivar object: the :class:`heat_docker.lifecycle.objects.Object` of the
        daemon; its ``id`` is stored in Heat.
    :ivar action: Heat's name of the action, such as ``CREATE``.
    :ivar fields: the type's table of properties.
    :ivar values: values of the properties that hold after the action.
    :ivar properties: values that hold now. They differ from ``values`` in an
        update only.
    :ivar records: what the resource remembers in Heat's database.
    :ivar before: what the resource went through before the action.
    :ivar neighbors: the other resources of the stack; see
        :class:`heat_docker.lifecycle.neighbors.Neighbors`.
    :ivar connect: context manager that connects to the daemon.
    :ivar event: function that adds an event with a text.
    :ivar give_up: function that takes the error when the daemon has been
        unreachable for ``patience()`` seconds. It raises unless the rest of
        the plan is to be dropped.
    :ivar may_sleep: function that returns whether no other resource waits
        for the poll.
    :ivar changed: names of the properties that an update changes.
    :ivar client: :class:`heat_docker.client.DockerClient`; set while steps
        run.
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
    """One quick thing to do; it may have to be done several times.

    A step is called until it is done. If the answer of the daemon was lost,
    it is called again, although the daemon may have carried out the request.
    What it remembers between calls are its attributes.

    :cvar NEEDS_OBJECT: whether a delete skips it if the object is gone.
    """

    NEEDS_OBJECT = True

    def __call__(self, ctx: Context) -> Result:
        """Do it.

        :returns: True if it is done, False to be called at the next poll,
            or one of the classes above.
        :raises errors.DockerError: to fail the action. The runner waits and
            calls the step again after :class:`errors.Unreachable`.
        :raises Replace: to have Heat replace the object.
        """
        raise NotImplementedError()

    def cancel(self, ctx: Context) -> None:
        """Undo or stop what was begun, because the action is cancelled."""


class Plan:
    """The steps of an action that are left."""

    def __init__(self, ctx: Context, steps: typing.Iterable[Step]):
        """Prepare to run the steps in this order."""
        self.ctx = ctx
        self.steps = list(steps)
        self._done = []
        self._unreachable_since = None

    def advance(self) -> bool | After:
        """Run steps until one needs time.

        A short pause is slept here, without a connection, unless other
        resources wait for the poll.

        :returns: True if the plan is complete; else when to call again.
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
        """Undo or stop what the steps have begun, the last one first."""
        for step in [*self.steps[:1], *reversed(self._done)]:
            step.cancel(self.ctx)

    def _run(self):
        """Run steps until one is not done, and return its result."""
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
        """Wait for an unreachable daemon, up to a limit."""
        self.ctx.neighbors.yield_to_newer_update()
        now = time.monotonic()
        if self._unreachable_since is None:
            self._unreachable_since = now
            first = True
        else:
            first = False
        if now - self._unreachable_since < self.ctx.patience():
            if first:
                self.ctx.event(_('%s. Waiting for it') % ex)
            return
        self.ctx.give_up(ex)
        self.steps.clear()

    def _report_answer(self, client):
        """Add an event if the daemon answers again."""
        if client.answered and self._unreachable_since is not None:
            seconds = time.monotonic() - self._unreachable_since
            self._unreachable_since = None
            self.ctx.event(_('Docker at %(endpoint)s answers after '
                             '%(seconds)d s')
                           % {'endpoint': client.endpoint,
                              'seconds': seconds})
