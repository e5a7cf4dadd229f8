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

"""The properties of all types that pull images."""

from heat.engine import constraints

from .. import budgets
from .. import fields
from .. import i18n
from .. import policy
from ..convert import meanings
from ..convert import registry

_ = i18n._

FIELDS = (
    fields.Field(
        name='platform', type=fields.STRING,
        doc=_('Platform of the image, such as linux/arm64, if the image is '
              'available for several platforms. Defaults to the daemon\'s '
              'platform.'),
        at='?platform', since=(1, 41), live_at=fields.NOT_SHOWN,
        meaning=meanings.platform,
        policy=policy.Free.TEXT,
        example='linux/amd64'),
    fields.Field(
        name='pull_policy', type=fields.STRING, change=fields.HEAT_ONLY,
        doc=_('When the daemon pulls the image: if it does not have it '
              '(missing), every time the resource needs it (always), or not '
              'at all (never). Defaults to missing.'),
        at=None,
        constraints=(constraints.AllowedValues(
            ['missing', 'always', 'never']),),
        policy=policy.Free.OURS,
        example='always'),
    fields.Field(
        name='registry_auth', type=fields.MAP, change=fields.HEAT_ONLY,
        doc=_('Credentials for the registry of the image. Take them from '
              'hidden parameters.'),
        at=None, to_api=registry.auth_to_api, mask=registry.auth_masked,
        nested={
            'username': fields.Key(
                fields.STRING, policy.Free.TEXT, _('Name of the user.')),
            'password': fields.Key(
                fields.STRING, policy.Free.TEXT,
                _('Password or access token of the user.'),
                constraints=[constraints.Length(max=budgets.WORD)]),
            'identity_token': fields.Key(
                fields.STRING, policy.Free.TEXT,
                _('Token issued by the registry, instead of username and '
                  'password.'),
                constraints=[constraints.Length(max=budgets.WORD)],
                example='eyJhbGciOiJFUzI1NiJ9...'),
            'server_address': fields.Key(
                fields.STRING, policy.Free.TEXT,
                _('Address of the registry, such as "docker.io" or '
                  '"registry.example.com:5000". Images from other registries '
                  'are rejected. Defaults to the registry of the image.'),
                example='registry.example.com:5000'),
        },
        policy=policy.Free.TEXT,
        example={'username': 'wiki', 'password': 'secret'}),
)
