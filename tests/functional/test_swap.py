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


"""Names, ports and addresses that containers of a stack swap."""

import os
import socket
import uuid

from heatclient import exc as heat_errors

from sandbox import control
from tests.functional import base
from tests.functional import proxy

NET = {'get_resource': 'net'}
FAILS = {'type': 'OS::Heat::TestResource', 'properties': {'fail': True},
         'depends_on': ['a', 'b']}
ROLLBACK = {'disable_rollback': False}


class SwapCase(base.FunctionalTest):

    def setUp(self):
        super().setUp()
        # From a range that neither the sandbox nor other tests use.
        self.prefix = '10.215.%d' % (os.getpid() % 64 * 4
                                     + self.getUniqueInteger() % 4)

    def pair(self, one, other, depends=False, **resources):
        """Return a template of two containers in a network.

        :param dict one: properties of ``a``.
        :param dict other: those of ``b``.
        :param depends: whether ``b`` is changed after ``a``.
        """
        b = self.container(stop_grace_period=1, **other)
        if depends:
            b['depends_on'] = 'a'
        return self.template({
            'net': {'type': 'DockerInc::Docker::Network', 'properties': {
                'ipam': {'config': [{'subnet': self.prefix + '.0/24'}]}}},
            'a': self.container(stop_grace_period=1, **one), 'b': b,
            **resources})

    def at(self, number, **properties):
        """Return the properties of a container with an address."""
        return {'networks': [{'network': NET, 'ipv4_address':
                              '%s.%d' % (self.prefix, number)}],
                **properties}

    def shown(self, stack_id, name):
        """Return the id, name, fixed addresses and ports of a container.

        Addresses from the daemon are left out.
        """
        inspected = self.inspect(stack_id, name)
        self.assertEqual('running', inspected['State']['Status'])
        return (inspected['Id'], inspected['Name'].lstrip('/'),
                [endpoint['IPAddress'] for endpoint in inspected[
                    'NetworkSettings']['Networks'].values()
                 if endpoint['IPAMConfig']],
                inspected['HostConfig']['PortBindings'])

    def both(self, stack_id):
        return [self.shown(stack_id, name) for name in 'ab']

    def through(self):
        """Return a proxy, and a template by address with ``a`` behind it."""
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        return way, lambda number: self.pair(
            self.at(number, docker_endpoint=way.endpoint), {})

    def start_half_an_update(self, way, stack_id, template):
        """Return once a container has left its network."""
        way.hold_answer('POST .*/disconnect ')
        self.addCleanup(way.release)
        self.heat.stacks.update(stack_id, template=self.dump(template))
        base.wait_until(
            lambda: not self.inspect(stack_id, 'a')['NetworkSettings'][
                'Networks'], 'a disconnect')


