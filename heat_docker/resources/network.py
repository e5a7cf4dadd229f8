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

"""``DockerInc::Docker::Network``."""

import contextlib
import json

from heat.common import exception

from .. import errors
from .. import i18n
from ..convert import ipam
from ..convert import network
from ..specs import network as spec
from . import base
from . import reaching
from . import registration
from . import replacing
from . import users

_ = i18n._


class DockerNetwork(replacing.Replacing, users.Used, base.DockerResource):
    """A network on a Docker daemon.

    Containers that have get_resource of it in their property networks reach
    each other by their names and aliases. get_resource is its id.

    Docker cannot change a network, so every change replaces it: a new network
    is created, the attached containers of the stack and of its nested stacks
    are moved to it without being replaced, and the old network is removed. A
    fixed name or subnet can be in use only once, so the containers of such a
    network are detached, and it is removed, before the new one is created.

    Deleting the resource waits for containers that are just leaving. Those
    of others are never detached: the delete fails, and says whose they are.
    """

    spec = spec
    collection = 'networks'

    def _docker_create(self, client, request):
        """Create the network, and no second one of its name."""
        # Docker 25 and later do not have to be told.
        request.body['CheckDuplicate'] = True
        if 'ConfigFrom' in request.body:
            # Docker takes labels for a configuration beside that one.
            del request.body['Labels']
        made, warnings = client.networks.create(request.body)
        for warning in warnings:
            self._event(_('Docker warns: %s') % warning)
        return made

    def _docker_inspect(self, client, object_id):
        """Return all that the daemon knows of the network."""
        return client.networks.inspect(object_id)

    def _docker_find(self, client, labels):
        """Return the ids of the networks that have all the labels."""
        return [found['Id'] for found in client.networks.list(labels)
                # It has the labels of the network that it is configured by.
                if not (found.get('ConfigFrom') or {}).get('Network')]

    def _find_own(self, client):
        """Return the id of the network made for this resource, or None.

        One with the labels of another one has a name that nobody else can
        have thought of.
        """
        found = super()._find_own(client)
        if found or not self.properties['config_from'] or (
                self.properties['name']):
            return found
        try:
            return client.networks.inspect(
                self.docker_name(self.properties))['Id']
        except errors.NotFound:
            return None

    def _docker_remove(self, client):
        """Remove the network."""
        self._remove_network(client, self.resource_id)

    def _remove_network(self, client, identity):
        """Remove a network by its id.

        Podman looks for containers in the network only if the request has the
        name of the network. With the id, it would break them.
        """
        client.networks.remove(
            client.networks.inspect(identity)['Name']
            if client.is_podman else identity)

    def _docker_users(self, client):
        """Return the ids of the containers in the network."""
        return list(self._members(client, self.resource_id))

    def _members(self, client, identity):
        """Return the containers with an endpoint in a network.

        Containers that do not run are included.

        :returns: dict of container id to a pair: the container and its
            endpoint, both as the daemon shows them.
        """
        name = client.networks.inspect(identity)['Name']
        members = {}
        for container in client.containers.using_network(identity, name):
            with contextlib.suppress(errors.NotFound):
                inspected = client.containers.inspect(container)
                endpoints = network.endpoints(inspected)
                key = (network.attached(identity, endpoints)
                       or network.attached(name, endpoints))
                if key:
                    members[container] = inspected, endpoints[key]
        return members

    def _own_members(self, client, identity):
        """Return the containers in a network that our tree of stacks owns.

        :returns: dict of container id to a pair: the endpoint as the daemon
            shows it, and the result of :meth:`_owner`.
        """
        own = {}
        for container, (inspected, endpoint) in self._members(
                client, identity).items():
            owner = self._owner(container)
            if owner or self._was_left_here(inspected):
                own[container] = endpoint, owner
        return own

    def _delete_steps(self):
        """Return the steps that remove the network."""
        steps = super()._delete_steps()
        if 'replaced' in self.data():
            steps.append(self._remove_again)
        return steps

    # Replacement.

    def handle_create(self):
        """Return the steps that create the network and attach containers."""
        return reaching.Progress([self._await_predecessor, self._make,
                                  self._take_over])

    def _finish_steps(self):
        """Return the step that a create has not come to."""
        return [*super()._finish_steps(), self._take_over]

    def _await_predecessor(self, client, progress):
        """Remove the old network if that was not possible before."""
        with contextlib.suppress(errors.NotFound):
            self._collect_room(client, self._predecessor())
        return True

    def _take_over(self, client, progress):
        """Attach the containers that the predecessor has detached.

        Containers that refer to the network by its name have no step that
        attaches them. A container whose address is in none of the subnets gets
        a new address in its own step. No other container may get that address
        before.
        """
        notes = self._notes(self._row(self.replaces))
        replaced = json.loads(notes.get('replaced', '{}'))
        subnets = _subnets(self.properties)
        late = {container for container, endpoint in replaced.items()
                if network.outside(endpoint, subnets)}
        if late:
            late.update(container for container in replaced
                        if self._has_own_step(container))
        self._attach(client, {container: endpoint for container, endpoint
                              in replaced.items() if container not in late})
        return True

    def _has_own_step(self, container):
        """Return whether the update of a container attaches it as well.

        This is so if its property networks refers to the network by its id,
        which has changed.
        """
        owner = self._owner(container)
        return owner is not None and (
            self.docker_name(self.properties) not in _networks(owner[0]))

    def _attach(self, client, containers):
        """Attach containers to the network, unless they are gone.

        :param dict containers: map of id to how it was attached.
        """
        # Containers with fixed addresses go first, or the daemon might give
        # these addresses to others.
        for container, endpoint in sorted(
                containers.items(), key=lambda item: not item[1].get(
                    'IPAMConfig')):
            with contextlib.suppress(errors.NotFound):
                shown = client.containers.inspect(container)
                if not network.attached(self.resource_id,
                                        network.endpoints(shown)):
                    client.networks.connect(container, self.resource_id,
                                            endpoint)

    def _remove_again(self, client, progress):
        """Remove a network of which nobody has heard that it came back."""
        again = self._find_own(client)
        if again is not None:
            client.networks.remove(again)
        return True

    def _make_room(self, client):
        """Detach the containers of the stack, and remove the network."""
        members = self._own_members(client, self.resource_id)
        for _endpoint, owner in members.values():
            if owner:
                self._check_member(client, owner[0])
        replaced = json.loads(self.data().get('replaced', '{}'))
        replaced.update(
            (container, network.endpoint_again(endpoint))
            for container, (endpoint, _owner) in members.items())
        # Save this before detaching: heat-engine may die at any time.
        self.data_set('replaced', json.dumps(replaced))
        self._detach(client, self.resource_id, replaced)
        try:
            self._docker_remove(client)
        except errors.Conflict as ex:
            raise errors.Conflict(
                _('It is used by %(users)s. %(why)s')
                % {'why': ex, 'users': self._tell_users(client)}) from ex

    def _check_member(self, client, member):
        """Raise if a container would lose its fixed address.

        This concerns containers that refer to the network by its name. Heat
        does not update them when the network is replaced.

        :param member: resource of the container.
        :raises exception.Error: with the address and the resource.
        """
        name = self.properties['name']
        before = _networks(member)
        if name not in before or self._is_to_change(member, before):
            return
        after = self._values_in(
            self.stack.defn.resource_definition(self.name))
        given = before[name]
        lost = network.outside(given, _subnets(after))
        if client.networks.ignores_at_connect(given):
            lost.append(given['MacAddress'])
        if lost:
            raise exception.Error(
                _('The container of %(member)s would lose its address '
                  '%(address)s: in its property networks, refer to '
                  '%(network)s by get_resource instead of by name')
                % {'member': member.name, 'address': ', '.join(lost),
                   'network': self.name})

    def _is_to_change(self, member, before):
        """Return whether the new template changes its networks.

        :param member: resource of the container.
        :param before: its old networks, as the API's map.
        """
        if member.stack.id != self.stack.id:
            return False
        try:
            definition = self.stack.defn.resource_definition(member.name)
            values = member._values_in(definition)
            return network.networks_to_api(values['networks'] or []) != before
        except (KeyError, ValueError, exception.StackValidationFailed):
            # The update removes the member, or its new networks depend on a
            # resource that does not exist yet.
            return True

    def _detach(self, client, identity, containers):
        """Detach containers from a network; ignore missing ones."""
        for container in containers:
            with contextlib.suppress(errors.NotFound):
                client.networks.disconnect(container, identity)

    def _come_back(self, client, progress):
        """Make the network again, and attach the containers that were in it.

        A network that is gone cannot come back under its id.
        """
        if 'replaced' not in self.data():
            return True
        replaced = json.loads(self.data()['replaced'])
        self._remove_replacements(client)
        if not self._is_there(client) and not self._make(client, progress):
            return False
        self._attach(client, replaced)
        self.data_delete('replaced')
        return True

    def _is_there(self, client):
        try:
            client.networks.inspect(self.resource_id)
        except errors.NotFound:
            return False
        return True

    def _remove_replacements(self, client):
        """Remove what has been made in the place of this network."""
        labels = self.labels_by('project_id', 'stack_id', 'resource_name')
        for other in self._docker_find(client, labels):
            if other == self.resource_id:
                continue
            with contextlib.suppress(errors.NotFound):
                self._detach(client, other, self._own_members(client, other))
                self._remove_network(client, other)


def _subnets(values):
    """Return the subnets of a network, or None if config_from sets them.

    :param values: properties of the network.
    """
    if values['config_from']:
        return None
    return ipam.subnets_from_api(ipam.ipam_to_api(values['ipam'] or {}))


def _networks(member):
    """Return the networks of a container in its template, as the API's map.

    :param member: resource of the container.
    """
    values = member._values_in(member.frozen_definition())
    return network.networks_to_api(values['networks'] or [])


def resource_mapping():
    """Return the type and its class, for tools that only read them."""
    return {'DockerInc::Docker::Network': DockerNetwork}


def available_resource_mapping():
    """Return the type and its class if heat-engine can serve it."""
    return registration.available(resource_mapping())
