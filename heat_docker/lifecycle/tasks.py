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

"""Work that takes too long for a step, done in the background."""

from .. import background


class Polled:
    """A background task of a step.

    :ivar result: what the work has returned, once it has ended.
    """

    def __init__(self):
        """Nothing was started yet."""
        self.result = None
        self._task = None

    def poll(self, client, prepare) -> bool:
        """Return whether the task has ended; start it first.

        :param client: the client of the step. The task has one of its own.
        :param prepare: function that is called once, and returns the work: a
            function that takes a client.
        :raises errors.DockerError: what the work has raised. The next call
            starts a new task then.
        """
        if self._task is None:
            self._task = background.Task(client, prepare())
        if not self._task.wait():
            return False
        task, self._task = self._task, None
        self.result = task.result()
        return True

    def cancel(self):
        """Disconnect the task, upon which the daemon ends what it can."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
