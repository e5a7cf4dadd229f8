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

"""What an operator can set, and what it is if unset."""

from oslo_config import cfg
from oslo_config import fixture as config_fixture
import testtools

from heat_docker import conf


class ConfTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        conf.group()
        self.config = self.useFixture(config_fixture.Config(cfg.CONF))

    def test_group_registered_again(self):
        self.assertEqual(conf.group().running_after,
                         conf.group().running_after)

    def test_defaults(self):
        self.assertEqual(
            {'default_endpoint': 'unix:///var/run/docker.sock',
             'running_after': 1.0,
             'log_bytes': 65536},
            dict(conf.group().items()))

    def test_overridden(self):
        self.config.config(group='heat_docker', log_bytes=10)
        self.assertEqual(10, conf.group().log_bytes)

    def test_bounds(self):
        for name, wrong in (('running_after', 0), ('running_after', 31),
                            ('log_bytes', -1), ('log_bytes', 2 ** 20 + 1)):
            self.assertRaises(ValueError, self.config.config,
                              group='heat_docker', **{name: wrong})

    def test_list_opts(self):
        self.assertEqual([('heat_docker', conf.OPTIONS)], conf.list_opts())

    def test_help_ends_with_full_stop(self):
        for option in conf.OPTIONS:
            self.assertRegex(option.help, r'^[A-Z].*\.$')

    def assertRegex(self, text, pattern):  # noqa: N802
        self.assertThat(text, testtools.matchers.MatchesRegex(pattern))
