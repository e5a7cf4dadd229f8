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

"""The plugin accepts forms of Compose, or shows the form to write."""

import inspect
import json
import pathlib

from heat.common import exception
import yaml

from heat_docker import changes
from heat_docker import fields
from heat_docker.convert import forms
from heat_docker.specs import container as spec
from heat_docker.specs import image
from tests.unit import base

KEYS = (pathlib.Path(__file__).parents[2]
        / 'doc' / 'source' / 'reference' / 'compose-keys.rst')

# Property, a wrong form, and the part that the message shows.
WRONG = (
    ('env', {'A': 'hunter2'}, 'env is a list, such as ["MARIADB_DATABASE'),
    ('env', [['hunter2']], 'env is a list, such as ["MARIADB_DATABASE'),
    ('cmd', 'httpd -f', 'cmd is a list, such as ["httpd", "-f"'),
    ('dns', '192.0.2.53', 'dns is a list, such as ["192.0.2.53"'),
    ('dns', ['example.com'], 'dns is a list, such as ["192.0.2.53"'),
    ('healthcheck', {'test': 7},
     'healthcheck.test is a list, such as ["CMD", "true"]'),
    ('healthcheck', {'test': ['curl', 'localhost']},
     'healthcheck is a map, such as {"test": ["CMD", "true"]'),
    ('healthcheck', {'command': ['CMD', 'true']},
     'healthcheck is a map, such as {"test": ["CMD", "true"]'),
    ('healthcheck', {'interval': '30 seconds'},
     'healthcheck.interval is a number, such as 1.5'),
    ('port_bindings', ['8080:80'], 'port_bindings is a map, such as {'),
    ('port_bindings', {8080: '80:80'}, 'port_bindings is a map, such as {'),
    ('restart_policy', 'on-failure:x',
     'restart_policy is a map, such as {"Name": "on-failure"'),
    ('restart_policy', 'sometimes',
     'restart_policy.Name is a string, such as "on-failure"'),
    ('restart_policy', {'Name': 'sometimes'},
     'restart_policy.Name is a string, such as "on-failure"'),
    ('volumes', ['/a:/b'], 'volumes is a map, such as {"/srv/www": '),
    ('links', ['db:db'], 'links is a map, such as {"wiki-db": "db"}'),
    ('networks', {'front': None},
     'networks is a list, such as [{"network": "front"'),
    ('networks', [{'name': 'front'}],
     'networks[0] is a map, such as {"network": "front"'),
    ('networks', [{'network': 'front', 'gw_priority': 'high'}],
     'networks[0].gw_priority is an integer, such as 100'),
    ('devices', ['/dev/fuse:/dev/fuse:rwm:z'],
     'devices[0] is a map, such as {"path_on_host": "/dev/null"'),
    ('devices', ['/dev/fuse:/dev/fuse:x'],
     'devices[0].permissions is a string, such as "'),
    ('device_requests', 'some',
     'device_requests is a list, such as [{"driver": "nvidia"'),
    ('device_requests', [{'count': 'some'}],
     'device_requests[0].count is an integer, such as -1'),
    ('memory', '512 MB', 'memory is an integer, such as 67108864'),
    ('cpu_period', '50ms', 'cpu_period is an integer, such as 50000'),
    ('stop_grace_period', '1.5s',
     'stop_grace_period is an integer, such as 30'),
    ('extra_hosts', {'db': {'ip': '192.0.2.7'}},
     'extra_hosts is a list, such as ["db:192.0.2.7"'),
    ('ulimits', ['nofile=1024'],
     'ulimits[0] is a map, such as {"name": "nofile"'),
    ('ulimits', {'nofile': '1024:2048'}, 'ulimits[0].soft is an integer'),
    ('tty', 'yes', 'tty is a boolean, such as true'),
)

