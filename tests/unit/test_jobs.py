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

"""Work of a daemon that goes on in a thread of its own."""

import threading

import requests

from heat_docker import client
from heat_docker import endpoint
from heat_docker import errors
from heat_docker import jobs
from tests.unit import base
from tests.unit import servers


class JobsTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.daemon = self.useFixture(base.FakeDaemon())
        self.docker = client.DockerClient(endpoint.parse(base.URL))
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)


class JobTestCase(JobsTestCase):

    def ended(self, work):
        """Return a job that has come to its end."""
        job = jobs.Job(self.docker, work)
        job.start()
        job.join(base.SECONDS)
        self.assertTrue(job.done)
        return job

    def test_result(self):
        self.daemon.on('GET', '/images/a/json', {'json': {'Id': 'i1'}})
        job = self.ended(lambda docker: docker.images.inspect('a'))
        self.assertEqual({'Id': 'i1'}, job.end())
        self.assertEqual([('GET', '/images/a/json')], self.daemon.requests)

    def test_result_is_nothing(self):
        self.daemon.on('DELETE', '/images/a', {'json': []})
        self.assertIsNone(
            self.ended(lambda docker: docker.images.remove('a')).end())

    def test_secrets(self):
        """What the thread before may not repeat, its client does not."""
        self.docker = client.DockerClient(self.docker.endpoint,
                                          lambda: ['hunter2'])
        self.daemon.on('DELETE', '/images/a',
                       base.refusal(500, 'bad: hunter2'))
        ex = self.assertRaises(errors.Failed, self.ended(
            lambda docker: docker.images.remove('a')).end)
        self.assertEqual('Docker at %s: bad: ***' % base.URL, str(ex))

    def test_error(self):
        for answer, error in (
                (base.refusal(404, 'No such image'), errors.NotFound),
                (base.refusal(500, 'no space left'), errors.Failed),
                ({'exc': requests.exceptions.ReadTimeout},
                 errors.AnswerTimeout)):
            self.daemon.on('DELETE', '/images/a', answer)
            job = self.ended(lambda docker: docker.images.remove('a'))
            ex = self.assertRaises(errors.DockerError, job.end)
            self.assertIs(error, type(ex))
            self.assertIn(base.URL, str(ex))

    def test_exception_becomes_words(self):
        """Whoever waits must not take the end of the thread for success."""
        def work(docker):
            raise ZeroDivisionError('division by zero')

        ex = self.assertRaises(errors.Failed, self.ended(work).end)
        self.assert_plain(str(ex))
        self.assertNotIn('division', str(ex))
        self.assertIn('ERROR heat_docker.jobs', self.log.output)
        self.assertIn('division by zero', self.log.output)

    def test_not_done_while_it_runs(self):
        self.patch(jobs, '_PATIENCE', 0.001)
        job = jobs.Job(self.docker,
                       lambda docker: self.go_on.wait(base.SECONDS))
        job.start()
        self.assertFalse(job.done)
        self.go_on.set()
        job.join(base.SECONDS)
        self.assertTrue(job.done)
        self.assertTrue(job.end())

    def test_poll_ends_with_the_work(self):
        """What is quick takes no further poll."""
        job = jobs.Job(self.docker, lambda docker: None)
        job.start()
        self.assertTrue(job.done)

    def test_connection_is_given_back(self):
        self.ended(lambda docker: docker.api)
        self.assertIsNotNone(self.pool.acquire(self.docker.endpoint))

    def test_heat_engine_does_not_wait_for_it(self):
        self.assertTrue(jobs.Job(self.docker, None).daemon)


class EndedTestCase(JobsTestCase):
    """The job of a step, which is called again and again."""

    def setUp(self):
        super().setUp()
        self.patch(jobs, '_PATIENCE', 0.001)
        self.notes = {}
        self.prepared = 0

    def step(self):
        return jobs.ended(self.notes, self.docker, self.prepare)

    def prepare(self):
        self.prepared += 1
        return self.work

    def poll(self):
        job = None
        while job is None:
            job = self.step()
        return job

    def work(self, docker):
        return self.go_on.wait(base.SECONDS)

    def test_prepared_once(self):
        for _poll in range(3):
            self.assertIsNone(self.step())
        self.go_on.set()
        self.assertTrue(self.poll().end())
        self.assertEqual((1, {}), (self.prepared, self.notes))

    def test_again_after_an_error(self):
        self.work = lambda docker: docker.images.remove('a')
        self.daemon.on('DELETE', '/images/a', 503, {'json': []})
        self.assertRaises(errors.NoAnswer, self.poll().end)
        self.assertIsNone(self.poll().end())
        self.assertEqual(2, self.prepared)

    def test_not_prepared(self):
        """Such as when the daemon is away."""
        def prepare():
            raise errors.Unreachable('away')

        self.assertRaises(errors.Unreachable, jobs.ended, self.notes,
                          self.docker, prepare)
        self.assertEqual({}, self.notes)


class LeaveTestCase(base.TestCase):

    def test_leave(self):
        self.configure(denied_networks=[])
        self.patch(jobs, '_PATIENCE', 0.001)
        arrived = threading.Event()

        def answer(line):
            if b'/push' in line:
                arrived.set()
            return servers.begin(line)

        server = self.useFixture(servers.Server(answer))
        where, notes = endpoint.parse(server.url), {}
        docker = client.DockerClient(where)
        self.assertIsNone(jobs.ended(notes, docker, lambda: (
            lambda docker: docker.images.push('r.test/a', None))))
        job = notes['job']
        self.assertTrue(arrived.wait(base.SECONDS))
        jobs.leave(notes)
        job.join(base.SECONDS)
        self.assertFalse(job.is_alive())
        self.assertEqual({}, notes)
        self.pool.raise_if_down(where)

    def test_leave_nothing(self):
        jobs.leave({})
