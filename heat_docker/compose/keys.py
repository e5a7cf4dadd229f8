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

"""One key of a Compose file, and what reads the tables of keys."""

from collections import abc
import dataclasses
import enum
import typing

from . import merging
from . import problems
from . import shapes
from . import tree


class Becomes(enum.Enum):
    """What becomes of a key."""

    CARRIED = 'carried out'
    NOTHING = 'no effect'
    REFUSED = 'refused'


CARRIED = Becomes.CARRIED
NOTHING = Becomes.NOTHING
REFUSED = Becomes.REFUSED


def same(value, item):
    """Return the value as that of the one property of the key."""
    return {item.key.target: value}


def elsewhere(value, item):
    """Return no property, because other code reads the value."""
    return {}


@dataclasses.dataclass(frozen=True)
class Key:
    """A key of a Compose file.

    :ivar name: name of the key.
    :ivar shape: function of :mod:`shapes` or :mod:`longhand` that returns the
        value in the form in which it is merged and converted.
    :ivar target: names of the properties that carry it out, joined by
        commas; or words for users, if there is none.
    :ivar convert: function that takes the value and a
        :class:`resources.Item`, and returns a map of properties.
    :ivar merge: rule of :mod:`merging`.
    :ivar becomes: what becomes of the key.
    :ivar why: what users should know about it, as one sentence or more: the
        reason why it is refused or has no effect, or what differs.
    :ivar keys: the keys of its value, if they have a table of their own.
    """

    name: str
    shape: shapes.Shape = shapes.text
    target: str = ''
    convert: abc.Callable = same
    merge: merging.Rule = merging.replace
    becomes: Becomes = CARRIED
    why: str = ''
    keys: tuple = ()

    @property
    def targets(self) -> list[str]:
        """The names in :attr:`target`."""
        return [name.strip() for name in self.target.split(',')]


def nothing(name: str, why: str) -> Key:
    """Return a key that has no effect."""
    return Key(name, shapes.anything, becomes=NOTHING, why=why,
               convert=elsewhere, merge=merging.anything)


def refused(name: str, why: str) -> Key:
    """Return a key that is refused."""
    return Key(name, shapes.anything, becomes=REFUSED, why=why,
               convert=elsewhere, merge=merging.anything)


def nested(name: str, table: tuple, target: str = '',
           convert: abc.Callable = elsewhere, why: str = '',
           wrap: abc.Callable = lambda shape: shape) -> Key:
    """Return a key whose value has keys with a table of their own.

    :param wrap: function that takes the shape of the map and returns one
        that accepts other forms, too.
    """
    return Key(name, wrap(shape_of(table)), target, convert,
               rule_of(table), why=why, keys=table)


def shape_of(table: tuple) -> shapes.Shape:
    """Return the shape of a map with the keys of a table and ``x-…``.

    Unknown keys remain for :func:`check`.
    """
    known = {key.name: key for key in table}

    def shape(value, where):
        if not isinstance(value, tree.Map):
            raise shapes.wrong(value, where, 'a map')
        result = tree.Map()
        for name, item in value.items():
            place = where.inside(value, name)
            if name in known:
                item = shapes.tagged(shapes.optional(known[name].shape))(
                    item, place)
            if not name.startswith('x-'):
                result.put(name, item, place.place)
        return result
    return shape


def rule_of(table: tuple) -> merging.Rule:
    """Return the rule of a map with the keys of a table."""
    known = {key.name: key.merge for key in table}
    return merging.by_name(lambda name: known.get(name, merging.anything))


def used(table: tuple, value: tree.Map, where: problems.Where,
         report: problems.Report) -> typing.Iterator[tuple]:
    """Yield each key that is carried out, with its value and place.

    Keys in the order of the table.

    :raises problems.ComposeError: if a key is unknown or refused, and the
        report is strict.
    """
    known = {key.name for key in table}
    for name in value:
        if name not in known:
            report.refuse(where.inside(value, name),
                          'the key is unknown, or not a key at this place')
    for key in table:
        item = value.get(key.name)
        place = where.inside(value, key.name)
        if item is None or item is False and key.becomes is REFUSED:
            continue
        if key.becomes is REFUSED:
            report.refuse(place, 'the key is not supported: %s' % key.why)
        elif key.becomes is NOTHING:
            report.note(place, 'the key has no effect: %s' % key.why)
        else:
            yield key, item, place
