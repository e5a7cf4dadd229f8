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


"""Names, host ports and addresses that another container has.

An update may swap them among the containers of a stack. Heat changes
resources at the same time if none depends on the other, so each waits until
the other one has given up what it wants.
"""

import collections
import time

from heat.common import exception
from heat.engine import stack as heat_stack

from .. import errors
from .. import fields
from .. import i18n
from ..convert import network
from ..convert import ports

_ = i18n._

# How long, in seconds, another container of the stack may take to give up
# what it no longer has in the new template; and after how many it is looked
# at again.
_PATIENCE = 60.0
_AGAIN = 0.2

# How often a request is sent that the daemon refuses because of a container
# that nobody finds: it may just have left.
_ATTEMPTS = 3


class Holding:
    """How a container comes by what another one has.

    A claim is a triple, as a field's ``claims`` returns it: what it is
    ("name", "port" or "address"), its value, and where it is (the IP address
    of the host, or the network).
    """

    def _wait_again(self, docker, progress, claims, ex):
        """Return False if a request that was refused may be sent again.

        :param ex: the daemon's refusal, which is raised if no container has
            any of the claims.
        """
        if not self._await_claims(docker, progress, claims):
            attempts = progress.notes.get('attempts', 1)
            if attempts >= _ATTEMPTS:
                raise ex
            progress.notes['attempts'] = attempts + 1
        return self._look_again(progress)

    def _look_again(self, progress):
        """Return False, for a step that waits for another container."""
        return progress.later(_AGAIN)

    def _await_claims(self, docker, progress, claims):
        """Return the resources that are about to give up any of the claims.

        :returns: list of results of :meth:`_owner`.
        :raises errors.Conflict: if a container keeps one of them, or does not
            give it up in time.
        """
        holders = self._holders(docker, claims)
        if not holders:
            progress.notes.pop('claimed since', None)
            return []
        self._give_way()
        now = time.monotonic()
        since = progress.notes.setdefault('claimed since', now)
        if now - since >= _PATIENCE:
            claim, owner = holders[0]
            raise errors.Conflict(
                _('%(claim)s is still that of the container of %(holder)s '
                  'after %(seconds)d s')
                % {'claim': _tell(claim), 'holder': owner[0].name,
                   'seconds': _PATIENCE})
        return [owner for _claim, owner in holders]

    def _holders(self, docker, claims):
        """Return who is about to give up any of the claims.

        :returns: list of pairs: the claim, and the result of :meth:`_owner`.
        :raises errors.Conflict: if a container keeps one of them.
        """
        holders, claimed = [], _by_value(claims)
        try:
            listed = docker.list_containers({}) if claims else ()
        except errors.Failed:
            # With thousands of containers, the list exceeds max_answer_bytes.
            return []
        for shown in listed:
            if shown['Id'] == self.resource_id:
                continue
            for claim in _held(shown, claimed):
                holders.append((claim, self._leaving_owner(shown, claim)))
        return holders

    def _leaving_owner(self, shown, claim):
        """Return the owner of a container that is about to give up a claim.

        :param dict shown: the container, as the daemon lists it.
        :raises errors.Conflict: if it keeps it.
        """
        owner = self._owner(shown['Id'])
        if owner is None or owner[0].stack.id != self.stack.id:
            [name, *_aliases] = shown.get('Names') or [shown['Id']]
            raise errors.Conflict(
                _('%(claim)s is that of %(holder)s')
                % {'claim': _tell(claim), 'holder': self._tell_container(
                    name.lstrip('/'), shown.get('Labels'))})
        holder = owner[0]
        if holder.name == self.name:
            # It is about to be removed, or is about to be replaced by this.
            return owner
        told = {'claim': _tell(claim), 'holder': holder.name,
                'name': self.name}
        if not self._gives_up(holder, claim):
            raise errors.Conflict(
                _('%(claim)s is that of the container of %(holder)s') % told)
        if self._comes_before(holder):
            raise errors.Conflict(
                _('%(claim)s is that of the container of %(holder)s, which '
                  'depends on %(name)s and so is changed after it. Change '
                  '%(holder)s by an update of its own before') % told)
        return owner

    def _gives_up(self, holder, claim):
        """Return whether the new template takes a claim from a resource.

        One that this update has changed already is not changed again.
        """
        if (self.stack.convergence and holder.status != holder.IN_PROGRESS
                and holder.current_template_id == self.stack.t.id):
            return False
        try:
            definition = self.stack.defn.resource_definition(holder.name)
        except KeyError:
            # The update removes it.
            return True
        before = holder.frozen_definition()
        try:
            old, new = (
                {(what, value) for what, value, _where in fields.claims(
                    self.spec.FIELDS, holder._values_in(defined))}
                for defined in (before, definition))
        except (AttributeError, KeyError, TypeError, ValueError,
                exception.StackValidationFailed):
            # Its new values depend on a resource that does not exist yet.
            return True
        return claim[:2] not in new and (
            claim[:2] in old or holder.status == holder.FAILED)

    def _comes_before(self, holder):
        """Return whether Heat changes a resource only after this one."""
        try:
            order = self.stack.convergence_dependencies
        except (KeyError, TypeError):
            # Without convergence Heat does not store it.
            return False
        nodes = order.graph()
        own, others = (
            next((node for node in (
                heat_stack.ConvergenceNode(number, is_update)
                for is_update in (True, False) for number in numbers)
                if node in nodes), None)
            for numbers in ((self.id, self.replaces),
                            (holder.id, holder.replaces)))
        return own is not None and others in order[own].graph()

    def _refuse_in_vain(self, docker):
        """Raise if what replaces this container cannot have what it claims.

        This one serves on then.
        """
        try:
            definition = self.stack.defn.resource_definition(self.name)
            after = fields.claims(self.spec.FIELDS,
                                  self._values_in(definition))
        except (AttributeError, KeyError, TypeError, ValueError,
                exception.StackValidationFailed):
            # The create sees to it.
            return
        before = fields.claims(self.spec.FIELDS, self.properties)
        self._holders(docker, [claim for claim in after
                               if claim not in before])


def _by_value(claims):
    """Return claims by what they are and their value."""
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


def _tell(claim):
    what, value, _where = claim
    words = {'name': _('The name %s'), 'port': _('The host port %s'),
             'address': _('The address %s')}
    return words[what] % value
