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

"""The table of ``DockerInc::Docker::Container``.

Properties are sent with Docker's create request; for the fields of this
request, see
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container.
"""

from heat.engine import constraints
from heat.engine import properties

from .. import budgets
from .. import fields
from .. import i18n
from .. import operations
from .. import policy
from ..convert import combinations
from ..convert import forms
from ..convert import limits
from ..convert import meanings
from ..convert import network
from ..convert import ports
from ..convert import process
from ..convert import references
from ..convert import registry
from ..convert import scalars
from ..convert import storage
from . import endpoint
from . import pulling
from . import ulimits

_ = i18n._

_ABSOLUTE_PATH = r'/.*'
# Without a leading zero in stacks of earlier releases; see RULES.
_MODE = constraints.AllowedPattern('^(0o)?[0-7]{3,5}$',
                                   description=storage.MODE_FORM)
_OWNER = constraints.Range(min=0, max=2 ** 32 - 1)
_UMASK = constraints.AllowedPattern(
    '^(0o?[0-7]{2,3})?$', description=_(
        'A umask is an octal number with a leading zero in quotes, such as '
        '"0022".'))
_NUMBERS = '^([0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)?$'

FIELDS = (
    *endpoint.FIELDS,
    fields.Field(
        name='image', type=fields.STRING, required=True,
        doc=_('Image of the container, such as "mariadb:11" or '
              '"registry.example.com/team/web@sha256:...". Without a tag, '
              '"latest" is used. The property pull_policy controls whether '
              'the daemon pulls the image.'),
        at='Image', live_at='Config.Image', to_api=process.image,
        meaning=meanings.image,
        policy=policy.image, refers=references.image,
        constraints=(constraints.Length(min=1),),
        example='mariadb:11'),
    fields.Field(
        name='name', type=fields.STRING, change=fields.by_step('rename'),
        compose=('container_name',),
        doc=_('Name of the container, unique on its daemon. Defaults to a '
              'name generated from the stack and resource names.'),
        at='?name', live_at='Name', from_api=process.name_from_api,
        exclusive=bool, claims=process.name_claims,
        constraints=(
            constraints.Length(max=budgets.NAME),
            constraints.AllowedPattern('^(/?%s)?$' % scalars.NAME)),
        meaning=process.name_from_api,
        policy=policy.Free.TEXT,
        example='web-1'),
    fields.Field(
        name='hostname', type=fields.STRING,
        doc=_('Hostname inside the container. Defaults to the short ID of the '
              'container.'),
        at='Hostname', live_at='Config.Hostname',
        constraints=(constraints.Length(max=64),),
        policy=policy.Free.INSIDE,
        example='web'),
    fields.Field(
        name='user', type=fields.STRING,
        doc=_('User that runs the command: a name or UID, optionally followed '
              'by ":group", where the group is a name or GID. Defaults to the '
              'user of the image.'),
        at='User', live_at='Config.User',
        policy=policy.Free.INSIDE,
        example='1000:1000'),
    fields.Field(
        name='cmd', type=fields.LIST,
        compose=('command',),
        doc=_('Command to run, as a list of arguments. They are not passed '
              'through a shell. If unset or empty, the command of the image '
              'is used.'),
        at='Cmd', live_at='Config.Cmd', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        policy=policy.Free.INSIDE,
        example=['httpd', '-f', '-p', '8080']),
    fields.Field(
        name='entrypoint', type=fields.LIST,
        doc=_('Program to run, as a list of arguments. The arguments in cmd '
              'are appended to it. Defaults to the entrypoint of the image. '
              'An empty list means no entrypoint.'),
        at='Entrypoint', live_at='Config.Entrypoint',
        to_api=scalars.to_strings,
        from_api=scalars.as_list, empty_counts=True,
        policy=policy.Free.INSIDE,
        example=['/bin/sh', '-c']),
    fields.Field(
        name='working_dir', type=fields.STRING,
        doc=_('Working directory of the command, as an absolute path in the '
              'container. Defaults to the working directory of the image.'),
        at='WorkingDir', live_at='Config.WorkingDir',
        constraints=(constraints.AllowedPattern('^(%s)?$' % _ABSOLUTE_PATH),),
        meaning=scalars.normal_path,
        policy=policy.Free.INSIDE,
        example='/srv'),
    fields.Field(
        name='domainname', type=fields.STRING,
        doc=_('Domain name inside the container.'),
        at='Domainname', live_at='Config.Domainname',
        constraints=(constraints.Length(max=64),),
        policy=policy.Free.INSIDE,
        example='example.com'),
    fields.Field(
        name='labels', type=fields.MAP,
        parse=forms.pairs_to_map,
        doc=_('Labels of the container, as a map of name to string, or as a '
              'list of "name=string". Names that begin with '
              '"org.openstack.heat." are reserved for Heat.'),
        at='Labels', live_at='Config.Labels', to_api=process.labels_to_api,
        from_api=process.labels_from_api,
        policy=policy.Free.TEXT,
        example={'com.example.team': 'wiki'}),
    fields.Field(
        name='annotations', type=fields.MAP,
        parse=forms.pairs_to_map,
        doc=_('Annotations for the OCI runtime, as a map of name to string, '
              'or as a list of "name=string".'),
        at='HostConfig.Annotations', since=(1, 43),
        to_api=scalars.to_string_map, from_api=scalars.as_map,
        policy=policy.annotations,
        example={'com.example.class': 'fast'}),
    fields.Field(
        name='init', type=fields.BOOLEAN,
        doc=_('Whether to run a small init process that starts the command, '
              'forwards signals to it and reaps orphaned processes. Defaults '
              'to the daemon\'s configuration.'),
        at='HostConfig.Init', empty_counts=True,
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='stop_signal', type=fields.STRING,
        doc=_('Signal that requests the command to stop, such as SIGINT. '
              'Defaults to the stop signal of the image, or SIGTERM.'),
        at='StopSignal', live_at='Config.StopSignal',
        constraints=(constraints.AllowedPattern(
            '^((SIG)?[A-Z][A-Z0-9+-]*|[0-9]{1,2})?$'),),
        meaning=meanings.signal,
        policy=policy.Free.INSIDE,
        example='SIGINT'),
    fields.Field(
        name='stop_grace_period', type=fields.INTEGER,
        parse=forms.whole_seconds,
        doc=_('Seconds, or a duration such as 1m30s, to wait for the command '
              'to end after the stop signal before killing it. Defaults to '
              '10.'),
        at='StopTimeout', live_at='Config.StopTimeout', empty_counts=True,
        constraints=(constraints.Range(min=0),),
        policy=policy.Free.INSIDE,
        example=30),
    fields.Field(
        name='group_add', type=fields.LIST,
        doc=_('Additional groups, as names or GIDs, of the user that runs the '
              'command.'),
        at='HostConfig.GroupAdd', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        meaning=meanings.members,
        policy=policy.Free.INSIDE,
        example=['100', 'audio']),
    fields.Field(
        name='umask', type=fields.STRING,
        doc=_('File mode creation mask of the command, of health checks and '
              'of commands that are executed in the container, as an octal '
              'number in quotes, such as "0022". Defaults to the mask of the '
              'OCI runtime.'),
        at='HostConfig.Umask', since=(1, 56), to_api=process.umask_to_api,
        from_api=process.umask_from_api, constraints=(_UMASK,),
        meaning=process.umask_from_api,
        policy=policy.Free.INSIDE,
        example='0027'),
    *pulling.FIELDS,
    fields.Field(
        name='runtime', type=fields.STRING,
        doc=_('Name of the OCI runtime, as configured on the daemon. Defaults '
              'to the daemon\'s default runtime.'),
        at='HostConfig.Runtime',
        policy=policy.runtime,
        example='runc'),
    fields.Field(
        name='healthcheck', type=fields.MAP,
        doc=_('Health check that the daemon runs in the container. Times are '
              'in seconds, or have units, such as 1m30s. Defaults to the '
              'health check of the image.'),
        at='Healthcheck', live_at='Config.Healthcheck',
        to_api=process.healthcheck_to_api,
        from_api=process.healthcheck_from_api,
        nested={
            'test': fields.Key(
                fields.LIST, policy.Free.INSIDE,
                _('Command that succeeds if the container is healthy: "CMD" '
                  'followed by arguments, or "CMD-SHELL" followed by one '
                  'command line for a shell. A string is such a command '
                  'line. "NONE" has the same effect as disable.'),
                parse=forms.line_to_test),
            'interval': fields.Key(
                fields.NUMBER, policy.Free.INSIDE,
                _('Seconds between two checks. Defaults to 30.'),
                parse=forms.seconds),
            'timeout': fields.Key(
                fields.NUMBER, policy.Free.INSIDE,
                _('Seconds after which a check counts as failed. Defaults to '
                  '30.'), parse=forms.seconds),
            'retries': fields.Key(
                fields.INTEGER, policy.Free.INSIDE,
                _('Number of consecutive failures after which the container '
                  'is unhealthy. Defaults to 3.')),
            'start_period': fields.Key(
                fields.NUMBER, policy.Free.INSIDE,
                _('Seconds after the start during which failures do not '
                  'count. Defaults to 0.'), parse=forms.seconds),
            'start_interval': fields.Key(
                fields.NUMBER, policy.Free.INSIDE,
                _('Seconds between two checks during the start period. '
                  'Defaults to 5.'),
                since=(1, 44), parse=forms.seconds,
                example=2),
            'disable': fields.Key(
                fields.BOOLEAN, policy.Free.INSIDE,
                _('Whether to disable the health check of the image. Defaults '
                  'to false.'),
                example=True),
        },
        policy=policy.Free.INSIDE,
        example={'test': ['CMD', 'true'], 'interval': 1.5, 'timeout': 10,
                 'retries': 2, 'start_period': 0.5}),
    fields.Field(
        name='shell', type=fields.LIST,
        doc=_('Shell, as a list of arguments, that runs the command line of a '
              'CMD-SHELL test of healthcheck. Defaults to "/bin/sh -c", even '
              'if the image sets another shell.'),
        at='Shell', live_at='Config.Shell', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        policy=policy.Free.INSIDE,
        example=['/busybox/sh', '-c']),
    fields.Field(
        name='env', type=fields.LIST,
        compose=('environment', 'env_file'),
        doc=_('Environment variables, each as "NAME=value". They are added to '
              'the environment variables of the image. A name without "=" '
              'removes the variable of the image.'),
        at='Env', live_at='Config.Env', to_api=process.env_to_api,
        from_api=scalars.as_list,
        mask=process.env_masked,
        meaning=meanings.environment,
        policy=policy.Free.INSIDE,
        example=['MARIADB_DATABASE=wiki', 'EMPTY=']),
    fields.Field(
        name='memory', type=fields.INTEGER,
        compose=('mem_limit',),
        change=fields.in_place('Memory', also={'MemorySwap': scalars.double}),
        parse=forms.size,
        doc=_('Memory limit, in bytes or with a unit, such as 64m. Defaults '
              'to 0, which means no limit.'),
        at='HostConfig.Memory', constraints=(constraints.Range(min=0),),
        policy=policy.Free.AMOUNT,
        example=64 * 1024 * 1024),
    fields.Field(
        name='memory_swap', type=fields.STRING,
        compose=('memswap_limit',),
        change=fields.in_place('MemorySwap'),
        doc=_('Limit of memory and swap together, in bytes or with a unit, '
              'such as 64m; -1 means no limit. Requires memory. Defaults to '
              'twice the value of memory.'),
        at='HostConfig.MemorySwap', to_api=scalars.size_or_unlimited_to_api,
        from_api=scalars.size_from_api,
        policy=policy.Free.AMOUNT,
        example='134217728'),
    fields.Field(
        name='memory_reservation', type=fields.STRING,
        compose=('mem_reservation',),
        change=fields.in_place('MemoryReservation'),
        doc=_('Soft memory limit, in bytes or with a unit, such as 64m. It '
              'applies when the host is low on memory.'),
        at='HostConfig.MemoryReservation', to_api=scalars.size_to_api,
        from_api=scalars.size_from_api,
        policy=policy.Free.AMOUNT,
        example='33554432'),
    fields.Field(
        name='memory_swappiness', type=fields.INTEGER,
        compose=('mem_swappiness',),
        doc=_('How readily the kernel swaps out memory of the container, from '
              '0 to 100. On a host with cgroup v2, Docker ignores it, and an '
              'event contains the warning.'),
        at='HostConfig.MemorySwappiness', empty_counts=True,
        constraints=(constraints.Range(min=0, max=100),),
        policy=policy.Free.AMOUNT,
        example=10),
    fields.Field(
        name='oom_kill_disable', type=fields.BOOLEAN,
        doc=_('Whether processes of the container wait for memory at the '
              'memory limit instead of being killed. Defaults to false. On a '
              'host with cgroup v2, Docker ignores it, and an event contains '
              'the warning.'),
        at='HostConfig.OomKillDisable',
        policy=policy.oom_kill_disable,
        example=True),
    fields.Field(
        name='oom_score_adj', type=fields.INTEGER,
        doc=_('How likely the kernel is to kill the container when the host '
              'is out of memory, from -1000 (never) to 1000.'),
        at='HostConfig.OomScoreAdj',
        constraints=(constraints.Range(min=-1000, max=1000),),
        policy=policy.oom_score,
        example=100),
    fields.Field(
        name='port_specs', type=fields.LIST,
        compose=('expose',),
        doc=_('Ports that the container exposes: 80, "53/udp", "132/sctp" or '
              'a range such as "5000-5010". Ports in port_bindings are '
              'exposed automatically.'),
        at='ExposedPorts', live_at='Config.ExposedPorts',
        to_api=ports.port_specs_to_api,
        from_api=ports.port_specs_from_api,
        policy=policy.ports,
        example=['53/udp', '80']),
    fields.Field(
        name='port_bindings', type=fields.MAP,
        compose=('ports',),
        doc=_('Container ports to publish on the host, as a map of container '
              'port (8080, "53/udp" or a range) to host port. The host port '
              'is a number, a range of the same length, "ip:port", '
              '"[ipv6]:port", "" for any free port, a map such as {HostIp: '
              '127.0.0.1, HostPort: 80}, or a list of these. Without an IP '
              'address, Docker publishes the port on all addresses of the '
              'host; another free port of the same container port on a single '
              'address is then omitted.'),
        at='HostConfig.PortBindings', to_api=ports.port_bindings_to_api,
        from_api=ports.port_bindings_from_api,
        also={'ExposedPorts': ports.port_bindings_to_exposed},
        meaning=meanings.port_bindings,
        policy=policy.ports,
        exclusive=ports.has_host_port, claims=ports.host_port_claims,
        example={'8080': ['80', '[::1]:81'], '53/udp': '127.0.0.1:5353',
                 '9090': ''}),
    fields.Field(
        name='links', type=fields.MAP,
        doc=_('Links to other containers of the same daemon, as a map of the '
              'name or ID of the other container to the alias by which this '
              'container reaches it. Docker has deprecated links.'),
        at='HostConfig.Links', to_api=network.links_to_api,
        from_api=network.links_from_api, refers=references.links,
        most=budgets.OBJECTS,
        meaning=meanings.members,
        policy=policy.Free.REFERENCE,
        example={'wiki-db': 'db'}),
    fields.Field(
        name='volumes', type=fields.MAP,
        doc=_('Volumes and host directories to mount in the container, as a '
              'map of volume name or absolute path on the host to "/target", '
              '"/target:ro", {bind: /target, mode: ro} or {bind: /target, ro: '
              'true}. Docker creates a missing volume or directory, and '
              'retains it when the container is deleted.'),
        at='HostConfig.Binds', to_api=storage.volumes_to_api,
        from_api=storage.volumes_from_api,
        meaning=meanings.binds,
        policy=policy.binds, refers=references.volumes,
        exclusive=storage.writes_binds,
        most=budgets.OBJECTS,
        example={'/srv/www': '/www:ro', 'wiki-data': '/var/lib/mysql'}),
    fields.Field(
        name='volumes_from', type=fields.LIST, text_too=True,
        doc=_('Names or IDs of containers whose volumes this container also '
              'mounts, each optionally followed by ":ro".'),
        at='HostConfig.VolumesFrom', to_api=storage.volumes_from_to_api,
        from_api=scalars.as_list, refers=references.containers,
        exclusive=storage.writes_binds,
        most=budgets.OBJECTS,
        meaning=meanings.volumes_from,
        policy=policy.Free.REFERENCE,
        example=['wiki-data:ro']),
    fields.Field(
        name='mounts', type=fields.LIST,
        doc=_('Mounts of the container. They have more options than the '
              'property volumes.'),
        at='HostConfig.Mounts', to_api=storage.mounts_to_api,
        from_api=storage.mounts_from_api,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A mount.'),
            schema={
                'type': fields.Key(
                    fields.STRING, policy.mounts,
                    _('Type of the mount: a file or directory of the host '
                      '(bind), a volume, memory (tmpfs), or the files of an '
                      'image.'),
                    default='volume', values_since={'image': (1, 48)},
                    constraints=[constraints.AllowedValues(
                        ['bind', 'volume', 'tmpfs', 'image'])]),
                'source': fields.Key(
                    fields.STRING, policy.mounts,
                    _('Absolute path on the host, name of the volume, or '
                      'reference of the image. Docker removes a volume '
                      'without a name together with the container.'),
                    compose=('src',)),
                'target': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Absolute path in the container.'), required=True,
                    constraints=[
                        constraints.AllowedPattern(_ABSOLUTE_PATH)],
                    compose=('dst', 'destination')),
                'read_only': fields.Key(
                    fields.BOOLEAN, policy.Free.INSIDE,
                    _('Whether the mount is read-only. Defaults to false.'),
                    compose=('readonly',)),
                'propagation': fields.Key(
                    fields.STRING, policy.mounts,
                    _('Whether mounts below a bind mount propagate between '
                      'the host and the container.'),
                    constraints=[constraints.AllowedValues(
                        ['private', 'rprivate', 'shared', 'rshared',
                         'slave', 'rslave'])]),
                'bind_recursive': fields.Key(
                    fields.STRING, policy.mounts,
                    _('Whether a bind mount contains the mounts below its '
                      'source, and whether read_only applies to them: yes, if '
                      'the kernel supports it (enabled); not contained '
                      '(disabled); writable, although the mount is read-only '
                      '(writable); or read-only, even if the create has to '
                      'fail (readonly). Defaults to enabled. In API versions '
                      'before 1.44, read_only never applies to them.'),
                    values_since={'writable': (1, 44), 'readonly': (1, 44)},
                    constraints=[constraints.AllowedValues(
                        ['enabled', 'disabled', 'writable', 'readonly'])],
                    example='disabled'),
                'create_host_path': fields.Key(
                    fields.BOOLEAN, policy.mounts,
                    _('Whether Docker creates a missing path of a bind mount. '
                      'Defaults to false.'),
                    since=(1, 42),
                    example=True),
                'subpath': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Path in the volume or image to mount instead of its '
                      'root.'),
                    since=(1, 45),
                    example='data'),
                'no_copy': fields.Key(
                    fields.BOOLEAN, policy.Free.INSIDE,
                    _('Whether a new volume stays empty instead of receiving '
                      'the files that the image has at the target. Defaults '
                      'to false.'),
                    example=True,
                    compose=('nocopy',)),
                'labels': fields.Key(
                    fields.MAP, policy.Free.TEXT,
                    _('Labels of the volume that Docker creates for this '
                      'mount, as a map or a list. Names that begin with '
                      '"org.openstack.heat." are reserved for Heat.'),
                    parse=forms.pairs_to_map,
                    example={'com.example.team': 'wiki'}),
                'driver': fields.Key(
                    fields.STRING, policy.mounts,
                    _('Driver of the volume that Docker creates for this '
                      'mount.'),
                    example='local'),
                'driver_options': fields.Key(
                    fields.MAP, policy.mounts,
                    _('Options for the driver.'),
                    example={'type': 'tmpfs', 'device': 'tmpfs'}),
                'tmpfs_size': fields.Key(
                    fields.STRING, policy.Free.AMOUNT,
                    _('Size of the tmpfs, in bytes or with a unit, such as '
                      '64m. Unlimited by default.'),
                    example='64m'),
                'tmpfs_mode': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Permissions of the tmpfs, as an octal number with a '
                      'leading zero in quotes. Defaults to "01777".'),
                    constraints=[_MODE],
                    example='01777'),
                # The property tmpfs has these options, too.
                'tmpfs_options': fields.Key(
                    fields.LIST, policy.Free.INSIDE,
                    _('Mount options of the tmpfs, such as exec. Docker 27 '
                      'and later accept exec and noexec, which is the '
                      'default.'),
                    since=(1, 46),
                    example=['exec']),
            }),
        meaning=meanings.mounts,
        policy=policy.mounts, refers=references.mounts,
        exclusive=storage.writes_mounts,
        mask=storage.mounts_masked,
        most=budgets.OBJECTS,
        elsewhere={
            'bind': _('Use propagation, bind_recursive and create_host_path '
                      'beside type'),
            'volume': _('Use no_copy, subpath and labels beside type'),
            'tmpfs': _('Use tmpfs_size, tmpfs_mode and tmpfs_options beside '
                       'type'),
            'image': _('Use subpath beside type'),
            'consistency': _('Docker on Linux ignores it'),
        },
        example=[{'type': 'bind', 'source': '/srv', 'target': '/srv',
                  'read_only': True, 'propagation': 'rslave'},
                 {'type': 'volume', 'source': 'wiki', 'target': '/wiki',
                  'no_copy': True, 'labels': {'a': 'b'}},
                 {'type': 'tmpfs', 'target': '/tmp/x',
                  'tmpfs_size': '65536', 'tmpfs_mode': '01700'}]),
    fields.Field(
        name='tmpfs', type=fields.LIST, text_too=True,
        parse=forms.line_to_tmpfs,
        doc=_('Absolute paths in the container at which to mount a tmpfs, '
              'each optionally with options, such as '
              '"/run:size=64m,mode=755".'),
        at='HostConfig.Tmpfs', to_api=storage.tmpfs_to_api,
        from_api=storage.tmpfs_from_api,
        most=budgets.OBJECTS,
        meaning=meanings.tmpfs,
        policy=policy.Free.AMOUNT,
        example=['/run', '/tmp:size=64m']),
    fields.Field(
        name='shm_size', type=fields.STRING,
        doc=_('Size of /dev/shm, in bytes or with a unit, such as 64m. '
              'Defaults to the daemon\'s configuration, which is 64m unless '
              'changed.'),
        at='HostConfig.ShmSize', to_api=scalars.size_to_api,
        from_api=scalars.size_from_api,
        policy=policy.Free.AMOUNT,
        example='134217728'),
    fields.Field(
        name='storage_opt', type=fields.MAP,
        doc=_('Options for the storage driver of the daemon, such as {size: '
              '10G}. Some drivers have no options.'),
        at='HostConfig.StorageOpt', to_api=scalars.to_string_map,
        from_api=scalars.as_map,
        policy=policy.storage_options,
        example={'size': '10G'}),
    fields.Field(
        name='volume_driver', type=fields.STRING,
        doc=_('Driver of the volumes that Docker creates for the property '
              'volumes.'),
        at='HostConfig.VolumeDriver',
        policy=policy.volume_driver,
        example='local'),
    fields.Field(
        name='files', type=fields.LIST,
        compose=('configs', 'secrets'),
        doc=_('Files to copy into the container before it starts. A file '
              'cannot be below a tmpfs, which would hide it.'),
        at=None, to_api=storage.files_to_archive,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A file.'),
            schema={
                'path': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Absolute path in the container. Docker creates missing '
                      'directories.'),
                    required=True,
                    constraints=[constraints.AllowedPattern(
                        '^/.*[^/]$')],
                    compose=('target',)),
                'content': fields.Key(
                    fields.STRING, policy.Free.INSIDE, _('Contents of the '
                                                         'file as text.'),
                    constraints=[constraints.Length(max=budgets.FILE)]),
                'content_base64': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Contents of the file in base64.'),
                    constraints=[constraints.Length(max=budgets.FILE)],
                    example='SGVsbG8u'),
                'mode': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Permissions of the file, as an octal number with a '
                      'leading zero in quotes. Defaults to "0644".'),
                    constraints=[_MODE]),
                'uid': fields.Key(
                    fields.INTEGER, policy.Free.INSIDE,
                    _('UID of the owner. Defaults to 0.'),
                    constraints=[_OWNER],
                    example=1000),
                'gid': fields.Key(
                    fields.INTEGER, policy.Free.INSIDE,
                    _('GID of the owner. Defaults to 0.'),
                    constraints=[_OWNER],
                    example=1000),
            }),
        mask=storage.files_masked,
        most=budgets.OBJECTS, longest=budgets.FILE,
        meaning=meanings.archive,
        policy=policy.Free.INSIDE,
        elsewhere={
            'source': _('Use content, with get_file or a parameter')},
        example=[{'path': '/etc/motd', 'content': 'Hello.',
                  'mode': '0644'}]),
    fields.Field(
        name='remove_volumes', type=fields.BOOLEAN, change=fields.HEAT_ONLY,
        empty_counts=True,
        doc=_('Whether Docker removes anonymous volumes together with the '
              'container. Defaults to true.'),
        at=None,
        policy=policy.Free.OURS,
        example=False),
    fields.Field(
        name='dns', type=fields.LIST,
        doc=_('IP addresses of DNS servers. Defaults to the daemon\'s DNS '
              'servers.'),
        at='HostConfig.Dns', to_api=network.dns_to_api,
        from_api=scalars.as_list,
        policy=policy.Free.INSIDE,
        example=['192.0.2.53', '2001:db8::53']),
    fields.Field(
        name='networks', type=fields.LIST, change=fields.by_step('reconnect'),
        parse=forms.names_to_networks,
        doc=_('Networks that the container is attached to, as maps or as '
              'names. The first network is the main one. Defaults to the '
              'network "bridge" of the daemon. Adding the first network or '
              'removing the last one replaces the container.'),
        at='NetworkingConfig.EndpointsConfig',
        live_at='NetworkSettings.Networks',
        to_api=network.networks_to_api,
        from_api=network.endpoints_from_api,
        also={'HostConfig.NetworkMode': network.networks_to_mode},
        meaning=meanings.endpoints,
        policy=policy.networks, refers=references.networks,
        exclusive=network.has_fixed_address, claims=network.address_claims,
        same_state=network.networks_match,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A network.'),
            schema={
                'network': fields.Key(
                    fields.STRING, policy.networks,
                    _('Name or ID of the network.'), required=True,
                    compose=('name',)),
                'aliases': fields.Key(
                    fields.LIST, policy.Free.INSIDE,
                    _('Names of the container in this network, in addition to '
                      'its own.')),
                'ipv4_address': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('IPv4 address in this network. By default, the daemon '
                      'chooses one.')),
                'ipv6_address': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('IPv6 address in this network. By default, the daemon '
                      'chooses one if the network supports IPv6.')),
                'link_local_ips': fields.Key(
                    fields.LIST, policy.Free.INSIDE,
                    _('Link-local addresses in this network.'),
                    example=['169.254.7.7']),
                'mac_address': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('MAC address in this network. In API versions before '
                      '1.54, Docker applies it only when it creates the '
                      'container, so a change of this network replaces the '
                      'container.'),
                    since=(1, 44),
                    example='02:42:c0:00:02:07'),
                'interface_name': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Name of the network interface in the container, such '
                      'as web0. By default, the daemon chooses one, such as '
                      'eth0.'),
                    since=(1, 48),
                    constraints=[
                        constraints.Length(max=15),
                        constraints.AllowedPattern(r'^[^\s/:]*$')],
                    example='web0'),
                'driver_opts': fields.Key(
                    fields.MAP, policy.networks,
                    _('Options for the network driver, as a map of name to '
                      'string.'),
                    example={
                        'com.docker.network.endpoint.sysctls':
                        'net.ipv4.conf.IFNAME.forwarding=1'}),
                'gw_priority': fields.Key(
                    fields.INTEGER, policy.Free.INSIDE,
                    _('Priority of the network; the network with the highest '
                      'value provides the default gateway. Defaults to 0.'),
                    since=(1, 48),
                    example=100),
            }),
        most=budgets.OBJECTS,
        elsewhere={
            'priority': _('The first network in the list is the main one; '
                          'gw_priority selects the default gateway')},
        example=[{'network': 'front', 'aliases': ['web'],
                  'ipv4_address': '192.0.2.7',
                  'ipv6_address': '2001:db8::7'}]),
    fields.Field(
        name='network_mode', type=fields.STRING,
        doc=_('Network mode: "bridge", "host", "none", or "container:NAME" to '
              'share the network of another container. Mutually exclusive '
              'with networks.'),
        at='HostConfig.NetworkMode',
        constraints=(constraints.AllowedPattern(
            '^(bridge|host|none|default|container:.+)?$', description=_(
                'The network mode is "bridge", "host", "none", or '
                '"container:" and the get_resource of a container. The '
                'property networks contains other networks.')),),
        meaning=meanings.network_mode,
        policy=policy.namespace, refers=references.mode,
        exclusive=process.is_shared,
        example='none'),
    fields.Field(
        name='dns_search', type=fields.LIST,
        doc=_('Domains in which to look up names without a dot.'),
        at='HostConfig.DnsSearch', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        policy=policy.Free.INSIDE,
        example=['example.com']),
    fields.Field(
        name='dns_options', type=fields.LIST,
        compose=('dns_opt',),
        doc=_('Options for the DNS resolver, such as "ndots:2".'),
        at='HostConfig.DnsOptions', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        meaning=meanings.resolver_options,
        policy=policy.Free.INSIDE,
        example=['ndots:2']),
    fields.Field(
        name='extra_hosts', type=fields.LIST,
        parse=forms.hosts_to_list,
        doc=_('Additional hostnames, each as "name:address" or '
              '"name=address", or as a map of name to address. An IPv6 '
              'address can have brackets. The address host-gateway stands for '
              'the daemon\'s host.'),
        at='HostConfig.ExtraHosts', to_api=network.extra_hosts_to_api,
        from_api=scalars.as_list,
        meaning=meanings.hosts,
        policy=policy.Free.INSIDE,
        example=['db:192.0.2.7', 'db6:2001:db8::7']),
    fields.Field(
        name='publish_all_ports', type=fields.BOOLEAN,
        doc=_('Whether to publish all exposed ports on free ports of the '
              'host. Defaults to false.'),
        at='HostConfig.PublishAllPorts',
        policy=policy.publish_all_ports,
        example=True),
    fields.Field(
        name='privileged', type=fields.BOOLEAN,
        doc=_('Whether the container has full access to the host. Defaults to '
              'false.'),
        at='HostConfig.Privileged',
        policy=policy.privileged,
        example=True),
    fields.Field(
        name='tty', type=fields.BOOLEAN,
        doc=_('Whether to allocate a pseudo-terminal for the command. '
              'Defaults to false.'),
        at='Tty', live_at='Config.Tty',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='open_stdin', type=fields.BOOLEAN,
        compose=('stdin_open',),
        doc=_('Whether to keep standard input open while no client is '
              'attached. Defaults to false.'),
        at='OpenStdin', live_at='Config.OpenStdin',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='stdin_once', type=fields.BOOLEAN,
        doc=_('Whether to close standard input when the first attached client '
              'detaches. Defaults to false.'),
        at='StdinOnce', live_at='Config.StdinOnce',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='restart_policy', type=fields.MAP,
        compose=('restart',),
        change=fields.in_place('RestartPolicy', unset={
            'Name': 'no', 'MaximumRetryCount': 0}),
        parse=forms.name_to_restart_policy,
        doc=_('Restart policy: what Docker does when the container exits, as '
              'a map or as a string, such as "always" or "on-failure:3". By '
              'default, Docker does not restart it. While the stack is '
              'suspended or the container is being replaced, always becomes '
              'unless-stopped, because a restarted daemon would otherwise '
              'start the container.'),
        at='HostConfig.RestartPolicy',
        to_api=process.restart_policy_to_api,
        from_api=process.restart_policy_from_api,
        nested={
            'Name': fields.Key(
                fields.STRING, policy.Free.INSIDE,
                _('When Docker restarts the container: never (no), after a '
                  'failure (on-failure), always, or unless it was stopped on '
                  'purpose (unless-stopped).'),
                default='no',
                constraints=[constraints.AllowedValues(
                    ['no', 'on-failure', 'always', 'unless-stopped'])],
                compose=('condition',)),
            'MaximumRetryCount': fields.Key(
                fields.INTEGER, policy.Free.INSIDE,
                _('Maximum number of restarts after failures, only for '
                  'on-failure. Defaults to 0, which means no limit.'),
                default=0,
                compose=('max_attempts',)),
        },
        meaning=meanings.restart_policy,
        policy=policy.Free.INSIDE,
        elsewhere={
            'delay': _('Docker chooses the delay'),
            'window': _('Docker has no such option')},
        example={'Name': 'on-failure', 'MaximumRetryCount': 3}),
    fields.Field(
        name='cap_add', type=fields.LIST,
        doc=_('Linux capabilities to add, such as NET_ADMIN, or ALL.'),
        at='HostConfig.CapAdd', to_api=process.capabilities_to_api,
        from_api=process.capabilities_from_api,
        policy=policy.capabilities,
        example=['NET_ADMIN', 'SYS_TIME']),
    fields.Field(
        name='cap_drop', type=fields.LIST,
        doc=_('Linux capabilities to drop, such as MKNOD, or ALL.'),
        at='HostConfig.CapDrop', to_api=process.capabilities_to_api,
        from_api=process.capabilities_from_api,
        policy=policy.Free.INSIDE,
        example=['MKNOD']),
    fields.Field(
        name='read_only', type=fields.BOOLEAN,
        doc=_('Whether the root file system of the container is read-only. '
              'Defaults to false.'),
        at='HostConfig.ReadonlyRootfs',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='cpu_shares', type=fields.INTEGER,
        change=fields.in_place('CpuShares'),
        doc=_('CPU weight of the container relative to other containers, '
              'applied when CPU time is scarce. If unset or 0, the weight '
              'is 1024.'),
        at='HostConfig.CpuShares', constraints=(constraints.Range(min=0),),
        policy=policy.Free.AMOUNT,
        example=512),
    fields.Field(
        name='cpus', type=fields.NUMBER,
        change=fields.in_place('NanoCpus'),
        doc=_('Number of CPUs that the container can use, such as 1.5. '
              'Mutually exclusive with cpu_period and cpu_quota.'),
        at='HostConfig.NanoCpus', to_api=limits.cpus_to_api,
        from_api=limits.cpus_from_api,
        constraints=(constraints.Range(min=0),),
        policy=policy.Free.AMOUNT,
        example=0.5),
    fields.Field(
        name='cpu_period', type=fields.INTEGER,
        change=fields.in_place('CpuPeriod'),
        doc=_('Length of a CPU scheduler period, in microseconds.'),
        at='HostConfig.CpuPeriod',
        constraints=(constraints.Range(min=0, max=1000000),),
        policy=policy.Free.AMOUNT,
        example=50000),
    fields.Field(
        name='cpu_quota', type=fields.INTEGER,
        change=fields.in_place('CpuQuota'),
        doc=_('CPU time that the container can use in each period, in '
              'microseconds.'),
        at='HostConfig.CpuQuota',
        constraints=(constraints.Range(min=0),),
        policy=policy.Free.AMOUNT,
        example=25000),
    fields.Field(
        name='cpu_set', type=fields.STRING,
        compose=('cpuset',),
        change=fields.in_place('CpusetCpus'),
        doc=_('CPUs that the container can run on, such as "0-2,7". Defaults '
              'to all CPUs.'),
        at='HostConfig.CpusetCpus',
        constraints=(constraints.AllowedPattern(_NUMBERS),),
        meaning=meanings.numbers,
        policy=policy.Free.AMOUNT,
        example='0-1'),
    fields.Field(
        name='devices', type=fields.LIST,
        parse=forms.paths_to_devices,
        doc=_('Devices of the host that the container can use, as maps, or as '
              '"path_on_host:path_in_container:permissions", in which the '
              'last two parts are optional.'),
        at='HostConfig.Devices', to_api=limits.devices_to_api,
        from_api=limits.devices_from_api,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A device.'),
            schema={
                'path_on_host': fields.Key(
                    fields.STRING, policy.devices,
                    _('Absolute path of the device on the host.'),
                    required=True,
                    constraints=[
                        constraints.Length(max=255),
                        constraints.AllowedPattern(_ABSOLUTE_PATH)],
                    compose=('source',)),
                'path_in_container': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Absolute path of the device in the container. Defaults '
                      'to the path on the host.'),
                    constraints=[
                        constraints.Length(max=255),
                        constraints.AllowedPattern('^(%s)?$'
                                                   % _ABSOLUTE_PATH)],
                    compose=('target',)),
                'permissions': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Permissions of the container for the device: read (r), '
                      'write (w), create with mknod (m).'),
                    default='rwm',
                    constraints=[constraints.AllowedValues(
                        ['r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm'])]),
            }),
        meaning=meanings.devices,
        policy=policy.devices, exclusive=bool,
        most=budgets.OBJECTS,
        example=[{'path_on_host': '/dev/null',
                  'path_in_container': '/dev/nothing',
                  'permissions': 'rw'}]),
    fields.Field(
        name='cpu_set_mems', type=fields.STRING,
        change=fields.in_place('CpusetMems'),
        doc=_('NUMA memory nodes that the container can use, such as "0-1".'),
        at='HostConfig.CpusetMems',
        constraints=(constraints.AllowedPattern(_NUMBERS),),
        meaning=meanings.numbers,
        policy=policy.Free.AMOUNT,
        example='0'),
    fields.Field(
        name='blkio_weight', type=fields.INTEGER,
        change=fields.in_place('BlkioWeight'),
        doc=_('Block I/O weight of the container, from 10 to 1000. Defaults '
              'to 0, which means unset.'),
        at='HostConfig.BlkioWeight',
        constraints=(constraints.Range(min=0, max=1000),),
        policy=policy.Free.AMOUNT,
        example=300),
    fields.Field(
        name='blkio_config', type=fields.MAP,
        change=fields.in_place('', unset=limits.blkio_to_api({}),
                               since=(1, 55)),
        doc=_('Block I/O weights and limits for individual devices.'),
        at='HostConfig', to_api=limits.blkio_to_api,
        from_api=limits.blkio_from_api,
        nested={
            'weight_device': fields.Key(
                fields.LIST, policy.block_devices,
                _('Weights, each as {path: /dev/sda, weight: 400}.')),
            'device_read_bps': fields.Key(
                fields.LIST, policy.block_devices,
                _('Read limits in bytes per second, each as {path: /dev/sda, '
                  'rate: 1m}.')),
            'device_write_bps': fields.Key(
                fields.LIST, policy.block_devices,
                _('Write limits in bytes per second, each as {path: /dev/sda, '
                  'rate: 1m}.'),
                example=[{'path': '/dev/sda', 'rate': '1m'}]),
            'device_read_iops': fields.Key(
                fields.LIST, policy.block_devices,
                _('Read limits in operations per second, each as {path: '
                  '/dev/sda, rate: 100}.'),
                example=[{'path': '/dev/sda', 'rate': 100}]),
            'device_write_iops': fields.Key(
                fields.LIST, policy.block_devices,
                _('Write limits in operations per second, each as {path: '
                  '/dev/sda, rate: 100}.')),
        },
        meaning=meanings.block_devices,
        policy=policy.block_devices,
        elsewhere={'weight': _('Use the property blkio_weight')},
        example={'weight_device': [{'path': '/dev/sda', 'weight': 400}],
                 'device_read_bps': [{'path': '/dev/sda', 'rate': 1048576}],
                 'device_write_iops': [{'path': '/dev/sda', 'rate': 100}]}),
    fields.Field(
        name='pids_limit', type=fields.INTEGER,
        change=fields.in_place('PidsLimit', unset=-1),
        doc=_('Maximum number of processes and threads in the container; -1 '
              'means no limit.'),
        at='HostConfig.PidsLimit', from_api=limits.pids_limit_from_api,
        constraints=(constraints.Range(min=-1),),
        policy=policy.Free.AMOUNT,
        example=100),
    *ulimits.FIELDS,
    fields.Field(
        name='security_opt', type=fields.LIST,
        doc=_('Security options, such as "no-new-privileges:true". A seccomp '
              'profile is JSON text, which can come from get_file, because '
              'the daemon does not read files.'),
        at='HostConfig.SecurityOpt', to_api=process.security_options_to_api,
        from_api=scalars.as_list,
        meaning=meanings.security_options,
        policy=policy.security_options,
        example=['no-new-privileges:true']),
    fields.Field(
        name='sysctls', type=fields.MAP,
        parse=forms.pairs_to_map,
        doc=_('Kernel parameters of the container\'s namespaces, as a map of '
              'name to value, or as a list of "name=value".'),
        at='HostConfig.Sysctls', to_api=scalars.to_string_map,
        from_api=scalars.as_map,
        policy=policy.sysctls,
        example={'net.ipv4.ip_forward': '1'}),
    fields.Field(
        name='device_cgroup_rules', type=fields.LIST,
        doc=_('Cgroup rules for devices that may be added later, such as "c '
              '42:* rmw".'),
        at='HostConfig.DeviceCgroupRules',
        to_api=limits.device_cgroup_rules_to_api,
        from_api=scalars.as_list,
        meaning=meanings.device_rules,
        policy=policy.any_device,
        example=['c 42:* rmw']),
    fields.Field(
        name='device_requests', type=fields.LIST,
        compose=('gpus',),
        parse=forms.all_to_requests,
        doc=_('Requests for devices, such as GPUs, that a driver of the '
              'daemon selects. The string "all" requests all GPUs.'),
        at='HostConfig.DeviceRequests',
        to_api=limits.device_requests_to_api,
        from_api=limits.device_requests_from_api,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A request.'),
            schema={
                'driver': fields.Key(
                    fields.STRING, policy.any_device,
                    _('Name of the driver, such as nvidia or cdi. By default, '
                      'the daemon chooses one.')),
                'count': fields.Key(
                    fields.INTEGER, policy.any_device,
                    _('Number of devices; -1 or "all" means all.'),
                    parse=forms.all_to_count),
                'device_ids': fields.Key(
                    fields.LIST, policy.any_device,
                    _('IDs of the devices, instead of a count.'),
                    example=['0']),
                'capabilities': fields.Key(
                    fields.LIST, policy.any_device,
                    _('Lists of capabilities, such as [[gpu]]. A device must '
                      'have all capabilities of one of the lists. A single '
                      'list, such as [gpu], is accepted, too.'),
                    parse=forms.nested_list),
                'options': fields.Key(
                    fields.MAP, policy.any_device,
                    _('Options for the driver.'),
                    example={'com.example.share': 'true'}),
            }),
        meaning=meanings.device_requests,
        policy=policy.any_device, exclusive=bool,
        most=budgets.OBJECTS,
        example=[{'driver': 'nvidia', 'count': -1,
                  'capabilities': [['gpu']]}]),
    fields.Field(
        name='userns_mode', type=fields.STRING,
        doc=_('User namespace mode: "host" to use the user IDs of the host '
              'even if the daemon remaps them.'),
        at='HostConfig.UsernsMode',
        constraints=(constraints.AllowedPattern('^(host)?$'),),
        policy=policy.namespace,
        example='host'),
    fields.Field(
        name='ipc_mode', type=fields.STRING,
        compose=('ipc',),
        doc=_('IPC mode: "private", "shareable", "none", "host", or '
              '"container:NAME" to share the IPC namespace of another '
              'container.'),
        at='HostConfig.IpcMode',
        constraints=(constraints.AllowedPattern(
            '^(none|private|shareable|host|container:.+)?$'),),
        policy=policy.namespace, refers=references.mode,
        exclusive=process.is_shared,
        example='private'),
    fields.Field(
        name='pid_mode', type=fields.STRING,
        compose=('pid',),
        doc=_('PID mode: "host", or "container:NAME" to see the processes of '
              'another container.'),
        at='HostConfig.PidMode',
        constraints=(constraints.AllowedPattern(
            '^(host|container:.+)?$'),),
        policy=policy.namespace, refers=references.mode,
        exclusive=process.is_shared,
        example='host'),
    fields.Field(
        name='uts_mode', type=fields.STRING,
        compose=('uts',),
        doc=_('UTS mode: "host" to use the hostname of the host.'),
        at='HostConfig.UTSMode',
        constraints=(constraints.AllowedPattern('^(host)?$'),),
        policy=policy.namespace,
        example='host'),
    fields.Field(
        name='cgroupns_mode', type=fields.STRING,
        compose=('cgroup',),
        doc=_('Cgroup namespace mode: "private" or "host". Defaults to the '
              'daemon\'s configuration.'),
        at='HostConfig.CgroupnsMode', since=(1, 41),
        constraints=(constraints.AllowedPattern('^(host|private)?$'),),
        policy=policy.namespace,
        example='private'),
    fields.Field(
        name='cgroup_parent', type=fields.STRING,
        doc=_('Parent cgroup of the container\'s cgroup. If the daemon uses '
              'the cgroup driver systemd, which is the default with cgroup '
              'v2, this is the name of a slice, such as heat.slice.'),
        at='HostConfig.CgroupParent',
        policy=policy.cgroup_parent,
        example='/wiki'),
    fields.Field(
        name='log_driver', type=fields.STRING,
        compose=('logging',),
        doc=_('Driver that receives the output of the container, such as '
              'json-file or journald. Defaults to the daemon\'s default log '
              'driver. With some drivers, the output cannot be read back.'),
        at='HostConfig.LogConfig.Type',
        policy=policy.log_driver,
        example='json-file'),
    fields.Field(
        name='log_options', type=fields.MAP,
        compose=('logging',),
        doc=_('Options for the log driver, as a map of name to string.'),
        at='HostConfig.LogConfig.Config', to_api=scalars.to_string_map,
        from_api=scalars.as_map,
        mask=scalars.map_masked,
        policy=policy.log_options,
        example={'max-size': '10m'}),
    fields.Field(
        name='wait_for', type=fields.STRING, change=fields.HEAT_ONLY,
        doc=_('Condition for the resource to be complete: the container keeps '
              'running (running), its health check succeeds (healthy), its '
              'command ends with exit code 0 (completed), or the container '
              'has been started (none). Defaults to running.'),
        at=None,
        constraints=(constraints.AllowedValues(
            ['running', 'healthy', 'completed', 'none']),),
        policy=policy.Free.OURS,
        example='healthy'),
    fields.Field(
        name='wait_timeout', type=fields.INTEGER, change=fields.HEAT_ONLY,
        parse=forms.whole_seconds,
        doc=_('Seconds, or a duration such as 5m, to wait for the condition '
              'in wait_for. Defaults to the timeout of the stack.'),
        at=None, constraints=(constraints.Range(min=1),),
        policy=policy.Free.OURS,
        example=60),
    fields.Field(
        name='suspend_mode', type=fields.STRING, change=fields.HEAT_ONLY,
        doc=_('Whether suspending the stack stops the container (stop) or '
              'freezes its processes (pause). Defaults to stop.'),
        at=None,
        constraints=(constraints.AllowedValues(['stop', 'pause']),),
        policy=policy.Free.OURS,
        example='pause'),
    fields.Field(
        name='alarm_action', type=fields.MAP,
        change=fields.by_step('set_alarm'),
        doc=_('Action to perform when a signal does not contain an action, '
              'such as a signal from an alarm. Anyone who has the attribute '
              'alarm_url can send such a signal without a token. Therefore, '
              'signals cannot request any other action, and the resource '
              'rejects hooks of the environment, which a signal would have to '
              'clear. If unset, there is no alarm_url.'),
        at=None, to_api=operations.check, meaning=scalars.drop_empty,
        nested=operations.keys(),
        policy=policy.Free.INSIDE,
        example={'action': 'restart'}),
    fields.Field(
        name='triggers', type=fields.MAP,
        doc=_('Arbitrary values that the container does not see. A change of '
              'any value replaces the container.'),
        at=None,
        policy=policy.Free.OURS,
        example={'build': '7'}),
)


