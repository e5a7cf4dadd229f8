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

"""How a container steps aside for its replacement, and steps back."""

import contextlib
import json

from heat.engine import resource
import requests

from heat_docker.lifecycle import container_replacement
from heat_docker.lifecycle import containers as container_steps
from heat_docker.resources import base as resources_base
from heat_docker.resources import rows
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
BROKEN = {'exc': requests.exceptions.ConnectionError}
REFUSED = {'exc': requests.exceptions.ConnectTimeout}
GONE = base.refusal(404, 'No such container: web')
NEW = 'ab' * 32

PATH = base.ContainerTestCase.PATH
CREATE = ('POST', '/containers/create')
FOUND = ('GET', '/containers/json')
INSPECT = ('GET', PATH + '/json')
RENAME = ('POST', PATH + '/rename')
START = ('POST', PATH + '/start')
STOP = ('POST', PATH + '/stop')
UPDATE = ('POST', PATH + '/update')
REMOVE_NEW = ('DELETE', '/containers/' + NEW)

ASIDE = 'web-%s.replaced' % base.ID[:12]

# Properties of a container that conflicts with its replacement.
COLLIDING = (
    {'name': 'web'},
    {'port_bindings': {80: 8080}},
    {'port_bindings': {80: ['', '127.0.0.1:8080']}},
    {'networks': [{'network': 'n', 'ipv4_address': '192.0.2.7'}]},
    {'networks': [{'network': 'n', 'ipv6_address': '2001:db8::7'}]},
    {'networks': [{'network': 'm'}, {'network': 'n',
                                     'link_local_ips': ['169.254.0.7']}]},
    {'network_mode': 'host'},
    {'volumes': {'data': '/data'}},
    {'mounts': [{'type': 'bind', 'source': '/a', 'target': '/b'}]},
    {'mounts': [{'source': 'data', 'target': '/b'}]},
    {'volumes': {'/a': '/b:ro', 'data': '/data'}},
    {'volumes_from': ['data']},
    {'network_mode': 'container:vpn'},
    {'pid_mode': 'container:vpn'},
    {'pid_mode': 'host'},
    {'ipc_mode': 'container:vpn'},
    {'devices': [{'path_on_host': '/dev/ttyS0'}]},
    {'device_requests': [{'count': -1, 'capabilities': [['gpu']]}]},
    {'networks': [{'network': 'n', 'mac_address': '02:42:0a:09:00:01'}]},
)

# Properties of a container that does not conflict.
NOT_COLLIDING = (
    {},
    {'port_bindings': {80: '', 81: '127.0.0.1:'}},
    {'port_specs': [80]},
    {'networks': [{'network': 'n', 'aliases': ['web']}]},
    {'network_mode': 'none'},
    {'mounts': [{'target': '/a'}, {'type': 'tmpfs', 'target': '/b'},
                {'type': 'bind', 'source': '/c', 'target': '/d',
                 'read_only': True},
                {'source': 'data', 'target': '/e', 'read_only': True}]},
    {'env': ['A=b']}, {'publish_all_ports': True},
    {'volumes': {'/a': '/b:ro'}}, {'volumes_from': ['data:ro']},
    {'ipc_mode': 'shareable'}, {'uts_mode': 'host'},
)


class ReplacementTestCase(base.ContainerTestCase):

    def make_old(self, **properties):
        made = self.make_running(properties or {'name': 'web'})
        self.old_stack = self.stack
        return made

    def serve_step_aside(self, *inspected):
        self.serve_inspect(*inspected)
        self.daemon.on(*RENAME, 204)
        self.serve_stop()


