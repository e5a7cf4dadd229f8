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

"""Pure pairs between what templates say and what the Docker API says.

``x_to_api`` takes a property's value and returns its JSON; it raises
ValueError, naming the value, for what Docker would refuse or misread.
``x_from_api`` takes that JSON, as a daemon gives it back, and returns the
property's value in its canonical form, so that
``x_from_api(x_to_api(canonical)) == canonical``.

The JSON is that of ``POST /containers/create`` and
``GET /containers/{id}/json`` of
https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

import collections
import ipaddress
import posixpath
import re

from . import i18n

_ = i18n._

PROTOCOLS = ('tcp', 'udp', 'sctp')

# https://github.com/moby/moby/blob/v28.0.0/daemon/names/names.go
NAME = r'[a-zA-Z0-9][a-zA-Z0-9_.-]+'

_ALIAS = r'[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?'

# https://man7.org/linux/man-pages/man7/capabilities.7.html
CAPABILITIES = frozenset((
    'ALL', 'AUDIT_CONTROL', 'AUDIT_READ', 'AUDIT_WRITE', 'BLOCK_SUSPEND',
    'BPF', 'CHECKPOINT_RESTORE', 'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH',
    'FOWNER', 'FSETID', 'IPC_LOCK', 'IPC_OWNER', 'KILL', 'LEASE',
    'LINUX_IMMUTABLE', 'MAC_ADMIN', 'MAC_OVERRIDE', 'MKNOD', 'NET_ADMIN',
    'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_RAW', 'PERFMON', 'SETFCAP',
    'SETGID', 'SETPCAP', 'SETUID', 'SYSLOG', 'SYS_ADMIN', 'SYS_BOOT',
    'SYS_CHROOT', 'SYS_MODULE', 'SYS_NICE', 'SYS_PACCT', 'SYS_PTRACE',
    'SYS_RAWIO', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'WAKE_ALARM',
))

# https://docs.docker.com/engine/storage/bind-mounts/
VOLUME_MODES = frozenset((
    'ro', 'rw', 'z', 'Z', 'nocopy', 'consistent', 'cached', 'delegated',
    'private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave',
))

# The grammar of https://github.com/distribution/reference/blob/main/regexp.go
_COMPONENT = r'[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*'
_DOMAIN_LABEL = r'(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
_IMAGE = re.compile(
    r'(?:(?:{label}(?:\.{label})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?/)?'
    r'{component}(?:/{component})*'
    r'(?::\w[\w.-]{{0,127}})?'
    r'(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*'
    r':[0-9a-fA-F]{{32,}})?'.format(label=_DOMAIN_LABEL,
                                    component=_COMPONENT), re.ASCII)

_PORTS = re.compile(r'(\d+)(?:-(\d+))?(?:/([a-zA-Z]+))?', re.ASCII)
_HOST_PORTS = re.compile(r'(?:(?:\[([^]]*)\]|([^:]*)):)?(\d*)(?:-(\d+))?',
                         re.ASCII)

_ANY_PORT = ('', 0, '0')


def same(value):
    """Return the value: the API says it as the template does."""
    return value


def text(value):
    """Return a scalar as the text that a person would write for it.

    YAML turns ``true``, ``8080`` and ``1.5`` into other types than str.
    """
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(_('%r is not text') % (value,))


def texts(values):
    """Return a list of scalars as a list of text."""
    return [text(value) for value in values]


def or_empty(values):
    """Return what the daemon may leave out of its answer as a list."""
    return list(values or ())


def image(value):
    """Return an image reference if Docker can parse it."""
    if not (_IMAGE.fullmatch(value)
            or re.fullmatch('(sha256:)?[0-9a-f]{12,64}', value)):
        raise ValueError(_('%r is not an image reference, such as '
                           '"registry:5000/path/name:tag"') % value)
    return value


def name_from_api(value):
    """Return a container's name without the slash Docker puts before it."""
    return value.lstrip('/')


def env_to_api(values):
    """Turn a list of ``KEY=value`` into the same, checked.

    The values may be secrets, so they stay out of the messages.
    """
    for number, value in enumerate(values, 1):
        if not isinstance(value, (str, int, float)):
            raise ValueError(_('entry %d is not text') % number)
        if text(value).startswith('=') or not value or '\0' in text(value):
            raise ValueError(_('entry %d does not begin with the name of an '
                               'environment variable') % number)
    return texts(values)


def dns_to_api(values):
    """Turn a list of IP addresses into the same, checked."""
    return [_address(text(value)) for value in values]


