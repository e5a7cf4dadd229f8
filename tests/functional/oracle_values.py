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

"""Values of the properties, to compare updates with fresh creates.

A property without an entry uses its ``example`` and a second value that is
derived from it. An entry overrides these values and adds others.

Text in braces refers to an object that the test creates: see ``Places`` in
``oracle``.
"""

import dataclasses
import json
import re
import textwrap
import typing

from heat.engine import constraints

from heat_docker import fields
from heat_docker.specs import container
from heat_docker.specs import image
from heat_docker.specs import network
from heat_docker.specs import volume

SPECS = {'container': container, 'network': network, 'volume': volume,
         'image': image}

TYPES = {'container': 'DockerInc::Docker::Container',
         'network': 'DockerInc::Docker::Network',
         'volume': 'DockerInc::Docker::Volume',
         'image': 'DockerInc::Docker::Image'}

# A command that ends at once on SIGTERM.
SLEEP = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait']

# Properties that each resource has in addition to the tested property.
BESIDE = {
    'container': {'image': '{busybox}', 'cmd': SLEEP, 'wait_for': 'none',
                  'stop_grace_period': 1},
    'network': {},
    'volume': {'replace_on_change': True},
    'image': {'image': '{busybox}', 'keep': True}}

# The values to which Heat converts an explicit null.
EMPTY = {fields.STRING: '', fields.INTEGER: 0, fields.NUMBER: 0,
         fields.BOOLEAN: False, fields.LIST: [], fields.MAP: {}}

# Removes a default property from a template; None is an explicit null.
UNSET = object()


@dataclasses.dataclass(frozen=True)
class Case:
    """The values of a property in its test.

    :ivar a: its first value, by default its example.
    :ivar b: its second value, by default derived from the first one.
    :ivar more: further values.
    :ivar same: other spellings of the first value.
    :ivar beside: other properties of the template.
    :ivar required: whether the property cannot be unset.
    :ivar empty: whether the empty value of the type is valid. It means unset,
        unless the field has ``empty_counts``.
    :ivar excuse: why the property is not tested.
    """

    a: typing.Any = UNSET
    b: typing.Any = UNSET
    more: tuple = ()
    same: tuple = ()
    beside: dict = dataclasses.field(default_factory=dict)
    required: bool = False
    empty: bool = True
    excuse: str | None = None


# Prefixes of the subnets that tests set; the daemon chooses all others.
SUBNETS = ('10.209.', '10.210.', '10.211.', 'fd00:')

# Prefixes of the MAC addresses that tests set; Docker generates all others.
MACS = ('06:00:00:00:',)

_MIB = 1024 * 1024
_NET = [{'network': '{network}', 'aliases': ['web']}]
_FROM_PRIVATE = {'username': '{username}', 'password': '{password}'}
_BUILD = {'dockerfile': 'FROM {busybox}\nCOPY page /\n',
          'files': {'page': 'Hello.'}}
_TAGS = ['{registry}/oracle/{me}:1']

# An API version that no daemon has.
NEVER = (9, 99)


@dataclasses.dataclass(frozen=True)
class Excuse:
    """An accepted difference from a fresh object, and the reason for it.

    :ivar path: regular expression for the path in the inspect output.
    :ivar alike: values that mean the same; any values if it is empty.
    :ivar before: first version of the API without the difference.
    """

    path: str
    why: str
    alike: tuple = ()
    before: tuple = NEVER

    def holds(self, path, one, other, api):
        """Return whether two values at a path may differ."""
        return (bool(re.fullmatch(self.path, path)) and api < self.before
                and (not self.alike
                     or one in self.alike and other in self.alike))


EXCUSES = (
    Excuse('HostConfig.PidsLimit', alike=(None, 0, -1), why='after a create, '
           'Docker shows a missing limit in a different way than after an '
           'update'),
    Excuse('HostConfig.RestartPolicy.Name', alike=('', 'no'), why='both '
           'values mean no restart to Docker, and an update request cannot '
           'express an unset policy'),
    Excuse('HostConfig.Blkio.*Device.*', alike=(None, []), why='after an '
           'update that clears a list, Docker shows an empty list'),
    Excuse('Size', why='the containerd image store also counts the '
           'configuration of an image, in which times have different lengths'),
    Excuse('NetworkSettings.Networks.bridge.DNSNames', why='Docker writes '
           'names there when a container is renamed, although it serves no '
           'names in its default network'),
    Excuse('HostConfig.NetworkMode', before=(1, 44), why='the create request '
           'for such a daemon has a network as the mode, and no request can '
           'change the mode later'),
)

