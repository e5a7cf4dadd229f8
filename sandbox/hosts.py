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

"""Several Docker Engines as separate hosts, for clusters.

Each host has its own network, hostname, processes, files in /run, and data.
A bridge in the network of the sandbox connects them, so that heat-engine
reaches them. The kernel is that of this machine: services with virtual IPs
need IPVS, and overlay networks between hosts need VXLAN.
"""

import contextlib
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile

import docker
import fixtures

from sandbox import certificates
from sandbox import cleaning
from sandbox import debian
from sandbox import engines
from sandbox import network
from sandbox import waiting

PORT = 2376
# Seconds until a daemon responds, beside other tests.
PATIENCE = 120

# The first process ends with its standard input, and the kernel then kills
# all others of the host. "$0" is the hostname.
_FIRST = """
mount -t tmpfs tmpfs /run
hostname "$0"
ip link set lo up
echo ready
read go
"$@" >>{log} 2>&1 &
cat >/dev/null
"""


class Host:
    """A machine with a Docker Engine that requires client certificates.

    :ivar name: its hostname.
    :ivar address: its IP address.
    :ivar endpoint: URL of its engine, for docker_endpoint.
    :ivar tls: value of the property tls for it.
    """

    def __init__(self, name, address, folder, authority, programs, cgroup):
        """Create a host that is not started.

        :param folder: pathlib.Path for its data; short, because of sockets.
        :param authority: certificates.Authority.
        :param programs: what to put before a command of its engine.
        :param cgroup: parent of the control groups of its containers.
        """
        self.name = name
        self.address = str(address)
        self.endpoint = f'https://{address}:{PORT}'
        self.log = folder / 'log'
        self._folder = folder
        self._programs = programs
        self._process = self._cable = None
        folder.mkdir()
        server = authority.issue(name, address=self.address)
        client = authority.issue('heat')
        self.tls = {'ca_cert': authority.certificate,
                    'client_cert': client.certificate,
                    'client_key': client.key}
        for file, text in (('ca', authority.certificate),
                           ('cert', server.certificate),
                           ('key', server.key)):
            certificates.write(folder / file, text)
        (folder / 'config').write_text(json.dumps({
            'hosts': [f'unix://{folder}/docker.sock',
                      f'tcp://0.0.0.0:{PORT}'],
            'tlsverify': True,
            **{'tls' + key: str(folder / file) for key, file in (
                ('cacert', 'ca'), ('cert', 'cert'), ('key', 'key'))},
            'data-root': os.path.realpath(folder / 'root'),
            'exec-opts': ['native.cgroupdriver=cgroupfs'],
            'cgroup-parent': cgroup,
            'shutdown-timeout': 3}))

    def start(self, bridge, pool):
        """Switch the host on.

        :param bridge: name of the bridge.
        :param pool: network of the bridge, whose first address it has.
        """
        self._process = subprocess.Popen(
            ['unshare', '--net', '--uts', '--pid', '--fork', '--kill-child',
             '--mount', '--propagation', 'slave', '--mount-proc', 'sh', '-c',
             _FIRST.format(log=self.log), self.name, *self._programs,
             'dockerd', '--config-file', str(self._folder / 'config')],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True)
        self._process.stdout.readline()
        self._cable = bridge[:9] + secrets.token_hex(3)
        network.run('ip', 'link', 'add', self._cable, 'type', 'veth', 'peer',
                    'name', 'eth0', 'netns', str(self._process.pid))
        network.run('ip', 'link', 'set', self._cable, 'master', bridge, 'up')
        for command in (f'address add {self.address}/24 dev eth0',
                        'link set eth0 up',
                        f'route add default via {pool[1]}'):
            network.run('nsenter', f'--net=/proc/{self._process.pid}/ns/net',
                        'ip', *command.split())
        self._process.stdin.write(b'go\n')
        self._process.stdin.flush()

    def wait(self):
        """Wait until the engine responds."""
        waiting.until(self._answers, PATIENCE, f'Docker on {self.name}',
                      (docker.errors.DockerException,))

    def kill(self):
        """Switch the host off, without any warning to its processes."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def unplug(self):
        """Disconnect the host from the network, but leave it on."""
        network.run('ip', 'link', 'set', self._cable, 'down')

    def plug(self):
        """Connect the host to the network again."""
        network.run('ip', 'link', 'set', self._cable, 'up')

    def cut_off(self, *others):
        """Drop what the host sends to others, but not to heat-engine."""
        for other in others:
            network.run('nsenter', f'--net=/proc/{self._process.pid}/ns/net',
                        'ip', 'route', 'add', 'blackhole', other.address)

    def _answers(self):
        with self.client() as client:
            return client.ping()

    @contextlib.contextmanager
    def client(self):
        """Yield a docker.APIClient of the engine."""
        with contextlib.closing(docker.APIClient(
                f'unix://{self._folder}/docker.sock', version='auto',
                timeout=30)) as client:
            yield client


class Hosts(fixtures.Fixture):
    """Several hosts on one bridge.

    :ivar hosts: list of :class:`Host`, all switched on.
    """

    def __init__(self, count, engine=engines.DEFAULT):
        """Prepare hosts.

        :param count: number of hosts.
        :param engine: one of engines.NAMES, which the sandbox has used.
        """
        self._count = count
        self._engine = engine

    def _setUp(self):
        self.tag = 'hd' + secrets.token_hex(3)
        folder = pathlib.Path(tempfile.mkdtemp(prefix='hosts-'))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.pool = network.free_pool()
        network.create(self.tag, self.pool)
        self.addCleanup(network.remove, self.tag, self.pool)
        self.addCleanup(cleaning.remove_cgroups, self.tag)
        authority = certificates.Authority()
        self.hosts = [
            Host(f'host{number}', self.pool[10 + number],
                 folder / str(number), authority, self._programs(),
                 f'/{self.tag}/{number}')
            for number in range(1, self._count + 1)]
        for host in self.hosts:
            self.addCleanup(host.kill)
        self.start(*self.hosts)

    def start(self, *hosts):
        """Switch hosts on, and wait for their engines."""
        for host in hosts:
            host.start(self.tag, self.pool)
        for host in hosts:
            host.wait()

    def _programs(self):
        """Return what to put before a command; a Podman has no swarms."""
        release = engines.release(self._engine)
        if not release or engines.is_podman(self._engine):
            return []
        return ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c',
                engines.WITH_USR, str(debian.cache('engines') / release)]
