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


"""A guest with Debian's kernel, on a bridge in the network of the sandbox.

Unlike the guests of ``stand_ins``, which boot as servers of Nova do, it has
no cloud-init and a network card on the bridge. So all ports of the guest are
reached from outside, and others in the guest can have addresses of the bridge.
The guest reaches the registries of the sandbox at their loopback addresses.
"""

import io
import os
import tarfile
import urllib.parse

from sandbox import network
from sandbox import packages
from sandbox.guests import image
from sandbox.services import base

# Files of the guest are unpacked over those of the image before they are used.
# The disk of a guest is a copy that nobody sees.
BOOT = ('root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet '
        'cloud-init=disabled init=/bin/sh -- '
        '-c "tar -xf /dev/vdb -C / && exec {init}"')
# A script that qemu calls with the name of the network card.
PLUG = '#!/bin/sh\nip link set "$1" master {bridge} up\n'

# For a network in the guest: connections to the registries go outside.
REGISTRIES = """\
sysctl -q net.ipv4.conf.all.route_localnet=1
for port in {ports}; do
    iptables -w -t nat -A OUTPUT -d 127.0.0.1 -p tcp --dport $port \\
        -j DNAT --to {gateway}
    iptables -w -t nat -A POSTROUTING -d {gateway} -p tcp --dport $port \\
        -j MASQUERADE
done
"""


def archive(files):
    """Return a tar archive of texts.

    :param files: {path: text}; a text that begins with "->" is a link.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as tar:
        for path, text in files.items():
            info = tarfile.TarInfo(path.lstrip('/'))
            info.mode = 0o600
            if text.startswith('->'):
                info.type, info.linkname, text = (
                    tarfile.SYMTYPE, text.removeprefix('->'), '')
            data = text.encode()
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


class Machine(base.Service):
    """A guest whose processor is emulated; see ``stand_ins``.

    :ivar pool: network of the bridge, whose first address is the sandbox.
    """

    name = 'guest'
    # Part of the name of its bridge.
    suffix = 'vm'
    # Seconds until it responds, beside other tests.
    timeout = 600
    memory = '3072'

    def __init__(self, context, registries, *taken):
        """Create a guest that is not started yet.

        :param registries: host:port of the registries on loopback.
        :param taken: networks that others will have.
        """
        super().__init__(context)
        self.bridge = f'{context.tag}-{self.suffix}'
        self.pool = network.free_pool(*taken)
        self._ports = [urllib.parse.urlsplit(f'//{registry}').port
                       for registry in registries]

    def files(self):
        """Return the files of the guest, as of :func:`archive`."""
        raise NotImplementedError

    def init(self):
        """Return the command that becomes its first process."""
        raise NotImplementedError

    def is_ready(self):
        raise NotImplementedError

    def registries(self):
        """Return shell commands for a network in the guest."""
        return REGISTRIES.format(ports=' '.join(map(str, self._ports)),
                                 gateway=self.pool[1])

    def _setUp(self):
        super()._setUp()
        packages.ensure('whole')
        self.image = image.provide(self.context)
        network.create(self.bridge, self.pool)
        self.addCleanup(network.remove, self.bridge, self.pool)
        for port in self._ports:
            self.spawn(['socat', f'TCP-LISTEN:{port},bind={self.pool[1]},'
                        'reuseaddr,fork', f'TCP:127.0.0.1:{port}'])
        self.start()

    def start(self):
        plug = os.path.join(self.tempdir, 'plug')
        with open(plug, 'w') as f:
            f.write(PLUG.format(bridge=self.bridge))
        os.chmod(plug, 0o700)
        seed = os.path.join(self.tempdir, 'seed.tar')
        with open(seed, 'wb') as f:
            f.write(archive(self.files()))
        self.spawn([
            'qemu-system-x86_64', '-accel', 'tcg,thread=multi',
            '-cpu', 'max', '-smp', '2', '-m', self.memory,
            '-display', 'none',
            '-kernel', self.image / 'vmlinuz',
            '-initrd', self.image / 'initrd.img',
            '-append', BOOT.format(init=self.init()),
            '-drive', f'file={self.image}/disk.img,format=raw,if=virtio,'
            'snapshot=on',
            '-drive', f'file={seed},format=raw,if=virtio,readonly=on',
            '-netdev', f'tap,id=net,script={plug},downscript=no',
            '-device', 'virtio-net-pci,netdev=net',
            '-serial', f'file:{self.context.layout.log("guest-console")}'])
        self.wait(self.is_ready, 'an answer')

    def stop(self):
        self.end(self.process, self.leader)