# Entries for properties that several types share.
SHARED = {
    'docker_endpoint': Case(
        a='{endpoint}', b='{endpoint_http}', required=True),
    'tls': Case(excuse='the daemon for these tests does not use TLS; '
                'test_endpoints changes certificates in place'),
    'registry_auth': Case(
        a=_FROM_PRIVATE, b={'username': 'other', 'password': 'other'}),
    'platform': Case(b=None),
    'pull_policy': Case(b='missing'),
}

CASES = {
    'container': SHARED | {
        'image': Case(a='{busybox}', b='{httpd}', required=True),
        'name': Case(a='{me}-a', b='{me}-b', same=('/{me}-a',)),
        'stop_signal': Case(b='SIGUSR1'),
        'stop_grace_period': Case(a=2, b=3),
        'working_dir': Case(b='/tmp'),
        'cmd': Case(a=SLEEP, b=[*SLEEP, 'more'],
                    beside={'cmd': UNSET, 'tty': True, 'open_stdin': True}),
        'entrypoint': Case(a=['env'], b=['env', 'A=b'],
                           beside={'tty': True, 'open_stdin': True}),
        'user': Case(b='nobody'),
        'umask': Case(b='0077', same=('027', '0o027')),
        'labels': Case(a={'one': '1'}, b={'two': '2'}, same=({'one': 1},)),
        'runtime': Case(b=None),
        'healthcheck': Case(
            b={'test': ['CMD', 'true'], 'interval': 2},
            more=({'disable': True},)),
        'shell': Case(b=['/bin/sh', '-c']),
        'group_add': Case(a=['100', '0'], b=['100'],
                          same=([100, 0],)),
        'memory': Case(b=128 * _MIB),
        'memory_swap': Case(b='-1', beside={'memory': 64 * _MIB},
                            same=('128m',), more=('64m',)),
        'memory_reservation': Case(b='16m', beside={'memory': 64 * _MIB},
                                   same=('32m',)),
        'shm_size': Case(same=('128m',)),
        'port_specs': Case(a=['53/udp', '80'], b=['81'],
                           same=([80, '53/udp'], ['80/tcp', '53/udp'])),
        'port_bindings': Case(
            a={'8080': '127.0.0.1:{port}'}, b={'8080': '', '53/udp': ''},
            same=({'8080/tcp': '127.0.0.1:{port}'},
                  {8080: ['127.0.0.1:{port}']})),
        'links': Case(a={'{other}': 'db'}, b={'{other}': 'mail'},
                      same=({'/{other}': 'db'},)),
        'volumes': Case(
            a={'/tmp': '/host:ro', '{volume}': '/data'},
            b={'{volume}': '/other'},
            same=({'/tmp': {'bind': '/host', 'mode': 'ro'},
                   '{volume}': {'bind': '/data'}},
                  {'/tmp': '/host:ro', '{volume}': '/data:rw'})),
        'volumes_from': Case(a=['{other}:ro'], b=['{other}']),
        'mounts': Case(
            a=[{'type': 'bind', 'source': '/etc', 'target': '/host',
                'read_only': True, 'propagation': 'rprivate'},
               {'source': '{volume}', 'target': '/data', 'no_copy': True},
               {'type': 'tmpfs', 'target': '/mem', 'tmpfs_size': '64k',
                'tmpfs_mode': '01700'}],
            b=[{'source': '{volume}', 'target': '/data',
                'read_only': True}],
            same=([{'type': 'bind', 'source': '/etc', 'target': '/host',
                    'read_only': True, 'propagation': 'rprivate'},
                   {'type': 'volume', 'source': '{volume}',
                    'target': '/data', 'no_copy': True},
                   {'type': 'tmpfs', 'target': '/mem', 'tmpfs_size': '65536',
                    'tmpfs_mode': '01700'}],),
            more=([{'target': '/anonymous', 'labels': {'a': 'b'}}],)),
        'tmpfs': Case(same=('/run,/tmp:size=64m',), b=['/run']),
        'storage_opt': Case(excuse='it requires overlay2 on a file system '
                            'with quotas, which the sandbox does not have'),
        'volume_driver': Case(b=None),
        'files': Case(b=[{'path': '/etc/motd', 'content': 'Bye.'}]),
        'dns': Case(b=['192.0.2.54']),
        'networks': Case(
            a=_NET, b=[{'network': '{network}', 'aliases': ['www']},
                       {'network': '{network2}'}]),
        'network_mode': Case(b='host'),
        'extra_hosts': Case(b=['db:192.0.2.8']),
        'restart_policy': Case(
            b={'Name': 'always'}, more=({'Name': 'unless-stopped'},
                                        {'Name': 'on-failure'}),
            same=({'Name': 'on-failure', 'MaximumRetryCount': '3'},)),
        'cap_add': Case(b=['SYS_TIME'],
                        same=(['CAP_NET_ADMIN', 'cap_sys_time'],
                              ['SYS_TIME', 'NET_ADMIN'])),
        'cap_drop': Case(b=['CHOWN', 'MKNOD'], same=(['cap_mknod'],)),
        'cpus': Case(same=('0.5',)),
        'cpu_set': Case(a='0-1', b='0'),
        'cpu_set_mems': Case(b=None),
        'devices': Case(
            b=[{'path_on_host': '/dev/null'}],
            same=([{'path_on_host': '/dev/null', 'permissions': 'rw',
                    'path_in_container': '/dev/nothing'}],)),
        'blkio_weight': Case(
            excuse='the kernel of the sandbox may not support weights, and '
            'the daemon then discards them'),
        'privileged': Case(excuse='the host of the sandbox may lack '
                           'capabilities that the property grants'),
        'blkio_config': Case(
            a={'device_read_bps': [{'path': '{disk}', 'rate': '1m'}],
               'device_write_iops': [{'path': '{disk}', 'rate': 100}]},
            b={'device_read_bps': [{'path': '{disk}', 'rate': '2m'}]},
            same=({'device_read_bps': [{'path': '{disk}', 'rate': 1048576}],
                   'device_write_iops': [{'path': '{disk}',
                                          'rate': '100'}]},)),
        'pids_limit': Case(more=(-1,)),
        'ulimits': Case(
            a=[{'name': 'nofile', 'soft': 512, 'hard': 1024}],
            b=[{'name': 'nofile', 'soft': 512}],
            more=([{'name': 'nofile', 'soft': 512},
                   {'name': 'core', 'soft': 0}],)),
        'security_opt': Case(b=['no-new-privileges:false']),
        'sysctls': Case(b={'net.ipv4.ip_forward': '0'},
                        same=({'net.ipv4.ip_forward': 1},)),
        'device_cgroup_rules': Case(b=['c 43:* rmw']),
        'device_requests': Case(excuse='the sandbox has no GPU'),
        'userns_mode': Case(b=None),
        'ipc_mode': Case(b='shareable'),
        'pid_mode': Case(b='container:{other}'),
        'uts_mode': Case(b=None),
        'cgroupns_mode': Case(b='host'),
        'log_driver': Case(b='local'),
        'log_options': Case(b={'max-size': '20m'}),
        'wait_for': Case(
            a='running', b='healthy', more=('none',), beside={
                'healthcheck': {'test': ['CMD', 'true'], 'interval': 0.5}}),
        'wait_timeout': Case(empty=False),
        'suspend_mode': Case(b='stop'),
        'alarm_action': Case(b={'action': 'kill', 'signal': 'SIGHUP'}),
    },
    'network': SHARED | {
        'name': Case(a='{me}-a', b='{me}-b'),
        'driver': Case(b=None),
        'driver_opts': Case(b={'com.docker.network.driver.mtu': '1300'},
                            same=({'com.docker.network.driver.mtu': 1400},)),
        'labels': Case(a={'one': '1'}, b={'two': '2'}, same=({'one': 1},)),
        'ingress': Case(b=None),
        'scope': Case(b=None),
        'enable_ipv6': Case(beside={'ipam': {'config': [
            {'subnet': '10.209.2.0/24'}, {'subnet': 'fd00:209:2::/64'}]}}),
        'enable_ipv4': Case(beside={'enable_ipv6': True}),
        'ipam': Case(b={'config': [{'subnet': '10.209.1.0/24'}]}),
        'config_only': Case(a=True, b=None),
        'config_from': Case(a='{config}', b='{config2}'),
    },
    'volume': SHARED | {
        'name': Case(a='{me}-a', b='{me}-b'),
        'driver': Case(b=None),
        'driver_opts': Case(b={'type': 'tmpfs', 'device': 'tmpfs',
                               'o': 'size=2m'}),
        'labels': Case(a={'one': '1'}, b={'two': '2'}, same=({'one': 1},)),
        'source_volume': Case(a='{volume}', b='{volume2}'),
        'replace_on_change': Case(beside={'replace_on_change': UNSET}),
    },
    'image': SHARED | {
        'image': Case(a='{busybox}', b='{httpd}', required=True),
        'build': Case(
            a=_BUILD, b=dict(_BUILD, files={'page': 'Bye.'}),
            same=(dict(_BUILD, files={'page': {'content': 'Hello.',
                                               'mode': '0644'}}),
                  dict(_BUILD, no_cache=False, ulimits=[])),
            more=(dict(_BUILD, labels={'a': 'b'}, args={'C': 'd'}),
                  dict(_BUILD, files={'page': {'content': 'Hello.',
                                               'mode': '0600'}}),
                  dict(_BUILD, no_cache=True, network='none',
                       extra_hosts={'db': '192.0.2.7'}, shm_size='8m',
                       ulimits={'nofile': 512})),
            beside={'image': UNSET}, required=True),
        'tags': Case(a=_TAGS, b=['{registry}/oracle/{me}:2'],
                     beside={'image': UNSET, 'build': _BUILD}),
        'push': Case(beside={'image': UNSET, 'build': _BUILD,
                             'tags': _TAGS}),
        'keep': Case(beside={'keep': UNSET}),
    },
}


