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

"""Record the inspect output of a real daemon for objects from the specs.

Usage, with an image that the daemon has and that contains ``sh``, and one
that it has pulled::

    python -m tests.unit.samples.record \\
        unix:///var/run/docker.sock bare registry.example.com/busybox

The tool writes ``<type>_<portion>_v<API>.json`` next to itself: the inspect
output of objects that use the examples of all properties, split into
portions without mutually exclusive properties. ``image_all_v<API>.json``
shows the pulled image, which depends on no property. Containers are not
started, except for ``container_running_v<API>.json``, which publishes ports.
During the run, the first image has the name in the example of ``image``, and
networks and containers have the names in other examples; the tool removes
all of them at the end. If the daemon is in no swarm, it becomes the only node
of one, and leaves it at the end; otherwise, the swarm and its nodes are not
recorded. Docker's default directories replace those of the daemon, which
depend on the host.
"""

import contextlib
import copy
import json
import os
import re
import sys
import time

import docker

from heat_docker import client as clients
from heat_docker import endpoint
from heat_docker import fields
from heat_docker.convert import swarm
from heat_docker.specs import config
from heat_docker.specs import container
from heat_docker.specs import network
from heat_docker.specs import secret
from heat_docker.specs import service
from heat_docker.specs import swarm as swarm_spec
from heat_docker.specs import swarm_node
from heat_docker.specs import volume

HERE = os.path.dirname(os.path.abspath(__file__))

# Mutually exclusive properties, by the portion that records them.
APART = {'networks': 'attached', 'cpu_period': 'attached',
         'cpu_quota': 'attached', 'uts_mode': 'attached',
         'cgroupns_mode': 'attached', 'completions': 'job',
         'max_concurrent': 'job'}

# Required properties of each portion of containers.
NEEDED = ('image', 'cmd')

# Properties that some daemons refuse.
NOT_RECORDED = {
    'blkio_weight': 'needs a kernel with weights of block I/O',
    'storage_opt': 'needs a storage driver with quotas',
    'config_from': 'excludes labels, which all networks of Heat have',
    'umask': 'requires version 1.56 of the API',
    **dict.fromkeys(('listen_addr', 'advertise_addr', 'data_path_addr'),
                    'needs an address of the daemon'),
    'external_cas': 'needs an authority that signs certificates',
}

SUBNETS = ('192.0.2.0/24', '2001:db8::/64')

RUNNING = {
    'cmd': ['sh', '-c', 'echo hello; echo bye; exec sleep 60'],
    'port_bindings': {'53/udp': '127.0.0.1:', '8080': '', '9090': ''},
    'port_specs': ['70'],
}

_PAUSE = 0.1

DEFAULT_ROOT = '/var/lib/docker'
DEFAULT_RUN = '/var/run/docker'


def portions(spec, api):
    """Return the examples, by the name of their sample.

    :param api: version of the API, which has to have the properties.
    """
    named = {'all': {}}
    for field in spec.FIELDS:
        if field.name not in NOT_RECORDED and field.since <= api:
            named.setdefault(APART.get(field.name, 'all'), {})[
                field.name] = field.example
    for needed in NEEDED:
        if needed in named['all']:
            for values in named.values():
                values[needed] = named['all'][needed]
    return named


def record(url, image, pulled):
    """Create an object from each spec, write samples, and clean up."""
    place = endpoint.parse(url)
    client = docker.APIClient(place.base_url)
    with clients.DockerClient(place) as daemon:
        writer = _Writer(daemon.api, client.info()['DockerRootDir'])
        with contextlib.ExitStack() as made:
            _record_containers(daemon, client, made, writer, image)
        for spec, kind, create, inspect, remove in (
                (network, 'network', lambda body: daemon.networks.create(
                    body)[0], daemon.networks.inspect, daemon.networks.remove),
                (volume, 'volume', lambda body: daemon.volumes.create(
                    body)['Name'], daemon.volumes.inspect,
                 daemon.volumes.remove)):
            for portion, given in portions(spec, daemon.api).items():
                with contextlib.ExitStack() as made:
                    name = create(_request(spec, **given).body)
                    made.callback(remove, name)
                    writer.write('%s_%s' % (kind, portion), inspect(name))
        writer.write('image_all', daemon.images.inspect(pulled))
        with contextlib.ExitStack() as made:
            _record_swarm(daemon, client, made, writer)


