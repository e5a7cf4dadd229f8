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

"""Whose an object of a daemon is, and which objects a resource may use.

The label of the project tells. Templates cannot set it, nor any other of
Heat's labels.
"""

import contextlib
import re

from heat.common import exception

from .. import errors
from .. import fields
from .. import i18n
from .. import policy
from ..convert import process
from ..convert import references
from ..convert import registry
from ..convert import scalars

_ = i18n._

LABEL = process.OWN_LABELS

# Networks that each daemon has. No other network can have their names.
_PREDEFINED = ('bridge', 'host', 'none', 'default')


class Owning:
    """Labels, and the look at those of other objects."""

    @property
    def labels(self):
        """The labels that tell whose an object of a daemon is."""
        return self._all_labels(stack_id=self.stack.id,
                                stack_name=self.stack.name,
                                resource_name=self.name,
                                resource_id=self.uuid)

    def _all_labels(self, **labels):
        """Return all labels of Heat, empty but for those that are given.

        An image passes its labels on to containers, so that none of Heat's
        may be left out.
        """
        return {LABEL + name: value for name, value in {
            **dict.fromkeys(process.OWN_LABEL_NAMES, ''),
            'project_id': self._project, **labels}.items()}

    @property
    def _project(self):
        """The project of the stack, also while an administrator acts."""
        return self.stack.tenant_id or ''

    def labels_by(self, *names):
        """Return some of the labels, to find objects by them."""
        return {LABEL + name: self.labels[LABEL + name] for name in names}

    def _refuse_foreign(self, inspected):
        """Raise if an object is one that another project's stack has made."""
        project = _project_of(inspected)
        if project and project != self._project:
            raise exception.Error(_('It belongs to another project'))

    def _refuse_unowned(self, inspected):
        """Raise if nobody knows whose an object is, on a shared daemon."""
        if policy.is_shared() and not _project_of(inspected):
            raise exception.Error(_(
                'No stack has made it, so that it may be another project\'s '
                '(option daemons of the operator)'))

    def _found(self, docker, values, kind=None):
        """Return values of the properties with the ids of what they name.

        On a shared daemon, another project may have a name by the time that
        it is used.

        :param str kind: a constant of :mod:`heat_docker.convert.references`;
            what is of another kind is not looked for.
        :raises errors.Refused: if a value refers to what is not to be used.
        """
        found = fields.found(self.spec.FIELDS, values,
                             _Finder(docker, self.labels, values, kind))
        # An id may have turned out to be the network of the host.
        fields.check_policy(self.spec.FIELDS, found)
        return found


class _Finder:
    """Finds what properties refer to, and refuses what is another's.

    :ivar values: of all properties.
    """

    def __init__(self, docker, labels, values, kind=None):
        """Remember whose objects may be used.

        :param dict labels: of what is made.
        :param kind: what is looked for; by default, all.
        """
        self._docker = docker
        self._labels = labels
        self._kind = kind
        self.values = values

    def __call__(self, kind, name, make=None):
        """Return what Docker is to be told instead of a name.

        :param str kind: a constant of :mod:`heat_docker.convert.references`.
        :param dict make: how Docker would make what is missing.
        """
        if self._kind not in (None, kind):
            return name
        if policy.is_shared():
            return getattr(self, '_find_' + kind)(name, make)
        if kind == references.NETWORK and re.fullmatch('[0-9a-f]+', name) and (
                not policy.limit('allow_host_namespaces')):
            with contextlib.suppress(errors.NotFound):
                return self._predefined(
                    self._docker.inspect_network(name)) or name
        return name

    def _find_volume(self, name, make):
        try:
            inspected = self._docker.inspect_volume(name)
        except errors.NotFound:
            if make is None:
                raise
            # Docker would make it without labels, and for everybody.
            labels = {**make.get('Labels', {}), **self._labels}
            inspected = self._docker.create_volume({
                **scalars.drop_empty(make), 'Name': name, 'Labels': labels})
        self._admit(_('volume'), name, inspected)
        return name

    def _find_network(self, name, make):
        if name in _PREDEFINED:
            return name
        inspected = self._docker.inspect_network(name)
        predefined = self._predefined(inspected)
        if predefined:
            return predefined
        self._admit(_('network'), name, inspected)
        return inspected['Id']

    def _predefined(self, inspected):
        """Return the name of a network that the daemon has by itself."""
        podman = ('podman',) if self._docker.is_podman else ()
        return inspected['Name'] if inspected['Name'] in (
            *_PREDEFINED, *podman) else None

    def _find_configuration(self, name, make):
        self._admit(_('network'), name, self._docker.inspect_network(name))
        # Docker knows it by nothing else.
        return name

    def _find_container(self, name, make):
        inspected = self._docker.inspect_container(name)
        self._admit(_('container'), name, inspected)
        return inspected['Id']

    def _find_image(self, name, make):
        inspected = self._docker.inspect_image(name)
        if _is_of_registry(name, inspected):
            return name
        if name.startswith(registry.RESERVED):
            self._admit(_('image'), name, inspected)
            # No template can give another image its name.
            return name
        if _project_of(inspected):
            self._admit(_('image'), name, inspected)
            return inspected['Id']
        return name

    def _find_tag(self, name, make):
        try:
            inspected = self._docker.inspect_image(name)
        except errors.NotFound:
            return name
        self._admit(_('image'), name, inspected)
        return name

    def _admit(self, what, name, inspected):
        """Raise unless an object belongs to the project."""
        project = _project_of(inspected)
        if project and project == self._labels[LABEL + 'project_id']:
            return
        what = {'what': what, 'name': name}
        why = (_('the %(what)s %(name)s belongs to another project')
               if project else
               _('no stack has made the %(what)s %(name)s, so that it may be '
                 'another project\'s')) % what
        raise errors.Refused(
            _('%s. On a daemon that projects share, a template can only use '
              'what stacks of its own project have made there (option '
              'daemons of the operator)') % why)


def _project_of(inspected):
    """Return the project that an object says it belongs to, if any."""
    labels = ((inspected.get('Config') or {}).get('Labels')
              or inspected.get('Labels') or {})
    if not isinstance(labels, dict):
        raise exception.Error(_('The daemon gives it no labels'))
    return labels.get(LABEL + 'project_id')


def _is_of_registry(name, inspected):
    """Return whether an image comes from the registry in its name.

    Whoever may pull it has it from there, whatever its labels say.
    """
    wanted = registry.parts(name)
    return wanted[0] not in ('', registry.OWN) and any(
        registry.parts(digest) == wanted
        for digest in inspected.get('RepoDigests') or ())
