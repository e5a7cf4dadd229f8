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

"""Which daemon a resource has, and how it handles an unreachable one."""

import dataclasses
import functools
import json

from heat.common import exception
from heat.engine import resource
from heat.engine import scheduler
from heat.engine import stack
from heat.engine import stk_defn
from heat.engine.resources.openstack.heat import value
from heat.tests import utils
import requests

from heat_docker import client
from heat_docker import daemons
from heat_docker import endpoint
from heat_docker.lifecycle import container_replacement
from heat_docker.lifecycle import containers as container_steps
from heat_docker.lifecycle import creation
from heat_docker.lifecycle import plan
from heat_docker.resources import base as resources_base
from tests.unit import base
from tests.unit import servers

LOST = {'exc': requests.exceptions.ReadTimeout}
REFUSED = {'exc': requests.exceptions.ConnectTimeout}

PATH = base.ContainerTestCase.PATH
CREATE = ('POST', '/containers/create')
FOUND = ('GET', '/containers/json')
INSPECT = ('GET', PATH + '/json')
STOP = ('POST', PATH + '/stop')
REMOVE = ('DELETE', PATH)


class EndpointTestCase(base.ResourceTestCase):

    def test_endpoint_of_the_template(self):
        made = self.make_resource(docker_endpoint='tcp://docker.test')
        self.assertEqual(endpoint.parse('tcp://docker.test:2375'),
                         made.endpoint)

    def test_endpoint_by_default(self):
        self.configure(local_endpoint='tcp://mine.test',
                       local_endpoint_access='all')
        for unset in (None, ''):
            made = self.make_resource(docker_endpoint=unset)
            self.assertEqual(
                dataclasses.replace(endpoint.parse('tcp://mine.test'),
                                    local=True), made.endpoint)

    def test_endpoint_by_default_wrong(self):
        self.configure(local_endpoint='mine.test')
        made = self.make_resource(docker_endpoint=None)
        reason = self.fail_task(made.create)
        self.assertIn("'mine.test' is not a Docker endpoint", reason)
        self.assertEqual([], self.daemon.history)

    def test_endpoint_with_tls(self):
        made = self.make_resource(docker_endpoint='https://docker.test',
                                  tls={'verify': False})
        self.assertEqual(endpoint.TLS(verify=False), made.endpoint.tls)

    def test_tls_of_another_resource(self):
        """To show attributes, Heat does not load the other resource."""
        properties = {'docker_endpoint': 'https://docker.test',
                      'tls': {'get_attr': ['certs', 'tls']}}
        template = self.template(properties)
        template['resources']['certs'] = {
            'type': 'DockerInc::Docker::Certificates'}
        made = self.make_resource(template=template)
        self.assertEqual(endpoint.TLS(), made.endpoint.tls)
        made._stored_properties_data = self.properties(
            **{**properties, 'tls': {'server_name': 'docker'}})
        self.assertEqual(endpoint.TLS(server_name='docker'),
                         made.endpoint.tls)


