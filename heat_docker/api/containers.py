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

"""The requests about containers.

Paths and shapes: https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

import contextlib
import struct
import time

from .. import conf
from .. import errors
from .. import i18n
from . import collection

_ = i18n._

_PIECE = 64 * 1024
_FRAME_HEADER = struct.Struct('>BxxxL')
_COPY_TIMEOUT = 3600.0
_COMMIT_TIMEOUT = 3600.0
_PODMAN_LINES = 4096


class Containers(collection.Collection):
    """The containers of a daemon.

    An ID may be a name where Docker allows it.
    """

    PATH, INSPECT, LIST = '/containers', '/json', '/json'
    LIST_QUERY = {'all': '1'}
    SHOWN = 'State'
    LABELS = 'Config', 'Labels'

    # Seconds that a container has to end by itself, unless it says otherwise.
    GRACE = 10

    # How long a request waits for a container to stop: the first poll makes
    # two, so that one that takes Docker's ten seconds needs one poll. How long
    # it waits if other resources have to wait for that poll. And how long
    # after its grace period a daemon is asked again.
    STOP_PATIENCE = 5.5
    STOP_PATIENCE_IN_TURN = 1.0
    STOP_AGAIN = 5.0

    def create(self, query, body):
        """Create a container and return its id and the daemon's warnings."""
        with self._client.throttled():
            answer = self._create(query=query, body=body)
        return answer['Id'], self._client.warnings_of(answer)

    def start(self, container):
        """Start a container; one that runs already is left alone."""
        with self._client.throttled():
            self._client.request('POST', '/containers/%s/start', container)

    def stop(self, container, grace, patience):
        """Stop a container, killing it after a grace period.

        :param grace: seconds that it has to end by itself; None is what it
            was created with, or :data:`GRACE`.
        :param float patience: seconds to wait. The daemon goes on stopping
            the container after :class:`errors.AnswerTimeout`.
        """
        with self._client.throttled_leaving() as turn:
            waited = min(patience, turn.pace) if turn else patience
            begin = time.monotonic()
            try:
                self._client.request('POST', '/containers/%s/stop', container,
                                     query=self._grace(grace), timeout=waited)
            except errors.AnswerTimeout:
                if waited == patience:
                    raise
                turn.stopped(None)
            else:
                if turn:
                    self._await_leaving(container)
                    turn.stopped(time.monotonic() - begin)
                return
        self._client.request('POST', '/containers/%s/wait', container,
                             timeout=patience - waited)

    def _await_leaving(self, container):
        """Wait until a stopped container has left its networks.

        Docker reports the stop before the container has left its networks,
        but answers an inspect request only after that:
        https://github.com/moby/moby/blob/v20.10.24/daemon/monitor.go#L27.
        """
        with contextlib.suppress(errors.NotFound):
            self._client.request('GET', '/containers/%s/json', container)

    def restart(self, container, grace, patience):
        """Stop and start a container; see :meth:`stop`."""
        self._client.request('POST', '/containers/%s/restart', container,
                             query=self._grace(grace),
                             timeout=patience)

    def _grace(self, grace):
        """Return the query that gives a container its time.

        Without it Podman restarts one at once, and 4.3 stops it so:
        https://github.com/containers/podman/issues/29276.
        """
        if grace is None and self._client.is_podman:
            grace = self.GRACE
        return {} if grace is None else {'t': grace}

    def kill(self, container, signal):
        """Send a signal to a container."""
        self._client.request('POST', '/containers/%s/kill', container,
                             query={'signal': signal})

    def pause(self, container):
        """Freeze the processes of a container."""
        self._client.request('POST', '/containers/%s/pause', container)

    def unpause(self, container):
        """Let the processes of a container go on."""
        self._client.request('POST', '/containers/%s/unpause', container)

    def rename(self, container, name):
        """Give a container another name."""
        self._client.request('POST', '/containers/%s/rename', container,
                             query={'name': name})

    def update(self, container, body):
        """Change limits of a container; return the daemon's warnings."""
        return self._client.warnings_of(self._client.request_json(
            'POST', '/containers/%s/update', container, body=body))

    def put_archive(self, container, archive, path='/'):
        """Unpack a tar archive at a path of a container.

        :param archive: bytes, or an iterator of them, which may take long.
        """
        self._client.request(
            'PUT', '/containers/%s/archive', container, query={'path': path},
            data=archive, headers={'Content-Type': 'application/x-tar'},
            timeout=None if isinstance(archive, bytes) else _COPY_TIMEOUT)

    def get_archive(self, container, path):
        """Yield the bytes of a tar archive of a path of a container."""
        response = self._client.request(
            'GET', '/containers/%s/archive', container, query={'path': path},
            stream=True, timeout=_COPY_TIMEOUT)
        with contextlib.closing(response), self._client.translated_errors():
            yield from response.iter_content(_PIECE)

    def stats(self, container):
        """Return one sample of what a container uses."""
        query = {'stream': 'false'}
        if self._client.api >= (1, 41):
            # Without it the daemon takes a second sample, a second later.
            query['one-shot'] = 'true'
        return self._client.request_json(
            'GET', '/containers/%s/stats', container, query=query)

    def create_exec(self, container, command):
        """Prepare to run a command in a container; return the id of that.

        :param list command: words of the command.
        """
        return self._client.request_json(
            'POST', '/containers/%s/exec', container, has='Id',
            body={'Cmd': command, 'AttachStdout': True,
                  'AttachStderr': True})['Id']

    def start_exec(self, execution, size):
        """Run a command that was prepared, and return its output.

        :param int size: bytes of output to return at the most.
        :raises errors.AnswerTimeout: if the command goes on.
        """
        response = self._client.request(
            'POST', '/exec/%s/start', execution, stream=True,
            body={'Detach': False, 'Tty': False})
        deadline = time.monotonic() + conf.group().read_timeout
        output = bytearray()
        with contextlib.closing(response), self._client.translated_errors(), (
                self._client.time_limit(2 * conf.group().read_timeout)):
            for chunk in _frames(response.raw):
                _append(output, chunk, size)
                if time.monotonic() > deadline:
                    self._client.close()
                    raise errors.AnswerTimeout(_('The command goes on'))
        self._client.close()
        return _end(output, size)

    def exit_code(self, execution):
        """Return the exit code of a command that was run."""
        return self._client.request_json(
            'GET', '/exec/%s/json', execution)['ExitCode']

    def wait(self, container, patience):
        """Return once the container has ended, or after some seconds.

        :param float patience: seconds to wait at the most.
        """
        with contextlib.suppress(errors.NoAnswer):
            self._client.request('POST', '/containers/%s/wait', container,
                                 timeout=patience)

    def remove(self, container, volumes=True, force=False):
        """Remove a container.

        :param bool volumes: its anonymous volumes, too.
        :param bool force: kill it if it runs.
        """
        query = {'v': int(volumes), 'force': int(force)}
        with (self._client.throttled_leaving() if force
              else contextlib.nullcontext()):
            self._client.request('DELETE', '/containers/%s', container,
                                 query=query)

    def inspect(self, container):
        """Return all that the daemon knows of a container."""
        inspected = super().inspect(container)
        state = inspected['State']
        # So Podman calls it until it has cleaned up.
        if state.get('Status') == 'stopped':
            state['Status'] = 'exited'
        if state.get('Error'):
            state['Error'] = self._client.masked(state['Error'])
        self._identify_networks(inspected)
        return inspected

    def _identify_networks(self, inspected):
        """Put the ids of networks where Podman before 5.4 gives their names.

        https://github.com/containers/podman/pull/24950
        """
        networks = (inspected.get('NetworkSettings') or {}).get('Networks')
        for name, endpoint in (networks or {}).items():
            if endpoint.get('NetworkID') == name:
                with contextlib.suppress(errors.NotFound):
                    endpoint['NetworkID'] = self._client.networks.inspect(
                        name)['Id']

    def using_volume(self, volume):
        """Return the ids of the containers that mount a volume."""
        return [found['Id'] for found in self._filtered(volume=[volume])]

    def using_network(self, *network):
        """Return the ids of the containers that have an endpoint in a network.

        A stopped container keeps its endpoint.

        :param network: id and name of the network. A container that was never
            started may refer to the network only by name.
        """
        return [found['Id'] for found in self._filtered(network=network)]

    def using_image(self, image):
        """Return the containers of an image and of those built on it.

        :returns: map of id to the name that the image was called by.
        """
        # Podman finds none by an id with its prefix.
        image = image.removeprefix('sha256:')
        return {found['Id']: found.get('Image') or '' for found
                in self._filtered(ancestor=[image])}

    def commit(self, container, name, tag, labels):
        """Make an image of the files and settings of a container.

        The image has the labels of the container, too. Podman gives it no
        others.

        It takes as long as it takes to copy what the container has written.
        """
        self._client.request(
            'POST', '/commit', body={'Labels': labels},
            timeout=_COMMIT_TIMEOUT,
            query={'container': container, 'repo': name, 'tag': tag})

    def log_tail(self, container, tty, size):
        """Return the last bytes that a container has written, as text.

        :param bool tty: whether the container has a terminal; if not, the
            daemon puts frames around what it sends.
        :param int size: bytes to return at the most.
        """
        tail = bytearray()
        # The shortest line is one character and its end.
        lines = max(1, size // 2)
        if self._client.is_podman:
            # Before 4.7, ten times the lines took it a hundred times as long:
            # https://github.com/containers/podman/pull/19562.
            lines = min(lines, _PODMAN_LINES)
        for chunk in self._log(container, tty, {'tail': lines}):
            _append(tail, chunk, size)
        return _end(tail, size)

    def log_head(self, container, tty, size):
        """Return the first line that a container has written, as text.

        :param bool tty: see :meth:`log_tail`.
        :param int size: bytes to return at the most.
        """
        head = bytearray()
        for chunk in self._log(container, tty, {}):
            head += chunk
            if b'\n' in chunk or len(head) >= size:
                break
        # The daemon would send the rest on this connection.
        self._client.close()
        line = head.split(b'\n', 1)[0][:size]
        return line.decode(errors='replace').rstrip('\r')

    def _log(self, container, tty, query):
        response = self._client.request(
            'GET', '/containers/%s/logs', container, stream=True,
            query={'stdout': '1', 'stderr': '1', **query})
        with contextlib.closing(response), self._client.translated_errors(), (
                self._client.time_limit(conf.group().read_timeout)):
            if tty:
                yield from response.iter_content(_PIECE)
            else:
                yield from _frames(response.raw)


def _frames(raw):
    """Yield the contents of the frames that multiplex two streams."""
    while True:
        header = raw.read(_FRAME_HEADER.size)
        if len(header) < _FRAME_HEADER.size:
            return
        length = _FRAME_HEADER.unpack(header)[1]
        # A frame may be 4 GiB long, if the daemon says so.
        while length and (piece := raw.read(min(length, _PIECE))):
            length -= len(piece)
            yield piece


def _append(tail, piece, size):
    """Add a piece to the bytes of which only the last are wanted.

    The others are not removed each time, as pieces may be tiny.

    :param bytearray tail: changed in place.
    """
    tail += piece
    if len(tail) > 2 * size + _PIECE:
        del tail[:-size or None]


def _end(tail, size):
    """Return the last bytes as text."""
    return tail[-size:].decode(errors='replace') if size else ''
