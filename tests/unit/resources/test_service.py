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
"""Services of a swarm."""

import base64
import json
import urllib.parse

from heat.common import exception
from heat.engine import resource
from heat.engine import scheduler
import requests

from heat_docker.lifecycle import plan
from heat_docker.lifecycle import service_convergence
from heat_docker.lifecycle import services
from heat_docker.resources import service
from tests.unit import base

ID = '6gphe4k7rji4fritcnebnm8xn'
NETWORK = 'v5ywxqpy0yzmurmbnv2oqxbnv'
SECRET = '8mb3dcqoka5gevm5r7v5hcwy0'
CREATE = ('POST', '/services/create')
INSPECT = ('GET', '/services/' + ID)
SEND = ('POST', '/services/%s/update' % ID)
REMOVE = ('DELETE', '/services/' + ID)
TASKS = ('GET', '/tasks')
STALE = base.refusal(
    500, 'rpc error: code = Unknown desc = update out of sequence')
OTHER = {'org.openstack.heat.project_id': 'other'}


class ServiceTestCase(base.ResourceTestCase):
    """A service whose specification the fake swarm keeps.

    :ivar spec: the specification of the service.
    :ivar tasks: what the swarm shows of its tasks.
    :ivar more: further parts of the inspected service.
    """

    TYPE = 'DockerInc::Docker::Service'
    NEEDED = {'image': 'busybox:1'}

    def setUp(self):
        super().setUp()
        self.spec, self.tasks, self.more, self.version = {}, [], {}, 7
        self.clock = self.set_clock(service_convergence, services, step=2.0)
        self.daemon.on(*CREATE, {'json': self._create})
        self.daemon.on(*INSPECT, {'json': self._inspect})
        self.daemon.on(*SEND, {'json': self._update})
        self.daemon.on(*REMOVE, {'text': self._remove})
        self.daemon.on(*TASKS, {'json': self._list})
        self.daemon.on('GET', '/containers/json', {'json': []})
        self.daemon.reach_no_registry()
        self.daemon.on('GET', '/nodes/n1', {'json': {
            'ID': 'n1', 'Description': {'Hostname': 'worker-1'}}})
        self.serve_log(b'')

    def _create(self, request, context):
        context.status_code = 201
        self._apply(request.json())
        return {'ID': ID, 'Warning': ''}

    def _update(self, request, context):
        self._apply(request.json())
        return {'Warnings': None}

    def _apply(self, spec):
        self.spec = spec
        spec['TaskTemplate'].setdefault('ForceUpdate', 0)
        self.version += 1

    def _inspect(self, request, context):
        if not self.spec:
            context.status_code = 404
            return {'message': 'service x not found'}
        return {'ID': ID, 'Version': {'Index': self.version},
                'Spec': self.spec, **self.more}

    def _remove(self, request, context):
        self.spec, self.tasks = {}, []
        return ''

    def _list(self, request, context):
        return list(self.tasks)

    def serve_log(self, content):
        for task in ('t1', 't2', 't3'):
            self.daemon.on('GET', '/tasks/%s/logs' % task, {
                'raw': lambda request, context: base.chunked(
                    base.frame(content))})

    def task(self, name='t1', state='running', desired='running', slot=1,
             current=True, **status):
        """Return a task; its specification is that of the service."""
        template = self.spec.get('TaskTemplate', {})
        return _Task(ID=name, Slot=slot, NodeID='n1', DesiredState=desired,
                     CreatedAt=name, current=current, own=self,
                     template=template,
                     Status={'State': state, 'ContainerStatus': {
                         'ContainerID': 'c-' + name}, **status})

    def run_all(self, count=1):
        """Have the swarm run a number of tasks at all times."""
        self.daemon.on(*TASKS, {'json': lambda request, context: [
            {'ID': 't%d' % slot, 'Slot': slot, 'NodeID': 'n1',
             'DesiredState': 'running', 'CreatedAt': '',
             'Spec': self.spec.get('TaskTemplate'),
             'Status': {'State': 'running'}}
            for slot in range(1, count + 1)] if self.spec else []})

    def make_made(self, count=1, **values):
        self.run_all(count)
        made = self.make_resource(values)
        self.run_task(made.create)
        self.forget()
        return made

    def sent(self, request=CREATE):
        return self.daemon.sent(*request)[-1].json()


class _Task(dict):
    """What the swarm shows of a task of the current specification."""

    def __init__(self, own, current, template, **shown):
        super().__init__(**shown)
        self['Spec'] = own.spec['TaskTemplate'] if (
            current and own.spec) else {'ContainerSpec': {'Image': 'old'}}


