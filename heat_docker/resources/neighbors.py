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

"""The other resources of a stack, looked up in Heat for steps.

:mod:`heat_docker.lifecycle.neighbors` declares what steps may use.
"""

import contextlib
import dataclasses

from heat.engine import resource
from heat.engine import stack as heat_stack
from heat.objects import resource as resource_objects

from .. import errors
from .. import i18n
from ..lifecycle import neighbors
from . import daemon
from . import rows

_ = i18n._


class Neighbor:
    """Another resource of the tree of stacks.

    See :class:`heat_docker.lifecycle.neighbors.Neighbor`.
    """

    def __init__(self, own, loaded):
        """Describe it.

        :param own: the resource whose neighbor it is.
        :param loaded: result of Heat's Resource.load. All of it is kept: the
            resource has only a weak reference to its stack.
        """
        self._own = own
        self._loaded = loaded
        self._resource = loaded[0]
        self.name = self._resource.name

    @property
    def is_in_same_stack(self):
        """Whether it is in the same stack, rather than a nested one."""
        return self._resource.stack.id == self._own.stack.id

    @property
    def is_changing(self):
        """Whether an action of it is in progress."""
        return self._resource.status == self._resource.IN_PROGRESS

    @property
    def has_failed(self):
        """Whether its last action has failed."""
        return self._resource.status == self._resource.FAILED

    @property
    def is_updated(self):
        """Whether the update in progress has already changed it."""
        return (self._own.stack.convergence and not self.is_changing
                and self._resource.current_template_id
                == self._own.stack.t.id)

    @property
    def is_removed(self):
        """Whether the new template does not contain it."""
        return self.name not in self._own.stack.defn.enabled_rsrc_names()

    @property
    def is_changed_later(self):
        """Whether Heat changes it only after the own resource."""
        try:
            order = self._own.stack.convergence_dependencies
        except (KeyError, TypeError):
            # Without convergence, Heat does not store the order.
            return False
        nodes = order.graph()
        own, other = (
            next((node for node in (
                heat_stack.ConvergenceNode(number, is_update)
                for is_update in (True, False) for number in numbers)
                if node in nodes), None)
            for numbers in ((self._own.id, self._own.replaces),
                            (self._resource.id, self._resource.replaces)))
        return own is not None and other in order[own].graph()

    def old_values(self):
        """Return the values of its properties in the last action."""
        return self._resource.values_in(self._resource.frozen_definition())

    def new_values(self):
        """Return the values of its properties in the new template."""
        return self._resource.values_in(
            self._own.stack.defn.resource_definition(self.name))


@dataclasses.dataclass(frozen=True)
class Predecessor(neighbors.StoredResource):
    """The resource that another one replaces.

    :ivar own: the other one.
    """

    own: resource.Resource

    def step_aside(self, client):
        """Make its object step aside, if it could not do so before."""
        # A resource has only a weak reference to its stack, so keep the stack.
        old, *_needed = resource.Resource.load(
            self.own.context, self.row.id, None, False, {})
        old.find_and_step_aside(client)


class Neighbors:
    """The other resources of the stack, as seen from one resource.

    See :class:`heat_docker.lifecycle.neighbors.Neighbors`.
    """

    def __init__(self, own):
        """Keep the resource.

        :param own: the resource whose neighbors they are.
        """
        self._own = own

    @property
    def traversal(self):
        """Heat's id of the stack action in progress."""
        return self._own.stack.current_traversal

    def owner_of(self, container):
        """Return the resource in the tree of stacks that owns a container.

        The labels of a container name the stack that created it. This is not
        its owner if another stack has adopted it. A resource with an
        external_id does not own its container.

        :returns: :class:`Neighbor` or None.
        """
        own = self._own
        rows = resource_objects.Resource.get_all_by_root_stack(
            own.context, own.stack.root_stack_id(),
            {'physical_resource_id': container})
        for row in rows:
            loaded = resource.Resource.load(own.context, row, None, False, {})
            if (isinstance(loaded[0], daemon.DaemonResource)
                    and loaded[0].external_id is None):
                return Neighbor(own, loaded)
        return None

    def is_owned(self, container):
        """Return whether any resource of Heat owns the container."""
        return bool(resource_objects.Resource
                    .get_all_by_physical_resource_id(self._own.context,
                                                     container))

    def predecessor(self, client):
        """Return the :class:`Predecessor` that is being replaced, or None.

        An object on another daemon does not conflict with this one, and its
        daemon is not trusted with statements about objects of this daemon.

        :param client: client of the daemon of the own resource.
        :raises errors.Failed: see :meth:`raise_if_cancelled`.
        """
        row = self._replaced_row()
        if row is None:
            return None
        predecessor = Predecessor(row, self._own)
        return predecessor if predecessor.is_on(client) else None

    def raise_if_cancelled(self):
        """Raise if the update that needs this replacement was cancelled.

        When a user cancels an update, Heat does not stop the create of a
        replacement, and removes the replacement afterwards.

        :raises errors.Failed: if the old resource is in use again.
        """
        self._replaced_row()

    def _replaced_row(self):
        row = rows.stored(self._own.context, self._own.replaces)
        if row is not None and row.replaced_by != self._own.id:
            raise errors.Failed(_('The update was canceled; the previous '
                                  'resource is in use again'))
        return row

    def stored_predecessor(self):
        """Return the resource that is replaced, on whatever daemon."""
        return self._stored(self._own.replaces)

    def stored_successor(self):
        """Return the resource that replaces this one."""
        return self._stored(self._own.replaced_by)

    def _stored(self, resource_id):
        row = rows.stored(self._own.context, resource_id)
        return row and neighbors.StoredResource(row)

    def new_values(self, name):
        """Return the values of a resource of the stack in the new template.

        :returns: None if they depend on a resource that does not exist yet.
        """
        with contextlib.suppress(*neighbors.UNKNOWN):
            return self._own.values_in(
                self._own.stack.defn.resource_definition(name))
        return None

    def yield_to_newer_update(self):
        """Raise if the newest update of the stack waits for this action.

        :raises errors.Failed: if it waits.
        """
        self._own.yield_to_newer_update()
