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

"""Restrictions of Heat's loader on the source in heat_docker/.

The loader does not register modules in ``sys.modules`` but runs the files one
after the other. Code that works in a package can create second copies of
modules here, or stop heat-engine.
"""

import ast
import os
import re
import sys
import warnings

import testtools

import heat_docker

TREE = os.path.dirname(heat_docker.__file__)

# From top to bottom: a module may import only modules on lower lines.
LAYERS = (
    ('orphans',),
    ('resources.certificates', 'resources.compose', 'resources.config',
     'resources.container', 'resources.image', 'resources.network',
     'resources.secret', 'resources.service', 'resources.swarm',
     'resources.swarm_node', 'resources.volume'),
    ('resources.compose_template',),
    ('resources.contents', 'resources.managed', 'resources.signals',
     'resources.snapshots'),
    ('resources.alarms', 'resources.base', 'resources.registration'),
    ('resources.attributes', 'resources.neighbors'),
    ('resources.daemon',),
    ('resources.events',),
    ('resources.tables',),
    ('resources.superseding',),
    ('resources.names', 'resources.references', 'resources.request_costs',
     'resources.rows'),
    ('lifecycle.container_start', 'lifecycle.service_convergence'),
    ('lifecycle.container_changes', 'lifecycle.container_operations',
     'lifecycle.container_replacement', 'lifecycle.container_snapshots',
     'lifecycle.images', 'lifecycle.networks', 'lifecycle.readiness',
     'lifecycle.service_operations', 'lifecycle.volumes'),
    ('lifecycle.swarm_nodes', 'lifecycle.swarm_operations'),
    ('lifecycle.containers', 'lifecycle.secrets', 'lifecycle.services',
     'lifecycle.swarms',
     'lifecycle.volume_copies'),
    ('lifecycle.swarm_objects',),
    ('lifecycle.claims', 'lifecycle.creation', 'lifecycle.removal'),
    ('lifecycle.plan',),
    ('lifecycle.neighbors', 'lifecycle.objects'),
    ('lifecycle.ownership', 'lifecycle.records'),
    ('specs.certificates', 'specs.compose', 'specs.config', 'specs.image',
     'specs.network', 'specs.secret', 'specs.service', 'specs.swarm',
     'specs.swarm_node', 'specs.volume', 'background'),
    ('specs.container', 'specs.contents'),
    ('specs.endpoint', 'specs.joining', 'specs.pulling', 'specs.ulimits'),
    ('client',),
    ('api.containers', 'api.images', 'api.networks', 'api.nodes',
     'api.secrets', 'api.services', 'api.swarms', 'api.volumes', 'daemons',
     'diagnosis'),
    ('api.collection', 'api.outputs', 'transport'),
    ('changes', 'operations', 'validation'),
    ('endpoint', 'fields', 'policy'),
    ('convert.building', 'convert.combinations', 'convert.project'),
    ('convert.services',),
    ('convert.ipam', 'convert.meanings', 'convert.network',
     'convert.references', 'convert.storage', 'convert.swarm',
     'convert.swarm_nodes', 'hints',
     'words'),
    ('convert.forms', 'convert.limits', 'convert.platforms', 'convert.ports',
     'convert.process', 'convert.registry', 'x509'),
    ('convert.scalars', 'answers', 'errors', 'conf', 'masking'),
    ('i18n', 'budgets'),
    # What reads Compose files, and knows neither Heat nor Docker.
    ('compose.adopting',),
    ('compose.hot',),
    ('compose.swarm',),
    ('compose.resources',),
    ('compose.project',),
    ('compose.loading',),
    ('compose.table',),
    ('compose.building', 'compose.services'),
    ('compose.mounting', 'compose.networking', 'compose.processes'),
    ('compose.keys', 'compose.longhand'),
    ('compose.contents', 'compose.dotenv', 'compose.interpolation',
     'compose.merging', 'compose.reading', 'compose.shapes'),
    ('compose.tree',),
    ('compose.limits', 'compose.problems', 'compose.texts'),
)

