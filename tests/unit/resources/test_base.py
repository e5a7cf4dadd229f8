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

"""Shared by all types: names, labels, lost answers, validation."""

import dataclasses
import json

from heat.common import exception
from heat.engine import resource
from heat.engine import stk_defn
from heat.objects import resource as resource_objects
import mock
from oslo_config import cfg
import requests

from heat_docker.lifecycle import creation
from heat_docker.lifecycle import plan
from heat_docker.resources import base as resources_base
from heat_docker.resources import container
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
REFUSED = {'exc': requests.exceptions.ConnectTimeout}
NAME_TAKEN = base.refusal(
    409, 'Conflict. The container name "/web" is already in use')


# Properties that a template must not set on a shared daemon.
SHARED = {
    'allow_privileged': {'privileged': True},
    'allowed_security_options': {'security_opt': ['disable']},
    'allow_host_namespaces': {'pid_mode': 'host'},
    'allow_oom_protection': {'oom_score_adj': -1},
    'allow_publish_all_ports': {'publish_all_ports': True},
    'allowed_bind_sources': {'mounts': [{
        'type': 'volume', 'target': '/x', 'driver_options': {
            'type': 'none', 'o': 'bind', 'device': '/etc'}}]},
    'allowed_devices': {'blkio_config': {'device_read_bps': [
        {'path': '/dev/vda', 'rate': 1}]}},
    'allowed_capabilities': {'cap_add': ['NET_ADMIN']},
    'allowed_registries': {'image': '127.0.0.1:9911/a/b'},
    'allowed_log_drivers': {'log_driver': 'splunk'},
    'allowed_log_options': {'log_options': {'fluentd-address': 'unix:///x'}},
    'allowed_network_options': {'networks': [{
        'network': 'front', 'driver_opts': {'parent': 'eth0'}}]},
    'allowed_volume_drivers': {'volume_driver': 'local-persist'},
    'allowed_volume_types': {'mounts': [{
        'type': 'volume', 'target': '/x', 'driver_options': {
            'type': 'nfs', 'o': 'addr=127.0.0.1', 'device': ':/'}}]},
    'allowed_volume_options': {'mounts': [{
        'type': 'volume', 'target': '/x',
        'driver_options': {'mountpoint': '/etc'}}]},
    'allowed_storage_options': {'storage_opt': {'dm.fs': 'xfs'}},
    'allowed_runtimes': {'runtime': 'kata'},
    'allowed_cgroup_parents': {'cgroup_parent': '../..'},
    'allowed_sysctls': {'sysctls': {'kernel.core_pattern': '|/x'}},
}


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

    def test_type_has_to_have_a_delete_plan(self):
        self.assertRaises(NotImplementedError,
                          resources_base.DockerResource.delete_plan, None, {})

    def test_step_of_a_table_has_to_exist(self):
        ex = self.assertRaises(TypeError, type, 'Broken', (
            container.DockerContainer,), {'update_steps': {}})
        self.assertEqual('name names rename, which does not exist', str(ex))


