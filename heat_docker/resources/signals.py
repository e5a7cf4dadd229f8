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

"""What ``openstack stack resource signal`` can do to a container."""

import shlex

from heat.common import exception

from .. import conf
from .. import errors
from .. import i18n
from ..convert import scalars

_ = i18n._

# Bytes of the output of a command that its event shows.
_OUTPUT = 1024


class Signals:
    """The actions of a signal, such as ``{"action": "restart"}``."""

    def handle_signal(self, details=None):
        """Do what the details of a signal say, and tell what came of it.

        Whoever has sent it has got his answer, so an event tells what failed.

        :param dict details: ``action``: one of restart, kill (with
            ``signal``), pause, unpause, exec (with ``command``). With the
            property alarm_action they may be anything else, such as what an
            alarm says.
        """
        try:
            return self._do(details if isinstance(details, dict) else {})
        except exception.Error as ex:
            self._add_event('SIGNAL', self.FAILED, _(
                'The signal failed and is not repeated: %s') % ex)
            raise

    def _do(self, details):
        if self.external_id is not None:
            raise exception.Error(_('The container is not this stack\'s'))
        action = details.get('action')
        only = self.properties['alarm_action']
        if only:
            # Who has alarm_url needs no token. It cannot be told whether he
            # has sent it, so nobody may do more than what it is made for.
            if action not in (None, only['action']):
                raise exception.Error(
                    _('The container has an alarm_action, and signals can do '
                      'nothing but %s') % only['action'])
            action, details = only['action'], only
        elif self._is_let_in():
            # An update that sets alarm_action has not ended, or has failed.
            raise exception.Error(_(
                'The container gets an alarm_action, and signals can do '
                'nothing until an update has set it'))
        handlers = {'restart': self._restart_now, 'kill': self._kill_now,
                    'pause': self._pause_now, 'unpause': self._unpause_now,
                    'exec': self._exec_now}
        handler = handlers.get(action) if isinstance(action, str) else None
        if handler is None:
            raise exception.Error(
                _('The action %(action)s of a signal is none of %(known)s')
                % {'action': action, 'known': ', '.join(handlers)})
        if self.resource_id is None:
            raise exception.Error(_('The container was never created'))
        with self._docker() as client:
            return str(handler(client, details))

    def _restart_now(self, client, details):
        try:
            client.containers.restart(
                self.resource_id, self.properties['stop_grace_period'],
                conf.group().read_timeout)
        except errors.AnswerTimeout:
            return _('restart goes on')
        return _('restarted')

    def _kill_now(self, client, details):
        signal = str(details.get('signal') or 'SIGKILL')
        client.containers.kill(self.resource_id, signal)
        return _('sent %s') % signal

    def _pause_now(self, client, details):
        client.containers.pause(self.resource_id)
        return _('paused')

    def _unpause_now(self, client, details):
        client.containers.unpause(self.resource_id)
        return _('unpaused')

    def _exec_now(self, client, details):
        command = _words(details.get('command'))
        execution = client.containers.create_exec(self.resource_id, command)
        try:
            output = client.containers.start_exec(execution, _OUTPUT)
        except errors.AnswerTimeout:
            return _('exec goes on')
        return _('exec ended with exit code %(code)s: %(output)s') % {
            'code': client.containers.exit_code(execution),
            'output': output.strip()}


def _words(command):
    try:
        words = (shlex.split(command) if isinstance(command, str)
                 else scalars.texts(command if isinstance(command, list)
                                    else ()))
    except ValueError as ex:
        raise exception.Error(_('The command of a signal is no line of a '
                                'shell: %s') % ex) from ex
    if not words:
        raise exception.Error(_('The action exec of a signal needs a '
                                'command, as a line or a list of words'))
    return words
