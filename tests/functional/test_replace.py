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

"""Replacements that keep the name and the port of the original."""

import socket

from sandbox import control
from tests.functional import base
from tests.functional import proxy


class FixedTest(base.FunctionalTest):
    """A web server that can run only once at a time."""

    def setUp(self):
        super().setUp()
        with socket.create_server(('127.0.0.1', 0)) as server:
            self.port = server.getsockname()[1]
        self.name = 'r-%d' % self.port
        self.volume = 'v-%d' % self.port
        self.docker.create_volume(self.volume)
        self.addCleanup(self.docker.remove_volume, self.volume)

    def web(self, page, **properties):
        """Return a web server that serves a page on the fixed port."""
        return {'type': base.TYPE, 'properties': {
            'image': self.cloud.images['httpd'], 'name': self.name,
            'port_bindings': {80: '127.0.0.1:%d' % self.port},
            'volumes': {self.volume: '/data'},
            'stop_grace_period': 1,
            'cmd': ['sh', '-c', 'touch /data/kept; echo %s > '
                    '/www/index.html; exec httpd -f -p 80 -h /www' % page],
            **properties}}

    def create(self):
        stack_id = self.create_stack(self.template({'web': self.web('one')}))
        self.assertEqual('one', self.page_at(self.port))
        return stack_id

    def restored(self, stack_id, before):
        after = self.inspect(stack_id)
        self.assertEqual(before['Id'], after['Id'])
        self.assertEqual('/' + self.name, after['Name'])
        self.assertEqual('one', self.page_at(self.port))
        self.assertEqual(1, len(self.containers(stack_id)))


