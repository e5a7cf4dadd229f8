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

"""Twenty containers of one image of 50 MB that the daemon does not have.

Each worker of heat-engine asks for it once; the daemon downloads it once,
which the log of its registry tells.
The first container that runs is compared with a plain pull and run, from the
first request to the daemon on: what is before it is Heat's.
"""

import contextlib
import datetime
import os
import pathlib
import re
import time

import docker

from benchmarks import common
from benchmarks import counting
from benchmarks import heat
from sandbox import images
from sandbox import registry_push

ROUNDS = 5
CONTAINERS = 20
MEGABYTES = 50

_LABEL = 'org.openstack.heat.stack_id'


def run(options):
    """Run it."""
    cloud = heat.Cloud()
    rounds = options.rounds or ROUNDS
    count = options.containers or CONTAINERS
    image = _push(cloud)
    counter = counting.Counter(cloud.endpoint)
    mine = heat.template(heat.of_containers(count, image, counter.endpoint))
    things = {'heat_docker': lambda: _stack(cloud, mine, image, counter),
              'plain': lambda: _plain(cloud, image)}
    cloud.life(heat.template(heat.of_containers(2, cloud.busybox)))
    returned = common.alternately(rounds, things)
    counter.close()
    plain = common.column(returned, 'plain', 'first')
    mine = common.column(returned, 'heat_docker', 'first')
    claims = [
        common.Claim('downloads from the registry', max(common.column(
            returned, 'heat_docker', 'downloads')), 1),
        common.Claim('pull requests of two workers', max(common.column(
            returned, 'heat_docker', 'requests')), 2),
        common.Claim('first container / plain pull and run',
                     common.ratio(mine, plain), 1.1)]
    common.save('pulls', cloud.facts(), rounds, claims, containers=count,
                megabytes=MEGABYTES, seconds=returned)


def _push(cloud):
    """Push an image that cannot be compressed."""
    layer = images.Layer()
    layer.copy('/bin/busybox', '/bin/sh')
    layer.hard_link('/bin/sleep', '/bin/sh')
    layer.file('/blob', os.urandom(MEGABYTES * 10 ** 6))
    name = 'bench-%d' % time.time()
    registry_push.Pusher(cloud.state.registry).push(
        layer.image(Cmd=['sh']), name, 'latest')
    return '%s/%s:latest' % (cloud.state.registry, name)


def _forget(cloud, image):
    with contextlib.suppress(docker.errors.ImageNotFound):
        cloud.docker.remove_image(image, force=True)


def _downloads(cloud):
    """Return how often the registry has given the layer."""
    log = pathlib.Path(cloud.state.logs, 'registry.log').read_text()
    return sum(int(size) >= MEGABYTES * 10 ** 6 for size in re.findall(
        r'"GET /v2/bench-\S+/blobs/\S+ HTTP/1.1" 200 (\d+)', log))


def _started(cloud, container):
    at = cloud.docker.inspect_container(container)['State']['StartedAt']
    # Python takes microseconds at the most.
    return datetime.datetime.fromisoformat(
        at.rstrip('Z')[:26] + '+00:00').timestamp()


def _stack(cloud, template, image, counter):
    _forget(cloud, image)
    counter.reset()
    before = _downloads(cloud)
    stack = cloud.create(template)
    made = cloud.docker.containers(
        all=True, filters={'label': '%s=%s' % (_LABEL, stack)})
    # The network is made before them; the first create is what misses it.
    first = min(_started(cloud, one['Id']) for one in made)
    took = {'first': first - counter.first_of['POST /containers/create'],
            'requests': counter.requests['POST /images/create'],
            'downloads': _downloads(cloud) - before}
    cloud.delete(stack)
    return took


def _plain(cloud, image):
    _forget(cloud, image)
    begin = time.time()
    for _report in cloud.docker.pull(image, stream=True):
        pass
    container = cloud.docker.create_container(image, common.COMMAND)['Id']
    cloud.docker.start(container)
    took = {'first': _started(cloud, container) - begin}
    cloud.docker.remove_container(container, force=True)
    return took
