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

"""What the operator allows, checked before anything is asked of a daemon.

Each function takes what is to be done, as the Docker API is told it, and
raises :class:`errors.Refused`, with the name of the option, if the operator
does not allow it. The entry of a property names the one that applies to it.
"""

import ipaddress
import posixpath
import re

from . import conf
from . import errors
from . import i18n
from .convert import registry

_ = i18n._

# Types of file systems that have nothing of the host in them.
_HOSTLESS = ('tmpfs', 'nfs', 'nfs4', 'cifs')

# Which octets of an IPv6 address are an IPv4 address, by its prefix. RFC 6052
# leaves octet 8 out, and the prefix of RFC 8215 for longer ones to choose.
_LAST = 12, 13, 14, 15
_EMBEDDING = {ipaddress.ip_network(prefix): octets for prefix, octets in (
    ('::/96', [_LAST]),  # IPv4-compatible, RFC 4291
    ('::ffff:0:0/96', [_LAST]),  # IPv4-mapped, RFC 4291
    ('::ffff:0:0:0/96', [_LAST]),  # IPv4-translated, RFC 2765
    ('64:ff9b::/96', [_LAST]),  # NAT64, RFC 6052
    ('64:ff9b:1::/48', [(6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12),
                        _LAST]),  # NAT64, RFC 8215
)}

# What precedes the IPv4 address of ISATAP, RFC 5214.
_ISATAP = bytes.fromhex('00005efe'), bytes.fromhex('02005efe')


def endpoint(where, is_admin):
    """Check the endpoint of a daemon.

    :param where: :class:`heat_docker.endpoint.Endpoint`.
    :param is_admin: function that tells whether the user is an
        administrator, which may take a request to Keystone.
    """
    options = conf.group()
    if where.local:
        access = options.local_endpoint_access
        if access == 'all' or access == 'admin' and is_admin():
            return
        raise _refused('local_endpoint_access', _(
            'Set docker_endpoint: the daemon at local_endpoint, which is '
            'used without it, is for %s')
            % (_('administrators') if access == 'admin' else _('nobody')))
    if not matches(where.url, options.allowed_endpoints):
        raise _refused('allowed_endpoints',
                       _('The docker_endpoint %s is not allowed') % where)
    if options.require_tls and not (where.tls and where.tls.verify):
        raise _refused('require_tls', _(
            'The docker_endpoint %s is not allowed: it has to be https, and '
            'its certificate to be verified') % where)


def address(where, ip):
    """Check the address that a connection is to be made to.

    :param where: the endpoint whose host has the address.
    :param str ip: numeric IPv4 or IPv6 address.
    """
    if where.local or ip == where.trusted:
        return
    addresses = _meant(ipaddress.ip_address(ip.partition('%')[0]))
    for network in conf.group().denied_networks:
        try:
            denied = any(one in ipaddress.ip_network(network)
                         for one in addresses)
        except ValueError as ex:
            raise _refused('denied_networks', _(
                'Nothing is allowed because %r is not a network')
                % network) from ex
        if denied:
            raise _refused('denied_networks', _(
                'The docker_endpoint %s is not allowed: its address is in a '
                'network that heat-engine does not connect to') % where)


def _meant(ip):
    """Return an address, with those of IPv4 that its packets may end at.

    A gateway translates an IPv6 address, or unpacks what is sent to it. What
    prefix a NAT64 of the cloud has, only the operator knows.
    """
    if ip.version == 4:
        return [ip]
    packed = ip.packed
    found = [ip, *(ip.teredo or ()), ip.sixtofour]
    for prefix in _EMBEDDING:
        if ip in prefix:
            found += [ipaddress.IPv4Address(bytes(packed[at] for at in octets))
                      for octets in _EMBEDDING[prefix]]
    if packed[8:12] in _ISATAP:
        found.append(ipaddress.IPv4Address(packed[12:]))
    return [one for one in found if one is not None]


def is_shared():
    """Return whether projects have to be kept apart on a daemon.

    This holds for all daemons alike, as the limits on containers do.
    """
    options = conf.group()
    if options.daemons is None:
        return options.local_endpoint_access == 'all'
    return options.daemons == 'shared'


def forgotten(url):
    """Return whether the operator has given up the daemon at a URL."""
    return matches(url, conf.group().forgotten_endpoints)


def matches(text, patterns):
    """Return whether one of the patterns, with ``*``, is all of a text.

    A star is any text within a line, dots and slashes included.
    """
    return any(_matches(text, pattern) for pattern in patterns)


def _matches(text, pattern):
    """Return whether a pattern is all of a text.

    A regular expression with several stars would take time that grows with
    their power of the length of the text.
    """
    first, *middle = pattern.split('*')
    if not middle or '\n' in text:
        return text == pattern
    last = middle.pop()
    begin, end = len(first), len(text) - len(last)
    if begin > end or not (text.startswith(first) and text.endswith(last)):
        return False
    for part in middle:
        # The first place leaves the most to the parts that follow.
        found = text.find(part, begin, end)
        if found < 0:
            return False
        begin = found + len(part)
    return True


