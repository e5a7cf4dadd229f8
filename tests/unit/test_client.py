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

"""Requests to a daemon, and the handling of its answers."""

import base64
import errno
import http.client
import inspect
import itertools
import json
import operator
import os
import socket
import socketserver
import ssl
import threading

import docker
import fixtures
import mock
import requests
import testtools
import urllib3

from heat_docker import client
from heat_docker import daemons
from heat_docker import endpoint
from heat_docker import errors
from heat_docker.api import collection
from heat_docker.api import images
from heat_docker.api import services
from heat_docker.convert import platforms
from tests.unit import base

# method, arguments, verb, path, query, answer, result, body
WITH_BODY = (
    ('containers.create', ({'name': 'a b'}, {'Image': 'x'}),
     'POST', '/containers/create', {'name': ['a b']},
     {'status_code': 201, 'json': {'Id': 'c1', 'Warnings': ['w']}},
     ('c1', ['w']), {'Image': 'x'}),
    ('containers.create', ({}, {'Image': 'x'}),
     'POST', '/containers/create', {},
     {'status_code': 201, 'json': {'Id': 'c1', 'Warnings': None}},
     ('c1', []), {'Image': 'x'}),
    ('containers.update', ('c1', {'Memory': 0}),
     'POST', '/containers/c1/update', {}, {'json': {'Warnings': ['w']}},
     ['w'], {'Memory': 0}),
    ('containers.update', ('c1', {'Memory': 0}),
     'POST', '/containers/c1/update', {}, {'json': {'Warnings': None}},
     [], {'Memory': 0}),
    ('networks.connect', ('c1', 'n/1', {'Aliases': ['a']}),
     'POST', '/networks/n%2F1/connect', {}, {}, None,
     {'Container': 'c1', 'EndpointConfig': {'Aliases': ['a']}}),
    ('networks.disconnect', ('c1', 'n1'),
     'POST', '/networks/n1/disconnect', {}, {}, None,
     {'Container': 'c1', 'Force': True}),
    ('networks.create', ({'Name': 'n'},), 'POST', '/networks/create', {},
     {'status_code': 201, 'json': {'Id': 'n1', 'Warning': 'w'}},
     ('n1', ['w']), {'Name': 'n'}),
    ('networks.create', ({'Name': 'n'},), 'POST', '/networks/create', {},
     {'status_code': 201, 'json': {'Id': 'n1', 'Warning': ''}}, ('n1', []),
     {'Name': 'n'}),
    ('volumes.create', ({'Name': 'v'},), 'POST', '/volumes/create', {},
     {'status_code': 201, 'json': {'Name': 'v'}}, {'Name': 'v'},
     {'Name': 'v'}),
    *((kind + '.create', ({'Name': 's'},), 'POST', '/%s/create' % kind, {},
       {'status_code': 201, 'json': {'ID': 's1'}}, ('s1', []), {'Name': 's'})
      for kind in ('secrets', 'configs')),
    *((kind + '.update', ('s1', {'Name': 's'}, 7), 'POST',
       '/%s/s1/update' % kind, {'version': ['7']}, {'status_code': 200}, [],
       {'Name': 's'}) for kind in ('secrets', 'configs')),
    ('services.create', ({'Name': 's'},), 'POST', '/services/create', {},
     {'status_code': 201, 'json': {'ID': 's1', 'Warning': 'w'}},
     ('s1', ['w']), {'Name': 's'}),
    ('services.create', ({'Name': 's'},), 'POST', '/services/create', {},
     {'status_code': 201, 'json': {'ID': 's1', 'Warnings': ['v', 'w']}},
     ('s1', ['v', 'w']), {'Name': 's'}),
    ('services.update', ('s1', {'Name': 's'}, 7), 'POST',
     '/services/s1/update', {'version': ['7']},
     {'json': {'Warnings': ['w']}}, ['w'], {'Name': 's'}),
    ('containers.commit', ('c1', 'kept/web', 'T1', {'a': 'b'}), 'POST',
     '/commit', {'container': ['c1'], 'repo': ['kept/web'], 'tag': ['T1']},
     {'status_code': 201, 'json': {'Id': 'i1'}}, None,
     {'Labels': {'a': 'b'}}),
    ('swarms.init', ({'ListenAddr': 'x'},), 'POST', '/swarm/init', {},
     {'json': 'n1'}, None, {'ListenAddr': 'x'}),
    ('swarms.join', ({'JoinToken': 'x'},), 'POST', '/swarm/join', {}, {},
     None, {'JoinToken': 'x'}),
    ('swarms.update', ('s1', {'Name': 'default'}, 7), 'POST',
     '/swarm/update', {'version': ['7']}, {}, [], {'Name': 'default'}),
    ('nodes.update', ('n1', {'Role': 'worker'}, 7), 'POST',
     '/nodes/n1/update', {'version': ['7']}, {}, [], {'Role': 'worker'}),
)

# What daemons show of the objects of a swarm.
SWARM = {'ID': 's1', 'Version': {'Index': 7}, 'Spec': {'Labels': {'a': 'b'}}}
NODE = {**SWARM, 'ID': 'n1'}

# method, arguments, verb, path, query, answer, result
HAVING = {'filters': ['{"label": ["x.y"]}']}

