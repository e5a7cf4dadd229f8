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

"""A Compose project as a template of Heat."""

import os
import pathlib
import subprocess
import sys
import time
import uuid

import fixtures
from heatclient.common import template_utils
import requests

from tests.functional import base

ROOT = pathlib.Path(__file__).parents[2]

# What the images of the sandbox need, in a second Compose file.
OVERRIDE = '''
services:
  cache:
    command: sh -c 'trap "exit 0" TERM; nc -ll -p 6379 -e cat & wait'
'''


class TranslatingTest(base.FunctionalTest):
    """A test with templates of compose2hot."""

    def compose2hot(self, *arguments, **environment):
        """Write a template beside the files, and return its path."""
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path,
                            'stack.yaml')
        done = subprocess.run(
            [sys.executable, '-W', 'ignore',
             ROOT / 'heat_docker' / 'compose2hot.py', '-o', path,
             *arguments], text=True, capture_output=True,
            timeout=base.PATIENCE, env={'PATH': os.environ['PATH'],
                                        **environment})
        self.assertEqual(0, done.returncode, done.stderr)
        self.warnings = done.stderr
        return path

    def create_from(self, path, **parameters):
        """Create a stack as "openstack stack create -t" does."""
        files, template = template_utils.get_template_contents(str(path))
        return self.create_stack(template, files=files,
                                 parameters=parameters)

    def override(self, content):
        """Return the path of another Compose file."""
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path,
                            'override.yaml')
        path.write_text(content)
        return path


class ComposeTest(TranslatingTest):

    @base.requires('health')
    def test_example(self):
        """The project in examples/compose, used by its services."""
        folder = ROOT / 'examples' / 'compose'
        images = self.cloud.images
        path = self.compose2hot(
            folder / 'compose.yaml', self.override(OVERRIDE),
            DB_PASSWORD='hunter2', WEB_IMAGE=images['httpd'],
            DB_IMAGE=images['mariadb'], CACHE_IMAGE=images['busybox'],
            WEB_ROOT='/www')
        self.assertNotIn('hunter2', path.read_text())
        self.assertIn('values of DB_PASSWORD', self.warnings)
        stack_id = self.create_from(path, DB_PASSWORD='hunter3')
        web, db, cache = (self.inspect(stack_id, name)
                          for name in ('web', 'db', 'cache'))
        port = web['NetworkSettings']['Ports']['80/tcp'][0]['HostPort']
        page = requests.get('http://127.0.0.1:%s/' % port, timeout=10)
        self.assertEqual((folder / 'index.html').read_text(), page.text)
        self.assertEqual('healthy', db['State']['Health']['Status'])
        self.assertEqual(512 * 2 ** 20, db['HostConfig']['Memory'])
        self.assertEqual('unless-stopped',
                         web['HostConfig']['RestartPolicy']['Name'])
        self.assertEqual({'/data': ''}, cache['HostConfig']['Tmpfs'])
        self.assertLess(db['State']['StartedAt'], web['State']['StartedAt'])
        self.assertIn('DB_HOST=db', web['Config']['Env'])
        # The services find each other by their names and aliases.
        self.assertEqual('hunter3', self.run_shell(
            web, 'cat /run/secrets/db_password'))
        self.assertEqual('ping', self.run_shell(
            web, 'echo ping | nc -w 5 redis 6379'))
        self.assertIn('MariaDB', self.run_shell(
            web, 'nc -w 5 db 3306 < /dev/null | tr -cd a-zA-Z'))
        self.check_labels(web, 'web')
        self.check_volume(stack_id, db)

    def check_labels(self, inspected, service):
        labels = inspected['Config']['Labels']
        self.assertEqual(
            {'project': 'wiki', 'service': service, 'container-number': '1',
             'oneoff': 'False', 'config-hash': 'heat'},
            {name.removeprefix('com.docker.compose.'): value
             for name, value in labels.items()
             if name.startswith('com.docker.compose.')})

    def check_volume(self, stack_id, inspected):
        mount, = (mount for mount in inspected['Mounts']
                  if mount['Type'] == 'volume')
        self.assertEqual('/var/lib/mysql', mount['Destination'])
        volume = self.docker.inspect_volume(mount['Name'])
        self.assertEqual('data',
                         volume['Labels']['com.docker.compose.volume'])
        self.assertEqual(
            mount['Name'], self.resource(
                stack_id, 'data_volume').attributes['name'])

    def test_scaled_and_built(self):
        """A built image, several containers, a job, and links."""
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (folder / 'app').mkdir()
        (folder / 'app' / 'Dockerfile').write_text(
            'ARG BASE\nFROM $BASE\nCOPY index.html /www/\n')
        (folder / 'app' / 'index.html').write_text('built\n')
        (folder / 'conf').mkdir()
        (folder / 'conf' / 'a').write_text('text')
        (folder / 'conf' / 'b').write_bytes(b'\xff')
        (folder / 'compose.yaml').write_text('''
services:
  web:
    build: {context: app, args: {BASE: "${BASE}"}}
    scale: 2
    ports: [80]
    volumes: ["./conf:/conf:ro", "shared:/shared:ro"]
    command: >-
      sh -c 'trap "exit 0" TERM; httpd -f -p 80 -h /www & wait'
    depends_on: {job: {condition: service_completed_successfully}}
  job:
    image: ${BUSYBOX}
    command: sh -c 'echo done > /shared/file'
    volumes: ["shared:/shared"]
    network_mode: none
  side:
    image: ${BUSYBOX}
    network_mode: service:web
    command: &sleep ["sh", "-c", "trap 'exit 0' TERM; sleep 3600 & wait"]
volumes: {shared: }
''')
        stack_id = self.create_from(self.compose2hot(
            folder / 'compose.yaml', BASE=self.cloud.images['httpd'],
            BUSYBOX=self.busybox))
        for name in ('web', 'web_2'):
            web = self.inspect(stack_id, name)
            port = web['NetworkSettings']['Ports']['80/tcp'][0]['HostPort']
            self.assertEqual('built', self.page_at(int(port)))
            self.assertEqual('done text 377', self.run_shell(
                web, 'echo $(cat /shared/file) $(cat /conf/a) '
                '$(od -An -to1 /conf/b)'))
        self.assertEqual(0, self.inspect(stack_id, 'job')['State'][
            'ExitCode'])
        self.assertEqual('built', self.run_shell(
            self.inspect(stack_id, 'side'), 'wget -qO- http://127.0.0.1/'))


