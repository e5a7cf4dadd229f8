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

"""From a project to the resources of a template."""

import dataclasses
import itertools
import typing

from . import building
from . import contents
from . import keys
from . import limits
from . import problems
from . import project as projects
from . import table
from . import tree

CONTAINER = 'DockerInc::Docker::Container'
NETWORK = 'DockerInc::Docker::Network'
VOLUME = 'DockerInc::Docker::Volume'
IMAGE = 'DockerInc::Docker::Image'
SERVICE = 'DockerInc::Docker::Service'

# The type of the objects of each section.
TYPES = {'networks': NETWORK, 'volumes': VOLUME,
         'configs': 'DockerInc::Docker::Config',
         'secrets': 'DockerInc::Docker::Secret'}

# Labels of Compose, by which its commands find the objects of a project:
# https://github.com/docker/compose/blob/main/pkg/api/labels.go
_LABEL = 'com.docker.compose.'
# Compose lists only containers with this label. The value of Compose would
# change with every property, and replace the container for each change.
_HASH = 'heat'

# Functions of templates. Heat takes a map with one of these keys alone for
# a call.
# https://docs.openstack.org/heat/latest/template_guide/hot_spec.html
_FUNCTIONS = frozenset((
    'and', 'contains', 'digest', 'equals', 'filter', 'get_attr', 'get_file',
    'get_param', 'get_resource', 'if', 'list_concat', 'list_concat_unique',
    'list_join', 'make_url', 'map_merge', 'map_replace', 'not', 'or',
    'repeat', 'resource_facade', 'str_replace', 'str_replace_strict',
    'str_replace_vstrict', 'str_split', 'yaql'))


NOWHERE = problems.Where()


class Function(dict):
    """A call of a function of templates, such as ``get_resource``."""


@dataclasses.dataclass(frozen=True)
class Resource:
    """A resource of a template.

    :ivar name: its name.
    :ivar type: its type.
    :ivar properties: its properties. Values from variables and files are
        :class:`texts.Text`.
    :ivar depends_on: names of other resources.
    :ivar of: what it is in the project: ``('services', name, number)``,
        ``('images', service)``, ``('networks', name)``, ``('volumes',
        name)``, ``('configs', name)``, ``('secrets', name)`` or ``('files',
        path)``.
    """

    name: str
    type: str
    properties: dict[str, typing.Any]
    depends_on: list[str] = dataclasses.field(default_factory=list)
    of: tuple = ()


@dataclasses.dataclass(frozen=True)
class Item:
    """What a converter can use besides the value.

    :ivar key: :class:`keys.Key`.
    :ivar where: :class:`problems.Where` of the value.
    :ivar translation: the translation of the project.
    :ivar owner: :class:`project.Service`; None for other objects.
    :ivar number: number of the container, from 1.
    """

    key: keys.Key
    where: problems.Where
    translation: typing.Any
    owner: typing.Any = None
    number: int = 1

    @property
    def project(self):
        """The project."""
        return self.translation.project

    @property
    def service(self):
        """The name of the service."""
        return self.owner.name

    @property
    def values(self):
        """All keys of the service."""
        return self.owner.values

    @property
    def scope(self):
        """The environment of the service."""
        return self.owner.scope

    @property
    def count(self):
        """The number of containers of the service."""
        return self.owner.count

    def of(self, key, where):
        """Return the item of a nested key."""
        return dataclasses.replace(self, key=key, where=where)

    def at(self, name) -> problems.Where:
        """Return the place of another key of the service."""
        return self.owner.where.inside(self.values, name)

    def nested(self, value) -> list:
        """Return the nested keys that are carried out."""
        return list(keys.used(self.key.keys, value, self.where,
                              self.project.report, self.project.swarm))

    def nested_map(self, value) -> dict:
        """Return the nested keys that are carried out, as a map."""
        return {key.name: one for key, one, _where in self.nested(value)}

    def resolve(self, path, where) -> str:
        """Return the path of a file of the contents."""
        return contents.resolve(path, dataclasses.replace(
            where, directory=self.translation.directory))

    def container(self, service, where=None) -> Function:
        """Return a reference to the container of a service."""
        where = where or self.where
        found = self.project.enabled(service, where)
        if not found.count:
            raise where.error('the service %s has no container' % service)
        return Function(get_resource=self.translation.names[
            'services', found.name, 1])

    def joined(self, separator, *parts) -> Function:
        """Return strings and references, joined by a separator."""
        return Function(list_join=[separator, list(parts)])

    def network(self, name) -> str | Function:
        """Return a network by name, or a reference to its resource."""
        return self.translation.refer('networks', name, self.where)

    def volume(self, name, where) -> str | Function:
        """Return a volume by name, or a reference to its resource."""
        return self.translation.refer('volumes', name, where)


