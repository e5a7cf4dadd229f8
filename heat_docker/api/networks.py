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

Paths and shapes: https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

# For a driver that it does not know a daemon looks for 15 seconds:
# https://github.com/moby/moby/blob/v28.0.0/pkg/plugins/client.go#L23
_PLUGIN_TIMEOUT = 20.0


class Networks:
    """What an engine can be asked about networks."""

    def create_network(self, body):
        """Create a network; return its id and the daemon's warnings."""
        answer = self._made('/networks/create', body=body,
                            timeout=_PLUGIN_TIMEOUT)
        warning = answer.get('Warning')
        return answer['Id'], self._warnings(
            {'Warnings': [warning] if warning else []})

    def inspect_network(self, network):
        """Return all that the daemon knows of a network."""
        return self._json('GET', '/networks/%s', network, has='Id')

    def list_networks(self, labels):
        """Return the networks that have all the labels."""
        return self._labelled('/networks', labels)

    def remove_network(self, network):
        """Remove a network that nothing is attached to."""
        self._request('DELETE', '/networks/%s', network)

    def connect_container(self, container, network, endpoint):
        """Attach a container to a network."""
        self._request('POST', '/networks/%s/connect', network,
                      body={'Container': container,
                            'EndpointConfig': endpoint})

    def ignores_at_connect(self, endpoint):
        """Return whether a connect request ignores a part of the endpoint.

        Before version 1.54, the daemon applies a MAC address only when it
        creates the container:
        https://docs.docker.com/reference/api/engine/version-history/.

        :param dict endpoint: configuration of the endpoint in the API's form.
        """
        return bool(endpoint.get('MacAddress')) and self.api < (1, 54)

    def disconnect_container(self, container, network):
        """Detach a container from a network."""
        with self._turn_to_leave():
            self._request('POST', '/networks/%s/disconnect', network,
                          body={'Container': container, 'Force': True})
