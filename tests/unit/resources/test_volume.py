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

"""Volumes: their owners, and the safety of their files."""

import copy
import functools
import itertools
import json

from heat.common import exception
from heat.engine import resource
from heat.engine import template
import requests

from heat_docker.lifecycle import plan
from heat_docker.resources import base as resources_base
from heat_docker.resources import volume
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
GONE = base.refusal(404, 'get data: no such volume')
NO_DRIVER = base.refusal(
    404, 'get data: error while checking if volume "data" exists in driver '
    '"nfs": error looking up volume plugin nfs: plugin "nfs" not found')
CREATE = base.VolumeTestCase.CREATE
INSPECT = base.VolumeTestCase.INSPECT
REMOVE = base.VolumeTestCase.REMOVE
LIST = base.VolumeTestCase.LIST
HELPERS = base.VolumeTestCase.HELPERS


class CreateTestCase(base.VolumeTestCase):

    def test_create_sends_driver_options_and_labels(self):
        made = self.make_resource(
            labels={'a': 1}, driver='local', driver_opts={'type': 'tmpfs'})
        self.run_task(made.create)
        self.assertEqual([CREATE], self.daemon.requests)
        self.assertEqual('data', made.resource_id)
        [sent] = self.daemon.sent(*CREATE)
        self.assertEqual(
            {'Name': 'data', 'Driver': 'local',
             'DriverOpts': {'type': 'tmpfs'},
             'Labels': {'a': '1', **made.object.owner.labels}}, sent.json())

    def test_name_by_default(self):
        made = self.make_made(name=None)
        self.assertEqual(made.physical_resource_name(), made.resource_id)

    def test_existing_one_is_refused(self):
        """Docker would return the existing volume, with its files."""
        for labels in (None, {}, {'a': 'b'},
                       {'org.openstack.heat.stack_id': 'another',
                        'org.openstack.heat.resource_id': 'another'}):
            self.daemon.on(*CREATE, {'status_code': 201, 'json': {
                'Name': 'data', 'Labels': labels}})
            made = self.make_resource()
            self.assertEqual(
                'Error: resources.web: Docker at %s already has a volume '
                'data, which does not belong to this resource; to use it, '
                'set external_id: data' % base.URL,
                self.fail_task(made.create))
            self.assertIsNone(made.resource_id)
            self.assertNotIn(REMOVE, self.daemon.requests)

    def test_existing_one_of_another_driver(self):
        self.daemon.on(*CREATE, base.refusal(
            409, 'A volume named data already exists with the nfs driver'))
        self.assertIn('already exists with the nfs driver',
                      self.fail_task(self.make_resource().create))

    def test_existing_one_stays_when_the_stack_goes(self):
        self.daemon.on(*CREATE, {'status_code': 201, 'json': {
            'Name': 'data', 'Labels': None}})
        made = self.make_resource()
        self.fail_task(made.create)
        self.forget()
        self.run_task(made.delete)
        self.assertEqual([LIST], self.daemon.requests)

    def test_own_one_after_a_lost_answer(self):
        self.daemon.on(*CREATE, LOST, {'json': self.echo})
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual(('data', 2), (made.resource_id,
                                       len(self.daemon.sent(*CREATE))))

    def test_not_allowed(self):
        """A volume can be a host directory in disguise."""
        self.configure(allowed_bind_sources=['/srv'])
        for device, allowed in (('/srv', True), ('/srv/link', False),
                                ('/etc', False)):
            made = self.make_resource(driver_opts={
                'type': 'none', 'o': 'bind', 'device': device})
            if allowed:
                self.stack.validate()
                continue
            ex = self.assertRaises(exception.StackValidationFailed,
                                   self.stack.validate)
            self.assertIn('option allowed_bind_sources', str(ex))
            self.fail_task(made.create)
            self.assertEqual([], self.daemon.requests)

    def test_not_allowed_on_shared_daemons(self):
        self.configure(daemons='shared')
        for option, properties in {
                'allowed_bind_sources': {'driver_opts': {
                    'type': 'none', 'o': 'bind', 'device': '/srv'}},
                'allowed_volume_types': {'driver_opts': {
                    'type': 'cifs', 'device': '//127.0.0.1/a'}},
                'allowed_volume_options': {'driver_opts': {
                    'mountpoint': '/etc'}},
                'allowed_volume_drivers': {'driver': 'local-persist'}}.items():
            made = self.make_resource(properties)
            self.assertIn('option %s)' % option, self.fail_task(made.create))
            self.assertEqual([], self.daemon.requests)

    def test_message_names_the_type_but_no_password(self):
        self.configure(daemons='shared')
        made = self.make_resource(driver_opts={
            'type': 'cifs', 'device': 'cifs', 'o': 'password=hunter2'})
        why = self.fail_task(made.create)
        self.assertIn('the volume type cifs is not allowed', why)
        self.assertNotIn('hunter2', why)

    def test_options_are_masked_in_events(self):
        """Options may contain the password of a share."""
        shown = []
        made = self.make_resource(driver_opts={
            'type': 'cifs', 'o': 'username=me,password=hunter2'})

        def keep(event, action, status, reason):
            shown.append(str(event._stored_properties_data))

        self.patch(resource.Resource, '_add_event', keep)
        self.run_task(made.create)
        self.assertNotIn('hunter2', str(shown))
        self.assertIn("'o': '***'", str(shown))


