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

"""What the operator decides, and that it holds."""

import pathlib

from heatclient import exc as heat_errors
import yaml

from tests.functional import base
from tests.functional import operating
from tests.functional import proxy


class PolicyTest(operating.OperatorTest):

    # The tests have few starts of an engine between them.

    @base.requires('second engine')
    def test_endpoints_by_default(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        before = self.create_stack(self.template({'web': self.container(
            docker_endpoint=way.endpoint)}))
        self.configure(local_endpoint_access=None, allowed_endpoints=None,
                       denied_networks=None)
        self.refused_by('local_endpoint_access')
        self.refused_by('local_endpoint_access',
                        docker_endpoint=self.cloud.docker['endpoint'])
        with self.tenant('sandbox-other'):
            self.refused_by('local_endpoint_access')
        self.refused_by('allowed_endpoints',
                        docker_endpoint=self.cloud.podman['endpoint'])
        port = way.endpoint.rpartition(':')[2]
        for host in ('127.0.0.1', 'localhost', '2130706433', '127.1',
                     '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254'):
            self.fails_by('denied_networks',
                          docker_endpoint='tcp://%s:%s' % (host, port))
        # What was there before can be used and deleted.
        self.assertEqual('running', self.resource(before).attributes['state'])
        self.delete_stack(before)
        with self.tenant('sandbox-admin'):
            stack_id = self.create_stack(self.template(
                {'web': self.container()}))
            self.delete_stack(stack_id)

    def test_limits(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        before = self.create_stack(self.template({'web': self.container(
            network_mode='host', cap_add=['NET_ADMIN'],
            docker_endpoint=way.endpoint)}))
        self.configure(
            require_tls='true', allow_privileged='false',
            allow_host_namespaces='false', allowed_bind_sources='/srv',
            allowed_devices='/dev/nul*', allowed_capabilities='SYS_TIME',
            allowed_registries=self.cloud.registry)
        self.refused_by('require_tls', docker_endpoint=way.endpoint)
        self.refused_by('allow_privileged', privileged=True)
        self.refused_by('allow_privileged',
                        security_opt=['seccomp=unconfined'])
        self.refused_by('allow_host_namespaces', pid_mode='host')
        self.refused_by('allow_host_namespaces',
                        networks=[{'network': 'host'}])
        self.refused_by('allowed_bind_sources',
                        volumes={'/srv/../etc': '/mnt'})
        self.refused_by('allowed_bind_sources', mounts=[
            {'type': 'bind', 'source': '/', 'target': '/mnt'}])
        self.refused_by('allowed_devices', devices=[
            {'path_on_host': '/dev/zero'}])
        self.refused_by('allowed_capabilities', cap_add=['NET_ADMIN'])
        self.refused_by('allowed_registries', image='docker.io/busybox')
        self.addCleanup(self.docker.remove_volume, 'named')
        self.create_container(
            volumes={'/srv': '/mnt', 'named': '/named'},
            cap_add=['SYS_TIME'], devices=[{'path_on_host': '/dev/null'}],
            pid_mode='')
        self.delete_stack(before)
        self.assertEqual([], self.containers(before))

    def test_forgotten_endpoints(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        stack_id = self.create_stack(self.template({'web': self.container(
            docker_endpoint=way.endpoint, endpoint_timeout=1)}))
        [container] = self.containers(stack_id)
        self.addCleanup(self.remove_container, container['Id'])
        way.cut()
        self.heat.stacks.delete(stack_id)
        self.expect(stack_id, 'DELETE_FAILED')
        self.assertIn('forgotten_endpoints', self.reasons(stack_id))
        self.configure(forgotten_endpoints=way.endpoint)
        self.delete_stack(stack_id)

    def test_rule_of_the_type(self):
        """heat-api and heat-engine are processes of their own here."""
        path = pathlib.Path(self.cloud.policy_file)
        self.addCleanup(path.write_text, path.read_text())
        for rule in (base.TYPE, 'DockerInc::Docker::*'):
            path.write_text(yaml.safe_dump(
                {'resource_types:' + rule: 'role:admin'}))
            for cloud in ('sandbox', 'sandbox-other'):
                with self.tenant(cloud):
                    self.assertRaises(
                        heat_errors.HTTPForbidden, self.start_stack,
                        self.template({'web': self.container()}))
            with self.tenant('sandbox-admin'):
                stack_id = self.create_stack(self.template(
                    {'web': self.container()}))
                self.delete_stack(stack_id)

    def test_kill_switch(self):
        path = pathlib.Path(self.cloud.environment_dir, 'no-docker.yaml')
        self.addCleanup(self.restart)
        self.addCleanup(path.unlink)
        path.write_text(yaml.safe_dump(
            {'resource_registry': {base.TYPE: ''}}))
        self.restart()
        error = self.refused({'web': self.container()})
        self.assertIn('could not be found', error)
