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

"""The limits of the operator, option by option."""

import dataclasses
import inspect
import re
import time

import hypothesis
from hypothesis import strategies as st
import mock

from heat_docker import conf
from heat_docker import endpoint
from heat_docker import errors
from heat_docker import policy
from tests.unit import base

HEX = 64 * '0'

DEFAULTS = {option.name: option.default for option in conf.OPTIONS}


def volume(**options):
    """Return a mount of a volume with options for its driver."""
    return {'Type': 'volume', 'Target': '/x', 'VolumeOptions': {
        'DriverConfig': {'Name': 'local', 'Options': options}}}


def driven(driver, **options):
    """Return a mount of a volume with another driver."""
    return {'Type': 'volume', 'Target': '/x', 'VolumeOptions': {
        'DriverConfig': {'Name': driver, 'Options': options}}}


def subnets(*values, **more):
    """Return the addresses of a network as the API has them."""
    return {**more, 'Config': [{'Subnet': value} for value in values]}


def bind(source):
    return {'Type': 'bind', 'Source': source, 'Target': '/x'}


def image(source):
    return {'Type': 'image', 'Source': source, 'Target': '/x'}


# function, option and its value, allowed values, refused values; the optional
# second part of a refused value is its part of the message
CASES = (
    (policy.privileged, {'allow_privileged': False}, [False],
     [(True, 'true')]),
    (policy.privileged, {'allow_privileged': True}, [True, False], []),
    (policy.security_options,
     {'allow_privileged': False,
      'allowed_security_options': DEFAULTS['allowed_security_options']},
     [[], ['no-new-privileges:true'], ['no-new-privileges'],
      ['no-new-privileges=true'], ['no-new-privileges:false'],
      ['apparmor=docker-default'], ['apparmor:docker-default'],
      ['seccomp=builtin'], ['seccomp:builtin'], ['mask=/proc/acpi']],
     [(['seccomp=unconfined'], 'seccomp=unconfined'),
      (['seccomp:unconfined'], 'seccomp:unconfined'),
      (['apparmor=unconfined'], 'apparmor=unconfined'),
      (['apparmor:unconfined'], 'apparmor:unconfined'),
      # Any profile of the host, even one that only complains.
      (['apparmor=host-profile'], 'apparmor=host-profile'),
      (['apparmor=docker-default2'], 'apparmor=docker-default2'),
      (['systempaths=unconfined'], 'systempaths=unconfined'),
      # In Docker, the single word means label=disable.
      (['disable'], 'disable'), ([' disable'], ' disable'),
      (['writable-cgroups'], 'writable-cgroups'),
      (['writable-cgroups=true'], 'writable-cgroups=true'),
      (['writable-cgroups:true'], 'writable-cgroups:true'),
      (['unmask=ALL'], 'unmask=ALL'),
      (['unmask=/proc/kcore:/sys'], 'unmask=/proc/kcore:/sys'),
      (['unmask'], 'unmask'), (['nested'], 'nested'),
      (['label=disable'], 'label=disable'),
      (['label:disable'], 'label:disable'), (['label=nested'], 'nested'),
      # The SELinux categories of another container.
      (['label=level:s0:c100,c200'], 'label=level'),
      (['label:level:s0'], 'label:level'), (['label=user:me'], 'label=user'),
      (['label:role:me'], 'label:role'),
      (['label=type:spc_t'], 'label=type:spc_t'),
      (['label:type:unconfined_t'], 'label:type:unconfined_t'),
      (['label=filetype:x'], 'label=filetype:x'),
      (['label:level=s0'], 'label:level=s0'),
      (['proc-opts=hidepid=0'], 'proc-opts'),
      # The API takes the profile itself, not the name of a file.
      (['seccomp={"defaultAction": "SCMP_ACT_ALLOW"}'], 'SCMP_ACT_ALLOW'),
      (['seccomp={"a":\n"=unconfined"}'], 'seccomp'),
      (['seccomp'], 'seccomp'), (['seccomp=unconfined\n'], 'seccomp'),
      (['no-new-privileges:true', 'label=disable'], 'label=disable')]),
    (policy.security_options,
     {'allow_privileged': False,
      'allowed_security_options': ['apparmor=tenant-*']},
     [['apparmor=tenant-web'], ['apparmor:tenant-web']],
     [(['no-new-privileges'], 'no-new-privileges'),
      (['apparmor=host'], 'apparmor=host')]),
    (policy.security_options, {'allow_privileged': True},
     [['seccomp=unconfined'], ['disable'], ['writable-cgroups']], []),
    (policy.namespace, {'allow_host_namespaces': False},
     ['', 'none', 'private', 'bridge', 'container:host', 'hostess'],
     [('host', '"host"')]),
    (policy.namespace, {'allow_host_namespaces': True}, ['host'], []),
    (policy.ports, {'max_ports': 3},
     [{}, {'80/tcp': {}, '81/tcp': {}, '82/tcp': {}},
      {'80/tcp': [{}, {}], '81/tcp': [{}]}],
     [({'%d/tcp' % n: {} for n in range(4)}, '4 ports'),
      ({'80/tcp': [{}, {}], '81/tcp': [{}, {}]}, '4 ports')]),
    (policy.networks, {'allow_host_namespaces': False},
     [{}, {'front': {}}, {'a b/c': {}}],
     [({'front': {}, 'host': {}}, '"host"'),
      ({'front': {}, 'ns:/proc/1/ns/net': {}}, 'ns:/proc/1/ns/net'),
      ({'slirp4netns:allow_host_loopback=true': {}}, 'slirp4netns:'),
      ({'pasta:--map-gw': {}}, 'pasta:'),
      ({'container:web': {}}, 'container:web')]),
    (policy.networks, {'allow_host_namespaces': True},
     [{'host': {}}, {'container:web': {}}], []),
    (policy.networks, {'allowed_network_options': ['com.docker.*']},
     [{'front': {'DriverOpts': {'com.docker.network.driver.mtu': '1'}}}],
     [({'front': {'DriverOpts': {'parent': 'eth0'}}}, 'parent')]),
    # It names an interface in the container.
    (policy.networks, {'allowed_network_options': []},
     [{'front': {'DriverOpts': {
         'com.docker.network.endpoint.ifname': 'web0'}}}],
     [({'front': {'DriverOpts': {
         'com.docker.network.endpoint.ifname': 'web0',
         'com.docker.network.endpoint.sysctls': 'x'}}}, 'sysctls')]),
    (policy.oom_score, {'allow_oom_protection': False}, [0, 1000],
     [(-1, 'negative')]),
    (policy.oom_kill_disable, {'allow_oom_protection': False}, [False],
     [(True, 'true')]),
    (policy.publish_all_ports, {'allow_publish_all_ports': False}, [False],
     [(True, 'true')]),
    (policy.service_networks, {'allow_host_namespaces': False},
     [[{'Target': 'front'}]], [([{'Target': 'host'}], 'host')]),
    (policy.service_ports, {'max_ports': 1}, [[{'TargetPort': 80}]],
     [(2 * [{'TargetPort': 80}], '2 ports')]),
    (policy.service_privileges,
     {'allow_privileged': False,
      'allowed_security_options': DEFAULTS['allowed_security_options']},
     [{'NoNewPrivileges': True}, {'Seccomp': {'Mode': 'default'}}],
     [({'Seccomp': {'Mode': 'unconfined'}}, 'seccomp=unconfined'),
      ({'AppArmor': {'Mode': 'disabled'}}, 'apparmor=unconfined'),
      ({'SELinuxContext': {'Disable': True}}, 'label=disable')]),
    (policy.service_templates, {'allow_service_templates': False},
     [{'Env': ['A={{.Node.Hostname}}', 'B={"a": {"b": 1}}']},
      {'Hostname': 'web-{{ .Task.Slot }}'}],
     [({'Env': ['A={{printf "%9d" 1}}']}, 'env'),
      ({'Hostname': '{{.Node.ID | html}}'}, 'hostname'),
      ({'Mounts': [{'Source': '{{{{.Node.ID}}'}]}, 'mounts')]),
    (policy.template_driver, {'allow_service_templates': False}, [{}],
     [({'Name': 'golang'}, '')]),
    (policy.log_driver, {'allowed_log_drivers': ['local', 'j*']},
     ['local', 'journald'], [('syslog', 'syslog'), ('Local', 'Local')]),
    (policy.log_options, {'allowed_log_options': ['max-*']},
     [{}, {'max-size': '1m'}],
     [({'max-file': '2', 'syslog-address': 'udp://127.0.0.1'},
       'syslog-address')]),
    (policy.log_options, {'allowed_log_options': ['tag', '*-regex']},
     [{'tag': ''}, {'tag': 'web'}, {'tag': '{{.ID}}'},
      {'tag': '{{ .ImageName }}/{{.Name}}-{{.FullID}}'},
      {'tag': 'x' * 256}, {'labels-regex': '^(a|b)+$'}],
     [({'tag': value}, 'the option tag with a value other than text') for
      value in ('{{pad "x" 9000000000 0}}', '{{.ID | upper}}', '{{json .}}',
                '{{.Command}}', '{{.Config}}', '{{range .Config}}{{end}}',
                '{{.Name.x}}', '{{.}}', '{{', '}}', '{{/* */}}', '{{"x"}}',
                '{{.ID}}{{pad .ID 9 9}}', '{{- .ID -}}', '{{`x`}}',
                '{{.ID\n}}', 'x' * 257)] + [
      ({'env-regex': '(x{1000})'}, 'env-regex'),
      ({'labels-regex': 'x' * 257}, 'labels-regex')]),
    (policy.log_options, {'allowed_log_options': ['max-*']},
     [{'max-file': '1'}, {'max-file': '100'}, {'max-size': '64k'},
      {'max-size': '10GB'}, {'max-buffer-size': '4m'}],
     [({'max-file': value}, 'the option max-file') for value in (
         '101', '2000000', '0', '-1', '1e2', '', '٣', '5 ')] + [
      ({'max-size': value}, 'the option max-size') for value in (
          '1k', '63k', '0', '-1', '', 'k', '1e9')] + [
      ({'max-buffer-size': value}, 'the option max-buffer-size')
      for value in ('5m', '1g', '9999999999999p', 'x')]),
    # The pattern of one option lifts its limits only.
    (policy.log_options, {'allowed_log_options': ['tag=*', 'max-file']},
     [{'tag': '{{.Command}}', 'max-file': '9'}],
     [({'tag': 'x', 'max-file': '200'}, 'max-file'),
      ({'tag2': 'x'}, 'tag2')]),
    (policy.network_driver, {'allowed_network_drivers': ['bridge']},
     ['bridge'], [('macvlan', 'macvlan'), ('host', 'host')]),
    (policy.network_options, {'allowed_network_options': ['*.mtu']},
     [{}, {'com.docker.network.driver.mtu': '1400'}],
     [({'com.docker.network.bridge.name': 'br-ex'}, 'bridge.name'),
      ({'parent': 'eth0'}, 'parent')]),
    (policy.cluster, {'allowed_network_drivers': ['bridge']},
     [False, 'local', ''], [(True, 'overlay'), ('swarm', 'overlay'),
                            ('global', 'overlay')]),
    (policy.cluster, {'allowed_network_drivers': ['overlay']},
     [True, 'swarm'], []),
    (policy.ipam, {'allowed_subnets': ['10.9.0.0/16', 'fd00::/8']},
     [{}, {'Driver': 'x'}, subnets('10.9.1.0/24', 'fd00:1::/64'),
      subnets('10.9.0.0/16')],
     [(subnets('10.8.0.0/24'), '10.8.0.0/24'),
      (subnets('10.8.0.0/15', '10.9.1.0/24'), '10.8.0.0/15'),
      (subnets('10.9.1.0/24', 'fe80::/64'), 'fe80::/64'),
      (subnets('0.0.0.0/0'), '0.0.0.0/0')]),
    (policy.ipam, {'allowed_network_drivers': []},
     [{}, {'Driver': 'default'}], [({'Driver': 'dhcp'}, 'dhcp')]),
    (policy.ipam, {'allowed_network_options': ['mtu']},
     [{'Options': {'mtu': '1'}}], [({'Options': {'parent': 'a'}}, 'parent')]),
    (policy.binds, {'allowed_bind_sources': ['/srv', '/data/']},
     [[], ['data:/x'], ['/srv:/x'], ['/srv:/x:ro'], ['/data:/x'],
      ['//srv//:/x'], ['/etc/../srv:/x'], ['/srv/./:/x'],
      ['/srv/a/..:/x'], ['srv:/etc']],
     [(['/etc:/x'], '/etc'), (['/:/x'], '/'), (['//etc:/x'], '//etc'),
      (['///etc:/x'], '///etc'), (['/srv/../etc:/x'], '/srv/../etc'),
      (['/srv/..:/x'], '/srv/..'), (['/srvs:/x'], '/srvs'),
      (['/srv/../../etc:/x:ro'], '/srv/../../etc'),
      (['/data/a/../../etc:/x'], '/data/a/../../etc'),
      (['/srv:/x', '/etc:/y'], '/etc'), (['//:/x'], '//'),
      # It may be a symbolic link that another container has created.
      (['/srv/a:/x'], '/srv/a'), (['/data/a:/x:ro'], '/data/a'),
      (['/srv//a/.:/x'], '/srv//a/.'), (['/srv/a/../b:/x'], '/srv/a/..')]),
    # The same is true of a path from the operator.
    (policy.binds, {'allowed_bind_sources': ['/srv/a/b', '/srv/a/', '/s']},
     [['/srv/a:/x']], [(['/srv/a/b:/x'], '/srv/a/b')]),
    (policy.binds, {'allowed_bind_sources': ['/', '/srv']}, [['/:/y']],
     [(['/etc:/x'], '/etc'), (['/srv:/x'], '/srv')]),
    (policy.binds, {'allowed_bind_sources': ['*']}, [['/etc:/x']], []),
    (policy.binds, {'allowed_bind_sources': ['/srv', '*']}, [['/etc:/x']],
     []),
    (policy.binds, {'allowed_bind_sources': []}, [['data:/x']],
     [(['/srv:/x'], '/srv')]),
    # It is a directory, not a pattern.
    (policy.binds, {'allowed_bind_sources': ['/s*']}, [['/s*:/x']],
     [(['/srv:/x'], '/srv')]),
    (policy.mounts, {'allowed_bind_sources': ['/srv']},
     [[], [bind('/srv/')], [{'Type': 'tmpfs', 'Target': '/x'}],
      [{'Type': 'volume', 'Target': '/x', 'Source': 'data'}],
      [volume()], [volume(type='tmpfs', device='tmpfs')],
      [volume(type='none', o='bind', device='/srv')],
      [volume(type='tmpfs', device='tmpfs', o='size=1m,uid=1')],
      [volume(type='nfs', o='addr=192.0.2.7', device=':/etc')],
      [volume(type='cifs', o='addr=a,username=b', device='//a/etc')],
      [volume(type='none', o='rbind,ro', device='srv')],
      [image('busybox')]],
     [([bind('/etc')], '/etc'), ([bind('//etc')], '//etc'),
      ([bind('/srv/a')], '/srv/a'),
      ([volume(type='none', o='bind', device='/srv/a')], '/srv/a'),
      ([volume(type='tmpfs', o=' bind', device='/etc')], '/etc'),
      ([bind('/srv'), bind('/srv/../etc')], '/srv/../etc'),
      ([volume(type='none', o='bind', device='/etc')], '/etc'),
      ([volume(type='tmpfs', o='size=1m,shared')], 'these volume options'),
      ([volume(type='tmpfs', o='bind=x')], 'these volume options'),
      ([volume(type='tmpfs', o='huge=always')], 'these volume options'),
      ([volume(type='ext4', device='/dev/sda1')], 'these volume options'),
      ([volume(type='ext4', device='/srv/a')], 'these volume options'),
      # The default working directory of the daemon is /.
      ([volume(type='none', o='bind', device='etc')], '/etc'),
      ([volume(type='none', o='ro,rbind', device='./etc')], '/etc'),
      ([volume(type='none', o='bind', device='../etc')], '/etc'),
      ([volume(type='none', o='bind')], '/'),
      ([volume(type='tmpfs', o='bind', device='/etc')], '/etc'),
      ([volume(type='nfs', o='rbind', device='/etc')], '/etc'),
      ([volume(type='overlay', device='overlay', o='lowerdir=/etc:/usr')],
       'these volume options'),
      ([volume(type='overlay', device='/srv', o='bind,lowerdir=/etc:/usr')],
       'these volume options'),
      ([volume(type='debugfs', device='none')], 'these volume options'),
      ([volume(type='none', o='move', device='/etc')], 'these volume options'),
      ([volume(device='/etc')], 'these volume options'),
      ([volume(type='none', o='bind', device='/srv/../etc')],
       '/srv/../etc')]),
    (policy.volume_options, {'allowed_bind_sources': ['/srv']},
     [{}, {'type': 'tmpfs', 'device': 'tmpfs'}, {'unknown': 'x'},
      {'type': 'none', 'o': 'bind', 'device': '/srv'}],
     [({'type': 'none', 'o': 'bind', 'device': '/etc'}, '/etc'),
      ({'type': 'ext4', 'device': '/dev/sda1'}, 'these volume options')]),
    (policy.volume_options, {'allowed_volume_types': ['nfs']},
     [{}, {'type': 'nfs', 'o': 'addr=192.0.2.7', 'device': ':/a'},
      {'type': 'ext4', 'device': '/dev/sda1'}],
     [({'type': 'tmpfs', 'device': 'tmpfs'}, 'the volume type tmpfs'),
      ({'type': 'nfs4', 'o': 'addr=a', 'device': ':/a'},
       'the volume type nfs4')]),
    # A pattern would also match future types.
    (policy.volume_options, {'allowed_volume_types': ['*']}, [],
     [({'type': 'tmpfs', 'device': 'tmpfs'}, 'the volume type tmpfs')]),
    (policy.volume_options, {'allowed_volume_options': ['size']},
     [{'size': '1g'}, {'type': 'tmpfs', 'device': 'tmpfs', 'size': '1'}],
     [({'mountpoint': '/etc'}, 'mountpoint'), ({'Device': 'x'}, 'Device')]),
    (policy.mounts, {'allowed_volume_drivers': ['local']},
     [[volume(type='tmpfs', device='tmpfs')], [bind('/etc')]],
     [([driven('local-persist', mountpoint='/etc')], 'local-persist')]),
    (policy.volume_driver, {'allowed_volume_drivers': ['local', 'r/x*']},
     ['local', 'r/x:latest'], [('loca', 'loca'), ('vieux/sshfs', 'vieux')]),
    (policy.mounts, {'allowed_registries': ['r.test']},
     [[image('r.test/web:1')], [bind('/etc')]],
     [([image('busybox')], 'busybox')]),
    (policy.devices, {'allowed_devices': ['/dev/dri/*', '/dev/kvm']},
     [[], [{'PathOnHost': '/dev/kvm'}], [{'PathOnHost': '/dev/dri/card0'}],
      [{'PathOnHost': '//dev//kvm/'}], [{'PathOnHost': '/dev/x/../kvm'}]],
     [([{'PathOnHost': '/dev/sda'}], '/dev/sda'),
      ([{'PathOnHost': '/dev/dri/../sda'}], '/dev/sda'),
      ([{'PathOnHost': '//dev/sda'}], '/dev/sda'),
      ([{'PathOnHost': '/dev/dri'}], '/dev/dri'),
      ([{'PathOnHost': '/dev/kvm'}, {'PathOnHost': '/dev/kvm0'}],
       '/dev/kvm0')]),
    (policy.devices, {'allowed_devices': ['*']},
     [[{'PathOnHost': '/dev/sda'}]], []),
    (policy.devices, {'allowed_devices': []}, [[]],
     [([{'PathOnHost': '/dev/null'}], '/dev/null')]),
    (policy.block_devices, {'allowed_devices': ['/dev/sd*']},
     [{}, {'BlkioWeightDevice': [{'Path': '/dev/sda'}]}],
     [({'BlkioWeightDevice': [], 'BlkioDeviceReadBps': [
         {'Path': '/dev/sda'}, {'Path': '/etc/shadow'}]}, '/etc/shadow'),
      ({'BlkioDeviceWriteIOps': [{'Path': '/dev/sd/../vda'}]}, '/dev/vda')]),
    (policy.any_device, {'allowed_devices': ['/dev/*']}, [[], None],
     [(['c 1:* rwm'], 'it'), ([{'Driver': 'nvidia'}], 'it')]),
    (policy.any_device, {'allowed_devices': ['*']}, [['c 1:* rwm']], []),
    (policy.capabilities,
     {'allowed_capabilities': ['NET_ADMIN', 'cap_kill', 'CAP_CHOWN']},
     [[], ['NET_ADMIN'], ['KILL', 'CHOWN']],
     [(['SYS_ADMIN'], 'SYS_ADMIN'), (['ALL'], 'ALL'),
      (['KILL', 'SYS_ADMIN'], 'SYS_ADMIN')]),
    (policy.capabilities, {'allowed_capabilities': ['*']},
     [['ALL', 'SYS_ADMIN']], []),
    (policy.capabilities, {'allowed_capabilities': []}, [[]],
     [(['KILL'], 'KILL')]),
    (policy.storage_options, {'allowed_storage_options': ['size']},
     [{'size': '1g'}], [({'size': '1g', 'dm.basesize': '2g'}, 'dm.base')]),
    (policy.runtime, {'allowed_runtimes': ['runsc*']},
     ['runsc', 'runsc-kvm'], [('runc', 'runc'), ('/tmp/runsc', '/tmp/')]),
    (policy.annotations, {'allowed_annotations': ['com.example.*']},
     [{}, {'com.example.a': 'b'}],
     [({'com.example.a': 'b', 'run.oci.hooks.stdout': '/etc/passwd'},
       'run.oci.hooks.stdout')]),
    (policy.cgroup_parent, {'allowed_cgroup_parents': ['/wiki/*']},
     ['/wiki/a', '/wiki/a/b..'],
     [('/system.slice', '/system.slice'), ('system.slice', 'system'),
      ('/wiki', '/wiki'), ('/wiki/../..', '".."'), ('..', '".."')]),
    (policy.cgroup_parent, {'allowed_cgroup_parents': ['*']},
     ['../../..'], []),
    (policy.sysctls, {'allowed_sysctls': ['net.*']},
     [{}, {'net.ipv4.ip_forward': '1'}],
     [({'net.a': '1', 'kernel.core_pattern': '|/x'}, 'core_pattern'),
      ({'net/../kernel/core_pattern': '|/x'}, 'core_pattern'),
      ({'kernel/core_pattern': '|/x'}, 'core_pattern')]),
    (policy.certificates, {'require_tls': True}, [endpoint.TLS()],
     [(endpoint.TLS(verify=False), 'verify: false')]),
    (policy.image, {'allowed_registries': ['docker.io']},
     ['busybox', 'me/web:1', 'docker.io/busybox',
      'index.docker.io/library/busybox', 'registry-1.docker.io/me/web'],
     [('r.test/busybox', 'r.test/busybox'), ('localhost/docker.io', 'local'),
      ('docker.io:5000/a', 'docker.io:5000/a'), ('docker.io.test/a', 'a'),
      ('sha256:' + HEX, 'sha256'), (HEX, HEX), ('sha256:' + HEX[:12], 'sha'),
      # Docker accepts the prefix of an image id.
      (HEX[:12], HEX[:12]), ('cafe', 'cafe')]),
    (policy.image, {'allowed_registries': ['docker.io']},
     ['cafe:1', 'me/cafe', 'docker.io/cafe', 'cafes'], []),
    (policy.image, {'allowed_registries': ['docker.io/library/*']},
     ['busybox:1', 'docker.io/library/busybox', 'busybox@sha256:' + HEX],
     [('me/web', 'me/web'), ('r.test/library/busybox', 'r.test')]),
    (policy.image, {'allowed_registries': ['r.test:5000', '*.r.test']},
     ['r.test:5000/a/b:1', 'x.r.test/a'],
     [('r.test/a', 'r.test/a'), ('busybox', 'busybox'),
      ('x.r.test:1/a', 'x.r.test:1'), ('rxtest:5000/a', 'rxtest')]),
    (policy.build, {'allowed_registries': ['docker.io']}, [b''],
     [(b'context', 'it')]),
    (policy.build, {'allowed_registries': ['*']}, ['context'], []),
    (policy.build_inputs, {'allowed_registries': ['docker.io']}, [{}],
     [({'context': b'', 'query': {}}, 'it')]),
    (policy.build_inputs, {'allow_host_namespaces': False},
     [{'query': {}}, {'query': {'networkmode': 'front'}},
      {'query': {'networkmode': 'container:host'}}],
     [({'query': {'networkmode': 'host'}}, '"host"')]),
    (policy.build_inputs, {'allowed_git_contexts': ['https://r.test/*']},
     [{'query': {}}, {'query': {'remote': 'https://r.test/a.git#b:c'}}],
     [({'query': {'remote': 'https://s.test/a.git'}},
       'https://s.test/a.git')]),
    (policy.git_context, {'allowed_git_contexts': ['https://r.test/a.git']},
     ['https://r.test/a.git', 'https://r.test/a.git#main'],
     [('https://r.test/b.git#a.git', 'https://r.test/b.git'),
      ('http://r.test/a.git', 'http://r.test/a.git')]),
    (policy.image, {'allowed_registries': ['*']},
     ['busybox', 'sha256:' + HEX, HEX], []),
    (policy.image, {'allowed_registries': []}, [],
     [('busybox', 'busybox'), (HEX, HEX)]),
)

