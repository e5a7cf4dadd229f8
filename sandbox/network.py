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

"""The bridges and the addresses of the sandbox's own Docker Engines."""

import contextlib
import ctypes
import ipaddress
import json
import os
import secrets
import subprocess

from sandbox import errors

# From sched.h.
CLONE_NEWNET = 0x40000000


def run(*command):
    """Run a program, and return its output."""
    result = subprocess.run(command, capture_output=True, text=True,
                            timeout=30)
    if result.returncode:
        raise errors.SandboxError(
            f'{" ".join(command)}: {result.stderr.strip()}')
    return result.stdout


def libc(function, *arguments):
    """Call a function that Python has only since 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments):
        raise errors.SandboxError(
            f'{function}: {os.strerror(ctypes.get_errno())}')


def isolate():
    """Give this thread, and the threads it starts, a network of their own."""
    libc('unshare', CLONE_NEWNET)
    run('ip', 'link', 'set', 'lo', 'up')


def enter(pid):
    """Move this thread, and its children, into a process's network."""
    path = f'/proc/{pid}/ns/net'
    # A caller that is there already need not be root.
    if not os.path.samefile(path, '/proc/thread-self/ns/net'):
        with open(path) as namespace:
            libc('setns', namespace.fileno(), CLONE_NEWNET)


def _used_networks():
    for route in json.loads(run('ip', '-4', '-json', 'route', 'show',
                                'table', 'all')):
        with contextlib.suppress(ValueError):
            yield ipaddress.ip_network(route['dst'], strict=False)


def free_pool(*taken):
    """Return a /16 that no route of this machine touches.

    Drawn at random, so that two sandboxes started together differ.

    :param taken: networks that will have routes later.
    """
    used = [*taken, *_used_networks()]
    while True:
        pool = ipaddress.ip_network(f'10.{128 + secrets.randbelow(127)}.0.0'
                                    '/16')
        if not any(pool.overlaps(network) for network in used):
            return pool


def _rules(pool):
    return (('filter', 'FORWARD', '-s', str(pool), '-j', 'ACCEPT'),
            ('filter', 'FORWARD', '-d', str(pool), '-j', 'ACCEPT'),
            ('nat', 'POSTROUTING', '-s', str(pool), '!', '-d', str(pool),
             '-j', 'MASQUERADE'))


def create(bridge, pool):
    """Create the bridge, and accept the traffic of its containers.

    Another Docker Engine sets the policy of FORWARD to DROP.
    """
    run('ip', 'link', 'add', bridge, 'type', 'bridge')
    run('ip', 'address', 'add', f'{pool[1]}/24', 'dev', bridge)
    run('ip', 'link', 'set', bridge, 'up')
    for table, *rule in _rules(pool):
        run('iptables', '-w', '-t', table, '-I', *rule)


def remove(bridge, pool):
    """Undo create(), and remove bridges that dockerd left."""
    for table, *rule in _rules(pool):
        with contextlib.suppress(errors.SandboxError):
            run('iptables', '-w', '-t', table, '-D', *rule)
    for name in {bridge, *_bridges(pool)}:
        with contextlib.suppress(errors.SandboxError):
            run('ip', 'link', 'delete', name)


def _bridges(pool):
    for link in json.loads(run('ip', '-json', 'address')):
        for address in link.get('addr_info', ()):
            if ipaddress.ip_address(address['local']) in pool:
                yield link['ifname']
