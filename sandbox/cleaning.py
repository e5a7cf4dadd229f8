#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Cleanup, as done by ``down``, even after the supervisor was killed.

``leftovers.json`` lists everything that a sandbox has outside of its
directory. The supervisor writes it before it creates the first item.
"""

import contextlib
import dataclasses
import ipaddress
import json
import os
import pathlib
import shutil

import docker

from sandbox import network

LABEL = 'org.openstack.heat.project_id'


@dataclasses.dataclass
class Leftovers:
    tag: str
    short: str
    supervisor: list                # [pid, start time]
    pools: dict = dataclasses.field(default_factory=dict)  # of our bridges
    endpoint: str = None            # borrowed engine
    projects: list = dataclasses.field(default_factory=list)
    registries: list = dataclasses.field(default_factory=list)

    def save(self, path):
        partial = f'{path}.partial'
        with open(partial, 'w') as f:
            json.dump(dataclasses.asdict(self), f, indent=1)
        os.replace(partial, path)

    @classmethod
    def load(cls, path):
        with open(path) as f:
            return cls(**json.load(f))


def sweep(leftovers, data):
    """Remove all that is outside of the folder.

    :param data: folder of the services' data.
    """
    thaw_podman_cgroups(data)
    if leftovers.endpoint:
        with contextlib.suppress(docker.errors.DockerException):
            return_borrowed(leftovers)
    remove_shim_sockets(leftovers.short)
    for bridge, pool in leftovers.pools.items():
        network.remove(bridge, ipaddress.ip_network(pool))
    remove_cgroups(leftovers.tag)
    remove_podman_cgroups(data)
    shutil.rmtree(leftovers.short, ignore_errors=True)


def empty_engine(endpoint):
    """Remove everything from an engine of our own."""
    with contextlib.closing(docker.DockerClient(endpoint)) as client:
        if client.swarm.attrs:
            with contextlib.suppress(docker.errors.APIError):
                client.swarm.leave(force=True)
        _remove_containers(client, {})
        client.networks.prune()


def return_borrowed(leftovers):
    """Remove the objects that our Heat and our registries left on an engine.

    Objects created by Heat carry the ID of a project in our own Keystone.
    Images, and containers started from them by hand, carry the address of
    one of our own registries. No other object can match.
    """
    with contextlib.closing(docker.DockerClient(
            leftovers.endpoint)) as client:
        for project in leftovers.projects:
            ours = {'label': f'{LABEL}={project}'}
            _remove_containers(client, ours)
            for collection in (client.networks, client.volumes):
                for item in collection.list(filters=ours):
                    with contextlib.suppress(docker.errors.APIError):
                        item.remove()
            for image in client.images.list(filters=ours):
                _remove_image(client, image.id)
        _remove_containers(
            client, {}, lambda c: _registry(c['Image'])
            in leftovers.registries)
        for image in client.images.list():
            for name in image.tags + image.attrs.get('RepoDigests', []):
                if _registry(name) in leftovers.registries:
                    _remove_image(client, name)


def _registry(reference):
    return reference.partition('/')[0]


def _remove_containers(client, filters, wanted=lambda container: True):
    for container in client.api.containers(all=True, filters=filters):
        if wanted(container):
            with contextlib.suppress(docker.errors.APIError):
                client.api.remove_container(container['Id'], v=True,
                                            force=True)


def _remove_image(client, name):
    with contextlib.suppress(docker.errors.APIError):
        client.images.remove(name, force=True)


def remove_cgroups(name, root='/sys/fs/cgroup'):
    """Remove the empty control groups below a name.

    The parent of all that our own Docker Engines run is named as the
    sandbox's tag.
    """
    root = pathlib.Path(root)
    for parent in [*root.glob(f'*/{name}'), root / name]:
        for folder, _, _ in os.walk(parent, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def _podman_cgroups(data):
    storage = pathlib.Path(data).glob('*/containers/storage/*-containers/*')
    return [f'libpod_parent/libpod-{folder.name}' for folder in storage]


def thaw_podman_cgroups(data, root='/sys/fs/cgroup'):
    """Resume the paused containers of our Podman, so that they can end."""
    for name in _podman_cgroups(data):
        for state in pathlib.Path(root).glob(f'freezer/{name}/freezer.state'):
            with contextlib.suppress(OSError):
                state.write_text('THAWED')


def remove_podman_cgroups(data, root='/sys/fs/cgroup'):
    """Remove the control groups of containers that our Podman had.

    All Podmans of a machine share one parent, so ours are identified by the
    contents of its storage. The parent is removed if it is empty.
    https://github.com/containers/podman/blob/v4.3.1/libpod/container.go
    """
    for name in _podman_cgroups(data):
        remove_cgroups(name, root)
    for name in ('libpod_parent/conmon', 'libpod_parent'):
        for folder in [*pathlib.Path(root).glob(f'*/{name}'),
                       pathlib.Path(root, name)]:
            with contextlib.suppress(OSError):
                folder.rmdir()


def remove_shim_sockets(short):
    """Remove the sockets of containerd shims that were killed.

    They are in /run/containerd/s, regardless of the daemon's directories.
    https://github.com/containerd/containerd/blob/main/runtime/v2/README.md
    """
    for address in pathlib.Path(short).glob('exec*/**/address'):
        with contextlib.suppress(OSError):
            os.remove(address.read_text().removeprefix('unix://'))