class CreateTestCase(ServiceTestCase):

    def test_request(self):
        made = self.make_resource({
            'replicas': 2, 'cmd': ['httpd'], 'memory': 64 * 1024 ** 2,
            'env': ['A=b'], 'labels': {'a': 'b'}, 'stop_grace_period': 3,
            'ports': ['8080:80', {'target': 53, 'protocol': 'udp',
                                  'mode': 'host'}],
            'update_config': {'parallelism': 0, 'monitor': 1.5},
            'rollback_config': {'order': 'start-first'}})
        self.run_all(2)
        self.run_task(made.create)
        sent = self.sent()
        owner = made.object.owner
        self.assertEqual({'a': 'b', **owner.labels}, sent['Labels'])
        self.assertEqual(made.object.name({'name': None}), sent['Name'])
        self.assertEqual({'Replicated': {'Replicas': 2}}, sent['Mode'])
        self.assertEqual({'Parallelism': 0, 'Monitor': 1500000000},
                         sent['UpdateConfig'])
        self.assertEqual({'Parallelism': 1, 'Order': 'start-first'},
                         sent['RollbackConfig'])
        self.assertEqual([
            {'Protocol': 'tcp', 'TargetPort': 80, 'PublishedPort': 8080,
             'PublishMode': 'ingress'},
            {'Protocol': 'udp', 'TargetPort': 53, 'PublishMode': 'host'}],
            sent['EndpointSpec']['Ports'])
        task = sent['TaskTemplate']
        self.assertEqual({'Limits': {'MemoryBytes': 64 * 1024 ** 2}},
                         task['Resources'])
        container = task['ContainerSpec']
        self.assertEqual(3 * 10 ** 9, container['StopGracePeriod'])
        self.assertEqual(['httpd'], container['Args'])
        self.assertEqual(
            [owner.stack_id, ''],
            [container['Labels']['org.openstack.heat.' + name]
             for name in ('stack_id', 'resource_id')])

    def test_name_has_no_dots_and_at_most_63_characters(self):
        made = self.make_made()
        made.stack.name = 'a.b' + 100 * 'x'
        name = made.object.name({'name': None})
        self.assertLessEqual(len(name), 63)
        self.assertNotIn('.', name)

    def test_credentials(self):
        self.make_made(image='example.com/a:1', registry_auth={
            'username': 'u', 'password': 'hunter2'})
        made = self.make_resource({
            'image': 'example.com/a:1', 'registry_auth': {
                'username': 'u', 'password': 'hunter2'}})
        self.run_task(made.create)
        header = self.daemon.sent(*CREATE)[-1].headers['X-Registry-Auth']
        self.assertEqual('hunter2', json.loads(
            base64.urlsafe_b64decode(header))['password'])
        self.assertNotIn('hunter2', str(self.sent()))

    def test_secrets_by_id_and_by_name(self):
        for name in (SECRET, 'db'):
            self.daemon.on('GET', '/secrets/' + name, {'json': {
                'ID': SECRET, 'Version': {'Index': 1},
                'Spec': {'Name': 'db', 'Labels': {}}}})
            self.make_made(secrets=[{'source': name, 'target': 'x',
                                     'mode': '0400'}])
            self.make_resource()
            self.assertEqual(
                [{'SecretID': SECRET, 'SecretName': 'db',
                  'File': {'Name': 'x', 'UID': '0', 'GID': '0',
                           'Mode': 0o400}}],
                self.spec['TaskTemplate']['ContainerSpec']['Secrets'])

    def test_missing_secret(self):
        self.daemon.on('GET', '/secrets/db',
                       base.refusal(404, 'secret db not found'))
        made = self.make_resource({'secrets': [{'source': 'db',
                                                'target': 'x'}]})
        self.assertIn('secret db not found', self.fail_task(made.create))
        self.assertEqual([], self.daemon.sent(*CREATE))

    def test_jobs_have_a_restart_policy(self):
        self.daemon.on(*TASKS, {'json': lambda request, context: [
            self.task(state='complete', desired='complete')]})
        made = self.make_resource({'mode': 'replicated-job'})
        self.run_task(made.create)
        self.assertEqual({'Condition': 'on-failure'},
                         self.sent()['TaskTemplate']['RestartPolicy'])
        self.assertEqual({'ReplicatedJob': {}}, self.sent()['Mode'])

    def test_rules(self):
        for values, words in (
                ({'mode': 'global', 'replicas': 2},
                 'replicas requires the mode replicated, not global'),
                ({'completions': 2}, 'requires the mode replicated-job'),
                ({'mode': 'global-job', 'update_config': {'delay': 1}},
                 'update_config does not apply'),
                ({'mode': 'global-job',
                  'restart_policy': {'condition': 'any'}},
                 'the condition any'),
                ({'endpoint_mode': 'dnsrr', 'ports': [80]},
                 'requires mode: host for each port'),
                ({'swap': '1m'}, 'swap requires memory'),
                ({'update_config': {'max_failure_ratio': 2}}, '0 and 1'),
                ({'extra_hosts': ['a:host-gateway']}, 'host-gateway'),
                ({'command': ['x']}, 'Use cmd'),
                ({'deploy': {}}, 'Use mode, replicas')):
            ex = self.assertRaises(exception.StackValidationFailed,
                                   self.make_resource(values).validate)
            self.assertIn(words, str(ex))


