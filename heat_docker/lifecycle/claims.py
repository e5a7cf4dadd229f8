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

"""Names, host ports and addresses that another container still has.

An update can swap them among the containers of a stack. Heat changes resources
at the same time if none depends on another. Each container therefore waits
until the other one has released the value.

A claim is a triple that a field's ``claims`` returns: the kind ("name", "port"
or "address"), the value, and the scope (the IP address of the host, or the
network).
"""

import collections
import time

from .. import errors
from .. import fields
from .. import i18n
from ..convert import network
from ..convert import ports
from . import neighbors
from . import ownership
from . import plan

_ = i18n._

# Seconds that another container of the stack may take to release a value that
# it does not have in the new template, and seconds between two inspections.
_PATIENCE = 60.0
_AGAIN = 0.2

# How often a request is sent if the daemon rejects it although no container
# has the value. The value may just have been released.
_ATTEMPTS = 3


class Retry:
    """The state of a step that may wait for another container.

    A step has one as long as it lives, and returns what :meth:`after` or
    :meth:`later` returns.
    """

    def __init__(self):
        """Start without a wait."""
        self._attempts = 1
        self._since = None

    def after(self, ctx: plan.Context, claims, ex):
        """Return when to repeat a request that the daemon rejected.

        :param claims: the values that the request needs.
        :param ex: error of the daemon, which is raised if no container has
            any of the claims.
        """
        if not self.holders(ctx, claims):
            if self._attempts >= _ATTEMPTS:
                raise ex
            self._attempts += 1
        return self.later()

    def later(self):
        """Return when to inspect the other container again."""
        return plan.After(_AGAIN)

    def holders(self, ctx: plan.Context, claims):
        """Return the resources that are about to release any of the claims.

        :returns: list of :class:`heat_docker.lifecycle.neighbors.Neighbor`.
        :raises errors.Conflict: if a container keeps one of them, or does not
            release it in time.
        """
        holders = find_holders(ctx, claims)
        if not holders:
            self._since = None
            return []
        ctx.neighbors.yield_to_newer_update()
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if now - self._since >= _PATIENCE:
            claim, neighbor = holders[0]
            raise errors.Conflict(
                _('%(claim)s is still in use by the container of %(holder)s '
                  'after %(seconds)d s')
                % {'claim': _describe(claim), 'holder': neighbor.name,
                   'seconds': _PATIENCE})
        return [neighbor for _claim, neighbor in holders]


def are_changing(holders):
    """Return whether Heat is changing all of the holders at this time.

    They may wait for a value of this container.
    """
    return bool(holders) and all(holder.is_changing for holder in holders)


def find_holders(ctx: plan.Context, claims):
    """Return which resources are about to release any of the claims.

    :returns: list of pairs: the claim, and the Neighbor.
    :raises errors.Conflict: if a container keeps one of them.
    """
    holders, claimed = [], _by_value(claims)
    try:
        listed = ctx.client.containers.list_all(
            ownership.LABEL) if claims else ()
    except errors.Failed:
        # With thousands of containers, the list exceeds max_answer_bytes.
        return []
    for shown in listed:
        if shown['Id'] == ctx.object.id:
            continue
        for claim in _held(shown, claimed):
            holders.append((claim, _releasing_neighbor(ctx, shown, claim)))
    return holders


def _releasing_neighbor(ctx: plan.Context, shown, claim):
    """Return the resource of a container that is about to release a claim.

    :param dict shown: the container, as the daemon lists it.
    :raises errors.Conflict: if it keeps it.
    """
    neighbor = ctx.neighbors.owner_of(shown['Id'])
    if neighbor is None or not neighbor.is_in_same_stack:
        [name, *_aliases] = shown.get('Names') or [shown['Id']]
        raise errors.Conflict(
            _('%(claim)s is in use by %(holder)s') % {
                'claim': _describe(claim),
                'holder': ctx.object.owner.describe_container(
                    name.lstrip('/'), shown.get('Labels'))})
    if neighbor.name == ctx.object.owner.resource_name:
        # It is about to be removed, or to be replaced by this one.
        return neighbor
    words = {'claim': _describe(claim), 'holder': neighbor.name,
             'name': ctx.object.owner.resource_name}
    if not _releases(ctx, neighbor, claim):
        raise errors.Conflict(
            _('%(claim)s is in use by the container of %(holder)s') % words)
    if neighbor.is_changed_later:
        raise errors.Conflict(
            _('%(claim)s is in use by the container of %(holder)s, which '
              'depends on %(name)s and so changes after it. Change '
              '%(holder)s in a separate update first') % words)
    return neighbor


def _releases(ctx: plan.Context, neighbor, claim):
    """Return whether the new template takes a claim from a resource.

    One that this update has already changed is not changed again.
    """
    if neighbor.is_updated:
        return False
    if neighbor.is_removed:
        return True
    try:
        old, new = (
            {(what, value) for what, value, _where
             in fields.claims(ctx.fields, values())}
            for values in (neighbor.old_values, neighbor.new_values))
    except neighbors.UNKNOWN:
        # Its new values depend on a resource that does not exist yet.
        return True
    return claim[:2] not in new and (
        claim[:2] in old or neighbor.has_failed)


def refuse_unattainable(ctx: plan.Context):
    """Raise if the replacement of a container cannot get its values.

    The old container then keeps running. The create of the replacement checks
    values that depend on a resource that does not exist yet.
    """
    after = ctx.neighbors.new_values(ctx.object.owner.resource_name)
    if after is None:
        return
    try:
        claims = fields.claims(ctx.fields, after)
    except neighbors.UNKNOWN:
        return
    before = fields.claims(ctx.fields, ctx.properties)
    find_holders(ctx, [claim for claim in claims if claim not in before])
    try:
        ownership.resolve(ctx.client, ctx.fields, after, ctx.object.owner,
                          may_create=False)
    except (errors.NotFound, *neighbors.UNKNOWN):
        return


def _by_value(claims):
    """Return a map of kind and value to claims."""
    claimed = collections.defaultdict(list)
    for claim in claims:
        claimed[claim[:2]].append(claim)
    return claimed


def _held(shown, claimed):
    """Yield the claims that a container has.

    :param dict shown: the container, as the daemon lists it.
    :param dict claimed: see :func:`_by_value`.
    """
    for name in shown.get('Names') or ():
        yield from claimed.get(('name', name.removeprefix('/')), ())
    for port in shown.get('Ports') or ():
        number = '%s/%s' % (port.get('PublicPort'), port.get('Type'))
        for claim in claimed.get(('port', number), ()):
            if ports.overlap(claim[2], port.get('IP') or ''):
                yield claim
    networks = (shown.get('NetworkSettings') or {}).get('Networks') or {}
    for key, endpoint in networks.items():
        for address in ('IPAddress', 'GlobalIPv6Address'):
            for claim in claimed.get(('address', endpoint.get(address)), ()):
                if network.attachment_name(claim[2], {key: endpoint}):
                    yield claim


def _describe(claim):
    what, value, _where = claim
    words = {'name': _('The name %s'), 'port': _('The host port %s'),
             'address': _('The address %s')}
    return words[what] % value
