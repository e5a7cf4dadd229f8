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

"""The properties that keys of services become."""

from heat_docker.compose import limits
from tests.unit.compose import base


class PropertiesTestCase(base.ComposeTestCase):

    def each(self, cases, **more):
        for keys, expected in cases.items():
            self.assertEqual(expected, self.properties(keys, **more), keys)

    def test_simple_keys(self):
        self.each({
            'annotations: [a=1]': {'annotations': {'a': '1'}},
            'cap_add: [ALL]': {'cap_add': ['ALL']},
            'cgroup: host': {'cgroupns_mode': 'host'},
            'cgroup_parent: /x': {'cgroup_parent': '/x'},
            'container_name: x1': {'name': 'x1'},
            'cpu_shares: "5"': {'cpu_shares': 5},
            'cpus: "0.5"': {'cpus': 0.5}, 'cpuset: 0-1': {'cpu_set': '0-1'},
            'device_cgroup_rules: ["c 1:3 mr"]': {
                'device_cgroup_rules': ['c 1:3 mr']},
            'dns: 192.0.2.1': {'dns': ['192.0.2.1']},
            'dns_opt: [use-vc]': {'dns_options': ['use-vc']},
            'dns_search: a.test': {'dns_search': ['a.test']},
            'domainname: a.test': {'domainname': 'a.test'},
            'expose: [80, "53/udp", 90-91]': {
                'port_specs': ['80', '53/udp', '90-91']},
            'extra_hosts: ["a:192.0.2.1"]': {
                'extra_hosts': ['a:192.0.2.1']},
            'extra_hosts: {a: "::1", b: [192.0.2.1, 192.0.2.2]}': {
                'extra_hosts': ['a=::1', 'b=192.0.2.1', 'b=192.0.2.2']},
            'group_add: [100, mail]': {'group_add': ['100', 'mail']},
            'hostname: x': {'hostname': 'x'}, 'init: true': {'init': True},
            'mem_limit: 64mb': {'memory': '64mb'},
            'mem_limit: 1024': {'memory': 1024},
            'memswap_limit: -1': {'memory_swap': -1},
            'mem_reservation: 1g': {'memory_reservation': '1g'},
            'mem_swappiness: 0': {'memory_swappiness': 0},
            'oom_kill_disable: true': {'oom_kill_disable': True},
            'oom_score_adj: -5': {'oom_score_adj': -5},
            'pids_limit: 5': {'pids_limit': 5},
            'platform: linux/arm64': {'platform': 'linux/arm64'},
            'privileged: true': {'privileged': True},
            'read_only: true': {'read_only': True},
            'runtime: runc': {'runtime': 'runc'},
            'shm_size: 1m': {'shm_size': '1m'},
            'stdin_open: true': {'open_stdin': True},
            'stop_signal: SIGINT': {'stop_signal': 'SIGINT'},
            'storage_opt: {size: 1G}': {'storage_opt': {'size': '1G'}},
            'sysctls: [net.core.somaxconn=1]': {
                'sysctls': {'net.core.somaxconn': '1'}},
            'tmpfs: /run': {'tmpfs': ['/run']},
            'tmpfs: ["/a:mode=755", /b]': {'tmpfs': ['/a:mode=755', '/b']},
            'tty: true': {'tty': True}, 'user: 1000': {'user': '1000'},
            'userns_mode: host': {'userns_mode': 'host'},
            'uts: host': {'uts_mode': 'host'},
            'working_dir: /x': {'working_dir': '/x'}})

    def test_commands(self):
        self.each({
            'command: a "b c" d': {'cmd': ['a', 'b c', 'd']},
            'command: [a, 1]': {'cmd': ['a', '1']},
            'command:': {}, 'command: []': {}, 'command: ""': {},
            "command: sh -c 'echo $$A'": {'cmd': ['sh', '-c', 'echo $A']},
            'entrypoint: a b': {'entrypoint': ['a', 'b']},
            'entrypoint: []': {'entrypoint': []},
            'entrypoint: ""': {'entrypoint': []}, 'entrypoint:': {}})
        self.refused('cannot be split',
                     'services: {web: {image: i, command: "a \'b"}}')

    def test_environment(self):
        self.each({
            'environment: {A: 1, B: true, C: x, D: , E: 1.5, F: 1.0e+3}': {
                'env': ['A=1', 'B=true', 'C=x', 'D', 'E=1.5', 'F=1000']},
            'environment: [A=1=2, B, T]': {'env': ['A=1=2', 'B', 'T=t']},
            'env_file: a.env': {'env': ['A=1', 'B=1t', 'T=t']},
            'env_file: [a.env, b.env]\nenvironment: {A: , C: 3}': {
                'env': ['A', 'B=2', 'T=t', 'C=3']},
            'env_file: [{path: x.env, required: false}]': {},
            'env_file: [{path: raw.env, format: raw}]': {
                'env': ['A="$T"']}},
            contents_={'a.env': 'A=1\nB="$A$T"\nT', 'b.env': 'B=2',
                       'raw.env': 'A="$T"'},
            environment={'T': 't'})
        for words, keys in (('x.env is missing', 'env_file: x.env'),
                            ('leaves', 'env_file: ../x.env'),
                            ('only raw', 'env_file: [{path: a, format: b}]'),
                            ('not NAME=value', 'environment: ["=x"]')):
            self.refused(words, 'services: {web: {image: i, %s}}' % keys)

    def test_errors_do_not_contain_the_environment(self):
        for keys in ('environment: ["=$S"]', 'environment: {A: [$S]}',
                     'env_file: a.env', 'labels: {a: {b: $S}}',
                     'cpus: $S', 'volumes: ["/a:/b:$S"]', 'ports: ["$S:80"]',
                     'ports: [{target: 80, published: $S}]', 'init: $S',
                     'mem_limit: $S', 'restart: a$S', 'tty: "${S}"',
                     'stop_grace_period: $S', 'pull_policy: $S',
                     'command: "a \'$S"', 'devices: ["a:b:c:$S"]',
                     'depends_on: {a: {condition: $S}}'):
            error = self.refused('', 'services: {web: {image: i, %s}}' % keys,
                                 contents_={'a.env': 'A="hunter2'},
                                 environment={'S': 'hunter2'})
            self.assertNotIn('hunter2', str(error), keys)

    def test_labels(self):
        labels = self.resources(
            'services: {web: {image: i, labels: [a, b=1],'
            ' label_file: l}}', contents_={'l': 'b=2\nc=3'})[
                'web'].properties['labels']
        self.assertEqual({
            'a': '', 'b': '1', 'c': '3',
            'com.docker.compose.project': 'test',
            'com.docker.compose.service': 'web',
            'com.docker.compose.container-number': '1',
            'com.docker.compose.oneoff': 'False',
            'com.docker.compose.config-hash': 'heat'}, labels)
        self.refused('are reserved', 'services: {web: {image: i, labels: '
                     '{com.docker.compose.x: 1}}}')

    def test_healthcheck(self):
        self.each({
            'healthcheck: {test: a b, interval: 1m30s, retries: "3"}': {
                'healthcheck': {'test': ['CMD-SHELL', 'a b'],
                                'interval': '1m30s', 'retries': 3}},
            'healthcheck: {test: [NONE]}': {
                'healthcheck': {'disable': True}},
            'healthcheck: {disable: true}': {
                'healthcheck': {'disable': True}},
            'healthcheck: {start_period: 1s, start_interval: 500ms}': {
                'healthcheck': {'start_period': '1s',
                                'start_interval': '500ms'}}})
        self.refused('must begin with CMD', 'services: {web: {image: i,'
                     ' healthcheck: {test: [a]}}}')
        self.refused('a duration', 'services: {web: {image: i,'
                     ' healthcheck: {interval: 10}}}')

    def test_restart_and_stop(self):
        self.each({
            'restart: always': {'restart_policy': 'always'},
            'restart: on-failure:3': {'restart_policy': 'on-failure:3'},
            'restart: "no"': {'restart_policy': 'no', 'wait_for': 'none'},
            'restart: false': {'restart_policy': 'no', 'wait_for': 'none'},
            'stop_grace_period: 1m30s': {'stop_grace_period': 90},
            'stop_grace_period: 1s500ms': {'stop_grace_period': 2},
            'restart: always\ndeploy: {restart_policy: {condition: '
            'on-failure, max_attempts: 2}}': {
                'restart_policy': 'on-failure:2'}})
        self.refused('a restart policy', 'services: {web: {image: i,'
                     ' restart: sometimes}}')

    def test_ports(self):
        self.each({
            'ports: [80, "3000-3005", "8000:8000", "49100:22/udp"]': {
                'port_bindings': {'80': '', '3000-3005': '',
                                  '8000': '8000', '22/udp': '49100'}},
            'ports: ["9090-9091:8080-8081"]': {
                'port_bindings': {'8080-8081': '9090-9091'}},
            'ports: ["8000-9000:80"]': {'port_bindings': {'80': '8000'}},
            'ports: ["127.0.0.1:8001:8001", "127.0.0.1::80"]': {
                'port_bindings': {'8001': '127.0.0.1:8001',
                                  '80': '127.0.0.1:'}},
            'ports: ["::1:6000:6000", "[::1]:6001:6001", "6002:6001"]': {
                'port_bindings': {'6000': '[::1]:6000',
                                  '6001': ['[::1]:6001', '6002']}},
            'ports: [{target: 80, published: "8080", host_ip: 127.0.0.1,'
            ' protocol: tcp, mode: host, name: a, app_protocol: http}]': {
                'port_bindings': {'80': '127.0.0.1:8080'}}})
        for words, port in (
                ('not a port', '"a:80"'), ('not a port', '99999'),
                ('different lengths', '"80-82:80-81"'),
                ('requires target', '{published: 80}'),
                ('requires target', '"80:"'), ('not a string', '[80]'),
                ('not a port', '"81-80"'), ('a protocol', '"80/\\n"')):
            self.refused(words, 'services: {web: {image: i, ports: [%s]}}'
                         % port)

    def test_volumes(self):
        self.each({
            'volumes: [/a]': {'mounts': [{'type': 'volume',
                                          'target': '/a'}]},
            'volumes: ["data:/a:ro,nocopy"]': {'mounts': [{
                'type': 'volume', 'source': {'get_resource': 'data_volume'},
                'target': '/a', 'read_only': True, 'no_copy': True}]},
            'volumes: ["old:/a"]': {'mounts': [{
                'type': 'volume', 'source': 'older', 'target': '/a'}]},
            'volumes: ["/h:/a", "/i:/b:ro,z", "/i:/c:rshared"]': {
                'volumes': {'/h': '/a', '/i': '/b:ro,z'},
                'mounts': [{'type': 'bind', 'source': '/i', 'target': '/c',
                            'propagation': 'rshared',
                            'create_host_path': True}]},
            'volumes: [{type: bind, source: /h, target: /a/, bind: '
            '{create_host_path: false, recursive: disabled}}]': {
                'mounts': [{'type': 'bind', 'source': '/h', 'target': '/a',
                            'bind_recursive': 'disabled'}]},
            'volumes: [{type: tmpfs, target: /a, tmpfs: {size: 1m, mode: '
            '0o1777}}]': {'mounts': [{
                'type': 'tmpfs', 'target': '/a', 'tmpfs_size': '1m',
                'tmpfs_mode': '01777'}]},
            'volumes: [{type: image, source: i, target: /a, image: '
            '{subpath: x}}]': {'mounts': [{
                'type': 'image', 'source': 'i', 'target': '/a',
                'subpath': 'x'}]},
            'volumes: [{type: volume, source: data, target: /a, volume: '
            '{subpath: x, labels: [a=b]}}]': {'mounts': [{
                'type': 'volume', 'source': {'get_resource': 'data_volume'},
                'target': '/a', 'subpath': 'x', 'labels': {'a': 'b'}}]}},
            sections='volumes: {data: , old: {external: true, name: older}}')
        for words, volume in (
                ('x is not in volumes', '"x:/a"'),
                ('absolute path in the container', '"/a:b"'),
                ('write an absolute path', '"~/x:/a"'),
                ('leaves the directory', '"../x:/a"'),
                ('an option of a volume', '"/a:/b:x"'),
                ('the name of a volume', '"a b:/b"'),
                ('such as data', '"a:/b:ro:c"'),
                ('npipe are not supported',
                 '{type: npipe, source: a, target: /a}'),
                ('type is required', '{target: /a}'),
                ('requires a source', '{type: bind, target: /a}')):
            self.refused(words, 'services: {web: {image: i, volumes: [%s]}}'
                         % volume)

    def test_relative_paths(self):
        contents = {'conf/a': 'A', 'conf/d/b': b'\xff', 'run.sh': '#!/bin/sh',
                    'other': 'x'}
        self.each({
            'volumes: ["./conf:/etc/x:ro"]': {'files': [
                {'path': '/etc/x/a', 'content': 'A'},
                {'path': '/etc/x/d/b', 'content_base64': '/w=='}]},
            'volumes: ["./run.sh:/run.sh:ro"]': {'files': [
                {'path': '/run.sh', 'content': '#!/bin/sh',
                 'mode': '0755'}]},
            'volumes: [{type: bind, source: conf/a, target: /a}]': {
                'files': [{'path': '/a', 'content': 'A'}]}},
            contents_=contents)
        error = self.refused(
            'as in "html: {get_file: html}"', 'services:\n web:\n'
            '  image: i\n  volumes:\n  - /a\n  - ./html:/html',
            contents_=contents)
        self.assertEqual((6, 'volumes[1]'), (error.line, error.key))
        self.refused('build an image with it', 'services: {web: {image: i,'
                     ' volumes: ["./big:/a"]}}',
                     contents_={'big': 'x' * (limits.FILE + 1)})
        note, = self.notes('services: {web: {image: i, volumes: '
                           '["./conf:/a", "./other:/b:ro"]}}',
                           contents_=contents)
        self.assertIn('conf is copied', note)

    def test_configs_and_secrets(self):
        sections = '''
            configs: {a: {file: ./a.txt}, b: {content: "x$V"}}
            secrets: {s: {environment: V}, t: {file: t.bin}}
            '''
        self.each({
            'configs: [a, {source: b, target: /etc/b, mode: 0640, uid: "1",'
            ' gid: 2}]': {'files': [
                {'path': '/a', 'content': 'A', 'mode': '0444'},
                {'path': '/etc/b', 'content': 'xv', 'mode': '0440',
                 'uid': 1, 'gid': 2}]},
            'secrets: [s, {source: t, target: u, mode: "0555"}]': {'files': [
                {'path': '/run/secrets/s', 'content': 'v', 'mode': '0444'},
                {'path': '/run/secrets/u', 'content_base64': '/w==',
                 'mode': '0555'}]}},
            sections=sections, contents_={'a.txt': 'A', 't.bin': b'\xff'},
            environment={'V': 'v'})
        text = 'services: {web: {image: i, %s}}\n%s'
        for words, keys, section in (
                ('a is not in configs', 'configs: [a]', ''),
                ('a is not in secrets', 'secrets: [a]', ''),
                ('variable X is not set', 'secrets: [a]',
                 'secrets: {a: {environment: X}}'),
                ('x is missing', 'configs: [a]', 'configs: {a: {file: x}}'),
                ('no store', 'configs: [a]', 'configs: {a: {external: true}}'),
                ('is required', 'configs: [a]', 'configs: {a: {}}'),
                ('is required', 'configs: [a]', 'configs: {a: }'),
                ('mutually exclusive', 'configs: [a]',
                 'configs: {a: {content: x, file: y}}'),
                ('octal', 'configs: [{source: a, mode: 9}]',
                 'configs: {a: {content: x}}'),
                ('read-only', 'configs: [a], read_only: true',
                 'configs: {a: {content: x}}')):
            if keys.endswith('mode: 9}]'):
                keys = keys.replace('9', '"9"')
            self.refused(words, text % (keys, section))

    def test_devices(self):
        self.each({
            'devices: ["/dev/a:/dev/b:rw", /dev/c]': {
                'devices': ['/dev/a:/dev/b:rw', '/dev/c:/dev/c']},
            'devices: ["vendor1.com/device=gpu"]': {'device_requests': [
                {'driver': 'cdi',
                 'device_ids': ['vendor1.com/device=gpu']}]},
            'gpus: all': {'device_requests': [
                {'count': -1, 'capabilities': [['gpu']]}]},
            'gpus: [{driver: 3dfx, count: 2, capabilities: [tpu]}]': {
                'device_requests': [{'driver': '3dfx', 'count': 2,
                                     'capabilities': [['tpu', 'gpu']]}]},
            'deploy: {resources: {reservations: {devices: [{capabilities: '
            '[tpu], device_ids: [a], options: {x: 1}}]}}}': {
                'device_requests': [{
                    'device_ids': ['a'], 'capabilities': [['tpu']],
                    'options': {'x': '1'}}]}})
        self.refused('mutually exclusive', 'services: {web: {image: i, gpus:'
                     ' [{count: 1, device_ids: [a]}]}}')

    def test_limits(self):
        self.each({
            'ulimits: {nproc: 65535, nofile: {soft: 1, hard: "2"}}': {
                'ulimits': {'nproc': 65535, 'nofile': {'soft': 1,
                                                       'hard': 2}}},
            'blkio_config: {weight: 300, weight_device: [{path: /dev/a,'
            ' weight: 400}], device_read_bps: [{path: /dev/a,'
            ' rate: 12mb}]}': {
                'blkio_weight': 300, 'blkio_config': {
                    'weight_device': [{'path': '/dev/a', 'weight': 400}],
                    'device_read_bps': [{'path': '/dev/a',
                                         'rate': '12mb'}]}},
            'deploy: {resources: {limits: {cpus: "0.5", memory: 50M, pids: '
            '1}, reservations: {memory: 20M}}}': {
                'cpus': 0.5, 'memory': '50M', 'pids_limit': 1,
                'memory_reservation': '20M'},
            'mem_limit: 50M\ndeploy: {resources: {limits: {memory: 50M}}}': {
                'memory': '50M'}})
        self.refused('contradicts', 'services: {web: {image: i, cpus: 1,'
                     ' deploy: {resources: {limits: {cpus: 2}}}}}')

    def test_logging_and_security(self):
        self.each({
            'logging: {driver: syslog, options: {a: 1}}': {
                'log_driver': 'syslog', 'log_options': {'a': '1'}},
            'security_opt: ["label:user:U", "seccomp:unconfined",'
            ' "seccomp=./p.json"]': {'security_opt': [
                'label:user:U', 'seccomp:unconfined', 'seccomp={}']}},
            contents_={'p.json': '{}'})

    def test_pull_policy(self):
        self.each({
            'pull_policy: %s' % name: {'pull_policy': policy}
            for name, policy in (
                ('always', 'always'), ('never', 'never'),
                ('missing', 'missing'), ('if_not_present', 'missing'),
                ('daily', 'always'), ('every_12h', 'always'))})
        self.refused('a pull policy',
                     'services: {web: {image: i, pull_policy: x}}')

    def test_namespaces_of_services(self):
        joined = {'list_join': ['', ['container:', {'get_resource': 'db'}]]}
        for keys, expected in {
                'network_mode: "service:db"': {'network_mode': joined},
                'network_mode: none': {'network_mode': 'none'},
                'network_mode: "container:x"': {
                    'network_mode': 'container:x'},
                'ipc: "service:db"': {'ipc_mode': joined},
                'ipc: shareable': {'ipc_mode': 'shareable'},
                'pid: "service:db"': {'pid_mode': joined},
                'volumes_from: [db, "db:ro", "container:x:ro"]': {
                    'volumes_from': [
                        {'get_resource': 'db'},
                        {'list_join': [':', [{'get_resource': 'db'},
                                             'ro']]}, 'x:ro']}}.items():
            found = self.resources('services: {web: {image: i, %s},'
                                   ' db: {image: i}}' % keys)
            properties = found['web'].properties
            self.assertEqual(expected, {
                name: value for name, value in properties.items()
                if name not in ('image', 'labels', 'networks')})
            self.assertEqual('network_mode' not in keys,
                             'networks' in properties)


