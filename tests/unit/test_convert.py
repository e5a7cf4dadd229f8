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

"""Every converter, both ways, with valid and invalid values."""

import collections
import io
import ipaddress
import itertools
import sys
import tarfile

import hypothesis
from hypothesis import strategies as st
import testtools

from heat_docker.convert import building
from heat_docker.convert import ipam
from heat_docker.convert import limits
from heat_docker.convert import network
from heat_docker.convert import platforms
from heat_docker.convert import ports
from heat_docker.convert import process
from heat_docker.convert import registry
from heat_docker.convert import scalars
from heat_docker.convert import storage

MODULES = (building, ipam, limits, network, platforms, ports, process,
           registry, scalars, storage)

HUB = 'https://index.docker.io/v1/'
GIT = 'https://r.test:8443/team/web.git#v1/x:dir/image'

# converter to the API, converter back, canonical value, JSON of the API
PAIRS = (
    (scalars.identity, scalars.identity, True, True),
    (scalars.identity, scalars.identity, 0, 0),
    (process.image, scalars.identity, 'mariadb:11', 'mariadb:11'),
    (scalars.to_strings, scalars.as_list, ['sleep', '9'], ['sleep', '9']),
    (scalars.to_strings, scalars.as_list, [], []),
    (process.env_to_api, scalars.as_list, ['A=1', 'B=', 'C', 'D=x=y'],
     ['A=1', 'B=', 'C', 'D=x=y']),
    (network.dns_to_api, scalars.as_list, ['192.0.2.1', '2001:db8::1'],
     ['192.0.2.1', '2001:db8::1']),
    (process.capabilities_to_api, process.capabilities_from_api,
     ['ALL', 'NET_ADMIN'], ['ALL', 'NET_ADMIN']),
    (process.restart_policy_to_api, process.restart_policy_from_api,
     {'Name': 'on-failure', 'MaximumRetryCount': 3},
     {'Name': 'on-failure', 'MaximumRetryCount': 3}),
    (process.restart_policy_to_api, process.restart_policy_from_api,
     {'Name': 'always', 'MaximumRetryCount': 0},
     {'Name': 'always', 'MaximumRetryCount': 0}),
    (limits.devices_to_api, limits.devices_from_api,
     [{'path_on_host': '/dev/a', 'path_in_container': '/dev/b',
       'permissions': 'r'}],
     [{'PathOnHost': '/dev/a', 'PathInContainer': '/dev/b',
       'CgroupPermissions': 'r'}]),
    (ports.port_specs_to_api, ports.port_specs_from_api,
     ['53/udp', '80', '132/sctp'],
     {'53/udp': {}, '80/tcp': {}, '132/sctp': {}}),
    (ports.port_bindings_to_api, ports.port_bindings_from_api,
     {'53/udp': '127.0.0.1:', '80': ['8080', '[::1]:81'], '90': ''},
     {'53/udp': [{'HostIp': '127.0.0.1', 'HostPort': ''}],
      '80/tcp': [{'HostIp': '', 'HostPort': '8080'},
                 {'HostIp': '::1', 'HostPort': '81'}],
      '90/tcp': [{'HostIp': '', 'HostPort': ''}]}),
    (storage.volumes_to_api, storage.volumes_from_api,
     {'/srv': '/www:ro', 'data': '/data', '/a b': '/c:ro,z'},
     ['/srv:/www:ro', 'data:/data', '/a b:/c:ro,z']),
    (storage.volumes_from_to_api, scalars.as_list, ['one', 'two:ro'],
     ['one', 'two:ro']),
    (network.links_to_api, network.links_from_api, {'wiki-db': 'db'},
     ['wiki-db:db']),
    (scalars.to_string_map, scalars.as_map, {'a': '1', 'b': ''},
     {'a': '1', 'b': ''}),
    (scalars.size_to_api, scalars.size_from_api, '67108864', 67108864),
    (scalars.size_to_api, scalars.size_from_api, '0', 0),
    (scalars.size_or_unlimited_to_api, scalars.size_from_api, '-1', -1),
    (scalars.size_or_unlimited_to_api, scalars.size_from_api, '1024', 1024),
    (scalars.nanoseconds, scalars.seconds, 1.5, 1500000000),
    (scalars.nanoseconds, scalars.seconds, 30, 30000000000),
    (limits.cpus_to_api, limits.cpus_from_api, 0.5, 500000000),
    (limits.cpus_to_api, limits.cpus_from_api, 2, 2000000000),
    (storage.octal, storage.octal_from_api, '01777', 1023),
    (process.labels_to_api, process.labels_from_api, {'a.b': 'c'},
     {'a.b': 'c'}),
    (process.healthcheck_to_api, process.healthcheck_from_api,
     {'test': ['CMD', 'true'], 'interval': 1.5, 'timeout': 10,
      'start_period': 0.5, 'start_interval': 0.25, 'retries': 3},
     {'Test': ['CMD', 'true'], 'Interval': 1500000000,
      'Timeout': 10000000000, 'StartPeriod': 500000000,
      'StartInterval': 250000000, 'Retries': 3}),
    (process.healthcheck_to_api, process.healthcheck_from_api,
     {'disable': True}, {'Test': ['NONE']}),
    (process.healthcheck_to_api, process.healthcheck_from_api,
     {'interval': 1}, {'Interval': 1000000000}),
    (network.extra_hosts_to_api, scalars.as_list,
     ['db:192.0.2.7', 'db6:2001:db8::7', 'host:host-gateway'],
     ['db:192.0.2.7', 'db6:2001:db8::7', 'host:host-gateway']),
    (network.networks_to_api, network.endpoints_from_api,
     [{'network': 'front', 'aliases': ['web'], 'ipv4_address': '192.0.2.7',
       'ipv6_address': '2001:db8::7', 'link_local_ips': ['169.254.0.7'],
       'interface_name': 'web0', 'driver_opts': {'a': 'b'},
       'gw_priority': 5}, {'network': 'back'}],
     {'front': {'Aliases': ['web'], 'DriverOpts': {
         'a': 'b', 'com.docker.network.endpoint.ifname': 'web0'},
                'IPAMConfig': {'IPv4Address': '192.0.2.7',
                               'IPv6Address': '2001:db8::7',
                               'LinkLocalIPs': ['169.254.0.7']},
                'GwPriority': 5}, 'back': {}}),
    (storage.mounts_to_api, storage.mounts_from_api,
     [{'type': 'bind', 'source': '/a', 'target': '/b', 'read_only': True,
       'propagation': 'shared', 'create_host_path': True},
      {'type': 'bind', 'source': '/a', 'target': '/e',
       'bind_recursive': 'disabled'},
      {'type': 'bind', 'source': '/a', 'target': '/f', 'read_only': True,
       'bind_recursive': 'writable'},
      {'type': 'bind', 'source': '/a', 'target': '/g', 'read_only': True,
       'propagation': 'rprivate', 'bind_recursive': 'readonly'},
      {'type': 'volume', 'source': 'vol', 'target': '/c', 'no_copy': True,
       'subpath': 'd', 'labels': {'e': 'f'}, 'driver': 'local',
       'driver_options': {'g': 'h'}},
      {'type': 'tmpfs', 'target': '/i', 'tmpfs_size': '65536',
       'tmpfs_mode': '0755', 'tmpfs_options': ['exec', 'uid=1']},
      {'type': 'image', 'source': 'j:1', 'target': '/k', 'subpath': 'l'},
      {'type': 'volume', 'target': '/m'}],
     [{'Type': 'bind', 'Source': '/a', 'Target': '/b', 'ReadOnly': True,
       'BindOptions': {'Propagation': 'shared', 'CreateMountpoint': True}},
      {'Type': 'bind', 'Source': '/a', 'Target': '/e',
       'BindOptions': {'NonRecursive': True}},
      {'Type': 'bind', 'Source': '/a', 'Target': '/f', 'ReadOnly': True,
       'BindOptions': {'ReadOnlyNonRecursive': True}},
      {'Type': 'bind', 'Source': '/a', 'Target': '/g', 'ReadOnly': True,
       'BindOptions': {'Propagation': 'rprivate',
                       'ReadOnlyForceRecursive': True}},
      {'Type': 'volume', 'Source': 'vol', 'Target': '/c', 'VolumeOptions': {
          'NoCopy': True, 'Subpath': 'd', 'Labels': {'e': 'f'},
          'DriverConfig': {'Name': 'local', 'Options': {'g': 'h'}}}},
      {'Type': 'tmpfs', 'Target': '/i',
       'TmpfsOptions': {'SizeBytes': 65536, 'Mode': 0o755,
                        'Options': [['exec'], ['uid', '1']]}},
      {'Type': 'image', 'Source': 'j:1', 'Target': '/k',
       'ImageOptions': {'Subpath': 'l'}},
      {'Type': 'volume', 'Target': '/m'}]),
    (storage.tmpfs_to_api, storage.tmpfs_from_api,
     ['/run', '/tmp:size=64m,mode=755'],
     {'/run': '', '/tmp': 'size=64m,mode=755'}),
    (limits.ulimits_to_api, limits.ulimits_from_api,
     [{'name': 'nofile', 'soft': 1, 'hard': 2},
      {'name': 'core', 'soft': 0, 'hard': -1},
      {'name': 'memlock', 'soft': -1, 'hard': -1}],
     [{'Name': 'nofile', 'Soft': 1, 'Hard': 2},
      {'Name': 'core', 'Soft': 0, 'Hard': -1},
      {'Name': 'memlock', 'Soft': -1, 'Hard': -1}]),
    (limits.device_requests_to_api, limits.device_requests_from_api,
     [{'driver': 'nvidia', 'count': -1, 'capabilities': [['gpu']]},
      {'driver': 'cdi', 'device_ids': ['0', '1'], 'options': {'a': 'b'}}],
     [{'Driver': 'nvidia', 'Count': -1, 'Capabilities': [['gpu']]},
      {'Driver': 'cdi', 'DeviceIDs': ['0', '1'], 'Options': {'a': 'b'}}]),
    (ipam.ipam_to_api, ipam.ipam_from_api,
     {'driver': 'default', 'options': {'a': 'b'}, 'config': [
         {'subnet': '10.9.0.0/24', 'ip_range': '10.9.0.128/25',
          'gateway': '10.9.0.1', 'aux_addresses': {'router': '10.9.0.2'}},
         {'subnet': 'fd00::/64'}]},
     {'Driver': 'default', 'Options': {'a': 'b'}, 'Config': [
         {'Subnet': '10.9.0.0/24', 'IPRange': '10.9.0.128/25',
          'Gateway': '10.9.0.1',
          'AuxiliaryAddresses': {'router': '10.9.0.2'}},
         {'Subnet': 'fd00::/64'}]}),
    (building.tags_to_api, scalars.identity, ['web', 'r.test:5000/web:1'],
     ['web', 'r.test:5000/web:1']),
)

