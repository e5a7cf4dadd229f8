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

"""The step that removes an object that containers may use."""

import time

from .. import errors
from .. import i18n
from . import plan

_ = i18n._

# Seconds that containers may take to release an object.
_LEAVING = 30.0


class RemoveUnused(plan.Step):
    """Remove an object, once the containers that use it are gone.

    A type overrides :meth:`remove` and :meth:`users`.
    """

    def __init__(self):
        """Start without a rejected request."""
        self._used_since = None

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Remove the object, unless it does not exist."""
        try:
            self.remove(ctx)
        except errors.NotFound:
            return True
        except errors.Busy:
            return False
        except errors.Conflict as ex:
            now = time.monotonic()
            if self._used_since is None:
                self._used_since = now
            if now - self._used_since < _LEAVING:
                return False
            raise self.in_use(ctx, ex) from ex
        return True

    def remove(self, ctx: plan.Context):
        """Send the request. A conflict means that a container uses it."""
        raise NotImplementedError()

    def in_use(self, ctx: plan.Context, ex):
        """Return the error for an object that remains in use.

        :param ex: error of the daemon.
        """
        return in_use(ctx, self.users(ctx), ex)

    def users(self, ctx: plan.Context) -> list[str]:
        """Return the IDs of the containers that use the object."""
        raise NotImplementedError()


def in_use(ctx: plan.Context, users, ex):
    """Return the error for an object that containers use.

    :param users: IDs of the containers.
    :param ex: error of the daemon.
    """
    return errors.Conflict(_('It is in use by %(users)s. %(why)s') % {
        'why': ex, 'users': _describe(ctx, users)})


def _describe(ctx: plan.Context, users):
    """Return a phrase with containers and their stacks, for messages."""
    found = []
    for container in users:
        try:
            inspected = ctx.client.containers.inspect(container)
        except errors.NotFound:
            continue
        found.append(ctx.object.owner.describe_container(
            inspected['Name'].lstrip('/'),
            inspected['Config'].get('Labels')))
    return ', '.join(found) or _(
        'no container that the daemon reports; if this persists, restart '
        'the daemon')