class StepAsideTestCase(ReplacementTestCase):

    def replaced(self, made, **properties):
        """Replace a resource by an update."""
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          cmd=['other'], **properties)
        return self.daemon.requests

    def test_renamed_and_stopped(self):
        made = self.make_old()
        self.serve_step_aside()
        self.assertEqual([INSPECT, RENAME, STOP],
                         self.replaced(made, name='web'))
        [sent] = self.daemon.sent(*RENAME)
        self.assertEqual({'name': [ASIDE]}, sent.qs)
        self.assertEqual({'name': 'web', 'grace': None, 'running': True,
                          'stopping': False},
                         json.loads(made.data()['replaced']))

    def test_only_what_collides(self):
        self.serve_step_aside()
        self.daemon.on('POST', '/networks/n/connect', {})
        for properties in NOT_COLLIDING:
            with_networks = self.inspected(Networks={
                'n': {'NetworkID': 'x'}, 'm': {'NetworkID': 'y'}})
            self.serve_inspect(with_networks)
            made = self.make_resource(properties)
            made.resource_id_set(base.ID)
            made.prepare_for_replace()
            self.assertEqual([], self.daemon.requests, properties)
            self.assertNotIn('replaced', made.data())

    def test_all_that_collides(self):
        self.serve_step_aside()
        for properties in COLLIDING:
            made = self.make_resource(properties)
            made.resource_id_set(base.ID)
            made.prepare_for_replace()
            self.assertEqual([RENAME, STOP], self.daemon.changes, properties)
            self.forget()

    def test_stop_grace_period(self):
        made = self.make_old(name='web', stop_grace_period=7)
        self.serve_step_aside()
        made.prepare_for_replace()
        [sent] = self.daemon.sent(*STOP)
        self.assertEqual({'t': ['7']}, sent.qs)
        self.assertEqual(container_steps.STOP_PATIENCE, sent.timeout[1])

    def test_runs_always(self):
        """A daemon that restarts would start it alongside its replacement."""
        made = self.make_old(name='web', restart_policy={'Name': 'always'})
        self.serve_step_aside()
        self.daemon.on(*UPDATE, {'json': {}})
        made.prepare_for_replace()
        self.assertEqual([RENAME, UPDATE, STOP], self.daemon.changes)
        self.assertEqual({'RestartPolicy': {
            'Name': 'unless-stopped', 'MaximumRetryCount': 0}},
            self.daemon.sent(*UPDATE)[0].json())

    def test_runs_always_on_podman(self):
        made = self.make_old(name='web', restart_policy={'Name': 'always'})
        self.serve_step_aside()
        self.daemon.on(*UPDATE, {'status_code': 404, 'text': 'Not Found'})
        made.prepare_for_replace()
        self.assertEqual([RENAME, UPDATE, STOP], self.daemon.changes)

    def test_stop_takes_time(self):
        made = self.make_old()
        self.serve_step_aside()
        self.serve_stop(LOST)
        made.prepare_for_replace()
        self.assertTrue(json.loads(made.data()['replaced'])['stopping'])

    def test_without_convergence(self):
        """Without convergence, a replacement does not know its predecessor."""
        self.patch(resources_base.DockerResource, 'may_sleep',
                   lambda made: False)
        made = self.make_old()
        self.serve_step_aside()
        made.prepare_for_replace()
        [sent] = self.daemon.sent(*STOP)
        self.assertEqual(container_steps.STOP_PATIENCE, sent.timeout[1])

    def test_was_not_running(self):
        made = self.make_old()
        self.serve_step_aside(self.inspected('exited'))
        made.prepare_for_replace()
        self.assertFalse(json.loads(made.data()['replaced'])['running'])

    def test_record_is_kept_by_a_second_call(self):
        """The record keeps the state from before the first call."""
        made = self.make_old()
        self.serve_step_aside(self.inspected(),
                        self.inspected('exited', Name='/' + ASIDE))
        made.prepare_for_replace()
        made.prepare_for_replace()
        self.assertEqual(1, len(self.daemon.sent(*RENAME)))
        self.assertEqual({'name': 'web', 'grace': None, 'running': True,
                          'stopping': False},
                         json.loads(made.data()['replaced']))

    def test_container_gone(self):
        for answers in (([GONE], [204]), ([self.inspected()], [GONE])):
            made = self.make_old()
            self.serve_inspect(*answers[0])
            self.daemon.on(*RENAME, *answers[1])
            made.prepare_for_replace()
            self.assertNotIn(STOP, self.daemon.requests)
            self.assertNotIn('WARNING', self.log.output)

    def test_host_gone(self):
        """The host may be the reason for the update."""
        made = self.make_old()
        self.daemon.go_away()
        self.replaced(made, name='web')
        self.assertEqual(3, len(self.daemon.history))
        self.assertIn('WARNING', self.log.output)
        self.assertIn('web does not step aside: Docker at %s cannot be reached'
                      % base.URL, self.log.output)
        self.assertNotIn('replaced', made.data())

    def test_host_gone_in_the_middle(self):
        made = self.make_old()
        self.serve_inspect()
        self.daemon.on(*RENAME, REFUSED)
        self.replaced(made, name='web')
        self.assertIn('replaced', made.data())

    def test_answer_lost(self):
        """The container may or may not have stepped aside."""
        made = self.make_old()
        self.serve_step_aside()
        self.daemon.on(*RENAME, LOST, LOST, 204)
        self.replaced(made, name='web')
        self.assertEqual(1, len(self.daemon.sent(*STOP)))

    def test_no_answer_at_all(self):
        made = self.make_old()
        self.serve_step_aside()
        self.daemon.on(*RENAME, LOST)
        self.assertIn('cannot be reached', self.fail_replace(made))
        self.assertEqual(3, len(self.daemon.sent(*RENAME)))

    def test_never_created(self):
        self.make_resource(name='web').prepare_for_replace()
        self.assertEqual([], self.daemon.history)

    def test_external_container_stays(self):
        self.serve_inspect()
        made = self.make_resource(template={
            'heat_template_version': '2018-08-31',
            'resources': {'web': {
                'type': base.TYPE, 'external_id': base.ID,
                'properties': self.properties(name='web')}}})
        self.run_task(made.create)
        self.forget()
        made.prepare_for_replace()
        self.assertEqual([], self.daemon.requests)

    def test_rename_refused(self):
        made = self.make_old()
        self.serve_inspect()
        self.daemon.on(*RENAME, base.refusal(500, 'rename failed'))
        reason = self.fail_replace(made)
        self.assertIn('rename failed', reason)

    def fail_replace(self, made):
        self.assertRaises(resource.exception.ResourceFailure, self.update,
                          made, name='web', cmd=['other'])
        self.assertEqual('FAILED', made.status)
        self.assert_plain(made.status_reason)
        return made.status_reason


