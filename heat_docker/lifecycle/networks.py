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

"""The object of a network, its steps, and those with attached containers."""

import contextlib
import re

from .. import endpoint as endpoints
from .. import errors
from .. import i18n
from .. import policy
from ..api import networks as api_networks
from ..convert import ipam
from ..convert import network
from . import creation
from . import neighbors
from . import objects
from . import ownership
from . import plan
from . import records
from . import removal

_ = i18n._


# Label of the containers of services.
_TASK = 'com.docker.swarm.task.id'


class Network(objects.Object):
    """A network."""

    COLLECTION = 'networks'
    KIND = api_networks.Networks

    # The network of a swarm, whose id might be the name of another network.
    _SWARM_ID = re.compile('(?=.*[g-z])[0-9a-z]{25}')

    def is_permanent(self, value):
        """Return whether a value is an id that no other network ever has."""
        return super().is_permanent(value) or (
            policy.matches(
                'overlay', policy.limit('allowed_network_drivers'))
            and isinstance(value, str)
            and bool(self._SWARM_ID.fullmatch(value)))

    def find(self, client, labels):
        """Return the IDs of the networks that have all the labels.

        Networks with config_from are left out: they have the labels of the
        network that configures them.
        """
        return [found['Id'] for found in client.networks.list(labels)
                if not (found.get('ConfigFrom') or {}).get('Network')]

    def find_own(self, client, values):
        """Return the ID of the network created for this resource, or None.

        A network with config_from is found by its name, which contains random
        characters unless the template sets it.
        """
        found = super().find_own(client, values)
        if found or not values['config_from'] or values['name']:
            return found
        try:
            return client.networks.inspect(self.name(values))['Id']
        except errors.NotFound:
            return None


class Create(creation.Create):
    """Create a network, but not a second one with the same name."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Create the network, unless the old one is in use again."""
        ctx.neighbors.raise_if_cancelled()
        return super().__call__(ctx)

    def send(self, ctx: plan.Context, request):
        """Send the request and return the ID of the network."""
        # Docker 25 and later always check for duplicates.
        request.body['CheckDuplicate'] = True
        if 'ConfigFrom' in request.body:
            # Docker rejects ConfigFrom together with labels.
            del request.body['Labels']
        return super().send(ctx, request)


class Remove(removal.RemoveUnused):
    """Remove a network without containers."""

    def remove(self, ctx: plan.Context):
        """Send the request."""
        remove(ctx.client, ctx.object.id)

    def users(self, ctx: plan.Context):
        """Return the IDs of the containers in the network."""
        return list(members(ctx.client, ctx.object.id))


