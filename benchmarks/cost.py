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

"""The cost of the plugin for one container, compared with the bare library.

Creates and deletes a container through the resource's handlers, without
heat-engine, and by the shortest sequence of library calls on the same daemon:
once without the second that a container must keep running (``wait_for:
none``), which shows the cost best, and once with it on both sides.
"""

import time

from benchmarks import common
from benchmarks import counting
from benchmarks import handlers
from benchmarks import heat

ROUNDS = 11
GOAL = 1.10


def run(options):
    """Run it."""
    cloud = heat.Cloud()
    handlers.set_up()
    rounds = options.rounds or ROUNDS

    def plugin(**properties):
        return _both(handlers.Life(cloud.endpoint, cloud.busybox,
                                   **properties))

    def library(second):
        return _both(_Library(cloud.docker, cloud.busybox, second))

    things = {'plugin': lambda: plugin(wait_for='none'),
              'library': lambda: library(0),
              'plugin, a second': lambda: plugin(),
              'library, a second': lambda: library(1)}
    # Do once what a worker does once for each daemon.
    plugin(wait_for='none')
    library(0)
    returned = common.alternately(rounds, things)
    counts = _count(cloud)
    claims = [
        common.Claim(
            'create and delete, plugin / library%s' % more, common.ratio(
                common.column(returned, 'plugin' + more, 'all'),
                common.column(returned, 'library' + more, 'all')), GOAL)
        for more in ('', ', a second')]
    claims += [
        common.Claim('requests to create', counts['create']['total'], 4),
        common.Claim('requests to delete', counts['delete']['total'], 3),
        common.Claim('connections', counts['connections'], 1)]
    common.save('cost', cloud.facts(), rounds, claims, seconds=returned,
                requests=counts)


def _both(life):
    created = common.seconds(life.create)
    deleted = common.seconds(life.delete)
    return {'create': created, 'delete': deleted, 'all': created + deleted}


class _Library:
    """The shortest sequence of calls."""

    def __init__(self, docker, image, second):
        self._docker = docker
        self._image = image
        self._second = second

    def create(self):
        self._id = self._docker.create_container(
            self._image, common.COMMAND)['Id']
        self._docker.start(self._id)
        if self._second:
            time.sleep(self._second)
            state = self._docker.inspect_container(self._id)['State']
            assert state['Running'], state

    def delete(self):
        self._docker.stop(self._id)
        self._docker.remove_container(self._id, v=True)


def _count(cloud):
    """Return the requests of a life, beginning with a new connection."""
    counter = counting.Counter(cloud.endpoint)
    life = handlers.Life(counter.endpoint, cloud.busybox)
    counts = {}
    connections = 0
    for action in ('create', 'delete'):
        counter.reset()
        getattr(life, action)()
        counts[action] = {'total': counter.total, **counter.requests}
        connections += counter.connections
    counter.cut()
    return {**counts, 'connections': connections}
