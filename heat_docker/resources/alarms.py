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

"""Signals to a resource without a token, such as those of an alarm.

Heat signs a URL of heat-api-cfn with the key of a user that it creates in its
domain of stack users. The user exists from the action that sets
``alarm_action`` to the action that removes it. To read attributes neither
creates nor needs a user.
"""

from heat.common import exception
from heat.engine import environment
from heat.engine.resources import signal_responder
from keystoneauth1 import exceptions as keystone_errors

from .. import i18n
from ..lifecycle import plan

_ = i18n._

# The hooks during which an alarm_url may exist.
_WHILE_THERE_IS_A_USER = (
    environment.HOOK_POST_CREATE, environment.HOOK_PRE_UPDATE,
    environment.HOOK_POST_UPDATE, environment.HOOK_PRE_DELETE)


class SyncUser(plan.Step):
    """Create or delete the user of alarm_url.

    Unlike other steps, this one calls its resource: the user is Heat's.
    """

    def __init__(self, sync_alarm_user):
        """Prepare to call :meth:`Alarms.sync_alarm_user`."""
        self._sync_alarm_user = sync_alarm_user

    def __call__(self, ctx):
        """Create the user if alarm_action is set, else delete it."""
        self._sync_alarm_user(ctx.values['alarm_action'])
        return True


class Alarms(signal_responder.SignalResponder):
    """A resource that has URLs for signals.

    This must be the last base class. SignalResponder has handlers that create
    and delete the user at other times; those of the plugin must hide them.
    """

    # Docker does not use Keystone.
    requires_deferred_auth = False

    def validate(self):
        """Reject hooks that an alarm could clear.

        See :meth:`signal`: with an alarm, no signal can clear a hook.
        """
        super().validate()
        if self.properties['alarm_action'] and any(
                self.stack.env.registry.matches_hook(self.name, hook)
                for hook in _WHILE_THERE_IS_A_USER):
            raise exception.StackValidationFailed(message=_(
                'alarm_action cannot be combined with the hooks %s of the '
                'environment, because anyone who has alarm_url could clear '
                'them')
                % ', '.join(_WHILE_THERE_IS_A_USER))

    def signal(self, details=None, need_check=True):
        """Signal the resource, or clear a hook if no alarm can do so."""
        # Heat would clear it before it calls the handler:
        # https://opendev.org/openstack/heat/src/branch/master/heat/engine/resource.py
        if isinstance(details, dict) and 'unset_hook' in details and (
                self.has_alarm_user()):
            why = _('Signals cannot clear hooks of a resource that has an '
                    'alarm_action')
            self._add_event('SIGNAL', self.FAILED, why)
            raise exception.Error(why)
        return super().signal(details, need_check)

    def has_alarm_user(self):
        """Return whether a signal can arrive without a token."""
        return self._get_user_id() is not None

    def sync_alarm_user(self, action):
        """Create or delete the user of the URL, unless that was done.

        :param dict action: the property alarm_action; None to delete the user.
        """
        try:
            if action:
                self._create_user()
                self._create_keypair()
            else:
                self._delete_user()
        except (exception.HeatException,
                keystone_errors.ClientException) as ex:
            raise exception.Error(
                _('Keystone could not create or delete the user of '
                  'alarm_url: %s') % ex) from ex

    def delete(self):
        """Delete the resource, and its user even if Heat calls no handler.

        That is the case if the object is retained or the stack abandoned.
        The URL would have no effect then.
        """
        if (self.abandon_in_progress
                or self.t.deletion_policy() == self.t.RETAIN):
            try:
                self.sync_alarm_user(None)
            except exception.Error:
                with self._action_recorder(self.DELETE):
                    raise
        yield from super().delete()

    # Attributes. They must not change while the daemon is unreachable, because
    # an alarm may have been created with them.

    def alarm_url(self):
        """Return the URL that needs no token, or None without alarm_action."""
        if self._get_user_id() is None:
            return None
        return self._get_ec2_signed_url(never_expire=True)

    def signal_url(self):
        """Return the URL that needs a token with access to the stack."""
        return self._get_heat_signal_url()
