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

"""Conditions that a create waits for, and the errors if they fail."""

import requests

from heat_docker import budgets
from heat_docker.lifecycle import plan
from heat_docker.lifecycle import readiness
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
CREATE = ('POST', '/containers/create')
START = ('POST', base.ContainerTestCase.PATH + '/start')
INSPECT = ('GET', base.ContainerTestCase.PATH + '/json')
LOGS = ('GET', base.ContainerTestCase.PATH + '/logs')


class ReadinessTestCase(base.ContainerTestCase):

    def serve(self, *inspected, log=b''):
        self.serve_create()
        self.serve_run(*inspected)
        self.serve_log(log)

    def create(self, *inspected, **properties):
        self.serve(*inspected)
        made = self.make_resource(properties)
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)
        return made

    def fails(self, *inspected, log=b'', **properties):
        self.serve(*inspected, log=log)
        return self.fail_task(self.make_resource(properties).create)

    def health(self, status, *outputs, **more):
        return self.inspected(Health={
            'Status': status, 'FailingStreak': 0, 'Log': [
                {'ExitCode': 1, 'Output': output} for output in outputs]},
            **more)


class RunningTestCase(ReadinessTestCase):

    def test_running_is_the_default(self):
        for unset in ({}, {'wait_for': 'running'}):
            self.create(**unset)
            self.assertEqual([CREATE, START, INSPECT],
                             self.daemon.requests)
            self.forget()

    def test_running_needs_no_health(self):
        self.create(self.health('starting'), wait_for='running')
        self.assertEqual(1, len(self.daemon.sent(*INSPECT)))

    def test_stopped_by_a_daemon_that_shuts_down(self):
        policy = {'RestartPolicy': {'Name': 'always'}}
        made = self.create(
            self.inspected('exited', HostConfig=policy), self.inspected(),
            restart_policy={'Name': 'always'})
        self.assertEqual(2, len(self.daemon.sent(*INSPECT)))
        self.forget()
        self.set_clock(readiness, step=20.0)
        self.assertIn('exited', self.fails(
            self.inspected('exited', HostConfig=policy),
            restart_policy={'Name': 'always'}))
        del made

    def test_unknown_value_is_refused(self):
        made = self.make_resource(wait_for='happy')
        self.assertIn('happy', self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)


class NoneTestCase(ReadinessTestCase):

    def test_none_is_the_start(self):
        self.create(wait_for='none')
        self.assertEqual([CREATE, START], self.daemon.requests)

    def test_none_and_start_refused(self):
        self.serve_create()
        self.serve_run(start=[base.refusal(500, 'no such command')])
        made = self.make_resource(wait_for='none')
        self.assertIn('no such command', self.fail_task(made.create))

    def test_none_is_not_checked(self):
        made = self.create(wait_for='none')
        self.serve_inspect(self.inspected('exited', ExitCode=3))
        self.run_task(made.check)
        self.assertEqual(('CHECK', 'COMPLETE'), made.state)


