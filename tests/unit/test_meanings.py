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

"""A change is a change of what a value means to Docker.

The tests loop over all properties and all keys of all types.
"""

import copy
import itertools

from heat.common import exception
from heat.engine import properties
import testtools

from heat_docker import changes
from heat_docker import fields
from heat_docker import validation
from heat_docker.specs import certificates
from heat_docker.specs import container
from heat_docker.specs import image
from heat_docker.specs import network
from heat_docker.specs import volume
from tests.unit import base

SPECS = {'certificates': certificates, 'container': container, 'image': image,
         'network': network, 'volume': volume}

HEX = 64 * 'a'
PROFILE = '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}'
OTHER_PROFILE = '{"syscalls":[],"defaultAction":"SCMP_ACT_ALLOW"}'


def build(**more):
    return {'dockerfile': 'FROM a', **more}


def git(**more):
    return {'context': 'https://git.test/a.git', **more}


def mount(**more):
    return [{'target': '/a', **more}]


def tmpfs(**more):
    return mount(type='tmpfs', **more)


def bind(**more):
    return mount(type='bind', source='/b', **more)


def ipam(*pools, **more):
    return {'config': [{'subnet': '10.9.0.0/24', **pools[0]}, *pools[1:]],
            **more}


def networks(**more):
    return [{'network': 'a', **more}]


def file(**more):
    return [{'path': '/a', 'content': 'x', **more}]


