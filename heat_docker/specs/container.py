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

from .. import convert
from .. import endpoint
from .. import fields
from .. import i18n

_ = i18n._

_ABSOLUTE_PATH = r'/.*'

FIELDS = (
    fields.Field(
        name='docker_endpoint', type=fields.STRING,
        doc=_('URL of the Docker daemon that runs the container: '
              'tcp://host:port, http://host:port, https://host:port or '
              'unix:///path. Without a port it is 2375, for https 2376. If '
              'unset, it is the daemon that the operator has configured, by '
              'default the one on the host of heat-engine.'),
        at=None, to_api=endpoint.parse,
        example='tcp://203.0.113.7:2375'),
    fields.Field(
        name='image', type=fields.STRING, required=True,
        doc=_('Image of the container, such as "mariadb:11" or '
              '"registry.example.com/team/web@sha256:...". Without a tag it '
              'is "latest". The daemon pulls it if it does not have it.'),
        at='Image', live_at='Config.Image', to_api=convert.image,
        constraints=(constraints.Length(min=1),),
        example='mariadb:11'),
    fields.Field(
        name='name', type=fields.STRING,
        doc=_('Name of the container, unique on its daemon. If unset, it is '
              'made of the names of stack and resource.'),
        at='?name', live_at='Name', from_api=convert.name_from_api,
        constraints=(constraints.AllowedPattern('^(/?%s)?$' % convert.NAME),),
        example='web-1'),
    fields.Field(
        name='hostname', type=fields.STRING,
        doc=_('Hostname inside the container. If unset, it is the short id '
              'of the container.'),
        at='Hostname', live_at='Config.Hostname',
        constraints=(constraints.Length(max=64),),
        example='web'),
    fields.Field(
        name='user', type=fields.STRING,
        doc=_('User that runs the command: a name or UID, with ":group" a '
              'group or GID too. If unset, it is the user of the image.'),
        at='User', live_at='Config.User',
        example='1000:1000'),
    fields.Field(
        name='cmd', type=fields.LIST,
        doc=_('Command to run, as a list of its words; no shell splits them. '
              'If unset or empty, it is the command of the image.'),
        at='Cmd', live_at='Config.Cmd', to_api=convert.texts,
        from_api=convert.or_empty,
        example=['httpd', '-f', '-p', '8080']),
    fields.Field(
        name='env', type=fields.LIST,
        doc=_('Environment variables, each as "NAME=value". They are added '
              'to those of the image.'),
        at='Env', live_at='Config.Env', to_api=convert.env_to_api,
        from_api=convert.or_empty,
        example=['MARIADB_DATABASE=wiki', 'EMPTY=']),
    fields.Field(
        name='memory', type=fields.INTEGER,
        doc=_('Memory limit in bytes. If unset or 0, there is no limit.'),
        at='HostConfig.Memory', constraints=(constraints.Range(min=0),),
        example=64 * 1024 * 1024),
    fields.Field(
        name='port_specs', type=fields.LIST,
        doc=_('Ports that the container exposes: 80, "53/udp", "132/sctp" or '
              'a range such as "5000-5010". Ports in port_bindings need not '
              'be listed here.'),
        at='ExposedPorts', live_at='Config.ExposedPorts',
        to_api=convert.port_specs_to_api,
        from_api=convert.port_specs_from_api,
        example=['53/udp', '80']),
    fields.Field(
        name='port_bindings', type=fields.MAP,
        doc=_('Ports of the container that are published on the host, as a '
              'map of container port (8080, "53/udp" or a range) to host '
              'port. The host port is a number, a range of the same length, '
              '"ip:port", "[ipv6]:port", "" for any free port, or a list of '
              'those. Without an IP address the port is published on all '
              'addresses of the host.'),
        at='HostConfig.PortBindings', to_api=convert.port_bindings_to_api,
        from_api=convert.port_bindings_from_api,
        also={'ExposedPorts': convert.port_bindings_to_exposed},
        example={'53/udp': '127.0.0.1:5353', '8080': ['80', '[::1]:81'],
                 '9090': ''}),
    fields.Field(
        name='links', type=fields.MAP,
        doc=_('Containers of the same daemon that this one reaches by an '
              'alias, as a map of the name or id of the other container to '
              'the alias in this one. Docker has deprecated links.'),
        at='HostConfig.Links', to_api=convert.links_to_api,
        from_api=convert.links_from_api,
        example={'wiki-db': 'db'}),
    fields.Field(
        name='volumes', type=fields.MAP,
        doc=_('Volumes and folders of the host that the container mounts, as '
              'a map of the volume\'s name or the absolute path on the host '
              'to "/target", "/target:ro" or {bind: /target, mode: ro}. A '
              'volume or folder that does not exist is made, and is kept '
              'when the container is deleted.'),
        at='HostConfig.Binds', to_api=convert.volumes_to_api,
        from_api=convert.volumes_from_api,
        example={'/srv/www': '/www:ro', 'wiki-data': '/var/lib/mysql'}),
    fields.Field(
        name='volumes_from', type=fields.LIST, text_too=True,
        doc=_('Names or ids of containers whose volumes this one mounts too, '
              'each optionally with ":ro".'),
        at='HostConfig.VolumesFrom', to_api=convert.volumes_from_to_api,
        from_api=convert.or_empty,
        example=['wiki-data:ro']),
    fields.Field(
        name='dns', type=fields.LIST,
        doc=_('IP addresses of DNS servers. If unset, they are those of the '
              'daemon.'),
        at='HostConfig.Dns', to_api=convert.dns_to_api,
        from_api=convert.or_empty,
        example=['192.0.2.53', '2001:db8::53']),
    fields.Field(
        name='privileged', type=fields.BOOLEAN,
        doc=_('Whether the container has all privileges on the host, by '
              'default false.'),
        at='HostConfig.Privileged',
        example=True),
    fields.Field(
        name='tty', type=fields.BOOLEAN,
        doc=_('Whether the command gets a pseudo terminal, by default false.'),
        at='Tty', live_at='Config.Tty',
        example=True),
    fields.Field(
        name='open_stdin', type=fields.BOOLEAN,
        doc=_('Whether standard input is kept open although nobody is '
              'attached, by default false.'),
        at='OpenStdin', live_at='Config.OpenStdin',
        example=True),
    fields.Field(
        name='stdin_once', type=fields.BOOLEAN,
        doc=_('Whether standard input is closed once the first client that '
              'was attached has gone, by default false.'),
        at='StdinOnce', live_at='Config.StdinOnce',
        example=True),
    fields.Field(
        name='restart_policy', type=fields.MAP,
        doc=_('What Docker does when the container exits. If unset, it does '
              'nothing.'),
        at='HostConfig.RestartPolicy',
        to_api=convert.restart_policy_to_api,
        from_api=convert.restart_policy_from_api,
        nested={
            'Name': properties.Schema(
                properties.Schema.STRING,
                _('Docker starts the container again: never (no), after a '
                  'failure (on-failure), always, or unless it was stopped '
                  'on purpose (unless-stopped).'),
                default='no',
                constraints=[constraints.AllowedValues(
                    ['no', 'on-failure', 'always', 'unless-stopped'])]),
            'MaximumRetryCount': properties.Schema(
                properties.Schema.INTEGER,
                _('How often a container that fails is started again, for '
                  'on-failure only. 0 means without limit.'),
                default=0),
        },
        example={'Name': 'on-failure', 'MaximumRetryCount': 3}),
    fields.Field(
        name='cap_add', type=fields.LIST,
        doc=_('Linux capabilities that the container gets in addition, such '
              'as NET_ADMIN, or ALL.'),
        at='HostConfig.CapAdd', to_api=convert.capabilities_to_api,
        from_api=convert.capabilities_from_api,
        example=['NET_ADMIN', 'SYS_TIME']),
    fields.Field(
        name='cap_drop', type=fields.LIST,
        doc=_('Linux capabilities that the container does not get, such as '
              'MKNOD, or ALL.'),
        at='HostConfig.CapDrop', to_api=convert.capabilities_to_api,
        from_api=convert.capabilities_from_api,
        example=['MKNOD']),
    fields.Field(
        name='read_only', type=fields.BOOLEAN,
        doc=_('Whether the root file system of the container is read-only, '
              'by default false.'),
        at='HostConfig.ReadonlyRootfs',
        example=True),
    fields.Field(
        name='cpu_shares', type=fields.INTEGER,
        doc=_('Weight of the container when processors are scarce, relative '
              'to that of other containers. If unset or 0, it is 1024.'),
        at='HostConfig.CpuShares', constraints=(constraints.Range(min=0),),
        example=512),
    fields.Field(
        name='cpu_set', type=fields.STRING,
        doc=_('Processors that the container may run on, such as "0-2,7". If '
              'unset, it may run on all.'),
        at='HostConfig.CpusetCpus',
        constraints=(constraints.AllowedPattern(
            '^([0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)?$'),),
        example='0-1'),
    fields.Field(
        name='devices', type=fields.LIST,
        doc=_('Devices of the host that the container may use.'),
        at='HostConfig.Devices', to_api=convert.devices_to_api,
        from_api=convert.devices_from_api,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A device.'),
            schema={
                'path_on_host': properties.Schema(
                    properties.Schema.STRING,
                    _('Absolute path of the device on the host.'),
                    required=True,
                    constraints=[
                        constraints.Length(max=255),
                        constraints.AllowedPattern(_ABSOLUTE_PATH)]),
                'path_in_container': properties.Schema(
                    properties.Schema.STRING,
                    _('Absolute path of the device in the container. If '
                      'unset, it is that on the host.'),
                    constraints=[
                        constraints.Length(max=255),
                        constraints.AllowedPattern('^(%s)?$'
                                                   % _ABSOLUTE_PATH)]),
                'permissions': properties.Schema(
                    properties.Schema.STRING,
                    _('What the container may do with the device: read (r), '
                      'write (w), make it (m).'),
                    default='rwm',
                    constraints=[constraints.AllowedValues(
                        ['r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm'])]),
            }),
        example=[{'path_on_host': '/dev/null',
                  'path_in_container': '/dev/nothing',
                  'permissions': 'rw'}]),
)

