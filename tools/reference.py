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

"""Writes the reference of the types from their tables.

``python tools/reference.py`` writes ``doc/source/reference/<type>.rst``; a
unit test says when that was forgotten.
"""

import importlib
import pathlib
import pkgutil
import sys
import textwrap

import yaml

ROOT = pathlib.Path(__file__).parents[1]
FOLDER = ROOT / 'doc' / 'source' / 'reference'

sys.path.insert(0, str(ROOT))

from heat_docker import fields  # noqa: E402
from heat_docker import specs  # noqa: E402


def render(name, spec):
    """Return the page of a type as reStructuredText."""
    title = 'DockerInc::Docker::%s' % name.title()
    lines = ['=' * len(title), title, '=' * len(title), '',
             '.. Written by tools/reference.py from heat_docker/specs.', '',
             'Properties', '==========', '']
    for field in spec.FIELDS:
        lines += ['``%s``' % field.name,
                  '    :Type: %s' % field.type.lower(),
                  '    :Docker API: %s' % since(field),
                  '    :Change: %s' % change(field), '',
                  indented(str(field.doc)), '',
                  '    .. code-block:: yaml', '', example(field), '']
    if hasattr(spec, 'OPERATIONS'):
        lines += operations(spec.OPERATIONS)
    lines += ['Attributes', '==========', '']
    for attribute in spec.ATTRIBUTES:
        lines += ['``%s`` (%s)' % (attribute.name, attribute.type.lower()),
                  indented(str(attribute.doc)), '']
    return '\n'.join(lines)


def operations(table):
    """Return the lines about what signals can do."""
    lines = ['Signals', '=======', '']
    for operation in table:
        lines += ['``%s``' % operation.name, indented(
            str(operation.doc)[0].upper() + str(operation.doc)[1:] + '.'), '']
        for name, argument in operation.arguments.items():
            lines += [indented('``%s`` (%s): %s' % (
                name, argument.type.lower(), argument.doc)), '']
    return lines


def indented(text):
    """Return a paragraph, indented and wrapped."""
    return textwrap.fill(text, 76, initial_indent='    ',
                         subsequent_indent='    ', break_on_hyphens=False)


def example(field):
    """Return the example of a field as a template says it."""
    text = yaml.safe_dump({field.name: field.example}, sort_keys=False)
    return textwrap.indent(text.rstrip(), ' ' * 8)


def since(field):
    """Return the version of the API that a field needs, in words."""
    version = fields.version_text(field.since)
    if field.since == fields.OLDEST_API:
        version = 'any (%s)' % version
    return version + (', parts of it later' if fields.later_apis(field)
                      else '')


def change(field):
    """Return what a change of a field causes, in words."""
    if field.in_place and not field.can_be_removed_in_place:
        return 'in place; removing it replaces the resource'
    return 'in place' if field.in_place else 'replaces the resource'


def pages():
    """Yield the path and the content of each page."""
    for module in pkgutil.iter_modules(specs.__path__):
        spec = importlib.import_module('heat_docker.specs.' + module.name)
        if not hasattr(spec, 'ATTRIBUTES'):
            # Properties that types share, which are on the pages of these.
            continue
        yield FOLDER / (module.name + '.rst'), render(module.name, spec)


if __name__ == '__main__':
    for path, content in pages():
        path.write_text(content)
