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

"""``DockerInc::Docker::SwarmNode``."""

from heat.engine import resource
from heat.objects import resource as resource_objects

from .. import i18n
from ..lifecycle import creation
from ..lifecycle import swarm_nodes
from ..lifecycle import swarms
from ..specs import swarm_node as spec
from . import managed
from . import registration

_ = i18n._


class DockerSwarmNode(managed.ManagedResource):
    """A Docker daemon as a node of a swarm.

    The daemon at docker_endpoint joins the swarm, whose manager at
    manager_endpoint gives it its role, its labels and its availability. The
    create waits until the managers report the node as ready, and fails if the
    daemon is part of a swarm. A check of the stack fails if the managers
    report that the node is down or, if it is a manager, that they cannot reach
    it.

    A change of the role promotes or demotes the node in place. A change of
    one of its addresses makes it leave the swarm and join it again. Another
    docker_endpoint, such as that of a replaced server, replaces the node: the
    new daemon joins before the old one leaves.

    Deleting the resource moves the tasks of the node to other nodes, and waits
    for this for up to drain_timeout. It then demotes a manager, makes the
    daemon leave, and removes the node from the swarm. The delete fails if the
    swarm would lose the majority of its managers. If the daemon does not
    respond, the node is removed from the swarm once the managers report it as
    down. If the stack with the swarm is deleted, its nodes leave at once.

    The resource requires a daemon that belongs to one project.
    """

    spec = spec
    object_class = swarm_nodes.Node
    update_steps = {
        'rejoin': lambda made, ctx: swarm_nodes.Rejoin(),
        'role': lambda made, ctx: swarm_nodes.SetRole(),
    }

    def create_steps(self):
        """Return the steps that join the swarm."""
        return swarm_nodes.entering()

    def finish_plan(self, ctx, planned):
        """Return the steps that a failed action has left."""
        return [creation.Check(), *swarm_nodes.settling()]

    def check_plan(self):
        """Return the step that fails unless the node is ready."""
        return [swarm_nodes.Check()]

    def update_step(self):
        """Return the step that sends the update request."""
        return swarms.Update()

    def delete_plan(self, values):
        """Return the steps that remove the node from the swarm."""
        if self._is_swarm_deleted(values['swarm']):
            return [swarm_nodes.Leave(force=True)]
        return swarm_nodes.leaving()

    def may_replace_unhealthy(self, values):
        """Return False: the daemon cannot join before the node has left."""
        return False

    def _is_swarm_deleted(self, swarm):
        """Return whether the swarm is deleted with this stack.

        The swarm may be in the stack around this one, for instance if the
        nodes are members of a group. Managers in other stacks of the tree
        leave at the same time, so there may be no leader any more.

        :param str swarm: ID of the swarm.
        """
        if self.stack.action != self.stack.DELETE:
            return False
        found = resource_objects.Resource.get_all_by_root_stack(
            self.context, self.stack.root_stack_id(),
            {'physical_resource_id': swarm})
        for row in found.values():
            made, *_others = resource.Resource.load(self.context, row.id,
                                                    None, False, {})
            if made.external_id is None and (
                    made.stack.action == made.stack.DELETE
                    and made.t.deletion_policy() == made.t.DELETE):
                return True
        return False


resource_mapping, available_resource_mapping = registration.mappings(
    'DockerInc::Docker::SwarmNode', DockerSwarmNode)
