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

"""Volumes, mounts and files."""

import base64
import io
import itertools
import re
import tarfile

from .. import i18n
from . import process
from . import scalars

_ = i18n._

# https://docs.docker.com/engine/storage/bind-mounts/
# Groups of options; a volume has at most one of each.
_VOLUME_MODES = (
    ('ro', 'rw'), ('z', 'Z'), ('nocopy',),
    ('consistent', 'cached', 'delegated'),
    ('private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'))
VOLUME_MODES = frozenset(itertools.chain(*_VOLUME_MODES))

# Mount types for which an option is valid.
_MOUNT_KINDS = {
    'propagation': ('bind',), 'bind_recursive': ('bind',),
    'create_host_path': ('bind',),
    'subpath': ('volume', 'image'), 'no_copy': ('volume',),
    'labels': ('volume',), 'driver': ('volume',),
    'driver_options': ('volume',), 'tmpfs_size': ('tmpfs',),
    'tmpfs_mode': ('tmpfs',), 'tmpfs_options': ('tmpfs',),
}

_MOUNT_OPTIONS = {'bind': 'BindOptions', 'volume': 'VolumeOptions',
                  'tmpfs': 'TmpfsOptions', 'image': 'ImageOptions'}

# Keys of BindOptions by the value of bind_recursive, which is that of Docker's
# command line:
# https://docs.docker.com/engine/storage/bind-mounts/#recursive-mounts
_RECURSIVE = {'enabled': None, 'disabled': 'NonRecursive',
              'writable': 'ReadOnlyNonRecursive',
              'readonly': 'ReadOnlyForceRecursive'}


# YAML reads 0400 without quotes as 256, which is an octal number, too.
MODE = '^0o?[0-7]{3,4}$'
MODE_FORM = _('A mode is an octal number with a leading zero in quotes, such '
              'as "0644".')


def check_mode(path: str, mode: str) -> None:
    """Raise if a mode may be a number that YAML has converted.

    :param path: what has the mode, for the message.
    """
    if not re.fullmatch(MODE, mode):
        raise ValueError('%s: %s' % (path, MODE_FORM))


def octal(value: str | int) -> int:
    """Convert octal permissions, such as "0644", to a number."""
    try:
        return int(scalars.to_string(value), 8)
    except ValueError as ex:
        raise ValueError(_('%r is not an octal mode') % value) from ex


def octal_from_api(value: int) -> str:
    """Convert a number to octal permissions."""
    return '0%o' % value


def _tmpfs_options(values: list) -> list[list[str]]:
    """Convert ``["exec", "a=b"]`` to ``[["exec"], ["a", "b"]]``."""
    return [value.split('=', 1) for value in scalars.to_strings(values)]


def _tmpfs_options_from_api(values: list[list[str]]) -> list[str]:
    """Convert ``[["exec"], ["a", "b"]]`` to ``["exec", "a=b"]``."""
    return ['='.join(value) for value in values]


# Option in templates, its key in the API's options for the mount type, and
# the converters to and from the API.
_MOUNT_FIELDS = (
    ('propagation', 'Propagation', scalars.identity, scalars.identity),
    ('create_host_path', 'CreateMountpoint', scalars.identity,
     scalars.identity),
    ('subpath', 'Subpath', scalars.identity, scalars.identity),
    ('no_copy', 'NoCopy', scalars.identity, scalars.identity),
    ('labels', 'Labels', process.labels_to_api, process.labels_from_api),
    ('tmpfs_size', 'SizeBytes', scalars.size_to_api, scalars.size_from_api),
    ('tmpfs_mode', 'Mode', octal, octal_from_api),
    ('tmpfs_options', 'Options', _tmpfs_options, _tmpfs_options_from_api),
)


def volumes_to_api(value: dict) -> list[str]:
    """Convert a map of source to target to Docker's ``source:target:mode``.

    The target is ``"/target"``, ``"/target:ro"``, ``{"bind": "/target",
    "mode": "ro"}`` or ``{"bind": "/target", "ro": true}``.
    """
    binds = []
    targets = set()
    for source, target in value.items():
        source = scalars.to_string(source)
        if isinstance(target, dict):
            path, mode = _bind_of_map(source, scalars.drop_none(target))
        else:
            path, _colon, mode = scalars.to_string(target).partition(':')
        # "rw" is the default.
        mode = '' if mode == 'rw' else mode
        if not (source.startswith('/') or re.fullmatch(scalars.NAME, source)):
            raise ValueError(_('%r is neither an absolute path on the host '
                               'nor the name of a volume') % source)
        if ':' in source:
            raise ValueError(_('%r contains a colon, which Docker treats as '
                               'the end of the path') % source)
        if not path.startswith('/') or ':' in path or (
                scalars.normal_path(path) == '/'):
            raise ValueError(_('%(target)r, the target of %(source)s, is not '
                               'an absolute path below / in the container')
                             % {'target': path, 'source': source})
        if scalars.normal_path(path) in targets:
            raise ValueError(_('two volumes have the target %s') % path)
        _check_volume_mode(mode, source)
        targets.add(scalars.normal_path(path))
        binds.append(':'.join(part for part in (source, path, mode) if part))
    return binds