class AllowedTestCase(base.ContainerTestCase):

    def refused(self, made):
        reason = self.fail_task(made.create)
        self.assertEqual([], self.daemon.history)
        self.assertEqual({}, made.data())
        return reason

    def test_not_allowed(self):
        self.configure(allowed_endpoints=['https://*'])
        self.assertEqual(
            'Error: resources.web: The docker_endpoint %s is not allowed '
            '(operator option allowed_endpoints)' % base.URL,
            self.refused(self.make_resource()))

    def test_local_for_administrators(self):
        made = self.make_resource(docker_endpoint=None)
        self.assertIn('only administrators can use', self.refused(made))
        self.configure(local_endpoint=base.URL)
        self.assertIn('only administrators can use',
                      self.refused(self.make_resource()))

    def create_as(self, roles, **properties):
        self.configure(local_endpoint=base.URL)
        self.serve_create()
        self.serve_run()
        made = self.make_resource(docker_endpoint=None, **properties)
        made.context.roles = roles
        self.run_task(made.create)
        return made

    def test_local_by_an_administrator(self):
        made = self.create_as(['admin'])
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)

    def test_local_by_a_member(self):
        ex = self.assertRaises(exception.ResourceFailure, self.create_as,
                               ['member'])
        self.assertIn('only administrators can use', str(ex))

    def test_local_used_by_others_afterwards(self):
        """A member of the project may delete an administrator's stack."""
        made = self.create_as(['admin'])
        made.context.roles = ['member']
        self.serve_stop()
        self.serve_remove()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)

    def test_tightened_afterwards(self):
        """Users can still see and delete existing objects."""
        made = self.make_running()
        self.configure(allowed_endpoints=[], require_tls=True,
                       denied_networks=['0.0.0.0/0', '::/0'],
                       allowed_registries=[])
        self.assertEqual('running', made.FnGetAtt('state'))
        self.run_task(made.check)
        self.serve_stop()
        self.serve_remove()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)

    def make_verified(self, **properties):
        """Return a running container of a daemon with TLS."""
        url = 'https://docker.test:2376'
        self.patch(self.daemon, 'on', functools.partial(
            self.daemon.on, base_url=url))
        self.daemon.on('GET', '/version', {'json': self.daemon.VERSION},
                       prefix='')
        self.where = {'docker_endpoint': url}
        return self.make_running(self.where, **properties)

    def test_verified_no_longer(self):
        """The endpoint stays allowed, but not without its certificate."""
        self.configure(require_tls=True)
        made = self.make_verified()
        self.update(made, **self.where, tls={'server_name': 'a.test'})
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        self.assertEqual(
            'Error: resources.web: The property tls: verify: false is not '
            'allowed (operator option require_tls)',
            self.fail_update(made, **self.where, tls={'verify': False}))
        self.assertTrue(made.endpoint.tls.verify)
        self.assertEqual([], self.daemon.history)

    def test_never_verified(self):
        """A container from before the policy can still be updated in place."""
        tls = {'verify': False}
        made = self.make_verified(memory=64, tls=tls)
        self.configure(require_tls=True)
        self.daemon.on('POST', PATH + '/update', {'json': {}})
        self.serve_inspect(self.inspected(Memory=128, MemorySwap=256))
        self.update(made, **self.where, memory=128, tls=tls)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)

    def test_not_allowed_in_place(self):
        """The value may come from another resource during the update."""
        front = {'network': 'front'}
        made = self.make_running(networks=[front])
        self.configure(daemons='shared')
        self.assertIn(
            'The property networks: the option parent is not allowed '
            '(operator option allowed_network_options)', self.fail_update(
                made, networks=[
                    {**front, 'driver_opts': {'parent': 'eth0'}}]))
        self.assertEqual([], self.daemon.history)

    def test_tightened_before_the_create(self):
        made = self.make_resource()
        self.configure(allowed_endpoints=[])
        self.refused(made)


