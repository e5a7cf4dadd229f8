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

"""Errors of the sandbox, each with a message that a user can act on."""


class SandboxError(Exception):
    """An error that the command line prints without a traceback."""


class Interrupted(SandboxError):
    """The sandbox was stopped before it was ready."""


class TimedOut(SandboxError):
    """Something did not happen in time."""


class ServiceError(SandboxError):
    """A service did not become ready; its log gives the reason."""

    def __init__(self, message, log=None):
        super().__init__(message)
        self.log = log


def root_cause(error):
    """Unwrap an error that ``fixtures`` wrapped because setUp() raised it."""
    while error.args and isinstance(error.args[0], tuple):
        error = error.args[0][1]
    return error
