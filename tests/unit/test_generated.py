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

"""Values that hypothesis makes of the schemas, in all converters.

A value passes the validation of a template, or the validation refuses it. No
converter or step may then raise a ValueError, KeyError or TypeError: Heat
would show it without the name of the property, after other resources have been
created.
"""

import contextlib
import copy
import json
import re

from heat.common import exception
from heat.engine import constraints as heat_constraints
from heat.engine import properties as heat_properties
from heat.engine import scheduler
import hypothesis
from hypothesis import strategies as st
import requests_mock
import testtools

from heat_docker import changes
from heat_docker import conf
from heat_docker import errors
from heat_docker import fields
from heat_docker import masking
from heat_docker import validation
from heat_docker.specs import container
from heat_docker.specs import image
from heat_docker.specs import network
from heat_docker.specs import secret
from heat_docker.specs import service
from heat_docker.specs import volume
from tests.unit import base

REMOVE = object()

# What Python says about a value that a converter does not expect.
PYTHON = re.compile(
    "not supported between|'[a-z]+' object|NoneType|unhashable|not iterable|"
    'subscriptable|argument|must be str|expected str|indices must|unpack|'
    'codec|literal|convert|Error:')

SPECS = {'container': container, 'image': image, 'network': network,
         'secret': secret, 'service': service, 'volume': volume}

SETTINGS = hypothesis.settings(
    max_examples=50, deadline=None, database=None, derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck))

# Scalars in Docker's small languages, and what YAML makes of them.
WORDS = st.sampled_from((
    '', 'a', 'A=b', '/a', '/a:/b', '/a:/b:ro', 'a:b', 'a:b:c', 'ro', '80',
    '80-82', '80/udp', '127.0.0.1:80', '[::1]:80', '::1', '192.0.2.7',
    '10.0.0.0/24', '2001:db8::/64', 'db=[::1]', '1m30s', '64m', '-1', '0644',
    '0o600', 'always', 'on-failure:3', 'all', 'host', 'container:a', 'NONE',
    'CMD', 'true', 'no', 'busybox', 'a/b:c', 'sha256:' + 64 * 'a', 'seccomp=a',
    'c 42:* rwm', '02:42:00:00:00:07', 'localhost/heat-snapshot/a', ':', '=',
    '\0', '\ud800', '\u00e9', ' '))
SCALARS = (st.none() | st.booleans() | st.integers(-2, 70000)
           | st.floats() | WORDS | st.text(max_size=8)
           | st.sampled_from((2 ** 63, -2 ** 63, 10 ** 30, 256)))
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(WORDS, inner, max_size=3), max_leaves=5)


def values(schema):
    """Return a strategy for values that resemble those of a schema."""
    allowed = [constraint.allowed for constraint in schema.constraints
               if isinstance(constraint, heat_constraints.AllowedValues)]
    if allowed:
        return st.sampled_from(list(allowed[0])) | JUNK
    if schema.type == fields.MAP and schema.schema:
        return JUNK | st.fixed_dictionaries(
            {}, optional={name: values(part)
                          for name, part in schema.schema.items()})
    if schema.type == fields.LIST and schema.schema:
        return JUNK | st.lists(values(schema.schema[0]), max_size=3)
    return {fields.LIST: st.lists(SCALARS, max_size=3),
            fields.MAP: st.dictionaries(WORDS, SCALARS, max_size=3),
            }.get(schema.type, SCALARS) | JUNK


def parts(value, path=()):
    """Yield the path of a value and of each part of it."""
    yield path
    for key, item in (value.items() if isinstance(value, dict) else
                      enumerate(value) if isinstance(value, list) else ()):
        yield from parts(item, (*path, key))


def put(whole, path, value):
    """Set a part of a value, or remove it."""
    *path, last = path
    for key in path:
        whole = whole[key]
    if value is REMOVE:
        del whole[last]
    else:
        whole[last] = value


@st.composite
def mutants(draw, field):
    """Return the example of a field, with other values in some places."""
    whole = [copy.deepcopy(field.example)]
    for _mutation in range(draw(st.sampled_from((1, 1, 2)))):
        if not isinstance(whole[0], (dict, list)) or not whole[0]:
            return draw(WORDS | SCALARS)
        inner = list(parts(whole[0], (0,)))[1:]
        put(whole, draw(st.sampled_from(inner)), draw(
            WORDS | SCALARS | st.just(REMOVE) | st.lists(WORDS, max_size=2)))
    return whole[0]


def validated(field, value):
    """Return the value that Heat makes of one in a template.

    :raises StackValidationFailed: if the validation refuses it.
    """
    made = validation.null_means_unset(heat_properties.Properties(
        validation.properties_schema([field]), {field.name: value}))
    made.validate()
    return fields.value_of(field, made)


