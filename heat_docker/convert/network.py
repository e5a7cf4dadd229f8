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

"""Networks, addresses and hostnames."""

import ipaddress
import re

from .. import answers
from .. import i18n
from . import ports
from . import process
from . import scalars

_ = i18n._

_EXTRA_HOST = re.compile(r'([^:=\s]+)[:=](?:\[(\S+)\]|(\S+))')

_MAC_ADDRESS = re.compile(
    r'[0-9a-f]{2}((:[0-9a-f]{2}){5}|(-[0-9a-f]{2}){5})'
    r'|[0-9a-f]{4}(\.[0-9a-f]{4}){2}', re.ASCII | re.IGNORECASE)

_ALIAS = r'[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?'

# The option of an endpoint that the key interface_name sets:
# https://docs.docker.com/engine/network/#container-networks
INTERFACE_NAME = 'com.docker.network.endpoint.ifname'


def dns_to_api(values: list) -> list[str]:
    """Check and normalize a list of IP addresses."""
    return [scalars.address(scalars.to_string(value)) for value in values]


def links_to_api(value: dict) -> list[str]:
    """Convert a map of other container to alias to ``["other:alias"]``."""
    links = []
    for other, alias in value.items():
        other = process.name_from_api(scalars.to_string(other))
        alias = scalars.to_string(alias) if alias else other
        if not re.fullmatch(scalars.NAME, other):
            raise ValueError(_('%r is not the name or ID of a container')
                             % other)
        if not re.fullmatch(_ALIAS, alias):
            raise ValueError(_('%(alias)r, the alias of %(other)s, is not a '
                               'valid hostname')
                             % {'alias': alias, 'other': other})
        links.append('%s:%s' % (other, alias))
    return links


def links_from_api(values: list[str] | None) -> dict[str, str]:
    """Convert ``["/other:/this/alias"]`` to a map of other to alias."""
    pairs = (link.split(':', 1) for link in values or ())
    return {process.name_from_api(other): alias.rsplit('/', 1)[-1]
            for other, alias in pairs}


def networks_from_api(networks: dict | None) -> dict[str, dict]:
    """Convert ``NetworkSettings.Networks`` to a map by network name."""
    return {name: {'network_id': _id(network.get('NetworkID')),
                   'ip_address': network.get('IPAddress') or '',
                   'gateway': network.get('Gateway') or '',
                   'ipv6_address': network.get('GlobalIPv6Address') or '',
                   'ipv6_gateway': network.get('IPv6Gateway') or '',
                   'mac_address': network.get('MacAddress') or '',
                   'aliases': scalars.as_list(network.get('Aliases'))}
            for name, network in (networks or {}).items()}


def _id(value: str | None) -> str:
    """Return an ID; empty for what is none."""
    return value if value and answers.is_id(value) else ''


def attached_network(name: str, endpoint: dict | None) -> str:
    """Return the ID of the network of an endpoint, or else its name.

    Another network may get the name. A container that never started shows no
    ID.

    :param str name: by which the daemon lists the attachment.
    """
    return _id((endpoint or {}).get('NetworkID')) or name


def network_info_from_api(inspected: dict) -> dict:
    """Return ``NetworkSettings`` in the form that templates expect.

    Docker 29 removed the addresses of the first network from the top level,
    where templates read them:
    https://docs.docker.com/reference/api/engine/version-history/, v1.52.
    """
    settings = dict(inspected.get('NetworkSettings') or {})
    first = _first_network(inspected)
    for key in ('IPAddress', 'Gateway', 'MacAddress'):
        settings[key] = settings.get(key) or first.get(key) or ''
    settings['TcpPorts'] = ports.tcp_ports_from_api(settings)
    settings['UdpPorts'] = ports.udp_ports_from_api(settings)
    return settings


def first_address(inspected: dict) -> str:
    """Return the IP address in the container's first network."""
    return _first_network(inspected).get('IPAddress') or ''


def first_gateway(inspected: dict) -> str:
    """Return the gateway of the container's first network."""
    return _first_network(inspected).get('Gateway') or ''


def _first_network(inspected):
    networks = (inspected.get('NetworkSettings') or {}).get('Networks') or {}
    mode = (inspected.get('HostConfig') or {}).get('NetworkMode')
    mode = 'bridge' if mode == 'default' else mode
    return networks.get(mode) or next(iter(networks.values()), None) or {}