# Spellings of each property that mean the same.
SAME = {
    'image': (
        ('nginx', 'nginx:latest', 'docker.io/nginx', 'library/nginx',
         'docker.io/library/nginx:latest', 'index.docker.io/nginx'),
        ('sha256:' + HEX, HEX),
        ('r.test/a', 'r.test/a:latest')),
    'container.name': (('web', '/web'),),
    'platform': (('linux/amd64', 'linux/x86_64', 'Linux/AMD64',
                  'linux/amd64/v1'),
                 ('linux/arm64', 'linux/arm64/v8', 'linux/aarch64'),
                 ('linux/arm/v7', 'linux/arm', 'linux/arm/7')),
    'working_dir': (('/a/b', '/a//b/', '/a/./b'),),
    'labels': ((['a=1'], {'a': '1'}, {'a': 1}), (None, {}, [])),
    'annotations': ((['a=1'], {'a': 1}),),
    'sysctls': ((['a=1'], {'a': 1}, {'a': '1'}),),
    'driver_opts': (({'a': '1', 'b': 'true'}, {'b': True, 'a': 1}),),
    'storage_opt': (({'a': '1'}, {'a': 1}),),
    'log_options': (({'a': '1'}, {'a': 1}),),
    'stop_signal': (('SIGINT', 'INT', '2', '02'), ('SIGTERM', 'TERM', '15'),
                    ('SIGRTMIN+3', 'RTMIN+3', '37'),
                    ('RTMAX-1', 'SIGRTMAX-1', '63'), ('SIGCHLD', 'CLD')),
    'stop_grace_period': ((60, '60', '60s', '1m'),),
    'endpoint_timeout': ((60, '1m'),),
    'wait_timeout': ((60, '1m'),),
    'group_add': ((['a', 'b'], ['b', 'a'], ['b', 'a', 'b']),
                  (['100'], [100])),
    'umask': (('022', '0022', '0o022'),),
    'healthcheck': (
        ({'test': ['CMD-SHELL', 'a'], 'interval': 60},
         {'test': 'a', 'interval': '1m'}, {'test': 'a', 'interval': '60'},
         {'test': 'a', 'interval': '60s', 'timeout': None, 'retries': 0,
          'disable': False, 'start_period': 0, 'start_interval': 0}),
        ({'disable': True}, {'test': 'NONE'}, {'test': ['NONE']}),
        (None, {}, {'disable': False}, {'retries': 0})),
    'env': ((['A=1', 'B=2'], ['B=2', 'A=1']),),
    'memory': ((64 * 1024 ** 2, '64m', '64M', '65536k', '67108864'),
               (None, 0, '0')),
    'memory_swap': (('64m', '67108864', 67108864), (None, '0', 0)),
    'memory_reservation': (('1g', '1024m'), (None, '0')),
    'shm_size': (('64m', '65536k', 67108864),),
    'port_specs': (([80], ['80'], ['80/tcp'], ['80/TCP'], ['80-80']),
                   (['80-82'], [82, 81, 80], ['80', '81-82'])),
    'port_bindings': (
        ({'80': '8080'}, {80: 8080}, {'80/tcp': '8080'}, {'80': ['8080']},
         {'80': {'HostPort': 8080}}, {'80': {'HostPort': '8080',
                                             'HostIp': ''}}),
        ({'80': '[2001:DB8::1]:1'}, {'80': '[2001:db8:0::1]:1'}),
        ({'80': ['127.0.0.1:1', '[::1]:2']}, {'80': ['[::1]:2',
                                                     '127.0.0.1:1']}),
        ({'80-81': '90-91'}, {'81': '91', '80': '90'}),
        ({'80': ''}, {'80': None}, {'80': 0}, {'80': []})),
    'links': (({'a1': 'x', 'b1': ''}, {'b1': 'b1', '/a1': 'x'}),),
    'volumes': (
        ({'/a': '/x'}, {'/a': '/x/'}, {'/a/': '/x'}, {'/a': '/x:rw'},
         {'/a': {'bind': '/x', 'mode': 'rw'}}, {'/a': {'bind': '//x'}},
         {'/a': {'bind': '/x', 'ro': False}}),
        ({'/a': '/x:ro,z'}, {'/a': '/x:z,ro'}),
        ({'aa': '/x:ro'}, {'aa': {'bind': '/x', 'ro': True}}),
        ({'aa': '/x', 'bb': '/y/'}, {'bb': '/y', 'aa': '/x:rw'})),
    'volumes_from': ((['aa', 'bb:ro'], ['aa:rw', 'bb:ro'], 'aa,bb:ro'),),
    'mounts': (
        (bind(), bind(read_only=False), bind(create_host_path=False),
         bind(bind_recursive='enabled'), mount(type='bind', source='/b/'),
         [{'type': 'bind', 'source': '/b', 'target': '/a/'}],
         bind(subpath=None, labels={}, tmpfs_size='', tmpfs_options=[])),
        (mount(), mount(type='volume'), mount(type=None), mount(no_copy=False),
         mount(source=''), mount(driver=''), mount(driver_options={})),
        (mount(source='aa', labels={'a': 1}),
         mount(source='aa', labels=['a=1'])),
        (mount(driver_options={'a': 1}), mount(driver_options={'a': '1'})),
        (mount(type='image', source='a'),
         mount(type='image', source='docker.io/library/a:latest')),
        (tmpfs(tmpfs_size='64m', tmpfs_mode='0700'),
         tmpfs(tmpfs_size='67108864', tmpfs_mode='0o700')),
        (tmpfs(tmpfs_options=['uid=1', 'exec']),
         tmpfs(tmpfs_options=['exec', 'uid=1'])),
        ([*bind(), {'target': '/x'}], [{'target': '/x'}, *bind()])),
    'tmpfs': ((['/run'], ['/run/'], '/run', ['/run:']),
              (['/a', '/b'], ['/b', '/a'], '/a,/b'),
              (['/a:size=64m,mode=755'], ['/a:mode=0755,size=67108864'],
               ['/a:mode=755,size=65536k'])),
    'files': (
        (file(), file(content=None, content_base64='eA=='),
         file(mode='0644'), file(mode='0o644'), file(uid=0), file(gid='0'),
         [{'path': '//a', 'content': 'x'}]),
        ([*file(), {'path': '/b', 'content': 'y'}],
         [{'path': '/b', 'content': 'y'}, *file()])),
    'dns': ((['2001:DB8:0::1'], ['2001:db8::1']),),
    'networks': (
        (['a'], networks(), networks(gw_priority=0), networks(aliases=[]),
         networks(driver_opts={}), networks(ipv4_address=''),
         networks(mac_address=None)),
        (networks(ipv6_address='2001:db8::1'),
         networks(ipv6_address='2001:DB8:0:0::1')),
        (networks(mac_address='02:42:00:00:00:0f'),
         networks(mac_address='02-42-00-00-00-0F'),
         networks(mac_address='0242.0000.000f')),
        (networks(aliases=['x', 'y']), networks(aliases=['y', 'x'])),
        (networks(link_local_ips=['169.254.1.1', 'FE80::1']),
         networks(link_local_ips=['fe80::1', '169.254.1.1'])),
        (networks(driver_opts={'x': 1}), networks(driver_opts={'x': '1'})),
        (['a', 'b', 'c'], ['a', 'c', 'b'])),
    'network_mode': ((None, 'default', ''),),
    'dns_options': ((['ndots:2', 'rotate'], ['rotate', 'ndots:2']),),
    'extra_hosts': (
        (['a:192.0.2.1', 'b:2001:db8::1'], ['b=[2001:DB8::1]', 'a=192.0.2.1'],
         {'b': '2001:db8::1', 'a': '192.0.2.1'}),),
    'restart_policy': (
        ('on-failure:3', {'Name': 'on-failure', 'MaximumRetryCount': '3'}),
        ('always', {'Name': 'always', 'MaximumRetryCount': 0}),
        (None, 'no', False, {}, {'Name': 'no'}, {'Name': None})),
    'cap_add': ((['NET_ADMIN'], ['CAP_NET_ADMIN'], ['net_admin']),
                (['KILL', 'CHOWN'], ['CHOWN', 'KILL', 'KILL'])),
    'cap_drop': ((['NET_ADMIN', 'KILL'], ['kill', 'CAP_NET_ADMIN']),),
    'cpus': ((1.5, '1.5'), (None, 0)),
    'cpu_shares': ((512, '512'), (None, 0)),
    'cpu_set': (('0-2', '0,1,2', '2,1,0', '0-1,1-2', '00-2'),),
    'cpu_set_mems': (('0,1', '0-1'),),
    'devices': (
        (['/dev/a'], [{'path_on_host': '/dev/a'}],
         [{'path_on_host': '/dev/a', 'path_in_container': '',
           'permissions': None}],
         [{'path_on_host': '/dev/a', 'path_in_container': '/dev/a',
           'permissions': 'rwm'}]),
        (['/dev/a', '/dev/b'], ['/dev/b', '/dev/a'])),
    'blkio_config': (
        ({'device_read_bps': [{'path': '/dev/a', 'rate': '1m'},
                              {'path': '/dev/b', 'rate': 1}]},
         {'device_read_bps': [{'path': '/dev/b', 'rate': '1'},
                              {'path': '/dev/a', 'rate': 1048576}],
          'weight_device': []}),
        (None, {}, {'weight_device': []})),
    'ulimits': (
        ({'nofile': 9}, [{'name': 'nofile', 'soft': 9}],
         [{'name': 'nofile', 'soft': '9', 'hard': 9}],
         [{'name': 'nofile', 'soft': 9, 'hard': None}]),
        ({'nofile': 9, 'nproc': 8}, {'nproc': 8, 'nofile': 9})),
    'security_opt': (
        (['no-new-privileges'], ['no-new-privileges:true'],
         ['no-new-privileges=true'], ['no-new-privileges=1']),
        (['label:disable'], ['label=disable'], ['disable']),
        (['seccomp=' + PROFILE], ['seccomp:' + PROFILE],
         ['seccomp=\n' + OTHER_PROFILE]),
        (['label=user:a', 'label=role:b', 'apparmor=c'],
         ['apparmor:c', 'label:role:b', 'label:user:a'])),
    'device_cgroup_rules': ((['c 1:2 rwm', 'c 1:3 r'],
                             ['c 1:3 r', 'c 1:2 mwr']),),
    'device_requests': (
        ('all', [{'count': -1, 'capabilities': [['gpu']]}],
         [{'count': 'all', 'capabilities': ['gpu'], 'driver': ''}]),
        ([{'device_ids': ['1'], 'capabilities': [['a', 'b'], ['c']]}],
         [{'device_ids': [1], 'capabilities': [['c'], ['b', 'a']],
           'count': 0, 'options': {}}])),
    'build': (
        (build(), build(no_cache=False), build(pull=False), build(files={}),
         build(target=''), build(args={}), build(labels=None),
         build(network='bridge'), build(network='default'),
         build(cache_from=[]), build(shm_size=''), build(args={'A': None})),
        (build(files={'a': 'x', './b': {'content': 'y'}}),
         build(files={'b': {'content_base64': 'eQ==', 'mode': '0644'},
                      'a': 'x'})),
        (git(), git(dockerfile_path='Dockerfile'),
         git(dockerfile_path='./Dockerfile')),
        (build(args={'A': 1}), build(args=['A=1'])),
        (build(labels={'a': 1}), build(labels=['a=1'])),
        (build(shm_size='64m'), build(shm_size=67108864)),
        (build(cache_from=['a']), build(cache_from=['a:latest'])),
        (build(ulimits={'nofile': 9, 'nproc': 8}),
         build(ulimits={'nproc': 8, 'nofile': {'soft': 9, 'hard': 9}})),
        (build(extra_hosts=['a:192.0.2.1', 'b:192.0.2.2']),
         build(extra_hosts={'b': '192.0.2.2', 'a': '192.0.2.1'})),
        (None, {}, {'no_cache': False})),
    'tags': ((['a'], ['a:latest'], ['docker.io/library/a']),),
    'driver': ((None, ''),),
    'ipam': (
        (ipam({}), ipam({}, driver='default'), ipam({}, options={}),
         ipam({'ip_range': ''}), ipam({'gateway': None}),
         ipam({'aux_addresses': {}})),
        (ipam({}, {'subnet': '2001:DB8::/64', 'gateway': '2001:DB8:0::1'}),
         {'config': [{'subnet': '2001:db8::/64', 'gateway': '2001:db8::1'},
                     {'subnet': '10.9.0.0/24'}]}),
        (ipam({}, options={'a': 1}), ipam({}, options={'a': '1'})),
        (None, {}, {'driver': 'default'}, {'config': []})),
    'docker_endpoint': (('tcp://a.test:2375', 'http://a.test:2375'),),
}

