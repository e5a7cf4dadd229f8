#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""A Debian release in a chroot, and the programs that run in it."""

import os
import pathlib
import shutil

from sandbox import debian
from sandbox.services import base

# The scripts of all Debian releases are links to this one; there is none for
# releases that are newer than debootstrap.
SCRIPT = '/usr/share/debootstrap/scripts/sid'

# Mounts are visible only in the namespace, and disappear with it.
NAMESPACE = ('unshare', '--mount')
ENTER = """\
set -e
root=$1 who=$2
shift 2
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
while [ "$1" != -- ]; do
    [ -e "$root$2" ] || install -D /dev/null "$root$2"
    mount --bind "$1" "$root$2"
    shift 2
done
shift
exec chroot $who "$root" env --ignore-environment "$@"
"""


class Chroot:
    """A directory with a Debian release."""

    def __init__(self, folder, release):
        self.folder = pathlib.Path(folder)
        self.release = release

    def command(self, *command, who='', mounts=None, env=None):
        """Return the command line that runs a command in the chroot.

        :param who: options of chroot; by default it is root.
        :param mounts: {path outside: path inside} of bind mounts.
        :param env: dict of environment variables, added to the defaults.
        """
        settings = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin',
                    'LC_ALL': 'C.UTF-8', 'DEBIAN_FRONTEND': 'noninteractive',
                    **(env or {})}
        pairs = [word for pair in (mounts or {}).items() for word in pair]
        return [*NAMESPACE, 'sh', '-c', ENTER, 'sh', str(self.folder), who,
                *map(str, pairs), '--',
                *(f'{name}={value}' for name, value in settings.items()),
                *command]

    def give_to_heat(self, path):
        """Give a file to the user heat of the chroot."""
        home = (self.folder / 'var/lib/heat').stat()
        os.chown(path, home.st_uid, home.st_gid)


class Program(base.Service):
    """A program for one release."""

    program = None

    def __init__(self, context, chroot):
        self.name = f'{chroot.release}-{self.program}'
        super().__init__(context)
        self.chroot = chroot

    def run(self, *command, **kwargs):
        """Run a command in the chroot; return its output."""
        return self._exec(self.chroot.command(
            *command, **kwargs))[1].decode(errors='replace')


class Build(Program):
    """The chroot with the packages, built only if it does not exist."""

    program = 'build'
    timeout = 1800

    def __init__(self, context, chroot, packages):
        """Create a build that is not started yet.

        :param packages: names of the packages to install.
        """
        super().__init__(context, chroot)
        self.packages = packages

    def _setUp(self):
        super()._setUp()
        final = self.chroot.folder
        if final.exists():
            return
        partial = final.with_suffix('.partial')
        if partial.exists():
            shutil.rmtree(partial)
        self.chroot.folder = partial
        proxies = debian.proxies()
        self._exec([*NAMESPACE, 'debootstrap', '--variant=minbase',
                    self.chroot.release, str(partial), debian.mirror(),
                    SCRIPT], env=proxies)
        # https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
        policy = partial / 'usr/sbin/policy-rc.d'
        policy.write_text('#!/bin/sh\nexit 101\n')
        policy.chmod(0o755)
        # debootstrap leaves its package lists, so no "update" is needed.
        self.run('apt-get', '--quiet', '--yes', '--no-install-recommends',
                 'install', *self.packages, env=proxies)
        self.run('apt-get', 'clean')
        partial.rename(final)
        self.chroot.folder = final
