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

"""Converters of keys about networks and namespaces."""

from . import longhand
from . import shapes
from . import texts


def attach(value, item):
    """Return the networks of a container, the main one first.

    The name of the service is an alias, so that others find it.
    """
    order = sorted(value.items(), key=lambda one: (
        -float((one[1] or {}).get('priority') or 0), one[0]))
    result = []
    for name, options in order:
        options = options or {}
        entry = {'network': item.network(name)}
        aliases = [item.service, *(options.get('aliases') or ()),
                   *item.project.link_aliases(item.service, name)]
        entry['aliases'] = list(dict.fromkeys(aliases))
        entry.update({key: list(one) if isinstance(one, list) else one
                      for key, one in options.items()
                      if one not in (None, {}, [])
                      and key not in ('aliases', 'priority')})
        if 'driver_opts' in entry:
            entry['driver_opts'] = driver_opts(entry['driver_opts'])
        result.append(entry)
    mac = item.values.get('mac_address')
    if mac and result:
        result[0].setdefault('mac_address', mac)
    return {'networks': result} if result else {}


def driver_opts(value) -> dict:
    """Return options of a driver; one without a value is empty."""
    return {name: one or '' for name, one in value.items()}


def network_options(value, item):
    """Return the options of the driver of a network."""
    return {'driver_opts': driver_opts(value)}


def mode(name):
    """Return the converter of a mode of a namespace to a property.

    ``service:db`` becomes the container of the service.
    """
    def convert(value, item):
        kind, colon, other = texts.partition(value, ':')
        if kind != 'service' or not colon:
            return {name: value}
        return {name: item.joined('', 'container:', item.container(other))}
    return convert


def ports(value, item):
    """Return published ports.

    A range of host ports for one container port has one port for each
    container of the service.
    """
    bindings: dict = {}
    for index, port in enumerate(value):
        where = item.where.inside(value, index)
        key = port['target']
        kind = port.get('protocol') or 'tcp'
        if kind != 'tcp':
            key = texts.join(key, '/', kind)
        host = _published(port, item, where)
        address = port.get('host_ip')
        if address:
            host = texts.join('[%s]' % address if ':' in address else address,
                              ':', host)
        bindings.setdefault(str(key), []).append(host)
    return {'port_bindings': {
        key: hosts[0] if len(hosts) == 1 else hosts
        for key, hosts in bindings.items()}}


def _published(port, item, where):
    """Return the host port, or the range of them, of one container."""
    host = port.get('published')
    # An empty string from a variable is a parameter.
    if host in (None, '', '0'):
        return '' if host is None else host
    first, last = longhand.span(host)
    target = longhand.span(port['target'])
    several = target[1] - target[0]
    if several or first == last:
        if item.count > 1:
            raise where.error(
                '%d containers cannot have the same host port; publish a '
                'range of ports, or no host port' % item.count)
        return host
    if item.count > last - first + 1:
        raise where.error('%d containers need more host ports than %s'
                          % (item.count, texts.shown(host)))
    return str(first + item.number - 1)


def expose(value, item):
    """Return exposed ports."""
    for index, port in enumerate(value):
        if longhand.span(port.partition('/')[0]) is None:
            raise shapes.wrong(port, item.where.inside(value, index),
                               'a port, such as "53/udp"')
    return {'port_specs': list(value)}


def links(value, item):
    """Return nothing: the other service has the alias."""
    for index, link in enumerate(value):
        other, _colon, _alias = link.partition(':')
        item.project.enabled(other, item.where.inside(value, index))
    return {}


def volumes_from(value, item):
    """Return containers whose volumes are mounted, too."""
    result = []
    for index, entry in enumerate(value):
        other, _colon, access = texts.partition(entry, ':')
        if other == 'container':
            result.append(access)
            continue
        reference = item.container(other, item.where.inside(value, index))
        result.append(item.joined(':', reference, access)
                      if access else reference)
    return {'volumes_from': result}
