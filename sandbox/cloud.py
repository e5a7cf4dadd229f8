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

"""The services of a cloud, their dependencies and their configuration."""

import secrets

import fixtures
import requests

from sandbox import engines
from sandbox import errors
from sandbox import identity
from sandbox import images
from sandbox import network
from sandbox import packages
from sandbox import plugin
from sandbox import ports
from sandbox import processes
from sandbox import state
from sandbox import steps
from sandbox.guests import engine as guest_engine
from sandbox.services import docker_engine
from sandbox.services import heat
from sandbox.services import keystone
from sandbox.services import mariadb
from sandbox.services import podman
from sandbox.services import rabbitmq
from sandbox.services import registry

DEADLINE = 600


class Cloud(fixtures.Fixture):
    """All services, started as concurrently as their dependencies allow."""

    def __init__(self, context, engine, report):
        """Create a cloud that is not started yet.

        :param context: services.base.Context.
        :param engine: one of engines.NAMES.
        :param report: function(title, seconds, detail).
        """
        super().__init__()
        self.context = context
        self.layout = context.layout
        self.leftovers = context.leftovers
        self.engine = engine
        self.report = report
        self.programs = []

    def _setUp(self):
        # Each service needs its package, so this is a separate plan; the
        # first download may be slow.
        prepare = steps.Plan(self.report, self.context.stop, 1800)
        needed = prepare.add('packages', packages.ensure)
        if engines.release(self.engine):
            prepare.add(self.engine, self._programs, needed)
        prepare.run()
        if engines.is_podman(self.engine):
            network.isolate()
        self._choose_services()
        self._start_services()

    def _programs(self):
        self.programs = engines.provide(self.context, self.engine)

    def _choose_services(self):
        context = self.context
        self.heat_password = secrets.token_hex(8)
        self.mariadb = mariadb.MariaDB(context)
        self.rabbitmq = rabbitmq.RabbitMQ(context)
        self.registry = registry.Registry(context)
        self.private_registry = registry.PrivateRegistry(context)
        self.keystone = keystone.Keystone(context)
        self.heat_api = heat.HeatAPI(context)
        self.heat_api_cfn = heat.HeatAPICFN(context)
        self.heat_engine = heat.HeatEngine(context, self.mariadb)
        self.leftovers.registries = [self.registry.address,
                                     self.private_registry.address]
        self._choose_engines()
        self.leftovers.save(self.layout.leftovers)

    def _choose_engines(self):
        """Choose the main engine and the additional ones.

        A Podman is the only engine. A borrowed engine has no service.
        """
        context, registries = self.context, self.leftovers.registries
        self.docker = borrowed = None
        dockers = []
        if engines.is_podman(self.engine):
            self.docker = self.podman = podman.MainPodman(
                context, registries, self.programs)
        else:
            self.podman = podman.Podman(context, registries)
            if self.engine == engines.DEFAULT:
                borrowed = docker_engine.running()
            if borrowed:
                self.leftovers.endpoint = borrowed
            elif self.engine == engines.GUEST:
                self.docker = guest_engine.Engine(context, registries)
                dockers = [self.docker]
            else:
                self.docker = docker_engine.DockerEngine(
                    context, programs=self.programs)
                dockers = [self.docker]
        self.docker_endpoint = borrowed or self.docker.endpoint
        self.tls_docker = docker_engine.TLSDockerEngine(
            context, *(engine.pool for engine in dockers))
        self.leftovers.pools = {
            engine.bridge: str(engine.pool)
            for engine in (*dockers, self.tls_docker)}

    def _start_services(self):
        plan = steps.Plan(self.report, self.context.stop, DEADLINE)
        add = plan.add
        database = add('MariaDB', self._mariadb)
        setup = add('Keystone database', self._keystone_setup, database)
        bus = add('RabbitMQ', self._start(self.rabbitmq, 'port'))
        config = add('plugin, heat.conf', self._heat_config, database)
        tables = add('Heat database', self._heat_setup, config)
        add('Podman' if self.docker is self.podman else 'Docker Engine',
            self._docker)
        public = add('registry', self._start(self.registry, 'address'))
        private = add('private registry',
                      self._start(self.private_registry, 'address'))
        login = add('Keystone', self._start(self.keystone, 'url'), setup)
        users = add('projects and users', self._identity, login)
        api = add('heat-api', self._start(self.heat_api, 'url'), config)
        add('heat-api-cfn', self._start(self.heat_api_cfn, 'url'), config)
        # No other step waits for these.
        add('Docker Engine, TLS',
            self._start(self.tls_docker, 'tls_endpoint'), setup)
        if self.podman is not self.docker:
            add('Podman', self._start(self.podman, 'endpoint'), setup)
        worker = add('heat-engine', self._start(self.heat_engine, 'workers'),
                     tables, bus)
        add('images', self._images, public, private)
        add('Heat answers', self._probe, users, api, worker)
        plan.run()

    def _start(self, service, detail):
        """Return a step that starts a service and reports one attribute."""
        def step():
            return getattr(self.useFixture(service), detail)
        return step

    def _mariadb(self):
        return self.useFixture(self.mariadb).version

    def _docker(self):
        if self.docker:
            self.useFixture(self.docker)
            return f'our own, {self._tcp_endpoint() or self.docker.endpoint}'
        return f'borrowed, {self.docker_endpoint}'

    def _tcp_endpoint(self):
        return getattr(self.docker, 'tcp_endpoint', None)

    def _published_at(self):
        """Return the address of the ports that the engine publishes."""
        if self.engine == engines.GUEST:
            return self.docker.address
        return ports.LOOPBACK

    def _keystone_setup(self):
        self.keystone_setup = self.useFixture(keystone.KeystoneSetup(
            self.context, self.mariadb.url_of('keystone'),
            self.keystone.url))

    def _heat_config(self):
        plugin.install(self.layout.plugins)
        heat.write_config(
            self.layout,
            bus=self.rabbitmq.url,
            database=self.mariadb.url_of('heat'),
            docker_endpoint=self.docker_endpoint,
            auth_url=self.keystone.url,
            cfn_url=self.heat_api_cfn.url,
            password=self.heat_password,
            encryption_key=secrets.token_hex(16))
        return self.layout.plugins

    def _heat_setup(self):
        self.useFixture(heat.HeatSetup(self.context))

    def _identity(self):
        self.identity = identity.Identity(
            self.keystone.url, self.keystone_setup.password,
            self.heat_password)
        self.identity.create(self.heat_api.url, self.heat_api_cfn.url)
        self.identity.write_clouds(self.layout.clouds)
        self.leftovers.projects = self.identity.projects
        self.leftovers.save(self.layout.leftovers)
        return ', '.join(identity.CLOUDS)

    def _images(self):
        self.images = images.provide(self.registry, self.private_registry)
        return ', '.join(self.images)

    def _probe(self):
        """List the stacks by way of API, Keystone, bus, engine and database.

        heat-engine is ready by now, so one request is enough.
        """
        token, project = self.identity.token('demo')
        response = requests.get(
            f'{self.heat_api.url}/v1/{project}/stacks',
            headers={'X-Auth-Token': token}, timeout=60)
        if not response.ok:
            raise errors.ServiceError(
                f'heat-api answers {response.status_code} '
                f'{response.reason}', self.heat_api.log)

    def state(self):
        """Describe the running cloud for state.json."""
        return state.State(
            supervisor_pid=self.leftovers.supervisor[0],
            clouds_file=str(self.layout.clouds),
            auth_url=self.identity.auth_url,
            heat_url=self.heat_api.url,
            heat_cfn_url=self.heat_api_cfn.url,
            heat_conf=str(self.layout.heat_conf),
            plugin_dir=str(self.layout.plugins),
            environment_dir=str(self.layout.environments),
            policy_file=str(self.layout.policy),
            engine=self.engine,
            docker={
                'endpoint': self.docker_endpoint,
                'tcp_endpoint': self._tcp_endpoint(),
                'own': self.docker is not None,
                'address': self._published_at(),
            },
            tls_docker={
                'endpoint': self.tls_docker.tls_endpoint,
                'ca': self.tls_docker.files.ca,
                'cert': self.tls_docker.files.cert,
                'key': self.tls_docker.files.key,
            },
            podman={'endpoint': self.podman.endpoint},
            registry=self.registry.address,
            private_registry={
                'address': self.private_registry.address,
                'username': self.private_registry.username,
                'password': self.private_registry.password,
            },
            images=self.images,
            logs=str(self.layout.logs),
            services={
                name: {'pid': pid, 'started': started}
                for name, pid, started in self.context.started
                if processes.is_alive(pid, started)},
        )
