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

"""Policy checks: the operator's limits, checked before any request.

Each function takes a value in the form of the Docker API, and raises
:class:`errors.Refused`, with the name of the option, if the operator does not
allow it. The entry of a property refers to the function that applies to it,
or contains the reason why there is none.
"""

import enum
import ipaddress
import json
import posixpath
import re

from . import answers
from . import conf
from . import errors
from . import i18n
from .convert import network
from .convert import registry
from .convert import scalars
from .convert import services

_ = i18n._

# File system types that do not give access to the host's disks.
_HOSTLESS = ('tmpfs', 'nfs', 'nfs4', 'cifs')

# Mount options of a tmpfs that a container can have without a volume, too.
_TMPFS = {'', 'size', 'nr_inodes', 'uid', 'gid', 'mode', 'ro', 'rw', 'exec',
          'noexec', 'suid', 'nosuid', 'dev', 'nodev', 'atime', 'noatime'}

# Octets of an IPv6 address that embed an IPv4 address, by prefix. RFC 6052
# skips octet 8, and RFC 8215 leaves the prefix length to the operator.
_LAST = 12, 13, 14, 15
_EMBEDDING = {ipaddress.ip_network(prefix): octets for prefix, octets in (
    ('::/96', [_LAST]),  # IPv4-compatible, RFC 4291
    ('::ffff:0:0/96', [_LAST]),  # IPv4-mapped, RFC 4291
    ('::ffff:0:0:0/96', [_LAST]),  # IPv4-translated, RFC 2765
    ('64:ff9b::/96', [_LAST]),  # NAT64, RFC 6052
    ('64:ff9b:1::/48', [(6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12),
                        _LAST]),  # NAT64, RFC 8215
)}

# Octets that precede the IPv4 address in an ISATAP address, RFC 5214.
_ISATAP = bytes.fromhex('00005efe'), bytes.fromhex('02005efe')

# Options of the local volume driver, which together define the mount:
# https://docs.docker.com/reference/cli/docker/volume/create/#opt.
_LOCAL = ('type', 'o', 'device')


# The daemon executes the tag of a log as a Go template, whose functions can
# fill its memory. These fields are plain:
# https://docs.docker.com/engine/logging/log_tags/.
_TAG = re.compile(
    r'([^{}]|{{ *[.](ID|FullID|Name|ImageID|ImageFullID|ImageName|DaemonName)'
    r' *}})*')
_LOG_TEXT = 256
# The same for services:
# https://docs.docker.com/reference/cli/docker/service/create/#template.
_FIELD = re.compile(
    r'{{ *[.](Service[.](ID|Name)|Node[.](ID|Hostname)'
    r'|Task[.](ID|Name|Slot)) *}}')

# With more files, each rotation renames them while the container waits.
_LOG_FILES = 100
_LOG_SIZE = 64 * 1024
# Each container can fill this buffer in the memory of the daemon.
_LOG_BUFFER = 4 * 1024 ** 2


class Free(enum.Enum):
    """Reasons why a property needs no permission from the operator."""

    INSIDE = 'it affects only the container or the network'
    AMOUNT = 'it is a share of resources that the host limits'
    TEXT = 'the daemon only stores it'
    OURS = 'it is not sent to the daemon'
    WHOLE_DAEMON = 'whole_daemon() checks the resource'
    REFERENCE = 'ownership of the object it refers to is checked separately'
    ENDPOINT = 'endpoint() checks it'


def endpoint(where, is_admin):
    """Check the endpoint of a daemon.

    :param where: :class:`heat_docker.endpoint.Endpoint`.
    :param is_admin: function that returns whether the user is an
        administrator; it may send a request to Keystone.
    """
    options = conf.group()
    if where.local:
        access = options.local_endpoint_access
        if access == 'all' or access == 'admin' and is_admin():
            return
        raise _refused('local_endpoint_access', _(
            'Set docker_endpoint: only administrators can use the default '
            'daemon at local_endpoint') if access == 'admin' else _(
            'Set docker_endpoint: no one can use the default daemon at '
            'local_endpoint'))
    if not matches(where.url, options.allowed_endpoints):
        raise _refused('allowed_endpoints',
                       _('The docker_endpoint %s is not allowed') % where)
    if options.require_tls and not (where.tls and where.tls.verify):
        raise _refused('require_tls', _(
            'The docker_endpoint %s is not allowed: it must use https, and '
            'its certificate must be verified') % where)


