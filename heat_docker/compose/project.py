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

"""A project: what remains of its files for translation."""

from collections import abc
import dataclasses
import functools
import graphlib
import posixpath
import re

from . import contents as files
from . import keys
from . import limits
from . import loading
from . import problems
from . import table
from . import texts
from . import tree

_NAME = re.compile('[a-z0-9][a-z0-9_-]*', re.ASCII)
_SERVICE = re.compile('[a-zA-Z0-9._-]{1,200}', re.ASCII)

# What contains a config or a secret.
_SOURCES = ('file', 'content', 'environment')

STARTED = 'service_started'
HEALTHY = 'service_healthy'
COMPLETED = 'service_completed_successfully'


@dataclasses.dataclass
class Service:
    """An enabled service.

    :ivar name: name of the service.
    :ivar values: its keys, in their long forms.
    :ivar where: its place.
    :ivar scope: :class:`loading.Scope`.
    :ivar count: number of containers.
    """

    name: str
    values: tree.Map
    where: problems.Where
    scope: loading.Scope
    count: int = 1

    def dependencies(self) -> dict:
        """Return a map of the service that this one needs to its options."""
        return self.values.get('depends_on') or {}


@dataclasses.dataclass
class Project:
    """A normalised project.

    :ivar name: name of the project.
    :ivar services: map of name to :class:`Service`, each after the services
        that it needs.
    :ivar networks, volumes, configs, secrets: maps of name to keys.
    :ivar contents: :class:`contents.Contents`.
    :ivar report: :class:`problems.Report`, with the notes.
    :ivar model: :class:`loading.Model`, with the services that are not
        enabled.
    :ivar directory: directory of relative paths.
    :ivar swarm: whether the services are those of a swarm.
    """

    name: str
    services: dict[str, Service]
    networks: tree.Map
    volumes: tree.Map
    configs: tree.Map
    secrets: tree.Map
    contents: files.Contents
    report: problems.Report
    model: loading.Model
    directory: str = ''
    swarm: bool = False

    def enabled(self, name: str, where: problems.Where) -> Service:
        """Return a service.

        :raises problems.ComposeError: if it does not exist, or if no active
            profile enables it.
        """
        if name not in self.services:
            known = name in self.model.tree['services']
            raise where.error('the service %s %s' % (
                name, 'is not enabled by an active profile' if known
                else 'does not exist'))
        return self.services[name]

    def waited_for(self, name: str) -> set:
        """Return the conditions for which other services wait."""
        return self._conditions.get(name, set())

    @functools.cached_property
    def _conditions(self):
        """The conditions for each service."""
        found: dict[str, set] = {}
        for service in self.services.values():
            for other, options in service.dependencies().items():
                found.setdefault(other, set()).add(options['condition'])
        return found

    def link_aliases(self, name: str, network: str) -> list[str]:
        """Return the aliases that links give a service in a network."""
        return [alias for networks, alias in self._links.get(name, ())
                if network in networks]

    @functools.cached_property
    def _links(self):
        """The networks and the alias of each link, by linked service."""
        found: dict[str, list] = {}
        for service in self.services.values():
            for link in service.values.get('links') or ():
                name, colon, alias = texts.partition(link, ':')
                if colon:
                    found.setdefault(str(name), []).append(
                        (service.values.get('networks') or (), alias))
        return found

    def content(self, section: str, name: str,
                where: problems.Where) -> str | bytes | None:
        """Return the content of a config or a secret.

        None if it is not supported, and the report is not strict.

        :param section: ``configs`` or ``secrets``.
        :raises problems.ComposeError: if it does not exist.
        """
        objects = getattr(self, section)
        if name not in objects:
            raise where.error('%s is not in %s' % (name, section))
        value = objects[name] or tree.Map()
        place = self.place(section, name)
        found = {key.name: one for key, one, _where in keys.used(
            getattr(table, section[:-1].upper()), value, place, self.report,
            self.swarm) if key.name in _SOURCES}
        if not found:
            if value.get('external'):
                return None
            raise place.error('file, content or environment is required')
        if len(found) > 1:
            raise place.error('%s are mutually exclusive'
                              % ', '.join(sorted(found)))
        if 'content' in found:
            return found['content']
        if 'file' in found:
            return self.contents.get(found['file'], place, 'the file')
        variable = found['environment']
        content = self.model.scopes[section, name].lookup(variable)
        if content is None:
            raise place.error('the variable %s is not set' % variable)
        return texts.variable(variable, content,
                              secret=section == 'secrets')

    def place(self, section: str, name: str) -> problems.Where:
        """Return the place of a named object."""
        return problems.Where(
            self.model.tree[section].place(name) or problems.Place(),
            (section, name))


