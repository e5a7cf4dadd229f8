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

"""Networks as resources."""

import ipaddress
import os

from heatclient import exc as heat_errors

from tests.functional import base
from tests.functional import proxy

TYPE = 'DockerInc::Docker::Network'


def net(**properties):
    return {'type': TYPE, 'properties': properties}


NET = {'get_resource': 'net'}


class NetworkTest(base.FunctionalTest):

    def setUp(self):
        super().setUp()
        # From a range that neither the sandbox nor other tests use.
        number = os.getpid() % 64 * 4 + self.getUniqueInteger() % 4
        self.subnet = ipaddress.ip_network('10.213.%d.0/24' % number)

    def ipam(self):
        return {'config': [{'subnet': str(self.subnet)}]}

    def network(self, stack_id, name='net'):
        return self.docker.inspect_network(
            self.resource(stack_id, name).physical_resource_id)

    def networks(self, stack_id):
        """Return the networks of a stack, as Docker lists them."""
        return self.docker.networks(filters={
            'label': 'org.openstack.heat.stack_id=%s' % stack_id})

    def pair(self, **properties):
        """Return a template with a network and a container in it."""
        return self.template({
            'net': net(**properties),
            'web': self.container(networks=[{'network': NET,
                                             'aliases': ['www']}])})

    @base.requires('shows all')
    def test_life(self):
        stack_id = self.create_stack(self.template({'net': net(
            labels={'a': 'b'}, internal=True, ipam={
                'config': [{'subnet': str(self.subnet),
                            'gateway': str(self.subnet[9])}]},
            driver_opts={'com.docker.network.driver.mtu': '1400'})}))
        inspected = self.network(stack_id)
        self.assertTrue(inspected['Internal'])
        self.assertEqual('b', inspected['Labels']['a'])
        self.assertEqual({'com.docker.network.driver.mtu': '1400'},
                         inspected['Options'])
        shown = self.resource(stack_id, 'net').attributes
        self.assertEqual(inspected['Name'], shown['name'])
        self.assertEqual(([str(self.subnet)], [str(self.subnet[9])]),
                         (shown['subnets'], shown['gateways']))
        self.assertEqual(('bridge', 'local', {}), (
            shown['driver'], shown['scope'], shown['containers']))
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.docker.remove_network(inspected['Id'])
        self.act(stack_id, 'check', 'CHECK_FAILED')
        self.delete_stack(stack_id)

    def test_containers_reach_each_other(self):
        stack_id = self.create_stack(self.template({
            'net': net(),
            'web': self.container(
                networks=[{'network': NET, 'aliases': ['www']}],
                cmd=['sh', '-c', 'httpd -p 80 -h /etc; trap "exit 0" TERM; '
                     'sleep 3600 & wait']),
            'client': {**self.container(
                networks=[{'network': NET}], wait_for='completed',
                cmd=['sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9; do '
                     'nslookup www && exit; sleep 1; done; '
                     'exit 1']), 'depends_on': 'web'}}))
        # Podman 4 shows the client, too.
        self.assertIn(
            self.inspect(stack_id)['Id'],
            self.resource(stack_id, 'net').attributes['containers'])
        self.delete_stack(stack_id)
        self.assertEqual([], self.networks(stack_id))

    def test_change_moves_the_containers(self):
        stack_id = self.create_stack(self.pair())
        network, container = self.network(stack_id), self.inspect(stack_id)
        self.update_stack(stack_id, self.pair(internal=True))
        after = self.network(stack_id)
        self.assertNotEqual(network['Id'], after['Id'])
        self.assertTrue(after['Internal'])
        self.assert_moved(stack_id, container, after)
        self.docker.restart(container['Id'], timeout=0)

    def assert_moved(self, stack_id, before, network):
        """Assert that a container was moved to a network, not replaced."""
        after = self.inspect(stack_id)
        self.assertEqual(
            (before['Id'], before['State']['StartedAt']),
            (after['Id'], after['State']['StartedAt']))
        [endpoint] = after['NetworkSettings']['Networks'].values()
        self.assertIn('www', endpoint['Aliases'])
        self.assertIn(after['Id'], self.docker.inspect_network(
            network['Id'])['Containers'])
        self.assertEqual(1, len(self.networks(stack_id)))

    def test_change_with_name_and_subnet(self):
        """A name and a subnet can be in use only once."""
        name = 'n-%s' % self.id().rsplit('.', 1)[-1]
        by_name = {**self.container(networks=[{'network': name}]),
                   'depends_on': 'net'}
        template = self.pair(name=name, ipam=self.ipam())
        template['resources']['by_name'] = by_name
        stack_id = self.create_stack(template)
        container = self.inspect(stack_id)
        template = self.pair(name=name, ipam=self.ipam(),
                             labels={'new': 'yes'})
        template['resources']['by_name'] = by_name
        self.update_stack(stack_id, template)
        after = self.network(stack_id)
        self.assertEqual([name], list(self.inspect(
            stack_id, 'by_name')['NetworkSettings']['Networks']))
        self.assertEqual((name, 'yes'),
                         (after['Name'], after['Labels']['new']))
        self.assert_moved(stack_id, container, after)

    def test_rollback(self):
        name = 'n-%s' % self.id().rsplit('.', 1)[-1]
        stack_id = self.create_stack(self.pair(name=name, ipam=self.ipam()))
        container = self.inspect(stack_id)
        self.update_stack(
            stack_id, self.pair(name=name, driver='nosuch'),
            'ROLLBACK_COMPLETE', disable_rollback=False)
        self.assert_moved(stack_id, container, self.network(stack_id))
        self.delete_stack(stack_id)
        self.assertEqual([], self.networks(stack_id))

    def test_adopted(self):
        """The labels of the containers name the abandoned stack."""
        stack_id = self.create_stack(self.pair(ipam=self.ipam()))
        container = self.inspect(stack_id)
        adopted = self.adopt_stack(self.heat.stacks.abandon(stack_id))
        self.update_stack(adopted, self.pair(ipam=self.ipam(),
                                             labels={'new': 'yes'}))
        self.assert_moved(adopted, container, self.network(adopted))

    def test_members_of_nested_stacks(self):
        inner = {'heat_template_version': '2021-04-16',
                 'parameters': {'network': {'type': 'string'}},
                 'resources': {'web': self.container(
                     networks=[{'network': {'get_param': 'network'},
                                'aliases': ['www']}])}}
        template = {
            'nested': {'type': 'inner.yaml', 'properties': {'network': NET}},
            'group': {'type': 'OS::Heat::ResourceGroup', 'properties': {
                'count': 2, 'resource_def': self.container(
                    networks=[{'network': NET}])}}}
        files = {'files': {'inner.yaml': self.dump(inner)}}
        stack_id = self.create_stack(self.template({
            'net': net(ipam=self.ipam()), **template}), **files)
        before = self.network(stack_id)
        self.assertEqual(3, len(before['Containers']))
        self.update_stack(stack_id, self.template({
            'net': net(ipam=self.ipam(), internal=True), **template}),
            **files)
        after = self.network(stack_id)
        self.assertNotEqual(before['Id'], after['Id'])
        self.assertEqual(set(before['Containers']), set(after['Containers']))
        self.assertEqual(1, len(self.networks(stack_id)))

    def at(self, address, network=NET, last=None, **properties):
        """Return a template with a network and a container with an address.

        :param int address: index of the subnet, which has a fixed address for
            the container.
        :param last: definition of a resource between the two.
        """
        subnet = list(self.subnet.subnets(new_prefix=28))[address]
        template = self.template({
            'net': net(ipam={'config': [{'subnet': str(subnet)}]},
                       **properties),
            'web': {**self.container(networks=[{
                'network': network, 'ipv4_address': str(subnet[7])}]),
                'depends_on': 'last' if last else 'net'}})
        if last:
            template['resources']['last'] = {**last, 'depends_on': 'net'}
        return template

    def assert_at(self, stack_id, address, container):
        after = self.inspect(stack_id)
        [endpoint] = after['NetworkSettings']['Networks'].values()
        wanted = str(list(self.subnet.subnets(new_prefix=28))[address][7])
        self.assertEqual((container['Id'], wanted),
                         (after['Id'], endpoint['IPAddress']))
        self.assertIn(after['Id'], self.network(stack_id)['Containers'])
        if endpoint.get('IPAMConfig'):
            self.assertEqual(wanted, endpoint['IPAMConfig']['IPv4Address'])

    def test_subnet_and_address_together(self):
        stack_id = self.create_stack(self.at(0))
        container = self.inspect(stack_id)
        self.update_stack(stack_id, self.at(1))
        self.assert_at(stack_id, 1, container)
        self.update_stack(stack_id, self.at(2, last={
            'type': 'OS::Heat::TestResource', 'properties': {'fail': True}}),
            'UPDATE_FAILED')
        self.update_stack(stack_id, self.at(2))
        self.assert_at(stack_id, 2, container)

    def test_subnet_and_address_by_the_name(self):
        name = 'n-%s' % self.id().rsplit('.', 1)[-1]
        stack_id = self.create_stack(self.at(0, name, name=name))
        container = self.inspect(stack_id)
        lost = self.at(1, name, name=name)
        lost['resources']['web'] = self.at(0, name)['resources']['web']
        self.update_stack(stack_id, lost, 'UPDATE_FAILED')
        self.assertIn('The container of web would lose its address',
                      self.resource(stack_id, 'net').resource_status_reason)
        self.assert_at(stack_id, 0, container)
        self.update_stack(stack_id, self.at(1, name, name=name))
        self.assert_at(stack_id, 1, container)

    def test_daemon_away_at_the_beginning(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        stack_id = self.create_stack(self.template({
            'net': net(docker_endpoint=way.endpoint, ipam=self.ipam())}))
        before = self.network(stack_id)
        way.cut()
        self.heat.stacks.update(stack_id, template=self.dump(self.template({
            'net': net(docker_endpoint=way.endpoint, ipam=self.ipam(),
                       internal=True)})))
        base.wait_until(lambda: 'Waiting for it' in self.reasons(stack_id),
                        'patience')
        way.mend()
        self.expect(stack_id, 'UPDATE_COMPLETE')
        self.assertNotEqual(before['Id'], self.network(stack_id)['Id'])
        self.assertEqual(1, len(self.networks(stack_id)))

    def test_strangers_are_not_moved(self):
        stack_id = self.create_stack(self.template(
            {'net': net(ipam=self.ipam())}))
        other = self.create_stack(self.template({'web': self.container(
            networks=[{'network': self.network(stack_id)['Name']}])}))
        self.update_stack(stack_id, self.template(
            {'net': net(ipam=self.ipam(), internal=True)}), 'UPDATE_FAILED')
        stack = self.heat.stacks.get(other)
        self.assertIn('of the stack %s' % stack.stack_name,
                      self.reasons(stack_id))
        self.assertIn(self.inspect(other)['Id'],
                      self.network(stack_id)['Containers'])
        self.delete_stack(other)

    def test_name_that_is_taken(self):
        name = 'n-%s' % self.id().rsplit('.', 1)[-1]
        self.create_stack(self.template({'net': net(name=name)}))
        stack_id = self.start_stack(self.template({'net': net(name=name)}))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('already exists', self.resource(
            stack_id, 'net').resource_status_reason)
        self.assertEqual([], self.networks(stack_id))

    def test_strangers_are_not_detached(self):
        stack_id = self.create_stack(self.template({'net': net()}))
        other = self.create_stack(self.template({'web': self.container(
            networks=[{'network': self.network(stack_id)['Name']}])}))
        self.heat.stacks.delete(stack_id)
        self.expect(stack_id, 'DELETE_FAILED')
        stack = self.heat.stacks.get(other)
        self.assertIn('of the stack %s' % stack.stack_name,
                      self.reasons(stack_id))
        self.delete_stack(other)
        self.delete_stack(stack_id)

    def test_lost_answers(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        way.swallow_answer('POST .*/networks/create')
        stack_id = self.create_stack(self.template(
            {'net': net(docker_endpoint=way.endpoint)}))
        self.assertTrue(way.swallowed.is_set())
        self.assertEqual(1, len(self.networks(stack_id)))
        way.swallow_answer('DELETE ')
        self.delete_stack(stack_id)
        self.assertTrue(way.swallowed.is_set())
        self.assertEqual([], self.networks(stack_id))

    def test_external(self):
        made = self.docker.create_network('external-%s' % os.getpid())
        self.addCleanup(self.docker.remove_network, made['Id'])
        stack_id = self.create_stack(self.template({
            'net': {**net(), 'external_id': made['Id']},
            'web': self.container(networks=[{'network': NET}])}))
        self.delete_stack(stack_id)
        self.docker.inspect_network(made['Id'])

    def test_bad_addresses(self):
        error = self.assertRaises(
            heat_errors.HTTPBadRequest, self.start_stack,
            self.template({'net': net(ipam={'config': [
                {'subnet': '10.0.0.0/24', 'gateway': '10.0.1.1'}]})}))
        self.assertIn('10.0.1.1 is not in the subnet 10.0.0.0/24',
                      str(error))

    @base.requires('config_from')
    def test_configuration(self):
        """Docker allows no labels for a network with config_from."""
        name = 'config-%s' % os.getpid()
        config = self.docker._post_json(
            self.docker._url('/networks/create'), data={
                'Name': name, 'ConfigOnly': True,
                'IPAM': {'Config': [{'Subnet': str(self.subnet)}]}})
        self.addCleanup(self.docker.remove_network, config.json()['Id'])
        template = self.template({'net': net(config_from=name)})
        stack_id = self.create_stack(template)
        self.assertEqual(name, self.network(stack_id)['ConfigFrom'][
            'Network'])
        self.delete_stack(stack_id)
