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

"""Plugin directories, and processes that start like heat-engine.

The process of the tests has imported the modules the ordinary way, so it
cannot show the effect of Heat's loader.
"""

import os
import shutil
import subprocess
import sys

import fixtures

import heat_docker

SECONDS = 60

# The modules of the library that the plugin imports, for replacements.
_LIBRARY = ('__init__', 'auth', 'errors', 'utils/__init__',
            'utils/json_stream')


class Plugins(fixtures.Fixture):
    """A directory of ``plugin_dirs`` with a copy of the tree."""

    def _setUp(self):
        self.path = self.folder()
        self.tree = os.path.join(self.path, 'heat_docker')
        self.copy_to(self.path)
        self._library = None

    def folder(self):
        """Return a new empty directory."""
        return os.path.realpath(self.useFixture(fixtures.TempDir()).path)

    def copy_to(self, folder):
        """Copy the tree as an operator does."""
        shutil.copytree(os.path.dirname(heat_docker.__file__),
                        os.path.join(folder, 'heat_docker'),
                        ignore=shutil.ignore_patterns('__pycache__'))

    def write(self, folder, name, content):
        """Write a file and return its path."""
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as written:
            written.write(content)
        return path

    def replace_library(self, source):
        """Provide another library under the name docker."""
        self._library = self.folder()
        for name in _LIBRARY:
            self.write(self._library, 'docker/%s.py' % name,
                       source if name == '__init__' else '')
        return os.path.join(self._library, 'docker')

    def config(self, *folders):
        """Return arguments that configure only these plugin_dirs."""
        path = self.write(self.folder(), 'heat.conf',
                          '[DEFAULT]\nplugin_dirs = %s\n'
                          % ','.join(folders))
        return ['--config-file', path, '--config-dir', self.folder()]

    def run(self, *arguments):
        """Run Python and return (exit code, standard output, errors)."""
        environment = dict(os.environ, PYTHONWARNINGS='ignore')
        if self._library:
            environment['PYTHONPATH'] = os.pathsep.join(
                [self._library, *filter(None, [os.getenv('PYTHONPATH')])])
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder(),
            env=environment, capture_output=True, text=True,
            timeout=SECONDS, check=False)
        return done.returncode, done.stdout, done.stderr
