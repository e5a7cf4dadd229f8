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

"""The requests about images.

Paths and shapes: https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

import json

from .. import conf
from .. import errors
from . import collection

# A step of a build may be silent that long.
_BUILD_TIMEOUT = 3600.0

# Who waits for a pull is the first to see that it does not get on.
_LATER = 30.0


class Images(collection.Collection):
    """The images of a daemon. An ID may be a reference."""

    PATH, INSPECT, LIST = '/images', '/json', '/json'
    LABELS = 'Config', 'Labels'

    @classmethod
    def labels_of(cls, inspected):
        """Return the labels of an image, which may have no configuration.

        Both the configuration and its labels are optional:
        https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md#properties.
        """
        config = inspected.get('Config')
        if config is None or isinstance(config, dict) and (
                'Labels' not in config):
            return {}
        return super().labels_of(inspected)

    def exists(self, image):
        """Return whether the daemon has an image."""
        try:
            self.inspect(image)
        except errors.NotFound:
            return False
        return True

    def load(self, name, tag, archive):
        """Make an image of the files in a tar archive.

        :param bytes archive: the archive, which may be empty.
        """
        for _report in self._client.stream_json(
                'POST', '/images/create', data=archive,
                query={'fromSrc': '-', 'repo': name, 'tag': tag}):
            pass

    def build(self, context, query, maps, auth):
        """Build an image, which takes as long as it takes, and return its id.

        :param bytes context: tar archive with a ``Dockerfile``.
        :param dict query: ``t``, a list of tags; ``target``; ``platform``.
        :param dict maps: further arguments, ``buildargs`` and ``labels``,
            which are maps of text.
        :param dict auth: credentials for one registry, or none.
        :raises errors.Failed: with the last words of the build.
        """
        configs = {auth['serveraddress']: auth} if auth else {}
        query = {**query, 'rm': '1', 'forcerm': '1',
                 **{name: json.dumps(value) for name, value in maps.items()}}
        image = None
        for report in self._client.stream_json(
                'POST', '/build', data=context, query=query,
                timeout=_BUILD_TIMEOUT,
                headers={'Content-Type': 'application/x-tar',
                         **self._client.config_header(configs)}):
            aux = report.get('aux')
            if isinstance(aux, dict):
                image = aux.get('ID') or image
        if image is None:
            raise self._client.not_docker_error()
        self._client.check_id(image)
        return image

    def tag(self, image, name):
        """Give an image another name.

        :param str image: ID of the image.
        :param str name: a reference; without a tag it is ``latest``.
        """
        repository, tag = self._client.split_reference(name)
        self._client.request('POST', '/images/%s/tag', image,
                             query={'repo': repository,
                                    'tag': tag or 'latest'})

    def push(self, image, auth):
        """Push an image to the registry in its name.

        :param dict auth: credentials for the registry, or none.
        :raises errors.Failed: with the words of the registry.
        """
        name, tag = self._client.split_reference(image)
        for _report in self._client.stream_json(
                'POST', '/images/%s/push', name, timeout=_BUILD_TIMEOUT,
                query={'tag': tag or 'latest'},
                headers=self._client.auth_header(auth)):
            pass

    def pull(self, image, platform=None, auth=None):
        """Pull an image, yielding the daemon's reports on the progress.

        :param str image: a reference; without tag or digest it is
            ``latest``.
        :param str platform: one of those it exists for; by default that of
            the daemon.
        :param dict auth: credentials for the registry, as the API has them.
        :raises errors.Failed: with the words of the registry.
        """
        name, tag = self._client.split_reference(image)
        query = {'fromImage': name, 'tag': tag or 'latest'}
        if platform:
            query['platform'] = platform
        yield from self._client.stream_json(
            'POST', '/images/create', query=query,
            timeout=conf.group().pull_stall_timeout + _LATER,
            headers=self._client.auth_header(auth))
