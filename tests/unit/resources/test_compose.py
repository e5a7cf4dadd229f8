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

"""Compose projects as nested stacks: validation, template and parameters."""

import json
import pathlib

from heat.common import exception
import yaml

from heat_docker.compose import hot
from heat_docker.lifecycle import records
from tests.unit import base

EXAMPLES = pathlib.Path(__file__).parents[3] / 'examples'

SECRET = 'hunter2-and-more'


class ProjectTestCase(base.ResourceTestCase):

    TYPE = 'DockerInc::Docker::Compose'
    NEEDED: dict = {}

    def services(self, **services):
        return {'services': services or {'web': {'image': 'busybox:1'}}}

    def make(self, others=None, **properties):
        """Return the resource, in a template with other resources."""
        template = self.template(properties)
        template['resources'].update(others or {})
        return self.make_resource(template=template)

    def refusal(self, **properties):
        """Return why Heat rejects the template."""
        return str(self.assertRaises(
            exception.StackValidationFailed, self.make(**properties).validate))

    def nested(self, **properties):
        """Return the resources and the parameters of the nested stack."""
        made = self.make(**properties)
        made.validate()
        return made.child_template()['resources'], made.child_params()


class ValidationTestCase(ProjectTestCase):

    def test_file_or_definition(self):
        words = 'either file or definition is required'
        self.assertIn(words, self.refusal())
        self.assertIn(words, self.refusal(
            file='services: {}', definition=self.services()))

    def test_error_of_the_front_end_names_the_place(self):
        self.assertIn(
            'compose.yaml, line 3, service web, ports[0].published: ',
            self.refusal(file='services:\n  web:\n'
                         '    {image: a, ports: ["x:80"]}\n'))

    def test_error_of_the_nested_resource_names_the_service(self):
        said = self.refusal(definition=self.services(web={
            'image': 'a', 'security_opt': ['x=y']}))
        self.assertIn('resources.web', said)
        self.assertIn('security_opt', said)

    def test_keys_that_are_left_out(self):
        values = {'definition': self.services(web={
            'image': 'a', 'credential_spec': {'file': 'b'}})}
        self.assertIn('credential_spec', self.refusal(**values))
        made = self.make(strict=False, **values)
        made.validate()
        _template, _parameters = made._nested_of(made.properties)
        self.assertIn('credential_spec', self.events[-1][2])

    def test_values_of_other_resources(self):
        """What is not known yet is not checked."""
        others = {'other': {'type': 'OS::Heat::RandomString'}}
        call = {'get_attr': ['other', 'value']}
        for values in (
                {'docker_endpoint': call, 'definition': self.services()},
                {'environment': {'TAG': call}, 'definition': self.services(
                    web={'image': 'busybox:${TAG}'})},
                {'environment': {'TAG': call}, 'definition': self.services(
                    web={'image': 'busybox:${TAG:?}'})},
                {'environment': {'PORT': call}, 'definition': self.services(
                    web={'image': 'a', 'ports': ['${PORT}:80']})},
                {'contents': {'a.env': call}, 'definition': self.services(
                    web={'image': 'a', 'env_file': 'a.env'})},
                {'file': call}):
            self.make(others, **values).stack.validate()

    def test_known_values_are_checked_beside_unknown_ones(self):
        others = {'other': {'type': 'OS::Heat::RandomString'}}
        made = self.make(others, environment={
            'TAG': {'get_attr': ['other', 'value']}},
            definition=self.services(web={
                'image': 'busybox:${TAG}', 'security_opt': ['x=y']}))
        self.assertIn('security_opt', str(self.assertRaises(
            exception.StackValidationFailed, made.stack.validate)))

    def test_unknown_project_is_previewed_alone(self):
        made = self.make({'other': {'type': 'OS::Heat::RandomString'}},
                         file={'get_attr': ['other', 'value']})
        self.assertIs(made, made.preview())

    def test_external_id(self):
        template = self.template({'definition': self.services()},
                                 external_id='a')
        made = self.make_resource(template=template)
        self.assertIn('cannot have an external_id', str(self.assertRaises(
            exception.StackValidationFailed, made.validate_external)))

    def test_wrong_values(self):
        for name, value, words in (
                ('scale', {'web': -1}, 'containers of web'),
                ('scale', {'web': 'x'}, 'containers of web'),
                ('scale', {'db': 1}, 'the service db does not exist'),
                ('overrides', [7], 'overrides is a list of texts'),
                ('contents', {'a': 7}, 'contents: a is the text'),
                ('contents', {'a': {'base64': '*'}}, 'base64 is invalid'),
                ('environment', {'A': []}, 'the value of A is not text'),
                ('registry_auth', {'a.test': 'b'}, 'a.test is not a map'),
                ('registry_auth', {'a.test': {'username': 'b'}}, 'a.test: '),
                ('registry_auth', {'a.test': {
                    'username': 'b', 'password': ['c']}},
                 'a.test: a value is not text'),
                ('profiles', [{'a': 'b'}], 'profiles'),
                ('project_name', 'A B', 'the name of a project consists of')):
            self.assertIn(words, self.refusal(
                definition=self.services(), **{name: value}), name)

    def test_credentials_with_an_unknown_key(self):
        """Events would show it."""
        said = self.refusal(definition=self.services(), registry_auth={
            'a.test': {'username': 'b', 'password': 'c', 'auth': SECRET}})
        self.assertIn('a.test: auth is not one of identity_token', said)
        self.assertNotIn(SECRET, said)

    def test_numbers_that_are_too_large(self):
        for number in (float('inf'), float('nan'), 10 ** 400):
            self.assertIn('a number is too large', self.refusal(
                definition=self.services(web={'image': 'a',
                                              'scale': number})))

    def test_message_of_a_required_variable(self):
        said = self.refusal(environment={'A': SECRET}, file=(
            'services: {web: {image: "a:${TAG:?not $A}"}}'))
        self.assertIn('the variable TAG is required: not ${A}', said)
        self.assertNotIn(SECRET, said)

    def test_example(self):
        template = yaml.safe_load((EXAMPLES / 'compose.yaml').read_text())
        values = template['resources']['app']['properties']
        self.make(
            docker_endpoint='tcp://docker.test',
            file=(EXAMPLES / values['file']['get_file']).read_text(),
            contents={name: (EXAMPLES / one['get_file']).read_text()
                      for name, one in values['contents'].items()},
            environment={'DB_PASSWORD': 'a'}).validate()