# Forbidden values on a daemon that several projects use, by option.
REFUSED = {
    'allow_privileged': [(policy.privileged, True)],
    'allowed_security_options': [
        (policy.security_options, [value]) for value in (
            'disable', 'writable-cgroups', 'writable-cgroups=true',
            'label=level:s0:c1,c2', 'apparmor=host-profile',
            'apparmor:unconfined', 'label:disable',
            'seccomp=unconfined', 'systempaths=unconfined', 'unmask=ALL')],
    # As in Nomad's CVE-2026-14373, where the check covered only some of them.
    'allow_host_namespaces': [
        (policy.namespace, 'host'), (policy.networks, {'host': {}}),
        (policy.networks, {'ns:/proc/1/ns/net': {}})],
    'allow_oom_protection': [
        (policy.oom_score, -1000), (policy.oom_kill_disable, True)],
    'allow_service_templates': [
        (policy.template_driver, {'Name': 'golang'}),
        (policy.service_templates, {'Env': ['A={{env "B"}}']})],
    'allow_publish_all_ports': [(policy.publish_all_ports, True)],
    'allowed_bind_sources': [
        (policy.binds, ['/srv:/x']), (policy.binds, ['/:/x:ro']),
        (policy.binds, ['/var/run/docker.sock:/x']),
        (policy.mounts, [bind('/srv')]),
        # As in Portainer, which did not check binds made through a volume.
        (policy.mounts, [volume(type='none', o='bind', device='/')]),
        (policy.mounts, [volume(o='bind', device='/')]),
        (policy.mounts, [volume(type='none', o='rbind', device='/etc')]),
        (policy.mounts, [volume(type='tmpfs', o='bind', device='/etc')]),
        (policy.mounts, [volume(type='ext4', device='/dev/vda')]),
        (policy.mounts, [volume(type='tmpfs', o='shared')]),
        (policy.mounts, [volume(type='overlay', device='overlay',
                                o='lowerdir=/:/etc')]),
        (policy.volume_options, {'type': 'none', 'o': 'bind',
                                 'device': '/'}),
        (policy.volume_options, {'device': '/dev/vda', 'type': 'ext4'})],
    'allowed_devices': [
        (policy.devices, [{'PathOnHost': '/dev/null'}]),
        (policy.block_devices, {'BlkioWeightDevice': [
            {'Path': '/dev/vda'}]}),
        (policy.any_device, ['c 1:* rwm']),
        (policy.any_device, [{'Driver': 'cdi'}])],
    'allowed_capabilities': [
        (policy.capabilities, ['SYS_ADMIN']), (policy.capabilities, ['ALL'])],
    # The daemon contacts registries on its loopback, and shows the answers.
    'allowed_registries': [
        (policy.image, '127.0.0.1:9911/a/b'), (policy.image, 'r.test/a'),
        (policy.image, HEX), (policy.mounts, [image('r.test/a')]),
        (policy.build, {'context': b''}),
        (policy.build_inputs, {'context': b''})],
    # The daemon connects to any service of its network.
    'allowed_git_contexts': [
        (policy.git_context, 'http://127.0.0.1:9911/a.git'),
        (policy.git_context, 'https://github.com/a/b.git')],
    'allowed_log_drivers': [
        (policy.log_driver, name) for name in (
            'splunk', 'fluentd', 'syslog', 'gelf', 'journald', 'awslogs',
            'gcplogs', 'logentries', 'etwlogs', 'k8s-file',
            'vendor/plugin:1')],
    # Options of the default driver, too.
    'allowed_log_options': [
        (policy.log_options, {name: 'x'}) for name in (
            'splunk-url', 'splunk-capath', 'fluentd-address',
            'syslog-address', 'syslog-tls-ca-cert', 'gelf-address',
            'awslogs-endpoint', 'awslogs-credentials-endpoint', 'path',
            'logentries-token', 'gcp-project')] + [
        (policy.log_options, {'tag': '{{pad "x" 9000000000 0}}'}),
        (policy.log_options, {'max-file': '2000000'})],
    'allowed_network_drivers': [
        (policy.network_driver, 'macvlan'), (policy.network_driver, 'host'),
        (policy.network_driver, 'ipvlan'), (policy.network_driver, 'overlay'),
        (policy.cluster, True), (policy.cluster, 'swarm'),
        (policy.ipam, {'Driver': 'dhcp'})],
    'allowed_network_options': [
        (policy.network_options, {'com.docker.network.bridge.name': 'br'}),
        (policy.network_options, {'parent': 'eth0'}),
        (policy.network_options, {'com.docker.network.host_ipv4': '10.0.0.1'}),
        (policy.network_options, {
            'com.docker.network.bridge.gateway_mode_ipv4':
            'nat-unprotected'}),
        (policy.networks, {'a': {'DriverOpts': {'parent': 'eth0'}}}),
        (policy.ipam, {'Options': {'parent': 'eth0'}})],
    'allowed_subnets': [
        (policy.ipam, subnets('203.0.113.0/24')),
        (policy.ipam, subnets('10.0.0.0/24')),
        (policy.ipam, subnets('fd00::/64'))],
    'allowed_volume_drivers': [
        (policy.volume_driver, 'vieux/sshfs'),
        (policy.mounts, [driven('local-persist')])],
    'allowed_volume_types': [
        (policy.volume_options, {'type': kind, 'device': 'x',
                                 'o': 'addr=127.0.0.1'})
        for kind in ('nfs', 'nfs4', 'cifs')],
    'allowed_volume_options': [
        (policy.volume_options, {'mountpoint': '/etc'}),
        (policy.mounts, [volume(mountpoint='/etc')])],
    'allowed_storage_options': [(policy.storage_options, {'dm.x': '1'})],
    'allowed_runtimes': [
        (policy.runtime, 'runc2'), (policy.runtime, '/usr/bin/shim')],
    'allowed_annotations': [
        (policy.annotations, {'run.oci.hooks.stdout': '/etc/passwd'}),
        (policy.annotations, {'org.systemd.property.MemoryMax': '1'})],
    'allowed_cgroup_parents': [
        (policy.cgroup_parent, '/system.slice'),
        (policy.cgroup_parent, '../..'), (policy.cgroup_parent, '/a')],
    'allowed_sysctls': [
        (policy.sysctls, {'kernel.core_pattern': '|/x'}),
        (policy.sysctls, {'vm.overcommit_memory': '1'}),
        (policy.sysctls, {'kernel/net.x': '1'})],
}

