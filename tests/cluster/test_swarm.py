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

"""What can happen to a swarm of several hosts."""

from tests.functional import base
from tests.functional import clusters

# Tasks that end at once, or never.
POLITE = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait']


class ClusterTest(clusters.SwarmTest):

    def test_life(self):
        """Three managers and two workers, of one template."""
        first, second, third, fourth, fifth = self.hosts
        managers = [first, second, third]
        resources = self.cluster_of(managers, [fourth, fifth])
        resources['host4']['properties'].update(
            labels={'disk': 'ssd'}, availability='drain')
        stack_id = self.create(resources)
        self.assertEqual(
            {'host1': 'manager', 'host2': 'manager', 'host3': 'manager',
             'host4': 'worker', 'host5': 'worker'}, self.roles(first))
        spec = self.nodes(first)['host4']['Spec']
        self.assertEqual(('ssd', 'drain'),
                         (spec['Labels']['disk'], spec['Availability']))
        self.assertEqual(
            ({'host%d' % number: 'ready' for number in range(1, 6)}, {
                host.address + ':2377' for host in managers}),
            ({node['hostname']: node['state'] for node in self.attribute(
                stack_id, 'swarm', 'nodes')}, set(self.attribute(
                    stack_id, 'swarm', 'manager_addresses'))))
        with first.client() as client:
            tokens = client.inspect_swarm()['JoinTokens']
        self.assertEqual(
            (tokens['Worker'], tokens['Manager']), tuple(
                self.attribute(stack_id, 'swarm', name)
                for name in ('worker_token', 'manager_token')))
        shown = self.resource(stack_id, 'swarm').attributes
        self.assertNotIn('SWMTKN', str(shown))
        self.check(stack_id)
        self._rotate(stack_id, tokens['Worker'])
        self._change_in_place(stack_id, resources)
        self.delete_stack(stack_id)
        self.assertEqual(['inactive'] * 5,
                         [self.local(host) for host in self.hosts])

    def _rotate(self, stack_id, token):
        """Replace a token, which no node of the swarm needs."""
        self.heat.resources.signal(stack_id, 'swarm',
                                   {'action': 'rotate_worker_token'})
        base.wait_until(lambda: self.attribute(
            stack_id, 'swarm', 'worker_token') != token, 'another token')
        self.check(stack_id)

    def _change_in_place(self, stack_id, resources):
        before = {name: self.resource(stack_id, name).physical_resource_id
                  for name in resources}
        resources['swarm']['properties'].update(
            task_history_limit=2, dispatcher_heartbeat='3s',
            labels={'team': 'wiki'})
        resources['host3']['properties']['role'] = 'worker'
        resources['host4']['properties'].update(role='manager', labels={})
        del resources['host4']['properties']['availability']
        self.update_stack(stack_id, self.template(resources))
        self.assertEqual(
            {'host1': 'manager', 'host2': 'manager', 'host3': 'worker',
             'host4': 'manager', 'host5': 'worker'},
            self.roles(self.hosts[0]))
        self.assertEqual(before, {
            name: self.resource(stack_id, name).physical_resource_id
            for name in resources})
        with self.hosts[0].client() as client:
            spec = client.inspect_swarm()['Spec']
        self.assertEqual(
            (2, 3 * 10 ** 9, 'wiki'),
            (spec['Orchestration']['TaskHistoryRetentionLimit'],
             spec['Dispatcher']['HeartbeatPeriod'], spec['Labels']['team']))
        spec = self.nodes(self.hosts[0])['host4']['Spec']
        self.assertEqual('active', spec['Availability'])
        self.assertNotIn('disk', spec['Labels'])
        # The swarm belongs to the stack nevertheless.
        self.check(stack_id)

    def test_swarm_that_exists(self):
        first, second, *_others = self.hosts
        with first.client() as client:
            client.init_swarm(first.address)
            swarm = client.inspect_swarm()['ID']
        stack_id = self.start_stack(self.template(
            {'swarm': self.swarm(first)}))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('Refer to that one by external_id', self.resource(
            stack_id, 'swarm').resource_status_reason)
        self.delete_stack(stack_id)
        self.assertEqual('active', self.local(first))
        external = self.swarm(first)
        external['external_id'] = swarm
        stack_id = self.create({'swarm': external,
                                'node': self.node(second)})
        self.assertEqual({'host1', 'host2'}, set(self.roles(first)))
        self.delete_stack(stack_id)
        self.assertEqual(({'host1': 'manager'}, 'inactive'),
                         (self.roles(first), self.local(second)))

    def test_other_address(self):
        first, second, *_others = self.hosts
        resources = {'swarm': self.swarm(first), 'node': self.node(second)}
        stack_id = self.create(resources)
        before = self.resource(stack_id, 'node').physical_resource_id
        resources['node']['properties'].update(
            listen_addr='0.0.0.0:2399', labels={'a': 'b'})
        self.update_stack(stack_id, self.template(resources))
        nodes = self.nodes(first)
        self.assertEqual({'host1', 'host2'}, set(nodes))
        self.assertNotEqual(before, nodes['host2']['ID'])
        self.assertEqual('b', nodes['host2']['Spec']['Labels']['a'])
        self.check(stack_id)

    def test_last_managers(self):
        """Without a quorum, nothing changes until it is restored."""
        first, second, *_others = self.hosts
        resources = {'swarm': self.swarm(first),
                     'node': self.node(second, role='manager',
                                       forget_unreachable=False)}
        stack_id = self.create(resources)
        second.kill()
        del resources['node']
        self.update_stack(stack_id, self.template(resources),
                          'UPDATE_FAILED')
        self.assertIn('leader', self.reasons(stack_id))
        self.cluster.start(second)
        self.update_stack(stack_id, self.template(resources))
        self.assertEqual(({'host1': 'manager'}, 'inactive'),
                         (self.roles(first), self.local(second)))