def load(sources: abc.Sequence[tuple], contents: files.Contents | None = None,
         environment: abc.Mapping | None = None,
         profiles: abc.Iterable[str] = (), project_name: str | None = None,
         scale: abc.Mapping[str, int] | None = None,
         strict: bool = True, default_name: str = 'compose',
         swarm: bool = False) -> Project:
    """Return the project of one or more Compose files.

    :param sources: pairs of a path below the root of the contents, and the
        file: text, or a map. Later files override earlier ones. The directory
        of the first path is that of relative paths.
    :param contents: the files to which the Compose files refer.
    :param environment: map of variable to value, or to None if it is unset.
    :param profiles: active profiles; ``*`` stands for all.
    :param project_name: name of the project; by default, that in the files.
    :param scale: map of service to number of containers, which overrides the
        files.
    :param strict: whether a key that cannot be carried out is an error.
        Otherwise, it is a note in the report.
    :param default_name: name of the project if neither ``project_name`` nor
        a file has one.
    :param swarm: whether the services are those of a swarm.
    :raises problems.ComposeError: if the project is invalid.
    """
    report = problems.Report(strict)
    contents = contents or files.Contents()
    loader = loading.Loader(contents, report)
    if not sources:
        raise problems.ComposeError('there is no file')
    read = [(path, loader.documents(path, source))
            for path, source in sources]
    environment = dict(environment or {})
    name = project_name or _own_name(
        read, loader.scope(environment)) or default_name
    if not _NAME.fullmatch(name):
        raise problems.ComposeError(
            'the name of a project consists of lower-case letters, digits, '
            'dashes and underscores', read[0][0])
    environment['COMPOSE_PROJECT_NAME'] = name
    model = loader.project(read, posixpath.dirname(sources[0][0]),
                           loader.scope(environment))
    # Sections without objects of their own: version, models.
    for _key in keys.used(table.FILE, model.tree, problems.Where(
            problems.Place(read[0][0])), report, swarm):
        pass
    sections = {section: model.tree[section]
                for section in loading.SECTIONS}
    del sections['services']
    project = Project(name=name, services={}, contents=contents,
                      report=report, model=model,
                      directory=posixpath.dirname(sources[0][0]),
                      swarm=swarm,
                      **{section: tree.without_tags(value)
                         for section, value in sections.items()})
    _select(project, set(profiles))
    _count(project, scale or {})
    _order(project)
    return project


def _own_name(read, scope):
    """Return the name in the last file that has one."""
    for path, trees in reversed(read):
        for one in reversed(trees):
            value = one.get('name')
            if isinstance(value, str):
                where = problems.Where(problems.Place(path)).inside(
                    one, 'name')
                return str(scope.interpolate(value, where))
    return None


def name_of_directory(path: str) -> str:
    """Return the name of a project in a directory, as Compose does."""
    name = re.sub('[^a-z0-9_-]', '', posixpath.basename(path).lower())
    return name.lstrip('_-') or 'compose'


def _select(project, profiles):
    """Keep the services that no profile or an active one enables."""
    services = project.model.tree['services']
    if len(services) > limits.SERVICES:
        raise problems.ComposeError('the project has %d services, more than '
                                    '%d' % (len(services), limits.SERVICES))
    for name, values in services.items():
        where = project.place('services', name)
        if not _SERVICE.fullmatch(name):
            raise where.error('the name of a service consists of letters, '
                              'digits, dots, dashes and underscores')
        own = set(map(str, values.get('profiles') or ()))
        if own and not own & profiles and '*' not in profiles:
            continue
        if values.get('network_mode') and values.get('networks'):
            raise where.error('network_mode and networks are mutually '
                              'exclusive')
        if not values.get('networks') and not values.get('network_mode'):
            values['networks'] = tree.Map(default=None)
        if not values.get('image') and not values.get('build'):
            if not values.get('provider'):
                raise where.error('image or build is required')
        project.services[name] = Service(
            name, values, where, project.model.scopes['services', name])


def _count(project, scale):
    """Set the numbers of containers."""
    for name in scale:
        project.enabled(name, problems.Where(path=('scale',)))
    total = 0
    for name, service in project.services.items():
        values = service.values
        replicas = (values.get('deploy') or {}).get('replicas')
        numbers = {int(float(one)) for one in (values.get('scale'), replicas)
                   if one is not None}
        if len(numbers) > 1:
            raise service.where.inside(values, 'scale').error(
                'scale and deploy.replicas differ')
        service.count = scale.get(name, numbers.pop() if numbers else 1)
        if service.count < 0:
            raise service.where.error('the number of containers is negative')
        if service.count > 1 and values.get('container_name') and (
                not project.swarm):
            raise service.where.inside(values, 'container_name').error(
                'a service with container_name has one container')
        total += service.count
        if total > limits.CONTAINERS and not project.swarm:
            raise service.where.error('the project has more than %d '
                                      'containers' % limits.CONTAINERS)


def _order(project):
    """Check dependencies, and put each service after those it needs."""
    graph = {}
    for name, service in project.services.items():
        where = service.where.inside(service.values, 'depends_on')
        dependencies = service.dependencies()
        for other, options in list(dependencies.items()):
            if other in project.services:
                continue
            if options.get('required') is False:
                project.report.note(where, 'The service %s, which is not '
                                    'required, is not enabled' % other)
                del dependencies[other]
            else:
                project.enabled(other, where)
        graph[name] = [*dependencies, *_references(service)]
    try:
        order = list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as ex:
        raise project.services[ex.args[1][0]].where.error(
            'the services need one another: %s'
            % ', '.join(ex.args[1])) from ex
    known = {name: service for name, service in project.services.items()}
    for name in order:
        if name not in known:
            needs = next(one for one, others in graph.items()
                         if name in others)
            project.enabled(name, known[needs].where)
    project.services = {name: known[name] for name in order}


def _references(service):
    """Return the services to which a service refers, besides depends_on."""
    values = service.values
    for key in ('network_mode', 'ipc', 'pid'):
        kind, _colon, other = (values.get(key) or '').partition(':')
        if kind == 'service':
            yield str(other)
    for key in ('links', 'volumes_from'):
        for entry in values.get(key) or ():
            other = str(entry.partition(':')[0])
            if key == 'links' or other != 'container':
                yield other