# Allowed values for all users.
ALLOWED = {
    policy.privileged: [False],
    policy.security_options: [
        ['no-new-privileges'], ['seccomp=builtin']],
    policy.namespace: ['private', 'none', 'container:mine'],
    policy.networks: [{'front': {}}, {'front': {'DriverOpts': {
        'com.docker.network.endpoint.ifname': 'web0'}}}],
    policy.oom_score: [0, 500],
    policy.oom_kill_disable: [False],
    policy.binds: [[], ['data:/x']],
    policy.mounts: [[{'Type': 'tmpfs', 'Target': '/x'}], [volume()],
                    [{'Type': 'volume', 'Target': '/x', 'Source': 'data'}],
                    [driven('local')], [volume(size='1g')]],
    policy.image: ['busybox', 'docker.io/me/web:1', 'ghcr.io/me/web:1',
                   'quay.io/prometheus/node-exporter',
                   'registry.k8s.io/pause:3.9',
                   'mcr.microsoft.com/dotnet/runtime:8.0',
                   'public.ecr.aws/docker/library/busybox',
                   'mirror.gcr.io/library/busybox',
                   'registry.gitlab.com/me/web/app:1',
                   'localhost/heat-snapshot/a:b'],
    policy.log_driver: ['json-file', 'local', 'none'],
    policy.log_options: [{'max-size': '1m', 'max-file': '3',
                          'tag': '{{.Name}}/{{.ID}}'}],
    policy.network_driver: ['bridge'],
    policy.network_options: [{
        'com.docker.network.driver.mtu': '1400',
        'com.docker.network.bridge.enable_icc': 'false'}],
    policy.cluster: [False, 'local'],
    policy.ipam: [{}, {'Driver': 'default'}],
    policy.volume_driver: ['local'],
    policy.volume_options: [
        {}, {'size': '1g'}, {'type': 'tmpfs', 'device': 'tmpfs'},
        {'type': 'tmpfs', 'device': 'tmpfs',
         'o': 'size=64m,uid=1000,gid=1000,mode=0750,nosuid,nodev'}],
    policy.storage_options: [{'size': '10G'}],
    policy.capabilities: [['CHOWN', 'NET_BIND_SERVICE']],
    policy.runtime: ['runc'],
    policy.sysctls: [{'net.core.somaxconn': '1024'},
                     {'kernel.shmmax': '1', 'fs.mqueue.msg_max': '9'}],
}

