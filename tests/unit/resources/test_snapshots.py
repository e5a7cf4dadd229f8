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

"""Images that store the files of a container."""

import json
import threading

import requests

from heat_docker import background
from heat_docker import budgets
from heat_docker.api import containers
from heat_docker.lifecycle import container_snapshots
from heat_docker.lifecycle import plan
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
COMMIT = ('POST', '/commit')
STOP = ('POST', base.ContainerTestCase.PATH + '/stop')
REMOVE = ('DELETE', base.ContainerTestCase.PATH)


class SnapshotTestCase(base.ContainerTestCase):

    def snapshot(self, **properties):
        """Return a resource with a snapshot, and the data of the snapshot."""
        if properties.get('pull_policy') == 'always':
            self.daemon.on('POST', '/images/create', {'text': '{}'})
        made = self.make_running(properties or {'env': ['A=b'], 'memory': 5})
        self.daemon.on(*COMMIT, {'status_code': 201,
                                 'json': {'Id': 'sha256:1'}})
        self.run_task(made.snapshot)
        self.assertEqual(('SNAPSHOT', 'COMPLETE'), made.state)
        return made, {'resource_data': dict(made.data())}

    def test_snapshot_commits_a_uniquely_tagged_image(self):
        made, kept = self.snapshot()
        [sent] = self.daemon.sent(*COMMIT)
        [tag] = sent.qs['tag']
        self.assertEqual([base.ID], sent.qs['container'])
        self.assertEqual(
            'localhost/heat-snapshot/%s-web:%s'
            % (self.stack.name.lower(), tag),
            kept['resource_data']['snapshot_image'])
        self.assertRegex(sent.qs['repo'][0],
                         '^localhost/heat-snapshot/[a-z0-9-]+$')
        self.assertRegex(tag, '^snapshot-[a-z0-9]+$')
        self.assertIn('kept as the image localhost/heat-snapshot/',
                      self.reasons[-1])
        self.assertEqual(3600.0, sent.timeout[1])

    def assertRegex(self, text, pattern):  # noqa: N802
        self.assertThat(text, base.testtools.matchers.MatchesRegex(pattern))

    def test_snapshots_have_names_of_their_own(self):
        made, kept = self.snapshot()
        self.run_task(made.snapshot)
        self.assertNotEqual(kept['resource_data'], made.data())

    def test_commit_takes_time(self):
        """The worker does other things in the meantime."""
        self.patch(background.Task, 'WAIT', 0.001)
        go_on = threading.Event()
        polls = []

        def commit(request, context):
            go_on.wait(20)
            context.status_code = 201
            return '{"Id": "sha256:1"}'

        made = self.make_running()
        advance = type(made).check_snapshot_complete

        def poll(progress):
            polls.append(advance(made, progress))
            if len(polls) > 2:
                go_on.set()
            return polls[-1]

        self.patch(made, 'check_snapshot_complete', poll)
        self.daemon.on(*COMMIT, {'text': commit})
        self.run_task(made.snapshot)
        self.assertEqual(1, len(self.daemon.sent(*COMMIT)))
        self.assertFalse(any(polls[:3]))

    def test_commit_is_cancelled(self):
        made = self.make_running()
        self.assertEqual(1, len(self.broken_off(COMMIT, made.snapshot)))

    def test_commit_of_a_delete_is_cancelled(self):
        made = self.deleted(201)
        self.assertEqual(1, len(self.broken_off(COMMIT, made.delete)))

    def test_commit_refused(self):
        made = self.make_running()
        self.daemon.on(*COMMIT, base.refusal(500, 'no space left'))
        self.assertIn('no space left', self.fail_task(made.snapshot))
        self.assertNotIn('snapshot_image', made.data())

    def test_commit_answer_lost(self):
        """The commit ends, with or without success."""
        made = self.make_running(endpoint_timeout=0)
        self.daemon.on(*COMMIT, LOST)
        self.fail_task(made.snapshot)
        self.assertEqual(1, len(self.daemon.sent(*COMMIT)))

    def test_commit_daemon_away(self):
        """A started thread does not show whether the daemon responds."""
        self.patch(background.Task, 'WAIT', 0.001)
        self.set_clock(plan, step=25.0)
        polled = threading.Semaphore(0)
        made = self.make_running()
        advance = type(made).check_snapshot_complete

        def poll(progress):
            try:
                return advance(made, progress)
            finally:
                polled.release()

        def away(request, context):
            # Not before the first poll has returned.
            while polled.acquire(blocking=False):
                pass
            polled.acquire(timeout=20)
            if len(self.daemon.sent(*COMMIT)) < 6:
                raise requests.exceptions.ConnectTimeout
            context.status_code = 500
            return '{"message": "too late"}'

        self.patch(made, 'check_snapshot_complete', poll)
        self.daemon.on(*COMMIT, {'text': away})
        self.assertIn('cannot be reached', self.fail_task(made.snapshot))
        self.assertEqual(1, str(self.reasons).count('Waiting for it'))
        self.assertNotIn(' responded after ', str(self.reasons))

    def test_commit_breaks(self):
        """A thread that ends is not a success."""
        made = self.make_running()
        self.patch(containers.Containers, 'commit', None)
        self.fail_task(made.snapshot)

    def test_delete_snapshot(self):
        made, kept = self.snapshot()
        image = kept['resource_data']['snapshot_image']
        path = '/images/' + image.replace('/', '%2F').replace(':', '%3A')
        for answer in ({'json': []}, base.refusal(404, 'No such image')):
            self.forget()
            self.daemon.on('DELETE', path, answer)
            self.run_task(lambda: made.delete_snapshot(kept))
            self.assertEqual([('DELETE', path)], self.daemon.requests)

    def test_delete_snapshot_without_an_image(self):
        made = self.make_running()
        self.run_task(lambda: made.delete_snapshot({'resource_data': {}}))
        self.assertEqual([], self.daemon.requests)

    def test_restore_uses_the_snapshot_image(self):
        made, kept = self.snapshot()
        restored = made.handle_restore(made.t, kept)
        self.assertEqual(
            self.properties(env=['A=b'], memory=5, pull_policy='never',
                            image=kept['resource_data']['snapshot_image']),
            dict(restored.properties(made.properties_schema,
                                     made.context).data))

    def test_restore_of_an_external_container(self):
        """External containers are not part of snapshots, and do not change."""
        self.serve_inspect()
        made = self.make_resource(template=self.template(
            {}, external_id=base.ID))
        self.run_task(made.create)
        self.run_task(made.snapshot)
        restored = made.handle_restore(
            made.t, {'resource_data': dict(made.data())})
        self.assertEqual(made.t.freeze(), restored.freeze())

    def restored(self, image='busybox:1', **properties):
        """Return a resource of a restored stack."""
        made, kept = self.snapshot(image=image, **properties)
        values = made.handle_restore(made.t, kept).properties(
            made.properties_schema, made.context).data
        self.forget()
        self.daemon.on('POST', '/images/create', base.refusal(
            404, 'pull access denied'))
        restored = self.make_resource(values)
        restored.validate()
        self.run_task(restored.create)
        self.assertEqual(
            kept['resource_data']['snapshot_image'],
            self.daemon.sent('POST', '/containers/create')[0].json()['Image'])
        return restored

    def test_restored_is_not_pulled(self):
        """No registry has it."""
        for policy in ('missing', 'always', 'never'):
            self.restored(pull_policy=policy)
            self.assertNotIn(('POST', '/images/create'),
                             self.daemon.requests)

    def test_restored_is_of_no_registry(self):
        """The image belongs to no registry, so registry rules do not apply."""
        auth = {'username': 'me', 'password': 'x', 'server_address': 'r.test'}
        self.restored('r.test/web:1', registry_auth=auth)

    def test_restored_is_allowed(self):
        """The image of the original container was allowed."""
        self.configure(allowed_registries=['r.test'])
        self.restored('r.test/web:1')

    def deleted(self, *answers):
        made = self.make_running(template=self.template(
            {}, deletion_policy='Snapshot'))
        self.daemon.on(*COMMIT, *answers)
        self.serve_stop()
        self.serve_remove()
        return made

    def test_deletion_policy(self):
        made = self.deleted(201)
        self.run_task(made.delete)
        self.assertEqual([COMMIT, STOP, REMOVE], self.daemon.requests)
        self.assertNotIn('snapshot_image', made.data())

    def test_deletion_policy_and_the_stack_goes(self):
        """The saved image stays, whichever container had the name."""
        made = self.deleted(201)
        self.stack.action = self.stack.DELETE
        listed = [self.image('web', 'localhost/heat-snapshot/s-web:replaced')]
        self.daemon.on('GET', '/images/json', {
            'json': lambda request, context: listed + [
                self.image('web', '%s:%s' % (sent.qs['repo'][0],
                                             sent.qs['tag'][0]))
                for sent in self.daemon.sent(*COMMIT)]})
        self.run_task(made.delete)
        self.assertEqual([COMMIT, STOP, REMOVE, ('GET', '/images/json')],
                         self.daemon.requests)

    def test_deletion_policy_and_commit_refused(self):
        """A container that cannot be saved is not deleted."""
        made = self.deleted(base.refusal(500, 'no space left'))
        self.assertIn('no space left', self.fail_task(made.delete))
        self.assertEqual([COMMIT], self.daemon.requests)

    def test_deletion_policy_and_gone(self):
        made = self.deleted(base.refusal(404, 'No such container'))
        self.serve_stop(base.refusal(404, 'No such container'))
        self.serve_remove(base.refusal(404, 'No such container'))
        self.run_task(made.delete)
        self.assertEqual([COMMIT, STOP, REMOVE], self.daemon.requests)

    def test_deletion_policy_and_another_projects_by_now(self):
        """The image would get our labels, and this project could use it."""
        made = self.deleted(201)
        self.configure(daemons='shared')
        self.serve_inspect(self.inspected(Labels={
            'org.openstack.heat.project_id': 'another'}))
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual([], self.daemon.changes)

    def test_deletion_policy_of_a_daemon_that_is_given_up(self):
        """A forgotten endpoint gets no request, even for data to retain."""
        made = self.deleted(201)
        self.configure(forgotten_endpoints=[base.URL])
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.history)

    def test_snapshots_go_with_the_stack(self):
        made = self.make_running()
        self.stack.action = self.stack.DELETE
        self.serve_stop()
        self.serve_remove()
        self.daemon.on('GET', '/images/json', {'json': [
            self.image('web', 'localhost/heat-snapshot/a:snapshot-1',
                       'mine:snapshot-1',
                       'localhost/heat-snapshot/b:snapshot-2'),
            self.image('db', 'localhost/heat-snapshot/c:snapshot-3'),
            {'Id': 'sha256:2', 'RepoTags': None, 'Labels': None}]})
        removals = [('DELETE', '/images/localhost%2Fheat-snapshot%2F' + tag)
                    for tag in ('a%3Asnapshot-1', 'b%3Asnapshot-2')]
        self.daemon.on(*removals[0], base.refusal(404, 'No such image'))
        self.daemon.on(*removals[1], {'json': []})
        self.run_task(made.delete)
        self.assertEqual([STOP, REMOVE, ('GET', '/images/json'), *removals],
                         self.daemon.requests)
        [sent] = self.daemon.sent('GET', '/images/json')
        self.assertEqual(
            {'label': ['org.openstack.heat.stack_id=%s' % self.stack.id]},
            json.loads(sent.qs['filters'][0]))

    def image(self, resource, *tags):
        """Return an image of a resource as the daemon lists it."""
        return {'Id': 'sha256:1', 'RepoTags': list(tags), 'Labels': {
            'org.openstack.heat.resource_name': resource}}

    def deleted_with_its_stack(self, traversal):
        """Delete the resource, and return how often images were listed."""
        made = self.make_running()
        self.stack.action = self.stack.DELETE
        self.stack.id, self.stack.current_traversal = 's', traversal
        self.serve_stop()
        self.serve_remove()
        self.run_task(made.delete)
        return len(self.daemon.sent('GET', '/images/json'))

    def test_images_of_a_stack_are_listed_once(self):
        self.patch(container_snapshots, '_LISTED', {})
        self.daemon.on('GET', '/images/json', {'json': [
            self.image('web', 'localhost/heat-snapshot/a:snapshot-1')]})
        removal = ('DELETE',
                   '/images/localhost%2Fheat-snapshot%2Fa%3Asnapshot-1')
        self.daemon.on(*removal, {'json': []})
        for traversal, listed in (('t1', 1), ('t1', 0), ('t2', 1), ('', 1),
                                  ('', 1), (None, 1)):
            self.assertEqual(listed, self.deleted_with_its_stack(traversal))
            self.assertEqual(1, len(self.daemon.sent(*removal)))

    def test_images_of_a_stack_are_listed_again_after_a_minute(self):
        self.patch(container_snapshots, '_LISTED', {})
        self.daemon.on('GET', '/images/json', {'json': []})
        clock = self.set_clock(container_snapshots)
        for seconds, listed in ((0, 1), (59, 0), (2, 1)):
            clock.now += seconds
            self.assertEqual(listed, self.deleted_with_its_stack('t'))
        clock.now += 61
        self.deleted_with_its_stack('other')
        self.assertEqual(1, len(container_snapshots._LISTED))

    def test_what_no_snapshot_needs_is_not_kept(self):
        self.patch(container_snapshots, '_LISTED', {})
        names = ['localhost/heat-snapshot/' + name for name in (
            'a:snapshot-1', 'a:mine', 'a:snapshot-1 2', 513 * 'a')]
        self.daemon.on('GET', '/images/json', {'json': [
            {**self.image('db', *names, 'x:snapshot-1'), 'More': 9 * 'x'},
            *({'Id': 'sha256:%d' % n} for n in range(100))]})
        self.deleted_with_its_stack('t')
        [(_when, kept)] = container_snapshots._LISTED.values()
        self.assertEqual({'db': names[:1]}, kept)

    def test_too_many_snapshots_are_not_kept(self):
        self.patch(container_snapshots, '_LISTED', {})
        self.patch(budgets, 'SNAPSHOTS', 2)
        self.daemon.on('GET', '/images/json', {'json': [
            self.image('db', *('localhost/heat-snapshot/a:snapshot-%d' % n
                               for n in range(3)))]})
        for _again in range(2):
            self.assertEqual(1, self.deleted_with_its_stack('t'))
        self.assertEqual({}, container_snapshots._LISTED)

    def test_lists_of_images_are_forgotten(self):
        self.patch(container_snapshots, '_LISTED', {})
        self.patch(budgets, 'SNAPSHOT_STACKS', 2)
        self.daemon.on('GET', '/images/json', {'json': []})
        for traversal in 'abcd':
            self.deleted_with_its_stack(traversal)
        self.assertLessEqual(len(container_snapshots._LISTED), 2)
