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

"""Nodes of a swarm: two daemons in one resource."""

from heat.engine import resource
import requests

from heat_docker.lifecycle import plan
from heat_docker.lifecycle import swarm_nodes
from tests.unit import base
from tests.unit.resources import test_swarm

MANAGER = 'tcp://manager.test:2375'
OTHER = 'tcp://other.test:2375'
SWARM = test_swarm.ID
ID = 'n9' + 23 * '0'
FIRST = 'n1' + 23 * '0'
JOIN = ('POST', '/swarm/join')
LEAVE = ('POST', '/swarm/leave')
INFO = ('GET', '/info')
SHOW = ('GET', '/nodes/' + ID)
UPDATE = ('POST', '/nodes/%s/update' % ID)
REMOVE = ('DELETE', '/nodes/' + ID)
LIST = ('GET', '/nodes')
TASKS = ('GET', '/tasks')
LOST = {'exc': requests.exceptions.ReadTimeout}
AWAY = {'exc': requests.exceptions.ConnectTimeout}
GONE = base.refusal(404, 'node %s not found' % ID)
LEADERLESS = test_swarm.LEADERLESS
TOKENS = base.sample('swarm_all_v1.41')['JoinTokens']


def info(state='active', node=ID, manager=False, error=''):
    """Return the answer to a request for the state of a daemon."""
    return {'json': {'Swarm': {
        'LocalNodeState': state, 'NodeID': '' if state == 'inactive' else node,
        'ControlAvailable': manager, 'Error': error}}}


def node(state='ready', role='worker', availability='active', labels=None,
         reachability=None, message=''):
    """Return the answer to an inspect request of the node."""
    shown = {'ID': ID, 'Version': {'Index': 3},
             'Spec': {'Labels': labels or {}, 'Role': role,
                      'Availability': availability},
             'Description': {'Hostname': 'web', 'Engine': {
                 'EngineVersion': '28.5'}},
             'Status': {'State': state, 'Addr': '192.0.2.9',
                        'Message': message}}
    if reachability:
        shown['ManagerStatus'] = {'Reachability': reachability,
                                  'Leader': False, 'Addr': '192.0.2.9:2377'}
    return {'json': shown}


class NodeTestCase(base.ResourceTestCase):
    """A test of the node :data:`ID`, at the daemon of other tests."""

    TYPE = 'DockerInc::Docker::SwarmNode'
    NEEDED = {'swarm': SWARM, 'manager_endpoint': MANAGER}

    def setUp(self):
        super().setUp()
        self.manager('GET', '/version', {'json': self.daemon.VERSION},
                     prefix='')
        shown = base.sample('swarm_all_v1.41')
        shown.update(ID=SWARM)
        self.manager('GET', '/swarm', {'json': shown})
        self.manager(*LIST, {'json': [test_swarm.manager(FIRST)]})
        self.manager(*UPDATE, {})
        self.set_clock(swarm_nodes, step=1.0)

    def manager(self, verb, path, *answers, base_url='http://manager.test:2375',
                **options):
        """Answer a request to the manager."""
        self.daemon.on(verb, path, *answers, base_url=base_url, **options)

    def create(self, *shown, **properties):
        """Return a node that has joined, without recorded requests."""
        self.daemon.on(*INFO, info('inactive'), info())
        self.daemon.on(*JOIN, {})
        self.manager(*SHOW, *(shown or [node()]))
        made = self.make_resource(**properties)
        self.run_task(made.create)
        self.assertEqual(ID, made.resource_id)
        self.joined = self.daemon.sent(*JOIN)[0].json()
        self.updates = self.bodies(UPDATE)
        self.forget()
        return made

    def bodies(self, request):
        """Return the bodies of all requests of a kind."""
        return [sent.json() for sent in self.daemon.sent(*request)]


