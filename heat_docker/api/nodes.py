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

"""The requests about the nodes of a swarm, which its managers answer.

Paths and fields:
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Node.
"""

import collections.abc
import json

from .. import answers
from . import collection

# States of a task that uses its node; a task in any other has ended:
# https://docs.docker.com/engine/swarm/how-swarm-mode-works/swarm-task-states/
_ACTIVE = ('assigned', 'accepted', 'preparing', 'ready', 'starting', 'running')


class Nodes(collection.Specified):
    """The nodes of the swarm of a manager."""

    PATH = '/nodes'
    LISTED_SHAPE = {
        'Spec': {'Labels': answers.MapOf(str), 'Role': str,
                 'Availability': str},
        'Description': {'Hostname': str,
                        'Engine': {'EngineVersion': str}},
        'Status': {'State': str, 'Addr': str, 'Message': str},
        'ManagerStatus': {'Leader': bool, 'Reachability': str, 'Addr': str}}
    SHAPE = {**LISTED_SHAPE, 'Version': {'Index': int}}

    def list(self, labels: dict[str, str]
             ) -> collections.abc.Sequence[dict]:
        """Return the manager's list of the nodes that have all the labels.

        Docker before 20.10 cannot filter by the labels of nodes.
        """
        nodes = [{**node, 'Spec': node.get('Spec') or {}}
                 for node in self._filtered()]
        return [node for node in nodes if labels.items() <= (
            node['Spec'].get('Labels') or {}).items()]

    def active_tasks(self, object_id: str) -> int:
        """Return the number of tasks that use a node."""
        tasks = self._client.request_json(
            'GET', '/tasks', query={'filters': json.dumps(
                {'node': [object_id]})})
        if not answers.has_shape(tasks, [{'Status': {'State': str}}]):
            raise self._client.shape_error()
        return sum((task.get('Status') or {}).get('State') in _ACTIVE
                   for task in tasks or ())

    def remove(self, object_id: str, force: bool = False) -> None:
        """Remove a node that has left from the swarm.

        :param force: whether the node may be down without having left.
        :raises errors.NotFound: if it is not part of the swarm.
        """
        self._client.act('DELETE', '/nodes/%s', object_id,
                         query={'force': int(force)})
