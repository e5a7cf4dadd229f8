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

"""The long forms of what Compose files may write in a short form.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md
describes both forms of each key. See :mod:`shapes` for the functions.
"""

import posixpath
import re

from . import contents
from . import shapes
from . import texts
from . import tree

_PORTS = re.compile('([0-9]{1,5})(?:-([0-9]{1,5}))?', re.ASCII)
_PROTOCOL = re.compile('[a-z]{1,10}', re.ASCII)
_PROPAGATION = ('private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave')
# Options of a bind mount that have no effect on Linux:
# https://docs.docker.com/engine/storage/bind-mounts/
_CONSISTENCY = ('consistent', 'cached', 'delegated')
_VOLUME = re.compile('[a-zA-Z0-9][a-zA-Z0-9_.-]*', re.ASCII)
# What the builder fetches by itself:
# https://docs.docker.com/build/concepts/context/
_REMOTE = re.compile(r'[a-z][a-z0-9+.-]*://|git@|github\.com/',
                     re.IGNORECASE)
_CONDITIONS = ('service_started', 'service_healthy',
               'service_completed_successfully')


def fields(**shapes_by_key):
    """Return the shape of a map with only these keys and ``x-…``."""
    def inner(value, where):
        if not isinstance(value, tree.Map):
            raise shapes.wrong(value, where, 'a map')
        result = tree.Map()
        for key, item in value.items():
            if key.startswith('x-'):
                continue
            place = where.inside(value, key)
            if key not in shapes_by_key:
                raise place.error('the key is unknown; known keys are %s'
                                  % ', '.join(shapes_by_key))
            result.put(key, shapes.optional(shapes_by_key[key])(item, place),
                       place.place)
        return result
    return inner


def span(value: str) -> tuple[int, int] | None:
    """Return the first and the last port of ``80`` or ``80-89``, or None."""
    found = _PORTS.fullmatch(value)
    if found is None:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    return (first, last) if 0 <= first <= last <= 65535 else None


def port_text(value, where):
    """Accept a port or a range of ports."""
    value = shapes.text(value, where)
    if value and span(value) is None:
        raise shapes.wrong(value, where, 'a port or a range, such as '
                           '8080-8089')
    return value


def protocol(value, where):
    """Accept the name of a protocol."""
    value = shapes.text(value, where).lower()
    if not _PROTOCOL.fullmatch(value):
        raise shapes.wrong(value, where, 'a protocol, such as udp')
    return value


_PORT = fields(target=port_text, published=port_text, host_ip=shapes.text,
               protocol=protocol, app_protocol=shapes.text, mode=shapes.text,
               name=shapes.text)


def port(value, where):
    """Return a published port as a map."""
    if isinstance(value, tree.Map):
        result = _PORT(value, where)
    else:
        line, _slash, kind = texts.partition(shapes.text(value, where), '/')
        host, _colon, target = texts.rpartition(line, ':')
        address, colon, published = texts.rpartition(host, ':')
        result = _PORT(tree.Map({
            'target': target, 'published': published, 'protocol': kind or
            'tcp', **({'host_ip': address} if colon else {})}), where)
    if not result.get('target'):
        raise where.error('a port requires target, the port in the container')
    address = str(result.get('host_ip') or '')
    if address.startswith('[') and address.endswith(']'):
        result['host_ip'] = address[1:-1]
    target, published = span(result['target']), span(
        result.get('published') or '')
    if target[0] < target[1] and published and (
            published[1] - published[0] != target[1] - target[0]):
        raise where.error('the ranges of host ports and container ports have '
                          'different lengths')
    return result


def port_key(value):
    """Return what makes a published port unique in a merge."""
    return tuple(str(value.get(key) or '') for key in (
        'host_ip', 'target', 'published')) + (value.get('protocol') or 'tcp',)


