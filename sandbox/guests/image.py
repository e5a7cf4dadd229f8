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

"""A cloud image of Debian with all that a template would install on it.

Inside the guest nothing is downloaded: its ``apt-get install`` finds that it
has been done already.
"""

import os
import shutil

from sandbox import debian
from sandbox.services import debootstrap

RELEASE = 'bookworm'
PACKAGES = ('systemd-sysv', 'linux-image-cloud-amd64', 'cloud-init',
            'netplan.io', 'docker.io', 'apparmor', 'iptables',
            'ca-certificates', 'curl', 'heat-cfntools')
# Most of the disk is a hole in its file.
SIZE = '4G'


class Image(debootstrap.Program):
    """A disk and, since there is no boot loader on it, a kernel."""

    program = 'guest-image'
    timeout = 600

    def __init__(self, context, chroot):
        """Create an image that is not made yet.

        :param chroot: debootstrap.Chroot with the packages.
        """
        super().__init__(context, chroot)
        self.folder = chroot.folder.with_suffix('.image')

    def _setUp(self):
        super()._setUp()
        if self.folder.exists():
            return
        root = self.chroot.folder
        partial = self.folder.with_suffix('.partial')
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for name in ('vmlinuz', 'initrd.img'):
            [path] = (root / 'boot').glob(f'{name}-*')
            shutil.copy(path, partial / name)
        # Each guest makes its own, and has nowhere to get packages from.
        for name in ('etc/machine-id', 'etc/apt/sources.list'):
            (root / name).write_text('')
        self._exec(['mkfs.ext4', '-q', '-d', str(root),
                    str(partial / 'disk.img'), SIZE])
        os.rename(partial, self.folder)


def provide(context):
    """Build the image if there is none, and return its folder.

    :param context: services.base.Context.
    """
    folder = debian.cache('guests') / RELEASE
    chroot = debootstrap.Chroot(folder, RELEASE)
    with (debian.lock(folder, wait=True),
          debootstrap.Build(context, chroot, PACKAGES),
          Image(context, chroot) as image):
        return image.folder
