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

"""How a daemon gets the image of a container."""

import base64
import json
import threading

from heat.common import exception
from heat.engine import scheduler
import requests

from heat_docker import background
from heat_docker import words
from heat_docker.lifecycle import images
from heat_docker.lifecycle import plan
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
REFUSED = {'exc': requests.exceptions.ConnectTimeout}
NO_IMAGE = base.refusal(404, 'No such image: busybox:1')
CREATED = {'status_code': 201, 'json': {'Id': base.ID, 'Warnings': []}}
PULLED = {'text': '{"status": "Pulling"}'}

CREATE = ('POST', '/containers/create')
HAS_IMAGE = ('GET', '/images/busybox%3A1/json')
PULL = ('POST', '/images/create')
START = ('POST', base.ContainerTestCase.PATH + '/start')
INSPECT = ('GET', base.ContainerTestCase.PATH + '/json')
HUB = 'https://index.docker.io/v1/'


class ProvideTestCase(base.ContainerTestCase):

    def serve_pull(self, *pieces):
        self.daemon.on(*PULL, {
            'raw': lambda request, context: base.chunked(*pieces)})
        self.daemon.on(*HAS_IMAGE, NO_IMAGE)


class PullTestCase(ProvideTestCase):

    def test_image_missing(self):
        self.serve_create(NO_IMAGE, CREATED)
        self.serve_pull(b'{"status": "Pulling"}\r\n')
        self.serve_run()
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual(
            [CREATE, HAS_IMAGE, PULL, CREATE, START, INSPECT],
            self.daemon.requests)
        self.assertEqual(['Pulling busybox:1', 'Pulled busybox:1 in 0 s'],
                         self.reasons)

    def test_image_is_there(self):
        """Other "not found" errors do not start a pull."""
        self.serve_create(base.refusal(404, 'No such container: wiki-db'))
        self.daemon.on(*HAS_IMAGE, {'json': {'Id': 'x'}})
        reason = self.fail_task(self.make_resource().create)
        self.assertIn('No such container: wiki-db', reason)
        self.assertEqual([CREATE, HAS_IMAGE, CREATE], self.daemon.requests)

    def test_image_missing_after_the_pull(self):
        self.serve_create(NO_IMAGE)
        self.serve_pull(b'{"status": "Pulling"}\r\n')
        reason = self.fail_task(self.make_resource().create)
        self.assertIn('No such image: busybox:1', reason)
        self.assertEqual([CREATE, HAS_IMAGE, PULL, CREATE],
                         self.daemon.requests)

    def test_create_answer_lost_after_the_pull(self):
        self.serve_create(NO_IMAGE, LOST, CREATED)
        self.serve_pull(b'{"status": "Pulling"}\r\n')
        self.serve_run()
        self.run_task(self.make_resource().create)
        self.assertEqual(
            [CREATE, HAS_IMAGE, PULL, CREATE, CREATE, START, INSPECT],
            self.daemon.requests)
        self.assertEqual(['Pulling busybox:1', 'Pulled busybox:1 in 0 s'],
                         self.reasons[:2])
        self.assertIn('Waiting for it', self.reasons[2])

    def test_pull_fails(self):
        self.serve_create(NO_IMAGE)
        self.serve_pull(b'{"status": "Pulling"}\r\n',
                        b'{"errorDetail": {"message": "toomanyrequests"}}')
        reason = self.fail_task(self.make_resource().create)
        self.assertIn('The image busybox:1 cannot be pulled. Docker at %s: '
                      'toomanyrequests' % base.URL, reason)
        self.assertEqual(1, len(self.daemon.sent(*PULL)))

    def test_pull_refused(self):
        self.serve_create(NO_IMAGE)
        self.daemon.on(*HAS_IMAGE, NO_IMAGE)
        self.daemon.on(*PULL, base.refusal(404, 'pull access denied'))
        self.assertIn('pull access denied',
                      self.fail_task(self.make_resource().create))

    def test_pull_progress(self):
        self.patch(images, '_REPORT_EVERY', -1)
        told = threading.Event()
        self.serve_create(NO_IMAGE, CREATED)
        self.serve_pull(
            b'{"status": "Downloading", "id": "a", "progressDetail": '
            b'{"current": 5000000, "total": 20000000}}\r\n',
            lambda: self.assertTrue(told.wait(20)))
        self.serve_run()
        made = self.make_resource()
        task = scheduler.TaskRunner(made.create)
        task.start()
        progress = 'Pulling busybox:1: 25%, 5 of 20 MB'
        while not task.step():
            if progress in self.reasons:
                told.set()
        self.assertIn(progress, self.reasons)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)

    def test_pull_progress_not_too_often(self):
        told = threading.Event()
        self.serve_create(NO_IMAGE, CREATED)
        self.serve_pull(lambda: self.assertTrue(told.wait(20)))
        self.serve_run()
        task = scheduler.TaskRunner(self.make_resource().create)
        task.start()
        for _poll in range(50):
            task.step()
        self.assertEqual(['Pulling busybox:1'], self.reasons)
        told.set()
        task.run_to_completion()

    def test_poll_sends_nothing_while_it_pulls(self):
        told = threading.Event()
        arrived = threading.Event()
        self.serve_create(NO_IMAGE, CREATED)
        self.serve_pull(arrived.set,
                        lambda: self.assertTrue(told.wait(20)))
        self.serve_run()
        task = scheduler.TaskRunner(self.make_resource().create)
        task.start()
        task.step()
        self.assertTrue(arrived.wait(20))
        for _poll in range(5):
            task.step()
        self.assertEqual([CREATE, HAS_IMAGE, PULL], self.daemon.requests)
        told.set()
        task.run_to_completion()

    def test_cancelled_create_stops_the_pull(self):
        """A pull stops when its last create is cancelled."""
        told = threading.Event()
        arrived = threading.Event()
        end = threading.Event()
        self.serve_create(NO_IMAGE)
        self.serve_pull(arrived.set,
                        lambda: self.assertTrue(told.wait(20)),
                        b'{"status": "Pulling"}\r\n', end.set)
        made = self.make_resource()
        task = scheduler.TaskRunner(made.create)
        task.start()
        task.step()
        self.assertTrue(arrived.wait(20))
        [pull] = background._PULLS.values()
        task.cancel()
        told.set()
        self.assertTrue(pull.wait(20))
        self.assertFalse(end.is_set())
        self.assertEqual(('CREATE', 'FAILED'), made.state)

    def test_pull_for_a_platform(self):
        self.serve_create(NO_IMAGE, CREATED)
        self.serve_pull(b'{"status": "Pulling"}\r\n')
        self.serve_run()
        self.run_task(self.make_resource(platform='linux/arm64').create)
        [sent] = self.daemon.sent(*PULL)
        self.assertEqual(['linux/arm64'], sent.qs['platform'])
        self.assertEqual(['linux/arm64'],
                         self.daemon.sent(*CREATE)[0].qs['platform'])

    def serve_another_platform(self, message):
        """Refuse the create because the image is for another platform."""
        self.serve_create(base.refusal(404, message), CREATED)
        self.serve_pull(b'{"status": "Pulling"}\r\n')
        self.daemon.on(*HAS_IMAGE, {'json': {
            'Id': 'x', 'Os': 'linux', 'Architecture': 'amd64'}})
        self.serve_run()

    def test_image_is_there_for_another_platform(self):
        """The daemon's words do not matter."""
        for message in [*(row.example for row in words.WORDS
                          if 'platform' in row.example), 'in other words']:
            self.serve_another_platform(message)
            self.run_task(self.make_resource(platform='linux/arm64').create)
            self.assertEqual(1, len(self.daemon.sent(*PULL)), message)
            self.assertIn('Pulling busybox:1', self.reasons)
            self.forget()

    def test_image_is_there_for_another_platform_and_never(self):
        self.serve_another_platform('in other words')
        self.assertIn(
            'in other words, and pull_policy is never',
            self.fail_task(self.make_resource(
                platform='linux/arm64', pull_policy='never').create))
        self.assertEqual([], self.daemon.sent(*PULL))

    def test_another_404_does_not_pull(self):
        for platform in (None, 'linux/amd64'):
            self.serve_another_platform('in other words')
            self.assertIn('in other words', self.fail_task(
                self.make_resource(platform=platform).create))
            self.assertEqual([], self.daemon.sent(*PULL))
            self.forget()

    def test_image_is_there_for_the_platform(self):
        """The pull of another resource may have ended meanwhile."""
        self.serve_another_platform('No such image: busybox:1')
        self.run_task(self.make_resource(platform='linux/amd64').create)
        self.assertEqual([], self.daemon.sent(*PULL))

    def test_pull_that_breaks_off(self):
        """A thread that ends is not a success."""
        self.serve_create(NO_IMAGE)
        self.daemon.on(*HAS_IMAGE, NO_IMAGE)
        self.daemon.on(*PULL, {'raw': base.chunked(b'<html>')})
        self.fail_task(self.make_resource().create)
        self.assertNotIn('Pulled', str(self.reasons))

    def test_pull_in_the_words_of_the_registry(self):
        for message in (
                'toomanyrequests: You have reached your unauthenticated pull '
                'rate limit. https://www.docker.com/increase-rate-limit',
                'unauthorized: authentication required',
                'denied: requested access to the resource is denied',
                'write /var/lib/docker/tmp/x: no space left on device',
                'Get "https://r.test/v2/": dial tcp: lookup r.test: no such '
                'host'):
            self.serve_create(NO_IMAGE)
            for answer in (
                    {'text': json.dumps({'errorDetail': {'message': message},
                                         'error': message})},
                    base.refusal(500, message)):
                self.daemon.on(*HAS_IMAGE, NO_IMAGE)
                self.daemon.on(*PULL, answer)
                self.assertEqual(
                    'Error: resources.web: The image busybox:1 cannot be '
                    'pulled. Docker at %s: %s' % (base.URL, message),
                    self.fail_task(self.make_resource().create))

    def test_pull_that_stalls(self):
        clock = self.set_clock(background)
        told = threading.Event()
        self.addCleanup(told.set)
        arrived = threading.Event()
        self.serve_create(NO_IMAGE)
        self.serve_pull(
            b'{"status": "Downloading", "id": "a", "progressDetail": '
            b'{"current": 5000000, "total": 20000000}}\r\n',
            arrived.set, lambda: told.wait(20))
        made = self.make_resource()
        task = scheduler.TaskRunner(made.create)
        task.start()
        task.step()
        self.assertTrue(arrived.wait(20))
        [pull] = background._PULLS.values()
        clock.now += 301
        self.assertRaises(exception.ResourceFailure, task.run_to_completion)
        self.assertIn('The image busybox:1 cannot be pulled. No progress for '
                      '301 s: 25%, 5 of 20 MB',
                      made.status_reason)
        self.assert_plain(made.status_reason)
        self.assertEqual((0, {}), (pull.users, background._PULLS))


