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

"""Shared by all benchmarks: rounds, medians, the machine, and results.

A time does not apply to another machine, or to this one under another load.
So the variants run alternately, and each claim is the median of the ratios of
all rounds.
"""

import dataclasses
import importlib.metadata
import json
import os
import pathlib
import platform
import statistics
import time

import psutil

RESULTS = pathlib.Path(__file__).parent / 'results'

PACKAGES = ('openstack-heat', 'docker', 'requests', 'urllib3')

# Read before this process does anything.
_LOAD = round(os.getloadavg()[0], 1)

# A container that runs until it is stopped, and then stops at once.
COMMAND = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait']


class Failed(Exception):
    """The operation to be timed failed."""


@dataclasses.dataclass
class Claim:
    """A claim and its goal.

    :ivar value: a ratio or a number.
    :ivar goal: the maximum; None if there is no goal.
    """

    text: str
    value: float | None
    goal: float | None = None

    def as_dict(self):
        """Return it for JSON, with whether the goal is met."""
        met = None if None in (self.value, self.goal) else (
            self.value <= self.goal)
        return {**dataclasses.asdict(self), 'met': met}


def seconds(function, *args):
    """Return how long a function takes."""
    begin = time.monotonic()
    function(*args)
    return time.monotonic() - begin


def life(create, delete):
    """Return how long two functions take, and how much CPU time.

    :returns: seconds by ``create`` and ``delete``, and, by ``CPU of`` them,
        the seconds for which a processor was busy with any task.
    """
    took = {}
    for action, function in (('create', create), ('delete', delete)):
        before = _busy()
        took[action] = seconds(function)
        took['CPU of ' + action] = _busy() - before
    return took


def _busy():
    times = psutil.cpu_times()
    return (times.user + times.nice + times.system + times.irq
            + times.softirq)


def alternately(rounds, things):
    """Run functions alternately and return their results.

    Every other round runs in reverse order, so that no function always runs
    after the same one.

    :param dict things: functions by name; they return a number, or a map of
        numbers, or None if there is none, as if they raise :class:`Failed`.
    :returns: map of name to the list of results.
    """
    returned = {name: [] for name in things}
    for number in range(rounds):
        names = list(things)
        for name in names if number % 2 == 0 else reversed(names):
            try:
                value = things[name]()
            except Failed as ex:
                print('  %s' % ex, flush=True)
                value = None
            print('  round %d, %s: %s' % (number + 1, name, _told(value)),
                  flush=True)
            returned[name].append(value)
    return returned


def _told(value):
    if isinstance(value, dict):
        return ', '.join('%s %s' % (key, _told(part))
                         for key, part in value.items())
    return '%.3f' % value if isinstance(value, float) else value


def column(returned, *path):
    """Return one number of each round, by the function's name and the key."""
    values = returned[path[0]]
    return [value if len(path) == 1 else value and value.get(path[1])
            for value in values]


def ratio(mine, others):
    """Return the median of the ratios of all rounds, or None."""
    pairs = [one / other for one, other in zip(mine, others, strict=True)
             if one is not None and other]
    return round(statistics.median(pairs), 3) if pairs else None


def median(values):
    """Return the median of the numbers among the values, or None."""
    numbers = [value for value in values if value is not None]
    return round(statistics.median(numbers), 4) if numbers else None


def machine():
    """Return the facts of this machine."""
    model = [found.partition(':')[2].strip() for found
             in pathlib.Path('/proc/cpuinfo').read_text().splitlines()
             if found.startswith('model name')]
    return {'cpus': os.cpu_count(), 'model': model[0] if model else None,
            'memory_mb': psutil.virtual_memory().total // 2 ** 20,
            'kernel': platform.release(),
            'load': _LOAD}


def versions(docker):
    """Return the versions of the software.

    :param docker: client of the daemon, or None.
    """
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    found['python'] = platform.python_version()
    if docker is not None:
        told = docker.version()
        found['dockerd'] = told['Version']
        found['api'] = told['ApiVersion']
    return found


def save(name, facts, rounds, claims, **results):
    """Write the result of a benchmark, and print its claims.

    :param dict facts: ``machine`` and ``versions``.
    """
    RESULTS.mkdir(exist_ok=True)
    told = [claim.as_dict() for claim in claims]
    path = RESULTS / (name + '.json')
    path.write_text(json.dumps(
        {'benchmark': name, 'date': time.strftime('%Y-%m-%d'),
         'rounds': rounds, **facts, 'claims': told, 'results': results},
        indent=1) + '\n')
    for claim in told:
        print('  %s: %s%s' % (
            claim['text'], claim['value'], '' if claim['goal'] is None else
            ' (goal %s: %s)' % (claim['goal'], {
                True: 'met', False: 'MISSED', None: 'absent'}[claim['met']])))
    print('  -> %s' % path, flush=True)
