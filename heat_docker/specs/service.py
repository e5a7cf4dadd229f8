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
"""The table of ``DockerInc::Docker::Service``.

Properties that mean the same as those of a container are the entries of
:mod:`heat_docker.specs.container`, at another place in the request:
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Service.
"""

import dataclasses

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
from ..convert import process
from ..convert import references
from ..convert import registry
from ..convert import scalars
from ..convert import services
from ..convert import storage
from . import container
from . import endpoint

_ = i18n._

_IN_PLACE = fields.by_step('update_spec')

_CONTAINER = 'TaskTemplate.ContainerSpec.'
_LIMITS = 'TaskTemplate.Resources.Limits.'
_RESERVATIONS = 'TaskTemplate.Resources.Reservations.'

_ENTRIES = {field.name: field for field in container.FIELDS}


def _of_container(name, at, **differences):
    """Return the entry of a container for the request of a service.

    :param str at: path in the body of the request.
    :param differences: what else differs.
    """
    return dataclasses.replace(_ENTRIES[name], **{
        'at': at, 'live_at': None, 'also': {}, 'exclusive': None,
        'claims': None, 'change': _IN_PLACE, **differences})


def _rollout(name, doc, at):
    """Return the entry of how tasks are updated or rolled back.

    A rollback cannot be rolled back.
    """
    actions = ['pause', 'continue'] + (
        ['rollback'] if name == 'update_config' else [])
    return fields.Field(
        name=name, type=fields.MAP, change=_IN_PLACE, doc=doc, at=at,
        to_api=services.rollout_to_api, from_api=services.rollout_from_api,
        same_state=services.includes,
        nested={
            'parallelism': fields.Key(
                fields.INTEGER, policy.Free.INSIDE,
                _('Number of tasks to replace at a time; 0 means all at '
                  'once. Defaults to 1.')),
            'delay': fields.Key(
                fields.NUMBER, policy.Free.INSIDE,
                _('Seconds between two groups of tasks, or a duration such '
                  'as 1m30s. Defaults to 0.'), parse=forms.seconds),
            'failure_action': fields.Key(
                fields.STRING, policy.Free.INSIDE,
                _('What the swarm does if too many new tasks fail. With '
                  'pause and rollback, the action on the resource fails at '
                  'once. Defaults to pause.'),
                constraints=[constraints.AllowedValues(actions)]),
            'monitor': fields.Key(
                fields.NUMBER, policy.Free.INSIDE,
                _('Seconds, or a duration such as 1m30s, for which the swarm '
                  'watches a new task. A later failure does not count. '
                  'Defaults to 5.'),
                parse=forms.seconds),
            'max_failure_ratio': fields.Key(
                fields.NUMBER, policy.Free.INSIDE,
                _('Fraction of the tasks that may fail, from 0 to 1. '
                  'Defaults to 0.')),
            'order': fields.Key(
                fields.STRING, policy.Free.INSIDE,
                _('Whether an old task is stopped before the new one starts '
                  '(stop-first), or after the new one runs and is healthy '
                  '(start-first). Defaults to stop-first.'),
                constraints=[constraints.AllowedValues(
                    ['stop-first', 'start-first'])]),
        },
        policy=policy.Free.INSIDE,
        example={'parallelism': 2, 'delay': 1.5, 'failure_action': 'continue',
                 'monitor': 10, 'max_failure_ratio': 0.25,
                 'order': 'start-first'})


def _files(name, doc, to_api, from_api, same_state, refers, at):
    """Return the entry of the secrets or configs that become files."""
    return fields.Field(
        name=name, type=fields.LIST, change=_IN_PLACE, doc=doc, at=at,
        to_api=to_api, from_api=from_api, same_state=same_state,
        refers=refers,
        nested=properties.Schema(
            properties.Schema.MAP,
            _('A file.'),
            schema={
                'source': fields.Key(
                    fields.STRING, policy.Free.REFERENCE,
                    _('Name or ID. For a resource of the stack, use '
                      'get_resource.'), required=True),
                'target': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Path of the file in the containers. A path without a '
                      'slash at the beginning is below /run/secrets for a '
                      'secret, and below / for a config.'), required=True),
                'uid': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('UID of the owner. Defaults to 0.')),
                'gid': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('GID of the owner. Defaults to 0.')),
                'mode': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Permissions of the file, as an octal number with a '
                      'leading zero in quotes. Defaults to "0444".'),
                    constraints=[constraints.AllowedPattern(
                        storage.MODE, description=storage.MODE_FORM)]),
            }),
        most=budgets.OBJECTS, policy=policy.Free.REFERENCE,
        example=[{'source': 'wiki-' + name, 'target': '/run/wiki',
                  'uid': '1000', 'gid': '1001', 'mode': '0400'}])


