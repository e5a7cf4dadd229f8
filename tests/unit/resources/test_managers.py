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
"""Resources whose docker_endpoint is a list of managers."""

from heat.engine import resource
import requests

from heat_docker.lifecycle import plan
from tests.unit import base
from tests.unit.resources import test_service
from tests.unit.resources.test_service import CREATE
from tests.unit.resources.test_service import ID
from tests.unit.resources.test_service import INSPECT
from tests.unit.resources.test_service import REMOVE
from tests.unit.resources.test_service import SEND
from tests.unit.resources.test_service import TASKS

OTHER = 'tcp://other.test:2375'
INFO = ('GET', '/info')
LIST = ('GET', '/services')
FIRST, SECOND = 'docker.test', 'other.test'
AWAY = {'exc': requests.exceptions.ConnectTimeout}
HANGING = {'exc': requests.exceptions.ReadTimeout}
LEADERLESS = base.refusal(503, 'rpc error: code = Unknown desc = The swarm '
                               'does not have a leader.')
NO_MANAGER = base.refusal(503, 'This node is not a swarm manager. Use "docker '
                               'swarm init"')


def info(manager=True, error=''):
    """Return the answer to a request for the state of a daemon."""
    return {'json': {'Swarm': {'LocalNodeState': 'active', 'NodeID': 'n1',
                               'ControlAvailable': manager, 'Error': error}}}


CUT_OFF = info(error='rpc error: code = Unknown desc = The swarm does not '
                     'have a leader.')


class ManagersTestCase(test_service.ServiceTestCase):
    """A service of two managers, which show the same swarm."""

    def setUp(self):
        super().setUp()
        self.set_clock(plan, step=30.0)
        self.other('GET', '/version', {'json': self.daemon.VERSION},
                   prefix='')
        for request, answer in (
                (CREATE, self._create), (INSPECT, self._inspect),
                (SEND, self._update), (REMOVE, self._remove)):
            self.other(*request, {'text' if request == REMOVE else 'json':
                                  answer})
        self.other('GET', '/containers/json', {'json': []})
        self.both(INFO, info())

    def other(self, verb, path, *answers, **options):
        self.daemon.on(verb, path, *answers,
                       base_url='http://other.test:2375', **options)

    def both(self, request, *answers):
        self.daemon.on(*request, *answers)
        self.other(*request, *answers)

    def run_all(self, count=1):
        super().run_all(count)
        self.other(*TASKS, {'json': lambda request, context: [
            self.task('t%d' % slot, slot=slot)
            for slot in range(1, count + 1)] if self.spec else []})

    def make_resource(self, properties=None, **more):
        return super().make_resource(
            {'docker_endpoint': [base.URL, OTHER], **(properties or {})},
            **more)

    def properties(self, **values):
        return {'docker_endpoint': [base.URL, OTHER], **self.NEEDED, **values}

    def hosts(self, request):
        return [sent.hostname for sent in self.daemon.sent(*request)]


class FirstTestCase(ManagersTestCase):
    """The first manager that responds is asked."""

    def test_first(self):
        self.make_made()
        self.run_task(self.stack['web'].check)
        self.assertEqual({FIRST}, set(self.hosts(INSPECT)))

    def test_next_one(self):
        for state in (AWAY, HANGING, info(manager=False), CUT_OFF,
                      {'status_code': 500}):
            self.pool.__init__()
            self.daemon.reset()
            self.spec = {}
            self.daemon.on(*INFO, state)
            self.run_all()
            made = self.make_resource()
            self.run_task(made.create)
            self.assertEqual([SECOND], self.hosts(CREATE), state)
            self.assertEqual({SECOND}, set(self.hosts(TASKS)), state)

    def test_one_that_is_down_is_not_asked_again_at_once(self):
        self.daemon.on(*INFO, AWAY)
        self.make_made()
        self.run_task(self.stack['web'].check)
        self.assertEqual([], [host for host in self.hosts(INFO)
                              if host == FIRST])

    def test_single_one_is_not_asked_whether_it_is_a_manager(self):
        for value in (base.URL, [base.URL]):
            made = self.make_made(docker_endpoint=value)
            self.run_task(made.check)
            self.assertEqual([], self.daemon.sent(*INFO))

    def test_all_actions(self):
        made = self.make_made()
        self.daemon.on(*INFO, AWAY)
        self.run_task(made.check)
        self.update(made, env=['A=b'])
        self.assertIn('scaled from 1 to 2', made.handle_signal(
            {'action': 'scale', 'change': 1, 'maximum': 5}))
        self.assertEqual(self.spec['Name'], made.FnGetAtt('name'))
        self.run_task(made.delete)
        self.assertEqual(({SECOND}, {SECOND}, {}),
                         (set(self.hosts(SEND)), set(self.hosts(REMOVE)),
                          self.spec))

    def test_no_manager_responds(self):
        """The action waits for those that may become managers again."""
        made = self.make_made()
        for first, second, words in (
                (AWAY, info(manager=False), base.URL),
                (info(manager=False), AWAY, OTHER),
                (AWAY, CUT_OFF, 'does not have a leader')):
            self.pool.__init__()
            self.daemon.on(*INFO, first)
            self.other(*INFO, second)
            self.daemon.on(*INSPECT, AWAY)
            self.other(*INSPECT, LEADERLESS if second is CUT_OFF else AWAY)
            reason = self.fail_task(made.check)
            self.assertIn(words, reason)
            self.assertIn('Waiting for it', str(self.reasons))
            self.forget()

    def test_only_workers(self):
        self.both(INFO, info(manager=False))
        self.daemon.on(*CREATE, NO_MANAGER)
        self.assertIn('not a swarm manager',
                      self.fail_task(self.make_resource().create))


