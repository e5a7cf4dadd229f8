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

"""The process in a container: image, environment, health check."""

import json
import re
import typing

from .. import i18n
from . import scalars

_ = i18n._

# https://man7.org/linux/man-pages/man7/capabilities.7.html
CAPABILITIES = frozenset((
    'ALL', 'AUDIT_CONTROL', 'AUDIT_READ', 'AUDIT_WRITE', 'BLOCK_SUSPEND',
    'BPF', 'CHECKPOINT_RESTORE', 'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH',
    'FOWNER', 'FSETID', 'IPC_LOCK', 'IPC_OWNER', 'KILL', 'LEASE',
    'LINUX_IMMUTABLE', 'MAC_ADMIN', 'MAC_OVERRIDE', 'MKNOD', 'NET_ADMIN',
    'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_RAW', 'PERFMON', 'SETFCAP',
    'SETGID', 'SETPCAP', 'SETUID', 'SYSLOG', 'SYS_ADMIN', 'SYS_BOOT',
    'SYS_CHROOT', 'SYS_MODULE', 'SYS_NICE', 'SYS_PACCT', 'SYS_PTRACE',
    'SYS_RAWIO', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'WAKE_ALARM',
))

# Names of security options on Linux; proc-opts, mask and unmask are those of
# Podman:
# https://docs.podman.io/en/latest/markdown/podman-create.1.html#security-opt-option
_SECURITY_OPTIONS = ('apparmor', 'label', 'no-new-privileges', 'seccomp',
                     'writable-cgroups', 'mask', 'unmask', 'proc-opts',
                     'disable')
# Options that have a meaning without a value.
_SWITCHES = ('disable', 'no-new-privileges', 'writable-cgroups')

# https://docs.docker.com/engine/security/seccomp/
_SECCOMP = ('unconfined', 'builtin')

# Prefix of the names of Heat's own labels.
OWN_LABELS = 'org.openstack.heat.'
# The names without the prefix. A container inherits the labels of its image
# unless it sets them, so objects that can inherit labels set all of these.
OWN_LABEL_NAMES = ('stack_id', 'stack_name', 'resource_name', 'resource_id',
                   'project_id', 'helper_of', 'copy_of', 'snapshot_of')

_HEALTH_TIMES = {'interval': 'Interval', 'timeout': 'Timeout',
                 'start_period': 'StartPeriod',
                 'start_interval': 'StartInterval'}

# The grammar of https://github.com/distribution/reference/blob/main/regexp.go
_COMPONENT = r'[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*'

_DOMAIN_LABEL = r'(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'

_IMAGE = re.compile(
    r'(?:(?:{label}(?:\.{label})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?/)?'
    r'{component}(?:/{component})*'
    r'(?::\w[\w.-]{{0,127}})?'
    r'(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*'
    r':[0-9a-fA-F]{{32,}})?'.format(label=_DOMAIN_LABEL,
                                    component=_COMPONENT), re.ASCII)


def image(value: str) -> str:
    """Return an image reference if Docker can parse it."""
    if not (_IMAGE.fullmatch(value)
            or re.fullmatch('(sha256:)?[0-9a-f]{12,64}', value)):
        raise ValueError(_('%r is not an image reference, such as '
                           '"registry:5000/path/name:tag"') % value)
    return value


def name_claims(name: str) -> list[tuple]:
    """Return the name of a container as a claim."""
    return [('name', name.lstrip('/'), '')]


def name_from_api(value: str) -> str:
    """Return a container's name without the slash that Docker adds."""
    return value.lstrip('/')


def env_to_api(values: list) -> list[str]:
    """Check and normalize a list of ``KEY=value``.

    Messages do not contain the values, which may be secrets.
    """
    for number, value in enumerate(values, 1):
        if not isinstance(value, (str, int, float)):
            raise ValueError(_('entry %d is not a string') % number)
        line = scalars.to_string(value)
        if not line or line.startswith('=') or '\0' in line:
            raise ValueError(_('entry %d does not begin with the name of an '
                               'environment variable') % number)
    return scalars.to_strings(values)


def env_masked(values: list) -> list[str]:
    """Return environment variables without their values."""
    return [scalars.to_string(value).partition('=')[0] + '=***'
            for value in values]


def capabilities_to_api(values: list) -> list[str]:
    """Convert names of capabilities, in any usual spelling, to the API's."""
    result = []
    for value in values:
        capability = scalars.to_string(value).upper()
        capability = capability[4:] if capability.startswith(
            'CAP_') else capability
        if capability not in CAPABILITIES:
            raise ValueError(_('%r is not a Linux capability') % value)
        result.append(capability)
    # Capabilities are a set: their order has no meaning.
    return sorted(set(result))


def capabilities_from_api(values: list[str] | None) -> list[str]:
    """Convert the API's capabilities, with or without ``CAP_``, to names."""
    return [value[4:] if value.startswith('CAP_') else value
            for value in values or ()]


def security_option(value: str) -> tuple[str, str]:
    """Return the name and the value of a security option.

    Docker splits an option at the first "=", or without one, at the first
    colon: https://github.com/moby/moby/blob/v28.0.0/daemon/daemon_unix.go.
    """
    name, _separator, text = value.partition('=' if '=' in value else ':')
    return name, text