class NetworksTestCase(base.ComposeTestCase):

    def attached(self, keys, sections=''):
        found = self.resources('services: {web: {image: i, %s}}\n%s'
                               % (keys, sections))
        return (found['web'].properties['networks'],
                sorted(name for name in found if name != 'web'))

    def test_default(self):
        self.assertEqual(
            ([{'network': {'get_resource': 'default_network'},
               'aliases': ['web']}], ['default_network']),
            self.attached('networks: []', 'networks: {unused: }'))
        self.assertEqual(
            ([{'network': 'other', 'aliases': ['web']}], []),
            self.attached('user: a', 'networks: {default: {external: true,'
                          ' name: other}}'))

    def test_order_and_options(self):
        networks, others = self.attached(
            'mac_address: "02:42:ac:11:65:43", networks: {b: , a: {priority:'
            ' 5, aliases: [x, web], ipv4_address: 192.0.2.2, gw_priority: 1,'
            ' driver_opts: {o: 1}, interface_name: eth0}}',
            'networks: {a: , b: {external: {name: c}}}')
        self.assertEqual([
            {'network': {'get_resource': 'a_network'},
             'aliases': ['web', 'x'], 'ipv4_address': '192.0.2.2',
             'gw_priority': 1, 'driver_opts': {'o': '1'},
             'interface_name': 'eth0', 'mac_address': '02:42:ac:11:65:43'},
            {'network': 'c', 'aliases': ['web']}], networks)
        self.assertEqual(['a_network'], others)

    def test_links(self):
        found = self.resources(
            'services: {web: {image: i, links: ["db:database", db]},'
            ' db: {image: i}}')
        self.assertEqual(['db', 'database'], found['db'].properties[
            'networks'][0]['aliases'])
        self.assertEqual(['db'], found['web'].depends_on)

    def test_properties_of_networks_and_volumes(self):
        found = self.resources('''
            services: {web: {image: i, networks: [n], volumes: ["v:/v"]}}
            networks:
              n:
                name: net
                driver: bridge
                driver_opts: {a: 1}
                attachable: true
                internal: "false"
                enable_ipv6: true
                labels: [x=y]
                ipam:
                  driver: default
                  config:
                  - subnet: 192.0.2.0/24
                    aux_addresses: {a: 192.0.2.9}
                  options: {o: "1"}
            volumes:
              v: {driver: local, driver_opts: {type: tmpfs}, name: vol}
              e: {external: true}
              unused: {driver: local}
            ''')
        self.assertEqual({'n_network', 'v_volume', 'web'}, set(found))
        self.assertEqual({
            'name': 'net', 'driver': 'bridge', 'driver_opts': {'a': '1'},
            'attachable': True, 'internal': False, 'enable_ipv6': True,
            'ipam': {'driver': 'default', 'config': [
                {'subnet': '192.0.2.0/24',
                 'aux_addresses': {'a': '192.0.2.9'}}],
                'options': {'o': '1'}},
            'labels': {'x': 'y', 'com.docker.compose.project': 'test',
                       'com.docker.compose.network': 'n'}},
            found['n_network'].properties)
        self.assertEqual({
            'name': 'vol', 'driver': 'local',
            'driver_opts': {'type': 'tmpfs'},
            'labels': {'com.docker.compose.project': 'test',
                       'com.docker.compose.volume': 'v'}},
            found['v_volume'].properties)

    def test_refused(self):
        for words, sections in (
                ('x is not in networks', ''),
                ('has only a name', 'networks: {x: {external: true,'
                 ' driver: a}}'),
                ('not a map', 'networks: {x: 1}'),
                ('not a map', 'networks: [x]')):
            self.refused(words, 'services: {web: {image: i, networks: [x]}}\n'
                         + sections)

    def test_names_of_functions(self):
        self.refused(
            'function of Heat', 'services: {web: {image: i, sysctls: '
            '{get_file: /etc/passwd}}}')


