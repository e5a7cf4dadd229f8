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

"""Images: pulled or built, and removed if no one else uses them."""

import base64
import io
import json
import re
import tarfile
import threading
import urllib.parse

from heat.common import exception
from heat.engine import resource
from heat.engine import scheduler
import requests

from heat_docker import background
from heat_docker.lifecycle import plan
from heat_docker.specs import image as spec
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
NAME = 'r.test/web:1'
IMAGE = 'sha256:' + 64 * '1'
OTHER = 'sha256:' + 64 * '2'
DIGEST = 'r.test/web@sha256:' + 64 * 'd'
NO_IMAGE = base.refusal(404, 'No such image: r.test/web:1')
PULLED = {'text': '{"status": "Pulling"}'}
BUILT = json.dumps({'aux': {'ID': IMAGE}})
BUILD = {'dockerfile': 'FROM busybox\n'}
AUTH = {'username': 'me', 'password': 'hunter2', 'server_address': 'r.test'}
AUTH_SENT = {'username': 'me', 'password': 'hunter2',
             'serveraddress': 'r.test'}

PULL = ('POST', '/images/create')
MAKE = ('POST', '/build')
USERS = ('GET', '/containers/json')
FOUND = ('GET', '/images/json')


def inspect_of(name):
    return 'GET', '/images/%s/json' % urllib.parse.quote(name, safe='')


def removal_of(name):
    return 'DELETE', '/images/' + urllib.parse.quote(name, safe='')


def push_of(name):
    return 'POST', '/images/%s/push' % urllib.parse.quote(name, safe='')


TAG = 'POST', '/images/%s/tag' % urllib.parse.quote(IMAGE, safe='')
INSPECT = inspect_of(NAME)


class ImageTestCase(base.ResourceTestCase):

    TYPE = 'DockerInc::Docker::Image'
    NEEDED = {}

    def shown(self, image=IMAGE, **more):
        return {'json': {**base.sample('image_all_v1.41'), 'Id': image,
                         'RepoTags': [NAME], 'RepoDigests': [DIGEST], **more}}

    def make(self, **properties):
        """Return a resource whose create is complete."""
        made = self.make_resource(**properties)
        self.run_task(made.create)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)
        return made

    def header(self, sent, name):
        return json.loads(base64.urlsafe_b64decode(sent.headers[name]))


