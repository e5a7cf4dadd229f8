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

"""Copies of a volume's files, made through helpers that never run."""

import errno
import json
import threading

import requests

from heat_docker import background
from heat_docker import client
from heat_docker import endpoint
from heat_docker import errors
from heat_docker.api import containers
from heat_docker.lifecycle import plan
from heat_docker.lifecycle import volume_copies
from tests.unit import base
from tests.unit import servers

LOST = {'exc': requests.exceptions.ReadTimeout}
GONE = base.refusal(404, 'get before: no such volume')
SOURCE = ('GET', '/volumes/before')
EMPTY = ('POST', '/images/create')


class ConnectionsTestCase(base.TestCase):

    def test_each_request_of_a_copy_has_a_connection_and_a_budget(self):
        """What the answer to one may take is not for the other one."""
        self.configure(denied_networks=[])
        self.patch(containers, '_COPY_TIMEOUT', 10.0)
        archive = 300 * 1024 * b'x'

        def answer(line):
            if b' /version ' in line:
                return servers.http(servers.VERSION)
            if b'GET /v1.41/containers/giver/archive' in line:
                return servers.http(archive)
            if b'PUT ' in line:
                return 90 * (b'HTTP/1.1 100 Continue\r\n'
                             b'A: %s\r\n\r\n' % (8000 * b'x'))
            if b'/containers/create' in line:
                return servers.http({'Id': next(helpers), 'Warnings': []})
            return servers.http({'Id': 'x', 'Name': 'a'})

        helpers = iter(('giver', 'taker'))
        server = self.useFixture(servers.Server(answer))
        with client.DockerClient(endpoint.parse(server.url)) as docker:
            self.assertIn('too long', str(self.assertRaises(
                errors.Failed, volume_copies.copy_files, docker, 'a', 'b',
                {}, lambda docker: None)))
        self.assertGreater(server.accepted, 1)


