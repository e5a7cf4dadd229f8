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

"""The object of a container, and its steps from create to removal."""

import contextlib
import dataclasses
import time

from .. import errors
from .. import fields
from .. import i18n
from .. import policy
from ..api import containers as api_containers
from ..convert import network
from ..convert import references
from ..convert import storage
from . import claims
from . import creation
from . import objects
from . import ownership
from . import plan
from . import records

_ = i18n._

# Seconds after which a removal that the daemon has begun is requested again.
_REMOVING = 0.2

# Seconds that a stop request waits for a container to stop. The first poll
# sends two requests, so a container that takes Docker's default of ten seconds
# needs one poll. The second value is used if other resources wait for the
# poll.
STOP_PATIENCE = 5.5
STOP_PATIENCE_IN_TURN = 1.0

# Seconds after the grace period until a stop is requested again.
_STOP_AGAIN = 5.0


class State:
    """The state of a container in the response to an inspect request."""

    def __init__(self, inspected: dict):
        """Read the state."""
        state = inspected['State']
        self.status = state.get('Status')
        self.exit_code = state.get('ExitCode')
        self.started_at = state.get('StartedAt')
        self.health = (state.get('Health') or {}).get('Status')

    @property
    def has_stopped(self):
        """Whether no process of it is left."""
        return self.status in ('created', 'exited', 'dead', 'removing')

    @property
    def is_stopping(self):
        """Whether a stop may be in progress; Podman then shows "stopping"."""
        return self.status in ('running', 'stopping')

    @property
    def has_started(self):
        """Whether it runs, is frozen, or is being restarted."""
        return self.status in ('running', 'restarting', 'paused')

    def has_completed(self, values):
        """Return whether the command was to complete, and has."""
        return (values['wait_for'] == 'completed' and self.status == 'exited'
                and not self.exit_code)

    def is_as_signaled(self, store):
        """Return whether the state is the one in which a signal left it.

        :param records.Store store: of the container's resource.
        """
        return store.read(records.Signaled) == records.Signaled(
            self.status, self.started_at)

    def is_unhealthy(self, values):
        """Return whether it is unhealthy although wait_for is healthy."""
        return (values['wait_for'] == 'healthy'
                and self.health == 'unhealthy')


def state_of(ctx: plan.Context):
    """Return the :class:`State` of the container."""
    return State(ctx.object.inspect(ctx.client))


class Container(objects.Object):
    """A container."""

    COLLECTION = 'containers'
    KIND = api_containers.Containers

    def is_usable(self, ctx: plan.Context, inspected):
        """Return whether it runs, has completed, or only has to be started.

        If a suspend stopped it, the last resume may not have started it. A
        container that a check found unhealthy has to be replaced: another wait
        does not repair it.
        """
        state = State(inspected)
        if ctx.action == 'CHECK' and state.is_unhealthy(ctx.properties):
            return False
        return (state.status in ('created', 'running', 'paused')
                or ctx.before.suspended and state.status == 'exited'
                or state.is_as_signaled(ctx.records)
                or state.has_completed(ctx.properties))


def joins_all_networks(client):
    """Return whether a container can be created in several networks."""
    return client.api >= (1, 44)


class Create(creation.Create):
    """Create a container."""

    def __init__(self):
        """Prepare to wait until another container releases the name."""
        self._retry = claims.Retry()

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Create the container, unless the old one is in use again."""
        ctx.neighbors.raise_if_cancelled()
        return super().__call__(ctx)

    def send(self, ctx: plan.Context, request):
        """Send the request and return the ID of the container."""
        body = request.body
        endpoints = (body.get('NetworkingConfig') or {}).get(
            'EndpointsConfig') or {}
        if endpoints and joins_all_networks(ctx.client):
            # Docker 26 does not start a container if its mode is a network
            # that no longer exists. The container may move to other networks.
            del body['HostConfig']['NetworkMode']
        elif len(endpoints) > 1:
            # The step container_changes.Reconnect attaches it to the others.
            main = next(iter(endpoints))
            body['NetworkingConfig']['EndpointsConfig'] = {
                main: endpoints[main]}
        made, warnings = ctx.client.containers.create(request.query, body)
        creation.report_warnings(ctx, warnings)
        return made

    def name_in_use(self, ctx: plan.Context, ex):
        """Wait until another container of the stack releases the name."""
        try:
            return super().name_in_use(ctx, ex)
        except errors.Conflict:
            return self._retry.after(
                ctx, [('name', ctx.object.name(ctx.properties), '')], ex)


class CheckReferences(plan.Step):
    """Remove the container if it uses an object of another project.

    The create request contains volumes and images by name. Another project can
    get such a name between the check and the create request, but not later.
    """

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Check the objects that the container uses, on a shared daemon."""
        try:
            ownership.resolve(ctx.client, ctx.fields, ctx.values,
                              ctx.object.owner, references.VOLUME)
            if policy.is_shared():
                image = ctx.object.inspect(ctx.client)['Image']
                ownership.refuse_foreign_image(
                    ctx.object.owner, ctx.values['image'],
                    ctx.client.images.inspect(image))
        except errors.Refused:
            ctx.client.containers.remove(ctx.object.id)
            raise
        return True


