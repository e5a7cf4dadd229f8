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

    def _docker_create(self, docker, request):
        """Create the network, and no second one of its name."""
        # Docker 25 and later do not have to be told.
        request.body['CheckDuplicate'] = True
        if 'ConfigFrom' in request.body:
            # Docker takes labels for a configuration beside that one.
            del request.body['Labels']
        made, warnings = docker.create_network(request.body)
        for warning in warnings:
            self._event(_('Docker warns: %s') % warning)
        return made

    def _docker_inspect(self, docker, object_id):
        """Return all that the daemon knows of the network."""
        return docker.inspect_network(object_id)

    def _docker_find(self, docker, labels):
        """Return the ids of the networks that have all the labels."""
        return [found['Id'] for found in docker.list_networks(labels)
                # It has the labels of the network that it is configured by.
                if not (found.get('ConfigFrom') or {}).get('Network')]

    def _find_own(self, docker):
        """Return the id of the network made for this resource, or None.

        One with the labels of another one has a name that nobody else can
        have thought of.
        """
        found = super()._find_own(docker)
        if found or not self.properties['config_from'] or (
                self.properties['name']):
            return found
        try:
            return docker.inspect_network(
                self.docker_name(self.properties))['Id']
        except errors.NotFound:
            return None

    def _docker_remove(self, docker):
        """Remove the network."""
        self._remove_network(docker, self.resource_id)

    def _remove_network(self, docker, identity):
        """Remove a network by its id.

        Podman looks for containers in the network only if the request has the
        name of the network. With the id, it would break them.
        """
        docker.remove_network(
            docker.inspect_network(identity)['Name']
            if docker.is_podman else identity)

    def _docker_users(self, docker):
        """Return the ids of the containers in the network."""
        return list(self._members(docker, self.resource_id))

    def _members(self, docker, identity):
        """Return the containers with an endpoint in a network.

        Containers that do not run are included.

        :returns: dict of container id to a pair: the container and its
            endpoint, both as the daemon shows them.
        """
        name = docker.inspect_network(identity)['Name']
        members = {}
        for container in docker.containers_of_network(identity, name):
            with contextlib.suppress(errors.NotFound):
                inspected = docker.inspect_container(container)
                endpoints = network.effective_endpoints(inspected)
                key = (network.attachment_name(identity, endpoints)
                       or network.attachment_name(name, endpoints))
                if key:
                    members[container] = inspected, endpoints[key]
        return members

    def _own_members(self, docker, identity):
        """Return the containers in a network that our tree of stacks owns.

        :returns: dict of container id to a pair: the endpoint as the daemon
            shows it, and the result of :meth:`_owner`.
        """
        own = {}
        for container, (inspected, endpoint) in self._members(
                docker, identity).items():
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

    def _await_predecessor(self, docker, progress):
        """Remove the old network if that was not possible before."""
        with contextlib.suppress(errors.NotFound):
            self._collect_room(docker, self._predecessor())
        return True

    def _take_over(self, docker, progress):
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
                if network.addresses_outside(endpoint, subnets)}
        if late:
            late.update(container for container in replaced
                        if self._has_own_step(container))
        self._attach(docker, {container: endpoint for container, endpoint
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

    def _attach(self, docker, containers):
        """Attach containers to the network, unless they are gone.

        :param dict containers: map of id to how it was attached.
        """
        # Containers with fixed addresses go first, or the daemon might give
        # these addresses to others.
        for container, endpoint in sorted(
                containers.items(), key=lambda item: not item[1].get(
                    'IPAMConfig')):
            with contextlib.suppress(errors.NotFound):
                shown = docker.inspect_container(container)
                if not network.attachment_name(self.resource_id,
                                        network.effective_endpoints(shown)):
                    docker.connect_container(container, self.resource_id,
                                             endpoint)

    def _remove_again(self, docker, progress):
        """Remove a network of which nobody has heard that it came back."""
        again = self._find_own(docker)
        if again is not None:
            docker.remove_network(again)
        return True

    def _make_room(self, docker):
        """Detach the containers of the stack, and remove the network."""
        members = self._own_members(docker, self.resource_id)
        for _endpoint, owner in members.values():
            if owner:
                self._check_member(docker, owner[0])
        replaced = json.loads(self.data().get('replaced', '{}'))
        replaced.update(
            (container, network.endpoint_settings(endpoint))
            for container, (endpoint, _owner) in members.items())
        # Save this before detaching: heat-engine may die at any time.
        self.data_set('replaced', json.dumps(replaced))
        self._detach(docker, self.resource_id, replaced)
        try:
            self._docker_remove(docker)
        except errors.Conflict as ex:
            raise errors.Conflict(
                _('It is used by %(users)s. %(why)s')
                % {'why': ex, 'users': self._tell_users(docker)}) from ex

    def _check_member(self, docker, member):
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
        lost = network.addresses_outside(given, _subnets(after))
        if docker.ignores_at_connect(given):
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

    def _detach(self, docker, identity, containers):
        """Detach containers from a network; ignore missing ones."""
        for container in containers:
            with contextlib.suppress(errors.NotFound):
                docker.disconnect_container(container, identity)

    def _come_back(self, docker, progress):
        """Make the network again, and attach the containers that were in it.

        A network that is gone cannot come back under its id.
        """
        if 'replaced' not in self.data():
            return True
        replaced = json.loads(self.data()['replaced'])
        self._remove_replacements(docker)
        if not self._is_there(docker) and not self._make(docker, progress):
            return False
        self._attach(docker, replaced)
        self.data_delete('replaced')
        return True

    def _is_there(self, docker):
        try:
            docker.inspect_network(self.resource_id)
        except errors.NotFound:
            return False
        return True

    def _remove_replacements(self, docker):
        """Remove what has been made in the place of this network."""
        labels = self.labels_by('project_id', 'stack_id', 'resource_name')
        for other in self._docker_find(docker, labels):
            if other == self.resource_id:
                continue
            with contextlib.suppress(errors.NotFound):
                self._detach(docker, other, self._own_members(docker, other))
                self._remove_network(docker, other)


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
