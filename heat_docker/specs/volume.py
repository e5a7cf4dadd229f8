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

"""The table of ``DockerInc::Docker::Volume``.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Volume.
"""

from heat.engine import constraints

from .. import budgets
from .. import fields
from .. import i18n
from .. import policy
from ..convert import forms
from ..convert import process
from ..convert import references
from ..convert import scalars
from ..convert import storage
from . import endpoint

_ = i18n._

FIELDS = (
    *endpoint.FIELDS,
    fields.Field(
        name='name', type=fields.STRING,
        doc=_('Name of the volume, unique on its daemon. An existing volume '
              'is not adopted. Defaults to a name generated from the stack '
              'and resource names.'),
        at='Name',
        constraints=(
            constraints.Length(max=budgets.NAME),
            constraints.AllowedPattern('^(%s)?$' % scalars.NAME)),
        policy=policy.Free.TEXT,
        example='wiki-data'),
    fields.Field(
        name='driver', type=fields.STRING,
        doc=_('Driver of the volume. Defaults to local.'),
        at='Driver', default=lambda: 'local',
        policy=policy.volume_driver,
        example='local'),
    fields.Field(
        name='driver_opts', type=fields.MAP,
        doc=_('Options for the driver, as a map of name to string.'),
        at='DriverOpts', live_at='Options', to_api=scalars.to_string_map,
        from_api=scalars.as_map, policy=policy.volume_options,
        mask=storage.driver_options_masked,
        example={'type': 'tmpfs', 'device': 'tmpfs', 'o': 'size=1m'}),
    fields.Field(
        name='labels', type=fields.MAP,
        parse=forms.pairs_to_map,
        doc=_('Labels of the volume, as a map of name to string, or '
              'as a list of "name=string". Names that begin with '
              '"org.openstack.heat." are reserved for Heat.'),
        at='Labels', to_api=process.labels_to_api,
        from_api=process.labels_from_api,
        policy=policy.Free.TEXT,
        example={'com.example.team': 'wiki'}),
    fields.Field(
        name='source_volume', type=fields.STRING, change=fields.HEAT_ONLY,
        doc=_('Name of a volume of the same daemon whose files are copied '
              'into this volume when it is created. A restore of the stack '
              'uses this property. Changing the name replaces the volume; '
              'removing the property has no effect.'),
        at=None, refers=references.volume,
        constraints=(constraints.AllowedPattern('^(%s)?$' % scalars.NAME),),
        policy=policy.Free.REFERENCE,
        example='wiki-data-before'),
    fields.Field(
        name='replace_on_change', type=fields.BOOLEAN, change=fields.HEAT_ONLY,
        doc=_('Whether an update can replace the volume, which destroys its '
              'files. Defaults to false.'),
        at=None,
        policy=policy.Free.OURS,
        example=True),
    fields.Field(
        name='triggers', type=fields.MAP,
        doc=_('Arbitrary values that Docker does not see. A change of any '
              'value replaces the volume with an empty one, for example '
              'because its server was replaced.'),
        at=None,
        policy=policy.Free.OURS,
        example={'server': '7'}),
)

RULES = ()

ATTRIBUTES = (
    fields.Attribute(
        name='name', type=fields.STRING, at='Name', cached=True,
        doc=_('Name of the volume.')),
    fields.Attribute(
        name='mountpoint', type=fields.STRING, at='Mountpoint', cached=True,
        doc=_('Path of the volume on the host.')),
    fields.Attribute(
        name='driver', type=fields.STRING, at='Driver', cached=True,
        doc=_('Driver of the volume.')),
    fields.Attribute(
        name='created_at', type=fields.STRING, at='CreatedAt', cached=True,
        doc=_('Time when the volume was created, in RFC 3339 format.')),
    fields.Attribute(
        name='size', type=fields.INTEGER, source='size', secret=True,
        doc=_('Size of the files in the volume, in bytes. The daemon has to '
              'count them, so the attribute is only available on explicit '
              'request.')),
)
