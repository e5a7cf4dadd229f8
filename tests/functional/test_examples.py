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

"""Every example, run and used."""

import pathlib

import pymysql
import requests
import yaml

from tests.functional import base

FOLDER = pathlib.Path(__file__).parents[2] / 'examples'


class ExamplesTest(base.FunctionalTest):

    def run_example(self, name, **parameters):
        """Create the stack of an example and return its id."""
        template = yaml.safe_load((FOLDER / name).read_text())
        return self.create_stack(template, parameters=parameters,
                                 files=self.nested())

    def nested(self):
        """Return the templates that examples are made of, as files."""
        return {'web-server.yaml': (FOLDER / 'web-server.yaml').read_text()}

    def pages(self, ports):
        return sorted(requests.get('http://127.0.0.1:%s/' % port,
                                   timeout=10).text for port in ports)

    def test_every_example_has_a_test(self):
        for path in FOLDER.glob('*.yaml'):
            name = 'test_' + path.stem.replace('-', '_')
            self.assertTrue(hasattr(self, name), name)

    def test_hello(self):
        stack_id = self.run_example('hello.yaml',
                                    image=self.cloud.images['httpd'])
        page = requests.get('http://127.0.0.1:%s/'
                            % self.outputs(stack_id)['port'], timeout=10)
        self.assertIn('Hello', page.text)

    def test_web_and_db(self):
        stack_id = self.run_example(
            'web-and-db.yaml', web_image=self.cloud.images['httpd'],
            db_image=self.cloud.images['mariadb'],
            docker_endpoint=self.cloud.docker['endpoint'])
        outputs = self.outputs(stack_id)
        page = requests.get(outputs['web_url'], timeout=10)
        self.assertIn('Hello', page.text)
        with base.wait_until(lambda: self.connect(outputs),
                             'database') as database:
            with database.cursor() as cursor:
                cursor.execute('SHOW DATABASES')
                self.assertIn(('wiki',), cursor.fetchall())

    def test_job(self):
        stack_id = self.run_example(
            'job.yaml', image=self.busybox,
            web_image=self.cloud.images['httpd'])
        self.assertEqual('migrated', self.outputs(stack_id)['result'])

    def test_healthy_db(self):
        name = 'healthy-db.yaml'
        images = {'db_image': self.cloud.images['mariadb']}
        stack_id = self.run_example(name, **images)
        self.assertEqual('healthy', self.outputs(stack_id)['health'])
        before = self.inspect(stack_id, 'db')
        self.update_stack(
            stack_id, yaml.safe_load((FOLDER / name).read_text()),
            parameters={'memory': 2 ** 30, **images})
        after = self.inspect(stack_id, 'db')
        self.assertEqual(
            (before['Id'], before['State']['StartedAt'], 2 ** 30),
            (after['Id'], after['State']['StartedAt'],
             after['HostConfig']['Memory']))

    def test_web_server(self):
        stack_id = self.run_example('web-server.yaml', page='mine',
                                    image=self.cloud.images['httpd'])
        self.assertEqual(['mine'],
                         self.pages([self.outputs(stack_id)['port']]))

    def test_group(self):
        stack_id = self.run_example('group.yaml',
                                    image=self.cloud.images['httpd'])
        self.assertEqual(['server 0', 'server 1', 'server 2'],
                         self.pages(self.outputs(stack_id)['ports']))

    def test_autoscaling(self):
        name = 'autoscaling.yaml'
        images = {'image': self.cloud.images['httpd']}
        stack_id = self.run_example(name, **images)
        self.assertEqual(['one', 'one'],
                         self.pages(self.outputs(stack_id)['ports']))
        self.heat.resources.signal(stack_id, 'grow')
        base.wait_until(
            lambda: len(self.outputs(stack_id)['ports']) == 3
            and all(self.outputs(stack_id)['ports']), 'a third')
        self.update_stack(
            stack_id, yaml.safe_load((FOLDER / name).read_text()),
            parameters={'page': 'two', **images}, files=self.nested())
        pages = self.pages(self.outputs(stack_id)['ports'])
        self.assertEqual({'two'}, set(pages))

    def connect(self, outputs):
        """Return a connection to the database, or None while it starts."""
        try:
            return pymysql.connect(
                host=outputs['db_host'], port=int(outputs['db_port']),
                user='root', password=outputs['db_password'],
                connect_timeout=5)
        except pymysql.err.OperationalError:
            return None
