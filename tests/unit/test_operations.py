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

"""All results of the table of operations."""

import testtools

from heat_docker import operations
from tests.unit import base


class OperationsTestCase(testtools.TestCase):

    def alarm_action(self):
        return base.CLASSES[base.TYPE].properties_schema['alarm_action']

    def test_names_are_unique(self):
        self.assertEqual(len(operations.OPERATIONS),
                         len(set(operations.names())))

    def test_alarm_action_allows_all(self):
        [allowed] = self.alarm_action().schema['action'].constraints
        self.assertEqual(operations.names(), list(allowed.allowed))

    def test_alarm_action_describes_all(self):
        doc = self.alarm_action().schema['action'].description
        for one in operations.OPERATIONS:
            self.assertIn('"%s" %s' % (one.name, one.doc), doc)

    def test_alarm_action_takes_all_arguments(self):
        self.assertEqual(
            {'action', *(name for one in operations.OPERATIONS
                         for name in one.arguments)},
            set(self.alarm_action().schema))

    def test_required_argument(self):
        for one in operations.OPERATIONS:
            for name, argument in one.arguments.items():
                value = {'action': one.name, name: []}
                if argument.required:
                    self.assertIn('the action %s requires a %s' % (
                        one.name, name), str(self.assertRaises(
                            ValueError, operations.check, value)))
                value[name] = ['true']
                self.assertEqual(value, operations.check(value))
