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

"""What the collections of all kinds of objects have in common."""

import json

from .. import budgets
from .. import errors
from .. import i18n

_ = i18n._

# For a driver that it does not know a daemon looks for 15 seconds:
# https://github.com/moby/moby/blob/v28.0.0/pkg/plugins/client.go#L23
PLUGIN_TIMEOUT = 20.0


class Collection:
    """The objects of one kind on a daemon.

    A kind states its paths and keys in the constants below. Methods that send
    requests raise a subclass of :class:`errors.DockerError`.

    :cvar PATH: where the objects are; the path of an object is below it.
    :cvar INSPECT: what the path of an object is followed by to inspect it.
    :cvar LIST: what PATH is followed by to list the objects.
    :cvar LISTED: key of the list in the answer, if that is a map.
    :cvar LIST_QUERY: the query to list all objects.
    :cvar ID: key of an object's ID.
    :cvar SHOWN: key that a daemon's answer to an inspect request has.
    :cvar LABELS: keys that lead to the labels in that answer.
    """

    PATH = None
    INSPECT = ''
    LIST = ''
    LISTED = None
    LIST_QUERY = {}
    ID = 'Id'
    SHOWN = None
    LABELS = None

    def __init__(self, client):
        """Prepare to send requests.

        :param client: the :class:`client.DockerClient` that sends them.
        """
        self._client = client

    def inspect(self, object_id):
        """Return the daemon's description of an object.

        :raises errors.NotFound: if the object does not exist.
        """
        return self._client.request_json(
            'GET', self.PATH + '/%s' + self.INSPECT, object_id,
            has=self.SHOWN)

    def find(self, labels):
        """Return the IDs of the objects that have all the labels."""
        return [found[self.ID] for found in self.list(labels)]

    def remove(self, object_id):
        """Remove an object."""
        self._client.request('DELETE', self.PATH + '/%s', object_id)

    @classmethod
    def labels_of(cls, inspected):
        """Return the labels of an object.

        They state which project owns the object, so an answer without them
        must not pass for an object without labels.

        :param dict inspected: what :meth:`inspect` returns.
        :raises errors.Failed: if there is no map of labels where this kind of
            objects has it. The value null is an empty map.
        """
        if cls.LABELS is None:
            raise NotImplementedError('%s has no LABELS' % cls.__name__)
        labels = inspected
        for key in cls.LABELS:
            if not isinstance(labels, dict) or key not in labels:
                raise errors.Failed(_('The daemon gives it no labels'))
            labels = labels[key]
        if labels is None:
            return {}
        if not isinstance(labels, dict):
            raise errors.Failed(_('The daemon gives it no labels'))
        return labels

    def list(self, labels):
        """Return the daemon's list of the objects that have all the labels.

        :param dict labels: map of label to value.
        """
        return self._filtered(label=['%s=%s' % item
                                     for item in labels.items()])

    def _filtered(self, **filters):
        """Return the daemon's list of the objects that match the filters."""
        listed = self._client.request_json(
            'GET', self.PATH + self.LIST, has=self.LISTED,
            query={**self.LIST_QUERY, 'filters': json.dumps(filters)})
        if self.LISTED:
            # Docker says null for none.
            listed = [] if listed[self.LISTED] is None else (
                listed[self.LISTED])
        if not isinstance(listed, list) or not all(
                isinstance(found, dict) for found in listed):
            raise self._client.not_docker_error()
        if len(listed) > budgets.LISTED:
            raise self._client.too_long_error()
        for found in listed:
            self._client.check_id(found.get(self.ID))
        return listed

    def _create(self, **options):
        """Create an object and return what the daemon answers."""
        return self._client.request_json(
            'POST', self.PATH + '/create', has=self.ID, **options)
