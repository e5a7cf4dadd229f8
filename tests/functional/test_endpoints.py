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

"""Daemons that start late, become unreachable, are not Docker, or use TLS."""

import http.server
import json
import pathlib
import ssl
import threading

import fixtures

from sandbox import certificates
from tests.functional import base
from tests.functional import proxy


class PatienceTest(base.FunctionalTest):

    def setUp(self):
        super().setUp()
        self.way = self.useFixture(
            proxy.Proxy(self.cloud.docker['endpoint']))

    def template_of(self, **properties):
        return self.template({'web': self.container(
            docker_endpoint=self.way.endpoint, **properties)})

    def wait_for_event(self, stack_id, words):
        base.wait_until(lambda: words in self.reasons(stack_id), words)

    def test_daemon_that_comes_later(self):
        self.way.cut()
        stack_id = self.start_stack(self.template_of())
        self.wait_for_event(stack_id, 'Waiting for it')
        self.way.mend()
        self.expect(stack_id, 'CREATE_COMPLETE')
        reasons = self.reasons(stack_id)
        self.assertEqual(1, reasons.count('Waiting for it'))
        self.assertEqual(1, reasons.count('responded after'))

    def test_no_patience(self):
        self.way.cut()
        _stack_id, reason = self.fail_container(
            docker_endpoint=self.way.endpoint, endpoint_timeout=0)
        self.assertIn('%s cannot be reached from heat-engine on'
                      % self.way.endpoint, reason)
        self.assertIn('Connection refused', reason)

    def test_patience_ends(self):
        self.way.cut()
        stack_id, reason = self.fail_container(
            docker_endpoint=self.way.endpoint, endpoint_timeout=1)
        self.assertIn('Connection refused', reason)
        self.assertIn('Waiting for it', self.reasons(stack_id))

    def test_no_answer(self):
        """A daemon that accepts a request, but never answers."""
        self.way.hold_answer('GET /version')
        self.addCleanup(self.way.release)
        _stack_id, reason = self.fail_container(
            docker_endpoint=self.way.endpoint, endpoint_timeout=1)
        self.assertIn('no response in time', reason)

    def test_delete(self):
        stack_id = self.create_stack(self.template_of())
        self.way.cut()
        self.heat.stacks.delete(stack_id)
        self.wait_for_event(stack_id, 'Waiting for it')
        self.way.mend()
        self.expect(stack_id, 'DELETE_COMPLETE')
        self.assertEqual([], self.containers(stack_id))

    def test_delete_without_a_daemon(self):
        stack_id = self.create_stack(self.template_of(endpoint_timeout=1))
        self.way.cut()
        self.heat.stacks.delete(stack_id)
        self.expect(stack_id, 'DELETE_FAILED')
        self.assertIn('Restore the daemon and delete the stack again',
                      self.reasons(stack_id))
        self.way.mend()
        self.delete_stack(stack_id)
        self.assertEqual([], self.containers(stack_id))

    def test_forget(self):
        stack_id = self.create_stack(self.template_of(endpoint_timeout=1))
        [container] = self.containers(stack_id)
        self.addCleanup(self.remove_container, container['Id'])
        self.way.cut()
        # Neither this update nor what follows needs the daemon.
        self.update_stack(stack_id, self.template_of(
            endpoint_timeout=1, forget_unreachable=True))
        self.delete_stack(stack_id)
        self.assertIn('It may still have ' + container['Id'],
                      self.reasons(stack_id))

    def correct(self, stack_id):
        """Update a stack whose create waits for longer than this test."""
        self.update_stack(stack_id, self.template({'web': self.container()}))
        [container] = self.containers(stack_id)
        self.assertEqual('running', container['State'])

    def test_endpoint_that_is_corrected(self):
        self.way.cut()
        stack_id = self.start_stack(self.template_of(endpoint_timeout=1800))
        self.wait_for_event(stack_id, 'Waiting for it')
        self.correct(stack_id)

    @base.requires('health')
    def test_health_check_that_is_corrected(self):
        stack_id = self.start_stack(self.template_of(
            wait_for='healthy', healthcheck={'test': ['CMD', 'false'],
                                             'interval': 600}))
        base.wait_until(lambda: self.containers(stack_id), 'a container')
        self.correct(stack_id)

    def test_other_actions(self):
        stack_id = self.create_stack(self.template_of())
        for number, action, status in ((1, 'suspend', 'SUSPEND_COMPLETE'),
                                       (2, 'resume', 'RESUME_COMPLETE'),
                                       (3, 'check', 'CHECK_COMPLETE')):
            self.way.cut()
            getattr(self.heat.actions, action)(stack_id)
            base.wait_until(lambda number=number: self.reasons(
                stack_id).count('Waiting for it') == number, action)
            self.way.mend()
            self.expect(stack_id, status)
        self.assertEqual(3, self.reasons(stack_id).count('responded after'))

    def test_replacement_for_a_host_that_is_gone(self):
        stack_id = self.create_stack(self.template_of(
            name='moves-%s' % self.getUniqueInteger(), endpoint_timeout=1,
            forget_unreachable=True))
        [old] = self.containers(stack_id)
        self.addCleanup(self.remove_container, old['Id'])
        self.way.cut()
        self.update_stack(stack_id, self.template(
            {'web': self.container()}))
        self.assertNotEqual(old['Id'], self.inspect(stack_id)['Id'])


