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

"""Rules about several properties; see :class:`heat_docker.fields.Rule`.

Each function takes the values of all properties, and raises ValueError with a
message for users. Messages do not contain values that may be secrets.
"""

import posixpath

from .. import i18n
from . import registry
from . import scalars
from . import storage

_ = i18n._


def refuse_mode_and_networks(values) -> None:
    """Docker takes a network mode or networks."""
    if values['networks'] and values['network_mode']:
        raise ValueError(_('network_mode and networks are mutually '
                           'exclusive'))


def refuse_files_and_read_only(values) -> None:
    """Docker does not write files to a read-only root file system."""
    if values['files'] and values['read_only']:
        raise ValueError(_('read_only and files are mutually exclusive: '
                           'Docker writes files to the root file system'))


def refuse_hidden_files(values) -> None:
    """Docker writes files to where a tmpfs hides them.

    Docker copies files into a view of the file system that has the volumes of
    the container, but not its tmpfs:
    https://github.com/moby/moby/blob/v28.0.0/daemon/containerfs_linux.go
    """
    is_tmpfs = {bind.split(':')[1]: False
                for bind in storage.volumes_to_api(values['volumes'] or {})}
    is_tmpfs.update((mount['target'], mount.get('type') == 'tmpfs')
                    for mount in values['mounts'] or ())
    is_tmpfs.update(dict.fromkeys(
        storage.tmpfs_to_api(values['tmpfs'] or []), True))
    for file in values['files'] or ():
        path = posixpath.normpath(file['path'])
        around = [target for target in is_tmpfs if path.startswith(
            posixpath.normpath(target).rstrip('/') + '/')]
        nearest = max(around, key=len, default=None)
        if nearest is not None and is_tmpfs[nearest]:
            raise ValueError(
                _('files and tmpfs: Docker writes the file %(path)s before it '
                  'mounts the tmpfs at %(target)s, which then hides the file')
                % {'path': file['path'], 'target': nearest})


def check_origin(values) -> None:
    """An image is either pulled or built."""
    is_built = bool(scalars.drop_empty(values['build']))
    if bool(values['image']) == is_built:
        raise ValueError(_('Either image or build is required'))
    if not is_built and (values['tags'] or values['push']):
        raise ValueError(_('tags and push require build'))
    if values['push'] and not values['tags']:
        raise ValueError(_('push requires tags, which name the registry'))


def check_pull_credentials(values) -> None:
    """Credentials for a pull have to be for the registry of the image."""
    registry.pull_credentials(values)


def check_credentials(values) -> None:
    """Credentials have to be for the registry that the image uses."""
    if scalars.drop_empty(values['build']):
        registry.build_credentials(values)
    else:
        registry.pull_credentials(values)
