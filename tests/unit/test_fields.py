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

"""The tables of properties and attributes, and their readers."""

from heat.common import exception
from heat.engine import constraints
from heat.engine import properties
import testtools

from heat_docker import budgets
from heat_docker import changes
from heat_docker import errors
from heat_docker import fields
from heat_docker import policy
from heat_docker import validation
from heat_docker.convert import scalars

NEW = (fields.OLDEST_API[0], fields.OLDEST_API[1] + 5)


def positive(value):
    """Refuse values that are not positive."""
    if value <= 0:
        raise ValueError('%s is not positive' % value)
    return value


def field(name='a', **more):
    values = {'type': fields.STRING, 'doc': 'What it is.', 'at': name,
              'example': 'x', 'policy': policy.Free.INSIDE}
    return fields.Field(name=name, **dict(values, **more))


def validate(*table, **values):
    """Validate values like Heat does in a template."""
    checked = properties.Properties(
        validation.properties_schema(table), values)
    checked.validate()
    return checked


class SchemaTestCase(testtools.TestCase):

    def refused(self, *table, **values):
        return str(self.assertRaises(exception.StackValidationFailed,
                                     validate, *table, **values))

    def test_schema_types(self):
        for kind in (fields.STRING, fields.INTEGER, fields.BOOLEAN,
                     fields.LIST, fields.MAP):
            schema = validation.properties_schema([field(type=kind)])
            self.assertEqual(kind, schema['a'].type)

    def test_schema_description(self):
        schema = validation.properties_schema([field()])
        self.assertEqual('What it is. A change replaces the resource.',
                         schema['a'].description)

    def test_schema_description_with_version(self):
        schema = validation.properties_schema([field(since=(1, 45))])
        self.assertEqual('What it is. It requires version 1.45 of the Docker '
                         'API. A change replaces the resource.',
                         schema['a'].description)

    def test_schema_description_of_a_change(self):
        for change, words in (
                (fields.in_place('A'), 'A change is made in place, but a '
                 'removal replaces the resource.'),
                (fields.in_place('A', unset=-1),
                 'A change is made in place.'),
                (fields.in_place('A', unset=-1, since=(1, 55)),
                 'A change is made in place with version 1.55 of the Docker '
                 'API; with older versions, it replaces the resource.'),
                (fields.HEAT_ONLY, 'A change is made in place.'),
                (fields.by_step('do'), 'A change is made in place.')):
            schema = validation.properties_schema([field(change=change)])['a']
            self.assertEqual('What it is. ' + words, schema.description)
            self.assertTrue(schema.update_allowed)

    def test_schema_support_version(self):
        schema = validation.properties_schema([field(support='1.2.0')])
        self.assertEqual('1.2.0', schema['a'].support_status.version)

    def test_schema_not_updatable(self):
        self.assertFalse(
            validation.properties_schema([field()])['a'].update_allowed)

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
        """Heat shows schemas as maps, in which no value may be empty."""
        table = [field(to_api=positive), field('b', type=fields.LIST,
                 nested=properties.Schema(properties.Schema.STRING),
                 constraints=(constraints.Length(max=3),))]
        shown = {name: dict(schema) for name, schema in
                 validation.properties_schema(table).items()}
        self.assertNotIn('schema', shown['a'])
        self.assertEqual([{'length': {'max': budgets.TEXT}}],
                         shown['a']['constraints'])
        self.assertEqual([{'length': {'max': 3}}], shown['b']['constraints'])
        self.assertEqual(
            {'type': 'string', 'constraints': [
                {'length': {'max': budgets.TEXT}}]},
            {key: shown['b']['schema']['*'][key]
             for key in ('type', 'constraints')})

    def test_limit_of_a_text(self):
        self.assertIn('max: 4096', self.refused(field(), a=4097 * 'x'))
        validate(field(), a=4096 * 'x')

    def test_limit_comes_before_other_constraints(self):
        """Other messages would contain the overlong value."""
        words = self.refused(field(constraints=(
            constraints.AllowedPattern('y'),)), a=4097 * 'x')
        self.assertNotIn('xx', words)

    def test_limit_of_entries(self):
        for kind, value in (
                (fields.LIST, list(range(6))),
                (fields.MAP, {str(n): n for n in range(6)})):
            table = field(type=kind, most=5)
            self.assertIn('max: 5', self.refused(table, a=value))
            validate(field(type=kind), a=value)

    def test_limit_of_the_field(self):
        own = field(constraints=(constraints.Length(min=2, max=3),))
        self.assertEqual([{'length': {'min': 2, 'max': 3}}], [
            dict(one) for one in
            validation.properties_schema([own])['a'].constraints])

    def test_limit_of_what_is_nested(self):
        schema = properties.Schema(properties.Schema.MAP, schema={
            'b': properties.Schema(properties.Schema.STRING),
            'c': properties.Schema(properties.Schema.LIST)})
        table = field(type=fields.LIST, nested=schema)
        for item in ({'b': 4097 * 'x'}, {'c': 1001 * ['x']}):
            self.assertIn('out of range', self.refused(table, a=[item]))
        validate(table, a=[{'b': 4096 * 'x', 'c': 1000 * ['x']}])
        self.assertEqual([], schema.schema['b'].constraints)

    def test_limit_of_what_has_no_schema(self):
        table = field(type=fields.MAP, longest=9)
        for value in ({'b': 'hunter2xxx'}, {'hunter2xxx': 'b'},
                      {'b': [{'c': ['hunter2xxx']}]}):
            words = self.refused(table, a=value)
            self.assertIn('more than 9 characters', words)
            self.assertNotIn('hunter2', words)

    def test_limit_of_all_labels_together(self):
        """A list of all containers contains the labels of all projects."""
        kib = 1024 * 'x'
        few, many = ({'%s%d' % (key, n): kib for n in range(count)}
                     for key, count in (('a', 60), ('hunter2', 64)))
        mount = properties.Schema(properties.Schema.MAP, schema={
            'labels': properties.Schema(properties.Schema.MAP)})
        for table, limited in (
                (field('labels', type=fields.MAP), lambda labels: labels),
                (field('annotations', type=fields.MAP), lambda labels: labels),
                (field('new', type=fields.MAP, nested=mount.schema),
                 lambda labels: {'labels': labels}),
                (field('new', type=fields.LIST, nested=mount),
                 lambda labels: [{'labels': {key: text}}
                                 for key, text in labels.items()])):
            validate(table, **{table.name: limited(few)})
            words = self.refused(table, **{table.name: limited(many)})
            self.assertIn('has more than 65536 bytes', words)
            self.assertNotIn('hunter2', words)

    def test_limit_of_text_counts_bytes_of_json(self):
        table = field('labels', type=fields.MAP)
        for text, count in (('x', 1), ('\u20ac', 3), ('\x01', 6), ('"', 2)):
            validate(table, labels={'a': 60000 // count * text})
            self.refused(table, labels={'a': 66000 // count * text})

    def test_limit_of_text_is_not_for_files(self):
        """A file of a build may have any name, such as labels."""
        validate(field('files', type=fields.MAP), files={
            'labels': 100000 * 'x'})

    def test_limit_of_depth(self):
        value = 'x'
        for _level in range(40):
            value = [value]
        self.assertIn('more than 32 levels',
                      self.refused(field(type=fields.LIST), a=value))

    def test_limit_of_what_aliases_make(self):
        """A few lines of YAML can result in very many values."""
        value = ['x']
        for _alias in range(5):
            value = 9 * [value]
        self.assertIn('more than 20000 parts',
                      self.refused(field(type=fields.LIST), a=value))

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
        schema = validation.attributes_schema([
            fields.Attribute('a', fields.MAP, 'What it is.', cached=True),
            fields.Attribute('b', fields.STRING, 'Other.', support='1.1.0')])
        self.assertEqual(['a', 'b'], list(schema))
        self.assertEqual(fields.MAP, schema['a'].type)
        self.assertEqual('What it is.', schema['a'].description)
        self.assertEqual(schema['a'].CACHE_LOCAL, schema['a'].cache_mode)
        self.assertEqual(schema['b'].CACHE_NONE, schema['b'].cache_mode)
        self.assertEqual('1.1.0', schema['b'].support_status.version)


class MethodsTestCase(testtools.TestCase):
    """Names in the tables are checked when a class is built."""

    class Spec:
        FIELDS = (field(change=fields.by_step('do')),)
        ATTRIBUTES = (fields.Attribute('b', fields.STRING, 'It.',
                                       source='told'),
                      fields.Attribute('c', fields.STRING, 'It.'))

    def test_known_methods_pass(self):
        fields.check_names(self.Spec, {'do': None}, ['told'])

    def test_no_step(self):
        self.assertEqual('a names do, which does not exist', str(
            self.assertRaises(TypeError, fields.check_names, self.Spec, {},
                              ['told', 'do'])))

    def test_no_source(self):
        self.assertEqual('b names told, which does not exist', str(
            self.assertRaises(TypeError, fields.check_names, self.Spec,
                              {'do': None, 'told': None}, [])))


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
            'The property new requires version 1.45 of the Docker API, and '
            'the daemon at tcp://docker.test:2375 has 1.44', str(ex))

    def test_check_of_keys(self):
        key = fields.Key(fields.STRING, policy.Free.INSIDE, 'It.', since=NEW,
                         values_since={'y': (1, 50)})
        table = [field(type=fields.MAP, nested={'b': key}),
                 field('c', type=fields.LIST, since=(1, 41),
                       nested=properties.Schema(fields.MAP, schema={
                           'd': key}))]
        for values, api, words in (
                ({'a': {'b': 'x'}}, (1, 44), 'a.b requires version 1.45 of'),
                ({'a': {'b': 'y'}}, (1, 45), 'a.b requires version 1.50 of'),
                ({'c': [{}]}, (1, 40), 'c requires version 1.41 of'),
                ({'c': [{}, {'d': 'x'}]}, (1, 44),
                 'c[1].d requires version 1.45 of')):
            values = {'a': None, 'c': None, **values}
            ex = self.assertRaises(errors.Unsupported, fields.check_api,
                                   table, values, api, 'here')
            self.assertIn(words, str(ex))
            fields.check_api(table, values, (1, 50), 'here')
        for nothing in (None, ''):
            fields.check_api(table, {'a': {'b': nothing}, 'c': None}, (1, 40),
                             'here')
        self.assertEqual({NEW, (1, 50)}, fields.later_apis(table[0]))

    def test_description_of_a_key(self):
        key = fields.Key(fields.STRING, policy.Free.INSIDE, 'It.', since=NEW,
                         values_since={'y': (1, 50)})
        self.assertEqual(
            'It. It requires version 1.45 of the Docker API. The value "y" '
            'requires version 1.50 of the Docker API.', key.description)

    def test_check_as_numbers(self):
        self.assertRaises(errors.Unsupported, self.check, (1, 9), new='x')
        self.assertIsNone(self.check((1, 100), new='x'))

    def test_check_false_and_zero_are_set(self):
        for value in (0, False):
            self.assertRaises(errors.Unsupported, self.check,
                              fields.OLDEST_API, new=value)

    def test_version_text(self):
        self.assertEqual('1.41', fields.version_text((1, 41)))


class PolicyTestCase(testtools.TestCase):

    def refuse(self, value):
        self.asked.append(value)
        if value == '2':
            raise errors.Refused('2 is not allowed')

    def check(self, **values):
        self.asked = []
        table = (field(policy=self.refuse, to_api=scalars.to_string),
                 field('b', policy=self.refuse), field('c'))
        fields.check_policy(table, {**dict.fromkeys('abc'), **values})
        return self.asked

    def test_policy_of_what_is_set(self):
        self.assertEqual([], self.check())
        self.assertEqual([], self.check(a='', c=2))
        self.assertEqual(['1', False], self.check(a=1, b=False, c='2'))

    def test_policy_refuses(self):
        ex = self.assertRaises(errors.Refused, self.check, a=2)
        self.assertEqual('The property a: 2 is not allowed', str(ex))


    def test_policy_of_what_cannot_be_converted(self):
        """The value may depend on another resource."""
        def fails(value):
            raise ValueError('no')

        table = (field(policy=self.refuse, to_api=fails),
                 field('b', policy=self.refuse))
        self.asked = []
        self.assertRaises(errors.Refused, fields.check_policy, table,
                          {'a': 'x', 'b': '2'})

    def test_policy_that_fails_allows_nothing(self):
        def fails(value):
            raise ValueError('no')

        self.assertRaises(ValueError, fields.check_policy,
                          (field(policy=fails),), {'a': 'x'})


class RequestTestCase(testtools.TestCase):

    def body(self, *table, **values):
        values = dict(dict.fromkeys(one.name for one in table), **values)
        return fields.request(table, values).body

    def test_unset_is_left_out(self):
        self.assertEqual({}, self.body(field(), field('b')))

    def test_false_and_zero_are_values(self):
        for value in (False, 0):
            self.assertEqual({'a': value}, self.body(field(), a=value))

    def test_empty_values_are_none_but_where_docker_heeds_them(self):
        for value in ('', [], {}):
            self.assertEqual({}, self.body(field(), a=value))
            self.assertEqual({'a': value}, self.body(
                field(empty_counts=True), a=value))

    def test_dotted_path_nests_the_value(self):
        self.assertEqual(
            {'A': {'B': {'C': 1, 'D': 2}}, 'E': 3},
            self.body(field('c', at='A.B.C'), field('d', at='A.B.D'),
                      field('e', at='E'), c=1, d=2, e=3))

    def test_question_mark_puts_the_value_into_the_query(self):
        made = fields.request([field(at='?name'), field('b')],
                              {'a': 'x', 'b': 'y'})
        self.assertEqual(({'name': 'x'}, {'b': 'y'}),
                         (made.query, made.body))

    def test_not_sent(self):
        made = fields.request([field(at=None)], {'a': 'x'})
        self.assertEqual(({}, {}), (made.query, made.body))

    def test_to_api_converts_the_value(self):
        self.assertEqual({'a': '1'},
                         self.body(field(to_api=scalars.to_string), a=1))

    def test_also_adds_a_second_path(self):
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


class ChangeTestCase(testtools.TestCase):
    """Changes in place, and their requests."""

    TABLE = (
        field('fixed'),
        field('size', at='H.Size', type=fields.INTEGER,
              change=fields.in_place('Size', also={'Twice': scalars.double})),
        field('limit', at='H.Limit', type=fields.INTEGER,
              change=fields.in_place('Limit', unset=-1)),
        field('ours', at=None, change=fields.HEAT_ONLY),
        field('other', at='H.Other', change=fields.in_place('Some.Other'),
              to_api=int, from_api=str),
        field('step', at='?step', live_at='Step',
              change=fields.by_step('do')),
    )

    def values(self, **values):
        return {**dict.fromkeys(one.name for one in self.TABLE), **values}

    def replaces(self, *changed, **values):
        return changes.requires_replace(self.TABLE, changed,
                                       self.values(**values))

    def update(self, *changed, **values):
        return changes.update(self.TABLE, changed, self.values(**values),
                             fields.OLDEST_API)

    def test_in_place(self):
        self.assertEqual(
            {'fixed': False, 'size': True, 'limit': True, 'ours': True,
             'other': True, 'step': True},
            {one.name: one.in_place for one in self.TABLE})

    def test_changed_field_names_its_step(self):
        self.assertEqual(['do'], changes.steps(self.TABLE, {'size', 'step'}))
        self.assertEqual([], changes.steps(self.TABLE, {'size'}))

    def test_failed_update_leaves_updatable_fields_uncertain(self):
        """A failed update may or may not have removed a limit."""
        self.assertEqual({'limit', 'step'}, changes.uncertain(
            self.TABLE, self.values()))
        self.assertEqual({'size', 'limit', 'ours', 'step'}, changes.uncertain(
            self.TABLE, self.values(size=5, ours='x', fixed='y')))

    def test_only_fields_not_updatable_in_place_replace(self):
        for value in ('x', '', None):
            self.assertTrue(self.replaces('fixed', fixed=value))
            self.assertFalse(self.replaces('ours', ours=value))
            self.assertFalse(self.replaces('step', step=value))
            self.assertFalse(self.replaces(fixed=value))
        for value, expected in ((5, False), (0, True), (None, True)):
            self.assertEqual(expected, self.replaces('size', size=value))
        for value in (5, 0, None):
            self.assertFalse(self.replaces('limit', limit=value))

    def test_replaces_by_what_is_sent(self):
        self.assertTrue(self.replaces('other', other='0'))
        self.assertFalse(self.replaces('other', other='5'))

    def test_one_of_many_replaces(self):
        self.assertTrue(self.replaces('size', 'fixed', size=5, fixed='x'))
        self.assertTrue(self.replaces('size', 'limit', limit=5))
        self.assertFalse(self.replaces('size', 'limit', size=5))

    def test_update_contains_changed_fields_and_related_ones(self):
        self.assertEqual({'Size': 5, 'Twice': 10},
                         self.update('size', size=5))
        self.assertEqual({'Limit': -1}, self.update('limit'))
        self.assertEqual({'Some': {'Other': 7}},
                         self.update('other', other='7'))

    def test_update_has_what_has_not_changed(self):
        self.assertEqual(
            {'Size': 5, 'Twice': 10, 'Limit': 3},
            self.update('limit', size=5, limit=3, fixed='x', ours='y'))

    def test_update_of_nothing(self):
        self.assertEqual({}, self.update(size=5))
        self.assertEqual({}, self.update('fixed', 'ours', 'step', size=5,
                                         ours='x', step='y', fixed='z'))

    def test_update_that_older_daemons_ignore(self):
        table = (field('new', change=fields.in_place(
                     '', unset={'A': [], 'B': []}, since=(1, 55)),
                     to_api=dict),
                 field('old', change=fields.in_place('Old')))
        new = {'A': [1], 'B': []}
        for api, value, changed, body in (
                ((1, 55), new, {'new'}, new),
                ((1, 56), None, {'new'}, {'A': [], 'B': []}),
                ((1, 55), new, {'old'}, {'Old': 'x', **new}),
                ((1, 54), new, {'old'}, {'Old': 'x'}),
                ((1, 54), new, {'new'}, {})):
            values = {'new': value, 'old': 'x' if 'old' in changed else None}
            self.assertEqual(body, changes.update(table, changed, values, api))
            self.assertTrue(changes.needs_update(table, changed))
            self.assertEqual(
                {'new'} & changed if api < (1, 55) else set(),
                changes.too_new(table, changed, api))
        self.assertFalse(changes.needs_update(table, ()))

    def forgotten(self, *changed, inspected, **values):
        return changes.ignored_changes(self.TABLE, changed,
                                self.update(*changed, **values), inspected)

    def test_value_the_daemon_did_not_store_is_ignored(self):
        self.assertFalse(self.forgotten(
            'size', inspected={'H': {'Size': 5}}, size=5))
        for inspected in ({'H': {'Size': 4}}, {'H': {}}, {}):
            self.assertTrue(self.forgotten('size', inspected=inspected,
                                           size=5))

    def test_forgotten_what_has_not_changed(self):
        self.assertFalse(self.forgotten(
            'limit', inspected={'H': {'Limit': 3}}, limit=3, size=5))

    def test_forgotten_what_was_removed(self):
        """Daemons show a missing limit in several ways."""
        for shown in (-1, 0, None):
            self.assertFalse(self.forgotten(
                'limit', inspected={'H': {'Limit': shown}}))

    def test_forgotten_in_other_words(self):
        self.assertFalse(self.forgotten(
            'other', inspected={'H': {'Other': 7}}, other='7'))

    def drift(self, inspected, *more, **values):
        table = self.TABLE + more
        return changes.drift(table, {
            **dict.fromkeys(one.name for one in table), **values}, inspected)

    def test_drift_shows_differing_live_values(self):
        inspected = {'H': {'Size': 4, 'Limit': 3, 'Other': 7}, 'Step': 'x',
                     'fixed': 'y'}
        self.assertEqual({'size': 4, 'step': 'x'}, self.drift(
            inspected, size=5, limit=3, other='7', step='z', fixed='w',
            ours='v'))
        self.assertEqual({}, self.drift(inspected))

    def test_drift_of_zero(self):
        self.assertEqual({'limit': 3}, self.drift({'H': {'Limit': 3}},
                                                  limit=0))

    def test_drift_of_what_is_gone(self):
        self.assertEqual({'size': None}, self.drift({}, size=5))

    def test_drift_alike(self):
        vague = field('vague', change=fields.in_place('V'),
                      same_state=lambda one, other:
                      one.lower() == other.lower())
        self.assertEqual({}, self.drift({'vague': 'A'}, vague, vague='a'))
        self.assertEqual({'vague': 'B'}, self.drift({'vague': 'B'}, vague,
                                                    vague='a'))

    def test_drift_of_an_unknown_form_is_no_bug_of_ours(self):
        number = field('number', change=fields.in_place('N'),
                       from_api=lambda json: json['value'] + 1)
        for shown in (None, 'x', ['x'], {}, {'value': 'x'}):
            self.assertIn(
                'returned the property number in an unknown format', str(
                    self.assertRaises(errors.Failed, self.drift,
                                      {'number': shown}, number, number=1)))

    def test_drift_of_what_is_not_shown(self):
        hidden = field('hidden', change=fields.in_place('V'),
                       live_at=fields.NOT_SHOWN)
        self.assertEqual({}, self.drift({'hidden': 'A'}, hidden,
                                        hidden='a'))


class ChangedTestCase(testtools.TestCase):

    def changed(self, before, after, **more):
        return changes.changed([field(**more)], {'a': before}, {'a': after})

    def test_only_differing_values_are_changed(self):
        self.assertEqual({'a'}, self.changed(None, 'x'))
        self.assertEqual({'a'}, self.changed('x', None))
        self.assertEqual({'a'}, self.changed('x', 'y'))
        self.assertEqual(set(), self.changed('x', 'x'))

    def test_two_spellings(self):
        self.assertEqual(set(), self.changed(1, '1', to_api=scalars.to_string))
        self.assertEqual({'a'}, self.changed(
            1, '1', to_api=scalars.to_string, also={'B': scalars.identity}))

    def test_empty_values_are_none_but_where_docker_heeds_them(self):
        for value in (False, 0, '', [], {}):
            self.assertEqual(set(), self.changed(None, value))
            self.assertEqual(set(), self.changed(value, None))
            self.assertEqual({'a'}, self.changed(None, value,
                                                 empty_counts=True))

    def test_default_written_out(self):
        def default():
            return 'x'

        for before, after in ((None, 'x'), ('x', None), ('', 'x')):
            self.assertEqual(set(), self.changed(before, after,
                                                 default=default))
        self.assertEqual({'a'}, self.changed(None, 'y', default=default))

    def test_value_that_is_refused_by_now(self):
        self.assertEqual({'a'}, self.changed('x', '1',
                                             to_api=scalars.size_to_api))


class NullTestCase(testtools.TestCase):

    def values(self, *table, **values):
        return validation.null_means_unset(properties.Properties(
            validation.properties_schema(table), values))

    def test_null_is_unset(self):
        for kind in (fields.STRING, fields.LIST, fields.MAP, fields.INTEGER,
                     fields.NUMBER, fields.BOOLEAN):
            values = self.values(field(type=kind), a=None)
            values.validate()
            self.assertIsNone(values['a'])

    def test_null_in_a_map(self):
        """Keys of the schema are unset; other keys belong to the user."""
        nested = {'on': properties.Schema(fields.BOOLEAN),
                  'mode': properties.Schema(
                      fields.STRING, default='ro', constraints=[
                          constraints.AllowedValues(['ro', 'rw'])]),
                  'more': properties.Schema(fields.MAP)}
        given = {'on': None, 'mode': None, 'more': {'a': None}}
        made = {'on': None, 'mode': 'ro', 'more': {'a': None}}
        for values, expected in (
                (self.values(field(type=fields.MAP, nested=nested), a=given),
                 made),
                (self.values(field(type=fields.LIST, nested=properties.Schema(
                    fields.MAP, schema=nested)), a=[given]), [made])):
            values.validate()
            self.assertEqual(expected, values['a'])

    def test_empty_map(self):
        """Otherwise Heat would add all keys of the schema."""
        nested = {'a': properties.Schema(fields.STRING, default='b')}
        for given in ({}, {'a': None}):
            values = self.values(field(type=fields.MAP, nested=nested),
                                 a=given)
            values.validate()
            self.assertEqual({}, values['a'])

    def test_empty_text_of_a_constraint(self):
        one_of = (constraints.AllowedValues(['a']),)
        self.values(field(constraints=one_of), a='').validate()
        self.assertRaises(
            exception.StackValidationFailed, self.values(field(
                constraints=one_of, required=True), a='').validate)

    def test_null_of_what_is_needed(self):
        self.assertRaises(exception.StackValidationFailed, self.values(
            field(required=True, constraints=(constraints.Length(min=1),)),
            a=None).validate)

    def test_nothing_of_what_is_needed_in_a_map(self):
        """Heat would turn a null into an empty text, or into 0."""
        for kind, nothing in ((fields.STRING, None), (fields.STRING, ''),
                              (fields.INTEGER, None)):
            nested = {'b': properties.Schema(kind, required=True)}
            for values in (
                    self.values(field(type=fields.MAP, nested=nested),
                                a={'b': nothing}),
                    self.values(field(
                        type=fields.LIST, nested=properties.Schema(
                            fields.MAP, schema=nested)),
                        a=[{'b': nothing}])):
                error = self.assertRaises(exception.StackValidationFailed,
                                          values.validate)
                self.assertIn('b has no value', str(error))
        self.values(field(type=fields.MAP, nested={
            'b': properties.Schema(fields.INTEGER, required=True)}),
            a={'b': 0}).validate()

    def test_null_of_a_constraint(self):
        self.values(field(constraints=(constraints.Length(min=1),)),
                    a=None).validate()

    def test_empty_is_not(self):
        for kind, empty in ((fields.STRING, ''), (fields.LIST, []),
                            (fields.MAP, {}), (fields.INTEGER, 0),
                            (fields.BOOLEAN, False)):
            self.assertEqual(empty, self.values(field(type=kind),
                                                a=empty)['a'])


class ExclusiveTestCase(testtools.TestCase):

    def test_exclusive_checks_the_converted_value(self):
        table = (field(exclusive=lambda json: json == '1',
                       to_api=scalars.to_string), field('b'))
        self.assertTrue(fields.exclusive(table, {'a': 1, 'b': None}))
        self.assertFalse(fields.exclusive(table, {'a': 2, 'b': 1}))
        self.assertFalse(fields.exclusive(table, {'a': None, 'b': 1}))


class LiveTestCase(testtools.TestCase):

    def test_live_path(self):
        for more, expected in (({'at': 'A.B'}, 'A.B'), ({'at': None}, None),
                               ({'at': 'B', 'live_at': 'C.B'}, 'C.B'),
                               ({'at': '?b', 'live_at': 'B'}, 'B'),
                               ({'live_at': fields.NOT_SHOWN}, None)):
            self.assertEqual(expected, field(**more).live_path)

    def test_read_of_a_missing_path_is_none(self):
        inspected = {'A': {'B': 1, 'N': None, 'L': []}}
        for path, value in (('', inspected), ('A.B', 1), ('A.C', None),
                            ('X.Y.Z', None), ('A.B.C', None),
                            ('A.N.C', None), ('A.L.C', None)):
            self.assertEqual(value, fields.read(inspected, path), path)
