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

"""The life of a container: Heat's actions, and the requests to Docker."""

from heat.common import exception
import requests

from heat_docker.lifecycle import containers as container_steps
from heat_docker.lifecycle import plan
from heat_docker.resources import base as resources_base
from heat_docker.resources import container
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
REFUSED = {'exc': requests.exceptions.ConnectTimeout}
NO_IMAGE = base.refusal(404, 'No such image: busybox:1')
CREATED = {'status_code': 201, 'json': {'Id': base.ID, 'Warnings': []}}
GONE = base.refusal(404, 'No such container: web')

CREATE = ('POST', '/containers/create')
HAS_IMAGE = ('GET', '/images/busybox%3A1/json')
PULL = ('POST', '/images/create')
FOUND = ('GET', '/containers/json')
START = ('POST', base.ContainerTestCase.PATH + '/start')
STOP = ('POST', base.ContainerTestCase.PATH + '/stop')
UNPAUSE = ('POST', base.ContainerTestCase.PATH + '/unpause')
WAIT = ('POST', base.ContainerTestCase.PATH + '/wait')
INSPECT = ('GET', base.ContainerTestCase.PATH + '/json')
LOGS = ('GET', base.ContainerTestCase.PATH + '/logs')
REMOVE = ('DELETE', base.ContainerTestCase.PATH)


