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

"""The properties of all types: the daemon, and how to connect to it."""

import dataclasses

from heat.engine import constraints

from .. import budgets
from .. import endpoint
from .. import fields
from .. import i18n
from .. import policy
from ..convert import forms

_ = i18n._

_CERTIFICATE = '-----BEGIN CERTIFICATE-----\n...'

FIELDS = (
    fields.Field(
        name='docker_endpoint', type=fields.STRING,
        doc=_('URL of the Docker daemon: tcp://host:port, http://host:port, '
              'https://host:port or unix:///path. The default port is 2375, '
              'or 2376 for https. The operator controls which URLs are '
              'allowed. Defaults to the daemon that the operator has '
              'configured; unless the operator changes that, it is the daemon '
              'on the host of heat-engine, for administrators only.'),
        at=None, to_api=endpoint.base_url,
        default=endpoint.own_url,
        policy=policy.Free.ENDPOINT,
        example='https://docker.example.com:2376'),
    fields.Field(
        name='tls', type=fields.MAP, change=fields.HEAT_ONLY,
        doc=_('Certificates for a docker_endpoint with https: the attribute '
              'tls of DockerInc::Docker::Certificates, or each as the text of '
              'a PEM file. Take existing certificates from hidden parameters, '
              'get_file or a Barbican secret.'),
        at=None, to_api=endpoint.check_tls, mask=endpoint.tls_masked,
        longest=budgets.FILE,
        nested={
            'ca_cert': fields.Key(
                fields.STRING, policy.Free.OURS,
                _('Certificates of the authorities that sign the daemon\'s '
                  'certificate. Defaults to the system\'s certificate '
                  'authorities.'),
                constraints=[constraints.Length(max=budgets.FILE)],
                example=_CERTIFICATE),
            'client_cert': fields.Key(
                fields.STRING, policy.Free.OURS,
                _('Client certificate to present to the daemon.'),
                constraints=[constraints.Length(max=budgets.FILE)],
                example=_CERTIFICATE),
            'client_key': fields.Key(
                fields.STRING, policy.Free.OURS,
                _('Private key of client_cert, without a password.'),
                constraints=[constraints.Length(max=budgets.FILE)],
                example='-----BEGIN PRIVATE KEY-----\n...'),
            'certificates': fields.Key(
                fields.STRING, policy.Free.REFERENCE,
                _('Reference to a resource of the type '
                  'DockerInc::Docker::Certificates in the same project, from '
                  'its attribute tls. It replaces client_cert and client_key: '
                  'heat-engine reads both from the resource when it '
                  'connects.'),
                constraints=[constraints.Length(max=511)],
                example='63e2e2c0-ce0c-4a5a-8a1c-3b8e1f4f5c11/wiki-certs-x'),
            'verify': fields.Key(
                fields.BOOLEAN, policy.certificates,
                _('Whether to verify the daemon\'s certificate and hostname. '
                  'Defaults to true.')),
            'server_name': fields.Key(
                fields.STRING, policy.Free.OURS,
                _('Host name to expect in the daemon\'s certificate. Defaults '
                  'to the host in docker_endpoint. Use it if the certificate '
                  'is created before the address is known.')),
        },
        policy=policy.certificates,
        example={'verify': True, 'server_name': 'docker.example.com'}),
    fields.Field(
        name='endpoint_timeout', type=fields.INTEGER, change=fields.HEAT_ONLY,
        parse=forms.whole_seconds,
        doc=_('Seconds, or a duration such as 30m, that a create waits for a '
              'daemon that does not respond, because its host is still '
              'booting or installing it; 0 means no wait. Defaults to 300. '
              'Other actions wait at most one minute.'),
        at=None, constraints=(constraints.Range(min=0),), empty_counts=True,
        policy=policy.Free.OURS,
        example=1800),
    fields.Field(
        name='forget_unreachable', type=fields.BOOLEAN,
        change=fields.HEAT_ONLY,
        doc=_('Whether the resource can be deleted even if its daemon does '
              'not respond, because its host no longer exists. Set the '
              'property before deleting the resource. Defaults to false.'),
        at=None,
        policy=policy.Free.OURS,
        example=True),
)


def of_managers(doc) -> fields.Field:
    """Return docker_endpoint for an object of a swarm.

    All managers of the swarm have the object, so that the value can be a list
    of them. See :meth:`resources.daemon.DaemonResource.endpoints_of`.

    :param doc: documentation for users.
    """
    return dataclasses.replace(
        FIELDS[0], type=fields.LIST, text_too=True, doc=doc,
        change=fields.by_step('move'), to_api=endpoint.base_urls,
        default=endpoint.own_urls, most=32,
        example=[FIELDS[0].example, 'https://other.example.com:2376'])


OF_MANAGERS = (
    of_managers(_(
        'URL of the daemon of a manager of the swarm, in the same form as for '
        'other types, or a list of URLs. Each action uses the first daemon '
        'that responds and is a manager. If a change names a manager of '
        'another swarm, the object is created there, and deleted here. '
        'Defaults to the daemon that the operator has configured.')),
    *FIELDS[1:],
)
