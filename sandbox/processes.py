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

"""The processes of a sandbox: their namespace, and how to end them."""

import contextlib
import os
import signal
import subprocess

from sandbox import errors
from sandbox import network
from sandbox import waiting

# From sched.h.
CLONE_NEWPID = 0x20000000
POLL = 0.02


class Namespace:
    """A namespace of PIDs and mounts that ends with its creator.

    The kernel kills all processes in it when its first process ends, which
    is when the pipe to its standard input closes.
    https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
    """

    def __init__(self):
        self._started = []
        self._outer = subprocess.Popen(
            ['unshare', '--pid', '--fork', '--mount', '--propagation',
             'slave', '--mount-proc', 'sh', '-c',
             'readlink /proc/self/ns/pid; cat >/dev/null; exit'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True)
        self._outer.stdout.readline()
        children = f'/proc/{self._outer.pid}/task/{self._outer.pid}/children'
        with open(children) as f:
            first = f.read().strip()
        self._pids = os.open(f'/proc/{first}/ns/pid', os.O_RDONLY)
        self._own = os.open('/proc/self/ns/pid', os.O_RDONLY)
        self._enter = ['nsenter', f'--mount=/proc/{first}/ns/mnt',
                       f'--wd={os.getcwd()}']

    def popen(self, command, **kwargs):
        """Start a program in the namespace; its PID is that of the host."""
        network.libc('setns', self._pids, CLONE_NEWPID)
        try:
            process = subprocess.Popen([*self._enter, *command], **kwargs)
        finally:
            network.libc('setns', self._own, CLONE_NEWPID)
        self._started.append(process)
        return process

    def end(self):
        """Kill all processes in the namespace."""
        self._outer.stdin.close()
        # The first process ends only when all others are reaped.
        for process in [*self._started, self._outer]:
            process.wait()


def _stat(pid):
    try:
        with open(f'/proc/{pid}/stat') as f:
            # The second field is the name in parentheses, spaces allowed.
            return f.read().rpartition(')')[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def start_time(pid):
    """Return the clock ticks from boot to the start of a process, or None.

    PIDs are recycled, so a PID alone does not identify a process. psutil's
    create_time() is no alternative: it changes with the clock.
    """
    stat = _stat(pid)
    return int(stat[19]) if stat else None


def is_alive(pid, started):
    stat = _stat(pid)
    return bool(stat) and stat[0] not in 'ZX' and int(stat[19]) == started


def end(found, number=signal.SIGKILL, timeout=10):
    """Signal processes, and wait until they end, or for a timeout.

    :param found: {pid: start time}.
    """
    for pid, started in found.items():
        with contextlib.suppress(ProcessLookupError):
            if is_alive(pid, started):
                os.kill(pid, number)

    with contextlib.suppress(errors.TimedOut):
        waiting.until(lambda: not any(is_alive(*one) for one in found.items()),
                      timeout, 'the end of processes', pause=POLL)


def end_group(process):
    """Kill the processes of a group whose leader we started."""
    def is_gone():
        # A leader counts until it is reaped.
        process.poll()
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return True

    waiting.until(is_gone, 10, f'the end of group {process.pid}', pause=POLL)