class HealthyTestCase(ReadinessTestCase):

    def test_waits_for_the_health_check(self):
        self.create(self.health('starting'), self.health('starting'),
                    self.health('healthy'), wait_for='healthy')
        self.assertEqual(3, len(self.daemon.sent(*INSPECT)))
        self.assertEqual([], self.reasons)

    def test_healthy_without_a_check(self):
        for shown in (self.inspected(), self.health('none'),
                      self.health('')):
            reason = self.fails(shown, wait_for='healthy')
            self.assertIn('neither the property healthcheck nor the image '
                          'busybox:1 has a health check', reason)

    def test_unhealthy_fails_with_the_output_of_the_check(self):
        reason = self.fails(
            self.health('starting', 'first'),
            self.health('unhealthy', 'first', ' no table \n'),
            log=b'before\nlast words\n', wait_for='healthy')
        self.assertIn('The container web is unhealthy. Output of its health '
                      'check: no table Its last output: last words', reason)
        self.assertIn('before', reason)
        self.assertNotIn('first', reason)

    def test_unhealthy_without_words(self):
        reason = self.fails(self.health('unhealthy'), wait_for='healthy')
        self.assertTrue(reason.endswith('The container web is unhealthy.'),
                        reason)

    def test_ends_before_it_is_healthy(self):
        self.assertIn('exited, exit code 4', self.fails(
            self.health('starting'),
            self.health('starting', Status='exited', ExitCode=4),
            wait_for='healthy'))

    def test_restarts_before_it_is_healthy(self):
        self.create(
            self.health('starting', Status='restarting', ExitCode=4),
            self.health('starting', Status='restarting', ExitCode=4),
            self.health('healthy'), wait_for='healthy',
            restart_policy={'Name': 'always'})
        [event] = self.reasons
        self.assertIn('restarting, exit code 4', event)

    def test_check_of_the_health(self):
        made = self.create(self.health('healthy'), wait_for='healthy')
        self.run_task(made.check)
        self.assertEqual(('CHECK', 'COMPLETE'), made.state)
        self.serve_inspect(self.health('unhealthy', 'no table'))
        self.assertIn('no table', self.fail_task(made.check))


class LinesTestCase(ReadinessTestCase):
    """Messages that try to look like a line of heat-engine's log."""

    FORGED = '1999-01-01 00:00:00.000 1 ERROR heat.engine [-] FORGED'

    def assert_not_forged(self, reason, cut='1999'):
        said = '%s\n%s' % (reason, self.log.output)
        self.assertIn('FORGED', said)
        # splitlines knows all separators of lines that Unicode has.
        self.assertEqual([], [line for line in reason.splitlines()
                              if line.startswith(cut)])
        for control in '\x85\u2028\u2029\u202e\u2066\x1b':
            self.assertNotIn(control, reason)

    def test_output_forges_no_line(self):
        self.assert_not_forged(self.fails(
            self.inspected('exited', ExitCode=1),
            log=b'x\n%s\n\xc2\x85%s\n\xe2\x80\xa8%s\xe2\x80\xae\nlast\n' % (
                3 * (self.FORGED.encode(),))))

    def test_output_is_quoted(self):
        reason = self.fails(self.inspected('exited', ExitCode=1),
                            log=b'one\r\n two\nlast\n')
        self.assertTrue(reason.endswith(
            'Its last output: last\npreceded by:\n> one\n>  two'), reason)

    def test_health_check_forges_no_line(self):
        self.assert_not_forged(self.fails(
            self.health('unhealthy', 'x\n%s\u2028%s\u202e' % (
                self.FORGED, self.FORGED)), wait_for='healthy'))

    def test_daemon_forges_no_line(self):
        forged = 'x\n' + self.FORGED
        for shown in (
                self.inspected(forged), self.inspected('exited', Error=forged),
                self.inspected('exited', ExitCode=forged)):
            self.assert_not_forged(self.fails(shown))
        shown = self.inspected('exited', ExitCode=1)
        shown['json']['Name'] = '/' + forged
        self.assert_not_forged(self.fails(shown))

    def test_long_texts_are_cut(self):
        """A hostile daemon would fill the database and the log."""
        long = 100000 * 'x'
        for shown, values in (
                (self.inspected(long), {}),
                (self.inspected('exited', Error=long), {}),
                (self.health('unhealthy', long), {'wait_for': 'healthy'})):
            self.assertLess(len(self.fails(shown, **values)),
                            2 * budgets.MESSAGE)