class NotedAddressTestCase(base.ContainerTestCase):
    """Requests for an object go to the address where it was created."""

    def setUp(self):
        super().setUp()
        # The addresses are real here.
        self.daemon.cleanUp()
        self.addCleanup(self.daemon.setUp)
        self.configure(denied_networks=[])

    def make(self, url):
        made = self.make_resource(docker_endpoint=url, wait_for='none',
                                  endpoint_timeout=0)
        self.run_task(made.create)
        return made

    def answer(self, line):
        if b' /version ' in line:
            return servers.http(servers.VERSION)
        if b'/create' in line:
            return servers.http({'Id': base.ID}, '201 Created')
        if line.startswith(b'GET '):
            return servers.http({'Id': base.ID, 'State': {},
                                 'Config': {'Labels': None}})
        return servers.http(b'', '204 No Content')

    def serve(self, **more):
        return self.useFixture(servers.Server(self.answer, **more))

    def tighten(self):
        self.configure(denied_networks=['127.0.0.0/8'])
        # As after a while, or in another worker.
        self._close_pool()
        self.patch(client, '_POOL', daemons.Pool())

    def test_recorded_by_create(self):
        server = self.serve()
        made = self.make(server.url.replace('127.0.0.1', 'localhost'))
        self.assertEqual(
            {'endpoint': 'tcp://localhost:%d' % server.address[1],
             'address': '127.0.0.1'}, json.loads(made.data()['requested']))

    def test_recorded_by_adopt(self):
        server = self.serve()
        made = self.make_resource(docker_endpoint=server.url)
        self.run_task(lambda: made.adopt({'resource_id': base.ID}))
        self.assertEqual(
            {'endpoint': server.url, 'address': '127.0.0.1'},
            json.loads(made.data()['requested']))

    def test_deleted_where_it_was_made(self):
        server = self.serve()
        made = self.make(server.url)
        self.tighten()
        self.run_task(made.delete)
        self.assertIn(b'DELETE ', server.lines[-1][:7])

    def make_with_value(self, url):
        """Return a container whose endpoint comes from another resource."""
        base.heat().register_class('OS::Heat::Value', value.Value)
        self.stack = utils.parse_stack({
            'heat_template_version': '2018-08-31', 'resources': {
                'where': {'type': 'OS::Heat::Value',
                          'properties': {'value': url}},
                'web': {'type': self.TYPE, 'properties': {
                    'image': 'i', 'wait_for': 'none',
                    'docker_endpoint': {'get_attr': ['where', 'value']}}}}})
        for name in ('where', 'web'):
            self.stack[name].store()
            self.run_task(self.stack[name].create)
            stk_defn.update_resource_data(self.stack.defn, name,
                                          self.stack[name].node_data())
            self.stack['web'].reparse()
        return self.stack['web']

    def test_shown_where_it_was_made(self):
        """A user who names a daemon must not reach the operator's this way."""
        server = self.serve()
        made = self.make_with_value(server.url)
        for url in ('', 'unix:///var/run/docker.sock', 'tcp://192.0.2.7:1'):
            where = self.stack['where']
            self.run_task(lambda url=url, where=where: where.update(
                where.t.freeze(properties={'value': url})))
            stk_defn.update_resource_data(self.stack.defn, 'where',
                                          where.node_data())
            made.reparse()
            self.assertEqual(url, made.properties['docker_endpoint'])
            server.lines.clear()
            made.forget_live_state()
            self.assertEqual(base.ID, made.FnGetAtt('info')['Id'])
            self.assertIn(b'GET ', server.lines[-1])
            self.assertFalse(made.endpoint.local)

    def test_snapshot_deleted_where_it_was_made(self):
        """Heat restores an unstored stack, without property values."""
        server = self.serve()
        made = self.make_with_value(server.url)
        unstored = stack.Stack(made.context, 'again', made.stack.t)
        again = unstored['web']
        again._data = made.data()
        self.assertFalse(again.properties['docker_endpoint'])
        self.assertEqual(server.url, str(again.endpoint))

    def test_local_as_the_operator_says_now(self):
        server = self.serve()
        self.configure(daemons='own', local_endpoint=server.url,
                       local_endpoint_access='all')
        made = self.make(None)
        self.configure(local_endpoint='tcp://192.0.2.7:2375')
        self.assertEqual(('tcp://192.0.2.7:2375', True),
                         (made.endpoint.url, made.endpoint.local))

    def test_deleted_nowhere_else(self):
        """The name may now resolve to another host."""
        server = self.serve()
        made = self.make(server.url)
        made.data_set('requested', json.dumps(
            {'endpoint': server.url, 'address': '127.0.0.9'}))
        server.lines.clear()
        self.tighten()
        self.assertIn('cannot be reached', self.fail_task(made.delete))
        self.assertEqual([], server.lines)


MAY_SLEEP = resources_base.DockerResource.may_sleep


