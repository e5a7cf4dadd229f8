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

"""What is read from a daemon, and told to whoever may see the stack."""

import json

from heat.common import exception
from heat.objects import event as event_objects
from heat.objects import resource as resource_objects
from oslo_config import cfg

from heat_docker.resources import container
from heat_docker.resources import showing
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
        self.patch(showing, '_FRESH', -1)
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

    def test_show(self):
        """Heat shows it in the place of all attributes."""
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

    def test_info(self):
        made = self.make_running()
        self.serve_inspect(self.inspected(Env=['A=hunter2', 'B=', 'C']))
        shown = made.FnGetAtt('info')
        self.assertEqual(['A=***', 'B=***', 'C=***'], shown['Config']['Env'])
        self.assertNotIn('hunter2', str(shown))
        self.assertEqual([('GET', self.PATH + '/json')],
                         self.daemon.requests)

    def test_info_as_the_operator_says(self):
        self.configure(show_env=True)
        made = self.make_running()
        self.serve_inspect(self.inspected(Env=['A=hunter2']))
        self.assertEqual(['A=hunter2'],
                         made.FnGetAtt('info')['Config']['Env'])

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

    def test_unknown(self):
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


class DriftTestCase(base.ContainerTestCase):

    def test_nulls(self):
        """An explicit null differs from nothing that a daemon shows."""
        nulls = {'alarm_action': None, 'name': None, 'networks': None,
                 'pids_limit': None, 'restart_policy': None}
        made = self.make_running(nulls)
        made.converge = True
        self.update(made, **nulls)
        self.assertEqual([('GET', self.PATH + '/json')],
                         self.daemon.requests)
        self.assertNotIn('live state', self.log.output)


class EventsTestCase(base.ContainerTestCase):
    """Events show properties to whoever may see the stack."""

    def setUp(self):
        super().setUp()
        # They are stored here, as those of Heat's own types.
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
        """Return the properties of the events, as Heat's API has them."""
        events = event_objects.Event.get_all_by_stack(
            made.context, made.stack.id)
        self.assertTrue(events)
        return [event.resource_properties for event in events]

    def row(self, made):
        """Return the properties of the resource, as Heat goes on with."""
        return resource_objects.Resource.get_obj(
            made.context, made.id).properties_data

    def test_masked(self):
        properties = self.secrets()
        key = properties['tls']['client_key'].splitlines()[1]
        del properties['docker_endpoint'], properties['tls']
        made = self.create(**properties)
        made._event('One of ours')
        for shown in self.shown(made):
            self.assertEqual(
                {**self.MASKED, 'docker_endpoint': base.URL,
                 'image': 'busybox:1'}, shown)
            self.assertNotIn(key, str(shown))

    def test_masked_key(self):
        """Whatever Heat makes of it: here nothing answers."""
        made = self.make_resource(endpoint_timeout=0, **self.secrets())
        self.fail_task(made.create)
        key = self.secrets()['tls']['client_key']
        for shown in self.shown(made):
            self.assertEqual('***', shown['tls']['client_key'])
            for line in key.splitlines()[1:-1]:
                self.assertNotIn(line, json.dumps(shown))

    def test_resource_keeps_them(self):
        """What Heat compares with at the next update is not masked."""
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
            made._event('One of ours')
        events = event_objects.Event.get_all_by_stack(made.context,
                                                      made.stack.id)
        self.assertEqual(7, len(events))
        self.assertEqual(1, len({event.rsrc_prop_data_id
                                 for event in events}))
        self.assertNotIn(made._rsrc_prop_data_id,
                         {event.rsrc_prop_data_id for event in events})

    def test_nothing_to_mask(self):
        """Then events share the row of the resource, as with other types."""
        made = self.create(cmd=['a'])
        self.assertIn(made._rsrc_prop_data_id, {
            event.rsrc_prop_data_id for event in
            event_objects.Event.get_all_by_stack(made.context,
                                                 made.stack.id)})

    def test_updated(self):
        made = self.create(registry_auth={'username': 'me', 'password': 'a'},
                           env=['A=hunter2'])
        self.update(made, env=['A=hunter2'], registry_auth={
            'username': 'you', 'password': 'hunter2'})
        self.assertEqual('hunter2',
                         self.row(made)['registry_auth']['password'])
        self.assertIn({'username': 'you', 'password': '***'},
                      [shown['registry_auth'] for shown in self.shown(made)])
        self.assertNotIn('hunter2', str(self.shown(made)))

    def test_encrypted(self):
        """As the operator has it, in rows of events, too."""
        cfg.CONF.set_override('encrypt_parameters_and_properties', True)
        self.addCleanup(cfg.CONF.clear_override,
                        'encrypt_parameters_and_properties')
        made = self.create(env=['A=hunter2'])
        self.assertEqual(['A=***'], self.shown(made)[-1]['env'])
        self.assertEqual(['A=hunter2'], self.row(made)['env'])
