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

"""The reference describes all contents of the schemas."""

import importlib.util
import pathlib
import re
import textwrap

from heat.engine import constraints
import yaml

from heat_docker.resources import certificates
from heat_docker.resources import compose
from heat_docker.resources import container
from heat_docker.resources import image
from heat_docker.resources import network
from heat_docker.resources import volume
from tests.unit import base

ROOT = pathlib.Path(__file__).parents[2]
TYPES = (certificates, compose, container, image, network, volume)


def load():
    """Return the tool as a module."""
    module_spec = importlib.util.spec_from_file_location(
        'tool', ROOT / 'tools' / 'reference.py')
    tool = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(tool)
    return tool


def paths(schemas, prefix=''):
    """Yield the name of each key in Heat's schemas, at any depth."""
    for name, schema in schemas.items():
        yield prefix + name
        path, nested = prefix + name, schema.schema
        while isinstance(nested, constraints.AnyIndexDict):
            path, nested = path + '[]', nested.value.schema
        yield from paths(nested or {}, path + '.')


class ReferenceTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.tool = load()
        self.pages = dict(self.tool.pages())

    def test_up_to_date(self):
        for path, content in self.pages.items():
            self.assertEqual(content, path.read_text(),
                             'run "python tools/reference.py"')

    def test_no_key_and_no_attribute_is_missing(self):
        count = 0
        for module in TYPES:
            (name, resource), = module.resource_mapping().items()
            page, = (text for text in self.pages.values()
                     if text.splitlines()[1] == name)
            lines = page.splitlines()
            for path in paths(resource.properties_schema):
                count += '.' in path
                title = '``%s``' % path
                self.assertTrue(
                    title in lines or title + ' : ' in page, (name, path))
            own = (set(resource.attributes_schema)
                   - set(resource.base_attributes_schema))
            for attribute in own:
                self.assertIn('``%s`` : ' % attribute, page, name)
        self.assertGreater(count, 90)

    def test_facts_of_a_key(self):
        page = self.pages[ROOT / 'doc/source/reference/container.rst']
        entry = page.partition('``healthcheck.start_interval``')[2]
        entry = entry.partition('\n\n``')[0]
        self.assertIn(' : number, optional\n', entry)
        self.assertIn(':Default: 5\n', entry)
        self.assertIn(':Docker API: 1.44 or later', entry)

    def test_text_is_markup(self):
        self.assertEqual(
            r'``tcp://host:port``, ``[::1]:80`` in ``port_bindings``, \*, '
            'https://docs.docker.com/engine/.',
            self.tool.literals(
                'tcp://host:port, "[::1]:80" in port_bindings, *, '
                'https://docs.docker.com/engine/.'))


class ReadmeTestCase(base.TestCase):

    def test_template_uses_known_properties_and_attributes(self):
        text = (ROOT / 'README.rst').read_text()
        block = re.search(r'code-block:: yaml\n\n((?:    .*\n|\n)+)', text)[1]
        template = yaml.safe_load(textwrap.dedent(block))
        resource = template['resources']['web']
        schema = container.resource_mapping()[
            resource['type']].properties_schema
        self.assertEqual(
            set(), set(resource['properties']) - set(schema))
        for name, value in resource['properties'].items():
            if 'get_param' not in value:
                schema[name].validate_constraints(value)
        self.assertIn(template['outputs']['address']['value']['get_attr'][1],
                      container.DockerContainer.attributes_schema)

    def test_links_point_to_existing_files(self):
        text = (ROOT / 'README.rst').read_text()
        links = re.findall(r'<([^<>\s:]+)>`__', text)
        self.assertGreater(len(links), 10)
        for link in links:
            self.assertTrue((ROOT / link).exists(), link)