FIELDS = (
    *endpoint.OF_MANAGERS,
    *map(fields.in_spec, (
        _of_container(
            'image', _CONTAINER + 'Image', refers=references.node_image,
            same_state=registry.is_same,
            doc=_('Image of the tasks, such as "mariadb:11" or '
                  '"registry.example.com/team/web@sha256:...". Without a '
                  'tag, "latest" is used. Each node pulls the image when it '
                  'starts a task. The create, and each change of the image, '
                  'asks the registry for the digest of the tag, so that all '
                  'nodes run the same version until the next change.')),
        fields.Field(
            name='name', type=fields.STRING,
            doc=_('Name of the service, unique in its swarm. The tasks of '
                  'other services reach it by this name in a common network. '
                  'Defaults to a name generated from the stack and resource '
                  'names.'),
            at='Name',
            constraints=(
                constraints.Length(max=63),
                constraints.AllowedPattern(
                    '^([a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*)?$')),
            policy=policy.Free.TEXT,
            example='wiki-web'),
        fields.Field(
            name='mode', type=fields.STRING,
            doc=_('Whether there are as many tasks as replicas says '
                  '(replicated), or one on each node (global). The tasks of '
                  'a job (replicated-job, global-job) run until they have '
                  'completed, and are then not replaced. Defaults to '
                  'replicated. Jobs require version 1.41 of the Docker '
                  'API.'),
            at='Mode', to_api=services.mode_to_api,
            from_api=services.mode_from_api, same_state=services.same_mode,
            default=lambda: 'replicated',
            constraints=(constraints.AllowedValues([*services.MODES]),),
            policy=policy.Free.AMOUNT,
            example='replicated'),
        fields.Field(
            name='replicas', type=fields.INTEGER, change=_IN_PLACE,
            compose=('scale',),
            doc=_('Number of tasks with the mode replicated. Defaults to 1. '
                  'After the signal scale, an update keeps the number of the '
                  'signal, unless it changes this property.'),
            at='Mode.Replicated.Replicas', empty_counts=True,
            constraints=(constraints.Range(min=0),),
            policy=policy.Free.AMOUNT,
            example=3),
        fields.Field(
            name='completions', type=fields.INTEGER, change=_IN_PLACE,
            doc=_('Number of tasks that have to complete with the mode '
                  'replicated-job. Defaults to 1.'),
            at='Mode.ReplicatedJob.TotalCompletions', since=(1, 41),
            constraints=(constraints.Range(min=1),),
            policy=policy.Free.AMOUNT,
            example=4),
        fields.Field(
            name='max_concurrent', type=fields.INTEGER, change=_IN_PLACE,
            doc=_('Number of tasks that run at a time with the mode '
                  'replicated-job. Defaults to completions.'),
            at='Mode.ReplicatedJob.MaxConcurrent', since=(1, 41),
            constraints=(constraints.Range(min=1),),
            policy=policy.Free.AMOUNT,
            example=2),
        _of_container('hostname', _CONTAINER + 'Hostname', doc=_(
            'Hostname inside the containers. It can be a template, such as '
            '"web-{{.Task.Slot}}". Defaults to the short ID of each '
            'container.')),
        _of_container('user', _CONTAINER + 'User'),
        _of_container('cmd', _CONTAINER + 'Args'),
        _of_container('entrypoint', _CONTAINER + 'Command',
                      empty_counts=False, doc=_(
            'Program to run, as a list of arguments. The arguments in cmd are '
            'appended to it. Defaults to the entrypoint of the image.')),
        _of_container('working_dir', _CONTAINER + 'Dir'),
        _of_container('labels', 'Labels', doc=_(
            'Labels of the service, as a map of name to string, or as a list '
            'of "name=string". A change starts no new tasks. Names that begin '
            'with "org.openstack.heat." are reserved for Heat.')),
        fields.Field(
            name='container_labels', type=fields.MAP, change=_IN_PLACE,
            parse=forms.pairs_to_map,
            doc=_('Labels of the containers, as a map or a list like '
                  'labels.'),
            at=_CONTAINER + 'Labels', to_api=process.labels_to_api,
            from_api=process.labels_from_api,
            policy=policy.Free.TEXT,
            example={'com.example.team': 'wiki'}),
        _of_container('init', _CONTAINER + 'Init'),
        _of_container('stop_signal', _CONTAINER + 'StopSignal'),
        _of_container('stop_grace_period', _CONTAINER + 'StopGracePeriod',
                      to_api=scalars.nanoseconds,
                      from_api=services.stop_grace_period_from_api),
        _of_container('group_add', _CONTAINER + 'Groups'),
        _of_container('platform', 'TaskTemplate.Placement.Platforms',
                      to_api=services.platform_to_api,
                      meaning=scalars.identity,
                      from_api=services.platform_from_api),
        _of_container('registry_auth', None, doc=_(
            'Credentials for the registry of the image. The managers send '
            'them to the nodes that start a task. Take them from hidden '
            'parameters. Removing them has no effect until the image '
            'changes.')),
        _of_container('healthcheck', _CONTAINER + 'Healthcheck', doc=_(
            'Health check that the nodes run in the containers. A task counts '
            'as running only once it is healthy, and the swarm replaces a '
            'task that becomes unhealthy. Times are in seconds, or have '
            'units, such as 1m30s. Defaults to the health check of the '
            'image.')),
        _of_container('env', _CONTAINER + 'Env', doc=_(
            'Environment variables, each as "NAME=value". They are added to '
            'the environment variables of the image. A value can be a '
            'template, such as "{{.Node.Hostname}}". Everyone who has access '
            'to a manager can read them; use secrets for passwords.')),
        _of_container('memory', _LIMITS + 'MemoryBytes', doc=_(
            'Memory limit of each task, in bytes or with a unit, such as 64m. '
            'Defaults to 0, which means no limit.')),
        _of_container('memory_reservation', _RESERVATIONS + 'MemoryBytes',
                      doc=_(
            'Memory to reserve for each task, in bytes or with a unit, such '
            'as 64m. A task runs only on a node with this much unreserved '
            'memory.')),
        fields.Field(
            name='swap', type=fields.STRING, change=_IN_PLACE,
            doc=_('Swap that each task can use in addition to memory, in '
                  'bytes or with a unit, such as 64m; -1 means no limit. '
                  'Requires memory.'),
            at='TaskTemplate.Resources.SwapBytes', since=(1, 52),
            to_api=scalars.size_or_unlimited_to_api,
            from_api=scalars.size_from_api,
            policy=policy.Free.AMOUNT,
            example='33554432'),
        _of_container('memory_swappiness',
                      'TaskTemplate.Resources.MemorySwappiness',
                      since=(1, 52), doc=_(
            'How readily the kernel swaps out memory of the tasks, from 0 to '
            '100. Docker ignores it on nodes with cgroup v2.')),
        _of_container('oom_score_adj', _CONTAINER + 'OomScoreAdj',
                      since=(1, 46)),
        _of_container('cpus', _LIMITS + 'NanoCPUs', doc=_(
            'Number of CPUs that each task can use, such as 1.5.')),
        fields.Field(
            name='cpus_reservation', type=fields.NUMBER, change=_IN_PLACE,
            doc=_('Number of CPUs to reserve for each task. A task runs only '
                  'on a node with this many unreserved CPUs.'),
            at=_RESERVATIONS + 'NanoCPUs', to_api=limits.cpus_to_api,
            from_api=limits.cpus_from_api,
            constraints=(constraints.Range(min=0),),
            policy=policy.Free.AMOUNT,
            example=0.25),
        _of_container('pids_limit', _LIMITS + 'Pids', since=(1, 41),
                      to_api=services.pids_to_api, doc=_(
            'Maximum number of processes and threads of each task; -1 means '
            'no limit.')),
        fields.Field(
            name='generic_resources', type=fields.LIST, change=_IN_PLACE,
            doc=_('Resources, such as GPUs, to reserve for each task. A task '
                  'runs only on a node that offers them and has not reserved '
                  'them for other tasks.'),
            at=_RESERVATIONS + 'GenericResources',
            to_api=services.generic_to_api,
            from_api=services.generic_from_api,
            nested=properties.Schema(
                properties.Schema.MAP,
                _('A resource.'),
                schema={
                    'kind': fields.Key(
                        fields.STRING, policy.any_device,
                        _('Kind of the resource, as the nodes name it.'),
                        required=True),
                    'value': fields.Key(
                        fields.INTEGER, policy.any_device,
                        _('Number that a task needs.'), required=True),
                }),
            most=budgets.OBJECTS, policy=policy.any_device,
            example=[{'kind': 'gpu', 'value': 1}]),
        _of_container('ulimits', _CONTAINER + 'Ulimits', since=(1, 41)),
        _of_container('mounts', _CONTAINER + 'Mounts',
                      refers=references.node_mounts, doc=_(
            'Mounts of the containers. Volumes and paths are those of the '
            'node on which a task runs. On another node, they contain other '
            'files.')),
        _files('secrets', _('Secrets to mount in the containers as files in '
                            'memory.'),
               services.secrets_to_api, services.secrets_from_api,
               services.secrets_match, references.secrets,
               _CONTAINER + 'Secrets'),
        _files('configs', _('Configs to mount as files in the containers.'),
               services.configs_to_api, services.configs_from_api,
               services.configs_match, references.configs,
               _CONTAINER + 'Configs'),
        _of_container('dns', _CONTAINER + 'DNSConfig.Nameservers'),
        _of_container('dns_search', _CONTAINER + 'DNSConfig.Search'),
        _of_container('dns_options', _CONTAINER + 'DNSConfig.Options'),
        _of_container('extra_hosts', _CONTAINER + 'Hosts',
                      to_api=services.hosts_to_api, meaning=scalars.identity,
                      from_api=services.hosts_from_api, doc=_(
            'Additional hostnames, each as "name:address" or "name=address", '
            'or as a map of name to address. An IPv6 address can have '
            'brackets.')),
        fields.Field(
            name='networks', type=fields.LIST, change=_IN_PLACE,
            parse=forms.names_to_networks,
            doc=_('Networks of the swarm that the tasks are attached to, as '
                  'maps or as names. A network must have the driver '
                  'overlay. Defaults to none, except for the ingress network '
                  'if there are published ports.'),
            at='TaskTemplate.Networks', to_api=services.networks_to_api,
            from_api=services.networks_from_api,
            same_state=services.networks_match,
            refers=references.networks, policy=policy.service_networks,
            nested=properties.Schema(
                properties.Schema.MAP,
                _('A network.'),
                schema={
                    'network': fields.Key(
                        fields.STRING, policy.service_networks,
                        _('Name or ID of the network.'), required=True),
                    'aliases': fields.Key(
                        fields.LIST, policy.Free.INSIDE,
                        _('Names of the service in this network, in addition '
                          'to its own.')),
                    'driver_opts': fields.Key(
                        fields.MAP, policy.service_networks,
                        _('Options for the network driver, as a map of name '
                          'to string.'),
                        example={'com.example.mode': 'fast'}),
                }),
            most=budgets.OBJECTS,
            example=[{'network': 'front', 'aliases': ['web']}]),
        fields.Field(
            name='endpoint_mode', type=fields.STRING, change=_IN_PLACE,
            doc=_('How other services find the tasks: by one virtual IP '
                  'address for all (vip), which requires IPVS in the kernels '
                  'of the nodes, or by the addresses of all tasks in DNS '
                  '(dnsrr). Defaults to vip.'),
            at='EndpointSpec.Mode',
            constraints=(constraints.AllowedValues(['vip', 'dnsrr']),),
            policy=policy.Free.INSIDE,
            example='vip'),
        fields.Field(
            name='ports', type=fields.LIST, change=_IN_PLACE,
            parse=services.to_ports,
            doc=_('Ports to publish, as maps, or as "published:target" with '
                  'an optional "/udp" or "/sctp", such as "8080:80".'),
            at='EndpointSpec.Ports', to_api=services.ports_to_api,
            from_api=services.ports_from_api,
            nested=properties.Schema(
                properties.Schema.MAP,
                _('A port.'),
                schema={
                    'target': fields.Key(
                        fields.INTEGER, policy.service_ports,
                        _('Port of the containers.'), required=True,
                        constraints=[constraints.Range(min=1, max=65535)]),
                    'published': fields.Key(
                        fields.INTEGER, policy.service_ports,
                        _('Port of the nodes. By default, the swarm or the '
                          'node chooses one.'),
                        constraints=[constraints.Range(min=1, max=65535)]),
                    'protocol': fields.Key(
                        fields.STRING, policy.service_ports,
                        _('Protocol. Defaults to tcp.'),
                        constraints=[constraints.AllowedValues(
                            ['tcp', 'udp', 'sctp'])]),
                    'mode': fields.Key(
                        fields.STRING, policy.service_ports,
                        _('Whether all nodes publish the port and forward '
                          'connections to any task (ingress), which requires '
                          'IPVS in their kernels, or only nodes with a task '
                          'publish it, each for its own task (host). Docker '
                          'does not report a kernel without IPVS: the port is '
                          'then published, but nothing answers. Defaults to '
                          'ingress.'),
                        constraints=[constraints.AllowedValues(
                            ['ingress', 'host'])]),
                    'name': fields.Key(
                        fields.STRING, policy.service_ports,
                        _('Name of the port, for information only.')),
                }),
            policy=policy.service_ports,
            example=[{'name': 'http', 'target': 80, 'published': 8080,
                      'protocol': 'tcp', 'mode': 'ingress'}]),
        _of_container('tty', _CONTAINER + 'TTY'),
        _of_container('open_stdin', _CONTAINER + 'OpenStdin'),
        _of_container('read_only', _CONTAINER + 'ReadOnly'),
        _of_container('cap_add', _CONTAINER + 'CapabilityAdd',
                      since=(1, 41)),
        _of_container('cap_drop', _CONTAINER + 'CapabilityDrop',
                      since=(1, 41)),
        _of_container('security_opt', _CONTAINER + 'Privileges',
                      since=(1, 44), to_api=services.privileges_to_api,
                      from_api=services.privileges_from_api,
                      meaning=scalars.identity,
                      policy=policy.service_privileges),
        _of_container('sysctls', _CONTAINER + 'Sysctls'),
        fields.Field(
            name='restart_policy', type=fields.MAP, change=_IN_PLACE,
            doc=_('When the swarm replaces a task that has ended.'),
            at='TaskTemplate.RestartPolicy',
            to_api=services.restart_to_api,
            from_api=services.restart_from_api,
            same_state=services.includes,
            nested={
                'condition': fields.Key(
                    fields.STRING, policy.Free.INSIDE,
                    _('Whether it replaces no task (none), those that have '
                      'failed (on-failure), or all (any). Defaults to any, '
                      'and to on-failure for jobs.'),
                    constraints=[constraints.AllowedValues(
                        ['none', 'on-failure', 'any'])]),
                'delay': fields.Key(
                    fields.NUMBER, policy.Free.INSIDE,
                    _('Seconds, or a duration such as 1m30s, before the new '
                      'task starts. Defaults to 5.'), parse=forms.seconds),
                'max_attempts': fields.Key(
                    fields.INTEGER, policy.Free.INSIDE,
                    _('Maximum number of replacements. Defaults to 0, which '
                      'means no limit.')),
                'window': fields.Key(
                    fields.NUMBER, policy.Free.INSIDE,
                    _('Seconds, or a duration, in which max_attempts are '
                      'counted. Defaults to 0, which means always.'),
                    parse=forms.seconds),
            },
            policy=policy.Free.INSIDE,
            example={'condition': 'on-failure', 'delay': 2.5,
                     'max_attempts': 3, 'window': 60}),
        fields.Field(
            name='placement', type=fields.MAP, change=_IN_PLACE,
            doc=_('Nodes on which tasks run.'),
            at='TaskTemplate.Placement',
            to_api=services.placement_to_api,
            from_api=services.placement_from_api,
            nested={
                'constraints': fields.Key(
                    fields.LIST, policy.Free.INSIDE,
                    _('Conditions that a node must meet, such as '
                      '"node.role==worker" or "node.labels.disk==ssd".')),
                'preferences': fields.Key(
                    fields.LIST, policy.Free.INSIDE,
                    _('What to spread the tasks over evenly, such as the '
                      'values of a label of the nodes, each as {spread: '
                      'node.labels.zone}.')),
                'max_replicas_per_node': fields.Key(
                    fields.INTEGER, policy.Free.INSIDE,
                    _('Maximum number of tasks on a node. Defaults to 0, '
                      'which means no limit.')),
            },
            policy=policy.Free.INSIDE,
            example={'constraints': ['node.role==manager'],
                     'preferences': [{'spread': 'node.labels.zone'}],
                     'max_replicas_per_node': 2}),
        _rollout('update_config', _(
            'How an update replaces the tasks. It does not apply to jobs.'),
            'UpdateConfig'),
        _rollout('rollback_config', _(
            'How a rollback by the swarm replaces the tasks. It does not '
            'apply to jobs.'), 'RollbackConfig'),
        _of_container('log_driver', 'TaskTemplate.LogDriver.Name'),
        _of_container('log_options', 'TaskTemplate.LogDriver.Options'),
        fields.Field(
            name='wait_for', type=fields.STRING, change=fields.HEAT_ONLY,
            doc=_('Condition for the resource to be complete: all tasks run '
                  'and are healthy, or those of a job have completed '
                  '(converged), or the request was sent (none). Defaults to '
                  'converged.'),
            at=None,
            constraints=(constraints.AllowedValues(['converged', 'none']),),
            policy=policy.Free.OURS,
            example='none'),
        fields.Field(
            name='converge_delay', type=fields.INTEGER,
            change=fields.HEAT_ONLY, parse=forms.whole_seconds,
            doc=_('Seconds, or a duration such as 1m, during which all tasks '
                  'have to keep running. Defaults to 5.'),
            at=None, empty_counts=True,
            constraints=(constraints.Range(min=0),),
            policy=policy.Free.OURS,
            example=10),
        dataclasses.replace(_ENTRIES['wait_timeout'], doc=_(
            'Seconds, or a duration such as 5m, to wait until the service '
            'has converged. Defaults to the timeout of the stack.')),
        dataclasses.replace(
            _ENTRIES['alarm_action'], to_api=operations.check_of_service,
            nested=operations.keys(operations.OF_SERVICE),
            example={'action': 'scale', 'change': 1, 'maximum': 10}),
    )),
)

