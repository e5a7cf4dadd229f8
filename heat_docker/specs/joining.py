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

"""The properties of the types that make a daemon part of a swarm."""

from .. import fields
from .. import i18n
from .. import policy
from ..convert import swarm_nodes

_ = i18n._

FIELDS = (
    fields.Field(
        name='listen_addr', type=fields.STRING,
        doc=_('Address or network interface of the daemon, with a port, on '
              'which it listens for other managers. Defaults to '
              '0.0.0.0:2377.'),
        at='ListenAddr', live_at=fields.NOT_SHOWN,
        to_api=swarm_nodes.address,
        default=lambda: swarm_nodes.LISTEN,
        policy=policy.Free.WHOLE_DAEMON,
        example='0.0.0.0:2378'),
    fields.Field(
        name='advertise_addr', type=fields.STRING,
        doc=_('Address or network interface of the daemon, optionally with a '
              'port, at which other nodes reach this one. Defaults to the '
              'only address of the daemon; if it has several, the property is '
              'required.'),
        at='AdvertiseAddr', live_at=fields.NOT_SHOWN,
        to_api=swarm_nodes.address,
        policy=policy.Free.WHOLE_DAEMON,
        example='192.0.2.11'),
    fields.Field(
        name='data_path_addr', type=fields.STRING,
        doc=_('Address or network interface of the daemon, for the traffic '
              'between containers on different nodes. Defaults to that of '
              'advertise_addr.'),
        at='DataPathAddr', live_at=fields.NOT_SHOWN,
        to_api=swarm_nodes.address,
        policy=policy.Free.WHOLE_DAEMON,
        example='eth1'),
)
