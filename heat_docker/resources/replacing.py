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

"""How an object makes room for its replacement, and comes back.

Heat creates the replacement before it deletes what is replaced, and keeps
the latter for a rollback. Of some things there can be but one: a name, a
port of the host, an address. Notes of what was taken are in Heat's data of
the resource, under the key ``replaced``.
"""

import contextlib

from heat.common import exception
from heat.engine import resource
from oslo_log import log as logging

from .. import errors
from .. import fields
from .. import i18n
from . import reaching

_ = i18n._

LOG = logging.getLogger(__name__)

# Key of Heat's data of the resource: it was not reached to make room.
OWES_ROOM = 'owes_room'

# How often a request is sent whose answer is lost.
_ATTEMPTS = 3


class Replacing:
    """The hooks of Heat around a replacement."""

    def _stands_in_the_way(self):
        """Return whether the object has what there can be but one of."""
        return fields.exclusive(self.spec.FIELDS, self.properties)

    def _make_room(self, client):
        """Free it for the replacement, and note what has been taken."""
        raise NotImplementedError()

    def _come_back(self, client, progress):
        """Take it again from a replacement that has failed.

        Heat may return to the old object by any update, not only by a
        rollback: a nested stack rolls back by one, and so do users.
        """
        raise NotImplementedError()

    def prepare_for_replace(self):
        """Make room for the replacement.

        What is in nobody's way goes on until it is deleted.
        """
        if self.external_id is not None or not self._may_be_there():
            return
        # A failed update may have taken more than the properties tell.
        if not (self._doubtful or self._stands_in_the_way()):
            return
        with self._docker() as client, contextlib.suppress(errors.NotFound):
            for _attempt in range(_ATTEMPTS - 1):
                with contextlib.suppress(errors.Unreachable):
                    return self._find_and_make_room(client)
            try:
                self._find_and_make_room(client)
            except errors.NoAnswer:
                raise
            except errors.Unreachable as ex:
                # Its host may be gone, and be what the update is about.
                LOG.warning('%(resource)s makes no room: %(why)s',
                            {'resource': self.name, 'why': ex})
                self.data_set(OWES_ROOM, 'true')

    def _find_and_make_room(self, client):
        """Make room, also if nobody has heard the id of what is there."""
        if self._identify(client):
            self._make_room(client)
            if OWES_ROOM in self.data():
                self.data_delete(OWES_ROOM)
        elif self._may_still_come():
            raise exception.Error(
                _('The answer to its create was lost, and the daemon may be '
                  'at it yet. Update the stack again in half a minute'))

    def restore_prev_rsrc(self, convergence=False):
        """Bring the object back after a replacement that failed.

        What is not reached here is left to the update that follows.
        """
        if 'replaced' not in self.data() or self.resource_id is None:
            return
        try:
            with self._docker() as client:
                self._come_back(client, reaching.Progress([]))
        except (exception.HeatException, resource.UpdateReplace) as ex:
            LOG.warning('%(resource)s does not come back yet: %(why)s',
                        {'resource': self.name, 'why': ex})

    def _predecessor(self):
        """Return the row of the resource that this one replaces, or None.

        :raises exception.Error: if this resource no longer replaces it. When
            a user cancels an update, Heat does not stop the create of a
            replacement, and removes the replacement afterwards.
        """
        row = self._row(self.replaces)
        if row is not None and row.replaced_by != self.id:
            raise exception.Error(_('The update was cancelled; the previous '
                                    'resource is in use again'))
        return row

    def _make(self, client, progress):
        """Create the object, unless the old one is in use again."""
        self._predecessor()
        return super()._make(client, progress)

    def _collect_room(self, client, row):
        """Make the room that a predecessor could not make before.

        :param row: row of the predecessor, whose daemon was unreachable.
        :returns: whether there was anything left to do.
        """
        if OWES_ROOM not in self._notes(row):
            return False
        # A resource has only a weak reference to its stack, so keep the stack.
        old, *_needed = resource.Resource.load(
            self.context, row.id, None, False, {})
        old._find_and_make_room(client)
        return True

    def _return_steps(self):
        """Return the steps that take back what a replacement has taken."""
        return [self._come_back]
