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

"""The operations of signals to a swarm, one function for each."""

from .. import i18n
from .. import operations
from . import plan
from . import swarm_objects

_ = i18n._


def run(ctx: plan.Context, name: str, arguments: dict) -> str:
    """Carry out an operation and return the text of its event.

    :param name: of an operation in
        :data:`heat_docker.operations.OF_SWARM`.
    :param arguments: details of the signal; there are none.
    """
    return _FUNCTIONS[name](ctx)


def _rotate(ctx: plan.Context, secret):
    """Replace a secret; the specification stays the same.

    :param secret: end of the name of a query parameter.
    """
    swarm_objects.swarm_object(ctx).update(
        ctx, lambda inspected: inspected['Spec'],
        query={'rotate' + secret: 'true'})


def _rotate_worker_token(ctx: plan.Context):
    _rotate(ctx, 'WorkerToken')
    return _('the join token of workers has been replaced')


def _rotate_manager_token(ctx: plan.Context):
    _rotate(ctx, 'ManagerToken')
    return _('the join token of managers has been replaced')


def _rotate_unlock_key(ctx: plan.Context):
    _rotate(ctx, 'ManagerUnlockKey')
    return _('the unlock key has been replaced')


def _rotate_ca(ctx: plan.Context):
    def change(inspected):
        spec = inspected['Spec']
        authority = spec.get('CAConfig') or {}
        return {**spec, 'CAConfig': {
            **authority,
            'ForceRotate': (authority.get('ForceRotate') or 0) + 1}}

    swarm_objects.swarm_object(ctx).update(ctx, change)
    return _('the certificates of the nodes are being replaced')


_FUNCTIONS = {operation.name: globals()['_' + operation.name]
              for operation in operations.OF_SWARM}
