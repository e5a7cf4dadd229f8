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

"""What all types share: names, labels, lost answers, attributes."""

import dataclasses
import json

from heat.common import exception
from heat.objects import resource as resource_objects
import mock
from oslo_config import cfg
import requests

from heat_docker import engine
from heat_docker import errors
from heat_docker.resources import base as resources_base
from heat_docker.resources import container
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
REFUSED = {'exc': requests.exceptions.ConnectTimeout}
NAME_TAKEN = base.refusal(
    409, 'Conflict. The container name "/web" is already in use')


class SchemaTestCase(base.TestCase):

    def test_schemas_made_of_the_table(self):
        spec = container.DockerContainer.spec
        self.assertEqual(
            [field.name for field in spec.FIELDS],
            list(container.DockerContainer.properties_schema))
        self.assertEqual(
            [attribute.name for attribute in spec.ATTRIBUTES],
            [name for name in container.DockerContainer.attributes_schema
             if name != 'show'])

    def test_type_has_to_say_how(self):
        for name in ('_docker_create', '_docker_inspect', '_docker_find',
                     '_docker_update', '_delete_steps'):
            method = getattr(resources_base.DockerResource, name)
            count = method.__code__.co_argcount
            self.assertRaises(NotImplementedError, method, *[None] * count)


class AvailableTestCase(base.TestCase):

    MAPPING = {'A::B': object, 'C::D': object}

    def test_available(self):
        self.assertEqual(self.MAPPING, resources_base.available(self.MAPPING))
        self.assertEqual('', self.log.output)

    def test_not_available(self):
        with mock.patch.object(engine, 'library', autospec=True,
                               side_effect=errors.Unsupported('too old')):
            self.assertEqual({}, resources_base.available(self.MAPPING))
        self.assertEqual(
            'ERROR heat_docker.resources.base The resource types A::B, C::D '
            'are not available: too old\n', self.log.output)

    def test_mappings(self):
        mapping = {base.TYPE: container.DockerContainer}
        self.assertEqual(mapping, container.resource_mapping())
        self.assertEqual(mapping, container.available_resource_mapping())


class IdentityTestCase(base.ResourceTestCase):

    def test_endpoint(self):
        made = self.make_resource(docker_endpoint='tcp://docker.test')
        self.assertEqual('tcp://docker.test:2375', str(made.endpoint))

    def test_endpoint_by_default(self):
        self.configure(default_endpoint='tcp://mine.test')
        for unset in (None, ''):
            made = self.make_resource(docker_endpoint=unset)
            self.assertEqual('tcp://mine.test:2375', str(made.endpoint))

    def test_endpoint_by_default_wrong(self):
        self.configure(default_endpoint='mine.test')
        made = self.make_resource(docker_endpoint=None)
        reason = self.fail_task(made.create)
        self.assertIn("'mine.test' is not a Docker endpoint", reason)
        self.assertEqual([], self.daemon.history)

    def test_labels(self):
        made = self.make_resource()
        self.assertEqual(
            {'org.openstack.heat.stack_id': self.stack.id,
             'org.openstack.heat.stack_name': self.stack.name,
             'org.openstack.heat.resource_name': 'web',
             'org.openstack.heat.resource_id': made.uuid,
             'org.openstack.heat.project_id': 'test_tenant_id'},
            made.labels)

    def test_name(self):
        for name, expected in (('web-1', 'web-1'), ('/web-1', 'web-1')):
            made = self.make_resource(name=name)
            self.assertEqual(expected, made.docker_name(made.properties))

    def test_name_of_other_values(self):
        made = self.make_resource(name='web-1')
        self.assertEqual('web-2', made.docker_name({'name': 'web-2'}))
        with mock.patch.object(made, 'physical_resource_name', autospec=True,
                               return_value='st-web-1'):
            self.assertEqual('st-web-1', made.docker_name({'name': None}))

    def test_name_by_default_in_the_letters_of_docker(self):
        made = self.make_resource()
        with mock.patch.object(made, 'physical_resource_name', autospec=True,
                               return_value='stäck-a+b-1'):
            self.assertEqual('st_ck-a_b-1',
                             made.docker_name(made.properties))

    def test_validation_asks_no_daemon(self):
        self.make_resource().validate()
        self.assertEqual([], self.daemon.history)