class Translation:
    """The translation of a project.

    :ivar project: :class:`project.Project`.
    :ivar names: names of resources, by section, name and number.
    :ivar used: named objects that services use.
    """

    _sections: tuple[str, ...] = ('networks', 'volumes')

    def __init__(self, project: projects.Project):
        self.project = project
        self.directory = project.directory
        self.names: dict[tuple, str] = {}
        self.used: dict[tuple, None] = {}
        self._taken: set[str] = set()
        self._mounted = 0
        self._name_all()

    def _name_all(self):
        """Name the resources; services have the first choice."""
        for key, name in self._wanted():
            self._give_name(key, name)

    def _wanted(self):
        """Return what needs a name, each with the name that it should get."""
        project = self.project
        wanted = [(('services', name, 1), name)
                  for name in project.services]
        wanted += [(('services', name, number), '%s_%d' % (name, number))
                   for name, service in project.services.items()
                   for number in range(2, self._last_of(service) + 1)]
        wanted += [(('images', name), name + '_image')
                   for name in project.services]
        wanted += [(('networks', name), name + '_network')
                   for name in dict.fromkeys([*project.networks, 'default'])]
        return wanted + [(('volumes', name), name + '_volume')
                         for name in project.volumes]

    def _last_of(self, service):
        """Return the number of the last resource of a service."""
        return service.count

    def _give_name(self, key, name):
        """Give a resource a name that is free."""
        name = name.replace('/', '_')
        free = name
        for number in itertools.count(2):
            if free not in self._taken:
                break
            free = '%s-%d' % (name, number)
        self._taken.add(free)
        self.names[key] = free

    def count_files(self, number: int, where: problems.Where) -> None:
        """Count more files that are mounted.

        :raises problems.ComposeError: if all mounts have too many.
        """
        self._mounted += number
        if self._mounted > limits.ALL_MOUNTED:
            raise where.error('the mounts of all services contain more than '
                              '%d files' % limits.ALL_MOUNTED)

    def refer(self, section, name, where):
        """Return the name of an external object, or a reference.

        :raises problems.ComposeError: if the object does not exist.
        """
        objects = getattr(self.project, section)
        if name not in objects and (section, name) != ('networks',
                                                       'default'):
            raise where.error('%s is not in %s' % (name, section))
        self.used[section, name] = None
        value = objects.get(name) or {}
        external = value.get('external')
        if external:
            return value.get('name') or (
                external if isinstance(external, str) else name)
        return Function(get_resource=self.names[section, name])

    def resources(self) -> list[Resource]:
        """Return all resources, each after those to which it refers."""
        containers = self._containers()
        # As "docker compose up", leave out what no service uses.
        others = [self._object(section, name) for section in self._sections
                  for name in sorted(name for kind, name in self.used
                                     if kind == section)]
        result = [one for one in (*others, *self._more(), *containers) if one]
        if len(result) > limits.CONTAINERS:
            raise problems.ComposeError('the project has more than %d objects'
                                        % limits.CONTAINERS)
        for one in result:
            refuse_functions(one.properties, one.name)
        return result

    def _containers(self):
        """Return the resources of the services."""
        return [self._container(service, number)
                for service in self.project.services.values()
                for number in range(1, service.count + 1)]

    def _more(self):
        """Return the resources that keys of services become."""
        return [self._image(service)
                for service in self.project.services.values()
                if service.values.get('build') and service.count]

    def _labels(self, more):
        return {_LABEL + 'project': self.project.name,
                **{_LABEL + name: value for name, value in more.items()}}

    def _object(self, section, name):
        """Return the resource of a named object, or None if it exists."""
        kind = section[:-1]
        value = getattr(self.project, section).get(name) or tree.Map()
        where = self.project.place(section, name)
        external = value.get('external')
        if external:
            others = set(value) - {'external', 'name'}
            if others:
                raise where.error('an external %s has only a name, and no %s'
                                  % (kind, ', '.join(sorted(others))))
            return None
        properties: dict = {}
        for key, one, place in keys.used(
                getattr(table, kind.upper()), value, where,
                self.project.report, self.project.swarm):
            add(properties, key.convert(one, Item(key, place, self)), place)
        properties['labels'] = {**(properties.get('labels') or {}),
                                **self._labels({kind: name})}
        return Resource(self.names[section, name], TYPES[section], properties,
                        of=(section, name))

    def _image(self, service):
        """Return the resource that builds the image of a service."""
        where = service.where.inside(service.values, 'build')
        key = next(one for one in table.SERVICE if one.name == 'build')
        # A null of a build argument is a value.
        return Resource(
            self.names['images', service.name], IMAGE,
            plain(building.image(service.values['build'], Item(
                key, where, self, service)), keep=True),
            of=('images', service.name))

    def _converted(self, service, number=1):
        """Return the properties to which the keys of a service convert."""
        properties: dict = {}
        for key, one, where in keys.used(
                table.SERVICE, service.values, service.where,
                self.project.report, self.project.swarm):
            add(properties, key.convert(one, Item(
                key, where, self, service, number)), where)
        return properties

    def _container(self, service, number):
        """Return a container of a service."""
        properties = self._converted(service, number)
        if service.values.get('build'):
            properties = {'image': Function(
                get_resource=self.names['images', service.name]),
                **{name: one for name, one in properties.items()
                   if name not in ('image', 'platform')}}
        if properties.get('files') and properties.get('read_only'):
            raise service.where.inside(service.values, 'read_only').error(
                'files cannot be copied into a read-only container; use '
                'absolute paths, or build an image with the files')
        properties['labels'] = {
            **(properties.get('labels') or {}),
            **self._labels({'service': service.name,
                            'container-number': str(number),
                            'oneoff': 'False', 'config-hash': _HASH})}
        wait_for = self._wait_for(service)
        if wait_for:
            properties['wait_for'] = wait_for
        return Resource(
            self.names['services', service.name, number], CONTAINER,
            properties, [
                self.names['services', other, one]
                for other in self._needed(service)
                for one in range(1, self.project.services[other].count + 1)],
            ('services', service.name, number))

    def _needed(self, service):
        """Return the services that must be there before a service."""
        links = [str(link.partition(':')[0])
                 for link in service.values.get('links') or ()]
        return dict.fromkeys([*service.dependencies(), *links])

    def _wait_for(self, service):
        """Return the condition for which the stack waits, or None."""
        conditions = self.project.waited_for(service.name)
        if {projects.HEALTHY, projects.COMPLETED} <= conditions:
            raise service.where.error(
                'other services wait until the service is healthy, and until '
                'it is completed; a container can have one condition')
        if projects.HEALTHY in conditions:
            return 'healthy'
        if projects.COMPLETED in conditions:
            return 'completed'
        if service.values.get('restart') == 'no':
            return 'none'
        return None


