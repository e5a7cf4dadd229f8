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

"""The base class of the collections of all kinds of objects."""

import collections.abc
import json
import typing

from .. import answers
from .. import budgets
from .. import errors
from .. import i18n

_ = i18n._

# Seconds for a request that may need a plugin. A daemon looks for an unknown
# plugin for 15 seconds:
# https://github.com/moby/moby/blob/v28.0.0/pkg/plugins/client.go#L23
PLUGIN_TIMEOUT = 20.0


class Collection:
    """The objects of one kind on a daemon.

    A subclass states its paths and keys in the constants below. All methods
    that send requests raise a subclass of :class:`errors.DockerError`.

    :cvar PATH: path of the collection. An object's path is below it.
    :cvar INSPECT: suffix of an object's path in an inspect request.
    :cvar LIST: suffix of the collection's path in a list request.
    :cvar LIST_QUERY: query that makes the daemon list all objects.
    :cvar LISTED: key of the list, if the response is a map.
    :cvar ID: key of an object's ID.
    :cvar REQUIRED: keys that the response to an inspect request must have
        beside the ID.
    :cvar OPTIONAL: other keys in that response that the plugin reads, each
        with the type of the empty value that stands for a missing one.
    :cvar SHAPE: types in that response, as far as the plugin reads it; see
        :func:`heat_docker.answers.has_shape`. It is checked here, so that an
        error where the response is read is an error of the plugin.
    :cvar LISTED_SHAPE: the same for an item of a list.
    :cvar LABELS: path of keys to the labels in that response.
    """

    PATH: str
    INSPECT: str = ''
    LIST: str = ''
    LIST_QUERY: typing.ClassVar[dict[str, str]] = {}
    LISTED: str | None = None
    ID: str = 'Id'
    REQUIRED: tuple[str, ...] = ()
    OPTIONAL: typing.ClassVar[dict[str, type]] = {}
    SHAPE: typing.ClassVar[dict] = {}
    LISTED_SHAPE: typing.ClassVar[dict] = {}
    LABELS: tuple[str, ...] | None = None

    def __init__(self, client):
        """Bind the collection to a client.

        :param client.DockerClient client: sends the requests.
        """
        self._client = client

    def inspect(self, object_id: str) -> dict:
        """Return the daemon's description of an object.

        :raises errors.NotFound: if the object does not exist.
        """
        inspected = self._client.request_json(
            'GET', self.PATH + '/%s' + self.INSPECT, object_id, has=self.ID)
        if (any(inspected.get(key) is None for key in self.REQUIRED)
                or not answers.has_shape(inspected, self.SHAPE)):
            raise self._client.shape_error()
        for key, kind in self.OPTIONAL.items():
            if inspected.get(key) is None:
                inspected[key] = kind()
        return inspected

    def find(self, labels: dict[str, str]
             ) -> collections.abc.Sequence[str]:
        """Return the IDs of the objects that have all the labels."""
        return [found[self.ID] for found in self.list(labels)]

    def remove(self, object_id: str) -> None:
        """Remove an object.

        :raises errors.NotFound: if the object does not exist.
        :raises errors.Conflict: if the object is in use.
        """
        self._client.act('DELETE', self.PATH + '/%s', object_id)

    @classmethod
    def labels_of(cls, inspected: dict) -> dict[str, str]:
        """Return the labels of an object.

        They state which project owns the object, so a response without them
        must not pass for an object without labels.

        :param inspected: what :meth:`inspect` returns.
        :raises errors.Failed: if there is no map of labels where this kind of
            object has it. The value null is an empty map.
        """
        if cls.LABELS is None:
            raise NotImplementedError('%s has no LABELS' % cls.__name__)
        labels = inspected
        for key in cls.LABELS:
            if not isinstance(labels, dict) or key not in labels:
                raise errors.Failed(_('The daemon did not return its labels'))
            labels = labels[key]
        if labels is None:
            return {}
        if not isinstance(labels, dict):
            raise errors.Failed(_('The daemon did not return its labels'))
        return labels

    def list(self, labels: dict[str, str]
             ) -> collections.abc.Sequence[dict]:
        """Return the daemon's list of the objects that have all the labels."""
        return self._filtered(label=['%s=%s' % item
                                     for item in labels.items()])

    def having(self, label: str) -> collections.abc.Sequence[dict]:
        """Return the daemon's list of the objects with a label.

        :param label: name of the label, whose value may be empty.
        """
        return self._filtered(label=[label])

    def _filtered(self, **filters) -> collections.abc.Sequence[dict]:
        """Return the daemon's list of the objects that match the filters.

        :param filters: filters of the Docker API, each with its values.
        """
        listed = self._client.request_json(
            'GET', self.PATH + self.LIST, has=self.LISTED,
            query={**self.LIST_QUERY, 'filters': json.dumps(filters)})
        if self.LISTED:
            # Docker sends null for an empty list.
            listed = [] if listed[self.LISTED] is None else (
                listed[self.LISTED])
        if not isinstance(listed, list) or not all(
                isinstance(found, dict) for found in listed):
            raise self._client.not_docker_error()
        if len(listed) > budgets.LISTED:
            raise self._client.too_long_error()
        for found in listed:
            self._check_listed(found)
        return listed

    def _check_listed(self, found: dict) -> None:
        """Raise if an item of a list is not as Docker documents it."""
        self._client.check_id(found.get(self.ID))
        if not answers.has_shape(found, self.LISTED_SHAPE):
            raise self._client.shape_error()

    def _create(self, **options) -> dict:
        """Create an object and return the response, which has its ID.

        :param options: see :meth:`client.DockerClient.request`.
        """
        return self._client.request_json(
            'POST', self.PATH + '/create', has=self.ID, **options)


class Specified(Collection):
    """The objects of one kind in a swarm, each with a specification.

    An update replaces the whole specification of an object. The daemon, which
    has to be a manager, rejects it unless the request contains the version of
    the object that the specification is to replace.
    """

    ID = 'ID'
    SHAPE = LISTED_SHAPE = {'Version': {'Index': int},
                            'Spec': {'Name': str, 'Labels': dict}}
    LABELS = ('Spec', 'Labels')
    REQUIRED = ('Version', 'Spec')

    def update(self, object_id: str, body: dict, version: int,
               **options) -> list[str]:
        """Replace the specification of an object.

        :param body: the whole specification, in the form of the API.
        :param version: version of the object that the caller has read.
        :param options: see :meth:`client.DockerClient.request`.
        :returns: the daemon's warnings.
        :raises errors.OutOfSequence: if the object has changed since.
        """
        query = {'version': version, **options.pop('query', {})}
        response = self._client.request(
            'POST', self.PATH + '/%s/update', object_id, body=body,
            query=query, **options)
        # Only the response for a service has a body.
        return self._client.warnings_of(
            answers.parse(response.content) if response.content else {})
