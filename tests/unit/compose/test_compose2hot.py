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

"""The script, in a directory of its own."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import fixtures
import testtools
import yaml

import heat_docker

TREE = pathlib.Path(heat_docker.__file__).parent

COMPOSE = '''
services:
  web:
    image: httpd:${TAG}
    ports: ["${PORT:-80}:80"]
    volumes: ["./html:/html:ro"]
    attach: false
'''


class ScriptTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(os.path.realpath(self.useFixture(
            fixtures.TempDir()).path), 'My App')
        self.write('compose.yaml', COMPOSE)
        self.write('html/index.html', 'Hello.\n')
        self.write('.env', 'TAG=1\nPORT=81\n')

    def write(self, name, content):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def run_script(self, *arguments, code=0, tree=TREE, cwd=None,
                   **environment):
        """Run the script; return its output, as a map, and its errors."""
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', tree / 'compose2hot.py',
             *arguments], cwd=cwd or self.path, text=True,
            capture_output=True, timeout=60, check=False,
            env={'PATH': os.environ['PATH'], **environment})
        self.assertEqual(code, done.returncode, done.stderr)
        self.assertNotIn('Traceback', done.stderr)
        return yaml.safe_load(done.stdout), done.stderr

    def test_without_arguments(self):
        found, errors = self.run_script()
        web = found['resources']['web']['properties']
        self.assertEqual([{'path': '/html/index.html', 'content': {
            'get_file': 'html/index.html'}}], web['files'])
        self.assertEqual('1', found['parameters']['TAG']['default'])
        self.assertEqual('myapp', web['labels'][
            'com.docker.compose.project'])
        self.assertEqual(1, len(errors.splitlines()))
        self.assertIn('warning: compose.yaml, line 7, service web, attach: '
                      'the key has no effect', errors)

    def test_override_file(self):
        self.write('compose.override.yaml', 'services: {db: {image: i}}')
        found, _errors = self.run_script()
        self.assertIn('db', found['resources'])

    def test_environment_wins(self):
        found, _errors = self.run_script(TAG='2', COMPOSE_PROJECT_NAME='x')
        self.assertEqual(('2', '81'), tuple(
            found['parameters'][name]['default'] for name in ('TAG', 'PORT')))
        self.assertEqual('x', found['resources']['web']['properties'][
            'labels']['com.docker.compose.project'])

    def test_options(self):
        self.write('a.env', 'TAG=5')
        self.write('other.yaml', 'services:\n  web: {ports: !reset []}\n'
                   '  a: {image: i, profiles: [p]}\n'
                   '  b: {image: i, profiles: [q]}')
        _found, errors = self.run_script(
            'compose.yaml', 'other.yaml', '--env-file', 'a.env', '--profile',
            'p', '--scale', 'a=2', '-p', 'mine', '--embed', '-o', 'out.yaml')
        found = yaml.safe_load((self.path / 'out.yaml').read_text())
        self.assertEqual({'default_network', 'web', 'a', 'a_2'},
                         set(found['resources']))
        web = found['resources']['web']['properties']
        self.assertEqual('Hello.\n', web['files'][0]['content'])
        self.assertEqual('5', found['parameters']['TAG']['default'])
        self.assertIn('has no effect', errors)

    def test_swarm(self):
        found, errors = self.run_script('--swarm', '--scale', 'web=2')
        web = found['resources']['web']
        self.assertEqual('DockerInc::Docker::Service', web['type'])
        self.assertEqual(2, web['properties']['replicas'])
        self.assertEqual({'get_file': 'html/index.html'}, found['resources'][
            'html_index.html_file']['properties']['content'])
        self.assertEqual({'get_attr': ['web', 'ports']},
                         found['outputs']['web_ports']['value'])
        self.assertIn('attach: the key has no effect', errors)
        _found, errors = self.run_script('--swarm', '--adopt', 'a', code=2)
        self.assertIn('--adopt is for containers', errors)

    def test_files_are_relative_to_the_template(self):
        self.run_script('-o', 'out/stack.yaml', code=1)
        (self.path / 'out').mkdir()
        self.run_script('-o', 'out/stack.yaml')
        text = (self.path / 'out/stack.yaml').read_text()
        self.assertIn('{get_file: ../html/index.html}', text)
        found, _errors = self.run_script('My App/compose.yaml',
                                         cwd=self.path.parent)
        self.assertEqual(
            {'get_file': 'My App/html/index.html'}, found['resources'][
                'web']['properties']['files'][0]['content'])

    def test_template_in_a_build_context(self):
        """The template of the last time is no file of the project."""
        self.write('compose.yaml', 'services: {web: {build: .}}')
        self.write('Dockerfile', 'FROM scratch')
        for _time in range(2):
            self.run_script('-o', 'stack.yaml')
        self.assertNotIn('get_file: stack.yaml',
                         (self.path / 'stack.yaml').read_text())

    def test_root(self):
        self.write('sub/compose.yaml', COMPOSE.replace('./html', '../html'))
        _found, errors = self.run_script('sub/compose.yaml', code=1)
        self.assertIn('leaves the directory', errors)
        found, _errors = self.run_script('sub/compose.yaml', '--root', '.')
        self.assertEqual(
            {'get_file': 'html/index.html'}, found['resources'][
                'web']['properties']['files'][0]['content'])

    def test_absolute_paths_below_the_root(self):
        """The command "docker compose config" prints such paths."""
        self.write('compose.yaml', '''
name: app
services:
  web:
    build: {context: %(path)s/app, dockerfile: Dockerfile}
    command: null
    entrypoint: null
    networks: {default: null}
    ports:
      - {mode: ingress, target: 80, published: "8080", protocol: tcp}
    configs: [{source: page, target: /page}]
    volumes:
      - type: bind
        source: %(path)s/html
        target: /html
        bind: {create_host_path: true}
      - {type: bind, source: /srv, target: /srv, bind: {}}
networks: {default: {name: app_default, ipam: {}}}
configs: {page: {name: app_page, file: %(path)s/html/index.html}}
''' % {'path': self.path})
        self.write('app/Dockerfile', 'FROM x')
        found, _errors = self.run_script()
        web = found['resources']['web']['properties']
        self.assertEqual({'get_file': 'app/Dockerfile'}, found['resources'][
            'web_image']['properties']['build']['dockerfile'])
        self.assertEqual(
            {'/html/index.html': {'get_file': 'html/index.html'},
             '/page': {'get_file': 'html/index.html'}},
            {one['path']: one['content'] for one in web['files']})
        self.assertEqual({'/srv': '/srv'}, web['volumes'])

    def test_links_out_of_the_project_are_not_followed(self):
        (self.path / 'html/passwd').symlink_to('/etc/passwd')
        shutil.rmtree(self.path / 'html')
        (self.path / 'html').symlink_to('/etc')
        _found, errors = self.run_script(code=1)
        self.assertIn('nothing is at html', errors)
        self.write('compose.yaml', COMPOSE.replace('./html:/html',
                                                   './x/passwd:/p'))
        (self.path / 'x').symlink_to('/etc')
        _found, errors = self.run_script(code=1)
        self.assertIn('nothing is at x/passwd', errors)

    def test_errors(self):
        for words, arguments in (
                ('unknown', ['bad.yaml']), ('No such file', ['x.yaml']),
                ('has no effect: it is', ['--strict', 'strict.yaml']),
                ('service a does not exist', ['--scale', 'a=1'])):
            self.write('bad.yaml', 'services: {a: {image: i, b: 1}}')
            self.write('strict.yaml',
                       'services: {a: {image: i, attach: true, x: 1}}')
            if arguments == ['bad.yaml']:
                arguments = ['--strict', 'bad.yaml']
            _found, errors = self.run_script(*arguments, code=1) if (
                'has no effect' not in words) else self.run_script(
                    'compose.yaml')
            self.assertIn(words, errors)
        self.run_script('--scale', 'a', code=2)
        (self.path / 'compose.yaml').unlink()
        self.assertIn('there is no compose.yaml',
                      self.run_script(code=1)[1])

    def test_unsupported_keys_are_warnings(self):
        self.write('compose.yaml', 'services: {a: {image: i, post_start: '
                   '[{command: a}], b: 1}}')
        _found, errors = self.run_script()
        self.assertEqual(2, errors.count('It is left out'), errors)

    def test_copy(self):
        """A copy of the tree works without the package."""
        copy = self.path / 'plugins' / 'heat_docker'
        shutil.copytree(TREE, copy,
                        ignore=shutil.ignore_patterns('__pycache__'))
        found, _errors = self.run_script(tree=copy)
        self.assertIn('web', found['resources'])

    def test_package(self):
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', '-c',
             'import sys; from heat_docker import compose2hot;'
             'sys.exit(compose2hot.main([]))'], cwd=self.path, text=True,
            capture_output=True, timeout=60, check=False,
            env={'PATH': os.environ['PATH'],
                 'PYTHONPATH': str(TREE.parent)})
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn('web', yaml.safe_load(done.stdout)['resources'])

    def test_adopt(self):
        """The objects that Compose has created become resources."""
        labels = {'com.docker.compose.' + name: value for name, value in {
            'project': 'p', 'service': 'web', 'container-number': '1'}.items()}
        self.write('objects.json', json.dumps([
            {'Id': 'c1', 'Image': 'sha256:1', 'Config': {'Labels': labels}},
            {'Id': 'n1', 'Labels': {'com.docker.compose.network': 'default'}},
            {'Name': 'other', 'Labels': None}]))
        found, _errors = self.run_script('--adopt', 'objects.json')
        self.assertEqual({'web': 'c1', 'default_network': 'n1'}, {
            name: one['resource_id']
            for name, one in found['resources'].items()})
        self.assertEqual({'web', 'default_network'},
                         set(found['template']['resources']))

    def test_adopt_without_an_object(self):
        for text, words in (
                ('[]', 'does not show what becomes the resource'),
                ('{', 'is not the output of docker inspect'),
                ('[7]', 'is not the output of docker inspect')):
            self.write('objects.json', text)
            _found, errors = self.run_script('--adopt', 'objects.json', code=1)
            self.assertIn(words, errors)
