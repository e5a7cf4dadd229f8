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

"""The table of operations that a signal can perform on a container.

The actions of a signal, the values that ``alarm_action`` accepts, their
documentation and their tests come from this table. The function of the same
name in :mod:`heat_docker.lifecycle.container_operations` sends the requests.
"""

import dataclasses
import typing

from heat.engine import constraints

from . import fields
from . import i18n
from . import policy

_ = i18n._


@dataclasses.dataclass(frozen=True)
class Argument:
    """An argument of an operation: a key of the signal's details."""

    type: str
    doc: typing.Any
    example: typing.Any
    required: bool = False


@dataclasses.dataclass(frozen=True)
class Operation:
    """One operation.

    :ivar name: value of ``action`` in a signal and in ``alarm_action``.
    :ivar doc: a phrase that follows the name, without a full stop.
    :ivar arguments: arguments by name.
    """

    name: str
    doc: typing.Any
    arguments: dict[str, Argument] = dataclasses.field(default_factory=dict)


OPERATIONS = (
    Operation('restart', _('stops the container and starts it again')),
    Operation('stop', _('stops the container until it is started again')),
    Operation('start', _('starts a container that has stopped')),
    Operation('kill', _('sends a Unix signal to the command'), {
        'signal': Argument(
            fields.STRING,
            _('Unix signal that kill sends, such as SIGHUP. Defaults to '
              'SIGKILL.'), 'SIGHUP')}),
    Operation('pause', _('freezes the processes of the container')),
    Operation('unpause', _('resumes the processes of a paused container')),
    Operation('exec', _('runs a command in the container'), {
        'command': Argument(
            fields.LIST,
            _('Command that exec runs, as a list of arguments. Required '
              'for exec.'), ['nginx', '-s', 'reload'],
            required=True)}),
)


def names() -> list[str]:
    """Return the names of all operations."""
    return [operation.name for operation in OPERATIONS]


def keys() -> dict[str, fields.Key]:
    """Return the schema of an operation with its arguments."""
    action = fields.Key(
        fields.STRING, policy.Free.INSIDE,
        _('The action: %s.') % '; '.join(
            '"%s" %s' % (one.name, one.doc) for one in OPERATIONS),
        required=True,
        constraints=[constraints.AllowedValues(names())])
    arguments = {
        name: fields.Key(argument.type, policy.Free.INSIDE, argument.doc,
                         example=argument.example)
        for one in OPERATIONS for name, argument in one.arguments.items()}
    return {'action': action, **arguments}


def check(value: dict) -> dict:
    """Return an operation if it has all the arguments that it needs."""
    for one in OPERATIONS:
        for name, argument in one.arguments.items():
            if (argument.required and value.get('action') == one.name
                    and not value.get(name)):
                raise ValueError(_('the action %(action)s requires a %(name)s')
                                 % {'action': one.name, 'name': name})
    return value
