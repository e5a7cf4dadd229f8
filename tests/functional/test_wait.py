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

"""The conditions that a create waits for."""

from tests.functional import base

HEALTH = {'interval': 0.2, 'retries': 2}


class WaitTest(base.FunctionalTest):

    @base.requires('health')
    def test_healthy(self):
        stack_id, _inspected = self.create_container(
            wait_for='healthy', healthcheck={'test': ['CMD', 'true'],
                                             **HEALTH})
        self.assertEqual('healthy',
                         self.resource(stack_id).attributes['health'])
        self.act(stack_id, 'check', 'CHECK_COMPLETE')

    @base.requires('health')
    def test_healthy_by_another_shell(self):
        stack_id, _inspected = self.create_container(
            shell=['/bin/sh', '-x', '-c'], wait_for='healthy',
            healthcheck={'test': ['CMD-SHELL', 'true'], **HEALTH})
        health = self.inspect(stack_id)['State']['Health']
        self.assertEqual('+ true', health['Log'][0]['Output'].strip())

    @base.requires('health')
    def test_unhealthy(self):
        _stack_id, reason = self.fail_container(
            wait_for='healthy', healthcheck={
                'test': ['CMD-SHELL', 'echo no table; exit 1'], **HEALTH})
        self.assertIn('is unhealthy', reason)
        self.assertIn('no table', reason)

    def test_healthy_without_a_check(self):
        _stack_id, reason = self.fail_container(wait_for='healthy')
        self.assertIn('has a health check', reason)

    @base.requires('health')
    def test_healthy_of_the_image(self):
        stack_id = self.create_stack(self.template({'db': {
            'type': base.TYPE, 'properties': {
                'image': self.cloud.images['mariadb'],
                'env': ['MARIADB_ROOT_PASSWORD=secret'],
                # The command is slow on a busy machine.
                'healthcheck': {'test': ['CMD', 'healthcheck.sh',
                                         '--connect'],
                                'interval': 0.5, 'retries': 100},
                'wait_for': 'healthy'}}}))
        self.assertEqual('healthy', self.inspect(
            stack_id, 'db')['State']['Health']['Status'])

    def test_completed(self):
        stack_id, inspected = self.create_container(
            cmd=['sh', '-c', 'sleep 2; echo done'], wait_for='completed')
        self.assertEqual('exited', inspected['State']['Status'])
        shown = self.resource(stack_id).attributes
        self.assertEqual((0, 'done'), (shown['exit_code'],
                                       shown['logs_tail']))
        self.act(stack_id, 'check', 'CHECK_COMPLETE')

    def test_completed_and_failed(self):
        _stack_id, reason = self.fail_container(
            cmd=['sh', '-c', 'sleep 2; exit 5'], wait_for='completed')
        self.assertIn('exit code 5', reason)

    def test_timeout(self):
        _stack_id, reason = self.fail_container(wait_for='completed',
                                                wait_timeout=2)
        self.assertIn('not completed after 2 s', reason)

    def test_none(self):
        stack_id, _inspected = self.create_container(cmd=['false'],
                                                     wait_for='none')
        base.wait_until(lambda: self.inspect(stack_id)['State'][
            'ExitCode'] == 1, 'end of the command')
