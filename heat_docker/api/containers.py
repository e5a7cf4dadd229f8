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

Paths and fields: https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

import collections.abc
import contextlib
import json
import time

from .. import answers
from .. import budgets
from .. import conf
from .. import errors
from .. import i18n
from . import collection
from . import outputs

_ = i18n._

_PIECE = 64 * 1024

# Seconds between two pieces of a copy, and for a commit.
_COPY_TIMEOUT = 3600.0
_COMMIT_TIMEOUT = 3600.0

# Lines of output to request from Podman.
_PODMAN_LINES = 4096

# Keys of a container in a list that are used, besides some labels.
_LISTED = 'Id', 'Names', 'Image', 'Ports', 'NetworkSettings'

# Bytes of a response for each byte in its chunks, at the most.
_FRAMING = 1.1


_ENDPOINT = {'NetworkID': str, 'MacAddress': str, 'IPAddress': str,
             'GlobalIPv6Address': str, 'Aliases': [str], 'IPAMConfig': dict,
             'DriverOpts': dict}


class Containers(collection.Collection):
    """The containers of a daemon.

    An ID may be a name where Docker allows it.

    :cvar GRACE: default grace period of a container, in seconds.
    """

    PATH, INSPECT, LIST = '/containers', '/json', '/json'
    LIST_QUERY = {'all': '1'}
    REQUIRED = ('State',)
    OPTIONAL = {'Name': str, 'Image': str, 'Config': dict, 'HostConfig': dict}
    SHAPE = {
        'Name': str, 'Image': str, 'RestartCount': int,
        'Config': {'Image': str, 'Tty': bool},
        'HostConfig': {'RestartPolicy': {'Name': str}},
        'NetworkSettings': {'Networks': answers.MapOf(_ENDPOINT)},
        'State': {'Status': str, 'StartedAt': str,
                  'Health': {'Status': str, 'Log': [{'Output': str}]}}}
    LISTED_SHAPE = {
        'Names': [str], 'Image': str, 'Labels': dict,
        'Ports': [{'IP': str, 'PublicPort': int, 'Type': str}],
        'NetworkSettings': {'Networks': answers.MapOf(_ENDPOINT)}}
    LABELS = 'Config', 'Labels'

    GRACE = 10

    def create(self, query: dict, body: dict) -> tuple[str, list[str]]:
        """Create a container.

        :param query: ``name`` and ``platform``.
        :returns: ID of the container, and the daemon's warnings.
        :raises errors.NotFound: if the image is missing.
        :raises errors.Conflict: if the name is in use.
        """
        with self._client.throttled():
            answer = self._create(query=query, body=body)
        return answer['Id'], self._client.warnings_of(answer)

    def start(self, container: str) -> None:
        """Start a container, unless it is running."""
        with self._client.throttled():
            self._client.act('POST', '/containers/%s/start', container)

    def stop(self, container: str, grace: int | None,
             patience: float) -> None:
        """Stop a container, and kill it after a grace period.

        :param grace: grace period in seconds. None means that of the
            container, or :attr:`GRACE`.
        :param patience: seconds to wait.
        :raises errors.AnswerTimeout: if the container is still running after
            that time. The daemon continues to stop it.
        """
        with self._client.throttled_leaving() as slots:
            waited = min(patience, slots.pace) if slots else patience
            begin = time.monotonic()
            try:
                self._client.act('POST', '/containers/%s/stop', container,
                                 query=self._grace(grace), timeout=waited)
            except errors.AnswerTimeout:
                if waited == patience:
                    raise
                slots.stopped(None)
            else:
                if slots:
                    self._await_leaving(container)
                    slots.stopped(time.monotonic() - begin)
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

    def restart(self, container: str, grace: int | None,
                patience: float) -> None:
        """Stop and start a container; see :meth:`stop`."""
        self._client.act('POST', '/containers/%s/restart', container,
                         query=self._grace(grace),
                         timeout=patience)

    def _grace(self, grace):
        """Return the query with the grace period.

        Without it, Podman restarts a container without a grace period, and
        Podman 4.3 also stops it without one:
        https://github.com/containers/podman/issues/29276.
        """
        if grace is None and self._client.is_podman:
            grace = self.GRACE
        return {} if grace is None else {'t': grace}

    def kill(self, container: str, signal: str) -> None:
        """Send a signal to a container, such as ``SIGHUP``."""
        self._client.act('POST', '/containers/%s/kill', container,
                         query={'signal': signal})

    def pause(self, container: str) -> None:
        """Freeze the processes of a container."""
        self._client.act('POST', '/containers/%s/pause', container)

    def unpause(self, container: str) -> None:
        """Resume the processes of a container."""
        self._client.act('POST', '/containers/%s/unpause', container)

    def rename(self, container: str, name: str) -> None:
        """Rename a container.

        :raises errors.Conflict: if the name is in use.
        """
        self._client.act('POST', '/containers/%s/rename', container,
                         query={'name': name})

    def update(self, container: str, body: dict) -> list[str]:
        """Change resource limits or the restart policy of a container.

        :returns: the daemon's warnings.
        """
        return self._client.warnings_of(self._client.request_json(
            'POST', '/containers/%s/update', container, body=body))

    def put_archive(self, container: str,
                    archive: bytes | collections.abc.Iterator[bytes],
                    path: str = '/') -> None:
        """Unpack a tar archive into a directory of a container."""
        self._client.act(
            'PUT', '/containers/%s/archive', container, query={'path': path},
            data=archive, headers={'Content-Type': 'application/x-tar'},
            timeout=None if isinstance(archive, bytes) else _COPY_TIMEOUT)

    def get_archive(self, container: str,
                    path: str) -> collections.abc.Iterator[bytes]:
        """Yield a tar archive of a path of a container, in pieces."""
        response = self._client.request(
            'GET', '/containers/%s/archive', container, query={'path': path},
            stream=True, timeout=_COPY_TIMEOUT,
            max_bytes=_FRAMING * conf.group().max_snapshot_bytes
            + budgets.REPORT)
        with contextlib.closing(response), self._client.translated_errors():
            yield from response.iter_content(_PIECE)

    def stats(self, container: str) -> dict:
        """Return one sample of a container's resource usage."""
        query = {'stream': 'false'}
        if self._client.api >= (1, 41):
            # Without it, the daemon takes a second sample, a second later.
            query['one-shot'] = 'true'
        return self._client.request_json(
            'GET', '/containers/%s/stats', container, query=query)

    def create_exec(self, container: str, command: list[str]) -> str:
        """Prepare a command in a container, and return the ID for it."""
        return self._client.request_json(
            'POST', '/containers/%s/exec', container, has='Id',
            body={'Cmd': command, 'AttachStdout': True,
                  'AttachStderr': True})['Id']

    def start_exec(self, execution: str, size: int) -> str:
        """Run a prepared command, and return its last output.

        :param execution: what :meth:`create_exec` returns.
        :param size: maximum size of the output, in bytes.
        :raises errors.AnswerTimeout: if the command is still running after
            the option ``read_timeout``.
        """
        response = self._client.request(
            'POST', '/exec/%s/start', execution, stream=True,
            body={'Detach': False, 'Tty': False})
        deadline = time.monotonic() + conf.group().read_timeout
        output = bytearray()
        with contextlib.closing(response), self._client.translated_errors(), (
                self._client.time_limit(2 * conf.group().read_timeout)):
            for chunk in outputs.frames(response.raw):
                outputs.append(output, chunk, size)
                if time.monotonic() > deadline:
                    self._client.close()
                    raise errors.AnswerTimeout(
                        _('The command is still running'))
        self._client.close()
        return outputs.end(output, size)

    def exit_code(self, execution: str) -> int | None:
        """Return the exit code of a command; None while it is running."""
        return self._client.request_json(
            'GET', '/exec/%s/json', execution)['ExitCode']

    def wait(self, container: str, patience: float) -> None:
        """Wait for the end of a container, but at most some seconds."""
        with contextlib.suppress(errors.NoAnswer):
            self._client.request('POST', '/containers/%s/wait', container,
                                 timeout=patience)

    def remove(self, container: str, volumes: bool = True,
               force: bool = False) -> None:
        """Remove a container.

        :param volumes: whether to remove its anonymous volumes, too.
        :param force: whether to kill a running container.
        """
        query = {'v': int(volumes), 'force': int(force)}
        with (self._client.throttled_leaving() if force
              else contextlib.nullcontext()):
            self._client.act('DELETE', '/containers/%s', container,
                             query=query)

    def inspect(self, container: str) -> dict:
        """Return the daemon's description of a container.

        Podman's differences are removed, and secrets in its error are masked.
        """
        inspected = super().inspect(container)
        state = inspected['State']
        # Podman's name for it, before it has cleaned up.
        if state.get('Status') == 'stopped':
            state['Status'] = 'exited'
        if state.get('Error'):
            state['Error'] = self._client.masked(state['Error'])
        self._identify_networks(inspected)
        return inspected

    def _identify_networks(self, inspected):
        """Replace names by IDs of networks, where Podman before 5.4 has them.

        https://github.com/containers/podman/pull/24950
        """
        networks = (inspected.get('NetworkSettings') or {}).get('Networks')
        for name, endpoint in (networks or {}).items():
            if endpoint.get('NetworkID') == name:
                with contextlib.suppress(errors.NotFound):
                    endpoint['NetworkID'] = self._client.networks.inspect(
                        name)['Id']

    def list_all(self, prefix: str) -> collections.abc.Sequence[dict]:
        """Return the daemon's list of all containers.

        :param prefix: prefix of the labels to return.
        """
        return self._filtered(prefix)

    def having(self, label: str) -> collections.abc.Sequence[dict]:
        """Return the daemon's list of the containers with a label.

        Of their labels, it has those with the same prefix.

        :param label: see :meth:`collection.Collection.having`.
        """
        return self._filtered(label.rpartition('.')[0] + '.', label=[label])

    def _filtered(self, prefix: str | None = None, **filters
                  ) -> collections.abc.Sequence[dict]:
        """Return the containers that match the filters, with some keys only.

        Other projects may have so many containers, with so many labels, that
        the whole list would take too much memory.
        """
        listed: list[dict] = []
        size = 0
        for found in self._client.stream_list(
                'GET', self.PATH + self.LIST,
                query={**self.LIST_QUERY, 'filters': json.dumps(filters)}):
            self._check_listed(found)
            kept = {key: found[key] for key in _LISTED if key in found}
            if prefix is not None:
                kept['Labels'] = {
                    name: value
                    for name, value in (found.get('Labels') or {}).items()
                    if name.startswith(prefix)}
            size += len(json.dumps(kept))
            if len(listed) >= budgets.LISTED or (
                    size > conf.group().max_answer_bytes):
                self._client.close()
                raise self._client.too_long_error()
            listed.append(kept)
        return listed

    def using_volume(self, volume: str) -> list[str]:
        """Return the IDs of the containers that mount a volume."""
        return [found['Id'] for found in self._filtered(volume=[volume])]

    def using_network(self, *network: str) -> list[str]:
        """Return the IDs of the containers that are attached to a network.

        A stopped container remains attached.

        :param network: ID and name of the network. A container that was never
            started may refer to the network only by name.
        """
        return [found['Id'] for found in self._filtered(network=network)]

    def using_image(self, image: str) -> dict[str, str]:
        """Return the containers of an image and of images based on it.

        :param image: ID of the image.
        :returns: map of container ID to the reference of its image.
        """
        # Podman finds none for an ID with its prefix.
        image = image.removeprefix('sha256:')
        return {found['Id']: found.get('Image') or '' for found
                in self._filtered(ancestor=[image])}

    def commit(self, container: str, name: str, tag: str,
               labels: dict[str, str]) -> None:
        """Create an image from the files and settings of a container.

        The image also has the labels of the container; with Podman, only
        those. The duration depends on the size of the container's files.

        :param name: repository of the image.
        """
        self._client.request(
            'POST', '/commit', body={'Labels': labels},
            timeout=_COMMIT_TIMEOUT,
            query={'container': container, 'repo': name, 'tag': tag})

    def log_tail(self, container: str, tty: bool, size: int) -> str:
        """Return the last output of a container.

        :param tty: whether the container has a terminal. If not, the daemon
            sends the output in frames.
        :param size: maximum size of the output, in bytes.
        """
        # The shortest line is one character and a newline.
        lines = max(1, size // 2)
        if self._client.is_podman:
            # Before Podman 4.7, ten times the lines took a hundred times as
            # long: https://github.com/containers/podman/pull/19562.
            lines = min(lines, _PODMAN_LINES)
        return outputs.tail(outputs.chunks(
            self._client, '/containers/%s/logs', container, tty,
            {'tail': lines}), size)

    def log_head(self, container: str, tty: bool, size: int) -> str:
        """Return the first line of a container's output.

        :param tty: see :meth:`log_tail`.
        :param size: maximum size of the line, in bytes.
        """
        head = bytearray()
        for chunk in outputs.chunks(
                self._client, '/containers/%s/logs', container, tty, {}):
            head += chunk
            if b'\n' in chunk or len(head) >= size:
                break
        # The daemon would send the rest on this connection.
        self._client.close()
        line = head.split(b'\n', 1)[0][:size]
        return line.decode(errors='replace').rstrip('\r')
