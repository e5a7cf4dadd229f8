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

"""The descriptions of the types before authors create anything."""

from tests.functional import base

# The types that https://blog.oddbit.com/post/2014-08-30-docker-plugin-for-
# openstack-he/ shows, in terms of HOT.
TYPES = {
    'cmd': 'comma_delimited_list',
    'dns': 'comma_delimited_list',
    'docker_endpoint': 'string',
    'env': 'comma_delimited_list',
    'hostname': 'string',
    'image': 'string',
    'links': 'json',
    'memory': 'number',
    'name': 'string',
    'open_stdin': 'boolean',
    'port_bindings': 'json',
    'port_specs': 'comma_delimited_list',
    'privileged': 'boolean',
    'stdin_once': 'boolean',
    'tty': 'boolean',
    'user': 'string',
    'volumes': 'json',
    'volumes_from': 'comma_delimited_list',
}


class TypesTest(base.FunctionalTest):

    def test_list(self):
        types = [listed.resource_type for listed in
                 self.heat.resource_types.list()]
        self.assertIn(base.TYPE, types)

    def test_show_as_template(self):
        template = self.heat.resource_types.generate_template(
            base.TYPE, template_type='hot')
        parameters = template['parameters']
        self.assertEqual(
            TYPES, {name: parameters[name]['type'] for name in TYPES})
        for name, parameter in parameters.items():
            self.assertTrue(parameter['description'].endswith('.'), name)
            self.assertNotIn({}, parameter.get('constraints', []), name)

    def test_show(self):
        shown = self.heat.resource_types.get(base.TYPE)
        self.assertTrue(shown['properties']['image']['required'])
        for kind in ('properties', 'attributes'):
            for name, schema in shown[kind].items():
                self.assertTrue(schema['description'].endswith('.'), name)

    def test_refused_before_anything_is_made(self):
        for properties, words in (
                ({'image': ''}, 'image'),
                ({'image': 'Not An Image'}, "'Not An Image'"),
                ({'port_specs': ['http']}, "'http'"),
                ({'port_specs': [80, '80/icmp']}, "'icmp'"),
                ({'port_bindings': {'80': 65536}}, '65536'),
                ({'port_bindings': {'80-81': '80-82'}}, '80-82'),
                ({'port_bindings': {'80': 8080, '81': 8080}},
                 'host port 8080/tcp is listed more than once'),
                ({'memory': -1}, 'memory'),
                ({'cpu_shares': -1}, 'cpu_shares'),
                ({'restart_policy': {'Name': 'sometimes'}}, 'sometimes'),
                ({'restart_policy': {'Name': 'always',
                                     'MaximumRetryCount': 3}}, 'on-failure'),
                ({'cap_add': ['FLY']}, "'FLY'"),
                ({'cap_drop': ['FLY']}, "'FLY'"),
                ({'name': '-x'}, '-x'),
                ({'volumes': {'/srv': 'data'}}, "'data'"),
                ({'devices': [{'path_on_host': 'null'}]}, 'null'),
                ({'docker_endpoint': 'tcp://:2375'}, 'no host'),
                ({'docker_endpoint': 'ssh://host'}, 'ssh://host'),
                ({'bogus': 1}, 'bogus'),
        ):
            name = next(iter(properties))
            said = self.refused({'web': self.container(**properties)})
            self.assertIn(words, said)
            self.assertIn(name, said)

    def test_validation_leaves_out_what_is_not_known_yet(self):
        """The future endpoint of a server is not an endpoint yet."""
        nowhere = {'str_replace': {
            'template': 'tcp://$HOST:1',
            'params': {'$HOST': {'get_attr': ['address', 'value']}}}}
        stack_id = self.start_stack(self.template({
            'address': {'type': 'OS::Heat::Value',
                        'properties': {'value': '127.0.0.1'}},
            'web': self.container(docker_endpoint=nowhere,
                                  endpoint_timeout=0)}))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('tcp://127.0.0.1:1 cannot be reached',
                      self.resource(stack_id).resource_status_reason)

    def test_value_that_turns_out_bad_is_refused_before_the_create(self):
        stack_id = self.start_stack(self.template({
            'port': {'type': 'OS::Heat::Value',
                     'properties': {'value': '99999'}},
            'web': self.container(
                port_specs=[{'get_attr': ['port', 'value']}])}))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('99999',
                      self.resource(stack_id).resource_status_reason)
        self.assertEqual([], self.containers(stack_id))
