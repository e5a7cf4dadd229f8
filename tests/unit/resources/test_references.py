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

"""The key of the client, which no resource stores but the certificates."""

import functools
import json

from heat.common import exception
from heat.engine import resource
from heat.objects import resource as resource_objects
from heat.tests import utils
from oslo_config import cfg

from heat_docker import endpoint
from heat_docker.lifecycle import records
from tests.unit import base

URL = 'https://docker.test:2376'
CERTIFICATES = 'DockerInc::Docker::Certificates'


class ReferencesTestCase(base.ContainerTestCase):

    def setUp(self):
        super().setUp()
        self.patch(self.daemon, 'on', functools.partial(
            self.daemon.on, base_url=URL))
        self.daemon.on('GET', '/version', {'json': self.daemon.VERSION},
                       prefix='')
        self.stacks = []

    def properties(self, **values):
        return super().properties(docker_endpoint=URL, **values)

    def make_certificates(self, parent=None, **properties):
        """Return certificates of another stack of the same project."""
        stack = utils.parse_stack({
            'heat_template_version': '2018-08-31', 'resources': {
                'certs': {'type': CERTIFICATES, 'properties': properties}}})
        if parent is not None:
            stack.owner_id = parent.id
            stack.store()
        self.stacks.append(stack)
        made = stack['certs']
        made.store()
        self.run_task(made.create)
        return made

    def renew(self, made, **properties):
        after = made.t.freeze(properties=properties)
        self.run_task(lambda: made.update(after))

    def stored(self, certificates):
        return certificates.records.read(records.Certificates)

    def expected(self, certificates):
        """Return the settings of a connection with certificates."""
        stored = self.stored(certificates)
        return endpoint.TLS(
            ca_cert=stored.ca_cert, client_cert=stored.client_cert,
            client_key=stored.client_key, server_name='docker')

    def old_format(self, certificates):
        """Return what the attribute tls was before there were references."""
        expected = self.expected(certificates)
        return {name: getattr(expected, name) for name in (
            'ca_cert', 'client_cert', 'client_key', 'server_name')}

    def row(self, made):
        """Return the stored properties of a resource."""
        return json.dumps(resource_objects.Resource.get_obj(
            made.context, made.id).properties_data)


class KeyTestCase(ReferencesTestCase):

    def test_key_is_read_for_each_connection(self):
        certificates = self.make_certificates()
        made = self.make_resource(tls=certificates.FnGetAtt('tls'))
        before = made.endpoint
        self.assertEqual(self.expected(certificates), before.tls)
        self.renew(certificates, triggers={'a': 1})
        self.assertEqual(self.expected(certificates), made.endpoint.tls)
        # Another endpoint has no idle connections in common.
        self.assertNotEqual(before, made.endpoint)

    def test_renewal_changes_no_other_resource(self):
        certificates = self.make_certificates()
        before = certificates.FnGetAtt('tls')
        self.renew(certificates, triggers={'a': 1})
        self.assertEqual(before, certificates.FnGetAtt('tls'))

    def test_new_authority(self):
        """A resource on a server with the old one can be deleted."""
        certificates = self.make_certificates(renew_ca=True)
        old = certificates.FnGetAtt('tls')
        before = self.expected(certificates)
        self.renew(certificates, renew_ca=True, triggers={'a': 1})
        new = certificates.FnGetAtt('tls')
        self.assertNotEqual(old, new)
        for tls, expected in ((old, before),
                              (new, self.expected(certificates))):
            self.assertEqual(expected,
                             self.make_resource(tls=tls).endpoint.tls)

    def test_new_authority_and_further_renewals(self):
        certificates = self.make_certificates(renew_ca=True)
        old = certificates.FnGetAtt('tls')
        before = self.expected(certificates)
        self.renew(certificates, renew_ca=True, days=90)
        self.renew(certificates, days=90, triggers={'a': 1})
        self.renew(certificates, days=90, triggers={'a': 1},
                   server_names=['a.test'])
        self.assertEqual(before, self.make_resource(tls=old).endpoint.tls)

    def test_without_ca_cert(self):
        certificates = self.make_certificates()
        tls = self.make_resource(tls={
            'certificates': certificates.FnGetAtt('tls')['certificates']
        }).endpoint.tls
        self.assertEqual(self.stored(certificates).client_key, tls.client_key)
        self.assertEqual('', tls.ca_cert)

    def test_in_a_nested_stack(self):
        parent = utils.parse_stack({'heat_template_version': '2018-08-31'})
        certificates = self.make_certificates(parent)
        tls = certificates.FnGetAtt('tls')
        self.assertEqual('%s/%s' % (parent.id, certificates.resource_id),
                         tls['certificates'])
        self.assertEqual(self.expected(certificates),
                         self.make_resource(tls=tls).endpoint.tls)

    def test_moved_to_another_stack(self):
        """As an update without convergence does before it deletes it."""
        certificates = self.make_certificates()
        tls = certificates.FnGetAtt('tls')
        self.stacks.append(utils.parse_stack({
            'heat_template_version': '2018-08-31'}))
        resource_objects.Resource.update_by_id(
            certificates.context, certificates.id,
            {'stack_id': self.stacks[-1].id})
        self.assertEqual(self.expected(certificates),
                         self.make_resource(tls=tls).endpoint.tls)

    def test_nothing_contains_the_key(self):
        self.patch(resource.Resource, '_add_event', self.add_event)
        certificates = self.make_certificates()
        made = self.make_running(tls=certificates.FnGetAtt('tls'))
        [line, *_others] = self.stored(
            certificates).client_key.splitlines()[1:]
        for text in (self.row(made), repr(made.endpoint), self.log.output,
                     str(made.data()), str(made.prepare_abandon())):
            self.assertNotIn(line, text)


