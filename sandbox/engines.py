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

"""The main engine of a sandbox: this machine's, or one of another Debian.

A name is a kind of engine, and a release if it is not this machine's. The
programs of a release are in a folder that is kept. They run on this machine
with the release's /usr in the place of its own, so with the libraries that
they were built for, and with all other folders where they are.
"""

from sandbox import debian
from sandbox.services import debootstrap

DEFAULT = 'docker'
# In a guest with a kernel of its own: see sandbox.guests.engine.
GUEST = 'docker-guest'
NAMES = (DEFAULT, GUEST, 'docker-trixie', 'docker-forky',
         'podman', 'podman-trixie', 'podman-forky')
PACKAGES = ('aardvark-dns', 'catatonit', 'crun', 'docker.io', 'iproute2',
            'iptables', 'netavark', 'nftables', 'podman', 'socat')
WITH_USR = 'mount --bind "$0/usr" /usr && exec "$@"'


def is_podman(name):
    return name.startswith('podman')


def release(name):
    """Return the release of Debian; it is empty for this machine's."""
    return '' if name == GUEST else name.partition('-')[2]


def provide(context, name):
    """Have the programs of a release; return what to put before a command.

    :param context: services.base.Context.
    :param name: one of NAMES, with a release.
    """
    folder = debian.cache('engines') / release(name)
    with debian.lock(folder), debootstrap.Build(
            context, debootstrap.Chroot(folder, release(name)), PACKAGES):
        return ['unshare', '--mount', '--propagation', 'slave',
                'sh', '-c', WITH_USR, str(folder)]
