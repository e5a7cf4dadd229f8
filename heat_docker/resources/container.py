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

"""``DockerInc::Docker::Container``."""

from heat.common import exception
from heat.engine import resource

from .. import conf
from .. import engine
from .. import errors
from .. import fields
from .. import i18n
from .. import masking
from ..convert import network
from ..convert import references
from ..convert import storage
from ..specs import container as spec
from . import alarms
from . import base
from . import container_replacing
from . import holding
from . import moving
from . import pulling
from . import reaching
from . import registration
from . import signals
from . import snapshots
from . import waiting

_ = i18n._

# How long, in seconds, after it somebody else's removal is asked about again.
_LEAVING = 0.2


class DockerContainer(pulling.Pulling, waiting.Waiting,
                      container_replacing.ContainerReplacing,
                      moving.Moving, holding.Holding,
                      signals.Signals, snapshots.Snapshots,
                      base.DockerResource, alarms.Alarms):
    """A container on a Docker daemon.

    The daemon at docker_endpoint pulls the image if it does not have it,
    creates the container and starts it. The resource is complete once the
    command has kept running for a second, or has reached what wait_for says;
    a command that ends before that fails it, with its exit code and its last
    output as the reason.

    The daemon must be reachable from heat-engine. On a server of the same
    stack it is there only when the server has installed it; the create waits
    for it as long as endpoint_timeout says.

    Deleting the resource stops the container, which has ten seconds or the
    stop_grace_period to end by itself, and removes it with its anonymous
    volumes; named volumes and folders of the host stay. Suspending the stack
    stops the container and resuming starts it again. A snapshot of the stack
    keeps what the container has written, but not its volumes, as an image. A
    signal with one of the actions that alarm_action lists acts on the
    container. A check does not fail because a signal has stopped or paused
    it. With alarm_action, an alarm or anyone else who has alarm_url can send
    that one action without a token.
    """

    spec = spec

    # Whether it is in no network although the template lists networks.
    _is_cut_off = False

    # Whether it is known to have been stopped or paused.
    _is_down = False

    def _docker_create(self, docker, request):
        """Create the container; the warnings of the daemon are an event."""
        body = request.body
        endpoints = (body.get('NetworkingConfig') or {}).get(
            'EndpointsConfig') or {}
        if endpoints and self._takes_networks(docker):
            # Docker 26 starts no container whose mode is a network that is
            # gone, as one is that the container was moved from.
            del body['HostConfig']['NetworkMode']
        elif len(endpoints) > 1:
            # The step _reconnect attaches it to the others.
            main = next(iter(endpoints))
            body['NetworkingConfig']['EndpointsConfig'] = {
                main: endpoints[main]}
        container, warnings = docker.create_container(request.query, body)
        for warning in warnings:
            self._event(_('Docker warns: %s') % warning)
        return container

    def _takes_networks(self, docker):
        """Return whether a container can be created in several networks."""
        return docker.api >= (1, 44)

    def _docker_inspect(self, docker, object_id):
        """Return all that the daemon knows of the container."""
        return docker.inspect_container(object_id)

    def _docker_find(self, docker, labels):
        """Return the ids of the containers that have all the labels."""
        return [found['Id'] for found in docker.list_containers(labels)]

    def _docker_update(self, docker, body):
        """Change limits of the container.

        Podman can since 5.1: https://github.com/containers/podman/pull/22322.
        """
        try:
            return docker.update_container(self.resource_id, body)
        except errors.Unsupported as ex:
            if docker.is_podman:
                raise resource.UpdateReplace(self.name) from ex
            raise

    # Actions.

    def validate(self):
        """Refuse what goes together in no container."""
        super().validate()
        if self.properties['networks'] and self.properties['network_mode']:
            raise exception.StackValidationFailed(
                message=_('network_mode excludes networks'))
        if self.properties['files'] and self.properties['read_only']:
            raise exception.StackValidationFailed(
                message=_('read_only excludes files, which Docker puts into '
                          'the root file system'))

    def handle_create(self):
        """Return how the container is to be created.

        Whatever failure leaves a container leaves the user of its alarm, too.
        """
        self._admit(self.properties['alarm_action'])
        return reaching.Progress([self._await_predecessor, self._pull_or_make]
                             + self._start_steps(self.properties))

    def needs_replace_with_prop_diff(self, changed_properties_set,
                                     after_props, before_props):
        """Return whether a change cannot be made in place.

        The daemon tells containers that were given networks from those that
        were not.
        """
        if 'networks' in changed_properties_set and (
                bool(after_props['networks'])
                != (bool(before_props['networks']) or self._is_cut_off)):
            return True
        return super().needs_replace_with_prop_diff(
            changed_properties_set, after_props, before_props)

    def parse_live_resource_data(self, resource_properties, resource_data):
        """Return the properties that were changed outside of Heat.

        Heat uses them as the old values of the update that follows.
        """
        drift = super().parse_live_resource_data(resource_properties,
                                                 resource_data)
        self._is_cut_off = drift.get('networks') == []
        state = resource_data['State']
        self._is_down = (
            state.get('Status') in ('created', 'exited', 'paused')
            and resource_properties['wait_for'] != 'none'
            and not self._has_completed(state)
            and not self._is_as_signaled(state))
        return drift

    def _needs_update(self, *args, **kwargs):
        """Return whether there is anything to do.

        With --converge, a container that somebody has stopped or paused is
        started again.
        """
        needed = super()._needs_update(*args, **kwargs)
        self._asleep = self._asleep or self._is_down
        self._unfinished = self._unfinished or self._is_down
        return needed or self._is_down

    def _claim(self):
        """Take over a container that exists, and let its alarm in."""
        super()._claim()
        self._admit(self.properties['alarm_action'])

    def handle_suspend(self):
        """Return how the container is to be stopped, if it is ours."""
        if self.external_id is not None:
            return reaching.Progress([])
        if self.properties['suspend_mode'] == 'pause':
            return reaching.Progress([self._pause])
        return reaching.Progress([self._hold_down, self._stop])

    def check_suspend_complete(self, progress):
        """Return whether the container has stopped."""
        return self._advance(progress)

    def handle_resume(self):
        """Return how the container is to be started again, if it is ours."""
        if self.external_id is not None:
            return reaching.Progress([])
        return reaching.Progress([self._wake, self._reach])

    def check_resume_complete(self, progress):
        """Return whether the container is as it should be again."""
        return self._advance(progress)

    def check_delete_complete(self, progress):
        """Return whether the container is gone, and the user of its alarm.

        Once the delete is complete, Heat forgets who the user was.
        """
        if not super().check_delete_complete(progress):
            return False
        self._admit(None)
        return True

    def _delete_steps(self):
        """Return the steps that stop and remove the container."""
        return [self._stop_if_there, self._remove,
                self._remove_snapshots]

    def _is_sound(self, inspected):
        """Return whether it runs, has completed, or only has to be started.

        A suspend has stopped it, and a resume may not have started it. A
        container that a check has found unhealthy has to be replaced: waiting
        for it again does not repair it.
        """
        state = inspected['State']
        if self.action == self.CHECK and self._is_unhealthy(state):
            return False
        return (state.get('Status') in ('created', 'running', 'paused')
                or self._asleep and state.get('Status') == 'exited'
                or self._is_as_signaled(state)
                or self._has_completed(state))

    def _is_unhealthy(self, state):
        """Return whether it is unhealthy although wait_for is healthy."""
        return (self.properties['wait_for'] == 'healthy'
                and (state.get('Health') or {}).get('Status') == 'unhealthy')

    def _has_completed(self, state):
        """Return whether the command has done all that it is there for."""
        return (self.properties['wait_for'] == 'completed'
                and state.get('Status') == 'exited'
                and not state.get('ExitCode'))

    def _finish_steps(self):
        """Return the steps from wherever the container is."""
        if self._asleep:
            return [self._wake, self._reach]
        return [self._catch_up]

    # Steps.

    def _catch_up(self, docker, progress):
        """Decide what is left to do for a container that is made."""
        inspected = docker.inspect_container(self.resource_id)
        state = inspected['State']
        if state.get('Status') == 'created':
            progress.steps[1:] = self._start_steps(
                progress.values(self.properties))
        else:
            progress.steps[1:] = [self._wake] if (
                state.get('Status') == 'paused'
                or self._is_as_signaled(state)) else []
            if (self.properties['networks']
                    and 'connected' not in progress.notes
                    and not network.effective_endpoints(inspected)):
                progress.steps.append(self._reconnect)
            progress.steps.append(self._reach)
        return True

    def _start_steps(self, values):
        steps = [self._check_volumes]
        if values['networks']:
            steps.append(self._reconnect)
        if values['files']:
            steps.append(self._put_files)
        return steps + [self._start, self._reach]

    def _check_volumes(self, docker, progress):
        """Remove the container if a volume is another project's by now.

        A volume has nothing but a name, and only one that a container has
        stays what it is.
        """
        try:
            self._found(docker, progress.values(self.properties),
                        references.VOLUME)
        except errors.Refused:
            docker.remove_container(self.resource_id)
            raise
        return True

    def _examine(self, docker, progress):
        """Fail, saying why, unless the container is as it should be."""
        aim = self.properties['wait_for']
        inspected = docker.inspect_container(self.resource_id)
        state = inspected['State']
        well = {'none': True,
                'completed': self._has_completed(state),
                'healthy': (state.get('Health') or {}).get(
                    'Status') == 'healthy'}
        if not (well.get(aim, state.get('Status') == 'running')
                or self._is_as_signaled(state)):
            raise exception.Error(self._obituary(docker, inspected))
        if self.properties['networks'] and not (
                network.effective_endpoints(inspected)):
            raise exception.Error(_('The container %s is in none of its '
                                    'networks')
                                  % inspected['Name'].lstrip('/'))
        return True

    def _put_files(self, docker, progress):
        """Put the files into the container."""
        values = progress.values(self.properties)
        docker.put_archive(self.resource_id,
                           storage.files_to_archive(values['files']))
        return True

    def _start(self, docker, progress):
        """Start the container; it may run already."""
        if 'start asked' in progress.notes:
            # The answer was lost. What has run is not run twice.
            state = docker.inspect_container(self.resource_id)['State']
            if state.get('Status') != 'created':
                return True
        progress.notes['start asked'] = True
        try:
            docker.start_container(self.resource_id)
        except errors.Conflict as ex:
            del progress.notes['start asked']
            return self._wait_again(
                docker, progress, fields.claims(
                    self.spec.FIELDS, progress.values(self.properties)), ex)
        return True

    def _wake(self, docker, progress):
        """Let a paused container go on, or start one that was stopped.

        A command that has completed is not run again.
        """
        state = docker.inspect_container(self.resource_id)['State']
        if state.get('Status') == 'paused':
            docker.unpause_container(self.resource_id)
            return True
        if self._has_completed(state):
            return True
        self._let_go(docker)
        # The answer to a start may be lost. What has run is not run twice.
        before = progress.notes.setdefault('run before',
                                           state.get('StartedAt'))
        if state.get('StartedAt') == before:
            docker.start_container(self.resource_id)
        return True

    def _hold_down(self, docker, progress):
        """Keep the daemon from starting the container when it is stopped."""
        self._hold(docker)
        return True

    def _pause(self, docker, progress):
        """Freeze the container, unless it is frozen."""
        state = docker.inspect_container(self.resource_id)['State']
        if state.get('Status') == 'running':
            docker.pause_container(self.resource_id)
        return True

    def _stop(self, docker, progress):
        """Return whether the container has stopped, having asked for it."""
        if self._ask_to_stop(docker, progress, self.resource_id,
                             self.properties['stop_grace_period']):
            return True
        if self._has_own_thread:
            docker.wait_container(self.resource_id, engine.STOP_PATIENCE)
        state = docker.inspect_container(self.resource_id)['State']
        return state.get('Status') in ('created', 'exited', 'dead',
                                       'removing')

    def _stop_if_there(self, docker, progress):
        """Stop the container, unless it is gone."""
        try:
            return self._stop(docker, progress)
        except errors.NotFound:
            return True

    def _remove(self, docker, progress):
        """Remove the container; others may be at it, or have been."""
        volumes = self.properties['remove_volumes'] is not False
        try:
            docker.remove_container(self.resource_id, volumes=volumes)
        except errors.NotFound:
            return True
        except errors.Busy:
            return progress.later(_LEAVING)
        except errors.Conflict:
            # Somebody has started it again.
            progress.notes.pop('stop asked', None)
            progress.steps.insert(0, self._stop_if_there)
            return False
        return True

    # Attributes that no inspect request shows.

    def info(self, docker, inspected):
        """Return what the daemon shows, without secrets.

        The operator decides whether environment variables are any.
        """
        shown = {'env'} if conf.group().show_env else ()
        return masking.inspected(
            [field for field in spec.FIELDS if field.name not in shown],
            inspected)

    def networking(self, docker, inspected):
        """Return what the daemon shows, with the main network as the mode.

        Where it is the mode, it is the one that the container began with.
        """
        wanted = self.properties['networks']
        if not wanted:
            return inspected
        main = network.attachment_name(
            wanted[0]['network'], network.effective_endpoints(inspected))
        return {**inspected, 'HostConfig': {**inspected['HostConfig'],
                                            'NetworkMode': main}}

    def image_digest(self, docker, inspected):
        """Return the image by its digest, in the repository it came from."""
        digests = docker.inspect_image(inspected['Image']).get('RepoDigests')
        repository = inspected['Config']['Image'].partition('@')[0]
        for digest in digests or ():
            if repository.startswith(digest.partition('@')[0]):
                return digest
        return (digests or [None])[0]

    def stats(self, docker, inspected):
        """Return a sample of what the container uses."""
        return docker.stats(inspected['Id'])

    def log_tail(self, docker, inspected):
        """Return the last output of the container."""
        return docker.log_tail(inspected['Id'], inspected['Config']['Tty'],
                               conf.group().max_log_bytes)

    def log_head(self, docker, inspected):
        """Return the first line of the container's output."""
        return docker.log_head(inspected['Id'], inspected['Config']['Tty'],
                               conf.group().max_log_bytes)


def resource_mapping():
    """Return the type and its class, for tools that only read them."""
    return {'DockerInc::Docker::Container': DockerContainer}


def available_resource_mapping():
    """Return the type and its class if heat-engine can serve it."""
    return registration.available(resource_mapping())
