#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

import threading

import testtools

from sandbox import errors
from sandbox import steps


class PlanTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.reported = []
        self.stop = threading.Event()
        self.plan = steps.Plan(
            lambda title, seconds, detail: self.reported.append(
                (title, detail)), self.stop, 10)

    def test_in_the_order_of_needs(self):
        first = self.plan.add('first', lambda: 'one')
        second = self.plan.add('second', lambda: 'two', first)
        self.plan.add('third', lambda: None, first, second)
        self.plan.run()
        self.assertEqual([('first', 'one'), ('second', 'two'),
                          ('third', None)], self.reported)

    def test_the_cause_is_raised_not_what_it_led_to(self):
        def fail():
            raise errors.ServiceError('broken')

        def wait():
            self.stop.wait(10)
            raise errors.Interrupted('interrupted')

        self.plan.add('waits', wait)
        broken = self.plan.add('fails', fail)
        self.plan.add('needs it', lambda: None, broken)
        error = self.assertRaises(errors.ServiceError, self.plan.run)
        self.assertEqual('broken', str(error))
        self.assertEqual([], self.reported)
