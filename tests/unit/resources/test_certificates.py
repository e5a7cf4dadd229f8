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

"""Certificates in Heat's database: their life cycle, and where no key is."""

import json
import re

from heat.common import exception
from heat.common import short_id
from heat.db import api as db_api
from heat.db import models
from heat.engine import resource
import sqlalchemy

from heat_docker import x509
from heat_docker.lifecycle import records
from heat_docker.resources import certificates
from tests.unit import base
from tests.unit import test_x509

PUBLIC = {'ca_cert', 'server_cert', 'client_cert', 'tls', 'expires_at',
          'fingerprint'}
KEYS = ('ca_key', 'server_key', 'client_key')


class CertificatesTestCase(base.ResourceTestCase):

    TYPE = 'DockerInc::Docker::Certificates'

    def properties(self, **values):
        return values

    def make_made(self, **properties):
        """Return a resource whose create is complete."""
        made = self.make_resource(properties)
        self.run_task(made.create)
        self.forget()
        return made

    def at(self, days):
        """Set the clock of the certificates, in days from now."""
        return test_x509.X509TestCase.at(self, days)

    def stored(self, made):
        return made.records.read(records.Certificates)

    def converge(self, made, template, action='UPDATE', **values):
        """Update a resource for a template, as convergence does."""
        self.stack.t.id = template
        self.stack.action = action
        after = made.t.freeze(properties=values)
        self.run_task(lambda: made.update(after, new_template_id=template))

    def assert_same(self, before, after, *names):
        """Assert that exactly these parts of a record have not changed."""
        self.assertEqual(sorted(names), sorted(
            name for name in ('ca', 'server', 'client')
            if getattr(before, name + '_key') == getattr(after, name + '_key')
        ))


class AttributesTestCase(CertificatesTestCase):

    def test_attributes(self):
        made = self.make_made()
        stored = self.stored(made)
        self.assertEqual(short_id.get_id(made.uuid),
                         made.resource_id.rpartition('-')[2])
        for name in ('ca_cert', 'server_cert', 'server_key', 'client_cert',
                     'client_key'):
            self.assertEqual(getattr(stored, name), made.FnGetAtt(name))
        self.assertEqual(
            {'ca_cert': stored.ca_cert, 'server_name': 'docker',
             'certificates': '%s/%s' % (self.stack.id, made.resource_id)},
            made.FnGetAtt('tls'))
        self.assertTrue(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ',
                                     made.FnGetAtt('expires_at')))
        self.assertTrue(re.fullmatch('([0-9A-F]{2}:){31}[0-9A-F]{2}',
                                     made.FnGetAtt('fingerprint')))

    def test_show_has_no_key(self):
        shown = self.make_made().FnGetAtt('show')
        self.assertEqual(PUBLIC, set(shown))
        self.assertNotIn('PRIVATE', json.dumps(shown))

    def test_show_exists_without_certificates(self):
        """Heat would otherwise show all attributes."""
        made = self.make_made()
        made.data_delete('certificates')
        self.assertEqual(dict.fromkeys(PUBLIC), made.FnGetAtt('show'))

    def test_before_the_create(self):
        made = self.make_resource()
        self.assertIsNone(made._resolve_attribute('tls'))

    def test_tls_fits_the_property_of_all_types(self):
        tls = self.make_made().FnGetAtt('tls')
        for name, cls in base.CLASSES.items():
            if cls is not certificates.DockerCertificates:
                schema = cls.properties_schema['tls']
                self.assertIsNone(schema.validate_constraints(tls), name)
                self.assertLessEqual(set(tls), set(schema.schema))


class ValidationTestCase(CertificatesTestCase):

    def fail_validation(self, **properties):
        return str(self.assertRaises(
            exception.StackValidationFailed,
            self.make_resource(properties).validate))

    def test_valid(self):
        for properties in (
                {}, dict.fromkeys(certificates.DockerCertificates
                                  .properties_schema),
                {'server_names': 'a.test,203.0.113.7', 'days': 3650,
                 'key_type': 'rsa-3072', 'renew_before': 60,
                 'triggers': {'a': 1}, 'renew_ca': True}):
            self.make_resource(properties).validate()

    def test_not_valid(self):
        for properties, words in (
                ({'server_names': ['a b']}, 'neither a hostname nor an IP'),
                ({'server_names': 33 * ['a.test']}, 'length'),
                ({'days': 0}, 'out of range'), ({'days': 3651}, 'range'),
                ({'key_type': 'dsa'}, 'allowed'),
                ({'days': 30, 'renew_before': 30}, 'less than days')):
            self.assertIn(words, self.fail_validation(**properties))

    def test_name_of_a_resource_that_does_not_exist_yet(self):
        template = self.template(
            {'server_names': ['a.test', {'get_attr': ['ip', 'expires_at']}]})
        template['resources']['ip'] = {'type': self.TYPE}
        self.make_resource(template=template)
        self.stack.validate()

    def test_external_id(self):
        made = self.make_resource(template=self.template(
            {}, external_id='mine'))
        self.assertIn('cannot have an external_id', str(self.assertRaises(
            exception.StackValidationFailed, made.validate_external)))


