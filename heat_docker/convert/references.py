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

"""References from the value of a property to objects of a daemon.

Each function takes the value of a property and a function ``find(kind, name,
make=None)``. It returns the value with the names replaced by the results of
``find``. If Docker would create a missing object, ``make`` is the body of
that request without the name. ``find.values`` contains the values of all
properties.
"""

from . import process
from . import scalars

VOLUME, NETWORK, CONTAINER, IMAGE = 'volume', 'network', 'container', 'image'
# A network that configures other networks; Docker finds it only by name.
CONFIGURATION = 'configuration'
# A name for an image to build, which another image may already have.
TAG = 'tag'
# An image whose layers a build can use; the builder ignores a missing one.
CACHE = 'cache'
# A secret or a config of a swarm: the result is a pair of its ID and its name.
SECRET, CONFIG = 'secret', 'config'
# An image or a volume of the nodes of a swarm, which may not be managers.
NODE_IMAGE, NODE_VOLUME = 'node_image', 'node_volume'

_CONTAINER_MODE = 'container:'


def volume(value: str, find) -> str:
    """Find a volume that has to exist."""
    return find(VOLUME, value)


def configuration(value: str, find) -> str:
    """Find the network that configures another network."""
    return find(CONFIGURATION, value)


def image(value: str, find) -> str:
    """Find an image."""
    return find(IMAGE, value)


def tags(values: list, find) -> list[str]:
    """Find the images that already have the names for an image to build."""
    return [find(TAG, value) for value in scalars.to_strings(values)]


def mode(value: str, find) -> str:
    """Find the container in a mode such as ``container:NAME``."""
    if not value.startswith(_CONTAINER_MODE):
        return value
    return _CONTAINER_MODE + find(CONTAINER, value[len(_CONTAINER_MODE):])


def build(value: dict, find) -> dict:
    """Find the network or container and the images that a build uses."""
    found = dict(value)
    joined = value.get('network')
    if joined:
        found['network'] = mode(joined, find) if (
            joined.startswith(_CONTAINER_MODE)) else find(NETWORK, joined)
    if value.get('cache_from'):
        images = [find(CACHE, name)
                  for name in scalars.to_strings(value['cache_from'])]
        found['cache_from'] = [image for image in images if image]
        # The builder uses no other cache, even if it has none of the images.
        found['no_cache'] = value.get('no_cache') or not any(images)
    return found


def links(value: dict, find) -> dict:
    """Find the linked containers; an alias that defaults to a name stays."""
    found = {}
    for other, alias in value.items():
        other = process.name_from_api(scalars.to_string(other))
        found[find(CONTAINER, other)] = alias or other
    return found


def containers(values: list, find) -> list[str]:
    """Find the containers in a list of ``container`` or ``container:ro``."""
    found = []
    for value in scalars.to_strings(values):
        name, colon, way = value.partition(':')
        found.append(find(CONTAINER, name) + colon + way)
    return found


def networks(values: list[dict], find) -> list[dict]:
    """Find the networks in a list of endpoints."""
    return [{**value, 'network': find(NETWORK, value['network'])}
            for value in values]


def volumes(value: dict, find) -> dict:
    """Find the volumes in a map of source to target."""
    found = {}
    for source, target in value.items():
        source = scalars.to_string(source)
        if not source.startswith('/'):
            source = find(VOLUME, source, make={
                'Driver': find.values['volume_driver']})
        found[source] = target
    return found


def mounts(values: list[dict], find) -> list[dict]:
    """Find the volumes and images in a list of mounts."""
    return [_mount(value, find) for value in values]


def _mount(value, find):
    kind, source = value.get('type') or 'volume', value.get('source')
    if not source or kind not in ('volume', 'image'):
        return value
    if kind == 'image':
        return {**value, 'source': find(IMAGE, source)}
    return {**value, 'source': find(VOLUME, source, make={
        'Driver': value.get('driver'),
        'DriverOpts': scalars.to_string_map(value.get('driver_options') or {}),
        'Labels': process.labels_to_api(value.get('labels') or {})})}


def node_image(value: str, find) -> str:
    """Find the image of a service, which each node pulls."""
    return find(NODE_IMAGE, value)


def node_mounts(values: list[dict], find) -> list[dict]:
    """Find the volumes and images that nodes mount."""
    for value in values:
        if value.get('source') and (
                (value.get('type') or 'volume') in ('volume', 'image')):
            find(NODE_VOLUME, value['source'])
    return values


def secrets(values: list[dict], find) -> list[dict]:
    """Find the secrets in a list of files, with their IDs and names."""
    return _files(values, SECRET, find)


def configs(values: list[dict], find) -> list[dict]:
    """Find the configs in a list of files, with their IDs and names."""
    return _files(values, CONFIG, find)


def _files(values, kind, find):
    found = []
    for value in values:
        identity, name = find(kind, value['source'])
        found.append({**value, 'id': identity, 'source': name})
    return found
