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

"""``DockerInc::Docker::Image``."""

from .. import i18n
from ..lifecycle import creation
from ..lifecycle import images
from ..lifecycle import records
from ..specs import image as spec
from . import base
from . import registration

_ = i18n._


class DockerImage(base.DockerResource):
    """An image on a Docker daemon, pulled or built.

    Containers refer to it by get_resource in their property image. The value
    is the reference by digest of a pulled image, or the ID of a built image.
    An update to another image therefore replaces the containers. If many
    containers of a stack depend on one image resource, the daemon pulls the
    image once.

    Deleting the resource removes an image that it pulled or built, unless a
    container uses the image or keep is true.

    The plugin uses Docker's classic builder, because BuildKit, the newer one,
    requires a protocol of its own in addition to the API. The classic builder
    does not support "RUN --mount" (caches, secrets and SSH), here-documents,
    "COPY --link" and "COPY --chmod". A "# syntax" line has no effect, and a
    build is for one platform. Docker has deprecated the classic builder, but
    Docker 29 still contains it.
    """

    spec = spec
    object_class = images.Image

    def create_plan(self, values):
        """Return the steps that pull, or build and push, the image."""
        if not images.to_build(values):
            return [images.Pull()]
        return [images.Build(), images.Tag(),
                *([images.Push()] if values['push'] else [])]

    def finish_plan(self, ctx, planned):
        """Return the steps that a failed create has left."""
        if not images.to_build(ctx.properties):
            return [creation.Check()]
        steps = [images.Tag()]
        if ctx.properties['push'] and not self.records.holds(records.Pushed):
            steps.append(images.Push())
        return steps

    def delete_plan(self, values):
        """Return the step that removes a pulled or built image."""
        return [images.Remove()]

    def digest(self, client, inspected):
        """Return the digest of the image in the repository that it names."""
        return images.digest(self.object, self.properties, inspected)

    def get_reference_id(self):
        """Return the value of get_resource, the image of containers."""
        reference = self.records.read(records.ImageReference)
        return reference.name if reference and reference.name else (
            super().get_reference_id())


resource_mapping, available_resource_mapping = registration.mappings(
    'DockerInc::Docker::Image', DockerImage)
