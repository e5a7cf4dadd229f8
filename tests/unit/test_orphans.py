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

from heat_docker import client
from heat_docker import endpoint
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
)


class ListedTestCase(base.TestCase):

    def test_all(self):
        daemon = client.DockerClient(endpoint.parse(base.URL))
        for kind, found, stack_id, removed in LISTED:
            one = orphans.of_listed(kind, daemon, found)
            self.assertEqual((stack_id, removed),
                             (one.stack_id, not one.kept), (kind, found))