def _entry(**keys):
    return {'networks': [{'network': '{subnet}', **keys}]}


_LIMITS = {'memory': 64 * _MIB, 'memory_swap': '128m',
           'memory_reservation': '32m'}

# Sequences of container templates with properties that depend on each other in
# Docker.
TIED = {
    'memory': (
        _LIMITS, {'memory': 128 * _MIB, 'memory_swap': '256m',
                  'memory_reservation': '64m'},
        _LIMITS, dict(_LIMITS, memory_swap='-1'),
        {'memory': 256 * _MIB, 'memory_swap': '-1'}, {'memory': 32 * _MIB},
        _LIMITS, {'memory': 64 * _MIB, 'memory_swap': '64m'},
        {'memory': 64 * _MIB, 'memory_reservation': '16m'}, {},
        {'memory_reservation': '16m'}, _LIMITS),
    'cpus': (
        {'cpus': 1}, {'cpu_period': 50000, 'cpu_quota': 25000},
        {'cpu_period': 100000, 'cpu_quota': 50000}, {'cpu_quota': 20000},
        {'cpus': 0.5}, {'cpus': 0.5, 'cpu_shares': 512}, {'cpu_shares': 256},
        {'cpu_period': 50000}, {'cpu_period': 50000, 'cpu_shares': 2}, {}),
    'cpu_set': (
        {'cpu_set': '0-1', 'cpu_set_mems': '0'}, {'cpu_set': '0',
                                                  'cpu_set_mems': '0'},
        {'cpu_set': '1'}, {'cpu_set_mems': '0'}, {}),
    'all_limits': (
        {**_LIMITS, 'cpus': 1, 'cpu_set': '0', 'pids_limit': 50},
        {'memory': 128 * _MIB, 'cpus': 0.5, 'pids_limit': 60},
        {**_LIMITS, 'cpus': 0.5, 'cpu_shares': 512,
         'restart_policy': {'Name': 'always'}}),
    'name_and_port': (
        {'name': '{me}-a', 'port_bindings': {80: '127.0.0.1:{port}'}},
        {'name': '{me}-b', 'port_bindings': {80: '127.0.0.1:{port2}'}},
        {'name': '{me}-a', 'port_bindings': {80: '127.0.0.1:{port2}'}},
        {'port_bindings': {80: '127.0.0.1:{port2}'}}),
    'image_and_platform': (
        {'image': '{busybox}', 'platform': 'linux/amd64'},
        {'image': '{httpd}'}, {'image': '{httpd}', 'platform': 'linux/amd64'},
        {'image': '{busybox}'}),
    'restart_policy_and_name': (
        {'restart_policy': {'Name': 'always'}, 'name': '{me}-c'},
        {'restart_policy': {'Name': 'on-failure'}, 'name': '{me}-d'},
        {'restart_policy': {'Name': 'on-failure', 'MaximumRetryCount': 2}},
        {'name': '{me}-c'}),
    'hostname_and_aliases': (
        {'hostname': 'one', **_entry(aliases=['one'])},
        {'hostname': 'two', **_entry(aliases=['two'])},
        {'hostname': 'two', **_entry(aliases=['one'])}, _entry()),
    'networks': (
        _entry(ipv4_address='{ip}.7', aliases=['a']),
        _entry(ipv4_address='{ip}.8', aliases=['b']),
        _entry(ipv4_address='{ip}.8', aliases=['b', 'c']),
        _entry(ipv6_address='{ip6}:7', aliases=['a']),
        _entry(ipv6_address='{ip6}:8', ipv4_address='{ip}.9'),
        _entry(link_local_ips=['169.254.8.8']), _entry(),
        _entry(driver_opts={'a': 'b'}), _entry(driver_opts={'a': 'c'}),
        _entry(driver_opts={'a': 'c'}, aliases=['www']), _entry()),
    'networks_and_others': (
        {**_entry(aliases=['a']), 'memory': 64 * _MIB},
        {**_entry(aliases=['b']), 'memory': 128 * _MIB},
        {**_entry(aliases=['b']), 'name': '{me}-e',
         'stop_grace_period': 2},
        {'networks': [{'network': '{network}'}], 'name': '{me}-f'}),
    'networks_in_order': (
        {'networks': [{'network': '{network}', 'aliases': ['a']},
                      {'network': '{subnet}', 'aliases': ['b']}]},
        {'networks': [{'network': '{subnet}', 'aliases': ['b']},
                      {'network': '{network}', 'aliases': ['a']}]},
        {'networks': [{'network': '{subnet}'}]},
        {'networks': [{'network': '{network}'}, {'network': '{network2}'},
                      {'network': '{subnet}'}]},
        {'networks': [{'network': '{network2}'}]}),
    'networks_mac_address': (
        _entry(mac_address='06:00:00:00:00:01'),
        _entry(mac_address='06:00:00:00:00:01', aliases=['www']),
        _entry(mac_address='06:00:00:00:00:02', aliases=['www']),
        _entry(mac_address='06:00:00:00:00:02', ipv4_address='{ip}.9'),
        _entry(ipv4_address='{ip}.9')),
    'networks_interface_name': (
        _entry(interface_name='web0'), _entry(interface_name='web1'),
        _entry(interface_name='web1', driver_opts={'a': 'b'}), _entry()),
    'networks_gw_priority': (
        {'networks': [{'network': '{network}'},
                      {'network': '{subnet}', 'gw_priority': 5}]},
        {'networks': [{'network': '{network}', 'gw_priority': 7},
                      {'network': '{subnet}', 'gw_priority': 5}]},
        {'networks': [{'network': '{network}'}, {'network': '{subnet}'}]}),
}

