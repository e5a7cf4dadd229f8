#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Test the plugin in the Heat of Debian's packages, release by release.

The packages are in a chroot that is kept. MariaDB, RabbitMQ, Keystone and
Docker belong to a sandbox.
"""

import contextlib
import dataclasses
import shutil
import threading
import time

from sandbox import cleaning
from sandbox import debian
from sandbox import errors
from sandbox import lifecycle
from sandbox import packages
from sandbox import state
from sandbox.services import base
from sandbox.services import debootstrap
from sandbox.services import packaged_heat

RELEASES = ('trixie', 'forky', 'sid')
COLUMNS = ('release', 'heat', 'python', 'docker', 'result', 'seconds')
TAIL = 30


@dataclasses.dataclass
class Result:
    release: str
    heat: str = ''
    python: str = ''
    docker: str = ''
    result: str = 'ok'
    seconds: str = ''


def run(layout, releases, fresh=False):
    """Test all releases and print a table; return 0 if all succeed, else 1.

    :param fresh: rebuild the chroots with the current packages.
    """
    packages.ensure()
    with lifecycle.sandbox(layout):
        results = [_try(layout, release, fresh) for release in releases]
    print()
    for line in table(results):
        print(line)
    return int(any(result.result != 'ok' for result in results))


def table(results):
    """Return the lines of a table of results."""
    rows = [COLUMNS, *(dataclasses.astuple(result) for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ['  '.join(cell.ljust(width) for cell, width
                      in zip(row, widths, strict=True)).rstrip()
            for row in rows]


def _try(layout, release, fresh):
    print(f'\nDebian {release}', flush=True)
    result = Result(release)
    begin = time.monotonic()
    try:
        _Trial(layout, release, fresh).run(result)
    except Exception as e:
        _explain(errors.root_cause(e))
        result.result = 'FAILED'
    result.seconds = f'{time.monotonic() - begin:.1f}'
    return result


def _explain(error):
    """Print the reason; the logs disappear with the sandbox."""
    print(f'  failed: {error or type(error).__name__}', flush=True)
    log = getattr(error, 'log', None)
    if log and log.exists():
        lines = log.read_text(errors='replace').splitlines()[-TAIL:]
        print('\n'.join([f'--- end of {log}', *lines, '---']), flush=True)


class _Trial:
    def __init__(self, layout, release, fresh):
        self.layout = layout
        self.current = state.load(layout.state)
        self.context = base.Context(
            layout, cleaning.Leftovers.load(layout.leftovers),
            threading.Event())
        self.chroot = debootstrap.Chroot(
            debian.cache('debian') / release, release)
        self.fresh = fresh

    def run(self, result):
        """Run the trial, and enter the versions into the result."""
        with contextlib.ExitStack() as stack:
            use = stack.enter_context
            use(debian.lock(self.chroot.folder))
            with self._step('packages'):
                if self.fresh:
                    shutil.rmtree(self.chroot.folder, ignore_errors=True)
                use(debootstrap.Build(
                    self.context, self.chroot, packaged_heat.PACKAGES))
            with self._step('plugin'):
                plugin = use(packaged_heat.Plugin(self.context, self.chroot))
                result.heat, result.python, result.docker = plugin.versions()
            with self._step('heat'):
                url = use(packaged_heat.heat(self.context, self.chroot,
                                             self.current))
            with self._step('tests'):
                use(packaged_heat.Tests(self.context, self.chroot,
                                        self.current, url))

    @contextlib.contextmanager
    def _step(self, title):
        begin = time.monotonic()
        yield
        print(f'  {title:<20}{time.monotonic() - begin:5.1f} s', flush=True)
