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

"""A healthy stack while 32 creates wait for a daemon that never answers."""

import contextlib
import socket
import threading

from benchmarks import common
from benchmarks import heat

ROUNDS = 5
CONTAINERS = 10
WAITING = 32


class Silent:
    """A port at which nobody answers.

    :ivar asked: how many connections there have been.
    """

    def __init__(self):
        self._server = socket.create_server(('127.0.0.1', 0), backlog=256)
        self.endpoint = 'tcp://127.0.0.1:%d' % self._server.getsockname()[1]
        self.asked = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        kept = []
        with contextlib.suppress(OSError):
            while True:
                kept.append(self._server.accept()[0])
                self.asked += 1

    def close(self):
        """Refuse connections."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def run(options):
    """Run it."""
    cloud = heat.Cloud()
    rounds = options.rounds or ROUNDS
    count = options.containers or CONTAINERS
    healthy = heat.template(heat.of_containers(count, cloud.busybox))
    cloud.life(healthy)

    def alone():
        return cloud.life(healthy)

    def beside():
        silent = Silent()
        stack = cloud.begin(heat.template(heat.diamond(
            {'type': heat.RANDOM},
            {'type': heat.CONTAINER, 'properties': {
                'image': cloud.busybox,
                'docker_endpoint': silent.endpoint}}, WAITING)))
        heat.until(lambda: silent.asked >= WAITING)
        took = cloud.life(healthy)
        silent.close()
        cloud.delete(stack)
        return took

    returned = common.alternately(rounds, {'alone': alone, 'beside': beside})
    claims = [common.Claim(
        '%s beside %d that wait / alone' % (action, WAITING), common.ratio(
            common.column(returned, 'beside', action),
            common.column(returned, 'alone', action)), 1.2)
        for action in ('create', 'delete')]
    common.save('blocked', cloud.facts(), rounds, claims, containers=count,
                waiting=WAITING, seconds=returned)
