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

"""Hostile answers, which must neither fill nor delay heat-engine.

The daemons are HTTP servers on loopback.
"""

import gzip
import json
import math
import operator
import tracemalloc

from heat_docker import answers
from heat_docker import background
from heat_docker import budgets
from heat_docker import client
from heat_docker import endpoint
from heat_docker import errors
from tests.unit import base
from tests.unit import servers

# Invalid ids: other paths, too long, or with line breaks.
NO_IDS = ('', '.', '..', '../networks/x', '/x', '-x', 'x y', 'x?y', 'x#y',
          'x%2fy', 'x\ny', 'x\r\nHost: y', 'x\0', '\u0661', 'x\u202e',
          513 * 'x', 1024 * 1024 * 'x', None, 7, True, ['x'], {'x': 'x'})

IDS = ('x', 'c0ffee', 'sha256:' + 64 * '0', 'heat_web-1.2',
       'registry.test:5000/team/web@sha256:' + 64 * '0', '[::1]:5000/web:1',
       512 * 'x')


class HostileTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.configure(denied_networks=[])
        self.answers = {}

    def serve(self, content=None, server=servers.Server, **more):
        """Return a client of a daemon with these answers after its version."""
        def answer(line):
            return servers.http(servers.VERSION) if (
                b' /version ' in line) else content

        self.server = self.useFixture(server(answer, **more))
        self.endpoint = endpoint.parse(self.server.url)
        made = client.DockerClient(self.endpoint)
        self.addCleanup(made.close)
        return made

    def refused(self, words, function, *arguments):
        ex = self.assertRaises(errors.Failed, function, *arguments)
        self.assertIn(words, str(ex))
        self.assert_plain(str(ex))
        self.assertLess(len(str(ex)), 2 * budgets.MESSAGE)
        return str(ex)

    def memory(self, function, *arguments):
        """Call a function, and return the memory it used, in bytes."""
        tracemalloc.start()
        try:
            function(*arguments)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


