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

"""Docker Engine: the one that is there, or one of our own."""

import contextlib
import json
import os
import signal

import docker
import psutil

from sandbox import cleaning
from sandbox import errors
from sandbox import network
from sandbox import ports
from sandbox import processes
from sandbox.services import base

BORROWED = 'unix:///var/run/docker.sock'


def answers(endpoint):
    with contextlib.suppress(Exception):
        with contextlib.closing(
                docker.DockerClient(endpoint, timeout=3)) as client:
            return client.ping()
    return False


def running():
    """Return the endpoint of an engine that may be borrowed, or None."""
    return BORROWED if answers(BORROWED) else None


class DockerEngine(base.Service):
    """An engine with its own data, bridge and addresses.

    It neither reads nor writes a rule of another engine on this machine: an
    engine that starts empties the iptables chain DOCKER even if it belongs
    to another one, so this one is told to leave iptables alone, and gets
    three rules of its own for its range of addresses instead. Published
    ports are served by docker-proxy.
    https://docs.docker.com/network/iptables/
    """

    name = 'dockerd'
    stop_signal = signal.SIGTERM
    # Containers have been removed by then.
    stop_timeout = 20

    def __init__(self, context):
        super().__init__(context)
        self.endpoint = f'unix://{context.short}/docker.sock'
        self.tcp_endpoint = f'tcp://{ports.LOOPBACK}:{ports.free()}'
        self.pool = network.free_pool()

    def _setUp(self):
        if os.geteuid():
            raise errors.SandboxError(
                f'no Docker Engine answers at {BORROWED}, and only root '
                'can start one')
        super()._setUp()
        self.addCleanup(cleaning.unmount, str(self.context.layout.data),
                        self.context.short)
        network.create(self.context.tag, self.pool)
        self.addCleanup(network.remove, self.context.tag, self.pool)
        self.config = self.context.layout.etc / 'dockerd.json'
        self.config.write_text(json.dumps({
            'hosts': [self.endpoint, self.tcp_endpoint],
            'tls': False,
            # runc takes no path that leads through a symbolic link.
            'data-root': os.path.join(os.path.realpath(self.tempdir),
                                      'root'),
            'exec-root': os.path.join(self.context.short, 'exec'),
            'pidfile': os.path.join(self.tempdir, 'pid'),
            'bridge': self.context.tag,
            'default-address-pools': [{'base': str(self.pool), 'size': 24}],
            'iptables': False,
            # Makes the processes of its containers known as ours.
            'cgroup-parent': f'/{self.context.tag}',
            'exec-opts': ['native.cgroupdriver=cgroupfs'],
            'shutdown-timeout': 5,
        }, indent=1))
        self.start()
        self.addCleanup(self._empty)

    def start(self):
        if self.is_running():
            return
        # Should the machine run a containerd, it is shared; ours is ours.
        self.spawn(['dockerd', '--config-file', str(self.config),
                    '--containerd-namespace', self.context.tag,
                    '--containerd-plugins-namespace',
                    f'{self.context.tag}-plugins'])
        self.wait(lambda: answers(self.endpoint),
                  f'{self.endpoint} does not answer')

    def stop(self):
        if self.is_running():
            self.end(self.process, self.leader)

    def kill(self):
        """SIGKILL for dockerd and its containerd; containers run on.

        A dockerd that starts takes the process in containerd's pid file for
        a live one even if it is just dying, or dead and not yet reaped.
        """
        if self.is_running():
            children = {child.pid: processes.start_time(child.pid) for child
                        in psutil.Process(self.process.pid).children()}
            self.end(self.process, self.leader, signal.SIGKILL)
            processes.end(children)
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(self.context.short, 'exec',
                                       'containerd', 'containerd.pid'))

    def _empty(self):
        """Remove all objects, so that dockerd has nothing to wait for."""
        if self.is_running():
            with contextlib.suppress(Exception):
                cleaning.empty_engine(self.endpoint)
