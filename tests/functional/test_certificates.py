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

"""Certificates of a stack, at a real Docker daemon."""

import datetime
import json
import pathlib

from tests.functional import base
from tests.functional import database
from tests.functional import tls

TYPE = 'DockerInc::Docker::Certificates'


class CertificatesTestCase(base.FunctionalTest):

    def certificates(self, **properties):
        return {'type': TYPE, 'properties': {
            'server_names': ['127.0.0.1'], **properties}}

    def template_of(self, resources=None, **properties):
        """Return a template with certificates, and outputs with all."""
        return self.template(
            {'certs': self.certificates(**properties), **(resources or {})},
            {name: {'value': {'get_attr': ['certs', name]}}
             for name in (*tls.FILES, 'tls', 'fingerprint', 'expires_at')})

    def client(self, endpoint, certificates=None):
        """Return a container that uses the attribute tls.

        It starts again when the daemon does.
        """
        return {'web': self.container(
            docker_endpoint=endpoint, network_mode='none',
            restart_policy={'Name': 'always'},
            tls=certificates or {'get_attr': ['certs', 'tls']})}

    def clients(self, endpoint):
        """Return a resource of each type that has the property tls."""
        daemon = {'docker_endpoint': endpoint,
                  'tls': {'get_attr': ['certs', 'tls']}}
        return {**self.client(endpoint), **{
            name: {'type': 'DockerInc::Docker::%s' % kind,
                   'properties': {**daemon, **properties}}
            for name, kind, properties in (
                ('net', 'Network', {}), ('data', 'Volume', {}),
                ('image', 'Image', {'image': self.busybox}))}}

    def client_template(self, endpoint):
        """Return a template with the value of tls as a parameter."""
        return {**self.template(self.client(
            endpoint, {'get_param': 'tls'})),
            'parameters': {'tls': {'type': 'json'}}}


