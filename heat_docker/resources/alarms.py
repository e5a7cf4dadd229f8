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

"""How somebody without a token signals a container, such as an alarm.

Heat signs a URL of heat-api-cfn with the key of a user that it makes in its
domain of stack users. That user is there from the action that sets
``alarm_action`` to the one that removes it, so that nobody makes or needs
one by looking at attributes.
"""

from heat.common import exception
from heat.engine import environment
from heat.engine.resources import signal_responder
from keystoneauth1 import exceptions as keystone_errors

from .. import i18n
from ..lifecycle import plan

_ = i18n._

# The hooks at which there may be an alarm_url.
_WHILE_THERE_IS_A_USER = (
    environment.HOOK_POST_CREATE, environment.HOOK_PRE_UPDATE,
    environment.HOOK_POST_UPDATE, environment.HOOK_PRE_DELETE)


class SyncUser(plan.Step):
    """Create or delete the user of alarm_url, as the template says."""

    def __init__(self, sync_alarm_user):
        """Prepare to call :meth:`Alarms.sync_alarm_user`."""
        self._sync_alarm_user = sync_alarm_user

    def __call__(self, ctx):
        """Call it."""
        self._sync_alarm_user(ctx.values['alarm_action'])
        return True


class Alarms(signal_responder.SignalResponder):
    """The URLs of a container.

    A class lists it after those of the plugin, whose handlers come first:
    SignalResponder has handlers that create and delete the user at other
    times.
    """

    # Docker does not ask Keystone.
    requires_deferred_auth = False

    def validate(self):
        """Refuse hooks that an alarm could clear, as nobody else may then."""
        super().validate()
        if self.properties['alarm_action'] and any(
                self.stack.env.registry.matches_hook(self.name, hook)
                for hook in _WHILE_THERE_IS_A_USER):
            raise exception.StackValidationFailed(message=_(
                'alarm_action excludes the hooks %s of the environment, which '
                'whoever has alarm_url could clear')
                % ', '.join(_WHILE_THERE_IS_A_USER))

    def signal(self, details=None, need_check=True):
        """Signal the container, or clear a hook if no alarm can do so."""
        # Heat would clear it before it calls the handler:
        # https://opendev.org/openstack/heat/src/branch/master/heat/engine/resource.py
        if isinstance(details, dict) and 'unset_hook' in details and (
                self.has_alarm_user()):
            why = _('No signal clears a hook of a container with an '
                    'alarm_action')
            self._add_event('SIGNAL', self.FAILED, why)
            raise exception.Error(why)
        return super().signal(details, need_check)

    def has_alarm_user(self):
        """Return whether somebody without a token may send the signal."""
        return self._get_user_id() is not None

    def sync_alarm_user(self, action):
        """Make the user of the URL, or remove it; whatever is, may be."""
        try:
            if action:
                self._create_user()
                self._create_keypair()
            else:
                self._delete_user()
        except (exception.HeatException,
                keystone_errors.ClientException) as ex:
            raise exception.Error(
                _('Keystone and the user of alarm_url: %s') % ex) from ex

    def delete(self):
        """Delete it, after its user if it is retained or abandoned.

        Heat calls no handler for it then, but the URL is of no use to anybody.
        """
        if (self.abandon_in_progress
                or self.t.deletion_policy() == self.t.RETAIN):
            try:
                self.sync_alarm_user(None)
            except exception.Error:
                with self._action_recorder(self.DELETE):
                    raise
        yield from super().delete()

    # Attributes, which have to be known while the daemon is away, too: what
    # the alarm was told must not change with that.

    def alarm_url(self):
        """Return the URL that needs no token, if an alarm may do anything."""
        if self._get_user_id() is None:
            return None
        return self._get_ec2_signed_url(never_expire=True)

    def signal_url(self):
        """Return the URL that needs the token of who may signal the stack."""
        return self._get_heat_signal_url()
