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

"""The words of daemons by which errors are classified, in one table."""

import collections.abc
import dataclasses
import re

from . import errors

_ANY = range(0, 1000)
_MISSING = (404,)
_CONFLICT = (409,)
_SERVER = range(500, 1000)
# A proxy may send these, in its own words.
_GATEWAY = (502, 503, 504)
_OWN = frozenset(_ANY).difference(_CONFLICT, _GATEWAY)


@dataclasses.dataclass(frozen=True)
class Words:
    """Words of a daemon that tell what the HTTP status does not.

    :ivar error: class of the error.
    :ivar pattern: regular expression, in which case does not matter.
    :ivar said_by: engines and versions; Docker alone means all versions.
    :ivar example: a message with these words.
    :ivar statuses: HTTP statuses with which the words have this meaning.
    """

    error: type[errors.DockerError]
    pattern: str
    said_by: str
    example: str
    statuses: collections.abc.Container[int] = _ANY

    def match(self, status: int, message: str) -> bool:
        """Return whether a response has one of the statuses and the words."""
        return status in self.statuses and (
            re.search(self.pattern, message, re.IGNORECASE) is not None)


# All words of daemons that the plugin depends on. The API has no error codes
# besides the HTTP status. Words change from release to release, so decide by
# them only where no other request can tell. The first match counts.
WORDS = (
    # The daemon cannot find the plugin that provides the driver of a volume.
    # The volume and its files may still exist:
    # https://github.com/moby/moby/blob/v28.0.0/volume/drivers/extpoint.go.
    Words(errors.Failed, r'plugin \S+ not found', 'Docker',
          'get x: error while checking if volume "x" exists in driver "y": '
          'error looking up volume plugin y: plugin "y" not found', _MISSING),
    Words(errors.NotFound, 'no such', 'Docker, Podman', 'No such container: x',
          _MISSING),
    Words(errors.NotFound, '(?<!page )not found', 'Docker, Podman',
          'network x not found', _MISSING),
    # An image that exists, but for other platforms only:
    # https://github.com/moby/moby/blob/v28.5.2/daemon/images/image.go#L198 and
    # https://github.com/moby/moby/blob/v28.5.2/daemon/containerd/image.go#L34.
    Words(errors.NotFound,
          'was found but does not match the specified platform',
          'Docker 20.10 to 27.3',
          'image with reference x was found but does not match the specified '
          'platform: wanted linux/arm64, actual: linux/amd64', _MISSING),
    Words(errors.NotFound, r'was found but its platform \(.*\) does not match',
          'Docker 27.4 and later',
          'image with reference x was found but its platform (linux/amd64) '
          'does not match the specified platform (linux/arm64)', _MISSING),
    Words(errors.NotFound,
          'was found but does not provide (the specified|any) platform',
          'Docker 27.4 and later, containerd image store',
          'image with reference x was found but does not provide the '
          'specified platform (linux/arm64)', _MISSING),
    Words(errors.NotFound, 'image not known', 'Podman',
          'failed to find image x: image not known', _MISSING),
    Words(errors.NotFound, 'is not connected to', 'Docker',
          'container x is not connected to network y'),
    # The container was removed during the request.
    Words(errors.NotFound, 'does not exist in database', 'Podman',
          'container x does not exist in database: no such container'),
    Words(errors.NotFound, r'no container with .* found in database', 'Podman',
          'no container with ID x found in database: no such container'),
    # https://github.com/moby/moby/blob/v28.0.0/daemon/delete.go#L50
    Words(errors.Busy, 'already in progress', 'Docker',
          'removal of container x is already in progress', _CONFLICT),
    Words(errors.Conflict, 'has active endpoints', 'Docker',
          'error while removing network: network x id y has active endpoints'),
    # An address or a port; on Podman, containers and networks.
    Words(errors.Conflict, 'already in use', 'Docker, Podman',
          'Address already in use'),
    Words(errors.Conflict, 'already allocated', 'Docker',
          'Bind for 0.0.0.0:80 failed: port is already allocated'),
    Words(errors.Conflict, 'network already exists', 'Podman',
          'network name x already used: network already exists'),
    Words(errors.Conflict, 'network is being used', 'Podman',
          '"x" has associated containers with it: network is being used'),
    # A version of an object of a swarm that is not its newest one:
    # https://github.com/moby/swarmkit/blob/v1.12.0/manager/state/store/memory.go#L44
    Words(errors.OutOfSequence, 'update out of sequence', 'Docker',
          'rpc error: code = Unknown desc = update out of sequence', _SERVER),
    # A network of a swarm.
    Words(errors.NotFound, '^network [0-9a-z]{25} not found$', 'Docker',
          'network 6jjo3n8dluybsxfga7hb532c9 not found', _SERVER),
    # A secret, a config or a network that a service uses.
    Words(errors.Conflict, 'is in use by (the following )?(service|task)',
          'Docker',
          "rpc error: code = InvalidArgument desc = secret 'x' is in use by "
          'the following service: y'),
    # A 503, but it does not go away.
    Words(errors.Failed, 'not a swarm manager', 'Docker',
          'This node is not a swarm manager. Use "docker swarm init"',
          _SERVER),
    Words(errors.Failed, 'needs to be unlocked', 'Docker',
          'Swarm is encrypted and needs to be unlocked before it can be used',
          _SERVER),
    Words(errors.Conflict, 'already part of a swarm', 'Docker',
          'This node is already part of a swarm. Use "docker swarm leave"',
          _SERVER),
    Words(errors.NotFound, 'not part of a swarm', 'Docker',
          'This node is not part of a swarm', _SERVER),
    # The managers of a swarm elect a new leader, or too few of them are left.
    Words(errors.NoAnswer, 'swarm does not have a leader', 'Docker',
          'rpc error: code = Unknown desc = The swarm does not have a leader. '
          "It's possible that too few managers are online", _SERVER),
    Words(errors.NoAnswer,
          'rpc error: code = Unknown desc = context deadline exceeded',
          'Docker', 'rpc error: code = Unknown desc = context deadline '
          'exceeded', _SERVER),
    Words(errors.NoAnswer, 'node lost leader status', 'Docker',
          'rpc error: code = Unknown desc = raft: failed to process the '
          'request: node lost leader status', _SERVER),
    Words(errors.NoAnswer,
          'rpc error: code = (Unavailable|DeadlineExceeded|Canceled)',
          'Docker', 'rpc error: code = DeadlineExceeded desc = context '
          'deadline exceeded'),
    # A daemon that is shutting down, as for "systemctl restart docker", has
    # closed its database, its connection to containerd or the request.
    Words(errors.NoAnswer, 'database not open', 'Docker',
          'get data: database not open', _SERVER),
    Words(errors.NoAnswer, 'transport is closing', 'Docker',
          'transport is closing: unavailable', _SERVER),
    Words(errors.NoAnswer, 'client connection is closing', 'Docker',
          'grpc: the client connection is closing', _SERVER),
    Words(errors.NoAnswer, 'context canceled', 'Docker',
          'cannot start x: context canceled', _SERVER),
    Words(errors.NoAnswer, 'failed to update store for object type', 'Docker',
          'failed to update store for object type *libnetwork.endpoint: open '
          ': no such file or directory', _SERVER),
    # The image was removed while the daemon listed all images.
    Words(errors.NoAnswer, 'image not known', 'Podman',
          'reading image "x": x: image not known', _SERVER),
    # The name of a container cannot have spaces, so it cannot match. Source:
    # https://github.com/containers/podman/blob/v4.3.1/libpod/container_internal.go.
    Words(errors.Paused, ' (is|or) paused', 'Docker, Podman',
          'Container x is paused. Unpause the container before stopping',
          _OWN),
)


def of_status(status: int, message: str) -> type[errors.DockerError]:
    """Return the class of error for an HTTP response.

    :param status: HTTP status code.
    :param message: ``message`` of the response; empty if there is none, as in
        the response of a proxy whose daemon does not respond.
    :returns: subclass of :class:`errors.DockerError`.

    Source: https://docs.docker.com/reference/api/engine/. A 404 does not
    always concern the object: a proxy or another server at the address may
    return it, or the daemon may return it for an unknown path. Treating such a
    response as a missing object would leak or replace an object that still
    exists.
    """
    for words in WORDS:
        if words.match(status, message):
            return words.error
    if status == 404 and message in ('', 'page not found'):
        return errors.Unsupported
    if status == 409:
        return errors.Conflict
    if status in _GATEWAY or status >= 500 and not message:
        # A proxy may have forwarded the request.
        return errors.NoAnswer
    return errors.Failed
