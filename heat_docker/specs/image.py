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

"""The table of ``DockerInc::Docker::Image``.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image.
"""

from heat.engine import constraints

from .. import budgets
from .. import fields
from .. import i18n
from .. import policy
from ..convert import building
from ..convert import combinations
from ..convert import forms
from ..convert import meanings
from ..convert import process
from ..convert import references
from . import endpoint
from . import pulling
from . import ulimits

_ = i18n._

FIELDS = (
    *endpoint.FIELDS,
    fields.Field(
        name='image', type=fields.STRING,
        doc=_('Image to pull, such as "mariadb:11". Without a tag, "latest" '
              'is used. Either image or build is required.'),
        at=None, to_api=process.image, meaning=meanings.image,
        policy=policy.image,
        refers=references.image,
        example='mariadb:11'),
    *pulling.FIELDS,
    fields.Field(
        name='build', type=fields.MAP,
        doc=_('Inputs for building the image, instead of pulling it.'),
        at=None, to_api=building.build_to_api, meaning=meanings.build,
        policy=policy.build_inputs,
        mask=building.build_masked, refers=references.build,
        longest=budgets.FILE,
        nested={
            'dockerfile': fields.Key(
                fields.STRING, policy.build_inputs,
                _('Text of the Dockerfile. Either dockerfile or context is '
                  'required.'),
                constraints=[constraints.Length(max=budgets.FILE)],
                compose=('dockerfile_inline',)),
            'files': fields.Key(
                fields.MAP, policy.build_inputs,
                _('Files that the Dockerfile can copy, as a map of path to '
                  'text, or to a map with content or content_base64, and '
                  'mode, an octal number with a leading zero in quotes. '
                  'Without mode, a file has "0644". Take the text of files '
                  'from get_file.')),
            'context': fields.Key(
                fields.STRING, policy.build_inputs,
                _('URL of a Git repository that the daemon clones and that '
                  'contains the Dockerfile, instead of dockerfile and files. '
                  'A branch or tag and a directory can follow, as in '
                  '"https://git.example.com/team/web.git#main:image". '
                  'Defaults to the branch master and the root directory. The '
                  'daemon requires git. To build a new commit of the same '
                  'branch, change triggers.'),
                example='https://git.example.com/team/web.git#main:image'),
            'dockerfile_path': fields.Key(
                fields.STRING, policy.build_inputs,
                _('Path of the Dockerfile in the context. Defaults to '
                  'Dockerfile.'),
                example='image/Dockerfile'),
            'args': fields.Key(
                fields.MAP, policy.build_inputs,
                _('Build arguments, as a map of name to string, or as a list '
                  'of "name=string"; null, or a name alone, stands for the '
                  'default in the Dockerfile. Events mask them, but do not '
                  'use them for secrets: the image shows them.'),
                parse=forms.pairs_to_arguments,
                example={'VERSION': '1.4'}),
            'target': fields.Key(
                fields.STRING, policy.build_inputs,
                _('Stage of the Dockerfile at which the build ends.'),
                example='test'),
            'labels': fields.Key(
                fields.MAP, policy.build_inputs,
                _('Labels of the image, as a map of name to string, or as a '
                  'list of "name=string". Names that begin with '
                  '"org.openstack.heat." are reserved for Heat.'),
                parse=forms.pairs_to_map,
                example={'com.example.team': 'wiki'}),
            'no_cache': fields.Key(
                fields.BOOLEAN, policy.build_inputs,
                _('Whether to run all instructions, even if the daemon has '
                  'their results from another build. Defaults to false.'),
                example=True),
            'pull': fields.Key(
                fields.BOOLEAN, policy.build_inputs,
                _('Whether to pull the base images even if the daemon has '
                  'them. Defaults to false.'),
                example=True),
            'cache_from': fields.Key(
                fields.LIST, policy.Free.REFERENCE,
                _('Images whose layers the build can use as its cache, '
                  'instead of those of all builds of the daemon. Images that '
                  'the daemon does not have are ignored.'),
                example=['registry.example.com/team/web:latest']),
            'network': fields.Key(
                fields.STRING, policy.build_inputs,
                _('Network of RUN instructions: the name or ID of a network, '
                  '"none", "host", or "container:NAME" to share the network '
                  'of a container. Defaults to the network "bridge" of the '
                  'daemon.'),
                example='none'),
            'extra_hosts': fields.Key(
                fields.LIST, policy.Free.INSIDE,
                _('Additional hostnames for RUN instructions, as in the '
                  'property extra_hosts of a container.'),
                parse=forms.hosts_to_list, example=['db:192.0.2.7']),
            'shm_size': fields.Key(
                fields.STRING, policy.Free.AMOUNT,
                _('Size of /dev/shm for RUN instructions, in bytes or with a '
                  'unit, such as 64m. Defaults to the daemon\'s '
                  'configuration.'),
                example='64m'),
            'ulimits': fields.Key(
                fields.LIST, policy.Free.AMOUNT,
                _('Resource limits of RUN instructions, as in the property '
                  'ulimits of a container.'),
                schema=ulimits.LIMIT, parse=forms.ulimits_to_list,
                example=[{'name': 'nofile', 'soft': 1024, 'hard': 2048}]),
        },
        elsewhere={
            'tags': _('Use the property tags'),
            'platforms': _('Use the property platform, for one platform'),
            'additional_contexts': _('Use files, or an image in "COPY '
                                     '--from"'),
            **dict.fromkeys(
                ('attestations', 'cache_to', 'entitlements', 'isolation',
                 'no_cache_filter', 'privileged', 'provenance', 'sbom',
                 'secrets', 'ssh'),
                _('Docker\'s classic builder does not support it')),
        },
        example={'dockerfile': 'FROM busybox\nCOPY page /\n',
                 'files': {'page': 'Hello.'}}),
    fields.Field(
        name='tags', type=fields.LIST,
        doc=_('Names for the built image, each with an optional tag. Defaults '
              'to a name generated from the stack and resource names.'),
        at=None, to_api=building.tags_to_api, meaning=meanings.images,
        refers=references.tags,
        policy=policy.build,
        example=['registry.example.com/team/web:1.4']),
    fields.Field(
        name='push', type=fields.BOOLEAN,
        doc=_('Whether to push the built image to the registries of its tags. '
              'Defaults to false.'),
        at=None,
        policy=policy.build,
        example=True),
    fields.Field(
        name='keep', type=fields.BOOLEAN, change=fields.HEAT_ONLY,
        doc=_('Whether to retain the image when the resource is deleted. '
              'Otherwise, an image that this resource has pulled or built is '
              'removed, unless a container uses it. Defaults to false.'),
        at=None,
        policy=policy.Free.OURS,
        example=True),
    fields.Field(
        name='triggers', type=fields.MAP,
        doc=_('Arbitrary values. A change of any value pulls the image again '
              '(if pull_policy is always) or builds it again.'),
        at=None,
        policy=policy.Free.OURS,
        example={'release': '7'}),
)

