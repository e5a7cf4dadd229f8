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

"""Attributes from a daemon, and their visibility to readers of the stack."""

import json
import uuid

from heat.common import exception
from heat.db import api as db_api
from heat.db import models
from heat.objects import event as event_objects
from heat.objects import resource as resource_objects
from oslo_config import cfg

from heat_docker import budgets
from heat_docker import client
from heat_docker import endpoint
from heat_docker.resources import attributes
from heat_docker.resources import container
from heat_docker.resources import request_costs
from tests.unit import base
from tests.unit import servers


class AttributesTestCase(base.ContainerTestCase):

    NAMES = tuple(attribute.name for attribute
                  in container.DockerContainer.spec.ATTRIBUTES
                  if attribute.at is not None)

    def test_many_need_one_inspect(self):
        made = self.make_running()
        for attribute in container.DockerContainer.spec.ATTRIBUTES:
            if attribute.source is None:
                made.FnGetAtt(attribute.name)
        self.assertEqual([('GET', self.PATH + '/json')],
                         self.daemon.requests)

    def test_fresh_after_a_while(self):
        made = self.make_running()
        self.serve_inspect(self.inspected(), self.inspected('paused'))
        self.assertEqual('running', made.FnGetAtt('state'))
        self.patch(attributes, '_FRESH', -1)
        self.assertEqual('paused', made.FnGetAtt('state'))

    def test_none_before_the_create(self):
        made = self.make_resource()
        for name in self.NAMES + ('show',):
            self.assertIsNone(made.attributes[name], name)
        self.assertEqual([], self.daemon.history)

    def test_none_when_the_daemon_is_away(self):
        made = self.make_running()
        self.daemon.go_away()
        for name in self.NAMES:
            self.assertIsNone(made.FnGetAtt(name), name)
        self.assertEqual(1, len(self.daemon.history))
        self.assertEqual(1, self.log.output.count('WARNING'))
        self.assertIn('cannot be reached', self.log.output)

    def test_none_when_it_is_gone(self):
        made = self.make_running()
        self.serve_inspect(base.refusal(404, 'No such container'))
        for name in self.NAMES + ('show',):
            self.assertIsNone(made.FnGetAtt(name), name)

    def test_show_contains_all_attributes_but_info(self):
        """Heat shows this attribute in place of all attributes."""
        made = self.make_running()
        self.serve_sources(b'hello\n')
        shown = made.FnGetAtt('show')
        self.assertEqual({name: made.FnGetAtt(name) for name in self.NAMES
                          if name != 'info'}, shown)
        self.assertEqual('hello', shown['logs_tail'])

    def test_show_has_no_secrets(self):
        self.configure(show_env=True)
        made = self.make_running()
        self.serve_sources()
        self.assertNotIn('Env', str(made.FnGetAtt('show')))

    def test_info_masks_the_environment(self):
        made = self.make_running()
        self.serve_inspect(self.inspected(Env=['A=hunter2', 'B=', 'C']))
        shown = made.FnGetAtt('info')
        self.assertEqual(['A=***', 'B=***', 'C=***'], shown['Config']['Env'])
        self.assertNotIn('hunter2', str(shown))
        self.assertEqual([('GET', self.PATH + '/json')],
                         self.daemon.requests)

    def test_info_as_the_operator_says(self):
        """The option applies only to environment variables."""
        self.configure(show_env=True)
        made = self.make_running()
        self.serve_inspect(self.inspected(Env=['A=hunter2'], LogConfig={
            'Type': 'splunk', 'Config': {'splunk-token': 'hunter3'}}))
        shown = made.FnGetAtt('info')
        self.assertEqual(['A=hunter2'], shown['Config']['Env'])
        self.assertNotIn('hunter3', str(shown))

    def test_info_has_what_no_event_has(self):
        made = self.make_running()
        inspected = self.inspected(
            LogConfig={'Type': 'splunk', 'Config': {'token': 'hunter2'}})
        inspected['json']['HostConfig']['Mounts'] = [
            {'Type': 'volume', 'Target': '/a', 'VolumeOptions': {
                'DriverConfig': {'Options': {'o': 'password=hunter2'}}}}]
        self.serve_inspect(inspected)
        shown = made.FnGetAtt('info')
        self.assertEqual({'token': '***'},
                         shown['HostConfig']['LogConfig']['Config'])
        self.assertNotIn('hunter2', str(shown))

    def test_show_inspects_once(self):
        made = self.make_running()
        self.serve_sources()
        inspect = 'GET', '/containers/%s/json' % base.ID
        before = len(self.daemon.sent(*inspect))
        made.FnGetAtt('show')
        self.assertEqual(before + 1, len(self.daemon.sent(*inspect)))

    def test_show_when_the_daemon_is_away(self):
        made = self.make_running()
        self.daemon.go_away()
        self.assertIsNone(made.FnGetAtt('show'))

    def test_unknown_attribute_is_invalid(self):
        made = self.make_running()
        self.assertRaises(exception.InvalidTemplateAttribute, made.FnGetAtt,
                          'nosuch')

    def test_live_state_gone(self):
        made = self.make_running()
        self.serve_inspect(base.refusal(404, 'No such container'))
        self.assertRaises(exception.EntityNotFound,
                          made.get_live_resource_data)

    def test_live_state_is_no_drift(self):
        made = self.make_running()
        self.assertEqual({}, made.get_live_state(made.properties))

    def test_reference_is_the_id(self):
        self.assertEqual(base.ID, self.make_running().FnGetRefId())


