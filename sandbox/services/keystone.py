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

"""Keystone, as an operator sets it up: keys, database, bootstrap, WSGI.

pifpaf's driver needs the script keystone-wsgi-public, which Keystone no longer
has.
"""

import os
import secrets

from cryptography import fernet

from sandbox.services import base
from sandbox.services import wsgi

CONFIG = """\
[DEFAULT]
public_endpoint = {url}
[database]
connection = {database}
max_pool_size = 20
max_overflow = 40
[cache]
enabled = true
backend = dogpile.cache.memory
[fernet_tokens]
key_repository = {keys}
[fernet_receipts]
key_repository = {keys}
[credential]
key_repository = {keys}
[token]
# The tests of a long day use one token.
expiration = 86400
[identity]
# Hashing is slow on purpose; these passwords guard nothing.
password_hash_rounds = 4
"""


class KeystoneSetup(base.Service):
    """The setup that Keystone needs before its first start."""

    name = 'keystone-manage'

    def __init__(self, context, database, url):
        super().__init__(context)
        self.database = database
        self.url = url
        self.password = secrets.token_hex(8)
        self.config = str(context.layout.etc / 'keystone.conf')

    def _setUp(self):
        super()._setUp()
        keys = self.context.layout.etc / 'keystone-keys'
        keys.mkdir(mode=0o700)
        # As keystone-manage fernet_setup and credential_setup do: 0 is the
        # next key, 1 the current one.
        for number in ('0', '1'):
            (keys / number).write_bytes(fernet.Fernet.generate_key())
            (keys / number).chmod(0o600)
        with open(self.config, 'w') as f:
            f.write(CONFIG.format(database=self.database, keys=keys,
                                  url=self.url))
        manage = ['keystone-manage', '--config-file', self.config]
        self._exec([*manage, 'db_sync'])
        self._exec([
            *manage, 'bootstrap', '--bootstrap-password', self.password,
            '--bootstrap-region-id', 'RegionOne',
            # Without a version: heat-api-cfn appends /v3/ec2tokens to it.
            '--bootstrap-admin-url', self.url,
            '--bootstrap-internal-url', self.url,
            '--bootstrap-public-url', self.url])


class Keystone(wsgi.WSGIService):
    name = 'keystone'
    factory = 'keystone.server.wsgi:initialize_public_application'
    path = '/v3'

    def __init__(self, context):
        super().__init__(context, env={
            'OS_KEYSTONE_CONFIG_FILES':
                os.fspath(context.layout.etc / 'keystone.conf')})
