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

"""Heat resources that stand in for Nova and Neutron: a real guest, by qemu.

A plugin of Heat, for its folder of plugins. A port is an address of loopback
that nobody else has; what listens in the guest is reached at it, by the same
numbers. The guest reaches nothing but services of the sandbox, which are at
the loopback addresses that they have outside.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import uuid

from heat.common import exception
from heat.engine import attributes
from heat.engine import properties
from heat.engine import resource

# Written next to this file: {"folder": of the guests, "image": folder with
# vmlinuz, initrd.img and disk.img, "services": ports on loopback}.
SETTINGS = 'guests.json'

# Ports of the guest that are reached from outside.
OPEN = (80, 2375, 2376, 3306)

# How the guest calls the machine it is on; any of its network would do.
OUTSIDE = '10.0.2.100'

# Runs before the user's script. A service is a unit that hands it on.
VENDOR_DATA = """\
#!/bin/sh
for port in %s; do
    systemd-run --unit=outside-$port \\
        --socket-property=ListenStream=127.0.0.1:$port \\
        /lib/systemd/systemd-socket-proxyd %s:$port
done
"""


def settings():
    return json.loads(
        pathlib.Path(__file__).with_name(SETTINGS).read_text())


def _any(*names):
    """Return the schemas of properties that mean nothing here."""
    return {name: properties.Schema(properties.Schema.ANY) for name in names}


class Port(resource.Resource):
    """For OS::Neutron::Port."""

    properties_schema = _any('network', 'fixed_ips', 'security_groups')
    attributes_schema = {}

    def handle_create(self):
        """Take an address; of sixteen million one is hardly taken twice."""
        self.resource_id_set('127.%d.%d.%d' % tuple(
            random.randint(1, 254) for _ in range(3)))


class FloatingIP(resource.Resource):
    """For OS::Neutron::FloatingIP: the address of its port."""

    properties_schema = {
        'port_id': properties.Schema(properties.Schema.STRING,
                                     required=True),
        **_any('floating_network')}
    attributes_schema = {'floating_ip_address': attributes.Schema()}

    def handle_create(self):
        self.resource_id_set(str(uuid.uuid4()))

    def _resolve_attribute(self, name):
        return self.properties['port_id']


class Server(resource.Resource):
    """For OS::Nova::Server: complete when it is switched on."""

    properties_schema = {
        'networks': properties.Schema(properties.Schema.LIST, required=True),
        'user_data': properties.Schema(properties.Schema.STRING,
                                       required=True),
        **_any('image', 'flavor', 'key_name', 'user_data_format')}
    attributes_schema = {}

    def handle_create(self):
        name = str(uuid.uuid4())
        self.resource_id_set(name)
        folder = self._folder()
        folder.mkdir(parents=True)
        self._write_seed(folder, name)
        self._run(*self._machine(folder))

    def _folder(self):
        return pathlib.Path(settings()['folder'], self.resource_id)

    def _write_seed(self, folder, name):
        """Write what cloud-init in the guest reads.

        https://cloudinit.readthedocs.io/en/22.4.2/topics/datasources/nocloud.html
        """
        files = {
            'meta-data': f'{{instance-id: {name}, local-hostname: guest}}\n',
            'user-data': self.properties['user_data'],
            'vendor-data': VENDOR_DATA % (
                ' '.join(map(str, settings()['services'])), OUTSIDE)}
        for file, text in files.items():
            (folder / file).write_text(text)
        self._run('genisoimage', '-quiet', '-output', folder / 'seed.iso',
                  '-volid', 'cidata', '-joliet', '-rock',
                  *(folder / file for file in files))

    def _machine(self, folder):
        """Return the command that switches it on.

        Its processor is emulated: not every machine that this runs on may
        make virtual ones.
        """
        image = pathlib.Path(settings()['image'])
        address = self.properties['networks'][0]['port']
        inward = [f'hostfwd=tcp:{address}:{port}-:{port}' for port in OPEN]
        outward = [f'guestfwd=tcp:{OUTSIDE}:{port}-cmd:'
                   f'socat - TCP:127.0.0.1:{port}'
                   for port in settings()['services']]
        return [
            'qemu-system-x86_64', '-accel', 'tcg,thread=multi',
            '-cpu', 'max', '-smp', '2', '-m', '2048', '-display', 'none',
            '-kernel', image / 'vmlinuz', '-initrd', image / 'initrd.img',
            '-append', 'root=/dev/vda rw console=ttyS0',
            '-drive', f'file={image}/disk.img,format=raw,if=virtio,'
            'snapshot=on',
            '-drive', f'file={folder}/seed.iso,format=raw,if=virtio,'
            'readonly=on',
            '-netdev', ','.join(['user,id=net,restrict=on',
                                 *inward, *outward]),
            '-device', 'virtio-net-pci,netdev=net',
            '-serial', f'file:{folder}/console.log',
            '-pidfile', folder / 'pid', '-daemonize']

    def _run(self, *command):
        result = subprocess.run(command, capture_output=True, text=True,
                                timeout=30)
        if result.returncode:
            raise exception.Error(f'{command[0]}: {result.stderr}')

    def handle_delete(self):
        """Switch it off, and forget what was on its disk."""
        if self.resource_id is None:
            return
        folder = self._folder()
        pid_file = folder / 'pid'
        if pid_file.exists():
            pid = int(pid_file.read_text())
            command = pathlib.Path(f'/proc/{pid}/cmdline')
            if command.exists() and str(folder) in command.read_text():
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def resource_mapping():
    return {'Sandbox::Neutron::Port': Port,
            'Sandbox::Neutron::FloatingIP': FloatingIP,
            'Sandbox::Nova::Server': Server}
