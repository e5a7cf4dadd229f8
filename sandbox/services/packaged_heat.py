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

"""Heat from a distribution's packages, in a chroot with the plugin.

Its heat.conf is the package's with the settings of the sandbox's own Heat,
except for those that packages decide: paths, paste, policy.
"""

import configparser
import contextlib
import dataclasses
import os
import pathlib
import re
import sys
import urllib.parse

import fixtures
import pymysql
import requests
import yaml

from sandbox import errors
from sandbox import ports
from sandbox import state
from sandbox.services import debootstrap

PACKAGES = ('heat-engine', 'heat-api', 'python3-docker', 'python3-pymysql')
README = state.ROOT / 'README.rst'
WORKERS = 2
MYSQL_SOCKET = '/run/mysqld/mysqld.sock'
DOCKER_SOCKET = '/run/docker.sock'
CONFIG = '/etc/heat/heat.conf'
# Settings that packages decide.
THEIRS = (('DEFAULT', 'plugin_dirs'), ('DEFAULT', 'environment_dir'),
          ('DEFAULT', 'template_dir'), ('oslo_policy', 'policy_file'),
          ('paste_deploy', 'api_paste_config'))

# One test for each kind of change and for each resource type.
_LIFE = 'tests.functional.test_container.LifeTest.'
_COMPOSE = 'tests.functional.test_compose_project.'
TESTS = (_LIFE + 'test_changed_property_replaces',
         _LIFE + 'test_check',
         _LIFE + 'test_suspend_and_resume',
         'tests.functional.test_update.InPlaceTest.test_limits',
         'tests.functional.test_image_resource.PulledTest.test_life',
         'tests.functional.test_network.NetworkTest.test_life',
         'tests.functional.test_volume.VolumeTest.test_life',
         _COMPOSE + 'UpdateTest.test_one_service_at_a_time',
         _COMPOSE + 'ActionsTest.test_suspend_check_and_unhealthy',
         _COMPOSE + 'ActionsTest.test_snapshot_and_restore')


def instructions(text):
    """Return README's install command, its target and its check command."""
    install = re.search(r'^ +(rsync .* heat_docker) (/\S+)$', text, re.M)
    check = re.search(r'^ +(python3 /\S+/check\.py)$', text, re.M)
    if not install or not check:
        raise errors.SandboxError(
            f'{README.name} has no installation commands')
    return install[1].split(), install[2], check[1].split()


def options(theirs, ours, database, bus):
    """Return the heat.conf for a packaged Heat.

    :param theirs: the package's heat.conf.
    :param ours: the sandbox's heat.conf.
    :param database: name of the database.
    :param bus: name of the virtual host of RabbitMQ.
    """
    settings = _parse(ours)
    for section, name in THEIRS:
        settings.remove_option(section, name)
    settings['DEFAULT']['transport_url'] += bus
    settings['DEFAULT']['num_engine_workers'] = str(WORKERS)
    settings['database']['connection'] = (
        f'mysql+pymysql://root@localhost/{database}'
        f'?unix_socket={MYSQL_SOCKET}&charset=utf8mb4')
    settings['heat_docker']['local_endpoint'] = f'unix://{DOCKER_SOCKET}'
    # The package names one.
    settings['keystone_authtoken']['region_name'] = (
        settings['DEFAULT']['region_name_for_services'])
    config = _parse(theirs)
    config.read_dict(settings)
    return config


def _parse(text):
    config = configparser.RawConfigParser(default_section='', strict=False)
    config.read_string(text)
    return config


def mysql_socket(text):
    """Return the socket of the MariaDB in a heat.conf."""
    url = urllib.parse.urlsplit(_parse(text)['database']['connection'])
    return urllib.parse.parse_qs(url.query)['unix_socket'][0]