class RepeatedTestCase(base.ContainerTestCase):
    """A daemon repeats request data in its errors, but Heat does not."""

    MOUNT = {'target': '/data', 'driver_options': {
        'type': 'cifs', 'device': '//192.0.2.7/files',
        'o': 'addr=files.test,username=root,password=hunter2,ro'}}
    # As sent to the kernel; Docker resolves the name.
    WORDS = ("error while mounting volume '/var/lib/docker/volumes/x/_data': "
             'failed to mount local volume: mount //192.0.2.7/files:/var/lib/'
             'docker/volumes/x/_data, data: addr=192.0.2.8,username=root,'
             'password=hunter2: permission denied')

    def assert_secret(self, *said):
        said = '\n'.join(map(str, (*said, *self.events, self.log.output)))
        self.assertNotIn('hunter2', said)
        self.assertNotIn('//192.0.2.7', said)
        self.assertIn('permission denied', said)

    def test_failed_mount(self):
        self.serve_create()
        self.serve_run(start=[base.refusal(500, self.WORDS)])
        made = self.make_resource(mounts=[self.MOUNT])
        self.assertIn('failed to mount local volume: mount ***:/var/lib/',
                      self.fail_task(made.create))
        self.assert_secret(made.status_reason)

    def test_masked_in_the_state_of_a_container(self):
        self.serve_create()
        shown = self.inspected('exited', ExitCode=128, Error=self.WORDS)
        self.serve_run(shown)
        self.serve_log(b'')
        made = self.make_resource(mounts=[self.MOUNT])
        self.fail_task(made.create)
        self.assert_secret(made.status_reason, made.FnGetAtt('info'))

    def test_masked_in_warnings(self):
        self.serve_create({'status_code': 201, 'json': {
            'Id': base.ID, 'Warnings': [self.WORDS]}})
        self.serve_run()
        self.run_task(self.make_resource(mounts=[self.MOUNT]).create)
        self.assert_secret()

    def test_new_values(self):
        """Errors mask both the old and the new values of an update."""
        made = self.make_running(
            alarm_action=None, registry_auth={'username': 'me',
                                              'password': 'hunter2'})
        for words in ('hunter2', 'hunter3'):
            self.daemon.on('POST', self.PATH + '/update', base.refusal(
                500, 'permission denied: ' + words))
            self.assertIn('denied: ***', self.fail_update(
                made, memory=1, registry_auth={'username': 'me',
                                               'password': 'hunter3'}))

    def test_what_everybody_sees(self):
        """Users must still be able to understand the reason."""
        self.serve_create()
        self.serve_run(start=[base.refusal(500, 'no such file: /bin/web')])
        made = self.make_resource(cmd=['/bin/web'], env=['RUN=/bin/web'])
        self.assertIn('no such file: /bin/web', self.fail_task(made.create))


class NapTestCase(base.ResourceTestCase):
    """Pauses that are shorter than Heat's."""

    def advance(self, *pauses):
        """Take a step that needs such pauses; return the pauses."""
        self.daemon.on('GET', '/containers/x/json', {
            'json': {'Id': 'x', 'State': {}}})
        self.slept, self.idle = [], []
        left = list(pauses)

        def sleep(seconds):
            self.slept.append(seconds)
            self.idle += map(len, self.pool._idle.values())

        def step(ctx):
            ctx.client.containers.inspect('x')
            return plan.After(left.pop(0)) if left else True

        self.patch(self.set_clock(plan), 'sleep', sleep)
        made = self.make_resource()
        return made.check_create_complete(
            plan.Plan(made.plan_context(), [step]))

    def test_short_pauses_are_slept(self):
        self.assertTrue(self.advance(0.5, 0.5, 1.0))
        self.assertEqual([0.5, 0.5, 1.0], self.slept)

    def test_not_too_many(self):
        self.assertFalse(self.advance(1.0, 1.0, 0.1))
        self.assertEqual([1.0, 1.0], self.slept)

    def test_long_pause_is_left_to_heat(self):
        delay = self.assertRaises(resource.PollDelay, self.advance,
                                  0.5, 2.1)
        self.assertEqual(3, delay.period)
        self.assertEqual([0.5], self.slept)

    def test_thread_of_its_own(self):
        """With convergence, each resource has its own thread."""
        told = []
        self.patch(resources_base.DockerResource, 'may_sleep', MAY_SLEEP)
        self.patch(resources_base.DockerResource, 'check_create_complete',
                   lambda made, running:
                   told.append(made.may_sleep()) or True)
        self.run_task(self.make_resource().create)
        made = self.make_resource()
        made.create_convergence(made.stack.t.id, set(), 'engine', 60)
        self.assertEqual([False, True], told)

    def test_others_wait(self):
        """Heat polls all resources of the stack in one thread."""
        self.patch(resources_base.DockerResource, 'may_sleep',
                   lambda made: False)
        self.assertFalse(self.advance(0.5))
        self.assertRaises(resource.PollDelay, self.advance, 2.0)
        self.assertEqual([], self.slept)

    def test_connection_is_not_kept(self):
        """Other resources do not need connections in the meantime."""
        self.advance(0.5, 0.5)
        self.assertEqual([1, 1], self.idle)


