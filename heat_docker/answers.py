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

"""Parsing of a daemon's JSON, which may be hostile.

The result is within the budgets and contains only types of JSON. Callers can
rely on its size, but not on its structure.
"""

import codecs
import collections.abc
import dataclasses
import itertools
import json
import math
import re
import typing

from . import budgets

# IDs, names and references. None of them is a relative path, or contains
# characters with a meaning in a URL, a log or a terminal.
_ID = re.compile(r'[a-zA-Z0-9[][a-zA-Z0-9_.:/@+[\]-]{0,%d}' % (budgets.ID - 1))


# What may be between the elements of a list.
# It always matches.
_BETWEEN: typing.Any = re.compile(r'[ \t\r\n,]*')

# Controls, separators of lines and paragraphs, and controls of direction.
_NOT_ON_A_LINE = re.compile(
    '[\\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+')


class TooLarge(ValueError):
    """JSON exceeds the budget for values or levels."""


def parse(content: bytes | str) -> typing.Any:
    """Return the value of a JSON text.

    :raises ValueError: if the text is not JSON.
    :raises TooLarge: if the value exceeds a budget.
    """
    _refuse_many(content)
    try:
        answer = json.loads(content, parse_float=_finite,
                            parse_constant=_finite)
    except RecursionError as ex:
        raise TooLarge() from ex
    _refuse_depth(answer)
    return answer


def parse_list(pieces: collections.abc.Iterable[bytes], size: int
               ) -> collections.abc.Iterator[dict]:
    """Yield the maps in a JSON list as they arrive.

    :param pieces: pieces of the JSON text.
    :param size: maximum size of a map, in characters.
    :raises ValueError: if the text is not a list of maps.
    :raises TooLarge: if a map exceeds a budget.
    """
    decode = codecs.getincrementaldecoder('utf-8')().decode
    decoder = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)
    expected: str | None = '['
    text, enough = '', 0
    for piece in itertools.chain(pieces, [None]):
        text += decode(piece or b'', final=piece is None)
        if piece is not None and len(text) < enough:
            continue
        _refuse_many(text)
        position = 0
        while (position := _begin(text, position)) < len(text):
            if text[position] == expected:
                # A map or the end follows the beginning, nothing the end.
                expected = {'[': ']', ']': None}[expected]
                position += 1
                continue
            if expected != ']':
                raise ValueError('not a list of maps')
            found = _decode_map(decoder, text, position, piece is None)
            if found is None:
                break
            value, position = found
            yield value
        text = text[position:]
        if len(text) > size:
            raise TooLarge()
        # Each try begins anew, so the next one waits for twice the text.
        enough = 2 * len(text)
    if expected is not None:
        raise ValueError('not a complete list')


def _begin(text, position):
    """Return where the next map or bracket begins."""
    return _BETWEEN.match(text, position).end()


def _decode_map(decoder, text, position, is_complete):
    """Return a map and where it ends, or None if more text has to arrive."""
    try:
        value, position = decoder.raw_decode(text, position)
    except json.JSONDecodeError:
        if is_complete:
            raise
        return None
    except RecursionError as ex:
        raise TooLarge() from ex
    if not isinstance(value, dict):
        raise ValueError('not a list of maps')
    _refuse_depth(value)
    return value, position


def is_id(value: typing.Any) -> bool:
    """Return whether a value can be an ID, a name or a reference."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def line(text: typing.Any) -> str:
    """Return a text of a daemon or a container on one line.

    A line of its own could pass for a line of heat-engine's log, and
    characters that change the direction of text could hide a part of it.

    :param text: anything; cut to :data:`budgets.MESSAGE` characters.
    """
    text = _NOT_ON_A_LINE.sub(' ', str(text)[:budgets.MESSAGE])
    # The database rejects lone surrogates.
    return text.encode(errors='replace').decode()


@dataclasses.dataclass(frozen=True)
class MapOf:
    """A shape: a map of any keys, whose values have the same shape."""

    shape: typing.Any


def has_shape(value: typing.Any, shape: typing.Any) -> bool:
    """Return whether a value has the types that Docker documents.

    A daemon may omit a key, or send null for it.

    :param shape: a type; a list with the shape of the items; a map with the
        shapes of some keys; or a :class:`MapOf`.
    """
    if value is None:
        return True
    if isinstance(shape, list):
        return isinstance(value, list) and all(
            has_shape(item, shape[0]) for item in value)
    if isinstance(shape, MapOf):
        return isinstance(value, dict) and all(
            has_shape(item, shape.shape) for item in value.values())
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            has_shape(value.get(key), part) for key, part in shape.items())
    return isinstance(value, shape)


def _refuse_many(content):
    separators = (b',', b'{', b'[') if isinstance(content, bytes) else ',{['
    count = sum(map(content.count, separators))
    if count > max(budgets.VALUES, len(content) // budgets.BYTES_PER_VALUE):
        raise TooLarge()


def _finite(text):
    """Return a number; JSON has neither infinity nor NaN."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError('not a JSON number')
    return number


def _refuse_depth(answer):
    level = [answer]
    for _depth in range(budgets.DEPTH):
        level = [part for whole in level if isinstance(whole, (dict, list))
                 for part in (whole.values() if isinstance(whole, dict)
                              else whole)
                 if isinstance(part, (dict, list))]
        if not level:
            return
    raise TooLarge()
