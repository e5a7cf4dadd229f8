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

"""Creates that fail at once, only once, and with the reason."""

import pathlib
import uuid

from sandbox import control
from tests.functional import base
from tests.functional import proxy


class FailuresTest(base.FunctionalTest):

    def test_command_that_fails(self):
        stack_id, reason = self.fail_container(
            cmd=['sh', '-c', 'echo first; echo the last words >&2; exit 3'])
        self.assertIn('exited, exit code 3', reason)
        self.assertIn('the last words', reason)
        self.assertEqual(1, len(self.containers(stack_id)))
        self.assertIn('the last words', self.reasons(stack_id))

    def test_command_that_ends(self):
        _stack_id, reason = self.fail_container(cmd=['echo', 'done'])
        self.assertIn('exited, exit code 0', reason)

    def test_command_that_fails_soon(self):
        _stack_id, reason = self.fail_container(
            cmd=['sh', '-c', 'sleep 0.5; exit 4'])
        self.assertIn('exit code 4', reason)

    def test_command_that_is_not_there(self):
        _stack_id, reason = self.fail_container(cmd=['nosuch'])
        self.assertIn('executable file not found', reason)

    def test_command_that_never_succeeds(self):
        _stack_id, reason = self.fail_container(
            cmd=['false'], restart_policy={'Name': 'on-failure',
                                           'MaximumRetryCount': 2})
        self.assertIn('exit code 1', reason)

    def test_out_of_memory(self):
        _stack_id, reason = self.fail_container(
            # Docker 26 refuses less than runc needs to start a container.
            memory=32 * 1024 * 1024,
            cmd=['sh', '-c', 'x=0123456789; while :; do x=$x$x; done'])
        self.assertIn('not running', reason)

    @base.requires('volume options')
    def test_mount_with_a_password(self):
        """Docker repeats the options of a volume that it cannot mount."""
        password = uuid.uuid4().hex
        stack_id, reason = self.fail_container(mounts=[{
            'target': '/data', 'driver_options': {
                'type': 'cifs', 'device': '//127.0.0.1/files',
                'o': 'addr=localhost,username=root,pass=%s' % password}}])
        self.assertIn('failed to mount local volume', reason)
        shown = self.heat.resources.get(stack_id, 'web', with_attr=['info'])
        self.assertNotIn(password, str(shown.to_dict()))
        for event in self.heat.events.list(stack_id, nested_depth=0):
            self.assertNotIn(password, str(event.to_dict()))
        self.assertNotIn(password, str(
            self.heat.stacks.get(stack_id).stack_status_reason))
        log = pathlib.Path(self.cloud.logs, 'heat-engine.log').read_text()
        self.assertIn('failed to mount local volume', log)
        self.assertNotIn(password, log)

    def test_image_that_is_not_there(self):
        image = self.cloud.registry + '/nosuch:1'
        _stack_id, reason = self.fail_container(image=image)
        self.assertIn('The image %s cannot be pulled' % image, reason)
        self.assertRegex(reason, base.NO_MANIFEST)

    def test_image_that_needs_a_password(self):
        image = self.cloud.private_registry['address'] + '/busybox'
        _stack_id, reason = self.fail_container(image=image)
        self.assertRegex(reason, 'no basic auth credentials|'
                                 'authentication required')

    def test_registry_that_is_not_there(self):
        _stack_id, reason = self.fail_container(image='127.0.0.1:1/busybox')
        self.assertIn('connection refused', reason)

    def test_name_that_is_taken(self):
        _stack_id, inspected = self.create_container()
        _stack_id, reason = self.fail_container(name=inspected['Name'])
        self.assertIn('The name %s is in use by the container %s of the stack '
                      % (2 * (inspected['Name'].lstrip('/'),)), reason)

    def test_container_that_is_not_there(self):
        _stack_id, reason = self.fail_container(volumes_from=['nosuch'])
        self.assertRegex(reason, '[Nn]o such container')
        self.assertIn('nosuch', reason)

    def test_no_reason_names_an_exception_of_python(self):
        for properties in ({'cmd': ['false']}, {'cmd': ['nosuch']},
                           {'image': '127.0.0.1:1/busybox'},
                           {'docker_endpoint': 'tcp://127.0.0.1:1'},
                           {'docker_endpoint': 'unix:///nosuch'}):
            _stack_id, reason = self.fail_container(endpoint_timeout=0,
                                                    **properties)
            self.assertNotIn('Exception', reason)
            self.assertNotIn('Error', reason.removeprefix('Error: '))

    def test_rollback_leaves_nothing(self):
        stack_id = self.start_stack(self.template(
            {'good': self.container(),
             'bad': {**self.container(cmd=['false']),
                     'depends_on': 'good'}}), disable_rollback=False)
        self.expect(stack_id, 'ROLLBACK_COMPLETE')
        self.assertEqual([], self.containers(stack_id))

    def test_failed_update_is_mended_by_the_next(self):
        stack_id, reason = self.fail_container(cmd=['false'])
        self.update_stack(stack_id, self.template({'web': self.container()}))
        self.assertEqual(1, len(self.containers(stack_id)))