# converter to the API, another spelling, equivalent value
SPELLINGS = (
    (building.build_to_context, {}, b''),
    (scalars.map_masked, {'a': 'hunter2', 'b': ''}, {'a': '***', 'b': '***'}),
    (storage.driver_options_masked,
     {'type': 'nfs', 'o': 'addr=h', 'device': ':/a'},
     {'type': 'nfs', 'o': '***', 'device': '***'}),
    (storage.mounts_masked,
     [{'target': '/a', 'driver_options': {
         'type': 'cifs', 'o': 'password=hunter2'}},
      {'target': '/b', 'driver_options': None}],
     [{'target': '/a', 'driver_options': {'type': 'cifs', 'o': '***'}},
      {'target': '/b', 'driver_options': None}]),
    (ipam.ipam_to_api, {}, {}),
    # Heat's value for unset keys.
    (ipam.ipam_to_api, {'driver': None, 'options': None, 'config': []}, {}),
    (ipam.ipam_to_api,
     {'options': {'a': 1}, 'config': [
         {'subnet': '10.9.0.0/24', 'ip_range': None, 'gateway': '',
          'aux_addresses': {}},
         {'subnet': 'FD00:0::/64', 'gateway': 'fd00:0:0::1',
          'aux_addresses': {1: 'fd00:0::2'}}]},
     {'Options': {'a': '1'}, 'Config': [
         {'Subnet': '10.9.0.0/24'},
         {'Subnet': 'fd00::/64', 'Gateway': 'fd00::1',
          'AuxiliaryAddresses': {'1': 'fd00::2'}}]}),
    (storage.mounts_to_api,
     [{'type': 'bind', 'source': '/a', 'target': '/b',
       'bind_recursive': 'enabled', 'tmpfs_options': []},
      {'type': 'bind', 'source': '/a', 'target': '/c', 'read_only': True,
       'bind_recursive': 'readonly', 'propagation': ''}],
     [{'Type': 'bind', 'Source': '/a', 'Target': '/b'},
      {'Type': 'bind', 'Source': '/a', 'Target': '/c', 'ReadOnly': True,
       'BindOptions': {'ReadOnlyForceRecursive': True}}]),
    (building.tags_to_api, [1], ['1']),
    (building.build_to_api, {}, {}),
    (building.build_to_api, {'dockerfile': None, 'files': {}}, {}),
    (building.build_to_api, {'no_cache': False, 'ulimits': []}, {}),
    *((building.git_url, {'context': url}, url) for url in (
        GIT, 'http://r.test/a.git', 'https://[::1]:3000/a.git#main',
        'https://r.test/a.git#:dir', 'git://r.test/a', 'git://r.test/a#b:c',
        'https://r.test/~me/a+b_c-d.git#pull/42/head')),
    (building.git_url, {'context': None}, None),
    (building.git_url, {}, None),
    (building.build_to_api,
     {'context': GIT, 'dockerfile_path': './a/../Dockerfile.web',
      'args': {'A': 1}},
     {'context': b'', 'maps': {'buildargs': {'A': '1'}, 'labels': {}},
      'query': {'remote': GIT, 'dockerfile': 'Dockerfile.web'}}),
    (building.build_masked, {'context': GIT}, {'context': GIT}),
    (building.build_masked,
     {'context': 'https://me:hunter2@r.test/web.git'}, {'context': '***'}),
    (building.build_masked,
     {'files': {'a': {'content': 'hunter2', 'mode': '0755'}, 'b': 7}},
     {'files': {'a': {'content': '***', 'mode': '0755'}, 'b': '***'}}),
    (storage.file_content, {'path': '/a', 'content': 'b'}, b'b'),
    (storage.file_content, {'path': '/a', 'content_base64': 'Yg=='}, b'b'),
    *((platforms.platform_to_api, value, dict(zip(
        ('os', 'architecture', 'variant'), api, strict=False)))
      for value, api in (
          (None, ()), ('', ()), ('linux', ['linux']),
          ('linux/arm64', ['linux', 'arm64']),
          ('Linux/ARM/v7', ['linux', 'arm', 'v7']),
          ('linux/arm/7', ['linux', 'arm', 'v7']),
          ('linux/armhf', ['linux', 'arm', 'v7']),
          ('linux/x86_64', ['linux', 'amd64']),
          ('linux/aarch64', ['linux', 'arm64']))),
    (platforms.platform_to_api, 'i386', {'architecture': '386'}),
    (process.umask_to_api, '022', 18),
    (process.umask_to_api, '0o022', 18),
    (registry.full_name, 'busybox', 'docker.io/library/busybox:latest'),
    *((registry.has_tag, image, moves) for image, moves in (
        ('busybox', True), ('busybox:1', True), ('r.test:5000/web:1', True),
        ('busybox@sha256:' + 64 * '0', False),
        ('busybox:1@sha256:' + 64 * '0', False),
        ('sha256:' + 64 * 'b', False), ('localhost/web:1', False))),
    (registry.full_name, 'docker.io/busybox:1',
     'docker.io/library/busybox:1'),
    (registry.full_name, 'r.test:5000/web', 'r.test:5000/web:latest'),
    (registry.full_name, 'r.test:5000/web@sha256:' + 64 * '0',
     'r.test:5000/web@sha256:' + 64 * '0'),
    (registry.parts, 'busybox', ('docker.io', 'library/busybox')),
    (registry.parts, 'busybox:1', ('docker.io', 'library/busybox')),
    (registry.parts, 'busybox@sha256:' + 64 * '0',
     ('docker.io', 'library/busybox')),
    (registry.parts, 'me/web:1', ('docker.io', 'me/web')),
    (registry.parts, 'docker.io/busybox', ('docker.io', 'library/busybox')),
    (registry.parts, 'docker.io/library/busybox:1',
     ('docker.io', 'library/busybox')),
    (registry.parts, 'index.docker.io/busybox',
     ('docker.io', 'library/busybox')),
    (registry.parts, 'registry-1.docker.io/me/web', ('docker.io', 'me/web')),
    (registry.parts, 'registry.hub.docker.com/me/web',
     ('docker.io', 'me/web')),
    (registry.parts, 'localhost/web', ('localhost', 'web')),
    (registry.parts, 'localhost:5000/a/b:c', ('localhost:5000', 'a/b')),
    (registry.parts, 'r.test/web:1@sha256:' + 64 * '0', ('r.test', 'web')),
    (registry.parts, '[::1]:5000/web', ('[::1]:5000', 'web')),
    # Docker takes a name with capitals for a host.
    (registry.parts, 'HOST/web', ('HOST', 'web')),
    (registry.parts, 'sha256:' + 64 * 'a', ('', '')),
    (registry.parts, 'sha256:' + 12 * 'a', ('', '')),
    (registry.parts, 64 * 'a', ('', '')),
    (registry.address, 'docker.io', HUB),
    (registry.address, HUB, HUB),
    (registry.address, 'https://registry-1.docker.io', HUB),
    (registry.address, 'registry.hub.docker.com', HUB),
    (registry.address, 'r.test', 'r.test'),
    (registry.address, 'http://r.test:5000/v2/', 'r.test:5000'),
    (registry.auth_to_api, {'username': 'me', 'password': 'x'},
     {'username': 'me', 'password': 'x'}),
    (registry.auth_to_api, {'identity_token': 'x', 'username': '',
                            'password': None},
     {'identitytoken': 'x'}),
    (registry.auth_to_api, {'username': 'me', 'password': 'x',
                            'server_address': 'docker.io'},
     {'username': 'me', 'password': 'x', 'serveraddress': HUB}),
    # Heat's value for an explicit null.
    (registry.auth_to_api, {}, {}),
    (registry.auth_to_api, dict.fromkeys((
        'username', 'password', 'identity_token', 'server_address')), {}),
    (registry.auth_masked, {'username': 'me', 'password': 'hunter2',
                            'server_address': 'r.test'},
     {'username': 'me', 'password': '***', 'server_address': 'r.test'}),
    (registry.auth_masked, {'identity_token': 'hunter2', 'password': None},
     {'identity_token': '***', 'password': None}),
    (process.env_masked, ['A=hunter2', 'B=', 'C=x=y', 5],
     ['A=***', 'B=***', 'C=***', '5=***']),
    (building.build_masked,
     {'dockerfile': 'FROM a', 'files': {'a': 'hunter2'}, 'target': 't',
      'args': {'A': 'hunter2'}, 'labels': {'b': 'c'}},
     {'dockerfile': '***', 'files': {'a': '***'}, 'target': 't',
      'args': {'A': '***'}, 'labels': {'b': 'c'}}),
    (building.build_masked, dict.fromkeys(('dockerfile', 'files', 'args')),
     dict.fromkeys(('dockerfile', 'files', 'args'))),
    (storage.files_masked,
     [{'path': '/a', 'content': 'hunter2', 'content_base64': None},
      {'path': '/b', 'content_base64': 'aHVudGVyMg=='},
      {'path': '/c', 'content': ''}],
     [{'path': '/a', 'content': '***', 'content_base64': None},
      {'path': '/b', 'content_base64': '***'},
      {'path': '/c', 'content': ''}]),
    (scalars.to_strings, [1, True, False, 1.5, 'x'],
     ['1', 'true', 'false', '1.5', 'x']),
    (process.env_to_api, [5], ['5']),
    (network.dns_to_api, ['2001:DB8:0::1'], ['2001:db8::1']),
    *((process.security_options_to_api, [value], [value]) for value in (
        'seccomp=unconfined', 'seccomp:builtin', 'seccomp={"syscalls": []}',
        'seccomp=\n{}', 'no-new-privileges', 'label:disable',
        'apparmor=heat', 'label=user:a', 'apparmor:heat', 'disable',
        'no-new-privileges:false', 'writable-cgroups', 'unmask=/proc/kcore',
        'mask:/proc/acpi', 'proc-opts=hidepid=2')),
    *((limits.device_cgroup_rules_to_api, [value], [value]) for value in (
        'c 42:* rwm', 'a *:* r', 'b 8:0 mw')),
    *((network.networks_to_api, [{'network': 'a', 'mac_address': value}],
       {'a': {'MacAddress': value}})
      for value in ('02:42:00:00:00:07', '02-42-00-00-00-0F',
                    '0242.0000.0007')),
    (process.capabilities_to_api, ['cap_net_admin', 'CAP_KILL', 'mknod'],
     ['KILL', 'MKNOD', 'NET_ADMIN']),
    (process.restart_policy_to_api, {},
     {'Name': 'no', 'MaximumRetryCount': 0}),
    (process.restart_policy_to_api, {'Name': '', 'MaximumRetryCount': None},
     {'Name': 'no', 'MaximumRetryCount': 0}),
    (limits.devices_to_api, [{'path_on_host': '/dev/x'}],
     [{'PathOnHost': '/dev/x', 'PathInContainer': '/dev/x',
       'CgroupPermissions': 'rwm'}]),
    (ports.port_specs_to_api, [80, '53/UDP', '7-9'],
     {'80/tcp': {}, '53/udp': {}, '7/tcp': {}, '8/tcp': {}, '9/tcp': {}}),
    (ports.port_specs_to_api, [80, '80', '80/tcp', '80/udp'],
     {'80/tcp': {}, '80/udp': {}}),
    (ports.port_specs_to_api, ['7-8', '8-9', 8],
     {'7/tcp': {}, '8/tcp': {}, '9/tcp': {}}),
    (ports.port_bindings_to_api, {80: 8080},
     {'80/tcp': [{'HostIp': '', 'HostPort': '8080'}]}),
    (ports.port_bindings_to_api, {'80/TCP': 0},
     {'80/tcp': [{'HostIp': '', 'HostPort': ''}]}),
    (ports.port_bindings_to_api, {'80': []},
     {'80/tcp': [{'HostIp': '', 'HostPort': ''}]}),
    (ports.port_bindings_to_api, {'80': None},
     {'80/tcp': [{'HostIp': '', 'HostPort': ''}]}),
    (ports.port_bindings_to_api, {'5-6': '192.0.2.1:15-16'},
     {'5/tcp': [{'HostIp': '192.0.2.1', 'HostPort': '15'}],
      '6/tcp': [{'HostIp': '192.0.2.1', 'HostPort': '16'}]}),
    (ports.port_bindings_to_api, {'5-6/udp': ''},
     {'5/udp': [{'HostIp': '', 'HostPort': ''}],
      '6/udp': [{'HostIp': '', 'HostPort': ''}]}),
    # The form of the API and of docker-py.
    (ports.port_bindings_to_api, {'80/tcp': [{'HostPort': '80'}]},
     {'80/tcp': [{'HostIp': '', 'HostPort': '80'}]}),
    (ports.port_bindings_to_api,
     {80: {'HostIp': '0.0.0.0', 'HostPort': 8080}},
     {'80/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '8080'}]}),
    (ports.port_bindings_to_api,
     {80: [{'HostIp': '0:0::1', 'HostPort': '81'}, '127.0.0.1:82', 83]},
     {'80/tcp': [{'HostIp': '::1', 'HostPort': '81'},
                 {'HostIp': '127.0.0.1', 'HostPort': '82'},
                 {'HostIp': '', 'HostPort': '83'}]}),
    (ports.port_bindings_to_api,
     {1: {'HostIp': '127.0.0.1'}, 2: {'HostIp': None, 'HostPort': None},
      3: {'HostIp': '', 'HostPort': ''}, 4: {'HostPort': 0}, 5: {}, 6: [{}]},
     {'1/tcp': [{'HostIp': '127.0.0.1', 'HostPort': ''}],
      **{'%d/tcp' % port: [{'HostIp': '', 'HostPort': ''}]
         for port in range(2, 7)}}),
    (ports.port_bindings_to_api,
     {'5-6': {'HostIp': '192.0.2.1', 'HostPort': '15-16'}},
     {'5/tcp': [{'HostIp': '192.0.2.1', 'HostPort': '15'}],
      '6/tcp': [{'HostIp': '192.0.2.1', 'HostPort': '16'}]}),
    (ports.port_bindings_to_exposed, {80: 8080, '5-6/udp': ''},
     {'80/tcp': {}, '5/udp': {}, '6/udp': {}}),
    # One host port per protocol, and per address.
    # A free port on all addresses covers those on single addresses.
    *((ports.port_bindings_to_api, {'53/udp': hosts}, {'53/udp': [
        {'HostIp': address, 'HostPort': port} for address, port in expected]})
      for hosts, expected in (
          (['127.0.0.1:', ''], [('', '')]),
          (['', '[::1]:', '0.0.0.0:', '[::]:'], [('', '')]),
          (['0.0.0.0:', '127.0.0.1:', '[::1]:'],
           [('0.0.0.0', ''), ('::1', '')]),
          (['[::1]:', '[::]:', '127.0.0.1:'],
           [('::', ''), ('127.0.0.1', '')]),
          (['0.0.0.0:', '[::]:'], [('0.0.0.0', ''), ('::', '')]),
          (['127.0.0.1:', '127.0.0.1:0', '127.0.0.2:'],
           [('127.0.0.1', ''), ('127.0.0.2', '')]),
          (['', 0], [('', '')]),
          (['127.0.0.1:53', ''], [('127.0.0.1', '53'), ('', '')]),
          (['0.0.0.0:53', '127.0.0.1:'],
           [('0.0.0.0', '53'), ('127.0.0.1', '')]))),
    (ports.port_bindings_to_api, {'53': '53', '53/udp': '53'},
     {'53/tcp': [{'HostIp': '', 'HostPort': '53'}],
      '53/udp': [{'HostIp': '', 'HostPort': '53'}]}),
    (ports.port_bindings_to_api, {'1': '192.0.2.1:9', '2': '192.0.2.2:9'},
     {'1/tcp': [{'HostIp': '192.0.2.1', 'HostPort': '9'}],
      '2/tcp': [{'HostIp': '192.0.2.2', 'HostPort': '9'}]}),
    (ports.port_bindings_to_api, {'1': '0.0.0.0:9', '2': '[::]:9'},
     {'1/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '9'}],
      '2/tcp': [{'HostIp': '::', 'HostPort': '9'}]}),
    (storage.volumes_to_api, {'/a': {'bind': '/b'}}, ['/a:/b']),
    (storage.volumes_to_api, {'/a': {'bind': '/b', 'mode': 'ro'}},
     ['/a:/b:ro']),
    (storage.volumes_to_api, {'/a': {'bind': '/b', 'ro': True}},
     ['/a:/b:ro']),
    (storage.volumes_to_api, {'/a': {'bind': '/b', 'ro': 'True'}},
     ['/a:/b:ro']),
    (storage.volumes_to_api, {'/a': {'bind': '/b', 'ro': 'false'}},
     ['/a:/b']),
    (storage.volumes_to_api, {'/a': {'bind': '/b', 'ro': False}}, ['/a:/b']),
    (storage.volumes_to_api, {'/a': {'bind': '/b', 'mode': 'rw'}}, ['/a:/b']),
    (storage.volumes_to_api, {'/a': '/b:rw'}, ['/a:/b']),
    # Null means unset.
    (storage.volumes_to_api, {'/a': {'bind': '/b', 'ro': None,
                                     'mode': None}}, ['/a:/b']),
    (storage.volumes_to_api, {'/a': {'bind': '/b', 'ro': True,
                                     'mode': None}}, ['/a:/b:ro']),
    (network.links_to_api, {'db': ''}, ['db:db']),
    (network.links_to_api, {'wiki-db': 'd'}, ['wiki-db:d']),
    (scalars.to_string, 1.5, '1.5'),
    (scalars.to_string_map, {1: True, 'a': 1.5}, {'1': 'true', 'a': '1.5'}),
    (scalars.size_to_api, 512, 512),
    (scalars.size_to_api, '1k', 1024),
    (scalars.size_to_api, '1.5K', 1536),
    (scalars.size_to_api, '64m', 64 * 1024 ** 2),
    (scalars.size_to_api, '64MiB', 64 * 1024 ** 2),
    (scalars.size_to_api, '64mb', 64 * 1024 ** 2),
    (scalars.size_to_api, '2g', 2 * 1024 ** 3),
    (scalars.size_to_api, '1t', 1024 ** 4),
    (scalars.size_to_api, '1p', 1024 ** 5),
    (scalars.size_to_api, '7b', 7),
    (scalars.size_or_unlimited_to_api, -1, -1),
    (scalars.size_or_unlimited_to_api, '1k', 1024),
    (scalars.double, 5, 10),
    (scalars.drop_none, {'a': None, 'b': 0, 'c': ''}, {'b': 0, 'c': ''}),
    (scalars.drop_empty, {'a': None, 'b': 0, 'c': 'd'}, {'c': 'd'}),
    (scalars.drop_empty, None, {}),
    (storage.octal, '644', 0o644),
    (storage.octal, '0644', 0o644),
    (storage.octal, '0o644', 0o644),
    (process.labels_to_api, {'a': 1}, {'a': '1'}),
    (process.healthcheck_to_api, {}, {}),
    (process.healthcheck_to_api,
     {'disable': True, 'test': ['CMD', 'a'], 'retries': 1},
     {'Test': ['NONE']}),
    (process.healthcheck_to_api,
     {'test': ['CMD', 1], 'disable': False, 'interval': 0, 'timeout': None,
      'retries': 0}, {'Test': ['CMD', '1']}),
    (process.healthcheck_to_api, {'interval': 0.001}, {'Interval': 1000000}),
    (network.extra_hosts_to_api, ['a:[2001:db8::7]'], ['a:2001:db8::7']),
    (network.extra_hosts_to_api, ['a=[2001:db8::7]'], ['a:2001:db8::7']),
    (network.extra_hosts_to_api, ['a=2001:db8::7'], ['a:2001:db8::7']),
    (network.extra_hosts_to_api, ['a=192.0.2.1'], ['a:192.0.2.1']),
    (network.extra_hosts_to_api, ['a=host-gateway'], ['a:host-gateway']),
    (network.networks_to_api, [], {}),
    (network.networks_to_api,
     [{'network': 'n', 'ipv6_address': '2001:DB8:0::7', 'aliases': [1],
       'ipv4_address': None, 'link_local_ips': [], 'driver_opts': {'a': 1},
       'mac_address': '02:42:00:00:00:07', 'gw_priority': 0}],
     {'n': {'IPAMConfig': {'IPv6Address': '2001:db8::7'}, 'Aliases': ['1'],
            'MacAddress': '02:42:00:00:00:07', 'DriverOpts': {'a': '1'}}}),
    (network.networks_to_mode, [{'network': 'n'}, {'network': 'm'}], 'n'),
    (network.networks_to_mode, [], 'default'),
    (storage.mounts_to_api,
     [{'type': None, 'target': '/a', 'source': None, 'read_only': False,
       'labels': {}, 'subpath': ''}],
     [{'Type': 'volume', 'Target': '/a', 'ReadOnly': False}]),
    (storage.mounts_to_api,
     [{'type': 'bind', 'source': '/a', 'target': '/b',
       'create_host_path': False}],
     [{'Type': 'bind', 'Source': '/a', 'Target': '/b',
       'BindOptions': {'CreateMountpoint': False}}]),
    (storage.mounts_to_api,
     [{'type': 'tmpfs', 'target': '/a', 'tmpfs_size': '64m'}],
     [{'Type': 'tmpfs', 'Target': '/a',
       'TmpfsOptions': {'SizeBytes': 67108864}}]),
    (storage.tmpfs_to_api, [], {}),
    (limits.ulimits_to_api, [{'name': 'core', 'soft': 0, 'hard': None}],
     [{'Name': 'core', 'Soft': 0, 'Hard': 0}]),
    (limits.device_requests_to_api,
     [{'driver': None, 'count': 0, 'device_ids': [0], 'options': {}}],
     [{'DeviceIDs': ['0']}]),
    (limits.blkio_to_api, {
        'weight_device': [{'path': '/dev/a', 'weight': '90'}],
        'device_read_bps': [{'path': '/dev/b', 'rate': '1m'}],
        'device_write_bps': [{'path': '/dev/c', 'rate': 5}],
        'device_read_iops': [{'path': '/dev/d', 'rate': 6}],
        'device_write_iops': [{'path': '/dev/e', 'rate': 7}]}, {
            'BlkioWeightDevice': [{'Path': '/dev/a', 'Weight': 90}],
            'BlkioDeviceReadBps': [{'Path': '/dev/b', 'Rate': 1048576}],
            'BlkioDeviceWriteBps': [{'Path': '/dev/c', 'Rate': 5}],
            'BlkioDeviceReadIOps': [{'Path': '/dev/d', 'Rate': 6}],
            'BlkioDeviceWriteIOps': [{'Path': '/dev/e', 'Rate': 7}]}),
    (limits.blkio_to_api, {'weight_device': None}, {
        'BlkioWeightDevice': [], 'BlkioDeviceReadBps': [],
        'BlkioDeviceWriteBps': [], 'BlkioDeviceReadIOps': [],
        'BlkioDeviceWriteIOps': []}),
)

# converter to the API, value that is refused, part of the message
REFUSED = (
    (registry.address, '', "^'' is not the address of a registry"),
    (registry.address, 'https://', 'is not the address of a registry'),
    (registry.auth_to_api, {'server_address': 'a'}, '^either username'),
    (registry.auth_to_api, {'username': 'me'}, '^username and password must'),
    (registry.auth_to_api, {'password': 'hunter2'},
     '^username and password must be set together$'),
    (registry.auth_to_api, {'username': 'me', 'password': 'hunter2',
                            'identity_token': 'hunter2'},
     '^either username and password or identity_token is required$'),
    (scalars.to_string, None, 'None is not a string'),
    (scalars.to_string, ['a'], r"\['a'\] is not a string"),
    (scalars.to_strings, ['a', {}], '{} is not a string'),
    (process.image, 'Upper', "'Upper' is not an image reference"),
    (process.image, 'a b', "'a b' is not"),
    (process.image, 'a:', "'a:' is not"),
    (process.image, 'a//b', "'a//b' is not"),
    (process.image, 'a@sha256:12', "'a@sha256:12' is not"),
    (process.image, 'a\n', 'is not an image'),
    (process.env_to_api, ['A=1', '=x'], '^entry 2 does not begin with'),
    (process.env_to_api, [''], '^entry 1 does not begin with'),
    (process.env_to_api, ['A=\0'], '^entry 1 does not begin with'),
    (process.env_to_api, [None], '^entry 1 is not a string'),
    (process.env_to_api, [{'A': 1}], '^entry 1 is not a string'),
    (network.dns_to_api, ['dns.test'], "'dns.test' is not an IP address"),
    (network.dns_to_api, ['1.2.3'], "'1.2.3' is not an IP address"),
    (process.capabilities_to_api, ['NOPE'], "'NOPE' is not a Linux"),
    (storage.files_to_archive, [{'path': '/a\ud800', 'content': 'a'}],
     r'the file /a\? is not valid Unicode'),
    (building.build_to_api, {'dockerfile': 'FROM a\ud800'},
     'the file Dockerfile is not valid Unicode'),
    *((storage.volumes_to_api, {'/a': '/b:' + modes},
       'the volume modes .* exclude each other')
      for modes in ('ro,rw', 'ro,ro', 'z,Z', 'private,shared')),
    (storage.volumes_to_api, {'/a': '//'}, 'is not an absolute path below /'),
    (storage.volumes_to_api, {'/a': '//x', '/b': '/x'}, 'two volumes have'),
    (storage.mounts_to_api, [{'target': '/x'}, {'target': '//x/.'}],
     'two mounts have the target'),
    (storage.mounts_to_api, [{'target': '/.'}], 'cannot have the target /'),
    (storage.tmpfs_to_api, ['/'], 'absolute path below /'),
    *((limits.blkio_to_api, {'weight_device': [
        {'path': '/dev/a', 'weight': weight}]}, 'is not a weight')
      for weight in (9, 1001, '400.5', 'abc', [1], True)),
    *((limits.device_requests_to_api, [{'capabilities': value}],
       '(is not a string|are a list of lists)') for value in (
           ['gpu', ['compute']], [{'gpu': True}], [[['gpu']]], [[None]])),
    *((network.networks_to_api, [{'network': 'a', name: address}],
       'which is not an IPv') for name, address in (
           ('ipv4_address', '2001:db8::1'), ('ipv6_address', '192.0.2.7'))),
    (network.extra_hosts_to_api, ['a\nb:192.0.2.7'], 'does not have the form'),
    (ports.port_specs_to_api, ['9' * 5000], 'is not a port'),
    (process.security_options_to_api, ['seccomp={bad'], 'does not contain'),
    (scalars.to_string_map, {'': 'a'}, 'a name is empty'),
    *((process.security_options_to_api, [value], 'does not contain a seccomp')
      for value in ('seccomp=/etc/profile.json', 'seccomp:profile.json',
                    'seccomp', 'seccomp=')),
    (process.security_options_to_api, ['systempaths=unconfined'],
     "is an option of Docker's command line"),
    *((process.security_options_to_api, [value],
       'is not a security option. Their names are apparmor, label')
      for value in ('userns=keep-id', 'credentialspec=file://a', 'app-armor:a',
                    'APPARMOR=a', ' label=a', '', 'unknown', '=a',
                    'no-new-privileges\n')),
    *((process.security_options_to_api, [value], 'label has no value')
      for value in ('label', 'label=', 'label:')),
    *((limits.device_cgroup_rules_to_api, [value], 'is not a rule')
      for value in ('a', 'c 42:* rwmx', 'c 42 rwm', 'd 1:2 r', 'c 1:2  r')),
    *((network.networks_to_api, [{'network': 'a', 'mac_address': value}],
       'is not a MAC address')
      for value in ('02:42', '02:42:00:00:00:0g', '02:42-00:00:00:07')),
    (process.restart_policy_to_api,
     {'Name': 'always', 'MaximumRetryCount': 2}, '2.*on-failure.*always'),
    (process.restart_policy_to_api,
     {'Name': 'on-failure', 'MaximumRetryCount': -1}, 'is -1'),
    (ports.port_specs_to_api, [0], 'port 0 must be in the range'),
    (ports.port_specs_to_api, [65536], 'port 65536 must be in the range'),
    (ports.port_specs_to_api, ['9-7'], "port '9-7' .*ascending"),
    (ports.port_specs_to_api, ['80/icmp'], "'icmp'.*'80/icmp'.*sctp"),
    (ports.port_specs_to_api, [True], 'True is not a port'),
    (ports.port_specs_to_api, [1.5], '1.5 is not a port'),
    (ports.port_specs_to_api, ['a'], "'a' is not a port"),
    (ports.port_specs_to_api, ['80:80'], "'80:80' is not a port"),
    (ports.port_specs_to_api, [-1], '-1 is not a port'),
    (ports.port_bindings_to_api, {'x': '1'}, "'x' is not a port"),
    (ports.port_bindings_to_api, {'80': 'x'}, "'x' is not a host port"),
    (ports.port_bindings_to_api, {'80': True}, 'True is not a host port'),
    (ports.port_bindings_to_api, {'80': 70000}, '70000 must be in'),
    (ports.port_bindings_to_api, {'80': '-5'}, "'-5' is not a host port"),
    (ports.port_bindings_to_api, {'80': 'h:1'}, "'h' is not an IP"),
    (ports.port_bindings_to_api, {'80': '[::1:1'}, r"'\[::1:1' is not"),
    (ports.port_bindings_to_api, {'80': '::1:81'}, "'::1:81' is not"),
    (ports.port_bindings_to_api, {'80': {'HostPort': 1, 'hostip': '::1'}},
     r"\{.*'hostip'.*\} can only contain \"HostPort\""),
    (ports.port_bindings_to_api, {'80': {1: 1}}, r'\{1: 1\} can only'),
    (ports.port_bindings_to_api, {'80': {'HostPort': 'x'}},
     r"\{'HostPort': 'x'\} is not a host port"),
    (ports.port_bindings_to_api, {'80': {'HostPort': '::1:1'}}, 'is not a h'),
    (ports.port_bindings_to_api, {'80': {'HostPort': True}}, 'is not a host'),
    (ports.port_bindings_to_api, {'80': {'HostPort': [1]}}, 'is not a string'),
    (ports.port_bindings_to_api, {'80': {'HostPort': 70000}}, 'must be in'),
    (ports.port_bindings_to_api, {'80': {'HostIp': 'h', 'HostPort': 1}},
     "'h' is not an IP"),
    (ports.port_bindings_to_api, {'80-82': {'HostPort': 80}},
     '3 container ports .* 1 host ports'),
    (ports.port_bindings_to_api,
     {'80': {'HostPort': 9}, '81': {'HostIp': '::1', 'HostPort': '9'}},
     'host port 9/tcp is listed more than once'),
    (ports.port_bindings_to_api, {'80-82': '80-81'},
     r'3 container ports .* 2 host ports \(80-81\)'),
    (ports.port_bindings_to_api, {'80-82': '80'},
     '3 container ports .* 1 host ports'),
    (ports.port_bindings_to_api, {'80': 1, '80/tcp': 2},
     'container port 80/tcp is listed more than once'),
    (ports.port_bindings_to_api, {'80': 9, '81': 9},
     'host port 9/tcp is listed more than once'),
    (ports.port_bindings_to_api, {'80': [9, 9]}, 'port 9/tcp'),
    (ports.port_bindings_to_api, {'80': '1.2.3.4:9', '81': '0.0.0.0:9'},
     'host port 9/tcp is listed more than once'),
    (ports.port_bindings_to_api, {'80': '[::]:9', '81': '[::1]:9'},
     'host port 9/tcp is listed more than once'),
    (ports.port_bindings_to_api, {'80-81': '8-9', '90': '9'},
     'host port 9/tcp is listed more than once'),
    (ports.port_bindings_to_api, {'80': ['1.2.3.4:9', '5.6.7.8:9', 9]},
     'host port 9/tcp is listed more than once'),
    (ports.port_bindings_to_api, {'1-65535': ['127.0.0.1:1-65535']},
     '65535 ports are more than the maximum of 10000'),
    (ports.port_bindings_to_api, {'1-65535': 1000 * ['']},
     '65535000 ports are more than the maximum of 10000'),
    (ports.port_specs_to_api, ['1-65535', '1-65535/udp'],
     '131070 ports are more than the maximum of 10000'),
    (storage.volumes_to_api, {'x': '/y'}, "'x' is neither"),
    (storage.volumes_to_api, {'./x': '/y'}, "'./x' is neither"),
    (storage.volumes_to_api, {'/a:b': '/y'}, "'/a:b' contains a colon"),
    (storage.volumes_to_api, {'/a': 'b'}, "'b', the target of /a, is not"),
    (storage.volumes_to_api, {'/a': '/'}, "'/', the target of /a, is not"),
    (storage.volumes_to_api, {'/a': {'bind': '/b:c'}}, "'/b:c', the target"),
    (storage.volumes_to_api, {'/a': '/b:maybe'}, r"'maybe' .*\(/a\)"),
    (storage.volumes_to_api, {'/a': '/b:ro,maybe'},
     "'maybe' is not a volume mode"),
    (storage.volumes_to_api, {'/a': {'mode': 'ro'}}, '/a requires "bind"'),
    (storage.volumes_to_api, {'/a': {'bind': '/b', 'x': 1}},
     '/a requires'),
    (storage.volumes_to_api, {'/a': {'bind': None}},
     '/a requires "bind"'),
    (storage.volumes_to_api,
     {'/a': {'bind': '/b', 'ro': False, 'mode': 'ro'}},
     'volume /a: "mode" and "ro" are mutually exclusive'),
    (storage.volumes_to_api, {'/a': {'bind': '/b', 'ro': 'maybe'}},
     "\"ro\" of volume /a must be true or false, not 'maybe'"),
    (storage.volumes_to_api, {'/a': {'bind': '/b', 'ro': 1}}, 'not 1'),
    (storage.volumes_to_api, {'/a': '/t', '/b': '/t/'}, 'the target /t'),
    (storage.volumes_to_api, {'/a': ['/b']}, 'is not a string'),
    (storage.volumes_from_to_api, ['x:maybe'], "'x:maybe' is not"),
    (storage.volumes_from_to_api, ['/a/b'], "'/a/b' is not"),
    (network.links_to_api, {'a b': 'c'}, "'a b' is not the name"),
    (network.links_to_api, {'db': 'a_b_'}, "'a_b_', the alias of db"),
    (network.links_to_api, {'db': 'a/b'}, "'a/b', the alias of db"),
    (scalars.to_string_map, {'a': ['hunter2']},
     '^the value of a is not a string$'),
    (scalars.to_string_map, {None: 'a'}, 'None is not a string'),
    (building.build_to_context,
     {'dockerfile': 'FROM a', 'files': {'a': ['hunter2']}},
     '^the value of a is not a string$'),
    (scalars.size_to_api, '64x', "'64x' is not a size"),
    (scalars.size_to_api, '-1', "'-1' is not a size"),
    (scalars.size_to_api, '', "'' is not a size"),
    (scalars.size_to_api, '64 m', "'64 m' is not a size"),
    (scalars.size_to_api, True, 'True is not a size'),
    (scalars.size_to_api, '1e3', "'1e3' is not a size"),
    (scalars.size_or_unlimited_to_api, '-2', "'-2' is not a size"),
    (scalars.size_or_unlimited_to_api, None, 'None is not a string'),
    (storage.octal, '8', "'8' is not an octal mode"),
    (storage.octal, 'rwx', "'rwx' is not an octal mode"),
    (process.labels_to_api, {'org.openstack.heat.stack_id': 'x'},
     'org.openstack.heat.stack_id is reserved'),
    (process.labels_to_api, {'a': []}, 'is not a string'),
    (process.healthcheck_to_api, {'test': ['true']}, r"\['true'\] of a"),
    (process.healthcheck_to_api, {'test': ['CMD']}, r"\['CMD'\] of a"),
    (process.healthcheck_to_api, {'test': ['CMD', []]}, 'is not a string'),
    (process.healthcheck_to_api, {'interval': 0.0001},
     '^interval .* is 0.0001,'),
    (process.healthcheck_to_api, {'start_period': -1},
     '^start_period .* is -1,'),
    (process.healthcheck_to_api, {'retries': -1}, '^retries .* is -1,'),
    (network.extra_hosts_to_api, ['a'], "'a' does not have"),
    (network.extra_hosts_to_api, [':192.0.2.1'], "':192.0.2.1' does not"),
    (network.extra_hosts_to_api, ['a:'], "'a:' does not"),
    (network.extra_hosts_to_api, ['a:b'], "'b' is not an IP address"),
    (network.extra_hosts_to_api, ['a:[::1'], "is not an IP address"),
    (network.extra_hosts_to_api, ['a=[]'], "is not an IP address"),
    (network.extra_hosts_to_api, ['=192.0.2.1'], "'=192.0.2.1' does not"),
    (network.networks_to_api, [{'network': 'n'}, {'network': 'n'}],
     'the network n is listed more than once'),
    (network.networks_to_api, [{'network': 'n', 'ipv4_address': '1.2'}],
     "'1.2' is not an IP address"),
    (network.networks_to_api, [{'network': 'n', 'ipv6_address': ':'}],
     "':' is not an IP address"),
    (network.networks_to_api, [{'network': 'n', 'link_local_ips': ['x']}],
     "'x' is not an IP address"),
    (network.networks_to_api, [{'network': 'n', 'aliases': [[]]}],
     'is not a string'),
    (storage.mounts_to_api,
     [{'target': '/a', 'labels': {'org.openstack.heat.stack_id': 'x'}}],
     'org.openstack.heat.stack_id is reserved'),
    (network.networks_to_api,
     [{'network': 'a', 'interface_name': 'web0', 'driver_opts': {
         'com.docker.network.endpoint.ifname': 'web0'}}],
     'interface_name of the network a sets the option '
     'com.docker.network.endpoint.ifname, so driver_opts'),
    (network.networks_to_api,
     [{'network': 'a', 'interface_name': 'web0'}, {'network': 'b'},
      {'network': 'c', 'driver_opts': {
          'com.docker.network.endpoint.ifname': 'web0'}}],
     'two networks have the interface_name web0'),
    (storage.mounts_to_api, [{'target': '/a'}, {'target': '/a/'}],
     'two mounts have the target /a'),
    (storage.mounts_to_api, [{'type': 'bind', 'target': '/a'}],
     'the bind at /a requires'),
    (storage.mounts_to_api,
     [{'type': 'bind', 'target': '/a', 'source': 'b'}],
     'the bind at /a requires'),
    (storage.mounts_to_api, [{'type': 'image', 'target': '/a'}],
     'the image at /a requires'),
    (storage.mounts_to_api,
     [{'type': 'tmpfs', 'target': '/a', 'source': '/b'}],
     'the tmpfs at /a cannot have a source'),
    (storage.mounts_to_api, [{'target': '/a', 'source': '/b'}],
     "'/b' is not the name of a volume"),
    (storage.mounts_to_api, [{'target': '/a', 'tmpfs_size': '1m'}],
     r'tmpfs_size is not valid for the type volume \(/a\)'),
    (storage.mounts_to_api, [{'target': '/a', 'bind_recursive': 'enabled'}],
     r'bind_recursive is not valid for the type volume \(/a\)'),
    (storage.mounts_to_api, [{'target': '/a', 'tmpfs_options': ['exec']}],
     r'tmpfs_options is not valid for the type volume \(/a\)'),
    (storage.mounts_to_api,
     [{'type': 'bind', 'source': '/b', 'target': '/a',
       'bind_recursive': 'writable'}],
     r'bind_recursive: writable requires read_only \(/a\)'),
    (storage.mounts_to_api,
     [{'type': 'bind', 'source': '/b', 'target': '/a', 'read_only': False,
       'bind_recursive': 'readonly'}],
     r'bind_recursive: readonly requires read_only \(/a\)'),
    (storage.mounts_to_api,
     [{'type': 'bind', 'source': '/b', 'target': '/a', 'read_only': True,
       'propagation': 'rslave', 'bind_recursive': 'readonly'}],
     'bind_recursive: readonly requires propagation: rprivate'),
    (storage.mounts_to_api,
     [{'type': 'tmpfs', 'target': '/a', 'tmpfs_size': 'x'}],
     "'x' is not a size"),
    (storage.mounts_to_api,
     [{'type': 'tmpfs', 'target': '/a', 'tmpfs_mode': '9'}],
     "'9' is not an octal mode"),
    (storage.tmpfs_to_api, ['run'], "'run' does not begin"),
    (storage.files_to_archive, [{'path': '/a'}],
     'the file /a requires either'),
    (storage.files_to_archive,
     [{'path': '/a', 'content': 'b', 'content_base64': 'Yg=='}],
     'the file /a requires either'),
    (storage.files_to_archive, [{'path': '/a', 'content_base64': '%'}],
     'of the file /a is not base64'),
    (limits.ulimits_to_api, [{'name': 'core', 'soft': 2, 'hard': 1}],
     'the soft limit of core, 2, exceeds the hard limit, 1'),
    (limits.ulimits_to_api, [{'name': 'core', 'soft': -1, 'hard': 1}],
     'the soft limit of core, -1'),
    (limits.device_requests_to_api, [{'count': 1, 'device_ids': ['a']}],
     'count and device_ids of a device request'),
    (limits.blkio_to_api, {'weight_device': [{'path': '/dev/a'}]},
     '^weight_device must be a list of .*weight: '),
    (limits.blkio_to_api,
     {'weight_device': [{'path': '/dev/a', 'weight': None}]},
     '^weight_device must be a list of .*weight: '),
    (limits.blkio_to_api, {'weight_device': ['/dev/a']},
     '^weight_device must be a list'),
    (limits.blkio_to_api,
     {'device_write_iops': [{'path': 'a', 'rate': 1}]},
     "'a' is not the absolute path"),
    (limits.blkio_to_api,
     {'device_read_bps': [{'path': '/a', 'rate': 'x'}]},
     "'x' is not a size"),
    (ipam.ipam_to_api, {'config': [{'gateway': '10.9.0.1'}]},
     '^each config of ipam requires a subnet$'),
    (ipam.ipam_to_api, {'config': [{'subnet': '10.9.0.1/24'}]},
     "^'10.9.0.1/24' is not a network in CIDR"),
    (ipam.ipam_to_api, {'config': [{'subnet': 'lan'}]},
     "^'lan' is not a network"),
    (ipam.ipam_to_api,
     {'config': [{'subnet': '10.9.0.0/24', 'ip_range': '10.9.0.0/23'}]},
     'the ip_range 10.9.0.0/23 is not in the subnet 10.9.0.0/24'),
    (ipam.ipam_to_api,
     {'config': [{'subnet': '10.9.0.0/24', 'ip_range': 'fd00::/64'}]},
     'the ip_range fd00::/64 is not in'),
    (ipam.ipam_to_api,
     {'config': [{'subnet': '10.9.0.0/24', 'gateway': '10.9.1.1'}]},
     '10.9.1.1 is not in the subnet 10.9.0.0/24'),
    (ipam.ipam_to_api,
     {'config': [{'subnet': '10.9.0.0/24', 'gateway': 'fd00::1'}]},
     'fd00::1 is not in the subnet'),
    (ipam.ipam_to_api,
     {'config': [{'subnet': '10.9.0.0/24', 'gateway': 'first'}]},
     "'first' is not an IP address"),
    (ipam.ipam_to_api,
     {'config': [{'subnet': '10.9.0.0/24',
                  'aux_addresses': {'a': '10.9.1.1'}}]},
     '10.9.1.1 is not in the subnet'),
    (building.tags_to_api, ['a@sha256:' + 64 * '0'], 'is not a tag'),
    (building.tags_to_api, ['A B'], "'A B'"),
    (building.tags_to_api, ['localhost/heat-docker/empty'],
     'is a name reserved for images'),
    (building.build_to_api,
     {'dockerfile': 'FROM a',
      'labels': {'org.openstack.heat.helper_of': 'x'}},
     'org.openstack.heat.helper_of is reserved'),
    (building.build_to_api, {'dockerfile': '', 'files': {'a': ''}},
     '^a build requires a dockerfile or a context$'),
    (building.build_to_api, {'no_cache': True},
     '^a build requires a dockerfile or a context$'),
    *((building.build_to_api, {'context': GIT, **more},
       '^context excludes dockerfile and files')
      for more in ({'dockerfile': 'FROM a'}, {'files': {'a': ''}})),
    *((building.git_url, {'context': context},
       '^the context is not a URL of a Git repository')
      for context in (
          # Docker would download it, as a Dockerfile or an archive.
          'https://r.test/web', 'https://r.test/web.git/', 'http://r.test/a',
          'https://r.test/web.git#', 'https://r.test/web?a.git',
          # Docker would use the SSH keys of its host.
          'git@r.test:a/web.git', 'ssh://r.test/web.git',
          # Docker would log it.
          'https://me:hunter2@r.test/web.git', 'https://me@r.test/web.git',
          'git://me:hunter2@r.test/web', 'github.com/a/web', '/srv/web.git',
          'file:///srv/web.git', 'client-session', 'a', 'HTTPS://r.test/a.git',
          # Git and curl change the path, which then matches no pattern.
          'https://r.test/a/../web.git', 'https://r.test/%2e%2e/web.git',
          'https://r.test/..', 'git://r.test/../web', 'https:///web.git',
          'https://r.test\\@s.test/web.git', 'https://r.test:x/web.git',
          'https://r.test/web.git\n', 'https://r.test/a b.git',
          'https://r.test/web.git#-u', 'https://r.test/web.git#a:../b',
          'https://r.test/web.git#a:b:c', 'https://r.test/web.git#a b',
          'git://r.test/', 'https://-r.test/web.git')),
    (building.build_to_api, {'dockerfile': 'FROM a', 'dockerfile_path': 'b'},
     '^dockerfile_path requires context$'),
    *((building.build_to_api, {'context': GIT, 'dockerfile_path': path},
       'of a file is not inside the context')
      for path in ('/a', '../a', 'a/../..')),
    (building.build_to_api, {'dockerfile': 'FROM a', 'network': 'ns:/proc/1'},
     "'ns:/proc/1' is neither the name of a network nor"),
    (building.build_to_api, {'dockerfile': 'FROM a', 'network': 'container:'},
     "'container:' is neither the name of a network nor"),
    (building.build_to_api, {'dockerfile': 'FROM a', 'shm_size': 'x'},
     "'x' is not a size"),
    (building.build_to_api, {'dockerfile': 'FROM a', 'extra_hosts': ['a']},
     "'a' does not have the form"),
    (building.build_to_api, {'dockerfile': 'FROM a', 'cache_from': ['A B']},
     "'A B' is not an image reference"),
    (building.build_to_api, {'dockerfile': 'FROM a', 'cache_from': [['a']]},
     'is not a string'),
    (building.build_to_api, {'dockerfile': 'FROM a', 'ulimits': [
        {'name': 'core', 'soft': 2, 'hard': 1}]}, 'the soft limit of core'),
    *((building.build_to_api, {'dockerfile': 'FROM a', 'files': {'b': file}},
       words) for file, words in (
        ({}, 'the file b requires either content or content_base64'),
        ({'content': 'a', 'content_base64': 'Yg=='},
         'the file b requires either'),
        ({'content_base64': '%'}, 'of the file b is not base64'),
        ({'content': ['a']}, 'the value of content is not a string'),
        ({'content': 'a', 'mode': []}, 'the value of mode is not a string'),
        # 0755 without quotes.
        ({'content': 'a', 'mode': 493}, r'b: .* in quotes, such as "0644"'),
        ({'content': 'a', 'mode': '755'}, 'in quotes, such as "0644"'),
        ({'content': 'a', 'mode': '0o9'}, 'in quotes, such as "0644"'),
        ({'content': 'a', 'uid': 5},
         'the file b accepts only content, content_base64, mode'))),
    (building.build_to_api, {'dockerfile': 'FROM a', 'files': {'b': None}},
     'the value of b is not a string'),
    (storage.file_content, {'path': '/a'}, 'the file /a requires either'),
    (building.build_to_api, {'dockerfile': 'FROM a',
                             'files': {'/etc/a': ''}},
     'the path /etc/a of a file is not inside the context'),
    (building.build_to_api, {'dockerfile': 'FROM a',
                             'files': {'a/../../b': ''}},
     r'the path \.\./b of a file'),
    (building.build_to_api, {'dockerfile': 'FROM a',
                             'files': {'a/..': ''}},
     r'the path \. of a file'),
    (building.build_to_api, {'dockerfile': 'FROM a', 'files': {'': ''}},
     r'the path \. of a file'),
    (building.build_to_api, {'dockerfile': 'FROM a',
                             'files': {'./Dockerfile': ''}},
     '^files contains a Dockerfile in addition'),
    (building.build_to_api, {'dockerfile': 'FROM a',
                             'files': {'a': ['b']}}, 'is not a string'),
    (building.build_to_api, {'dockerfile': 'FROM a', 'args': {'A': ['b']}},
     'is not a string'),
    (building.build_to_api, {'dockerfile': 'FROM a', 'labels': {'A': {}}},
     'is not a string'),
)

# converter from the API, JSON that some daemons return, value
ANSWERS = (
    (ipam.has_subnet, {}, False),
    (ipam.has_subnet, {'Config': [{'Subnet': '10.9.0.0/24'}]}, True),
    (ipam.names_an_interface, {'com.docker.network.driver.mtu': '1'}, False),
    (ipam.names_an_interface, {'com.docker.network.bridge.name': 'b'}, True),
    (ipam.names_an_interface, {'parent': 'eth0'}, True),
    (limits.pids_limit_from_api, None, -1),
    (limits.pids_limit_from_api, 0, -1),
    (limits.pids_limit_from_api, -1, -1),
    (limits.pids_limit_from_api, 7, 7),
    (network.has_fixed_address, {'a': {}, 'b': {'Aliases': ['c']}}, False),
    (network.has_fixed_address,
     {'a': {}, 'b': {'IPAMConfig': {'IPv4Address': '192.0.2.7'}}}, True),
    (network.has_fixed_address, {'a': {'MacAddress': '02:42::'}}, True),
    (ports.has_host_port, {}, False),
    (ports.has_host_port, {'80/tcp': [{'HostIp': '', 'HostPort': ''}]},
     False),
    (ports.has_host_port, {'80/tcp': [{'HostIp': '', 'HostPort': ''},
                                      {'HostIp': '', 'HostPort': '80'}]},
     True),
    (network.address_claims, {'a': {}, 'b': {'Aliases': ['c']}}, []),
    (network.address_claims,
     {'a': {'IPAMConfig': {'LinkLocalIPs': ['169.254.0.7']}}}, []),
    (network.address_claims,
     {'a': {'IPAMConfig': {'IPv4Address': '192.0.2.7',
                           'IPv6Address': '2001:db8::7'}}},
     [('address', '192.0.2.7', 'a'), ('address', '2001:db8::7', 'a')]),
    (ports.host_port_claims,
     {'80/tcp': [{'HostIp': '', 'HostPort': ''}],
      '53/udp': [{'HostIp': '127.0.0.1', 'HostPort': '5353'}]},
     [('port', '5353/udp', '127.0.0.1')]),
    (process.name_claims, '/web', [('name', 'web', '')]),
    (process.is_shared, 'bridge', False),
    (process.is_shared, 'private', False),
    (process.is_shared, 'host', True),
    (process.is_shared, 'container:vpn', True),
    (storage.writes_binds, [], False),
    (storage.writes_binds, ['/a:/b:ro', 'c:/d:z,ro', 'one:ro'], False),
    (storage.writes_binds, ['/a:/ro'], True),
    (storage.writes_binds, ['/a:/b:ro', 'c:/d:rw'], True),
    (storage.writes_binds, ['one'], True),
    (storage.writes_mounts, [
        {'Type': 'tmpfs', 'Target': '/a'},
        {'Type': 'volume', 'Target': '/b'},
        {'Type': 'image', 'Source': 'c', 'Target': '/c'},
        {'Type': 'bind', 'Source': '/d', 'Target': '/d',
         'ReadOnly': True}], False),
    (storage.writes_mounts, [
        {'Type': 'bind', 'Source': '/d', 'Target': '/d', 'ReadOnly': True,
         'BindOptions': {'ReadOnlyForceRecursive': True}}], False),
    # The mounts below it are writable.
    (storage.writes_mounts, [
        {'Type': 'bind', 'Source': '/d', 'Target': '/d', 'ReadOnly': True,
         'BindOptions': {'ReadOnlyNonRecursive': True}}], True),
    (storage.writes_mounts, [
        {'Type': 'volume', 'Source': 'a', 'Target': '/a'}], True),
    (ipam.ipam_from_api, None, {}),
    (ipam.ipam_from_api, {'Driver': 'default', 'Options': None,
                          'Config': None}, {'driver': 'default'}),
    (ipam.subnets_from_api, None, []),
    (ipam.subnets_from_api, {'Config': None}, []),
    (ipam.subnets_from_api,
     {'Config': [{'Subnet': '10.9.0.0/24'}, {}, {'Subnet': 'fd00::/64'}]},
     ['10.9.0.0/24', 'fd00::/64']),
    (ipam.gateways_from_api, None, []),
    (ipam.gateways_from_api,
     {'Config': [{'Subnet': '10.9.0.0/24', 'Gateway': '10.9.0.1'},
                 {'Subnet': 'fd00::/64', 'Gateway': ''}]}, ['10.9.0.1']),
    (ipam.containers_from_api, None, {}),
    (ipam.containers_from_api, {'c1': {'Name': 'web'}, 'c2': {}},
     {'c1': 'web', 'c2': None}),
    (network.endpoint_settings, {'IPAMConfig': {}, 'Aliases': None}, {}),
    (network.endpoint_settings,
     {'Links': ['db'], 'DriverOpts': {'a': 'b'}, 'GwPriority': 5,
      'MacAddress': '02:42:00:00:00:01', 'EndpointID': 'x'},
     {'Links': ['db'], 'DriverOpts': {'a': 'b'}, 'GwPriority': 5}),
    (network.endpoint_settings,
     {'IPAMConfig': {'IPv4Address': '192.0.2.7'}, 'Aliases': ['a'],
      'Links': None, 'IPAddress': '192.0.2.7', 'NetworkID': 'x'},
     {'IPAMConfig': {'IPv4Address': '192.0.2.7'}, 'Aliases': ['a']}),
    (scalars.as_list, None, []),
    (process.name_from_api, '/web', 'web'),
    (process.capabilities_from_api, None, []),
    (process.capabilities_from_api, ['CAP_KILL', 'ALL'], ['KILL', 'ALL']),
    (process.restart_policy_from_api, {'Name': ''},
     {'Name': 'no', 'MaximumRetryCount': 0}),
    (limits.devices_from_api, None, []),
    (ports.port_specs_from_api, None, []),
    (ports.port_specs_from_api, {'100/tcp': {}, '9/udp': {}, '9/tcp': {}},
     ['9', '9/udp', '100']),
    (ports.port_bindings_from_api, None, {}),
    (ports.port_bindings_from_api, {'80/tcp': None}, {'80': []}),
    (storage.volumes_from_api, None, {}),
    (network.links_from_api, None, {}),
    (network.links_from_api, ['/wiki-db:/web-1/db'], {'wiki-db': 'db'}),
    (ports.ports_from_api, {}, []),
    (ports.ports_from_api, {'Ports': None}, []),
    (ports.ports_from_api,
     {'Ports': {'80/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '8080'},
                           {'HostPort': '8080'}], '9/udp': None}},
     [{'container_port': 80, 'protocol': 'tcp', 'host_ip': '0.0.0.0',
       'host_port': 8080},
      {'container_port': 80, 'protocol': 'tcp', 'host_ip': '',
       'host_port': 8080}]),
    (ports.tcp_ports_from_api, {}, ''),
    (ports.udp_ports_from_api, {}, ''),
    (network.networks_from_api, None, {}),
    (network.networks_from_api, {'n': {'NetworkID': 'i', 'Aliases': ['a']}},
     {'n': {'network_id': 'i', 'ip_address': '', 'gateway': '',
            'ipv6_address': '', 'ipv6_gateway': '', 'mac_address': '',
            'aliases': ['a']}}),
    (process.last_line, '', ''),
    (process.last_line, 'a\nb\n', 'b'),
    (process.last_line, 'a\nb', 'b'),
    (network.first_address, {}, ''),
    (network.first_gateway, {'NetworkSettings': {'Networks': {}}}, ''),
    (network.network_info_from_api, {},
     {'IPAddress': '', 'Gateway': '', 'MacAddress': '', 'TcpPorts': '',
      'UdpPorts': ''}),
    (scalars.as_map, None, {}),
    (scalars.size_from_api, None, ''),
    (limits.cpus_from_api, None, 0),
    (limits.ulimits_from_api, None, []),
    (limits.device_requests_from_api, None, []),
    (limits.device_requests_from_api,
     [{'Driver': '', 'Count': 1, 'DeviceIDs': None, 'Capabilities': None,
       'Options': {}}], [{'count': 1}]),
    (limits.blkio_from_api, {}, {}),
    (ipam.subnet_status_from_api, {}, {}),
    (ipam.subnet_status_from_api, {'IPAM': {'Subnets': None}}, {}),
    (ipam.subnet_status_from_api, {'IPAM': {'Subnets': {'10.9.0.0/24': {
        'IPsInUse': 3, 'DynamicIPsAvailable': 253}}}},
     {'10.9.0.0/24': {'ips_in_use': 3, 'dynamic_ips_available': 253}}),
    (process.umask_from_api, None, None),
    (process.umask_from_api, 0, '0000'),
    (limits.blkio_from_api,
     {'BlkioWeightDevice': None,
      'BlkioDeviceWriteBps': [{'Path': '/dev/a', 'Rate': 5}]},
     {'device_write_bps': [{'path': '/dev/a', 'rate': 5}]}),
    (process.labels_from_api, None, {}),
    (process.labels_from_api, {'org.openstack.heat.stack_id': 'x', 'a': 'b'},
     {'a': 'b'}),
    (process.healthcheck_from_api, None, {}),
    (process.healthcheck_from_api, {'Test': None, 'Interval': 0}, {}),
    (network.endpoints_from_api, None, []),
    (network.endpoints_from_api,
     {'n': {'IPAMConfig': None, 'Aliases': None, 'NetworkID': 'x'}},
     [{'network': 'n'}]),
    (storage.mounts_from_api, None, []),
    (storage.mounts_from_api,
     [{'Type': 'npipe', 'Target': 'x'}], [{'type': 'npipe', 'target': 'x'}]),
    (storage.tmpfs_from_api, None, []),
    (limits.stats_from_api, {},
     {'cpu_seconds': 0, 'memory_bytes': 0, 'memory_limit_bytes': 0,
      'pids': 0, 'network_received_bytes': 0, 'network_sent_bytes': 0}),
    (limits.stats_from_api,
     {'cpu_stats': {'cpu_usage': {'total_usage': 1500000000}},
      'memory_stats': {'usage': 100, 'limit': 200,
                       'stats': {'inactive_file': 30,
                                 'total_inactive_file': 40}},
      'pids_stats': {'current': 3},
      'networks': {'eth0': {'rx_bytes': 1, 'tx_bytes': 2},
                   'eth1': {'rx_bytes': 3, 'tx_bytes': 4}}},
     {'cpu_seconds': 1.5, 'memory_bytes': 70, 'memory_limit_bytes': 200,
      'pids': 3, 'network_received_bytes': 4, 'network_sent_bytes': 6}),
    (limits.stats_from_api,
     {'memory_stats': {'usage': 10, 'stats': {'total_inactive_file': 40}},
      'cpu_stats': None, 'pids_stats': {}, 'networks': None},
     {'cpu_seconds': 0, 'memory_bytes': 0, 'memory_limit_bytes': 0,
      'pids': 0, 'network_received_bytes': 0, 'network_sent_bytes': 0}),
)

NETWORKS = {
    'a': {'IPAddress': '192.0.2.1', 'Gateway': '192.0.2.254'},
    'bridge': {'IPAddress': '198.51.100.1', 'Gateway': '198.51.100.254',
               'MacAddress': '02:42:00:00:00:01'},
}

PORT = st.integers(1, 65535)
PROTOCOL = st.sampled_from(ports.PROTOCOLS)
ADDRESS = st.none() | st.ip_addresses().map(str)
SCALAR = (st.none() | st.booleans() | st.integers() | st.floats() |
          st.text() | st.text('0123456789-:/.[]atcpudsor,'))
JSON = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) |
    st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6)
