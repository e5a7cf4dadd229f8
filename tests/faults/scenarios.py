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

"""The actions that faults are tried in: a table with an entry for each."""

import dataclasses

from tests.functional import base

_ENDS = ['/absent']
_A, _B = {'env': ['A=1']}, {'env': ['A=2']}
_ALWAYS = {'restart_policy': {'Name': 'always'}}
_SUBNET = {'name': '{me}', 'ipam': {'config': [
    {'subnet': '{ipa}.0/24'}]}}
_CREATE = (('create',),)
_DOCKERFILE = 'FROM {busybox}\nENV A=%d\n'


@dataclasses.dataclass(frozen=True)
class Scenario:
    """An action that a fault happens in.

    :ivar kind: kind of the resource.
    :ivar name: name of the scenario, which begins with the action.
    :ivar properties: of the resource when it is created.
    :ivar act: the action and its arguments.
    :ivar before: actions before it.
    :ivar after: actions, one of which follows if the action has failed: each
        a tuple of actions in turn. The stack is always deleted in the end.
    :ivar member: properties of a container that uses the object.
    """

    kind: str
    name: str
    properties: dict
    act: tuple
    before: tuple = _CREATE
    after: tuple = ()
    member: dict | None = None


def _create(kind, name, properties, other):
    """Return a create; what follows is an update, or a replacement."""
    return Scenario(kind, name, properties, ('create',), (), (
        (('update', properties),), (('update', {**properties, **other}),),
        ()))


def _update(kind, name, before, after, **more):
    """Return an update; what follows is another one, or the way back."""
    return Scenario(kind, name, before, ('update', after), after=(
        (('update', after),), (('update', before),), ()), **more)


def _failed(kind, name, good, bad, between=(), **more):
    """Return a rollback of a replacement that fails."""
    return Scenario(
        kind, name, good, ('rollback',),
        (*_CREATE, *between, ('fail', 'update', bad)), (
            (('update', good),), ()), **more)


def _again(kind, name, properties, *act, before=_CREATE, then=()):
    """Return an action that can be repeated."""
    return Scenario(kind, name, properties, act, before,
                    ((act,), *then, ()))


_SNAPSHOT = (*_CREATE, ('snapshot',))
_UNIQUE = {'name': '{me}', 'port_bindings': {'80': '{port}'}}

