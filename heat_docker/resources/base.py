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

"""The hooks that Heat calls, and the plans that they carry out."""

import math
import time
import typing

from heat.common import exception
from heat.engine import resource
from oslo_log import log as logging

from .. import changes
from .. import errors
from .. import fields
from .. import i18n
from .. import policy
from .. import validation
from ..lifecycle import creation
from ..lifecycle import plan
from ..lifecycle import records
from . import attributes
from . import neighbors
from . import tables

_ = i18n._

LOG = logging.getLogger(__name__)

# Seconds that a daemon may be unreachable: during a create by default, and
# during any other action.
_ENDPOINT_TIMEOUT = 300.0
_UNREACHABLE_TIMEOUT = 60.0

# Seconds that Heat waits between two polls.
_POLL = 1.0

# How often a request is sent if its response is lost.
_ATTEMPTS = 3


class DockerResource(attributes.ShowingResource):
    """Base class of the types.

    A type defines ``spec`` (its table), ``object_class``, and the methods that
    return plans. Only ``delete_plan`` has no default.

    The bases of this class add one thing each: ``resource.Resource`` of Heat,
    updates that overlap (:mod:`superseding`), the daemon (:mod:`daemon`),
    events (:mod:`events`), attributes (:mod:`attributes`).

    :cvar update_steps: map of the name of a step in a field's ``change`` to a
        function that takes the resource and a Context, and returns the step.
    """

    # By default, Heat replaces every resource whose check has failed. This
    # destroys the files of a volume, although the daemon may only have been
    # unreachable.
    always_replace_on_check_failed = False

    update_steps: dict[str, typing.Callable] = {}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.update_steps = {'move': lambda made, ctx: creation.Move(),
                            **cls.update_steps}
        if cls.spec is not None:
            fields.check_names(cls.spec, cls.update_steps, dir(cls))

    def __init__(self, name, definition, stack):
        super().__init__(name, definition, stack)
        # Action and status before an update; see state_set.
        self._state_before = None

    # Plans.

    def create_plan(self, values) -> list[plan.Step]:
        """Return the steps that create the object."""
        return [creation.Create()]

    def finish_plan(self, ctx, planned) -> list[plan.Step]:
        """Return the steps that finish an object after a failed action.

        By default, this checks that the object exists.

        :param planned: the steps that come before.
        """
        return [creation.Check()]

    # Of a type whose objects can conflict with their replacement: the record
    # that an object has stepped aside, the function that takes a Context and
    # makes it do so, and the step that restores it.
    aside_record: type[records.Record] | None = None
    step_aside: typing.Callable[[plan.Context], None] | None = None
    step_back: type[plan.Step] | None = None

    def has_stepped_aside(self):
        """Return whether the object gave way to a replacement."""
        return self.aside_record is not None and (
            self.records.holds(self.aside_record))

    def step_back_plan(self) -> list[plan.Step]:
        """Return the steps that restore an object that has stepped aside."""
        return [self.step_back()] if (
            self.step_back is not None and self.has_stepped_aside()) else []

    def check_plan(self) -> list[plan.Step]:
        """Return the steps that fail unless the object works."""
        return [creation.Check()]

    def update_step(self) -> plan.Step:
        """Return the step that sends Docker's update request."""
        return creation.Update()

    def suspend_plan(self, values) -> list[plan.Step]:
        """Return the steps of a suspend; by default, there are none."""
        return []

    def resume_plan(self, values) -> list[plan.Step]:
        """Return the steps of a resume; by default, there are none."""
        return []

    def delete_plan(self, values) -> list[plan.Step]:
        """Return the steps that remove the object, once it is found."""
        raise NotImplementedError()

    def _plan(self, steps):
        """Return a plan; with an external_id, an empty one."""
        return plan.Plan(self.plan_context(), [] if (
            self.external_id is not None) else self._confirmed(steps))

    def _confirmed(self, steps):
        """Return steps that first check that the project owns the object.

        The object may be in another swarm than the one that a step looks in.
        """
        if steps and self.resource_id is not None and policy.is_shared() and (
                not any(isinstance(step, creation.Move) for step in steps)):
            return [creation.Check(), *steps]
        return steps

    def plan_context(self, values=None, changed: typing.Collection[str] = (),
                     before: plan.Before | None = None) -> plan.Context:
        """Return the Context of the steps of a plan.

        :param values: of the properties after the action. By default, they do
            not change.
        :param changed: names of the properties that change.
        :param plan.Before before: state before the action; by default, now.
        """
        if values is None:
            values = self.properties
        return plan.Context(
            object=self.object, action=self.action, fields=self.spec.FIELDS,
            values=values, properties=self.properties, changed=changed,
            records=self.records, before=before or self.before(),
            neighbors=neighbors.Neighbors(self),
            connect=lambda: self.connect(values), event=self.add_event,
            give_up=lambda ex: self._give_up(ex, values),
            patience=lambda: self._patience(values),
            may_sleep=self.may_sleep)

    def before(self):
        """Return the state of the resource before the action."""
        action, status = self._state_before or (self.action, self.status)
        failed = status == self.FAILED
        # A failed resume of the stack may not have reached this resource.
        suspended = action == self.SUSPEND or (
            failed and action == self.RESUME)
        return plan.Before(
            update_failed=failed and action == self.UPDATE,
            suspended=suspended,
            unfinished=failed or suspended or self.has_stepped_aside())

    def may_sleep(self):
        """Return whether no other resource of the stack waits for this poll.

        Without convergence, Heat polls all resources in one thread. Before
        version 26, Heat does the same in each suspend and resume. Only a
        resource in its own thread knows which engine called it:
        https://github.com/openstack/heat/blob/master/heat/engine/scheduler.py.
        """
        return getattr(self, '_calling_engine_id', None) is not None

    def _patience(self, values):
        """Return how many seconds the daemon may be unreachable."""
        timeout = values['endpoint_timeout']
        if timeout is None:
            timeout = _ENDPOINT_TIMEOUT
        if self.action == self.CREATE:
            return timeout
        return min(timeout, _UNREACHABLE_TIMEOUT)

    def _give_up(self, ex, values):
        """Raise, unless a delete may leave the object on its daemon."""
        if self.action != self.DELETE:
            raise ex
        if not values['forget_unreachable']:
            raise type(ex)(_(
                '%s. Restore the daemon and delete the stack again, or ask '
                'the operator to add its URL to forgotten_endpoints') % ex
            ) from ex
        self._report_left(ex)

    def _report_left(self, why):
        """Add an event: the daemon may retain the object."""
        self.add_event(_('%(why)s. It may still have %(object)s')
                       % {'why': why, 'object': self.resource_id})

    def _advance(self, running):
        """Continue a plan and return whether it is complete.

        :param plan.Plan running: the result of the ``handle_`` hook.
        :raises resource.PollDelay: to delay the next poll.
        :raises resource.UpdateReplace: to have Heat replace the resource.
        """
        self.forget_live_state()
        try:
            result = running.advance()
        except plan.Replace as ex:
            raise resource.UpdateReplace(self.name) from ex
        if isinstance(result, plan.After):
            if result.seconds > _POLL:
                raise resource.PollDelay(math.ceil(result.seconds))
            return False
        return result

    def _cancel(self, running):
        running.cancel()

    # Heat calls the first six until they return True, and one of the others to
    # cancel the action.
    check_create_complete = _advance
    check_update_complete = _advance
    check_delete_complete = _advance
    check_check_complete = _advance
    check_suspend_complete = _advance
    check_resume_complete = _advance
    handle_create_cancel = _cancel
    handle_update_cancel = _cancel
    handle_delete_cancel = _cancel
    handle_suspend_cancel = _cancel
    handle_resume_cancel = _cancel

    # Validation.

    def check_known_values(self):
        """Reject an endpoint that is not allowed, and other values."""
        if self.are_known('docker_endpoint', 'tls'):
            self.endpoint_of(self.properties)
        super().check_known_values()

    def validate_external(self):
        """Reject an external_id that the daemon does not know."""
        if self.external_id is None:
            return
        # Heat creates a resource with an external_id without waiting for
        # others, so values from other resources are not known, neither now
        # nor during the create:
        # https://opendev.org/openstack/heat/src/branch/master/heat/engine/rsrc_defn.py
        if not self.are_known('docker_endpoint', 'tls'):
            raise exception.StackValidationFailed(message=_(
                'external_id %s: docker_endpoint and tls cannot come from '
                'another resource, because Heat creates a resource with an '
                'external_id without waiting for others. Use parameters '
                'instead') % self.external_id)
        self.resource_id = self.external_id
        try:
            self._refuse_others(self._show_resource())
        except exception.HeatException as ex:
            raise exception.StackValidationFailed(
                message=_('external_id %(id)s: %(why)s')
                % {'id': self.external_id, 'why': ex}) from ex

    def _refuse_others(self, inspected):
        """Raise if the object may belong to another project."""
        # Labels may have a form that Docker does not have.
        with self.connect():
            self.object.refuse_foreign(inspected)
            self.object.refuse_unowned(inspected)

    # Actions.

    def handle_create(self):
        """Return the plan of the create."""
        self.check_rules(self.properties)
        return self._plan(self.create_plan(self.properties))

    def handle_check(self):
        """Return the plan of the check, even with an external_id."""
        if self.resource_id is None:
            raise exception.Error(_('It was never created'))
        return plan.Plan(self.plan_context(), self.check_plan())

    def handle_suspend(self):
        """Return the plan of the suspend."""
        return self._plan(self.suspend_plan(self.properties))

    def handle_resume(self):
        """Return the plan of the resume."""
        return self._plan(self.resume_plan(self.properties))

    def handle_delete(self):
        """Return the plan of the delete.

        Without a create request, the delete needs no daemon.
        """
        if not creation.may_exist(self.object) or self._is_forgotten():
            return plan.Plan(self.plan_context(), [])
        steps = self.delete_plan(self.properties)
        find = creation.Find([step for step in steps
                              if not step.NEEDS_OBJECT])
        return plan.Plan(self.plan_context(), [find, *steps])

    def _is_forgotten(self):
        """Return whether the operator has forgotten it; add an event."""
        url = self.forgotten_url()
        if url is None:
            return False
        self._report_left(_('The operator has listed Docker at %s in '
                            'forgotten_endpoints') % url)
        return True

    # Updates.

    def _needs_update(self, after, before, after_props, before_props,
                      *args, **kwargs):
        """Return whether an update has anything to do.

        If the template has not changed, Heat would otherwise mark a failed
        resource as complete, and also one that has stepped aside for a failed
        replacement.

        :raises resource.UpdateReplace: if it has to be replaced.
        """
        for values in (after_props, before_props):
            validation.null_means_unset(values)
        if self.records.holds(records.Unhealthy) and (
                self.may_replace_unhealthy(after_props)):
            raise resource.UpdateReplace(self)
        unfinished = self.before().unfinished
        return super()._needs_update(
            after, before, after_props, before_props,
            *args, **kwargs) or unfinished

    def may_replace_unhealthy(self, values):
        """Return whether a mark as unhealthy may replace the object.

        :param values: properties after the update.
        """
        return True

    def handle_update(self, json_snippet, tmpl_diff, prop_diff):
        """Return the plan that changes the object in place."""
        values, before = self.values_in(json_snippet), self.before()
        changed = set(prop_diff)
        self._check_change(changed, values)
        if before.update_failed:
            # It is not known which of its changes a failed update has made.
            changed |= changes.uncertain(self.spec.FIELDS, values)
        ctx = self.plan_context(values, changed, before)
        steps, back = self._update_plan(ctx), []
        if before.unfinished:
            back = self.step_back_plan()
            steps += self.finish_plan(ctx, back + steps)
            if self.resource_id is None:
                back.insert(0, creation.Recover())
        # The step that restores an object checks by itself whether it exists.
        return plan.Plan(ctx, back + self._confirmed(steps))

    def _update_plan(self, ctx):
        """Return the steps that change properties."""
        steps = []
        if changes.needs_update(ctx.fields, ctx.changed):
            steps.append(self.update_step())
        steps += [self.update_steps[name](self, ctx)
                  for name in changes.steps(ctx.fields, ctx.changed)]
        return [creation.CheckSupported(), *steps] if steps else []

    def _check_change(self, changed, values):
        """Raise if the operator or a rule does not allow a change.

        Values that do not change stay allowed, like the endpoint. A value from
        another resource was not known during the validation.
        """
        with tables.errors_of_heat():
            fields.check_policy([field for field in self.spec.FIELDS
                                 if field.name in changed], values)
        self.check_rules(values, changed)

    def state_set(self, action, status, reason='state changed', **kwargs):
        """Set the state, and keep facts that Heat overwrites or omits.

        When an update begins, Heat overwrites the state that the last action
        left, before it calls handle_update.

        Heat uses the same state for a failed check and for "openstack stack
        resource mark unhealthy". Only before the former, a check was in
        progress.
        """
        check_failed = self.CHECK, self.FAILED
        before, after = self.state, (action, status)
        super().state_set(action, status, reason, **kwargs)
        self._state_before = (
            before if after == (self.UPDATE, self.IN_PROGRESS) else None)
        if after == check_failed and before != (self.CHECK, self.IN_PROGRESS):
            self.records.write(records.Unhealthy())
        elif before == check_failed:
            self.records.erase(records.Unhealthy)

    # Adoption.

    def handle_adopt(self, resource_data=None):
        """Adopt an object that exists."""
        super().handle_adopt(resource_data)
        # The user may have forged them, including the allowed address.
        self.records.erase_all()
        try:
            self.adopt_object()
        except exception.HeatException:
            # Without an ID, the stack does not delete the object.
            self.resource_id_set(None)
            raise

    def adopt_object(self):
        """Raise if the object must not be adopted, or record its identity.

        The name in the stack's data may later belong to another project.
        """
        inspected = self._show_resource()
        self._refuse_others(inspected)
        with self.connect() as client:
            self.object.id = self.object.permanent_id(inspected)
            creation.record_request(client, self.records)

    # Replacement.

    def is_exclusive(self):
        """Return whether a value of the object can be in use only once."""
        return fields.exclusive(self.spec.FIELDS, self.properties)

    def prepare_for_replace(self):
        """Make the object step aside for its replacement.

        An object that does not conflict with its replacement stays in use
        until it is deleted.
        """
        obj = self.object
        if (self.step_aside is None or self.external_id is not None
                or not creation.may_exist(obj)):
            return
        # After a failed update, the object may have other values than its
        # properties.
        if not (self.before().update_failed or self.is_exclusive()):
            return
        with self.connect() as client:
            for attempt in range(_ATTEMPTS):
                try:
                    return self.find_and_step_aside(client)
                except errors.NotFound:
                    return None
                except errors.NoAnswer:
                    if attempt == _ATTEMPTS - 1:
                        raise
                except errors.Unreachable as ex:
                    if attempt < _ATTEMPTS - 1:
                        continue
                    # The update may be a reaction to the loss of the host.
                    LOG.warning('%(resource)s does not step aside: %(why)s',
                                {'resource': self.name, 'why': ex})
                    self.records.write(records.Unreleased())

    def find_and_step_aside(self, client):
        """Make the object step aside; find it first if its ID was lost."""
        ctx = self.plan_context()
        ctx.client = client
        if ctx.object.ensure_id(client, ctx.properties):
            self.step_aside(ctx)
            ctx.records.erase(records.Unreleased)
        elif creation.is_create_pending(ctx.object):
            raise exception.Error(
                _('The response to its create request was lost, and the '
                  'daemon may still be creating it. Update the stack again in '
                  '30 seconds'))

    def restore_prev_rsrc(self, convergence=False):
        """Restore the object after its replacement has failed.

        If this does not succeed now, the next update repeats it.
        """
        if not self.has_stepped_aside() or self.resource_id is None:
            return
        ctx = self.plan_context()
        try:
            with self.connect() as ctx.client:
                self.step_back()(ctx)
        except (exception.HeatException, plan.Replace) as ex:
            LOG.warning('%(resource)s does not step back yet: %(why)s',
                        {'resource': self.name, 'why': ex})

    def needs_replace_failed(self):
        """Return whether a failed resource has to be replaced.

        The update completes a usable object instead, even if its ID was lost
        or the daemon is still creating it: a replacement needs its name.

        This stores a lost ID.
        """
        if not creation.may_exist(self.object):
            return True
        ctx = self.plan_context()
        try:
            with self.connect() as client:
                return not (creation.find_usable(ctx, client)
                            or creation.is_create_pending(ctx.object))
        except exception.Error:
            # The update waits for the daemon, or reports the error.
            return False

    def retry_in_turn(self):
        """Have Heat process the resource again, after others of the stack.

        Heat puts the request back into its queue if no worker holds the
        resource. To wait longer would occupy a thread that the other resources
        may need.
        https://opendev.org/openstack/heat/src/branch/master/heat/engine/check_resource.py

        :raises exception.UpdateInProgress: always.
        """
        time.sleep(_POLL)
        raise exception.UpdateInProgress(self.name)
