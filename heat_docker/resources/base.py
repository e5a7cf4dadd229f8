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

import contextlib
import dataclasses
import re
import time

from heat.common import exception
from heat.engine import attributes
from heat.engine import resource
from heat.engine import support
from oslo_log import log as logging

from .. import conf
from .. import endpoint
from .. import engine
from .. import errors
from .. import fields
from .. import i18n
from ..convert import process

_ = i18n._

LOG = logging.getLogger(__name__)

LABEL = process.OWN_LABELS

# How long, in seconds, the attributes of a resource share what was read.
_FRESH = 2.0

# How long, in seconds, a daemon may leave requests without an answer.
_UNANSWERED = 120.0

# How long, in seconds, a daemon may be busy with a create whose answer was
# lost: it has taken the name already, but does not list the object yet.
_STILL_CREATING = 30.0


@dataclasses.dataclass
class Progress:
    """How far an action is: what is left of its steps.

    A step is a method of the resource that takes a daemon and the progress,
    does one quick thing, and returns whether its aim is reached. If not, or
    if an answer of the daemon was lost, it is called again after a while. It
    has to bear that: nobody knows what the daemon has done.
    """

    steps: list
    notes: dict = dataclasses.field(default_factory=dict)

    def values(self, properties):
        """Return the values that hold after the action.

        :param properties: those that hold now; Heat leaves them as they were
            before an update until it has ended.
        """
        return self.notes.get('values', properties)


