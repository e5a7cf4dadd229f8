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

"""The tables of the functional tests that compare updates."""

import copy
import json
import pathlib

from heat_docker import fields
from heat_docker import policy
from tests.functional import oracle
from tests.functional import oracle_values as values
from tests.unit import base

PAGE = (pathlib.Path(__file__).parents[2] / 'doc' / 'source' / 'contributor'
        / 'fresh-create-oracle.rst')


class OracleTestCase(base.TestCase):

    def test_documentation_has_the_current_table(self):
        part = PAGE.read_text().split('.. begin')[1].split('.. end')[0]
        self.assertEqual(
            values.report().strip(), part.strip(),
            'run "python -m tests.functional.oracle_values"')

    def test_every_property_has_values(self):
        for kind, field in values.properties():
            if not values.case(kind, field).excuse:
                self.assertTrue(values.property_steps(kind, field))

    def test_property_that_needs_an_entry(self):
        field = fields.Field(name='new', type=fields.LIST, doc='', at=None,
                             example=[{'a': 1}], nested={},
                             policy=policy.Free.OURS)
        error = self.assertRaises(ValueError, values.case, 'volume', field)
        self.assertIn('add an entry to CASES', str(error))

    def test_no_entry_without_a_property(self):
        names = {(kind, field.name) for kind, field in values.properties()}
        shared = set(values.SHARED)
        for kind, cases in values.CASES.items():
            for name in set(cases) - shared:
                self.assertIn((kind, name), names)


class NormalTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.shown = base.sample('container_running_v1.41')
        self.endpoint = {'IPAMConfig': {'IPv4Address': '192.0.2.7'},
                         'IPAddress': '192.0.2.7', 'EndpointID': 'one',
                         'MacAddress': values.MACS[0] + '00:01',
                         'Aliases': ['web', self.shown['Id'][:12]]}
        self.shown['NetworkSettings']['Networks'] = {'net': self.endpoint}

    def differences(self, other, api=(1, 41)):
        return list(oracle.differences(
            oracle.normal('container', other),
            oracle.normal('container', self.shown), api))

    def test_what_differs_each_time(self):
        other = json.loads(json.dumps(self.shown).replace(
            self.shown['Id'], 'ab' * 32).replace(
                self.shown['Id'][:12], 'ab' * 6))
        other['State'].update(Pid=7, StartedAt='later')
        endpoint = other['NetworkSettings']['Networks']['net']
        endpoint['EndpointID'] = 'other'
        endpoint['Aliases'].reverse()
        self.assertNotEqual(self.shown, other)
        self.assertEqual([], self.differences(other))

    def test_what_is_lost(self):
        for key in ('IPAMConfig', 'MacAddress', 'Aliases'):
            other = copy.deepcopy(self.shown)
            other['NetworkSettings']['Networks']['net'].update(
                {key: '02:42:00:00:00:01' if key == 'MacAddress' else None})
            self.assertIn(key, '\n'.join(self.differences(other)))

    def test_address_that_the_daemon_has_chosen(self):
        self.endpoint['IPAMConfig'] = None
        other = copy.deepcopy(self.shown)
        other['NetworkSettings']['Networks']['net'].update(
            IPAddress='192.0.2.8')
        self.assertEqual([], self.differences(other))

    def test_known_differences_are_excused_up_to_their_version(self):
        other = copy.deepcopy(self.shown)
        other['HostConfig']['NetworkMode'] = 'other'
        self.assertEqual([], self.differences(other))
        self.assertEqual(1, len(self.differences(other, (1, 44))))
        other = copy.deepcopy(self.shown)
        self.shown['HostConfig']['PidsLimit'] = None
        for limit, differs in ((0, 0), (-1, 0), (7, 1)):
            other['HostConfig']['PidsLimit'] = limit
            self.assertEqual(differs, len(self.differences(other)), limit)
