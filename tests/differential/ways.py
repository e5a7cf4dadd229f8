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

"""The ways to deploy a project.

Each has a method that deploys it, and one that removes it. The objects have
the labels of Compose, so that the comparison finds them in the same way.
"""

import base64
import os
import pathlib
import subprocess
import sys

from heatclient.common import template_utils
import yaml

ROOT = pathlib.Path(__file__).parents[2]
TIMEOUT = 180


class Failed(AssertionError):
    """A command failed."""


def run(*command, environment=None):
    """Return the standard output of a command.

    :raises Failed: if it fails.
    """
    try:
        done = subprocess.run(
            list(map(str, command)), text=True, capture_output=True,
            timeout=TIMEOUT, env={'PATH': os.environ['PATH'],
                                  **(environment or {})})
    except subprocess.TimeoutExpired as ex:
        raise Failed('%s: %s' % (ex, (ex.stderr or b'')[-3000:])) from ex
    if done.returncode:
        raise Failed('%s: %s' % (pathlib.Path(command[0]).name,
                                 done.stderr[-3000:]))
    return done.stdout


class Compose:
    """docker compose."""

    def __init__(self, program, endpoint):
        self.program, self.endpoint = program, endpoint
        self.name = 'compose ' + self.version

    @property
    def version(self):
        """The version, such as 2.26.1."""
        return run(self.program, 'version', '--short').strip().partition(
            '-')[0]

    def _run(self, project, *arguments):
        files = [word for path in project.files for word in ('-f', path)]
        profiles = ['--profile=%s' % name for name in project.profiles]
        return run(
            self.program, *files, *profiles, '-p', project.name, *arguments,
            environment={
                'DOCKER_HOST': self.endpoint, 'HOME': str(project.work),
                # Builds without the plugin buildx.
                'COMPOSE_BAKE': 'false', **project.environment})

    def up(self, project):
        """Deploy a project."""
        self._run(project, 'up', '--detach', '--quiet-pull', *(
            '--scale=%s=%d' % one for one in project.scale.items()))

    def down(self, project):
        """Remove it."""
        self._run(project, 'down', '--volumes', '--timeout=5',
                  '--rmi=local')

    def config(self, project, *options):
        """Return the normalised project."""
        return self._run(project, 'config', *options)


class Stack:
    """A stack of the template that compose2hot writes."""

    name = 'stack'

    def __init__(self, test):
        self._test = test
        self._stack_id = None

    def template(self, project):
        """Return the path of the template."""
        path = project.work / 'stack.yaml'
        run(sys.executable, '-W', 'ignore',
            ROOT / 'heat_docker' / 'compose2hot.py', '-o', path,
            '--root', project.work, '-p', project.name,
            *('--profile=%s' % name for name in project.profiles),
            *('--scale=%s=%d' % one for one in project.scale.items()),
            '--strict', *project.files, environment=project.environment)
        return path

    def up(self, project):
        """Deploy a project."""
        path = self.template(project)
        files, template = template_utils.get_template_contents(str(path))
        parameters = yaml.safe_load(path.read_text())['parameters']
        self._stack_id = self._test.start_stack(
            template, files=files, parameters={
                name: project.environment[name]
                for name, parameter in parameters.items()
                if 'default' not in parameter})
        self._test.expect(self._stack_id, 'CREATE_COMPLETE')

    def down(self, project):
        """Remove it."""
        self._test.delete_stack(self._stack_id)


class Resource(Stack):
    """A stack with the project as a resource."""

    name = 'resource'

    def up(self, project):
        """Deploy a project."""
        first, *others = (path.read_text() for path in project.files)
        self._stack_id = self._test.create_stack(self._test.template({
            'app': {'type': 'DockerInc::Docker::Compose', 'properties': {
                'file': first, 'overrides': others,
                'contents': contents(project.folder),
                'environment': project.environment,
                'profiles': list(project.profiles), 'scale': project.scale,
                'project_name': project.name}}}))


def contents(folder):
    """Return the files of a directory as the resource takes them."""
    found = {}
    for path in sorted(folder.rglob('*')):
        if path.is_file():
            data, name = path.read_bytes(), str(path.relative_to(folder))
            try:
                found[name] = data.decode()
            except UnicodeDecodeError:
                found[name] = {'base64': base64.b64encode(data).decode()}
    return found
