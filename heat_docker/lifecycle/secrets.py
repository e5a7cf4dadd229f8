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
"""The objects of secrets and configs, and their steps."""

from .. import fields
from ..api import secrets as api_secrets
from ..convert import swarm
from . import creation
from . import plan
from . import swarm_objects


class Secret(swarm_objects.SwarmObject):
    """A secret of a swarm."""

    COLLECTION = 'secrets'
    KIND = api_secrets.Secrets


class Config(swarm_objects.SwarmObject):
    """A config of a swarm."""

    COLLECTION = 'configs'
    KIND = api_secrets.Configs


class Create(creation.Create):
    """Create a secret or a config with its content."""

    def send(self, ctx: plan.Context, request: fields.Request):
        """Send the request and return the ID."""
        request.body['Data'] = swarm.data(ctx.properties)
        return super().send(ctx, request)
