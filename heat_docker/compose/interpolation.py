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

"""Variables in the values of Compose files.

https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md
"""

from collections import abc
import re

from . import limits
from . import problems
from . import texts
from . import tree

_NAME = re.compile('[_a-zA-Z][_a-zA-Z0-9]*', re.ASCII)
_BRACED = re.compile('([_a-zA-Z][_a-zA-Z0-9]*)(:?[-?+])?', re.ASCII)
# What changes the depth of braces. "$$" is a dollar sign, not a variable.
_BRACES = re.compile(r'\$\$|\$\{|\}')


class Interpolator:
    """Replaces variables.

    :ivar environment: map of name to value; a missing name or None is unset.
    :ivar report: :class:`problems.Report` for variables that are unset.
    :ivar spend: function that takes the numbers of variables and of
        characters of a result, and raises ComposeError if there are too many.
    """

    def __init__(self, environment: abc.Mapping, report: problems.Report,
                 spend: abc.Callable[[int, int], None]):
        self.environment = environment
        self.report = report
        self.spend = spend

    def tree(self, value, where: problems.Where):
        """Return a tree with all variables replaced, except in keys."""
        def change(scalar, place):
            return (self.text(scalar, place) if isinstance(scalar, str)
                    else scalar)

        return tree.mapped(value, change)(value, where)

    def text(self, value: str, where: problems.Where) -> str:
        """Return a string with all variables replaced.

        :raises problems.ComposeError: if a variable is required and unset,
            or if the syntax is invalid.
        """
        if '$' not in value:
            return value
        self.spend(value.count('$'), 0)
        result = self._expand(value, where, 0)
        self.spend(0, len(result))
        return result

    def _expand(self, value, where, depth):
        if depth > limits.NESTED:
            raise where.error('more than %d variables are nested'
                              % limits.NESTED)
        pieces, at = [], 0
        while True:
            dollar = value.find('$', at)
            if dollar < 0:
                pieces.append(value[at:])
                return texts.join(*pieces)
            pieces.append(value[at:dollar])
            piece, at = self._one(value, dollar, where, depth)
            pieces.append(piece)

    def _one(self, value, dollar, where, depth):
        """Return what replaces a dollar sign, and the end of its variable."""
        if value.startswith('$$', dollar):
            return '$', dollar + 2
        if value.startswith('${', dollar):
            end = _end_of_braces(value, dollar + 2)
            if end is None:
                raise where.error('%s has no closing brace' % texts.shown(
                    value[dollar:dollar + 40]))
            return (self._braced(value[dollar + 2:end], where, depth),
                    end + 1)
        name = _NAME.match(value, dollar + 1)
        if name is None:
            return '$', dollar + 1
        return self._value(name[0], where), name.end()

    def _braced(self, expression, where, depth):
        """Return the value of what is between braces."""
        found = _BRACED.match(expression)
        if found is None or not found[2] and found.end() < len(expression):
            raise where.error(
                '${%s} is not a variable; use a form such as ${NAME}, '
                '${NAME:-default} or ${NAME:?message}, or write $$ for a '
                'dollar sign' % expression[:40])
        name, operator = found.groups()
        value = self.lookup(name)
        given = value is not None and (value or ':' not in (operator or ''))
        if not operator:
            return self._value(name, where)
        rest = expression[found.end():]
        if operator.endswith('+'):
            return self._expand(rest, where, depth + 1) if given else ''
        if given:
            return texts.variable(name, value)
        rest = self._expand(rest, where, depth + 1)
        if operator.endswith('-'):
            return texts.variable(name, rest, given=False)
        raise where.error('the variable %s is required%s' % (
            name, ': %s' % texts.named(rest) if rest else ''))

    def _value(self, name, where):
        value = self.lookup(name)
        if value is None:
            self.report.note(problems.Where(), 'The variable %s is not set. '
                             'It is empty' % name)
        return texts.variable(name, value or '', given=value is not None)

    def lookup(self, name: str) -> str | None:
        """Return the value of a variable, or None if it is unset."""
        return in_words(self.environment.get(name))


def in_words(value) -> str | None:
    """Return a value of an environment as a string; None is unset."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return str(value)


def _end_of_braces(value, start):
    """Return the index of the brace that closes a variable, or None."""
    depth = 1
    for found in _BRACES.finditer(value, start):
        if found[0] == '${':
            depth += 1
        elif found[0] == '}':
            depth -= 1
            if not depth:
                return found.start()
    return None