class DaemonTest(CertificatesTestCase, tls.TLSDaemonTest):
    """The daemon with TLS gets the certificates of a stack."""

    def install_outputs(self, stack_id):
        outputs = self.outputs(stack_id)
        self.install(outputs)
        return outputs

    def test_all_types_of_keys(self):
        stack_id = self.create_stack(self.template_of())
        for key_type in ('ecdsa-p256', 'rsa-3072', 'ed25519'):
            values = {'key_type': key_type, 'renew_ca': True}
            self.update_stack(stack_id, self.template_of(**values))
            self.install_outputs(stack_id)
            self.update_stack(stack_id, self.template_of(
                self.client(self.at), **values))
            self.assertEqual('running', self.resource(
                stack_id).attributes['state'])
            self.update_stack(stack_id, self.template_of(**values))
        self.delete_stack(stack_id)

    def test_renewal(self):
        """The client of a daemon with the old certificate stays trusted."""
        stack_id = self.create_stack(self.template_of())
        before = self.install_outputs(stack_id)
        self.update_stack(stack_id, self.template_of(self.client(self.at)))
        container = self.resource(stack_id).physical_resource_id
        self.update_stack(stack_id, self.template_of(
            self.client(self.at), triggers={'renewal': '1'}))
        self.assertEqual(container,
                         self.resource(stack_id).physical_resource_id)
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        after = self.install_outputs(stack_id)
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.assertEqual(before['ca_cert'], after['ca_cert'])
        self.assertNotEqual(before['client_key'], after['client_key'])
        self.assertNotEqual(before['fingerprint'], after['fingerprint'])

    def test_certificates_of_another_stack(self):
        """A daemon refuses a client of another authority."""
        self.install_outputs(self.create_stack(self.template_of()))
        stack_id = self.start_stack(self.template_of(self.client(self.at)))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('not signed by ca_cert', self.reasons(stack_id))

    def test_other_stacks_use_the_attribute(self):
        """They remain usable after a renewal, even with a new authority."""
        nested = self.client_template(self.at)
        clients = {'nested': {'type': 'nested.yaml', 'properties': {
            'tls': {'get_attr': ['certs', 'tls']}}}}
        files = {'nested.yaml': self.dump(nested)}
        stack_id = self.create_stack(self.template_of(renew_ca=True))
        certificates = self.install_outputs(stack_id)['tls']
        self.update_stack(stack_id, self.template_of(clients, renew_ca=True),
                          files=files)
        other = self.create_stack(nested, parameters={'tls': certificates})
        self.update_stack(stack_id, self.template_of(clients, days=90),
                          files=files)
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.act(other, 'check', 'CHECK_COMPLETE')
        self.update_stack(stack_id, self.template_of(
            clients, days=90, renew_ca=True, triggers={'renewal': '1'}),
            files=files)
        self.act(other, 'check', 'CHECK_COMPLETE')
        self.delete_stack(other)
        self.install_outputs(stack_id)
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.delete_stack(stack_id)

    def test_certificates_are_deleted_first(self):
        stack_id = self.create_stack(self.template_of())
        other = self.create_stack(
            self.client_template(self.at),
            parameters={'tls': self.install_outputs(stack_id)['tls']})
        self.delete_stack(stack_id)
        self.act(other, 'check', 'CHECK_FAILED')
        self.assertIn('no longer exists', self.reasons(other))
        stack_id = self.create_stack(self.template_of())
        self.update_stack(
            other, self.client_template(self.at),
            parameters={'tls': self.install_outputs(stack_id)['tls']})
        self.act(other, 'check', 'CHECK_COMPLETE')
        self.delete_stack(other)

    def test_other_projects_cannot_use_the_attribute(self):
        stack_id = self.create_stack(self.template_of())
        certificates = self.install_outputs(stack_id)['tls']
        for cloud in ('sandbox-other', 'sandbox-admin'):
            self.heat = self.heat_of(cloud)
            error = self.refused(self.client(self.at, certificates))
            self.assertIn('in this project', error, cloud)
        self.heat = self.heat_of('sandbox')

    def test_adopted_with_a_client(self):
        stack_id = self.create_stack(self.template_of())
        self.install_outputs(stack_id)
        self.update_stack(stack_id, self.template_of(self.client(self.at)))
        adopted = self.adopt_stack(self.heat.stacks.abandon(stack_id))
        self.act(adopted, 'check', 'CHECK_COMPLETE')
        self.assertEqual(set(), self.places(self.keys(adopted)))
        self.delete_stack(adopted)

    def test_key_that_was_stored(self):
        """The next update replaces it by the reference."""
        stack_id = self.create_stack(self.template_of())
        self.install_outputs(stack_id)
        self.update_stack(stack_id, self.template_of(self.client(
            self.at, {'server_name': 'docker', **{
                name: {'get_attr': ['certs', name]} for name in (
                    'ca_cert', 'client_cert', 'client_key')}})))
        container = self.resource(stack_id).physical_resource_id
        self.assertIn('PRIVATE KEY', self.stored_properties(stack_id))
        for _update in range(2):
            self.update_stack(stack_id, self.template_of(
                self.client(self.at)))
        self.assertEqual(container,
                         self.resource(stack_id).physical_resource_id)
        updates = [event for event in self.heat.events.list(
            stack_id, resource_name='web')
            if event.resource_status_reason == 'state changed'
            and event.resource_status == 'UPDATE_COMPLETE']
        self.assertEqual(1, len(updates))
        self.assertNotIn('PRIVATE KEY', self.stored_properties(stack_id))
        self.delete_stack(stack_id)

    def test_keys_are_nowhere_else(self):
        """Keys are in the resource data only."""
        stack_id = self.create_stack(self.template_of())
        generations = [self.keys(stack_id)]
        self.install_outputs(stack_id)
        self.update_stack(stack_id, self.template_of(self.clients(self.at)))
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.act(stack_id, 'resume', 'RESUME_COMPLETE')
        snapshot = self.heat.stacks.snapshot(stack_id)['id']
        self.expect(stack_id, 'SNAPSHOT_COMPLETE')
        for row in self.heat.resources.list(stack_id):
            self.assertNotIn('PRIVATE KEY', json.dumps(self.heat.resources.get(
                stack_id, row.resource_name).to_dict()))
        for event in self.heat.events.list(stack_id):
            shown = self.heat.events.get(stack_id, event.resource_name,
                                         event.id)
            self.assertNotIn('PRIVATE KEY', json.dumps(shown.to_dict()))
        self.update_stack(stack_id, self.template_of(
            self.clients(self.at), triggers={'renewal': '1'}, renew_ca=True))
        generations.append(self.keys(stack_id))
        self.install_outputs(stack_id)
        self.heat.stacks.restore(stack_id, snapshot)
        self.expect(stack_id, 'RESTORE_COMPLETE')
        self.assertEqual(generations[-1], self.keys(stack_id))
        found = set()
        for keys in generations:
            found |= self.places(keys)
        self.assertEqual(set(), found)

    def test_others_store_a_key(self):
        """Heat stores the properties of all types, such as a server's."""
        stack_id = self.create_stack(self.template_of(
            {'server': {'type': 'OS::Heat::Value', 'properties': {
                'value': {'get_attr': ['certs', 'server_key']}}}}))
        self.assertEqual({('server_key', 'resource_properties_data')},
                         self.places(self.keys(stack_id)))

    def keys(self, stack_id):
        """Return the lines of all keys of a stack, as an export shows them."""
        data = self.heat.stacks.export(stack_id)
        stored = json.loads(data['resources']['certs']['resource_data'][
            'certificates'])
        public = [text for name, text in stored.items()
                  if name.endswith('_cert')]
        # A file with a key also contains its public part.
        keys = {name: [line for line in text.splitlines() if not (
                    line.startswith('---') or line in ''.join(public))]
                for name, text in stored.items() if name.endswith('_key')}
        self.assertEqual(3, len(keys))
        self.assertTrue(all(keys.values()))
        return keys

    def places(self, keys):
        """Return the keys in Heat's database and logs, each with its place."""
        places = self.tables()
        for path in pathlib.Path(self.cloud.logs).iterdir():
            places[path.name] = path.read_text(errors='replace')
        return {(name, place) for name, lines in keys.items()
                for line in lines for place, text in places.items()
                if line in text}

    def stored_properties(self, stack_id):
        """Return the stored properties of all resources of a stack."""
        with database.connect(self.cloud) as heat, heat.cursor() as cursor:
            cursor.execute(
                'SELECT p.data FROM resource r JOIN resource_properties_data '
                'p ON r.rsrc_prop_data_id = p.id WHERE r.stack_id = %s',
                (stack_id,))
            return repr(cursor.fetchall())

    def tables(self):
        """Return the contents of each table of Heat's database."""
        texts = database.tables(self.cloud)
        self.assertIn('certificates', texts['resource_data'])
        return texts


