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

"""Background work on a daemon, and pulls that resources share."""

import json
import threading

import requests

from heat_docker import background
from heat_docker import client
from heat_docker import endpoint
from heat_docker import errors
from tests.unit import base
from tests.unit import servers


class BackgroundTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.daemon = self.useFixture(base.FakeDaemon())
        self.docker = client.DockerClient(endpoint.parse(base.URL))
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)


class TaskTestCase(BackgroundTestCase):

    def ended(self, work):
        """Return a task that has ended."""
        task = background.Task(self.docker, work)
        self.assertTrue(task.wait(base.SECONDS))
        return task

    def test_result_is_the_answer_of_the_daemon(self):
        self.daemon.on('GET', '/images/a/json', {'json': {'Id': 'i1'}})
        task = self.ended(lambda docker: docker.images.inspect('a'))
        self.assertEqual({'Id': 'i1'}, task.result())
        self.assertEqual([('GET', '/images/a/json')], self.daemon.requests)

    def test_result_is_nothing(self):
        self.daemon.on('DELETE', '/images/a', {'json': []})
        self.assertIsNone(
            self.ended(lambda docker: docker.images.remove('a')).result())

    def test_error_masks_the_secrets_of_the_caller(self):
        """The thread's client masks the same secrets as the caller's."""
        self.docker = client.DockerClient(self.docker.endpoint,
                                          lambda: ['hunter2'])
        self.daemon.on('DELETE', '/images/a',
                       base.refusal(500, 'bad: hunter2'))
        ex = self.assertRaises(errors.Failed, self.ended(
            lambda docker: docker.images.remove('a')).result)
        self.assertEqual('Docker at %s: bad: ***' % base.URL, str(ex))

    def test_error_keeps_its_type_and_names_the_daemon(self):
        for answer, error in (
                (base.refusal(404, 'No such image'), errors.NotFound),
                (base.refusal(500, 'no space left'), errors.Failed),
                ({'exc': requests.exceptions.ReadTimeout},
                 errors.AnswerTimeout)):
            self.daemon.on('DELETE', '/images/a', answer)
            task = self.ended(lambda docker: docker.images.remove('a'))
            ex = self.assertRaises(errors.DockerError, task.result)
            self.assertIs(error, type(ex))
            self.assertIn(base.URL, str(ex))

    def test_exception_becomes_words(self):
        """An exception in the thread must not pass for success."""
        for error in (ZeroDivisionError, SystemExit):
            def work(docker, error=error):
                raise error('division by zero')

            ex = self.assertRaises(errors.Failed, self.ended(work).result)
            self.assert_plain(str(ex))
            self.assertNotIn('division', str(ex))
        self.assertEqual(2, self.log.output.count(
            'ERROR heat_docker.background'))
        self.assertIn('division by zero', self.log.output)

    def test_not_done_while_it_runs(self):
        task = background.Task(
            self.docker, lambda docker: self.go_on.wait(base.SECONDS))
        self.assertFalse(task.wait(0.001))
        self.go_on.set()
        self.assertTrue(task.wait(base.SECONDS))
        self.assertTrue(task.result())

    def test_poll_ends_with_the_work(self):
        """A short task needs no further poll."""
        self.assertTrue(
            background.Task(self.docker, lambda docker: None).wait())

    def test_connection_is_given_back(self):
        self.ended(lambda docker: docker.api)
        self.assertIsNotNone(self.pool.acquire(self.docker.endpoint))

    def test_heat_engine_does_not_wait_for_it(self):
        task = background.Task(
            self.docker, lambda docker: threading.current_thread().daemon)
        self.assertTrue(task.result())