class BuildTestCase(base.ComposeTestCase):

    CONTENTS = {'app/Dockerfile': 'FROM x', 'app/a/b.txt': 'B',
                'app/c.bin': b'\xff', 'app/run.sh': '#!/bin/sh',
                'app/other.Dockerfile': 'FROM y', 'app/tmp/x': 'x',
                'app/node_modules/y': 'y', 'app/node_modules/keep': 'k',
                'app/.dockerignore': '# c\ntmp\nnode_modules/*\n'
                                     '!node_modules/keep\n', 'x': 'x'}
    FILES = {'a/b.txt': 'B', 'c.bin': {'content_base64': '/w=='},
             'run.sh': {'content': '#!/bin/sh', 'mode': '0755'},
             'node_modules/keep': 'k'}

    def build(self, keys):
        found = self.resources('services: {web: {%s}}' % keys,
                               contents_=self.CONTENTS,
                               environment={'V': 'v'})
        self.assertEqual({'get_resource': 'web_image'},
                         found['web'].properties['image'])
        return found['web_image'].properties

    def test_directory(self):
        files = {**self.FILES, 'other.Dockerfile': 'FROM y'}
        for keys in ('build: app', 'build: ./app/', 'build: {context: app}'):
            self.assertEqual({'build': {'dockerfile': 'FROM x',
                                        'files': files}}, self.build(keys))

    def test_dockerfiles(self):
        self.assertEqual('FROM y', self.build(
            'build: {context: app, dockerfile: other.Dockerfile}')[
                'build']['dockerfile'])
        self.assertEqual('FROM z', self.build(
            'build: {context: app, dockerfile_inline: FROM z}')[
                'build']['dockerfile'])

    def test_git(self):
        self.assertEqual({'build': {
            'context': 'https://git.test/a.git#b:c',
            'dockerfile_path': 'D'}}, self.build(
                'build: {context: "https://git.test/a.git#b:c",'
                ' dockerfile: D}'))

    def test_options(self):
        found = self.build(
            'image: me/web, platform: linux/amd64, build: {context: app,'
            ' args: {A: 1, B: , V: }, labels: [a=b], target: t,'
            ' network: none, no_cache: true, pull: true, shm_size: 1m,'
            ' extra_hosts: {a: 192.0.2.1}, ulimits: {nofile: 5},'
            ' cache_from: [x, "type=local,src=y", "type=registry,ref=z"],'
            ' tags: [me/web:2], cache_to: [a], sbom: true}')
        del found['build']['files']
        self.assertEqual({
            'build': {
                'dockerfile': 'FROM x', 'args': {'A': '1', 'B': None,
                                                 'V': 'v'},
                'labels': {'a': 'b'}, 'target': 't', 'network': 'none',
                'no_cache': True, 'pull': True, 'shm_size': '1m',
                'extra_hosts': ['a=192.0.2.1'], 'ulimits': {'nofile': 5},
                'cache_from': ['x', 'z']},
            'tags': ['me/web', 'me/web:2'], 'platform': 'linux/amd64'},
            found)

    def test_refused(self):
        for words, build in (
                ('the Dockerfile x/Dockerfile is missing', './x'),
                ('leaves the directory', '../x'),
                ('leaves the directory', '{context: app, dockerfile: '
                 '../../x}'),
                ('mutually exclusive', '{context: ., dockerfile: a,'
                 ' dockerfile_inline: b}'),
                ('requires BuildKit', '{context: app, secrets: [a]}'),
                ('one platform', '{context: app, platforms: [a, b]}'),
                ('not a relative path', '/x')):
            self.refused(words, 'services: {web: {build: %s}}' % build,
                         contents_=self.CONTENTS)
