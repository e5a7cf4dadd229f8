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

"""The records of properties and attributes, and the functions that use them.

A property passes through :class:`PropertySchema` (validation),
:func:`check_api`, :func:`request` and :func:`drift` (live state). None of
them knows a property by name.
"""

import collections
from collections import abc
import copy
import dataclasses
import enum
import functools
import json
import math
import reprlib
import typing

from heat.common import exception
from heat.engine import attributes as heat_attributes
from heat.engine import constraints as heat_constraints
from heat.engine import properties as heat_properties
from heat.engine import support as heat_support

from . import budgets
from . import errors
from . import hints
from . import i18n
from . import masking
from .convert import scalars

_ = i18n._

STRING = heat_properties.Schema.STRING
INTEGER = heat_properties.Schema.INTEGER
NUMBER = heat_properties.Schema.NUMBER
BOOLEAN = heat_properties.Schema.BOOLEAN
LIST = heat_properties.Schema.LIST
MAP = heat_properties.Schema.MAP

OLDEST_API = (1, 40)

# The API's integers have 64 bits.
_LARGEST = 2.0 ** 63

Value = typing.Any  # in a template
Json = typing.Any  # in a request or a response of Docker


class Place(enum.Enum):
    """Special values of :attr:`Field.live_at`."""

    NOT_SHOWN = 'the inspect request does not return the value'


class Change(enum.Enum):
    """Effects of a change of a property that have no arguments."""

    REPLACES = 'the resource is replaced'
    HEAT_ONLY = 'only this plugin uses the value'


@dataclasses.dataclass(frozen=True)
class InPlace:
    """A change that Docker's update request applies.

    :ivar path: path in the body of the update request; empty if the JSON is
        a map whose keys belong to the body itself.
    :ivar unset: JSON to send if the property has been removed. Without it,
        removing the property or setting it to zero replaces the object,
        because Docker treats both as "no change".
    :ivar also: further paths of the body, each with the function that
        converts the same value to their JSON.
    :ivar since: the first version of the Docker API whose update request
        applies the value. With an older daemon, a change replaces the object.
    """

    path: str
    unset: Json = None
    also: dict[str, abc.Callable[[Value], Json]] = dataclasses.field(
        default_factory=dict)
    since: tuple[int, int] = OLDEST_API


@dataclasses.dataclass(frozen=True)
class ByStep:
    """A change that a step makes, with its own requests.

    :ivar name: key of
        :attr:`heat_docker.resources.base.DockerResource.update_steps`.
    """

    name: str


NOT_SHOWN = Place.NOT_SHOWN
REPLACES = Change.REPLACES
HEAT_ONLY = Change.HEAT_ONLY
in_place = InPlace
by_step = ByStep


