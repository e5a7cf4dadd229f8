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

"""What "docker compose up" has created, as the data of an abandoned stack.

Compose labels its objects:
https://github.com/docker/compose/blob/main/pkg/api/labels.go. The format is
that of "openstack stack abandon":
https://docs.openstack.org/heat/latest/api/stack_adopt.html
"""

import json
import typing

from . import hot
from . import problems
from . import swarm

_LABEL = 'com.docker.compose.'

# The label with the name of an object, by the section of the file.
_NAMES = {'networks': _LABEL + 'network', 'volumes': _LABEL + 'volume'}


def document(template: hot.Template, shown: str) -> dict[str, typing.Any]:
    """Return the contents of an adopt file.

    :param template: template of the project.
    :param shown: output of "docker inspect" for the objects of the project.
    :raises problems.ComposeError: if an object is missing.
    """
    objects = _objects(shown)
    found = {}
    for one in swarm.translate(template.project):
        if one.of not in objects:
            raise problems.ComposeError(
                'docker inspect does not show what becomes the resource %s'
                % one.name)
        found[one.name] = {
            'name': one.name, 'type': one.type, 'action': 'CREATE',
            'status': 'COMPLETE', 'resource_id': objects[one.of],
            'metadata': {}, 'resource_data': {}}
    sections = template.sections()
    return {
        'action': 'CREATE', 'status': 'COMPLETE', 'files': {},
        'template': {'heat_template_version': hot.VERSION, **sections},
        'environment': {'parameters': {
            name: template.values[name] for name in template.required}},
        'resources': found}


def _objects(shown):
    """Return the ID of each object, by what it is in the project."""
    try:
        inspected = json.loads(shown)
        found = {}
        for one in inspected:
            config = one.get('Config') or one
            labels = config.get('Labels') or {}
            for section, label in _NAMES.items():
                if label in labels:
                    found[section, labels[label]] = (
                        one.get('Id') or one['Name'])
            if _LABEL + 'service' in labels:
                service = labels[_LABEL + 'service']
                number = int(labels[_LABEL + 'container-number'])
                found['services', service, number] = one['Id']
                found['images', service] = one['Image']
        return found
    except (AttributeError, KeyError, TypeError, ValueError) as ex:
        raise problems.ComposeError(
            'the file is not the output of docker inspect') from ex
