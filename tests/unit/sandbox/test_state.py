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

import dataclasses
import os

import fixtures
import testtools

from sandbox import errors
from sandbox import state

STATE = state.State(
    supervisor_pid=7, clouds_file='/s/clouds.yaml',
    auth_url='http://127.0.0.1:1/v3', heat_url='http://127.0.0.1:2',
    heat_cfn_url='http://127.0.0.1:3', heat_conf='/s/etc/heat.conf',
    plugin_dir='/s/plugins', environment_dir='/s/etc/environment.d',
    policy_file='/s/etc/policy.yaml',
    engine='docker',
    docker={'endpoint': 'unix:///s', 'tcp_endpoint': None, 'own': False},
    tls_docker={'endpoint': 'https://127.0.0.1:6', 'ca': '/s/ca.pem',
                'cert': '/s/cert.pem', 'key': '/s/key.pem'},
    podman={'endpoint': 'unix:///p'},
    registry='127.0.0.1:4',
    private_registry={'address': '127.0.0.1:5', 'username': 'u',
                      'password': 'p'},
    images={'busybox': '127.0.0.1:4/busybox:latest'}, logs='/s/logs',
    services={'keystone': {'pid': 8, 'started': 9}})


class StateTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = self.useFixture(fixtures.TempDir()).path
        self.path = os.path.join(self.folder, 'state.json')

    def test_saved_and_loaded(self):
        STATE.save(self.path)
        self.assertEqual(STATE, state.load(self.path))
        self.assertEqual(['state.json'], os.listdir(self.folder))

    def test_found_by_environment(self):
        STATE.save(self.path)
        self.useFixture(fixtures.EnvironmentVariable(
            state.ENV_FILE, self.path))
        self.assertEqual(STATE, state.load())

    def test_not_up(self):
        error = self.assertRaises(errors.SandboxError, state.load, self.path)
        self.assertIn('no sandbox is up', str(error))

    def test_not_in_a_sandbox(self):
        self.useFixture(fixtures.EnvironmentVariable(state.ENV_FILE))
        error = self.assertRaises(errors.SandboxError, state.load)
        self.assertIn('python -m sandbox run', str(error))

    def test_keys_are_the_contract(self):
        self.assertEqual(
            {'supervisor_pid', 'clouds_file', 'auth_url', 'heat_url',
             'heat_cfn_url', 'heat_conf', 'plugin_dir', 'environment_dir',
             'policy_file', 'engine', 'docker', 'tls_docker', 'podman',
             'registry', 'private_registry', 'images', 'logs', 'services'},
            {field.name for field in dataclasses.fields(state.State)})


class LayoutTest(testtools.TestCase):
    def test_folder_given(self):
        layout = state.Layout('/somewhere')
        self.assertEqual('/somewhere/state.json', str(layout.state))

    def test_folder_of_the_environment(self):
        self.useFixture(fixtures.EnvironmentVariable(
            state.ENV_DIR, '/elsewhere'))
        self.assertEqual('/elsewhere', str(state.Layout().folder))