class AwayTestCase(ProvideTestCase):
    """A daemon that becomes unreachable during a pull."""

    def setUp(self):
        super().setUp()
        self.clock = self.set_clock(plan)
        self.daemon.on(*HAS_IMAGE, NO_IMAGE)

    def test_pulled_again(self):
        self.serve_create(NO_IMAGE, NO_IMAGE, CREATED)
        self.daemon.on(*PULL, LOST, PULLED)
        self.serve_run()
        self.run_task(self.make_resource().create)
        self.assertEqual(2, len(self.daemon.sent(*PULL)))
        self.assertIn('Waiting for it', str(self.reasons))

    def test_pulled_when_it_is_back(self):
        """The pull can take any time up to the resource's timeout."""
        self.serve_create(NO_IMAGE, *9 * [REFUSED], NO_IMAGE, CREATED)
        self.daemon.on(*PULL, LOST, PULLED)
        self.serve_run()
        self.run_task(self.make_resource().create)
        self.assertEqual(2, len(self.daemon.sent(*PULL)))

    def test_pulled_three_times(self):
        for policy, answers in (('missing', [NO_IMAGE]),
                                ('always', [CREATED])):
            self.forget()
            self.serve_create(*answers)
            self.daemon.on(*PULL, LOST)
            made = self.make_resource(pull_policy=policy)
            reason = self.fail_task(made.create)
            self.assertIn('The image busybox:1 cannot be pulled. Docker at '
                          '%s cannot be reached' % base.URL, reason)
            self.assertEqual(3, len(self.daemon.sent(*PULL)))

    def test_always_waits_for_a_daemon(self):
        """A daemon that is not installed yet is not pulling the image."""
        self.daemon.go_away(9)
        self.serve_create()
        self.serve_run()
        self.daemon.on(*PULL, PULLED)
        made = self.make_resource(pull_policy='always')
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)
        self.assertEqual(1, len(self.daemon.sent(*PULL)))
        self.assertEqual(
            1, str(self.reasons).count('Waiting for it'), self.reasons)

    def test_answers_are_told_of_who_answers(self):
        """A started thread does not show whether the daemon responds."""
        self.daemon.on(*PULL, LOST, LOST, PULLED)
        self.serve_create()
        self.serve_run()
        told = []
        made = self.make_resource(pull_policy='always')
        add_event = made.add_event

        def keep(reason):
            told.append((str(reason), len(self.daemon.sent(*CREATE))))
            add_event(reason)

        self.patch(made, 'add_event', keep)
        self.run_task(made.create)
        self.assertEqual([1], [created for reason, created in told
                               if ' responded after ' in reason], told)


