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

"""The limits of processes, of containers and of builds."""

from heat.engine import constraints
from heat.engine import properties

from .. import fields
from .. import i18n
from .. import policy
from ..convert import forms
from ..convert import limits
from ..convert import meanings

_ = i18n._

LIMIT = properties.Schema(
    properties.Schema.MAP,
    _('A limit.'),
    schema={
        'name': fields.Key(
            fields.STRING, policy.Free.AMOUNT,
            _('Name of the limit, such as nofile.'), required=True,
            constraints=[constraints.AllowedValues(limits.ULIMITS)]),
        'soft': fields.Key(
            fields.INTEGER, policy.Free.AMOUNT,
            _('Soft limit, which a process can raise up to the hard '
              'limit.'), required=True),
        'hard': fields.Key(
            fields.INTEGER, policy.Free.AMOUNT,
            _('Hard limit, which an unprivileged process cannot '
              'raise. Defaults to the soft limit.')),
    })

FIELDS = (
    fields.Field(
        name='ulimits', type=fields.LIST,
        parse=forms.ulimits_to_list,
        doc=_('Resource limits (ulimits) of the processes in the container, '
              'as a list, or as a map of name to limit, such as {nofile: '
              '1024} or {nofile: {soft: 1024, hard: 2048}}.'),
        at='HostConfig.Ulimits', to_api=limits.ulimits_to_api,
        from_api=limits.ulimits_from_api, meaning=meanings.ulimits,
        nested=LIMIT,
        policy=policy.Free.AMOUNT,
        example=[{'name': 'nofile', 'soft': 1024, 'hard': 2048}]),
)
