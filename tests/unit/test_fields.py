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

"""The records of properties and attributes, and all that reads them."""

from heat.common import exception
from heat.engine import constraints
from heat.engine import properties
import testtools

from heat_docker import convert
from heat_docker import errors
from heat_docker import fields

NEW = (fields.OLDEST_API[0], fields.OLDEST_API[1] + 5)


def positive(value):
    """Refuse what is not positive."""
    if value <= 0:
        raise ValueError('%s is not positive' % value)
    return value


def field(name='a', **more):
    values = {'type': fields.STRING, 'doc': 'What it is.', 'at': name,
              'example': 'x'}
    return fields.Field(name=name, **dict(values, **more))


def validate(*table, **values):
    """Validate values as Heat does with those of a template."""
    checked = properties.Properties(fields.properties_schema(table), values)
    checked.validate()
    return checked


class SchemaTestCase(testtools.TestCase):

    def refused(self, *table, **values):
        return str(self.assertRaises(exception.StackValidationFailed,
                                     validate, *table, **values))

    def test_schema_types(self):
        for kind in (fields.STRING, fields.INTEGER, fields.BOOLEAN,
                     fields.LIST, fields.MAP):
            schema = fields.properties_schema([field(type=kind)])
            self.assertEqual(kind, schema['a'].type)

    def test_schema_description(self):
        schema = fields.properties_schema([field()])
        self.assertEqual('What it is. A change replaces the resource.',
                         schema['a'].description)

    def test_schema_description_with_version(self):
        schema = fields.properties_schema([field(since=(1, 45))])
        self.assertEqual('What it is. It needs version 1.45 of the Docker '
                         'API. A change replaces the resource.',
                         schema['a'].description)

    def test_schema_support_version(self):
        schema = fields.properties_schema([field(support='1.2.0')])
        self.assertEqual('1.2.0', schema['a'].support_status.version)

    def test_schema_not_updatable(self):
        self.assertFalse(
            fields.properties_schema([field()])['a'].update_allowed)

    def test_schema_required(self):
        self.assertIn('a not assigned', self.refused(field(required=True)))

    def test_schema_constraints_of_heat(self):
        bounded = field(type=fields.INTEGER,
                        constraints=(constraints.Range(min=3),))
        self.assertIn('2 is out of range', self.refused(bounded, a=2))
        self.assertEqual(3, validate(bounded, a=3)['a'])

    def test_schema_nested_map(self):
        nested = field(type=fields.MAP, nested={
            'b': properties.Schema(properties.Schema.STRING, required=True)})
        self.assertEqual({'b': 'x'}, validate(nested, a={'b': 'x'})['a'])
        self.refused(nested, a={})
        self.refused(nested, a={'b': 'x', 'c': 'y'})

    def test_schema_nested_list(self):
        nested = field(type=fields.LIST, nested=properties.Schema(
            properties.Schema.INTEGER))
        self.assertEqual([1, 2], validate(nested, a=[1, '2'])['a'])
        self.refused(nested, a=['x'])

    def test_schema_text_for_list(self):
        self.assertEqual(['x', 'y'], validate(
            field(type=fields.LIST, text_too=True), a='x,y')['a'])
        self.refused(field(type=fields.LIST), a='x,y')

    def test_schema_shown_to_users(self):
        """Heat shows schemas as maps, in which nothing may be empty."""
        table = [field(to_api=positive), field('b', type=fields.LIST,
                 nested=properties.Schema(properties.Schema.STRING),
                 constraints=(constraints.Length(max=3),))]
        shown = {name: dict(schema) for name, schema in
                 fields.properties_schema(table).items()}
        self.assertNotIn('constraints', shown['a'])
        self.assertEqual([{'length': {'max': 3}}],
                         [dict(one) for one in shown['b']['constraints']])
        self.assertEqual('string', shown['b']['schema']['*']['type'])

    def test_converter_refuses(self):
        words = self.refused(field(type=fields.INTEGER, to_api=positive),
                             a=-1)
        self.assertIn('-1 is not positive', words)
        self.assertIn('a', words.split(':')[1])

    def test_converter_after_constraints(self):
        both = field(type=fields.INTEGER, to_api=positive,
                     constraints=(constraints.Range(min=3),))
        self.assertIn('out of range', self.refused(both, a=-1))
        self.assertEqual(3, validate(both, a=3)['a'])

    def test_converter_gets_no_empty_values(self):
        def fails(value):
            raise ValueError('called')

        for kind, empty in ((fields.STRING, ''), (fields.LIST, []),
                            (fields.MAP, {})):
            for value in (empty, None):
                refusing = field(type=kind, to_api=fails)
                self.assertEqual(empty, validate(refusing, a=value)['a'])

    def test_converter_gets_false_and_zero(self):
        for kind, value in ((fields.INTEGER, 0), (fields.BOOLEAN, False)):
            self.assertIn('is not positive', self.refused(
                field(type=kind, to_api=positive), a=value))

    def test_attributes_schema(self):
        schema = fields.attributes_schema([
            fields.Attribute('a', fields.MAP, 'What it is.', cached=True),
            fields.Attribute('b', fields.STRING, 'Other.', support='1.1.0')])
        self.assertEqual(['a', 'b'], list(schema))
        self.assertEqual(fields.MAP, schema['a'].type)
        self.assertEqual('What it is.', schema['a'].description)
        self.assertEqual(schema['a'].CACHE_LOCAL, schema['a'].cache_mode)
        self.assertEqual(schema['b'].CACHE_NONE, schema['b'].cache_mode)
        self.assertEqual('1.1.0', schema['b'].support_status.version)


