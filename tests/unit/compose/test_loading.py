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

"""Merges, includes and extends."""

from heat_docker.compose import limits
from tests.unit.compose import base


class MergeTestCase(base.ComposeTestCase):

    def merged(self, first, second, **more):
        """Return the keys of a service from two files."""
        text = 'services:\n  web:\n    image: i\n    %s\n'
        return self.values(text % first.replace('\n', '\n    '),
                           text % second.replace('\n', '\n    '), **more)

    def test_scalars_and_maps(self):
        values = self.merged(
            'user: a\nlabels: {a: 1, b: 2}\nenvironment: [A=1, B=2]',
            'user: b\nlabels: [b=3]\nenvironment: {B: 3, C: }')
        self.assertEqual('b', values['user'])
        self.assertEqual({'a': '1', 'b': '3'}, values['labels'])
        self.assertEqual({'A': '1', 'B': '3', 'C': None},
                         values['environment'])

    def test_lists(self):
        values = self.merged(
            'dns: 192.0.2.1\ncap_add: [A]\nexpose: [80]\n'
            'command: [a, b]\nentrypoint: a\nhealthcheck: {test: [CMD, a]}',
            'dns: [192.0.2.1]\ncap_add: [A, B]\nexpose: ["80", 81]\n'
            'command: [c]\nentrypoint: b\n'
            'healthcheck: {test: b, retries: 3}')
        self.assertEqual(['192.0.2.1'] * 2, values['dns'])
        self.assertEqual(['A', 'B'], values['cap_add'])
        self.assertEqual(['80', '81'], values['expose'])
        self.assertEqual(['c'], values['command'])
        self.assertEqual(['b'], values['entrypoint'])
        self.assertEqual({'test': ['CMD-SHELL', 'b'], 'retries': 3},
                         values['healthcheck'])

    def test_unique_entries(self):
        values = self.merged(
            'ports: ["8080:80", "53:53/udp"]\nvolumes: [a:/a, b:/b]\n'
            'secrets: [s]\ndevices: ["/dev/a:/dev/x"]',
            'ports: ["8080:80", "8081:80"]\nvolumes: ["c:/b:ro"]\n'
            'secrets: [{source: t, target: s}]\ndevices: ["/dev/b:/dev/x:r"]')
        self.assertEqual([('8080', '80'), ('53', '53'), ('8081', '80')],
                         [(one['published'], one['target'])
                          for one in values['ports']])
        self.assertEqual(['a', 'c'], [one['source']
                                      for one in values['volumes']])
        self.assertEqual(['t'], [one['source'] for one in values['secrets']])
        self.assertEqual(['/dev/b'], [one['source']
                                      for one in values['devices']])

    def test_null_keeps_the_value(self):
        self.assertEqual('a', self.merged('user: a', 'user:')['user'])

    def test_reset_and_override(self):
        values = self.merged(
            'ports: ["80:80"]\nexpose: [1]\nuser: a\n'
            'environment: {A: 1, B: 2}\nlabels: {a: 1}',
            'ports: !reset []\nexpose: !override [2]\nuser: !reset null\n'
            'environment: {A: !reset null}\nlabels: !override {b: 2}')
        self.assertNotIn('ports', values)
        self.assertNotIn('user', values)
        self.assertEqual(['2'], values['expose'])
        self.assertEqual({'B': '2'}, values['environment'])
        self.assertEqual({'b': '2'}, values['labels'])

    def test_service_is_reset_and_overridden(self):
        project = self.load(
            'services: {a: {image: a, user: a}, b: {image: b}, c: {image: c}}',
            'services: {a: !override {image: x}, b: !reset null}')
        self.assertEqual({'a', 'c'}, set(project.services))
        self.assertEqual({'image': 'x'}, {
            name: value for name, value
            in project.services['a'].values.items() if name != 'networks'})

    def test_depends_on_and_networks(self):
        values = self.values(
            'services: {web: {image: i, depends_on: [a], networks: [x]},'
            ' a: {image: i}}\nnetworks: {x: , y: }',
            'services: {web: {depends_on: {a: {condition: service_healthy}},'
            ' networks: {x: {aliases: [b]}, y: }}}')
        self.assertEqual({'a': {'condition': 'service_healthy'}},
                         values['depends_on'])
        self.assertEqual({'x': {'aliases': ['b']}, 'y': None},
                         values['networks'])

    def test_build_deploy_and_logging(self):
        values = self.merged(
            'build: ./a\ndeploy: {resources: {limits: {cpus: "1"}}}\n'
            'logging: {driver: x, options: {a: 1}}',
            'build: {args: [A=1]}\n'
            'deploy: {resources: {limits: {memory: 1g}}}\n'
            'logging: {options: {b: 2}}')
        self.assertEqual({'context': 'a', 'args': {'A': '1'}},
                         values['build'])
        self.assertEqual({'cpus': 1, 'memory': '1g'},
                         values['deploy']['resources']['limits'])
        self.assertEqual({'a': '1', 'b': '2'}, values['logging']['options'])

    def test_variables_are_replaced_before_the_merge(self):
        values = self.merged('ports: ["${P}:80"]', 'ports: ["8080:80"]',
                             environment={'P': '8080'})
        self.assertEqual(1, len(values['ports']))

    def test_documents_of_a_file_are_merged(self):
        self.assertEqual('b', self.values(
            'services: {web: {image: a, user: a}}\n---\n'
            'services: {web: {image: b}}\n')['image'])


