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

"""Networks: creation, and moving containers to a replacement."""

import copy
import json

from heat.engine import resource
from heat.engine import resources
from heat.engine import stack as parser
from heat.engine import template
from heat.objects import resource as resource_objects
from heat.tests import generic_resource
from heat.tests import utils
import requests

from heat_docker.lifecycle import creation
from heat_docker.lifecycle import plan
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
REFUSED = {'exc': requests.exceptions.ConnectTimeout}
GONE = base.refusal(404, 'network web not found')
NO_CONTAINER = base.refusal(404, 'No such container: c1')
NOT_CONNECTED = base.refusal(
    403, 'container c1 is not connected to network web')
TAKEN = base.refusal(409, 'network with name wiki already exists')
USED = base.refusal(403, 'network wiki has active endpoints')

NEW = 'fe' * 32
CREATE = base.NetworkTestCase.CREATE
INSPECT = base.NetworkTestCase.INSPECT
REMOVE = base.NetworkTestCase.REMOVE
MEMBERS = base.NetworkTestCase.MEMBERS
CONNECT = ('POST', '/networks/%s/connect' % base.ID)
CONNECT_NEW = ('POST', '/networks/%s/connect' % NEW)
DISCONNECT = ('POST', '/networks/%s/disconnect' % base.ID)
DISCONNECT_NEW = ('POST', '/networks/%s/disconnect' % NEW)
FOUND = ('GET', '/networks')
INSPECT_NEW = ('GET', '/networks/' + NEW)
REMOVE_NEW = ('DELETE', '/networks/' + NEW)

FULL_ID = 'c1' * 32

# Records of a network on another daemon, and on one that has moved.
ELSEWHERE = (json.dumps({'endpoint': 'tcp://other.test:2375',
                         'address': None}),
             json.dumps({'endpoint': base.URL, 'address': '192.0.2.66'}))

IPAM = {'config': [{'subnet': '10.9.0.0/24'}]}


class CreateTestCase(base.NetworkTestCase):

    def sent(self):
        return [sent.json() for sent in self.daemon.sent(*CREATE)]

    def test_create_sends_ipam_options_and_labels(self):
        self.daemon.on(*CREATE, self.MADE)
        made = self.make_resource(
            name='wiki', labels={'a': 'b'}, ipam=IPAM, internal=True,
            driver_opts={'c': 1})
        self.run_task(made.create)
        self.assertEqual([CREATE], self.daemon.requests)
        self.assertEqual(base.ID, made.resource_id)
        self.assertEqual(
            [{'Name': 'wiki', 'Internal': True, 'Options': {'c': '1'},
              'IPAM': {'Config': [{'Subnet': '10.9.0.0/24'}]},
              'Labels': {'a': 'b', **made.object.owner.labels},
              'CheckDuplicate': True}], self.sent())

    def test_nothing_that_is_unset(self):
        self.daemon.on(*CREATE, self.MADE)
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual(
            [{'Name': made.physical_resource_name(),
              'Labels': made.object.owner.labels,
              'CheckDuplicate': True}], self.sent())

    def test_warning_is_shown_as_an_event(self):
        self.daemon.on(*CREATE, {'status_code': 201, 'json': {
            'Id': base.ID, 'Warning': 'IPv6 is off'}})
        self.run_task(self.make_resource().create)
        self.assertIn('Docker warns: IPv6 is off', self.reasons)

    def test_no_warning(self):
        self.make_made()
        self.assertNotIn('warns', str(self.reasons))

    def test_taken_by_a_stranger(self):
        self.daemon.on(*CREATE, TAKEN)
        self.daemon.on(*FOUND, {'json': []})
        made = self.make_resource(name='wiki')
        self.assertIn('network with name wiki already exists',
                      self.fail_task(made.create))
        self.assertEqual([CREATE, FOUND], self.daemon.requests)
        self.assertIsNone(made.resource_id)

    def test_answer_lost(self):
        self.daemon.on(*CREATE, LOST, TAKEN)
        self.daemon.on(*FOUND, {'json': [{'Id': base.ID}]})
        made = self.make_resource(name='wiki')
        self.run_task(made.create)
        self.assertEqual(base.ID, made.resource_id)
        [sent] = self.daemon.sent(*FOUND)
        self.assertEqual(
            {'label': ['org.openstack.heat.resource_id=%s' % made.uuid,
                       'org.openstack.heat.stack_id=%s' % self.stack.id]},
            json.loads(sent.qs['filters'][0]))

    def test_answer_lost_and_not_listed_yet(self):
        self.daemon.on(*CREATE, LOST, TAKEN)
        self.daemon.on(*FOUND, {'json': []}, {'json': [{'Id': base.ID}]})
        made = self.make_resource(name='wiki')
        self.run_task(made.create)
        self.assertEqual(base.ID, made.resource_id)

    def test_answer_lost_and_taken_by_a_stranger(self):
        self.set_clock(creation, step=20.0)
        self.daemon.on(*CREATE, LOST, TAKEN)
        self.daemon.on(*FOUND, {'json': []})
        made = self.make_resource(name='wiki')
        self.assertIn('already exists', self.fail_task(made.create))

    def test_too_old_daemon(self):
        made = self.make_resource(enable_ipv4=False)
        self.assertIn('The property enable_ipv4 requires version 1.48',
                      self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)


