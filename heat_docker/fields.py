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

"""The records of properties and attributes, and what a create needs of them.

:mod:`heat_docker.validation` validates the values of a template,
:func:`check_api` and :func:`request` belong to a create, and
:mod:`heat_docker.changes` compares values with new ones and with the live
state. None of them knows a property by name.
"""

import collections
from collections import abc
import dataclasses
import enum
import functools
import typing

from heat.engine import constraints as heat_constraints
from heat.engine import properties as heat_properties

from . import budgets
from . import errors
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


def in_spec(field: Field) -> Field:
    """Return the field of an object of a swarm.

    The inspect request returns the body of the create request as ``Spec``.
    """
    if field.at is None or field.live_at is not None:
        return field
    return dataclasses.replace(field, live_at='Spec.' + field.at)


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
                         schema=nested_schema(data_type, schema), **options)

    def needed_api(self, value) -> tuple:
        """Return the version of the Docker API that a value needs.

        False, zero and empty values are not sent to the daemon.
        """
        if not value:
            return OLDEST_API
        if isinstance(value, str):
            return max(self.since, self.values_since.get(value, OLDEST_API))
        return self.since


def nested_schema(data_type, schema):
    """Return a nested schema in the form in which Heat stores it.

    Heat converts only schemas of its own class.
    """
    if data_type == LIST and schema is not None:
        return heat_constraints.AnyIndexDict(schema)
    return schema


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


def needed_version(version: tuple) -> str:
    """Return a sentence about the version of the API that a part needs."""
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
        'doc': doc, 'since': needed_version(key.since), 'values': values}


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
    return {field.name: effective_value(field, values) for field in fields}


def effective_value(field, values):
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
        put(body, field.at, field.to_api(value))
        for path, to_api in field.also.items():
            put(body, path, to_api(value))
    return Request(query, body)


def exclusive(fields, values) -> bool:
    """Return whether only one object at a time can have the values."""
    return any(field.exclusive(field.to_api(value))
               for field, value in set_fields(fields, values)
               if field.exclusive)


def claims(fields, values) -> list[tuple]:
    """Return the claims of the values that another container may hold."""
    return [claim for field, value in set_fields(fields, values)
            if field.claims for claim in field.claims(field.to_api(value))]


def read(inspected, path: str):
    """Return the value at a path such as ``State.Status``, or None."""
    for key in path.split('.') if path else ():
        if not isinstance(inspected, dict):
            return None
        inspected = inspected.get(key)
    return inspected


def put(body: dict, path: str, value: Json) -> None:
    """Set the value at a path in a body; an empty path merges both."""
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
