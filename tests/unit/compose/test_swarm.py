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

"""Projects on a swarm: services, secrets, configs and networks."""

import tracemalloc

from heat_docker.compose import keys
from heat_docker.compose import problems
from heat_docker.compose import swarm
from heat_docker.compose import table
from tests.unit.compose import base

NETWORKS = [{'network': {'get_resource': 'default_network'},
             'aliases': ['web']}]


class SwarmTestCase(base.ComposeTestCase):

    def load(self, *files, **more):
        return super().load(*files, **{'swarm': True, **more})

    def service(self, keys, sections='', **more):
        """Return the properties of a service with these keys.

        Without the labels of the project.
        """
        found = super().properties(keys, sections=sections, **more)
        found.pop('container_labels', None)
        return found


class ServiceTestCase(SwarmTestCase):
    """Each key, and the properties that it becomes."""

    def check(self, *rows, sections=''):
        for text, expected in rows:
            self.assertEqual(expected, self.service(text, sections), text)

    def test_keys_with_the_same_meaning(self):
        self.check(
            ('hostname: a', {'hostname': 'a'}),
            ('command: a b', {'cmd': ['a', 'b']}),
            ('entrypoint: [a]', {'entrypoint': ['a']}),
            ('environment: {A: b, C: }', {'env': ['A=b', 'C']}),
            ('init: true', {'init': True}),
            ('stop_grace_period: 1m', {'stop_grace_period': 60}),
            ('cap_add: [A]', {'cap_add': ['A']}),
            ('ulimits: {nofile: 1024}', {'ulimits': {'nofile': 1024}}),
            ('healthcheck: {test: a, interval: 5s}', {'healthcheck': {
                'test': ['CMD-SHELL', 'a'], 'interval': '5s'}}),
            ('logging: {driver: json-file, options: {a: b}}', {
                'log_driver': 'json-file', 'log_options': {'a': 'b'}}),
            ('mem_limit: 64m', {'memory': '64m'}),
            ('security_opt: ["no-new-privileges:true"]', {
                'security_opt': ['no-new-privileges:true']}))

    def test_labels(self):
        web = self.resources('''
            services:
              web: {image: i, labels: {a: b}, deploy: {labels: {c: d}}}
            ''')['web'].properties
        stack = {'com.docker.stack.namespace': 'test'}
        self.assertEqual({'c': 'd', **stack}, web['labels'])
        self.assertEqual({'a': 'b', **stack}, web['container_labels'])

    def test_deploy(self):
        self.check(
            ('deploy: {replicas: 3}', {'replicas': 3}),
            ('scale: 0', {'replicas': 0}),
            ('deploy: {mode: global}', {'mode': 'global'}),
            ('deploy: {mode: replicated-job, replicas: 2}', {
                'mode': 'replicated-job', 'completions': 2}),
            ('deploy: {endpoint_mode: dnsrr}', {'endpoint_mode': 'dnsrr'}),
            ('deploy: {placement: {constraints: [a==b], preferences: '
             '[{spread: node.labels.c}], max_replicas_per_node: 1}}', {
                 'placement': {'constraints': ['a==b'], 'preferences': [
                     {'spread': 'node.labels.c'}],
                     'max_replicas_per_node': 1}}),
            ('deploy: {update_config: {parallelism: 2, delay: 1m, '
             'failure_action: rollback, monitor: 5s, max_failure_ratio: 0.5, '
             'order: start-first}, rollback_config: {parallelism: 0}}', {
                 'update_config': {
                     'parallelism': 2, 'delay': '1m', 'monitor': '5s',
                     'failure_action': 'rollback', 'max_failure_ratio': 0.5,
                     'order': 'start-first'},
                 'rollback_config': {'parallelism': 0}}),
            ('deploy: {resources: {limits: {cpus: "0.5", memory: 5M, '
             'pids: 7}, reservations: {cpus: 0.25, memory: 4M, '
             'generic_resources: [{discrete_resource_spec: {kind: gpu, '
             'value: 2}}]}}}', {
                 'cpus': 0.5, 'memory': '5M', 'pids_limit': 7,
                 'cpus_reservation': 0.25, 'memory_reservation': '4M',
                 'generic_resources': [{'kind': 'gpu', 'value': 2}]}),
            ('deploy: {restart_policy: {condition: on-failure, delay: 5s, '
             'max_attempts: 3, window: 1m}}', {'restart_policy': {
                 'condition': 'on-failure', 'delay': '5s', 'max_attempts': 3,
                 'window': '1m'}}))
        self.refused('discrete_resource_spec is required', '''
            services: {web: {image: i, deploy: {resources: {reservations: {
              generic_resources: [{discrete_resource_spec: }]}}}}}''')
        self.refused('a task on each node', 'services: {web: {image: i, '
                     'deploy: {mode: global, replicas: 2}}}')

    def test_number_of_ports(self):
        """Each port of a range is a map."""
        self.assertEqual(10000, len(self.service(
            'ports: ["1-5000", "5001-10000"]')['ports']))
        self.refused('more than 10000 ports', '''
            services:
              web: {image: i, ports: ["1-5000"]}
              db: {image: i, ports: ["1-5001"]}''')

    def test_number_of_files(self):
        """A directory can be mounted again and again."""
        files = {'d/%d' % number: 'x' for number in range(1000)}
        mounts = ['./d:/%d:ro' % number for number in range(101)]
        for is_swarm in (True, False):
            error = self.assertRaises(
                problems.ComposeError, self.resources, {'services': {
                    'web': {'image': 'i', 'volumes': mounts}}},
                contents_=files, swarm=is_swarm)
            self.assertIn('more than 100000 files', str(error))

    def test_number_of_tasks_takes_no_memory(self):
        project = self.load('services: {web: {image: i, scale: 500000}}')
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        [web] = [one for one in swarm.translate(project)
                 if one.name == 'web']
        self.assertEqual(500000, web.properties['replicas'])
        self.assertLess(tracemalloc.get_traced_memory()[1], 2 ** 20)

    def test_scale(self):
        self.assertEqual({'replicas': 4}, self.service(
            'deploy: {replicas: 2}', scale={'web': 4}))

    def test_restart(self):
        self.check(
            ('restart: always', {'restart_policy': {'condition': 'any'}}),
            ('restart: unless-stopped', {
                'restart_policy': {'condition': 'any'}}),
            ('restart: on-failure:3', {'restart_policy': {
                'condition': 'on-failure', 'max_attempts': '3'}}),
            ('restart: always\ndeploy: {restart_policy: {delay: 1s}}', {
                'restart_policy': {'delay': '1s'}}),
            ('restart: "no"', {
                'restart_policy': {'condition': 'none'}, 'wait_for': 'none',
                'mode': 'replicated-job'}),
            ('restart: "no"\ndeploy: {mode: replicated}', {
                'restart_policy': {'condition': 'none'},
                'wait_for': 'none'}),
            ('restart: "no"\ndeploy: {restart_policy: {condition: any}}', {
                'restart_policy': {'condition': 'any'}}))

    def test_memory_and_swap(self):
        self.check(
            ('mem_limit: 64m\nmemswap_limit: 96m', {
                'memory': '64m', 'swap': str(32 * 1024 ** 2)}),
            ('deploy: {resources: {limits: {memory: 1kb}}}\n'
             'memswap_limit: 1024', {'memory': '1kb', 'swap': '0'}),
            ('mem_limit: 64m\nmemswap_limit: -1', {
                'memory': '64m', 'swap': '-1'}))
        self.refused('requires mem_limit',
                     'services: {web: {image: i, memswap_limit: 1g}}')

    def test_ports(self):
        self.check(
            ('ports: ["80", "8080:80/udp", "90-91:80-81"]', {'ports': [
                {'target': 80},
                {'target': 80, 'published': 8080, 'protocol': 'udp'},
                {'target': 80, 'published': 90},
                {'target': 81, 'published': 91}]}),
            ('ports: [{target: 80, published: "81", mode: host, name: http, '
             'app_protocol: http}]', {'ports': [
                 {'target': 80, 'published': 81, 'mode': 'host',
                  'name': 'http'}]}))
        self.refused('from a range',
                     'services: {web: {image: i, ports: ["80-81:80"]}}')

    def test_port_of_one_address(self):
        """It must not be open to all."""
        text = 'services: {web: {image: i, ports: ["127.0.0.1:80:80", "81"]}}'
        self.refused('host_ip is not supported', text)
        self.assertEqual([{'target': 81}], self.resources(
            text, strict=False)['web'].properties['ports'])

    def test_port_of_a_variable(self):
        _text, found = self.template(
            'services: {web: {image: i, ports: ["${P:-80}:80"]}}')
        self.assertEqual([{'target': 80, 'published': {'get_param': 'P'}}],
                         found['resources']['web']['properties']['ports'])
        self.assertEqual({'get_attr': ['web', 'ports']},
                         found['outputs']['web_ports']['value'])

    def test_mounts(self):
        self.check(
            ('volumes: [/a, data:/b:ro, /c:/d]', {'mounts': [
                {'type': 'volume', 'target': '/a'},
                {'type': 'volume', 'source': 'test_data', 'target': '/b',
                 'read_only': True, 'driver': 'nfs',
                 'driver_options': {'o': 'p'}, 'labels': {
                     'x': 'y', 'com.docker.stack.namespace': 'test'}},
                {'type': 'bind', 'source': '/c', 'target': '/d'}]}),
            ('volumes: [named:/a, given:/b]', {'mounts': [
                {'type': 'volume', 'source': 'mine', 'target': '/a',
                 'labels': {'com.docker.stack.namespace': 'test'}},
                {'type': 'volume', 'source': 'there', 'target': '/b'}]}),
            ('tmpfs: ["/run:size=1m,mode=755,ro", /tmp]', {'mounts': [
                {'type': 'tmpfs', 'target': '/run', 'tmpfs_size': '1m',
                 'tmpfs_mode': '0755', 'read_only': True},
                {'type': 'tmpfs', 'target': '/tmp'}]}),
            ('shm_size: 64m', {'mounts': [
                {'type': 'tmpfs', 'target': '/dev/shm',
                 'tmpfs_size': '64m'}]}),
            sections='''
            volumes:
              data: {driver: nfs, driver_opts: {o: p}, labels: {x: y}}
              named: {name: mine}
              given: {external: true, name: there}
            ''')
        self.refused('the option uid',
                     'services: {web: {image: i, tmpfs: ["/a:uid=1"]}}')
        self.refused('x is not in volumes',
                     'services: {web: {image: i, volumes: ["x:/a"]}}')

    def test_relative_paths_are_configs(self):
        found = self.resources(
            'services: {a: {image: i, volumes: [./conf:/conf:ro]}, '
            'b: {image: i, volumes: [./conf/run:/run.sh:ro]}}',
            contents_={'conf/run': '#!/bin/sh', 'conf/b': b'\xff'})
        self.assertEqual(
            [{'source': {'get_resource': 'conf_b_file'},
              'target': '/conf/b'},
             {'source': {'get_resource': 'conf_run_file'},
              'target': '/conf/run', 'mode': '0755'}],
            found['a'].properties['configs'])
        self.assertEqual(
            [{'source': {'get_resource': 'conf_run_file'},
              'target': '/run.sh', 'mode': '0755'}],
            found['b'].properties['configs'])
        self.assertEqual('/w==',
                         found['conf_b_file'].properties['content_base64'])
        text = 'services: {web: {image: i, volumes: ["./a:/a"]}}'
        self.refused('nothing is at a', text)
        self.refused('a is empty', text, contents_={'a': ''})
        self.assertIn('cannot change', self.notes(
            text, contents_={'a': 'b'})[0])

    def test_networks(self):
        web = self.resources('''
            services:
              web:
                image: i
                container_name: wiki
                networks: {back: {aliases: [w], driver_opts: {a: }}, host: }
              client: {image: i, networks: [back], links: ["web:page"]}
            networks:
              back: {driver_opts: {encrypted: }, internal: true}
              host: {external: true}
            ''')
        self.assertEqual(
            [{'network': {'get_resource': 'back_network'},
              'aliases': ['web', 'wiki', 'w', 'page'],
              'driver_opts': {'a': ''}},
             {'network': 'host'}], web['web'].properties['networks'])
        self.assertEqual(
            {'driver': 'overlay', 'attachable': True, 'internal': True,
             'driver_opts': {'encrypted': ''},
             'labels': {'com.docker.stack.namespace': 'test'}},
            web['back_network'].properties)

    def test_default_network(self):
        found = self.resources('services: {web: {image: i}}')
        self.assertEqual(NETWORKS, found['web'].properties['networks'])
        self.assertEqual(True,
                         found['default_network'].properties['attachable'])

    def test_networks_that_services_cannot_use(self):
        for text, words in (
                ('networks: {default: {ipv4_address: 10.0.0.2}}',
                 'no fixed address'),
                ('network_mode: "service:a"', 'the network host, none')):
            self.refused(words, 'services: {a: {image: i}, '
                         'web: {image: i, %s}}' % text)
        text = ('services: {web: {image: i}}\n'
                'networks: {default: {driver: bridge}}')
        self.refused('makes a network of one host', text)
        self.assertEqual('overlay', self.resources(
            text, strict=False)['default_network'].properties['driver'])
        self.assertEqual(NETWORKS, self.resources(
            'services: {web: {image: i, network_mode: "container:a"}}',
            strict=False)['web'].properties['networks'])
        self.assertEqual([{'network': 'host'}], self.resources(
            'services: {web: {image: i, network_mode: host}}')[
                'web'].properties['networks'])

    def test_keys_without_an_equivalent(self):
        for key in table.SERVICE:
            here = key.on(True)
            if here.becomes is keys.REFUSED and key.becomes is keys.CARRIED:
                for value in ('1', '["container:a"]', '{weight: 1}', 'true',
                              'all'):
                    said = str(self.assertRaises(
                        problems.ComposeError, self.resources, 'services: '
                        '{web: {image: i, %s: %s}}' % (key.name, value)))
                    if here.why in said:
                        break
                else:
                    self.fail(key.name)

    def test_image(self):
        text = 'services: {web: {build: {context: .}, image: i}}'
        self.assertIn('build and push it', self.notes(text)[0])
        self.assertEqual(['default_network', 'web'],
                         sorted(self.resources(text)))
        self.refused('requires image', 'services: {web: {build: .}}')