class NestedTestCase(ProjectTestCase):

    def test_names_of_resources(self):
        resources, _parameters = self.nested(
            definition={**self.services(
                web={'image': 'a', 'scale': 2, 'volumes': ['data:/data']},
                db={'build': {'context': '.'}}), 'volumes': {'data': None}},
            contents={'Dockerfile': 'FROM busybox'})
        self.assertEqual(
            {'web', 'web_2', 'db', 'db_image', 'data_volume',
             'default_network', 'first', 'last'}, set(resources))

    def test_one_first_and_one_last_resource(self):
        """Heat would wait a second for each of the others."""
        resources, _parameters = self.nested(definition={
            **self.services(
                a={'image': 'a', 'volumes': ['x:/x']}, b={'image': 'a'},
                c={'image': 'a', 'network_mode': 'none', 'depends_on': ['b'],
                   'volumes': ['y:/y']}),
            'volumes': {'x': None, 'y': None}})
        self.assertEqual(
            {'default_network', 'x_volume', 'y_volume'},
            {name for name, one in resources.items()
             if one.get('depends_on') == ['first']})
        self.assertEqual(['a', 'c'], resources['last']['depends_on'])

    def test_service_with_the_name_of_the_first_resource(self):
        resources, _parameters = self.nested(definition={
            **self.services(first={'image': 'a', 'volumes': ['x:/x']}),
            'volumes': {'x': None}})
        self.assertEqual('OS::Heat::None', resources['first_']['type'])

    def test_values_are_hidden_parameters(self):
        resources, parameters = self.nested(
            definition={
                **self.services(web={
                    'image': 'a:${TAG:-1}', 'secrets': ['s'],
                    'environment': {'A': 'x${SECRET}', 'B': None},
                    'env_file': ['web.env']}),
                'secrets': {'s': {'environment': 'SECRET'}}},
            environment={'SECRET': SECRET, 'B': SECRET, 'UNUSED': SECRET},
            contents={'web.env': 'C=%s\nD=${SECRET}\n' % SECRET})
        self.assertNotIn(SECRET, json.dumps(resources))
        self.assertEqual({
            'docker_endpoint': base.URL, 'TAG': '1', 'SECRET': SECRET,
            'B': SECRET, 'web.env:C': SECRET, 'web.env:D': SECRET},
            parameters)

    def test_variable_with_several_values(self):
        definition = {'include': [
            {'path': path + '/a.yaml', 'env_file': path + '/.env'}
            for path in 'abc']}
        contents = {}
        for path, value in (('a', 'one'), ('b', SECRET), ('c', 'three')):
            contents[path + '/.env'] = 'docker_endpoint=%s' % value
            contents[path + '/a.yaml'] = (
                'services: {%s: {image: a, labels: {x: '
                '"${docker_endpoint}"}}}' % path)
        resources, parameters = self.nested(
            definition=definition, contents=contents)
        self.assertNotIn(SECRET, json.dumps(resources))
        self.assertEqual([base.URL, 'one', SECRET, 'three'], [
            parameters[resources['a']['properties'][
                'docker_endpoint']['get_param']],
            *[parameters[resources[name]['properties']['labels']['x'][
                'get_param']] for name in 'abc']])

    def test_profile_of_a_number(self):
        resources, _parameters = self.nested(profiles=[1], definition=(
            self.services(web={'image': 'a', 'profiles': ['1']})))
        self.assertIn('web', resources)

    def test_registry_of_a_number(self):
        _resources, parameters = self.nested(
            definition=self.services(web={'build': '.'}),
            contents={'Dockerfile': 'FROM busybox'},
            registry_auth={1: {'identity_token': 't'}})
        self.assertIn('1', parameters['registry_auth'])

    def test_path_of_an_attribute_that_is_not_an_index(self):
        made = self.make(definition=self.services())
        for index in (None, [], 'x', float('inf')):
            self.assertIsNone(made.FnGetAtt('services', 'web', index, 'logs'))

    def test_values_that_are_taken_apart(self):
        """The front end does not know where their parts come from."""
        resources, parameters = self.nested(
            environment={'LINE': 'A=' + SECRET, 'WORDS': 'echo ' + SECRET,
                         'SHORT': '80'},
            definition=self.services(web={
                'image': 'a', 'environment': ['${LINE}'],
                'command': '${WORDS}', 'entrypoint': 'run --pw=${WORDS}',
                'labels': ['${LINE}'], 'ports': ['${SHORT}']}))
        self.assertNotIn(SECRET, json.dumps(resources))
        web = resources['web']['properties']
        self.assertEqual(
            {'A=' + SECRET, SECRET},
            {value for value in parameters.values() if SECRET in value})
        self.assertIn('80', web['port_bindings'])

    def test_names_of_resources_are_no_values(self):
        resources, _parameters = self.nested(
            environment={'A': 'default_network', 'B': 'depend'},
            definition=self.services(
                depend={'image': 'a'},
                web={'image': 'a', 'command': ['${A}', '${B}'],
                     'network_mode': 'service:depend'}))
        self.assertEqual(
            {'get_resource': 'default_network'},
            resources['depend']['properties']['networks'][0]['network'])

    def test_parameters_are_hidden(self):
        made = self.make(environment={'A': SECRET}, definition=self.services(
            web={'image': 'a', 'environment': ['A']}))
        schemas = made.child_template()['parameters']
        self.assertEqual({'docker_endpoint': False, 'A': True}, {
            name: schema.get('hidden', False)
            for name, schema in schemas.items()})

    def test_variable_with_the_name_of_a_property(self):
        resources, parameters = self.nested(
            environment={'docker_endpoint': 'x'},
            definition=self.services(web={
                'image': 'a', 'environment': ['docker_endpoint']}))
        self.assertEqual({'docker_endpoint_': base.URL,
                          'docker_endpoint': 'x'}, parameters)
        self.assertEqual({'get_param': 'docker_endpoint_'},
                         resources['web']['properties']['docker_endpoint'])

    def test_environment_of_heat_engine_is_not_used(self):
        resources, _parameters = self.nested(definition=self.services(
            web={'image': 'a', 'environment': ['PATH']}))
        self.assertEqual(['PATH'], resources['web']['properties']['env'])

    def test_values_of_the_environment(self):
        _resources, parameters = self.nested(
            environment={'A': 8080, 'B': True, 'C': None},
            definition=self.services(web={
                'image': 'a', 'environment': ['A', 'B', 'C']}))
        self.assertEqual({'docker_endpoint': base.URL, 'A': '8080',
                          'B': 'true'}, parameters)

    def test_contents(self):
        made = self.make(
            contents={'./conf/a': 'text', 'conf/b': {'base64': '/w=='}},
            definition=self.services(web={
                'image': 'a', 'volumes': ['./conf:/conf']}))
        made.validate()
        self.assertEqual(
            [{'path': '/conf/a', 'content': {'get_file': 'conf/a'}},
             {'path': '/conf/b', 'content_base64': '/w=='}],
            made.child_template()['resources']['web']['properties']['files'])
        self.assertEqual({'conf/a': 'text'}, made.child_template_files(None))

    def test_overrides_profiles_and_name(self):
        resources, _parameters = self.nested(
            definition=self.services(
                web={'image': 'a'}, debug={'image': 'a', 'profiles': ['x']}),
            overrides=['services: {web: {hostname: one}}',
                       self.services(web={'image': 'b'})],
            profiles=['x'], project_name='wiki')
        self.assertIn('debug', resources)
        web = resources['web']['properties']
        self.assertEqual(('one', 'b'), (web['hostname'], web['image']))
        self.assertEqual('wiki', web['labels']['com.docker.compose.project'])

    def test_name_of_the_project(self):
        resources, _parameters = self.nested(definition=self.services())
        self.assertEqual(
            self.stack.name + '-web', resources['web']['properties'][
                'labels']['com.docker.compose.project'])

    def test_credentials(self):
        hub = {'username': 'a', 'password': 'b'}
        resources, parameters = self.nested(
            definition=self.services(
                web={'image': 'r.test:5000/web'}, db={'image': 'mariadb'},
                other={'image': 'other.test/a'}),
            registry_auth={'r.test:5000': {'identity_token': 't'},
                           'docker.io': hub})
        known = parameters['registry_auth']
        for name, expected in (('web', {'identity_token': 't'}), ('db', hub)):
            parameter, server = resources[name]['properties'][
                'registry_auth']['get_param']
            self.assertEqual('registry_auth', parameter)
            self.assertEqual({**expected, 'server_address': server},
                             known[server])
        self.assertNotIn('registry_auth', resources['other']['properties'])

    def test_template_as_text(self):
        made = self.make(environment={'A': SECRET}, definition=self.services(
            web={'image': 'a', 'environment': ['A']}))
        text = made.written()
        self.assertNotIn(SECRET, text)
        self.assertEqual({'heat_template_version': hot.VERSION,
                          **made.child_template()}, {
            **yaml.safe_load(text), 'heat_template_version': hot.VERSION})