class LifeTestCase(base.VolumeTestCase):

    def test_check_fails_if_the_volume_is_missing(self):
        made = self.make_made()
        self.daemon.on(*INSPECT, self.shown(made))
        self.run_task(made.check)
        self.assertEqual(('CHECK', 'COMPLETE'), made.state)
        self.daemon.on(*INSPECT, GONE)
        self.assertIn('no such volume', self.fail_task(made.check))

    def test_reference_is_the_name(self):
        self.assertEqual('data', self.make_made().FnGetRefId())

    def test_attributes_come_from_inspect(self):
        made = self.make_made()
        self.daemon.on(*INSPECT, self.shown(made))
        for name, expected in (
                ('name', 'data'), ('driver', 'local'),
                ('mountpoint', '/var/lib/docker/volumes/wiki-data/_data'),
                ('created_at', base.sample('volume_all_v1.41')['CreatedAt'])):
            self.assertEqual(expected, made.FnGetAtt(name), name)

    def test_size_comes_from_disk_usage(self):
        made = self.make_made()
        self.daemon.on(*INSPECT, self.shown(made))
        for volumes, expected in (
                ([{'Name': 'other', 'UsageData': {'Size': 5}},
                  {'Name': 'data', 'UsageData': {'Size': 7}}], 7),
                ([{'Name': 'data', 'UsageData': {'Size': 0}}], 0),
                ([{'Name': 'data', 'UsageData': {'Size': -1}}], None),
                ([{'Name': 'data', 'UsageData': None}], None),
                ([{'Name': 'other', 'UsageData': {'Size': 5}}], None),
                (None, None)):
            self.daemon.on('GET', '/system/df', {'json': {
                'Volumes': volumes}})
            self.assertEqual(expected, made.FnGetAtt('size'), volumes)

    def test_size_in_version_1_52(self):
        """Docker 29 returns both keys, and will omit the older one."""
        new = {'VolumeUsage': {'TotalCount': 1, 'Items': [
            {'Name': 'data', 'UsageData': {'Size': 7}}]}}
        old = {'Volumes': [{'Name': 'data', 'UsageData': {'Size': 5}}]}
        self.daemon.speak('1.52')
        made = self.make_made()
        self.daemon.on(*INSPECT, self.shown(made))
        for answer, expected in (
                (new, 7), ({**old, **new}, 7), (old, 5),
                ({'VolumeUsage': None, **old}, 5),
                ({'VolumeUsage': {'TotalCount': 0}}, None), ({}, None)):
            self.daemon.on('GET', '/system/df', {'json': answer})
            self.assertEqual(expected, made.FnGetAtt('size'), answer)
        self.assertEqual(
            {'type': ['volume'], 'verbose': ['1']},
            self.daemon.sent('GET', '/system/df')[0].qs)

    def test_size_in_an_unknown_form(self):
        made = self.make_made()
        self.daemon.on(*INSPECT, self.shown(made))
        for answer in ({'Volumes': {}}, {'Volumes': ['x']},
                       {'VolumeUsage': [1]}, [], None):
            self.daemon.on('GET', '/system/df', {'json': answer})
            self.assertIsNone(made.FnGetAtt('size'), answer)
        self.assertNotIn('response does not have the form', self.log.output)

    def test_size_is_not_shown_unasked(self):
        made = self.make_made()
        self.daemon.on(*INSPECT, self.shown(made))
        self.assertNotIn('size', made.FnGetAtt('show'))
        self.assertEqual([INSPECT], self.daemon.requests)