# Values that are easily mistaken for the same.
DIFFERENT = {
    'image': ((HEX, 64 * 'b'), ('a:1', 'a:2'), ('a', 'a@sha256:' + HEX),
              ('a', 'r.test/a'), ('a:latest', 'sha256:' + HEX)),
    'labels': (({'a': ''}, None), ({'a': '1'}, {'a': '1.0'})),
    'umask': (('0000', None),),
    'env': ((['A=1', 'A=2'], ['A=2', 'A=1']), (['A'], ['A='])),
    'cmd': ((['a', 'b'], ['b', 'a']),),
    'entrypoint': (([], None),),
    'dns': ((['192.0.2.1', '192.0.2.2'], ['192.0.2.2', '192.0.2.1']),),
    'extra_hosts': ((['a:192.0.2.1', 'a:192.0.2.2'],
                     ['a:192.0.2.2', 'a:192.0.2.1']),
                    (['a:192.0.2.1', 'b:192.0.2.1'],
                     ['b:192.0.2.1', 'a:192.0.2.1'])),
    'healthcheck': (({'test': 'a'}, {'test': 'a', 'interval': 30}),
                    ({'disable': True}, None)),
    'port_bindings': (({'80': '1'}, {'80': '127.0.0.1:1'}),),
    'volumes': (({'/a': '/x'}, {'/a': '/x:ro'}),
                ({'aa': '/x', 'bb': '/y'}, {'aa': '/y', 'bb': '/x'})),
    'volumes_from': ((['aa', 'bb'], ['bb', 'aa']),),
    'mounts': ((bind(), bind(bind_recursive='disabled')),
               (bind(), bind(read_only=True)),
               (mount(driver_options={'a': ''}), mount()),
               (mount(source='aa', labels={'a': ''}), mount(source='aa')),
               (tmpfs(), tmpfs(tmpfs_mode='01777')),
               (tmpfs(tmpfs_options=['exec', 'noexec']),
                tmpfs(tmpfs_options=['noexec', 'exec']))),
    'tmpfs': ((['/a:exec,noexec'], ['/a:noexec,exec']),),
    'files': ((file(), file(mode='0600')), (file(), file(uid=1))),
    'networks': ((['a', 'b'], ['b', 'a']),
                 (networks(), networks(driver_opts={'x': ''}))),
    'network_mode': ((None, 'none'),),
    'stop_signal': (('INT', 'TERM'), (None, 'TERM')),
    'cpu_set': (('0-2', '0-3'), ('0,2', '0-2')),
    'security_opt': ((['no-new-privileges:false'], None),
                     (['label=user:a', 'label=user:b'],
                      ['label=user:b', 'label=user:a'])),
    'device_requests': (([{'capabilities': [['a', 'b']]}],
                         [{'capabilities': [['a'], ['b']]}]),),
    'build': ((build(), build(files={'a': 'x'})),
              (build(labels={'a': ''}), build()),
              (build(args={'A': ''}), build(args={'A': None}))),
    'ipam': ((ipam({'aux_addresses': {'a': '10.9.0.2'}}), ipam({})),
             (ipam({}, {'subnet': '10.8.0.0/24'}),
              {'config': [{'subnet': '10.8.0.0/24'},
                          {'subnet': '10.9.0.0/24'}]})),
}