class CreateTestCase(NodeTestCase):

    def test_worker(self):
        made = self.create(labels={'disk': 'ssd'}, advertise_addr='eth1')
        self.assertEqual(
            {'ListenAddr': '0.0.0.0:2377', 'AdvertiseAddr': 'eth1',
             'DataPathAddr': '', 'Availability': 'active',
             'JoinToken': TOKENS['Worker'],
             'RemoteAddrs': ['192.0.2.1:2377']}, self.joined)
        self.assertEqual(
            [{'Labels': {'disk': 'ssd', **made.object.owner.labels},
              'Role': 'worker', 'Availability': 'active'}], self.updates)

    def test_manager(self):
        self.create(node(), node('unknown', 'manager'),
                    node('ready', 'manager', reachability='unreachable'),
                    node('ready', 'manager', reachability='reachable'),
                    role='manager')
        self.assertEqual(TOKENS['Manager'], self.joined['JoinToken'])

    def test_manager_by_the_token_of_a_worker(self):
        self.create(node(), node(), node(), node(),
                    node(role='manager', reachability='reachable'),
                    role='manager', join_token=TOKENS['Worker'],
                    remote_addrs=['192.0.2.7:2377'])
        self.assertEqual((TOKENS['Worker'], ['192.0.2.7:2377']),
                         (self.joined['JoinToken'],
                          self.joined['RemoteAddrs']))
        self.assertEqual('manager', self.updates[-1]['Role'])

    def test_daemon_that_is_part_of_a_swarm(self):
        self.daemon.on(*INFO, info())
        made = self.make_resource()
        self.assertIn('is already part of a swarm', self.fail_task(
            made.create))
        self.assertEqual([], self.daemon.changes)
        self.forget()
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.changes)

    def test_daemon_whose_swarm_has_an_error(self):
        self.daemon.on(*INFO, info('error', error='bad SWMTKN-1-ab-cd.'))
        words = self.fail_task(self.make_resource().create)
        self.assertIn('in the state error: bad ***.. Make it leave', words)

    def test_manager_of_another_swarm(self):
        shown = base.sample('swarm_all_v1.41')
        self.manager('GET', '/swarm', {'json': shown})
        self.assertIn('The property manager_endpoint: Docker at %s: the '
                      'daemon is part of the swarm %s, not of %s'
                      % (MANAGER, shown['ID'], SWARM),
                      self.fail_task(self.make_resource().create))
        self.assertEqual([], self.daemon.changes)

    def test_daemon_that_goes_on_trying(self):
        """Docker answers after 20 seconds, and continues."""
        self.daemon.on(*INFO, info('inactive'), info('pending'), info())
        self.daemon.on(*JOIN, base.refusal(
            503, 'Timeout was reached before node joined.'))
        self.manager(*SHOW, node())
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual((ID, 1), (made.resource_id,
                                   len(self.daemon.sent(*JOIN))))

    def test_lost_answer(self):
        self.daemon.on(*INFO, info('inactive'), info())
        self.daemon.on(*JOIN, LOST)
        self.manager(*SHOW, node())
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual(1, len(self.daemon.sent(*JOIN)))

    def test_cancelled_while_it_goes_on_trying(self):
        self.daemon.on(*INFO, info('inactive'), info('pending'))
        self.daemon.on(*JOIN, LOST)
        self.daemon.on(*LEAVE, {})
        made = self.make_resource()
        runner = base.scheduler.TaskRunner(made.create)
        runner.start()
        for _poll in range(5):
            runner.step()
        runner.cancel()
        self.assertEqual([JOIN, LEAVE], self.daemon.changes)
        self.assertEqual(['1'], self.daemon.sent(*LEAVE)[0].qs['force'])

    def test_bad_token_is_not_repeated(self):
        words = str(self.assertRaises(
            resource.exception.StackValidationFailed,
            self.make_resource(join_token='hunter2').validate))
        self.assertIn('it is not a join token', words)
        self.assertNotIn('hunter2', words)

    def test_shared_daemons(self):
        self.configure(daemons='shared')
        made = self.make_resource()
        self.assertRaises(resource.exception.StackValidationFailed,
                          made.validate)
        self.assertIn('(operator option daemons)',
                      self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)

    def test_manager_that_the_operator_does_not_allow(self):
        self.configure(allowed_endpoints=[base.URL])
        made = self.make_resource()
        self.assertIn('%s is not allowed' % MANAGER, str(self.assertRaises(
            resource.exception.StackValidationFailed, made.validate)))


