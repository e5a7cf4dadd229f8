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

"""Docker Engine: the one that is there, or one of our own; one with TLS."""

import contextlib
import json
import os
import signal

import docker
import psutil
import requests

from sandbox import certificates
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


class Engine(base.Service):
    """An engine with its own data, bridge and addresses.

    It neither reads nor writes a rule of another engine on this machine: an
    engine that starts empties the iptables chain DOCKER even if it belongs
    to another one, so this one is told to leave iptables alone, and gets
    three rules of its own for its range of addresses instead. Published
    ports are served by docker-proxy.
    https://docs.docker.com/network/iptables/
    """

    # Tells all that it has from what another engine of the sandbox has.
    suffix = ''
    stop_signal = signal.SIGTERM
    # Containers have been removed by then.
    stop_timeout = 20

    def __init__(self, context, *taken, programs=()):
        """Create an engine that is not started yet.

        :param taken: networks of other engines.
        :param programs: as of sandbox.engines.
        """
        super().__init__(context)
        self.endpoint = f'unix://{context.short}/docker{self.suffix}.sock'
        self.address = f'{ports.LOOPBACK}:{ports.free()}'
        self.exec_root = os.path.join(context.short, f'exec{self.suffix}')
        self.bridge = f'{context.tag}{self.suffix}'
        self.pool = network.free_pool(*taken)
        self.programs = programs

    def _setUp(self):
        if os.geteuid():
            raise errors.SandboxError('only root can start a Docker Engine')
        super()._setUp()
        network.create(self.bridge, self.pool)
        self.addCleanup(network.remove, self.bridge, self.pool)
        self.config = self.context.layout.etc / f'{self.name}.json'
        self.config.write_text(json.dumps({
            'hosts': [self.endpoint, f'tcp://{self.address}'],
            # runc takes no path that leads through a symbolic link.
            'data-root': os.path.join(os.path.realpath(self.tempdir),
                                      'root'),
            'exec-root': self.exec_root,
            'pidfile': os.path.join(self.tempdir, 'pid'),
            'bridge': self.bridge,
            'iptables': False,
            # Tells its control groups from those of another engine.
            'cgroup-parent': f'/{self.context.tag}',
            'exec-opts': ['native.cgroupdriver=cgroupfs'],
            'shutdown-timeout': 5,
            **self.options(),
        }, indent=1))
        self.start()
        self.addCleanup(self._empty)

    def options(self):
        """Return what is particular to this engine's configuration."""
        raise NotImplementedError

    def is_ready(self):
        return answers(self.endpoint)

    def start(self):
        if self.is_running():
            return
        # Should the machine run a containerd, it is shared; ours is ours.
        self.spawn([*self.programs, 'dockerd',
                    '--config-file', str(self.config),
                    '--containerd-namespace', self.bridge,
                    '--containerd-plugins-namespace',
                    f'{self.bridge}-plugins'])
        self.wait(self.is_ready, 'an answer')

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
                os.remove(os.path.join(self.exec_root, 'containerd',
                                       'containerd.pid'))

    def _empty(self):
        """Remove all objects, so that dockerd has nothing to wait for."""
        if self.is_running():
            with contextlib.suppress(Exception):
                cleaning.empty_engine(self.endpoint)


class DockerEngine(Engine):
    """What templates use by default when there is no engine to borrow."""

    name = 'dockerd'

    @property
    def tcp_endpoint(self):
        return f'tcp://{self.address}'

    def options(self):
        return {'tls': False,
                'default-address-pools': [{'base': str(self.pool),
                                           'size': 24}]}


class TLSDockerEngine(Engine):
    """An engine over HTTPS, for those who show a certificate only.

    It stands beside a borrowed engine, whose bridge docker0 an engine
    without a bridge deletes when it starts; so does one that is started
    again with address pools of its own. So it has a bridge and no pools:
    networks that are created on it get the addresses that Docker chooses.
    https://github.com/moby/moby/blob/v20.10.24/daemon/daemon_unix.go
    """

    name = 'dockerd-tls'
    suffix = '-tls'

    @property
    def tls_endpoint(self):
        return f'https://{self.address}'

    def _setUp(self):
        self.files = certificates.provide(self.context.layout.tls)
        super()._setUp()

    def options(self):
        return {'tlsverify': True,
                'tlscacert': self.files.ca,
                'tlscert': self.files.server_cert,
                'tlskey': self.files.server_key}

    def is_ready(self):
        # Docker's client would verify it with what REQUESTS_CA_BUNDLE in
        # the environment names, whatever it is told.
        return requests.get(
            f'{self.tls_endpoint}/_ping', verify=self.files.ca,
            cert=(self.files.cert, self.files.key), timeout=3).ok
