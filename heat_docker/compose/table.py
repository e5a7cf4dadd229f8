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

"""The tables of all keys of Compose files.

https://github.com/compose-spec/compose-spec describes the keys. Each key is
one entry, from which the front end takes the accepted forms, the rule for
merges and the property, and the documentation takes the page about Compose.
"""

from . import building
from . import keys
from . import longhand
from . import merging
from . import mounting
from . import networking
from . import processes
from . import services
from . import shapes

Key = keys.Key
OnSwarm = keys.OnSwarm
nested = keys.nested
no_effect = keys.no_effect
not_possible = keys.not_possible
nothing = keys.nothing
of_swarm = keys.of_swarm
refused = keys.refused

_SWARM = 'it is for the services of a swarm.'
_LIMITS = 'services have no such option; use deploy.resources.'
_WINDOWS = 'it is for Windows containers.'
_BUILDKIT = 'it requires BuildKit.'
_DEVICES = 'services have no devices.'
_NAMESPACES = 'each task has its own namespaces.'
_CHOSEN = 'Docker chooses it.'
_UNKNOWN = 'services have no such option.'
_MAPS = merging.maps()

HEALTHCHECK = (
    Key('test', processes.test, 'healthcheck.test'),
    Key('interval', shapes.duration, 'healthcheck.interval'),
    Key('timeout', shapes.duration, 'healthcheck.timeout'),
    Key('retries', shapes.integer, 'healthcheck.retries'),
    Key('start_period', shapes.duration, 'healthcheck.start_period'),
    Key('start_interval', shapes.duration, 'healthcheck.start_interval'),
    Key('disable', shapes.boolean, 'healthcheck.disable'),
)

LOGGING = (
    Key('driver', shapes.text, 'log_driver'),
    Key('options', shapes.texts_by_name, 'log_options', merge=_MAPS),
)


def _rates(value, where):
    """Return weights or limits of block devices."""
    return shapes.list_of(longhand.fields(
        path=shapes.text, rate=shapes.size, weight=shapes.integer))(
            value, where)


def _by_path(value):
    return value.get('path')


BLKIO = (
    Key('weight', shapes.integer, 'blkio_weight'),
    *(Key(name, _rates, 'blkio_config.' + name,
          merge=merging.keyed(_by_path))
      for name in ('weight_device', 'device_read_bps', 'device_write_bps',
                   'device_read_iops', 'device_write_iops')),
)

BUILD = (
    Key('context', longhand.context, 'build.context',
        keys.elsewhere,
        why='A directory is taken from the contents, as dockerfile and files '
            'of build; .dockerignore is obeyed. A URL must be one of a Git '
            'repository.'),
    Key('dockerfile', shapes.text, 'build.dockerfile, build.dockerfile_path',
        keys.elsewhere),
    Key('dockerfile_inline', shapes.text, 'build.dockerfile',
        keys.elsewhere),
    Key('args', shapes.pairs, 'args', building.args, merge=_MAPS),
    Key('labels', shapes.labels, 'labels', merge=_MAPS),
    Key('target', shapes.text, 'target'),
    Key('network', shapes.text, 'network'),
    Key('no_cache', shapes.boolean, 'no_cache'),
    Key('pull', shapes.boolean, 'pull'),
    Key('shm_size', shapes.size, 'shm_size'),
    Key('extra_hosts', longhand.extra_hosts, 'extra_hosts',
        merge=merging.append_new),
    Key('ulimits', longhand.ulimits, 'ulimits', processes.ulimits,
        merge=_MAPS),
    Key('cache_from', shapes.texts_of, 'cache_from', building.cache_from,
        merge=merging.append_new, why='Only images are used.'),
    Key('tags', shapes.texts_of, 'tags', merge=merging.append_new),
    Key('platforms', shapes.texts_of, 'platform', building.platforms,
        merge=merging.append_new, why='One platform only.'),
    nothing('cache_to', 'the daemon keeps its cache itself.'),
    nothing('no_cache_filter', _BUILDKIT),
    nothing('provenance', _BUILDKIT),
    nothing('sbom', _BUILDKIT),
    refused('additional_contexts', _BUILDKIT),
    refused('entitlements', _BUILDKIT),
    refused('isolation', _WINDOWS),
    refused('privileged', _BUILDKIT),
    refused('secrets', _BUILDKIT),
    refused('ssh', _BUILDKIT),
)