PORT_TEXT = st.from_regex(r'[0-9]{1,5}(-[0-9]{1,5})?(/[a-z]{1,4})?',
                          fullmatch=True) | st.text()
# Few ports, so that many of them are equal.
HOST_TEXT = st.sampled_from([
    '%s%s' % host for host in itertools.product(
        ('', '127.0.0.1:', '127.0.0.2:', '0.0.0.0:', '[::]:', '[::1]:'),
        ('', '8', '9'))])
HOST_MAP = st.fixed_dictionaries({}, optional={
    'HostIp': st.sampled_from(['', '127.0.0.1', '0.0.0.0', '::', '::1', ']:1',
                               None]),
    'HostPort': st.sampled_from(['', '8', 9, '::1:8', None])})
PATH = st.text(st.characters(blacklist_characters=':\0',
                             blacklist_categories=['Cs']),
               min_size=1).map('/{}'.format)
NAME = st.from_regex(scalars.NAME, fullmatch=True)

SETTINGS = hypothesis.settings(
    max_examples=60, deadline=None, database=None, derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck))


def container_port(number, protocol):
    return str(number) if protocol == 'tcp' else '%d/%s' % (number, protocol)


def host_port(address, number):
    if address is None:
        return str(number)
    return ('[%s]:%s' if ':' in address else '%s:%s') % (address, number)


