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
"""The object of a service, and the steps that create, change, delete it."""

import contextlib
import re
import time

from oslo_log import log as logging

from .. import changes
from .. import errors
from .. import fields
from .. import i18n
from .. import policy
from ..api import services as api_services
from ..convert import registry
from ..convert import services
from . import creation
from . import plan
from . import records
from . import swarm_objects

_ = i18n._

LOG = logging.getLogger(__name__)

# Seconds, beside their grace period, that tasks may take to end.
_STOPPING = 30.0

# Seconds between two looks at tasks that are to end.
_PAUSE = 0.5

# Label of the containers of a service.
_SERVICE_LABEL = 'com.docker.swarm.service.id'

# Docker's default grace period, in seconds.
_GRACE = 10


class Service(swarm_objects.SwarmObject):
    """A service of a swarm."""

    COLLECTION = 'services'
    KIND = api_services.Services

    def name(self, values):
        """Return the name of the service, which cannot contain dots."""
        return values['name'] or re.sub('[^a-zA-Z0-9-]+', '-',
                                        super().name(values))

    def body(self, ctx: plan.Context):
        """Return the specification of the values after the action."""
        return self.complete(ctx, super().body(ctx))

    def complete(self, ctx: plan.Context, body):
        """Return a specification with what no property contains.

        Containers inherit the labels of their image, but they are not objects
        of this resource.

        :raises errors.Refused: if the operator does not allow a template.
        """
        body.setdefault('Mode', {'Replicated': {}})
        container = body['TaskTemplate']['ContainerSpec']
        policy.service_templates(container)
        container.setdefault('Labels', {}).update(self.owner.all_labels(
            stack_id=self.owner.stack_id, stack_name=self.owner.stack_name))
        if 'Replicated' in body['Mode']:
            scaled = self.records.read(records.Scaled)
            if scaled is not None and not _changes_replicas(ctx):
                body['Mode']['Replicated']['Replicas'] = scaled.replicas
        if is_job(ctx.values):
            # The default, any, is not valid for jobs.
            body['TaskTemplate'].setdefault('RestartPolicy', {}).setdefault(
                'Condition', 'on-failure')
        return body


def is_job(values) -> bool:
    """Return whether the tasks of a service run until they complete."""
    return values['mode'] in services.JOBS


def _changes_replicas(ctx: plan.Context):
    """Return whether an update changes the number in the template.

    After a failed update, ``ctx.changed`` also contains what has not changed.
    """
    return 'replicas' in changes.changed(ctx.fields, ctx.properties,
                                         ctx.values)


def _options(ctx: plan.Context):
    """Return the options of a request with credentials for the registry."""
    auth = registry.pull_credentials(ctx.values)
    return {'headers': ctx.client.auth_header(auth)} if auth else {}


class _Digest:
    """The digest of the image in the requests of a step.

    The step may send its request again and again, for instance until the swarm
    has a leader.
    """

    def __init__(self):
        self._pinned = ''
        self._has_reported = False

    def pin(self, ctx: plan.Context, body, there: object = None):
        """Add the digest of a tag to the image of a specification.

        Nodes would otherwise pull the tag whenever they start their first
        task, and could run different versions. Docker's command line does the
        same:
        https://github.com/moby/moby/blob/v28.0.0/client/service_create.go.

        :param there: image that the service has. An update of something else
            does not change it, even if the tag has another digest meanwhile.
        """
        container = body['TaskTemplate']['ContainerSpec']
        image = container['Image']
        if registry.is_same(image, there):
            container['Image'] = there
        elif registry.has_tag(image):
            try:
                self._pinned = self._pinned or '%s@%s' % (
                    image, ctx.client.images.digest(image, **_options(ctx)))
                container['Image'] = self._pinned
            except errors.DockerError as ex:
                self._report(ctx, image, ex)

    def _report(self, ctx, image, why):
        """Log and add an event, once, that there is no digest."""
        if self._has_reported:
            return
        self._has_reported = True
        LOG.warning('No digest of the image %(image)s: %(why)s',
                    {'image': image, 'why': why})
        ctx.event(_('The digest of the image %(image)s is unknown, so '
                    'that nodes may run different versions of it. '
                    '%(why)s') % {'image': image, 'why': why})


def _service(ctx: plan.Context) -> Service:
    """Return the object of a step, which is a service."""
    assert isinstance(ctx.object, Service)
    return ctx.object


class Create(creation.Create):
    """Create a service."""

    def __init__(self):
        """Prepare to ask for the digest of the image."""
        self._digest = _Digest()

    def send(self, ctx: plan.Context, request: fields.Request):
        """Send the request and return the ID of the service."""
        body = _service(ctx).complete(ctx, request.body)
        self._digest.pin(ctx, body)
        made, warnings = ctx.client.services.create(body, **_options(ctx))
        creation.report_warnings(ctx, warnings)
        return made


