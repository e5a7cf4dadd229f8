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

"""Volumes keep their files in each case in which Heat replaces resources.

The table in doc/source/contributor/replacement.rst refers to these tests.
"""

import contextlib
import copy
import uuid

import docker
import yaml

from sandbox import control
from tests.functional import base
from tests.functional import proxy

VOLUME = 'DockerInc::Docker::Volume'


class SurvivalTest(base.FunctionalTest):
    """A container that mounts two volumes, one of them with a fixed name."""

    def setUp(self):
        super().setUp()
        self.name = 's-%s' % uuid.uuid4().hex[:12]
        self.way = self.useFixture(
            proxy.Proxy(self.cloud.docker['endpoint']))
        self.daemon = {'docker_endpoint': self.way.endpoint,
                       'endpoint_timeout': 0}
        self.stack_template = self.template({
            'data': {'type': VOLUME, 'properties': self.daemon},
            'named': {'type': VOLUME, 'properties': {
                **self.daemon, 'name': self.name}},
            'web': self.container(**self.daemon, mounts=[
                {'type': 'volume', 'source': {'get_resource': volume},
                 'target': '/' + volume} for volume in ('data', 'named')])})

    def changed(self, **properties):
        """Return the template with more properties of its resources."""
        template = copy.deepcopy(self.stack_template)
        for name, more in properties.items():
            template['resources'][name]['properties'].update(more)
        return template

    def create(self, **kwargs):
        """Create the stack, and write a file to each of its volumes."""
        stack_id = self.create_stack(self.stack_template, **kwargs)
        self.write(stack_id, 'precious')
        self.before = self.physical(stack_id)
        return stack_id

    def physical(self, stack_id):
        """Return the ids of the objects of a stack, by resource name."""
        return {found.resource_name: found.physical_resource_id
                for found in self.heat.resources.list(stack_id)}

    def failing(self, template):
        """Return a template with a resource that fails at last."""
        template['resources']['last'] = {
            'type': 'DockerInc::Docker::Container', 'depends_on': 'web',
            'properties': {**self.daemon, 'cmd': ['false'],
                           'image': self.cloud.images['busybox']}}
        return template

    def count_volumes(self, stack_id):
        return len(self.docker.volumes(filters={
            'label': 'org.openstack.heat.stack_id=' + stack_id})['Volumes']
            or ())

    def run_in(self, stack_id, *command):
        """Return the output of a command in the container, as words."""
        made = self.docker.exec_create(
            self.resource(stack_id).physical_resource_id, command)
        return self.docker.exec_start(made).decode().split()

    def write(self, stack_id, text):
        self.run_in(stack_id, 'sh', '-c', 'echo %s > /data/file; '
                    'echo %s > /named/file' % (text, text))

    def survived(self, stack_id, *replaced):
        """Assert that the files exist, and which resources were replaced."""
        after = self.physical(stack_id)
        self.assertEqual(set(replaced), {
            name for name, object_id in self.before.items()
            if after[name] != object_id})
        self.assertEqual(['precious'] * 2, self.run_in(
            stack_id, 'cat', '/data/file', '/named/file'))
        self.assertEqual({after['data'], self.name}, {
            mount['Name'] for mount in self.inspect(stack_id)['Mounts']})
        self.before = after

    def mark(self, stack_id, name, unhealthy=True):
        self.heat.resources.mark_unhealthy(stack_id, name, unhealthy, 'x')

    def fail_check(self, stack_id):
        """Check the stack while its daemon is unreachable."""
        self.way.cut()
        self.act(stack_id, 'check', 'CHECK_FAILED')
        # Heat does not check the container, which depends on the volumes.
        for name in ('data', 'named'):
            self.assertEqual(
                'CHECK_FAILED', self.resource(stack_id, name).resource_status)
        self.way.mend()