class SwapTest(SwapCase):

    def swapped(self, one, other, in_place, **more):
        """Swap the values of two containers, and swap them back."""
        stack_id = self.create_stack(self.pair(one, other))
        before = self.both(stack_id)
        self.update_stack(stack_id, self.pair({**other, **more},
                                              {**one, **more}))
        after = self.both(stack_id)
        for index in 0, 1:
            self.assertEqual(before[index][2:], after[1 - index][2:])
            self.assertEqual(in_place, before[index][0] == after[index][0])
            if 'name' in one:
                self.assertEqual(before[index][1], after[1 - index][1])
        self.update_stack(stack_id, self.pair(
            {**one, **more}, {**other, **more}, fails=FAILS),
            'ROLLBACK_COMPLETE', **ROLLBACK)
        again = self.both(stack_id)
        for index in 0, 1:
            self.assertEqual(after[index][2:], again[index][2:])
            if 'name' in one:
                self.assertEqual(after[index][1], again[index][1])

    def names(self):
        name = 's-%s' % uuid.uuid4().hex[:12]
        return [{'name': '%s-%d' % (name, number)} for number in (1, 2)]

    def ports(self):
        with (socket.create_server(('127.0.0.1', 0)) as one,
              socket.create_server(('127.0.0.1', 0)) as other):
            return [{'port_bindings': {
                80: '127.0.0.1:%d' % server.getsockname()[1]}}
                for server in (one, other)]

    def test_addresses(self):
        self.swapped(self.at(10), self.at(11), in_place=True)

    def test_names(self):
        self.swapped(*self.names(), in_place=True)

    def test_ports(self):
        self.swapped(*self.ports(), in_place=False)

    def test_all_at_once_of_replaced_containers(self):
        one, other = (self.at(10 + index, **name, **port)
                      for index, (name, port) in enumerate(
                          zip(self.names(), self.ports(), strict=True)))
        self.swapped(one, other, in_place=False, env=['A=b'])

    def test_one_in_place_and_one_replaced(self):
        one, other = (self.at(10 + index, **name)
                      for index, name in enumerate(self.names()))
        stack_id = self.create_stack(self.pair(one, other))
        before = self.both(stack_id)
        self.update_stack(stack_id, self.pair(other, {**one, 'env': ['A=b']}))
        after = self.both(stack_id)
        self.assertEqual(before[0][0], after[0][0])
        self.assertEqual([before[1][1:], before[0][1:]],
                         [shown[1:] for shown in after])

    def test_of_one_that_is_removed(self):
        names = self.names()
        stack_id = self.create_stack(self.pair(
            self.at(10, **names[0]), self.at(11, **names[1])))
        before = self.both(stack_id)
        template = self.pair(self.at(11, **names[1]), {})
        del template['resources']['b']
        self.update_stack(stack_id, template)
        self.assertEqual((before[0][0], *before[1][1:]),
                         self.shown(stack_id, 'a'))

    def test_one_after_the_other(self):
        """No resource waits for one that changes later; all keep running."""
        for (one, other), more, rollback in (
                ((self.at(10), self.at(11)), {}, False),
                ((self.at(10), self.at(11)), {}, True),
                (self.names(), {}, True),
                (self.names(), {'env': ['A=b']}, False),
                (self.ports(), {}, True)):
            stack_id = self.create_stack(self.pair(one, other, depends=True))
            before = self.both(stack_id)
            self.update_stack(
                stack_id, self.pair({**other, **more}, {**one, **more},
                                    depends=True),
                'ROLLBACK_COMPLETE' if rollback else 'UPDATE_FAILED',
                disable_rollback=not rollback)
            self.assertIn('is in use by the container of b, which depends on '
                          'a and so changes after it',
                          self.reasons(stack_id))
            self.assertEqual(before, self.both(stack_id))
            self.delete_stack(stack_id)

    def stranger(self, address):
        """Run an unrelated container in the network; return its name."""
        [network] = self.docker.networks(
            filters={'label': 'org.openstack.heat.stack_id=%s'
                     % self._stack_ids[-1]})
        made = self.docker.create_container(
            self.busybox, base.SLEEP,
            host_config=self.docker.create_host_config(
                network_mode=network['Id']),
            networking_config=self.docker.create_networking_config({
                network['Id']: self.docker.create_endpoint_config(
                    ipv4_address=address)}))
        # The stack cannot delete its network before this container is gone.
        self.addCleanup(self.remove_container, made['Id'])
        self.docker.start(made['Id'])
        return self.docker.inspect_container(made['Id'])['Name'].lstrip('/')

    def test_of_a_stranger(self):
        for more in {}, {'env': ['A=b']}:
            stack_id = self.create_stack(self.pair(self.at(10), self.at(12)))
            before = self.both(stack_id)
            name = self.stranger(self.prefix + '.11')
            self.update_stack(stack_id, self.pair(self.at(11, **more),
                                                  self.at(12)),
                              'UPDATE_FAILED')
            self.assertIn('The address %s.11 is in use by the container %s of '
                          'no stack' % (self.prefix, name),
                          self.reasons(stack_id))
            self.assertEqual(before, self.both(stack_id))
            self.remove_container(name)
            self.delete_stack(stack_id)

    @base.requires('failed connect')
    def test_other_that_fails(self):
        """The container that released its address gets it back.

        The other one may release its own address for a moment before it
        fails. The first one then gets what its template says.
        """
        stack_id = self.create_stack(self.pair(self.at(10), self.at(11)))
        before = self.both(stack_id)
        wrong = self.at(10)
        wrong['networks'][0]['ipv4_address'] = '192.0.2.9'
        self.update_stack(stack_id, self.pair(self.at(11), wrong),
                          'UPDATE_FAILED')
        base.wait_until(
            lambda: self.resource(stack_id, 'a').resource_status
            != 'UPDATE_IN_PROGRESS', 'end of the update')
        if self.resource(stack_id, 'a').resource_status == 'UPDATE_FAILED':
            self.assertEqual(before[0], self.shown(stack_id, 'a'))
        else:
            self.assertEqual([self.prefix + '.11'],
                             self.shown(stack_id, 'a')[2])
        self.update_stack(stack_id, self.pair(self.at(10), self.at(11)))
        self.assertEqual(before, self.both(stack_id))

    def test_lost_answers(self):
        way, template = self.through()
        stack_id = self.create_stack(template(10))
        before = self.shown(stack_id, 'a')
        for number, request in ((11, 'disconnect'), (12, 'connect')):
            way.swallow_answer('POST .*/%s ' % request)
            self.update_stack(stack_id, template(number))
            self.assertTrue(way.swallowed.is_set())
            self.assertEqual(
                (*before[:2], ['%s.%d' % (self.prefix, number)]),
                self.shown(stack_id, 'a')[:3])

    def test_daemon_that_goes_away(self):
        way, template = self.through()
        stack_id = self.create_stack(template(10))
        self.start_half_an_update(way, stack_id, template(11))
        way.cut()
        way.release()
        base.wait_until(lambda: 'Waiting for it' in self.reasons(stack_id),
                        'patience')
        way.mend()
        self.expect(stack_id, 'UPDATE_COMPLETE')
        self.assertEqual([self.prefix + '.11'],
                         self.shown(stack_id, 'a')[2])

    def test_null_network(self):
        for nothing in None, '':
            error = self.assertRaises(
                heat_errors.HTTPBadRequest, self.start_stack,
                self.template({'web': self.container(
                    networks=[{'network': nothing}])}))
            self.assertIn('networks[0]', str(error))
            self.assertIn('network has no value', str(error))


class EngineKilledTest(SwapCase):
    """The engine dies while a container has no address."""

    alone = True

    def test_next_update_mends(self):
        way, template = self.through()
        stack_id = self.create_stack(template(10))
        before = self.shown(stack_id, 'a')
        self.start_half_an_update(way, stack_id, template(11))
        control.order(self.cloud, 'engine', 'kill')
        way.release()
        control.order(self.cloud, 'engine', 'start')
        self.update_stack(stack_id, template(10))
        self.assertEqual(before, self.shown(stack_id, 'a'))
