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

"""The command line: ``python -m benchmarks NAME ...``."""

import argparse
import importlib
import sys
import time

BENCHMARKS = ('cost', 'polls', 'stack', 'project', 'service')


def main():
    parser = argparse.ArgumentParser(
        prog='python -m benchmarks',
        description='Measure the plugin, on a sandbox that is up.')
    parser.add_argument(
        'names', nargs='*', metavar='NAME', default=[*BENCHMARKS, 'page'],
        choices=[*BENCHMARKS, 'page', [*BENCHMARKS, 'page']],
        help='some of %s; page writes the tables of the documentation. '
        'Default: all' % ', '.join(BENCHMARKS))
    parser.add_argument('--rounds', type=int, metavar='N',
                        help='how many turns; each has its own default')
    parser.add_argument('--containers', type=int, metavar='N',
                        help='how many, for a quick look')
    parser.add_argument('--plugin', metavar='DIR',
                        help='take the plugin from the checkout DIR, for '
                        'cost and polls')
    parser.add_argument('--save', metavar='NAME',
                        help='name of the result, of polls and stack')
    options = parser.parse_args()
    if options.plugin:
        sys.path.insert(0, options.plugin)
    for name in options.names:
        print(name, flush=True)
        begin = time.monotonic()
        importlib.import_module('benchmarks.' + name).run(options)
        print('  %.0f s' % (time.monotonic() - begin), flush=True)


if __name__ == '__main__':
    main()
