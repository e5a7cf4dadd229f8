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
class OnSwarm:
    """What differs in the :class:`Key` of a service of a swarm."""

    target: str = ''
    convert: abc.Callable = same
    becomes: Becomes = CARRIED
    why: str = ''


def no_effect(why: str) -> OnSwarm:
    """Return what a key is that has no effect on a swarm."""
    return OnSwarm(convert=elsewhere, becomes=NOTHING, why=why)


def not_possible(why: str) -> OnSwarm:
    """Return what a key is that a swarm cannot carry out."""
    return OnSwarm(convert=elsewhere, becomes=REFUSED, why=why)


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
    :ivar swarm: :class:`OnSwarm`, if services of a swarm differ from
        containers.
    """

    name: str
    shape: shapes.Shape = shapes.text
    target: str = ''
    convert: abc.Callable = same
    merge: merging.Rule = merging.replace
    becomes: Becomes = CARRIED
    why: str = ''
    keys: tuple = ()
    swarm: OnSwarm | None = None

    def on(self, swarm: bool) -> 'Key':
        """Return the key as it is for containers, or for a swarm."""
        if not swarm or self.swarm is None:
            return self
        return dataclasses.replace(self, swarm=None, **vars(self.swarm))

    @property
    def targets(self) -> list[str]:
        """The names in :attr:`target`."""
        return [name.strip() for name in self.target.split(',')]


def nothing(name: str, why: str, swarm: OnSwarm | None = None,
            shape: shapes.Shape = shapes.anything,
            merge: merging.Rule = merging.anything,
            keys: tuple = ()) -> Key:
    """Return a key that has no effect on containers."""
    return Key(name, shape, becomes=NOTHING, why=why, convert=elsewhere,
               merge=merge, keys=keys, swarm=swarm)


def refused(name: str, why: str, swarm: OnSwarm | None = None,
            shape: shapes.Shape = shapes.anything) -> Key:
    """Return a key that is refused for containers."""
    return Key(name, shape, becomes=REFUSED, why=why, convert=elsewhere,
               merge=merging.anything, swarm=swarm)


def nested(name: str, table: tuple, target: str = '',
           convert: abc.Callable = elsewhere, why: str = '',
           wrap: abc.Callable = lambda shape: shape,
           swarm: OnSwarm | None = None) -> Key:
    """Return a key whose value has keys with a table of their own.

    :param wrap: function that takes the shape of the map and returns one
        that accepts other forms, too.
    """
    return Key(name, wrap(shape_of(table)), target, convert,
               rule_of(table), why=why, keys=table, swarm=swarm)


def of_swarm(name: str, table: tuple, why: str, swarm: OnSwarm) -> Key:
    """Return a key with a table that has no effect on containers."""
    return nothing(name, why, swarm, shape_of(table), rule_of(table), table)


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
         report: problems.Report, swarm: bool = False
         ) -> typing.Iterator[tuple]:
    """Yield each key that is carried out, with its value and place.

    Keys in the order of the table.

    :param swarm: whether services of a swarm carry it out.
    :raises problems.ComposeError: if a key is unknown or refused, and the
        report is strict.
    """
    known = {key.name for key in table}
    for name in value:
        if name not in known:
            report.refuse(where.inside(value, name),
                          'the key is unknown, or not a key at this place')
    for key in (one.on(swarm) for one in table):
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