def capabilities_to_api(values):
    """Turn names of capabilities, in any of the usual spellings, to API."""
    result = []
    for value in values:
        capability = text(value).upper()
        capability = capability[4:] if capability.startswith(
            'CAP_') else capability
        if capability not in CAPABILITIES:
            raise ValueError(_('%r is not a Linux capability') % value)
        result.append(capability)
    return result


def capabilities_from_api(values):
    """Turn the API's capabilities, with or without ``CAP_``, to names."""
    return [value[4:] if value.startswith('CAP_') else value
            for value in values or ()]


def restart_policy_to_api(value):
    """Check that only ``on-failure`` has a number of retries."""
    name = value.get('Name') or 'no'
    retries = value.get('MaximumRetryCount') or 0
    if retries < 0:
        raise ValueError(_('MaximumRetryCount is %s; it cannot be negative')
                         % retries)
    if retries and name != 'on-failure':
        raise ValueError(_('MaximumRetryCount is %(retries)s, which goes with '
                           'the restart policy on-failure only, not with '
                           '%(name)s')
                         % {'retries': retries, 'name': name})
    return {'Name': name, 'MaximumRetryCount': retries}


def restart_policy_from_api(value):
    """Turn the API's restart policy to the property's map."""
    return {'Name': value.get('Name') or 'no',
            'MaximumRetryCount': value.get('MaximumRetryCount') or 0}


def devices_to_api(values):
    """Turn a list of device maps to the API's list."""
    return [{'PathOnHost': device['path_on_host'],
             'PathInContainer': (device.get('path_in_container')
                                 or device['path_on_host']),
             'CgroupPermissions': device.get('permissions') or 'rwm'}
            for device in values]


def devices_from_api(values):
    """Turn the API's devices to a list of device maps."""
    return [{'path_on_host': device['PathOnHost'],
             'path_in_container': device['PathInContainer'],
             'permissions': device['CgroupPermissions']}
            for device in values or ()]


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


def volumes_to_api(value):
    """Turn a map of source to target to Docker's ``source:target:mode``.

    The target is ``"/target"``, ``"/target:ro"`` or ``{"bind": "/target",
    "mode": "ro"}``.
    """
    binds = []
    targets = set()
    for source, target in value.items():
        source = text(source)
        if isinstance(target, dict):
            unknown = set(target) - {'bind', 'mode'}
            if unknown or 'bind' not in target:
                raise ValueError(_('volume %s takes "bind" and "mode"')
                                 % source)
            path, mode = text(target['bind']), text(target.get('mode') or '')
        else:
            path, _colon, mode = text(target).partition(':')
        if not (source.startswith('/') or re.fullmatch(NAME, source)):
            raise ValueError(_('%r is neither an absolute path of the host '
                               'nor the name of a volume') % source)
        if ':' in source:
            raise ValueError(_('%r has a colon, which Docker takes for the '
                               'end of the path') % source)
        if not path.startswith('/') or ':' in path or (
                posixpath.normpath(path).strip('/') == ''):
            raise ValueError(_('%(target)r, the target of %(source)s, is not '
                               'an absolute path below / in the container')
                             % {'target': path, 'source': source})
        if posixpath.normpath(path) in targets:
            raise ValueError(_('two volumes have the target %s') % path)
        for option in mode.split(',') if mode else ():
            if option not in VOLUME_MODES:
                raise ValueError(_('%(mode)r is not a mode of a volume '
                                   '(%(source)s)')
                                 % {'mode': option, 'source': source})
        targets.add(posixpath.normpath(path))
        binds.append(':'.join(part for part in (source, path, mode) if part))
    return binds


def volumes_from_api(values):
    """Turn ``["source:target:mode"]`` to ``{source: "target:mode"}``."""
    return dict(bind.split(':', 1) for bind in values or ())


def volumes_from_to_api(values):
    """Check a list of ``container`` or ``container:ro``."""
    for value in values:
        container, _colon, mode = text(value).partition(':')
        if not re.fullmatch(NAME, container) or mode not in ('', 'ro', 'rw'):
            raise ValueError(_('%r is not the name or id of a container, '
                               'alone or with ":ro"') % value)
    return texts(values)


def links_to_api(value):
    """Turn a map of other container to alias to ``["other:alias"]``."""
    links = []
    for other, alias in value.items():
        other = name_from_api(text(other))
        alias = text(alias) if alias else other
        if not re.fullmatch(NAME, other):
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
    return {name_from_api(other): alias.rsplit('/', 1)[-1]
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
                   'aliases': or_empty(network.get('Aliases'))}
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


def last_line(output):
    """Return the last line of the text that a container has written."""
    return output.rstrip('\n').split('\n')[-1].rstrip('\r')


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
    match = None if isinstance(value, bool) else _PORTS.fullmatch(text(value))
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
    match = (_HOST_PORTS.fullmatch(text(value))
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
