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

"""Compare stacks with what docker compose makes of the same files."""

import contextlib
import json
import os
import pathlib
import posixpath
import uuid

import docker
import fixtures
import yaml

from sandbox import compose
from tests.differential import projects
from tests.differential import shots
from tests.differential import wanted
from tests.differential import ways
from tests.functional import base

# File to which each test adds what it has compared.
ENV_RECORD = 'HEAT_DOCKER_COMPARED'


@base.requires('fresh creates')
class DifferentialTest(base.FunctionalTest):
    """A test that deploys a project in several ways, one after another."""

    def setUp(self):
        super().setUp()
        self.api = projects.version(self.docker._version)
        self.stack = ways.Stack(self)

    def arrange(self, source):
        """Return a copy of a project."""
        project = projects.Project(
            source, self.useFixture(fixtures.TempDir()).path,
            'p' + uuid.uuid4().hex[:8], self.cloud)
        if project.needs('api') > self.api:
            self.skipTest('requires version %d.%d of the Docker API'
                          % project.needs('api'))
        for name in project.external('networks'):
            self.docker.create_network(name)
            self.addCleanup(self.docker.remove_network, name)
        for name in project.external('volumes'):
            self.docker.create_volume(name)
            self.addCleanup(self.docker.remove_volume, name)
        return project

    def composes(self, project):
        """Return the versions of docker compose that know its keys."""
        found = [ways.Compose(compose.program(release),
                              self.cloud.docker['endpoint'])
                 for release in compose.RELEASES]
        return [one for one in found
                if project.needs('compose') <= projects.version(one.version)]

    def check(self, source):
        """Compare all ways for one project."""
        project = self.arrange(source)
        composes = self.composes(project)
        config = composes[-1].config(project)
        targets = self.targets(yaml.safe_load(config), project)
        expected = {one.name: self.shot(one, project, targets)
                    for one in composes}
        found = {'resource': self.shot(ways.Resource(self), project, targets),
                 'stack': self.shot(self.stack, project, targets),
                 'stack of config': self.shot(
                     self.stack, project.of_config(config), targets)}
        wrong, counts = [], {}
        for name, one in expected.items():
            for other_name, other in found.items():
                for text in self.differences(one, other, counts):
                    wrong.append('%s, %s: %s' % (name, other_name, text))
        self.record(project, source, expected, counts)
        if wrong:
            self.fail('\n'.join(wrong))

    def targets(self, config, project):
        """Return the paths of files of the project, by service."""
        found = {}
        for name, service in config['services'].items():
            paths = found.setdefault(name, [])
            for mount in service.get('volumes') or ():
                if mount['type'] == 'bind' and pathlib.Path(
                        mount['source']).is_relative_to(project.folder):
                    paths.append(mount['target'])
            for section, folder in (('configs', '/'),
                                    ('secrets', '/run/secrets/')):
                for grant in service.get(section) or ():
                    paths.append(posixpath.join(
                        folder, grant.get('target') or grant['source']))
        return found

    def shot(self, way, project, targets):
        """Deploy a project, look at it, and remove it."""
        with contextlib.ExitStack() as cleanups:
            cleanups.callback(self.remove, project)
            self.up(way, project)
            for service in project.given.get('jobs') or ():
                self.wait_for_job(project, service)
            result = shots.Shot(self.docker, project, targets)
            way.down(project)
        return result.objects

    def up(self, way, project):
        """Deploy a project, or let it fail as it should."""
        fails = project.given.get('fails')
        try:
            way.up(project)
        except AssertionError as ex:
            if not fails or fails not in str(ex):
                self.fail('%s: %s' % (way.name, ex))
        else:
            if fails:
                self.fail('%s: the project does not fail' % way.name)

    def wait_for_job(self, project, service):
        """Wait until the containers of a service have ended."""
        for one in self.docker.containers(all=True, filters={'label': [
                '%sproject=%s' % (shots.LABEL, project.name),
                '%sservice=%s' % (shots.LABEL, service)]}):
            self.docker.wait(one['Id'], timeout=base.PATIENCE)

    def remove(self, project):
        """Remove what a failed test has left."""
        label = {'label': ['%sproject=%s' % (shots.LABEL, project.name)]}
        for one in self.docker.containers(all=True, filters=label):
            self.remove_container(one['Id'])
        for one in self.docker.networks(filters=label):
            with contextlib.suppress(docker.errors.APIError):
                self.docker.remove_network(one['Id'])
        for one in self.docker.volumes(filters=label)['Volumes'] or ():
            with contextlib.suppress(docker.errors.APIError):
                self.docker.remove_volume(one['Name'])

    def differences(self, one, other, counts):
        """Yield texts about differences that are not wanted; count others."""
        for kind, name in sorted(set(one) | set(other)):
            for path, first, second in shots.differences(
                    one.get((kind, name)), other.get((kind, name))):
                entry = wanted.wanted(kind, path, first, second)
                if entry is None:
                    yield '%s %s: %s: %r, not %r' % (kind, name, path,
                                                     second, first)
                else:
                    key = '%s %s' % (entry.kind, entry.path)
                    counts[key] = counts.get(key, 0) + 1

    def record(self, project, source, expected, counts):
        """Write down what was compared."""
        path = os.environ.get(ENV_RECORD)
        if path:
            with open(path, 'a') as file:
                file.write(json.dumps({
                    'project': pathlib.Path(source).name,
                    'composes': list(expected),
                    'objects': [kind for kind, _name in
                                next(iter(expected.values()))],
                    'wanted': counts}) + '\n')