class LossTest(clusters.SwarmTest):
    """Hosts that are switched off."""

    def test_worker_is_lost_and_replaced(self):
        first, second, third, *_others = self.hosts
        resources = self.cluster_of([first], [second])
        stack_id = self.create(resources)
        second.kill()
        base.wait_until(lambda: self.nodes(first)['host2']['Status'][
            'State'] == 'down', 'node down')
        self.check(stack_id, 'CHECK_FAILED')
        self.assertIn('report that the node is down', self.resource(
            stack_id, 'host2').resource_status_reason)
        self.assertEqual('down', self.attribute(stack_id, 'host2', 'state'))
        resources['host2'] = self.node(third)
        self.update_stack(stack_id, self.template(resources))
        base.wait_until(lambda: set(self.nodes(first)) == {'host1', 'host3'},
                        'old node removed')
        self.check(stack_id)

    def test_partition(self):
        """The view of Heat is that of the managers, before and after."""
        first, second, *_others = self.hosts
        stack_id = self.create(self.cluster_of([first], [second]))
        second.unplug()
        self._expect_state(stack_id, 'down')
        self.check(stack_id, 'CHECK_FAILED')
        second.plug()
        self._expect_state(stack_id, 'ready')
        self.check(stack_id)

    def _expect_state(self, stack_id, state):
        base.wait_until(lambda: self.attribute(
            stack_id, 'host2', 'state') == state, state)

    def test_managers_are_lost(self):
        """The others answer, also if it was the first one."""
        first, second, third, fourth, fifth = self.hosts
        managers = [first, second, third]
        resources = self.cluster_of(managers, [fourth])
        stack_id = self.create(resources)
        first.kill()
        self.check(stack_id)
        base.wait_until(lambda: {
            node['hostname']: node['state'] for node in self.attribute(
                stack_id, 'swarm', 'nodes')}['host1'] == 'down',
            'the others report it')
        resources['host5'] = self.node(fifth, *managers)
        self.cluster.start(first)
        second.kill()
        self.update_stack(stack_id, self.template(resources))
        self.assertEqual('worker', self.roles(third)['host5'])
        # A quorum of two would need both of the remaining managers.
        del resources['host3']
        self.update_stack(stack_id, self.template(resources),
                          'UPDATE_FAILED')
        self.assertIn('which is no majority', self.reasons(stack_id))
        self.assertEqual('manager', self.roles(first)['host3'])
        # The lost one can be removed, and then the other.
        del resources['host2']
        resources['host3'] = self.node(third, *managers, role='manager')
        self.update_stack(stack_id, self.template(resources))
        self.assertEqual({'host1', 'host3', 'host4', 'host5'},
                         set(self.roles(first)))
        self.delete_stack(stack_id)

    def test_lost_hosts_do_not_prevent_a_delete(self):
        first, second, third, *_others = self.hosts
        stack_id = self.create(self.cluster_of([first, second, third], []))
        second.kill()
        third.kill()
        self.delete_stack(stack_id)
        self.assertEqual('inactive', self.local(first))


class DrainTest(clusters.SwarmTest):
    """Tasks of services on nodes that leave."""

    count = 3

    def setUp(self):
        super().setUp()
        self.load_image(self.busybox)

    def serve(self, host, command, replicas):
        with host.client() as client:
            return client.create_service(
                {'ContainerSpec': {'Image': self.busybox, 'Command': command,
                                   'StopGracePeriod': 10 ** 9},
                 'Placement': {'MaxReplicas': 2}},
                mode={'Replicated': {'Replicas': replicas}})['ID']

    def running(self, host):
        """Return the hostname of each running task."""
        names = {node['ID']: name
                 for name, node in self.nodes(host).items()}
        with host.client() as client:
            return sorted(
                names.get(task.get('NodeID')) for task in client.tasks(
                    {'desired-state': 'running'})
                if task['Status']['State'] == 'running')

    def test_tasks_move_to_other_nodes(self):
        first, second, third = self.hosts
        resources = self.cluster_of([first], [second, third])
        stack_id = self.create(resources)
        self.serve(first, POLITE, 4)
        base.wait_until(lambda: len(self.running(first)) == 4, 'tasks')
        self.assertIn('host3', self.running(first))
        del resources['host3']
        self.update_stack(stack_id, self.template(resources))
        self.assertEqual('inactive', self.local(third))
        base.wait_until(lambda: self.running(first) == [
            'host1', 'host1', 'host2', 'host2'], 'tasks on other nodes')
        with third.client() as client:
            self.assertEqual([], client.containers(all=True))
