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

"""A sample of the comparison with docker compose, and the way from it to Heat.

``tox -e compose`` runs the whole comparison.
"""

import json
import sys

from tests.differential import base
from tests.differential import projects
from tests.differential import ways

# Another seed chooses other projects.
SEED = 20
COUNT = 4


class SampleTest(base.DifferentialTest):
    """Some of the projects are the same by docker compose and by Heat."""


def _add(name):
    def test(self):
        self.check(projects.ROOT / name)

    test.__name__ = 'test_' + name.replace('-', '_')
    setattr(SampleTest, test.__name__, test)


for _name in projects.sample(COUNT, SEED):
    _add(_name)


class CommandsTest(base.DifferentialTest):
    """The commands of Compose show the services of a stack."""

    def test_ps_and_logs(self):
        project = self.arrange(projects.ROOT / 'app')
        ways.Resource(self).up(project)
        for compose in self.composes(project):
            def run(*words, program=compose.program):
                return ways.run(program, '-p', project.name, *words,
                                environment={
                                    'DOCKER_HOST': self.cloud.docker[
                                        'endpoint'],
                                    'HOME': str(project.work)})
            self.assertEqual(
                ['cache', 'db', 'migrate', 'web'],
                sorted(run('ps', '--all', '--services').split()))
            self.assertIn('ready for connections', run('logs', 'db'))


class AdoptTest(base.DifferentialTest):
    """A stack takes over what docker compose has created."""

    def test_adopt(self):
        project = self.arrange(projects.ROOT / 'app')
        compose = self.composes(project)[-1]
        self.addCleanup(compose.down, project)
        compose.up(project)
        shown = self.shown(project.name)
        path = project.work / 'objects.json'
        path.write_text(json.dumps(shown))
        data = json.loads(ways.run(
            sys.executable, '-W', 'ignore',
            ways.ROOT / 'heat_docker' / 'compose2hot.py', '--adopt', path,
            '--root', project.work, '-p', project.name, *project.files,
            environment=project.environment))
        stack_id = self.adopt_stack(data)
        self.assertEqual(sorted(self.ids(shown)), sorted(
            one.physical_resource_id
            for one in self.heat.resources.list(stack_id)))
        cache = data['template']['resources']['cache']['properties']
        cache['env'] = ['ADDED=1']
        self.update_stack(stack_id, data['template'],
                          environment=data['environment'])
        after = self.shown(project.name)
        self.assertEqual(1, len(self.ids(shown) - self.ids(after)))
        self.assertIn('ADDED=1', self.inspect(stack_id, 'cache')[
            'Config']['Env'])
        self.delete_stack(stack_id)
        self.assertEqual([], self.shown(project.name))

    def shown(self, name):
        """Return what "docker inspect" shows of all objects of a project."""
        filters = {'label': 'com.docker.compose.project=' + name}
        return [
            *(self.docker.inspect_container(one['Id'])
              for one in self.docker.containers(all=True, filters=filters)),
            *(self.docker.inspect_network(one['Id'])
              for one in self.docker.networks(filters=filters)),
            *(self.docker.inspect_volume(one['Name']) for one
              in self.docker.volumes(filters=filters)['Volumes'] or ())]

    def ids(self, shown):
        return {one.get('Id') or one['Name'] for one in shown}