# Keys that Compose has in the value of a property, or in the entries of a
# list: https://github.com/compose-spec/compose-spec/blob/main/05-services.md
COMPOSE = {
    'mounts': {'type', 'source', 'target', 'read_only', 'bind', 'volume',
               'tmpfs', 'image', 'consistency'},
    'networks': {'aliases', 'interface_name', 'ipv4_address', 'ipv6_address',
                 'link_local_ips', 'mac_address', 'driver_opts',
                 'gw_priority', 'priority'},
    'healthcheck': {'test', 'interval', 'timeout', 'retries', 'start_period',
                    'start_interval', 'disable'},
    'files': {'source', 'target', 'uid', 'gid', 'mode'},
    'devices': {'source', 'target', 'permissions'},
    'device_requests': {'driver', 'count', 'device_ids', 'capabilities',
                        'options'},
    'restart_policy': {'condition', 'delay', 'max_attempts', 'window'},
    'blkio_config': {'weight', 'weight_device', 'device_read_bps',
                     'device_write_bps', 'device_read_iops',
                     'device_write_iops'},
    'build': {'context', 'dockerfile', 'dockerfile_inline', 'args', 'ssh',
              'cache_from', 'cache_to', 'additional_contexts', 'extra_hosts',
              'isolation', 'privileged', 'labels', 'no_cache', 'pull',
              'no_cache_filter', 'network', 'provenance', 'sbom', 'shm_size',
              'target', 'secrets', 'tags', 'ulimits', 'platforms',
              'entitlements'},
}

# Property, an accepted form, and the value in the form of the schema.
ACCEPTED = (
    ('stop_grace_period', '1m30s', 90),
    ('stop_grace_period', '2h', 7200),
    ('stop_grace_period', '90', 90),
    ('wait_timeout', '5m', 300),
    ('endpoint_timeout', '30m', 1800),
    ('labels', ['a=b', 'c=d=e', 'f'], {'a': 'b', 'c': 'd=e', 'f': ''}),
    ('annotations', ['a=b'], {'a': 'b'}),
    ('memory', '512m', 512 * 1024 ** 2),
    ('memory', '0.5g', 512 * 1024 ** 2),
    ('restart_policy', 'always', {'Name': 'always', 'MaximumRetryCount': 0}),
    ('restart_policy', 'on-failure:3',
     {'Name': 'on-failure', 'MaximumRetryCount': 3}),
    ('tmpfs', '/run:size=64m,mode=755,/tmp', ['/run:size=64m,mode=755',
                                              '/tmp']),
    ('devices', ['/dev/null:rw'],
     [{'path_on_host': '/dev/null', 'path_in_container': '/dev/null',
       'permissions': 'rw'}]),
    ('devices', ['/dev/fuse:/dev/fuse:rwm', '/dev/null:/dev/zero', '/dev/kvm'],
     [{'path_on_host': '/dev/fuse', 'path_in_container': '/dev/fuse',
       'permissions': 'rwm'},
      {'path_on_host': '/dev/null', 'path_in_container': '/dev/zero',
       'permissions': 'rwm'},
      {'path_on_host': '/dev/kvm', 'path_in_container': None,
       'permissions': 'rwm'}]),
    ('sysctls', ['net.core.somaxconn=9'], {'net.core.somaxconn': '9'}),
    ('extra_hosts', {'db': '192.0.2.7', 'db6': ['2001:db8::7', '::1']},
     ['db:192.0.2.7', 'db6:2001:db8::7', 'db6:::1']),
    ('ulimits', {'nofile': 9, 'nproc': {'soft': 1, 'hard': 2}},
     [{'name': 'nofile', 'soft': 9, 'hard': None},
      {'name': 'nproc', 'soft': 1, 'hard': 2}]),
)