class DeleteTestCase(base.VolumeTestCase):

    def delete(self, made, *answers):
        self.serve_remove(made, *answers)
        self.run_task(made.delete)
        return self.daemon.requests

    def test_delete_removes_the_volume(self):
        self.assertEqual([HELPERS, INSPECT, REMOVE],
                         self.delete(self.make_made()))

    def test_delete_gone(self):
        made = self.make_made()
        self.daemon.on(*INSPECT, GONE)
        self.run_task(made.delete)
        self.assertEqual([HELPERS, INSPECT], self.daemon.requests)
        self.assertIn(REMOVE, self.delete(self.make_made(), GONE))

    def test_delete_answers_lost(self):
        made = self.make_made()
        self.serve_remove(made, LOST, GONE)
        self.daemon.on(*INSPECT, LOST, self.shown(made))
        self.run_task(made.delete)
        self.assertEqual(2, len(self.daemon.sent(*REMOVE)))

    def test_only_what_is_its_own(self):
        """Someone may have replaced the volume with one of the same name."""
        for labels in (None, {}, {'org.openstack.heat.stack_id': 'x'}):
            made = self.make_made()
            self.daemon.on(*INSPECT, self.shown(made, Labels=labels))
            self.run_task(made.delete)
            self.assertEqual(('DELETE', 'COMPLETE'), made.state)
            self.assertNotIn(REMOVE, self.daemon.requests)

    def test_adopted_volume_is_removed(self):
        made = self.make_resource()
        self.daemon.on(*INSPECT, self.shown(made, Labels=None))
        self.daemon.on(*REMOVE, 204)
        self.run_task(lambda: made.adopt({'resource_id': 'data'}))
        self.assertEqual(('ADOPT', 'COMPLETE'), made.state)
        self.assertEqual([INSPECT], self.daemon.requests)
        self.run_task(made.delete)
        self.assertIn(REMOVE, self.daemon.requests)

    def test_adopted_and_not_there(self):
        made = self.make_resource()
        self.daemon.on(*INSPECT, GONE)
        self.assertRaises(exception.ResourceFailure, self.run_task,
                          lambda: made.adopt({'resource_id': 'data'}))

    def test_external_volume_is_left_alone(self):
        made = self.make_resource(template=self.template(
            {}, external_id='data'))
        self.daemon.on(*INSPECT, self.shown(made, Labels=None))
        self.stack.validate()
        self.run_task(made.create)
        self.assertEqual('data', made.FnGetRefId())
        self.forget()
        self.run_task(made.snapshot)
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.requests)

    def test_external_and_not_there(self):
        self.make_resource(template=self.template({}, external_id='data'))
        self.daemon.on(*INSPECT, GONE)
        self.assertRaises(exception.StackValidationFailed, self.stack.validate)

    def test_retained_volume_is_left_alone(self):
        made = self.make_made(template=self.template(
            {}, deletion_policy='Retain'))
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.requests)