@dataclasses.dataclass(frozen=True)
class Field:
    """One property: its form in templates, and its place in Docker's API.

    :ivar name: name in templates.
    :ivar type: type in templates: STRING, INTEGER, NUMBER, BOOLEAN, LIST or
        MAP.
    :ivar doc: documentation for users, in sentences, with units and the
        default.
    :ivar at: path in the body of Docker's create request, such as
        ``HostConfig.Memory``; ``?name`` is a query parameter. None if the
        value is not sent.
    :ivar example: a value in canonical form: converting it to JSON and back
        returns the same value.
    :ivar since: the first version of the Docker API that has the field.
    :ivar parse: function of :mod:`heat_docker.convert.forms` that converts
        other forms of the value, such as ``1m30s``, to the type of the
        property.
    :ivar to_api: function that converts the value to JSON. Validation of the
        template reports its ValueError.
    :ivar from_api: function that converts the daemon's JSON to the value.
    :ivar meaning: function of :mod:`heat_docker.convert.meanings` that takes
        the JSON, and returns the same for all JSON that Docker treats alike,
        such as other orders of a set. Only a change of the meaning is a
        change of the property. An empty result means unset.
    :ivar live_at: path in the response to Docker's inspect request, or
        ``NOT_SHOWN``. Defaults to ``at``.
    :ivar also: further paths in the create body, each with the function
        that converts the same value to their JSON.
    :ivar change: effect of a change: ``REPLACES``, ``HEAT_ONLY``,
        ``in_place(...)`` or ``by_step(...)``.
    :ivar same_state: function that takes the JSON of the request and the
        JSON that a daemon shows, and returns whether they mean the same. By
        default, the values are compared.
    :ivar policy: function of :mod:`heat_docker.policy` that takes the JSON
        and raises :class:`errors.Refused` if the operator does not allow it,
        or a ``policy.Free`` with the reason why any value is allowed. There
        is no default, so that the author of an entry has to decide.
    :ivar refers: function of :mod:`heat_docker.convert.references` that finds
        the objects to which the value refers by name or ID.
    :ivar exclusive: function that takes the JSON and returns whether only one
        object can have this value at a time, so that the old object has to
        release it before a replacement is created.
    :ivar claims: function that takes the JSON and returns the parts of an
        exclusive value that another container may have, as tuples of kind,
        value and place (see :mod:`heat_docker.resources.holding`).
    :ivar empty_counts: whether Docker distinguishes 0, false or an empty value
        from an unset one. If not, replacing one by the other is not a change.
    :ivar default: function without arguments that returns the value of an
        unset property. Setting the property to this value is not a change.
    :ivar mask: function that returns the value without secrets, in the same
        shape; see :mod:`heat_docker.masking`.
    :ivar most: maximum number of entries of a list or a map.
    :ivar longest: maximum number of characters of each string in a list or a
        map without a nested schema.
    :ivar nested: Heat schema of the items of a list, or a :class:`Key` for
        each key of a map.
    :ivar text_too: whether a list can be a string with commas.
    :ivar compose: names that Compose has for the property, if they differ.
    :ivar elsewhere: names that Compose has for keys in the value, and a
        sentence that says what replaces them, if it is no key with
        :attr:`Key.compose`.
    """

    name: str
    type: str
    doc: typing.Any
    at: str | None
    example: Value
    policy: abc.Callable[[Json], None] | enum.Enum
    since: tuple[int, int] = OLDEST_API
    parse: abc.Callable[[Value], Value] = scalars.identity
    to_api: abc.Callable[[Value], Json] = scalars.identity
    from_api: abc.Callable[[Json], Value] = scalars.identity
    meaning: abc.Callable[[Json], Json] = scalars.identity
    live_at: str | Place | None = None
    also: dict[str, abc.Callable[[Value], Json]] = dataclasses.field(
        default_factory=dict)
    change: Change | InPlace | ByStep = REPLACES
    same_state: abc.Callable[[Json, Json], bool] | None = None
    refers: abc.Callable[[Value, abc.Callable], Value] | None = None
    exclusive: abc.Callable[[Json], typing.Any] | None = None
    claims: abc.Callable[[Json], list[tuple]] | None = None
    empty_counts: bool = False
    default: abc.Callable[[], Value] | None = None
    mask: abc.Callable[[Value], Value] | None = None
    required: bool = False
    constraints: tuple = ()
    most: int = budgets.ENTRIES
    longest: int = budgets.WORD
    nested: typing.Any = None
    text_too: bool = False
    compose: tuple[str, ...] = ()
    elsewhere: dict[str, str] = dataclasses.field(default_factory=dict)
    support: str = '1.0.0'

    @property
    def in_place(self) -> bool:
        """Whether a change can leave the object in place."""
        return self.change is not REPLACES

    @property
    def update(self) -> InPlace | None:
        """How Docker's update request applies a change, or None."""
        return self.change if isinstance(self.change, InPlace) else None

    @property
    def step(self) -> ByStep | None:
        """The step of the resource that applies a change, or None."""
        return self.change if isinstance(self.change, ByStep) else None

    @property
    def can_be_removed_in_place(self) -> bool:
        """Whether removing the property leaves the object in place."""
        return self.in_place and not (
            self.update and self.update.unset is None)

    @property
    def live_path(self) -> str | None:
        """Path in the response to Docker's inspect request, or None."""
        if self.live_at is NOT_SHOWN:
            return None
        return self.live_at or self.at


