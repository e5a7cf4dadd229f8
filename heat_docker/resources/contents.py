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
"""What the types of secrets and configs have in common."""

from ..lifecycle import secrets
from ..lifecycle import swarm_objects
from . import base
from . import names


class ContentResource(base.DockerResource):
    """A secret or a config, whose content Docker cannot change."""

    # https://github.com/moby/swarmkit/blob/v1.12.0/manager/controlapi/common.go
    physical_resource_name_limit = 64

    update_steps = {
        'update_spec': lambda made, ctx: swarm_objects.UpdateSpec(),
    }

    def create_plan(self, values):
        """Return the step that creates the object with its content."""
        return [secrets.Create()]

    def finish_plan(self, ctx, planned):
        """Return the step that sets labels after a failed action."""
        return [] if planned else [swarm_objects.UpdateSpec()]

    def delete_plan(self, values):
        """Return the step that removes the object."""
        return [swarm_objects.RemoveUnused()]

    def needs_replace_with_prop_diff(self, changed_properties_set,
                                     after_props, before_props):
        """Return whether the object has to be replaced.

        :raises exception.NotSupported: if its name prevents it.
        """
        if not super().needs_replace_with_prop_diff(
                changed_properties_set, after_props, before_props):
            return False
        names.refuse_same(self.name, changed_properties_set, after_props)
        return True
