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

"""Images as resources: pulled once, or built, and removed if unused."""

import hashlib
import io
import json
import tarfile
import uuid

import docker

from sandbox import engines
from tests.functional import base
from tests.functional import repository

TYPE = 'DockerInc::Docker::Image'


def image(**properties):
    return {'type': TYPE, 'properties': properties}


IMAGE = {'get_resource': 'image'}


def image_archive(name, architecture):
    """Return what "docker save" returns for an empty image."""
    # An empty archive, which is the layer.
    layer = bytes(1024)
    files = {'layer.tar': layer, 'config.json': json.dumps({
        'os': 'linux', 'architecture': architecture, 'config': {},
        'rootfs': {'type': 'layers', 'diff_ids': [
            'sha256:' + hashlib.sha256(layer).hexdigest()]}}).encode()}
    files['manifest.json'] = json.dumps([{
        'Config': 'config.json', 'RepoTags': [name],
        'Layers': ['layer.tar']}]).encode()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode='w') as tar:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return archive.getvalue()


class PulledTest(base.FunctionalTest):

    def setUp(self):
        super().setUp()
        # No other test pulls this image.
        self.name = '%s/own-%s' % (self.cloud.registry, uuid.uuid4().hex[:8])
        self.docker.pull(self.busybox)
        self.docker.tag(self.busybox, self.name, '1')
        for line in self.docker.push(self.name, '1', stream=True,
                                     decode=True):
            self.assertNotIn('error', line)
        self.docker.remove_image(self.name + ':1')
        self.name += ':1'

    def has(self, name):
        try:
            self.docker.inspect_image(name)
        except docker.errors.ImageNotFound:
            return False
        return True

    def test_life(self):
        stack_id = self.create_stack(self.template(
            {'image': image(image=self.name)}))
        inspected = self.docker.inspect_image(self.name)
        shown = self.resource(stack_id, 'image').attributes
        self.assertEqual(
            (inspected['Id'], inspected['Size'], inspected['Architecture'],
             inspected['Created'], inspected['RepoDigests']),
            tuple(shown[name] for name in (
                'id', 'size', 'architecture', 'created_at', 'repo_digests')))
        self.assertIn('%s@%s' % (self.name.rpartition(':')[0],
                                 shown['digest']), inspected['RepoDigests'])
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.delete_stack(stack_id)
        self.assertFalse(self.has(self.name))

    def test_one_that_was_there_stays(self):
        self.docker.pull(self.name)
        self.addCleanup(self.docker.remove_image, self.name)
        for policy in ('missing', 'always'):
            stack_id = self.create_stack(self.template(
                {'image': image(image=self.name, pull_policy=policy)}))
            self.delete_stack(stack_id)
            self.assertTrue(self.has(self.name))

    def test_one_that_is_used_stays(self):
        stack_id = self.create_stack(self.template(
            {'image': image(image=self.name)}))
        other = self.create_stack(self.template(
            {'web': self.container(image=self.name)}))
        self.delete_stack(stack_id)
        self.assertIn('The image is kept', self.reasons(stack_id))
        self.assertTrue(self.has(self.name))
        self.delete_stack(other)
        self.docker.remove_image(self.name)

    def test_keep(self):
        stack_id = self.create_stack(self.template(
            {'image': image(image=self.name)}))
        self.addCleanup(self.docker.remove_image, self.name)
        self.update_stack(stack_id, self.template(
            {'image': image(image=self.name, keep=True)}))
        self.delete_stack(stack_id)
        self.assertTrue(self.has(self.name))

    def test_replaced_by_the_same(self):
        stack_id = self.create_stack(self.template(
            {'image': image(image=self.name)}))
        self.update_stack(stack_id, self.template(
            {'image': image(image=self.name, triggers={'again': 1})}))
        self.assertTrue(self.has(self.name))
        self.delete_stack(stack_id)
        self.assertFalse(self.has(self.name))

    @base.requires('platform')
    def test_there_for_another_platform(self):
        """The image of the right platform is pulled, in any engine's words."""
        own = self.docker.version()['Arch']
        other = 'amd64' if own == 'arm64' else 'arm64'
        self.addCleanup(self.docker.remove_image, self.name, force=True)
        list(self.docker.load_image(image_archive(self.name, other)))
        self.assertEqual(other, self.docker.inspect_image(self.name)[
            'Architecture'])
        _stack_id, reason = self.fail_container(
            image=self.name, platform='linux/' + own, pull_policy='never')
        self.assertIn('pull_policy is never', reason)
        stack_id, inspected = self.create_container(
            image=self.name, platform='linux/' + own)
        self.assertIn('Pulled', self.reasons(stack_id))
        self.assertEqual(own, self.docker.inspect_image(self.name)[
            'Architecture'])

    def test_containers_are_made_of_it(self):
        names = ['c%d' % number for number in range(5)]
        stack_id = self.create_stack(self.template({
            'image': image(image=self.name),
            **{name: self.container(image=IMAGE) for name in names}}))
        self.assertEqual(1, self.reasons(stack_id).count('Pulled'))
        inspected = self.inspect(stack_id, 'c0')
        self.assertIn('@sha256:', inspected['Config']['Image'])
        self.delete_stack(stack_id)
        self.assertFalse(self.has(self.name))

    def test_unknown(self):
        stack_id = self.start_stack(self.template(
            {'image': image(image=self.name + '-not')}))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertRegex(self.resource(
            stack_id, 'image').resource_status_reason, base.NO_MANIFEST)
        self.delete_stack(stack_id)


