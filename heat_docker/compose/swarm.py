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

"""From a project on a swarm to the resources of a template.

Each service is one resource. Volumes are none: a node creates a volume when a
task on it needs one.
"""

import dataclasses

from . import contents
from . import keys
from . import limits
from . import problems
from . import project as projects
from . import resources
from . import table
from . import tree

# The label by which "docker stack" finds the objects of a stack:
# https://github.com/docker/cli/blob/master/cli/compose/convert/compose.go
_LABEL = 'com.docker.stack.namespace'

_JOBS = ('replicated-job', 'global-job')


class SwarmTranslation(resources.Translation):
    """The translation of a project to services of a swarm.

    :ivar volumes: map of each volume that is mounted to its name on the
        nodes.
    """

    _sections = ('networks', 'configs', 'secrets')

    def __init__(self, project: projects.Project):
        self.volumes: dict[str, str] = {}
        self._files: dict[str, str | bytes] = {}
        self._ports = 0
        super().__init__(project)

    def _wanted(self):
        wanted = [(key, name) for key, name in super()._wanted()
                  if key[0] != 'images']
        return wanted + [((section, name), '%s_%s' % (name, section[:-1]))
                         for section in ('configs', 'secrets')
                         for name in getattr(self.project, section)]

    def _last_of(self, service):
        # A template can ask for any number of tasks.
        return 1

    def _labels(self, more):
        return {_LABEL: self.project.name}

    def volume(self, name: str, where: problems.Where) -> dict:
        """Return what a mount of a named volume contains, except the target.

        :raises problems.ComposeError: if the project has no such volume.
        """
        external = self.refer('volumes', name, where)
        if isinstance(external, str):
            return {'source': external}
        place = self.project.place('volumes', name)
        made: dict = {'source': '%s_%s' % (self.project.name, name)}
        for key, value, inside in keys.used(
                table.VOLUME, self.project.volumes[name] or tree.Map(), place,
                self.project.report, True):
            made.update(key.convert(value, resources.Item(
                key, inside, self)))
        made['labels'] = {**made.get('labels', {}), **self._labels({})}
        self.volumes[name] = made['source']
        return made

    def count_ports(self, number: int, where: problems.Where) -> None:
        """Count more ports.

        :raises problems.ComposeError: if the project has too many.
        """
        self._ports += number
        if self._ports > limits.PORTS:
            raise where.error('the services have more than %d ports'
                              % limits.PORTS)

    def file(self, path: str, content: str | bytes) -> resources.Function:
        """Return a reference to the config with a file of the contents."""
        if path not in self._files:
            self._files[path] = content
            self._give_name(('files', path), path + '_file')
        return resources.Function(get_resource=self.names['files', path])

    def _object(self, section, name):
        made = super()._object(section, name)
        if made is None:
            return None
        if section == 'networks':
            more = {'driver': 'overlay'}
            if made.properties.get('driver', 'overlay') == 'overlay':
                more['attachable'] = True
            return dataclasses.replace(made, properties={
                **more, **made.properties})
        content = self.project.content(section, name,
                                       self.project.place(section, name))
        if content is not None:
            key, content = contents.encoded(content)
            made.properties[key] = content
        return made

    def _more(self):
        """Return the configs with files of the contents."""
        found = []
        for path, content in sorted(self._files.items()):
            key, content = contents.encoded(content)
            found.append(resources.Resource(
                self.names['files', path], resources.TYPES['configs'],
                {key: content, 'labels': self._labels({})},
                of=('files', path)))
        return found

    def _containers(self):
        return [self._service(service)
                for service in self.project.services.values()]

    def _service(self, service):
        """Return a service."""
        if not service.values.get('image'):
            raise service.where.error(
                'a service of a swarm requires image; build and push it '
                'before')
        properties = self._converted(service)
        resources.add(properties, self._mode(service), service.where)
        for name in ('labels', 'container_labels'):
            properties[name] = {**(properties.get(name) or {}),
                                **self._labels({})}
        return resources.Resource(
            self.names['services', service.name, 1], resources.SERVICE,
            properties, [self.names['services', other, 1]
                         for other in self._needed(service)],
            ('services', service.name, 1))

    def _mode(self, service):
        """Return the mode and the number of tasks of a service."""
        deploy = service.values.get('deploy') or {}
        conditions = self.project.waited_for(service.name)
        ends = service.values.get('restart') == 'no' and (
            not deploy.get('restart_policy'))
        mode = deploy.get('mode') or (
            'replicated-job' if ends or projects.COMPLETED in conditions
            else 'replicated')
        if projects.COMPLETED in conditions and mode not in _JOBS:
            raise service.where.error(
                'other services wait until the service is completed, so '
                'deploy.mode must be replicated-job or global-job')
        found = {} if mode == 'replicated' else {'mode': mode}
        if service.count != 1:
            if mode.startswith('global'):
                raise service.where.error(
                    'a service with the mode %s has a task on each node, and '
                    'no number of replicas' % mode)
            found['replicas' if mode == 'replicated'
                  else 'completions'] = service.count
        if ends and not conditions:
            found['wait_for'] = 'none'
        return found


def volumes(project: projects.Project) -> dict[str, str]:
    """Return the map of each volume to its name on the nodes."""
    translation = SwarmTranslation(project)
    translation.resources()
    return translation.volumes


def translate(project: projects.Project) -> list[resources.Resource]:
    """Return the resources of a project.

    :raises problems.ComposeError: if the project cannot be translated.
    """
    kind = SwarmTranslation if project.swarm else resources.Translation
    return kind(project).resources()