class IdentityTestCase(base.ResourceTestCase):

    def test_labels_name_stack_resource_and_project(self):
        made = self.make_resource()
        self.assertEqual(
            {'org.openstack.heat.stack_id': self.stack.id,
             'org.openstack.heat.stack_name': self.stack.name,
             'org.openstack.heat.resource_name': 'web',
             'org.openstack.heat.resource_id': made.uuid,
             'org.openstack.heat.project_id': 'test_tenant_id',
             **dict.fromkeys(base.EMPTY_LABELS, '')},
            made.object.owner.labels)

    def test_labels_while_an_administrator_acts(self):
        """An object belongs to the stack's project, whoever updates it."""
        made = self.make_resource()
        made.context.project_id = 'of_the_administrator'
        self.assertEqual('test_tenant_id',
                         made.object.owner.labels[
                             'org.openstack.heat.project_id'])

    def test_name_loses_its_leading_slash(self):
        for name, expected in (('web-1', 'web-1'), ('/web-1', 'web-1')):
            made = self.make_resource(name=name)
            self.assertEqual(expected, made.object.name(made.properties))

    def test_name_of_other_values(self):
        made = self.make_resource(name='web-1')
        self.assertEqual('web-2', made.object.name({'name': 'web-2'}))
        with mock.patch.object(made, 'physical_resource_name', autospec=True,
                               return_value='st-web-1'):
            self.assertEqual('st-web-1', made.object.name({'name': None}))

    def test_name_by_default_in_the_letters_of_docker(self):
        made = self.make_resource()
        with mock.patch.object(made, 'physical_resource_name', autospec=True,
                               return_value='stäck-a+b-1'):
            self.assertEqual('st_ck-a_b-1',
                             made.object.name(made.properties))


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
        self.assertIn('%s supports API versions 1.24 to 1.39' % base.URL,
                      reason)
        self.assertEqual([], self.daemon.requests)

    def test_too_old_for_a_property(self):
        self.patch(container.spec, 'FIELDS', tuple(
            dataclasses.replace(field, since=(1, 99))
            if field.name == 'memory' else field
            for field in container.spec.FIELDS))
        made = self.make_resource(memory=0)
        self.assertEqual(
            'Error: resources.web: The property memory requires version 1.99 '
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
        self.daemon.on('GET', '/containers/json', {'json': []}, {'json': [
            {'Id': 'x', 'Names': ['/other', '/web']}]})
        made = self.make_resource(name='web')
        reason = self.fail_task(made.create)
        self.assertIn('The name web is in use by the container other of no '
                      'stack', reason)
        self.assertIsNone(made.resource_id)
        self.assertEqual(1, len(self.creates()))

    def test_name_taken_by_nobody_who_is_found(self):
        """The owner of the name may just have been removed."""
        self.serve_create(NAME_TAKEN)
        self.serve_found()
        made = self.make_resource(name='web')
        reason = self.fail_task(made.create)
        self.assertIn('The container name "/web" is already in use', reason)
        self.assertIn(base.URL, reason)
        self.assertEqual(3, len(self.creates()))

    def test_create_fails_if_the_daemon_is_unreachable(self):
        self.daemon.go_away()
        made = self.make_resource(endpoint_timeout=0)
        reason = self.fail_task(made.create)
        self.assertIn('%s cannot be reached' % base.URL, reason)
        self.assertEqual(1, len(self.daemon.history))

    def test_not_allowed(self):
        """Values from other resources are known only at the create."""
        self.configure(allow_privileged=False)
        made = self.make_resource(privileged=True)
        self.assertEqual(
            'Error: resources.web: The property privileged: true is not '
            'allowed (operator option allow_privileged)',
            self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)
        self.assertEqual({}, made.data())

    def test_not_known_yet(self):
        """The value of a resource that does not exist yet is its name."""
        self.configure(allowed_registries=['r.test'])
        template = self.template({'image': {'get_resource': 'other'}})
        template['resources']['other'] = {
            'type': 'DockerInc::Docker::Image',
            'properties': {'image': 'r.test/web:1',
                           'docker_endpoint': base.URL}}
        self.make_resource(template=template)
        self.stack.validate()

    def test_not_allowed_on_shared_daemons(self):
        self.configure(daemons='shared')
        for option, properties in SHARED.items():
            made = self.make_resource(properties)
            reason = self.fail_task(made.create)
            [name] = properties
            self.assertIn('The property %s: ' % name, reason)
            self.assertIn('(operator option %s)' % option, reason)
            self.assertEqual([], self.daemon.requests)
            self.assertEqual({}, made.data())

    def test_reason_begins_with_the_resource(self):
        self.serve_create(base.refusal(400, 'No command specified'))
        self.assertEqual(
            'Error: resources.web: Docker at %s: No command specified'
            % base.URL, self.fail_task(self.make_resource().create))


class LocateTestCase(base.ContainerTestCase):
    """A delete finds all possible objects without needless requests."""

    def failed(self, *answers):
        """Return a resource whose create has failed without an id."""
        self.serve_create(*answers)
        made = self.make_resource(endpoint_timeout=0)
        self.fail_task(made.create)
        self.forget()
        return made

    def test_never_created(self):
        made = self.make_resource()
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.history)

    def test_never_requested(self):
        self.daemon.go_away()
        made = self.make_resource(endpoint_timeout=0)
        self.fail_task(made.create)
        self.forget()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual([], self.daemon.history)

    def test_request_that_never_arrived(self):
        made = self.failed(REFUSED)
        self.assertEqual({}, made.data())
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual([], self.daemon.history)

    def test_request_that_never_arrived_after_one_that_may_have(self):
        self.serve_create(LOST, REFUSED)
        made = self.make_resource()
        self.set_clock(plan, step=150.0)
        self.fail_task(made.create)
        self.assertIn('requested', made.data())

    def test_request_that_a_proxy_has_passed_on(self):
        """The daemon may still create the container."""
        for status in (502, 504):
            made = self.failed(status)
            self.serve_found(base.ID)
            self.serve_stop(304)
            self.serve_remove()
            self.run_task(made.delete)
            self.assertIn(('DELETE', self.PATH), self.daemon.requests)

    def test_requested_and_not_made(self):
        made = self.failed(base.refusal(400, 'bad'))
        self.serve_found()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual([('GET', '/containers/json')], self.daemon.requests)

    def test_requested_and_made(self):
        made = self.failed(LOST)
        self.serve_found(base.ID)
        self.serve_stop(304)
        self.serve_remove()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual([('GET', '/containers/json'),
                          ('POST', self.PATH + '/stop'),
                          ('DELETE', self.PATH)], self.daemon.requests)

    def test_remembered_by_the_database(self):
        """Another engine may delete what this engine created."""
        clock = self.set_clock(creation)
        made = self.failed(LOST)
        self.assertEqual(
            {'endpoint': base.URL, 'address': None, 'lost': clock.now},
            json.loads(made.data()['requested']))
        made._data = None
        self.serve_found()
        clock.now += 30
        self.run_task(made.delete)
        self.assertEqual([('GET', '/containers/json')], self.daemon.requests)


