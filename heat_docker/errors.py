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

"""What can go wrong between Heat and a Docker daemon, classified once.

::

    DockerError
      +-- NotFound      the object does not exist (any more)
      +-- Conflict      another object is in the way, e.g. has the name
      +-- Busy          the daemon is doing just that; ask again
      +-- Unreachable   no daemon answers at the endpoint
      |     +-- NoAnswer    the request was sent, the answer did not come
      |           +-- AnswerTimeout   not in time; the daemon may still work
      +-- Untrusted     one of the two does not trust the other's certificate
      +-- Refused       the operator of Heat does not allow it
      +-- Unsupported   the daemon's API has no such request, or no such field
      +-- Failed        anything else, in the words of the daemon
            +-- Paused      it does not stop a container that is paused

The messages are written for the reader of a stack's status reason.
"""

import re

# The last but one is an image that is there for other platforms only, the
# last one an image of Podman.
_MISSING = re.compile('no such|(?<!page )not found|was found but does not '
                      'match the specified platform|image not known',
                      re.IGNORECASE)

# The daemon cannot find the plugin that provides the driver of a volume. The
# volume and its files may still exist:
# https://github.com/moby/moby/blob/v28.0.0/volume/drivers/extpoint.go.
_NO_PLUGIN = re.compile(r'plugin \S+ not found')


# Errors of a daemon that is shutting down, as for "systemctl restart docker":
# its database, its connection to containerd or the request itself is gone.
_SHUTTING_DOWN = re.compile(
    'database not open|transport is closing|client connection is closing|'
    'context canceled|failed to update store for object type')


# The name of a container cannot have spaces, so it cannot match. Source:
# https://github.com/containers/podman/blob/v4.3.1/libpod/container_internal.go.
_PAUSED = re.compile(' (is|or) paused')


class DockerError(Exception):
    """Base of all errors that talking to a daemon can raise."""


class NotFound(DockerError):
    """The object does not exist (HTTP 404)."""


class Conflict(DockerError):
    """The state of the daemon's objects forbids the request (HTTP 409)."""


class Busy(DockerError):
    """The daemon is already at it and will be done by itself."""


class Unreachable(DockerError):
    """No daemon answers at the endpoint."""


class NoAnswer(Unreachable):
    """The daemon got the request and may carry it out, but did not say so."""


class AnswerTimeout(NoAnswer):
    """The daemon got the request and takes longer than anybody waits."""


class Untrusted(DockerError):
    """One side does not accept the certificate of the other."""


class Refused(DockerError):
    """The operator does not allow it; the message names the option."""


class Unsupported(DockerError):
    """The daemon's API is too old (or too new) for what was asked."""


class Failed(DockerError):
    """The daemon refused or failed, and said why."""


class Paused(Failed):
    """The daemon does not stop a container because it is paused."""


def of_status(status, words):
    """Return the class of error that an HTTP answer of the daemon means.

    :param int status: HTTP status code of the answer.
    :param str words: the ``message`` of the answer; empty if there is none,
        as in the answer of a proxy whose daemon is away.
    :returns: a subclass of :class:`DockerError`.

    Source: https://docs.docker.com/reference/api/engine/. The API has no
    error codes below the HTTP status, so a removal that is under way can be
    told from other conflicts by its text only:
    https://github.com/moby/moby/blob/v28.0.0/daemon/delete.go#L50. Nor is
    every 404 about the object: a proxy or another server at the address may
    return it, or the daemon may return it for an unknown path or for the
    missing driver of a volume (_NO_PLUGIN). Treating such an answer as a
    missing object would leak or replace an object that still exists.
    """
    if status == 404 and _MISSING.search(words) and (
            not _NO_PLUGIN.search(words)):
        return NotFound
    if status == 404 and words in ('', 'page not found'):
        return Unsupported
    if ('is not connected to' in words
            # Podman, of a container that goes while it looks at it.
            or 'does not exist in database' in words):
        return NotFound
    if (status == 409 or 'has active endpoints' in words
            # An address or a port; Podman, of a container and of networks.
            or 'already in use' in words or 'already allocated' in words
            or 'network already exists' in words
            or 'network is being used' in words):
        return Busy if 'already in progress' in words else Conflict
    if 'not a swarm manager' in words:
        # A 503, but it will not become one by waiting.
        return Failed
    if status in (502, 503, 504) or status >= 500 and not words:
        # Whoever says so may have passed the request on.
        return NoAnswer
    if status >= 500 and _SHUTTING_DOWN.search(words):
        return NoAnswer
    if status >= 500 and 'image not known' in words:
        # Podman, of an image that goes while it lists all of them.
        return NoAnswer
    if _PAUSED.search(words):
        return Paused
    return Failed