class CreateTestCase(base.ContainerTestCase):

    def create(self, *inspected, **properties):
        self.serve_create()
        self.serve_run(*inspected)
        made = self.make_resource(properties)
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)
        return made

    def test_create_starts_and_inspects_the_container(self):
        made = self.create()
        self.assertEqual([CREATE, START, INSPECT], self.daemon.requests)
        self.assertEqual(base.ID, made.resource_id)
        self.assertEqual([], self.reasons)

    def test_create_sends(self):
        made = self.create(
            name='web', env=['A=1', 'B='], cmd=['sleep', 60], memory=0,
            tty=False, port_bindings={80: 8080, '53/udp': '127.0.0.1:'},
            port_specs=[81], volumes={'/srv': '/www:ro'},
            links={'wiki-db': 'db'}, volumes_from=['data'],
            restart_policy={'Name': 'always'})
        [sent] = self.daemon.sent(*CREATE)
        self.assertEqual({'name': ['web']}, sent.qs)
        self.assertEqual({
            'Image': 'busybox:1',
            'Env': ['A=1', 'B='],
            'Cmd': ['sleep', '60'],
            'Tty': False,
            'ExposedPorts': {'81/tcp': {}, '80/tcp': {}, '53/udp': {}},
            'Labels': {
                'org.openstack.heat.stack_id': self.stack.id,
                'org.openstack.heat.stack_name': self.stack.name,
                'org.openstack.heat.resource_name': 'web',
                'org.openstack.heat.resource_id': made.uuid,
                'org.openstack.heat.project_id': 'test_tenant_id',
                **dict.fromkeys(base.EMPTY_LABELS, '')},
            'HostConfig': {
                'Memory': 0,
                'PortBindings': {
                    '80/tcp': [{'HostIp': '', 'HostPort': '8080'}],
                    '53/udp': [{'HostIp': '127.0.0.1', 'HostPort': ''}]},
                'Binds': ['/srv:/www:ro'],
                'Links': ['wiki-db:db'],
                'VolumesFrom': ['data'],
                'RestartPolicy': {'Name': 'always', 'MaximumRetryCount': 0}},
        }, sent.json())

    MOUNTS = [{'type': 'bind', 'source': '/srv', 'target': '/a',
               'read_only': True, 'bind_recursive': 'readonly'},
              {'type': 'tmpfs', 'target': '/b', 'tmpfs_options': ['exec']}]

    def test_create_sends_the_options_of_mounts(self):
        self.daemon.speak('1.46')
        self.serve_create()
        self.serve_run()
        self.run_task(self.make_resource(mounts=self.MOUNTS).create)
        [sent] = self.daemon.sent('POST', '/containers/create')
        self.assertEqual(
            [{'Type': 'bind', 'Source': '/srv', 'Target': '/a',
              'ReadOnly': True,
              'BindOptions': {'ReadOnlyForceRecursive': True}},
             {'Type': 'tmpfs', 'Target': '/b',
              'TmpfsOptions': {'Options': [['exec']]}}],
            sent.json()['HostConfig']['Mounts'])

    def test_options_of_mounts_that_an_old_daemon_ignores(self):
        for mount, words in zip(self.MOUNTS, (
                'mounts[0].bind_recursive requires version 1.44',
                'mounts[0].tmpfs_options requires version 1.46'),
                strict=True):
            self.assertIn(words, self.fail_task(
                self.make_resource(mounts=[mount]).create))
        self.assertEqual([], self.daemon.changes)

    def test_create_sends_the_default_name(self):
        made = self.create()
        [sent] = self.daemon.sent(*CREATE)
        self.assertEqual({'name': [made.physical_resource_name()]}, sent.qs)
        self.assertIn('-web-', sent.qs['name'][0])

    def test_create_sends_nothing_that_is_unset(self):
        self.create()
        [sent] = self.daemon.sent(*CREATE)
        self.assertEqual({'Image', 'Labels'}, set(sent.json()))

    def times(self, running_after):
        """Return the times of inspect requests in a create, and its polls."""
        self.configure(running_after=running_after)
        clock = self.set_clock(plan)
        begin, looked = clock.now, []

        def look(request, context):
            looked.append(round(clock.now - begin, 3))
            return self.inspected()['json']

        self.serve_create()
        self.serve_run({'json': look})
        made = self.make_resource()
        polls = self.count_polls(made)
        self.run_task(made.create)
        return looked, len(polls)

    def test_create_waits_for_a_while(self):
        """Waiting for a second does not take another poll of Heat."""
        self.assertEqual(([1.0], 1), self.times(1.0))
        self.assertEqual(([0.1], 1), self.times(0.1))

    def test_create_waits_for_a_long_while(self):
        """Heat waits, so that the create can be cancelled."""
        self.assertEqual(([0.0], 2), self.times(7.5))

    def test_create_paused_counts_as_running(self):
        self.create(self.inspected('paused'))

    def test_create_warnings(self):
        self.serve_create({'status_code': 201, 'json': {
            'Id': base.ID, 'Warnings': ['no swap limit', 'odd']}})
        self.serve_run()
        self.run_task(self.make_resource().create)
        self.assertEqual(['Docker warns: no swap limit',
                          'Docker warns: odd'], self.reasons)

    def test_create_start_answer_lost(self):
        self.serve_create()
        self.serve_run(self.inspected('created'), self.inspected(),
                       start=[LOST, 204])
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual([CREATE, START, INSPECT, START, INSPECT],
                         self.daemon.requests)

    def test_create_start_answer_lost_but_heard(self):
        """The container must not run twice."""
        self.serve_create()
        self.serve_run(start=[LOST, 204])
        self.run_task(self.make_resource().create)
        self.assertEqual(1, len(self.daemon.sent(*START)))

    def test_create_inspect_answer_lost(self):
        self.serve_create()
        self.serve_run(LOST, self.inspected())
        self.run_task(self.make_resource().create)
        self.assertEqual([CREATE, START], self.daemon.changes)

    def test_create_list_answer_lost(self):
        self.serve_create(LOST, base.refusal(409, 'in use'))
        self.daemon.on(*FOUND, LOST, {'json': [{'Id': base.ID}]})
        self.serve_run()
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual(base.ID, made.resource_id)

    def test_create_answer_lost_and_not_listed_yet(self):
        self.serve_create(LOST, base.refusal(409, 'in use'))
        self.daemon.on(*FOUND, {'json': []}, {'json': [{'Id': base.ID}]})
        self.serve_run()
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual(base.ID, made.resource_id)

    def test_create_odd_answers(self):
        for answer in ({}, []):
            self.serve_create({'status_code': 201, 'json': answer})
            reason = self.fail_task(self.make_resource().create)
            self.assertIn('is not a Docker daemon', reason)

    def test_create_odd_inspect(self):
        self.serve_create()
        self.serve_run({'json': {}})
        reason = self.fail_task(self.make_resource().create)
        self.assertIn('is not a Docker daemon', reason)

    def test_create_start_refused(self):
        self.serve_create()
        self.serve_run(start=[base.refusal(500, 'port is allocated')])
        reason = self.fail_task(self.make_resource().create)
        self.assertIn('port is allocated', reason)
        self.assertEqual([CREATE, START], self.daemon.requests)


