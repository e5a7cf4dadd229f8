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

"""Compose projects on a swarm of one node."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess

from docker import errors
import fixtures
import requests

from sandbox import ports
from tests.functional import base
from tests.functional import swarms

TYPE = 'DockerInc::Docker::Compose'

# A server that answers with a config.
SERVE = ['httpd', '-f', '-p', '80', '-h', '/www']


class ProjectTest(swarms.SwarmTest):

    def setUp(self):
        super().setUp()
        self.port = ports.free()

    def definition(self, **keys):
        """Return a project of a web server and of a service without ports."""
        return {
            'name': 'wiki',
            'services': {
                'web': {
                    'image': '${WEB}', 'command': SERVE,
                    'ports': [{'target': 80, 'published': '${PORT}',
                               'mode': 'host'}],
                    'configs': [{'source': 'page',
                                 'target': '/www/index.html'}],
                    'volumes': ['./conf:/conf:ro'],
                    'depends_on': {'init': {
                        'condition': 'service_completed_successfully'}},
                    'deploy': {'endpoint_mode': 'dnsrr',
                               'update_config': {'monitor': '1s'}}},
                'worker': {
                    'image': '${BUSYBOX}', 'command': base.SLEEP,
                    'secrets': ['token'], 'labels': {'a': 'b'},
                    'tmpfs': ['/scratch:size=1m'], 'shm_size': '8m',
                    'deploy': {'endpoint_mode': 'dnsrr',
                               'update_config': {'monitor': '1s'}}, **keys},
                'init': {'image': '${BUSYBOX}', 'command': 'true',
                         'restart': 'on-failure'}},
            'configs': {'page': {'content': 'Hello'}},
            'secrets': {'token': {'environment': 'TOKEN'}}}

    def project(self, definition, token='sesame-1', **properties):
        return self.template({'app': {'type': TYPE, 'properties': {
            'definition': definition, 'swarm': True,
            'contents': {'conf/a': 'x', 'conf/run': '#!/bin/sh\necho ran\n'},
            'environment': {
                'TOKEN': token, 'PORT': self.port, 'BUSYBOX': self.busybox,
                'WEB': self.cloud.images['httpd']}, **properties}}})

    def objects(self, stack_id):
        """Return the IDs of the resources of the project."""
        nested = self.resource(stack_id, 'app').physical_resource_id
        return {one.resource_name: one.physical_resource_id
                for one in self.heat.resources.list(nested)
                if one.resource_name not in ('first', 'last')}

    def attribute(self, stack_id, name):
        return self.heat.resources.get(
            stack_id, 'app', with_attr=[name]).attributes[name]

    def page(self):
        return requests.get('http://127.0.0.1:%d/' % self.port,
                            timeout=10).text

    def run_in(self, service, command):
        """Run a command in the one task of a service."""
        [task] = [task for task in self.docker.tasks({
            'service': service, 'desired-state': 'running'})
            if task['Status']['State'] == 'running']
        return self.run_shell(self.container_of(task), command)

    def test_create_update_delete(self):
        stack_id = self.create_stack(self.project(self.definition()))
        ids = self.objects(stack_id)
        self.assertEqual(
            {'web', 'worker', 'init', 'default_network', 'page_config',
             'token_secret', 'conf_a_file', 'conf_run_file'}, set(ids))
        self.assertEqual('Hello', self.page())
        self.assertEqual('x ran', self.run_in(
            ids['web'], 'echo $(cat /conf/a) $(/conf/run)'))
        self.assertEqual('sesame-1', self.run_in(
            ids['worker'], 'cat /run/secrets/token'))
        self.assertIn('8.0M', self.run_in(ids['worker'],
                                          'df -h /dev/shm'))
        [worker] = self.docker.services({'id': ids['worker']})
        self.assertEqual('b', worker['Spec']['TaskTemplate'][
            'ContainerSpec']['Labels']['a'])
        self.assertEqual('wiki', worker['Spec']['Labels'][
            'com.docker.stack.namespace'])
        services = self.attribute(stack_id, 'services')
        self.assertEqual((1, 1), (
            services['web'][0]['running_replicas'],
            services['init'][0]['completed_tasks']))
        self.assertEqual({'80/tcp': self.port},
                         self.attribute(stack_id, 'ports')['web'])
        self.assertEqual({'default': ids['default_network']},
                         self.attribute(stack_id, 'networks'))
        self.act(stack_id, 'check', 'CHECK_COMPLETE')

        # One service, and its secret.
        tasks = {task['ID'] for task in self.docker.tasks(
            {'service': ids['web']})}
        self.update_stack(stack_id, self.project(
            self.definition(environment={'A': 'b'}), token='sesame-2'))
        after = self.objects(stack_id)
        self.assertEqual({'token_secret'}, {
            name for name in ids if ids[name] != after[name]})
        self.assertEqual('sesame-2 b', self.run_in(
            ids['worker'], 'echo $(cat /run/secrets/token) $A'))
        self.assertEqual(1, len(self.docker.secrets()))
        self.assertEqual(tasks, {task['ID'] for task in self.docker.tasks(
            {'service': ids['web']})})
        self.assertNotIn('sesame', self.reasons(stack_id))

        self.update_stack(stack_id, self.project(
            self.definition(environment={'A': 'b'}), token='sesame-2',
            scale={'worker': 2}))
        base.wait_until(lambda: self.attribute(stack_id, 'services')[
            'worker'][0]['running_replicas'] == 2, 'two tasks')
        self.delete_stack(stack_id)
        self.assertEqual(([], [], [], []), (
            self.docker.services(), self.docker.secrets(),
            self.docker.configs(), self.docker.networks(filters={
                'label': 'com.docker.stack.namespace'})))

    def test_suspend_and_resume(self):
        definition = self.definition()
        del definition['services']['init']
        del definition['services']['web']['depends_on']
        stack_id = self.create_stack(self.project(definition))
        ids = self.objects(stack_id)
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.assertEqual(
            {'web': 0, 'worker': 0},
            {name: self.docker.inspect_service(ids[name])['Spec']['Mode'][
                'Replicated']['Replicas'] for name in ('web', 'worker')})
        self.act(stack_id, 'resume', 'RESUME_COMPLETE')
        self.assertEqual('Hello', self.page())

    def test_unhealthy(self):
        """The swarm replaces the tasks, and the services stay."""
        template = self.project(self.definition())
        stack_id = self.create_stack(template)
        ids = self.objects(stack_id)
        before = self.running_in(ids['web'])
        self.heat.resources.mark_unhealthy(stack_id, 'app', True, 'bad')
        self.update_stack(stack_id, template)
        self.assertEqual(ids, self.objects(stack_id))
        base.wait_until(lambda: self.running_in(ids['web'])
                        and not before & self.running_in(ids['web']),
                        'another task')

    def running_in(self, service):
        """Return the IDs of the running tasks of a service."""
        return {task['ID'] for task in self.docker.tasks({
            'service': service, 'desired-state': 'running'})
            if task['Status']['State'] == 'running'}

    def test_failing_task(self):
        """The reason names the service and its last output."""
        stack_id = self.start_stack(self.project(self.definition(
            command=['sh', '-c', 'echo Out of luck; exit 3'])))
        self.expect(stack_id, 'CREATE_FAILED')
        reason = self.resource(stack_id, 'app').resource_status_reason
        self.assertIn('resources.worker', reason)
        self.assertIn('Out of luck', reason)


# A project with the syntax of both, and what "docker stack deploy" carries
# out.
SAME = """
version: "3.9"
services:
  web:
    image: %(httpd)s
    command: httpd -f -p 80 -h /www
    entrypoint: [env]
    hostname: web-host
    user: "0"
    working_dir: /
    environment: {A: b, C: "1"}
    labels: {a: b}
    dns: [192.0.2.1]
    dns_search: [example.com]
    extra_hosts: ["db:192.0.2.7"]
    init: true
    read_only: true
    stdin_open: true
    tty: true
    stop_signal: SIGINT
    stop_grace_period: 3s
    cap_add: [NET_ADMIN]
    cap_drop: [MKNOD]
    sysctls: {net.core.somaxconn: 1024}
    ulimits: {nofile: {soft: 1024, hard: 2048}}
    healthcheck: {test: [CMD, "true"], interval: 5s, timeout: 2s, retries: 2,
                  start_period: 1s}
    logging: {driver: json-file, options: {max-size: 1m}}
    ports:
      - {target: 80, published: %(port)d, protocol: tcp, mode: host}
    volumes:
      - data:/data
      - /srv:/srv:ro
      - {type: tmpfs, target: /t, tmpfs: {size: 1048576}}
    configs:
      - page
      - {source: page, target: /www/index.html, mode: 0440, uid: "3",
         gid: "4"}
    secrets: [token, {source: token, target: other, mode: 0400}]
    networks: {default: {aliases: [page]}, back: }
    deploy:
      mode: replicated
      replicas: 2
      endpoint_mode: dnsrr
      labels: {c: d}
      placement:
        constraints: [node.role == manager]
        preferences: [{spread: node.labels.zone}]
        max_replicas_per_node: 1
      update_config: {parallelism: 2, delay: 1s, failure_action: continue,
                      monitor: 2s, max_failure_ratio: 0.5,
                      order: start-first}
      rollback_config: {parallelism: 1, delay: 1s, order: stop-first}
      restart_policy: {condition: on-failure, delay: 1s, max_attempts: 2,
                       window: 10s}
      resources:
        limits: {cpus: "0.5", memory: 50M, pids: 50}
        reservations: {cpus: "0.1", memory: 20M}
  plain:
    image: %(busybox)s
    command: [sleep, "99"]
  every:
    image: %(busybox)s
    command: [sleep, "99"]
    deploy: {mode: global}
