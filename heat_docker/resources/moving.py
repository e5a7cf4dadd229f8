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

"""How a container gets another name and other networks in place.

What it has it gives up only for what it can have, and takes it back if the
change fails.
"""

import contextlib

from heat.common import exception
from heat.engine import resource
from oslo_log import log as logging

from .. import errors
from .. import i18n
from ..convert import network
from ..convert import references

_ = i18n._

LOG = logging.getLogger(__name__)


class Moving:
    """The steps of an update that rename a container and reconnect it."""

    def handle_update_cancel(self, progress):
        """Take back what was given up for a change that is not made."""
        if not progress.notes.keys() & {'left', 'renamed from'}:
            return
        with contextlib.suppress(exception.HeatException), self._docker(
                progress.values(self.properties)) as docker:
            self._take_back(docker, progress)

    def _rename(self, docker, progress):
        """Give the container its new name, unless it has it."""
        name = self.docker_name(progress.notes['values'])
        now = docker.inspect_container(self.resource_id)['Name'].lstrip('/')
        if now != name:
            with self._or_take_back(docker, progress):
                try:
                    docker.rename_container(self.resource_id, name)
                except errors.Conflict as ex:
                    self._lend_name(docker, progress, now, name)
                    return self._wait_again(docker, progress,
                                            [('name', name, '')], ex)
        progress.notes.pop('renamed from', None)
        return True

    def _lend_name(self, docker, progress, now, name):
        """Give up the name for a container that may want it in exchange."""
        free = '%s.renamed' % self.resource_id[:12]
        if now != free and self._are_changing(
                self._await_claims(docker, progress, [('name', name, '')])):
            progress.notes['renamed from'] = now
            docker.rename_container(self.resource_id, free)

    def _reconnect(self, docker, progress):
        """Attach the container to the networks that the template says.

        It is detached from those only that the template said before.
        """
        values = progress.values(self.properties)
        wanted = network.networks_to_api(values['networks'] or [])
        before = network.networks_to_api(self.properties['networks'] or [])
        if not wanted or self.action == self.CREATE and (
                len(wanted) == 1 or self._takes_networks(docker)):
            # It has been created in them, or is in none.
            return True
        found = self._found(docker, values, references.NETWORK)['networks']
        names = dict(zip(wanted, network.networks_to_api(found), strict=True))
        wanted, before = ({names.get(name, name): endpoint for name, endpoint
                           in networks.items()}
                          for networks in (wanted, before))
        inspected = docker.inspect_container(self.resource_id)
        live = network.effective_endpoints(inspected)
        doubtful = self._doubtful or 'came back' in progress.notes
        done = progress.notes.setdefault('connected', set())
        kept = {}
        for name, endpoint in wanted.items():
            key = network.attachment_name(name, live)
            unchanged = before.get(name, endpoint) == endpoint
            if key and (name in done or unchanged and (
                    name in before and not doubtful
                    or network.is_endpoint_unchanged(endpoint, live[key]))):
                kept[name] = key
        missing = {name: endpoint for name, endpoint in wanted.items()
                   if name not in kept}
        if any(map(docker.ignores_at_connect, missing.values())):
            raise resource.UpdateReplace(self.name)
        mine = {network.attachment_name(name, live)
                for name in (*before, *wanted)}
        old = [key for key in live
               if key not in kept.values() and (key in mine or doubtful)]
        claims = network.address_claims(missing)
        with self._or_take_back(docker, progress):
            # What is not started yet needs no address yet.
            holders = self.action != self.CREATE and self._await_claims(
                docker, progress, claims)
            if holders and not self._are_changing(holders):
                return self._look_again(progress)
            self._leave(docker, progress, {key: live[key] for key in old},
                        before)
            if holders:
                return self._look_again(progress)
            try:
                self._connect(docker, progress, missing)
            except errors.Conflict as ex:
                return self._wait_again(docker, progress, claims, ex)
        done.update(wanted)
        progress.notes.pop('left', None)
        return True

    def _are_changing(self, holders):
        """Return whether Heat is changing resources at the same time.

        They may wait for what this one has.
        """
        return bool(holders) and all(holder.status == holder.IN_PROGRESS
                                     for holder, *_needed in holders)

    def _leave(self, docker, progress, old, before):
        """Detach the container from networks, keeping in mind how it was.

        :param dict old: endpoints that the daemon shows, by network.
        :param dict before: endpoints of the template before the update.
        """
        left = progress.notes.setdefault('left', {})
        given = {network.attachment_name(name, old): endpoint
                 for name, endpoint in before.items()}
        for key, endpoint in old.items():
            # A MAC address is shown even if nobody has chosen it.
            was = given.get(key)
            left.setdefault(key, was if was and network.endpoint_matches(
                was, endpoint) else network.endpoint_settings(endpoint))
            with contextlib.suppress(errors.NotFound):
                docker.disconnect_container(self.resource_id, key)

    def _connect(self, docker, progress, missing):
        """Attach the container to networks.

        :param dict missing: endpoints in the API's form, by network.
        """
        for name, endpoint in missing.items():
            # To take this back works even if it has never been there.
            progress.notes.setdefault('left', {}).setdefault(name, None)
            docker.connect_container(self.resource_id, name, endpoint)
            progress.notes['connected'].add(name)

    @contextlib.contextmanager
    def _or_take_back(self, docker, progress):
        """Take back what was given up if what follows fails.

        A daemon that is away is waited for.
        """
        try:
            yield
        except errors.Unreachable:
            raise
        except (errors.DockerError, exception.Error):
            self._take_back(docker, progress)
            raise

    def _take_back(self, docker, progress):
        """Give the container the name and the networks that it had."""
        name = progress.notes.get('renamed from')
        if name:
            self._try(docker.rename_container, self.resource_id, name)
        left = progress.notes.get('left') or {}
        progress.notes['connected'] = set()
        for key in left:
            self._try(docker.disconnect_container, self.resource_id, key)
        for key, endpoint in left.items():
            if endpoint is not None and not self._try(
                    docker.connect_container, self.resource_id, key,
                    endpoint):
                # Better in the network with any address than not at all.
                self._try(docker.disconnect_container, self.resource_id, key)
                self._try(docker.connect_container, self.resource_id, key,
                          {**endpoint, 'IPAMConfig': None})

    def _try(self, request, *arguments):
        """Return whether the daemon does what it may be unable to do.

        :param request: method of the engine.
        """
        try:
            request(*arguments)
        except errors.Unreachable:
            raise
        except errors.DockerError as ex:
            LOG.warning('%(resource)s does not get back all that it had: '
                        '%(why)s', {'resource': self.name, 'why': ex})
            return False
        return True
