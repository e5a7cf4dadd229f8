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
"""Objects of a swarm, and the steps that change and remove them."""

import re
import typing

from .. import errors
from .. import fields
from .. import i18n
from ..api import collection
from . import creation
from . import objects
from . import ownership
from . import plan
from . import removal

_ = i18n._

# How often a step reads an object that others change at the same time.
_ATTEMPTS = 10


class SwarmObject(objects.Object):
    """An object of a swarm: of each kind, a subclass."""

    KIND: type[collection.Specified]
    ID = re.compile('[0-9a-z]{25}')

    def inspect(self, client):
        """Return the daemon's response to an inspect request.

        :raises errors.NotFound: if the object does not exist. Another object
            may have its ID as a name.
        """
        inspected = super().inspect(client)
        if self.is_permanent(self.id) and inspected['ID'] != self.id:
            raise errors.NotFound(_('%s does not exist') % self.id)
        return inspected

    def body(self, ctx: plan.Context) -> dict:
        """Return the specification of the values after the action."""
        values = ownership.resolve(ctx.client, ctx.fields, ctx.values,
                                   self.owner)
        body = fields.request(ctx.fields, {**values, 'name': None}).body
        body.setdefault('Labels', {}).update(self.owner.labels)
        return body

    def update(self, ctx: plan.Context,
               change: typing.Callable[[dict], dict],
               **options) -> list[str]:
        """Change the specification, even if others change it meanwhile.

        :param change: function that takes the response to an inspect request,
            and returns the new specification.
        :param options: of the update request.
        :returns: the daemon's warnings.
        """
        objects = self.collection(ctx.client)
        for _attempt in range(_ATTEMPTS):
            inspected = self.inspect(ctx.client)
            try:
                return objects.update(self.id, change(inspected),
                                      inspected['Version']['Index'],
                                      **options)
            except errors.OutOfSequence as ex:
                last = ex
        raise errors.Failed(_('Others change it again and again: %s') % last)


def swarm_object(ctx: plan.Context) -> SwarmObject:
    """Return the object of a step, which is an object of a swarm."""
    return typing.cast(SwarmObject, ctx.object)


class UpdateSpec(plan.Step):
    """Replace the specification of the object, but not its name."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the request, again if the object has changed meanwhile."""
        obj = swarm_object(ctx)
        body = obj.body(ctx)
        creation.report_warnings(ctx, obj.update(ctx, lambda inspected: {
            **body, 'Name': inspected['Spec']['Name']}))
        return True


class RemoveUnused(removal.RemoveUnused):
    """Remove a secret or a config, once no service uses it."""

    def remove(self, ctx: plan.Context):
        """Send the request, unless the ID is a name of another object."""
        ctx.object.inspect(ctx.client)
        ctx.object.collection(ctx.client).remove(ctx.object.id)

    def in_use(self, ctx: plan.Context, ex):
        """Return the error of the daemon, which names the services."""
        return ex
