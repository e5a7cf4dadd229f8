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

"""Other forms of values, such as those of Compose.

See ``parse`` of :class:`heat_docker.fields.Field`. The functions return a
value of any other form unchanged, because Heat checks its type afterward.
"""

import decimal
import re
import typing

from . import scalars

Value = typing.Any  # in a template

# https://docs.docker.com/reference/api/engine/, DeviceRequest.Count
ALL_DEVICES = -1

# https://github.com/compose-spec/compose-spec/blob/main/11-extension.md
_UNITS = {unit: decimal.Decimal(number) for unit, number in (
    ('us', '1e-6'), ('ms', '1e-3'), ('s', 1), ('m', 60), ('h', 3600))}

_PART = r'([0-9]{1,9}(?:\.[0-9]{1,9})?)(us|ms|s|m|h)'


def seconds(value: Value) -> Value:
    """Convert a duration, such as ``1m30s``, to seconds."""
    if not isinstance(value, str) or not re.fullmatch(
            '(?:%s)+' % _PART, value):
        return value
    total = sum(decimal.Decimal(number) * _UNITS[unit]
                for number, unit in re.findall(_PART, value))
    return int(total) if total == int(total) else float(total)


def whole_seconds(value: Value) -> Value:
    """Convert a duration of whole seconds."""
    parsed = seconds(value)
    return value if isinstance(parsed, float) else parsed


def size(value: Value) -> Value:
    """Convert a size with a unit, such as ``512m``, to bytes."""
    if not isinstance(value, str):
        return value
    try:
        return scalars.size_to_api(value)
    except ValueError:
        return value


def pairs_to_map(value: Value) -> Value:
    """Convert ``["a=b", "c"]`` to ``{"a": "b", "c": ""}``."""
    return _pairs_to_map(value, '')


def pairs_to_arguments(value: Value) -> Value:
    """Convert ``["a=b", "c"]`` to ``{"a": "b", "c": null}``."""
    return _pairs_to_map(value, None)


def _pairs_to_map(value, missing):
    """Convert a list of pairs, each with an optional value."""
    if not isinstance(value, list) or not all(
            item is None or isinstance(item, str) for item in value):
        return value
    pairs = (_known(item).partition('=') for item in value)
    return {name: item if equals else missing for name, equals, item in pairs}


def _known(item):
    """Return a string; empty for a value that is not known yet."""
    return '' if item is None else item


def hosts_to_list(value: Value) -> Value:
    """Convert ``{"name": "address"}`` to ``["name:address"]``.

    A name can have a list of addresses.
    """
    if not isinstance(value, dict):
        return value
    hosts = [(name, address) for name, addresses in value.items()
             for address in (addresses if isinstance(addresses, list)
                             else [addresses])]
    if not all(isinstance(name, str) and not re.search('[:=]', name)
               and (address is None or isinstance(address, str))
               for name, address in hosts):
        return value
    return [None if address is None else '%s:%s' % (name, address)
            for name, address in hosts]


def ulimits_to_list(value: Value) -> Value:
    """Convert ``{"nofile": 1024}`` to ``[{"name": "nofile", ...}]``.

    The limit can be a map with ``soft`` and ``hard``.
    """
    if not isinstance(value, dict):
        return value
    return [{**(limit if isinstance(limit, dict) else {'soft': limit}),
             'name': name} for name, limit in value.items()]


def name_to_restart_policy(value: Value) -> Value:
    """Convert ``on-failure:3`` to ``{"Name": "on-failure", ...}``.

    YAML 1.1 reads ``no`` without quotes as false.
    """
    if value is False:
        value = 'no'
    if not isinstance(value, str):
        return value
    match = re.fullmatch('([a-z-]+)(?::([0-9]{1,9}))?', value)
    if match is None:
        return value
    name, retries = match.groups()
    return {'Name': name, **({'MaximumRetryCount': retries}
                             if retries else {})}


def line_to_test(value: Value) -> Value:
    """Convert a command line, or ``NONE``, to the test of a health check."""
    if not value or not isinstance(value, str):
        return value
    return [value] if value == 'NONE' else ['CMD-SHELL', value]


def paths_to_devices(value: Value) -> Value:
    """Convert ``["/dev/fuse:/dev/fuse:rwm"]`` to a list of maps."""
    if not isinstance(value, list):
        return value
    return [_path_to_device(item) for item in value]


def _path_to_device(item):
    if item is None:
        # A value that is not known yet.
        return {'path_on_host': None}
    if not isinstance(item, str) or item.count(':') > 2:
        return item
    path, *more = item.split(':')
    if len(more) == 1 and re.fullmatch('[rwm]{1,3}', more[0]):
        more.insert(0, path)
    return dict(zip(('path_on_host', 'path_in_container', 'permissions'),
                    (path, *more), strict=False))


def line_to_tmpfs(value: Value) -> Value:
    """Convert ``/run:size=64m,mode=755,/tmp`` to a list of two items."""
    if not isinstance(value, str) or not value.startswith('/'):
        return value
    return re.split(',(?=/)', value)


def all_to_requests(value: Value) -> Value:
    """Convert ``all``, which stands for all GPUs, to a device request."""
    return [{'count': ALL_DEVICES, 'capabilities': [['gpu']]}
            ] if value == 'all' else value


def all_to_count(value: Value) -> Value:
    """Convert ``all`` to the number that stands for all devices."""
    return ALL_DEVICES if value == 'all' else value


def names_to_networks(value: Value) -> Value:
    """Convert ``["front"]`` to ``[{"network": "front"}]``."""
    if not isinstance(value, list):
        return value
    return [{'network': item} if item is None or isinstance(item, str)
            else item for item in value]


def nested_list(value: Value) -> Value:
    """Convert ``["gpu"]`` to ``[["gpu"]]``."""
    if not isinstance(value, list) or not value or not all(
            isinstance(item, str) for item in value):
        return value
    return [value]


# An example of the other form that a function converts, for messages.
EXAMPLES = {
    seconds: '1m30s', whole_seconds: '1m30s', size: '64m',
    pairs_to_map: ['com.example.team=wiki'],
    pairs_to_arguments: ['VERSION=1.4'],
    hosts_to_list: {'db': '192.0.2.7'}, ulimits_to_list: {'nofile': 1024},
    name_to_restart_policy: 'on-failure:3', line_to_test: 'curl localhost',
    paths_to_devices: ['/dev/fuse:/dev/fuse:rwm'], line_to_tmpfs: '/run,/tmp',
    all_to_requests: 'all',
    all_to_count: 'all', names_to_networks: ['front'], nested_list: ['gpu'],
}
