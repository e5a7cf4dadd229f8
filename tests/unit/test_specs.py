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

"""Rules for every property and attribute of every type.

The tests loop over the tables: a new entry needs no new test.
"""

import dataclasses
import importlib
import json
import os
import pkgutil
import re

from heat.common import exception
from heat.engine import constraints
from heat.engine import properties
import testtools

from heat_docker import budgets
from heat_docker import changes
from heat_docker import client
from heat_docker import fields
from heat_docker import masking
from heat_docker import policy
from heat_docker import specs
from heat_docker import validation
from tests.unit import base
from tests.unit.samples import record

MODULES = {name: importlib.import_module('%s.%s' % (specs.__name__, name))
           for _finder, name, _package in pkgutil.iter_modules(specs.__path__)}

# The tables of types; the others have fields that types share.
SPECS = {name: module for name, module in MODULES.items()
         if hasattr(module, 'ATTRIBUTES')}

# Types without an object on a daemon, which therefore have no samples.
OF_HEAT = {'certificates', 'compose'}

CLASSES = {name: base.CLASSES['DockerInc::Docker::'
                              + name.title().replace('_', '')]
           for name in SPECS}
CONTAINER = SPECS['container']

# Existing templates use these: property and type in templates.
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

# Differences between the recorded container and the examples.
EXCEPTIONS = {
    # Docker also exposes the ports in port_bindings.
    'port_specs': ['53/udp', '80', '8080', '9090'],
}

# Recorded values that differ from the examples: the kernel had no weights,
# and a privileged container has no labels.
RECORDED = {
    'security_opt': ['no-new-privileges:true', 'label=disable'],
    'blkio_config': {
        'device_read_bps': [{'path': '/dev/sda', 'rate': 1048576}],
        'device_write_iops': [{'path': '/dev/sda', 'rate': 100}]}}

# Heat's values for an explicit null.
EMPTY = {fields.STRING: '', fields.INTEGER: 0, fields.NUMBER: 0,
         fields.BOOLEAN: False, fields.LIST: [], fields.MAP: {}}

# A value of each type that differs from the unset value.
SOME = {fields.STRING: 'x', fields.INTEGER: 1, fields.NUMBER: 1,
        fields.BOOLEAN: True, fields.LIST: ['x'], fields.MAP: {'x': 'y'}}

# A value of each required key.
REQUIRED = {'target': '/a', 'path': '/a', 'path_on_host': '/a',
            'network': 'a', 'action': 'restart', 'name': 'nofile',
            'kind': 'gpu', 'source': 'db', 'url': 'https://a'}

# Properties with secrets, which events do not show; for maps and lists, with
# the secret key.
MASKED = {'env': '', 'files': 'content', 'registry_auth': 'password',
          'tls': 'client_key', 'log_options': 'splunk-token',
          'driver_opts': 'o', 'mounts': 'driver_options', 'build': 'args',
          'file': '', 'definition': 'services', 'overrides': '',
          'contents': 'a', 'environment': 'A', 'content': '',
          'content_base64': '', 'manager_tls': 'client_key', 'join_token': ''}

# The operator's functions, and the properties that they check.
POLICIES = {
    'image': {'image'}, 'binds': {'volumes'}, 'mounts': {'mounts'},
    'networks': {'networks'}, 'privileged': {'privileged'},
    'namespace': {'network_mode', 'userns_mode', 'ipc_mode', 'pid_mode',
                  'uts_mode', 'cgroupns_mode'},
    'capabilities': {'cap_add'}, 'devices': {'devices'},
    'security_options': {'security_opt'},
    'any_device': {'device_cgroup_rules', 'device_requests',
                   'generic_resources'},
    'publish_all_ports': {'publish_all_ports'},
    'volume_options': {'driver_opts'}, 'build': {'tags', 'push'},
    'build_inputs': {'build'},
    'annotations': {'annotations'}, 'runtime': {'runtime'},
    'oom_kill_disable': {'oom_kill_disable'}, 'oom_score': {'oom_score_adj'},
    'storage_options': {'storage_opt'},
    'volume_driver': {'volume_driver', 'driver'},
    'block_devices': {'blkio_config'}, 'sysctls': {'sysctls'},
    'cgroup_parent': {'cgroup_parent'}, 'log_driver': {'log_driver'},
    'log_options': {'log_options'},
    'certificates': {'tls', 'manager_tls'},
    'network_driver': {'driver'}, 'network_options': {'driver_opts'},
    'cluster': {'ingress', 'scope'}, 'ipam': {'ipam'},
    'ports': {'port_bindings', 'port_specs'},
    'template_driver': {'template_driver'},
    'service_networks': {'networks'}, 'service_ports': {'ports'},
    'service_privileges': {'security_opt'},
}

