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

"""Ports of a container, exposed and published."""

import collections
from collections import abc
import functools
import ipaddress
import re

from .. import budgets
from .. import i18n
from . import scalars

_ = i18n._

PROTOCOLS = ('tcp', 'udp', 'sctp')

_PORTS = re.compile(r'(\d{1,5})(?:-(\d{1,5}))?(?:/([a-zA-Z]+))?', re.ASCII)

_HOST_PORTS = re.compile(
    r'(?:(?:\[([^]]*)\]|([^:]*)):)?(\d{0,5})(?:-(\d{1,5}))?', re.ASCII)

_ANY_PORT = ('', 0, '0')


def port_specs_to_api(values: abc.Iterable) -> dict[str, dict]:
    """Convert ``[80, "53/udp", "5000-5002"]`` to ``{"80/tcp": {}, …}``.

    The list may contain a port more than once.
    """
    spans = [_container_ports(value) for value in values]
    _refuse_many(len(ports) for ports, _protocol in spans)
    return {key: {} for span in spans for key in _keys(*span)}


def port_specs_from_api(value: dict | None) -> list[str]:
    """Convert ``{"80/tcp": {}, …}`` to ``["80", "53/udp", …]``, by number."""
    return [_container_port_from_api(key)
            for key in sorted(value or (), key=_port_order)]


def port_bindings_to_api(value: dict) -> dict[str, list]:
    """Convert a map of container port to host port to the API's map.

    ``{9090: 80, "53/udp": "127.0.0.1:53"}`` becomes ``{"9090/tcp":
    [{"HostIp": "", "HostPort": "80"}], "53/udp": [{…}]}``. The API's form of a
    host port, a map with ``HostPort`` and ``HostIp``, is accepted as well.
    Ranges are expanded here, because Docker 29 no longer expands them:
    https://docs.docker.com/engine/release-notes/29/#2900
    """
    published = [(_container_ports(container),
                  (host or ['']) if isinstance(host, list) else [host])
                 for container, host in value.items()]
    _refuse_many(len(ports) * len(hosts)
                 for (ports, _protocol), hosts in published)
    bindings: dict[str, list] = {}
    for span, hosts in published:
        keys = list(_keys(*span))
        for key in keys:
            if key in bindings:
                raise ValueError(_('container port %s is listed more than '
                                   'once') % key)
            bindings[key] = []
        for host in hosts:
            for key, binding in zip(keys, _host_ports(host, len(keys)),
                                    strict=True):
                bindings[key].append(binding)
    _refuse_doubles(bindings)
    return {key: _merged(hosts) for key, hosts in bindings.items()}


def _merged(hosts):
    """Return the bindings of a container port, without useless free ports.

    A free port on all addresses is also one on a single address. Docker 27 and
    later give all free ports of a container port the same number, and Docker
    29 then finds the address in use:
    https://github.com/moby/moby/blob/v28.5.2/libnetwork/drivers/bridge/port_mapping_linux.go#L264.
    """
    free = {host['HostIp'] for host in hosts if not host['HostPort']}
    merged, seen = [], set()
    for host in hosts:
        address = host['HostIp']
        if not host['HostPort']:
            wider = {'', '::' if ':' in address else '0.0.0.0'} - {address}
            if address in seen or address and wider & free:
                continue
            seen.add(address)
        merged.append(host)
    return merged


def has_host_port(bindings: dict[str, list]) -> bool:
    """Return whether the API's map of bindings contains a fixed host port."""
    return any(host['HostPort'] for hosts in bindings.values()
               for host in hosts)


def host_port_claims(bindings: dict[str, list]) -> list[tuple]:
    """Return the fixed host ports in the API's map of bindings, as claims."""
    return [('port', '%s/%s' % (host['HostPort'], key.partition('/')[2]),
             host['HostIp'])
            for key, hosts in bindings.items() for host in hosts
            if host['HostPort']]


def port_bindings_to_exposed(value: dict) -> dict[str, dict]:
    """Convert a map of container port to host port to ``{"9090/tcp": {}}``.

    Docker publishes only ports that are exposed as well; its own client
    exposes what it publishes.
    """
    return port_specs_to_api(value)


def port_bindings_from_api(value: dict | None) -> dict:
    """Convert the API's map of bindings to container port: host port."""
    result, bindings = {}, value or {}
    for key in sorted(bindings, key=_port_order):
        hosts = [_host_port_from_api(binding)
                 for binding in bindings[key] or ()]
        result[_container_port_from_api(key)] = (
            hosts[0] if len(hosts) == 1 else hosts)
    return result


def ports_from_api(settings: dict) -> list[dict]:
    """Return the published ports in ``NetworkSettings``.

    :returns: list of maps ``container_port`` (int), ``protocol``,
        ``host_ip``, ``host_port`` (int), by container port.
    """
    published = settings.get('Ports') or {}
    return [{'container_port': int(key.split('/')[0]),
             'protocol': key.split('/')[1],
             'host_ip': binding.get('HostIp') or '',
             'host_port': int(binding['HostPort'])}
            for key in sorted(published, key=_port_order)
            for binding in published[key] or ()
            if binding.get('HostPort')]


def host_ports_from_api(protocol: str, settings: dict) -> str:
    """Return the host ports of one protocol, joined by commas.

    A port that is published for IPv4 and IPv6 counts once, with its IPv4
    number: if Docker chooses the number, it can differ for IPv6.
    https://github.com/moby/moby/issues/42442
    """
    published = [port for port in ports_from_api(settings)
                 if port['protocol'] == protocol]
    twice = {port['container_port'] for port in published
             if port['host_ip'] == '0.0.0.0'}
    ports = dict.fromkeys(
        port['host_port'] for port in published
        if port['host_ip'] != '::' or port['container_port'] not in twice)
    return ','.join(str(port) for port in ports)