class PolicyTestCase(base.NetworkTestCase):

    def test_not_allowed_on_shared_daemons(self):
        """The operator owns the bridges, interfaces and routes of the host."""
        self.configure(daemons='shared')
        for option, properties in {
                'allowed_network_options': {'driver_opts': {
                    'com.docker.network.bridge.name': 'br-mgmt'}},
                'allowed_network_drivers': {'driver': 'macvlan'},
                'allowed_subnets': {'ipam': {'config': [
                    {'subnet': '203.0.113.0/24'}]}}}.items():
            made = self.make_resource(properties)
            self.assertIn('option %s)' % option, self.fail_task(made.create))
            self.assertEqual([], self.daemon.requests)

    def test_swarm_not_allowed_on_shared_daemons(self):
        self.configure(daemons='shared')
        for properties in ({'ingress': True}, {'scope': 'swarm'}):
            made = self.make_resource(properties)
            self.assertIn('option allowed_network_drivers)',
                          self.fail_task(made.create))
            self.assertEqual([], self.daemon.requests)

    def test_allowed_on_shared_daemons(self):
        self.configure(daemons='shared', allowed_subnets=['10.0.0.0/8'])
        made = self.make_made(internal=True, driver='bridge', ipam={
            'config': [{'subnet': '10.9.0.0/24'}]}, driver_opts={
                'com.docker.network.driver.mtu': '1400'})
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)


class LifeTestCase(base.NetworkTestCase):

    def test_check_of_an_existing_network_completes(self):
        made = self.make_made()
        self.daemon.on(*INSPECT, self.inspected())
        self.run_task(made.check)
        self.assertEqual(('CHECK', 'COMPLETE'), made.state)

    def test_check_gone(self):
        made = self.make_made()
        self.daemon.on(*INSPECT, GONE)
        self.assertIn('not found', self.fail_task(made.check))

    def test_attributes_come_from_inspect(self):
        made = self.make_made()
        self.daemon.on(*INSPECT, self.inspected('c1'))
        for name, expected in (
                ('name', 'wiki-back'), ('driver', 'bridge'),
                ('scope', 'local'),
                ('subnets', ['10.209.0.0/24', 'fd00:209::/64']),
                ('subnet_status', None),
                ('gateways', ['10.209.0.1', 'fd00:209::1']),
                ('containers', {'c1': 'c1'})):
            self.assertEqual(expected, made.FnGetAtt(name), name)

    def test_subnet_status(self):
        """Docker 29 counts the addresses."""
        made = self.make_made()
        for shown, expected in (
                (base.sample('network_all_v1.55')['Status'], {
                    '10.209.0.0/24': {'ips_in_use': 4,
                                      'dynamic_ips_available': 127},
                    'fd00:209::/64': {'ips_in_use': 2,
                                      'dynamic_ips_available': 2 ** 64 - 2}}),
                ({'IPAM': {}}, {}), (None, None),
                # Not as Docker documents it.
                ({'IPAM': {'Subnets': []}}, None)):
            made.forget_live_state()
            self.daemon.on(*INSPECT, self.inspected(Status=shown))
            self.assertEqual(expected, made.FnGetAtt('subnet_status'))

    def test_reference_is_the_network_id(self):
        self.assertEqual(base.ID, self.make_made().FnGetRefId())

    def test_found_by_the_labels(self):
        self.daemon.on(*CREATE, LOST)
        made = self.make_resource(endpoint_timeout=0)
        self.fail_task(made.create)
        self.forget()
        self.daemon.on(*FOUND, {'json': [{'Id': base.ID}]})
        self.daemon.on(*REMOVE, 204)
        self.run_task(made.delete)
        self.assertEqual([FOUND, REMOVE], self.daemon.requests)

    def test_removed_by_name_from_podman(self):
        self.daemon.be_podman()
        made = self.make_made({'name': 'wiki'})
        by_name = ('DELETE', '/networks/wiki')
        self.daemon.on(*INSPECT, self.inspected('c1', Name='wiki'))
        self.daemon.on(*by_name, base.refusal(
            500, '"wiki" has associated containers with it: network is being '
            'used'), 204)
        self.run_task(made.delete)
        self.assertEqual([by_name, by_name], self.daemon.changes)

    def test_external_network_is_left_alone(self):
        self.daemon.on(*INSPECT, self.inspected())
        made = self.make_resource(template=self.template(
            {'name': 'wiki'}, external_id=base.ID))
        self.run_task(made.create)
        self.forget()
        made.prepare_for_replace()
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.requests)

    def test_adopted_network_is_removed(self):
        self.daemon.on(*INSPECT, self.inspected())
        made = self.make_resource()
        self.run_task(lambda: made.adopt({'resource_id': base.ID}))
        self.daemon.on(*REMOVE, 204)
        self.run_task(made.delete)
        self.assertEqual([REMOVE], self.daemon.changes)

    def test_changed_in_place(self):
        made = self.make_made(name='wiki')
        self.update(made, name='wiki', endpoint_timeout=5)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        self.assertEqual([], self.daemon.requests)