# Lists whose order has no meaning, each in a value of its property.
UNORDERED = {
    'env': ['A=1', 'B=2'], 'group_add': ['a', 'b'],
    'port_specs': ['80', '81'], 'mounts': [*bind(), {'target': '/x'}],
    'mounts.tmpfs_options': tmpfs(tmpfs_options=['exec', 'uid=1']),
    'tmpfs': ['/a', '/b'],
    'files': [*file(), {'path': '/b', 'content': 'y'}],
    'networks.aliases': networks(aliases=['x', 'y']),
    'networks.link_local_ips': networks(
        link_local_ips=['169.254.1.1', '169.254.1.2']),
    'dns_options': ['ndots:2', 'rotate'],
    'extra_hosts': ['a:192.0.2.1', 'b:192.0.2.2'],
    'cap_add': ['KILL', 'CHOWN'], 'cap_drop': ['KILL', 'CHOWN'],
    'devices': ['/dev/a', '/dev/b'],
    **{'blkio_config.' + name: {name: [
        {'path': '/dev/a', number: 10}, {'path': '/dev/b', number: 11}]}
       for name, number in (
           ('weight_device', 'weight'), ('device_read_bps', 'rate'),
           ('device_write_bps', 'rate'), ('device_read_iops', 'rate'),
           ('device_write_iops', 'rate'))},
    'ulimits': [{'name': 'nofile', 'soft': 9}, {'name': 'nproc', 'soft': 8}],
    'security_opt': ['no-new-privileges', 'apparmor=a'],
    'device_cgroup_rules': ['c 1:2 r', 'c 1:3 r'],
    'device_requests.capabilities': [
        {'count': 1, 'capabilities': [['a'], ['b']]}],
    'build.ulimits': build(ulimits=[{'name': 'nofile', 'soft': 9},
                                    {'name': 'nproc', 'soft': 8}]),
    'build.extra_hosts': build(extra_hosts=['a:192.0.2.1', 'b:192.0.2.2']),
    'ipam.config': ipam({}, {'subnet': '2001:db8::/64'}),
}