def privileged(value):
    """Check a container that has all privileges."""
    if value and not conf.group().allow_privileged:
        raise _refused('allow_privileged', _('true is not allowed'))


def security_options(values):
    """Check options that would take a container's confinement away."""
    if conf.group().allow_privileged:
        return
    for value in values:
        # Docker takes a colon, too.
        name, option = re.match('([a-z-]*)[=:]?(.*)', value,
                                re.DOTALL).groups()
        if option == 'unconfined' or (
                # Podman's word for systempaths.
                name == 'unmask') or (
                name == 'seccomp' and option != 'builtin') or (
                name == 'label' and not option.startswith(
                    ('level:', 'role:', 'user:'))):
            raise _refused('allow_privileged',
                           _('%s is not allowed') % value)


def namespace(value):
    """Check a namespace that may be that of the host."""
    if value == 'host' and not conf.group().allow_host_namespaces:
        raise _refused('allow_host_namespaces', _('"host" is not allowed'))


def ports(values):
    """Check how many ports are exposed, or published."""
    count = sum(len(bindings) or 1 for bindings in values.values())
    if count > conf.group().max_ports:
        raise _refused('max_ports', _('%d ports are not allowed') % count)


def networks(values):
    """Check the names of networks, of which one is that of the host.

    Podman takes modes with arguments instead, such as the path of a
    namespace or the way to the host's loopback:
    https://github.com/containers/podman/blob/v5.4.0/docs/source/markdown/options/network.md
    """
    for name in values:
        namespace(name)
        if ':' in name and not conf.group().allow_host_namespaces:
            raise _refused('allow_host_namespaces',
                           _('the network %s is not allowed') % name)


def binds(values):
    """Check the sources of ``source:target:mode``; volumes are not any."""
    for value in values:
        _bind_source(value.partition(':')[0])


def mounts(values):
    """Check the sources of mounts, also those that hide in a volume.

    A volume of the driver "local" may be a folder or device of the host:
    https://docs.docker.com/reference/cli/docker/volume/create/#opt.
    """
    for value in values:
        if value['Type'] == 'bind':
            _bind_source(value['Source'])
        elif value['Type'] == 'image':
            image(value['Source'])
        driver = value.get('VolumeOptions', {}).get('DriverConfig', {})
        volume_options(driver.get('Options', {}))


def volume_options(options):
    """Check what options of a volume's driver would mount of the host."""
    if '*' in conf.group().allowed_bind_sources:
        return
    flags = set(options.get('o', '').split(','))
    if not flags & {'bind', 'rbind', 'move', 'remount'} and (
            options.get('type') in _HOSTLESS):
        return
    if flags & {'bind', 'rbind'} and not any('=' in flag for flag in flags):
        _bind_source('/' + options.get('device', ''))
    elif options.keys() & {'device', 'o', 'type'}:
        raise _refused('allowed_bind_sources',
                       _('these options of a volume are not allowed'))


def _bind_source(source):
    allowed = conf.group().allowed_bind_sources
    if not source.startswith('/') or '*' in allowed:
        return
    path = _normal(source)
    for folder in allowed:
        if path == _normal(folder) or path.startswith(
                _normal(folder).rstrip('/') + '/'):
            return
    raise _refused('allowed_bind_sources',
                   _('the source %s is not allowed') % source)


def _normal(path):
    # POSIX leaves a meaning of their own to two slashes at the beginning.
    return posixpath.normpath('/' + path.lstrip('/'))


def devices(values):
    """Check the devices of the host that a container is to use."""
    for value in values:
        path = _normal(value['PathOnHost'])
        if not matches(path, conf.group().allowed_devices):
            raise _refused('allowed_devices',
                           _('the device %s is not allowed') % path)


def any_device(values):
    """Check what may give a container devices that have no path."""
    if values and '*' not in conf.group().allowed_devices:
        raise _refused('allowed_devices', _('it is not allowed'))


def capabilities(values):
    """Check capabilities, as names without ``CAP_``."""
    allowed = {name.upper().removeprefix('CAP_')
               for name in conf.group().allowed_capabilities}
    for value in values:
        if not allowed & {'*', value}:
            raise _refused('allowed_capabilities',
                           _('the capability %s is not allowed') % value)


def image(value):
    """Check the registry and repository that an image comes from.

    What is known to a daemon by its id comes from nowhere. A stack may be
    restored from its snapshots.
    """
    allowed = conf.group().allowed_registries
    host, repository = registry.parts(value)
    if re.fullmatch('(sha256:)?[0-9a-f]+', value):
        host = repository = ''
    name = '%s/%s' % (host, repository)
    if '*' not in allowed and not matches(host, allowed) and not matches(
            name, [*allowed, registry.SNAPSHOTS + '/*']):
        raise _refused('allowed_registries',
                       _('the image %s is not allowed') % value)


def build(value):
    """Check that an image may be built: its base images are not known."""
    if value and '*' not in conf.group().allowed_registries:
        raise _refused('allowed_registries', _('it is not allowed'))


def _refused(option, what):
    return errors.Refused(
        _('%(what)s (option %(option)s of the operator)')
        % {'what': what, 'option': option})
