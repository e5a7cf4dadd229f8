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

"""Who uses an object that is to be removed."""

import time

from heat.common import exception
from heat.objects import resource as resource_objects

from .. import errors
from .. import i18n
from . import base

_ = i18n._

# How long, in seconds, those who use an object may take to leave it.
_LEAVING = 30.0


class Used:
    """The step that removes an object once nobody uses it any more."""

    def _docker_remove(self, client):
        """Remove the object; a conflict means that somebody uses it."""
        raise NotImplementedError()

    def _docker_users(self, client):
        """Return the ids of the containers that use the object."""
        raise NotImplementedError()

    def _delete_steps(self):
        """Return the steps that remove the object."""
        return [self._remove]

    def _remove(self, client, progress):
        """Remove the object; containers may be just leaving it."""
        try:
            self._docker_remove(client)
        except errors.NotFound:
            return True
        except errors.Busy:
            return False
        except errors.Conflict as ex:
            now = time.monotonic()
            if now - progress.notes.setdefault('used since', now) < _LEAVING:
                return False
            raise exception.Error(
                _('It is used by %(users)s. %(why)s')
                % {'why': ex, 'users': self._tell_users(client)}) from ex
        return True

    def _was_left_here(self, inspected):
        """Return whether our stack created a container that no stack owns now.

        An example is a container with the deletion policy Retain.
        """
        labels = inspected['Config'].get('Labels') or {}
        return (labels.get(base.LABEL + 'stack_id') == self.stack.id
                and not resource_objects.Resource
                .get_all_by_physical_resource_id(self.context,
                                                 inspected['Id']))

    def _tell_users(self, client):
        """Describe the containers that use the object, and their stacks."""
        told = []
        for container in self._docker_users(client):
            try:
                inspected = client.containers.inspect(container)
            except errors.NotFound:
                continue
            told.append(self._tell_container(
                inspected['Name'].lstrip('/'),
                inspected['Config'].get('Labels')))
        return ', '.join(told) or _(
            'no container that the daemon reports; if this persists, restart '
            'the daemon')
