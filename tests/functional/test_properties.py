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

"""The effect of every property in Docker."""

import socket

import requests

from tests.functional import base


class PropertiesTest(base.FunctionalTest):

    @base.requires('shows all')
    def test_all_that_can_go_together(self):
        _stack_id, inspected = self.create_container(
            name='t-%s' % self.id().rsplit('.', 1)[-1].replace('_', '-'),
            hostname='web', user='nobody', env=['A=b', 'EMPTY='],
            memory=64 * 1024 * 1024, port_specs=[80, '53/udp', '5000-5001'],
            volumes={'/tmp': '/host/tmp:ro'}, dns=['192.0.2.53'],
            tty=True, open_stdin=True, stdin_once=True,
            restart_policy={'Name': 'on-failure', 'MaximumRetryCount': 3},
            cap_add=['NET_ADMIN', 'CAP_SYS_TIME'], cap_drop=['MKNOD'],
            read_only=True, cpu_shares=512, cpu_set='0',
            devices=[{'path_on_host': '/dev/null',
                      'path_in_container': '/dev/nothing',
                      'permissions': 'rw'}])
        config, host = inspected['Config'], inspected['HostConfig']
        self.assertEqual('/t-test-all-that-can-go-together',
                         inspected['Name'])
        self.assertEqual(self.busybox, config['Image'])
        self.assertEqual(base.SLEEP, config['Cmd'])
        self.assertEqual('web', config['Hostname'])
        self.assertEqual('nobody', config['User'])
        self.assertLessEqual({'A=b', 'EMPTY='}, set(config['Env']))
        self.assertEqual({'80/tcp', '53/udp', '5000/tcp', '5001/tcp'},
                         set(config['ExposedPorts']))
        self.assertEqual((True, True, True), (
            config['Tty'], config['OpenStdin'], config['StdinOnce']))
        self.assertEqual(64 * 1024 * 1024, host['Memory'])
        self.assertEqual(['/tmp:/host/tmp:ro'], host['Binds'])
        self.assertEqual(['192.0.2.53'], host['Dns'])
        self.assertEqual({'Name': 'on-failure', 'MaximumRetryCount': 3},
                         host['RestartPolicy'])
        self.assertEqual({'NET_ADMIN', 'SYS_TIME'},
                         {name.removeprefix('CAP_')
                          for name in host['CapAdd']})
        self.assertEqual(['MKNOD'], [name.removeprefix('CAP_')
                                     for name in host['CapDrop']])
        self.assertTrue(host['ReadonlyRootfs'])
        self.assertEqual(512, host['CpuShares'])
        self.assertEqual('0', host['CpusetCpus'])
        self.assertEqual([{'PathOnHost': '/dev/null',
                           'PathInContainer': '/dev/nothing',
                           'CgroupPermissions': 'rw'}], host['Devices'])

    def test_privileged(self):
        """Tests only the request: whether it starts depends on the machine."""
        stack_id = self.start_stack(self.template(
            {'web': self.container(privileged=True)}))
        base.wait_until(lambda: self.containers(stack_id), 'a container')
        container = self.containers(stack_id)[0]['Id']
        self.assertTrue(self.docker.inspect_container(
            container)['HostConfig']['Privileged'])

    def test_restart_policy_unless_stopped(self):
        _stack_id, inspected = self.create_container(
            restart_policy={'Name': 'unless-stopped'})
        self.assertEqual('unless-stopped',
                         inspected['HostConfig']['RestartPolicy']['Name'])

    @base.requires('links')
    def test_links_and_volumes_from_by_get_resource(self):
        stack_id = self.create_stack(self.template({
            'db': self.container(volumes={self.volume(): '/data'}),
            'web': self.container(
                links={'map_replace': [
                    {'db': 'database'},
                    {'keys': {'db': {'get_resource': 'db'}}}]},
                volumes_from=[{'get_resource': 'db'}])}))
        database = self.inspect(stack_id, 'db')
        web = self.inspect(stack_id)
        self.assertEqual(
            ['%s:%s/database' % (database['Name'], web['Name'])],
            web['HostConfig']['Links'])
        self.assertEqual(['/data'], [mount['Destination']
                                     for mount in web['Mounts']])

    def volume(self):
        """Return the name of a volume that is removed at the end."""
        name = 'v-%s' % self.id().rsplit('.', 1)[-1]
        self.addCleanup(self.docker.remove_volume, name)
        return name

    def test_volumes_from_as_text(self):
        stack_id = self.create_stack(self.template({
            'db': self.container(volumes={self.volume(): '/data'}),
            'web': self.container(volumes_from={'get_resource': 'db'})}))
        self.assertEqual('/data',
                         self.inspect(stack_id)['Mounts'][0]['Destination'])

    def test_named_volume_outlives_the_container(self):
        volume = self.volume()
        stack_id, _inspected = self.create_container(
            volumes={volume: {'bind': '/data', 'mode': 'rw'}})
        self.delete_stack(stack_id)
        self.assertEqual(volume, self.docker.inspect_volume(volume)['Name'])