def tcp_ports_from_api(settings: dict) -> str:
    """Return the host ports of TCP, such as ``"80,443"``."""
    return host_ports_from_api('tcp', settings)


def udp_ports_from_api(settings: dict) -> str:
    """Return the host ports of UDP, such as ``"53"``."""
    return host_ports_from_api('udp', settings)


def _container_ports(value):
    """Return the numbers and the protocol of a container port or range."""
    match = (_PORTS.fullmatch(scalars.to_string(value))
             if not isinstance(value, bool) else None)
    if match is None:
        raise ValueError(_('%r is not a port; use a form such as 80, "53/udp" '
                           'or "5000-5010/tcp"') % (value,))
    first, last, protocol = match.groups()
    protocol = (protocol or 'tcp').lower()
    if protocol not in PROTOCOLS:
        raise ValueError(_('the protocol %(protocol)r of port %(port)r is not '
                           'one of %(known)s')
                         % {'port': value, 'protocol': protocol,
                            'known': ', '.join(PROTOCOLS)})
    return _span(first, last, value), protocol


def _keys(ports, protocol):
    """Yield the API's names of ports, such as ``80/tcp``."""
    for port in ports:
        yield '%d/%s' % (port, protocol)


def _refuse_many(counts):
    """Refuse too many ports before their ranges are expanded."""
    count = sum(counts)
    if count > budgets.PORTS:
        raise ValueError(_('%(count)d ports are more than the maximum of '
                           '%(most)d')
                         % {'count': count, 'most': budgets.PORTS})


def _span(first, last, value):
    first, last = int(first), int(last or first)
    if not 1 <= first <= last <= 65535:
        raise ValueError(_('port %r must be in the range 1-65535, in '
                           'ascending order')
                         % (value,))
    return range(first, last + 1)


def _host_ports(value, count):
    """Return ``count`` bindings for a host port in a template."""
    if value is None or (value in _ANY_PORT and not isinstance(value, bool)):
        return [{'HostIp': '', 'HostPort': ''}] * count
    match = (_HOST_PORTS.fullmatch(_host_port_text(value))
             if not isinstance(value, bool) else None)
    if match is None or (match[4] and not match[3]):
        raise ValueError(_('%r is not a host port; use a form such as 8080, '
                           '"127.0.0.1:8080", "[::1]:8080", or "" for any '
                           'free port') % (value,))
    address = match[1] if match[1] is not None else match[2]
    address = scalars.address(address) if address else ''
    if match[3] in _ANY_PORT:
        return [{'HostIp': address, 'HostPort': ''}] * count
    ports = _span(match[3], match[4], value)
    if len(ports) != count:
        raise ValueError(_('%(count)d container ports cannot be bound to '
                           '%(host)d host ports (%(value)s)')
                         % {'count': count, 'host': len(ports),
                            'value': value})
    return [{'HostIp': address, 'HostPort': str(port)} for port in ports]


def _host_port_text(value):
    """Return the host port of a template as text.

    :raises ValueError: if it is a map with unknown keys.
    """
    if not isinstance(value, dict):
        return scalars.to_string(value)
    if value.keys() - {'HostIp', 'HostPort'}:
        raise ValueError(_('%r can only contain "HostPort" and "HostIp"')
                         % (value,))
    value = {'HostIp': '', 'HostPort': '', **scalars.drop_none(value)}
    return '[%(HostIp)s]:%(HostPort)s' % scalars.to_string_map(value)


def _refuse_doubles(bindings):
    """Refuse a host port that two container ports would share."""
    taken = collections.defaultdict(set)
    for key, hosts in bindings.items():
        protocol = key.split('/')[1]
        for host in hosts:
            if not host['HostPort']:
                continue
            takes, conflicts = _taken(host['HostIp'])
            others = taken[protocol, host['HostPort']]
            if conflicts & others or (others and not host['HostIp']):
                raise ValueError(_('host port %(port)s/%(protocol)s is listed '
                                   'more than once')
                                 % {'port': host['HostPort'],
                                    'protocol': protocol})
            others |= takes


def overlap(one: str, other: str) -> bool:
    """Return whether a port cannot be published on both addresses."""
    if not one or not other:
        return True
    first, second = ipaddress.ip_address(one), ipaddress.ip_address(other)
    return first == second or first.version == second.version and (
        first.is_unspecified or second.is_unspecified)


@functools.lru_cache(maxsize=256)
def _taken(address):
    """Return the addresses that a port occupies, and those that conflict.

    The result is equivalent to :func:`overlap`, but compares many addresses
    at once. A port without an address is published on all addresses of both
    IP versions; ``0.0.0.0`` and ``::`` are all addresses of one version.

    :returns: two sets of addresses. A number stands for any address of that
        version, and a number as a string for all of them.
    """
    if not address:
        return {''}, {''}
    parsed = ipaddress.ip_address(address)
    every = str(parsed.version)
    if parsed.is_unspecified:
        return {every, parsed.version}, {'', every, parsed.version}
    return {parsed, parsed.version}, {'', every, parsed}


def _port_order(key):
    number, _slash, protocol = key.partition('/')
    return int(number), protocol


def _container_port_from_api(key):
    number, _slash, protocol = key.partition('/')
    return number if protocol in ('', 'tcp') else key


def _host_port_from_api(binding):
    address = binding.get('HostIp') or ''
    port = binding.get('HostPort') or ''
    if not address:
        return port
    return '%s:%s' % ('[%s]' % address if ':' in address else address, port)
