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

"""The counters of requests to a daemon."""

from benchmarks import counting
from heat_docker import client
from heat_docker import endpoint
from tests.unit import base
from tests.unit import servers


class CounterTestCase(base.TestCase):

    def test_requests_and_connections(self):
        self.configure(denied_networks=[])
        server = self.useFixture(servers.Server())
        counter = counting.Counter(server.url)
        self.addCleanup(counter.cut)
        for _again in range(2):
            with client.DockerClient(
                    endpoint.parse(counter.endpoint)) as docker:
                docker.containers.inspect('web')
                docker.containers.create({'name': 'x'}, {'Cmd': 'GET /'})
                docker.containers.start('0123abcd')
        self.assertEqual(
            {'GET /version': 1, 'GET /containers/json': 2,
             'POST /containers/create': 2, 'POST /containers/start': 2},
            counter.requests)
        self.assertEqual((7, 1), (counter.total, counter.connections))
        counter.reset()
        self.assertEqual((0, 0), (counter.total, counter.connections))