class CopyTestCase(base.VolumeTestCase):
    """The copy for the property source_volume."""

    def setUp(self):
        super().setUp()
        self.daemon.on(*SOURCE, {'json': {'Name': 'before'}})

    def make_copy(self, **properties):
        return self.make_resource(source_volume='before', **properties)

    def copy(self, **properties):
        made = self.make_copy(**properties)
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)
        return made

    def test_files_are_copied(self):
        self.serve_copy(b'one', b'two')
        self.copy()
        self.assertEqual(
            [self.CREATE, self.HELPERS, SOURCE, self.HAS_EMPTY, self.HELP,
             self.HELP, self.TAKE, self.GIVE, *self.LEAVE],
            self.daemon.requests)
        self.assertEqual([b'onetwo'], self.copied)

    def test_helpers_have_one_volume_each(self):
        self.serve_copy()
        made = self.copy()
        bodies = [sent.json() for sent in self.daemon.sent(*self.HELP)]
        for body, volume in zip(bodies, ('before', 'data'), strict=True):
            self.assertEqual(
                {'Image': 'localhost/heat-docker/empty:latest',
                 'Cmd': ['none'], 'NetworkDisabled': True,
                 'Labels': {
                     **dict.fromkeys(made.object.owner.labels, ''),
                     'org.openstack.heat.project_id': 'test_tenant_id',
                     'org.openstack.heat.helper_of':
                         '%s/web' % self.stack.id},
                 'HostConfig': {'NetworkMode': 'none', 'Mounts': [
                     {'Type': 'volume', 'Source': volume, 'Target': '/volume',
                      'VolumeOptions': {'NoCopy': True}}]}}, body)
        [given], [taken] = (self.daemon.sent(*request)
                            for request in (self.GIVE, self.TAKE))
        self.assertEqual(({'path': ['/volume/.']}, {'path': ['/volume']}),
                         (given.qs, taken.qs))
        for leave in self.LEAVE:
            [removed] = self.daemon.sent(*leave)
            self.assertEqual({'v': ['0'], 'force': ['0']}, removed.qs)

    def test_helpers_never_run(self):
        self.serve_copy()
        self.copy()
        self.assertNotIn('/start', str(self.daemon.requests))

    def test_empty_image_is_made_once(self):
        self.serve_copy()
        self.daemon.on(*self.HAS_EMPTY,
                       base.refusal(404, 'No such image: empty'))
        self.daemon.on(*EMPTY, {'text': '{"status": "sha256:1"}'})
        self.copy()
        [sent] = self.daemon.sent(*EMPTY)
        self.assertEqual(
            ({'fromSrc': ['-'], 'repo': ['localhost/heat-docker/empty'],
              'tag': ['latest']}, bytes(1024)), (sent.qs, sent.body))

    def test_source_is_missing(self):
        """Docker would create a missing source."""
        self.serve_copy()
        self.daemon.on(*SOURCE, GONE)
        self.assertIn('get before: no such volume',
                      self.fail_task(self.make_copy().create))
        self.assertNotIn(self.HELP, self.daemon.requests)
        self.assertEqual(1, len(self.daemon.sent(*self.CREATE)))

    def test_limited_by_max_snapshot_bytes(self):
        self.configure(max_snapshot_bytes=6)
        self.serve_copy(b'one', b'two')
        self.copy()
        self.serve_copy(b'one', b'two', b'3',
                        lambda: self.fail('It was read to its end'))
        self.assertEqual(
            'Error: resources.web: The files of the volume take more than 6 '
            'bytes (operator option max_snapshot_bytes)',
            self.fail_task(self.make_copy().create))
        self.assertEqual([], self.copied)
        self.assertEqual(self.LEAVE, self.daemon.requests[-2:])

    def test_helpers_are_removed_when_it_fails(self):
        def breaks():
            raise ConnectionResetError(errno.ECONNRESET, 'reset')

        for request, answer in (
                (self.GIVE, base.refusal(500, 'input/output error')),
                (self.TAKE, base.refusal(500, 'no space left')),
                (self.GIVE, {'raw': base.chunked(b'a', breaks)})):
            self.serve_copy(b'one')
            self.daemon.on(*request, answer)
            self.fail_task(self.make_copy(endpoint_timeout=0).create)
            self.assertEqual(self.LEAVE, self.daemon.requests[-2:])
            self.forget()

    def test_second_helper_refused(self):
        self.serve_copy()
        self.daemon.on(*self.HELP, {'status_code': 201, 'json': {
            'Id': 'giver'}}, base.refusal(400, 'invalid mount'))
        self.assertIn('invalid mount',
                      self.fail_task(self.make_copy().create))
        self.assertEqual(self.LEAVE[1:], self.daemon.requests[-1:])

    def test_helper_cannot_be_removed(self):
        """The files are copied anyway."""
        self.serve_copy(b'one')
        self.daemon.on(*self.LEAVE[0], base.refusal(500, 'device is busy'))
        self.copy()
        self.assertEqual([b'one'], self.copied)
        self.assertIn(self.LEAVE[1], self.daemon.requests)

    def test_helpers_of_an_engine_that_was_killed(self):
        self.serve_found('left1', 'left2')
        for answer in (204, base.refusal(404, 'No such container: left'),
                       base.refusal(409, 'removal of container left is '
                                    'already in progress'),
                       # The container is running, so it cannot be a helper.
                       base.refusal(409, 'You cannot remove a running '
                                    'container')):
            self.serve_copy()
            self.daemon.on('DELETE', '/containers/left1', answer)
            self.daemon.on('DELETE', '/containers/left2', answer)
            self.copy()
            [sent] = self.daemon.sent(*self.HELPERS)
            # Any user can give an image the label helper_of.
            self.assertEqual(
                {'org.openstack.heat.%s=%s' % pair for pair in {
                    'helper_of': '%s/web' % self.stack.id, 'copy_of': '',
                    'snapshot_of': '', 'project_id': 'test_tenant_id',
                    'stack_id': '', 'stack_name': '', 'resource_id': '',
                    'resource_name': ''}.items()},
                set(json.loads(sent.qs['filters'][0])['label']))
            for left in ('left1', 'left2'):
                [sent] = self.daemon.sent('DELETE', '/containers/' + left)
                self.assertEqual({'v': ['0'], 'force': ['0']}, sent.qs)
            self.forget()

    def test_helpers_go_with_the_volume(self):
        self.serve_copy()
        made = self.copy()
        self.serve_remove(made)
        self.serve_found('left')
        self.daemon.on('DELETE', '/containers/left', 204)
        self.forget()
        self.run_task(made.delete)
        self.assertEqual(
            [self.HELPERS, ('DELETE', '/containers/left'), self.INSPECT,
             self.REMOVE], self.daemon.requests)

    def test_takes_time(self):
        """The worker does other things in the meantime."""
        self.patch(background.Task, 'WAIT', 0.001)
        go_on = threading.Event()
        self.serve_copy(b'one', lambda: self.assertTrue(go_on.wait(20)))
        made = self.make_copy()
        polls = self.record_create_polls(made, go_on)
        self.run_task(made.create)
        self.assertFalse(any(polls[:3]))
        self.assertEqual(1, len(self.daemon.sent(*self.TAKE)))

    def test_answers_lost(self):
        """The copy starts over with its own helpers."""
        for request in (SOURCE, self.HAS_EMPTY, self.GIVE, self.TAKE):
            self.serve_copy(b'one')
            self.daemon.on(*SOURCE, {'json': {'Name': 'before'}})
            if request == self.TAKE:
                self.lose_take()
            elif request == self.GIVE:
                self.daemon.on(*request, LOST, {'raw': base.chunked(b'one')})
            else:
                self.daemon.on(*request, LOST, {
                    'json': {'Id': 'x', 'Name': 'before'}})
            self.copy()
            self.assertEqual([b'one'], self.copied, request)
            self.assertEqual(2, len(self.daemon.sent(*self.HELPERS)))
            self.assertEqual(1, len(self.daemon.sent(*self.CREATE)))
            self.forget()

    def lose_take(self):
        def put(request, context):
            self.copied.append(b''.join(request.body))
            return ''

        self.daemon.on(*self.TAKE, LOST, {'text': put})

    def test_daemon_away(self):
        self.set_clock(plan, step=200.0)
        self.serve_copy()
        self.daemon.on(*SOURCE, {'exc': requests.exceptions.ConnectTimeout})
        self.assertIn('cannot be reached',
                      self.fail_task(self.make_copy().create))

    def test_cancelled_create_stops_copying(self):
        """The copy stops with the action, however slow the daemon is."""
        self.serve_copy(b'one')
        made = self.make_copy()
        self.assertEqual(1, len(self.broken_off(self.GIVE, made.create)))

    def test_cancelled_update_stops_copying(self):
        self.serve_copy(b'one')
        self.daemon.on(*self.TAKE, base.refusal(500, 'no space left'))
        made = self.make_copy()
        self.fail_task(made.create)
        self.serve_copy(b'one')
        self.daemon.on(*self.INSPECT, self.shown(made))
        after = made.t.freeze(properties=self.properties(
            source_volume='before'))
        self.assertEqual(1, len(self.broken_off(
            self.GIVE, lambda: made.update(after))))

    def test_cancelled_snapshot_stops_copying(self):
        made = self.make_made()
        self.serve_copy(b'one')
        self.daemon.on(*self.INSPECT, self.shown(made))
        self.assertEqual(1, len(self.broken_off(self.GIVE, made.snapshot)))

    def test_cancelled_delete_stops_copying(self):
        made = self.make_made(template=self.template(
            {}, deletion_policy='Snapshot'))
        self.serve_copy(b'one')
        self.daemon.on(*self.INSPECT, self.shown(made))
        self.assertEqual(1, len(self.broken_off(self.GIVE, made.delete)))

    def test_not_copied_is_not_complete(self):
        """An update must not mistake an empty volume for the copy."""
        self.serve_copy(b'one')
        self.daemon.on(*self.TAKE, base.refusal(500, 'no space left'))
        made = self.make_copy()
        self.fail_task(made.create)
        self.forget()
        self.serve_copy(b'one')
        self.daemon.on(*self.INSPECT, self.shown(made))
        self.update(made, source_volume='before')
        self.assertEqual([b'one'], self.copied)
