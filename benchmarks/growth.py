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

"""How time, requests and the memory of heat-engine grow with a stack.

Requests are counted on the way to the daemon, which costs time, too.
"""

from benchmarks import common
from benchmarks import counting
from benchmarks import heat

ROUNDS = 1
SIZES = (10, 25, 50, 100, 200)


def run(options):
    """Run it."""
    cloud = heat.Cloud()
    rounds = options.rounds or ROUNDS
    sizes = [size for size in SIZES
             if size <= (options.containers or SIZES[-1])]
    counter = counting.Counter(cloud.endpoint)

    def life(size):
        def act():
            counter.reset()
            template = heat.template(heat.of_containers(
                size, cloud.busybox, counter.endpoint))
            took = {}
            stack = []
            took['create'] = common.seconds(
                lambda: stack.append(cloud.create(template)))
            took['memory'] = cloud.engine_memory() - base
            took['requests to create'] = counter.total
            counter.reset()
            took['delete'] = common.seconds(cloud.delete, *stack)
            took['requests to delete'] = counter.total
            return took
        return act

    # A first stack has much to import.
    cloud.life(heat.template(heat.of_containers(2, cloud.busybox)))
    base = cloud.engine_memory()
    returned = common.alternately(
        rounds, {str(size): life(size) for size in sizes})
    counter.close()
    sizes = [size for size in sizes if any(returned[str(size)])]
    keys = ('create', 'delete', 'requests to create', 'requests to delete',
            'memory')
    medians = {key: [common.median(common.column(returned, str(size), key))
                     for size in sizes] for key in keys}
    lines = {key: common.line(sizes, medians[key]) for key in keys}
    claims = []
    for key in keys:
        claims += [common.Claim('%s, for each container' % key,
                                lines[key]['slope']),
                   common.Claim('%s, R² of the line' % key,
                                lines[key]['r2'])]
    common.save('growth', cloud.facts(), rounds, claims, sizes=sizes,
                medians=medians, lines=lines)