class DigestTestCase(ServiceTestCase):
    """The image gets the digest that its tag has in the registry."""

    DIGEST = 'sha256:' + 64 * 'a'
    NEW = 'sha256:' + 64 * 'b'

    def ask(self, image):
        return 'GET', '/distribution/%s/json' % urllib.parse.quote(
            image, safe='')

    def serve_digest(self, image, *answers):
        self.daemon.on(*self.ask(image), *(answers or [
            {'json': {'Descriptor': {'digest': self.DIGEST}}}]))

    @property
    def image(self):
        return self.spec['TaskTemplate']['ContainerSpec']['Image']

    def test_create(self):
        for image in ('busybox', 'busybox:1', 'example.com:5000/a/b:2'):
            self.serve_digest(image)
            made = self.make_made(image=image)
            self.assertEqual('%s@%s' % (image, self.DIGEST), self.image)
            self.assertEqual({}, made.parse_live_resource_data(
                made.properties, made.get_live_resource_data()))
            self.run_task(made.check)

    def test_images_of_no_tag_are_not_asked_for(self):
        for image in ('busybox@' + self.DIGEST, 64 * 'a',
                      'localhost/heat-snapshot/x:1'):
            self.make_made(image=image)
            self.assertEqual(image, self.image)

    def test_credentials(self):
        self.serve_digest('example.com/a:1')
        made = self.make_resource({
            'image': 'example.com/a:1', 'registry_auth': {
                'username': 'u', 'password': 'hunter2'}})
        self.run_all()
        self.run_task(made.create)
        header = self.daemon.sent(*self.ask('example.com/a:1'))[0].headers[
            'X-Registry-Auth']
        self.assertEqual('hunter2', json.loads(
            base64.urlsafe_b64decode(header))['password'])

    def test_registry_that_cannot_be_asked(self):
        for answer in (base.refusal(500, 'dial tcp: connection refused'),
                       base.refusal(401, 'unauthorized'),
                       {'exc': requests.exceptions.ReadTimeout},
                       {'json': {'Descriptor': {'digest': 'x'}}}):
            self.serve_digest('busybox:1', answer)
            self.events.clear()
            self.run_all()
            self.run_task(self.make_resource().create)
            self.assertEqual('busybox:1', self.image)
            self.assertIn('The digest of the image busybox:1 is unknown',
                          str(self.reasons))
            self.assertIn('WARNING heat_docker.lifecycle.services',
                          self.log.output)
            self.assertNotIn('Waiting', str(self.reasons))

    def test_swarm_without_a_leader(self):
        """The registry is asked once, or the event is added once."""
        leaderless = base.refusal(503, 'The swarm does not have a leader')
        for answer, asked in (({'json': {'Descriptor': {
                'digest': self.DIGEST}}}, 1), (base.refusal(500, 'no'), 3)):
            self.serve_digest('busybox:1', answer)
            self.daemon.on(*CREATE, leaderless, leaderless,
                           {'json': self._create})
            self.forget()
            self.run_all()
            self.run_task(self.make_resource().create)
            self.assertEqual(asked, len(self.daemon.sent(
                *self.ask('busybox:1'))))
            self.assertEqual(int(asked > 1), len([
                why for why in self.reasons if 'digest' in why]))

    def test_update_of_something_else(self):
        """It keeps the image, although the tag has moved."""
        self.serve_digest('busybox:1')
        made = self.make_made()
        self.serve_digest('busybox:1', {'json': {
            'Descriptor': {'digest': self.NEW}}})
        self.update(made, env=['A=b'])
        self.update(made, env=['A=b'], image='docker.io/library/busybox:1')
        self.assertEqual('busybox:1@' + self.DIGEST, self.image)

    def test_update_of_a_service_without_a_digest(self):
        """It keeps the image: a digest would replace all tasks."""
        self.serve_digest('busybox:1', base.refusal(500, 'no'))
        made = self.make_made()
        self.serve_digest('busybox:1')
        self.update(made, labels={'a': 'b'})
        self.assertEqual('busybox:1', self.image)

    def test_update_of_the_image(self):
        self.serve_digest('busybox:1')
        made = self.make_made()
        self.serve_digest('busybox:2', {'json': {
            'Descriptor': {'digest': self.NEW}}})
        self.update(made, image='busybox:2')
        self.assertEqual('busybox:2@' + self.NEW, self.image)

    def test_other_image_is_drift(self):
        self.serve_digest('busybox:1')
        made = self.make_made()
        for there in ('busybox:2@' + self.DIGEST, None):
            self.spec['TaskTemplate']['ContainerSpec']['Image'] = there
            made.forget_live_state()
            self.assertIn('image', made.parse_live_resource_data(
                made.properties, made.get_live_resource_data()))


