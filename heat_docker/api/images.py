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

Paths and fields: https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

import collections.abc
import json
import re

from .. import conf
from .. import errors
from . import collection

# Seconds without output from one step of a build.
_BUILD_TIMEOUT = 3600.0

# Seconds by which the timeout of a pull exceeds the one that the resource
# checks, so that the resource is the first to report a stalled pull.
_STALL_MARGIN = 30.0

# Seconds that a daemon may take to ask a registry.
_REGISTRY_TIMEOUT = 10.0

# Keys of a platform, and those of an image that show it.
_PLATFORM = {'os': 'Os', 'architecture': 'Architecture',
             'variant': 'Variant'}


class Images(collection.Collection):
    """The images of a daemon. An ID may be a reference."""

    PATH, INSPECT, LIST = '/images', '/json', '/json'
    SHAPE = {'Config': dict, 'RepoDigests': [str], 'RepoTags': [str],
             'Os': str, 'Architecture': str, 'Variant': str}
    LISTED_SHAPE = {'Labels': dict, 'RepoDigests': [str], 'RepoTags': [str]}
    LABELS = 'Config', 'Labels'

    @classmethod
    def labels_of(cls, inspected: dict) -> dict[str, str]:
        """Return the labels of an image, which may have no configuration.

        Both the configuration and its labels are optional:
        https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md#properties.
        """
        config = inspected.get('Config')
        if config is None or isinstance(config, dict) and (
                'Labels' not in config):
            return {}
        return super().labels_of(inspected)

    def digest(self, image: str, **options) -> str:
        """Return the digest that the registry has for a tag.

        :param image: reference of an image.
        :param options: see :meth:`client.DockerClient.request`.
        :raises errors.DockerError: also if the daemon cannot ask the registry.
        """
        answer = self._client.request_json(
            'GET', '/distribution/%s/json', image, has='Descriptor',
            timeout=_REGISTRY_TIMEOUT, **options)
        found = answer['Descriptor']
        digest = found.get('digest') if isinstance(found, dict) else None
        if not (isinstance(digest, str)
                and re.fullmatch('[a-z0-9]+:[0-9a-f]{32,128}', digest)):
            raise self._client.shape_error()
        return digest

    def remove(self, object_id: str) -> None:
        """Remove a name of an image, and the image with its last name.

        :raises errors.NotFound: if the image does not exist.
        :raises errors.Conflict: if a container uses the image.
        """
        self._client.request_json('DELETE', '/images/%s', object_id)

    def exists(self, image: str,
               platform: dict[str, str] | None = None) -> bool:
        """Return whether the daemon has an image.

        :param platform: a platform that the image must be for; see
            :func:`heat_docker.convert.platforms.platform_to_api`.
        """
        try:
            inspected = self.inspect(image)
        except errors.NotFound:
            return False
        return self.is_for(platform or {}, image, inspected)

    def is_for(self, platform: dict[str, str], image: str,
               inspected: dict) -> bool:
        """Return whether the daemon has an image for a platform.

        Since version 1.49, the daemon can tell. Its containerd image store may
        have an image for several platforms, and shows only one. Older daemons
        show the platform.

        :param platform: see :meth:`exists`.
        :param inspected: what :meth:`inspect` returns for the image.
        """
        if not {'os', 'architecture'} <= set(platform) or (
                self._client.api < (1, 49)):
            shown = {key: inspected.get(name)
                     for key, name in _PLATFORM.items()}
            # Many images have no variant.
            return all(shown[key] == part or key == 'variant'
                       and not shown[key] for key, part in platform.items())
        try:
            self._client.request('GET', '/images/%s/json', image,
                                 query={'platform': json.dumps(platform)})
        except errors.DockerError as ex:
            # The image exists, so this is about the platform in any words.
            if ex.status == 404:
                return False
            raise
        return True

    def load(self, name: str, tag: str, archive: bytes) -> None:
        """Create an image from the files in a tar archive.

        :param archive: the archive, which may be empty.
        """
        for _report in self._client.stream_json(
                'POST', '/images/create', data=archive,
                query={'fromSrc': '-', 'repo': name, 'tag': tag}):
            pass

    def build(self, context: bytes, query: dict,
              maps: dict[str, dict | list], auth: dict | None) -> str:
        """Build an image and return its ID. This may take hours.

        :param context: tar archive with a ``Dockerfile``; empty if
            ``remote`` in the query is the URL of a Git repository.
        :param query: parameters, such as ``target`` and ``platform``; a list
            is sent as several parameters.
        :param maps: parameters that Docker expects as JSON, such as
            ``buildargs``, ``labels`` and ``ulimits``.
        :param auth: credentials for one registry, in the form of the API.
        :raises errors.Failed: with the last message of the build.
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

    def tag(self, image: str, name: str) -> None:
        """Give an image another name.

        :param image: ID of the image.
        :param name: a reference; without a tag it is ``latest``.
        """
        repository, tag = self._client.split_reference(name)
        self._client.act('POST', '/images/%s/tag', image,
                         query={'repo': repository,
                                'tag': tag or 'latest'})

    def push(self, image: str, auth: dict | None) -> None:
        """Push an image to the registry in its reference.

        :param auth: credentials for the registry, in the form of the API.
        :raises errors.Failed: with the message of the registry.
        """
        name, tag = self._client.split_reference(image)
        for _report in self._client.stream_json(
                'POST', '/images/%s/push', name, timeout=_BUILD_TIMEOUT,
                query={'tag': tag or 'latest'},
                headers=self._client.auth_header(auth)):
            pass

    def pull(self, image: str, platform: str | None = None,
             auth: dict | None = None) -> collections.abc.Iterator[dict]:
        """Pull an image, and yield the daemon's reports on the progress.

        :param image: reference. Without tag or digest, it means ``latest``.
        :param platform: platform of the image; by default, the daemon's.
        :param auth: credentials for the registry, in the form of the API.
        :raises errors.Failed: with the message of the registry.
        """
        name, tag = self._client.split_reference(image)
        query = {'fromImage': name, 'tag': tag or 'latest'}
        if platform:
            query['platform'] = platform
        yield from self._client.stream_json(
            'POST', '/images/create', query=query,
            timeout=conf.group().pull_stall_timeout + _STALL_MARGIN,
            headers=self._client.auth_header(auth))
