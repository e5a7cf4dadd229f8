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

"""The object of an image, and the steps that pull, build, push, remove it."""

import contextlib
import re
import time
import typing

from .. import background
from .. import errors
from .. import i18n
from ..api import images as api_images
from ..convert import building
from ..convert import platforms
from ..convert import references
from ..convert import registry
from ..convert import scalars
from . import creation
from . import objects
from . import ownership
from . import plan
from . import records

_ = i18n._

# Seconds between two events about one pull.
_REPORT_EVERY = 10.0

# How often a pull is started again when the daemon becomes unreachable.
_PULLS = 3


class Image(objects.Object):
    """An image."""

    COLLECTION = 'images'
    KIND = api_images.Images
    ID = re.compile('(sha256:)?[0-9a-f]{64}')

    def find_own(self, client, values):
        """Return the ID of the image built for this resource, or None.

        A pulled image has the labels of its builder.
        """
        own = set(map(registry.full_name, tags(self, values)))
        labels = self.owner.labels_by('resource_id', 'stack_id')
        for found in client.images.list(labels):
            if _is_intermediate(self, values, found):
                continue
            if not found.get('RepoDigests') or own & set(map(
                    registry.full_name, found.get('RepoTags') or ())):
                return found['Id']
        return None

    def ensure_id(self, client, values):
        """Find a lost ID by labels, which only a built image has."""
        lost = self.id is None
        found = super().ensure_id(client, values)
        if lost and found:
            self.records.write(records.MadeImage())
        return found

    def inspect(self, client):
        """Return what the daemon shows, also of an image of others."""
        return client.images.inspect(self.id)

    def refuse_unowned(self, inspected):
        """Accept an image without labels: few images have any."""


def to_build(values):
    """Return the property ``build``; empty if no image is built."""
    return scalars.drop_empty(values['build'])


def tags(obj, values):
    """Return the tags of a built image.

    :param Image obj: the image, whose name is the default.
    """
    return scalars.to_strings(values['tags'] or ()) or [
        '%s/heat/%s' % (registry.OWN, re.sub(
            '[^a-z0-9]+', '-', obj.name({'name': None}).lower()).strip('-'))]


def _names(obj, values):
    """Return the names of a pulled or a built image."""
    return [values['image']] if values['image'] else tags(obj, values)