class ValidationTestCase(ImageTestCase):

    def refused(self, **properties):
        self.make_resource(properties)
        ex = self.assertRaises(exception.StackValidationFailed,
                               self.stack.validate)
        self.assert_plain(str(ex).partition(': ')[2])
        self.assertEqual([], self.daemon.history)
        return str(ex)

    def test_either_image_or_build(self):
        for properties in ({}, {'image': ''}, {'image': None}):
            self.assertIn('Either image or build is required',
                          self.refused(**properties), properties)
        self.assertIn('image and build are mutually exclusive',
                      self.refused(image=NAME, build=BUILD))

    def test_either_image_or_build_with_auth(self):
        self.assertIn('Either image or build is required',
                      self.refused(registry_auth=AUTH))

    def test_values_of_other_resources_are_checked_by_the_create(self):
        """No daemon gets a request, and no Python error reaches a user."""
        for properties, words in (
                ({'build': BUILD, 'registry_auth': {
                    'username': 'me', 'password': 'hunter2'}},
                 'registry_auth: a build requires server_address'),
                ({'image': NAME, 'tags': ['r.test/web:2']},
                 'tags and push require build')):
            made = self.make_resource(properties)
            reason = self.fail_task(made.create)
            self.assertIn(words, reason)
            self.assertNotIn('hunter2', reason)
        self.assertEqual([], self.daemon.history)

    def test_null_is_unset(self):
        """A condition in a template may result in null."""
        self.make_resource(image=NAME, build=None)
        self.stack.validate()
        self.assertIn('Either image or build is required',
                      self.refused(image=None, build=None))

    def test_tags_and_push_go_with_build(self):
        for more in ({'tags': ['a']}, {'push': True}):
            self.assertIn('tags and push require build',
                          self.refused(image=NAME, **more))

    def test_valid_combinations_pass(self):
        for properties in (
                {'image': NAME}, {'build': BUILD}, {'image': IMAGE},
                {'image': NAME, 'registry_auth': AUTH},
                {'build': BUILD, 'tags': ['r.test/a'], 'push': True,
                 'registry_auth': AUTH}):
            self.make_resource(properties)
            self.stack.validate()

    def test_build_is_wrong(self):
        for build, words in (
                ({**BUILD, 'files': {'/a': ''}}, 'is not inside the context'),
                ({**BUILD, 'files': {'Dockerfile': ''}},
                 'contains a Dockerfile'),
                ({**BUILD, 'args': {'A': ['hunter2']}},
                 'value of A is not a string'),
                ({**BUILD, 'args': {'A': {'b': None}}},
                 'value of A is not a string'),
                ({'files': {'a': ''}}, 'dockerfile'),
                ({'context': 'https://me:hunter2@r.test/web.git'},
                 'not a URL of a Git repository'),
                ({**BUILD, 'context': 'https://r.test/web.git'},
                 'context excludes dockerfile and files'),
                ({**BUILD, 'files': {'a': {'content': 'x', 'mode': 493}}},
                 'in quotes, such as "0644"')):
            words_of_heat = self.refused(build=build)
            self.assertIn(words, words_of_heat)
            self.assertNotIn('hunter2', words_of_heat)
            self.assertIn('. build is a map, such as {"dockerfile"',
                          words_of_heat)

    def test_wrong_type_in_a_build(self):
        """The message contains the right form of each key."""
        for key, value, words in (
                ('dockerfile', ['FROM a'], 'dockerfile is a string, such as'),
                ('files', ['a'], 'files is a map, such as {"page"'),
                ('files', 'a', 'files is a map, such as {"page"'),
                ('context', ['a'], 'context is a string, such as "https:'),
                ('dockerfile_path', {'a': 'b'}, 'dockerfile_path is a string'),
                ('args', [['A=b']], 'args is a map, such as {"VERSION"'),
                ('args', 5, 'args is a map, such as {"VERSION"'),
                ('target', ['a'], 'target is a string, such as "test"'),
                ('labels', 5, 'labels is a map, such as {"com.example'),
                ('labels', [['a']], 'labels is a map, such as {"com.example'),
                ('no_cache', 'maybe', 'no_cache is a boolean, such as true'),
                ('pull', [], 'pull is a boolean, such as true'),
                ('cache_from', {'a': 'b'},
                 'cache_from is a list, such as ["registry'),
                ('cache_from', 5, 'cache_from is a list, such as ["registry'),
                ('network', ['a'], 'network is a string, such as "none"'),
                ('extra_hosts', 'a:b', 'extra_hosts is a list, such as ["db:'),
                ('extra_hosts', {'db': 5},
                 'extra_hosts is a list, such as ["db:'),
                ('shm_size', ['a'], 'shm_size is a string, such as "64m"'),
                ('ulimits', 5, 'ulimits is a list, such as [{"name"'),
                ('ulimits', ['nofile=1'],
                 'ulimits[0] is a map, such as {"name"'),
                ('ulimits', {'nofile': 'many'},
                 'ulimits[0].soft is an integer, such as 1024')):
            refused = self.refused(build={**BUILD, key: value})
            self.assertIn('. build.' + words, refused, (key, value))
            json.JSONDecoder().raw_decode(
                refused.rpartition(', such as ')[2])

    def test_examples_of_the_keys_of_a_build_are_valid(self):
        [field] = [field for field in spec.FIELDS if field.name == 'build']
        for name, key in field.nested.items():
            self.assertTrue(key.example or name in field.example, name)
            rest = {'context': {}, 'dockerfile_path': {
                'context': field.nested['context'].example}}.get(name, BUILD)
            if key.example:
                self.make_resource(build={**rest, name: key.example})
                self.stack.validate()

    def test_wrong_value_in_a_build(self):
        for key, value in (
                ('files', {'a': ['b']}), ('files', {'a': None}),
                ('files', {'a': {'b': 'c'}}), ('files', {'a': {}}),
                ('args', {'A': ['b']}), ('labels', {'a': {'b': 'c'}}),
                ('cache_from', [['a']]), ('cache_from', [{'a': 'b'}]),
                ('cache_from', ['A B']), ('cache_from', [None]),
                ('extra_hosts', [['a']]), ('extra_hosts', [None]),
                ('extra_hosts', ['a']), ('shm_size', 'big'),
                ('network', 'ns:/proc/1/ns/net'),
                ('ulimits', [{'name': 'core'}]),
                ('ulimits', {'core': {'soft': 2, 'hard': 1}})):
            self.assertIn('. build', self.refused(
                build={**BUILD, key: value}), (key, value))

    def test_tags_are_wrong(self):
        self.assertIn('is not a tag', self.refused(build=BUILD, tags=[DIGEST]))

    def test_auth_for_another_registry(self):
        self.assertIn('the credentials are for r.test, but the image is from',
                      self.refused(image='busybox', registry_auth=AUTH))

    def test_auth_of_a_build_for_no_registry(self):
        """Without an image, the registry of a build is unknown."""
        words = self.refused(build=BUILD, registry_auth={
            'username': 'me', 'password': 'hunter2'})
        self.assertIn('server_address', words)
        self.assertNotIn('hunter2', words)

    def test_auth_of_a_push_to_another_registry(self):
        """The other registry must not receive the credentials."""
        for tags in (['other.test/a'], ['r.test/a', 'other.test/a']):
            self.assertIn('the credentials are for r.test', self.refused(
                build=BUILD, push=True, tags=tags, registry_auth=AUTH))

    def test_registry_not_allowed(self):
        self.configure(allowed_registries=['docker.io'])
        self.assertIn('option allowed_registries', self.refused(image=NAME))

    def test_build_not_allowed(self):
        """A build could pull any image."""
        self.configure(allowed_registries=['docker.io'])
        self.assertIn('The property build: it is not allowed (operator '
                      'option allowed_registries)',
                      self.refused(build=BUILD))

    def test_build_not_allowed_by_the_time_it_is_made(self):
        made = self.make_resource(build=BUILD)
        self.configure(allowed_registries=['docker.io'])
        self.assertIn('option allowed_registries',
                      self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)
        self.assertEqual({}, made.data())

    def make_later(self, **properties):
        """Return a resource with properties that depend on another one."""
        template = self.template(properties)
        template['resources']['other'] = {
            'type': self.TYPE, 'properties': {
                'docker_endpoint': base.URL, 'image': NAME}}
        return self.make_resource(template=template)

    def test_what_is_not_known_yet(self):
        later = {'get_attr': ['other', 'digest']}
        for properties in (
                {'image': later}, {'build': {'dockerfile': later}},
                {'build': {**BUILD, 'files': {'a': later}}},
                {'image': later, 'registry_auth': AUTH},
                {'build': {'dockerfile': later}, 'registry_auth': AUTH},
                {'build': BUILD, 'tags': [later]},
                {'build': BUILD, 'tags': [later], 'push': True,
                 'registry_auth': AUTH}):
            self.make_later(**properties)
            try:
                self.stack.validate()
            except Exception as ex:
                self.fail('%s: %r' % (properties, ex))

    def test_all_of_a_build_is_not_known_yet(self):
        for properties in ({}, {'registry_auth': AUTH}):
            self.make_later(build={'get_attr': ['other', 'digest']},
                            **properties)
            self.stack.validate()


class PulledTestCase(ImageTestCase):

    NEEDED = {'image': NAME}

    def serve_pull(self):
        """Serve an image that exists only after the pull."""
        self.daemon.on(*INSPECT, *3 * [NO_IMAGE], self.shown())
        self.daemon.on(*PULL, PULLED)