# First byte of a TLS handshake.
_HANDSHAKE = b'\x16'


class Stranger(fixtures.Fixture):
    """Answers all requests, but not like a Docker daemon.

    :ivar requests: first lines of the received requests.
    """

    def __init__(self, status, body, context=None, **headers):
        super().__init__()
        self._answer = status, body.encode(), headers
        self._context = context
        self.requests = []

    def _setUp(self):
        stranger = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def parse_request(self):
                if self.raw_requestline[:1] != _HANDSHAKE:
                    return super().parse_request()
                # As servers in Go do: Docker then tries HTTP.
                self.wfile.write(b'HTTP/1.0 400 Bad Request\r\n\r\n')
                return False

            def do_HEAD(self):
                self.do_GET()

            def do_GET(self):
                stranger.requests.append(self.requestline)
                status, body, headers = stranger._answer
                self.send_response_only(status, 'by banner-5up3r')
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                if self.command != 'HEAD':
                    self.wfile.write(body)

        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        if self._context:
            server.socket = self._context.wrap_socket(server.socket,
                                                      server_side=True)
        self.port = server.server_port
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()


class StrangersTest(base.FunctionalTest):

    def fail_at(self, stranger):
        """Return the reason of a failed create, which repeats no answer."""
        stack_id, reason = self.fail_container(
            docker_endpoint='tcp://127.0.0.1:%d' % stranger.port,
            endpoint_timeout=1)
        self.assertNotIn('banner', self.reasons(stack_id))
        return reason

    def test_page(self):
        reason = self.fail_at(self.useFixture(Stranger(200, 'banner')))
        self.assertIn('not a Docker daemon', reason)

    def test_json(self):
        reason = self.fail_at(self.useFixture(Stranger(
            403, json.dumps({'message': 'banner'}))))
        self.assertIn('not a Docker daemon', reason)

    def test_server_error(self):
        stranger = self.useFixture(Stranger(503, 'banner'))
        reason = self.fail_at(stranger)
        self.assertIn('HTTP status 503, service unavailable', reason)
        self.assertTrue(len(stranger.requests) > 1)

    def test_redirect(self):
        target = self.useFixture(Stranger(200, 'banner'))
        self.fail_at(self.useFixture(Stranger(
            302, '', Location='http://127.0.0.1:%d/banner' % target.port)))
        self.assertEqual([], target.requests)


