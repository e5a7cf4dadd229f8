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

"""Secrets in property values, and where they are masked."""

import time

from heat.common import exception
from heat.engine import properties
import testtools

from heat_docker import fields
from heat_docker import masking
from heat_docker import policy
from heat_docker import validation
from heat_docker.convert import process
from heat_docker.convert import scalars
from heat_docker.specs import container


def field(name='a', **more):
    return fields.Field(**{'name': name, 'type': fields.STRING, 'doc': '',
                           'at': 'A', 'example': 'x',
                           'policy': policy.Free.TEXT, **more})


class MaskedTestCase(testtools.TestCase):

    TABLE = (field('a'), field('b', mask=lambda value: value.upper()),
             field('c', mask=lambda value: [one['x'] for one in value]))

    def masked(self, values):
        return masking.masked(self.TABLE, values)

    def test_nested_values_are_masked_where_they_are(self):
        self.assertEqual({'a': 'x', 'b': 'Y', 'c': ['z']}, self.masked(
            {'a': 'x', 'b': 'y', 'c': [{'x': 'z'}]}))

    def test_masked_of_what_is_unset(self):
        for values in ({}, {'a': None}, {'b': None, 'c': None},
                       {'b': '', 'c': []}):
            self.assertEqual(values, self.masked(values))

    def test_masked_of_another_type(self):
        """Values from other resources may have another type."""
        for wrong in (7, True, ['y'], {'y': 'z'}):
            self.assertEqual({'b': '***'}, self.masked({'b': wrong}))
        for wrong in ('hunter2', ['hunter2'], [['hunter2']], 7):
            self.assertEqual({'c': '***'}, self.masked({'c': wrong}))

    def test_masked_leaves_the_values(self):
        values = {'b': 'y'}
        self.masked(values)
        self.assertEqual({'b': 'y'}, values)


class InspectedTestCase(testtools.TestCase):

    def inspected(self, shown, *table):
        return masking.inspected(table or container.FIELDS, shown)

    def test_where_a_mask_says(self):
        """A new property with a mask is masked without other changes."""
        table = (field(at='A.B', mask=lambda value: '***'), field(at='A.C'),
                 field(at='X', live_at='D', mask=lambda value: '***'),
                 field(at=None, mask=lambda value: '***'),
                 field(at='E', live_at=fields.NOT_SHOWN,
                       mask=lambda value: '***'))
        shown = {'A': {'B': 'x', 'C': 'y'}, 'D': ['z'], 'X': 1, 'E': 2}
        self.assertEqual(
            {'A': {'B': '***', 'C': 'y'}, 'D': '***', 'X': 1, 'E': 2},
            self.inspected(shown, *table))

    def test_secrets_of_an_inspected_container_are_masked(self):
        mount = {'Type': 'volume', 'Target': '/a', 'Source': 'vol',
                 'VolumeOptions': {'Labels': {'l': 'm'}, 'DriverConfig': {
                     'Name': 'local', 'Options': {'o': 'password=hunter2'}}}}
        shown = {
            'Id': 'x', 'Config': {'Env': ['A=hunter2', 'B'], 'Tty': True},
            'HostConfig': {
                'LogConfig': {'Type': 'splunk',
                              'Config': {'splunk-token': 'hunter2'}},
                'Mounts': [mount, {'Type': 'bind', 'Source': '/b',
                                   'Target': '/b', 'ReadOnly': True}]}}
        self.assertEqual({
            'Id': 'x', 'Config': {'Env': ['A=***', 'B=***'], 'Tty': True},
            'HostConfig': {
                'LogConfig': {'Type': 'splunk',
                              'Config': {'splunk-token': '***'}},
                'Mounts': [
                    {**mount, 'VolumeOptions': {
                        'Labels': {'l': 'm'}, 'DriverConfig': {
                            'Name': 'local', 'Options': {'o': '***'}}}},
                    shown['HostConfig']['Mounts'][1]]}},
            self.inspected(shown))
        self.assertIn('hunter2', str(shown))

    def test_of_what_is_missing(self):
        for shown in ({}, {'Config': None}, {'Config': {'Env': None}},
                      {'HostConfig': {'LogConfig': {}}}, {'HostConfig': 7}):
            self.assertEqual(shown, self.inspected(shown))

    def test_of_another_shape(self):
        for config in ({'Env': ['=hunter2']}, {'Env': 'hunter2'},
                       {'Env': {'A': 'hunter2'}}, {'Env': [['hunter2']]},
                       {'Env': 7}):
            shown = self.inspected({'Config': config})
            self.assertNotIn('hunter2', str(shown))
        for mounts in ([{'Type': 'npipe', 'Target': '/a', 'Options': {
                           'o': 'hunter2'}}], ['hunter2'], {'a': 'hunter2'}):
            shown = self.inspected({'HostConfig': {'Mounts': mounts}})
            self.assertNotIn('hunter2', str(shown))