@st.composite
def port_bindings(draw):
    """Return a canonical map in which each host port is unique.

    A container port has at most one free port.
    """
    keys = draw(st.lists(st.tuples(PORT, PROTOCOL), unique=True, max_size=5))
    free = draw(st.lists(PORT, unique=True, min_size=15, max_size=15))
    value = {}
    for key in sorted(keys):
        numbers = [free.pop() for _ in range(draw(st.integers(1, 3)))]
        numbers[0] = draw(st.sampled_from([numbers[0], '']))
        hosts = [host_port(draw(ADDRESS), number) for number in numbers]
        value[container_port(*key)] = hosts[0] if len(hosts) == 1 else hosts
    return value


@st.composite
def volumes(draw):
    """Return a canonical map of source to target."""
    sources = draw(st.lists(PATH | NAME, unique=True, max_size=4))
    targets = draw(st.lists(
        PATH.filter(lambda path: path.strip('/')), min_size=len(sources),
        max_size=len(sources), unique_by=lambda path: path.rstrip('/')))
    modes = st.lists(st.sampled_from(('ro', 'z', 'nocopy', 'rslave')),
                     max_size=2, unique=True).map(','.join)
    return {source: ':'.join(filter(None, (target, draw(modes))))
            for source, target in zip(sources, targets, strict=True)}


