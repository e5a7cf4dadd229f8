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

"""The tables of operations that a signal can perform.

The actions of a signal, the values that ``alarm_action`` accepts, their
documentation and their tests come from these tables. The function of the same
name in :mod:`heat_docker.lifecycle.container_operations`,
``service_operations`` or ``swarm_operations`` sends the requests.
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


OF_SERVICE = (
    Operation('scale', _('changes the number of replicas'), {
        'replicas': Argument(
            fields.INTEGER,
            _('Number of replicas after scale.'), example=3),
        'change': Argument(
            fields.INTEGER,
            _('Number of replicas that scale adds, or removes if it is '
              'negative, instead of replicas.'), example=1),
        'minimum': Argument(
            fields.INTEGER,
            _('Lowest number of replicas after a change. Defaults to 1.'),
            example=1),
        'maximum': Argument(
            fields.INTEGER,
            _('Highest number of replicas after a change. Required for a '
              'change that adds replicas.'), example=10)}),
    Operation('restart', _('replaces all tasks with new ones, in the way that '
                           'update_config describes; a job runs again')),
    Operation('rollback', _('restores the specification before the last '
                            'update')),
)


OF_SWARM = (
    Operation('rotate_worker_token', _(
        'replaces the join token of workers with a new one')),
    Operation('rotate_manager_token', _(
        'replaces the join token of managers with a new one')),
    Operation('rotate_unlock_key', _(
        'replaces the key that unlocks a restarted manager with a new one')),
    Operation('rotate_ca', _(
        'replaces the certificate authority of the swarm and the '
        'certificates of its nodes with new ones')),
)


def names(table=OPERATIONS) -> list[str]:
    """Return the names of all operations."""
    return [operation.name for operation in table]


def keys(table=OPERATIONS) -> dict[str, fields.Key]:
    """Return the schema of an operation with its arguments."""
    action = fields.Key(
        fields.STRING, policy.Free.INSIDE,
        _('The action: %s.') % '; '.join(
            '"%s" %s' % (one.name, one.doc) for one in table),
        required=True,
        constraints=[constraints.AllowedValues(names(table))])
    arguments = {
        name: fields.Key(argument.type, policy.Free.INSIDE, argument.doc,
                         example=argument.example)
        for one in table for name, argument in one.arguments.items()}
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


def check_of_service(value: dict) -> dict:
    """Return an operation on a service if its arguments fit together."""
    if value.get('action') == 'scale':
        scaled(value, 1)
    return value


def scaled(arguments: dict, replicas: int) -> int:
    """Return the number of replicas after a scale.

    :param arguments: of the operation.
    :param replicas: number before it.
    :raises ValueError: if the arguments do not fit together.
    """
    numbers: dict[str, int | None] = {
        name: _natural(name, arguments.get(name))
        for name in ('replicas', 'change', 'minimum', 'maximum')}
    wanted, change = numbers['replicas'], numbers['change']
    if (wanted is None) == (change is None):
        raise ValueError(_('the action scale requires either replicas or '
                           'change'))
    if wanted is not None:
        return wanted
    lowest, highest = numbers['minimum'], numbers['maximum']
    if typing.cast(int, change) > 0 and highest is None:
        raise ValueError(_('the action scale requires a maximum with a '
                           'positive change'))
    after = max(replicas + typing.cast(int, change),
                1 if lowest is None else lowest)
    return after if highest is None else min(after, highest)


def _natural(name, value):
    """Return an argument as an integer; only a change can be negative."""
    if value is None:
        return None
    try:
        number = int(str(value))
    except ValueError as ex:
        raise ValueError(_('the %s of scale is not an integer') % name) from ex
    if number < 0 and name != 'change':
        raise ValueError(_('the %s of scale is negative') % name)
    return number