# Addresses of services on heat-engine's host or in its network.
DENIED = (
    '127.0.0.1', '127.1.2.3', '0.0.0.0', '169.254.169.254', '224.0.0.1',
    '255.255.255.255', '::', '::1', 'fe80::1', 'fe80::1%eth0', 'ff02::1',
    '::ffff:127.0.0.1', '::ffff:169.254.169.254', '::ffff:0.0.0.0',
    'fd00:ec2::254', '64:ff9b::169.254.169.254', '::127.0.0.1',
)

NOT_DENIED = ('192.0.2.7', '10.0.0.1', '2001:db8::7', '::ffff:192.0.2.7',
              'fd00::1')


class PolicyTestCase(base.TestCase):

    def refused(self, function, *arguments):
        return str(self.assertRaises(errors.Refused, function, *arguments))


class ValuesTestCase(PolicyTestCase):

    def test_each_option_allows_and_refuses_what_it_says(self):
        for function, options, allowed, not_allowed in CASES:
            self.configure(**DEFAULTS | options)
            *_others, option = options
            for value in allowed:
                self.assertIsNone(function(value), (options, value))
            for value, said in not_allowed:
                words = self.refused(function, value)
                self.assertTrue(words.endswith(
                    ' allowed (operator option %s)' % option), words)
                self.assertIn(said, words)
                self.assert_plain(words)

    def test_all_allowed_by_default(self):
        for function, _options, allowed, not_allowed in CASES:
            for value in allowed + [value for value, _said in not_allowed]:
                self.assertIsNone(function(value), (function, value))

    def test_all_functions_have_cases(self):
        self.assertEqual(
            {name for name, function in vars(policy).items()
             if inspect.isfunction(function) and not name.startswith('_')},
            {function.__name__ for function, *_rest in CASES} | {
                # They have other tests below.
                'endpoint', 'address', 'forgotten', 'is_shared',
                'limit', 'matches', 'signal', 'whole_daemon'})

    def test_only_an_asterisk_is_special_in_a_pattern(self):
        for text, patterns, expected in (
                ('a', [], False), ('a', ['*'], True), ('', ['*'], True),
                ('a', ['a'], True), ('ab', ['a'], False),
                ('ba', ['a'], False), ('a.b', ['a.b'], True),
                ('axb', ['a.b'], False), ('axb', ['a*b'], True),
                ('a', ['b', 'a'], True), ('a+', ['a+'], True),
                ('a[b]', ['a[b]'], True), ('ab', ['a[b]'], False),
                ('A', ['a'], False), ('a.b/c', ['a*c'], True),
                ('ab', ['ab*'], True), ('ab', ['*ab'], True),
                ('ab', ['a**b'], True), ('aba', ['ab*ba'], False),
                ('abba', ['ab*ba'], True), ('abcbd', ['a*b*d'], True),
                ('axbxc', ['a*b*c'], True), ('axbx', ['a*b*c'], False),
                ('acb', ['a*b*c'], False), ('abcd', ['*b*c*'], True),
                ('abab', ['*ab*ab'], True), ('abab', ['*ab*ab*ab'], False),
                ('a\nb', ['a*'], False), ('a\nb', ['a\nb'], True)):
            self.assertEqual(expected, policy.matches(text, patterns),
                             (text, patterns))

    @hypothesis.given(st.text('ab\n', max_size=12),
                      st.text('ab*', max_size=8))
    def test_matches_as_a_regular_expression(self, text, pattern):
        expected = re.fullmatch(re.escape(pattern).replace(r'\*', '.*'), text)
        self.assertEqual(expected is not None,
                         policy.matches(text, [pattern]))

    def test_matches_in_linear_time(self):
        """A regular expression would take minutes."""
        begin = time.process_time()
        self.assertFalse(policy.matches(
            50000 * '.a', ['*.*.*.example.com', '*.a*.a*.a*b']))
        self.assertLess(time.process_time() - begin, 1)


