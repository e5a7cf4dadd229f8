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

"""The results that benchmarks calculate from measurements."""

import testtools

from benchmarks import common


class CommonTestCase(testtools.TestCase):

    def test_in_turns(self):
        """Each candidate follows each of the others equally often."""
        order = []
        returned = common.alternately(3, {
            name: lambda name=name: order.append(name) or len(order)
            for name in 'abc'})
        self.assertEqual('abccbaabc', ''.join(order))
        self.assertEqual({'a': [1, 6, 7], 'b': [2, 5, 8], 'c': [3, 4, 9]},
                         returned)

    def test_ratio_is_of_the_same_round(self):
        """A slow round counts as much as any other."""
        self.assertEqual(2.0, common.ratio([2, 20, 9], [1, 10, 1]))

    def test_ratio_to_who_is_absent(self):
        self.assertIsNone(common.ratio([2, 2], [None, None]))
        self.assertEqual(2.0, common.ratio([2, 2], [None, 1]))

    def test_column_has_one_number_of_each_round(self):
        returned = {'a': [{'create': 1}, None], 'b': [3, 4]}
        self.assertEqual([1, None], common.column(returned, 'a', 'create'))
        self.assertEqual([3, 4], common.column(returned, 'b'))

    def test_goal_is_met_up_to_its_value(self):
        for value, goal, met in ((1.0, 1.0, True), (1.1, 1.0, False),
                                 (None, 1.0, None), (1.0, None, None)):
            self.assertEqual(
                met, common.Claim('x', value, goal).as_dict()['met'])
