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

"""Records what a real daemon says of containers made by the specs.

Usage, with an image that the daemon has and that contains ``sh``::

    python -m tests.unit.samples.record unix:///var/run/docker.sock busybox

It writes, next to itself, ``<type>_<portion>_v<API>.json``: inspects of
containers that were created, but not started, from the examples of all
properties, in portions that do not exclude each other; and
``<type>_running_v<API>.json``: one of a container that runs and publishes
ports. For the time being the image gets the name that the example of
``image`` has, and there are networks and containers of the names that other
examples have; all that is made is removed again. Where the daemon keeps its
files, which differs from host to host, is replaced by Docker's defaults.
"""

import contextlib
import json
import os
import re
import sys

import docker

from heat_docker import endpoint
from heat_docker import engine
from heat_docker import fields
from heat_docker.specs import container

HERE = os.path.dirname(os.path.abspath(__file__))

# Properties that exclude others, by the portion that they are recorded in.
APART = {'networks': 'attached', 'cpu_period': 'attached',
         'cpu_quota': 'attached', 'uts_mode': 'attached',
         'cgroupns_mode': 'attached'}

# Properties that not every daemon takes.
NOT_RECORDED = {
    'blkio_weight': 'needs a kernel with weights of block I/O',
    'annotations': 'needs version 1.43 of the API',
    'storage_opt': 'needs a storage driver with quotas',
}

SUBNETS = ('192.0.2.0/24', '2001:db8::/64')

RUNNING = {
    'cmd': ['sh', '-c', 'echo hello; echo bye; exec sleep 60'],
    'port_bindings': {'53/udp': '127.0.0.1:', '8080': '', '9090': ''},
    'port_specs': ['70'],
}

DEFAULT_ROOT = '/var/lib/docker'
DEFAULT_RUN = '/var/run/docker'


def portions():
    """Return the examples, by the name of the sample they are recorded in."""
    named = {'all': {}, 'attached': {}}
    for field in container.FIELDS:
        if field.name not in NOT_RECORDED:
            portion = APART.get(field.name, 'all')
            named[portion][field.name] = field.example
    named['attached']['image'] = named['all']['image']
    return named


def record(url, image):
    """Make the containers, write their samples, and remove them."""
    values = {field.name: field.example for field in container.FIELDS}
    values['docker_endpoint'] = None
    unset = dict.fromkeys(values, None)
    helpers = list(values['links']) + [
        other.partition(':')[0] for other in values['volumes_from']]
    place = endpoint.parse(url)
    client = docker.APIClient(place.base_url)
    if client.images(values['image']):
        sys.exit('The daemon has an image %s of its own' % values['image'])
    client.tag(image, *values['image'].split(':'))
    network = client.create_network(
        values['networks'][0]['network'], enable_ipv6=True,
        ipam={'Config': [{'Subnet': subnet} for subnet in SUBNETS]})
    made = []
    with engine.Engine(place) as daemon:
        def create(**given):
            request = fields.request(container.FIELDS, unset | given)
            made.append(daemon.create_container(request.query,
                                                request.body)[0])

        def write(kind):
            name = '%s_v%s.json' % (kind, fields.version_text(daemon.api))
            inspected = daemon.inspect_container(made[-1])
            _write(name, inspected, client.info()['DockerRootDir'])

        try:
            for name in helpers:
                create(name=name, image=values['image'], cmd=['sleep', '60'])
            daemon.start_container(made[0])
            for portion, given in portions().items():
                create(**given)
                write('container_%s' % portion)
            create(name='running', image=values['image'], **RUNNING)
            daemon.start_container(made[-1])
            write('container_running')
        finally:
            for container_id in reversed(made):
                client.remove_container(container_id, v=True, force=True)
            client.remove_network(network['Id'])
            for source in list(values['volumes']) + [
                    mount.get('source', '/') for mount in values['mounts']]:
                if not source.startswith('/'):
                    with contextlib.suppress(docker.errors.NotFound):
                        client.remove_volume(source)
            client.remove_image(values['image'])


def _write(name, inspected, root):
    settings = inspected['NetworkSettings']
    settings['SandboxKey'] = re.sub('^.+(?=/netns/)', DEFAULT_RUN,
                                    settings['SandboxKey'])
    text = json.dumps(inspected, indent=2, sort_keys=True)
    with open(os.path.join(HERE, name), 'w', encoding='utf-8') as sample:
        sample.write(text.replace(root, DEFAULT_ROOT) + '\n')


if __name__ == '__main__':
    record(*sys.argv[1:])