class PutFiles(plan.Step):
    """Write the files of the property ``files`` to the container."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send an archive with all files."""
        ctx.client.containers.put_archive(
            ctx.object.id, storage.files_to_archive(ctx.values['files']))
        return True


def start(ctx: plan.Context):
    """Start the container; it keeps its networks if the start fails.

    If a daemon with API 1.52 or later cannot publish a port, it detaches the
    container from the network. The next start would succeed, but the container
    would be unreachable:
    https://github.com/moby/moby/issues/51758
    """
    if ctx.client.api < (1, 52):
        ctx.client.containers.start(ctx.object.id)
        return
    before = _endpoints(ctx)
    try:
        ctx.client.containers.start(ctx.object.id)
    except (errors.Conflict, errors.Failed):
        with contextlib.suppress(errors.DockerError):
            _attach_again(ctx, before)
        raise


def _attach_again(ctx: plan.Context, before):
    """Attach the container to the networks that it has lost.

    :param dict before: endpoints that the daemon showed, by network.
    """
    now = _endpoints(ctx)
    for name, endpoint in before.items():
        if name not in now:
            ctx.client.networks.connect(
                ctx.object.id, network.attached_network(name, endpoint),
                network.endpoint_settings(endpoint or {}))


def _endpoints(ctx: plan.Context):
    """Return the endpoints that the daemon shows, by network."""
    inspected = ctx.object.inspect(ctx.client)
    return inspected['NetworkSettings'].get('Networks') or {}


class Start(plan.Step):
    """Start a new container, once."""

    def __init__(self):
        """Prepare to wait until other containers release its values."""
        self._requested = False
        self._retry = claims.Retry()

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Start the container, unless a repeated request finds it started."""
        if self._requested and state_of(ctx).status != 'created':
            return True
        self._requested = True
        try:
            start(ctx)
        except errors.Conflict as ex:
            self._requested = False
            return self._retry.after(
                ctx, fields.claims(ctx.fields, ctx.values), ex)
        return True


class Resume(plan.Step):
    """Unpause a container, or start a stopped one, once.

    A command that has completed does not run again.
    """

    def __init__(self):
        """Prepare to detect a start by its time."""
        self._last_start = None
        self._requested = False

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Unpause or start the container."""
        state = state_of(ctx)
        if state.status == 'paused':
            ctx.client.containers.unpause(ctx.object.id)
            return True
        if state.has_completed(ctx.properties):
            return True
        if not self._requested:
            self._last_start = state.started_at
            self._requested = True
        restore_restart_policy(ctx)
        # The response to a start may be lost. The command must not run twice.
        if state.started_at == self._last_start:
            start(ctx)
        return True


def disable_restarts(ctx: plan.Context):
    """Prevent a restarted daemon from starting a stopped container.

    Docker starts a container with the policy "always" even if a user stopped
    it:
    https://docs.docker.com/engine/containers/start-containers-automatically/.
    """
    _set_restart_policy(ctx, 'unless-stopped')


def restore_restart_policy(ctx: plan.Context):
    """Undo :func:`disable_restarts`."""
    _set_restart_policy(ctx, 'always')


def _set_restart_policy(ctx: plan.Context, name):
    restart_policy = ctx.properties['restart_policy'] or {}
    if restart_policy.get('Name') != 'always':
        return
    # Older versions of Podman cannot update a container, and do not start
    # containers by themselves.
    with contextlib.suppress(errors.Unsupported):
        ctx.client.containers.update(ctx.object.id, {
            'RestartPolicy': {'Name': name, 'MaximumRetryCount': 0}})


