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

"""Work of a daemon that goes on while heat-engine does other things.

To commit, copy or build takes as long as it takes, and a handler of Heat
must not: it is done in a thread of its own, and polled.
"""

import threading

from oslo_log import log as logging

from . import errors
from . import i18n

_ = i18n._

LOG = logging.getLogger(__name__)

# How long, in seconds, one poll waits for the end.
_PATIENCE = 1.0


class Job(threading.Thread):
    """Something long that a daemon is asked to do."""

    def __init__(self, client, work):
        """Prepare what :meth:`start` starts.

        :param client.DockerClient client: of the daemon; another thread has
            its own.
        :param work: function that takes a :class:`client.DockerClient`, does
            it, and returns what came of it.
        """
        super().__init__(name='job at %s' % client.endpoint, daemon=True)
        self._client = client.clone()
        self._work = work
        self._result = None
        self._error = None

    def run(self):
        """Do the work."""
        try:
            with self._client as client:
                self._result = self._work(client)
        except errors.DockerError as ex:
            self._error = ex
        except Exception:
            # Whoever waits must not take the end of the thread for success.
            LOG.exception('A job at %s broke off', self._client.endpoint)
            self._error = errors.Failed(_('It broke off'))

    @property
    def done(self):
        """Whether it has ended, one way or the other, or soon does."""
        self.join(_PATIENCE)
        return not self.is_alive()

    def break_off(self):
        """Want it no longer; the daemon ends what it can."""
        self._client.abort()

    def end(self):
        """Return what came of it, or raise the error it has ended with."""
        if self._error is not None:
            raise self._error
        return self._result


def ended(notes, client, prepare):
    """Return the job of a step if it has ended, else None.

    :param dict notes: of the action's progress, where the job is kept.
    :param client.DockerClient client: the daemon of the step.
    :param prepare: function that is called once, and returns the work to
        start. After an error the step may be tried again, with a new job.
    """
    job = notes.get('job')
    if job is None:
        job = notes['job'] = Job(client, prepare())
        job.start()
    if not job.done:
        return None
    return notes.pop('job')


def leave(notes):
    """Break off the job of a step, if there is one.

    :param dict notes: see :func:`ended`.
    """
    job = notes.pop('job', None)
    if job is not None:
        job.break_off()
