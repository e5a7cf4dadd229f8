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

"""The simple forms of values in Compose files, and their checks.

Each function takes a value after interpolation and its
:class:`problems.Where`, and returns the value in one form, so that files can
be merged and converted. A string from variables stays a string, because it
can become a parameter.
"""

from collections import abc
import re
import shlex

from . import limits
from . import problems
from . import texts
from . import tree

_SIZE = re.compile(r'[0-9]{1,15}(\.[0-9]{1,15})?\s*([bkmgtp]i?b?|)',
                   re.IGNORECASE | re.ASCII)
_DURATION = re.compile(
    r'([0-9]{1,9}(\.[0-9]{1,9})?(ns|us|µs|ms|s|m|h))+', re.ASCII)
_NUMBER = re.compile(r'[-+]?[0-9]{1,15}(\.[0-9]{1,15})?', re.ASCII)
_BOOLEANS = {'true': True, 'yes': True, 'on': True, 'y': True, '1': True,
             't': True, 'false': False, 'no': False, 'off': False,
             'n': False, '0': False, 'f': False}

Shape = abc.Callable


def wrong(value, where: problems.Where, form: str) -> problems.ComposeError:
    """Return an error about a value in another form."""
    if isinstance(value, (dict, list)):
        kind = 'a map' if isinstance(value, dict) else 'a list'
        return where.error('%s is not %s' % (kind, form))
    if isinstance(value, tree.Tagged):
        return where.error('the tag !%s is not supported here' % value.kind)
    return where.error('%s is not %s' % (
        'null' if value is None else texts.shown(value), form))


def text(value, where):
    """Accept a string; numbers and booleans become strings."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        # As Go prints it: https://pkg.go.dev/fmt
        return str(int(value))
    if isinstance(value, (int, float)):
        return repr(value)
    if not isinstance(value, str):
        raise wrong(value, where, 'a string')
    return value


def _checked(value, parsed):
    """Return the string if it can become a parameter."""
    return value if texts.from_variable(value) else parsed


def number(value, where):
    """Accept a number, also as a string."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise wrong(value, where, 'a number')
        parsed = float(value)
        return _checked(value, int(parsed) if parsed.is_integer()
                        else parsed)
    return value


def integer(value, where):
    """Accept an integer, also as a string."""
    parsed = number(value, where)
    if float(parsed) != int(float(parsed)):
        raise wrong(value, where, 'an integer')
    return parsed if isinstance(parsed, str) else int(parsed)


def boolean(value, where):
    """Accept a boolean, also as a string."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        parsed = _BOOLEANS[value.lower()]
        # Heat accepts only these two strings.
        return _checked(value, parsed) if value.lower() in (
            'true', 'false') else parsed
    raise wrong(value, where, 'true or false')


def size(value, where):
    """Accept a number of bytes, or a size such as ``64m``; -1 is no limit."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value)
    if not isinstance(value, str) or not (
            _SIZE.fullmatch(value) or value == '-1'):
        raise wrong(value, where, 'a size, such as 64m')
    return value if texts.from_variable(value) else re.sub(r'\s', '', value)


def duration(value, where):
    """Accept a duration, such as ``1m30s``."""
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return value
    if value == 0 and not isinstance(value, bool):
        return '0s'
    raise wrong(value, where, 'a duration, such as 1m30s')


def list_of(shape: Shape) -> Shape:
    """Return the shape of a list, from the shape of its items."""
    def items(value, where):
        if not isinstance(value, tree.List):
            raise wrong(value, where, 'a list')
        return tree.List([shape(item, where.inside(value, index))
                          for index, item in enumerate(value)],
                         places=value.places)
    return items


texts_of = list_of(text)


def one_or_more(value, where):
    """Accept a string or a list of strings; return a list."""
    if isinstance(value, (str, int, float)):
        return tree.List([text(value, where)], places=[where.place])
    return texts_of(value, where)


def map_of(shape: Shape) -> Shape:
    """Return the shape of a map, from the shape of its values.

    Values with a tag are kept for the merge.
    """
    def items(value, where):
        if not isinstance(value, tree.Map):
            raise wrong(value, where, 'a map')
        return tree.Map({key: tagged(shape)(item, where.inside(value, key))
                         for key, item in value.items()},
                        places=value.places)
    return items


def tagged(shape: Shape) -> Shape:
    """Return a shape that keeps ``!reset`` and ``!override``."""
    def inner(value, where):
        if isinstance(value, tree.Tagged):
            return tree.Tagged(value.kind, None if value.kind == 'reset'
                               else shape(value.value, where))
        return shape(value, where)
    return inner


def optional(shape: Shape) -> Shape:
    """Return a shape that also accepts null."""
    def inner(value, where):
        return None if value is None else shape(value, where)
    return inner


texts_by_name = map_of(optional(text))


def pairs(value, where):
    """Accept a map, or a list of ``name=value``; return a map.

    The value of a name alone is None.
    """
    if not isinstance(value, tree.List):
        return texts_by_name(value, where)
    result = tree.Map()
    for index, item in enumerate(texts_of(value, where)):
        name, equals, content = texts.partition(item, '=')
        if not name:
            # The rest may be a secret.
            raise where.inside(value, index).error(
                'the entry is not NAME=value')
        result.put(str(name), content if equals else None,
                   value.place(index))
    return result


def labels(value, where):
    """Accept a map, or a list of ``name=value``; return a map of strings."""
    result = pairs(value, where)
    for name, item in result.items():
        if item is None:
            result[name] = ''
        if name.startswith('com.docker.compose.'):
            raise where.inside(result, name).error(
                'labels that begin with com.docker.compose. are reserved')
    return result


def command(value, where):
    """Accept a list, or a command line, which is split as in a shell."""
    if isinstance(value, str):
        if len(value) > limits.LINE:
            raise where.error('the command line has more than %d characters'
                              % limits.LINE)
        try:
            words = _words(value)
        except ValueError as ex:
            raise where.error('the command line cannot be split, because a '
                              'quote or a backslash has no end') from ex
        return tree.List(words, places=[where.place] * len(words))
    return texts_of(value, where)


def _words(line):
    """Return the words of a command line, as in a shell without variables.

    Without quotes, words keep their sources.
    """
    if re.search(r'''['"\\]''', line):
        return shlex.split(line)
    return [texts.cut(line, found.start(), found.end())
            for found in re.finditer(r'\S+', line)]


def anything(value, where):
    """Accept any value, because it is not used."""
    return value


def names(value, where):
    """Accept a list of names, or a map of names; return a map."""
    if isinstance(value, tree.List):
        result = tree.Map()
        for index, item in enumerate(texts_of(value, where)):
            result.put(str(item), None, value.place(index))
        return result
    if not isinstance(value, tree.Map):
        raise wrong(value, where, 'a list or a map')
    return value
