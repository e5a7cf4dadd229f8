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

"""Environment files.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md#env_file-format
"""

from collections import abc
import re

from . import problems

_LINE = re.compile(r'\s*(?:export\s+)?([^\s=#"\'][^\s=]*)\s*(=)?[^\S\n]*')
_QUOTED = {quote: re.compile(r'%s((?:[^%s\\]|\\.)*)%s[^\S\n]*(?:#[^\n]*)?'
                             % (quote, quote, quote), re.DOTALL)
           for quote in '"\''}
_COMMENT = re.compile(r'(?:^|\s+)#.*')
_ESCAPES = {'n': '\n', 'r': '\r', 't': '\t', '\\': '\\', '"': '"',
            '$': '$$'}


def parse(text: str, where: problems.Where,
          interpolate: abc.Callable[[str, dict], str]
          ) -> dict[str, str | None]:
    """Return the variables of a file; None if a name stands alone.

    :param interpolate: function that takes a value and the variables above
        it, and returns the value with variables replaced.
    :raises problems.ComposeError: if a line is not ``NAME=value``.
    """
    result: dict[str, str | None] = {}
    at = 0
    text = text.replace('\r\n', '\n').removeprefix('\ufeff')
    while at < len(text):
        end = text.find('\n', at)
        end = len(text) if end < 0 else end
        line = text[at:end].strip()
        if not line or line.startswith('#'):
            at = end + 1
            continue
        found = _LINE.match(text, at, end)
        if found is None:
            raise _error(text, at, where)
        name, equals = found.groups()
        if not equals:
            if text[found.end():end].strip():
                raise _error(text, at, where)
            result[name] = None
            at = end + 1
            continue
        value, at = _value(text, found.end(), end, where)
        if value[0] != "'":
            result[name] = interpolate(value[1], result)
        else:
            result[name] = value[1]
    return result


def _value(text, start, end, where):
    """Return the quote and the value, and the start of the next line."""
    quote = text[start:start + 1]
    if quote not in _QUOTED or not quote:
        value = _COMMENT.sub('', text[start:end]).strip()
        return (' ', value), end + 1
    found = _QUOTED[quote].match(text, start)
    if found is None or text[found.end():found.end() + 1] not in ('', '\n'):
        raise _error(text, start, where)
    value = found[1]
    if quote == '"':
        value = re.sub(r'\\(.)', lambda one: _ESCAPES.get(one[1], one[0]),
                       value, flags=re.DOTALL)
    else:
        value = value.replace("\\'", "'")
    return (quote, value), found.end() + 1


def raw(text: str) -> dict[str, str | None]:
    """Return the variables of a file in the format ``raw``."""
    result: dict[str, str | None] = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith('#'):
            name, equals, value = line.partition('=')
            result[name.strip()] = value if equals else None
    return result


def _error(text, at, where):
    """Return an error that names the line, but not the value in it."""
    return problems.ComposeError(
        'the line is not NAME=value', where.place.file,
        text.count('\n', 0, at) + 1)