class PatienceTestCase(base.ContainerTestCase):

    def setUp(self):
        super().setUp()
        # Each time that a resource reads the clock.
        self.clock = self.set_clock(plan, step=10.0)

    WAITING = ('Docker at %s cannot be reached from heat-engine on %s: no '
               'response in time. Waiting for it')

    def waiting(self):
        return self.WAITING % (base.URL, client.socket.gethostname())

    @property
    def told(self):
        """The reasons in the events, except for those of Heat itself."""
        return [reason for _action, status, reason in self.events
                if status == 'IN_PROGRESS' and reason != 'state changed']

    def create(self, **properties):
        self.serve_create()
        self.serve_run()
        made = self.make_resource(**properties)
        return made

    def test_create_waits_for_the_daemon(self):
        """The wait shows one event when it starts and one when it ends."""
        self.daemon.go_away(5)
        made = self.create()
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)
        self.assertEqual(
            [self.waiting(), 'Docker at %s responded after 50 s' % base.URL],
            self.reasons)
        self.assertEqual(5 + 1 + 3, len(self.daemon.history))

    def begin_update(self, made, traversal):
        """Begin a newer update of the stack; return its resource."""
        self.newer = stack.Stack.load(made.context, made.stack.id)
        self.newer.current_traversal = traversal
        self.newer.store()
        return self.newer['web']

    def preempt(self, made):
        """Let a newer update wait, in another worker."""
        self.begin_update(made, 'newer').handle_preempt()

    def test_gives_way_to_a_newer_update(self):
        """The newer update may have the right endpoint."""
        made = self.create()
        self.daemon.go_away()
        polls = self.count_polls(made)

        def poll():
            for step in made.create():
                if len(polls) == 3:
                    self.preempt(made)
                yield step

        self.assertRaises(exception.ResourceFailure, self.run_task, poll)
        self.assertIn('superseded by a newer update', made.status_reason)
        self.assertEqual(4, len(polls))

    def test_gives_way_to_the_newest_update(self):
        """An older update no longer counts, even if it has waited longer."""
        made = self.create()
        self.daemon.go_away()
        older = self.begin_update(made, 'older')
        keep = self.newer
        self.begin_update(made, 'newest').handle_preempt()
        older.handle_preempt()
        self.assertRaises(exception.ResourceFailure, self.run_task,
                          made.create)
        self.assertIn('superseded by a newer update', made.status_reason)
        self.assertEqual('older', keep.current_traversal)

    def test_does_not_give_way_before_the_newest_waits(self):
        """Heat would check the resource twice for it."""
        made = self.create()
        self.preempt(made)
        self.begin_update(made, 'newest')
        self.daemon.go_away(5)
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)

    def test_the_newer_update_goes_on(self):
        made = self.create()
        self.preempt(made)
        made.stack.current_traversal = 'newer'
        self.daemon.go_away(5)
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)

    def test_waits_in_the_middle(self):
        made = self.create()
        self.daemon.on('POST', PATH + '/start', *4 * [REFUSED], 204)
        self.run_task(made.create)
        self.assertEqual(2, len(self.reasons))
        self.assertEqual(1, len(self.daemon.sent(*CREATE)))

    def test_waits_again(self):
        """Each outage counts separately."""
        made = self.create()
        self.daemon.on(*CREATE, REFUSED, {'status_code': 201, 'json': {
            'Id': base.ID}})
        self.serve_inspect(REFUSED, self.inspected())
        self.run_task(made.create)
        self.assertEqual(4, len(self.reasons))

    def test_waits_five_minutes(self):
        self.daemon.go_away()
        reason = self.fail_task(self.create().create)
        self.assertEqual('Error: resources.web: ' + self.waiting().partition(
            '. Waiting')[0], reason)
        self.assertEqual([self.waiting()], self.told)
        self.assertEqual(31, len(self.daemon.history))

    def test_waits_as_long_as_is_said(self):
        self.daemon.go_away()
        made = self.create(endpoint_timeout=100)
        self.fail_task(made.create)
        self.assertEqual(11, len(self.daemon.history))

    def test_does_not_wait(self):
        self.daemon.go_away()
        self.fail_task(self.create(endpoint_timeout=0).create)
        self.assertEqual([], self.told)
        self.assertEqual(1, len(self.daemon.history))

    def test_tells_the_last_error(self):
        self.daemon.go_away()
        made = self.create(endpoint_timeout=30)
        self.daemon.on('GET', '/version', REFUSED, REFUSED, 502, prefix='')
        self.assertIn('HTTP status 502, bad gateway',
                      self.fail_task(made.create))

    def test_waits_for_no_stranger(self):
        """A service that is not Docker will not become a Docker daemon."""
        self.daemon.on('GET', '/version', {'text': '<html>'}, prefix='')
        self.assertIn('is not a Docker daemon',
                      self.fail_task(self.create().create))
        self.assertEqual(1, len(self.daemon.history))

    def test_others_wait_a_minute(self):
        for task in ('suspend', 'check', 'snapshot'):
            made = self.make_running(endpoint_timeout=1800)
            end = self.daemon.go_away()
            self.fail_task(getattr(made, task))
            self.assertEqual(7, len(self.daemon.history), task)
            self.assertEqual([self.waiting()], self.told)
            end()
            self.forget()

    def test_others_wait_no_longer_than_is_said(self):
        made = self.make_running(endpoint_timeout=20)
        self.daemon.go_away()
        self.fail_task(made.check)
        self.assertEqual(3, len(self.daemon.history))

    def test_update_waits(self):
        made = self.make_running(memory=64)
        self.daemon.go_away(3)
        self.daemon.on('POST', PATH + '/update', {'json': {}})
        self.serve_inspect(self.inspected(Memory=128))
        self.daemon.go_away(3)
        self.update(made, memory=128)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        self.assertEqual(2, len(self.reasons))

    def test_update_waits_as_it_says(self):
        """The wait follows the new timeout, not the old one."""
        made = self.make_running(memory=64)
        self.daemon.go_away()
        self.fail_update(made, memory=128, endpoint_timeout=0)
        self.assertEqual(1, len(self.daemon.history))

    def test_resume_waits(self):
        made = self.make_running()
        self.serve_stop()
        self.run_task(made.suspend)
        self.forget()
        self.serve_run(self.inspected('exited'), self.inspected())
        self.daemon.go_away(2)
        self.run_task(made.resume)
        self.assertEqual(('RESUME', 'COMPLETE'), made.state)
        self.assertEqual(2, len(self.reasons))