class DisableRestarts(plan.Step):
    """Prevent a restarted daemon from starting a stopped container."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Change the restart policy; see :func:`disable_restarts`."""
        disable_restarts(ctx)
        return True


class Pause(plan.Step):
    """Pause a running container."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Pause the container, unless it is not running."""
        if state_of(ctx).status == 'running':
            ctx.client.containers.pause(ctx.object.id)
        return True


def stop(client, container, grace, patience):
    """Stop a running or paused container.

    :param grace: seconds that it has to stop; None for its own default.
    :param float patience: seconds to wait for the response.
    """
    try:
        client.containers.stop(container, grace, patience)
    except errors.Paused:
        # Podman does not stop a paused container.
        client.containers.unpause(container)
        client.containers.stop(container, grace, patience)


def stopped_after(client, grace):
    """Return the seconds within which a daemon stops a container."""
    return _STOP_AGAIN + (client.containers.GRACE if grace is None else grace)


@dataclasses.dataclass
class StopRequest:
    """A request to stop a container, repeated only if it may be lost.

    The daemon continues to stop the container when the client disconnects
    (https://github.com/moby/moby/blob/v28.0.0/daemon/stop.go#L46), but the
    daemon may have ended before it read the request.

    :ivar grace: seconds that the container has to stop; None for its own
        default.
    :ivar sent: time of the last request, by ``time.monotonic``.
    """

    grace: int | None
    sent: float | None = None

    def send(self, ctx: plan.Context, container):
        """Send the request unless the last one may still be in progress.

        :param str container: ID of the container.
        :returns: whether the container is known to have stopped.
        """
        again = stopped_after(ctx.client, self.grace)
        if self.sent is not None and time.monotonic() - self.sent < again:
            return False
        self.sent = time.monotonic()
        patience = (STOP_PATIENCE if ctx.may_sleep()
                    else STOP_PATIENCE_IN_TURN)
        try:
            stop(ctx.client, container, self.grace, patience)
        except errors.AnswerTimeout:
            return False
        except errors.NoAnswer:
            raise
        except errors.Unreachable:
            self.sent = None
            raise
        return True


class Stop(plan.Step):
    """Stop a container and wait until it has stopped.

    The response arrives when the container has stopped, or not at all if that
    takes longer than a request may block. Further calls then inspect the
    container.
    """

    def __init__(self, grace: int | None, missing_ok: bool = False):
        """Prepare the request.

        :param grace: seconds that the container has to stop; None for its own
            default.
        :param missing_ok: whether the step is done if the container does not
            exist.
        """
        self._request = StopRequest(grace)
        self._missing_ok = missing_ok

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the request, and return whether the container has stopped."""
        try:
            return self._request.send(ctx, ctx.object.id) or (
                self._has_stopped(ctx))
        except errors.NotFound:
            if not self._missing_ok:
                raise
            return True

    def _has_stopped(self, ctx: plan.Context):
        if ctx.may_sleep():
            ctx.client.containers.wait(ctx.object.id, STOP_PATIENCE)
        return state_of(ctx).has_stopped


class Remove(plan.Step):
    """Remove a stopped container."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Remove the container, unless that was done or is in progress."""
        volumes = ctx.properties['remove_volumes'] is not False
        try:
            ctx.client.containers.remove(ctx.object.id, volumes=volumes)
        except errors.NotFound:
            return True
        except errors.Busy:
            return plan.After(_REMOVING)
        except errors.Conflict:
            # Another client started it again.
            return plan.First([Stop(ctx.properties['stop_grace_period'],
                                    missing_ok=True)])
        return True


def leave_gone_networks(ctx: plan.Context):
    """Detach the container from networks that no longer exist.

    A daemon cannot start a container with an endpoint in such a network.

    :returns: whether there were any.
    """
    inspected = ctx.object.inspect(ctx.client)
    gone = []
    for name in network.effective_endpoints(inspected):
        try:
            ctx.client.networks.inspect(name)
        except errors.NotFound:
            gone.append(name)
            ctx.client.networks.disconnect(ctx.object.id, name)
    return bool(gone)