class LifeTest(CertificatesTestCase):
    """What needs no daemon."""

    def test_rollback_restores_the_certificates(self):
        stack_id = self.create_stack(self.template_of())
        before = self.outputs(stack_id)
        self.update_stack(
            stack_id, self.template_of(
                {'web': {**self.container(cmd=['false']),
                         'depends_on': 'certs'}},
                triggers={'renewal': '1'}, server_names=['other.test']),
            status='ROLLBACK_COMPLETE', disable_rollback=False)
        self.assertEqual(before, self.outputs(stack_id))
        self.update_stack(stack_id, self.template_of(
            triggers={'renewal': '1'}))
        self.assertNotEqual(before['fingerprint'],
                            self.outputs(stack_id)['fingerprint'])

    def test_abandoned_and_adopted(self):
        stack_id = self.create_stack(self.template_of())
        before = self.outputs(stack_id)
        adopted = self.adopt_stack(self.heat.stacks.abandon(stack_id))
        after = self.outputs(adopted)
        self.assertNotEqual(before.pop('tls')['certificates'],
                            after.pop('tls')['certificates'])
        self.assertEqual(before, after)

    def test_check_warns(self):
        stack_id = self.create_stack(self.template_of(days=7))
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        # Six, unless the check begins in the second of the create.
        self.assertRegex(
            self.reasons(stack_id),
            'The server certificate expires in [67] days, on ')
        expires = datetime.datetime.strptime(
            self.outputs(stack_id)['expires_at'], '%Y-%m-%dT%H:%M:%SZ')
        self.assertIn(str(expires.date()), self.reasons(stack_id))

    def test_refused(self):
        self.assertIn('neither a hostname nor an IP address', self.refused(
            {'certs': self.certificates(server_names=['a b'])}))
