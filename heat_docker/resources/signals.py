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

"""Signals to a resource: ``openstack stack resource signal``."""

import typing

from heat.common import exception

from .. import answers
from .. import i18n
from .. import operations
from .. import policy
from ..lifecycle import plan
from . import alarms
from . import base
from . import tables

_ = i18n._


class OperableResource(base.DockerResource):
    """A resource that carries out operations, such as restart.

    The table of its type contains them as ``OPERATIONS``.

    :cvar run_operation: function that takes a Context, the name of an
        operation and its arguments, and returns the text of the event.
    """

    run_operation: typing.Callable[[plan.Context, str, dict], str]

    def handle_signal(self, details=None):
        """Carry out the operation of a signal, and return the event's text.

        The sender has already received a response, so a failure is reported
        as an event, too.

        :param dict details: ``action``, one of the operations, and its
            arguments. A resource with the property alarm_action ignores other
            details, such as those that an alarm sends.
        """
        try:
            return self._run_operation(
                details if isinstance(details, dict) else {})
        except exception.Error as ex:
            self._add_event('SIGNAL', self.FAILED, _(
                'The signal failed and is not repeated: %s') % ex)
            raise

    def _run_operation(self, details):
        if self.external_id is not None:
            raise exception.Error(_('The object does not belong to this '
                                    'stack'))
        action, details = self.requested(details)
        if self.resource_id is None:
            raise exception.Error(_('It was never created'))
        ctx = self.plan_context()
        with self.connect() as ctx.client:
            if policy.is_shared():
                ctx.object.inspect(ctx.client)
            return type(self).run_operation(ctx, action, details)

    def requested(self, details):
        """Return the operation that a signal requests, and its arguments.

        :param dict details: of the signal.
        :raises exception.Error: if it is unknown, or not allowed.
        """
        action = details.get('action')
        self.check_known(action)
        with tables.errors_of_heat():
            policy.signal(action)
        return action, details

    def check_known(self, action):
        """Raise unless the table contains an operation."""
        known = operations.names(self.spec.OPERATIONS)
        if action not in known:
            raise exception.Error(
                _('The action %(action)s of a signal is not one of %(known)s')
                % {'action': answers.line(action),
                   'known': ', '.join(known)})


class SignalResource(OperableResource, alarms.Alarms):
    """A resource that also has a URL for alarms."""

    def requested(self, details):
        """Return the operation that a signal or an alarm requests."""
        only = self.properties['alarm_action']
        if not only:
            if self.has_alarm_user():
                # An update that sets alarm_action is in progress or has
                # failed.
                raise exception.Error(_(
                    'Signals are rejected until an update has set '
                    'alarm_action'))
            return super().requested(details)
        # Anyone who has alarm_url can send a signal without a token, and Heat
        # does not tell how a signal was sent. No signal may do more than
        # alarm_action.
        action = details.get('action')
        if action not in (None, only['action']):
            raise exception.Error(
                _('The resource has an alarm_action, so the only action that '
                  'signals can request is %s') % only['action'])
        self.check_known(only['action'])
        return only['action'], only
