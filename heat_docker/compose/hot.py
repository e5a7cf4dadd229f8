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

"""Resources as the text of a template.

https://docs.openstack.org/heat/latest/template_guide/hot_spec.html
"""

from collections import abc
import re
import typing

import yaml

from . import project as projects
from . import resources
from . import swarm
from . import texts

VERSION = '2021-04-16'

ENDPOINT = 'docker_endpoint'

_ENDPOINT_ONLY = {ENDPOINT: {
    'type': 'string', 'default': '',
    'description': 'URL of the Docker daemon, such as '
                   'tcp://203.0.113.7:2375. Defaults to the daemon that the '
                   'operator has configured.'}}

# Characters of a list in one line.
_LINE = 50

# Variables whose names tell that the value is secret.
_SECRET = re.compile('PASS|SECRET|TOKEN|KEY|CREDENTIAL|PRIVATE',
                     re.IGNORECASE)


class _Dumper(yaml.SafeDumper):
    """Writes YAML that people like to read."""

    def ignore_aliases(self, data):
        """Repeat values instead of using aliases."""
        return True

    def increase_indent(self, flow=False, indentless=False):
        """Indent lists in maps."""
        return super().increase_indent(flow, False)

    def represent_text(self, value):
        """Write several lines as a block."""
        style = '|' if '\n' in value and not re.search(
            r'[ \t]\n|[^\n\t -~\u00a0-\ud7ff\ue000-\ufffd]', value) else None
        return self.represent_scalar('tag:yaml.org,2002:str', value,
                                     style=style)

    def represent_call(self, value):
        """Write a short call of a function in one line."""
        return self.represent_mapping(
            'tag:yaml.org,2002:map', value,
            flow_style=all(isinstance(one, str) or _short(one)
                           for one in value.values()))

    def represent_list(self, value):
        """Write a short list in one line."""
        return self.represent_sequence('tag:yaml.org,2002:seq', value,
                                       flow_style=_short(value))

    yaml_representers: typing.ClassVar = {
        **yaml.SafeDumper.yaml_representers, str: represent_text,
        list: represent_list, resources.Function: represent_call}


def _short(value):
    """Return whether a value is a list of few and short scalars."""
    return isinstance(value, list) and all(
        isinstance(one, (str, int, float)) and '\n' not in str(one)
        for one in value) and len(str(value)) < _LINE


