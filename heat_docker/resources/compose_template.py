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

"""The template of the nested stack of a Compose project."""

from collections import abc
import dataclasses
import re
import typing

from ..compose import hot
from ..compose import project as projects
from ..compose import resources
from ..compose import texts
from ..convert import registry

# Heat waits a second after it has started a resource that needs no other one.
# A stack therefore begins with one resource and, because a deletion goes the
# other way, ends with one:
# https://opendev.org/openstack/heat/src/branch/master/heat/engine/stack.py
_FIRST, _LAST = 'first', 'last'
_NONE = {'type': 'OS::Heat::None'}

# While a template is validated, attributes of other resources are unknown. The
# nested stack has them from this resource, which does not exist either.
_UNKNOWN = 'unknown'

ENDPOINT, AUTH = 'docker_endpoint', 'registry_auth'

# Where the front end takes values of variables apart, and the length from
# which on a part is searched for in other strings. Shorter parts are common
# words.
_SEPARATORS = re.compile(r'[\s=\'"]+')
_SHORTEST = 4

# Schemas of the parameters for properties of all resources.
COMMON: dict[str, dict] = {
    ENDPOINT: {'type': 'string'},
    'tls': {'type': 'json', 'hidden': True},
    'endpoint_timeout': {'type': 'number'},
    'forget_unreachable': {'type': 'boolean'},
    'triggers': {'type': 'json'},
    AUTH: {'type': 'json', 'hidden': True}}


class NestedTemplate(hot.Template):
    """The template of a nested stack.

    It contains no value of a variable: all are hidden parameters.

    :ivar parameters: map of parameter to value.
    """

    _hides_env_files = True

    def __init__(self, project: projects.Project,
                 values: abc.Mapping[str, typing.Any],
                 environment: abc.Mapping[str, str | None],
                 unknown: abc.Collection[str] = ()):
        """Initialize the template.

        :param values: values of properties in :data:`COMMON`.
        :param environment: values of variables.
        :param unknown: names of variables, and of properties in
            :data:`COMMON`, whose values are not known yet.
        """
        self._has_managers = isinstance(values.get(ENDPOINT), list)
        schemas = {**COMMON, **({ENDPOINT: {'type': 'comma_delimited_list'}}
                                if self._has_managers else {})}
        super().__init__(project, file=lambda path: path, common={
            name: schema for name, schema in schemas.items()
            if name in values or name in unknown})
        self.parameters: dict[str, typing.Any] = {}
        self._given = values
        self._secrets = {
            part for value in environment.values() if value
            for part in (value, *_SEPARATORS.split(value))
            if len(part) >= _SHORTEST}
        self._unknown = unknown
        self._names: dict[str, str] = {}
        self._hidden_names: dict[str, str] = {}

    def parsed(self) -> dict:
        """Return the template as a map.

        :raises problems.ComposeError: if the project cannot be translated.
        """
        return {'heat_template_version': hot.VERSION,
                **{name: section for name, section in self.sections().items()
                   if section}}

    def sections(self) -> dict[str, dict]:
        """Return the sections; the attributes take the place of outputs."""
        found = super().sections()
        return {'parameters': {name: schema for name, schema
                               in found['parameters'].items()
                               if name in self.parameters},
                'resources': found['resources']}

    def _reserve(self, taken):
        self._names = {name: hot.free(name, taken)
                       for name in (_FIRST, _LAST, _UNKNOWN)}

    def _written(self, found):
        written = super()._written(found)
        self._add_ends(written)
        if self._unknown:
            written[self._names[_UNKNOWN]] = {
                'type': 'OS::Heat::Value', 'properties': {'value': ''}}
        return written

    def _add_ends(self, written):
        """Make all resources come after one, and before another one."""
        needs = {name: {*one.get('depends_on', ()),
                        *_references(one['properties'])}
                 for name, one in written.items()}
        starts = [name for name, others in needs.items() if not others]
        ends = sorted(needs.keys() - set().union(*needs.values()))
        if len(starts) > 1:
            first = self._names[_FIRST]
            written[first] = dict(_NONE)
            for name in starts:
                written[name]['depends_on'] = [first]
        if len(ends) > 1:
            written[self._names[_LAST]] = {**_NONE, 'depends_on': ends}

    def _resource(self, one):
        written = super()._resource(one)
        if self._has_managers and one.type == resources.NETWORK:
            # Its type has a daemon, and no list of managers.
            call = written['properties'][ENDPOINT]
            written['properties'][ENDPOINT] = resources.Function(
                get_param=[call['get_param'], 0])
        call = written['properties'].pop(AUTH, {})
        server = self._server_of(one) if 'get_param' in call else None
        if server in self._given.get(AUTH, ()):
            written['properties'][AUTH] = resources.Function(
                get_param=[call['get_param'], server])
        return written

    def _server_of(self, one):
        """Return the registry whose credentials a resource needs, or None."""
        if one.type in (resources.CONTAINER, resources.SERVICE):
            image = one.properties.get('image')
            host = registry.parts(image)[0] if isinstance(image, str) else ''
            return registry.address(host) if host else None
        if one.type == resources.IMAGE and len(self._given[AUTH]) == 1:
            return next(iter(self._given[AUTH]))
        return None

    def _value(self, value):
        """Return a value without the values of variables.

        The front end takes some values apart, such as a command line. What it
        takes from a variable is then a string like any other.
        """
        if isinstance(value, resources.Function) and 'list_join' not in value:
            return value
        literals = [part for part, source in texts.parts_of(value)
                    if source is None] if isinstance(value, str) else []
        if any(secret in part for part in literals
               for secret in self._secrets):
            return self._hidden(str(value))
        return super()._value(value)

    def _hidden(self, text):
        """Return a string as a hidden parameter."""
        name = self._hidden_names.setdefault(
            text, 'value %d:' % (len(self._hidden_names) + 1))
        self._parameters[name] = {'type': 'string', 'hidden': True}
        self.parameters[name] = text
        return resources.Function(get_param=name)

    def _common_value(self, name, parameter):
        if name in self._unknown:
            return self._of_unknown()
        self.parameters[parameter] = self._given[name]
        return super()._common_value(name, parameter)

    def _other_value(self, part, source):
        # The name of no property ends with a colon.
        if source.name in self._unknown:
            return source
        return self._kept(part, dataclasses.replace(
            source, name=source.name + ':'))

    def _call(self, source):
        if not isinstance(source, texts.Variable):
            return super()._call(source)
        if source.name in self._unknown:
            return self._of_unknown()
        self._parameters[source.name] = {'type': 'string', 'hidden': True}
        self.parameters[source.name] = self.values[source.name]
        return resources.Function(get_param=source.name)

    def _of_unknown(self):
        return resources.Function(get_attr=[self._names[_UNKNOWN], 'value'])


def _references(value):
    """Yield the names of the resources to which a value refers."""
    if isinstance(value, resources.Function) and 'get_resource' in value:
        yield value['get_resource']
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
