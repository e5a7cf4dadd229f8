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

"""Orders to a running sandbox: one line each way over a Unix socket.

From a test: ``control.order(state.load(), 'engine', 'kill')``.
"""

import contextlib
import pathlib
import socket

from sandbox import cleaning
from sandbox import errors
from sandbox import state as sandbox_state

ORDERS = {
    'engine': ('start', 'stop', 'restart', 'kill', 'kill-worker'),
    'docker': ('start', 'stop', 'restart', 'kill'),
    'docker-tls': ('start', 'stop', 'restart', 'kill'),
    'podman': ('start', 'stop', 'restart'),
}
TIMEOUT = 90


def path(short):
    return f'{short}/control.sock'


def order(state, service, action):
    """Send an order to the supervisor and wait until it is done.

    :param state: the sandbox's state.State.
    :param service: one of ORDERS.
    :param action: one of the actions of the service there.
    """
    layout = sandbox_state.Layout(pathlib.Path(state.logs).parent)
    short = cleaning.Leftovers.load(layout.leftovers).short
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(TIMEOUT)
        try:
            client.connect(path(short))
            client.sendall(f'{service} {action}\n'.encode())
            answer = client.makefile().readline().strip()
        except OSError as e:
            raise errors.SandboxError(
                f'the supervisor does not answer: {e}') from e
    if answer != 'ok':
        raise errors.SandboxError(answer or 'the supervisor is gone')


class Server:
    """The supervisor's end."""

    def __init__(self, short, services, obeyed):
        """Listen for orders.

        :param services: {name: service} of this sandbox.
        :param obeyed: function to call after each order, before the answer.
        """
        self._services = services
        self._obeyed = obeyed
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(path(short))
        self._socket.listen(8)
        self._socket.settimeout(0.5)

    def serve_one(self):
        """Carry out one order; return if none arrives for a moment."""
        try:
            connection, _ = self._socket.accept()
        except TimeoutError:
            return
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.settimeout(5)
            line = connection.makefile().readline()
            connection.sendall(f'{self._answer(line)}\n'.encode())

    def _answer(self, line):
        try:
            self._obey(*line.split())
            self._obeyed()
        except Exception as e:
            return ' '.join(f'{type(e).__name__}: {e}'.split())
        return 'ok'

    def _obey(self, name, action):
        if action not in ORDERS.get(name, ()):
            raise errors.SandboxError(f'no such order: {name} {action}')
        service = self._services.get(name)
        if service is None:
            raise errors.SandboxError(f'{name} is not ours to {action}')
        if action == 'restart':
            service.stop()
            service.start()
        else:
            getattr(service, action.replace('-', '_'))()

    def close(self):
        self._socket.close()