@dataclasses.dataclass(frozen=True)
class Attribute:
    """One attribute: where to read it and how to show it.

    :ivar name: name in templates.
    :ivar type: type of the value; see :class:`Field`.
    :ivar doc: documentation for users, in sentences.
    :ivar at: path in the response to Docker's inspect request, or in the map
        that a type without a daemon has instead; empty for the whole
        response. None if the value comes from neither; ``show`` does not
        include such an attribute.
    :ivar from_api: function that converts the JSON at this path to the value.
    :ivar source: name of a method of the resource that returns the argument
        of ``from_api`` instead, or the value itself if ``at`` is None.
    :ivar secret: whether the value may contain secrets. Heat then shows it
        only to users who request it by name.
    :ivar cached: whether Heat can cache the value, because it never changes.
    """

    name: str
    type: str
    doc: typing.Any
    at: str | None = ''
    from_api: abc.Callable[[Json], Value] = scalars.identity
    source: str | None = None
    secret: bool = False
    cached: bool = False
    support: str = '1.0.0'


@dataclasses.dataclass(frozen=True)
class Rule:
    """A rule about the values of several properties.

    :ivar about: names of the properties.
    :ivar check: function of :mod:`heat_docker.convert`, usually of
        ``combinations``, that takes the values of all properties and raises
        ValueError.
    :ivar needs: names of the properties whose values the check needs. If they
        come from other resources, the create checks the rule, and not the
        validation of the template.
    :ivar only_new: whether only the validation of a template checks the rule.
        Stacks of earlier releases have values that violate it, and have to be
        able to roll back.
    """

    about: tuple[str, ...]
    check: abc.Callable[[typing.Any], object]
    needs: tuple[str, ...] = ()
    only_new: bool = False


@dataclasses.dataclass(frozen=True)
class Request:
    """A create request: its query parameters and the JSON of its body."""

    query: dict
    body: dict


class Key(heat_properties.Schema):
    """Heat's schema for a key of a map.

    :ivar policy: the policy of the property if it checks this key, or a
        ``policy.Free``.
    :ivar since: the first version of the Docker API that has the key.
    :ivar values_since: the first version of the Docker API that accepts a
        value, for values that were added after the key.
    :ivar parse: see :attr:`Field.parse`.
    :ivar example: a value for messages, if the example of the field does not
        contain the key.
    :ivar compose: see :attr:`Field.compose`.
    """

    def __init__(self, data_type, policy, doc, schema=None, *,
                 since: tuple = OLDEST_API,
                 values_since: dict[str, tuple] | None = None,
                 parse: abc.Callable[[Value], Value] = scalars.identity,
                 example: Value = None, compose: tuple[str, ...] = (),
                 **options):
        self.policy = policy
        self.parse = parse
        self.example = example
        self.compose = compose
        self.since = since
        self.values_since = values_since or {}
        super().__init__(data_type, _key_description(self, doc),
                         schema=_nested(data_type, schema), **options)

    def needed_api(self, value) -> tuple:
        """Return the version of the Docker API that a value needs.

        False, zero and empty values are not sent to the daemon.
        """
        if not value:
            return OLDEST_API
        if isinstance(value, str):
            return max(self.since, self.values_since.get(value, OLDEST_API))
        return self.since


def _nested(data_type, schema):
    """Return a nested schema in the form in which Heat stores it.

    Heat converts only schemas of its own class.
    """
    if data_type == LIST and schema is not None:
        return heat_constraints.AnyIndexDict(schema)
    return schema


class PropertySchema(heat_properties.Schema):
    """Heat's schema for a field.

    In addition to the constraints of the schema, the field's converter checks
    a value. Heat skips values that are not known yet, and checks them before
    the create. The converter is not a constraint, because Heat shows
    constraints of unknown classes to users as ``{}``.

    The schema and its nested schemas get a length constraint if they have
    none.
    """

    def __init__(self, field):
        self.field = field
        self.parse = field.parse
        nested = _nested(field.type, field.nested)
        super().__init__(
            field.type, _description(field), schema=_limited_parts(nested),
            required=field.required, constraints=_limited(
                field.type, nested, field.constraints, field.most),
            allow_conversion=field.text_too,
            update_allowed=field.in_place,
            support_status=_support(field.support))

    def validate_constraints(self, value, context=None, skipped=None):
        """Raise if a constraint or the converter refuses a value.

        An empty value means unset.
        """
        if value in ('', [], {}) and not self.required:
            return
        super().validate_constraints(value, context, skipped)
        try:
            _refuse_large(value, self.field.longest)
            _refuse_much_text(self.field.name, value)
            self.field.to_api(value)
        except ValueError as ex:
            raise exception.StackValidationFailed(message=str(ex)) from ex


