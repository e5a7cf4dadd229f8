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
        return self.create_stack(template, parameters=parameters)

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

    def connect(self, outputs):
        """Return a connection to the database, or None while it starts."""
        try:
            return pymysql.connect(
                host=outputs['db_host'], port=int(outputs['db_port']),
                user='root', password=outputs['db_password'],
                connect_timeout=5)
        except pymysql.err.OperationalError:
            return None