class WrongFormTestCase(base.ResourceTestCase):

    def refused(self, **properties):
        self.make_resource(properties)
        ex = self.assertRaises(exception.StackValidationFailed,
                               self.stack.validate)
        self.assertNotIn('hunter2', str(ex))
        return str(ex)

    def test_right_form_is_shown(self):
        for name, value, words in WRONG:
            self.assertIn('. ' + words, self.refused(**{name: value}),
                          (name, value))

    def test_form_of_every_list_and_map_is_shown(self):
        for field in spec.FIELDS:
            if field.type in (fields.LIST, fields.MAP):
                self.assertIn('. %s is a ' % field.name,
                              self.refused(**{field.name: 7}))

    def test_one_map_is_enough(self):
        words = self.refused(mounts={'/a': '/b'})
        self.assertIn('"/srv"', words)
        self.assertNotIn('tmpfs', words)

    def test_constraint_of_scalar_is_enough(self):
        self.assertNotIn('such as', self.refused(wait_for='ready'))

    def test_names_of_compose(self):
        for name, words in (
                ('environment', 'Use env, which is a list, such as ['),
                ('command', 'Use cmd, which is a list, such as ["httpd"'),
                ('ports', 'Use port_bindings, which is a map, such as {'),
                ('restart', 'Use restart_policy, which is a map, such as {'),
                ('mem_limit', 'Use memory, which is an integer, such as 6'),
                ('logging', ', and log_options, which is a map, such as {'),
                ('build', 'get_resource of a DockerInc::Docker::Image'),
                ('depends_on', 'depends_on beside properties')):
            refused = self.refused(**{name: 'hunter2'})
            self.assertIn(
                'Property error: resources.web.properties: Unknown Property '
                '%s. Use ' % name, refused)
            self.assertIn(words, refused)

    def test_other_unknown_names(self):
        words = self.refused(envs={})
        self.assertIn('Unknown Property envs', words)
        self.assertNotIn('Use ', words)

    def test_nested_names_of_compose(self):
        for type_, properties, words in (
                ('Container', {'mounts': [{'target': '/a', 'bind': {
                    'propagation': 'rslave'}}]},
                 'mounts[0]: Unknown Property bind. Use propagation, '
                 'bind_recursive and create_host_path beside type. mounts[0] '
                 'is a map, such as {'),
                ('Container', {'mounts': [{'target': '/a', 'nocopy': True}]},
                 'Unknown Property nocopy. Use no_copy, which is a boolean, '
                 'such as true. mounts'),
                ('Container', {'networks': [{'name': 'hunter2'}]},
                 'Unknown Property name. Use network. networks[0] is'),
                ('Container', {'devices': [{'source': '/dev/a'}]},
                 'Unknown Property source. Use path_on_host. devices[0] is'),
                ('Image', {'build': {'dockerfile_inline': 'FROM hunter2'}},
                 'Unknown Property dockerfile_inline. Use dockerfile. build'),
                ('Image', {'build': {'ssh': ['default']}},
                 'Unknown Property ssh. Docker\'s classic builder does not '
                 'support it. build is'),
                ('Image', {'build': {'tags': ['a']}},
                 'Unknown Property tags. Use the property tags. build is')):
            self.TYPE = 'DockerInc::Docker::' + type_
            self.NEEDED = {'image': 'busybox'} if type_ == 'Container' else {}
            self.assertIn(words, self.refused(**properties))

    def test_nested_names_of_compose_are_no_keys(self):
        """Each name that Compose has is a key or leads to one."""
        for field in (*spec.FIELDS, *image.FIELDS):
            if field.name not in COMPOSE:
                continue
            known = getattr(field.nested, 'schema', field.nested)
            if '*' in known:
                known = known['*'].schema
            names = [name for key in known.values() for name in key.compose]
            names += field.elsewhere
            self.assertEqual(set(), set(names) & set(known), field.name)
            self.assertEqual(sorted(set(names)), sorted(names), field.name)
            self.assertEqual(set(), COMPOSE[field.name] - {*names, *known},
                             field.name)

    def test_names_of_compose_are_no_properties_and_documented(self):
        known = {field.name for field in spec.FIELDS}
        named = {name for field in spec.FIELDS for name in field.compose}
        named.update(spec.COMPOSE_ELSEWHERE)
        self.assertEqual(set(), known & named)
        documented = KEYS.read_text()
        self.assertEqual([], [name for name in named
                              if name not in documented])


