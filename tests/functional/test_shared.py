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


"""Projects that share a daemon, and attacks of one on another.

The project ``sandbox`` attacks, and ``sandbox-other`` is the victim.
"""

import contextlib
import io
import uuid

import docker

from sandbox import waiting
from tests.functional import base
from tests.functional import operating

NETWORK = 'DockerInc::Docker::Network'
VOLUME = 'DockerInc::Docker::Volume'
IMAGE = 'DockerInc::Docker::Image'


class SharedTest(operating.OperatorTest):

    def setUp(self):
        super().setUp()
        self.docker.pull(self.busybox)
        self.prefix = 'shared-%s' % uuid.uuid4().hex[:8]

    def name(self, suffix):
        return '%s-%s' % (self.prefix, suffix)

    def foreign_stack(self, resources):
        """Create a stack of the victim, and return its id."""
        with self.tenant('sandbox-other'):
            return self.create_stack(self.template(resources))

    def drop_volume(self, name):
        with contextlib.suppress(docker.errors.NotFound):
            self.docker.remove_volume(name)

    def fails(self, resource):
        """Begin a stack of one resource that must fail; return its id."""
        return self.start_stack(self.template({'web': resource}))


class ReferencesTest(SharedTest):

    def victim(self):
        """Create the victim's objects, and return the ids of two resources."""
        stack_id = self.foreign_stack({
            'data': {'type': VOLUME, 'properties': {
                'name': self.name('data')}},
            'net': {'type': NETWORK, 'properties': {
                'name': self.name('net'), 'internal': True}},
            'config': {'type': NETWORK, 'properties': {
                'name': self.name('config'), 'config_only': True}},
            'web': {**self.container(
                name=self.name('web'), ipc_mode='shareable',
                mounts=[{'source': {'get_resource': 'data'},
                         'target': '/x'}],
                networks=[{'network': {'get_resource': 'net'}}])}})
        with self.tenant('sandbox-other'):
            self.heat.stacks.snapshot(stack_id)
            self.expect(stack_id, 'SNAPSHOT_COMPLETE')
            ids = [self.resource(stack_id, name).physical_resource_id
                   for name in ('web', 'net')]
            stack_name = self.heat.stacks.get(stack_id).stack_name
        [image] = self.docker.images(
            'localhost/heat-snapshot/%s-web' % stack_name)
        return (*ids, image['RepoTags'][0], image['Id'])

    def attacks(self):
        """Return properties that refer to the victim's objects, by object."""
        web, net, snapshot, image = self.victim()
        data = self.name('data')
        other = 'container:' + self.name('web')
        return {
            'volumes: the volume': self.container(volumes={data: '/x'}),
            'mounts: the volume': self.container(mounts=[
                {'type': 'volume', 'source': data, 'target': '/x'}]),
            'source_volume: the volume': {
                'type': VOLUME, 'properties': {'source_volume': data}},
            'pid_mode: the container': self.container(pid_mode=other),
            'pid_mode: the container ' + web[:12]: self.container(
                pid_mode='container:' + web[:12]),
            'network_mode: the container': self.container(
                network_mode=other),
            'ipc_mode: the container': self.container(ipc_mode=other),
            'volumes_from: the container': self.container(
                volumes_from=[self.name('web')]),
            'links: the container': self.container(
                links={self.name('web'): 'db'}),
            'networks: the network': self.container(
                networks=[{'network': self.name('net')}]),
            'networks: the network ' + net[:12]: self.container(
                networks=[{'network': net[:12]}]),
            'networks: the network ' + net: self.container(
                networks=[{'network': 'bridge'}, {'network': net}]),
            'config_from: the network': {
                'type': NETWORK, 'properties': {
                    'config_from': self.name('config')}},
            'image: the image ' + snapshot: self.container(image=snapshot),
            'image: the image ' + image: self.container(image=image),
            'image: the image ' + image[7:19]: self.container(
                image=image[7:19])}

    def test_of_another_project(self):
        self.configure(daemons='shared', allowed_registries='*')
        stacks = {said: self.fails(resource)
                  for said, resource in self.attacks().items()}
        for said, stack_id in stacks.items():
            self.expect(stack_id, 'CREATE_FAILED')
            reason = self.resource(stack_id).resource_status_reason
            self.assertIn('The property ' + said, reason)
            self.assertIn('belongs to another project', reason)
            self.assertIn('operator option daemons', reason)
            self.assertEqual([], self.containers(stack_id))

    def test_of_the_own_project(self):
        self.configure(daemons='shared', allowed_registries='*')
        self.addCleanup(self.drop_volume, self.name('made'))
        self.addCleanup(self.drop_volume, self.name('mount'))
        first = self.create_stack(self.template({
            'net': {'type': NETWORK, 'properties': {
                'name': self.name('net')}},
            'data': {'type': VOLUME, 'properties': {
                'name': self.name('data')}},
            'web': self.container(
                name=self.name('web'), ipc_mode='shareable',
                volumes={self.name('made'): '/made'},
                mounts=[{'source': self.name('mount'), 'target': '/mount',
                         'labels': {'a': 'b'}}],
                networks=[{'network': {'get_resource': 'net'}}])}))
        web = self.inspect(first)
        other = 'container:' + self.name('web')
        second = self.create_stack(self.template({
            'copy': {'type': VOLUME, 'properties': {
                'source_volume': self.name('data')}},
            'web': self.container(
                pid_mode=other, ipc_mode=other,
                volumes={self.name('data'): '/x'},
                volumes_from=[self.name('web') + ':ro'],
                networks=[{'network': self.name('net')},
                          {'network': 'bridge'}])}))
        inspected = self.inspect(second)
        self.assertEqual('container:' + web['Id'],
                         inspected['HostConfig']['PidMode'])
        self.assertEqual({self.name('net'), 'bridge'},
                         set(inspected['NetworkSettings']['Networks']))
        for volume in (self.name('made'), self.name('mount')):
            labels = self.docker.inspect_volume(volume)['Labels']
            self.assertEqual(
                web['Config']['Labels']['org.openstack.heat.project_id'],
                labels['org.openstack.heat.project_id'])
        self.assertEqual('b', labels['a'])
        # Networks change while the container stays.
        for networks in ([{'network': 'bridge'}],
                         [{'network': 'bridge'},
                          {'network': self.name('net'),
                           'aliases': ['www']}]):
            self.update_stack(second, self.template({
                'web': self.container(
                    pid_mode=other, ipc_mode=other,
                    volumes={self.name('data'): '/x'},
                    volumes_from=[self.name('web') + ':ro'],
                    networks=networks)}))
            after = self.inspect(second)
            self.assertEqual(inspected['Id'], after['Id'])
            self.assertEqual({item['network'] for item in networks},
                             set(after['NetworkSettings']['Networks']))

    def test_of_nobody(self):
        self.configure(daemons='shared', allowed_registries='*')
        self.docker.create_volume(self.name('data'))
        self.addCleanup(self.drop_volume, self.name('data'))
        for properties in ({'volumes': {self.name('data'): '/x'}},
                           {'mounts': [{'source': self.name('data'),
                                        'target': '/x'}]}):
            _stack_id, reason = self.fail_container(**properties)
            self.assertIn('no stack has created the volume', reason)
        self.assertIn('No stack has created it', self.refused({
            'data': {'type': VOLUME, 'external_id': self.name('data')}}))
        host = self.docker.inspect_network('host')['Id']
        for name in (host, host[:12]):
            self.fails_by('allow_host_namespaces',
                          networks=[{'network': name}])

    def test_labels_of_heat(self):
        """A project cannot set labels that another project might trust."""
        labels = {'org.openstack.heat.project_id': 'x'}
        for resource in (
                self.container(mounts=[{'source': 'data', 'target': '/x',
                                        'labels': labels}]),
                {'type': IMAGE, 'properties': {'build': {
                    'dockerfile': 'FROM scratch', 'labels': labels}}},
                {'type': VOLUME, 'properties': {'labels': labels}}):
            self.assertIn("is reserved for Heat",
                          self.refused({'web': resource}))