class FailedStateTest(SurvivalTest):

    def test_check(self):
        stack_id = self.create()
        self.fail_check(stack_id)
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)
        self.fail_check(stack_id)
        self.update_stack(stack_id, self.changed(web={'env': ['A=b']}))
        self.survived(stack_id, 'web')
        self.fail_check(stack_id)
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.survived(stack_id)

    def test_check_and_converge(self):
        stack_id = self.create()
        self.fail_check(stack_id)
        self.update_stack(stack_id, self.changed(web={'env': ['A=b']}),
                          converge=True)
        self.survived(stack_id, 'web')

    def test_update(self):
        stack_id = self.create()
        change = {'labels': {'a': 'b'}}
        for wish in ({'data': change}, {'named': change}):
            self.update_stack(stack_id, self.changed(**wish),
                              'UPDATE_FAILED')
            self.update_stack(stack_id, self.stack_template)
            self.survived(stack_id)
        self.update_stack(stack_id, self.changed(data=change),
                          'UPDATE_FAILED')
        self.update_stack(stack_id, self.changed(
            data={**change, 'replace_on_change': True}))
        self.assertNotEqual(self.before['data'],
                            self.physical(stack_id)['data'])

    def test_restricted_actions(self):
        stack_id = self.create()
        environment = {'resource_registry': {'resources': {
            'data': {'restricted_actions': 'replace'}}}}
        for allowed in (False, True):
            self.update_stack(stack_id, self.changed(data={
                'labels': {'a': 'b'}, 'replace_on_change': allowed}),
                'UPDATE_FAILED', environment=environment)
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)

    def test_create(self):
        """The create fails because source_volume does not exist yet."""
        source = 'source-' + self.name
        self.stack_template = self.changed(data={'source_volume': source})
        stack_id = self.start_stack(self.stack_template)
        self.expect(stack_id, 'CREATE_FAILED')
        made = self.resource(stack_id, 'data').physical_resource_id
        self.docker.create_volume(source)
        self.addCleanup(self.docker.remove_volume, source)
        self.update_stack(stack_id, self.stack_template)
        self.write(stack_id, 'precious')
        self.before = {**self.physical(stack_id), 'data': made}
        self.fail_check(stack_id)
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)

    def test_snapshot(self):
        stack_id = self.create()
        self.way.cut()
        self.heat.stacks.snapshot(stack_id)
        self.expect(stack_id, 'SNAPSHOT_FAILED')
        self.way.mend()
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)

    def test_suspend(self):
        stack_id = self.create()
        self.way.cut()
        self.act(stack_id, 'suspend', 'SUSPEND_FAILED')
        self.way.mend()
        # Heat does not update a stack whose last action was a suspend.
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.act(stack_id, 'resume', 'RESUME_COMPLETE')
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)

    def test_delete(self):
        """A container of another stack uses the volumes.

        Heat does not update a stack whose last action was a delete.
        """
        stack_id = self.create()
        other = self.create_stack(self.template({'web': self.container(
            volumes={self.before['data']: '/data', self.name: '/named'})}))
        self.heat.stacks.delete(stack_id)
        self.expect(stack_id, 'DELETE_FAILED')
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.update_stack(stack_id, self.stack_template)
        self.assertEqual(['precious'] * 2, self.run_in(
            other, 'cat', '/data/file', '/named/file'))
        self.survived(stack_id, 'web')
        self.delete_stack(other)


class MarkTest(SurvivalTest):

    def test_volume(self):
        stack_id = self.create()
        for name in ('data', 'named'):
            self.mark(stack_id, name)
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)
        # The update has removed the marks, so replace_on_change has no effect.
        self.stack_template = self.changed(data={'replace_on_change': True},
                                           named={'replace_on_change': True})
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)
        self.mark(stack_id, 'named')
        self.mark(stack_id, 'data')
        self.mark(stack_id, 'data', False)
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)
        self.fail_check(stack_id)
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)
        self.mark(stack_id, 'data')
        self.update_stack(stack_id, self.stack_template)
        after = self.physical(stack_id)
        self.assertNotEqual(self.before['data'], after['data'])
        self.assertEqual(self.name, after['named'])
        self.assertEqual(['precious'],
                         self.run_in(stack_id, 'cat', '/named/file'))

    def test_others(self):
        self.stack_template['resources']['net'] = {
            'type': 'DockerInc::Docker::Network', 'properties': self.daemon}
        self.stack_template = self.changed(web={
            'networks': [{'network': {'get_resource': 'net'}}]})
        stack_id = self.create()
        self.mark(stack_id, 'web')
        self.mark(stack_id, 'web', False)
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)
        self.mark(stack_id, 'web')
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id, 'web')
        self.mark(stack_id, 'net')
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id, 'net')
        [endpoint] = self.inspect(stack_id)['NetworkSettings'][
            'Networks'].values()
        self.assertEqual(self.before['net'], endpoint['NetworkID'])