LIMITS = (
    Key('cpus', shapes.number, 'cpus'),
    Key('memory', shapes.size, 'memory'),
    Key('pids', shapes.integer, 'pids_limit'),
)

RESERVATIONS = (
    Key('memory', shapes.size, 'memory_reservation'),
    Key('devices', shapes.list_of(longhand.device_request),
        'device_requests', building.devices, merge=merging.append,
        swarm=not_possible('a swarm knows no devices; use '
                           'generic_resources.')),
    nothing('cpus', 'Docker reserves no CPUs.',
            OnSwarm('cpus_reservation'), shapes.number),
    nothing('generic_resources', _SWARM, OnSwarm(
        'generic_resources', services.generic_resources),
            longhand.generic_resources),
)

RESOURCES = (
    nested('limits', LIMITS, '(see below)'),
    nested('reservations', RESERVATIONS, '(see below)'),
)

RESTART_POLICY = (
    Key('condition', shapes.text, 'restart_policy'),
    Key('max_attempts', shapes.integer, 'restart_policy'),
    nothing('delay', 'Docker chooses the delay.',
            OnSwarm('restart_policy'), shapes.duration),
    nothing('window', _CHOSEN, OnSwarm('restart_policy'), shapes.duration),
)

PLACEMENT = (
    Key('constraints', shapes.texts_of, 'placement.constraints',
        merge=merging.append),
    Key('preferences', shapes.list_of(longhand.fields(spread=shapes.text)),
        'placement.preferences', merge=merging.append),
    Key('max_replicas_per_node', shapes.integer,
        'placement.max_replicas_per_node'),
)


def _rollout(name):
    """Return the keys of how a swarm replaces tasks."""
    return tuple(Key(key, shape, '%s.%s' % (name, key)) for key, shape in (
        ('parallelism', shapes.integer), ('delay', shapes.duration),
        ('failure_action', shapes.text), ('monitor', shapes.duration),
        ('max_failure_ratio', shapes.number), ('order', shapes.text)))


UPDATE_CONFIG = _rollout('update_config')
ROLLBACK_CONFIG = _rollout('rollback_config')

DEPLOY = (
    Key('mode', shapes.text, '(replicated only)', building.mode,
        swarm=OnSwarm('mode', keys.elsewhere, why=(
            'Without it, a service with restart: "no", or for whose '
            'completion another service waits, is a replicated-job.'))),
    Key('replicas', shapes.integer, '(several resources)', keys.elsewhere,
        swarm=OnSwarm('replicas, completions', keys.elsewhere)),
    nested('resources', RESOURCES, '(see below)', building.resources),
    nested('restart_policy', RESTART_POLICY, 'restart_policy',
           building.restart_policy, why='It overrides restart.',
           swarm=OnSwarm('restart_policy', services.restart_policy)),
    nothing('labels', 'they are those of a service of a swarm, not of its '
            'containers.', OnSwarm('labels'), shapes.labels, _MAPS),
    nothing('endpoint_mode', _SWARM, OnSwarm('endpoint_mode'), shapes.text),
    of_swarm('placement', PLACEMENT, _SWARM,
             OnSwarm('placement', services.in_map)),
    of_swarm('update_config', UPDATE_CONFIG, _SWARM,
             OnSwarm('update_config', services.in_map)),
    of_swarm('rollback_config', ROLLBACK_CONFIG, _SWARM,
             OnSwarm('rollback_config', services.in_map)),
)

