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

"""A Compose project of 20 services, by a resource and by docker compose.

The others are the same graph with resources that do nothing, which is Heat's
own floor, and the docker library with 8 threads.
"""

import shutil

from benchmarks import common
from benchmarks import heat
from benchmarks import peers

ROUNDS = 5
SERVICES = 20


def run(options):
    """Run it."""
    cloud = heat.Cloud()
    rounds = options.rounds or ROUNDS
    count = options.containers or SERVICES
    compose = peers.Compose(cloud, count)
    project = heat.template(heat.of_project(count, cloud.busybox))
    floor = heat.template(heat.of_nothing(count))
    # The first stack imports modules.
    cloud.life(heat.template(heat.of_project(2, cloud.busybox)))
    returned = common.alternately(rounds, {
        'resource': lambda: cloud.life(project),
        'floor': lambda: cloud.life(floor),
        'raw': lambda: peers.raw(cloud, count), 'compose': compose.life})
    shutil.rmtree(peers.work(), ignore_errors=True)
    facts = cloud.facts()
    facts['versions']['compose'] = compose.version
    common.save(options.save or 'project', facts, rounds,
                list(_claims(returned)), containers=count, seconds=returned,
                debug=cloud.debug)


def _claims(returned):
    def column(name, action):
        return common.column(returned, name, action)

    for action in ('create', 'delete'):
        mine = column('resource', action)
        yield common.Claim(
            '%s / floor and raw together' % action,
            common.ratio(mine, [
                sum(values) if all(values) else None for values in zip(
                    column('floor', action), column('raw', action),
                    strict=True)]), 1.1)
        yield common.Claim('%s / compose' % action, common.ratio(
            mine, column('compose', action)), None)
