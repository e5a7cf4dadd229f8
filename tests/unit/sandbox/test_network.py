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

import ipaddress
import os
import subprocess
import sys
from unittest import mock

import testtools

from sandbox import network


class FreePoolTest(testtools.TestCase):
    def free_pool(self, *taken):
        used = [ipaddress.ip_network('10.128.4.0/24'),
                ipaddress.ip_network('127.0.0.0/8')]
        with mock.patch.object(network, '_used_networks',
                               return_value=used), \
                mock.patch.object(network.secrets, 'randbelow',
                                  side_effect=range(127)):
            return network.free_pool(*taken)

    def test_no_route_is_touched(self):
        self.assertEqual('10.129.0.0/16', str(self.free_pool()))

    def test_nor_what_will_have_a_route(self):
        self.assertEqual('10.130.0.0/16',
                         str(self.free_pool(self.free_pool())))


class NamespaceTest(testtools.TestCase):
    def test_own_network_that_others_enter(self):
        if os.geteuid():
            self.skipTest('only root may have a network')
        found = subprocess.run(
            [sys.executable, '-c', SCRIPT], capture_output=True, text=True,
            timeout=60)
        self.assertEqual('0 lo\n', found.stdout, found.stderr)


# A process changes its network, and its parent follows.
SCRIPT = """\
import os, socket
from sandbox import network
ready, done = os.pipe(), os.pipe()
pid = os.fork()
if not pid:
    network.isolate()
    os.write(ready[1], b'!')
    os.read(done[0], 1)
    os._exit(0)
os.read(ready[0], 1)
network.enter(pid)
with socket.create_server(('127.0.0.1', 0)):
    os.write(done[1], b'!')
    print(os.waitpid(pid, 0)[1],
          *(name for _, name in socket.if_nameindex()))
"""