class ReplacingTestCase(base.NetworkTestCase):

    def make_old(self, **properties):
        """Return a network whose only container, c1, the stack owns."""
        made = self.make_made(properties or {'name': 'wiki'})
        self.daemon.on(*INSPECT, self.inspected())
        self.serve_members('c1')
        self.serve_container('c1', self.attached('c1', made))
        self.daemon.on(*DISCONNECT, {})
        self.daemon.on(*REMOVE, 204)
        return made

    def make_with(self, networks, properties=None, **beside):
        """Return the network of a stack, and a container, c1, in it.

        :param networks: property of the container.
        :param beside: other parts of the definition of the container.
        """
        template = self.template(properties or {'name': 'wiki'})
        template['resources']['c1'] = self.member(networks, **beside)
        made = self.make_made(template=template)
        self.own(self.stack, 'c1')
        self.daemon.on(*INSPECT, self.inspected(Name='wiki'))
        self.serve_members('c1')
        # The container was adopted: its labels name another stack.
        self.serve_container('c1', self.attached('c1', None))
        self.daemon.on(*DISCONNECT, {})
        self.daemon.on(*REMOVE, 204)
        return made

    def member(self, networks, **beside):
        return {'type': base.TYPE, 'properties': {
            'docker_endpoint': base.URL, 'image': 'busybox:1',
            'networks': networks}, **beside}

    def own(self, stack, name):
        """Store a container in Heat's database, like a create."""
        member = stack[name]
        member._update_stored_properties()
        member.store()
        member.resource_id_set(name)
        # All tests share one database.
        self.addCleanup(member.resource_id_set, None)
        self.addCleanup(self.assertIs, stack, member.stack)

    def replace(self, old, **properties):
        """Return the replacement of a resource, as an update creates it."""
        stack = old.stack
        changed = copy.deepcopy(stack.t.t)
        changed['resources']['web']['properties'] = self.properties(
            **properties)
        stack.t = template.Template(changed)
        stack.store()
        # The resource has only a weak reference to its stack.
        made, *self.needed = resource.Resource.load(
            stack.context, old.make_replacement(stack.t.id, set()),
            stack.current_traversal, True, {})
        self.daemon.on(*CREATE, {'status_code': 201, 'json': {'Id': NEW}})
        self.daemon.on(*CONNECT_NEW, {})
        self.forget()
        return made

    def noted(self, made):
        return json.loads(made.data()['replaced'])