class RemoveRestored(plan.Step):
    """Remove the network of a rollback whose create response was lost."""

    NEEDS_OBJECT = False

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Find the network by its labels, and remove it."""
        found = ctx.object.find_own(ctx.client, ctx.properties)
        if found is not None:
            ctx.client.networks.remove(found)
        return True


def remove(client, identity):
    """Remove a network by its ID.

    Podman checks for containers in the network only if the request contains
    the name of the network. With the ID, it would break them.
    """
    client.networks.remove(client.networks.inspect(identity)['Name']
                           if client.is_podman else identity)


def members(client, identity):
    """Return the containers with an endpoint in a network.

    Containers that do not run are included.

    :returns: dict of container ID to a pair: the container and its endpoint,
        both as the daemon shows them.
    """
    name = client.networks.inspect(identity)['Name']
    found = {}
    for container in client.containers.using_network(identity, name):
        with contextlib.suppress(errors.NotFound):
            inspected = client.containers.inspect(container)
            endpoints = network.effective_endpoints(inspected)
            key = (network.attachment_name(identity, endpoints)
                   or network.attachment_name(name, endpoints))
            if key:
                found[container] = inspected, endpoints[key]
    return found


def _own_members(ctx: plan.Context, identity):
    """Return the containers in a network that the tree of stacks owns.

    :returns: dict of container ID to a pair: the endpoint as the daemon
        shows it, and the Neighbor, or None if no resource owns the container
        any more.
    """
    own = {}
    for container, (inspected, endpoint) in members(
            ctx.client, identity).items():
        neighbor = ctx.neighbors.owner_of(container)
        if neighbor or _was_left_here(ctx, inspected):
            own[container] = endpoint, neighbor
    return own


def _was_left_here(ctx: plan.Context, inspected):
    """Return whether this stack created a container that no stack owns now.

    An example is a container with the deletion policy Retain. The container of
    a task is none: nothing but its swarm can attach it again.
    """
    labels = inspected['Config'].get('Labels') or {}
    return (labels.get(ownership.LABEL + 'stack_id')
            == ctx.object.owner.stack_id and _TASK not in labels
            and not ctx.neighbors.is_owned(inspected['Id']))


def _attach(ctx: plan.Context, containers):
    """Attach containers to the network; ignore missing ones.

    :param dict containers: map of ID to the settings of the endpoint.
    """
    # Containers with fixed addresses come first. The daemon might give these
    # addresses to others.
    for container, endpoint in sorted(
            containers.items(), key=lambda item: not item[1].get(
                'IPAMConfig')):
        with contextlib.suppress(errors.NotFound):
            shown = ctx.client.containers.inspect(container)
            ctx.object.owner.refuse_foreign(
                ctx.client.containers.labels_of(shown))
            if not network.attachment_name(
                    ctx.object.id, network.effective_endpoints(shown)):
                ctx.client.networks.connect(shown['Id'], ctx.object.id,
                                            endpoint)


def _detach(client, identity, containers):
    """Detach containers from a network; ignore missing ones."""
    for container in containers:
        with contextlib.suppress(errors.NotFound):
            client.networks.disconnect(container, identity)


# Replacement.

class RemovePredecessor(plan.Step):
    """Remove the old network if its daemon was unreachable before."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Make the old network step aside."""
        predecessor = ctx.neighbors.predecessor(ctx.client)
        if predecessor is not None and (
                predecessor.holds(records.Unreleased)):
            with contextlib.suppress(errors.NotFound):
                predecessor.step_aside(ctx.client)
        return True


