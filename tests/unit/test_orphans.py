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

"""Which objects of a daemon belong to a stack, and which of them are kept."""

from heat.common import context

from heat_docker import client
from heat_docker import endpoint
from heat_docker import errors
from heat_docker import orphans
from tests.unit import base

PREFIX = 'org.openstack.heat.'
ID = '5' * 64


def labels(**values):
    """Return labels of Heat, empty except for those given."""
    return {PREFIX + name: values.get(name, '') for name in (
        'stack_id', 'stack_name', 'resource_id', 'project_id', 'helper_of',
        'copy_of', 'snapshot_of')}


OBJECT = labels(stack_id='s', stack_name='web', resource_id='r',
                project_id='p')
# kind, item of the daemon's list, ID of the stack, whether it is removed
LISTED = (
    ('containers', {'Id': ID, 'Names': ['/web'], 'Labels': OBJECT}, 's', True),
    ('services', {'ID': ID, 'Spec': {'Name': 'web', 'Labels': OBJECT}},
     's', True),
    ('volumes', {'Name': 'data', 'Labels': OBJECT}, 's', True),
    ('networks', {'Id': ID, 'Name': 'net', 'Labels': OBJECT}, 's', True),
    # A task of a service: Docker removes it with the service.
    ('containers', {'Id': ID, 'Names': ['/web.1'],
                    'Labels': labels(stack_id='s', stack_name='web')},
     '', True),
    ('containers', {'Id': ID, 'Names': ['/helper'],
                    'Labels': labels(helper_of='s/data')}, 's', True),
    ('volumes', {'Name': 'x', 'Labels': labels(snapshot_of='s/data')},
     's', True),
    ('volumes', {'Name': 'x', 'Labels': labels(copy_of='s/data')},
     's', False),
    ('images', {'Id': ID, 'Labels': OBJECT, 'RepoTags': [
        'localhost/heat-snapshot/web-db:snapshot-abc']}, 's', True),
    ('images', {'Id': ID, 'Labels': OBJECT, 'RepoTags': [
        'localhost/heat-snapshot/web-db:abc']}, 's', False),
    ('images', {'Id': ID, 'Labels': OBJECT, 'RepoTags': ['mine:1']},
     's', False),
    ('images', {'Id': ID, 'Labels': OBJECT, 'RepoTags': None}, 's', False),
    # Docker gives a network the labels of the one that configures it.
    ('networks', {'Id': ID, 'Name': 'net', 'Labels': OBJECT,
                  'ConfigFrom': {'Network': 'other'}}, 's', False),
    # A label of an image can have any value.
    ('images', {'Id': ID, 'Labels': labels(helper_of=7), 'RepoTags': None},
     '7', False),
)


class ListedTestCase(base.TestCase):

    def test_all(self):
        daemon = client.DockerClient(endpoint.parse(base.URL))
        for kind, found, stack_id, removed in LISTED:
            one = orphans.of_listed(kind, daemon, found)
            self.assertEqual((stack_id, removed),
                             (one.stack_id, not one.kept), (kind, found))

    def test_label_with_lines(self):
        one = orphans.of_listed(
            'images', client.DockerClient(endpoint.parse(base.URL)),
            {'Id': ID, 'RepoTags': None, 'Labels': {
                **OBJECT, PREFIX + 'stack_name': 'a\n  stack b\x1b[2J'}})
        self.assertEqual(r'a\n  stack b\x1b[2J', one.stack)


class FoundTestCase(base.ResourceTestCase):
    """Objects of a stack that is not in the database."""

    LISTS = {'containers': ('/containers/json', []),
             'networks': ('/networks', []),
             'volumes': ('/volumes', {'Volumes': []}),
             'images': ('/images/json', [])}
    CONTAINER = {'Id': ID, 'Names': ['/web'], 'Labels': OBJECT}
    NETWORK = {'Id': ID, 'Name': 'net', 'Labels': OBJECT}

    def setUp(self):
        super().setUp()
        self.where = endpoint.parse(base.URL)
        self.daemon.on('GET', '/info', {'json': {'Swarm': {}}})
        for path, empty in self.LISTS.values():
            self.daemon.on('GET', path, {'json': empty})

    def serve(self, found, kind='containers', labels_of_image=None):
        """Show an object, and the image of a container."""
        self.daemon.on('GET', self.LISTS[kind][0], {'json': [found]})
        self.daemon.on('GET', '/containers/%s/json' % ID, {'json': {
            'Id': ID, 'Name': '/web', 'Image': 'i',
            'State': {'Status': 'running'}, 'NetworkSettings': {},
            'Config': {'Labels': OBJECT}}})
        self.daemon.on('GET', '/images/i/json', {'json': {
            'Id': 'i', 'Config': {'Labels': labels_of_image},
            'RepoTags': ['mine:1']}})

    def kept(self):
        """Return why the only orphan is kept, or ''."""
        [one] = orphans.find(self.where, context.get_admin_context())
        return one.kept

    def test_container(self):
        self.serve(self.CONTAINER)
        self.assertEqual('', self.kept())

    def test_container_of_a_committed_image(self):
        self.serve(self.CONTAINER, labels_of_image={**OBJECT, 'mine': '1'})
        self.assertIn('a user may have made it', self.kept())

    def remove_network(self, *members):
        """Remove a network with these containers."""
        self.daemon.on('GET', '/networks/' + ID, {'json': {
            'Id': ID, 'Name': 'net', 'Labels': {}}})
        self.daemon.on('GET', '/containers/json', {
            'json': [{'Id': one['Id']} for one in members]})
        for one in members:
            self.daemon.on('GET', '/containers/%s/json' % one['Id'],
                           {'json': one})
        self.daemon.on('DELETE', '/networks/' + ID, 204)
        self.daemon.on('DELETE', '/networks/net', 204)
        orphans.remove(self.where, orphans.of_listed(
            'networks', client.DockerClient(self.where), self.NETWORK))

    def test_network(self):
        self.remove_network()
        self.assertEqual([('DELETE', '/networks/' + ID)],
                         self.daemon.changes)

    def test_network_of_podman(self):
        """Podman removes a network in use if the request has its ID."""
        self.daemon.be_podman()
        self.remove_network()
        self.assertEqual([('DELETE', '/networks/net')], self.daemon.changes)

    def test_network_of_a_stopped_container(self):
        """Docker would remove it, and the container could not start again."""
        self.assertRaises(errors.Conflict, self.remove_network, {
            'Id': '7' * 64, 'Name': '/db', 'Config': {'Labels': {}},
            'State': {'Status': 'exited'}, 'NetworkSettings': {
                'Networks': {'net': {'NetworkID': ID}}}})
        self.assertEqual([], self.daemon.changes)
