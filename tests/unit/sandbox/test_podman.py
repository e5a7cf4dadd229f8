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

import pathlib

import fixtures
import testtools

from sandbox.services import podman


class SettingsTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path, 'podman')
        self.settings = podman.write_settings(
            self.folder, ['127.0.0.1:1', '127.0.0.1:2'])

    def text(self, name):
        return pathlib.Path(self.settings[name]).read_text()

    def test_registries_without_tls(self):
        self.assertEqual(
            '[[registry]]\nlocation = "127.0.0.1:1"\ninsecure = true\n'
            '[[registry]]\nlocation = "127.0.0.1:2"\ninsecure = true\n',
            self.text('CONTAINERS_REGISTRIES_CONF'))

    def test_networks_are_its_own(self):
        self.assertIn(f'network_config_dir = "{self.folder}/networks"\n',
                      self.text('CONTAINERS_CONF'))
        self.assertTrue((self.folder / 'networks').is_dir())
