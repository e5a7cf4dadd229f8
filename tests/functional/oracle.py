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

"""Compare updated objects with freshly created ones.

After every action that succeeds, the output of ``docker inspect`` for an
object is the same as for an object that is freshly created from the same
template. Heat's own tasks run the resources here, with an in-memory database
and the Docker Engine of the sandbox.
"""

import contextlib
import json
import os
import re
import socket

from heat.common import exception
from heat.engine import clients
from heat.engine import resource
from heat.engine import resources
from heat.engine import scheduler
from heat.engine.clients.os.keystone import fake_keystoneclient
from heat.engine.clients.os.keystone import heat_keystoneclient
from heat.objects import resource as resource_objects
from heat.tests import utils
import mock
from oslo_config import cfg
import requests
from stevedore import named

from heat_docker import client
from heat_docker import conf
from heat_docker import daemons
from heat_docker import fields
from heat_docker.resources import base as resources_base
from tests.functional import base
from tests.functional import oracle_values as values
from tests.unit import base as unit_base

LABEL = 'org.openstack.heat.'
CHOSEN = '<chosen by the daemon>'

# Keys that differ between two objects of one template, and the reason. In a
# path, "*" matches any key.
DROPPED = {
    'container': {
        'Created': 'a time',
        'State.Pid': 'is chosen by the kernel',
        'State.StartedAt': 'a time',
        'State.FinishedAt': 'a time',
        'State.Health': 'changes with each check',
        'ExecIDs': 'ids of running health checks',
        'GraphDriver.Data': 'paths of the layer of the container',
        'NetworkSettings.SandboxID': 'an id',
        'NetworkSettings.SandboxKey': 'a path of that id',
        'NetworkSettings.EndpointID': 'an id',
        'NetworkSettings.IPAddress': 'is in Networks, too',
        'NetworkSettings.GlobalIPv6Address': 'is in Networks, too',
        'NetworkSettings.MacAddress': 'is in Networks, too',
        'NetworkSettings.Gateway': 'is in Networks, too',
        'NetworkSettings.IPv6Gateway': 'is in Networks, too',
        'NetworkSettings.Networks.*.EndpointID': 'an id',
    },
    'network': {'Id': 'an id', 'Created': 'a time'},
    'volume': {'CreatedAt': 'a time'},
    'image': {'Id': 'depends on the labels', 'Created': 'a time',
              'Parent': 'an id', 'Metadata.LastTagTime': 'a time',
              'Container': 'id of the container that built it',
              'ContainerConfig.Hostname': 'an id',
              'ContainerConfig.Image': 'an id', 'Config.Image': 'an id',
              'GraphDriver.Data': 'paths of its layer',
              'RootFS.Layers': 'depend on the times of their files'},
}


def normal(kind, inspected, words=None):
    """Return the output of an inspect request in a comparable form.

    Placeholders in angle brackets replace ids, generated names, Heat's labels,
    and the addresses and ports that the daemon has chosen. Lists without a
    fixed order are sorted.

    :param kind: kind of object, a key of :data:`DROPPED`.
    :param words: dict of further ids and names to their placeholders.
    """
    text = json.dumps(inspected)
    words = {**own(inspected), **(words or {})}
    # Replace the longest first: one name may be the beginning of another.
    for name, word in sorted(words.items(), key=lambda item: -len(item[0])):
        text = text.replace(name, '<%s>' % word)
    shown = json.loads(text)
    {'container': _name_container, 'network': _name_network,
     'image': _name_image}.get(kind, lambda shown: None)(shown)
    for path in DROPPED[kind]:
        _drop(shown, path.split('.'))
    return shown


def own(shown):
    """Return a dict of an object's ids and generated names to placeholders.

    The labels contain the ids and names from Heat.
    """
    words = {}
    if 'Id' in shown:
        words = {shown['Id']: 'id', shown['Id'][:12]: 'short id'}
    labels = ((shown.get('Config') or {}).get('Labels')
              or shown.get('Labels') or {})
    told = {key: labels.get(LABEL + key) for key in (
        'stack_id', 'resource_id', 'stack_name', 'resource_name')}
    if all(told.values()):
        for name in re.findall(
                '%(stack_name)s-%(resource_name)s-[a-z0-9]{12}' % told,
                json.dumps(shown)):
            words[name] = 'name'
        for digest in shown.get('RepoDigests') or ():
            words[digest.partition('@')[2]] = 'digest of an image with labels'
        del told['resource_name']
        words.update({item: key for key, item in told.items()})
    words.update({mount['Name']: 'anonymous'
                  for mount in shown.get('Mounts') or ()
                  if re.fullmatch('[0-9a-f]{64}', mount.get('Name') or '')})
    return words