class ConvergeTestCase(ServiceTestCase):

    def test_last_look_is_on_time(self):
        """Heat sleeps for whole seconds, and the plugin for the rest."""
        for delay in (5, 1):
            clock, begin = self.set_clock(plan, service_convergence), []

            def create(request, context, clock=clock, begin=begin):
                begin.append(clock.now)
                return self._create(request, context)

            self.daemon.on(*CREATE, {'json': create})
            self.run_all()
            made = self.make_resource({'converge_delay': delay})
            runner = scheduler.TaskRunner(made.create)
            runner.start()
            while True:
                runner.step()
                if runner.done():
                    break
                clock.now += 1
            self.assertAlmostEqual(delay, clock.now - begin[0], delta=0.31)

    def create(self, *looks, **values):
        """Create a service; each look is a function that returns tasks."""
        def show(request, context):
            look = looks[min(self.looks, len(looks) - 1)]
            self.looks += 1
            return look()

        self.looks = 0
        self.daemon.on(*TASKS, {'json': show})
        made = self.make_resource(values)
        return made

    def test_waits_for_all_tasks(self):
        made = self.create(
            lambda: [], lambda: [self.task(), self.task('t2', 'starting')],
            lambda: [self.task(), self.task('t2', slot=2)], replicas=2)
        self.run_task(made.create)
        self.assertGreaterEqual(self.looks, 4)

    def test_tasks_have_to_keep_running(self):
        made = self.create(
            lambda: [self.task()], lambda: [self.task('t2')],
            converge_delay=1)
        self.run_task(made.create)
        self.assertEqual(3, self.looks)

    def test_no_replicas(self):
        made = self.create(lambda: [], replicas=0)
        self.run_task(made.create)

    def test_without_waiting(self):
        made = self.create(lambda: [], wait_for='none')
        self.run_task(made.create)
        self.assertEqual(0, self.looks)

    def test_old_tasks_do_not_count(self):
        made = self.create(
            lambda: [self.task(current=False)], lambda: [self.task()],
            converge_delay=0)
        self.run_task(made.create)
        self.assertEqual(2, self.looks)

    def test_placement_makes_no_task_old(self):
        def tasks():
            task = self.task()
            return [{**task, 'Spec': {
                key: value for key, value in task['Spec'].items()
                if key not in ('Placement', 'Runtime')}}]

        made = self.create(tasks, placement={'constraints': ['a==b']})
        self.run_task(made.create)

    def test_tasks_fail_again_and_again(self):
        failed = [dict(name='t%d' % number, state='failed',
                       desired='shutdown', Err='task: non-zero exit (3)')
                  for number in (1, 2, 3)]
        self.serve_log(b'first\nNo such table\n')
        made = self.create(
            lambda: [self.task(**failed[0]), self.task('x', 'ready',
                                                       'ready')],
            lambda: [*(self.task(**one) for one in failed),
                     self.task('x', 'ready', 'ready')])
        reason = self.fail_task(made.create)
        self.assertIn('on the node worker-1 is failed: task: non-zero exit '
                      '(3)', reason)
        self.assertIn('fail again and again', reason)
        self.assertLess(len(reason), 255)
        self.assertIn('Its last output: No such table', reason)
        self.assertEqual(1, len([
            reason for reason in self.reasons
            if reason.startswith('Task 1 on the node worker-1')]))

    def test_failure_of_another_replica(self):
        """Failures count for each slot."""
        made = self.create(
            lambda: [self.task('t%d' % slot, 'failed', 'shutdown', slot)
                     for slot in (1, 2, 3)]
            + [self.task('a%d' % slot, slot=slot) for slot in (1, 2, 3)],
            replicas=3)
        self.run_task(made.create)

    def test_attempts_are_exhausted(self):
        made = self.create(
            lambda: [self.task('t1', 'failed', 'shutdown', Err='exit (1)')],
            restart_policy={'condition': 'on-failure', 'max_attempts': 1})
        self.assertIn('have ended', self.fail_task(made.create))

    def test_attempts_are_left(self):
        made = self.create(
            lambda: [self.task('t%d' % number, 'failed', 'shutdown')
                     for number in (1, 2, 3)]
            + [self.task('x', 'ready', 'ready')],
            lambda: [self.task()],
            restart_policy={'max_attempts': 5})
        self.run_task(made.create)

    def test_no_node_fits(self):
        """Another resource may add a node."""
        pending = dict(NodeID='', Err='no suitable node (x on 1 node)')
        made = self.create(
            lambda: [{**self.task(state='pending', **pending),
                      'NodeID': ''}], lambda: [self.task()])
        self.run_task(made.create)
        reason = self.reasons[-1]
        self.assertIn('is pending: no suitable node', reason)

    def test_timeout(self):
        made = self.create(
            lambda: [{**self.task(state='pending', Err='no suitable node'),
                      'NodeID': ''}], wait_timeout=10)
        reason = self.fail_task(made.create)
        self.assertIn('has not converged after 10 s', reason)
        self.assertIn('no suitable node', reason)

    def test_job(self):
        made = self.create(
            lambda: [self.task(desired='complete')],
            lambda: [self.task(state='complete', desired='complete')],
            lambda: [self.task(name, 'complete', 'complete', slot)
                     for name, slot in (('t1', 0), ('t2', 1))],
            mode='replicated-job', completions=2)
        self.run_task(made.create)
        self.assertEqual(3, self.looks)

    def test_earlier_run_of_a_job(self):
        self.more = {'JobStatus': {'JobIteration': {'Index': 1}}}
        done = dict(state='complete', desired='complete')
        made = self.create(
            lambda: [self.task(**done)],
            lambda: [{**self.task(**done), 'JobIteration': {'Index': 1}}],
            mode='global-job')
        self.run_task(made.create)
        self.assertEqual(2, self.looks)

    def test_many_tasks(self):
        """They may be more than one response can have."""
        self.configure(max_answer_bytes=64 * 1024)
        made = self.create(lambda: [
            {**self.task('t%d' % slot, slot=slot)} for slot in range(1, 301)],
            replicas=300, env=['A=' + 1000 * 'x'])
        self.run_task(made.create)

    def test_tasks_of_another_form(self):
        for shown in ({'ID': 't1', 'Status': 'x'}, {'ID': 7}, {},
                      {'ID': 't1', 'Spec': [1]}):
            made = self.create(lambda shown=shown: [shown])
            self.fail_task(made.create)


