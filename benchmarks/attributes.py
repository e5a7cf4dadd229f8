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

"""``stack show`` of 50 containers with ten attributes each."""

from benchmarks import common
from benchmarks import counting
from benchmarks import heat

ROUNDS = 5
CONTAINERS = 50
ATTRIBUTES = ('name', 'state', 'exit_code', 'health', 'networks', 'ports',
              'network_ip', 'network_gateway', 'network_tcp_ports',
              'network_udp_ports')


def run(options):
    """Run it."""
    cloud = heat.Cloud()
    rounds = options.rounds or ROUNDS
    count = options.containers or CONTAINERS
    counter = counting.Counter(cloud.endpoint)
    # Only what is timed goes straight to the daemon, so there are two.
    stacks = {where: cloud.create(_template(cloud, count, endpoint))
              for where, endpoint in (('counted', counter.endpoint),
                                      ('timed', cloud.endpoint))}
    containers = [one['Id'] for one in cloud.docker.containers(filters={
        'label': 'org.openstack.heat.stack_id=%s' % stacks['timed']})]
    cloud.heat.stacks.get(stacks['timed'])
    returned = common.alternately(rounds, {
        'show': lambda: common.seconds(_show, cloud, stacks['timed'], count),
        'show without': lambda: common.seconds(
            lambda: cloud.heat.stacks.get(stacks['timed'],
                                          resolve_outputs=False)),
        'inspect': lambda: common.seconds(
            lambda: [cloud.docker.inspect_container(container)
                     for container in containers])})
    counter.reset()
    _show(cloud, stacks['counted'], count)
    requests = dict(counter.requests)
    for stack in stacks.values():
        cloud.delete(stack)
    counter.close()
    inspects = requests.get('GET /containers/json', 0)
    claims = [
        common.Claim('inspect requests for each container',
                     inspects / count, 1),
        common.Claim('show / raw inspects', common.ratio(
            returned['show'], returned['inspect']))]
    common.save('attributes', cloud.facts(), rounds, claims,
                containers=count, attributes=len(ATTRIBUTES),
                seconds=returned, requests=requests)


def _template(cloud, count, endpoint):
    resources = heat.of_containers(count, cloud.busybox, endpoint)
    return heat.template(resources, {
        '%s-%s' % (name, attribute): {
            'value': {'get_attr': [name, attribute]}}
        for name in resources if name.startswith('r')
        for attribute in ATTRIBUTES})


def _show(cloud, stack, count):
    outputs = cloud.heat.stacks.get(stack).outputs
    states = [output['output_value'] for output in outputs
              if output['output_key'].endswith('-state')]
    assert states == count * ['running'], states
