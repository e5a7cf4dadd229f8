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

"""The example docker-server, from the boot of its server to the page."""

import pathlib

import pymysql
import requests
import yaml

from sandbox import state
from sandbox.guests import hosting
from tests.functional import base

TEMPLATE = pathlib.Path(__file__).parents[2] / 'examples/docker-server.yaml'

# An emulated processor is slow; a boot takes a minute or two.
PATIENCE = 900.0


class HostingTest(base.FunctionalTest):
    """A test on a server that the sandbox emulates."""

    alone = True

    def setUp(self):
        super().setUp()
        self.patch(base, 'PATIENCE', PATIENCE)
        self.useFixture(hosting.Hosting(state.Layout(
            pathlib.Path(self.cloud.logs).parent)))


class DockerServerTest(HostingTest):

    def run_template(self, resources, **parameters):
        """Create the stack, look at all that is in it, and delete it.

        :param resources: number of resources that the stack has.
        """
        stack_id = self.create_stack(
            yaml.safe_load(TEMPLATE.read_text()),
            environment=hosting.environment(), parameters={
                'db_image': self.cloud.images['mariadb'],
                'web_image': self.cloud.images['httpd'],
                'db_root_password': 'secret', **parameters})
        self.assertEqual(
            ['CREATE_COMPLETE'] * resources,
            [resource.resource_status
             for resource in self.heat.resources.list(stack_id)])
        address = self.outputs(stack_id)['address']
        self.assertIn('Hello', base.wait_until(
            lambda: self.page(address), 'the page'))
        self.assertIn(('mysql',), base.wait_until(
            lambda: self.databases(address), 'the database'))
        self.delete_stack(stack_id)
        self.assertRaises(requests.ConnectionError, requests.get,
                          'http://%s' % address, timeout=10)
        return self.reasons(stack_id)

    def page(self, address):
        try:
            return requests.get('http://%s' % address, timeout=10).text
        except requests.RequestException:
            return None

    def databases(self, address):
        try:
            with pymysql.connect(host=address, user='root',
                                 password='secret') as database:
                with database.cursor() as cursor:
                    cursor.execute('SHOW DATABASES')
                    return cursor.fetchall()
        except pymysql.OperationalError:
            return None

    def test_cfn_signal(self):
        reasons = self.run_template(16, signal='cfn-signal')
        self.assertIn('Signal: status:SUCCESS', reasons)

    def test_curl(self):
        reasons = self.run_template(16, signal='curl')
        self.assertIn('Signal: status:SUCCESS', reasons)

    def test_native_signal(self):
        reasons = self.run_template(16, signal='heat')
        self.assertIn('Signal: status:SUCCESS', reasons)

    def test_no_signal(self):
        """The containers are patient with the daemon instead."""
        reasons = self.run_template(14, signal='none')
        self.assertIn('Waiting for it', reasons)
