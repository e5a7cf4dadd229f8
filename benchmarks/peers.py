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

"""Other tools that create containers."""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import uuid

import docker
import yaml

from benchmarks import common
from sandbox import compose
from sandbox import errors
from sandbox import waiting

_TIMEOUT = 900
_THREADS = 8
_WORK = []


class Absent(common.Failed):
    """A peer is not available here, or fails."""


def cache():
    """Return the directory of downloads."""
    base = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    return pathlib.Path(base, 'heat_docker', 'benchmarks')


def work():
    """Return a directory for the files of this run."""
    if not _WORK:
        _WORK.append(pathlib.Path(tempfile.mkdtemp(prefix='benchmarks-')))
    return _WORK[0]


def _run(*command, **more):
    try:
        result = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True,
            timeout=_TIMEOUT, **more)
    except OSError as ex:
        raise Absent(ex) from ex
    if result.returncode:
        raise Absent('%s: %s' % (
            command[0], (result.stderr + result.stdout).strip()[-800:]))
    return result.stdout


def raw(cloud, count):
    """Return how long the docker library takes, with several threads."""
    name = 'raw-%s' % uuid.uuid4().hex[:8]
    clients = [docker.APIClient(cloud.endpoint.replace('tcp:', 'http:'),
                                version=cloud.docker.api_version,
                                timeout=_TIMEOUT) for _one in range(_THREADS)]

    def create(number):
        client = clients[number % _THREADS]
        container = client.create_container(
            cloud.busybox, common.COMMAND, name='%s-%d' % (name, number),
            host_config=client.create_host_config(network_mode=name))['Id']
        client.start(container)
        assert client.inspect_container(container)['State']['Running']

    def delete(number):
        client = clients[number % _THREADS]
        client.stop('%s-%d' % (name, number))
        client.remove_container('%s-%d' % (name, number), v=True)

    def share(function):
        # Each thread has a client of its own.
        def part(first):
            for number in range(first, count, _THREADS):
                function(number)

        with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(part, range(_THREADS)))

    def all_up():
        clients[0].create_network(name)
        share(create)

    def all_down():
        share(delete)
        clients[0].remove_network(name)

    try:
        return common.life(all_up, all_down)
    except docker.errors.APIError as ex:
        raise common.Failed('raw: %s' % ex) from ex
    finally:
        for client in clients:
            client.close()


class Compose:
    """docker compose 2 from Debian trixie, which also runs on bookworm."""

    name = 'compose'

    def __init__(self, cloud, count):
        self._program = self._provide()
        self.version = _run(self._program, 'version', '--short').strip()
        self._file = work() / 'compose.yaml'
        self._file.write_text(yaml.safe_dump({
            'services': {'c%d' % number: {
                'image': cloud.busybox, 'command': common.COMMAND,
                'networks': ['net']} for number in range(count)},
            'networks': {'net': {}}}))
        self._environment = dict(os.environ, DOCKER_HOST=cloud.endpoint,
                                 HOME=str(work()))

    def _provide(self):
        try:
            return compose.program('trixie')
        except errors.SandboxError as ex:
            raise Absent(ex) from ex

    def life(self):
        """Return how long it takes up and down."""
        command = [self._program, '-f', self._file, '-p',
                   'bench%s' % uuid.uuid4().hex[:8]]
        return common.life(
            lambda: _run(*command, 'up', '--detach', env=self._environment),
            lambda: _run(*command, 'down', env=self._environment))


class ServiceCreate:
    """The services of docker's command line."""

    name = 'docker service'

    def __init__(self, cloud):
        """Prepare to use the daemon of a sandbox."""
        self._cloud = cloud
        self.version = _run('docker', '--version').split()[2].rstrip(',')

    def life(self, count):
        """Return how long a service takes, until all of it is gone."""
        name = 'cli-%s' % uuid.uuid4().hex[:8]
        return common.life(
            lambda: self._docker(
                'create', '--detach=false', '--quiet', '--name', name,
                '--replicas', count, self._cloud.busybox, *common.COMMAND),
            lambda: self._delete(name))

    def _docker(self, *words):
        return _run('docker', '--host', self._cloud.endpoint, 'service',
                    *words)

    def _delete(self, name):
        """Delete a service; docker does not wait for its containers."""
        self._docker('rm', name)
        waiting.until(lambda: not self._cloud.docker.containers(
            all=True, quiet=True, filters={
                'label': 'com.docker.swarm.service.name=' + name}),
            _TIMEOUT, 'containers gone', pause=0.1)


class Ansible:
    """The module docker_container, in a loop, on this host."""

    name = 'ansible'

    def __init__(self, cloud, count):
        folder = cache() / 'ansible'
        self._program = folder / 'bin' / 'ansible-playbook'
        if not self._program.exists():
            _run(sys.executable, '-m', 'venv', folder)
            # Only the Docker modules of the package are needed.
            _run(folder / 'bin' / 'pip', 'install', '--quiet', 'ansible',
                 'requests')
        self.version = _run(
            folder / 'bin' / 'python', '-c', 'import importlib.metadata; '
            'print(importlib.metadata.version("ansible"))').strip()
        self._books = {}
        for action, states in (('create', ('present', 'started')),
                               ('delete', ('absent', 'absent'))):
            network = {'community.docker.docker_network': {
                'name': '{{ prefix }}', 'state': states[0],
                'docker_host': cloud.endpoint}}
            container = {'community.docker.docker_container': {
                'name': '{{ prefix }}-{{ item }}', 'state': states[1],
                'docker_host': cloud.endpoint,
                **({'image': cloud.busybox, 'command': common.COMMAND,
                    'networks': [{'name': '{{ prefix }}'}],
                    'networks_cli_compatible': True}
                   if action == 'create' else {})},
                'loop': list(range(count))}
            tasks = [network, container]
            self._books[action] = work() / ('%s.yaml' % action)
            self._books[action].write_text(yaml.safe_dump([{
                'hosts': 'localhost', 'connection': 'local',
                'gather_facts': False,
                'vars': {'ansible_python_interpreter':
                         str(folder / 'bin' / 'python')},
                'tasks': tasks if action == 'create' else tasks[::-1]}]))

    def life(self):
        """Return how long the creates and the removals take."""
        prefix = 'ansible-%s' % uuid.uuid4().hex[:8]
        environment = dict(os.environ, HOME=str(work()), LC_ALL='C.UTF-8')

        def play(action):
            _run(self._program, '-i', 'localhost,', '-e',
                 'prefix=%s' % prefix, self._books[action], env=environment)

        return common.life(lambda: play('create'), lambda: play('delete'))
