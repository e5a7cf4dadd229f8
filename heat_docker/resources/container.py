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

from .. import answers
from .. import conf
from .. import i18n
from .. import masking
from ..convert import network
from ..lifecycle import container_changes
from ..lifecycle import container_replacement
from ..lifecycle import container_snapshots
from ..lifecycle import container_start
from ..lifecycle import containers
from ..lifecycle import images
from ..lifecycle import plan
from ..lifecycle import readiness
from ..lifecycle import records
from ..specs import container as spec
from . import alarms
from . import base
from . import registration
from . import signals
from . import snapshots

_ = i18n._


class DockerContainer(signals.SignalResource, snapshots.SnapshotResource):
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
    object_class = containers.Container
    snapshot_record = records.SnapshotImage

    update_steps = {
        'rename': lambda made, ctx: container_changes.Rename(),
        'reconnect': lambda made, ctx: container_changes.Reconnect(
            ctx.before.update_failed),
        'set_alarm': lambda made, ctx: alarms.SyncUser(made.sync_alarm_user),
    }

    # What the daemon shows differently from the properties, when an update
    # with --converge asks: the container is in no network, or does not run.
    _is_in_no_network = False
    _is_down = False

    # Plans.

    def create_plan(self, values):
        """Return the steps that create and start the container."""
        return [container_replacement.WaitForPredecessor(),
                images.Provide(containers.Create()),
                *container_start.start_plan(values)]

    def finish_plan(self, ctx, planned):
        """Return the steps that start a container which a failure left."""
        if ctx.before.suspended:
            return [containers.Resume(), readiness.WaitFor()]
        return [container_start.CatchUp(is_reconnected=any(
            isinstance(step, container_changes.Reconnect)
            for step in planned))]

    aside_record = records.SteppedAside
    step_aside = staticmethod(container_replacement.step_aside)
    step_back = container_replacement.StepBack

    def step_back_plan(self):
        """Return the steps that restore the container and its networks.

        The networks in the template may differ from those that the container
        had when it was stopped.
        """
        steps = super().step_back_plan()
        return steps and [*steps,
                          container_changes.Reconnect(update_failed=True)]

    def check_plan(self):
        """Return the step that compares the container with wait_for."""
        return [readiness.Check()]

    def suspend_plan(self, values):
        """Return the steps that stop or pause the container."""
        if values['suspend_mode'] == 'pause':
            return [containers.Pause()]
        return [containers.DisableRestarts(),
                containers.Stop(values['stop_grace_period'])]

    def resume_plan(self, values):
        """Return the steps that start or unpause the container."""
        return [containers.Resume(), readiness.WaitFor()]

    def delete_plan(self, values):
        """Return the steps that stop and remove the container."""
        steps = [containers.Stop(values['stop_grace_period'],
                                 missing_ok=True),
                 containers.Remove()]
        if self.stack.action == self.stack.DELETE:
            steps.append(container_snapshots.RemoveSnapshots())
        return steps

    def snapshot_plan(self, keep):
        """Return the step that creates an image of the container."""
        return [container_snapshots.Commit(keep)]

    def remove_snapshot(self, client, name):
        """Remove the image of a snapshot.

        One that a container was restored from goes with the stack.
        """
        container_snapshots.remove(client, name)

    def properties_from_snapshot(self, name):
        """Return the properties of a container of the image.

        No registry has it, and none is to be asked for it.
        """
        return {'image': name, 'pull_policy': 'never', 'registry_auth': None}

    # Hooks of Heat.

    def validate(self):
        """Refuse what no container can have together."""
        super().validate()
        if self.are_known('image', 'registry_auth'):
            base.validate_credentials(
                lambda: images.pull_credentials(self.properties))
        if self.properties['networks'] and self.properties['network_mode']:
            raise exception.StackValidationFailed(
                message=_('network_mode excludes networks'))
        if self.properties['files'] and self.properties['read_only']:
            raise exception.StackValidationFailed(
                message=_('read_only excludes files, which Docker puts into '
                          'the root file system'))

    def handle_create(self):
        """Return the plan of the create, after the user of its alarm.

        Whatever failure leaves a container leaves the user, too.
        """
        self.sync_alarm_user(self.properties['alarm_action'])
        return super().handle_create()

    def adopt_object(self):
        """Adopt a container that exists, and create the user of its alarm."""
        super().adopt_object()
        self.sync_alarm_user(self.properties['alarm_action'])

    def check_delete_complete(self, running):
        """Return whether the container is gone, and the user of its alarm.

        Once the delete is complete, Heat forgets who the user was.
        """
        if not super().check_delete_complete(running):
            return False
        self.sync_alarm_user(None)
        return True

    def needs_replace_with_prop_diff(self, changed_properties_set,
                                     after_props, before_props):
        """Return whether a change cannot be made in place.

        A daemon treats containers that were created with networks differently
        from others.
        """
        if 'networks' in changed_properties_set and (
                bool(after_props['networks'])
                != (bool(before_props['networks'])
                    or self._is_in_no_network)):
            return True
        return super().needs_replace_with_prop_diff(
            changed_properties_set, after_props, before_props)

    def parse_live_resource_data(self, resource_properties, resource_data):
        """Return the properties that were changed outside of Heat.

        Heat uses them as the old values of the update that follows.
        """
        drift = super().parse_live_resource_data(resource_properties,
                                                 resource_data)
        self._is_in_no_network = drift.get('networks') == []
        state = containers.State(resource_data)
        self._is_down = (
            state.status in ('created', 'exited', 'paused')
            and resource_properties['wait_for'] != 'none'
            and not state.has_completed(resource_properties)
            and not state.is_as_signaled(self.records))
        return drift

    def before(self):
        """Return what the container went through before the action.

        With --converge, a container that was stopped or paused outside of
        Heat is started again.
        """
        before = super().before()
        if not self._is_down:
            return before
        return plan.Before(before.update_failed, True, True)

    # Attributes that no inspect request shows.

    def info(self, client, inspected):
        """Return what the daemon shows, without secrets.

        The operator decides whether environment variables are any.
        """
        shown = {'env'} if conf.group().show_env else ()
        return masking.inspected(
            [field for field in spec.FIELDS if field.name not in shown],
            inspected)

    def networking(self, client, inspected):
        """Return what the daemon shows, with the main network as the mode.

        Where it is the mode, it is the one that the container began with.
        """
        wanted = self.properties['networks']
        if not wanted:
            return inspected
        main = network.attachment_name(wanted[0]['network'],
                                network.effective_endpoints(inspected))
        return {**inspected, 'HostConfig': {**inspected['HostConfig'],
                                            'NetworkMode': main}}

    def image_digest(self, client, inspected):
        """Return the image by its digest, in the repository it came from."""
        image = client.images.inspect(inspected['Image'])
        digests = [digest for digest in image.get('RepoDigests') or ()
                   if answers.is_id(digest)]
        repository = inspected['Config']['Image'].partition('@')[0]
        for digest in digests:
            if repository.startswith(digest.partition('@')[0]):
                return digest
        return digests[0] if digests else None

    def stats(self, client, inspected):
        """Return a sample of what the container uses."""
        return client.containers.stats(inspected['Id'])

    def log_tail(self, client, inspected):
        """Return the last output of the container."""
        return client.containers.log_tail(
            inspected['Id'], inspected['Config']['Tty'],
            conf.group().max_log_bytes)

    def log_head(self, client, inspected):
        """Return the first line of the container's output."""
        return client.containers.log_head(
            inspected['Id'], inspected['Config']['Tty'],
            conf.group().max_log_bytes)


resource_mapping, available_resource_mapping = registration.mappings(
    'DockerInc::Docker::Container', DockerContainer)
