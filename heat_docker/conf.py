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

"""The options of the operator: the group ``[heat_docker]`` of heat.conf."""

import dataclasses

from oslo_config import cfg

from . import budgets
from . import i18n

_ = i18n._

GROUP = 'heat_docker'


@dataclasses.dataclass(frozen=True)
class Limit:
    """A limit on what containers can do on a daemon and its host.

    :ivar name: name of the option.
    :ivar own: default value if each daemon belongs to one project.
    :ivar shared: default value if several projects share a daemon.
    :ivar doc: sentences for operators.
    """

    name: str
    own: list | bool
    shared: list | bool
    doc: str

    @property
    def option(self):
        """The option, which is unset by default."""
        kind = cfg.BoolOpt if isinstance(self.own, bool) else cfg.ListOpt
        return kind(self.name, help=_(
            '%(doc)s Defaults to %(own)s, or to %(shared)s if daemons are '
            'shared.') % {'doc': self.doc, 'own': _text(self.own),
                          'shared': _text(self.shared)})


def _text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return '"%s"' % ','.join(value) if value else _('an empty list')


LIMITS = (
    Limit('allow_privileged', True, False, _(
        'Whether containers can be privileged or use any security option, '
        'such as running without seccomp, AppArmor or SELinux confinement.')),
    Limit('allow_host_namespaces', True, False, _(
        'Whether containers can share the network, process or other '
        'namespaces of their host.')),
    Limit('allow_oom_protection', True, False, _(
        'Whether containers can be protected when the host runs out of memory '
        '(a negative oom_score_adj), or wait at their memory limit instead of '
        'being killed (oom_kill_disable).')),
    Limit('allow_service_templates', True, False, _(
        'Whether services, secrets and configs of a swarm can contain Go '
        'templates, other than fields such as {{.Node.Hostname}}. The '
        'managers and nodes execute them, and their functions can fill '
        'memory.')),
    Limit('allow_publish_all_ports', True, False, _(
        'Whether containers can publish all ports that their image exposes. '
        'max_ports does not count these ports. Docker starts a process for '
        'each of them.')),
    Limit('allowed_bind_sources', ['*'], [], _(
        'Directories and files of a host that containers can mount; "*" '
        'allows all. A path below a listed directory cannot be mounted by '
        'itself: a container that can write to the directory could create a '
        'symbolic link there, and the daemon would follow it to any place on '
        'the host. For the same reason, a directory below another directory '
        'in the list is rejected.')),
    Limit('allowed_devices', ['*'], [], _(
        'Patterns for the host devices that containers can use or have block '
        'I/O limits for, such as /dev/dri/*. Device cgroup rules and devices '
        'that a driver selects require "*".')),
    # Docker's default:
    # https://github.com/moby/moby/blob/v28.0.0/oci/caps/defaults.go.
    Limit('allowed_capabilities', ['*'], [
        'CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW',
        'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP', 'NET_BIND_SERVICE',
        'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'], _(
        'Linux capabilities that can be added to containers, such as '
        'NET_ADMIN; "*" allows all.')),
    # Public registries: a name of them does not lead to the host's network.
    Limit('allowed_registries', ['*'], [
        'docker.io', 'ghcr.io', 'quay.io', 'gcr.io', 'mirror.gcr.io',
        'registry.k8s.io', 'mcr.microsoft.com', 'public.ecr.aws',
        'registry.gitlab.com', 'registry.access.redhat.com',
        'registry.fedoraproject.org', 'registry.opensuse.org',
        'docker.elastic.co', 'nvcr.io'], _(
        'Patterns for the images that containers can use: the host of a '
        'registry, such as docker.io or registry.example.com:5000, optionally '
        'with the repository, such as docker.io/library/*. Unless "*" is in '
        'the list, images cannot be built or referenced by ID. The daemon '
        'connects to the registry, and downloads the URLs in ADD instructions '
        'of a Dockerfile, from the network of its host.')),
    Limit('allowed_git_contexts', ['*'], [], _(
        'Patterns for the URLs of Git repositories from which images can be '
        'built, such as https://git.example.com/*. The daemon clones them in '
        'the network of its host. The patterns do not apply to submodules, '
        'which the daemon clones from any URL, also with the SSH keys of its '
        'user.')),
    Limit('allowed_log_drivers', ['*'], ['json-file', 'local', 'none'], _(
        'Patterns for the log drivers that containers can name. The daemon '
        'runs log drivers as root in the network of its host.')),
    Limit('allowed_log_options', ['*'], [
        'max-size', 'max-file', 'compress', 'tag', 'mode',
        'max-buffer-size'], _(
        'Patterns for the names of log driver options. Options for an '
        'address, a URL, a certificate or a file give containers access to '
        'services, sockets and files of the host. Unless "*" is in the list, '
        'tag can only contain text and fields such as {{.Name}}, labels-regex '
        'and env-regex at most 256 characters without "{", max-file a number '
        'up to 100, max-size at least 64k, and max-buffer-size at most 4m: '
        'the daemon spends memory and time on other values. A pattern with a '
        'value, such as tag=*, allows them for one option.')),
    Limit('allowed_network_drivers', ['*'], ['bridge'], _(
        'Patterns for the drivers that networks can name, and for the drivers '
        'that assign addresses. Swarm networks require overlay.')),
    Limit('allowed_network_options', ['*'], [
        'com.docker.network.driver.mtu',
        'com.docker.network.bridge.enable_icc',
        'com.docker.network.bridge.enable_ip_masquerade',
        'com.docker.network.bridge.host_binding_ipv4',
        'com.docker.network.endpoint.ifname'], _(
        'Patterns for the names of network driver options. The options '
        'com.docker.network.bridge.name and parent attach containers to a '
        'bridge or interface of the host.')),
    Limit('allowed_subnets', ['0.0.0.0/0', '::/0'], [], _(
        'Networks that must contain any subnet chosen by a template. The host '
        'routes traffic for such a subnet to the containers, so exclude all '
        'networks that the host communicates with. Subnets chosen by a daemon '
        'are not restricted.')),
    Limit('allowed_volume_drivers', ['*'], ['local'], _(
        'Patterns for the drivers that volumes can name.')),
    # A container can have a tmpfs without a volume, too.
    Limit('allowed_volume_types', ['tmpfs', 'nfs', 'nfs4', 'cifs'], [
        'tmpfs'], _(
        'File system types that volumes can have, out of tmpfs, nfs, nfs4 and '
        'cifs. The host mounts them, with its own address and privileges. '
        'Volumes that are directories of the host are subject to '
        'allowed_bind_sources, and volumes of any other type require "*" '
        'there.')),
    Limit('allowed_volume_options', ['*'], ['size'], _(
        'Patterns for the names of volume driver options, except type, o and '
        'device.')),
    Limit('allowed_storage_options', ['*'], ['size'], _(
        'Patterns for the names of storage driver options.')),
    Limit('allowed_runtimes', ['*'], ['runc'], _(
        'Patterns for the OCI runtimes that containers can name.')),
    Limit('allowed_annotations', ['*'], [], _(
        'Patterns for the names of annotations. Their effect depends on the '
        'OCI runtime, which runs as root on the host.')),
    Limit('allowed_cgroup_parents', ['*'], [], _(
        'Patterns for the cgroups that can be parents of containers.')),
    Limit('allowed_sysctls', ['*'], [
        'net.*', 'fs.mqueue.*', 'kernel.msg*', 'kernel.sem',
        'kernel.shm*'], _(
        'Patterns for the kernel parameters that containers can set in their '
        'namespaces.')),
)

