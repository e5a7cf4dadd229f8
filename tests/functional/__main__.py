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

"""Run the functional tests; rerun a few failed tests serially.

Once in thousands of stacks, Heat drops a delete, Docker drops an event, or
Keystone refuses a trust, and a full run creates hundreds of stacks. A test
that also fails in the serial run, or many failures, indicate a bug.
The output lists the tests that were rerun, so that they can be examined.
"""

import pathlib
import shutil
import subprocess
import sys

# More failures than this are not random.
_FEW = 3

# The tests share one Heat and one Docker; two workers per core keep them busy
# while Heat waits.
_WORKERS = '4'


def _stestr(results):
    return [sys.executable, '-m', 'stestr',
            '--test-path', './tests/functional',
            '--repo-url', str(results)]


def main(results, *arguments):
    """Run the tests and return the exit code.

    :param results: folder for the results of stestr; those of the tests that
        are rerun are in its directory ``again``.
    :param arguments: of ``stestr run``.
    """
    again = pathlib.Path(results, 'again')
    shutil.rmtree(again, ignore_errors=True)
    result = subprocess.call([*_stestr(results), 'run', '--concurrency',
                              _WORKERS, *arguments])
    if result == 0:
        return 0
    failed = subprocess.run([*_stestr(results), 'failing', '--list'],
                            stdout=subprocess.PIPE, text=True).stdout.split()
    if not 0 < len(failed) <= _FEW:
        return result
    print('\nOnce more, alone:', *failed, sep='\n  ', flush=True)
    again.mkdir()
    tests = again / 'tests'
    tests.write_text('\n'.join(failed))
    return subprocess.call([*_stestr(again), 'run', '--serial',
                            '--load-list', str(tests)])


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
