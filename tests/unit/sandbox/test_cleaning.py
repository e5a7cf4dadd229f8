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
import testtools

from sandbox import cleaning

OURS, OTHER = '0a' * 32, '0b' * 32


class LeftoversTest(testtools.TestCase):
    def test_saved_and_loaded(self):
        path = self.useFixture(fixtures.TempDir()).join('leftovers.json')
        leftovers = cleaning.Leftovers(
            tag='hd-1', short='/tmp/hd-x', supervisor=[7, 8],
            pools={'hd-1': '10.128.0.0/16', 'hd-1-tls': '10.129.0.0/16'})
        leftovers.save(path)
        self.assertEqual(leftovers, cleaning.Leftovers.load(path))


class ControlGroupsTest(testtools.TestCase):
    """Directories replace control groups: a group in use is not empty."""

    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.data = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def make(self, *paths):
        for path in paths:
            (self.root / path).mkdir(parents=True)

    def left(self):
        return sorted(str(path.relative_to(self.root))
                      for path in self.root.rglob('*'))

    def test_of_engines(self):
        self.make('cpu/hd-1/c1', 'cpu/hd-1/c2/nested', 'hd-1/c3', 'cpu/hd-2')
        cleaning.remove_cgroups('hd-1', self.root)
        self.assertEqual(['cpu', 'cpu/hd-2'], self.left())

    def make_podman(self):
        for controller in ('cpu', '.'):
            self.make(f'{controller}/libpod_parent/libpod-{OURS}/container',
                      f'{controller}/libpod_parent/conmon')
        (self.data / 'tmp1/containers/storage/vfs-containers' / OURS).mkdir(
            parents=True)

    def test_of_podman(self):
        self.make_podman()
        cleaning.remove_podman_cgroups(self.data, self.root)
        self.assertEqual(['cpu'], self.left())

    def test_paused_on_podman(self):
        self.make_podman()
        states = []
        for name in (OURS, OTHER):
            self.make(f'freezer/libpod_parent/libpod-{name}')
            states.append(pathlib.Path(
                self.root, f'freezer/libpod_parent/libpod-{name}',
                'freezer.state'))
            states[-1].write_text('FROZEN')
        cleaning.thaw_podman_cgroups(self.data, self.root)
        self.assertEqual(['THAWED', 'FROZEN'],
                         [state.read_text() for state in states])

    def test_of_another_podman(self):
        self.make_podman()
        self.make(f'cpu/libpod_parent/libpod-{OTHER}')
        cleaning.remove_podman_cgroups(self.data, self.root)
        self.assertEqual(['cpu', 'cpu/libpod_parent',
                          f'cpu/libpod_parent/libpod-{OTHER}'], self.left())