CALLS = (
    ('containers.having', ('x.y',), 'GET', '/containers/json',
     {'all': ['1'], **HAVING}, {'json': [
         {'Id': 'c1', 'Names': ['/a'], 'Labels': {'x.y': 'z', 'b': 'c'}}]},
     [{'Id': 'c1', 'Names': ['/a'], 'Labels': {'x.y': 'z'}}]),
    ('images.having', ('x.y',), 'GET', '/images/json', HAVING,
     {'json': [{'Id': 'i1'}]}, [{'Id': 'i1'}]),
    ('networks.having', ('x.y',), 'GET', '/networks', HAVING,
     {'json': [{'Id': 'n1'}]}, [{'Id': 'n1'}]),
    ('volumes.having', ('x.y',), 'GET', '/volumes', HAVING,
     {'json': {'Volumes': [{'Name': 'v1'}]}}, [{'Name': 'v1'}]),
    *((kind + '.having', ('x.y',), 'GET', '/' + kind, HAVING,
       {'json': [{'ID': 'o1'}]}, [{'ID': 'o1'}])
      for kind in ('configs', 'secrets', 'services')),
    ('swarms.current', (), 'GET', '/swarm', {}, {'json': SWARM}, SWARM),
    ('swarms.inspect', ('s1',), 'GET', '/swarm', {}, {'json': SWARM}, SWARM),
    ('swarms.list', ({'a': 'b'},), 'GET', '/swarm', {}, {'json': SWARM},
     [SWARM]),
    ('swarms.list', ({'a': 'c'},), 'GET', '/swarm', {}, {'json': SWARM}, []),
    ('swarms.find', ({'a': 'b'},), 'GET', '/swarm', {}, {'json': SWARM},
     ['s1']),
    ('swarms.membership', (), 'GET', '/info', {}, {'json': {
        'Swarm': {'LocalNodeState': 'active', 'RemoteManagers': None}}},
     {'LocalNodeState': 'active', 'NodeID': '', 'Error': '',
      'ControlAvailable': False, 'RemoteManagers': None}),
    ('swarms.leave', (False,), 'POST', '/swarm/leave', {'force': ['0']}, {},
     None),
    ('swarms.leave', (True,), 'POST', '/swarm/leave', {'force': ['1']}, {},
     None),
    ('swarms.unlock_key', (), 'GET', '/swarm/unlockkey', {},
     {'json': {'UnlockKey': 'x'}}, 'x'),
    ('swarms.unlock_key', (), 'GET', '/swarm/unlockkey', {},
     {'json': {'UnlockKey': ''}}, None),
    ('nodes.inspect', ('n1',), 'GET', '/nodes/n1', {}, {'json': NODE}, NODE),
    ('nodes.list', ({'a': 'b'},), 'GET', '/nodes', {'filters': ['{}']},
     {'json': [NODE, {'ID': 'n2', 'Spec': {'Labels': None}}]}, [NODE]),
    ('nodes.find', ({},), 'GET', '/nodes', {'filters': ['{}']},
     {'json': [NODE, {'ID': 'n2'}]}, ['n1', 'n2']),
    ('nodes.active_tasks', ('n1',), 'GET', '/tasks',
     {'filters': ['{"node": ["n1"]}']},
     {'json': [{'Status': {'State': 'running'}},
               {'Status': {'State': 'shutdown'}}, {}]}, 1),
    ('nodes.remove', ('n1',), 'DELETE', '/nodes/n1', {'force': ['0']}, {},
     None),
    ('nodes.remove', ('n1', True), 'DELETE', '/nodes/n1', {'force': ['1']},
     {}, None),
    ('containers.start', ('c1',), 'POST', '/containers/c1/start', {},
     {'status_code': 204}, None),
    ('containers.start', ('c1',), 'POST', '/containers/c1/start', {},
     {'status_code': 304}, None),
    ('containers.stop', ('c1', None, 0.2), 'POST', '/containers/c1/stop', {},
     {'status_code': 304}, None),
    ('containers.stop', ('c1', 0, 0.2), 'POST', '/containers/c1/stop',
     {'t': ['0']}, {'status_code': 204}, None),
    ('containers.restart', ('c1', None, 3.0),
     'POST', '/containers/c1/restart', {}, {'status_code': 204}, None),
    ('containers.restart', ('c1', 5, 3.0),
     'POST', '/containers/c1/restart', {'t': ['5']},
     {'status_code': 204}, None),
    ('containers.kill', ('c1', 'SIGHUP'), 'POST', '/containers/c1/kill',
     {'signal': ['SIGHUP']}, {'status_code': 204}, None),
    ('containers.pause', ('c1',), 'POST', '/containers/c1/pause', {},
     {'status_code': 204}, None),
    ('containers.unpause', ('c1',), 'POST', '/containers/c1/unpause', {},
     {'status_code': 204}, None),
    ('containers.rename', ('c1', 'web-1'), 'POST', '/containers/c1/rename',
     {'name': ['web-1']}, {'status_code': 204}, None),
    ('containers.stats', ('c1',), 'GET', '/containers/c1/stats',
     {'stream': ['false'], 'one-shot': ['true']}, {'json': {'a': 1}},
     {'a': 1}),
    ('containers.wait', ('c1', 3.0), 'POST', '/containers/c1/wait', {},
     {'json': {'StatusCode': 0}}, None),
    ('containers.remove', ('c1',), 'DELETE', '/containers/c1',
     {'v': ['1'], 'force': ['0']}, {'status_code': 204}, None),
    ('containers.remove', ('c1', False, True), 'DELETE', '/containers/c1',
     {'v': ['0'], 'force': ['1']}, {'status_code': 204}, None),
    ('containers.inspect', ('c1',), 'GET', '/containers/c1/json', {},
     {'json': {'Id': 'c1', 'State': {}}}, {
         'Id': 'c1', 'State': {}, 'Name': '', 'Image': '', 'Config': {},
         'HostConfig': {}}),
    ('containers.list_all', ('a.',), 'GET', '/containers/json',
     {'all': ['1'], 'filters': ['{}']},
     {'json': [{'Id': 'c1', 'Created': 1, 'Labels': {'a.b': 'c', 'd': 'e'}},
               {'Id': 'c2', 'Labels': None}]},
     [{'Id': 'c1', 'Labels': {'a.b': 'c'}}, {'Id': 'c2', 'Labels': {}}]),
    ('containers.list', ({'a': 'b', 'c': 'd'},), 'GET', '/containers/json',
     {'all': ['1'], 'filters': ['{"label": ["a=b", "c=d"]}']},
     {'json': [{'Id': 'c1'}]}, [{'Id': 'c1'}]),
    ('containers.find', ({'a': 'b'},), 'GET', '/containers/json',
     {'all': ['1'], 'filters': ['{"label": ["a=b"]}']},
     {'json': [{'Id': 'c1'}]}, ['c1']),
    ('images.find', ({'a': 'b'},), 'GET', '/images/json',
     {'filters': ['{"label": ["a=b"]}']}, {'json': [{'Id': 'i1'}]}, ['i1']),
    ('networks.find', ({'a': 'b'},), 'GET', '/networks',
     {'filters': ['{"label": ["a=b"]}']}, {'json': [{'Id': 'n1'}]}, ['n1']),
    ('volumes.find', ({'a': 'b'},), 'GET', '/volumes',
     {'filters': ['{"label": ["a=b"]}']},
     {'json': {'Volumes': [{'Name': 'v1'}]}}, ['v1']),
    *((kind + '.find', ({'a': 'b'},), 'GET', '/' + kind,
       {'filters': ['{"label": ["a=b"]}']}, {'json': [{'ID': 's1'}]}, ['s1'])
      for kind in ('secrets', 'configs', 'services')),
    *((kind + '.list', ({'a': 'b'},), 'GET', '/' + kind,
       {'filters': ['{"label": ["a=b"]}']}, {'json': [{'ID': 's1'}]},
       [{'ID': 's1'}]) for kind in ('secrets', 'configs', 'services')),
    *((kind + '.inspect', ('s',), 'GET', '/%s/s' % kind, {},
       {'json': {'ID': 's1', 'Version': {'Index': 7}, 'Spec': {}}},
       {'ID': 's1', 'Version': {'Index': 7}, 'Spec': {}})
      for kind in ('secrets', 'configs', 'services')),
    *((kind + '.remove', ('s1',), 'DELETE', '/%s/s1' % kind, {},
       {'status_code': 204}, None)
      for kind in ('secrets', 'configs', 'services')),
    ('services.tasks', ({'ID': 's1', 'Spec': {'TaskTemplate': {
        'Runtime': 'container', 'Networks': []}}},), 'GET', '/tasks',
     {'filters': ['{"service": ["s1"]}']},
     {'json': [{'ID': 't1', 'Slot': 2, 'Spec': {'Networks': []}},
               {'ID': 't2', 'NodeID': 'n1', 'DesiredState': 'shutdown',
                'JobIteration': {'Index': 3}, 'CreatedAt': 'x',
                'Status': {'State': 'failed', 'Err': 'e', 'ContainerStatus': {
                    'ContainerID': 'c1', 'ExitCode': 4}}}]},
     [services.Task('t1', 2, '', '', '', '', '', '', 0, 0, True),
      services.Task('t2', 0, 'n1', 'shutdown', 'failed', 'e', 'x', 'c1', 4, 3,
                    False)]),
    ('services.tasks_of', ({'a': 'b'},), 'GET', '/tasks',
     {'filters': ['{"label": ["a=b"]}']}, {'json': []}, []),
    ('services.node_name', ('n1',), 'GET', '/nodes/n1', {},
     {'json': {'ID': 'n1', 'Description': {'Hostname': 'h'}}}, 'h'),
    ('services.node_name', ('n1',), 'GET', '/nodes/n1', {},
     {'status_code': 404, 'json': {'message': 'node n1 not found'}}, 'n1'),
    ('images.list', ({'a': 'b', 'c': 'd'},), 'GET', '/images/json',
     {'filters': ['{"label": ["a=b", "c=d"]}']},
     {'json': [{'Id': 'i1'}]}, [{'Id': 'i1'}]),
    ('images.exists', ('h:5000/a/b:c',), 'GET',
     '/images/h%3A5000%2Fa%2Fb%3Ac/json', {}, {'json': {'Id': 'i1'}},
     True),
    ('images.exists', ('a',), 'GET', '/images/a/json', {},
     {'status_code': 404, 'json': {'message': 'No such image'}}, False),
    ('images.digest', ('a/b:1',), 'GET', '/distribution/a%2Fb%3A1/json', {},
     {'json': {'Descriptor': {'digest': 'sha256:' + 64 * '0', 'size': 9}}},
     'sha256:' + 64 * '0'),
    ('images.inspect', ('a',), 'GET', '/images/a/json', {},
     {'json': {'Id': 'i1'}}, {'Id': 'i1'}),
    ('networks.inspect', ('n/1',), 'GET', '/networks/n%2F1', {},
     {'json': {'Id': 'n1'}}, {'Id': 'n1', 'Name': ''}),
    ('networks.list', ({'a': 'b', 'c': 'd'},), 'GET', '/networks',
     {'filters': ['{"label": ["a=b", "c=d"]}']},
     {'json': [{'Id': 'n1'}]}, [{'Id': 'n1'}]),
    ('networks.remove', ('n1',), 'DELETE', '/networks/n1', {},
     {'status_code': 204}, None),
    ('volumes.inspect', ('v1',), 'GET', '/volumes/v1', {},
     {'json': {'Name': 'v1'}}, {'Name': 'v1'}),
    ('volumes.list', ({'a': 'b', 'c': 'd'},), 'GET', '/volumes',
     {'filters': ['{"label": ["a=b", "c=d"]}']},
     {'json': {'Volumes': [{'Name': 'v1'}]}}, [{'Name': 'v1'}]),
    ('volumes.list', ({},), 'GET', '/volumes', {'filters': ['{"label": []}']},
     {'json': {'Volumes': None}}, []),
    ('volumes.remove', ('v1',), 'DELETE', '/volumes/v1', {},
     {'status_code': 204}, None),
    ('volumes.disk_usage', (), 'GET', '/system/df', {},
     {'json': {'Volumes': [{'Name': 'v1'}]}}, [{'Name': 'v1'}]),
    ('containers.using_volume', ('v1',), 'GET', '/containers/json',
     {'all': ['1'], 'filters': ['{"volume": ["v1"]}']},
     {'json': [{'Id': 'c1'}, {'Id': 'c2'}]}, ['c1', 'c2']),
    ('containers.using_network', ('n1', 'wiki'), 'GET', '/containers/json',
     {'all': ['1'], 'filters': ['{"network": ["n1", "wiki"]}']},
     {'json': [{'Id': 'c1'}]}, ['c1']),
    ('containers.using_image', ('sha256:1',), 'GET', '/containers/json',
     {'all': ['1'], 'filters': ['{"ancestor": ["1"]}']},
     {'json': [{'Id': 'c1', 'Image': 'a:1'}, {'Id': 'c2'}]},
     {'c1': 'a:1', 'c2': ''}),
    ('images.tag', ('a', 'b/c:d'), 'POST', '/images/a/tag',
     {'repo': ['b/c'], 'tag': ['d']}, {'status_code': 201}, None),
    ('images.remove', ('a/b:c',), 'DELETE', '/images/a%2Fb%3Ac', {},
     {'json': [{'Untagged': 'a/b:c'}]}, None),
)

ALL_CALLS = tuple(call[:7] for call in WITH_BODY) + CALLS

# Methods with a longer timeout, independent of their arguments.
LONG = {'containers.commit': 3600.0, 'images.digest': 10.0,
        'networks.create': 20.0,
        'swarms.init': 25.0, 'swarms.join': 25.0, 'swarms.leave': 25.0,
        'volumes.create': 20.0}

INSPECTED = {'Id': 'x', 'State': {}, 'Name': '/web', 'Image': 'sha256:1',
             'Config': {'Tty': True}, 'HostConfig': {'Memory': 1}}

NAMES = (('a/b', 'a%2Fb'), ('a?b#c', 'a%3Fb%23c'), ('../x', '..%2Fx'),
         ('%s', '%25s'), ('ä', '%C3%A4'))


def raised(*chain):
    """Return the first error of a chain; the others are its causes."""
    for error, cause in itertools.pairwise(chain):
        error.__context__ = cause
    return chain[0]


POOL = mock.Mock(spec=urllib3.HTTPConnectionPool)
CONNECTION = mock.Mock(spec=urllib3.connection.HTTPConnection)
ADDRESS = socket.gaierror(socket.EAI_NONAME, 'Name or service not known')