class UpdateTestCase(CertificatesTestCase):

    def change(self, before, after, days=0):
        """Return the records before and after an update."""
        self.at(0)
        made = self.make_made(**before)
        stored = self.stored(made)
        self.at(days)
        self.update(made, **after)
        self.assertEqual('COMPLETE', made.status)
        return stored, self.stored(made)

    def test_names(self):
        before, after = self.change({}, {'server_names': ['a.test']})
        self.assert_same(before, after, 'ca', 'server', 'client')
        self.assertEqual(before.client_cert, after.client_cert)
        self.assertNotEqual(before.server_cert, after.server_cert)

    def test_renewal(self):
        for changed in ({'days': 90}, {'key_type': 'ed25519'},
                        {'triggers': {'a': 1}}):
            before, after = self.change({}, changed)
            self.assert_same(before, after, 'ca')
            self.assertEqual(before.ca_cert, after.ca_cert)

    def test_renewal_of_the_authority(self):
        before, after = self.change({'renew_ca': True}, {
            'renew_ca': True, 'triggers': {'a': 1}})
        self.assert_same(before, after)

    def test_no_change(self):
        for old, new in (({}, {'days': 825, 'key_type': 'ecdsa-p256'}),
                         ({}, {'renew_ca': True}), ({}, {'days': None}),
                         ({}, {'renew_before': 60}),
                         ({'server_names': ['a.test', 'b.test']},
                          {'server_names': ['B.test', 'a.test']})):
            before, after = self.change(old, new)
            self.assertEqual(before, after)

    def test_due(self):
        values = {'days': 90, 'renew_before': 30}
        for days, same in ((59, ['ca', 'client', 'server']), (61, ['ca']),
                           (91, ['ca'])):
            before, after = self.change(values, values, days)
            self.assert_same(before, after, *same)

    def test_not_due_without_renew_before(self):
        for days in (0, 89, 91):
            before, after = self.change({'days': 90}, {'days': 90}, days)
            self.assertEqual(before, after)

    def test_authority_due(self):
        before, after = self.change({}, {'triggers': {'a': 1}}, 3640)
        self.assert_same(before, after)

    def test_after_a_failed_check(self):
        made = self.make_made(days=90)
        before = self.stored(made)
        self.at(91)
        self.fail_task(made.check)
        self.update(made, days=90)
        self.assert_same(before, self.stored(made), 'ca')
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        self.run_task(made.check)

    def test_marked_as_unhealthy(self):
        made = self.make_made()
        before = self.stored(made)
        made.state_set(made.CHECK, made.FAILED, 'compromised')
        self.update(made)
        self.assert_same(before, self.stored(made), 'ca')

    def test_never_replaced(self):
        made = self.make_made()
        made.state_set(made.UPDATE, made.FAILED)
        self.update(made, key_type='rsa-3072')
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)

    def test_replaced_if_the_create_failed(self):
        made = self.make_resource()
        made.state_set(made.CREATE, made.FAILED)
        self.assertRaises(resource.UpdateReplace, self.update, made)

    def test_rule_with_values_of_others(self):
        made = self.make_made()
        self.assertIn('less than days', self.fail_update(
            made, days=10, renew_before=10))

    def test_unreadable(self):
        made = self.make_made()
        made.data_set('certificates', 'x')
        self.assertIn('Has the operator changed auth_encryption_key',
                      self.fail_task(made.check))
        self.update(made)
        self.assertIsNotNone(self.stored(made))
        self.run_task(made.check)


