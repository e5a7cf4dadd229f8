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

"""Services, secrets and configs of a swarm of several hosts."""

from tests.functional import base
from tests.functional import clusters


class ManagersTest(clusters.SwarmTest):
    """docker_endpoint is the list of all managers."""

    count = 3

    def setUp(self):
        super().setUp()
        self.load_image()

    def of_managers(self, kind, **properties):
        return {'type': 'DockerInc::Docker::' + kind, 'properties': {
            'docker_endpoint': [host.endpoint for host in self.hosts],
            'tls': self.hosts[0].tls, **properties}}

    def resources(self, content='first', **properties):
        return {
            'password': self.of_managers('Secret', content=content),
            'motd': self.of_managers('Config', content=content),
            'web': self.of_managers(
                'Service', image=self.busybox, cmd=base.SLEEP, replicas=2,
                converge_delay=1, update_config={'monitor': 1},
                secrets=[{'source': {'get_resource': 'password'},
                          'target': 'password'}],
                configs=[{'source': {'get_resource': 'motd'},
                          'target': '/etc/motd'}], **properties)}

    def objects(self, host):
        """Return the numbers of services, secrets and configs."""
        with host.client() as client:
            return (len(client.services()), len(client.secrets()),
                    len(client.configs()))

    def node_id(self, host):
        return self.nodes(host)[host.name]['ID']

    def running(self, host):
        with host.client() as client:
            return [task for task in client.tasks(
                        {'desired-state': 'running'})
                    if task['Status']['State'] == 'running']

    def test_first_manager_is_lost(self):
        first, second, third = self.hosts
        self.create(self.cluster_of(self.hosts, []))
        stack_id = self.create(self.resources())
        service = self.resource(stack_id, 'web').physical_resource_id
        self.assertEqual((1, 1, 1), self.objects(second))
        first.kill()
        # It was the leader, so that the others have to elect another one.
        self.update_stack(stack_id, self.template(
            self.resources('second', env=['A=b'])))
        self.check(stack_id)
        self.assertEqual(
            ((1, 1, 1), {self.node_id(second), self.node_id(third)}),
            (self.objects(second), {task['NodeID']
                                    for task in self.running(third)}))
        self.assertEqual(service, self.resource(
            stack_id, 'web').physical_resource_id)
        self.heat.resources.signal(stack_id, 'web', data={
            'action': 'scale', 'replicas': 3})
        base.wait_until(lambda: len(self.running(second)) == 3, 'scale')
        self.assertEqual(3, self.attribute(stack_id, 'web',
                                           'running_replicas'))
        # A create needs no more than the others do.
        other = self.create({'other': self.of_managers(
            'Config', content='x')})
        self.delete_stack(other)
        self.delete_stack(stack_id)
        self.assertEqual((0, 0, 0), self.objects(second))

    def test_first_manager_is_cut_off(self):
        """It responds to heat-engine, but the others do not hear it."""
        first, second, third = self.hosts
        self.create(self.cluster_of(self.hosts, []))
        stack_id = self.create(self.resources())
        first.cut_off(second, third)
        with first.client() as client:
            base.wait_until(lambda: 'leader' in client.info()['Swarm'][
                'Error'], 'the first one notices it')
        self.check(stack_id)
        self.update_stack(stack_id, self.template(
            self.resources('second', env=['A=b'])))
        self.assertEqual((1, 1, 1), self.objects(second))
        self.delete_stack(stack_id)
        self.assertEqual((0, 0, 0), self.objects(second))
