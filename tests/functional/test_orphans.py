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

"""What stacks have left on a daemon, as operators find and remove it."""

import subprocess
import sys

import docker

from tests.functional import base


class OrphansTestCase(base.FunctionalTest):

    def run_check(self, *arguments):
        """Run check.py with the configuration of the sandbox's Heat."""
        return subprocess.run(
            [sys.executable, '%s/heat_docker/check.py' % self.cloud.plugin_dir,
             'orphans', '--config-file', self.cloud.heat_conf, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=base.PATIENCE)

    def orphans(self, *arguments, code=0):
        """Return the lines that check.py prints, without indentation."""
        done = self.run_check(*arguments)
        self.assertEqual(code, done.returncode, done.stdout)
        return [line.strip() for line in done.stdout.splitlines()]

    def abandoned(self):
        """Leave a container, a network and a volume.

        :returns: ID of the stack, and what Heat returned to adopt it.
        """
        template = self.template({
            'net': {'type': 'DockerInc::Docker::Network'},
            'data': {'type': 'DockerInc::Docker::Volume'},
            'web': self.container(
                networks=[{'network': {'get_resource': 'net'}}],
                mounts=[{'type': 'volume', 'target': '/data',
                         'source': {'get_resource': 'data'}}])})
        stack_id = self.create_stack(template)
        self.addCleanup(self.run_check, '--remove', stack_id)
        return stack_id, self.heat.stacks.abandon(stack_id)

    def own(self, lines, stack_id):
        """Return the lines about the objects of a stack."""
        start = next(number for number, line in enumerate(lines)
                     if line.startswith('stack %s ' % stack_id))
        return lines[start + 1:start + 4]


class OrphansTest(OrphansTestCase):

    def test_listed_then_removed(self):
        stack_id, data = self.abandoned()
        other, _inspected = self.create_container()
        name = data['name']
        resources = data['resources']
        lines = self.orphans()
        self.assertIn('stack %s (%s) of the project %s' % (
            stack_id, name, data['project_id']), lines)
        shown = self.own(lines, stack_id)
        container = resources['web']['resource_id']
        self.assertEqual(['container', 'network', 'volume'],
                         [line.split()[0] for line in shown])
        # Listing removes nothing.
        self.docker.inspect_container(container)
        lines = self.orphans('--remove', stack_id)
        self.assertEqual([line + ': removed' for line in shown],
                         self.own(lines, stack_id))
        self.assertRaises(docker.errors.NotFound,
                          self.docker.inspect_container, container)
        self.assertRaises(docker.errors.NotFound, self.docker.inspect_network,
                          resources['net']['resource_id'])
        self.assertRaises(docker.errors.NotFound, self.docker.inspect_volume,
                          resources['data']['resource_id'])
        self.assertNotIn(stack_id, ' '.join(self.orphans()))
        # Another stack's container is neither listed nor removed.
        self.assertNotIn(other, ' '.join(lines))
        self.inspect(other)

    def test_stack_that_exists(self):
        stack_id, _inspected = self.create_container()
        lines = self.orphans('--remove', stack_id, code=1)
        self.assertEqual('PROBLEM: no orphan belongs to the stack %s'
                         % stack_id, lines[-1])
        self.inspect(stack_id)

    def test_adopted(self):
        """The labels of a container that is adopted name its first stack."""
        stack_id, data = self.abandoned()
        self.adopt_stack(data)
        self.assertNotIn(stack_id, ' '.join(self.orphans()))

    def test_daemon_that_does_not_respond(self):
        lines = self.orphans('--docker-endpoint', 'tcp://127.0.0.1:1', code=1)
        self.assertIn('PROBLEM: tcp://127.0.0.1:1: ', lines[-1])


class AllEndpointsTest(OrphansTestCase):
    """It runs alone: stacks of other tests have daemons that are down."""

    alone = True

    def test_all_endpoints(self):
        stack_id, _data = self.abandoned()
        self.create_container()
        self.assertIn(stack_id, ' '.join(self.orphans('--all-endpoints')))