# Values after a change, if they differ from those of unset properties.
OTHER = {'name': '/other'}

# Properties whose example is false, because unset means true or because the
# network in the other examples rules out true.
FALSE = {'remove_volumes', 'ingress', 'config_only', 'strict'}

# Versions of the API in the samples, each with the attributes that they lack.
# The container has no health check, and no update of the service began.
ABSENT = {'1.41': {'health', 'subnet_status', 'update_status'},
          '1.55': {'health', 'update_status'}}


def all_fields():
    for module, spec in sorted(SPECS.items()):
        for field in spec.FIELDS:
            yield '%s.%s' % (module, field.name), spec, field


def all_attributes():
    for module, spec in sorted(SPECS.items()):
        for attribute in spec.ATTRIBUTES:
            yield '%s.%s' % (module, attribute.name), module, attribute


def all_samples():
    """Yield samples of objects from all examples, with their specs."""
    folder = os.path.join(os.path.dirname(base.__file__), 'samples')
    for name in sorted(os.listdir(folder)):
        match = re.fullmatch(r'([a-z_]+)_([a-z]+)_v(\d)\.(\d+)\.json', name)
        if match and match[2] != 'running':
            spec, api = SPECS[match[1]], (int(match[3]), int(match[4]))
            yield (name, spec, record.portions(spec, api)[match[2]],
                   base.sample(name[:-len('.json')]))


def inspected(spec, request):
    """Return the inspect output for the object of a request."""
    if any((field.live_path or '').startswith('Spec.')
           for field in spec.FIELDS):
        return {'Spec': request.body, **request.body}
    if spec is not CONTAINER:
        return {**request.body, **{
            field.live_path: request.body.get(field.at)
            for field in spec.FIELDS if field.live_path}}
    config = {key: value for key, value in request.body.items()
              if key not in ('HostConfig', 'NetworkingConfig')}
    networks = request.body.get('NetworkingConfig', {})
    return {'Name': '/%s' % request.query.get('name', 'x'), 'Config': config,
            'HostConfig': request.body.get('HostConfig', {}),
            'NetworkSettings': {
                'Networks': networks.get('EndpointsConfig', {})}}


def live(table, inspected):
    """Return the property values that a daemon shows."""
    return {field.name: field.from_api(fields.read(inspected,
                                                   field.live_path))
            for field in table if field.live_path}


def known(value):
    """Return a value without the unset keys in maps of a schema."""
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items()
                if item is not None}
    return [known(item) for item in value] if isinstance(
        value, list) else value


def schemata(schema, path):
    """Yield a schema and its nested schemas, each with its path."""
    yield path, schema
    for name, nested in (schema.schema or {}).items():
        yield from schemata(nested, '%s.%s' % (path, name))


def keys(nested, path):
    """Yield the path and the schema of all keys of maps."""
    if isinstance(nested, properties.Schema):
        nested = nested.schema
    for name, schema in (nested or {}).items():
        if name != '*':
            yield '%s.%s' % (path, name), schema
        yield from keys(schema, '%s.%s' % (path, name))