def _check_volume_mode(mode, source):
    """Raise unless Docker accepts the options of a volume.

    https://github.com/moby/moby/blob/v28.0.0/volume/mounts/linux_parser.go
    """
    options = mode.split(',') if mode else []
    for option in options:
        if option not in VOLUME_MODES:
            raise ValueError(_('%(mode)r is not a volume mode (%(source)s)')
                             % {'mode': option, 'source': source})
    for alternatives in _VOLUME_MODES:
        found = [option for option in options if option in alternatives]
        if len(found) > 1:
            raise ValueError(_('the volume modes %(modes)s exclude each other '
                               '(%(source)s)')
                             % {'modes': ', '.join(found), 'source': source})


def _bind_of_map(source, value):
    """Return target and mode from docker-py's map for a volume.

    docker-py documented only the key ``ro`` until version 1.2.3:
    https://github.com/docker/docker-py/blob/1.2.3/docs/volumes.md

    :raises ValueError: if the map has other keys, or ``ro`` is not a boolean.
    """
    if 'bind' not in value or value.keys() - {'bind', 'mode', 'ro'}:
        raise ValueError(_('volume %s requires "bind", and accepts "mode" '
                           'or "ro"')
                         % source)
    if 'mode' in value and 'ro' in value:
        raise ValueError(_('volume %s: "mode" and "ro" are mutually '
                           'exclusive') % source)
    # Heat also accepts strings for boolean properties.
    read_only = scalars.to_string(value.get('ro', False)).lower()
    if read_only not in ('true', 'false'):
        raise ValueError(_('"ro" of volume %(source)s must be true or false, '
                           'not %(ro)r')
                         % {'source': source, 'ro': value['ro']})
    mode = ('ro' if read_only == 'true'
            else scalars.to_string(value.get('mode', '')))
    return scalars.to_string(value['bind']), mode


def volumes_from_api(values: list[str] | None) -> dict[str, str]:
    """Convert ``["source:target:mode"]`` to ``{source: "target:mode"}``."""
    return dict(bind.split(':', 1) for bind in values or ())


def volumes_from_to_api(values: list) -> list[str]:
    """Check a list of ``container`` or ``container:ro``."""
    for value in values:
        container, _colon, mode = scalars.to_string(value).partition(':')
        if mode not in ('', 'ro', 'rw') or not re.fullmatch(
                scalars.NAME, container):
            raise ValueError(_('%r is not the name or ID of a container, '
                               'optionally followed by ":ro"') % value)
    return scalars.to_strings(values)


def writes_binds(values: list[str]) -> bool:
    """Return whether any bind or any volume of another container is writable.

    :param list values: ``source:target:mode`` or ``container:mode``.
    """
    return any('ro' not in value.rpartition(':')[2].split(',')
               for value in values)


def mounts_to_api(values: list[dict]) -> list[dict]:
    """Convert a list of mounts to the API's list."""
    targets = set()
    for value in values:
        target = scalars.normal_path(value['target'])
        if target == '/':
            raise ValueError(_('a mount cannot have the target /'))
        if target in targets:
            raise ValueError(_('two mounts have the target %s') % target)
        targets.add(target)
    return [_mount(scalars.drop_none(value)) for value in values]


def _mount(value):
    kind, source = value.get('type') or 'volume', value.get('source')
    _check_mount(kind, source, value)
    mount = {'Type': kind, 'Target': value['target']}
    if source:
        mount['Source'] = source
    if value.get('read_only') is not None:
        mount['ReadOnly'] = value['read_only']
    options = {key: to_api(value[name])
               for name, key, to_api, _from_api in _MOUNT_FIELDS
               if value.get(name) not in (None, '', {}, [])}
    recursive = _RECURSIVE.get(value.get('bind_recursive'))
    if recursive:
        options[recursive] = True
    driver = {'Name': value.get('driver'),
              'Options': scalars.to_string_map(
                  value.get('driver_options') or {})}
    driver = {key: item for key, item in driver.items() if item}
    if driver:
        options['DriverConfig'] = driver
    if options:
        mount[_MOUNT_OPTIONS[kind]] = options
    return mount