class UpdateTestCase(ServiceTestCase):

    def test_in_place(self):
        made = self.make_made(name='web')
        self.spec['TaskTemplate']['ForceUpdate'] = 3
        self.update(made, name='web', env=['A=b'], replicas=1)
        sent = self.sent(SEND)
        self.assertEqual(['A=b'], sent['TaskTemplate']['ContainerSpec'][
            'Env'])
        self.assertEqual(3, sent['TaskTemplate']['ForceUpdate'])
        self.assertEqual('web', sent['Name'])
        self.assertEqual(['8'], self.daemon.sent(*SEND)[0].qs['version'])
        self.assertEqual(1, len(self.daemon.sent(*SEND)))

    def test_several_changes_are_one_request(self):
        made = self.make_made()
        self.update(made, env=['A=b'], cmd=['x'], labels={'a': 'b'},
                    update_config={'order': 'start-first'})
        self.assertEqual(1, len(self.daemon.sent(*SEND)))

    def test_removed_properties(self):
        made = self.make_made(env=['A=b'], memory=8 * 1024 ** 2,
                              ports=['80:80'])
        self.update(made)
        sent = self.sent(SEND)
        self.assertNotIn('EndpointSpec', sent)
        self.assertNotIn('Resources', sent['TaskTemplate'])

    def test_version_conflict(self):
        made = self.make_made()
        self.daemon.on(*SEND, STALE, {'json': self._update})
        self.update(made, env=['A=b'])
        self.assertEqual(2, len(self.daemon.sent(*SEND)))

    def test_mode_replaces(self):
        made = self.make_made()
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          mode='global')
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          name='other')

    def test_default_mode_is_no_change(self):
        made = self.make_made()
        self.update(made, mode='replicated')
        self.assertEqual([], self.daemon.changes)

    def test_mode_with_a_fixed_name(self):
        made = self.make_made(name='web')
        self.assertIn('without changing its property name', self.fail_update(
            made, name='web', mode='global'))

    def test_paused_by_the_swarm(self):
        made = self.make_made()
        self.more = {'UpdateStatus': {
            'State': 'paused', 'Message': 'update paused due to failure'}}
        self.daemon.on(*TASKS, {'json': lambda request, context: [
            self.task('t1', 'failed', 'shutdown', Err='exit (3)'),
            self.task('t2', 'running', current=False)]})
        self.serve_log(b'bad\n')
        reason = self.fail_update(made, env=['A=b'])
        self.assertIn('The swarm has paused the update. Task 1 on',
                      reason)
        self.assertIn('Its last output: bad', reason)

    def test_rolled_back_by_the_swarm(self):
        made = self.make_made()
        self.more = {'UpdateStatus': {'State': 'rollback_started',
                                      'Message': 'x'}}
        self.assertIn('The swarm rolls back the update',
                      self.fail_update(made, env=['A=b']))
        self.more = {}
        self.update(made, env=['A=c'])

    def test_waits_while_the_swarm_updates(self):
        made = self.make_made()
        looks = [{'State': 'updating'}, {'State': 'updating'}, None]

        def inspect(request, context):
            # The first inspection is for the version.
            status = looks.pop(0) if looks else None
            self.more = {'UpdateStatus': status}
            return self._inspect(request, context)

        self.daemon.on(*INSPECT, {'json': inspect})
        self.update(made, env=['A=b'])
        self.assertEqual([], looks)

    def test_return_to_what_has_failed_before(self):
        """The swarm keeps some of the tasks that have failed."""
        made = self.make_made()
        self.daemon.on(*TASKS, {'json': lambda request, context: [
            *(self.task('t%d' % number, 'failed', 'shutdown')
              for number in (1, 2, 3)), self.task('y')]})
        self.clock.step = 0.1
        self.update(made, env=['A=b'])

    def test_failure_before_the_update_does_not_count(self):
        made = self.make_made()
        looks = []

        def fail(request, context):
            looks.append(1)
            return [self.task('x', 'ready', 'ready'), *(
                self.task('t%d' % number, 'failed', 'shutdown')
                for number in range(1, min(len(looks), 4)))]

        self.daemon.on(*TASKS, {'json': fail})
        self.fail_update(made, env=['A=b'])
        looks.clear()

        def recover(request, context):
            looks.append(1)
            return [self.task('t%d' % number, 'failed', 'shutdown')
                    for number in (1, 2, 3)] + (
                        [self.task('x', 'ready', 'ready')]
                        if len(looks) < 3 else [self.task('y')])

        self.daemon.on(*TASKS, {'json': recover})
        self.update(made, env=['A=b'])

    def test_drift(self):
        made = self.make_made(count=2, replicas=2, update_config={
            'parallelism': 2}, secrets=None)
        shown = {'ID': ID, 'Spec': json.loads(json.dumps(self.spec))}
        shown['Spec']['UpdateConfig'].update(FailureAction='pause',
                                             Monitor=5 * 10 ** 9)
        self.assertEqual({}, made.parse_live_resource_data(
            made.properties, shown))
        shown['Spec']['Mode']['Replicated']['Replicas'] = 5
        self.assertEqual({'replicas': 5}, made.parse_live_resource_data(
            made.properties, shown))


