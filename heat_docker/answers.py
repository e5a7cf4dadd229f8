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

"""JSON of a daemon, which may say anything.

What is read here is no more than a budget allows, and of the types of JSON:
whoever uses it need not fear its size, but still its shape.
"""

import json
import math
import re

from . import budgets

# Ids, names and references; none of them is a relative path, or has what
# means something in an URL, a log or a terminal.
_ID = re.compile(r'[a-zA-Z0-9[][a-zA-Z0-9_.:/@+[\]-]{0,%d}' % (budgets.ID - 1))


# Controls, separators of lines and paragraphs, and controls of direction.
_NOT_ON_A_LINE = re.compile(
    '[\\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+')


class TooMuch(ValueError):
    """An answer has more values, or more levels, than anybody wants."""


def parse(content):
    """Return what the JSON of an answer says.

    :param content: bytes, or text.
    :raises ValueError: if it is no JSON.
    :raises TooMuch: if it is more than a budget allows.
    """
    separators = (b',', b'{', b'[') if isinstance(content, bytes) else ',{['
    count = sum(map(content.count, separators))
    if count > max(budgets.VALUES, len(content) // budgets.BYTES_PER_VALUE):
        raise TooMuch()
    try:
        answer = json.loads(content, parse_float=_finite,
                            parse_constant=_finite)
    except RecursionError as ex:
        raise TooMuch() from ex
    _refuse_depth(answer)
    return answer


def is_id(value):
    """Return whether a value can be an id, a name or a reference."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def line(text) -> str:
    """Return a text of a daemon or a container on one line.

    A line of its own could pass for a line of heat-engine's log, and
    characters that change the direction of text could hide a part of it.

    :param text: anything; cut to :data:`budgets.WORDS` characters.
    """
    text = _NOT_ON_A_LINE.sub(' ', str(text)[:budgets.WORDS])
    # The database rejects lone surrogates.
    return text.encode(errors='replace').decode()


def _finite(text):
    """Return a number that others can read, too: JSON has no others."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError('not a number of JSON')
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
    raise TooMuch()
