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
"""The operations of signals to a service, one function for each."""

from .. import errors
from .. import i18n
from .. import operations
from . import plan
from . import records
from . import services
from . import swarm_objects

_ = i18n._


def run(ctx: plan.Context, name: str, arguments: dict) -> str:
    """Carry out an operation and return the text of its event.

    :param name: of an operation in
        :data:`heat_docker.operations.OF_SERVICE`.
    :param arguments: details of the signal.
    """
    return _FUNCTIONS[name](ctx, arguments)


def _scale(ctx: plan.Context, arguments):
    before = 0

    def replicas(count):
        nonlocal before
        before = count
        try:
            return operations.scaled(arguments, count)
        except ValueError as ex:
            raise errors.Failed(str(ex)) from ex

    if ctx.records.holds(records.Suspended):
        raise errors.Failed(_('The service is suspended'))
    after = services.scale(ctx, replicas)
    ctx.records.write(records.Scaled(after))
    return _('scaled from %(before)d to %(after)d replicas') % {
        'before': before, 'after': after}


def _restart(ctx: plan.Context, arguments):
    def change(inspected):
        spec = inspected['Spec']
        return {**spec, 'TaskTemplate': {
            **spec['TaskTemplate'],
            'ForceUpdate': services.force_update(inspected) + 1}}

    swarm_objects.swarm_object(ctx).update(ctx, change)
    return _('replacing all tasks')


def _rollback(ctx: plan.Context, arguments):
    swarm_objects.swarm_object(ctx).update(
        ctx, lambda inspected: inspected['Spec'],
        query={'rollback': 'previous'})
    return _('rolling back')


_FUNCTIONS = {operation.name: globals()['_' + operation.name]
              for operation in operations.OF_SERVICE}