class PullTestCase(PulledTestCase):

    def test_existing_image_is_not_pulled(self):
        self.daemon.on(*INSPECT, self.shown())
        made = self.make()
        self.assertEqual([], self.daemon.changes)
        self.assertEqual(IMAGE, made.resource_id)

    def test_missing_image_is_pulled(self):
        self.serve_pull()
        made = self.make()
        self.assertEqual(4 * [INSPECT], [
            sent for sent in self.daemon.requests if sent != PULL])
        [sent] = self.daemon.sent(*PULL)
        self.assertEqual({'fromImage': ['r.test/web'], 'tag': ['1']}, sent.qs)
        self.assertEqual(['Pulling r.test/web:1',
                          'Pulled r.test/web:1 in 0 s'], self.reasons)
        self.assertEqual(IMAGE, made.resource_id)

    def test_missing_after_the_pull(self):
        self.daemon.on(*INSPECT, NO_IMAGE)
        self.daemon.on(*PULL, PULLED)
        self.assertIn('No such image',
                      self.fail_task(self.make_resource().create))
        self.assertEqual(1, len(self.daemon.sent(*PULL)))

    def test_always_pulls_even_an_existing_image(self):
        for before in (NO_IMAGE, self.shown(OTHER)):
            self.daemon.on(*INSPECT, before, self.shown())
            self.daemon.on(*PULL, PULLED)
            made = self.make(pull_policy='always')
            self.assertEqual([PULL], self.daemon.changes)
            self.assertEqual(IMAGE, made.resource_id)
            self.forget()

    def test_never_fails_if_the_image_is_missing(self):
        self.daemon.on(*INSPECT, NO_IMAGE)
        self.assertIn('pull_policy is never', self.fail_task(
            self.make_resource(pull_policy='never').create))
        self.daemon.on(*INSPECT, self.shown())
        self.make(pull_policy='never')
        self.assertNotIn(PULL, self.daemon.requests)

    def test_pull_fails(self):
        self.daemon.on(*INSPECT, NO_IMAGE)
        self.daemon.on(*PULL, {'text': '{"error": "manifest unknown"}'})
        made = self.make_resource()
        self.assertIn('The image r.test/web:1 cannot be pulled. Docker at '
                      '%s: manifest unknown' % base.URL,
                      self.fail_task(made.create))
        self.forget()
        self.run_task(made.delete)
        self.assertEqual([], self.daemon.requests)

    def test_registry_auth_is_sent_in_a_header(self):
        self.serve_pull()
        self.make(registry_auth=AUTH)
        [sent] = self.daemon.sent(*PULL)
        self.assertEqual(AUTH_SENT, self.header(sent, 'X-Registry-Auth'))

    def test_many_pull_once(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        self.daemon.on(*INSPECT, *9 * [NO_IMAGE], self.shown())
        self.daemon.on(*PULL, {'raw': base.chunked(
            lambda: self.assertTrue(go_on.wait(20)))})
        tasks = []
        for _resource in range(3):
            made = self.make_resource()
            tasks.append((scheduler.TaskRunner(made.create), made,
                          self.stack))
        for task, _made, _stack in tasks:
            task.start()
            task.step()
        go_on.set()
        for task, made, _stack in tasks:
            task.run_to_completion()
            self.assertEqual(IMAGE, made.resource_id)
        self.assertEqual(1, len(self.daemon.sent(*PULL)))

    def test_image_for_the_platform_is_not_pulled_again(self):
        self.daemon.on(*INSPECT, self.shown(Os='linux',
                                            Architecture='arm64'))
        for platform in ('linux/arm64', 'linux/arm64/v8'):
            self.make(platform=platform)
        self.assertNotIn(PULL, self.daemon.requests)

    def test_platform_that_is_another(self):
        for platform in ('linux/amd64', 'windows/arm64', 'linux/arm'):
            self.daemon.on(*INSPECT, *2 * [self.shown(
                OTHER, Os='linux', Architecture='arm64')], self.shown())
            self.daemon.on(*PULL, PULLED)
            made = self.make(platform=platform)
            [sent] = self.daemon.sent(*PULL)
            self.assertEqual([platform], sent.qs['platform'])
            self.assertEqual(IMAGE, made.resource_id)
            self.forget()

    def test_platform_that_is_another_and_never(self):
        self.daemon.on(*INSPECT, self.shown(Architecture='arm64'))
        self.assertIn(
            'has r.test/web:1 for another platform, and pull_policy is never',
            self.fail_task(self.make_resource(
                platform='linux/amd64', pull_policy='never').create))

    def test_answers_lost(self):
        self.daemon.on(*INSPECT, LOST, self.shown())
        self.assertEqual(IMAGE, self.make().resource_id)


class ReferenceTestCase(ImageTestCase):
    """The image reference for containers."""

    def reference(self, name, *digests):
        self.daemon.on(*inspect_of(name), self.shown(RepoDigests=digests))
        made = self.make(image=name)
        # Another engine may read it.
        made._data = None
        return made.FnGetRefId()

    def test_by_digest(self):
        self.assertEqual(DIGEST, self.reference(NAME, DIGEST))

    def test_by_digest_of_the_same_repository(self):
        other = 'other.test/web@sha256:' + 64 * 'e'
        self.assertEqual(DIGEST, self.reference(NAME, other, DIGEST))
        hub = 'busybox@sha256:' + 64 * 'e'
        for name in ('busybox:1', 'docker.io/library/busybox'):
            self.assertEqual(hub, self.reference(name, DIGEST, hub))

    def test_by_id(self):
        """The image was never in a registry, or its id is known."""
        self.assertEqual(IMAGE, self.reference(NAME))
        self.assertEqual(IMAGE, self.reference(
            NAME, 'other.test/web@sha256:' + 64 * 'e'))
        self.assertEqual(IMAGE, self.reference(IMAGE, DIGEST))

    def test_null_digests(self):
        self.daemon.on(*INSPECT, self.shown(RepoDigests=None))
        self.assertEqual(IMAGE, self.make(image=NAME).FnGetRefId())

    def test_before_the_create(self):
        made = self.make_resource(image=NAME)
        self.assertNotIn('sha256', str(made.FnGetRefId()))

    def test_attributes_come_from_inspect(self):
        self.daemon.on(*INSPECT, self.shown(Size=7))
        made = self.make(image=NAME)
        self.daemon.on(*inspect_of(IMAGE), self.shown(Size=7))
        for name, expected in (
                ('id', IMAGE), ('digest', DIGEST.partition('@')[2]),
                ('repo_digests', [DIGEST]), ('size', 7),
                ('architecture', 'amd64'),
                ('created_at', base.sample('image_all_v1.41')['Created'])):
            self.assertEqual(expected, made.FnGetAtt(name), name)

    def test_digest_is_of_the_repository_of_the_image(self):
        self.daemon.on(*INSPECT, self.shown())
        made = self.make(image=NAME)
        other = 'other.test/web@sha256:' + 64 * 'e'
        for digests, expected in (
                ([other, DIGEST], DIGEST.partition('@')[2]),
                ([other], None), ([], None), (None, None)):
            made.forget_live_state()
            self.daemon.on(*inspect_of(IMAGE),
                           self.shown(RepoDigests=digests))
            self.assertEqual(expected, made.FnGetAtt('digest'), digests)

    def test_check_fails_if_the_image_is_missing(self):
        self.daemon.on(*INSPECT, self.shown())
        made = self.make(image=NAME)
        self.daemon.on(*inspect_of(IMAGE), self.shown())
        self.run_task(made.check)
        self.daemon.on(*inspect_of(IMAGE), NO_IMAGE)
        self.assertIn('No such image', self.fail_task(made.check))


class RemovePulledTestCase(PulledTestCase):
    """Removal of pulled images."""

    def setUp(self):
        super().setUp()
        self.daemon.on(*USERS, {'json': []})
        self.daemon.on(*removal_of(NAME), {'json': []})

    def make_pulled(self, **properties):
        self.serve_pull()
        made = self.make(**properties)
        self.forget()
        return made

    def delete(self, made):
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        return self.daemon.requests

    def test_pulled_image_is_removed_with_the_resource(self):
        self.assertIn(removal_of(NAME), self.delete(self.make_pulled()))
        [sent] = self.daemon.sent(*USERS)
        self.assertEqual({'ancestor': [IMAGE.removeprefix('sha256:')]},
                         json.loads(sent.qs['filters'][0]))

    def test_image_that_existed_before_is_kept(self):
        """An image that existed before the stack outlives the stack."""
        self.daemon.on(*INSPECT, self.shown())
        self.daemon.on(*PULL, PULLED)
        for properties in ({}, {'pull_policy': 'always'},
                           {'pull_policy': 'always', 'keep': False}):
            made = self.make(**properties)
            self.forget()
            self.assertEqual([], self.delete(made), properties)

    def test_keep_retains_a_pulled_image(self):
        self.assertEqual([], self.delete(self.make_pulled(keep=True)))

    def test_keep_set_later(self):
        made = self.make_pulled()
        self.update(made, keep=True)
        self.assertEqual([], self.delete(made))

    def test_image_in_use_is_kept(self):
        made = self.make_pulled()
        self.daemon.on(*USERS, {'json': [
            {'Id': 20 * 'a', 'Image': NAME},
            {'Id': 20 * 'b', 'Image': DIGEST}]})
        self.assertNotIn(removal_of(NAME), self.delete(made))
        self.assertIn('The image is kept: containers use it, %s, %s'
                      % (12 * 'a', 12 * 'b'), str(self.reasons))

    def test_used_by_another_name(self):
        """The image stays under its other tag."""
        made = self.make_pulled()
        self.daemon.on(*INSPECT, self.shown(RepoTags=[NAME, 'other:1']))
        self.daemon.on(*USERS, {'json': [{'Id': 'c1', 'Image': 'other:1'}]})
        self.assertIn(removal_of(NAME), self.delete(made))

    def test_used_and_has_another_name(self):
        made = self.make_pulled()
        self.daemon.on(*INSPECT, self.shown(RepoTags=[NAME, 'other:1']))
        self.daemon.on(*USERS, {'json': [{'Id': 'c1', 'Image': NAME}]})
        self.assertNotIn(removal_of(NAME), self.delete(made))

    def test_missing_image_is_not_removed(self):
        made = self.make_pulled()
        self.daemon.on(*INSPECT, NO_IMAGE)
        self.assertNotIn(removal_of(NAME), self.delete(made))

    def test_gone_meanwhile(self):
        for answer in (NO_IMAGE, base.refusal(409, 'unable to remove')):
            made = self.make_pulled()
            self.daemon.on(*removal_of(NAME), answer)
            self.assertIn(removal_of(NAME), self.delete(made))

    def test_tag_that_has_moved(self):
        """The tag now belongs to another image."""
        made = self.make_pulled()
        self.daemon.on(*INSPECT, self.shown(OTHER))
        self.assertNotIn(removal_of(NAME), self.delete(made))

    def test_delete_fails_if_the_removal_fails(self):
        made = self.make_pulled()
        self.daemon.on(*removal_of(NAME), base.refusal(500, 'disk is gone'))
        self.assertIn('disk is gone', self.fail_task(made.delete))

    def test_answers_lost(self):
        made = self.make_pulled()
        self.daemon.on(*removal_of(NAME), LOST, {'json': []})
        self.delete(made)
        self.assertEqual(2, len(self.daemon.sent(*removal_of(NAME))))

    def replace(self, old, **properties):
        """Return the replacement of a resource, which finds the old image."""
        self.old_stack = self.stack
        new = self.make_resource(triggers={'a': 'b'}, **properties)
        new.replaces, old.replaced_by = old.id, new.id
        new.store()
        self.run_task(new.create)
        self.assertEqual(('CREATE', 'COMPLETE'), new.state)
        self.forget()
        return new

    def test_replaced_by_the_same(self):
        """The image stays until its new owner is deleted."""
        old = self.make_pulled()
        new = self.replace(old)
        self.assertEqual([], self.delete(old))
        self.assertIn(removal_of(NAME), self.delete(new))

    def test_not_inherited_from_an_image_of_another_address(self):
        """The name of that daemon has become the name of this one."""
        old = self.make_pulled()
        old.data_set('requested', json.dumps(
            {'endpoint': base.URL, 'address': '192.0.2.7'}))
        new = self.replace(old)
        self.assertNotIn('made', new.data())
        self.assertEqual([], self.delete(new))

    def test_replaced_by_the_same_pulled_again(self):
        self.daemon.on(*PULL, PULLED)
        old = self.make_pulled()
        new = self.replace(old, pull_policy='always')
        self.assertEqual([], self.delete(old))
        self.assertIn(removal_of(NAME), self.delete(new))

    def test_replaced_by_what_the_name_is_now(self):
        """The new resource has pulled a newer image for the name."""
        old = self.make_pulled()
        self.daemon.on(*INSPECT, self.shown(), self.shown(OTHER))
        new = self.replace(old, pull_policy='always')
        self.assertNotIn(removal_of(NAME), self.delete(old))
        self.assertIn(removal_of(NAME), self.delete(new))

    def test_replaced_and_back_again(self):
        """A rollback deletes the new resource, and the old one remains."""
        old = self.make_pulled()
        new = self.replace(old)
        self.assertEqual([], self.delete(new))
        self.assertIn(removal_of(NAME), self.delete(old))

    def test_replaced_and_found(self):
        """An image that the stack did not pull stays."""
        self.daemon.on(*INSPECT, self.shown())
        old = self.make()
        new = self.replace(old)
        self.assertEqual([], self.delete(old))
        self.assertEqual([], self.delete(new))

    def test_replaced_by_another_name(self):
        old = self.make_pulled()
        self.daemon.on(*inspect_of('r.test/web'), self.shown())
        self.replace(old, image='r.test/web')
        self.assertIn(removal_of(NAME), self.delete(old))

    def test_replaced_by_one_on_another_daemon(self):
        old = self.make_pulled()
        other = 'http://other.test:2375'
        self.daemon.on('GET', '/version', {'json': self.daemon.VERSION},
                       prefix='', base_url=other)
        self.daemon.on(*INSPECT, self.shown(), base_url=other)
        self.replace(old, docker_endpoint='tcp://other.test')
        self.assertIn(removal_of(NAME), self.delete(old))

    def test_external_image_is_kept(self):
        self.daemon.on(*inspect_of(IMAGE), self.shown())
        made = self.make_resource(template=self.template(
            {}, external_id=IMAGE))
        self.run_task(made.create)
        self.forget()
        self.assertEqual([], self.delete(made))


class UpdateTestCase(PulledTestCase):

    def setUp(self):
        super().setUp()
        self.daemon.on(*INSPECT, self.shown())

    def test_in_place(self):
        made = self.make()
        self.forget()
        self.update(made, keep=True, pull_policy='always',
                    registry_auth=AUTH)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        self.assertEqual([], self.daemon.requests)

    def test_changed_image_triggers_or_platform_replace(self):
        for values in ({'image': 'r.test/web:2'}, {'triggers': {'a': 'b'}},
                       {'platform': 'linux/arm64'}):
            self.assertRaises(resource.UpdateReplace, self.update,
                              self.make(), **values)


class BuiltTestCase(ImageTestCase):

    NEEDED = {'build': BUILD}
    TAGS = ['r.test/a:1', 'r.test/b']

    def setUp(self):
        super().setUp()
        self.names = set()
        self.daemon.on(*MAKE, {'text': BUILT})
        self.daemon.on(*TAG, {'status_code': 201, 'json': self.give_tag})

    def give_tag(self, request, context):
        """Tag the built image as requested."""
        name = '%s:%s' % (request.qs['repo'][0], request.qs['tag'][0])
        self.names.add(name)
        for known in (name, name.removesuffix(':latest')):
            self.daemon.on(*inspect_of(known), self.shown(
                RepoTags=sorted(self.names)))

    def sent(self):
        [sent] = self.daemon.sent(*MAKE)
        return sent

    def test_digest_is_of_the_repository_of_a_tag(self):
        made = self.make(tags=self.TAGS)
        other = 'other.test/web@sha256:' + 64 * 'e'
        for digests, expected in (
                ([other, 'r.test/b@sha256:2'], 'sha256:2'),
                (['r.test/b@sha256:2', 'r.test/a@sha256:1'], 'sha256:1'),
                ([other], None), ([], None)):
            made.forget_live_state()
            self.daemon.on(*inspect_of(IMAGE),
                           self.shown(RepoDigests=digests))
            self.assertEqual(expected, made.FnGetAtt('digest'), digests)

    @property
    def tagged(self):
        """The tags that the image was given."""
        return ['%s:%s' % (sent.qs['repo'][0], sent.qs['tag'][0])
                for sent in self.daemon.sent(*TAG)]


class RepeatedTestCase(ImageTestCase):

    def test_build_error_masks_secret_arguments(self):
        self.daemon.on(*MAKE, {'text': json.dumps(
            {'error': 'curl --user me:hunter2: denied'})})
        made = self.make_resource(build={
            **BUILD, 'args': {'TOKEN': 'me:hunter2'}})
        self.assertIn('curl --user ***: denied', self.fail_task(made.create))
        # The fake daemon logs its arguments.
        self.assertNotIn('hunter2', re.sub('DEBUG requests_mock.*', '',
                                           self.log.output))

    def test_pull_error_masks_the_password(self):
        self.daemon.on(*INSPECT, NO_IMAGE)
        self.daemon.on(*PULL, base.refusal(500, 'no user has hunter2'))
        made = self.make_resource(image=NAME, registry_auth=AUTH)
        self.assertIn('no user has ***', self.fail_task(made.create))
        self.assertNotIn('hunter2', self.log.output)


class BuildTestCase(BuiltTestCase):

    def test_build_sends_context_and_tags_the_image(self):
        made = self.make(
            build={**BUILD, 'files': {'dir/page': 'Hello.'},
                   'args': {'WHO': 1, 'LATER': None}, 'target': 'last',
                   'labels': {'a': 'b'}},
            tags=['r.test/a:1', 'b'], platform='linux/arm64')
        self.assertEqual([MAKE, TAG, TAG], self.daemon.requests)
        self.assertEqual(['r.test/a:1', 'b:latest'], self.tagged)
        self.assertEqual((IMAGE, IMAGE),
                         (made.resource_id, made.FnGetRefId()))
        query = self.sent().qs
        self.assertEqual({'WHO': '1', 'LATER': None},
                         json.loads(query.pop('buildargs')[0]))
        self.assertEqual({'a': 'b', **made.object.owner.labels},
                         json.loads(query.pop('labels')[0]))
        self.assertEqual(
            {'target': ['last'], 'platform': ['linux/arm64'], 'rm': ['1'],
             'forcerm': ['1']}, query)
        with tarfile.open(fileobj=io.BytesIO(self.sent().body)) as tar:
            self.assertEqual(
                {'Dockerfile': b'FROM busybox\n', 'dir/page': b'Hello.'},
                {entry.name: tar.extractfile(entry).read() for entry in tar})
        self.assertEqual(['Building', 'Built ' + IMAGE], self.reasons)

    def test_build_sends_its_options(self):
        self.make(build={
            **BUILD, 'no_cache': True, 'pull': 'true', 'network': 'none',
            'extra_hosts': {'db': '[2001:db8::7]', 'web': '192.0.2.7'},
            'shm_size': '64m', 'ulimits': {'nofile': 1024},
            'cache_from': ['r.test/web:1', 'busybox'],
            'files': {'run.sh': {'content': 'true', 'mode': '0755'}}})
        query = self.sent().qs
        for name, expected in (
                ('ulimits', [{'Name': 'nofile', 'Soft': 1024, 'Hard': 1024}]),
                ('cachefrom', ['r.test/web:1', 'busybox']),
                ('buildargs', {})):
            self.assertEqual(expected, json.loads(query.pop(name)[0]))
        query.pop('labels')
        self.assertEqual(
            {'nocache': ['1'], 'pull': ['1'], 'networkmode': ['none'],
             'extrahosts': ['db:2001:db8::7', 'web:192.0.2.7'],
             'shmsize': ['67108864'], 'rm': ['1'], 'forcerm': ['1']}, query)
        with tarfile.open(fileobj=io.BytesIO(self.sent().body)) as tar:
            self.assertEqual(0o755, tar.getmember('run.sh').mode)

    def test_git_repository(self):
        url = 'https://r.test/team/web.git#main:image'
        self.make(build={'context': url, 'dockerfile_path': 'a/Dockerfile',
                         'target': 'last'})
        query = self.sent().qs
        self.assertEqual(
            {'remote': [url], 'dockerfile': ['a/Dockerfile'],
             'target': ['last']},
            {name: query[name] for name in ('remote', 'dockerfile',
                                            'target')})
        self.assertFalse(self.sent().body)

    def test_nothing_that_is_unset(self):
        made = self.make()
        [tag] = self.tagged
        self.assertThat(tag, base.testtools.matchers.MatchesRegex(
            '^localhost/heat/[a-z0-9-]+-web-[a-z0-9]+:latest$'))
        self.assertEqual(
            {'rm': ['1'], 'forcerm': ['1'], 'buildargs': ['{}'],
             'labels': [json.dumps(made.object.owner.labels)]},
            self.sent().qs)
        self.assertEqual({}, self.header(self.sent(), 'X-Registry-Config'))

    def test_labels_of_heat_are_refused(self):
        """The plugin finds its images by these labels."""
        made = self.make_resource(build={**BUILD, 'labels': {
            'org.openstack.heat.stack_id': 'x'}})
        self.assertIn('org.openstack.heat.stack_id is reserved for Heat',
                      self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)

    def test_tags_of_heat_are_refused(self):
        """One name is for container snapshots, the other for helpers."""
        for tag in ('localhost/heat-snapshot/wiki-web:snapshot-1',
                    'localhost/heat-docker/empty'):
            made = self.make_resource(tags=[tag])
            self.assertIn('is a name reserved for images',
                          self.fail_task(made.create))
        self.assertEqual([], self.daemon.requests)

    def test_registry_auth_is_sent_as_a_registry_config(self):
        self.make(registry_auth=AUTH)
        self.assertEqual({'r.test': AUTH_SENT},
                         self.header(self.sent(), 'X-Registry-Config'))
        self.assertNotIn('hunter2', self.sent().url + str(self.reasons))

    def test_build_fails(self):
        for text, words in (
                ('{"errorDetail": {"message": "The command \'/bin/sh -c exit '
                 '7\' returned a non-zero code: 7"}}',
                 'returned a non-zero code: 7'),
                ('{"stream": "Step 1/1"}', 'is not a Docker daemon')):
            self.daemon.on(*MAKE, {'text': text})
            made = self.make_resource()
            self.assertIn(words, self.fail_task(made.create))
            self.assertIsNone(made.resource_id)

    def test_build_takes_time(self):
        """The worker does other things in the meantime."""
        self.patch(background.Task, 'WAIT', 0.001)
        go_on = threading.Event()
        made = self.make_resource()
        polls = self.record_create_polls(made, go_on)
        self.daemon.on(*MAKE, {'raw': base.chunked(
            lambda: self.assertTrue(go_on.wait(20)), BUILT.encode())})
        self.run_task(made.create)
        self.assertFalse(any(polls[:3]))
        self.assertEqual([MAKE, TAG], self.daemon.requests)

    def test_build_answer_lost(self):
        self.daemon.on(*MAKE, LOST, {'text': BUILT})
        self.assertEqual(IMAGE, self.make().resource_id)
        self.assertEqual(2, len(self.daemon.sent(*MAKE)))

    def test_build_answer_lost_for_good(self):
        """The plugin removes every image with its labels."""
        clock = self.set_clock(plan, step=200.0)
        self.daemon.on(*MAKE, LOST)
        made = self.make_resource()
        self.fail_task(made.create)
        clock.step = 0.0
        self.daemon.on(*FOUND, {'json': [{'Id': IMAGE}]})
        self.daemon.on('GET', '/images/%s/json' % urllib.parse.quote(
            IMAGE, safe=''), {'json': {}})
        self.update(made)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        self.assertEqual(IMAGE, made.resource_id)
        self.assertEqual('true', made.data()['made'])

    def test_changed_build_tags_push_or_triggers_replace(self):
        made = self.make()
        for values in ({'build': {**BUILD, 'args': {'A': 'b'}}},
                       {'tags': ['a']}, {'push': True},
                       {'triggers': {'a': 'b'}}):
            self.assertRaises(resource.UpdateReplace, self.update, made,
                              **values)


class PushTestCase(BuiltTestCase):

    def setUp(self):
        super().setUp()
        for path in ('r.test/a', 'r.test/b'):
            self.daemon.on(*push_of(path), {'text': '{"status": "Pushed"}'})

    def pushed(self, name):
        [sent] = self.daemon.sent(*push_of(name))
        return sent

    def test_every_tag_is_pushed_with_credentials(self):
        self.make(tags=self.TAGS, push=True, registry_auth=AUTH)
        self.assertEqual(
            [MAKE, TAG, TAG, push_of('r.test/a'), push_of('r.test/b')],
            self.daemon.changes)
        for name, tag in (('r.test/a', '1'), ('r.test/b', 'latest')):
            sent = self.pushed(name)
            self.assertEqual({'tag': [tag]}, sent.qs)
            self.assertEqual(AUTH_SENT, self.header(sent, 'X-Registry-Auth'))
        self.assertIn('Pushing r.test/a:1, r.test/b', self.reasons)

    def test_push_without_auth(self):
        self.make(tags=self.TAGS, push=True)
        self.assertEqual({}, self.header(self.pushed('r.test/a'),
                                         'X-Registry-Auth'))

    def test_not_pushed(self):
        for push in (None, False):
            self.make(tags=self.TAGS, push=push)
        self.assertEqual(2 * [MAKE, TAG, TAG], self.daemon.requests)

    def fail_push(self):
        """Return a resource whose second tag was not pushed."""
        self.daemon.on(*push_of('r.test/b'), {
            'text': '{"errorDetail": {"message": "denied: no"}}'})
        made = self.make_resource(tags=self.TAGS, push=True)
        self.assertIn('denied: no', self.fail_task(made.create))
        self.forget()
        return made

    def test_push_fails(self):
        """The built image is known, and is removed with the stack."""
        self.assertEqual(IMAGE, self.fail_push().resource_id)

    def test_push_failed_is_not_complete(self):
        """An update must not mistake the image for a pushed one."""
        made = self.fail_push()
        self.daemon.on(*inspect_of(IMAGE), self.shown())
        self.daemon.on(*push_of('r.test/b'), {'text': '{}'})
        self.update(made, tags=self.TAGS, push=True)
        self.assertIn(push_of('r.test/b'), self.daemon.requests)

    def test_cancelled_create_closes_the_connection(self):
        """Docker stops work that its client no longer waits for."""
        for request in (push_of('r.test/a'), MAKE):
            made = self.make_resource(tags=self.TAGS, push=True)
            self.assertEqual(1, len(self.broken_off(request, made.create)))

    def test_cancelled_in_an_update(self):
        made = self.fail_push()
        self.daemon.on(*inspect_of(IMAGE), self.shown())
        after = made.t.freeze(properties=self.properties(
            tags=self.TAGS, push=True))
        self.assertEqual(1, len(self.broken_off(
            push_of('r.test/b'), lambda: made.update(after))))

    def test_tag_that_another_image_has_by_now(self):
        """Only the built image is pushed."""
        def push(request, context):
            self.daemon.on(*inspect_of('r.test/b'), self.shown(OTHER))
            return '{"status": "Pushed"}'

        self.daemon.on(*push_of('r.test/a'), {'text': push})
        made = self.make_resource(tags=self.TAGS, push=True,
                                  registry_auth=AUTH)
        self.assertIn('Another image now has the name r.test/b',
                      self.fail_task(made.create))
        self.assertNotIn(push_of('r.test/b'), self.daemon.requests)

    def test_push_answer_lost(self):
        self.daemon.on(*push_of('r.test/b'), LOST, {'text': '{}'})
        self.make(tags=self.TAGS, push=True)
        self.assertEqual(2, len(self.daemon.sent(*push_of('r.test/b'))))
        self.assertEqual(1, len(self.daemon.sent(*MAKE)))


class RemoveBuiltTestCase(BuiltTestCase):
    """Removal of built images."""

    def setUp(self):
        super().setUp()
        self.daemon.on(*USERS, {'json': []})
        self.daemon.on(*FOUND, {'json': []})
        for name in [*self.TAGS, IMAGE]:
            self.daemon.on(*inspect_of(name), self.shown(RepoTags=self.TAGS))
            self.daemon.on(*removal_of(name), {'json': []})
        for image in (self.LAST, self.FIRST, OTHER):
            self.daemon.on(*removal_of(image), {'json': []})
        self.removals = [removal_of(name) for name in [*self.TAGS, IMAGE]]

    def make_built(self, **properties):
        made = self.make(**{'tags': self.TAGS, **properties})
        self.forget()
        return made

    def removed(self, made):
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        return [sent for sent in self.daemon.requests if sent[0] == 'DELETE']

    def test_built_image_and_its_tags_are_removed(self):
        self.assertEqual(self.removals, self.removed(self.make_built()))

    def test_built_without_tags(self):
        made = self.make_resource()
        self.run_task(made.create)
        tag = self.tagged[0].removesuffix(':latest')
        self.daemon.on(*inspect_of(tag), self.shown(RepoTags=[tag]))
        self.daemon.on(*removal_of(tag), {'json': []})
        self.assertEqual([removal_of(tag), removal_of(IMAGE)],
                         self.removed(made))

    def test_tags_that_have_moved(self):
        """For example, to the image that replaces it."""
        made = self.make_built()
        self.daemon.on(*inspect_of(self.TAGS[0]), self.shown(OTHER))
        self.daemon.on(*inspect_of(self.TAGS[1]), NO_IMAGE)
        self.assertEqual([removal_of(IMAGE)], self.removed(made))

    def test_missing_or_busy_image_does_not_fail_the_delete(self):
        for answer in (NO_IMAGE, base.refusal(409, 'is in use')):
            made = self.make_built()
            for removal in self.removals:
                self.daemon.on(*removal, answer)
            self.assertEqual(self.removals, self.removed(made))

    def test_built_image_in_use_is_kept(self):
        tag = self.TAGS[0]
        self.daemon.on(*inspect_of(tag), self.shown(RepoTags=[tag]))
        for name in (tag, IMAGE):
            made = self.make_built(tags=[tag])
            self.daemon.on(*USERS, {'json': [{'Id': 'c1', 'Image': name}]})
            self.assertEqual([], self.removed(made), name)
            self.assertIn('containers use it, c1', str(self.reasons))

    def test_used_by_one_of_its_tags(self):
        made = self.make_built()
        self.daemon.on(*USERS, {'json': [
            {'Id': 'c1', 'Image': self.TAGS[0]}]})
        self.assertEqual([removal_of(self.TAGS[1])], self.removed(made))

    def test_keep_retains_a_built_image(self):
        self.assertEqual([], self.removed(self.make_built(keep=True)))

    def test_found_by_the_labels(self):
        """The create ended before it received the id."""
        self.daemon.on(*MAKE, LOST)
        made = self.make_resource(tags=self.TAGS, endpoint_timeout=0)
        self.fail_task(made.create)
        self.forget()
        self.daemon.on(*FOUND, {'json': [{'Id': IMAGE}]})
        self.assertEqual(self.removals, self.removed(made))
        sent = self.daemon.sent(*FOUND)[0]
        self.assertEqual(
            {'label': ['org.openstack.heat.resource_id=%s' % made.uuid,
                       'org.openstack.heat.stack_id=%s' % self.stack.id]},
            json.loads(sent.qs['filters'][0]))

    def test_never_built(self):
        self.run_task(self.make_resource().delete)
        self.assertEqual([], self.daemon.history)

    # Images that a build leaves in the containerd image store.
    LAST, FIRST = ('sha256:' + 64 * digit for digit in '34')

    def listed(self, made, image, lacking=('stack_name',), **more):
        """Return an item of a list of images with labels of the resource."""
        return {'Id': image, 'RepoTags': None, 'RepoDigests': [], 'Labels': {
            name: value for name, value in made.object.owner.labels.items()
            if name.rpartition('.')[2] not in lacking}, **more}

    def removed_beside(self, made, *lists):
        """Delete the resource; return what is removed besides its image."""
        self.daemon.on(*FOUND, *({'json': listed} for listed in lists))
        removed = self.removed(made)
        self.assertEqual(self.removals, removed[:len(self.removals)])
        return removed[len(self.removals):]

    def test_intermediates_child_before_parent(self):
        made = self.make_built()
        last, first = (self.listed(made, image)
                       for image in (self.LAST, self.FIRST))
        self.assertEqual(
            [removal_of(self.LAST), removal_of(self.FIRST)],
            self.removed_beside(made, [last], [first], []))
        sent = self.daemon.sent(*FOUND)[0]
        self.assertEqual(
            {'org.openstack.heat.%s=%s' % label for label in (
                ('project_id', self.stack.context.project_id),
                ('resource_id', made.uuid), ('stack_id', self.stack.id))},
            set(json.loads(sent.qs['filters'][0])['label']))

    def test_intermediate_in_use(self):
        made = self.make_built()
        self.daemon.on(*removal_of(self.LAST), base.refusal(409, 'in use'))
        self.assertEqual(
            [removal_of(self.LAST)],
            self.removed_beside(made, [self.listed(made, self.LAST)]))

    def test_intermediate_with_all_labels_of_heat(self):
        """Labels are set in alphabetical order."""
        made = self.make_built(build={**BUILD, 'labels': {'z': 'y'}})
        listed = self.listed(made, self.LAST, ())
        self.assertEqual([removal_of(self.LAST)],
                         self.removed_beside(made, [listed], []))

    def test_others_with_the_labels_stay(self):
        """An image that a user has committed inherits all labels."""
        made = self.make_built()
        self.assertEqual([], self.removed_beside(made, [
            self.listed(made, OTHER, ()),
            self.listed(made, OTHER, RepoTags=['mine:1']),
            self.listed(made, OTHER, RepoDigests=['mine@sha256:1']),
            {'Id': OTHER}]))

    def test_intermediate_in_older_versions_of_the_api(self):
        made = self.make_built()
        self.assertEqual([removal_of(self.LAST)], self.removed_beside(
            made, [self.listed(made, self.LAST, RepoTags=['<none>:<none>'],
                               RepoDigests=['<none>@<none>'])], []))

    def test_intermediates_without_end(self):
        made = self.make_built()
        names = iter(range(1, 1000))

        def listed(request, context):
            image = 'sha256:%064d' % next(names)
            self.daemon.on(*removal_of(image), {'json': []})
            return [self.listed(made, image)]

        self.daemon.on(*FOUND, {'json': listed})
        self.assertEqual(len(made.object.owner.labels), len(
            self.removed(made)) - len(self.removals))

    def test_intermediate_is_not_taken_for_the_image(self):
        """The create ended before it received the id."""
        self.daemon.on(*MAKE, LOST)
        made = self.make_resource(tags=self.TAGS, endpoint_timeout=0)
        self.fail_task(made.create)
        self.forget()
        both = [self.listed(made, self.LAST), self.listed(made, IMAGE, ())]
        self.assertEqual([removal_of(self.LAST)],
                         self.removed_beside(made, both, both, []))