class Template:
    """The template of a project.

    :ivar project: :class:`project.Project`.
    :ivar file: function that takes the path of a file of the contents and
        returns what ``get_file`` needs; None to write the contents into the
        template.
    :ivar required: names of parameters without a default, because the
        environment had their secret values.
    :ivar values: map of each parameter for a variable to its value.
    :ivar common: map of each property that all resources have to the schema
        of its parameter.
    """

    # Whether the values of env files become parameters.
    _hides_env_files = False

    def __init__(self, project: projects.Project,
                 file: abc.Callable[[str], str] | None = None,
                 common: abc.Mapping[str, dict] = _ENDPOINT_ONLY):
        self.project = project
        self.common = common
        self._file = file
        self.values: dict[str, str] = {}
        self._parameters: dict[str, dict] = {}
        self._common: dict[str, typing.Any] = {}
        self.required: list[str] = []

    def text(self, comment: str = '') -> str:
        """Return the template.

        :param comment: first lines of the template.
        :raises problems.ComposeError: if the project cannot be translated.
        """
        return text_of(self.sections(), comment)

    def sections(self) -> dict[str, dict]:
        """Return the map of each section's name to the section.

        :raises problems.ComposeError: if the project cannot be translated.
        """
        found = swarm.translate(self.project)
        self._reserve({one.name for one in found})
        variables = set(_variables([one.properties for one in found]))
        names = {name: free(name, variables) for name in self.common}
        self._common = {name: self._common_value(name, parameter)
                        for name, parameter in names.items()}
        written = self._written(found)
        outputs = {
            free('%s_ports' % one.name, ()): {
                'description': 'Published ports of %s.' % one.name,
                'value': resources.Function(
                    get_attr=[one.name, 'ports'])}
            for one in found
            if one.properties.get('port_bindings') or one.properties.get(
                'ports')}
        return {
            'parameters': {
                **{names[name]: schema
                   for name, schema in self.common.items()},
                **dict(sorted(self._parameters.items()))},
            'resources': written, 'outputs': outputs}

    def _reserve(self, taken):
        """Choose names for resources that are not in the project."""

    def _common_value(self, name, parameter):
        """Return the value of a property that all resources have."""
        return resources.Function(get_param=parameter)

    def _written(self, found):
        """Return the map of each resource's name to the resource."""
        return {one.name: self._resource(one) for one in found}

    def _resource(self, one):
        """Return a resource as a map."""
        properties = {**self._common, **self._value(one.properties)}
        return {'type': one.type,
                **({'depends_on': one.depends_on} if one.depends_on else {}),
                'properties': properties}

    def _value(self, value: typing.Any):
        """Return a value with calls of functions for variables and files."""
        if isinstance(value, texts.Text):
            return self._of_text(value)
        if isinstance(value, resources.Function):
            return resources.Function(
                {name: self._value(one) for name, one in value.items()})
        if isinstance(value, dict):
            return {str(name): self._value(one)
                    for name, one in value.items()}
        if isinstance(value, list):
            return [self._value(one) for one in value]
        return value

    def _of_text(self, value):
        parts = [(part, self._kept(part, source))
                 for part, source in value.parts]
        sources = [source for _part, source in parts if source]
        if not sources:
            return str(value)
        calls = [self._call(source) if source else part
                 for part, source in parts if part or source]
        if len(calls) == 1:
            return calls[0]
        if all(isinstance(source, texts.Variable) for source in sources):
            template = ''.join('${%s}' % source.name if source else part
                               for part, source in parts)
            if template.count('${') == len(sources):
                return resources.Function(str_replace={
                    'template': template, 'params': {
                        '${%s}' % source.name: self._call(source)
                        for source in sources}})
        return resources.Function(list_join=['', calls])

    def _kept(self, part, source):
        """Return the source if a part becomes a parameter or a file."""
        if isinstance(source, texts.File):
            return source if self._file is not None else None
        if source is None or (isinstance(source, texts.OfEnvFile)
                              and not self._hides_env_files):
            return None
        if self.values.setdefault(source.name, part) != part:
            return self._other_value(part, source)
        return source

    def _other_value(self, part, source):
        """Return the source of another value of a variable, or None."""
        self.project.report.note(resources.NOWHERE, (
            'The variable %s has several values, so the template '
            'contains all but the first' % source.name))
        return None

    def _call(self, source):
        """Return the call that replaces a variable or a file."""
        if isinstance(source, texts.File):
            return resources.Function(get_file=self._file(source.path))
        parameter = {'type': 'string'}
        if source.secret or _SECRET.search(source.name):
            parameter['hidden'] = True
        if parameter.get('hidden') and source.given:
            if source.name not in self.required:
                self.required.append(source.name)
        else:
            parameter['default'] = self.values[source.name]
        self._parameters[source.name] = parameter
        return resources.Function(get_param=source.name)


def text_of(sections: dict[str, dict], comment: str = '') -> str:
    """Return sections as the text of a template.

    :param comment: first lines of the template.
    """
    lines = ['# %s' % line for line in comment.splitlines()]
    lines += [_dump({'heat_template_version': VERSION}).replace("'", '')]
    for title, section in sections.items():
        if section:
            lines += ['%s:' % title, '\n'.join(
                _indented({name: one}) for name, one in section.items())]
    return '\n'.join(lines)


def _variables(value):
    """Yield the names of all variables in a value."""
    if isinstance(value, texts.Text):
        yield from (source.name for _part, source in value.parts
                    if isinstance(source, texts.Variable))
    elif isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _variables(one)


def free(name, taken):
    """Return a name that is not taken."""
    taken = set(taken)
    while name in taken:
        name += '_'
    return name


def _dump(value):
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=79,
                     allow_unicode=True, default_flow_style=False)


def _indented(value):
    """Return a map as YAML, indented, and followed by an empty line."""
    # yaml.dump indents blocks by itself only below a key.
    text = _dump({'x': value})
    return text.partition('\n')[2]
