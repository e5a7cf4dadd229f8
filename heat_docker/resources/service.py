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
"""``DockerInc::Docker::Service``."""

from .. import conf
from .. import fields
from .. import i18n
from ..lifecycle import records
from ..lifecycle import service_convergence
from ..lifecycle import service_operations
from ..lifecycle import services
from ..specs import service as spec
from . import alarms
from . import names
from . import registration
from . import signals

_ = i18n._


class DockerService(signals.SignalResource):
    """A service of a swarm, which runs tasks of one image on its nodes.

    The daemon at docker_endpoint must be a manager of the swarm. If
    docker_endpoint is a list, each action uses the first manager that
    responds. The swarm starts the tasks, replaces those that end, and starts
    them on other nodes if a node fails. The resource is complete once all
    tasks have kept running for converge_delay, and are healthy if there is a
    health check; a job is complete once its tasks have completed. If tasks
    fail again and again, the action fails at once, and the status reason
    contains the node, the error and the last output of the last failed task.

    A change is made in place, except for the name and the mode: the swarm
    replaces the tasks in the way that update_config describes, so that the
    others keep running. If the swarm pauses the update or rolls it back, the
    action fails at once.

    Suspending the stack scales a replicated service to 0, and resuming it
    scales it back. Services of other modes cannot be suspended. Deleting the
    resource waits until the containers of all tasks are removed. A check fails
    unless all tasks run, or those of a job have completed. A signal carries
    out one of the actions that alarm_action lists. With alarm_action, anyone
    who has alarm_url, such as an alarm, can trigger this one action without a
    token.
    """

    spec = spec
    object_class = services.Service
    run_operation = staticmethod(service_operations.run)

    # https://github.com/moby/swarmkit/blob/v1.12.0/manager/controlapi/common.go
    physical_resource_name_limit = 63

    update_steps = {
        'update_spec': lambda made, ctx: services.UpdateSpec(),
        'set_alarm': lambda made, ctx: alarms.SyncUser(made.sync_alarm_user),
    }

    # Plans.

    def create_plan(self, values):
        """Return the steps that create the service and await its tasks."""
        return [services.Create(), service_convergence.Converge()]

    def finish_plan(self, ctx, planned):
        """Return the steps that complete what a failed action has left."""
        if any(isinstance(step, services.UpdateSpec) for step in planned):
            return []
        return [services.UpdateSpec(), service_convergence.Converge()]

    def _update_plan(self, ctx):
        """Return the steps that change the service and await its tasks."""
        steps = super()._update_plan(ctx)
        if any(isinstance(step, services.UpdateSpec) for step in steps):
            steps.append(service_convergence.Converge())
        return steps

    def check_plan(self):
        """Return the step that counts the tasks."""
        return [service_convergence.Check()]

    def suspend_plan(self, values):
        """Return the steps that stop all tasks."""
        return [services.Suspend(), services.AwaitTasks()]

    def resume_plan(self, values):
        """Return the steps that start the tasks again."""
        return [services.UpdateSpec(), service_convergence.Converge()]

    def delete_plan(self, values):
        """Return the steps that remove the service and await its tasks."""
        return [services.Remove(), services.AwaitRemoval()]

    # Hooks of Heat.

    def handle_create(self):
        """Create the user of the alarm, and return the plan of the create."""
        self.sync_alarm_user(self.properties['alarm_action'])
        return super().handle_create()

    def adopt_object(self):
        """Adopt a service that exists, and create the user of its alarm."""
        super().adopt_object()
        self.sync_alarm_user(self.properties['alarm_action'])

    def check_delete_complete(self, running):
        """Return whether the delete is complete, with the alarm's user."""
        if not super().check_delete_complete(running):
            return False
        self.sync_alarm_user(None)
        return True

    def needs_replace_with_prop_diff(self, changed_properties_set,
                                     after_props, before_props):
        """Return whether the service has to be replaced.

        :raises exception.NotSupported: if its name prevents it.
        """
        if not super().needs_replace_with_prop_diff(
                changed_properties_set, after_props, before_props):
            return False
        names.refuse_same(self.name, changed_properties_set, after_props)
        return True

    def parse_live_resource_data(self, resource_properties, resource_data):
        """Return the properties that were changed outside of Heat.

        The number of replicas after a signal is not a change outside.
        """
        drift = super().parse_live_resource_data(resource_properties,
                                                 resource_data)
        scaled = self.records.read(records.Scaled)
        if scaled is not None and drift.get('replicas') == scaled.replicas:
            del drift['replicas']
        return drift

    # Attributes that no inspect request shows.

    def _state(self, client, inspected):
        return service_convergence.State(client, inspected)

    def task_list(self, client, inspected):
        """Return the tasks that run or are to run."""
        names = {}
        shown = []
        for task in self._state(client, inspected).all_tasks:
            if not task.is_wanted:
                continue
            if task.node and task.node not in names:
                names[task.node] = client.services.node_name(task.node)
            shown.append({
                'id': task.id, 'slot': task.slot or None,
                'node': names.get(task.node), 'state': task.state,
                'container_id': task.container or None,
                'error': task.error or None})
        return sorted(shown, key=lambda task: (task['slot'] or 0,
                                               task['id']))

    def running(self, client, inspected):
        """Return the number of tasks that run."""
        return len(self._state(client, inspected).running)

    def completed(self, client, inspected):
        """Return the number of tasks that have completed."""
        return len(self._state(client, inspected).completed)

    def log_tail(self, client, inspected):
        """Return the last output of all tasks."""
        return client.services.log_tail(
            inspected['ID'],
            bool(fields.read(inspected,
                             'Spec.TaskTemplate.ContainerSpec.TTY')),
            conf.group().max_log_bytes)


resource_mapping, available_resource_mapping = registration.mappings(
    'DockerInc::Docker::Service', DockerService)
