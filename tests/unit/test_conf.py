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

"""The operator's options, and their defaults."""

import io
import pathlib
from unittest import mock

from oslo_config import cfg
from oslo_config import fixture as config_fixture
from oslo_config import generator
import testtools

from heat_docker import conf

SAMPLE = pathlib.Path(__file__).parents[2].joinpath(
    'etc', 'heat_docker.conf.sample')


class ConfTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        conf.group()
        self.config = self.useFixture(config_fixture.Config(cfg.CONF))

    def test_group_registered_again(self):
        self.assertEqual(conf.group().running_after,
                         conf.group().running_after)

    def test_defaults_of_all_options(self):
        self.assertEqual(
            {'local_endpoint': 'unix:///var/run/docker.sock',
             'local_endpoint_access': 'admin',
             'daemons': None,
             'local_ca_file': None,
             'local_cert_file': None,
             'local_key_file': None,
             'allowed_endpoints': ['tcp://*', 'http://*', 'https://*'],
             'denied_networks': [
                 '0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4',
                 '255.255.255.255/32', '::/128', '::1/128', 'fe80::/10',
                 'ff00::/8', 'fd00:ec2::254/128'],
             'require_tls': False,
             'forgotten_endpoints': [],
             'allowed_security_options': [
                 'no-new-privileges', 'no-new-privileges=*',
                 'seccomp=builtin', 'apparmor=docker-default', 'mask=*'],
             'allowed_signals': ['restart', 'stop', 'start', 'kill',
                                 'pause', 'unpause', 'scale',
                                 'rollback', 'rotate_worker_token',
                                 'rotate_manager_token', 'rotate_unlock_key',
                                 'rotate_ca'],
             **{limit.name: None for limit in conf.LIMITS},
             'show_env': False,
             'connect_timeout': 5.0,
             'read_timeout': 10.0,
             'pull_stall_timeout': 300.0,
             'running_after': 1.0,
             'attributes_timeout': 40.0,
             'max_answer_bytes': 4 * 1024 ** 2,
             'max_report_bytes': 256 * 1024 ** 2,
             'max_ports': 1000,
             'max_log_bytes': 65536,
             'max_snapshot_bytes': 1024 ** 3},
            dict(conf.group().items()))

    def test_value_of_heat_conf_overrides_the_default(self):
        self.config.config(group='heat_docker', max_log_bytes=10)
        self.assertEqual(10, conf.group().max_log_bytes)

    def test_values_out_of_bounds_are_refused(self):
        for name, wrong in (('local_endpoint_access', 'some'),
                            ('daemons', 'any'),
                            ('connect_timeout', 0), ('connect_timeout', 61),
                            ('read_timeout', 0), ('read_timeout', 301),
                            ('pull_stall_timeout', 0),
                            ('running_after', 0), ('running_after', 31),
                            ('attributes_timeout', 0),
                            ('max_answer_bytes', 2 ** 16 - 1),
                            ('max_answer_bytes', 2 ** 26 + 1),
                            ('max_report_bytes', 2 ** 20 - 1),
                            ('max_ports', -1), ('max_ports', 10001),
                            ('max_snapshot_bytes', -1),
                            ('max_log_bytes', -1),
                            ('max_log_bytes', 2 ** 20 + 1)):
            self.assertRaises(ValueError, self.config.config,
                              group='heat_docker', **{name: wrong})

    def test_all_are_used(self):
        """An unused option is a broken promise."""
        source = ''.join(path.read_text(encoding='utf-8') for path in
                         pathlib.Path(conf.__file__).parent.rglob('*.py')
                         if path.name != 'conf.py')
        for option in conf.OPTIONS:
            self.assertTrue('.%s' % option.name in source
                            or "limit('%s')" % option.name in source
                            or "_check('%s'" % option.name in source
                            or "_check_true('%s'" % option.name in source,
                            option.name)

    def test_list_opts(self):
        self.assertEqual([('heat_docker', conf.OPTIONS)], conf.list_opts())

    def test_help_ends_with_full_stop(self):
        for option in conf.OPTIONS:
            self.assertRegex(option.help, r'^[A-Z].*\.$')

    def assertRegex(self, text, pattern):  # noqa: N802
        self.assertThat(text, testtools.matchers.MatchesRegex(pattern))


class SampleTestCase(testtools.TestCase):

    def test_sample_is_up_to_date(self):
        """oslo-config-generator writes the file."""
        config = cfg.ConfigOpts()
        generator.register_cli_opts(config)
        config(['--namespace', 'heat_docker'])
        written = io.StringIO()
        with mock.patch.object(
                generator, '_list_opts', autospec=True,
                return_value=[('heat_docker', conf.list_opts())]):
            generator.generate(config, output_file=written)
        self.assertEqual(SAMPLE.read_text(), written.getvalue())
