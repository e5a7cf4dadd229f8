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

"""The devstack plugin, run like devstack runs it.

Functions that print their calls replace those of devstack, and similar Bash
code replaces its options.
"""

import configparser
import filecmp
import os
import pathlib
import subprocess
import sys

import fixtures

from tests.unit import base

ROOT = pathlib.Path(__file__).parents[2]
DEVSTACK = ROOT / 'devstack'
SECONDS = 60

# The environment in which stack.sh sources a plugin; see its functions-common
# and inc/ini-config.
STAND_INS = r'''
set -o errexit

for name in define_plugin plugin_requires echo_summary pip_install \
        install_package start_service add_user_to_group; do
    eval "function $name { echo $name \"\$@\"; }"
done

function is_service_enabled {
    [[ ",$ENABLED_SERVICES," == *",$1,"* ]]
}

function is_ubuntu {
    [[ "$DISTRIBUTION" == ubuntu ]]
}

function trueorfalse {
    case "${!2:-$1}" in
        1|[Yy]es|[Tt]rue) echo True ;;
        *) echo False ;;
    esac
}

function die {
    echo "died: ${*:2}"
    exit 1
}

function iniget {
    sed -n "s/^$3 = //p" "$1"
}

function iniset {
    sed -i -e "/^$3 = /d" -e "s|^\[$2\]$|&\n$3 = $4|" "$1"
}
'''

RUN = STAND_INS + '''
source "$PLUGIN/settings"
source "$PLUGIN/plugin.sh" "$@"
'''

# From devstack's documentation, in the order of a run.
STACK = ('pre-install', 'install', 'post-config', 'extra', 'test-config')


class DevstackTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.data = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.installed = self.data / 'heat-docker' / 'heat_docker'
        self.conf = self.data / 'heat.conf'
        self.conf.write_text('[DEFAULT]\ndebug = true\n')

    def run_plugin(self, *arguments, **variables):
        """Return the exit code and the calls."""
        done = subprocess.run(
            ['bash', '-c', RUN, 'stack.sh', *arguments],
            env={'PATH': os.environ['PATH'], 'PLUGIN': str(DEVSTACK),
                 'DATA_DIR': str(self.data), 'HEAT_CONF': str(self.conf),
                 'PYTHON': sys.executable, 'STACK_USER': 'stack',
                 'ENABLED_SERVICES': 'key,h-eng,h-api',
                 'DISTRIBUTION': 'ubuntu', **variables},
            cwd=self.data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=SECONDS, check=False)
        return done.returncode, done.stdout.splitlines()[2:]

    def do(self, *arguments, **variables):
        code, calls = self.run_plugin(*arguments, **variables)
        self.assertEqual(0, code, calls)
        return calls

    def folders(self):
        """Return plugin_dirs from heat.conf."""
        parser = configparser.ConfigParser()
        parser.read(self.conf)
        return parser['DEFAULT'].get('plugin_dirs')

    def test_settings_define_a_plugin_that_requires_heat(self):
        done = subprocess.run(
            ['bash', '-c', STAND_INS + 'source "$0/settings"', DEVSTACK],
            stdout=subprocess.PIPE, text=True, check=True)
        self.assertEqual(['define_plugin heat-docker',
                          'plugin_requires heat-docker heat'],
                         done.stdout.splitlines())

    def test_stack_installs_and_checks_the_plugin(self):
        calls = {phase: self.do('stack', phase) for phase in STACK}
        self.assertEqual([], calls['pre-install'])
        self.assertEqual(
            ['echo_summary Installing heat_docker',
             'pip_install -r %s' % (ROOT / 'requirements.txt')],
            calls['install'])
        self.assertEqual(['echo_summary Configuring heat_docker'],
                         calls['post-config'])
        self.assertIn('DockerInc::Docker::Container: registered',
                      calls['extra'])
        self.assertEqual([], calls['test-config'])
        self.assertTrue(filecmp.cmp(ROOT / 'heat_docker' / 'fields.py',
                                    self.installed / 'fields.py', False))
        self.assertEqual(str(self.installed.parent), self.folders())

    def test_what_is_stale_is_removed(self):
        stale = self.installed / 'resources' / 'docker_container.py'
        stale.parent.mkdir(parents=True)
        stale.touch()
        self.do('stack', 'install')
        self.assertFalse(stale.exists())

    def test_other_plugins_stay(self):
        self.conf.write_text('[DEFAULT]\nplugin_dirs = /others,/more\n')
        for _ in range(2):
            self.do('stack', 'post-config')
            self.assertEqual('%s,/others,/more' % self.installed.parent,
                             self.folders())

    def test_heat_comes_later(self):
        self.conf.unlink()
        code, calls = self.run_plugin('stack', 'post-config')
        self.assertEqual(1, code)
        self.assertIn('died: enable_plugin heat has to come before '
                      'heat-docker', calls)

    def test_types_are_not_offered(self):
        """As if Heat's plugin had overwritten heat.conf."""
        self.do('stack', 'install')
        code, calls = self.run_plugin('stack', 'extra')
        self.assertEqual(1, code)
        self.assertIn('died: heat-engine does not offer the Docker types',
                      calls)

    def test_engine_is_installed_from_the_package_of_the_distribution(self):
        for distribution, package in (('ubuntu', 'docker.io'),
                                      ('rocky', 'moby-engine')):
            calls = self.do('stack', 'install', DISTRIBUTION=distribution,
                            HEAT_DOCKER_INSTALL_ENGINE='true')
            self.assertEqual(['install_package %s' % package,
                              'start_service docker',
                              'add_user_to_group stack docker'], calls[2:])

    def test_without_heat_engine(self):
        for arguments in (*(('stack', phase) for phase in STACK),
                          ('unstack',), ('clean',)):
            self.assertEqual([], self.do(*arguments,
                                         ENABLED_SERVICES='key,n-cpu'))
        self.assertFalse(self.installed.exists())
        self.assertIsNone(self.folders())

    def test_only_clean_removes_the_plugin(self):
        beside = self.installed.parent / 'another_plugin'
        self.do('stack', 'install')
        beside.touch()
        self.do('unstack')
        self.assertTrue(self.installed.exists())
        self.do('clean')
        self.assertFalse(self.installed.exists())
        self.assertTrue(beside.exists())