class EndsTestCase(base.ContainerTestCase):

    def fails(self, *inspected, log=b'', **properties):
        self.serve_create()
        self.serve_run(*inspected)
        self.serve_log(log)
        reason = self.fail_task(self.make_resource(properties).create)
        self.assertEqual(1, len(self.daemon.sent(*CREATE)))
        self.assertEqual(1, len(self.daemon.sent(*START)))
        return reason

    def test_exit_code_and_output(self):
        reason = self.fails(self.inspected('exited', ExitCode=3),
                            log=b'cannot open database\n')
        self.assertIn('The container web is not running: exited, exit code '
                      '3.', reason)
        self.assertIn('cannot open database', reason)
        self.assertEqual([CREATE, START, INSPECT, LOGS],
                         self.daemon.requests)

    def test_exit_code_zero(self):
        self.assertIn('exited, exit code 0.', self.fails(
            self.inspected('exited', ExitCode=0)))

    def test_exit_dead(self):
        self.assertIn('dead, exit code 1.', self.fails(
            self.inspected('dead', ExitCode=1)))

    def test_out_of_memory(self):
        self.assertIn('exit code 137, out of memory.', self.fails(
            self.inspected('exited', ExitCode=137, OOMKilled=True)))

    def test_words_of_the_daemon(self):
        self.assertIn('exit code 127, no such file.', self.fails(
            self.inspected('exited', ExitCode=127, Error='no such file')))

    def test_last_lines(self):
        reason = self.fails(
            self.inspected('exited', ExitCode=3),
            log=b''.join(b'line%d.\n' % number for number in range(99)))
        self.assertNotIn('line88.', reason)
        for number in range(89, 99):
            self.assertIn('line%d.' % number, reason)

    def test_last_line_comes_first(self):
        """Heat cuts reasons off after 255 characters."""
        reason = self.fails(
            self.inspected('exited', ExitCode=3),
            log=b'x' * 500 + b'\nthe cause\n')
        self.assertIn('the cause', reason[:255])

    def test_output_is_limited(self):
        reason = self.fails(self.inspected('exited', ExitCode=3),
                            log=b'x' * 9999)
        self.assertLess(len(reason), 2500)

    def test_no_output(self):
        reason = self.fails(self.inspected('exited', ExitCode=3), log=b'\n')
        self.assertTrue(reason.endswith('exit code 3.'), reason)

    def test_no_log(self):
        self.serve_create()
        self.serve_run(self.inspected('exited', ExitCode=3))
        self.daemon.on(*LOGS, base.refusal(
            500, 'configured logging driver does not support reading'))
        reason = self.fail_task(self.make_resource().create)
        self.assertTrue(reason.endswith('exit code 3.'), reason)

    def test_delete_after_it(self):
        self.serve_create()
        self.serve_run(self.inspected('exited', ExitCode=3))
        self.serve_log(b'')
        made = self.make_resource()
        self.fail_task(made.create)
        self.forget()
        self.serve_stop(304)
        self.serve_remove()
        self.run_task(made.delete)
        self.assertEqual([STOP, REMOVE], self.daemon.requests)


class RestartsTestCase(base.ContainerTestCase):

    POLICY = {'Name': 'on-failure', 'MaximumRetryCount': 3}

    def create(self, *inspected):
        self.serve_create()
        self.serve_run(*inspected)
        self.serve_log(b'cannot open database\n')
        return self.make_resource(restart_policy=self.POLICY)

    def test_create_completes_once_restarts_stop(self):
        """The container has run for running_after since its last restart."""
        made = self.create(
            self.inspected('restarting', ExitCode=2, RestartCount=1),
            self.inspected('restarting', ExitCode=2, RestartCount=2),
            self.inspected('running', RestartCount=2),
            self.inspected('running', RestartCount=2))
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)
        self.assertEqual(4, len(self.daemon.sent(*INSPECT)))
        self.assertEqual(1, len(self.daemon.sent(*CREATE)))
        [event] = self.reasons
        self.assertIn('restarting, exit code 2', event)
        self.assertIn('cannot open database', event)

    def test_gives_up(self):
        made = self.create(
            self.inspected('restarting', ExitCode=2, RestartCount=1),
            self.inspected('exited', ExitCode=2, RestartCount=3))
        self.assertIn('exited, exit code 2', self.fail_task(made.create))
        self.assertEqual(1, len(self.daemon.sent(*CREATE)))

    def test_running_between_two_restarts_is_not_enough(self):
        made = self.create(*(
            self.inspected('running', RestartCount=count,
                           StartedAt='2026-01-01T00:00:0%dZ' % count)
            for count in (1, 2, 3, 3)))
        self.run_task(made.create)
        self.assertEqual(4, len(self.daemon.sent(*INSPECT)))

    def test_restarts_without_end(self):
        self.serve_create()
        self.serve_run(self.inspected('restarting', RestartCount=3),
                       self.inspected('restarting', RestartCount=10))
        self.serve_log(b'no\n')
        self.assertIn('restarting', self.fail_task(
            self.make_resource().create))