class PolicyTestCase(ProvideTestCase):
    """The property pull_policy."""

    def create(self, policy, *answers):
        self.serve_create(*answers)
        self.serve_run()
        self.daemon.on(*PULL, PULLED)
        made = self.make_resource({'pull_policy': policy} if policy else {})
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)
        return self.daemon.requests

    def test_missing_pulls_what_is_not_there(self):
        for policy in ('missing', None):
            self.forget()
            self.assertEqual([CREATE, START, INSPECT],
                             self.create(policy))

    def test_always_pulls(self):
        self.assertEqual([PULL, CREATE, START, INSPECT],
                         self.create('always'))
        self.assertEqual(['Pulling busybox:1', 'Pulled busybox:1 in 0 s'],
                         self.reasons)

    def test_always_pulls_once(self):
        self.assertEqual([PULL, CREATE, CREATE, START, INSPECT],
                         self.create('always', LOST, CREATED))

    def test_always_and_not_there(self):
        self.serve_create(NO_IMAGE)
        self.daemon.on(*PULL, base.refusal(404, 'manifest unknown'))
        made = self.make_resource(pull_policy='always')
        self.assertIn('manifest unknown', self.fail_task(made.create))
        self.assertEqual([PULL], self.daemon.requests)

    def test_never_pulls(self):
        self.assertEqual([CREATE, START, INSPECT],
                         self.create('never'))

    def test_never_and_not_there(self):
        self.serve_create(NO_IMAGE)
        self.daemon.on(*HAS_IMAGE, NO_IMAGE)
        made = self.make_resource(pull_policy='never')
        self.assertIn('No such image: busybox:1, and pull_policy is never',
                      self.fail_task(made.create))
        self.assertEqual([CREATE, HAS_IMAGE], self.daemon.requests)

    def test_never_and_something_else_not_there(self):
        self.serve_create(base.refusal(404, 'No such container: wiki-db'))
        self.daemon.on(*HAS_IMAGE, {'json': {'Id': 'x'}})
        made = self.make_resource(pull_policy='never')
        reason = self.fail_task(made.create)
        self.assertIn('No such container: wiki-db', reason)
        self.assertNotIn('pull_policy', reason)

    def test_change_is_made_in_place(self):
        made = self.make_running()
        for policy in ('always', 'never', 'missing'):
            self.update(made, pull_policy=policy)
        self.update(made)
        self.assertEqual([], self.daemon.requests)

    def test_not_allowed_is_not_pulled(self):
        """The image may be known only at the create."""
        self.configure(allowed_registries=['r.test'])
        made = self.make_resource(pull_policy='always')
        self.serve_create()
        self.daemon.on(*PULL, PULLED)
        self.assertIn('option allowed_registries',
                      self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)