class OtherActionsTestCase(ServiceTestCase):

    def test_suspend_and_resume(self):
        made = self.make_made(count=2, replicas=2)
        self.run_all(0)
        self.run_task(made.suspend)
        self.assertEqual({'Replicated': {'Replicas': 0}},
                         self.sent(SEND)['Mode'])
        self.run_task(made.check)
        self.run_all(2)
        # As after a check of a suspended resource, Heat resumes it.
        made.state_set(made.SUSPEND, made.COMPLETE)
        self.run_task(made.resume)
        self.assertEqual({'Replicated': {'Replicas': 2}},
                         self.sent(SEND)['Mode'])

    def test_suspend_waits_for_the_tasks(self):
        made = self.make_made()
        looks = [[self.task(desired='remove')], []]
        self.daemon.on(*TASKS, {'json': lambda request, context:
                                looks.pop(0)})
        self.run_task(made.suspend)
        self.assertEqual([], looks)

    def test_suspend_of_another_mode(self):
        made = self.make_made(mode='global')
        self.assertIn('of the mode global cannot be suspended',
                      self.fail_task(made.suspend))

    def test_check(self):
        made = self.make_made()
        self.run_task(made.check)
        self.daemon.on(*TASKS, {'json': lambda request, context: [
            self.task('t1', 'failed', 'shutdown', Err='exit (3)')]})
        reason = self.fail_task(made.check)
        self.assertIn('0 of 1 tasks run', reason)
        self.assertIn('exit (3)', reason)

    def test_delete_waits_until_the_tasks_are_removed(self):
        made = self.make_made()
        labels = []

        def tasks(request, context):
            labels.append(json.loads(request.qs['filters'][0])['label'])
            return [self.task(desired='remove')] if len(labels) < 3 else []

        self.daemon.on(*TASKS, {'json': tasks})
        self.run_task(made.delete)
        self.assertEqual(3, len(labels))
        self.assertIn('org.openstack.heat.resource_id=' + made.uuid,
                      labels[0])
        self.assertEqual([REMOVE], self.daemon.changes)

    def test_delete_removes_what_docker_keeps_of_a_job(self):
        made = self.make_made()
        self.daemon.on(*TASKS, {'json': lambda request, context: [
            self.task(state='complete', desired='complete')]})
        self.daemon.on('GET', '/containers/json', {'json': [{'Id': 'c1'}]},
                       {'json': []})
        self.daemon.on('DELETE', '/containers/c1', 204)
        self.run_task(made.delete)
        self.assertEqual([REMOVE, ('DELETE', '/containers/c1')],
                         self.daemon.changes)
        [listed] = self.daemon.sent('GET', '/containers/json')[:1]
        self.assertIn('com.docker.swarm.service.id=' + ID,
                      listed.qs['filters'][0])

    def test_delete_does_not_wait_for_a_dead_node(self):
        made = self.make_made()
        self.daemon.on(*TASKS, {'json': lambda request, context: [
            self.task(desired='remove')]})
        self.run_task(made.delete)
        self.assertIn('The swarm has not stopped 1 tasks, on: worker-1',
                      self.reasons)

    def test_delete_of_what_is_gone(self):
        made = self.make_made()
        self.spec = {}
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.changes)

    def test_adopt(self):
        self.spec = {'Name': 'web', 'Labels': {}, 'TaskTemplate': {}}
        self.daemon.on('GET', '/services/web', {'json': self._inspect})
        made = self.make_resource()
        self.run_task(lambda: made.adopt({'resource_id': 'web'}))
        self.assertEqual(ID, made.resource_id)

    def test_attributes(self):
        made = self.make_made(count=2, replicas=2)
        self.more = {
            'UpdateStatus': {'State': 'completed'},
            'Endpoint': {'Ports': [{'TargetPort': 80, 'PublishedPort': 8080,
                                    'Protocol': 'tcp',
                                    'PublishMode': 'ingress'}],
                         'VirtualIPs': [{'NetworkID': NETWORK,
                                         'Addr': '10.0.0.3/24'}]}}
        self.daemon.on('GET', '/services/%s/logs' % ID, {
            'raw': lambda request, context: base.chunked(
                base.frame(b'hi\n'))})
        shown = made._resolve_any_attribute('show')
        self.assertEqual(
            {'slot': 1, 'node': 'worker-1', 'state': 'running', 'id': 't1',
             'container_id': None, 'error': None}, shown['tasks'][0])
        self.assertEqual(
            (2, 0, 'completed', 'hi\n',
             [{'target': 80, 'published': 8080, 'protocol': 'tcp',
               'mode': 'ingress'}],
             [{'network': NETWORK, 'address': '10.0.0.3/24'}]),
            tuple(shown[name] for name in (
                'running_replicas', 'completed_tasks', 'update_status',
                'logs', 'ports', 'virtual_ips')))


