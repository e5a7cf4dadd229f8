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

"""Variables, with the cases of the specification."""

import time

import testtools

from heat_docker.compose import interpolation
from heat_docker.compose import problems
from heat_docker.compose import texts

WHERE = problems.Where(problems.Place('compose.yaml', 7),
                       ('services', 'web', 'image'))

ENVIRONMENT = {'A': 'a', 'EMPTY': '', 'NONE': None, 'N': 3, 'T': True}


class InterpolationTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.report = problems.Report()
        self.spent = 0
        self.interpolator = interpolation.Interpolator(
            ENVIRONMENT, self.report, self.spend)

    def spend(self, variables, characters):
        self.spent += variables

    def text(self, value):
        return self.interpolator.text(value, WHERE)

    def test_grammar(self):
        for value, expected in {
                'x': 'x', '$A': 'a', '${A}': 'a', 'x${A}y$A': 'xaya',
                '$$A': '$A', '$${A}': '${A}', '$$$A': '$a', '$': '$',
                '$ 5 $1 $-': '$ 5 $1 $-', '${N}${T}': '3true',
                '${A:-b}': 'a', '${A-b}': 'a', '${EMPTY:-b}': 'b',
                '${EMPTY-b}': '', '${UNSET:-b}': 'b', '${UNSET-b}': 'b',
                '${NONE-b}': 'b', '${UNSET:-}': '', '${A:+b}': 'b',
                '${A+b}': 'b', '${EMPTY:+b}': '', '${EMPTY+b}': 'b',
                '${UNSET+b}': '', '${UNSET:+b}': '', '${A:?no}': 'a',
                '${EMPTY?no}': '', '${UNSET:-${A}}': 'a',
                '${UNSET:-${UNSET:-x}y}z': 'xyz', '${UNSET:-$A}': 'a',
                '${UNSET:-$$}': '$', '${A:+${EMPTY:-c}}': 'c',
                '${UNSET:-a:b-c?d+e}': 'a:b-c?d+e',
                '${UNSET:-{"a": 1}': '{"a": 1', 'é$A': 'éa'}.items():
            self.assertEqual(expected, self.text(value), value)

    def test_required(self):
        for value, words in (
                ('${UNSET:?set it}', 'UNSET is required: set it'),
                ('${EMPTY:?}', 'EMPTY is required'),
                ('${UNSET?see $A}', 'see ${A}'),
                ('${A', 'no closing brace'), ('${}', 'not a variable'),
                ('${A/x/y}', 'not a variable'), ('${1A}', 'not a variable'),
                ('${A:x}', 'not a variable'),
                ('${U:-' * 30 + '}' * 30, 'nested')):
            error = self.assertRaises(problems.ComposeError, self.text, value)
            self.assertIn(words, str(error), value)
            self.assertTrue(str(error).startswith(
                'compose.yaml, line 7, service web, image: '), str(error))

    def test_unset_is_a_note_once(self):
        self.assertEqual('', self.text('$UNSET${UNSET}$EMPTY'))
        self.assertEqual(['The variable UNSET is not set. It is empty'],
                         self.report.notes)

    def test_sources(self):
        value = self.text('x:${A}-${UNSET:-b}')
        self.assertEqual(
            [('x:', None), ('a', 'A'), ('-', None), ('b', 'UNSET')],
            [(part, source and source.name) for part, source in value.parts])
        self.assertNotIsInstance(self.text('$$A'), texts.Text)

    def test_long_text_takes_no_time(self):
        started = time.process_time()
        self.text('${A}' * 10_000)
        self.assertRaises(problems.ComposeError, self.text, '${' * 100_000)
        self.text('$$' * 10_000)
        self.assertLess(time.process_time() - started, 1)
        self.assertEqual(130_000, self.spent)


class TextsTestCase(testtools.TestCase):

    def test_cut_keeps_whole_sources(self):
        port = texts.join(texts.variable('IP', '127.0.0.1'), ':',
                          texts.variable('PORT', '80'), ':8080')
        host, colon, target = texts.rpartition(port, ':')
        self.assertEqual(('127.0.0.1:80', ':', '8080'),
                         (host, colon, target))
        address, _colon, number = texts.partition(host, ':')
        self.assertEqual((('127.0.0.1', texts.Variable('IP')),),
                         address.parts)
        self.assertEqual((('80', texts.Variable('PORT')),), number.parts)
        self.assertNotIsInstance(texts.cut(port, 3, 5), texts.Text)
        self.assertEqual(str(port).split(':'), texts.split(port, ':'))

    def test_shown_has_no_values(self):
        self.assertEqual("'x${SECRET}'", texts.shown(
            texts.join('x', texts.variable('SECRET', 'hunter2'))))