class ObjectsTestCase(SwarmTestCase):

    def test_secrets_and_configs(self):
        found = self.resources('''
            services:
              web:
                image: i
                configs: [page, {source: there, target: /t, mode: 0440}]
                secrets: [token, {source: key, target: k, uid: "3", gid: 4}]
            configs:
              page: {content: Hello, labels: {a: b}, template_driver: golang}
              there: {external: true, name: given}
              unused: {content: x}
            secrets:
              token: {environment: TOKEN, name: fixed}
              key: {file: key.bin}
            ''', environment={'TOKEN': 't'}, contents_={'key.bin': b'\xff'})
        self.assertEqual(
            [{'source': {'get_resource': 'page_config'}, 'target': '/page'},
             {'source': 'given', 'target': '/t', 'mode': '0440'}],
            found['web'].properties['configs'])
        self.assertEqual(
            [{'source': {'get_resource': 'token_secret'}, 'target': 'token'},
             {'source': {'get_resource': 'key_secret'}, 'target': 'k',
              'uid': '3', 'gid': '4'}], found['web'].properties['secrets'])
        stack = {'com.docker.stack.namespace': 'test'}
        self.assertEqual(
            {'content': 'Hello', 'template_driver': 'golang',
             'labels': {'a': 'b', **stack}}, found['page_config'].properties)
        self.assertEqual({'content': 't', 'name': 'fixed', 'labels': stack},
                         found['token_secret'].properties)
        self.assertEqual({'content_base64': '/w==', 'labels': stack},
                         found['key_secret'].properties)
        self.assertEqual({'web', 'default_network', 'page_config',
                          'token_secret', 'key_secret'}, set(found))

    def test_secret_without_a_source(self):
        text = '''
            services: {web: {image: i, secrets: [a]}}
            secrets: {a: {%s}}
            '''
        self.refused('file, content or environment', text % 'name: b')
        self.refused('only a name, and no file',
                     text % 'external: true, file: b')
        self.refused('store of the swarm', text % 'file: b, driver: c',
                     contents_={'b': 'x'})

    def test_names_of_volumes(self):
        self.assertEqual({'data': 'test_data'}, swarm.volumes(self.load('''
            services:
              web: {image: i, volumes: ["data:/a", "there:/b"]}
            volumes: {data: , there: {external: true}, unused: }
            ''')))


class OrderTestCase(SwarmTestCase):

    def test_dependencies(self):
        found = self.resources('''
            services:
              web:
                image: i
                deploy: {replicas: 3}
                depends_on:
                  db: {condition: service_healthy}
                  init: {condition: service_completed_successfully}
              db: {image: i, deploy: {replicas: 0}}
              init: {image: i, restart: "no"}
            ''')
        self.assertEqual(['db', 'init'], found['web'].depends_on)
        self.assertNotIn('wait_for', found['db'].properties)
        self.assertEqual('replicated-job', found['init'].properties['mode'])
        self.assertNotIn('wait_for', found['init'].properties)

    def test_completion_of_a_service_that_runs(self):
        text = '''
            services:
              web:
                image: i
                depends_on: {a: {condition: service_completed_successfully}}
              a: {image: i, deploy: {mode: %s}}
            '''
        self.refused('must be replicated-job', text % 'replicated')
        self.assertEqual('global-job', self.resources(text % 'global-job')[
            'a'].properties['mode'])
