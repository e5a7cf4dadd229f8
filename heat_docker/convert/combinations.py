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

"""Rules about several properties; see :class:`heat_docker.fields.Rule`.

Each function takes the values of all properties, and raises ValueError with a
message for users. Messages do not contain values that may be secrets.
"""

import base64

from .. import i18n
from . import registry
from . import scalars
from . import services
from . import storage
from . import swarm

_ = i18n._


def refuse_mode_and_networks(values) -> None:
    """Docker takes a network mode or networks."""
    if values['networks'] and values['network_mode']:
        raise ValueError(_('network_mode and networks are mutually '
                           'exclusive'))


def refuse_files_and_read_only(values) -> None:
    """Docker does not write files to a read-only root file system."""
    if values['files'] and values['read_only']:
        raise ValueError(_('read_only and files are mutually exclusive: '
                           'Docker writes files to the root file system'))


# What Docker mounts in each container, as a tmpfs or as its own file.
_BUILT_IN = ('/dev', '/proc', '/sys', '/etc/hostname', '/etc/hosts',
             '/etc/resolv.conf')


def refuse_hidden_files(values) -> None:
    """Docker writes files to where a tmpfs hides them.

    Docker copies files into a view of the file system that has the volumes of
    the container, but neither its tmpfs nor its own files:
    https://github.com/moby/moby/blob/v28.0.0/daemon/containerfs_linux.go
    """
    hides = {**dict.fromkeys(_BUILT_IN, True), **dict(_targets(values)),
             **{scalars.normal_path(target): True
                for target in storage.tmpfs_to_api(values['tmpfs'] or [])}}
    for file in values['files'] or ():
        path = scalars.normal_path(file['path'])
        around = [target for target in hides if path == target
                  or path.startswith(target.rstrip('/') + '/')]
        nearest = max(around, key=len, default=None)
        if nearest is not None and hides[nearest]:
            raise ValueError(
                _('files and tmpfs: Docker writes the file %(path)s before it '
                  'mounts the tmpfs at %(target)s, which then hides the file')
                % {'path': file['path'], 'target': nearest}
                if nearest not in _BUILT_IN else
                _('files: Docker mounts its own %(target)s, which hides the '
                  'file %(path)s')
                % {'path': file['path'], 'target': nearest})


def _targets(values):
    """Yield each target of volumes and mounts, and whether it is a tmpfs."""
    for bind in storage.volumes_to_api(values['volumes'] or {}):
        yield scalars.normal_path(bind.split(':')[1]), False
    for mount in values['mounts'] or ():
        yield (scalars.normal_path(mount['target']),
               mount.get('type') == 'tmpfs')


def refuse_same_targets(values) -> None:
    """Docker does not mount two volumes at one path."""
    # The property tmpfs can have the target of a volume.
    targets = [target for target, _is_tmpfs in _targets(values)]
    for target in targets:
        if targets.count(target) > 1:
            raise ValueError(_('volumes and mounts have the target %s twice')
                             % target)


def refuse_modes_without_quotes(values) -> None:
    """A mode without quotes in a template is another number.

    YAML 1.1 reads 0400 as 256, which is an octal number, too:
    https://yaml.org/type/int.html
    """
    modes = [(file['path'], file.get('mode'))
             for file in values['files'] or ()]
    modes += [(mount['target'], mount.get('tmpfs_mode'))
              for mount in values['mounts'] or ()]
    for path, mode in modes:
        if mode:
            storage.check_mode(path, mode)


# Properties that a container cannot have in the network of another one.
OF_OWN_NETWORK = ('hostname', 'links', 'dns', 'extra_hosts', 'port_bindings',
                   'publish_all_ports', 'port_specs')


def refuse_own_network(values) -> None:
    """A container in the network of another one has no network of its own.

    https://github.com/moby/moby/blob/v28.0.0/runconfig/hostconfig_unix.go
    """
    if not (values['network_mode'] or '').startswith('container:'):
        return
    for name in OF_OWN_NETWORK:
        if values[name]:
            raise ValueError(_('%s and a network_mode of "container:" are '
                               'mutually exclusive') % name)


def check_memory(values) -> None:
    """The limits of memory and swap have to fit together.

    https://docs.docker.com/engine/containers/resource_constraints/
    """
    memory = values['memory'] or 0
    swap = scalars.size_or_unlimited_to_api(values['memory_swap'] or 0)
    reserved = scalars.size_to_api(values['memory_reservation'] or 0)
    if swap > 0 and not memory:
        raise ValueError(_('memory_swap requires memory'))
    if 0 < swap < memory:
        raise ValueError(_('memory_swap includes memory, and so cannot be '
                           'smaller'))
    if memory and reserved > memory:
        raise ValueError(_('memory_reservation cannot be larger than memory'))