SERVICE = (
    Key('image', shapes.text, 'image'),
    nested('build', BUILD, 'image', building.build,
           'A resource of the type Image builds the image, and the container '
           'refers to it.', longhand.build, no_effect(
               'the nodes pull the image, so build and push it before, as '
               'for "docker stack deploy". It requires image.')),
    Key('platform', shapes.text, 'platform'),
    Key('pull_policy', shapes.text, 'pull_policy', processes.pull_policy,
        why='Policies such as "daily" and "every_12h" pull at each create. '
            'A service with build is always built.',
        swarm=no_effect('the nodes pull the image for each task.')),
    nothing('pull_refresh_after', 'nothing remembers the last pull.'),
    Key('container_name', shapes.text, 'name',
        why='Otherwise Heat chooses the name.',
        swarm=OnSwarm('networks', keys.elsewhere, why=(
            'It is an alias in the networks of the service. The swarm names '
            'the containers.'))),
    Key('hostname', shapes.text, 'hostname'),
    Key('domainname', shapes.text, 'domainname',
        swarm=not_possible('write the whole name into hostname.')),
    Key('user', shapes.text, 'user'),
    Key('working_dir', shapes.text, 'working_dir'),
    Key('entrypoint', shapes.command, 'entrypoint', processes.entrypoint),
    Key('command', shapes.command, 'cmd', processes.command,
        why='A string is split as in a shell. Docker does not distinguish an '
            'empty command from none.'),
    Key('environment', shapes.pairs, 'env', processes.environment,
        merge=_MAPS, why='A name alone has the value of the environment of '
        'the project. Without one, the variable of the image is removed.'),
    Key('env_file', longhand.env_files, 'env', processes.env_file,
        merge=merging.append, why='Files of the contents.'),
    Key('labels', shapes.labels, 'labels', processes.labels, merge=_MAPS,
        swarm=OnSwarm('container_labels', processes.labels)),
    Key('label_file', longhand.paths, 'labels', processes.label_file,
        merge=merging.append, why='Files of the contents.',
        swarm=OnSwarm('container_labels', processes.label_file)),
    Key('annotations', shapes.labels, 'annotations', merge=_MAPS,
        swarm=not_possible(_UNKNOWN)),
    nested('healthcheck', HEALTHCHECK, 'healthcheck', processes.healthcheck),
    Key('depends_on', longhand.depends_on, 'wait_for', keys.elsewhere,
        merge=merging.maps(merging.anything),
        why='It becomes depends_on of the resource, and wait_for of the '
            'dependency. A dependency with required: false may be missing, '
            'but its failure is one of the stack. restart has no effect.',
        swarm=OnSwarm('(depends_on)', keys.elsewhere, why=(
            'It becomes depends_on of the resource: the tasks of the '
            'dependency run and are healthy, or those of a job have '
            'completed. "docker stack deploy" ignores it.'))),
    Key('restart', longhand.restart, 'restart_policy',
        why='A service with restart: "no" is a job: the stack does not wait '
            'for it, unless another service does.',
        swarm=OnSwarm('restart_policy', services.restart, why=(
            'Without it, the swarm replaces all tasks that end. A service '
            'with restart: "no" is a job: the stack does not wait for it, '
            'unless another service does.'))),
    Key('init', shapes.boolean, 'init'),
    Key('stop_signal', shapes.text, 'stop_signal'),
    Key('stop_grace_period', shapes.duration, 'stop_grace_period',
        processes.grace_period, why='In whole seconds.'),
    Key('stdin_open', shapes.boolean, 'open_stdin'),
    Key('tty', shapes.boolean, 'tty'),
    Key('networks', longhand.networks, 'networks', networking.attach,
        merge=merging.maps(merging.anything),
        why='The name of the service is an alias. The network with the '
            'highest priority is the main one.',
        swarm=OnSwarm('networks', services.networks, why=(
            'The name of the service is an alias. Addresses and '
            'interface_name are refused, because the tasks share the '
            'settings. priority and gw_priority have no effect.'))),
    Key('network_mode', shapes.text, 'network_mode',
        networking.mode('network_mode'), swarm=OnSwarm(
            'networks', services.network_mode, why=(
                'Only host, none and bridge, which are networks of each '
                'node.'))),
    Key('mac_address', shapes.text, 'networks', keys.elsewhere,
        why='For the main network. It requires version 1.44 of the Docker '
            'API.',
        swarm=not_possible('the tasks of a service have no fixed address.')),
    Key('ports', shapes.list_of(longhand.port), 'port_bindings',
        networking.ports, merging.keyed(longhand.port_key),
        why='A range of host ports for one container port has one port for '
            'each container of the service. name, mode and app_protocol have '
            'no effect.',
        swarm=OnSwarm('ports', services.ports, why=(
            'host_ip is refused, because "docker stack deploy" ignores it '
            'and opens the port to everyone. So is a range of ports for one '
            'container port. app_protocol has no effect.'))),
    Key('expose', shapes.texts_of, 'port_specs', networking.expose,
        merge=merging.append_new, swarm=no_effect(
            'services reach all ports of one another in a common '
            'network.')),
    Key('links', shapes.texts_of, 'networks', networking.links,
        merge=merging.append_new,
        why='The alias belongs to the other container, so that all '
            'containers of the network see it.'),
    refused('external_links', 'attach both containers to a network, where '
            'each finds the other by its name.'),
    Key('extra_hosts', longhand.extra_hosts, 'extra_hosts',
        merge=merging.append_new),
    Key('dns', shapes.one_or_more, 'dns', merge=merging.append),
    Key('dns_opt', shapes.texts_of, 'dns_options', merge=merging.append),
    Key('dns_search', shapes.one_or_more, 'dns_search',
        merge=merging.append),
    Key('volumes', shapes.list_of(longhand.mount), 'mounts, volumes, files',
        mounting.volumes, merging.keyed(longhand.mount_key),
        why='An absolute path is one of the host of the daemon. A relative '
            'path is copied into the container, from the contents: a file, '
            'or all files below a directory. A file that begins with "#!" '
            'is executable. consistency has no effect.',
        swarm=OnSwarm('mounts, configs', services.volumes, why=(
            'Volumes and absolute paths are those of each node. Docker does '
            'not create a missing path. The files of a relative path become '
            'configs, which the tasks cannot change.'))),
    Key('volumes_from', shapes.texts_of, 'volumes_from',
        networking.volumes_from, merge=merging.append_new,
        swarm=not_possible('mount the same named volumes.')),
    Key('tmpfs', mounting.tmpfs, 'tmpfs', merge=merging.append,
        swarm=OnSwarm('mounts', services.tmpfs, why=(
            'Only the options size, mode, ro and rw.'))),
    Key('configs', shapes.list_of(longhand.grant), 'files',
        mounting.grants('configs', ''), merging.keyed(longhand.grant_key),
        swarm=OnSwarm('configs', services.grants)),
    Key('secrets', shapes.list_of(longhand.grant), 'files',
        mounting.grants('secrets', mounting.SECRETS),
        merging.keyed(longhand.grant_key),
        why='Files in the file system of the container.',
        swarm=OnSwarm('secrets', services.grants)),
    Key('read_only', shapes.boolean, 'read_only',
        why='It excludes configs, secrets and relative paths in volumes, '
            'because files are copied into the container.',
        swarm=OnSwarm('read_only')),
    Key('shm_size', shapes.size, 'shm_size', swarm=OnSwarm(
        'mounts', services.shared_memory, why=(
            'A mount at /dev/shm. "docker stack deploy" ignores it.'))),
    Key('storage_opt', shapes.texts_by_name, 'storage_opt', merge=_MAPS,
        swarm=not_possible(_UNKNOWN)),
    Key('mem_limit', shapes.size, 'memory'),
    Key('mem_reservation', shapes.size, 'memory_reservation'),
    Key('memswap_limit', shapes.size, 'memory_swap',
        swarm=OnSwarm('swap', services.swap, why=(
            'It requires version 1.52 of the Docker API.'))),
    Key('mem_swappiness', shapes.integer, 'memory_swappiness'),
    Key('oom_kill_disable', shapes.boolean, 'oom_kill_disable',
        swarm=not_possible(_UNKNOWN)),
    Key('oom_score_adj', shapes.integer, 'oom_score_adj'),
    Key('cpus', shapes.number, 'cpus'),
    Key('cpu_shares', shapes.integer, 'cpu_shares',
        swarm=not_possible(_LIMITS)),
    Key('cpu_period', shapes.integer, 'cpu_period',
        swarm=not_possible(_LIMITS)),
    Key('cpu_quota', shapes.integer, 'cpu_quota',
        swarm=not_possible(_LIMITS)),
    Key('cpuset', shapes.text, 'cpu_set', swarm=not_possible(_LIMITS)),
    Key('pids_limit', shapes.integer, 'pids_limit'),
    nested('blkio_config', BLKIO, 'blkio_weight, blkio_config',
           processes.blkio, swarm=not_possible(_UNKNOWN)),
    Key('ulimits', longhand.ulimits, 'ulimits', processes.ulimits,
        merge=_MAPS),
    Key('devices', shapes.list_of(longhand.device),
        'devices, device_requests', processes.devices,
        merging.keyed(longhand.device_key), swarm=not_possible(_DEVICES)),
    Key('device_cgroup_rules', shapes.texts_of, 'device_cgroup_rules',
        merge=merging.append_new, swarm=not_possible(_DEVICES)),
    Key('gpus', longhand.gpus, 'device_requests', processes.gpus,
        merge=merging.append, swarm=not_possible(
            'use deploy.resources.reservations.generic_resources.')),
    Key('cap_add', shapes.texts_of, 'cap_add', merge=merging.append_new),
    Key('cap_drop', shapes.texts_of, 'cap_drop', merge=merging.append_new),
    Key('privileged', shapes.boolean, 'privileged', swarm=not_possible(
        'services are never privileged; use cap_add.')),
    Key('security_opt', shapes.texts_of, 'security_opt',
        processes.security_opt, merge=merging.append_new,
        why='A seccomp profile is a file of the contents.'),
    Key('group_add', shapes.texts_of, 'group_add',
        merge=merging.append_new),
    Key('userns_mode', shapes.text, 'userns_mode',
        swarm=not_possible(_NAMESPACES)),
    Key('ipc', shapes.text, 'ipc_mode', networking.mode('ipc_mode'),
        swarm=not_possible(_NAMESPACES)),
    Key('pid', shapes.text, 'pid_mode', networking.mode('pid_mode'),
        swarm=not_possible(_NAMESPACES)),
    Key('uts', shapes.text, 'uts_mode', swarm=not_possible(_NAMESPACES)),
    Key('cgroup', shapes.text, 'cgroupns_mode',
        swarm=not_possible(_NAMESPACES)),
    Key('cgroup_parent', shapes.text, 'cgroup_parent',
        swarm=not_possible(_UNKNOWN)),
    Key('sysctls', shapes.pairs, 'sysctls', merge=_MAPS),
    nested('logging', LOGGING, 'log_driver, log_options',
           processes.logging),
    Key('runtime', shapes.text, 'runtime', swarm=not_possible(
        'set the default runtime of the nodes.')),
    nested('deploy', DEPLOY, '(see below)', building.deploy),
    Key('scale', shapes.integer, '(several resources)', keys.elsewhere,
        why='The resources are web, web_2, web_3 and so on.',
        swarm=OnSwarm('replicas, completions', keys.elsewhere)),
    Key('profiles', shapes.texts_of, '(selects services)', keys.elsewhere,
        merge=merging.append_new),
    Key('extends', longhand.extends, '(merged)', keys.elsewhere),
    nothing('attach', 'it is for the output of "docker compose up".'),
    nothing('develop', 'it is for "docker compose watch".'),
    refused('cpu_count', _WINDOWS),
    refused('cpu_percent', _WINDOWS),
    refused('cpu_rt_period', 'containers cannot have real-time CPU time with '
            'current kernels.'),
    refused('cpu_rt_runtime', 'containers cannot have real-time CPU time '
            'with current kernels.'),
    refused('credential_spec', _WINDOWS),
    refused('isolation', _WINDOWS),
    refused('models', 'there is no model runner.'),
    refused('post_start', 'there are no hooks; use the entrypoint.'),
    refused('pre_start', 'there are no hooks; use a service and '
            'service_completed_successfully.'),
    refused('pre_stop', 'there are no hooks; handle the stop signal.'),
    refused('provider', 'it runs a program on the client.'),
    refused('use_api_socket', 'it needs credentials of the client; mount the '
            'socket instead.'),
)

