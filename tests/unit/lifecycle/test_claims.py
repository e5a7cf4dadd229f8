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


"""Names, host ports and addresses that belong to another container."""

from heat.common import template_format
from heat.engine import resource
from heat.engine import stack as heat_stack
from heat.engine import template as heat_template
import requests

from heat_docker.lifecycle import claims
from tests.unit import base

OTHER = 'beef' + 60 * '0'
PATH = base.ContainerTestCase.PATH
INSPECT = ('GET', PATH + '/json')
LIST = ('GET', '/containers/json')
RENAME = ('POST', PATH + '/rename')
START = ('POST', PATH + '/start')
STOP = ('POST', PATH + '/stop')
NETWORK = 'n0123456789abcdef'
CONNECT = ('POST', '/networks/n/connect')
DISCONNECT = ('POST', '/networks/%s/disconnect' % NETWORK)
RECONNECT = ('POST', '/networks/%s/connect' % NETWORK)
TAKEN = base.refusal(409, 'The container name is already in use by container')
IN_USE = base.refusal(403, 'Address already in use')
REFUSED = {'exc': requests.exceptions.ConnectTimeout}


class ClaimsTestCase(base.ContainerTestCase):
    """Two containers of a stack, ``web`` and ``other``."""

    def setUp(self):
        super().setUp()
        self.clock = self.set_clock(claims)

    def two(self, web, other):
        """Return a template of both, given their properties."""
        resources = {
            name: {'type': self.TYPE, 'properties': self.properties(**values)}
            for name, values in (('web', web), ('other', other))
            if values is not None}
        return {'heat_template_version': '2018-08-31', 'resources': resources}

    def make_two(self, web, other, after):
        """Return both resources; the template then changes ``other``.

        :param after: properties of ``other`` in the new template; None if the
            template has no such resource.
        """
        self.serve_create()
        self.serve_run()
        made = self.make_resource(template=self.two(web, other))
        self.run_task(made.create)
        holder = self.stack['other']
        holder.store()
        self.serve_create({'status_code': 201, 'json': {'Id': OTHER}})
        self.daemon.on('POST', '/containers/%s/start' % OTHER, 204)
        self.daemon.on('GET', '/containers/%s/json' % OTHER,
                       self.inspected())
        self.run_task(holder.create)
        self.stack.defn = self.stack.defn.clone_with_new_template(
            heat_template.Template(template_format.parse(
                template_format.yaml.safe_dump(self.two(web, after)))),
            self.stack.identifier())
        self.begin(holder)
        self.forget()
        return made, holder

    def begin(self, holder):
        holder.state_set(holder.UPDATE, holder.IN_PROGRESS)

    def serve_list(self, *answers):
        """Answer requests to list containers with one list after the other."""
        self.daemon.on(*LIST, *({'json': list(answer)}
                                for answer in answers))

    def shown(self, container=OTHER, name='/other', **more):
        return {'Id': container, 'Names': [name], **more}


