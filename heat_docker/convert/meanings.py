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

"""One form for all spellings of a value that Docker treats alike.

Each function takes the JSON of a request, and returns the same result for all
JSON with the same meaning; see ``meaning`` of
:class:`heat_docker.fields.Field`. The result is never sent, so that a daemon
shows what the template contains.
"""

import io
import ipaddress
import json
import re
import signal as signals
import tarfile
import typing

from . import platforms
from . import process
from . import registry
from . import scalars

Json = typing.Any

# Numbers of the first and the last real-time signal:
# https://github.com/moby/sys/blob/signal/v0.7.1/signal/signal_linux.go
_REAL_TIME = {'RTMIN': 34, 'RTMAX': 64}

# Maps with names of the user, whose values can be empty.
_MAPS = ('AuxiliaryAddresses', 'DriverOpts', 'Labels', 'Options')

# https://docs.kernel.org/filesystems/tmpfs.html
_TMPFS_NUMBERS = {'size': scalars.size_to_api,
                  'mode': lambda value: int(value, 8)}


def _in_any_order(items, *keys):
    """Return items in one order, unless theirs has a meaning.

    :param keys: functions of an item. If two items have the same key, one of
        them may have priority, so the order stays.
    """
    for key in keys:
        found = [key(item) for item in items]
        if len(set(found)) < len(found):
            return list(items)
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def _without_empty(value):
    """Return JSON without the keys whose values stand for unset ones."""
    parts = {key: _without_empty(item) if (
        isinstance(item, dict) and key not in _MAPS) else item
        for key, item in value.items()}
    return {key: item for key, item in parts.items()
            if item not in (None, False, 0, '', [], {})}


def image(name: str) -> str:
    """Return the full name of an image; an ID remains."""
    if re.fullmatch('[0-9a-f]{64}', name):
        return 'sha256:' + name
    return name if name.startswith('sha256:') else registry.full_name(name)


def images(names: list[str]) -> list[str]:
    """Return the full names of images."""
    return [image(name) for name in names]


def platform(value: str) -> dict[str, str]:
    """Return the parts of a platform, without the default variant.

    https://github.com/containerd/platforms/blob/v1.0.0/database.go.
    """
    parts = platforms.platform_to_api(value)
    if (parts.get('architecture'), parts.get('variant')) in (
            ('arm64', 'v8'), ('amd64', 'v1')):
        del parts['variant']
    if (parts.get('architecture'), parts.get('variant')) == ('arm', None):
        parts['variant'] = 'v7'
    return parts


def signal(value: str) -> str | int:
    """Return the number of a signal, such as ``SIGINT``, ``INT`` or ``2``."""
    if value.isdecimal():
        return int(value)
    name = value.removeprefix('SIG')
    match = re.fullmatch(r'(RTMIN|RTMAX)([+-][0-9]{1,2})?', name)
    if match:
        return _REAL_TIME[match[1]] + int(match[2] or 0)
    known = signals.Signals.__members__.get('SIG' + name)
    return name if known is None else int(known)


def members(values: list[str]) -> list[str]:
    """Return the members of a set."""
    return sorted(set(values))


def environment(values: list[str]) -> list[str]:
    """Return environment variables; a second value of one has priority."""
    return _in_any_order(values, lambda value: value.partition('=')[0])


def resolver_options(values: list[str]) -> list[str]:
    """Return options for the DNS resolver."""
    return _in_any_order(values, lambda value: value.partition(':')[0])


def hosts(values: list[str]) -> list[str]:
    """Return lines of /etc/hosts, of which the first match counts."""
    return _in_any_order(values, lambda value: value.partition(':')[0],
                         lambda value: value.partition(':')[2])


def port_bindings(value: dict[str, list]) -> dict[str, list]:
    """Return the host ports of each container port."""
    return {port: _in_any_order(found) for port, found in value.items()}


def binds(values: list[str]) -> list[tuple]:
    """Return source, target and options of each volume.

    Docker sorts mounts by their targets, and "rw" is the default.
    """
    found = []
    for value in values:
        source, target, *options = value.split(':')
        found.append((
            _source(source), scalars.normal_path(target),
            sorted({*','.join(options).split(',')} - {'', 'rw'})))
    return sorted(found)


def _source(path):
    """Return the name of a volume, or a path as Docker cleans it."""
    return scalars.normal_path(path) if path.startswith('/') else path


def volumes_from(values: list[str]) -> list[str]:
    """Return containers; the volumes of the last one have priority."""
    return [value.removesuffix(':rw') for value in values]


def mounts(values: list[dict]) -> list[dict]:
    """Return mounts, which Docker sorts by their targets."""
    return _in_any_order([_mount(value) for value in values],
                         lambda mount: mount['Target'])


def _mount(value):
    mount = _without_empty(value)
    mount['Target'] = scalars.normal_path(mount['Target'])
    if 'Source' in mount:
        clean = image if mount['Type'] == 'image' else _source
        mount['Source'] = clean(mount['Source'])
    options = mount.get('TmpfsOptions', {})
    if 'Options' in options:
        options['Options'] = _in_any_order(options['Options'],
                                           lambda option: len(option) == 1
                                           or option[0])
    return mount


