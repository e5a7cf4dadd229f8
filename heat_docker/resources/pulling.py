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

"""How a daemon comes to have the image that something is made of."""

import time

from heat.common import exception

from .. import background
from .. import errors
from .. import i18n
from ..convert import registry
from ..convert import scalars

_ = i18n._

# Seconds between two events about one pull.
_REPORT_EVERY = 10.0

# How often a pull is begun whose daemon then goes away.
_PULLS = 3


class Pulling:
    """The step that pulls an image before or when it is needed."""

    # Properties that tell whether the credentials are for the registry.
    auth_depends_on = ('image', 'registry_auth')

    def validate(self):
        """Refuse credentials for another registry than the image's."""
        super().validate()
        if self._are_known(*self.auth_depends_on):
            try:
                self._auth()
            except ValueError as ex:
                raise exception.StackValidationFailed(
                    message=_('registry_auth: %s') % ex) from ex

    def handle_create_cancel(self, progress):
        """Leave the pull that the create is waiting for."""
        pull = progress.notes.pop('pull', None)
        if pull is not None:
            pull.release()

    def _pull_or_make(self, client, progress):
        """Make what needs the image, which pull_policy says how to get."""
        image, notes = self.properties['image'], progress.notes
        policy = self.properties['pull_policy'] or 'missing'
        if 'pull' in notes and not self._pulled(notes['pull'], progress):
            return False
        if policy == 'always' and 'pulled' not in notes:
            return self._pull(client, progress)
        try:
            return self._make(client, progress)
        except errors.NotFound as ex:
            # The daemon misses the image, for this platform, or a container
            # that is named.
            if 'pulled' in notes:
                raise
            if not self.properties['platform'] and client.images.exists(image):
                # It misses a container, or has got the image since.
                return self._make(client, progress)
            if policy == 'never':
                raise errors.NotFound(
                    _('%s, and pull_policy is never') % ex) from ex
        return self._pull(client, progress)

    def _pull(self, client, progress):
        # A daemon that is away is waited for, without having begun to pull.
        self._check_create(client)
        image = self.properties['image']
        if image.startswith(registry.SNAPSHOTS + '/'):
            # Policy lets them pass, whoever may serve that name.
            raise errors.NotFound(_('The snapshot %s is not there, and no '
                                    'registry has it') % image)
        try:
            auth = self._auth()
        except ValueError as ex:
            raise errors.Failed(_('registry_auth: %s') % ex) from ex
        # At once: if that of others ends meanwhile, this one is in vain.
        progress.notes['pull'] = background.pull(
            client.endpoint, image, self.properties['platform'], auth)
        progress.notes['pulls'] = progress.notes.get('pulls', 0) + 1
        progress.notes['reported'] = time.monotonic()
        self._event(_('Pulling %s') % image)
        # Without the connection, which others can use in the meantime.
        return progress.later(0)

    def _auth(self):
        """Return the credentials as the API has them, or None.

        :raises ValueError: if they are for another registry.
        """
        value = scalars.filled(self.properties['registry_auth'])
        if not value:
            return None
        return registry.auth_for(registry.auth_to_api(value),
                                 self.properties['image'])

    def _pulled(self, pull, progress):
        """Return whether the image is there, telling of the progress."""
        if not pull.wait():
            if pull.stalled:
                self.handle_create_cancel(progress)
                raise exception.Error(
                    _('The image %(image)s cannot be pulled. For '
                      '%(seconds)d s it did not get on: %(progress)s')
                    % {'image': pull.image, 'seconds': pull.stalled,
                       'progress': pull.progress})
            if time.monotonic() - progress.notes['reported'] > _REPORT_EVERY:
                progress.notes['reported'] = time.monotonic()
                self._event(_('Pulling %(image)s – %(progress)s')
                            % {'image': pull.image,
                               'progress': pull.progress})
            return False
        self.handle_create_cancel(progress)
        try:
            pull.result()
        except errors.DockerError as ex:
            if isinstance(ex, errors.Unreachable) and (
                    progress.notes['pulls'] < _PULLS):
                # The daemon is waited for; then the pull begins anew.
                raise
            raise exception.Error(
                _('The image %(image)s cannot be pulled. %(why)s')
                % {'image': pull.image, 'why': ex}) from ex
        progress.notes['pulled'] = True
        self._event(_('Pulled %(image)s in %(seconds)d s')
                    % {'image': pull.image,
                       'seconds': time.monotonic() - pull.started})
        return True