class MakeRoomTestCase(ReplacingTestCase):

    def detached(self):
        return [sent.json() for sent in self.daemon.sent(*DISCONNECT)]

    def test_only_what_stands_in_the_way(self):
        for properties in (
                {'driver': 'bridge'}, {'labels': {'a': 'b'}},
                {'ipam': {'driver': 'default'}}, {'ipam': {'config': []}},
                {'internal': True}):
            made = self.make_made(properties)
            made.prepare_for_replace()
            self.assertEqual([], self.daemon.requests, properties)

    def test_all_that_stands_in_the_way(self):
        for properties in ({'name': 'wiki'}, {'ipam': IPAM}):
            made = self.make_old(**properties)
            self.assertRaises(resource.UpdateReplace, self.update, made,
                              internal=True, **properties)
            self.assertIn(REMOVE, self.daemon.requests)
            self.forget()

    def test_stays_for_a_replacement_at_another_endpoint(self):
        """From there, its containers could not be attached again."""
        made = self.make_old()
        changed = copy.deepcopy(made.stack.t.t)
        for url, stays in (('tcp://other.test:2375', True),
                           ('http://docker.test:2375', False)):
            changed['resources']['web']['properties']['docker_endpoint'] = url
            made.stack.t = template.Template(changed)
            made.prepare_for_replace()
            self.assertEqual(stays, not self.daemon.changes, url)

    def test_makes_room(self):
        made = self.make_old()
        made.prepare_for_replace()
        self.assertEqual([{'Container': 'c1', 'Force': True}],
                         self.detached())
        self.assertEqual([DISCONNECT, REMOVE], self.daemon.requests[-2:])
        self.assertEqual({'c1': {'Aliases': ['www']}}, self.noted(made))

    def test_address_is_noted(self):
        made = self.make_old()
        self.serve_container('c1', self.attached(
            'c1', made, IPAMConfig={'IPv4Address': '10.9.0.7'},
            Links=['db'], DriverOpts={'a': 'b'}))
        made.prepare_for_replace()
        self.assertEqual(
            {'c1': {'Aliases': ['www'], 'Links': ['db'],
                    'DriverOpts': {'a': 'b'},
                    'IPAMConfig': {'IPv4Address': '10.9.0.7'}}},
            self.noted(made))

    def test_noted_before_anything_is_detached(self):
        """The engine may die before it can report the containers."""
        made = self.make_old()
        self.daemon.on(*DISCONNECT, base.refusal(500, 'no'))
        self.assertRaises(resource.exception.Error, made.prepare_for_replace)
        self.assertEqual(['c1'], list(self.noted(made)))

    def test_empty_network_is_removed(self):
        made = self.make_old()
        self.serve_members()
        made.prepare_for_replace()
        self.assertEqual([REMOVE], self.daemon.changes)
        self.assertEqual({}, self.noted(made))

    def test_strangers_are_never_detached(self):
        made = self.make_old()
        self.serve_members('c1', 'c2', 'c3')
        for name, labels in (
                ('c2', {'org.openstack.heat.stack_id': 'another',
                        'org.openstack.heat.stack_name': 'blog'}),
                ('c3', None)):
            shown = self.attached(name, None)
            shown['json']['Config']['Labels'] = labels
            self.serve_container(name, shown)
        self.daemon.on(*REMOVE, USED)
        reason = self.fail_update(made, name='wiki', internal=True)
        self.assertIn('the container the-c2 of the stack blog, the container '
                      'the-c3 of no stack. Docker at', reason)
        self.assertEqual([{'Container': 'c1', 'Force': True}],
                         self.detached())
        self.assertEqual(['c1'], list(self.noted(made)))

    def test_tasks_are_never_detached(self):
        """Nothing but their swarm can attach them again."""
        made = self.make_old()
        self.serve_members('c1', 'c2')
        shown = self.attached('c2', None)
        shown['json']['Config']['Labels'] = {
            'org.openstack.heat.stack_id': self.stack.id,
            'com.docker.swarm.task.id': 't1'}
        self.serve_container('c2', shown)
        self.daemon.on(*REMOVE, USED)
        self.fail_update(made, name='wiki', internal=True)
        self.assertEqual([{'Container': 'c1', 'Force': True}],
                         self.detached())

    def test_comes_back_from_strangers(self):
        """The next update restores it, whatever it changes."""
        made = self.make_old()
        self.daemon.on(*REMOVE, USED)
        self.fail_update(made, name='wiki', internal=True)
        self.forget()
        self.serve_container('c1', self.container('c1', made))
        self.daemon.on(*FOUND, {'json': [{'Id': base.ID}]})
        self.daemon.on(*CONNECT, {})
        self.update(made, name='wiki')
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        self.assertIn(CONNECT, self.daemon.requests)
        self.assertNotIn(CREATE, self.daemon.requests)
        self.assertNotIn('replaced', made.data())

    def test_container_gone(self):
        for answers in ((NO_CONTAINER, {}), (None, NO_CONTAINER),
                        (None, NOT_CONNECTED), (None, GONE)):
            made = self.make_old()
            if answers[0]:
                self.serve_container('c1', answers[0])
            self.daemon.on(*DISCONNECT, answers[1])
            made.prepare_for_replace()
            self.assertEqual(REMOVE, self.daemon.requests[-1])
            self.forget()

    def test_container_detached_meanwhile(self):
        """Two requests show different moments."""
        made = self.make_old()
        self.serve_container('c1', self.container('c1', made))
        made.prepare_for_replace()
        self.assertEqual(REMOVE, self.daemon.requests[-1])

    def test_another_projects_by_now(self):
        """A hostile daemon has chosen the id of another daemon's network."""
        self.configure(daemons='shared')
        made = self.make_old()
        self.daemon.on(*INSPECT, self.inspected(Labels={
            'org.openstack.heat.project_id': 'another'}))
        made.prepare_for_replace()
        self.assertEqual([], self.daemon.changes)
        self.assertNotIn('replaced', made.data())

    def test_network_gone(self):
        made = self.make_old()
        self.daemon.on(*INSPECT, GONE)
        made.prepare_for_replace()
        self.assertEqual([], self.daemon.changes)

    def test_answers_lost(self):
        for lost, others in ((DISCONNECT, [NOT_CONNECTED]), (REMOVE, [GONE]),
                             (INSPECT, [self.inspected('c1')])):
            made = self.make_old()
            self.daemon.on(*lost, LOST, *others)
            made.prepare_for_replace()
            self.assertIn(REMOVE, self.daemon.requests)
            self.assertEqual(['c1'], list(self.noted(made)), lost)
            self.forget()

    def test_answer_lost_after_the_detaching(self):
        """The network no longer shows a detached container."""
        made = self.make_old()
        self.daemon.on(*MEMBERS, {'json': [{'Id': 'c1'}]}, {'json': []})
        self.daemon.on(*REMOVE, LOST, 204)
        made.prepare_for_replace()
        self.assertEqual(['c1'], list(self.noted(made)))

    def test_no_answer_at_all(self):
        made = self.make_old()
        self.daemon.on(*REMOVE, LOST)
        self.assertIn('cannot be reached', self.fail_update(
            made, name='wiki', internal=True))
        self.assertEqual(3, len(self.daemon.sent(*REMOVE)))

    def test_host_gone(self):
        """The host may be the reason for the update."""
        made = self.make_old()
        self.daemon.go_away()
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          name='wiki', internal=True)
        self.assertIn('web does not step aside', self.log.output)