_SUBNET = longhand.fields(
    subnet=shapes.text, ip_range=shapes.text, gateway=shapes.text,
    aux_addresses=shapes.texts_by_name)

IPAM = (
    Key('driver', shapes.text, 'ipam.driver'),
    Key('config', shapes.list_of(_SUBNET), 'ipam.config',
        merge=merging.append),
    Key('options', shapes.texts_by_name, 'ipam.options', merge=_MAPS),
)

NETWORK = (
    Key('name', shapes.text, 'name',
        why='Otherwise Heat chooses the name.'),
    Key('external', longhand.external, '(no resource)', keys.elsewhere,
        why='Containers use the network with this name.'),
    Key('driver', shapes.text, 'driver', swarm=OnSwarm(
        'driver', services.network_driver, why=(
            'Defaults to overlay. Drivers for networks of one host, such as '
            'bridge, are refused.'))),
    Key('driver_opts', shapes.texts_by_name, 'driver_opts',
        networking.network_options, merge=_MAPS),
    Key('attachable', shapes.boolean, 'attachable', swarm=OnSwarm(
        'attachable', why='Defaults to true, so that containers can join.')),
    Key('internal', shapes.boolean, 'internal'),
    Key('enable_ipv4', shapes.boolean, 'enable_ipv4'),
    Key('enable_ipv6', shapes.boolean, 'enable_ipv6'),
    nested('ipam', IPAM, 'ipam', keys.same),
    Key('labels', shapes.labels, 'labels', merge=_MAPS),
)