# Forbidden imports from lower lines; modules of a package by the package's
# name.
FORBIDDEN = {
    **dict.fromkeys(
        ('specs.certificates', 'specs.compose', 'specs.config',
         'specs.container', 'specs.contents', 'specs.endpoint', 'specs.image',
         'specs.joining', 'specs.network', 'specs.pulling', 'specs.secret',
         'specs.service', 'specs.swarm', 'specs.swarm_node', 'specs.ulimits',
         'specs.volume'),
        {'client', 'daemons', 'transport', 'errors', 'conf', 'api'}),
    **dict.fromkeys(
        ('api.collection', 'api.containers', 'api.images', 'api.networks',
         'api.nodes', 'api.outputs', 'api.secrets', 'api.services',
         'api.swarms', 'api.volumes'),
        {'changes', 'endpoint', 'fields', 'policy', 'convert',
         'validation'}),
    'endpoint': {'errors'},
    'client': {'endpoint', 'policy', 'convert'},
    'daemons': {'changes', 'conf', 'convert', 'fields', 'policy',
                'validation'},
    'diagnosis': {'changes', 'conf', 'convert', 'endpoint', 'fields',
                  'policy', 'transport', 'validation'},
    **dict.fromkeys(('changes', 'fields', 'validation'), {'conf'}),
    'transport': {'changes', 'conf', 'convert', 'fields', 'validation'},
    'background': {'changes', 'convert', 'daemons', 'endpoint', 'fields',
                   'policy', 'transport', 'validation'},
    **dict.fromkeys(
        ('convert.building', 'convert.ipam', 'convert.limits',
         'convert.meanings', 'convert.network', 'convert.platforms',
         'convert.ports', 'convert.process', 'convert.project',
         'convert.references', 'convert.registry', 'convert.services',
         'convert.storage', 'convert.swarm', 'convert.swarm_nodes'),
        {'errors', 'conf'}),
}

SCRIPTS = ('check', 'compose2hot')

_DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom,
                ast.Assign, ast.AnnAssign)


def sources():
    """Yield all files, as paths below the tree with slashes."""
    for folder, folders, names in os.walk(TREE):
        folders[:] = [name for name in folders if name != '__pycache__']
        for name in names:
            path = os.path.join(folder, name)
            yield os.path.relpath(path, TREE).replace(os.sep, '/')


def parse(path):
    with open(os.path.join(TREE, path), encoding='utf-8') as source:
        return ast.parse(source.read(), path)


def module_name(path):
    return path[:-len('.py')].replace('/', '.')