class ForgedTest(SharedTest):

    def test_label_of_an_image(self):
        """An image's labels do not remove another project's container."""
        attacker = self.create_stack(self.template(
            {'v': {'type': VOLUME}}))
        labels = {'helper_of': '%s/v' % attacker, 'stack_id': '',
                  'stack_name': '', 'resource_id': '', 'resource_name': ''}
        tag = self.name('nice') + ':1'
        dockerfile = 'FROM %s\n%s' % (self.busybox, ''.join(
            'LABEL org.openstack.heat.%s="%s"\n' % pair
            for pair in labels.items()))
        for _line in self.docker.build(
                fileobj=io.BytesIO(dockerfile.encode()), tag=tag, rm=True):
            pass
        self.addCleanup(self.docker.remove_image, tag)
        victim = self.foreign_stack({'web': self.container(image=tag)})
        with self.tenant('sandbox-other'):
            container = self.inspect(victim)['Id']
        self.delete_stack(attacker)
        self.assertTrue(
            self.docker.inspect_container(container)['State']['Running'])
        with self.tenant('sandbox-other'):
            self.delete_stack(victim)


class NetworkTest(SharedTest):

    def test_name_that_another_project_takes_during_an_update(self):
        """A container gets its old network back, and no other one."""
        self.configure(daemons='shared', allowed_registries='*',
                       allowed_subnets='10.200.0.0/16')
        name = self.name('backend')
        owner = self.create_stack(self.template({
            'net': {'type': NETWORK, 'properties': {'name': name}}}))
        resources = {
            'net': {'type': NETWORK, 'properties': {
                'ipam': {'config': [{'subnet': '10.200.1.0/24'}]}}},
            'web': self.container(networks=[{'network': name}]),
            'db': self.container(name=self.name('db'), networks=self.at(5)),
            'other': self.container(name=self.name('other'))}
        stack_id = self.create_stack(self.template(resources))
        # web waits for the address of db, which waits for the name of other.
        self.heat.stacks.update(stack_id, template=self.dump(self.template({
            **resources,
            'web': self.container(networks=self.at(5)),
            'db': self.container(name=self.name('other'),
                                 networks=self.at(7)),
            'other': {**self.container(), 'depends_on': 'never'},
            'never': self.container(wait_for='completed')})))
        base.wait_until(
            lambda: not self.networks(stack_id), 'container without network')
        self.delete_stack(owner)
        victim = self.foreign_stack({'net': {
            'type': NETWORK, 'properties': {'name': name}}})
        self.expect(stack_id, 'UPDATE_FAILED')
        base.wait_until(
            lambda: (self.resource(stack_id).resource_status
                     == 'UPDATE_FAILED'),
            'failure of the resource')
        networks = self.networks(stack_id)
        with self.tenant('sandbox-other'):
            self.assertNotIn(
                self.resource(victim, 'net').physical_resource_id, networks)

    def at(self, number):
        return [{'network': {'get_resource': 'net'},
                 'ipv4_address': '10.200.1.%d' % number}]

    def networks(self, stack_id):
        """Return the ids of the networks that the container is in."""
        return [endpoint['NetworkID'] for endpoint in self.inspect(
            stack_id)['NetworkSettings']['Networks'].values()]