class SwarmTestCase(ProjectTestCase):

    def test_nested_resources_are_valid(self):
        """The types of the services accept all that keys become."""
        resources, parameters = self.nested(
            swarm=True, scale={'web': 2}, project_name='wiki',
            contents={'a.conf': 'x'}, environment={'A': SECRET},
            registry_auth={'docker.io': {'username': 'a', 'password': 'b'}},
            file="""
                services:
                  web:
                    image: httpd
                    ports: [{target: 80, published: 8080, mode: host}]
                    volumes: ["data:/data:ro", "./a.conf:/a.conf:ro"]
                    tmpfs: ["/run:size=1m,mode=755"]
                    shm_size: 64m
                    configs: [{source: page, target: /p, mode: 0440, uid: 3}]
                    secrets: [token]
                    restart: on-failure:3
                    mem_limit: 64m
                    memswap_limit: 64m
                    deploy:
                      endpoint_mode: dnsrr
                      placement: {preferences: [{spread: node.labels.a}]}
                      update_config: {delay: 1s, order: start-first}
                      rollback_config: {parallelism: 0}
                      resources:
                        limits: {cpus: "0.5", pids: 10}
                        reservations:
                          cpus: "0.1"
                          generic_resources:
                          - discrete_resource_spec: {kind: gpu, value: 2}
                    depends_on:
                      init: {condition: service_completed_successfully}
                  init: {image: busybox, restart: on-failure}
                  agent:
                    image: busybox
                    deploy: {mode: global, restart_policy: {delay: 5s}}
                volumes: {data: {driver: nfs, driver_opts: {a: b}}}
                configs: {page: {content: Hello}}
                secrets: {token: {environment: A}}
                """)
        web = resources['web']
        self.assertEqual('DockerInc::Docker::Service', web['type'])
        self.assertEqual(2, web['properties']['replicas'])
        self.assertEqual('registry_auth', web['properties'][
            'registry_auth']['get_param'][0])
        secret = resources['token_secret']['properties']['content']
        self.assertEqual(SECRET, parameters[secret['get_param']])
        self.assertEqual({'get_file': 'a.conf'}, resources[
            'a.conf_file']['properties']['content'])
        for one in resources.values():
            if one['type'] != 'OS::Heat::None':
                self.assertEqual({'get_param': 'docker_endpoint'},
                                 one['properties']['docker_endpoint'])

    def test_list_of_managers(self):
        urls = ['tcp://a.test:2375', 'tcp://b.test:2375']
        resources, parameters = self.nested(
            swarm=True, docker_endpoint=urls, definition=self.services())
        self.assertEqual(urls, parameters['docker_endpoint'])
        for name, path in (('web', 'docker_endpoint'), (
                'default_network', ['docker_endpoint', 0])):
            self.assertEqual({'get_param': path}, resources[name][
                'properties']['docker_endpoint'])
        self.assertIn('require swarm', self.refusal(
            docker_endpoint=urls, definition=self.services()))

    def test_switch(self):
        """The old objects are not deleted before the new ones exist."""
        for swarm in (True, None):
            made = self.make(definition=self.services(), swarm=swarm)
            made.resource_id = 'nested'
            after = made.t.freeze(properties=self.properties(
                definition=self.services(), swarm=not swarm))
            error = self.assertRaises(exception.Error, made.handle_update,
                                      after, None, {'swarm': not swarm})
            self.assertIn('swarm cannot change', str(error))
            self.assertEqual(swarm, made.properties['swarm'])

    def test_triggers(self):
        self.assertIn('triggers requires containers', self.refusal(
            swarm=True, triggers={'a': 'b'}, definition=self.services()))
        resources, parameters = self.nested(
            swarm=True, triggers={}, definition=self.services())
        self.assertNotIn('triggers', parameters)


