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

Paths and fields: https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

from .. import answers
from . import collection


class Volumes(collection.Collection):
    """The volumes of a daemon. The ID of a volume is its name."""

    PATH, LISTED = '/volumes', 'Volumes'
    ID = 'Name'
    SHAPE = LISTED_SHAPE = {'Driver': str, 'Labels': dict}
    _USAGE = [{'Name': str, 'UsageData': {'Size': int}}]
    USAGE_SHAPE = {'VolumeUsage': {'Items': _USAGE}, 'Volumes': _USAGE}
    LABELS = ('Labels',)

    def create(self, body: dict) -> dict:
        """Create a volume, or find the one with that name.

        :returns: the daemon's description of the volume.
        """
        return self._create(body=body, timeout=collection.PLUGIN_TIMEOUT)

    def disk_usage(self) -> list[dict]:
        """Return the volumes with their disk usage.

        Before version 1.42, the daemon also measures other objects. Since
        version 1.52, it returns them under another key; the published version
        history calls it VolumesUsage, but it is
        https://github.com/moby/moby/blob/docker-v29.0.0/api/types/system/disk_usage.go.
        """
        query = {'type': 'volume'} if self._client.api >= (1, 42) else {}
        if self._client.api >= (1, 52):
            # Without it, the daemon may return only the sum.
            query['verbose'] = '1'
        answer = self._client.request_json(
            'GET', '/system/df', query=query) or {}
        if not answers.has_shape(answer, self.USAGE_SHAPE):
            raise self._client.shape_error()
        usage = answer.get('VolumeUsage') or {}
        return usage.get('Items') or answer.get('Volumes') or []