class OwnTestCase(ReplacingTestCase):
    """Which containers belong to the stack or to its tree of stacks."""

    BY_ID = [{'network': {'get_resource': 'web'}}]

    def moved(self, made):
        made.prepare_for_replace()
        return list(self.noted(made))

    def test_adopted_container_is_moved(self):
        self.assertEqual(['c1'], self.moved(self.make_with(self.BY_ID)))

    def test_stopped_container_is_moved(self):
        made = self.make_with(self.BY_ID)
        self.serve_container('c1', self.attached('c1', None,
                                                 status='exited'))
        self.assertEqual(['c1'], self.moved(made))
        self.assertIn(DISCONNECT, self.daemon.requests)

    def test_never_started(self):
        """Docker has not yet recorded the id of the container's network."""
        made = self.make_with(self.BY_ID)
        self.serve_container('c1', self.container(
            'c1', State={'Status': 'created'}, NetworkSettings={
                'Networks': {'wiki': {'NetworkID': ''}}}))
        self.assertEqual(['c1'], self.moved(made))
        [sent] = self.daemon.sent(*MEMBERS)
        self.assertEqual(
            ({'network': [base.ID, 'wiki']}, ['1']),
            (json.loads(sent.qs['filters'][0]), sent.qs['all']))

    def test_of_a_nested_stack(self):
        made = self.make_with(self.BY_ID)
        self.serve_members('c1', 'c2')
        self.serve_container('c2', self.attached('c2', None))
        nested = self.make_stack('c2', owner_id=self.stack.id)
        self.assertEqual(['c1', 'c2'], self.moved(made))
        self.assertEqual(self.stack.id, nested.root_stack_id())

    def make_stack(self, name, definition=None, **more):
        """Return another stack with a container."""
        stack = parser.Stack(
            self.stack.context, utils.random_name(),
            template.Template({'heat_template_version': '2018-08-31',
                               'resources': {
                                   name: definition or self.member([])}}),
            **more)
        stack.store()
        self.own(stack, name)
        return stack

    def test_of_another_stack(self):
        """Another stack has adopted the container."""
        made = self.make_old()
        _other = self.make_stack('c1')
        self.assertEqual([], self.moved(made))
        self.assertNotIn(DISCONNECT, self.daemon.requests)

    def test_external_container_is_not_moved(self):
        made = self.make_with(self.BY_ID, external_id='c1')
        self.assertEqual([], self.moved(made))

    def test_not_a_container(self):
        """A user can adopt any id for a resource that Heat does not check."""
        resources.global_env().register_class(
            'Generic', generic_resource.GenericResource)
        made = self.make_old()
        self.serve_container('c1', self.attached('c1', None))
        _nested = self.make_stack('c1', {'type': 'Generic'},
                                  owner_id=self.stack.id)
        self.assertEqual([], self.moved(made))


class AddressesTestCase(ReplacingTestCase):
    """Fixed addresses of containers in a network that is replaced."""

    STATIC = {'IPAMConfig': {'IPv4Address': '10.9.0.7'}}
    MAC = '02:42:00:00:00:01'
    ELSEWHERE = {'config': [{'subnet': '10.8.0.0/24'}]}

    def make_old_with(self, network, **properties):
        """Return a network with c1, and with c2 at a fixed address."""
        made = self.make_with([{'network': network}], properties)
        self.serve_members('c1', 'c2')
        self.serve_container('c2', self.attached('c2', made, **self.STATIC))
        made.prepare_for_replace()
        for name in ('c1', 'c2'):
            self.serve_container(name, self.container(name))
        return made

    def taken_over(self, made):
        self.run_task(made.create)
        return [sent.json()['Container']
                for sent in self.daemon.sent(*CONNECT_NEW)]

    def test_static_ones_first(self):
        """Otherwise the daemon might give their addresses to others."""
        old = self.make_old_with({'get_resource': 'web'}, ipam=IPAM)
        self.assertEqual(['c2', 'c1'], self.taken_over(
            self.replace(old, ipam=IPAM, internal=True)))

    def test_of_another_subnet(self):
        """Each is attached in its own step, and gets no address before."""
        old = self.make_old_with({'get_resource': 'web'}, ipam=IPAM)
        self.assertEqual([], self.taken_over(
            self.replace(old, ipam=self.ELSEWHERE)))

    def test_of_another_subnet_by_name(self):
        old = self.make_old_with('wiki', name='wiki', ipam=IPAM)
        self.assertEqual(['c1'], self.taken_over(
            self.replace(old, name='wiki', ipam=self.ELSEWHERE)))

    def test_of_a_subnet_that_a_configuration_says(self):
        old = self.make_old_with('wiki', name='wiki', ipam=IPAM)
        self.assertEqual(['c2', 'c1'], self.taken_over(
            self.replace(old, name='wiki', config_from='wiki-config')))

    def test_mac_address_by_name(self):
        """Docker ignores it when it attaches a container."""
        made = self.make_with([{'network': 'wiki', 'mac_address': self.MAC}])
        self.assertIn(
            'The container of c1 would lose its address %s: in its property '
            'networks, refer to web by get_resource instead of by name'
            % self.MAC,
            self.fail_update(made, name='wiki', internal=True))
        self.assertEqual({'GET'}, {verb for verb, _ in self.daemon.requests})
        self.assertNotIn('replaced', made.data())

    def test_mac_address_by_id(self):
        """The update replaces the container."""
        made = self.make_with([{'network': {'get_resource': 'web'},
                                'mac_address': self.MAC}])
        made.prepare_for_replace()
        self.assertEqual(['c1'], list(self.noted(made)))

    def keep_mac_address(self, network, **properties):
        """Replace a network under a container with a MAC address."""
        self.daemon.speak('1.54')
        made = self.make_with([{'network': network,
                                'mac_address': self.MAC}], properties)
        made.prepare_for_replace()
        self.assertEqual(self.MAC, self.noted(made)['c1']['MacAddress'])
        self.serve_container('c1', self.container('c1'))
        self.run_task(self.replace(made, internal=True,
                                   **properties).create)
        [sent] = self.daemon.sent(*CONNECT_NEW)
        self.assertEqual(self.MAC,
                         sent.json()['EndpointConfig']['MacAddress'])

    def test_mac_address_by_name_in_version_1_54(self):
        """Since then, a connect request applies it."""
        self.keep_mac_address('wiki', name='wiki')

    def test_mac_address_by_id_in_version_1_54(self):
        self.keep_mac_address({'get_resource': 'web'})

    def test_address_by_name(self):
        """No later step would attach the container."""
        made = self.make_with([{'network': 'wiki',
                                'ipv4_address': '10.9.0.7'}],
                              {'name': 'wiki', 'ipam': IPAM})
        self.change(made, 'web', ipam=self.ELSEWHERE)
        self.assertIn('would lose its address 10.9.0.7', self.fail_update(
            made, name='wiki', ipam=self.ELSEWHERE))
        self.assertNotIn(DISCONNECT, self.daemon.requests)

    def test_address_by_name_that_changes_too(self):
        made = self.make_with([{'network': 'wiki',
                                'ipv4_address': '10.9.0.7'}],
                              {'name': 'wiki', 'ipam': IPAM})
        self.change(made, 'web', ipam=self.ELSEWHERE)
        self.change(made, 'c1', networks=[{'network': 'wiki',
                                           'ipv4_address': '10.8.0.7'}])
        made.prepare_for_replace()
        self.assertEqual(['c1'], list(self.noted(made)))

    def change(self, made, name, **properties):
        """Change the template of the stack, like an update."""
        changed = copy.deepcopy(made.stack.t.t)
        changed['resources'][name]['properties'].update(properties)
        made.stack.defn = made.stack.defn.clone_with_new_template(
            template.Template(changed), made.stack.identifier())


