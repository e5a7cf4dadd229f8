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

"""The Compose files of the comparison, and what they need.

Each directory below ``projects`` is a project. The key ``x-test`` of its
``compose.yaml`` says what the test has to know:

* ``api``: the oldest version of the Docker API that can carry it out.
* ``compose``: the oldest version of Docker Compose that knows its keys.
* ``files``: further Compose files, after the first one.
* ``profiles``: active profiles.
* ``external``: networks and volumes that exist before, by section.
* ``jobs``: services that end.
* ``fails``: part of the message with which the project fails.
* ``scale``: numbers of containers, by service.
"""

import os
import pathlib
import random
import shutil
import socket

import yaml

ROOT = pathlib.Path(__file__).parent / 'projects'

# Name of the file with the output of "docker compose config".
PRINTED = 'printed.yaml'

# How many ports after PORT are free.
PORTS = 10


def names():
    """Return the names of all projects."""
    return sorted(path.parent.name for path in ROOT.glob('*/compose.yaml'))


def sample(count, seed):
    """Return a number of projects, the same for the same seed."""
    return random.Random(seed).sample(names(), count)


def version(text):
    """Return a version as a tuple of two numbers."""
    return tuple(map(int, str(text).split('.')[:2]))


class Project:
    """A copy of a project.

    :ivar name: its name, which is unique on the daemon.
    :ivar work: directory for other files.
    :ivar folder: its directory, below it.
    :ivar environment: the variables of its files.
    """

    def __init__(self, source, work, name, cloud):
        self.name = name
        self.work = pathlib.Path(work)
        self.folder = self.work / 'project'
        shutil.copytree(source, self.folder)
        self.given = (yaml.safe_load(
            (self.folder / 'compose.yaml').read_text()) or {}).get(
                'x-test') or {}
        self.environment = environment(cloud, name)

    @property
    def files(self):
        """The Compose files."""
        return [self.folder / name for name in (
            'compose.yaml', *(self.given.get('files') or ()))]

    @property
    def profiles(self):
        """The active profiles."""
        return self.given.get('profiles') or ()

    @property
    def scale(self):
        """Numbers of containers, by service."""
        return self.given.get('scale') or {}

    def of_config(self, text):
        """Return the project whose file "docker compose config" printed."""
        return Printed(self, text)

    def needs(self, what):
        """Return the oldest version of "api" or "compose" that it needs."""
        return version(self.given.get(what, '0.0'))

    def external(self, section):
        """Return the names of objects that exist before."""
        return [name.replace('${NAME}', self.name) for name in (
            self.given.get('external') or {}).get(section) or ()]


class Printed(Project):
    """What "docker compose config" printed of a project."""

    def __init__(self, project, text):
        self.__dict__.update(project.__dict__)
        (self.folder / PRINTED).write_text(text)

    @property
    def files(self):
        return [self.folder / PRINTED]


def environment(cloud, name):
    """Return the variables for the files of a project.

    Names, ports and subnets are not those of a project in another process.
    """
    number = os.getpid() % 200
    first = _free_ports()
    return {
        **{image.upper(): reference
           for image, reference in cloud.images.items()},
        'NAME': name, 'NET': '10.212.%d' % number,
        'NET6': 'fd00:212:%x:' % number,
        'DISK': _disk(), 'PORT': str(first),
        **{'PORT%d' % one: str(first + one) for one in range(1, PORTS)}}


def _disk():
    with open('/proc/partitions') as partitions:
        return '/dev/' + partitions.read().split()[-1]


def _free_ports():
    """Return the first of several ports that are free."""
    for first in random.sample(range(20000, 30000, PORTS), 50):
        try:
            for port in range(first, first + PORTS):
                socket.create_server(('', port)).close()
        except OSError:
            continue
        return first
    raise AssertionError('no ports are free')
