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

"""What the operator decides: the group ``[heat_docker]`` of heat.conf."""

import dataclasses

from oslo_config import cfg

from . import budgets
from . import i18n

_ = i18n._

GROUP = 'heat_docker'


@dataclasses.dataclass(frozen=True)
class Limit:
    """What containers may do on a daemon, and with what of its host.

    :ivar name: name of the option.
    :ivar own: what an unset option means for daemons of one project each.
    :ivar shared: what it means for daemons that several projects use.
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
            '%(doc)s If unset, it is %(own)s, or %(shared)s if daemons are '
            'shared.') % {'doc': self.doc, 'own': _text(self.own),
                          'shared': _text(self.shared)})


def _text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return '"%s"' % ','.join(value) if value else _('empty')


LIMITS = (
    Limit('allow_privileged', True, False, _(
        'Whether containers may be privileged, or have any option of '
        'security, such as to run without the confinement of seccomp, '
        'AppArmor or SELinux.')),
    Limit('allow_host_namespaces', True, False, _(
        'Whether containers may share the network, the processes or another '
        'namespace of their host.')),
    Limit('allow_oom_protection', True, False, _(
        'Whether containers may be spared when the host runs out of memory '
        '(a negative oom_score_adj), or stay at their limit of memory '
        'without being killed (oom_kill_disable).')),
    Limit('allow_publish_all_ports', True, False, _(
        'Whether containers may publish all ports that their image exposes, '
        'of which max_ports counts none. Docker starts a process for each.')),
    Limit('allowed_bind_sources', ['*'], [], _(
        'Folders and files of a host that containers may mount; "*" is '
        'every one. What is below a folder cannot be mounted by itself: a '
        'container that can write to the folder could put a symbolic link '
        'there, which the daemon would follow to any place of the host. '
        'For the same reason a folder below another one of the list is '
        'refused.')),
    Limit('allowed_devices', ['*'], [], _(
        'Patterns of the devices of a host that containers may use, or have '
        'limits of block I/O for, such as /dev/dri/*. Rules for device '
        'groups and devices that a driver chooses need "*".')),
    # Docker's default:
    # https://github.com/moby/moby/blob/v28.0.0/oci/caps/defaults.go.
    Limit('allowed_capabilities', ['*'], [
        'CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW',
        'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP', 'NET_BIND_SERVICE',
        'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'], _(
        'Linux capabilities that containers may get in addition, such as '
        'NET_ADMIN; "*" is every one.')),
    Limit('allowed_registries', ['*'], ['docker.io'], _(
        'Patterns of the images that containers may be made of: the host of '
        'a registry, such as docker.io or registry.example.com:5000, or '
        'with the repository, such as docker.io/library/*. Unless "*" is '
        'among them, images can neither be built nor named by their id. The '
        'daemon connects to the registry, and fetches what ADD of a '
        'Dockerfile names, in the network of its host.')),
    Limit('allowed_log_drivers', ['*'], ['json-file', 'local', 'none'], _(
        'Patterns of the log drivers that containers may name. The daemon '
        'runs them as root in the network of its host.')),
    Limit('allowed_log_options', ['*'], [
        'max-size', 'max-file', 'compress', 'labels', 'labels-regex', 'env',
        'env-regex', 'tag', 'mode', 'max-buffer-size'], _(
        'Patterns of the names of the options for log drivers. With those '
        'that name an address, a URL, a certificate or a file, containers '
        'reach the services, sockets and files of the host.')),
    Limit('allowed_network_drivers', ['*'], ['bridge'], _(
        'Patterns of the drivers that networks may name, and of drivers '
        'that give their addresses. Swarm networks need overlay.')),
    Limit('allowed_network_options', ['*'], [
        'com.docker.network.driver.mtu',
        'com.docker.network.bridge.enable_icc',
        'com.docker.network.bridge.enable_ip_masquerade',
        'com.docker.network.bridge.host_binding_ipv4',
        'com.docker.network.endpoint.ifname'], _(
        'Patterns of the names of the options for drivers of networks. With '
        'com.docker.network.bridge.name and parent, containers are attached '
        'to a bridge or interface of the host.')),
    Limit('allowed_subnets', ['0.0.0.0/0', '::/0'], [], _(
        'Networks in which the subnets have to be that templates choose. '
        'The host sends what it has for such a subnet to the containers, so '
        'leave out what the host talks to. The subnets that a daemon '
        'chooses are not subject to it.')),
    Limit('allowed_volume_drivers', ['*'], ['local'], _(
        'Patterns of the drivers that volumes may name.')),
    Limit('allowed_volume_types', ['tmpfs', 'nfs', 'nfs4', 'cifs'], [], _(
        'Those of the types tmpfs, nfs, nfs4 and cifs that volumes may '
        'have. The host mounts them, with its address and its rights. '
        'Volumes that are folders of the host are subject to '
        'allowed_bind_sources, and those of any other type need "*" '
        'there.')),
    Limit('allowed_volume_options', ['*'], ['size'], _(
        'Patterns of the names of the options for drivers of volumes, but '
        'for type, o and device.')),
    Limit('allowed_storage_options', ['*'], ['size'], _(
        'Patterns of the names of the options for the storage driver.')),
    Limit('allowed_runtimes', ['*'], ['runc'], _(
        'Patterns of the OCI runtimes that containers may name.')),
    Limit('allowed_annotations', ['*'], [], _(
        'Patterns of the names of annotations. What they do, the OCI '
        'runtime decides, as root on the host.')),
    Limit('allowed_cgroup_parents', ['*'], [], _(
        'Patterns of the control groups that containers may be put in.')),
    Limit('allowed_sysctls', ['*'], [
        'net.*', 'fs.mqueue.*', 'kernel.msg*', 'kernel.sem',
        'kernel.shm*'], _(
        'Patterns of the kernel parameters that containers may set in their '
        'namespaces.')),
)

OPTIONS = [
    cfg.StrOpt(
        'local_endpoint',
        default='unix:///var/run/docker.sock',
        help=_('Docker daemon of the resources whose template names no '
               'docker_endpoint. By default it runs on the host of '
               'heat-engine, and who controls it controls that host.')),
    cfg.StrOpt(
        'local_endpoint_access',
        default='admin',
        choices=[('admin', _('Those whom the rule context_is_admin of '
                             'Heat\'s policy takes for administrators.')),
                 ('all', _('Whoever may create stacks.')),
                 ('none', _('Nobody.'))],
        help=_('Who may use the daemon at local_endpoint.')),
    cfg.StrOpt(
        'daemons',
        choices=[('own', _('Each daemon belongs to one project. What runs '
                           'on it may use all that is there.')),
                 ('shared', _('Several projects use a daemon. A template '
                              'may only refer to what stacks of its own '
                              'project have made there.'))],
        help=_('Whether daemons belong to one project each. If unset, they '
               'are shared if local_endpoint_access is "all", and belong to '
               'one project each if not.')),
    cfg.StrOpt(
        'local_ca_file',
        help=_('File with the certificates, in PEM, of the authorities that '
               'sign the certificate of the daemon at local_endpoint. If '
               'unset, those of the system do.')),
    cfg.StrOpt(
        'local_cert_file',
        help=_('File with the certificate, in PEM, that heat-engine shows to '
               'the daemon at local_endpoint.')),
    cfg.StrOpt(
        'local_key_file',
        help=_('File with the private key of that certificate, in PEM.')),
    cfg.ListOpt(
        'allowed_endpoints',
        default=['tcp://*', 'http://*', 'https://*'],
        help=_('Patterns of the URLs that docker_endpoint may be, with "*" '
               'for any text, dots included, such as '
               'https://*.example.com:2376. End them with a port: '
               'tcp://10.1.* is tcp://10.1.example.com:2375, too. The '
               'daemon at local_endpoint is not subject to it.')),
    cfg.ListOpt(
        'denied_networks',
        default=['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4',
                 '255.255.255.255/32', '::/128', '::1/128', 'fe80::/10',
                 'ff00::/8', 'fd00:ec2::254/128'],
        help=_('Networks that heat-engine does not connect to for a '
               'docker_endpoint of a template, whatever name it is called '
               'by: this host itself, link-local addresses with those of '
               'metadata services, and multicast. An IPv6 address that has '
               'an IPv4 address in it (NAT64, 6to4, Teredo, ISATAP) is both. '
               'Add the networks in which the services of the cloud talk to '
               'each other, and the prefix of a NAT64 if it is not the '
               'well-known one. The daemon at local_endpoint is not subject '
               'to it.')),
    cfg.BoolOpt(
        'require_tls',
        default=False,
        help=_('Whether docker_endpoint has to be https and the certificate '
               'of the daemon to be verified.')),
    cfg.ListOpt(
        'forgotten_endpoints',
        default=[],
        help=_('Patterns of the URLs of daemons that are gone for good. What '
               'stacks have on them is deleted without asking them.')),
    *(limit.option for limit in LIMITS),
    cfg.ListOpt(
        'allowed_security_options',
        default=['no-new-privileges', 'no-new-privileges=*',
                 'seccomp=builtin', 'apparmor=docker-default',
                 'label=level:*', 'label=role:*', 'label=user:*', 'mask=*'],
        help=_('Patterns of the options of security that containers may '
               'have without allow_privileged. A colon after the name, as '
               'in seccomp:builtin, is the same as "=".')),
    cfg.BoolOpt(
        'show_env',
        default=False,
        help=_('Whether the attribute info shows the values of environment '
               'variables. Other secrets, such as options of drivers, it '
               'never shows.')),
    cfg.FloatOpt(
        'connect_timeout',
        default=5.0, min=0.1, max=60.0,
        help=_('Seconds that a connection to a daemon may take.')),
    cfg.FloatOpt(
        'read_timeout',
        default=10.0, min=0.1, max=300.0,
        help=_('Seconds that a daemon may take to answer.')),
    cfg.FloatOpt(
        'attributes_timeout',
        default=40.0, min=1.0,
        help=_('Seconds that daemons may take, all in all, to answer what '
               'one request of a user shows: the outputs of a stack, or the '
               'attributes of a resource. One daemon may take three quarters '
               'of it. Attributes that are left then have no value. It has '
               'to be less than rpc_response_timeout, after which Heat\'s '
               'API gives up all of the request.')),
    cfg.FloatOpt(
        'pull_stall_timeout',
        default=300.0, min=1.0,
        help=_('Seconds after which a pull has failed that does not get on.')),
    cfg.IntOpt(
        'max_answer_bytes',
        default=4 * 1024 ** 2, min=64 * 1024, max=64 * 1024 ** 2,
        help=_('Bytes of one answer of a daemon that are read at the most. '
               'Such an answer can take 25 times as much memory for a '
               'while. A daemon with thousands of containers in one '
               'network or of one image may need more.')),
    cfg.IntOpt(
        'max_report_bytes',
        default=256 * 1024 ** 2, min=1024 ** 2,
        help=_('Bytes that a daemon may report of one pull, build or push, '
               'each report counting for 256 at the least. A pull takes '
               'about 10 kB a second; a build takes what it writes.')),
    cfg.IntOpt(
        'max_ports',
        default=1000, min=0, max=budgets.PORTS,
        help=_('Ports that one container may expose or publish, with those '
               'in ranges, each address of the host counting. Docker starts '
               'a process for each that is published.')),
    cfg.IntOpt(
        'max_snapshot_bytes',
        default=1024 ** 3, min=0,
        help=_('Bytes of files that a snapshot of a volume copies at the '
               'most. They go through heat-engine, and stay on the daemon.')),
    cfg.FloatOpt(
        'running_after',
        default=1.0, min=0.1, max=30.0,
        help=_('Seconds that a started container has to keep running before '
               'it counts as running. A command that ends within this time '
               'fails its resource.')),
    cfg.IntOpt(
        'max_log_bytes',
        default=64 * 1024, min=0, max=1024 * 1024,
        help=_('Bytes of log that the attributes logs, logs_head and '
               'logs_tail read at the most.')),
]


def list_opts():
    """Return the options for oslo-config-generator."""
    return [(GROUP, OPTIONS)]


def group():
    """Return the values of ``[heat_docker]``, registering it if need be."""
    if GROUP not in cfg.CONF:
        cfg.CONF.register_opts(OPTIONS, group=GROUP)
    return cfg.CONF[GROUP]
