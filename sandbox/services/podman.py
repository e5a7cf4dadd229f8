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

"""Podman: another engine that implements Docker's API."""

import os
import resource

from sandbox import cleaning
from sandbox.services import base
from sandbox.services import docker_engine

# Private mounts hide the fixed paths that Podman uses. An empty /run after
# each start means, as after a reboot, that no container runs. (Debian creates
# the two other directories at boot; they stay empty.) Sockets lead to the
# registries. The shell stays, because a first process must wait for orphans.
SCRIPT = """\
mkdir -p /var/lib/cni /var/lib/containers
mount -t tmpfs tmpfs /run
# conmon writes a file here when a container runs out of memory.
cd /run
mount -t tmpfs tmpfs /var/lib/cni
# For each version request it runs dpkg for the versions of its programs, which
# takes seconds.
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
# The defaults are more than a process that must not raise limits can set.
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
http_proxy = false
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
# Locks in shared memory would be common to all Podmans of this machine.
lock_type = "file"
# crun does not support hybrid cgroups.
runtime = "runc"
[network]
network_config_dir = "{networks}"
"""

# Works on any file system, and the copies are small.
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
    """Write all settings; return the environment variables with their paths.

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
    """A Unix socket that leads to an address of this machine."""

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

    It has its own PID, mount and network namespaces. All of its processes end
    with the first one, and its mounts, bridges and iptables rules disappear.
    The ports of its containers are not those of this machine.
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
        """Forward to the registries; return their ports."""
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
        """Kill it with all of its containers: a power cut."""
        if self.is_running():
            self.end(self.process, self.leader)


class MainPodman(Podman):
    """The default engine of templates, in the network of the sandbox.

    The sandbox then has its own network namespace, so the bridges and rules
    of Podman disappear with it.
    """

    network = ()

    def relay(self):
        return []