class DeleteTestCase(base.ContainerTestCase):

    def delete(self, made=None):
        made = made or self.make_running()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        return self.daemon.requests

    def test_delete_stops_and_removes_the_container(self):
        self.serve_stop()
        self.serve_remove()
        self.assertEqual([STOP, REMOVE], self.delete())
        [sent] = self.daemon.sent(*REMOVE)
        self.assertEqual({'v': ['1'], 'force': ['0']}, sent.qs)

    def test_stop_refused_to_a_container_with_paused_in_its_name(self):
        """The container is not paused; unpausing it would hide the reason."""
        words = 'cannot stop container: paused-web: permission denied'
        made = self.make_running(name='paused-web')
        self.serve_stop(base.refusal(500, words))
        self.assertIn(words, self.fail_task(made.delete))
        self.assertEqual([STOP], self.daemon.changes)

    def test_paused_on_podman(self):
        self.serve_stop(base.refusal(
            500, 'container web is running or paused, refusing to clean up: '
            'container state improper'), 204)
        self.daemon.on(*UNPAUSE, 204)
        self.serve_remove()
        self.assertEqual([STOP, UNPAUSE, STOP, REMOVE], self.delete())

    def test_stopped_already(self):
        self.serve_stop(304)
        self.serve_remove()
        self.assertEqual([STOP, REMOVE], self.delete())

    def test_gone_already(self):
        self.serve_stop(GONE)
        self.serve_remove(GONE)
        self.assertEqual([STOP, REMOVE], self.delete())

    def test_gone_before_the_remove(self):
        self.serve_stop()
        self.serve_remove(GONE)
        self.assertEqual([STOP, REMOVE], self.delete())

    def test_being_removed(self):
        self.serve_stop()
        self.serve_remove(
            base.refusal(409, 'removal of container web is already in '
                         'progress'), GONE)
        made = self.make_running()
        polls = self.count_polls(made)
        self.assertEqual([STOP, REMOVE, REMOVE], self.delete(made))
        self.assertEqual(1, len(polls))

    def test_remove_answer_lost(self):
        self.serve_stop()
        self.serve_remove(LOST, GONE)
        self.assertEqual([STOP, REMOVE, REMOVE], self.delete())

    def test_stop_takes_time(self):
        made = self.make_running()
        self.serve_stop(LOST)
        self.serve_inspect(self.inspected(), self.inspected(),
                           self.inspected('exited'))
        self.serve_remove()
        self.daemon.on(*WAIT, LOST)
        self.assertEqual([STOP, *3 * [WAIT, INSPECT], REMOVE],
                         self.delete(made))

    def test_stop_of_ten_seconds(self):
        """The stop takes one poll, and the daemon counts as available."""
        made = self.make_running()
        self.serve_stop(LOST)
        self.serve_inspect(self.inspected('exited'))
        self.serve_remove()
        self.events.clear()
        polls = self.count_polls(made)
        self.assertEqual([STOP, WAIT, INSPECT, REMOVE], self.delete(made))
        self.assertEqual(1, len(polls))
        self.assertEqual(
            [5.5, 5.5], [self.daemon.sent(*request)[0].timeout[1]
                         for request in (STOP, WAIT)])
        self.assertEqual(['state changed'] * 2,
                         [reason for _action, _status, reason in self.events])

    def test_stop_takes_time_and_it_goes(self):
        made = self.make_running()
        self.serve_stop(LOST)
        self.serve_inspect(self.inspected(), GONE)
        self.serve_remove(GONE)
        self.assertEqual([STOP, WAIT, INSPECT, WAIT, INSPECT, REMOVE],
                         self.delete(made))

    def test_stop_is_asked_again(self):
        """The daemon may have died before it received the first request."""
        self.patch(container_steps, '_STOP_AGAIN', -11)
        made = self.make_running()
        self.serve_stop(LOST, LOST, 204)
        self.serve_inspect(self.inspected())
        self.serve_remove()
        self.assertEqual([*2 * [STOP, WAIT, INSPECT], STOP, REMOVE],
                         self.delete(made))

    def test_delete_fails_if_the_removal_fails(self):
        made = self.make_running()
        self.serve_stop()
        self.serve_remove(base.refusal(500, 'device or resource busy'))
        self.assertIn('device or resource busy', self.fail_task(made.delete))

    def test_again_after_a_failure(self):
        made = self.make_running()
        self.serve_stop(base.refusal(500, 'cannot kill'), 204)
        self.serve_remove()
        self.fail_task(made.delete)
        self.delete(made)

    def test_second_delete_sends_no_request(self):
        self.serve_stop()
        self.serve_remove()
        made = self.make_running()
        self.delete(made)
        self.forget()
        self.assertEqual([], self.delete(made))

    def test_delete_inspect_answer_lost(self):
        made = self.make_running()
        self.serve_stop(LOST)
        self.daemon.on(*INSPECT, LOST, self.inspected('exited'))
        self.serve_remove()
        self.run_task(made.delete)
        self.assertEqual([STOP, REMOVE], [
            sent for sent in self.daemon.changes if sent != WAIT])

    def test_delete_started_again(self):
        """Someone else started the container after the stop."""
        made = self.make_running()
        self.serve_stop()
        self.serve_remove(
            base.refusal(409, 'You cannot remove a running container'), 204)
        self.run_task(made.delete)
        self.assertEqual(2, len(self.daemon.sent(*STOP)))

    def test_delete_with_endpoint_that_is_wrong(self):
        """An object that was never requested from a daemon needs none."""
        self.configure(local_endpoint='mine')
        made = self.make_resource(docker_endpoint=None)
        self.fail_task(made.create)
        self.run_task(made.delete)

    def test_delete_with_a_stranger_at_the_endpoint(self):
        """Its 404 does not mean that the container is missing."""
        made = self.make_running()
        self.serve_stop({'status_code': 404, 'reason': 'Not Found',
                         'text': '<html>Not Found</html>'})
        self.fail_task(made.delete)


