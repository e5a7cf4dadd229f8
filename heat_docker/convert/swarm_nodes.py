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

"""Conversion of the settings of swarms and their nodes."""

import ipaddress
import re
import typing

from .. import i18n
from . import scalars

_ = i18n._

# A host, or a network interface of the daemon, optionally with a port.
_ADDRESS = re.compile(r'([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f:.]*:'
                      r'[0-9A-Fa-f:.]*)(:\d{1,5})?')

_TOKEN = re.compile(r'SWMTKN-1-[0-9a-z]+-[0-9a-z]+')

LISTEN = '0.0.0.0:2377'  # noqa: S104 - the default of "docker swarm init"

_EXTERNAL_CA = {'protocol': 'Protocol', 'url': 'URL', 'ca_cert': 'CACert',
                'options': 'Options'}


def address(value: str) -> str:
    """Check an address, or the name of an interface.

    :raises ValueError: if it is neither.
    """
    if not _ADDRESS.fullmatch(value):
        raise ValueError(_('%r is neither an address nor the name of a '
                           'network interface') % value)
    return value


def addresses(values: list) -> list[str]:
    """Check a list of addresses; see :func:`address`."""
    return [address(value) for value in scalars.to_strings(values)]


def subnets(values: list) -> list[str]:
    """Check a list of subnets, such as ``10.20.0.0/16``.

    :raises ValueError: if one is invalid.
    """
    return [str(ipaddress.ip_network(value))
            for value in scalars.to_strings(values)]


def seconds_from_api(value: int | None) -> float:
    """Convert nanoseconds of the API to seconds."""
    return scalars.seconds(value or 0)


def token(value: str) -> str:
    """Check a join token.

    :raises ValueError: without the token, which is a secret.
    """
    if not _TOKEN.fullmatch(value):
        raise ValueError(_('it is not a join token of a swarm, which begins '
                           'with SWMTKN-1-'))
    return value


def external_cas_to_api(values: list) -> list[dict]:
    """Convert certificate authorities to the form of the API."""
    return [{'Protocol': 'cfssl', **{
        key: scalars.to_string_map(item) if name == 'options' else item
        for name, key in _EXTERNAL_CA.items()
        if (item := value.get(name))}} for value in values]


def external_cas_from_api(values: list | None) -> list[dict]:
    """Convert certificate authorities of the API."""
    return [{name: value[key] for name, key in _EXTERNAL_CA.items()
             if value.get(key)} for value in values or ()]


def nodes_from_api(nodes: list[dict]) -> list[dict[str, typing.Any]]:
    """Return what the attribute ``nodes`` shows."""
    return [node_from_api(node) for node in nodes]


def node_from_api(node: dict) -> dict[str, typing.Any]:
    """Return a node as attributes show it."""
    spec, status = node.get('Spec') or {}, node.get('Status') or {}
    described = node.get('Description') or {}
    manager = node.get('ManagerStatus') or {}
    return {
        'id': node['ID'],
        'hostname': described.get('Hostname'),
        'address': status.get('Addr'),
        'role': spec.get('Role'),
        'availability': spec.get('Availability'),
        'state': status.get('State'),
        'leader': bool(manager.get('Leader')),
        'reachability': manager.get('Reachability'),
    }


def manager_addresses(nodes: list[dict]) -> list[str]:
    """Return the addresses at which nodes can join, those that respond first.

    :param nodes: all nodes of the swarm, as a manager lists them.
    """
    managers = [node['ManagerStatus'] for node in nodes
                if node.get('ManagerStatus')]
    managers.sort(key=lambda one: one.get('Reachability') != 'reachable')
    return [one['Addr'] for one in managers if one.get('Addr')]


def is_leader(manager: dict) -> bool:
    """Return whether a manager is the leader, from its ``ManagerStatus``."""
    return bool(manager.get('Leader'))


def urls(values: list) -> list[str]:
    """Convert URLs of daemons to strings; their check comes later."""
    return scalars.to_strings(values)
