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

"""Every attribute, read as users read it."""

from tests.functional import base
from tests.functional import proxy


class AttributesTest(base.FunctionalTest):

    def test_all(self):
        stack_id, inspected = self.create_container(
            cmd=['sh', '-c', 'echo first; echo gr\xfcn; printf "\\377\\n"; '
                 'trap "exit 0" TERM; sleep 3600 & wait'],
            port_bindings={80: '127.0.0.1:', '53/udp': '127.0.0.1:'})
        [(name, network)] = inspected['NetworkSettings']['Networks'].items()
        ports = inspected['NetworkSettings']['Ports']
        tcp = int(ports['80/tcp'][0]['HostPort'])
        udp = int(ports['53/udp'][0]['HostPort'])
        shown = self.heat.resources.get(
            stack_id, 'web', with_attr=['info']).attributes
        self.assertEqual(inspected['Name'], '/' + shown['name'])
        self.assertEqual('running', shown['state'])
        self.assertEqual(0, shown['exit_code'])
        self.assertEqual(network['IPAddress'], shown['network_ip'])
        self.assertEqual(network['Gateway'], shown['network_gateway'])
        self.assertEqual(str(tcp), shown['network_tcp_ports'])
        self.assertEqual(str(udp), shown['network_udp_ports'])
        self.assertEqual(
            [{'container_port': 53, 'protocol': 'udp',
              'host_ip': '127.0.0.1', 'host_port': udp},
             {'container_port': 80, 'protocol': 'tcp',
              'host_ip': '127.0.0.1', 'host_port': tcp}], shown['ports'])
        self.assertEqual(network['IPAddress'],
                         shown['networks'][name]['ip_address'])
        self.assertEqual(inspected['Id'], shown['info']['Id'])
        self.assertEqual(network['IPAddress'],
                         shown['network_info']['IPAddress'])
        self.assertEqual(str(tcp), shown['network_info']['TcpPorts'])
        self.assertEqual('first', shown['logs_head'])
        self.assertEqual('�', shown['logs_tail'])
        self.assertEqual('first\ngr\xfcn\n�\n', shown['logs'])

    def test_logs_of_both_streams(self):
        stack_id, _inspected = self.create_container(
            cmd=['sh', '-c', 'echo out; echo err >&2; trap "exit 0" TERM; '
                 'sleep 3600 & wait'])
        self.assertEqual(
            {'out', 'err'},
            set(self.resource(stack_id).attributes['logs'].split()))

    def test_logs_of_a_terminal(self):
        stack_id, _inspected = self.create_container(
            tty=True, cmd=['sh', '-c', 'echo one; echo two; trap "exit 0" '
                           'TERM; sleep 3600 & wait'])
        shown = self.resource(stack_id).attributes
        self.assertEqual(['one', 'two'], shown['logs'].split())
        self.assertEqual('one', shown['logs_head'])
        self.assertEqual('two', shown['logs_tail'])

    def test_logs_are_capped(self):
        stack_id, _inspected = self.create_container(
            cmd=['sh', '-c', 'seq 100000; trap "exit 0" TERM; '
                 'sleep 3600 & wait'])
        shown = self.resource(stack_id).attributes
        self.assertTrue(0 < len(shown['logs']) <= 64 * 1024)
        self.assertEqual('100000', shown['logs_tail'])
        self.assertEqual('1', shown['logs_head'])

    def test_live_state_is_not_cached(self):
        stack_id, inspected = self.create_container()
        self.assertEqual('running', self.resource(stack_id).attributes[
            'state'])
        self.docker.kill(inspected['Id'])
        shown = self.resource(stack_id).attributes
        self.assertEqual(('exited', 137),
                         (shown['state'], shown['exit_code']))

    def test_daemon_away(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        stack_id = self.create_stack(self.template(
            {'web': self.container(docker_endpoint=way.endpoint,
                                   endpoint_timeout=1)},
            {'state': {'value': {'get_attr': ['web', 'state']}},
             'logs': {'value': {'get_attr': ['web', 'logs']}}}))
        way.cut()
        self.assertEqual({'state': None, 'logs': None},
                         self.outputs(stack_id))
        self.assertIsNone(self.resource(stack_id).attributes['name'])
        self.act(stack_id, 'check', 'CHECK_FAILED')
        reason = self.resource(stack_id).resource_status_reason
        self.assertIn('%s cannot be reached' % way.endpoint, reason)
        self.heat.stacks.delete(stack_id)
        self.expect(stack_id, 'DELETE_FAILED')
        way.mend()