class SuspendTestCase(base.ContainerTestCase):

    def test_suspend_stops_the_container(self):
        made = self.make_running()
        self.serve_stop()
        self.run_task(made.suspend)
        self.assertEqual(('SUSPEND', 'COMPLETE'), made.state)
        self.assertEqual([STOP], self.daemon.requests)

    def test_suspend_takes_time(self):
        made = self.make_running()
        self.serve_stop(LOST)
        self.serve_inspect(self.inspected(), self.inspected('exited'))
        self.run_task(made.suspend)
        self.assertEqual([STOP, *2 * [WAIT, INSPECT]], self.daemon.requests)

    def test_suspend_lets_others_go_on(self):
        """Before release 26, Heat has one thread for all of a stack."""
        self.patch(resources_base.DockerResource, 'may_sleep',
                   lambda made: False)
        made = self.make_running()
        self.serve_stop(LOST)
        self.serve_inspect(self.inspected('exited'))
        self.run_task(made.suspend)
        [sent] = self.daemon.sent(*STOP)
        self.assertEqual(1.0, sent.timeout[1])

    def test_resume_lets_others_go_on(self):
        made = self.suspended()
        self.patch(resources_base.DockerResource, 'may_sleep',
                   lambda made: False)
        self.serve_run(self.inspected('exited'), self.inspected())
        clock = self.set_clock(plan)
        self.run_task(made.resume)
        self.assertEqual(1000.0, clock.now)

    def test_one_that_runs_always(self):
        """A daemon that restarts must not start the container."""
        update = ('POST', base.ContainerTestCase.PATH + '/update')
        made = self.make_running({'restart_policy': {'Name': 'always'}})
        self.serve_stop()
        self.daemon.on(*update, {'json': {}})
        self.run_task(made.suspend)
        self.assertEqual([update, STOP], self.daemon.requests)
        self.serve_run(self.inspected('exited'), self.inspected())
        self.run_task(made.resume)
        self.assertEqual([INSPECT, update, START, INSPECT],
                         self.daemon.requests[2:])
        self.assertEqual(
            ['unless-stopped', 'always'],
            [sent.json()['RestartPolicy']['Name']
             for sent in self.daemon.sent(*update)])

    def test_suspend_gone(self):
        made = self.make_running()
        self.serve_stop(GONE)
        self.assertIn('No such container', self.fail_task(made.suspend))

    def suspended(self):
        made = self.make_running()
        self.serve_stop()
        self.run_task(made.suspend)
        self.forget()
        return made

    def test_resume_starts_the_stopped_container(self):
        made = self.suspended()
        self.serve_run(self.inspected('exited'), self.inspected())
        self.run_task(made.resume)
        self.assertEqual(('RESUME', 'COMPLETE'), made.state)
        self.assertEqual([START], self.daemon.changes)

    def test_resume_ends_at_once(self):
        made = self.suspended()
        self.serve_run(self.inspected('exited', ExitCode=3))
        self.serve_log(b'no more\n')
        reason = self.fail_task(made.resume)
        self.assertIn('exit code 3', reason)
        self.assertIn('no more', reason)

    def test_resume_gone(self):
        made = self.suspended()
        self.serve_inspect(GONE)
        self.assertIn('No such container', self.fail_task(made.resume))

    def test_resume_gone_before_the_start(self):
        made = self.suspended()
        self.serve_run(self.inspected('exited'), start=[GONE])
        self.assertIn('No such container', self.fail_task(made.resume))

    def test_delete_suspended(self):
        made = self.suspended()
        self.serve_stop(304)
        self.serve_remove()
        self.run_task(made.delete)
        self.assertEqual([STOP, REMOVE], self.daemon.requests)