# Lists whose order has a meaning, with the reason.
ORDERED = {
    'cmd': 'arguments', 'entrypoint': 'arguments', 'shell': 'arguments',
    'healthcheck.test': 'arguments', 'alarm_action.command': 'arguments',
    'dns': 'the first server is asked first',
    'dns_search': 'the first domain is tried first',
    'volumes_from': 'the last volume at a target is used',
    'device_requests': 'the driver may number devices in this order',
    'device_requests.device_ids': 'the driver may number devices',
    'networks': 'the first network is the main one',
    'tags': 'the digest is that of the first repository',
    'build.cache_from': 'the builder tries the first image first',
    'server_names': 'the names of a certificate are in this order',
}


# Values of a key that mean the same as none.
UNSET = {fields.BOOLEAN: (False, 'false'), fields.LIST: ([],),
         fields.MAP: ({},)}

# Strings of which at least one is valid for a scalar.
OTHERS = (
    '', 'r', '15', '1m', '0600', '0022', '/x', 'QQ==', 'swarm', 'private',
    'stop', 'start', 'never', 'shared', 'tmpfs', 'unless-stopped',
    'completed', 'rsa-2048', 'rsa-3072', 'enabled', 'exec', 'CHOWN', 'nproc',
    'apparmor=x', 'c 1:2 r', '192.0.2.99', '10.209.0.9', '2001:db8::99',
    'a:192.0.2.3', '02:42:c0:00:02:08', 'https://git.test/b.git')

# Keys whose values have to be real certificates.
FILES = ('ca_cert', 'client_cert', 'client_key')

