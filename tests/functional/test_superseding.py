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

"""Updates of a stack that replace an update in progress."""

from tests.functional import base


class SupersedingTest(base.FunctionalTest):
    """Six containers, each of which has one replacement in the end."""

    NAMES = ['c%d' % number for number in range(6)]

    def containers_with(self, value, **properties):
        """Return a template whose every update replaces all containers."""
        return self.template({name: self.container(
            env=['A=' + value], **properties) for name in self.NAMES})

    def replace_by_what_waits(self, stack_id):
        """Begin an update that waits forever; return its containers."""
        before = {found['Id'] for found in self.containers(stack_id)}
        self.heat.stacks.update(stack_id, template=self.dump(
            self.containers_with('two', wait_for='healthy', healthcheck={
                'test': ['CMD', 'false'], 'interval': 600})))
        base.wait_until(
            lambda: len(self.containers(stack_id)) == 2 * len(before),
            'replacements')
        return {found['Id'] for found in self.containers(stack_id)} - before

    def expect_one_each(self, stack_id):
        self.expect(stack_id, 'UPDATE_COMPLETE')
        self.assertEqual(
            sorted(self.resource(stack_id, name).physical_resource_id
                   for name in self.NAMES),
            sorted(found['Id'] for found in self.containers(stack_id)))
        self.assertEqual({'running'}, {
            found['State'] for found in self.containers(stack_id)})

    @base.requires('health')
    def test_fails_when_it_is_superseded(self):
        """Heat lets the newer update check a resource twice."""
        stack_id = self.create_stack(self.containers_with('one'))
        waiting = self.replace_by_what_waits(stack_id)
        self.heat.stacks.update(stack_id, template=self.dump(
            self.containers_with('three')))
        for container in waiting:
            self.docker.kill(container)
        self.expect_one_each(stack_id)