OPERATIONS = operations.OPERATIONS

RULES = (
    fields.Rule(('networks', 'network_mode'),
                combinations.refuse_mode_and_networks),
    fields.Rule(('network_mode', *combinations.OF_OWN_NETWORK),
                combinations.refuse_own_network),
    fields.Rule(('files', 'read_only'),
                combinations.refuse_files_and_read_only),
    fields.Rule(('files', 'tmpfs', 'mounts', 'volumes'),
                combinations.refuse_hidden_files, only_new=True,
                needs=('tmpfs', 'volumes', 'mounts')),
    fields.Rule(('files', 'mounts'),
                combinations.refuse_modes_without_quotes, only_new=True),
    fields.Rule(('mounts', 'volumes'),
                combinations.refuse_same_targets,
                needs=('volumes', 'mounts')),
    fields.Rule(('memory', 'memory_swap', 'memory_reservation'),
                combinations.check_memory,
                needs=('memory', 'memory_swap', 'memory_reservation')),
    fields.Rule(('cpus', 'cpu_period', 'cpu_quota'),
                combinations.check_cpus),
    fields.Rule(('image', 'registry_auth'),
                registry.pull_credentials,
                needs=('image', 'registry_auth')),
)

ATTRIBUTES = (
    fields.Attribute(
        name='name', type=fields.STRING, at='Name', cached=True,
        from_api=process.name_from_api,
        doc=_('Name of the container.')),
    fields.Attribute(
        name='state', type=fields.STRING, at='State.Status',
        doc=_('State of the container: created, running, paused, '
              'restarting, removing, exited or dead.')),
    fields.Attribute(
        name='exit_code', type=fields.INTEGER, at='State.ExitCode',
        doc=_('Exit code of the command; 0 while the command is running.')),
    fields.Attribute(
        name='oom_killed', type=fields.BOOLEAN, at='State.OOMKilled',
        doc=_('Whether the kernel killed the container because it was out of '
              'memory.')),
    fields.Attribute(
        name='health', type=fields.STRING, at='State.Health.Status',
        doc=_('Result of the health check: starting, healthy or unhealthy. '
              'Null if there is no health check.')),
    fields.Attribute(
        name='restart_count', type=fields.INTEGER, at='RestartCount',
        doc=_('Number of times that the restart policy has restarted the '
              'container.')),
    fields.Attribute(
        name='started_at', type=fields.STRING, at='State.StartedAt',
        doc=_('Time of the last start, in RFC 3339 format.')),
    fields.Attribute(
        name='finished_at', type=fields.STRING, at='State.FinishedAt',
        doc=_('Time when the command last ended, in RFC 3339 format.')),
    fields.Attribute(
        name='image_id', type=fields.STRING, at='Image', cached=True,
        doc=_('ID of the image of the container.')),
    fields.Attribute(
        name='image_digest', type=fields.STRING, source='image_digest',
        doc=_('Reference of the image by its digest in the repository that '
              'image names, such as "mariadb@sha256:...". Null if the image '
              'was never in this repository, or if the container was created '
              'from an image ID. With the containerd image store of Docker, '
              'it contains the digest of the image\'s manifest on the daemon, '
              'even if the image was never in a registry.')),
    fields.Attribute(
        name='stats', type=fields.MAP, source='stats',
        from_api=limits.stats_from_api,
        doc=_('Current usage (memory_bytes, memory_limit_bytes and pids) and '
              'usage since the start (cpu_seconds, network_received_bytes and '
              'network_sent_bytes) of the container.')),
    fields.Attribute(
        name='info', type=fields.MAP, secret=True, source='info',
        doc=_('Everything that "docker inspect" shows about the container, '
              'except secrets that events also mask, such as options of '
              'drivers. The values of environment variables are included only '
              'if the operator allows it.')),
    fields.Attribute(
        name='network_info', type=fields.MAP, source='networking',
        from_api=network.network_info_from_api,
        doc=_('NetworkSettings of the container, as "docker inspect" shows '
              'them, with the additional keys TcpPorts and UdpPorts, which '
              'list the ports published on the host.')),
    fields.Attribute(
        name='network_ip', type=fields.STRING, source='networking',
        from_api=network.first_address,
        doc=_('IP address of the container in its first network.')),
    fields.Attribute(
        name='network_gateway', type=fields.STRING, source='networking',
        from_api=network.first_gateway,
        doc=_('IP address of the gateway of the container\'s first '
              'network.')),
    fields.Attribute(
        name='network_tcp_ports', type=fields.STRING, at='NetworkSettings',
        from_api=ports.tcp_ports_from_api,
        doc=_('TCP ports published on the host, such as "80,443".')),
    fields.Attribute(
        name='network_udp_ports', type=fields.STRING, at='NetworkSettings',
        from_api=ports.udp_ports_from_api,
        doc=_('UDP ports published on the host, such as "53".')),
    fields.Attribute(
        name='ports', type=fields.LIST, at='NetworkSettings',
        from_api=ports.ports_from_api,
        doc=_('Published ports, as a list of maps with container_port, '
              'protocol, host_ip and host_port.')),
    fields.Attribute(
        name='networks', type=fields.MAP, at='NetworkSettings.Networks',
        from_api=network.networks_from_api,
        doc=_('Networks of the container, as a map of name to a map with '
              'network_id, ip_address, gateway, ipv6_address, ipv6_gateway, '
              'mac_address and aliases.')),
    fields.Attribute(
        name='logs', type=fields.STRING, source='log_tail',
        doc=_('The end of the container\'s output: 64 KiB, unless the '
              'operator has set another limit.')),
    fields.Attribute(
        name='logs_head', type=fields.STRING, source='log_head',
        doc=_('The first line of the container\'s output.')),
    fields.Attribute(
        name='logs_tail', type=fields.STRING, source='log_tail',
        from_api=process.last_line,
        doc=_('The last line of the container\'s output.')),
    fields.Attribute(
        name='alarm_url', type=fields.STRING, at=None, source='alarm_url',
        doc=_('Webhook URL for an alarm: a POST request to it, without a '
              'token, performs alarm_action. Any user who can show the '
              'resource can read it, even with read-only access. Null if '
              'alarm_action is unset.')),
    fields.Attribute(
        name='signal_url', type=fields.STRING, at=None, source='signal_url',
        doc=_('URL of Heat\'s API to which users who can signal the stack '
              'POST signals, with a token.')),
)

# Names of a service in Compose that no property has; see
# :func:`heat_docker.hints.name_of_compose`.
COMPOSE_ELSEWHERE = {
    'build': _('image, with get_resource of a DockerInc::Docker::Image that '
               'has build'),
    'deploy': _('a resource OS::Heat::ResourceGroup for replicas, and '
                'memory, cpus and pids_limit for limits'),
    'depends_on': _('depends_on beside properties, or get_resource'),
    'external_links': _('networks'),
    'label_file': _('labels'),
    'mac_address': _('mac_address of an entry in networks'),
    'profiles': _('condition beside properties'),
    'scale': _('a resource OS::Heat::ResourceGroup'),
}