class BuildTest(SharedTest):

    def image(self, tag, *lines):
        return {'type': IMAGE, 'properties': {'tags': [tag], 'build': {
            'dockerfile': '\n'.join(['FROM ' + self.busybox, *lines])}}}

    def running_build(self, marker):
        """Return the container in which a build runs its command."""
        return waiting.until(
            lambda: [found['Id'] for found in self.docker.containers()
                     if marker in found['Command']][0],
            base.PATIENCE, 'command of the build', IndexError)

    def test_name_that_another_project_takes_during_a_build(self):
        self.configure(daemons='shared', allowed_registries='*')
        tag, marker = self.name('web') + ':1', uuid.uuid4().hex
        attacker = self.fails(self.image(
            tag, 'RUN : %s; until test -e /go; do sleep 0.1; done' % marker))
        build = self.running_build(marker)
        victim = self.foreign_stack({'web': self.image(tag, 'LABEL a=b')})
        self.docker.exec_start(
            self.docker.exec_create(build, 'touch /go')['Id'])
        self.expect(attacker, 'CREATE_FAILED')
        self.assertIn('the image %s belongs to another project' % tag,
                      self.reasons(attacker))
        with self.tenant('sandbox-other'):
            self.assertEqual(self.resource(victim).physical_resource_id,
                             self.docker.inspect_image(tag)['Id'])


class ExternalTest(SharedTest):

    def test_name_that_another_project_gets(self):
        names = {'web': self.name('web'), 'net': self.name('net'),
                 'data': self.name('data')}

        def resources(**more):
            return {'web': self.container(name=names['web'], cmd=[
                        'sh', '-c', 'echo SECRET; sleep 3600']),
                    'net': {'type': NETWORK, 'properties': {
                        'name': names['net']}},
                    'data': {'type': VOLUME, 'properties': {
                        'name': names['data'], **more}}}

        first = self.create_stack(self.template(resources()))
        follower = self.create_stack(self.template({
            name: {**resource, 'external_id': names[name]}
            for name, resource in resources().items()}))
        self.assertEqual(
            'running', self.resource(follower).attributes['state'])
        self.update_stack(follower, self.template({
            **{name: {**resource, 'external_id': names[name]}
               for name, resource in resources().items()},
            'more': {'type': 'OS::Heat::Value', 'properties': {
                'value': 'x'}}}))
        self.delete_stack(first)
        victim = self.foreign_stack(resources())
        for name in names:
            shown = self.heat.resources.get(
                follower, name, with_attr=['logs', 'info', 'mountpoint',
                                           'containers', 'state'])
            # This is one of Heat's addresses.
            shown.attributes.pop('signal_url', None)
            self.assertFalse(
                [value for value in shown.attributes.values() if value],
                (name, shown.attributes))
        with self.tenant('sandbox-other'):
            self.assertEqual(
                'running', self.resource(victim).attributes['state'])

    def test_adopted_volume_that_another_project_gets(self):
        name = self.name('data')
        self.docker.create_volume(name)
        self.addCleanup(self.drop_volume, name)
        adopted = self.adopt_stack({
            'template': self.template({'data': {'type': VOLUME}}),
            'resources': {'data': {'resource_id': name}}})
        self.docker.remove_volume(name)
        victim = self.foreign_stack({'data': {
            'type': VOLUME, 'properties': {'name': name}}})
        before = self.docker.inspect_volume(name)
        self.assertFalse([value for value in self.resource(
            adopted, 'data').attributes.values() if value])
        self.delete_stack(adopted)
        self.assertEqual(before, self.docker.inspect_volume(name))
        with self.tenant('sandbox-other'):
            self.delete_stack(victim)