# The API versions that some of these sequences need.
TIED_SINCE = {'networks_mac_address': (1, 44), 'networks_gw_priority': (1, 48),
              'networks_interface_name': (1, 48)}

# Three container templates each: one that works, one that fails after some
# properties have been changed in place, and another one that works.
FAILING = {
    'name': (
        {'memory': 64 * _MIB}, {'memory': 128 * _MIB, 'name': '{other}'},
        {'name': '{me}-g'}),
    'limits': (
        {**_LIMITS, 'name': '{me}-h'},
        {'memory': 1, 'name': '{me}-i', 'pids_limit': 60},
        {'memory': 32 * _MIB, 'memory_reservation': '16m'}),
    'address': (
        {**_entry(aliases=['a']), 'memory': 64 * _MIB},
        {**_entry(ipv4_address='10.9.9.9'), 'memory': 128 * _MIB},
        {**_entry(aliases=['b'], ipv4_address='{ip}.7')}),
    'second_network': (
        {'networks': [{'network': '{network}', 'aliases': ['a']}],
         'restart_policy': {'Name': 'on-failure'}},
        {'networks': [{'network': '{network}', 'aliases': ['b']},
                      {'network': 'oracle-none'}]},
        {'networks': [{'network': '{network}', 'aliases': ['b']},
                      {'network': '{network2}'}], 'stop_grace_period': 2}),
}