class SignalTestCase(ServiceTestCase):

    def signal(self, made, **details):
        made.signal(details, need_check=False)

    def replicas(self):
        return self.spec['Mode']['Replicated'].get('Replicas')

    def test_scale(self):
        self.configure(allowed_signals=['scale'])
        made = self.make_made(replicas=1)
        for details, expected in (
                ({'replicas': 3}, 3), ({'change': 2, 'maximum': 4}, 4),
                ({'change': -9}, 1), ({'change': -9, 'minimum': 0}, 0),
                ({'replicas': '2'}, 2)):
            self.signal(made, action='scale', **details)
            self.assertEqual(expected, self.replicas())

    def test_scale_changes_nothing_else(self):
        made = self.make_made(replicas=1, env=['A=b'])
        before = json.loads(json.dumps(self.spec))
        self.signal(made, action='scale', replicas=2)
        before['Mode']['Replicated']['Replicas'] = 2
        self.assertEqual(before, self.sent(SEND))

    def test_scale_with_unfit_arguments(self):
        made = self.make_made()
        for details in ({}, {'replicas': 1, 'change': 1}, {'change': 1},
                        {'replicas': -1}, {'replicas': 'x'}):
            self.assertRaises(exception.Error, made.handle_signal,
                              {'action': 'scale', **details})
        self.assertEqual([], self.daemon.changes)

    def test_scale_of_another_mode(self):
        made = self.make_made(mode='global')
        ex = self.assertRaises(
            exception.Error, made.handle_signal,
            {'action': 'scale', 'replicas': 2})
        self.assertIn('mode global has no number of replicas', str(ex))

    def test_update_keeps_the_number(self):
        made = self.make_made(replicas=1)
        self.signal(made, action='scale', replicas=2)
        self.run_all(2)
        self.update(made, replicas=1, env=['A=b'])
        self.assertEqual(2, self.replicas())
        self.run_all(5)
        self.update(made, replicas=5, env=['A=b'])
        self.assertEqual(5, self.replicas())
        self.update(made, replicas=5, env=['A=c'])
        self.assertEqual(5, self.replicas())

    def test_number_of_a_signal_is_no_drift(self):
        made = self.make_made(replicas=1)
        self.signal(made, action='scale', replicas=2)
        self.assertEqual({}, made.parse_live_resource_data(
            made.properties, {'ID': ID, 'Spec': self.spec}))

    def test_restart(self):
        made = self.make_made()
        self.signal(made, action='restart')
        self.assertEqual(1, self.sent(SEND)['TaskTemplate']['ForceUpdate'])

    def test_rollback(self):
        self.configure(allowed_signals=['*'])
        made = self.make_made()
        self.signal(made, action='rollback')
        [sent] = self.daemon.sent(*SEND)
        self.assertEqual(['previous'], sent.qs['rollback'])

    def test_alarm(self):
        self.patch(service.DockerService, 'sync_alarm_user',
                   lambda made, action: None)
        made = self.make_made(alarm_action={
            'action': 'scale', 'change': 1, 'maximum': 3})
        self.signal(made, alarm='x')
        self.assertEqual(2, self.replicas())
        ex = self.assertRaises(exception.Error, made.handle_signal,
                               {'action': 'restart'})
        self.assertIn('the only action that signals can request is scale',
                      str(ex))

    def test_alarm_with_unfit_arguments(self):
        ex = self.assertRaises(
            exception.StackValidationFailed, self.make_resource(
                {'alarm_action': {'action': 'scale'}}).validate)
        self.assertIn('requires either replicas or change', str(ex))

    def test_action_of_a_container(self):
        made = self.make_made()
        ex = self.assertRaises(exception.Error, made.handle_signal,
                               {'action': 'exec', 'command': 'id'})
        self.assertIn('is not one of scale, restart, rollback', str(ex))


