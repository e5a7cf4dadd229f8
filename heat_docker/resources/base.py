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

"""The life of anything that a Docker daemon keeps for a stack."""

import collections
import json
import re
import time

from heat.common import exception
from heat.engine import function
from heat.engine import resource
from heat.engine import support
from heat.objects import resource as resource_objects

from .. import answers
from .. import errors
from .. import fields
from .. import i18n
from .. import policy
from . import owning
from . import reaching
from . import showing
from . import superseding

_ = i18n._

LABEL = owning.LABEL

# Key in Heat's resource data: a user has marked the resource as unhealthy.
UNHEALTHY = 'unhealthy'

# How long, in seconds, a daemon may be busy with a create whose answer was
# lost: it has taken the name already, but does not list the object yet.
_STILL_CREATING = 30.0


class DockerResource(reaching.Reaching, showing.Showing, owning.Owning,
                     superseding.Superseding, resource.Resource):
    """Base of the types: a table of fields, and a life in steps.

    A type says what it consists of in ``spec``, a module with ``FIELDS`` and
    ``ATTRIBUTES``, and how Docker makes, shows, finds and removes it.
    """

    # A drop-in has no entry points and so no client plugin of Heat.
    default_client_name = None

    support_status = support.SupportStatus(version='1.0.0')

    # By default, Heat replaces every resource whose check has failed. For a
    # volume this destroys the files, although the daemon may only have been
    # unreachable.
    always_replace_on_check_failed = False

    spec = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        fields.check_methods(cls, cls.spec)
        cls.properties_schema = fields.properties_schema(cls.spec.FIELDS)
        cls.attributes_schema = fields.attributes_schema(cls.spec.ATTRIBUTES)

    def __init__(self, name, definition, stack):
        super().__init__(name, definition, stack)
        self._shown = None
        self._unfinished = False
        self._doubtful = False
        self._asleep = False
        self._masked = None
        self._masked_id = None

    # What a type has to say.

    def _docker_create(self, docker, request):
        """Create the object and return its id.

        :param fields.Request request: with the name and Heat's labels.
        """
        raise NotImplementedError()

    def _docker_inspect(self, docker, object_id):
        """Return all that the daemon knows of the object."""
        raise NotImplementedError()

    def _docker_update(self, docker, body):
        """Change the object in place and return the daemon's warnings."""
        raise NotImplementedError()

    def _docker_find(self, docker, labels):
        """Return the ids of the objects that have all the labels."""
        raise NotImplementedError()

    # What all types share.

    @property
    def properties(self):
        """The values of the properties; an explicit null means unset."""
        return self._values

    @properties.setter
    def properties(self, values):
        self._values = fields.null_means_unset(values)

    def _values_in(self, definition):
        """Return the values of the properties in a definition of the resource.

        An explicit null means unset.

        :param heat.engine.rsrc_defn.ResourceDefinition definition: of the
            resource in any template.
        """
        return fields.null_means_unset(definition.properties(
            self.properties_schema, self.context))

    def docker_name(self, values):
        """Return the name of the object, which Docker accepts.

        :param values: of the properties.
        """
        name = values['name'] or re.sub(
            '[^a-zA-Z0-9_.-]', '_', self.physical_resource_name())
        return name.lstrip('/')

    # Steps.

    def _make(self, docker, progress):
        """Create the object, once, however often the answer is lost."""
        self._check_create(docker)
        values = self._found(docker, self.properties)
        request = fields.request(self.spec.FIELDS, collections.ChainMap(
            {'name': self.docker_name(values)}, values))
        request.body.setdefault('Labels', {}).update(self.labels)
        # Whoever deletes this resource has to know that there may be
        # something on the daemon, even if nobody lives to hear its id.
        first = 'requested' not in self.data()
        if first:
            self._note_request(docker)
        try:
            object_id = self._docker_create(docker, request)
        except errors.NoAnswer:
            self._note_loss()
            raise
        except errors.Unreachable:
            if first:
                self.data_delete('requested')
            raise
        except errors.Conflict:
            object_id = self._find_own(docker)
            if object_id is None:
                if not self._was_lost():
                    raise
                return False
        if not isinstance(object_id, str) or not 0 < len(object_id) < 256:
            raise errors.Failed(_('Docker at %s has made something without '
                                  'an id') % docker.endpoint)
        self.resource_id_set(object_id)
        return True

    def _check_create(self, docker):
        """Raise if the operator or the daemon does not have what is asked."""
        fields.check_policy(self.spec.FIELDS, self.properties)
        fields.check_api(self.spec.FIELDS, self.properties, docker.api,
                         docker.endpoint)

    def _note_request(self, docker):
        """Note that the daemon may have something, and where it is."""
        self.data_set('requested', json.dumps(
            {'endpoint': docker.endpoint.given, 'address': docker.address}))

    def _note_loss(self):
        """Note when the answer to a create was lost."""
        requested = json.loads(self.data()['requested'])
        self.data_set('requested',
                      json.dumps({**requested, 'lost': time.time()}))

    def _may_still_come(self):
        """Return whether what has no id may get one yet."""
        return self.resource_id is None and self._was_lost()

    def _was_lost(self):
        """Return whether a create may go on whose answer was lost."""
        lost = json.loads(self.data().get('requested', '{}')).get('lost', 0)
        return abs(time.time() - lost) < _STILL_CREATING

    def _apply(self, docker, progress):
        """Change what the daemon can change in place, and see that it did.

        Daemons take fields that they do not know, or not for updates, and
        forget them. What the kernel cannot do they say, and a replacement
        would not help.
        """
        changed, values = progress.notes['changed'], progress.notes['values']
        body = fields.update(self.spec.FIELDS, changed, values)
        warnings = self._docker_update(docker, body)
        for warning in warnings:
            self._event(_('Docker warns: %s') % warning)
        inspected = self._docker_inspect(docker, self.resource_id)
        if not warnings and fields.ignored_changes(
                self.spec.FIELDS, changed, body, inspected):
            raise resource.UpdateReplace(self.name)
        return True

    def _find_own(self, docker):
        """Return the id of the object made for this resource, or None."""
        found = self._docker_find(
            docker, self.labels_by('resource_id', 'stack_id'))
        return found[0] if found else None

    def _row(self, resource_id):
        """Return a resource as Heat's database has it, if it does."""
        if resource_id is None:
            return None
        try:
            return resource_objects.Resource.get_obj(self.context,
                                                     resource_id)
        except exception.NotFound:
            return None

    def _notes(self, row):
        """Return Heat's data of a resource, given what :meth:`_row` does."""
        return {item.key: item.value for item in (row and row.data) or ()}

    def _owner(self, container):
        """Return the resource in our tree of stacks that owns a container.

        The labels of a container name the stack that created it, which is not
        its owner if another stack has adopted it. A resource with an
        external_id does not own its container.

        :returns: None, or the result of Heat's Resource.load. Keep all of it:
            the resource has only a weak reference to its stack.
        """
        rows = resource_objects.Resource.get_all_by_root_stack(
            self.context, self.stack.root_stack_id(),
            {'physical_resource_id': container})
        for row in rows:
            loaded = resource.Resource.load(self.context, row, None, False,
                                            {})
            if (isinstance(loaded[0], DockerResource)
                    and loaded[0].external_id is None):
                return loaded
        return None

    def _tell_container(self, name, labels):
        """Describe a container, and its stack, to users.

        On a shared daemon, they do not learn what another project has.

        :param labels: map that the daemon shows, or None.
        """
        try:
            self._refuse_foreign({'Labels': labels})
        except exception.Error:
            if policy.is_shared():
                return _('a container of another project')
        stack = (labels or {}).get(LABEL + 'stack_name')
        if not stack:
            return _('the container %s of no stack') % name
        return _('the container %(name)s of the stack %(stack)s') % {
            'name': name, 'stack': stack}

    def _examine(self, docker, progress):
        """Fail, saying why, unless the object is as it should be."""
        self._docker_inspect(docker, self.resource_id)
        return True

    def _locate(self, docker, progress):
        """Find what there is to delete; without an id, by the labels."""
        if not self._identify(docker):
            if self._may_still_come():
                return False
            progress.steps[1:] = []
        return True

    def _identify(self, docker):
        """Return whether there is an id; a lost one is found by the labels."""
        if self.resource_id is None:
            object_id = self._find_own(docker)
            if object_id is None:
                return False
            self.resource_id_set(object_id)
        return True

    def _recover(self, docker, progress):
        """Find what a create has made whose answer was lost, or replace it."""
        if self._is_there_and_sound(docker):
            return True
        if self._may_still_come():
            return False
        raise resource.UpdateReplace(self.name)

    # Actions.

    def validate(self):
        """Refuse what the operator does not allow, as far as it is known."""
        super().validate()
        try:
            if self._are_known('docker_endpoint', 'tls'):
                self._endpoint_of(self.properties)
            # A resource that does not exist yet has its name for a value.
            fields.check_policy([field for field in self.spec.FIELDS
                                 if self._are_known(field.name)],
                                self.properties)
        except errors.DockerError as ex:
            raise exception.StackValidationFailed(message=str(ex)) from ex

    def _are_known(self, *names):
        """Return whether properties depend on no other resource."""
        return not any(function.dependencies(
            [self.properties.data.get(name) for name in names]))

    def handle_create(self):
        """Return how the object is to be created."""
        return reaching.Progress([self._make])

    def check_create_complete(self, progress):
        """Return whether the object is as it should be."""
        return self._advance(progress)

    def handle_check(self):
        """Return how it is found out whether the object is well."""
        if self.resource_id is None:
            raise exception.Error(_('It was never created'))
        return reaching.Progress([self._examine])

    def check_check_complete(self, progress):
        """Return whether it is known that the object is well."""
        return self._advance(progress)

    def update_template_diff_properties(self, after_props, before_props):
        """Return the properties whose change Docker would notice.

        :returns: dict of name to new value.
        :raises resource.UpdateReplace: if they cannot be changed in place.
        """
        changed = fields.changed(self.spec.FIELDS, before_props, after_props)
        if changed and self.needs_replace_with_prop_diff(
                changed, after_props, before_props):
            raise resource.UpdateReplace(self)
        return {name: after_props[name] for name in changed}

    def needs_replace_with_prop_diff(self, changed_properties_set,
                                     after_props, before_props):
        """Return whether a change cannot be made in place."""
        return fields.requires_replace(
            self.spec.FIELDS, changed_properties_set, after_props)

    def handle_update(self, json_snippet, tmpl_diff, prop_diff):
        """Return how the object is to be changed in place."""
        values = self._values_in(json_snippet)
        changed = set(prop_diff)
        self._check_change(changed, values)
        if self._doubtful:
            # Nobody knows which of its changes a failed update has made.
            changed |= fields.uncertain(self.spec.FIELDS, values)
        steps = []
        if fields.update(self.spec.FIELDS, changed, values):
            steps.append(self._apply)
        steps += [getattr(self, name) for name
                  in fields.steps(self.spec.FIELDS, changed)]
        if steps:
            steps.insert(0, self._check_update)
        if self._unfinished:
            steps = self._return_steps() + steps + self._finish_steps()
            if self.resource_id is None:
                steps.insert(0, self._recover)
        return reaching.Progress(steps, {'changed': changed, 'values': values})

    def _check_change(self, changed, values):
        """Raise if the operator does not allow what is to be changed.

        What is left as it is stays allowed, as the endpoint does. What
        depends on other resources was not known at the validation.
        """
        try:
            fields.check_policy([field for field in self.spec.FIELDS
                                 if field.name in changed], values)
        except errors.Refused as ex:
            raise exception.Error(str(ex)) from ex

    def _check_update(self, docker, progress):
        """Raise if the daemon is too old for what is to be changed."""
        fields.check_api(self.spec.FIELDS, progress.notes['values'],
                         docker.api, docker.endpoint)
        return True

    def check_update_complete(self, progress):
        """Return whether the object is changed, after doing what is next."""
        return self._advance(progress)

    def handle_delete(self):
        """Return how the object is to be deleted.

        What has never been asked of a daemon is deleted without one.
        """
        if not self._may_be_there() or self._is_forgotten():
            return reaching.Progress([])
        return reaching.Progress([self._locate] + self._delete_steps())

    def _may_be_there(self):
        """Return whether a daemon may have something, with or without id."""
        return self.resource_id is not None or 'requested' in self.data()

    def check_delete_complete(self, progress):
        """Return whether the object is gone, after doing what is next."""
        return self._advance(progress)

    def _delete_steps(self):
        """Return the steps that remove the object of ``resource_id``."""
        raise NotImplementedError()

    def handle_adopt(self, resource_data=None):
        """Take over an object that exists."""
        super().handle_adopt(resource_data)
        # Whoever adopts may have written them, the allowed address included.
        for key in list(self.data()):
            self.data_delete(key)
        try:
            self._claim()
        except exception.HeatException:
            # What is not taken over is not deleted with the stack.
            self.resource_id_set(None)
            raise

    def _claim(self):
        """Raise if the object cannot be had; else note which and where it is.

        By the time that it is used, its name may be another project's.
        """
        inspected = self._show_resource()
        self._refuse_foreign(inspected)
        self._refuse_unowned(inspected)
        self.resource_id_set(self._identity(inspected))
        with self._docker() as docker:
            self._note_request(docker)

    def _identity(self, inspected):
        """Return what no other object of the daemon will ever be called."""
        if not answers.is_id(inspected['Id']):
            raise exception.Error(_('The daemon gives it no id'))
        return inspected['Id']

    def validate_external(self):
        """Refuse an external_id that the daemon does not know."""
        if self.external_id is None:
            return
        # Heat creates a resource with an external_id without waiting for
        # others, so values from other resources are not known, neither now
        # nor during the create:
        # https://opendev.org/openstack/heat/src/branch/master/heat/engine/rsrc_defn.py
        if not self._are_known('docker_endpoint', 'tls'):
            raise exception.StackValidationFailed(message=_(
                'external_id %s: docker_endpoint and tls cannot come from '
                'another resource, because Heat creates a resource with an '
                'external_id without waiting for others. Use parameters '
                'instead') % self.external_id)
        self.resource_id = self.external_id
        try:
            inspected = self._show_resource()
            self._refuse_foreign(inspected)
            self._refuse_unowned(inspected)
        except exception.HeatException as ex:
            raise exception.StackValidationFailed(
                message=_('external_id %(id)s: %(why)s')
                % {'id': self.external_id, 'why': ex}) from ex

    def needs_replace_failed(self):
        """Return whether what a failure left has to be replaced.

        What is sound is finished instead, also if nobody has heard its id
        or the daemon is still at it: it has the name that a replacement would
        want.
        """
        if not self._may_be_there():
            return True
        try:
            with self._docker() as docker:
                return not (self._is_there_and_sound(docker)
                            or self._may_still_come())
        except exception.Error:
            # The update waits for the daemon, or says what is wrong.
            return False

    def _is_there_and_sound(self, docker):
        """Return whether there is an object, and it can be finished."""
        try:
            return self._identify(docker) and self._is_sound(
                self._docker_inspect(docker, self.resource_id))
        except errors.NotFound:
            return False

    def _is_sound(self, inspected):
        """Return whether an object that is there can be finished."""
        return True

    def state_set(self, action, status, reason='state changed', **kwargs):
        """Set the state, and record whether a user marked it unhealthy.

        Heat uses the same state for a failed check and for "openstack stack
        resource mark unhealthy". Only a check was in progress before.
        """
        check_failed = self.CHECK, self.FAILED
        before, after = self.state, (action, status)
        super().state_set(action, status, reason, **kwargs)
        if after == check_failed and before != (self.CHECK, self.IN_PROGRESS):
            self.data_set(UNHEALTHY, 'true')
        elif before == check_failed and UNHEALTHY in self.data():
            self.data_delete(UNHEALTHY)

    def _needs_update(self, after, before, after_props, before_props,
                      *args, **kwargs):
        """Return whether there is anything to do.

        If the template has not changed, Heat would mark a failed resource as
        complete, and also one that has made room for a failed replacement.

        :raises resource.UpdateReplace: if it has to be replaced.
        """
        for values in (after_props, before_props):
            fields.null_means_unset(values)
        if UNHEALTHY in self.data() and self._may_be_replaced(after_props):
            raise resource.UpdateReplace(self)
        failed = self.status == self.FAILED
        self._doubtful = failed and self.action == self.UPDATE
        # A resume of the stack that failed may not have come to this one.
        self._asleep = self.action == self.SUSPEND or (
            failed and self.action == self.RESUME)
        self._unfinished = (failed or self._asleep
                            or 'replaced' in self.data())
        return super()._needs_update(
            after, before, after_props, before_props,
            *args, **kwargs) or self._unfinished

    def _may_be_replaced(self, values):
        """Return whether marking it unhealthy may replace the object.

        :param values: properties after the update.
        """
        return True

    def _return_steps(self):
        """Return the steps that take back what a replacement has taken."""
        return []

    def _finish_steps(self):
        """Return the steps that finish a usable object.

        The object is only complete once the daemon has shown it.
        """
        return [self._examine]
