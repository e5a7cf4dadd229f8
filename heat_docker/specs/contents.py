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
"""The properties of secrets and configs.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Secret.
"""

from heat.engine import constraints

from .. import budgets
from .. import fields
from .. import i18n
from .. import policy
from ..convert import forms
from ..convert import process
from ..convert import swarm
from . import endpoint

_ = i18n._

_DATA = (constraints.Length(max=budgets.FILE),)

FIELDS = (
    *endpoint.OF_MANAGERS,
    *map(fields.in_spec, (
        fields.Field(
            name='name', type=fields.STRING,
            doc=_('Name, unique in its swarm, with at most 64 characters. '
                  'With a fixed name, a change of the content requires a new '
                  'name, too. Defaults to a name generated from the stack and '
                  'resource names.'),
            at='Name',
            constraints=(constraints.AllowedPattern(
                '^([a-zA-Z0-9]([a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9])?)?$'),),
            policy=policy.Free.TEXT,
            example='wiki-db'),
        fields.Field(
            name='content', type=fields.STRING,
            doc=_('Content as text. Take a secret from a hidden parameter, '
                  'get_file or a Barbican secret.'),
            at=None, to_api=swarm.text_to_data, mask=swarm.masked,
            constraints=_DATA, longest=budgets.FILE,
            policy=policy.Free.INSIDE,
            example='correct horse'),
        fields.Field(
            name='content_base64', type=fields.STRING,
            doc=_('Content in base64, for binary data, in place of content.'),
            at=None, to_api=swarm.base64_to_data, mask=swarm.masked,
            constraints=_DATA, longest=budgets.FILE,
            policy=policy.Free.INSIDE,
            example='Y29ycmVjdCBob3JzZQ=='),
        fields.Field(
            name='template_driver', type=fields.STRING,
            doc=_('Driver that expands templates such as {{.Node.Hostname}} '
                  'in the content for each task of a service. By default, '
                  'nothing is expanded.'),
            at='Templating', to_api=swarm.driver_to_api,
            from_api=swarm.driver_from_api,
            constraints=(constraints.AllowedValues(['golang']),),
            policy=policy.template_driver,
            example='golang'),
        fields.Field(
            name='labels', type=fields.MAP,
            change=fields.by_step('update_spec'),
            parse=forms.pairs_to_map,
            doc=_('Labels of the object, as a map of name to string, or as a '
                  'list of "name=string". Names that begin with '
                  '"org.openstack.heat." are reserved for Heat.'),
            at='Labels', to_api=process.labels_to_api,
            from_api=process.labels_from_api,
            policy=policy.Free.TEXT,
            example={'com.example.team': 'wiki'}),
    )),
)

SHOWN = (
    fields.Attribute(
        name='name', type=fields.STRING, at='Spec.Name', cached=True,
        doc=_('Name in the swarm.')),
    fields.Attribute(
        name='created_at', type=fields.STRING, at='CreatedAt', cached=True,
        doc=_('Time of the creation, in RFC 3339 format.')),
    fields.Attribute(
        name='updated_at', type=fields.STRING, at='UpdatedAt',
        doc=_('Time of the last change of labels, in RFC 3339 format.')),
)
