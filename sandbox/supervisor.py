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

"""The process that starts a sandbox, waits, and stops it.

``up`` starts the supervisor with its standard output on a pipe, and prints the
output until the line READY. If the pipe closes earlier, or on SIGTERM, the
supervisor stops all services.
"""

import contextlib
import os
import secrets
import signal
import sys
import tempfile
import threading

from sandbox import cleaning
from sandbox import cloud
from sandbox import control
from sandbox import errors
from sandbox import processes
from sandbox import state
from sandbox.services import base

READY = 'ready'
TAIL = 30


class Supervisor:
    def __init__(self, layout, engine):
        self.layout = layout
        self.engine = engine
        self.stop = threading.Event()
        self._print_lock = threading.Lock()

    def say(self, line):
        """Print a line for ``up``; stop if it has ended."""
        with self._print_lock:
            try:
                print(line, flush=True)
            except BrokenPipeError:
                self.stop.set()

    def report(self, title, seconds, detail):
        line = f'  {title:<20}{seconds:5.1f} s'
        self.say(f'{line}  {detail}' if detail else line)

    def run(self):
        """Return the exit code."""
        self.layout.create()
        # A directory with a short name, because the path of a Unix socket
        # is limited to 107 characters (man 7 unix).
        short = tempfile.mkdtemp(prefix='hd-', dir='/tmp')
        os.symlink(self.layout.data, os.path.join(short, 'data'))
        leftovers = cleaning.Leftovers(
            tag=f'hd-{secrets.token_hex(3)}', short=short,
            supervisor=[os.getpid(), processes.start_time(os.getpid())])
        leftovers.save(self.layout.leftovers)
        context = base.Context(self.layout, leftovers, self.stop)
        running = cloud.Cloud(context, self.engine, self.report)
        try:
            with running:
                self._hold(running)
            return 0
        except Exception as e:
            self._explain(errors.root_cause(e))
            return 1
        finally:
            self.layout.state.unlink(missing_ok=True)
            context.namespace.end()
            cleaning.sweep(leftovers, str(self.layout.data))

    def _hold(self, running):
        services = {'engine': running.heat_engine,
                    'docker-tls': running.tls_docker,
                    'podman': running.podman}
        if running.docker:
            services['docker'] = running.docker

        def save():
            running.state().save(self.layout.state)

        server = control.Server(running.context.short, services, save)
        running.addCleanup(server.close)
        save()
        self.say(READY)
        # ``up`` does not read the pipe any longer.
        with open(self.layout.log('supervisor'), 'ab') as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        while not self.stop.is_set():
            server.serve_one()
        self.layout.state.unlink(missing_ok=True)

    def _explain(self, error):
        self.say(f'failed: {error}')
        log = getattr(error, 'log', None)
        if log and log.exists():
            lines = log.read_text(errors='replace').splitlines()[-TAIL:]
            self.say('\n'.join([f'--- end of {log}', *lines, '---']))
        elif not isinstance(error, errors.SandboxError):
            self.say(f'({type(error).__name__})')


def main():
    supervisor = Supervisor(state.Layout(sys.argv[1]), sys.argv[2])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.stop.set())
    code = supervisor.run()
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    # Ignore a broken pipe at exit.
    os._exit(code)


if __name__ == '__main__':
    main()