class Flood(servers.Server):
    """A daemon whose answers have no end, up to a limit for the test.

    :param head: headers of the answers.
    :param piece: the repeated content; by default, it is no report.
    :param start: the beginning of the answers.
    :param body: content between the headers and the pieces.
    :ivar sent: MiB that the client has accepted.
    """

    def __init__(self, answer, head, piece, start=b'HTTP/1.1 200 OK\r\n',
                 body=b''):
        super().__init__(answer)
        self._head = start + head + b'\r\n' + body
        self._piece, self.sent = piece, 0

    def _serve(self, connected):
        def answer(line):
            if b' /version ' in line:
                return versions(line)
            connected.sendall(self._head)
            for _mebibyte in range(64):
                connected.sendall(self._piece * (2 ** 20 // len(self._piece)))
                self.sent += 1
            return None

        versions, self._answer = self._answer, answer
        super()._serve(connected)


def chunk(content):
    return b'%x\r\n%s\r\n' % (len(content), content)


CHUNKED = b'Transfer-Encoding: chunked\r\n'


class WireTestCase(HostileTestCase):
    """Data outside of the body of an answer."""

    ASKS = {
        'inspect': lambda docker: docker.containers.inspect('x'),
        'pull': lambda docker: list(docker.images.pull('x')),
        'build': lambda docker: docker.images.build(b'', {}, {}, None),
        'commit': lambda docker: docker.containers.commit('x', 'y', 'z', {}),
        'copy': lambda docker: list(docker.containers.get_archive('x', '/')),
        'logs': lambda docker: docker.containers.log_tail('x', True, 9),
    }

    def flood(self, asks=ASKS, **flood):
        """Assert that each request soon refuses an answer."""
        for name in asks:
            docker = self.serve(server=Flood, **flood)
            self.assertEqual((1, 41), docker.api)
            used = self.memory(self.assertRaises, errors.DockerError,
                               self.ASKS[name], docker)
            self.assertLess(used, 8 * 1024 * 1024, name)
            # Buffers of the system hold the rest.
            self.assertLess(self.server.sent, 32, name)

    def test_redirects_have_bodies_that_are_not_read(self):
        self.configure(max_answer_bytes=64 * 1024)
        for status in (b'301 Moved', b'302 Found', b'303 See Other',
                       b'307 Temporary', b'308 Permanent'):
            self.flood(start=b'HTTP/1.1 %s\r\n' % status,
                       head=b'Location: /x\r\n' + CHUNKED,
                       piece=chunk(65536 * b'x'))

    def test_redirect_instead_of_a_version(self):
        content = b'HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n' + (
            8 * 1024 * 1024 * b'x')
        server = self.useFixture(servers.Blunt(content))
        docker = client.DockerClient(endpoint.parse(server.url))
        self.addCleanup(docker.close)
        self.assertLess(self.memory(self.refused, 'too long',
                                    docker.containers.inspect, 'x'),
                        2 * len(content))

    def test_redirects_are_not_followed(self):
        other = self.useFixture(servers.Server())
        docker = self.serve(servers.http(
            b'', '302 Found', 'Location: %s/x' % other.url.replace(
                'tcp', 'http')))
        self.refused('HTTP status 302', docker.containers.inspect, 'x')
        self.assertEqual([], other.lines)

    def test_errors_without_end_in_place_of_a_stream(self):
        self.configure(max_answer_bytes=64 * 1024)
        self.flood(start=b'HTTP/1.1 404 Not Found\r\n', head=CHUNKED,
                   piece=chunk(65536 * b'x'))

    def test_interim_answers_without_end(self):
        interim = b'HTTP/1.1 100 Continue\r\nX: %s\r\n\r\n' % (1000 * b'x')
        self.flood(start=interim[:-2], head=b'', piece=interim)

    def test_trailers_without_end(self):
        self.configure(max_answer_bytes=64 * 1024,
                       max_report_bytes=1024 * 1024, max_snapshot_bytes=1024)
        self.flood(('inspect', 'pull', 'build', 'commit', 'copy'),
                   head=CHUNKED, body=b'0\r\n', piece=b'X: y\r\n')

    def test_line_of_a_chunk_without_end(self):
        self.configure(max_report_bytes=64 * 1024 * 1024)
        self.flood(head=CHUNKED, piece=b'0')

    def test_headers_without_end(self):
        self.flood(start=b'HTTP/1.1 200 OK\r\nX: ', head=b'', piece=b'x')

    def test_compressed_answers_are_refused(self):
        """A few bytes could expand to fill the memory."""
        for name in self.ASKS:
            for encoding in ('gzip', 'gzip, gzip', 'x-gzip', 'deflate', 'br'):
                docker = self.serve(servers.http(
                    gzip.compress(b'{}'), '200 OK',
                    'Content-Encoding: ' + encoding))
                self.refused('is not a Docker daemon', self.ASKS[name],
                             docker)
        docker = self.serve(servers.http({'Id': 'x', 'State': {}}, '200 OK',
                                         'Content-Encoding: identity'))
        self.ASKS['inspect'](docker)

    def test_cookies_are_neither_kept_nor_sent(self):
        docker = self.serve(servers.http(
            {'Id': 'x', 'State': {}}, '200 OK', 'Set-Cookie: a=b',
            'Set-Cookie: c=d; Domain=127.0.0.1; Path=/; Max-Age=9999'))
        for _again in range(2):
            docker.containers.inspect('x')
        self.assertEqual([None] * 3, [headers['Cookie'] for headers
                                      in self.server.headers])

    def test_each_stream_has_an_end(self):
        self.patch(budgets, 'STREAM_SECONDS', -1)
        for name in self.ASKS:
            docker = self.serve(servers.http({}))
            self.refused('too long', self.ASKS[name], docker)


class ReportsTestCase(HostileTestCase):
    """Pulls, builds and pushes."""

    FLOODS = (
        # The client cannot know that the answer has no end.
        (b'', b'x'),
        (b'', b' '),
        (b'Content-Length: 9999999999\r\n', b'x'),
        (CHUNKED, chunk(65536 * b'x')),
        (CHUNKED, chunk(b'\r\n')),
        (CHUNKED, chunk(b'{}\n')),
        (CHUNKED, chunk(65536 * b'[')),
        (CHUNKED, chunk(b'{"status": "Waiting"}\r\n')),
    )

    def test_endless_reports_are_refused_within_little_memory(self):
        self.configure(max_report_bytes=1024 * 1024)
        for ask in (lambda docker: list(docker.images.pull('x')),
                    lambda docker: docker.images.build(b'', {}, {}, None),
                    lambda docker: docker.images.push('x', None),
                    lambda docker: docker.images.load('x', 'y', b'')):
            for head, piece in self.FLOODS:
                docker = self.serve(server=Flood, head=head, piece=piece)
                used = self.memory(self.refused, 'Docker', ask, docker)
                self.assertLess(used, 8 * 1024 * 1024, piece)
                # Buffers of the system hold the rest.
                self.assertLess(self.server.sent, 32, piece)

    def test_report_too_long(self):
        line = b'{"status": "%s"}\r\n'
        docker = self.serve(servers.http(
            line % (budgets.REPORT * b'x') + line % b'a'))
        self.refused('too long', list, docker.images.pull('x'))
        docker = self.serve(servers.http(line % (1000 * b'x')))
        self.assertEqual(1, len(list(docker.images.pull('x'))))

    def test_reports_in_tiny_pieces(self):
        """Tiny pieces cost no more than one large piece."""
        report = b'{"status": "%s"}\r\n' % (1000 * b'x')
        docker = self.serve(
            b'HTTP/1.1 200 OK\r\n' + CHUNKED + b'\r\n' + b''.join(
                chunk(report[n:n + 1]) for n in range(len(report)))
            + b'0\r\n\r\n')
        self.assertEqual([{'status': 1000 * 'x'}],
                         list(docker.images.pull('x')))

    def test_error_too_long(self):
        words = 1000 * 'hunter2 '
        for report in ({'error': words}, {'errorDetail': {'message': words}},
                       {'error': [words]}, {'error': {'message': [words]}},
                       {'error': '\ud800'}):
            docker = self.serve(servers.http(report))
            self.refused('Docker', list, docker.images.pull('x'))

    def pull(self, *reports):
        """Return a pull that has ended."""
        docker = self.serve(servers.http(b'\r\n'.join(
            report if isinstance(report, bytes)
            else json.dumps(report).encode() for report in reports)))
        pull = background.pull(docker.endpoint, 'x')
        self.assertTrue(pull.wait(base.SECONDS))
        pull.release()
        return pull

    def layer(self, name, current=1, total=4):
        return {'status': 'Downloading', 'id': name,
                'progressDetail': {'current': current, 'total': total}}

    def test_layers_without_end(self):
        pull = self.pull(*(self.layer('%012d' % n) for n in range(3000)))
        self.assertIsNone(pull.result())
        self.assertEqual(budgets.LAYERS, len(pull._layers))

    def test_layers_with_long_ids(self):
        pull = self.pull(self.layer('a'), self.layer(1000 * 'b'),
                         self.layer(['c']), self.layer({}))
        self.assertIsNone(pull.result())
        self.assertEqual(['a'], list(pull._layers))

    def test_numbers_that_are_none(self):
        for current, total in (('x', 4), (-1, 4), (10 ** 4000, 4),
                               (True, 'x'), ({}, []), (1, 10 ** 30)):
            pull = self.pull(self.layer('a', 2000000, 4000000),
                             self.layer('b', current, total),
                             {'status': 'Downloading', 'id': 'c',
                              'progressDetail': 'x'},
                             {'status': ['x'], 'progressDetail': [1]})
            self.assertIsNone(pull.result())
            self.assertRegex(pull.progress, r'\d+%, 2 of 4 MB')

    def assertRegex(self, text, pattern):  # noqa: N802
        self.assertThat(text, base.testtools.matchers.MatchesRegex(pattern))

    def test_numbers_without_end(self):
        pull = self.pull(b'{"status": "Downloading", "id": "a", '
                         b'"progressDetail": {"total": 1e400}}')
        ex = self.assertRaises(errors.Failed, pull.result)
        self.assertIn('is not a Docker daemon', str(ex))

    def test_built_what_is_no_id(self):
        for image in NO_IDS[3:]:
            docker = self.serve(servers.http({'aux': {'ID': image}}))
            self.refused('Docker' if image else 'not a Docker daemon',
                         docker.images.build, b'', {}, {}, None)


class AnswersTestCase(HostileTestCase):

    def inspect(self, content):
        return self.serve(servers.http(content)).containers.stats('x')

    def test_more_values_than_memory(self):
        """A map of three bytes takes 70 in memory."""
        for part in (b'{}', b'[]', b'0.5', b'"ab"', b'{"":[]}'):
            content = b'[' + (1024 * 1024 // len(part)) * (part + b',') + (
                b'0]')
            used = self.memory(self.refused, 'too long', self.inspect,
                               content)
            self.assertLess(used, 8 * len(content), part)

    def test_all_that_docker_says(self):
        for name in ('container_running', 'network_all', 'volume_all'):
            for version in ('1.41', '1.55'):
                shown = base.sample('%s_v%s' % (name, version))
                self.assertEqual(shown, self.inspect(shown))

    def test_long_texts(self):
        """Characters inside a text are no values."""
        shown = {'Config': {'Env': ['A=' + 20_000 * '{"a":1},']}}
        self.assertEqual(shown, self.inspect(shown))

    def test_long_list(self):
        """A host with thousands of containers returns one."""
        listed = 3000 * [{
            **base.sample('container_running_v1.41'), 'Id': 'c1'}]
        content = json.dumps(listed).encode()
        self.configure(max_answer_bytes=64 * 1024 * 1024)
        self.assertEqual(3000, len(
            self.serve(servers.http(content)).containers.list({})))

    def containers(self, count, labels, **more):
        return self.serve(servers.http([{
            **base.sample('container_running_v1.41'), 'Id': 'c%d' % number,
            'Names': ['/web'], 'Labels': labels, **more}
            for number in range(count)])).containers

    def test_long_labels_of_other_projects(self):
        """They must not prevent the removal of an image."""
        own = {'org.openstack.heat.stack_name': 'wiki'}
        labels = {'%04d' % number: 390 * 'x' for number in range(1000)} | own
        for ask, *arguments in (('list', {}), ('using_image', 'x'),
                                ('find', {})):
            containers = self.containers(40, labels)
            found = getattr(containers, ask)(*arguments)
            self.assertEqual(40, len(found), ask)
        [found] = self.containers(1, labels).list_all('org.')
        self.assertEqual(('c0', ['/web'], own), (
            found['Id'], found['Names'], found['Labels']))

    def test_list_in_pieces_of_memory(self):
        labels = {'%04d' % number: 390 * 'x' for number in range(1000)}
        containers = self.containers(40, labels)
        self.assertLess(self.memory(containers.list, {}), 8 * 1024 * 1024)

    def test_list_too_long(self):
        self.configure(max_answer_bytes=64 * 1024)
        for count, labels, more in (
                (40, {'a': 60_000 * 'x'}, {}), (1, {'a': 200_000 * 'x'}, {}),
                (3, {}, {'Names': [30_000 * 'x']}),
                (3, {}, {'Image': 30_000 * 'x'})):
            self.refused('too long', self.containers(
                count, labels, **more).list, {})
        self.assertEqual(20, len(self.containers(
            20, {'a': 30_000 * 'x'}).list({})))

    def test_lists_of_another_form(self):
        for content in (b'', b'[', b'[{}', b'{"Id": "x"}', b'[[]]', b'[1]',
                        b'[{"Id": "x"}', b'[{"Id": "x"}] {}', b'[]]',
                        b'[{"Id": "x"} x', b'null', b'"x"', b'\xff',
                        b'[{"Id": 1e400}]', b'[{"Id": "x"}[{"Id": "x"}]'):
            docker = self.serve(servers.http(content))
            self.refused('Docker', docker.containers.list, {})
        for content in (b'[]', b' [ ] \n', b'[{"Id":"x"},\n{"Id":"y"}\n]\n'):
            docker = self.serve(servers.http(content))
            self.assertEqual(content.count(b'Id'),
                             len(docker.containers.list({})))

    def test_list_in_tiny_pieces(self):
        content = b'[{"Id": "x", "Names": ["/\xc3\xa9"]}, {"Id": "y"}]'
        docker = self.serve(
            b'HTTP/1.1 200 OK\r\n' + CHUNKED + b'\r\n' + b''.join(
                chunk(content[n:n + 1]) for n in range(len(content)))
            + b'0\r\n\r\n')
        for _again in range(2):
            self.assertEqual([{'Id': 'x', 'Names': ['/\xe9']}, {'Id': 'y'}],
                             docker.containers.list({}))
        self.assertEqual(1, self.server.accepted)

    def test_deeply_nested_answers_are_refused(self):
        for depth in (40, 5000, 100000):
            for pair in (('[', ']'), ('{"a":', '}')):
                content = depth * pair[0] + '1' + depth * pair[1]
                self.refused('too long', self.inspect, content.encode())

    def test_numbers_that_are_not_finite_are_refused(self):
        for number in ('1e400', '-1e400', 'NaN', 'Infinity', 5000 * '9'):
            self.refused('not a Docker daemon', self.inspect,
                         b'{"Size": %s}' % number.encode())
        self.assertEqual({'Size': 1e30}, self.inspect(b'{"Size": 1e30}'))
        self.assertRaises(ValueError, answers.parse, str(math.nan))

    def test_error_too_long(self):
        docker = self.serve(servers.http({'message': 10 ** 6 * 'x'},
                                         '500 Error'))
        self.refused('xxx', docker.images.inspect, 'x')


class IdsTestCase(HostileTestCase):
    """Ids that become parts of paths, messages and Heat's database."""

    MAKING = (('containers.create', ({}, {}), 'Id'),
              ('networks.create', ({},), 'Id'),
              ('volumes.create', ({},), 'Name'),
              ('containers.create_exec', ('x', []), 'Id'))

    LISTS = (('containers.list', ({},), 'Id'), ('networks.list', ({},), 'Id'),
             ('images.list', ({},), 'Id'), ('volumes.list', ({},), 'Name'),
             ('containers.using_volume', ('x',), 'Id'),
             ('containers.using_network', ('x',), 'Id'),
             ('containers.using_image', ('x',), 'Id'))

    def listed(self, method, *objects):
        objects = list(objects)
        return {'Volumes': objects} if method == 'volumes.list' else objects

    def test_invalid_ids_of_created_objects_are_refused(self):
        for method, arguments, key in self.MAKING:
            for value in NO_IDS:
                docker = self.serve(servers.http({key: value}))
                self.refused('Docker', operator.attrgetter(method)(docker),
                             *arguments)
            for value in IDS:
                docker = self.serve(servers.http({key: value}))
                operator.attrgetter(method)(docker)(*arguments)

    def test_invalid_ids_in_lists_are_refused(self):
        for method, arguments, key in self.LISTS:
            for found in (*({key: value} for value in NO_IDS), {}, 'x', [],
                          None, 1):
                docker = self.serve(servers.http(self.listed(
                    method, {key: 'x'}, found)))
                self.refused('Docker', operator.attrgetter(method)(docker),
                             *arguments)
            docker = self.serve(servers.http(self.listed(
                method, *({key: value} for value in IDS))))
            self.assertEqual(len(IDS), len(
                operator.attrgetter(method)(docker)(*arguments)))

    def test_invalid_ids_of_inspected_objects_are_refused(self):
        for kind, key in (('containers', 'Id'), ('images', 'Id'),
                          ('networks', 'Id'), ('volumes', 'Name')):
            method = kind + '.inspect'
            for value in NO_IDS:
                docker = self.serve(servers.http({key: value, 'State': {}}))
                self.refused('Docker', operator.attrgetter(method)(docker),
                             'x')
            docker = self.serve(servers.http([{key: 'x'}]))
            self.refused('not a Docker daemon',
                         operator.attrgetter(method)(docker), 'x')

    def test_at_most_twenty_warnings_are_kept(self):
        """Each warning becomes an event."""
        for warnings, count in (('w' * 3000, 0), (['w'] * 3000, 20),
                                ({'w': 'w'}, 0), ([['w'], 1, 'w'], 1)):
            docker = self.serve(servers.http(
                {'Id': 'x', 'Warnings': warnings}))
            _made, found = docker.containers.create({}, {})
            self.assertEqual(['w'] * count, found)

    def test_no_list(self):
        for method, arguments, _key in self.LISTS:
            for content in ({}, 'x', 1, None, {'Volumes': {}},
                            {'Volumes': 'x'}):
                docker = self.serve(servers.http(content))
                self.refused('Docker', operator.attrgetter(method)(docker),
                             *arguments)

    def test_too_many(self):
        self.patch(budgets, 'LISTED', 3)
        for method, arguments, key in self.LISTS:
            ask = [operator.attrgetter(method)(self.serve(servers.http(
                self.listed(method, *({key: 'x%d' % n}
                                      for n in range(count))))))
                for count in (3, 4)]
            self.assertEqual(3, len(ask[0](*arguments)))
            self.refused('too long', ask[1], *arguments)

    def test_names_that_mean_another_path(self):
        docker = self.serve(servers.http({'Id': 'x', 'State': {}}))
        for name in ('', '.', '..', 513 * 'x'):
            self.refused('is not the name of an object',
                         docker.containers.inspect, name)
        self.assertEqual(1, len(self.server.lines))
        docker.containers.inspect('../x y?#')
        self.assertIn(b'/containers/..%2Fx%20y%3F%23/json',
                      self.server.lines[-1])


class HurryTestCase(HostileTestCase):
    """A user's wait ends, even if the operator's timeouts are long."""

    def test_hurry_limits_the_time_of_each_answer(self):
        self.configure(connect_timeout=60, read_timeout=300)
        head = b'HTTP/1.1 200 OK\r\n' + CHUNKED + b'\r\n'
        for content in (head + chunk(b'{'), head[:9], b''):
            docker = self.serve(content)
            self.assertEqual((1, 41), docker.api)
            docker.limit_time(0.1)
            for method, *arguments in (('containers.inspect', 'x'),
                                       ('containers.log_tail', 'x', True, 9),
                                       ('containers.log_head', 'x', True, 9)):
                ex = self.assertRaises(
                    errors.NoAnswer, operator.attrgetter(method)(docker),
                    *arguments)
                self.assert_plain(str(ex))
            # The daemon may be healthy.
            self.pool.raise_if_down(docker.endpoint)

    def test_log_in_tiny_frames(self):
        """The client does not copy the whole log for each frame."""
        content = 70_000 * base.frame(b'x')
        docker = self.serve(servers.http(content))
        self.assertEqual(
            2 ** 16 * 'x', docker.containers.log_tail('x', False, 2 ** 16))
        docker = self.serve(servers.http(content))
        self.assertEqual('', docker.containers.log_tail('x', False, 0))