def _record_swarm(daemon, client, made, writer):
    """Record objects of a swarm; made collects the objects to remove."""
    if daemon.swarms.membership()['LocalNodeState'] == 'inactive':
        _record_own_swarm(daemon, made, writer)
    for kind, spec, objects in (('secret', secret, daemon.secrets),
                                ('config', config, daemon.configs)):
        for portion, given in portions(spec, daemon.api).items():
            body = _request(spec, **given).body
            identity, _warnings = objects.create({
                **body, 'Data': swarm.text_to_data(given['content'])})
            made.callback(objects.remove, identity)
            writer.write('%s_%s' % (kind, portion), objects.inspect(identity))
    network_ = client.create_network(
        _example(service, 'networks')[0]['network'], driver='overlay')['Id']
    made.callback(client.remove_network, network_)
    for portion, given in copy.deepcopy(
            portions(service, daemon.api)).items():
        for kind in ('secrets', 'configs'):
            for file in given.get(kind, ()):
                objects = getattr(daemon, kind)
                file['id'], _warnings = objects.create({
                    'Name': file['source'], 'Data': swarm.text_to_data('x')})
                made.callback(objects.remove, file['id'])
        identity, _warnings = daemon.services.create(
            _request(service, **given).body)
        inspected = daemon.services.inspect(identity)
        while portion == 'all' and not inspected['Endpoint'].get('Ports'):
            # The swarm allocates them after the create.
            time.sleep(_PAUSE)
            inspected = daemon.services.inspect(identity)
        writer.write('service_' + portion, inspected)
        daemon.services.remove(identity)


def _example(spec, name):
    return next(field.example for field in spec.FIELDS if field.name == name)


def _request(spec, **given):
    return fields.request(spec.FIELDS, {
        **dict.fromkeys(field.name for field in spec.FIELDS), **given})


def _record_own_swarm(daemon, made, writer):
    """Create and record a swarm of one node."""
    daemon.swarms.init({
        'ListenAddr': '127.0.0.1:2377', 'AdvertiseAddr': '127.0.0.1',
        **_request(swarm_spec, **portions(swarm_spec, daemon.api)['all']
                   ).body})
    made.callback(daemon.swarms.leave, force=True)
    writer.write('swarm_all', daemon.swarms.current())
    node = daemon.nodes.inspect(daemon.swarms.membership()['NodeID'])
    daemon.nodes.update(
        node['ID'], _request(swarm_node, **portions(
            swarm_node, daemon.api)['all']).body, node['Version']['Index'])
    writer.write('swarm_node_all', daemon.nodes.inspect(node['ID']))


def _record_containers(daemon, client, made, writer, image):
    """Record containers; made collects the objects to remove."""
    values = {field.name: field.example for field in container.FIELDS}
    if client.images(values['image']):
        sys.exit('The daemon has an image %s of its own' % values['image'])
    client.tag(image, *values['image'].split(':'))
    made.callback(client.remove_image, values['image'])
    other = client.create_network(
        values['networks'][0]['network'], enable_ipv6=True,
        ipam={'Config': [{'Subnet': subnet} for subnet in SUBNETS]})
    made.callback(client.remove_network, other['Id'])
    for source in list(values['volumes']) + [
            mount.get('source', '/') for mount in values['mounts']]:
        if not source.startswith('/'):
            made.callback(_remove_volume, client, source)

    def create(**given):
        request = _request(container, **given)
        created = daemon.containers.create(request.query, request.body)[0]
        made.callback(client.remove_container, created, v=True, force=True)
        return created

    helpers = [create(name=name, image=values['image'], cmd=['sleep', '60'])
               for name in list(values['links']) + [
                   source.partition(':')[0]
                   for source in values['volumes_from']]]
    daemon.containers.start(helpers[0])
    for portion, given in portions(container, daemon.api).items():
        writer.write('container_' + portion,
                     daemon.containers.inspect(create(**given)))
    running = create(name='running', image=values['image'], **RUNNING)
    daemon.containers.start(running)
    writer.write('container_running', daemon.containers.inspect(running))


def _remove_volume(client, name):
    with contextlib.suppress(docker.errors.NotFound):
        client.remove_volume(name)


class _Writer:
    """Writes samples of a daemon.

    :param api: version of its API.
    :param root: its data directory.
    """

    def __init__(self, api, root):
        self._api = api
        self._root = root

    def write(self, kind, inspected):
        settings = inspected.get('NetworkSettings')
        if settings:
            settings['SandboxKey'] = re.sub('^.+(?=/netns/)', DEFAULT_RUN,
                                            settings['SandboxKey'])
        text = json.dumps(inspected, indent=2, sort_keys=True)
        name = '%s_v%s.json' % (kind, fields.version_text(self._api))
        with open(os.path.join(HERE, name), 'w', encoding='utf-8') as sample:
            sample.write(text.replace(self._root, DEFAULT_ROOT) + '\n')


if __name__ == '__main__':
    record(*sys.argv[1:])
