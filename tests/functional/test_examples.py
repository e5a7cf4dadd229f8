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

"""Every example, run and used."""

import os
import pathlib

from heat.engine.resources.openstack.nova import server
from heatclient.common import template_utils
import pymysql
import requests
import yaml

from sandbox import control
from sandbox import ports
from tests.functional import base
from tests.functional import proxy
from tests.functional import swarms
from tests.functional import test_swarm
from tests.functional import tls

# Replaces a server, in a cloud without Nova.
SERVER = {
    'heat_template_version': '2021-04-16',
    'parameters': {
        **{name: {'type': 'string'} for name in (
            'image', 'flavor', 'user_data', 'user_data_format')},
        **{name: {'type': 'comma_delimited_list'} for name in (
            'networks', 'security_groups')}},
    'outputs': {name: {'value': '127.0.0.1'} for name in (
        server.Server.attributes_schema)},
}

# Replaces an alarm, in a cloud without Aodh. Heat compares the types of
# these parameters with those of the alarm's properties.
ALARM = {
    'heat_template_version': '2021-04-16',
    'parameters': {
        **{name: {'type': 'string'} for name in (
            'metric', 'resource_id', 'resource_type', 'aggregation_method',
            'comparison_operator')},
        **{name: {'type': 'number'} for name in (
            'granularity', 'evaluation_periods', 'threshold')},
        'repeat_actions': {'type': 'boolean'},
        'alarm_actions': {'type': 'comma_delimited_list'}},
    'outputs': {'webhooks': {'value': {'get_param': 'alarm_actions'}}},
}

FOLDER = pathlib.Path(__file__).parents[2] / 'examples'


