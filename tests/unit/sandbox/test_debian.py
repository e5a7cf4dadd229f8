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
import mock
import testtools

from sandbox import debian
from sandbox import errors


class MirrorTest(testtools.TestCase):
    def mirror(self, output):
        with mock.patch('platform.freedesktop_os_release',
                        return_value={'VERSION_CODENAME': 'trixie'}), \
                mock.patch.object(debian, '_output', return_value=output):
            return debian.mirror()

    def test_the_release_this_machine_has(self):
        self.assertEqual('http://b/', self.mirror(
            'trixie-security trixie-security http://a/\n'
            'stable trixie http://b/\n'))

    def test_before_the_first_update(self):
        # The code name is unknown then.
        self.assertEqual('http://b/', self.mirror(
            'trixie $(CODENAME) http://b/\n'))

    def test_unknown_mirror_is_an_error(self):
        self.assertRaises(errors.SandboxError, self.mirror, '')


class CacheTest(testtools.TestCase):
    def test_folder_of_the_environment(self):
        self.useFixture(fixtures.EnvironmentVariable('XDG_CACHE_HOME', '/c'))
        self.assertEqual(pathlib.Path('/c/heat_docker/engines'),
                         debian.cache('engines'))

    def test_one_at_a_time(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'sid')
        with debian.lock(folder):
            self.assertRaises(errors.SandboxError,
                              debian.lock(folder).__enter__)
        with debian.lock(folder):
            pass