class RollbackTestCase(CertificatesTestCase):

    def test_change_is_undone(self):
        made = self.make_made()
        first = self.stored(made)
        template = self.stack.t.id
        self.converge(made, template + 1, triggers={'a': 1})
        self.assert_same(first, self.stored(made), 'ca')
        self.converge(made, template, 'ROLLBACK')
        self.assert_same(first, self.stored(made), 'ca', 'client', 'server')

    def test_renewal_without_a_change_is_undone(self):
        made = self.make_made(days=90, renew_before=30)
        first, template = self.stored(made), self.stack.t.id
        self.at(61)
        values = {'days': 90, 'renew_before': 30}
        self.converge(made, template + 1, **values)
        self.assert_same(first, self.stored(made), 'ca')
        self.converge(made, template, 'ROLLBACK', **values)
        self.assert_same(first, self.stored(made), 'ca', 'client', 'server')

    def test_earlier_change_is_not_undone(self):
        """The failed update has not changed the certificates."""
        made = self.make_made()
        template = self.stack.t.id
        for later in (template + 1, template + 2):
            self.converge(made, later, triggers={'a': 1})
        second = self.stored(made)
        self.converge(made, template + 1, 'ROLLBACK', triggers={'a': 1})
        self.assertEqual(second, self.stored(made))

    def test_change_of_the_target_is_not_undone(self):
        """The failed update has not reached the resource."""
        made = self.make_made()
        template = self.stack.t.id
        self.converge(made, template + 1, triggers={'a': 1})
        second = self.stored(made)
        self.converge(made, template + 1, 'ROLLBACK', triggers={'a': 1})
        self.assertEqual(second, self.stored(made))


class CheckTestCase(CertificatesTestCase):

    def test_valid(self):
        made = self.make_made()
        self.run_task(made.check)
        self.assertEqual(('CHECK', 'COMPLETE'), made.state)
        self.assertEqual([], self.reasons)

    def test_about_to_expire(self):
        for before, day in ({}, 61), ({'renew_before': 40}, 51):
            self.at(0)
            made = self.make_made(days=90, **before)
            end = x509.expiry(certificates._bundle(self.stored(made)))
            self.at(day)
            self.run_task(made.check)
            self.assertEqual(('CHECK', 'COMPLETE'), made.state)
            self.assertEqual([
                '%s certificate expires in %d days, on %s' % (
                    which, x509.days_until(end), end.date())
                for which in ('The server', 'The client')], self.reasons)
            self.forget()

    def test_expired(self):
        made = self.make_made(days=90)
        end = x509.expiry(certificates._bundle(self.stored(made)))
        self.at(93)
        reason = self.fail_task(made.check)
        self.assertIn('The server certificate expired %d days ago, on %s; '
                      'The client certificate expired' % (
                          -x509.days_until(end), end.date()), reason)
        self.assertIn('Update the stack to renew it', reason)


class LifeTestCase(CertificatesTestCase):

    def test_suspend_resume_snapshot_delete(self):
        made = self.make_made()
        before = self.stored(made)
        for action in (made.suspend, made.resume, made.snapshot):
            self.run_task(action)
            self.assertEqual('COMPLETE', made.status)
        self.assertEqual(before, self.stored(made))
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)

    def test_restore_keeps_the_keys(self):
        made = self.make_made()
        template = self.stack.t.id
        self.converge(made, template + 1, triggers={'a': 1},
                      server_names=['a.test'])
        before = self.stored(made)
        self.converge(made, template + 2, 'RESTORE')
        after = self.stored(made)
        self.assert_same(before, after, 'ca', 'client', 'server')
        self.assertNotEqual(before.server_cert, after.server_cert)

    def adopt(self, data):
        adopted = self.make_resource()
        self.run_task(lambda: adopted.adopt(data))
        return adopted

    def test_abandoned_and_adopted(self):
        made = self.make_made()
        data = json.loads(json.dumps(made.prepare_abandon()))
        adopted = self.adopt(data)
        self.assertEqual(('ADOPT', 'COMPLETE'), adopted.state)
        self.assert_same(self.stored(made), self.stored(adopted), 'ca',
                         'client', 'server')
        self.assertEqual(made.FnGetAtt('client_cert'),
                         adopted.FnGetAtt('client_cert'))
        self.assertNotEqual(made.FnGetAtt('tls'), adopted.FnGetAtt('tls'))

    def test_adopted_without_certificates(self):
        other = json.loads(self.make_made().data()['certificates'])
        for text in (None, '{}', 'x', '[]', json.dumps(
                {**other, 'client_key': 'x'})):
            adopted = self.make_resource()
            self.assertRaises(
                exception.ResourceFailure, self.run_task,
                lambda text=text, adopted=adopted: adopted.adopt({
                    'resource_id': 'x',
                    'resource_data': text and {'certificates': text}}))
            self.assertIn('contain no valid certificates',
                          adopted.status_reason)


