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

"""Env files, with the cases of the specification."""

import testtools

from heat_docker.compose import dotenv
from heat_docker.compose import problems

WHERE = problems.Where(problems.Place('.env'))


def parse(text):
    return dotenv.parse(text, WHERE, lambda value, before: value.replace(
        '$A', before.get('A') or ''))


class DotenvTestCase(testtools.TestCase):

    def test_forms(self):
        for text, expected in {
                'VAR=VAL': 'VAL', 'VAR="VAL"': 'VAL', "VAR='VAL'": 'VAL',
                'VAR=VAL # comment': 'VAL', 'VAR=VAL# no': 'VAL# no',
                'VAR="VAL # no"': 'VAL # no', 'VAR="VAL" # comment': 'VAL',
                "VAR='$OTHER'": '$OTHER', r"VAR='Let\'s go!'": "Let's go!",
                r'VAR="{\"hello\": \"json\"}"': '{"hello": "json"}',
                r'VAR="some\tvalue"': 'some\tvalue',
                r"VAR='some\tvalue'": r'some\tvalue',
                r'VAR=some\tvalue': r'some\tvalue', 'VAR=': '',
                'VAR': None, 'export VAR=1': '1', 'VAR = 1 ': '1',
                'VAR="two\nlines"': 'two\nlines', 'VAR=a=b': 'a=b',
                'VAR= # comment': '', 'VAR=1\r\n': '1'}.items():
            self.assertEqual({'VAR': expected}, parse(text), text)

    def test_several(self):
        self.assertEqual(
            {'A': '1', 'B': '1x', 'C': '$A', 'D': None, 'E': '2'},
            parse('# comment\nA=1\n\nB="$Ax"\nC=\'$A\'\nD\n  E=2'))

    def test_refused_without_the_value(self):
        for text in ('=x', '"A"=hunter2', 'A="hunter2', "A='hunter2' x",
                     'A hunter2'):
            error = self.assertRaises(problems.ComposeError, parse,
                                      'X=1\n' + text)
            self.assertEqual(2, error.line, text)
            self.assertNotIn('hunter2', str(error))

    def test_raw(self):
        self.assertEqual({'A': '"x $Y" # z', 'B': None},
                         dotenv.raw('A="x $Y" # z\n# c\nB\n'))
