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

import contextlib
import io
import unittest

import fixtures
import mock
import testtools

from sandbox import __main__ as main
from sandbox import errors
from sandbox import packaged
from sandbox.services import packaged_heat

OURS = """\
[DEFAULT]
transport_url = rabbit://u:p@127.0.0.1:1/
plugin_dirs = /sandbox/plugins
environment_dir = /sandbox/environment.d
template_dir = /sandbox/templates
region_name_for_services = RegionOne
num_engine_workers = 8
[heat_docker]
local_endpoint = unix:///sandbox/docker.sock
local_endpoint_access = all
[oslo_policy]
policy_file = /sandbox/policy.yaml
[database]
connection = mysql+pymysql://root@localhost/heat?unix_socket=/m.sock&x=1
max_pool_size = 64
[paste_deploy]
api_paste_config = /sandbox/api-paste.ini
[keystone_authtoken]
password = p
"""
THEIRS = """\
[DEFAULT]
#debug = false
[database]
connection = sqlite:////var/lib/heat/heatdb
[keystone_authtoken]
region_name = regionOne
username = heat
"""


class ParseTest(testtools.TestCase):
    def test_all_releases_by_default(self):
        args = main.parse(['packaged'])
        self.assertEqual((packaged.RELEASES, False),
                         (tuple(args.releases), args.fresh))

    def test_named_releases_replace_the_default(self):
        args = main.parse(['packaged', '--fresh', 'sid', 'trixie'])
        self.assertEqual((['sid', 'trixie'], True),
                         (args.releases, args.fresh))


class InstructionsTest(testtools.TestCase):
    def test_instructions_are_found_in_the_readme(self):
        install, target, check = packaged_heat.instructions(
            packaged_heat.README.read_text())
        self.assertEqual('rsync', install[0])
        self.assertEqual('/usr/lib/heat', target.rstrip('/'))
        self.assertEqual(['python3', '/usr/lib/heat/heat_docker/check.py'],
                         check)

    def test_another_readme(self):
        self.assertRaises(errors.SandboxError, packaged_heat.instructions,
                          'Install it somehow.')


class OptionsTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.config = packaged_heat.options(THEIRS, OURS, 'heat_sid', 'sid')

    def test_services_are_the_sandboxs(self):
        self.assertEqual(
            'mysql+pymysql://root@localhost/heat_sid'
            '?unix_socket=/run/mysqld/mysqld.sock&charset=utf8mb4',
            self.config['database']['connection'])
        self.assertEqual('rabbit://u:p@127.0.0.1:1/sid',
                         self.config['DEFAULT']['transport_url'])
        self.assertEqual(
            {'local_endpoint': 'unix:///run/docker.sock',
             'local_endpoint_access': 'all'},
            dict(self.config['heat_docker']))
        self.assertEqual(
            {'region_name': 'RegionOne', 'username': 'heat',
             'password': 'p'}, dict(self.config['keystone_authtoken']))

    def test_paths_are_the_packages(self):
        text = io.StringIO()
        self.config.write(text)
        self.assertNotIn('/sandbox', text.getvalue())

    def test_mysql_socket(self):
        self.assertEqual('/m.sock', packaged_heat.mysql_socket(OURS))


class RunTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MockPatch('sandbox.packages.ensure'))
        self.useFixture(fixtures.MockPatch(
            'sandbox.lifecycle.sandbox', contextlib.nullcontext))

    def run_trials(self, trial):
        out = io.StringIO()
        with mock.patch.object(packaged, '_Trial') as made, \
                contextlib.redirect_stdout(out):
            made.return_value.run = trial
            code = packaged.run(mock.Mock(), ['trixie', 'sid'])
        return code, out.getvalue()

    def test_all_are_well(self):
        def trial(result):
            result.heat, result.python, result.docker = '24', '3.13', '7.1'

        code, said = self.run_trials(trial)
        self.assertEqual(0, code)
        self.assertIn('\nrelease  heat  python  docker  result  seconds\n'
                      'trixie   24    3.13    7.1     ok      0.0\n', said)

    def test_one_fails_and_the_next_is_tried(self):
        def trial(result):
            if result.release == 'trixie':
                raise errors.SandboxError('no such luck')

        code, said = self.run_trials(trial)
        self.assertEqual(1, code)
        self.assertIn('  failed: no such luck\n', said)
        self.assertIn('FAILED', said)
        self.assertIn('ok', said)


class TestsTest(testtools.TestCase):
    def test_tests_exist(self):
        loader = unittest.TestLoader()
        for name in packaged_heat.TESTS:
            self.assertLess(0, loader.loadTestsFromName(
                name).countTestCases(), name)
        self.assertEqual([], loader.errors)

    def test_tests_find_the_heat_of_the_packages(self):
        clouds = {'clouds': {'sandbox': {'auth': {'username': 'u'}}}}
        self.assertEqual(
            {'clouds': {'sandbox': {
                'auth': {'username': 'u'}, 'orchestration_endpoint_override':
                'http://127.0.0.1:1/v1/%(project_id)s'}}},
            packaged_heat.with_endpoint(clouds, 'http://127.0.0.1:1'))
