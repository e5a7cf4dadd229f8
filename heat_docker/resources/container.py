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

from .. import conf
from .. import i18n
from .. import masking
from ..convert import network
from ..convert import registry
from ..lifecycle import container_changes
from ..lifecycle import container_operations
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
from . import registration
from . import signals
from . import snapshots

_ = i18n._


class DockerContainer(signals.SignalResource, snapshots.SnapshotResource):
    """A container on a Docker daemon.

    The daemon at docker_endpoint pulls the image if necessary, creates the
    container and starts it. The resource is complete once the command has kept
    running for a second, or has reached the state in wait_for. If the command
    ends before, the resource fails, and the status reason contains the exit
    code and the last output.

    heat-engine must be able to reach the daemon. If the daemon runs on a
    server of the same stack, the create waits until the server has installed
    it, up to endpoint_timeout.

    Deleting the resource stops the container, which has ten seconds or the
    stop_grace_period to end by itself, and removes it with its anonymous
    volumes. Named volumes and directories of the host are retained. Suspending
    the stack stops the container, and resuming it starts the container again.
    A snapshot of the stack saves the files of the container, but not of its
    volumes, as an image. A signal carries out one of the actions that
    alarm_action lists. A check does not fail because a signal stopped or
    paused the container. With alarm_action, anyone who has alarm_url, such as
    an alarm, can send this one action without a token.
    """

    spec = spec
    object_class = containers.Container
    snapshot_record = records.SnapshotImage
    run_operation = staticmethod(container_operations.run)

    update_steps = {
        'rename': lambda made, ctx: container_changes.Rename(),
        'reconnect': lambda made, ctx: container_changes.Reconnect(
            ctx.before.update_failed),
        'set_alarm': lambda made, ctx: alarms.SyncUser(made.sync_alarm_user),
    }

    # Differences between live state and properties, if an update with
    # --converge reads it: the container is in no network, or is not running.
    # See parse_live_resource_data.
    _is_in_no_network = False
    _is_down = False

    # Plans.

    def create_plan(self, values):
        """Return the steps that create and start the container."""
        return [container_replacement.WaitForPredecessor(),
                images.Provide(containers.Create()),
                *container_start.start_plan(values)]

    def finish_plan(self, ctx, planned):
        """Return the steps that start a container after a failed action."""
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

        An image that a container was restored from is removed with the stack.
        """
        container_snapshots.remove(client, name)

    def properties_from_snapshot(self, name):
        """Return the properties of a container of the image.

        No registry has the image, so the daemon must not pull it.
        """
        return {'image': name, 'pull_policy': 'never', 'registry_auth': None}

    # Hooks of Heat.

    def handle_create(self):
        """Create the user of the alarm, and return the plan of the create.

        After a failure, the delete of the resource deletes the user, too.
        """
        self.sync_alarm_user(self.properties['alarm_action'])
        return super().handle_create()

    def adopt_object(self):
        """Adopt a container that exists, and create the user of its alarm."""
        super().adopt_object()
        self.sync_alarm_user(self.properties['alarm_action'])

    def check_delete_complete(self, running):
        """Return whether the delete is complete, with the alarm's user.

        After the delete, Heat no longer has the ID of the user.
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

        Heat uses them as the old values of the update that follows. The same
        update uses the two flags that this sets: no property shows that.
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
        """Return the state of the resource before the action.

        With --converge, a container that was stopped or paused outside of
        Heat is started again.
        """
        before = super().before()
        if not self._is_down:
            return before
        return plan.Before(before.update_failed, True, True)

    # Attributes that no inspect request shows.

    def info(self, client, inspected):
        """Return the response to an inspect request, without secrets.

        The operator decides whether environment variables are secret.
        """
        shown = {'env'} if conf.group().show_env else ()
        return masking.inspected(
            [field for field in spec.FIELDS if field.name not in shown],
            inspected)

    def networking(self, client, inspected):
        """Return the response with the main network as the network mode.

        The daemon shows the network that the container was created with.
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
        return registry.by_digest(
            client.images.inspect(inspected['Image']).get('RepoDigests'),
            inspected['Config'].get('Image'))

    def stats(self, client, inspected):
        """Return a sample of the resources that the container uses."""
        return client.containers.stats(inspected['Id'])

    def log_tail(self, client, inspected):
        """Return the last output of the container."""
        return client.containers.log_tail(
            inspected['Id'], inspected['Config'].get('Tty'),
            conf.group().max_log_bytes)

    def log_head(self, client, inspected):
        """Return the first line of the container's output."""
        return client.containers.log_head(
            inspected['Id'], inspected['Config'].get('Tty'),
            conf.group().max_log_bytes)


resource_mapping, available_resource_mapping = registration.mappings(
    'DockerInc::Docker::Container', DockerContainer)