class LostAnswersTest(base.FunctionalTest):

    def setUp(self):
        super().setUp()
        self.way = self.useFixture(
            proxy.Proxy(self.cloud.docker['endpoint']))

    def test_create(self):
        self.way.swallow_answer('POST .*/containers/create')
        stack_id, _inspected = self.create_container(
            docker_endpoint=self.way.endpoint)
        self.assertTrue(self.way.swallowed.is_set())
        self.assertEqual(1, len(self.containers(stack_id)))

    def lose_create(self):
        """Return a stack whose create has timed out, and its template."""
        self.create_container()     # pulls the image
        template = self.template({'web': self.container(
            name='lost-%s' % uuid.uuid4().hex[:12], endpoint_timeout=0,
            docker_endpoint=self.way.endpoint)})
        self.way.swallow_answer('POST .*/containers/create')
        stack_id = self.start_stack(template)
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertEqual('', self.resource(stack_id).physical_resource_id)
        return stack_id, template

    def test_create_that_is_given_up_and_finished(self):
        stack_id, template = self.lose_create()
        [lost] = self.containers(stack_id)
        self.update_stack(stack_id, template)
        self.assertEqual(lost['Id'], self.inspect(stack_id)['Id'])
        self.assertTrue(self.inspect(stack_id)['State']['Running'])

    def test_create_that_is_given_up_and_replaced(self):
        """Only one container can have its name."""
        stack_id, template = self.lose_create()
        [lost] = self.containers(stack_id)
        template['resources']['web']['properties']['hostname'] = 'other'
        self.update_stack(stack_id, template)
        [found] = self.containers(stack_id)
        self.assertNotEqual(lost['Id'], found['Id'])
        self.assertEqual('running', found['State'])

    def test_start(self):
        self.way.swallow_answer('POST .*/start')
        stack_id, _inspected = self.create_container(
            docker_endpoint=self.way.endpoint)
        self.assertTrue(self.way.swallowed.is_set())
        self.assertEqual(1, len(self.containers(stack_id)))

    def test_stop_and_remove(self):
        stack_id, _inspected = self.create_container(
            docker_endpoint=self.way.endpoint)
        self.way.swallow_answer('POST .*/stop')
        self.heat.stacks.delete(stack_id)
        base.wait_until(self.way.swallowed.is_set, 'a lost answer')
        self.way.swallow_answer('DELETE ')
        self.expect(stack_id, 'DELETE_COMPLETE')
        self.assertEqual([], self.containers(stack_id))


class EngineKilledTest(base.FunctionalTest):

    alone = True

    def test_between_the_create_and_its_answer(self):
        """Heat has no id, and only one container can have its name."""
        self.create_container()     # pulls the image
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        way.hold_answer('POST .*/containers/create')
        template = self.template({'web': self.container(
            name='killed-%s' % uuid.uuid4().hex[:12],
            docker_endpoint=way.endpoint)})
        stack_id = self.start_stack(template)
        [lost] = base.wait_until(lambda: self.containers(stack_id),
                                 'a container')
        control.order(self.cloud, 'engine', 'kill')
        self.addCleanup(control.order, self.cloud, 'engine', 'start')
        way.release()
        control.order(self.cloud, 'engine', 'start')
        self.assertEqual('', self.resource(stack_id).physical_resource_id)
        self.update_stack(stack_id, template)
        self.assertEqual(lost['Id'], self.inspect(stack_id)['Id'])
        self.assertTrue(self.inspect(stack_id)['State']['Running'])
