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
"""Tests on an engine that is the only node of a swarm."""

import contextlib

import docker

from sandbox import ports
from tests.functional import base

_GATEWAY = 'docker_gwbridge'


def serve(seconds):
    """Return a command that serves $PAGE, and longer than it is told to.

    Requests that are on their way when it is told to stop are answered.

    :param seconds: how long it goes on after that.
    """
    return ['sh', '-c', 'trap "sleep %d; kill $p; exit 0" TERM; mkdir /www; '
                        'echo $PAGE >/www/index.html; '
                        'httpd -f -p 8080 -h /www & '
                        'p=$!; while :; do sleep 1 & wait $!; done' % seconds]


@base.requires('swarm')
class SwarmTest(base.FunctionalTest):
    """A test that makes a swarm, and leaves it at its end.

    It runs alone: the other tests share the engine.
    """

    alone = True

    def setUp(self):
        super().setUp()
        address = '127.0.0.1:%d' % ports.free()
        had_gateway = self.docker.networks(names=[_GATEWAY])
        self.docker.init_swarm(address, address)
        if not had_gateway:
            self.addCleanup(self._remove_gateway)
        self.addCleanup(self.docker.leave_swarm, force=True)

    def _remove_gateway(self):
        with contextlib.suppress(docker.errors.NotFound):
            self.docker.remove_network(_GATEWAY)

    def service(self, **properties):
        """Return a service of tasks that run until they are stopped."""
        return {'type': 'DockerInc::Docker::Service', 'properties': {
            'image': self.busybox, 'cmd': base.SLEEP, 'converge_delay': 1,
            'update_config': {'monitor': 1}, **properties}}

    def network(self, **properties):
        """Return a network of the swarm that containers can join, too."""
        return {'type': 'DockerInc::Docker::Network', 'properties': {
            'driver': 'overlay', 'attachable': True, **properties}}

    def shown(self, stack_id, name='web'):
        """Return what the engine shows of a service."""
        return self.docker.inspect_service(
            self.resource(stack_id, name).physical_resource_id)

    def running(self, stack_id, name='web'):
        """Return the running tasks of a service."""
        return [task for task in self.docker.tasks({'service': self.shown(
                    stack_id, name)['ID'], 'desired-state': 'running'})
                if task['Status']['State'] == 'running']

    def container_of(self, task):
        """Return the inspected container of a task."""
        return self.docker.inspect_container(
            task['Status']['ContainerStatus']['ContainerID'])
