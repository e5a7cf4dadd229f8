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

"""Converters of keys that differ for services of a swarm.

What "docker stack deploy" makes of the same keys:
https://github.com/docker/cli/tree/master/cli/compose/convert. It is silent
about what it leaves out.
"""

import posixpath

from . import longhand
from . import mounting
from . import networking
from . import shapes
from . import texts
from . import tree

# Networks of the nodes, in which services have no aliases.
_OF_NODES = ('host', 'none', 'bridge')

# Drivers whose networks belong to one host.
_LOCAL = ('bridge', 'host', 'none', 'null', 'macvlan', 'ipvlan')

_ADDRESSES = ('ipv4_address', 'ipv6_address', 'link_local_ips', 'mac_address',
              'interface_name')

_CONDITIONS = {'no': 'none', 'none': 'none', 'on-failure': 'on-failure',
               'any': 'any', 'always': 'any', 'unless-stopped': 'any'}

_SHARED_MEMORY = '/dev/shm'  # noqa: S108

_UNITS = 'bkmgtp'


def inner(value, item):
    """Return the value as that of the last part of the target's path."""
    return {item.key.target.rpartition('.')[2]: value}


def in_map(value, item):
    """Return the nested keys as the map of the property."""
    return {item.key.target: item.nested_map(value)}


# Restarts and resources.

def restart(value, item):
    """Return the restart policy, unless ``deploy`` has one."""
    if (item.values.get('deploy') or {}).get('restart_policy'):
        return {}
    name, _colon, attempts = texts.partition(value, ':')
    return {'restart_policy': {
        'condition': _CONDITIONS[name],
        **({'max_attempts': attempts} if attempts else {})}}


def restart_policy(value, item):
    """Return the restart policy of ``deploy``."""
    found = item.nested_map(value)
    condition = found.get('condition')
    if condition is not None:
        if condition not in _CONDITIONS:
            raise item.where.error('condition must be none, on-failure or '
                                   'any')
        found['condition'] = _CONDITIONS[condition]
    return {'restart_policy': found}


def swap(value, item):
    """Return the swap, without the memory that Compose includes."""
    limits = ((item.values.get('deploy') or {}).get('resources') or {}).get(
        'limits') or {}
    memory = item.values.get('mem_limit') or limits.get('memory')
    if str(value) == '-1':
        return {'swap': '-1'}
    if not memory:
        raise item.where.error('memswap_limit requires mem_limit')
    return {'swap': str(_bytes(value) - _bytes(memory))}


def _bytes(value):
    """Return the bytes of a size such as ``64m``."""
    text = str(value).lower().rstrip('b').rstrip('i') or '0'
    power = _UNITS.find(text[-1])
    return int(float(text.rstrip(_UNITS)) * 1024 ** max(power, 0))


def generic_resources(value, item):
    """Return resources such as GPUs, with their numbers."""
    result = []
    for index, one in enumerate(value):
        found = (one or {}).get('discrete_resource_spec')
        if not found:
            raise item.where.inside(value, index).error(
                'discrete_resource_spec is required')
        result.append(dict(found))
    return {'generic_resources': result}


# Networks and ports.

def networks(value, item):
    """Return the networks of a service.

    The names of the service and of its container are aliases, so that others
    find it.
    """
    result = []
    for name, options in value.items():
        options = options or {}
        for key in _ADDRESSES:
            if options.get(key):
                item.project.report.refuse(
                    item.where.inside(value, name).inside(options, key),
                    'the tasks of a service have no fixed address')
        entry = {'network': item.network(name)}
        if entry['network'] not in _OF_NODES:
            aliases = [item.service, item.values.get('container_name'),
                       *(options.get('aliases') or ()),
                       *item.project.link_aliases(item.service, name)]
            entry['aliases'] = list(dict.fromkeys(filter(None, aliases)))
        if options.get('driver_opts'):
            entry['driver_opts'] = networking.driver_opts(
                options['driver_opts'])
        result.append(entry)
    return {'networks': result}


def network_mode(value, item):
    """Return the network of the nodes that a service uses."""
    if value in _OF_NODES:
        return {'networks': [{'network': value}]}
    item.project.report.refuse(
        item.where, 'a service can use the network %s of its nodes, or '
        'networks of the swarm' % ', '.join(_OF_NODES))
    return networks(tree.Map(default=None), item)


def network_driver(value, item):
    """Return the driver of a network of the swarm."""
    if value in _LOCAL:
        item.project.report.refuse(
            item.where, 'the driver %s makes a network of one host, and '
            'services require one of the swarm; remove the key, or use '
            'overlay' % value)
        return {}
    return {'driver': value}


