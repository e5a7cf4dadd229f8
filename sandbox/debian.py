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

"""Debian's releases: where packages come from, where chroots are kept."""

import contextlib
import fcntl
import os
import pathlib
import platform
import subprocess

from sandbox import errors


def cache(kind):
    """Return the cache directory of a kind of chroots."""
    base = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    return pathlib.Path(base, 'heat_docker', kind)


@contextlib.contextmanager
def lock(folder, wait=False):
    """Keep another run from using the same chroot.

    :param wait: whether to wait for the other run, instead of an error.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix('.lock'), 'w') as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise errors.SandboxError(
                f'another run uses {folder}') from None
        yield


def _output(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=60).stdout


def mirror():
    """Return the mirror that this machine gets its Debian packages from."""
    codename = platform.freedesktop_os_release().get('VERSION_CODENAME')
    for line in _output('apt-get', 'indextargets', '--format',
                        '$(RELEASE) $(CODENAME) $(REPO_URI)',
                        'Created-By: Packages').splitlines():
        *names, url = line.split()
        if codename in names:
            return url
    raise errors.SandboxError(f'apt knows no packages of Debian {codename}')


def proxies():
    """Return the proxies of apt as environment variables."""
    found = {}
    for scheme in ('http', 'https'):
        name = f'{scheme}_proxy'
        option = _output('apt-config', 'dump', '--format', '%v',
                         f'Acquire::{scheme}::Proxy')
        value = option or os.environ.get(name)
        if value:
            found[name] = value
    return found
