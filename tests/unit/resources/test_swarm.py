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

"""Swarms: a daemon becomes the first manager of a cluster."""

import requests

from heat_docker import client
from heat_docker.lifecycle import creation
from heat_docker.lifecycle import plan
from tests.unit import base

ID = 's1' + 23 * '0'
NODE = 'n1' + 23 * '0'
INIT = ('POST', '/swarm/init')
SHOW = ('GET', '/swarm')
INFO = ('GET', '/info')
NODES = ('GET', '/nodes')
UPDATE = ('POST', '/swarm/update')
LEAVE = ('POST', '/swarm/leave')
LOST = {'exc': requests.exceptions.ReadTimeout}
NO_MANAGER = base.refusal(503, 'This node is not a swarm manager. Use "docker '
                               'swarm init"')
PRESENT = base.refusal(503, 'This node is already part of a swarm. Use x')
LEADERLESS = base.refusal(500, 'rpc error: code = Unknown desc = The swarm '
                               'does not have a leader.')


def manager(node_id, reachability='reachable', labels=None):
    """Return a manager as Docker lists it."""
    return {'ID': node_id, 'Spec': {'Labels': labels or {},
                                    'Role': 'manager',
                                    'Availability': 'active'},
            'Version': {'Index': 3}, 'Status': {'State': 'ready'},
            'ManagerStatus': {'Reachability': reachability,
                              'Addr': '192.0.2.%s:2377' % node_id[1]}}


class SwarmTestCase(base.ResourceTestCase):
    """A test of a swarm with the id :data:`ID`."""

    TYPE = 'DockerInc::Docker::Swarm'
    NEEDED = {}

    def shown(self, labels=None, swarm=ID, **spec):
        """Return the description of a swarm, by default of the resource."""
        shown = base.sample('swarm_all_v1.41')
        shown.update(ID=swarm, Version={'Index': 7})
        shown['Spec'].update(Labels=labels or {}, **spec)
        return {'json': shown}

    def info(self, state='active', manager=True, swarm=ID, node=NODE):
        """Return the answer to a request for the state of the daemon."""
        return {'json': {'Swarm': {
            'LocalNodeState': state, 'NodeID': node,
            'ControlAvailable': manager,
            **({'Cluster': {'ID': swarm}} if manager else {})}}}

    def create(self, **properties):
        """Return a swarm that was created, without recorded requests."""
        self.daemon.on(*INIT, {'json': NODE})
        self.daemon.on(*SHOW, self.shown())
        made = self.make_resource(**properties)
        self.run_task(made.create)
        self.assertEqual(ID, made.resource_id)
        self.sent = self.daemon.sent(*INIT)[0].json()
        self.forget()
        return made


class CreateTestCase(SwarmTestCase):

    def test_request(self):
        made = self.create(advertise_addr='192.0.2.1', autolock=True,
                           labels={'a': 'b'}, dispatcher_heartbeat='3s')
        self.assertEqual(
            ('0.0.0.0:2377', '192.0.2.1',
             {'a': 'b', **made.object.owner.labels},
             {'AutoLockManagers': True}, {'HeartbeatPeriod': 3 * 10 ** 9}),
            (self.sent['ListenAddr'], self.sent['AdvertiseAddr'],
             self.sent['Spec']['Labels'],
             self.sent['Spec']['EncryptionConfig'],
             self.sent['Spec']['Dispatcher']))
        self.assertNotIn('Labels', self.sent)

    def test_daemon_that_has_a_swarm(self):
        made = self.make_resource()
        self.daemon.on(*INIT, PRESENT)
        self.daemon.on(*SHOW, self.shown())
        self.assertIn('already part of a swarm. Use x. The resource creates a '
                      'swarm, and does not change one that exists. Refer to '
                      'that one by external_id', self.fail_task(made.create))
        self.assertIsNone(made.resource_id)
        self.daemon.on(*INFO, self.info())
        self.forget()
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.changes)

    def test_daemon_that_is_a_worker_of_another_swarm(self):
        made = self.make_resource()
        self.daemon.on(*INIT, PRESENT)
        self.daemon.on(*SHOW, NO_MANAGER)
        self.daemon.on(*INFO, self.info(manager=False))
        self.assertIn('already part of a swarm', self.fail_task(made.create))

    def test_lost_answer(self):
        made = self.make_resource()
        self.daemon.on(*INIT, LOST, PRESENT)
        self.daemon.on(*SHOW, self.shown(made.object.owner.labels))
        self.run_task(made.create)
        self.assertEqual((ID, 2), (made.resource_id,
                                   len(self.daemon.sent(*INIT))))

    def test_lost_answer_of_a_swarm_that_is_not_ready(self):
        made = self.make_resource()
        self.daemon.on(*INIT, LOST, PRESENT)
        self.daemon.on(*SHOW, NO_MANAGER,
                       self.shown(made.object.owner.labels))
        self.daemon.on(*INFO, self.info(state='pending', manager=False))
        self.run_task(made.create)
        self.assertEqual(ID, made.resource_id)

    def test_answer_after_init_is_lost(self):
        """The swarm exists, although the connection was refused."""
        made = self.make_resource()
        self.daemon.on(*INIT, {'json': NODE}, PRESENT)
        self.daemon.on(*SHOW, {'exc': requests.exceptions.ConnectTimeout},
                       self.shown(made.object.owner.labels))
        self.patch(client, 'raise_if_down', lambda endpoint: None)
        self.run_task(made.create)
        self.assertEqual(ID, made.resource_id)

    def test_shared_daemons(self):
        self.configure(daemons='shared')
        made = self.make_resource()
        self.assertIn('cannot be part of the swarm of a stack (operator '
                      'option daemons)', str(self.assertRaises(
                          base.resource.exception.StackValidationFailed,
                          made.validate)))
        self.assertIn('(operator option daemons)',
                      self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)


