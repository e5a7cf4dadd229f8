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

"""Values of a Compose file that know their lines."""

from collections import abc
import typing

from . import problems

# Longer numbers in text are strings. Infinity and NaN are not below it.
_LARGEST = 10 ** 30


class Map(dict):
    """A map that knows where its keys are written."""

    def __init__(self, *arguments, places=None, **values):
        super().__init__(*arguments, **values)
        self.places: dict = dict(places or {})

    def place(self, key) -> problems.Place | None:
        """Return the place of a key, or None."""
        return self.places.get(key)

    def put(self, key, value, place) -> None:
        """Set a key and its place."""
        self[key] = value
        self.places[key] = place


class List(list):
    """A list that knows where its items are written."""

    def __init__(self, *arguments, places=None):
        super().__init__(*arguments)
        self.places: list = list(places or ())

    def place(self, index) -> problems.Place | None:
        """Return the place of an item, or None."""
        return self.places[index] if index < len(self.places) else None

    def add(self, value, place) -> None:
        """Append an item and its place."""
        self.append(value)
        self.places.append(place)


class Tagged:
    """A value with the tag ``!reset`` or ``!override``.

    https://github.com/compose-spec/compose-spec/blob/main/13-merge.md

    :ivar kind: ``reset`` or ``override``.
    """

    def __init__(self, kind: str, value: typing.Any):
        self.kind = kind
        self.value = value


def mapped(value, change):
    """Return a tree in which a function has changed all scalars.

    :param change: function that takes the scalar and its
        :class:`problems.Where`.
    """
    def walk(value, where):
        if isinstance(value, Tagged):
            return Tagged(value.kind, walk(value.value, where))
        if isinstance(value, Map):
            return Map({key: walk(item, where.inside(value, key))
                        for key, item in value.items()},
                       places=value.places)
        if isinstance(value, List):
            return List([walk(item, where.inside(value, index))
                         for index, item in enumerate(value)],
                        places=value.places)
        return change(value, where)
    return walk


def plain(value: typing.Any, place: problems.Place, depth: int,
          spend: abc.Callable[[int, int, str | None], None]) -> typing.Any:
    """Return the tree of a value that was written in a template.

    :param depth: levels that the value can have.
    :param spend: see :meth:`reading.Budget.spend`.
    :raises problems.ComposeError: if it has more levels, or other types than
        those of JSON.
    """
    if depth < 0:
        raise problems.ComposeError('the nesting is too deep', place.file)
    spend(1, len(value) if isinstance(value, str) else 0, place.file)
    if isinstance(value, dict):
        return Map({str(key): plain(item, place, depth - 1, spend)
                    for key, item in value.items()},
                   places=dict.fromkeys(map(str, value), place))
    if isinstance(value, (list, tuple)):
        return List([plain(item, place, depth - 1, spend) for item in value],
                    places=[place] * len(value))
    if isinstance(value, (int, float)) and not abs(value) < _LARGEST:
        raise problems.ComposeError('a number is too large', place.file)
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise problems.ComposeError('%s is not a value of JSON'
                                % type(value).__name__, place.file)


def without_tags(value: typing.Any) -> typing.Any:
    """Return a tree after the last merge: without tags and reset values."""
    if isinstance(value, Tagged):
        return None if value.kind == 'reset' else without_tags(value.value)
    if isinstance(value, Map):
        return Map({key: without_tags(item) for key, item in value.items()
                    if not (isinstance(item, Tagged)
                            and item.kind == 'reset')},
                   places=value.places)
    if isinstance(value, List):
        return List([without_tags(item) for item in value],
                    places=value.places)
    return value
