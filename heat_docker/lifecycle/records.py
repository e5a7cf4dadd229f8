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

"""Facts about a resource in Heat's database, one class each.

Heat keeps text by key for each resource, the resource data. A record is one
of these entries. It outlives heat-engine, and every worker can read it. So can
another resource of the stack; see
:class:`heat_docker.lifecycle.neighbors.StoredResource`.
"""

import collections.abc
import dataclasses
import json
import typing

from heat.common import exception
from heat.objects import resource_data

# Prefix of the key of a record that a stack action waits for the resource.
_PREEMPTED_BY = 'preempted_by_'


@dataclasses.dataclass(frozen=True)
class Record:
    """A fact about a resource. The fields are stored as a JSON object.

    :cvar KEY: key in Heat's resource data. It must not change: stacks of
        earlier releases have it.
    :cvar LATER: fields that a later release added. They are stored only if
        they differ from their default.
    :cvar REDACTED: whether Heat encrypts the text, because it is secret.
    """

    KEY: typing.ClassVar[str]
    LATER: typing.ClassVar[tuple[str, ...]] = ()
    REDACTED: typing.ClassVar[bool] = False

    def to_text(self) -> str:
        """Return the text that Heat stores."""
        return json.dumps({
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in self.LATER
            or getattr(self, field.name) != field.default})

    @classmethod
    def from_text(cls, text: str) -> typing.Any:
        """Return the record that :meth:`to_text` has stored."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items()
                      if name in known})


R = typing.TypeVar('R', bound=Record)


@dataclasses.dataclass(frozen=True)
class _Flag(Record):
    """A fact that is stored as ``true``."""

    def to_text(self):
        """Return the text that Heat stores."""
        return 'true'

    @classmethod
    def from_text(cls, text):
        """Return the record."""
        return cls()


@dataclasses.dataclass(frozen=True)
class _Name(Record):
    """A fact that is stored as plain text."""

    name: str

    def to_text(self):
        """Return the text that Heat stores."""
        return self.name

    @classmethod
    def from_text(cls, text):
        """Return the record."""
        return cls(text)


@dataclasses.dataclass(frozen=True)
class CreateRequest(Record):
    """A daemon may have the object of the resource, with or without an ID.

    :ivar endpoint: URL of the daemon in ``docker_endpoint``; None for the
        default.
    :ivar address: numeric address of the daemon; None for a Unix socket.
    :ivar lost: time, in seconds since 1970, when the response to the create
        request was lost.
    """

    KEY = 'requested'
    LATER = ('lost',)

    endpoint: str | None = None
    address: str | None = None
    lost: float | None = None


@dataclasses.dataclass(frozen=True)
class SteppedAside(Record):
    """A container was renamed and stopped for its replacement.

    :ivar name: its name before.
    :ivar grace: seconds that it has to stop; None for Docker's default.
    :ivar running: whether it was running.
    :ivar stopping: whether the daemon may still be stopping it.
    :ivar last_start: time of its last start, as the daemon shows it, when a
        rollback first tried to start it again.
    """

    KEY = 'replaced'
    LATER = ('last_start',)

    name: str = ''
    grace: int | None = None
    running: bool = False
    stopping: bool = False
    last_start: str | None = None


@dataclasses.dataclass(frozen=True)
class Detached(Record):
    """A network was removed for its replacement.

    :ivar endpoints: map of the ID of each container that was attached to its
        settings, in the form of Docker's connect request.
    """

    KEY = 'replaced'

    endpoints: dict

    def to_text(self):
        """Return the text that Heat stores."""
        return json.dumps(self.endpoints)

    @classmethod
    def from_text(cls, text):
        """Return the record."""
        return cls(json.loads(text))


@dataclasses.dataclass(frozen=True)
class Signaled(Record):
    """A signal stopped or paused a container.

    :ivar status: state of the container afterwards.
    :ivar started_at: time of its last start. A container that was started
        after the signal, and then ended, has failed.
    """

    KEY = 'signaled'

    status: str = ''
    started_at: str | None = None


@dataclasses.dataclass(frozen=True)
class Scaled(Record):
    """A signal changed the number of replicas of a service."""

    KEY = 'scaled'

    replicas: int


class Suspended(_Flag):
    """A suspend has scaled a service to no replicas."""

    KEY = 'suspended'


class Unreleased(_Flag):
    """The object did not step aside because its daemon was unreachable."""

    KEY = 'owes_room'


class Unhealthy(_Flag):
    """A user marked the resource as unhealthy."""

    KEY = 'unhealthy'


@dataclasses.dataclass(frozen=True)
class Adopted(Record):
    """The resource uses a volume that it did not create.

    :ivar signs: ``driver`` and ``labels`` of the volume, which identify it in
        addition to its name; None for a volume that version 1.0 of the plugin
        adopted.
    """

    KEY = 'adopted'

    signs: dict | None

    def to_text(self):
        """Return the text that Heat stores."""
        return json.dumps(True if self.signs is None else self.signs)

    @classmethod
    def from_text(cls, text):
        """Return the record."""
        signs = json.loads(text)
        return cls(None if signs is True else signs)


@dataclasses.dataclass(frozen=True)
class Joined(Record):
    """A daemon was asked to join a swarm.

    :ivar addresses: the properties with its addresses, by name.
    """

    KEY = 'joined'

    addresses: dict


class Filled(_Flag):
    """A volume contains the files of its source_volume."""

    KEY = 'filled'


class MadeImage(_Flag):
    """The resource pulled or built its image, and therefore removes it."""

    KEY = 'made'


class Pushed(_Flag):
    """The image is in the registries of its tags."""

    KEY = 'pushed'


class ImageReference(_Name):
    """The reference of an image by digest, in the registry it came from."""

    KEY = 'reference'


class SnapshotImage(_Name):
    """The image of the last snapshot of a container."""

    KEY = 'snapshot_image'


class SnapshotVolume(_Name):
    """The volume that contains the last snapshot of a volume."""

    KEY = 'snapshot_volume'


@dataclasses.dataclass(frozen=True)
class NestedSnapshot(Record):
    """A snapshot of the nested stack.

    :ivar stack_name: name of the nested stack.
    :ivar stack_id: its ID.
    :ivar id: ID of the snapshot.
    """

    KEY = 'nested_snapshot'

    stack_name: str
    stack_id: str
    id: str


class NestedRestore(NestedSnapshot):
    """The snapshot of the nested stack that an update restores."""

    KEY = 'nested_restore'


@dataclasses.dataclass(frozen=True)
class Certificates(Record):
    """The certificates of a resource, with all keys.

    They are one record, so that Heat stores all of them or none.

    :ivar template: Heat's ID of the template for which they were made.
    """

    KEY = 'certificates'
    REDACTED = True

    ca_cert: str
    ca_key: str = dataclasses.field(repr=False)
    server_cert: str
    server_key: str = dataclasses.field(repr=False)
    client_cert: str
    client_key: str = dataclasses.field(repr=False)
    template: int | None = None


class PreviousCertificates(Certificates):
    """The certificates before the last change, for a rollback of it."""

    KEY = 'certificates_before'


@dataclasses.dataclass(frozen=True)
class FormerClient(Record):
    """The last client of the authority before the current one."""

    KEY = 'former_client'
    REDACTED = True

    ca_cert: str
    client_cert: str
    client_key: str = dataclasses.field(repr=False)


class Store:
    """The records of one resource."""

    def __init__(self, resource):
        """Keep the resource.

        :param resource: a resource of Heat. ``data``, ``data_set`` and
            ``data_delete`` are used.
        """
        self._resource = resource

    def read(self, kind: type[R]) -> R | None:
        """Return the record of a class, or None."""
        return read(self._resource.data(), kind)

    def holds(self, kind: type[Record]) -> bool:
        """Return whether there is a record of a class."""
        return kind.KEY in self._resource.data()

    def write(self, record: R) -> R:
        """Store a record, replace one of the same class, and return it."""
        self._resource.data_set(record.KEY, record.to_text(),
                                redact=record.REDACTED)
        return record

    def erase(self, kind: type[Record]) -> None:
        """Erase the record of a class, if there is one."""
        if self.holds(kind):
            self._resource.data_delete(kind.KEY)

    def record_preemption(self, traversal: str) -> None:
        """Record that a stack action waits for an action of this resource.

        :param traversal: Heat's ID of the stack action that waits. An
            older update may begin to wait later than a newer one, so each
            has its own record.
        """
        self._resource.data_set(_PREEMPTED_BY + traversal, 'true')

    def is_preempted_by(self, traversal: str) -> bool:
        """Return whether a stack action waits, according to the database."""
        try:
            resource_data.ResourceData.get_val(self._resource,
                                               _PREEMPTED_BY + traversal)
        except exception.NotFound:
            return False
        return True

    def erase_all(self) -> None:
        """Erase all resource data, including entries without a class."""
        for key in list(self._resource.data()):
            self._resource.data_delete(key)


def read(data: collections.abc.Mapping, kind: type[R]) -> R | None:
    """Return the record of a class, or None.

    :param data: map of key to text, such as the ``resource_data`` of a
        snapshot.
    """
    text = data.get(kind.KEY)
    return None if text is None else kind.from_text(text)