class Reattach(plan.Step):
    """Attach the containers that the old network has detached.

    A container that refers to the network by name has no step that attaches
    it. A container whose address is in none of the subnets gets its new
    address in its own step. No other container may get that address first.
    """

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Attach the containers that need no new address."""
        predecessor = ctx.neighbors.predecessor(ctx.client)
        detached = predecessor and predecessor.read(records.Detached)
        endpoints = detached.endpoints if detached else {}
        subnets = _subnets(ctx.properties)
        late = {container for container, endpoint in endpoints.items()
                if network.addresses_outside(endpoint, subnets)}
        if late:
            late.update(container for container in endpoints
                        if self._has_own_step(ctx, container))
        _attach(ctx, {container: endpoint for container, endpoint
                      in endpoints.items() if container not in late})
        return True

    def _has_own_step(self, ctx: plan.Context, container):
        """Return whether the update of a container attaches it as well.

        This is the case if its property networks refers to the network by its
        ID, which has changed.
        """
        neighbor = ctx.neighbors.owner_of(container)
        return neighbor is not None and (
            ctx.object.name(ctx.properties) not in _networks(neighbor))


def step_aside(ctx: plan.Context) -> None:
    """Detach the containers of the stack, and remove the network.

    They stay in it if the replacement is created at another endpoint, from
    where it could not attach them again.
    """
    after = ctx.neighbors.new_values(ctx.object.owner.resource_name)
    if after is not None and not endpoints.is_of(
            after['docker_endpoint'], ctx.client.endpoint):
        return
    ctx.object.inspect(ctx.client)
    own = _own_members(ctx, ctx.object.id)
    for _endpoint, neighbor in own.values():
        if neighbor:
            _check_member(ctx, neighbor)
    detached = ctx.records.read(records.Detached)
    attached = {**(detached.endpoints if detached else {}), **{
        container: network.endpoint_settings(
            endpoint, _mac_address(ctx, neighbor))
        for container, (endpoint, neighbor) in own.items()}}
    # Record this before detaching: heat-engine may end at any time.
    ctx.records.write(records.Detached(attached))
    _detach(ctx.client, ctx.object.id, attached)
    try:
        remove(ctx.client, ctx.object.id)
    except errors.Conflict as ex:
        raise removal.in_use(
            ctx, list(members(ctx.client, ctx.object.id)), ex) from ex


def _check_member(ctx: plan.Context, neighbor):
    """Raise if a container would lose its fixed address.

    This concerns containers that refer to the network by its name. Heat does
    not update them when the network is replaced.

    :raises errors.Failed: with the address and the resource.
    """
    name = ctx.properties['name']
    before = _networks(neighbor)
    if name not in before or _is_to_change(neighbor, before):
        return
    after = ctx.neighbors.new_values(ctx.object.owner.resource_name)
    if after is None:
        return
    given = before[name]
    lost = network.addresses_outside(given, _subnets(after))
    if ctx.client.networks.ignores_at_connect(given):
        lost.append(given['MacAddress'])
    if lost:
        raise errors.Failed(
            _('The container of %(member)s would lose its address '
              '%(address)s: in its property networks, refer to '
              '%(network)s by get_resource instead of by name')
            % {'member': neighbor.name, 'address': ', '.join(lost),
               'network': ctx.object.owner.resource_name})


def _mac_address(ctx: plan.Context, neighbor):
    """Return the MAC address that the template gives a container, or None.

    :param neighbor: see :func:`_own_members`.
    """
    given = _networks(neighbor) if neighbor else {}
    # A get_resource of another resource is resolved to its name here.
    for name in (ctx.object.id, ctx.object.name(ctx.properties),
                 ctx.object.owner.resource_name):
        if name in given:
            return given[name].get('MacAddress')
    return None


def _is_to_change(neighbor, before):
    """Return whether the new template changes a container's networks.

    :param before: its old networks, as the API's map.
    """
    if not neighbor.is_in_same_stack:
        return False
    if neighbor.is_removed:
        return True
    try:
        values = neighbor.new_values()
        return network.networks_to_api(values['networks'] or []) != before
    except neighbors.UNKNOWN:
        # Its new networks depend on a resource that does not exist yet.
        return True


class StepBack(plan.Step):
    """Create the network again, and attach the containers that were in it.

    The network gets a new ID.
    """

    def __init__(self):
        """Prepare to create the network."""
        self._create = Create()

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Remove the replacement, then create the network."""
        detached = ctx.records.read(records.Detached)
        if detached is None:
            return True
        self._remove_replacements(ctx)
        if not self._exists(ctx) and not self._create(ctx):
            return False
        _attach(ctx, detached.endpoints)
        ctx.records.erase(records.Detached)
        return True

    def _exists(self, ctx: plan.Context):
        try:
            ctx.object.inspect(ctx.client)
        except errors.NotFound:
            return False
        return True

    def _remove_replacements(self, ctx: plan.Context):
        """Remove the networks created in place of this one."""
        for other in ctx.object.find_replacements(ctx.client):
            with contextlib.suppress(errors.NotFound):
                _detach(ctx.client, other, _own_members(ctx, other))
                remove(ctx.client, other)


def _subnets(values):
    """Return the subnets of a network, or None if config_from sets them.

    :param values: properties of the network.
    """
    if values['config_from']:
        return None
    return ipam.subnets_from_api(ipam.ipam_to_api(values['ipam'] or {}))


def _networks(neighbor):
    """Return the networks of a container in its template, as the API's map."""
    return network.networks_to_api(neighbor.old_values()['networks'] or [])