class RenameTestCase(ClaimsTestCase):

    def serve_names(self, *renames):
        """Show the container with its latest name."""
        names = ['web']

        def show(request, context):
            return {**self.inspected()['json'], 'Name': '/' + names[-1]}

        def rename(request, context):
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            context.status_code = answer['status_code']
            if answer['status_code'] == 204:
                names.append(request.qs['name'][0])
                return None
            return answer['json']

        answers = list(renames)
        self.daemon.on(*INSPECT, {'json': show})
        self.daemon.on(*RENAME, {'json': rename})
        self.names = names

    def test_names_are_swapped(self):
        """Each container releases its name for the other one."""
        made, _holder = self.make_two({'name': 'web'}, {'name': 'other'},
                                      {'name': 'web'})
        done = {'status_code': 204}
        self.serve_names(TAKEN, done, TAKEN, done)
        self.serve_list([self.shown()])
        self.update(made, name='other')
        self.assertEqual(['web', base.ID[:12] + '.renamed', 'other'],
                         self.names)

    def test_other_one_has_not_begun(self):
        made, holder = self.make_two({'name': 'web'}, {'name': 'other'},
                                     {'name': 'web'})
        holder.state_set(holder.CREATE, holder.COMPLETE)
        self.serve_names(TAKEN, TAKEN, {'status_code': 204})
        self.serve_list([self.shown()])
        self.update(made, name='other')
        self.assertEqual(['web', 'other'], self.names)

    def test_in_vain(self):
        made, _holder = self.make_two({'name': 'web'}, {'name': 'other'},
                                      {'name': 'web'})
        done = {'status_code': 204}
        self.serve_names(TAKEN, done, TAKEN, TAKEN, done)
        self.serve_list([self.shown()])
        self.clock.step = 20.0
        self.assertIn('The name other is still in use by the container of '
                      'other after 60 s',
                      self.fail_update(made, name='other'))
        self.assertEqual(['web', base.ID[:12] + '.renamed', 'web'],
                         self.names)

    def kept(self, after, **more):
        made, _holder = self.make_two({'name': 'web'}, {'name': 'other'},
                                      after)
        self.serve_names(TAKEN)
        self.serve_list([self.shown(**more)])
        reason = self.fail_update(made, name='other')
        self.assertEqual(1, len(self.daemon.sent(*RENAME)))
        return reason

    def test_other_one_keeps_it(self):
        self.assertIn('The name other is in use by the container of other',
                      self.kept({'name': 'other'}))

    def test_other_stack(self):
        self.assertIn(
            'The name other is in use by the container other of the stack '
            'wiki',
            self.kept({'name': 'web'}, container='x', Labels={
                'org.openstack.heat.stack_name': 'wiki'}))

    def test_no_stack(self):
        self.assertIn(
            'The name other is in use by the container other of no stack',
            self.kept({'name': 'web'}, container='x'))

    def test_other_one_comes_after(self):
        made, holder = self.make_two({'name': 'web'}, {'name': 'other'},
                                     {'name': 'web'})
        self.stack.current_deps = {'edges': [
            [(holder.id, True), (made.id, True)]]}
        self.assertIn(heat_stack.ConvergenceNode(made.id, True),
                      self.stack.convergence_dependencies.graph())
        self.serve_names(TAKEN)
        self.serve_list([self.shown()])
        self.assertIn(
            'The name other is in use by the container of other, which '
            'depends on web and so changes after it. Change other in a '
            'separate update first', self.fail_update(made, name='other'))
        self.assertEqual(1, len(self.daemon.sent(*RENAME)))

    def test_other_one_is_removed(self):
        made, _holder = self.make_two({'name': 'web'}, {'name': 'other'},
                                      None)
        self.serve_names(TAKEN, {'status_code': 204})
        self.serve_list([self.shown()])
        self.update(made, name='other')
        self.assertEqual('other', self.names[-1])