class LongTestCase(base.ContainerTestCase):
    """A daemon with long answers that still fit into the limits."""

    def make_long(self, size):
        made = self.make_running()
        self.serve_inspect(self.inspected(Config={
            **self.inspected()['json']['Config'],
            'Labels': {'a': size * 'x'}}))
        return made

    def inspects(self):
        return len(self.daemon.sent('GET', self.PATH + '/json'))

    def test_attribute_too_long(self):
        made = self.make_long(3_000_000)
        self.assertIsNone(made.FnGetAtt('info'))
        self.assertEqual('running', made.FnGetAtt('state'))
        self.assertIn('Attribute info of web: it is too large to show',
                      self.log.output)
        self.assertIsNotNone(self.make_long(1_500_000).FnGetAtt('info'))

    def test_many_values(self):
        """A value takes more memory than its JSON."""
        made = self.make_running()
        self.serve_inspect(self.inspected(Config={
            **self.inspected()['json']['Config'],
            'Labels': {str(number): '' for number in range(30_000)}}))
        self.assertIsNone(made.FnGetAtt('info'))

    def test_logs_as_long_as_the_operator_says(self):
        self.configure(max_log_bytes=1024 * 1024)
        made = self.make_running()
        self.serve_sources(1024 * 1024 * b'x')
        self.assertEqual(1024 * 1024, len(made.FnGetAtt('logs')))

    def test_long_answers_are_not_kept(self):
        for size, count in ((1_500_000, 1), (3_000_000, 2)):
            made = self.make_long(size)
            for name in ('state', 'name'):
                self.assertIsNotNone(made.FnGetAtt(name))
            self.assertEqual(count, self.inspects())
            self.forget()

    def test_all_that_a_request_reads(self):
        self.patch(budgets, 'REQUEST_BYTES', 8_000_000)
        made = self.make_long(3_000_000)
        self.assertEqual(3 * ['running'] + 2 * [None], [
            made.FnGetAtt('state') for _again in range(5)])
        self.assertEqual(3, self.inspects())
        self.assertIn('The daemons return too much data for one request',
                      self.log.output)
        made.context.request_id = 'req-2'
        made.forget_live_state()
        self.assertEqual('running', made.FnGetAtt('state'))

    def test_all_that_a_request_shows(self):
        self.patch(budgets, 'SHOWN', 500_000)
        made = self.make_long(150_000)
        self.assertEqual([True, True, False, False], [
            made.FnGetAtt('info') is not None for _again in range(4)])
        self.assertEqual('running', made.FnGetAtt('state'))
        other = self.make_resource()
        other.resource_id = base.ID
        other.context.request_id = made.context.request_id
        self.assertIsNone(other.FnGetAtt('info'))

    def test_what_others_are_made_of(self):
        self.patch(budgets, 'SHOWN', 0)
        made = self.make_long(400_000)
        made.referenced_attrs = lambda *args, **kwargs: {'info'}
        for outputs in (False, True):
            shown = made.node_data(for_outputs=outputs).attribute('info')
            self.assertEqual(outputs, shown is None)


