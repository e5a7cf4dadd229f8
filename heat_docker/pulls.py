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

"""Pulls that go on while heat-engine does other things.

A pull takes as long as it takes, and a handler of Heat must not: it is run
in a thread of its own, and polled. However many resources of a worker want
one image of one daemon, with the same credentials, there is one pull.
"""

import json
import threading
import time

from oslo_log import log as logging

from . import budgets
from . import client as clients
from . import conf
from . import errors
from . import i18n

_ = i18n._

LOG = logging.getLogger(__name__)

# How long one poll waits for a pull to end.
_PATIENCE = 5.0

_LOCK = threading.Lock()
_RUNNING = {}


class Pull:
    """A pull in the background.

    :ivar error: the :class:`errors.DockerError` it has ended with, or None.
    """

    def __init__(self, key, endpoint, image, platform, auth):
        self.image = image
        self.error = None
        self.waiting = 1
        self.started = self._moved = time.monotonic()
        self._key = key
        self._arguments = image, platform, auth
        self._client = clients.DockerClient(endpoint, lambda: _secrets(auth))
        self._layers = {}
        self._thread = threading.Thread(
            target=self._run, name='pull %s' % image, daemon=True)

    def start(self):
        """Begin to pull."""
        self._thread.start()

    def ended(self):
        """Wait a few seconds; return whether it has ended, either way."""
        self._thread.join(_PATIENCE)
        return not self._thread.is_alive()

    @property
    def progress(self):
        """How far it is, such as ``45 %, 120 of 266 MB``."""
        layers = list(self._layers.values())
        total = sum(size for _got, size in layers)
        if not total:
            return _('waiting for the registry')
        got = sum(got for got, _size in layers)
        return _('%(percent)d %%, %(got)d of %(total)d MB') % {
            'percent': 100 * got // total, 'got': got // 10 ** 6,
            'total': total // 10 ** 6}

    @property
    def stalled(self):
        """For how many seconds it has not got on, if that is too long."""
        still = time.monotonic() - self._moved
        return still if still > conf.group().pull_stall_timeout else 0

    def leave(self):
        """Want it no longer; a pull that nobody wants ends."""
        with _LOCK:
            self.waiting -= 1
            if self.waiting:
                return
            # It may hang, and the next to want the image shall not.
            self._retire()
        self._client.abort()

    def _run(self):
        try:
            with self._client as client:
                for report in client.images.pull(*self._arguments):
                    if self._abandoned():
                        return
                    self._note(report)
        except errors.DockerError as ex:
            self.error = ex
        except Exception:
            # Whoever waits must not take the end of the thread for success.
            LOG.exception('The pull of %s broke off', self.image)
            self.error = errors.Failed(_('The pull broke off'))
        finally:
            with _LOCK:
                self._retire()

    def _abandoned(self):
        with _LOCK:
            return not self.waiting

    def _retire(self):
        if _RUNNING.get(self._key) is self:
            del _RUNNING[self._key]

    def _note(self, report):
        """Keep what a report says of a layer, and whether it gets on.

        A daemon whose registry does not answer goes on reporting that it
        tries again.
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
            _got, size = self._layers.get(layer, (0, 0))
            self._layers[layer] = size, size


def _size(value):
    """Return a number of bytes that a daemon has reported, or 0."""
    return value if isinstance(value, int) and 0 < value < 2 ** 63 else 0


def _secrets(auth):
    """Return what is masked where a daemon repeats credentials."""
    return [auth[key] for key in ('password', 'identitytoken')
            if key in (auth or {})]


def join(endpoint, image, platform=None, auth=None):
    """Return the :class:`Pull` of an image, started if nobody else has.

    Every caller has to call :meth:`Pull.leave` in the end.

    :param dict auth: credentials for the registry, as the API has them.
        Those who have others do not share the pull.
    """
    key = endpoint, image, platform, json.dumps(auth, sort_keys=True)
    with _LOCK:
        pull = _RUNNING.get(key)
        if pull is not None:
            pull.waiting += 1
            return pull
        pull = _RUNNING[key] = Pull(key, endpoint, image, platform, auth)
        pull.start()
        return pull
