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

"""Heat's schema of a table, which validates the values in a template."""

import copy
import json
import math
import reprlib

from heat.common import exception
from heat.engine import attributes as heat_attributes
from heat.engine import constraints as heat_constraints
from heat.engine import properties as heat_properties
from heat.engine import support as heat_support

from . import budgets
from . import fields
from . import hints
from . import i18n
from . import masking
from .convert import scalars

_ = i18n._

# The API's integers have 64 bits.
_LARGEST = 2.0 ** 63

_PATTERN = heat_constraints.AllowedPattern


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
        nested = fields.nested_schema(field.type, field.nested)
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
    if kind not in (fields.STRING, fields.LIST, fields.MAP) or (
            limits or isinstance(nested, dict)):
        return list(constraints)
    return [heat_constraints.Length(
        max=budgets.TEXT if kind == fields.STRING else most), *constraints]


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


def properties_schema(table) -> dict[str, PropertySchema]:
    """Return Heat's properties schema of a table of fields."""
    return {field.name: PropertySchema(field) for field in table}


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
    if field.in_place and not field.can_be_removed_in_place:
        change = _('A change is made in place, but a removal replaces the '
                   'resource.')
    elif field.update and field.update.since > fields.OLDEST_API:
        change = _('A change is made in place with version %s of the Docker '
                   'API; with older versions, it replaces the resource.'
                   ) % fields.version_text(field.update.since)
    elif field.in_place:
        change = _('A change is made in place.')
    else:
        change = _('A change replaces the resource.')
    return _('%(doc)s%(since)s %(change)s') % {
        'doc': field.doc, 'since': fields.needed_version(field.since),
        'change': change}


def _support(version):
    return heat_support.SupportStatus(version=version)


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
            fields.LIST, fields.MAP) or any(
                isinstance(constraint, _PATTERN)
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
    if schema.type == fields.STRING and isinstance(value, bool):
        # Heat would use Python's word "True".
        return scalars.to_string(value)
    if schema.type == fields.MAP and schema.schema and isinstance(value, dict):
        known = schema.schema
        return {key: _normalized(known[key], item) if key in known else item
                for key, item in value.items() if item is not None
                or key not in known or known[key].required}
    if schema.type == fields.LIST and schema.schema and isinstance(
            value, list):
        return [_normalized(schema.schema[0], item) for item in value]
    return value


def _refuse_unusable(schema, value, *path):
    """Raise if a required key has no value, or a number is none.

    Heat treats a null as the empty value of its type, and checks only that
    the key is present. What is not a number fails in Python's words.

    :param path: keys and indices that lead to the value.
    """
    if schema.type == fields.MAP and schema.schema and isinstance(value, dict):
        for key in schema.schema.keys() & value.keys():
            if schema.schema[key].required and value[key] in (None, ''):
                raise _Unusable(
                    path=list(path), message=_('%s has no value') % key)
            _refuse_unusable(schema.schema[key], value[key], *path, key)
    if schema.type == fields.LIST and schema.schema and isinstance(
            value, list):
        for index, item in enumerate(value):
            _refuse_unusable(schema.schema[0], item, *path, index)
    if schema.type in (fields.INTEGER, fields.NUMBER) and value is not None:
        _refuse_no_number(schema.type, value, path)


def _refuse_no_number(kind, value, path):
    """Raise if Heat or Docker cannot convert a value to a number."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (OverflowError, TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        why = _('%s is not a number')
    elif kind == fields.INTEGER and not number.is_integer():
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
