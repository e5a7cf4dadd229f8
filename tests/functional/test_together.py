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

"""Updates that replace several objects at once, fail, and are rolled back.

The stack has a network with a subnet, a volume, and a web server that uses
both and has a fixed name, host port and address. Each test runs one case. By
default, the tests are a sample in which each pair of values occurs at least
once. Set HEAT_DOCKER_ALL_TOGETHER to run all cases.
"""

import itertools
import os
import socket
import typing

from tests.functional import base

ALL = 'HEAT_DOCKER_ALL_TOGETHER'

# The objects that an update can replace, and how it can change the network.
OBJECTS = ('net', 'web', 'data')
NETWORK_CHANGES = ('labels', 'subnet')

# How the update is rolled back: by Heat's automatic rollback, by a user who
# updates to the old template, or by the rollback of the parent stack.
WAYS = ('rollback', 'hand', 'parent')

# A resource that fails after all others are replaced, in the stack or in its
# parent stack.
AFTERWARDS = {'type': 'OS::Heat::TestResource', 'properties': {'fail': True}}


class Case(typing.NamedTuple):
    """The replaced resources, the failure and the rollback of an update."""

    replaced: tuple
    change: str | None
    failing: str
    way: str

    @property
    def name(self):
        return '%s_of_%s_fails_at_%s' % (
            self.way, '_'.join(self.replaced).replace(
                'net', 'net_by_%s' % self.change), self.failing)

    @property
    def values(self):
        """The values of which the sample contains all pairs."""
        return {*((name, name in self.replaced) for name in OBJECTS),
                ('change', self.change), ('failing', self.failing),
                ('way', self.way)}

    @property
    def keeps_files(self):
        """Whether the old volume has to be restored.

        The rollback of a parent stack comes too late if its nested stack was
        complete.
        """
        return 'data' not in self.replaced or self.failing != 'parent'

    @property
    def keeps_container(self):
        """Whether the old container has to be in use again."""
        return self.keeps_files and (
            self.replaced == ('net',) or self.failing in OBJECTS)


def all_cases():
    """Return all possible cases."""
    cases = []
    for count in range(1, len(OBJECTS) + 1):
        for replaced in itertools.combinations(OBJECTS, count):
            changes = NETWORK_CHANGES if 'net' in replaced else (None,)
            for way, change in itertools.product(WAYS, changes):
                failing = [*replaced, 'last']
                if way == 'parent':
                    failing.append('parent')
                cases += [Case(replaced, change, name, way)
                          for name in failing]
    return cases


def sample(cases):
    """Return some cases that together contain all pairs of values."""
    pairs = {case: set(itertools.combinations(sorted(
        case.values, key=repr), 2)) for case in cases}
    missing = set().union(*pairs.values())
    chosen = []
    while missing:
        best = max(cases, key=lambda case: len(pairs[case] & missing))
        missing -= pairs[best]
        chosen.append(best)
    return chosen


