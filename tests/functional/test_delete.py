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

"""Deleting a container, whatever state it is in."""

import threading

from sandbox import control
from tests.functional import base
from tests.functional import proxy


class DeleteTest(base.FunctionalTest):

    def deleted(self, stack_id):
        self.delete_stack(stack_id)
        self.assertEqual([], self.containers(stack_id))

    def test_running_with_its_anonymous_volumes(self):
        before = {volume['Name'] for volume in self.volumes()}
        stack_id = self.create_stack(self.template(
            {'web': {'type': base.TYPE, 'properties': {
                'image': self.cloud.images['mariadb'],
                'env': ['MARIADB_ROOT_PASSWORD=secret']}}}))
        [mount] = self.inspect(stack_id)['Mounts']
        self.assertNotIn(mount['Name'], before)
        self.deleted(stack_id)
        self.assertNotIn(mount['Name'],
                         {volume['Name'] for volume in self.volumes()})

    def volumes(self):
        return self.docker.volumes()['Volumes'] or []

    def test_stop_is_graceful(self):
        mark = 'v-%s' % self.id().rsplit('.', 1)[-1]
        self.addCleanup(self.docker.remove_volume, mark)
        stack_id, _inspected = self.create_container(
            volumes={mark: '/mark'},
            cmd=['sh', '-c', 'trap "touch /mark/done; exit 0" TERM; '
                 'sleep 3600 & wait'])
        self.deleted(stack_id)
        _stack_id, inspected = self.create_container(
            volumes={mark: '/mark'},
            cmd=['sh', '-c', 'test -e /mark/done || exit 1; '
                 'trap "exit 0" TERM; sleep 3600 & wait'])
        self.assertEqual('running', inspected['State']['Status'])

    def test_one_that_does_not_heed_the_signal(self):
        stack_id, _inspected = self.create_container(cmd=['sleep', '3600'])
        self.deleted(stack_id)

    def test_exited(self):
        stack_id, inspected = self.create_container()
        self.docker.kill(inspected['Id'])
        self.deleted(stack_id)

    def test_paused(self):
        stack_id, inspected = self.create_container()
        self.docker.pause(inspected['Id'])
        self.deleted(stack_id)

    def test_gone(self):
        stack_id, inspected = self.create_container()
        self.remove_container(inspected['Id'])
        self.deleted(stack_id)

    def test_suspended(self):
        stack_id, _inspected = self.create_container()
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.deleted(stack_id)

    @base.requires('restarting')
    def test_restarting(self):
        stack_id = self.start_stack(self.template({'web': self.container(
            cmd=['sh', '-c', 'exit 1'],
            restart_policy={'Name': 'always'})}))
        base.wait_until(lambda: 'restarting' in self.reasons(stack_id),
                        'a restart')
        self.deleted(stack_id)

    def test_being_removed(self):
        stack_id, inspected = self.create_container()
        thread = threading.Thread(target=self.remove_container,
                                  args=(inspected['Id'],))
        thread.start()
        self.addCleanup(thread.join)
        self.deleted(stack_id)

    def test_failed(self):
        stack_id, _reason = self.fail_container(cmd=['false'])
        self.deleted(stack_id)

    def test_never_on_a_daemon(self):
        stack_id, _reason = self.fail_container(image='127.0.0.1:1/busybox')
        self.deleted(stack_id)

    def test_daemon_that_never_was_there(self):
        stack_id, _reason = self.fail_container(
            docker_endpoint='tcp://127.0.0.1:1', endpoint_timeout=0)
        self.deleted(stack_id)

    def test_while_it_is_created(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        stack_id = self.start_stack(self.template({'web': self.container(
            docker_endpoint=way.endpoint, cmd=['sh', '-c', 'exit 1'],
            restart_policy={'Name': 'always'})}))
        base.wait_until(lambda: self.containers(stack_id), 'a container')
        self.deleted(stack_id)


class EngineKilledTest(base.FunctionalTest):

    alone = True

    def test_between_the_create_and_its_answer(self):
        """Heat has no id, but the container exists."""
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        way.hold_answer('POST .*/containers/create')
        stack_id = self.start_stack(self.template(
            {'web': self.container(docker_endpoint=way.endpoint)}))
        base.wait_until(lambda: self.containers(stack_id), 'a container')
        control.order(self.cloud, 'engine', 'kill')
        self.addCleanup(control.order, self.cloud, 'engine', 'start')
        way.release()
        control.order(self.cloud, 'engine', 'start')
        self.assertEqual('', self.resource(stack_id).physical_resource_id)
        self.delete_stack(stack_id)
        self.assertEqual([], self.containers(stack_id))