def ports(value, item):
    """Return published ports."""
    result: list = []
    for index, port in enumerate(value):
        where = item.where.inside(value, index)
        if port.get('host_ip'):
            # It would be open to everyone without the address.
            item.project.report.refuse(
                where, 'host_ip is not supported: a service publishes a port '
                'on all addresses of its nodes')
            continue
        more = {name: port[name] for name in ('protocol', 'mode', 'name')
                if port.get(name)}
        if more.get('protocol') == 'tcp':
            del more['protocol']
        result += [{**one, **more} for one in _published(port, item, where)]
    return {'ports': result} if result else {}


def _published(port, item, where):
    """Return the pairs of ports in the container and on the nodes."""
    first, last = longhand.span(port['target'])
    item.translation.count_ports(last - first + 1, where)
    host = longhand.span(port.get('published') or '')
    if host in (None, (0, 0)):
        return [{'target': _number(port['target'], one)}
                for one in range(first, last + 1)]
    if host[1] - host[0] != last - first:
        raise where.error('a swarm does not choose a port from a range; '
                          'publish one port, or none')
    return [{'target': _number(port['target'], first + more),
             'published': _number(port['published'], host[0] + more)}
            for more in range(last - first + 1)]


def _number(text, number):
    """Return a port, with its variable if it is the only one."""
    return text if texts.from_variable(text) and text == str(number) else (
        number)


# Mounts and files.

def volumes(value, item):
    """Return mounts, and configs with the files of the project."""
    return mounting.convert(value, item, _MOUNTS)


def _volume(mount, item, where, result):
    """Mount a volume, which each node creates when it needs it."""
    source = mount.get('source')
    options = mount.get('volume') or {}
    made = item.translation.volume(source, where) if source else {}
    mounting.add(result, {
        'type': 'volume', 'source': made.get('source'),
        'target': mount['target'],
        'read_only': mount.get('read_only') or None,
        'no_copy': options.get('nocopy') or None,
        'subpath': options.get('subpath'),
        'driver': made.get('driver'),
        'driver_options': made.get('driver_options'),
        'labels': {**(options.get('labels') or {}),
                   **made.get('labels', {})}})


def _bind(mount, item, where, result):
    options = mount.get('bind') or {}
    if not mount['source'].startswith('/'):
        _files(mount, item, where, result)
        return
    if options.get('selinux'):
        item.project.report.refuse(where, 'the mounts of a service have no '
                                   'SELinux labels')
    mounting.add(result, {
        'type': 'bind', 'source': mount['source'], 'target': mount['target'],
        'read_only': mount.get('read_only') or None,
        'propagation': options.get('propagation'),
        'bind_recursive': options.get('recursive')})


_MOUNTS = {**mounting.CONVERT, 'volume': _volume, 'bind': _bind}


def _files(mount, item, where, result):
    """Make configs of the files at a relative path."""
    source, target = mount['source'], mount['target']
    found = mounting.below(mount, item, where)
    if not mount.get('read_only'):
        item.project.report.note(
            where, '%s becomes configs, which the tasks cannot change'
            % source)
    for path in found:
        content = item.project.contents.get(path, where, 'the file')
        if not content:
            item.project.report.refuse(
                where, '%s is empty, and a swarm has no empty configs' % path)
            continue
        inside = posixpath.relpath(path, source)
        result.setdefault('configs', []).append({
            'source': item.translation.file(path, content),
            'target': (target if inside == '.'
                       else posixpath.join(target, inside)),
            **({'mode': mounting.SCRIPT}
               if mounting.is_script(content) else {})})


def tmpfs(value, item):
    """Return mounts of memory."""
    mounts = []
    for index, entry in enumerate(value):
        path, _colon, options = texts.partition(entry, ':')
        mount = {'type': 'tmpfs', 'target': path}
        for option in filter(None, texts.split(options, ',')):
            name, _equals, text = texts.partition(option, '=')
            if name == 'size':
                mount['tmpfs_size'] = text
            elif name == 'mode':
                mount['tmpfs_mode'] = longhand.octal(
                    text, item.where.inside(value, index))
            elif name == 'ro':
                mount['read_only'] = True
            elif name != 'rw':
                item.project.report.refuse(
                    item.where.inside(value, index),
                    'a service does not support the option %s' % name)
        mounts.append(mount)
    return {'mounts': mounts}


def shared_memory(value, item):
    """Return a mount of memory in place of that of Docker."""
    return {'mounts': [{'type': 'tmpfs', 'target': _SHARED_MEMORY,
                        'tmpfs_size': value if isinstance(value, str)
                        else str(value)}]}


def grants(value, item):
    """Return the secrets or configs of a service."""
    section = item.key.target
    result = []
    for index, grant in enumerate(value):
        source = grant['source']
        where = item.where.inside(value, index)
        target = grant.get('target') or (
            source if section == 'secrets' else '/' + source)
        result.append({
            'source': item.translation.refer(section, source, where),
            'target': target,
            **{name: shapes.text(grant[name], where)
               for name in ('uid', 'gid', 'mode')
               if grant.get(name) is not None}})
    return {section: result}
