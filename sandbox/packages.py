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

"""The Debian packages the sandbox needs, read from bindep.txt."""

import contextlib
import os
import pathlib
import subprocess

from sandbox import errors

BINDEP = pathlib.Path(__file__).parents[1] / 'bindep.txt'
POLICY = pathlib.Path('/usr/sbin/policy-rc.d')


def parse(text, platform='dpkg', profile=None):
    """Return the packages that a bindep file names for a platform.

    Supports only the syntax that our own file uses: a name, and in brackets
    the platforms and the profiles that it is for.
    https://docs.opendev.org/opendev/bindep/latest/readme.html

    :param profile: only the packages of this profile; by default only those
        without a profile.
    """
    packages = []
    for line in text.splitlines():
        name, _, selectors = line.partition('#')[0].partition('[')
        words = selectors.rstrip(' ]').split()
        platforms = [word.removeprefix('platform:') for word in words
                     if word.startswith('platform:')]
        profiles = [word for word in words if ':' not in word] or [None]
        if name.strip() and profile in profiles and (
                not platforms or platform in platforms):
            packages.append(name.strip())
    return packages


def missing(packages):
    """Return the packages that are not installed."""
    try:
        result = subprocess.run(
            ['dpkg-query', '--show', '--showformat',
             '${binary:Package} ${db:Status-Status}\n', *packages],
            capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        raise errors.SandboxError(
            'the sandbox knows Debian and its relatives only; see '
            f'{BINDEP.name} for what it needs') from None
    installed = {line.split()[0].partition(':')[0]
                 for line in result.stdout.splitlines()
                 if line.endswith(' installed')}
    return [name for name in packages if name not in installed]


def ensure(profile=None):
    """Install missing packages as root; otherwise list them in an error.

    :param profile: the profile of bindep.txt; by default, what a sandbox
        needs.
    """
    packages = parse(BINDEP.read_text(), profile=profile)
    wanted = missing(packages)
    if not wanted:
        return f'all {len(packages)} are there'
    if os.geteuid():
        raise errors.SandboxError(
            'please install: sudo apt-get install --no-install-recommends '
            + ' '.join(wanted))
    with _no_service_starts():
        _apt_get('update')
        _apt_get('install', '--yes', '--no-install-recommends', *wanted)
    return f'installed {" ".join(wanted)}'


@contextlib.contextmanager
def _no_service_starts():
    """Keep packages from starting their services.

    https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
    """
    try:
        with open(POLICY, 'x') as f:
            f.write('#!/bin/sh\nexit 101\n')
    except FileExistsError:
        yield
        return
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def _apt_get(*arguments):
    result = subprocess.run(
        ['apt-get', '--quiet', *arguments], capture_output=True, text=True,
        timeout=900, env=dict(os.environ, DEBIAN_FRONTEND='noninteractive'))
    if result.returncode:
        raise errors.SandboxError(
            f'apt-get {" ".join(arguments)} failed:\n'
            + '\n'.join((result.stdout + result.stderr).splitlines()[-20:]))
