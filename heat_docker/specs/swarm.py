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

"""The table of ``DockerInc::Docker::Swarm``.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Swarm.
"""

from heat.engine import constraints
from heat.engine import properties

from .. import budgets
from .. import fields
from .. import i18n
from .. import operations
from .. import policy
from ..convert import forms
from ..convert import process
from ..convert import scalars
from ..convert import swarm_nodes
from . import endpoint
from . import joining

_ = i18n._

_FROM_ZERO = (constraints.Range(min=0, max=2 ** 31),)
_FROM_ONE = (constraints.Range(min=1, max=2 ** 31),)

# What swarms have by default. An update sends it for a removed property.
_HISTORY = 5
_SNAPSHOT_INTERVAL = 10000
_SLOW_FOLLOWERS = 500
_ELECTION_TICK = 10
_HEARTBEAT_TICK = 1
_HEARTBEAT = 5 * 10 ** 9
_EXPIRY = 90 * 24 * 3600 * 10 ** 9

FIELDS = (
    endpoint.of_managers(_(
        'URL of the daemon that becomes the first manager, in the same form '
        'as for other types, or a list of URLs. Only the first one creates '
        'the swarm. Later actions use the first daemon that responds and is a '
        'manager of the swarm. Defaults to the daemon that the operator has '
        'configured.')),
    *endpoint.FIELDS[1:],
    *joining.FIELDS,
    fields.Field(
        name='data_path_port', type=fields.INTEGER,
        doc=_('UDP port for the traffic between containers on different '
              'nodes. Defaults to 4789.'),
        at='DataPathPort', default=lambda: 4789,
        constraints=(constraints.Range(min=1024, max=49151),),
        policy=policy.Free.WHOLE_DAEMON,
        example=7789),
    fields.Field(
        name='default_addr_pool', type=fields.LIST,
        doc=_('Address ranges from which the swarm takes the subnets of its '
              'overlay networks. They must not overlap with networks of the '
              'nodes. Defaults to 10.0.0.0/8.'),
        at='DefaultAddrPool', to_api=swarm_nodes.subnets,
        policy=policy.Free.WHOLE_DAEMON,
        example=['10.20.0.0/16', '10.21.0.0/16']),
    fields.Field(
        name='subnet_size', type=fields.INTEGER,
        doc=_('Prefix length of the subnet of each overlay network. Defaults '
              'to 24.'),
        at='SubnetSize', default=lambda: 24,
        constraints=(constraints.Range(min=1, max=29),),
        policy=policy.Free.WHOLE_DAEMON,
        example=26),
    fields.Field(
        name='labels', type=fields.MAP,
        parse=forms.pairs_to_map,
        doc=_('Labels of the swarm, as a map of name to string, or as a list '
              'of "name=string". Names that begin with "org.openstack.heat." '
              'are reserved for Heat.'),
        at='Spec.Labels', to_api=process.labels_to_api,
        from_api=process.labels_from_api,
        change=fields.in_place('Labels', unset={}),
        policy=policy.Free.TEXT,
        example={'com.example.team': 'wiki'}),
    fields.Field(
        name='autolock', type=fields.BOOLEAN,
        doc=_('Whether a restarted manager stays locked until it receives the '
              'unlock key, which the attribute unlock_key returns. Defaults '
              'to false.'),
        at='Spec.EncryptionConfig.AutoLockManagers',
        change=fields.in_place('EncryptionConfig.AutoLockManagers',
                               unset=False),
        policy=policy.Free.WHOLE_DAEMON,
        example=True),
    fields.Field(
        name='task_history_limit', type=fields.INTEGER,
        doc=_('Number of ended tasks to keep for each replica of a service; '
              'a negative number means all. Defaults to 5.'),
        at='Spec.Orchestration.TaskHistoryRetentionLimit', empty_counts=True,
        default=lambda: _HISTORY,
        change=fields.in_place('Orchestration.TaskHistoryRetentionLimit',
                               unset=_HISTORY),
        policy=policy.Free.WHOLE_DAEMON,
        example=3),
    fields.Field(
        name='snapshot_interval', type=fields.INTEGER,
        doc=_('Number of entries in the Raft log between two snapshots of it. '
              'Defaults to 10000.'),
        at='Spec.Raft.SnapshotInterval',
        default=lambda: _SNAPSHOT_INTERVAL, constraints=_FROM_ONE,
        change=fields.in_place('Raft.SnapshotInterval',
                               unset=_SNAPSHOT_INTERVAL),
        policy=policy.Free.WHOLE_DAEMON,
        example=20000),
    fields.Field(
        name='keep_old_snapshots', type=fields.INTEGER,
        doc=_('Number of older snapshots of the Raft log to keep. Defaults to '
              '0.'),
        at='Spec.Raft.KeepOldSnapshots', default=lambda: 0,
        constraints=_FROM_ZERO,
        change=fields.in_place('Raft.KeepOldSnapshots', unset=0),
        policy=policy.Free.WHOLE_DAEMON,
        example=1),
    fields.Field(
        name='log_entries_for_slow_followers', type=fields.INTEGER,
        doc=_('Number of entries to keep in the Raft log after a snapshot, '
              'for managers that are behind. Defaults to 500.'),
        at='Spec.Raft.LogEntriesForSlowFollowers',
        default=lambda: _SLOW_FOLLOWERS, constraints=_FROM_ONE,
        change=fields.in_place('Raft.LogEntriesForSlowFollowers',
                               unset=_SLOW_FOLLOWERS),
        policy=policy.Free.WHOLE_DAEMON,
        example=400),
    fields.Field(
        name='election_tick', type=fields.INTEGER,
        doc=_('Number of ticks, of about one second each, without a message '
              'from the leader after which the managers elect another leader. '
              'It must be greater than heartbeat_tick. Managers apply a '
              'change when their daemon restarts. Defaults to 10.'),
        at='Spec.Raft.ElectionTick', default=lambda: _ELECTION_TICK,
        constraints=_FROM_ONE,
        change=fields.in_place('Raft.ElectionTick', unset=_ELECTION_TICK),
        policy=policy.Free.WHOLE_DAEMON,
        example=15),
    fields.Field(
        name='heartbeat_tick', type=fields.INTEGER,
        doc=_('Number of ticks, of about one second each, between two '
              'messages from the leader to the other managers. Managers apply '
              'a change when their daemon restarts. Defaults to 1.'),
        at='Spec.Raft.HeartbeatTick', default=lambda: _HEARTBEAT_TICK,
        constraints=_FROM_ONE,
        change=fields.in_place('Raft.HeartbeatTick', unset=_HEARTBEAT_TICK),
        policy=policy.Free.WHOLE_DAEMON,
        example=2),
    fields.Field(
        name='dispatcher_heartbeat', type=fields.NUMBER, parse=forms.seconds,
        doc=_('Seconds, or a duration such as 10s, between two messages from '
              'a node to the managers. After three missed messages, the '
              'managers consider the node down, and move its tasks to other '
              'nodes. Defaults to 5.'),
        at='Spec.Dispatcher.HeartbeatPeriod', to_api=scalars.nanoseconds,
        from_api=swarm_nodes.seconds_from_api,
        default=lambda: _HEARTBEAT / 10 ** 9,
        constraints=(constraints.Range(min=1),),
        change=fields.in_place('Dispatcher.HeartbeatPeriod',
                               unset=_HEARTBEAT),
        policy=policy.Free.WHOLE_DAEMON,
        example=3),
    fields.Field(
        name='cert_expiry', type=fields.NUMBER, parse=forms.seconds,
        doc=_('Seconds, or a duration such as 720h, for which the '
              'certificates of nodes are valid; at least one hour. Nodes '
              'renew their certificates before they expire. Defaults to 90 '
              'days.'),
        at='Spec.CAConfig.NodeCertExpiry', to_api=scalars.nanoseconds,
        from_api=swarm_nodes.seconds_from_api,
        default=lambda: _EXPIRY / 10 ** 9,
        constraints=(constraints.Range(min=3600),),
        change=fields.in_place('CAConfig.NodeCertExpiry', unset=_EXPIRY),
        policy=policy.Free.WHOLE_DAEMON,
        example=2592000),
    fields.Field(
        name='external_cas', type=fields.LIST,
        doc=_('External authorities that sign the certificates of nodes.'),
        at='Spec.CAConfig.ExternalCAs', to_api=swarm_nodes.external_cas_to_api,
        from_api=swarm_nodes.external_cas_from_api,
        nested=properties.Schema(properties.Schema.MAP, _(
            'An authority.'), schema={
            'protocol': fields.Key(
                fields.STRING, policy.Free.WHOLE_DAEMON,
                _('Protocol of the authority. Defaults to cfssl.'),
                constraints=[constraints.AllowedValues(['cfssl'])]),
            'url': fields.Key(
                fields.STRING, policy.Free.WHOLE_DAEMON,
                _('URL for requests to sign a certificate.'),
                required=True),
            'ca_cert': fields.Key(
                fields.STRING, policy.Free.WHOLE_DAEMON,
                _('Root certificate of the authority, in PEM format.'),
                constraints=[constraints.Length(max=budgets.FILE)],
                example='-----BEGIN CERTIFICATE-----\n...'),
            'options': fields.Key(
                fields.MAP, policy.Free.WHOLE_DAEMON,
                _('Options for the protocol, as a map of name to string.'),
                example={'profile': 'node'}),
        }),
        change=fields.in_place('CAConfig.ExternalCAs', unset=[]),
        policy=policy.Free.WHOLE_DAEMON,
        example=[{'protocol': 'cfssl',
                  'url': 'https://ca.example.com:12381'}]),
)

