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

"""One pull in the background serves all who want the same image."""

import json
import threading

from heat_docker import endpoint
from heat_docker import errors
from heat_docker import pulls
from tests.unit import base
from tests.unit import servers


def report(status, layer=None, **detail):
    return json.dumps({'status': status, 'id': layer,
                       'progressDetail': detail}).encode() + b'\r\n'


class PullsTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.patch(pulls, '_PATIENCE', 0.01)
        self.daemon = self.useFixture(base.FakeDaemon())
        self.endpoint = endpoint.parse(base.URL)
        self.arrived = threading.Event()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)

    def serve(self, *answers):
        """Answer one pull after the other, each with its pieces."""
        self.daemon.on('POST', '/images/create', *(
            {'raw': base.chunked(*pieces)} for pieces in answers))

    def stop(self):
        """Be a piece of an answer that has to wait for the test."""
        self.arrived.set()
        self.assertTrue(self.go_on.wait(base.SECONDS))

    def join(self, image='busybox', **more):
        pull = pulls.join(self.endpoint, image, **more)
        self.addCleanup(self.end, pull)
        return pull

    def join_running(self):
        pull = self.join()
        self.assertTrue(self.arrived.wait(base.SECONDS))
        return pull

    def end(self, pull):
        self.go_on.set()
        pull._thread.join(base.SECONDS)
        self.assertTrue(pull.ended())

    def pulled(self):
        return [sent.qs['fromImage'] for sent in
                self.daemon.sent('POST', '/images/create')]

    def test_done(self):
        self.serve([report('a')])
        pull = self.join()
        self.end(pull)
        self.assertIsNone(pull.error)

    def test_not_done_while_it_runs(self):
        self.serve([self.stop])
        self.assertFalse(self.join_running().ended())

    def test_join_many(self):
        self.serve([report('a'), self.stop, report('b')])
        first = self.join_running()
        for _number in range(9):
            self.assertIs(first, self.join())
        self.end(first)
        self.assertIsNone(first.error)
        self.assertEqual([['busybox']], self.pulled())

    def test_join_other_image(self):
        self.serve([self.stop], [])
        first = self.join_running()
        other = self.join('mariadb')
        other._thread.join(base.SECONDS)
        self.assertTrue(other.ended())
        self.assertFalse(first.ended())
        self.end(first)
        self.assertEqual([['busybox'], ['mariadb']], self.pulled())

    def test_join_other_daemon(self):
        self.serve([self.stop])
        first = self.join_running()
        self.daemon.on('GET', '/version', 503, prefix='',
                       base_url='http://other.test:2375')
        other = pulls.join(endpoint.parse('tcp://other.test'), 'busybox')
        other._thread.join(base.SECONDS)
        self.assertFalse(first.ended())
        self.assertIsInstance(other.error, errors.Unreachable)
        self.assertIsNone(first.error)

    def test_join_with_other_credentials(self):
        """Who has none must not get what another one may see."""
        self.serve([self.stop], [], [])
        first = self.join(auth={'username': 'me', 'password': 'a'})
        self.assertTrue(self.arrived.wait(base.SECONDS))
        for auth in (None, {'username': 'me', 'password': 'b'}):
            other = self.join(auth=auth)
            self.assertIsNot(first, other)
            other._thread.join(base.SECONDS)
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
                                 pull._thread.name)
        self.end(pull)
        shown += '%s %s' % (pull.error, self.log.output)
        self.assertNotIn('hunter2', shown)

    def test_join_other_platform(self):
        self.serve([self.stop], [])
        first = self.join()
        self.assertTrue(self.arrived.wait(base.SECONDS))
        other = self.join(platform='linux/arm64')
        self.assertIsNot(first, other)
        other._thread.join(base.SECONDS)

    def test_join_after_the_end(self):
        self.serve([], [])
        first = self.join()
        self.end(first)
        second = self.join()
        self.end(second)
        self.assertIsNot(first, second)
        self.assertEqual(2, len(self.pulled()))

    def test_leave_one_of_two(self):
        self.serve([report('a'), self.stop, report('b'), report('c')])
        pull = self.join_running()
        self.join()
        pull.leave()
        self.assertIs(pull, self.join())
        self.end(pull)
        self.assertIsNone(pull.error)

    def test_leave_all_ends_it(self):
        rest_read = threading.Event()
        self.serve([report('a'), self.stop, report('b'), rest_read.set])
        pull = self.join_running()
        self.join()
        pull.leave()
        pull.leave()
        self.end(pull)
        self.assertFalse(rest_read.is_set())

    def test_join_after_all_left(self):
        """One that nobody wants may hang; whoever comes later starts anew."""
        self.serve([report('a'), self.stop], [report('b')])
        pull = self.join_running()
        pull.leave()
        second = self.join()
        self.assertIsNot(pull, second)
        self.end(pull)
        self.end(second)

    def test_leave_all_then_join_starts_anew(self):
        self.serve([report('a'), self.stop, report('b')], [])
        pull = self.join_running()
        pull.leave()
        self.end(pull)
        second = self.join()
        self.assertIsNot(pull, second)
        self.end(second)
        self.assertEqual(2, len(self.pulled()))

    def test_error_kept(self):
        self.serve([report('a'), b'{"error": "toomanyrequests"}'], [])
        pull = self.join()
        self.end(pull)
        self.assertIsInstance(pull.error, errors.Failed)
        self.assertIn('toomanyrequests', str(pull.error))

    def test_error_of_one_is_not_that_of_the_next(self):
        self.serve([b'{"error": "toomanyrequests"}'], [])
        self.end(self.join())
        second = self.join()
        self.end(second)
        self.assertIsNone(second.error)

    def test_error_reaches_all(self):
        self.serve([self.stop, b'{"error": "toomanyrequests"}'])
        first, second = self.join_running(), self.join()
        self.end(first)
        self.assertIn('toomanyrequests', str(second.error))

    def test_progress_before_the_first_report(self):
        self.serve([self.stop])
        self.assertEqual('waiting for the registry',
                         self.join_running().progress)

    def test_progress(self):
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
        self.assertEqual('15 %, 30 of 200 MB', pull.progress)
        self.end(pull)
        self.assertEqual('55 %, 110 of 200 MB', pull.progress)

    def stalled(self, *reports):
        """Return for how long a pull stalls that such reports have come of.

        Each takes 200 s; the last was 200 s ago.
        """
        clock = self.set_clock(pulls)

        def late():
            clock.now += 200

        self.serve([piece for one in reports for piece in (one, late)]
                   + [self.stop])
        pull = self.join_running()
        return pull.stalled

    def test_stalled(self):
        self.assertEqual(400, self.stalled(report('a'), report('Waiting')))

    def test_stalled_while_it_is_tried_again(self):
        """A daemon goes on telling of that, without end."""
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
        clock = self.set_clock(pulls)
        self.serve([self.stop])
        pull = self.join_running()
        self.assertEqual(0, pull.stalled)
        clock.now += 301
        self.assertEqual(301, pull.stalled)

    def test_thread_does_not_keep_the_process(self):
        self.serve([])
        pull = self.join()
        self.assertTrue(pull._thread.daemon)


class DrippingTestCase(base.TestCase):
    """Whoever names the host must not keep threads of heat-engine."""

    def setUp(self):
        super().setUp()
        self.configure(denied_networks=[])
        self.patch(pulls, '_PATIENCE', 0.01)
        self.arrived = threading.Event()
        server = self.useFixture(servers.Server(self.answer))
        self.endpoint = endpoint.parse(server.url)

    def answer(self, line):
        if b'/images/create' in line:
            self.arrived.set()
        return servers.begin(line)

    def test_leave_all_ends_it(self):
        pull = pulls.join(self.endpoint, 'busybox')
        self.assertIs(pull, pulls.join(self.endpoint, 'busybox'))
        self.assertTrue(self.arrived.wait(base.SECONDS))
        pull.leave()
        self.assertFalse(pull.ended())
        pull.leave()
        pull._thread.join(base.SECONDS)
        self.assertTrue(pull.ended())
        self.pool.raise_if_away(self.endpoint)
        self.assertNotIn('broke off', self.log.output)
