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

"""Templates, which Heat's own parser and the schemas accept."""

from heat.common import template_format
from heat.engine import environment
from heat.engine import resources as heat_resources
from heat.engine import stack
from heat.engine import template as heat_template
from heat.tests import utils
from oslo_config import cfg
import yaml

from heat_docker.compose import hot
from tests.unit import base as unit_base
from tests.unit.compose import base

PROJECT = '''
    services:
      web:
        image: httpd:${TAG:-2.4}
        command: httpd -f -p ${PORT}
        ports: ["${HOST_PORT:-8080}:${PORT}", "127.0.0.1:${B:-1}:81/udp"]
        environment:
          URL: "http://${HOST:-a}:${PORT}/${HOST:-a}"
          DB_PASSWORD:
          PLAIN: $$x
        init: ${INIT:-true}
        tty: ${TTY:-yes}
        mem_limit: ${MEMORY:-64m}
        security_opt: ["seccomp=p.json"]
        configs: [page, inline]
        secrets: [token]
        volumes: ["./a.conf:/a.conf:ro"]
        depends_on: {db: {condition: service_healthy}}
      db:
        build: {context: ., dockerfile_inline: "FROM x\\nRUN y\\n"}
        network_mode: service:cache
        healthcheck: {test: "true"}
        volumes: [data:/data]
      cache: {image: redis}
    configs: {page: {file: page.html}, inline: {content: "a $TAG\\nb\\n"}}
    secrets: {token: {environment: OTHER}}
    volumes: {data: }
    '''
CONTENTS = {'p.json': '{}', 'a.conf': 'x', 'page.html': 'P\n',
            'big.bin': b'\xff'}
ENVIRONMENT = {'PORT': '80', 'DB_PASSWORD': 'hunter2', 'OTHER': 'hunter3',
               'TAG': '2.4'}


class HotTestCase(base.ComposeTestCase):

    def written(self, file=lambda path: 'sub/' + path, **more):
        template = hot.Template(self.load(
            PROJECT, contents_=CONTENTS, environment=ENVIRONMENT, **more),
            file)
        text = template.text('One.\nTwo.')
        self.required = template.required
        return text, yaml.safe_load(text)

    def test_parameters(self):
        _text, found = self.written()
        self.assertEqual(
            ['docker_endpoint', 'B', 'DB_PASSWORD', 'HOST', 'HOST_PORT',
             'INIT', 'MEMORY', 'OTHER', 'PORT', 'TAG'],
            list(found['parameters']))
        self.assertEqual({'type': 'string', 'default': '8080'},
                         found['parameters']['HOST_PORT'])
        self.assertEqual({'type': 'string', 'hidden': True},
                         found['parameters']['DB_PASSWORD'])
        self.assertEqual(['DB_PASSWORD', 'OTHER'], sorted(self.required))

    def test_no_secret_is_written(self):
        text, _found = self.written()
        self.assertNotIn('hunter', text)

    def test_properties(self):
        _text, found = self.written()
        web = found['resources']['web']['properties']
        self.assertEqual({'get_param': 'docker_endpoint'},
                         web['docker_endpoint'])
        self.assertEqual(
            {'str_replace': {'template': 'httpd:${TAG}', 'params': {
                '${TAG}': {'get_param': 'TAG'}}}}, web['image'])
        self.assertEqual(['httpd', '-f', '-p', {'get_param': 'PORT'}],
                         web['cmd'])
        self.assertEqual({'get_param': 'HOST_PORT'},
                         web['port_bindings']['80'])
        self.assertEqual({'get_param': 'INIT'}, web['init'])
        self.assertIs(True, web['tty'])
        self.assertEqual({'get_param': 'MEMORY'}, web['memory'])
        self.assertIn('PLAIN=$x', web['env'])
        self.assertEqual([{'list_join': ['', [
            'seccomp=', {'get_file': 'sub/p.json'}]]}], web['security_opt'])
        files = {one['path']: one for one in web['files']}
        self.assertEqual({'get_file': 'sub/page.html'},
                         files['/page']['content'])
        self.assertEqual({'get_param': 'OTHER'},
                         files['/run/secrets/token']['content'])
        self.assertEqual({'list_join': ['', [
            'container:', {'get_resource': 'cache'}]]},
            found['resources']['db']['properties']['network_mode'])

    def test_text_is_readable(self):
        text, _found = self.written()
        self.assertTrue(text.startswith('# One.\n# Two.\nheat_template'))
        for part in ('{get_param: docker_endpoint}\n',
                     'dockerfile: |\n          FROM x\n          RUN y\n',
                     '    value: {get_attr: [web, ports]}\n',
                     'depends_on: [db]\n', '\n\n  web:\n'):
            self.assertIn(part, text)
        self.assertNotIn('&', text)

    def test_embedded(self):
        text, found = self.written(file=None)
        self.assertNotIn('get_file', text)
        files = {one['path']: one for one in
                 found['resources']['web']['properties']['files']}
        self.assertEqual('P\n', files['/page']['content'])

    def test_variable_with_several_values(self):
        project = self.load('services: {a: {image: "${A:-b}", user: '
                            '"${A:-c}", hostname: "${A:-b}"}}')
        found = yaml.safe_load(hot.Template(project).text())
        self.assertEqual(('c', {'get_param': 'A'}), tuple(
            found['resources']['a']['properties'][name]
            for name in ('user', 'hostname')))
        self.assertIn('several values', project.report.notes[0])

    def test_variable_with_the_name_of_the_endpoint(self):
        _text, found = self.template(
            'services: {a: {image: "${docker_endpoint:-x}"}}')
        self.assertEqual(
            ({'get_param': 'docker_endpoint_'},
             {'get_param': 'docker_endpoint'}), tuple(
                found['resources']['a']['properties'][name]
                for name in ('docker_endpoint', 'image')))

    def test_empty_variable(self):
        _text, found = self.template(
            'services: {a: {image: i, ports: ["${P:-}:80"]}}')
        self.assertEqual(
            {'80': {'get_param': 'P'}},
            found['resources']['a']['properties']['port_bindings'])

    def test_dollars_in_text_are_kept(self):
        _text, found = self.template(
            'services: {a: {image: i, hostname: "$${A}${A:-x}"}}')
        self.assertEqual({'list_join': ['', ['${A}', {'get_param': 'A'}]]},
                         found['resources']['a']['properties']['hostname'])


class ValidationTestCase(unit_base.TestCase, base.ComposeTestCase):
    """Heat validates templates with the schemas of the plugin."""

    def setUp(self):
        super().setUp()
        self.patch(heat_resources, '_environment', unit_base.heat())
        cfg.CONF.set_override('deferred_auth_method', 'password')

    def test_template_is_valid(self):
        text, found = self.template(
            PROJECT.replace('p.json', 'unconfined'), contents_=CONTENTS,
            environment=ENVIRONMENT)
        for name, resource in found['resources'].items():
            schema = unit_base.CLASSES[resource['type']].properties_schema
            for key in resource['properties']:
                self.assertIn(key, schema, name)
        files = {path: content for path, content in CONTENTS.items()
                 if isinstance(content, str)}
        made = stack.Stack(
            utils.dummy_context(), 'composed', heat_template.Template(
                template_format.parse(text), files=files,
                env=environment.Environment({'parameters': {
                    'docker_endpoint': unit_base.URL,
                    'DB_PASSWORD': 'x', 'OTHER': 'y'}})))
        made.validate()
        self.assertEqual({'web', 'db', 'cache', 'db_image', 'data_volume',
                          'default_network'}, set(made))
        self.assertLess(0, len(made['web'].properties['env']))
