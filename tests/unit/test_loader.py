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

"""Heat's plugin manager loads the tree, in a new process for each test."""

import json
import os

from heat_docker import client
from heat_docker import fields
from tests.unit import base
from tests.unit import plugins

NEEDED = fields.version_text(client.LIBRARY_NEEDED)

# Load the plugins of a directory that is treated as read-only, and print the
# results.
LOAD = r'''
import collections
import gc
import json
import logging
import os
import sys
import types

TREE = sys.argv[1] + '/'
executed = collections.Counter()

def audit(event, arguments):
    if event == 'exec':
        path = getattr(arguments[0], 'co_filename', '')
        if path.startswith(TREE) and arguments[0].co_name == '<module>':
            executed[path[len(TREE):]] += 1
    elif event == 'open' and str(arguments[0]).startswith(TREE) and (
            arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
        raise OSError(30, 'Read-only file system')
    elif event == 'os.mkdir' and str(arguments[0]).startswith(TREE):
        raise OSError(30, 'Read-only file system')

sys.addaudithook(audit)
logging.basicConfig(level=logging.ERROR, format='%(levelname)s %(message)s')

from heat.engine import plugin_manager
from oslo_config import cfg

cfg.CONF([], project='heat', default_config_files=[], default_config_dirs=[])
cfg.CONF.import_opt('plugin_dirs', 'heat.common.config')
cfg.CONF.set_override('plugin_dirs', [os.path.dirname(sys.argv[1])])
manager = plugin_manager.PluginManager()
mapping = dict(plugin_manager.PluginMapping(
    ['available_resource', 'resource']).load_all(manager))

from heat.engine import plugins

tree = plugins.heat_docker
modules = collections.Counter(
    module.__file__[len(TREE):] for module in gc.get_objects()
    if isinstance(module, types.ModuleType)
    and str(getattr(module, '__file__', '')).startswith(TREE))
table = tree.specs.container
print(json.dumps({
    'mapping': {name: cls.__module__ for name, cls in mapping.items()},
    'executed': executed,
    'modules': modules,
    'same': {
        'class': mapping.get('DockerInc::Docker::Container', None) is
            tree.resources.container.DockerContainer or not mapping,
        'classes': all(issubclass(cls, tree.resources.tables.TableResource)
                       for cls in mapping.values()),
        'errors': tree.errors is tree.client.errors is
            tree.background.errors is tree.resources.base.errors is
            tree.fields.errors,
        'spec': table is tree.resources.container.spec,
        'base': issubclass(tree.resources.container.DockerContainer,
                           tree.resources.base.DockerResource),
        'fields': all(isinstance(field, tree.fields.Field)
                      for field in table.FIELDS),
        'converters': tree.fields.scalars is tree.convert.scalars is
            tree.convert.network.scalars is tree.convert.process.scalars,
        'network': tree.convert.network is table.network is
            tree.resources.container.network,
    },
    'found': 'heat_docker' in sys.modules,
}))
'''


class LoaderTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.plugins = self.useFixture(plugins.Plugins())

    def load(self):
        code, output, complaints = self.plugins.run('-c', LOAD,
                                                    self.plugins.tree)
        self.assertEqual(0, code, complaints)
        return json.loads(output), complaints

    def without_library(self, words):
        loaded, complaints = self.load()
        self.assertEqual({}, loaded['mapping'])
        complaints = [line for line in complaints.splitlines()
                      if line.startswith('ERROR')]
        self.assertEqual(len(base.CLASSES), len(complaints))
        for name, error in zip(sorted(base.CLASSES), sorted(complaints),
                               strict=True):
            self.assertIn(name, error)
            self.assertIn('docker %s or later is required' % NEEDED, error)
            self.assertIn(words, error)


class LoadedTestCase(LoaderTestCase):

    def test_each_module_is_executed_once(self):
        loaded, complaints = self.load()
        self.assertNotIn('ERROR', complaints)
        self.assertEqual(
            {name: 'heat.engine.plugins.' + cls.__module__
             for name, cls in base.CLASSES.items()}, loaded['mapping'])
        self.assertFalse(loaded['found'], 'heat_docker is imported twice')
        self.assertEqual([], [name for name, same in loaded['same'].items()
                              if not same])
        files = self.files()
        self.assertIn('fields.py', files)
        for what in ('executed', 'modules'):
            once = {name: count for name, count in loaded[what].items()
                    if not name.endswith('__init__.py')}
            self.assertEqual(dict.fromkeys(files, 1), once, what)

    def files(self):
        """Return the files that are not empty packages."""
        return [os.path.relpath(os.path.join(folder, name),
                                self.plugins.tree)
                for folder, _folders, names in os.walk(self.plugins.tree)
                for name in names
                if name.endswith('.py') and name != '__init__.py']


class LibraryMissingTestCase(LoaderTestCase):

    def test_library_missing(self):
        self.plugins.replace_library(
            'raise ImportError("No module named docker")')
        self.without_library('cannot be imported: No module named docker')


class LibraryBrokenTestCase(LoaderTestCase):

    def test_library_broken(self):
        self.plugins.replace_library('raise RuntimeError("out of order")')
        self.without_library('out of order')


class LibraryTooOldTestCase(LoaderTestCase):

    def test_library_too_old(self):
        path = self.plugins.replace_library(
            '__version__ = "5.0.3"\nclass APIClient: pass\n')
        self.without_library('%s is version 5.0.3' % path)