class PortsTest(base.FunctionalTest):

    def test_http_through_a_published_port(self):
        stack_id = self.create_stack(self.template(
            {'web': {'type': base.TYPE, 'properties': {
                'image': self.cloud.images['httpd'],
                'port_bindings': {80: ''}}}},
            {'port': {'value': {'get_attr': ['web', 'network_tcp_ports']}}}))
        port = self.outputs(stack_id)['port']
        self.assertIn('Hello', self.page_at(int(port)))

    @base.requires('loopback')
    def test_udp_through_a_published_port(self):
        stack_id = self.create_stack(self.template(
            {'echo': self.container(
                image=self.cloud.images['socat'],
                cmd=['socat', 'UDP-LISTEN:7,fork', 'PIPE'],
                port_bindings={'7/udp': '127.0.0.1:'})},
            {'port': {'value': {'get_attr': ['echo',
                                             'network_udp_ports']}}}))
        port = int(self.outputs(stack_id)['port'])
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.connect(('127.0.0.1', port))
            client.send(b'hello')
            self.assertEqual(b'hello', client.recv(100))

    def test_bound_ports_are_exposed(self):
        _stack_id, inspected = self.create_container(
            port_bindings={'7000-7001': '', '53/udp': '127.0.0.1:'})
        self.assertEqual({'7000/tcp', '7001/tcp', '53/udp'},
                         set(inspected['Config']['ExposedPorts']))

    def test_free_port_on_one_address_and_on_all(self):
        stack_id, inspected = self.create_container(
            port_bindings={'53/udp': ['127.0.0.1:', '']})
        published = inspected['NetworkSettings']['Ports']['53/udp']
        # Podman shows no address.
        self.assertIn([binding['HostIp'] for binding in published
                       if ':' not in binding['HostIp']], (['0.0.0.0'], ['']))
        self.update_stack(stack_id, self.template({'web': self.container(
            port_bindings={'53/udp': ''})}))
        self.assertEqual(inspected['Id'], self.inspect(stack_id)['Id'])

    @base.requires('loopback')
    def test_port_that_is_taken(self):
        with socket.create_server(('127.0.0.1', 0)) as server:
            port = server.getsockname()[1]
            _stack_id, reason = self.fail_container(
                port_bindings={80: '127.0.0.1:%d' % port})
        self.assertIn(str(port), reason)
        self.assertIn('address already in use', reason)


class OldTemplateTest(base.FunctionalTest):
    """Forms that the plugin in Heat's contrib accepted through docker-py."""

    @base.requires('loopback')
    def test_spellings(self):
        endpoint = self.cloud.docker['endpoint']
        stack_id = self.create_stack(self.template(
            {'web': {'type': base.TYPE, 'properties': {
                # Two slashes instead of three.
                'docker_endpoint': endpoint.replace('unix:///', 'unix://'),
                'image': self.cloud.images['httpd'],
                'port_specs': [80, '80', '80/tcp', '7-9', '8/tcp'],
                'port_bindings': {
                    '80/tcp': [{'HostIp': '127.0.0.1', 'HostPort': ''}],
                    7: {'HostIp': '127.0.0.1'}},
                'volumes': {'/tmp': {'bind': '/host/tmp', 'ro': True},
                            '/usr': {'bind': '/host/usr', 'ro': False}}}}}))
        inspected = self.inspect(stack_id)
        self.assertEqual({'7/tcp', '8/tcp', '9/tcp', '80/tcp'},
                         set(inspected['Config']['ExposedPorts']))
        self.assertEqual({'/host/tmp': False, '/host/usr': True},
                         {mount['Destination']: mount['RW']
                          for mount in inspected['Mounts']})
        published = inspected['NetworkSettings']['Ports']
        for port in ('80/tcp', '7/tcp'):
            self.assertEqual(['127.0.0.1'], [
                binding['HostIp'] for binding in published[port]])
        page = requests.get('http://127.0.0.1:%s/' % published['80/tcp'][0][
            'HostPort'], timeout=10)
        self.assertIn('Hello', page.text)