def keys_with_values(nested, place='', wrap=lambda value: value):
    """Yield the path and the schema of each key, and a function.

    The function takes a value of the key, and returns one of the field.
    """
    if isinstance(nested, properties.Schema):
        yield from keys_with_values(nested.schema, place + '[0]',
                                    lambda value: wrap([value]))
        return
    for name, key in (nested or {}).items():
        if name == '*':
            yield from keys_with_values(key.schema, place + '[0]',
                                        lambda value: wrap([value]))
            continue
        inner = '%s.%s' % (place, name)
        others = {other: 1 if part.type == fields.INTEGER else REQUIRED[other]
                  for other, part in nested.items()
                  if part.required and other != name}

        def put(value, name=name, others=others):
            return wrap({**others, name: value})

        yield inner, key, put
        yield from keys_with_values(key.schema, inner, put)


def parts_with_versions(nested, path, wrap=lambda value: value):
    """Yield the parts of a field that need their own version of the API.

    :returns: their path, the value of a field that has only this part, and
        the version.
    """
    if isinstance(nested, properties.Schema):
        yield from parts_with_versions(nested.schema, path + '[0]',
                                       lambda value: wrap([value]))
        return
    for name, key in (nested or {}).items():
        if name == '*':
            yield from parts_with_versions(key, path, wrap)
            continue
        place = '%s.%s' % (path, name)
        for value, version in [(SOME[key.type], key.since),
                               *key.values_since.items()]:
            if version > fields.OLDEST_API:
                yield place, wrap({name: value}), version
        yield from parts_with_versions(
            key.schema, place, lambda value, name=name: wrap({name: value}))


def nested(path, json):
    """Return the body of a request with a value at a path."""
    if not path:
        return {**json}
    for key in reversed(path.split('.')):
        json = {key: json}
    return json


def is_policy(value):
    return isinstance(value, policy.Free) or (
        callable(value) and getattr(policy, value.__name__, None) is value)