VOLUME = (
    Key('name', shapes.text, 'name',
        why='Otherwise Heat chooses the name. An existing volume is not '
            'adopted; use external for it.',
        swarm=OnSwarm('mounts.source', services.inner, why=(
            'Defaults to the names of the project and of the volume, joined '
            'by an underscore. Each node uses, or creates, a volume with this '
            'name.'))),
    Key('external', longhand.external, '(no resource)', keys.elsewhere,
        why='Containers use the volume with this name.'),
    Key('driver', shapes.text, 'driver',
        swarm=OnSwarm('mounts.driver', services.inner)),
    Key('driver_opts', shapes.texts_by_name, 'driver_opts', merge=_MAPS,
        swarm=OnSwarm('mounts.driver_options', services.inner)),
    Key('labels', shapes.labels, 'labels', merge=_MAPS,
        swarm=OnSwarm('mounts.labels', services.inner)),
)

_STORE = 'there is no store of configs or secrets.'

_NO_NAME = 'the files of containers have no names.'
_NAME = OnSwarm('name', why=(
    'Otherwise Heat chooses the name. With a fixed name, a change of the '
    'content requires a new name, too.'))
_LABELS = OnSwarm('labels')
_EXTERNAL = OnSwarm('(no resource)', keys.elsewhere,
                    why='Services use the object with this name.')