def derive(field, a):
    """Derive a second value of a property from its first value.

    :raises ValueError: if the property needs an entry with a second value.
    """
    if field.type == fields.BOOLEAN:
        return not a
    if field.type in (fields.INTEGER, fields.NUMBER):
        return a + 1
    if field.type == fields.STRING and all(
            isinstance(constraint, constraints.Length)
            for constraint in field.constraints):
        return a + '2'
    if field.nested is None and field.type == fields.MAP:
        return {**a, 'oracle': '2'}
    if field.nested is None and field.type == fields.LIST:
        return [*a, 'oracle=2']
    raise ValueError(
        'cannot derive a second value of the property %s from %r: add an '
        'entry to CASES in tests/functional/oracle_values.py'
        % (field.name, a))


def case(kind, field):
    """Return the entry of a property with all defaults filled in."""
    entry = CASES[kind].get(field.name, Case())
    if entry.excuse:
        return entry
    a = field.example if entry.a is UNSET else entry.a
    b = derive(field, a) if entry.b is UNSET else entry.b
    nulls = with_nulls(field.nested, a)
    return dataclasses.replace(
        entry, a=a, b=b, same=(*entry.same, *[nulls] * (nulls != a)))


def with_nulls(nested, value):
    """Return a value with an explicit null for each unset nested key.

    :param nested: schema of the items or keys, as in ``Field``.
    """
    if isinstance(value, list) and nested is not None:
        return [with_nulls(nested.schema, item) for item in value]
    if isinstance(nested, dict):
        return {**dict.fromkeys(nested), **value}
    return value