# Errors of requests if the daemon cannot have received the request.
NOT_REACHED = (
    raised(requests.exceptions.ConnectionError('x'),
           urllib3.exceptions.NewConnectionError(CONNECTION, 'x'),
           ConnectionRefusedError(errno.ECONNREFUSED, 'Connection refused')),
    raised(requests.exceptions.ConnectionError('x'),
           urllib3.exceptions.NewConnectionError(CONNECTION, 'x'),
           OSError(errno.EHOSTUNREACH, 'No route to host')),
    raised(requests.exceptions.ConnectionError('x'), ADDRESS),
    raised(requests.exceptions.ConnectionError('x'),
           urllib3.exceptions.ProtocolError('Connection aborted.'),
           FileNotFoundError(errno.ENOENT, 'No such file or directory')),
    raised(requests.exceptions.ConnectionError('x'),
           urllib3.exceptions.ProtocolError('Connection aborted.'),
           PermissionError(errno.EACCES, 'Permission denied')),
    requests.exceptions.ConnectTimeout('x'),
    raised(requests.exceptions.ConnectTimeout('x'),
           urllib3.exceptions.ConnectTimeoutError(CONNECTION, 'x'),
           TimeoutError('timed out')),
)

# Errors of requests if the daemon may be executing the request.
NOT_ANSWERED = (
    requests.exceptions.ConnectionError('x'),
    raised(requests.exceptions.ConnectionError('x'),
           urllib3.exceptions.ProtocolError('Connection aborted.'),
           ConnectionResetError(errno.ECONNRESET,
                                'Connection reset by peer')),
    raised(requests.exceptions.ConnectionError('x'),
           urllib3.exceptions.ProtocolError('Connection aborted.'),
           http.client.RemoteDisconnected(
               'Remote end closed connection without response')),
    raised(requests.exceptions.ConnectionError('x'),
           BrokenPipeError(errno.EPIPE, 'Broken pipe')),
    requests.exceptions.ChunkedEncodingError('x'),
    requests.exceptions.ContentDecodingError('x'),
    requests.exceptions.RequestException('x'),
    urllib3.exceptions.ProtocolError('x'),
    urllib3.exceptions.IncompleteRead(1, 2),
    OSError('x'),
    # Errors without details from urllib3.
    requests.exceptions.SSLError('x'),
    raised(requests.exceptions.SSLError('x'),
           ssl.SSLEOFError(8, 'EOF occurred in violation of protocol')),
)

LATE = (
    requests.exceptions.ReadTimeout('x'),
    raised(requests.exceptions.ReadTimeout('x'),
           urllib3.exceptions.ReadTimeoutError(POOL, '/', 'x'),
           TimeoutError('timed out')),
    urllib3.exceptions.ReadTimeoutError(POOL, '/', 'x'),
)

REASONS = {
    0: 'Connection refused', 1: 'No route to host',
    2: 'Name or service not known', 3: 'No such file or directory',
    4: 'Permission denied', 5: 'no response in time', 6: 'no response in time'}


LEAVING = [('POST', '/containers/x/stop'), ('GET', '/containers/x/json'),
           ('DELETE', '/containers/x'), ('POST', '/networks/web/disconnect'),
           ('POST', '/containers/x/wait')]


class EngineTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.daemon = self.useFixture(base.FakeDaemon())
        # A stop also sends this request.
        self.daemon.on('GET', '/containers/c1/json', {'json': INSPECTED})
        self.client = self.connect()

    def connect(self, url=base.URL):
        connected = client.DockerClient(endpoint.parse(url))
        self.addCleanup(connected.close)
        return connected

    def failing(self, error, method, *arguments):
        """Return the message of an error of exactly this class."""
        ex = self.assertRaises(
            errors.DockerError, operator.attrgetter(method)(self.client),
            *arguments)
        self.assertIs(error, type(ex), ex)
        self.assertIn(base.URL, str(ex))
        self.assert_plain(str(ex))
        return str(ex)


class VersionTestCase(EngineTestCase):

    def answer(self, **answer):
        self.daemon.on('GET', '/version', answer, prefix='')

    def speak(self, newest, oldest='1.12'):
        self.answer(json={'ApiVersion': newest, 'MinAPIVersion': oldest})

    def test_podman_is_recognized_by_its_components(self):
        for components, expected in (
                ({}, False), ({'Components': None}, False),
                ({'Components': [{'Name': 'Engine'}]}, False),
                ({'Components': [{'Name': 'Podman Engine'},
                                 {'Name': 'Conmon'}]}, True)):
            self.patch(client, '_POOL', daemons.Pool())
            self.answer(json={'ApiVersion': '1.41', **components})
            self.assertIs(expected, self.connect().is_podman)

    def test_version_is_lower_of_both(self):
        newest = client.NEWEST_API
        later = '%d.%d' % (newest[0], newest[1] + 1)
        for spoken, expected in (('1.40', (1, 40)), (later, newest),
                                 ('%d.%d' % newest, newest),
                                 ('2.0', newest)):
            self.patch(client, '_POOL', daemons.Pool())
            self.speak(spoken)
            self.assertEqual(expected, self.connect().api, spoken)

    def test_version_asked_once(self):
        self.daemon.on('GET', '/containers/x/json', {'json': INSPECTED})
        self.client.containers.inspect('x')
        self.client.containers.inspect('x')
        self.assertEqual(
            ['/version', '/v1.41/containers/x/json',
             '/v1.41/containers/x/json'],
            [sent.path for sent in self.daemon.history])

    def test_version_in_path(self):
        self.speak('1.40')
        self.daemon.on('GET', '/containers/x/json', {'json': INSPECTED},
                       prefix='/v1.40')
        self.assertEqual(INSPECTED, self.client.containers.inspect('x'))

    def test_version_too_old(self):
        self.speak('1.39')
        words = self.failing(errors.Unsupported, 'containers.inspect', 'x')
        self.assertIn('1.12 to 1.39', words)
        self.assertIn('1.40 to ', words)
        self.assertEqual([], self.daemon.requests)

    def test_version_compared_as_numbers(self):
        self.speak('1.9')
        self.failing(errors.Unsupported, 'containers.inspect', 'x')

    def test_version_too_new(self):
        self.speak('9.9', '9.8')
        words = self.failing(errors.Unsupported, 'containers.inspect', 'x')
        self.assertIn('9.8 to 9.9', words)

    def test_version_without_oldest(self):
        self.answer(json={'ApiVersion': '1.41'})
        self.assertEqual((1, 41), self.client.api)

    def test_version_not_a_daemon(self):
        for answer in ({'text': '<html>hello</html>'}, {'json': []},
                       {'json': 'hello'}, {'json': {}}, {'text': ''},
                       {'json': {'ApiVersion': 'new'}},
                       {'json': {'ApiVersion': '1'}},
                       {'json': {'ApiVersion': 1.41}},
                       {'json': {'ApiVersion': None}}):
            self.answer(**answer)
            words = self.failing(errors.Failed, 'containers.inspect', 'x')
            self.assertIn('is not a Docker daemon', words)

    def test_version_refused(self):
        """Users who choose a host must not see its answers."""
        secret = {'message': 'hunter2', 'ApiVersion': '1.41'}
        for answer in ({'text': '<html>hunter2</html>'}, {'json': secret},
                       {'json': dict(secret, message='No such container')}):
            for status in (201, 204, 301, 302, 307, 400, 401, 403, 404, 409,
                           418, 429, 499):
                self.answer(status_code=status, reason='hunter2',
                            headers={'Location': 'http://hunter2.test/',
                                     'WWW-Authenticate': 'Basic hunter2'},
                            **answer)
                words = self.failing(errors.Failed, 'containers.inspect', 'x')
                self.assertEqual('The service at %s is not a Docker daemon'
                                 % base.URL, words)
        self.assertEqual({'docker.test:2375'},
                         {sent.netloc for sent in self.daemon.history})
        self.assertNotIn('hunter2', self.log.output)

    def test_version_odd(self):
        for answer in ({'text': 'hunter2'}, {'json': {'message': 'hunter2'}},
                       {'json': {'ApiVersion': 'hunter2'}},
                       {'json': {'ApiVersion': '1.hunter2'}},
                       {'json': {'ApiVersion': '1.41',
                                 'MinAPIVersion': 'hunter2'}},
                       {'json': {'ApiVersion': '1.41',
                                 'MinAPIVersion': ['hunter2']}},
                       {'json': {'ApiVersion': '1.41',
                                 'Components': 'hunter2'}},
                       {'content': b'\xffhunter2'}):
            self.answer(reason='hunter2', **answer)
            words = self.failing(errors.Failed, 'containers.inspect', 'x')
            self.assertIn('is not a Docker daemon', words)
            self.assertNotIn('hunter2', words)

    def test_version_behind_a_proxy(self):
        """The daemon may be unreachable only temporarily."""
        for status, expected in (
                (500, 'HTTP status 500, internal server error'),
                (502, 'HTTP status 502, bad gateway'),
                (503, 'HTTP status 503, service unavailable'),
                (599, 'HTTP status 599')):
            self.answer(status_code=status, reason='hunter2',
                        json={'message': 'hunter2'})
            words = self.failing(errors.Unreachable, 'containers.inspect',
                                 'x')
            self.assertTrue(words.endswith(expected), words)
            self.assertNotIn('hunter2', words)

    def test_version_of_a_port_with_tls(self):
        self.answer(status_code=400, text='Client sent an HTTP request to '
                    'an HTTPS server.\n')
        words = self.failing(errors.Failed, 'containers.inspect', 'x')
        self.assertEqual('%s expects TLS: use https:// in docker_endpoint'
                         % base.URL, words)

    def test_version_before_all_else(self):
        """A server that is not Docker does not even receive the request."""
        self.answer(json={})
        for method, arguments, *_rest in ALL_CALLS:
            self.failing(errors.Failed, method, *arguments)
        self.assertEqual([], self.daemon.requests)

    def test_version_of_a_connection_that_is_used_again(self):
        self.daemon.on('GET', '/containers/x/json', {'json': INSPECTED})
        for _time in range(3):
            with self.connect() as connected:
                connected.containers.inspect('x')
        self.assertEqual(1, len(self.daemon.sent('GET', '/version')))

    def test_version_asked_again_after_a_failure(self):
        """The endpoint may now lead to another daemon."""
        self.daemon.on('GET', '/containers/x/json', {'json': INSPECTED},
                       {'exc': NOT_ANSWERED[0]}, {'json': INSPECTED})
        with self.connect() as connected:
            connected.containers.inspect('x')
            self.assertRaises(errors.NoAnswer, connected.containers.inspect,
                              'x')
        self.speak('1.40')
        with self.connect() as connected:
            self.assertEqual((1, 40), connected.api)

    def test_version_not_asked_before_it_is_needed(self):
        with self.connect():
            pass
        self.assertEqual([], self.daemon.history)


