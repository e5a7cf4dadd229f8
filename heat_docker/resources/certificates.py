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

"""``DockerInc::Docker::Certificates``."""

import dataclasses

from heat.common import exception
from oslo_log import log as logging

from .. import fields
from .. import i18n
from .. import validation
from .. import x509
from ..lifecycle import records
from ..specs import certificates as spec
from . import references
from . import registration
from . import tables

_ = i18n._

LOG = logging.getLogger(__name__)

# Days before the expiry from which on a check warns, without renew_before.
_WARN_BEFORE = 30

# Properties whose change renews the server and the client certificate.
_RENEWING = {'days', 'key_type', 'triggers'}

# Records with keys.
_WITH_KEYS = (records.Certificates, records.PreviousCertificates,
              records.FormerClient)

_NAMES = {'ca': _('The certificate of the authority'),
          'server': _('The server certificate'),
          'client': _('The client certificate')}


class DockerCertificates(tables.TableResource):
    """Certificates for TLS between heat-engine and a Docker daemon.

    The resource makes a certificate authority, a server certificate for a
    daemon, and a client certificate. Pass ca_cert, server_cert and server_key
    to the server that runs the daemon, and the attribute tls to the property
    tls of the resources that use the daemon. All three certificates belong to
    one daemon, or to daemons with the same users: a client with the client key
    is root on their hosts.

    Heat stores the keys encrypted with its auth_encryption_key. The key of the
    authority never leaves Heat. The attribute tls refers to the key of the
    client, and does not contain it. The attributes with keys are only
    available on explicit request.

    A change of a property never replaces the resource. A renewal keeps the
    authority, so that both sides continue to trust each other, unless renew_ca
    is true. A rollback restores the certificates from before the update, and a
    restore from a snapshot keeps the current ones.

    Marking the resource as unhealthy, or a failed check, renews the server and
    the client certificate in the next update.
    """

    spec = spec

    # A new authority would exclude the daemons that have the old one.
    always_replace_on_check_failed = False

    # Whether Heat copies the resource data to where it is not encrypted.
    _hides_keys = False

    # What an update has to do besides the changes of properties; see
    # _needs_update.
    _was_check_failed = False
    _is_undone = False

    # The certificates in Heat's database.

    def _stored(self, kind=records.Certificates):
        """Return the record of the certificates if it is readable, or None."""
        try:
            return self.records.read(kind)
        except (TypeError, ValueError):
            # Heat returns the encrypted text if auth_encryption_key changed.
            # The exception could contain a part of a key.
            LOG.error('The certificates of %s cannot be read', self.name)
            return None

    def _store(self, bundle):
        """Store certificates, and retain those that they replace."""
        before = self._stored()
        if before is not None:
            self.records.write(records.PreviousCertificates(
                **dataclasses.asdict(before)))
            if before.ca_cert != bundle.ca.certificate:
                self.records.write(records.FormerClient(
                    before.ca_cert, before.client_cert, before.client_key))
        self.records.write(records.Certificates(
            bundle.ca.certificate, bundle.ca.key,
            bundle.server.certificate, bundle.server.key,
            bundle.client.certificate, bundle.client.key,
            template=self.stack.t.id))

    def data(self):
        """Return the resource data, without keys for a snapshot."""
        # Heat encrypts the data of a resource, but not that of a snapshot:
        # https://opendev.org/openstack/heat/src/branch/master/heat/objects/resource_snapshot.py
        found = super().data()
        if not self._hides_keys:
            return found
        return {key: text for key, text in found.items() if key not in {
            kind.KEY for kind in _WITH_KEYS}}

    def resource_snapshot_set(self, *args, **kwargs):
        """Store the snapshot of the resource, without keys."""
        self._hides_keys = True
        try:
            return super().resource_snapshot_set(*args, **kwargs)
        finally:
            self._hides_keys = False

    def prepare_abandon(self):
        """Return the data of an abandoned stack, or of a snapshot.

        Heat 24 to 26 and stacks without convergence take the data of a
        snapshot from here, too. It has no keys then.
        """
        self._hides_keys = self.stack.state == (self.SNAPSHOT,
                                                self.IN_PROGRESS)
        try:
            return super().prepare_abandon()
        finally:
            self._hides_keys = False

    # Actions.

    def validate_external(self):
        """Reject an external_id, because nothing exists outside of Heat."""
        if self.external_id is not None:
            raise exception.StackValidationFailed(message=_(
                'Certificates cannot have an external_id. Pass existing ones '
                'to the property tls instead'))

    def handle_create(self):
        """Make the certificates."""
        self.check_rules(self.properties)
        self._store(x509.made(self._wanted(self.properties)))
        self.resource_id_set(self.physical_resource_name())

    def handle_adopt(self, resource_data=None):
        """Adopt the certificates of an abandoned stack.

        Heat would store the keys without encryption.
        """
        data = (resource_data or {}).get('resource_data') or {}
        try:
            adopted = records.read(data, records.Certificates)
            x509.check(_bundle(adopted))
        except (AttributeError, TypeError, ValueError) as ex:
            raise exception.Error(_(
                'The data of the stack contain no valid certificates')
            ) from ex
        self._store(_bundle(adopted))
        self.resource_id_set(self.physical_resource_name())

    def handle_check(self):
        """Fail if a certificate has expired; warn before it does."""
        stored = self._stored()
        if stored is None:
            raise exception.Error(_(
                'The certificates cannot be read. Has the operator changed '
                'auth_encryption_key? An update of the stack makes new ones, '
                'with a new authority'))
        values = fields.effective(self.spec.FIELDS, self.properties)
        warn_before = values['renew_before'] or _WARN_BEFORE
        left = {name: (x509.days_until(end), end) for name, end
                in x509.expiries(_bundle(stored)).items()}
        expired = [
            _('%(certificate)s expired %(days)d days ago, on %(end)s')
            % {'certificate': _NAMES[name], 'days': -days, 'end': _day(end)}
            for name, (days, end) in left.items() if days < 0]
        if expired:
            raise exception.Error(_('%s. Update the stack to renew it')
                                  % '; '.join(map(str, expired)))
        for name, (days, end) in left.items():
            if days < warn_before:
                self._add_event(self.action, self.status, str(_(
                    '%(certificate)s expires in %(days)d days, on %(end)s')
                    % {'certificate': _NAMES[name], 'days': days,
                       'end': _day(end)}))

    # Updates.

    def needs_replace_failed(self):
        """Return whether a failed resource has to be replaced."""
        return self.resource_id is None

    def _needs_update(self, after, before, after_props, before_props,
                      *args, **kwargs):
        """Return whether an update has anything to do.

        Certificates also expire if the template has not changed.
        """
        for values in (after_props, before_props):
            validation.null_means_unset(values)
        # Heat overwrites both before it calls handle_update.
        self._was_check_failed = self.state == (self.CHECK, self.FAILED)
        self._is_undone = self._has_changed_for(self.current_template_id)
        return super()._needs_update(
            after, before, after_props, before_props, *args, **kwargs) or (
                self._was_check_failed or self._is_undone
                or self._is_due(after_props))

    def _has_changed_for(self, template):
        """Return whether a rollback undoes the last change.

        :param template: ID of the template of the last update.
        """
        if self.stack.action != self.stack.ROLLBACK:
            return False
        stored = self._stored()
        return stored is not None and (
            stored.template == template != self.stack.t.id)

    def _is_due(self, values):
        """Return whether it is time to renew the certificates."""
        if self._is_restored():
            return False
        stored = self._stored()
        if stored is None:
            return True
        left = x509.days_until(x509.expiry(_bundle(stored)))
        return bool(values['renew_before']) and left < values['renew_before']

    def _is_restored(self):
        """Return whether the stack is being restored from a snapshot."""
        return self.stack.action == self.stack.RESTORE

    def handle_update(self, json_snippet, tmpl_diff, prop_diff):
        """Renew certificates, or return to those before the update."""
        values = self.values_in(json_snippet)
        self.check_rules(values)
        previous = self._stored(records.PreviousCertificates)
        if self._is_undone and previous is not None:
            self._store(_bundle(previous))
            return
        made = self._updated(values, set(prop_diff))
        if made is not None:
            self._store(made)

    def _updated(self, values, changed):
        """Return the certificates after an update; None for no change.

        :param changed: names of the properties that change.
        """
        wanted, stored = self._wanted(values), self._stored()
        if stored is None:
            return x509.made(wanted)
        bundle = _bundle(stored)
        if not self._is_restored() and (
                changed & _RENEWING or self._was_check_failed
                or self._is_due(values)):
            return x509.renewed(bundle, wanted, with_ca=bool(
                values['renew_ca'] or self._is_authority_due(bundle, values)))
        if 'server_names' in changed:
            return x509.renamed(bundle, wanted)
        return None

    def _is_authority_due(self, bundle, values):
        """Return whether the authority expires before it can be renewed."""
        left = x509.days_until(x509.expiries(bundle)['ca'])
        return left < (values['renew_before'] or _WARN_BEFORE)

    def _wanted(self, values):
        """Return the :class:`x509.Wanted` of the properties."""
        known = fields.effective(self.spec.FIELDS, values)
        return x509.Wanted(self.uuid, tuple(known['server_names'] or ()),
                           known['days'], known['key_type'])

    # Attributes.

    def described(self):
        """Return the map that the paths of the attributes refer to."""
        stored = self._stored() if self.resource_id is not None else None
        if stored is None:
            return {}
        bundle = _bundle(stored)
        return {
            'ca_cert': stored.ca_cert,
            'server_cert': stored.server_cert,
            'server_key': stored.server_key,
            'client_cert': stored.client_cert,
            'client_key': stored.client_key,
            'tls': {'ca_cert': stored.ca_cert,
                    'certificates': references.to(self),
                    'server_name': x509.SERVER_NAME},
            'expires_at': x509.expiry(bundle).strftime('%Y-%m-%dT%H:%M:%SZ'),
            'fingerprint': x509.fingerprint(bundle.server)}

    def _resolve_attribute(self, name):
        """Return the value of an attribute in the table."""
        return fields.read(self.described(), self.attribute_named(name).at)

    def _show_resource(self):
        """Return the attributes without keys.

        Heat shows this map instead of all attributes, so it must exist.
        """
        described = self.described()
        return {attribute.name: fields.read(described, attribute.at)
                for attribute in self.spec.ATTRIBUTES if not attribute.secret}

    def parse_live_resource_data(self, resource_properties, resource_data):
        """Return no changes, because nothing changes outside of Heat."""
        return {}


def _bundle(stored):
    """Return the certificates of a record.

    :param records.Certificates stored: None raises AttributeError.
    """
    return x509.Bundle(x509.Pair(stored.ca_cert, stored.ca_key),
                       x509.Pair(stored.server_cert, stored.server_key),
                       x509.Pair(stored.client_cert, stored.client_key))


def _day(moment):
    """Return the date of a time, as in 2030-12-31."""
    return moment.strftime('%Y-%m-%d')


resource_mapping, available_resource_mapping = registration.mappings(
    'DockerInc::Docker::Certificates', DockerCertificates, x509.library)