class AcceptedFormTestCase(base.ContainerTestCase):

    def test_accepted_forms(self):
        for name, value, expected in ACCEPTED:
            made = self.make_resource({name: value})
            self.stack.validate()
            self.assertEqual(expected, made.properties[name])

    def test_times_of_a_health_check(self):
        made = self.make_resource(healthcheck={
            'test': ['CMD', 'true'], 'interval': '1m30s', 'timeout': '500ms',
            'start_period': 7, 'start_interval': '1.5s'})
        self.stack.validate()
        self.assertEqual([90, 0.5, 7, 1.5], [
            made.properties['healthcheck'][name] for name in (
                'interval', 'timeout', 'start_period', 'start_interval')])

    def test_names_of_networks(self):
        made = self.make_resource(networks=['front', {'network': 'back'}])
        self.stack.validate()
        self.assertEqual(['front', 'back'], [
            network['network'] for network in made.properties['networks']])

    def test_labels_of_a_mount(self):
        made = self.make_resource(mounts=[
            {'target': '/a', 'source': 'data', 'labels': ['a=b']}])
        self.stack.validate()
        self.assertEqual({'a': 'b'}, made.properties['mounts'][0]['labels'])

    def test_sent_to_docker(self):
        self.serve_create()
        self.serve_run()
        self.run_task(self.make_resource(
            labels=['team=wiki'], stop_grace_period='1m30s').create)
        sent, = self.daemon.sent('POST', '/containers/create')
        self.assertEqual('wiki', sent.json()['Labels']['team'])
        self.assertEqual(90, sent.json()['StopTimeout'])

    def test_hosts_sent_to_docker(self):
        """Docker refuses brackets, and ends the name at the first colon."""
        for hosts in (['db6:[2001:db8::7]'], ['db6=[2001:db8::7]'],
                      ['db6=2001:db8::7'], {'db6': '[2001:db8::7]'}):
            self.forget()
            self.serve_create()
            self.serve_run()
            self.run_task(self.make_resource(extra_hosts=hosts).create)
            sent, = self.daemon.sent('POST', '/containers/create')
            self.assertEqual(['db6:2001:db8::7'],
                             sent.json()['HostConfig']['ExtraHosts'])

    def test_other_form_is_no_change(self):
        made = self.make_running(labels=['team=wiki'], sysctls={'a': 'b'})
        self.forget()
        self.update(made, labels={'team': 'wiki'}, sysctls=['a=b'])
        self.assertEqual([], self.daemon.changes)

    def test_arguments_of_a_build(self):
        self.TYPE, self.NEEDED = 'DockerInc::Docker::Image', {}
        made = self.make_resource(build={
            'dockerfile': 'FROM busybox', 'args': ['A=b=c', 'D=', 'E']})
        self.stack.validate()
        self.assertEqual({'A': 'b=c', 'D': '', 'E': None},
                         made.properties['build']['args'])

    def test_parts_that_are_not_known_yet(self):
        """The attribute of another resource may have any value."""
        later = {'get_attr': ['web', 'name']}
        template = self.template({})
        template['resources']['two'] = {
            'type': self.TYPE, 'properties': self.properties(
                extra_hosts={'db': later}, networks=[later], devices=[later],
                labels=['a=b', later], ulimits={'nofile': later},
                files=[{'path': '/a', 'content': later, 'mode': later}])}
        template['resources']['image'] = {
            'type': 'DockerInc::Docker::Image', 'properties': {
                'docker_endpoint': base.URL, 'build': {
                    'dockerfile': 'FROM a', 'args': ['A=b', later],
                    'extra_hosts': {'db': later}}}}
        self.make_resource(template=template)
        self.stack.validate()

    def test_nameless_pairs(self):
        for properties in ({'labels': ['=b']}, {'labels': ['a=b', None]},
                           {'extra_hosts': {'2001:db8::1': 'db'}}):
            self.make_resource(properties)
            self.assertRaises(exception.StackValidationFailed,
                              self.stack.validate)

    def test_booleans_of_yaml(self):
        made = self.make_resource(hostname=True, restart_policy=False)
        self.stack.validate()
        self.assertEqual('true', made.properties['hostname'])
        self.assertEqual('no', made.properties['restart_policy']['Name'])
        for name, value in (('cpus', True), ('memory', True),
                            ('stop_grace_period', 1.5), ('memory', 2 ** 64)):
            self.make_resource({name: value})
            self.assertRaises(exception.StackValidationFailed,
                              self.stack.validate)

    def test_all_devices(self):
        for requests in ('all', [{'count': 'all', 'capabilities': ['gpu']}]):
            made = self.make_resource(device_requests=requests)
            self.stack.validate()
            [request] = made.properties['device_requests']
            self.assertEqual((-1, [['gpu']]),
                             (request['count'], request['capabilities']))

    def test_command_line_of_a_health_check(self):
        made = self.make_resource(healthcheck={'test': 'curl -f localhost'})
        self.stack.validate()
        self.assertEqual(['CMD-SHELL', 'curl -f localhost'],
                         made.properties['healthcheck']['test'])

    def test_capabilities_of_devices(self):
        for capabilities in (['gpu', 'nvidia'], [['gpu', 'nvidia']]):
            made = self.make_resource(device_requests=[
                {'count': 1, 'capabilities': capabilities}])
            self.stack.validate()
            self.assertEqual(
                [['gpu', 'nvidia']],
                made.properties['device_requests'][0]['capabilities'])

    def test_disabled_health_check(self):
        self.serve_create()
        self.serve_run()
        self.run_task(self.make_resource(
            healthcheck={'test': ['NONE']}).create)
        sent, = self.daemon.sent('POST', '/containers/create')
        self.assertEqual({'Test': ['NONE']}, sent.json()['Healthcheck'])