class RequestTestCase(EngineTestCase):

    def test_calls_send_the_documented_query(self):
        for method, arguments, verb, path, query, answer, result in ALL_CALLS:
            self.daemon.on(verb, path, answer)
            self.assertEqual(result,
                             operator.attrgetter(method)(self.client)(*arguments))
            sent = self.daemon.sent(verb, path)[-1]
            self.assertEqual(query, sent.qs, method)

    def test_labels_are_read_from_inspect_answers(self):
        found, none = {'a': 'b'}, ({}, None)
        for kind, objects in client.COLLECTIONS.items():
            for labels in (found, *none):
                shown = {'Labels': labels}
                for key in reversed(objects.LABELS[:-1]):
                    shown = {key: shown}
                self.assertEqual(labels or {}, objects.labels_of(shown))
            for shown in ({'Spex': {'Labels': found}}, {'Config': 'x'},
                          {'Config': {'Labels': ['x']}}, {'Labels': ['x']}):
                if kind == 'images' and 'Config' not in shown:
                    continue
                self.assertRaises(errors.Failed, objects.labels_of, shown)

    def test_labels_of_an_image_without_configuration(self):
        for shown in ({}, {'Config': None}, {'Config': {}}):
            self.assertEqual({}, images.Images.labels_of(shown))

    def test_labels_of_a_kind_that_does_not_state_where_they_are(self):
        class Secrets(collection.Collection):
            PATH = '/secrets'

        self.assertRaises(NotImplementedError, Secrets.labels_of,
                          {'Spec': {'Labels': {'a': 'b'}}})

    def test_create_body(self):
        self.daemon.on('POST', '/containers/create',
                       {'status_code': 201, 'json': {'Id': 'c1'}})
        body = {'Image': 'x', 'Tty': False, 'HostConfig': {'Memory': 0}}
        self.client.containers.create({}, body)
        [sent] = self.daemon.sent('POST', '/containers/create')
        self.assertEqual(body, sent.json())
        self.assertEqual('application/json', sent.headers['Content-Type'])

    def test_calls_send_the_documented_body(self):
        for method, arguments, verb, path, _query, answer, _res, body in (
                WITH_BODY):
            self.daemon.on(verb, path, answer)
            operator.attrgetter(method)(self.client)(*arguments)
            self.assertEqual(body, self.daemon.sent(verb, path)[-1].json())

    def test_types_are_checked_where_a_response_arrives(self):
        """Callers need no checks, and their bugs do not blame the daemon."""
        shown = {'Id': 'x', 'State': {'Status': 'running'}}
        for part in ({'State': None}, {'State': 'x'}, {'Name': 7},
                     {'State': {'Status': []}}, {'Config': ['x']},
                     {'State': {'Health': {'Log': [{'Output': 1}]}}},
                     {'State': {'Health': {'Log': 'x'}}},
                     {'HostConfig': {'RestartPolicy': 'always'}},
                     {'NetworkSettings': {'Networks': ['x']}},
                     {'NetworkSettings': {'Networks': {'n': 'x'}}},
                     {'NetworkSettings': {'Networks': {'n': {
                         'Aliases': [1]}}}}):
            self.daemon.on('GET', '/containers/x/json', {
                'json': {**shown, **part}})
            self.assertIn('returned data of unexpected types', str(
                self.assertRaises(errors.Failed,
                                  self.client.containers.inspect, 'x')))
        for kind, part in (('networks', {'Labels': ['x']}),
                           ('networks', {'ConfigFrom': 'x'}),
                           ('images', {'RepoTags': 'x'}),
                           ('images', {'Config': 'x'})):
            self.daemon.on('GET', '/%s/x%s' % (
                kind, '/json' if kind == 'images' else ''), {
                    'json': {'Id': 'x', **part}})
            self.assertIn('unexpected types', str(self.assertRaises(
                errors.Failed, getattr(self.client, kind).inspect, 'x')))

    def test_swarm_of_a_daemon_that_has_none(self):
        """It answers with the status of a server that is unavailable."""
        refused = {'status_code': 503, 'json': {
            'message': 'This node is not a swarm manager. Use x'}}
        self.daemon.on('GET', '/swarm', refused)
        for state, error in (('inactive', errors.NotFound),
                             ('active', errors.Failed)):
            self.daemon.on('GET', '/info', {'json': {'Swarm': {
                'LocalNodeState': state}}})
            self.assertIn('not a swarm manager', str(self.assertRaises(
                error, self.client.swarms.current)))
            self.assertEqual([], self.client.swarms.find({}))

    def test_swarm_of_others(self):
        self.daemon.on('GET', '/swarm', {'json': {**SWARM, 'ID': 's2'}})
        self.assertIn('the swarm s2, not of s1', str(self.assertRaises(
            errors.NotFound, self.client.swarms.inspect, 's1')))

    def test_all_methods_have_calls(self):
        elsewhere = {
            'containers.create_exec', 'containers.exit_code',
            'containers.get_archive', 'containers.log_head',
            'containers.log_tail', 'containers.put_archive',
            'containers.start_exec', 'images.build', 'images.is_for',
            'images.load', 'images.pull', 'images.push',
            'networks.ignores_at_connect', 'services.log_tail',
            'services.task_log_tail',
            # A daemon leaves its swarm instead.
            'swarms.remove',
            # check.py lists no orphans of these kinds.
            'nodes.having', 'swarms.having'}
        ours = {'%s.%s' % (kind, name)
                for kind, objects in client.COLLECTIONS.items()
                for name in dir(objects) if not name.startswith('_')
                and callable(getattr(objects, name))}
        self.assertEqual(
            ours - elsewhere - {kind + '.labels_of'
                                for kind in client.COLLECTIONS},
            {call[0] for call in ALL_CALLS})

    def test_image_for_a_platform(self):
        """Before version 1.49, the inspect request shows the platform."""
        images = self.client.images
        shown = {'Id': 'i1', 'Os': 'linux', 'Architecture': 'arm',
                 'Variant': 'v7'}
        self.daemon.on('GET', '/images/a/json', {'json': shown})
        for has, platform in (
                (True, 'linux/arm'), (True, 'linux/arm/v7'),
                (True, 'linux/armhf'), (True, 'linux'), (True, 'arm'),
                (False, 'linux/arm/v6'), (False, 'linux/arm64'),
                (False, 'windows/arm'), (False, 'amd64')):
            self.assertIs(has, images.exists(
                'a', platforms.platform_to_api(platform)), platform)
        shown.pop('Variant')
        self.assertTrue(images.exists(
            'a', platforms.platform_to_api('linux/arm/v6')))

    def test_image_for_a_platform_that_the_daemon_tells(self):
        """An image of the containerd store can be for several platforms."""
        self.daemon.speak('1.49')
        shown = {'json': {'Id': 'i1', 'Os': 'linux', 'Architecture': 'amd64'}}
        self.daemon.on('GET', '/images/a/json', shown, shown, shown,
                       base.refusal(404, 'in any words'), shown,
                       base.refusal(500, 'broken'))
        arm = platforms.platform_to_api('linux/arm64/v8')
        self.assertTrue(self.client.images.exists('a', arm))
        self.assertEqual(
            [{'os': 'linux', 'architecture': 'arm64', 'variant': 'v8'}],
            [json.loads(sent.qs['platform'][0]) for sent
             in self.daemon.history if 'platform' in sent.qs])
        self.assertFalse(self.client.images.exists('a', arm))
        self.assertRaises(errors.Failed, self.client.images.exists, 'a', arm)

    def test_status_of_an_error(self):
        self.daemon.on('GET', '/images/a/json',
                       base.refusal(404, 'in any words'))
        ex = self.assertRaises(errors.Failed, self.client.images.inspect, 'a')
        self.assertEqual(404, ex.status)

    ARCHIVE = '/containers/c1/archive'

    def test_put_archive_sends_a_tar_for_the_root(self):
        self.daemon.on('PUT', self.ARCHIVE, 200)
        self.client.containers.put_archive('c1', b'tar')
        [sent] = self.daemon.sent('PUT', self.ARCHIVE)
        self.assertEqual((b'tar', {'path': ['/']}, 'application/x-tar'),
                         (sent.body, sent.qs, sent.headers['Content-Type']))
        self.assertEqual((5.0, 10.0), sent.timeout)

    def test_archive_in_pieces(self):
        self.daemon.on('PUT', self.ARCHIVE, 200)
        self.client.containers.put_archive('c1', iter([b't', b'ar']),
                                           '/volume')
        [sent] = self.daemon.sent('PUT', self.ARCHIVE)
        self.assertEqual(([b't', b'ar'], {'path': ['/volume']},
                          'application/x-tar'),
                         (list(sent.body), sent.qs,
                          sent.headers['Content-Type']))
        self.assertEqual((5.0, 3600.0), sent.timeout)

    def get_archive(self, *pieces):
        self.daemon.on('GET', self.ARCHIVE, {'raw': base.chunked(*pieces)})
        return self.client.containers.get_archive('c1', '/volume/.')

    def test_get_archive(self):
        pieces = self.get_archive(b't', b'ar')
        self.assertEqual([b't', b'ar'], list(pieces))
        [sent] = self.daemon.sent('GET', self.ARCHIVE)
        self.assertEqual(({'path': ['/volume/.']}, (5.0, 3600.0)),
                         (sent.qs, sent.timeout))

    def test_get_archive_in_pieces(self):
        """The plugin never holds a whole volume in memory."""
        pieces = self.get_archive(
            b't', lambda: self.fail('It was read to its end'))
        self.assertEqual(b't', next(pieces))
        pieces.close()

    def test_get_archive_breaks(self):
        def breaks():
            raise ConnectionResetError(errno.ECONNRESET, 'reset')

        ex = self.assertRaises(errors.NoAnswer, list,
                               self.get_archive(b't', breaks))
        self.assert_plain(str(ex))

    def test_stats_of_an_old_daemon(self):
        self.daemon.on('GET', '/version', {'json': {'ApiVersion': '1.40'}},
                       prefix='')
        self.daemon.on('GET', '/containers/c1/stats', {'json': {}},
                       prefix='/v1.40')
        self.client.containers.stats('c1')
        self.assertEqual({'stream': ['false']}, self.daemon.history[-1].qs)

    def test_disk_usage_of_a_new_daemon(self):
        self.daemon.on('GET', '/version', {'json': {'ApiVersion': '1.42'}},
                       prefix='')
        self.daemon.on('GET', '/system/df', {'json': {}}, prefix='/v1.42')
        self.client.volumes.disk_usage()
        self.assertEqual({'type': ['volume']}, self.daemon.history[-1].qs)

    def test_other_calls_without_body(self):
        for method, arguments, verb, path, _query, answer, _res in CALLS:
            self.daemon.on(verb, path, answer)
            operator.attrgetter(method)(self.client)(*arguments)
            self.assertIsNone(self.daemon.sent(verb, path)[-1].body, method)

    def test_names_quoted(self):
        for name, quoted in NAMES:
            path = '/containers/%s/json' % quoted
            self.daemon.on('GET', path, {'json': INSPECTED})
            self.client.containers.inspect(name)
            self.assertEqual(1, len(self.daemon.sent('GET', path)), name)

    def test_every_request_has_a_timeout(self):
        """Only pull, stop and wait have long timeouts."""
        for method, arguments, verb, path, _query, answer, _res in ALL_CALLS:
            self.daemon.on(verb, path, answer)
            operator.attrgetter(method)(self.client)(*arguments)
            connect, read = self.daemon.sent(verb, path)[-1].timeout
            self.assertEqual(5.0, connect)
            names = inspect.signature(operator.attrgetter(method)(self.client))
            given = dict(zip(names.parameters, arguments,
                             strict=False))
            self.assertEqual(
                given.get('patience', LONG.get(method, 10.0)), read, method)

    def test_expensive_requests_take_a_slot_and_release_it(self):
        """Work that keeps a daemon busy shares a limit within the worker."""
        left = []

        def work(request, context):
            [turns] = self.pool._slots.values()
            left.append(turns._value)
            return '' if 'start' in request.path else '{"Id": "x"}'

        for path in ('create', 'x/start'):
            self.daemon.on('POST', '/containers/' + path, {'text': work})
        self.client.containers.create({}, {})
        self.client.containers.start('x')
        self.assertEqual([3, 3], left)
        self.assertEqual([], list(self.pool._slots))

    def serve_leaving(self):
        """Answer the requests that detach containers from networks.

        :returns: list that receives the method and path of each request, and
            the number of further requests that the limit would allow.
        """
        asked = []

        def work(request, context):
            free = [turns._value for (_endpoint, leaving), turns
                    in self.pool._slots.items() if leaving]
            asked.append((request.method, request.path, *free))
            return json.dumps(INSPECTED) if request.method == 'GET' else ''

        for verb, path in LEAVING:
            self.daemon.on(verb, path, {'text': work})
        return asked

    def test_turns_to_leave_networks(self):
        asked = self.serve_leaving()
        self.client.containers.stop('x', None, 5.0)
        self.client.containers.remove('x', force=True)
        self.client.networks.disconnect('x', 'web')
        self.assertEqual([(verb, '/v1.41' + path, 0) for verb, path
                          in LEAVING if path[-5:] != '/wait'], asked)
        self.assertEqual([], list(self.pool._slots))

    def test_no_turn_for_what_has_stopped(self):
        asked = self.serve_leaving()
        self.client.containers.remove('x')
        self.assertEqual([('DELETE', '/v1.41/containers/x')], asked)

    def test_no_turn_on_podman(self):
        self.daemon.be_podman()
        asked = self.serve_leaving()
        self.client.containers.stop('x', 3, 5.0)
        self.client.containers.remove('x', force=True)
        self.client.networks.disconnect('x', 'web')
        self.assertEqual(
            [('POST', '/v1.41/containers/x/stop'),
             ('DELETE', '/v1.41/containers/x'),
             ('POST', '/v1.41/networks/web/disconnect')], asked)
        self.assertEqual(5.0, self.daemon.sent(
            'POST', '/containers/x/stop')[-1].timeout[1])

    def test_others_do_not_wait_for_a_grace_period(self):
        asked = self.serve_leaving()
        self.daemon.on('POST', '/containers/x/stop', {'exc': LATE[0]})
        self.client.containers.stop('x', None, 5.0)
        self.assertEqual(1.0, self.daemon.sent(
            'POST', '/containers/x/stop')[-1].timeout[1])
        self.assertEqual([('POST', '/v1.41/containers/x/wait', 1)], asked)
        self.assertEqual(4.0, self.daemon.sent(
            'POST', '/containers/x/wait')[-1].timeout[1])

    def test_grace_period_that_takes_longer(self):
        self.serve_leaving()
        for path in ('stop', 'wait'):
            self.daemon.on('POST', '/containers/x/' + path, {'exc': LATE[0]})
        self.failing(errors.AnswerTimeout, 'containers.stop', 'x', None, 5.0)

    def test_removed_once_it_has_stopped(self):
        self.serve_leaving()
        self.daemon.on('GET', '/containers/x/json', base.refusal(
            404, 'No such container: x'))
        self.client.containers.stop('x', None, 5.0)
        self.assertEqual([('POST', '/containers/x/stop')],
                         self.daemon.changes)

    def test_errors_by_status(self):
        for status, expected in ((400, errors.Failed),
                                 (404, errors.Failed),
                                 (409, errors.Conflict),
                                 (500, errors.Failed),
                                 (503, errors.NoAnswer)):
            self.daemon.on('POST', '/containers/x/start',
                           base.refusal(status, 'my own words\n'))
            self.assertEqual('Docker at %s: my own words' % base.URL,
                             self.failing(expected, 'containers.start', 'x'))

    def test_page_instead_of_an_empty_response(self):
        """Another server responds, so the daemon has done nothing."""
        for content in ('<html>nginx</html>', '{"x": {}}', '[null]'):
            for verb, path, call, *arguments in (
                    ('POST', '/containers/x/start', 'containers.start', 'x'),
                    ('POST', '/containers/x/pause', 'containers.pause', 'x'),
                    ('POST', '/networks/n/connect', 'networks.connect', 'x',
                     'n', {}),
                    ('DELETE', '/volumes/v', 'volumes.remove', 'v'),
                    ('DELETE', '/services/s', 'services.remove', 's'),
                    ('POST', '/swarm/leave', 'swarms.leave', True)):
                self.daemon.on(verb, path, {'text': content})
                self.assertIn('is not a Docker daemon', self.failing(
                    errors.Failed, call, *arguments))
        self.daemon.on('DELETE', '/images/i', {'text': '<html></html>'})
        self.failing(errors.Failed, 'images.remove', 'i')

    def test_error_busy(self):
        self.daemon.on('DELETE', '/containers/x', base.refusal(
            409, 'removal of container x is already in progress'))
        self.failing(errors.Busy, 'containers.remove', 'x')

    def test_errors_without_words(self):
        """A daemon sends a message; a proxy reports that it is unreachable."""
        for answer in ({'text': '<html>'}, {'json': []}, {'json': {}},
                       {'json': {'message': None}}, {'text': ''}):
            for status, error, expected in (
                    (400, errors.Failed, 'HTTP status 400, bad request'),
                    (404, errors.Unsupported, 'HTTP status 404, not found'),
                    (500, errors.NoAnswer,
                     'HTTP status 500, internal server error'),
                    (599, errors.NoAnswer, 'HTTP status 599')):
                self.daemon.on('POST', '/containers/x/start', dict(
                    answer, status_code=status, reason='Oh No'))
                words = self.failing(error, 'containers.start', 'x')
                self.assertTrue(words.endswith(expected), words)

    def test_redirect_not_followed(self):
        for status in (301, 302, 307, 308):
            self.daemon.on('POST', '/containers/x/start', {
                'status_code': status,
                'headers': {'Location': 'http://other.test/'}})
            self.failing(errors.Failed, 'containers.start', 'x')
        self.assertEqual({'docker.test:2375'},
                         {sent.netloc for sent in self.daemon.history})

    def test_answer_not_json(self):
        self.daemon.on('GET', '/containers/x/json', {'text': '<html>'})
        words = self.failing(errors.Failed, 'containers.inspect', 'x')
        self.assertIn('is not a Docker daemon', words)

    def test_answer_too_long(self):
        self.configure(max_answer_bytes=64 * 1024)
        self.daemon.on('GET', '/containers/x/json', {'raw': base.chunked(
            *33 * [2048 * b'x'], lambda: self.fail('It was read to its end'))})
        words = self.failing(errors.Failed, 'containers.inspect', 'x')
        self.assertEqual('Docker at %s: the response is too long' % base.URL,
                         words)

    def test_answer_takes_too_long(self):
        """The server sends a few bytes now and then, but never finishes."""
        self.configure(read_timeout=2.0)
        clock = self.set_clock(client)

        def late():
            clock.now += 0.9

        self.daemon.on('GET', '/containers/x/json', {'raw': base.chunked(
            b'{', late, b' ', late, b' ', late, b' ',
            lambda: self.fail('It was read to its end'))})
        words = self.failing(errors.AnswerTimeout, 'containers.inspect', 'x')
        self.assertIn('no response in time', words)
        self.assertIsNone(self.pool.acquire(self.client.endpoint))

    def test_answer_in_pieces(self):
        content = json.dumps(INSPECTED).encode()
        self.daemon.on('GET', '/containers/x/json', {'raw': base.chunked(
            *(content[n:n + 1] for n in range(len(content))))})
        self.assertEqual(INSPECTED, self.client.containers.inspect('x'))

    def test_wait_suppresses_no_answer_only(self):
        self.daemon.on('POST', '/containers/x/wait',
                       {'exc': requests.exceptions.ReadTimeout})
        self.client.containers.wait('x', 0.1)
        self.daemon.on('POST', '/containers/x/wait',
                       {'exc': requests.exceptions.ConnectTimeout})
        self.failing(errors.Unreachable, 'containers.wait', 'x', 0.1)

    def test_timeouts_of_the_operator(self):
        self.configure(connect_timeout=1.5, read_timeout=2.5)
        self.daemon.on('GET', '/containers/x/json', {'json': INSPECTED})
        self.client.containers.inspect('x')
        self.assertEqual([(1.5, 2.5)] * 2,
                         [sent.timeout for sent in self.daemon.history])

    def test_kept_by_context(self):
        with self.connect() as connected:
            self.assertEqual((1, 41), connected.api)
            client = connected._connection.session
        with self.connect() as other:
            self.assertEqual((1, 41), other.api)
            self.assertIs(client, other._connection.session)

    def test_kept_after_a_refusal(self):
        self.daemon.on('POST', '/containers/x/start',
                       base.refusal(500, 'no'), base.refusal(404, 'no such'))
        with self.connect() as connected:
            for error in (errors.Failed, errors.NotFound):
                self.assertRaises(error, connected.containers.start, 'x')
        self.assertIsNotNone(self.pool.acquire(connected.endpoint))

    def test_closed_by_close(self):
        self.assertEqual((1, 41), self.client.api)
        client = self.client._connection.session
        self.patch(client, 'close', mock.Mock(wraps=client.close))
        closed = client.close
        self.client.close()
        closed.assert_called_once_with()
        self.assertIsNone(self.pool.acquire(self.client.endpoint))

    def test_address_of_none(self):
        """A unix socket has no address; here no connection exists."""
        self.assertIsNone(self.client.address)

    def test_close_before_connect(self):
        self.client.close()
        self.assertEqual([], self.daemon.history)


