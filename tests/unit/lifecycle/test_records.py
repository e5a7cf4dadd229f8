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

"""Records of resources in Heat's database.

Rows outlive an upgrade of the plugin, and workers of both versions may share
them meanwhile. So the texts stay what they are.
"""

import json

from heat_docker.lifecycle import neighbors
from heat_docker.lifecycle import records
from heat_docker.resources import rows
from tests.unit import base

LABELS = {'org.openstack.heat.stack_id': 's'}
ENDPOINT = {'Aliases': ['www'],
            'IPAMConfig': {'IPv4Address': '192.0.2.7'}}

# Stored texts of version 1.0 by their key, and their meaning.
TEXTS = (
    ('requested',
     '{"endpoint": "tcp://docker.test:2375", "address": "192.0.2.1"}',
     records.CreateRequest('tcp://docker.test:2375', '192.0.2.1', None)),
    ('requested', '{"endpoint": null, "address": null}',
     records.CreateRequest(None, None, None)),
    ('requested',
     '{"endpoint": "tcp://docker.test:2375", "address": "192.0.2.1", '
     '"lost": 1764504149.5}',
     records.CreateRequest('tcp://docker.test:2375', '192.0.2.1',
                           1764504149.5)),
    ('replaced',
     '{"name": "web", "grace": 30, "running": true, "stopping": true}',
     records.SteppedAside('web', 30, True, True, None)),
    ('replaced',
     '{"name": "web", "grace": null, "running": false, "stopping": false}',
     records.SteppedAside('web', None, False, False, None)),
    ('replaced', json.dumps({base.ID: ENDPOINT, 'beef': {}}),
     records.Detached({base.ID: ENDPOINT, 'beef': {}})),
    ('replaced', '{}', records.Detached({})),
    ('owes_room', 'true', records.Unreleased()),
    ('unhealthy', 'true', records.Unhealthy()),
    ('adopted', 'true', records.Adopted(None)),
    ('adopted', json.dumps({'driver': 'local', 'labels': LABELS}),
     records.Adopted({'driver': 'local', 'labels': LABELS})),
    ('adopted', '{"driver": null, "labels": {}}',
     records.Adopted({'driver': None, 'labels': {}})),
    ('filled', 'true', records.Filled()),
    ('made', 'true', records.MadeImage()),
    ('pushed', 'true', records.Pushed()),
    ('reference', 'r.test/web@sha256:' + 64 * 'd',
     records.ImageReference('r.test/web@sha256:' + 64 * 'd')),
    ('snapshot_image', 'localhost/heat-snapshot/wiki-web:snapshot-x1',
     records.SnapshotImage('localhost/heat-snapshot/wiki-web:snapshot-x1')),
    ('snapshot_volume', 'heat-snapshot-data-x1',
     records.SnapshotVolume('heat-snapshot-data-x1')),
)


class TextsTestCase(base.ResourceTestCase):

    def test_read_from_the_resource_its_row_and_a_snapshot(self):
        made = self.make_resource()
        for key, text, record in TEXTS:
            made.data_set(key, text)
            kind = type(record)
            row = neighbors.StoredResource(
                rows.stored(made.context, made.id))
            self.assertEqual(
                3 * [record],
                [made.records.read(kind),
                 row.read(kind),
                 records.read(dict(made.data()), kind)], text)

    def test_written_as_they_were(self):
        made = self.make_resource()
        for key, text, record in TEXTS:
            self.assertIs(record, made.records.write(record))
            self.assertEqual(text, made.data()[key])
            made.records.erase(type(record))
            self.assertEqual({}, made.data())

    def test_container_that_is_asked_to_stop(self):
        """Version 1.0 writes this first, and adds the stop later."""
        self.assertEqual(
            records.SteppedAside('web', 30, True, False, None),
            records.read({'replaced': '{"name": "web", "grace": 30, '
                                      '"running": true}'},
                         records.SteppedAside))

    def test_what_is_new_is_stored_only_if_it_is_known(self):
        """Version 1.0 can read these records."""
        [text] = [text for key, text, _record in TEXTS
                  if key == 'replaced' and 'true' in text]
        record = records.SteppedAside('web', 30, True, True,
                                      '2026-01-01T00:00:00Z')
        self.assertEqual({**json.loads(text),
                          'last_start': '2026-01-01T00:00:00Z'},
                         json.loads(record.to_text()))

    def test_field_of_a_later_version_is_ignored(self):
        self.assertEqual(
            records.CreateRequest('tcp://docker.test:2375', None),
            records.read({'requested': '{"endpoint": "tcp://docker.test:2375"'
                                       ', "address": null, "later": 1}'},
                         records.CreateRequest))

    def test_nothing_is_read_from_nothing(self):
        self.assertIsNone(records.read({}, records.Detached))

    def test_preemption_is_recorded_per_stack_action(self):
        """Each waiting stack action has its own record."""
        made = self.make_resource()
        made.records.record_preemption('t1')
        self.assertEqual({'preempted_by_t1': 'true'}, made.data())
        self.assertEqual([True, False], [
            made.records.is_preempted_by(one) for one in ('t1', 't2')])

    def test_all_are_erased(self):
        made = self.make_resource()
        made.data_set('unknown', 'x')
        made.records.write(records.Filled())
        made.records.erase_all()
        self.assertEqual({}, made.data())
