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

"""Start a sandbox, run a program in it, and stop it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

from sandbox import cleaning
from sandbox import engines
from sandbox import errors
from sandbox import network
from sandbox import processes
from sandbox import state
from sandbox import supervisor

DOWN_TIMEOUT = 120


def is_up(layout):
    """Return whether the sandbox is ready to use."""
    return layout.state.exists() and _is_supervised(layout)


def _is_supervised(layout):
    try:
        leftovers = cleaning.Leftovers.load(layout.leftovers)
    except FileNotFoundError:
        return False
    return processes.is_alive(*leftovers.supervisor)


def up(layout, engine=engines.DEFAULT):
    """Start the supervisor and follow it until the sandbox is ready.

    :param engine: one of engines.NAMES.
    """
    if is_up(layout):
        found = state.load(layout.state).engine
        if found != engine:
            raise errors.SandboxError(
                f'The sandbox in {layout.folder} is up with the engine '
                f'{found}, not {engine}.')
        print(f'The sandbox in {layout.folder} is up already.')
        return
    if os.geteuid():
        raise errors.SandboxError('only root can start a sandbox')
    if _is_supervised(layout):
        raise errors.SandboxError(
            f'The sandbox in {layout.folder} is just starting or stopping.')
    if layout.leftovers.exists():
        down(layout)
    elif layout.folder.exists() and any(layout.folder.iterdir()):
        # ``down`` deletes the directory, so it must be ours.
        raise errors.SandboxError(f'{layout.folder} is not empty')
    print(f'Starting the sandbox in {layout.folder}', flush=True)
    begin = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, '-m', 'sandbox.supervisor', str(layout.folder),
         engine],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True, text=True,
        cwd=state.ROOT)
    try:
        for line in process.stdout:
            if line.strip() == supervisor.READY:
                print(f'Ready after {time.monotonic() - begin:.1f} s.',
                      flush=True)
                return
            print(line, end='', flush=True)
    except BaseException:
        # Ctrl-C, or SIGTERM turned into an exception by the caller.
        process.stdout.close()
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=DOWN_TIMEOUT)
        down(layout)
        raise
    process.wait(timeout=DOWN_TIMEOUT)
    raise errors.SandboxError(
        'The sandbox did not start; everything is stopped again. '
        f'The logs are in {layout.logs}')


def down(layout):
    """Stop the sandbox and remove all of it, if there is one."""
    try:
        leftovers = cleaning.Leftovers.load(layout.leftovers)
    except FileNotFoundError:
        print(f'No sandbox in {layout.folder}.')
        return
    begin = time.monotonic()
    supervised = dict([leftovers.supervisor])
    processes.end(supervised, signal.SIGTERM, DOWN_TIMEOUT)
    processes.end(supervised)
    # The supervisor cleaned up, unless it was killed.
    cleaning.sweep(leftovers, str(layout.data))
    shutil.rmtree(layout.folder)
    print(f'Nothing is left of the sandbox in {layout.folder} '
          f'({time.monotonic() - begin:.1f} s).')


def environment(layout):
    """Return the environment of a command that uses the sandbox."""
    current = state.load(layout.state)
    return dict(os.environ, **{
        'OS_CLOUD': 'sandbox',
        'OS_CLIENT_CONFIG_FILE': current.clouds_file,
        'DOCKER_HOST': current.docker['endpoint'],
        'SANDBOX_REGISTRY': current.registry,
        state.ENV_FILE: str(layout.state),
        'PATH': os.pathsep.join([os.path.dirname(sys.executable),
                                 os.environ.get('PATH', os.defpath)]),
    })


@contextlib.contextmanager
def sandbox(layout, engine=engines.DEFAULT):
    """Keep a sandbox up while the block runs, unless one is up already."""
    was_up = is_up(layout)
    up(layout, engine)
    try:
        yield
    finally:
        if not was_up:
            down(layout)


def run(layout, command, engine=engines.DEFAULT):
    """Run a command in the sandbox; return its exit code."""
    with sandbox(layout, engine):
        network.enter(state.load(layout.state).supervisor_pid)
        try:
            process = subprocess.Popen(command, env=environment(layout))
        except OSError as e:
            raise errors.SandboxError(
                f'cannot run {command[0]}: {e.strerror}') from e
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=30)
            raise
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def logs(layout, service=None, follow=False):
    """Print a log, or list all logs."""
    if not layout.logs.is_dir():
        raise errors.SandboxError(f'No sandbox in {layout.folder}.')
    if service is None:
        for path in sorted(layout.logs.iterdir()):
            print(f'{path.stem:<20}{path.stat().st_size:>10}  {path}')
        return 0
    if not layout.log(service).exists():
        names = ', '.join(sorted(p.stem for p in layout.logs.iterdir()))
        raise errors.SandboxError(f'no log of {service}; there are {names}')
    command = ['tail', '-f'] if follow else ['cat']
    return subprocess.call([*command, str(layout.log(service))])
