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

"""Builds of images."""

import io
import posixpath
import tarfile

from .. import answers
from .. import i18n
from . import process
from . import registry
from . import scalars

_ = i18n._

_DOCKERFILE = 'Dockerfile'


def build_to_api(value: dict) -> dict:
    """Convert the property ``build`` to the parts of the build request.

    :returns: dict with the keys ``context`` (bytes), ``buildargs``, ``labels``
        and ``target``; empty if the property is unset.
    """
    context = build_to_context(value)
    if not context:
        return {}
    return {'context': context, 'target': value.get('target'),
            'buildargs': _args_to_api(value.get('args') or {}),
            'labels': process.labels_to_api(value.get('labels') or {})}


def _args_to_api(value: dict) -> dict[str, str | None]:
    """Convert build arguments; null stands for the Dockerfile's default."""
    return {**dict.fromkeys(scalars.to_strings(value)),
            **scalars.to_string_map(scalars.drop_none(value))}


def build_to_context(value: dict) -> bytes:
    """Return a tar archive of a Dockerfile and the other files of a build.

    The archive is empty if no key of the build is set.
    """
    value = scalars.drop_empty(value)
    if not value:
        return b''
    if 'dockerfile' not in value:
        raise ValueError(_('a build requires a dockerfile'))
    files = {posixpath.normpath(path): content for path, content
             in scalars.to_string_map(value.get('files') or {}).items()}
    for path in files:
        if path.startswith(('/', '../')) or path in ('.', '..'):
            raise ValueError(_('the path %s of a file must be relative')
                             % path)
    if _DOCKERFILE in files:
        raise ValueError(_('files contains a Dockerfile in addition to '
                           'dockerfile'))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode='w') as tar:
        for path, content in {_DOCKERFILE: value['dockerfile'],
                              **files}.items():
            entry = tarfile.TarInfo(path)
            data = content.encode()
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return archive.getvalue()


def build_masked(value: dict) -> dict:
    """Return a build without the contents of files and values of arguments.

    This includes the Dockerfile. The labels and the name of the stage remain,
    because the image shows them to all users.
    """
    mask = {'dockerfile': lambda item: '***', 'files': scalars.map_masked,
            'args': scalars.map_masked}
    return {name: mask[name](item) if name in mask and item else item
            for name, item in value.items()}


def tags_to_api(values: list) -> list[str]:
    """Check the names for a built image, which cannot have a digest."""
    for value in scalars.to_strings(values):
        process.image(value)
        if '@' in value:
            raise ValueError(_('%r is not a tag, because it contains a '
                               'digest') % value)
        if value.startswith(registry.RESERVED):
            raise ValueError(_('%r is a name reserved for images that Heat '
                               'creates')
                             % value)
    return scalars.to_strings(values)


def digest_from_api(values: list[str] | None) -> str | None:
    """Return the digest of the first reference by digest, or None."""
    for value in filter(answers.is_id, values or ()):
        return value.partition('@')[2]
    return None
