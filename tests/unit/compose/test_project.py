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

"""Profiles, dependencies, numbers of containers and names."""

import time

from heat_docker.compose import limits
from heat_docker.compose import problems
from tests.unit.compose import base


class ProfilesTestCase(base.ComposeTestCase):

    FILE = '''
        services:
          foo: {image: foo}
          bar: {image: bar, profiles: [test]}
          baz: {image: baz, depends_on: [bar], profiles: [test]}
          zot: {image: zot, depends_on: [bar], profiles: [debug]}
        '''

    def test_example_of_the_specification(self):
        self.assertEqual({'foo'}, set(self.load(self.FILE).services))
        self.assertEqual({'foo', 'bar', 'baz'}, set(
            self.load(self.FILE, profiles=['test']).services))
        self.refused('bar is not enabled by an active profile', self.FILE,
                     profiles=['debug'])
        for profiles in (['debug', 'test'], ['*']):
            self.assertEqual(4, len(self.load(
                self.FILE, profiles=profiles).services))

    def test_errors_in_disabled_services_do_not_matter(self):
        self.assertEqual({'a'}, set(self.resources(
            'services: {a: {image: i, network_mode: none},'
            ' b: {image: i, profiles: [p], env_file: x, post_start: []}}')))


class DependenciesTestCase(base.ComposeTestCase):

    def found(self, condition, more='', dependency='image: i'):
        return self.resources('''
            services:
              web:
                image: i
                depends_on: {db: {condition: %s}}
              db: {%s}
              %s
            ''' % (condition, dependency, more))

    def test_conditions(self):
        for condition, wait_for in (
                ('service_started', None), ('service_healthy', 'healthy'),
                ('service_completed_successfully', 'completed')):
            found = self.found(condition)
            self.assertEqual(['db'], found['web'].depends_on)
            self.assertEqual(wait_for,
                             found['db'].properties.get('wait_for'))
            self.assertNotIn('wait_for', found['web'].properties)

    def test_strongest_condition_wins(self):
        more = 'c: {image: i, depends_on: {db: {condition: %s}}}'
        self.assertEqual('healthy', self.found(
            'service_started', more % 'service_healthy')['db'].properties[
                'wait_for'])
        self.assertIn('can have one condition', str(self.assertRaises(
            problems.ComposeError, self.found, 'service_healthy',
            more % 'service_completed_successfully')))

    def test_job(self):
        job = 'image: i, restart: "no"'
        self.assertEqual('none', self.found(
            'service_started', dependency=job)['db'].properties['wait_for'])
        self.assertEqual('completed', self.found(
            'service_completed_successfully', dependency=job)[
                'db'].properties['wait_for'])

    def test_all_containers_of_a_dependency(self):
        self.assertEqual(
            ['db', 'db_2'],
            self.found('service_started', dependency='image: i, scale: 2')[
                'web'].depends_on)

    def test_not_required(self):
        text = ('services: {web: {image: i, depends_on: {db: {condition: '
                'service_started, required: %s}}},'
                ' db: {image: i, profiles: [p]}}')
        self.assertEqual([], self.resources(text % 'false')['web'].depends_on)
        self.assertEqual(['db'], self.resources(
            text % 'false', profiles=['p'])['web'].depends_on)
        self.refused('not enabled', text % 'true')

    def test_refused(self):
        for words, services in (
                ('x does not exist', 'a: {image: i, depends_on: [x]}'),
                ('need one another', 'a: {image: i, depends_on: [b]},'
                 ' b: {image: i, depends_on: [a]}'),
                ('need one another', 'a: {image: i, network_mode: '
                 '"service:b"}, b: {image: i, links: [a]}'),
                ('x does not exist', 'a: {image: i, links: ["x:y"]}'),
                ('x does not exist', 'a: {image: i, volumes_from: ["x:ro"]}'),
                ('x does not exist', 'a: {image: i, pid: "service:x"}'),
                ('not one of service_started', 'a: {image: i, depends_on: '
                 '{b: {condition: running}}}, b: {image: i}'),
                ('image or build is required', 'a: {user: b}'),
                ('mutually exclusive', 'a: {image: i, network_mode: host,'
                 ' networks: [b]}'),
                ('name of a service', '"a b": {image: i}')):
            self.refused(words, 'services: {%s}' % services)

    def test_long_chain(self):
        services = {'s%d' % n: {'image': 'i', 'network_mode': 'none',
                                'depends_on': ['s%d' % (n + 1)]}
                    for n in range(900)}
        services['s900'] = {'image': 'i'}
        self.assertEqual(902, len(self.resources({'services': services})))


