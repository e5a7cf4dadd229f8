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

"""``DockerInc::Docker::Compose``: a Compose project as a nested stack."""

import contextlib
import json
import threading

import requests
import yaml

from sandbox import ports
from tests.functional import base

TYPE = 'DockerInc::Docker::Compose'

# A server that answers with the value of a variable.
SERVE = ['sh', '-c', 'mkdir /www; echo $$TEXT > /www/index.html; '
         'trap "exit 0" TERM; httpd -f -p 80 -h /www & wait']


@contextlib.contextmanager
def asking(port):
    """Ask a web server all the time, and yield the list of its answers."""
    answers: list = []
    done = threading.Event()

    def ask():
        while not done.is_set():
            try:
                answers.append(requests.get('http://127.0.0.1:%s/' % port,
                                            timeout=10).text.strip())
            except requests.RequestException as ex:
                answers.append(ex)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        done.set()
        thread.join()


class ProjectTest(base.FunctionalTest):

    def service(self, **keys):
        """Return a service that runs until it is stopped."""
        return {'image': self.busybox, 'command': base.SLEEP, **keys}

    def server(self, text, **keys):
        """Return a service that serves a text over HTTP."""
        return {'image': self.cloud.images['httpd'], 'command': SERVE,
                'environment': {'TEXT': text}, 'ports': ['80'], **keys}

    def project(self, services, **properties):
        """Return a template of a project, without other sections."""
        return self.template({'app': {'type': TYPE, 'properties': {
            'definition': {'services': services}, **properties}}})

    def nested_id(self, stack_id):
        return self.resource(stack_id, 'app').physical_resource_id

    def resources(self, stack_id):
        """Return the IDs in Docker of the resources of the project."""
        return {one.resource_name: one.physical_resource_id
                for one in self.heat.resources.list(self.nested_id(stack_id))
                if one.resource_name not in ('first', 'last')}

    def attribute(self, stack_id, name):
        return self.heat.resources.get(
            stack_id, 'app', with_attr=[name]).attributes[name]

    def page(self, stack_id, service='web', number=0):
        ports = self.attribute(stack_id, 'services')[service][number]['ports']
        return self.page_at(int(ports[0]['host_port']))


class ExampleTest(ProjectTest):

    @base.requires('health')
    def test_variables_files_and_labels(self):
        """What services get; no value of the environment is shown."""
        definition = {
            'name': 'wiki',
            'services': {
                'web': {
                    'image': '${IMAGE}', 'command': base.SLEEP,
                    'environment': {'PASSWORD': '${PASSWORD}'},
                    'env_file': 'web.env', 'secrets': ['token'],
                    'volumes': ['./conf:/conf', 'data:/data'],
                    'depends_on': {'db': {'condition': 'service_healthy'}}},
                'db': self.service(healthcheck={
                    'test': ['CMD', 'true'], 'interval': '1s'})},
            'volumes': {'data': {}},
            'secrets': {'token': {'environment': 'TOKEN'}}}
        stack_id = self.create_stack(self.template({
            'password': {'type': 'OS::Heat::RandomString'},
            'app': {'type': TYPE, 'properties': {
                'file': yaml.safe_dump(definition),
                'contents': {'web.env': 'A=${PASSWORD}x\n',
                             'conf/a': 'text',
                             'conf/b': {'base64': '/w=='}},
                'environment': {
                    'IMAGE': self.busybox, 'TOKEN': 'sesame-1234',
                    'PASSWORD': {'get_attr': ['password', 'value']}}}}}))
        password = self.heat.resources.get(
            stack_id, 'password', with_attr=['value']).attributes['value']
        ids = self.resources(stack_id)
        web, db = (self.docker.inspect_container(ids[name])
                   for name in ('web', 'db'))
        self.assertLess(db['State']['StartedAt'], web['State']['StartedAt'])
        self.assertIn('PASSWORD=' + password, web['Config']['Env'])
        self.assertIn('A=%sx' % password, web['Config']['Env'])
        self.assertEqual('sesame-1234 text 377', self.run_shell(
            web, 'echo $(cat /run/secrets/token) $(cat /conf/a) '
            '$(od -An -to1 /conf/b)'))
        self.assertEqual('wiki', web['Config']['Labels'][
            'com.docker.compose.project'])
        services = self.attribute(stack_id, 'services')
        self.assertEqual(
            [(ids['web'], 'running', 0)],
            [(one['id'], one['state'], one['exit_code'])
             for one in services['web']])
        self.assertEqual('healthy', services['db'][0]['health'])
        self.assertEqual(
            [one['IPAddress'] for one
             in db['NetworkSettings']['Networks'].values()],
            services['db'][0]['addresses'])
        self.assertEqual({'default': ids['default_network']},
                         self.attribute(stack_id, 'networks'))
        self.assertEqual(
            [mount['Name'] for mount in web['Mounts']],
            [*self.attribute(stack_id, 'volumes').values()])
        nested = self.nested_id(stack_id)
        shown = json.dumps([
            self.heat.stacks.get(nested).to_dict(),
            self.heat.stacks.template(nested),
            self.resource(stack_id, 'app').to_dict(),
            *(event.to_dict() for one in (stack_id, nested)
              for event in self.heat.events.list(one)),
            *(self.heat.events.get(stack_id, 'app', event.id).to_dict()
              for event in self.heat.events.list(stack_id, 'app'))])
        self.assertEqual([], [secret for secret in (password, 'sesame')
                              if secret in shown])
        self.assertNotIn('sesame', self.attribute(stack_id, 'template'))

    def test_attribute_of_a_container(self):
        template = self.project({'job': {
            'image': self.busybox, 'command': 'echo done', 'restart': 'no'},
            'other': self.service(depends_on={'job': {
                'condition': 'service_completed_successfully'}})})
        template['outputs'] = {
            'logs': {'value': {
                'get_attr': ['app', 'services', 'job', 0, 'logs_tail']}},
            'ports': {'value': {'get_attr': ['app', 'ports']}},
            'nested': {'value': {'get_resource': 'app'}}}
        stack_id = self.create_stack(template)
        self.assertEqual({
            'logs': 'done', 'ports': {'job': {}, 'other': {}},
            'nested': self.nested_id(stack_id)}, self.outputs(stack_id))

    def test_key_that_is_left_out(self):
        services = {'web': self.service(credential_spec={'file': 'a'})}
        self.assertIn('credential_spec', self.refused(
            self.project(services)['resources']))
        stack_id = self.create_stack(self.project(services, strict=False))
        self.assertIn('credential_spec', self.reasons(stack_id))


