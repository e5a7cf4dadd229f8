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

"""Nodes of a swarm, and the steps of their resources.

``ctx.client`` is the client of the daemon that joins the swarm, and
``ctx.client.manager`` that of a manager, which knows the node.
"""

import time
import typing

from .. import errors
from .. import i18n
from ..api import nodes as api_nodes
from ..convert import swarm_nodes as convert
from ..specs import joining
from . import creation
from . import plan
from . import records
from . import swarm_objects
from . import swarms

_ = i18n._

# Seconds that the tasks of a node have to end by default.
_DRAIN = 60.0

# Seconds after which a check fails if the state of a node remains unknown.
# Nodes contact a new leader within three heartbeats, by default 15 seconds.
_UNKNOWN = 30.0


class Node(swarm_objects.SwarmObject):
    """A node of a swarm, as its managers know it."""

    COLLECTION = 'nodes'
    KIND = api_nodes.Nodes

    def name(self, values):
        """Return an empty name: nodes have the hostname of their daemon."""
        return ''

    def source(self, client):
        """Return the client of a manager."""
        return client.manager

    def forget(self):
        """Drop the ID of a node that has left the swarm."""
        self._resource.resource_id_set(None)

    def find_own(self, client, values):
        """Return the ID of the node, by its labels or by its daemon.

        A node that has just joined has no labels yet. Before the request to
        join, the daemon was not part of a swarm.
        """
        found = super().find_own(client, values)
        if found or not self.records.holds(records.CreateRequest):
            return found
        state = client.swarms.membership()
        for node in client.manager.nodes.list({}):
            if node['ID'] == state['NodeID'] and not swarms.is_of_heat(
                    node['Spec'].get('Labels')):
                return node['ID']
        return None


class Join(plan.Step):
    """Make the daemon join the swarm, once.

    The daemon may continue to try after its response.
    """

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the request, or wait for the daemon."""
        creation.check_supported(ctx)
        swarm = _swarm(ctx)
        state = ctx.client.swarms.membership()
        if state['LocalNodeState'] == 'active':
            return self._identify(ctx, state)
        if state['LocalNodeState'] == 'pending' and self._is_requested(ctx):
            ctx.neighbors.yield_to_newer_update()
            return False
        if state['LocalNodeState'] != 'inactive':
            raise errors.Failed(_(
                'The daemon at %(endpoint)s cannot join the swarm, because it '
                'is part of a swarm in the state %(state)s: %(why)s. Make it '
                'leave that one, with docker swarm leave --force')
                % {'endpoint': ctx.client.endpoint,
                   'state': state['LocalNodeState'],
                   'why': ctx.client.masked(state['Error'])})
        if not self._is_requested(ctx):
            creation.record_request(ctx.client, ctx.records)
        ctx.records.write(records.Joined(_addresses(ctx.values)))
        ctx.client.swarms.join(self._request(ctx, swarm))
        return False

    def _is_requested(self, ctx: plan.Context):
        return ctx.records.holds(records.CreateRequest)

    def _identify(self, ctx: plan.Context, state):
        """Store the ID of a daemon that is part of a swarm."""
        if not self._is_requested(ctx):
            raise errors.Conflict(_(
                'The daemon at %s is already part of a swarm. Refer to the '
                'node by external_id, or make the daemon leave it')
                % ctx.client.endpoint)
        node = ctx.client.manager.nodes.inspect(state['NodeID'])
        ctx.object.id = node['ID']
        return True

    def _request(self, ctx: plan.Context, swarm):
        values = ctx.values
        body = {'ListenAddr': values['listen_addr'] or convert.LISTEN,
                'AdvertiseAddr': values['advertise_addr'] or '',
                'DataPathAddr': values['data_path_addr'] or '',
                'Availability': values['availability'] or 'active',
                'JoinToken': values['join_token'],
                'RemoteAddrs': values['remote_addrs']}
        if not body['JoinToken']:
            tokens = swarm.get('JoinTokens') or {}
            body['JoinToken'] = tokens.get(_role(values).title())
        if not body['RemoteAddrs']:
            body['RemoteAddrs'] = convert.manager_addresses(
                ctx.client.manager.nodes.list({}))
        return body

    def cancel(self, ctx: plan.Context) -> None:
        """Stop a daemon that is still trying to join."""
        if ctx.object.id is not None or not self._is_requested(ctx):
            return
        with ctx.connect() as client:
            if client.swarms.membership()['LocalNodeState'] == 'pending':
                swarms.leave(client, force=True)


def _swarm(ctx: plan.Context):
    """Return the swarm of the manager, which must be the one of the template.

    :raises errors.Failed: if it is another one.
    """
    try:
        return ctx.client.manager.swarms.inspect(ctx.values['swarm'])
    except errors.NotFound as ex:
        raise errors.Failed(_('The property manager_endpoint: %s') % ex
                            ) from ex


def _addresses(values):
    """Return the values of the properties with addresses of the daemon."""
    return {field.name: values[field.name] for field in joining.FIELDS}


def _role(values):
    return values['role'] or 'worker'


class Configure(plan.Step):
    """Set the labels, the availability and the role of a node that joined."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the update request."""
        swarms.change(ctx, {
            'Labels': {**(ctx.values['labels'] or {}),
                       **ctx.object.owner.labels},
            'Availability': ctx.values['availability'] or 'active'})
        return True