class UpdateTestCase(SwarmTestCase):

    def test_only_what_changes(self):
        made = self.create(task_history_limit=3, labels={'a': 'b'})
        current = self.shown(made.object.owner.labels)
        current['json']['Spec']['Orchestration'] = {
            'TaskHistoryRetentionLimit': 5}
        current['json']['Spec']['Raft'] = {'SnapshotInterval': 77}
        after = self.shown({'a': 'c', **made.object.owner.labels})
        after['json']['Spec']['Orchestration'] = {
            'TaskHistoryRetentionLimit': 4}
        self.daemon.on(*SHOW, current, after)
        self.daemon.on(*UPDATE, {})
        self.update(made, task_history_limit=4, labels={'a': 'c'})
        sent = self.daemon.sent(*UPDATE)[0]
        self.assertEqual(
            (['7'], {'TaskHistoryRetentionLimit': 4},
             {'SnapshotInterval': 77}, 'default',
             {'a': 'c', **made.object.owner.labels}),
            (sent.qs['version'], sent.json()['Orchestration'],
             sent.json()['Raft'], sent.json()['Name'],
             sent.json()['Labels']))

    def test_removed_property_gets_its_default(self):
        made = self.create(autolock=True, dispatcher_heartbeat=3)
        after = self.shown(EncryptionConfig={'AutoLockManagers': False},
                           Dispatcher={'HeartbeatPeriod': 5 * 10 ** 9})
        self.daemon.on(*SHOW, self.shown(), after)
        self.daemon.on(*UPDATE, {})
        self.update(made)
        sent = self.daemon.sent(*UPDATE)[0].json()
        self.assertEqual(
            ({'AutoLockManagers': False}, {'HeartbeatPeriod': 5 * 10 ** 9}),
            (sent['EncryptionConfig'], sent['Dispatcher']))

    def test_others_change_the_swarm_meanwhile(self):
        made = self.create(autolock=False)
        self.daemon.on(*UPDATE, base.refusal(
            500, 'rpc error: code = Unknown desc = update out of sequence'),
            {})
        self.update(made, autolock=True)
        self.assertEqual(2, len(self.daemon.sent(*UPDATE)))

    def test_change_that_would_replace_it(self):
        made = self.create()
        self.assertIn('Replacing the swarm web, which ends all its services, '
                      'because of a change of data_path_port',
                      self.fail_update(made, data_path_port=5000))
        self.assertEqual([], self.daemon.changes)


