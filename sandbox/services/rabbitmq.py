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

"""RabbitMQ: the message bus between Heat's APIs and its engine."""

import os
import secrets

from pifpaf.drivers import rabbitmq

from sandbox import errors
from sandbox import ports
from sandbox.services import base

CONFIG = """\
default_user = {driver.username}
default_pass = {driver.password}
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 1MB
"""


class EPMD(base.Service):
    """The Erlang port mapper.

    Without one on its port, Erlang starts a daemon that outlives RabbitMQ.
    """

    name = 'epmd'

    def _setUp(self):
        super()._setUp()
        for attempts_left in (2, 1, 0):
            try:
                return self._listen(ports.free())
            except errors.ServiceError:
                # It also listens on ::1. If the port is in use there, it
                # assumes another epmd, and exits.
                if not attempts_left:
                    raise

    def _listen(self, port):
        self.env = {'ERL_EPMD_PORT': str(port),
                    'ERL_EPMD_ADDRESS': ports.LOOPBACK}
        self.spawn(['epmd'], self.env)
        self.wait(lambda: ports.is_open(port), 'an open port')


class RabbitMQ(base.Service, rabbitmq.RabbitMQDriver):
    name = 'rabbitmq'

    def __init__(self, context):
        super().__init__(context, port=ports.free(),
                         nodename=f'sandbox-{context.tag}',
                         password=secrets.token_hex(8))

    def start_node(self, nodename):
        epmd = self.useFixture(EPMD(self.context))
        config = os.path.join(self.tempdir, 'rabbitmq.conf')
        with open(config, 'w') as f:
            f.write(CONFIG.format(driver=self))
        self.env.update(epmd.env, **{
            'RABBITMQ_CONFIG_FILE': config,
            'RABBITMQ_DIST_PORT': str(ports.free()),
            'RABBITMQ_PID_FILE': os.path.join(self.tempdir, 'pid'),
            # The port between Erlang nodes listens everywhere by default.
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS':
                '-kernel inet_dist_use_interface {127,0,0,1}',
        })
        return super().start_node(nodename)

    def rabbitmqctl(self, nodename, command):
        """Do nothing: the user is in the configuration.

        This saves two Erlang virtual machines, and three seconds.
        """

    def kill_node(self, nodename, *args, **kwargs):
        """Kill it with a deadline, which pifpaf's method does not have."""
        self.end(self._process.pop(nodename), self.leader)

    @property
    def url(self):
        return (f'rabbit://{self.username}:{self.password}'
                f'@{ports.LOOPBACK}:{self.port}/')
