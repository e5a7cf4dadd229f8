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

"""Shared fixtures: Heat's scheduler, and Docker's HTTP API.

The tests replace no part of the plugin. Heat's own tasks run a resource in a
stack that is stored in an in-memory database. A fake daemon records the
requests at the HTTP level and answers them.
"""

import functools
import http.client
import io
import json
import logging
import os
import re
import struct
import threading
import urllib.parse
import uuid

import fixtures
from heat.engine import environment
from heat.engine import resource
from heat.engine import resources
from heat.engine import scheduler
from heat.engine.clients.os.keystone import fake_keystoneclient
from heat.engine.clients.os.keystone import heat_keystoneclient
from heat.engine.resources.openstack.heat import none_resource
from heat.engine.resources.openstack.heat import random_string
from heat.engine.resources.openstack.heat import value as heat_value
from heat.tests import utils
import mock
from oslo_config import cfg
import requests
from requests_mock.contrib import fixture as requests_mock_fixture
import testtools
import urllib3

from heat_docker import background
from heat_docker import client
from heat_docker import conf
from heat_docker import daemons
from heat_docker.api import containers
from heat_docker.lifecycle import plan
from heat_docker.resources import base as resources_base
from heat_docker.resources import certificates
from heat_docker.resources import compose
from heat_docker.resources import config
from heat_docker.resources import container
from heat_docker.resources import image
from heat_docker.resources import network
from heat_docker.resources import secret
from heat_docker.resources import service
from heat_docker.resources import swarm
from heat_docker.resources import swarm_node
from heat_docker.resources import volume

TYPE = 'DockerInc::Docker::Container'
# The modules of all types.
MODULES = (certificates, compose, config, container, image, network, secret,
           service, swarm, swarm_node, volume)
CLASSES = {name: cls for module in MODULES
           for name, cls in module.resource_mapping().items()}
# Types of Heat in templates of the tests, and of the plugin.
OF_HEAT = {name: cls
           for module in (heat_value, none_resource, random_string)
           for name, cls in module.resource_mapping().items()}
# Limit for a test that hangs, in seconds.
SECONDS = 20
URL = 'tcp://docker.test:2375'
BASE_URL = 'http://docker.test:2375'
ID = 'c0ffee' + 58 * '0'
# Values that a container would inherit from its image if they were unset.
EMPTY_LABELS = ('org.openstack.heat.helper_of', 'org.openstack.heat.copy_of',
                'org.openstack.heat.snapshot_of')

# Names of classes and other Python that must not reach a user. Heat puts
# "Error: " in front of the message of its plainest exception.
PYTHON = re.compile(r'(?!^Error: )\b(\w*(Error|Exception|Timeout|Warning)\b|'
                    r'Traceback|object at 0x|urllib3|requests\.|NoneType|'
                    r'_ssl\.c)')

_SAMPLES = os.path.join(os.path.dirname(__file__), 'samples')
_SECONDS = 10


def sample(name):
    """Return the recorded JSON of a real daemon."""
    with open(os.path.join(_SAMPLES, name + '.json'),
              encoding='utf-8') as recorded:
        return json.load(recorded)


def frame(content, stream=1):
    """Return output of a container without a terminal, framed as by Docker."""
    return struct.pack('>BxxxL', stream, len(content)) + content


def chunked(*pieces):
    """Return a response with a separate chunk for each piece.

    A piece is bytes, or a function that is called when it is due.
    """
    head = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    wire = http.client.HTTPResponse(mock.Mock(
        spec=['makefile'],
        makefile=lambda mode: io.BufferedReader(_Wire(head, pieces), 1)),
        method='GET')
    wire.begin()
    return urllib3.HTTPResponse(
        body=wire, headers=wire.headers.items(), status=200, reason='OK',
        preload_content=False, original_response=wire)