def add(properties, more, where):
    """Add properties; lists and maps of several keys are joined."""
    for name, value in more.items():
        before = properties.get(name)
        if isinstance(before, list) and isinstance(value, list):
            value = [*before, *value]
        elif isinstance(before, dict) and isinstance(value, dict):
            value = {**before, **value}
        elif before not in (None, value) and name != 'restart_policy':
            raise where.error('the value contradicts another key of the '
                              'service')
        properties[name] = plain(value)


def plain(value, keep=False):
    """Return a value as maps and lists of Python.

    :param keep: whether maps keep null.
    """
    if isinstance(value, Function):
        return value
    if isinstance(value, dict):
        return {key: plain(one, keep) for key, one in value.items()
                if keep or one is not None}
    if isinstance(value, list):
        return [plain(one, keep) for one in value]
    return value


def refuse_functions(value: typing.Any, name: str) -> None:
    """Refuse maps of users that Heat would take for functions.

    :raises problems.ComposeError: if there is one.
    """
    if isinstance(value, dict):
        if (len(value) == 1 and not isinstance(value, Function)
                and _FUNCTIONS & value.keys()):
            raise problems.ComposeError(
                '%s is the name of a function of Heat, so it cannot be the '
                'only key of a map' % ', '.join(value), service=name)
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            refuse_functions(one, name)
