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
import re
import tarfile

from .. import i18n
from . import limits
from . import network
from . import process
from . import registry
from . import scalars
from . import storage

_ = i18n._

_DOCKERFILE = 'Dockerfile'

# What Docker treats as a Git repository, with less freedom: no credentials,
# which the daemon would log, no SSH, for which it would use its own keys, and
# nothing that another program could read in another way.
# https://github.com/moby/moby/blob/v28.0.0/builder/remotecontext/urlutil/urlutil.go
_HOST = r'(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?'
_GIT = re.compile(
    r'(?:https?://{host}/[\w.~/+-]*\.git|git://{host}/[\w.~/+-]+)'
    r'(?:#(?=.)(?:[\w./+][\w./+-]*)?(?::[\w./+-]*)?)?'.format(host=_HOST),
    re.ASCII)

_FILE_KEYS = {'content', 'content_base64', 'mode'}


def build_to_api(value: dict) -> dict:
    """Convert the property ``build`` to the parts of the build request.

    :returns: dict with the keys ``context`` (bytes, empty for a Git
        repository), ``query`` and ``maps``: query parameters, and those that
        are JSON; empty if the property is unset.
    """
    value = scalars.drop_empty(value)
    if not value:
        return {}
    query = {
        'target': value.get('target'), 'remote': git_url(value),
        'dockerfile': _dockerfile_path(value),
        'nocache': value.get('no_cache') and '1',
        'pull': value.get('pull') and '1',
        'networkmode': _network_mode(value.get('network') or ''),
        'extrahosts': network.extra_hosts_to_api(
            value.get('extra_hosts') or []),
        'shmsize': scalars.size_to_api(value.get('shm_size') or 0)}
    maps = {
        'ulimits': limits.ulimits_to_api(value.get('ulimits') or []),
        'cachefrom': [process.image(name) for name in scalars.to_strings(
            value.get('cache_from') or [])]}
    return {'context': build_to_context(value),
            'query': scalars.drop_empty(query),
            'maps': {'buildargs': _args_to_api(value.get('args') or {}),
                     'labels': process.labels_to_api(
                         value.get('labels') or {}),
                     **scalars.drop_empty(maps)}}


def _args_to_api(value: dict) -> dict[str, str | None]:
    """Convert build arguments; null stands for the Dockerfile's default."""
    if '' in value:
        raise ValueError(_('the name of an argument is empty'))
    return {**dict.fromkeys(scalars.to_strings(value)),
            **scalars.to_string_map(scalars.drop_none(value))}


def git_url(value: dict) -> str | None:
    """Return the URL of the Git repository of a build, or None.

    Messages do not contain the URL, which may contain a password.
    """
    url = value.get('context')
    if not url:
        return None
    if value.get('dockerfile') or value.get('files'):
        raise ValueError(_('context excludes dockerfile and files. '
                           'dockerfile_path names a file in the context'))
    if not _GIT.fullmatch(url) or '..' in re.split('[/:#]', url):
        raise ValueError(_(
            'the context is not a URL of a Git repository, such as '
            'https://git.example.com/team/web.git#branch:directory; http and '
            'https require .git at its end, and a user name or a password is '
            'not allowed'))
    return url


def _dockerfile_path(value):
    path = value.get('dockerfile_path')
    if path and not value.get('context'):
        raise ValueError(_('dockerfile_path requires context'))
    return path and _relative(path)


def _network_mode(value):
    if ':' in value and not re.fullmatch('container:.+', value):
        raise ValueError(_('%r is neither the name of a network nor '
                           '"container:NAME"') % value)
    return value


def _relative(path):
    """Return a normalized path in the context of a build."""
    normal = posixpath.normpath(path)
    if normal.startswith(('/', '../')) or normal in ('.', '..'):
        raise ValueError(_('the path %s of a file is not inside the context')
                         % normal)
    return normal


def build_to_context(value: dict) -> bytes:
    """Return a tar archive of a Dockerfile and the other files of a build.

    The archive is empty if no key of the build is set, or if the daemon
    fetches the files.
    """
    value = scalars.drop_empty(value)
    if not value or value.get('context'):
        return b''
    if 'dockerfile' not in value:
        raise ValueError(_('a build requires a dockerfile or a context'))
    files = {_relative(scalars.to_string(path)): _file(path, content)
             for path, content in (value.get('files') or {}).items()}
    if _DOCKERFILE in files:
        raise ValueError(_('files contains a Dockerfile in addition to '
                           'dockerfile'))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode='w') as tar:
        for path, (data, mode) in {
                _DOCKERFILE: _file(_DOCKERFILE, value['dockerfile']),
                **files}.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            entry.mode = mode
            tar.addfile(entry, io.BytesIO(data))
    return archive.getvalue()


def _file(path, value):
    """Return the contents and the mode of a file.

    :param value: text, or a map like those of the property ``files`` of a
        container.
    """
    if not isinstance(value, dict):
        [(path, content)] = scalars.to_string_map({path: value}).items()
        return storage.encoded(path, content), 0o644
    value = scalars.to_string_map(scalars.drop_none(value))
    if value.keys() - _FILE_KEYS:
        raise ValueError(_('the file %(path)s accepts only %(keys)s')
                         % {'path': path,
                            'keys': ', '.join(sorted(_FILE_KEYS))})
    mode = value.get('mode') or '0644'
    storage.check_mode(path, mode)
    return (storage.file_content({'path': path, **value}),
            storage.octal(mode))


def build_masked(value: dict) -> dict:
    """Return a build without the contents of files and values of arguments.

    This includes the Dockerfile. The labels and the name of the stage remain,
    because the image shows them to all users.
    """
    mask = {'dockerfile': lambda item: '***', 'files': _files_masked,
            'args': scalars.map_masked,
            # A URL with a password is invalid, but may be in an event.
            'context': lambda item: '***' if '@' in item else item}
    return {name: mask[name](item) if name in mask and item else item
            for name, item in value.items()}


def _files_masked(value):
    return {path: storage.files_masked([file])[0]
            if isinstance(file, dict) else '***'
            for path, file in value.items()}


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
