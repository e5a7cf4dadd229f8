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

"""The table of ``DockerInc::Docker::SwarmNode``.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Node.
"""

import dataclasses

from heat.engine import constraints

from .. import fields
from .. import i18n
from .. import policy
from ..convert import forms
from ..convert import process
from ..convert import swarm
from ..convert import swarm_nodes
from . import endpoint
from . import joining

_ = i18n._

# The settings of the manager, in the form of those of the daemon.
_TLS = next(field for field in endpoint.FIELDS if field.name == 'tls')

FIELDS = (
    *endpoint.FIELDS,
    *(dataclasses.replace(field, change=fields.by_step('rejoin'))
      for field in joining.FIELDS),
    fields.Field(
        name='swarm', type=fields.STRING, required=True,
        doc=_('ID of the swarm, which get_resource of a '
              'DockerInc::Docker::Swarm returns.'),
        at=None,
        policy=policy.Free.WHOLE_DAEMON,
        example='npgn3ts5txdaw5m8offep4oiw'),
    fields.Field(
        name='manager_endpoint', type=fields.LIST, required=True,
        text_too=True, change=fields.HEAT_ONLY,
        doc=_('URL of the daemon of a manager of the swarm, or a list of '
              'URLs, of which the first that responds is used. See '
              'docker_endpoint for their form. The URL in docker_endpoint is '
              'skipped.'),
        at=None, to_api=swarm_nodes.urls,
        constraints=(constraints.Length(min=1, max=32),),
        policy=policy.Free.ENDPOINT,
        example=['https://manager.example.com:2376']),
    dataclasses.replace(
        _TLS, name='manager_tls',
        doc=_('Certificates for a manager_endpoint with https. Defaults to '
              'tls.'),
        nested=_TLS.nested),
    fields.Field(
        name='role', type=fields.STRING, change=fields.by_step('role'),
        doc=_('Role of the node: worker or manager. If a change to worker '
              'would make the swarm lose the majority of its managers, the '
              'update fails, and the node remains a manager. Defaults to '
              'worker.'),
        at='Role', live_at='Spec.Role', default=lambda: 'worker',
        constraints=(constraints.AllowedValues(['worker', 'manager']),),
        policy=policy.Free.WHOLE_DAEMON,
        example='manager'),
    fields.Field(
        name='availability', type=fields.STRING,
        doc=_('Whether the node accepts tasks (active), only keeps those that '
              'it has (pause), or runs none (drain). Defaults to active.'),
        at='Availability', live_at='Spec.Availability',
        default=lambda: 'active',
        constraints=(constraints.AllowedValues(
            ['active', 'pause', 'drain']),),
        change=fields.in_place('Availability', unset='active'),
        policy=policy.Free.WHOLE_DAEMON,
        example='drain'),
    fields.Field(
        name='labels', type=fields.MAP,
        parse=forms.pairs_to_map,
        doc=_('Labels of the node, as a map of name to string, or as a list '
              'of "name=string". Constraints of services refer to them as '
              'node.labels.name. Names that begin with "org.openstack.heat." '
              'are reserved for Heat.'),
        at='Labels', live_at='Spec.Labels', to_api=process.labels_to_api,
        from_api=process.labels_from_api,
        change=fields.in_place('Labels', unset={}),
        policy=policy.Free.TEXT,
        example={'disk': 'ssd'}),
    fields.Field(
        name='join_token', type=fields.STRING, change=fields.HEAT_ONLY,
        doc=_('Token with which the daemon joins the swarm. By default, the '
              'plugin reads it from the manager, so that Heat does not store '
              'it.'),
        at=None, to_api=swarm_nodes.token, mask=swarm.masked,
        policy=policy.Free.WHOLE_DAEMON,
        example='SWMTKN-1-57xtcifugvvtymg3bwbj0iyc3u4akcdvqutjtvcleh3jejlf39-'
                'a9utj6d85cncfp2rh82loz8av'),
    fields.Field(
        name='remote_addrs', type=fields.LIST, change=fields.HEAT_ONLY,
        doc=_('Addresses of managers, with ports, at which the daemon joins. '
              'Defaults to those that the managers advertise.'),
        at=None, to_api=swarm_nodes.addresses,
        policy=policy.Free.WHOLE_DAEMON,
        example=['192.0.2.11:2377']),
    fields.Field(
        name='drain_timeout', type=fields.INTEGER, change=fields.HEAT_ONLY,
        parse=forms.whole_seconds,
        doc=_('Seconds, or a duration such as 5m, to wait until the tasks of '
              'the node have ended. After that, the node leaves the swarm '
              'with the tasks that are still running. Defaults to 60.'),
        at=None, constraints=(constraints.Range(min=0),), empty_counts=True,
        policy=policy.Free.OURS,
        example=300),
)

RULES = ()

ATTRIBUTES = (
    fields.Attribute(
        name='hostname', type=fields.STRING, at='Description.Hostname',
        doc=_('Hostname of the node.')),
    fields.Attribute(
        name='address', type=fields.STRING, at='Status.Addr',
        doc=_('Address at which the managers know the node.')),
    fields.Attribute(
        name='state', type=fields.STRING, at='Status.State',
        doc=_('State of the node: unknown, down, ready or disconnected.')),
    fields.Attribute(
        name='role', type=fields.STRING, at='Spec.Role',
        doc=_('Role of the node: worker or manager.')),
    fields.Attribute(
        name='availability', type=fields.STRING, at='Spec.Availability',
        doc=_('Availability of the node: active, pause or drain.')),
    fields.Attribute(
        name='leader', type=fields.BOOLEAN, at='ManagerStatus',
        from_api=swarm_nodes.is_leader,
        doc=_('Whether the node is the leader of the managers; null for a '
              'worker.')),
    fields.Attribute(
        name='reachability', type=fields.STRING,
        at='ManagerStatus.Reachability',
        doc=_('Whether the other managers reach this manager: unknown, '
              'unreachable or reachable; null for a worker.')),
    fields.Attribute(
        name='engine_version', type=fields.STRING,
        at='Description.Engine.EngineVersion',
        doc=_('Version of Docker on the node.')),
)
