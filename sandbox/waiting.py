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

"""Wait until something is true."""

import time

from sandbox import errors


def until(probe, seconds, what, not_yet=(), pause=0.1):
    """Return the first true value that a probe returns.

    :param probe: function without arguments.
    :param seconds: how long to wait.
    :param what: noun for the result, for the error message.
    :param not_yet: exceptions of the probe that mean "not yet".
    :param pause: seconds between two calls of the probe.
    :raises errors.TimedOut: if no value was true in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        problem = None
        try:
            if result := probe():
                return result
        except not_yet as e:
            problem = e
        if time.monotonic() > deadline:
            why = f': {problem}' if problem else ''
            raise errors.TimedOut(f'timed out after {seconds} s waiting for '
                                  f'{what}{why}') from problem
        time.sleep(pause)
