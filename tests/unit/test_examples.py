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

"""The use of Heat's own resource types in the examples."""

import pathlib

from heat.common import plugin_loader
from heat.engine import resources
import yaml

from tests.unit import base

FOLDER = pathlib.Path(__file__).parents[2] / 'examples'


class ExamplesTestCase(base.TestCase):

    def test_properties_of_real_types(self):
        """The functional tests replace Nova and Neutron."""
        types = {}
        for module in plugin_loader.load_modules(resources,
                                                 ignore_error=True):
            types.update(getattr(module, 'resource_mapping', dict)())
        seen = set()
        for path in FOLDER.glob('*.yaml'):
            template = yaml.safe_load(path.read_text())
            for name, resource in template['resources'].items():
                if resource['type'] in types:
                    seen.add(resource['type'])
                    schema = types[resource['type']].properties_schema
                    self._check(path.name, name, schema,
                                resource.get('properties', {}))
        self.assertIn('OS::Nova::Server', seen)
        self.assertIn('OS::Neutron::FloatingIP', seen)

    def _check(self, *where):
        *place, schema, properties = where
        self.assertEqual(set(), set(properties) - set(schema), place)
        self.assertEqual(set(), {name for name, known in schema.items()
                                 if known.required} - set(properties), place)
