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

"""Compare all projects, and say what was compared.

``python -m tests.differential RESULTS [ARGUMENTS]`` in a sandbox, with the
directory of the results and arguments of ``stestr run``.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys

from tests.differential import base
from tests.differential import wanted as differences

# As many as the cores of a small host: each waits for Heat most of the time.
_WORKERS = '3'


def main(results, *arguments):
    """Run the tests and return the exit code."""
    record = pathlib.Path(results, 'compared.jsonl').absolute()
    record.parent.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    result = subprocess.call(
        [sys.executable, '-m', 'stestr', '--test-path',
         './tests/differential', '--repo-url', str(results), 'run',
         '--concurrency', _WORKERS, *arguments],
        env={**os.environ, base.ENV_RECORD: str(record)})
    if record.exists():
        print(summary(map(json.loads, record.read_text().splitlines())))
    return result


def summary(records):
    """Return what was compared as text."""
    kinds, releases = collections.Counter(), collections.Counter()
    wanted = collections.Counter()
    number = 0
    for record in records:
        number += 1
        kinds.update(record['objects'])
        releases.update(record['composes'])
        wanted.update(record['wanted'])
    lines = ['%d projects: %s' % (number, ', '.join(
        '%d %ss' % (count, kind) for kind, count in sorted(kinds.items()))),
        'compared with ' + ', '.join(
            '%s (%d projects)' % one for one in sorted(releases.items())),
        '%d differences that are wanted:' % sum(wanted.values())]
    for entry in differences.WANTED:
        wanted.setdefault('%s %s' % (entry.kind, entry.path), 0)
    return '\n'.join([*lines, *(
        '  %5d  %s' % (count, name) for name, count in wanted.most_common())])


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