@dataclasses.dataclass(frozen=True)
class Step:
    """An update of a resource.

    :ivar said: properties in the template.
    :ivar same: whether they mean the same as those of the previous step.
    :ivar like: properties of the fresh object, if they differ.
    """

    name: str
    said: dict
    same: bool = False
    like: dict | None = None


def property_steps(kind, field):
    """Return the steps of a property; the first one is a create."""
    entry = case(kind, field)

    def step(name, value, same=False, like=None):
        return Step(name, {**entry.beside, field.name: value}, same,
                    like and {**entry.beside, field.name: like})

    if entry.required:
        steps = [step('create with A', entry.a)]
    else:
        steps = [step('create with null', None, like=UNSET),
                 step('null to unset', UNSET, same=True)]
        if entry.empty and not field.empty_counts:
            empty = EMPTY[field.type]
            steps += [step('unset to empty', empty, same=True, like=UNSET),
                      step('empty to unset', UNSET, same=True)]
        steps.append(step('unset to A', entry.a))
    if entry.b is not None:
        steps.append(step('A to B', entry.b))
    steps += [step('to another value', value) for value in entry.more]
    if not entry.required:
        steps.append(step('to unset', UNSET))
    steps.append(step('to A again', entry.a))
    steps += [step('A as %s' % json.dumps(value), value, same=True,
                   like=entry.a)
              for value in entry.same]
    if not entry.required:
        steps.append(step('to null', None, like=UNSET))
    return steps


def tied_steps(name):
    """Return the steps of a sequence of templates in ``TIED``."""
    return [Step('template %d' % number, said)
            for number, said in enumerate(TIED[name])]


def properties():
    """Return pairs of kind and field of all properties."""
    return [(kind, field) for kind, spec in SPECS.items()
            for field in spec.FIELDS]


def report():
    """Return the part of the documentation about tested properties."""
    tried = [(kind, field) for kind, field in properties()
             if not case(kind, field).excuse]
    steps = [step for kind, field in tried
             for step in property_steps(kind, field)]
    lines = [
        '* %d of %d properties, in %d creates and %d updates. %d of the '
        'updates' % (len(tried), len(properties()), len(tried),
                     len(steps) - len(tried),
                     sum(step.same for step in steps)),
        '  express the same value in another way, and must not change '
        'anything.',
        '* %d groups of properties that depend on each other in Docker, in %d '
        'templates.' % (len(TIED), sum(map(len, TIED.values()))),
        '* %d updates that fail after they have changed something. Each is '
        'followed by a' % len(FAILING),
        '  rollback in one test, and by another update in a second one.', '',
        'The following properties are not tested, and the following keys of '
        '``docker', 'inspect`` may differ:', '']
    excused = {}
    for kind, field in properties():
        why = case(kind, field).excuse
        if why:
            excused.setdefault(why, []).append(
                '``%s`` of %s' % (field.name, kind))
    for excuse in EXCUSES:
        before = '' if excuse.before == NEVER else (
            ' before API %d.%d' % excuse.before)
        excused[excuse.why] = ['``%s``%s' % (excuse.path, before)]
    for why, what in excused.items():
        lines += [', '.join(what), textwrap.indent(
            textwrap.fill(why[0].upper() + why[1:] + '.', 74), '    '), '']
    return '\n'.join(lines)


if __name__ == '__main__':
    print(report())
