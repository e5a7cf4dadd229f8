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


"""The Docker Engine of a guest as the main engine of a sandbox.

It is that of Debian on Debian's kernel, with systemd and cgroup v2.
"""

from sandbox.guests import machine
from sandbox.services import docker_engine

PORT = 2375
# The command line of Debian's unit, and the port.
DOCKER = """\
[Service]
ExecStart=
ExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:{port} \\
    --containerd=/run/containerd/containerd.sock
"""
NETWORK = """\
[Unit]
Before=docker.service
[Service]
Type=oneshot
ExecStart=/bin/sh /etc/guest-network
"""
NETWORK_COMMANDS = """\
modprobe virtio_net
ip address add {address}/24 dev eth0
ip link set eth0 up
ip route add default via {gateway}
"""
UNITS = '/etc/systemd/system'
# Take long, and nobody needs them.
MASKED = ('apt-daily.timer', 'apt-daily-upgrade.timer', 'e2scrub_all.timer',
          'e2scrub_reap.service', 'fstrim.timer', 'getty@tty1.service',
          'serial-getty@ttyS0.service', 'systemd-timesyncd.service')


class Engine(machine.Machine):
    """A guest with one engine, without TLS.

    :ivar endpoint: URL of the engine.
    :ivar address: IP address of its published ports.
    """

    name = 'docker-guest'

    def __init__(self, context, registries):
        super().__init__(context, registries)
        self.address = str(self.pool[2])
        self.endpoint = self.tcp_endpoint = f'tcp://{self.address}:{PORT}'

    def files(self):
        return {
            f'{UNITS}/docker.service.d/port.conf': DOCKER.format(port=PORT),
            f'{UNITS}/guest-network.service': NETWORK,
            f'{UNITS}/docker.service.requires/guest-network.service':
                '->../guest-network.service',
            '/etc/guest-network': self.registries() + NETWORK_COMMANDS.format(
                address=self.address, gateway=self.pool[1]),
            **{f'{UNITS}/{unit}': '->/dev/null' for unit in MASKED}}

    def init(self):
        return '/sbin/init'

    def is_ready(self):
        return docker_engine.answers(self.endpoint)
