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

"""The table of ``DockerInc::Docker::Certificates``, which needs no daemon.

The paths of the attributes are keys of the map that
:meth:`heat_docker.resources.certificates.DockerCertificates.described`
returns.
"""

from heat.engine import constraints

from .. import fields
from .. import i18n
from .. import policy
from .. import x509
from ..convert import combinations

_ = i18n._

# Names of a server. Heat's database has 64 KiB for all that is stored about
# the certificates, encrypted.
_NAMES = 32

FIELDS = (
    fields.Field(
        name='server_names', type=fields.LIST, change=fields.HEAT_ONLY,
        doc=_('Hostnames and IP addresses at which clients such as the docker '
              'command reach the daemon, in addition to the name "docker", '
              'which every server certificate has and the attribute tls '
              'expects. A change issues a new server certificate for the same '
              'key and under the same authority.'),
        at=None, to_api=x509.canonical_names, most=_NAMES, longest=255,
        text_too=True,
        policy=policy.Free.OURS,
        example=['203.0.113.7', 'docker.example.com']),
    fields.Field(
        name='days', type=fields.INTEGER, change=fields.HEAT_ONLY,
        doc=_('Days for which the server and the client certificate are '
              'valid, but at most as long as their authority, which is valid '
              'for 3650 days. A change renews both. Defaults to 825.'),
        at=None, default=lambda: 825,
        constraints=(constraints.Range(min=1, max=x509.MOST_DAYS),),
        policy=policy.Free.OURS,
        example=365),
    fields.Field(
        name='key_type', type=fields.STRING, change=fields.HEAT_ONLY,
        doc=_('Type of new keys. A change renews the server and the client '
              'certificate with keys of the new type. Defaults to '
              'ecdsa-p256.'),
        at=None, default=lambda: 'ecdsa-p256',
        constraints=(constraints.AllowedValues([*x509.KEY_TYPES]),),
        policy=policy.Free.OURS,
        example='ed25519'),
    fields.Field(
        name='renew_before', type=fields.INTEGER, change=fields.HEAT_ONLY,
        doc=_('Days before the expiry from which on an update of the stack '
              'renews the certificates, even if the template has not changed. '
              'It must be less than days. From the same day on, a check of '
              'the stack adds an event. If unset, the event is added 30 days '
              'before the expiry, and only a change of the template or a '
              'failed check renews the certificates.'),
        at=None, constraints=(
            constraints.Range(min=1, max=x509.MOST_DAYS - 1),),
        policy=policy.Free.OURS,
        example=60),
    fields.Field(
        name='triggers', type=fields.MAP, change=fields.HEAT_ONLY,
        doc=_('Arbitrary values. A change of any value renews the server and '
              'the client certificate, with new keys.'),
        at=None,
        policy=policy.Free.OURS,
        example={'renewal': '2'}),
    fields.Field(
        name='renew_ca', type=fields.BOOLEAN, change=fields.HEAT_ONLY,
        doc=_('Whether a renewal makes a new authority, too. A change has no '
              'effect until the next renewal. Defaults to false: a renewal '
              'makes a new authority only if the existing one is about to '
              'expire.'),
        at=None, default=lambda: False,
        policy=policy.Free.OURS,
        example=True),
)

RULES = (
    fields.Rule(('days', 'renew_before'), combinations.refuse_early_renewal,
                needs=('days', 'renew_before')),
)

ATTRIBUTES = (
    fields.Attribute(
        name='ca_cert', type=fields.STRING, at='ca_cert',
        doc=_('Certificate of the authority, in PEM. Both sides need it to '
              'verify the other: as the tlscacert of the daemon, and as the '
              'ca_cert of a client.')),
    fields.Attribute(
        name='server_cert', type=fields.STRING, at='server_cert',
        doc=_('Certificate of the daemon, in PEM: its tlscert.')),
    fields.Attribute(
        name='server_key', type=fields.STRING, at='server_key', secret=True,
        doc=_('Private key of server_cert, in PEM: the tlskey of the '
              'daemon.')),
    fields.Attribute(
        name='client_cert', type=fields.STRING, at='client_cert',
        doc=_('Certificate of the client, in PEM.')),
    fields.Attribute(
        name='client_key', type=fields.STRING, at='client_key', secret=True,
        doc=_('Private key of client_cert, in PEM. A client with this key is '
              'root on the host of the daemon.')),
    fields.Attribute(
        name='tls', type=fields.MAP, at='tls',
        doc=_('Value for the property tls of the other types: ca_cert, '
              'certificates, which refers to the resource and contains no '
              'key, and server_name, which is "docker". The address of the '
              'server need not be known.')),
    fields.Attribute(
        name='expires_at', type=fields.STRING, at='expires_at',
        doc=_('Time when the first of the certificates expires, in RFC 3339 '
              'format.')),
    fields.Attribute(
        name='fingerprint', type=fields.STRING, at='fingerprint',
        doc=_('SHA-256 fingerprint of server_cert, as "openssl x509 '
              '-fingerprint -sha256" prints it.')),
)
