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

"""A start that fails, and the networks of the container."""

import json

from tests.unit import base

PATH = base.ContainerTestCase.PATH
CREATE = ('POST', '/containers/create')
START = ('POST', PATH + '/start')
FRONT = 'f1' * 32
CONNECT = ('POST', '/networks/%s/connect' % FRONT)
CONNECT_BRIDGE = ('POST', '/networks/bridge/connect')
TAKEN = base.refusal(500, 'failed to set up container networking: failed to '
                     'bind host port 127.0.0.1:80/tcp: address already in use')


class LostNetworksTestCase(base.ContainerTestCase):
    """A daemon that detaches a container whose port it cannot publish."""

    API = '1.52'

    def serve(self, endpoints, starts):
        """Answer the requests of an action.

        :param endpoints: of the container, by network.
        :param starts: answers to the requests to start it.
        """
        self.endpoints, self.status = dict(endpoints), 'created'
        self.lost = dict(endpoints)
        self.starts = list(starts)
        self.serve_create()
        self.serve_run()
        self.daemon.on(*START, {'text': self.start})
        self.daemon.on('GET', PATH + '/json', {'json': self.show})
        for request in (CONNECT, CONNECT_BRIDGE):
            self.daemon.on(*request, {'text': self.connect})
        self.daemon.speak(self.API)

    def start(self, request, context):
        answer = self.starts.pop(0)
        if answer is TAKEN:
            self.endpoints.clear()
            context.status_code = answer['status_code']
            return json.dumps(answer['json'])
        context.status_code, self.status = 204, 'running'
        return ''

    def connect(self, request, context):
        self.endpoints = dict(self.lost)
        return ''

    def show(self, request, context):
        return self.inspected(self.status, Networks=self.endpoints)['json']

    def test_attached_before_the_next_start(self):
        """Otherwise it would run, but be unreachable."""
        self.serve({'bridge': {'NetworkID': ''}}, [TAKEN, TAKEN, 204])
        self.run_task(self.make_resource().create)
        self.assertEqual(
            [CREATE, START, CONNECT_BRIDGE, START, CONNECT_BRIDGE, START],
            self.daemon.changes)
        self.assertEqual(['bridge'], list(self.endpoints))

    def test_settings_of_the_endpoint(self):
        endpoint = {'Aliases': ['www'], 'GwPriority': 3,
                    'IPAMConfig': {'IPv4Address': '192.0.2.7'}}
        self.serve({'front': {'NetworkID': FRONT, 'IPAddress': '',
                              **endpoint}}, [TAKEN, 204])
        self.run_task(self.make_resource().create)
        [sent] = self.daemon.sent(*CONNECT)
        self.assertEqual(endpoint, sent.json()['EndpointConfig'])

    def test_failure(self):
        """The error is that of the start, and the next one can succeed."""
        self.serve({'bridge': {'NetworkID': ''}}, [TAKEN] * 3)
        self.daemon.on(*CONNECT_BRIDGE, 500)
        self.assertIn('address already in use',
                      self.fail_task(self.make_resource().create))

    def test_resume(self):
        self.serve({'front': {'NetworkID': FRONT}}, [204, TAKEN])
        made = self.make_resource()
        self.run_task(made.create)
        made.state_set(made.SUSPEND, made.COMPLETE)
        self.forget()
        self.status = 'exited'
        self.assertIn('address already in use', self.fail_task(made.resume))
        self.assertEqual([START, CONNECT], self.daemon.changes)

    def test_no_network_is_lost(self):
        self.serve({'bridge': {'NetworkID': ''}}, [204])
        self.run_task(self.make_resource().create)
        self.assertEqual([CREATE, START], self.daemon.changes)


class KeptNetworksTestCase(LostNetworksTestCase):
    """An older daemon, which needs no more requests than before."""

    API = '1.51'

    def test_attached_before_the_next_start(self):
        self.serve({'bridge': {'NetworkID': ''}}, [TAKEN, 204])
        self.run_task(self.make_resource().create)
        self.assertEqual([CREATE, START, START], self.daemon.changes)

    test_settings_of_the_endpoint = test_resume = None
