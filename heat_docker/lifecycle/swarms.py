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

"""Swarms, and the steps of their resources."""

import contextlib

from .. import errors
from .. import i18n
from ..api import swarms as api_swarms
from ..convert import swarm_nodes
from . import creation
from . import ownership
from . import plan
from . import swarm_objects

_ = i18n._


class Swarm(swarm_objects.SwarmObject):
    """A swarm, as its managers know it."""

    COLLECTION = 'swarms'
    KIND = api_swarms.Swarms

    def name(self, values):
        """Return the name that Docker gives to all swarms."""
        return 'default'


class Create(creation.Create):
    """Make the daemon the first manager of a new swarm."""

    def send(self, ctx: plan.Context, request) -> str:
        """Send the request and return the ID of the swarm."""
        body = {'ListenAddr': swarm_nodes.LISTEN, **request.body}
        labels = body.pop('Labels')
        spec = body.setdefault('Spec', {})
        spec['Labels'] = {**spec.get('Labels', {}), **labels}
        ctx.client.swarms.init(body)
        try:
            return ctx.client.swarms.current()['ID']
        except errors.NoAnswer:
            raise
        except errors.Unreachable as ex:
            # Unlike after other errors of this class, there is a swarm now.
            raise errors.NoAnswer(str(ex)) from ex

    def name_in_use(self, ctx: plan.Context, ex):
        """Return the result of the step if there is a swarm already.

        :raises errors.Conflict: if it is not the one that was requested.
        """
        try:
            return super().name_in_use(ctx, ex)
        except errors.Conflict:
            raise errors.Conflict(_(
                '%s. The resource creates a swarm, and does not change one '
                'that exists. Refer to that one by external_id, or make the '
                'daemon leave it') % ex) from ex


class Update(creation.Update):
    """Change a part of the specification of a swarm or a node.

    Docker replaces the whole specification, but what the template leaves
    unset stays as it is.
    """

    def send(self, ctx: plan.Context, body: dict):
        """Send the request, with the labels of Heat."""
        if 'Labels' in body:
            body['Labels'] = {**body['Labels'], **ctx.object.owner.labels}
        return change(ctx, body)


def change(ctx: plan.Context, parts: dict) -> list[str]:
    """Change parts of the specification of a swarm or a node.

    :param parts: keys of the specification. A map replaces single values of
        the one there, except for labels.
    :returns: the daemon's warnings.
    """
    def changed(inspected):
        spec = dict(inspected['Spec'])
        for key, value in parts.items():
            if isinstance(value, dict) and key != 'Labels':
                value = {**(spec.get(key) or {}), **value}
            spec[key] = value
        return spec

    return swarm_objects.swarm_object(ctx).update(ctx, changed)


class Leave(plan.Step):
    """Make the daemon leave the swarm, which ends with its last manager.

    If the swarm has managers that no resource of the stack owns, it stays in
    use: the daemon becomes a worker before it leaves.
    """

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Leave, unless the daemon is not part of the swarm."""
        state = ctx.client.swarms.membership()
        swarm = (state.get('Cluster') or {}).get('ID') or None
        if state['LocalNodeState'] == 'inactive' or swarm not in (
                None, ctx.object.id):
            return True
        if state['ControlAvailable'] and self._stays_in_use(ctx, state):
            demote(ctx, state['NodeID'])
            return False
        # Without a leader, nothing can be done in the swarm but leave it.
        leave(ctx.client, force=state['ControlAvailable']
              or state['LocalNodeState'] != 'active')
        return True

    def _stays_in_use(self, ctx: plan.Context, state):
        """Return whether managers of others depend on this one."""
        try:
            nodes = ctx.client.nodes.list({})
        except errors.Unreachable as ex:
            if ex.status is None:
                raise
            return False
        return any(
            node.get('ManagerStatus') and node['ID'] != state['NodeID']
            and not ctx.object.owner.is_of_stack(node['Spec'].get('Labels'))
            for node in nodes)


def leave(client, force: bool) -> None:
    """Make a daemon leave its swarm, unless it is not part of one."""
    with contextlib.suppress(errors.NotFound):
        client.swarms.leave(force)


def demote(ctx: plan.Context, node: str) -> None:
    """Request that a manager becomes a worker.

    :param node: ID of the manager.
    :raises errors.Failed: if the swarm would lose its quorum, which is the
        majority of its managers.
    """
    managers = {one['ID']: one['ManagerStatus']
                for one in ctx.client.manager.nodes.list({})
                if one.get('ManagerStatus')}
    if node not in managers:
        return
    others = [status.get('Reachability') == 'reachable'
              for one, status in managers.items() if one != node]
    if not others:
        raise errors.Failed(_(
            'It is the last manager of the swarm, which would end without it. '
            'Promote another node first, or delete the swarm with it'))
    if 2 * sum(others) <= len(others):
        raise errors.Failed(_(
            'Without this manager, only %(reachable)d of the other '
            '%(others)d managers of the swarm would respond, which is no '
            'majority: no manager could change the swarm any more. Restore '
            'or remove the managers that do not respond first')
            % {'reachable': sum(others), 'others': len(others)})
    set_role(ctx.client.manager, node, 'worker')


def set_role(manager, node: str, role: str) -> None:
    """Request that a node gets a role.

    If others change the node at the same time, this does nothing. The caller
    repeats it until the node has the role.

    :param manager: client of a manager.
    :param node: ID of the node.
    """
    inspected = manager.nodes.inspect(node)
    if inspected['Spec'].get('Role') != role:
        with contextlib.suppress(errors.OutOfSequence):
            manager.nodes.update(node, {**inspected['Spec'], 'Role': role},
                                 inspected['Version']['Index'])


def is_of_heat(labels) -> bool:
    """Return whether a resource of Heat owns a node or a swarm."""
    return any(name.startswith(ownership.LABEL) for name in labels or ())