class CompletedTestCase(ReadinessTestCase):

    def test_waits_for_the_end_of_the_command(self):
        self.create(self.inspected(), self.inspected('paused'),
                    self.inspected(), self.inspected('exited', ExitCode=0),
                    wait_for='completed')
        self.assertEqual(4, len(self.daemon.sent(*INSPECT)))
        self.assertEqual(1, len(self.daemon.sent(*START)))

    def test_completed_on_podman(self):
        self.create(self.inspected(), self.inspected('stopped', ExitCode=0),
                    wait_for='completed')

    def test_completed_with_another_code(self):
        reason = self.fails(self.inspected(),
                            self.inspected('exited', ExitCode=5),
                            log=b'cannot migrate\n', wait_for='completed')
        self.assertIn('exited, exit code 5. Its last output: cannot migrate',
                      reason)

    def test_completed_after_a_restart(self):
        self.create(self.inspected('restarting', ExitCode=1),
                    self.inspected('exited', ExitCode=0),
                    wait_for='completed',
                    restart_policy={'Name': 'on-failure'})
        [event] = self.reasons
        self.assertIn('restarting, exit code 1', event)

    def test_dead_container_has_failed(self):
        self.assertIn('dead', self.fails(
            self.inspected('dead', ExitCode=0), wait_for='completed'))

    def test_check_of_the_exit_code(self):
        ended = self.inspected('exited', ExitCode=0)
        made = self.create(ended, wait_for='completed')
        self.run_task(made.check)
        self.assertEqual(('CHECK', 'COMPLETE'), made.state)
        self.serve_inspect(self.inspected('exited', ExitCode=5))
        self.assertIn('exit code 5', self.fail_task(made.check))


class PauseTestCase(ReadinessTestCase):

    def setUp(self):
        super().setUp()
        self.clock = self.set_clock(plan)
        self.patch(readiness, 'time', self.clock)

    def looks(self, ended_after):
        """Return the times of checks whether a container has completed.

        Heat's clock stands still here, so only short pauses count.
        """
        begin, looked = self.clock.now, []

        def look(request, context):
            looked.append(round(self.clock.now - begin, 3))
            return self.inspected(
                'exited' if looked[-1] >= ended_after else 'running',
                ExitCode=0)['json']

        self.serve({'json': look})
        made = self.make_resource(wait_for='completed')
        polls = self.count_polls(made)
        self.run_task(made.create)
        return looked, len(polls)

    def test_looks_often_at_first(self):
        """Short waits need none of Heat's polls."""
        self.assertEqual(([0.1], 1), self.looks(0.0))
        self.assertEqual(([0.1, 0.2, 0.4, 0.8, 1.6], 1), self.looks(1.6))

    def test_looks_rarely_later(self):
        """The delay is at most a tenth of the time waited."""
        for waited, pause in ((0.0, 0.1), (0.3, 0.3), (5.0, 1.0),
                              (30.0, 3.0), (600.0, 5.0)):
            self.assertEqual(pause, readiness.interval('healthy', waited))


class TimeoutTestCase(ReadinessTestCase):

    def setUp(self):
        super().setUp()
        self.now = 1000.0
        self.patch(readiness, 'time', self)

    def monotonic(self):
        """A clock that advances by three seconds at each reading."""
        self.now += 3
        return self.now

    def test_fails_after_wait_timeout(self):
        for aim, shown in (('healthy', self.health('starting', 'not yet')),
                           ('completed', self.inspected()),
                           ('running', self.inspected(
                               'restarting', RestartCount=1, ExitCode=2))):
            reason = self.fails(shown, log=b'connecting\n', wait_for=aim,
                                wait_timeout=10)
            self.assertIn('The container is not %s after 10 s. The container '
                          'web is ' % aim, reason)
            self.assertIn('connecting', reason)
            self.assertEqual(4, len(self.daemon.sent(*INSPECT)))
            self.forget()

    def test_timeout_says_what_the_check_says(self):
        self.assertIn('is starting. Output of its health check: not yet',
                      self.fails(self.health('starting', 'not yet'),
                                 wait_for='healthy', wait_timeout=1))

    def test_reached_late(self):
        """The last check before the timeout counts."""
        self.create(self.health('starting'), self.health('healthy'),
                    wait_for='healthy', wait_timeout=5)

    def test_no_timeout(self):
        self.create(*[self.health('starting')] * 50, self.health('healthy'),
                    wait_for='healthy')
