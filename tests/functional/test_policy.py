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

"""The operator's policies, and their effect."""

import contextlib
import os
import pathlib
import re
import uuid

import fixtures
from heatclient import client as heat_client
from heatclient import exc as heat_errors
from keystoneauth1 import session
from keystoneauth1.identity import v3
from keystoneclient.v3 import client as keystone_client
import requests
import yaml

from tests.functional import base
from tests.functional import operating
from tests.functional import proxy

DOCS = pathlib.Path(__file__).parents[2] / 'doc' / 'source' / 'admin'

# Properties that are refused for a daemon that several projects use.
NOT_IF_SHARED = {
    'allow_privileged': {'privileged': True},
    'allowed_security_options': {'security_opt': ['disable']},
    'allow_host_namespaces': {
        'network_mode': 'host', 'pid_mode': 'host', 'ipc_mode': 'host',
        'uts_mode': 'host', 'userns_mode': 'host', 'cgroupns_mode': 'host',
        'networks': [{'network': 'host'}]},
    'allow_oom_protection': {'oom_score_adj': -1000,
                             'oom_kill_disable': True},
    'allow_publish_all_ports': {'publish_all_ports': True},
    'allowed_bind_sources': {
        'volumes': {'/srv': '/x'},
        'mounts': [{'target': '/x', 'driver_options': {
            'type': 'none', 'o': 'bind', 'device': '/'}}]},
    'allowed_devices': {'devices': [{'path_on_host': '/dev/null'}]},
    'allowed_capabilities': {'cap_add': ['SYS_PTRACE']},
    'allowed_log_drivers': {'log_driver': 'splunk'},
    'allowed_log_options': {'log_options': {
        'fluentd-address': 'unix:///run/root-only.sock'}},
    'allowed_volume_types': {'mounts': [{'target': '/x', 'driver_options': {
        'type': 'nfs', 'o': 'addr=127.0.0.1', 'device': ':/'}}]},
    'allowed_runtimes': {'runtime': 'kata'},
    'allowed_cgroup_parents': {'cgroup_parent': '/system.slice'},
    'allowed_sysctls': {'sysctls': {'vm.overcommit_memory': '1'}},
}


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
        # Existing containers can still be used and deleted.
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
        self.refused_by('allowed_security_options',
                        security_opt=['seccomp=unconfined'])
        self.refused_by('allowed_security_options', security_opt=['disable'])
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

    def test_build_on_a_shared_daemon(self):
        """An operator who allows builds allows no more than that."""
        self.configure(daemons=None, allowed_registries='*')
        name = 'n-%s' % uuid.uuid4().hex[:12]
        self.docker.create_network(name)
        self.addCleanup(self.docker.remove_network, name)
        dockerfile = 'FROM %s\nRUN true\n' % self.busybox

        def image(**build):
            return {'image': {'type': 'DockerInc::Docker::Image',
                              'properties': {'build': build}}}

        for option, build in (
                ('allow_host_namespaces', {'dockerfile': dockerfile,
                                           'network': 'host'}),
                ('allowed_git_contexts', {
                    'context': 'http://127.0.0.1/a.git'})):
            self.assertIn('option %s)' % option,
                          self.refused(image(**build)))
        stack_id = self.start_stack(self.template(image(
            dockerfile=dockerfile, network=name)))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('no stack has created the network', self.resource(
            stack_id, 'image').resource_status_reason)
        stack_id = self.create_stack(self.template({
            'net': {'type': 'DockerInc::Docker::Network'},
            **image(dockerfile=dockerfile, network={'get_resource': 'net'})}))
        self.delete_stack(stack_id)

    def test_shared_daemon(self):
        """A local daemon that all users may use is a shared one."""
        self.configure(daemons=None, allowed_registries=self.cloud.registry)
        self.refused_by('allowed_registries', image='127.0.0.1:1/a/b')
        self.assertIn('option allowed_registries)', self.refused(
            {'image': {'type': 'DockerInc::Docker::Image', 'properties': {
                'build': {'dockerfile': 'FROM scratch\n'
                                        'ADD http://127.0.0.1/ /'}}}}))
        for option, properties in NOT_IF_SHARED.items():
            for name, value in properties.items():
                self.refused_by(option, **{name: value})
        for options in ({'tag': '{{pad "x" 1000 0}}'}, {'max-file': '2000000'},
                        {'max-size': '1k'}, {'env-regex': '(x{1000})'}):
            self.refused_by('allowed_log_options', log_options=options)
        self.refused_by('allowed_security_options',
                        security_opt=['label=level:s0:c1,c2'])
        for option, resource in (
                ('allowed_network_options', {'driver_opts': {
                    'com.docker.network.bridge.name': 'br-mgmt'}}),
                ('allowed_network_drivers', {
                    'driver': 'macvlan', 'driver_opts': {'parent': 'eth0'}}),
                ('allowed_subnets', {'ipam': {'config': [
                    {'subnet': '203.0.113.0/24'}]}})):
            self.assertIn('option %s)' % option, self.refused(
                {'net': {'type': 'DockerInc::Docker::Network',
                         'properties': resource}}))
        self.assertIn('option allowed_bind_sources)', self.refused(
            {'data': {'type': 'DockerInc::Docker::Volume', 'properties': {
                'driver_opts': {'type': 'none', 'o': 'bind',
                                'device': '/'}}}}))
        # All other properties are allowed.
        self.create_stack(self.template({
            'net': {'type': 'DockerInc::Docker::Network', 'properties': {
                'internal': True, 'driver_opts': {
                    'com.docker.network.driver.mtu': '1400'}}},
            'data': {'type': 'DockerInc::Docker::Volume'},
            'memory': {'type': 'DockerInc::Docker::Volume', 'properties': {
                'driver_opts': {'type': 'tmpfs', 'device': 'tmpfs',
                                'o': 'size=1m,uid=1000,mode=0750'}}},
            'web': self.container(
                networks=[{'network': {'get_resource': 'net'}}],
                mounts=[{'source': {'get_resource': 'data'},
                         'target': '/data'},
                        {'source': {'get_resource': 'memory'},
                         'target': '/memory'}],
                log_driver='json-file', log_options={
                    'max-size': '64k', 'max-file': '100',
                    'tag': '{{.Name}}/{{.ID}}'},
                security_opt=['no-new-privileges'], cap_drop=['NET_RAW'],
                sysctls={'net.ipv4.ip_unprivileged_port_start': '0'},
                oom_score_adj=10, memory=67108864)}))

    def test_symbolic_link_in_an_allowed_folder(self):
        """A user with write access could reach the whole host by a link."""
        shared = pathlib.Path(self.useFixture(fixtures.TempDir()).path,
                              'shared')
        shared.mkdir()
        self.configure(allowed_bind_sources='%s,%s' % (
            shared, shared / 'below'))
        stack_id = self.create_stack(self.template({'web': self.container(
            volumes={str(shared): '/d'}, wait_for='completed',
            cmd=['sh', '-c', 'ln -sfn /etc /d/link; ln -sfn /etc /d/below'],
        )}))
        self.assertEqual('/etc', os.readlink(shared / 'link'))
        for name in ('link', 'below'):
            source = str(shared / name)
            self.refused_by('allowed_bind_sources', volumes={source: '/h'})
            self.refused_by('allowed_bind_sources', mounts=[
                {'type': 'bind', 'source': source, 'target': '/h'}])
            self.refused_by('allowed_bind_sources', mounts=[
                {'target': '/h', 'driver_options': {
                    'type': 'none', 'o': 'bind', 'device': source}}])
        self.delete_stack(stack_id)

    @base.requires('second engine')
    def test_verified_no_longer(self):
        """An update knows the values of other resources only when it ends."""
        tls = {name: pathlib.Path(self.cloud.tls_docker[key]).read_text()
               for name, key in (('ca_cert', 'ca'), ('client_cert', 'cert'),
                                 ('client_key', 'key'))}

        def template(verify):
            return self.template({
                'verify': {'type': 'OS::Heat::Value', 'properties': {
                    'type': 'boolean', 'value': verify}},
                'web': self.container(
                    docker_endpoint=self.cloud.tls_docker['endpoint'],
                    network_mode='none', tls={
                        **tls, 'verify': {'get_attr': ['verify', 'value']}})})

        self.configure(require_tls='true')
        stack_id = self.create_stack(template(True))
        self.update_stack(stack_id, template(False), 'UPDATE_FAILED')
        self.assertIn('option require_tls)', self.reasons(stack_id))
        self.update_stack(stack_id, template(True))
        self.assertEqual('running', self.resource(
            stack_id).attributes['state'])

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
        """heat-api and heat-engine are separate processes here."""
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

    def test_signals_of_readers(self):
        """The documentation recommends this rule."""
        [rule] = {line for page in ('install.rst', 'threat-model.rst')
                  for line in re.findall('^    ("resource:signal": .*)$',
                                         (DOCS / page).read_text(), re.M)}
        path = pathlib.Path(self.cloud.policy_file)
        self.addCleanup(path.write_text, path.read_text())
        path.write_text(rule)
        stack_id = self.create_stack(self.template({
            name: self.container(**properties) for name, properties in {
                'web': {}, 'alarm': {'alarm_action': {'action': 'restart'}},
            }.items()}))
        exec_ = {'action': 'exec', 'command': 'true'}
        with self.reader() as reader:
            self.assertRaises(heat_errors.HTTPForbidden,
                              reader.resources.signal, stack_id, 'web',
                              data=exec_)
        self.heat.resources.signal(stack_id, 'web', data=exec_)
        url = self.heat.resources.get(
            stack_id, 'alarm', with_attr=['alarm_url']).attributes['alarm_url']
        requests.post(url, timeout=60).raise_for_status()

    @contextlib.contextmanager
    def reader(self):
        """Create a read-only user, and yield its Heat client."""
        keystone = keystone_client.Client(
            session=self._session('sandbox-admin'))
        region = self._region('sandbox')
        [project] = keystone.projects.list(
            name=region.config['auth']['project_name'])
        [role] = keystone.roles.list(name='reader')
        name, password = 'reader-%s' % uuid.uuid4().hex[:8], uuid.uuid4().hex
        user = keystone.users.create(name, domain='default',
                                     password=password)
        try:
            keystone.roles.grant(role, user=user, project=project)
            yield heat_client.Client(
                '1', service_type='orchestration', session=session.Session(
                    v3.Password(
                        auth_url=self.cloud.auth_url, username=name,
                        password=password, project_id=project.id,
                        user_domain_id='default')),
                endpoint_override=region.get_endpoint('orchestration'))
        finally:
            keystone.users.delete(user)

    def test_kill_switch(self):
        path = pathlib.Path(self.cloud.environment_dir, 'no-docker.yaml')
        self.addCleanup(self.restart)
        self.addCleanup(path.unlink)
        path.write_text(yaml.safe_dump(
            {'resource_registry': {base.TYPE: ''}}))
        self.restart()
        error = self.refused({'web': self.container()})
        self.assertIn('could not be found', error)
