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

"""Free ports, chosen by the operating system; no number is fixed."""

import contextlib
import socket

LOOPBACK = '127.0.0.1'


def free():
    """Return a TCP port on loopback that only a named bind can get.

    The system may reassign a port that was only bound and closed, before
    its server binds it. After an accepted connection the port stays in
    TIME_WAIT for a minute: the system does not assign it, and a server that
    sets SO_REUSEADDR, as all of ours do, can bind it.
    https://github.com/Yelp/ephemeral-port-reserve
    """
    with contextlib.closing(socket.socket()) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((LOOPBACK, 0))
        server.listen(1)
        with contextlib.closing(socket.socket()) as client:
            client.connect(server.getsockname())
            accepted, _ = server.accept()
            # The side that closes first stays in TIME_WAIT.
            accepted.close()
        return server.getsockname()[1]


def is_open(port):
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