class Provide(plan.Step):
    """Run a step that needs an image; pull the image first if necessary.

    ``pull_policy`` decides when. All resources of a worker that need the same
    image share one pull: see :func:`heat_docker.background.pull`.

    :ivar use: the step that needs the image. It raises
        :class:`errors.NotFound` if the daemon does not have it.
    """

    def __init__(self, use: plan.Step):
        """Start without a pull."""
        self.use = use
        self._pull: typing.Any = None
        self._pulls = 0
        self._is_pulled = False
        self._reported = 0.0

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Pull the image if necessary, then run the step that needs it."""
        policy = ctx.properties['pull_policy'] or 'missing'
        if self._pull is not None and not self._has_pulled(ctx):
            return False
        if policy == 'always' and not self._is_pulled:
            return self._start(ctx)
        try:
            return self.use(ctx)
        except (errors.NotFound, errors.Failed) as ex:
            # The daemon does not have the image, the platform of the image, or
            # a container that a property refers to.
            is_missing = isinstance(ex, errors.NotFound)
            if self._is_pulled or not is_missing and ex.status != 404:
                raise
            if self._is_there(ctx):
                if not is_missing:
                    raise
                # A container is missing, or the image arrived meanwhile.
                return self.use(ctx)
            if policy == 'never':
                raise errors.NotFound(
                    _('%s, and pull_policy is never') % ex) from ex
        return self._start(ctx)

    def _is_there(self, ctx: plan.Context):
        """Return whether the daemon has the image for the platform.

        The error does not tell: a 404 may be about another object, and the
        words of daemons differ.
        """
        return ctx.client.images.exists(
            ctx.properties['image'],
            platforms.platform_to_api(ctx.properties['platform']))

    def cancel(self, ctx: plan.Context) -> None:
        """Release the pull. It ends when the last resource releases it."""
        self._release()
        self.use.cancel(ctx)

    def _release(self):
        if self._pull is not None:
            self._pull.release()
            self._pull = None

    def _start(self, ctx: plan.Context):
        # If the daemon is unreachable, the plan waits before the pull begins.
        creation.check_supported(ctx)
        image = ctx.properties['image']
        if image.startswith(registry.SNAPSHOTS + '/'):
            # The operator's policy always allows this name, so it must not
            # reach a registry of that name.
            raise errors.NotFound(_('The snapshot %s does not exist, and '
                                    'snapshots are in no registry') % image)
        auth = registry.pull_credentials(ctx.properties)
        self.before_pull(ctx)
        # Start it now: a shared pull that ends meanwhile would be of no use.
        self._pull = background.pull(ctx.client.endpoint, image,
                                     ctx.properties['platform'], auth)
        self._pulls += 1
        self._reported = time.monotonic()
        ctx.event(_('Pulling %s') % image)
        # Other resources can use the connection meanwhile.
        return plan.After(0)

    def before_pull(self, ctx: plan.Context):
        """Prepare for the pull; a hook for subclasses."""

    def pulled(self):
        """Remember that the image was pulled."""
        self._is_pulled = True

    def _has_pulled(self, ctx: plan.Context):
        """Return whether the pull has ended; report its progress."""
        pull = self._pull
        if not pull.wait():
            if pull.stalled:
                self._release()
                raise errors.Failed(
                    _('The image %(image)s cannot be pulled. No progress for '
                      '%(seconds)d s: %(progress)s')
                    % {'image': pull.image, 'seconds': pull.stalled,
                       'progress': pull.progress})
            if time.monotonic() - self._reported > _REPORT_EVERY:
                self._reported = time.monotonic()
                ctx.event(_('Pulling %(image)s: %(progress)s')
                          % {'image': pull.image, 'progress': pull.progress})
            return False
        self._release()
        try:
            pull.result()
        except errors.DockerError as ex:
            if isinstance(ex, errors.Unreachable) and self._pulls < _PULLS:
                # The plan waits for the daemon; then the pull starts again.
                raise
            raise errors.Failed(
                _('The image %(image)s cannot be pulled. %(why)s')
                % {'image': pull.image, 'why': ex}) from ex
        self.pulled()
        ctx.event(_('Pulled %(image)s in %(seconds)d s')
                  % {'image': pull.image,
                     'seconds': time.monotonic() - pull.started})
        return True


class Pull(Provide):
    """Provide the image of an Image resource."""

    def __init__(self):
        """Prepare to record which image it is."""
        self._record = _Record()
        super().__init__(self._record)

    def before_pull(self, ctx: plan.Context):
        """Remember whether the image already exists: a delete retains it."""
        if self._record.was_there is None:
            self._record.was_there = self._record.is_foreign(ctx)

    def pulled(self):
        """Remember that the image was pulled."""
        super().pulled()
        self._record.is_pulled = True


class _Record(plan.Step):
    """Record which image the daemon has under the name.

    :ivar is_pulled: whether this action pulled it.
    :ivar was_there: whether the daemon had an image under the name before the
        pull, which the resource did not pull itself; None without a pull.
    """

    def __init__(self):
        """Start without a pull."""
        self.is_pulled = False
        self.was_there = None

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Record the ID and the digest of the image."""
        creation.check_supported(ctx)
        values = ownership.resolve(ctx.client, ctx.fields, ctx.properties,
                                   ctx.object.owner)
        inspected = ctx.client.images.inspect(values['image'])
        ownership.refuse_foreign_image(ctx.object.owner, values['image'],
                                       inspected)
        if not self.is_pulled and not ctx.client.images.is_for(
                platforms.platform_to_api(values['platform']),
                values['image'], inspected):
            raise errors.NotFound(
                _('Docker at %(endpoint)s has %(image)s for another platform')
                % {'endpoint': ctx.client.endpoint, 'image': values['image']})
        creation.record_request(ctx.client, ctx.records)
        if self.was_there is False or (
                _is_inherited(ctx, inspected['Id'])):
            ctx.records.write(records.MadeImage())
        _record_reference(ctx, inspected)
        ctx.object.id = inspected['Id']
        return True

    def is_foreign(self, ctx: plan.Context):
        """Return whether the daemon has an image of another origin."""
        try:
            inspected = ctx.client.images.inspect(ctx.properties['image'])
        except errors.NotFound:
            return False
        return not _is_inherited(ctx, inspected['Id'])


