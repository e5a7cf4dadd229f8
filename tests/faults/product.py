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

"""Run the product of all actions, all their API calls, and all faults.

``python -m tests.faults`` in a sandbox. See
doc/source/contributor/faults.rst.
"""

import argparse
import collections
import fnmatch
import multiprocessing
import random
import time
import unittest

from tests.faults import base
from tests.faults import faults
from tests.faults import scenarios

# The cases wait for timeouts most of the time.
_WORKERS = 6


def main(arguments=None):
    """Run cases and return the exit code."""
    args = _parse(arguments)
    begin = time.monotonic()
    with multiprocessing.get_context('spawn').Pool(
            args.workers, maxtasksperchild=400) as pool:
        cases, broken = _cases(pool, args)
        print('%d cases, seed %d' % (len(cases), args.seed), flush=True)
        failed = dict(broken)
        done, skipped = collections.Counter(), 0
        for case, outcome, text in pool.imap_unordered(_run, cases):
            if outcome == 'skipped':
                skipped += 1
                continue
            done[case.scenario, case.fault] += 1
            if outcome == 'failed':
                failed[case] = text
                print('\n%s FAILED\n%s' % (case, text), flush=True)
            elif args.verbose:
                print('%s ok' % case, flush=True)
    print(_table(done))
    print('%d cases, %d failed, %d without the call, in %d s' % (
        sum(done.values()), len(failed), skipped, time.monotonic() - begin))
    for case in failed:
        print('  %s' % case)
    return 1 if failed else 0


def _parse(arguments):
    parser = argparse.ArgumentParser(prog='python -m tests.faults')
    parser.add_argument(
        'cases', nargs='*', metavar='PATTERN', default=['*'],
        help='cases such as container/create/reset-after/3; each part can be '
        'a pattern of the shell, and missing parts mean all')
    parser.add_argument('--sample', type=int, metavar='COUNT',
                        help='only so many cases, chosen at random')
    parser.add_argument('--seed', type=int, default=random.randrange(10 ** 6),
                        help='of the sample and of the order')
    parser.add_argument('--workers', type=int, default=_WORKERS)
    parser.add_argument('--verbose', action='store_true')
    return parser.parse_args(arguments)


def _cases(pool, args):
    """Return the cases, and the scenarios that fail without a fault."""
    patterns = [(pattern.split('/') + 4 * ['*'])[:4] for pattern in args.cases]
    names = [name for name in scenarios.SCENARIOS if any(
        fnmatch.fnmatch(name, '/'.join(pattern[:2])) for pattern in patterns)]
    found, broken = [], {}
    for case, outcome, told in pool.imap_unordered(
            _count, map(base.Case, names)):
        if outcome == 'failed':
            broken[case] = told
            print('\n%s FAILED\n%s' % (case, told), flush=True)
            continue
        if args.verbose:
            print('%s: %d calls' % (case.scenario, told))
        found += [base.Case(case.scenario, fault, number)
                  for fault in faults.FAULTS
                  for number in range(1, told + 1)]
    found = sorted((case for case in found if any(
        fnmatch.fnmatch(str(case), '/'.join(pattern))
        for pattern in patterns)), key=str)
    random.Random(args.seed).shuffle(found)
    return found[:args.sample], broken


def _run(case):
    """Run a case in a worker.

    :returns: the case, its outcome, and why.
    """
    outcome, text, _test = _outcome(case)
    return case, outcome, text


def _count(case):
    """Run a scenario without a fault in a worker.

    :returns: the case, its outcome, and the number of its calls, or why.
    """
    outcome, text, test = _outcome(case)
    return case, outcome, text if outcome == 'failed' else len(test.calls)


def _outcome(case):
    test = base.FaultTest('run_case')
    test.case = case
    result = unittest.TestResult()
    test.run(result)
    wrong = [text for _test, text in [*result.errors, *result.failures]]
    if wrong:
        return 'failed', '\n'.join(wrong), test
    return ('skipped' if result.skipped else 'ok'), '', test


def _table(done):
    """Return the number of cases by type, action and fault, as text."""
    lines = []
    for scenario in scenarios.SCENARIOS:
        counts = [done[scenario, fault] for fault in faults.FAULTS]
        if any(counts):
            lines.append('%-30s %5d   %s' % (
                scenario, sum(counts), ' '.join('%4d' % count
                                                for count in counts)))
    heads = ' '.join('%4s' % number for number in range(1, len(
        faults.FAULTS) + 1))
    legend = ', '.join('%d %s' % one for one in enumerate(faults.FAULTS, 1))
    return '\n'.join(['', '%-30s %5s   %s' % ('', 'all', heads), *lines,
                      legend])