def imports(tree):
    """Yield (level, module, name) of each import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield 0, name.name, None
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                yield node.level, node.module or '', name.name


def imported_modules(path, tree, modules):
    """Yield the modules of this tree that a file imports."""
    package = path.split('/')[:-1]
    for level, module, name in imports(tree):
        if level:
            parts = package[:len(package) - level + 1]
            yield '.'.join(parts + module.split('.') * bool(module) + [name])


def no_content(path, tree, modules):
    """Packages are empty, because the loader runs them twice."""
    return path.endswith('__init__.py') and tree.body != []


def forbidden_name(path, tree, modules):
    """The loader skips setup.py, and docker.py hides the library."""
    return path.rsplit('/', 1)[-1] in ('docker.py', 'setup.py')


def relative_import_of_no_module(path, tree, modules):
    """Names are looked up in sys.modules, where the module is not."""
    return any(module not in modules
               for module in imported_modules(path, tree, modules))


def absolute_import_of_the_tree(path, tree, modules):
    """Heat knows the tree by another name."""
    return any(level == 0 and module.split('.')[0] == 'heat_docker'
               for level, module, _name in imports(tree))


def future_import(path, tree, modules):
    """Dataclasses look their quoted annotations up in sys.modules."""
    return any(module == '__future__' for _level, module, _name
               in imports(tree))


def quoted_annotation(path, tree, modules):
    """They are looked up in sys.modules as well."""
    annotations = [
        node.annotation for node in ast.walk(tree)
        if isinstance(node, (ast.AnnAssign, ast.arg))]
    return any(isinstance(part, ast.Constant) and isinstance(part.value, str)
               for annotation in annotations if annotation
               for part in ast.walk(annotation))


def docker_imported(path, tree, modules):
    """A missing library must not stop heat-engine."""
    return path != 'client.py' and any(
        level == 0 and module.split('.')[0] == 'docker'
        for level, module, _name in imports(tree))


def resource_in_a_step(path, tree, modules):
    """A step sees a context, never a resource of Heat."""
    return path.startswith('lifecycle/') and any(
        (module + '.').startswith('heat.engine.')
        for _level, module, _name in imports(tree))


def compose_knows_others(path, tree, modules):
    """What reads Compose files works without Heat and Docker."""
    allowed = {'yaml', *sys.stdlib_module_names}
    return path.startswith('compose') and any(
        level == 0 and module.split('.')[0] not in allowed
        or level > 1 or level and module
        for level, module, _name in imports(tree))


def message_added(path, tree, modules):
    """A lazily translated message does not support addition."""
    def message(node):
        return (isinstance(node, ast.Call) and
                isinstance(node.func, ast.Name) and node.func.id == '_' or
                isinstance(node, ast.BinOp) and message(node.left))

    return any(isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)
               and (message(node.left) or message(node.right))
               for node in ast.walk(tree))


def something_run(path, tree, modules):
    """An error here would stop heat-engine."""
    def allowed(node):
        if isinstance(node, ast.Try):
            return all(map(allowed, node.body + [
                one for handler in node.handlers for one in handler.body]))
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant)
        return isinstance(node, _DEFINITIONS)

    def main(node):
        return (module_name(path) in SCRIPTS and isinstance(node, ast.If)
                and ast.unparse(node.test) == "__name__ == '__main__'")

    return not all(allowed(node) or main(node) for node in tree.body)


def layers_broken(path, tree, modules):
    """Imports point one way."""
    name = module_name(path)
    lines = {module: number for number, line in enumerate(LAYERS)
             for module in line}
    used = set(imported_modules(path, tree, modules))
    if name in SCRIPTS or path.endswith('__init__.py'):
        return bool(used)
    return name not in lines or any(
        lines.get(other, -1) <= lines[name] or
        {other, other.split('.')[0]} & FORBIDDEN.get(name, set())
        for other in used)


# rule, file and source that break it
RULES = (
    (no_content, 'x/__init__.py', 'from . import y'),
    (no_content, '__init__.py', '"""A docstring."""'),
    (forbidden_name, 'resources/docker.py', ''),
    (forbidden_name, 'setup.py', ''),
    (relative_import_of_no_module, 'a.py', 'from .errors import NotFound'),
    (relative_import_of_no_module, 'resources/a.py',
     'from ..errors import NotFound'),
    (relative_import_of_no_module, 'a.py',
     'def f():\n    from .errors import NotFound'),
    (relative_import_of_no_module, 'a.py', 'from . import nothing'),
    (relative_import_of_no_module, 'resources/a.py', 'from . import errors'),
    (relative_import_of_no_module, 'a.py', 'from .errors import *'),
    (absolute_import_of_the_tree, 'a.py', 'import heat_docker.errors'),
    (absolute_import_of_the_tree, 'a.py', 'from heat_docker import errors'),
    (future_import, 'a.py', 'from __future__ import annotations'),
    (quoted_annotation, 'a.py', 'class A:\n    a: "int" = 1'),
    (quoted_annotation, 'a.py', 'def f(a: "int"):\n    pass'),
    (docker_imported, 'background.py', 'import docker'),
    (docker_imported, 'resources/a.py', 'from docker import errors'),
    (docker_imported, 'transport.py', 'import docker'),
    (docker_imported, 'api/images.py', 'from docker import auth'),
    (docker_imported, 'a.py', 'def f():\n    import docker.utils'),
    (compose_knows_others, 'compose/a.py', 'import oslo_config'),
    (compose_knows_others, 'compose/a.py', 'from heat.engine import resource'),
    (compose_knows_others, 'compose/a.py', 'from .. import budgets'),
    (compose_knows_others, 'compose2hot.py', 'import docker'),
    (message_added, 'a.py', 'a = _("a") + b'),
    (message_added, 'a.py', 'a = b + _("a")'),
    (message_added, 'a.py', 'a = _("%s") % b + c'),
    (something_run, 'a.py', 'print(1)'),
    (something_run, 'a.py', 'for a in b:\n    pass'),
    (something_run, 'a.py', 'if a:\n    b = 1'),
    (something_run, 'a.py', 'with a:\n    pass'),
    (something_run, 'a.py', 'try:\n    a()\nexcept E:\n    pass'),
    (something_run, 'a.py', 'try:\n    a = 1\nexcept E:\n    b()'),
    (something_run, 'a.py', 'if __name__ == "__main__":\n    a()'),
    (layers_broken, 'i18n.py', 'from . import errors'),
    (layers_broken, 'errors.py', 'from . import convert'),
    (layers_broken, 'endpoint.py', 'from . import errors'),
    (layers_broken, 'endpoint.py', 'from . import fields'),
    (layers_broken, 'endpoint.py', 'from . import policy'),
    (layers_broken, 'policy.py', 'from . import transport'),
    (layers_broken, 'daemons.py', 'from . import client'),
    (layers_broken, 'transport.py', 'from . import conf'),
    (layers_broken, 'transport.py', 'from . import daemons'),
    (layers_broken, 'diagnosis.py', 'from . import transport'),
    (layers_broken, 'api/images.py', 'from .. import client'),
    (layers_broken, 'api/images.py', 'from . import containers'),
    (layers_broken, 'convert/registry.py', 'from . import process'),
    (layers_broken, 'convert/registry.py', 'from .. import conf'),
    (layers_broken, 'specs/endpoint.py', 'from . import pulling'),
    (layers_broken, 'specs/pulling.py', 'from .. import background'),
    (layers_broken, 'resources/daemon.py', 'from . import attributes'),
    (layers_broken, 'resources/alarms.py', 'from . import base'),
    (layers_broken, 'convert/scalars.py', 'from . import process'),
    (layers_broken, 'convert/process.py', 'from . import network'),
    (layers_broken, 'convert/storage.py', 'from .. import errors'),
    (layers_broken, 'convert/building.py', 'from .. import conf'),
    (layers_broken, 'convert/ipam.py', 'from . import network'),
    (layers_broken, 'specs/volume.py', 'from .. import background'),
    (layers_broken, 'lifecycle/removal.py', 'from . import volume_copies'),
    (layers_broken, 'lifecycle/plan.py', 'from ..resources import base'),
    (resource_in_a_step, 'lifecycle/plan.py',
     'from heat.engine import resource'),
    (layers_broken, 'resources/image.py', 'from . import volume'),
    (layers_broken, 'resources/certificates.py', 'from . import volume'),
    (layers_broken, 'resources/tables.py', 'from . import daemon'),
    (layers_broken, 'x509.py', 'from . import fields'),
    (layers_broken, 'resources/base.py', 'from . import signals'),
    (layers_broken, 'fields.py', 'from . import client'),
    (layers_broken, 'fields.py', 'from . import validation'),
    (layers_broken, 'validation.py', 'from . import changes'),
    (layers_broken, 'changes.py', 'from . import conf'),
    (layers_broken, 'client.py', 'from .specs import container'),
    (layers_broken, 'client.py', 'def f():\n    from . import background'),
    (layers_broken, 'specs/container.py', 'from .. import client'),
    (layers_broken, 'resources/base.py', 'from . import container'),
    (layers_broken, 'unheard_of.py', ''),
    (layers_broken, 'check.py', 'from . import client'),
)


class ImportsTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.paths = sorted(sources())
        self.modules = {module_name(path) for path in self.paths
                        if path.endswith('.py')}

    def test_tree_is_seen(self):
        for line in LAYERS:
            for name in line:
                self.assertIn(name, self.modules)

    def test_tree_has_source_only(self):
        """The loader imports any other file, or the file ships needlessly."""
        self.assertEqual([], [path for path in self.paths
                              if not path.endswith('.py')])

    def test_rules_hold(self):
        for path in self.paths:
            tree = parse(path)
            for rule in {rule for rule, _path, _source in RULES}:
                self.assertFalse(rule(path, tree, self.modules), '%s: %s' % (
                    path, rule.__doc__))

    def test_rules_fire(self):
        for rule, path, source in RULES:
            self.assertTrue(rule(path, ast.parse(source), self.modules),
                            '%s misses %r in %s' % (rule.__name__, source,
                                                    path))

    def test_every_file_begins_with_the_license(self):
        for path in self.paths:
            with open(os.path.join(TREE, path), encoding='utf-8') as source:
                self.assertTrue(source.readline().startswith(
                    '# Licensed under the Apache License, Version 2.0'), path)

    def test_compiled_without_warning(self):
        """A compiler warning would appear at each start of Heat."""
        for path in self.paths:
            with open(os.path.join(TREE, path), encoding='utf-8') as source:
                with warnings.catch_warnings():
                    warnings.simplefilter('error')
                    compile(source.read(), path, 'exec', dont_inherit=True)

    def test_syntax_of_oldest_python(self):
        """Only what Python 3.10 can parse."""
        for path in self.paths:
            with open(os.path.join(TREE, path), encoding='utf-8') as source:
                ast.parse(source.read(), path, feature_version=(3, 10))

    def test_no_sleep(self):
        """Heat's scheduler does the waiting, except for short pauses."""
        for path in set(self.paths) - {'lifecycle/plan.py',
                                         'resources/base.py'}:
            text = ast.unparse(parse(path))
            self.assertIsNone(re.search(r'\bsleep\(', text), path)
