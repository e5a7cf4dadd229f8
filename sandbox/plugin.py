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

"""Copy the plugin to a directory of plugin_dirs."""

import pathlib
import subprocess

from sandbox import errors

SOURCE = pathlib.Path(__file__).parents[1] / 'heat_docker'


def install(folder):
    """Follow the installation instructions of the plugin."""
    if not SOURCE.is_dir():
        raise errors.SandboxError(f'{SOURCE} does not exist')
    result = subprocess.run(
        ['rsync', '-a', '--delete', '--exclude', '__pycache__',
         str(SOURCE), str(folder)],
        capture_output=True, text=True, timeout=60)
    if result.returncode:
        raise errors.SandboxError(f'rsync failed: {result.stderr.strip()}')