def tmpfs(value: dict[str, str]) -> dict[str, tuple]:
    """Return the flags and the numbers of each tmpfs.

    Flags such as ``exec`` and ``noexec`` can contradict each other, so their
    order remains.
    """
    return {scalars.normal_path(path): _tmpfs_options(options)
            for path, options in value.items()}


def _tmpfs_options(text):
    options = [option.partition('=') for option in text.split(',') if option]
    return ([name for name, equals, _value in options if not equals],
            _in_any_order([(name, _tmpfs_number(name, value))
                           for name, equals, value in options if equals],
                          lambda option: option[0]))


def _tmpfs_number(name, value):
    try:
        return _TMPFS_NUMBERS[name](value)
    except (KeyError, ValueError):
        return value


def archive(value: bytes) -> dict[str, tuple]:
    """Return the files in a tar archive; the last one of a path counts."""
    if not value:
        return {}
    found = {}
    with tarfile.open(fileobj=io.BytesIO(value)) as tar:
        for entry in tar:
            content = typing.cast(typing.IO[bytes], tar.extractfile(entry))
            found[scalars.normal_path(entry.name)] = (
                entry.mode, entry.uid, entry.gid, content.read())
    return found


def endpoints(value: dict[str, dict]) -> dict[str, dict]:
    """Return the endpoints of a container by the name of the network."""
    return {name: endpoint(one) for name, one in value.items()}


def endpoint(value: dict) -> dict:
    """Return the settings of an endpoint."""
    settings = _without_empty(value)
    addresses = settings.get('IPAMConfig', {})
    for parts, key in ((settings, 'Aliases'), (addresses, 'LinkLocalIPs')):
        if key in parts:
            parts[key] = members(parts[key])
    if 'MacAddress' in settings:
        settings['MacAddress'] = re.sub(
            '[^0-9a-f]', '', settings['MacAddress'].lower())
    return settings


def network_mode(value: str) -> str:
    """Return a network mode; an unset one is "default"."""
    return '' if value == 'default' else value


def restart_policy(value: dict) -> dict:
    """Return a restart policy; an unset one is "no"."""
    return {} if value['Name'] == 'no' else value


def numbers(value: str) -> list[list[int]]:
    """Return the ranges of numbers in a list such as ``0-2,7``."""
    spans = [[int(number) for number in part.split('-')]
             for part in value.split(',')]
    merged: list[list[int]] = []
    for span in sorted(spans):
        if merged and span[0] <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], span[-1])
        else:
            merged.append([span[0], span[-1]])
    return merged


def devices(values: list[dict]) -> list[dict]:
    """Return the devices of a container."""
    return _in_any_order(values, lambda device: device['PathInContainer'])


def device_rules(values: list[str]) -> list[str]:
    """Return cgroup rules, each of which adds permissions."""
    return members([' '.join((*rule, ''.join(sorted(set(permissions)))))
                    for *rule, permissions in map(str.split, values)])


def device_requests(values: list[dict]) -> list[dict]:
    """Return requests for devices, each with sets of capabilities."""
    return [{**value, 'Capabilities': sorted(
        members(items) for items in value.get('Capabilities', ()))}
        for value in values]


def block_devices(value: dict[str, list]) -> dict[str, list]:
    """Return the limits for block devices."""
    return _without_empty({
        key: _in_any_order(items, lambda item: item['Path'])
        for key, items in value.items()})


def ulimits(values: list[dict]) -> list[dict]:
    """Return the limits of processes."""
    return _in_any_order(values, lambda value: value['Name'])


def security_options(values: list[str]) -> list[str]:
    """Return security options, as ``name=value``."""
    return _in_any_order(
        [_security_option(value) for value in values],
        # An option such as label=level:s0 has a name of its own.
        lambda value: value.partition(':')[0]
        if value.startswith('label=') else value.partition('=')[0])


def _security_option(value):
    name, text = process.security_option(value)
    if name == 'disable':
        return 'label=disable'
    if name in ('no-new-privileges', 'writable-cgroups'):
        # https://pkg.go.dev/strconv#ParseBool
        text = {'': 'true', '1': 'true', 't': 'true',
                '0': 'false', 'f': 'false'}.get(text.lower(), text.lower())
    if name == 'seccomp' and text.lstrip().startswith('{'):
        text = json.dumps(json.loads(text), sort_keys=True)
    return '%s=%s' % (name, text)


def ipam(value: dict) -> dict:
    """Return the IP address management of a network."""
    settings = _without_empty(value)
    if settings.get('Driver') == 'default':
        del settings['Driver']
    if 'Config' in settings:
        # The order of two subnets of one IP version may have a meaning.
        settings['Config'] = _in_any_order(
            settings['Config'], lambda pool: ipaddress.ip_network(
                pool['Subnet']).version)
    return settings


def build(value: dict) -> dict:
    """Return the inputs of a build."""
    if not value:
        return {}
    query, maps = dict(value['query']), value['maps']
    if query.get('dockerfile') == 'Dockerfile':
        del query['dockerfile']
    if query.get('networkmode') in ('default', 'bridge'):
        del query['networkmode']
    return {'context': archive(value['context']),
            'query': {**query, 'extrahosts': hosts(
                query.get('extrahosts', []))},
            'maps': {**maps,
                     'buildargs': scalars.drop_none(maps['buildargs']),
                     'ulimits': ulimits(maps.get('ulimits', [])),
                     'cachefrom': images(maps.get('cachefrom', []))}}
