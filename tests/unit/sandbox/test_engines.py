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

import os
import pathlib
import subprocess

import fixtures
import mock
import testtools

from sandbox import engines


class ProvideTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.cache = self.useFixture(fixtures.TempDir()).path
        self.useFixture(fixtures.EnvironmentVariable('XDG_CACHE_HOME',
                                                     self.cache))
        self.build = self.useFixture(fixtures.MockPatch(
            'sandbox.services.debootstrap.Build')).mock

    def test_of_a_release(self):
        command = engines.provide(mock.Mock(), 'podman-trixie')
        folder = f'{self.cache}/heat_docker/engines/trixie'
        self.assertEqual(folder, command[-1])
        _context, chroot, packages = self.build.call_args.args
        self.assertEqual(
            ('trixie', pathlib.Path(folder)), (chroot.release, chroot.folder))
        self.assertIn('podman', packages)

    def test_programs_are_the_releases_only(self):
        if os.geteuid():
            self.skipTest('only root may mount')
        usr = pathlib.Path(self.cache, 'heat_docker/engines/trixie/usr')
        (usr / 'bin').mkdir(parents=True)
        command = engines.provide(mock.Mock(), 'docker-trixie')
        found = subprocess.run([*command, 'true'], capture_output=True,
                               text=True, timeout=60)
        self.assertIn('true: not found', found.stderr)


class NamesTest(testtools.TestCase):
    def test_release_follows_the_dash_of_a_name(self):
        self.assertEqual(
            ['', '', 'trixie', 'forky', '', 'trixie', 'forky'],
            [engines.release(name) for name in engines.NAMES])

    def test_podmans_are_told_apart_by_their_names(self):
        self.assertEqual(
            ['podman', 'podman-trixie', 'podman-forky'],
            [name for name in engines.NAMES if engines.is_podman(name)])
