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
"""The requests about secrets and configs of a swarm.

Paths and fields: https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

from . import collection


class Secrets(collection.Specified):
    """The secrets of a swarm. An ID may be a name."""

    PATH = '/secrets'

    def create(self, body: dict) -> tuple[str, list[str]]:
        """Create a secret.

        :returns: ID of the secret, and no warnings.
        :raises errors.Conflict: if the name is in use.
        """
        return self._create(body=body)[self.ID], []


class Configs(Secrets):
    """The configs of a swarm. An ID may be a name."""

    PATH = '/configs'
