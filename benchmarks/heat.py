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

"""Stacks on the Heat of a sandbox, and how long they take."""

import configparser
import contextlib
import uuid

import docker
from heatclient import client as heat_client
from heatclient import exc as heat_errors
import openstack.config
import yaml

from benchmarks import common
from sandbox import errors
from sandbox import state
from sandbox import waiting

CONTAINER = 'DockerInc::Docker::Container'
NETWORK = 'DockerInc::Docker::Network'
COMPOSE = 'DockerInc::Docker::Compose'
RANDOM = 'OS::Heat::RandomString'

# Polling takes CPU time from Heat.
_LOOK_EVERY = 0.3
_PATIENCE = 900.0


class Cloud:
    """A sandbox that is up."""

    def __init__(self):
        self.state = state.load()
        region = openstack.config.OpenStackConfig(
            config_files=[self.state.clouds_file]).get_one(cloud='sandbox')
        self.heat = heat_client.Client(
            '1', session=region.get_session(), service_type='orchestration')
        self.endpoint = (self.state.docker['tcp_endpoint']
                         or self.state.docker['endpoint'])
        self.docker = docker.APIClient(
            self.endpoint.replace('tcp:', 'http:'), version='auto',
            timeout=_PATIENCE)
        self.busybox = self.state.images['busybox']
        self.docker.pull(self.busybox)

    def facts(self):
        """Return the facts of the machine, and versions."""
        return {'machine': common.machine(),
                'versions': common.versions(self.docker)}

    @property
    def debug(self):
        """Whether Heat writes its debug log."""
        config = configparser.RawConfigParser()
        config.read(self.state.heat_conf)
        return config.getboolean('DEFAULT', 'debug')

    def begin(self, template):
        """Begin to create a stack and return its id."""
        for _again in range(5):
            # Under load Keystone occasionally refuses a trust.
            with contextlib.suppress(heat_errors.HTTPInternalServerError):
                return self.heat.stacks.create(
                    stack_name='bench-%s' % uuid.uuid4().hex[:8],
                    timeout_mins=30,
                    template=yaml.safe_dump(template))['stack']['id']
        raise RuntimeError('Heat does not begin to create a stack')

    def create(self, template):
        """Create a stack and return its id."""
        stack = self.begin(template)
        self.wait(stack, 'CREATE_COMPLETE')
        return stack

    def delete(self, stack):
        """Delete a stack."""
        self.heat.stacks.delete(stack)
        self.wait(stack, 'DELETE_COMPLETE')

    def wait(self, stack, status):
        """Wait for a status of a stack."""
        def is_there():
            found = self.heat.stacks.get(stack, resolve_outputs=False)
            if found.stack_status.endswith('FAILED'):
                raise common.Failed('%s: %s' % (found.stack_status,
                                                found.stack_status_reason))
            return found.stack_status == status

        try:
            waiting.until(is_there, _PATIENCE, status, pause=_LOOK_EVERY)
        except errors.TimedOut as ex:
            raise common.Failed(ex) from ex

    def life(self, template):
        """Return how long a stack takes; see :func:`common.life`."""
        made = []
        return common.life(lambda: made.append(self.create(template)),
                           lambda: self.delete(*made))


def template(resources, outputs=None):
    """Return a template."""
    return {'heat_template_version': '2021-04-16', 'resources': resources,
            'outputs': outputs or {}}


def of_containers(count, image):
    """Return the resources of a stack: a network, containers, a last one."""
    return diamond(
        {'type': NETWORK},
        {'type': CONTAINER, 'properties': {
            'image': image, 'cmd': common.COMMAND,
            'networks': [{'network': {'get_resource': 'first'}}]}}, count)


def of_project(count, image):
    """Return a Compose project, whose services share a network."""
    return {'app': {'type': COMPOSE, 'properties': {'definition': {
        'services': {'c%d' % number: {
            'image': image, 'command': common.COMMAND}
            for number in range(count)}}}}}


def of_nothing(count):
    """Return the same graph with resources that do nothing."""
    return diamond({'type': RANDOM}, {'type': RANDOM}, count)


def diamond(first, middle, count):
    """Return resources that depend on a first one, and a last one on them.

    Heat sleeps for a second after it starts a resource that no other resource
    depends on, so a flat stack takes a second for each.
    """
    names = ['r%d' % number for number in range(count)]
    return {'first': first,
            **{name: {**middle, 'depends_on': 'first'} for name in names},
            'last': {'type': RANDOM, 'depends_on': names}}