class SnapshotTestCase(ProjectTestCase):

    MADE = records.NestedSnapshot('name', 'id', 'snapshot')

    def test_restore(self):
        """The update of a restore knows the snapshot of the nested stack."""
        made = self.make(definition=self.services())
        data = {'resource_data': {self.MADE.KEY: self.MADE.to_text()}}
        self.assertIs(made.t, made.handle_restore(made.t, data))
        self.assertEqual(records.NestedRestore('name', 'id', 'snapshot'),
                         made.records.read(records.NestedRestore))

    def test_restore_of_an_older_snapshot(self):
        """No other snapshot takes the place of one that is missing."""
        made = self.make(definition=self.services())
        made.records.write(records.NestedRestore('name', 'id', 'other'))
        made.handle_restore(made.t, None)
        self.assertIsNone(made.records.read(records.NestedRestore))

    def test_restore_without_the_nested_stack_of_the_snapshot(self):
        for nested in (None, 'another'):
            made = self.make(definition=self.services())
            made.resource_id = nested
            made.records.write(records.NestedRestore('name', 'id', 'other'))
            made.stack.action = made.stack.RESTORE
            error = self.assertRaises(exception.Error, made.handle_update,
                                      made.t, None, {})
            self.assertIn('replaced or deleted', str(error))
            self.assertIsNone(made.records.read(records.NestedRestore))

    def test_snapshot_without_a_nested_stack(self):
        made = self.make(definition=self.services())
        self.assertIn('no nested stack', str(self.assertRaises(
            exception.Error, made.handle_snapshot)))

    def test_delete_without_a_snapshot(self):
        made = self.make(definition=self.services())
        self.assertIsNone(made.handle_delete_snapshot({'resource_data': {}}))
        self.assertTrue(made.check_delete_snapshot_complete(None))
