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

"""Resources whose objects the managers of a swarm know."""

import contextlib

from .. import client as clients
from .. import endpoint
from .. import errors
from .. import policy
from . import base
from . import tables


class ManagedResource(base.DockerResource):
    """A resource with a daemon of its own, and one of a manager.

    The properties ``manager_endpoint`` and ``manager_tls`` name the manager.
    Unlike the daemon of the resource, it can change: managers come and go.
    """

    @contextlib.contextmanager
    def connect(self, values=None):
        """Connect to the daemon, and to the first manager that responds.

        :param values: see :meth:`daemon.DaemonResource.connect`.
        """
        with super().connect(values) as client:
            managers = self.managers_of(values or self.properties)
            with self._first(managers, values) as client.manager:
                yield client

    def managers_of(self, values):
        """Return the endpoints of the managers that the properties name.

        The daemon itself is not one of them: it may have to leave the swarm.

        :raises errors.Refused: if the operator does not allow one.
        """
        own = self.endpoint_of(values).base_url
        urls = self._resolved(values, 'manager_endpoint')['manager_endpoint']
        tls = self._resolved(values, 'manager_tls')['manager_tls'] or (
            self._resolved(values, 'tls')['tls'])
        try:
            managers = [endpoint.of_values(url, tls) for url in urls or ()]
        except ValueError as ex:
            raise errors.Failed(str(ex)) from ex
        for manager in managers:
            policy.endpoint(manager, self._is_admin)
        return [manager for manager in managers
                if manager.base_url != own] or managers

    def _first(self, managers, values):
        """Return a client of the first manager that responds.

        If none does, it is the client of the first, so that users read why.
        """
        def client(of):
            return clients.DockerClient(of, lambda: self._secrets(values))

        for manager in managers if len(managers) > 1 else ():
            with contextlib.suppress(errors.DockerError), client(
                    manager) as asked:
                clients.raise_if_down(manager)
                if asked.swarms.membership()['ControlAvailable']:
                    return client(manager)
        return client(managers[0])

    def check_known_values(self):
        """Reject managers that are not allowed, and other values."""
        policy.whole_daemon()
        super().check_known_values()
        if self.are_known('docker_endpoint', 'tls', 'manager_endpoint',
                          'manager_tls'):
            self.managers_of(self.properties)

    def create_plan(self, values):
        """Return the steps that create the object."""
        with tables.errors_of_heat():
            policy.whole_daemon()
        return super().create_plan(values)
