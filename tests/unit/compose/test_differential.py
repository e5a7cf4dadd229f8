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

"""The projects for the comparison with docker compose."""

import collections
import pathlib

import testtools
import yaml

from heat_docker.compose import keys
from heat_docker.compose import table
from tests.differential import projects
from tests.differential import shots
from tests.differential import wanted

ROOT = pathlib.Path(__file__).parents[3]
PAGE = ROOT / 'doc' / 'source' / 'user' / 'compose.rst'


class Loader(yaml.SafeLoader):
    """Reads the tags of merges as their values."""


def _value(loader, node):
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


Loader.add_constructor('!reset', _value)
Loader.add_constructor('!override', _value)


def carried(rows, prefix=''):
    """Yield the paths of all keys that are carried out."""
    for key in rows:
        if key.becomes is keys.CARRIED:
            yield prefix + key.name
            yield from carried(key.keys, prefix + key.name + '.')


def used(rows, value, prefix=''):
    """Yield the paths of the keys in a file."""
    for key in rows:
        inner = value.get(key.name) if isinstance(value, dict) else None
        if not isinstance(value, dict) or key.name not in value:
            continue
        yield prefix + key.name
        # A section at the top is a map of named objects.
        maps = [inner] if prefix else list((inner or {}).values()) if (
            isinstance(inner, dict)) else []
        for one in maps:
            yield from used(key.keys, one, prefix + key.name + '.')


class ProjectsTestCase(testtools.TestCase):

    def test_number(self):
        self.assertGreaterEqual(len(projects.names()), 60)

    def test_every_key_is_in_two_files(self):
        counts = collections.Counter()
        for path in projects.ROOT.rglob('*.yaml'):
            counts.update(set(used(table.FILE, yaml.load(
                path.read_text(), Loader))))
        self.assertEqual([], [key for key in carried(table.FILE)
                              if counts[key] < 2])

    def test_what_they_need_is_known(self):
        known = set(projects.__doc__.split('``')[1::2])
        for name in projects.names():
            given = yaml.load((projects.ROOT / name / 'compose.yaml')
                              .read_text(), Loader).get('x-test') or {}
            self.assertEqual(set(), set(given) - known, name)

    def test_sample_is_the_same_for_a_seed(self):
        self.assertEqual(projects.sample(3, 7), projects.sample(3, 7))
        self.assertEqual(3, len(set(projects.sample(3, 7))))


class WantedTestCase(testtools.TestCase):

    def test_documentation_has_the_current_list(self):
        part = PAGE.read_text().split('.. begin')[1].split('.. end')[0]
        self.assertEqual(
            wanted.report().strip(), part.strip(),
            'run "python -m tests.differential.wanted"')

    def test_differences(self):
        self.assertEqual(
            [('a.b', 1, 2), ('c', None, [])],
            list(shots.differences({'a': {'b': 1, 'd': 3}},
                                   {'a': {'b': 2, 'd': 3}, 'c': []})))

    def wanted(self, path, one, other, kind='container'):
        return bool(wanted.wanted(kind, path, one, other))

    def test_empty_values_are_the_same(self):
        self.assertTrue(self.wanted('HostConfig.Dns', None, []))
        self.assertFalse(self.wanted('HostConfig.Dns', None, ['192.0.2.1']))
        self.assertFalse(self.wanted('HostConfig.Memory', 1, 0))

    def test_conditions(self):
        for path, one, other in (
                ('HostConfig.Memory', 1, 2),
                ('HostConfig.NetworkMode', 'host', 'none'),
                ('Config.StopTimeout', 1, 3),
                ('HostConfig.CapAdd', ['CAP_A'], ['B']),
                ('HostConfig.SecurityOpt', ['seccomp={"a": 1}'],
                 ['seccomp={"a": 2}']),
                ('Mounts./a', {'Source': '/host'}, None),
                ('Mounts./a.RW', False, True),
                ('NetworkSettings.Networks.<n>.Aliases', ['a', 'b', 'c'],
                 ['a']),
                ('HostConfig.PortBindings.80/tcp', [{'HostPort': '1'}],
                 [{'HostPort': '2'}])):
            self.assertFalse(self.wanted(path, one, other), path)