class ManagersTestCase(NodeTestCase):

    def setUp(self):
        super().setUp()
        for path, answer in (('/version', {'json': self.daemon.VERSION}),
                             ('/nodes/' + ID, node('down'))):
            self.manager('GET', path, answer,
                         base_url='http://other.test:2375',
                         prefix='' if path == '/version' else None)

    def state(self, made, **other):
        self.manager(*INFO, info(manager=True),
                     base_url='http://other.test:2375')
        for verb, path, answer in other.get('manager', ()):
            self.manager(verb, path, answer,
                         prefix='' if path == '/version' else None)
        return made.FnGetAtt('state')

    def test_first_that_responds(self):
        made = self.create(manager_endpoint=[MANAGER])
        self.manager(*INFO, info(manager=True))
        self.assertEqual('ready', self.state(made))
        self.update(made, manager_endpoint=[MANAGER, OTHER])
        self.assertEqual('ready', self.state(made))
        made.forget_live_state()
        self.pool.__init__()
        self.assertEqual('down', self.state(made, manager=[
            ('GET', '/version', AWAY)]))

    def test_first_that_is_a_manager(self):
        made = self.create(manager_endpoint=[MANAGER])
        self.update(made, manager_endpoint=[MANAGER, OTHER])
        self.assertEqual('down', self.state(made, manager=[
            (*INFO, info())]))

    def test_node_itself_is_not_asked(self):
        """It may have to leave the swarm."""
        made = self.create(manager_endpoint=[base.URL, MANAGER])
        self.assertEqual('ready', self.state(made))

    def test_none_responds(self):
        made = self.create(manager_endpoint=[MANAGER])
        self.manager('GET', '/version', AWAY, prefix='')
        self.manager(*SHOW, AWAY)
        self.set_clock(plan, step=30.0)
        self.assertIn(MANAGER, self.fail_task(made.check))


class CheckTestCase(NodeTestCase):

    def test_states(self):
        made = self.create()
        for shown, why in (
                (node(), None),
                (node('down', message='heartbeat failure'),
                 'report that the node is down: heartbeat failure'),
                (node(role='manager', reachability='unreachable'),
                 'report that this manager is unreachable'),
                (GONE, 'not found')):
            self.manager(*SHOW, shown)
            if why:
                self.assertIn(why, self.fail_task(made.check))
            else:
                self.run_task(made.check)

    def test_new_leader(self):
        """It waits until the nodes have contacted it, but not for ever."""
        made = self.create(node(role='manager', reachability='reachable'),
                           role='manager')
        manager = node(role='manager', reachability='reachable')
        self.manager(*SHOW, node('unknown'), node(
            role='manager', reachability='unknown'), manager)
        self.run_task(made.check)
        self.assertEqual('COMPLETE', made.status)
        self.set_clock(swarm_nodes, step=31.0)
        self.manager(*SHOW, node('unknown', message='new leader'))
        self.assertIn('the node is unknown: new leader',
                      self.fail_task(made.check))

    def test_daemon_of_the_node_is_away(self):
        """The managers know its state."""
        made = self.create()
        self.daemon.on('GET', '/version', AWAY, prefix='')
        self.daemon.on(*INFO, AWAY)
        self.manager(*SHOW, node('down'))
        self.assertEqual('down', made.FnGetAtt('state'))
        self.assertIn('is down', self.fail_task(made.check))


