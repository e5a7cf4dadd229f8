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

"""Converters of keys about mounts and files."""

import posixpath

from . import contents
from . import longhand
from . import shapes
from . import texts

SECRETS = '/run/secrets'

# Mode of a file that begins with "#!". Compose would mount the file with the
# mode that it has on disk, which a map of path to text does not contain.
SCRIPT = '0755'

_READABLE = 0o555


def volumes(value, item):
    """Return mounts, binds and files."""
    return convert(value, item, CONVERT)


def convert(value, item, converters) -> dict:
    """Return the properties for mounts.

    :param dict converters: by type, a function that adds to the properties
        what a mount becomes.
    """
    result: dict = {}
    for index, mount in enumerate(value):
        converters[mount['type']](mount, item, item.where.inside(value, index),
                                  result)
    return result


def add(result, mount):
    """Add a mount to the properties, without what is empty."""
    result.setdefault('mounts', []).append(
        {name: one for name, one in mount.items()
         if one not in (None, '', {}, [])})


def _volume(mount, item, where, result):
    options = mount.get('volume') or {}
    source = mount.get('source')
    if mount.get('bind', {}).get('selinux'):
        item.project.report.note(where, 'SELinux labels of a volume are not '
                                 'changed')
    add(result, {
        'type': 'volume',
        'source': item.volume(source, where) if source else None,
        'target': mount['target'],
        'read_only': mount.get('read_only') or None,
        'no_copy': options.get('nocopy') or None,
        'subpath': options.get('subpath'),
        'labels': dict(options.get('labels') or {})})


def _bind(mount, item, where, result):
    source, target = mount['source'], mount['target']
    if not source.startswith('/'):
        _copy(mount, item, where, result)
        return
    options = mount.get('bind') or {}
    read_only = mount.get('read_only') or None
    create = options.get('create_host_path', True)
    plain = result.setdefault('volumes', {})
    # The property volumes creates a missing path with every daemon.
    if create is not False and not options.get('recursive') and (
            ':' not in source and source not in plain
            and not texts.from_variable(source)
            and (read_only is None or read_only is True)):
        modes = ['ro' if read_only else None, options.get('selinux'),
                 options.get('propagation')]
        modes = [mode for mode in modes if mode]
        plain[source] = ':'.join([target, *([','.join(modes)] if modes
                                            else [])])
        return
    if not plain:
        del result['volumes']
    if options.get('selinux'):
        item.project.report.refuse(
            where, 'SELinux labels require a mount whose host path is used '
            'once, exists or may be created, and is not recursive')
    add(result, {
        'type': 'bind', 'source': source, 'target': target,
        'read_only': read_only, 'propagation': options.get('propagation'),
        'bind_recursive': options.get('recursive'),
        'create_host_path': create or None})


def _copy(mount, item, where, result):
    """Copy files of the contents in place of a mount of a relative path."""
    source, target = mount['source'], mount['target']
    files = item.project.contents
    for path in below(mount, item, where):
        inner = posixpath.relpath(path, source)
        result.setdefault('files', []).append(file(
            target if inner == '.' else posixpath.join(target, inner),
            files.get(path, where, 'the file')))
    if not mount.get('read_only'):
        item.project.report.note(
            where, '%s is copied into the container. What the container '
            'changes there is not written back' % source)


def below(mount, item, where) -> list[str]:
    """Return the paths of the file, or of the files, that a mount names.

    :raises problems.ComposeError: if there is none.
    """
    source = mount['source']
    if item.project.contents.find(source) is not None:
        return [source]
    found = item.project.contents.below(source, where)
    if not found:
        raise where.error(
            'nothing is at %s. A relative path is copied into the '
            'container, so add its files to contents, as in "%s: '
            '{get_file: %s}". For data that the container writes, use a '
            'named volume' % (source, source, source))
    item.translation.count_files(len(found), where)
    return found


def _tmpfs(mount, item, where, result):
    options = mount.get('tmpfs') or {}
    add(result, {'type': 'tmpfs', 'target': mount['target'],
                 'read_only': mount.get('read_only') or None,
                 'tmpfs_size': _size(options.get('size')),
                 'tmpfs_mode': options.get('mode')})


def _size(value):
    return str(value) if isinstance(value, int) else value


def _image(mount, item, where, result):
    if not mount.get('source'):
        raise where.error('an image mount requires a source')
    add(result, {'type': 'image', 'source': mount['source'],
                 'target': mount['target'],
                 'subpath': (mount.get('image') or {}).get('subpath')})


def _unsupported(mount, item, where, result):
    item.project.report.refuse(where, 'mounts of the type %s are not '
                               'supported' % mount['type'])


CONVERT = {'volume': _volume, 'bind': _bind, 'tmpfs': _tmpfs,
           'image': _image, 'npipe': _unsupported, 'cluster': _unsupported}


def is_script(content: str | bytes) -> bool:
    """Return whether a file begins with the name of its interpreter."""
    return content[:2] in ('#!', b'#!')


def file(path, content, mode=None, **owner) -> dict:
    """Return an entry of the property ``files``.

    :param content: text, or bytes.
    """
    if mode is None and is_script(content):
        mode = SCRIPT
    key, content = contents.encoded(content)
    return {'path': path, key: content, **({'mode': mode} if mode else {}),
            **{name: one for name, one in owner.items() if one is not None}}


def grants(section, directory):
    """Return the converter of ``configs`` or ``secrets``.

    :param section: the section at the top of the file.
    :param directory: where files are by default.
    """
    def convert(value, item):
        files = []
        for index, grant in enumerate(value):
            where = item.where.inside(value, index)
            content = item.project.content(section, grant['source'], where)
            if content is None:
                continue
            target = grant.get('target') or grant['source']
            mode = int(grant.get('mode') or '0444', 8) & _READABLE
            files.append(file(
                texts.join(directory, '/', target)
                if not target.startswith('/') else target, content,
                longhand.octal(mode, where), uid=grant.get('uid'),
                gid=grant.get('gid')))
        return {'files': files} if files else {}
    return convert


def tmpfs(value, where):
    """Accept one or more paths, each with options."""
    return shapes.one_or_more(value, where)