class ExamplesTest(base.FunctionalTest):

    def run_example(self, name, **parameters):
        """Create the stack of an example and return its id."""
        template = yaml.safe_load((FOLDER / name).read_text())
        return self.create_stack(template, parameters=parameters,
                                 files=self.nested())

    def nested(self):
        """Return the nested templates of the examples, as files."""
        return {'web-server.yaml': (FOLDER / 'web-server.yaml').read_text()}

    def pages(self, ports):
        return sorted(requests.get('http://127.0.0.1:%s/' % port,
                                   timeout=10).text for port in ports)

    def test_every_example_has_a_test(self):
        whole = FOLDER.parent / 'tests/whole'
        for path in FOLDER.glob('*.yaml'):
            name = 'test_' + path.stem.replace('-', '_')
            self.assertTrue(any(hasattr(tests, name) for tests in (
                                self, ServerWithDockerTest, SwarmExamplesTest,
                                test_swarm.ExampleTest))
                            or (whole / f'{name}.py').exists(), name)

    def test_hello(self):
        stack_id = self.run_example('hello.yaml',
                                    image=self.cloud.images['httpd'])
        page = requests.get('http://127.0.0.1:%s/'
                            % self.outputs(stack_id)['port'], timeout=10)
        self.assertIn('Hello', page.text)

    def test_web_and_db(self):
        stack_id = self.run_example(
            'web-and-db.yaml', web_image=self.cloud.images['httpd'],
            db_image=self.cloud.images['mariadb'],
            docker_endpoint=self.cloud.docker['endpoint'])
        outputs = self.outputs(stack_id)
        page = requests.get(outputs['web_url'], timeout=10)
        self.assertIn('Hello', page.text)
        with base.wait_until(lambda: self.connect(outputs),
                             'database') as database:
            with database.cursor() as cursor:
                cursor.execute('SHOW DATABASES')
                self.assertIn(('wiki',), cursor.fetchall())

    @base.requires('health')
    def test_compose(self):
        folder = FOLDER / 'compose'
        images = self.cloud.images
        path = str(FOLDER / 'compose.yaml')
        files, template = template_utils.get_template_contents(path)
        values = template['resources']['app']['properties']
        # What the images of the sandbox need.
        values['overrides'] = [{'services': {'cache': {'command': [
            'sh', '-c', 'trap "exit 0" TERM; nc -ll -p 6379 -e cat & wait']}}}]
        stack_id = self.create_stack(template, files=files, parameters={
            'web_containers': 2, 'environment': {
                'WEB_IMAGE': images['httpd'], 'DB_IMAGE': images['mariadb'],
                'CACHE_IMAGE': images['busybox'], 'WEB_ROOT': '/www'}})
        web = self.outputs(stack_id)['web']
        self.assertEqual([(folder / 'index.html').read_text()] * 2,
                         self.pages(one['ports'][0]['host_port']
                                    for one in web))

    def test_job(self):
        stack_id = self.run_example(
            'job.yaml', image=self.busybox,
            web_image=self.cloud.images['httpd'])
        self.assertEqual('migrated', self.outputs(stack_id)['result'])

    @base.requires('health')
    def test_healthy_db(self):
        name = 'healthy-db.yaml'
        images = {'db_image': self.cloud.images['mariadb']}
        stack_id = self.run_example(name, **images)
        self.assertEqual('healthy', self.outputs(stack_id)['health'])
        before = self.inspect(stack_id, 'db')
        self.update_stack(
            stack_id, yaml.safe_load((FOLDER / name).read_text()),
            parameters={'memory': 2 ** 30, **images})
        after = self.inspect(stack_id, 'db')
        self.assertEqual(
            (before['Id'], before['State']['StartedAt'], 2 ** 30),
            (after['Id'], after['State']['StartedAt'],
             after['HostConfig']['Memory']))

    def test_web_server(self):
        stack_id = self.run_example('web-server.yaml', page='mine',
                                    image=self.cloud.images['httpd'])
        self.assertEqual(['mine'],
                         self.pages([self.outputs(stack_id)['port']]))

    def test_group(self):
        stack_id = self.run_example('group.yaml',
                                    image=self.cloud.images['httpd'])
        self.assertEqual(['server 0', 'server 1', 'server 2'],
                         self.pages(self.outputs(stack_id)['ports']))

    def test_autoscaling(self):
        name = 'autoscaling.yaml'
        images = {'image': self.cloud.images['httpd']}
        stack_id = self.run_example(name, **images)
        self.assertEqual(['one', 'one'],
                         self.pages(self.outputs(stack_id)['ports']))
        self.heat.resources.signal(stack_id, 'grow')
        base.wait_until(
            lambda: len(self.outputs(stack_id)['ports']) == 3
            and all(self.outputs(stack_id)['ports']), 'a third')
        self.update_stack(
            stack_id, yaml.safe_load((FOLDER / name).read_text()),
            parameters={'page': 'two', **images}, files=self.nested())
        pages = self.pages(self.outputs(stack_id)['ports'])
        self.assertEqual({'two'}, set(pages))

    def test_tls_endpoint(self):
        docker = self.cloud.tls_docker
        stack_id = self.run_example(
            'tls-endpoint.yaml', docker_endpoint=docker['endpoint'],
            image=self.cloud.images['httpd'], network_mode='none',
            **{name: pathlib.Path(docker[key]).read_text()
               for name, key in (('ca_cert', 'ca'), ('client_cert', 'cert'),
                                 ('client_key', 'key'))})
        self.assertEqual('running', self.outputs(stack_id)['state'])
        shown = self.heat.stacks.get(stack_id).parameters
        self.assertEqual('******', shown['client_key'])

    def test_private_registry(self):
        registry = self.cloud.private_registry
        image = registry['address'] + '/httpd:latest'
        stack_id = self.run_example(
            'private-registry.yaml', image=image,
            registry=registry['address'], username=registry['username'],
            password=registry['password'])
        self.assertIn(registry['address'] + '/httpd@sha256:',
                      self.outputs(stack_id)['digest'])

    def test_wordpress(self):
        images = {'web_image': self.cloud.images['httpd'],
                  'db_image': self.cloud.images['mariadb']}
        stack_id = self.run_example('wordpress.yaml', **images)
        outputs = self.outputs(stack_id)
        containers = {name: self.inspect(stack_id, name)['Id']
                      for name in ('db', 'web')}
        self.sql(containers['db'], outputs, 'CREATE TABLE wordpress.kept '
                 '(a INT); INSERT INTO wordpress.kept VALUES (4711)')
        self.update_stack(
            stack_id, yaml.safe_load((FOLDER / 'wordpress.yaml').read_text()),
            parameters={'greeting': 'Hello again', **images})
        for name, before in containers.items():
            self.assertNotEqual(before, self.inspect(stack_id, name)['Id'])
        self.assertIn('4711', self.sql(
            self.inspect(stack_id, 'db')['Id'], outputs,
            'SELECT a FROM wordpress.kept'))
        [page] = self.pages([self.outputs(stack_id)['port']])
        self.assertIn('Hello', page)
        self.delete_stack(stack_id)
        self.assertNotIn(outputs['volume'], self.volumes())

    def sql(self, container, outputs, statement):
        """Wait for a database, and return the result of a statement."""
        def ask():
            command = self.docker.exec_create(container, [
                'mariadb', '-uroot', '-p' + outputs['password'], '-e',
                statement])
            said = self.docker.exec_start(command).decode()
            code = self.docker.exec_inspect(command)['ExitCode']
            return None if code else said + ' '
        return base.wait_until(ask, 'database')

    def test_addresses(self):
        number = os.getpid() % 256
        stack_id = self.run_example(
            'addresses.yaml', image=self.cloud.images['httpd'],
            subnet='10.214.%d.0/24' % number,
            address='10.214.%d.7' % number,
            subnet_v6='fd00:214:%x::/64' % number,
            address_v6='fd00:214:%x::7' % number)
        outputs = self.outputs(stack_id)
        [endpoint] = outputs['networks'].values()
        self.assertEqual(
            ('10.214.%d.7' % number, 'fd00:214:%x::7' % number),
            (endpoint['ip_address'], endpoint['ipv6_address']))
        self.assertEqual(['10.214.%d.0/24' % number,
                          'fd00:214:%x::/64' % number], outputs['subnets'])

    def test_build(self):
        images = {'base_image': self.cloud.images['httpd'],
                  'directory': '/www'}
        stack_id = self.run_example('build.yaml', page='one', **images)
        before = self.outputs(stack_id)
        self.assertEqual(['one'], self.pages([before['port']]))
        self.update_stack(
            stack_id, yaml.safe_load((FOLDER / 'build.yaml').read_text()),
            parameters={'page': 'two', **images})
        after = self.outputs(stack_id)
        self.assertNotEqual(before['image'], after['image'])
        self.assertEqual(['two'], self.pages([after['port']]))

    def test_many(self):
        stack_id = self.run_example('many.yaml',
                                    image=self.cloud.images['httpd'])
        self.assertEqual(30 * ['running'], self.outputs(stack_id)['states'])

    def test_hosts(self):
        docker = self.cloud.docker
        way = self.useFixture(proxy.Proxy(docker['endpoint']))
        stack_id = self.run_example(
            'hosts.yaml', image=self.cloud.images['httpd'],
            docker_endpoints='%s,%s' % (docker['endpoint'], way.endpoint))
        self.assertEqual(2, len(self.pages(self.outputs(stack_id)['ports'])))

    @base.requires('cpus in place')
    def test_limits(self):
        image = self.cloud.images['httpd']
        stack_id = self.run_example('limits.yaml', image=image)
        before = self.inspect(stack_id)
        self.update_stack(
            stack_id, yaml.safe_load((FOLDER / 'limits.yaml').read_text()),
            parameters={'memory': 2 ** 27, 'cpus': 1, 'image': image})
        after = self.inspect(stack_id)
        self.assertEqual(
            (before['Id'], 2 ** 27, 10 ** 9),
            (after['Id'], after['HostConfig']['Memory'],
             after['HostConfig']['NanoCpus']))
        self.assertEqual(2 ** 27, self.outputs(stack_id)['used'][
            'memory_limit_bytes'])

    def test_snapshot(self):
        before = self.volumes()
        stack_id = self.run_example('snapshot.yaml', image=self.busybox)
        snapshot = self.heat.stacks.snapshot(stack_id)['id']
        self.expect(stack_id, 'SNAPSHOT_COMPLETE')
        self.update_stack(
            stack_id, yaml.safe_load((FOLDER / 'snapshot.yaml').read_text()),
            parameters={'note': 'Forget me.', 'image': self.busybox})
        self.assertIn('Forget', self.outputs(stack_id)['notes'])
        self.heat.stacks.restore(stack_id, snapshot)
        self.expect(stack_id, 'RESTORE_COMPLETE')
        outputs = self.outputs(stack_id)
        self.assertNotIn('Forget', outputs['notes'])
        self.delete_stack(stack_id)
        [kept] = [name for name in self.volumes() - before
                  if outputs['volume'] in name]
        self.docker.remove_volume(kept)

    def volumes(self):
        return {found['Name'] for found
                in self.docker.volumes()['Volumes'] or ()}

    def test_external(self):
        name = 'external-%d' % os.getpid()
        network = self.docker.create_network(name)['Id']
        self.addCleanup(self.docker.remove_network, network)
        self.docker.create_volume(name)
        self.addCleanup(self.docker.remove_volume, name)
        stack_id = self.run_example(
            'external.yaml', image=self.cloud.images['httpd'],
            network=network, volume=name)
        [endpoint] = self.outputs(stack_id)['networks'].values()
        self.assertEqual(network, endpoint['network_id'])
        self.delete_stack(stack_id)
        self.docker.inspect_network(network)
        self.docker.inspect_volume(name)

    def test_alarm(self):
        stack_id = self.create_stack(
            yaml.safe_load((FOLDER / 'alarm.yaml').read_text()),
            environment={'resource_registry': {
                'OS::Aodh::GnocchiResourcesAlarm': 'alarm.yaml'}},
            files={'alarm.yaml': yaml.safe_dump(ALARM)},
            parameters={'image': self.cloud.images['httpd'],
                        'server': 'c2a5f6a0'})
        before = self.inspect(stack_id)
        [webhook] = self.resource(stack_id, 'alarm').attributes['webhooks']
        self.assertEqual(self.outputs(stack_id)['alarm_url'], webhook)
        requests.post(webhook, timeout=60, json={
            'alarm_id': 'e2ab1b2a', 'previous': 'ok', 'current': 'alarm',
            'reason': 'Too much.'}).raise_for_status()
        base.wait_until(
            lambda: self.inspect(stack_id)['State']['StartedAt']
            != before['State']['StartedAt'], 'a restart')
        self.delete_stack(stack_id)
        self.assertEqual([], self.stack_users(stack_id))

    @base.requires('in place')
    def test_adopt(self):
        image = {'image': self.cloud.images['httpd']}
        maker = self.run_example('adopt.yaml', **image)
        before = self.inspect(maker)
        self.addCleanup(self.remove_container, before['Id'])
        self.heat.stacks.abandon(maker)
        template = yaml.safe_load((FOLDER / 'adopt.yaml').read_text())
        stack_id = self.adopt_stack({
            'template': template,
            'environment': {'parameters': image},
            'resources': {'web': {'resource_id': before['Id'][:12]}}})
        self.update_stack(stack_id, template,
                          parameters={'memory': 2 ** 26, **image})
        after = self.inspect(stack_id)
        self.assertEqual(
            (before['Id'], before['State']['StartedAt'], 2 ** 26),
            (after['Id'], after['State']['StartedAt'],
             after['HostConfig']['Memory']))
        [page] = self.pages([self.outputs(stack_id)['port']])
        self.assertIn('Hello', page)
        self.delete_stack(stack_id)
        self.assertEqual([], self.docker.containers(
            all=True, filters={'id': before['Id']}))

    def connect(self, outputs):
        """Return a connection to the database, or None while it starts."""
        try:
            return pymysql.connect(
                host=outputs['db_host'], port=int(outputs['db_port']),
                user='root', password=outputs['db_password'],
                connect_timeout=5)
        except pymysql.err.OperationalError:
            return None


