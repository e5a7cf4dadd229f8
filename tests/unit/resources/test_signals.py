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

"""The effect of Heat's signals on a container."""

from heat.common import exception
from oslo_config import cfg
import requests
import urllib3

from heat_docker import client
from heat_docker import conf
from heat_docker import daemons
from heat_docker import operations
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
BROKEN = {'exc': requests.exceptions.ConnectionError(
    urllib3.exceptions.ProtocolError('Connection aborted.'))}
PATH = base.ContainerTestCase.PATH


class SignalsTestCase(base.ContainerTestCase):

    def setUp(self):
        super().setUp()
        self.configure(allowed_signals=['*'])

    def test_action_in_a_message_is_no_line_of_the_log(self):
        made = self.make_running()
        self.assertIn('The action x 1999 ERROR of a signal is not one of',
                      self.refused(made, {'action': 'x\n1999 ERROR'}))

    def test_exec_requires_the_consent_of_the_operator(self):
        """Heat lets readers of a project send signals."""
        cfg.CONF.clear_override('allowed_signals', group=conf.GROUP)
        made = self.make_running()
        self.assertIn('the action exec of a signal is not allowed (operator '
                      'option allowed_signals)', self.refused(
                          made, {'action': 'exec', 'command': 'id'}))
        everything = {name for table in (
            operations.OPERATIONS, operations.OF_SERVICE, operations.OF_SWARM)
            for name in operations.names(table)}
        self.assertEqual(everything - {'exec'},
                         set(conf.group().allowed_signals))

    def signal(self, made, details):
        made.signal(details)
        return self.reasons[-1]

    def act(self, verb, details, *answers, **properties):
        made = self.make_running(properties)
        self.daemon.on('POST', '%s/%s' % (PATH, verb), *(answers or [204]))
        said = self.signal(made, details)
        self.assertEqual([('POST', '%s/%s' % (PATH, verb))],
                         self.daemon.requests)
        [sent] = self.daemon.sent('POST', '%s/%s' % (PATH, verb))
        return said, sent.qs

    def refused(self, made, details):
        """Return the error of a signal that reaches no daemon."""
        self.forget()
        ex = self.assertRaises(exception.ResourceFailure, made.signal,
                               details)
        self.assert_plain(str(ex))
        self.assertEqual([], self.daemon.requests)
        return str(ex)

    def test_restart_sends_no_timeout_by_default(self):
        said, query = self.act('restart', {'action': 'restart'})
        self.assertIn('restarted', said)
        self.assertEqual({}, query)

    def test_restart_with_grace(self):
        _said, query = self.act('restart', {'action': 'restart'},
                                stop_grace_period=0)
        self.assertEqual({'t': ['0']}, query)

    def test_restart_on_podman(self):
        self.daemon.be_podman()
        _said, query = self.act('restart', {'action': 'restart'})
        self.assertEqual({'t': ['10']}, query)

    def test_restart_takes_long(self):
        said, _query = self.act('restart', {'action': 'restart'}, LOST)
        self.assertIn('still restarting', said)

    def test_kill_sends_the_named_signal(self):
        said, query = self.act('kill', {'action': 'kill',
                                        'signal': 'SIGHUP'})
        self.assertIn('sent SIGHUP', said)
        self.assertEqual({'signal': ['SIGHUP']}, query)

    def test_kill_by_default(self):
        said, query = self.act('kill', {'action': 'kill'})
        self.assertIn('sent SIGKILL', said)
        self.assertEqual({'signal': ['SIGKILL']}, query)

    def test_stop_with_grace(self):
        made = self.make_running(stop_grace_period=3)
        self.daemon.on('POST', PATH + '/stop', 204)
        self.assertIn('stopped', self.signal(made, {'action': 'stop'}))
        [sent] = self.daemon.sent('POST', PATH + '/stop')
        self.assertEqual({'t': ['3']}, sent.qs)

    def test_stop_takes_long(self):
        made = self.make_running()
        self.daemon.on('POST', PATH + '/stop', LOST)
        self.daemon.on('POST', PATH + '/wait', LOST)
        self.assertIn('still stopping', self.signal(made, {'action': 'stop'}))
        self.serve_inspect(self.inspected('exited'))
        self.run_task(made.check)

    def test_start_starts_the_container(self):
        said, _query = self.act('start', {'action': 'start'})
        self.assertIn('started', said)

    def stopped(self, action='stop', status='exited'):
        """Return a resource whose container a signal has stopped."""
        made = self.make_running()
        self.daemon.on('POST', '%s/%s' % (PATH, action), 204)
        self.signal(made, {'action': action})
        self.serve_inspect(self.inspected(status, ExitCode=137))
        self.serve_log(b'')
        self.forget()
        return made

    def test_check_of_a_container_that_a_signal_stopped_or_paused(self):
        for signaled in (('stop', 'exited'), ('pause', 'paused')):
            made = self.stopped(*signaled)
            self.run_task(made.check)
            self.assertEqual(('CHECK', 'COMPLETE'), made.state)

    def test_check_of_one_that_ended_after_another_start(self):
        made = self.stopped()
        self.serve_inspect(self.inspected(
            'exited', StartedAt='2030-01-01T00:00:00Z'))
        self.assertIn('not running: exited', self.fail_task(made.check))

    def test_check_of_one_that_ended_after_the_pause(self):
        made = self.stopped('pause')
        self.assertIn('not running: exited', self.fail_task(made.check))

    def test_check_of_one_that_refused_to_stop(self):
        made = self.make_running()
        self.daemon.on('POST', PATH + '/stop', base.refusal(500, 'no'))
        self.fail_signal(made, action='stop')
        self.serve_inspect(self.inspected('exited'))
        self.serve_log(b'')
        self.assertIn('not running: exited', self.fail_task(made.check))

    def test_converge_leaves_a_container_that_a_signal_stopped(self):
        made = self.stopped()
        shown = self.inspected('exited')['json']
        made.parse_live_resource_data(made.properties, shown)
        self.assertFalse(made._is_down)
        self.run_task(lambda: made.update(made.t))
        self.assertEqual([], self.daemon.sent('POST', PATH + '/start'))

    def test_update_after_a_failed_check_starts_it(self):
        made = self.stopped()
        made.state_set(made.CHECK, made.IN_PROGRESS)
        made.state_set(made.CHECK, made.FAILED)
        self.serve_run(self.inspected('exited'), self.inspected('exited'),
                       self.inspected('exited'), self.inspected())
        self.update(made)
        self.assertEqual(1, len(self.daemon.sent('POST', PATH + '/start')))

    def test_pause_pauses_the_container_once(self):
        made = self.make_running()
        self.daemon.on('POST', PATH + '/pause', 204)
        self.assertIn('paused', self.signal(made, {'action': 'pause'}))
        self.assertEqual(1, len(self.daemon.sent('POST', PATH + '/pause')))

    def test_unpause_resumes_the_container(self):
        said, _query = self.act('unpause', {'action': 'unpause'})
        self.assertIn('unpaused', said)

    def execute(self, command, *pieces):
        made = self.make_running()
        self.daemon.on('POST', PATH + '/exec',
                       {'status_code': 201, 'json': {'Id': 'e1'}})
        self.daemon.on('POST', '/exec/e1/start', {
            'raw': lambda request, context: base.chunked(*pieces)})
        self.daemon.on('GET', '/exec/e1/json', {'json': {'ExitCode': 3}})
        said = self.signal(made, {'action': 'exec', 'command': command})
        [sent] = self.daemon.sent('POST', PATH + '/exec')
        return said, sent.json()['Cmd']

    def test_exec_reports_exit_code_and_output(self):
        said, command = self.execute(['sh', '-c', 'x y', 5],
                                     base.frame(b'hello\n'))
        self.assertIn('exec ended with exit code 3: hello', said)
        self.assertEqual(['sh', '-c', 'x y', '5'], command)

    def test_exec_of_text(self):
        _said, command = self.execute('sh -c "x y"')
        self.assertEqual(['sh', '-c', 'x y'], command)

    def test_exec_shows_the_last_output(self):
        said, _command = self.execute(
            ['x'], base.frame(b'first' + b'.' * 2000 + b'last'))
        self.assertIn('last', said)
        self.assertNotIn('first', said)

    def test_exec_takes_long(self):
        def late():
            raise TimeoutError('timed out')

        said, _command = self.execute(['x'], late)
        self.assertIn('exec is still running', said)

    def test_restart_whose_connection_breaks(self):
        """The restart may or may not have begun."""
        for answer in (BROKEN, 502, 504):
            made = self.make_running()
            self.daemon.on('POST', PATH + '/restart', answer)
            self.assertIn('cannot be reached' if answer is BROKEN
                          else 'HTTP status', self.fail_signal(
                              made, action='restart'))

    def test_restart_when_the_version_comes_late(self):
        made = self.make_running()
        self.patch(client, '_POOL', daemons.Pool())
        self.daemon.on('GET', '/version', LOST, prefix='')
        self.assertIn('no response in time',
                      self.fail_signal(made, action='restart'))
        self.assertEqual([], self.daemon.requests)

    def test_exec_that_is_not_started(self):
        for answer in (LOST, BROKEN, 502):
            made = self.make_running()
            self.daemon.on('POST', PATH + '/exec', answer)
            self.fail_signal(made, action='exec', command='x')
            self.assertEqual([('POST', PATH + '/exec')],
                             self.daemon.requests)

    def test_exec_whose_connection_breaks(self):
        for answer in (BROKEN, 502):
            made = self.make_running()
            self.daemon.on('POST', PATH + '/exec',
                           {'status_code': 201, 'json': {'Id': 'e1'}})
            self.daemon.on('POST', '/exec/e1/start', answer)
            self.fail_signal(made, action='exec', command='x')

    def test_exec_whose_start_is_not_answered_in_time(self):
        made = self.make_running()
        self.daemon.on('POST', PATH + '/exec',
                       {'status_code': 201, 'json': {'Id': 'e1'}})
        self.daemon.on('POST', '/exec/e1/start', LOST)
        self.assertIn('exec is still running', self.signal(
            made, {'action': 'exec', 'command': 'x'}))

    def fail_signal(self, made, **details):
        """Return the event of a signal that fails."""
        self.assertRaises(exception.ResourceFailure, made.signal, details)
        [said] = self.reasons
        self.assertIn('The signal failed and is not repeated: Docker', said)
        self.assert_plain(said)
        return said

    def test_exec_without_command(self):
        made = self.make_running()
        for command in ({}, {'command': ''}, {'command': []}):
            self.assertIn('requires a command', self.refused(
                made, {'action': 'exec', **command}))

    def test_exec_of_text_that_does_not_end(self):
        self.refused(self.make_running(),
                     {'action': 'exec', 'command': 'echo "x'})

    def test_exec_of_what_is_no_command(self):
        for command in (5, {'a': 'b'}, True):
            self.refused(self.make_running(),
                         {'action': 'exec', 'command': command})

    def test_unknown_action_is_refused(self):
        made = self.make_running()
        for details in ({'action': 'fly'}, {}, None, {'action': None},
                        {'action': ['kill']}):
            self.assertIn('is not one of %s' % ', '.join(operations.names()),
                          self.refused(made, details))

    def test_methods_of_heat_are_no_actions(self):
        made = self.make_running()
        for name in ('check_hook', 'check_action'):
            self.assertIn('is not one of restart', self.refused(
                made, {'action': name}))

    def test_refused_by_the_daemon(self):
        made = self.make_running()
        self.daemon.on('POST', PATH + '/kill', base.refusal(
            409, 'Container web is not running'))
        ex = self.assertRaises(exception.ResourceFailure, made.signal,
                               {'action': 'kill'})
        self.assertIn('is not running', str(ex))
        self.assert_plain(str(ex))

    def test_daemon_away(self):
        """The sender already has a response, so an event shows the error."""
        made = self.make_running()
        self.daemon.go_away()
        self.forget()
        self.assertRaises(exception.ResourceFailure, made.signal,
                          {'action': 'restart'})
        [(action, status, said)] = self.events
        self.assertEqual(('SIGNAL', 'FAILED'), (action, status))
        self.assertIn('The signal failed and is not repeated: Docker at '
                      + base.URL + ' cannot be reached', said)
        self.assert_plain(said)
        self.assertEqual('COMPLETE', made.status)

    def test_never_created(self):
        self.serve_create(base.refusal(400, 'no'))
        made = self.make_resource()
        self.fail_task(made.create)
        for action in operations.names():
            self.refused(made, {'action': action, 'command': 'x'})

    def test_external_container_refuses_every_action(self):
        self.serve_inspect()
        made = self.make_resource(template={
            'heat_template_version': '2018-08-31',
            'resources': {'web': {
                'type': base.TYPE, 'external_id': base.ID,
                'properties': self.properties()}}})
        self.run_task(made.create)
        for action in operations.names():
            self.assertIn('does not belong to this stack', self.refused(
                made, {'action': action, 'command': 'x'}))