class PollTestCase(BackgroundTestCase):
    """The task of a step that Heat polls repeatedly."""

    def setUp(self):
        super().setUp()
        self.patch(background.Task, 'WAIT', 0.001)
        self.polled = background.Polled()
        self.prepared = 0

    def step(self):
        return self.polled.poll(self.docker, self.prepare)

    def prepare(self):
        self.prepared += 1
        return self.work

    def poll(self):
        while not self.step():
            pass
        return self.polled.result

    def work(self, docker):
        return self.go_on.wait(base.SECONDS)

    def test_prepared_once(self):
        for _poll in range(3):
            self.assertFalse(self.step())
        self.go_on.set()
        self.assertTrue(self.poll())
        self.assertEqual(1, self.prepared)

    def test_again_after_an_error(self):
        self.work = lambda docker: docker.images.remove('a')
        self.daemon.on('DELETE', '/images/a', 503, {'json': []})
        self.assertRaises(errors.NoAnswer, self.poll)
        self.assertIsNone(self.poll())
        self.assertEqual(2, self.prepared)

    def test_not_prepared(self):
        """For example, because the daemon is unreachable."""
        def prepare():
            raise errors.Unreachable('away')

        self.assertRaises(errors.Unreachable, self.polled.poll, self.docker,
                          prepare)
        self.go_on.set()
        self.assertTrue(self.poll())


class CancelTestCase(base.TestCase):

    def test_cancel_closes_the_connection(self):
        self.configure(denied_networks=[])
        self.patch(background.Task, 'WAIT', 0.001)
        arrived = threading.Event()

        def answer(line):
            if b'/push' in line:
                arrived.set()
            return servers.begin(line)

        server = self.useFixture(servers.Server(answer))
        where, polled = endpoint.parse(server.url), background.Polled()
        docker = client.DockerClient(where)
        self.assertFalse(polled.poll(docker, lambda: (
            lambda docker: docker.images.push('r.test/a', None))))
        task = polled._task
        self.assertTrue(arrived.wait(base.SECONDS))
        polled.cancel()
        self.assertTrue(task.wait(base.SECONDS))
        self.assertRaises(errors.NoAnswer, task.result)
        self.pool.raise_if_down(where)

    def test_cancel_without_a_task_does_nothing(self):
        polled = background.Polled()
        polled.cancel()
        self.assertIsNone(polled.result)


def report(status, layer=None, **detail):
    return json.dumps({'status': status, 'id': layer,
                       'progressDetail': detail}).encode() + b'\r\n'


class PullTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.patch(background.Pull, 'WAIT', 0.01)
        self.daemon = self.useFixture(base.FakeDaemon())
        self.endpoint = endpoint.parse(base.URL)
        self.arrived = threading.Event()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)

    def serve(self, *answers):
        """Answer one pull after the other, with the given pieces."""
        self.daemon.on('POST', '/images/create', *(
            {'raw': base.chunked(*pieces)} for pieces in answers))

    def stop(self):
        """A piece of an answer that waits for the test."""
        self.arrived.set()
        self.assertTrue(self.go_on.wait(base.SECONDS))

    def join(self, image='busybox', **more):
        pull = background.pull(self.endpoint, image, **more)
        self.addCleanup(self.end, pull)
        return pull

    def join_running(self):
        pull = self.join()
        self.assertTrue(self.arrived.wait(base.SECONDS))
        return pull

    def end(self, pull):
        self.go_on.set()
        self.assertTrue(pull.wait(base.SECONDS))

    def pulled(self):
        return [sent.qs['fromImage'] for sent in
                self.daemon.sent('POST', '/images/create')]

    def test_finished_pull_returns_none(self):
        self.serve([report('a')])
        pull = self.join()
        self.end(pull)
        self.assertIsNone(pull.result())

    def test_not_done_while_it_runs(self):
        self.serve([self.stop])
        self.assertFalse(self.join_running().wait(0))

    def test_join_many(self):
        self.serve([report('a'), self.stop, report('b')])
        first = self.join_running()
        for _number in range(9):
            self.assertIs(first, self.join())
        self.end(first)
        self.assertIsNone(first.result())
        self.assertEqual([['busybox']], self.pulled())

    def test_join_other_image(self):
        self.serve([self.stop], [])
        first = self.join_running()
        other = self.join('mariadb')
        self.assertTrue(other.wait(base.SECONDS))
        self.assertFalse(first.wait(0))
        self.end(first)
        self.assertEqual([['busybox'], ['mariadb']], self.pulled())

    def test_join_other_daemon(self):
        self.serve([self.stop])
        first = self.join_running()
        self.daemon.on('GET', '/version', 503, prefix='',
                       base_url='http://other.test:2375')
        other = background.pull(endpoint.parse('tcp://other.test'), 'busybox')
        self.assertTrue(other.wait(base.SECONDS))
        self.assertFalse(first.wait(0))
        self.assertRaises(errors.Unreachable, other.result)

    def test_join_with_other_credentials(self):
        """A user without credentials must not get a private image."""
        self.serve([self.stop], [], [])
        first = self.join(auth={'username': 'me', 'password': 'a'})
        self.assertTrue(self.arrived.wait(base.SECONDS))
        for auth in (None, {'username': 'me', 'password': 'b'}):
            other = self.join(auth=auth)
            self.assertIsNot(first, other)
            self.assertTrue(other.wait(base.SECONDS))
        self.assertIs(first, self.join(auth={'password': 'a',
                                             'username': 'me'}))
        self.end(first)
        self.assertEqual(3, len(self.pulled()))
        self.assertEqual(3, len({
            sent.headers['X-Registry-Auth'] for sent in
            self.daemon.sent('POST', '/images/create')}))

    def test_credentials_are_not_shown(self):
        self.serve([self.stop, b'{"error": "unauthorized: no"}'])
        pull = self.join(auth={'username': 'me', 'password': 'hunter2'})
        self.assertTrue(self.arrived.wait(base.SECONDS))
        shown = '%r %s %s %s' % (pull, pull, pull.progress,
                                 threading.enumerate())
        self.end(pull)
        ex = self.assertRaises(errors.Failed, pull.result)
        shown += '%s %s' % (ex, self.log.output)
        self.assertNotIn('hunter2', shown)

    def test_join_other_platform(self):
        self.serve([self.stop], [])
        first = self.join()
        self.assertTrue(self.arrived.wait(base.SECONDS))
        other = self.join(platform='linux/arm64')
        self.assertIsNot(first, other)
        self.assertTrue(other.wait(base.SECONDS))

    def test_join_after_the_end(self):
        self.serve([], [])
        first = self.join()
        self.end(first)
        second = self.join()
        self.end(second)
        self.assertIsNot(first, second)
        self.assertEqual(2, len(self.pulled()))

    def test_release_one_of_two(self):
        self.serve([report('a'), self.stop, report('b'), report('c')])
        pull = self.join_running()
        self.join()
        pull.release()
        self.assertIs(pull, self.join())
        self.end(pull)
        self.assertIsNone(pull.result())

    def test_release_all_ends_it(self):
        rest_read = threading.Event()
        self.serve([report('a'), self.stop, report('b'), rest_read.set])
        pull = self.join_running()
        self.join()
        pull.release()
        pull.release()
        self.end(pull)
        self.assertFalse(rest_read.is_set())

    def test_join_after_all_released(self):
        """An abandoned pull may hang; a later caller starts a new one."""
        self.serve([report('a'), self.stop], [report('b')])
        pull = self.join_running()
        pull.release()
        second = self.join()
        self.assertIsNot(pull, second)
        self.end(pull)
        self.end(second)

    def test_release_all_then_join_starts_anew(self):
        self.serve([report('a'), self.stop, report('b')], [])
        pull = self.join_running()
        pull.release()
        self.end(pull)
        second = self.join()
        self.assertIsNot(pull, second)
        self.end(second)
        self.assertEqual(2, len(self.pulled()))

    def test_error_kept(self):
        self.serve([report('a'), b'{"error": "toomanyrequests"}'], [])
        pull = self.join()
        self.end(pull)
        ex = self.assertRaises(errors.Failed, pull.result)
        self.assertIn('toomanyrequests', str(ex))

    def test_error_of_one_is_not_that_of_the_next(self):
        self.serve([b'{"error": "toomanyrequests"}'], [])
        self.end(self.join())
        second = self.join()
        self.end(second)
        self.assertIsNone(second.result())

    def test_error_reaches_all(self):
        self.serve([self.stop, b'{"error": "toomanyrequests"}'])
        first, second = self.join_running(), self.join()
        self.end(first)
        ex = self.assertRaises(errors.Failed, second.result)
        self.assertIn('toomanyrequests', str(ex))

    def test_progress_before_the_first_report(self):
        self.serve([self.stop])
        self.assertEqual('waiting for the registry',
                         self.join_running().progress)

    def test_progress_adds_up_the_layers_downloaded(self):
        million = 10 ** 6
        self.serve([
            report('Pulling fs layer', 'a'),
            report('Waiting', 'c'),
            report('Downloading', 'a', current=20 * million,
                   total=100 * million),
            report('Downloading', 'b', current=0, total=100 * million),
            report('Downloading', 'b', current=10 * million,
                   total=100 * million),
            report('Verifying Checksum', 'b'),
            report('Extracting', 'd', current=1, total=5 * million),
            self.stop,
            report('Download complete', 'a'),
            report('Download complete', 'e')])
        pull = self.join_running()
        self.assertEqual('15%, 30 of 200 MB', pull.progress)
        self.end(pull)
        self.assertEqual('55%, 110 of 200 MB', pull.progress)

    def stalled(self, *reports):
        """Return how long a pull with such reports has stalled.

        Each report takes 200 s; the last one came 200 s ago.
        """
        clock = self.set_clock(background)

        def late():
            clock.now += 200

        self.serve([piece for one in reports for piece in (one, late)]
                   + [self.stop])
        pull = self.join_running()
        return pull.stalled

    def test_pull_without_progress_stalls(self):
        self.assertEqual(400, self.stalled(report('a'), report('Waiting')))

    def test_stalled_while_it_is_tried_again(self):
        """A daemon reports retries without end."""
        self.assertEqual(600, self.stalled(
            report('Downloading', 'a', current=1, total=9),
            report('Retrying in 5 seconds', 'a'),
            report('Retrying in 10 seconds', 'a')))

    def test_stalled_no_more(self):
        self.assertEqual(0, self.stalled(
            report('Retrying in 5 seconds', 'a'),
            report('Retrying in 10 seconds', 'a'),
            report('Downloading', 'a', current=1, total=9)))

    def test_stalled_as_the_operator_says(self):
        self.configure(pull_stall_timeout=100)
        self.assertEqual(200, self.stalled(report('a')))

    def test_stalled_before_the_first_report(self):
        clock = self.set_clock(background)
        self.serve([self.stop])
        pull = self.join_running()
        self.assertEqual(0, pull.stalled)
        clock.now += 301
        self.assertEqual(301, pull.stalled)


class DrippingTestCase(base.TestCase):
    """A user who names a host must not block threads of heat-engine."""

    def setUp(self):
        super().setUp()
        self.configure(denied_networks=[])
        self.patch(background.Pull, 'WAIT', 0.01)
        self.arrived = threading.Event()
        server = self.useFixture(servers.Server(self.answer))
        self.endpoint = endpoint.parse(server.url)

    def answer(self, line):
        if b'/images/create' in line:
            self.arrived.set()
        return servers.begin(line)

    def test_release_all_ends_it(self):
        pull = background.pull(self.endpoint, 'busybox')
        self.assertIs(pull, background.pull(self.endpoint, 'busybox'))
        self.assertTrue(self.arrived.wait(base.SECONDS))
        pull.release()
        self.assertFalse(pull.wait(0))
        pull.release()
        self.assertTrue(pull.wait(base.SECONDS))
        self.pool.raise_if_down(self.endpoint)
        self.assertNotIn('interrupted', self.log.output)