def _name_image(shown):
    """Leave out the repositories of other tests with the same image."""
    for key in ('RepoDigests', 'RepoTags'):
        shown[key] = [name for name in shown.get(key) or ()
                      if '/own-' not in name]


def _name_network(shown):
    """Replace a subnet that the daemon has chosen."""
    for pool in (shown.get('IPAM') or {}).get('Config') or ():
        if not pool.get('Subnet', '').startswith(values.SUBNETS):
            pool.update(dict.fromkeys(pool, CHOSEN))
    subnets = ((shown.get('Status') or {}).get('IPAM') or {}).get(
        'Subnets') or {}
    for subnet in [*subnets]:
        if not subnet.startswith(values.SUBNETS):
            subnets[CHOSEN] = subnets.pop(subnet)
    shown['Containers'] = sorted(
        item['Name'] for item in (shown.get('Containers') or {}).values())


def _name_container(shown):
    """Replace values that the daemon has chosen, and sort unordered lists."""
    host, settings = shown['HostConfig'], shown['NetworkSettings']
    shown['Mounts'].sort(key=lambda mount: mount['Destination'])
    for names in ('Binds', 'CapAdd', 'CapDrop', 'Links'):
        if host.get(names):
            host[names].sort()
    bindings = host.get('PortBindings') or {}
    for port, published in (settings.get('Ports') or {}).items():
        fixed = {asked['HostPort'] for asked in bindings.get(port) or ()}
        for there in published or ():
            if there['HostPort'] not in fixed:
                there['HostPort'] = CHOSEN
    for endpoint in (settings.get('Networks') or {}).values():
        _name_endpoint(endpoint)


def _name_endpoint(endpoint):
    asked = endpoint.get('IPAMConfig') or {}
    fixed = {'IPAddress': (asked.get('IPv4Address') or CHOSEN,),
             'GlobalIPv6Address': (asked.get('IPv6Address') or CHOSEN,),
             'MacAddress': values.MACS, 'Gateway': values.SUBNETS,
             'IPv6Gateway': values.SUBNETS}
    for key, beginnings in fixed.items():
        if endpoint.get(key) and not endpoint[key].startswith(beginnings):
            endpoint[key] = CHOSEN
    for names in ('Aliases', 'DNSNames'):
        if endpoint.get(names):
            endpoint[names].sort()


def _drop(shown, path):
    if not isinstance(shown, dict):
        return
    if len(path) == 1:
        shown.pop(path[0], None)
        return
    for key in list(shown) if path[0] == '*' else [path[0]]:
        _drop(shown.get(key), path[1:])