class SetRole(plan.Step):
    """Promote or demote the node, and wait until it has the role.

    A manager that is demoted keeps a majority of managers that respond.
    """

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the update request, or wait for the managers."""
        ctx.neighbors.yield_to_newer_update()
        role = _role(ctx.values)
        node = ctx.object.inspect(ctx.client)
        manager = node.get('ManagerStatus') or {}
        if role == 'manager':
            swarms.set_role(ctx.client.manager, ctx.object.id, role)
            return manager.get('Reachability') == 'reachable'
        if manager:
            swarms.demote(ctx, ctx.object.id)
            return False
        swarms.set_role(ctx.client.manager, ctx.object.id, role)
        return True


class AwaitReady(plan.Step):
    """Wait until the managers report that the node is ready."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Inspect the node."""
        ctx.neighbors.yield_to_newer_update()
        node = ctx.object.inspect(ctx.client)
        return (node.get('Status') or {}).get('State') == 'ready'


class Check(plan.Step):
    """Fail unless the node is ready, and a manager reachable.

    A new leader of the managers knows neither until each node has contacted
    it.
    """

    def __init__(self):
        """Prepare to inspect the node."""
        self._since = None

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Inspect the node, again if its state is not known yet."""
        node = ctx.object.inspect(ctx.client)
        status = node.get('Status') or {}
        manager = node.get('ManagerStatus') or {}
        state = status.get('State')
        reachability = manager.get('Reachability', 'reachable')
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if 'unknown' in (state, reachability) and (
                now - self._since < _UNKNOWN):
            return False
        if state != 'ready':
            why = ctx.client.masked(status.get('Message'))
            raise errors.Failed(_(
                'The managers of the swarm report that the node is '
                '%(state)s%(why)s')
                % {'state': ctx.client.masked(state),
                   'why': ': %s' % why if why else ''})
        if reachability != 'reachable':
            raise errors.Failed(_(
                'The other managers of the swarm report that this manager is '
                '%s') % ctx.client.masked(reachability))
        return True


class Drain(plan.Step):
    """Move the tasks of the node to other nodes, in a limited time."""

    def __init__(self):
        """Prepare to drain the node."""
        self._since = None

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the update request, or wait for the tasks."""
        try:
            node = ctx.object.inspect(ctx.client)
        except errors.NotFound:
            return True
        if is_down(node):
            # The managers have already moved its tasks.
            return True
        now = time.monotonic()
        if self._since is None:
            self._since = now
            swarms.change(ctx, {'Availability': 'drain'})
        left = ctx.client.manager.nodes.active_tasks(ctx.object.id)
        if not left:
            return True
        timeout = ctx.properties['drain_timeout']
        if now - self._since < (_DRAIN if timeout is None else timeout):
            return False
        ctx.event(_('%d tasks of the node are still running; it leaves the '
                    'swarm nevertheless') % left)
        return True


def is_down(node) -> bool:
    """Return whether the managers have lost the connection to a node."""
    return (node.get('Status') or {}).get('State') == 'down'


class Demote(plan.Step):
    """Make the node a worker, unless the swarm needs it as a manager."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the update request, or wait for the managers."""
        try:
            node = ctx.object.inspect(ctx.client)
        except errors.NotFound:
            return True
        if node.get('ManagerStatus'):
            swarms.demote(ctx, ctx.object.id)
            return False
        swarms.set_role(ctx.client.manager, ctx.object.id, 'worker')
        return True


class Leave(plan.Step):
    """Make the daemon leave the swarm.

    A daemon that does not respond, and that the managers report as down, is
    as good as gone.
    """

    def __init__(self, force: bool = False):
        """Prepare to leave.

        :param force: whether the swarm itself is deleted.
        """
        self._force = force

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the request, unless the daemon is part of no swarm."""
        try:
            return self._leave(ctx)
        except errors.Unreachable as ex:
            if self._force or not self._is_down(ctx):
                raise
            ctx.event(_('%s. The managers report the node as down, so it is '
                        'removed from the swarm without it') % ex)
            return True

    def _leave(self, ctx: plan.Context):
        state = ctx.client.swarms.membership()
        if (state['LocalNodeState'] == 'inactive'
                or state['NodeID'] not in ('', ctx.object.id)):
            return True
        if state['ControlAvailable'] and not self._force:
            # It does not know yet that it is a worker now.
            return False
        swarms.leave(ctx.client, self._force
                     or state['LocalNodeState'] != 'active')
        return True

    def _is_down(self, ctx: plan.Context):
        try:
            return is_down(ctx.object.inspect(ctx.client))
        except errors.NotFound:
            return True


class Remove(plan.Step):
    """Remove the node from the list of nodes, once it is down."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the request, unless the node does not exist."""
        nodes = ctx.client.manager.nodes
        try:
            if not is_down(ctx.object.inspect(ctx.client)):
                return False
            nodes.remove(ctx.object.id, force=True)
        except errors.NotFound:
            pass
        return True


class Rejoin(plan.Step):
    """Leave the swarm and join it again, with other addresses.

    After a failed update, it is not known whether the addresses differ.
    """

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Return the steps, unless the node has the addresses."""
        joined = ctx.records.read(records.Joined)
        if joined and joined.addresses == _addresses(ctx.values):
            return True
        return plan.Instead([*leaving(), _Forget(), *entering()])


class _Forget(plan.Step):
    """Drop the ID of the node, which gets another one."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Drop the ID."""
        typing.cast(Node, ctx.object).forget()
        return True


def entering() -> list[plan.Step]:
    """Return the steps that make the daemon a node of the swarm."""
    return [Join(), *settling()]


def settling() -> list[plan.Step]:
    """Return the steps that configure a node that has joined."""
    return [Configure(), SetRole(), AwaitReady()]


def leaving() -> list[plan.Step]:
    """Return the steps that remove the node from the swarm."""
    return [Drain(), Demote(), Leave(), Remove()]