class AddressTestCase(ClaimsTestCase):

    def at(self, number, **more):
        return {'networks': [{'network': 'n', 'ipv4_address':
                              '192.0.2.%d' % number, **more}]}

    def live(self, number, **more):
        """Return the inspect output of the container in its network."""
        return self.inspected(Networks={} if number is None else {'n': {
            'NetworkID': NETWORK, 'EndpointID': 'e%d' % number,
            'IPAMConfig': {'IPv4Address': '192.0.2.%d' % number}, **more}})

    def has(self, number):
        return self.shown(NetworkSettings={'Networks': {'n': {
            'NetworkID': NETWORK,
            'IPAddress': '192.0.2.%d' % number}}})

    def make_both(self, after=10, **more):
        self.serve_connect({})
        made, holder = self.make_two(self.at(10, **more), self.at(11),
                                     self.at(after))
        self.serve_inspect(self.live(10))
        return made, holder

    def serve_connect(self, *answers, back=({},)):
        """Answer the requests to attach the container.

        :param back: answers to requests that restore its old endpoint.
        """
        self.daemon.on(*CONNECT, *answers)
        self.daemon.on(*RECONNECT, *back)
        self.daemon.on(*DISCONNECT, {})
        self.daemon.on('POST', '/networks/n/disconnect', {})

    def endpoints(self):
        """Return the endpoints of all connect requests, in order."""
        connects = (self.daemon.sent(*CONNECT), self.daemon.sent(*RECONNECT))
        return [sent.json()['EndpointConfig'] for sent in self.daemon.history
                if any(sent in requests for requests in connects)]

    def addresses(self):
        return [(endpoint['IPAMConfig'] or {}).get('IPv4Address')
                for endpoint in self.endpoints()]

    def test_addresses_are_swapped(self):
        """The container leaves the network before it gets the new address."""
        made, _holder = self.make_both()
        self.serve_inspect(self.live(10), self.live(None))
        self.serve_list([self.has(11)], [])
        self.update(made, **self.at(11))
        self.assertEqual([DISCONNECT, CONNECT], self.daemon.changes)
        self.assertEqual(['192.0.2.11'], self.addresses())

    def test_other_one_has_not_begun(self):
        made, holder = self.make_both()
        holder.state_set(holder.CREATE, holder.COMPLETE)
        self.serve_list([self.has(11)], [])
        self.update(made, **self.at(11))
        self.assertEqual([DISCONNECT, CONNECT], self.daemon.changes)

    def test_other_one_keeps_it(self):
        made, _holder = self.make_both(after=11)
        self.serve_list([self.has(11)])
        self.assertIn('The address 192.0.2.11 is in use by the container of '
                      'other', self.fail_update(made, **self.at(11)))
        self.assertEqual([], self.daemon.changes)

    def test_other_network(self):
        made, _holder = self.make_both(after=11)
        other = self.has(11)
        other['NetworkSettings']['Networks'] = {
            'm': other['NetworkSettings']['Networks']['n']}
        other['NetworkSettings']['Networks']['m']['NetworkID'] = 'm' * 64
        self.serve_list([other])
        self.update(made, **self.at(11))
        self.assertEqual(['192.0.2.11'], self.addresses())

    def test_in_vain(self):
        """The container restores its own address."""
        made, _holder = self.make_both(aliases=['www'])
        self.serve_inspect(self.live(10, Aliases=['www', base.ID[:12]]),
                           self.live(None))
        self.serve_list([self.has(11)])
        self.clock.step = 20.0
        self.assertIn('The address 192.0.2.11 is still in use by the '
                      'container of other after 60 s',
                      self.fail_update(made, **self.at(11)))
        self.assertEqual([{'IPAMConfig': {'IPv4Address': '192.0.2.10'},
                           'Aliases': ['www']}], self.endpoints())

    def test_attach_refused(self):
        """The reason is not that the address is in use."""
        made, _holder = self.make_both()
        self.serve_list([])
        self.serve_connect(base.refusal(400, 'no such subnet'))
        self.assertIn('no such subnet',
                      self.fail_update(made, **self.at(11)))
        self.assertEqual(['192.0.2.11', '192.0.2.10'], self.addresses())

    def test_taken_by_nobody_who_is_found(self):
        made, _holder = self.make_both()
        self.serve_list([])
        self.serve_connect(IN_USE)
        self.assertIn('Address already in use',
                      self.fail_update(made, **self.at(11)))
        self.assertEqual(3 * ['192.0.2.11'] + ['192.0.2.10'],
                         self.addresses())

    def test_own_address_is_taken_meanwhile(self):
        """Attach the container with any address rather than not at all."""
        made, _holder = self.make_both()
        self.serve_list([])
        self.serve_connect(base.refusal(400, 'no such subnet'),
                           back=(IN_USE, {}))
        self.fail_update(made, **self.at(11))
        self.assertEqual(['192.0.2.11', '192.0.2.10', None],
                         self.addresses())
        self.assertIn('web cannot get back all that it had',
                      self.log.output)

    def test_daemon_away_while_it_takes_it_back(self):
        made, _holder = self.make_both()
        self.serve_list([])
        self.serve_connect(base.refusal(400, 'no such subnet'),
                           back=(REFUSED, {}))
        self.assertIn('no such subnet',
                      self.fail_update(made, **self.at(11)))
        self.assertEqual('192.0.2.10', self.addresses()[-1])

    def test_another_network_has_the_name_of_the_old_one(self):
        """Another project has created a network while the container waited."""
        made, _holder = self.make_both()
        self.daemon.on('POST', '/networks/m/connect', IN_USE)
        self.daemon.on('POST', '/networks/m/disconnect', {})
        self.serve_list([])
        gone = base.refusal(404, 'network %s not found' % NETWORK)
        self.serve_connect(back=(gone,))
        self.daemon.on(*DISCONNECT, {}, gone)
        self.assertIn('Address already in use', self.fail_update(
            made, networks=[{'network': 'm', 'ipv4_address': '192.0.2.11'}]))
        self.assertIn(RECONNECT, self.daemon.changes)
        self.assertNotIn(CONNECT, self.daemon.changes)

    def test_cancelled_update_gives_the_address_back(self):
        """Heat cancels the update when another resource fails."""
        made, _holder = self.make_both()
        self.serve_inspect(self.live(10), self.live(None))
        self.serve_list([self.has(11)])
        task = made.update(made.t.freeze(
            properties=self.properties(**self.at(11))))
        while not self.daemon.sent(*DISCONNECT):
            next(task)
        self.assertRaises(KeyboardInterrupt, task.throw, KeyboardInterrupt)
        self.assertEqual(['192.0.2.10'], self.addresses())