class CheckTestCase(base.ContainerTestCase):

    def test_check_of_a_running_container_completes(self):
        made = self.make_running()
        self.run_task(made.check)
        self.assertEqual(('CHECK', 'COMPLETE'), made.state)
        self.assertEqual([], self.daemon.changes)

    def test_check_of_an_exited_container_fails_with_its_log(self):
        made = self.make_running()
        self.serve_inspect(self.inspected('exited', ExitCode=137,
                                          OOMKilled=True))
        self.serve_log(b'allocating\n')
        reason = self.fail_task(made.check)
        self.assertIn('exited, exit code 137, out of memory.', reason)
        self.assertIn('allocating', reason)

    def test_not_running(self):
        for status in ('created', 'paused', 'restarting', 'dead'):
            made = self.make_running()
            self.serve_inspect(self.inspected(status))
            self.serve_log(b'')
            self.assertIn('not running: %s' % status,
                          self.fail_task(made.check))

    def test_check_of_a_missing_container_fails(self):
        made = self.make_running()
        self.serve_inspect(GONE)
        self.assertIn('No such container', self.fail_task(made.check))

    def test_check_fails_if_the_daemon_is_unreachable(self):
        made = self.make_running(endpoint_timeout=0)
        self.daemon.go_away()
        self.assertIn('%s cannot be reached' % base.URL,
                      self.fail_task(made.check))

    def test_answer_lost(self):
        made = self.make_running()
        self.serve_inspect(LOST, self.inspected())
        self.run_task(made.check)
        self.assertEqual(('CHECK', 'COMPLETE'), made.state)

    def test_check_never_created(self):
        self.serve_create(base.refusal(400, 'no'))
        made = self.make_resource()
        self.fail_task(made.create)
        self.assertIn('never created', self.fail_task(made.check))


class UmaskTestCase(base.ContainerTestCase):

    def test_sent_as_a_number(self):
        self.daemon.speak('1.56')
        for umask, number in (('0027', 0o27), ('027', 0o27), ('0000', 0)):
            self.serve_create()
            self.serve_run()
            self.run_task(self.make_resource(umask=umask).create)
            sent = self.daemon.sent(*CREATE)[-1]
            self.assertEqual(number, sent.json()['HostConfig']['Umask'])

    def test_older_daemon(self):
        self.serve_create()
        self.assertIn(
            'umask requires version 1.56 of the Docker API', self.fail_task(
                self.make_resource(umask='0027').create))
        self.assertEqual([], self.daemon.changes)

    def test_number_without_quotes(self):
        """YAML reads 0022 as 18, and 077 as 63."""
        for umask in (18, 63, '8', '099', '00022', 'u=rwx'):
            self.assertRaises(
                exception.StackValidationFailed,
                self.make_resource(umask=umask).validate)


