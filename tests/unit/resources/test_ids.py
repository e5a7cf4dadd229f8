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

"""IDs from a hostile daemon, which may belong to another user's object.

A resource keeps its ID even if its endpoint later leads to another daemon.
"""

from heat.common import exception

from tests.unit import base
from tests.unit.resources import test_image

# Names of objects, prefixes of other IDs, and values that are no IDs.
OTHERS = ('x', 'victim', 'c0ffee', 12 * 'a', 63 * 'a', 65 * 'a', 64 * 'A',
          64 * 'g', 'sha256:' + 63 * 'a', '../../containers/create', 7, None,
          ['x'], {'x': 'x'}, 300 * 'x', 'x\ny')


class IdsTestCase(base.ResourceTestCase):

    def refused(self, made):
        self.fail_task(made.create)
        self.assertIsNone(made.resource_id)


class ContainerTestCase(IdsTestCase):

    CREATE = ('POST', '/containers/create')

    def test_create_refuses_a_malformed_id(self):
        for value in (*OTHERS, 'sha256:' + 64 * 'a'):
            self.daemon.on(*self.CREATE, {'json': {'Id': value}})
            self.refused(self.make_resource())

    def test_found_by_labels(self):
        self.daemon.on(*self.CREATE, base.refusal(409, 'in use'))
        for value in OTHERS:
            self.daemon.on('GET', '/containers/json',
                           {'json': [{'Id': value}]})
            self.refused(self.make_resource())

    def test_adopt_refuses_a_malformed_id(self):
        for value in OTHERS:
            self.daemon.on('GET', '/containers/web/json', {'json': {
                'Id': value, 'State': {}, 'Config': {'Labels': None}}})
            made = self.make_resource()
            self.fail_task(made.adopt, {'resource_id': 'web'})
            self.assertIsNone(made.resource_id)

    def fail_task(self, task, *arguments):
        ex = self.assertRaises(exception.ResourceFailure, self.run_task,
                               lambda: task(*arguments))
        self.assert_plain(str(ex))

    def test_external_of_another_form(self):
        for shown in (
                [1], 'x', None, 7, {}, {'Id': 'web'},
                {'Id': 'web', 'State': {}},
                *({'Id': 'web', 'State': {}, 'Config': config}
                  for config in ('text', 7, None, [], {},
                                 {'Labels': 'x'}, {'Labels': [1]}))):
            self.daemon.on('GET', '/containers/web/json', {'json': shown})
            made = self.make_resource(template=self.template(
                {}, external_id='web'))
            ex = self.assertRaises(exception.StackValidationFailed,
                                   made.validate_external)
            self.assert_plain(str(ex))


class NetworkTestCase(IdsTestCase):

    TYPE = 'DockerInc::Docker::Network'
    NEEDED = {}
    CREATE = ('POST', '/networks/create')
    SWARM = 'v5ywxqpy0yzmurmbnv2oqxbnv'

    def test_create_refuses_a_malformed_id(self):
        for value in (*OTHERS, 25 * 'a', self.SWARM.upper()):
            self.daemon.on(*self.CREATE, {'json': {'Id': value}})
            self.refused(self.make_resource())

    def test_created_in_a_swarm(self):
        """Such an ID may be a name, so projects must trust each other."""
        self.daemon.on(*self.CREATE, {'json': {'Id': self.SWARM}})
        made = self.make_resource()
        self.run_task(made.create)
        self.assertEqual(self.SWARM, made.resource_id)
        self.configure(daemons='shared')
        self.refused(self.make_resource())


class VolumeTestCase(IdsTestCase):

    TYPE = 'DockerInc::Docker::Volume'
    NEEDED = {}

    def test_create_refuses_a_malformed_name(self):
        for value in OTHERS[9:]:
            self.daemon.on('POST', '/volumes/create',
                           {'json': {'Name': value, 'Labels': {}}})
            self.refused(self.make_resource())


class ImageTestCase(IdsTestCase):

    TYPE = 'DockerInc::Docker::Image'
    NEEDED = {}

    def serve(self, **shown):
        for name in (test_image.NAME, test_image.IMAGE):
            self.daemon.on(*test_image.inspect_of(name), {'json': {
                **base.sample('image_all_v1.41'), 'Id': test_image.IMAGE,
                **shown}})

    def test_of_a_registry(self):
        for value in OTHERS:
            self.serve(Id=value)
            self.refused(self.make_resource(image=test_image.NAME))

    def test_build_refuses_a_malformed_id(self):
        for value in OTHERS:
            self.daemon.on(*test_image.MAKE, {'json': {'aux': {'ID': value}}})
            self.refused(self.make_resource(build=test_image.BUILD))

    def test_malformed_digests_are_skipped(self):
        """A malformed reference does not become the resource's reference."""
        for digests in ([test_image.NAME + '@x\ny', test_image.DIGEST],
                        [test_image.NAME + '@' + 600 * 'x',
                         test_image.DIGEST]):
            self.serve(RepoDigests=digests)
            made = self.make_resource(image=test_image.NAME)
            self.run_task(made.create)
            self.assertEqual(test_image.DIGEST, made.FnGetRefId())
            self.assertEqual('sha256:' + 64 * 'd', made.FnGetAtt('digest'))

    def test_references_of_other_types(self):
        self.serve(RepoDigests=[7, None, {}, test_image.DIGEST])
        self.assertIn('returned data of unexpected types', self.fail_task(
            self.make_resource(image=test_image.NAME).create))