def _limited(kind, nested, constraints, most=budgets.ENTRIES):
    """Return the constraints, preceded by a length limit if there is none.

    The limit comes first, so that other constraints never see long values.
    """
    limits = [constraint for constraint in constraints if isinstance(
                  constraint, heat_constraints.AllowedValues)
              or isinstance(constraint, heat_constraints.Length)
              and constraint.max is not None]
    # A map with a schema has no other keys.
    if kind not in (STRING, LIST, MAP) or limits or isinstance(nested, dict):
        return list(constraints)
    return [heat_constraints.Length(
        max=budgets.TEXT if kind == STRING else most), *constraints]


def _limited_parts(nested):
    """Return a nested schema with a length limit for each part."""
    if nested is None:
        return None
    if isinstance(nested, heat_constraints.AnyIndexDict):
        return heat_constraints.AnyIndexDict(_limited_part(nested.value))
    return {name: _limited_part(part) for name, part in nested.items()}


def _limited_part(schema):
    limited = copy.copy(schema)
    limited.schema = _limited_parts(schema.schema)
    limited.constraints = _limited(schema.type, schema.schema,
                                   schema.constraints)
    return limited


def _refuse_large(value, longest):
    """Refuse a value with too many or too long parts.

    Many lists and maps have no nested schema, and Heat's constraints limit
    each list or map, but not their total size.

    :param int longest: maximum number of characters of a string.
    :raises ValueError: without the value, which may be a secret.
    """
    count, level = 0, [value]
    for _depth in range(budgets.DEPTH):
        deeper = []
        for whole in level:
            if isinstance(whole, str) and len(whole) > longest:
                raise ValueError(
                    _('a string in the value has more than %d characters')
                    % longest)
            if not isinstance(whole, (list, dict)):
                continue
            count += len(whole)
            if count > budgets.VALUES_OF_PROPERTY:
                raise ValueError(_('the value has more than %d parts')
                                 % budgets.VALUES_OF_PROPERTY)
            deeper += whole
            if isinstance(whole, dict):
                deeper += whole.values()
        if not deeper:
            return
        level = deeper
    raise ValueError(_('the value has more than %d levels') % budgets.DEPTH)


def _refuse_much_text(name, value):
    """Refuse a property whose text makes lists of a daemon too long.

    :param str name: name of the property.
    :raises ValueError: without the value, which may be a secret.
    """
    left = dict(budgets.LISTED_TEXT)
    for listed, part in _listed(name, value):
        for text in _texts(part):
            left[listed] -= _length_in_json(text)
            if left[listed] < 0:
                raise ValueError(
                    _('the text of %(name)s has more than %(most)d bytes')
                    % {'name': listed, 'most': budgets.LISTED_TEXT[listed]})


def _length_in_json(text):
    """Return the bytes of a text in JSON, as Docker encodes it.

    https://pkg.go.dev/encoding/json#Marshal
    """
    encoded = json.dumps(text, ensure_ascii=False)
    return (len(encoded.encode(errors='replace'))
            + 5 * sum(map(encoded.count, '<>&'))
            + 3 * sum(map(encoded.count, '\u2028\u2029')))


def _listed(name, value):
    """Yield the names with a budget, and the list or map of each."""
    if not isinstance(value, (list, dict)):
        return
    if name in budgets.LISTED_TEXT:
        yield name, value
    items = value.items() if isinstance(value, dict) else (
        (None, item) for item in value)
    for key, item in items:
        yield from _listed(key, item)


