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

"""Stacks on the sandbox: the real Heat API, the real Docker Engine."""

import contextlib
import fcntl
import os
import pathlib
import sys
import time
import uuid

import docker
from heatclient import client as heat_client
from heatclient import exc as heat_errors
from keystoneclient.v3 import client as keystone_client
import openstack.config
import requests
import testtools
from testtools import content
import yaml

from sandbox import engines
from sandbox import state
from sandbox import waiting
from tests.functional import evidence

TYPE = 'DockerInc::Docker::Container'

# The timeout of each wait of a test, in seconds.
PATIENCE = 120.0
# The same with an engine in a guest, whose processor is emulated.
GUEST_PATIENCE = 900.0

# Seconds until the delete of a stack is repeated if Heat has not begun it.
AGAIN = 10.0

# Ends at once on SIGTERM, which the first process of a container must handle
# itself.
SLEEP = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait']


def wait_until(predicate, what):
    """Return what the predicate returns once it is true."""
    return waiting.until(predicate, PATIENCE, what, pause=0.2)


def is_at(stack, status):
    """Return whether a stack has a status; fail if it cannot get there."""
    action = status.partition('_')[0]
    if (stack.stack_status not in (status, action + '_IN_PROGRESS')
            and stack.stack_status.startswith(action)):
        raise AssertionError('%s: %s' % (stack.stack_status,
                                         stack.stack_status_reason))
    return stack.stack_status == status


# What engines report if a registry does not have an image: that of the
# registry, or that of the containerd image store.
NO_MANIFEST = 'manifest unknown|failed to resolve reference .* not found'


# Features that tests need and Podman, or the sandbox with it, lacks, and why.
PODMAN_LACKS = {
    'bind_recursive': 'Podman does not mount what is below a read-only bind '
                      'mount if bind_recursive is writable or readonly',
    'build containers': 'Podman does not list the containers of a build',
    'build options': 'Podman refuses or ignores some options of a build',
    'config_from': 'Podman ignores config_from',
    'cpus in place': 'Podman changes cpus by no update, so that the '
                     'container is replaced',
    'device_requests': 'Podman ignores device_requests',
    'domainname': 'Podman ignores domainname',
    'endpoint options': 'Podman ignores link_local_ips and driver_opts of '
                        'an endpoint',
    'failed connect': 'Podman keeps an endpoint that it failed to connect, '
                      'and can neither disconnect nor remove the container',
    'fresh creates': 'the values and known differences in the tables for '
                     'this comparison are those of Docker Engine',
    'health': 'Podman starts health checks by timers of systemd, of which '
              'the sandbox has none',
    'Internet': 'the network of the sandbox has no way out',
    'links': 'Podman refuses links',
    'owner of a volume': 'Podman takes the files of an archive into a '
                         'volume, but not the owner of its root',
    'platform': 'Podman uses the image that is there for another platform',
    'restarting': 'Podman knows no state "restarting"',
    'second engine': 'no other engine is at a socket',
    'shows all': 'Podman shows some of these properties by other values, or '
                 'not at all',
    'stranger as a registry': 'Podman has to be told of each registry '
                              'without TLS',
    'swarm': 'Podman has no swarms',
    'volume labels': 'Podman ignores the labels of a volume in mounts',
    'volume options': 'Podman ignores the driver options of a volume in '
                      'mounts',
    'weights': 'Podman hands weights on that the kernel does not know',
}


# Additional features that Podman 4 lacks.
PODMAN_4_LACKS = {
    'in place': 'Podman before 5.1 updates no container, so that it is '
                'replaced',
    'ulimits': 'Podman 4 adds limits of its own to the ulimits of a '
               'container, which the sandbox cannot give',
}


# What tests need and an engine in a guest lacks.
GUEST_LACKS = {
    'loopback': 'the engine has a loopback address of its own',
}


def requires(*capabilities):
    """Mark a test, or a class of tests, that needs features of the engine.

    :param capabilities: keys of :data:`PODMAN_LACKS`,
        :data:`PODMAN_4_LACKS` or :data:`GUEST_LACKS`.
    """
    def mark(test):
        test.requires = capabilities
        return test
    return mark


