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

"""The life of one resource, as Heat with convergence leads it.

There is no heat-engine: Heat's tasks run the handlers, with a database in
memory.
"""

import uuid

from heat.common import exception
from heat.engine import resource
from heat.objects import resource as resource_objects
from heat.tests import utils

from tests.functional import oracle
from tests.functional import oracle_values as values

NAME = 'web'


class Life:
    """A resource, and those that it replaces.

    An action raises ``exception.HeatException`` if it fails.

    :ivar stack: its stack.
    :ivar rows: the resources in the database, the newest one last.
    :ivar wanted: the properties after the last successful action.
    :ivar is_down: whether the last successful action was a suspend.
    """

    def __init__(self, test, kind, properties, member=None):
        """Store a stack with one resource.

        :param test: a :class:`tests.faults.base.FaultTest`.
        :param kind: key of :data:`tests.functional.oracle_values.TYPES`.
        :param dict properties: of the resource.
        :param dict member: properties of a container that uses it.
        """
        self._test = test
        self.kind = kind
        definitions = {NAME: {'type': values.TYPES[kind],
                              'properties': properties}}
        if member:
            definitions['member'] = {'type': values.TYPES['container'],
                                     'properties': member}
        self.stack = utils.parse_stack({
            'heat_template_version': '2021-04-16', 'resources': definitions},
            stack_name='faults-' + uuid.uuid4().hex[:12])
        self.rows = [self.stack[NAME]]
        self.rows[0].store()
        self.wanted = properties
        self.is_down = False
        self.snapshots = []
        self._member = member and self.stack['member']

    @property
    def made(self):
        """The newest resource."""
        return self.rows[-1]

    @property
    def member(self):
        """The container that uses it, or None."""
        return self._member

    def act(self, action, *arguments):
        """Carry out an action."""
        getattr(self, action.replace('-', '_'))(*arguments)

    def create(self):
        """Create the resource."""
        self.made.validate()
        self._run(self.made.create)

    def join(self):
        """Create the container that uses it."""
        self._member.store()
        self._run(self._member.create)

    def update(self, properties, action='UPDATE'):
        """Update the resource, and replace it if necessary."""
        self._begin(action)
        old, after = self.made, self.made.t.freeze(properties=properties)
        try:
            self._run(lambda: old.update(after))
        except resource.UpdateReplace:
            self._replace(old, after)
        self.wanted, self.is_down = properties, False
        self._clean_up()

    def rollback(self):
        """Return to the resource before the one that failed."""
        self._begin('ROLLBACK')
        [*_older, old, _new] = self.rows
        self.rows.remove(old)
        self.rows.append(old)
        old.restore_prev_rsrc(convergence=True)
        old.replaced_by = None
        row = resource_objects.Resource.get_obj(old.context, old.id)
        row.update_and_save({'replaced_by': None})
        self.update(self.wanted, 'ROLLBACK')

    def suspend(self):
        """Suspend the stack."""
        self._begin('SUSPEND')
        self._run(self.made.suspend)
        self.is_down = True

    def resume(self):
        """Resume the stack."""
        self._begin('RESUME')
        self._run(self.made.resume)
        self.is_down = False

    def check(self):
        """Check the stack."""
        self._begin('CHECK')
        self._run(self.made.check)

    def snapshot(self):
        """Take a snapshot of the stack."""
        self._begin('SNAPSHOT')
        self._run(self.made.snapshot)
        self.snapshots.append(dict(self.made.data()))

    def delete_snapshot(self):
        """Delete the snapshot."""
        self.made.handle_delete_snapshot(
            {'resource_data': self.snapshots[-1]})
        self.snapshots.pop()

    def restore(self):
        """Restore the stack from the snapshot."""
        restored = self.made.handle_restore(
            self.made.t, {'resource_data': self.snapshots[-1]})
        self.update(dict(restored._properties), 'RESTORE')

    def adopt(self):
        """Adopt the object that the test has made."""
        self._begin('ADOPT')
        self._run(lambda: self.made.adopt({
            'resource_id': self._test.adopted, 'resource_data': {}}))

    def signal(self, details):
        """Send a signal."""
        self.made.handle_signal(details)

    def delete(self):
        """Delete the stack."""
        self._begin('DELETE')
        if self._member is not None and (
                self._member.id is not None):
            self._run(self._member.delete)
            self._member = None
        for row in self.rows[::-1]:
            self._run(row.delete)

    def delete_but_keep(self):
        """Delete the stack; a snapshot remains."""
        self._begin('DELETE')
        made = self.made
        definition = made.t.freeze(deletion_policy='Snapshot')
        made.t = definition
        self._run(made.delete)

    def _begin(self, action):
        """Begin an action of the stack."""
        self.stack.state_set(action, self.stack.IN_PROGRESS, 'begun')

    def _replace(self, old, after):
        new = oracle.replacement(old, after)
        self.rows.append(new)
        self._run(new.create)

    def _clean_up(self):
        """Delete the resources that were replaced."""
        for row in self.rows[:-1]:
            self._run(row.delete)
            self.rows.remove(row)

    def _run(self, task):
        self._test.run_task(task)


FAILURES = (exception.HeatException, exception.ResourceFailure)