def _is_inherited(ctx: plan.Context, image_id):
    """Return whether the resource that this one replaces pulled an image."""
    other = ctx.neighbors.stored_predecessor()
    return (other is not None and other.holds(records.MadeImage)
            and _is_shared(ctx, other, ctx.properties['image'], image_id))


def _is_shared(ctx: plan.Context, other, name, image_id):
    """Return whether another resource has an image under the same name.

    :param other: :class:`heat_docker.lifecycle.neighbors.StoredResource` or
        None.
    """
    if other is None or other.is_deleted or other.object_id != image_id:
        return False
    its_name = other.last_value('image')
    return (bool(its_name) and other.is_on(ctx.client)
            and registry.full_name(its_name) == registry.full_name(name))


def _record_reference(ctx: plan.Context, inspected):
    """Record the image by its digest in the registry that it came from."""
    reference = registry.by_digest(inspected.get('RepoDigests'),
                                   ctx.properties['image'])
    if reference:
        ctx.records.write(records.ImageReference(reference))


def digest(obj, values, inspected):
    """Return the digest of an image in a repository that its names name.

    :param Image obj: the image.
    :param values: of its properties.
    :param dict inspected: response to an inspect request.
    """
    for name in _names(obj, values):
        reference = registry.by_digest(inspected.get('RepoDigests'), name)
        if reference:
            return reference.partition('@')[2]
    return None


class Build(plan.Step):
    """Build an image without a name.

    A build takes long, and another image may get the name meanwhile, so the
    step :class:`Tag` sets the names.
    """

    def __init__(self):
        """Prepare the background task."""
        self._task = background.Polled()

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Start the build, and return whether it has ended."""
        if not self._task.poll(ctx.client, lambda: self._prepare(ctx)):
            return False
        ctx.records.write(records.MadeImage())
        ctx.object.id = self._task.result
        ctx.event(_('Built %s') % self._task.result)
        return True

    def _prepare(self, ctx: plan.Context):
        creation.check_supported(ctx)
        values, obj = ctx.properties, ctx.object
        found = ownership.resolve(ctx.client, ctx.fields, values, obj.owner)
        creation.record_request(ctx.client, ctx.records)
        ctx.event(_('Building'))
        build = building.build_to_api(to_build(found))
        query = {**build['query'], 'platform': values['platform']}
        maps = {**build['maps'], 'labels': {
            **build['maps']['labels'], **obj.owner.labels}}
        auth = registry.build_credentials(values)
        return lambda client: client.images.build(
            build['context'], scalars.drop_empty(query), maps, auth)

    def cancel(self, ctx: plan.Context) -> None:
        """Stop the build: without an ID, no resource would own the image."""
        self._task.cancel()


class Tag(plan.Step):
    """Tag a built image, unless another project owns one of the tags."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Check all tags, and set them."""
        ownership.resolve(ctx.client, ctx.fields, ctx.properties,
                          ctx.object.owner, references.TAG)
        for name in tags(ctx.object, ctx.properties):
            ctx.client.images.tag(ctx.object.id, name)
        return True


