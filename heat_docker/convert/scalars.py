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

"""Converters of scalars, lists, maps, sizes and times.

See ``to_api`` and ``from_api`` of :class:`heat_docker.fields.Field`.
"""

from collections import abc
import ipaddress
import posixpath
import re

from .. import i18n

_ = i18n._


def identity(value):
    """Return the value, which has the same form in the API."""
    return value


def to_string(value) -> str:
    """Return a scalar as the string that a user would write for it.

    YAML parses ``true``, ``8080`` and ``1.5`` as types other than str.
    """
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(_('%r is not a string') % (value,))


def to_strings(values: abc.Iterable) -> list[str]:
    """Return a list of scalars as a list of strings."""
    return [to_string(value) for value in values]


def as_list(values: abc.Iterable | None) -> list:
    """Return a list; the daemon may omit it or send null."""
    return list(values or ())

# Integers in the API have 64 bits.
_LIMIT = 2.0 ** 63

_SIZE = re.compile(r'(\d+(?:\.\d+)?)([bkmgtp])?i?b?', re.ASCII)

# https://github.com/moby/moby/blob/v28.0.0/daemon/names/names.go
NAME = r'[a-zA-Z0-9][a-zA-Z0-9_.-]+'


def to_string_map(value: dict) -> dict[str, str]:
    """Convert a map of name to scalar to a map of name to string.

    Messages do not contain the values, which may be secrets.
    """
    for name, item in value.items():
        if name == '':
            raise ValueError(_('a name is empty'))
        if not isinstance(item, (str, int, float)):
            raise ValueError(_('the value of %s is not a string') % (name,))
    return {to_string(name): to_string(item) for name, item in value.items()}


def as_map(value: dict | None) -> dict:
    """Return a map; the daemon may omit it or send null."""
    return dict(value or {})


def map_masked(value: dict) -> dict:
    """Return a map with masked values."""
    return {name: '***' for name in value.keys()}


def size_to_api(value: str | int) -> int:
    """Convert ``"64m"`` or a number of bytes to bytes.

    The units are those of Docker's command line, powers of 1024.
    """
    match = _SIZE.fullmatch(to_string(value).lower())
    if match is None:
        raise ValueError(_('%r is not a size, such as 67108864 or 64m')
                         % value)
    number, unit = match.groups()
    size = float(number) * 1024 ** 'bkmgtp'.index(unit or 'b')
    if size >= _LIMIT:
        raise ValueError(_('the size %r is too large') % value)
    return int(size)


def size_or_unlimited_to_api(value: str | int) -> int:
    """Convert a size, or -1 for no limit, to bytes."""
    return -1 if to_string(value) == '-1' else size_to_api(value)


def size_from_api(value: int | None) -> str:
    """Convert a number of bytes to a string."""
    return '' if value is None else str(value)


def double(value: int) -> int:
    """Return twice the value: Docker's default of memory_swap."""
    return 2 * value


def nanoseconds(value: float) -> int:
    """Convert seconds to the nanoseconds of the API."""
    if not -_LIMIT < value * 10 ** 9 < _LIMIT:
        raise ValueError(_('%r exceeds the range of the API') % value)
    return round(value * 10 ** 9)


def seconds(value: int) -> float:
    """Convert nanoseconds of the API to seconds."""
    return value // 10 ** 9 if value % 10 ** 9 == 0 else value / 10 ** 9


def drop_none(value: dict) -> dict:
    """Return a map without the keys whose value is None."""
    return {key: item for key, item in value.items() if item is not None}


def drop_empty(value: dict | None) -> dict:
    """Return a map, or an empty one for None, without empty values."""
    return {key: item for key, item in (value or {}).items() if item}


def normal_path(path: str) -> str:
    """Return an absolute path without double slashes and dots."""
    # posixpath.normpath keeps two slashes at the beginning.
    return posixpath.normpath('/' + path.lstrip('/'))


def address(value: str) -> str:
    """Return an IP address in the form that Docker accepts."""
    try:
        parsed = ipaddress.ip_address(value)
    except ValueError as ex:
        raise ValueError(_('%r is not an IP address') % value) from ex
    if getattr(parsed, 'scope_id', None):
        # Docker would ignore the whole address and publish on all addresses.
        raise ValueError(_('%r has a zone, which Docker does not support')
                         % value)
    return str(parsed)