class OwedRoomTestCase(ReplacingTestCase):
    """The daemon was unreachable when Heat asked to remove the network."""

    def make_owing(self):
        old = self.make_old()
        self.daemon.on(*INSPECT, REFUSED)
        old.prepare_for_replace()
        self.daemon.on(*INSPECT, self.inspected())
        return old

    def test_goes_before_the_create(self):
        old = self.make_owing()
        made = self.replace(old, name='wiki', internal=True)
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)
        sent = self.daemon.requests
        self.assertLess(sent.index(REMOVE), sent.index(CREATE))
        self.assertIn(CONNECT_NEW, sent)

    def test_is_at_another_daemon(self):
        old = self.make_owing()
        self.daemon.on(*INSPECT, GONE)
        made = self.replace(old, name='wiki', internal=True)
        self.run_task(made.create)
        self.assertEqual([CREATE], self.daemon.changes)

    def test_of_another_daemon(self):
        """That daemon may have chosen the id of a network of this one."""
        for requested in ELSEWHERE:
            old = self.make_owing()
            old.data_set('requested', requested)
            made = self.replace(old, name='wiki', internal=True)
            self.run_task(made.create)
            self.assertEqual([CREATE], self.daemon.requests)

    def test_was_taken_back(self):
        old = self.make_owing()
        made = self.replace(old, name='wiki', internal=True)
        resource_objects.Resource.update_by_id(
            old.context, old.id, {'replaced_by': None})
        self.assertIn('The update was canceled',
                      self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)


