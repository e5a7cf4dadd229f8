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

"""Containers keep the network or the volume that they use."""

import requests

from heat_docker.lifecycle import removal
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
GONE = base.refusal(404, 'network web not found')
USED = base.refusal(403, 'error while removing network: network web has '
                    'active endpoints')


class UsedTestCase(base.NetworkTestCase):

    def setUp(self):
        super().setUp()
        self.clock = self.set_clock(removal, step=10.0)

    def make_used(self, *containers, answers=(USED,)):
        made = self.make_made()
        self.daemon.on(*self.REMOVE, *answers)
        self.daemon.on(*self.INSPECT, self.inspected())
        self.serve_members(*containers)
        return made

    def test_removed_if_unused(self):
        made = self.make_used(answers=[204])
        self.run_task(made.delete)
        self.assertEqual([self.REMOVE], self.daemon.requests)

    def test_removed_by_somebody_else(self):
        made = self.make_used(answers=[GONE])
        self.run_task(made.delete)
        self.assertEqual([self.REMOVE], self.daemon.requests)

    def test_answer_lost(self):
        made = self.make_used(answers=[LOST, GONE])
        self.run_task(made.delete)
        self.assertEqual([self.REMOVE, self.REMOVE], self.daemon.requests)

    def test_just_leaving(self):
        """Containers of other stacks may be deleted at the same time."""
        made = self.make_used(answers=[USED, USED, USED, 204])
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual(4 * [self.REMOVE], self.daemon.requests)

    def test_waits_for_half_a_minute(self):
        self.clock.step = 0.5
        self.fail_task(self.make_used().delete)
        self.assertEqual(61, len(self.daemon.sent(*self.REMOVE)))

    def test_half_a_minute_begins_with_the_first_refusal(self):
        made = self.make_used(answers=[
            base.refusal(409, 'removal of network web is already in '
                         'progress'), LOST, USED, USED, USED, 204])
        self.run_task(made.delete)
        self.assertEqual(6, len(self.daemon.requests))

    def test_each_delete_waits(self):
        made = self.make_used(answers=[USED, USED, USED, USED, USED, USED,
                                       204])
        self.fail_task(made.delete)
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)

    def test_being_removed(self):
        """The removal may take any time."""
        made = self.make_used(answers=[*9 * [base.refusal(
            409, 'removal of network web is already in progress')], 204])
        self.run_task(made.delete)
        self.assertEqual(10, len(self.daemon.requests))

    def test_refused_for_another_reason(self):
        made = self.make_used(answers=[base.refusal(500, 'driver failed')])
        self.assertIn('driver failed', self.fail_task(made.delete))
        self.assertEqual(1, len(self.daemon.requests))

    def test_of_a_stack(self):
        """Names come first: events show no more than 255 characters."""
        made = self.make_used('c1', 'c2')
        self.serve_container('c1', self.attached('c1', made))
        self.serve_container('c2', self.attached('c2', made))
        stack = self.stack.name
        self.assertEqual(
            'Error: resources.web: It is in use by the container the-c1 of '
            'the stack %s, the container the-c2 of the stack %s. Docker at '
            '%s: error while removing network: network web has active '
            'endpoints'
            % (stack, stack, base.URL), self.fail_task(made.delete))

    def test_of_no_stack(self):
        made = self.make_used('c1', 'c2')
        self.serve_container('c1', self.attached('c1', None))
        c2 = self.attached('c2', None)
        c2['json']['Config']['Labels'] = None
        self.serve_container('c2', c2)
        self.assertIn('It is in use by the container the-c1 of no stack, the '
                      'container the-c2 of no stack. Docker at',
                      self.fail_task(made.delete))

    def test_gone_meanwhile(self):
        made = self.make_used('c1', 'c2')
        self.serve_container('c1', base.refusal(404, 'No such container'))
        self.serve_container('c2', self.attached('c2', None))
        self.assertIn('It is in use by the container the-c2 of no stack. '
                      'Docker',
                      self.fail_task(made.delete))

    def test_all_gone_meanwhile(self):
        made = self.make_used('c1')
        self.serve_container('c1', base.refusal(404, 'No such container'))
        self.assertIn('It is in use by no container that the daemon reports; '
                      'if this persists, restart the daemon. Docker at',
                      self.fail_task(made.delete))

    def test_nobody_is_detached(self):
        made = self.make_used('c1')
        self.serve_container('c1', self.attached('c1', made))
        self.fail_task(made.delete)
        self.assertEqual({'DELETE', 'GET'}, {
            verb for verb, _path in self.daemon.requests})

    def test_answer_lost_while_users_are_told(self):
        """The delete continues when the daemon is back."""
        made = self.make_used('c1')
        self.serve_container('c1', LOST, self.attached('c1', None))
        self.assertIn('It is in use by the container the-c1',
                      self.fail_task(made.delete))


class UsedVolumeTestCase(base.VolumeTestCase):

    def test_of_a_volume(self):
        self.set_clock(removal, step=10.0)
        made = self.make_made()
        self.serve_remove(made, base.refusal(
            409, 'remove data: volume is in use - [c1]'))
        self.daemon.on('GET', '/containers/json', {'json': []},
                       {'json': [{'Id': 'c1'}]})
        self.daemon.on('GET', '/containers/c1/json', {'json': {
            'Id': 'c1', 'Name': '/web', 'State': {}, 'Config': {
                'Labels': {'org.openstack.heat.stack_name': 'wiki'}}}})
        self.assertIn('It is in use by the container web of the stack wiki. '
                      'Docker at', self.fail_task(made.delete))
        [_helpers, sent] = self.daemon.sent('GET', '/containers/json')
        self.assertEqual(['{"volume": ["data"]}'], sent.qs['filters'])
