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

"""``DockerInc::Docker::Image``."""

import contextlib
import json
import re

from heat.common import exception

from .. import background
from .. import errors
from .. import i18n
from ..convert import building
from ..convert import registry
from ..convert import scalars
from ..specs import image as spec
from . import base
from . import pulling
from . import reaching
from . import registration

_ = i18n._

# Keys of Heat's data of the resource: whether it has pulled or built the
# image, and pushed it.
_MADE = 'made'
_PUSHED = 'pushed'


class DockerImage(pulling.Pulling, base.DockerResource):
    """An image on a Docker daemon, pulled or built.

    Containers have get_resource of it as their image, which is the reference
    of an image that was pulled by its digest, and the id of one that was
    built. When the image is another one after an update, they are therefore
    replaced. Many containers that depend on one image pull it once, and it
    is the natural first resource of a large stack.

    Deleting the resource removes an image that it has pulled or built, unless
    a container uses it or keep is true.
    """

    spec = spec
    collection = 'images'

    auth_depends_on = ('image', 'build', 'tags', 'push', 'registry_auth')

    def _docker_inspect(self, client, object_id):
        """Return all that the daemon knows of the image."""
        return client.images.inspect(object_id)

    def _docker_find(self, client, labels):
        """Return the ids of the images that were built with the labels.

        Of an image that was pulled, labels say what somebody else wanted.
        """
        tags = set(map(registry.full_name, self._tags()))
        return [found['Id'] for found in client.images.list(labels)
                if not found.get('RepoDigests')
                or tags & set(map(registry.full_name,
                                  found.get('RepoTags') or ()))]

    def _refuse_unowned(self, inspected):
        """Take any image that is not another project's: few have labels."""

    # Actions.

    def validate(self):
        """Refuse what is neither pulled nor built, or both."""
        super().validate()
        if not self._are_known('image', 'build', 'tags', 'push'):
            return
        if bool(self.properties['image']) == bool(self._to_build()):
            raise exception.StackValidationFailed(
                message=_('Either image or build is needed'))
        if not self._to_build() and (
                self.properties['tags'] or self.properties['push']):
            raise exception.StackValidationFailed(
                message=_('tags and push go with build'))
        if self.properties['push'] and not self.properties['tags']:
            raise exception.StackValidationFailed(
                message=_('push needs tags, which name the registry'))

    def _to_build(self):
        """Return what is to be built; empty if nothing is."""
        return scalars.filled(self.properties['build'])

    def handle_create(self):
        """Return how the daemon comes to have the image."""
        if not self._to_build():
            return reaching.Progress([self._pull_or_make])
        steps = [self._build]
        if self.properties['push']:
            steps.append(self._push)
        return reaching.Progress(steps)

    def handle_create_cancel(self, progress):
        """Leave the pull, the build or the push that is waited for.

        What is built when nobody waits any more would be nobody's.
        """
        super().handle_create_cancel(progress)
        background.cancel_task(progress.notes)

    def handle_update_cancel(self, progress):
        """Leave the push that is waited for."""
        background.cancel_task(progress.notes)

    def get_reference_id(self):
        """Return what get_resource is: what a container is to be made of."""
        return self.data().get('reference') or super().get_reference_id()

    def _finish_steps(self):
        """Return the step that a create has not come to."""
        if self.properties['push'] and _PUSHED not in self.data():
            return [self._push]
        return super()._finish_steps()

    def _delete_steps(self):
        """Return the steps that remove the image, if it is ours to."""
        return [self._remove]

    # Steps.

    def _make(self, client, progress):
        """Note which image it is; one that is missing is pulled first."""
        self._check_create(client)
        values = self._found(client, self.properties)
        inspected = client.images.inspect(values['image'])
        if 'pulled' not in progress.notes and not _fits(
                inspected, values['platform']):
            raise errors.NotFound(
                _('Docker at %(endpoint)s has %(image)s for another platform')
                % {'endpoint': client.endpoint, 'image': values['image']})
        self._note_request(client)
        if not progress.notes.get('found', True) or (
                self._is_inherited(client, inspected['Id'])):
            self.data_set(_MADE, 'true')
        self._note_reference(inspected)
        self.resource_id_set(inspected['Id'])
        return True

    def _pull(self, client, progress):
        # What has been there before stays when the stack goes.
        if 'found' not in progress.notes:
            progress.notes['found'] = self._is_found(client)
        return super()._pull(client, progress)

    def _is_found(self, client):
        """Return whether the daemon has an image that is not ours."""
        try:
            inspected = client.images.inspect(self.properties['image'])
        except errors.NotFound:
            return False
        return not self._is_inherited(client, inspected['Id'])

    def _is_inherited(self, client, image_id):
        """Return whether what this one replaces has pulled an image."""
        row = self._row(self.replaces)
        return _MADE in self._notes(row) and self._is_shared(
            client, row, self.properties['image'], image_id)

    def _is_shared(self, client, row, name, image_id):
        """Return whether another resource has an image by the same name.

        :param row: of the other one, as :meth:`_row` returns it.
        """
        if (row is None or row.action == self.DELETE
                or row.physical_resource_id != image_id):
            return False
        asked = self._notes(row).get('requested')
        its_name = (row.properties_data or {}).get('image')
        return (asked is not None and bool(its_name)
                and json.loads(asked)['endpoint'] == client.endpoint.given
                and registry.full_name(its_name) == registry.full_name(name))

    def _note_reference(self, inspected):
        """Note the image by its digest in the registry it came from."""
        wanted = registry.parts(self.properties['image'])
        for digest in inspected.get('RepoDigests') or ():
            if registry.parts(digest) == wanted:
                self.data_set('reference', digest)
                return

    def _build(self, client, progress):
        """Return whether the image is built."""
        def prepare():
            self._check_create(client)
            self._found(client, self.properties)
            self._note_request(client)
            self._event(_('Building'))
            return self._build_work()

        task = background.poll_task(progress.notes, client, prepare)
        if task is None:
            return False
        image = task.result()
        self.data_set(_MADE, 'true')
        self.resource_id_set(image)
        self._event(_('Built %s') % image)
        return True

    def _build_work(self):
        values = self.properties
        build = building.build_to_api(self._to_build())
        query = {'t': self._tags(), 'target': build['target'],
                 'platform': values['platform']}
        maps = {'buildargs': build['buildargs'],
                'labels': {**build['labels'], **self.labels}}
        auth = self._auth()
        return lambda client: client.images.build(
            build['context'], scalars.filled(query), maps, auth)

    def _tags(self):
        return scalars.texts(self.properties['tags'] or ()) or [
            '%s/heat/%s' % (registry.OWN, re.sub(
                '[^a-z0-9]+', '-', self.docker_name(
                    {'name': None}).lower()).strip('-'))]

    def _auth(self):
        """Return the credentials as the API has them, or None."""
        if not self._to_build():
            return super()._auth() if self.properties['image'] else None
        auth = registry.auth_to_api(self.properties['registry_auth'] or {})
        if not auth:
            return None
        if 'serveraddress' not in auth:
            raise ValueError(_('a build needs to be told the server_address'))
        for tag in self._tags() if self.properties['push'] else ():
            registry.auth_for(auth, tag)
        return auth

    def _push(self, client, progress):
        """Return whether the image is in the registries of its tags."""
        def prepare():
            tags, auth = self._tags(), self._auth()
            self._event(_('Pushing %s') % ', '.join(tags))
            return lambda client: [client.images.push(tag, auth)
                                   for tag in tags]

        task = background.poll_task(progress.notes, client, prepare)
        if task is None:
            return False
        task.result()
        self.data_set(_PUSHED, 'true')
        return True

    def _identify(self, client):
        """Return whether there is an id; what has our labels was built."""
        lost = self.resource_id is None
        found = super()._identify(client)
        if lost and found:
            self.data_set(_MADE, 'true')
        return found

    def _remove(self, client, progress):
        """Remove the image if it is ours, and nobody uses it."""
        if self.properties['keep'] or _MADE not in self.data():
            return True
        tags = ([self.properties['image']] if self.properties['image']
                else self._tags())
        # Of a replacement, one may have what the other one has pulled.
        if any(self._is_shared(client, self._row(other), tag,
                               self.resource_id)
               for other in (self.replaces, self.replaced_by)
               for tag in tags):
            return True
        users = client.containers.using_image(self.resource_id)
        for tag in tags:
            with contextlib.suppress(errors.NotFound, errors.Conflict):
                inspected = client.images.inspect(tag)
                # The tag may be another image's by now.
                if inspected['Id'] != self.resource_id:
                    continue
                used = _users_by(tag, inspected, users)
                if not used:
                    client.images.remove(tag)
                else:
                    self._event(_('The image is kept: containers use it, %s')
                                % ', '.join(id_[:12] for id_ in used))
        if self._to_build() and not users:
            with contextlib.suppress(errors.NotFound, errors.Conflict):
                client.images.remove(self.resource_id)
        return True


def _users_by(tag, inspected, users):
    """Return the containers that would miss an image if its tag were gone.

    Docker would take the tag off, used or not.

    :param dict users: containers of the image, as a map of id to the name
        that they were made by.
    """
    repository = registry.parts(tag)
    elsewhere = [name for name in inspected.get('RepoTags') or ()
                 if registry.parts(name) != repository]
    return [container for container, name in users.items()
            if not elsewhere or registry.parts(name) == repository]


def _fits(inspected, platform):
    """Return whether an image is for a platform, such as linux/arm64."""
    if not platform:
        return True
    have = [inspected.get('Os'), inspected.get('Architecture')]
    return platform.split('/')[:2] == have


def resource_mapping():
    """Return the type and its class, for tools that only read them."""
    return {'DockerInc::Docker::Image': DockerImage}


def available_resource_mapping():
    """Return the type and its class if heat-engine can serve it."""
    return registration.available(resource_mapping())
