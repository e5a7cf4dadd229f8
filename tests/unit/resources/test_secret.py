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
"""Secrets and configs of a swarm."""

import base64

from heat.common import exception
from heat.engine import resource

from heat_docker.lifecycle import removal
from tests.unit import base

ID = '8mb3dcqoka5gevm5r7v5hcwy0'
CONTENT = 'correct horse battery'
STALE = base.refusal(
    500, 'rpc error: code = Unknown desc = update out of sequence')
IN_USE = base.refusal(
    400, "rpc error: code = InvalidArgument desc = secret 'x' is in use by "
    'the following service: web')


class SecretTestCase(base.ResourceTestCase):

    TYPE = 'DockerInc::Docker::Secret'
    KIND = 'secret'
    NEEDED = {'content': CONTENT}

    def setUp(self):
        super().setUp()
        self.path = '/%ss' % self.KIND
        self.create = ('POST', self.path + '/create')
        self.inspect = ('GET', '%s/%s' % (self.path, ID))
        self.send = ('POST', '%s/%s/update' % (self.path, ID))
        self.remove = ('DELETE', '%s/%s' % (self.path, ID))
        self.daemon.on('GET', self.path, {'json': []})

    def shown(self, made=None, version=7, **more):
        labels = made.object.owner.labels if made else {}
        return {'json': {
            **base.sample(self.KIND + '_all_v1.41'), 'ID': ID,
            'Version': {'Index': version},
            'Spec': {'Name': 'x', 'Labels': labels}, **more}}

    def make_made(self, **values):
        self.daemon.on(*self.create, {'status_code': 201, 'json': {'ID': ID}})
        made = self.make_resource(values)
        self.run_task(made.create)
        self.daemon.on(*self.inspect, self.shown(made))
        return made

    def sent(self, request):
        return self.daemon.sent(*request)[-1].json()

    def test_create(self):
        made = self.make_made(labels={'a': 'b'}, template_driver='golang')
        sent = self.sent(self.create)
        self.assertEqual(
            {'Name': made.physical_resource_name(),
             'Data': base64.b64encode(CONTENT.encode()).decode(),
             'Templating': {'Name': 'golang'},
             'Labels': {'a': 'b', **made.object.owner.labels}}, sent)
        self.assertEqual(ID, made.resource_id)
        self.assertEqual(ID, made.FnGetRefId())

    def test_content_in_base64(self):
        self.make_made(content=None, content_base64='AP8=\n')
        self.assertEqual('AP8=', self.sent(self.create)['Data'])

    def test_name_has_at_most_64_characters(self):
        made = self.make_made()
        made.stack.name = 100 * 'x'
        self.assertLessEqual(len(made.object.name({'name': None})), 64)

    def test_content_is_needed(self):
        for values in ({'content': None}, {'content': ''},
                       {'content_base64': 'YQ=='}):
            ex = self.assertRaises(exception.StackValidationFailed,
                                   self.make_resource(values).validate)
            self.assertIn('either content or content_base64 is required',
                          str(ex))

    def test_message_keeps_the_content(self):
        for values in ({'content': None, 'content_base64': 'hunter2?'},
                       {'content': 1024 * 1000 * 'hunter2'}):
            ex = self.assertRaises(exception.StackValidationFailed,
                                   self.make_resource(values).validate)
            self.assertNotIn('hunter2', str(ex))

    def test_content_is_in_no_event_log_or_attribute(self):
        made = self.make_made()
        self.daemon.on(*self.inspect, self.shown(made, Spec={
            'Name': 'x', 'Labels': {}, 'Data': base64.b64encode(
                CONTENT.encode()).decode()}))
        self.daemon.on(*self.send, base.refusal(500, 'no %s' % CONTENT))
        reason = self.fail_update(made, labels={'a': 'b'})
        shown = str(made._resolve_any_attribute('show'))
        for text in (reason, shown, self.log.output, str(self.events)):
            self.assertNotIn('horse', text)
            self.assertNotIn('Y29ycmVjdCBob3', text)
        self.assertIn('no ***', reason)

    def test_labels_change_in_place(self):
        made = self.make_made(labels={'a': 'b'})
        self.daemon.on(*self.send, 200)
        self.update(made, labels={'c': 'd'})
        self.assertEqual(
            {'Name': 'x', 'Labels': {'c': 'd', **made.object.owner.labels}},
            self.sent(self.send))
        self.assertEqual(['7'], self.daemon.sent(*self.send)[0].qs['version'])

    def test_update_reads_a_version_again(self):
        made = self.make_made()
        self.daemon.on(*self.inspect, self.shown(made, 7),
                       self.shown(made, 8), self.shown(made, 9))
        self.daemon.on(*self.send, STALE, STALE, 200)
        self.update(made, labels={'a': 'b'})
        self.assertEqual([['7'], ['8'], ['9']], [
            sent.qs['version'] for sent in self.daemon.sent(*self.send)])

    def test_update_gives_up(self):
        made = self.make_made()
        self.daemon.on(*self.send, STALE)
        self.assertIn('update out of sequence',
                      self.fail_update(made, labels={'a': 'b'}))

    def test_failed_update_is_completed(self):
        made = self.make_made()
        self.daemon.on(*self.send, base.refusal(500, 'no'), 200)
        self.fail_update(made, labels={'a': 'b'})
        self.update(made, labels={'a': 'b'})
        self.assertEqual('b', self.sent(self.send)['Labels']['a'])

    def test_content_replaces(self):
        made = self.make_made()
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          content='other')

    def test_content_with_a_fixed_name(self):
        made = self.make_made(name='db')
        why = self.fail_update(made, name='db', content='other')
        self.assertIn('without changing its property name', why)
        self.assertNotIn('other', why)
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          name='db-2', content='other')

    def test_lost_answer(self):
        self.daemon.on(*self.create, base.refusal(
            409, 'rpc error: code = AlreadyExists desc = exists'))
        self.daemon.on('GET', self.path, {'json': [self.shown()['json']]})
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual(ID, made.resource_id)

    def test_delete_waits_for_services(self):
        made = self.make_made()
        self.daemon.on(*self.remove, IN_USE, IN_USE, 204)
        self.run_task(made.delete)
        self.assertEqual(3, len(self.daemon.sent(*self.remove)))

    def test_delete_while_in_use(self):
        made = self.make_made()
        self.daemon.on(*self.remove, IN_USE)
        self.set_clock(removal, step=20.0)
        self.assertIn('is in use by the following service: web',
                      self.fail_task(made.delete))

    def test_delete_of_what_is_gone(self):
        made = self.make_made()
        self.daemon.on(*self.inspect, base.refusal(404, 'x not found'))
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.sent(*self.remove))

    def test_delete_spares_an_object_with_the_id_as_its_name(self):
        made = self.make_made()
        self.daemon.on(*self.inspect, self.shown(made, ID=25 * 'a'))
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.sent(*self.remove))

    def test_check(self):
        made = self.make_made()
        self.run_task(made.check)
        self.daemon.on(*self.inspect, base.refusal(404, 'x not found'))
        self.assertIn('x not found', self.fail_task(made.check))

    def test_adopt(self):
        self.daemon.on('GET', self.path + '/db', self.shown())
        made = self.make_resource()
        self.run_task(lambda: made.adopt({'resource_id': 'db'}))
        self.assertEqual(ID, made.resource_id)

    def test_adopt_of_another_project(self):
        self.daemon.on('GET', self.path + '/db', self.shown(Spec={
            'Name': 'db', 'Labels': {
                'org.openstack.heat.project_id': 'other'}}))
        made = self.make_resource()
        ex = self.assertRaises(
            exception.ResourceFailure, self.run_task,
            lambda: made.adopt({'resource_id': 'db'}))
        self.assertIn('belongs to another project', str(ex))

    def test_of_another_project_on_a_shared_daemon(self):
        made = self.make_made()
        self.configure(daemons='shared')
        self.daemon.on(*self.inspect, self.shown(Spec={
            'Name': 'db', 'Labels': {
                'org.openstack.heat.project_id': 'other'}}))
        self.assertIn('belongs to another project', self.fail_task(made.check))
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.sent(*self.remove))

    def test_daemon_in_no_swarm(self):
        self.daemon.on(*self.create, base.refusal(
            503, 'This node is not a swarm manager. Use "docker swarm init"'))
        self.assertIn('not a swarm manager',
                      self.fail_task(self.make_resource().create))


class ConfigTestCase(SecretTestCase):

    TYPE = 'DockerInc::Docker::Config'
    KIND = 'config'
