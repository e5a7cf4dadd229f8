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

"""Signals to a container: ``openstack stack resource signal``."""

import shlex

from heat.common import exception

from .. import conf
from .. import errors
from .. import i18n
from .. import operations
from ..convert import scalars

_ = i18n._

# Bytes of the output of a command that its event shows.
_OUTPUT = 1024

# Key in Heat's resource data: the state that a signal has put the container
# in, and the start after which it did so. A container that has been started
# again since, and then ends, has failed.
_SIGNALED = 'signaled'


class Signals:
    """The operations of a signal, such as ``{"action": "restart"}``."""

    def handle_signal(self, details=None):
        """Do what a signal asks for and return the text of its event.

        The sender has already received a response, so a failure is reported
        as an event, too.

        :param dict details: ``action``, one of
            :data:`heat_docker.operations.OPERATIONS`, and its arguments. A
            container with the property alarm_action ignores other details,
            such as those that an alarm sends.
        """
        try:
            return self._do(details if isinstance(details, dict) else {})
        except exception.Error as ex:
            self._add_event('SIGNAL', self.FAILED, _(
                'The signal failed and is not repeated: %s') % ex)
            raise

    def _do(self, details):
        if self.external_id is not None:
            raise exception.Error(_('The container does not belong to this '
                                    'stack'))
        action = details.get('action')
        only = self.properties['alarm_action']
        if only:
            # Anyone who has alarm_url can send a signal without a token, and
            # Heat does not expose how a signal was sent. Therefore, no signal
            # can do more than alarm_action.
            if action not in (None, only['action']):
                raise exception.Error(
                    _('The container has an alarm_action, and signals can do '
                      'nothing but %s') % only['action'])
            action, details = only['action'], only
        elif self._is_let_in():
            # An update that sets alarm_action is in progress or has failed.
            raise exception.Error(_(
                'The container gets an alarm_action, and signals can do '
                'nothing until an update has set it'))
        operation = next((one for one in operations.OPERATIONS
                          if one.name == action), None)
        if operation is None:
            raise exception.Error(
                _('The action %(action)s of a signal is not one of %(known)s')
                % {'action': action, 'known': ', '.join(operations.names())})
        if self.resource_id is None:
            raise exception.Error(_('The container was never created'))
        with self._docker() as docker:
            return str(getattr(self, operation.method)(docker, details))

    def _is_as_signaled(self, state):
        """Return whether a signal has stopped or paused the container.

        :param dict state: ``State`` of the inspected container.
        """
        return self.data().get(_SIGNALED) == _signature(
            state.get('Status'), state)

    def _remember_signal(self, docker, status):
        """Record that a signal has put the container in a state."""
        state = docker.inspect_container(self.resource_id)['State']
        self.data_set(_SIGNALED, _signature(status, state))

    def _restart_now(self, docker, details):
        try:
            docker.restart_container(
                self.resource_id, self.properties['stop_grace_period'],
                conf.group().read_timeout)
        except errors.Late:
            return _('still restarting')
        return _('restarted')

    def _stop_now(self, docker, details):
        message = _('stopped')
        try:
            self._stop_even_paused(
                docker, self.resource_id,
                self.properties['stop_grace_period'],
                conf.group().read_timeout)
        except errors.Late:
            message = _('still stopping')
        self._remember_signal(docker, 'exited')
        return message

    def _start_now(self, docker, details):
        docker.start_container(self.resource_id)
        return _('started')

    def _kill_now(self, docker, details):
        signal = str(details.get('signal') or 'SIGKILL')
        docker.kill_container(self.resource_id, signal)
        return _('sent %s') % signal

    def _pause_now(self, docker, details):
        docker.pause_container(self.resource_id)
        self._remember_signal(docker, 'paused')
        return _('paused')

    def _unpause_now(self, docker, details):
        docker.unpause_container(self.resource_id)
        return _('unpaused')

    def _exec_now(self, docker, details):
        command = _words(details.get('command'))
        execution = docker.create_exec(self.resource_id, command)
        try:
            output = docker.start_exec(execution, _OUTPUT)
        except errors.Late:
            return _('exec is still running')
        return _('exec ended with exit code %(code)s: %(output)s') % {
            'code': docker.exit_code(execution), 'output': output.strip()}


def _signature(status, state):
    return '%s %s' % (status, state.get('StartedAt'))


def _words(command):
    try:
        words = (shlex.split(command) if isinstance(command, str)
                 else scalars.to_strings(command if isinstance(command, list)
                                    else ()))
    except ValueError as ex:
        raise exception.Error(_('The command of a signal is not a valid shell '
                                'command line: %s') % ex) from ex
    if not words:
        raise exception.Error(_('The action exec of a signal requires a '
                                'command, as a string or a list of words'))
    return words
