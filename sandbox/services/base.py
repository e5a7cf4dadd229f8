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

"""The base of all services: a log file, deadlines, a record of the PID."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading

from pifpaf import drivers

from sandbox import cleaning
from sandbox import errors
from sandbox import processes
from sandbox import waiting

POLL = 0.05


class Context:
    """The state that the services of one sandbox share."""

    def __init__(self, layout, leftovers, stop):
        """Create the context.

        :param layout: state.Layout.
        :param leftovers: cleaning.Leftovers.
        :param stop: threading.Event; when set, nothing waits any longer.
        """
        self.layout = layout
        self.leftovers = leftovers
        # Directory with a short path, for Unix sockets.
        self.short = leftovers.short
        # Random word in the names of objects outside of the directory.
        self.tag = leftovers.tag
        self.stop = stop
        self.started = []
        self.namespace = processes.Namespace()

    @classmethod
    def beside(cls, layout):
        """Return a context for services beside those of a running sandbox.

        :param layout: state.Layout of the sandbox.
        """
        return cls(layout, cleaning.Leftovers.load(layout.leftovers),
                   threading.Event())

    def environment(self):
        # Programs of the running interpreter's venv first; daemons live in
        # sbin, which is not in every user's path.
        path = [os.path.dirname(sys.executable),
                os.environ.get('PATH', os.defpath), '/usr/sbin', '/sbin']
        return dict(os.environ, PATH=os.pathsep.join(path))


class Service(drivers.Driver):
    """A pifpaf driver whose programs write to a log and cannot block us.

    pifpaf's ``_exec`` reads a pipe until a line arrives, without a deadline.
    Here the output goes to ``logs/<name>.log``, so that it is complete even
    after a SIGKILL, and each wait has a deadline. Otherwise a pifpaf driver
    works on top of this class as it is.
    """

    name = None
    timeout = 120
    # The data is deleted anyway, so there is no need for a clean shutdown;
    # a service that has objects outside of the sandbox overrides this.
    stop_signal = signal.SIGKILL
    stop_timeout = 10

    def __init__(self, context, **kwargs):
        # A path through the short directory keeps sockets that a driver
        # creates within the limit of 107 characters.
        super().__init__(tmp_rootdir=os.path.join(context.short, 'data'),
                         **kwargs)
        self.context = context
        self.log = context.layout.log(self.name)
        self.process = None

    def putenv(self, key, value, raw=False):
        """Set a variable for our programs only: services start in threads."""
        if not raw:
            key = f'{self.env_prefix}_{key}'
        self.env[key] = value

    # The name and the parameters are those that pifpaf's drivers use.
    def _exec(self, command, stdout=False, ignore_failure=False, stdin=None,
              wait_for_line=None, wait_for_port=None, path=(), env=None,
              forbidden_line_after_start=None, allow_debug=True):
        env = dict(env or {})
        env['PATH'] = os.pathsep.join(
            [*path, self.context.environment()['PATH']])
        begin = self.log.stat().st_size if self.log.exists() else 0
        process = self.spawn(command, env)
        if wait_for_line:
            self.wait(lambda: re.search(wait_for_line, self.output(begin)),
                      f'the line "{wait_for_line}"')
        else:
            self.wait(lambda: process.poll() is not None,
                      f'the end of {command[0]}')
            if process.returncode and not ignore_failure:
                raise errors.ServiceError(
                    f'{command[0]} failed with {process.returncode}',
                    self.log)
        return process, self.output(begin).encode()

    def spawn(self, command, env=None):
        """Start a program in its own session; the caller waits for it."""
        complete_env = self.context.environment()
        complete_env.update(env or {})
        try:
            with open(self.log, 'ab') as log:
                self.process = self.context.namespace.popen(
                    command, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=subprocess.STDOUT, env=complete_env,
                    start_new_session=True)
        except OSError as e:
            raise errors.ServiceError(
                f'cannot run {command[0]}: {e.strerror}',
                self.log) from e
        self.leader = (self.process.pid,
                       processes.start_time(self.process.pid))
        self.context.started.append((self.name, *self.leader))
        self.addCleanup(self.end, self.process, self.leader)
        return self.process

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def output(self, begin=0):
        with open(self.log, 'rb') as log:
            log.seek(begin)
            return log.read().decode(errors='replace')

    def wait(self, probe, what):
        """Wait until probe() is true; any exception means "not yet"."""
        def is_ready():
            exited = self.process and self.process.poll() is not None
            with contextlib.suppress(Exception):
                if probe():
                    return True
            if self.context.stop.is_set():
                raise errors.Interrupted('interrupted')
            if exited:
                raise errors.ServiceError(
                    f'{self.name} ended with code '
                    f'{self.process.returncode}', self.log)
            return False

        try:
            waiting.until(is_ready, self.timeout, f'{self.name}: {what}',
                          pause=POLL)
        except errors.TimedOut as e:
            raise errors.ServiceError(str(e), self.log) from e

    def end(self, process, leader, number=None):
        """End a program and all of its group, gently first."""
        if processes.is_alive(*leader):
            processes.end(dict([leader]), number or self.stop_signal,
                          self.stop_timeout)
        processes.end_group(process)