class ReplacingTestCase(base.VolumeTestCase):

    def fails(self, made, **values):
        reason = self.fail_update(made, **values)
        self.assertEqual([], self.daemon.requests)
        return reason

    def replaces(self, made, **values):
        self.assertRaises(resource.UpdateReplace, self.update, made, **values)
        self.assertEqual([], self.daemon.requests)

    def test_replacement_without_consent_fails(self):
        """A replacement would destroy the files."""
        self.assertIn(
            'Replacing the volume web, which destroys its files, because of '
            'a change of driver, labels, without replace_on_change: true is '
            'not supported', self.fails(
                self.make_made(name=None), name=None, labels={'a': 'b'},
                driver='nfs'))

    def test_refused_to_each_change(self):
        for values in ({'name': 'other'}, {'driver_opts': {'type': 'tmpfs'}},
                       {'docker_endpoint': 'tcp://other.test'},
                       {'source_volume': 'other'}, {'driver': 'nfs'}):
            self.assertIn('without replace_on_change', self.fails(
                self.make_made(), **values))

    def test_refused_by_what_was_said_before(self):
        """The new template counts."""
        made = self.make_made(name=None, replace_on_change=True)
        self.fails(made, name=None, labels={'a': 'b'})

    def test_replace_on_change_allows_replacement(self):
        for values in ({'labels': {'a': 'b'}}, {'source_volume': 'other'}):
            self.replaces(self.make_made(name=None), name=None,
                          replace_on_change=True, **values)

    def test_wanted_with_the_same_name(self):
        self.assertIn('Replacing the volume web with another one of the same '
                      'name is not supported', self.fails(
                          self.make_made(), labels={'a': 'b'},
                          replace_on_change=True))

    def test_wanted_with_another_name(self):
        self.replaces(self.make_made(), name='other', replace_on_change=True)

    def test_wanted_on_another_daemon(self):
        self.replaces(self.make_made(), docker_endpoint='tcp://other.test',
                      replace_on_change=True)

    def test_another_spelling(self):
        """The same daemon and the same driver keep the files."""
        self.configure(local_endpoint=base.URL, local_endpoint_access='all')
        for before, after in itertools.permutations((
                {'docker_endpoint': base.URL},
                {'docker_endpoint': base.URL.replace('tcp', 'HTTP')},
                {'docker_endpoint': None, 'driver': 'local'}), 2):
            made = self.make_made(name=None, replace_on_change=True, **before)
            self.update(made, name=None, replace_on_change=True, **after)
            self.assertEqual([], self.daemon.requests)

    def test_changed_in_place(self):
        made = self.make_made()
        self.update(made, replace_on_change=True, endpoint_timeout=5)
        self.assertEqual([], self.daemon.requests)

    def test_deleted_last(self):
        """A rollback needs it until all resources are updated."""
        clock = self.set_clock(plan, resources_base)
        old = self.make_made()
        old.current_template_id, after = 1, 2
        self.stack.action = self.stack.UPDATE
        new = volume.DockerVolume('web', old.t, self.stack)
        new.current_template_id = after
        new.store()
        for state in (('INIT', 'COMPLETE'), ('CREATE', 'IN_PROGRESS'),
                      ('CREATE', 'FAILED')):
            new.state_set(*state)
            before = clock.now
            self.assertRaises(exception.UpdateInProgress,
                              old.delete_convergence, after, 'engine', 60)
            self.assertEqual((before + 1.0, ('CREATE', 'COMPLETE')),
                             (clock.now, old.state))
        self.assertEqual([], self.daemon.requests)
        new.state_set('CREATE', 'COMPLETE')
        self.daemon.on(*INSPECT, self.shown(old))
        self.daemon.on(*REMOVE, 204)
        old.delete_convergence(after, 'engine', 60)
        self.assertIn(REMOVE, self.daemon.requests)

    def replace(self, old, **properties):
        """Return the replacement of a volume, created as by an update."""
        stack = old.stack
        old.current_template_id = stack.t.id
        old._update_stored_properties()
        old.store()
        changed = copy.deepcopy(stack.t.t)
        changed['resources']['web']['properties'] = self.properties(
            name=None, **properties)
        stack.t = template.Template(changed)
        stack.store()
        # The resource has only a weak reference to its stack.
        made, *self.needed = resource.Resource.load(
            stack.context, old.make_replacement(stack.t.id, set()),
            stack.current_traversal, True, {})
        self.addCleanup(list, self.needed)
        self.run_task(made.create)
        return made

    def test_volume_before_a_failed_update(self):
        """A user returns to the old template after two failed updates."""
        old = self.make_made(name=None, labels={'a': 'b'})
        self.serve_shown(old, self.shown(old, Name=old.resource_id))
        other = self.replace(old, labels={'a': 'c'})
        stack = self.needed
        third = self.replace(other, labels={'a': 'd'})
        stack = stack, self.needed
        self.assertNotIn(old.resource_id, (other.resource_id,
                                           third.resource_id))
        self.forget()
        last = self.replace(third, labels={'a': 'b'})
        self.assertEqual([('GET', '/volumes/' + old.resource_id)],
                         self.daemon.requests)
        self.assertEqual(old.resource_id, last.resource_id)
        self.forget()
        self.run_task(old.delete)
        self.assertEqual([], self.daemon.requests)
        self.daemon.on('DELETE', '/volumes/' + last.resource_id, 204)
        self.run_task(last.delete)
        self.assertIn(('DELETE', '/volumes/' + last.resource_id),
                      self.daemon.requests)
        del stack

    def test_no_volume_before_a_failed_update(self):
        """The volume is missing, marked as unhealthy, or being deleted."""
        for answer, data, action in ((GONE, {}, 'CREATE'),
                                     (None, {'unhealthy': 'true'}, 'CREATE'),
                                     (None, {}, 'DELETE')):
            old = self.make_made(name=None, labels={'a': 'b'})
            self.serve_shown(old, answer or self.shown(old))
            for key, value in data.items():
                old.data_set(key, value)
            old.state_set(action, old.COMPLETE)
            other = self.replace(old, labels={'a': 'c'})
            stack = self.needed
            last = self.replace(other, labels={'a': 'b'})
            self.assertNotIn(last.resource_id, (None, old.resource_id))
            del stack

    def test_another_volume_of_the_name_before_a_failed_update(self):
        """Someone has replaced the old volume with one of the same name."""
        elsewhere = {'org.openstack.heat.project_id': 'test_tenant_id',
                     'org.openstack.heat.stack_id': 'another',
                     'org.openstack.heat.resource_id': 'another'}
        adopted = json.dumps({'driver': 'local', 'labels': {'a': 'b'}})
        for daemons, data, labels in (
                ('shared', {}, None), ('shared', {}, elsewhere),
                ('shared', {'adopted': adopted}, None),
                ('own', {'adopted': adopted}, {'a': 'c'})):
            self.configure(daemons=daemons)
            old = self.make_made(name=None, labels={'a': 'b'})
            for key, value in data.items():
                old.data_set(key, value)
            self.serve_shown(old, self.shown(old, Name=old.resource_id,
                                             Labels=labels))
            other = self.replace(old, labels={'a': 'c'})
            stack = self.needed
            last = self.replace(other, labels={'a': 'b'})
            self.assertIn(('GET', '/volumes/' + old.resource_id),
                          self.daemon.requests)
            self.assertNotIn(last.resource_id, (None, old.resource_id))
            self.assertNotIn('adopted', last.data())
            del stack

    def failed(self, action, **values):
        """Return a volume that exists, after an action has failed."""
        made = self.make_made(name=None, **values)
        made.state_set(action, made.IN_PROGRESS)
        made.state_set(action, made.FAILED, 'the daemon was away')
        self.serve_shown(made, self.shown(made))
        return made

    def serve_shown(self, made, *answers):
        """Answer the inspect requests for a volume, by its generated name."""
        self.daemon.on('GET', '/volumes/' + made.resource_id, *answers)

    def test_kept_after_any_failure(self):
        for action in ('CREATE', 'ADOPT', 'UPDATE', 'CHECK', 'SUSPEND',
                       'RESUME', 'SNAPSHOT', 'ROLLBACK', 'DELETE'):
            for allowed in (False, True):
                made = self.failed(action, replace_on_change=allowed)
                self.update(made, name=None, replace_on_change=allowed)
                self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
                self.assertEqual({('GET', '/volumes/' + made.resource_id)},
                                 set(self.daemon.requests))
                self.forget()

    def test_replaced_after_a_failure_if_it_is_gone(self):
        for action in ('CREATE', 'CHECK', 'UPDATE'):
            made = self.failed(action)
            self.serve_shown(made, GONE)
            self.assertRaises(resource.UpdateReplace, self.update, made,
                              name=None)

    def test_failed_and_its_driver_is_away(self):
        """The volume and its files may still exist."""
        made = self.failed('CHECK')
        self.serve_shown(made, NO_DRIVER)
        made.converge = True
        self.assertIn('plugin "nfs" not found',
                      self.fail_update(made, name=None))
        self.serve_shown(made, self.shown(made))
        self.update(made, name=None)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)

    def test_deleted_while_its_driver_is_away(self):
        made = self.make_made()
        self.daemon.on(*INSPECT, NO_DRIVER)
        self.assertIn('plugin "nfs" not found', self.fail_task(made.delete))

    def test_failed_and_its_daemon_is_away(self):
        """The update does not complete the volume without inspecting it."""
        made = self.failed('CHECK', endpoint_timeout=0)
        self.serve_shown(made, LOST)
        self.fail_update(made, name=None, endpoint_timeout=0)

    def test_marked_as_unhealthy(self):
        """A mark destroys files only if replace_on_change is true."""
        made = self.make_made(name=None)
        self.serve_shown(made, self.shown(made))
        made.state_set(made.CHECK, made.FAILED, 'it looks ill')
        self.update(made, name=None)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        self.forget()
        made.state_set(made.CHECK, made.FAILED, 'it looks ill')
        self.replaces(made, name=None, replace_on_change=True)

    def test_marked_as_unhealthy_with_a_name(self):
        """A name can be in use only once."""
        made = self.make_made(replace_on_change=True)
        self.daemon.on(*INSPECT, self.shown(made))
        made.state_set(made.CHECK, made.FAILED, 'it looks ill')
        self.update(made, replace_on_change=True)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)

    def test_drift_does_not_replace_the_volume(self):
        """A change outside of Heat does not replace a volume."""
        made = self.make_made(name=None, labels={'a': 'b'}, driver='local')
        self.serve_shown(made, self.shown(made, Labels={}, Driver='other'))
        made.converge = True
        self.update(made, name=None, labels={'a': 'b'}, driver='local')
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)

    def test_external_id_set_or_removed(self):
        made = self.make_made(name=None)
        for before, after in ((None, 'other'), ('data', None)):
            made.t._external_id = before
            definition = made.t.freeze(external_id=after)
            self.assertRaises(exception.ResourceFailure, self.run_task,
                              functools.partial(made.update, definition))
        self.assertEqual([], self.daemon.requests)

    def test_source_volume_that_is_named_no_more(self):
        """The files are already copied."""
        self.serve_copy()
        self.daemon.on('GET', '/volumes/before', {'json': {'Name': 'before'}})
        made = self.make_made(source_volume='before')
        self.update(made)
        self.assertEqual([], self.daemon.requests)

    def test_still_usable_after_a_refusal(self):
        made = self.make_made()
        self.fails(made, labels={'a': 'b'})
        self.daemon.on(*INSPECT, self.shown(made))
        self.update(made)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)