class SecretsTestCase(testtools.TestCase):

    TABLE = (field(), field('env', type=fields.LIST, mask=process.env_masked),
             field('opts', type=fields.MAP, mask=scalars.map_masked))

    def secrets(self, **values):
        return masking.secrets(self.TABLE, values)

    def test_what_masks_hide(self):
        self.assertEqual({'hunter2', 'x=y=z'}, self.secrets(
            a='plain', env=['A=hunter2', 'B=x=y=z', 'NAME', 'C='],
            opts=None))

    def test_single_options(self):
        self.assertEqual(
            {'addr=h,username=root,password=hunter2,vers=3', 'addr=h',
             'username=root', 'password=hunter2', 'root', 'hunter2',
             'vers=3'},
            self.secrets(opts={
                'o': 'addr=h,username=root,password=hunter2,vers=3'}))

    def test_what_is_shown_elsewhere_is_none(self):
        self.assertEqual({'hunter2'}, self.secrets(
            a='/data from 8080', env=['A=/data', 'PORT=8080', 'B=hunter2']))
        self.assertEqual({'hunter2'}, self.secrets(
            a='hunter22', env=['B=hunter2']))

    def test_forty_thousand_secrets_take_less_than_five_seconds(self):
        """A template has at most a million characters."""
        env = ['A%d=%s' % (number, ','.join(
            'a=%05d' % (100 * number + option) for option in range(100)))
            for number in range(400)]
        before = time.process_time()
        found = self.secrets(a='word ' * 20_000, env=env)
        self.assertGreater(len(found), 40_000)
        self.assertEqual('no *** here', masking.without(
            'no a=00017 here', found))
        self.assertLess(time.process_time() - before, 5.0)

    def test_what_is_too_short_is_none(self):
        self.assertEqual(set(), self.secrets(env=['DEBUG=1', 'A=yes', 5]))

    def test_of_another_type(self):
        for wrong in ('A=hunter2', {'A': {'B': 'A=hunter2'}},
                      [['A=hunter2']]):
            self.assertIn('A=hunter2', self.secrets(env=wrong))

    def test_secrets_are_replaced_however_they_are_quoted(self):
        self.assertEqual('a "***", b', masking.without(
            'a "hunter22", b', ['hunter2', 'hunter22']))
        self.assertEqual('option allowed_bind_sources: ***', masking.without(
            'option allowed_bind_sources: bind', ['bind']))
        for secret in ("it's\n", 'it\\"s', 'größe'):
            for words in (secret, '%r' % secret, '%r' % [secret]):
                self.assertNotIn(secret, masking.without(words, [secret]))
                self.assertNotIn(repr(secret)[1:-1],
                                 masking.without(words, [secret]))


class AboutTestCase(testtools.TestCase):
    """Messages stay readable if a secret is one of their words."""

    def refused(self, **values):
        table = [one for one in container.FIELDS if one.name in values]
        given = validation.null_means_unset(properties.Properties(
            validation.properties_schema(table), values))
        return str(self.assertRaises(exception.StackValidationFailed,
                                     given.validate))

    def test_words_of_the_message(self):
        for values, words in (
                ({'files': [{'path': '/a', 'content': '0644', 'mode': '9'}]},
                 'in quotes, such as "0644"'),
                ({'files': [{'path': '/a', 'content': 'octal', 'mode': '9'},
                            {'path': '/b', 'content': 'leading'}]},
                 'is an octal number with a leading zero'),
                ({'files': [{'path': '/a', 'content': 'either',
                             'content_base64': 'content'}]},
                 'the file /a requires either content or content_base64'),
                ({'env': {'A': 'list', 'B': 'is'}},
                 "{'A': '***', 'B': '***'}\" is not a list"),
                ({'env': ['A=does', 'B=begin', '=environment']},
                 'entry 3 does not begin with the name of an environment'),
                ({'log_options': ['map']}, "***']\" is not a map"),
                ({'registry_auth': {'username': 'a', 'password': 'must',
                                    'identity_token': 'required'}},
                 'either username and password or identity_token is '
                 'required')):
            self.assertIn(words, self.refused(**values))

    def test_secrets_in_the_message(self):
        for value, words in (
                ({'A': "hunter2\n'"}, 'is not a list'),
                ([{'A': 'hunter2'}], 'entry 1 is not a string'),
                ('hunter2', 'is not a list')):
            refused = self.refused(env=value)
            self.assertIn(words, refused)
            self.assertNotIn('hunter2', refused)

    def test_message_that_depends_on_the_secret(self):
        """Without the secret, there is no message or another one."""
        secret = field(mask=lambda value: '***')
        for again in (lambda value: None, lambda value: 'other',
                      lambda value: 'a list of ' + value[:2]):
            self.assertEqual('a list of ***', masking.about(
                secret, 'hunter2', 'a list of hunter2', again))