RULES = ()

OPERATIONS = operations.OF_SWARM

ATTRIBUTES = (
    fields.Attribute(
        name='id', type=fields.STRING, at='ID', cached=True,
        doc=_('ID of the swarm.')),
    fields.Attribute(
        name='manager_addresses', type=fields.LIST, at='ID',
        source='manager_addresses',
        doc=_('Addresses, with ports, at which nodes can join the swarm. '
              'Those of managers that respond come first.')),
    fields.Attribute(
        name='nodes', type=fields.LIST, at='ID', source='nodes',
        doc=_('Nodes of the swarm, each as a map with id, hostname, address, '
              'role, availability, state, leader and reachability.')),
    fields.Attribute(
        name='worker_token', type=fields.STRING, at='JoinTokens.Worker',
        secret=True,
        doc=_('Token with which a daemon joins the swarm as a worker. The '
              'attribute is a secret, and only available on explicit '
              'request.')),
    fields.Attribute(
        name='manager_token', type=fields.STRING, at='JoinTokens.Manager',
        secret=True,
        doc=_('Token with which a daemon joins the swarm as a manager, which '
              'controls the whole swarm. The attribute is a secret, '
              'and only available on explicit request.')),
    fields.Attribute(
        name='unlock_key', type=fields.STRING, at='ID', source='unlock_key',
        secret=True,
        doc=_('Key that unlocks a restarted manager; null unless autolock is '
              'true. The attribute is a secret, and only available on '
              'explicit request.')),
)