class SecretsTestCase(CertificatesTestCase):
    """Keys are in Heat's resource data, encrypted, and nowhere else."""

    def setUp(self):
        super().setUp()
        self.patch(resource.Resource, '_add_event', self.add_event)

    def dump(self):
        """Return all that Heat's database has, as one text."""
        engine = db_api.context_manager.writer.get_engine()
        with engine.connect() as connection:
            return '\n'.join(
                repr(tuple(row)) for table in models.BASE.metadata.tables
                for row in connection.execute(
                    sqlalchemy.text('SELECT * FROM "%s"' % table)))

    def assert_nowhere(self, *stored):
        """Assert that no line of a key is in the database or a log."""
        text = self.dump() + self.log.output
        self.assertIn('certificates', text)
        for record in stored:
            for name in KEYS:
                for line in getattr(record, name).splitlines():
                    if not line.startswith('---'):
                        self.assertNotIn(line, text, name)

    def test_scan_finds_what_is_there(self):
        made = self.make_made()
        made.data_set('planted', self.stored(made).client_key)
        self.assertRaises(AssertionError, self.assert_nowhere,
                          self.stored(made))

    def test_life(self):
        for key_type in x509.KEY_TYPES:
            made = self.make_made(key_type=key_type)
            first = self.stored(made)
            made.FnGetAtt('tls')
            made.store_attributes()
            self.update(made, key_type=key_type, triggers={'a': 1})
            self.run_task(made.check)
            self.run_task(made.suspend)
            self.run_task(made.resume)
            self.run_task(made.snapshot)
            self.assert_nowhere(first, self.stored(made))

    def test_failures(self):
        made = self.make_made(days=90)
        first = self.stored(made)
        self.at(91)
        self.fail_task(made.check)
        self.fail_update(made, renew_before=10, days=9)
        made.data_set('certificates', json.dumps(
            {'ca_key': first.ca_key, 'client_key': first.client_key}),
            redact=True)
        self.fail_task(made.check)
        self.assert_nowhere(first)

    def test_snapshot(self):
        """Heat does not encrypt the data of a snapshot."""
        made = self.make_made()
        self.stack.convergence = True
        if hasattr(resource.Resource, 'resource_snapshot_set'):
            made.resource_snapshot_set('5')
            self.assert_nowhere(self.stored(made))
        self.stack.action, self.stack.status = 'SNAPSHOT', 'IN_PROGRESS'
        self.assertEqual({}, made.prepare_abandon()['resource_data'])
        self.stack.status = 'COMPLETE'
        self.assertIn('certificates',
                      made.prepare_abandon()['resource_data'])

    def test_adopt(self):
        made = self.make_made()
        data = made.prepare_abandon()
        adopted = self.make_resource()
        self.run_task(lambda: adopted.adopt(data))
        self.assert_nowhere(self.stored(made))

    def test_it_fits_into_the_database(self):
        """MySQL truncates longer texts, or refuses them."""
        names = ['%s.%s.%s.%s' % (
            63 * 'a', 63 * 'b', 63 * 'c', '%02d' % number + 57 * 'd')
            for number in range(32)]
        made = self.make_made(key_type='rsa-3072', server_names=names)
        engine = db_api.context_manager.writer.get_engine()
        with engine.connect() as connection:
            for (length,) in connection.execute(sqlalchemy.text(
                    'SELECT length(value) FROM resource_data WHERE '
                    'resource_id = %d' % made.id)):
                self.assertLess(length, 2 ** 16)


class RegistrationTestCase(base.TestCase):

    def test_without_the_library(self):
        self.patch(x509, 'x509', None)
        x509._import_error = 'No module named cryptography'
        self.addCleanup(delattr, x509, '_import_error')
        self.assertEqual({}, certificates.available_resource_mapping())
        [line] = self.log.output.splitlines()
        self.assertIn('DockerInc::Docker::Certificates are not available: '
                      'The Python library cryptography is required', line)
        self.assertEqual(len(base.CLASSES) - 1, sum(
            len(module.available_resource_mapping())
            for module in base.MODULES))