class UpdateSpec(plan.Step):
    """Replace the specification of a service, but not its name and mode."""

    def __init__(self):
        """Prepare to ask for the digest of the image."""
        self._digest = _Digest()

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the request, again if the service has changed meanwhile."""
        obj = _service(ctx)

        def change(inspected):
            body = {**obj.body(ctx), 'Name': inspected['Spec']['Name']}
            # Another number would replace all tasks.
            body['TaskTemplate']['ForceUpdate'] = force_update(inspected)
            self._digest.pin(ctx, body, fields.read(
                inspected, 'Spec.TaskTemplate.ContainerSpec.Image'))
            return body

        creation.report_warnings(ctx, obj.update(ctx, change,
                                                 **_options(ctx)))
        ctx.records.erase(records.Suspended)
        if _changes_replicas(ctx):
            ctx.records.erase(records.Scaled)
        return True


def force_update(inspected) -> int:
    """Return how often the tasks were replaced without another reason."""
    return fields.read(inspected, 'Spec.TaskTemplate.ForceUpdate') or 0


def scale(ctx: plan.Context, replicas):
    """Change the number of replicas and nothing else.

    :param replicas: function that takes the number before, and returns the
        number after.
    :returns: the number after.
    :raises errors.Failed: if the number of tasks is not fixed.
    """
    after = 0

    def change(inspected):
        nonlocal after
        spec = inspected['Spec']
        if 'Replicated' not in (spec.get('Mode') or {}):
            raise errors.Failed(
                _('A service of the mode %s has no number of replicas')
                % services.mode_from_api(spec.get('Mode')))
        after = replicas(spec['Mode']['Replicated'].get('Replicas', 1))
        return {**spec, 'Mode': {'Replicated': {'Replicas': after}}}

    creation.report_warnings(ctx, _service(ctx).update(ctx, change))
    return after


class Suspend(plan.Step):
    """Scale a service to no replicas."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the request."""
        if (ctx.properties['mode'] or 'replicated') != 'replicated':
            raise errors.Failed(
                _('A service of the mode %s cannot be suspended: only the '
                  'replicas of the mode replicated can be scaled to 0')
                % ctx.properties['mode'])
        scale(ctx, lambda before: 0)
        ctx.records.write(records.Suspended())
        return True


class AwaitTasks(plan.Step):
    """Wait until no task runs, but not for a node that has gone."""

    NEEDS_OBJECT = False

    def __init__(self):
        """Start the wait with the first call."""
        self._since = None

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """List the tasks by the labels of the service."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        left = [task for task in ctx.client.services.tasks_of(
                    ctx.object.owner.labels_by('resource_id', 'stack_id'))
                if self._is_left(task)]
        if not left and self._is_done(ctx):
            return True
        grace = ctx.properties['stop_grace_period']
        if now - self._since > _STOPPING + (
                _GRACE if grace is None else grace):
            nodes = sorted({task.node for task in left})
            ctx.event(_('The swarm has not stopped %(count)d tasks, on: '
                        '%(nodes)s')
                      % {'count': len(left), 'nodes': ', '.join(
                          ctx.client.services.node_name(node)
                          for node in nodes if node) or _('no node')})
            return True
        return plan.After(_PAUSE)

    def _is_left(self, task):
        """Return whether the task still has to end."""
        return not task.has_ended

    def _is_done(self, ctx: plan.Context):
        """Return whether nothing else has to end."""
        return True


class AwaitRemoval(AwaitTasks):
    """Wait until the swarm has removed the tasks of a removed service."""

    def _is_left(self, task):
        """Return whether the task still has to be removed.

        Docker 20.10 keeps the completed tasks of a removed job.
        """
        return not (task.has_ended and task.desired == 'complete')

    def _is_done(self, ctx: plan.Context):
        """Return whether the daemon has removed its own containers.

        A node removes them after their tasks, and those of a job not at all.
        """
        if ctx.object.id is None:
            return True
        containers = ctx.client.containers.find(
            {_SERVICE_LABEL: ctx.object.id})
        for container in containers:
            # A conflict: it still runs.
            with contextlib.suppress(errors.NotFound, errors.Busy,
                                     errors.Conflict):
                ctx.client.containers.remove(container)
        return not containers


class Remove(plan.Step):
    """Remove a service; its tasks end after that."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the request, unless the ID is a name of another service."""
        try:
            ctx.object.inspect(ctx.client)
            ctx.client.services.remove(ctx.object.id)
        except errors.NotFound:
            pass
        return True