class UpdateTest(ProjectTest):

    def test_one_service_at_a_time(self):
        services = {'web': self.server('one'), 'db': self.service(),
                    'cache': self.service(depends_on=['db'])}
        stack_id = self.create_stack(self.project(services))
        before = self.resources(stack_id)
        self.assertEqual({'web', 'db', 'cache', 'default_network'},
                         set(before))
        self.assertEqual('one', self.page(stack_id))
        services['web'] = self.server('two')
        self.assertEqual({'app'}, self.changes(stack_id, services))
        self.update_stack(stack_id, self.project(services))
        self.assertEqual('two', self.page(stack_id))
        after = self.resources(stack_id)
        self.assertEqual({'web'}, {name for name in after
                                   if after[name] != before[name]})
        del services['cache']
        services['worker'] = self.service()
        self.update_stack(stack_id, self.project(services))
        last = self.resources(stack_id)
        self.assertEqual({'web', 'db', 'worker', 'default_network'},
                         set(last))
        self.assertEqual(after, {**after, **{
            name: last[name] for name in ('web', 'db', 'default_network')}})

    def changes(self, stack_id, services):
        """Return the resources that a preview says an update would change."""
        found = self.heat.stacks.preview_update(
            stack_id, template=self.dump(self.project(services)))
        return {one['resource_name']
                for one in found['resource_changes']['updated']}

    def test_scale(self):
        services = {'web': self.server('one')}
        stack_id = self.create_stack(self.project(services))
        before = self.resources(stack_id)
        self.update_stack(stack_id, self.project(services, scale={'web': 3}))
        many = self.resources(stack_id)
        self.assertEqual({'web', 'web_2', 'web_3', 'default_network'},
                         set(many))
        self.assertEqual(['one'] * 3, [
            self.page(stack_id, number=number) for number in range(3)])
        self.update_stack(stack_id, self.project(services, scale={'web': 2}))
        self.assertEqual({**before, 'web_2': many['web_2']},
                         self.resources(stack_id))

    def test_scale_while_a_client_asks(self):
        """The containers that stay answer all the time."""
        services = {'web': self.server('one', scale=2)}
        stack_id = self.create_stack(self.project(services))
        ports = [one['ports'][0]['host_port'] for one
                 in self.attribute(stack_id, 'services')['web']]
        with asking(ports[0]) as answers:
            for count in (4, 2):
                self.update_stack(stack_id, self.project(
                    services, scale={'web': count}))
        self.assertEqual({'one'}, set(answers))

    def test_rollback_serves_again(self):
        port = ports.free()
        services = {'web': self.server('one', ports=['%d:80' % port]),
                    'db': self.service()}
        stack_id = self.create_stack(self.project(services))
        before = self.resources(stack_id)
        services['web'] = self.server(
            'two', ports=['%d:80' % port], command=['sh', '-c', 'exit 3'])
        services['db'] = self.service(environment=['A=b'])
        self.update_stack(stack_id, self.project(services),
                          status='ROLLBACK_COMPLETE', disable_rollback=False)
        self.assertIn('resources.web: ', self.reasons(stack_id))
        self.assertEqual('one', self.page_at(int(port)))
        self.assertEqual(before['web'], self.resources(stack_id)['web'])


    @base.requires('health')
    def test_cancelled_update(self):
        services = {'web': self.server('one'), 'db': self.service()}
        stack_id = self.create_stack(self.project(services))
        before = self.resources(stack_id)
        changed = {**services, 'db': self.service(
            healthcheck={'test': ['CMD', 'false'], 'interval': '1s',
                         'start_period': '1h'}),
            'web': self.server('two', depends_on={
                'db': {'condition': 'service_healthy'}})}
        self.heat.stacks.update(
            stack_id, template=self.dump(self.project(changed)))
        base.wait_until(
            lambda: self.resources(stack_id)['db'] != before['db'],
            'container that becomes healthy')
        self.heat.actions.cancel_update(stack_id)
        self.expect(stack_id, 'ROLLBACK_COMPLETE')
        self.assertEqual('one', self.page(stack_id))
        self.assertEqual(before['web'], self.resources(stack_id)['web'])
        self.assertEqual(2, len(self.containers(self.nested_id(stack_id))))