networks: {back: {internal: true, attachable: true, labels: {e: f},
                  ipam: {config: [{subnet: 10.217.3.0/24}]}}}
volumes: {data: {labels: {g: h}}}
configs: {page: {file: ./page.html}}
secrets: {token: {file: ./token}}
"""

# What differs: names and IDs of objects, labels of each way, and the digest
# and the platforms of an image, which the client asks the registry for.
_OWN = re.compile(r'com\.docker\.stack\.image|org\.openstack\.heat\..*|Name|'
                  r'(Secret|Config)(ID|Name)|Platforms')

# What means nothing: empty values, and a default.
_NOTHING = (None, {}, [], '', 0, False, 'vip')


class StackDeployTest(swarms.SwarmTest):
    """The same file by "docker stack deploy" and by the resource."""

    def shown_of(self, web):
        """Return what the swarm shows, without names and IDs."""
        networks = {one['Id']: one['Labels'].get('e', 'default')
                    for one in self.docker.networks(
                        filters={'driver': 'overlay'}) if one['Labels']}
        return {name: self.normal(self.docker.inspect_service(one)['Spec'],
                                  networks) for name, one in web.items()}

    def normal(self, value, networks):
        if isinstance(value, dict):
            found = {key: self.normal(networks.get(one, one)
                                      if key == 'Target' else one, networks)
                     for key, one in value.items() if not _OWN.fullmatch(key)}
            return {key: one for key, one in found.items()
                    if one not in _NOTHING or key == 'Global'}
        if isinstance(value, list):
            return sorted((self.normal(one, networks) for one in value),
                          key=str)
        return value.partition('@')[0].removeprefix('CAP_') if isinstance(
            value, str) else value

    def test_same_services(self):
        program = shutil.which('docker')
        if program is None:
            self.skipTest('there is no client of Docker')
        text = SAME % {**self.cloud.images, 'busybox': self.busybox,
                       'port': ports.free()}
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        files = {'page.html': 'Hello\n', 'token': 'sesame'}
        for name, content in {**files, 'compose.yaml': text}.items():
            (folder / name).write_text(content)
        def docker(*arguments):
            subprocess.run(
                [program, 'stack', *arguments], check=True, cwd=folder,
                env={**os.environ,
                     'DOCKER_HOST': self.cloud.docker['endpoint']})

        self.addCleanup(self.remove_volume)
        docker('deploy', '-c', 'compose.yaml', 'same')
        wanted = self.shown_of({
            name: 'same_' + name for name in ('web', 'plain', 'every')})
        docker('rm', 'same')
        base.wait_until(lambda: not self.docker.networks(
            filters={'label': 'com.docker.stack.namespace=same'}), 'removal')
        stack_id = self.start_stack(self.template({'app': {
            'type': TYPE, 'properties': {
                'file': text, 'swarm': True, 'project_name': 'same',
                'contents': files}}}))
        base.wait_until(lambda: len(self.docker.services()) == 3, 'services')
        self.assertEqual(wanted, self.shown_of(self.names(stack_id)))

    def names(self, stack_id):
        nested = self.resource(stack_id, 'app').physical_resource_id
        return {one.resource_name: one.physical_resource_id
                for one in self.heat.resources.list(nested)
                if one.resource_name in ('web', 'plain', 'every')}

    def remove_volume(self):
        base.wait_until(lambda: not self.docker.containers(
            all=True, filters={'volume': 'same_data'}), 'removal')
        with contextlib.suppress(errors.NotFound):
            self.docker.remove_volume('same_data')