def check_cpus(values) -> None:
    """A number of CPUs sets the period and the quota."""
    if values['cpus'] and (values['cpu_period'] or values['cpu_quota']):
        raise ValueError(_('cpus excludes cpu_period and cpu_quota'))


def check_origin(values) -> None:
    """An image is either pulled or built."""
    is_built = bool(scalars.drop_empty(values['build']))
    if values['image'] and is_built:
        raise ValueError(_('image and build are mutually exclusive. tags '
                           'contains the names of a built image'))
    if not values['image'] and not is_built:
        raise ValueError(_('Either image or build is required'))
    if not is_built and (values['tags'] or values['push']):
        raise ValueError(_('tags and push require build'))
    if values['push'] and not values['tags']:
        raise ValueError(_('push requires tags, which name the registry'))


def check_credentials(values) -> None:
    """Credentials have to be for the registry that the image uses."""
    if scalars.drop_empty(values['build']):
        registry.build_credentials(values)
    else:
        registry.pull_credentials(values)


def refuse_early_renewal(values) -> None:
    """Each update would renew the certificates."""
    days, renew_before = values['days'], values['renew_before']
    if days and renew_before and renew_before >= days:
        raise ValueError(_('renew_before must be less than days'))


def need_one_compose_file(values) -> None:
    """A project has one first file."""
    if bool(values['file']) == bool(values['definition']):
        raise ValueError(_('either file or definition is required'))


# https://github.com/moby/swarmkit/blob/v1.12.0/api/validation/secrets.go and
# https://github.com/moby/swarmkit/blob/v1.12.0/manager/controlapi/config.go
_SECRET = 500 * 1024
_CONFIG = 1000 * 1024


def check_secret_content(values) -> None:
    """A secret has content, and Docker limits its size."""
    _check_content(values, _SECRET)


def check_config_content(values) -> None:
    """A config has content, and Docker limits its size."""
    _check_content(values, _CONFIG)


def _check_content(values, size):
    if bool(values['content']) == bool(values['content_base64']):
        raise ValueError(_('either content or content_base64 is required, '
                           'and cannot be empty'))
    if len(base64.b64decode(swarm.data(values))) >= size:
        raise ValueError(_('the content has %d bytes or more') % size)


def check_service_mode(values) -> None:
    """Some properties of a service apply to one mode only."""
    mode = values['mode'] or 'replicated'
    for name, needed in (('replicas', 'replicated'),
                         ('completions', 'replicated-job'),
                         ('max_concurrent', 'replicated-job')):
        if values[name] is not None and mode != needed:
            raise ValueError(_('%(name)s requires the mode %(needed)s, not '
                               '%(mode)s')
                             % {'name': name, 'needed': needed, 'mode': mode})
    if mode not in services.JOBS:
        return
    for name in ('update_config', 'rollback_config'):
        if values[name]:
            raise ValueError(_('%(name)s does not apply to the mode %(mode)s')
                             % {'name': name, 'mode': mode})
    if (values['restart_policy'] or {}).get('condition') == 'any':
        raise ValueError(_('the condition any of restart_policy does not '
                           'apply to the mode %s') % mode)


def refuse_ingress_without_address(values) -> None:
    """Docker forwards connections from all nodes by a virtual address."""
    if values['endpoint_mode'] == 'dnsrr' and any(
            (port.get('mode') or 'ingress') == 'ingress'
            for port in values['ports'] or ()):
        raise ValueError(_('endpoint_mode dnsrr requires mode: host for each '
                           'port'))


def refuse_several_daemons(values) -> None:
    """Only managers of a swarm have the same objects."""
    if len(values['docker_endpoint'] or ()) > 1 and not values['swarm']:
        raise ValueError(_('several URLs in docker_endpoint require swarm: '
                           'true'))


def refuse_triggers_on_swarm(values) -> None:
    """The types of a swarm's services, secrets and configs have none."""
    if values['swarm'] and values['triggers']:
        raise ValueError(_('triggers requires containers; on a swarm, change '
                           'the services or project_name'))


def check_service_swap(values) -> None:
    """Docker limits swap only together with memory."""
    if values['swap'] and not values['memory']:
        raise ValueError(_('swap requires memory'))
