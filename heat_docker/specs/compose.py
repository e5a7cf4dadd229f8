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

"""The table of ``DockerInc::Docker::Compose``, a nested stack.

The paths of the attributes are keys of the map that
:meth:`heat_docker.resources.compose.DockerCompose.described` returns.
"""

import dataclasses

from heat.engine import constraints

from .. import budgets
from .. import fields
from .. import i18n
from .. import policy
from ..convert import combinations
from ..convert import project
from . import endpoint

_ = i18n._

# The objects of the project, and not the resource, are on the daemon.
_ENDPOINT = tuple(dataclasses.replace(field, change=fields.HEAT_ONLY)
                  for field in (endpoint.of_managers(_(
                      'URL of the Docker daemon, in the same form as for '
                      'other types. With swarm, it can be a list of managers: '
                      'for services, secrets and configs, each action uses '
                      'the first daemon that responds and is a manager. '
                      'Networks use the first one in the list. Defaults to '
                      'the daemon that the operator has configured.')),
                      *endpoint.FIELDS[1:]))

FIELDS = (
    *_ENDPOINT,
    fields.Field(
        name='file', type=fields.STRING, change=fields.HEAT_ONLY,
        doc=_('Text of a Compose file, usually from get_file. Either file or '
              'definition is required.'),
        at=None, mask=project.text_masked, longest=budgets.FILE,
        constraints=(constraints.Length(max=budgets.FILE),),
        policy=policy.Free.OURS,
        example='services: {web: {image: httpd}}'),
    fields.Field(
        name='definition', type=fields.MAP, change=fields.HEAT_ONLY,
        doc=_('Contents of a Compose file as a map, in which functions of '
              'the template such as get_param and get_attr can be used.'),
        at=None, mask=project.map_masked, longest=budgets.FILE,
        policy=policy.Free.OURS,
        example={'services': {'web': {'image': 'httpd'}}}),
    fields.Field(
        name='overrides', type=fields.LIST, change=fields.HEAT_ONLY,
        doc=_('More Compose files, each as text or as a map. They override '
              'the first one, and later ones override earlier ones, as the '
              'Compose Specification defines.'),
        at=None, to_api=project.check_files, mask=project.list_masked,
        longest=budgets.FILE,
        policy=policy.Free.OURS,
        example=[{'services': {'web': {'restart': 'always'}}}]),
    fields.Field(
        name='contents', type=fields.MAP, change=fields.HEAT_ONLY,
        doc=_('Files to which the Compose file refers, as a map of relative '
              'path to text, usually from get_file: env files, configs, '
              'secrets, files of include and extends, build contexts, and '
              'files that services mount. A binary file is a map with the '
              'key base64.'),
        at=None, to_api=project.check_contents, mask=project.map_masked,
        longest=budgets.FILE,
        policy=policy.Free.OURS,
        example={'nginx.conf': 'events {}', 'logo.png': {
            'base64': 'iVBORw0KGgo='}}),
    fields.Field(
        name='environment', type=fields.MAP, change=fields.HEAT_ONLY,
        doc=_('Values of the variables in the Compose file. Heat stores them '
              'in the nested stack as hidden parameters. The environment of '
              'heat-engine is never used.'),
        at=None, to_api=project.check_environment, mask=project.map_masked,
        policy=policy.Free.OURS,
        example={'TAG': '1.2', 'DEBUG': False}),
    fields.Field(
        name='profiles', type=fields.LIST, change=fields.HEAT_ONLY,
        doc=_('Active profiles. "*" activates all.'),
        at=None, text_too=True, to_api=project.check_profiles,
        policy=policy.Free.OURS,
        example=['debug']),
    fields.Field(
        name='project_name', type=fields.STRING, change=fields.HEAT_ONLY,
        doc=_('Name of the project, which consists of lower-case letters, '
              'digits, dashes and underscores. Defaults to the name in the '
              'file, or else to the names of the stack and of this '
              'resource. "docker compose -p NAME ps" shows the containers '
              'of the project, and "docker stack services NAME" its services '
              'on a swarm, where the name is also a part of the names of '
              'volumes.'),
        at=None, constraints=(constraints.Length(max=budgets.NAME),),
        policy=policy.Free.OURS,
        example='wiki'),
    fields.Field(
        name='scale', type=fields.MAP, change=fields.HEAT_ONLY,
        doc=_('Number of containers, or of tasks on a swarm, for each '
              'service, in place of the number in the Compose file. A change '
              'adds containers, or removes those with the highest numbers.'),
        at=None, to_api=project.check_scale,
        policy=policy.Free.OURS,
        example={'web': 3}),
    fields.Field(
        name='swarm', type=fields.BOOLEAN, change=fields.HEAT_ONLY,
        doc=_('Whether the services run as services of a swarm, of which the '
              'daemon at docker_endpoint is a manager, and not as containers '
              'of this daemon. An update that changes it fails. Defaults to '
              'false.'),
        at=None,
        policy=policy.Free.OURS,
        example=True),
    fields.Field(
        name='registry_auth', type=fields.MAP, change=fields.HEAT_ONLY,
        doc=_('Credentials for registries, as a map of each registry, such '
              'as registry.example.com:5000 or docker.io, to a map with '
              'username and password, or with identity_token. The build of '
              'an image gets the credentials only if the map contains a '
              'single registry. Take them from hidden parameters.'),
        at=None, to_api=project.check_credentials,
        mask=project.credentials_masked,
        policy=policy.Free.OURS,
        example={'registry.example.com': {
            'username': 'wiki', 'password': 'secret'}}),
    fields.Field(
        name='triggers', type=fields.MAP, change=fields.HEAT_ONLY,
        doc=_('Arbitrary values. A change of any value replaces all '
              'containers, networks and volumes of the project, and builds '
              'its images again. Use it if docker_endpoint stays the same, '
              'but the server behind it is replaced.'),
        at=None,
        policy=policy.Free.OURS,
        example={'server': '7'}),
    fields.Field(
        name='strict', type=fields.BOOLEAN, change=fields.HEAT_ONLY,
        doc=_('Whether a key of the Compose file that is not supported is an '
              'error. If false, the resource leaves the key out and adds an '
              'event. Defaults to true.'),
        at=None, default=lambda: True,
        policy=policy.Free.OURS,
        example=False),
)