class LostTestCase(ManagersTestCase):
    """A manager is lost during a request."""

    def setUp(self):
        super().setUp()
        # Each of them responds again when it is asked next.
        self.set_clock(plan)

    def test_create_that_was_carried_out(self):
        """The other manager does not create a second service."""
        def lost(request, context):
            self._create(request, context)
            raise requests.exceptions.ReadTimeout

        self.daemon.on(*CREATE, {'json': lost})
        self.other(*CREATE, base.refusal(
            409, 'rpc error: code = AlreadyExists desc = name conflicts with '
            'an existing object: service web already exists'))
        self.other(*LIST, {'json': lambda request, context: [
            self._inspect(request, context)]})
        self.run_all()
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual(([FIRST, SECOND], ID),
                         (self.hosts(CREATE), made.resource_id))

    def test_create_that_is_still_being_carried_out(self):
        self.daemon.on(*CREATE, HANGING)
        self.other(*CREATE, base.refusal(409, 'exists'))
        self.other(*LIST, {'json': []}, {'json': [
            {'ID': ID, 'Version': {'Index': 7},
             'Spec': {'Name': 'web', 'Labels': {}}}]})
        self.run_all()
        made = self.make_resource()
        self.daemon.on(*INSPECT, AWAY)
        self.other(*INSPECT, {'json': {
            'ID': ID, 'Version': {'Index': 7}, 'Spec': {
                'Name': 'web', 'Labels': {}, 'TaskTemplate': {}}}})
        self.other(*TASKS, {'json': [{
            'ID': 't1', 'Slot': 1, 'NodeID': 'n1', 'DesiredState': 'running',
            'CreatedAt': '', 'Spec': {}, 'Status': {'State': 'running'}}]})
        self.run_task(made.create)
        self.assertEqual(([FIRST, SECOND, SECOND], ID),
                         (self.hosts(CREATE), made.resource_id))

    def test_create_without_a_leader(self):
        self.daemon.on(*CREATE, LEADERLESS)
        self.daemon.on(*INFO, info(), CUT_OFF)
        self.run_all()
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual([FIRST, SECOND], self.hosts(CREATE))

    def test_update(self):
        """The other manager gets the version that it shows."""
        made = self.make_made(env=['A=b'])

        def lost(request, context):
            self._update(request, context)
            raise requests.exceptions.ReadTimeout

        self.daemon.on(*SEND, {'json': lost})
        self.update(made, env=['A=c'])
        first, second = self.daemon.sent(*SEND)
        self.assertEqual((FIRST, SECOND), (first.hostname, second.hostname))
        self.assertNotEqual(first.qs['version'], second.qs['version'])
        self.assertEqual(['A=c'], self.spec['TaskTemplate'][
            'ContainerSpec']['Env'])

    def test_signal_is_not_repeated(self):
        """A second request would add another replica."""
        made = self.make_made()

        def lost(request, context):
            self._update(request, context)
            raise requests.exceptions.ReadTimeout

        self.daemon.on(*SEND, {'json': lost})
        self.assertRaises(
            resource.exception.Error, made.handle_signal,
            {'action': 'scale', 'change': 1, 'maximum': 5})
        self.assertEqual((2, [FIRST]), (
            self.spec['Mode']['Replicated']['Replicas'], self.hosts(SEND)))

    def test_delete(self):
        made = self.make_made()

        def lost(request, context):
            self._remove(request, context)
            raise requests.exceptions.ReadTimeout

        self.daemon.on(*REMOVE, {'text': lost})
        self.run_task(made.delete)
        self.assertEqual([FIRST], self.hosts(REMOVE))


class MoveTestCase(ManagersTestCase):
    """A change of docker_endpoint."""

    def test_to_another_manager(self):
        made = self.make_made()
        self.update(made, docker_endpoint=[OTHER])
        self.assertEqual([], self.daemon.changes)
        # The address of the new one stays allowed.
        self.configure(allowed_endpoints=[base.URL])
        self.forget()
        self.run_task(made.check)
        self.assertEqual({SECOND}, set(self.hosts(INSPECT)))

    def test_to_another_swarm(self):
        for daemons in ('own', 'shared'):
            made = self.make_made()
            self.configure(daemons=daemons)
            self.other(*INSPECT, base.refusal(404, 'service x not found'))
            self.assertRaises(resource.UpdateReplace, self.update, made,
                              docker_endpoint=[OTHER])
            self.assertEqual([], self.daemon.changes)

    def test_to_one_that_does_not_respond(self):
        made = self.make_made()
        self.set_clock(plan, step=30.0)
        self.other(*INSPECT, AWAY)
        self.assertIn(OTHER, self.fail_update(made, docker_endpoint=[OTHER]))

    def test_one_that_is_not_allowed_any_more(self):
        made = self.make_made()
        self.configure(allowed_endpoints=['tcp://third.test:2375'])
        self.run_task(made.check)
        self.assertEqual({FIRST}, set(self.hosts(INSPECT)))


class ForgottenTestCase(ManagersTestCase):
    """The operator has listed managers in forgotten_endpoints."""

    def test_all(self):
        made = self.make_made()
        self.configure(forgotten_endpoints=['tcp://*.test:2375'])
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.history)
        self.assertIn('%s, %s' % (base.URL, OTHER), str(self.reasons))

    def test_one(self):
        made = self.make_made()
        self.configure(forgotten_endpoints=[base.URL])
        self.daemon.on(*INFO, AWAY)
        self.run_task(made.delete)
        self.assertEqual([SECOND], self.hosts(REMOVE))
