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

"""Steps that change the name and the networks of a container in place.

The new values may belong to another container that changes in the same update,
and that may wait for the old values: see :mod:`heat_docker.lifecycle.claims`.
A container releases its values only if it can get the new ones, and takes them
back if the change fails.
"""

import contextlib

from heat.common import exception
from oslo_log import log as logging

from .. import errors
from .. import i18n
from ..convert import meanings
from ..convert import network
from ..convert import references
from . import claims
from . import containers
from . import ownership
from . import plan

_ = i18n._

LOG = logging.getLogger(__name__)


class _Move(plan.Step):
    """A step that takes back the values that it has released if it fails."""

    def __init__(self):
        """Start with the values that the container has."""
        self._retry = claims.Retry()

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Make the change, or take the old values back if it fails.

        While the daemon is unreachable, the plan waits for it.
        """
        try:
            return self.move(ctx)
        except errors.Unreachable:
            raise
        except errors.DockerError:
            self.take_back(ctx)
            raise

    def move(self, ctx: plan.Context) -> plan.Result:
        """Make the change; see :meth:`heat_docker.lifecycle.plan.Step`."""
        raise NotImplementedError()

    def take_back(self, ctx: plan.Context) -> None:
        """Give the container the values that it has released."""
        raise NotImplementedError()

    def has_released(self) -> bool:
        """Return whether the container has released a value."""
        raise NotImplementedError()

    def cancel(self, ctx: plan.Context) -> None:
        """Take back the values, because the change is not completed."""
        if not self.has_released():
            return
        with contextlib.suppress(errors.DockerError, exception.HeatException):
            with ctx.connect() as ctx.client:
                self.take_back(ctx)


def _try(ctx: plan.Context, request, *arguments):
    """Send a request, and return whether it succeeded.

    :raises errors.Unreachable: if it may succeed later.
    """
    try:
        request(*arguments)
    except errors.Unreachable:
        raise
    except errors.DockerError as ex:
        LOG.warning('%(resource)s cannot get back all that it had: %(why)s',
                    {'resource': ctx.object.owner.resource_name, 'why': ex})
        return False
    return True


class Rename(_Move):
    """Give the container its new name."""

    def __init__(self):
        """Start with the name that the container has."""
        super().__init__()
        self._released = None

    def move(self, ctx: plan.Context) -> plan.Result:
        """Rename the container, unless it has the name."""
        name = ctx.object.name(ctx.values)
        now = ctx.object.inspect(ctx.client)['Name'].lstrip('/')
        if now != name:
            try:
                ctx.client.containers.rename(ctx.object.id, name)
            except errors.Conflict as ex:
                self._release(ctx, now, name)
                return self._retry.after(ctx, [('name', name, '')], ex)
        self._released = None
        return True

    def _release(self, ctx: plan.Context, now, name):
        """Release the name for a container that may swap names with this one.
        """
        free = '%s.renamed' % ctx.object.id[:12]
        if now != free and claims.are_changing(
                self._retry.holders(ctx, [('name', name, '')])):
            self._released = now
            ctx.client.containers.rename(ctx.object.id, free)

    def take_back(self, ctx: plan.Context) -> None:
        """Give the container the name that it had."""
        if self._released:
            _try(ctx, ctx.client.containers.rename, ctx.object.id,
                 self._released)

    def has_released(self) -> bool:
        """Return whether the container has released its name."""
        return self._released is not None


class Reconnect(_Move):
    """Attach the container to the networks of the template.

    It is detached from networks that only the previous template has.
    """

    def __init__(self, update_failed: bool = False):
        """Start without a change.

        :param update_failed: whether the networks of the container may differ
            from the properties of the last action.
        """
        super().__init__()
        self._update_failed = update_failed
        self._connected: set[str] = set()
        # Released endpoints, by network; None for a network that the container
        # was not in before.
        self._released: dict[str, dict | None] = {}

    def move(self, ctx: plan.Context) -> plan.Result:
        """Detach the container, and attach it."""
        wanted = network.networks_to_api(ctx.values['networks'] or [])
        before = network.networks_to_api(ctx.properties['networks'] or [])
        if not wanted or ctx.action == 'CREATE' and (
                len(wanted) == 1
                or containers.joins_all_networks(ctx.client)):
            # It was created in them, or is in none.
            return True
        wanted, before = self._resolved(ctx, wanted, before)
        live = network.effective_endpoints(
            ctx.object.inspect(ctx.client))
        kept = self._kept(wanted, before, live)
        missing = {name: endpoint for name, endpoint in wanted.items()
                   if name not in kept}
        if any(map(ctx.client.networks.ignores_at_connect, missing.values())):
            self.take_back(ctx)
            raise plan.Replace()
        mine = {network.attachment_name(name, live)
                for name in (*before, *wanted)}
        old = [key for key in live if key not in kept.values()
               and (key in mine or self._update_failed)]
        claimed = network.address_claims(missing)
        # A container gets its addresses when it starts.
        holders = ctx.action != 'CREATE' and self._retry.holders(ctx, claimed)
        if holders and not claims.are_changing(holders):
            return self._retry.later()
        self._leave(ctx, {key: live[key] for key in old}, before)
        if holders:
            return self._retry.later()
        try:
            self._connect(ctx, missing)
        except errors.Conflict as ex:
            return self._retry.after(ctx, claimed, ex)
        self._connected.update(wanted)
        self._released.clear()
        return True

    def _resolved(self, ctx: plan.Context, *maps):
        """Return maps of endpoints with the ids of the networks as keys."""
        found = ownership.resolve(ctx.client, ctx.fields, ctx.values,
                                  ctx.object.owner, references.NETWORK)
        ids = dict(zip(
            network.networks_to_api(ctx.values['networks']),
            network.networks_to_api(found['networks']), strict=True))
        return [{ids.get(name, name): endpoint
                 for name, endpoint in networks.items()} for networks in maps]

    def _kept(self, wanted, before, live):
        """Return the networks whose endpoints stay the same, and their keys.

        :param dict live: endpoints that the daemon shows.
        :returns: map of key of wanted to key of live.
        """
        kept = {}
        for name, endpoint in wanted.items():
            key = network.attachment_name(name, live)
            is_unchanged = (meanings.endpoint(before.get(name, endpoint))
                            == meanings.endpoint(endpoint))
            if key and (name in self._connected or is_unchanged and (
                    name in before and not self._update_failed
                    or network.is_endpoint_unchanged(endpoint, live[key]))):
                kept[name] = key
        return kept

    def _leave(self, ctx: plan.Context, old, before):
        """Detach the container from networks, and remember its endpoints.

        :param dict old: endpoints that the daemon shows, by network.
        :param dict before: endpoints of the template before the update.
        """
        given = {network.attachment_name(name, old): endpoint
                 for name, endpoint in before.items()}
        for key, endpoint in old.items():
            # A MAC address is shown even if the template has none.
            was = given.get(key)
            network_id = network.attached_network(key, endpoint)
            self._released.setdefault(
                network_id,
                was if was and network.endpoint_matches(was, endpoint)
                else network.endpoint_settings(endpoint))
            with contextlib.suppress(errors.NotFound):
                ctx.client.networks.disconnect(ctx.object.id, network_id)

    def _connect(self, ctx: plan.Context, missing):
        """Attach the container to networks.

        :param dict missing: endpoints in the API's form, by network.
        """
        for name, endpoint in missing.items():
            # A disconnect works even if the container was never attached.
            self._released.setdefault(name, None)
            ctx.client.networks.connect(ctx.object.id, name, endpoint)
            self._connected.add(name)

    def take_back(self, ctx: plan.Context) -> None:
        """Give the container the endpoints that it had."""
        networks = ctx.client.networks
        self._connected.clear()
        for key in self._released:
            _try(ctx, networks.disconnect, ctx.object.id, key)
        for key, endpoint in self._released.items():
            if endpoint is not None and not _try(
                    ctx, networks.connect, ctx.object.id, key, endpoint):
                # Another address is better than no endpoint in the network.
                _try(ctx, networks.disconnect, ctx.object.id, key)
                _try(ctx, networks.connect, ctx.object.id, key,
                     {**endpoint, 'IPAMConfig': None})

    def has_released(self) -> bool:
        """Return whether the container has released an endpoint."""
        return bool(self._released)