class WordsTestCase(EngineTestCase):

    def test_on_one_line(self):
        """A daemon's message cannot pass for a line of the log."""
        self.daemon.on('GET', '/containers/c1/json', base.refusal(
            500, 'broken\n2026-11-30 ERROR heat.engine \x1b[2J forged'))
        ex = self.assertRaises(errors.Failed, self.client.containers.inspect,
                               'c1')
        self.assertIn('broken 2026-11-30 ERROR heat.engine  [2J forged',
                      str(ex))

    def test_why_a_container_has_ended(self):
        self.daemon.on('GET', '/containers/c1/json', {'json': {
            'Id': 'c1', 'State': {'Error': 'a\nb' * 10_000}}})
        state = self.client.containers.inspect('c1')['State']
        self.assertEqual(4096, len(state['Error']))
        self.assertTrue(state['Error'].startswith('a ba b'))


class EnvironmentTestCase(EngineTestCase):
    """Tenants receive nothing from the operator's environment."""

    def setUp(self):
        super().setUp()
        folder = os.path.join(self.home, '.docker')
        os.mkdir(folder)
        with open(os.path.join(folder, 'config.json'), 'w',
                  encoding='utf-8') as config:
            json.dump({
                'HttpHeaders': {'X-Secret': 'hunter2'},
                'auths': {'registry.test': {'auth': base64.b64encode(
                    b'me:hunter2').decode()}, 'https://index.docker.io/v1/':
                    {'auth': base64.b64encode(b'me:hunter2').decode()}},
                'proxies': {'default': {
                    'httpProxy': 'http://hunter2.test:3128'}}}, config)
        with open(os.path.join(self.home, '.netrc'), 'w',
                  encoding='utf-8') as netrc:
            netrc.write('machine docker.test login me password hunter2\n')
        for name, value in (
                ('HTTP_PROXY', 'http://hunter2.test:3128'),
                ('http_proxy', 'http://hunter2.test:3128'),
                ('ALL_PROXY', 'http://hunter2.test:3128'),
                ('NETRC', os.path.join(self.home, '.netrc')),
                ('HTTPS_PROXY', 'http://hunter2.test:3128'),
                ('REQUESTS_CA_BUNDLE', '/hunter2'),
                ('CURL_CA_BUNDLE', '/hunter2'),
                ('DOCKER_HOST', 'tcp://hunter2.test:2375'),
                ('DOCKER_CONTEXT', 'hunter2'),
                ('DOCKER_CERT_PATH', '/hunter2'),
                ('DOCKER_API_VERSION', '1.99'),
                ('DOCKER_TLS_VERIFY', '1')):
            self.useFixture(fixtures.EnvironmentVariable(name, value))

    def assert_nothing_sent(self):
        for sent in self.daemon.history:
            self.assertFalse(sent.proxies, sent)
            self.assertNotIn('hunter2', str(sent.verify))
            self.assertNotIn('Authorization', sent.headers)
            shown = '%s %s %s' % (sent.url, dict(sent.headers), sent.text)
            self.assertNotIn('hunter2', shown)
            self.assertNotIn('X-Secret', shown)
            self.assertNotIn(base64.b64encode(b'me:hunter2').decode(), shown)

    def test_requests_have_nothing_of_it(self):
        for method, arguments, verb, path, _query, answer, _res in ALL_CALLS:
            self.daemon.on(verb, path, answer)
            operator.attrgetter(method)(self.client)(*arguments)
        self.assert_nothing_sent()
        stops = [call for call in ALL_CALLS if call[0] == 'containers.stop']
        self.assertThat(self.daemon.history, testtools.matchers.HasLength(
            len(ALL_CALLS) + len(stops) + 1))

    def test_build_and_push_have_nothing_of_it(self):
        self.daemon.on('POST', '/build', {'text': '{"aux": {"ID": "x"}}'})
        self.client.images.build(b'tar', {}, {}, None)
        self.daemon.on('POST', '/images/registry.test%2Fa/push',
                       {'text': '{}'})
        self.client.images.push('registry.test/a', None)
        for sent in self.daemon.history:
            self.assertNotIn('hunter2', base64.urlsafe_b64decode(
                sent.headers.get('X-Registry-Auth')
                or sent.headers.get('X-Registry-Config') or '').decode())
        self.assert_nothing_sent()
        self.assertEqual(2, len(self.daemon.requests))

    def test_pull_has_nothing_of_it(self):
        self.daemon.on('POST', '/images/create', {'text': '{}'})
        for image in ('busybox', 'registry.test/a:1'):
            list(self.client.images.pull(image))
            sent = self.daemon.sent('POST', '/images/create')[-1]
            self.assertEqual({}, json.loads(base64.urlsafe_b64decode(
                sent.headers['X-Registry-Auth'])))
        self.assert_nothing_sent()


