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

"""An updated stack is the same as a fresh stack from the same template.

The tests change networks together with the containers in them through Heat, in
stacks of several shapes. See ``oracle`` for the rule.
"""

import time

import yaml

from heat_docker import fields
from tests.functional import oracle
from tests.functional import oracle_values as values

KINDS = {type_: kind for kind, type_ in values.TYPES.items()}

_A, _B = ({'ipam': {'config': [{'subnet': '{ip%s}.0/24' % which}]}}
          for which in 'ab')
_MTU = 'com.docker.network.driver.mtu'


def _in(**endpoint):
    return {'networks': [{'network': {'get_resource': 'net'}, **endpoint}]}


# Sequences of templates. Each template is a pair: the properties of the
# network and those of the container in it.
CHANGES = {
    'subnet_and_address': (
        (_A, _in(ipv4_address='{ipa}.7')), (_B, _in(ipv4_address='{ipb}.7'))),
    'subnet_and_other_address': (
        (_A, _in(ipv4_address='{ipa}.7', aliases=['www'])),
        (_B, _in(ipv4_address='{ipb}.8', aliases=['www', 'web']))),
    'name_and_alias': (
        ({'name': '{me}-a'}, _in(aliases=['one'])),
        ({'name': '{me}-b'}, _in(aliases=['two']))),
    'options_and_mac_address': (
        ({'driver_opts': {_MTU: 1400}}, _in(mac_address='06:00:00:00:01:01')),
        ({'driver_opts': {_MTU: 1300}}, _in(mac_address='06:00:00:00:01:02')),
        ({'driver_opts': {_MTU: 1200}}, _in(mac_address='06:00:00:00:01:02'))),
    'network': (
        ({}, _in(aliases=['www'])), ({'labels': {'a': 'b'}},
                                     _in(aliases=['www']))),
    'network_with_subnet': (
        (_A, _in(ipv4_address='{ipa}.7', aliases=['www'])),
        (dict(_A, labels={'a': 'b'}),
         _in(ipv4_address='{ipa}.7', aliases=['www']))),
    'container': (
        (_A, _in(ipv4_address='{ipa}.7')),
        (_A, {'env': ['A=b'], **_in(ipv4_address='{ipa}.7')})),
    'network_and_container': (
        ({}, _in(aliases=['www'])),
        ({'internal': True}, {'env': ['A=b'], **_in(aliases=['www'])})),
    'network_and_container_with_all': (
        (dict(_A, name='{me}-c'),
         {'name': '{me}', **_in(ipv4_address='{ipa}.7')}),
        (dict(_B, name='{me}-c'),
         {'name': '{me}', 'env': ['A=b'], **_in(ipv4_address='{ipb}.8')})),
    'network_before_container': (
        (_A, _in(ipv4_address='{ipa}.7')), (_B, _in(ipv4_address='{ipb}.7')),
        (_B, {'env': ['A=b'], **_in(ipv4_address='{ipb}.7')})),
    'container_before_network': (
        (_A, _in(ipv4_address='{ipa}.7')),
        (_A, {'env': ['A=b'], **_in(ipv4_address='{ipa}.7')}),
        (_B, {'env': ['A=b'], **_in(ipv4_address='{ipb}.7')})),
    'network_and_limits': (
        ({}, {'memory': 64 << 20, **_in(aliases=['one'])}),
        ({'internal': True}, {'memory': 128 << 20, 'restart_policy': {
            'Name': 'always'}, 'stop_grace_period': 2,
            **_in(aliases=['two'])})),
}
SINCE = {'options_and_mac_address': (1, 44)}

# The sequences for stacks of other shapes.
SOME = ('subnet_and_address', 'name_and_alias', 'network_with_subnet',
        'network_and_container', 'network_and_limits')

# Three container templates each: one that works, one that fails after some of
# its changes were made, and another one that works.
_FALSE = ['false']
FAILING = {
    'command': ({'memory': 64 << 20, 'name': '{me}'},
                {'memory': 128 << 20, 'name': '{me}', 'cmd': _FALSE},
                {'memory': 256 << 20, 'name': '{me}-b'}),
    'health': ({'stop_grace_period': 1}, {
        'stop_grace_period': 2, 'wait_for': 'healthy', 'healthcheck': {
            'test': ['CMD', 'false'], 'interval': 0.2, 'retries': 1}},
        {'memory': 64 << 20}),
    # A resource that depends on the container fails.
    'other': ({'memory': 64 << 20, 'restart_policy': {'Name': 'always'}},
              {'memory': 128 << 20, 'name': '{me}', 'pids_limit': 50},
              {'memory': 128 << 20, 'cpus': 0.5}),
}


