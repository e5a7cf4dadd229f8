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

"""A guided tour: a web server and a database, from create to delete.

Runs the commands that a user would type, and checks the result from outside,
over the published ports.
"""

import json
import shlex
import subprocess

import pymysql
import requests

from sandbox import errors
from sandbox import lifecycle
from sandbox import state
from sandbox import waiting

TEMPLATE = 'examples/web-and-db.yaml'
STACK = 'demo'
COMMAND_TIMEOUT = 300
# After CREATE_COMPLETE the container runs, but MariaDB still needs a moment.
SERVICE_TIMEOUT = 60
OURS = f'label=org.openstack.heat.stack_name={STACK}'


class Shell:
    """Runs commands as a user does, and prints them."""

    def __init__(self, environment):
        self.environment = environment

    def run(self, *command, quiet=False):
        """Run a command, and print and return its output."""
        print(f'\n$ {_readable(command)}', flush=True)
        try:
            result = subprocess.run(
                command, env=self.environment, cwd=state.ROOT, text=True,
                capture_output=True, timeout=COMMAND_TIMEOUT)
        except (OSError, subprocess.TimeoutExpired) as e:
            raise errors.SandboxError(f'The demo failed: {e}') from e
        if not quiet:
            print(result.stdout, end='', flush=True)
        if result.returncode:
            raise errors.SandboxError(
                f'The demo failed: {command[0]} ended with code '
                f'{result.returncode}\n{result.stderr.strip()}')
        return result.stdout


def _readable(command):
    """Return a command line; a long one has one option per line."""
    line = shlex.join(command)
    if len(line) < 79:
        return line
    return ' '.join(
        ('\\\n    ' if word.startswith('--') else '') + shlex.quote(word)
        for word in command)


def run(layout):
    """Run the tour; raise SandboxError if a result is wrong."""
    with lifecycle.sandbox(layout):
        current = state.load(layout.state)
        shell = Shell(lifecycle.environment(layout))
        outputs = _create(shell, current)
        _visit(outputs['web_url'])
        _query(outputs)
        shell.run('docker', 'ps', '--filter', OURS, '--format',
                  r'table {{.Image}}\t{{.Status}}\t{{.Ports}}')
        _delete(shell)
    print('\nThe demo succeeded.')


def _create(shell, current):
    shell.run('openstack', 'stack', 'create', '--wait',
              '--template', TEMPLATE,
              '--parameter', f'docker_endpoint={current.docker["endpoint"]}',
              '--parameter', f'db_image={current.images["mariadb"]}',
              '--parameter', f'web_image={current.images["httpd"]}',
              STACK)
    shell.run('openstack', 'stack', 'resource', 'list',
              '-c', 'resource_name', '-c', 'resource_type',
              '-c', 'resource_status', STACK)
    shown = json.loads(shell.run(
        'openstack', 'stack', 'output', 'show', '--all', '-f', 'json',
        STACK, quiet=True))
    outputs = {name: _value(output) for name, output in shown.items()}
    for name, value in outputs.items():
        print(f'{name:<12} {value}')
    return outputs


def _value(output):
    """Return an output's value; the client nests its JSON in JSON."""
    if isinstance(output, str):
        output = json.loads(output)
    if output.get('output_error'):
        raise errors.SandboxError(
            f'The demo failed: output {output["output_key"]}: '
            f'{output["output_error"]}')
    return output['output_value']


def _visit(url):
    print(f'\nThe page at {url}:')

    def get():
        response = requests.get(url, timeout=5)
        response.raise_for_status()
        return response.text

    page = waiting.until(get, SERVICE_TIMEOUT, f'an answer from {url}',
                         requests.RequestException)
    if '<h1>' not in page:
        raise errors.SandboxError(f'The demo failed: not the page:\n{page}')
    print(page.strip())


def _query(outputs):
    where = f'{outputs["db_host"]}:{outputs["db_port"]}'
    query = 'SELECT CONCAT(USER(), " is served by MariaDB ", VERSION())'
    print(f'\nThe database at {where}:\n{query}')

    def connect():
        return pymysql.connect(
            host=outputs['db_host'], port=int(outputs['db_port']),
            user='root', password=outputs['db_password'], connect_timeout=5)

    database = waiting.until(connect, SERVICE_TIMEOUT,
                             f'an answer from {where}',
                             pymysql.OperationalError)
    with database, database.cursor() as cursor:
        cursor.execute(query)
        print(cursor.fetchone()[0])


def _delete(shell):
    shell.run('openstack', 'stack', 'delete', '--yes', '--wait', STACK)
    stacks = shell.run('openstack', 'stack', 'list', '-f', 'value')
    containers = shell.run('docker', 'ps', '--all', '--quiet',
                           '--filter', OURS)
    if f' {STACK} ' in stacks or containers:
        raise errors.SandboxError('The demo failed: something is left.')
    print('Neither a stack nor a container is left.')