def _texts(value):
    """Yield all scalars in a value, and the keys of maps, as strings."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)


def check_names(spec, update_steps, methods):
    """Raise if a table names a step or a method that does not exist.

    :param spec: module with ``FIELDS`` and ``ATTRIBUTES``.
    :param update_steps: names of the steps of the type.
    :param methods: names of the methods of the type.
    """
    named = [(field.name, field.step.name, update_steps)
             for field in spec.FIELDS if field.step]
    named += [(attribute.name, attribute.source, methods)
              for attribute in spec.ATTRIBUTES if attribute.source]
    for entry, name, known in named:
        if name not in known:
            raise TypeError('%s names %s, which does not exist'
                            % (entry, name))


def properties_schema(fields) -> dict[str, PropertySchema]:
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


def _since(version):
    if version == OLDEST_API:
        return ''
    return _(' It requires version %s of the Docker API.') % version_text(
        version)


def _key_description(key, doc):
    values = ''.join(
        _(' The value "%(value)s" requires version %(since)s of the Docker '
          'API.')
        % {'value': value, 'since': version_text(since)}
        for value, since in key.values_since.items())
    return _('%(doc)s%(since)s%(values)s') % {
        'doc': doc, 'since': _since(key.since), 'values': values}


def _description(field):
    if field.in_place and not field.can_be_removed_in_place:
        change = _('A change is made in place, but a removal replaces the '
                   'resource.')
    elif field.update and field.update.since > OLDEST_API:
        change = _('A change is made in place with version %s of the Docker '
                   'API; with older versions, it replaces the resource.'
                   ) % version_text(field.update.since)
    elif field.in_place:
        change = _('A change is made in place.')
    else:
        change = _('A change replaces the resource.')
    return _('%(doc)s%(since)s %(change)s') % {
        'doc': field.doc, 'since': _since(field.since), 'change': change}


def _support(version):
    return heat_support.SupportStatus(version=version)


_PATTERN = heat_constraints.AllowedPattern


class _Property(heat_properties.Property):
    """A property that an explicit null in the template leaves unset.

    Heat converts a null to the empty value of the property's type. For some
    properties Docker distinguishes this value from an unset one (an empty
    entrypoint, a grace period of 0 seconds); for others it violates a
    constraint:
    https://opendev.org/openstack/heat/src/branch/master/heat/engine/properties.py
    """

    def get_value(self, value, validate=False, translation=None):
        """Return the value that Heat derives from the template.

        An empty map stays empty: Heat would add every key of the schema.
        Error messages show the right form, and do not contain secrets.
        """
        if value is None and not self.required():
            return self.default()
        value = _normalized(self.schema, value)
        # Most constraints and converters of scalars say what they expect.
        has_hint = bool(self.schema.schema) or self.type() in (
            LIST, MAP) or any(isinstance(constraint, _PATTERN)
                              for constraint in self.schema.constraints)
        try:
            return self._checked(value, validate, translation)
        except _Unusable as ex:
            why, hint = ex, True
        except exception.StackValidationFailed as ex:
            why, hint = ex, has_hint
        except (TypeError, ValueError) as ex:
            raise ValueError(self._message(value, (), str(ex))) from None
        raise exception.StackValidationFailed(
            error=why.error, path=why.path, message=self._message(
                value, why.path, why.error_message, hint))

    def _checked(self, value, validate=True, translation=None):
        """Return the value that Heat derives from one in the schema's form."""
        if validate:
            # Heat skips values that are not known yet.
            _refuse_unusable(self.schema, value)
        if value == {}:
            return value
        return super().get_value(value, validate, translation)

    def _message(self, value, path, why, hint=True):
        """Return a message with the right form, and without secrets."""
        why = masking.about(self.schema.field, value, why, self._refusal)
        return hints.with_example(self.schema, path, why) if hint else why

    def _refusal(self, value):
        """Return why a value is refused, or None if it is valid."""
        try:
            self._checked(value)
        except exception.StackValidationFailed as ex:
            return ex.error_message
        except (TypeError, ValueError) as ex:
            return str(ex)
        return None


class _Unusable(exception.StackValidationFailed):
    """A value that Heat cannot convert, or that it would not check."""


def _normalized(schema, value):
    """Return a value in the schema's form, without optional keys of null.

    Required keys remain, because their value may not be known yet.
    """
    value = getattr(schema, 'parse', scalars.identity)(value)
    if schema.type == STRING and isinstance(value, bool):
        # Heat would use Python's word "True".
        return scalars.to_string(value)
    if schema.type == MAP and schema.schema and isinstance(value, dict):
        known = schema.schema
        return {key: _normalized(known[key], item) if key in known else item
                for key, item in value.items() if item is not None
                or key not in known or known[key].required}
    if schema.type == LIST and schema.schema and isinstance(value, list):
        return [_normalized(schema.schema[0], item) for item in value]
    return value


