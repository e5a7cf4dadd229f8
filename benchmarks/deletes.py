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

"""Whether stacks of many containers in one network can be deleted.

Docker before 29 may lose count of the containers of a network when several
leave it at once, and then refuses to remove the network.
"""

from benchmarks import common
from benchmarks import heat

ROUNDS = 10
CONTAINERS = 200


def run(options):
    """Run it."""
    cloud = heat.Cloud()
    rounds = options.rounds or ROUNDS
    count = options.containers or CONTAINERS
    template = heat.template(heat.of_containers(count, cloud.busybox))
    returned = common.alternately(
        rounds, {'stack': lambda: cloud.life(template)})
    failed = common.column(returned, 'stack', 'delete').count(None)
    claims = [
        common.Claim('rounds that failed, of %d' % rounds, failed, 0),
        common.Claim('seconds to create %d containers' % count, common.median(
            common.column(returned, 'stack', 'create'))),
        common.Claim('seconds to delete them', common.median(
            common.column(returned, 'stack', 'delete')))]
    common.save(options.save or 'deletes', cloud.facts(), rounds, claims,
                returned=returned)
