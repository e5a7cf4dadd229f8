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

"""YAML of Compose files, and its limits."""

import time

import testtools

from heat_docker.compose import limits
from heat_docker.compose import problems
from heat_docker.compose import reading
from heat_docker.compose import tree


def read(text):
    return reading.documents(text, 'compose.yaml', reading.Budget())


class ReadingTestCase(testtools.TestCase):

    def refused(self, words, text):
        started = time.process_time()
        error = self.assertRaises(problems.ComposeError, read, text)
        self.assertLess(time.process_time() - started, 1)
        self.assertIn(words, str(error))
        self.assertIn('compose.yaml', str(error))
        return error

    def test_values_are_those_of_yaml_1_2(self):
        values = {
            'yes': 'yes', 'on': 'on', '22:22': '22:22', 'true': True,
            '0440': 288, '0o440': 288, '10': 10, '0': 0, '0x1f': 31,
            '1.5': 1.5, '~': None, '': None, '2024-01-01': '2024-01-01',
            '"10"': '10', "'~'": '~', '!!str 10': '10', '1_000': '1_000',
            '.inf': '.inf', '9' * 40: '9' * 40, '-1': -1, '1e3': 1000.0}
        for text, value in values.items():
            self.assertEqual([{'a': value}], read('a: %s\n' % text), text)

    def test_lines(self):
        one, = read('a:\n  b: 1\n\n  c: [x,\n   y]\n')
        self.assertEqual(1, one.place('a').line)
        self.assertEqual(4, one['a'].place('c').line)
        self.assertEqual(5, one['a']['c'].place(1).line)

    def test_anchors_and_merge_keys(self):
        one, = read('x: &x {a: 1, b: 2}\ny: &y {c: 3}\n'
                    'z: {<<: [*x, *y], b: 4}\nw: {<<: *x}\n')
        self.assertEqual({'a': 1, 'b': 4, 'c': 3}, one['z'])
        self.assertEqual({'a': 1, 'b': 2}, one['w'])
        self.assertEqual(1, one['z'].place('a').line)

    def test_tags(self):
        one, = read('a: !reset null\nb: !override [1]\n')
        self.assertEqual('reset', one['a'].kind)
        self.assertIsInstance(one['b'], tree.Tagged)
        self.assertEqual([1], one['b'].value)

    def test_documents(self):
        self.assertEqual([{'a': 1}, None, {'b': 2}],
                         read('a: 1\n---\n---\nb: 2\n'))
        self.assertEqual([], read('# nothing\n'))

    def test_refused(self):
        for words, text in (
                ('duplicate of line 1', 'a: 1\na: 2\n'),
                ('not YAML', 'a: [1\n'),
                ('not YAML', 'a: "\x07"\n'),
                ('not valid Unicode', 'a: \ud800\n'),
                ('tag !x is unknown', 'a: !x 1\n'),
                ('binary is not supported', 'a: !!binary YQ==\n'),
                ('python/x is not supported', 'a: !!python/x 1'),
                ('no anchor', 'a: *x\n'),
                ('contains itself', 'a: &x [*x]\n'),
                ('<< requires', 'a: {<<: 1}\n'),
                ('key must be a string', '? [a]\n: 1\n'),
                ('deeper than', 'a: ' + '[' * 100 + ']' * 100),
                ('more than', 'a: "%s"' % ('x' * limits.FILE))):
            self.refused(words, text)

    def test_line_of_an_error(self):
        self.assertEqual(3, self.refused('duplicate', 'a: 1\nb: 2\na: 3\n')
                         .line)

    def test_alias_bomb(self):
        levels = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
        levels += ['a%d: &a%d [%s]' % (
            n, n, ', '.join(['*a%d' % (n - 1)] * 10))
                   for n in range(1, 12)]
        self.refused('that aliases repeat', '\n'.join(levels))

    def test_alias_bomb_of_text(self):
        self.refused('characters', 'a: &a %s\nb: [%s]' % (
            'x' * 100_000, ', '.join(['*a'] * 1000)))

    def test_many_nodes(self):
        self.refused('values', 'a: [%s]' % ','.join('1' * 200_000))
