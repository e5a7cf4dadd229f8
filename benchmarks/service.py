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

"""Replicas of one service, by a resource and by docker service create.

The others are the same number of Container resources, and a resource that does
nothing, which is Heat's own floor. docker waits, like the plugin, until all
tasks have been running for five seconds.
"""

import contextlib

import docker

from benchmarks import common
from benchmarks import heat
from benchmarks import peers
from sandbox import ports

SERVICE = 'DockerInc::Docker::Service'

# Rounds by number of replicas.
ROUNDS = {1: 5, 10: 5, 50: 3, 200: 3}
# The benchmark "stack" is about more containers than these.
MOST_CONTAINERS = 50


def run(options):
    """Run it."""
    cloud = heat.Cloud()
    counts = [options.containers] if options.containers else list(ROUNDS)
    returned = {}
    with _swarm(cloud.docker):
        # The first stack imports modules.
        cloud.life(_template(cloud, 1))
        cli = peers.ServiceCreate(cloud)
        for count in counts:
            returned[count] = common.alternately(
                options.rounds or ROUNDS.get(count, 1),
                _ways(cloud, cli, count))
        facts = cloud.facts()
    facts['versions']['docker CLI'] = cli.version
    common.save(
        options.save or 'service', facts, max(
            len(values) for found in returned.values()
            for values in found.values()),
        list(_claims(returned)), debug=cloud.debug, seconds={
            '%s, %d' % (name, count): values
            for count, found in returned.items()
            for name, values in found.items()})


@contextlib.contextmanager
def _swarm(client):
    """Make the daemon of the sandbox a swarm of one node."""
    address = '127.0.0.1:%d' % ports.free()
    client.init_swarm(address, address)
    try:
        yield
    finally:
        client.leave_swarm(force=True)
        with contextlib.suppress(docker.errors.APIError):
            client.remove_network('docker_gwbridge')


def _template(cloud, count):
    return heat.template({'web': {'type': SERVICE, 'properties': {
        'image': cloud.busybox, 'cmd': common.COMMAND, 'replicas': count}}})


def _ways(cloud, cli, count):
    mine = _template(cloud, count)
    floor = heat.template({'nothing': {'type': heat.RANDOM}})
    containers = heat.template(heat.of_containers(count, cloud.busybox))
    ways = {'resource': lambda: cloud.life(mine),
            'docker service': lambda: cli.life(count),
            'floor': lambda: cloud.life(floor)}
    if count <= MOST_CONTAINERS:
        ways['containers'] = lambda: cloud.life(containers)
    return ways


def _claims(returned):
    for count, found in returned.items():
        for action in ('create', 'delete'):
            mine = common.column(found, 'resource', action)
            peers_of = {name: common.column(found, name, action)
                        for name in found}
            with_floor = [
                sum(values) if all(values) else None for values in zip(
                    peers_of['docker service'], peers_of['floor'],
                    strict=True)]
            for name, other, goal in (
                    ('docker service', peers_of['docker service'], 1.05),
                    ('docker service and floor', with_floor, None),
                    ('containers', peers_of.get('containers'), None)):
                if other:
                    yield common.Claim(
                        '%s, %d replicas / %s' % (action, count, name),
                        common.ratio(mine, other), goal)