def certificates(tls):
    """Check the verification of a daemon's certificate.

    An existing object keeps its endpoint, so a change of this property does
    not call :func:`endpoint` again.

    :param tls: :class:`heat_docker.endpoint.TLS`.
    """
    if conf.group().require_tls and not tls.verify:
        raise _refused('require_tls', _('verify: false is not allowed'))


def address(where, ip):
    """Check the address of a new connection.

    :param where: the endpoint whose host has the address.
    :param str ip: numeric IPv4 or IPv6 address.
    """
    if where.local or ip == where.trusted:
        return
    addresses = _with_embedded(ipaddress.ip_address(ip.partition('%')[0]))
    if any(one in network for network in _networks(
            'denied_networks', conf.group().denied_networks)
           for one in addresses):
        raise _refused('denied_networks', _(
            'The docker_endpoint %s is not allowed: its address is in a '
            'network that heat-engine does not connect to') % where)


def _networks(option, values):
    for value in values:
        try:
            yield ipaddress.ip_network(value)
        except ValueError as ex:
            raise _refused(option, _(
                'Nothing is allowed because %r is not a network')
                % value) from ex


def is_shared():
    """Return whether projects have to be isolated from each other.

    Like the limits on containers, this applies to all daemons.
    """
    options = conf.group()
    if options.daemons is None:
        return options.local_endpoint_access == 'all'
    return options.daemons == 'shared'


def whole_daemon():
    """Check whether a resource can change what all users of a daemon share.

    A daemon has one swarm, and whoever controls a manager of it controls all
    of its nodes.
    """
    if is_shared():
        raise _refused('daemons', _(
            'A daemon that projects share cannot be part of the swarm of a '
            'stack'))


