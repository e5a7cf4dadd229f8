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

"""The requests about networks.

Paths and fields: https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

from .. import answers
from . import collection


class Networks(collection.Collection):
    """The networks of a daemon. An ID may be a name."""

    PATH = '/networks'
    OPTIONAL = {'Name': str}
    LISTED_SHAPE = {'Name': str, 'Labels': dict,
                    'ConfigFrom': {'Network': str}}
    SHAPE = {**LISTED_SHAPE, 'Status': {'IPAM': {'Subnets': answers.MapOf(
        {'IPsInUse': int, 'DynamicIPsAvailable': int})}}}
    LABELS = ('Labels',)

    def create(self, body: dict) -> tuple[str, list[str]]:
        """Create a network.

        :returns: ID of the network, and the daemon's warnings.
        """
        answer = self._create(body=body, timeout=collection.PLUGIN_TIMEOUT)
        warning = answer.get('Warning')
        return answer['Id'], self._client.warnings_of(
            {'Warnings': [warning] if warning else []})

    def connect(self, container: str, network: str, endpoint: dict) -> None:
        """Attach a container to a network.

        :param endpoint: configuration of the endpoint, in the form of the
            API.
        """
        self._client.act('POST', '/networks/%s/connect', network,
                         body={'Container': container,
                               'EndpointConfig': endpoint})

    def ignores_at_connect(self, endpoint: dict) -> bool:
        """Return whether a connect request ignores a part of the endpoint.

        Before version 1.54, the daemon applies a MAC address only when it
        creates the container:
        https://docs.docker.com/reference/api/engine/version-history/.

        :param endpoint: see :meth:`connect`.
        """
        return bool(endpoint.get('MacAddress')) and self._client.api < (1, 54)

    def disconnect(self, container: str, network: str) -> None:
        """Detach a container from a network."""
        with self._client.throttled_leaving():
            self._client.act('POST', '/networks/%s/disconnect', network,
                             body={'Container': container, 'Force': True})
