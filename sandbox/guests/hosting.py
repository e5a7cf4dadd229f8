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

"""Teach a sandbox to be a cloud with servers."""

import json
import pathlib
import tempfile
import urllib.parse

import fixtures
import yaml

from sandbox import control
from sandbox import packages
from sandbox import state
from sandbox.guests import image
from sandbox.guests import stand_ins
from sandbox.services import base

HERE = pathlib.Path(__file__).parent


def environment():
    """Return the environment that puts the stand-ins in place."""
    return yaml.safe_load((HERE / 'environment.yaml').read_text())


class Hosting(fixtures.Fixture):
    """Heat of a running sandbox gets the stand-ins, for a while."""

    def __init__(self, layout):
        super().__init__()
        self.layout = layout

    def _setUp(self):
        packages.ensure('whole')
        current = state.load(self.layout.state)
        context = base.Context.beside(self.layout)
        plugins = pathlib.Path(current.plugin_dir)
        self.addCleanup(control.order, current, 'engine', 'restart')
        self._write(plugins / stand_ins.SETTINGS, json.dumps({
            'folder': tempfile.mkdtemp(dir=self.layout.data),
            'image': str(image.provide(context)),
            'services': [_port(url) for url in (
                current.heat_url, current.heat_cfn_url,
                f'//{current.registry}')]}))
        self._write(plugins / 'stand_ins.py',
                    pathlib.Path(stand_ins.__file__).read_text())
        control.order(current, 'engine', 'restart')

    def _write(self, path, text):
        path.write_text(text)
        self.addCleanup(path.unlink)


def _port(url):
    return urllib.parse.urlsplit(url).port
