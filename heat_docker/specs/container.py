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

Every property is sent with Docker's create request, as its API has wanted
it since version 1.15; see
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container.
"""

from heat.engine import constraints
from heat.engine import properties

from .. import budgets
from .. import fields
from .. import i18n
from .. import operations
from .. import policy
from ..convert import limits
from ..convert import network
from ..convert import ports
from ..convert import process
from ..convert import references
from ..convert import scalars
from ..convert import storage
from . import endpoint
from . import pulling

_ = i18n._

_ABSOLUTE_PATH = r'/.*'
_NUMBERS = '^([0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)?$'

FIELDS = (
    *endpoint.FIELDS,
    fields.Field(
        name='image', type=fields.STRING, required=True,
        doc=_('Image of the container, such as "mariadb:11" or '
              '"registry.example.com/team/web@sha256:...". Without a tag it '
              'is "latest". Whether the daemon pulls it, pull_policy says.'),
        at='Image', live_at='Config.Image', to_api=process.image,
        policy=policy.image, refers=references.image,
        constraints=(constraints.Length(min=1),),
        example='mariadb:11'),
    fields.Field(
        name='name', type=fields.STRING, change=fields.by_step('rename'),
        doc=_('Name of the container, unique on its daemon. If unset, it is '
              'made of the names of stack and resource.'),
        at='?name', live_at='Name', from_api=process.name_from_api,
        exclusive=bool, claims=process.name_claims,
        constraints=(constraints.AllowedPattern(
            '^(/?%s)?$' % scalars.NAME),),
        policy=policy.Free.TEXT,
        example='web-1'),
    fields.Field(
        name='hostname', type=fields.STRING,
        doc=_('Hostname inside the container. If unset, it is the short id '
              'of the container.'),
        at='Hostname', live_at='Config.Hostname',
        constraints=(constraints.Length(max=64),),
        policy=policy.Free.INSIDE,
        example='web'),
    fields.Field(
        name='user', type=fields.STRING,
        doc=_('User that runs the command: a name or UID, with ":group" a '
              'group or GID too. If unset, it is the user of the image.'),
        at='User', live_at='Config.User',
        policy=policy.Free.INSIDE,
        example='1000:1000'),
    fields.Field(
        name='cmd', type=fields.LIST,
        doc=_('Command to run, as a list of its words; no shell splits them. '
              'If unset or empty, it is the command of the image.'),
        at='Cmd', live_at='Config.Cmd', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        policy=policy.Free.INSIDE,
        example=['httpd', '-f', '-p', '8080']),
    fields.Field(
        name='entrypoint', type=fields.LIST,
        doc=_('Program, as a list of words, that receives the words of cmd '
              'as its arguments. If unset, it is the entrypoint of the image. '
              'An empty list means no entrypoint.'),
        at='Entrypoint', live_at='Config.Entrypoint',
        to_api=scalars.to_strings,
        from_api=scalars.as_list, empty_counts=True,
        policy=policy.Free.INSIDE,
        example=['/bin/sh', '-c']),
    fields.Field(
        name='working_dir', type=fields.STRING,
        doc=_('Absolute path in the container in which the command runs. If '
              'unset, it is that of the image.'),
        at='WorkingDir', live_at='Config.WorkingDir',
        constraints=(constraints.AllowedPattern('^(%s)?$' % _ABSOLUTE_PATH),),
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
        doc=_('Labels of the container, as a map of name to text. Names that '
              'begin with "org.openstack.heat." are Heat\'s own.'),
        at='Labels', live_at='Config.Labels', to_api=process.labels_to_api,
        from_api=process.labels_from_api,
        policy=policy.Free.TEXT,
        example={'com.example.team': 'wiki'}),
    fields.Field(
        name='annotations', type=fields.MAP,
        doc=_('Annotations for the OCI runtime, as a map of name to text.'),
        at='HostConfig.Annotations', since=(1, 43),
        to_api=scalars.to_string_map, from_api=scalars.as_map,
        policy=policy.annotations,
        example={'com.example.class': 'fast'}),
    fields.Field(
        name='init', type=fields.BOOLEAN,
        doc=_('Whether a small init process runs in front of the command, '
              'which passes signals on and reaps orphans. If unset, it is as '
              'the daemon is configured.'),
        at='HostConfig.Init', empty_counts=True,
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='stop_signal', type=fields.STRING,
        doc=_('Signal that asks the command to end, such as SIGINT. If '
              'unset, it is that of the image, or SIGTERM.'),
        at='StopSignal', live_at='Config.StopSignal',
        constraints=(constraints.AllowedPattern(
            '^((SIG)?[A-Z][A-Z0-9+-]*|[0-9]{1,2})?$'),),
        policy=policy.Free.INSIDE,
        example='SIGINT'),
    fields.Field(
        name='stop_grace_period', type=fields.INTEGER,
        doc=_('Seconds that the command has to end by itself when the '
              'container is stopped, before it is killed. If unset, it is '
              '10.'),
        at='StopTimeout', live_at='Config.StopTimeout', empty_counts=True,
        constraints=(constraints.Range(min=0),),
        policy=policy.Free.INSIDE,
        example=30),
    fields.Field(
        name='group_add', type=fields.LIST,
        doc=_('Names or ids of further groups of the user that runs the '
              'command.'),
        at='HostConfig.GroupAdd', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        policy=policy.Free.INSIDE,
        example=['100', 'audio']),
    *pulling.FIELDS,
    fields.Field(
        name='runtime', type=fields.STRING,
        doc=_('Name of the OCI runtime, as it is configured on the daemon. '
              'If unset, it is the daemon\'s default.'),
        at='HostConfig.Runtime',
        policy=policy.runtime,
        example='runc'),
    fields.Field(
        name='healthcheck', type=fields.MAP,
        doc=_('How the daemon checks that the container works. If unset, it '
              'is that of the image. Times are in seconds.'),
        at='Healthcheck', live_at='Config.Healthcheck',
        to_api=process.healthcheck_to_api,
        from_api=process.healthcheck_from_api,
        nested={
            'test': fields.Key(
                fields.LIST, policy.Free.INSIDE,
                _('Command that succeeds in a healthy container: "CMD" and '
                  'its words, or "CMD-SHELL" and one line for a shell.')),
            'interval': fields.Key(
                fields.NUMBER, policy.Free.INSIDE,
                _('Seconds between two checks. If unset, it is 30.')),
            'timeout': fields.Key(
                fields.NUMBER, policy.Free.INSIDE,
                _('Seconds after which a check has failed. If unset, it is '
                  '30.')),
            'retries': fields.Key(
                fields.INTEGER, policy.Free.INSIDE,
                _('Number of failures in a row that make a container '
                  'unhealthy. If unset, it is 3.')),
            'start_period': fields.Key(
                fields.NUMBER, policy.Free.INSIDE,
                _('Seconds after the start in which failures do not count. '
                  'If unset, it is 0.')),
            'start_interval': fields.Key(
                fields.NUMBER, policy.Free.INSIDE,
                _('Seconds between two checks in the start period. If '
                  'unset, it is 5.'),
                since=(1, 44)),
            'disable': fields.Key(
                fields.BOOLEAN, policy.Free.INSIDE,
                _('Whether the check of the image is switched off.')),
        },
        policy=policy.Free.INSIDE,
        example={'test': ['CMD', 'true'], 'interval': 1.5, 'timeout': 10,
                 'retries': 2, 'start_period': 0.5}),
    fields.Field(
        name='shell', type=fields.LIST,
        doc=_('Shell, as a list of words, that gets the line of a CMD-SHELL '
              'test of healthcheck. If unset, it is "/bin/sh -c", whatever '
              'the image says.'),
        at='Shell', live_at='Config.Shell', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        policy=policy.Free.INSIDE,
        example=['/busybox/sh', '-c']),
    fields.Field(
        name='env', type=fields.LIST,
        doc=_('Environment variables, each as "NAME=value". They are added '
              'to those of the image.'),
        at='Env', live_at='Config.Env', to_api=process.env_to_api,
        from_api=scalars.as_list,
        mask=process.env_masked,
        policy=policy.Free.INSIDE,
        example=['MARIADB_DATABASE=wiki', 'EMPTY=']),
    fields.Field(
        name='memory', type=fields.INTEGER,
        change=fields.in_place('Memory', also={'MemorySwap': scalars.double}),
        doc=_('Memory limit in bytes. If unset or 0, there is no limit.'),
        at='HostConfig.Memory', constraints=(constraints.Range(min=0),),
        policy=policy.Free.AMOUNT,
        example=64 * 1024 * 1024),
    fields.Field(
        name='memory_swap', type=fields.STRING,
        change=fields.in_place('MemorySwap'),
        doc=_('Limit of memory and swap together, in bytes or as 64m; -1 is '
              'without limit. It needs memory. If unset, it is twice the '
              'memory.'),
        at='HostConfig.MemorySwap', to_api=scalars.size_or_unlimited_to_api,
        from_api=scalars.size_from_api,
        policy=policy.Free.AMOUNT,
        example='134217728'),
    fields.Field(
        name='memory_reservation', type=fields.STRING,
        change=fields.in_place('MemoryReservation'),
        doc=_('Memory that the container shrinks to when it is scarce, in '
              'bytes or as 64m.'),
        at='HostConfig.MemoryReservation', to_api=scalars.size_to_api,
        from_api=scalars.size_from_api,
        policy=policy.Free.AMOUNT,
        example='33554432'),
    fields.Field(
        name='memory_swappiness', type=fields.INTEGER,
        doc=_('How readily memory is swapped out, from 0 to 100.'),
        at='HostConfig.MemorySwappiness', empty_counts=True,
        constraints=(constraints.Range(min=0, max=100),),
        policy=policy.Free.AMOUNT,
        example=10),
    fields.Field(
        name='oom_kill_disable', type=fields.BOOLEAN,
        doc=_('Whether the container waits instead of being killed when it '
              'runs out of memory, by default false.'),
        at='HostConfig.OomKillDisable',
        policy=policy.oom_kill_disable,
        example=True),
    fields.Field(
        name='oom_score_adj', type=fields.INTEGER,
        doc=_('How soon the container is killed when the host runs out of '
              'memory, from -1000 (never) to 1000.'),
        at='HostConfig.OomScoreAdj',
        constraints=(constraints.Range(min=-1000, max=1000),),
        policy=policy.oom_score,
        example=100),
    fields.Field(
        name='port_specs', type=fields.LIST,
        doc=_('Ports that the container exposes: 80, "53/udp", "132/sctp" or '
              'a range such as "5000-5010". Ports in port_bindings need not '
              'be listed here.'),
        at='ExposedPorts', live_at='Config.ExposedPorts',
        to_api=ports.port_specs_to_api,
        from_api=ports.port_specs_from_api,
        policy=policy.ports,
        example=['53/udp', '80']),
    fields.Field(
        name='port_bindings', type=fields.MAP,
        doc=_('Container ports to publish on the host, as a map of container '
              'port (8080, "53/udp" or a range) to host port. The host port '
              'is a number, a range of the same length, "ip:port", '
              '"[ipv6]:port", "" for any free port, a map such as {HostIp: '
              '127.0.0.1, HostPort: 80}, or a list of these. Without an IP '
              'address, the port is published on all addresses of the host.'),
        at='HostConfig.PortBindings', to_api=ports.port_bindings_to_api,
        from_api=ports.port_bindings_from_api,
        also={'ExposedPorts': ports.port_bindings_to_exposed},
        policy=policy.ports,
        exclusive=ports.has_host_port, claims=ports.host_port_claims,
        example={'53/udp': '127.0.0.1:5353', '8080': ['80', '[::1]:81'],
                 '9090': ''}),
    fields.Field(
        name='links', type=fields.MAP,
        doc=_('Containers of the same daemon that this one reaches by an '
              'alias, as a map of the name or id of the other container to '
              'the alias in this one. Docker has deprecated links.'),
        at='HostConfig.Links', to_api=network.links_to_api,
        from_api=network.links_from_api, refers=references.links,
        most=budgets.OBJECTS,
        policy=policy.Free.REFERENCE,
        example={'wiki-db': 'db'}),
    fields.Field(
        name='volumes', type=fields.MAP,
        doc=_('Volumes and host directories that the container mounts, as a '
              'map of volume name or absolute path on the host to "/target", '
              '"/target:ro", {bind: /target, mode: ro} or {bind: /target, ro: '
              'true}. Docker creates a missing volume or directory, and '
              'retains it when the container is deleted.'),
        at='HostConfig.Binds', to_api=storage.volumes_to_api,
        from_api=storage.volumes_from_api,
        policy=policy.binds, refers=references.volumes,
        exclusive=storage.writes_binds,
        most=budgets.OBJECTS,
        example={'/srv/www': '/www:ro', 'wiki-data': '/var/lib/mysql'}),
    fields.Field(
        name='volumes_from', type=fields.LIST, text_too=True,
        doc=_('Names or ids of containers whose volumes this one mounts too, '
              'each optionally with ":ro".'),
        at='HostConfig.VolumesFrom', to_api=storage.volumes_from_to_api,
        from_api=scalars.as_list, refers=references.containers,
        exclusive=storage.writes_binds,
        most=budgets.OBJECTS,
        policy=policy.Free.REFERENCE,
        example=['wiki-data:ro']),
    fields.Field(
        name='mounts', type=fields.LIST,
        doc=_('What the container mounts, with more options than volumes '
              'has.'),
        at='HostConfig.Mounts', to_api=storage.mounts_to_api,
        from_api=storage.mounts_from_api,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A mount.'),
            schema={
                'type': fields.Key(
                    fields.STRING, policy.mounts,
                    _('A folder or file of the host (bind), a volume, memory '
                      '(tmpfs), or the files of an image.'),
                    default='volume', values_since={'image': (1, 48)},
                    constraints=[constraints.AllowedValues(
                        ['bind', 'volume', 'tmpfs', 'image'])]),
                'source': fields.Key(
                    fields.STRING, policy.mounts,
                    _('Absolute path on the host, name of the volume, or '
                      'reference of the image. A volume without a name is '
                      'removed with the container.')),
                'target': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Absolute path in the container.'), required=True,
                    constraints=[
                        constraints.AllowedPattern(_ABSOLUTE_PATH)]),
                'read_only': fields.Key(
                    fields.BOOLEAN, policy.Free.INSIDE,
                    _('Whether the container may only read it.')),
                'propagation': fields.Key(
                    fields.STRING, policy.mounts,
                    _('How mounts below a bind show on the other side.'),
                    constraints=[constraints.AllowedValues(
                        ['private', 'rprivate', 'shared', 'rshared',
                         'slave', 'rslave'])]),
                'create_host_path': fields.Key(
                    fields.BOOLEAN, policy.mounts,
                    _('Whether a missing path of a bind is made.'),
                    since=(1, 42)),
                'subpath': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Path in the volume or image that is mounted instead '
                      'of all.'),
                    since=(1, 45)),
                'no_copy': fields.Key(
                    fields.BOOLEAN, policy.Free.INSIDE,
                    _('Whether a new volume stays empty instead of getting '
                      'what the image has at the target.')),
                'labels': fields.Key(
                    fields.MAP, policy.Free.TEXT,
                    _('Labels of a volume that is made for this mount. '
                      'Names that begin with "org.openstack.heat." are '
                      'Heat\'s own.')),
                'driver': fields.Key(
                    fields.STRING, policy.mounts,
                    _('Driver of a volume that is made for this mount.')),
                'driver_options': fields.Key(
                    fields.MAP, policy.mounts,
                    _('Options for the driver.')),
                'tmpfs_size': fields.Key(
                    fields.STRING, policy.Free.AMOUNT,
                    _('Size of a tmpfs in bytes or as 64m. If unset, it is '
                      'without limit.')),
                'tmpfs_mode': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Permissions of a tmpfs in octal, in quotes. If unset, '
                      'they are 1777.')),
            }),
        policy=policy.mounts, refers=references.mounts,
        exclusive=storage.writes_mounts,
        mask=storage.mounts_masked,
        most=budgets.OBJECTS,
        example=[{'type': 'bind', 'source': '/srv', 'target': '/srv',
                  'read_only': True, 'propagation': 'rslave'},
                 {'type': 'volume', 'source': 'wiki', 'target': '/wiki',
                  'no_copy': True, 'labels': {'a': 'b'}},
                 {'type': 'tmpfs', 'target': '/tmp/x',
                  'tmpfs_size': '65536', 'tmpfs_mode': '1700'}]),
    fields.Field(
        name='tmpfs', type=fields.LIST, text_too=True,
        doc=_('Absolute paths in the container where memory is mounted, each '
              'alone or with options as "/run:size=64m,mode=755".'),
        at='HostConfig.Tmpfs', to_api=storage.tmpfs_to_api,
        from_api=storage.tmpfs_from_api,
        most=budgets.OBJECTS,
        policy=policy.Free.AMOUNT,
        example=['/run', '/tmp:size=64m']),
    fields.Field(
        name='shm_size', type=fields.STRING,
        doc=_('Size of /dev/shm in bytes or as 64m. If unset, it is as the '
              'daemon is configured, by default 64m.'),
        at='HostConfig.ShmSize', to_api=scalars.size_to_api,
        from_api=scalars.size_from_api,
        policy=policy.Free.AMOUNT,
        example='134217728'),
    fields.Field(
        name='storage_opt', type=fields.MAP,
        doc=_('Options for the storage driver of the daemon, such as {size: '
              '10G}. Not every driver has any.'),
        at='HostConfig.StorageOpt', to_api=scalars.to_string_map,
        from_api=scalars.as_map,
        policy=policy.storage_options,
        example={'size': '10G'}),
    fields.Field(
        name='volume_driver', type=fields.STRING,
        doc=_('Driver of the volumes that are made for the property '
              'volumes.'),
        at='HostConfig.VolumeDriver',
        policy=policy.volume_driver,
        example='local'),
    fields.Field(
        name='files', type=fields.LIST,
        doc=_('Files that are put into the container before it starts.'),
        at=None, to_api=storage.files_to_archive,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A file.'),
            schema={
                'path': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Absolute path in the container. Folders that are '
                      'missing are made.'),
                    required=True,
                    constraints=[constraints.AllowedPattern(
                        '^/.*[^/]$')]),
                'content': fields.Key(
                    fields.STRING, policy.Free.INSIDE, _('Text of the file.'),
                    constraints=[constraints.Length(max=budgets.FILE)]),
                'content_base64': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Bytes of the file, in base64.'),
                    constraints=[constraints.Length(max=budgets.FILE)]),
                'mode': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Permissions in octal, in quotes. If unset, they are '
                      '0644.'),
                    constraints=[constraints.AllowedPattern(
                        '^[0-7]{3,4}$')]),
                'uid': fields.Key(
                    fields.INTEGER, policy.Free.INSIDE,
                    _('Id of the user that owns it. If unset, it is 0.')),
                'gid': fields.Key(
                    fields.INTEGER, policy.Free.INSIDE,
                    _('Id of the group that owns it. If unset, it is 0.')),
            }),
        mask=storage.files_masked,
        most=budgets.OBJECTS, longest=budgets.FILE,
        policy=policy.Free.INSIDE,
        example=[{'path': '/etc/motd', 'content': 'Hello.'}]),
    fields.Field(
        name='remove_volumes', type=fields.BOOLEAN, change=fields.HEAT_ONLY,
        empty_counts=True,
        doc=_('Whether anonymous volumes are removed with the container, by '
              'default true.'),
        at=None,
        policy=policy.Free.OURS,
        example=False),
    fields.Field(
        name='dns', type=fields.LIST,
        doc=_('IP addresses of DNS servers. If unset, they are those of the '
              'daemon.'),
        at='HostConfig.Dns', to_api=network.dns_to_api,
        from_api=scalars.as_list,
        policy=policy.Free.INSIDE,
        example=['192.0.2.53', '2001:db8::53']),
    fields.Field(
        name='networks', type=fields.LIST, change=fields.by_step('reconnect'),
        doc=_('Networks that the container is attached to, the first one '
              'being its main one. If unset, it is the network "bridge" of '
              'the daemon. From no networks to some, or back, the '
              'container is replaced.'),
        at='NetworkingConfig.EndpointsConfig',
        live_at='NetworkSettings.Networks',
        to_api=network.networks_to_api,
        from_api=network.endpoints_from_api,
        also={'HostConfig.NetworkMode': network.networks_to_mode},
        policy=policy.networks, refers=references.networks,
        exclusive=network.has_fixed_address, claims=network.address_claims,
        same_state=network.networks_match,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A network.'),
            schema={
                'network': fields.Key(
                    fields.STRING, policy.networks,
                    _('Name or id of the network.'), required=True),
                'aliases': fields.Key(
                    fields.LIST, policy.Free.INSIDE,
                    _('Names that the container has in this network beside '
                      'its own.')),
                'ipv4_address': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('IPv4 address in this network. If unset, the daemon '
                      'chooses one.')),
                'ipv6_address': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('IPv6 address in this network. If unset, the daemon '
                      'chooses one if the network has IPv6.')),
                'link_local_ips': fields.Key(
                    fields.LIST, policy.Free.INSIDE,
                    _('Link-local addresses in this network.')),
                'mac_address': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('MAC address in this network. Before version 1.54 of '
                      'the API, Docker applies it only when it creates the '
                      'container, so a change of the entry replaces the '
                      'container.'),
                    since=(1, 44)),
                'driver_opts': fields.Key(
                    fields.MAP, policy.networks,
                    _('Options for the driver of the network, as a map of '
                      'name to text.')),
                'gw_priority': fields.Key(
                    fields.INTEGER, policy.Free.INSIDE,
                    _('The network with the highest number gives the '
                      'default gateway.'),
                    since=(1, 48)),
            }),
        most=budgets.OBJECTS,
        example=[{'network': 'front', 'aliases': ['web'],
                  'ipv4_address': '192.0.2.7',
                  'ipv6_address': '2001:db8::7'}]),
    fields.Field(
        name='network_mode', type=fields.STRING,
        doc=_('"bridge", "host", "none", or "container:NAME" to share the '
              'network of another container. It excludes networks.'),
        at='HostConfig.NetworkMode',
        constraints=(constraints.AllowedPattern(
            '^(bridge|host|none|default|container:.+)?$'),),
        policy=policy.namespace, refers=references.mode,
        exclusive=process.is_shared,
        example='none'),
    fields.Field(
        name='dns_search', type=fields.LIST,
        doc=_('Domains in which names without a dot are looked up.'),
        at='HostConfig.DnsSearch', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        policy=policy.Free.INSIDE,
        example=['example.com']),
    fields.Field(
        name='dns_options', type=fields.LIST,
        doc=_('Options for the resolver, such as "ndots:2".'),
        at='HostConfig.DnsOptions', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        policy=policy.Free.INSIDE,
        example=['ndots:2']),
    fields.Field(
        name='extra_hosts', type=fields.LIST,
        doc=_('Further names of hosts, each as "name:address". The address '
              'host-gateway is that of the daemon\'s host.'),
        at='HostConfig.ExtraHosts', to_api=network.extra_hosts_to_api,
        from_api=scalars.as_list,
        policy=policy.Free.INSIDE,
        example=['db:192.0.2.7', 'db6:2001:db8::7']),
    fields.Field(
        name='publish_all_ports', type=fields.BOOLEAN,
        doc=_('Whether all exposed ports are published at free ports of the '
              'host, by default false.'),
        at='HostConfig.PublishAllPorts',
        policy=policy.publish_all_ports,
        example=True),
    fields.Field(
        name='privileged', type=fields.BOOLEAN,
        doc=_('Whether the container has all privileges on the host, by '
              'default false.'),
        at='HostConfig.Privileged',
        policy=policy.privileged,
        example=True),
    fields.Field(
        name='tty', type=fields.BOOLEAN,
        doc=_('Whether the command gets a pseudo terminal, by default false.'),
        at='Tty', live_at='Config.Tty',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='open_stdin', type=fields.BOOLEAN,
        doc=_('Whether standard input is kept open although nobody is '
              'attached, by default false.'),
        at='OpenStdin', live_at='Config.OpenStdin',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='stdin_once', type=fields.BOOLEAN,
        doc=_('Whether standard input is closed once the first client that '
              'was attached has gone, by default false.'),
        at='StdinOnce', live_at='Config.StdinOnce',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='restart_policy', type=fields.MAP,
        change=fields.in_place('RestartPolicy', unset={
            'Name': 'no', 'MaximumRetryCount': 0}),
        doc=_('What Docker does when the container exits. If unset, it does '
              'nothing. While the stack is suspended, or the container is '
              'being replaced, always is unless-stopped, or else a daemon '
              'that is restarted would start it.'),
        at='HostConfig.RestartPolicy',
        to_api=process.restart_policy_to_api,
        from_api=process.restart_policy_from_api,
        nested={
            'Name': fields.Key(
                fields.STRING, policy.Free.INSIDE,
                _('Docker starts the container again: never (no), after a '
                  'failure (on-failure), always, or unless it was stopped '
                  'on purpose (unless-stopped).'),
                default='no',
                constraints=[constraints.AllowedValues(
                    ['no', 'on-failure', 'always', 'unless-stopped'])]),
            'MaximumRetryCount': fields.Key(
                fields.INTEGER, policy.Free.INSIDE,
                _('How often a container that fails is started again, for '
                  'on-failure only. 0 means without limit.'),
                default=0),
        },
        policy=policy.Free.INSIDE,
        example={'Name': 'on-failure', 'MaximumRetryCount': 3}),
    fields.Field(
        name='cap_add', type=fields.LIST,
        doc=_('Linux capabilities that the container gets in addition, such '
              'as NET_ADMIN, or ALL.'),
        at='HostConfig.CapAdd', to_api=process.capabilities_to_api,
        from_api=process.capabilities_from_api,
        policy=policy.capabilities,
        example=['NET_ADMIN', 'SYS_TIME']),
    fields.Field(
        name='cap_drop', type=fields.LIST,
        doc=_('Linux capabilities that the container does not get, such as '
              'MKNOD, or ALL.'),
        at='HostConfig.CapDrop', to_api=process.capabilities_to_api,
        from_api=process.capabilities_from_api,
        policy=policy.Free.INSIDE,
        example=['MKNOD']),
    fields.Field(
        name='read_only', type=fields.BOOLEAN,
        doc=_('Whether the root file system of the container is read-only, '
              'by default false.'),
        at='HostConfig.ReadonlyRootfs',
        policy=policy.Free.INSIDE,
        example=True),
    fields.Field(
        name='cpu_shares', type=fields.INTEGER,
        change=fields.in_place('CpuShares'),
        doc=_('Weight of the container when processors are scarce, relative '
              'to that of other containers. If unset or 0, it is 1024.'),
        at='HostConfig.CpuShares', constraints=(constraints.Range(min=0),),
        policy=policy.Free.AMOUNT,
        example=512),
    fields.Field(
        name='cpus', type=fields.NUMBER,
        change=fields.in_place('NanoCpus'),
        doc=_('Number of processors that the container may use, such as '
              '1.5. It excludes cpu_period and cpu_quota.'),
        at='HostConfig.NanoCpus', to_api=limits.cpus_to_api,
        from_api=limits.cpus_from_api,
        constraints=(constraints.Range(min=0),),
        policy=policy.Free.AMOUNT,
        example=0.5),
    fields.Field(
        name='cpu_period', type=fields.INTEGER,
        change=fields.in_place('CpuPeriod'),
        doc=_('Length of a period of the scheduler, in microseconds.'),
        at='HostConfig.CpuPeriod',
        constraints=(constraints.Range(min=0, max=1000000),),
        policy=policy.Free.AMOUNT,
        example=50000),
    fields.Field(
        name='cpu_quota', type=fields.INTEGER,
        change=fields.in_place('CpuQuota'),
        doc=_('Processor time that the container may use in a period, in '
              'microseconds.'),
        at='HostConfig.CpuQuota',
        constraints=(constraints.Range(min=0),),
        policy=policy.Free.AMOUNT,
        example=25000),
    fields.Field(
        name='cpu_set', type=fields.STRING,
        change=fields.in_place('CpusetCpus'),
        doc=_('Processors that the container may run on, such as "0-2,7". If '
              'unset, it may run on all.'),
        at='HostConfig.CpusetCpus',
        constraints=(constraints.AllowedPattern(_NUMBERS),),
        policy=policy.Free.AMOUNT,
        example='0-1'),
    fields.Field(
        name='devices', type=fields.LIST,
        doc=_('Devices of the host that the container may use.'),
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
                        constraints.AllowedPattern(_ABSOLUTE_PATH)]),
                'path_in_container': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Absolute path of the device in the container. If '
                      'unset, it is that on the host.'),
                    constraints=[
                        constraints.Length(max=255),
                        constraints.AllowedPattern('^(%s)?$'
                                                   % _ABSOLUTE_PATH)]),
                'permissions': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('What the container may do with the device: read (r), '
                      'write (w), make it (m).'),
                    default='rwm',
                    constraints=[constraints.AllowedValues(
                        ['r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm'])]),
            }),
        policy=policy.devices, exclusive=bool,
        most=budgets.OBJECTS,
        example=[{'path_on_host': '/dev/null',
                  'path_in_container': '/dev/nothing',
                  'permissions': 'rw'}]),
    fields.Field(
        name='cpu_set_mems', type=fields.STRING,
        change=fields.in_place('CpusetMems'),
        doc=_('Memory nodes that the container may use, such as "0-1".'),
        at='HostConfig.CpusetMems',
        constraints=(constraints.AllowedPattern(_NUMBERS),),
        policy=policy.Free.AMOUNT,
        example='0'),
    fields.Field(
        name='blkio_weight', type=fields.INTEGER,
        change=fields.in_place('BlkioWeight'),
        doc=_('Weight of the container\'s block I/O, from 10 to 1000; 0 is '
              'unset.'),
        at='HostConfig.BlkioWeight',
        constraints=(constraints.Range(min=0, max=1000),),
        policy=policy.Free.AMOUNT,
        example=300),
    fields.Field(
        name='blkio_config', type=fields.MAP,
        doc=_('Weights and limits of block I/O of single devices.'),
        at='HostConfig', to_api=limits.blkio_to_api,
        from_api=limits.blkio_from_api,
        nested={
            'weight_device': fields.Key(
                fields.LIST, policy.block_devices,
                _('Weights, each as {path: /dev/sda, weight: 400}.')),
            'device_read_bps': fields.Key(
                fields.LIST, policy.block_devices,
                _('Bytes a second that may be read, each as {path: '
                  '/dev/sda, rate: 1m}.')),
            'device_write_bps': fields.Key(
                fields.LIST, policy.block_devices,
                _('Bytes a second that may be written, each as {path: '
                  '/dev/sda, rate: 1m}.')),
            'device_read_iops': fields.Key(
                fields.LIST, policy.block_devices,
                _('Reads a second, each as {path: /dev/sda, rate: 100}.')),
            'device_write_iops': fields.Key(
                fields.LIST, policy.block_devices,
                _('Writes a second, each as {path: /dev/sda, rate: 100}.')),
        },
        policy=policy.block_devices,
        example={'weight_device': [{'path': '/dev/sda', 'weight': 400}],
                 'device_read_bps': [{'path': '/dev/sda', 'rate': 1048576}],
                 'device_write_iops': [{'path': '/dev/sda', 'rate': 100}]}),
    fields.Field(
        name='pids_limit', type=fields.INTEGER,
        change=fields.in_place('PidsLimit', unset=-1),
        doc=_('Number of processes and threads that the container may have; '
              '-1 is without limit.'),
        at='HostConfig.PidsLimit', from_api=limits.pids_limit_from_api,
        constraints=(constraints.Range(min=-1),),
        policy=policy.Free.AMOUNT,
        example=100),
    fields.Field(
        name='ulimits', type=fields.LIST,
        doc=_('Limits of the processes in the container.'),
        at='HostConfig.Ulimits', to_api=limits.ulimits_to_api,
        from_api=limits.ulimits_from_api,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A limit.'),
            schema={
                'name': fields.Key(
                    fields.STRING, policy.Free.AMOUNT,
                    _('Name of the limit, such as nofile.'), required=True),
                'soft': fields.Key(
                    fields.INTEGER, policy.Free.AMOUNT,
                    _('Limit that the process may raise up to the hard '
                      'one.'), required=True),
                'hard': fields.Key(
                    fields.INTEGER, policy.Free.AMOUNT,
                    _('Limit that nobody may raise. If unset, it is the '
                      'soft one.')),
            }),
        policy=policy.Free.AMOUNT,
        example=[{'name': 'nofile', 'soft': 1024, 'hard': 2048}]),
    fields.Field(
        name='security_opt', type=fields.LIST,
        doc=_('Options of security, such as "no-new-privileges:true".'),
        at='HostConfig.SecurityOpt', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        policy=policy.security_options,
        example=['no-new-privileges:true']),
    fields.Field(
        name='sysctls', type=fields.MAP,
        doc=_('Kernel parameters of the container\'s namespaces, as a map of '
              'name to value.'),
        at='HostConfig.Sysctls', to_api=scalars.to_string_map,
        from_api=scalars.as_map,
        policy=policy.sysctls,
        example={'net.ipv4.ip_forward': '1'}),
    fields.Field(
        name='device_cgroup_rules', type=fields.LIST,
        doc=_('Rules for devices that are not there yet, such as "c 42:* '
              'rmw".'),
        at='HostConfig.DeviceCgroupRules', to_api=scalars.to_strings,
        from_api=scalars.as_list,
        policy=policy.any_device,
        example=['c 42:* rmw']),
    fields.Field(
        name='device_requests', type=fields.LIST,
        doc=_('Devices such as GPUs that a driver of the daemon chooses.'),
        at='HostConfig.DeviceRequests',
        to_api=limits.device_requests_to_api,
        from_api=limits.device_requests_from_api,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A request.'),
            schema={
                'driver': fields.Key(
                    fields.STRING, policy.any_device,
                    _('Name of the driver, such as nvidia or cdi. If unset, '
                      'the daemon chooses.')),
                'count': fields.Key(
                    fields.INTEGER, policy.any_device,
                    _('Number of devices; -1 is all.')),
                'device_ids': fields.Key(
                    fields.LIST, policy.any_device,
                    _('Ids of the devices, instead of a number.')),
                'capabilities': fields.Key(
                    fields.LIST, policy.any_device,
                    _('Lists of capabilities, such as [[gpu]]; the device '
                      'has all of one list.')),
                'options': fields.Key(
                    fields.MAP, policy.any_device,
                    _('Options for the driver.')),
            }),
        policy=policy.any_device, exclusive=bool,
        most=budgets.OBJECTS,
        example=[{'driver': 'nvidia', 'count': -1,
                  'capabilities': [['gpu']]}]),
    fields.Field(
        name='userns_mode', type=fields.STRING,
        doc=_('"host" to use the user ids of the host although the daemon '
              'maps them.'),
        at='HostConfig.UsernsMode',
        constraints=(constraints.AllowedPattern('^(host)?$'),),
        policy=policy.namespace,
        example='host'),
    fields.Field(
        name='ipc_mode', type=fields.STRING,
        doc=_('"private", "shareable", "none", "host", or "container:NAME" '
              'to share the one of another container.'),
        at='HostConfig.IpcMode',
        constraints=(constraints.AllowedPattern(
            '^(none|private|shareable|host|container:.+)?$'),),
        policy=policy.namespace, refers=references.mode,
        exclusive=process.is_shared,
        example='private'),
    fields.Field(
        name='pid_mode', type=fields.STRING,
        doc=_('"host", or "container:NAME" to see the processes of another '
              'container.'),
        at='HostConfig.PidMode',
        constraints=(constraints.AllowedPattern(
            '^(host|container:.+)?$'),),
        policy=policy.namespace, refers=references.mode,
        exclusive=process.is_shared,
        example='host'),
    fields.Field(
        name='uts_mode', type=fields.STRING,
        doc=_('"host" to have the hostname of the host.'),
        at='HostConfig.UTSMode',
        constraints=(constraints.AllowedPattern('^(host)?$'),),
        policy=policy.namespace,
        example='host'),
    fields.Field(
        name='cgroupns_mode', type=fields.STRING,
        doc=_('"private" or "host". If unset, it is as the daemon is '
              'configured.'),
        at='HostConfig.CgroupnsMode', since=(1, 41),
        constraints=(constraints.AllowedPattern('^(host|private)?$'),),
        policy=policy.namespace,
        example='private'),
    fields.Field(
        name='cgroup_parent', type=fields.STRING,
        doc=_('Control group that the one of the container is made in.'),
        at='HostConfig.CgroupParent',
        policy=policy.cgroup_parent,
        example='/wiki'),
    fields.Field(
        name='log_driver', type=fields.STRING,
        doc=_('Driver that takes the output of the container, such as '
              'json-file or journald. If unset, it is the daemon\'s '
              'default. With some drivers the output cannot be read back.'),
        at='HostConfig.LogConfig.Type',
        policy=policy.log_driver,
        example='json-file'),
    fields.Field(
        name='log_options', type=fields.MAP,
        doc=_('Options for the log driver, as a map of name to text.'),
        at='HostConfig.LogConfig.Config', to_api=scalars.to_string_map,
        from_api=scalars.as_map,
        mask=scalars.map_masked,
        policy=policy.log_options,
        example={'max-size': '10m'}),
    fields.Field(
        name='wait_for', type=fields.STRING, change=fields.HEAT_ONLY,
        doc=_('What has to be reached for the resource to be complete: the '
              'container keeps running (running, the default), its health '
              'check succeeds (healthy), its command ends with exit code 0 '
              '(completed), or nothing but its start (none).'),
        at=None,
        constraints=(constraints.AllowedValues(
            ['running', 'healthy', 'completed', 'none']),),
        policy=policy.Free.OURS,
        example='healthy'),
    fields.Field(
        name='wait_timeout', type=fields.INTEGER, change=fields.HEAT_ONLY,
        doc=_('Seconds within which that has to be reached. If unset, it is '
              'the timeout of the stack.'),
        at=None, constraints=(constraints.Range(min=1),),
        policy=policy.Free.OURS,
        example=60),
    fields.Field(
        name='suspend_mode', type=fields.STRING, change=fields.HEAT_ONLY,
        doc=_('Whether suspending the stack stops the container (stop, the '
              'default) or freezes its processes (pause).'),
        at=None,
        constraints=(constraints.AllowedValues(['stop', 'pause']),),
        policy=policy.Free.OURS,
        example='pause'),
    fields.Field(
        name='alarm_action', type=fields.MAP,
        change=fields.by_step('set_alarm'),
        doc=_('What a signal does that brings no action, such as that of an '
              'alarm. Whoever has the attribute alarm_url can send one '
              'without a token; therefore signals can then do nothing else, '
              'and hooks of the environment are refused that a signal would '
              'have to clear. If unset, there is no alarm_url.'),
        at=None, to_api=operations.check, nested=operations.keys(),
        policy=policy.Free.INSIDE,
        example={'action': 'restart'}),
    fields.Field(
        name='triggers', type=fields.MAP,
        doc=_('Values that mean nothing to the container, but replace it '
              'when they change.'),
        at=None,
        policy=policy.Free.OURS,
        example={'build': '7'}),
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
        doc=_('Exit code of the command; 0 while it has not ended.')),
    fields.Attribute(
        name='oom_killed', type=fields.BOOLEAN, at='State.OOMKilled',
        doc=_('Whether the container was killed for want of memory.')),
    fields.Attribute(
        name='health', type=fields.STRING, at='State.Health.Status',
        doc=_('What the health check says: starting, healthy or unhealthy. '
              'Nothing if there is no check.')),
    fields.Attribute(
        name='restart_count', type=fields.INTEGER, at='RestartCount',
        doc=_('How often the restart policy has started the container '
              'again.')),
    fields.Attribute(
        name='started_at', type=fields.STRING, at='State.StartedAt',
        doc=_('Time of the last start, as in RFC 3339.')),
    fields.Attribute(
        name='finished_at', type=fields.STRING, at='State.FinishedAt',
        doc=_('Time when the command last ended, as in RFC 3339.')),
    fields.Attribute(
        name='image_id', type=fields.STRING, at='Image', cached=True,
        doc=_('Id of the image that the container was made of.')),
    fields.Attribute(
        name='image_digest', type=fields.STRING, source='image_digest',
        doc=_('Reference of that image by its digest in a registry, such as '
              '"mariadb@sha256:...". Nothing if it was never in one.')),
    fields.Attribute(
        name='stats', type=fields.MAP, source='stats',
        from_api=limits.stats_from_api,
        doc=_('What the container uses now: memory_bytes, '
              'memory_limit_bytes and pids; and has used since its start: '
              'cpu_seconds, network_received_bytes and network_sent_bytes.')),
    fields.Attribute(
        name='info', type=fields.MAP, secret=True, source='info',
        doc=_('All that "docker inspect" shows of the container, but for '
              'what events mask, such as options of drivers; the values of '
              'environment variables only if the operator allows it.')),
    fields.Attribute(
        name='network_info', type=fields.MAP, source='networking',
        from_api=network.network_info_from_api,
        doc=_('All that "docker inspect" shows as NetworkSettings of the '
              'container, with TcpPorts and UdpPorts, the ports that are '
              'published on the host.')),
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
        doc=_('The last 64 KiB of the container\'s output; the operator may '
              'have set another limit.')),
    fields.Attribute(
        name='logs_head', type=fields.STRING, source='log_head',
        doc=_('The first line of the container\'s output.')),
    fields.Attribute(
        name='logs_tail', type=fields.STRING, source='log_tail',
        from_api=process.last_line,
        doc=_('The last line of the container\'s output.')),
    fields.Attribute(
        name='alarm_url', type=fields.STRING, at=None, source='alarm_url',
        doc=_('URL for the webhook of an alarm: a POST to it, without a '
              'token, does what alarm_action says. Who may show the '
              'resource, if only to read, can have it. Nothing if '
              'alarm_action is unset.')),
    fields.Attribute(
        name='signal_url', type=fields.STRING, at=None, source='signal_url',
        doc=_('URL of Heat\'s own API to which those who may signal the stack '
              'POST signals, with a token.')),
)