class Plugin(debootstrap.Program):
    """The plugin, installed and checked by README's commands."""

    program = 'plugin'

    def _setUp(self):
        super()._setUp()
        install, target, check = instructions(README.read_text())
        # The source of the rsync command is relative to the repository.
        self._exec(['env', '--chdir', str(state.ROOT), *install,
                    f'{self.chroot.folder}{target}'])
        self.run(*check)

    def versions(self):
        """Return the versions of Heat, Python and the docker library."""
        said = self.run('dpkg-query', '--show', '--showformat',
                        '${Version}\n', 'heat-engine', 'python3',
                        'python3-docker')
        # Epoch and revision are Debian's.
        return [re.sub(r'^\d+:|-[^-]*$', '', line)
                for line in said.split()]


class Database(fixtures.Fixture):
    """An empty database in the sandbox's MariaDB."""

    def __init__(self, socket, name):
        super().__init__()
        self.socket = socket
        self.name = name

    def execute(self, statement, database=None):
        with pymysql.connect(unix_socket=self.socket, user='root',
                             database=database) as db:
            with db.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()

    def _setUp(self):
        self.execute(f'DROP DATABASE IF EXISTS {self.name}')
        self.addCleanup(self.execute, f'DROP DATABASE {self.name}')
        self.execute(f'CREATE DATABASE {self.name} CHARACTER SET utf8mb4')


class VirtualHost(debootstrap.Program):
    """A virtual host in the sandbox's RabbitMQ.

    The topics of all Heats have the same names.
    """

    program = 'rabbitmqctl'

    def __init__(self, context, chroot, server, url):
        """Create a virtual host that is not there yet.

        :param server: pid of RabbitMQ.
        :param url: transport_url of the sandbox.
        """
        super().__init__(context, chroot)
        self.server = server
        self.user = urllib.parse.urlsplit(url).username

    def _setUp(self):
        super()._setUp()
        # The environment names the node, its port mapper, its cookie, and
        # the programs that do not switch to the user of Debian's server.
        environ = pathlib.Path(f'/proc/{self.server}/environ').read_text()
        self.environ = dict(setting.split('=', 1)
                            for setting in environ.split('\0') if setting)
        name = self.chroot.release
        # A killed run may have left one.
        self._ctl('delete_vhost', name, ignore_failure=True)
        self.addCleanup(self._ctl, 'delete_vhost', name, ignore_failure=True)
        self._ctl('add_vhost', name)
        self._ctl('set_permissions', '-p', name, self.user,
                  '.*', '.*', '.*')

    def _ctl(self, *words, **kwargs):
        self._exec(['rabbitmqctl', *words], env=self.environ,
                   path=self.environ['PATH'].split(os.pathsep), **kwargs)


class _Heat(debootstrap.Program):
    """A program that runs as the user heat.

    Our heat.conf is mounted over the package's.
    """

    def __init__(self, context, chroot, config, sockets):
        """Create a program that is not started yet.

        :param config: heat.conf, pathlib.Path.
        :param sockets: paths of the sockets of Docker and of MariaDB.
        """
        super().__init__(context, chroot)
        docker, mysql = sockets
        self.mounts = {config: CONFIG, docker: DOCKER_SOCKET,
                       mysql: MYSQL_SOCKET}
        # As "adduser heat docker" does.
        group = os.stat(docker).st_gid
        self.who = f'--userspec=heat:heat --groups={group}'

    def command(self, *command, **kwargs):
        return self.chroot.command(*command, who=self.who,
                                   mounts=self.mounts, **kwargs)


class Setup(_Heat):
    """The tables of the database."""

    program = 'heat-manage'

    def _setUp(self):
        super()._setUp()
        self._exec(self.command('heat-manage', 'db_sync'))