class DeleteTestCase(base.ContainerTestCase):

    def setUp(self):
        super().setUp()
        self.clock = self.set_clock(plan, step=10.0)

    def test_delete_waits_for_the_daemon(self):
        self.set_clock(container_replacement, container_steps, step=100.0)
        made = self.make_running()
        self.serve_stop()
        self.serve_remove()
        self.daemon.go_away(4)
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual(2, len(self.reasons))

    def test_stop_that_was_not_heard(self):
        """The plugin repeats the request instead of waiting for it."""
        self.set_clock(container_replacement, container_steps)
        made = self.make_running()
        self.serve_stop()
        self.serve_remove()
        self.daemon.go_away(1)
        task = scheduler.TaskRunner(made.delete)
        task.start()
        for _poll in range(3):
            task.done() or task.step()
        self.assertEqual(2, len(self.daemon.sent(*STOP)))

    def test_gives_up(self):
        made = self.make_running()
        self.daemon.go_away()
        reason = self.fail_task(made.delete)
        self.assertIn('%s cannot be reached' % base.URL, reason)
        self.assertIn('Restore the daemon and delete the stack again, or ask '
                      'the operator to add its URL to forgotten_endpoints',
                      reason)
        self.assertEqual(7, len(self.daemon.history))

    def test_gives_up_and_again(self):
        made = self.make_running()
        end = self.daemon.go_away()
        self.fail_task(made.delete)
        end()
        self.serve_stop()
        self.serve_remove()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)

    def test_without_any_answer(self):
        """The daemon accepts connections but makes no progress."""
        made = self.make_running()
        self.serve_stop(LOST)
        self.daemon.on(*INSPECT, LOST)
        self.assertIn('cannot be reached', self.fail_task(made.delete))
        self.assertIn('Waiting for it', str(self.reasons))

    def forgets(self, made):
        self.daemon.go_away()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertIn('It may still have ' + base.ID,
                      self.reasons[-1])

    def test_forget_unreachable(self):
        self.forgets(self.make_running(forget_unreachable=True))
        self.assertEqual(7, len(self.daemon.history))

    def test_forget_unreachable_set_later(self):
        made = self.make_running()
        self.daemon.go_away()
        self.update(made, forget_unreachable=True)
        self.assertEqual([], self.daemon.requests)
        self.forgets(made)

    def test_forget_unreachable_at_once(self):
        self.forgets(self.make_running(forget_unreachable=True,
                                       endpoint_timeout=0))
        self.assertEqual(1, len(self.daemon.history))

    def test_forget_unreachable_is_not_for_who_answers(self):
        made = self.make_running(forget_unreachable=True)
        self.serve_stop(base.refusal(500, 'cannot kill'))
        self.assertIn('cannot kill', self.fail_task(made.delete))

    def test_forget_unreachable_only_to_delete(self):
        made = self.make_running(forget_unreachable=True)
        self.daemon.go_away()
        self.fail_task(made.suspend)

    def test_forgotten_endpoints_are_not_asked(self):
        """The address may now belong to another host."""
        made = self.make_running()
        self.configure(forgotten_endpoints=['tcp://*.test:2375'])
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual([], self.daemon.history)

    def test_forgotten_endpoints_in_other_words(self):
        """Operators copy the endpoint from messages, including its port."""
        made = self.make_running(docker_endpoint='TCP://Docker.Test')
        self.configure(forgotten_endpoints=[base.URL])
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.history)

    def test_forgotten_endpoints_tell(self):
        made = self.make_running()
        self.configure(forgotten_endpoints=[base.URL])
        self.run_task(made.delete)
        self.assertIn('It may still have ' + base.ID,
                      str(self.reasons))

    def test_other_endpoints_are_not_forgotten(self):
        self.configure(forgotten_endpoints=['tcp://other.test:2375'])
        made = self.make_running()
        self.daemon.go_away()
        self.fail_task(made.delete)

    def test_list_answer_lost(self):
        self.clock = self.set_clock(plan, creation, step=200.0)
        self.serve_create(LOST)
        made = self.make_resource()
        self.fail_task(made.create)
        self.clock.step = 10.0
        self.daemon.on(*FOUND, LOST, {'json': []})
        self.run_task(made.delete)
        self.assertEqual(2, len(self.daemon.sent(*FOUND)))


class AwayTestCase(base.ContainerTestCase):
    """Readers do not wait for the daemon one after the other."""

    def test_attributes_of_the_next_resource(self):
        first = self.make_running()
        self.first_stack = self.stack
        second = self.make_running()
        self.daemon.go_away()
        self.assertIsNone(first.FnGetAtt('state'))
        self.assertEqual(1, len(self.daemon.history))
        self.assertIsNone(second.FnGetAtt('state'))
        self.assertEqual(1, len(self.daemon.history))

    def test_attributes_after_a_while(self):
        clock = self.set_clock(daemons)
        made = self.make_running()
        end = self.daemon.go_away()
        self.assertIsNone(made.FnGetAtt('state'))
        end()
        made.forget_live_state()
        self.assertIsNone(made.FnGetAtt('state'))
        clock.now += 15
        made.forget_live_state()
        self.assertEqual('running', made.FnGetAtt('state'))

    def test_actions_ask_all_the_same(self):
        made = self.make_running()
        self.daemon.go_away(1)
        made.FnGetAtt('state')
        self.run_task(made.check)
        self.assertEqual(('CHECK', 'COMPLETE'), made.state)