class TablesTestCase(testtools.TestCase):

    def test_to_api_canonical(self):
        for to_api, _from_api, value, api in PAIRS:
            self.expectThat(to_api(value), testtools.matchers.Equals(api))

    def test_from_api_canonical(self):
        for _to_api, from_api, value, api in PAIRS:
            self.expectThat(from_api(api), testtools.matchers.Equals(value))

    def test_order_kept(self):
        for _to_api, from_api, value, api in PAIRS:
            if isinstance(value, dict):
                self.assertEqual(list(value), list(from_api(api)))

    def test_to_api_spelling(self):
        for to_api, value, api in SPELLINGS:
            self.expectThat(to_api(value), testtools.matchers.Equals(api))

    def test_to_api_refused(self):
        for to_api, value, words in REFUSED:
            try:
                api = to_api(value)
            except ValueError as ex:
                self.expectThat(str(ex),
                                testtools.matchers.MatchesRegex(
                                    '(?s).*' + words if words[0] != '^'
                                    else words))
            else:
                self.fail('%s(%r) gives %r' % (to_api.__name__, value, api))

    def test_from_api_other_answers(self):
        for from_api, api, value in ANSWERS:
            self.expectThat(from_api(api), testtools.matchers.Equals(value))

    def test_all_converters_have_cases(self):
        tested = {function for table in (PAIRS, SPELLINGS, REFUSED, ANSWERS)
                  for row in table for function in row if callable(function)}
        missed = {name for module in MODULES
                  for name, function in vars(module).items()
                  if callable(function) and not name.startswith('_')
                  and function not in tested}
        # Other tests cover those with more than one argument.
        self.assertEqual({
            'host_ports_from_api', 'attachment_name', 'auth_for',
            'networks_match', 'address', 'endpoint_matches',
            'effective_endpoints', 'is_endpoint_unchanged',
            'addresses_outside', 'overlap', 'pull_credentials',
            'build_credentials', 'encoded', 'by_digest', 'normal_path',
            'attached_network', 'security_option', 'check_mode',
            'is_same'}, missed)


