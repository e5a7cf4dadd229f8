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

"""The requests about the swarm that a daemon is a part of.

Paths and fields:
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Swarm.
"""

import builtins
import collections.abc

from .. import answers
from .. import errors
from .. import i18n
from . import collection

_ = i18n._

# Seconds for a request to initialize or join a swarm. The daemon itself waits
# for 20 seconds:
# https://github.com/moby/moby/blob/v28.0.0/daemon/cluster/cluster.go#L60
_TIMEOUT = 25.0


class Swarms(collection.Specified):
    """The swarm of a daemon: there is one at most."""

    PATH = '/swarm'
    SHAPE = {**collection.Specified.SHAPE, 'JoinTokens': answers.MapOf(str)}
    # Of the daemon itself, whether it is part of a swarm or not.
    _MEMBERSHIP = {
        'NodeID': str, 'NodeAddr': str, 'LocalNodeState': str,
        'ControlAvailable': bool, 'Error': str, 'Cluster': {'ID': str},
        'RemoteManagers': [{'NodeID': str, 'Addr': str}]}

    def membership(self) -> dict:
        """Return the part of the daemon in a swarm.

        :returns: dict with ``LocalNodeState`` (inactive, pending, active,
            error or locked), ``NodeID``, ``ControlAvailable`` (whether it is
            a manager), ``Error``, and of a manager ``Cluster.ID``.
        """
        shown = self._client.request_json('GET', '/info', has='Swarm')['Swarm']
        if shown is None or not answers.has_shape(shown, self._MEMBERSHIP):
            raise self._client.shape_error()
        return {'LocalNodeState': 'inactive', 'NodeID': '', 'Error': '',
                'ControlAvailable': False, **shown}

    def current(self) -> dict:
        """Return the daemon's description of its swarm.

        :raises errors.NotFound: if it is not part of one.
        :raises errors.Failed: if it is not a manager.
        """
        try:
            found = self._client.request_json('GET', self.PATH, has=self.ID)
        except errors.Failed as ex:
            if self.membership()['LocalNodeState'] == 'inactive':
                raise errors.NotFound(str(ex)) from ex
            raise
        if (any(found.get(key) is None for key in self.REQUIRED)
                or not answers.has_shape(found, self.SHAPE)):
            raise self._client.shape_error()
        return found

    def inspect(self, object_id: str) -> dict:
        """Return the daemon's description of a swarm.

        :raises errors.NotFound: if it is not the swarm of the daemon.
        """
        found = self.current()
        if found[self.ID] != object_id:
            raise self._client.failure(errors.NotFound, _(
                'the daemon is part of the swarm %(found)s, not of %(wanted)s')
                % {'found': found[self.ID], 'wanted': object_id})
        return found

    def list(self, labels: dict[str, str]
             ) -> collections.abc.Sequence[dict]:
        """Return the swarm of the daemon, if it has all the labels."""
        try:
            found = self.current()
        except errors.NotFound:
            return []
        except errors.Failed:
            if self.membership()['ControlAvailable']:
                raise
            return []
        shown = self.labels_of(found)
        return [found] if labels.items() <= shown.items() else []

    def init(self, body: dict) -> None:
        """Make the daemon the first manager of a new swarm.

        :raises errors.Conflict: if it is part of a swarm.
        """
        self._client.request('POST', '/swarm/init', body=body,
                             timeout=_TIMEOUT)

    def join(self, body: dict) -> None:
        """Make the daemon a part of an existing swarm.

        :raises errors.Conflict: if it is part of a swarm.
        :raises errors.NoAnswer: if it goes on trying; see :meth:`membership`.
        """
        self._client.act('POST', '/swarm/join', body=body,
                         timeout=_TIMEOUT)

    def leave(self, force: bool) -> None:
        """Make the daemon leave its swarm.

        :param force: whether a manager leaves, too. The swarm ends if the
            remaining managers are not more than half of them.
        :raises errors.NotFound: if it is not part of a swarm.
        """
        self._client.act('POST', '/swarm/leave',
                         query={'force': int(force)}, timeout=_TIMEOUT)

    def update(self, object_id: str, body: dict, version: int,
               **options) -> builtins.list[str]:
        """Replace the specification of the swarm.

        :param body: see :meth:`collection.Specified.update`; also the others.
        """
        self._client.act(
            'POST', '/swarm/update', body=body,
            query={'version': version, **options.pop('query', {})}, **options)
        return []

    def unlock_key(self) -> str | None:
        """Return the key that unlocks a restarted manager, or None."""
        key = self._client.request_json('GET', '/swarm/unlockkey',
                                        has='UnlockKey')['UnlockKey']
        return key if isinstance(key, str) and key else None