class FunctionalTest(testtools.TestCase):
    """A test on a cloud that it shares with other tests.

    A class with ``alone`` set runs while no other test does, so that it may
    stop services.
    """

    alone = False

    def setUp(self):
        super().setUp()
        self.cloud = state.load()
        if self.cloud.engine == engines.GUEST:
            self.patch(sys.modules[__name__], 'PATIENCE', GUEST_PATIENCE)
        self._take_turn()
        self.docker = docker.APIClient(self.cloud.docker['endpoint'],
                                       version='auto')
        self.addCleanup(self.docker.close)
        self._skip_what_the_engine_lacks()
        self._stack_ids = []
        logs = evidence.Logs(self.cloud.logs)
        self.addOnException(lambda _info: self._add_evidence(logs))
        self.heat = self.heat_of('sandbox')
        self.busybox = self.cloud.images['busybox']

    def _skip_what_the_engine_lacks(self):
        lacks = self._lacks()
        for marked in (self, getattr(self, self._testMethodName)):
            for capability in getattr(marked, 'requires', ()):
                if capability in lacks:
                    self.skipTest(lacks[capability])

    def _lacks(self):
        """Return what the engine lacks, and why."""
        if self.cloud.engine == engines.GUEST:
            return GUEST_LACKS
        if not engines.is_podman(self.cloud.engine):
            return {}
        if self.docker.version()['Version'].startswith('4.'):
            return PODMAN_LACKS | PODMAN_4_LACKS
        return PODMAN_LACKS

    def has_cgroup_v2(self):
        """Return whether the engine ignores what only cgroup v1 has."""
        return self.docker.info().get('CgroupVersion') == '2'

    def _add_evidence(self, logs):
        """Attach the log lines since the start of the test to a failure."""
        for name, text in logs.since(self._stack_ids).items():
            self.addDetail(name, content.text_content(text))

    def _take_turn(self):
        path = pathlib.Path(self.cloud.logs).parent / 'turn'
        turn = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        self.addCleanup(os.close, turn)
        fcntl.flock(turn, fcntl.LOCK_EX if self.alone else fcntl.LOCK_SH)

    def heat_of(self, cloud):
        """Return the Heat client of one of the users of the sandbox."""
        region = self._region(cloud)
        # Heat's API of Debian's packages is served by uwsgi, which closes
        # some connections early.
        return heat_client.Client(
            '1', session=region.get_session(), service_type='orchestration',
            endpoint_override=region.get_endpoint('orchestration'),
            connect_retries=5)

    def _session(self, cloud):
        return self._region(cloud).get_session()

    def _region(self, cloud):
        return openstack.config.OpenStackConfig(
            config_files=[self.cloud.clouds_file]).get_one(cloud=cloud)

    def stack_users(self, stack_id):
        """Return the names of the users that Keystone has for a stack."""
        keystone = keystone_client.Client(
            session=self._session('sandbox-admin'))
        name = self.heat.stacks.get(stack_id,
                                    resolve_outputs=False).stack_name
        return [user.name for user in keystone.users.list(
            domain=keystone.domains.list(name='heat')[0])
            if user.name.startswith(name + '-')]

    # Stacks.

    def template(self, resources, outputs=None):
        return {'heat_template_version': '2021-04-16',
                'resources': resources, 'outputs': outputs or {}}

    def container(self, **properties):
        """Return a container that runs until it is stopped."""
        return {'type': TYPE,
                'properties': {'image': self.busybox, 'cmd': SLEEP,
                               **properties}}

    def start_stack(self, template, **kwargs):
        """Start to create a stack and return its ID."""
        try:
            stack_id = self._create(template, kwargs)
        except heat_errors.HTTPInternalServerError:
            # Under load Keystone occasionally answers a request for a trust
            # with 403, which Heat does not handle.
            stack_id = self._create(template, kwargs)
        self._look_after(self.heat, stack_id)
        return stack_id

    def _look_after(self, heat, stack_id):
        """Delete a stack at the end, and show its logs if the test fails."""
        self._stack_ids.append(stack_id)
        self.addCleanup(self._cleanup_stack, heat, stack_id)

    def _create(self, template, kwargs):
        stack = self.heat.stacks.create(
            stack_name='t-%s' % uuid.uuid4().hex[:12],
            template=yaml.safe_dump(template), **kwargs)
        return stack['stack']['id']

    def create_stack(self, template, **kwargs):
        """Create a stack that succeeds and return its id."""
        stack_id = self.start_stack(template, **kwargs)
        self.expect(stack_id, 'CREATE_COMPLETE')
        return stack_id

    def create_container(self, **properties):
        """Create a stack of one container; return its id and inspect."""
        stack_id = self.create_stack(
            self.template({'web': self.container(**properties)}))
        return stack_id, self.inspect(stack_id)

    def fail_container(self, **properties):
        """Create a stack that fails; return its id, and why it failed."""
        stack_id = self.start_stack(
            self.template({'web': self.container(**properties)}))
        self.expect(stack_id, 'CREATE_FAILED')
        return stack_id, self.resource(stack_id).resource_status_reason

    def adopt_stack(self, data, status='ADOPT_COMPLETE'):
        """Adopt existing objects and return the ID of the stack.

        :param dict data: contents of a file for "openstack stack adopt".
        """
        stack = self.heat.stacks.create(
            stack_name='a-%s' % uuid.uuid4().hex[:12],
            adopt_stack_data=self.dump(data))
        adopted = stack['stack']['id']
        self._look_after(self.heat, adopted)
        self.expect(adopted, status)
        return adopted

    def dump(self, template):
        return yaml.safe_dump(template)

    def update_stack(self, stack_id, template, status='UPDATE_COMPLETE',
                     **kwargs):
        self.heat.stacks.update(stack_id, template=self.dump(template),
                                **kwargs)
        self.expect(stack_id, status)

    def act(self, stack_id, action, status):
        """Suspend, resume or check a stack."""
        getattr(self.heat.actions, action)(stack_id)
        self.expect(stack_id, status)

    def expect(self, stack_id, status):
        """Wait for a status of the stack; fail if it cannot get there."""
        self._expect(self.heat, stack_id, status)

    def _expect(self, heat, stack_id, status):
        wait_until(lambda: is_at(
            heat.stacks.get(stack_id, resolve_outputs=False), status),
            'stack %s' % status)

    def delete_stack(self, stack_id):
        """Delete a stack and wait until it is deleted."""
        self._delete(self.heat, stack_id)

    def _delete(self, heat, stack_id):
        """Delete a stack; repeat the request if Heat has dropped it.

        Heat drops it, with only a warning in its log, if it stores another
        change of the stack's state at the same time:
        https://github.com/openstack/heat/blob/master/heat/engine/stack.py.
        """
        heat.stacks.delete(stack_id)
        again = time.monotonic() + AGAIN

        def gone():
            nonlocal again
            stack = heat.stacks.get(stack_id, resolve_outputs=False)
            if (not stack.stack_status.startswith('DELETE')
                    and time.monotonic() > again):
                heat.stacks.delete(stack_id)
                again = time.monotonic() + AGAIN
            return is_at(stack, 'DELETE_COMPLETE')
        wait_until(gone, 'stack DELETE_COMPLETE')

    def _cleanup_stack(self, heat, stack_id):
        # A test may have purged it.
        with contextlib.suppress(heat_errors.HTTPNotFound):
            stack = heat.stacks.get(stack_id, resolve_outputs=False)
            if stack.stack_status != 'DELETE_COMPLETE':
                self._delete(heat, stack_id)
        self.assertEqual([], self.containers(stack_id))

    def resource(self, stack_id, name='web'):
        return self.heat.resources.get(stack_id, name)

    def outputs(self, stack_id):
        return {output['output_key']: output['output_value']
                for output in self.heat.stacks.get(stack_id).outputs}

    def reasons(self, stack_id):
        """Return the reasons of all events of a stack as one text."""
        return '\n'.join(event.resource_status_reason for event in
                         self.heat.events.list(stack_id))

    def refused(self, resources):
        """Return why Heat refuses to create a stack."""
        error = self.assertRaises(
            heat_errors.HTTPBadRequest, self.start_stack,
            self.template(resources))
        return str(error)

    def page_at(self, port):
        """Wait for a web server at a published port; return its page."""
        return waiting.until(
            lambda: requests.get('http://%s:%d/' % (
                self.cloud.docker['address'], port), timeout=5).text.strip(),
            PATIENCE, 'page', requests.RequestException)

    # Docker.

    def containers(self, stack_id):
        """Return the containers of a stack, as Docker lists them."""
        return self.docker.containers(all=True, filters={
            'label': 'org.openstack.heat.stack_id=%s' % stack_id})

    def inspect(self, stack_id, name='web'):
        return self.docker.inspect_container(
            self.resource(stack_id, name).physical_resource_id)

    def run_shell(self, inspected, command):
        """Run a shell command in a container; return its output."""
        created = self.docker.exec_create(inspected['Id'],
                                          ['sh', '-c', command])
        return self.docker.exec_start(created['Id']).decode().strip()

    def remove_container(self, container):
        with contextlib.suppress(docker.errors.NotFound):
            self.docker.remove_container(container, force=True, v=True)
