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

"""Limits, weights and devices."""

import re

from .. import i18n
from . import scalars

_ = i18n._

# https://github.com/docker/go-units/blob/v0.5.0/ulimit.go
ULIMITS = ('core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue',
           'nice', 'nofile', 'nproc', 'rss', 'rtprio', 'rttime', 'sigpending',
           'stack')

# https://github.com/moby/moby/blob/v28.0.0/daemon/daemon_unix.go
_DEVICE_RULE = re.compile(
    r'[abc] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}', re.ASCII)


def devices_to_api(values: list[dict]) -> list[dict]:
    """Convert a list of device maps to the API's list."""
    return [{'PathOnHost': device['path_on_host'],
             'PathInContainer': (device.get('path_in_container')
                                 or device['path_on_host']),
             'CgroupPermissions': device.get('permissions') or 'rwm'}
            for device in values]


def devices_from_api(values: list[dict] | None) -> list[dict]:
    """Convert the API's devices to a list of device maps."""
    return [{'path_on_host': device['PathOnHost'],
             'path_in_container': device['PathInContainer'],
             'permissions': device['CgroupPermissions']}
            for device in values or ()]

_RATES = {'device_read_bps': 'BlkioDeviceReadBps',
          'device_write_bps': 'BlkioDeviceWriteBps',
          'device_read_iops': 'BlkioDeviceReadIOps',
          'device_write_iops': 'BlkioDeviceWriteIOps'}


def cpus_to_api(value: float) -> int:
    """Convert a number of CPUs to billionths of a CPU."""
    return scalars.nanoseconds(value)


def cpus_from_api(value: int | None) -> float:
    """Convert billionths of a CPU to a number of CPUs."""
    return scalars.seconds(value or 0)


def blkio_to_api(value: dict) -> dict:
    """Convert block I/O weights and limits to the lists of HostConfig."""
    config = {'BlkioWeightDevice': [
        {'Path': device['path'], 'Weight': _weight(device['weight'])}
        for device in _block_devices(value, 'weight_device', 'weight')]}
    for name, key in _RATES.items():
        config[key] = [
            {'Path': device['path'],
             'Rate': scalars.size_to_api(device['rate'])}
            for device in _block_devices(value, name, 'rate')]
    return config


def _weight(value):
    """Return a weight as Docker accepts it."""
    if not re.fullmatch('[0-9]{1,4}', str(value)) or not (
            10 <= int(value) <= 1000):
        raise ValueError(_('%r is not a weight from 10 to 1000') % (value,))
    return int(value)


def _block_devices(value, name, number):
    devices = value.get(name) or ()
    for device in devices:
        if (not isinstance(device, dict) or set(device) != {'path', number}
                or None in device.values() or '' in device.values()):
            raise ValueError(_('%(name)s must be a list of {path: ..., '
                               '%(number)s: ...}')
                             % {'name': name, 'number': number})
        if not scalars.to_string(device['path']).startswith('/'):
            raise ValueError(_('%r is not the absolute path of a device')
                             % device['path'])
    return devices


def blkio_from_api(host_config: dict) -> dict:
    """Convert the block I/O lists of HostConfig to one map."""
    value = {'weight_device': [
        {'path': device['Path'], 'weight': device['Weight']}
        for device in host_config.get('BlkioWeightDevice') or ()]}
    for name, key in _RATES.items():
        value[name] = [{'path': device['Path'], 'rate': device['Rate']}
                       for device in host_config.get(key) or ()]
    return {name: devices for name, devices in value.items() if devices}


def pids_limit_from_api(value: int | None) -> int:
    """Convert the API's limit; null, 0 and negative values mean no limit."""
    return value if value and value > 0 else -1


def ulimits_to_api(values: list[dict]) -> list[dict]:
    """Convert a list of ulimits to the API's list."""
    result = []
    for value in values:
        soft, hard = value['soft'], value.get('hard')
        hard = soft if hard is None else hard
        if hard != -1 and not -1 < soft <= hard:
            raise ValueError(_('the soft limit of %(name)s, %(soft)s, exceeds '
                               'the hard limit, %(hard)s')
                             % {'name': value['name'], 'soft': soft,
                                'hard': hard})
        result.append({'Name': value['name'], 'Soft': soft, 'Hard': hard})
    return result


def ulimits_from_api(values: list[dict] | None) -> list[dict]:
    """Convert the API's ulimits to a list of maps."""
    return [{'name': value['Name'], 'soft': value['Soft'],
             'hard': value['Hard']} for value in values or ()]


def device_cgroup_rules_to_api(values: list) -> list[str]:
    """Check a list of cgroup rules for devices."""
    for value in scalars.to_strings(values):
        if not _DEVICE_RULE.fullmatch(value):
            raise ValueError(_('%r is not a rule: a type (a, b or c), '
                               'MAJOR:MINOR and permissions, such as '
                               '"c 42:* rmw"') % value)
    return scalars.to_strings(values)


def device_requests_to_api(values: list[dict]) -> list[dict]:
    """Convert a list of device requests to the API's list."""
    result = []
    for value in values:
        value = scalars.drop_none(value)
        ids = scalars.to_strings(value.get('device_ids') or ())
        if ids and value.get('count'):
            raise ValueError(_('count and device_ids of a device request are '
                               'mutually exclusive'))
        request = {'Driver': value.get('driver'),
                   'Count': value.get('count'), 'DeviceIDs': ids,
                   'Capabilities': [
                       _capabilities(item)
                       for item in value.get('capabilities') or ()],
                   'Options': scalars.to_string_map(
                       value.get('options') or {})}
        result.append({key: item for key, item in request.items() if item})
    return result


def _capabilities(value):
    """Return one of the lists of capabilities of a device request."""
    if not isinstance(value, list):
        raise ValueError(_('the capabilities of a device request are a list '
                           'of lists, such as [[gpu]]'))
    return scalars.to_strings(value)


def device_requests_from_api(values: list[dict] | None) -> list[dict]:
    """Convert the API's device requests to a list of maps."""
    names = {'Driver': 'driver', 'Count': 'count', 'DeviceIDs': 'device_ids',
             'Capabilities': 'capabilities', 'Options': 'options'}
    return [{names[key]: item for key, item in value.items() if item}
            for value in values or ()]


def stats_from_api(stats: dict) -> dict:
    """Summarize one sample of the resource usage of a container.

    See "Get container stats based on resource usage" in
    https://docs.docker.com/reference/api/engine/version/v1.41/.
    """
    cpu = (stats.get('cpu_stats') or {}).get('cpu_usage') or {}
    memory = stats.get('memory_stats') or {}
    details = memory.get('stats') or {}
    # The cache that the kernel can reclaim; first cgroup v2, then v1.
    cache = details.get('inactive_file',
                        details.get('total_inactive_file', 0))
    networks = (stats.get('networks') or {}).values()
    return {
        'cpu_seconds': scalars.seconds(cpu.get('total_usage', 0)),
        'memory_bytes': max(0, memory.get('usage', 0) - cache),
        'memory_limit_bytes': memory.get('limit', 0),
        'pids': (stats.get('pids_stats') or {}).get('current', 0),
        'network_received_bytes': sum(n['rx_bytes'] for n in networks),
        'network_sent_bytes': sum(n['tx_bytes'] for n in networks)}
