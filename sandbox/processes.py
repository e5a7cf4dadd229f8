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

"""Which processes belong to a sandbox, and how to end them by pid.

A number alone is no identity: pids are recycled. A process is ours when its
pid *and* start time were recorded, when it lives in the session of such a
process, or when it carries the sandbox's random tag: in its environment, as
everything started by a service does, or in its control group, as every
container of the sandbox's own Docker Engine does.
"""

import contextlib
import os
import signal

import psutil

from sandbox import errors
from sandbox import waiting

ENV_TAG = 'HEAT_DOCKER_SANDBOX_TAG'
POLL = 0.02


def _stat(pid):
    try:
        with open(f'/proc/{pid}/stat') as f:
            # The second field is the name in parentheses, spaces allowed.
            return f.read().rpartition(')')[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def start_time(pid):
    """Clock ticks from boot to the start of a process; None if it is gone.

    Read from the kernel because psutil's create_time() moves when the
    clock is set.
    """
    stat = _stat(pid)
    return int(stat[19]) if stat else None


def is_alive(pid, started):
    stat = _stat(pid)
    return bool(stat) and stat[0] not in 'ZX' and int(stat[19]) == started


def _read(path):
    try:
        with open(path, 'rb') as f:
            return f.read()
    except OSError:
        return b''


def _is_tagged(pid, tag):
    setting = f'{ENV_TAG}={tag}'.encode()
    return (setting in _read(f'/proc/{pid}/environ').split(b'\0')
            or f'/{tag}/'.encode() in _read(f'/proc/{pid}/cgroup'))


def _session(pid):
    with contextlib.suppress(OSError):
        return os.getsid(pid)


def find(recorded, tag=None):
    """Return {pid: start time} of the living processes of a sandbox.

    :param recorded: iterable of (pid, start time) of session leaders.
    :param tag: the sandbox's tag, to find strays as well.
    """
    # A dead leader's pid is not reused while its session has members, so
    # only a *different* living leader makes the number foreign.
    sessions = {pid for pid, started in recorded
                if start_time(pid) in (None, started)}
    found = {}
    for pid in psutil.pids():
        started = start_time(pid)
        if pid == os.getpid() or not is_alive(pid, started):
            continue
        if _session(pid) in sessions or (tag and _is_tagged(pid, tag)):
            found[pid] = started
    return found


def end(found, number=signal.SIGKILL, timeout=10):
    """Signal the processes of find(); return those alive after timeout."""
    for pid, started in found.items():
        with contextlib.suppress(ProcessLookupError):
            if is_alive(pid, started):
                os.kill(pid, number)
    def alive():
        return {pid: started for pid, started in found.items()
                if is_alive(pid, started)}

    with contextlib.suppress(errors.TimedOut):
        waiting.until(lambda: not alive(), timeout, 'end', pause=POLL)
    return alive()