class StackTest(oracle.ArrangingTest):
    """Compare updated stacks with fresh ones."""

    def check(self, shape, name):
        self.skip_before(SINCE.get(name, fields.OLDEST_API))
        make = getattr(self, 'shape_' + shape)
        first, *others = [make(*self.places.fill(list(pair)))
                          for pair in CHANGES[name]]
        stack_id = self.create_stack(**first)
        if shape == 'adopted':
            stack_id = self.readopt(stack_id)
        for template in others:
            self.update_stack(stack_id, **template)
            self.expect_nothing_to_converge(stack_id, template)
        self.compare(stack_id, template)

    def readopt(self, stack_id):
        """Abandon a stack, adopt it, and return the id of the new stack."""
        for _path, kind, object_id in self.objects(stack_id):
            if kind == 'container':
                self.addCleanup(self.remove_container, object_id)
        return self.adopt_stack(self.heat.stacks.abandon(stack_id))

    # Shapes of stacks, as arguments of create_stack and update_stack.

    def resources(self, net, web):
        return {'net': {'type': values.TYPES['network'], 'properties': net},
                'web': self.container(**{'stop_grace_period': 1, **web}),
                'peer': self.container(
                    stop_grace_period=1,
                    networks=[{'network': {'get_resource': 'net'}}])}

    def shape_plain(self, net, web):
        return {'template': self.template(self.resources(net, web))}

    shape_adopted = shape_plain

    def shape_nested(self, net, web):
        return {'template': self.template({'all': {'type': 'all.yaml'}}),
                'files': {'all.yaml': yaml.safe_dump(self.template(
                    self.resources(net, web)))}}

    def shape_group(self, net, web):
        """The containers are in nested stacks, the network is not."""
        made = self.resources(net, web)
        return {'template': self.template({
            'net': made['net'],
            'group': {'type': 'OS::Heat::ResourceGroup', 'properties': {
                'count': 1, 'resource_def': made['web']}},
            'peers': {'type': 'OS::Heat::ResourceGroup', 'properties': {
                'count': 2, 'resource_def': made['peer']}}})}

    # Comparison.

    def objects(self, stack_id):
        """Yield path, kind and id of each object of a stack."""
        for found in self.heat.resources.list(stack_id, nested_depth=3):
            if found.resource_type in KINDS:
                parent = getattr(found, 'parent_resource', 'stack')
                yield ('%s/%s' % (parent, found.resource_name),
                       KINDS[found.resource_type],
                       found.physical_resource_id)

    def shown(self, stack_id):
        """Return the normalized objects of a stack, by path."""
        inspected = {
            path: (kind, getattr(self.docker, 'inspect_' + kind)(object_id))
            for path, kind, object_id in self.objects(stack_id)}
        words = {own: word if word.startswith('stack') else '%s of %s' % (
                    word, path)
                 for path, (_kind, shown) in inspected.items()
                 for own, word in oracle.own(shown).items()}
        return {path: oracle.normal(kind, shown, words)
                for path, (kind, shown) in inspected.items()}

    def compare(self, stack_id, template):
        """Delete a stack, and compare it with a fresh one."""
        updated = self.shown(stack_id)
        self.delete_stack(stack_id)
        stack_id = self.create_stack(**template)
        fresh = self.shown(stack_id)
        self.delete_stack(stack_id)
        self.assertEqual(set(fresh), set(updated))
        wrong = ['%s: %s' % (path, text) for path in fresh for text
                 in oracle.differences(updated[path], fresh[path], self.api)]
        if wrong:
            self.fail('\n'.join(wrong))

    def expect_nothing_to_converge(self, stack_id, template):
        """Assert that an update with ``--converge`` changes no object.

        The daemon reports each change as an event.
        """
        objects = {object_id for _path, _kind, object_id
                   in self.objects(stack_id)}
        since = time.time()
        self.update_stack(stack_id, converge=True, **template)
        events = self.docker.events(since='%.9f' % since,
                                    until='%.9f' % time.time(), decode=True)
        self.assertEqual([], [
            (event['Type'], event['Action']) for event in events
            if objects & {event['Actor']['ID'],
                          event['Actor']['Attributes'].get('container')}
            and not event['Action'].startswith(('exec_', 'health_'))])

    # Failed updates.

    def failing(self, name):
        """Return a working template, a failing one, and a working one."""
        good, bad, other = [{'template': self.template({
            'web': self.container(**web)})}
            for web in self.places.fill(list(FAILING[name]))]
        if name == 'other':
            bad['template']['resources']['job'] = {
                **self.container(cmd=_FALSE), 'depends_on': 'web'}
        return good, bad, other

    def check_rollback(self, name):
        good, bad, _other = self.failing(name)
        stack_id = self.create_stack(**good)
        self.update_stack(stack_id, status='ROLLBACK_COMPLETE',
                          disable_rollback=False, **bad)
        self.expect_nothing_to_converge(stack_id, good)
        self.compare(stack_id, good)

    def check_next(self, name):
        good, bad, other = self.failing(name)
        stack_id = self.create_stack(**good)
        self.update_stack(stack_id, status='UPDATE_FAILED', **bad)
        self.update_stack(stack_id, **other)
        self.expect_nothing_to_converge(stack_id, other)
        self.compare(stack_id, other)


for _name in CHANGES:
    oracle.add_test(StackTest, 'check', 'plain', _name)
for _shape in ('nested', 'group', 'adopted'):
    for _name in SOME:
        oracle.add_test(StackTest, 'check', _shape, _name)
for _name in FAILING:
    oracle.add_test(StackTest, 'check_rollback', _name)
    oracle.add_test(StackTest, 'check_next', _name)