class ActionsTestCase(base.ContainerTestCase):

    def test_retry_limit_is_that_of_heat(self):
        """Another failure must not make Heat repeat the create."""
        self.assertGreater(cfg.CONF.action_retry_limit, 0)
        self.serve_create(base.refusal(500, 'driver failed'))
        self.fail_task(self.make_resource().create)
        self.assertEqual([('POST', '/containers/create')],
                         self.daemon.requests)


class ValidationTestCase(base.ResourceTestCase):

    def refused(self, made):
        ex = self.assertRaises(exception.StackValidationFailed,
                               made.stack.validate)
        self.assert_plain(str(ex))
        self.assertEqual([], self.daemon.history)
        return str(ex)

    def make_two(self, more=None, **properties):
        """Return a resource with properties that depend on another one."""
        return self.make_resource(template={
            'heat_template_version': '2018-08-31', **(more or {}),
            'resources': {
                'other': {'type': base.TYPE, 'properties': {
                    'docker_endpoint': base.URL, 'image': 'busybox:1'}},
                'web': {'type': base.TYPE, 'properties': {
                    'docker_endpoint': base.URL, 'image': 'busybox:1',
                    **properties}}}})

    LATER = {'get_attr': ['other', 'network_ip']}

    def test_asks_no_daemon(self):
        self.make_resource().validate()
        self.assertEqual([], self.daemon.history)

    def test_not_allowed(self):
        self.configure(allow_privileged=False)
        self.assertIn('The property privileged: true is not allowed (operator '
                      'option allow_privileged)',
                      self.refused(self.make_resource(privileged=True)))

    def test_endpoint_not_allowed(self):
        self.configure(allowed_endpoints=[])
        self.assertIn('%s is not allowed (operator option allowed_endpoints'
                      % base.URL, self.refused(self.make_resource()))

    def test_endpoint_of_a_parameter(self):
        self.configure(allowed_endpoints=[])
        self.assertIn('option allowed_endpoints', self.refused(self.make_two(
            more={'parameters': {'url': {'type': 'string',
                                         'default': base.URL}}},
            docker_endpoint={'get_param': 'url'})))

    def test_endpoint_unset(self):
        self.assertIn('option local_endpoint_access', self.refused(
            self.make_resource(docker_endpoint=None)))

    def test_endpoint_that_is_not_known_yet(self):
        """The endpoint does not default to the restricted local one."""
        for later in (self.LATER, {'list_join': ['', ['tcp://', self.LATER]]},
                      {'str_replace': {'template': 'tcp://$a',
                                       'params': {'$a': self.LATER}}}):
            made = self.make_two(docker_endpoint=later)
            self.configure(allowed_endpoints=['*'])
            self.stack['other'].validate()
            stk_defn.update_resource_data(
                self.stack.defn, 'other', self.stack['other'].node_data())
            self.configure(allowed_endpoints=[])
            made.validate()

    def test_tls_without_https(self):
        self.assertIn(
            'tls requires https, but docker_endpoint is %s' % base.URL,
            self.refused(self.make_resource(tls={'verify': False})))

    def test_tls_of_null(self):
        """A condition in a template may result in null."""
        for null in (None, {}):
            self.make_resource(tls=null).stack.validate()

    def test_tls_that_is_none(self):
        words = self.refused(self.make_resource(
            docker_endpoint='https://docker.test', tls={
                'client_cert': 'a', 'client_key': 'hunter2'}))
        self.assertIn('client_cert and client_key of tls are not', words)
        self.assertNotIn('hunter2', words)

    def test_tls_in_other_letters(self):
        words = self.refused(self.make_resource(
            docker_endpoint='https://docker.test', tls={'ca_cert': 'ä'}))
        self.assertIn('ca_cert of tls is not a certificate in PEM', words)

    def test_values_that_are_not_known_yet(self):
        """The create checks the values."""
        for properties in (
                {'image': self.LATER}, {'privileged': self.LATER},
                {'volumes': {'/a': self.LATER}},
                {'mounts': [{'type': 'bind', 'target': '/a',
                             'source': self.LATER}]},
                {'mounts': [{'type': 'image', 'target': '/a',
                             'source': self.LATER}]},
                {'mounts': self.LATER},
                {'devices': [{'path_on_host': self.LATER}]},
                {'networks': [{'network': self.LATER}]},
                {'networks': [{'network': 'n', 'ipv4_address': self.LATER}]},
                {'cap_add': [self.LATER]}, {'security_opt': [self.LATER]},
                {'network_mode': self.LATER}, {'env': self.LATER},
                {'device_requests': [{'device_ids': self.LATER}]},
                {'device_cgroup_rules': [self.LATER]},
                {'docker_endpoint': 'https://docker.test', 'tls': {
                    'client_cert': 'a', 'client_key': self.LATER}},
                {'docker_endpoint': 'https://docker.test',
                 'tls': self.LATER},
                {'registry_auth': {'username': 'me',
                                   'password': self.LATER}},
                {'registry_auth': self.LATER},
                {'registry_auth': {'username': 'me', 'password': 'x',
                                   'server_address': self.LATER}},
                {'image': self.LATER, 'registry_auth': {
                    'username': 'me', 'password': 'x',
                    'server_address': 'r.test'}}):
            self.make_two(**properties)
            try:
                self.stack.validate()
            except Exception as ex:
                self.fail('%s: %r' % (properties, ex))
        self.assertEqual([], self.daemon.history)


