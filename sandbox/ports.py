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

"""Free ports, asked of the operating system; no number is ever fixed."""

import contextlib
import socket

LOOPBACK = '127.0.0.1'


def free():
    """Return a TCP port on loopback that only a named bind can get.

    A port that was merely bound and closed may be handed out again before
    its server binds it, to a second sandbox or to an outgoing connection.
    After an accepted connection it stays in TIME_WAIT for a minute: the
    system does not hand it out, and a server that sets SO_REUSEADDR (all of
    ours do) can bind it.
    https://github.com/Yelp/ephemeral-port-reserve
    """
    with contextlib.closing(socket.socket()) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((LOOPBACK, 0))
        server.listen(1)
        with contextlib.closing(socket.socket()) as client:
            client.connect(server.getsockname())
            accepted, _ = server.accept()
            # The side that closes first is the one that waits.
            accepted.close()
        return server.getsockname()[1]


def is_open(port):
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