RULES = (
    fields.Rule(('file', 'definition'), combinations.need_one_compose_file,
                needs=('file', 'definition')),
    fields.Rule(('docker_endpoint', 'swarm'),
                combinations.refuse_several_daemons,
                needs=('docker_endpoint', 'swarm')),
    fields.Rule(('swarm', 'triggers'), combinations.refuse_triggers_on_swarm,
                needs=('swarm', 'triggers')),
)

ATTRIBUTES = (
    fields.Attribute(
        name='services', type=fields.MAP, at='services',
        doc=_('Containers of each service, as a map of the service\'s name '
              'to a list of maps with id, name, state, health, exit_code, '
              'addresses and ports. All attributes of a container are '
              'available by name, as in "get_attr: [app, services, web, 0, '
              'logs]". On a swarm, each list contains one map with id, name, '
              'running_replicas, completed_tasks, tasks, ports and '
              'update_status, and the attributes are those of a service.')),
    fields.Attribute(
        name='ports', type=fields.MAP, at='ports',
        doc=_('Published ports of the first container of each service, or '
              'of the service on a swarm, as a map of the service\'s name to '
              'a map of container port, such as "80/tcp", to the port on the '
              'host.')),
    fields.Attribute(
        name='networks', type=fields.MAP, at='networks',
        doc=_('IDs of the networks, as a map of the name in the Compose file '
              'to the ID.')),
    fields.Attribute(
        name='volumes', type=fields.MAP, at='volumes',
        doc=_('Names of the volumes on the daemon or the nodes, as a map of '
              'the name in the Compose file to the name.')),
    fields.Attribute(
        name='template', type=fields.STRING, at=None, source='written',
        doc=_('Template of the nested stack, without the values of '
              'environment.')),
)