class AttributesTestCase(base.ContainerTestCase):

    def attributes(self, *names):
        made = self.make_running()
        return [made.FnGetAtt(name) for name in names]

    def test_name_and_state(self):
        self.assertEqual(['web', 'running', 0],
                         self.attributes('name', 'state', 'exit_code'))

    def test_exit_code(self):
        made = self.make_running()
        self.serve_inspect(self.inspected('exited', ExitCode=3))
        self.assertEqual(3, made.FnGetAtt('exit_code'))

    def test_network_attributes_of_docker_29(self):
        """The settings of the first network are not at the top level."""
        shown = base.sample('container_running_v1.55')
        settings = shown['NetworkSettings']
        self.assertNotIn('IPAddress', settings)
        network = settings['Networks']['bridge']
        self.daemon.speak('1.55')
        made = self.make_running()
        self.serve_inspect({'json': shown})
        self.assertEqual((network['IPAddress'], network['Gateway']),
                         (made.FnGetAtt('network_ip'),
                          made.FnGetAtt('network_gateway')))
        info = made.FnGetAtt('network_info')
        self.assertEqual({key: network[key] for key in (
            'IPAddress', 'Gateway', 'MacAddress')}, {
                key: info[key] for key in (
                    'IPAddress', 'Gateway', 'MacAddress')})
        self.assertEqual(settings['Ports']['53/udp'][0]['HostPort'],
                         made.FnGetAtt('network_udp_ports'))

    def test_info_is_the_answer_of_inspect(self):
        self.configure(show_env=True)
        self.assertEqual([self.inspected()['json']], self.attributes('info'))

    def test_network_attributes_show_addresses_and_ports(self):
        settings = self.inspected()['json']['NetworkSettings']
        network = settings['Networks']['bridge']
        info, address, gateway, tcp, udp = self.attributes(
            'network_info', 'network_ip', 'network_gateway',
            'network_tcp_ports', 'network_udp_ports')
        self.assertEqual((network['IPAddress'], network['Gateway']),
                         (address, gateway))
        self.assertEqual(
            [settings['Ports']['8080/tcp'][0]['HostPort'],
             settings['Ports']['9090/tcp'][0]['HostPort']], tcp.split(','))
        self.assertEqual(settings['Ports']['53/udp'][0]['HostPort'], udp)
        self.assertEqual(dict(settings, TcpPorts=tcp, UdpPorts=udp), info)

    def test_ports_lists_every_published_port(self):
        [ports] = self.attributes('ports')
        self.assertEqual(
            [(53, 'udp', '127.0.0.1'), (8080, 'tcp', '0.0.0.0'),
             (8080, 'tcp', '::'), (9090, 'tcp', '0.0.0.0'),
             (9090, 'tcp', '::')],
            [(port['container_port'], port['protocol'], port['host_ip'])
             for port in ports])
        for port in ports:
            self.assertIsInstance(port['host_port'], int)

    def test_networks_shows_the_settings_of_each_network(self):
        [networks] = self.attributes('networks')
        self.assertEqual(['bridge'], list(networks))
        self.assertEqual({'network_id', 'ip_address', 'gateway',
                          'ipv6_address', 'ipv6_gateway', 'mac_address',
                          'aliases'}, set(networks['bridge']))

    def test_image_digest_is_of_the_repository_of_the_image(self):
        hub, ours = 'busybox@sha256:1', 'r.test/busybox@sha256:2'
        for image, digests, expected in (
                ('busybox:1', [hub], hub),
                ('busybox:1', [ours, hub], hub),
                ('docker.io/library/busybox', [ours, hub], hub),
                ('r.test/busybox', [hub, ours], ours),
                ('busybox@sha256:3', [hub, 'busybox@sha256:3'],
                 'busybox@sha256:3'),
                # Repositories whose names begin alike.
                ('busybox-extra:1', [hub, ours], None),
                ('r.test/busybox', ['r.test/busy@sha256:4'], None),
                ('busybox:1', [ours], None),
                ('sha256:' + 64 * 'a', [hub, ours], None),
                ('busybox:1', [], None), ('busybox:1', None, None)):
            made = self.make_running()
            self.serve_inspect(self.inspected(
                Config=dict(self.inspected()['json']['Config'],
                            Image=image)))
            self.serve_sources(image={'RepoDigests': digests})
            self.assertEqual(expected, made.FnGetAtt('image_digest'),
                             (image, digests))

    def test_digest_of_an_image_that_is_gone(self):
        made = self.make_running()
        self.serve_sources()
        self.daemon.on('GET', '/images/%s/json' % self.inspected()['json'][
            'Image'].replace(':', '%3A'), 404)
        self.assertIsNone(made.FnGetAtt('image_digest'))
        self.assertEqual('running', made.FnGetAtt('state'))

    def test_stats_shows_the_number_of_processes(self):
        made = self.make_running()
        self.serve_sources(stats={'pids_stats': {'current': 3}})
        self.assertEqual(3, made.FnGetAtt('stats')['pids'])

    def test_health_is_none_without_a_health_check(self):
        made = self.make_running()
        self.assertIsNone(made.FnGetAtt('health'))
        made = self.make_running()
        self.serve_inspect(self.inspected(Health={'Status': 'healthy'}))
        self.assertEqual('healthy', made.FnGetAtt('health'))

    def test_state_attributes_show_how_the_container_ended(self):
        made = self.make_running()
        self.serve_inspect(self.inspected(
            'exited', OOMKilled=True, RestartCount=2, StartedAt='then',
            FinishedAt='now'))
        self.assertEqual([True, 2, 'then', 'now'], [
            made.FnGetAtt(name) for name in (
                'oom_killed', 'restart_count', 'started_at', 'finished_at')])

    def test_logs_head_and_tail_are_single_lines(self):
        self.serve_log(b'hello\ngood bye\n')
        self.assertEqual(['hello\ngood bye\n', 'hello', 'good bye'],
                         self.attributes('logs', 'logs_head', 'logs_tail'))

    def test_logs_of_nothing(self):
        self.serve_log(b'')
        self.assertEqual(['', '', ''],
                         self.attributes('logs', 'logs_head', 'logs_tail'))

    def test_logs_of_a_terminal(self):
        made = self.make_running()
        self.serve_inspect(self.inspected(Tty=True))
        self.daemon.on(*LOGS, {'content': b'hello\r\ngood bye\r\n'})
        self.assertEqual('good bye', made.FnGetAtt('logs_tail'))

    def test_logs_limited_by_the_operator(self):
        self.configure(max_log_bytes=16)
        self.serve_log(b'0123456789' * 9)
        self.assertEqual(['4567890123456789', '0123456789012345'],
                         self.attributes('logs', 'logs_head'))

    def test_logs_unreadable(self):
        made = self.make_running()
        self.daemon.on(*LOGS, base.refusal(
            500, 'configured logging driver does not support reading'))
        self.assertIsNone(made.FnGetAtt('logs'))
        self.assertEqual('running', made.FnGetAtt('state'))