def extra_hosts_to_api(values: list) -> list[str]:
    """Convert a list of ``name:address`` or ``name=[address]`` to Docker's.

    Docker's command line accepts the separator "=" and brackets, but its API
    does not:
    https://github.com/docker/cli/pull/4910
    """
    hosts = []
    for value in scalars.to_strings(values):
        match = _EXTRA_HOST.fullmatch(value)
        if match is None:
            raise ValueError(_('%r does not have the form '
                               '"name:address"') % value)
        name, bracketed, address = match.groups()
        address = bracketed or address
        if address != 'host-gateway':
            address = scalars.address(address)
        hosts.append('%s:%s' % (name, address))
    return hosts


def networks_to_api(values: list[dict]) -> dict[str, dict]:
    """Convert a list of networks to the API's map of endpoints."""
    endpoints = {}
    for value in values:
        if value['network'] in endpoints:
            raise ValueError(_('the network %s is listed more than once')
                             % value['network'])
        endpoints[value['network']] = _endpoint(value)
    names = [name for name in map(_interface_name, endpoints.values()) if name]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(_('two networks have the interface_name %s')
                             % name)
    return endpoints


def _interface_name(endpoint):
    """Return the name of the interface of an endpoint, or None."""
    return (endpoint.get('DriverOpts') or {}).get(INTERFACE_NAME)


def _endpoint(value):
    value = scalars.drop_none(value)
    addresses = {
        'IPv4Address': _address(value, 'ipv4_address', 4),
        'IPv6Address': _address(value, 'ipv6_address', 6),
        'LinkLocalIPs': [scalars.address(item) for item
                         in value.get('link_local_ips') or ()]}
    addresses = {key: item for key, item in addresses.items() if item}
    endpoint = {}
    if addresses:
        endpoint['IPAMConfig'] = addresses
    if value.get('aliases'):
        endpoint['Aliases'] = scalars.to_strings(value['aliases'])
    if value.get('mac_address'):
        endpoint['MacAddress'] = _mac_address(value['mac_address'])
    options = scalars.to_string_map(value.get('driver_opts') or {})
    if value.get('interface_name'):
        if INTERFACE_NAME in options:
            raise ValueError(
                _('interface_name of the network %(network)s sets the option '
                  '%(option)s, so driver_opts cannot contain it')
                % {'network': value['network'], 'option': INTERFACE_NAME})
        options[INTERFACE_NAME] = value['interface_name']
    if options:
        endpoint['DriverOpts'] = options
    if value.get('gw_priority'):
        endpoint['GwPriority'] = value['gw_priority']
    return endpoint


def _address(value, name, version):
    """Return the address at a key, if it is set."""
    if not value.get(name):
        return None
    address = scalars.address(value[name])
    if ipaddress.ip_address(address).version != version:
        raise ValueError(_('%(name)s is %(address)s, which is not an IPv'
                           '%(version)d address')
                         % {'name': name, 'address': address,
                            'version': version})
    return address


def _mac_address(value):
    """Return a MAC address that Docker can parse.

    https://pkg.go.dev/net#ParseMAC
    """
    if not _MAC_ADDRESS.fullmatch(value):
        raise ValueError(_('%r is not a MAC address in quotes, such as '
                           '"02:42:c0:00:02:07"') % value)
    return value


def has_fixed_address(endpoints: dict[str, dict]) -> bool:
    """Return whether any endpoint has a fixed IP or MAC address."""
    return any(endpoint.get('IPAMConfig') or endpoint.get('MacAddress')
               for endpoint in endpoints.values())


def address_claims(endpoints: dict[str, dict]) -> list[tuple]:
    """Return the fixed addresses of endpoints, as claims."""
    return [('address', address, name)
            for name, endpoint in endpoints.items()
            for address in map((endpoint.get('IPAMConfig') or {}).get,
                               ('IPv4Address', 'IPv6Address')) if address]


def networks_to_mode(values: list[dict]) -> str:
    """Return the main network, which Docker expects as the network mode."""
    return values[0]['network'] if values else 'default'


def endpoints_from_api(networks: dict | None) -> list[dict]:
    """Convert the API's map of endpoints to a list of networks."""
    result = []
    for name, endpoint in (networks or {}).items():
        addresses = endpoint.get('IPAMConfig') or {}
        options = dict(endpoint.get('DriverOpts') or {})
        network = {
            'network': name,
            'aliases': scalars.as_list(endpoint.get('Aliases')),
            'ipv4_address': addresses.get('IPv4Address'),
            'ipv6_address': addresses.get('IPv6Address'),
            'link_local_ips': addresses.get('LinkLocalIPs'),
            'interface_name': options.pop(INTERFACE_NAME, None),
            'driver_opts': options,
            'gw_priority': endpoint.get('GwPriority')}
        result.append({key: item for key, item in network.items() if item})
    return result


