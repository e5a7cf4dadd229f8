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

"""The requests about volumes.

Paths and shapes: https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

# For a driver that it does not know a daemon looks for 15 seconds:
# https://github.com/moby/moby/blob/v28.0.0/pkg/plugins/client.go#L23
_PLUGIN_TIMEOUT = 20.0


class Volumes:
    """What an engine can be asked about volumes."""

    def create_volume(self, body):
        """Create a volume, or find the one of that name; return it."""
        return self._made('/volumes/create', body=body, key='Name',
                          timeout=_PLUGIN_TIMEOUT)

    def inspect_volume(self, volume):
        """Return all that the daemon knows of a volume."""
        return self._json('GET', '/volumes/%s', volume, has='Name')

    def list_volumes(self, labels):
        """Return the volumes that have all the labels."""
        return self._labelled('/volumes', labels, key='Name',
                              within='Volumes')

    def disk_usage(self):
        """Return how much space objects use, which takes a while."""
        query = {'type': 'volume'} if self.api >= (1, 42) else {}
        return self._json('GET', '/system/df', query=query)

    def remove_volume(self, volume):
        """Remove a volume that nothing uses."""
        self._request('DELETE', '/volumes/%s', volume)