OPERATIONS = operations.OF_SERVICE

RULES = (
    fields.Rule(('mode', 'replicas', 'completions', 'max_concurrent',
                 'update_config', 'rollback_config', 'restart_policy'),
                combinations.check_service_mode, needs=('mode',)),
    fields.Rule(('endpoint_mode', 'ports'),
                combinations.refuse_ingress_without_address,
                needs=('endpoint_mode', 'ports')),
    fields.Rule(('swap', 'memory'), combinations.check_service_swap,
                needs=('swap', 'memory')),
    fields.Rule(('image', 'registry_auth'),
                registry.pull_credentials,
                needs=('image', 'registry_auth')),
)

ATTRIBUTES = (
    fields.Attribute(
        name='name', type=fields.STRING, at='Spec.Name', cached=True,
        doc=_('Name of the service.')),
    fields.Attribute(
        name='tasks', type=fields.LIST, source='task_list',
        doc=_('Tasks that run or are to run, as a list of maps with id, slot, '
              'node (the hostname), state, container_id and error.')),
    fields.Attribute(
        name='running_replicas', type=fields.INTEGER, source='running',
        doc=_('Number of tasks that run, and are healthy if there is a health '
              'check.')),
    fields.Attribute(
        name='completed_tasks', type=fields.INTEGER, source='completed',
        doc=_('Number of tasks of the last run of a job that have '
              'completed.')),
    fields.Attribute(
        name='ports', type=fields.LIST, at='Endpoint.Ports',
        from_api=services.ports_from_api,
        doc=_('Ports that the swarm publishes, as a list of maps with target, '
              'published, protocol, mode and name. Ports of the mode host '
              'that a node itself has chosen are not included.')),
    fields.Attribute(
        name='virtual_ips', type=fields.LIST, at='Endpoint.VirtualIPs',
        from_api=services.addresses_from_api,
        doc=_('Virtual IP addresses, as a list of maps with network and '
              'address.')),
    fields.Attribute(
        name='update_status', type=fields.STRING, at='UpdateStatus.State',
        doc=_('State of the last update: updating, paused, completed, '
              'rollback_started, rollback_paused or rollback_completed. Null '
              'if no task had to be replaced.')),
    fields.Attribute(
        name='logs', type=fields.STRING, source='log_tail',
        doc=_('The end of the output of all tasks: 64 KiB, unless the '
              'operator has set another limit.')),
    *(attribute for attribute in container.ATTRIBUTES
      if attribute.name in ('alarm_url', 'signal_url')),
)

# Names of a service in Compose that no property has; see
# :func:`heat_docker.hints.name_of_compose`.
COMPOSE_ELSEWHERE = {
    'deploy': _('mode, replicas, placement, update_config, rollback_config, '
                'restart_policy, memory and cpus'),
    'volumes': _('mounts'),
    'tmpfs': _('mounts with the type tmpfs'),
    'depends_on': _('depends_on beside properties, or get_resource'),
}