def _refuse_unusable(schema, value, *path):
    """Raise if a required key has no value, or a number is none.

    Heat treats a null as the empty value of its type, and checks only that
    the key is present. What is not a number fails in Python's words.

    :param path: keys and indices that lead to the value.
    """
    if schema.type == MAP and schema.schema and isinstance(value, dict):
        for key in schema.schema.keys() & value.keys():
            if schema.schema[key].required and value[key] in (None, ''):
                raise _Unusable(
                    path=list(path), message=_('%s has no value') % key)
            _refuse_unusable(schema.schema[key], value[key], *path, key)
    if schema.type == LIST and schema.schema and isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_unusable(schema.schema[0], item, *path, index)
    if schema.type in (INTEGER, NUMBER) and value is not None:
        _refuse_no_number(schema.type, value, path)


def _refuse_no_number(kind, value, path):
    """Raise if Heat or Docker cannot convert a value to a number."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (OverflowError, TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        why = _('%s is not a number')
    elif kind == INTEGER and not number.is_integer():
        why = _('%s is not an integer')
    elif abs(number) >= _LARGEST:
        why = _('%s is too large')
    else:
        return
    raise _Unusable(path=list(path), message=why % reprlib.repr(value))


def null_means_unset(values):
    """Treat properties with an explicit null as unset.

    :param heat.engine.properties.Properties values: modified in place.
    :returns: the same object.
    """
    values.props = {
        name: _Property(known.schema, name, known.context)
        for name, known in values.props.items()}
    return values


def set_fields(fields, values):
    """Yield the fields whose value is set, and the value.

    False and 0 are values. An empty string, list or map means unset, unless
    the field has ``empty_counts``.
    """
    for field in fields:
        value = value_of(field, values)
        if value is not None:
            yield field, value


def value_of(field: Field, values):
    """Return the value of a field, or None if it is unset."""
    value = values[field.name]
    if value in ('', [], {}) and not field.empty_counts:
        return None
    return value


def effective(fields, values) -> dict[str, typing.Any]:
    """Return the values of properties, with the default of each unset one."""
    return {field.name: _effective(field, values) for field in fields}


def _effective(field, values):
    """Return the value of a field, or its default; None without one."""
    value = value_of(field, values)
    if value is None and field.default is not None:
        return field.default()
    return value


def check_api(fields, values, api: tuple, endpoint) -> None:
    """Raise if the daemon is too old for a property that is set.

    :param tuple api: version of the daemon's API, such as ``(1, 41)``.
    :param endpoint: endpoint of the daemon, for the message.
    :raises errors.Unsupported: with the property and both versions.
    """
    for field, value in set_fields(fields, values):
        for name, since in needed_apis(field, value):
            if since > api:
                raise errors.Unsupported(
                    _('The property %(name)s requires version %(since)s of '
                      'the Docker API, and the daemon at %(endpoint)s has '
                      '%(api)s')
                    % {'name': name, 'since': version_text(since),
                       'endpoint': endpoint, 'api': version_text(api)})


def needed_apis(field: Field, value):
    """Yield the path of each part of a value and the API version it needs.

    Paths have the form of Heat's messages, such as
    ``networks[0].mac_address``.
    """
    yield field.name, field.since
    yield from _needed_by_keys(field.nested, value, field.name)


def _needed_by_keys(nested, value, path):
    """Yield the same for the keys of maps in a value.

    :param nested: schema of the items of a list, or dict of key schemas.
    """
    if isinstance(nested, heat_constraints.AnyIndexDict):
        nested = nested.value
    if isinstance(nested, heat_properties.Schema) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _needed_by_keys(nested.schema, item,
                                       '%s[%d]' % (path, index))
    elif isinstance(nested, dict) and isinstance(value, dict):
        for name in nested.keys() & value.keys():
            place = '%s.%s' % (path, name)
            if isinstance(nested[name], Key):
                yield place, nested[name].needed_api(value[name])
            yield from _needed_by_keys(nested[name].schema, value[name],
                                       place)


def later_apis(field: Field) -> set[tuple]:
    """Return the API versions that parts of a field need beyond its own."""
    return {version for part in _keys_of(field.nested)
            for version in (part.since, *part.values_since.values())
            if version > field.since}


def _keys_of(nested):
    """Yield all keys of maps in a nested schema."""
    if isinstance(nested, heat_properties.Schema):
        nested = nested.schema
    for part in (nested or {}).values():
        if isinstance(part, Key):
            yield part
        yield from _keys_of(part.schema)


def check_policy(fields, values) -> None:
    """Raise if the operator does not allow the value of a property.

    A value that cannot be converted is skipped, because it may depend on
    values that are not known yet. The value is checked again before the
    request.

    :raises errors.Refused: with the property and the option.
    """
    for field in fields:
        if not callable(field.policy):
            continue
        value = value_of(field, values)
        why = None if value is None else _policy_refusal(field, value)
        if why is not None:
            why = masking.about(field, value, why, functools.partial(
                _policy_refusal, field))
            raise errors.Refused(_('The property %(name)s: %(why)s')
                                 % {'name': field.name, 'why': why})


def _policy_refusal(field, value):
    """Return why the operator does not allow a value, or None."""
    try:
        json = field.to_api(value)
    except (AttributeError, TypeError, ValueError):
        return None
    try:
        if json is not None:
            field.policy(json)
    except errors.Refused as ex:
        return str(ex)
    return None


def check_rules(rules, values) -> None:
    """Raise if values of several properties do not fit together.

    :raises errors.Failed: with the message of the rule.
    """
    for rule in rules:
        try:
            rule.check(values)
        except ValueError as ex:
            raise errors.Failed(str(ex)) from ex


def found(fields, values, find):
    """Return the values with each reference replaced by ``find``.

    :param find: see :mod:`heat_docker.convert.references`.
    :raises errors.Refused: with the property.
    """
    replaced = {}
    for field, value in set_fields(fields, values):
        if field.refers is None:
            continue
        try:
            replaced[field.name] = field.refers(value, find)
            field.to_api(replaced[field.name])
        except (errors.Refused, ValueError) as ex:
            why = masking.about(field, value, str(ex))
            raise errors.Refused(_('The property %(name)s: %(why)s')
                                 % {'name': field.name, 'why': why}) from None
    return collections.ChainMap(replaced, values)


def version_text(version: tuple) -> str:
    """Return ``(1, 41)`` as ``1.41``."""
    return '.'.join(str(part) for part in version)


def request(fields, values) -> Request:
    """Return the create :class:`Request` for the values."""
    query: dict = {}
    body: dict = {}
    for field, value in set_fields(fields, values):
        if field.at is None:
            continue
        if field.at.startswith('?'):
            query[field.at[1:]] = field.to_api(value)
            continue
        _put(body, field.at, field.to_api(value))
        for path, to_api in field.also.items():
            _put(body, path, to_api(value))
    return Request(query, body)


def changed(fields, before, after) -> set[str]:
    """Return the names of the properties whose change affects Docker.

    Two spellings of one value, such as the ports ``80`` and ``"80/tcp"``,
    produce requests with the same meaning, and are not a change.

    :param before: the old values.
    :param after: the new values.
    :returns: set of names.
    """
    return {field.name for field in fields
            if _has_changed(field, before, after)}


def _has_changed(field, before, after):
    if before[field.name] == after[field.name]:
        return False
    try:
        return _meaning(field, before) != _meaning(field, after)
    except (AttributeError, LookupError, TypeError, ValueError):
        # The old value may no longer be valid.
        return True


def _meaning(field, values):
    """Return the meaning of all parts of the create request for a value.

    :returns: None if the value is unset, or means the same.
    """
    value = _effective(field, values)
    meaning = None if value is None else field.meaning(field.to_api(value))
    if meaning is None or not meaning and not field.empty_counts:
        return None
    return [meaning, *(to_api(value) for to_api in field.also.values())]


def exclusive(fields, values) -> bool:
    """Return whether only one object at a time can have the values."""
    return any(field.exclusive(field.to_api(value))
               for field, value in set_fields(fields, values)
               if field.exclusive)


def claims(fields, values) -> list[tuple]:
    """Return the claims of the values that another container may hold."""
    return [claim for field, value in set_fields(fields, values)
            if field.claims for claim in field.claims(field.to_api(value))]


def requires_replace(fields, changed, values) -> bool:
    """Return whether a change has to replace the object.

    :param changed: names of the properties that differ.
    :param values: the values after the change.
    """
    for field in fields:
        if field.name not in changed or not (
                field.update or field.change is REPLACES):
            continue
        value = value_of(field, values)
        if field.change is REPLACES or (field.update.unset is None and (
                value is None or not field.to_api(value))):
            return True
    return False


def steps(fields, changed):
    """Return the names of the steps that make the changes, in order.

    :param changed: names of the properties that differ.
    """
    return [field.step.name for field in fields
            if field.step and field.name in changed]


def uncertain(fields, values) -> set[str]:
    """Return the properties that a failed update may have left unchanged.

    :param values: the values that the update was to set.
    :returns: set of names.
    """
    return {field.name for field in fields if field.in_place and (
        value_of(field, values) is not None or field.step
        or (field.update and field.update.unset is not None))}


def needs_update(fields, changed) -> bool:
    """Return whether a change may need Docker's update request.

    :param changed: names of the properties that differ.
    """
    return any(field.update and field.name in changed for field in fields)


def too_new(fields, changed, api: tuple) -> set[str]:
    """Return the changed properties that a daemon cannot update in place.

    :param changed: names of the properties that differ.
    :param tuple api: version of the daemon's API.
    :returns: set of names.
    """
    return {field.name for field in fields if field.name in changed
            and field.update and field.update.since > api}


def update(fields, changed, values, api: tuple) -> dict:
    """Return the body of Docker's update request.

    The body contains all values that an update request can set, changed or
    not: Docker refuses some values without others, and Podman treats a
    missing restart policy as an empty one.

    :param changed: names of the properties that differ.
    :param values: the values after the change.
    :param tuple api: version of the daemon's API. The body does not contain
        values that need a newer one.
    :returns: dict, empty if no request is needed.
    """
    fields = [field for field in fields
              if field.update and field.update.since <= api]
    if not needs_update(fields, changed):
        return {}
    body: dict = {}
    for field in fields:
        value = value_of(field, values)
        if value is not None:
            _put(body, field.update.path, field.to_api(value))
            for path, to_api in field.update.also.items():
                _put(body, path, to_api(value))
        elif field.name in changed:
            _put(body, field.update.path, field.update.unset)
    return body


def ignored_changes(fields, changed, body, inspected) -> bool:
    """Return whether a daemon has ignored a change in an update request.

    :param changed: names of the properties that differ and that the request
        contains.
    :param dict body: body of the update request.
    :param dict inspected: response to Docker's inspect request after it.
    """
    return any(
        _from_api(field, read(inspected, field.live_path))
        != field.from_api(read(body, field.update.path))
        for field in fields
        if field.update and field.name in changed
        and read(body, field.update.path) != field.update.unset)


def drift(fields, values, inspected) -> dict[str, typing.Any]:
    """Return the live values of properties that differ from the template.

    Only values that are set and that all daemons can change in place are
    compared. Values that an image or a daemon adds are not a difference.

    :param values: values in the template.
    :param dict inspected: response to Docker's inspect request.
    """
    differ = {}
    for field, value in set_fields(fields, values):
        if not field.live_path or not (field.update or field.step) or (
                field.update and field.update.since > OLDEST_API):
            continue
        wanted = field.to_api(value)
        there = read(inspected, field.live_path)
        live = _from_api(field, there)
        same = (field.same_state(wanted, there) if field.same_state else
                field.from_api(wanted) == live)
        if not same:
            differ[field.name] = live
    return differ


def _from_api(field, json):
    """Return the value of what a daemon shows of a field.

    :raises errors.Failed: if it does not have the form that Docker documents.
    """
    try:
        return field.from_api(json)
    except (AttributeError, LookupError, TypeError, ValueError) as ex:
        raise errors.Failed(_('The daemon returned the property %s in an '
                              'unknown format') % field.name) from ex


def read(inspected, path: str):
    """Return the value at a path such as ``State.Status``, or None."""
    for key in path.split('.') if path else ():
        if not isinstance(inspected, dict):
            return None
        inspected = inspected.get(key)
    return inspected


def _put(body, path, value):
    if not path:
        body.update(value)
        return
    *parents, last = path.split('.')
    for key in parents:
        body = body.setdefault(key, {})
    if isinstance(value, dict) and isinstance(body.get(last), dict):
        body[last].update(value)
    else:
        body[last] = value
