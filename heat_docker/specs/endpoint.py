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

"""The properties of all types: which daemon, and how it is talked to."""

from heat.engine import constraints

from .. import budgets
from .. import endpoint
from .. import fields
from .. import i18n
from .. import policy

_ = i18n._

FIELDS = (
    fields.Field(
        name='docker_endpoint', type=fields.STRING,
        doc=_('URL of the Docker daemon: tcp://host:port, http://host:port, '
              'https://host:port or unix:///path. Without a port it is 2375, '
              'for https 2376. The operator decides which are allowed. If '
              'unset, it is the daemon that the operator has configured, by '
              'default the one on the host of heat-engine, for '
              'administrators only.'),
        at=None, to_api=endpoint.base_url,
        default=endpoint.own_url,
        policy=policy.Free.ENDPOINT,
        example='https://docker.example.com:2376'),
    fields.Field(
        name='tls', type=fields.MAP, update=fields.OURS,
        doc=_('Certificates for a docker_endpoint with https, each as the '
              'text of a PEM file. Take them from hidden parameters, '
              'get_file or a secret of Barbican.'),
        at=None, to_api=endpoint.check_tls, mask=endpoint.tls_masked,
        longest=budgets.FILE,
        nested={
            'ca_cert': fields.Key(
                fields.STRING, policy.Free.OURS,
                _('Certificates of the authorities that sign the daemon\'s '
                  'certificate. If unset, those of the system do.'),
                constraints=[constraints.Length(max=budgets.FILE)]),
            'client_cert': fields.Key(
                fields.STRING, policy.Free.OURS,
                _('Certificate that the daemon is shown.'),
                constraints=[constraints.Length(max=budgets.FILE)]),
            'client_key': fields.Key(
                fields.STRING, policy.Free.OURS,
                _('Private key of client_cert, without a password.'),
                constraints=[constraints.Length(max=budgets.FILE)]),
            'verify': fields.Key(
                fields.BOOLEAN, policy.certificates,
                _('Whether the certificate of the daemon has to be good and '
                  'for its host, by default true.')),
            'server_name': fields.Key(
                fields.STRING, policy.Free.OURS,
                _('Name that the certificate of the daemon has to be for, by '
                  'default the host in docker_endpoint. It allows for a '
                  'certificate that is made before the address is known.')),
        },
        policy=policy.certificates,
        example={'verify': True, 'server_name': 'docker.example.com'}),
    fields.Field(
        name='endpoint_timeout', type=fields.INTEGER, update=fields.OURS,
        doc=_('Seconds that the create waits for a daemon that does not '
              'answer, because its host has yet to boot or to install it. 0 '
              'is not to wait. If unset, it is 300. Other actions wait a '
              'minute at the most.'),
        at=None, constraints=(constraints.Range(min=0),), empty_counts=True,
        policy=policy.Free.OURS,
        example=1800),
    fields.Field(
        name='forget_unreachable', type=fields.BOOLEAN, update=fields.OURS,
        doc=_('Whether the resource can be deleted although its daemon does '
              'not answer, because its host is gone for good; by default '
              'false. It has to be set before the resource is deleted.'),
        at=None,
        policy=policy.Free.OURS,
        example=True),
)
