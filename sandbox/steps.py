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

"""Steps that start as soon as the steps that they need are done.

A step is a function that returns one line of detail (or None); the plan
runs each in its own thread, and reports it with its duration.
"""

import concurrent.futures
import time

from sandbox import errors


class Plan:
    def __init__(self, report, stop, deadline):
        """Create an empty plan.

        :param report: function(title, seconds, detail), called at each end.
        :param stop: threading.Event that interrupts the plan; the first
            failure sets it, and steps check it while they wait.
        :param deadline: seconds for the whole plan.
        """
        self._report = report
        self._stop = stop
        self._deadline = deadline
        self._steps = []
        self._futures = {}

    def add(self, title, function, *after):
        step = (title, function, after)
        self._steps.append(step)
        return step

    def run(self):
        """Run all steps; raise the first error after all have ended."""
        with concurrent.futures.ThreadPoolExecutor(len(self._steps)) as pool:
            for step in self._steps:
                self._futures[step] = pool.submit(self._run_step, step)
            done, _ = concurrent.futures.wait(
                self._futures.values(), timeout=self._deadline,
                return_when=concurrent.futures.FIRST_EXCEPTION)
            if any(f.exception() for f in done) or len(done) < len(
                    self._futures):
                self._stop.set()
        self._raise_first_error()

    def _run_step(self, step):
        title, function, after = step
        for needed in after:
            self._futures[needed].result()
        if self._stop.is_set():
            raise errors.Interrupted('interrupted')
        begin = time.monotonic()
        detail = function()
        self._report(title, time.monotonic() - begin, detail)

    def _raise_first_error(self):
        """Prefer the first error over the interruptions that it caused."""
        interrupted = None
        for future in self._futures.values():
            error = future.exception()
            if error is None:
                continue
            error = errors.root_cause(error)
            if isinstance(error, errors.Interrupted):
                interrupted = error
            else:
                raise error
        if interrupted:
            raise interrupted