class TogetherTest(base.FunctionalTest):

    def template_of(self, case, after=False):
        """Return the template before the update, or after it."""
        changed = case.replaced if after else ()
        moved = after and case.change == 'subnet'
        number = 2 * CASES.index(case) + moved
        net = {'ipam': {'config': [{'subnet': '10.214.%d.0/24' % number}]}}
        web = {'image': self.cloud.images['httpd'], 'name': self.name,
               'port_bindings': {80: '127.0.0.1:%d' % self.port},
               'networks': [{'network': {'get_resource': 'net'},
                             'ipv4_address': '10.214.%d.77' % number,
                             'aliases': ['www']}],
               'mounts': [{'source': {'get_resource': 'data'},
                           'target': '/data'}],
               'stop_grace_period': 1}
        data = {'replace_on_change': True}
        for name, values, refused in (
                ('net', net, {'com.docker.network.driver.mtu': 'none'}),
                ('data', data, {'nosuch': 'option'})):
            if name in changed:
                values['labels'] = {'changed': 'yes'}
                if case.failing == name:
                    values['driver_opts'] = refused
        page = 'two' if 'web' in changed else 'one'
        web['cmd'] = ['sh', '-c', 'echo %s > /www/index.html; '
                      'exec httpd -f -p 80 -h /www' % page]
        if after and case.failing == 'web':
            web['cmd'] = ['false']
        resources = {
            'net': {'type': 'DockerInc::Docker::Network', 'properties': net},
            'data': {'type': 'DockerInc::Docker::Volume',
                     'properties': data},
            'web': {'type': base.TYPE, 'properties': web}}
        if after and case.failing == 'last':
            resources['last'] = {**AFTERWARDS, 'depends_on': list(OBJECTS)}
        return self.template(resources)

    def request(self, case, after=False):
        """Return the arguments of the create or update request to Heat."""
        template = self.template_of(case, after)
        if case.way != 'parent':
            return {'template': template}
        resources = {'inner': {'type': 'inner.yaml'}}
        if after and case.failing == 'parent':
            resources['last'] = {**AFTERWARDS, 'depends_on': 'inner'}
        return {'template': self.template(resources),
                'files': {'inner.yaml': self.dump(template)}}

    def run_case(self, case):
        with socket.create_server(('127.0.0.1', 0)) as server:
            self.port = server.getsockname()[1]
        self.name = 'together-%d' % self.port
        outer = self.create_stack(**self.request(case))
        stack_id = outer if case.way != 'parent' else self.resource(
            outer, 'inner').physical_resource_id
        before = self.inspect(stack_id)
        self.assertEqual('one', self.page_at(self.port))
        self.in_container(before, 'touch', '/data/kept')
        if case.way == 'hand':
            self.update_stack(outer, **self.request(case, after=True),
                              status='UPDATE_FAILED')
            self.update_stack(outer, **self.request(case))
        else:
            self.update_stack(outer, **self.request(case, after=True),
                              status='ROLLBACK_COMPLETE',
                              disable_rollback=False)
        self.assert_back(case, stack_id, before)
        self.delete_stack(outer)
        self.assertEqual([0, 0, 0], self.left(stack_id))

    def assert_back(self, case, stack_id, before):
        """Assert that the stack is as it was before the update."""
        after = self.inspect(stack_id)
        self.assertEqual('one', self.page_at(self.port))
        self.assertEqual('/' + self.name, after['Name'])
        if case.keeps_container:
            self.assertEqual(before['Id'], after['Id'])
        if case.keeps_files:
            self.assertEqual('kept', self.in_container(
                after, 'ls', '/data').strip())
        self.assertIn(after['Id'], self.docker.inspect_network(self.resource(
            stack_id, 'net').physical_resource_id)['Containers'])
        [old] = before['NetworkSettings']['Networks'].values()
        [endpoint] = after['NetworkSettings']['Networks'].values()
        for key in ('IPAMConfig', 'IPAddress'):
            self.assertEqual(old[key], endpoint[key])
        self.assertIn('www', endpoint['Aliases'])
        self.assertEqual([1, 1, 1], self.left(stack_id))

    def left(self, stack_id):
        """Return how many objects of a stack the daemon has, by kind."""
        label = {'label': 'org.openstack.heat.stack_id=%s' % stack_id}
        return [len(self.containers(stack_id)),
                len(self.docker.networks(filters=label)),
                len(self.docker.volumes(filters=label)['Volumes'] or [])]

    def in_container(self, inspected, *command):
        return self.docker.exec_start(self.docker.exec_create(
            inspected['Id'], command)).decode()


def _test(case):
    return lambda test: test.run_case(case)


CASES = all_cases()

for _case in CASES if os.environ.get(ALL) else sample(CASES):
    setattr(TogetherTest, 'test_' + _case.name, _test(_case))
