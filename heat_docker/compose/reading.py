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

"""YAML of Compose files.

PyYAML supplies the events. The values follow YAML 1.2, as in Compose: ``yes``
and ``22:22`` are strings. https://yaml.org/spec/1.2.2/#103-core-schema
"""

import math
import re
import typing

import yaml

from . import limits
from . import problems
from . import tree

_LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)

_TAG = 'tag:yaml.org,2002:'

_NULL = ('', '~', 'null', 'Null', 'NULL')
_BOOLEANS = {'true': True, 'True': True, 'TRUE': True,
             'false': False, 'False': False, 'FALSE': False}
# Octal numbers of YAML 1.1, such as 0444, are modes of files in Compose.
_INTEGERS = ((re.compile('[-+]?0o?[0-7]+', re.ASCII), 8),
             (re.compile('[-+]?(0|[1-9][0-9]*)', re.ASCII), 10),
             (re.compile('0x[0-9a-fA-F]+', re.ASCII), 16))
_FLOAT = re.compile(r'[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?',
                    re.ASCII)
# Digits of a number; Python refuses to convert thousands of them.
_DIGITS = 30


class Budget:
    """The nodes and characters that the files of a project may still have."""

    def __init__(self):
        self.nodes = limits.NODES
        self.characters = limits.CHARACTERS

    def spend(self, nodes: int, characters: int, file: str | None) -> None:
        """Count nodes and characters.

        :raises problems.ComposeError: if there are too many.
        """
        self.nodes -= nodes
        self.characters -= characters
        if self.nodes < 0:
            raise problems.ComposeError(
                'the files have more than %d values, with those that aliases '
                'repeat, and variables' % limits.NODES, file)
        if self.characters < 0:
            raise problems.ComposeError(
                'the values have more than %d characters, with those of '
                'variables and aliases' % limits.CHARACTERS, file)


def documents(text: str, file: str, budget: Budget) -> list:
    """Return the documents of a file, as trees of maps, lists and scalars.

    :raises problems.ComposeError: if the text is not YAML, is too large, or
        contains a duplicate key or an unknown tag.
    """
    if len(text) > limits.FILE:
        raise problems.ComposeError('the file has more than %d characters'
                                    % limits.FILE, file)
    try:
        text.encode()
        return _Composer(text, file, budget).documents()
    except UnicodeEncodeError as ex:
        raise problems.ComposeError('the file is not valid Unicode',
                                    file) from ex
    except yaml.YAMLError as ex:
        mark = getattr(ex, 'problem_mark', None)
        raise problems.ComposeError(
            'the file is not YAML: %s' % (getattr(ex, 'problem', None)
                                          or 'it contains a character that '
                                             'YAML does not allow'),
            file, mark.line + 1 if mark else None) from ex


class _Composer:
    """Builds trees from events.

    PyYAML's own composer has no limits, and loses tags, lines and duplicate
    keys.
    """

    def __init__(self, text, file, budget):
        self._events = yaml.parse(text, Loader=_LOADER)
        self._file = file
        self._budget = budget
        self._anchors = {}
        self._spent = [0, 0]

    def documents(self):
        """Return the trees of all documents."""
        result = []
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                result.append(self._node(next(self._events), 0))
        return result

    def _error(self, event, message):
        return problems.ComposeError(message, self._file,
                                     event.start_mark.line + 1)

    def _spend(self, nodes, characters):
        self._spent[0] += nodes
        self._spent[1] += characters
        self._budget.spend(nodes, characters, self._file)

    def _node(self, event, depth):
        """Return the value that begins with an event."""
        if depth > limits.DEPTH:
            raise self._error(event, 'the nesting is deeper than %d levels'
                              % limits.DEPTH)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        tag = event.tag or ''
        if tag[:1] == '!' and tag not in ('!', '!reset', '!override'):
            raise self._error(event, 'the tag %s is unknown' % tag)
        before = list(self._spent)
        if event.anchor:
            self._anchors[event.anchor] = None
        value = self._untagged(event, depth)
        if tag in ('!reset', '!override'):
            value = tree.Tagged(tag[1:], value)
        if event.anchor:
            size = [after - one for after, one in zip(
                self._spent, before, strict=True)]
            self._anchors[event.anchor] = value, size
        return value

    def _alias(self, event):
        if event.anchor not in self._anchors:
            raise self._error(event, 'the alias *%s has no anchor'
                              % event.anchor)
        if self._anchors[event.anchor] is None:
            raise self._error(event, 'the alias *%s contains itself'
                              % event.anchor)
        value, size = self._anchors[event.anchor]
        self._spend(*size)
        return value

    def _untagged(self, event, depth):
        if isinstance(event, yaml.ScalarEvent):
            self._spend(1, len(event.value))
            return self._scalar(event)
        self._spend(1, 0)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(depth)
        return self._map(depth)

    def _list(self, depth):
        items = tree.List()
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.add(self._node(event, depth + 1), self._place(event))
        return items

    def _map(self, depth):
        result, merged = tree.Map(), []
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event)
            item = next(self._events)
            value = self._node(item, depth + 1)
            if key == '<<' and not getattr(event, 'style', None):
                merged += self._merged(item, value)
            elif key in result:
                raise self._error(event, 'the key %s is a duplicate of line '
                                  '%d' % (key, result.place(key).line))
            else:
                result.put(key, value, self._place(event))
        for other in merged:
            for key, value in other.items():
                if key not in result:
                    result.put(key, value, other.place(key))
        return result

    def _key(self, event):
        if isinstance(event, yaml.AliasEvent):
            key = self._alias(event)
        elif isinstance(event, yaml.ScalarEvent):
            self._spend(1, len(event.value))
            key = event.value
        else:
            raise self._error(event, 'a key must be a string')
        if not isinstance(key, str) or not key:
            raise self._error(event, 'a key must be a string')
        if isinstance(event, yaml.ScalarEvent) and event.anchor:
            self._anchors[event.anchor] = key, [1, len(key)]
        return key

    def _merged(self, event, value):
        """Return the maps of a merge key: https://yaml.org/type/merge.html."""
        maps = value if isinstance(value, tree.List) else [value]
        if not all(isinstance(one, tree.Map) for one in maps):
            raise self._error(event, '<< requires a map or a list of maps')
        return maps

    def _place(self, event):
        return problems.Place(self._file, event.start_mark.line + 1)

    def _scalar(self, event):
        tag = (event.tag or '').removeprefix(_TAG)
        if event.implicit[0] or tag in ('int', 'float', 'bool', 'null'):
            return resolved(event.value)
        if tag in ('', '!', 'str', '!reset', '!override'):
            return event.value
        raise self._error(event, 'the tag %s is not supported' % event.tag)


def resolved(text: str) -> typing.Any:
    """Return the value of a scalar without quotes."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) > _DIGITS:
        return text
    for pattern, base in _INTEGERS:
        if pattern.fullmatch(text):
            return int(text.replace('0o', '0', 1), base)
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text
