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

"""The installation methods, from the source to a registered type."""

import filecmp
import io
import pathlib
import subprocess
import sys
import tarfile
import venv

import fixtures

from tests.functional import base

ROOT = pathlib.Path(__file__).parents[2]


class InstallTest(base.FunctionalTest):

    def check(self, plugin_dir):
        """Run check.py of an installed plugin; return its output."""
        conf = pathlib.Path(self.useFixture(fixtures.TempDir()).path,
                            'heat.conf')
        conf.write_text('[DEFAULT]\nplugin_dirs = %s\n' % plugin_dir)
        done = subprocess.run(
            [sys.executable, '%s/heat_docker/check.py' % plugin_dir,
             '--config-file', str(conf)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=base.PATIENCE)
        self.assertEqual(0, done.returncode, done.stdout)
        return done.stdout

    def test_rsync(self):
        folder = self.useFixture(fixtures.TempDir()).path
        subprocess.run(['rsync', '-a', '--delete', 'heat_docker',
                        folder + '/'], cwd=ROOT, check=True)
        self.assertIn('%s: registered' % base.TYPE, self.check(folder))

    def test_rsync_removes_what_is_stale(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        stale = folder / 'heat_docker' / 'resources' / 'docker_container.py'
        stale.parent.mkdir(parents=True)
        stale.write_text('raise ImportError()\n')
        subprocess.run(['rsync', '-a', '--delete', 'heat_docker',
                        '%s/' % folder], cwd=ROOT, check=True)
        self.assertFalse(stale.exists())
        self.check(folder)

    @base.requires('Internet')
    def test_pip(self):
        prefix = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        venv.create(prefix, with_pip=True)
        done = subprocess.run(
            [prefix / 'bin' / 'pip', 'install', '.'], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(0, done.returncode, done.stdout)
        installed = prefix / 'lib' / 'heat' / 'heat_docker'
        compared = filecmp.dircmp(ROOT / 'heat_docker', installed,
                                  ignore=['__pycache__'])
        self.assertEqual(([], [], []), (
            compared.left_only, compared.right_only, compared.diff_files))
        sample = subprocess.run(
            [pathlib.Path(sys.executable).parent / 'oslo-config-generator',
             '--namespace', 'heat_docker'], text=True, check=True,
            stdout=subprocess.PIPE, env={'PYTHONPATH': str(next(
                (prefix / 'lib').glob('python*/site-packages')))})
        self.assertEqual(
            (ROOT / 'etc' / 'heat_docker.conf.sample').read_text(),
            sample.stdout)
        template = subprocess.run(
            [prefix / 'bin' / 'compose2hot',
             ROOT / 'examples' / 'compose' / 'compose.yaml'], text=True,
            check=True, capture_output=True, env={'DB_PASSWORD': 'x'})
        self.assertIn('type: %s' % base.TYPE, template.stdout)
        self.assertIn('%s: registered' % base.TYPE,
                      self.check(installed.parent))

    def test_sandbox(self):
        """The engine of the sandbox runs what rsync has installed."""
        self.assertIn('%s: registered' % base.TYPE,
                      self.check(self.cloud.plugin_dir))

    def test_image(self):
        """The Dockerfile, on an image with neither pip nor Heat."""
        tag = 'install-test'
        done = subprocess.run(
            ['docker', 'build', '-f', 'kolla/Dockerfile', '-t', tag,
             '--build-arg', 'BASE=%s' % self.busybox,
             '--build-arg', 'PYTHON=true', '--build-arg', 'USER=1000', '.'],
            cwd=ROOT, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.assertEqual(0, done.returncode, done.stdout)
        self.addCleanup(self.docker.remove_image, tag)
        self.assertEqual('1000',
                         self.docker.inspect_image(tag)['Config']['User'])
        container = self.docker.create_container(tag, ['true'])['Id']
        self.addCleanup(self.docker.remove_container, container)
        chunks, _stat = self.docker.get_archive(container,
                                                '/usr/lib/heat/heat_docker')
        with tarfile.open(fileobj=io.BytesIO(b''.join(chunks))) as archive:
            installed = {member.name: archive.extractfile(member).read()
                         for member in archive if member.isfile()}
        self.assertEqual(
            {str(path.relative_to(ROOT)): path.read_bytes()
             for path in (ROOT / 'heat_docker').rglob('*')
             if path.is_file() and '__pycache__' not in path.parts},
            installed)