class Engine(_Heat):
    """heat-engine, started by the script that systemd calls."""

    program = 'heat-engine'

    def __init__(self, context, chroot, config, sockets, database):
        super().__init__(context, chroot, config, sockets)
        self.database = database

    def _setUp(self):
        super()._setUp()
        self.spawn(self.command('/etc/init.d/heat-engine', 'systemd-start',
                                env={'USE_LOGFILE': 'no'}))
        self.wait(self._is_ready, f'{WORKERS} ready workers')

    def _is_ready(self):
        """Return whether all workers are in the table, which was empty."""
        return len(self.database.execute(
            'SELECT engine_id FROM service', self.database.name)) >= WORKERS


class API(_Heat):
    """heat-api, served by uwsgi as in Debian, except for the port."""

    program = 'heat-api'

    def _setUp(self):
        super()._setUp()
        # uwsgi logs to this file regardless of its command line.
        self.log.touch()
        self.chroot.give_to_heat(self.log)
        self.mounts[self.log] = '/var/log/heat/heat-api.log'
        port = ports.free()
        self.url = f'http://{ports.LOOPBACK}:{port}'
        self.spawn(self.command(
            'uwsgi_python3', '--http-socket', f'{ports.LOOPBACK}:{port}',
            '--ini', '/etc/heat/heat-api-uwsgi.ini',
            '--processes', str(WORKERS)))
        self.wait(self._answers, f'an answer at {self.url}')

    def _answers(self):
        return requests.get(f'{self.url}/healthcheck', timeout=5).ok


class Tests(debootstrap.Program):
    """Functional tests on a packaged Heat."""

    program = 'tests'
    timeout = 900

    def __init__(self, context, chroot, current, url):
        """Create tests that are not started yet.

        :param current: state.State of the sandbox.
        :param url: URL of the API.
        """
        super().__init__(context, chroot)
        self.current = current
        self.url = url

    def _setUp(self):
        super()._setUp()
        etc = self.context.layout.etc
        path = etc / f'{self.chroot.release}-state.json'
        clouds = etc / f'{self.chroot.release}-clouds.yaml'
        # The file has passwords.
        clouds.touch(0o600)
        clouds.write_text(yaml.safe_dump(with_endpoint(
            yaml.safe_load(pathlib.Path(self.current.clouds_file)
                           .read_text()), self.url)))
        dataclasses.replace(
            self.current, clouds_file=str(clouds),
            heat_url=self.url).save(path)
        self._exec([sys.executable, '-m', 'testtools.run', *TESTS],
                   env={state.ENV_FILE: str(path),
                        'PYTHONPATH': str(state.ROOT)})


def with_endpoint(clouds, url):
    """Return a clouds.yaml whose Heat is at a URL."""
    return {'clouds': {
        name: {**cloud, 'orchestration_endpoint_override':
               f'{url}/v1/%(project_id)s'}
        for name, cloud in clouds['clouds'].items()}}


@contextlib.contextmanager
def heat(context, chroot, current):
    """Run the Heat of a chroot for the duration of the block.

    :param current: state.State of the sandbox.
    :return: the API's URL.
    """
    ours = pathlib.Path(current.heat_conf).read_text()
    name = f'heat_{chroot.release}'
    database = Database(mysql_socket(ours), name)
    bus = VirtualHost(context, chroot, current.services['rabbitmq']['pid'],
                      _parse(ours)['DEFAULT']['transport_url'])
    config = _write_config(context.layout.etc, chroot, options(
        (chroot.folder / CONFIG[1:]).read_text(), ours, name,
        chroot.release))
    sockets = (current.docker['endpoint'].removeprefix('unix://'),
               database.socket)
    with contextlib.ExitStack() as stack:
        use = stack.enter_context
        use(database)
        use(bus)
        use(Setup(context, chroot, config, sockets))
        use(Engine(context, chroot, config, sockets, database))
        yield use(API(context, chroot, config, sockets)).url


def _write_config(folder, chroot, config):
    path = folder / f'{chroot.release}-heat.conf'
    # The file has passwords.
    path.touch(0o600)
    with open(path, 'w') as f:
        config.write(f)
    chroot.give_to_heat(path)
    return path
