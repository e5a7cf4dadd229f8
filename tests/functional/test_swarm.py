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

"""The example of a swarm; ``tox -e cluster`` tests what else can happen."""

import pathlib

import yaml

from tests.functional import clusters

# Replaces the certificates and the servers of the example.
CERTIFICATES = {
    'heat_template_version': '2021-04-16',
    'outputs': {name: {'value': 'x'} for name in (
        'ca_cert', 'server_cert', 'server_key', 'client_cert', 'client_key',
        'expires_at', 'fingerprint')}}
SERVER = {
    'heat_template_version': '2021-04-16',
    'parameters': {
        **{name: {'type': 'string'} for name in (
            'name', 'image', 'flavor', 'network', 'security_group',
            'ca_cert', 'server_cert', 'server_key')}}}
FOLDER = pathlib.Path(__file__).parents[2] / 'examples'


class ExampleTest(clusters.SwarmTest):

    def test_swarm_cluster(self):
        """The hosts of the test take the place of the servers."""
        names = ['manager0', 'manager1', 'manager2', 'worker0', 'worker1']
        addresses = dict(zip(names, (
            host.address for host in self.hosts), strict=True))
        address = {'get_param': ['addresses', {'get_param': 'name'}]}
        server = yaml.safe_dump({
            **SERVER,
            'parameters': {**SERVER['parameters'], 'addresses': {
                'type': 'json', 'default': addresses}},
            'outputs': {
                'address': {'value': address},
                'endpoint': {'value': {'str_replace': {
                    'template': 'https://HOST:2376',
                    'params': {'HOST': address}}}}}})
        certificates = {**CERTIFICATES, 'outputs': {
            **CERTIFICATES['outputs'],
            'tls': {'value': self.hosts[0].tls}}}
        example = (FOLDER / 'swarm-cluster.yaml').read_text()
        self.load_image(self.cloud.images['httpd'])
        stack_id = self.create_stack(
            yaml.safe_load(example),
            files={'server.yaml': server, 'swarm/server.yaml': server,
                   'certificates.yaml': yaml.safe_dump(certificates),
                   'swarm/worker.yaml': (
                       FOLDER / 'swarm' / 'worker.yaml').read_text()},
            environment={'resource_registry': {
                'DockerInc::Docker::Certificates': 'certificates.yaml'}},
            parameters={'image': self.cloud.images['httpd']})
        self.assertEqual(
            ['manager', 'manager', 'manager', 'worker', 'worker'],
            sorted(node['role'] for node in self.outputs(stack_id)['nodes']))
        self.assertEqual(
            ['running'] * 4,
            [task['state'] for task in self.outputs(stack_id)['tasks']])
        self.update_stack(
            stack_id, yaml.safe_load(example), existing=True,
            parameters={'worker_count': 1})
        self.assertEqual(4, len(self.nodes(self.hosts[0])))
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.delete_stack(stack_id)
        self.assertEqual(['inactive'] * 5,
                         [self.local(host) for host in self.hosts])