class ConnectionTestCase(EngineTestCase):

    def test_not_reached(self):
        for number, exc in enumerate(NOT_REACHED):
            self.daemon.on('POST', '/containers/x/start', {'exc': exc})
            words = self.failing(errors.Unreachable, 'containers.start', 'x')
            self.assertIn('cannot be reached from heat-engine on %s'
                          % socket.gethostname(), words)
            self.assertIn(REASONS[number], words)

    def test_not_answered(self):
        for exc in NOT_ANSWERED:
            self.daemon.on('POST', '/containers/x/start', {'exc': exc})
            self.failing(errors.NoAnswer, 'containers.start', 'x')

    def test_not_answered_in_time(self):
        for exc in LATE:
            self.daemon.on('POST', '/containers/x/start', {'exc': exc})
            self.failing(errors.AnswerTimeout, 'containers.start', 'x')

    def test_version_not_answered_in_time(self):
        """The request itself has not begun."""
        self.daemon.on('GET', '/version', {'exc': LATE[0]}, prefix='')
        self.failing(errors.NoAnswer, 'containers.start', 'x')

    def test_works_again(self):
        self.daemon.on('POST', '/containers/x/start',
                       {'exc': NOT_ANSWERED[1]}, 204)
        self.failing(errors.NoAnswer, 'containers.start', 'x')
        self.assertIsNone(self.client.containers.start('x'))

    def test_others_are_told(self):
        """An unreachable daemon fails other requests, a slow one does not."""
        self.daemon.on('POST', '/containers/x/start', {'exc': NOT_REACHED[0]})
        self.daemon.on('POST', '/containers/x/stop', {'exc': LATE[0]})
        self.failing(errors.AnswerTimeout, 'containers.stop', 'x', None, 0.1)
        client.raise_if_down(self.client.endpoint)
        words = self.failing(errors.Unreachable, 'containers.start', 'x')
        ex = self.assertRaises(errors.Unreachable, client.raise_if_down,
                               self.client.endpoint)
        self.assertEqual(words, str(ex))

    def test_unreachable_at_the_version(self):
        self.daemon.on('GET', '/version', {'exc': NOT_REACHED[0]}, prefix='')
        self.failing(errors.Unreachable, 'containers.inspect', 'x')
        self.assertEqual(1, len(self.daemon.history))


