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
"""Services of a swarm: their mode, tasks, ports, and parts of containers.

A daemon adds defaults to some maps, so ``includes`` compares only the keys
that a template sets.
"""

import base64
import json
import re

from .. import i18n
from . import network
from . import platforms
from . import scalars
from . import storage

_ = i18n._

# Modes in templates, each with its key in the API.
MODES = {'replicated': 'Replicated', 'global': 'Global',
         'replicated-job': 'ReplicatedJob', 'global-job': 'GlobalJob'}
JOBS = ('replicated-job', 'global-job')

_PORT = re.compile(
    r'(?:(?P<published>[0-9]{1,5}):)?(?P<target>[0-9]{1,5})'
    r'(?:/(?P<protocol>tcp|udp|sctp))?')


def mode_to_api(value: str) -> dict:
    """Convert ``replicated-job`` to ``{"ReplicatedJob": {}}``."""
    return {MODES[value]: {}}


def mode_from_api(value: dict | None) -> str:
    """Convert ``{"Replicated": {"Replicas": 1}}`` to ``replicated``."""
    return next((mode for mode, key in MODES.items() if key in (value or {})),
                'replicated')


def same_mode(wanted: dict, there: dict | None) -> bool:
    """Return whether two modes of the API are the same one."""
    return mode_from_api(wanted) == mode_from_api(there)


def includes(wanted: dict, there: dict | None) -> bool:
    """Return whether a map of the API has all that a template sets."""
    there = there or {}
    return all(there.get(key, type(value)()) == value
               for key, value in wanted.items())


def stop_grace_period_from_api(value: int | None) -> int | None:
    """Convert nanoseconds to whole seconds."""
    return None if value is None else value // 10 ** 9


def hosts_to_api(values: list) -> list[str]:
    """Convert ``name:address`` to ``address name``, as in /etc/hosts."""
    hosts = []
    for value in network.extra_hosts_to_api(values):
        name, _colon, address = value.partition(':')
        if address == 'host-gateway':
            raise ValueError(_('a service does not support host-gateway'))
        hosts.append('%s %s' % (address, name))
    return hosts


def hosts_from_api(values: list[str] | None) -> list[str]:
    """Convert ``address name`` to ``name:address``."""
    return ['%s:%s' % (name, value.split()[0]) for value in values or ()
            for name in value.split()[1:]]


def pids_to_api(value: int) -> int:
    """Convert a limit; for a service, 0 means that there is none."""
    return max(value, 0)


def platform_to_api(value: str) -> list[dict]:
    """Convert ``linux/arm64`` to a list of one platform."""
    platform = platforms.platform_to_api(value)
    return [scalars.drop_none({'OS': platform.get('os'),
                               'Architecture': platform.get('architecture')})]


def platform_from_api(values: list[dict] | None) -> str:
    """Convert a list of platforms to the first one."""
    return '/'.join(part for value in (values or ())[:1]
                    for part in (value.get('OS'), value.get('Architecture'))
                    if part)


# Security.

def privileges_to_api(values: list) -> dict:
    """Convert security options to the privileges of a service.

    https://docs.docker.com/reference/cli/docker/service/create/#security-opt
    """
    privileges: dict = {}
    for value in scalars.to_strings(values):
        name, _sign, text = re.sub('^([a-z-]+):', r'\1=', value).partition('=')
        if name == 'no-new-privileges':
            privileges['NoNewPrivileges'] = text != 'false'
        elif name == 'seccomp':
            privileges['Seccomp'] = _seccomp(text)
        elif name == 'apparmor' and text in ('unconfined', 'docker-default'):
            privileges['AppArmor'] = {
                'Mode': 'disabled' if text == 'unconfined' else 'default'}
        elif name == 'label':
            key, _colon, part = text.partition(':')
            context = privileges.setdefault('SELinuxContext', {})
            if key in ('user', 'role', 'type', 'level') and part:
                context[key.title()] = part
            elif text == 'disable':
                context['Disable'] = True
            else:
                raise ValueError(_('%r is not a label of SELinux') % value)
        else:
            raise ValueError(_('%r is not a security option that a service '
                               'supports') % value)
    return privileges


def _seccomp(text):
    if text == 'unconfined':
        return {'Mode': 'unconfined'}
    if text == 'builtin':
        return {'Mode': 'default'}
    try:
        json.loads(text)
    except ValueError as ex:
        raise ValueError(_('seccomp requires the text of a profile, '
                           'unconfined or builtin')) from ex
    return {'Mode': 'custom',
            'Profile': base64.b64encode(text.encode()).decode()}