class PredecessorTestCase(ReplacementTestCase):
    """A replacement is created once its predecessor has stepped aside."""

    def make_new(self, old, **properties):
        made = self.make_resource(name='web', **properties)
        made.replaces = old.id
        made.store()
        old.replaced_by = made.id
        old.store()
        self.daemon.on(*CREATE, {'status_code': 201, 'json': {'Id': NEW}})
        self.daemon.on('POST', '/containers/%s/start' % NEW, 204)
        self.daemon.on('POST', '/containers/%s/wait' % NEW, {'json': {}})
        self.daemon.on('GET', '/containers/%s/json' % NEW, self.inspected())
        return made

    def before_create(self, made):
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)
        requests_sent = self.daemon.requests
        return requests_sent[:requests_sent.index(CREATE)]

    def aside(self, status='running'):
        return self.inspected(status, Name='/' + ASIDE)

    def test_has_stepped_aside(self):
        made = self.make_new(self.make_old())
        self.serve_inspect(self.aside('exited'))
        self.assertEqual([INSPECT], self.before_create(made))

    def test_waits_until_it_has_stopped(self):
        made = self.make_new(self.make_old())
        self.serve_inspect(self.aside(), self.aside(), self.aside('exited'))
        self.serve_stop(LOST)
        self.assertEqual([INSPECT, STOP, INSPECT, INSPECT],
                         self.before_create(made))

    def test_comes_back_while_the_image_is_pulled(self):
        old = self.make_old()
        self.serve_step_aside()
        old.prepare_for_replace()
        made = self.make_new(old)
        self.serve_inspect(self.aside('exited'))
        progress = made.handle_create()
        with made.connect() as client:
            progress.ctx.client = client
            self.assertTrue(progress.steps.pop(0)(progress.ctx))
        old.replaced_by = None
        old.store()
        self.forget()
        error = self.assertRaises(resource.exception.Error,
                                  made.check_create_complete, progress)
        self.assertIn('The update was canceled', str(error))
        self.assertEqual([], self.daemon.requests)

    def test_was_away(self):
        """A container steps aside in the create if it was unreachable."""
        old = self.make_old()
        self.serve_inspect(REFUSED)
        old.prepare_for_replace()
        made = self.make_new(old)
        self.serve_step_aside(self.inspected(), self.inspected(),
                        self.aside('exited'))
        self.forget()
        self.assertEqual([INSPECT, INSPECT, RENAME, STOP, INSPECT],
                         self.before_create(made))
        self.assertEqual(
            ['replaced', 'requested'],
            sorted(item.key for item
                   in rows.stored(made.context, old.id).data))

    def test_was_away_until_it_was_taken_back(self):
        """A container that is in use again no longer steps aside."""
        old = self.make_old()
        self.serve_inspect(REFUSED)
        old.prepare_for_replace()
        made = self.make_new(old)
        old.replaced_by = None
        old.store()
        self.serve_step_aside()
        self.forget()
        self.assertRaises(resource.exception.ResourceFailure,
                          self.run_task, made.create)
        self.assertEqual([], self.daemon.requests)

    def test_is_stopping(self):
        """A second signal might kill it at once."""
        old = self.make_old()
        self.serve_step_aside()
        self.serve_stop(LOST)
        old.prepare_for_replace()
        self.forget()
        made = self.make_new(old)
        self.serve_inspect(self.aside(), self.aside('stopping'),
                           self.aside('exited'))
        self.assertEqual([INSPECT] * 3, self.before_create(made))

    def test_stop_that_is_refused(self):
        """The plugin repeats the request at once."""
        old = self.make_old()
        self.serve_step_aside()
        self.serve_stop(LOST)
        old.prepare_for_replace()
        self.patch(container_steps, '_STOP_AGAIN', -11)
        made = self.make_new(old)
        self.serve_inspect(self.aside(), self.aside(), self.aside('exited'))
        self.serve_stop(REFUSED, 204)
        self.forget()
        self.assertEqual([INSPECT, STOP, INSPECT, STOP, INSPECT],
                         self.before_create(made))

    def test_grace_period_is_its_own(self):
        old = self.make_old(name='web', stop_grace_period=300)
        self.serve_step_aside()
        self.serve_stop(REFUSED)
        old.prepare_for_replace()
        self.forget()
        made = self.make_new(old, stop_grace_period=5)
        self.serve_inspect(self.aside(), self.aside('exited'))
        self.serve_stop()
        self.before_create(made)
        [sent] = self.daemon.sent(*STOP)
        self.assertEqual({'t': ['300']}, sent.qs)

    def test_stop_is_asked_again(self):
        self.patch(container_steps, '_STOP_AGAIN', -11)
        made = self.make_new(self.make_old())
        self.serve_inspect(self.aside(), self.aside(), self.aside('exited'))
        self.serve_stop(LOST, 204)
        self.assertEqual([INSPECT, STOP, INSPECT, STOP, INSPECT],
                         self.before_create(made))

    def test_did_not_step_aside(self):
        made = self.make_new(self.make_old())
        self.serve_inspect(self.inspected())
        self.assertEqual([INSPECT], self.before_create(made))

    def test_predecessor_gone(self):
        made = self.make_new(self.make_old())
        self.serve_inspect(GONE)
        self.assertEqual([INSPECT], self.before_create(made))

    def test_never_created(self):
        old = self.make_resource(name='web')
        self.old_stack = self.stack
        self.assertEqual([], self.before_create(self.make_new(old)))

    def test_of_another_daemon(self):
        """That daemon may have chosen the id of a container on this one."""
        for requested in ({'endpoint': 'tcp://other.test:2375',
                           'address': None},
                          {'endpoint': base.URL, 'address': '192.0.2.66'}):
            for owed in (False, True):
                old = self.make_old()
                old.data_set('requested', json.dumps(requested))
                if owed:
                    old.data_set('owes_room', 'true')
                made = self.make_new(old)
                self.serve_step_aside(self.aside())
                self.assertEqual([], self.before_create(made))
                self.forget()

    def test_gone_from_the_database(self):
        made = self.make_new(self.make_old())
        made.replaces = 987654
        self.assertEqual([], self.before_create(made))


