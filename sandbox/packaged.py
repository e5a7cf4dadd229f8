#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Try the plugin in the Heat of Debian's packages, release by release.

The packages are in a chroot that is kept; MariaDB, RabbitMQ, Keystone and
Docker are those of a sandbox.
"""

import contextlib
import dataclasses
import os
import shutil
import threading
import time

import docker
from heatclient import client as heat_client
import openstack.config
import yaml

from sandbox import cleaning
from sandbox import debian
from sandbox import errors
from sandbox import lifecycle
from sandbox import packages
from sandbox import state
from sandbox.services import debootstrap
from sandbox.services import packaged_heat

RELEASES = ('trixie', 'forky', 'sid')
COLUMNS = ('release', 'heat', 'python', 'docker', 'result', 'seconds')
TYPE = 'DockerInc::Docker::Container'
LABEL = 'org.openstack.heat.'
STACK_TIMEOUT = 120
TAIL = 30
# Ends at once when it is asked to.
SLEEP = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait']


@dataclasses.dataclass
class Result:
    release: str
    heat: str = ''
    python: str = ''
    docker: str = ''
    result: str = 'ok'
    seconds: str = ''


def run(layout, releases, fresh=False):
    """Try all releases, print a table; return 0 if all are well, else 1.

    :param fresh: build the chroots anew, with the packages of today.
    """
    if os.geteuid():
        raise errors.SandboxError('only root can make a chroot')
    packages.ensure()
    with lifecycle.sandbox(layout):
        results = [_try(layout, release, fresh) for release in releases]
    print()
    for line in table(results):
        print(line)
    return int(any(result.result != 'ok' for result in results))


def table(results):
    """Return the lines of a table of results."""
    rows = [COLUMNS, *(dataclasses.astuple(result) for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ['  '.join(cell.ljust(width) for cell, width
                      in zip(row, widths, strict=True)).rstrip()
            for row in rows]


def _try(layout, release, fresh):
    print(f'\nDebian {release}', flush=True)
    result = Result(release)
    begin = time.monotonic()
    try:
        _Trial(layout, release, fresh).run(result)
    except Exception as e:
        _explain(errors.root_cause(e))
        result.result = 'FAILED'
    result.seconds = f'{time.monotonic() - begin:.1f}'
    return result


def _explain(error):
    """Tell why; what a service has logged is gone with the sandbox."""
    print(f'  failed: {error or type(error).__name__}', flush=True)
    log = getattr(error, 'log', None)
    if log and log.exists():
        lines = log.read_text(errors='replace').splitlines()[-TAIL:]
        print('\n'.join([f'--- end of {log}', *lines, '---']), flush=True)


class _Trial:
    def __init__(self, layout, release, fresh):
        self.layout = layout
        self.current = state.load(layout.state)
        self.context = packaged_heat.Context(
            layout, cleaning.Leftovers.load(layout.leftovers),
            threading.Event())
        self.chroot = debootstrap.Chroot(
            debian.cache('debian') / release, release)
        self.fresh = fresh

    def run(self, result):
        """Do all of it; enter the versions into the result."""
        with contextlib.ExitStack() as stack:
            use = stack.enter_context
            use(debian.lock(self.chroot.folder))
            with self._step('packages'):
                if self.fresh:
                    shutil.rmtree(self.chroot.folder, ignore_errors=True)
                use(debootstrap.Build(
                    self.context, self.chroot, packaged_heat.PACKAGES))
            with self._step('plugin'):
                plugin = use(packaged_heat.Plugin(self.context, self.chroot))
                result.heat, result.python, result.docker = plugin.versions()
            with self._step('heat'):
                url = use(packaged_heat.heat(self.context, self.chroot,
                                             self.current))
            with self._step('stack'):
                self._stack(url)

    @contextlib.contextmanager
    def _step(self, title):
        begin = time.monotonic()
        yield
        print(f'  {title:<20}{time.monotonic() - begin:5.1f} s', flush=True)

    def _stack(self, url):
        log = self.layout.log(
            f'{self.chroot.release}-{packaged_heat.Engine.program}')
        with contextlib.closing(docker.APIClient(
                self.current.docker['endpoint'], version='auto')) as engine:
            stack = Stack(_client(self.current.clouds_file, url), engine,
                          f'packaged-{self.chroot.release}')
            try:
                with stack:
                    Check(stack, self.current).run()
            except Exception as e:
                raise errors.ServiceError(
                    str(e) or type(e).__name__, log) from e


def _client(clouds_file, url):
    region = openstack.config.OpenStackConfig(
        config_files=[clouds_file]).get_one(cloud='sandbox')
    session = region.get_session()
    return heat_client.Client(
        '1', session=session, service_type='orchestration',
        endpoint_override=f'{url}/v1/{session.get_project_id()}',
        # uwsgi closes connections without a word, and resets some.
        additional_headers={'Connection': 'close'}, connect_retries=5)


class Stack:
    """A stack, as Heat and as Docker sees it; removed at the end."""

    def __init__(self, heat, engine, name):
        self.heat = heat
        self.engine = engine
        self.name = name

    def __enter__(self):
        self._remove_containers()
        return self

    def __exit__(self, *_):
        self._remove_containers()

    def _list(self):
        return self.engine.containers(all=True, filters={
            'label': f'{LABEL}stack_name={self.name}'})

    def _remove_containers(self):
        for container in self._list():
            self.engine.remove_container(container['Id'], force=True, v=True)

    def containers(self):
        """Return {name of the resource: what inspect says}."""
        return {container['Labels'][f'{LABEL}resource_name']:
                self.engine.inspect_container(container['Id'])
                for container in self._list()}

    def create(self, template):
        self._id = self.heat.stacks.create(
            stack_name=self.name,
            template=yaml.safe_dump(template))['stack']['id']
        self._expect('CREATE_COMPLETE')

    def update(self, template):
        self.heat.stacks.update(self._id, template=yaml.safe_dump(template))
        self._expect('UPDATE_COMPLETE')

    def delete(self):
        self.heat.stacks.delete(self._id)
        self._expect('DELETE_COMPLETE')

    def _expect(self, status):
        action = status.partition('_')[0]
        deadline = time.monotonic() + STACK_TIMEOUT
        while time.monotonic() < deadline:
            stack = self.heat.stacks.get(self._id, resolve_outputs=False)
            if stack.stack_status == status:
                return
            if stack.stack_status == f'{action}_FAILED':
                raise errors.SandboxError(
                    f'{stack.stack_status}: {stack.stack_status_reason}')
            time.sleep(0.5)
        raise errors.SandboxError(
            f'no {status} within {STACK_TIMEOUT} s, but '
            f'{stack.stack_status}')


class Check:
    """Two containers: one is changed in place, one is replaced."""

    def __init__(self, stack, current):
        """Create the check.

        :param stack: Stack.
        :param current: state.State of the sandbox.
        """
        self.stack = stack
        self.current = current

    def template(self, restart, word):
        """Return the template.

        :param restart: when Docker starts the first container again.
        :param word: what the second one has in its environment.
        """
        first = {'image': self.current.images['httpd'],
                 'port_bindings': {80: ''},
                 'restart_policy': {'Name': restart}}
        second = {'image': self.current.images['busybox'], 'cmd': SLEEP,
                  'env': [f'WORD={word}']}
        # The first one is at the socket; a borrowed engine has that only.
        if self.current.docker['tcp_endpoint']:
            second['docker_endpoint'] = self.current.docker['tcp_endpoint']
        return {'heat_template_version': '2021-04-16',
                'resources': {
                    'web': {'type': TYPE, 'properties': first},
                    'worker': {'type': TYPE, 'properties': second}}}

    def run(self):
        self.stack.create(self.template('no', 'old'))
        old = self._look('no', 'old')
        self.stack.update(self.template('always', 'new'))
        new = self._look('always', 'new')
        expect('is changed in place', old['web']['Id'], new['web']['Id'])
        if old['worker']['Id'] == new['worker']['Id']:
            raise errors.SandboxError('the worker is not replaced')
        self.stack.delete()
        expect('containers are left', {}, self.stack.containers())

    def _look(self, restart, word):
        """Ask Docker whether all is as in the template."""
        found = self.stack.containers()
        expect('containers', ['web', 'worker'], sorted(found))
        for name, container in found.items():
            expect(f'{name} runs', True, container['State']['Running'])
        expect('web is started again', restart,
               found['web']['HostConfig']['RestartPolicy']['Name'])
        expect('web has a port', True,
               bool(found['web']['NetworkSettings']['Ports']['80/tcp']))
        expect('worker has the word', True,
               f'WORD={word}' in found['worker']['Config']['Env'])
        return found


def expect(what, wanted, found):
    if wanted != found:
        raise errors.SandboxError(
            f'Docker says otherwise: {what}: {found!r}, not {wanted!r}')
