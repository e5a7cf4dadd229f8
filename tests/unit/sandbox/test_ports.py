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
import socket

import testtools

from sandbox import ports


class PortsTest(testtools.TestCase):
    def test_free_port_can_be_bound(self):
        port = ports.free()
        self.assertFalse(ports.is_open(port))
        with contextlib.closing(socket.socket()) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((ports.LOOPBACK, port))
            server.listen()
            self.assertTrue(ports.is_open(port))

    def test_never_the_same_twice(self):
        found = {ports.free() for _ in range(50)}
        self.assertEqual(50, len(found))
