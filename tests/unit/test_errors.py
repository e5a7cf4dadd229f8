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

"""The classification of a daemon's answers."""

import inspect

import testtools

from heat_docker import errors


class ErrorsTestCase(testtools.TestCase):

    def test_tree_one_root(self):
        for name, member in vars(errors).items():
            if inspect.isclass(member):
                self.assertTrue(issubclass(member, errors.DockerError), name)

    def test_tree_leaves_apart(self):
        leaves = (errors.NotFound, errors.Conflict, errors.Busy,
                  errors.Unreachable, errors.Untrusted, errors.Refused,
                  errors.Unsupported, errors.Failed)
        for leaf in leaves:
            self.assertEqual([leaf], [other for other in leaves
                                      if issubclass(leaf, other)])

    def test_no_answer_is_unreachable(self):
        self.assertTrue(issubclass(errors.NoAnswer, errors.Unreachable))
        self.assertTrue(issubclass(errors.AnswerTimeout, errors.NoAnswer))

    def test_tree_in_docstring(self):
        for name, member in vars(errors).items():
            if inspect.isclass(member):
                self.assertIn(name, errors.__doc__)
