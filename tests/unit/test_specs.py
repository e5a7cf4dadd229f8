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

"""What holds for every property and attribute of every type.

The tests loop over the tables: a new entry is tested without a new test.
"""

import importlib
import os
import pkgutil
import re

from heat.engine import properties
import testtools

from heat_docker import fields
from heat_docker import specs
from heat_docker.resources import container
from tests.unit import base

SPECS = {name: importlib.import_module('%s.%s' % (specs.__name__, name))
         for _finder, name, _package in pkgutil.iter_modules(specs.__path__)}

# What templates have been written against: property and type in templates.
OLD_TYPES = {
    'docker_endpoint': 'string', 'image': 'string', 'name': 'string',
    'hostname': 'string', 'user': 'string', 'cmd': 'comma_delimited_list',
    'dns': 'comma_delimited_list', 'env': 'comma_delimited_list',
    'port_specs': 'comma_delimited_list',
    'volumes_from': 'comma_delimited_list', 'links': 'json',
    'port_bindings': 'json', 'volumes': 'json', 'memory': 'number',
    'privileged': 'boolean', 'tty': 'boolean', 'open_stdin': 'boolean',
    'stdin_once': 'boolean', 'restart_policy': 'json',
    'cap_add': 'comma_delimited_list', 'cap_drop': 'comma_delimited_list',
    'read_only': 'boolean', 'cpu_shares': 'number', 'cpu_set': 'string',
    'devices': 'comma_delimited_list',
}

OLD_ATTRIBUTES = ('info', 'network_info', 'network_ip', 'network_gateway',
                  'network_tcp_ports', 'network_udp_ports', 'logs',
                  'logs_head', 'logs_tail')

# What a daemon shows of the recorded container other than the example says.
EXCEPTIONS = {
    # Nobody tells the daemon where it is.
    'docker_endpoint': None,
    # Docker exposes what port_bindings publishes as well.
    'port_specs': ['53/udp', '80', '8080', '9090'],
}


def all_fields():
    for module, spec in sorted(SPECS.items()):
        for field in spec.FIELDS:
            yield '%s.%s' % (module, field.name), spec, field


def all_attributes():
    for module, spec in sorted(SPECS.items()):
        for attribute in spec.ATTRIBUTES:
            yield '%s.%s' % (module, attribute.name), attribute


def all_samples():
    """Yield samples of what was made of all examples, with their specs."""
    folder = os.path.join(os.path.dirname(base.__file__), 'samples')
    for name in sorted(os.listdir(folder)):
        match = re.fullmatch(r'([a-z]+)_v[\d.]+\.json', name)
        if match:
            yield name, SPECS[match[1]], base.sample(name[:-len('.json')])


def inspected(request):
    """Return what a daemon shows of what a request has made."""
    config = {key: value for key, value in request.body.items()
              if key not in ('HostConfig', 'NetworkingConfig')}
    return {'Name': '/%s' % request.query.get('name', 'x'), 'Config': config,
            'HostConfig': request.body.get('HostConfig', {})}


def descriptions(schema, path):
    yield path, schema.description
    for name, nested in (schema.schema or {}).items():
        yield from descriptions(nested, '%s.%s' % (path, name))


