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

"""How often Heat polls the actions of a container.

Each poll that is not the last adds a second. ``--plugin DIR`` takes the
plugin from another checkout; ``--save NAME`` gives the result another name.
"""

from benchmarks import common
from benchmarks import handlers
from benchmarks import heat

# As process 1 it ignores SIGTERM.
DEAF = ['sleep', '3600']

ROUNDS = 5


def run(options):
    """Run it."""
    cloud = heat.Cloud()
    handlers.set_up()
    rounds = options.rounds or ROUNDS
    cases = {
        'running': {},
        'stops in 2 s': {'cmd': DEAF, 'stop_grace_period': 2},
        'stops in 10 s': {'cmd': DEAF},
        'completes in 0.5 s': {'cmd': ['sleep', '0.5'],
                               'wait_for': 'completed'},
        'healthy in 1.5 s': {
            'cmd': ['sh', '-c', 'trap "exit 0" TERM; sleep 1.5; '
                    'touch /tmp/up; sleep 3600 & wait'],
            'healthcheck': {'test': ['CMD', 'test', '-e', '/tmp/up'],
                            'interval': 0.2, 'retries': 1000},
            'wait_for': 'healthy'},
    }

    def life(properties):
        def act():
            one = handlers.Life(cloud.endpoint, cloud.busybox, **properties)
            took = {'create': common.seconds(one.create),
                    'delete': common.seconds(one.delete)}
            return {**took, 'polls to create': one.polls['create'],
                    'polls to delete': one.polls['delete']}
        return act

    returned = common.alternately(
        rounds, {name: life(properties)
                 for name, properties in cases.items()})
    table = {name: {key: common.median(common.column(returned, name, key))
                    for key in returned[name][0]} for name in cases}
    claims = [common.Claim('most polls to %s' % action, max(
        row['polls to ' + action] for row in table.values()), goal)
        for action, goal in (('create', 1), ('delete', 1))]
    common.save(options.save or 'polls', cloud.facts(), rounds, claims,
                medians=table)