class SocketTestCase(base.TestCase):
    """Real socket errors are classified as in the tables."""

    def setUp(self):
        super().setUp()
        self.path = os.path.join(
            self.useFixture(fixtures.TempDir()).path, 'docker.sock')
        self.client = client.DockerClient(
            endpoint.parse('unix://' + self.path))
        self.addCleanup(self.client.close)

    def serve(self, *answers):
        """Answer one request per connection.

        :param answers: bytes to send; a function is called instead, and
            nothing is sent.
        """
        answers = list(answers)
        end = threading.Event()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                while self.rfile.readline().strip():
                    pass
                answer = answers.pop(0)
                if callable(answer):
                    answer()
                    end.wait()
                else:
                    self.wfile.write(answer)

        server = socketserver.ThreadingUnixStreamServer(self.path, Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.addCleanup(end.set)

    def http(self, content):
        return (b'HTTP/1.1 200 OK\r\nConnection: close\r\n'
                b'Content-Length: %d\r\n\r\n%s' % (len(content), content))

    def version(self):
        return self.http(b'{"ApiVersion": "1.41", "MinAPIVersion": "1.12"}')

    def failing(self, error, *arguments):
        ex = self.assertRaises(errors.DockerError, *arguments)
        self.assertIs(error, type(ex), ex)
        self.assertIn('unix://' + self.path, str(ex))
        self.assert_plain(str(ex))
        return str(ex)

    def test_inspect_reads_an_answer_from_the_socket(self):
        self.serve(self.version(), self.http(
            json.dumps(INSPECTED).encode()))
        self.assertEqual(INSPECTED, self.client.containers.inspect('x'))

    def test_no_socket(self):
        words = self.failing(errors.Unreachable,
                             self.client.containers.start, 'x')
        self.assertIn('No such file or directory', words)

    def test_nobody_listens(self):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(self.path)
        words = self.failing(errors.Unreachable,
                             self.client.containers.start, 'x')
        self.assertIn('Connection refused', words)

    def test_closed_without_answer(self):
        self.serve(self.version(), b'')
        words = self.failing(errors.NoAnswer,
                             self.client.containers.start, 'x')
        self.assertIn('the connection broke', words)

    def test_no_answer_in_time(self):
        self.serve(self.version(), lambda: None)
        words = self.failing(errors.AnswerTimeout,
                             self.client.containers.stop, 'x', None, 0.02)
        self.assertIn('no response in time', words)

    def test_broken_off(self):
        """One thread waits for an answer; another one aborts the request."""
        self.serve(self.version(), self.client.abort)
        words = self.failing(errors.NoAnswer, list,
                             self.client.images.pull('x'))
        self.assertIn('the connection broke', words)

    def test_answer_cut_short(self):
        self.serve(self.version(),
                   b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"Id')
        self.failing(errors.NoAnswer, self.client.containers.inspect, 'x')

    def test_not_http(self):
        self.serve(b'220 mail.test ESMTP\r\n')
        self.failing(errors.NoAnswer, self.client.containers.start, 'x')


class LogTestCase(EngineTestCase):

    PATH = '/containers/x/logs'

    def written(self, *pieces):
        self.daemon.on('GET', self.PATH, {
            'raw': lambda request, context: base.chunked(*pieces)})

    def log_tail(self, *arguments):
        return self.client.containers.log_tail(*arguments)

    def log_head(self, *arguments):
        return self.client.containers.log_head(*arguments)

    def test_only_log_tail_limits_the_lines(self):
        self.written()
        self.log_tail('x', False, 1600)
        self.log_head('x', False, 1600)
        self.assertEqual(
            [{'stdout': ['1'], 'stderr': ['1'], 'tail': ['800']},
             {'stdout': ['1'], 'stderr': ['1']}],
            [sent.qs for sent in self.daemon.sent('GET', self.PATH)])

    def test_lines_that_podman_can_find(self):
        self.patch(client.DockerClient, 'is_podman', True)
        self.written()
        for size in (1600, 64 * 1024):
            self.log_tail('x', False, size)
        self.assertEqual(
            [['800'], ['4096']],
            [sent.qs['tail'] for sent in self.daemon.sent('GET', self.PATH)])

    def test_tail_of_frames(self):
        self.written(base.frame(b'one\n'), base.frame(b'two\n', 2))
        self.assertEqual('one\ntwo\n', self.log_tail('x', False, 99))

    def test_tail_of_frames_split_anywhere(self):
        content = base.frame(b'one\n') + base.frame(b'two\n', 2)
        for cut in range(1, len(content)):
            self.written(content[:cut], content[cut:])
            self.assertEqual('one\ntwo\n',
                             self.log_tail('x', False, 99), cut)

    def test_tail_of_frames_byte_by_byte(self):
        content = base.frame(b'one\n') + base.frame(b'two\n', 2)
        self.written(*(content[n:n + 1] for n in range(len(content))))
        self.assertEqual('one\ntwo\n', self.log_tail('x', False, 99))

    def test_tail_cut_off(self):
        self.written(base.frame(b'one\n'), base.frame(b'two\n')[:10])
        self.assertEqual('one\ntw', self.log_tail('x', False, 99))
        self.written(base.frame(b'one\n'), base.frame(b'two\n')[:3])
        self.assertEqual('one\n', self.log_tail('x', False, 99))

    def test_tail_of_terminal(self):
        self.written(b'\x01\x00\x00\x00one\r\n', b'two\r\n')
        self.assertEqual('\x01\x00\x00\x00one\r\ntwo\r\n',
                         self.log_tail('x', True, 99))

    def test_tail_capped(self):
        self.written(base.frame(b'12345'), base.frame(b'67890'))
        for size in (10, 7, 5, 1):
            self.assertEqual('1234567890'[-size:],
                             self.log_tail('x', False, size))

    def test_tail_of_nothing(self):
        self.written()
        self.assertEqual('', self.log_tail('x', False, 99))
        self.written(base.frame(b'one'))
        self.assertEqual('', self.log_tail('x', False, 0))

    def test_tail_invalid_utf_8(self):
        self.written(base.frame(b'\xffone \xc3\xa4'))
        self.assertEqual('\ufffdone ä', self.log_tail('x', False, 99))

    def test_tail_character_split(self):
        self.written(base.frame(b'\xc3'), base.frame(b'\xa4'))
        self.assertEqual('ä', self.log_tail('x', False, 99))

    def test_log_head_returns_the_first_line(self):
        for tty, content in ((False, base.frame(b'one\r\ntwo\n')),
                             (True, b'one\r\ntwo\n')):
            self.written(content)
            self.assertEqual('one', self.log_head('x', tty, 99))

    def test_head_in_pieces(self):
        self.written(base.frame(b'on'), base.frame(b'e'), base.frame(b'\n2'))
        self.assertEqual('one', self.log_head('x', False, 99))

    def test_head_without_end_of_line(self):
        self.written(base.frame(b'one'))
        self.assertEqual('one', self.log_head('x', False, 99))

    def test_head_capped(self):
        self.written(base.frame(b'12345'), base.frame(b'67890'))
        self.assertEqual('1234567', self.log_head('x', False, 7))

    def test_head_reads_no_more_than_it_needs(self):
        self.written(base.frame(b'one\n'),
                 lambda: self.fail('The log was read to its end'))
        self.assertEqual('one', self.log_head('x', False, 99))

    def test_not_found(self):
        self.daemon.on('GET', self.PATH, base.refusal(404, 'no such'))
        self.failing(errors.NotFound, 'containers.log_tail', 'x', False, 9)

    def test_broken_log_stream_fails_with_the_cause(self):
        def breaks():
            raise ConnectionResetError(errno.ECONNRESET,
                                       'Connection reset by peer')

        for tty in (True, False):
            self.written(base.frame(b'one\n'), breaks)
            words = self.failing(errors.NoAnswer, 'containers.log_tail', 'x',
                                 tty, 99)
            self.assertIn('Connection reset by peer', words)


class ExecuteTestCase(EngineTestCase):

    def serve(self, *pieces, **ended):
        self.daemon.on('POST', '/containers/x/exec',
                       {'status_code': 201, 'json': {'Id': 'e1'}})
        self.daemon.on('POST', '/exec/e1/start', {
            'raw': lambda request, context: base.chunked(*pieces)})
        self.daemon.on('GET', '/exec/e1/json', {'json': ended})

    def execute(self, command, size):
        execution = self.client.containers.create_exec('x', command)
        output = self.client.containers.start_exec(execution, size)
        return self.client.containers.exit_code(execution), output

    def test_execute_returns_exit_code_and_output(self):
        self.serve(base.frame(b'one\n'), base.frame(b'two\n', 2),
                   ExitCode=3)
        self.assertEqual((3, 'one\ntwo\n'),
                         self.execute(['sh', '-c', 'x'], 99))
        [created] = self.daemon.sent('POST', '/containers/x/exec')
        self.assertEqual({'Cmd': ['sh', '-c', 'x'], 'AttachStdout': True,
                          'AttachStderr': True}, created.json())
        [started] = self.daemon.sent('POST', '/exec/e1/start')
        self.assertEqual({'Detach': False, 'Tty': False}, started.json())

    def test_execute_output_is_limited(self):
        self.serve(base.frame(b'12345'), base.frame(b'67890'), ExitCode=0)
        self.assertEqual((0, '4567890'), self.execute(['y'], 7))

    def test_execute_not_found(self):
        self.daemon.on('POST', '/containers/x/exec',
                       base.refusal(404, 'No such container'))
        self.failing(errors.NotFound, 'containers.create_exec', 'x', ['y'])

    def test_execute_takes_long(self):
        def late():
            raise TimeoutError('timed out')

        self.serve(base.frame(b'one\n'), late)
        self.failing(errors.AnswerTimeout, 'containers.start_exec', 'e1', 9)


class PullTestCase(EngineTestCase):

    def pull(self, *pieces, image='busybox'):
        self.daemon.on('POST', '/images/create', {
            'raw': lambda request, context: base.chunked(*pieces)})
        return list(self.client.images.pull(image))

    def test_registry_auth_is_sent_only_in_a_header(self):
        self.daemon.on('POST', '/images/create', {'text': '{}'})
        auth = {'username': 'me', 'password': 'hünter2?>',
                'serveraddress': 'r.test'}
        list(self.client.images.pull('r.test/web', None, auth))
        [sent] = self.daemon.sent('POST', '/images/create')
        header = sent.headers['X-Registry-Auth']
        self.assertEqual(auth, json.loads(base64.urlsafe_b64decode(header)))
        self.assertNotIn('hünter2', sent.url)

    def test_read_timeout_exceeds_the_stall_timeout(self):
        """The stall timeout expires before that of the socket."""
        self.configure(pull_stall_timeout=50)
        self.pull()
        [sent] = self.daemon.sent('POST', '/images/create')
        self.assertEqual((5.0, 80.0), sent.timeout)

    def test_pull_splits_image_name_and_tag(self):
        for image, name, tag in (
                ('busybox', 'busybox', 'latest'),
                ('busybox:1', 'busybox', '1'),
                ('h.test:5000/a/b', 'h.test:5000/a/b', 'latest'),
                ('h.test:5000/a/b:c', 'h.test:5000/a/b', 'c'),
                ('a@sha256:' + 64 * '0', 'a', 'sha256:' + 64 * '0')):
            self.pull(image=image)
            self.assertEqual({'fromImage': [name], 'tag': [tag]},
                             self.daemon.sent('POST',
                                              '/images/create')[-1].qs)

    def test_platform_is_sent_in_the_query(self):
        self.daemon.on('POST', '/images/create', {'text': '{}'})
        list(self.client.images.pull('busybox', 'linux/arm64'))
        [sent] = self.daemon.sent('POST', '/images/create')
        self.assertEqual(['linux/arm64'], sent.qs['platform'])

    def test_reports_are_parsed_across_chunks(self):
        self.assertEqual(
            [{'status': 'a'}, {'status': 'b', 'id': '1'}, {'status': 'ä'}],
            self.pull(b'{"status": "a"}\r\n', b'{"status": "b",',
                      b'"id": "1"}\r\n{"status": "\xc3\xa4"}'))

    def test_error_in_stream(self):
        for report in ({'error': 'toomanyrequests'},
                       {'errorDetail': {'message': 'toomanyrequests'}},
                       {'errorDetail': {'message': 'toomanyrequests'},
                        'error': 'toomanyrequests'},
                       {'errorDetail': {'code': 1,
                                        'message': 'toomanyrequests'}}):
            ex = self.assertRaises(
                errors.Failed, self.pull, b'{"status": "a"}\r\n',
                json.dumps(report).encode())
            self.assertEqual('Docker at %s: toomanyrequests' % base.URL,
                             str(ex))

    def test_refused_pull_fails_with_the_reason(self):
        self.daemon.on('POST', '/images/create',
                       base.refusal(404, 'pull access denied'))
        ex = self.assertRaises(
            errors.Failed, lambda: list(self.client.images.pull('x')))
        self.assertIn('pull access denied', str(ex))

    def test_broken_pull_stream_is_no_answer(self):
        def breaks():
            raise ConnectionResetError(errno.ECONNRESET, 'reset')

        ex = self.assertRaises(errors.NoAnswer, self.pull,
                               b'{"status": "a"}\r\n', breaks)
        self.assert_plain(str(ex))

    def test_pull_not_json(self):
        for content in (b'<html>', b'{"status": "a"}\r\n{"stat'):
            ex = self.assertRaises(errors.DockerError, self.pull, content)
            self.assert_plain(str(ex))

    def test_pull_json_of_another_kind(self):
        for content in (b'[]', b'"a"', b'1'):
            ex = self.assertRaises(errors.DockerError, self.pull, content)
            self.assert_plain(str(ex))


class ImportTestCase(EngineTestCase):

    def test_load_imports_a_tar_as_name_and_tag(self):
        self.daemon.on('POST', '/images/create',
                       {'text': '{"status": "sha256:1"}'})
        self.assertIsNone(self.client.images.load('a/b', 'c', b'tar'))
        [sent] = self.daemon.sent('POST', '/images/create')
        self.assertEqual(
            ({'fromSrc': ['-'], 'repo': ['a/b'], 'tag': ['c']}, b'tar'),
            (sent.qs, sent.body))

    def test_import_fails(self):
        self.daemon.on('POST', '/images/create',
                       {'text': '{"error": "no space left"}'})
        self.assertIn('no space left', self.failing(
            errors.Failed, 'images.load', 'a', 'b', b'tar'))


class BuildTestCase(EngineTestCase):

    BUILT = b'{"aux": {"ID": "sha256:1"}}\r\n'

    def build(self, *pieces, query=None, maps=None, auth=None):
        self.daemon.on('POST', '/build', {'raw': base.chunked(*pieces)})
        return self.client.images.build(b'tar', query or {}, maps or {}, auth)

    def sent(self):
        return self.daemon.sent('POST', '/build')[-1]

    def test_build_sends_query_maps_and_context(self):
        self.assertEqual('sha256:1', self.build(
            b'{"stream": "Step 1/1"}\r\n', self.BUILT,
            b'{"stream": "Successfully built"}\r\n',
            query={'t': ['a:1', 'r.test/b'], 'target': 'c'},
            maps={'buildargs': {'A': 'b c'}, 'labels': {}}))
        sent = self.sent()
        self.assertEqual(
            {'t': ['a:1', 'r.test/b'], 'target': ['c'], 'rm': ['1'],
             'forcerm': ['1'], 'buildargs': ['{"A": "b c"}'],
             'labels': ['{}']}, sent.qs)
        self.assertEqual((b'tar', 'application/x-tar'),
                         (sent.body, sent.headers['Content-Type']))
        self.assertEqual((5.0, 3600.0), sent.timeout)

    def test_last_id_is_that_of_the_image(self):
        """Each stage of a Dockerfile may report an id."""
        self.assertEqual('sha256:1', self.build(
            b'{"aux": {"ID": "sha256:0"}}\r\n', self.BUILT,
            b'{"aux": null}\r\n', b'{"aux": {}}\r\n', b'{"aux": "x"}'))

    def config(self):
        return json.loads(base64.urlsafe_b64decode(
            self.sent().headers['X-Registry-Config']))

    def test_credentials_are_sent_only_in_a_header(self):
        auth = {'username': 'me', 'password': 'hunter2?>',
                'serveraddress': 'r.test'}
        self.build(self.BUILT, auth=auth)
        self.assertEqual({'r.test': auth}, self.config())
        self.assertNotIn('hunter2', self.sent().url)

    def test_no_auth(self):
        for auth in (None, {}):
            self.build(self.BUILT, auth=auth)
            self.assertEqual({}, self.config())

    def failing_build(self, *pieces):
        ex = self.assertRaises(errors.Failed, self.build, *pieces)
        self.assert_plain(str(ex))
        return str(ex)

    def test_error_in_stream(self):
        self.assertEqual(
            'Docker at %s: The command returned a non-zero code: 7'
            % base.URL, self.failing_build(
                b'{"stream": "Step 1/1"}\r\n', b'{"errorDetail": {"message": '
                b'"The command returned a non-zero code: 7"}}'))

    def test_error_after_the_id(self):
        self.failing_build(self.BUILT, b'{"error": "cannot tag"}')

    def test_no_id_in_stream(self):
        for pieces in ((), (b'{"stream": "Step 1/1"}',), (b'{"aux": {}}',)):
            self.assertIn('is not a Docker daemon',
                          self.failing_build(*pieces))

    def test_refused_build_fails_with_the_reason(self):
        self.daemon.on('POST', '/build', base.refusal(
            400, 'dockerfile parse error line 1: unknown instruction: X'))
        self.assertIn('unknown instruction: X', self.failing(
            errors.Failed, 'images.build', b'', {}, {}, None))


class PushTestCase(EngineTestCase):

    def serve(self, name, *pieces):
        self.path = '/images/%s/push' % name
        self.daemon.on('POST', self.path, {'raw': base.chunked(*pieces)})

    def test_push_sends_tag_and_credentials(self):
        auth = {'username': 'me', 'password': 'hunter2?>',
                'serveraddress': 'r.test:5000'}
        for tag, expected in (('r.test:5000/a/b', 'latest'),
                              ('r.test:5000/a/b:c', 'c')):
            self.serve('r.test%3A5000%2Fa%2Fb', b'{"status": "Pushed"}')
            self.assertIsNone(self.client.images.push(tag, auth))
            sent = self.daemon.sent('POST', self.path)[-1]
            self.assertEqual({'tag': [expected]}, sent.qs)
            self.assertEqual(auth, json.loads(base64.urlsafe_b64decode(
                sent.headers['X-Registry-Auth'])))
            self.assertEqual((5.0, 3600.0), sent.timeout)

    def test_push_without_auth(self):
        """Docker requires the header anyway."""
        for auth in (None, {}):
            self.serve('a')
            self.client.images.push('a', auth)
            self.assertEqual({}, json.loads(base64.urlsafe_b64decode(
                self.daemon.sent('POST', self.path)[-1].headers[
                    'X-Registry-Auth'])))

    def test_push_fails(self):
        self.serve('a', b'{"status": "Preparing"}\r\n',
                   b'{"errorDetail": {"message": "denied: no"}}')
        self.assertEqual('Docker at %s: denied: no' % base.URL, self.failing(
            errors.Failed, 'images.push', 'a', None))


class LibraryTestCase(base.TestCase):

    def library(self, module, why='No module named docker'):
        patcher = mock.patch.multiple(client, create=True, docker=module,
                                      _import_error=why)
        patcher.start()
        self.addCleanup(patcher.stop)

    def module(self, **attributes):
        return mock.Mock(spec=list(attributes), **attributes)

    def unsupported(self):
        return str(self.assertRaises(errors.Unsupported, client.library))

    def test_library_installed(self):
        self.assertEqual(docker.__version__, client.library())
        self.assertEqual(os.path.dirname(docker.__file__),
                         client.library_path())

    def test_library_missing(self):
        self.library(None)
        self.assertEqual(
            'The Python library docker 7.1 or later is required, but it '
            'cannot be imported: No module named docker', self.unsupported())

    def test_library_too_old(self):
        for version in ('5.0.3', '7.0.0', '1.10.6'):
            self.library(self.module(__version__=version, APIClient=None,
                                     __path__=['/opt/docker']))
            self.assertEqual(
                'The Python library docker 7.1 or later is required, but '
                '/opt/docker is version %s' % version, self.unsupported())

    def test_library_new_enough(self):
        for version in ('7.1.0', '7.10', '8.0.0.dev1', '10.0'):
            self.library(self.module(__version__=version, APIClient=None))
            self.assertEqual(version, client.library())

    def test_library_something_else(self):
        for attributes in ({'APIClient': None}, {'__version__': '8.0'}):
            self.library(self.module(__path__=['/opt/docker'], **attributes))
            self.assertIn('/opt/docker is another package', self.unsupported())
