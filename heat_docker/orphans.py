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

"""The objects of stacks that Heat no longer has, for ``check.py orphans``.

The labels of an object name its stack, and Heat's database has the stacks.
"""

import argparse
import collections.abc
import contextlib
import dataclasses

from heat.common import context as heat_context
from heat.common import exception
from heat.engine import stack as heat_stack
from heat.objects import resource as resource_objects
from heat.objects import stack as stack_objects

from . import client as clients
from . import endpoint as endpoints
from . import errors
from .lifecycle import container_snapshots
from .lifecycle import neighbors
from .lifecycle import networks
from .lifecycle import ownership
from .lifecycle import records
from .resources import daemon

_LABEL = ownership.LABEL

# Labels of copies and helpers, which name a stack and a resource.
_ORIGINS = 'helper_of', 'snapshot_of', 'copy_of'


@dataclasses.dataclass(frozen=True)
class Orphan:
    """An object whose stack Heat does not have.

    :ivar kind: name of its collection, such as ``containers``.
    :ivar object_id: its ID.
    :ivar name: its name.
    :ivar stack_id: ID of its stack.
    :ivar stack: name of its stack; '' if no label contains it.
    :ivar project: ID of the project of its stack; '' if no label contains it.
    :ivar kept: why :func:`remove` does not remove it; otherwise ''.
    """

    kind: str
    object_id: str
    name: str
    stack_id: str
    stack: str
    project: str
    kept: str

    def __str__(self):
        return '%s %s%s' % (self.kind[:-1], self.name or self.object_id,
                            self.kept and ' (is kept: %s)' % self.kept)


def _never_kept(found, labels):
    return ''


def _why_network_is_kept(found, labels):
    # Docker gives it the labels of the network that configures it.
    return ('a user may have made it with config_from'
            if (found.get('ConfigFrom') or {}).get('Network') else '')


def _why_volume_is_kept(found, labels):
    return ('deletion_policy Snapshot made it'
            if labels.get(_LABEL + 'copy_of') else '')


def _why_image_is_kept(found, labels):
    tags = found.get('RepoTags') or ()
    if tags and all(map(container_snapshots.is_of_stack, tags)):
        return ''
    # Images that are committed or built from others inherit their labels.
    return 'a user may have made it from a container or an image of the stack'


# The kinds of objects, in an order in which they can be removed, each with a
# function that returns why an object of a deleted stack is kept, or ''.
_KINDS: dict[str, collections.abc.Callable[[dict, dict], str]] = {
    'services': _never_kept, 'containers': _never_kept,
    'networks': _why_network_is_kept, 'secrets': _never_kept,
    'configs': _never_kept,
    'volumes': _why_volume_is_kept, 'images': _why_image_is_kept}

# Only managers of a swarm have them.
_OF_SWARM = 'services', 'secrets', 'configs'


def report(options: argparse.Namespace) -> list[str]:
    """Print the orphans, remove those of given stacks; return the problems.

    :param options: command line of ``check.py orphans``.
    """
    reader = heat_context.get_admin_context()
    try:
        daemons = (endpoints_of_heat(reader) if options.all_endpoints
                   else _given(options))
    except (OSError, ValueError) as ex:
        return [str(ex)]
    problems = []
    stacks = set()
    for url, where in daemons.items():
        if where is None:
            problems.append('%s: its certificates cannot be read; use '
                            '--docker-endpoint' % url)
            continue
        try:
            found = find(where, reader)
        except errors.DockerError as ex:
            problems.append('%s: %s' % (url, ex))
            continue
        print('%s: %d orphans' % (url, len(found)))
        stacks |= {one.stack_id for one in found}
        problems += _report(where, found, options.remove)
    return problems + ['no orphan belongs to the stack %s' % stack
                       for stack in options.remove if stack not in stacks]


def _given(options):
    """Return the daemons of the command line, by their URLs.

    :raises OSError: if a file cannot be read.
    :raises ValueError: if a URL or a certificate is invalid.
    """
    tls = {}
    for name, path in (('ca_cert', options.tlscacert),
                       ('client_cert', options.tlscert),
                       ('client_key', options.tlskey)):
        if path:
            with open(path, encoding='utf-8') as pem:
                tls[name] = pem.read()
    found = [endpoints.of_values(url, tls)
             for url in options.docker_endpoint or [None]]
    return {where.url: where for where in found}


def _report(where, found, removed):
    """Print the orphans of a daemon by their stacks; return the problems.

    :param list removed: IDs of the stacks whose objects are removed.
    """
    problems = []
    for stack in dict.fromkeys(one.stack_id for one in found):
        of_stack = [one for one in found if one.stack_id == stack]
        print('  stack %s (%s) of the project %s' % (
            stack, of_stack[0].stack or 'name unknown',
            of_stack[0].project or 'unknown'))
        for one in of_stack:
            if stack not in removed or one.kept:
                print('    %s' % one)
                continue
            try:
                remove(where, one)
            except errors.DockerError as ex:
                problems.append('%s: the %s cannot be removed: %s'
                                % (where, one, ex))
            else:
                print('    %s: removed' % one)
    return problems