def security_options_to_api(values: list) -> list[str]:
    """Check a list of security options.

    Docker's command line reads the file of a seccomp profile, and has the
    option systempaths; the API accepts neither:
    https://github.com/docker/cli/blob/v28.0.0/cli/command/container/opts.go
    """
    for value in scalars.to_strings(values):
        name, text = security_option(value)
        if name == 'systempaths':
            raise ValueError(_('%r is an option of Docker\'s command line, '
                               'which the API does not accept') % value)
        if name not in _SECURITY_OPTIONS:
            raise ValueError(_('%(option)r is not a security option. Their '
                               'names are %(names)s')
                             % {'option': value,
                                'names': ', '.join(_SECURITY_OPTIONS)})
        if name == 'seccomp' and text not in _SECCOMP and not (
                _is_json_map(text)):
            raise ValueError(_('%r does not contain a seccomp profile. The '
                               'daemon does not read files: join "seccomp=" '
                               'and the text from get_file') % value)
        if not text and name not in _SWITCHES:
            raise ValueError(_('the security option %s has no value') % name)
    return scalars.to_strings(values)


def _is_json_map(text):
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def is_shared(mode: str) -> bool:
    """Return whether a mode shares a namespace of the host or a container.

    Two containers in one namespace can conflict like two processes of one
    host: both may use the same ports, or write to the same memory.
    """
    return mode == 'host' or mode.startswith('container:')


def restart_policy_to_api(value: dict) -> dict:
    """Check that only ``on-failure`` has a number of retries."""
    name = value.get('Name') or 'no'
    retries = value.get('MaximumRetryCount') or 0
    if retries < 0:
        raise ValueError(_('MaximumRetryCount is %s; it cannot be negative')
                         % retries)
    if retries and name != 'on-failure':
        raise ValueError(_('MaximumRetryCount is %(retries)s, but is only '
                           'valid for the restart policy on-failure, not for '
                           '%(name)s')
                         % {'retries': retries, 'name': name})
    return {'Name': name, 'MaximumRetryCount': retries}


def restart_policy_from_api(value: dict | None) -> dict:
    """Convert the API's restart policy to the property's map."""
    value = value or {}
    return {'Name': value.get('Name') or 'no',
            'MaximumRetryCount': value.get('MaximumRetryCount') or 0}


def last_line(output: str) -> str:
    """Return the last line of the output of a container."""
    return output.rstrip('\n').split('\n')[-1].rstrip('\r')


def labels_to_api(value: dict) -> dict[str, str]:
    """Convert a map of name to scalar to labels; refuse Heat's own labels."""
    for name in scalars.to_strings(value):
        if name.startswith(OWN_LABELS):
            raise ValueError(_('the label %s is reserved for Heat') % name)
    return scalars.to_string_map(value)


def labels_from_api(value: dict | None) -> dict[str, str]:
    """Convert the API's labels to a map without Heat's own labels."""
    return {name: item for name, item in (value or {}).items()
            if not name.startswith(OWN_LABELS)}


def healthcheck_to_api(value: dict) -> dict:
    """Convert a health check to the API's, with times in nanoseconds."""
    value = scalars.drop_none(value)
    test = scalars.to_strings(value.get('test') or ())
    if value.get('disable') or test == ['NONE']:
        return {'Test': ['NONE']}
    if test and (test[0] not in ('CMD', 'CMD-SHELL') or len(test) < 2):
        raise ValueError(_('the test %r of a health check must begin with CMD '
                           'or CMD-SHELL, followed by a command') % test)
    check: dict[str, typing.Any] = {'Test': test} if test else {}
    for name, key in _HEALTH_TIMES.items():
        seconds = value.get(name)
        if seconds and seconds < 0.001:
            raise ValueError(_('%(name)s of a health check is %(value)s, but '
                               'must be at least 0.001 s')
                             % {'name': name, 'value': seconds})
        if seconds:
            check[key] = scalars.nanoseconds(seconds)
    if value.get('retries', 0) < 0:
        raise ValueError(_('retries of a health check is %s, but cannot be '
                           'negative') % value['retries'])
    if value.get('retries'):
        check['Retries'] = value['retries']
    return check


def healthcheck_from_api(value: dict | None) -> dict:
    """Convert the API's health check to a map with times in seconds."""
    value = value or {}
    if value.get('Test') == ['NONE']:
        return {'disable': True}
    check = {'test': value['Test']} if value.get('Test') else {}
    for name, key in _HEALTH_TIMES.items():
        if value.get(key):
            check[name] = scalars.seconds(value[key])
    if value.get('Retries'):
        check['retries'] = value['Retries']
    return check


def umask_to_api(value: str) -> int:
    """Convert a file mode creation mask, such as "0022", to a number."""
    return int(scalars.to_string(value), 8)


def umask_from_api(value: int | None) -> str | None:
    """Convert a number to a file mode creation mask of four digits."""
    return None if value is None else '%04o' % value
