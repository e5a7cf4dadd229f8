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

"""The reference says what the tables say."""

import importlib.util
import pathlib

import testtools

TOOL = pathlib.Path(__file__).parents[2] / 'tools' / 'reference.py'


class ReferenceTestCase(testtools.TestCase):

    def test_up_to_date(self):
        module_spec = importlib.util.spec_from_file_location('tool', TOOL)
        tool = importlib.util.module_from_spec(module_spec)
        module_spec.loader.exec_module(tool)
        for path, content in tool.pages():
            self.assertEqual(content, path.read_text(),
                             'run "python tools/reference.py"')
