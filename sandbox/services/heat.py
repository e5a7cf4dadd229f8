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

"""Heat: its configuration, its database, its two APIs and its engine."""

import os
import shutil
import signal

import psutil
import pymysql

from sandbox import errors
from sandbox import plugin
from sandbox import processes
from sandbox import state
from sandbox.services import base
from sandbox.services import wsgi

WORKERS = 2

CONFIG = """\
[DEFAULT]
debug = {debug}
default_log_levels = amqp=WARN,amqplib=WARN,oslo.messaging=INFO,\
oslo_messaging=INFO,sqlalchemy=WARN,keystoneclient=INFO,keystoneauth=INFO,\
keystonemiddleware=INFO,urllib3=WARN,stevedore=INFO,oslo_policy=INFO,\
oslo_concurrency=INFO,heat.engine.environment=INFO
transport_url = {bus}
plugin_dirs = {plugins}
num_engine_workers = {workers}
environment_dir = {environment_dir}
template_dir = {template_dir}
auth_encryption_key = {encryption_key}
region_name_for_services = RegionOne
deferred_auth_method = trusts
enable_stack_abandon = true
enable_stack_adopt = true
stack_user_domain_name = heat
stack_domain_admin = heat_domain_admin
stack_domain_admin_password = {password}
heat_metadata_server_url = {cfn_url}
heat_waitcondition_server_url = {cfn_url}/v1/waitcondition
[heat_docker]
local_endpoint = {docker_endpoint}
local_endpoint_access = all
# Tests use objects that they created without Heat.
daemons = own
allowed_signals = *
allowed_endpoints = tcp://*,http://*,https://*,unix://*
# Everything here is on loopback, which is denied by default.
denied_networks = 0.0.0.0/8,169.254.0.0/16,224.0.0.0/4,::/128,fe80::/10,\
ff00::/8
[oslo_policy]
policy_file = {policy}
[database]
connection = {database}
# Each of the 64 threads of a worker may use one.
max_pool_size = 64
max_overflow = 128
[paste_deploy]
api_paste_config = {paste}
[clients_keystone]
auth_uri = {auth_url}
[keystone_authtoken]
www_authenticate_uri = {auth_url}
{credentials}
project_name = service
project_domain_id = default
[trustee]
{credentials}
[ec2authtoken]
{credentials}
project_name = service
project_domain_id = default
"""

CREDENTIALS = """\
auth_type = password
auth_url = {auth_url}
username = heat
password = {password}
user_domain_id = default"""


def write_config(layout, **values):
    """Write heat.conf before Heat starts.

    :param values: bus, database, docker_endpoint, auth_url, cfn_url,
        password, encryption_key.
    """
    find = base.Service.find_config_file
    credentials = CREDENTIALS.format(**values)
    # Tests change both.
    shutil.copytree(find('heat/environment.d'), layout.environments)
    layout.policy.write_text('{}\n')
    layout.heat_conf.write_text(CONFIG.format(
        debug=os.environ.get(state.ENV_DEBUG) or 'true',
        plugins=layout.plugins, workers=WORKERS, credentials=credentials,
        paste=find('heat/api-paste.ini'),
        environment_dir=layout.environments, policy=layout.policy,
        template_dir=find('heat/templates'), **values))


class HeatSetup(base.Service):
    name = 'heat-manage'

    def _setUp(self):
        super()._setUp()
        self._exec(['heat-manage', '--config-file',
                    str(self.context.layout.heat_conf), 'db_sync'])


class _HeatWSGI(wsgi.WSGIService):
    path = '/healthcheck'

    def __init__(self, context):
        super().__init__(context, options=[
            '--config-file', str(context.layout.heat_conf)])


class HeatAPI(_HeatWSGI):
    name = 'heat-api'
    factory = 'heat.api.openstack.wsgi:init_application'


class HeatAPICFN(_HeatWSGI):
    name = 'heat-api-cfn'
    factory = 'heat.api.cfn.wsgi:init_application'


class HeatEngine(base.Service):
    """The engine, which tests may kill and restart."""

    name = 'heat-engine'

    workers = f'{WORKERS} workers'

    def __init__(self, context, database):
        super().__init__(context)
        self.database = database

    def _setUp(self):
        super()._setUp()
        self.start()

    def start(self):
        if self.is_running():
            return
        # "engine restart" picks up changes of the plugin.
        plugin.install(self.context.layout.plugins)
        before = self._workers()
        self.spawn(['heat-engine', '--config-file',
                    str(self.context.layout.heat_conf)])
        self.wait(lambda: len(self._workers() - before) >= WORKERS,
                  f'{WORKERS} ready workers')

    def _workers(self):
        """Return the ids of all workers that ever took requests.

        A worker enters its id in the table after it began to listen on the
        message bus.
        """
        with pymysql.connect(unix_socket=self.database.socket, user='root',
                             database='heat') as db:
            with db.cursor() as cursor:
                cursor.execute('SELECT engine_id FROM service')
                return {row[0] for row in cursor.fetchall()}

    def stop(self):
        """Stop it cleanly, after the work in progress."""
        if self.is_running():
            self.end(self.process, self.leader, signal.SIGTERM)

    def kill(self):
        """SIGKILL for the parent and all workers: a power cut."""
        if self.is_running():
            self.end(self.process, self.leader, signal.SIGKILL)

    def kill_worker(self):
        """SIGKILL for one worker; the parent starts a new one."""
        if not self.is_running():
            raise errors.SandboxError('heat-engine is not running')
        worker = psutil.Process(self.process.pid).children()[0].pid
        processes.end({worker: processes.start_time(worker)})
