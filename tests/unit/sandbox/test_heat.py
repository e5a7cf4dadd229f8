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

import configparser

import fixtures
import testtools

from sandbox import state
from sandbox.services import heat


class ConfigTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.EnvironmentVariable(state.ENV_DEBUG))
        self.config = self.write()

    def write(self):
        self.layout = state.Layout(self.useFixture(fixtures.TempDir()).path)
        self.layout.create()
        heat.write_config(
            self.layout, bus='rabbit://', database='mysql://',
            docker_endpoint='unix:///docker.sock', auth_url='http://1',
            cfn_url='http://2', password='p', encryption_key='k')
        config = configparser.RawConfigParser(default_section='')
        config.read(self.layout.heat_conf)
        return config

    def test_debug_log_by_default(self):
        self.assertEqual('true', self.config['DEFAULT']['debug'])

    def test_no_debug_log_if_the_environment_says_so(self):
        self.useFixture(fixtures.EnvironmentVariable(
            state.ENV_DEBUG, 'false'))
        self.assertEqual('false', self.write()['DEFAULT']['debug'])

    def test_our_engine_is_for_everybody(self):
        self.assertEqual(
            {'local_endpoint': 'unix:///docker.sock',
             'local_endpoint_access': 'all',
             'daemons': 'own',
             'allowed_signals': '*',
             'allowed_endpoints': 'tcp://*,http://*,https://*,unix://*',
             'denied_networks': '0.0.0.0/8,169.254.0.0/16,224.0.0.0/4,'
                                '::/128,fe80::/10,ff00::/8'},
            dict(self.config['heat_docker']))

    def test_environments_are_a_copy_of_heats(self):
        self.assertEqual(str(self.layout.environments),
                         self.config['DEFAULT']['environment_dir'])
        self.assertTrue((self.layout.environments / 'default.yaml').exists())

    def test_policy_is_empty(self):
        self.assertEqual(str(self.layout.policy),
                         self.config['oslo_policy']['policy_file'])
        self.assertEqual('{}\n', self.layout.policy.read_text())