class SignalTestCase(SwarmTestCase):

    def test_rotations(self):
        made = self.create()
        self.daemon.on(*UPDATE, {})
        for action, query in (
                ('rotate_worker_token', 'rotateWorkerToken'),
                ('rotate_manager_token', 'rotateManagerToken'),
                ('rotate_unlock_key', 'rotateManagerUnlockKey')):
            self.forget()
            self.assertIn('has been replaced',
                          made.handle_signal({'action': action}))
            [sent] = self.daemon.sent(*UPDATE)
            self.assertEqual({'version': ['7'], query.lower(): ['true']}, {
                name.lower(): value for name, value in sent.qs.items()})
            self.assertEqual(self.shown()['json']['Spec'], sent.json())

    def test_new_authority(self):
        made = self.create()
        self.daemon.on(*UPDATE, {})
        self.daemon.on(*SHOW, self.shown(CAConfig={
            'NodeCertExpiry': 1, 'ForceRotate': 4}))
        made.handle_signal({'action': 'rotate_ca'})
        self.assertEqual(
            {'NodeCertExpiry': 1, 'ForceRotate': 5},
            self.daemon.sent(*UPDATE)[0].json()['CAConfig'])

    def test_rejected(self):
        made = self.create()
        for action in (None, 'restart'):
            self.assertIn('is not one of rotate_worker_token, ', str(
                self.assertRaises(base.resource.exception.Error,
                                  made.handle_signal, {'action': action})))
        self.configure(allowed_signals=['restart'])
        self.assertIn('(operator option allowed_signals)', str(
            self.assertRaises(base.resource.exception.Error,
                              made.handle_signal,
                              {'action': 'rotate_worker_token'})))
        self.assertEqual([], self.daemon.changes)


class DeleteTestCase(SwarmTestCase):

    def delete(self, made, *nodes, info=None):
        self.daemon.on(*INFO, *(info or [self.info()]))
        self.daemon.on(*NODES, {'json': list(nodes)})
        self.daemon.on(*LEAVE, {})
        self.run_task(made.delete)

    def test_last_manager(self):
        self.delete(self.create(), manager(NODE))
        self.assertEqual([LEAVE], self.daemon.changes)
        self.assertEqual(['1'], self.daemon.sent(*LEAVE)[0].qs['force'])

    def test_managers_of_the_stack_leave_with_it(self):
        made = self.create()
        self.delete(made, manager(NODE), manager(
            'n2', labels=made.object.owner.labels))
        self.assertEqual([LEAVE], self.daemon.changes)

    def test_managers_of_others_keep_the_swarm(self):
        made, path = self.create(), '/nodes/' + NODE
        self.daemon.on('GET', path, {'json': manager(NODE)})
        self.daemon.on('POST', path + '/update', {})
        self.delete(made, manager(NODE), manager('n2'),
                    info=[self.info(), self.info(manager=False)])
        self.assertEqual([('POST', path + '/update'), LEAVE],
                         self.daemon.changes)
        self.assertEqual('worker', self.daemon.sent(
            'POST', path + '/update')[0].json()['Role'])
        self.assertEqual(['0'], self.daemon.sent(*LEAVE)[0].qs['force'])

    def test_swarm_without_a_leader(self):
        made = self.create()
        self.daemon.on(*INFO, self.info())
        self.daemon.on(*NODES, LEADERLESS)
        self.daemon.on(*LEAVE, {})
        self.run_task(made.delete)
        self.assertEqual([LEAVE], self.daemon.changes)

    def test_daemon_that_has_left(self):
        self.delete(self.create(), info=[self.info('inactive', False)])
        self.assertEqual([], self.daemon.changes)

    def test_daemon_in_another_swarm(self):
        self.delete(self.create(), info=[self.info(swarm='s2')])
        self.assertEqual([], self.daemon.changes)

    def test_lost_answer(self):
        made = self.create()
        self.daemon.on(*INFO, self.info(), self.info('inactive', False))
        self.daemon.on(*NODES, {'json': []})
        self.daemon.on(*LEAVE, LOST)
        self.run_task(made.delete)
        self.assertEqual(1, len(self.daemon.sent(*LEAVE)))


