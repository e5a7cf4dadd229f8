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

"""Records that say all about one property or attribute, and what reads them.

A property travels one way: validated value, request to the Docker API, live
state, attribute. :func:`schema`, :func:`request`, :func:`live` and
:func:`check_api` are the steps; they know no property by name.
"""

import dataclasses
import typing

from heat.common import exception
from heat.engine import attributes as heat_attributes
from heat.engine import constraints as heat_constraints
from heat.engine import properties as heat_properties
from heat.engine import support as heat_support

from . import convert
from . import errors
from . import i18n

_ = i18n._

STRING = heat_properties.Schema.STRING
INTEGER = heat_properties.Schema.INTEGER
BOOLEAN = heat_properties.Schema.BOOLEAN
LIST = heat_properties.Schema.LIST
MAP = heat_properties.Schema.MAP

OLDEST_API = (1, 40)


@dataclasses.dataclass(frozen=True)
class Field:
    """One property: what users write, and where Docker wants it.

    :ivar name: name in templates.
    :ivar type: type in templates, one of STRING, INTEGER, BOOLEAN, LIST, MAP.
    :ivar doc: sentences for users; units, what unset means.
    :ivar at: path in the body of Docker's create request, such as
        ``HostConfig.Memory``; ``?name`` is an argument of its query. None
        for what Docker is not told.
    :ivar example: value in canonical form, of which
        ``live(request(example)) == example`` holds.
    :ivar since: the first version of the Docker API that has it.
    :ivar to_api: function from value to JSON. Its ValueError refuses the
        value while the template is validated.
    :ivar from_api: function from the daemon's JSON to the value.
    :ivar live_at: path in what Docker's inspect request returns; by default
        that of ``at``.
    :ivar also: further paths of the create body, each with the function
        that makes their JSON of the same value.
    :ivar nested: Heat schema of the items of a list or the keys of a map.
    :ivar text_too: accept text with commas for a list.
    """

    name: str
    type: str
    doc: typing.Any
    at: str | None
    example: typing.Any
    since: tuple = OLDEST_API
    to_api: typing.Callable = convert.same
    from_api: typing.Callable = convert.same
    live_at: str | None = None
    also: dict = dataclasses.field(default_factory=dict)
    required: bool = False
    constraints: tuple = ()
    nested: typing.Any = None
    text_too: bool = False
    support: str = '1.0.0'


@dataclasses.dataclass(frozen=True)
class Attribute:
    """One attribute: where it is read and how it is shown.

    :ivar name: name in templates.
    :ivar type: type of the value, as that of a field.
    :ivar doc: sentence for users.
    :ivar at: path in what Docker's inspect request returns; empty for all.
    :ivar from_api: function from the JSON there to the value.
    :ivar source: method of the resource that reads what ``from_api`` takes
        instead of the inspect request.
    :ivar secret: whether the value may have secrets in it, so that it is
        shown only to those who ask for it by name.
    :ivar cached: whether Heat may keep the value, because it never changes.
    """

    name: str
    type: str
    doc: typing.Any
    at: str = ''
    from_api: typing.Callable = convert.same
    source: str | None = None
    secret: bool = False
    cached: bool = False
    support: str = '1.0.0'


@dataclasses.dataclass(frozen=True)
class Request:
    """A request to create: arguments of the query, and JSON of the body."""

    query: dict
    body: dict


class PropertySchema(heat_properties.Schema):
    """Heat's schema of a property that a field describes.

    Besides the constraints of the schema, a value has to pass the field's
    converter. Heat leaves out values that are not known yet, and checks them
    before the create. The converter is no constraint of its own because
    Heat shows unknown ones to users as ``{}``.
    """

    def __init__(self, field):
        self.field = field
        nested = field.nested
        if field.type == LIST and nested is not None:
            # Heat would do this for a schema of its very own class.
            nested = heat_constraints.AnyIndexDict(nested)
        super().__init__(
            field.type, _description(field), schema=nested,
            required=field.required, constraints=list(field.constraints),
            allow_conversion=field.text_too,
            support_status=_support(field.support))

    def validate_constraints(self, value, context=None, skipped=None):
        """Raise what Heat or the converter has to say against a value.

        An explicit null is indistinguishable from the empty value of the
        type here, and means unset.
        """
        super().validate_constraints(value, context, skipped)
        if value in ('', [], {}):
            return
        try:
            self.field.to_api(value)
        except ValueError as ex:
            raise exception.StackValidationFailed(message=str(ex)) from ex


def properties_schema(fields):
    """Return Heat's properties schema of a table of fields."""
    return {field.name: PropertySchema(field) for field in fields}


def attributes_schema(attributes):
    """Return Heat's attributes schema of a table of attributes."""
    schema = heat_attributes.Schema
    return {attribute.name: schema(
        attribute.doc, type=attribute.type,
        cache_mode=(schema.CACHE_LOCAL if attribute.cached
                    else schema.CACHE_NONE),
        support_status=_support(attribute.support))
        for attribute in attributes}


def _description(field):
    if field.since > OLDEST_API:
        return _('%(doc)s It needs version %(since)s of the Docker API. A '
                 'change replaces the resource.') % {
            'doc': field.doc, 'since': version_text(field.since)}
    return _('%(doc)s A change replaces the resource.') % {'doc': field.doc}


def _support(version):
    return heat_support.SupportStatus(version=version)


def given(fields, values):
    """Yield the fields whose value is set, with the value.

    Only None means unset: false, 0 and empty values are values.
    """
    for field in fields:
        value = values[field.name]
        if value is not None:
            yield field, value


def check_api(fields, values, api, endpoint):
    """Raise if the daemon is too old for a property that is set.

    :param tuple api: version of the daemon's API, such as ``(1, 41)``.
    :param endpoint: where the daemon is, for the message.
    :raises errors.Unsupported: naming the property and both versions.
    """
    for field, _value in given(fields, values):
        if field.since > api:
            raise errors.Unsupported(
                _('The property %(name)s needs version %(since)s of the '
                  'Docker API, and the daemon at %(endpoint)s has %(api)s')
                % {'name': field.name, 'since': version_text(field.since),
                   'endpoint': endpoint, 'api': version_text(api)})


def version_text(version):
    """Return ``(1, 41)`` as ``1.41``."""
    return '.'.join(str(part) for part in version)


def request(fields, values):
    """Return the :class:`Request` to create what the values describe."""
    query, body = {}, {}
    for field, value in given(fields, values):
        if field.at is None:
            continue
        if field.at.startswith('?'):
            query[field.at[1:]] = field.to_api(value)
            continue
        _put(body, field.at, field.to_api(value))
        for path, to_api in field.also.items():
            _put(body, path, to_api(value))
    return Request(query, body)


def live(fields, inspected):
    """Return the values of the properties that a daemon's object has.

    :param dict inspected: what Docker's inspect request returned.
    """
    values = {}
    for field in fields:
        path = field.live_at or field.at
        if path is not None:
            values[field.name] = field.from_api(read(inspected, path))
    return values


def read(inspected, path):
    """Return what is at a path such as ``State.Status``, or None."""
    for key in path.split('.') if path else ():
        if not isinstance(inspected, dict):
            return None
        inspected = inspected.get(key)
    return inspected


def _put(body, path, value):
    *parents, last = path.split('.')
    for key in parents:
        body = body.setdefault(key, {})
    if isinstance(value, dict) and isinstance(body.get(last), dict):
        body[last].update(value)
    else:
        body[last] = value