def _with_embedded(ip):
    """Return an address and the IPv4 addresses that packets to it may reach.

    A gateway translates an IPv6 address or unpacks the packets. The prefix of
    a NAT64 gateway of the cloud is known only to the operator.
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


def forgotten(url):
    """Return whether the operator has written off the daemon at a URL."""
    return matches(url, conf.group().forgotten_endpoints)


def matches(text, patterns):
    """Return whether a whole string matches one of the patterns.

    ``*`` matches any characters except a line break, including dots and
    slashes.
    """
    return any(_matches(text, pattern) for pattern in patterns)


def _matches(text, pattern):
    """Return whether a whole string matches a pattern.

    The time that a regular expression with several stars takes is a power of
    the length of the string.
    """
    first, *middle = pattern.split('*')
    if not middle or '\n' in text:
        return text == pattern
    last = middle.pop()
    begin, end = len(first), len(text) - len(last)
    if begin > end or not (text.startswith(first) and text.endswith(last)):
        return False
    for part in middle:
        # The first match leaves most of the string to the other parts.
        found = text.find(part, begin, end)
        if found < 0:
            return False
        begin = found + len(part)
    return True


def limit(option):
    """Return the value of a limit, or the default for the mode."""
    value = conf.group()[option]
    if value is None:
        [known] = [one for one in conf.LIMITS if one.name == option]
        value = known.shared if is_shared() else known.own
    return value


def _check(option, values, what):
    """Raise unless each of the values matches a pattern of a limit."""
    for value in values:
        if not matches(value, limit(option)):
            raise _refused(option, what % value)


def _check_true(option, value):
    """Raise if a value is true, unless a limit allows it."""
    if value and not limit(option):
        raise _refused(option, _('true is not allowed'))


def privileged(value):
    """Check whether a container can have all privileges."""
    _check_true('allow_privileged', value)


def security_options(values):
    """Check options that can disable the confinement of a container.

    Docker splits an option at the first "=", or without one, at the first
    colon: https://github.com/moby/moby/blob/v28.0.0/daemon/daemon_unix.go.
    """
    if limit('allow_privileged'):
        return
    for value in values:
        option = value if '=' in value else value.replace(':', '=', 1)
        if not matches(option, conf.group().allowed_security_options):
            raise _refused('allowed_security_options',
                           _('%s is not allowed') % value)


def namespace(value):
    """Check a namespace, which can be the namespace of the host."""
    if value == 'host' and not limit('allow_host_namespaces'):
        raise _refused('allow_host_namespaces', _('"host" is not allowed'))


def ports(values):
    """Check the number of exposed or published ports."""
    count = sum(len(bindings) or 1 for bindings in values.values())
    if count > conf.group().max_ports:
        raise _refused('max_ports', _('%d ports are not allowed') % count)


def networks(values):
    """Check the names of networks, one of which is the host's network.

    Podman also accepts modes with arguments, such as the path of a namespace
    or access to the host's loopback interface:
    https://github.com/containers/podman/blob/v5.4.0/docs/source/markdown/options/network.md

    :param dict values: endpoints by the name of the network.
    """
    for name, endpoint in values.items():
        namespace(name)
        if ':' in name and not limit('allow_host_namespaces'):
            raise _refused('allow_host_namespaces',
                           _('the network %s is not allowed') % name)
        # The name of the interface has no effect outside of the container.
        network_options(endpoint.get('DriverOpts', {}).keys() - {
            network.INTERFACE_NAME})


def oom_score(value):
    """Check the protection of a container when the host runs out of memory."""
    if value < 0 and not limit('allow_oom_protection'):
        raise _refused('allow_oom_protection',
                       _('a negative number is not allowed'))


def oom_kill_disable(value):
    """Check whether a container can avoid being killed at its memory limit."""
    _check_true('allow_oom_protection', value)


def publish_all_ports(value):
    """Check whether a container can publish all ports of its image."""
    _check_true('allow_publish_all_ports', value)


def log_driver(value):
    """Check the driver that receives the output of a container."""
    _check('allowed_log_drivers', [value],
           _('the log driver %s is not allowed'))


def log_options(values):
    """Check the options for a log driver, even if it is the default driver.

    The daemon itself spends memory and time on some values. A pattern with
    "=" allows values, so that an operator can lift the limits of one option.
    """
    allowed = limit('allowed_log_options')
    names = [pattern.partition('=')[0] for pattern in allowed]
    for name, value in values.items():
        if not matches(name, names):
            raise _refused('allowed_log_options',
                           _('the option %s is not allowed') % name)
        is_allowed, form = _LOG_VALUES.get(name, (None, ''))
        if is_allowed is None or '*' in allowed or matches(
                '%s=%s' % (name, value),
                [pattern for pattern in allowed if '=' in pattern]):
            continue
        if not is_allowed(value):
            raise _refused('allowed_log_options', _(
                'the option %(name)s with a value other than %(form)s is not '
                'allowed') % {'name': name, 'form': form})


def _is_plain_tag(value):
    return len(value) <= _LOG_TEXT and _TAG.fullmatch(value)


def _is_small_expression(value):
    # A count, such as {1000}, makes a large program of a few characters.
    return len(value) <= _LOG_TEXT and '{' not in value


def _is_number_of_files(value):
    return re.fullmatch('[0-9]{1,3}', value) and (
        1 <= int(value) <= _LOG_FILES)


def _is_size(least, most):
    """Return a function that returns whether a string is a size in a range."""
    def is_size(value):
        try:
            return least <= scalars.size_to_api(value) <= most
        except ValueError:
            return False
    return is_size


# For each log option, a function that returns whether its value is allowed,
# and words for the values that are.
_LOG_VALUES = {
    'tag': (_is_plain_tag, _(
        'text and fields such as {{.Name}}, in at most 256 characters,')),
    'labels-regex': (_is_small_expression, _(
        'at most 256 characters without "{"')),
    'env-regex': (_is_small_expression, _(
        'at most 256 characters without "{"')),
    'max-file': (_is_number_of_files, _('a number from 1 to 100')),
    'max-size': (_is_size(_LOG_SIZE, float('inf')), _('a size from 64k')),
    'max-buffer-size': (_is_size(0, _LOG_BUFFER), _('a size up to 4m')),
}


def network_driver(value):
    """Check the driver of a network."""
    _check('allowed_network_drivers', [value],
           _('the driver %s is not allowed'))


def network_options(values):
    """Check the options for a network driver."""
    _check('allowed_network_options', values,
           _('the option %s is not allowed'))


def cluster(value):
    """Check properties that extend a network to all hosts of a swarm."""
    if value in (True, 'swarm', 'global'):
        network_driver('overlay')


def ipam(value):
    """Check the addresses of a network and the driver that assigns them."""
    driver = value.get('Driver', 'default')
    if driver != 'default':
        network_driver(driver)
    network_options(value.get('Options', {}))
    for pool in value.get('Config', ()):
        subnet = ipaddress.ip_network(pool['Subnet'])
        if not any(subnet.version == network.version
                   and subnet.subnet_of(network) for network in _networks(
                       'allowed_subnets', limit('allowed_subnets'))):
            raise _refused('allowed_subnets',
                           _('the subnet %s is not allowed') % subnet)


def volume_driver(value):
    """Check the driver of a volume."""
    _check('allowed_volume_drivers', [value],
           _('the driver %s is not allowed'))


def binds(values):
    """Check the host paths in ``source:target:mode``; ignore volumes."""
    for value in values:
        _bind_source(value.partition(':')[0])


def mounts(values):
    """Check the sources of mounts, including those of volume drivers."""
    for value in values:
        if value['Type'] == 'bind':
            _bind_source(value['Source'])
        elif value['Type'] == 'image':
            image(value['Source'])
        driver = value.get('VolumeOptions', {}).get('DriverConfig', {})
        if 'Name' in driver:
            volume_driver(driver['Name'])
        volume_options(driver.get('Options', {}))


def volume_options(options):
    """Check the mount that the options of a volume driver define.

    A volume of the driver "local" can be a directory or device of the host.
    """
    _check('allowed_volume_options',
           [name for name in options if name not in _LOCAL],
           _('the option %s is not allowed'))
    flags = {flag.strip() for flag in options.get('o', '').split(',')}
    kind = options.get('type')
    names = {flag.partition('=')[0] for flag in flags}
    if kind in _HOSTLESS and not names & {'bind', 'rbind', 'move', 'remount'
                                          } and (
            kind != 'tmpfs' or names <= _TMPFS):
        if kind not in limit('allowed_volume_types'):
            raise _refused('allowed_volume_types',
                           _('the volume type %s is not allowed') % kind)
    elif flags & {'bind', 'rbind'} and not any('=' in flag for flag in flags):
        _bind_source('/' + options.get('device', ''))
    elif options.keys() & {*_LOCAL} and (
            '*' not in limit('allowed_bind_sources')):
        raise _refused('allowed_bind_sources',
                       _('these volume options are not allowed'))


def _bind_source(source):
    """Check a path of the host that a container mounts.

    The operator has to list the path itself. A path below a listed directory
    is refused: anyone who can write to the directory could replace the path
    by a symbolic link, and the daemon would follow it to any other place.
    """
    allowed = limit('allowed_bind_sources')
    if not source.startswith('/') or '*' in allowed:
        return
    path, listed = _normal(source), {_normal(name) for name in allowed}
    if path not in listed or any(
            path.startswith(directory.rstrip('/') + '/')
            for directory in listed - {path}):
        raise _refused('allowed_bind_sources',
                       _('the source %s is not allowed') % source)


def _normal(path):
    # POSIX allows a special meaning for two slashes at the beginning.
    return posixpath.normpath('/' + path.lstrip('/'))


def devices(values):
    """Check the host devices that a container uses."""
    _devices(value['PathOnHost'] for value in values)


def block_devices(values):
    """Check the host devices whose block I/O is limited.

    :param dict values: lists of devices, by the key of HostConfig.
    """
    _devices(value['Path'] for rates in values.values() for value in rates)


def _devices(paths):
    _check('allowed_devices', map(_normal, paths),
           _('the device %s is not allowed'))


def any_device(values):
    """Check properties that give a container devices without a path."""
    if values and '*' not in limit('allowed_devices'):
        raise _refused('allowed_devices', _('it is not allowed'))


def capabilities(values):
    """Check capabilities, as names without ``CAP_``."""
    allowed = {name.upper().removeprefix('CAP_')
               for name in limit('allowed_capabilities')}
    for value in values:
        if not allowed & {'*', value}:
            raise _refused('allowed_capabilities',
                           _('the capability %s is not allowed') % value)


def storage_options(values):
    """Check the options for the storage driver of the daemon."""
    _check('allowed_storage_options', values,
           _('the option %s is not allowed'))


def runtime(value):
    """Check the OCI runtime, which may not confine the container."""
    _check('allowed_runtimes', [value], _('the runtime %s is not allowed'))


def annotations(values):
    """Check the annotations, which can change what an OCI runtime does.

    https://github.com/containers/crun/blob/1.20/crun.1.md#annotations
    """
    _check('allowed_annotations', values,
           _('the annotation %s is not allowed'))


def cgroup_parent(value):
    """Check the parent cgroup of a container."""
    if '*' not in limit('allowed_cgroup_parents') and (
            '..' in value.split('/')):
        raise _refused('allowed_cgroup_parents',
                       _('a path with ".." is not allowed'))
    _check('allowed_cgroup_parents', [value],
           _('the cgroup %s is not allowed'))


def sysctls(values):
    """Check kernel parameters."""
    _check('allowed_sysctls', values, _('the parameter %s is not allowed'))


def image(value):
    """Check the registry and the repository of an image.

    An image that is referenced by its ID has no registry. Snapshots are
    always allowed, because a stack can be restored from them.
    """
    allowed = limit('allowed_registries')
    host, repository = registry.parts(value)
    if re.fullmatch('(sha256:)?[0-9a-f]+', value):
        host = repository = ''
    name = '%s/%s' % (host, repository)
    if '*' not in allowed and not matches(host, allowed) and not matches(
            name, [*allowed, registry.SNAPSHOTS + '/*']):
        raise _refused('allowed_registries',
                       _('the image %s is not allowed') % value)


def build(value):
    """Check whether images can be built: their base images are not known."""
    if value and '*' not in limit('allowed_registries'):
        raise _refused('allowed_registries', _('it is not allowed'))


def build_inputs(value):
    """Check what a build uses, in addition to :func:`build`."""
    build(value)
    query = value.get('query', {})
    namespace(query.get('networkmode'))
    if 'remote' in query:
        git_context(query['remote'])


def git_context(url):
    """Check the Git repository that the daemon clones for a build.

    Submodules can be anywhere, and git of the daemon's user clones them, also
    with the SSH keys of this user:
    https://github.com/moby/moby/blob/v28.0.0/builder/remotecontext/git/gitutils.go
    """
    _check('allowed_git_contexts', [url.partition('#')[0]],
           _('the Git repository %s is not allowed'))


def service_networks(values):
    """Check the networks of a service, one of which is the host's network."""
    networks({value['Target']: value for value in values})