class ManagersTestCase(SwarmTestCase):
    """docker_endpoint is a list."""

    OTHER = 'tcp://other.test:2375'

    def setUp(self):
        super().setUp()
        self.set_clock(plan, step=30.0)
        self.other('GET', '/version', {'json': self.daemon.VERSION},
                   prefix='')
        self.other(*INFO, self.info())
        self.other(*SHOW, self.shown())

    def other(self, verb, path, *answers, **options):
        self.daemon.on(verb, path, *answers,
                       base_url='http://other.test:2375', **options)

    def create(self, **properties):
        return super().create(docker_endpoint=[base.URL, self.OTHER],
                              **properties)

    def hosts(self, request):
        return [sent.hostname for sent in self.daemon.sent(*request)]

    def test_first_creates_the_swarm(self):
        self.daemon.on(*INFO, self.info('inactive', False))
        made = self.create()
        self.daemon.on(*INFO, self.info())
        self.run_task(made.check)
        self.assertEqual(['docker.test'], self.hosts(SHOW))

    def test_next_one_if_it_is_no_manager(self):
        made = self.create()
        self.daemon.on(*INFO, self.info(manager=False))
        self.run_task(made.check)
        self.assertEqual(['other.test'], self.hosts(SHOW))

    def test_next_one_if_it_does_not_respond(self):
        made = self.create()
        self.daemon.on(*INFO, {'exc': requests.exceptions.ConnectTimeout})
        self.run_task(made.check)
        self.assertEqual(['other.test'], self.hosts(SHOW))

    def test_none_responds(self):
        made = self.create()
        away = {'exc': requests.exceptions.ConnectTimeout}
        self.daemon.on(*INFO, away)
        self.daemon.on(*SHOW, away)
        self.other(*INFO, away)
        self.assertIn(base.URL, self.fail_task(made.check))

    def test_operator_no_longer_allows_one(self):
        """The address of the first one stays allowed."""
        made = self.create()
        self.configure(allowed_endpoints=[base.URL + '0'])
        self.run_task(made.check)
        self.assertEqual(['docker.test'], self.hosts(SHOW))
        self.configure(allowed_endpoints=[base.URL])
        self.assertIn('%s is not allowed' % self.OTHER, str(
            self.assertRaises(
                base.resource.exception.StackValidationFailed,
                self.make_resource(docker_endpoint=[
                    base.URL, self.OTHER]).validate)))

    def test_other_list(self):
        made = self.create()
        self.daemon.on(*INFO, self.info())
        self.update(made, docker_endpoint=[self.OTHER])
        self.run_task(made.check)
        self.assertEqual({'other.test'}, set(self.hosts(SHOW)))
        self.assertEqual([], self.daemon.changes)

    def test_other_list_of_another_swarm(self):
        made = self.create()
        self.other(*SHOW, self.shown(swarm='s2' + 23 * '0'))
        self.assertIn('part of the swarm s2', super().fail_update(
            made, docker_endpoint=[self.OTHER]))


class AttributesTestCase(SwarmTestCase):

    def test_values(self):
        made = self.create()
        self.daemon.on(*NODES, {'json': [manager('n2', 'unreachable'),
                                         manager(NODE)]})
        self.daemon.on('GET', '/swarm/unlockkey',
                       {'json': {'UnlockKey': 'SWMKEY-1-x'}})
        tokens = self.shown()['json']['JoinTokens']
        for name, value in (
                ('id', ID), ('worker_token', tokens['Worker']),
                ('manager_token', tokens['Manager']),
                ('unlock_key', 'SWMKEY-1-x'),
                ('manager_addresses', ['192.0.2.1:2377', '192.0.2.2:2377'])):
            self.assertEqual(value, made.FnGetAtt(name), name)
        self.assertEqual(
            [('n2', 'unreachable'), (NODE, 'reachable')],
            [(node['id'], node['reachability'])
             for node in made.FnGetAtt('nodes')])

    def test_show_has_no_secrets(self):
        made = self.create()
        self.daemon.on(*NODES, {'json': []})
        shown = made.FnGetAtt('show')
        self.assertEqual({'id', 'nodes', 'manager_addresses'}, set(shown))
        self.assertNotIn('SWM', str(shown))

    def test_tokens_in_messages_are_masked(self):
        made = self.create(autolock=False)
        self.daemon.on(*UPDATE, base.refusal(400, 'bad SWMTKN-1-ab-cd.'))
        words = self.fail_update(made, autolock=True)
        self.assertIn('bad ***.', words)

    def test_check(self):
        made = self.create()
        self.run_task(made.check)
        self.assertEqual('COMPLETE', made.status)
        self.set_clock(creation)
        self.daemon.on(*SHOW, self.shown(swarm='s2' + 23 * '0'))
        self.assertIn('part of the swarm s2', self.fail_task(made.check))
