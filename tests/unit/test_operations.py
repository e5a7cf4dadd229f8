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

    TYPE = base.TYPE
    TABLE = operations.OPERATIONS
    CHECK = staticmethod(operations.check)

    def alarm_action(self):
        return base.CLASSES[self.TYPE].properties_schema['alarm_action']

    def test_names_are_unique(self):
        self.assertEqual(len(self.TABLE),
                         len(set(operations.names(self.TABLE))))

    def test_alarm_action_allows_all(self):
        [allowed] = self.alarm_action().schema['action'].constraints
        self.assertEqual(operations.names(self.TABLE), list(allowed.allowed))

    def test_alarm_action_describes_all(self):
        doc = self.alarm_action().schema['action'].description
        for one in self.TABLE:
            self.assertIn('"%s" %s' % (one.name, one.doc), doc)

    def test_alarm_action_takes_all_arguments(self):
        self.assertEqual(
            {'action', *(name for one in self.TABLE
                         for name in one.arguments)},
            set(self.alarm_action().schema))

    def test_required_argument(self):
        for one in self.TABLE:
            for name, argument in one.arguments.items():
                value = {'action': one.name, name: []}
                if argument.required:
                    self.assertIn('the action %s requires a %s' % (
                        one.name, name), str(self.assertRaises(
                            ValueError, self.CHECK, value)))
                    value[name] = ['true']
                    self.assertEqual(value, self.CHECK(value))


class OfServiceTestCase(OperationsTestCase):

    TYPE = 'DockerInc::Docker::Service'
    TABLE = operations.OF_SERVICE
    CHECK = staticmethod(operations.check_of_service)

    def test_scaled(self):
        for arguments, before, after in (
                ({'replicas': 4}, 1, 4), ({'replicas': 0}, 1, 0),
                ({'change': 2, 'maximum': 9}, 1, 3),
                ({'change': 2, 'maximum': 2}, 1, 2),
                ({'change': -2}, 2, 1), ({'change': -1}, 3, 2),
                ({'change': -5, 'minimum': 0}, 3, 0),
                ({'change': '1', 'maximum': '2'}, 1, 2)):
            self.assertEqual(after, operations.scaled(arguments, before))

    def test_unfit_arguments(self):
        for arguments, words in (
                ({}, 'either replicas or change'),
                ({'replicas': 1, 'change': 1}, 'either replicas or change'),
                ({'change': 1}, 'requires a maximum'),
                ({'replicas': -1}, 'the replicas of scale is negative'),
                ({'replicas': 'x'}, 'the replicas of scale is not an '
                                    'integer'),
                ({'change': [1]}, 'not an integer')):
            self.assertIn(words, str(self.assertRaises(
                ValueError, self.CHECK, {'action': 'scale', **arguments})))
