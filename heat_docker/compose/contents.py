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

"""The files that belong to a project.

They come from a map of path to contents, never from the host of the program
that reads the Compose file.
"""

import base64
from collections import abc
import posixpath
import re

from . import limits
from . import problems
from . import texts

_URL = re.compile(r'[a-z][a-z0-9+.-]*://|git@|oci:', re.IGNORECASE)


class Contents:
    """Files by their path below one directory, the root.

    :param files: map of path to text, or to bytes for a binary file.
    :cvar root: absolute path of the root, if the files are those of this
        host. "docker compose config" prints absolute paths.
    """

    root = ''

    def __init__(self, files: abc.Mapping[str, str | bytes] | None = None):
        self._files = {normal(path): content
                       for path, content in (files or {}).items()}

    def _read(self, path: str) -> str | bytes | None:
        """Return the contents of a file, or None."""
        return self._files.get(path)

    def _list(self, directory: str) -> abc.Iterable[str]:
        """Yield the paths of all files below a directory."""
        prefix = directory + '/' if directory not in ('', '.') else ''
        return [path for path in self._files if path.startswith(prefix)]

    def find(self, path: str) -> str | bytes | None:
        """Return the contents of a file, or None.

        Text knows its file: see :class:`texts.File`.
        """
        content = self._read(path)
        if content is None or isinstance(content, bytes):
            return content
        return texts.Text([(str(content), texts.File(path))])

    def get(self, path: str, where: problems.Where,
            what: str) -> str | bytes:
        """Return the contents of a file.

        :param what: what the file is, for messages.
        :raises problems.ComposeError: if it is missing or too large.
        """
        content = self.find(path)
        if content is None:
            raise missing(path, where, what)
        if len(content) > limits.FILE:
            raise where.error(
                '%s %s has more than %d characters, which a stack cannot '
                'contain; build an image with it, or mount a volume'
                % (what, path, limits.FILE))
        return content

    def text(self, path: str, where: problems.Where, what: str) -> str:
        """Return the text of a file.

        :param what: what the file is, for messages.
        :raises problems.ComposeError: if it is missing, too large or binary.
        """
        content = self.get(path, where, what)
        if isinstance(content, bytes):
            raise where.error('%s %s is not text' % (what, path))
        return content

    def below(self, directory: str, where: problems.Where) -> list[str]:
        """Return the sorted paths of all files below a directory.

        :raises problems.ComposeError: if there are too many.
        """
        paths = []
        for path in self._list(directory):
            paths.append(path)
            if len(paths) > limits.MOUNTED:
                raise where.error('%s contains more than %d files'
                                  % (directory or '.', limits.MOUNTED))
        return sorted(paths)


def normal(path: str) -> str:
    """Return the form of a path below the root that the contents have."""
    return posixpath.normpath(str(path))


def below_root(path: str, where: problems.Where) -> bool:
    """Return whether an absolute path is one of the contents."""
    return bool(where.root) and (path + '/').startswith(where.root + '/')


def resolve(path: str, where: problems.Where) -> str:
    """Return the path of a file below the root of the contents.

    :param path: path relative to the directory of ``where``, or an absolute
        path below its root.
    :raises problems.ComposeError: if it is a URL, absolute, or leaves the
        root.
    """
    if _URL.match(path):
        raise where.error('%s is not a path: files of other hosts are not '
                          'fetched' % texts.shown(path))
    if below_root(path, where):
        return posixpath.normpath(posixpath.relpath(path, where.root))
    if path.startswith(('/', '~')) or '\0' in path:
        raise where.error('%s is not a relative path; only files of the '
                          'project are used' % texts.shown(path))
    resolved = posixpath.normpath(posixpath.join(where.directory, path))
    if resolved == '..' or resolved.startswith('../'):
        raise where.error('%s leaves the directory of the project'
                          % texts.shown(path))
    return resolved


def encoded(content: str | bytes) -> tuple[str, str]:
    """Return the key for a content in templates, and its value."""
    if isinstance(content, bytes):
        return 'content_base64', base64.b64encode(content).decode()
    return 'content', content


def missing(path: str, where: problems.Where,
            what: str) -> problems.ComposeError:
    """Return an error about a file that the contents do not have."""
    return where.error('%s %s is missing. Add it to contents, as in "%s: '
                       '{get_file: %s}"' % (what, path, path, path))