class BuiltTest(base.FunctionalTest):

    def built(self, text, **properties):
        return self.template({
            'image': image(build={
                'dockerfile': 'FROM %s\nARG WHO\nENV WHO=$WHO\n'
                              'COPY dir/page /page\nRUN test -e /page\n'
                              % self.busybox,
                'files': {'dir/page': text}, 'args': {'WHO': 'me'},
                'labels': {'a': 'b'}}, **properties),
            'web': self.container(
                image=IMAGE, cmd=['sh', '-c', 'echo $(cat /page)$WHO; trap '
                                  '"exit 0" TERM; sleep 3600 & wait'])})

    def test_life(self):
        stack_id = self.create_stack(self.built('one'))
        self.assertEqual('oneme', self.resource(
            stack_id).attributes['logs'].strip())
        before = self.resource(stack_id, 'image').physical_resource_id
        inspected = self.docker.inspect_image(before)
        self.assertEqual('b', inspected['Config']['Labels']['a'])
        self.assertEqual(stack_id, inspected['Config']['Labels'][
            'org.openstack.heat.stack_id'])
        self.update_stack(stack_id, self.built('two'))
        self.assertEqual('twome', self.resource(
            stack_id).attributes['logs'].strip())
        self.delete_stack(stack_id)
        self.assertEqual([], self.docker.images(filters={
            'label': 'org.openstack.heat.stack_id=%s' % stack_id}))

    def test_push(self):
        registry = self.cloud.private_registry
        tag = '%s/built:%s' % (registry['address'], uuid.uuid4().hex[:8])
        stack_id = self.create_stack(self.built(
            'one', tags=[tag], push=True, registry_auth={
                'username': registry['username'],
                'password': registry['password'],
                'server_address': registry['address']}))
        self.delete_stack(stack_id)
        self.docker.pull(tag, auth_config={
            'username': registry['username'],
            'password': registry['password']})
        self.docker.remove_image(tag)

    def test_failure(self):
        stack_id = self.start_stack(self.template({'image': image(build={
            'dockerfile': 'FROM %s\nRUN exit 7\n' % self.busybox})}))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertRegex(self.resource(
            stack_id, 'image').resource_status_reason, '(code:|status) 7')
        self.delete_stack(stack_id)

    def build(self, *lines, **keys):
        return image(build={'dockerfile': '\n'.join(
            ['FROM ' + self.busybox, *lines, '']), **keys})

    @base.requires('build options')
    def test_options(self):
        """Each instruction fails if an option has no effect."""
        stack_id = self.create_stack(self.template({
            'alone': self.build('RUN test "$(ls /sys/class/net)" = lo',
                                network='none'),
            'image': self.build(
                'COPY run.sh data /', 'RUN /run.sh',
                'RUN test "$(stat -c %a /data)" = 600',
                'RUN grep "192.0.2.7.*db" /etc/hosts',
                'RUN grep "2001:db8::7.*db" /etc/hosts',
                'RUN test "$(ulimit -n)" = 321',
                "RUN df -k /dev/shm | grep '[^0-9]8192[^0-9]'",
                files={'run.sh': {'content': '#!/bin/sh\n', 'mode': '0755'},
                       'data': {'content_base64': '//8A', 'mode': '0600'}},
                extra_hosts={'db': ['192.0.2.7', '2001:db8::7']},
                ulimits={'nofile': 321}, shm_size='8m', pull=True)}))
        self.delete_stack(stack_id)

    @base.requires('build options')
    def test_no_cache(self):
        run = 'RUN cat /proc/sys/kernel/random/uuid > /%s' % uuid.uuid4().hex
        stack_id = self.create_stack(self.template(
            {'one': self.build(run)}))
        image_id = self.resource(stack_id, 'one').physical_resource_id
        layers = self.layers(stack_id, 'one')
        # One after the other, because the daemon prefers its newest image.
        for expected, keys in (
                (True, {}),
                *([] if self.has_containerd_store() else [
                    (True, {'cache_from': [image_id]})]),
                (False, {'cache_from': ['nosuch', self.busybox]}),
                (False, {'no_cache': True})):
            other = self.create_stack(self.template(
                {'two': self.build(run, **keys)}))
            self.assertIs(expected, layers == self.layers(other, 'two'), keys)
            self.delete_stack(other)
        self.delete_stack(stack_id)

    def has_containerd_store(self):
        """Return whether the daemon keeps images in containerd.

        Its classic builder then cannot use a layer from cache_from.
        """
        return any('containerd' in value for _key, value
                   in self.docker.info()['DriverStatus'])

    def layers(self, stack_id, name):
        return self.docker.inspect_image(self.resource(
            stack_id, name).physical_resource_id)['RootFS']['Layers']

    @base.requires('build options')
    def test_network_that_is_missing(self):
        stack_id = self.start_stack(self.template(
            {'image': self.build('RUN true', network='nosuch')}))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('nosuch', self.resource(
            stack_id, 'image').resource_status_reason)

    @base.requires('build options')
    def test_git_repository(self):
        if engines.release(self.cloud.engine):
            self.skipTest('only the engine of this machine has git')
        url = self.useFixture(repository.Repository({
            'app/Dockerfile.web': 'FROM %s\nCOPY page /\nRUN test -x /page\n'
                                  % self.busybox,
            'app/page': 'Hello.'})).url
        stack_id = self.create_stack(self.template({'image': image(build={
            'context': url + '#main:app',
            'dockerfile_path': 'Dockerfile.web'})}))
        self.assertNotEqual([], self.layers(stack_id, 'image'))
        self.delete_stack(stack_id)
        stack_id = self.start_stack(self.template({'image': image(build={
            'context': url + '#nosuch'})}))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('nosuch', self.resource(
            stack_id, 'image').resource_status_reason)

    def building(self, mark):
        """Return the containers that the daemon uses for a build."""
        return [found for found in self.docker.containers()
                if mark in found['Command']]

    def drop_build(self, mark):
        for found in self.building(mark):
            self.remove_container(found['Id'])

    @base.requires('build containers')
    def test_deleted_while_it_is_built(self):
        mark = uuid.uuid4().hex
        stack_id = self.start_stack(self.template({'image': image(build={
            'dockerfile': 'FROM %s\nRUN sleep 3600; echo %s\n'
                          % (self.busybox, mark)})}))
        base.wait_until(lambda: self.building(mark), 'a build')
        self.addCleanup(self.drop_build, mark)
        self.delete_stack(stack_id)
        base.wait_until(lambda: not self.building(mark), 'its end')
        self.assertEqual([], self.docker.images(filters={
            'label': 'org.openstack.heat.stack_id=%s' % stack_id}))

    def test_neither_or_both(self):
        for properties, words in (
                ({}, 'Either image or build is required'),
                ({'image': 'a', 'build': {'dockerfile': 'FROM b'}},
                 'image and build are mutually exclusive')):
            self.assertIn(words, self.refused(
                {'image': image(**properties)}))