class ImageTestCase(testtools.TestCase):

    def test_same_image_with_a_digest_added(self):
        digest = '@sha256:' + 64 * '0'
        for same, image, there in (
                (True, 'busybox', 'busybox:latest' + digest),
                (True, 'busybox:1', 'docker.io/library/busybox:1' + digest),
                (True, 'busybox:1', 'busybox:1'),
                (True, 'busybox' + digest, 'busybox' + digest),
                (False, 'busybox:1', 'busybox:2' + digest),
                (False, 'busybox' + digest, 'busybox@sha256:' + 64 * '1'),
                (False, 'busybox', None)):
            self.assertIs(same, registry.is_same(image, there),
                          (image, there))

    def test_image_accepted(self):
        for image in ('mysql', 'a/b:c', 'a__b', 'localhost:5000/a',
                      '[::1]:5000/a', 'Host.test/a', 'a@sha256:' + 64 * 'a',
                      'h.test:1/x/y:T-1@sha256:' + 64 * '0',
                      'sha256:' + 64 * 'b', 12 * 'c'):
            self.assertEqual(image, process.image(image))


class EnvironmentTestCase(testtools.TestCase):

    def test_env_refused_keeps_secret(self):
        for value in (['=hunter2'], ['A=hunter2\0'], [{'A': 'hunter2'}],
                      [['hunter2']], ['\0=hunter2']):
            ex = self.assertRaises(ValueError, process.env_to_api, value)
            self.assertNotIn('hunter2', str(ex))


