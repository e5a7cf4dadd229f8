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

"""Writes the tables of the page "Performance and sizing"."""

import json
import pathlib

from benchmarks import common

ADMIN = pathlib.Path(__file__).parents[1] / 'doc' / 'source' / 'admin'
ORDER = ('cost', 'polls', 'stack', 'stack-docker-28', 'project',
         'service')
HEAD = '.. Written by "python -m benchmarks page"; do not edit.\n'


def run(options):
    """Write the tables of the existing results."""
    found = {}
    for path in common.RESULTS.glob('*.json'):
        found[path.stem] = json.loads(path.read_text())
    folder = ADMIN / 'performance'
    folder.mkdir(exist_ok=True)
    for name in ORDER:
        if name in found:
            lines = [HEAD, *_claims(found[name])]
            more = globals().get('_of_' + name.partition('-')[0])
            if more:
                lines += ['', *more(found[name])]
            (folder / (name + '.inc')).write_text('\n'.join(lines) + '\n')


def table(header, *rows):
    """Return the lines of a table."""
    lines = ['.. list-table::', '   :header-rows: 1', '']
    for row in (header, *rows):
        lines += ['   %s - %s' % (' ' if index else '*', cell)
                  for index, cell in enumerate(row)]
    return lines


def number(value):
    """Return a number in a readable format."""
    if value is None:
        return 'absent'
    if isinstance(value, int) or value == int(value):
        return '%d' % value
    return '%.3g' % value if abs(value) < 1000 else '%d' % value


def _claims(result):
    met = {True: 'yes', False: '**no**', None: ''}
    return table(('claim', 'measured', 'goal', 'met'), *(
        (claim['text'], number(claim['value']),
         '' if claim['goal'] is None else '≤ %s' % number(claim['goal']),
         met[claim['met']]) for claim in result['claims'])) + [
        '', _where(result)]


def _where(result):
    machine, versions = result['machine'], result['versions']
    return '%s, %d rounds, on %s CPUs (%s, load %s); %s.' % (
        result['date'], result['rounds'], machine['cpus'],
        machine['model'], machine['load'], ', '.join(
            '%s %s' % item for item in versions.items() if item[1]))


def _medians(result, *keys):
    rows = []
    for name, rounds in result['results']['seconds'].items():
        rows.append((name, *(number(common.median(
            [one and one[key] for one in rounds])) for key in keys)))
    return table(('median of', *('%s, s' % key for key in keys)), *rows)


def _of_cost(result):
    return _medians(result, 'create', 'delete')


def _of_stack(result):
    debug = [] if result['results'].get('debug') is False else [
        '', 'Heat wrote its debug log.']
    return _medians(result, 'create', 'CPU of create', 'delete',
                    'CPU of delete') + debug


_of_project = _of_service = _of_stack


def _of_polls(result):
    keys = ('polls to create', 'create', 'polls to delete', 'delete')
    return table(
        ('container', 'polls to create', 'seconds', 'polls to delete',
         'seconds'),
        *((name, *(number(row[key]) for key in keys))
          for name, row in result['results']['medians'].items()))