class AdoptTestCase(base.ContainerTestCase):

    def adopt(self, **properties):
        made = self.make_resource(**properties)
        self.run_task(lambda: made.adopt({'resource_id': base.ID}))
        return made

    def test_adopt_only_inspects_the_container(self):
        self.serve_inspect()
        made = self.adopt()
        self.assertEqual(('ADOPT', 'COMPLETE'), made.state)
        self.assertEqual([('GET', self.PATH + '/json')],
                         self.daemon.requests)

    def test_adopt_notes_the_daemon(self):
        self.serve_inspect()
        self.assertEqual({'endpoint': base.URL, 'address': None},
                         json.loads(self.adopt().data()['requested']))

    def test_adopt_of_what_is_not_there(self):
        self.serve_inspect(base.refusal(404, 'No such container'))
        self.assertRaises(exception.ResourceFailure, self.adopt)

    def test_adopt_not_allowed(self):
        self.configure(allowed_endpoints=[])
        self.assertRaises(exception.ResourceFailure, self.adopt)
        self.assertEqual([], self.daemon.history)


class ReplacedAfterFailureTestCase(base.ContainerTestCase):

    def failed(self):
        made = self.make_running()
        made.state_set(made.UPDATE, made.FAILED, 'x')
        return made

    def test_usable_container_is_kept(self):
        made = self.failed()
        self.assertFalse(made.needs_replace_failed())

    def test_not_sound(self):
        made = self.failed()
        self.serve_inspect(self.inspected('dead'))
        self.assertTrue(made.needs_replace_failed())

    def test_missing_container_is_replaced(self):
        made = self.failed()
        self.serve_inspect(base.refusal(404, 'No such container'))
        self.assertTrue(made.needs_replace_failed())

    def test_never_made(self):
        self.assertTrue(self.make_resource().needs_replace_failed())
        self.assertEqual([], self.daemon.history)

    def test_daemon_away(self):
        """The update waits; a replacement would have to wait, too."""
        made = self.failed()
        self.daemon.go_away()
        self.assertFalse(made.needs_replace_failed())

    def test_answer_that_makes_no_sense(self):
        made = self.failed()
        for shown in ({'State': None}, {'State': []}, {}, [], None):
            self.serve_inspect({'json': shown})
            self.assertFalse(made.needs_replace_failed(), shown)

    def test_failed_check(self):
        """The daemon may only have been unreachable for a while."""
        made = self.make_running(endpoint_timeout=0)
        back = self.daemon.go_away()
        self.fail_task(made.check)
        back()
        self.serve_inspect()
        self.update(made)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)

    def test_failed_check_of_what_is_dead(self):
        made = self.make_running()
        self.serve_inspect(self.inspected('exited', ExitCode=1))
        self.serve_log(b'')
        self.fail_task(made.check)
        self.assertRaises(resource.UpdateReplace, self.update, made)

    def test_failed_check_of_what_is_unhealthy(self):
        self.serve_create()
        self.serve_run(self.inspected(Health={'Status': 'healthy'}))
        made = self.make_resource(wait_for='healthy')
        self.run_task(made.create)
        self.serve_inspect(self.inspected(Health={'Status': 'unhealthy'}))
        self.serve_log(b'')
        self.fail_task(made.check)
        self.assertRaises(resource.UpdateReplace, self.update, made)
        self.serve_inspect(self.inspected(Health={'Status': 'healthy'}))
        self.update(made, wait_for='healthy')
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)

    def test_marked_as_unhealthy(self):
        """Heat uses the reason from the user, so it cannot be recognized."""
        for before in (('CREATE', 'COMPLETE'), ('CHECK', 'FAILED')):
            made = self.make_running()
            made.state_set(*before)
            made.state_set(made.CHECK, made.FAILED, 'it looks ill')
            self.forget()
            self.assertRaises(resource.UpdateReplace, self.update, made)
            self.assertEqual([], self.daemon.requests)

    def test_marked_and_well_again(self):
        made = self.make_running()
        for healthy in (lambda: made.state_set(made.CHECK, made.COMPLETE),
                        lambda: self.run_task(made.check)):
            made.state_set(made.CHECK, made.FAILED, 'it looks ill')
            healthy()
            self.update(made)
            self.assertEqual(('CHECK', 'COMPLETE'), made.state)

    def test_engine_that_died_during_a_check(self):
        made = self.make_running()
        made.state_set(made.CHECK, made.IN_PROGRESS)
        made.state_set(made.CHECK, made.FAILED, 'Engine went down')
        self.update(made)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)

    def test_cannot_be_known(self):
        """A temporary error must not replace a usable object."""
        made = self.failed()
        for answer in (base.refusal(500, 'no'), {'status_code': 401}):
            self.serve_inspect(answer)
            self.assertFalse(made.needs_replace_failed())