class StepBackTestCase(ReplacementTestCase):

    def replaced(self, status='running', **properties):
        """Return a resource that has stepped aside, and its replacement."""
        old = self.make_old(**properties)
        self.serve_step_aside(self.inspected(status))
        old.prepare_for_replace()
        self.serve_inspect(self.inspected('exited', Name='/' + ASIDE))
        self.daemon.on(*START, 204)
        new = self.make_resource(name='web')
        old.replaced_by = new.id
        self.serve_found(NEW)
        self.daemon.on(*REMOVE_NEW, 204)
        self.forget()
        return old, new

    def test_renamed_and_started_again(self):
        old, _new = self.replaced()
        old.restore_prev_rsrc(convergence=True)
        self.assertEqual([REMOVE_NEW, RENAME, START], self.daemon.changes)
        [found] = self.daemon.sent(*FOUND)
        self.assertEqual(
            {'org.openstack.heat.project_id=test_tenant_id',
             'org.openstack.heat.resource_name=web',
             'org.openstack.heat.stack_id=%s' % old.stack.id},
            set(json.loads(found.qs['filters'][0])['label']))
        [removed] = self.daemon.sent(*REMOVE_NEW)
        self.assertEqual({'v': ['1'], 'force': ['1']}, removed.qs)
        [renamed] = self.daemon.sent(*RENAME)
        self.assertEqual({'name': ['web']}, renamed.qs)
        self.assertNotIn('replaced', old.data())

    def test_runs_always_again(self):
        self.daemon.on(*UPDATE, {'json': {}})
        for status, sent in (('running', [UPDATE, START]), ('exited', [])):
            old, _new = self.replaced(status, name='web',
                                      restart_policy={'Name': 'always'})
            old.restore_prev_rsrc(convergence=True)
            self.assertEqual([REMOVE_NEW, RENAME] + sent, self.daemon.changes)
            for update in self.daemon.sent(*UPDATE):
                self.assertEqual({'RestartPolicy': {
                    'Name': 'always', 'MaximumRetryCount': 0}},
                    update.json())

    def test_replacement_was_never_made(self):
        old, _new = self.replaced()
        self.serve_found()
        old.restore_prev_rsrc(convergence=True)
        self.assertEqual([RENAME, START], self.daemon.changes)

    def test_replacement_goes_by_itself(self):
        for answer in (GONE, base.refusal(409, 'removal of container x is '
                                          'already in progress')):
            old, _new = self.replaced()
            self.daemon.on(*REMOVE_NEW, answer)
            old.restore_prev_rsrc(convergence=True)
            self.assertEqual(1, len(self.daemon.sent(*START)))

    def test_replacement_gone_from_the_database(self):
        """Its container is still found by the labels."""
        old, _new = self.replaced()
        old.replaced_by = 987654
        old.restore_prev_rsrc(convergence=True)
        self.assertEqual([REMOVE_NEW, RENAME, START], self.daemon.changes)

    def test_itself_is_not_removed(self):
        old, _new = self.replaced()
        self.serve_found(base.ID)
        old.restore_prev_rsrc(convergence=True)
        self.assertEqual([RENAME, START], self.daemon.changes)

    def test_is_stopping_yet(self):
        """Docker would stop a container that starts before the stop ends."""
        old = self.make_old()
        self.serve_step_aside()
        self.serve_stop(LOST)
        old.prepare_for_replace()
        self.serve_inspect(self.inspected(Name='/' + ASIDE))
        self.serve_found()
        self.daemon.on(*START, 204)
        old.restore_prev_rsrc(convergence=True)
        self.assertEqual([], self.daemon.sent(*START))
        self.serve_inspect(self.inspected(), self.inspected('stopping'),
                           self.inspected('exited'), self.inspected())
        self.forget()
        self.update(old, name='web')
        self.assertEqual([INSPECT, FOUND] * 3 + [START],
                         self.daemon.requests[:7])
        self.assertNotIn('replaced', old.data())

    def come_back_after(self, stop, start, raised=()):
        """Return a resource that stepped back while its container runs.

        :param stop: outcome of the request to stop it.
        :param start: answer to the request to start it.
        :param raised: error of the request to stop it, as seen by Heat.
        """
        old = self.make_old()
        self.serve_step_aside()
        self.serve_stop(stop)
        with contextlib.suppress(raised):
            old.prepare_for_replace()
        self.serve_inspect(self.inspected(Name='/' + ASIDE))
        self.serve_found()
        self.daemon.on(*START, start)
        self.forget()
        old.restore_prev_rsrc(convergence=True)
        return old

    def test_may_be_stopping(self):
        """The connection broke, or heat-engine died while it waited."""
        for fate, raised in ((BROKEN, ()), ({'exc': SystemExit}, SystemExit)):
            old = self.come_back_after(fate, 204, raised)
            self.assertEqual([], self.daemon.sent(*START))
            self.assertIn('replaced', old.data())

    def test_was_not_asked_to_stop(self):
        """The plugin does not wait for a stop that was never requested."""
        for answer in (REFUSED, base.refusal(500, 'no permission')):
            self.come_back_after(answer, 304, resource.exception.Error)
            self.assertEqual(1, len(self.daemon.sent(*START)))

    def test_does_not_stop(self):
        """The daemon did not receive the request, or lost it."""
        old = self.make_old(name='web', stop_grace_period=3)
        self.serve_step_aside()
        self.serve_stop(LOST)
        old.prepare_for_replace()
        self.serve_inspect()
        self.serve_found()
        self.daemon.on(*START, 304)
        self.set_clock(container_replacement, container_steps, step=4.0)
        self.forget()
        self.update(old, name='web', stop_grace_period=3)
        self.assertEqual(3 * [INSPECT, FOUND] + [START],
                         self.daemon.requests[:7])

    def test_had_its_name(self):
        old, _new = self.replaced()
        self.serve_inspect(self.inspected('exited'))
        old.restore_prev_rsrc(convergence=True)
        self.assertEqual([REMOVE_NEW, START], self.daemon.changes)

    def test_was_not_running(self):
        old, _new = self.replaced('exited')
        old.restore_prev_rsrc(convergence=True)
        self.assertEqual([REMOVE_NEW, RENAME], self.daemon.changes)

    def test_did_not_step_aside(self):
        made = self.make_old()
        made.restore_prev_rsrc(convergence=True)
        self.assertEqual([], self.daemon.requests)

    def test_second_call_does_nothing(self):
        old, _new = self.replaced()
        old.restore_prev_rsrc(convergence=True)
        self.forget()
        old.restore_prev_rsrc(convergence=True)
        self.assertEqual([], self.daemon.requests)

    def test_is_gone(self):
        """Heat has removed the container; the next update replaces it."""
        old, _new = self.replaced()
        self.serve_inspect(GONE)
        old.restore_prev_rsrc(convergence=True)
        self.assertIn('does not step back yet', self.log.output)
        self.assertRaises(resource.UpdateReplace, self.update, old,
                          name='web')

    def test_one_of_its_networks_is_gone(self):
        """The container leaves it, and is attached to its replacement later.
        """
        old, _new = self.replaced()
        self.serve_inspect(self.inspected('exited', Name='/' + ASIDE,
                                          Networks={'back': {}, 'gone': {}}))
        self.daemon.on(*START, base.refusal(404, 'network gone not found'),
                       204)
        self.daemon.on('GET', '/networks/back', {'json': {'Id': 'x'}})
        self.daemon.on('GET', '/networks/gone', base.refusal(
            404, 'network gone not found'))
        self.daemon.on('POST', '/networks/gone/disconnect', {})
        old.restore_prev_rsrc(convergence=True)
        self.assertEqual(
            [START, INSPECT, ('GET', '/networks/back'),
             ('GET', '/networks/gone'),
             ('POST', '/networks/gone/disconnect'), START],
            self.daemon.requests[4:])
        self.assertNotIn('replaced', old.data())

    def test_is_attached_as_the_template_says(self):
        """A container that refers to a network by name does not change."""
        wanted = [{'network': 'wiki', 'ipv4_address': '192.0.2.7'}]
        self.serve_create()
        self.serve_run(self.inspected(Networks={'wiki': {
            'EndpointID': 'x',
            'IPAMConfig': {'IPv4Address': '192.0.2.7'}}}))
        old = self.make_resource(name='web', networks=wanted)
        self.run_task(old.create)
        self.serve_step_aside()
        old.prepare_for_replace()
        self.serve_inspect(self.inspected(Networks={}))
        self.serve_found()
        self.daemon.on(*START, 204)
        self.daemon.on('POST', '/networks/wiki/connect', {})
        self.update(old, name='web', networks=wanted)
        self.assertEqual(('UPDATE', 'COMPLETE'), old.state)
        [sent] = self.daemon.sent('POST', '/networks/wiki/connect')
        self.assertEqual({'IPAMConfig': {'IPv4Address': '192.0.2.7'}},
                         sent.json()['EndpointConfig'])

    def test_command_that_has_run_is_not_run_again(self):
        """The answer to the start was lost, and the command has ended."""
        old, _new = self.replaced(name='web', wait_for='none')
        self.serve_inspect(self.inspected(
            'exited', Name='/' + ASIDE, StartedAt='2026-01-01T00:00:00Z'))
        self.daemon.on(*START, LOST, 204)
        old.restore_prev_rsrc(convergence=True)
        self.assertIn('does not step back yet', self.log.output)
        self.serve_inspect(self.inspected(
            'exited', StartedAt='2026-01-02T00:00:00Z'))
        self.update(old, name='web', wait_for='none')
        self.assertEqual(('UPDATE', 'COMPLETE'), old.state)
        self.assertEqual(1, len(self.daemon.sent(*START)))
        self.assertNotIn('replaced', old.data())

    def test_command_that_has_not_run_is_run(self):
        """The daemon did not receive the request whose answer was lost."""
        old, _new = self.replaced(name='web', wait_for='none')
        self.serve_inspect(self.inspected(
            'exited', Name='/' + ASIDE, StartedAt='2026-01-01T00:00:00Z'))
        self.daemon.on(*START, LOST, 204)
        old.restore_prev_rsrc(convergence=True)
        self.update(old, name='web', wait_for='none')
        self.assertEqual(2, len(self.daemon.sent(*START)))

    def test_fails_and_again(self):
        old, _new = self.replaced()
        self.daemon.on(*START, base.refusal(500, 'port is allocated'), 204)
        self.daemon.on('GET', '/networks/bridge', {'json': {'Id': 'x'}})
        old.restore_prev_rsrc(convergence=True)
        self.assertIn('replaced', old.data())
        old.restore_prev_rsrc(convergence=True)
        self.assertEqual(2, len(self.daemon.sent(*START)))
        self.assertNotIn('replaced', old.data())
