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

"""The table of ``DockerInc::Docker::Network``.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Network.
"""

from heat.engine import constraints
from heat.engine import properties

from .. import fields
from .. import i18n
from .. import policy
from ..convert import ipam
from ..convert import process
from ..convert import references
from ..convert import scalars
from . import endpoint

_ = i18n._

FIELDS = (
    *endpoint.FIELDS,
    fields.Field(
        name='name', type=fields.STRING,
        doc=_('Name of the network, unique on its daemon. If unset, it is '
              'made of the names of stack and resource.'),
        at='Name', exclusive=bool,
        constraints=(constraints.AllowedPattern('^(%s)?$' % scalars.NAME),),
        policy=policy.Free.TEXT,
        example='wiki-back'),
    fields.Field(
        name='driver', type=fields.STRING,
        doc=_('Driver of the network, such as bridge, overlay, macvlan or '
              'ipvlan. If unset, it is bridge.'),
        at='Driver', default=lambda: 'bridge',
        policy=policy.network_driver,
        example='bridge'),
    fields.Field(
        name='driver_opts', type=fields.MAP,
        doc=_('Options for the driver, as a map of name to text.'),
        at='Options', to_api=scalars.to_string_map,
        from_api=scalars.as_map, exclusive=ipam.names_an_interface,
        policy=policy.network_options,
        example={'com.docker.network.driver.mtu': '1400'}),
    fields.Field(
        name='labels', type=fields.MAP,
        doc=_('Labels of the network, as a map of name to text. Names that '
              'begin with "org.openstack.heat." are Heat\'s own.'),
        at='Labels', to_api=process.labels_to_api,
        from_api=process.labels_from_api,
        policy=policy.Free.TEXT,
        example={'com.example.team': 'wiki'}),
    fields.Field(
        name='internal', type=fields.BOOLEAN,
        doc=_('Whether the network has no way out, by default false.'),
        at='Internal',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='attachable', type=fields.BOOLEAN,
        doc=_('Whether containers that are no part of a service can use a '
              'network of a swarm, by default false.'),
        at='Attachable',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='ingress', type=fields.BOOLEAN,
        doc=_('Whether it is the network by which a swarm publishes ports, '
              'by default false.'),
        at='Ingress',
        policy=policy.cluster,
        example=False),
    fields.Field(
        name='scope', type=fields.STRING,
        doc=_('Where the network is: on one daemon (local), or in all of '
              'the swarm (swarm). If unset, it is that of the driver.'),
        at='Scope',
        constraints=(constraints.AllowedValues(
            ['local', 'swarm', 'global']),),
        policy=policy.cluster,
        example='local'),
    fields.Field(
        name='enable_ipv4', type=fields.BOOLEAN,
        doc=_('Whether the network has IPv4 addresses, by default true.'),
        at='EnableIPv4', since=(1, 48), empty_counts=True,
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='enable_ipv6', type=fields.BOOLEAN,
        doc=_('Whether the network has IPv6 addresses, by default false. '
              'Before Docker 27, ipam has to name a subnet for them.'),
        at='EnableIPv6', empty_counts=True,
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='ipam', type=fields.MAP,
        doc=_('Addresses of the network. If unset, the daemon chooses a '
              'subnet.'),
        at='IPAM', to_api=ipam.ipam_to_api, from_api=ipam.ipam_from_api,
        exclusive=ipam.has_subnet,
        nested={
            'driver': fields.Key(
                fields.STRING, policy.ipam,
                _('Driver that gives addresses. If unset, it is default.')),
            'options': fields.Key(
                fields.MAP, policy.ipam, _('Options for that driver.')),
            'config': fields.Key(
                fields.LIST, policy.ipam,
                _('Subnets, at most one of IPv4 and one of IPv6 for most '
                  'drivers.'),
                schema=properties.Schema(
                    properties.Schema.MAP, _('A subnet.'),
                    schema={
                        'subnet': fields.Key(
                            fields.STRING, policy.ipam,
                            _('Subnet, such as 10.9.0.0/24.')),
                        'ip_range': fields.Key(
                            fields.STRING, policy.Free.INSIDE,
                            _('Part of the subnet that containers get '
                              'addresses of.')),
                        'gateway': fields.Key(
                            fields.STRING, policy.Free.INSIDE,
                            _('Address of the gateway. If unset, it is the '
                              'first one of the subnet.')),
                        'aux_addresses': fields.Key(
                            fields.MAP, policy.Free.INSIDE,
                            _('Addresses that no container gets, as a map '
                              'of a name for each.')),
                    })),
        },
        policy=policy.ipam,
        example={'driver': 'default', 'config': [
            {'subnet': '10.209.0.0/24', 'ip_range': '10.209.0.128/25',
             'gateway': '10.209.0.1',
             'aux_addresses': {'router': '10.209.0.2'}},
            {'subnet': 'fd00:209::/64', 'gateway': 'fd00:209::1'}]}),
    fields.Field(
        name='config_only', type=fields.BOOLEAN,
        doc=_('Whether it is no network but a configuration for others, by '
              'default false.'),
        at='ConfigOnly',
        policy=policy.Free.TEXT,
        example=False),
    fields.Field(
        name='config_from', type=fields.STRING,
        doc=_('Name of a network with config_only that this one is '
              'configured by.'),
        at='ConfigFrom.Network', refers=references.configuration,
        policy=policy.Free.REFERENCE,
        example='wiki-config'),
)

ATTRIBUTES = (
    fields.Attribute(
        name='name', type=fields.STRING, at='Name', cached=True,
        doc=_('Name of the network.')),
    fields.Attribute(
        name='driver', type=fields.STRING, at='Driver', cached=True,
        doc=_('Driver of the network.')),
    fields.Attribute(
        name='scope', type=fields.STRING, at='Scope', cached=True,
        doc=_('Where the network is: local, swarm or global.')),
    fields.Attribute(
        name='subnets', type=fields.LIST, at='IPAM',
        from_api=ipam.subnets_from_api,
        doc=_('Subnets of the network.')),
    fields.Attribute(
        name='gateways', type=fields.LIST, at='IPAM',
        from_api=ipam.gateways_from_api,
        doc=_('Addresses of the gateways of its subnets.')),
    fields.Attribute(
        name='containers', type=fields.MAP, at='Containers',
        from_api=ipam.containers_from_api,
        doc=_('Running containers in the network, as a map of id to name.')),
)