# Values with the keys that the examples lack.
WHOLE = {
    'tls': [{'certificates': 'a/b'}],
    'healthcheck': ({'test': 'a', 'start_interval': 2}, {'disable': True}),
    'restart_policy': ({'Name': 'always'},),
    'mounts': (
        mount(type='volume'),
        bind(bind_recursive='disabled', create_host_path=True),
        mount(source='data', subpath='x', driver='local',
              driver_options={'o': 'a'}),
        tmpfs(tmpfs_options=['exec', 'uid=1'])),
    'files': ([{'path': '/a', 'content_base64': 'eA==', 'uid': 1, 'gid': 1}],),
    'networks': (networks(
        link_local_ips=['169.254.1.1'], mac_address='02:42:c0:00:02:07',
        interface_name='web0', driver_opts={'a': 'b'}, gw_priority=7),),
    'blkio_config': (
        {'device_write_bps': [{'path': '/dev/a', 'rate': 1}],
         'device_read_iops': [{'path': '/dev/a', 'rate': 1}]},),
    'device_requests': ([{'device_ids': ['1'], 'options': {'a': 'b'}}],),
    'alarm_action': ({'action': 'kill', 'signal': 'SIGHUP'},
                     {'action': 'exec', 'command': ['a']}),
    'registry_auth': ({'identity_token': 'a', 'server_address': 'r.test'},),
    'build': (
        git(), git(dockerfile_path='a'),
        build(args={'A': '1'}, target='a', labels={'a': 'b'}, no_cache=True,
              pull=True, cache_from=['a'], network='none', shm_size='64m',
              extra_hosts=['a:192.0.2.1'],
              ulimits=[{'name': 'nofile', 'soft': 9, 'hard': 9}])),
    'ipam': (ipam({}, options={'a': 'b'}),),
}

def all_fields():
    """Yield the path of each field, and the field; a shared field once."""
    found = {}
    for name, spec in SPECS.items():
        for field in spec.FIELDS:
            found.setdefault(id(field), ('%s.%s' % (name, field.name), field))
    return list(found.values())


SCHEMATA = {id(field): validation.properties_schema([field])
            for _path, field in all_fields()}


def fields_named(name):
    """Return the fields with a name or a path, and their paths."""
    return [(path, field) for path, field in all_fields()
            if name in (path, field.name)]


def made(field, value):
    """Return the values that Heat makes of a value, if it is valid."""
    values = validation.null_means_unset(properties.Properties(
        SCHEMATA[id(field)], {field.name: value}))
    values.validate()
    return values


def has_changed(field, before, after):
    """Return whether an update sees a change of valid values."""
    return bool(changes.changed([field], made(field, before),
                               made(field, after)))


def keys(nested, path=()):
    """Yield the path and the schema of each key; 0 for any index."""
    if isinstance(nested, properties.Schema):
        for key, part in keys(nested.schema):
            yield (*path, 0, *key), part
        return
    for name, part in (nested or {}).items():
        if name == '*':
            for key, inner in keys(part.schema):
                yield (*path, 0, *key), inner
            continue
        yield (*path, name), part
        yield from keys(part.schema, (*path, name))


def place(whole, path):
    """Return the part of a value at a path, or None."""
    for key in path:
        try:
            whole = whole[key]
        except (IndexError, KeyError, TypeError):
            return None
    return whole


def put(whole, path, value):
    """Return a copy with another part."""
    whole = [copy.deepcopy(whole)]
    *parents, last = (0, *path)
    part = place(whole, parents)
    part[last] = value
    return whole[0]


def same_by_schema(schema, value):
    """Yield values that differ from a value only in unset parts."""
    if isinstance(value, dict) and schema.schema:
        yield from same_maps(schema.schema, value)
    elif isinstance(value, dict):
        yield dict(reversed(value.items()))
    elif isinstance(value, list) and schema.schema:
        for number, item in enumerate(value):
            for inner in same_by_schema(schema.schema[0], item):
                yield [*value[:number], inner, *value[number + 1:]]
    elif schema.type in (fields.INTEGER, fields.NUMBER, fields.BOOLEAN):
        yield str(value).lower()


def same_maps(known, value):
    """Yield maps that differ only in keys that are unset."""
    for name, part in known.items():
        if name in value:
            for inner in same_by_schema(part, value[name]):
                yield {**value, name: inner}
        elif not part.required:
            for unset in (None, part.default, *UNSET.get(part.type, ())):
                yield {**value, name: unset}


