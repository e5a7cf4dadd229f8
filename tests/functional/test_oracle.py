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

"""An updated object is the same as a fresh one from the same template.

The tests are generated from the tables of properties and the tables in
``oracle_values``.
"""

from heat_docker import fields
from tests.functional import oracle
from tests.functional import oracle_values as values


class PropertyTest(oracle.OracleTest):
    """Set, change and unset each property in all possible ways."""

    def check(self, kind, name):
        field = next(field for field in values.SPECS[kind].FIELDS
                     if field.name == name)
        case = values.case(kind, field)
        if case.excuse:
            self.skipTest(case.excuse)
        self.skip_before(field.since)
        self.walk(kind, values.property_steps(kind, field))


class TiedTest(oracle.OracleTest):
    """Change properties that depend on each other in Docker."""

    def check(self, name):
        self.skip_before(values.TIED_SINCE.get(name, fields.OLDEST_API))
        self.walk('container', values.tied_steps(name))


class FailingTest(oracle.OracleTest):
    """The update after a failed update corrects its partial changes."""

    def check_rollback(self, name):
        good, bad, _other = values.FAILING[name]
        self.check_after(good, bad, good)

    def check_next(self, name):
        self.check_after(*values.FAILING[name])

    def check_after(self, good, bad, other):
        walk = oracle.Walk(self, 'container', values.Step('create', good))
        walk.fail(values.Step('bad template', bad))
        walk.go(values.Step('next template', other))
        walk.end()


for _kind, _field in values.properties():
    oracle.add_test(PropertyTest, 'check', _kind, _field.name)
for _name in values.TIED:
    oracle.add_test(TiedTest, 'check', _name)
for _name in values.FAILING:
    oracle.add_test(FailingTest, 'check_rollback', _name)
    oracle.add_test(FailingTest, 'check_next', _name)