ATTRIBUTES = (
    fields.Attribute(
        name='name', type=fields.STRING, at='Name', cached=True,
        from_api=convert.name_from_api,
        doc=_('Name of the container.')),
    fields.Attribute(
        name='state', type=fields.STRING, at='State.Status',
        doc=_('State of the container: created, running, paused, '
              'restarting, removing, exited or dead.')),
    fields.Attribute(
        name='exit_code', type=fields.INTEGER, at='State.ExitCode',
        doc=_('Exit code of the command; 0 while it has not ended.')),
    fields.Attribute(
        name='info', type=fields.MAP, secret=True,
        doc=_('All that "docker inspect" shows of the container, its '
              'environment variables included.')),
    fields.Attribute(
        name='network_info', type=fields.MAP,
        from_api=convert.network_info_from_api,
        doc=_('All that "docker inspect" shows as NetworkSettings of the '
              'container, with TcpPorts and UdpPorts, the ports that are '
              'published on the host.')),
    fields.Attribute(
        name='network_ip', type=fields.STRING,
        from_api=convert.first_address,
        doc=_('IP address of the container in its first network.')),
    fields.Attribute(
        name='network_gateway', type=fields.STRING,
        from_api=convert.first_gateway,
        doc=_('IP address of the gateway of the container\'s first '
              'network.')),
    fields.Attribute(
        name='network_tcp_ports', type=fields.STRING, at='NetworkSettings',
        from_api=convert.tcp_ports_from_api,
        doc=_('TCP ports published on the host, such as "80,443".')),
    fields.Attribute(
        name='network_udp_ports', type=fields.STRING, at='NetworkSettings',
        from_api=convert.udp_ports_from_api,
        doc=_('UDP ports published on the host, such as "53".')),
    fields.Attribute(
        name='ports', type=fields.LIST, at='NetworkSettings',
        from_api=convert.ports_from_api,
        doc=_('Published ports, as a list of maps with container_port, '
              'protocol, host_ip and host_port.')),
    fields.Attribute(
        name='networks', type=fields.MAP, at='NetworkSettings.Networks',
        from_api=convert.networks_from_api,
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
        from_api=convert.last_line,
        doc=_('The last line of the container\'s output.')),
)
