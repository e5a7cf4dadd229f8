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


"""What services of a swarm need of the kernel: IPVS and VXLAN."""

import pathlib
import threading

import requests

from sandbox import state
from sandbox.guests import hosts
from sandbox.services import base as services
from tests.functional import base
from tests.functional import clusters
from tests.functional import swarms

# As many as the emulated processor starts in a few minutes.
REPLICAS = 4

# Serves a page until some seconds after it is told to stop: requests that are
# on their way are answered.
SERVE = swarms.serve(5)
# Prints the address of the service, and its page. A static busybox looks up
# names only in nslookup, and its wget may crash.
ASK = ['sh', '-c', """
    trap "exit 0" TERM
    while :; do
        a=$(nslookup web | sed -n '/^Name/,$s/^Address: //p')
        echo $a $(printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 10 $a 8080 |
                  tail -n 1)
        sleep 2 & wait $!
    done"""]

ASK_ITSELF = ("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | "
              'nc -w 10 127.0.0.1 8080 | grep -q 200')


class GuestTest(clusters.SwarmTest):
    """A test on hosts in a guest that the sandbox emulates."""

    count = 2

    def setUp(self):
        super().setUp()
        self.patch(base, 'PATIENCE', base.GUEST_PATIENCE)

    def make_hosts(self):
        context = services.Context.beside(
            state.Layout(pathlib.Path(self.cloud.logs).parent))
        self.addCleanup(context.namespace.end)
        return hosts.Hosts(context, [self.cloud.registry], self.count)

    def of_swarm(self, kind, **properties):
        """Return a resource that needs all nodes of the swarm."""
        first, *others = self.hosts
        return {'type': 'DockerInc::Docker::' + kind,
                'depends_on': ['swarm', *(host.name for host in others)],
                'properties': {'docker_endpoint': first.endpoint,
                               'tls': first.tls, **properties}}

    def service(self, **properties):
        return self.of_swarm(
            'Service', image=self.busybox, converge_delay=1,
            networks=[{'get_resource': 'net'}], **properties)

    def stack_of(self, **services):
        """Return a template of a swarm with a network and services."""
        nodes = self.cluster_of(self.hosts[:1], self.hosts[1:])
        # On a busy machine, a node may be late without being down.
        nodes['swarm']['properties']['dispatcher_heartbeat'] = '1m'
        return self.template({
            **nodes, 'net': self.of_swarm('Network', driver='overlay'),
            **services})

    def url(self, host, port):
        return 'http://%s:%d/' % (host.address, port)


class IngressTest(GuestTest):

    def test_ports_and_addresses(self):
        """All nodes answer; services reach each other between hosts."""
        stack_id = self.create_stack(self.stack_of(
            web=self.service(
                name='web', cmd=SERVE, env=['PAGE=hello'],
                ports=[{'target': 8080}], endpoint_mode='vip',
                placement={'constraints': ['node.hostname==host2']}),
            client=self.service(
                cmd=ASK,
                placement={'constraints': ['node.hostname==host1']})))
        self.assertEqual(
            ['host2', 'host1'],
            [task['node'] for name in ('web', 'client')
             for task in self.attribute(stack_id, name, 'tasks')])
        [port] = self.attribute(stack_id, 'web', 'ports')
        self.assertEqual('ingress', port['mode'])
        for host in self.hosts:
            self.assertEqual('hello', base.wait_until(
                lambda host=host: self.page(host, port['published']),
                'an answer of ' + host.name))
        network = self.resource(stack_id, 'net').physical_resource_id
        [address] = [one['address'].partition('/')[0] for one in
                     self.attribute(stack_id, 'web', 'virtual_ips')
                     if one['network'] == network]
        base.wait_until(
            lambda: '%s hello' % address in self.attribute(
                stack_id, 'client', 'logs'), 'the page by the virtual IP')
        self.check(stack_id)
        self.delete_stack(stack_id)

    def page(self, host, port):
        try:
            return requests.get(self.url(host, port), timeout=10).text.strip()
        except requests.RequestException:
            return None


class RollingUpdateTest(GuestTest):

    def web(self, page):
        return self.stack_of(web=self.service(
            name='web', cmd=SERVE, env=['PAGE=' + page], replicas=REPLICAS,
            ports=[{'target': 8080}], stop_grace_period=60,
            # Each check starts a process on the emulated processor.
            healthcheck={'test': ASK_ITSELF, 'interval': 10, 'timeout': 60},
            update_config={'parallelism': 2, 'order': 'start-first',
                           'monitor': 1}))

    def test_no_answer_is_lost(self):
        """Clients ask all nodes all the time, and see no failure."""
        stack_id = self.create_stack(self.web('old'))
        [port] = self.attribute(stack_id, 'web', 'ports')
        clients = [Client(self.url(host, port['published']))
                   for host in self.hosts]
        for client in clients:
            client.start()
            self.addCleanup(client.stop)
        base.wait_until(lambda: all(client.heard for client in clients),
                        'answers')
        self.update_stack(stack_id, self.web('new'))
        base.wait_until(
            lambda: all(set(client.heard[-20:]) == {'new'}
                        for client in clients), 'new answers only')
        for client in clients:
            client.stop()
            self.assertEqual({'old', 'new'}, set(client.heard))
            self.assertGreater(len(client.heard), 40)
        self.assertEqual(REPLICAS, self.attribute(stack_id, 'web',
                                            'running_replicas'))
        self.delete_stack(stack_id)


class Client(threading.Thread):
    """Asks all the time, with a new connection each time.

    :ivar heard: the pages and the failures.
    """

    def __init__(self, url):
        super().__init__(daemon=True)
        self.heard = []
        self._url = url
        self._ended = threading.Event()

    def run(self):
        while not self._ended.wait(0.1):
            try:
                page = requests.get(self._url, timeout=30).text.strip()
            except requests.RequestException as ex:
                page = str(ex)
            self.heard.append(page)

    def stop(self):
        self._ended.set()
        self.join()