class RefusedTestCase(ReferencesTestCase):

    WORDS = ('certificates of tls: %s is not a resource of the type '
             'DockerInc::Docker::Certificates in this project, or no longer '
             'exists')

    def refused(self, reference):
        made = self.make_resource(tls={'certificates': reference})
        self.assertIn(self.WORDS % reference, str(self.assertRaises(
            exception.StackValidationFailed, made.validate)))
        self.assertIn(self.WORDS % reference, self.fail_task(made.create))
        self.assertEqual([], self.daemon.history)

    def make_of_project(self, project):
        with base.mock.patch.object(
                utils, 'dummy_context', functools.partial(
                    utils.dummy_context, tenant_id=project)):
            return self.make_certificates()

    def test_another_project(self):
        self.refused(self.make_of_project('theirs').FnGetAtt(
            'tls')['certificates'])

    def test_another_project_for_an_administrator(self):
        """An administrator may act on a stack whose template is not his."""
        reference = self.make_of_project('theirs').FnGetAtt(
            'tls')['certificates']
        self.patch(utils, 'dummy_context', functools.partial(
            utils.dummy_context, is_admin=True))
        self.refused(reference)

    def test_project_of_the_stack_for_an_administrator(self):
        certificates = self.make_certificates()
        made = self.make_resource(tls=certificates.FnGetAtt('tls'))
        made.context.is_admin = True
        made.context.project_id = 'admin'
        self.assertEqual(self.expected(certificates), made.endpoint.tls)

    def test_another_type(self):
        made = self.make_running()
        self.refused('%s/%s' % (made.root_stack_id, made.resource_id))

    def test_deleted(self):
        certificates = self.make_certificates()
        reference = certificates.FnGetAtt('tls')['certificates']
        self.run_task(certificates.destroy)
        self.refused(reference)

    def test_no_reference(self):
        for reference in ('x', '/', 'x/', '/x', 'x/y/z', '%', "'"):
            self.refused(reference)

    def test_unreadable(self):
        certificates = self.make_certificates()
        made = self.make_resource(tls=certificates.FnGetAtt('tls'))
        cfg.CONF.set_override('auth_encryption_key', 32 * 'x')
        self.addCleanup(cfg.CONF.clear_override, 'auth_encryption_key')
        reason = self.fail_task(made.create)
        self.assertIn('cannot be read. Has the operator changed '
                      'auth_encryption_key?', reason)

    def test_with_a_key(self):
        certificates = self.make_certificates()
        for name in ('client_cert', 'client_key'):
            made = self.make_resource(tls={
                **certificates.FnGetAtt('tls'), name: 'x'})
            self.assertIn(
                'certificates of tls replaces client_cert and client_key',
                str(self.assertRaises(exception.StackValidationFailed,
                                      made.validate)))


class FormerFormatTestCase(ReferencesTestCase):
    """Stacks from before there were references."""

    def test_update_removes_the_key(self):
        certificates = self.make_certificates()
        made = self.make_running(tls=self.old_format(certificates))
        self.assertIn('PRIVATE KEY', self.row(made))
        tls = certificates.FnGetAtt('tls')
        self.update(made, tls=tls)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        self.assertNotIn('PRIVATE KEY', self.row(made))
        self.assertEqual([], self.daemon.history)
        self.assertEqual(self.expected(certificates), made.endpoint.tls)

    def test_no_further_update(self):
        certificates = self.make_certificates()
        made = self.make_running(tls=certificates.FnGetAtt('tls'))
        self.forget()
        self.update(made, tls=certificates.FnGetAtt('tls'))
        self.assertEqual([], self.events)

    def test_delete(self):
        certificates = self.make_certificates()
        made = self.make_running(tls=self.old_format(certificates))
        self.run_task(certificates.delete)
        self.serve_stop()
        self.serve_remove()
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)


class GoneTestCase(ReferencesTestCase):
    """The stack of the certificates was deleted first."""

    def make_left(self):
        certificates = self.make_certificates()
        made = self.make_running(tls=certificates.FnGetAtt('tls'))
        self.run_task(certificates.destroy)
        return made

    def test_delete_fails(self):
        self.assertIn('no longer exists', self.fail_task(
            self.make_left().delete))

    def test_forgotten_endpoints(self):
        made = self.make_left()
        self.configure(forgotten_endpoints=[URL])
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)

    def test_other_certificates(self):
        made = self.make_left()
        other = self.make_certificates()
        self.update(made, tls=other.FnGetAtt('tls'))
        self.assertEqual(self.expected(other), made.endpoint.tls)
