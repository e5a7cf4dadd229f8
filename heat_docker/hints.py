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

"""Hints about the right form of a value, for the messages of a validation.

The hints come from the tables in :mod:`heat_docker.specs`: the example of a
property, its other form, and the name that Compose has for it.
"""

import json
import re

from heat.engine import properties

from . import i18n
from .convert import forms

_ = i18n._

_SCHEMA = properties.Schema

# https://opendev.org/openstack/heat/src/branch/master/heat/engine/properties.py
_UNKNOWN = r'Unknown Property (\S+)$'

_FORMS = {_SCHEMA.STRING: _('a string, such as %s'),
          _SCHEMA.INTEGER: _('an integer, such as %s'),
          _SCHEMA.NUMBER: _('a number, such as %s'),
          _SCHEMA.BOOLEAN: _('a boolean, such as %s'),
          _SCHEMA.LIST: _('a list, such as %s'),
          _SCHEMA.MAP: _('a map, such as %s')}


def with_example(schema, path, why) -> str:
    """Return a message about a part of a value, and how to write the part.

    A part without an example is shown by the map around it.

    :param schema: :class:`heat_docker.validation.PropertySchema`.
    :param path: keys and indices that lead to the part.
    :param str why: message without the right form.
    """
    field, name = schema.field, schema.field.name
    example = field.example
    for key in path:
        if isinstance(example, list) and schema.schema:
            example = example[0]
            name += '[%s]' % key
        elif isinstance(example, dict) and schema.schema and (
                _example(schema, example, key) is not None):
            example = _example(schema, example, key)
            name += '.%s' % key
        else:
            break
        schema = schema.schema[key]
    return _('%(why)s. %(name)s is %(form)s') % {
        'why': (_of_compose(field, schema, why) or why).rstrip('.'),
        'name': name,
        'form': _form(schema.type, example, getattr(schema, 'parse', None))}


def _of_compose(field, schema, why):
    """Return a message about a key with the name of Compose, or None."""
    match = re.match(_UNKNOWN, why)
    if match is None or schema.type != _SCHEMA.MAP:
        return None
    name = match[1]
    meant = [
        _('Use %(name)s, which is %(form)s')
        % {'name': key, 'form': _form(part.type, part.example, part.parse)}
        if part.example is not None else _('Use %s') % key
        for key, part in (schema.schema or {}).items()
        if name in getattr(part, 'compose', ())]
    meant += [field.elsewhere[name]] if name in field.elsewhere else []
    return _('Unknown Property %(name)s. %(meant)s') % {
        'name': name, 'meant': meant[0]} if meant else None


def _example(schema, example, key):
    """Return an example of a key of a map, or None."""
    return example.get(key, getattr(schema.schema.get(key), 'example', None))


def _form(kind, example, parse):
    """Return the type of a value and examples, as a phrase.

    :param parse: function that converts another form, if any.
    """
    # One map is enough, and several are hard to read.
    if isinstance(example, list) and isinstance(example[0], dict):
        example = example[:1]
    phrase = _FORMS[kind] % json.dumps(example)
    other = forms.EXAMPLES.get(parse)
    return phrase if other is None else _('%(form)s, or %(other)s') % {
        'form': phrase, 'other': json.dumps(other)}


def name_of_compose(spec, names) -> str | None:
    """Return a message if a property has the name that Compose gives it.

    :param spec: module of :mod:`heat_docker.specs`. Its optional
        ``COMPOSE_ELSEWHERE`` maps names of Compose to what replaces them in a
        template, if it is no property.
    :param names: names of the properties in a template.
    """
    known = {field.name for field in spec.FIELDS}
    elsewhere = getattr(spec, 'COMPOSE_ELSEWHERE', {})
    for name in names:
        meant = [_('%(name)s, which is %(form)s')
                 % {'name': field.name,
                    'form': _form(field.type, field.example, field.parse)}
                 for field in spec.FIELDS if name in field.compose]
        meant += [elsewhere[name]] if name in elsewhere else []
        if meant and name not in known:
            return _('Unknown Property %(name)s. Use %(meant)s') % {
                'name': name, 'meant': _(', and ').join(meant)}
    return None
