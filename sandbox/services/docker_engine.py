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

"""Docker Engine: a borrowed one or one of our own, and one with TLS."""

import contextlib
import json
import os
import signal

import docker
import psutil
import requests

from sandbox import certificates
from sandbox import cleaning
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

    It neither reads nor writes the iptables rules of another engine on this
    machine. An engine that starts empties the chain DOCKER even if it belongs
    to another one. So this engine has iptables disabled, and the sandbox adds
    three rules for its address range. docker-proxy serves published ports.
    https://docs.docker.com/network/iptables/
    """

    # Part of the names of its objects, which differ from another engine's.
    suffix = ''
    stop_signal = signal.SIGTERM
    # All containers are removed before.
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
        super()._setUp()
        network.create(self.bridge, self.pool)
        self.addCleanup(network.remove, self.bridge, self.pool)
        self.config = self.context.layout.etc / f'{self.name}.json'
        self.config.write_text(json.dumps({
            'hosts': [self.endpoint, f'tcp://{self.address}'],
            # runc refuses a path through a symbolic link.
            'data-root': os.path.join(os.path.realpath(self.tempdir),
                                      'root'),
            'exec-root': self.exec_root,
            'pidfile': os.path.join(self.tempdir, 'pid'),
            'bridge': self.bridge,
            'iptables': False,
            # Keeps its control groups apart from those of other engines.
            'cgroup-parent': f'/{self.context.tag}',
            'exec-opts': ['native.cgroupdriver=cgroupfs'],
            'shutdown-timeout': 5,
            **self.options(),
        }, indent=1))
        self.start()
        self.addCleanup(self._empty)

    def options(self):
        """Return the configuration that is specific to this engine."""
        raise NotImplementedError

    def is_ready(self):
        return answers(self.endpoint)

    def start(self):
        if self.is_running():
            return
        # An existing containerd is shared, so the namespaces must differ.
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
        """SIGKILL for dockerd and its containerd; containers keep running.

        On start, dockerd considers the process in containerd's PID file alive
        even if it is dying, or dead and not yet reaped.
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
        """Remove all objects, so that dockerd stops at once."""
        if self.is_running():
            with contextlib.suppress(Exception):
                cleaning.empty_engine(self.endpoint)


class DockerEngine(Engine):
    """The default engine of templates if there is none to borrow."""

    name = 'dockerd'

    @property
    def tcp_endpoint(self):
        return f'tcp://{self.address}'

    def options(self):
        return {'tls': False,
                'default-address-pools': [{'base': str(self.pool),
                                           'size': 24}]}


class TLSDockerEngine(Engine):
    """An engine over HTTPS that requires a client certificate.

    It may run next to a borrowed engine. On start, an engine without a bridge
    deletes the bridge docker0 of the other one, and so does a restarted
    engine with its own address pools. Therefore it has a bridge and no pools;
    its networks get the addresses that Docker chooses.
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
        # Docker's client would always verify with the certificates that
        # REQUESTS_CA_BUNDLE in the environment refers to.
        return requests.get(
            f'{self.tls_endpoint}/_ping', verify=self.files.ca,
            cert=(self.files.cert, self.files.key), timeout=3).ok