RULES = (
    fields.Rule(('image', 'build', 'tags', 'push'),
                combinations.check_origin,
                needs=('image', 'build', 'tags', 'push')),
    fields.Rule(('image', 'build', 'tags', 'push', 'registry_auth'),
                combinations.check_credentials,
                needs=('image', 'build', 'tags', 'push', 'registry_auth')),
)

ATTRIBUTES = (
    fields.Attribute(
        name='id', type=fields.STRING, at='Id', cached=True,
        doc=_('ID of the image on its daemon.')),
    fields.Attribute(
        name='digest', type=fields.STRING, source='digest',
        doc=_('Digest of the image in the repository that image or tags '
              'names, such as "sha256:...". Null if the image was never in '
              'this repository. With the containerd image store of Docker, '
              'it is the digest of the image\'s manifest on the daemon, even '
              'if the image was never in a registry.')),
    fields.Attribute(
        name='repo_digests', type=fields.LIST, at='RepoDigests',
        doc=_('References of the image by digest, one for each repository. '
              'With the containerd image store of Docker, they include '
              'repositories that the image was never pushed to.')),
    fields.Attribute(
        name='size', type=fields.INTEGER, at='Size', cached=True,
        doc=_('Size of the image in bytes.')),
    fields.Attribute(
        name='created_at', type=fields.STRING, at='Created', cached=True,
        doc=_('Time when the image was created, in RFC 3339 format.')),
    fields.Attribute(
        name='architecture', type=fields.STRING, at='Architecture',
        cached=True,
        doc=_('CPU architecture of the image, such as amd64.')),
)
