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

import testtools

from sandbox.services import debootstrap


class ChrootTest(testtools.TestCase):
    def test_command_carries_user_mounts_and_environment(self):
        chroot = debootstrap.Chroot('/root-of-sid', 'sid')
        command = chroot.command(
            'heat-engine', who='--userspec=heat',
            mounts={pathlib.Path('/a b'): '/c'}, env={'X': '1'})
        self.assertEqual(
            ['sh', '/root-of-sid', '--userspec=heat', '/a b', '/c', '--'],
            command[command.index(debootstrap.ENTER) + 1:][:6])
        self.assertEqual(['X=1', 'heat-engine'], command[-2:])