class ReplacedWithoutIdTestCase(base.ContainerTestCase):
    """The daemon may have an object whose id is unknown."""

    def lost(self, **properties):
        """Return a resource whose create has timed out."""
        self.set_clock(plan, step=200.0)
        self.serve_create(LOST)
        made = self.make_resource(properties)
        self.fail_task(made.create)
        self.assertIsNone(made.resource_id)
        self.forget()
        return made

    def test_usable_container_is_found_and_its_id_stored(self):
        made = self.lost()
        self.serve_found(base.ID)
        self.serve_inspect(self.inspected('created'))
        self.assertFalse(made.needs_replace_failed())
        self.assertEqual(base.ID, resource_objects.Resource.get_obj(
            made.context, made.id).physical_resource_id)

    def test_not_sound(self):
        made = self.lost()
        self.serve_found(base.ID)
        self.serve_inspect(self.inspected('dead'))
        self.assertTrue(made.needs_replace_failed())
        self.assertEqual(base.ID, made.resource_id)

    def test_not_there(self):
        clock = self.set_clock(creation)
        made = self.lost()
        clock.now += 30
        self.serve_found()
        self.assertTrue(made.needs_replace_failed())
        self.assertIsNone(made.resource_id)

    def delete_soon(self, *found):
        """Delete the possible result of a lost create; return the polls."""
        clock = self.set_clock(creation)
        made = self.lost()
        self.daemon.on('GET', '/containers/json', *(
            {'json': [{'Id': one} for one in ids]} for ids in found))
        self.serve_stop()
        self.serve_remove()
        polls = self.count_polls(made)
        clock.step = 10.0
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        return len(polls)

    def test_deleted_before_the_daemon_lists_it(self):
        self.assertEqual(3, self.delete_soon([], [], [base.ID]))
        self.assertEqual(1, len(self.daemon.sent('DELETE', self.PATH)))

    def test_deleted_and_never_listed(self):
        self.assertEqual(3, self.delete_soon([]))
        self.assertEqual([], self.daemon.sent('DELETE', self.PATH))

    def test_cannot_be_known(self):
        made = self.lost()
        for answer in (LOST, REFUSED, base.refusal(500, 'no'), {'json': 5},
                       {'json': [None]}, {'json': [{}]}, {'text': '<html>'}):
            self.daemon.on('GET', '/containers/json', answer)
            self.assertFalse(made.needs_replace_failed(), answer)
            self.assertIsNone(made.resource_id)


