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

"""Masking of secrets in the values of properties.

The masks in the tables of fields define what is secret. Events, the attribute
``info``, messages and the text of daemons all use them, so a property needs
only a ``mask``.
"""

import json
import re
import uuid

from heat.engine import properties

MASK = '***'

_MARK = uuid.uuid4().hex

_PYTHON_TYPES = {properties.Schema.LIST: list, properties.Schema.MAP: dict}

# Minimum length of a secret to search for in the messages of a daemon.
# Shorter strings are numbers and common words.
_SHORTEST = 4

# Maximum length of the options of a mount.
_LONGEST_OPTIONS = 4096

# Functions that return a text as it appears in a message.
_FORMS = (str, lambda text: repr(text)[1:-1],
          lambda text: json.dumps(text)[1:-1])

# The join tokens and the unlock keys of a swarm, which no property contains if
# the plugin itself has read them.
_TOKEN = re.compile(r'SWM(?:TKN|KEY)-[\w-]+')

# Exceptions that masks can raise for values that Heat has not validated.
_ODD = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def masked(fields, values):
    """Return the values of properties without secrets.

    :param dict values: values as Heat stores them; any can be unset.
    """
    secret = {field.name: field for field in fields if field.mask}
    return {name: _masked(secret[name], value) if name in secret and value
            else value for name, value in values.items()}


def inspected(fields, shown):
    """Return the response to Docker's inspect request without secrets.

    Masks take values in the form of templates, so the JSON is converted to
    this form and back.
    """
    for field in fields:
        if field.mask and field.live_path:
            shown = _replaced(shown, field.live_path.split('.'), field)
    return shown


def secrets(fields, values):
    """Return the strings that the masks hide, to find them in other text.

    A string that also occurs in an unmasked value is not a secret, because
    events show it.

    :param dict values: values as Heat stores them.
    :returns: set of strings.
    """
    shown = masked(fields, values)
    public = {word for text in _leaves(shown) for word in (
        text, *text.split(), *re.findall(r'\w+', text))}
    return {part for name, value in values.items()
            for text in _hidden(value, shown[name])
            for part in _parts(text) if len(part) >= _SHORTEST} - public


def about(field, value, words, again=None):
    """Return a message about the value of a field, without secrets.

    A secret can be a word of the message itself, which must stay readable.
    Therefore, other words take the place of the secrets, and the message
    about the resulting value shows where the secrets are.

    :param again: function that takes another value, and returns the message
        about it, or None. Without it, all words that are secrets are masked.
    """
    if not field.mask or not value:
        return words
    shown, marks = _masked(field, value), {}
    said = again and again(_marked(value, shown, marks))
    if said and any(words == _filled(said, marks, form) for form in _FORMS):
        return _filled(said, dict.fromkeys(marks, MASK))
    return without(words, {*marks.values()} - {*_leaves(shown)})


def _filled(words, marks, form=str):
    """Return a message with each mark replaced by its text."""
    for mark, text in marks.items():
        words = words.replace(mark, form(text))
    return words


def without(words, secrets):
    """Return a message in which secrets are masked, also if quoted."""
    # Longest first, because a secret can contain a shorter one.
    for secret in sorted(secrets, key=len, reverse=True):
        for form in {form(secret) for form in _FORMS}:
            # There can be thousands of secrets, few of which occur.
            if form in words:
                words = re.sub(_whole(form), MASK, words)
    return words


def without_tokens(words):
    """Return a message in which the tokens of a swarm are masked."""
    return _TOKEN.sub(MASK, words)


def _whole(text):
    """Return a pattern for a string that is not part of another word.

    A short word may be one of the message itself, unless it is in quotes.
    """
    if not re.fullmatch(r'\w+', text):
        return re.escape(text)
    if len(text) < _SHORTEST:
        return r'(?<=[\'"])%s(?=[\'"])' % re.escape(text)
    return r'(?<!\w)%s(?!\w)' % re.escape(text)


def _masked(field, value):
    """Return a value without secrets; Heat has not validated its type."""
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
    """Return the strings of a value that are not in the masked value."""
    marks: dict[str, str] = {}
    _marked(value, shown, marks)
    return marks.values()


def _marked(value, shown, marks):
    """Return a value with a mark in place of each string that is hidden.

    :param shown: the masked value.
    :param dict marks: gets the string by its mark. No template contains one.
    """
    if not value or value == shown:
        return value
    if isinstance(value, dict):
        shown = shown if isinstance(shown, dict) else {}
        return {name: _marked(item, shown.get(name), marks)
                for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        if not isinstance(shown, list) or len(shown) != len(value):
            shown = [None] * len(value)
        return [_marked(item, masked_item, marks)
                for item, masked_item in zip(value, shown, strict=True)]
    # A mask can retain a name, as in "NAME=***".
    text = str(value)
    start = (shown.removesuffix(MASK) if isinstance(shown, str)
             and shown.endswith(MASK) else '')
    if text == start:
        return value
    mark = '%s%d_' % (_MARK, len(marks))
    marks[mark] = text.removeprefix(start)
    return start + mark


def _leaves(value):
    """Yield all scalars in a value, without the keys of maps, as strings."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif value not in (None, ''):
        yield str(value)


def _parts(text):
    """Yield a string and the parts of options such as ``a=b,c=d``.

    A daemon shows the options of a mount in a different order, and together
    with other options.
    """
    yield text
    for option in text.split(',') if len(text) < _LONGEST_OPTIONS else ():
        name, equals, value = option.partition('=')
        if equals and re.fullmatch(r'[\w.-]+', name):
            yield option
            yield value
