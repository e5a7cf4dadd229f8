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

"""The same stack, with the daemon on a processor of its own.

As with a daemon on another host, it does not take from Heat what it needs.
The daemon has the first processor of this machine for itself; Heat, and the
others that make containers, share the second one.
"""

import contextlib
import os
import pathlib

import psutil

from benchmarks import heat
from benchmarks import peers
from benchmarks import stack


def run(options):
    """Run it."""
    cloud = heat.Cloud()
    daemon, rest = sorted(os.sched_getaffinity(0))[:2]
    with _confined(cloud.state.services, daemon, rest):
        stack.compare(cloud, options, 'apart', peers.Compose)


@contextlib.contextmanager
def _confined(services, daemon, rest):
    """Give the daemon a processor, and all others another one."""
    everywhere = os.sched_getaffinity(0)
    groups = {name: _family(service['pid'])
              for name, service in services.items()}
    groups['me'] = [os.getpid()]
    try:
        for name, processes in groups.items():
            _confine(processes, {daemon if name == 'dockerd' else rest})
        yield
    finally:
        for processes in groups.values():
            _confine(processes, everywhere)


def _family(pid):
    process = psutil.Process(pid)
    return [pid, *(child.pid for child in process.children(recursive=True))]


def _confine(processes, where):
    """Have all threads of processes, and what they start, run there."""
    for pid in processes:
        with contextlib.suppress(OSError):
            for thread in pathlib.Path('/proc', str(pid), 'task').iterdir():
                os.sched_setaffinity(int(thread.name), where)
