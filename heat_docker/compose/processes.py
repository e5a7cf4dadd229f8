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

"""Converters of keys about the process of a container."""

import math

from . import dotenv
from . import shapes
from . import texts
from . import tree

_SECONDS = {'us': 1e-6, 'µs': 1e-6, 'ns': 1e-9, 'ms': 1e-3, 's': 1, 'm': 60,
            'h': 3600}


def env_file(value, item):
    """Return the environment, unless its own key does."""
    return {} if item.values.get('environment') else environment(
        tree.Map(), item)


def environment(value, item):
    """Return the environment of env files and of the service.

    A name without a value has the value that the environment of the project
    has. Without one, Docker removes the variable of the image.
    """
    found: dict = {}
    for entry in item.values.get('env_file') or ():
        found.update(_of_file(entry, item))
    found.update(value)
    lookup = item.scope.lookup
    pairs = []
    for name, content in found.items():
        if content is None:
            content = lookup(name)
            if content is None:
                if name in value:
                    pairs.append(name)
                continue
            content = texts.variable(name, content)
        pairs.append(texts.join(name, '=', content))
    return {'env': pairs} if pairs else {}


def _of_file(entry, item):
    """Return the variables of an env file."""
    where = item.at('env_file')
    if entry.get('required') is False and (
            item.project.contents.find(entry['path']) is None):
        return {}
    path = entry['path']
    text = item.project.contents.text(path, where, 'the env file')
    found = (dotenv.raw(text) if entry.get('format') == 'raw'
             else item.scope.variables(str(text), path))
    return {name: content and texts.Text([(content, texts.OfEnvFile(
        '%s:%s' % (path, name)))]) for name, content in found.items()}


def labels(value, item):
    """Return the labels of label files and of the service."""
    found: dict = {}
    for path in item.values.get('label_file') or ():
        text = item.project.contents.text(path, item.at('label_file'),
                                          'the label file')
        found.update({name: content or '' for name, content in
                      item.scope.variables(str(text), path).items()})
    return {item.key.target: {**found, **value}}


def label_file(value, item):
    """Return the labels, unless their own key does."""
    return {} if item.values.get('labels') else labels(tree.Map(), item)


def command(value, item):
    """Return a command; an empty one is the same as none."""
    return {'cmd': list(value)} if value else {}


def entrypoint(value, item):
    """Return an entrypoint; an empty list is none."""
    return {'entrypoint': list(value)}


def healthcheck(value, item):
    """Return a health check."""
    checked = item.nested_map(value)
    test = checked.get('test')
    if checked.get('disable') is True or test and test[0] == 'NONE':
        return {'healthcheck': {'disable': True}}
    if isinstance(test, list) and test and test[0] not in (
            'CMD', 'CMD-SHELL'):
        raise item.where.error('test must begin with CMD, CMD-SHELL or NONE')
    checked.pop('disable', None)
    return {'healthcheck': checked} if checked else {}


def test(value, where):
    """Accept a command line, or a list."""
    if isinstance(value, str):
        return tree.List(['CMD-SHELL', value]) if value else None
    return shapes.texts_of(value, where)


def grace_period(value, item):
    """Return whole seconds; a part of a second counts as one."""
    if texts.from_variable(value):
        return {'stop_grace_period': value}
    return {'stop_grace_period': math.ceil(seconds(value))}


def seconds(value: str) -> float:
    """Return a duration in seconds."""
    total, number, unit = 0.0, '', ''
    for character in value + '0':
        if character in '0123456789.':
            if unit:
                total += float(number) * _SECONDS[unit]
                number, unit = '', ''
            number += character
        else:
            unit += character
    return total


def logging(value, item):
    """Return a log driver and its options."""
    found = item.nested_map(value)
    result = {'log_driver': found.get('driver'),
              'log_options': found.get('options')}
    return {name: one for name, one in result.items() if one}


def devices(value, item):
    """Return devices by path, and those with a name of CDI."""
    paths, requests = [], []
    for device in value:
        if not device['source'].startswith('/') and '=' in device['source']:
            requests.append({'driver': 'cdi',
                             'device_ids': [device['source']]})
            continue
        paths.append(texts.join(*(
            part for name, colon in (('source', ''), ('target', ':'),
                                     ('permissions', ':'))
            if device.get(name) for part in (colon, device[name]))))
    result: dict = {'devices': paths} if paths else {}
    return {**result, **({'device_requests': requests} if requests else {})}


def gpus(value, item):
    """Return requests for GPUs."""
    return {'device_requests': [request(one, ['gpu']) for one in value]}


def request(value, capabilities) -> dict:
    """Return a device request; without a count or IDs, it is for all."""
    result = {'driver': value.get('driver'),
              'count': value.get('count'),
              'device_ids': list(value.get('device_ids') or ()),
              'capabilities': [[*dict.fromkeys(
                  [*(value.get('capabilities') or ()), *capabilities])]],
              'options': dict(value.get('options') or {})}
    if result['count'] in (None, 'all') and not result['device_ids']:
        result['count'] = -1
    return {name: one for name, one in result.items() if one}


def ulimits(value, item):
    """Return limits as a map."""
    return {'ulimits': {name: dict(limit) if isinstance(limit, dict)
                        else limit for name, limit in value.items()
                        if limit is not None}}


def blkio(value, item):
    """Return weights and limits of block devices."""
    result: dict = {}
    for key, one, _where in item.nested(value):
        if key.name == 'weight':
            result['blkio_weight'] = one
        else:
            result.setdefault('blkio_config', {})[key.name] = [
                dict(entry) for entry in one]
    return result


def security_opt(value, item):
    """Return security options; a seccomp profile is read from its file."""
    options = []
    for index, option in enumerate(value):
        name, separator, path = option.partition(
            '=' if '=' in option else ':')
        if name == 'seccomp' and path not in ('unconfined', 'builtin'):
            where = item.where.inside(value, index)
            text = item.project.contents.text(
                item.resolve(path, where), where, 'the seccomp profile')
            options.append(texts.join('seccomp=', text))
        else:
            options.append(option)
    return {'security_opt': options}


def pull_policy(value, item):
    """Return when to pull; a container of a built image is not pulled."""
    if item.values.get('build') or value == 'build':
        return {}
    known = {'if_not_present': 'missing', 'missing': 'missing',
             'always': 'always', 'never': 'never'}
    if value in known:
        return {'pull_policy': known[value]}
    if value in ('daily', 'weekly', 'refresh') or value.startswith('every_'):
        item.project.report.note(
            item.where, 'The image is pulled at each create, because nothing '
            'remembers the last pull')
        return {'pull_policy': 'always'}
    raise shapes.wrong(value, item.where, 'a pull policy')

