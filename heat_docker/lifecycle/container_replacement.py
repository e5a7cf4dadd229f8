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

"""How a container steps aside for its replacement, and is restored.

Heat creates the replacement before it deletes the old resource, and keeps the
old one for a rollback. A name, a host port or an address can be in use only
once, and some volumes have only one writer. The old container is therefore
renamed and stopped before its replacement is created.
"""

import contextlib
import dataclasses
import time

from .. import errors
from .. import fields
from .. import i18n
from . import claims
from . import containers
from . import plan
from . import records

_ = i18n._

_SUFFIX = '.replaced'


class WaitForPredecessor(plan.Step):
    """Wait until the container that this one replaces has stepped aside."""

    def __init__(self):
        """Prepare to repeat the stop request, if it may be lost."""
        self._request = None

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Inspect the old container; rename and stop it if that is left."""
        predecessor = ctx.neighbors.predecessor(ctx.client)
        if predecessor is None or not predecessor.object_id:
            return True
        try:
            inspected = ctx.client.containers.inspect(predecessor.object_id)
        except errors.NotFound:
            return True
        if predecessor.holds(records.Unreleased):
            predecessor.step_aside(ctx.client)
            return False
        if (not inspected['Name'].endswith(_SUFFIX)
                or not containers.State(inspected).is_stopping):
            return True
        if self._request is None:
            aside = (predecessor.read(records.SteppedAside)
                     or records.SteppedAside())
            self._request = containers.StopRequest(
                aside.grace, time.monotonic() if aside.stopping else None)
        self._request.send(ctx, predecessor.object_id)
        return False


def step_aside(ctx: plan.Context) -> None:
    """Rename and stop the container, and record its name and state.

    :raises errors.DockerError: if the replacement could not get its values.
    """
    client = ctx.client
    inspected = ctx.object.inspect(client)
    name = inspected['Name'].lstrip('/')
    grace = ctx.properties['stop_grace_period']
    aside = ctx.records.read(records.SteppedAside)
    if aside is None:
        claims.refuse_unattainable(ctx)
        aside = ctx.records.write(records.SteppedAside(
            name, grace, containers.State(inspected).has_started))
    if not name.endswith(_SUFFIX):
        client.containers.rename(
            ctx.object.id,
            '%s-%s%s' % (name, ctx.object.id[:12], _SUFFIX))
    containers.disable_restarts(ctx)
    # A rollback has to know of the stop, even if heat-engine ends before the
    # response arrives.
    aside = ctx.records.write(dataclasses.replace(
        aside, stopping=True, last_start=None))
    try:
        containers.stop(client, ctx.object.id, grace,
                        containers.STOP_PATIENCE)
    except errors.NoAnswer:
        # The replacement waits until this container has stopped.
        return
    except errors.DockerError:
        ctx.records.write(dataclasses.replace(aside, stopping=False))
        raise
    ctx.records.write(dataclasses.replace(aside, stopping=False))


class StepBack(plan.Step):
    """Restore a container that has stepped aside, and remove its replacement.

    Heat can return to the old container in any update, not only in a
    rollback: Heat rolls a nested stack back by an update, and a user may
    return to the old template.
    """

    def __init__(self):
        """Prepare to wait until other containers release its values."""
        self._retry = claims.Retry()
        self._waiting_since = None

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Remove the replacement, then rename and start the container."""
        aside = ctx.records.read(records.SteppedAside)
        if aside is None:
            return True
        try:
            inspected = ctx.object.inspect(ctx.client)
        except errors.NotFound as ex:
            raise plan.Replace() from ex
        self._remove_replacements(ctx)
        if inspected['Name'].lstrip('/') != aside.name:
            try:
                ctx.client.containers.rename(ctx.object.id, aside.name)
            except errors.Conflict as ex:
                return self._retry.after(ctx, [('name', aside.name, '')], ex)
        if aside.stopping and containers.State(inspected).is_stopping:
            # The daemon would stop the container after a start, too.
            now = time.monotonic()
            if self._waiting_since is None:
                self._waiting_since = now
            if now - self._waiting_since < containers.stopped_after(
                    ctx.client, aside.grace):
                return False
        if aside.running:
            containers.restore_restart_policy(ctx)
            try:
                self._start(ctx, aside, containers.State(inspected))
            except errors.Conflict as ex:
                return self._retry.after(ctx, fields.claims(
                    ctx.fields, ctx.properties), ex)
        ctx.records.erase(records.SteppedAside)
        return True

    def _start(self, ctx: plan.Context, aside, state):
        """Start the container once, even if some of its networks are missing.

        The response may be lost, and the next update then repeats this step.
        The command must not run twice.
        """
        if aside.last_start is None:
            ctx.records.write(dataclasses.replace(
                aside, last_start=state.started_at))
        elif aside.last_start != state.started_at:
            return
        try:
            containers.start(ctx)
        except (errors.Failed, errors.NotFound):
            if not containers.leave_gone_networks(ctx):
                raise
            containers.start(ctx)

    def _remove_replacements(self, ctx: plan.Context):
        """Remove the containers created in place of this one."""
        for container in ctx.object.find_replacements(ctx.client):
            with contextlib.suppress(errors.NotFound, errors.Busy):
                ctx.client.containers.remove(container, force=True)
