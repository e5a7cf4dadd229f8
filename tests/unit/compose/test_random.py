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

"""Whatever a file contains, the only error is ComposeError."""

import contextlib
import json

import hypothesis
from hypothesis import strategies

from heat_docker.compose import contents
from heat_docker.compose import hot
from heat_docker.compose import problems
from heat_docker.compose import project
from heat_docker.compose import table
from tests.unit.compose import base

SETTINGS = hypothesis.settings(
    deadline=None, max_examples=300, derandomize=True, database=None,
    suppress_health_check=list(hypothesis.HealthCheck))

NAMES = sorted({key.name for rows in (
    table.FILE, table.SERVICE, table.BUILD, table.DEPLOY, table.NETWORK,
    table.HEALTHCHECK, table.CONFIG, table.IPAM, table.RESOURCES,
    table.LIMITS, table.BLKIO, table.LOGGING) for key in rows} | {
        'web', 'db', 'source', 'target', 'type', 'path', 'condition', 'soft',
        'published', 'x-a', 'com.docker.compose.x', 'get_file'})
WORDS = strategies.sampled_from([
    'web', 'db', './a', '../a', '/a', 'a:/b', '80', '80:80', '80-90:80-90',
    '1m30s', '64m', 'true', 'no', '${A}', '${A:-b}', '${', '$$', '${A:?x}',
    'service:web', 'a=b', '=', ':', '', 'bind', 'tmpfs', 'image', 'always',
    'service_healthy', 'NONE', 'CMD', '"', '0444', '-1', '1e400', 'a.env',
    'seccomp=./a', 'https://a.test/b.git', 'container:x', '[::1]:1:2', '/',
    '::', 'all', 'vendor/x=y', '\ud800', '\0', 'host'])
SCALARS = (strategies.none() | strategies.booleans() | WORDS
           | strategies.integers() | strategies.floats()
           | strategies.text(max_size=8))
KEYS = strategies.sampled_from(NAMES) | strategies.text(max_size=5)
VALUES = strategies.recursive(
    SCALARS, lambda inner: strategies.lists(inner, max_size=3)
    | strategies.dictionaries(KEYS, inner, max_size=3), max_leaves=12)


def of_table(rows):
    """Return maps whose keys a table knows."""
    return strategies.dictionaries(strategies.sampled_from(
        [key.name for key in rows]), VALUES, max_size=6)


SERVICES = strategies.fixed_dictionaries(
    {}, optional={'image': WORDS, 'build': of_table(table.BUILD),
                  'deploy': of_table(table.DEPLOY)})
MODELS = strategies.fixed_dictionaries(
    {'services': strategies.dictionaries(
        strategies.sampled_from(['web', 'db', 'a']),
        strategies.tuples(SERVICES, of_table(table.SERVICE)).map(
            lambda both: {**both[1], **both[0]}), max_size=3)},
    optional={'networks': strategies.dictionaries(
        WORDS, of_table(table.NETWORK) | VALUES, max_size=2),
        'volumes': strategies.dictionaries(WORDS, of_table(table.VOLUME),
                                           max_size=2),
        'configs': strategies.dictionaries(WORDS, of_table(table.CONFIG),
                                           max_size=2),
        'secrets': VALUES, 'include': VALUES, 'name': SCALARS})
FILES = contents.Contents({'a': 'FROM a\n', 'a.env': 'A=1\n', 'b/c': b'\xff',
                           'Dockerfile': 'FROM x'})


def text_of(value):
    """Return the template of a file, if it is valid."""
    return hot.Template(value, lambda path: path).text()


class RandomTestCase(base.ComposeTestCase):

    def run_one(self, *sources, strict=False):
        with contextlib.suppress(problems.ComposeError):
            text_of(project.load(sources, FILES, {'A': 'a', 'N': 1},
                                 ['p'], strict=strict))

    @SETTINGS
    @hypothesis.given(MODELS)
    def test_models(self, model):
        self.run_one(('compose.yaml', model))

    @SETTINGS
    @hypothesis.given(of_table(table.SERVICE))
    def test_services(self, keys):
        for name, value in keys.items():
            self.run_one(('compose.yaml', {
                'services': {'web': {'image': 'i', name: value},
                             'db': {'image': 'j'}},
                'volumes': {'a': None}}))

    @SETTINGS
    @hypothesis.given(MODELS, MODELS)
    def test_merges(self, one, other):
        self.run_one(('compose.yaml', one), ('b.yaml', other))

    @SETTINGS
    @hypothesis.given(VALUES)
    def test_any_value(self, value):
        self.run_one(('compose.yaml', value))

    @SETTINGS
    @hypothesis.given(strategies.text() | strategies.lists(
        strategies.sampled_from(
            ['services:', '\n', ' ', '  ', 'web:', 'image: i', '- ', '*a',
             '&a ', '<<: ', '{', '}', '[', ']', '!reset ', '!override ', '!x',
             '"', "'", '|', '>', '#', '---', '...', ': ', ', ', 'a', '1',
             'ports: ', 'environment: ', '${A', '$B', '\t', '?', '%']),
        max_size=30).map(''.join))
    def test_text(self, text):
        self.run_one(('compose.yaml', text))

    @SETTINGS
    @hypothesis.given(strategies.text(
        alphabet='${}:-+?AB_1 .\n\'"\\#=', max_size=40))
    def test_variables(self, text):
        self.run_one(('compose.yaml', {'services': {'web': {
            'image': 'i', 'user': text, 'env_file': 'x.env'}}}))
        with contextlib.suppress(problems.ComposeError):
            text_of(project.load(
                [('compose.yaml', {'services': {'web': {
                    'image': 'i', 'env_file': 'x.env'}}})],
                contents.Contents({'x.env': text})))

    @SETTINGS
    @hypothesis.given(MODELS, strategies.sampled_from(
        ['services', 'web', 'image', 'ports', 'environment']),
        strategies.sampled_from(['!reset', '!override']))
    def test_tags(self, model, name, tag):
        with contextlib.suppress(ValueError, UnicodeError):
            text = json.dumps(model, allow_nan=False, ensure_ascii=False)
            self.run_one(
                ('compose.yaml', text),
                ('b.yaml', text.replace('"%s": ' % name,
                                        '"%s": %s ' % (name, tag))))