OPTIONS = [
    cfg.StrOpt(
        'local_endpoint',
        default='unix:///var/run/docker.sock',
        help=_('Docker daemon for resources whose template does not set '
               'docker_endpoint. By default, it is the daemon on the host of '
               'heat-engine. Anyone who controls this daemon controls the '
               'host.')),
    cfg.StrOpt(
        'local_endpoint_access',
        default='admin',
        choices=[('admin', _('Users that the rule context_is_admin in Heat\'s '
                             'policy identifies as administrators.')),
                 ('all', _('All users who can create stacks.')),
                 ('none', _('No users.'))],
        help=_('Users who can use the daemon at local_endpoint.')),
    cfg.StrOpt(
        'daemons',
        choices=[('own', _('Each daemon belongs to one project. Containers on '
                           'it can use everything on the daemon.')),
                 ('shared', _('Several projects use a daemon. A template can '
                              'only refer to objects on it that stacks of its '
                              'own project have created.'))],
        help=_('Whether each daemon belongs to one project. Defaults to '
               '"shared" if local_endpoint_access is "all", and to "own" '
               'otherwise.')),
    cfg.StrOpt(
        'local_ca_file',
        help=_('PEM file with the certificates of the authorities that sign '
               'the certificate of the daemon at local_endpoint. Defaults to '
               'the system\'s certificate authorities.')),
    cfg.StrOpt(
        'local_cert_file',
        help=_('PEM file with the client certificate that heat-engine '
               'presents to the daemon at local_endpoint.')),
    cfg.StrOpt(
        'local_key_file',
        help=_('PEM file with the private key of that certificate.')),
    cfg.ListOpt(
        'allowed_endpoints',
        default=['tcp://*', 'http://*', 'https://*'],
        help=_('Patterns for the URLs that docker_endpoint can have, such as '
               'https://*.example.com:2376. A "*" stands for any text, '
               'including dots. End each pattern with a port: tcp://10.1.* '
               'also matches tcp://10.1.example.com:2375. The daemon at '
               'local_endpoint is not restricted.')),
    cfg.ListOpt(
        'denied_networks',
        default=['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4',
                 '255.255.255.255/32', '::/128', '::1/128', 'fe80::/10',
                 'ff00::/8', 'fd00:ec2::254/128'],
        help=_('Networks to which heat-engine does not connect for a '
               'docker_endpoint in a template, whatever hostname the URL '
               'contains. By default, these are the host itself, link-local '
               'addresses, including metadata services, and multicast '
               'addresses. An IPv6 address that embeds an IPv4 address '
               '(NAT64, 6to4, Teredo, ISATAP) is checked as both. Add the '
               'networks that the services of the cloud use among themselves, '
               'and the prefix of a NAT64 gateway unless it is the well-known '
               'one. The daemon at local_endpoint is not restricted.')),
    cfg.BoolOpt(
        'require_tls',
        default=False,
        help=_('Whether to require https in docker_endpoint and verification '
               'of the daemon\'s certificate.')),
    cfg.ListOpt(
        'forgotten_endpoints',
        default=[],
        help=_('Patterns for the URLs of daemons that no longer exist. '
               'Resources on them are deleted without contacting the '
               'daemon.')),
    *(limit.option for limit in LIMITS),
    cfg.ListOpt(
        'allowed_security_options',
        default=['no-new-privileges', 'no-new-privileges=*',
                 'seccomp=builtin', 'apparmor=docker-default', 'mask=*'],
        help=_('Patterns for the security options that containers can use '
               'without allow_privileged. A colon after the name, as in '
               'seccomp:builtin, is equivalent to "=". With label=level:*, a '
               'container can choose the SELinux categories of another '
               'one.')),
    cfg.ListOpt(
        'allowed_signals',
        default=['restart', 'stop', 'start', 'kill', 'pause', 'unpause',
                 'scale', 'rollback', 'rotate_worker_token',
                 'rotate_manager_token', 'rotate_unlock_key', 'rotate_ca'],
        help=_('Actions that a signal to a resource can request; "*" allows '
               'all. Heat\'s default policy lets every reader of a project '
               'send signals, so the action exec would let readers run '
               'commands in containers and read secrets. Before you allow it, '
               'restrict the rule resource:signal in Heat\'s policy.yaml. The '
               'action in the property alarm_action is always allowed.')),
    cfg.BoolOpt(
        'show_env',
        default=False,
        help=_('Whether the attribute info shows the values of environment '
               'variables. It never shows other secrets, such as options of '
               'drivers.')),
    cfg.FloatOpt(
        'connect_timeout',
        default=5.0, min=0.1, max=60.0,
        help=_('Seconds to wait for a connection to a daemon.')),
    cfg.FloatOpt(
        'read_timeout',
        default=10.0, min=0.1, max=300.0,
        help=_('Seconds to wait for a response from a daemon.')),
    cfg.FloatOpt(
        'attributes_timeout',
        default=40.0, min=1.0,
        help=_('Total seconds to wait for all daemons that provide data for '
               'one user request, such as the outputs of a stack or the '
               'attributes of a resource. A single daemon can use three '
               'quarters of this time. Attributes that are still missing '
               'after it have no value. The value must be less than '
               'rpc_response_timeout, after which Heat\'s API aborts the '
               'whole request.')),
    cfg.FloatOpt(
        'pull_stall_timeout',
        default=300.0, min=1.0,
        help=_('Seconds without progress after which a pull fails.')),
    cfg.IntOpt(
        'max_answer_bytes',
        default=4 * 1024 ** 2, min=64 * 1024, max=64 * 1024 ** 2,
        help=_('Maximum size, in bytes, of one response of a daemon. '
               'Processing a response can temporarily use 25 times as much '
               'memory. Daemons with thousands of containers in one network '
               'or from one image may require a higher value.')),
    cfg.IntOpt(
        'max_report_bytes',
        default=256 * 1024 ** 2, min=1024 ** 2,
        help=_('Maximum size, in bytes, of the progress reports of a daemon '
               'about one pull, build or push. Each report counts for at '
               'least 256 bytes. A pull reports about 10 kB per second; a '
               'build reports the output of its commands.')),
    cfg.IntOpt(
        'max_ports',
        default=1000, min=0, max=budgets.PORTS,
        help=_('Maximum number of ports that one container can expose or '
               'publish. Each port in a range and each host address counts. '
               'Docker starts a process for each published port.')),
    cfg.IntOpt(
        'max_snapshot_bytes',
        default=1024 ** 3, min=0,
        help=_('Maximum size, in bytes, of the files in a volume snapshot. '
               'The files are copied through heat-engine and stored on the '
               'daemon.')),
    cfg.FloatOpt(
        'running_after',
        default=1.0, min=0.1, max=30.0,
        help=_('Seconds that a started container must keep running before it '
               'counts as running. If its command ends within this time, the '
               'resource fails.')),
    cfg.IntOpt(
        'max_log_bytes',
        default=64 * 1024, min=0, max=1024 * 1024,
        help=_('Maximum number of bytes of container output that the '
               'attributes logs, logs_head and logs_tail return.')),
]


def list_opts():
    """Return the options for oslo-config-generator."""
    return [(GROUP, OPTIONS)]


def group():
    """Return the values of ``[heat_docker]``, and register it if needed."""
    if GROUP not in cfg.CONF:
        cfg.CONF.register_opts(OPTIONS, group=GROUP)
    return cfg.CONF[GROUP]
