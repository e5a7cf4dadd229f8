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

import re

# The last two are about images: one that exists for other platforms only, and
# Podman's message.
_MISSING = re.compile('no such|(?<!page )not found|was found but does not '
                      'match the specified platform|image not known',
                      re.IGNORECASE)

# The daemon cannot find the plugin that provides the driver of a volume. The
# volume and its files may still exist:
# https://github.com/moby/moby/blob/v28.0.0/volume/drivers/extpoint.go.
_NO_PLUGIN = re.compile(r'plugin \S+ not found')


# Errors of a daemon that is shutting down, as for "systemctl restart docker":
# it has closed its database, its connection to containerd or the request.
_SHUTTING_DOWN = re.compile(
    'database not open|transport is closing|client connection is closing|'
    'context canceled|failed to update store for object type')


# The name of a container cannot have spaces, so it cannot match. Source:
# https://github.com/containers/podman/blob/v4.3.1/libpod/container_internal.go.
_PAUSED = re.compile(' (is|or) paused')


class DockerError(Exception):
    """Base class of all errors of requests to a daemon."""


class NotFound(DockerError):
    """The object does not exist (HTTP 404)."""


class Conflict(DockerError):
    """The state of the daemon's objects forbids the request (HTTP 409)."""


class Busy(DockerError):
    """The daemon already performs the request (HTTP 409)."""


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


def of_status(status: int, message: str) -> type[DockerError]:
    """Return the class of error for an HTTP response.

    :param status: HTTP status code.
    :param message: ``message`` of the response; empty if there is none, as in
        the response of a proxy whose daemon does not respond.
    :returns: subclass of :class:`DockerError`.

    Source: https://docs.docker.com/reference/api/engine/. The API has no
    error codes besides the HTTP status, so only its message distinguishes a
    removal in progress from other conflicts:
    https://github.com/moby/moby/blob/v28.0.0/daemon/delete.go#L50. A 404 does
    not always concern the object: a proxy or another server at the address
    may return it, or the daemon may return it for an unknown path or for the
    missing driver of a volume (_NO_PLUGIN). Treating such a response as a
    missing object would leak or replace an object that still exists.
    """
    if status == 404 and _MISSING.search(message) and (
            not _NO_PLUGIN.search(message)):
        return NotFound
    if status == 404 and message in ('', 'page not found'):
        return Unsupported
    if ('is not connected to' in message
            # Podman: the container was removed during the request.
            or 'does not exist in database' in message):
        return NotFound
    if (status == 409 or 'has active endpoints' in message
            # An address or a port; on Podman, containers and networks.
            or 'already in use' in message or 'already allocated' in message
            or 'network already exists' in message
            or 'network is being used' in message):
        return Busy if 'already in progress' in message else Conflict
    if 'not a swarm manager' in message:
        # A 503, but it does not go away.
        return Failed
    if status in (502, 503, 504) or status >= 500 and not message:
        # A proxy may have forwarded the request.
        return NoAnswer
    if status >= 500 and _SHUTTING_DOWN.search(message):
        return NoAnswer
    if status >= 500 and 'image not known' in message:
        # Podman: the image was removed while it listed all images.
        return NoAnswer
    if _PAUSED.search(message):
        return Paused
    return Failed