class TLSTest(base.FunctionalTest):

    def setUp(self):
        super().setUp()
        self.material = {
            name: pathlib.Path(self.cloud.tls_docker[key]).read_text()
            for name, key in (('ca_cert', 'ca'), ('client_cert', 'cert'),
                              ('client_key', 'key'))}
        self.at = self.cloud.tls_docker['endpoint']

    def properties(self, **tls):
        return {'docker_endpoint': self.at, 'network_mode': 'none',
                'tls': {**self.material, **tls}}

    def fails(self, words, endpoint=None, **tls):
        """Assert that TLS fails with this message."""
        properties = self.properties(**tls)
        properties['docker_endpoint'] = endpoint or self.at
        stack_id, reason = self.fail_container(**properties)
        self.assertIn(words, reason)
        return stack_id

    def test_certificates_of_both_sides(self):
        stack_id = self.create_stack(self.template(
            {'web': self.container(**self.properties())}))
        container = self.resource(stack_id)
        self.assertEqual('running', container.attributes['state'])
        other = certificates.Authority().issue('other')
        self.update_stack(stack_id, self.template({'web': self.container(
            **self.properties(client_cert=other.certificate,
                              client_key=other.key))}))
        self.assertEqual(container.physical_resource_id,
                         self.resource(stack_id).physical_resource_id)
        self.assertIsNone(self.resource(stack_id).attributes['state'])
        self.update_stack(stack_id, self.template({'web': self.container(
            **self.properties())}))
        self.delete_stack(stack_id)

    def test_not_verified(self):
        self.create_stack(self.template({'web': self.container(
            **self.properties(ca_cert=None, verify=False))}))

    def test_unknown_authority(self):
        stack_id = self.fails(
            'not signed by ca_cert',
            ca_cert=certificates.Authority().certificate)
        self.assertNotIn('Waiting for it', self.reasons(stack_id))

    def test_system_authorities(self):
        self.fails('not signed by ca_cert', ca_cert=None)

    def test_other_host_name(self):
        self.fails('for another hostname', endpoint=self.at.replace(
            '127.0.0.1', 'localhost'))

    def test_server_name(self):
        self.create_stack(self.template({'web': self.container(**{
            **self.properties(server_name='127.0.0.1'),
            'docker_endpoint': self.at.replace('127.0.0.1', 'localhost')})}))

    def test_expired(self):
        authority = certificates.Authority()
        pair = authority.issue('late', address='127.0.0.1', expired=True)
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (folder / 'pem').write_text(pair.certificate + pair.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / 'pem')
        late = self.useFixture(Stranger(200, '', context=context))
        self.fails('has expired', ca_cert=authority.certificate,
                   endpoint='https://127.0.0.1:%d' % late.port)

    def test_no_client_certificate(self):
        self.fails('client certificate', client_cert=None, client_key=None)

    def test_client_certificate_of_another_authority(self):
        other = certificates.Authority().issue('other')
        self.fails('client certificate', client_cert=other.certificate,
                   client_key=other.key)

    def test_key_of_another_certificate(self):
        error = self.refused({'web': self.container(**self.properties(
            client_key=certificates.Authority().issue('other').key))})
        self.assertIn('client_cert and client_key', error)

    def test_plain_http_at_the_port_of_tls(self):
        _stack_id, reason = self.fail_container(
            docker_endpoint=self.at.replace('https:', 'tcp:'))
        self.assertIn('use https://', reason)

    def test_tls_at_a_plain_port(self):
        way = self.useFixture(proxy.Proxy(self.cloud.docker['endpoint']))
        self.fails('does not speak TLS',
                   endpoint=way.endpoint.replace('tcp:', 'https:'))


class PodmanTest(base.FunctionalTest):

    def test_life(self):
        at = {'docker_endpoint': self.cloud.podman['endpoint'],
              'network_mode': 'host'}
        template = self.template({'web': self.container(**at)})
        stack_id = self.create_stack(template)
        self.assertEqual('running',
                         self.resource(stack_id).attributes['state'])
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.act(stack_id, 'resume', 'RESUME_COMPLETE')
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        before = self.resource(stack_id).physical_resource_id
        self.update_stack(stack_id, self.template({'web': self.container(
            env=['A=1'], **at)}))
        self.assertNotEqual(before,
                            self.resource(stack_id).physical_resource_id)
        self.delete_stack(stack_id)