ORDER = '''
x-base: &base
  image: ${BUSYBOX}
  command: [sh, -c, 'trap "exit 0" TERM; sleep 3600 & wait']
services:
  web:
    <<: *base
    depends_on:
      db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
      extra: {condition: service_started, required: false}
  migrate:
    image: ${BUSYBOX}
    command: sh -c 'sleep 1; exit ${CODE}'
    depends_on: {db: {condition: service_healthy}}
  db:
    image: ${BUSYBOX}
    command: >-
      sh -c 'trap "exit 0" TERM; sleep 2; touch ${READY}; sleep 3600 & wait'
    healthcheck: {test: [CMD, test, -e, /ready], interval: 1s, retries: 5}
  extra: {<<: *base, profiles: [extra]}
'''


@base.requires('health')
class DependenciesTest(TranslatingTest):
    """The order in which the containers of a project start."""

    def setUp(self):
        super().setUp()
        self.project = 'p' + uuid.uuid4().hex[:8]

    def start(self, *arguments, code='0', ready='/ready'):
        """Start to create the stack, and return its ID."""
        path = self.compose2hot(
            self.override(ORDER), '-p', self.project, *arguments,
            BUSYBOX=self.busybox, CODE=code, READY=ready)
        self.since = time.time()
        files, template = template_utils.get_template_contents(str(path))
        return self.start_stack(template, files=files)

    def events(self):
        """Return pairs of service and event, as the daemon sent them."""
        label = 'com.docker.compose.'
        return [(event['Actor']['Attributes'][label + 'service'],
                 event['Action'])
                for event in self.docker.events(
                    decode=True, since=self.since, until=time.time(),
                    filters={'type': 'container', 'label': [
                        label + 'project=' + self.project]})]

    def services(self):
        return {service for service, action in self.events()
                if action == 'create'}

    def test_order(self):
        stack_id = self.start()
        self.expect(stack_id, 'CREATE_COMPLETE')
        happened = [one for one in self.events() if one[1] in (
            'start', 'die', 'health_status: healthy')]
        self.assertEqual(
            [('db', 'start'), ('db', 'health_status: healthy'),
             ('migrate', 'start'), ('migrate', 'die'), ('web', 'start')],
            happened)
        self.assertIn('The service extra, which is not required, is not '
                      'enabled', self.warnings)

    def test_enabled_although_not_required(self):
        stack_id = self.start('--profile', 'extra')
        self.expect(stack_id, 'CREATE_COMPLETE')
        happened = self.events()
        self.assertLess(happened.index(('extra', 'start')),
                        happened.index(('web', 'start')))

    def test_dependency_that_fails(self):
        stack_id = self.start(code='7')
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('7', self.resource(
            stack_id, 'migrate').resource_status_reason)
        self.assertEqual({'db', 'migrate'}, self.services())

    def test_dependency_that_is_unhealthy(self):
        stack_id = self.start(ready='/other')
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('unhealthy', self.resource(
            stack_id, 'db').resource_status_reason)
        self.assertEqual({'db'}, self.services())
