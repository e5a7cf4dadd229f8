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

"""Features that only Heat offers for a container."""

import json
import uuid

from heatclient import exc as heat_errors
from keystoneclient.v3 import client as keystone_client
import requests
import yaml

from tests.functional import base
from tests.functional import proxy


class SignalsTest(base.FunctionalTest):

    def signal(self, stack_id, **details):
        self.heat.resources.signal(stack_id, 'web', data=details)

    def test_restart(self):
        stack_id, before = self.create_container()
        self.signal(stack_id, action='restart')
        base.wait_until(
            lambda: self.inspect(stack_id)['State']['StartedAt']
            != before['State']['StartedAt'], 'a restart')
        self.assertEqual(before['Id'], self.inspect(stack_id)['Id'])

    def test_pause_and_unpause(self):
        stack_id, _inspected = self.create_container()
        self.signal(stack_id, action='pause')
        base.wait_until(lambda: self.inspect(stack_id)['State']['Paused'],
                        'a pause')
        self.signal(stack_id, action='unpause')
        base.wait_until(
            lambda: not self.inspect(stack_id)['State']['Paused'],
            'the end of the pause')

    def test_stop_and_start(self):
        """A check accepts a container that a signal has stopped."""
        stack_id, before = self.create_container()
        self.signal(stack_id, action='stop')
        base.wait_until(lambda: 'stopped' in self.reasons(stack_id),
                        'an event')
        self.assertEqual('exited', self.inspect(stack_id)['State']['Status'])
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.signal(stack_id, action='start')
        base.wait_until(lambda: self.inspect(stack_id)['State']['Running'],
                        'a start')
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.assertEqual(before['Id'], self.inspect(stack_id)['Id'])
        self.docker.stop(before['Id'])
        self.act(stack_id, 'check', 'CHECK_FAILED')

    def test_kill(self):
        stack_id, _inspected = self.create_container(
            cmd=['sh', '-c', 'trap "echo got it" HUP; trap "exit 0" TERM; '
                 'while :; do sleep 0.1; done'])
        self.signal(stack_id, action='kill', signal='SIGHUP')
        base.wait_until(
            lambda: 'got it' in self.resource(stack_id).attributes['logs'],
            'the signal')

    def test_exec(self):
        stack_id, _inspected = self.create_container()
        self.signal(stack_id, action='exec',
                    command='sh -c "echo hello; exit 3"')
        base.wait_until(
            lambda: 'exit code 3: hello' in self.reasons(stack_id),
            'an event')

    def test_unknown(self):
        stack_id, before = self.create_container()
        self.signal(stack_id, action='fly')
        base.wait_until(lambda: 'The signal failed and is not repeated: The '
                        'action fly' in self.reasons(stack_id), 'an event')
        self.assertEqual(before['State'], self.inspect(stack_id)['State'])

    def test_daemon_away(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        stack_id, before = self.create_container(
            docker_endpoint=way.endpoint)
        way.cut()
        self.signal(stack_id, action='restart')
        base.wait_until(lambda: 'The signal failed and is not repeated: '
                        'Docker at' in self.reasons(stack_id), 'an event')
        way.mend()
        self.assertEqual(before['State'], self.inspect(stack_id)['State'])


class AlarmTest(base.FunctionalTest):
    """Signals from a sender without a token."""

    ALARM = {'alarm_id': 'e2ab1b2a', 'alarm_name': 'memory',
             'severity': 'low', 'previous': 'ok', 'current': 'alarm',
             'reason': 'Transition to alarm due to 2 samples outside '
                       'threshold, most recent: 1900.0',
             'reason_data': {'type': 'threshold', 'most_recent': 1900.0}}

    def create(self, **properties):
        self.stack_template = self.template(
            {'web': self.container(**properties)},
            {'url': {'value': {'get_attr': ['web', 'alarm_url']}}})
        stack_id = self.create_stack(self.stack_template)
        return stack_id, self.inspect(stack_id)

    def url(self, stack_id):
        return self.outputs(stack_id)['url']

    def update(self, stack_id, **properties):
        self.update_stack(stack_id, self.template(
            {'web': self.container(**properties)},
            self.stack_template['outputs']))

    def expect_restart(self, stack_id, before):
        base.wait_until(
            lambda: self.inspect(stack_id)['State']['StartedAt']
            != before['State']['StartedAt'], 'a restart')
        self.assertEqual(before['Id'], self.inspect(stack_id)['Id'])

    def test_alarm(self):
        stack_id, before = self.create(alarm_action={'action': 'restart'})
        url = self.url(stack_id)
        said = requests.post(url, json=self.ALARM, timeout=60)
        self.assertEqual(200, said.status_code, said.text)
        self.expect_restart(stack_id, before)
        self.assertEqual(1, len(self.stack_users(stack_id)))
        self.delete_stack(stack_id)
        self.assertEqual([], self.stack_users(stack_id))
        self.assertGreaterEqual(
            requests.post(url, json=self.ALARM, timeout=60).status_code, 400)

    def test_nothing_but_that(self):
        stack_id, before = self.create(alarm_action={'action': 'restart'})
        url = self.url(stack_id)
        requests.post(url, timeout=60, json={
            'action': 'exec', 'command': 'touch /stolen'}).raise_for_status()
        base.wait_until(lambda: 'signals can request is restart'
                        in self.reasons(stack_id), 'an event')
        self.assertNotIn('/stolen', [change['Path'] for change in
                                     self.docker.diff(before['Id']) or ()])
        for forged in (url[:-4] + 'AAA=', url.partition('?')[0],
                       url.replace('/web?', '/other?')):
            said = requests.post(forged, json=self.ALARM, timeout=60)
            self.assertGreaterEqual(said.status_code, 400, forged)

    def test_no_hook(self):
        """Heat lets a signal clear hooks, with a token or without."""
        hooked = {'resource_registry': {'resources': {
            'web': {'hooks': 'pre-update'}}}}
        stack_id, _before = self.create(alarm_action={'action': 'restart'})
        error = self.assertRaises(
            heat_errors.HTTPBadRequest, self.update_stack, stack_id,
            self.stack_template, environment=hooked)
        self.assertIn('alarm_action cannot be combined with the hooks',
                      str(error))
        self.update_stack(stack_id, self.template(
            {'web': self.container()}, self.stack_template['outputs']),
            environment=hooked, status='UPDATE_IN_PROGRESS')
        base.wait_until(lambda: 'paused until Hook pre-update'
                        in self.reasons(stack_id), 'a hook')
        url = self.resource_url(stack_id)
        requests.post(url, json={'unset_hook': 'pre-update'}, timeout=60)
        base.wait_until(lambda: 'Signals cannot clear hooks'
                        in self.reasons(stack_id), 'an event')
        self.assertNotIn('Hook pre-update is cleared',
                         self.reasons(stack_id).splitlines())

    def resource_url(self, stack_id):
        """Return the URL while outputs are not available."""
        return self.heat.resources.get(
            stack_id, 'web', with_attr=['alarm_url']).attributes['alarm_url']

    def test_update_that_has_not_ended(self):
        """Heat still has the properties without an alarm_action."""
        web = {'wait_for': 'healthy', 'wait_timeout': 1, 'healthcheck': {
            'test': ['CMD', 'test', '-e', '/stolen'], 'interval': 1}}
        stack_id = self.start_stack(self.template(
            {'web': self.container(**web)}))
        self.expect(stack_id, 'CREATE_FAILED')
        web.update(alarm_action={'action': 'restart'})
        self.update_stack(stack_id, self.template(
            {'web': self.container(**web)}), status='UPDATE_FAILED')
        url = self.resource_url(stack_id)
        requests.post(url, timeout=60, json={
            'action': 'exec', 'command': 'touch /stolen'}).raise_for_status()
        base.wait_until(lambda: 'Signals are rejected until'
                        in self.reasons(stack_id), 'an event')
        self.assertNotIn('exec ended', self.reasons(stack_id))

    def test_bodies(self):
        """The body of a signal does not allow other actions."""
        stack_id, before = self.create(alarm_action={'action': 'unpause'})
        url = self.url(stack_id)
        for body in ('x', '{', '7', '["unset_hook"]', '"unset_hook"',
                     '{"unset_hook": "pre-create"}', '{"unset_hook": []}',
                     '[' * 9000 + ']' * 9000,
                     '{"a":' * 500 + '7' + '}' * 500,
                     json.dumps({'reason': 'x' * 2 ** 21}),
                     '{"action": ["exec"], "command": "touch /stolen"}'):
            requests.post(url, data=body, timeout=60, headers={
                'Content-Type': 'application/json'})
        self.assertEqual(before['State'], self.inspect(stack_id)['State'])
        self.signal_until_it_is_told(stack_id, url)
        self.assertNotIn('/stolen', [change['Path'] for change in
                                     self.docker.diff(before['Id']) or ()])

    def signal_until_it_is_told(self, stack_id, url):
        """Signal once more, and wait until Heat has handled that signal."""
        requests.post(url, json={'action': 'fly'},
                      timeout=60).raise_for_status()
        base.wait_until(lambda: 'signals can request is unpause'
                        in self.reasons(stack_id), 'an event')

    def test_nobody_without_need(self):
        stack_id, _before = self.create()
        self.assertIsNone(self.url(stack_id))
        self.resource(stack_id)
        self.assertEqual([], self.stack_users(stack_id))

    def test_set_and_unset(self):
        stack_id, before = self.create()
        self.update(stack_id, alarm_action={'action': 'restart'})
        url = self.url(stack_id)
        self.assertEqual(before['Id'], self.inspect(stack_id)['Id'])
        requests.post(url, timeout=60).raise_for_status()
        self.expect_restart(stack_id, before)
        self.update(stack_id)
        self.assertEqual([], self.stack_users(stack_id))
        self.assertGreaterEqual(
            requests.post(url, timeout=60).status_code, 400)

    def test_replaced(self):
        stack_id, _before = self.create(alarm_action={'action': 'restart'})
        url = self.url(stack_id)
        self.update(stack_id, alarm_action={'action': 'restart'},
                    hostname='other')
        self.assertNotEqual(url, self.url(stack_id))
        self.assertEqual(1, len(self.stack_users(stack_id)))
        before = self.inspect(stack_id)
        requests.post(self.url(stack_id), timeout=60).raise_for_status()
        self.expect_restart(stack_id, before)

    def test_suspended(self):
        stack_id, _before = self.create(alarm_action={'action': 'restart'})
        url = self.url(stack_id)
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        before = self.inspect(stack_id)['State']
        self.assertGreaterEqual(
            requests.post(url, timeout=60).status_code, 400)
        self.assertEqual(before, self.inspect(stack_id)['State'])

    def test_signal_url(self):
        stack_id = self.create_stack(self.template(
            {'web': self.container()},
            {'url': {'value': {'get_attr': ['web', 'signal_url']}}}))
        before = self.inspect(stack_id)
        url, token = self.url(stack_id), {
            'X-Auth-Token': self._session('sandbox').get_token()}
        self.assertEqual(401, requests.post(
            url, json={'action': 'restart'}, timeout=60).status_code)
        requests.post(url, json={'action': 'restart'}, headers=token,
                      timeout=60).raise_for_status()
        self.expect_restart(stack_id, before)
        self.assertEqual([], self.stack_users(stack_id))

    def test_abandoned_and_adopted(self):
        stack_id, before = self.create(alarm_action={'action': 'restart'})
        self.addCleanup(self.remove_container, before['Id'])
        url = self.url(stack_id)
        abandoned = self.heat.stacks.abandon(stack_id)
        base.wait_until(lambda: not self.stack_users(stack_id), 'no user')
        adopted = self.adopt_stack(abandoned)
        self.assertNotEqual(url, self.url(adopted))
        requests.post(self.url(adopted), timeout=60).raise_for_status()
        self.expect_restart(adopted, before)


class AlarmUserTest(base.FunctionalTest):

    alone = True

    def test_keystone_fails_when_it_is_deleted(self):
        """Heat's administrator of users is locked out for a while."""
        stack_id, _before = self.create_container(
            alarm_action={'action': 'restart'})
        [user] = self.stack_users(stack_id)
        keystone = keystone_client.Client(
            session=self._session('sandbox-admin'))
        [admin] = keystone.users.list(
            domain=keystone.domains.list(name='heat')[0],
            name='heat_domain_admin')
        keystone.users.update(admin, enabled=False)
        self.addCleanup(keystone.users.update, admin, enabled=True)
        self.heat.stacks.delete(stack_id)
        self.expect(stack_id, 'DELETE_FAILED')
        self.assertIn('Keystone could not create or delete the user of '
                      'alarm_url',
                      self.resource(stack_id).resource_status_reason)
        self.assertEqual([user], self.stack_users(stack_id))
        keystone.users.update(admin, enabled=True)
        base.wait_until(lambda: self.is_deleted(stack_id), 'a delete')
        self.assertEqual([], self.stack_users(stack_id))

    def is_deleted(self, stack_id):
        """Return whether Heat can delete the stack by now.

        Keystone revokes tokens by the second, including tokens that it issued
        after the user was enabled again.
        """
        self.heat.stacks.delete(stack_id)
        base.wait_until(lambda: not self.heat.stacks.get(
            stack_id, resolve_outputs=False).stack_status.endswith(
                'IN_PROGRESS'), 'the end of a delete')
        return self.heat.stacks.get(
            stack_id, resolve_outputs=False
        ).stack_status == 'DELETE_COMPLETE'


class SuspendTest(base.FunctionalTest):

    def test_pause(self):
        stack_id, before = self.create_container(suspend_mode='pause')
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.assertTrue(self.inspect(stack_id)['State']['Paused'])
        self.act(stack_id, 'resume', 'RESUME_COMPLETE')
        after = self.inspect(stack_id)
        self.assertEqual(before['State']['StartedAt'],
                         after['State']['StartedAt'])
        self.assertFalse(after['State']['Paused'])


    def test_resume_that_fails(self):
        """An update continues a failed resume."""
        template = self.template({
            'web': self.container(),
            'after': {**self.container(), 'depends_on': 'web'}})
        stack_id = self.create_stack(template)
        before = self.inspect(stack_id, 'after')
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.remove_container(self.inspect(stack_id)['Id'])
        self.act(stack_id, 'resume', 'RESUME_FAILED')
        self.update_stack(stack_id, template)
        after = self.inspect(stack_id, 'after')
        self.assertEqual((before['Id'], 'running'),
                         (after['Id'], after['State']['Status']))
        self.assertEqual('running', self.inspect(stack_id)['State']['Status'])


class SnapshotTest(base.FunctionalTest):

    CMD = ['sh', '-c', 'test -e /kept || echo $RANDOM > /kept; cat /kept; '
           'trap "exit 0" TERM; sleep 3600 & wait']

    def kept(self, stack_id):
        return self.resource(stack_id).attributes['logs_head']

    def test_snapshot_and_restore(self):
        stack_id, before = self.create_container(cmd=self.CMD)
        kept = self.kept(stack_id)
        snapshot = self.heat.stacks.snapshot(stack_id)
        self.expect(stack_id, 'SNAPSHOT_COMPLETE')
        self.heat.stacks.restore(stack_id, snapshot['id'])
        self.expect(stack_id, 'RESTORE_COMPLETE')
        after = self.inspect(stack_id)
        self.assertNotEqual(before['Id'], after['Id'])
        self.assertEqual(kept, self.kept(stack_id))
        image = after['Config']['Image']
        self.assertTrue(image.startswith('localhost/heat-snapshot/'), image)
        self.delete_stack(stack_id)
        self.assertEqual([], self.docker.images(image))

    def test_snapshot_is_deleted(self):
        stack_id, _inspected = self.create_container()
        snapshot = self.heat.stacks.snapshot(stack_id)
        self.expect(stack_id, 'SNAPSHOT_COMPLETE')
        name = 'localhost/heat-snapshot/%s-web' % self.heat.stacks.get(
            stack_id).stack_name
        self.assertEqual(1, len(self.docker.images(name)))
        self.heat.stacks.snapshot_delete(stack_id, snapshot['id'])
        base.wait_until(lambda: not self.docker.images(name),
                        'the image to be removed')
        # Otherwise Heat fails to delete it again with the stack.
        base.wait_until(
            lambda: not self.heat.stacks.snapshot_list(stack_id)['snapshots'],
            'the snapshot to be forgotten')

    def test_deletion_policy(self):
        stack_id = self.create_stack(self.template({'web': {
            **self.container(cmd=self.CMD), 'deletion_policy': 'Snapshot'}}))
        name = self.heat.stacks.get(stack_id).stack_name
        self.delete_stack(stack_id)
        [image] = self.docker.images('localhost/heat-snapshot/%s-web' % name)
        self.addCleanup(self.docker.remove_image, image['Id'])

    def test_deletion_policy_and_a_delete_that_is_repeated(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        stack_id = self.create_stack(self.template({'web': {
            **self.container(docker_endpoint=way.endpoint,
                             endpoint_timeout=1),
            'deletion_policy': 'Snapshot'}}))
        name = 'localhost/heat-snapshot/%s-web' % self.heat.stacks.get(
            stack_id).stack_name
        way.hold_answer('GET .*/images/json')
        self.heat.stacks.delete(stack_id)
        base.wait_until(lambda: not self.containers(stack_id), 'a removal')
        way.cut()
        way.release()
        self.expect(stack_id, 'DELETE_FAILED')
        way.mend()
        self.delete_stack(stack_id)
        [image] = self.docker.images(name)
        self.addCleanup(self.docker.remove_image, image['Id'])


class AdoptTest(base.FunctionalTest):

    def test_abandon_and_adopt(self):
        stack_id, before = self.create_container()
        self.addCleanup(self.remove_container, before['Id'])
        abandoned = self.heat.stacks.abandon(stack_id)
        self.assertEqual('running', self.docker.inspect_container(
            before['Id'])['State']['Status'])
        adopted = self.adopt_stack(abandoned)
        self.assertEqual(before['Id'], self.inspect(adopted)['Id'])
        self.delete_stack(adopted)
        self.assertEqual([], self.docker.containers(
            all=True, filters={'id': before['Id']}))

    def test_snapshot_of_what_is_adopted(self):
        stack_id, before = self.create_container()
        self.addCleanup(self.remove_container, before['Id'])
        adopted = self.adopt_stack(self.heat.stacks.abandon(stack_id))
        self.act(adopted, 'suspend', 'SUSPEND_COMPLETE')
        self.act(adopted, 'resume', 'RESUME_COMPLETE')
        self.heat.stacks.snapshot(adopted)
        self.expect(adopted, 'SNAPSHOT_COMPLETE')
        images = {'filters': {'label': 'org.openstack.heat.stack_id='
                              + adopted}}
        self.assertEqual(1, len(self.docker.images(**images)))
        self.delete_stack(adopted)
        self.assertEqual([], self.docker.images(**images))

    def test_abandon_and_adopt_what_containers_use(self):
        template = self.template({
            'net': {'type': 'DockerInc::Docker::Network'},
            'data': {'type': 'DockerInc::Docker::Volume'},
            'image': {'type': 'DockerInc::Docker::Image',
                      'properties': {'image': self.busybox}}})
        stack_id = self.create_stack(template)
        before = {name: self.resource(stack_id, name).physical_resource_id
                  for name in template['resources']}
        abandoned = self.heat.stacks.abandon(stack_id)
        adopted = self.adopt_stack(abandoned)
        self.assertEqual(before, {
            name: self.resource(adopted, name).physical_resource_id
            for name in before})
        self.act(adopted, 'check', 'CHECK_COMPLETE')
        self.delete_stack(adopted)
        self.assertEqual([], self.docker.networks(ids=[before['net']]))
        self.assertNotIn(before['data'], [
            found['Name'] for found in self.docker.volumes()['Volumes'] or ()])

    def take_over(self, container, status='ADOPT_COMPLETE', data=None,
                  **properties):
        """Adopt a container through a file that a user wrote."""
        return self.adopt_stack({
            'template': self.template({'web': self.container(**properties)}),
            'resources': {'web': {'resource_id': container,
                                  'resource_data': data}}}, status)

    def test_adopt_what_was_made_by_hand(self):
        self.create_container()     # pulls the image
        container = self.external()
        before = self.docker.inspect_container(container)
        adopted = self.take_over(container)
        after = self.inspect(adopted)
        self.assertEqual((before['Id'], before['State']),
                         (after['Id'], after['State']))
        self.delete_stack(adopted)
        self.assertEqual([], self.docker.containers(
            all=True, filters={'id': container}))

    def test_adopt_what_another_project_has(self):
        other = self.heat_of('sandbox-other')
        stack = other.stacks.create(
            stack_name='t-%s' % uuid.uuid4().hex[:12],
            template=self.dump(self.template({'web': self.container()})))
        stack_id = stack['stack']['id']
        self._look_after(other, stack_id)
        self._expect(other, stack_id, 'CREATE_COMPLETE')
        container = other.resources.get(stack_id, 'web').physical_resource_id
        before = self.docker.inspect_container(container)['State']
        thief = self.take_over(container, 'ADOPT_FAILED')
        self.assertIn('It belongs to another project',
                      self.resource(thief).resource_status_reason)
        self.delete_stack(thief)
        self.assertEqual(
            before, self.docker.inspect_container(container)['State'])

    def test_adopt_with_data_that_would_lead_elsewhere(self):
        """A recorded address stays allowed, but this one is forged.

        The daemon answers at 0.0.0.0, which is denied.
        """
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        endpoint = way.endpoint.replace('127.0.0.1', '0.0.0.0')
        _stack_id, inspected = self.create_container()
        thief = self.take_over(
            inspected['Id'], 'ADOPT_FAILED', docker_endpoint=endpoint,
            data={'requested': json.dumps({'endpoint': endpoint,
                                           'address': '0.0.0.0'})})
        self.assertIn('denied_networks',
                      self.resource(thief).resource_status_reason)

    def external(self):
        """Return the id of a container outside of Heat."""
        created = self.docker.create_container(self.busybox, base.SLEEP)
        self.addCleanup(self.remove_container, created['Id'])
        self.docker.start(created['Id'])
        return created['Id']

    def test_external_id(self):
        self.create_container()     # pulls the image
        container = self.external()
        stack_id = self.create_stack(self.template({'web': {
            **self.container(), 'external_id': container}}))
        self.assertEqual(container, self.inspect(stack_id)['Id'])
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.delete_stack(stack_id)
        self.assertEqual('running', self.docker.inspect_container(
            container)['State']['Status'])

    def test_external_id_with_an_endpoint_of_another_resource(self):
        """Heat creates a resource with an external_id without waiting."""
        said = self.refused({
            'where': {'type': 'OS::Heat::Value', 'properties': {
                'value': self.cloud.docker['endpoint']}},
            'web': {'type': base.TYPE, 'external_id': 'any',
                    'properties': {'image': self.busybox, 'docker_endpoint': {
                        'get_attr': ['where', 'value']}}}})
        self.assertIn('Use parameters instead', said)

    def test_external_id_that_is_wrong(self):
        said = self.refused({'web': {**self.container(),
                                     'external_id': 'nosuch'}})
        self.assertIn('nosuch', said)


class FinishTest(base.FunctionalTest):

    def test_sound_container_is_finished(self):
        """The container could not start because of a port that is free now."""
        holder, inspected = self.create_container(
            port_bindings={80: '127.0.0.1:'})
        port = inspected['NetworkSettings']['Ports']['80/tcp'][0]['HostPort']
        template = self.template({'web': self.container(
            port_bindings={80: '127.0.0.1:%s' % port})})
        stack_id = self.start_stack(template)
        self.expect(stack_id, 'CREATE_FAILED')
        before = self.inspect(stack_id)
        self.delete_stack(holder)
        self.update_stack(stack_id, template)
        after = self.inspect(stack_id)
        self.assertEqual(before['Id'], after['Id'])
        self.assertEqual('running', after['State']['Status'])


    def test_paused_or_cut_off(self):
        """A check fails, and the next update corrects the container."""
        name = 'cut-%s' % uuid.uuid4().hex[:12]
        self.docker.create_network(name)
        self.addCleanup(self.docker.remove_network, name)
        template = self.template({'web': self.container(
            networks=[{'network': name}])})
        stack_id = self.create_stack(template)
        before = self.inspect(stack_id)['Id']
        for change in (
                lambda: self.docker.pause(before),
                lambda: self.docker.disconnect_container_from_network(
                    before, name)):
            change()
            self.act(stack_id, 'check', 'CHECK_FAILED')
            self.update_stack(stack_id, template)
            self.act(stack_id, 'check', 'CHECK_COMPLETE')
            after = self.inspect(stack_id)
            self.assertEqual((before, 'running', [name]), (
                after['Id'], after['State']['Status'],
                list(after['NetworkSettings']['Networks'])))


class DriftTest(base.FunctionalTest):

    def converge(self, stack_id, template):
        self.heat.stacks.update(stack_id, template=yaml.safe_dump(template),
                                converge=True)
        self.expect(stack_id, 'UPDATE_COMPLETE')
        return self.inspect(stack_id)

    @base.requires('in place')
    def test_limit_that_was_changed(self):
        template = self.template({'web': self.container(
            memory=64 * 1024 * 1024, env=['A=b'], port_specs=[80],
            labels={'a': 'b'})})
        stack_id = self.create_stack(template)
        before = self.inspect(stack_id)
        same = self.converge(stack_id, template)
        self.assertEqual((before['Id'], before['State']),
                         (same['Id'], same['State']))
        self.docker.update_container(before['Id'],
                                     mem_limit=32 * 1024 * 1024)
        after = self.converge(stack_id, template)
        self.assertEqual(before['Id'], after['Id'])
        self.assertEqual(64 * 1024 * 1024, after['HostConfig']['Memory'])

    def test_container_that_was_cut_from_its_networks(self):
        name = 'cut-%s' % uuid.uuid4().hex[:12]
        self.docker.create_network(name)
        self.addCleanup(self.docker.remove_network, name)
        template = self.template({'web': self.container(
            networks=[{'network': name, 'aliases': ['web']}])})
        stack_id = self.create_stack(template)
        before = self.inspect(stack_id)
        self.docker.disconnect_container_from_network(before['Id'], name)
        after = self.converge(stack_id, template)
        self.assertEqual(before['Id'], after['Id'])
        self.assertIn('web', after['NetworkSettings']['Networks'][name][
            'Aliases'])

    def test_container_that_was_stopped_or_paused(self):
        template = self.template({'web': self.container()})
        stack_id = self.create_stack(template)
        before = self.inspect(stack_id)
        for change in self.docker.stop, self.docker.pause:
            change(before['Id'])
            after = self.converge(stack_id, template)
            self.assertEqual((before['Id'], 'running'),
                             (after['Id'], after['State']['Status']))

    def test_container_that_is_gone(self):
        template = self.template({'web': self.container()})
        stack_id = self.create_stack(template)
        before = self.inspect(stack_id)
        self.remove_container(before['Id'])
        after = self.converge(stack_id, template)
        self.assertNotEqual(before['Id'], after['Id'])
        self.assertEqual('running', after['State']['Status'])