class ComeBackTestCase(ReplacingTestCase):

    AGAIN = 'ad' * 32
    CONNECT_AGAIN = ('POST', '/networks/%s/connect' % AGAIN)

    def make_replaced(self, **properties):
        """Return a resource whose network was removed, with c1 recorded."""
        made = self.make_old(**properties)
        made.prepare_for_replace()
        self.forget()
        self.daemon.on(*INSPECT, GONE)
        self.daemon.on(*FOUND, {'json': []})
        self.daemon.on(*CREATE, {'status_code': 201, 'json': {
            'Id': self.AGAIN}})
        self.serve_container('c1', self.container('c1', made))
        self.daemon.on('GET', '/networks/' + self.AGAIN, self.inspected())
        self.daemon.on(*self.CONNECT_AGAIN, {})
        return made

    def serve_new(self, *containers, made=None):
        """Serve a replacement network that is to be removed."""
        self.daemon.on(*FOUND, {'json': [{'Id': NEW}]})
        self.daemon.on(*INSPECT_NEW, self.inspected())
        self.serve_members(*containers, network=NEW)
        for name in containers:
            self.serve_container(name, self.attached(name, made, NEW))
        self.daemon.on(*DISCONNECT_NEW, {})
        self.daemon.on(*REMOVE_NEW, 204)

    def connected(self):
        return [sent.json() for sent in self.daemon.sent(*self.CONNECT_AGAIN)]

    def come_back(self, made):
        made.restore_prev_rsrc(convergence=True)
        return self.daemon.requests

    def test_comes_back(self):
        made = self.make_replaced()
        self.assertEqual(
            [FOUND, INSPECT, CREATE, ('GET', '/containers/c1/json'),
             self.CONNECT_AGAIN], self.come_back(made))
        self.assertEqual(self.AGAIN, made.resource_id)
        self.assertEqual(
            [{'Container': 'c1', 'EndpointConfig': {'Aliases': ['www']}}],
            self.connected())
        [sent] = self.daemon.sent(*CREATE)
        self.assertEqual(('wiki', made.object.owner.labels),
                         (sent.json()['Name'], sent.json()['Labels']))
        self.assertNotIn('replaced', made.data())

    def test_comes_back_by_an_update(self):
        """A nested stack rolls back by an update, and users can, too."""
        made = self.make_replaced()
        self.update(made, name='wiki')
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        self.assertEqual(1, len(self.connected()))

    def test_comes_back_by_an_update_on_a_shared_daemon(self):
        """A missing network does not belong to another project."""
        self.configure(daemons='shared')
        made = self.make_replaced()
        self.update(made, name='wiki')
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        self.assertEqual(1, len(self.connected()))

    def test_replacement_is_removed(self):
        made = self.make_replaced()
        self.serve_new('c1', 'c2', made=made)
        self.serve_container('c2', self.attached('c2', None, NEW))
        self.daemon.on(*REMOVE_NEW, USED)
        self.come_back(made)
        # An unrelated container is reported, not detached.
        [sent] = self.daemon.sent(*DISCONNECT_NEW)
        self.assertEqual({'Container': 'c1', 'Force': True}, sent.json())
        self.assertIn('does not step back yet', self.log.output)
        self.assertIn('replaced', made.data())
        self.daemon.on(*REMOVE_NEW, 204)
        self.come_back(made)
        self.assertEqual(1, len(self.connected()))
        self.assertNotIn('replaced', made.data())

    def test_replacement_is_found_by_stack_and_name(self):
        made = self.make_replaced()
        self.come_back(made)
        [sent] = self.daemon.sent(*FOUND)
        self.assertEqual(
            {'label': ['org.openstack.heat.project_id=test_tenant_id',
                       'org.openstack.heat.stack_id=%s' % self.stack.id,
                       'org.openstack.heat.resource_name=web']},
            json.loads(sent.qs['filters'][0]))

    def test_replacement_goes_by_itself(self):
        for request in (INSPECT_NEW, REMOVE_NEW):
            made = self.make_replaced()
            self.serve_new('c1')
            self.daemon.on(*request, GONE)
            self.come_back(made)
            self.assertNotIn('replaced', made.data())

    def test_itself_is_not_removed(self):
        made = self.make_replaced()
        self.daemon.on(*FOUND, {'json': [{'Id': base.ID}]})
        self.daemon.on(*INSPECT, self.inspected())
        self.daemon.on(*CONNECT, {})
        self.assertEqual(
            [FOUND, INSPECT, ('GET', '/containers/c1/json'), CONNECT],
            self.come_back(made))
        self.assertEqual(base.ID, made.resource_id)

    def test_container_is_there_already(self):
        made = self.make_replaced()
        self.serve_container('c1', self.container(
            'c1', made, NetworkSettings={'Networks': {'wiki': {
                'NetworkID': self.AGAIN, 'EndpointID': 'x'}}}))
        self.come_back(made)
        self.assertEqual([], self.connected())

    def test_container_gone(self):
        for answers in ([NO_CONTAINER], [None, NO_CONTAINER]):
            made = self.make_replaced()
            if answers[0]:
                self.serve_container('c1', answers[0])
            else:
                self.daemon.on(*self.CONNECT_AGAIN, answers[1])
            self.come_back(made)
            self.assertNotIn('replaced', made.data())

    def test_made_no_room(self):
        made = self.make_old()
        self.assertEqual([], self.come_back(made))

    def test_answers_lost(self):
        for lost, answers in (
                (FOUND, [{'json': []}]), (INSPECT, [GONE]),
                (('GET', '/containers/c1/json'), None),
                (self.CONNECT_AGAIN, [{}])):
            made = self.make_replaced()
            self.daemon.on(*lost, LOST, *(
                answers or [self.container('c1', made)]))
            self.update(made, name='wiki')
            self.assertEqual(('UPDATE', 'COMPLETE'), made.state, lost)
            self.assertEqual(self.AGAIN, made.resource_id)
            self.assertNotIn('replaced', made.data())
            self.assertEqual(1, len(self.daemon.sent(*CREATE)), lost)
            self.forget()

    def test_answer_lost_of_the_create(self):
        """The possible network is removed and created again."""
        made = self.make_replaced()
        self.serve_new()
        self.daemon.on(*CREATE, LOST, {'status_code': 201, 'json': {
            'Id': self.AGAIN}})
        self.daemon.on(*FOUND, {'json': []}, {'json': [{'Id': NEW}]})
        self.update(made, name='wiki')
        self.assertEqual(self.AGAIN, made.resource_id)
        self.assertIn(REMOVE_NEW, self.daemon.requests)
        self.assertEqual(1, len(self.connected()))

    def test_answer_lost_of_the_create_and_deleted(self):
        """Otherwise the network would occupy its name and subnet forever."""
        made = self.make_replaced()
        self.daemon.on(*CREATE, LOST)
        self.come_back(made)
        self.serve_new()
        self.daemon.on(*REMOVE, GONE)
        self.run_task(made.delete)
        self.assertIn(REMOVE_NEW, self.daemon.requests)

    def test_answer_lost_of_the_create_and_not_listed_yet(self):
        """The container does not continue without its network."""
        made = self.make_replaced()
        self.daemon.on(*CREATE, LOST, TAKEN, TAKEN, {
            'status_code': 201, 'json': {'Id': self.AGAIN}})
        self.daemon.on('POST', '/networks/%s/connect' % base.ID, GONE)
        self.update(made, name='wiki')
        self.assertEqual(self.AGAIN, made.resource_id)
        self.assertEqual(1, len(self.connected()))
        self.assertNotIn('replaced', made.data())

    def test_failed_and_its_daemon_is_away(self):
        """The network is not complete until it has been inspected."""
        made = self.make_old()
        made.state_set(made.CHECK, made.IN_PROGRESS)
        made.state_set(made.CHECK, made.FAILED, 'x')
        self.daemon.on(*INSPECT, LOST)
        self.fail_update(made, name='wiki', endpoint_timeout=0)

    def test_daemon_away(self):
        self.set_clock(plan, step=30.0)
        made = self.make_replaced()
        self.daemon.go_away()
        self.come_back(made)
        self.assertIn('replaced', made.data())
        self.assertIn('cannot be reached', self.fail_update(
            made, name='wiki'))
        self.assertIn('replaced', made.data())

    def test_deleted_before_it_comes_back(self):
        made = self.make_replaced()
        self.daemon.on(*REMOVE, GONE)
        self.run_task(made.delete)
        self.assertEqual([REMOVE, ('GET', '/networks')],
                         self.daemon.requests)

    def test_replaced_again_before_it_comes_back(self):
        made = self.make_replaced()
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          name='wiki', attachable=True)
        self.assertEqual(['c1'], list(self.noted(made)))