class FieldsTestCase(testtools.TestCase):

    def request(self, spec, **values):
        return fields.request(spec.FIELDS, dict(
            {field.name: None for field in spec.FIELDS}, **values))

    def test_specs_and_fields_are_found(self):
        self.assertIn('container', SPECS)
        self.assertTrue(list(all_fields()))

    def test_shared_fields_are_in_a_type(self):
        for name in set(MODULES) - set(SPECS):
            for field in MODULES[name].FIELDS:
                self.assertTrue(any(field in spec.FIELDS
                                    for spec in SPECS.values()),
                                '%s.%s' % (name, field.name))

    def test_endpoint_is_that_of_all_types(self):
        for name, spec in SPECS.items():
            names = [field.name for field in MODULES['endpoint'].FIELDS]
            self.assertEqual(
                [] if name == 'certificates' else names,
                [field.name for field in spec.FIELDS if field.name in names])

    def test_names_unique(self):
        for spec in SPECS.values():
            for table in (spec.FIELDS, spec.ATTRIBUTES):
                names = [entry.name for entry in table]
                self.assertEqual(sorted(set(names)), sorted(names))

    def test_names_of_templates(self):
        for path, _spec, field in all_fields():
            self.assertTrue(re.fullmatch('[a-z][a-z0-9_]*', field.name), path)

    def test_labels_have_names_with_a_limit(self):
        found = set()
        for path, _spec, field in all_fields():
            for place, doc in ((path, field.doc), *(
                    (place, key.description)
                    for place, key in keys(field.nested, path))):
                if re.match('(Labels|Annotations) ', doc):
                    name = place.rpartition('.')[2]
                    self.assertIn(name, budgets.LISTED_TEXT, place)
                    found.add(place)
        self.assertLessEqual({
            'container.labels', 'container.annotations', 'network.labels',
            'volume.labels', 'image.build.labels'}, found)

    def test_places_unique(self):
        for spec in SPECS.values():
            places = [field.at for field in spec.FIELDS if field.at]
            self.assertEqual(sorted(set(places)), sorted(places))

    def test_example_comes_back(self):
        for path, spec, field in all_fields():
            request = self.request(spec, **{field.name: field.example})
            self.assertEqual(
                {field.name: field.example} if field.live_path else {},
                live([field], inspected(spec, request)), path)

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
            shown = live(spec.FIELDS, inspected(spec, request))
            for field in spec.FIELDS:
                expected = EXCEPTIONS.get(field.name, field.example)
                if not field.live_path:
                    expected = None
                self.assertEqual(expected, shown.get(field.name),
                                 '%s.%s' % (module, field.name))

    def test_example_is_valid(self):
        for spec in SPECS.values():
            values = {field.name: field.example for field in spec.FIELDS}
            checked = properties.Properties(
                validation.properties_schema(spec.FIELDS), values)
            checked.validate()
            for name, example in values.items():
                self.assertEqual(example, known(checked[name]), name)

    def test_example_is_not_what_unset_would_be(self):
        for path, _spec, field in all_fields():
            self.assertEqual(field.name not in FALSE,
                             bool(field.example), path)

    def test_too_old_daemon_is_refused(self):
        for path, spec, field in all_fields():
            values = {one.name: None for one in spec.FIELDS}
            values[field.name] = field.example
            older = (field.since[0], field.since[1] - 1)
            if field.since > fields.OLDEST_API:
                self.assertEqual(
                    'The property %s requires version %s of the Docker API, '
                    'and the daemon at tcp://docker.test:2375 has %s'
                    % (field.name, fields.version_text(field.since),
                       fields.version_text(older)),
                    self.refusal(spec, values, older))
            fields.check_api(spec.FIELDS, values, field.since, '')
            self.assertGreaterEqual(field.since, fields.OLDEST_API, path)

    def refusal(self, spec, values, api):
        return str(self.assertRaises(
            fields.errors.Unsupported, fields.check_api, spec.FIELDS, values,
            api, 'tcp://docker.test:2375'))

    def test_too_old_daemon_is_refused_for_a_part(self):
        tested = set()
        for path, spec, field in all_fields():
            for place, value, needed in parts_with_versions(
                    field.nested, field.name):
                tested.add(place)
                values = {**dict.fromkeys(one.name for one in spec.FIELDS),
                          field.name: value}
                older = (needed[0], needed[1] - 1)
                self.assertEqual(
                    'The property %s requires version %s of the Docker API, '
                    'and the daemon at tcp://docker.test:2375 has %s'
                    % (place, fields.version_text(needed),
                       fields.version_text(older)),
                    self.refusal(spec, values, older))
                fields.check_api(spec.FIELDS, values, needed, '')
                self.assertIn(needed, fields.later_apis(field), path)
        self.assertLessEqual({'healthcheck.start_interval',
                              'mounts[0].type'}, tested)

    def test_policy_takes_the_example(self):
        """By default the operator allows everything."""
        for path, spec, field in all_fields():
            values = {**dict.fromkeys(one.name for one in spec.FIELDS),
                      field.name: field.example}
            self.assertIsNone(fields.check_policy(spec.FIELDS, values), path)

    def test_mask_takes_the_example(self):
        for path, _spec, field in all_fields():
            if field.mask:
                self.assertIs(type(field.example),
                              type(field.mask(field.example)), path)

    def test_mask_takes_any_value(self):
        """Values from other resources may have any type, or be missing."""
        for path, _spec, field in all_fields():
            if not field.mask:
                continue
            for value in ('hunter2', 'A=hunter2', ['A=hunter2', None],
                          [['hunter2']], 7, True, None, '', [], {}, [{}],
                          *(shape for words in ('hunter2', ['hunter2'])
                            for shape in ({MASKED[field.name]: words},
                                          [{MASKED[field.name]: words}]))):
                shown = masking.masked([field], {field.name: value})
                letters = re.sub(r'=\*+|\W', '', json.dumps(shown))
                self.assertNotIn('hunter2', letters, path)

    def test_mask_is_all_that_it_needs(self):
        """The table finds secrets in the inspect output."""
        for path, _spec, field in all_fields():
            if field.mask:
                self.assertEqual({}, field.also, path)
                self.assertFalse((field.at or '').startswith('?'), path)

    def test_messages_keep_secrets(self):
        """Messages of Heat and of the converters omit masked values."""
        for path, _spec, field in all_fields():
            if not field.mask:
                continue
            key = MASKED[field.name]
            for value in ('hunter2', ['hunter2', {}], [['hunter2']], 7.5,
                          {'a': 'hunter2'}, [{key: 'hunter2'}],
                          *({key: item} for item in (
                              'hunter2', ['hunter2'], {'a': ['hunter2']})),
                          [{'target': '/a', 'path': '/a', key: ['hunter2']}],
                          [{'target': '/a', 'path': '/a',
                            key: {'a': ['hunter2']}}],
                          {'dockerfile': 'a', 'args': {'a': ['hunter2']}},
                          {'dockerfile': ['hunter2']},
                          {'dockerfile': 'a', 'files': {'a': ['hunter2']}}):
                known = validation.null_means_unset(properties.Properties(
                    validation.properties_schema([field]),
                    {field.name: value}))
                try:
                    known.validate()
                except exception.StackValidationFailed as ex:
                    self.assertNotIn('hunter2', str(ex), path)

    def test_refusal_of_each_key_shows_its_form(self):
        count = 0
        for _path, _spec, field in all_fields():
            for place, key, wrap in keys_with_values(field.nested):
                count += 1
                wrong = {fields.LIST: 7, fields.MAP: 7}.get(
                    key.type, {'a': {'b': 'c'}})
                given = validation.null_means_unset(properties.Properties(
                    validation.properties_schema([field]),
                    {field.name: wrap(wrong)}))
                ex = self.assertRaises(exception.StackValidationFailed,
                                       given.validate)
                words = '. %s%s is ' % (field.name, place)
                self.assertIn(words, str(ex))
                self.assertIn(', such as ', str(ex).rpartition(words)[2])
        self.assertGreater(count, 80)

    def test_example_of_each_key_is_valid(self):
        for path, _spec, field in all_fields():
            schema = validation.PropertySchema(field)
            for _place, key, wrap in keys_with_values(field.nested):
                if getattr(key, 'example', None) is None:
                    continue
                value = wrap(key.example)
                try:
                    properties.Property(schema, field.name).get_value(value)
                    for part in key.constraints:
                        part.validate(key.example, key, None)
                except exception.StackValidationFailed as ex:
                    self.fail('%s: %s' % (path, ex))

    def test_only_secret_fields_are_masked(self):
        self.assertEqual(set(MASKED), {field.name for _path, _spec, field
                                  in all_fields() if field.mask})

    def test_every_length_is_limited(self):
        for path, _spec, field in all_fields():
            schema = validation.properties_schema([field])[field.name]
            for place, part in schemata(schema, path):
                if part.type not in (fields.STRING, fields.LIST, fields.MAP):
                    continue
                self.assertTrue(
                    part.type == fields.MAP and part.schema or any(
                        isinstance(one, constraints.AllowedValues)
                        or getattr(one, 'max', None) is not None
                        for one in part.constraints), place)

    def test_each_policy_function_covers_its_properties(self):
        """Every policy function for values covers its properties."""
        named = {}
        for _path, _spec, field in all_fields():
            if callable(field.policy):
                named.setdefault(field.policy.__name__, set()).add(field.name)
        self.assertEqual(POLICIES, named)

    def test_policy_of_everything(self):
        """The policy skips neither a property nor one of its keys."""
        without = [path for path, _spec, field in all_fields()
                   if not is_policy(field.policy)]
        for path, _spec, field in all_fields():
            for place, key in keys(field.nested, path):
                if not is_policy(getattr(key, 'policy', None)):
                    without.append(place)
                elif callable(key.policy):
                    # The function checks the whole property.
                    self.assertEqual(field.policy, key.policy, place)
        self.assertEqual([], without)

    def test_null_is_unset_or_empty(self):
        """Converters never receive Heat's value for an explicit null."""
        for path, spec, field in all_fields():
            if field.required:
                continue
            values = dict.fromkeys((one.name for one in spec.FIELDS), None)
            values[field.name] = EMPTY[field.type]
            try:
                fields.check_api(spec.FIELDS, values, field.since, '')
                fields.request(spec.FIELDS, values)
            except Exception as ex:
                self.fail('%s: %r' % (path, ex))

    def test_docs_are_sentences(self):
        for path, _spec, field in all_fields():
            schema = validation.properties_schema([field])[field.name]
            for place, part in schemata(schema, path):
                self.assert_sentences(part.description, place)
        for path, _module, attribute in all_attributes():
            self.assert_sentences(attribute.doc, path)

    def test_docs_say_what_a_change_does(self):
        for path, _spec, field in all_fields():
            said = validation.PropertySchema(field).description
            in_place = 'A change is made in place' in said
            self.assertNotEqual(in_place,
                                'A change replaces the resource.' in said,
                                path)
            self.assertEqual(
                bool(field.update) and (
                    field.update.since > fields.OLDEST_API),
                'with older versions, it replaces the resource' in said, path)
            self.assertEqual(field.in_place, in_place, path)
            schema = validation.properties_schema([field])[field.name]
            self.assertEqual(in_place, schema.update_allowed, path)

    def test_docs_say_what_version_is_needed(self):
        for path, _spec, field in all_fields():
            said = validation.PropertySchema(field).description
            words = 'It requires version %s of the Docker API.' % (
                fields.version_text(field.since))
            self.assertEqual(field.since > fields.OLDEST_API, words in said,
                             path)
            for place, key in keys(field.nested, path):
                for words, version in (
                        ('It requires', key.since),
                        *(('The value "%s" requires' % value, since)
                          for value, since in key.values_since.items())):
                    self.assertEqual(
                        version > fields.OLDEST_API,
                        '%s version %s of the Docker API.' % (
                            words, fields.version_text(version))
                        in key.description, place)

    def assert_sentences(self, words, path):
        # A sentence may begin with a quoted value.
        self.assertTrue(re.match('[A-Z]|"[a-z]+"', words), path)
        self.assertTrue(re.search(r'[\w\]][")}]*\.$', words), path)
        self.assertNotRegex(words, r'\s\s|\n|\.\.$| [.,;:]', path)

    def assertNotRegex(self, text, pattern, path):  # noqa: N802
        self.assertIsNone(re.search(pattern, text), path)

    def test_support_version(self):
        for path, _spec, field in all_fields():
            self.assertTrue(re.fullmatch(r'\d+\.\d+\.\d+', field.support),
                            path)
        for path, _module, attribute in all_attributes():
            self.assertTrue(
                re.fullmatch(r'\d+\.\d+\.\d+', attribute.support), path)

    def test_attributes_are_read_where_they_are(self):
        """A path that is missing in the samples is misspelled."""
        for path, module, attribute in all_attributes():
            if module in OF_HEAT:
                continue
            for version, absent in ABSENT.items():
                shown = fields.read(base.sample('%s_%s_v%s' % (
                    module, 'running' if module == 'container' else 'all',
                    version)), attribute.at)
                self.assertEqual(attribute.name in absent, shown is None,
                                 path)
                if attribute.source is None and shown is not None:
                    self.assertIsNotNone(attribute.from_api(shown), path)


