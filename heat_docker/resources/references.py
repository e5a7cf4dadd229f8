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

"""References to certificates, instead of a copy of the client's key.

Heat stores the properties of a resource, by default in plain text. The
attribute ``tls`` of ``DockerInc::Docker::Certificates`` therefore contains a
reference, and the resources with this value read the key when they connect.
"""

from heat.common import exception
from heat.objects import resource as resource_objects
from heat.objects import stack as stack_objects

from .. import errors
from .. import i18n
from ..convert import scalars
from ..lifecycle import neighbors
from ..lifecycle import records

_ = i18n._


def to(certificates):
    """Return the reference to a resource with certificates.

    It remains valid if Heat moves the resource to another stack of the tree,
    as updates without convergence do.

    :param certificates: the resource.
    """
    return '%s/%s' % (certificates.root_stack_id, certificates.resource_id)


def with_key(own, tls):
    """Return the property tls with the key that it refers to, if any.

    After a renewal with a new authority, a resource that is not updated, such
    as one that is replaced, retains its ``ca_cert``, and is the client that
    this authority has signed.

    :param own: the resource with the property.
    :param tls: value of the property.
    :raises errors.Failed: if there is no such key in the same project.
    """
    tls = scalars.drop_none(tls or {})
    reference = tls.pop('certificates', '')
    if not reference:
        return tls
    try:
        stored = _stored(own, reference)
        known = [found for found in map(stored.read, (
            records.Certificates, records.FormerClient)) if found]
    except (exception.HeatException, TypeError, ValueError):
        # The exception could contain a part of a key.
        raise errors.Failed(_(
            'certificates of tls: the key of %s cannot be read. Has the '
            'operator changed auth_encryption_key?') % reference) from None
    client = next((found for found in known
                   if found.ca_cert == tls.get('ca_cert')), known[0])
    return {**tls, 'client_cert': client.client_cert,
            'client_key': client.client_key}


def _stored(own, reference):
    """Return the certificates with a reference, as the database has them.

    An administrator can read the stacks of all projects. The template is that
    of a tenant, so only the project of the stack counts.
    """
    root, _slash, physical_id = reference.partition('/')
    rows = resource_objects.Resource.get_all_by_root_stack(
        own.context, root, {'physical_resource_id': physical_id})
    for row in rows.values():
        stack = stack_objects.Stack.get_by_id(own.context, row.stack_id,
                                              eager_load=False)
        stored = neighbors.StoredResource(row)
        if (stack is not None and stack.tenant == own.stack.tenant_id
                and stored.holds(records.Certificates)):
            return stored
    raise errors.Failed(_(
        'certificates of tls: %s is not a resource of the type '
        'DockerInc::Docker::Certificates in this project, or no longer '
        'exists') % reference)