class StrangersObjectsTestCase(base.ContainerTestCase):
    """Objects that an adopt or an external_id must not reach."""

    FORGED = {'requested': json.dumps({'endpoint': base.URL,
                                       'address': '169.254.169.254'}),
              'replaced': '{}'}

    def adopt(self, made, **data):
        self.run_task(lambda: made.adopt({'resource_id': base.ID,
                                          'resource_data': data}))

    def fail_adopt(self, made, **data):
        self.assertRaises(exception.ResourceFailure, self.adopt, made, **data)
        return made.status_reason

    def test_forged_data_allow_nothing(self):
        self.configure(allowed_endpoints=['https://*'])
        made = self.make_resource()
        self.assertIn('option allowed_endpoints',
                      self.fail_adopt(made, **self.FORGED))
        self.assertEqual([], self.daemon.history)
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.history)

    def test_forged_data_are_dropped(self):
        self.serve_inspect()
        made = self.make_resource()
        self.adopt(made, **self.FORGED)
        self.assertEqual({'requested'}, set(made.data()))
        self.assertNotIn('169.254.169.254', made.data()['requested'])

    def test_of_another_project(self):
        self.serve_inspect(self.inspected(Labels={
            'org.openstack.heat.project_id': 'another'}))
        made = self.make_resource()
        self.assertIn('It belongs to another project',
                      self.fail_adopt(made))
        self.assertIsNone(made.resource_id)
