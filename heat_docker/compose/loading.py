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

"""From files to one tree: YAML, variables, includes, extends, merges.

https://github.com/compose-spec/compose-spec/blob/main/14-include.md and
https://github.com/compose-spec/compose-spec/blob/main/05-services.md#extends
"""

from collections import abc
import dataclasses
import posixpath

from . import contents as files
from . import dotenv
from . import interpolation
from . import keys
from . import limits
from . import merging
from . import problems
from . import reading
from . import table
from . import tree

SECTIONS = ('services', 'networks', 'volumes', 'configs', 'secrets')

_SHAPE = keys.shape_of(table.FILE)
_RULE = keys.rule_of(table.FILE)
_SERVICE = keys.rule_of(table.SERVICE)


class Scope:
    """The environment of a project or of an included project.

    :ivar environment: map of name to value.
    """

    def __init__(self, environment: abc.Mapping, report: problems.Report,
                 budget: reading.Budget):
        self.environment = environment
        self._report = report
        self._budget = budget
        self._interpolator = self._with(environment)

    def _with(self, environment):
        def spend(variables, characters):
            self._budget.spend(variables, characters, None)
        return interpolation.Interpolator(environment, self._report, spend)

    def lookup(self, name: str) -> str | None:
        """Return the value of a variable, or None."""
        return self._interpolator.lookup(name)

    def interpolate(self, value, where: problems.Where):
        """Return a tree with all variables replaced."""
        return self._interpolator.tree(value, where)

    def variables(self, text: str, path: str) -> dict:
        """Return the variables of an env file.

        :raises problems.ComposeError: if it is invalid.
        """
        where = problems.Where(problems.Place(path))

        def replace(value, before):
            known = {**before, **self.environment}
            return str(self._with(known).text(value, where))
        return dotenv.parse(text, where, replace)


@dataclasses.dataclass
class Model:
    """The tree of a project, after all merges.

    :ivar tree: map of section to map of name to value.
    :ivar scopes: map of (section, name) to :class:`Scope`.
    """

    tree: tree.Map
    scopes: dict


