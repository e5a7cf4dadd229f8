#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

import gzip
import io
import json
import tarfile

import testtools

from sandbox import images
from sandbox import registry_push


class LayerTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        layer = images.Layer()
        layer.file('/usr/bin/tool', 'x', 0o755)
        layer.link('/bin/tool', '/usr/bin/tool')
        self.image = layer.image(Cmd=['tool'])
        self.tar = gzip.decompress(self.image.layer)

    def test_folders_come_before_what_is_in_them(self):
        with tarfile.open(fileobj=io.BytesIO(self.tar)) as tar:
            self.assertEqual(['usr', 'usr/bin', 'usr/bin/tool', 'bin',
                              'bin/tool'], tar.getnames())

    def test_config_names_the_layer_and_the_command(self):
        config = json.loads(self.image.config)
        self.assertEqual([registry_push.digest(self.tar)],
                         config['rootfs']['diff_ids'])
        self.assertEqual(['tool'], config['config']['Cmd'])
        self.assertEqual(images.LABELS, config['config']['Labels'])