def privileges_from_api(value: dict | None) -> list[str]:
    """Convert the privileges of a service to security options."""
    value, options = value or {}, []
    for key, part in (value.get('SELinuxContext') or {}).items():
        if part:
            options.append('label=disable' if key == 'Disable' else
                           'label=%s:%s' % (key.lower(), part))
    seccomp = value.get('Seccomp') or {}
    if seccomp.get('Mode') == 'custom':
        options.append('seccomp=' + base64.b64decode(
            seccomp.get('Profile') or '').decode(errors='replace'))
    elif seccomp.get('Mode'):
        options.append('seccomp=' + {'default': 'builtin'}.get(
            seccomp['Mode'], seccomp['Mode']))
    apparmor = (value.get('AppArmor') or {}).get('Mode')
    if apparmor:
        options.append('apparmor=' + {
            'disabled': 'unconfined', 'default': 'docker-default'}.get(
                apparmor, apparmor))
    if value.get('NoNewPrivileges'):
        options.append('no-new-privileges:true')
    return options


# Policies of restarts and updates.

def restart_to_api(value: dict) -> dict:
    """Convert a restart policy, with times in nanoseconds."""
    return _to_api(value, (
        ('condition', 'Condition', scalars.identity),
        ('delay', 'Delay', _nanoseconds),
        ('max_attempts', 'MaxAttempts', _natural),
        ('window', 'Window', _nanoseconds)))


def restart_from_api(value: dict | None) -> dict:
    """Convert the API's restart policy, with times in seconds."""
    return _from_api(value, (
        ('condition', 'Condition', scalars.identity),
        ('delay', 'Delay', scalars.seconds),
        ('max_attempts', 'MaxAttempts', scalars.identity),
        ('window', 'Window', scalars.seconds)))


def rollout_to_api(value: dict) -> dict:
    """Convert how tasks are updated, with times in nanoseconds.

    The API replaces all tasks at once if only other keys are set.
    """
    return {'Parallelism': 1, **_to_api(value, (
        ('parallelism', 'Parallelism', _natural),
        ('delay', 'Delay', _nanoseconds),
        ('failure_action', 'FailureAction', scalars.identity),
        ('monitor', 'Monitor', _nanoseconds),
        ('max_failure_ratio', 'MaxFailureRatio', _ratio),
        ('order', 'Order', scalars.identity)))}


def rollout_from_api(value: dict | None) -> dict:
    """Convert how tasks are updated, with times in seconds."""
    return _from_api(value, (
        ('parallelism', 'Parallelism', scalars.identity),
        ('delay', 'Delay', scalars.seconds),
        ('failure_action', 'FailureAction', scalars.identity),
        ('monitor', 'Monitor', scalars.seconds),
        ('max_failure_ratio', 'MaxFailureRatio', scalars.identity),
        ('order', 'Order', scalars.identity)))


def _to_api(value, table):
    return {key: to_api(value[name]) for name, key, to_api in table
            if value.get(name) is not None}


def _from_api(value, table):
    return {name: from_api(value[key]) for name, key, from_api in table
            if value and value.get(key)}


def _natural(value):
    if value < 0:
        raise ValueError(_('%s is negative') % value)
    return value


def _nanoseconds(value):
    return scalars.nanoseconds(_natural(value))


def _ratio(value):
    if not 0 <= value <= 1:
        raise ValueError(_('%s is not between 0 and 1') % value)
    return value


# Placement and resources.

def placement_to_api(value: dict) -> dict:
    """Convert constraints and preferences for nodes."""
    value = scalars.drop_empty(value)
    placement: dict = {}
    if 'constraints' in value:
        placement['Constraints'] = scalars.to_strings(value['constraints'])
    if 'preferences' in value:
        placement['Preferences'] = [
            {'Spread': {'SpreadDescriptor': _spread(preference)}}
            for preference in value['preferences']]
    if 'max_replicas_per_node' in value:
        placement['MaxReplicas'] = _natural(value['max_replicas_per_node'])
    return placement


def _spread(preference):
    if not isinstance(preference, dict) or [*preference] != ['spread']:
        raise ValueError(_('a preference must have the form {spread: '
                           'node.labels.zone}'))
    return scalars.to_string(preference['spread'])


def placement_from_api(value: dict | None) -> dict:
    """Convert the API's placement to a map."""
    value = value or {}
    return scalars.drop_empty({
        'constraints': value.get('Constraints'),
        'preferences': [
            {'spread': preference['Spread']['SpreadDescriptor']}
            for preference in value.get('Preferences') or ()],
        'max_replicas_per_node': value.get('MaxReplicas')})


def generic_to_api(values: list[dict]) -> list[dict]:
    """Convert a list of kinds and amounts to generic resources."""
    return [{'DiscreteResourceSpec': {'Kind': value['kind'],
                                      'Value': _natural(value['value'])}}
            for value in values]


def generic_from_api(values: list[dict] | None) -> list[dict]:
    """Convert generic resources to a list of kinds and amounts."""
    return [{'kind': value['DiscreteResourceSpec']['Kind'],
             'value': value['DiscreteResourceSpec']['Value']}
            for value in values or () if value.get('DiscreteResourceSpec')]


# Networks and ports.