_TEMPLATE = OnSwarm('template_driver')
_NO_DRIVER = not_possible('only the store of the swarm is supported.')
_FILE = OnSwarm('content, content_base64', keys.elsewhere,
                why='A file of the contents.')
_CONTENT = OnSwarm('content', keys.elsewhere)
_VARIABLE = OnSwarm('content', keys.elsewhere,
                    why='A variable of the environment of the project.')

CONFIG = (
    Key('file', longhand.path, 'files', keys.elsewhere,
        why='A file of the contents.', swarm=_FILE),
    Key('content', shapes.text, 'files', keys.elsewhere, swarm=_CONTENT),
    Key('environment', shapes.text, 'files', keys.elsewhere,
        why='A variable of the environment of the project.',
        swarm=_VARIABLE),
    nothing('name', _NO_NAME, _NAME, shapes.text),
    nothing('labels', _STORE, _LABELS, shapes.labels, _MAPS),
    refused('external', _STORE, _EXTERNAL, longhand.external),
    refused('template_driver', _STORE, _TEMPLATE, shapes.text),
)

SECRET = (
    Key('file', longhand.path, 'files', keys.elsewhere,
        why='A file of the contents.', swarm=_FILE),
    Key('environment', shapes.text, 'files', keys.elsewhere,
        why='A variable of the environment of the project.',
        swarm=_VARIABLE),
    nothing('name', _NO_NAME, _NAME, shapes.text),
    nothing('labels', _STORE, _LABELS, shapes.labels, _MAPS),
    refused('external', _STORE, _EXTERNAL, longhand.external),
    refused('driver', _STORE, _NO_DRIVER),
    refused('driver_opts', _STORE, _NO_DRIVER),
    refused('template_driver', _STORE, _TEMPLATE, shapes.text),
)


def _section(name, table, target, swarm=None):
    """Return the key of a section of named objects."""
    return Key(name, shapes.map_of(shapes.optional(keys.shape_of(table))),
               target, keys.elsewhere, merging.maps(keys.rule_of(table)),
               keys=table, swarm=swarm and OnSwarm(swarm, keys.elsewhere))



FILE = (
    Key('name', shapes.text, '(label)', keys.elsewhere,
        why='The label com.docker.compose.project of all objects.'),
    Key('include', longhand.includes, '(merged)', keys.elsewhere,
        merge=merging.append, why='Files of the contents.'),
    _section('services', SERVICE, 'DockerInc::Docker::Container',
             'DockerInc::Docker::Service'),
    _section('networks', NETWORK, 'DockerInc::Docker::Network'),
    _section('volumes', VOLUME, 'DockerInc::Docker::Volume',
             '(mounts of services)'),
    _section('configs', CONFIG, '(files of containers)',
             'DockerInc::Docker::Config'),
    _section('secrets', SECRET, '(files of containers)',
             'DockerInc::Docker::Secret'),
    nothing('version', 'all files follow the current specification.'),
    refused('models', 'there is no model runner.'),
)
