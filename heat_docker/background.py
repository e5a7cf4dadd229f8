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

"""Work on a daemon in the background, while heat-engine does other things.

A pull, build, push, commit or copy may take hours, but a handler of Heat must
return soon. A thread of its own sends such a request, and the resource polls
the :class:`Task`.
"""

import collections.abc
import concurrent.futures
import json
import threading
import time
import typing

from oslo_log import log as logging

from . import budgets
from . import client as clients
from . import conf
from . import errors
from . import i18n

_ = i18n._

LOG = logging.getLogger(__name__)

# Running pulls by their arguments, and the lock for them.
_PULLS: dict[tuple, typing.Any] = {}
_LOCK = threading.Lock()


class Task:
    """Work on a daemon, which begins at once in another thread.

    :cvar WAIT: seconds for which one poll waits by default. A short task then
        ends within the poll that has started it.
    """

    WAIT = 1.0

    def __init__(self, client: clients.DockerClient,
                 work: collections.abc.Callable[
                     [clients.DockerClient], typing.Any]):
        """Start the work.

        :param client: a client of the daemon, which this thread continues to
            use.
        :param work: function that receives another client of the same daemon
            and returns the result.
        """
        self._client = client.clone()
        self._future: concurrent.futures.Future = concurrent.futures.Future()
        # A ThreadPoolExecutor would keep heat-engine from exiting.
        threading.Thread(target=self._run, args=(work,), daemon=True,
                         name='task at %s' % client.endpoint).start()

    def _run(self, work):
        try:
            with self._client as client:
                result = work(client)
        except errors.DockerError as ex:
            self._future.set_exception(ex)
        # A future that is never set would be polled forever.
        except BaseException:
            LOG.exception('A task at %s was interrupted',
                          self._client.endpoint)
            self._future.set_exception(
                errors.Failed(_('The operation was interrupted')))
        else:
            self._future.set_result(result)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, and return whether the task has ended.

        :param seconds: maximum time to wait; by default, :attr:`WAIT`.
        """
        concurrent.futures.wait(
            [self._future], self.WAIT if seconds is None else seconds)
        return self._future.done()

    def result(self) -> typing.Any:
        """Return the result of the work, once the task has ended.

        :raises errors.DockerError: if the work has failed.
        """
        return self._future.result()

    def cancel(self) -> None:
        """Abort the work; the daemon stops what it can."""
        self._client.abort()


class Pull(Task):
    """A pull, shared by all resources of a worker that need the same image.

    :ivar image: reference of the image.
    :ivar started: when the pull began, in seconds on the clock of
        ``time.monotonic``.
    """

    WAIT = 5.0

    def __init__(self, key: tuple, endpoint, image: str,
                 platform: str | None, auth: dict | None):
        """Start the pull; see :func:`pull`.

        :param key: key of the pull in the table of running pulls.
        """
        self.image = image
        self.users = 1
        self.started = self._moved = time.monotonic()
        self._key = key
        self._layers: dict[str, tuple] = {}
        client = clients.DockerClient(endpoint, lambda: _secrets(auth))
        super().__init__(client, lambda client: self._follow(
            client.images.pull(image, platform, auth)))

    @property
    def progress(self) -> str:
        """The progress for users, such as ``45%, 120 of 266 MB``."""
        layers = list(self._layers.values())
        total = sum(size for _done, size in layers)
        if not total:
            return _('waiting for the registry')
        done = sum(done for done, _size in layers)
        return _('%(percent)d%%, %(done)d of %(total)d MB') % {
            'percent': 100 * done // total, 'done': done // 10 ** 6,
            'total': total // 10 ** 6}

    @property
    def stalled(self) -> float:
        """The seconds without progress, if they exceed the timeout; else 0.

        The timeout is the option ``pull_stall_timeout``.
        """
        still = time.monotonic() - self._moved
        return still if still > conf.group().pull_stall_timeout else 0

    def release(self) -> None:
        """Stop using the pull, which is cancelled without users."""
        with _LOCK:
            self.users -= 1
            if self.users:
                return
            # It may hang, so later resources must not join it.
            self._unlist()
        self.cancel()

    def _follow(self, reports):
        try:
            for report in reports:
                if not self._is_used():
                    return
                self._record(report)
        finally:
            with _LOCK:
                self._unlist()

    def _is_used(self):
        with _LOCK:
            return self.users > 0

    def _unlist(self):
        if _PULLS.get(self._key) is self:
            del _PULLS[self._key]

    def _record(self, report):
        """Record the progress of a layer.

        While a registry does not respond, a daemon reports its retries.
        """
        detail = report.get('progressDetail')
        current, total = (_size(detail.get(key)) if isinstance(detail, dict)
                          else 0 for key in ('current', 'total'))
        status, layer = str(report.get('status') or ''), report.get('id')
        if not status.startswith(('Retrying', 'Waiting')):
            self._moved = time.monotonic()
        if not isinstance(layer, str) or len(layer) > budgets.LAYER_ID:
            return
        if layer not in self._layers and (
                len(self._layers) >= budgets.LAYERS):
            return
        if status == 'Downloading' and total:
            self._layers[layer] = current, total
        elif status == 'Download complete':
            _done, size = self._layers.get(layer, (0, 0))
            self._layers[layer] = size, size


def pull(endpoint, image: str, platform: str | None = None,
         auth: dict | None = None) -> Pull:
    """Return the running pull of an image, or start one.

    Pulls with different credentials are not shared: a resource without
    access to the image must not get it.

    :param endpoint.Endpoint endpoint: the daemon.
    :param image: reference of the image.
    :param platform: platform of the image; by default, the daemon's.
    :param auth: credentials for the registry, in the form of the Docker API.
    :returns: pull that the caller must :meth:`Pull.release` in the end.
    """
    key = endpoint, image, platform, json.dumps(auth, sort_keys=True)
    with _LOCK:
        running = _PULLS.get(key)
        if running is not None:
            running.users += 1
            return running
        _PULLS[key] = Pull(key, endpoint, image, platform, auth)
        return _PULLS[key]


class Polled:
    """The task of a step, which is polled until it has ended.

    :ivar result: what the work has returned, once it has ended.
    """

    def __init__(self):
        """No task was started yet."""
        self.result = None
        self._task = None

    def poll(self, client: clients.DockerClient,
             prepare: collections.abc.Callable) -> bool:
        """Return whether the task has ended; start it first.

        :param client: the client of the step. The task has one of its own.
        :param prepare: function that is called once, and returns the work: a
            function that takes a client.
        :raises errors.DockerError: what the work has raised. The next call
            starts a new task then.
        """
        if self._task is None:
            self._task = Task(client, prepare())
        if not self._task.wait():
            return False
        task, self._task = self._task, None
        self.result = task.result()
        return True

    def cancel(self) -> None:
        """Cancel the task, if one runs."""
        if self._task is not None:
            self._task.cancel()
            self._task = None


def _size(value: typing.Any) -> int:
    """Return a number of bytes that a daemon has reported, or 0."""
    return value if isinstance(value, int) and 0 < value < 2 ** 63 else 0


def _secrets(auth: dict | None) -> list[str]:
    """Return the credentials to mask where a daemon repeats them."""
    credentials = auth or {}
    return [credentials[key] for key in ('password', 'identitytoken')
            if key in credentials]