def check(field, value):
    """Convert a value in all ways of the steps, if it is valid."""
    try:
        value = validated(field, value)
    except exception.StackValidationFailed as ex:
        # Heat's own checks raise TypeError, so the message tells.
        assert not PYTHON.search(str(ex)), str(ex)
        return
    if value is None:
        return
    json = field.to_api(value)
    field.meaning(json)
    for to_api in field.also.values():
        to_api(value)
    if field.update:
        for to_api in field.update.also.values():
            to_api(value)
    masking.masked([field], {field.name: value})
    with contextlib.suppress(errors.Refused):
        fields.check_policy([field], {field.name: value})
    list(fields.needed_apis(field, value))
    for judge in (field.exclusive, field.claims):
        if judge:
            judge(json)
    if field.refers:
        field.to_api(field.refers(value, find))
    assert not changes.changed(
        [field], {field.name: value}, {field.name: value})


def find(kind, name, make=None):
    """Find each object under its own name."""
    return (name, name) if kind in ('secret', 'config') else name


find.values = {'volume_driver': None}


class GeneratedTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        conf.group()

    def test_each_part_replaced(self):
        for spec in SPECS.values():
            for field in spec.FIELDS:
                for path in parts(field.example, (0,)):
                    for value in (REMOVE, None, '', [], {}, True, -1, 1.5,
                                  2 ** 64, 'a', ['a'], {'a': None}):
                        whole = [copy.deepcopy(field.example)]
                        put(whole, path, value)
                        for made in whole:
                            check(field, made)


def _test_of(field):
    @SETTINGS
    @hypothesis.given(st.booleans(), st.data())
    def test(self, similar, data):
        check(field, data.draw(
            mutants(field) if similar
            else values(validation.PropertySchema(field))))
    return test


for _name, _spec in SPECS.items():
    for _field in _spec.FIELDS:
        setattr(GeneratedTestCase, 'test_%s_%s' % (_name, _field.name),
                _test_of(_field))


class CreateTestCase(base.ResourceTestCase):
    """A create of a valid template is complete, or fails with plain words."""

    def setUp(self):
        super().setUp()
        self.daemon._mock.register_uri(
            requests_mock.ANY, requests_mock.ANY, text=self.answer)

    def answer(self, request, context):
        """Answer any request, with success if that is possible."""
        path = request.path.partition('/v1.')[2].partition('/')[2]
        if request.path == '/version':
            return json.dumps({'ApiVersion': '1.51', 'MinAPIVersion': '1.24'})
        if path == 'build':
            return json.dumps({'aux': {'ID': 'sha256:' + base.ID}})
        if path.endswith('/create'):
            context.status_code = 201
            return json.dumps({'Id': base.ID, 'ID': 25 * 'a', **{
                key: value for key, value in (request.json() or {}).items()
                if key in ('Name', 'Labels')}} if request.body else {})
        if path == 'containers/%s/json' % base.ID:
            return json.dumps(base.sample('container_running_v1.41'))
        if path.startswith('images/') and path != 'images/json':
            return json.dumps({**base.sample('image_all_v1.41'),
                               'Id': 'sha256:' + base.ID})
        if path in ('containers/json', 'images/json', 'networks'):
            return '[]'
        if path == 'volumes':
            return '{"Volumes": []}'
        if request.method == 'GET':
            context.status_code = 404
            return '{"message": "no such object"}'
        context.status_code = 204
        return ''

    def check_create(self, properties):
        made = self.make_resource(properties)
        try:
            self.stack.validate()
        except exception.StackValidationFailed as ex:
            self.assert_plain(str(ex).partition('error: ')[2])
            return
        runner = scheduler.TaskRunner(made.create)
        try:
            runner(timeout=base.SECONDS)
        except exception.ResourceFailure as ex:
            self.assert_plain(str(ex))
            self.assertNotIsInstance(
                ex.exc, (KeyError, TypeError, ValueError))


def _create_of(name, spec, needed):
    @SETTINGS
    @hypothesis.given(st.data())
    def test(self, data):
        self.TYPE = 'DockerInc::Docker::' + name.capitalize()
        self.NEEDED = {}
        properties = dict(needed)
        for field in data.draw(st.lists(st.sampled_from([
                field for field in spec.FIELDS if field.name not in (
                    'docker_endpoint', 'tls', 'forget_unreachable',
                    'alarm_action')]),
                min_size=1, max_size=2, unique_by=lambda field: field.name)):
            properties[field.name] = data.draw(mutants(field))
        # The log of the tests has no encoding for surrogates.
        hypothesis.assume('\\ud' not in json.dumps(properties))
        self.check_create(properties)
    return test


for _name, _needed in (('container', {'image': 'busybox:1'}),
                       ('network', {}), ('volume', {}),
                       ('secret', {'content': 'a'}),
                       ('service', {'image': 'busybox:1',
                                    'wait_for': 'none'}),
                       ('image', {'build': {'dockerfile': 'FROM busybox'}})):
    setattr(CreateTestCase, 'test_' + _name,
            _create_of(_name, SPECS[_name], _needed))
