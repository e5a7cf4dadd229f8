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

"""Forms of Compose files, sent to a real daemon."""

import yaml

from tests.functional import base

# Properties in the forms of Compose, and in the forms of the schema.
COMPOSE = """
restart_policy: on-failure:3
devices: [/dev/null:/dev/nothing:rw]
labels: [com.example.team=wiki]
sysctls: [net.core.somaxconn=1234]
extra_hosts: {db: 192.0.2.7, db6: ["[2001:db8::7]"]}
ulimits: {nofile: 1024, nproc: {soft: 512, hard: 1024}}
memory: 64m
shm_size: 2m
stop_grace_period: 1m30s
healthcheck: {test: exit 0, interval: 1m30s, timeout: 500ms}
tmpfs: /run
files: [{path: /etc/motd, content: Hello., mode: "0400"}]
"""
SCHEMA = """
restart_policy: {Name: on-failure, MaximumRetryCount: 3}
devices: [{path_on_host: /dev/null, path_in_container: /dev/nothing,
           permissions: rw}]
labels: {com.example.team: wiki}
sysctls: {net.core.somaxconn: "1234"}
extra_hosts: ["db:192.0.2.7", "db6=2001:db8::7"]
ulimits: [{name: nofile, soft: 1024, hard: 1024},
          {name: nproc, soft: 512, hard: 1024}]
memory: 67108864
shm_size: "2097152"
stop_grace_period: 90
healthcheck: {test: [CMD-SHELL, exit 0], interval: 90, timeout: 0.5}
tmpfs: [/run]
files: [{path: /etc/motd, content: Hello., mode: "0o400"}]
"""


class FormsTest(base.FunctionalTest):

    def test_forms_of_compose(self):
        stack_id, inspected = self.create_container(
            **yaml.safe_load(COMPOSE))
        host, config = inspected['HostConfig'], inspected['Config']
        self.assertEqual({'Name': 'on-failure', 'MaximumRetryCount': 3},
                         host['RestartPolicy'])
        self.assertEqual([('/dev/null', '/dev/nothing', 'rw')], [
            (device['PathOnHost'], device['PathInContainer'],
             # Podman does not show them.
             device['CgroupPermissions'] or 'rw') for device
            in host['Devices']])
        self.assertEqual('wiki', config['Labels']['com.example.team'])
        self.assertEqual('1234', self.run_shell(
            inspected, 'cat /proc/sys/net/core/somaxconn'))
        self.assertEqual(['db:192.0.2.7', 'db6:2001:db8::7'],
                         host['ExtraHosts'])
        self.assertEqual({('nofile', 1024, 1024), ('nproc', 512, 1024)}, {
            (limit['Name'].lower().replace('rlimit_', ''), limit['Soft'],
             limit['Hard']) for limit in host['Ulimits']} & {
                 ('nofile', 1024, 1024), ('nproc', 512, 1024)})
        self.assertEqual((64 * 1024 ** 2, 2 * 1024 ** 2),
                         (host['Memory'], host['ShmSize']))
        self.assertEqual(90, config['StopTimeout'])
        self.assertEqual((['CMD-SHELL', 'exit 0'], 90 * 10 ** 9, 5 * 10 ** 8),
                         tuple(config['Healthcheck'][key] for key in (
                             'Test', 'Interval', 'Timeout')))
        self.assertEqual(['/run'], list(host['Tmpfs']))
        [mode] = self.run_shell(inspected, 'stat -c %a /etc/motd').split()
        self.assertEqual('400', mode)
        self.update_stack(stack_id, self.template({'web': self.container(
            **yaml.safe_load(SCHEMA))}))
        self.assertEqual(inspected['Id'], self.inspect(stack_id)['Id'])

    def test_refusals_show_the_right_form(self):
        for properties, words in (
                ({'environment': {'A': 'b'}},
                 'Unknown Property environment. Use env, which is a list, '
                 'such as ["MARIADB_DATABASE=wiki"'),
                ({'env': {'A': 'b'}},
                 'env is a list, such as ["MARIADB_DATABASE=wiki"'),
                (yaml.safe_load('files: [{path: /a, content: b, mode: 0400}]'),
                 'in quotes, such as "0644"'),
                ({'tmpfs': ['/run'],
                  'files': [{'path': '/run/a', 'content': 'b'}]},
                 'the file /run/a before it mounts the tmpfs at /run')):
            self.assertIn(words, self.refused(
                {'web': self.container(**properties)}), properties)