class WholeStackTest(SurvivalTest):

    def test_rollback(self):
        """The replacement, or the container that mounts it, fails."""
        stack_id = self.create()
        for wish in ({'source_volume': 'nosuch-' + self.name}, {}):
            self.update_stack(stack_id, self.changed(
                data={'labels': {'a': 'b'}, 'replace_on_change': True,
                      **wish}, web={'cmd': ['false']}),
                'ROLLBACK_COMPLETE', disable_rollback=False)
            self.survived(stack_id)

    def test_late_rollback(self):
        """Another resource fails after the volume is replaced or removed."""
        stack_id = self.create()
        replaced = self.changed(
            data={'labels': {'a': 'b'}, 'replace_on_change': True})
        removed = copy.deepcopy(self.stack_template)
        for name in ('data', 'named'):
            del removed['resources'][name]
        removed['resources']['web']['properties'].pop('mounts')
        for template in (replaced, removed):
            self.update_stack(stack_id, self.failing(template),
                              'ROLLBACK_COMPLETE', disable_rollback=False)
            self.survived(stack_id, 'web')
        self.assertEqual(2, self.count_volumes(stack_id))

    def test_late_failure(self):
        """Updates fail after they replaced the volume; the last one returns.

        Without the consent to replace the volume, the user cannot return.
        """
        self.stack_template = self.changed(data={'replace_on_change': True})
        stack_id = self.create()
        for label in 'b', 'c':
            self.update_stack(stack_id, self.failing(self.changed(
                data={'labels': {'a': label}})), 'UPDATE_FAILED')
        self.update_stack(stack_id, self.changed(
            data={'replace_on_change': False}), 'UPDATE_FAILED')
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id, 'web')
        self.assertEqual(2, self.count_volumes(stack_id))
        self.update_stack(stack_id, self.changed(
            data={'labels': {'a': 'd'}}))
        self.assertEqual(2, self.count_volumes(stack_id))
        self.delete_stack(stack_id)
        self.assertEqual(0, self.count_volumes(stack_id))

    def test_rollback_of_a_parent_stack(self):
        """Only the failing update has the consent to replace the volume."""
        def request(template):
            return {'files': {'inner.yaml': self.dump(template)},
                    'template': self.template({
                        'inner': {'type': 'inner.yaml'}})}

        outer = self.create_stack(**request(self.stack_template))
        stack_id = self.resource(outer, 'inner').physical_resource_id
        self.write(stack_id, 'precious')
        self.before = self.physical(stack_id)
        self.update_stack(outer, status='ROLLBACK_COMPLETE', **request(
            self.failing(self.changed(data={
                'labels': {'a': 'b'}, 'replace_on_change': True}))),
            disable_rollback=False)
        self.survived(stack_id, 'web')
        self.assertEqual(2, self.count_volumes(stack_id))

    def test_restore_that_fails(self):
        """An update to the template from before uses the volume again."""
        del self.stack_template['resources']['named']
        web = self.stack_template['resources']['web']['properties']
        del web['mounts'][1]
        self.stack_template['resources']['last'] = {
            'type': 'DockerInc::Docker::Container', 'depends_on': 'web',
            'properties': {**web, 'name': self.name, 'mounts': []}}
        stack_id = self.create_stack(self.stack_template)
        self.run_in(stack_id, 'sh', '-c', 'echo old > /data/file')
        snapshot = self.heat.stacks.snapshot(stack_id)['id']
        self.expect(stack_id, 'SNAPSHOT_COMPLETE')
        self.run_in(stack_id, 'sh', '-c', 'echo precious > /data/file')
        before = self.physical(stack_id)
        self.stack_template = self.changed(last={'name': self.name + '-2'})
        self.update_stack(stack_id, self.stack_template)
        taken = self.docker.create_container(
            self.cloud.images['busybox'], name=self.name)['Id']
        self.addCleanup(self.remove_container, taken)
        self.heat.stacks.restore(stack_id, snapshot)
        self.expect(stack_id, 'RESTORE_FAILED')
        self.update_stack(stack_id, self.stack_template)
        self.assertEqual(before['data'], self.physical(stack_id)['data'])
        self.assertEqual(['precious'],
                         self.run_in(stack_id, 'cat', '/data/file'))

    def test_restore(self):
        del self.stack_template['resources']['named']
        self.stack_template['parameters'] = {
            'label': {'type': 'string', 'default': 'a'}}
        self.stack_template = self.changed(
            data={'labels': {'a': {'get_param': 'label'}}})
        web = self.stack_template['resources']['web']['properties']
        del web['mounts'][1]
        stack_id = self.create_stack(self.stack_template)
        self.run_in(stack_id, 'sh', '-c', 'echo precious > /data/file')
        before = self.physical(stack_id)
        snapshot = self.heat.stacks.snapshot(stack_id)['id']
        self.expect(stack_id, 'SNAPSHOT_COMPLETE')
        self.run_in(stack_id, 'sh', '-c', 'echo other > /data/file')
        self.heat.stacks.restore(stack_id, snapshot)
        self.expect(stack_id, 'RESTORE_COMPLETE')
        after = self.physical(stack_id)
        self.assertNotEqual(before['data'], after['data'])
        self.assertNotIn('replace_on_change', yaml.safe_dump(
            self.heat.stacks.template(stack_id)))
        self.heat.stacks.update(stack_id, existing=True,
                                parameters={'label': 'b'})
        self.expect(stack_id, 'UPDATE_FAILED')
        self.heat.stacks.update(stack_id, existing=True,
                                parameters={'label': 'a'})
        self.expect(stack_id, 'UPDATE_COMPLETE')
        self.assertEqual(after['data'], self.physical(stack_id)['data'])
        self.assertEqual(['precious'],
                         self.run_in(stack_id, 'cat', '/data/file'))

    def test_converge(self):
        stack_id = self.create()
        self.update_stack(stack_id, self.stack_template, converge=True)
        self.survived(stack_id)
        self.way.cut()
        self.update_stack(stack_id, self.stack_template, converge=True)
        self.way.mend()
        self.survived(stack_id)
        self.remove_container(self.before['web'])
        for name in ('data', 'named'):
            self.docker.remove_volume(self.before[name])
        self.update_stack(stack_id, self.stack_template, converge=True)
        # The volumes were removed, so they are replaced.
        self.assertNotEqual(self.before['data'],
                            self.physical(stack_id)['data'])

    def test_abandon_and_adopt(self):
        stack_id = self.create()
        adopted = self.adopt_stack(self.heat.stacks.abandon(stack_id))
        self.survived(adopted)
        self.fail_check(adopted)
        self.update_stack(adopted, self.stack_template)
        self.survived(adopted)
        self.mark(adopted, 'data')
        self.update_stack(adopted, self.stack_template)
        self.survived(adopted)

    def test_external_id(self):
        existing = 'external-' + self.name
        self.docker.create_volume(existing)
        self.addCleanup(self.drop, existing)
        stack_id = self.create()
        external = copy.deepcopy(self.stack_template)
        external['resources']['data'] = {'type': VOLUME,
                                         'external_id': existing}
        self.update_stack(stack_id, external, 'UPDATE_FAILED')
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)
        self.name, self.stack_template = 'o' + self.name, external
        external['resources']['named']['properties'] = {
            **self.daemon, 'name': self.name}
        stack_id = self.create()
        own = copy.deepcopy(external)
        own['resources']['data'] = {'type': VOLUME}
        self.update_stack(stack_id, own, 'UPDATE_FAILED')
        self.mark(stack_id, 'data')
        self.update_stack(stack_id, external)
        self.survived(stack_id)
        self.delete_stack(stack_id)
        self.docker.inspect_volume(existing)

    def drop(self, name):
        with contextlib.suppress(docker.errors.NotFound):
            self.docker.remove_volume(name)


