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

"""Docker Compose of a release of Debian, which is not installed.

Its one program also runs on older releases, because it needs no library but
libc.
"""

import contextlib
import pathlib
import shutil
import subprocess
import tempfile

from sandbox import debian
from sandbox import errors

RELEASES = ('trixie', 'forky')
PROGRAMS = ('usr/libexec/docker/cli-plugins/docker-compose',
            'usr/bin/docker-compose')
SOURCE = ('deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] '
          '{mirror} {release} main\n')
TIMEOUT = 900


def program(release):
    """Return the path of the program; download its package the first time.

    :param release: one of RELEASES.
    """
    folder = debian.cache('compose') / release
    # Another process of the same run may download it.
    with debian.lock(folder, wait=True):
        if not folder.exists():
            _download(folder, release)
    for path in PROGRAMS:
        if (folder / path).exists():
            return folder / path
    raise errors.SandboxError(
        f'the package docker-compose of {release} has no program')


def _download(folder, release):
    """Download the package with apt, and unpack it."""
    partial = folder.with_name(f'{release}.partial')
    with contextlib.ExitStack() as stack:
        apt = pathlib.Path(stack.enter_context(
            tempfile.TemporaryDirectory(prefix='compose-')))
        for part in ('lists/partial', 'archives/partial'):
            (apt / part).mkdir(parents=True)
        (apt / 'sources.list').write_text(SOURCE.format(
            mirror=debian.mirror(), release=release))
        options = [f'-o{name}={value}' for name, value in {
            'Dir::Etc::sourcelist': apt / 'sources.list',
            'Dir::Etc::sourceparts': '-', 'Dir::State::lists': apt / 'lists',
            'Dir::Cache': apt, 'APT::Sandbox::User': 'root'}.items()]
        _run('apt-get', *options, 'update')
        _run('apt-get', *options, 'download', 'docker-compose', cwd=apt)
        [package] = apt.glob('docker-compose_*.deb')
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _run('dpkg-deb', '--extract', package, partial)
    partial.rename(folder)


def _run(*command, cwd=None):
    try:
        subprocess.run(list(map(str, command)), cwd=cwd, check=True,
                       capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.CalledProcessError as e:
        raise errors.SandboxError(
            f'{command[0]}: {e.stderr.strip()[-800:]}') from e
    except (OSError, subprocess.SubprocessError) as e:
        raise errors.SandboxError(f'{command[0]}: {e}') from e