def service_ports(values):
    """Check the number of ports that a service publishes."""
    if len(values) > conf.group().max_ports:
        raise _refused('max_ports', _('%d ports are not allowed')
                       % len(values))


def service_privileges(value):
    """Check options that can disable the confinement of the containers."""
    security_options(services.privileges_from_api(value))


def service_templates(spec):
    """Check the templates that managers and nodes execute for each task.

    https://docs.docker.com/reference/cli/docker/service/create/#template

    :param dict spec: ``ContainerSpec`` of the request.
    """
    if limit('allow_service_templates'):
        return
    for key, name in (('Env', 'env'), ('Hostname', 'hostname'),
                      ('Mounts', 'mounts')):
        text = json.dumps(spec.get(key))
        if text.count('{{') != len(_FIELD.findall(text)):
            raise _refused('allow_service_templates', _(
                'The property %s: templates other than fields such as '
                '{{.Node.Hostname}} are not allowed') % name)


def template_driver(value):
    """Check the driver that expands templates for the tasks of a service."""
    if value and not limit('allow_service_templates'):
        raise _refused('allow_service_templates', _('it is not allowed'))


def signal(action):
    """Raise unless a signal can request an action.

    :param str action: name of an operation.
    """
    if not matches(action, conf.group().allowed_signals):
        raise _refused('allowed_signals', _('the action %s of a signal is not '
                                         'allowed') % action)


def _refused(option, what):
    # The value in it must not pass for a line of heat-engine's log.
    return errors.Refused(
        _('%(what)s (operator option %(option)s)')
        % {'what': answers.line(what), 'option': option})