class UpdateTestCase(NodeTestCase):

    def test_availability_and_labels(self):
        made = self.create(labels={'a': 'b'})
        self.manager(*SHOW, node(), node(
            availability='pause',
            labels={'a': 'c', **made.object.owner.labels}))
        self.update(made, labels={'a': 'c'}, availability='pause')
        self.assertEqual(
            [{'Labels': {'a': 'c', **made.object.owner.labels},
              'Role': 'worker', 'Availability': 'pause'}],
            self.bodies(UPDATE))

    def test_promotion(self):
        made = self.create()
        self.manager(*SHOW, node(), node(), node(role='manager'), node(
            role='manager', reachability='reachable'))
        self.update(made, role='manager')
        self.assertEqual(['manager'], [
            sent['Role'] for sent in self.bodies(UPDATE)])

    def promoted(self):
        return self.create(
            node(role='manager', reachability='reachable'), role='manager')

    def test_demotion(self):
        made = self.promoted()
        self.manager(*LIST, {'json': [
            test_swarm.manager(FIRST), test_swarm.manager(ID)]})
        self.manager(*SHOW, node(role='manager', reachability='reachable'),
                     node(role='manager', reachability='reachable'), node())
        self.update(made, role='worker')
        self.assertEqual(['worker'], [
            sent['Role'] for sent in self.bodies(UPDATE)])

    def test_demotion_that_would_break_the_quorum(self):
        made = self.promoted()
        self.manager(*LIST, {'json': [
            test_swarm.manager(FIRST), test_swarm.manager(ID),
            test_swarm.manager('n2', 'unreachable')]})
        self.assertIn('only 1 of the other 2 managers of the swarm would '
                      'respond', self.fail_update(made))
        self.manager(*LIST, {'json': [test_swarm.manager(ID)]})
        self.assertIn('the last manager', self.fail_update(made))
        self.assertNotIn('worker', [sent['Role']
                                    for sent in self.bodies(UPDATE)])

    def fail_update(self, made):
        return super().fail_update(made, role='worker')

    def test_other_address_joins_again(self):
        made = self.create()
        self.daemon.on(*INFO, info(), info('inactive'),
                       info(node='n8' + ID[2:]))
        self.daemon.on(*LEAVE, {})
        self.manager(*TASKS, {'json': []})
        self.manager(*SHOW, node(), node(), node(), node(), node('down'))
        self.manager(*REMOVE, {})
        again = node()
        again['json']['ID'] = 'n8' + ID[2:]
        self.manager('GET', '/nodes/n8' + ID[2:], again)
        self.manager('POST', '/nodes/n8%s/update' % ID[2:], {})
        self.update(made, advertise_addr='192.0.2.10')
        self.assertEqual(
            [UPDATE, LEAVE, REMOVE, JOIN,
             ('POST', '/nodes/n8%s/update' % ID[2:])], self.daemon.changes)
        self.assertEqual(('192.0.2.10', 'n8' + ID[2:]), (
            self.bodies(JOIN)[-1]['AdvertiseAddr'], made.resource_id))


class DeleteTestCase(NodeTestCase):

    def serve_delete(self, *shown, tasks=0, left=()):
        self.daemon.on(*INFO, *(left or (info(), info('inactive'))))
        self.daemon.on(*LEAVE, {})
        self.manager(*TASKS, {'json': tasks * [
            {'Status': {'State': 'running'}}]}, {'json': []})
        self.manager(*SHOW, *shown)
        self.manager(*REMOVE, {})

    def test_worker(self):
        made = self.create()
        self.serve_delete(node(), node(), node(), node(), node('down'),
                          tasks=2)
        self.run_task(made.delete)
        self.assertEqual([UPDATE, LEAVE, REMOVE], self.daemon.changes)
        self.assertEqual('drain', self.bodies(UPDATE)[0]['Availability'])
        self.assertEqual(['0'], self.daemon.sent(*LEAVE)[0].qs['force'])
        self.assertEqual(2, len(self.daemon.sent(*TASKS)))

    def test_tasks_that_do_not_end(self):
        made = self.create(drain_timeout=0)
        self.serve_delete(node(), node(), node(), node('down'), tasks=2)
        self.run_task(made.delete)
        self.assertEqual([UPDATE, LEAVE, REMOVE], self.daemon.changes)
        self.assertIn('2 tasks of the node are still running; it leaves the '
                      'swarm nevertheless', self.reasons)

    def test_manager(self):
        made = self.create(node(role='manager', reachability='reachable'),
                           role='manager')
        manager = node(role='manager', reachability='reachable')
        self.serve_delete(manager, manager, manager, manager, node(),
                          node(), node('down'),
                          left=(info(manager=True), info(), info()))
        self.manager(*LIST, {'json': [test_swarm.manager(FIRST),
                                      test_swarm.manager(ID)]})
        self.run_task(made.delete)
        self.assertEqual(
            (['drain', 'active'], ['manager', 'worker']), tuple(
                [sent[key] for sent in self.bodies(UPDATE)]
                for key in ('Availability', 'Role')))
        self.assertEqual([UPDATE, UPDATE, LEAVE, REMOVE],
                         self.daemon.changes)

    def test_manager_that_the_quorum_needs(self):
        made = self.create(node(role='manager', reachability='reachable'),
                           role='manager')
        self.serve_delete(node(role='manager', reachability='reachable'))
        self.manager(*LIST, {'json': [
            test_swarm.manager(ID), test_swarm.manager(FIRST, 'unreachable'),
            test_swarm.manager('n2')]})
        self.assertIn('which is no majority', self.fail_task(made.delete))
        self.assertEqual([UPDATE], self.daemon.changes)

    def test_node_that_is_down(self):
        """A lost server does not prevent its node from being removed."""
        made = self.create()
        self.serve_delete(node('down'))
        self.daemon.on('GET', '/version', AWAY, prefix='')
        self.daemon.on(*INFO, AWAY)
        self.run_task(made.delete)
        self.assertEqual([REMOVE], self.daemon.changes)
        self.assertEqual(['1'], self.daemon.sent(*REMOVE)[0].qs['force'])
        self.assertTrue(any(
            'The managers report the node as down, so it is removed from the '
            'swarm without it' in reason for reason in self.reasons))

    def test_node_that_others_have_removed(self):
        made = self.create()
        self.serve_delete(GONE)
        self.run_task(made.delete)
        self.assertEqual([LEAVE], self.daemon.changes)

    def test_daemon_that_is_in_another_swarm_now(self):
        made = self.create()
        self.serve_delete(node('down'), left=(info(node=FIRST),))
        self.run_task(made.delete)
        self.assertEqual([REMOVE], self.daemon.changes)

    def test_join_whose_id_was_lost(self):
        made = self.make_resource()
        self.daemon.on(*INFO, info('inactive'), base.refusal(400, 'x'))
        self.daemon.on(*JOIN, {})
        self.fail_task(made.create)
        self.forget()
        self.serve_delete(node(), node(), node(), node('down'),
                          left=(info(),))
        self.manager(*LIST, {'json': [node()['json']]})
        self.run_task(made.delete)
        self.assertEqual([UPDATE, LEAVE, REMOVE], self.daemon.changes)


