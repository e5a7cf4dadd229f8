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

"""The reports of check.py to operators, in separate processes."""

import os

from tests.unit import base
from tests.unit import plugins

# Another vendor's plugin that registers the same type.
OTHER = '''
from heat.engine import resource


class Other(resource.Resource):

    def handle_create(self):
        pass


def resource_mapping():
    return {'DockerInc::Docker::Container': Other}
'''


class CheckTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.plugins = self.useFixture(plugins.Plugins())

    def check(self, *folders):
        """Return the exit code, the lines printed and the problems."""
        code, output, complaints = self.plugins.run(
            os.path.join(self.plugins.tree, 'check.py'),
            *self.plugins.config(*folders))
        self.assertNotIn('Traceback', complaints)
        lines = output.splitlines()
        return code, lines, [line.partition(': ')[2] for line in lines
                             if line.startswith('PROBLEM: ')]

    def problem(self, *folders):
        """Return the only problem."""
        code, lines, problems = self.check(*folders)
        self.assertEqual((1, 1), (code, len(problems)), lines)
        return problems[0]


class GoodTestCase(CheckTestCase):

    def test_correct_installation_has_no_problem(self):
        code, lines, problems = self.check(self.plugins.path)
        self.assertEqual((0, []), (code, problems))
        self.assertIn('%s: registered' % base.TYPE, lines)
        self.assertTrue(lines[0].endswith(
            'heat.conf: %s' % self.plugins.path), lines)
        self.assertTrue(any(line.startswith('docker library: ')
                            for line in lines), lines)


class MisplacedTestCase(CheckTestCase):

    def test_not_in_plugin_dirs(self):
        self.assertEqual(
            '%s is in none of the directories of plugin_dirs: add %s to '
            'plugin_dirs in the section [DEFAULT] of heat.conf'
            % (self.plugins.tree, self.plugins.path),
            self.problem(self.plugins.folder()))


class ShadowedFolderTestCase(CheckTestCase):

    def test_same_folder_comes_first(self):
        earlier = self.plugins.folder()
        self.plugins.copy_to(earlier)
        self.assertEqual(
            '%s/heat_docker shadows %s, because its directory is the first in '
            'plugin_dirs: remove it' % (earlier, self.plugins.tree),
            self.problem(earlier, self.plugins.path))


class ShadowedTypeTestCase(CheckTestCase):

    def test_later_file_has_the_type(self):
        other = self.plugins.write(self.plugins.path, 'zzz.py', OTHER)
        self.assertEqual(
            '%s is registered by %s, which shadows %s: remove it'
            % (base.TYPE, other, os.path.join(
                self.plugins.tree, 'resources', 'container.py')),
            self.problem(self.plugins.path))


class LibraryMissingTestCase(CheckTestCase):

    def test_library_missing(self):
        self.plugins.replace_library(
            'raise ImportError("No module named docker")')
        self.assertIn(
            'required, but it cannot be imported: No module named docker',
            self.problem(self.plugins.path))


class LibraryTooOldTestCase(CheckTestCase):

    def test_library_too_old(self):
        path = self.plugins.replace_library(
            '__version__ = "5.0.3"\nclass APIClient: pass\n')
        self.assertIn('required, but %s is version 5.0.3' % path,
                      self.problem(self.plugins.path))


class OtherPluginBrokenTestCase(CheckTestCase):

    def test_other_plugin_raises(self):
        self.plugins.write(self.plugins.path, 'aaa.py',
                           'raise ValueError("mine")')
        self.assertIn('heat-engine will not start, because a plugin raises '
                      'ValueError: mine', self.problem(self.plugins.path))
