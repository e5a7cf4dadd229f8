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

"""Kept connections, and facts about their daemons."""

import contextlib
import dataclasses
import errno
import os
import signal
import threading

from heat_docker import client
from heat_docker import daemons
from heat_docker import endpoint
from heat_docker import errors
from heat_docker import transport
from tests.unit import base
from tests.unit import servers
from tests.unit import test_transport


class Client:
    """Replaces the library's session, which is opaque to the pool."""

    def __init__(self):
        self.closed = False

    def close(self):
        self.closed = True


class PoolTestCase(base.TestCase):

    ONE = endpoint.parse('tcp://one.test')
    TWO = endpoint.parse('tcp://two.test')

    def setUp(self):
        super().setUp()
        # The default of Connection.created still reads the real clock.
        self.clock = self.set_clock(daemons)
        self.pool = daemons.Pool()

    def make(self):
        return transport.Connection(Client(), self.ONE, created=self.clock.now)

    def give(self, count=1, where=ONE):
        given = [self.make() for _number in range(count)]
        for one in given:
            self.pool.release(where, one)
        return given

    def take_all(self, where=ONE):
        taken = []
        while found := self.pool.acquire(where):
            taken.append(found)
        return taken

    def closed(self, given):
        return [one.session.closed for one in given]

    def test_empty_pool_has_no_connection(self):
        self.assertIsNone(self.pool.acquire(self.ONE))

    def test_last_one_first(self):
        """Unneeded connections then become old."""
        given = self.give(3)
        self.assertEqual(given[::-1], self.take_all())
        self.assertEqual(3 * [False], self.closed(given))

    def test_by_endpoint(self):
        self.give()
        tls = endpoint.TLS(client_cert='a', client_key='b')
        for other in (self.TWO, dataclasses.replace(self.ONE, tls=tls),
                      dataclasses.replace(self.ONE, local=True)):
            self.assertIsNone(self.pool.acquire(other))
        self.assertIsNotNone(self.pool.acquire(endpoint.parse('tcp://one.test')))

    def test_connections_to_a_recorded_address_are_separate(self):
        """The name may now resolve to another address."""
        pinned = dataclasses.replace(self.ONE, trusted='192.0.2.7')
        [one], [other] = self.give(), self.give(where=pinned)
        self.assertEqual([], self.take_all(dataclasses.replace(
            self.ONE, trusted='192.0.2.8')))
        self.assertEqual([one], self.take_all())
        self.assertEqual([other], self.take_all(pinned))

    def learn(self, where=ONE, address=None):
        self.pool.remember(transport.Connection(
            Client(), where, api=(1, 41), podman=True, address=address,
            created=self.clock.now))

    def test_daemon_facts_expire_after_five_minutes(self):
        begin = self.clock.now
        self.assertEqual({}, self.pool.recall(self.ONE))
        self.learn(address='192.0.2.7')
        self.assertEqual({}, self.pool.recall(self.TWO))
        self.clock.now += 299
        self.assertEqual(
            {'api': (1, 41), 'podman': True, 'address': '192.0.2.7',
             'created': begin},
            self.pool.recall(self.ONE))
        self.clock.now += 1
        self.assertEqual({}, self.pool.recall(self.ONE))

    def test_known_of_an_address_that_is_denied(self):
        self.configure(denied_networks=['127.0.0.0/8'])
        trusting = dataclasses.replace(self.ONE, trusted='127.0.0.1')
        self.learn(trusting, '127.0.0.1')
        self.assertEqual({}, self.pool.recall(self.ONE))
        self.assertEqual((1, 41), self.pool.recall(trusting)['api'])

    def test_known_is_forgotten(self):
        self.learn()
        self.fail_at(self.ONE)
        self.assertEqual({}, self.pool.recall(self.ONE))
        self.learn()
        self.clock.now += 300
        self.give(where=self.TWO)
        self.assertEqual({}, self.pool._known)

    def test_not_too_many(self):
        given = self.give(10)
        self.assertEqual(2 * [True] + 8 * [False], self.closed(given))
        self.assertEqual(given[:1:-1], self.take_all())

    def test_not_too_many_of_each(self):
        self.give(8)
        self.give(8, self.TWO)
        self.assertEqual((8, 8), (len(self.take_all()),
                                  len(self.take_all(self.TWO))))

    def test_idle_closed_by_who_comes_later(self):
        old = self.give()
        self.clock.now += 61
        self.give(where=self.TWO)
        self.assertEqual([True], self.closed(old))
        self.assertIsNone(self.pool.acquire(self.ONE))

    def test_idle_not_taken(self):
        """A firewall may have dropped the connection silently."""
        old = self.give()
        self.clock.now += 61
        self.assertIsNone(self.pool.acquire(self.ONE))
        self.assertEqual([True], self.closed(old))

    def test_used_again_and_again(self):
        [one] = self.give()
        for _time in range(4):
            self.clock.now += 59
            self.assertIs(one, self.pool.acquire(self.ONE))
            self.pool.release(self.ONE, one)
        self.assertFalse(one.session.closed)

    def test_old_not_kept(self):
        """The daemon may have another version by now."""
        [one] = self.give()
        self.pool.acquire(self.ONE)
        self.clock.now += 300
        self.pool.release(self.ONE, one)
        self.assertTrue(one.session.closed)
        self.assertIsNone(self.pool.acquire(self.ONE))

    def test_old_not_taken(self):
        one = self.make()
        self.clock.now += 290
        self.pool.release(self.ONE, one)
        self.clock.now += 11
        self.assertIsNone(self.pool.acquire(self.ONE))

    def fail_at(self, where, error=None, asked=None):
        self.pool.mark_down(where, error or errors.Unreachable('away'),
                         self.clock.now if asked is None else asked)

    def test_failed_drops_all(self):
        given, others = self.give(3), self.give(1, self.TWO)
        self.fail_at(self.ONE)
        self.assertEqual([], self.take_all())
        self.assertEqual(3 * [True], self.closed(given))
        self.assertEqual(others, self.take_all(self.TWO))

    def test_away_for_a_while(self):
        self.pool.raise_if_down(self.ONE)
        for error in (errors.Unreachable, errors.NoAnswer):
            self.fail_at(self.ONE, error('no route'))
            self.clock.now += 14
            ex = self.assertRaises(errors.Unreachable,
                                   self.pool.raise_if_down, self.ONE)
            # This error shows that the request was not sent.
            self.assertEqual((errors.Unreachable, 'no route'),
                             (type(ex), str(ex)))
            self.pool.raise_if_down(self.TWO)
            self.clock.now += 1
            self.pool.raise_if_down(self.ONE)

    def test_away_until_somebody_is_answered(self):
        self.fail_at(self.ONE)
        self.give()
        self.assertRaises(errors.Unreachable, self.pool.raise_if_down,
                          self.ONE)
        self.pool.mark_up(self.ONE)
        self.pool.raise_if_down(self.ONE)

    def test_late_for_one_of_several(self):
        """A daemon that answers other requests meanwhile is reachable."""
        given, asked = self.give(3), self.clock.now
        self.clock.now += 1
        self.pool.mark_up(self.ONE)
        self.clock.now += 14
        self.fail_at(self.ONE, errors.AnswerTimeout('late'), asked)
        self.pool.raise_if_down(self.ONE)
        self.assertEqual(3 * [False], self.closed(given))
        for error, since in ((errors.NoAnswer('broken'), asked),
                             (errors.AnswerTimeout('late'), asked + 1)):
            self.fail_at(self.ONE, error, since)
            self.assertRaises(errors.Unreachable, self.pool.raise_if_down,
                              self.ONE)
            self.clock.now += 15
        self.clock.now += 300
        self.give()
        self.assertEqual({}, self.pool._responded)

    def test_away_is_forgotten(self):
        self.fail_at(self.ONE)
        self.clock.now += 16
        self.give(where=self.TWO)
        self.assertEqual({}, self.pool._down)

    def test_nothing_kept_of_nobody(self):
        self.give()
        self.clock.now += 61
        self.give(where=self.TWO)
        self.assertEqual([self.TWO], list(self.pool._idle))

    def test_forked_process_shares_no_connection(self):
        """Two writers on one socket would get each other's answers."""
        self.give()
        self.fail_at(self.TWO)
        # Another thread may hold the lock during the fork.
        with self.pool._lock:
            child = os.fork()
            if not child:
                code = 1
                signal.alarm(base.SECONDS)
                try:
                    found = self.pool.acquire(self.ONE)
                    self.pool.raise_if_down(self.TWO)
                    code = 0 if found is None else 2
                finally:
                    os._exit(code)
        self.assertEqual(0, os.waitstatus_to_exitcode(
            os.waitpid(child, 0)[1]))
        self.assertEqual(1, len(self.take_all()))

    def turns(self, count, where=ONE):
        """Take slots until the end of the test, and return them."""
        taken = contextlib.ExitStack()
        self.addCleanup(taken.close)
        for _number in range(count):
            taken.enter_context(self.pool.slot(where))
        return taken

    def when_somebody_waits(self, *actions):
        """Run actions once a caller waits; return whether calls blocked."""
        semaphore = self.pool._slots[self.ONE, False]
        acquire = semaphore.acquire
        asked = []

        def wait(blocking=True):
            asked.append(blocking)
            for action in actions if blocking else ():
                action()
            return acquire(blocking=False)

        self.patch(semaphore, 'acquire', wait)
        return asked

    def test_slots_are_counted_per_daemon(self):
        taken = self.turns(4)
        asked = self.when_somebody_waits(taken.close)
        self.turns(4, self.TWO)
        self.assertEqual([], asked)
        self.turns(1)
        self.assertEqual([False, True], asked)
        self.turns(3)
        self.assertEqual(3 * [False], asked[2:])

    def test_turn_to_leave(self):
        """One request at a time, independent of the limit on other work."""
        self.turns(4)
        with self.pool.slot(self.ONE, leaving=True):
            self.assertEqual(0, self.pool._slots[self.ONE, True]._value)
            self.assertFalse(
                self.pool._slots[self.ONE, True].acquire(blocking=False))

    def test_pace_of_stops(self):
        """The pace follows the duration of stops, but not of grace periods."""
        with self.pool.slot(self.ONE, leaving=True) as turn:
            paces = [turn.pace]
            for seconds in (0.1, 0.01, 9.0, None, None, None, None):
                turn.stopped(seconds)
                paces.append(turn.pace)
        self.assertEqual([1.0, 0.4, 0.25, 2.0, 1.0, 0.5, 0.25, 0.25], paces)

    def test_turn_after_a_failure(self):
        """Waiting callers get the same error as the callers before them."""
        taken = self.turns(4)
        self.when_somebody_waits(taken.close, lambda: self.fail_at(
            self.ONE, errors.NoAnswer('no response in time')))
        ex = self.assertRaises(errors.Unreachable, self.turns, 1)
        # A waiting request was not sent, so it was not lost.
        self.assertNotIsInstance(ex, errors.NoAnswer)
        # A caller that need not wait finds out whether the daemon is back.
        self.turns(4)

    def test_nobody_has_a_turn(self):
        self.turns(4).close()
        self.assertEqual([], list(self.pool._slots))

    def test_threads_never_share_a_connection(self):
        """Two threads never use the same connection."""
        self.give(8)
        in_use, failures = set(), []
        start = threading.Barrier(8)

        def use():
            start.wait(base.SECONDS)
            for number in range(200):
                taken = self.pool.acquire(self.ONE) or self.make()
                if id(taken) in in_use:
                    failures.append(number)
                in_use.add(id(taken))
                in_use.remove(id(taken))
                self.pool.release(self.ONE, taken)
                if number % 50 == 0:
                    self.fail_at(self.TWO)

        threads = [threading.Thread(target=use) for _number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(base.SECONDS)
        self.assertEqual([], failures)
        self.assertEqual(8, len(set(map(id, self.take_all()))))


class PooledTestCase(test_transport.ConnectionTestCase):
    """The use of the shared pool by clients."""

    def setUp(self):
        super().setUp()
        self.configure(denied_networks=[])

    def ask(self, url):
        with self.connect(url) as asked:
            return asked.containers.inspect('x')

    def test_one_after_the_other(self):
        server = self.serve()
        self.ask(server.url)
        self.ask(server.url)
        self.assertEqual(1, server.accepted)
        self.assertEqual(1, sum(b' /version ' in line
                                for line in server.lines))

    def test_at_the_same_time(self):
        server = self.serve()
        with self.connect(server.url) as asked:
            asked.containers.inspect('x')
            self.ask(server.url)
        self.assertEqual(2, server.accepted)
        self.assertEqual(2, len(self.pool._idle[asked.endpoint]))
        self.assertEqual(1, self.versions(server))

    def versions(self, server):
        """Return the number of version requests."""
        return sum(b' /version ' in line for line in server.lines)

    def test_daemon_stopped_and_started(self):
        """A connection that was closed while idle is no failure.

        Linux reports the close before a request is sent. The daemon may now
        have another version, so its other connections are invalid.
        """
        server = self.serve()
        with self.connect(server.url) as asked:
            asked.containers.inspect('x')
            self.ask(server.url)
        server.drop()
        self.ask(server.url)
        self.assertEqual(3, server.accepted)
        self.assertEqual(2, self.versions(server))
        self.assertEqual(1, len(self.pool._idle[asked.endpoint]))

    def test_version_asked_again_after_a_failure(self):
        server = self.serve()
        self.ask(server.url)
        server.stop()
        self.failing(errors.Unreachable, self.connect(server.url))
        again = self.serve(address=server.address)
        self.ask(server.url)
        self.assertEqual(1, self.versions(again))

    def test_known_address(self):
        """A known version is valid for one address."""
        self.resolve(docker=['127.0.0.1'])
        server = self.serve()
        url = 'tcp://docker.test:%d' % server.address[1]
        with self.connect(url) as asked:
            asked.containers.inspect('x')
            self.resolve(docker=['127.0.0.2'])
            self.ask(url)
        self.assertEqual(2, server.accepted)

    def test_connection_given_up_is_not_lost(self):
        """We closed the connection after a timeout."""
        end = threading.Event()
        self.addCleanup(end.set)

        def hang(line):
            return servers.daemon(line) if b'/wait ' not in line else (
                end.wait(base.SECONDS) and None)

        server = self.serve(hang)
        with self.connect(server.url) as asked:
            asked.containers.wait('x', 0.05)
        self.ask(server.url)
        self.assertEqual(1, self.versions(server))

    def test_connects_again_as_who_uses_it(self):
        """Only callers that trust the address may connect."""
        server = self.serve()
        with self.connect(server.url) as asked:
            asked.containers.inspect('x')
        trusting = self.connect(server.url, trusted='127.0.0.1')
        for user, denied in ((trusting, ['127.0.0.0/8']),
                             (self.connect(server.url), [])):
            self.configure(denied_networks=[])
            user.containers.inspect('x')
            self.configure(denied_networks=denied)
            server.drop()
            user.containers.inspect('x')
            user.__exit__()
        user = self.connect(server.url)
        user.containers.inspect('x')
        self.configure(denied_networks=['127.0.0.0/8'])
        server.drop()
        self.failing(errors.Refused, user)

    def test_answer_without_end(self):
        """A user who names a host must not fill the memory of heat-engine."""
        server = self.useFixture(servers.Endless(None))
        self.assertRaises(errors.DockerError, self.ask, server.url)
        self.assertLess(server.sent, 32)

    def test_broken_connection_is_not_given_back(self):
        server = self.serve(lambda line: servers.daemon(line) if b' /version '
                            in line else None)
        asked = self.connect(server.url)
        with asked:
            self.failing(errors.NoAnswer, asked)
        self.assertIsNone(self.pool.acquire(asked.endpoint))

    def test_away_after_no_answer(self):
        """Readers do not wait for the daemon one after the other."""
        self.configure(read_timeout=0.1)
        end = threading.Event()
        self.addCleanup(end.set)

        def hang(line):
            end.wait(base.SECONDS)

        asked = self.connect(self.serve(hang).url)
        with asked:
            self.failing(errors.NoAnswer, asked)
        self.assertRaises(errors.Unreachable, client.raise_if_down,
                          asked.endpoint)

    def test_away_after_a_connect_timeout(self):
        def late(*args, **kwargs):
            raise TimeoutError(errno.ETIMEDOUT, 'timed out')

        self.patch(transport.urllib3.util.connection, 'create_connection',
                   late)
        asked = self.connect('tcp://127.0.0.1:1')
        with asked:
            self.failing(errors.Unreachable, asked)
        self.assertRaises(errors.Unreachable, client.raise_if_down,
                          asked.endpoint)

    def test_patience_that_ends_is_no_failure(self):
        """The daemon does not count as unreachable."""
        end = threading.Event()
        self.addCleanup(end.set)

        def hang(line):
            return servers.daemon(line) if b' /version ' in line else (
                end.wait(base.SECONDS) and None)

        asked = self.connect(self.serve(hang).url)
        with asked:
            asked.containers.wait('x', 0.05)
        client.raise_if_down(asked.endpoint)
