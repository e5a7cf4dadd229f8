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

import testtools

from sandbox import packages

BINDEP = """\
# What the sandbox runs.
docker.io [platform:dpkg]
docker [platform:rpm]
rsync
genisoimage [platform:dpkg whole]
mariadb-server [platform:dpkg platform:apk]  # the databases

"""


class ParseTest(testtools.TestCase):
    def test_packages_of_the_platform_and_of_all(self):
        self.assertEqual(['docker.io', 'rsync', 'mariadb-server'],
                         packages.parse(BINDEP))

    def test_another_platform(self):
        self.assertEqual(['docker', 'rsync'], packages.parse(BINDEP, 'rpm'))

    def test_profile_selects_its_packages_only(self):
        self.assertEqual(['genisoimage'],
                         packages.parse(BINDEP, profile='whole'))

    def test_our_own_file(self):
        self.assertIn('rabbitmq-server',
                      packages.parse(packages.BINDEP.read_text()))
