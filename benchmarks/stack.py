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

"""A stack of 50 containers, compared with Heat itself and with other tools.

The others are the same graph with resources that do nothing, which is Heat's
own floor; the docker library with 8 threads; docker compose; and Ansible.
"""

import shutil

from benchmarks import common
from benchmarks import heat
from benchmarks import peers

ROUNDS = 5
CONTAINERS = 50


def run(options):
    """Run it."""
    cloud = heat.Cloud()
    rounds = options.rounds or ROUNDS
    count = options.containers or CONTAINERS
    mine = heat.template(heat.of_containers(count, cloud.busybox))
    floor = heat.template(heat.of_nothing(count))
    things = {'heat_docker': lambda: cloud.life(mine),
              'floor': lambda: cloud.life(floor),
              'raw': lambda: peers.raw(cloud, count)}
    versions = {}
    for peer in (peers.Compose, peers.Ansible):
        try:
            made = peer(cloud, count)
        except peers.Absent as ex:
            print('  %s is absent: %s' % (peer.name, ex), flush=True)
            versions[peer.name] = None
        else:
            things[peer.name] = made.life
            versions[peer.name] = made.version
    # The first stack imports modules.
    cloud.life(heat.template(heat.of_containers(2, cloud.busybox)))
    returned = common.alternately(rounds, things)
    shutil.rmtree(peers.work(), ignore_errors=True)
    facts = cloud.facts()
    facts['versions'].update(versions)
    common.save(options.save or 'stack', facts, rounds,
                list(_claims(returned)), containers=count, seconds=returned,
                debug=cloud.debug)


# The comparisons: the action, the others, how they are combined, and the goal.
_COMPARED = (
    ('create', ('compose',), max, 1.0),
    ('create', ('floor', 'raw'), max, 1.25),
    ('create', ('floor', 'raw'), sum, None),
    ('CPU of create', ('floor', 'raw'), sum, None),
    ('delete', ('compose',), max, 1.0),
    ('delete', ('floor', 'raw'), max, None),
    ('delete', ('floor', 'raw'), sum, None),
    ('create', ('ansible',), max, 0.25),
    ('delete', ('ansible',), max, 0.25),
)
_TOGETHER = {max: 'the slower of %s', sum: '%s together'}


def _claims(returned):
    for action, others, by, goal in _COMPARED:
        if not set(others) <= set(returned):
            continue
        told = ' and '.join(others)
        yield common.Claim(
            '%s / %s' % (action, _TOGETHER[by] % told if others[1:] else told),
            common.ratio(
                common.column(returned, 'heat_docker', action),
                [by(values) if all(values) else None for values in zip(*(
                    common.column(returned, other, action)
                    for other in others), strict=True)]), goal)