def differences(one, other, api, path=''):
    """Yield a text for each unexpected difference.

    :param tuple api: version of the daemon's API.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(set(one) | set(other)):
            yield from differences(one.get(key), other.get(key), api,
                                   '%s.%s' % (path, key) if path else key)
    elif one != other and not any(
            excuse.holds(path, one, other, api) for excuse in values.EXCUSES):
        yield '%s: updated %r, fresh %r' % (path, one, other)


def replacement(old, after):
    """Return the resource with which convergence replaces one.

    :param after: the definition of the new one.
    """
    row = resource_objects.Resource.get_obj(
        old.context, old.make_replacement(old.current_template_id, set()))
    new = resource.Resource(old.name, after, old.stack)
    new._load_data(row)
    old.replaced_by = new.id
    return new


class Places(dict):
    """Objects that values refer to, created on first use."""

    def __init__(self, test):
        super().__init__()
        self._test = test

    def __missing__(self, name):
        self[name] = made = getattr(
            self._test, 'arrange_' + name.rstrip('2'))(name)
        return made

    def fill(self, value):
        """Return a value with its references resolved."""
        if isinstance(value, str):
            return value.format_map(self) if re.search(
                r'\{[a-z_]+[26]?\}', value) else value
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {self.fill(key): self.fill(item)
                    for key, item in value.items()}
        return value


@base.requires('fresh creates')
class ArrangingTest(base.FunctionalTest):
    """A test with values that refer to objects of the test."""

    def setUp(self):
        super().setUp()
        self.places = Places(self)
        # These objects are removed after the resources and stacks that use
        # them.
        self._arranged = contextlib.ExitStack()
        self.addCleanup(self._arranged.close)
        self._number = os.getpid() % 128 * 2
        self.api = tuple(map(int, self.docker._version.split('.')))

    def skip_before(self, since):
        """Skip the test if the daemon is older than a version of the API."""
        if since > self.api:
            self.skipTest('requires version %s of the Docker API'
                          % fields.version_text(since))

    def arrange_busybox(self, name):
        return self.cloud.images['busybox']

    def arrange_httpd(self, name):
        return self.cloud.images['httpd']

    def arrange_endpoint(self, name):
        return self.cloud.docker['tcp_endpoint']

    def arrange_endpoint_http(self, name):
        return self.cloud.docker['tcp_endpoint'].replace('tcp:', 'http:')

    def arrange_registry(self, name):
        return self.cloud.registry

    def arrange_username(self, name):
        return self.cloud.private_registry['username']

    def arrange_password(self, name):
        return self.cloud.private_registry['password']

    def arrange_port(self, name):
        with socket.create_server(('127.0.0.1', 0)) as server:
            return server.getsockname()[1]

    def arrange_disk(self, name):
        with open('/proc/partitions') as partitions:
            return '/dev/' + partitions.read().split()[-1]

    def _unique(self, name):
        return 'oracle-%s-%s' % (
            name, utils.random_name().lower())

    def arrange_other(self, name):
        container = self.docker.create_container(
            self.cloud.images['busybox'], base.SLEEP, volumes=['/shared'],
            name=self._unique(name))['Id']
        self._arranged.callback(self.remove_container, container)
        self.docker.start(container)
        return self.docker.inspect_container(container)['Name'][1:]

    def arrange_volume(self, name):
        volume = self.docker.create_volume(self._unique(name))['Name']
        self._arranged.callback(self.docker.remove_volume, volume)
        return volume

    def arrange_network(self, name):
        return self._network(name)

    def arrange_subnet(self, name):
        return self._network(name, EnableIPv6=True, IPAM={'Config': [
            {'Subnet': '{ip}.0/24'}, {'Subnet': '{ip6}:/64'}]})

    # Address prefixes that no other worker uses.

    def arrange_ip(self, name):
        return '10.210.%d' % self._number

    def arrange_ip6(self, name):
        return 'fd00:210:%x:' % self._number

    def arrange_ipa(self, name):
        return '10.211.%d' % self._number

    def arrange_ipb(self, name):
        return '10.211.%d' % (self._number + 1)

    def arrange_me(self, name):
        return self._unique('test')

    def arrange_config(self, name):
        return self._network(name, ConfigOnly=True)

    def _network(self, name, **more):
        name = self._unique(name)
        made = requests.post(
            self.places['endpoint_http'] + '/networks/create',
            json={'Name': name, **self.places.fill(more)})
        made.raise_for_status()
        self._arranged.callback(self.docker.remove_network, name)
        return name


# Normalized output for fresh objects, by their templates.
_FRESH = {}


class OracleTest(ArrangingTest):
    """A test of resources in stacks of a database, on a real daemon."""

    def setUp(self):
        super().setUp()
        self.patch(resources, '_environment', unit_base.heat())
        self.patch(resources_base.DockerResource, 'may_sleep',
                   lambda made: True)
        self.patch(client, '_POOL', daemons.Pool())
        self.addCleanup(self._close_pool, client._POOL)
        # Heat finds its clients through installed entry points.
        self.patch(clients, '_mgr', named.NamedExtensionManager(
            'heat.clients', ['heat', 'keystone']))
        self.patch(heat_keystoneclient, 'KeystoneClient',
                   lambda context, region_name=None:
                   fake_keystoneclient.FakeKeystoneClient())
        conf.group()
        cfg.CONF.set_override('denied_networks', [], group=conf.GROUP)
        self.addCleanup(cfg.CONF.clear_override, 'denied_networks',
                        group=conf.GROUP)
        # Resources have only weak references to their stacks.
        self._stacks, self._made, self.sent = [], [], []
        self.addCleanup(self._delete_all)
        self._record()

    def patch(self, owner, name, value):
        patcher = mock.patch.object(owner, name, value)
        patcher.start()
        self.addCleanup(patcher.stop)

    def _close_pool(self, pool):
        for idle in pool._idle.values():
            for connected in idle:
                connected.close()

    def _record(self):
        """Record the requests of the plugin that may change something."""
        send = requests.Session.send

        def record(session, request, **kwargs):
            if request.method not in ('GET', 'HEAD'):
                self.sent.append('%s %s' % (request.method,
                                            request.path_url))
            return send(session, request, **kwargs)
        self.patch(requests.Session, 'send', record)

    # Resources.

    def properties(self, kind, said):
        """Return the properties of a resource in a template.

        :param said: properties that differ from :data:`oracle_values.BESIDE`.
        """
        said = {'docker_endpoint': '{endpoint}', **values.BESIDE[kind],
                **said}
        return self.places.fill({name: value for name, value in said.items()
                                 if value is not values.UNSET})

    def create(self, kind, properties):
        """Create a resource in a separate stack, and return it."""
        stack = utils.parse_stack({
            'heat_template_version': '2021-04-16', 'resources': {'web': {
                'type': values.TYPES[kind], 'properties': properties}}})
        self._stacks.append(stack)
        made = stack['web']
        made.validate()
        made.store()
        self._made.append(made)
        self.run_task(made.create)
        return made

    def update(self, made, properties):
        """Update a resource as convergence does.

        :returns: the same resource, or its replacement.
        """
        after = made.t.freeze(properties=properties)
        self.sent.clear()
        try:
            self.run_task(lambda: made.update(after))
        except resource.UpdateReplace:
            return self._replace(made, after)
        return made

    def _replace(self, old, after):
        """Replace a resource as convergence does."""
        new = replacement(old, after)
        self._made.append(new)
        self.run_task(new.create)
        self.delete(old)
        return new

    def converge(self, made):
        """Update with the same template and ``--converge``."""
        made.converge = True
        try:
            return self.update(made, made.t._properties)
        finally:
            made.converge = False

    def delete(self, made):
        self.run_task(made.delete)
        self._made.remove(made)

    def run_task(self, task):
        scheduler.TaskRunner(task)(wait_time=0.05, timeout=base.PATIENCE)

    def _delete_all(self):
        for made in self._made[::-1]:
            self.run_task(made.delete)

    def walk(self, kind, steps):
        """Create a resource, update it step by step, and compare it."""
        first, *others = steps
        walk = Walk(self, kind, first)
        for step in others:
            walk.go(step)
        walk.end()

    def shown(self, kind, made):
        """Return the normalized output of an inspect of a resource."""
        with made.connect() as client:
            inspected = made.object.inspect(client)
        name = made.physical_resource_name()
        return normal(kind, inspected, {name: 'name', name.lower(): 'name',
                                        made.stack.name: 'stack'})

    def fresh(self, kind, properties):
        """Return the normalized output for a fresh resource."""
        key = json.dumps([kind, properties], sort_keys=True)
        if key not in _FRESH:
            made = self.create(kind, properties)
            _FRESH[key] = self.shown(kind, made)
            self.delete(made)
        return _FRESH[key]


class Walk:
    """A resource that is updated from one template to the next.

    The comparison runs after the resource is deleted, because names, addresses
    and ports can be in use only once.

    :ivar wrong: descriptions of the failures.
    """

    def __init__(self, test, kind, step):
        self.test, self.kind = test, kind
        self.wrong, self._to_compare = [], []
        self.made = test.create(kind, test.properties(kind, step.said))
        self._look(step)

    def go(self, step):
        """Update the resource."""
        test, before = self.test, self.made
        try:
            self.made = test.update(
                before, test.properties(self.kind, step.said))
        except exception.ResourceFailure as ex:
            self._tell(step, 'fails: %s' % ex)
            test.fail('\n'.join(self.wrong))
        if step.same and (self.made is not before or test.sent):
            self._tell(step, 'must not change anything, but sends %s'
                       % test.sent)
        self._look(step)

    def fail(self, step):
        """Update the resource, and expect a failure."""
        try:
            self.test.update(self.made,
                             self.test.properties(self.kind, step.said))
        except exception.ResourceFailure:
            return
        self._tell(step, 'does not fail')

    def _look(self, step):
        test = self.test
        self._to_compare.append((step, test.shown(self.kind, self.made)))
        drift = self.made.get_live_state(self.made.properties)
        if drift:
            self._tell(step, 'reports drift: %s' % drift)
        before, self.made = self.made, test.converge(self.made)
        if self.made is not before or test.sent:
            self._tell(step, 'an update with --converge sends %s' % test.sent)

    def end(self):
        """Delete the resource, and fail if anything was wrong."""
        test = self.test
        test.delete(self.made)
        for step, shown in self._to_compare:
            fresh = test.fresh(self.kind, test.properties(
                self.kind, step.said if step.like is None else step.like))
            for text in differences(shown, fresh, test.api):
                self._tell(step, text)
        if self.wrong:
            test.fail('\n'.join(self.wrong))

    def _tell(self, step, text):
        self.wrong.append('%s: %s' % (step.name, text))


def add_test(cls, check, *arguments):
    """Add a test to a class, with a name derived from the arguments.

    :param check: name of the method that the test calls with the arguments.
    """
    name = '_'.join(('test', *check.split('_')[1:], *arguments))

    def test(self):
        getattr(self, check)(*arguments)

    test.__name__ = name
    setattr(cls, name, test)