class FieldsTestCase(testtools.TestCase):

    def request(self, spec, **values):
        return fields.request(spec.FIELDS, dict(
            {field.name: None for field in spec.FIELDS}, **values))

    def test_found(self):
        self.assertIn('container', SPECS)
        self.assertTrue(list(all_fields()))

    def test_names_unique(self):
        for spec in SPECS.values():
            for table in (spec.FIELDS, spec.ATTRIBUTES):
                names = [entry.name for entry in table]
                self.assertEqual(sorted(set(names)), sorted(names))

    def test_names_of_templates(self):
        for path, _spec, field in all_fields():
            self.assertTrue(re.fullmatch('[a-z][a-z0-9_]*', field.name), path)

    def test_places_unique(self):
        for spec in SPECS.values():
            places = [field.at for field in spec.FIELDS if field.at]
            self.assertEqual(sorted(set(places)), sorted(places))

    def test_example_comes_back(self):
        for path, spec, field in all_fields():
            request = self.request(spec, **{field.name: field.example})
            live = fields.live(
                [field], inspected(request)) if field.at else {}
            self.assertEqual({field.name: field.example} if field.at else {},
                             live, path)

    def test_example_is_sent_where_it_belongs(self):
        for path, spec, field in all_fields():
            request = self.request(spec, **{field.name: field.example})
            places = [place for place in [field.at, *field.also] if place]
            self.assertEqual(bool(places),
                             bool(request.query or request.body), path)
            for place in places:
                if place.startswith('?'):
                    self.assertIn(place[1:], request.query, path)
                else:
                    self.assertIsNotNone(fields.read(request.body, place),
                                         path)

    def test_all_examples_at_once(self):
        for module, spec in SPECS.items():
            request = self.request(spec, **{
                field.name: field.example for field in spec.FIELDS})
            live = fields.live(spec.FIELDS, inspected(request))
            for field in spec.FIELDS:
                expected = field.example
                if field.name in EXCEPTIONS:
                    expected = EXCEPTIONS[field.name]
                self.assertEqual(expected, live.get(field.name),
                                 '%s.%s' % (module, field.name))

    def test_example_is_valid(self):
        for spec in SPECS.values():
            values = {field.name: field.example for field in spec.FIELDS}
            checked = properties.Properties(
                fields.properties_schema(spec.FIELDS), values)
            checked.validate()
            self.assertEqual(values, dict(checked))

    def test_example_is_not_what_unset_would_be(self):
        for path, _spec, field in all_fields():
            self.assertTrue(field.example, path)

    def test_too_old_daemon_is_refused(self):
        for path, spec, field in all_fields():
            values = {one.name: None for one in spec.FIELDS}
            values[field.name] = field.example
            older = (field.since[0], field.since[1] - 1)
            if field.since > fields.OLDEST_API:
                self.assertRaises(
                    fields.errors.Unsupported, fields.check_api, spec.FIELDS,
                    values, older, 'tcp://docker.test:2375')
            fields.check_api(spec.FIELDS, values, field.since, '')
            self.assertGreaterEqual(field.since, fields.OLDEST_API, path)

    def test_docs_are_sentences(self):
        for path, _spec, field in all_fields():
            schema = fields.properties_schema([field])[field.name]
            for place, words in descriptions(schema, path):
                self.assert_sentences(words, place)
        for path, attribute in all_attributes():
            self.assert_sentences(attribute.doc, path)

    def assert_sentences(self, words, path):
        self.assertTrue(re.match('[A-Z]', words), path)
        self.assertTrue(re.search(r'\w[")]*\.$', words), path)
        self.assertNotRegex(words, r'\s\s|\n|\.\.$| [.,;:]', path)

    def assertNotRegex(self, text, pattern, path):  # noqa: N802
        self.assertIsNone(re.search(pattern, text), path)

    def test_support_version(self):
        for path, _spec, field in all_fields():
            self.assertTrue(re.fullmatch(r'\d+\.\d+\.\d+', field.support),
                            path)
        for path, attribute in all_attributes():
            self.assertTrue(
                re.fullmatch(r'\d+\.\d+\.\d+', attribute.support), path)

    def test_attributes_are_read_where_they_are(self):
        """Places that the recorded container has not are misspelt."""
        running = base.sample('container_running_v1.41')
        for path, attribute in all_attributes():
            self.assertIsNotNone(fields.read(running, attribute.at), path)
            if attribute.source is None:
                value = attribute.from_api(
                    fields.read(running, attribute.at))
                self.assertIsNotNone(value, path)
            else:
                self.assertTrue(hasattr(container.DockerContainer,
                                        attribute.source), path)


class SamplesTestCase(testtools.TestCase):
    """What a real daemon has shown of containers made of the examples."""

    def test_sample_for_every_spec(self):
        self.assertEqual(set(SPECS.values()),
                         {spec for _name, spec, _sample in all_samples()},
                         'tests/unit/samples/record.py records them')

    def test_examples_come_back(self):
        for name, spec, sample in all_samples():
            live = fields.live(spec.FIELDS, sample)
            for field in spec.FIELDS:
                expected = field.example
                if field.name in EXCEPTIONS:
                    expected = EXCEPTIONS[field.name]
                self.assertEqual(expected, live.get(field.name),
                                 '%s in %s' % (field.name, name))

    def test_unset_is_what_a_daemon_shows_of_it(self):
        """Reading what was not asked for does not fail."""
        running = base.sample('container_running_v1.41')
        live = fields.live(SPECS['container'].FIELDS, running)
        self.assertEqual(
            {'links': {}, 'volumes': {}, 'volumes_from': [], 'dns': [],
             'memory': 0, 'privileged': False, 'cap_add': [], 'devices': [],
             'restart_policy': {'Name': 'no', 'MaximumRetryCount': 0}},
            {name: live[name] for name in (
                'links', 'volumes', 'volumes_from', 'dns', 'memory',
                'privileged', 'cap_add', 'devices', 'restart_policy')})


class OldTemplatesTestCase(testtools.TestCase):
    """Templates of ten years ago go on working."""

    def setUp(self):
        super().setUp()
        template = container.DockerContainer.resource_to_template(
            base.TYPE, 'hot')
        self.parameters = template['parameters']
        self.outputs = template['outputs']

    def test_types_of_properties(self):
        self.assertEqual(OLD_TYPES, {
            name: self.parameters[name]['type'] for name in OLD_TYPES})

    def test_image_is_all_that_is_required(self):
        self.assertEqual(['image'], [
            field.name for field in SPECS['container'].FIELDS
            if field.required])

    def test_attributes(self):
        for name in OLD_ATTRIBUTES:
            self.assertIn(name, self.outputs)