class MakeTestCase(base.ContainerTestCase):

    def creates(self):
        return self.daemon.sent('POST', '/containers/create')

    def test_id_is_stored_before_the_first_wait(self):
        stored = []

        def read(request, context):
            stored.append(resource_objects.Resource.get_obj(
                made.context, made.id).physical_resource_id)
            context.status_code = 204

        self.serve_create()
        self.serve_run(start=[{'text': read}])
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual([base.ID], stored)

    def test_too_old_daemon(self):
        self.daemon.on('GET', '/version', {'json': {'ApiVersion': '1.39'}},
                       prefix='')
        reason = self.fail_task(self.make_resource().create)
        self.assertIn('%s speaks versions 1.24 to 1.39' % base.URL, reason)
        self.assertEqual([], self.daemon.requests)

    def test_too_old_for_a_property(self):
        self.patch(container.spec, 'FIELDS', tuple(
            dataclasses.replace(field, since=(1, 99))
            if field.name == 'memory' else field
            for field in container.spec.FIELDS))
        made = self.make_resource(memory=0)
        self.assertEqual(
            'Error: resources.web: The property memory needs version 1.99 '
            'of the Docker API, and the daemon at %s has 1.41' % base.URL,
            self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)
        self.assertEqual({}, made.data())

    def test_lost_answer_then_taken_by_itself(self):
        self.serve_create(LOST, NAME_TAKEN)
        self.serve_found(base.ID)
        self.serve_run()
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual(base.ID, made.resource_id)
        [sent] = self.daemon.sent('GET', '/containers/json')
        self.assertEqual(['1'], sent.qs['all'])
        self.assertEqual(
            {'label': ['org.openstack.heat.resource_id=%s' % made.uuid,
                       'org.openstack.heat.stack_id=%s' % self.stack.id]},
            json.loads(sent.qs['filters'][0]))

    def test_lost_request_is_sent_again(self):
        self.serve_create(LOST, {'status_code': 201, 'json': {'Id': base.ID}})
        self.serve_run()
        made = self.make_resource()
        self.run_task(made.create)
        first, second = self.creates()
        self.assertEqual((first.json(), first.qs),
                         (second.json(), second.qs))

    def test_name_taken_by_somebody_else(self):
        self.serve_create(NAME_TAKEN)
        self.serve_found()
        made = self.make_resource(name='web')
        reason = self.fail_task(made.create)
        self.assertIn('The container name "/web" is already in use', reason)
        self.assertIn(base.URL, reason)
        self.assertIsNone(made.resource_id)
        self.assertEqual(1, len(self.creates()))

    def test_unreachable(self):
        self.daemon.on('GET', '/version', REFUSED, prefix='')
        made = self.make_resource()
        reason = self.fail_task(made.create)
        self.assertIn('%s cannot be reached' % base.URL, reason)
        self.assertEqual(1, len(self.daemon.history))

    def test_reason_begins_with_the_resource(self):
        self.serve_create(base.refusal(400, 'No command specified'))
        self.assertEqual(
            'Error: resources.web: Docker at %s: No command specified'
            % base.URL, self.fail_task(self.make_resource().create))


class LocateTestCase(base.ContainerTestCase):
    """A delete finds all that may be there, and asks nobody in vain."""

    def failed(self, *answers):
        """Return a resource whose create has failed without an id."""
        self.serve_create(*answers)
        made = self.make_resource()
        self.fail_task(made.create)
        self.forget()
        return made

    def test_never_created(self):
        made = self.make_resource()
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.history)

    def test_never_requested(self):
        self.daemon.on('GET', '/version', REFUSED, prefix='')
        made = self.make_resource()
        self.fail_task(made.create)
        self.forget()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual([], self.daemon.history)

    def test_requested_and_not_made(self):
        made = self.failed(base.refusal(400, 'bad'))
        self.serve_found()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual([('GET', '/containers/json')], self.daemon.requests)

    def test_requested_and_made(self):
        made = self.failed(REFUSED)
        self.serve_found(base.ID)
        self.serve_stop(304)
        self.serve_remove()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual([('GET', '/containers/json'),
                          ('POST', self.PATH + '/stop'),
                          ('DELETE', self.PATH)], self.daemon.requests)

    def test_remembered_by_the_database(self):
        """Another engine may have to delete what this one has created."""
        made = self.failed(REFUSED)
        self.assertEqual({'requested': base.URL}, made.data())
        made._data = None
        self.serve_found()
        self.run_task(made.delete)
        self.assertEqual([('GET', '/containers/json')], self.daemon.requests)


class AttributesTestCase(base.ContainerTestCase):

    NAMES = tuple(attribute.name for attribute
                  in container.DockerContainer.spec.ATTRIBUTES)

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
        self.patch(resources_base, '_FRESH', -1)
        self.assertEqual('paused', made.FnGetAtt('state'))

    def test_none_before_the_create(self):
        made = self.make_resource()
        for name in self.NAMES + ('show',):
            self.assertIsNone(made.attributes[name], name)
        self.assertEqual([], self.daemon.history)

    def test_none_when_the_daemon_is_away(self):
        made = self.make_running()
        self.daemon.on('GET', '/version', REFUSED, prefix='')
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
        made = self.make_running()
        self.serve_sources()
        self.assertNotIn('Env', str(made.FnGetAtt('show')))

    def test_show_inspects_once(self):
        made = self.make_running()
        self.serve_sources()
        inspect = 'GET', '/containers/%s/json' % base.ID
        before = len(self.daemon.sent(*inspect))
        made.FnGetAtt('show')
        self.assertEqual(before + 1, len(self.daemon.sent(*inspect)))

    def test_show_when_the_daemon_is_away(self):
        made = self.make_running()
        self.daemon.on('GET', '/version', REFUSED, prefix='')
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


class ActionsTestCase(base.ContainerTestCase):

    def test_retry_limit_is_that_of_heat(self):
        """A type's failure must not make Heat create it over again."""
        self.assertGreater(cfg.CONF.action_retry_limit, 0)
        self.serve_create(base.refusal(500, 'driver failed'))
        self.fail_task(self.make_resource().create)
        self.assertEqual([('POST', '/containers/create')],
                         self.daemon.requests)
