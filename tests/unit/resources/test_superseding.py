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

"""Updates of a stack that check a resource more than once."""

from heat.common import exception
from heat.engine import resource
from heat.objects import resource as resource_objects

from tests.unit import base


class SupersedingTestCase(base.ResourceTestCase):
    """A resource whose stack is being updated to another template."""

    def setUp(self):
        super().setUp()
        self.made = self.make_resource()
        self.new_template = self.stack.t.id
        self.made.current_template_id = self.another_template()
        self.made.action = self.made.CREATE
        self.made.store()
        self.stack.current_traversal = 'newest'
        self.stack.store()
        self.stack.convergence = True

    def another_template(self):
        older = type(self.stack.t)(self.stack.t.t, env=self.stack.t.env)
        return older.store(self.stack.context)

    def check(self):
        """Return the resource as another check loads it."""
        return resource.Resource.load(
            self.stack.context, self.made.id, 'newest', True, {})

    @property
    def row(self):
        return resource_objects.Resource.get_obj(self.stack.context,
                                                 self.made.id)

    def rows(self):
        return resource_objects.Resource.get_all_active_by_stack(
            self.stack.context, self.stack.id)

    def replace(self, made=None):
        return (made or self.made).make_replacement(self.new_template, set())

    def update(self, made):
        made.update_convergence(self.new_template, set(), 'engine', 60,
                                made.stack)

    def assert_replaced_once(self, new_id):
        self.assertEqual(new_id, self.row.replaced_by)
        self.assertEqual({self.made.id, new_id}, set(self.rows()))

    def test_check_that_begins_after_the_replacement(self):
        new_id = self.replace()
        late, *_needed = self.check()
        self.assertRaises(resource.UpdateReplace, self.update, late)
        self.assertRaises(exception.UpdateInProgress, self.replace, late)
        self.assert_replaced_once(new_id)

    def test_check_that_waits_for_the_replacement(self):
        """The check would take the lock, and lose the replacement."""
        late, *_needed = self.check()
        late._calling_engine_id = 'engine'
        late.replaced_by = None
        new_id = self.replace()
        late._atomic_key = self.row.atomic_key
        self.assertRaises(exception.UpdateInProgress, late.state_set,
                          'UPDATE', 'IN_PROGRESS', lock=late.LOCK_ACQUIRE)
        self.assert_replaced_once(new_id)

    def test_two_checks_at_once(self):
        """Neither check sees a replacement yet."""
        late, *_needed = self.check()
        made = resource.Resource.make_replacement
        first = []

        def too_late(*args):
            if not first:
                first.append(None)
                first[0] = self.replace()
            return made(*args)

        self.patch(resource.Resource, 'make_replacement', too_late)
        self.assertRaises(exception.UpdateInProgress, self.replace, late)
        self.assert_replaced_once(first[0])

    def test_signal_in_between(self):
        """A signal only changes the key by which Heat notices changes."""
        self.row.select_and_update({}, atomic_key=self.row.atomic_key)
        self.assert_replaced_once(self.replace())

    def test_replacement_that_failed(self):
        """A rollback may need another replacement for the same template."""
        failed = self.replace()
        self.rows()[failed].update_and_save({'status': 'FAILED'})
        another = self.replace()
        self.assertEqual(another, self.row.replaced_by)
        self.assertNotEqual(failed, another)

    def test_replacement_by_an_older_update(self):
        older = self.made.make_replacement(self.another_template(), set())
        newer = self.replace()
        self.assertEqual(newer, self.row.replaced_by)
        self.assertNotEqual(older, newer)

    def test_locked_by_another_check(self):
        self.row.update_and_save({'engine_id': 'other'})
        self.assertRaises(exception.UpdateInProgress, self.replace)

    def test_newer_update(self):
        """Heat then checks the resource for the newer update."""
        self.stack.current_traversal = 'older'
        self.assertIsNone(self.replace())
        self.assertEqual([self.made.id], list(self.rows()))

    def test_older_update_that_comes_late(self):
        """A late older update does not discard the newer replacement."""
        new_id = self.replace()
        late, *_needed = self.check()
        late.stack.current_traversal = 'older'
        self.assertRaises(resource.UpdateReplace,
                          late.update_convergence, self.another_template(),
                          set(), 'engine', 60, late.stack)
        self.assertRaises(exception.UpdateInProgress, late.state_set,
                          'UPDATE', 'IN_PROGRESS', lock=late.LOCK_ACQUIRE)
        self.assert_replaced_once(new_id)

    def test_deleted_with_its_replacement(self):
        """The new resource does not prevent the delete of the old one."""
        self.replace()
        self.made._calling_engine_id = 'engine'
        self.made.state_set('DELETE', 'IN_PROGRESS',
                            lock=self.made.LOCK_ACQUIRE)
        self.assertEqual('DELETE', self.row.action)
