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

"""The life of a container that works as expected."""

from tests.functional import base


class LifeTest(base.FunctionalTest):

    def test_create_names_and_labels(self):
        stack_id, inspected = self.create_container()
        stack = self.heat.stacks.get(stack_id)
        resource = self.resource(stack_id)
        self.assertEqual(inspected['Id'], resource.physical_resource_id)
        self.assertTrue(inspected['Name'].startswith(
            '/%s-web-' % stack.stack_name))
        labels = inspected['Config']['Labels']
        self.assertEqual(
            {'stack_id': stack_id, 'stack_name': stack.stack_name,
             'resource_name': 'web'},
            {key: labels['org.openstack.heat.' + key]
             for key in ('stack_id', 'stack_name', 'resource_name')})
        self.assertIn('org.openstack.heat.resource_id', labels)
        self.assertIn('org.openstack.heat.project_id', labels)

    def test_pull_is_told_by_events(self):
        image = self.cloud.registry + '/busybox:2'    # no other test's
        self.addCleanup(self.docker.remove_image, image)
        stack_id, _inspected = self.create_container(image=image)
        reasons = self.reasons(stack_id)
        self.assertIn('Pulling %s' % image, reasons)
        self.assertIn('Pulled %s' % image, reasons)

    def test_suspend_and_resume(self):
        stack_id, inspected = self.create_container()
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.assertEqual('exited', self.inspect(stack_id)['State']['Status'])
        self.act(stack_id, 'resume', 'RESUME_COMPLETE')
        resumed = self.inspect(stack_id)
        self.assertEqual(inspected['Id'], resumed['Id'])
        self.assertEqual('running', resumed['State']['Status'])

    def test_resume_of_what_ends_at_once_fails(self):
        flag = '/tmp/once'
        stack_id, _inspected = self.create_container(
            cmd=['sh', '-c', 'test ! -e {0} || exit 7; touch {0}; '
                 'trap "exit 0" TERM; sleep 3600 & wait'.format(flag)])
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.act(stack_id, 'resume', 'RESUME_FAILED')
        self.assertIn('exit code 7',
                      self.resource(stack_id).resource_status_reason)

    def test_check(self):
        stack_id, inspected = self.create_container()
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.docker.kill(inspected['Id'])
        self.act(stack_id, 'check', 'CHECK_FAILED')
        self.assertIn('exited, exit code 137',
                      self.resource(stack_id).resource_status_reason)
        self.remove_container(inspected['Id'])
        self.act(stack_id, 'check', 'CHECK_FAILED')
        self.assertIn('o such container',
                      self.resource(stack_id).resource_status_reason)

    def test_unchanged_update_touches_nothing(self):
        template = self.template({'web': self.container(
            env=['A=b'], port_specs=[80], memory=64 * 1024 * 1024)})
        stack_id = self.create_stack(template)
        before = self.inspect(stack_id)
        self.update_stack(stack_id, template)
        after = self.inspect(stack_id)
        self.assertEqual(before['Id'], after['Id'])
        self.assertEqual(before['State'], after['State'])

    def test_changed_property_replaces(self):
        stack_id, before = self.create_container(env=['A=b'])
        self.update_stack(stack_id, self.template(
            {'web': self.container(env=['A=c'])}))
        after = self.inspect(stack_id)
        self.assertNotEqual(before['Id'], after['Id'])
        self.assertEqual(['A=c'], [line for line in after['Config']['Env']
                                   if line.startswith('A=')])
        self.assertEqual([after['Id']], [container['Id'] for container
                                         in self.containers(stack_id)])

    def test_resource_group(self):
        stack_id = self.create_stack(self.template({
            'group': {'type': 'OS::Heat::ResourceGroup',
                      'properties': {
                          'count': 3,
                          'resource_def': self.container(
                              hostname='web%index%')}}}))
        group = self.resource(stack_id, 'group').physical_resource_id
        hostnames = {
            self.docker.inspect_container(found['Id'])['Config']['Hostname']
            for found in self.containers(group)}
        self.assertEqual({'web0', 'web1', 'web2'}, hostnames)
        self.delete_stack(stack_id)
        self.assertEqual([], self.containers(group))

    def test_two_tenants_have_each_their_own(self):
        other = self.heat_of('sandbox-other')
        stack_id, inspected = self.create_container()
        self.heat = other
        foreign_id, foreign = self.create_container()
        project = 'org.openstack.heat.project_id'
        self.assertNotEqual(inspected['Config']['Labels'][project],
                            foreign['Config']['Labels'][project])
        self.delete_stack(foreign_id)
        self.heat = self.heat_of('sandbox')
        self.assertEqual('running', self.inspect(stack_id)['State']['Status'])
