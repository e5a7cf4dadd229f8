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
import json
import textwrap
import typing


def _always(one, other):
    return True


def _empty(one, other):
    return not one and not other


def _bridge(one, other):
    return other == 'bridge'


def _own_name(one, other):
    """Return whether Compose has one alias more."""
    one, other = set(one or ()), set(other or ())
    return len(one - other) == 1 and not other - one


def _aliases(one, other):
    """Return whether the stack has more aliases."""
    one, other = set(one or ()), set(other or ())
    return len(one - other) <= 1 and bool(other - one)


def _relative(one, other):
    return not other and isinstance(one, dict) and (
        one.get('Source') or '').startswith('<directory>')


def _not_created(one, other):
    return not other and one['State']['Status'] == 'created'


def _capabilities(one, other):
    return sorted(name.upper().removeprefix('CAP_')
                  for name in one) == other


def _profile(one, other):
    def parsed(options):
        return [json.loads(option.partition('=')[2])
                if option.startswith('seccomp={') else option
                for option in options]
    return parsed(one) == parsed(other)


def _less_than_a_second(one, other):
    return other == one + 1


def _access(one, other):
    return one == [entry.removesuffix(':ro').removesuffix(':rw')
                   for entry in other]


def _range(one, other):
    """Return whether Compose has a range, or Docker a port of one."""
    return len(one) == len(other) and all(
        '-' in first['HostPort'] or first['HostPort'].startswith('<')
        for first in one)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A difference that is wanted.

    :ivar kind: kind of object: ``container``, ``network`` or ``volume``; in
        it, as in the path, ``*`` stands for any characters.
    :ivar path: path of the key in the output of ``docker inspect``. ``Files``
        is not one of Docker's keys: it has the files of the project in the
        container.
    :ivar why: the reason, as a sentence without a full stop.
    :ivar holds: function that takes what Compose's object shows, and what
        that of the stack shows, and returns whether this entry is about them.
    """

    kind: str
    path: str
    why: str
    holds: typing.Callable = _always


_COPIED = ('A file or directory of the project is copied into the container, '
           'because the host of the daemon does not have it')
_ACCESS = ('Compose ignores ``:ro`` of ``volumes_from``, against the '
           'specification')
_LINK = ('The alias of a link is an alias of the other container in its '
         'networks, because Docker cannot change the links of a container '
         'that runs')
_RANGE = ('Each container has a port of its own, which stays the same. '
          'Compose lets Docker choose a port of the range')

WANTED = (
    Wanted('container', '', 'Compose creates all containers before it starts '
           'one. A stack creates a container once the containers on which '
           'it depends are ready', _not_created),
    Wanted('container', 'Config.AttachStd*', 'The keys concern a '
           'client that attaches to the container when it starts. No client '
           'does so'),
    Wanted('container', 'Config.MacAddress', 'The stack sets the '
           'address in the network, where both have the same one'),
    Wanted('container', 'Config.StopTimeout', 'The stack rounds a fraction '
           'of a second up. Compose rounds it down', _less_than_a_second),
    Wanted('container', 'Config.WorkingDir', 'BuildKit sets the directory of '
           'an image without a base. The resource uses the classic builder',
           lambda one, other: (one, other) == ('/', '')),
    Wanted('container', 'Files.*.Mode', 'A file that is copied can be read '
           'by all users in the container. Compose mounts the file with the '
           'mode that it has on the host'),
    Wanted('container', 'HostConfig.Cap*', 'Docker understands a capability '
           'with or without ``CAP_``, and in lower case', _capabilities),
    Wanted('container', 'HostConfig.Mounts.*', _COPIED, _relative),
    Wanted('container', 'HostConfig.Mounts.*.CreateMountpoint', 'The '
           'specification says that ``create_host_path`` is true by default. '
           'With options for a bind mount, Compose treats it as false',
           lambda one, other: not one and other),
    Wanted('container', 'HostConfig.NetworkMode', 'An update changes the '
           'networks of a container in place, but no request changes the '
           'mode. Therefore the container is created without a network, and '
           'then connected', _bridge),
    Wanted('container', 'HostConfig.PortBindings.*', _RANGE, _range),
    Wanted('container', 'HostConfig.SecurityOpt', 'Compose removes the '
           'white space from a seccomp profile', _profile),
    Wanted('container', 'HostConfig.VolumesFrom', _ACCESS, _access),
    Wanted('container', 'Mounts.*.RW', _ACCESS,
           lambda one, other: (one, other) == (True, False)),
    Wanted('container', 'Mounts.*', _COPIED, _relative),
    Wanted('container', 'Mounts.*.Mode', 'Docker shows the options of a '
           'volume in this key if the request contains ``Binds``, as that of '
           'Compose does. ``RW`` has the same value'),
    Wanted('container', 'NetworkSettings.Bridge', 'It follows from '
           '``NetworkMode``'),
    Wanted('container', 'NetworkSettings.Networks.*.Aliases', 'Compose adds '
           'the name of the container, which Docker resolves anyway',
           _own_name),
    Wanted('container', 'NetworkSettings.Networks.*.Aliases', _LINK,
           _aliases),
    Wanted('container', 'NetworkSettings.Networks.*.DNSNames', _LINK,
           _aliases),
    Wanted('container', 'NetworkSettings.Networks.*.Links', _LINK),
    Wanted('container', 'NetworkSettings.Networks.*.MacAddress', 'Compose '
           '2.26 ignores ``mac_address`` of a service with version 1.44 of '
           'the Docker API and later',
           lambda one, other: one == '<chosen by the daemon>'),
    Wanted('container', 'NetworkSettings.Ports.*', _RANGE, _range),
    Wanted('network', 'IPAM.Options', 'Compose ignores ``options`` of '
           '``ipam``, against the specification',
           lambda one, other: not one),
    Wanted('*', '*', 'Docker shows an empty value in the form that the '
           'request has. It means the same as no value', _empty),
)


# What the documentation calls two of the paths.
_PLACES = {'': 'the whole container', '*': 'any key'}


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
            _PLACES.get(entry.path) or '``%s``' % entry.path)
    lines = []
    for why, paths in found.items():
        text = ', '.join(paths)
        lines += [text[:1].upper() + text[1:], textwrap.indent(
            textwrap.fill(why + '.', 74), '    '), '']
    return '\n'.join(lines)


if __name__ == '__main__':
    print(report())