class Loader:
    """Loads a project and what it includes.

    :ivar contents: :class:`contents.Contents`.
    :ivar report: :class:`problems.Report`.
    """

    def __init__(self, contents: files.Contents, report: problems.Report):
        self.contents = contents
        self.report = report
        self._budget = reading.Budget()
        self._read: dict[str, list] = {}
        self._others: dict[tuple, tree.Map] = {}

    def scope(self, environment: abc.Mapping) -> Scope:
        """Return the scope of an environment."""
        return Scope(environment, self.report, self._budget)

    def documents(self, file: str, source) -> list:
        """Return the trees of a file before variables are replaced.

        :param source: text, or a map.
        :raises problems.ComposeError: if it is invalid.
        """
        if isinstance(source, str):
            trees = reading.documents(source, file, self._budget)
        else:
            trees = [tree.plain(source, problems.Place(file), limits.DEPTH,
                                self._budget.spend)]
        trees = [one for one in trees if one is not None]
        for one in trees:
            if not isinstance(one, tree.Map):
                raise problems.ComposeError('the file is not a map', file)
        if not trees:
            raise problems.ComposeError('the file is empty', file)
        return trees

    def read(self, path: str, where: problems.Where) -> list:
        """Return the trees of a file of the contents."""
        if path not in self._read:
            if len(self._read) >= limits.FILES:
                raise where.error('more than %d files are included or '
                                  'extended' % limits.FILES)
            self._read[path] = self.documents(path, str(self.contents.text(
                path, where, 'the file')))
        return self._read[path]

    def project(self, sources: abc.Sequence, directory: str, scope: Scope,
                chain: tuple = ()) -> Model:
        """Return the model of files that are merged.

        :param sources: pairs of a path and the trees of the file.
        :param directory: directory of relative paths.
        :param chain: paths of the files that include this one.
        :raises problems.ComposeError: if anything is invalid.
        """
        merged = tree.Map()
        for file, trees in sources:
            for one in trees:
                merged = merging.merged(
                    merged, self._shaped(one, file, directory, scope), _RULE)
        includes = tree.without_tags(merged.pop('include', None)) or ()
        for section in SECTIONS:
            merged[section] = _top(merged.get(section))
        merged['services'] = self._extended(merged['services'],
                                            sources[0][0], scope)
        result = Model(merged, {(section, name): scope
                                for section in SECTIONS
                                for name in merged[section]})
        for include in includes:
            place = merged.place('include') or problems.Place(sources[0][0])
            self._include(result, include, problems.Where(
                place, ('include',)), scope, chain)
        return result

    def _shaped(self, one, file, directory, scope):
        """Return a file with variables replaced and in the long forms."""
        where = problems.Where(problems.Place(file, 1), (), directory,
                               self.contents.root)
        return _SHAPE(scope.interpolate(one, where), where)

    def _include(self, model, include, where, scope, chain):
        """Add what an included project contains."""
        paths = tuple(include['path'])
        if paths in chain:
            raise where.error('the file %s includes itself' % paths[0])
        if len(chain) >= limits.NESTED:
            raise where.error('more than %d files include one another'
                              % limits.NESTED)
        directory = include['project_directory']
        variables: dict = {}
        given = include.get('env_file')
        for path in given or [posixpath.join(directory, '.env')]:
            if not given and self.contents.find(
                    posixpath.normpath(path)) is None:
                continue
            text = self.contents.text(posixpath.normpath(path), where,
                                      'the env file')
            variables.update(self.scope(
                {**variables, **scope.environment}).variables(
                    str(text), path))
        inner = self.project(
            [(path, self.read(path, where)) for path in paths], directory,
            self.scope({**variables, **scope.environment}),
            (*chain, paths))
        for section in SECTIONS:
            ours = model.tree[section]
            for name, value in inner.tree[section].items():
                place = inner.tree[section].place(name)
                if name in ours and ours[name] != value:
                    raise dataclasses.replace(
                        where, place=place or where.place).error(
                            '%s in %s conflicts with the project that '
                            'includes it' % (name, section))
                ours.put(name, value, place)
                model.scopes.setdefault((section, name),
                                        inner.scopes[section, name])

    def _extended(self, services, file, scope):
        """Return services with what they extend merged into them."""
        done: dict = {}
        return tree.Map({name: tree.without_tags(self._service(
            name, services, file, scope, (), done)) for name in services},
            places=services.places)

    def _service(self, name, services, file, scope, chain, done):
        """Return a service after its extends."""
        if (file, name) in done:
            return done[file, name]
        service = services[name] or tree.Map()
        extends = service.get('extends')
        if isinstance(extends, tree.Tagged):
            extends = tree.without_tags(extends)
        if extends:
            where = problems.Where(
                services.place(name) or problems.Place(file),
                ('services', name)).inside(service, 'extends')
            if (file, name) in chain or len(chain) > limits.EXTENDED:
                raise where.error('the service extends itself' if (
                    file, name) in chain else 'more than %d services extend '
                    'one another' % limits.EXTENDED)
            other = extends.get('file') or file
            known = services if other == file else self._other(
                other, where, scope)
            wanted = extends['service']
            if wanted not in known:
                raise where.error('the service %s is not in %s'
                                  % (wanted, other))
            base = self._service(wanted, known, other, scope,
                                 (*chain, (file, name)), done)
            own = tree.Map(service, places=service.places)
            del own['extends']
            service = _SERVICE(base, own)
        done[file, name] = service
        return service

    def _other(self, path, where, scope):
        """Return the services of a file that a service extends."""
        if (path, id(scope)) not in self._others:
            merged = tree.Map()
            for one in self.read(path, where):
                merged = merging.merged(merged, self._shaped(
                    one, path, posixpath.dirname(path), scope), _RULE)
            self._others[path, id(scope)] = _top(merged.get('services'))
        return self._others[path, id(scope)]


def _top(section):
    """Return a section without tags of itself and of its objects."""
    if isinstance(section, tree.Tagged):
        section = section.value if section.kind == 'override' else None
    if section is None:
        return tree.Map()
    result = tree.Map(places=section.places)
    for name, value in section.items():
        if isinstance(value, tree.Tagged):
            if value.kind == 'reset':
                continue
            value = value.value
        result[name] = value
    return result
