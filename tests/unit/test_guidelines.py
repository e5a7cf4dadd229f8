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

"""Heat's rules for the descriptions of a resource type.

Heat's ``tools/custom_guidelines.py`` has these rules, but checks only Heat's
own tree.
"""

import inspect
import re

import testtools

from tests.unit import base as unit_base

TYPES = list(unit_base.CLASSES.values())


def summary_faults(words):
    """Yield the errors of a sentence for users."""
    if re.match('[a-z]', words):
        yield 'starts with a lower-case letter'
    if not words.endswith(('.', '.)')):
        yield 'has no full stop at the end'
    if re.search(r'\s{2,}', words):
        yield 'has double spaces'


def docstring_faults(docstring):
    """Yield the errors of a docstring of one or more lines."""
    lines = [line.strip() for line in docstring.split('\n')]
    yield from summary_faults(lines[0])
    if len(lines) == 1:
        return
    if len(lines) < 4:
        yield 'has no paragraph after the summary'
        return
    if lines[1]:
        yield 'has no blank line after the summary'
    if re.match('[a-z]', lines[2]):
        yield 'has a paragraph that starts with a lower-case letter'
    if lines[-1]:
        yield 'has its closing quotes behind the text'
    if any(re.search(r'\s{2,}', line) for line in lines):
        yield 'has double spaces'
    if not any(line.startswith(':') for line in lines) and not (
            lines[-2].endswith(('.', '.)'))):
        yield 'has no full stop at the end'


def schema_faults(schema, path):
    """Yield the errors of descriptions, including nested ones."""
    for name, one in schema.items():
        place = '%s.%s' % (path, name)
        if one.description is None:
            yield place, 'has no description'
        else:
            for fault in summary_faults(one.description):
                yield place, fault
        if getattr(one, 'schema', None):
            yield from schema_faults(one.schema, place)


class GuidelinesTestCase(testtools.TestCase):

    def test_properties_follow_the_guidelines_of_heat(self):
        for cls in TYPES:
            self.assertEqual([], list(schema_faults(
                cls.properties_schema, cls.__name__)))

    def test_attributes_follow_the_guidelines_of_heat(self):
        for cls in TYPES:
            self.assertEqual([], list(schema_faults(
                cls.attributes_schema, cls.__name__)))

    def test_docstrings_of_classes_follow_the_guidelines_of_heat(self):
        for cls in TYPES:
            self.assertIn('\n', cls.__doc__)
            self.assertEqual([], list(docstring_faults(cls.__doc__)),
                             cls.__name__)

    def test_docstrings_of_methods_follow_the_guidelines_of_heat(self):
        for cls in TYPES:
            for base in cls.__mro__:
                if not base.__module__.startswith('heat_docker'):
                    continue
                for name, method in vars(base).items():
                    if inspect.isfunction(method) and method.__doc__ and (
                            not name.startswith('__')):
                        self.assertEqual(
                            [], list(docstring_faults(method.__doc__)),
                            '%s.%s' % (base.__name__, name))

    def test_support_status(self):
        for cls in TYPES:
            self.assertTrue(cls.support_status.version, cls.__name__)

    def test_faults_are_seen(self):
        for words in ('lower case.', 'No full stop', 'Double  space.'):
            self.assertEqual(1, len(list(summary_faults(words))), words)
        for docstring in ('No full stop', 'A.\n', 'A.\n\n    ',
                          'A.\nB.\nC.\n    ', 'A.\n\n    b.\n    ',
                          'A.\n\n    B.', 'A.\n\n    B  c.\n    ',
                          'A.\n\n    B\n    '):
            self.assertEqual(1, len(list(docstring_faults(docstring))),
                             docstring)
        self.assertEqual([], list(docstring_faults('A.\n\n    B.\n    ')))