class PortTestCase(ClaimsTestCase):

    NEW = {'port_bindings': {80: '127.0.0.1:81'}}

    def has(self, address='127.0.0.1', **more):
        return self.shown(Ports=[
            {'PrivatePort': 80, 'Type': 'tcp'},
            {'IP': address, 'PrivatePort': 80, 'PublicPort': 81,
             'Type': 'tcp'}], **more)

    def test_start_waits_for_the_port(self):
        self.serve_create()
        allocated = base.refusal(500, 'port is already allocated')
        self.serve_run(self.inspected('created'), self.inspected(),
                       start=(allocated, allocated, 204))
        made, holder = self.make_two({}, self.NEW, {})
        self.serve_list([self.has()])
        made.resource_id = None
        self.daemon.on(*START, allocated, allocated, 204)
        self.serve_create()
        made.properties = made.t.freeze(properties=self.properties(
            **self.NEW)).properties(made.properties_schema, made.context)
        progress = made.handle_create()
        while not made.check_create_complete(progress):
            pass
        self.assertEqual(3, len(self.daemon.sent(*START)))

    def replaced(self, after, *shown):
        """Begin to replace a container with one that has another port."""
        made, _holder = self.make_two({'port_bindings': {80: 80}}, self.NEW,
                                      after)
        self.stack.defn = self.stack.defn.clone_with_new_template(
            heat_template.Template(self.two(self.NEW, after)),
            self.stack.identifier())
        self.daemon.on(*RENAME, 204)
        self.serve_stop()
        self.serve_list(shown)
        return made

    def test_steps_aside_for_a_port_that_is_released(self):
        made = self.replaced({}, self.has())
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          **self.NEW)
        self.assertEqual([RENAME, STOP], self.daemon.changes)

    def test_other_one_keeps_it(self):
        """The old container stays in use."""
        made = self.replaced(self.NEW, self.has('0.0.0.0'))
        self.assertIn('The host port 81/tcp is in use by the container of '
                      'other', self.fail_update(made, **self.NEW))
        self.assertEqual([], self.daemon.changes)

    def test_other_address_of_the_host(self):
        made = self.replaced(self.NEW, self.has('192.0.2.1'))
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          **self.NEW)

    def test_other_protocol(self):
        other = self.has()
        other['Ports'][1]['Type'] = 'udp'
        made = self.replaced(self.NEW, other)
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          **self.NEW)
