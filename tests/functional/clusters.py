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

"""Swarms of several hosts, each with its own Docker Engine."""

from sandbox import hosts
from tests.functional import base

SWARM = 'DockerInc::Docker::Swarm'
NODE = 'DockerInc::Docker::SwarmNode'


@base.requires('swarm')
class SwarmTest(base.FunctionalTest):
    """A test on hosts of its own.

    It runs alone, because the engines of the hosts keep the processors busy.
    """

    alone = True
    count = 5

    def setUp(self):
        super().setUp()
        self.cluster = self.useFixture(self.make_hosts())
        self.hosts = self.cluster.hosts

    def make_hosts(self):
        """Return a fixture with hosts."""
        return hosts.Hosts(self.count, self.cloud.engine)

    def properties(self, host, **properties):
        return {'docker_endpoint': host.endpoint, 'tls': host.tls,
                'advertise_addr': host.address, 'forget_unreachable': True,
                **properties}

    def swarm(self, host, **properties):
        return {'type': SWARM,
                'properties': self.properties(host, **properties)}

    def node(self, host, *managers, **properties):
        """Return a node, by default for the first host as the manager."""
        return {'type': NODE, 'properties': self.properties(
            host, swarm={'get_resource': 'swarm'}, manager_tls=host.tls,
            manager_endpoint=[one.endpoint for one in
                              managers or self.hosts[:1]], **properties)}

    def cluster_of(self, managers, workers, **properties):
        """Return the resources of a swarm.

        :param managers: hosts; the first initializes the swarm.
        :param workers: hosts.
        """
        nodes = {host.name: self.node(host, *managers, role='manager',
                                      **properties)
                 for host in managers[1:]}
        nodes |= {host.name: self.node(host, *managers, **properties)
                  for host in workers}
        swarm = self.swarm(managers[0], docker_endpoint=[
            host.endpoint for host in managers])
        return {'swarm': swarm, **nodes}

    def load_image(self, image):
        """Load an image into the engines of all hosts."""
        self.docker.pull(image)
        saved = b''.join(self.docker.get_image(image))
        for host in self.hosts:
            with host.client() as client:
                client.load_image(saved)

    def create(self, resources):
        return self.create_stack(self.template(resources))

    def nodes(self, host):
        """Return the nodes as a manager shows them, by hostname."""
        with host.client() as client:
            return {node['Description']['Hostname']: node
                    for node in client.nodes()}

    def roles(self, host):
        return {name: node['Spec']['Role']
                for name, node in self.nodes(host).items()}

    def local(self, host):
        """Return what a host knows of its own part in a swarm."""
        with host.client() as client:
            return client.info()['Swarm']['LocalNodeState']

    def attribute(self, stack_id, resource, name):
        return self.heat.resources.get(
            stack_id, resource, with_attr=[name]).attributes[name]

    def check(self, stack_id, status='CHECK_COMPLETE'):
        self.heat.actions.check(stack_id)
        self.expect(stack_id, status)