def others(value):
    """Yield values that may take the place of a scalar."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield from (value + 1, value - 1, 2 * value)
    elif isinstance(value, str):
        yield from (value + '1', value + '/x', value + 'x', *(
            value[:-1] + last for last in ('1', '2', '/25')), *OTHERS)


def leaves(value, path=()):
    """Yield the path of each scalar."""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        yield path
        return
    for key, item in items:
        yield from leaves(item, (*path, key))


class SameTestCase(testtools.TestCase):

    def test_spellings(self):
        for name, groups in SAME.items():
            found = fields_named(name)
            self.assertNotEqual([], found, name)
            for (path, field), group in itertools.product(found, groups):
                for before, after in itertools.permutations(group, 2):
                    if name == 'image' and before is None:
                        continue
                    self.assertFalse(has_changed(field, before, after),
                                     (path, before, after))

    def test_unset_parts(self):
        """A key that is null, false, empty or its default is unset."""
        count = 0
        for path, field in all_fields():
            schema = validation.PropertySchema(field)
            for after in same_by_schema(schema, field.example):
                try:
                    changed = has_changed(field, field.example, after)
                except exception.StackValidationFailed:
                    # Only some keys have a default for each other key.
                    continue
                count += 1
                self.assertFalse(changed, (path, after))
        self.assertGreater(count, 150)

    def test_order_of_every_list(self):
        """A new list needs an entry: its order has a meaning, or not."""
        lists = {}
        for _path, field in all_fields():
            if field.type == fields.LIST:
                lists[field.name] = field.name, ()
            lists.update((field.name + ''.join(
                '.' + part for part in path if part != 0), (field.name, path))
                for path, key in keys(field.nested)
                if key.type == fields.LIST)
        self.assertEqual(set(lists), {*ORDERED, *UNORDERED})
        for place_of_list, value in UNORDERED.items():
            name, path = lists[place_of_list]
            items = place(value, path)
            self.assertNotEqual(items, items[::-1])
            after = put(value, path, items[::-1]) if path else items[::-1]
            for where, field in fields_named(name):
                self.assertFalse(has_changed(field, value, after), where)


class DifferentTestCase(testtools.TestCase):

    def test_different_values(self):
        for name, pairs in DIFFERENT.items():
            for path, field in fields_named(name):
                for before, after in pairs:
                    if name == 'image' and None in (before, after):
                        continue
                    self.assertTrue(has_changed(field, before, after),
                                    (path, before, after))

    def test_each_part_is_seen(self):
        """No part of a value is left out of the comparison."""
        missed = []
        for path, field in all_fields():
            examples = [field.example, *WHOLE.get(field.name, ())]
            seen = set()
            for example in examples:
                for leaf in leaves(example):
                    if self.change_is_seen(field, example, leaf):
                        seen.add(tuple(0 if isinstance(part, int) else part
                                       for part in leaf))
            if not seen:
                missed.append(path)
            missed += ['%s %s' % (path, key) for key, _schema in keys(
                field.nested) if key[0] not in FILES and not any(
                    one[:len(key)] == key for one in seen)]
        self.assertEqual([], missed)

    def change_is_seen(self, field, example, leaf):
        """Change one scalar, and return whether that is valid.

        Each valid change must be seen.
        """
        before = place(example, leaf)
        for other in others(before):
            after = put(example, leaf, other) if leaf else other
            try:
                changed = other != before and has_changed(field, example,
                                                          after)
            except exception.StackValidationFailed:
                continue
            self.assertEqual(other != before, changed, (field.name, after))
            if changed:
                return True
        return False


class UpdateTestCase(base.ContainerTestCase):
    """An update that spells values in another way sends no request."""

    def test_update(self):
        made = self.make_running(
            mounts=[{'target': '/a', 'source': 'data'}], stop_signal='INT',
            volumes={'/srv': '/x:ro,z'}, env=['A=1', 'B=2'],
            ulimits={'nofile': 9})
        self.forget()
        self.update(made, image='docker.io/library/%s' % made.properties[
            'image'], mounts=[{'target': '/a/', 'source': 'data',
                               'read_only': False}], stop_signal='SIGINT',
            volumes={'/srv/': '/x/:z,ro'}, env=['B=2', 'A=1'],
            ulimits=[{'name': 'nofile', 'soft': 9, 'hard': 9}])
        self.assertEqual([], self.daemon.changes)
