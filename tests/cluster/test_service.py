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
from tests.functional import swarms

# A server that serves for a while after it is told to stop, until the name
# servers of all hosts no longer return its address.
SERVE = swarms.serve(3)
# A client that looks the name up for each request.
ASK = ['sh', '-c', """
    trap "exit 0" TERM
    while :; do
        a=$(nslookup web | sed -n '/^Name/,$s/^Address: //p;' | head -n 1)
        page=$(printf 'GET / HTTP/1.0\\r\\n\\r\\n' |
               nc -w 5 ${a:-0.0.0.0} 8080 | tail -n 1)
        echo ${page:-failed}
    done"""]


class ServicesTest(clusters.SwarmTest):
    """A test with an image on three hosts."""

    count = 3

    def setUp(self):
        super().setUp()
        self.load_image(self.busybox)

    def of_swarm(self, kind, **properties):
        """Return an object of the swarm, by default of its first manager."""
        return {'type': 'DockerInc::Docker::' + kind, 'properties': {
            'docker_endpoint': self.hosts[0].endpoint,
            'tls': self.hosts[0].tls, **properties}}


class ManagersTest(ServicesTest):
    """docker_endpoint is the list of all managers."""

    def of_managers(self, kind, **properties):
        return self.of_swarm(kind, docker_endpoint=[
            host.endpoint for host in self.hosts], **properties)

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


class RollingUpdateTest(ServicesTest):
    """Replicas on several hosts, in an overlay network."""

    def service(self, **properties):
        return self.of_swarm(
            'Service', image=self.busybox, converge_delay=1,
            networks=[{'get_resource': 'net'}], endpoint_mode='dnsrr',
            **properties)

    def web(self, page):
        """Return ten servers, and a client on each host."""
        return {
            'net': self.of_swarm('Network', driver='overlay'),
            'web': self.service(
                name='web', cmd=SERVE, env=['PAGE=' + page], replicas=10,
                stop_grace_period=20,
                healthcheck={'test': 'wget -q -O /dev/null '
                                     'http://127.0.0.1:8080/',
                             'interval': 1},
                update_config={'parallelism': 2, 'order': 'start-first',
                               'monitor': 1}),
            'client': self.service(cmd=ASK, mode='global')}

    def heard(self, host):
        """Return the lines of the output of the client on a host."""
        with host.client() as client:
            [container] = [found for found in client.containers()
                           if 'nslookup' in found['Command']]
            return client.logs(container['Id']).decode().split()

    def test_clients_see_no_failure(self):
        self.create(self.cluster_of(self.hosts[:1], self.hosts[1:]))
        stack_id = self.create(self.web('old'))
        tasks = self.attribute(stack_id, 'web', 'tasks')
        self.assertEqual((10, {'host1', 'host2', 'host3'}), (
            len(tasks), {task['node'] for task in tasks}))
        for host in self.hosts:
            base.wait_until(lambda host=host: 'old' in self.heard(host),
                            'an answer')
        before = [len(self.heard(host)) for host in self.hosts]
        self.update_stack(stack_id, self.template(self.web('new')))
        for host, count in zip(self.hosts, before, strict=True):
            base.wait_until(
                lambda host=host: set(self.heard(host)[-20:]) == {'new'},
                'new answers only')
            after = self.heard(host)[count:]
            self.assertEqual([], [line for line in after
                                  if line not in ('old', 'new')])
            self.assertIn('old', after)
            self.assertGreater(len(after), 50)
        self.check(stack_id)
        self.delete_stack(stack_id)
