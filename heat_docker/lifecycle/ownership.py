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

"""The owner of an object, and the objects that a resource may use.

Labels identify the owner. Templates cannot set them: see
:data:`heat_docker.convert.process.OWN_LABELS`.
"""

import contextlib
import dataclasses
import re
import typing

from .. import errors
from .. import fields
from .. import i18n
from .. import policy
from ..api import images as api_images
from ..convert import process
from ..convert import references
from ..convert import registry
from ..convert import scalars

_ = i18n._

LABEL = process.OWN_LABELS

# Networks that each daemon has. No other network can have their names.
_PREDEFINED = ('bridge', 'host', 'none', 'default')


@dataclasses.dataclass(frozen=True)
class Owner:
    """A resource of Heat, as the labels of its object describe it.

    :ivar project: ID of the stack's project, even while an administrator
        acts on the stack.
    :ivar resource_id: UUID of the resource.
    """

    project: str
    stack_id: str
    stack_name: str
    resource_name: str
    resource_id: str

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the object of this resource."""
        return self.all_labels(stack_id=self.stack_id,
                               stack_name=self.stack_name,
                               resource_name=self.resource_name,
                               resource_id=self.resource_id)

    def all_labels(self, **labels: str) -> dict[str, str]:
        """Return all labels of Heat, empty except for those given.

        A container inherits the labels of its image, so none of Heat's may
        be missing.
        """
        return {LABEL + name: value for name, value in {
            **dict.fromkeys(process.OWN_LABEL_NAMES, ''),
            'project_id': self.project, **labels}.items()}

    def labels_by(self, *names: str) -> dict[str, str]:
        """Return some of the labels, to find objects by them.

        :param names: of the labels, without the prefix.
        """
        labels = self.labels
        return {LABEL + name: labels[LABEL + name] for name in names}

    def refuse_foreign(self, labels):
        """Raise if a stack of another project created an object.

        :param labels: labels of the object, as the daemon shows them.
        """
        if self.is_foreign(labels):
            raise errors.Refused(_('It belongs to another project'))

    def is_foreign(self, labels):
        """Return whether a stack of another project created an object.

        :param labels: see :meth:`refuse_foreign`.
        """
        project = _project_of(labels)
        return bool(project) and project != self.project

    def is_of_stack(self, labels):
        """Return whether a resource of the same stack created an object.

        :param labels: see :meth:`refuse_foreign`.
        """
        return (labels or {}).get(LABEL + 'stack_id') == self.stack_id

    def refuse_unowned(self, labels):
        """Raise if no project owns an object, on a shared daemon."""
        if policy.is_shared() and not _project_of(labels):
            raise errors.Refused(_(
                'No stack has created it, so it may belong to another '
                'project (operator option daemons)'))

    def describe_container(self, name, labels):
        """Return a phrase with a container and its stack, for messages.

        On a shared daemon, users do not learn names of other projects.

        :param labels: see :meth:`refuse_foreign`.
        """
        try:
            self.refuse_foreign(labels)
        except errors.DockerError:
            if policy.is_shared():
                return _('a container of another project')
        stack = (labels or {}).get(LABEL + 'stack_name')
        if not stack:
            return _('the container %s of no stack') % name
        return _('the container %(name)s of the stack %(stack)s') % {
            'name': name, 'stack': stack}


def resolve(client, table, values, owner, kind=None, may_create=True):
    """Return values of properties with the IDs of the objects they name.

    On a shared daemon, another project may get a name before Docker looks it
    up, but not an ID.

    :param client: client of the daemon.
    :param table: the fields of the type.
    :param values: of the properties.
    :param Owner owner: owner of the objects that may be used.
    :param str kind: a constant of :mod:`heat_docker.convert.references`, to
        look up one kind of object only.
    :param bool may_create: whether to create a volume that Docker would
        create without labels.
    :raises errors.Refused: if a value refers to an object that the resource
        must not use.
    """
    found = fields.found(table, values, _Resolver(client, owner, values, kind,
                                                  may_create))
    # The ID may be the one of the host's network.
    fields.check_policy([field for field in table if field.refers
                         and found[field.name] != values[field.name]], found)
    return found


class _Resolver:
    """Look up the objects that properties refer to, and check their owner.

    :ivar values: of all properties.
    """

    def __init__(self, client, owner, values, kind, may_create):
        self._client = client
        self._owner = owner
        self._kind = kind
        self._may_create = may_create
        self.values = values

    def __call__(self, kind, name, make=None):
        """Return the text that replaces a name in the request.

        :param str kind: a constant of :mod:`heat_docker.convert.references`.
        :param dict make: body of the request by which Docker would create a
            missing volume.
        """
        if self._kind not in (None, kind):
            return name
        if policy.is_shared() or kind in (references.SECRET,
                                          references.CONFIG):
            return getattr(self, '_find_' + kind)(name, make)
        if kind == references.NETWORK and re.fullmatch('[0-9a-f]+', name) and (
                not policy.limit('allow_host_namespaces')):
            with contextlib.suppress(errors.NotFound):
                return self._predefined(
                    self._client.networks.inspect(name)) or name
        return name

    def _find_volume(self, name, make):
        try:
            inspected = self._client.volumes.inspect(name)
        except errors.NotFound:
            if make is None:
                raise
            if not self._may_create:
                return name
            # Docker would create it without labels, for every project.
            labels = {**make.get('Labels', {}), **self._owner.labels}
            inspected = self._client.volumes.create({
                **scalars.drop_empty(make), 'Name': name, 'Labels': labels})
        self._admit(_('volume'), name, self._client.volumes, inspected)
        return name

    def _find_network(self, name, make):
        if name in _PREDEFINED:
            return name
        inspected = self._client.networks.inspect(name)
        predefined = self._predefined(inspected)
        if predefined:
            return predefined
        self._admit(_('network'), name, self._client.networks, inspected)
        return inspected['Id']

    def _predefined(self, inspected):
        """Return the name of a predefined network, or None."""
        podman = ('podman',) if self._client.is_podman else ()
        return inspected['Name'] if inspected['Name'] in (
            *_PREDEFINED, *podman) else None

    def _find_configuration(self, name, make):
        networks = self._client.networks
        self._admit(_('network'), name, networks, networks.inspect(name))
        # Docker finds it only by its name.
        return name

    def _find_container(self, name, make):
        containers = self._client.containers
        inspected = containers.inspect(name)
        self._admit(_('container'), name, containers, inspected)
        return inspected['Id']

    def _find_image(self, name, make):
        images = self._client.images
        inspected = images.inspect(name)
        if is_of_registry(name, inspected):
            return name
        if name.startswith(registry.RESERVED):
            self._admit(_('image'), name, images, inspected)
            # No template can give this name to another image.
            return name
        if _project_of(images.labels_of(inspected)):
            self._admit(_('image'), name, images, inspected)
            return inspected['Id']
        return name

    def _find_cache(self, name, make):
        # Another project may get the name of a missing image meanwhile.
        with contextlib.suppress(errors.NotFound):
            return self._find_image(name, make)
        return None

    def _find_tag(self, name, make):
        images = self._client.images
        try:
            inspected = images.inspect(name)
        except errors.NotFound:
            return name
        self._admit(_('image'), name, images, inspected)
        return name

    def _find_secret(self, name, make):
        return self._find_specified(_('secret'), name, self._client.secrets)

    def _find_config(self, name, make):
        return self._find_specified(_('config'), name, self._client.configs)

    def _find_specified(self, what, name, objects):
        """Return the ID and the name: Docker requires both."""
        inspected = objects.inspect(name)
        if policy.is_shared():
            self._admit(what, name, objects, inspected)
        return inspected['ID'], inspected['Spec'].get('Name') or ''

    def _find_node_image(self, name, make):
        if registry.parts(name)[0] in ('', registry.OWN):
            # Another project may have built it on some node.
            raise errors.Refused(
                _('the image %s is in no registry. On a daemon that projects '
                  'share, a service can only use images of registries '
                  '(operator option daemons)') % name)
        with contextlib.suppress(errors.NotFound):
            return self._find_image(name, make)
        return name

    def _find_node_volume(self, name, make):
        raise errors.Refused(
            _('%s may belong to another project on some node. On a daemon '
              'that projects share, a service can only mount volumes without '
              'a name (operator option daemons)') % name)

    def _admit(self, what, name, collection, inspected):
        """Raise unless an object belongs to the project."""
        project = _project_of(collection.labels_of(inspected))
        if project and project == self._owner.project:
            return
        what = {'what': what, 'name': name}
        why = (_('the %(what)s %(name)s belongs to another project')
               if project else
               _('no stack has created the %(what)s %(name)s, so it may '
                 'belong to another project')) % what
        raise errors.Refused(
            _('%s. On a daemon that projects share, a template can only use '
              'objects that stacks of its own project have created there '
              '(operator option daemons)') % why)


def _project_of(labels: typing.Any):
    """Return the project that labels name, or None."""
    if not isinstance(labels, dict | None):
        raise errors.Failed(_('The daemon returned no valid labels of it'))
    return (labels or {}).get(LABEL + 'project_id')


def refuse_foreign_image(owner, name, inspected):
    """Raise if an image belongs to another project.

    Any project may use an image that comes from the registry in its name,
    regardless of its labels.
    """
    labels = api_images.Images.labels_of(inspected)
    if policy.is_shared() and not is_of_registry(name, inspected):
        owner.refuse_foreign(labels)


def is_of_registry(name, inspected):
    """Return whether an image comes from the registry in its name.

    Any project that is allowed to pull it would get the same image.
    """
    return registry.parts(name)[0] not in ('', registry.OWN) and (
        registry.by_digest(inspected.get('RepoDigests'), name) is not None)