class RegistryTestCase(testtools.TestCase):

    def auth_for(self, image, **auth):
        return registry.auth_for(dict(auth, username='me'), image)

    def test_auth_for_image(self):
        for image, host in (
                ('busybox', HUB), ('me/web:1', HUB),
                ('index.docker.io/me/web', HUB),
                ('r.test:5000/web', 'r.test:5000')):
            expected = {'username': 'me', 'serveraddress': host}
            self.assertEqual(expected, self.auth_for(image))
            self.assertEqual(expected,
                             self.auth_for(image, serveraddress=host))

    def test_auth_for_another_registry(self):
        for image, server, host in (('busybox', 'r.test', HUB),
                                    ('r.test/web', HUB, 'r.test'),
                                    ('r.test:5000/web', 'r.test',
                                     'r.test:5000')):
            ex = self.assertRaises(ValueError, self.auth_for, image,
                                   serveraddress=server, password='hunter2')
            self.assertEqual('the credentials are for %s, but the image is '
                             'from %s' % (server, host), str(ex))


class NetworkTestCase(testtools.TestCase):

    def inspected(self, mode):
        return {'HostConfig': {'NetworkMode': mode},
                'NetworkSettings': {'Networks': NETWORKS}}

    def test_first_network_default_is_bridge(self):
        inspected = self.inspected('default')
        self.assertEqual('198.51.100.1', network.first_address(inspected))
        self.assertEqual('198.51.100.254', network.first_gateway(inspected))

    def test_first_network_named(self):
        self.assertEqual('192.0.2.1',
                         network.first_address(self.inspected('a')))

    def test_first_network_unknown_mode(self):
        self.assertEqual('192.0.2.1',
                         network.first_address(self.inspected('gone')))

    def test_network_info_without_top_level(self):
        info = network.network_info_from_api(self.inspected('default'))
        self.assertEqual('198.51.100.1', info['IPAddress'])
        self.assertEqual('198.51.100.254', info['Gateway'])
        self.assertEqual('02:42:00:00:00:01', info['MacAddress'])

    def test_network_info_top_level_wins(self):
        inspected = self.inspected('default')
        inspected['NetworkSettings']['IPAddress'] = '203.0.113.1'
        info = network.network_info_from_api(inspected)
        self.assertEqual('203.0.113.1', info['IPAddress'])
        self.assertNotIn('TcpPorts', inspected['NetworkSettings'])

    def test_host_ports_once_per_number(self):
        settings = {'Ports': {
            '80/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '80'},
                       {'HostIp': '::', 'HostPort': '80'}],
            '443/tcp': [{'HostIp': '', 'HostPort': '443'}],
            '53/udp': [{'HostIp': '', 'HostPort': '53'}]}}
        self.assertEqual('80,443', ports.tcp_ports_from_api(settings))
        self.assertEqual('53', ports.udp_ports_from_api(settings))
        self.assertEqual('', ports.host_ports_from_api('sctp', settings))

    def test_host_ports_that_docker_chose(self):
        """Docker may choose another port for IPv6."""
        settings = {'Ports': {
            '80/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '32790'},
                       {'HostIp': '::', 'HostPort': '32789'}],
            '81/tcp': [{'HostIp': '::', 'HostPort': '32791'}]}}
        self.assertEqual('32790,32791', ports.tcp_ports_from_api(settings))

    def test_endpoint_that_failed(self):
        """Docker shows its id, Podman shows nothing."""
        for endpoint, sound in (
                ({'EndpointID': 'e', 'IPAddress': ''}, True),
                ({'EndpointID': '', 'IPAddress': '192.0.2.1'}, True),
                ({'EndpointID': '', 'GlobalIPv6Address': '2001:db8::1'},
                 True),
                ({'EndpointID': '', 'IPAddress': ''}, False)):
            [found] = network.effective_endpoints({
                'State': {'Status': 'running'},
                'NetworkSettings': {'Networks': {'n': endpoint}}}).values()
            self.assertIs(sound, found == endpoint, endpoint)

    def test_addresses_outside_of_the_subnets_are_found(self):
        endpoint = {'IPAMConfig': {'IPv4Address': '192.0.2.7',
                                   'IPv6Address': '2001:db8::7'}}
        for subnets, expected in (
                (['192.0.2.0/24', '2001:db8::/64'], []),
                (['192.0.2.0/24'], ['2001:db8::7']),
                (['198.51.100.0/24'], ['192.0.2.7', '2001:db8::7']),
                ([], ['192.0.2.7', '2001:db8::7']), (None, [])):
            self.assertEqual(expected, network.addresses_outside(
                endpoint, subnets),
                             subnets)
        self.assertEqual([], network.addresses_outside(
            {'IPAMConfig': None}, []))

    def test_network_of_an_attachment(self):
        network_id = 'f1' * 32
        for endpoint, expected in (
                ({'NetworkID': network_id}, network_id), ({}, 'front'),
                ({'NetworkID': ''}, 'front'), (None, 'front'),
                ({'NetworkID': 'a\nb'}, 'front')):
            self.assertEqual(expected, network.attached_network(
                'front', endpoint))

    def test_network_is_found_by_name_id_or_short_id(self):
        networks = {'front': {'NetworkID': 'abcdef0123456789'},
                    'back': {'NetworkID': None}}
        for name, expected in (('front', 'front'), ('back', 'back'),
                               ('abcdef0123456789', 'front'),
                               ('abcdef012345', 'front'),
                               ('abcdef01234', None), ('none', None),
                               ('', None)):
            self.assertEqual(expected, network.attachment_name(name, networks),
                             name)

    def test_connected_only_if_all_endpoints_are_as_wanted(self):
        wanted = network.networks_to_api(
            [{'network': 'front', 'aliases': ['web'],
              'ipv4_address': '192.0.2.7'}, {'network': 'back'}])
        front = {'IPAMConfig': {'IPv4Address': '192.0.2.7'},
                 'Aliases': ['web', 'c0ffee000000'], 'NetworkID': 'x'}
        back = {'IPAMConfig': None, 'Aliases': None, 'IPAddress': '10.0.0.5'}
        live = {'front': front, 'back': back}
        self.assertTrue(network.networks_match(wanted, live))
        for other in (None, {}, {'front': front},
                      dict(live, third={}), {'front': front, 'third': back},
                      dict(live, front=dict(front, Aliases=['c0ffee'])),
                      dict(live, front=dict(front, IPAMConfig={})),
                      dict(live, back=dict(back, IPAMConfig={
                          'IPv4Address': '10.0.0.5'}))):
            self.assertFalse(network.networks_match(wanted, other), other)

    def test_connected_only_with_the_wanted_interface(self):
        wanted = network.networks_to_api(
            [{'network': 'n', 'interface_name': 'web0'}])
        option = 'com.docker.network.endpoint.ifname'
        for options, expected in (
                ({option: 'web0', 'a': 'b'}, True), ({option: 'eth0'}, False),
                ({'a': 'b'}, False), ({}, False), (None, False)):
            self.assertIs(expected, network.networks_match(
                wanted, {'n': {'DriverOpts': options}}), options)
        self.assertTrue(network.networks_match(
            {'n': {}}, {'n': {'DriverOpts': {option: 'web0'}}}))

    def test_connected_with_empty_addresses(self):
        self.assertTrue(network.networks_match(
            {'n': {}}, {'n': {'IPAMConfig': {'IPv4Address': ''}}}))


class FilesTestCase(testtools.TestCase):

    FILES = [{'path': '/etc/motd', 'content': 'Gr\u00fc\u00dfe\n',
              'mode': None, 'uid': None},
             {'path': '/a/key', 'content_base64': '//8A', 'mode': '0600',
              'uid': 5, 'gid': 6},
             {'path': '/empty', 'content': ''}]

    def test_archive_keeps_modes_owners_and_contents(self):
        archive = storage.files_to_archive(self.FILES)
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            self.assertEqual(
                [('etc/motd', 0o644, 0, 0, 'Gr\u00fc\u00dfe\n'.encode()),
                 ('a/key', 0o600, 5, 6, b'\xff\xff\0'),
                 ('empty', 0o644, 0, 0, b'')],
                [(entry.name, entry.mode, entry.uid, entry.gid,
                  tar.extractfile(entry).read()) for entry in tar])

    def test_archive_is_the_same_every_time(self):
        self.assertEqual(storage.files_to_archive(self.FILES),
                         storage.files_to_archive(self.FILES))

    def test_files_refused_keeps_secret(self):
        for value in ({'content': 'hunter2', 'content_base64': 'hunter2'},
                      {'content_base64': 'hunter2!'},
                      {'content_base64': 'hunter2\u00e4'},
                      {'content': 'hunter2', 'mode': '9'}):
            ex = self.assertRaises(ValueError, storage.files_to_archive,
                                   [dict(value, path='/a')])
            self.assertNotIn('hunter2', str(ex))