class SlowTestCase(base.ContainerTestCase):
    """A slow daemon: Heat stops waiting after a minute."""

    def setUp(self):
        super().setUp()
        self.clock = self.set_clock(attributes, request_costs, client)

    def make_slow(self, seconds=9, url=base.URL):
        made = self.make_running()
        answer = self.inspected()['json']

        def late(request, _context):
            # The fake daemon has answered; a real one would not have.
            self.clock.now += seconds
            return answer

        self.daemon.on('GET', self.PATH + '/json', {'json': late})
        self.begin = self.clock.now
        return made

    def took(self):
        return self.clock.now - self.begin

    def read(self, made, count=16):
        """Return the values of an attribute, without the cache."""
        values = []
        for _number in range(count):
            self.clock.now += attributes._FRESH + 1
            self.begin += attributes._FRESH + 1
            values.append(made.FnGetAtt('state'))
        return values

    def test_all_that_a_request_shows(self):
        made = self.make_slow()
        self.assertEqual(4 * ['running'] + 12 * [None], self.read(made))
        self.assertEqual(36, self.took())
        self.assertIn('takes too long to return all attributes (operator '
                      'option attributes_timeout)', self.log.output)

    def test_last_request_has_what_is_left(self):
        made = self.make_slow()
        self.read(made)
        timeouts = [sent.timeout for sent in self.daemon.sent(
            'GET', self.PATH + '/json')][-4:]
        self.assertEqual([(5.0, 10.0), (5.0, 10.0), (5.0, 10.0), (3.0, 3.0)],
                         timeouts)

    def test_as_the_operator_says(self):
        self.configure(attributes_timeout=100)
        self.assertEqual(9 * ['running'] + 7 * [None],
                         self.read(self.make_slow()))

    def test_quick_answers(self):
        made = self.make_slow(seconds=0.1)
        self.assertEqual(200 * ['running'], self.read(made, 200))

    def test_next_request(self):
        made = self.make_slow()
        self.read(made)
        made.context.request_id = 'req-2'
        self.assertEqual(['running'], self.read(made, 1))

    def test_resources_of_a_request_share_it(self):
        made = self.make_slow()
        self.read(made)
        other = self.make_resource()
        other.resource_id = base.ID
        self.assertEqual(['running'], self.read(other, 1))
        # Heat calls itself for the attributes of a nested stack.
        other.context.request_id = made.context.request_id
        self.assertEqual([None], self.read(other, 1))

    def test_other_daemon_has_its_part(self):
        waiting = request_costs.Costs()
        slow, quick = (endpoint.parse(url) for url in (base.URL, 'tcp://b'))
        waiting.add('req-1', slow, 30)
        self.assertEqual((0, 10), tuple(
            waiting.left('req-1', one) for one in (slow, quick)))

    def test_requests_are_forgotten(self):
        waiting = request_costs.Costs()
        for number in range(9):
            waiting.add(number, 'a', 50)
            self.clock.now += 100
        self.assertEqual([6, 7, 8], list(waiting._requests))
        self.assertEqual(30, waiting.left(0, 'a'))

    def test_what_others_are_made_of(self):
        """Other resources need the value; None would be wrong."""
        made = self.make_slow()
        self.read(made)
        made.referenced_attrs = lambda *args, **kwargs: {'state'}
        for outputs, expected in ((False, 'running'), (True, None)):
            self.clock.now += attributes._FRESH + 1
            data = made.node_data(for_outputs=outputs)
            self.assertEqual(expected, data.attribute('state'))

    def test_live_state(self):
        """An update is not in a hurry."""
        made = self.make_slow()
        self.read(made)
        self.assertEqual({}, made.get_live_state(made.properties))

    def test_others_are_not_told_of_it(self):
        """A healthy daemon may just have run out of time."""
        made = self.make_slow()
        self.read(made)
        self.pool.raise_if_down(made.endpoint)


