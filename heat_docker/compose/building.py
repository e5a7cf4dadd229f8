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

"""Converters of ``build`` and ``deploy``."""

import fnmatch
import posixpath

from . import contents
from . import longhand
from . import mounting
from . import processes
from . import texts

_IGNORE = '.dockerignore'


def build(value, item):
    """Return no property of the container; see :func:`image`."""
    return {}


def image(value, item) -> dict:
    """Return the properties of the image that a service builds.

    :param value: the value of ``build``.
    """
    inputs: dict = {}
    outer: dict = {}
    for key, one, where in item.nested(value):
        one = key.convert(one, item.of(key, where))
        for name, part in one.items():
            top = name in ('tags', 'platform')
            target = outer if top else inputs
            if isinstance(target.get(name), list):
                part = [*target[name], *part]
            target[name] = part
    inputs.update(_source(value, item))
    tags = [item.values['image']] if item.values.get('image') else []
    tags += outer.get('tags') or []
    platform = outer.get('platform') or item.values.get('platform')
    return {'build': inputs,
            **({'tags': list(dict.fromkeys(tags))} if tags else {}),
            **({'platform': platform} if platform else {})}


def _source(value, item):
    """Return the Dockerfile and the context of a build."""
    where = item.where.inside(value, 'context')
    context = value.get('context')
    inline, path = value.get('dockerfile_inline'), value.get('dockerfile')
    if inline and path:
        raise where.error('dockerfile and dockerfile_inline are mutually '
                          'exclusive')
    if context and longhand.is_remote(context):
        if inline:
            raise where.error('dockerfile_inline requires a context of the '
                              'project')
        return {'context': context,
                **({'dockerfile_path': path} if path else {})}
    files = item.project.contents
    context = context or item.resolve('.', where)
    if inline:
        dockerfile, own = inline, None
    else:
        own = posixpath.normpath(posixpath.join(context,
                                                path or 'Dockerfile'))
        if own.startswith(('..', '/')):
            raise where.error('the Dockerfile leaves the directory of the '
                              'project')
        dockerfile = files.text(own, where, 'the Dockerfile')
    found = {posixpath.relpath(one, context): one
             for one in files.below(context, where)}
    ignored = _ignored(found.get(_IGNORE), files)
    sources = {}
    for name, one in found.items():
        if one != own and name not in ('Dockerfile', _IGNORE) and not ignored(
                name):
            content = files.get(one, where, 'the file')
            script = mounting.is_script(content)
            key, content = contents.encoded(content)
            sources[name] = content if key == 'content' and not script else {
                key: content, **({'mode': mounting.SCRIPT} if script
                                 else {})}
    return {'dockerfile': dockerfile, **({'files': sources} if sources
                                         else {})}


def _ignored(path, files):
    """Return a function that tells which paths ``.dockerignore`` excludes.

    https://docs.docker.com/build/concepts/context/#dockerignore-files
    """
    text = files.find(path) if path else None
    rules = []
    for line in text.splitlines() if isinstance(text, str) else ():
        line = line.strip()
        if line and not line.startswith('#'):
            keep = line.startswith('!')
            pattern = posixpath.normpath(line.lstrip('!').lstrip('/'))
            rules.append((keep, pattern.replace('**/', '*')))

    def test(name):
        result = False
        parts = name.split('/')
        parents = ['/'.join(parts[:end]) for end in range(1, len(parts) + 1)]
        for keep, pattern in rules:
            if any(fnmatch.fnmatchcase(one, pattern) and (
                    '*' in pattern or one.count('/') == pattern.count('/'))
                    for one in parents):
                result = not keep
        return result
    return test


def args(value, item):
    """Return build arguments; a name alone has the value of a variable."""
    result = {}
    for name, one in value.items():
        if one is None:
            content = item.scope.lookup(name)
            one = None if content is None else texts.variable(
                name, content)
        result[name] = one
    return {'args': result} if result else {}


def cache_from(value, item):
    """Return images whose layers the build may use."""
    images = []
    for index, one in enumerate(value):
        if '=' in one:
            kind, _equals, name = one.partition('type=registry,ref=')
            if kind or not name:
                item.project.report.note(
                    item.where.inside(value, index),
                    'Only images are used as a cache')
                continue
            one = name
        images.append(one)
    return {'cache_from': images} if images else {}


def platforms(value, item):
    """Return the one platform of an image."""
    if len(value) > 1:
        item.project.report.refuse(
            item.where, 'an image is built for one platform; set platform')
    return {'platform': value[0]} if value else {}


def deploy(value, item):
    """Return what the keys of ``deploy`` set for each container."""
    result: dict = {}
    for key, one, where in item.nested(value):
        result.update(key.convert(one, item.of(key, where)))
    return result


def mode(value, item):
    """Return nothing for services with a number of containers."""
    if value != 'replicated':
        item.project.report.refuse(
            item.where, 'only the mode replicated is supported, because there '
            'is one host')
    return {}


def resources(value, item):
    """Return limits and reservations."""
    result: dict = {}
    for key, one, where in item.nested(value):
        inner = item.of(key, where)
        for part, content, place in inner.nested(one):
            result.update(part.convert(content, inner.of(part, place)))
    return result


def devices(value, item):
    """Return requests for devices."""
    return {'device_requests': [processes.request(one, []) for one in value]}


def restart_policy(value, item):
    """Return a restart policy."""
    found = item.nested_map(value)
    condition = found.get('condition') or 'any'
    names = {'none': 'no', 'on-failure': 'on-failure', 'any': 'always',
             'always': 'always', 'unless-stopped': 'unless-stopped'}
    if condition not in names:
        raise item.where.error('condition must be none, on-failure or any')
    name = names[condition]
    if name == 'on-failure' and found.get('max_attempts'):
        name = texts.join(name, ':', str(found['max_attempts']))
    return {'restart_policy': name}
