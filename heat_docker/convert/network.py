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

"""Ports, networks and names."""

import collections
import ipaddress
import re

from .. import i18n
from . import process
from . import scalars

_ = i18n._

PROTOCOLS = ('tcp', 'udp', 'sctp')

_ALIAS = r'[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?'

_PORTS = re.compile(r'(\d+)(?:-(\d+))?(?:/([a-zA-Z]+))?', re.ASCII)

_HOST_PORTS = re.compile(r'(?:(?:\[([^]]*)\]|([^:]*)):)?(\d*)(?:-(\d+))?',
                         re.ASCII)

_ANY_PORT = ('', 0, '0')


def dns_to_api(values):
    """Turn a list of IP addresses into the same, checked."""
    return [_address(scalars.text(value)) for value in values]


def port_specs_to_api(values):
    """Turn ``[80, "53/udp", "5000-5002"]`` to ``{"80/tcp": {}, …}``."""
    exposed = {}
    for value in values:
        for port, protocol in _container_ports(value):
            key = '%d/%s' % (port, protocol)
            if key in exposed:
                raise ValueError(_('port %s is given twice') % key)
            exposed[key] = {}
    return exposed


def port_specs_from_api(value):
    """Turn ``{"80/tcp": {}, …}`` to ``["80", "53/udp", …]``, by number."""
    return [_container_port_from_api(key)
            for key in sorted(value or (), key=_port_order)]


def port_bindings_to_api(value):
    """Turn a map of container port to host port to the API's map.

    ``{9090: 80, "53/udp": "127.0.0.1:53"}`` becomes ``{"9090/tcp":
    [{"HostIp": "", "HostPort": "80"}], "53/udp": [{…}]}``. Ranges are
    expanded here, because Docker 29 no longer does it:
    https://docs.docker.com/engine/release-notes/29/#2900
    """
    bindings = {}
    for container, host in value.items():
        ports = _container_ports(container)
        keys = ['%d/%s' % port for port in ports]
        for key in keys:
            if key in bindings:
                raise ValueError(_('container port %s is given twice') % key)
            bindings[key] = []
        for choice in (host or ['']) if isinstance(host, list) else [host]:
            hosts = _host_ports(choice, len(ports))
            for key, binding in zip(keys, hosts, strict=True):
                bindings[key].append(binding)
    _refuse_doubles(bindings)
    return bindings


def port_bindings_to_exposed(value):
    """Turn a map of container port to host port to ``{"9090/tcp": {}}``.

    Docker publishes only ports that are exposed as well; its own client
    exposes what it publishes.
    """
    return {key: {} for key in port_bindings_to_api(value)}


def port_bindings_from_api(value):
    """Turn the API's map of bindings to container port: host port."""
    result = {}
    for key in sorted(value or (), key=_port_order):
        hosts = [_host_port_from_api(binding) for binding in value[key] or ()]
        result[_container_port_from_api(key)] = (
            hosts[0] if len(hosts) == 1 else hosts)
    return result


def links_to_api(value):
    """Turn a map of other container to alias to ``["other:alias"]``."""
    links = []
    for other, alias in value.items():
        other = process.name_from_api(scalars.text(other))
        alias = scalars.text(alias) if alias else other
        if not re.fullmatch(scalars.NAME, other):
            raise ValueError(_('%r is not the name or id of a container')
                             % other)
        if not re.fullmatch(_ALIAS, alias):
            raise ValueError(_('%(alias)r, the alias of %(other)s, is not a '
                               'host name')
                             % {'alias': alias, 'other': other})
        links.append('%s:%s' % (other, alias))
    return links


def links_from_api(values):
    """Turn ``["/other:/this/alias"]`` to a map of other to alias."""
    pairs = (link.split(':', 1) for link in values or ())
    return {process.name_from_api(other): alias.rsplit('/', 1)[-1]
            for other, alias in pairs}


