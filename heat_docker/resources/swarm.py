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

"""``DockerInc::Docker::Swarm``."""

from heat.common import exception

from .. import i18n
from ..convert import swarm_nodes as convert
from ..lifecycle import creation
from ..lifecycle import swarm_operations
from ..lifecycle import swarms
from ..specs import swarm as spec
from . import managed
from . import registration
from . import signals

_ = i18n._


class DockerSwarm(managed.SwarmResource, signals.OperableResource):
    """A swarm: a cluster of Docker daemons.

    The resource makes the daemon at docker_endpoint the first manager of a
    new swarm. Resources of the type DockerInc::Docker::SwarmNode make other
    daemons a part of it. The create fails if the daemon is part of a swarm;
    external_id uses an existing swarm, whose ID "docker info" shows. If
    docker_endpoint is a list, later actions use the first daemon in it that
    responds and is a manager.

    An update that would replace the swarm fails, because all services of the
    swarm would end. The properties that Docker can change are changed in
    place. Signals replace the secrets of the swarm with new ones. Nodes that
    are already part of the swarm need no new token.

    Deleting the resource makes the daemon leave the swarm, which ends with
    its last manager. If other managers remain that do not belong to the
    stack, the daemon first becomes a worker, so that they keep the swarm.

    The resource requires a daemon that belongs to one project.
    """

    spec = spec
    object_class = swarms.Swarm
    run_operation = staticmethod(swarm_operations.run)
    update_steps = {'move': lambda made, ctx: creation.Move(replaces=False)}

    def endpoints_of(self, values):
        """Return the endpoints of the managers; at first, there is one."""
        found = super().endpoints_of(values)
        return found if creation.may_exist(self.object) else found[:1]

    def create_steps(self):
        """Return the steps that create the swarm."""
        return [swarms.Create()]

    def delete_plan(self, values):
        """Return the steps that leave the swarm."""
        return [swarms.Leave()]

    def update_step(self):
        """Return the step that sends the update request."""
        return swarms.Update()

    def needs_replace_with_prop_diff(self, changed_properties_set,
                                     after_props, before_props):
        """Return False: nothing replaces a swarm.

        :raises exception.NotSupported: if a change cannot be made in place.
        """
        if super().needs_replace_with_prop_diff(
                changed_properties_set, after_props, before_props):
            raise exception.NotSupported(feature=_(
                'Replacing the swarm %(name)s, which ends all its services, '
                'because of a change of %(changed)s')
                % {'name': self.name,
                   'changed': ', '.join(sorted(changed_properties_set))})
        return False

    def may_replace_unhealthy(self, values):
        """Return False: nothing replaces a swarm."""
        return False

    # Attributes that no inspect request shows.

    def nodes(self, client, inspected):
        """Return the nodes of the swarm."""
        return convert.nodes_from_api(client.nodes.list({}))

    def manager_addresses(self, client, inspected):
        """Return the addresses of the managers."""
        return convert.manager_addresses(client.nodes.list({}))

    def unlock_key(self, client, inspected):
        """Return the key that unlocks a manager, or None."""
        return client.swarms.unlock_key()


resource_mapping, available_resource_mapping = registration.mappings(
    'DockerInc::Docker::Swarm', DockerSwarm)