class _Wire(io.RawIOBase):
    def __init__(self, head, pieces):
        self._pieces = [head] + list(pieces) + [b'']
        self._rest = b''

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self._rest and self._pieces:
            piece = self._pieces.pop(0)
            if callable(piece):
                piece()
            elif piece.startswith(b'HTTP/'):
                self._rest = piece
            else:
                self._rest = b'%x\r\n%s\r\n' % (len(piece), piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


class FakeDaemon(fixtures.Fixture):
    """Answers the HTTP requests to a daemon, and records them.

    :ivar requests: pairs of verb and path without version, in order; requests
        for the version are left out.
    """

    VERSION = {'ApiVersion': '1.41', 'MinAPIVersion': '1.12'}
    PREFIX = '/v1.41'

    def _setUp(self):
        self._mock = self.useFixture(
            requests_mock_fixture.Fixture(case_sensitive=True))
        self._forgotten = 0
        self._registered = []
        self.on('GET', '/version', {'json': self.VERSION}, prefix='')
        self.addCleanup(self._end, set(threading.enumerate()))

    def _end(self, before):
        """Stop answering this test's threads before the next daemon starts."""
        for thread in set(threading.enumerate()) - before:
            thread.join(SECONDS)
            if thread.is_alive():
                raise AssertionError('%s has no end' % thread)

    def on(self, verb, path, *answers, prefix=None, base_url=BASE_URL):
        """Answer a request; the last answer serves all that follow it.

        :param answers: keywords of requests-mock's responses, or the status
            alone.
        """
        if prefix is None and base_url == BASE_URL:
            self._registered.append((verb, path, *answers))
        prefix = self.PREFIX if prefix is None else prefix
        self._mock.register_uri(verb, base_url + prefix + path, [
            {'status_code': answer} if isinstance(answer, int) else answer
            for answer in answers])

    def reach_no_registry(self):
        """Answer requests for digests as daemons without a registry do."""
        self._mock.register_uri(
            'GET', re.compile('/distribution/'), [refusal(500, 'no route')])

    def speak(self, api):
        """Support an API version such as ``1.55`` from now on."""
        self.PREFIX = '/v' + api
        for registered in self._registered[:]:
            self.on(*registered)
        self.on('GET', '/version', {'json': {
            'ApiVersion': api, 'MinAPIVersion': '1.40'}}, prefix='')

    def be_podman(self):
        """Answer requests for the version as Podman does from now on."""
        self.on('GET', '/version', {'json': {
            'ApiVersion': '1.41',
            'Components': [{'Name': 'Podman Engine', 'Version': '4.3.1'}]}},
            prefix='')

    def go_away(self, times=None, exc=requests.exceptions.ConnectTimeout):
        """Stop answering requests, or fail only the next few.

        :returns: a function that makes the daemon available again.
        """
        left = [times]

        def answer(request):
            if left[0] == 0:
                return None
            if left[0] is not None:
                left[0] -= 1
            raise exc

        self._mock.add_matcher(answer)
        return functools.partial(left.__setitem__, 0, 0)

    @property
    def history(self):
        """All requests that requests-mock has recorded."""
        return self._mock.request_history[self._forgotten:]

    def reset(self):
        """Drop the recorded requests."""
        self._forgotten = len(self._mock.request_history)

    @property
    def requests(self):
        """Pairs of verb and path of all requests except GET /version."""
        return [(sent.method, self._path(sent)) for sent in self.history
                if self._path(sent) != '/version']

    @property
    def changes(self):
        """Pairs of verb and path of all requests but GET.

        Few tests depend on how often the plugin inspects an object.
        """
        return [request for request in self.requests if request[0] != 'GET']

    def sent(self, verb, path):
        """Return the requests with a verb and a path."""
        return [sent for sent in self.history
                if (sent.method, self._path(sent)) == (verb, path)]

    def _path(self, sent):
        path = urllib.parse.urlsplit(sent.url).path
        return path[len(self.PREFIX):] if path.startswith(
            self.PREFIX + '/') else path


def refusal(status, words):
    """Return the response of a daemon that refuses a request."""
    return {'status_code': status, 'json': {'message': words}}


class Clock:
    """Replaces the module ``time`` in a module under test.

    :ivar now: the current time.
    :ivar step: seconds to add each time that a caller reads the clock.
    """

    def __init__(self, now=1000.0, step=0.0):
        self.now = now
        self.step = step

    def monotonic(self):
        self.now += self.step
        return self.now

    time = monotonic

    def sleep(self, seconds):
        self.now += seconds


class TestCase(testtools.TestCase):
    """Isolates the tests from the environment of the test run."""

    def setUp(self):
        super().setUp()
        self.home = self.useFixture(fixtures.TempHomeDir()).path
        self.useFixture(fixtures.EnvironmentVariable('DOCKER_CONFIG'))
        self.log = self.useFixture(fixtures.FakeLogger(
            level=1, format='%(levelname)s %(name)s %(message)s'))
        # Workers share this state, but tests must not.
        self.pool = daemons.Pool()
        self.patch(client, '_POOL', self.pool)
        self.addCleanup(self._close_pool)

    def _close_pool(self):
        for idle in self.pool._idle.values():
            for connected in idle:
                connected.close()

    def patch(self, owner, name, value):
        """Replace an attribute until the end of the test."""
        patcher = mock.patch.object(owner, name, value)
        patcher.start()
        self.addCleanup(patcher.stop)

    def configure(self, **options):
        """Set options of ``[heat_docker]`` until the end of the test."""
        conf.group()
        for name, value in options.items():
            cfg.CONF.set_override(name, value, group=conf.GROUP)
            self.addCleanup(cfg.CONF.clear_override, name, group=conf.GROUP)

    def set_clock(self, *modules, **values):
        """Replace the clock of modules of the plugin by a :class:`Clock`."""
        clock = Clock(**values)
        for module in modules:
            self.patch(module, 'time', clock)
        return clock

    def assert_plain(self, words):
        """Assert that a message for users contains no Python names."""
        self.assertNotRegex(words, PYTHON)

    def assertNotRegex(self, text, pattern):  # noqa: N802
        found = re.search(pattern, text)
        if found:
            self.fail('%r in %r' % (found[0], text))


@functools.cache
def heat():
    """Set up Heat once per process, isolated from the host's settings."""
    cfg.CONF([], project='heat', default_config_files=[],
             default_config_dirs=[])
    # The default of oslo.log: SQL statements would show property values.
    logging.getLogger('sqlalchemy').setLevel(logging.WARNING)
    cfg.CONF.import_opt('deferred_auth_method', 'heat.common.config')
    utils.setup_dummy_db()
    types = environment.Environment({}, user_env=False)
    for name, cls in {**CLASSES, **OF_HEAT}.items():
        types.register_class(name, cls)
    return types


class ResourceTestCase(TestCase):
    """A test of a resource in a stored stack, with a fake daemon.

    :cvar TYPE: type of the resource.
    :cvar NEEDED: its required properties.
    """

    TYPE = TYPE
    NEEDED = {'image': 'busybox:1'}

    def setUp(self):
        super().setUp()
        self.patch(resources, '_environment', heat())
        # The tests of the configuration reset all options.
        cfg.CONF.set_override('deferred_auth_method', 'password')
        self.patch(scheduler, 'ENABLE_SLEEP', False)
        # As with convergence, where each resource has its own thread.
        self.patch(resources_base.DockerResource, 'may_sleep',
                   lambda made: True)
        self.set_clock(plan, resources_base)
        self.patch(background.Pull, 'WAIT', 0.01)
        # Make a stop a single request; test_client tests the other requests.
        self.patch(daemons._Slots, 'pace', 60.0)
        self.patch(containers.Containers, '_await_leaving',
                   lambda *_args: None)
        self.patch(heat_keystoneclient, 'KeystoneClient',
                   lambda context, region_name=None:
                   fake_keystoneclient.FakeKeystoneClient())
        self.events = []
        self.add_event = resource.Resource._add_event
        self.patch(resource.Resource, '_add_event', self._keep_event)
        self.daemon = self.useFixture(FakeDaemon())

    def _keep_event(self, action, status, reason):
        self.events.append((action, status, reason))

    def make_resource(self, properties=None, template=None, **more):
        """Return the resource ``web`` of a stored stack, not yet created."""
        # A resource has only a weak reference to its stack.
        # Hypothesis makes the random names of Heat's tests the same.
        self.stack = utils.parse_stack(
            template or self.template({**(properties or {}), **more}),
            stack_name='t-' + uuid.uuid4().hex)
        made = self.stack['web']
        made.store()
        return made

    def template(self, properties, **more):
        """Return a template of the resource; more extends its definition."""
        return {'heat_template_version': '2018-08-31', 'resources': {'web': {
            'type': self.TYPE, 'properties': self.properties(**properties),
            **more}}}

    def properties(self, **values):
        """Return the properties of the resource in the template."""
        return {'docker_endpoint': URL, **self.NEEDED, **values}

    def forget(self):
        """Drop the recorded requests and events."""
        self.daemon.reset()
        self.events.clear()

    def update(self, made, **values):
        """Update a resource as convergence does."""
        after = made.t.freeze(properties=self.properties(**values))
        self.run_task(lambda: made.update(after))

    def fail_update(self, made, **values):
        """Fail to update a resource, and return the status reason."""
        self.assertRaises(resource.exception.ResourceFailure, self.update,
                          made, **values)
        self.assertEqual('FAILED', made.status)
        self.assert_plain(made.status_reason)
        return made.status_reason

    def count_polls(self, made):
        """Return a list that has an entry for each poll from now on."""
        polls = []
        for action in ('create', 'update', 'delete', 'suspend', 'resume'):
            name = 'check_%s_complete' % action
            self.patch(made, name, functools.partial(
                self._poll, polls, getattr(made, name)))
        return polls

    def _poll(self, polls, check, running):
        polls.append(running)
        return check(running)

    def broken_off(self, request, task):
        """Cancel a task during a request; return the interrupted requests."""
        self.patch(background.Task, 'WAIT', 0.001)
        arrived, go_on, broken = threading.Event(), threading.Event(), []
        self.addCleanup(go_on.set)

        def stop():
            arrived.set()
            self.assertTrue(go_on.wait(SECONDS))

        self.patch(client.DockerClient, 'abort',
                   lambda docker: broken.append(docker))
        self.daemon.on(*request, {'raw': lambda *_about: chunked(stop)})
        runner = scheduler.TaskRunner(task)
        runner.start()
        while not arrived.is_set():
            runner.step()
        self.assertEqual([], broken)
        runner.cancel()
        return broken

    @property
    def reasons(self):
        """The reasons in the events, except for those of Heat itself."""
        return [reason for _action, _status, reason in self.events
                if reason != 'state changed']

    def run_task(self, task):
        """Run one of Heat's tasks to its end, without pauses."""
        try:
            scheduler.TaskRunner(task)(timeout=_SECONDS)
        except scheduler.Timeout as ex:
            self.fail('%s after %s' % (ex, self.daemon.requests[:50]))

    def record_create_polls(self, made, third):
        """Return the list of the results of the create polls.

        :param third: event to set at the end of the third poll.
        """
        advance = type(made).check_create_complete
        polls = []

        def poll(progress):
            polls.append(advance(made, progress))
            if len(polls) > 2:
                third.set()
            return polls[-1]

        self.patch(made, 'check_create_complete', poll)
        return polls

    def fail_task(self, task):
        """Run a task that must fail, and return the status reason."""
        failing = task.__self__
        self.assertRaises(resource.exception.ResourceFailure, self.run_task,
                          task)
        self.assertEqual('FAILED', failing.status)
        self.assert_plain(failing.status_reason)
        return failing.status_reason


class ContainerTestCase(ResourceTestCase):
    """A test of a container with the id :data:`ID`."""

    PATH = '/containers/' + ID

    def inspected(self, status='running', **more):
        """Return the inspect output of a container.

        More keys belong to the state, the two configurations or the network
        settings.
        """
        shown = sample('container_running_v1.41')
        shown.update(Id=ID, Name='/web')
        shown['State'].update(Status=status, Health=None)
        for key, value in more.items():
            part = next(part for part in (
                shown['State'], shown['Config'], shown, shown['HostConfig'],
                shown['NetworkSettings']) if key in part)
            part[key] = value
        return {'json': shown}

    def serve_create(self, *answers):
        """Answer the request to create, by default with success."""
        self.daemon.on('POST', '/containers/create', *(
            answers or [{'status_code': 201,
                         'json': {'Id': ID, 'Warnings': []}}]))

    def serve_run(self, *inspected, start=(204,)):
        """Answer the requests after the create, by default as running."""
        self.daemon.on('POST', self.PATH + '/start', *start)
        self.daemon.on('POST', self.PATH + '/wait', {'json': {}})
        self.serve_inspect(*inspected)

    def serve_inspect(self, *inspected):
        """Answer the inspect request, by default with a running container."""
        self.daemon.on('GET', self.PATH + '/json',
                       *(inspected or [self.inspected()]))

    def serve_log(self, content):
        """Answer the requests for logs."""
        self.daemon.on('GET', self.PATH + '/logs', {
            'raw': lambda request, context: chunked(frame(content))})

    def serve_sources(self, log=b'', image=None, stats=None):
        """Answer the requests of attributes besides the inspect request."""
        self.serve_log(log)
        self.daemon.on(
            'GET', '/images/%s/json' % urllib.parse.quote(
                self.inspected()['json']['Image'], safe=''),
            {'json': {'Id': 'x', 'RepoDigests': [], **(image or {})}})
        self.daemon.on('GET', self.PATH + '/stats', {'json': stats or {}})

    def serve_found(self, *ids):
        """Answer the request for containers with certain labels."""
        self.daemon.on('GET', '/containers/json',
                       {'json': [{'Id': found} for found in ids]})

    def serve_stop(self, *answers):
        """Answer the request to stop, by default with success."""
        self.daemon.on('POST', self.PATH + '/stop', *(answers or [204]))

    def serve_remove(self, *answers):
        """Answer the request to remove, by default with success."""
        self.daemon.on('DELETE', self.PATH, *(answers or [204]))

    def make_running(self, properties=None, **more):
        """Return a resource whose create is complete."""
        self.serve_create()
        self.serve_run()
        made = self.make_resource(properties, **more)
        self.run_task(made.create)
        self.forget()
        return made


class NetworkTestCase(ResourceTestCase):
    """A test of a network with the id :data:`ID`."""

    TYPE = 'DockerInc::Docker::Network'
    NEEDED = {}
    PATH = '/networks/' + ID
    CREATE = ('POST', '/networks/create')
    INSPECT = ('GET', PATH)
    REMOVE = ('DELETE', PATH)
    MEMBERS = ('GET', '/containers/json')
    MADE = {'status_code': 201, 'json': {'Id': ID, 'Warning': ''}}

    def setUp(self):
        super().setUp()
        self.members = {}
        self.daemon.on(*self.MEMBERS, {'json': self.list_members})

    def list_members(self, request, context):
        """List the containers in a network, given its id and its name."""
        [filters] = request.qs['filters']
        identity, _name = json.loads(filters)['network']
        return [{'Id': container}
                for container in self.members.get(identity, ())]

    def serve_members(self, *containers, network=ID):
        """Answer the requests for the containers in a network."""
        self.members[network] = containers

    def inspected(self, *containers, **more):
        """Return the inspected network, with running containers in it."""
        return {'json': {
            **sample('network_all_v1.41'), 'Id': ID,
            'Containers': {name: {'Name': name} for name in containers},
            **more}}

    def make_made(self, properties=None, **more):
        """Return a resource whose create is complete."""
        self.daemon.on(*self.CREATE, self.MADE)
        made = self.make_resource(properties, **more)
        self.run_task(made.create)
        self.forget()
        return made

    def container(self, name, made=None, **more):
        """Return the inspect output of a container.

        :param made: the resource of the stack that owns it, if any.
        """
        labels = made.object.owner.labels if made else {}
        return {'json': {'Id': name, 'Name': '/the-' + name,
                         'Config': {'Labels': labels},
                         'State': {'Status': 'running'},
                         'NetworkSettings': {'Networks': {}}, **more}}

    def attached(self, name, made, network=ID, status='running', **endpoint):
        """Return an inspected container with an endpoint in a network."""
        return self.container(
            name, made, State={'Status': status},
            NetworkSettings={'Networks': {'wiki': {
                'NetworkID': network, 'EndpointID': 'x',
                'Aliases': ['www'], 'IPAMConfig': None,
                'MacAddress': '02:42:00:00:00:07', **endpoint}}})

    def serve_container(self, name, *answers):
        """Answer the requests to inspect a container."""
        self.daemon.on('GET', '/containers/%s/json' % name, *answers)


class VolumeTestCase(ResourceTestCase):
    """A test of a volume with the name ``data``."""

    TYPE = 'DockerInc::Docker::Volume'
    NEEDED = {'name': 'data'}
    PATH = '/volumes/data'
    CREATE = ('POST', '/volumes/create')
    INSPECT = ('GET', PATH)
    REMOVE = ('DELETE', PATH)
    LIST = ('GET', '/volumes')
    HELPERS = ('GET', '/containers/json')
    HAS_EMPTY = ('GET', '/images/localhost%2Fheat-docker%2Fempty%3Alatest/'
                 'json')
    HELP = ('POST', '/containers/create')
    GIVE = ('GET', '/containers/giver/archive')
    TAKE = ('PUT', '/containers/taker/archive')
    LEAVE = [('DELETE', '/containers/taker'), ('DELETE', '/containers/giver')]

    def setUp(self):
        super().setUp()
        self.daemon.on(*self.CREATE, {'json': self.echo})
        self.serve_found()
        self.serve_volumes()

    def echo(self, request, context):
        """Return a volume as it was created, like Docker."""
        context.status_code = 201
        body = request.json()
        return {'Name': body['Name'], 'Labels': body.get('Labels')}

    def shown(self, made, **more):
        """Return the inspect output of a resource's volume."""
        return {'json': {**sample('volume_all_v1.41'), 'Name': 'data',
                         'Labels': made.object.owner.labels, **more}}

    def serve_found(self, *containers):
        """Answer requests that list containers by label or by volume."""
        self.daemon.on(*self.HELPERS, {
            'json': [{'Id': found} for found in containers]})

    def serve_volumes(self, *names):
        """Answer requests that list volumes by label."""
        self.daemon.on(*self.LIST, {'json': {'Volumes': [
            {'Name': name} for name in names] or None}})

    def serve_copy(self, *pieces):
        """Answer the requests that copy the files of a volume.

        :param pieces: of the archive; see :func:`chunked`.
        :ivar copied: contents that were written to volumes.
        """
        self.copied = []

        def put(request, context):
            self.copied.append(b''.join(request.body))
            return ''

        self.daemon.on(*self.HAS_EMPTY, {'json': {'Id': 'x'}})
        self.daemon.on(*self.HELP, *(
            {'status_code': 201, 'json': {'Id': name}}
            for name in ('giver', 'taker') * 3))
        self.daemon.on(*self.GIVE, {
            'raw': lambda request, context: chunked(*pieces)})
        self.daemon.on(*self.TAKE, {'text': put})
        for leave in self.LEAVE:
            self.daemon.on(*leave, 204)

    def serve_remove(self, made, *answers):
        """Answer the requests that remove a volume."""
        self.daemon.on(*self.INSPECT, self.shown(made))
        self.daemon.on(*self.REMOVE, *(answers or [204]))

    def make_made(self, properties=None, **more):
        """Return a resource whose create is complete."""
        made = self.make_resource(properties, **more)
        self.run_task(made.create)
        self.forget()
        return made