class KeptTestCase(base.VolumeTestCase):

    def make_made(self, properties=None, **more):
        made = super().make_made(properties, **more)
        self.daemon.on('GET', '/volumes/' + made.resource_id,
                       self.shown(made))
        self.serve_copy(b'files')
        return made

    def created(self):
        return [sent.json() for sent in self.daemon.sent(*CREATE)]

    def copies_label(self):
        return '%s/web' % self.stack.id

    def serve_copies(self):
        """Answer requests to remove copies, whatever their names."""
        def echo(request, context):
            self.daemon.on('DELETE', '/volumes/%s' % request.json()['Name'],
                           204)
            return self.echo(request, context)

        self.daemon.on(*CREATE, {'json': echo})

    def removed(self):
        return [path for verb, path in self.daemon.requests
                if verb == 'DELETE' and path.startswith('/volumes/')]


class SnapshotTestCase(KeptTestCase):

    def snapshot(self, made):
        """Return the data of a snapshot, and the name of its volume."""
        self.run_task(made.snapshot)
        self.assertEqual(('SNAPSHOT', 'COMPLETE'), made.state)
        data = {'resource_data': dict(made.data())}
        return data, made.data()['snapshot_volume']

    def test_snapshot_copies_the_files_to_a_labeled_volume(self):
        made = self.make_made()
        _data, copy = self.snapshot(made)
        self.assertThat(copy, base.testtools.matchers.MatchesRegex(
            '^heat-snapshot-data-[a-z0-9]+$'))
        self.assertEqual(
            [{'Name': copy, 'Labels': {
                **dict.fromkeys(made.object.owner.labels, ''),
                'org.openstack.heat.project_id': 'test_tenant_id',
                'org.openstack.heat.snapshot_of': self.copies_label()}}],
            self.created())
        self.assertEqual(
            ['data', copy],
            [sent.json()['HostConfig']['Mounts'][0]['Source']
             for sent in self.daemon.sent(*self.HELP)])
        self.assertEqual([b'files'], self.copied)
        self.assertIn('The files are kept in the volume ' + copy,
                      self.reasons)

    def test_snapshots_have_volumes_of_their_own(self):
        made = self.make_made()
        self.assertNotEqual(self.snapshot(made)[1], self.snapshot(made)[1])

    def test_snapshot_that_is_too_big(self):
        """An incomplete copy is removed."""
        made = self.make_made()
        self.configure(max_snapshot_bytes=4)
        self.serve_copies()
        self.assertIn('option max_snapshot_bytes',
                      self.fail_task(made.snapshot))
        self.assertEqual(['/volumes/' + self.created()[0]['Name']],
                         self.removed())
        self.assertNotIn('snapshot_volume', made.data())

    def test_snapshot_answers_lost(self):
        made = self.make_made()
        self.daemon.on(*CREATE, LOST, {'json': self.echo})
        _data, copy = self.snapshot(made)
        self.assertEqual(copy, self.created()[-1]['Name'])
        self.assertEqual([b'files'], self.copied)

    def test_snapshot_daemon_away(self):
        made = self.make_made()
        self.set_clock(plan, step=30.0)
        self.daemon.go_away()
        self.assertIn('cannot be reached', self.fail_task(made.snapshot))

    def test_delete_snapshot(self):
        made = self.make_made()
        data, copy = self.snapshot(made)
        remove = ('DELETE', '/volumes/' + copy)
        for answer in (204, base.refusal(404, 'no such volume'),
                       base.refusal(409, 'volume is in use')):
            self.forget()
            self.daemon.on(*remove, answer)
            self.run_task(lambda: made.delete_snapshot(data))
            self.assertEqual([remove], self.daemon.requests)

    def test_delete_snapshot_without_a_volume(self):
        made = self.make_made()
        self.run_task(lambda: made.delete_snapshot({'resource_data': {}}))
        self.assertEqual([], self.daemon.requests)

    def restored(self, made, data):
        """Return the properties in the template of the restored resource."""
        return dict(made.handle_restore(made.t, data).properties(
            made.properties_schema, made.context).data)

    def test_restore_uses_the_copy_as_source_volume(self):
        made = self.make_made(name=None, labels={'a': 'b'})
        data, copy = self.snapshot(made)
        self.assertEqual(
            {'docker_endpoint': base.URL, 'labels': {'a': 'b'},
             'source_volume': copy},
            self.restored(made, data))

    def test_restore_replaces(self):
        made = self.make_made(name=None)
        data, _copy = self.snapshot(made)
        values = {'name': None, **self.restored(made, data)}
        self.stack.action = self.stack.RESTORE
        self.assertRaises(resource.UpdateReplace, self.update, made, **values)

    def test_restored_template_has_no_leave_to_destroy_files(self):
        """Updates with the existing template use the restored template."""
        made = self.make_made(name=None)
        data, _copy = self.snapshot(made)
        self.assertIn('without replace_on_change: true', self.fail_update(
            made, **{'name': None, **self.restored(made, data)}))

    def test_restored_is_a_copy_of_the_snapshot(self):
        made = self.make_made(name=None)
        data, copy = self.snapshot(made)
        values = self.restored(made, data)
        self.daemon.on('GET', '/volumes/' + copy, {'json': {'Name': copy}})
        self.forget()
        self.serve_copy(b'kept')
        restored = self.make_resource({'name': None, **values})
        self.stack.validate()
        self.run_task(restored.create)
        self.assertEqual([b'kept'], self.copied)
        self.assertEqual(copy, self.daemon.sent(*self.HELP)[0].json()[
            'HostConfig']['Mounts'][0]['Source'])

    def test_restore_of_a_name(self):
        """A name can be in use only once."""
        made = self.make_made()
        data, _copy = self.snapshot(made)
        self.forget()
        self.stack.action = self.stack.RESTORE
        self.assertIn('another one of the same name is not supported',
                      self.fail_update(made, **self.restored(made, data)))
        self.assertEqual([], self.daemon.requests)

    def test_restore_of_an_external_volume(self):
        """External volumes are not part of snapshots, and do not change."""
        made = self.make_resource(template=self.template(
            {}, external_id='data'))
        self.daemon.on(*INSPECT, self.shown(made, Labels=None))
        self.run_task(made.create)
        self.run_task(made.snapshot)
        restored = made.handle_restore(
            made.t, {'resource_data': dict(made.data())})
        self.assertEqual(made.t.freeze(), restored.freeze())


