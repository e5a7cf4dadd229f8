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

"""Differences between a stack and docker compose that are wanted.

``python -m tests.differential.wanted`` writes the list of the documentation.
"""

import dataclasses
import fnmatch
import textwrap
import typing


def _always(one, other):
    return True


def _empty(one, other):
    return not one and not other


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A difference that is wanted.

    :ivar kind: kind of object: ``container``, ``network`` or ``volume``; in
        it, as in the path, ``*`` stands for any characters.
    :ivar path: path of the key in the output of ``docker inspect``.
    :ivar why: the reason, as a sentence without a full stop.
    :ivar holds: function that takes what Compose's object shows, and what
        that of the stack shows, and returns whether this entry is about them.
    """

    kind: str
    path: str
    why: str
    holds: typing.Callable = _always


def _bridge(one, other):
    return other == 'bridge'


def _own_name(one, other):
    """Return whether Compose has one alias more."""
    return len(set(one or ()) - set(other or ())) == 1 and not (
        set(other or ()) - set(one or ()))


def _relative(one, other):
    return not other and one['Source'].startswith('<directory>')


WANTED = (
    Wanted('container', 'Config.AttachStd???', 'It is for a client that '
           'attaches to the container when it starts, and none does'),
    Wanted('container', 'HostConfig.NetworkMode', 'An update changes the '
           'networks of a container in place, but no request changes the '
           'mode. Therefore the container is created without a network, and '
           'then connected', _bridge),
    Wanted('container', 'NetworkSettings.Bridge', 'It belongs to the mode'),
    Wanted('container', 'NetworkSettings.Networks.*.Aliases', 'Compose adds '
           'the name of the container, which Docker resolves anyway',
           _own_name),
    Wanted('container', 'HostConfig.Mounts.*', 'A file or directory of the '
           'project is copied into the container, because the host of the '
           'daemon does not have it', _relative),
    Wanted('container', 'Mounts.*', 'A file or directory of the '
           'project is copied into the container, because the host of the '
           'daemon does not have it', _relative),
    Wanted('container', 'Mounts.*.Mode', 'Docker shows the options of a '
           'volume in this key if the request has binds, as that of Compose. '
           'RW has the same value'),
    Wanted('*', '*', 'Docker shows an empty value in the way in which the '
           'request has it. It means the same as none', _empty),
)


def wanted(kind, path, one, other):
    """Return the entry about a difference, or None."""
    for entry in WANTED:
        if (fnmatch.fnmatchcase(kind, entry.kind)
                and fnmatch.fnmatchcase(path, entry.path)
                and entry.holds(one, other)):
            return entry
    return None


def report():
    """Return the list of the documentation."""
    found = {}
    for entry in WANTED:
        found.setdefault(entry.why, []).append(
            ('any key' if entry.path == '*' else '``%s``' % entry.path)
            + ('' if entry.kind in ('*', 'container')
               else ' of a %s' % entry.kind))
    lines = []
    for why, paths in found.items():
        text = ', '.join(paths)
        lines += [text[:1].upper() + text[1:], textwrap.indent(
            textwrap.fill(why + '.', 74), '    '), '']
    return '\n'.join(lines)


if __name__ == '__main__':
    print(report())
