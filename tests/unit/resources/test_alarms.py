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

"""Signals to a container from senders without a token."""

import urllib.parse

from heat.common import exception
from heat.engine import clients
from heat.engine import resource
from heat.engine.clients.os.keystone import fake_keystoneclient
from heat.engine.clients.os.keystone import heat_keystoneclient
from heat.objects import resource as resource_objects
from keystoneauth1 import exceptions as keystone_errors
from oslo_config import cfg
from stevedore import named

from heat_docker.lifecycle import plan
from tests.unit import base

RESTART = {'action': 'restart'}

# The request of Aodh to a webhook.
ALARM = {'alarm_id': 'a1', 'alarm_name': 'memory', 'severity': 'low',
         'previous': 'ok', 'current': 'alarm', 'reason': 'Too much.',
         'reason_data': {'type': 'threshold'}}


class Keystone(fake_keystoneclient.FakeKeystoneClient):
    """Records created and deleted users; all resources share it."""

    def __init__(self):
        super().__init__()
        self.said = []
        self.fails = None

    def create_stack_domain_user(self, username, project_id, password=None):
        self._say('made', username)
        return 'user-of-' + username

    def delete_stack_domain_user(self, user_id, project_id):
        self._say('removed', user_id)

    def _say(self, what, who):
        if self.fails is not None:
            raise self.fails
        self.said.append((what, who))


