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

import json
import math
import re
import typing

from . import budgets

# IDs, names and references. None of them is a relative path, or contains
# characters with a meaning in a URL, a log or a terminal.
_ID = re.compile(r'[a-zA-Z0-9[][a-zA-Z0-9_.:/@+[\]-]{0,%d}' % (budgets.ID - 1))


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
    separators: typing.Any = (
        (b',', b'{', b'[') if isinstance(content, bytes) else ',{[')
    count = sum(content.count(separator) for separator in separators)
    if count > max(budgets.VALUES, len(content) // budgets.BYTES_PER_VALUE):
        raise TooLarge()
    try:
        answer = json.loads(content, parse_float=_finite,
                            parse_constant=_finite)
    except RecursionError as ex:
        raise TooLarge() from ex
    _refuse_depth(answer)
    return answer


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
