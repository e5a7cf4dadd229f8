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

from .. import errors
from .. import i18n
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

    Docker cannot change a network, so every change replaces it: a new one is
    made, the containers of the stack that are attached to it are moved over
    without being replaced, and the old one is removed. If it has a fixed name
    or subnet, which there can be but one of, they are detached from the old
    one before.

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
        return [found['Id'] for found in docker.list_networks(labels)]

    def _find_own(self, docker):
        """Return the id of the network made for this resource, or None.

        One without labels has a name that nobody else can have thought of.
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
        """Remove the network.

        Podman looks for containers in a network that it is told to remove
        by its name only, and those would be broken.
        """
        docker.remove_network(
            docker.inspect_network(self.resource_id)['Name']
            if docker.is_podman else self.resource_id)

    def _docker_users(self, docker):
        """Return the ids of the containers in the network."""
        return docker.inspect_network(self.resource_id).get('Containers') or {}

    def _delete_steps(self):
        """Return the steps that remove the network."""
        steps = super()._delete_steps()
        if 'replaced' in self.data():
            steps.append(self._remove_again)
        return steps

    # Replacement.

    def handle_create(self):
        """Return how the network is made, and takes the containers over."""
        return reaching.Progress([self._make, self._take_over])

    def _finish_steps(self):
        """Return the step that a create has not come to."""
        return [self._take_over]

    def _take_over(self, docker, progress):
        """Attach the containers that the predecessor has detached.

        Those that call the network by its name have no change to make.
        """
        notes = self._notes(self._row(self.replaces))
        self._attach(docker, json.loads(notes.get('replaced', '{}')))
        return True

    def _attach(self, docker, containers):
        """Attach containers to the network, unless they are gone.

        :param dict containers: map of id to how it was attached.
        """
        for container, endpoint in containers.items():
            with contextlib.suppress(errors.NotFound):
                shown = docker.inspect_container(container)
                if not network.attached(self.resource_id,
                                        network.endpoints(shown)):
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
        inspected = docker.inspect_network(self.resource_id)
        replaced = json.loads(self.data().get('replaced', '{}'))
        for container in inspected.get('Containers') or {}:
            if self._is_ours(docker, container):
                endpoints = network.endpoints(
                    docker.inspect_container(container))
                name = network.attached(self.resource_id, endpoints)
                if name:
                    replaced[container] = network.endpoint_again(
                        endpoints[name])
        # Before they are detached: nobody may live to tell.
        self.data_set('replaced', json.dumps(replaced))
        for container in replaced:
            with contextlib.suppress(errors.NotFound):
                docker.disconnect_container(container, self.resource_id)
        try:
            self._docker_remove(docker)
        except errors.Conflict as ex:
            raise errors.Conflict(
                _('It is used by %(users)s. %(why)s')
                % {'why': ex, 'users': self._tell_users(docker)}) from ex

    def _is_ours(self, docker, container):
        try:
            inspected = docker.inspect_container(container)
        except errors.NotFound:
            return False
        labels = inspected['Config'].get('Labels') or {}
        return labels.get(base.LABEL + 'stack_id') == self.stack.id

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
        labels = self.labels_by('stack_id', 'resource_name')
        for other in self._docker_find(docker, labels):
            if other == self.resource_id:
                continue
            with contextlib.suppress(errors.NotFound):
                inside = docker.inspect_network(other).get('Containers') or {}
                for container in inside:
                    if self._is_ours(docker, container):
                        docker.disconnect_container(container, other)
                docker.remove_network(other)


def resource_mapping():
    """Return the type and its class, for tools that only read them."""
    return {'DockerInc::Docker::Network': DockerNetwork}


def available_resource_mapping():
    """Return the type and its class if heat-engine can serve it."""
    return registration.available(resource_mapping())