SCENARIOS = {'%s/%s' % (one.kind, one.name): one for one in (
    _create('container', 'create', {**_A, **_ALWAYS}, _B),
    _create('container', 'create-networks', {
        'networks': [{'network': '{network}'}, {'network': '{network2}'}],
        'files': [{'path': '/etc/x', 'content': 'x'}],
        'mounts': [{'type': 'volume', 'source': '{volume}',
                    'target': '/data'}]}, _B),
    _create('container', 'create-pull', {'image': '{tag}'}, _B),
    _create('container', 'create-job', {
        'cmd': ['true'], 'wait_for': 'completed'}, _B),
    _create('container', 'create-healthy', {
        'wait_for': 'healthy', 'healthcheck': {
            'test': ['CMD', 'true'], 'interval': 1}}, _B),
    _update('container', 'update', {'name': '{me}'}, {
        'name': '{me}x', 'memory': 2 ** 26, **_ALWAYS}),
    _update('container', 'update-networks', {
        'networks': [{'network': '{network}'}]}, {
            'networks': [{'network': '{network2}', 'aliases': ['a']}]}),
    _update('container', 'replace', _A, _B),
    _update('container', 'replace-unique', {**_UNIQUE, **_A, **_ALWAYS},
            {**_UNIQUE, **_B, **_ALWAYS}),
    _failed('container', 'rollback', {**_UNIQUE, **_ALWAYS},
            {**_UNIQUE, 'cmd': _ENDS}),
    _failed('container', 'rollback-update', {'name': '{me}'},
            {'cmd': _ENDS}),
    _again('container', 'suspend', _ALWAYS, 'suspend', then=(
        (('resume',),), (('update', _ALWAYS),))),
    _again('container', 'suspend-pause', {'suspend_mode': 'pause'},
           'suspend', then=((('resume',),),)),
    _again('container', 'resume', _ALWAYS, 'resume',
           before=(*_CREATE, ('suspend',)), then=(
               (('update', _ALWAYS),), (('suspend',), ('resume',)))),
    _again('container', 'resume-pause', {'suspend_mode': 'pause'}, 'resume',
           before=(*_CREATE, ('suspend',)), then=(
               (('update', {'suspend_mode': 'pause'}),),)),
    _again('container', 'check', _A, 'check', then=((('update', _A),),)),
    _again('container', 'snapshot', _A, 'snapshot', then=(
        (('update', _B),),)),
    _again('container', 'delete-snapshot', _A, 'delete-snapshot',
           before=_SNAPSHOT),
    _again('container', 'restore', _A, 'restore', before=_SNAPSHOT, then=(
        (('update', _A),),)),
    _again('container', 'adopt', {}, 'adopt', before=()),
    _again('container', 'delete', {
        'mounts': [{'type': 'volume', 'target': '/anonymous'}], **_ALWAYS},
        'delete'),
    _again('container', 'delete-keep', _A, 'delete-but-keep'),
    _again('container', 'signal-restart', _ALWAYS, 'signal',
           {'action': 'restart'}, then=((('update', _ALWAYS),),)),
    _again('container', 'signal-kill', {}, 'signal',
           {'action': 'kill', 'signal': 'WINCH'}),

    _create('volume', 'create', {'labels': {'a': '1'}},
            {'labels': {'a': '2'}}),
    _create('volume', 'create-fill', {'source_volume': '{volume}'},
            {'labels': {'a': '2'}}),
    _update('volume', 'replace', {'labels': {'a': '1'}},
            {'labels': {'a': '2'}}),
    _failed('volume', 'rollback', {'labels': {'a': '1'}},
            {'driver': 'absent'}),
    _again('volume', 'check', {}, 'check', then=((('update', {}),),)),
    _again('volume', 'snapshot', {}, 'snapshot'),
    _again('volume', 'delete-snapshot', {}, 'delete-snapshot',
           before=_SNAPSHOT),
    _again('volume', 'restore', {}, 'restore', before=_SNAPSHOT, then=(
        (('update', {}),),)),
    _again('volume', 'adopt', {}, 'adopt', before=()),
    _again('volume', 'delete', {}, 'delete'),
    _again('volume', 'delete-keep', {}, 'delete-but-keep'),

    _create('network', 'create', _SUBNET, {'labels': {'a': '2'}}),
    _create('network', 'create-from', {'config_from': '{config}'},
            {'labels': {'a': '2'}}),
    _update('network', 'replace', _SUBNET, {
        **_SUBNET, 'labels': {'a': '2'}}),
    Scenario('network', 'replace-member', _SUBNET, (
        'update', {**_SUBNET, 'labels': {'a': '2'}}),
        (*_CREATE, ('join',)), (
            (('update', {**_SUBNET, 'labels': {'a': '2'}}),),
            (('update', _SUBNET),), ()),
        {'networks': [{'network': '{me}', 'aliases': ['a']}]}),
    _failed('network', 'rollback', _SUBNET, {**_SUBNET, 'driver': 'absent'}),
    _failed('network', 'rollback-member', _SUBNET, {
        **_SUBNET, 'driver': 'absent'}, between=(('join',),),
        member={'networks': [{'network': '{me}', 'aliases': ['a']}]}),
    _again('network', 'check', {}, 'check', then=((('update', {}),),)),
    _again('network', 'adopt', {}, 'adopt', before=()),
    _again('network', 'delete', {}, 'delete'),

    _create('image', 'create', {'image': '{tag}', 'keep': None},
            {'triggers': {'a': '1'}}),
    _create('image', 'create-build', {
        'image': None, 'keep': None, 'build': {
            'dockerfile': _DOCKERFILE % 1}},
        {'build': {'dockerfile': _DOCKERFILE % 2}}),
    _create('image', 'create-push', {
        'image': None, 'keep': None, 'tags': ['{tag_new}'], 'push': True,
        'build': {'dockerfile': _DOCKERFILE % 1}}, {}),
    _update('image', 'replace', {'image': '{tag}', 'keep': None}, {
        'image': '{tag2}', 'keep': None}),
    _update('image', 'replace-build', {
        'image': None, 'keep': None, 'build': {
            'dockerfile': _DOCKERFILE % 1}}, {
        'image': None, 'keep': None, 'build': {
            'dockerfile': _DOCKERFILE % 2}}),
    _again('image', 'check', {'image': '{tag}'}, 'check'),
    _again('image', 'delete', {'image': '{tag}', 'keep': None}, 'delete'),
    _again('image', 'delete-built', {'image': None, 'keep': None, 'build': {
        'dockerfile': _DOCKERFILE % 1}}, 'delete'),
)}

# Commands of containers that the scenarios make.
SLEEP = base.SLEEP
