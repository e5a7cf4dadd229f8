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

"""How a newer update of a stack supersedes an older one of a resource.

The newer update checks each resource when it starts, and waits a few seconds
if an action of the older update is in progress. When such an action fails,
Heat checks the resource again for the newer update. If the first check is
still waiting, both go on:
https://github.com/openstack/heat/blob/26.0.0/heat/engine/check_resource.py.
Heat would let each of them make a replacement, and delete only one.
"""

from heat.common import exception
from heat.engine import resource
from heat.objects import resource as resource_objects
from heat.objects import stack as stack_objects

from .. import errors
from .. import i18n
from ..lifecycle import records
from . import rows

_ = i18n._

class SupersedableResource(resource.Resource):
    """A resource whose stack's updates may overlap."""

    def handle_preempt(self):
        """Record that a newer update of the stack waits for an action.

        Heat calls this when the action in progress prevents a newer update
        from starting. It uses a different instance of the resource than the
        action does.
        """
        records.Store(self).record_preemption(self.stack.current_traversal)

    def yield_to_newer_update(self):
        """Raise if the newest update of the stack waits for this action.

        :raises errors.Failed: if it waits.
        """
        newest = self._newest_traversal()
        if newest in (None, self.stack.current_traversal):
            return
        if records.Store(self).is_preempted_by(newest):
            raise errors.Failed(_('The action was superseded by a newer '
                                  'update of the stack'))

    def _newest_traversal(self):
        """Return the traversal of the stack in Heat's database."""
        stack = stack_objects.Stack.get_by_id(self.context, self.stack.id,
                                              eager_load=False)
        return stack and stack.current_traversal

    def update_convergence(self, template_id, *args, **kwargs):
        """Update the resource, unless the update has been superseded.

        Heat would otherwise check the resource again for an update that has
        been superseded. It then marks a resource that is not needed any more
        as deleted, but leaves what the daemon has:
        https://github.com/openstack/heat/blob/26.0.0/heat/engine/worker.py.

        :raises resource.UpdateReplace: to have Heat call
            :meth:`make_replacement`, which decides how to continue.
        """
        if self._is_superseded(template_id):
            raise resource.UpdateReplace(self.name)
        try:
            super().update_convergence(template_id, *args, **kwargs)
        except exception.UpdateInProgress as ex:
            if self._is_superseded(template_id):
                raise resource.UpdateReplace(self.name) from ex
            raise

    def state_set(self, action, status, *args, **kwargs):
        """Set the state, unless a superseded update would begin.

        Heat stores a resource that it updates as one without replacement.

        :raises exception.UpdateInProgress: if the update is superseded.
        """
        if (action == self.UPDATE
                and kwargs.get('lock') == self.LOCK_ACQUIRE
                and self._is_superseded(self.stack.t.id)):
            raise exception.UpdateInProgress(self.name)
        super().state_set(action, status, *args, **kwargs)

    def _is_superseded(self, template_id):
        """Return whether the update is superseded, or has a replacement."""
        if self._newest_traversal() != self.stack.current_traversal:
            return True
        row = rows.stored(self.context, self.id)
        return row is not None and self._has_replacement(row.replaced_by,
                                                         template_id)

    def make_replacement(self, new_tmpl_id, requires):
        """Create the one replacement that this update of the stack needs.

        :returns: its id, or None if a newer update of the stack has begun.
        :raises exception.UpdateInProgress: if there is nothing to do.
        """
        while self._newest_traversal() == self.stack.current_traversal:
            row = rows.stored(self.context, self.id)
            if (row is None or row.engine_id is not None
                    or row.current_template_id != self.current_template_id
                    or self._has_replacement(row.replaced_by, new_tmpl_id)):
                raise exception.UpdateInProgress(self.name)
            self._atomic_key = row.atomic_key
            updated, self.updated_time = self.updated_time, object()
            try:
                return super().make_replacement(new_tmpl_id, requires)
            except exception.UpdateInProgress:
                # Another worker changed the row, so read it again. Heat does
                # not: it repeats the write unless updated_time differs.
                self._delete_unused_rows(new_tmpl_id)
            finally:
                self.updated_time = updated
        return None

    def _delete_unused_rows(self, template_id):
        """Delete rows of replacements that Heat stored but could not name.

        It raises only after the transaction:
        https://github.com/openstack/heat/blob/26.0.0/heat/db/api.py.
        """
        found = resource_objects.Resource.get_all_active_by_stack(
            self.context, self.stack.id)
        named = rows.stored(self.context, self.id)
        for row in found.values():
            if (row.replaces == self.id and row.action == self.INIT
                    and row.current_template_id == template_id
                    and row.id != (named and named.replaced_by)):
                resource_objects.Resource.delete(self.context, row.id)

    def _has_replacement(self, replaced_by, template_id):
        """Return whether a usable replacement for this update exists.

        :param replaced_by: id that the database has, or None.
        :param template_id: id of the template of the update in progress.
        """
        row = rows.stored(self.context, replaced_by)
        return (row is not None and row.current_template_id == template_id
                and row.action != self.DELETE and row.status != self.FAILED)