def find(where: endpoints.Endpoint,
         reader: heat_context.RequestContext) -> list[Orphan]:
    """Return the orphans on a daemon, in an order of removal.

    :param where: the daemon.
    :param reader: a context that may read the stacks of all projects.
    :raises errors.DockerError: if the daemon cannot be asked.
    """
    with clients.DockerClient(where) as client:
        is_manager = not client.is_podman and (
            client.swarms.membership()['ControlAvailable'])
        # The database is read later, so it has the stacks of all of these.
        labelled = [of_listed(kind, client, found) for kind in _KINDS
                    if is_manager or kind not in _OF_SWARM
                    for found in getattr(client, kind).having(
                        _LABEL + 'stack_id')]
        gone = {}
        for stack_id in {one.stack_id for one in labelled if one.stack_id}:
            gone[stack_id] = stack_objects.Stack.get_by_id(
                reader, stack_id, eager_load=False) is None
        found = [one for one in labelled if gone.get(one.stack_id)
                 and not _is_adopted(one, reader)]
        return [dataclasses.replace(
            one, kept='a user may have made it from an image of the stack')
            if one.kind == 'containers' and _has_labels_of_image(
                client, one.object_id) else one for one in found]


def of_listed(kind, client, found):
    """Return what a daemon lists, as an orphan.

    :param str kind: name of the collection.
    :param dict found: item of the daemon's list.
    """
    spec = found.get('Spec') or found
    labels = {name: _plain(value)
              for name, value in (spec.get('Labels') or {}).items()}
    origin = next(filter(None, (labels.get(_LABEL + name)
                                for name in _ORIGINS)), '')
    # Containers of a service have the stack, but are not objects of Heat.
    stack_id = labels.get(_LABEL + 'stack_id') if labels.get(
        _LABEL + 'resource_id') else origin.partition('/')[0]
    names = found.get('RepoTags') or found.get('Names') or [
        spec.get('Name') or '']
    return Orphan(
        kind, found[getattr(client, kind).ID], _plain(names[0]).lstrip('/'),
        stack_id or '', labels.get(_LABEL + 'stack_name') or '',
        labels.get(_LABEL + 'project_id') or '',
        _KINDS[kind](found, labels))


def _plain(value):
    """Return text without what a terminal or a reader takes for a line.

    The author of an image chooses its labels.
    """
    return str(value).encode('unicode_escape').decode()


def _is_adopted(one, reader):
    """Return whether another stack has the object.

    The labels of a container do not change if its stack is abandoned and
    another stack adopts it.
    """
    try:
        return bool(
            resource_objects.Resource.get_all_by_physical_resource_id(
                reader, one.object_id))
    except exception.NotFound:
        return False


def _has_labels_of_image(client, container):
    """Return whether a container inherits Heat's labels from its image.

    An image that a user has committed has the labels of the container. Of a
    stack, only a container that was restored has the labels of its image.
    """
    with contextlib.suppress(errors.NotFound):
        inspected = client.containers.inspect(container)
        image = client.images.inspect(inspected['Image'])
        return bool(_why_image_is_kept(image, {})) and _own(
            client.containers.labels_of(inspected)) == _own(
                client.images.labels_of(image))
    return False


def _own(labels):
    """Return Heat's own labels."""
    return {name: value for name, value in labels.items()
            if name.startswith(_LABEL)}


def remove(where: endpoints.Endpoint, one: Orphan) -> None:
    """Remove an orphan from a daemon.

    :raises errors.DockerError: if the daemon refuses, because another object
        uses it, for instance.
    """
    with clients.DockerClient(where) as client, contextlib.suppress(
            errors.NotFound):
        if one.kind == 'containers':
            client.containers.remove(one.object_id, force=True)
        elif one.kind == 'networks':
            _remove_network(client, one.object_id)
        else:
            getattr(client, one.kind).remove(
                one.name if one.kind == 'images' else one.object_id)


def _remove_network(client, network):
    """Remove a network that no container uses.

    Docker refuses only if a container is running. One that is stopped, for
    instance in a suspended stack, could not start again.
    """
    users = networks.members(client, network)
    if users:
        raise errors.Conflict('%d containers are attached to it' % len(users))
    networks.remove(client, network)


def endpoints_of_heat(reader: heat_context.RequestContext
                      ) -> dict[str, endpoints.Endpoint | None]:
    """Return the daemons of all resources in Heat's database, by their URLs.

    Each has the TLS settings of the first resource that uses it. It is None
    if these cannot be read.

    :param reader: a context that may read the stacks of all projects.
    """
    found: dict[str, endpoints.Endpoint | None] = {}
    for stack in stack_objects.Stack.get_all(
            reader, show_nested=True, show_hidden=True):
        loaded = None
        for name, request in _requests(reader, stack.id):
            url = endpoints.parse(request.endpoint
                                  or endpoints.own_url()).url
            if found.get(url):
                continue
            if loaded is None:
                loaded = heat_stack.Stack.load(reader, stack=stack)
            found[url] = None
            with contextlib.suppress(exception.HeatException,
                                     errors.DockerError):
                user = loaded.resources.get(name)
                if isinstance(user, daemon.DaemonResource):
                    found[url] = user.endpoint
    return found


def _requests(reader, stack_id):
    """Yield the names of resources of a stack with their create requests."""
    try:
        rows = resource_objects.Resource.get_all_by_stack(reader, stack_id)
    except exception.NotFound:
        return
    for row in rows.values():
        request = neighbors.StoredResource(row).read(records.CreateRequest)
        if request is not None:
            yield row.name, request
