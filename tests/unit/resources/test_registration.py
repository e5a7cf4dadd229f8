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

"""The types that heat-engine offers, and who may use them."""

import importlib
import json
import pkgutil

import fixtures
from heat.common import exception
from heat.common import policy as heat_policy
from heat.policies import base as heat_policies
from heat.policies import resource_types
from heat.tests import utils
import mock

from heat_docker import client
from heat_docker import errors
from heat_docker import resources
from heat_docker.resources import container
from heat_docker.resources import registration
from tests.unit import base

MAPPING = {'A::B': object, 'C::D': object}


class RegistrationTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.rules = list(resource_types.resource_types_policies)
        self.patch(resource_types, 'resource_types_policies', self.rules)

    @property
    def names(self):
        return [rule.name for rule in self.rules]


class AvailableTestCase(RegistrationTestCase):

    def test_types_are_offered_if_the_library_is_usable(self):
        self.assertEqual(MAPPING, registration.available(MAPPING))
        self.assertEqual('', self.log.output)

    def test_no_type_is_offered_without_the_library(self):
        before = self.names
        with mock.patch.object(client, 'library', autospec=True,
                               side_effect=errors.Unsupported('too old')):
            self.assertEqual({}, registration.available(MAPPING))
        self.assertEqual(
            'ERROR heat_docker.resources.registration The resource types '
            'A::B, C::D are not available: too old\n', self.log.output)
        self.assertEqual(before, self.names)

    def test_every_module_offers_the_type_of_its_name(self):
        offered = {}
        for found in pkgutil.iter_modules(resources.__path__):
            module = importlib.import_module(
                '%s.%s' % (resources.__name__, found.name))
            if not hasattr(module, 'resource_mapping'):
                continue
            mapping = module.available_resource_mapping()
            self.assertEqual(module.resource_mapping(), mapping)
            [name] = mapping
            self.assertEqual('DockerInc::Docker::'
                             + found.name.title().replace('_', ''), name)
            offered.update(mapping)
        self.assertEqual(base.CLASSES, offered)


class RestrictableTestCase(RegistrationTestCase):

    def test_registered_once(self):
        for _time in range(2):
            container.available_resource_mapping()
        for name in (base.TYPE, 'DockerInc::Docker::*'):
            self.assertEqual(
                1, self.names.count('resource_types:' + name), name)

    def test_registered_rules_allow_everybody(self):
        registration.available(MAPPING)
        for rule in self.rules[-3:]:
            self.assertEqual(heat_policies.RULE_ALLOW_EVERYBODY,
                             rule.check_str)

    def test_registered_by_others(self):
        """For example by a newer Heat, or by a site's own plugin."""
        registration.available(MAPPING)
        [theirs] = [rule for rule in self.rules
                    if rule.name == 'resource_types:A::B']
        registration.available(MAPPING)
        self.assertIn(theirs, self.rules)
        self.assertEqual(len(set(self.names)), len(self.names))


class EnforcedTestCase(RegistrationTestCase):
    """The operator's policy.yaml is enforced."""

    def setUp(self):
        super().setUp()
        base.heat()
        container.available_resource_mapping()

    def enforce(self, *roles, **rules):
        path = self.useFixture(fixtures.TempDir()).join('policy.yaml')
        with open(path, 'w', encoding='utf-8') as written:
            json.dump({'resource_types:' + name: rule
                       for name, rule in rules.items()}, written)
        return heat_policy.ResourceEnforcer(policy_file=path).enforce(
            utils.dummy_context(roles=list(roles)), base.TYPE,
            is_registered_policy=True)

    def test_allowed_by_default(self):
        self.assertTrue(self.enforce('member'))

    def test_rule_of_a_type_or_of_all_types_is_enforced(self):
        for name in (base.TYPE, 'DockerInc::Docker::*'):
            rules = {name: 'role:docker'}
            self.assertTrue(self.enforce('docker', **rules))
            self.assertRaises(exception.Forbidden, self.enforce, 'member',
                              **rules)