class ReattachTestCase(ReplacingTestCase):
    """Containers that the replacement attaches from the old network."""

    def make_replacement(self):
        """Return a network that stepped aside with c1, and its successor."""
        old = self.make_old()
        old.prepare_for_replace()
        self.serve_container('c1', self.container('c1', old, Id=FULL_ID))
        return old, self.replace(old, name='wiki', internal=True)

    def test_by_the_id_that_the_daemon_shows(self):
        """A listed id may be only the prefix of an id, or a name."""
        _old, made = self.make_replacement()
        self.run_task(made.create)
        [sent] = self.daemon.sent(*CONNECT_NEW)
        self.assertEqual(FULL_ID, sent.json()['Container'])

    def test_of_another_daemon(self):
        """Facts about another daemon do not apply to this one."""
        for requested in ELSEWHERE:
            old, made = self.make_replacement()
            old.data_set('requested', requested)
            self.run_task(made.create)
            self.assertEqual([CREATE], self.daemon.requests)

    def test_container_of_another_project(self):
        _old, made = self.make_replacement()
        self.serve_container('c1', self.container('c1', Config={'Labels': {
            'org.openstack.heat.project_id': 'another'}}))
        self.assertIn('It belongs to another project',
                      self.fail_task(made.create))
        self.assertNotIn(CONNECT_NEW, self.daemon.requests)


class FailedTestCase(ReplacingTestCase):

    def test_takes_over_after_a_create_whose_answer_was_lost(self):
        old = self.make_old()
        old.prepare_for_replace()
        self.assertEqual(['c1'], list(self.noted(old)))
        clock = self.set_clock(plan, step=200.0)
        made = self.replace(old, name='wiki', internal=True)
        self.daemon.on(*CREATE, LOST)
        self.fail_task(made.create)
        clock.step = 0.0
        self.forget()
        self.daemon.on(*FOUND, {'json': [{'Id': NEW}]})
        self.daemon.on(*INSPECT_NEW, self.inspected())
        self.daemon.on(*CONNECT_NEW, {})
        self.update(made, name='wiki', internal=True)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        [sent] = self.daemon.sent(*CONNECT_NEW)
        self.assertEqual('c1', sent.json()['Container'])

    def test_existing_network_is_kept_after_a_failure(self):
        """An existing network is kept, whatever failed."""
        made = self.make_made()
        made.state_set(made.UPDATE, made.FAILED, 'x')
        self.daemon.on(*INSPECT, self.inspected())
        self.assertFalse(made.needs_replace_failed())


class ConfiguredTestCase(base.NetworkTestCase):
    """A network that uses the configuration of another one."""

    def test_no_labels(self):
        """Docker refuses all other options with config_from."""
        self.daemon.on(*CREATE, {'status_code': 201, 'json': {'Id': base.ID}})
        made = self.make_resource(config_from='wiki-config')
        self.run_task(made.create)
        [sent] = self.daemon.sent(*CREATE)
        self.assertNotIn('Labels', sent.json())
        self.assertEqual({'Network': 'wiki-config'},
                         sent.json()['ConfigFrom'])

    def test_answer_lost(self):
        """The name is unique, so it can only be this network."""
        def taken(request, context):
            context.status_code = 409
            self.daemon.on('GET', '/networks/' + request.json()['Name'],
                           {'json': {'Id': base.ID}})
            return {'message': 'network with that name already exists'}

        self.daemon.on(*CREATE, LOST, {'json': taken})
        self.daemon.on('GET', '/networks', {'json': []})
        made = self.make_resource(config_from='wiki-config')
        self.run_task(made.create)
        self.assertEqual(base.ID, made.resource_id)