class NonsenseTestCase(base.ContainerTestCase):

    def test_malformed_network_settings_show_as_empty(self):
        """Malformed settings must not hide the stack."""
        made = self.make_running()
        for settings in ('x', ['x'], {'Ports': {'x': 'y'}}, 7, {
                'Ports': {'80/tcp': [{'HostPort': 'x'}]}, 'Networks': ['x']}):
            self.serve_inspect({'json': {'State': {}, 'NetworkSettings':
                                         settings}})
            made.forget_live_state()
            for name in ('ports', 'network_tcp_ports', 'networks',
                         'network_ip', 'network_info'):
                self.assertIn(made.FnGetAtt(name), (None, '', {}, []), name)


class DriftTestCase(base.ContainerTestCase):

    def test_explicit_null_is_no_drift(self):
        """A daemon never shows an explicit null."""
        nulls = {'alarm_action': None, 'name': None, 'networks': None,
                 'pids_limit': None, 'restart_policy': None}
        made = self.make_running(nulls)
        made.converge = True
        self.update(made, **nulls)
        self.assertEqual([('GET', self.PATH + '/json')],
                         self.daemon.requests)
        self.assertNotIn('live state', self.log.output)


class EventsTestCase(base.ContainerTestCase):
    """All readers of the stack can see the properties in events."""

    def setUp(self):
        super().setUp()
        # Events are stored in the database, like those of Heat's own types.
        self.patch(base.resource.Resource, '_add_event', self.add_event)

    def secrets(self):
        pair = servers.issued()
        return {
            'docker_endpoint': 'https://docker.test:2375',
            'env': ['A=hunter2', 'B'],
            'files': [{'path': '/a', 'content': 'hunter2'}],
            'tls': {'client_cert': pair.certificate, 'client_key': pair.key,
                    'verify': False},
            'registry_auth': {'username': 'me', 'password': 'hunter2'}}

    MASKED = {
        'env': ['A=***', 'B=***'],
        'files': [{'path': '/a', 'content': '***'}],
        'registry_auth': {'username': 'me', 'password': '***'}}

    def create(self, **properties):
        self.serve_create()
        self.serve_run()
        self.daemon.on('PUT', self.PATH + '/archive', 200)
        made = self.make_resource(properties)
        self.run_task(made.create)
        return made

    def shown(self, made):
        """Return the properties of the events, as in Heat's API."""
        events = event_objects.Event.get_all_by_stack(
            made.context, made.stack.id)
        self.assertTrue(events)
        return [event.resource_properties for event in events]

    def row(self, made):
        """Return the stored properties of the resource."""
        return resource_objects.Resource.get_obj(
            made.context, made.id).properties_data

    def test_events_mask_secret_properties(self):
        properties = self.secrets()
        key = properties['tls']['client_key'].splitlines()[1]
        del properties['docker_endpoint'], properties['tls']
        made = self.create(**properties)
        made.add_event('One of ours')
        for shown in self.shown(made):
            self.assertEqual(
                {**self.MASKED, 'docker_endpoint': base.URL,
                 'image': 'busybox:1'}, shown)
            self.assertNotIn(key, str(shown))

    def test_masked_key(self):
        """Heat may reformat the key; no daemon answers here."""
        made = self.make_resource(endpoint_timeout=0, **self.secrets())
        self.fail_task(made.create)
        key = self.secrets()['tls']['client_key']
        for shown in self.shown(made):
            self.assertEqual('***', shown['tls']['client_key'])
            for line in key.splitlines()[1:-1]:
                self.assertNotIn(line, json.dumps(shown))

    def test_resource_keeps_them(self):
        """The properties that the next update compares are not masked."""
        properties = self.secrets()
        del properties['docker_endpoint'], properties['tls']
        made = self.create(**properties)
        self.assertEqual(properties['env'], self.row(made)['env'])
        self.assertEqual(properties['env'],
                         made._stored_properties_data['env'])
        frozen = made.frozen_definition().properties(made.properties_schema,
                                                     made.context)
        self.assertEqual('hunter2', frozen['registry_auth']['password'])

    def test_one_row_for_all_events(self):
        made = self.create(env=['A=hunter2'])
        for _number in range(5):
            made.add_event('One of ours')
        events = event_objects.Event.get_all_by_stack(made.context,
                                                      made.stack.id)
        self.assertEqual(7, len(events))
        self.assertEqual(1, len({event.rsrc_prop_data_id
                                 for event in events}))
        self.assertNotIn(made._rsrc_prop_data_id,
                         {event.rsrc_prop_data_id for event in events})

    def test_nothing_to_mask(self):
        """Events share the row of the resource, as for other types."""
        made = self.create(cmd=['a'])
        self.assertIn(made._rsrc_prop_data_id, {
            event.rsrc_prop_data_id for event in
            event_objects.Event.get_all_by_stack(made.context,
                                                 made.stack.id)})

    def test_events_mask_updated_secrets(self):
        made = self.create(registry_auth={'username': 'me', 'password': 'a'},
                           env=['A=hunter2'])
        self.update(made, env=['A=hunter2'], registry_auth={
            'username': 'you', 'password': 'hunter2'})
        self.assertEqual('hunter2',
                         self.row(made)['registry_auth']['password'])
        self.assertIn({'username': 'you', 'password': '***'},
                      [shown['registry_auth'] for shown in self.shown(made)])
        self.assertNotIn('hunter2', str(self.shown(made)))

    def test_events_mask_encrypted_properties(self):
        """Encryption also covers the rows of events."""
        cfg.CONF.set_override('encrypt_parameters_and_properties', True)
        self.addCleanup(cfg.CONF.clear_override,
                        'encrypt_parameters_and_properties')
        made = self.create(env=['A=hunter2'])
        self.assertEqual(['A=***'], self.shown(made)[-1]['env'])
        self.assertEqual(['A=hunter2'], self.row(made)['env'])

    def rows(self, made):
        """Return all rows of properties in Heat's database, as text."""
        with db_api.context_manager.reader.using(made.context) as session:
            return repr([row.data for row in session.query(
                models.ResourcePropertiesData).all()])

    def test_former_secrets_leave_the_database(self):
        # Other tests have rows in the same database.
        first, second = uuid.uuid4().hex, uuid.uuid4().hex
        made = self.create(registry_auth={'username': 'me',
                                          'password': first})
        self.assertIn(first, self.rows(made))
        self.update(made, registry_auth={'username': 'me',
                                         'password': second})
        self.assertNotIn(first, self.rows(made))
        self.assertEqual(second,
                         self.row(made)['registry_auth']['password'])

    def test_a_delete_masks_the_secrets(self):
        secret = uuid.uuid4().hex
        made = self.create(env=['A=' + secret])
        self.assertIn(secret, self.rows(made))
        self.serve_stop()
        self.serve_remove()
        self.run_task(made.delete)
        self.assertNotIn(secret, self.rows(made))

    def test_a_failed_delete_needs_the_secrets(self):
        made = self.create(env=['A=hunter2'])
        self.serve_stop()
        self.serve_remove(base.refusal(500, 'driver failed'))
        self.fail_task(made.delete)
        self.assertEqual(['A=hunter2'], self.row(made)['env'])

    def test_properties_that_are_not_stored(self):
        """Another worker has changed the resource meanwhile."""
        secret = uuid.uuid4().hex
        made = self.create(env=['A=1'])
        made._stored_properties_data = {
            **made._stored_properties_data, 'env': ['A=' + secret]}
        made._rsrc_prop_data_id = None
        made._calling_engine_id, made._atomic_key = 'engine', 99
        self.assertRaises(exception.UpdateInProgress, made.store,
                          lock=made.LOCK_ACQUIRE)
        self.assertNotIn(secret, self.rows(made))
        self.assertIsNone(made._rsrc_prop_data_id)
        self.assertEqual(['A=1'], self.row(made)['env'])
