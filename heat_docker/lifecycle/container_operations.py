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

"""The operations of signals: one function for each entry of the table."""

import shlex

from .. import conf
from .. import errors
from .. import i18n
from .. import operations
from ..convert import scalars
from . import containers
from . import plan
from . import records

_ = i18n._

# Bytes of the output of a command that its event shows.
_OUTPUT = 1024


def run(ctx: plan.Context, name: str, arguments: dict) -> str:
    """Carry out an operation and return the text of its event.

    :param name: of an operation in
        :data:`heat_docker.operations.OPERATIONS`.
    :param arguments: details of the signal.
    """
    return _FUNCTIONS[name](ctx, arguments)


def _remember(ctx: plan.Context, status):
    """Record the state in which a signal left the container.

    A check does not fail, and an update does not replace the container,
    because of that state.
    """
    ctx.records.write(records.Signaled(
        status, containers.state_of(ctx).started_at))


def _restart(ctx: plan.Context, arguments):
    try:
        ctx.client.containers.restart(
            ctx.object.id, ctx.properties['stop_grace_period'],
            conf.group().read_timeout)
    except errors.AnswerTimeout:
        return _('still restarting')
    return _('restarted')


def _stop(ctx: plan.Context, arguments):
    message = _('stopped')
    try:
        containers.stop(ctx.client, ctx.object.id,
                        ctx.properties['stop_grace_period'],
                        conf.group().read_timeout)
    except errors.AnswerTimeout:
        message = _('still stopping')
    _remember(ctx, 'exited')
    return message


def _start(ctx: plan.Context, arguments):
    containers.start(ctx)
    return _('started')


def _kill(ctx: plan.Context, arguments):
    signal = str(arguments.get('signal') or 'SIGKILL')
    ctx.client.containers.kill(ctx.object.id, signal)
    return _('sent %s') % signal


def _pause(ctx: plan.Context, arguments):
    ctx.client.containers.pause(ctx.object.id)
    _remember(ctx, 'paused')
    return _('paused')


def _unpause(ctx: plan.Context, arguments):
    ctx.client.containers.unpause(ctx.object.id)
    return _('unpaused')


def _exec(ctx: plan.Context, arguments):
    command = _words(arguments.get('command'))
    execution = ctx.client.containers.create_exec(ctx.object.id, command)
    try:
        output = ctx.client.containers.start_exec(execution, _OUTPUT)
    except errors.AnswerTimeout:
        return _('exec is still running')
    return _('exec ended with exit code %(code)s: %(output)s') % {
        'code': ctx.client.containers.exit_code(execution),
        'output': output.strip()}


def _words(command):
    try:
        words = (shlex.split(command) if isinstance(command, str)
                 else scalars.to_strings(
                     command if isinstance(command, list) else ()))
    except ValueError as ex:
        raise errors.Failed(_('The command of a signal is not a valid shell '
                              'command line: %s') % ex) from ex
    if not words:
        raise errors.Failed(_('The action exec of a signal requires a '
                              'command, as a string or a list of arguments'))
    return words


_FUNCTIONS = {operation.name: globals()['_' + operation.name]
              for operation in operations.OPERATIONS}