def octal(value, where):
    """Return permissions as an octal number with a leading zero."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = '0%o' % value if value >= 0 else str(value)
    value = shapes.text(value, where)
    if not re.fullmatch('0?o?[0-7]{1,4}', value):
        raise shapes.wrong(value, where, 'an octal mode, such as 0440')
    return '0%o' % int(value.replace('o', ''), 8)


_MOUNT = fields(
    type=shapes.text, source=shapes.text, target=shapes.text,
    read_only=shapes.boolean, consistency=shapes.text,
    bind=fields(propagation=shapes.text, create_host_path=shapes.boolean,
                selinux=shapes.text, recursive=shapes.text),
    volume=fields(nocopy=shapes.boolean, subpath=shapes.text,
                  labels=shapes.labels),
    tmpfs=fields(size=shapes.size, mode=octal),
    image=fields(subpath=shapes.text))


def mount(value, where):
    """Return a mount as a map."""
    if isinstance(value, tree.Map):
        result = _MOUNT(value, where)
    else:
        result = _short_mount(shapes.text(value, where), where)
    kind = result.get('type')
    if kind not in ('bind', 'volume', 'tmpfs', 'image', 'npipe', 'cluster'):
        raise where.error('type is required, and is bind, volume, tmpfs or '
                          'image')
    if not (result.get('target') or '').startswith('/'):
        raise where.error('%s, the target of a mount, is not an absolute '
                          'path in the container'
                          % texts.shown(result.get('target')))
    result['target'] = texts.cut(result['target'], 0, len(
        result['target'].rstrip('/')) or 1)
    if kind == 'bind':
        result['source'] = bind_source(result.get('source'), where)
    return result


def bind_source(source, where):
    """Return an absolute path of the host, or a path in the contents."""
    if not source:
        raise where.error('a bind mount requires a source')
    if source.startswith('~'):
        raise where.error('%s: the home directory on the host of the daemon '
                          'is not known; write an absolute path'
                          % texts.shown(source))
    if source.startswith('/') and not contents.below_root(source, where):
        return source
    return contents.resolve(source, where)


def _short_mount(value, where):
    """Return the map of ``source:target:mode``."""
    source, *rest = texts.split(value, ':')
    if not rest:
        return tree.Map({'type': 'volume', 'target': source})
    if len(rest) > 2:
        raise shapes.wrong(value, where, 'a volume, such as data:/data:ro')
    kind = 'bind' if source.startswith(('/', '.', '~')) else 'volume'
    if kind == 'volume' and not _VOLUME.fullmatch(source):
        raise shapes.wrong(source, where, 'the name of a volume; a relative '
                           'path begins with "./"')
    result = tree.Map({'type': kind, 'source': source, 'target': rest[0]})
    for option in texts.split(rest[1], ',') if rest[1:] else ():
        _add_option(result, option, where)
    if kind == 'bind':
        result.setdefault('bind', tree.Map()).setdefault(
            'create_host_path', True)
    return result


def _add_option(result, option, where):
    """Add an option of a short volume to its map."""
    if option in ('ro', 'rw', ''):
        result['read_only'] = option == 'ro'
    elif option in ('z', 'Z'):
        result.setdefault('bind', tree.Map())['selinux'] = option
    elif option == 'nocopy':
        result.setdefault('volume', tree.Map())['nocopy'] = True
    elif option in _PROPAGATION:
        result.setdefault('bind', tree.Map())['propagation'] = option
    elif option not in _CONSISTENCY:
        raise shapes.wrong(option, where, 'an option of a volume, such as ro')


def mount_key(value):
    """Return what makes a mount unique in a merge."""
    return value['target']


_DEVICE = fields(source=shapes.text, target=shapes.text,
                 permissions=shapes.text)


def device(value, where):
    """Return a device as a map."""
    if isinstance(value, tree.Map):
        result = _DEVICE(value, where)
        if not result.get('source'):
            raise where.error('a device requires a source')
    else:
        parts = texts.split(shapes.text(value, where), ':')
        if len(parts) > 3 or not parts[0]:
            raise shapes.wrong(value, where, 'a device, such as '
                               '/dev/ttyUSB0:/dev/ttyUSB0:rw')
        result = tree.Map(zip(('source', 'target', 'permissions'), parts,
                              strict=False))
    if not result.get('target'):
        result['target'] = result['source']
    return result


def device_key(value):
    """Return what makes a device unique in a merge."""
    return value['target']


_NETWORK = fields(
    aliases=shapes.texts_of, ipv4_address=shapes.text,
    ipv6_address=shapes.text, link_local_ips=shapes.texts_of,
    mac_address=shapes.text, interface_name=shapes.text,
    driver_opts=shapes.texts_by_name, priority=shapes.number,
    gw_priority=shapes.integer)


def networks(value, where):
    """Return the networks of a service as a map."""
    value = shapes.names(value, where)
    return shapes.map_of(shapes.optional(_NETWORK))(value, where)


_DEPENDENCY = fields(condition=shapes.text, required=shapes.boolean,
                     restart=shapes.boolean)


def _dependency(value, where):
    """Return a dependency as a map with its condition."""
    result = tree.Map() if value is None else _DEPENDENCY(value, where)
    condition = result.setdefault('condition', _CONDITIONS[0])
    if condition not in _CONDITIONS:
        raise shapes.wrong(condition, where, 'one of %s'
                           % ', '.join(_CONDITIONS))
    return result


def depends_on(value, where):
    """Return dependencies as a map of service to its condition."""
    value = shapes.names(value, where)
    return shapes.map_of(_dependency)(value, where)


_GRANT = fields(source=shapes.text, target=shapes.text, uid=shapes.integer,
                gid=shapes.integer, mode=octal)


def grant(value, where):
    """Return the use of a config or a secret as a map."""
    result = (_GRANT(value, where) if isinstance(value, tree.Map)
              else tree.Map(source=shapes.text(value, where)))
    if not result.get('source'):
        raise where.error('a config or secret requires a source')
    return result


def grant_key(value):
    """Return what makes a config or a secret unique in a merge."""
    return value.get('target') or value['source']


def path(value, where):
    """Return the path of a file of the project."""
    return contents.resolve(shapes.text(value, where), where)


_ENV_FILE = fields(path=path, required=shapes.boolean, format=shapes.text)


def _env_file(value, where):
    result = (_ENV_FILE(value, where) if isinstance(value, tree.Map)
              else tree.Map(path=path(value, where)))
    if not result.get('path'):
        raise where.error('path is required')
    if result.get('format') not in (None, '', 'raw'):
        raise shapes.wrong(result['format'], where, 'a format; only raw is '
                           'known')
    return result


def env_files(value, where):
    """Return env files as a list of maps."""
    if isinstance(value, tree.List):
        return shapes.list_of(_env_file)(value, where)
    return tree.List([_env_file(value, where)], places=[where.place])


def paths(value, where):
    """Return one or more paths of files as a list."""
    value = shapes.one_or_more(value, where)
    return shapes.list_of(path)(value, where)


_EXTENDS = fields(service=shapes.text, file=path)


def extends(value, where):
    """Return the service that a service extends as a map."""
    result = (tree.Map(service=value) if isinstance(value, str)
              else _EXTENDS(value, where))
    if not result.get('service'):
        raise where.error('service is required')
    return result


def context(value, where):
    """Return the context of a build: a URL, or a path in the contents."""
    value = shapes.text(value, where)
    return value if is_remote(value) else path(value, where)


def is_remote(value: str) -> bool:
    """Return whether the builder fetches the context by itself."""
    return bool(_REMOTE.match(value))


def build(shape):
    """Return the shape of a build, which can be only a context."""
    def inner(value, where):
        if isinstance(value, str):
            value = tree.Map(context=value)
        return shape(value, where)
    return inner


_LIMIT = fields(soft=shapes.integer, hard=shapes.integer)


def _limit(value, where):
    """Accept a limit, or a map of a soft and a hard limit."""
    if isinstance(value, tree.Map):
        return _LIMIT(value, where)
    return shapes.integer(value, where)


ulimits = shapes.map_of(_limit)


def _hosts(value, where):
    if isinstance(value, tree.List):
        return shapes.texts_of(value, where)
    return tree.List([shapes.text(value, where)])


def extra_hosts(value, where):
    """Return hosts as a list of ``name=address``."""
    if isinstance(value, tree.List):
        return tree.List([_host(item, where.inside(value, index))
                          for index, item in enumerate(value)],
                         places=value.places)
    result = tree.List()
    for name, addresses in shapes.map_of(_hosts)(value, where).items():
        for address in addresses if isinstance(addresses, list) else ():
            result.add(texts.join(name, '=', address), value.place(name))
    return result


def _host(value, where):
    value = shapes.text(value, where)
    if '=' not in value and ':' not in value:
        raise shapes.wrong(value, where, 'a host, such as db=192.0.2.7')
    return value


def _count(value, where):
    return value if value == 'all' else shapes.integer(value, where)


_REQUEST = fields(
    capabilities=shapes.texts_of, driver=shapes.text,
    count=_count, device_ids=shapes.texts_of, options=shapes.pairs)


def device_request(value, where):
    """Return a reservation of devices as a map."""
    result = _REQUEST(value, where)
    if result.get('count') is not None and result.get('device_ids'):
        raise where.error('count and device_ids are mutually exclusive')
    return result


generic_resources = shapes.list_of(fields(discrete_resource_spec=fields(
    kind=shapes.text, value=shapes.integer)))


def gpus(value, where):
    """Return requests for GPUs as a list."""
    if value == 'all':
        return tree.List([tree.Map(count='all')], places=[where.place])
    return shapes.list_of(device_request)(value, where)


def restart(value, where):
    """Return a restart policy as ``name`` or ``on-failure:3``."""
    if isinstance(value, bool):
        # "no" without quotes is false in YAML 1.1.
        value = 'always' if value else 'no'
    value = shapes.text(value, where)
    if not re.fullmatch('no|always|unless-stopped|on-failure(:[0-9]{1,9})?',
                        value):
        raise shapes.wrong(value, where, 'a restart policy: no, always, '
                           'unless-stopped or on-failure:3')
    return value


def external(value, where):
    """Accept true or false, or the old form with a name."""
    if isinstance(value, tree.Map):
        return fields(name=shapes.text)(value, where).get('name') or True
    return shapes.boolean(value, where) in (True, 'true', 'True')


_INCLUDE = fields(path=shapes.one_or_more, project_directory=shapes.text,
                  env_file=shapes.one_or_more)


def _include(value, where):
    result = (_INCLUDE(value, where) if isinstance(value, tree.Map)
              else tree.Map(path=shapes.one_or_more(value, where)))
    if not result.get('path'):
        raise where.error('path is required')
    result['path'] = paths(result['path'], where)
    if result.get('env_file'):
        result['env_file'] = paths(result['env_file'], where)
    result['project_directory'] = (
        path(result['project_directory'], where)
        if result.get('project_directory')
        else posixpath.dirname(result['path'][0]))
    return result


def includes(value, where):
    """Return the projects that a file includes, as a list of maps."""
    return shapes.list_of(_include)(value, where)
