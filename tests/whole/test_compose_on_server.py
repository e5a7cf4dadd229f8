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

"""The example compose-on-server, from the boot of its server to the page."""

import pathlib

from heatclient.common import template_utils
import requests

from sandbox.guests import hosting
from tests.functional import base
from tests.whole import test_docker_server

EXAMPLES = pathlib.Path(__file__).parents[2] / 'examples'


class ComposeOnServerTest(test_docker_server.HostingTest):

    def test_project(self):
        """The project starts and is updated on a new server."""
        path = EXAMPLES / 'compose-on-server.yaml'
        files, template = template_utils.get_template_contents(str(path))
        # What the image of the sandbox needs.
        template['resources']['app']['properties']['overrides'] = [
            {'services': {'cache': {'command': base.SLEEP}}}]
        images = self.cloud.images
        parameters = {'environment': {
            'WEB_IMAGE': images['httpd'], 'DB_IMAGE': images['mariadb'],
            'CACHE_IMAGE': images['busybox'], 'WEB_ROOT': '/www'}}
        stack_id = self.create_stack(
            template, files=files, environment=hosting.environment(),
            parameters=parameters)
        outputs = self.outputs(stack_id)
        url = 'http://%s' % outputs['address']
        page = (EXAMPLES / 'compose/index.html').read_text()
        self.assertEqual(page, requests.get(url, timeout=60).text)
        before = self.ids(outputs)
        template['resources']['app']['properties']['overrides'].append(
            {'services': {'cache': {'environment': {'A': 'b'}}}})
        self.update_stack(
            stack_id, template, files=files,
            environment=hosting.environment(), parameters=parameters)
        after = self.ids(self.outputs(stack_id))
        self.assertEqual({'cache'}, {
            name for name in before if before[name] != after[name]})
        self.assertEqual(page, requests.get(url, timeout=60).text)
        self.delete_stack(stack_id)

    def ids(self, outputs):
        """Return the ID of the container of each service."""
        return {name: one[0]['id']
                for name, one in outputs['services'].items()}
