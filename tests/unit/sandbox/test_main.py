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

import fixtures
import testtools

from sandbox import __main__ as main
from sandbox import state


class ParseTest(testtools.TestCase):
    def test_run_takes_all_that_follows(self):
        args = main.parse(['run', '--', 'stestr', 'run', '--state', 'x'])
        self.assertEqual(['stestr', 'run', '--state', 'x'], args.program)
        self.assertIsNone(args.state)

    def test_run_without_dashes(self):
        args = main.parse(['--state', 'x', 'run', 'env', '-i'])
        self.assertEqual(['env', '-i'], args.program)
        self.assertEqual('x', args.state)

    def test_order_has_a_service_and_an_action(self):
        args = main.parse(['engine', 'kill-worker'])
        self.assertEqual(('engine', 'kill-worker'),
                         (args.command, args.action))

    def test_engine_of_an_option_overrides_the_environment(self):
        self.useFixture(fixtures.EnvironmentVariable(state.ENV_ENGINE))
        self.assertEqual('docker', main.parse(['up']).engine)
        self.useFixture(fixtures.EnvironmentVariable(
            state.ENV_ENGINE, 'docker-trixie'))
        self.assertEqual('docker-trixie', main.parse(['up']).engine)
        self.assertEqual('podman', main.parse(['--engine', 'podman',
                                               'up']).engine)

    def test_engine_of_the_environment_that_is_none(self):
        self.useFixture(fixtures.EnvironmentVariable(
            state.ENV_ENGINE, 'docker-potato'))
        error = io.StringIO()
        with contextlib.redirect_stderr(error):
            self.assertRaises(SystemExit, main.parse, ['up'])
        self.assertIn('no such engine: docker-potato', error.getvalue())

    def test_invalid_commands_are_refused(self):
        for arguments in ([], ['run'], ['run', '--'], ['engine', 'explode'],
                          ['dance'], ['--engine', 'lxc', 'up']):
            with contextlib.redirect_stderr(io.StringIO()):
                self.assertRaises(SystemExit, main.parse, arguments)

    def test_no_sandbox(self):
        error = io.StringIO()
        with contextlib.redirect_stderr(error):
            code = main.main(['--state', '/nonexistent', 'engine', 'kill'])
        self.assertEqual(1, code)
        self.assertIn('no sandbox is up', error.getvalue())
