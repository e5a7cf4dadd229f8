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


"""Several Docker Engines as separate hosts in a guest, for clusters.

They are what ``sandbox.hosts`` has on this machine, on a kernel with IPVS,
VXLAN and cgroup v2.
"""

import contextlib
import json
import pathlib

import docker
import fixtures

from sandbox import certificates
from sandbox.guests import machine

PORT = 2376
# Of the Docker Engine in the image.
API = '1.41'

# The first process of the guest. Each host has its own network, hostname,
# processes and files in /run; the kernel of the guest is that of all of them.
FIRST = """\
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ulimit -n 65536
modprobe -a virtio_net ip_vs vxlan
# As dockerd does; networks that are made later, also in a host, inherit it.
sysctl -q net.ipv4.ip_forward=1
ip link add bridge type bridge
ip link set eth0 master bridge up
ip link set bridge up
for name in {names}; do
    ip netns add $name
    ip link add $name type veth peer name eth0 netns $name
    ip link set $name master bridge up
    nsenter --net=/run/netns/$name unshare --uts --pid --fork --mount \\
        --mount-proc sh /guest/$name/start 2>&1 | sed "s/^/$name: /" &
done
while :; do wait; sleep 3600; done
"""
START = """\
mount -t tmpfs tmpfs /run
hostname {name}
ip link set lo up
ip address add {address}/24 dev eth0
ip link set eth0 up
ip route add default via {gateway}
{registries}
# On a busy machine, containerd may need longer than dockerd waits for it.
while :; do dockerd --config-file /guest/{name}/config; sleep 1; done
"""


class Host:
    """A host with a Docker Engine that requires client certificates.

    :ivar name: its hostname.
    :ivar address: its IP address, also of its published ports.
    :ivar endpoint: URL of its engine, for docker_endpoint.
    :ivar tls: value of the property tls for it.
    """

    def __init__(self, name, address, authority, folder):
        """Create a host that is not started.

        :param authority: certificates.Authority.
        :param folder: pathlib.Path for the files of clients.
        """
        self.name = name
        self.address = str(address)
        self.endpoint = f'https://{address}:{PORT}'
        self._server = authority.issue(name, address=self.address)
        client = authority.issue('heat')
        self.tls = {'ca_cert': authority.certificate,
                    'client_cert': client.certificate,
                    'client_key': client.key}
        self._paths = {key: certificates.write(folder / f'{name}-{key}', text)
                       for key, text in self.tls.items()}

    def files(self, start):
        """Return its files in the guest.

        :param start: shell commands of its first process.
        """
        folder = f'/guest/{self.name}'
        return {
            f'{folder}/start': start,
            f'{folder}/ca': self.tls['ca_cert'],
            f'{folder}/cert': self._server.certificate,
            f'{folder}/key': self._server.key,
            f'{folder}/config': json.dumps({
                'hosts': ['unix:///run/docker.sock', f'tcp://0.0.0.0:{PORT}'],
                'log-level': 'warn',
                'tlsverify': True,
                'tlscacert': f'{folder}/ca',
                'tlscert': f'{folder}/cert',
                'tlskey': f'{folder}/key',
                'data-root': f'{folder}/root',
                'exec-opts': ['native.cgroupdriver=cgroupfs'],
                'cgroup-parent': f'/{self.name}'})}

    @contextlib.contextmanager
    def client(self):
        """Yield a docker.APIClient of the engine."""
        tls = docker.tls.TLSConfig(
            client_cert=(self._paths['client_cert'],
                         self._paths['client_key']),
            ca_cert=self._paths['ca_cert'], verify=True)
        with contextlib.closing(docker.APIClient(
                self.endpoint, tls=tls, version=API, timeout=60)) as client:
            # It would verify with what REQUESTS_CA_BUNDLE refers to.
            client.trust_env = False
            yield client


class Hosts(machine.Machine):
    """A guest with several hosts on the bridge of the sandbox.

    :ivar hosts: list of :class:`Host`.
    """

    name = 'guest-hosts'
    suffix = 'vms'

    def __init__(self, context, registries, count):
        super().__init__(context, registries)
        self._count = count

    def _setUp(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        authority = certificates.Authority()
        self.hosts = [
            Host(f'host{number}', self.pool[10 + number], authority, folder)
            for number in range(1, self._count + 1)]
        super()._setUp()

    def files(self):
        files = {'/guest/first': FIRST.format(
            names=' '.join(host.name for host in self.hosts))}
        for host in self.hosts:
            files |= host.files(START.format(
                name=host.name, address=host.address, gateway=self.pool[1],
                registries=self.registries()))
        return files

    def init(self):
        return '/bin/sh /guest/first'

    def is_ready(self):
        for host in self.hosts:
            with host.client() as client:
                client.ping()
        return True
