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

"""Resources that take a whole daemon, as a manager or a node of a swarm."""

import contextlib

from .. import errors
from .. import i18n
from .. import policy
from ..lifecycle import plan
from . import base
from . import tables

_ = i18n._


class SwarmResource(base.DockerResource):
    """A resource that takes the whole daemon, which must be of one project."""

    def check_known_values(self):
        """Reject the resource on daemons that projects share."""
        policy.whole_daemon()
        super().check_known_values()

    def create_plan(self, values):
        """Return the steps that create the object."""
        with tables.errors_of_heat():
            policy.whole_daemon()
        return self.create_steps()

    def create_steps(self) -> list[plan.Step]:
        """Return the steps that create the object, if it is allowed."""
        raise NotImplementedError()


class ManagedResource(SwarmResource):
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
            with self.first_client(managers, values) as client.manager:
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
        managers = [self.allowed(url, tls) for url in urls or ()]
        if not managers:
            raise errors.Failed(_(
                'manager_endpoint is empty because the value that it refers '
                'to is empty'))
        return [manager for manager in managers
                if manager.base_url != own] or managers

    def check_known_values(self):
        """Reject managers that are not allowed, and other values."""
        super().check_known_values()
        if self.are_known('docker_endpoint', 'tls', 'manager_endpoint',
                          'manager_tls'):
            self.managers_of(self.properties)