class BuildingTestCase(testtools.TestCase):

    BUILD = {'dockerfile': 'FROM busybox\nCOPY a /\n', 'args': None,
             'files': {'./a/../b': 'Gr\u00fc\u00dfe\n', 'c/d': '', 5: 7}}

    def test_context_has_the_dockerfile_and_all_files(self):
        context = building.build_to_context(self.BUILD)
        with tarfile.open(fileobj=io.BytesIO(context)) as tar:
            self.assertEqual(
                [('Dockerfile', b'FROM busybox\nCOPY a /\n'),
                 ('b', 'Gr\u00fc\u00dfe\n'.encode()), ('c/d', b''),
                 ('5', b'7')],
                [(entry.name, tar.extractfile(entry).read())
                 for entry in tar])

    def test_context_has_the_modes_of_files(self):
        context = building.build_to_context({
            'dockerfile': 'FROM a', 'files': {
                'a': 'b', 'c': {'content': 5, 'mode': '0755'},
                'd': {'content_base64': '//8A', 'mode': None},
                'e': {'content': '', 'mode': '0o400'}}})
        with tarfile.open(fileobj=io.BytesIO(context)) as tar:
            self.assertEqual(
                [('Dockerfile', 0o644, b'FROM a'), ('a', 0o644, b'b'),
                 ('c', 0o755, b'5'), ('d', 0o644, b'\xff\xff\0'),
                 ('e', 0o400, b'')],
                [(entry.name, entry.mode, tar.extractfile(entry).read())
                 for entry in tar])

    def test_files_refused_keeps_secret(self):
        for value in ({'content': 'hunter2', 'content_base64': 'hunter2'},
                      {'content_base64': 'hunter2!'}, ['hunter2'],
                      {'content': ['hunter2']},
                      {'content': 'hunter2', 'mode': '9'},
                      {'content': 'hunter2', 'hunter': 'hunter2'}):
            ex = self.assertRaises(ValueError, building.build_to_api, {
                'dockerfile': 'FROM a', 'files': {'a': value}})
            self.assertNotIn('hunter2', str(ex))

    @SETTINGS
    @hypothesis.given(st.text() | st.text('htps:/git@#.%a-[]'))
    def test_context_is_a_plain_url(self, rest):
        for url in (rest, 'https://' + rest, 'https://r.test/%s.git' % rest,
                    'git://' + rest, 'git://r.test/' + rest):
            try:
                building.git_url({'context': url})
            except ValueError:
                continue
            if url:
                self.assertNotIn('@', url)
                self.assertNotIn('..', url.split('#')[0].split('/'))

    def test_context_of_a_dockerfile_alone(self):
        for files in (None, {}):
            context = building.build_to_context(
                {'dockerfile': 'FROM a', 'files': files})
            with tarfile.open(fileobj=io.BytesIO(context)) as tar:
                self.assertEqual(['Dockerfile'], tar.getnames())

    def test_context_is_the_same_every_time(self):
        """Otherwise Docker's build cache would never be used."""
        self.assertEqual(building.build_to_context(self.BUILD),
                         building.build_to_context(self.BUILD))

    @SETTINGS
    @hypothesis.given(st.dictionaries(st.text() | PATH, SCALAR, max_size=3))
    def test_context_has_no_path_that_leads_out_of_it(self, files):
        try:
            context = building.build_to_context(
                {'dockerfile': 'FROM a', 'files': files})
        except ValueError as ex:
            self.assertTrue(str(ex))
            return
        with tarfile.open(fileobj=io.BytesIO(context)) as tar:
            for name in tar.getnames():
                self.assertFalse(name.startswith('/')
                                 or '..' in name.split('/'), name)


class GeneratedTestCase(testtools.TestCase):

    @SETTINGS
    @hypothesis.given(st.integers(0, 2 ** 53))
    def test_sizes_round_trip(self, size):
        for to_api in (scalars.size_to_api, scalars.size_or_unlimited_to_api):
            self.assertEqual(size, to_api(size))
            self.assertEqual(str(size),
                             scalars.size_from_api(to_api(str(size))))

    @SETTINGS
    @hypothesis.given(st.integers(0, 999), st.sampled_from('bkmgtpBKMGTP'),
                      st.sampled_from(['', 'b', 'B', 'ib', 'iB']))
    def test_sizes_with_units(self, number, unit, rest):
        hypothesis.assume(unit not in 'bB' or not rest)
        self.assertEqual(
            number * 1024 ** 'bkmgtp'.index(unit.lower()),
            scalars.size_to_api('%d%s%s' % (number, unit, rest)))

    @SETTINGS
    @hypothesis.given(st.integers(1, 10 ** 7))
    def test_times_round_trip(self, milliseconds):
        """Docker counts in ns, and times are at least a millisecond."""
        seconds = milliseconds / 1000
        for name in ('interval', 'timeout', 'start_period',
                     'start_interval'):
            api = process.healthcheck_to_api({name: seconds})
            self.assertEqual([milliseconds * 10 ** 6], list(api.values()))
            self.assertEqual({name: seconds},
                             process.healthcheck_from_api(api))

    @SETTINGS
    @hypothesis.given(st.integers(0, 10 ** 5))
    def test_cpus_round_trip(self, hundredths):
        cpus = hundredths / 100
        self.assertEqual(cpus, limits.cpus_from_api(limits.cpus_to_api(cpus)))

    @SETTINGS
    @hypothesis.given(st.sets(st.tuples(PORT, PROTOCOL), max_size=6))
    def test_port_specs_round_trip(self, given):
        canonical = [container_port(*port) for port in sorted(given)]
        self.assertEqual(canonical, ports.port_specs_from_api(
            ports.port_specs_to_api(canonical)))

    @SETTINGS
    @hypothesis.given(st.lists(PORT, min_size=2, max_size=2).map(sorted),
                      PROTOCOL)
    def test_port_specs_range(self, span, protocol):
        span[1] = min(span[1], span[0] + 50)
        exposed = ports.port_specs_to_api(
            ['%d-%d/%s' % (*span, protocol)])
        self.assertEqual(['%d/%s' % (port, protocol)
                          for port in range(span[0], span[1] + 1)],
                         list(exposed))

    @SETTINGS
    @hypothesis.given(port_bindings())
    def test_port_bindings_round_trip(self, canonical):
        self.assertEqual(canonical, ports.port_bindings_from_api(
            ports.port_bindings_to_api(canonical)))

    @SETTINGS
    @hypothesis.given(st.lists(st.sampled_from((
        '', '0.0.0.0', '10.0.0.1', '10.0.0.2', '::', '::1', '::ffff:0:0')),
        min_size=2, max_size=4))
    def test_host_ports_of_which_two_overlap(self, addresses):
        """Addresses overlap if equal, or if one is unspecified."""
        def overlap(one, other):
            one, other = map(ipaddress.ip_address, (one, other))
            return one == other or one.version == other.version and (
                one.is_unspecified or other.is_unspecified)

        value = {'80': [{'HostIp': address, 'HostPort': '9'}
                        for address in addresses]}
        if any(not one or not other or overlap(one, other) for one, other
               in itertools.combinations(addresses, 2)):
            self.assertRaises(ValueError, ports.port_bindings_to_api, value)
        else:
            ports.port_bindings_to_api(value)

    def test_host_ports_are_not_compared_with_each_other(self):
        def trace(_frame, event, _argument):
            calls[event] += 1

        calls = collections.Counter()
        value = {'80': ['10.0.%d.%d:9' % divmod(number, 250)
                        for number in range(1000)]}
        sys.setprofile(trace)
        try:
            ports.port_bindings_to_api(value)
        finally:
            sys.setprofile(None)
        self.assertLess(calls['call'], 50_000)

    @hypothesis.given(PORT, PORT, st.integers(1, 50), ADDRESS)
    def test_port_bindings_range(self, first, host, count, address):
        hypothesis.assume(max(first, host) + count <= 65536)
        bindings = ports.port_bindings_to_api({
            '%d-%d' % (first, first + count - 1):
            host_port(address, '%d-%d' % (host, host + count - 1))})
        self.assertEqual(
            {'%d/tcp' % (first + n): [{'HostIp': address or '',
                                       'HostPort': str(host + n)}]
             for n in range(count)}, bindings)
        self.assertEqual(set(bindings), set(ports.port_bindings_to_exposed(
            {'%d-%d' % (first, first + count - 1): ''})))

    @SETTINGS
    @hypothesis.given(st.dictionaries(
        st.sampled_from(['1', '2', '3', '4/udp']),
        HOST_TEXT | HOST_MAP | st.lists(HOST_TEXT | HOST_MAP, max_size=2),
        max_size=3))
    def test_port_bindings_share_nothing(self, value):
        try:
            bindings = ports.port_bindings_to_api(value)
        except ValueError:
            return
        taken = [(key.split('/')[1], host['HostPort'], host['HostIp'])
                 for key, hosts in bindings.items() for host in hosts
                 if host['HostPort']]
        for one, other in itertools.combinations(taken, 2):
            if one[:2] == other[:2]:
                # Without an address, the port is open at all addresses.
                self.assertTrue(one[2] and other[2], bindings)
                mine, its = (ipaddress.ip_address(address)
                             for address in (one[2], other[2]))
                if mine.version == its.version:
                    self.assertNotEqual(mine, its, bindings)
                    self.assertFalse(mine.is_unspecified or
                                     its.is_unspecified, bindings)

    @SETTINGS
    @hypothesis.given(volumes())
    def test_volumes_round_trip(self, canonical):
        self.assertEqual(canonical, storage.volumes_from_api(
            storage.volumes_to_api(canonical)))

    @SETTINGS
    @hypothesis.given(st.text())
    def test_text_parses_or_is_refused(self, text):
        for to_api in (process.image, scalars.to_string):
            self.parses_or_is_refused(to_api, text)

    @SETTINGS
    @hypothesis.given(SCALAR | st.text('0123456789.bkmgtpi-'))
    def test_size_parses_or_is_refused(self, value):
        for to_api in (scalars.size_to_api, scalars.size_or_unlimited_to_api,
                       storage.octal):
            self.parses_or_is_refused(to_api, value)

    @SETTINGS
    @hypothesis.given(st.fixed_dictionaries({}, optional={
        'test': st.lists(SCALAR | st.just('CMD'), max_size=3),
        'interval': st.none() | st.floats(-1e9, 1e9),
        'start_interval': st.none() | st.integers(),
        'retries': st.integers(), 'disable': st.booleans()}))
    def test_healthcheck_parses_or_is_refused(self, value):
        self.parses_or_is_refused(process.healthcheck_to_api, value)

    @SETTINGS
    @hypothesis.given(st.lists(PORT_TEXT | JSON, max_size=3))
    def test_list_parses_or_is_refused(self, values):
        for to_api in (ports.port_specs_to_api, scalars.to_strings,
                       process.env_to_api, network.dns_to_api,
                       process.capabilities_to_api,
                       storage.volumes_from_to_api, storage.tmpfs_to_api,
                       network.extra_hosts_to_api):
            self.parses_or_is_refused(to_api, values)

    @SETTINGS
    @hypothesis.given(st.dictionaries(PORT_TEXT | PATH | NAME,
                                      HOST_TEXT | JSON, max_size=3))
    def test_map_parses_or_is_refused(self, value):
        for to_api in (ports.port_bindings_to_api, storage.volumes_to_api,
                       network.links_to_api, process.labels_to_api,
                       scalars.to_string_map):
            self.parses_or_is_refused(to_api, value)

    def parses_or_is_refused(self, to_api, value):
        try:
            to_api(value)
        except ValueError as ex:
            self.assertTrue(str(ex))


class TooMuchTestCase(testtools.TestCase):
    """Numbers beyond Python's range are refused like any other value."""

    def assert_refused(self, to_api, value):
        ex = self.assertRaises(ValueError, to_api, value)
        self.assertNotIn('convert', str(ex))

    def test_size_too_long(self):
        self.assert_refused(scalars.size_to_api, 400 * '9')

    def test_cpus_without_end(self):
        for value in (float('inf'), float('nan'), 1e300):
            self.assert_refused(limits.cpus_to_api, value)

    def test_time_without_end(self):
        for value in (float('inf'), float('nan'), 1e300):
            self.assert_refused(process.healthcheck_to_api,
                                {'interval': value})


class KeysTestCase(testtools.TestCase):
    """YAML keys may be numbers, which JSON converts to text."""

    def test_number_as_key(self):
        for to_api in (storage.volumes_to_api, network.links_to_api):
            ex = self.assertRaises(ValueError, to_api, {1: '/x'})
            self.assertNotIn('attribute', str(ex))

    def test_number_as_label(self):
        self.assertEqual({'1': 'a'}, process.labels_to_api({1: 'a'}))

    def test_target_is_no_root(self):
        self.assertRaises(ValueError, storage.volumes_to_api, {'/a': '//'})

    def test_address_with_a_zone(self):
        """Docker ignores the unknown address, and publishes on all."""
        self.assertRaises(ValueError, ports.port_bindings_to_api,
                          {80: '[fe80::1%lo]:80'})

    def test_last_line_is_split_at_newlines_only(self):
        self.assertEqual('a\x0cb\u2028c', process.last_line(
            'x\na\x0cb\u2028c\r\n'))

    def test_link_with_the_slash_of_docker(self):
        self.assertEqual(['db:db'], network.links_to_api({'/db': 'db'}))