class AuthTestCase(ProvideTestCase):
    """The property registry_auth."""

    AUTH = {'username': 'me', 'password': 'hunter2'}

    def pull(self, image, auth):
        """Return the credentials in a pull request."""
        self.serve_create(NO_IMAGE, CREATED)
        self.serve_run()
        self.daemon.on(*PULL, PULLED)
        self.daemon.on('GET', '/images/%s/json' % image.replace(
            '/', '%2F').replace(':', '%3A'), NO_IMAGE)
        self.run_task(self.make_resource(
            {} if auth is None else {'registry_auth': auth},
            image=image).create)
        sent = self.daemon.sent(*PULL)[-1]
        for other in self.daemon.history:
            if other is not sent._request and other.path != sent.path:
                self.assertNotIn('X-Registry-Auth', other.headers)
        return json.loads(base64.urlsafe_b64decode(
            sent.headers['X-Registry-Auth']))

    def test_no_credentials_by_default(self):
        self.assertEqual({}, self.pull('busybox:1', None))

    def test_null_means_no_credentials(self):
        """A condition in a template may result in null."""
        for null in (None, {}):
            self.make_resource(registry_auth=null).validate()
            self.serve_create()
            self.serve_run()
            self.run_task(self.make_resource(registry_auth=null).create)
            [sent] = self.daemon.sent(*CREATE)
            self.assertNotIn('X-Registry-Auth', sent.headers)
            self.daemon.reset()

    def test_credentials_are_sent_to_the_registry(self):
        for image, auth, expected in (
                ('busybox:1', self.AUTH, {**self.AUTH, 'serveraddress': HUB}),
                ('me/web', dict(self.AUTH, server_address='docker.io'),
                 {**self.AUTH, 'serveraddress': HUB}),
                ('r.test:5000/web', self.AUTH,
                 {**self.AUTH, 'serveraddress': 'r.test:5000'}),
                ('r.test/web',
                 dict(self.AUTH, server_address='https://r.test/v2/'),
                 {**self.AUTH, 'serveraddress': 'r.test'}),
                ('r.test/web', {'identity_token': 'hunter2'},
                 {'identitytoken': 'hunter2', 'serveraddress': 'r.test'})):
            self.assertEqual(expected, self.pull(image, auth))

    def test_not_sent_without_a_pull(self):
        self.serve_create()
        self.serve_run()
        self.run_task(self.make_resource(registry_auth=self.AUTH).create)
        for sent in self.daemon.history:
            self.assertNotIn('X-Registry-Auth', sent.headers)

    def test_for_another_registry(self):
        made = self.make_resource(
            registry_auth=dict(self.AUTH, server_address='r.test'))
        ex = self.assertRaises(exception.StackValidationFailed,
                               made.validate)
        self.assertIn('registry_auth: the credentials are for r.test, but '
                      'the image is from %s' % HUB, str(ex))
        self.assertNotIn('hunter2', str(ex))

    def test_for_another_registry_at_the_create(self):
        """The image may be known only then."""
        self.serve_create(NO_IMAGE)
        self.daemon.on(*HAS_IMAGE, NO_IMAGE)
        made = self.make_resource(
            registry_auth=dict(self.AUTH, server_address='r.test'))
        self.assertIn('the credentials are for r.test',
                      self.fail_task(made.create))
        self.assertEqual([], self.daemon.sent(*PULL))

    def test_for_an_image_without_a_registry(self):
        made = self.make_resource(image='sha256:' + 64 * 'a',
                                  registry_auth=self.AUTH)
        ex = self.assertRaises(exception.StackValidationFailed,
                               made.validate)
        self.assertIn('registry_auth: ', str(ex))
        self.assertNotIn("''", str(ex))

    def test_change_is_made_in_place(self):
        made = self.make_running(registry_auth=self.AUTH)
        for auth in (dict(self.AUTH, password='hunter3'),
                     {'identity_token': 'x'}):
            self.update(made, registry_auth=auth)
        self.update(made)
        self.assertEqual([], self.daemon.requests)

    def test_refused_by_the_registry(self):
        self.serve_create(NO_IMAGE)
        self.serve_pull(b'{"errorDetail": {"message": "unauthorized: '
                        b'incorrect username or password"}}')
        made = self.make_resource(registry_auth=self.AUTH)
        reason = self.fail_task(made.create)
        self.assertIn('unauthorized: incorrect username or password', reason)
        self.assertNotIn('hunter2', '%s %s %s' % (reason, self.reasons,
                                                  self.log.output))
