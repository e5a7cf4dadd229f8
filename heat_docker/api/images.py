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

_COMMIT_TIMEOUT = 3600.0
# A step of a build may be silent that long.
_BUILD_TIMEOUT = 3600.0

# Who waits for a pull is the first to see that it does not get on.
_LATER = 30.0


class Images:
    """What an engine can be asked about images."""

    def has_image(self, image):
        """Return whether the daemon has an image."""
        try:
            self.inspect_image(image)
        except errors.NotFound:
            return False
        return True

    def list_images(self, labels):
        """Return the images that have all the labels."""
        return self._labelled('/images/json', labels)

    def inspect_image(self, image):
        """Return all that the daemon knows of an image."""
        return self._json('GET', '/images/%s/json', image)

    def commit_container(self, container, name, tag, labels):
        """Make an image of the files and settings of a container.

        The image has the labels of the container, too. Podman gives it no
        others.

        It takes as long as it takes to copy what the container has written.
        """
        self._request(
            'POST', '/commit', body={'Labels': labels},
            timeout=_COMMIT_TIMEOUT,
            query={'container': container, 'repo': name, 'tag': tag})

    def remove_image(self, image):
        """Remove an image, or the name if others use the image."""
        self._request('DELETE', '/images/%s', image)

    def import_image(self, name, tag, archive):
        """Make an image of the files in a tar archive.

        :param bytes archive: the archive, which may be empty.
        """
        for _report in self._reports(
                'POST', '/images/create', data=archive,
                query={'fromSrc': '-', 'repo': name, 'tag': tag}):
            pass

    def build_image(self, context, query, maps, auth):
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
        for report in self._reports(
                'POST', '/build', data=context, query=query,
                timeout=_BUILD_TIMEOUT,
                headers={'Content-Type': 'application/x-tar',
                         **self._config_header(configs)}):
            aux = report.get('aux')
            if isinstance(aux, dict):
                image = aux.get('ID') or image
        if image is None:
            raise self._stranger()
        self._check_id(image)
        return image

    def push_image(self, image, auth):
        """Push an image to the registry in its name.

        :param dict auth: credentials for the registry, or none.
        :raises errors.Failed: with the words of the registry.
        """
        name, tag = self._repository_and_tag(image)
        for _report in self._reports(
                'POST', '/images/%s/push', name, timeout=_BUILD_TIMEOUT,
                query={'tag': tag or 'latest'},
                headers=self._auth_header(auth)):
            pass

    def pull_image(self, image, platform=None, auth=None):
        """Pull an image, yielding the daemon's reports on the progress.

        :param str image: a reference; without tag or digest it is
            ``latest``.
        :param str platform: one of those it exists for; by default that of
            the daemon.
        :param dict auth: credentials for the registry, as the API has them.
        :raises errors.Failed: with the words of the registry.
        """
        name, tag = self._repository_and_tag(image)
        query = {'fromImage': name, 'tag': tag or 'latest'}
        if platform:
            query['platform'] = platform
        yield from self._reports(
            'POST', '/images/create', query=query,
            timeout=conf.group().pull_stall_timeout + _LATER,
            headers=self._auth_header(auth))