def endpoint_settings(endpoint: dict, mac: str | None = None) -> dict:
    """Return the settings that attach a container in the same way.

    :param dict endpoint: endpoint that a daemon shows.
    :param str mac: MAC address that the template sets, if any. A daemon also
        shows one that it has chosen itself.
    """
    return scalars.drop_empty({**{key: endpoint.get(key) for key in (
        'IPAMConfig', 'Aliases', 'Links', 'DriverOpts', 'GwPriority')},
        'MacAddress': mac})


def addresses_outside(endpoint: dict, subnets: list[str] | None) -> list[str]:
    """Return the addresses of an endpoint that are in none of the subnets.

    :param dict endpoint: endpoint configuration in the API's form.
    :param subnets: subnets of the network as strings; None if unknown.
    """
    addresses = endpoint.get('IPAMConfig') or {}
    return [] if subnets is None else [
        address for address in map(addresses.get, (
            'IPv4Address', 'IPv6Address'))
        if address and not any(
            ipaddress.ip_address(address) in ipaddress.ip_network(subnet)
            for subnet in subnets)]


def attachment_name(name: str, networks: dict[str, dict]) -> str | None:
    """Return the name by which a daemon lists an attachment, or None.

    :param str name: name or ID of the network.
    :param dict networks: ``NetworkSettings.Networks`` of the container.
    """
    for key, endpoint in networks.items():
        identity = endpoint.get('NetworkID') or ''
        if key == name or (len(name) >= 12 and identity.startswith(name)):
            return key
    return None


def endpoint_matches(wanted: dict, endpoint: dict) -> bool:
    """Return whether an endpoint has the wanted settings.

    Docker adds its own aliases, and shows a MAC address only while the
    container runs.

    :param dict wanted: endpoint in the create request.
    :param dict endpoint: endpoint that a daemon shows.
    """
    mac = wanted.get('MacAddress') or ''
    interface = _interface_name(wanted)
    return ((wanted.get('IPAMConfig') or {}) == scalars.drop_empty(
                endpoint.get('IPAMConfig'))
            and set(wanted.get('Aliases') or ()) <= set(
                endpoint.get('Aliases') or ())
            and mac.lower() in ('', endpoint.get('MacAddress') or mac.lower())
            and interface in (None, _interface_name(endpoint)))


def is_endpoint_unchanged(wanted: dict, endpoint: dict) -> bool:
    """Return whether reconnecting an endpoint would not change it.

    :param dict wanted: endpoint in the create request.
    :param dict endpoint: endpoint that a daemon shows.
    """
    own = {alias for alias in endpoint.get('Aliases') or ()
           if re.fullmatch('[0-9a-f]{12}', alias)}
    return (endpoint_matches(wanted, endpoint)
            and set(endpoint.get('Aliases') or ()) - own <= set(
                wanted.get('Aliases') or ())
            and all((wanted.get(key) or None) == (endpoint.get(key) or None)
                    for key in ('DriverOpts', 'GwPriority')))


def networks_match(wanted: dict, networks: dict | None) -> bool:
    """Return whether a container is attached to exactly the wanted networks.

    :param dict wanted: endpoints in the create request.
    :param dict networks: ``NetworkSettings.Networks`` of the container.
    """
    networks = networks or {}
    found = {name: attachment_name(name, networks) for name in wanted}
    return len(wanted) == len(networks) and all(
        found[name] and endpoint_matches(endpoint, networks[found[name]] or {})
        for name, endpoint in wanted.items())


def effective_endpoints(inspected: dict) -> dict[str, dict]:
    """Return the endpoints of a container by the name of the network.

    If connecting a running container to a network has failed, Docker lists an
    endpoint without an ID, although the container has no interface in the
    network. Such an endpoint gets an address configuration that no template
    can have. Podman shows addresses, but no IDs.
    """
    networks = inspected['NetworkSettings'].get('Networks') or {}
    if inspected['State'].get('Status') != 'running':
        return networks
    evidence = ('EndpointID', 'IPAddress', 'GlobalIPv6Address')
    return {name: endpoint if any(map(endpoint.get, evidence)) else dict(
                endpoint, IPAMConfig={'IPv4Address': 'none'})
            for name, endpoint in networks.items()}
