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

from .. import budgets
from .. import fields
from .. import i18n
from .. import policy
from ..convert import forms
from ..convert import ipam
from ..convert import meanings
from ..convert import process
from ..convert import references
from ..convert import scalars
from . import endpoint

_ = i18n._

FIELDS = (
    *endpoint.FIELDS,
    fields.Field(
        name='name', type=fields.STRING,
        doc=_('Name of the network, unique on its daemon. Defaults to a name '
              'generated from the stack and resource names.'),
        at='Name', exclusive=bool,
        constraints=(
            constraints.Length(max=budgets.NAME),
            constraints.AllowedPattern('^(%s)?$' % scalars.NAME)),
        policy=policy.Free.TEXT,
        example='wiki-back'),
    fields.Field(
        name='driver', type=fields.STRING,
        doc=_('Driver of the network, such as bridge, overlay, macvlan or '
              'ipvlan. Defaults to bridge.'),
        at='Driver', default=lambda: 'bridge',
        policy=policy.network_driver,
        example='bridge'),
    fields.Field(
        name='driver_opts', type=fields.MAP,
        doc=_('Options for the driver, as a map of name to string.'),
        at='Options', to_api=scalars.to_string_map,
        from_api=scalars.as_map, exclusive=ipam.names_an_interface,
        policy=policy.network_options,
        example={'com.docker.network.driver.mtu': '1400'}),
    fields.Field(
        name='labels', type=fields.MAP,
        parse=forms.pairs_to_map,
        doc=_('Labels of the network, as a map of name to string, or '
              'as a list of "name=string". Names that begin with '
              '"org.openstack.heat." are reserved for Heat.'),
        at='Labels', to_api=process.labels_to_api,
        from_api=process.labels_from_api,
        policy=policy.Free.TEXT,
        example={'com.example.team': 'wiki'}),
    fields.Field(
        name='internal', type=fields.BOOLEAN,
        doc=_('Whether the network is isolated from external networks. '
              'Defaults to false.'),
        at='Internal',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='attachable', type=fields.BOOLEAN,
        doc=_('Whether containers outside of swarm services can attach to a '
              'swarm network. Defaults to false.'),
        at='Attachable',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='ingress', type=fields.BOOLEAN,
        doc=_('Whether the network is the ingress network through which a '
              'swarm publishes ports. Defaults to false.'),
        at='Ingress',
        policy=policy.cluster,
        example=False),
    fields.Field(
        name='scope', type=fields.STRING,
        doc=_('Scope of the network: one daemon (local) or the whole swarm '
              '(swarm). Defaults to the scope of the driver.'),
        at='Scope',
        constraints=(constraints.AllowedValues(
            ['local', 'swarm', 'global']),),
        policy=policy.cluster,
        example='local'),
    fields.Field(
        name='enable_ipv4', type=fields.BOOLEAN,
        doc=_('Whether the network has IPv4 addresses. Defaults to true.'),
        at='EnableIPv4', since=(1, 48), empty_counts=True,
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='enable_ipv6', type=fields.BOOLEAN,
        doc=_('Whether the network has IPv6 addresses. Before Docker 27, this '
              'requires an IPv6 subnet in ipam. Defaults to false.'),
        at='EnableIPv6', empty_counts=True,
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='ipam', type=fields.MAP,
        doc=_('IP address management. By default, the daemon chooses a '
              'subnet.'),
        at='IPAM', to_api=ipam.ipam_to_api, from_api=ipam.ipam_from_api,
        meaning=meanings.ipam, exclusive=ipam.has_subnet,
        nested={
            'driver': fields.Key(
                fields.STRING, policy.ipam,
                _('Driver that assigns addresses. Defaults to default.')),
            'options': fields.Key(
                fields.MAP, policy.ipam, _('Options for that driver.'),
                example={'com.example.pool': 'wiki'}),
            'config': fields.Key(
                fields.LIST, policy.ipam,
                _('Subnets. Most drivers accept at most one IPv4 and one IPv6 '
                  'subnet.'),
                schema=properties.Schema(
                    properties.Schema.MAP, _('A subnet.'),
                    schema={
                        'subnet': fields.Key(
                            fields.STRING, policy.ipam,
                            _('Subnet, such as 10.9.0.0/24.')),
                        'ip_range': fields.Key(
                            fields.STRING, policy.Free.INSIDE,
                            _('Part of the subnet from which containers '
                              'receive addresses.')),
                        'gateway': fields.Key(
                            fields.STRING, policy.Free.INSIDE,
                            _('Address of the gateway. Defaults to the first '
                              'address of the subnet.')),
                        'aux_addresses': fields.Key(
                            fields.MAP, policy.Free.INSIDE,
                            _('Addresses that no container receives, as a map '
                              'of name to address.')),
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
        doc=_('Whether the resource is only a configuration for other '
              'networks. Defaults to false.'),
        at='ConfigOnly',
        policy=policy.Free.TEXT,
        example=False),
    fields.Field(
        name='config_from', type=fields.STRING,
        doc=_('Name of a network with config_only that provides the '
              'configuration of this one.'),
        at='ConfigFrom.Network', refers=references.configuration,
        policy=policy.Free.REFERENCE,
        example='wiki-config'),
    fields.Field(
        name='triggers', type=fields.MAP,
        doc=_('Arbitrary values that Docker does not see. A change of any '
              'value replaces the network, for example because its server '
              'was replaced.'),
        at=None,
        policy=policy.Free.OURS,
        example={'server': '7'}),
)

RULES = ()

ATTRIBUTES = (
    fields.Attribute(
        name='name', type=fields.STRING, at='Name', cached=True,
        doc=_('Name of the network.')),
    fields.Attribute(
        name='driver', type=fields.STRING, at='Driver', cached=True,
        doc=_('Driver of the network.')),
    fields.Attribute(
        name='scope', type=fields.STRING, at='Scope', cached=True,
        doc=_('Scope of the network: local, swarm or global.')),
    fields.Attribute(
        name='subnets', type=fields.LIST, at='IPAM',
        from_api=ipam.subnets_from_api,
        doc=_('Subnets of the network.')),
    fields.Attribute(
        name='gateways', type=fields.LIST, at='IPAM',
        from_api=ipam.gateways_from_api,
        doc=_('Gateway addresses of the subnets.')),
    fields.Attribute(
        name='subnet_status', type=fields.MAP, at='Status',
        from_api=ipam.subnet_status_from_api,
        doc=_('Addresses of the network, as a map of subnet to a map with '
              'ips_in_use, the number of addresses that are in use or '
              'reserved, and dynamic_ips_available, the number of addresses '
              'that Docker can still assign. Null before version 1.52 of the '
              'Docker API.')),
    fields.Attribute(
        name='containers', type=fields.MAP, at='Containers',
        from_api=ipam.containers_from_api,
        doc=_('Running containers in the network, as a map of ID to name.')),
)
