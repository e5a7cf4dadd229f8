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

"""Writes the tables and the plot of the page "Performance and sizing"."""

import json
import pathlib

import matplotlib
import matplotlib.pyplot

from benchmarks import common

ADMIN = pathlib.Path(__file__).parents[1] / 'doc' / 'source' / 'admin'
ORDER = ('cost', 'polls', 'stack', 'stack-docker-28', 'apart', 'growth',
         'pulls', 'attributes', 'load', 'blocked')
HEAD = '.. Written by "python -m benchmarks page"; do not edit.\n'


def run(options):
    """Write what can be written of the results that are there."""
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
                lines += ['', *more(found, name)]
            (folder / (name + '.inc')).write_text('\n'.join(lines) + '\n')
    if 'growth' in found:
        _plot(found['growth'], folder / 'growth.svg')


def table(header, *rows):
    """Return the lines of a table."""
    lines = ['.. list-table::', '   :header-rows: 1', '']
    for row in (header, *rows):
        lines += ['   %s - %s' % (' ' if index else '*', cell)
                  for index, cell in enumerate(row)]
    return lines


def number(value):
    """Return a number as it is read best."""
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


def _of_cost(found, name):
    return _medians(found[name], 'create', 'delete')


def _of_stack(found, name):
    return _medians(found[name], 'create', 'CPU of create', 'delete',
                    'CPU of delete')


_of_apart = _of_stack
_of_blocked = _of_cost


def _of_polls(found, name):
    after = found[name]['results']['medians']
    before = found.get('polls-before', {}).get('results', {}).get(
        'medians', {})
    return table(
        ('container', 'polls to create, before', 'now', 'seconds, before',
         'now', 'polls to delete, before', 'now', 'seconds, before', 'now'),
        *((name, *(number(side.get(name, {}).get(key))
                   for key in ('polls to create', 'create',
                               'polls to delete', 'delete')
                   for side in (before, after))) for name in after))


def _of_growth(found, name):
    results = found[name]['results']
    keys = list(results['medians'])
    return table(
        ('containers', *('%s, MB' % key if key == 'memory' else
                         '%s, s' % key if key in ('create', 'delete') else
                         key for key in keys)),
        *((size, *(number(results['medians'][key][index] / (
            1e6 if key == 'memory' else 1)) for key in keys))
          for index, size in enumerate(results['sizes'])))


def _plot(result, path):
    matplotlib.use('svg')
    matplotlib.rcParams.update({'svg.fonttype': 'none',
                                'svg.hashsalt': 'heat_docker'})
    results = result['results']
    sizes = results['sizes']
    figure, axes = matplotlib.pyplot.subplots(1, 3, figsize=(10, 3))
    for axis, keys, unit, scale in (
            (axes[0], ('create', 'delete'), 'seconds', 1),
            (axes[1], ('requests to create', 'requests to delete'),
             'requests', 1),
            (axes[2], ('memory',), 'MB more in heat-engine', 1e6)):
        for key in keys:
            points = axis.plot(
                sizes, [value / scale for value in results['medians'][key]],
                'o', label=key)
            fit = results['lines'][key]
            axis.plot([0, sizes[-1]],
                      [(fit['intercept'] + fit['slope'] * x) / scale
                       for x in (0, sizes[-1])],
                      color=points[0].get_color(), linewidth=1)
        axis.set_xlabel('containers')
        axis.set_ylabel(unit)
        axis.set_ylim(bottom=0)
        axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={'Date': None})