class AlarmsTestCase(base.ContainerTestCase):

    def setUp(self):
        super().setUp()
        self.keystone = Keystone()
        # Heat looks its clients up among what is installed.
        self.patch(clients, '_mgr', named.NamedExtensionManager(
            'heat.clients', ['heat', 'keystone']))
        self.patch(heat_keystoneclient, 'KeystoneClient',
                   lambda context, region_name=None: self.keystone)
        cfg.CONF.set_override('heat_waitcondition_server_url',
                              'http://cfn.test:8000/v1/waitcondition')
        self.addCleanup(cfg.CONF.clear_override,
                        'heat_waitcondition_server_url')

    def alarmed(self, **more):
        return self.make_running(alarm_action=RESTART, **more)

    def users(self):
        """Return the requests to Keystone since the last call."""
        said, self.keystone.said = self.keystone.said, []
        return [what for what, _who in said]

    # Users.

    def test_none_without_need(self):
        made = self.make_running()
        self.assertIsNone(made.FnGetAtt('alarm_url'))
        self.show(made)
        self.serve_stop()
        self.serve_remove()
        self.run_task(made.delete)
        self.assertEqual([], self.users())

    def test_made_with_the_container_and_removed(self):
        made = self.alarmed()
        self.assertEqual(['made'], self.users())
        self.serve_stop()
        self.serve_remove()
        self.run_task(made.delete)
        self.assertEqual(['removed'], self.users())
        self.assertNotIn('secret_key', made.data())

    def test_removed_with_what_is_kept(self):
        """Readers of an abandoned stack's data cannot use the URL."""
        made = self.alarmed()
        self.users()
        made.abandon_in_progress = True
        self.forget()
        self.run_task(made.delete)
        self.assertEqual(['removed'], self.users())
        self.assertEqual([], self.daemon.requests)

    def load_again(self):
        """Return the resource to delete, as loaded by another worker."""
        context = self.stack.context
        [found] = resource_objects.Resource.get_all_active_by_stack(
            context, self.stack.id)
        loaded, _definition, self.stack = resource.Resource.load(
            context, found, None, False, {})
        return loaded

    def fail_delete(self, made):
        """Fail to delete a resource because of a temporary Keystone error."""
        self.users()
        self.keystone.fails = keystone_errors.ServiceUnavailable('busy')
        self.assertIn('Keystone could not create or delete the user of '
                      'alarm_url: busy', self.fail_task(made.delete))
        self.assertEqual(('DELETE', 'FAILED'), made.state)
        self.keystone.fails = None

    def test_removed_by_a_delete_that_is_repeated(self):
        made = self.alarmed()
        self.serve_stop()
        self.serve_remove()
        self.fail_delete(made)
        self.serve_inspect(base.refusal(404, 'No such container'))
        self.serve_stop(base.refusal(404, 'No such container'))
        self.serve_remove(base.refusal(404, 'No such container'))
        again = self.load_again()
        self.run_task(again.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), again.state)
        self.assertEqual(['removed'], self.users())

    def test_removed_by_a_repeated_delete_of_what_no_daemon_has(self):
        self.daemon.go_away()
        made = self.make_resource(alarm_action=RESTART, endpoint_timeout=0)
        self.fail_task(made.create)
        self.forget()
        self.fail_delete(made)
        self.run_task(self.load_again().delete)
        self.assertEqual(['removed'], self.users())
        self.assertEqual([], self.daemon.history)

    def test_removed_by_a_repeated_delete_of_what_is_kept(self):
        for policy, abandoned in (('Delete', True), ('Retain', False)):
            made = self.make_running(template=self.template(
                {'alarm_action': RESTART}, deletion_policy=policy))
            made.abandon_in_progress = abandoned
            self.fail_delete(made)
            again = self.load_again()
            again.abandon_in_progress = abandoned
            self.run_task(again.delete)
            self.assertEqual(('DELETE', 'COMPLETE'), again.state)
            self.assertEqual(['removed'], self.users())
            self.assertEqual([], self.daemon.requests)

    def test_removed_with_a_daemon_that_is_forgotten(self):
        self.set_clock(plan, step=100.0)
        made = self.alarmed(forget_unreachable=True)
        self.users()
        self.daemon.go_away()
        self.run_task(made.delete)
        self.assertEqual(['removed'], self.users())

    def test_made_and_removed_by_updates(self):
        made = self.make_running()
        self.update(made, alarm_action=RESTART)
        self.assertEqual(['made'], self.users())
        url = made.FnGetAtt('alarm_url')
        self.update(made, alarm_action={'action': 'pause'})
        self.assertEqual([], self.users())
        self.assertEqual(url, made.FnGetAtt('alarm_url'))
        self.update(made)
        self.assertEqual(['removed'], self.users())
        self.assertIsNone(made.FnGetAtt('alarm_url'))
        self.assertEqual([], self.daemon.sent('POST', self.PATH + '/update'))

    def test_made_by_an_adopt(self):
        self.serve_inspect()
        made = self.make_resource(alarm_action=RESTART)
        self.run_task(lambda: made.adopt({
            'resource_id': base.ID, 'resource_data': {
                'user_id': 'forged', 'access_key': 'forged',
                'secret_key': 'forged', 'credential_id': 'forged'}}))
        self.assertEqual(['made'], self.users())
        self.assertNotIn('forged', str(made.data()))

    def test_not_adopted_without_keystone(self):
        """A container that was not adopted is not deleted with the stack."""
        self.serve_inspect()
        self.keystone.fails = keystone_errors.ConnectFailure('no route')
        made = self.make_resource(alarm_action=RESTART)
        self.assertRaises(exception.ResourceFailure, self.run_task,
                          lambda: made.adopt({'resource_id': base.ID}))
        self.assertIsNone(made.resource_id)

    def test_keystone_fails(self):
        self.keystone.fails = exception.AuthorizationFailure()
        made = self.make_resource(alarm_action=RESTART)
        self.assertIn('Keystone could not create or delete the user of '
                      'alarm_url: Authorization failed',
                      self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)

    def test_needs_no_deferred_auth(self):
        self.assertFalse(self.alarmed().requires_deferred_auth)

    # URLs.

    def test_alarm_url(self):
        made = self.alarmed()
        url = urllib.parse.urlsplit(made.FnGetAtt('alarm_url'))
        self.assertEqual('cfn.test:8000', url.netloc)
        self.assertTrue(url.path.startswith('/v1/signal/arn'), url.path)
        query = urllib.parse.parse_qs(url.query)
        self.assertEqual([self.keystone.access], query['AWSAccessKeyId'])
        self.assertNotIn('Timestamp', query)

    def test_alarm_url_when_the_daemon_is_away(self):
        made = self.alarmed()
        url = made.FnGetAtt('alarm_url')
        self.daemon.go_away()
        self.forget()
        self.assertEqual(url, made.FnGetAtt('alarm_url'))
        self.assertEqual([], self.daemon.history)

    def test_not_shown_unasked(self):
        shown = self.show(self.alarmed())
        self.assertNotIn('alarm_url', shown)
        self.assertIn('state', shown)

    def show(self, made):
        self.serve_sources()
        return made.FnGetAtt('show')

    def test_signal_url(self):
        cfg.CONF.set_override('url', 'http://heat.test/v1/%(tenant_id)s',
                              group='clients_heat')
        self.addCleanup(cfg.CONF.clear_override, 'url', group='clients_heat')
        made = self.make_running()
        url = made.FnGetAtt('signal_url')
        self.assertTrue(url.startswith('http://heat.test/v1/'), url)
        self.assertTrue(url.endswith('/resources/web/signal'), url)
        self.assertEqual([], self.users())

    # Actions.

    def signal(self, made, details):
        self.daemon.on('POST', self.PATH + '/restart', 204)
        self.forget()
        made.signal(details)
        return self.daemon.requests

    def test_every_alarm_restarts_the_container(self):
        for details in (ALARM, None, {}, RESTART):
            self.assertEqual([('POST', self.PATH + '/restart')],
                             self.signal(self.alarmed(), details))

    def test_action_with_arguments(self):
        made = self.make_running(alarm_action={'action': 'kill',
                                               'signal': 'SIGHUP'})
        self.daemon.on('POST', self.PATH + '/kill', 204)
        made.signal({**ALARM, 'signal': 'SIGKILL'})
        [sent] = self.daemon.sent('POST', self.PATH + '/kill')
        self.assertEqual({'signal': ['SIGHUP']}, sent.qs)

    def does_nothing(self, made, details, words):
        """Assert that a signal fails without a request to the daemon."""
        self.forget()
        ex = self.assertRaises(exception.ResourceFailure, made.signal,
                               details)
        self.assertIn(words, str(ex))
        self.assertEqual([], self.daemon.requests)

    def test_no_other_action(self):
        """The URL must not allow more than the alarm."""
        made = self.alarmed()
        for details in ({'action': 'exec', 'command': 'id'},
                        {'action': 'kill'}, {'action': ['restart']}):
            self.does_nothing(made, details,
                              'the only action that signals can request is '
                              'restart')

    def test_nothing_until_an_update_has_set_it(self):
        """The URL exists while Heat still has the old properties."""
        made = self.make_running()
        made.sync_alarm_user(RESTART)
        for details in (ALARM, RESTART, {'action': 'exec', 'command': 'id'}):
            self.does_nothing(made, details, 'Signals are rejected until')

    # Hooks of the environment.

    def test_no_hook(self):
        made = self.alarmed()
        made.trigger_hook('pre-update')
        for need_check in (True, False):
            self.forget()
            ex = self.assertRaises(exception.Error, made.signal,
                                   {'unset_hook': 'pre-update'}, need_check)
            self.assertEqual([str(ex)], self.reasons)
            self.assertTrue(made.has_hook('pre-update'))
            self.assertEqual([], self.daemon.requests)

    def test_hook_of_whom_no_alarm_signals(self):
        for make in (self.make_running,
                     lambda: self.make_resource(alarm_action=RESTART)):
            made = make()
            made.trigger_hook('pre-create')
            made.signal({'unset_hook': 'pre-create'})
            self.assertFalse(made.has_hook('pre-create'))

    def validate(self, hook, **properties):
        made = self.make_resource(**properties)
        made.stack.env.registry.load(
            {'resources': {'w*': {'hooks': [hook]}}})
        made.validate()

    def test_hook_that_nobody_could_clear(self):
        for hook in ('post-create', 'pre-update', 'post-update',
                     'pre-delete'):
            ex = self.assertRaises(exception.StackValidationFailed,
                                   self.validate, hook, alarm_action=RESTART)
            self.assertIn('alarm_action cannot be combined with the hooks',
                          str(ex))
            self.validate(hook)

    def test_hook_without_url(self):
        for hook in ('pre-create', 'post-delete'):
            self.validate(hook, alarm_action=RESTART)

    def test_exec_without_command(self):
        for action in ({'action': 'exec'}, {'action': 'exec', 'command': []},
                       {'action': 'fly'}, {'signal': 'SIGHUP'}):
            made = self.make_resource(alarm_action=action)
            self.assertRaises(exception.StackValidationFailed, made.validate)