def ports_from_api(settings):
    """List the published ports of ``NetworkSettings``.

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


def host_ports_from_api(protocol, settings):
    """Return the host ports of one protocol, joined by commas.

    A port that is published for IPv4 and IPv6 counts once.
    """
    ports = dict.fromkeys(
        port['host_port'] for port in ports_from_api(settings)
        if port['protocol'] == protocol)
    return ','.join(str(port) for port in ports)


def tcp_ports_from_api(settings):
    """Return the host ports of TCP, such as ``"80,443"``."""
    return host_ports_from_api('tcp', settings)


def udp_ports_from_api(settings):
    """Return the host ports of UDP, such as ``"53"``."""
    return host_ports_from_api('udp', settings)


def networks_from_api(networks):
    """Turn ``NetworkSettings.Networks`` to a map by network name."""
    return {name: {'network_id': network.get('NetworkID') or '',
                   'ip_address': network.get('IPAddress') or '',
                   'gateway': network.get('Gateway') or '',
                   'ipv6_address': network.get('GlobalIPv6Address') or '',
                   'ipv6_gateway': network.get('IPv6Gateway') or '',
                   'mac_address': network.get('MacAddress') or '',
                   'aliases': scalars.or_empty(network.get('Aliases'))}
            for name, network in (networks or {}).items()}


def network_info_from_api(inspected):
    """Return ``NetworkSettings`` as the plugin has always shown it.

    Docker 29 dropped the addresses of the first network from the top level
    (https://docs.docker.com/reference/api/engine/version-history/, v1.52);
    templates read them there.
    """
    settings = dict(inspected.get('NetworkSettings') or {})
    first = _first_network(inspected)
    for key in ('IPAddress', 'Gateway', 'MacAddress'):
        settings[key] = settings.get(key) or first.get(key) or ''
    settings['TcpPorts'] = tcp_ports_from_api(settings)
    settings['UdpPorts'] = udp_ports_from_api(settings)
    return settings


def first_address(inspected):
    """Return the IP address in the network that the container began with."""
    return _first_network(inspected).get('IPAddress') or ''


def first_gateway(inspected):
    """Return the gateway of the network that the container began with."""
    return _first_network(inspected).get('Gateway') or ''


def _first_network(inspected):
    networks = (inspected.get('NetworkSettings') or {}).get('Networks') or {}
    mode = (inspected.get('HostConfig') or {}).get('NetworkMode')
    mode = 'bridge' if mode == 'default' else mode
    return networks.get(mode) or next(iter(networks.values()), None) or {}


def _container_ports(value):
    """Return the (number, protocol) pairs of a container port or range."""
    match = (_PORTS.fullmatch(scalars.text(value))
             if not isinstance(value, bool) else None)
    if match is None:
        raise ValueError(_('%r is not a port; say 80, "53/udp" or '
                           '"5000-5010/tcp"') % (value,))
    first, last, protocol = match.groups()
    protocol = (protocol or 'tcp').lower()
    if protocol not in PROTOCOLS:
        raise ValueError(_('port %(port)r has the protocol %(protocol)r, not '
                           'one of %(known)s')
                         % {'port': value, 'protocol': protocol,
                            'known': ', '.join(PROTOCOLS)})
    return [(port, protocol) for port in _span(first, last, value)]


def _span(first, last, value):
    first, last = int(first), int(last or first)
    if not 1 <= first <= last <= 65535:
        raise ValueError(_('port %r is not in 1-65535, in ascending order')
                         % (value,))
    return range(first, last + 1)


def _host_ports(value, count):
    """Return ``count`` bindings for what a template says of the host port."""
    if value is None or (value in _ANY_PORT and not isinstance(value, bool)):
        return [{'HostIp': '', 'HostPort': ''}] * count
    match = (_HOST_PORTS.fullmatch(scalars.text(value))
             if not isinstance(value, bool) else None)
    if match is None or (match[4] and not match[3]):
        raise ValueError(_('%r is not a port of the host; say 8080, '
                           '"127.0.0.1:8080", "[::1]:8080", or "" for any '
                           'free port') % (value,))
    address = match[1] if match[1] is not None else match[2]
    address = _address(address) if address else ''
    if match[3] in _ANY_PORT:
        return [{'HostIp': address, 'HostPort': ''}] * count
    ports = _span(match[3], match[4], value)
    if len(ports) != count:
        raise ValueError(_('%(count)d ports of the container cannot be bound '
                           'to %(host)d ports of the host (%(value)s)')
                         % {'count': count, 'host': len(ports),
                            'value': value})
    return [{'HostIp': address, 'HostPort': str(port)} for port in ports]


def _refuse_doubles(bindings):
    """Refuse a host port that two ports of the container would share."""
    taken = collections.defaultdict(list)
    for key, hosts in bindings.items():
        protocol = key.split('/')[1]
        for host in hosts:
            if not host['HostPort']:
                continue
            others = taken[protocol, host['HostPort']]
            if any(_overlap(host['HostIp'], other) for other in others):
                raise ValueError(_('port %(port)s/%(protocol)s of the host '
                                   'is given twice')
                                 % {'port': host['HostPort'],
                                    'protocol': protocol})
            others.append(host['HostIp'])


def _overlap(one, other):
    if not one or not other:
        return True
    one, other = ipaddress.ip_address(one), ipaddress.ip_address(other)
    return one == other or (one.version == other.version and
                            (one.is_unspecified or other.is_unspecified))


def _address(value):
    try:
        address = ipaddress.ip_address(value)
    except ValueError as ex:
        raise ValueError(_('%r is not an IP address') % value) from ex
    if getattr(address, 'scope_id', None):
        # Docker would leave out all of the address, and listen everywhere.
        raise ValueError(_('%r has a zone, which Docker does not know')
                         % value)
    return str(address)


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


def extra_hosts_to_api(values):
    """Check a list of ``name:address``."""
    for value in scalars.texts(values):
        name, _colon, address = value.partition(':')
        if not name or not address:
            raise ValueError(_('%r is not "name:address"') % value)
        if address != 'host-gateway':
            _address(address.strip('[]'))
    return scalars.texts(values)


def networks_to_api(values):
    """Turn a list of networks to the API's map of endpoints."""
    endpoints = {}
    for value in values:
        if value['network'] in endpoints:
            raise ValueError(_('the network %s is given twice')
                             % value['network'])
        endpoints[value['network']] = _endpoint(value)
    return endpoints


def _endpoint(value):
    value = scalars.present(value)
    addresses = {
        'IPv4Address': value.get('ipv4_address') and _address(
            value['ipv4_address']),
        'IPv6Address': value.get('ipv6_address') and _address(
            value['ipv6_address']),
        'LinkLocalIPs': [_address(item) for item
                         in value.get('link_local_ips') or ()]}
    addresses = {key: item for key, item in addresses.items() if item}
    endpoint = {}
    if addresses:
        endpoint['IPAMConfig'] = addresses
    if value.get('aliases'):
        endpoint['Aliases'] = scalars.texts(value['aliases'])
    if value.get('mac_address'):
        endpoint['MacAddress'] = value['mac_address']
    if value.get('driver_opts'):
        endpoint['DriverOpts'] = scalars.text_map(value['driver_opts'])
    if value.get('gw_priority'):
        endpoint['GwPriority'] = value['gw_priority']
    return endpoint


def networks_to_mode(values):
    """Return the main network, which Docker wants to know as the mode."""
    return values[0]['network'] if values else 'default'


def networks_needs(values):
    """Return the version of the API that networks need, or None."""
    if any(value.get('gw_priority') for value in values):
        return 1, 48
    if any(value.get('mac_address') for value in values):
        return 1, 44
    return None


def endpoints_from_api(networks):
    """Turn the API's map of endpoints to a list of networks."""
    result = []
    for name, endpoint in (networks or {}).items():
        addresses = endpoint.get('IPAMConfig') or {}
        network = {
            'network': name,
            'aliases': scalars.or_empty(endpoint.get('Aliases')),
            'ipv4_address': addresses.get('IPv4Address'),
            'ipv6_address': addresses.get('IPv6Address'),
            'link_local_ips': addresses.get('LinkLocalIPs'),
            'driver_opts': endpoint.get('DriverOpts'),
            'gw_priority': endpoint.get('GwPriority')}
        result.append({key: item for key, item in network.items() if item})
    return result


def attached(name, networks):
    """Return by which name a container is in a network, or None.

    :param str name: name or id of the network.
    :param dict networks: ``NetworkSettings.Networks`` of the container.
    """
    for key, endpoint in networks.items():
        identity = endpoint.get('NetworkID') or ''
        if key == name or (len(name) >= 12 and identity.startswith(name)):
            return key
    return None


def connected(wanted, networks):
    """Tell whether a container is in just the networks it should be in.

    Docker adds aliases of its own.

    :param dict wanted: endpoints of the create request.
    :param dict networks: ``NetworkSettings.Networks`` of the container.
    """
    networks = networks or {}
    if len(wanted) != len(networks):
        return False
    for name, endpoint in wanted.items():
        live = networks.get(attached(name, networks))
        if live is None:
            return False
        if (endpoint.get('IPAMConfig') or {}) != (
                scalars.filled(live.get('IPAMConfig'))):
            return False
        if not set(endpoint.get('Aliases') or ()) <= set(
                live.get('Aliases') or ()):
            return False
    return True