class LimitsTestCase(PolicyTestCase):
    """The defaults for daemons that several projects use."""

    def shared(self, **options):
        self.configure(**DEFAULTS | {'daemons': 'shared'} | options)

    def test_shared_if_configured_or_if_all_use_the_local_daemon(self):
        for daemons, access, expected in (
                (None, 'admin', False), (None, 'none', False),
                (None, 'all', True), ('own', 'all', False),
                ('shared', 'none', True)):
            self.configure(daemons=daemons, local_endpoint_access=access)
            self.assertIs(expected, policy.is_shared())
            self.assertEqual(expected, bool(self.refusal(
                policy.privileged, True)))

    def refusal(self, function, value):
        """Return the option that refuses a value, or None."""
        try:
            function(value)
        except errors.Refused as ex:
            return re.search('[(]operator option ([a-z_]+)[)]', str(ex))[1]

    def test_refused_if_shared(self):
        self.shared()
        for option, cases in REFUSED.items():
            for function, value in cases:
                self.assertEqual(option, self.refusal(function, value),
                                 (function, value))

    def test_allowed_if_shared(self):
        self.shared()
        for function, values in ALLOWED.items():
            for value in values:
                self.assertIsNone(self.refusal(function, value),
                                  (function, value))

    def test_value_in_a_message_is_no_line_of_the_log(self):
        self.shared()
        for function, value in ((policy.security_options, ['x\n1999 ERROR']),
                                (policy.signal, 'exec\n1999 ERROR')):
            self.assertNotIn('\n', str(self.assertRaises(
                errors.Refused, function, value)))

    def test_all_limits_have_cases(self):
        self.assertEqual({limit.name for limit in conf.LIMITS} | {
            'allowed_security_options'}, set(REFUSED))

    def test_option_widens_a_limit(self):
        """The operator's value holds in both modes."""
        for option, cases in REFUSED.items():
            if option == 'allowed_security_options':
                wide = ['*']
            else:
                [wide] = [limit.own for limit in conf.LIMITS
                          if limit.name == option]
            self.shared(**{option: wide})
            for function, value in cases:
                self.assertNotEqual(option, self.refusal(function, value),
                                    (function, value))

    def test_option_narrows_a_limit(self):
        for limit in conf.LIMITS:
            self.configure(**DEFAULTS | {'daemons': 'own',
                                         limit.name: limit.shared})
            for function, value in REFUSED[limit.name]:
                self.assertEqual(limit.name, self.refusal(function, value),
                                 (function, value))

    def test_wrong_subnet(self):
        self.shared(allowed_subnets=['10.0.0.1/8'])
        self.assertIn("Nothing is allowed because '10.0.0.1/8' is not",
                      self.refused(policy.ipam, subnets('10.0.0.0/24')))