class ServerWithDockerTest(tls.TLSDaemonTest):

    def test_server_with_docker(self):
        """The daemon answers some time after the server is complete.

        Instead of the script of the server, the test writes the certificates.
        """
        control.order(self.cloud, 'docker-tls', 'stop')
        stack_id = self.start_stack(
            yaml.safe_load((FOLDER / 'server-with-docker.yaml').read_text()),
            environment={'resource_registry': {
                'OS::Nova::Server': 'server.yaml'}},
            files={'server.yaml': yaml.safe_dump(SERVER)},
            parameters={'docker_port': self.at.rpartition(':')[2],
                        'server_names': '127.0.0.1',
                        'image': self.cloud.images['httpd']})
        base.wait_until(lambda: 'Waiting for it' in self.reasons(stack_id),
                        'waiting')
        server = self.resource(stack_id, 'server')
        self.assertEqual('CREATE_COMPLETE', server.resource_status)
        made = self.heat.resources.get(stack_id, 'certificates',
                                       with_attr=[*tls.FILES]).attributes
        self.install(made)
        self.expect(stack_id, 'CREATE_COMPLETE')
        page = self.page_at(int(self.outputs(stack_id)['port']))
        self.assertIn('Hello', page)
        self.delete_stack(stack_id)


class SwarmExamplesTest(swarms.SwarmTest):
    """The examples that need a swarm."""

    def example(self, name):
        return yaml.safe_load((FOLDER / name).read_text())

    def contents(self, stack_id, name, path):
        """Return the content of a file in each task of a service."""
        return {self.run_shell(self.container_of(task), 'cat ' + path)
                for task in self.running(stack_id, name)}

    def test_service_rolling_update(self):
        template = self.example('service-rolling-update.yaml')
        given = {'image': self.cloud.images['httpd'],
                 'page': '/www/index.html', 'port': ports.free()}
        stack_id = self.create_stack(template, parameters=given)
        self.assertEqual({'Hello'}, self.contents(stack_id, 'web',
                                                  given['page']))
        [old] = self.docker.configs()
        self.update_stack(stack_id, template, parameters={
            **given, 'message': 'Hello again'})
        self.assertEqual({'Hello again'}, self.contents(stack_id, 'web',
                                                        given['page']))
        self.assertEqual(3, len(self.running(stack_id)))
        [new] = self.docker.configs()
        self.assertNotEqual(old['ID'], new['ID'])
        requests.post(self.outputs(stack_id)['scale_url'],
                      timeout=60).raise_for_status()
        base.wait_until(lambda: len(self.running(stack_id)) == 4, 'scale')
        self.delete_stack(stack_id)
        self.assertEqual([], self.stack_users(stack_id))

    def test_compose_on_swarm(self):
        images, port = self.cloud.images, ports.free()
        files, template = template_utils.get_template_contents(
            str(FOLDER / 'compose-on-swarm.yaml'))
        # The kernel of the sandbox has no IPVS, and there is one node.
        given = {'web_tasks': 1, 'environment': {
            'WEB_IMAGE': images['httpd'], 'DB_IMAGE': images['mariadb'],
            'WEB_ROOT': '/www', 'WEB_PORT': port, 'PORT_MODE': 'host',
            'ENDPOINT_MODE': 'dnsrr', 'UPDATE_ORDER': 'stop-first'}}
        stack_id = self.create_stack(template, files=files, parameters=given)
        self.addCleanup(self.docker.remove_volume, 'wiki_data')
        page = (FOLDER / 'compose/index.html').read_text()
        self.assertEqual(page, requests.get(
            'http://127.0.0.1:%d/' % port, timeout=10).text)
        outputs = self.outputs(stack_id)
        self.assertEqual({'80/tcp': port}, outputs['ports']['web'])
        [task] = outputs['tasks']
        self.assertEqual('running', task['state'])
        self.delete_stack(stack_id)
        self.assertEqual(([], [], []), (
            self.docker.services(), self.docker.secrets(),
            self.docker.configs()))

    def test_secrets(self):
        template = self.example('secrets.yaml')
        given = {'image': self.cloud.images['mariadb']}
        stack_id = self.create_stack(template, parameters=given)
        path = '/run/secrets/password'
        [first] = self.contents(stack_id, 'db', path)
        self.assertEqual(32, len(first))
        [task] = self.running(stack_id, 'db')
        self.assertIn('1', self.run_shell(self.container_of(task), (
            'mariadb -h 127.0.0.1 -p$(cat %s) -e "SELECT 1"' % path)))
        self.update_stack(stack_id, template,
                          parameters={**given, 'salt': '2'})
        [second] = self.contents(stack_id, 'db', path)
        self.assertNotEqual(first, second)
        self.assertEqual(1, len(self.docker.secrets()))
        self.assertNotIn(second, self.reasons(stack_id))
