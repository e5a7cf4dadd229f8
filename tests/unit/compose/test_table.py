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

"""The tables against the specification, and against the properties."""

import testtools

from heat_docker.compose import keys
from heat_docker.compose import table
from heat_docker.specs import config
from heat_docker.specs import container
from heat_docker.specs import image
from heat_docker.specs import network
from heat_docker.specs import service
from heat_docker.specs import volume
from tests.unit.compose import base

# The keys of https://github.com/compose-spec/compose-spec of 2026-06: those of
# schema/compose-spec.json, and pre_start, which only the text has.
SERVICE = '''
    annotations attach blkio_config build cap_add cap_drop cgroup
    cgroup_parent command configs container_name cpu_count cpu_percent
    cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset
    credential_spec depends_on deploy develop device_cgroup_rules devices dns
    dns_opt dns_search domainname entrypoint env_file environment expose
    extends external_links extra_hosts gpus group_add healthcheck hostname
    image init ipc isolation label_file labels links logging mac_address
    mem_limit mem_reservation mem_swappiness memswap_limit models network_mode
    networks oom_kill_disable oom_score_adj pid pids_limit platform ports
    post_start pre_start pre_stop privileged profiles provider pull_policy
    pull_refresh_after read_only restart runtime scale secrets security_opt
    shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls
    tmpfs tty ulimits use_api_socket user userns_mode uts volumes volumes_from
    working_dir'''
BUILD = '''
    additional_contexts args cache_from cache_to context dockerfile
    dockerfile_inline entitlements extra_hosts isolation labels network
    no_cache no_cache_filter platforms privileged provenance pull sbom secrets
    shm_size ssh tags target ulimits'''
DEPLOY = '''
    endpoint_mode labels mode placement replicas resources restart_policy
    rollback_config update_config'''
NETWORK = '''
    attachable driver driver_opts enable_ipv4 enable_ipv6 external internal
    ipam labels name'''
VOLUME = 'driver driver_opts external labels name'
CONFIG = 'content environment external file labels name template_driver'
SECRET = '''
    driver driver_opts environment external file labels name
    template_driver'''
FILE = '''
    configs include models name networks secrets services version volumes'''


def entries(rows):
    """Yield all keys of a table and of the tables in it."""
    for key in rows:
        yield key
        yield from entries(key.keys)


class TableTestCase(testtools.TestCase):

    def test_all_keys_of_the_specification(self):
        for known, rows in (
                (SERVICE, table.SERVICE), (BUILD, table.BUILD),
                (DEPLOY, table.DEPLOY), (NETWORK, table.NETWORK),
                (VOLUME, table.VOLUME), (CONFIG, table.CONFIG),
                (SECRET, table.SECRET), (FILE, table.FILE)):
            names = [key.name for key in rows]
            self.assertEqual(sorted(known.split()), sorted(names))

    def test_properties_exist(self):
        for rows, spec in ((table.NETWORK, network), (table.VOLUME, volume),
                           (table.SERVICE, container),
                           (table.LIMITS, container),
                           (table.RESERVATIONS, container),
                           (table.LOGGING, container)):
            known = {field.name for field in spec.FIELDS}
            for key in rows:
                if key.becomes is keys.CARRIED and (
                        not key.target.startswith('(')):
                    self.assertEqual(set(), set(key.targets) - known,
                                     key.name)
        build = next(field for field in image.FIELDS
                     if field.name == 'build').nested
        for key in table.BUILD:
            for name in key.targets if key.target else ():
                name = name.removeprefix('build.')
                self.assertTrue(name in build or name in (
                    'tags', 'platform'), name)

    def test_properties_on_a_swarm_exist(self):
        configs = [field.name for field in config.FIELDS]
        mounts = next(field for field in container.FIELDS
                      if field.name == 'mounts').nested.schema
        for rows, known in (
                (table.NETWORK, [field.name for field in network.FIELDS]),
                (table.VOLUME, ['mounts.' + name for name in mounts]),
                (table.CONFIG, configs), (table.SECRET, configs),
                *((rows, [field.name for field in service.FIELDS])
                  for rows in (table.SERVICE, table.DEPLOY, table.LIMITS,
                               table.RESERVATIONS, table.RESTART_POLICY,
                               table.LOGGING)),
                *((rows, ['%s.%s' % (field.name, name)
                          for field in service.FIELDS
                          if isinstance(field.nested, dict)
                          for name in field.nested])
                  for rows in (table.PLACEMENT, table.UPDATE_CONFIG,
                               table.ROLLBACK_CONFIG))):
            for key in (one.on(True) for one in rows):
                if key.becomes is keys.CARRIED and (
                        not key.target.startswith('(')):
                    self.assertEqual(set(), set(key.targets) - set(known),
                                     key.name)

    def test_names_are_those_that_hints_use(self):
        """The properties know the same names in Compose."""
        by_name = {key.name: key for key in table.SERVICE}
        for field in container.FIELDS:
            for name in field.compose:
                self.assertIn(field.name, by_name[name].targets)
        for name in container.COMPOSE_ELSEWHERE:
            self.assertIn(name, by_name)

    def test_reasons(self):
        for key in entries(table.FILE):
            if key.becomes is keys.CARRIED:
                self.assertTrue(key.target, key.name)
            else:
                self.assertTrue(key.why.endswith('.'), key.name)
                self.assertFalse(key.target, key.name)
            here = key.on(True)
            if here.becomes is not keys.CARRIED:
                self.assertTrue(here.why.endswith('.'), key.name)


class UsedTestCase(base.ComposeTestCase):

    def test_every_key_that_is_not_carried_out(self):
        for key in table.SERVICE:
            text = 'services: {web: {image: i, %s: {a: 1}}}' % key.name
            if key.becomes is keys.REFUSED:
                error = self.refused(key.why, text)
                self.assertEqual((1, 'web', key.name), (
                    error.line, error.service, error.key))
                notes = self.notes(text, strict=False)
                self.assertIn('It is left out', notes[0])
            elif key.becomes is keys.NOTHING:
                self.assertEqual(
                    ['compose.yaml, line 1, service web, %s: the key has no '
                     'effect: %s' % (key.name, key.why)], self.notes(text))

    def test_unknown_keys(self):
        for text, line, key in (
                ('services:\n web:\n  image: i\n  imag: j', 4, 'imag'),
                ('services:\n web:\n  image: i\n  build:\n   contxt: .\n', 5,
                 'build.contxt'),
                ('services:\n web:\n  image: i\n  ports:\n  - {port: 1}', 5,
                 'ports[0].port'),
                ('services: {}\nnetworks:\n n:\n  ip: 1', 4, None),
                ('service: {}', 1, 'service')):
            if 'networks' in text:
                text = text.replace('{}', '{a: {image: i, networks: [n]}}')
                key = 'networks.n.ip'
            error = self.refused('', text)
            self.assertEqual((line, key), (error.line, error.key), text)
            self.assertIn('unknown', str(error))

    def test_extensions_are_allowed_everywhere(self):
        self.assertEqual([], self.notes('''
            x-a: 1
            services:
              web:
                image: i
                x-b: {c: 1}
                build: {context: ., dockerfile_inline: FROM x, x-c: 1}
                ports: [{target: 80, x-d: 1}]
                healthcheck: {test: a, x-e: 1}
                volumes: [{type: tmpfs, target: /a, x-f: 1}]
            networks: {default: {x-g: 1}}
            '''))

    def test_null_is_unset(self):
        self.assertEqual([], self.notes('services: {web: {%s}}' % ', '.join(
            ['image: i'] + ['%s: ' % key.name for key in table.SERVICE
                            if key.name != 'image'])))