class DockerResource(resource.Resource):
    """Base of the types: a table of fields, and a life in steps.

    A type says what it consists of in ``spec``, a module with ``FIELDS`` and
    ``ATTRIBUTES``, and how Docker makes, shows, finds and removes it.
    """

    # A drop-in has no entry points and so no client plugin of Heat.
    default_client_name = None

    support_status = support.SupportStatus(version='1.0.0')

    spec = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.properties_schema = fields.properties_schema(cls.spec.FIELDS)
        cls.attributes_schema = fields.attributes_schema(cls.spec.ATTRIBUTES)

    def __init__(self, name, definition, stack):
        super().__init__(name, definition, stack)
        self._shown = None
        self._unfinished = False
        self._doubtful = False

    # What a type has to say.

    def _docker_create(self, docker, query, body):
        """Create the object and return its id."""
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
    def endpoint(self):
        """The endpoint of the daemon that keeps this object."""
        url = (self.properties['docker_endpoint'] or
               conf.group().default_endpoint)
        try:
            return endpoint.parse(url)
        except ValueError as ex:
            raise exception.Error(str(ex)) from ex

    @property
    def labels(self):
        """The labels that tell whose an object of a daemon is."""
        return {LABEL + 'stack_id': self.stack.id,
                LABEL + 'stack_name': self.stack.name,
                LABEL + 'resource_name': self.name,
                LABEL + 'resource_id': self.uuid,
                LABEL + 'project_id': self.context.project_id or ''}

    def docker_name(self, values):
        """Return the name of the object, which Docker accepts.

        :param values: of the properties.
        """
        name = values['name'] or re.sub(
            '[^a-zA-Z0-9_.-]', '_', self.physical_resource_name())
        return name.lstrip('/')

    @contextlib.contextmanager
    def _docker(self):
        """Connect to the daemon; its errors become those of Heat.

        Heat shows the name of an exception's class in the status reason, so
        it is Heat's plainest, and not ResourceInError, on which Heat would
        delete the object and try anew.
        """
        try:
            with engine.Engine(self.endpoint) as docker:
                yield docker
        except errors.DockerError as ex:
            raise exception.Error(str(ex)) from ex

    def _advance(self, progress):
        """Take steps until one needs time, and return whether all are done.

        :param Progress progress: changed in place.
        """
        self._shown = None
        if not progress.steps:
            return True
        with self._docker() as docker:
            try:
                while progress.steps:
                    if not progress.steps[0](docker, progress):
                        return False
                    del progress.steps[0]
                    progress.notes.pop('unanswered', None)
            except errors.NoAnswer as ex:
                self._try_again(progress, ex)
                return False
        return True

    def _try_again(self, progress, ex):
        """Tell that an answer was lost, and raise if none comes for long."""
        now = time.monotonic()
        if 'unanswered' not in progress.notes:
            self._event(_('%s. Trying again') % ex)
        if now - progress.notes.setdefault('unanswered', now) > _UNANSWERED:
            raise ex

    def _event(self, reason):
        """Tell the reader of the stack's events how it goes."""
        self._add_event(self.action, self.status, str(reason))

    # Steps.

    def _make(self, docker, progress):
        """Create the object, once, however often the answer is lost."""
        values = self.properties
        fields.check_api(self.spec.FIELDS, values, docker.api,
                         docker.endpoint)
        request = fields.request(self.spec.FIELDS, values)
        request.query['name'] = self.docker_name(values)
        request.body.setdefault('Labels', {}).update(self.labels)
        # Whoever deletes this resource has to know that there may be
        # something on the daemon, even if nobody lives to hear its id.
        if 'requested' not in self.data():
            self.data_set('requested', str(docker.endpoint))
        try:
            object_id = self._docker_create(docker, request.query,
                                            request.body)
        except errors.NoAnswer:
            progress.notes['create lost'] = time.monotonic()
            raise
        except errors.Conflict:
            object_id = self._find_own(docker)
            if object_id is None:
                lost = progress.notes.get('create lost')
                if lost is None or time.monotonic() - lost > _STILL_CREATING:
                    raise
                return False
        self.resource_id_set(object_id)
        return True

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
        if not warnings and fields.forgotten(self.spec.FIELDS, changed, body,
                                             inspected):
            raise resource.UpdateReplace(self.name)
        return True

    def labels_by(self, *names):
        """Return some of the labels, to find objects by them."""
        return {LABEL + name: self.labels[LABEL + name] for name in names}

    def _find_own(self, docker):
        """Return the id of the object made for this resource, or None."""
        found = self._docker_find(
            docker, self.labels_by('resource_id', 'stack_id'))
        return found[0] if found else None

    def _locate(self, docker, progress):
        """Find what there is to delete; without an id, by the labels."""
        if self.resource_id is None:
            object_id = self._find_own(docker)
            if object_id is None:
                progress.steps[1:] = []
            else:
                self.resource_id_set(object_id)
        return True

    # Actions.

    def needs_replace_with_prop_diff(self, changed_properties_set,
                                     after_props, before_props):
        """Return whether a change cannot be made in place."""
        return fields.replaces(self.spec.FIELDS, changed_properties_set,
                               after_props)

    def handle_update(self, json_snippet, tmpl_diff, prop_diff):
        """Return how the object is to be changed in place."""
        values = json_snippet.properties(self.properties_schema, self.context)
        changed = set(prop_diff)
        if self._doubtful:
            # Nobody knows which of its changes a failed update has made.
            changed.update(field.name for field in self.spec.FIELDS
                           if field.in_place and (
                               fields.value_of(field, values) is not None
                               or field.unset is not None or field.step))
        steps = []
        if fields.update(self.spec.FIELDS, changed, values):
            steps.append(self._apply)
        steps += [getattr(self, field.step) for field in self.spec.FIELDS
                  if field.step and field.name in changed]
        if steps:
            steps.insert(0, self._check_update)
        if self._unfinished:
            steps = self._return_steps() + steps + self._finish_steps()
        return Progress(steps, {'changed': changed, 'values': values})

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
        if self.resource_id is None and 'requested' not in self.data():
            return Progress([])
        return Progress([self._locate] + self._delete_steps())

    def check_delete_complete(self, progress):
        """Return whether the object is gone, after doing what is next."""
        return self._advance(progress)

    def _delete_steps(self):
        """Return the steps that remove the object of ``resource_id``."""
        raise NotImplementedError()

    def handle_adopt(self, resource_data=None):
        """Take over an object that exists."""
        super().handle_adopt(resource_data)
        self._show_resource()

    def validate_external(self):
        """Refuse an external_id that the daemon does not know."""
        if self.external_id is None:
            return
        self.resource_id = self.external_id
        try:
            self._show_resource()
        except exception.HeatException as ex:
            raise exception.StackValidationFailed(
                message=_('external_id %(id)s: %(why)s')
                % {'id': self.external_id, 'why': ex}) from ex

    def needs_replace_failed(self):
        """Return whether what a failure left has to be replaced.

        What is sound is finished instead.
        """
        if self.resource_id is None:
            return True
        try:
            return not self._is_sound(self._show_resource())
        except exception.HeatException:
            return True

    def _is_sound(self, inspected):
        """Return whether an object can be finished."""
        return False

    def _needs_update(self, *args, **kwargs):
        """Return whether there is anything to do.

        Heat would call a failed resource complete if its template has not
        changed, and one that has made room for a replacement that failed.
        """
        failed = self.status == self.FAILED
        self._doubtful = failed and self.action == self.UPDATE
        self._unfinished = failed or 'replaced' in self.data()
        return super()._needs_update(*args, **kwargs) or self._unfinished

    def _return_steps(self):
        """Return the steps that take back what a replacement has taken."""
        return []

    def _finish_steps(self):
        """Return the steps that finish a sound object."""
        return []

    # Live state.

    def _show_resource(self):
        """Return all that the daemon knows of the object.

        Heat replaces an object that is gone.
        """
        with self._docker() as docker:
            try:
                inspected = self._docker_inspect(docker, self.resource_id)
            except errors.NotFound as ex:
                raise exception.EntityNotFound(entity=self.type(),
                                               name=self.name) from ex
        self._shown = time.monotonic(), inspected
        return inspected

    def parse_live_resource_data(self, resource_properties, resource_data):
        """Return the properties that somebody else has changed."""
        return fields.drift(self.spec.FIELDS, resource_properties,
                            resource_data)

    def _resolve_any_attribute(self, attr):
        """Return the value of an attribute, or None if nobody knows it.

        A daemon that is away must not keep anybody from seeing the stack.
        """
        try:
            value = super()._resolve_any_attribute(attr)
        except exception.HeatException as ex:
            LOG.warning('Attribute %(attribute)s of %(resource)s: %(why)s',
                        {'attribute': attr, 'resource': self.name,
                         'why': ex})
            return None
        if attr == attributes.SHOW_ATTR and value is not None:
            # Heat shows it instead of all attributes.
            return {attribute.name: self._resolve_any_attribute(
                        attribute.name)
                    for attribute in self.spec.ATTRIBUTES
                    if not attribute.secret}
        return value

    def _resolve_attribute(self, name):
        """Return the value of an attribute of the table.

        What was read for one attribute, or could not be, serves those that
        are asked for in the same breath.
        """
        if self.resource_id is None:
            return None
        attribute = next(attribute for attribute in self.spec.ATTRIBUTES
                         if attribute.name == name)
        inspected = self._inspected()
        if inspected is None:
            return None
        if attribute.source is None:
            value = fields.read(inspected, attribute.at)
        else:
            with self._docker() as docker:
                value = getattr(self, attribute.source)(docker, inspected)
        return None if value is None else attribute.from_api(value)

    def _inspected(self):
        if self._shown is None or (
                time.monotonic() - self._shown[0] > _FRESH):
            try:
                self._show_resource()
            except exception.HeatException:
                self._shown = time.monotonic(), None
                raise
        return self._shown[1]


def available(mapping):
    """Return the mapping of types if this host can serve them, else none.

    Heat stops when a plugin raises while it is loaded, so the reason goes to
    the log.
    """
    try:
        engine.library()
    except errors.Unsupported as ex:
        LOG.error('The resource types %(types)s are not available: %(why)s',
                  {'types': ', '.join(mapping), 'why': ex})
        return {}
    return mapping
