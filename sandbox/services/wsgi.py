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

"""The base of the services that are WSGI applications."""

import pathlib
import sys

import requests

from sandbox import ports
from sandbox.services import base

ROOT = pathlib.Path(__file__).parents[2]


class WSGIService(base.Service):
    """An API on its own port, ready once it answers over HTTP."""

    factory = None
    path = '/'

    def __init__(self, context, options=(), env=None):
        super().__init__(context)
        self.options = options
        self.settings = env or {}
        self.port = ports.free()
        self.url = f'http://{ports.LOOPBACK}:{self.port}'

    def _setUp(self):
        super()._setUp()
        self.spawn([sys.executable, '-m', 'sandbox.services.serve',
                    self.factory, str(self.port), *self.options],
                   dict(self.settings, PYTHONPATH=str(ROOT)))
        self.wait(self._answers, f'an answer at {self.url}')

    def _answers(self):
        response = requests.get(self.url + self.path, timeout=5)
        return response.status_code < 500