class ModeTestCase(base.ResourceTestCase):

    def templates(self, mode):
        """Yield a template for each property with a mode."""
        for name, value in (
                ('files', '{path: /a, content: hunter2, mode: %s}'),
                ('mounts', '{type: tmpfs, target: /a, tmpfs_mode: %s}')):
            yield self.template({
                name: [yaml.safe_load(value % mode)]})

    def test_unmistakable_modes_are_accepted(self):
        for mode in ('"0400"', '"01777"', '0o400', '"0o1777"'):
            for template in self.templates(mode):
                self.make_resource(template=template)
                self.stack.validate()

    def test_modes_without_quotes_are_refused(self):
        """YAML 1.1 reads 0400 as 256, which looks like an octal mode."""
        for mode in ('0400', '0640', '0777', '01777', '400', '1777', '"400"',
                     '"0888"', '"rw"'):
            for template in self.templates(mode):
                self.make_resource(template=template)
                ex = self.assertRaises(exception.StackValidationFailed,
                                       self.stack.validate)
                self.assertIn('in quotes, such as "0644"', str(ex))
                self.assertNotIn('hunter2', str(ex))

    def test_leading_zero_is_no_change(self):
        """A stack of an earlier version may have a mode without it."""
        before, after = (
            self.make_resource(template=template).properties
            for mode in ('"644"', '"0644"')
            for template in list(self.templates(mode))[:1])
        self.assertEqual(set(), changes.changed(spec.FIELDS, before, after))

    def test_every_mode_is_checked(self):
        modes = [(name, key) for field in spec.FIELDS
                 for key in getattr(field.nested, 'schema',
                                    field.nested or {})
                 for name in [field.name] if key.rpartition('_')[2] == 'mode']
        self.assertEqual({('files', 'mode'), ('mounts', 'tmpfs_mode')},
                         set(modes))


class EarlierReleaseTestCase(base.ContainerTestCase):
    """A stack of an earlier release has to be able to roll back."""

    def test_modes_and_files_of_stored_templates(self):
        self.serve_create()
        self.serve_run()
        self.daemon.on('PUT', self.PATH + '/archive', 200)
        for properties in (
                {'files': [{'path': '/a', 'content': 'x', 'mode': '644'}]},
                {'files': [{'path': '/run/a', 'content': 'x'}],
                 'tmpfs': ['/run']},
                {'mounts': [{'type': 'tmpfs', 'target': '/a',
                             'tmpfs_mode': '1777'}]}):
            made = self.make_resource(properties)
            self.assertRaises(exception.StackValidationFailed, made.validate)
            self.run_task(made.create)
            self.assertEqual(('CREATE', 'COMPLETE'), made.state)