class SharedTestCase(ServiceTestCase):
    """Projects that share a swarm."""

    def setUp(self):
        super().setUp()
        self.configure(daemons='shared',
                       allowed_registries=['docker.io', 'localhost'])
        self.daemon.on('GET', '/images/busybox%3A1/json',
                       base.refusal(404, 'No such image'))

    def refused(self, words, **values):
        made = self.make_resource(values)
        self.assertIn(words, self.fail_task(made.create))
        self.assertEqual([], self.daemon.sent(*CREATE))

    def specified(self, labels):
        return {'json': {'ID': SECRET, 'Version': {'Index': 1},
                         'Spec': {'Name': 'db', 'Labels': labels}}}

    def test_what_gives_root_on_a_node(self):
        for values in (
                {'mounts': [{'type': 'bind', 'source': '/', 'target': '/x'}]},
                {'cap_add': ['SYS_ADMIN']}, {'networks': ['host']},
                {'sysctls': {'kernel.core_pattern': 'x'}},
                {'generic_resources': [{'kind': 'gpu', 'value': 1}]},
                {'log_driver': 'syslog'}, {'oom_score_adj': -5},
                {'security_opt': ['seccomp=unconfined']},
                {'security_opt': ['apparmor=unconfined']},
                {'security_opt': ['label=disable']}):
            ex = self.assertRaises(exception.StackValidationFailed,
                                   self.make_resource(values).validate)
            self.assertIn('operator option', str(ex), values)

    def test_templates(self):
        for values in ({'env': ['A={{printf "%999999999d" 1}}']},
                       {'hostname': '{{.Node.Hostname | printf "%9d"}}'},
                       {'mounts': [{'target': '/x', 'labels': {
                           'a': '{{env "A"}}'}}]}):
            self.refused('allow_service_templates', **values)
        self.make_made(hostname='{{.Service.Name}}-{{.Task.Slot}}',
                       env=['A={{ .Node.Hostname }}{"a": {"b": 1}}'])

    def test_volume_with_a_name(self):
        self.refused('may belong to another project on some node',
                     mounts=[{'source': 'data', 'target': '/x'}])
        self.make_made(mounts=[{'target': '/x'}])

    def test_image_of_a_node(self):
        self.refused('is in no registry', image='localhost/heat/x')

    def test_secret(self):
        file = [{'source': 'db', 'target': 'x'}]
        for labels, words in ((OTHER, 'belongs to another project'),
                              ({}, 'no stack has created')):
            self.daemon.on('GET', '/secrets/db', self.specified(labels))
            self.refused(words, secrets=file)
            self.daemon.on('GET', '/configs/db', self.specified(labels))
            self.refused(words, configs=file)
        made = self.make_resource()
        self.daemon.on('GET', '/secrets/db',
                       self.specified(made.object.owner.labels))
        self.make_made(secrets=file)

    def test_forged_labels(self):
        ex = self.assertRaises(
            exception.StackValidationFailed, self.make_resource(
                {'container_labels': OTHER}).validate)
        self.assertIn('is reserved for Heat', str(ex))

    def test_service_of_another_project(self):
        made = self.make_made()
        self.spec['Labels'] = OTHER
        self.assertIn('now belongs to another project',
                      self.fail_task(made.check))
        self.assertRaises(exception.Error, made.handle_signal,
                          {'action': 'restart'})
        # For this project, it no longer exists.
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          env=['A=b'])
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.changes)
