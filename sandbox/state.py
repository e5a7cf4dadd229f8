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

"""The layout of the state directory, and the file that tests read.

``state.json`` is the contract between a running sandbox and the tests. It
exists only while the sandbox is ready to use.
"""

import dataclasses
import json
import os
import pathlib

from sandbox import errors

ENV_FILE = 'HEAT_DOCKER_SANDBOX'
ENV_DIR = 'HEAT_DOCKER_SANDBOX_DIR'
ENV_ENGINE = 'HEAT_DOCKER_ENGINE'
# "false" disables the debug log of Heat, as in production.
ENV_DEBUG = 'HEAT_DOCKER_DEBUG'
DEFAULT_DIR = '.sandbox'
# The repository, from which programs of this package are started.
ROOT = pathlib.Path(__file__).parents[1]


@dataclasses.dataclass
class State:
    supervisor_pid: int
    clouds_file: str
    auth_url: str
    heat_url: str
    heat_cfn_url: str
    heat_conf: str
    plugin_dir: str
    environment_dir: str    # of heat.conf; "engine restart" rereads it
    policy_file: str        # of heat.conf; Heat rereads it after a change
    engine: str             # one of engines.NAMES
    docker: dict            # endpoint, tcp_endpoint, own, address of ports
    tls_docker: dict        # endpoint, paths: ca, cert, key
    podman: dict            # endpoint
    registry: str
    private_registry: dict  # address, username, password
    images: dict            # name -> reference in the registry
    logs: str
    services: dict          # name -> {pid, started}

    def save(self, path):
        """Write the file atomically."""
        partial = f'{path}.partial'
        with open(partial, 'w') as f:
            json.dump(dataclasses.asdict(self), f, indent=1)
        os.replace(partial, path)


def load(path=None):
    """Read the state file, by default the one of the surrounding ``run``."""
    path = path or os.environ.get(ENV_FILE)
    if not path:
        raise errors.SandboxError(
            f'{ENV_FILE} is not set: start this command with '
            '"python -m sandbox run -- COMMAND"')
    try:
        with open(path) as f:
            return State(**json.load(f))
    except FileNotFoundError:
        raise errors.SandboxError(
            f'no sandbox is up: {path} does not exist') from None


class Layout:
    """All paths in the state directory."""

    def __init__(self, folder=None):
        folder = folder or os.environ.get(ENV_DIR) or DEFAULT_DIR
        self.folder = pathlib.Path(folder).absolute()
        self.state = self.folder / 'state.json'
        self.leftovers = self.folder / 'leftovers.json'
        self.clouds = self.folder / 'clouds.yaml'
        self.logs = self.folder / 'logs'
        self.etc = self.folder / 'etc'
        self.data = self.folder / 'data'
        self.plugins = self.folder / 'plugins'
        self.heat_conf = self.etc / 'heat.conf'
        self.environments = self.etc / 'environment.d'
        self.policy = self.etc / 'policy.yaml'
        self.tls = self.etc / 'tls'

    def create(self):
        for folder in (self.logs, self.etc, self.data, self.plugins):
            folder.mkdir(parents=True, exist_ok=True)
        # The files in it have passwords.
        self.folder.chmod(0o700)

    def log(self, service):
        return self.logs / f'{service}.log'