class EndpointTestCase(PolicyTestCase):

    WHERE = endpoint.Endpoint('https://docker.test:2376', endpoint.TLS())

    def setUp(self):
        super().setUp()
        self.is_admin = mock.Mock(side_effect=self.fail)

    def allowed(self, where):
        self.assertIsNone(policy.endpoint(where, self.is_admin))

    def not_allowed(self, where):
        return self.refused(policy.endpoint, where, self.is_admin)

    def test_by_default(self):
        for url in ('tcp://h:1', 'http://h:1', 'https://h:1'):
            self.allowed(endpoint.parse(url))
        self.assertEqual(
            'The docker_endpoint unix:///run/docker.sock is not allowed '
            '(operator option allowed_endpoints)',
            self.not_allowed(endpoint.parse('unix:///run/docker.sock')))

    def test_whole_daemon(self):
        policy.whole_daemon()
        self.configure(daemons='shared')
        self.assertIn('(operator option daemons)',
                      self.refused(policy.whole_daemon))

    def test_allowed_endpoints(self):
        self.configure(allowed_endpoints=['https://*.docker.test:2376'])
        for url in ('https://a.docker.test', 'https://A.Docker.Test.:2376'):
            self.allowed(endpoint.parse(url))
        for url in ('https://docker.test', 'tcp://a.docker.test:2376',
                    'https://a.docker.test:2377',
                    'https://a.docker.test.example.com'):
            self.assertIn('%s is not allowed (operator option '
                          'allowed_endpoints'
                          % endpoint.parse(url),
                          self.not_allowed(endpoint.parse(url)))

    def test_allowed_sockets(self):
        """All spellings of a path are treated alike."""
        self.configure(allowed_endpoints=['unix:///srv/*'])
        for url in ('unix:///srv/a', 'unix://srv/a', 'unix:////srv/a',
                    'unix:///run/../srv/a'):
            self.allowed(endpoint.parse(url))
        for url in ('unix:///srv/../run/a', 'unix://srv/../run/a'):
            self.assertIn('unix:///run/a is not allowed',
                          self.not_allowed(endpoint.parse(url)))

    def test_allowed_endpoints_none(self):
        self.configure(allowed_endpoints=[])
        self.not_allowed(self.WHERE)

    def test_require_tls(self):
        self.configure(require_tls=True)
        self.allowed(self.WHERE)
        for where in (endpoint.parse('tcp://h'), endpoint.parse('http://h'),
                      endpoint.parse('https://h'),
                      dataclasses.replace(self.WHERE, tls=endpoint.TLS(
                          verify=False))):
            words = self.not_allowed(where)
            self.assertIn(str(where), words)
            self.assertIn('(operator option require_tls)', words)

    def local(self, access):
        self.configure(local_endpoint_access=access, allowed_endpoints=[],
                       require_tls=True)
        return endpoint.Endpoint('unix:///run/docker.sock', local=True)

    def test_local_for_all(self):
        self.allowed(self.local('all'))
        self.is_admin.assert_not_called()

    def test_local_for_nobody(self):
        words = self.not_allowed(self.local('none'))
        self.assertIn(
            'no one can use the default daemon at local_endpoint '
            '(operator option',
            words)
        self.is_admin.assert_not_called()

    def test_local_for_administrators(self):
        local = self.local('admin')
        self.is_admin = mock.Mock(return_value=True)
        self.allowed(local)
        self.is_admin = mock.Mock(return_value=False)
        words = self.not_allowed(local)
        self.assertIn('Set docker_endpoint', words)
        self.assertIn('only administrators can use', words)
        self.is_admin.assert_called_once_with()

    def test_admin_not_asked_for_others(self):
        """The check may take a request to Keystone."""
        self.configure(local_endpoint_access='admin')
        self.allowed(self.WHERE)
        self.is_admin.assert_not_called()

    def test_forgotten_only_if_a_pattern_matches_the_whole_url(self):
        self.assertFalse(policy.forgotten(self.WHERE.url))
        for patterns, expected in (
                (['https://docker.test:2376'], True), (['https://d*'], True),
                (['https://docker.test'], False), (['docker.test'], False)):
            self.configure(forgotten_endpoints=patterns)
            self.assertEqual(expected, policy.forgotten(self.WHERE.url))


