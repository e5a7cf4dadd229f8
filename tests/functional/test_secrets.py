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

"""No secret of a deleted stack stays in Heat, of any property of any type."""

import base64
import importlib
import json
import pathlib
import subprocess
import sys
import uuid

import psutil

from heat_docker import masking
from tests.functional import base
from tests.functional import database
from tests.functional import swarms

# Their values are certificates and tokens, which other tests plant.
_ELSEWHERE = {'tls', 'manager_tls', 'join_token'}


_TYPE = 'DockerInc::Docker::'


def encoded(text):
    """Return text in base64."""
    return base64.b64encode(text.encode()).decode()


class SecretsTest(swarms.SwarmTest):

    def planted(self, secret):
        """Return the resources of a template with a secret in each property.

        :param str secret: text that occurs nowhere else.
        """
        auth = {'username': 'me', 'password': secret,
                'server_address': self.cloud.registry}
        driver = {'type': 'tmpfs', 'device': 'tmpfs',
                  'o': 'size=1m,uid=0'}
        mounts = [{'type': 'volume', 'target': '/m', 'driver_options': {
            **driver, 'device': secret}}]
        compose = {'services': {'app': {
            'image': self.busybox, 'command': base.SLEEP,
            'environment': {'A': secret}, 'env_file': 'app.env',
            'stop_grace_period': '0s'}}}
        return {
            'container': ('Container', {
                'image': self.busybox, 'cmd': base.SLEEP,
                'stop_grace_period': 0, 'registry_auth': auth,
                'env': ['A=' + secret], 'mounts': mounts,
                'files': [{'path': '/a', 'content': secret}],
                'log_driver': 'json-file',
                'log_options': {'labels': secret}}),
            'image': ('Image', {
                'registry_auth': auth,
                'build': {'dockerfile': 'FROM %s\nARG A\nCOPY a /a\n'
                                        '# %s\n' % (self.busybox, secret),
                          'files': {'a': secret}, 'args': {'A': secret}}}),
            'volume': ('Volume', {
                'replace_on_change': True,
                'driver_opts': {**driver, 'device': secret}}),
            'service': ('Service', {
                'image': self.busybox, 'cmd': base.SLEEP,
                'converge_delay': 0, 'registry_auth': auth,
                'env': ['A=' + secret], 'mounts': mounts,
                'update_config': {'monitor': 1},
                'stop_grace_period': 0, 'log_driver': 'json-file',
                'log_options': {'labels': secret}}),
            'secret': ('Secret', {'content': secret}),
            'secret64': ('Secret', {
                'content_base64': encoded(secret)}),
            'config': ('Config', {'content': secret}),
            'config64': ('Config', {
                'content_base64': encoded(secret)}),
            'compose': ('Compose', {
                'file': json.dumps(compose),
                'overrides': [json.dumps({'services': {'app': {
                    'environment': {'B': secret, 'C': '${C}'}}}})],
                'contents': {'app.env': 'D=%s\n' % secret},
                'environment': {'C': secret}, 'registry_auth': {
                    self.cloud.registry: {
                        'username': 'me', 'password': secret}}}),
            'definition': ('Compose', {
                'definition': {**compose, 'services': {
                    'app': {**compose['services']['app'],
                            'env_file': []}}}}),
        }

    def template_of(self, secret):
        return self.template({
            name: {'type': _TYPE + kind, 'properties': properties}
            for name, (kind, properties) in self.planted(secret).items()})

    def test_nowhere(self):
        self.assert_all_are_planted()
        secrets = [uuid.uuid4().hex for _number in range(3)]
        stack_id = self.create_stack(self.template_of(secrets[0]))
        self.update_stack(stack_id, self.template_of(secrets[1]))
        self.assertNotIn(secrets[0], database.tables(self.cloud)[
            'resource_properties_data'])
        broken = self.template_of(secrets[2])
        broken['resources']['broken'] = self.container(
            cmd=['/does/not/exist'])
        self.update_stack(stack_id, broken, 'UPDATE_FAILED')
        self.act(stack_id, 'check', 'CHECK_FAILED')
        self.assert_nowhere(secrets, {
            'events': json.dumps([
                event.to_dict() for event in self.heat.events.list(
                    stack_id, nested_depth=1)]),
            'reasons': repr(self.reasons(stack_id)),
            'processes': self.processes()})
        self.delete_stack(stack_id)
        subprocess.run(
            [pathlib.Path(sys.executable).parent / 'heat-manage',
             '--config-file', self.cloud.heat_conf, 'purge_deleted', '0'],
            check=True, capture_output=True)
        self.assert_nowhere(secrets, {
            **{path.name: path.read_text(errors='replace') for path
               in pathlib.Path(self.cloud.logs).glob('heat-*')},
            **database.tables(self.cloud)})

    def assert_all_are_planted(self):
        """Assert that each property with secrets has one here."""
        for kind in ('Container', 'Image', 'Network', 'Volume', 'Service',
                     'Secret', 'Config', 'Compose', 'Swarm', 'SwarmNode'):
            fields = importlib.import_module('heat_docker.specs.' + (
                'swarm_node' if kind == 'SwarmNode' else kind.lower())).FIELDS
            planted = {}
            for other, properties in self.planted('hunter2').values():
                if other == kind:
                    planted.update(properties)
            self.assertEqual({field.name for field in fields if field.mask
                              } - _ELSEWHERE - planted.keys(), set(), kind)
            self.assertNotIn('hunter2', repr(masking.masked(fields, planted)))

    def assert_nowhere(self, secrets, places):
        forms = {form for secret in secrets
                 for form in (secret, encoded(secret).rstrip('='))}
        self.assertEqual([], [place for place, text in places.items()
                              if any(form in text for form in forms)])

    def processes(self):
        """Return the environments and command lines of heat-engine."""
        return repr([(process.environ(), process.cmdline())
                     for process in psutil.process_iter(['cmdline'])
                     if 'heat-engine' in ' '.join(
                         process.info['cmdline'] or ())])
