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

"""The daemon of a resource: its endpoint, its object, its errors."""

import contextlib
import dataclasses

from heat.common import exception
from heat.common import policy as heat_policy
from oslo_log import log as logging

from .. import client as clients
from .. import endpoint
from .. import errors
from .. import i18n
from .. import masking
from .. import policy
from ..lifecycle import objects
from ..lifecycle import ownership
from ..lifecycle import records
from . import events
from . import references
from . import tables

_ = i18n._

LOG = logging.getLogger(__name__)


class DaemonResource(events.MaskingResource):
    """A resource with an object on the daemon that its properties name.

    :cvar object_class: subclass of
        :class:`heat_docker.lifecycle.objects.Object`.
    """

    object_class: type[objects.Object]

    @property
    def object(self):
        """The object of the daemon."""
        # The stack's project stays the same while an administrator acts.
        owner = ownership.Owner(
            self.stack.tenant_id or '', self.stack.id, self.stack.name,
            self.name, self.uuid)
        return self.object_class(self, owner, self.records)

    @property
    def endpoint(self):
        """The endpoint of the daemon that has the object."""
        return self.endpoint_of(self.properties)

    def endpoint_of(self, values):
        """Return the endpoint of :meth:`endpoints_of`, or the first one."""
        return self.endpoints_of(values)[0]

    def endpoints_of(self, values):
        """Return the endpoints that values of the properties name.

        If the table of the type has :func:`specs.endpoint.of_managers`, they
        are those of managers of one swarm. Once there may be an object, a
        manager that the operator no longer allows is left out: it must not
        prevent the object from being deleted.

        :raises errors.Refused: if the operator does not allow one.
        """
        urls = self._resolved(values, 'docker_endpoint')['docker_endpoint']
        tls = self._resolved(values, 'tls')['tls']
        recorded = self._recorded(tls)
        if not isinstance(urls, list) or not urls:
            return [recorded or self._first_use(urls or None, tls)]
        if recorded is None:
            return [self.allowed(url, tls) for url in urls]
        found = []
        for url in urls:
            with contextlib.suppress(errors.Refused):
                found.append(recorded if endpoint.is_of(url, recorded)
                             else self.allowed(url, tls))
        return found or [recorded]

    def _recorded(self, tls):
        """Return the endpoint of the create request, or None.

        It stays the same, even if the property, which may come from another
        resource, has changed since. It stays allowed, at the address that it
        had then: a stricter policy must not prevent existing objects from
        being deleted.

        :param tls: value of the property tls.
        """
        request = self.records.read(records.CreateRequest)
        if request is None:
            return None
        named = self._named(request.endpoint, tls)
        return named if named.local else dataclasses.replace(
            named, trusted=request.address)

    def _first_use(self, url, tls):
        """Return the endpoint of a single URL, which may be unset."""
        if not url and not self.are_known('docker_endpoint'):
            raise errors.Failed(_(
                'docker_endpoint is empty because the value that it refers to '
                'is empty'))
        return self.allowed(url, tls)

    def allowed(self, url, tls):
        """Return an endpoint to which no request has been sent before.

        :param url: None for the operator's daemon.
        :param tls: value of the property tls.
        :raises errors.Refused: if the operator does not allow it.
        """
        named = self._named(url, tls)
        policy.endpoint(named, self._is_admin)
        return named

    def _named(self, url, tls):
        try:
            return endpoint.of_values(url, references.with_key(self, tls))
        except ValueError as ex:
            raise errors.Failed(str(ex)) from ex

    def forgotten_url(self):
        """Return the URL of the daemon if the operator has written it off.

        Of several managers, the operator has to have written off all. Their
        certificates may no longer exist either, so they are not needed.

        :returns: the URLs, separated by commas, or None.
        """
        request = self.records.read(records.CreateRequest)
        urls = self._resolved(self.properties,
                              'docker_endpoint')['docker_endpoint']
        if not isinstance(urls, list) or not urls:
            urls = [urls if request is None else request.endpoint]
        try:
            named = [endpoint.parse(url or endpoint.own_url()).url
                     for url in urls]
        except ValueError:
            return None
        return ', '.join(named) if all(map(policy.forgotten, named)) else None

    def _resolved(self, values, name):
        """Return values in which a property depends on no other resource.

        To show attributes, Heat loads a resource without the attributes of
        those that its properties refer to. The property would be unset.

        :param str name: name of the property.
        """
        if values is not self.properties or self.are_known(name) or (
                name not in (self._stored_properties_data or {})):
            return values
        return self.values_in(self.frozen_definition())

    def _is_admin(self):
        # The context of a trust is not an admin's until its roles are read.
        return heat_policy.get_enforcer().check_is_admin(self.context)

    @contextlib.contextmanager
    def connect(self, values=None):
        """Connect to the daemon, and turn its errors into errors of Heat.

        :param values: of the properties; by default, those of the last action.
        """
        try:
            with tables.errors_of_heat(), self.first_client(
                    self.endpoints_of(values or self.properties),
                    values) as client:
                yield client
        except (AttributeError, IndexError, KeyError, RecursionError,
                TypeError) as ex:
            LOG.exception('Internal error in an action on %s', self.name)
            raise exception.Error(_(
                'Internal error of the plugin; the log of heat-engine '
                'contains details')) from ex

    def first_client(self, endpoints, values):
        """Return a client of the first manager of a swarm that responds.

        A manager that is cut off from the others responds, but reports an
        error. If there is no other, this returns a client whose requests fail
        for a reason that may pass, so that the action waits and users read
        the reason. A single endpoint does not have to be a manager.

        :param values: see :meth:`connect`.
        """
        def client(of):
            return clients.DockerClient(of, lambda: self._secrets(values))

        cut_off, silent = [], []
        for one in endpoints if len(endpoints) > 1 else ():
            try:
                clients.raise_if_down(one)
                with client(one) as asked:
                    state = asked.swarms.membership()
            except errors.Unreachable:
                silent.append(one)
                continue
            except errors.DockerError:
                continue
            if state['ControlAvailable'] and not state['Error']:
                return client(one)
            if state['ControlAvailable']:
                cut_off.append(one)
        return client([*cut_off, *silent, *endpoints][0])

    def _secrets(self, values):
        """Return the secrets that a daemon may repeat in its messages.

        :param values: of the properties, in addition to the last action's.
        """
        found = masking.secrets(self.spec.FIELDS,
                                self._stored_properties_data or {})
        try:
            values = dict(values or self.properties)
        except (exception.HeatException, TypeError, ValueError):
            # They refer to a missing resource, so no daemon received them.
            return found
        return found | masking.secrets(self.spec.FIELDS, values)