class EngineKilledTest(SurvivalTest):

    alone = True

    def kill(self):
        """Kill heat-engine while it waits for an answer about volumes."""
        self.addCleanup(control.order, self.cloud, 'engine', 'start')
        control.order(self.cloud, 'engine', 'kill')
        self.way.release()
        control.order(self.cloud, 'engine', 'start')

    def wait_for(self, stack_id, status):
        base.wait_until(lambda: {'data', 'named'} <= {
            found.resource_name for found in self.heat.resources.list(
                stack_id) if found.resource_status == status}, status)

    def test_check(self):
        stack_id = self.create()
        self.way.hold_answer('GET .*/volumes/')
        self.heat.actions.check(stack_id)
        self.wait_for(stack_id, 'CHECK_IN_PROGRESS')
        self.kill()
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)

    def test_update(self):
        stack_id = self.create()
        # After a failed check, the update inspects the volumes.
        self.fail_check(stack_id)
        self.way.hold_answer('GET .*/volumes/')
        self.heat.stacks.update(stack_id, template=self.dump(
            self.changed(web={'env': ['A=b']})))
        base.wait_until(lambda: self.heat.stacks.get(
            stack_id).stack_status == 'UPDATE_IN_PROGRESS', 'an update')
        self.kill()
        self.update_stack(stack_id, self.stack_template)
        self.survived(stack_id)