class UpdateTestCase(testtools.TestCase):
    """The effects of a change of each property, from the table alone."""

    def change(self, spec, field, value):
        """Return whether it replaces, and the body of the update request."""
        table = spec.FIELDS
        values = {**dict.fromkeys(one.name for one in table),
                  field.name: value}
        changed = {field.name: value}
        replaces = changes.requires_replace(table, changed, values)
        return replaces, None if replaces else changes.update(
            table, changed, values, client.NEWEST_API)

    def expected(self, field, json):
        """Return the update request's body for exactly this change."""
        body = nested(field.update.path, json)
        for path, to_api in field.update.also.items():
            body[path] = to_api(json)
        return body

    def test_change_updates_in_place_or_replaces(self):
        for path, spec, field in all_fields():
            replaces, body = self.change(spec, field, field.example)
            if not field.in_place:
                self.assertTrue(replaces, path)
            elif field.update:
                self.assertEqual((False, self.expected(
                    field, field.to_api(field.example))), (replaces, body),
                    path)
            else:
                self.assertEqual((False, {}), (replaces, body), path)

    def test_removal_resets_in_place_or_replaces(self):
        for path, spec, field in all_fields():
            replaces, body = self.change(spec, field, None)
            if not field.in_place:
                self.assertTrue(replaces, path)
            elif not field.update:
                self.assertEqual((False, {}), (replaces, body), path)
            elif not field.can_be_removed_in_place:
                self.assertTrue(replaces, path)
            else:
                self.assertEqual(
                    (False, nested(field.update.path, field.update.unset)),
                    (replaces, body), path)

    def test_zero_replaces_where_docker_ignores_it(self):
        """Docker takes zero for "no change"."""
        for path, spec, field in all_fields():
            if not field.update:
                continue
            zero = {fields.STRING: '0', fields.INTEGER: 0, fields.NUMBER: 0,
                    fields.MAP: {}, fields.LIST: [],
                    fields.BOOLEAN: False}[field.type]
            replaces, body = self.change(spec, field, zero)
            json = field.to_api(zero)
            if not field.update.path:
                # An empty map means unset.
                self.assertEqual((False, field.update.unset),
                                 (replaces, body), path)
            elif field.update.unset is None and not json:
                self.assertTrue(replaces, path)
            else:
                self.assertEqual((False, self.expected(field, json)),
                                 (replaces, body), path)

    def test_empty_value_replaces_or_changes_only_what_it_is_of(self):
        for path, spec, field in all_fields():
            replaces, body = self.change(spec, field, EMPTY[field.type])
            if not field.in_place:
                self.assertTrue(replaces, path)
            else:
                self.assertLessEqual(
                    set(body or ()), set() if not field.update else
                    {field.update.path.partition('.')[0], *field.update.also}
                    if field.update.path else set(field.update.unset), path)

    def test_step_without_a_method(self):
        """A class is checked when it is built, not when a stack uses it."""
        known = CLASSES['volume']
        field = dataclasses.replace(known.spec.FIELDS[0],
                                    change=fields.by_step('fly'))
        spec = type('Spec', (), {'FIELDS': (field,), 'ATTRIBUTES': ()})
        self.assertRaises(TypeError, type, 'Other', (known,), {'spec': spec})

    def test_created_is_no_drift(self):
        for path, spec, field in all_fields():
            values = {**dict.fromkeys(one.name for one in spec.FIELDS),
                      field.name: field.example}
            shown = inspected(spec, fields.request(spec.FIELDS, values))
            self.assertEqual({}, changes.drift(spec.FIELDS, values, shown),
                             path)

    def test_drift_of_what_can_be_changed(self):
        """Exactly the changed properties differ."""
        for path, spec, field in all_fields():
            values = {**dict.fromkeys(one.name for one in spec.FIELDS),
                      field.name: field.example}
            shown = inspected(spec, fields.request(spec.FIELDS, values))
            if not field.live_path or (field.update
                                       and not field.update.path):
                continue
            *parents, last = field.live_path.split('.')
            place = fields.read(shown, '.'.join(parents))
            place[last] = OTHER.get(
                field.name, (field.update and field.update.unset)
                or type(place[last])())
            differ = changes.drift(spec.FIELDS, values, shown)
            self.assertEqual(
                {field.name} if field.step or field.update and (
                    field.update.since == fields.OLDEST_API) else set(),
                set(differ), path)

    def test_drift_of_nothing_set(self):
        spec = CONTAINER
        values = dict.fromkeys(field.name for field in spec.FIELDS)
        for version in ABSENT:
            self.assertEqual({}, changes.drift(
                spec.FIELDS, values,
                base.sample('container_running_v' + version)))

    def test_ignored_change_is_detected(self):
        for path, spec, field in all_fields():
            if not field.update:
                continue
            values = {**dict.fromkeys(one.name for one in spec.FIELDS),
                      field.name: field.example}
            changed = {field.name}
            body = changes.update(spec.FIELDS, changed, values,
                                 client.NEWEST_API)
            shown = inspected(spec, fields.request(spec.FIELDS, values))
            self.assertFalse(changes.ignored_changes(
                spec.FIELDS, changed, body, shown), path)
            before = inspected(spec, fields.request(spec.FIELDS, dict(
                values, **{field.name: None})))
            if spec is CONTAINER:
                before['HostConfig'].setdefault('RestartPolicy', {})
            self.assertTrue(changes.ignored_changes(spec.FIELDS, changed, body,
                                             before), path)
            self.assertFalse(changes.ignored_changes(
                spec.FIELDS, (), body, before), path)


