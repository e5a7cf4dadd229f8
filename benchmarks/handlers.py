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

"""Containers through the resource's handlers, without heat-engine.

The stack is in a database in memory; Heat's pauses between polls are real.
"""

import time
import uuid

from heat.engine import environment
from heat.engine import resource
from heat.engine import resources
from heat.engine.clients.os.keystone import fake_keystoneclient
from heat.engine.clients.os.keystone import heat_keystoneclient
from heat.tests import utils
from oslo_config import cfg

from benchmarks import common
from benchmarks import heat
from heat_docker import conf
from heat_docker.resources import container

_POLL = 1.0


def set_up():
    """Set Heat up, once per process."""
    cfg.CONF([], project='heat', default_config_files=[],
             default_config_dirs=[])
    cfg.CONF.import_opt('deferred_auth_method', 'heat.common.config')
    cfg.CONF.set_override('deferred_auth_method', 'password')
    conf.group()
    # The daemon is on this host.
    cfg.CONF.set_override('denied_networks', [], group=conf.GROUP)
    utils.setup_dummy_db()
    heat_keystoneclient.KeystoneClient = (
        lambda context, region_name=None:
        fake_keystoneclient.FakeKeystoneClient())
    types = environment.Environment({}, user_env=False)
    types.register_class(heat.CONTAINER, container.DockerContainer)
    resources._environment = types


class Life:
    """The life of one container.

    :ivar polls: number of polls, by action.
    """

    def __init__(self, endpoint, image, **properties):
        self._stack = utils.parse_stack(heat.template({'web': {
            'type': heat.CONTAINER, 'properties': {
                'docker_endpoint': endpoint, 'image': image,
                'cmd': common.COMMAND, **properties}}}))
        self._made = self._stack['web']
        self._made.store()
        self.polls = {}

    def create(self):
        """Create the container, and wait until the create is complete."""
        self._act('create')

    def delete(self):
        """Delete the container, as with its stack."""
        self._stack.action = self._stack.DELETE
        self._stack.current_traversal = uuid.uuid4().hex
        self._act('delete')

    def _act(self, action):
        self._made.action = action.upper()
        progress = getattr(self._made, 'handle_' + action)()
        check = getattr(self._made, 'check_%s_complete' % action)
        self.polls[action] = 1
        while True:
            periods = 1
            try:
                if check(progress):
                    return
            except resource.PollDelay as delay:
                periods = delay.period
            time.sleep(periods * _POLL)
            self.polls[action] += 1
