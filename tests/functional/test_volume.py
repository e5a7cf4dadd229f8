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

"""Volumes as resources: their files are never lost by accident."""

import contextlib
import os

import docker

from tests.functional import base
from tests.functional import operating
from tests.functional import proxy

TYPE = 'DockerInc::Docker::Volume'


def volume(**properties):
    return {'type': TYPE, 'properties': properties}


class VolumeTest(base.FunctionalTest):

    MOUNTS = [{'type': 'volume', 'source': {'get_resource': 'data'},
               'target': '/data'}]

    def named(self, stack_id, name='data'):
        return self.resource(stack_id, name).physical_resource_id

    def volumes(self):
        return {found['Name'] for found
                in self.docker.volumes()['Volumes'] or ()}

    def drop_volume(self, name):
        with contextlib.suppress(docker.errors.NotFound):
            self.docker.remove_volume(name)

    def writer(self, text, **properties):
        """Return a template with a volume and a container that writes."""
        return self.template({
            'data': volume(**properties),
            'web': self.container(
                mounts=self.MOUNTS, wait_for='completed',
                cmd=['sh', '-c', 'echo %s > /data/file; '
                     'chown 7:8 /data/file' % text])})

    def read(self, name):
        """Return the contents of the file in a volume."""
        stack_id = self.create_stack(self.template({'web': self.container(
            volumes={name: '/data'}, wait_for='completed',
            cmd=['sh', '-c', 'stat -c %u:%g /data/file; cat /data/file'])}))
        said = self.resource(stack_id).attributes['logs'].split()
        self.delete_stack(stack_id)
        return said

    def test_life(self):
        stack_id = self.create_stack(self.template({'data': volume(
            labels={'a': 'b'}, driver='local', driver_opts={
                'type': 'tmpfs', 'device': 'tmpfs', 'o': 'mode=700'})}))
        name = self.named(stack_id)
        inspected = self.docker.inspect_volume(name)
        self.assertEqual('b', inspected['Labels']['a'])
        shown = self.resource(stack_id, 'data').attributes
        self.assertEqual(
            (name, 'local', inspected['Mountpoint'], inspected['CreatedAt']),
            tuple(shown[key] for key in (
                'name', 'driver', 'mountpoint', 'created_at')))
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.delete_stack(stack_id)
        self.assertNotIn(name, self.volumes())

    def test_size(self):
        stack_id = self.create_stack(self.writer('x'))
        shown = self.heat.resources.get(
            stack_id, 'data', with_attr=['size']).attributes
        self.assertEqual(2, shown['size'])

    def test_outlives_its_containers(self):
        stack_id = self.create_stack(self.writer('first'))
        name = self.named(stack_id)
        template = self.writer('ignored')
        template['resources']['web'] = self.container(mounts=self.MOUNTS)
        self.update_stack(stack_id, template)
        self.assertEqual(name, self.named(stack_id))
        self.assertEqual(['7:8', 'first'], self.read(name))

    def test_existing_one_is_not_taken_over(self):
        name = 'mine-%s' % os.getpid()
        self.docker.create_volume(name)
        self.addCleanup(self.drop_volume, name)
        stack_id = self.start_stack(self.template(
            {'data': volume(name=name)}))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('set external_id: ' + name, self.resource(
            stack_id, 'data').resource_status_reason)
        self.delete_stack(stack_id)
        self.assertIn(name, self.volumes())
        stack_id = self.create_stack(self.template(
            {'data': {**volume(), 'external_id': name}}))
        self.delete_stack(stack_id)
        self.assertIn(name, self.volumes())

    def test_replacement_has_to_be_wanted(self):
        stack_id = self.create_stack(self.writer('precious'))
        name = self.named(stack_id)
        self.update_stack(stack_id, self.writer('x', labels={'a': 'b'}),
                          'UPDATE_FAILED')
        self.assertIn('replace_on_change', self.reasons(stack_id))
        self.assertEqual(['7:8', 'precious'], self.read(name))
        self.update_stack(stack_id, self.writer(
            'new', labels={'a': 'b'}, replace_on_change=True))
        self.assertEqual(['7:8', 'new'], self.read(self.named(stack_id)))
        self.assertNotIn(name, self.volumes())

    def test_retain(self):
        stack_id = self.create_stack(self.template(
            {'data': {**volume(), 'deletion_policy': 'Retain'}}))
        name = self.named(stack_id)
        self.addCleanup(self.drop_volume, name)
        self.delete_stack(stack_id)
        self.assertIn(name, self.volumes())

    @base.requires('owner of a volume')
    def test_deletion_policy_snapshot(self):
        before = self.volumes()
        template = self.writer('kept')
        template['resources']['data']['deletion_policy'] = 'Snapshot'
        stack_id = self.create_stack(template)
        name = self.named(stack_id)
        self.delete_stack(stack_id)
        [kept] = [found for found in self.volumes() - before
                  if name in found]
        self.addCleanup(self.drop_volume, kept)
        self.assertEqual(['7:8', 'kept'], self.read(kept))

    @base.requires('owner of a volume')
    def test_deletion_policy_snapshot_and_replacement(self):
        for text in ('old', 'new'):
            template = self.writer(text, labels={'of': text},
                                   replace_on_change=True)
            template['resources']['data']['deletion_policy'] = 'Snapshot'
            if text == 'old':
                stack_id = self.create_stack(template)
                name = self.named(stack_id)
            else:
                self.update_stack(stack_id, template)
                self.assertNotIn(name, self.volumes())
        stack_name = self.heat.stacks.get(stack_id).stack_name
        self.delete_stack(stack_id)
        # Tests that run at the same time also have volumes.
        kept = [found for found in self.volumes() if stack_name in found]
        for found in kept:
            self.addCleanup(self.drop_volume, found)
        self.assertEqual([['7:8', 'new'], ['7:8', 'old']],
                         sorted(self.read(found) for found in kept))

    def test_snapshot_and_restore(self):
        stack_id = self.create_stack(self.writer('before'))
        snapshot = self.heat.stacks.snapshot(stack_id)['id']
        self.expect(stack_id, 'SNAPSHOT_COMPLETE')
        template = self.writer('before')
        template['resources']['web']['properties']['cmd'] = [
            'sh', '-c', 'echo after > /data/file']
        self.update_stack(stack_id, template)
        self.assertEqual(['7:8', 'after'], self.read(self.named(stack_id)))
        self.heat.stacks.restore(stack_id, snapshot)
        self.expect(stack_id, 'RESTORE_COMPLETE')
        # The restored container writes "before", but sets no owner.
        self.assertEqual(['7:8', 'before'], self.read(self.named(stack_id)))
        # The template does not record the source of the files.
        restored = self.named(stack_id)
        self.update_stack(stack_id, template)
        self.assertEqual(restored, self.named(stack_id))
        name = self.heat.stacks.get(stack_id).stack_name
        self.assertTrue([found for found in self.volumes() if name in found])
        self.delete_stack(stack_id)
        self.assertEqual([], [found for found in self.volumes()
                              if name in found])

    def test_in_use_by_a_stranger(self):
        stack_id = self.create_stack(self.template({'data': volume()}))
        other = self.create_stack(self.template({'web': self.container(
            volumes={self.named(stack_id): '/data'})}))
        self.heat.stacks.delete(stack_id)
        self.expect(stack_id, 'DELETE_FAILED')
        self.assertIn('of the stack %s' % self.heat.stacks.get(
            other).stack_name, self.reasons(stack_id))
        self.delete_stack(other)
        self.delete_stack(stack_id)

    def test_lost_answers(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        way.swallow_answer('POST .*/volumes/create')
        stack_id = self.create_stack(self.template(
            {'data': volume(docker_endpoint=way.endpoint)}))
        self.assertTrue(way.swallowed.is_set())
        name = self.named(stack_id)
        way.swallow_answer('DELETE ')
        self.delete_stack(stack_id)
        self.assertNotIn(name, self.volumes())


class SnapshotLimitTest(operating.OperatorTest):

    def test_limit(self):
        stack_id = self.create_stack(self.template({
            'data': volume(),
            'web': self.container(
                volumes={'map_replace': [
                    {'data': '/data'},
                    {'keys': {'data': {'get_resource': 'data'}}}]})}))
        self.configure(max_snapshot_bytes='100')
        self.heat.stacks.snapshot(stack_id)
        self.expect(stack_id, 'SNAPSHOT_FAILED')
        self.assertIn('option max_snapshot_bytes', self.reasons(stack_id))
        self.delete_stack(stack_id)