class ApiTestCase(testtools.TestCase):

    TABLE = (field('old'), field('new', since=NEW))

    def check(self, api, **values):
        values = dict({'old': None, 'new': None}, **values)
        fields.check_api(self.TABLE, values, api, 'tcp://docker.test:2375')

    def test_check_unset(self):
        self.assertIsNone(self.check(fields.OLDEST_API, old='x'))

    def test_check_new_enough(self):
        for api in (NEW, (NEW[0], NEW[1] + 1), (NEW[0] + 1, 0)):
            self.assertIsNone(self.check(api, new='x'))

    def test_check_too_old(self):
        ex = self.assertRaises(errors.Unsupported, self.check,
                               (NEW[0], NEW[1] - 1), old='x', new='x')
        self.assertEqual(
            'The property new needs version 1.45 of the Docker API, and the '
            'daemon at tcp://docker.test:2375 has 1.44', str(ex))

    def test_check_as_numbers(self):
        self.assertRaises(errors.Unsupported, self.check, (1, 9), new='x')
        self.assertIsNone(self.check((1, 100), new='x'))

    def test_check_empty_values_are_set(self):
        for value in ('', 0, False, [], {}):
            self.assertRaises(errors.Unsupported, self.check,
                              fields.OLDEST_API, new=value)

    def test_version_text(self):
        self.assertEqual('1.41', fields.version_text((1, 41)))


class RequestTestCase(testtools.TestCase):

    def body(self, *table, **values):
        values = dict(dict.fromkeys(one.name for one in table), **values)
        return fields.request(table, values).body

    def test_unset_is_left_out(self):
        self.assertEqual({}, self.body(field(), field('b')))

    def test_only_none_is_unset(self):
        for value in (False, 0, '', [], {}):
            self.assertEqual({'a': value}, self.body(field(), a=value))

    def test_path(self):
        self.assertEqual(
            {'A': {'B': {'C': 1, 'D': 2}}, 'E': 3},
            self.body(field('c', at='A.B.C'), field('d', at='A.B.D'),
                      field('e', at='E'), c=1, d=2, e=3))

    def test_query(self):
        made = fields.request([field(at='?name'), field('b')],
                              {'a': 'x', 'b': 'y'})
        self.assertEqual(({'name': 'x'}, {'b': 'y'}),
                         (made.query, made.body))

    def test_not_sent(self):
        made = fields.request([field(at=None)], {'a': 'x'})
        self.assertEqual(({}, {}), (made.query, made.body))

    def test_converted(self):
        self.assertEqual({'a': '1'},
                         self.body(field(to_api=convert.text), a=1))

    def test_also(self):
        self.assertEqual(
            {'a': {'x': 1}, 'B': {'C': ['x']}},
            self.body(field(also={'B.C': list}), a={'x': 1}))

    def test_maps_merged_in_any_order(self):
        table = (field('one', at='M'), field('two', at='N',
                                             also={'M': dict}))
        for order in (table, table[::-1]):
            self.assertEqual(
                {'M': {'x': 1, 'y': 2}, 'N': {'y': 2}},
                self.body(*order, one={'x': 1}, two={'y': 2}))

    def test_merging_leaves_the_values(self):
        one = {'x': 1}
        self.body(field('one', at='M', to_api=dict),
                  field('two', at='M', to_api=dict), one=one, two={'y': 2})
        self.assertEqual({'x': 1}, one)


class LiveTestCase(testtools.TestCase):

    def test_live(self):
        table = (field('a', at='A.B'), field('b', at='B', live_at='C.B'),
                 field('c', at=None), field('d', at='?d', live_at='D',
                                            from_api=convert.or_empty))
        self.assertEqual(
            {'a': 1, 'b': 2, 'd': []},
            fields.live(table, {'A': {'B': 1}, 'C': {'B': 2}, 'D': None}))

    def test_live_round_trip(self):
        table = (field('a', at='A.B'), field('b', at='B'))
        values = {'a': 'x', 'b': 0}
        self.assertEqual(values, fields.live(
            table, fields.request(table, values).body))

    def test_read(self):
        inspected = {'A': {'B': 1, 'N': None, 'L': []}}
        for path, value in (('', inspected), ('A.B', 1), ('A.C', None),
                            ('X.Y.Z', None), ('A.B.C', None),
                            ('A.N.C', None), ('A.L.C', None)):
            self.assertEqual(value, fields.read(inspected, path), path)