class Push(plan.Step):
    """Push an image to the registries of its tags."""

    def __init__(self):
        """Prepare the background task."""
        self._task = background.Polled()

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Start the push, and return whether it has ended."""
        if not self._task.poll(ctx.client, lambda: self._prepare(ctx)):
            return False
        ctx.records.write(records.Pushed())
        return True

    def _prepare(self, ctx: plan.Context):
        names = tags(ctx.object, ctx.properties)
        auth = registry.build_credentials(ctx.properties)
        ctx.event(_('Pushing %s') % ', '.join(names))
        image = ctx.object.id
        return lambda client: [_push(client, image, name, auth)
                               for name in names]

    def cancel(self, ctx: plan.Context) -> None:
        """Stop the push."""
        self._task.cancel()


def _push(client, image, name, auth):
    """Push an image by a name, unless another image has the name now."""
    if client.images.inspect(name)['Id'] != image:
        raise errors.Conflict(_('Another image now has the name %s')
                              % name)
    client.images.push(name, auth)


class Remove(plan.Step):
    """Remove an image that the resource pulled or built, if it is unused."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Remove the tags of the image, and then the image."""
        values = ctx.properties
        if values['keep'] or not ctx.records.holds(records.MadeImage):
            return True
        names = _names(ctx.object, values)
        # The resource and its replacement may share an image.
        if any(_is_shared(ctx, other, name, ctx.object.id)
               for other in (ctx.neighbors.stored_predecessor(),
                             ctx.neighbors.stored_successor())
               for name in names):
            return True
        users = ctx.client.containers.using_image(ctx.object.id)
        for name in names:
            self._remove_name(ctx, name, users)
        if to_build(values) and not users:
            with contextlib.suppress(errors.NotFound, errors.Conflict):
                ctx.client.images.remove(ctx.object.id)
            self._remove_intermediates(ctx)
        return True

    def _remove_intermediates(self, ctx: plan.Context):
        """Remove the images that the build has left behind.

        The containerd image store does not remove all parents of an image
        with it. A parent is only listed after its child has been removed.
        """
        labels = ctx.object.owner.labels_by('project_id', 'resource_id',
                                            'stack_id')
        tried = {ctx.object.id}
        # Each label of Heat can have led to an image.
        for _label in ctx.object.owner.labels:
            found = [listed['Id'] for listed in ctx.client.images.list(labels)
                     if listed['Id'] not in tried and _is_untagged(listed)
                     and _is_intermediate(ctx.object, ctx.properties, listed)]
            for image in found:
                # A conflict: a container or another image needs it.
                with contextlib.suppress(errors.NotFound, errors.Conflict):
                    ctx.client.images.remove(image)
            if not found:
                break
            tried.update(found)

    def _remove_name(self, ctx: plan.Context, name, users):
        with contextlib.suppress(errors.NotFound, errors.Conflict):
            inspected = ctx.client.images.inspect(name)
            # Another image may have the name now.
            if inspected['Id'] != ctx.object.id:
                return
            in_need = _containers_needing(name, inspected, users)
            if not in_need:
                ctx.client.images.remove(name)
            else:
                ctx.event(_('The image is kept: containers use it, %s')
                          % ', '.join(id_[:12] for id_ in in_need))


def _is_intermediate(obj, values, listed):
    """Return whether the build of an image has left another image behind.

    Docker's builder makes an image for each label, with the labels up to this
    one. An image that a user based on the built one has all labels.

    :param Image obj: the built image.
    :param values: of its properties.
    :param dict listed: item of a list of images with labels of the resource.
    """
    labels = listed.get('Labels') or {}
    built = to_build(values).get('labels') or {}
    return bool(labels) and not {*built, *obj.owner.labels} <= labels.keys()


def _is_untagged(listed):
    """Return whether an item of a list of images has no name.

    Older versions of the API list ``<none>:<none>``.
    """
    return all(name.startswith('<none>') for key in ('RepoTags', 'RepoDigests')
               for name in listed.get(key) or ())


def _containers_needing(name, inspected, users):
    """Return the containers that would lose the name of their image.

    Docker removes a name even if containers use the image.

    :param dict users: containers of the image, as a map of ID to the name of
        the image that they were created from.
    """
    repository = registry.parts(name)
    elsewhere = [other for other in inspected.get('RepoTags') or ()
                 if registry.parts(other) != repository]
    return [container for container, image in users.items()
            if not elsewhere or registry.parts(image) == repository]
