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

"""Strings that know which variables and files they come from.

``"web:${TAG}"`` is the string ``web:1.4`` for everything that reads it, and
can still become ``web:`` and a parameter in a template. Operations of
``str`` return the plain string; the functions here keep the sources.
"""

import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Variable:
    """A variable of the environment.

    :ivar name: name of the variable.
    :ivar given: whether the environment has it; otherwise, the value is the
        default in the file.
    :ivar secret: whether it is the content of a secret.
    """

    name: str
    given: bool = True
    secret: bool = False


class OfEnvFile(Variable):
    """A variable of an env file of a service, with the file in its name."""


@dataclasses.dataclass(frozen=True)
class File:
    """A file of the contents.

    :ivar path: path below the root of the contents.
    """

    path: str


class Text(str):
    """A string with sources.

    :ivar parts: the string in parts, each with its source, or with None.
    """

    parts: tuple[tuple[str, Variable | File | None], ...]

    def __new__(cls, parts):
        """Return the string of the parts."""
        text = super().__new__(cls, ''.join(part for part, _one in parts))
        text.parts = tuple(parts)
        return text


def variable(name: str, value: str, given: bool = True,
             secret: bool = False) -> str:
    """Return the value of a variable as a string that knows its name."""
    return Text([(str(value), Variable(name, given, secret))])


def parts_of(value: str) -> tuple:
    """Return the parts of any string."""
    return value.parts if isinstance(value, Text) else ((value, None),)


def join(*values: str) -> str:
    """Return strings in a row, with their sources."""
    parts: list[tuple] = []
    plain: list[str] = []
    for value in values:
        for part, source in parts_of(value):
            if source is None:
                plain.append(part)
                continue
            if plain:
                parts.append((''.join(plain), None))
                plain = []
            parts.append((part, source))
    if not parts:
        return ''.join(plain)
    return Text([*parts, *([(''.join(plain), None)] if any(plain) else [])])


def cut(value: str, start: int = 0, stop: int | None = None) -> str:
    """Return a part of a string; a source that is cut apart is lost."""
    if not isinstance(value, Text):
        return value[start:stop]
    stop = len(value) if stop is None else stop
    pieces, at = [], 0
    for part, source in value.parts:
        begin, end = max(at, start), min(at + len(part), stop)
        whole = begin == at and end == at + len(part)
        if begin < end or whole and start <= at <= stop and source:
            pieces.append(Text([(part, source)]) if whole and source
                          else part[begin - at:end - at])
        at += len(part)
    return join(*pieces)


def partition(value: str, separator: str) -> tuple[str, str, str]:
    """Return what ``str.partition`` does, with sources."""
    at = value.find(separator)
    if at < 0:
        return value, '', ''
    return (cut(value, 0, at), separator, cut(value, at + len(separator)))


def rpartition(value: str, separator: str) -> tuple[str, str, str]:
    """Return what ``str.rpartition`` does, with sources."""
    at = value.rfind(separator)
    if at < 0:
        return '', '', value
    return (cut(value, 0, at), separator, cut(value, at + len(separator)))


def split(value: str, separator: str) -> list[str]:
    """Return what ``str.split`` does, with sources."""
    pieces, at = [], 0
    for piece in value.split(separator):
        pieces.append(cut(value, at, at + len(piece)))
        at += len(piece) + len(separator)
    return pieces


def from_variable(value: typing.Any) -> bool:
    """Return whether any part of a value comes from a variable."""
    return isinstance(value, Text) and any(
        isinstance(source, Variable) for _part, source in value.parts)


def named(value: typing.Any) -> typing.Any:
    """Return a value with the names of variables in place of their values."""
    if isinstance(value, Text):
        return ''.join('${%s}' % source.name if isinstance(source, Variable)
                       else part for part, source in value.parts)
    return value


def shown(value: typing.Any) -> str:
    """Return a value for a message, without values of variables."""
    text = repr(named(value))
    return text if len(text) <= 80 else text[:80] + '…'
