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
"""``DockerInc::Docker::Config``."""

from ..lifecycle import secrets
from ..specs import config as spec
from . import contents
from . import registration


class DockerConfig(contents.ContentResource):
    """A config of a swarm, which services mount as a file.

    Services refer to it by get_resource as the source in their property
    configs. The value is its ID. Docker stores the content without encryption,
    and shows it to everyone who has access to the daemon; for passwords and
    keys, use DockerInc::Docker::Secret. The attributes of this type do not
    show it.

    Docker cannot change the content of a config. A change therefore replaces
    it: the plugin creates a new config with a new name, updates the services
    of the stack, whose tasks the swarm replaces, and then deletes the old one.
    With a fixed name, the update fails unless it changes the name, too. The
    labels change in place.

    The daemon at docker_endpoint must be a manager of the swarm. If
    docker_endpoint is a list, each action uses the first manager that
    responds. Deleting the resource waits for services that are being updated
    or deleted. If other services use the config, the delete fails, and the
    status reason names them.
    """

    spec = spec
    object_class = secrets.Config


resource_mapping, available_resource_mapping = registration.mappings(
    'DockerInc::Docker::Config', DockerConfig)
