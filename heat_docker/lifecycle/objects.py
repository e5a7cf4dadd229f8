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

"""The object of a daemon that belongs to a resource."""

import re
import typing

from .. import errors
from .. import i18n
from .. import policy
from ..api import collection
from . import ownership
from . import records

_ = i18n._


class Object:
    """An object of a daemon: of each kind, a subclass.

    The object may have no ID yet, or no longer exist.

    :cvar COLLECTION: name of its collection in
        :class:`heat_docker.client.DockerClient`.
    :cvar KIND: class of that collection.
    :cvar ID: pattern of the IDs that daemons choose. Other text may be the
        name of another object, or the beginning of its ID.
    :ivar owner: the resource, as the object's labels describe it.
    :ivar records: the records of the resource.
    """

    COLLECTION: str
    KIND: type[collection.Collection]
    ID = re.compile('[0-9a-f]{64}')

    def __init__(self, resource, owner: ownership.Owner,
                 store: records.Store):
        """Keep the resource, which stores the ID.

        :param resource: a resource of Heat. Only ``resource_id``,
            ``resource_id_set`` and ``physical_resource_name`` are used.
        """
        self._resource = resource
        self.owner = owner
        self.records = store

    @property
    def id(self) -> typing.Any:
        """The ID of the object on its daemon, which Heat stores, or None."""
        return self._resource.resource_id

    @id.setter
    def id(self, value):
        if not self.is_permanent(value):
            raise errors.Failed(_('The daemon returned no ID for it'))
        self._resource.resource_id_set(value)

    def name(self, values) -> str:
        """Return the name of the object, in the characters Docker accepts.

        :param values: of the properties.
        """
        name = values['name'] or re.sub(
            '[^a-zA-Z0-9_.-]', '_', self._resource.physical_resource_name())
        return name.lstrip('/')

    def source(self, client):
        """Return the client whose daemon knows the object.

        :param client: client of the resource's daemon.
        """
        return client

    def collection(self, client):
        """Return the object's collection of a client."""
        return getattr(self.source(client), self.COLLECTION)

    def inspect(self, client):
        """Return the daemon's response to an inspect request.

        :raises errors.NotFound: if the object does not exist, or the ID
            belongs to another project. Daemons choose IDs, and the address of
            a daemon may belong to another daemon now.
        """
        inspected = self.collection(client).inspect(self.id)
        if policy.is_shared() and self.owner.is_foreign(
                self.KIND.labels_of(inspected)):
            raise errors.NotFound(_('%s now belongs to another project')
                                  % self.id)
        return inspected

    def find(self, client, labels) -> list[str]:
        """Return the IDs of the objects that have all the labels."""
        return self.collection(client).find(labels)

    def find_own(self, client, values) -> str | None:
        """Return the ID of the object created for this resource, or None."""
        found = self.find(client, self.owner.labels_by('resource_id',
                                                       'stack_id'))
        return found[0] if found else None

    def find_replacements(self, client) -> list[str]:
        """Return the IDs of the objects created in place of this one."""
        labels = self.owner.labels_by('project_id', 'stack_id',
                                      'resource_name')
        return [found for found in self.find(client, labels)
                if found != self.id]

    def ensure_id(self, client, values) -> bool:
        """Find the ID by labels and store it if it was lost.

        :returns: whether there is an ID.
        """
        if self.id is None:
            object_id = self.find_own(client, values)
            if object_id is None:
                return False
            self.id = object_id
        return True

    def is_permanent(self, value) -> bool:
        """Return whether a value is an id that no other object ever has."""
        return isinstance(value, str) and bool(self.ID.fullmatch(value))

    def permanent_id(self, inspected) -> str:
        """Return an ID that the daemon never gives to another object.

        :param inspected: the response to an inspect request.
        """
        return inspected[self.KIND.ID]

    def refuse_foreign(self, inspected):
        """Raise if a stack of another project has created the object."""
        self.owner.refuse_foreign(self.KIND.labels_of(inspected))

    def refuse_unowned(self, inspected):
        """Raise if no project owns the object, on a shared daemon."""
        self.owner.refuse_unowned(self.KIND.labels_of(inspected))

    def is_usable(self, ctx, inspected) -> bool:
        """Return whether an update can finish what a failed action left."""
        return True