def _check_mount(kind, source, value):
    what = {'type': kind, 'target': value['target'], 'source': source}
    if kind == 'bind' and not (source or '').startswith('/'):
        raise ValueError(_('the bind at %(target)s requires an absolute path '
                           'on the host as its source') % what)
    if kind == 'image' and not source:
        raise ValueError(_('the image at %(target)s requires an image '
                           'reference as its source') % what)
    if kind == 'tmpfs' and source:
        raise ValueError(_('the tmpfs at %(target)s cannot have a '
                           'source') % what)
    if kind == 'volume' and source and not re.fullmatch(scalars.NAME, source):
        raise ValueError(_('%(source)r is not the name of a volume') % what)
    for name, kinds in _MOUNT_KINDS.items():
        if value.get(name) and kind not in kinds:
            raise ValueError(_('%(name)s is not valid for the type %(type)s '
                               '(%(target)s)') % {'name': name, **what})
    recursive = value.get('bind_recursive')
    if recursive in ('writable', 'readonly') and not value.get('read_only'):
        raise ValueError(_('bind_recursive: %(recursive)s requires read_only '
                           '(%(target)s)') % {'recursive': recursive, **what})
    if recursive == 'readonly' and value.get('propagation') not in (
            None, '', 'rprivate'):
        raise ValueError(_('bind_recursive: readonly requires propagation: '
                           'rprivate, which is the default (%(target)s)')
                         % what)


def writes_mounts(values: list[dict]) -> bool:
    """Return whether any mount is writable and can be shared."""
    return any(mount['Type'] in ('bind', 'volume') and mount.get('Source')
               and not (mount.get('ReadOnly') and not mount.get(
                   'BindOptions', {}).get('ReadOnlyNonRecursive'))
               for mount in values)


def mounts_from_api(values: list[dict] | None) -> list[dict]:
    """Convert the API's mounts to a list of maps."""
    result = []
    for mount in values or ():
        options = mount.get(_MOUNT_OPTIONS.get(mount['Type'])) or {}
        driver = options.get('DriverConfig') or {}
        value = {'type': mount['Type'], 'target': mount['Target'],
                 'source': mount.get('Source'),
                 'read_only': mount.get('ReadOnly'),
                 'driver': driver.get('Name'),
                 'driver_options': driver.get('Options')}
        for name, key, _to_api, from_api in _MOUNT_FIELDS:
            if options.get(key):
                value[name] = from_api(options[key])
        for recursive, flag in _RECURSIVE.items():
            if options.get(flag):
                value['bind_recursive'] = recursive
        result.append({key: item for key, item in value.items() if item})
    return result


def driver_options_masked(value: dict) -> dict:
    """Return options of a volume driver without values, except the type.

    A message about a type that is not allowed names it.
    """
    return {**scalars.map_masked(value),
            **{name: value[name] for name in ('type',) if name in value}}


def mounts_masked(values: list[dict]) -> list[dict]:
    """Return mounts without driver options, such as CIFS passwords."""
    return [{name: driver_options_masked(item) if (
                name == 'driver_options' and item) else item
             for name, item in mount.items()} for mount in values]


def tmpfs_to_api(values: list) -> dict[str, str]:
    """Convert ``["/run:size=64m"]`` to ``{"/run": "size=64m"}``."""
    result = {}
    for value in scalars.to_strings(values):
        path, _colon, options = value.partition(':')
        if not path.startswith('/') or scalars.normal_path(path) == '/':
            raise ValueError(_('%r does not begin with an absolute path below '
                               '/') % value)
        result[path] = options
    return result


def tmpfs_from_api(value: dict | None) -> list[str]:
    """Convert ``{"/run": "size=64m"}`` to ``["/run:size=64m"]``."""
    return ['%s:%s' % (path, options) if options else path
            for path, options in sorted((value or {}).items())]


def files_to_archive(values: list[dict]) -> bytes:
    """Return a tar archive of files to unpack at /.

    Messages do not contain the contents, which may be secrets.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode='w') as tar:
        for value in values:
            value = scalars.drop_none(value)
            content = file_content(value)
            entry = tarfile.TarInfo(value['path'].lstrip('/'))
            entry.size = len(content)
            entry.mode = octal(value.get('mode') or '644')
            entry.uid = value.get('uid') or 0
            entry.gid = value.get('gid') or 0
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def files_masked(values: list[dict]) -> list[dict]:
    """Return files without their contents."""
    return [{name: '***' if name.startswith('content') and item else item
             for name, item in value.items()} for value in values]


def encoded(path: str, content: str) -> bytes:
    """Return the contents of a file as UTF-8; check its path, too."""
    try:
        path.encode()
        return content.encode()
    except UnicodeEncodeError as ex:
        raise ValueError(_('the path or the content of the file %s is not '
                           'valid Unicode')
                         % path.encode(errors='replace').decode()) from ex


def file_content(value: dict) -> bytes:
    """Return the contents of a file, from ``content`` or ``content_base64``.

    Messages do not contain them, but the ``path``.
    """
    if ('content' in value) == ('content_base64' in value):
        raise ValueError(_('the file %s requires either content or '
                           'content_base64') % value['path'])
    if 'content' in value:
        return encoded(value['path'], value['content'])
    try:
        return base64.b64decode(value['content_base64'], validate=True)
    except ValueError as ex:
        raise ValueError(_('content_base64 of the file %s is not base64')
                         % value['path']) from ex
