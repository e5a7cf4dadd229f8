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

"""Errors and notes about a Compose project, with their place in its files."""

import dataclasses


class ComposeError(Exception):
    """A Compose file that cannot be used.

    The message contains no value of an environment, a config or a secret.
    Variables in other values have their names there, except in names of
    objects and paths of files.

    :ivar message: what is wrong, without the place.
    :ivar file: path of the file, or None.
    :ivar line: number of the line, from 1, or None.
    :ivar service: name of the service, or None.
    :ivar key: path of the key in the service or in the file, or None.
    """

    def __init__(self, message: str, file: str | None = None,
                 line: int | None = None, service: str | None = None,
                 key: str | None = None):
        self.message = message
        self.file = file
        self.line = line
        self.service = service
        self.key = key
        super().__init__(_located(message, file, line, service, key))


def _located(message, file, line, service, key):
    """Return a message after its place."""
    where = [file] if file else []
    where += ['line %d' % line] if line else []
    where += ['service %s' % service] if service else []
    where += [key] if key else []
    return ': '.join(part for part in (', '.join(where), message) if part)


@dataclasses.dataclass(frozen=True)
class Place:
    """A line of a file.

    :ivar file: path of the file.
    :ivar line: number of the line, from 1. None if there is no text, because
        a template contains the values.
    """

    file: str | None = None
    line: int | None = None


@dataclasses.dataclass(frozen=True)
class Where:
    """A value in a project: where it is written, and where it belongs.

    :ivar place: file and line.
    :ivar path: keys and indices from the top of the file to the value.
    :ivar directory: directory of relative paths, below the root of the
        contents; empty for the root itself.
    :ivar root: absolute path of the root, if the files are those of this
        host.
    """

    place: Place = Place()
    path: tuple = ()
    directory: str = ''
    root: str = ''

    def inside(self, container, key) -> 'Where':
        """Return the place of a value in a map or a list.

        :param container: :class:`tree.Map` or :class:`tree.List`.
        """
        return dataclasses.replace(
            self, path=(*self.path, key),
            place=container.place(key) or self.place)

    def error(self, message: str) -> ComposeError:
        """Return an error about this value."""
        path = list(self.path)
        service = None
        if path[:1] == ['services'] and len(path) > 1:
            service = str(path[1])
            del path[:2]
        key = ''
        for part in path:
            key += ('[%d]' % part if isinstance(part, int)
                    else '.%s' % part if key else str(part))
        return ComposeError(message, self.place.file, self.place.line,
                            service, key or None)


class Report:
    """What does not stop a project, but its author should know.

    :ivar strict: whether a key that cannot be carried out is an error.
    """

    def __init__(self, strict: bool = True):
        self.strict = strict
        self._notes: dict[str, None] = {}

    @property
    def notes(self) -> list[str]:
        """Messages with their places, each once."""
        return list(self._notes)

    def note(self, where: Where, message: str) -> None:
        """Add a message unless it is known."""
        self._notes[str(where.error(message))] = None

    def refuse(self, where: Where, message: str) -> None:
        """Raise an error, or add a note if the project is not strict.

        :raises ComposeError: if the project is strict.
        """
        if self.strict:
            raise where.error(message)
        self.note(where, '%s. It is left out' % message.rstrip('.'))