def networks_to_api(values: list[dict]) -> list[dict]:
    """Convert a list of networks to the API's attachments."""
    names = [value['network'] for value in values]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(_('the network %s is listed more than once')
                             % name)
    return [scalars.drop_empty({
        'Target': value['network'],
        'Aliases': scalars.to_strings(value.get('aliases') or ()),
        'DriverOpts': scalars.to_string_map(value.get('driver_opts') or {})})
        for value in values]


def networks_from_api(values: list[dict] | None) -> list[dict]:
    """Convert the API's attachments to a list of networks."""
    return [scalars.drop_empty({
        'network': value.get('Target'), 'aliases': value.get('Aliases'),
        'driver_opts': value.get('DriverOpts')}) for value in values or ()]


def networks_match(wanted: list[dict], there: list[dict] | None) -> bool:
    """Return whether attachments may be the same.

    The daemon shows the ID of a network that a template may refer to by its
    name.
    """
    there = there or []
    return len(wanted) == len(there) and all(
        (one.get('Aliases') or []) == (other.get('Aliases') or [])
        and (one['Target'] == other.get('Target')
             or not is_swarm_id(one['Target']))
        for one, other in zip(wanted, there, strict=True))


def is_swarm_id(text: str) -> bool:
    """Return whether a text has the form of the ID of a swarm's object."""
    return re.fullmatch('[0-9a-z]{25}', text) is not None


def to_ports(values):
    """Convert ``["8080:80/tcp"]`` to a list of maps, as Compose does."""
    if not isinstance(values, list):
        return values
    return [_to_port(value) for value in values]


def _to_port(value):
    found = _PORT.fullmatch(str(value)) if isinstance(
        value, str | int) and not isinstance(value, bool) else None
    return value if found is None else {
        name: int(part) if part.isdigit() else part
        for name, part in found.groupdict().items() if part}


def ports_to_api(values: list[dict]) -> list[dict]:
    """Convert a list of ports to the API's list."""
    ports = []
    for value in values:
        ports.append(scalars.drop_none({
            'Name': value.get('name'),
            'Protocol': value.get('protocol') or 'tcp',
            'TargetPort': value['target'],
            'PublishedPort': value.get('published'),
            'PublishMode': value.get('mode') or 'ingress'}))
    return ports


def ports_from_api(values: list[dict] | None) -> list[dict]:
    """Convert the API's ports to a list of maps."""
    return [scalars.drop_empty({
        'name': value.get('Name'), 'target': value.get('TargetPort'),
        'published': value.get('PublishedPort'),
        'protocol': value.get('Protocol'), 'mode': value.get('PublishMode')})
        for value in values or ()]


def addresses_from_api(values: list[dict] | None) -> list[dict]:
    """Convert the API's virtual IP addresses to a list of maps."""
    return [{'network': value.get('NetworkID'), 'address': value.get('Addr')}
            for value in values or ()]


# Secrets and configs.

def secrets_to_api(values: list[dict]) -> list[dict]:
    """Convert a list of secrets to the API's references."""
    return _references(values, 'Secret')


def configs_to_api(values: list[dict]) -> list[dict]:
    """Convert a list of configs to the API's references."""
    return _references(values, 'Config')


def _references(values, kind):
    targets = [value['target'] for value in values]
    for target in targets:
        if targets.count(target) > 1:
            raise ValueError(_('two files have the target %s') % target)
    return [{kind + 'ID': value.get('id') or value['source'],
             kind + 'Name': value['source'],
             'File': {'Name': value['target'],
                      'UID': scalars.to_string(value.get('uid') or '0'),
                      'GID': scalars.to_string(value.get('gid') or '0'),
                      'Mode': storage.octal(value.get('mode') or '0444')}}
            for value in values]


def secrets_from_api(values: list[dict] | None) -> list[dict]:
    """Convert the API's references to a list of secrets."""
    return _files(values, 'Secret')


def configs_from_api(values: list[dict] | None) -> list[dict]:
    """Convert the API's references to a list of configs."""
    return _files(values, 'Config')


def _files(values, kind):
    return [{'source': value.get(kind + 'Name'),
             'target': value['File']['Name'], 'uid': value['File']['UID'],
             'gid': value['File']['GID'],
             'mode': storage.octal_from_api(value['File']['Mode'])}
            for value in values or () if value.get('File')]


def secrets_match(wanted: list[dict], there: list[dict] | None) -> bool:
    """Return whether references are to the same secrets, by ID or name."""
    return _match(wanted, there, 'Secret')


def configs_match(wanted: list[dict], there: list[dict] | None) -> bool:
    """Return whether references are to the same configs, by ID or name."""
    return _match(wanted, there, 'Config')


def _match(wanted, there, kind):
    there = there or []
    return len(wanted) == len(there) and all(
        one['File'] == other.get('File') and one[kind + 'Name'] in (
            other.get(kind + 'ID'), other.get(kind + 'Name'))
        for one, other in zip(wanted, there, strict=True))
