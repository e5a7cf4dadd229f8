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

from ..lifecycle import creation
from ..lifecycle import networks
from ..lifecycle import records
from ..specs import network as spec
from . import base
from . import registration


class DockerNetwork(base.DockerResource):
    """A network on a Docker daemon.

    Containers that refer to it by get_resource in their property networks
    reach each other by their names and aliases. The value is the ID of the
    network.

    Docker cannot change a network, so every change replaces it: the plugin
    creates a new network, moves the attached containers of the stack and of
    its nested stacks to it without replacing them, and removes the old
    network. A fixed name or subnet can be in use only once. In that case the
    plugin detaches the containers and removes the old network before it
    creates the new one.

    Deleting the resource waits for containers that are being removed. It never
    detaches containers of other stacks: the delete fails, and the status
    reason names them.
    """

    spec = spec
    object_class = networks.Network

    def create_plan(self, values):
        """Return the steps that create the network and attach containers."""
        return [networks.RemovePredecessor(), networks.Create(),
                networks.Reattach()]

    def finish_plan(self, ctx, planned):
        """Return the steps that a failed create has left."""
        return [creation.Check(), networks.Reattach()]

    aside_record = records.Detached
    step_aside = staticmethod(networks.step_aside)
    step_back = networks.StepBack

    def delete_plan(self, values):
        """Return the steps that remove the network."""
        steps = [networks.Remove()]
        if self.records.holds(records.Detached):
            steps.append(networks.RemoveRestored())
        return steps


resource_mapping, available_resource_mapping = registration.mappings(
    'DockerInc::Docker::Network', DockerNetwork)
