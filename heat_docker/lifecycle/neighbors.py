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

"""All that steps use of the other resources of a stack.

:mod:`heat_docker.resources.neighbors` looks them up in Heat.
"""

import collections.abc
import dataclasses
import typing

from heat.common import crypt
from heat.common import exception
from heat.objects import resource as resource_objects

from .. import endpoint as endpoints
from . import records

# Exceptions if the values of properties depend on a resource that does not
# exist yet.
UNKNOWN = (AttributeError, KeyError, TypeError, ValueError,
           exception.StackValidationFailed)


class Neighbor(typing.Protocol):
    """Another resource of the tree of stacks.

    :ivar name: its name.
    :ivar is_in_same_stack: whether it is in the same stack, rather than in a
        parent or nested one.
    :ivar is_changing: whether an action of it is in progress.
    :ivar has_failed: whether its last action failed.
    :ivar is_updated: whether the update in progress has already changed it.
    :ivar is_removed: whether the new template does not contain it.
    :ivar is_changed_later: whether Heat changes it only after the own
        resource, on which it depends.
    :ivar old_values: function that returns the values of its properties in
        its last action. It may raise :data:`UNKNOWN`.
    :ivar new_values: function that returns those of the new template. It may
        raise :data:`UNKNOWN`.
    """

    name: str
    is_in_same_stack: bool
    is_changing: bool
    has_failed: bool
    is_updated: bool
    is_removed: bool
    is_changed_later: bool
    old_values: collections.abc.Callable[[], collections.abc.Mapping]
    new_values: collections.abc.Callable[[], collections.abc.Mapping]


@dataclasses.dataclass(frozen=True)
class StoredResource:
    """A resource of the plugin as Heat's database has it.

    :ivar row: its row in the database.
    """

    row: resource_objects.Resource

    @property
    def uuid(self) -> str:
        """The UUID of the resource, which is in the labels of its object."""
        return self.row.uuid

    @property
    def object_id(self) -> str | None:
        """The ID of its object."""
        return self.row.physical_resource_id

    @property
    def is_deleted(self) -> bool:
        """Whether its last action is a delete, complete or not."""
        return self.row.action == 'DELETE'

    def last_value(self, name: str) -> typing.Any:
        """Return the value of a property in its last action, or None."""
        return (self.row.properties_data or {}).get(name)

    def is_on(self, client: typing.Any) -> bool:
        """Return whether a client is connected to its daemon.

        The name of another daemon may have the same URL now.
        """
        request = self.read(records.CreateRequest)
        return (request is not None and request.address == client.address
                and endpoints.is_of(request.endpoint, client.endpoint))

    def read(self, kind: type[records.R]) -> records.R | None:
        """Return its record of a class, or None.

        :raises exception.InvalidEncryptionKey: if the record is encrypted, and
            ``auth_encryption_key`` has changed since.
        """
        return records.read({
            item.key: crypt.decrypt(item.decrypt_method, item.value)
            if item.redact else item.value
            for item in self.row.data or () if item.key == kind.KEY}, kind)

    def holds(self, kind: type[records.Record]) -> bool:
        """Return whether it has a record of a class."""
        return any(item.key == kind.KEY for item in self.row.data or ())


class Predecessor(typing.Protocol):
    """The :class:`StoredResource` that the own resource replaces.

    :ivar step_aside: function that takes the client, and makes its object
        step aside, if it could not do so before.
    """

    object_id: str | None
    read: collections.abc.Callable
    holds: collections.abc.Callable
    step_aside: collections.abc.Callable


class Neighbors(typing.Protocol):
    """All that steps may ask about other resources, and about the stack."""

    @property
    def traversal(self) -> str:
        """Heat's ID of the stack action in progress."""

    def owner_of(self, container: str) -> Neighbor | None:
        """Return the resource in the tree of stacks that owns a container."""

    def is_owned(self, container: str) -> bool:
        """Return whether any resource of Heat owns a container."""

    def predecessor(self, client: typing.Any) -> Predecessor | None:
        """Return the resource that is being replaced on the same daemon.

        :param client: the client of the step.
        :raises errors.Failed: see :meth:`raise_if_cancelled`.
        """

    def raise_if_cancelled(self) -> None:
        """Raise if the update that needs this replacement was cancelled.

        :raises errors.Failed: if the old resource is in use again.
        """

    def stored_predecessor(self) -> StoredResource | None:
        """Return the resource that is replaced, on whatever daemon."""

    def stored_successor(self) -> StoredResource | None:
        """Return the resource that replaces this one."""

    def new_values(self, name: str) -> collections.abc.Mapping | None:
        """Return the values of a resource of the stack in the new template.

        :returns: None if they depend on a resource that does not exist yet.
        """

    def yield_to_newer_update(self) -> None:
        """Raise if the newest update of the stack waits for this action.

        :raises errors.Failed: if it waits.
        """
