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

"""Docker registries on loopback, where engines accept plain HTTP."""

import secrets

import bcrypt
import requests

from sandbox import ports
from sandbox.services import base

CONFIG = """\
version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: {data}
  delete:
    enabled: true
http:
  addr: {address}
"""

AUTH = """\
auth:
  htpasswd:
    realm: sandbox
    path: {path}
"""


class Registry(base.Service):
    """A registry without authentication."""

    name = 'registry'
    auth = None

    def __init__(self, context):
        super().__init__(context)
        self.address = f'{ports.LOOPBACK}:{ports.free()}'

    def _setUp(self):
        super()._setUp()
        path = self.context.layout.etc / f'{self.name}.yml'
        path.write_text(self.config())
        self.spawn(['docker-registry', 'serve', str(path)],
                   {'OTEL_TRACES_EXPORTER': 'none'})
        self.wait(self._answers, f'an answer at {self.address}')

    def config(self):
        return CONFIG.format(data=self.tempdir, address=self.address)

    def _answers(self):
        return requests.get(f'http://{self.address}/v2/', auth=self.auth,
                            timeout=5).ok


class PrivateRegistry(Registry):
    """A registry that requires a password."""

    name = 'registry-private'

    def __init__(self, context):
        super().__init__(context)
        self.username = 'sandbox'
        self.password = secrets.token_hex(8)
        self.auth = (self.username, self.password)

    def config(self):
        hashed = bcrypt.hashpw(self.password.encode(), bcrypt.gensalt(4))
        path = self.context.layout.etc / 'htpasswd'
        path.write_text(f'{self.username}:{hashed.decode()}\n')
        return super().config() + AUTH.format(path=path)
