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

"""The steps from a container that exists to one that is ready."""

from ..convert import network
from . import container_changes
from . import containers
from . import plan
from . import readiness


def start_plan(values) -> list[plan.Step]:
    """Return the steps after the create request.

    :param values: of the properties.
    """
    steps: list[plan.Step] = [containers.CheckReferences()]
    if values['networks']:
        steps.append(container_changes.Reconnect())
    if values['files']:
        steps.append(containers.PutFiles())
    return [*steps, containers.Start(), readiness.WaitFor()]


class CatchUp(plan.Step):
    """Finish a container that a failed action left in an unknown state."""

    def __init__(self, is_reconnected: bool):
        """Prepare to inspect it.

        :param is_reconnected: whether the steps before attach it to the
            networks of the template.
        """
        self._is_reconnected = is_reconnected

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Inspect it, and replace this step by those that are left."""
        inspected = ctx.object.inspect(ctx.client)
        state = containers.State(inspected)
        if state.status == 'created':
            return plan.Instead(start_plan(ctx.values))
        steps: list[plan.Step] = [containers.Resume()] if (
            state.status == 'paused'
            or state.is_as_signaled(ctx.records)) else []
        if (ctx.properties['networks'] and not self._is_reconnected
                and not network.effective_endpoints(inspected)):
            steps.append(container_changes.Reconnect(
                ctx.before.update_failed))
        return plan.Instead([*steps, readiness.WaitFor()])