class CombinationsTestCase(base.ResourceTestCase):

    def test_refused(self):
        for properties, words in (
                ({'network_mode': 'container:a', 'hostname': 'web'},
                 'hostname and a network_mode of "container:"'),
                ({'network_mode': 'container:a', 'port_bindings': {80: 80}},
                 'port_bindings and a network_mode'),
                ({'network_mode': 'mynet'}, 'The property networks contains'),
                ({'memory_swap': '64m'}, 'memory_swap requires memory'),
                ({'memory': '64m', 'memory_swap': '32m'}, 'smaller'),
                ({'memory': '64m', 'memory_reservation': '65m'}, 'larger'),
                ({'cpus': 1, 'cpu_quota': 5000}, 'cpus excludes'),
                ({'volumes': {'/a': '/x'},
                  'mounts': [{'target': '/x/', 'source': 'data'}]},
                 'volumes and mounts have the target /x twice'),
                ({'files': [{'path': '/proc/a', 'content': 'x'}]},
                 'Docker mounts its own /proc'),
                ({'files': [{'path': '/etc/hosts', 'content': 'x'}]},
                 'Docker mounts its own /etc/hosts'),
                ({'files': [{'path': '/a', 'content': 'x', 'uid': -1}]},
                 'is out of range')):
            self.make_resource(properties)
            ex = self.assertRaises(exception.StackValidationFailed,
                                   self.stack.validate)
            self.assertIn(words, str(ex))

    def test_accepted(self):
        for properties in (
                {'network_mode': 'container:a', 'env': ['A=b']},
                {'memory': '64m', 'memory_swap': '-1'},
                {'memory_reservation': '64m'}, {'cpu_quota': 5000},
                {'files': [{'path': '/dev/shm/x/../../../a',
                            'content': 'x'}]}):
            self.make_resource(properties)
            self.stack.validate()


class HiddenFilesTestCase(base.ResourceTestCase):

    FILES = [{'path': '/run/secrets/db', 'content': 'hunter2'}]
    TMPFS = {'type': 'tmpfs', 'target': '/run/'}
    VOLUME = {'type': 'volume', 'target': '/run/secrets', 'source': 'data'}

    def test_files_below_tmpfs_are_refused(self):
        """Docker would write them where the container does not see them."""
        for more in (
                {'tmpfs': ['/run']}, {'tmpfs': '/tmp,/run/:size=1m'},
                {'tmpfs': ['/run/secrets']}, {'mounts': [self.TMPFS]},
                {'tmpfs': ['/run/secrets'], 'volumes': {'data': '/run'}},
                {'tmpfs': ['/run'], 'mounts': [
                    {'target': '/run/lock', 'source': 'data'}]}):
            self.make_resource(files=self.FILES, **more)
            ex = self.assertRaises(exception.StackValidationFailed,
                                   self.stack.validate)
            self.assertRegex(
                str(ex), 'file /run/secrets/db before .* tmpfs at /run')
            self.assertNotIn('hunter2', str(ex))

    def test_other_files_are_accepted(self):
        for more in (
                {}, {'tmpfs': ['/tmp', '/run/secrets/other', '/run/sec']},
                {'tmpfs': ['/run'], 'volumes': {'data': '/run/secrets'}},
                {'mounts': [self.TMPFS, self.VOLUME]}):
            self.make_resource(files=self.FILES, **more)
            self.stack.validate()

    def test_unknown_values(self):
        """The attribute of another resource may have any value."""
        later = {'get_attr': ['web', 'name']}
        template = self.template({})
        template['resources']['two'] = {
            'type': self.TYPE, 'properties': self.properties(
                tmpfs=[later], volumes={'data': later}, files=[
                    {'path': '/run/a', 'content': later}])}
        self.make_resource(template=template)
        self.stack.validate()


class ExampleTestCase(base.ResourceTestCase):

    def test_examples_in_messages_are_valid(self):
        """A message shows a part of an example, and another form, in JSON."""
        for name, value, _words in WRONG:
            self.make_resource({name: value})
            ex = self.assertRaises(exception.StackValidationFailed,
                                   self.stack.validate)
            examples = str(ex).rpartition(', such as ')[2]
            _value, end = json.JSONDecoder().raw_decode(examples)
            if examples[end:]:
                json.loads(examples[end:].removeprefix(', or '))

    def test_other_form_is_shown(self):
        self.make_resource(memory='512 MB')
        ex = self.assertRaises(exception.StackValidationFailed,
                               self.stack.validate)
        self.assertEqual(
            'Property error: resources.web.properties.memory: \'512 MB\' is '
            'not a number. memory is an integer, such as 67108864, or "64m"',
            str(ex))

    def test_every_form_has_an_example(self):
        public = {function for name, function in vars(forms).items()
                  if inspect.isfunction(function)
                  and function.__module__ == forms.__name__
                  and not name.startswith('_')}
        self.assertEqual(public, set(forms.EXAMPLES))
        for convert, example in forms.EXAMPLES.items():
            self.assertNotEqual(example, convert(example))