class SecretsTestCase(base.ContainerTestCase):
    """Values of env and passwords appear in no attribute, event or log."""

    ENV = ['PASSWORD=hunter2', 'TOKEN=hunter2hunter2']
    AUTH = {'username': 'me', 'password': 'hunter2'}

    def make(self, env=None, **properties):
        return self.make_resource({'env': env or self.ENV,
                                   'registry_auth': self.AUTH,
                                   'endpoint_timeout': 0, **properties})

    def assert_secret(self, made):
        said = '%s %s %s' % (made.status_reason, self.events,
                             self.log.output)
        self.assertNotIn('hunter2', said)

    def fails(self, made, task=None):
        self.fail_task(task or made.create)
        self.assert_secret(made)

    def test_env_is_sent_but_never_shown(self):
        self.serve_create()
        self.serve_run()
        made = self.make()
        self.run_task(made.create)
        self.assertEqual(self.ENV,
                         self.daemon.sent(*CREATE)[0].json()['Env'])
        self.assert_secret(made)

    def test_refused_create_shows_no_secret(self):
        for status in (400, 409, 500, 503):
            self.serve_create(base.refusal(status, 'no'))
            self.serve_found()
            self.fails(self.make())

    def test_invalid_env_shows_no_secret(self):
        for env in (['=hunter2'], ['A=hunter2\0'], [{'A': 'hunter2'}],
                    [['hunter2']]):
            self.fails(self.make(env=env))

    def test_invalid_auth(self):
        for auth in ({'password': 'hunter2'}, {'username': 'hunter2'},
                     {'username': 'me', 'password': 'hunter2',
                      'identity_token': 'hunter2'},
                     dict(self.AUTH, server_address='r.test'),
                     dict(self.AUTH, other='x')):
            made = self.make(registry_auth=auth)
            self.serve_create(NO_IMAGE)
            self.daemon.on(*HAS_IMAGE, NO_IMAGE)
            self.fails(made)

    def test_invalid_files(self):
        for one in ({'content_base64': 'hunter2'},
                    {'content': 'hunter2', 'content_base64': 'hunter2'},
                    {'content': 'hunter2', 'mode': '9'}):
            self.fails(self.make(files=[{'path': '/a', **one}]))

    def test_unreachable_daemon_shows_no_secret(self):
        self.daemon.go_away()
        self.fails(self.make())

    def test_retried_create_shows_no_secret(self):
        self.serve_create(LOST, base.refusal(400, 'no'))
        self.fails(self.make(endpoint_timeout=None))

    def test_pull_fails(self):
        self.serve_create(NO_IMAGE)
        self.daemon.on(*HAS_IMAGE, NO_IMAGE)
        self.daemon.on(*PULL, base.refusal(500, 'no'))
        self.fails(self.make())
        [sent] = self.daemon.sent(*PULL)
        self.assertNotIn('hunter2', sent.url)

    def test_ends_at_once(self):
        shown = self.inspected('exited', ExitCode=3, Env=self.ENV)
        self.serve_create()
        self.serve_run(shown)
        self.serve_log(b'sorry')
        self.fails(self.make())

    def test_delete_fails(self):
        made = self.make_running(env=self.ENV)
        self.serve_stop(base.refusal(500, 'no'))
        self.fails(made, made.delete)

    def test_check_fails(self):
        made = self.make_running(env=self.ENV)
        shown = self.inspected('exited', ExitCode=3, Env=self.ENV)
        self.serve_inspect(shown)
        self.serve_log(b'')
        self.fails(made, made.check)

    def test_attributes_show_no_secret(self):
        made = self.make_running(env=self.ENV)
        self.serve_inspect(self.inspected(Env=self.ENV))
        self.serve_sources(b'hello')
        for attribute in container.DockerContainer.spec.ATTRIBUTES:
            if attribute.at is not None:
                self.assertNotIn('hunter2',
                                 str(made.FnGetAtt(attribute.name)))
        self.assert_secret(made)