class ActionsTest(ProjectTest):

    def test_suspend_check_and_unhealthy(self):
        stack_id = self.create_stack(self.project({
            'web': self.service(), 'db': self.service(
                volumes=['data:/data'])}, overrides=[
                    {'volumes': {'data': {}}}]))
        ids = self.resources(stack_id)
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.assertEqual({'exited'}, self.states(stack_id))
        self.act(stack_id, 'resume', 'RESUME_COMPLETE')
        self.assertEqual({'running'}, self.states(stack_id))
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.docker.stop(ids['db'])
        self.act(stack_id, 'check', 'CHECK_FAILED')
        self.assertRegex(
            self.resource(stack_id, 'app').resource_status_reason,
            r'Error: resources.app.resources.db: The container \S+ is not '
            r'running: exited, exit code 0.')
        self.heat.stacks.update(stack_id, existing=True)
        self.expect(stack_id, 'UPDATE_COMPLETE')
        self.assertEqual({'running'}, self.states(stack_id))
        after = self.resources(stack_id)
        self.assertEqual({**ids, 'db': after['db']}, after)
        ids = after
        self.heat.resources.mark_unhealthy(stack_id, 'app', True, 'bad')
        self.heat.stacks.update(stack_id, existing=True)
        self.expect(stack_id, 'UPDATE_COMPLETE')
        after = self.resources(stack_id)
        self.assertEqual({'web', 'db'}, {
            name for name in after if after[name] != ids[name]})

    def states(self, stack_id):
        return {one['state'] for containers in self.attribute(
            stack_id, 'services').values() for one in containers}

    def test_snapshot_and_restore(self):
        stack_id = self.create_stack(self.project(
            {'db': self.service(volumes=['data:/data'])},
            overrides=[{'volumes': {'data': {}}}]))

        def run(command):
            return self.run_shell(self.docker.inspect_container(
                self.resources(stack_id)['db']), command)
        run('echo before > /data/file')
        snapshot = self.heat.stacks.snapshot(stack_id)['id']
        self.expect(stack_id, 'SNAPSHOT_COMPLETE')
        run('echo after > /data/file')
        self.heat.stacks.restore(stack_id, snapshot)
        self.expect(stack_id, 'RESTORE_COMPLETE')
        self.assertEqual('before', run('cat /data/file'))
        volumes = self.volumes()
        self.heat.stacks.snapshot_delete(stack_id, snapshot)
        base.wait_until(
            lambda: not self.heat.stacks.snapshot_list(stack_id)['snapshots'],
            'delete of the snapshot')
        self.assertEqual(1, len(volumes - self.volumes()))

    def volumes(self):
        return {found['Name'] for found
                in self.docker.volumes()['Volumes'] or ()}

    def test_abandon_and_adopt(self):
        template = self.project({'web': self.server('one')})
        stack_id = self.create_stack(template)
        before = self.resources(stack_id)
        data = self.heat.stacks.abandon(stack_id)
        adopted = self.adopt_stack(data)
        self.assertEqual(before, self.resources(adopted))
        self.assertEqual('one', self.page(adopted))
        self.delete_stack(adopted)
        self.assertEqual([], self.docker.containers(
            all=True, filters={'id': before['web']}))

    def test_private_registry(self):
        registry = self.cloud.private_registry
        stack_id = self.create_stack(self.project(
            {'web': self.service(image=registry['address'] + '/httpd:latest')},
            registry_auth={registry['address']: {
                'username': registry['username'],
                'password': registry['password']}}))
        self.assertEqual({'running'}, self.states(stack_id))

    def test_reason_names_service(self):
        stack_id = self.start_stack(self.project({
            'web': self.service(), 'db': self.service(
                image='127.0.0.1:1/none')}))
        self.expect(stack_id, 'CREATE_FAILED')
        reason = self.resource(stack_id, 'app').resource_status_reason
        self.assertIn('resources.db: ', reason)
        self.assertIn('127.0.0.1:1/none', reason)
