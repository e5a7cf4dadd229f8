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

"""Podman: another engine that answers Docker's requests."""

import os
import resource

from sandbox import cleaning
from sandbox import errors
from sandbox.services import base
from sandbox.services import docker_engine

# What it keeps in fixed places it keeps in mounts that only it sees: a /run
# that is empty after each start tells it, as after a boot of the machine,
# that no container runs. (The two other folders, which stay empty, Debian
# makes at boot.) The registries come in through sockets. The shell stays,
# since a first process has to wait for orphans.
SCRIPT = """\
mkdir -p /var/lib/cni /var/lib/containers
mount -t tmpfs tmpfs /run
# Where conmon leaves a file when a container has run out of memory.
cd /run
mount -t tmpfs tmpfs /var/lib/cni
# Each time it is asked for its version, it has dpkg look for those of its
# programs, which takes seconds.
mount -t tmpfs tmpfs /var/lib/dpkg
mount --bind "$1" /var/lib/containers
ip link set lo up
for port in $2; do
    socat TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork \\
        UNIX-CONNECT:"$3/relay-$port" &
done
podman system service --time=0 "$4"
exit $?
"""

CONTAINERS = """\
[containers]
# By default more than who may not raise limits can give.
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
http_proxy = false
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
# In memory that is shared they would be every Podman's of this machine.
lock_type = "file"
# crun has no part in the hybrid of both versions of cgroups.
runtime = "runc"
[network]
network_config_dir = "{networks}"
"""

# On any file system, and what it copies is small.
STORAGE = """\
[storage]
driver = "vfs"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
"""

REGISTRY = """\
[[registry]]
location = "{address}"
insecure = true
"""


def write_settings(folder, registries):
    """Write all settings; return the environment that names them.

    :param folder: pathlib.Path that does not exist yet.
    :param registries: addresses of registries without TLS.
    """
    networks = folder / 'networks'
    networks.mkdir(parents=True)
    texts = {
        'CONTAINERS_CONF': CONTAINERS.format(
            files=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
            processes=resource.getrlimit(resource.RLIMIT_NPROC)[1],
            networks=networks),
        'CONTAINERS_STORAGE_CONF': STORAGE,
        'CONTAINERS_REGISTRIES_CONF': ''.join(
            REGISTRY.format(address=address) for address in registries)}
    for name, text in texts.items():
        (folder / name).write_text(text)
    return {name: str(folder / name) for name in texts}


class Relay(base.Service):
    """A socket for an address of this machine."""

    name = 'relay'

    def __init__(self, context, address):
        super().__init__(context)
        self.address = address
        self.port = address.rpartition(':')[2]
        self.socket = f'{context.short}/relay-{self.port}'

    def _setUp(self):
        super()._setUp()
        self.spawn(['socat', f'UNIX-LISTEN:{self.socket},fork',
                    f'TCP:{self.address}'])
        self.wait(lambda: os.path.exists(self.socket), 'the socket')


class Podman(base.Service):
    """The service, with its own containers, images and settings.

    It lives in namespaces of its own, of processes, mounts and the network:
    whoever ends its first process ends all that it has started, and mounts,
    bridges and rules of iptables go with it. The ports of its containers are
    not those of this machine.
    https://docs.podman.io/en/v4.3/markdown/podman-system-service.1.html
    """

    name = 'podman'
    # Options of unshare.
    network = ('--net',)

    def __init__(self, context, registries, programs=()):
        """Create a service that is not started yet.

        :param registries: addresses of registries without TLS.
        :param programs: as of sandbox.engines.
        """
        super().__init__(context)
        self.registries = registries
        self.programs = programs
        self.endpoint = f'unix://{context.short}/podman.sock'

    def _setUp(self):
        if os.geteuid():
            raise errors.SandboxError('only root can start Podman')
        super()._setUp()
        self.addCleanup(cleaning.remove_podman_cgroups,
                        self.context.layout.data)
        self.ports = ' '.join(self.relay())
        self.containers = os.path.join(self.tempdir, 'containers')
        os.mkdir(self.containers)
        self.settings = write_settings(
            self.context.layout.etc / 'podman', self.registries)
        self.start()

    def relay(self):
        """Bring the registries in; return their ports."""
        return [self.useFixture(Relay(self.context, address)).port
                for address in self.registries]

    def start(self):
        if self.is_running():
            return
        self.spawn([*self.programs, 'unshare', '--mount',
                    '--propagation', 'slave', *self.network, '--pid',
                    '--fork', '--kill-child', '--mount-proc',
                    'sh', '-ec', SCRIPT, 'podman', self.containers,
                    self.ports, self.context.short, self.endpoint],
                   self.settings)
        self.wait(lambda: docker_engine.answers(self.endpoint),
                  'an answer')

    def stop(self):
        """End it with all of its containers: a power cut."""
        if self.is_running():
            self.end(self.process, self.leader)


class MainPodman(Podman):
    """What templates use by default, in the network of the sandbox.

    That is one of its own then, so what Podman leaves of bridges and rules
    goes with it.
    """

    network = ()

    def relay(self):
        return []
