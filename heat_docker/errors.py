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

"""The errors of requests to a Docker daemon, classified in one place.

::

    DockerError
      +-- NotFound      the object does not exist
      +-- Conflict      another object prevents it, e.g. has the same name
      +-- Busy          the daemon already performs the request; poll
      +-- OutOfSequence the object was changed meanwhile; read it again
      +-- Unreachable   the daemon does not respond
      |     +-- NoAnswer    it may have received the request
      |           +-- AnswerTimeout   it may still perform the request
      +-- Untrusted     one side rejects the other's certificate
      +-- Refused       the operator of Heat does not allow it
      +-- Unsupported   the API version lacks the request or the field
      +-- Failed        any other error, with the message of the daemon
            +-- Paused      it does not stop a container that is paused

Users see the messages in the status reason of a stack.
"""


class DockerError(Exception):
    """Base class of all errors of requests to a daemon.

    :ivar status: HTTP status of the response; None if there was none.
    """

    status: int | None = None


class NotFound(DockerError):
    """The object does not exist (HTTP 404)."""


class Conflict(DockerError):
    """The state of the daemon's objects forbids the request (HTTP 409)."""


class Busy(DockerError):
    """The daemon already performs the request (HTTP 409)."""


class OutOfSequence(DockerError):
    """The object has changed since its version was read."""


class Unreachable(DockerError):
    """No daemon responds at the endpoint."""


class NoAnswer(Unreachable):
    """The daemon may have received and performed the request."""


class AnswerTimeout(NoAnswer):
    """The daemon did not respond in time, and may still do the work."""


class Untrusted(DockerError):
    """One side rejects the certificate of the other."""


class Refused(DockerError):
    """The operator does not allow the request; the message has the option."""


class Unsupported(DockerError):
    """The daemon's API version does not support the request."""


class Failed(DockerError):
    """The request failed; the message is that of the daemon."""


class Paused(Failed):
    """The daemon does not stop a container because it is paused."""