class WholeStackTestCase(NodeTestCase):
    """The swarm is deleted with the stack."""

    def delete(self, action='DELETE', **definition):
        made = self.make_resource(template={
            'heat_template_version': '2018-08-31', 'resources': {
                'web': {'type': self.TYPE,
                        'properties': self.properties()},
                'swarm': {'type': 'DockerInc::Docker::Swarm', **definition,
                          'properties': {'docker_endpoint': MANAGER}}}})
        swarm = self.stack['swarm']
        swarm.store()
        if 'external_id' not in definition:
            swarm.resource_id_set(SWARM)
        else:
            swarm.resource_id_set(definition['external_id'])
        self.daemon.on(*INFO, info('inactive'), info())
        self.daemon.on(*JOIN, {})
        self.manager(*SHOW, node())
        self.run_task(made.create)
        self.forget()
        self.stack.action = action
        self.stack.store()
        self.daemon.on(*INFO, info(manager=True))
        self.daemon.on(*LEAVE, {})
        return made

    def test_nodes_leave_at_once(self):
        """Even without a leader."""
        made = self.delete()
        self.manager(*SHOW, LEADERLESS)
        self.run_task(made.delete)
        self.assertEqual([LEAVE], self.daemon.changes)
        self.assertEqual(['1'], self.daemon.sent(*LEAVE)[0].qs['force'])

    def test_not_if_the_swarm_stays(self):
        for action, definition in (
                ('UPDATE', {}), ('DELETE', {'deletion_policy': 'Retain'})):
            made = self.delete(action, **definition)
            self.assertFalse(made._is_swarm_deleted(SWARM), definition)

    def test_swarm_in_the_stack_around_the_node(self):
        """Only the group of the nodes is deleted, or all of it."""
        self.delete()
        around = self.stack
        for action, is_deleted in (('UPDATE', False), ('DELETE', True)):
            around.action = action
            around.store()
            made = self.make_resource()
            self.stack.owner_id = around.id
            self.stack.action = 'DELETE'
            self.stack.store()
            self.assertEqual(is_deleted, made._is_swarm_deleted(SWARM))