class ExtendsTestCase(base.ComposeTestCase):

    def test_in_the_file(self):
        values = self.values('''
            services:
              base: {image: busybox, user: root}
              common: {extends: {service: base}, environment: {A: 1, B: 2}}
              web:
                extends: common
                environment: [B=3]
                user: !reset null
            ''')
        self.assertEqual('busybox', values['image'])
        self.assertEqual({'A': '1', 'B': '3'}, values['environment'])
        self.assertNotIn('user', values)
        self.assertNotIn('extends', values)

    def test_of_another_file_with_its_paths(self):
        values = self.values(
            'services: {web: {extends: {file: lib/base.yaml, service: b}}}',
            contents_={'lib/base.yaml': '''
services:
  a: {image: i, env_file: a.env, volumes: ["./conf:/conf"], build: .}
  b: {extends: {service: a}, user: "${U}"}
''', 'lib/a.env': 'A=1'}, environment={'U': 'me'})
        self.assertEqual('lib/a.env', values['env_file'][0]['path'])
        self.assertEqual('lib/conf', values['volumes'][0]['source'])
        self.assertEqual('lib', values['build']['context'])
        self.assertEqual('me', values['user'])

    def test_refused(self):
        for words, text in (
                ('extends itself', 'services: {a: {extends: a}}'),
                ('extends itself', 'services: {a: {extends: b},'
                                   ' b: {extends: a}}'),
                ('x is not in compose.yaml', 'services: {a: {extends: x}}'),
                ('the file x.yaml is missing',
                 'services: {a: {extends: {file: x.yaml, service: x}}}'),
                ('leaves the directory',
                 'services: {a: {extends: {file: ../x.yaml, service: x}}}'),
                ('service is required', 'services: {a: {extends: {}}}')):
            self.refused(words, text)

    def test_recursion_of_files(self):
        self.refused('extends itself',
                     'services: {a: {extends: {file: x, service: a}}}',
                     contents_={
                         'x': 'services: {a: {extends: '
                              '{file: y, service: a}}}',
                         'y': 'services: {a: {extends: '
                              '{file: x, service: a}}}'})

    def test_long_chain(self):
        services = {'s0': {'image': 'i'}, **{
            's%d' % n: {'extends': 's%d' % (n - 1)}
            for n in range(1, limits.EXTENDED + 5)}}
        self.refused('extend one another', {'services': dict(
            reversed(services.items()))})


class IncludeTestCase(base.ComposeTestCase):

    def test_included(self):
        project = self.load(
            'include: [lib/compose.yaml]\n'
            'services: {web: {image: i, depends_on: [db]}}',
            contents_={
                'lib/compose.yaml': 'services: {db: {image: "${I}:${T}",'
                                    ' env_file: db.env, networks: [n]}}\n'
                                    'networks: {n: }',
                'lib/.env': 'I=mariadb\nT=10\n', 'lib/db.env': 'A=1'},
            environment={'T': '11'})
        self.assertEqual(['db', 'web'], list(project.services))
        self.assertEqual('mariadb:11', project.services['db'].values['image'])
        self.assertIn('n', project.networks)

    def test_long_form(self):
        values = self.values('''
            include:
              - path: [lib/a.yaml, lib/b.yaml]
                project_directory: other
                env_file: [x.env, y.env]
            ''', contents_={
                'lib/a.yaml': 'services: {web: {image: "$A$B", user: a,'
                              ' build: .}}',
                'lib/b.yaml': 'services: {web: {user: b}}',
                'x.env': 'A=1\nB=1', 'y.env': 'B=2$A'})
        self.assertEqual(('121', 'b', 'other'), (
            values['image'], values['user'], values['build']['context']))

    def test_included_file_includes(self):
        project = self.load('include: [a/a.yaml]', contents_={
            'a/a.yaml': 'include: [../b/b.yaml]\nservices: {a: {image: i}}',
            'b/b.yaml': 'services: {b: {image: i}}'})
        self.assertEqual({'a', 'b'}, set(project.services))

    def test_refused(self):
        for words, text, contents in (
                ('conflicts', 'include: [a]\nservices: {a: {image: j}}',
                 {'a': 'services: {a: {image: i}}'}),
                ('includes itself', 'include: [a]', {'a': 'include: [a]'}),
                ('includes itself', 'include: [a]', {'a': 'include: [b]',
                                                     'b': 'include: [a]'}),
                ('are not fetched', 'include: ["https://x.test/a.yaml"]', {}),
                ('are not fetched', 'include: ["oci://x.test/a"]', {}),
                ('are not fetched', 'include: ["git@x.test:a.git"]', {}),
                ('leaves the directory', 'include: [a/../../b.yaml]', {}),
                ('not a relative path', 'include: [/etc/passwd]', {}),
                ('Add it to contents, as in "a.yaml: {get_file: a.yaml}"',
                 'include: [a.yaml]', {}),
                ('the env file x is missing',
                 'include: [{path: a, env_file: x}]',
                 {'a': 'services: {}'}),
                ('more than', 'include: [%s]' % ', '.join(
                    'f%d' % n for n in range(limits.FILES + 1)),
                 {'f%d' % n: 'services: {s%d: {image: i}}' % n
                  for n in range(limits.FILES + 1)})):
            error = self.refused(words, text, contents_=contents)
            self.assertTrue(error.file, words)

    def test_same_object_twice(self):
        project = self.load('include: [a, b]', contents_={
            'a': 'networks: {n: {internal: true}}\nservices: {}',
            'b': 'networks: {n: {internal: true}}\nservices: {}'})
        self.assertEqual({'n': {'internal': True}}, project.networks)
