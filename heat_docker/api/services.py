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
"""The requests about services of a swarm and their tasks.

Paths and fields: https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

import collections.abc
import contextlib
import dataclasses
import json

from .. import answers
from .. import budgets
from .. import errors
from . import collection
from . import outputs

# States of a task, after which its container does not run again:
# https://docs.docker.com/engine/swarm/how-swarm-mode-works/swarm-task-states/.
_ENDED = ('complete', 'failed', 'shutdown', 'rejected', 'orphaned', 'remove')

# Parts of the specification of a task that may differ from its service's. A
# change of the placement leaves a task on a node that still fits.
_OF_SERVICE = ('Runtime', 'Placement')

# Lines of output to request of each task.
_LINES = 1000

_TASK = {'ID': str, 'Slot': int, 'NodeID': str, 'DesiredState': str,
         'CreatedAt': str, 'Spec': dict, 'JobIteration': {'Index': int},
         'Status': {'State': str, 'Err': str, 'Message': str,
                    'ContainerStatus': {'ContainerID': str,
                                        'ExitCode': int}}}


@dataclasses.dataclass(frozen=True)
class Task:
    """A task of a service, as a manager describes it.

    :ivar slot: number of the replica; 0 for a service on all nodes.
    :ivar node: ID of the node; empty until there is one.
    :ivar desired: state that the swarm wants.
    :ivar state: state that the node reports.
    :ivar error: why it failed or is not placed; empty if there is no error.
    :ivar container: ID of the container; empty without one.
    :ivar iteration: number of the run of a job; 0 for the first one.
    :ivar is_current: whether it has the specification of the service.
    """

    id: str
    slot: int
    node: str
    desired: str
    state: str
    error: str
    created_at: str
    container: str
    exit_code: int
    iteration: int
    is_current: bool

    @property
    def has_ended(self):
        """Whether its container does not run again."""
        return self.state in _ENDED

    @property
    def has_failed(self):
        """Whether it failed, or its node could not start it."""
        return self.state in ('failed', 'rejected')

    @property
    def is_wanted(self):
        """Whether the swarm wants it to run, now or after another one."""
        return self.desired in ('ready', 'running', 'complete')


class Services(collection.Specified):
    """The services of a swarm. An ID may be a name."""

    PATH = '/services'
    SHAPE = {**collection.Specified.SHAPE,
             'Spec': {'Name': str, 'Labels': dict, 'TaskTemplate': dict,
                      'Mode': answers.MapOf(dict)},
             'UpdateStatus': {'State': str, 'Message': str},
             'Endpoint': {'Ports': [dict], 'VirtualIPs': [dict]},
             'JobStatus': {'JobIteration': {'Index': int}}}

    def create(self, body: dict, **options) -> tuple[str, list[str]]:
        """Create a service.

        :param options: see :meth:`client.DockerClient.request`.
        :returns: ID of the service, and the daemon's warnings.
        :raises errors.Conflict: if the name is in use.
        """
        answer = self._create(body=body, **options)
        # Before version 1.44, there was only one, under another key.
        warning = answer.get('Warning')
        return answer[self.ID], self._client.warnings_of(
            {'Warnings': [warning]} if warning else answer)

    def tasks(self, service: dict) -> list[Task]:
        """Return the tasks of a service, with those that have ended.

        :param service: what :meth:`inspect` returns.
        """
        template = _without(service['Spec'].get('TaskTemplate'))
        return list(self._tasks(template, service=[service[self.ID]]))

    def tasks_of(self, labels: dict[str, str]) -> list[Task]:
        """Return the tasks of services that have or had all the labels.

        The swarm stops and removes the tasks of a service that no longer
        exists.
        """
        return list(self._tasks(None, label=[
            '%s=%s' % item for item in labels.items()]))

    def _tasks(self, template, **filters
               ) -> collections.abc.Iterator[Task]:
        """Yield the tasks that match the filters.

        Each of them repeats the specification, so that the whole list would
        take too much memory.
        """
        count = 0
        for found in self._client.stream_list(
                'GET', '/tasks', query={'filters': json.dumps(filters)}):
            self._client.check_id(found.get('ID'))
            if not answers.has_shape(found, _TASK):
                raise self._client.shape_error()
            count += 1
            if count > budgets.LISTED:
                self._client.close()
                raise self._client.too_long_error()
            yield self._task(found, template)

    def _task(self, found, template):
        status = found.get('Status') or {}
        container = status.get('ContainerStatus') or {}
        error = self._client.masked(status.get('Err'))
        return Task(
            found['ID'], found.get('Slot') or 0, found.get('NodeID') or '',
            found.get('DesiredState') or '', status.get('State') or '',
            error, found.get('CreatedAt') or '',
            container.get('ContainerID') or '',
            container.get('ExitCode') or 0,
            (found.get('JobIteration') or {}).get('Index') or 0,
            _without(found.get('Spec')) == template)

    def node_name(self, node: str) -> str:
        """Return the hostname of a node, or its ID if it has left."""
        with contextlib.suppress(errors.NotFound):
            shown = self._client.request_json('GET', '/nodes/%s', node) or {}
            if not answers.has_shape(shown,
                                     {'Description': {'Hostname': str}}):
                raise self._client.shape_error()
            name = (shown.get('Description') or {}).get('Hostname')
            return answers.line(name or node)
        return node

    def log_tail(self, service: str, tty: bool, size: int) -> str:
        """Return the last output of all tasks of a service.

        :param tty: whether the tasks have a terminal.
        :param size: maximum size of the output, in bytes.
        """
        return self._log_tail('/services/%s/logs', service, tty, size)

    def task_log_tail(self, task: str, tty: bool, size: int) -> str:
        """Return the last output of a task; see :meth:`log_tail`."""
        return self._log_tail('/tasks/%s/logs', task, tty, size)

    def _log_tail(self, path, name, tty, size):
        lines = max(1, min(size // 2, _LINES))
        return outputs.tail(outputs.chunks(self._client, path, name, tty,
                                           {'tail': lines}), size)


def _without(spec):
    """Return the part of a specification that all current tasks have."""
    return {key: value for key, value in (spec or {}).items()
            if key not in _OF_SERVICE}
