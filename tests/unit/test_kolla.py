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

"""The image recipe requires the same library as the plugin."""

import pathlib
import re

import testtools

from heat_docker import client
from heat_docker import fields

ROOT = pathlib.Path(__file__).parents[2]


class LibraryTestCase(testtools.TestCase):

    def test_all_files_need_the_same_version_of_the_library(self):
        needed = '%s.0' % fields.version_text(client.LIBRARY_NEEDED)
        for name in ('kolla/Dockerfile', 'requirements.txt'):
            self.assertEqual([needed], re.findall(
                'docker>=([0-9.]+)', (ROOT / name).read_text()), name)