class ScaleTestCase(base.ComposeTestCase):

    def test_names(self):
        found = self.resources('services: {web: {image: i, deploy: '
                               '{replicas: 3}}, web_2: {image: j}}')
        self.assertEqual(
            {'default_network': None, 'web': 'i', 'web_2': 'j',
             'web_2-2': 'i', 'web_3': 'i'},
            {name: one.properties.get('image')
             for name, one in found.items()})
        self.assertEqual('2', found['web_2-2'].properties['labels'][
            'com.docker.compose.container-number'])

    def test_numbers(self):
        for keys, scale, count in (
                ('scale: 2', {}, 2), ('scale: "3"', {}, 3),
                ('scale: 2', {'web': 1}, 1), ('scale: 0', {}, 0),
                ('scale: 2, deploy: {replicas: 2}', {}, 2)):
            self.assertEqual(count, self.load(
                'services: {web: {image: i, %s}}' % keys,
                scale=scale).services['web'].count, keys)

    def test_published_ports(self):
        found = self.resources(
            'services: {web: {image: i, scale: 3, ports: ["80",'
            ' "8080-8082:8080", "127.0.0.1:9000-9009:90/udp"]}}')
        self.assertEqual(
            [('8080', '127.0.0.1:9000'), ('8081', '127.0.0.1:9001'),
             ('8082', '127.0.0.1:9002')],
            [(one.properties['port_bindings']['8080'],
              one.properties['port_bindings']['90/udp'])
             for name, one in found.items() if name.startswith('web')])

    def test_refused(self):
        for words, keys in (
                ('differ', 'scale: 2, deploy: {replicas: 3}'),
                ('container_name has one', 'scale: 2, container_name: x'),
                ('cannot have the same host port',
                 'scale: 2, ports: ["80:80"]'),
                ('cannot have the same host port',
                 'scale: 2, ports: ["80-81:80-81"]'),
                ('need more host ports', 'scale: 3, ports: ["80-81:80"]'),
                ('negative', 'scale: -1'), ('more than', 'scale: 1001'),
                ('not a number', 'scale: many'),
                ('not an integer', 'scale: 1.5')):
            self.refused(words, 'services: {web: {image: i, %s}}' % keys)
        self.refused('does not exist', 'services: {a: {image: i}}',
                     scale={'b': 1})

    def test_five_thousand_services(self):
        text = 'services:\n' + ''.join(
            '  s%d: {image: i}\n' % n for n in range(5000))
        for file in (text, {'services': {
                's%d' % n: {'image': 'i'} for n in range(5000)}}):
            started = time.process_time()
            self.refused('more than', file)
            self.assertLess(time.process_time() - started, 1)
        self.assertEqual(limits.SERVICES, len(self.load({'services': {
            's%d' % n: {'image': 'i'}
            for n in range(limits.SERVICES)}}).services))


class NameTestCase(base.ComposeTestCase):

    def name(self, text, **more):
        more.setdefault('project_name', None)
        return self.load(text + '\nservices: {a: {image: '
                         '"$COMPOSE_PROJECT_NAME"}}', **more)

    def test_order(self):
        self.assertEqual('compose', self.name('').name)
        self.assertEqual('mine', self.name('name: mine').name)
        self.assertEqual('x-1', self.name('name: x-$N', environment={
            'N': 1}).name)
        project = self.name('name: mine', project_name='other')
        self.assertEqual('other', project.name)
        self.assertEqual('other', project.services['a'].values['image'])

    def test_refused(self):
        self.refused('lower-case', 'name: "A b"\nservices: {}',
                     project_name=None)

    def test_sections(self):
        self.refused('unknown', 'service: {}')
        self.refused('no model runner', 'models: {a: {model: b}}')
        self.assertEqual([], self.load('x-a: 1\nservices: {}').report.notes)
        self.assertIn('version', self.load(
            'version: "3"\nservices: {}').report.notes[0])
        for text in ('[]', 'a', ''):
            self.refused('the file is', text)
