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

"""What is secret in the values of properties, and who does not see it.

The masks of the table of fields say what it is. Events, the attribute
``info``, messages and what a daemon repeats are all masked by them, so that
a property needs nothing but its ``mask``.
"""

import json
import re

from heat.engine import properties

MASK = '***'

_PYTHON_TYPES = {properties.Schema.LIST: list, properties.Schema.MAP: dict}

# Characters of a secret that a daemon's words are searched for. Shorter ones
# are numbers and words that everybody uses.
_SHORTEST = 4

# Characters of the longest text that may be the options of a mount.
_LONGEST_OPTIONS = 4096

# What the mask of a value that Heat has not looked at may raise.
_ODD = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def masked(fields, values):
    """Return what a resource says, without its secrets.

    :param dict values: as Heat stores them, of which anything may be unset.
    """
    secret = {field.name: field for field in fields if field.mask}
    return {name: _masked(secret[name], value) if name in secret and value
            else value for name, value in values.items()}


def inspected(fields, shown):
    """Return what Docker's inspect request shows, without secrets.

    Masks take values as templates have them, so what is shown is converted
    there and back.
    """
    for field in fields:
        if field.mask and field.live_path:
            shown = _replaced(shown, field.live_path.split('.'), field)
    return shown


def secrets(fields, values):
    """Return the texts that the masks hide, to look for them elsewhere.

    What is also in a value without a mask is none: events show it.

    :param dict values: as Heat stores them.
    :returns: set of text.
    """
    shown = masked(fields, values)
    public = {word for text in _leaves(shown) for word in (
        text, *text.split(), *re.findall(r'\w+', text))}
    return {part for name, value in values.items()
            for text in _hidden(value, shown[name])
            for part in _parts(text) if len(part) >= _SHORTEST} - public


def about(field, value, words):
    """Return words about the value of a field, without what is secret."""
    if not field.mask or not value:
        return words
    return without(words, _hidden(value, _masked(field, value)))


def without(words, secrets):
    """Return words in which secrets are masked, also in quotes."""
    # The longest first: a shorter one may be a part of it.
    for secret in sorted(secrets, key=len, reverse=True):
        for form in {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]}:
            # There may be thousands, and few of them occur.
            if form in words:
                words = re.sub(_whole(form), MASK, words)
    return words


def _whole(text):
    """Return an expression for a text that is no part of another word."""
    return r'(?<!\w)%s(?!\w)' % re.escape(text) if (
        re.fullmatch(r'\w+', text)) else re.escape(text)


def _masked(field, value):
    """Return a value without secrets; Heat has not looked at its type."""
    if not isinstance(value, _PYTHON_TYPES.get(field.type, object)):
        return MASK
    try:
        return field.mask(value)
    except _ODD:
        return MASK


def _replaced(shown, path, field):
    """Return a copy of JSON in which the value at a path is masked."""
    if not isinstance(shown, dict) or not shown.get(path[0]):
        return shown
    value = shown[path[0]]
    if len(path) > 1:
        return {**shown, path[0]: _replaced(value, path[1:], field)}
    try:
        value = field.to_api(field.mask(field.from_api(value)))
    except _ODD:
        value = MASK
    return {**shown, path[0]: value}


def _hidden(value, shown):
    """Yield the texts of a value that are not in the masked one."""
    if not value or value == shown:
        return
    if isinstance(value, dict) and isinstance(shown, dict):
        for name, item in value.items():
            yield from _hidden(item, shown.get(name))
    elif isinstance(value, list) and isinstance(shown, list) and (
            len(value) == len(shown)):
        for item, masked_item in zip(value, shown, strict=True):
            yield from _hidden(item, masked_item)
    else:
        for text in _leaves(value):
            # A mask may leave a name, as in "NAME=***".
            start = (shown.removesuffix(MASK) if isinstance(shown, str)
                     and shown.endswith(MASK) else '')
            if text != start:
                yield text.removeprefix(start)


def _leaves(value):
    """Yield all scalars in a value, and no names, as text."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif value not in (None, ''):
        yield str(value)


def _parts(text):
    """Yield a text and, of options such as ``a=b,c=d``, the single ones.

    A daemon repeats the options of a mount in an order of its own, and with
    others among them.
    """
    yield text
    for option in text.split(',') if len(text) < _LONGEST_OPTIONS else ():
        name, equals, value = option.partition('=')
        if equals and re.fullmatch(r'[\w.-]+', name):
            yield option
            yield value