class SamplesTestCase(testtools.TestCase):
    """Recorded output of a real daemon for objects from the examples."""

    def test_sample_for_every_spec(self):
        self.assertEqual({spec for name, spec in SPECS.items()
                          if name not in OF_HEAT},
                         {spec for _name, spec, _values, _sample
                          in all_samples()},
                         'tests/unit/samples/record.py records them')

    def test_examples_come_back(self):
        for name, spec, values, sample in all_samples():
            shown = live(spec.FIELDS, sample)
            for field in spec.FIELDS:
                if field.name in values and field.live_path and (
                        field.same_state is None or spec is CONTAINER):
                    recorded = RECORDED if spec is CONTAINER else {}
                    expected = {**EXCEPTIONS, **recorded}.get(
                        field.name, field.example)
                    self.assertEqual(expected, shown[field.name],
                                     '%s in %s' % (field.name, name))

    def test_no_drift(self):
        """Values that images and daemons add are no difference."""
        for name, spec, values, sample in all_samples():
            values = {**dict.fromkeys(
                field.name for field in spec.FIELDS), **values}
            self.assertEqual(
                {}, changes.drift(spec.FIELDS, values, sample), name)

    def test_all_fields_recorded(self):
        for path, spec, field in all_fields():
            if path.partition('.')[0] in OF_HEAT:
                continue
            recorded = {name for _name, one, values, _sample in all_samples()
                        if one is spec for name in values}
            self.assertEqual(field.name not in record.NOT_RECORDED,
                             field.name in recorded, path)

    def test_unset_is_what_a_daemon_shows_of_it(self):
        """Reading an unset property does not fail."""
        for version in ABSENT:
            shown = live(CONTAINER.FIELDS,
                         base.sample('container_running_v' + version))
            self.assertEqual(
                {'links': {}, 'volumes': {}, 'volumes_from': [], 'dns': [],
                 'memory': 0, 'privileged': False, 'cap_add': [],
                 'devices': [], 'umask': None,
                 'restart_policy': {'Name': 'no', 'MaximumRetryCount': 0}},
                {name: shown[name] for name in (
                    'links', 'volumes', 'volumes_from', 'dns', 'memory',
                    'privileged', 'cap_add', 'devices', 'umask',
                    'restart_policy')})


class OldTemplatesTestCase(testtools.TestCase):
    """Ten-year-old templates still work."""

    def setUp(self):
        super().setUp()
        template = CLASSES['container'].resource_to_template(
            base.TYPE, 'hot')
        self.parameters = template['parameters']
        self.outputs = template['outputs']

    def test_types_of_properties(self):
        self.assertEqual(OLD_TYPES, {
            name: self.parameters[name]['type'] for name in OLD_TYPES})

    def test_image_is_all_that_is_required(self):
        self.assertEqual(['image'], [
            field.name for field in CONTAINER.FIELDS
            if field.required])

    def test_old_attributes_are_in_the_outputs(self):
        for name in OLD_ATTRIBUTES:
            self.assertIn(name, self.outputs)
