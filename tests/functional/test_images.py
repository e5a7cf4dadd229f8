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

"""Images: pull policies, credentials, and errors of registries."""

import io
import json
import tarfile
import uuid

from tests.functional import base
from tests.functional import test_endpoints


class ImagesTest(base.FunctionalTest):

    def private(self, image='busybox', **auth):
        """Return properties for an image of the private registry."""
        registry = self.cloud.private_registry
        return {'image': '%s/%s' % (registry['address'], image),
                'registry_auth': {'username': registry['username'],
                                  'password': registry['password'], **auth}}

    def forget_image(self, image):
        self.docker.remove_image(image, force=True)

    def test_password(self):
        stack_id, before = self.create_container(
            pull_policy='always', **self.private())
        self.update_stack(stack_id, self.template({'web': self.container(
            pull_policy='always', **self.private(password='other'))}))
        self.assertEqual(before['Id'], self.inspect(stack_id)['Id'])
        self.addCleanup(self.forget_image, before['Config']['Image'])

    def test_wrong_password(self):
        _stack_id, reason = self.fail_container(
            pull_policy='always', **self.private(password='wr0ng-0ne'))
        self.assertIn('cannot be pulled', reason)
        self.assertIn('unauthorized', reason.lower())

    def test_password_of_another_registry(self):
        error = self.refused({'web': self.container(
            **self.private(server_address='docker.io'))})
        self.assertIn('the credentials are for https://index.docker.io/v1/',
                      error)

    def test_never(self):
        image = '%s/busybox:latest' % self.cloud.registry
        _stack_id, reason = self.fail_container(
            image=image + '-%s' % uuid.uuid4().hex[:6], pull_policy='never')
        self.assertIn('pull_policy is never', reason)

    def test_always(self):
        """The next container uses a tag's new image."""
        image = '%s/moves:%s' % (self.cloud.registry, uuid.uuid4().hex[:6])
        self.addCleanup(self.forget_image, image)
        digests = []
        for version in ('1', '2'):
            self.push(image, version)
            stack_id, _inspected = self.create_container(
                image=image, pull_policy='always')
            digests.append(self.resource(stack_id).attributes['image_digest'])
        self.assertNotEqual(*digests)

    def push(self, image, version):
        """Push a new image."""
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode='w') as tar:
            content = b'FROM %s\nENV VERSION=%s\n' % (
                self.busybox.encode(), version.encode())
            entry = tarfile.TarInfo('Dockerfile')
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        context.seek(0)
        list(self.docker.build(fileobj=context, custom_context=True,
                               tag=image, rm=True))
        for line in self.docker.push(image, stream=True, decode=True):
            self.assertNotIn('error', line)
        self.forget_image(image)

    @base.requires('stranger as a registry')
    def test_rate_limit(self):
        limited = self.useFixture(test_endpoints.Stranger(429, json.dumps(
            {'errors': [{'code': 'TOOMANYREQUESTS',
                         'message': 'You have reached your pull rate '
                                    'limit.'}]})))
        _stack_id, reason = self.fail_container(
            image='127.0.0.1:%d/busybox:1' % limited.port)
        # The containerd image store sends HEAD, whose response has no body.
        self.assertRegex(reason, 'You have reached your pull rate limit|'
                                 'HEAD request to .*: 429 ')


class SecretsTest(base.FunctionalTest):
    """Heat shows no secret value anywhere."""

    SECRET = 'hunter2-hunter2'

    def secrets(self):
        return {'env': ['PASSWORD=' + self.SECRET],
                'files': [{'path': '/secret', 'content': self.SECRET}],
                'registry_auth': {'username': 'me', 'password': self.SECRET}}

    def assert_kept(self, stack_id, begin):
        shown = [event.to_dict() for event in self.heat.events.list(
            stack_id, nested_depth=0)]
        shown += [self.heat.events.get(
            stack_id, event['resource_name'], event['id']).to_dict()
            for event in shown if event['resource_name'] == 'web']
        self.assertNotIn(self.SECRET, repr(shown))
        self.assertIn('PASSWORD=***', repr(shown))
        with open('%s/heat-engine.log' % self.cloud.logs) as log:
            log.seek(begin)
            for line in log:
                self.assertNotIn(self.SECRET, line)

    def log_size(self):
        with open('%s/heat-engine.log' % self.cloud.logs) as log:
            return log.seek(0, 2)

    def test_life(self):
        begin = self.log_size()
        stack_id, inspected = self.create_container(**self.secrets())
        self.assertIn('PASSWORD=' + self.SECRET, inspected['Config']['Env'])
        info = self.heat.resources.get(
            stack_id, 'web', with_attr=['info']).attributes['info']
        self.assertIn('PASSWORD=***', info['Config']['Env'])
        self.assertNotIn(self.SECRET, repr(info))
        self.update_stack(stack_id, self.template({'web': self.container(
            hostname='other', **self.secrets())}))
        self.delete_stack(stack_id)
        self.assert_kept(stack_id, begin)

    def test_failure(self):
        begin = self.log_size()
        stack_id, _reason = self.fail_container(
            cmd=['nosuch'], **self.secrets())
        self.assert_kept(stack_id, begin)