class SnapshotsDeletedTestCase(KeptTestCase):
    """Removal of copies when the volume is deleted."""

    def make_deleted(self, **more):
        """Return a resource whose stack is being deleted."""
        made = self.make_made(**more)
        self.stack.action = self.stack.DELETE
        self.daemon.on(*REMOVE, 204)
        return made

    def keep(self, *names):
        """Serve volumes that are copies and can be removed."""
        self.serve_volumes(*names)
        for name in names:
            self.daemon.on('DELETE', '/volumes/' + name, 204)

    def test_copies_go_with_the_stack(self):
        made = self.make_deleted()
        self.keep('copy1', 'copy2')
        for answer in (204, base.refusal(409, 'volume is in use'),
                       base.refusal(404, 'no such volume')):
            self.daemon.on('DELETE', '/volumes/copy1', answer)
            made.state_set(made.CREATE, made.COMPLETE)
            self.forget()
            self.run_task(made.delete)
            self.assertEqual(['/volumes/data', '/volumes/copy1',
                              '/volumes/copy2'], self.removed())
            [sent] = self.daemon.sent(*LIST)
            self.assertEqual(
                {'label': ['org.openstack.heat.snapshot_of='
                           + self.copies_label()]},
                json.loads(sent.qs['filters'][0]))

    def test_copies_stay_with_the_stack(self):
        """The volume may have been replaced, and its copies remain valid."""
        made = self.make_deleted()
        self.stack.action = self.stack.UPDATE
        self.keep('copy1')
        self.run_task(made.delete)
        self.assertEqual(['/volumes/data'], self.removed())

    def list_copies(self):
        """List the volumes that were created with the labels."""
        def find(request, context):
            [label] = json.loads(request.qs['filters'][0])['label']
            return {'Volumes': [
                body for body in self.created() if label in [
                    '%s=%s' % item for item in body['Labels'].items()]]}

        self.serve_copies()
        self.daemon.on(*LIST, {'json': find})

    def test_deletion_policy(self):
        """No record mentions the copy, so no snapshot refers to it."""
        made = self.make_deleted(template=self.template(
            {}, deletion_policy='Snapshot'))
        self.list_copies()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual([b'files'], self.copied)
        self.assertEqual(['/volumes/data'], self.removed())
        self.assertIn('The files are kept in the volume '
                      + self.created()[0]['Name'], self.reasons)
        self.assertNotIn('snapshot_volume', made.data())

    def test_deletion_policy_and_snapshots(self):
        """Snapshots are still removed with the stack."""
        made = self.make_deleted(template=self.template(
            {}, deletion_policy='Snapshot'))
        self.list_copies()
        self.run_task(made.snapshot)
        self.run_task(made.delete)
        [snapshot, _kept] = self.created()
        self.assertEqual(['/volumes/data', '/volumes/' + snapshot['Name']],
                         self.removed())

    def test_deletion_policy_of_what_was_replaced(self):
        """No other copy of the files exists when the stack is deleted."""
        template = self.template({}, deletion_policy='Snapshot')
        replaced = self.make_deleted(template=template)
        self.list_copies()
        self.run_task(replaced.delete)
        replacement = type(replaced)('web', replaced.t, self.stack)
        replacement.store()
        replacement.resource_id_set('data')
        replacement.state_set(replacement.CREATE, replacement.COMPLETE)
        self.daemon.on(*INSPECT, self.shown(replacement))
        self.serve_copy(b'files')
        self.run_task(replacement.delete)
        self.assertEqual(2, len(self.created()))
        self.assertEqual(2 * ['/volumes/data'], self.removed())

    def test_deletion_policy_and_too_big(self):
        """A volume that cannot be saved is not deleted."""
        made = self.make_deleted(template=self.template(
            {}, deletion_policy='Snapshot'))
        self.configure(max_snapshot_bytes=1)
        self.serve_copies()
        self.assertIn('option max_snapshot_bytes',
                      self.fail_task(made.delete))
        self.assertNotIn('/volumes/data', self.removed())

    def test_deletion_policy_and_gone(self):
        made = self.make_deleted(template=self.template(
            {}, deletion_policy='Snapshot'))
        self.daemon.on(*INSPECT, GONE)
        self.serve_copies()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual(['/volumes/' + self.created()[0]['Name']],
                         self.removed())

    def test_deletion_policy_of_a_daemon_that_is_given_up(self):
        """A forgotten endpoint gets no request, even for data to retain."""
        made = self.make_deleted(template=self.template(
            {}, deletion_policy='Snapshot'))
        self.configure(forgotten_endpoints=[base.URL])
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.history)
