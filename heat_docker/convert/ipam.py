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

"""IP address management of networks."""

import ipaddress

from .. import i18n
from . import scalars

_ = i18n._

_KEYS = {'subnet': 'Subnet', 'ip_range': 'IPRange', 'gateway': 'Gateway',
         'aux_addresses': 'AuxiliaryAddresses'}


def ipam_to_api(value: dict) -> dict:
    """Convert the property ``ipam`` to the API's configuration."""
    value = scalars.drop_empty(value)
    ipam = {}
    if 'driver' in value:
        ipam['Driver'] = value['driver']
    if 'options' in value:
        ipam['Options'] = scalars.to_string_map(value['options'])
    if 'config' in value:
        ipam['Config'] = [_pool(scalars.drop_empty(pool))
                          for pool in value['config']]
    return ipam


def _pool(value):
    if 'subnet' not in value:
        raise ValueError(_('each config of ipam requires a subnet'))
    subnet = _network(value['subnet'])
    pool = {'Subnet': str(subnet)}
    if 'ip_range' in value:
        ip_range = _network(value['ip_range'])
        if ip_range.version != subnet.version or not ip_range.subnet_of(
                subnet):
            raise ValueError(_('the ip_range %(range)s is not in the subnet '
                               '%(subnet)s')
                             % {'range': ip_range, 'subnet': subnet})
        pool['IPRange'] = str(ip_range)
    if 'gateway' in value:
        pool['Gateway'] = _inside(value['gateway'], subnet)
    if 'aux_addresses' in value:
        pool['AuxiliaryAddresses'] = {
            scalars.to_string(name): _inside(address, subnet)
            for name, address in value['aux_addresses'].items()}
    return pool


def _network(value):
    try:
        return ipaddress.ip_network(value)
    except ValueError as ex:
        raise ValueError(_('%r is not a network in CIDR notation, such as '
                           '10.9.0.0/24')
                         % value) from ex


def _inside(value, subnet):
    address = scalars.address(value)
    if ipaddress.ip_address(address) not in subnet:
        raise ValueError(_('%(address)s is not in the subnet %(subnet)s')
                         % {'address': address, 'subnet': subnet})
    return address


def ipam_from_api(value: dict | None) -> dict:
    """Convert the API's IPAM configuration to the property."""
    value = value or {}
    ipam = {'driver': value.get('Driver'), 'options': value.get('Options'),
            'config': [
                {name: pool[key] for name, key in _KEYS.items()
                 if pool.get(key)} for pool in value.get('Config') or ()]}
    return {name: item for name, item in ipam.items() if item}


def has_subnet(value: dict) -> bool:
    """Return whether the API's IPAM configuration contains a subnet."""
    return bool(subnets_from_api(value))


def names_an_interface(options: dict) -> bool:
    """Return whether driver options refer to an interface of the host.

    https://docs.docker.com/engine/network/drivers/bridge/#options and
    https://docs.docker.com/engine/network/drivers/macvlan/#platform-support-and-requirements
    """
    return bool({'com.docker.network.bridge.name', 'parent'} & set(options))


def subnets_from_api(value: dict | None) -> list[str]:
    """Return the subnets in the API's IPAM configuration."""
    return [pool['Subnet'] for pool in (value or {}).get('Config') or ()
            if pool.get('Subnet')]


def gateways_from_api(value: dict | None) -> list[str]:
    """Return the gateways in the API's IPAM configuration."""
    return [pool['Gateway'] for pool in (value or {}).get('Config') or ()
            if pool.get('Gateway')]


def containers_from_api(value: dict | None) -> dict[str, str]:
    """Return the containers of a network, as a map of ID to name."""
    return {container: endpoint.get('Name')
            for container, endpoint in (value or {}).items()}


def subnet_status_from_api(value: dict) -> dict[str, dict[str, int]]:
    """Return the addresses in use and free, as a map of subnet.

    https://docs.docker.com/reference/api/engine/version-history/, v1.52.

    :param value: ``Status`` of a network.
    """
    subnets = (value.get('IPAM') or {}).get('Subnets') or {}
    return {subnet: {'ips_in_use': status.get('IPsInUse'),
                     'dynamic_ips_available': status.get(
                         'DynamicIPsAvailable')}
            for subnet, status in subnets.items()}