class AddressTestCase(PolicyTestCase):

    WHERE = endpoint.parse('tcp://docker.test')

    def test_denied_by_default(self):
        for ip in DENIED:
            words = self.refused(policy.address, self.WHERE, ip)
            self.assertEqual(
                'The docker_endpoint tcp://docker.test:2375 is not allowed: '
                'its address is in a network that heat-engine does not '
                'connect to (operator option denied_networks)', words)

    def test_not_denied(self):
        for ip in NOT_DENIED:
            self.assertIsNone(policy.address(self.WHERE, ip), ip)

    def test_addresses_in_denied_networks_are_refused(self):
        self.configure(denied_networks=['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])
        for ip in ('10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', 'fd12::1'):
            self.refused(policy.address, self.WHERE, ip)
        for ip in ('127.0.0.1', '192.0.2.8', 'fe80::1'):
            self.assertIsNone(policy.address(self.WHERE, ip), ip)

    def test_addresses_in_addresses(self):
        """Variants of 10.1.2.3, including those that a gateway maps to it."""
        self.configure(denied_networks=['10.0.0.0/8'])
        for ip in ('64:ff9b::a01:203', '64:ff9b:1::10.1.2.3',
                   '64:ff9b:1:a01:2:300::', '64:ff9b:1:ff0a:1:203::',
                   '64:ff9b:1:ffff:a:102:300:0',
                   '2002:a01:203::1', '2002:a01:203:5::7',
                   '2001:0:a01:203::1', '2001:0:c000:207:0:0:f5fe:fdfc',
                   'fd00::5efe:10.1.2.3', 'fd00::200:5efe:10.1.2.3',
                   '2001:db8:5:6:0:5efe:a01:203', '::10.1.2.3',
                   '::ffff:0:10.1.2.3', '::ffff:a01:203'):
            self.refused(policy.address, self.WHERE, ip)
        for ip in ('64:ff9b::c000:207', '64:ff9b:1::192.0.2.7',
                   '2002:c000:207:a01:203::1', '2001:db8::10.1.2.3',
                   '2001:0:c000:207:0:0:3fff:fdf8', '::192.0.2.7',
                   'fd00::5efe:192.0.2.7', '2001:1:a01:203::1'):
            self.assertIsNone(policy.address(self.WHERE, ip), ip)

    def test_nothing_denied(self):
        self.configure(denied_networks=[])
        for ip in DENIED:
            self.assertIsNone(policy.address(self.WHERE, ip), ip)

    def test_not_a_network(self):
        """A typing error must not open a denied range."""
        for wrong in ('10.0.0.1/8', '10.0.0.0/33', 'private', ''):
            self.configure(denied_networks=[wrong])
            self.assertEqual(
                'Nothing is allowed because %r is not a network (operator '
                'option denied_networks)' % wrong,
                self.refused(policy.address, self.WHERE, '192.0.2.7'))

    def test_local_endpoint_may_be_in_a_denied_network(self):
        local = dataclasses.replace(self.WHERE, local=True)
        self.assertIsNone(policy.address(local, '127.0.0.1'))

    def test_only_the_trusted_address_of_a_denied_network_is_allowed(self):
        noted = dataclasses.replace(self.WHERE, trusted='127.0.0.1')
        self.assertIsNone(policy.address(noted, '127.0.0.1'))
        self.refused(policy.address, noted, '127.0.0.2')
        self.refused(policy.address, noted, '::1')


class OptionsTestCase(PolicyTestCase):

    def test_all_options_named(self):
        """Messages name the options of the policy."""
        source = inspect.getsource(policy)
        for option in conf.OPTIONS:
            if option.name.startswith(('allow', 'denied', 'require')):
                self.assertIn("'%s'" % option.name, source)