class ReplaceTest(FixedTest):

    def test_replaced(self):
        stack_id = self.create()
        before = self.inspect(stack_id)
        self.update_stack(stack_id, self.template({'web': self.web('two')}))
        after = self.inspect(stack_id)
        self.assertNotEqual(before['Id'], after['Id'])
        self.assertEqual('/' + self.name, after['Name'])
        self.assertEqual('two', self.page_at(self.port))
        self.assertEqual(1, len(self.containers(stack_id)))

    def rolled_back(self, **broken):
        """Update to a broken template; the old container has to serve."""
        stack_id = self.create()
        before = self.inspect(stack_id)
        self.update_stack(stack_id, self.template(
            {'web': self.web('two', **broken)}), 'ROLLBACK_COMPLETE',
            disable_rollback=False)
        self.restored(stack_id, before)

    def test_bad_image(self):
        self.rolled_back(image='127.0.0.1:1/nosuch')

    def test_exits_at_once(self):
        self.rolled_back(cmd=['false'])

    @base.requires('health')
    def test_unhealthy(self):
        self.rolled_back(wait_for='healthy', healthcheck={
            'test': ['CMD', 'false'], 'interval': 0.2, 'retries': 1})

    def test_second_rollback(self):
        stack_id = self.create()
        before = self.inspect(stack_id)
        for _time in range(2):
            self.update_stack(stack_id, self.template(
                {'web': self.web('two', cmd=['false'])}),
                'ROLLBACK_COMPLETE', disable_rollback=False)
            self.restored(stack_id, before)

    def test_back_by_an_ordinary_update(self):
        """Nested stacks and users without rollback return by an update."""
        stack_id = self.create()
        before = self.inspect(stack_id)
        self.update_stack(stack_id, self.template(
            {'web': self.web('two', cmd=['false'])}), 'UPDATE_FAILED')
        self.update_stack(stack_id, self.template({'web': self.web('one')}))
        self.restored(stack_id, before)

    def test_lost_answer_while_making_room(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        stack_id = self.create_stack(self.template(
            {'web': self.web('one', docker_endpoint=way.endpoint)}))
        way.swallow_answer('POST .*/rename')
        self.update_stack(stack_id, self.template(
            {'web': self.web('two', docker_endpoint=way.endpoint)}))
        self.assertEqual('/' + self.name, self.inspect(stack_id)['Name'])
        self.assertEqual('two', self.page_at(self.port))

    def start_update_while_away(self):
        """Begin to replace a container whose daemon is unreachable."""
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        stack_id = self.create_stack(self.template(
            {'web': self.web('one', docker_endpoint=way.endpoint)}))
        self.assertEqual('one', self.page_at(self.port))
        way.cut()
        self.heat.stacks.update(stack_id, template=self.dump(self.template(
            {'web': self.web('two', docker_endpoint=way.endpoint)})))
        base.wait_until(lambda: 'Waiting for it' in self.reasons(stack_id),
                        'patience')
        return way, stack_id

    def test_daemon_away_at_the_beginning(self):
        way, stack_id = self.start_update_while_away()
        way.mend()
        self.expect(stack_id, 'UPDATE_COMPLETE')
        self.assertEqual('/' + self.name, self.inspect(stack_id)['Name'])
        self.assertEqual('two', self.page_at(self.port))

    def test_cancelled_while_the_daemon_is_away(self):
        way, stack_id = self.start_update_while_away()
        [before] = self.containers(stack_id)
        self.heat.actions.cancel_update(stack_id)
        base.wait_until(
            lambda: self.heat.stacks.get(stack_id).stack_status.startswith(
                'ROLLBACK'), 'a rollback')
        way.mend()
        self.expect_rollback(stack_id)
        [after] = self.containers(stack_id)
        self.assertEqual((before['Id'], 'running'),
                         (after['Id'], after['State']))
        self.assertEqual('one', self.page_at(self.port))

    def test_cancelled_update(self):
        stack_id = self.create()
        before = self.inspect(stack_id)
        self.heat.stacks.update(
            stack_id, template=self.dump(self.template({'web': self.web(
                'two', wait_for='healthy', healthcheck={
                    'test': ['CMD', 'false'], 'interval': 600})})))
        base.wait_until(lambda: len(self.containers(stack_id)) == 2,
                        'a replacement')
        self.heat.actions.cancel_update(stack_id)
        self.expect_rollback(stack_id)
        self.restored(stack_id, before)

    def expect_rollback(self, stack_id):
        """Wait for a rollback by cancelling, whose end is a race in Heat.

        Heat may violate its own foreign keys and report ROLLBACK_FAILED. Only
        the container in use afterwards matters.
        """
        base.wait_until(
            lambda: self.heat.stacks.get(stack_id).stack_status in (
                'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'), 'a rollback')

    def beside(self, **properties):
        """Return a web server in the network namespace of another container.

        It ends if its only port is already in use.
        """
        return self.template({'vpn': self.container(), 'web': {
            'type': base.TYPE, 'properties': {
                'image': self.cloud.images['httpd'],
                'network_mode': {'str_replace': {
                    'template': 'container:ID',
                    'params': {'ID': {'get_resource': 'vpn'}}}},
                'cmd': ['httpd', '-f', '-p', '8080'], 'stop_grace_period': 1,
                **properties}}})

    def test_port_in_the_namespace_of_another_container(self):
        stack_id = self.create_stack(self.beside())
        before = self.inspect(stack_id)
        self.update_stack(stack_id, self.beside(env=['A=b']))
        after = self.inspect(stack_id)
        self.assertNotEqual(before['Id'], after['Id'])
        self.assertEqual('running', after['State']['Status'])
        self.update_stack(stack_id, self.beside(cmd=['false']),
                          'ROLLBACK_COMPLETE', disable_rollback=False)
        again = self.inspect(stack_id)
        self.assertEqual((after['Id'], 'running'),
                         (again['Id'], again['State']['Status']))

    def test_one_in_nobodys_way_serves_on(self):
        stack_id, before = self.create_container(env=['A=b'])
        self.heat.stacks.update(stack_id, template=self.dump(self.template(
            {'web': self.container(env=['A=c'], wait_for='completed')})))
        base.wait_until(lambda: len(self.containers(stack_id)) == 2,
                        'a replacement')
        self.assertEqual('running', self.docker.inspect_container(
            before['Id'])['State']['Status'])


class EngineRestartedTest(FixedTest):
    """The engine dies in the middle of a replacement."""

    alone = True

    def test_next_update_mends(self):
        stack_id = self.create()
        self.heat.stacks.update(
            stack_id, template=self.dump(self.template({'web': self.web(
                'two', wait_for='healthy', healthcheck={
                    'test': ['CMD', 'false'], 'interval': 600})})))
        base.wait_until(lambda: len(self.containers(stack_id)) == 2,
                        'a replacement')
        control.order(self.cloud, 'engine', 'kill')
        control.order(self.cloud, 'engine', 'start')
        self.update_stack(stack_id, self.template({'web': self.web('one')}))
        self.assertEqual('one', self.page_at(self.port))
        self.assertEqual('/' + self.name, self.inspect(stack_id)['Name'])
        self.assertEqual(1, len(self.containers(stack_id)))
