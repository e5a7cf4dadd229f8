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

"""The command line."""

import argparse
import contextlib
import os
import signal
import sys

from sandbox import control
from sandbox import demo
from sandbox import engines
from sandbox import errors
from sandbox import lifecycle
from sandbox import packaged
from sandbox import state


def parser():
    main = argparse.ArgumentParser(
        prog='python -m sandbox',
        description='A one-node OpenStack cloud on loopback with the plugin.')
    main.add_argument(
        '--state', metavar='DIR', help='folder of everything (default: '
        f'${state.ENV_DIR} or {state.DEFAULT_DIR})')
    main.add_argument(
        '--engine', metavar='NAME',
        default=os.environ.get(state.ENV_ENGINE) or engines.DEFAULT,
        help='the main engine of "up" and "run": '
        f'{", ".join(engines.NAMES)}; of this machine, or of a release of '
        f'Debian (default: ${state.ENV_ENGINE} or {engines.DEFAULT})')
    commands = main.add_subparsers(dest='command', required=True,
                                   metavar='COMMAND')
    commands.add_parser('up', help='start the sandbox')
    commands.add_parser('down', help='stop it and leave nothing')
    commands.add_parser('demo', help='a guided tour with a web server and a '
                        'database; starts and stops its own sandbox')
    run = commands.add_parser(
        'run', help='run a command in the sandbox; starts one for it if '
        'none is up')
    run.add_argument('program', nargs=argparse.REMAINDER,
                     metavar='-- PROGRAM ...')
    trial = commands.add_parser(
        'packaged', help='try the plugin in the Heat of Debian\'s packages')
    trial.add_argument('releases', nargs='*', metavar='RELEASE',
                       default=packaged.RELEASES,
                       help=f'default: {" ".join(packaged.RELEASES)}')
    trial.add_argument('--fresh', action='store_true',
                       help='with the packages of today, not those of the '
                       'last time')
    logs = commands.add_parser('logs', help='list the logs or print one')
    logs.add_argument('service', nargs='?')
    logs.add_argument('-f', '--follow', action='store_true')
    for service, actions in control.ORDERS.items():
        order = commands.add_parser(
            service, help=f'{", ".join(actions)}: for tests of failures')
        order.add_argument('action', choices=actions)
    return main


def parse(arguments):
    main = parser()
    args = main.parse_args(arguments)
    if args.engine not in engines.NAMES:
        main.error(f'no such engine: {args.engine}')
    if args.command == 'run':
        if args.program[:1] == ['--']:
            del args.program[0]
        if not args.program:
            main.error('run what?')
    return args


def execute(args):
    """Run the command and return its exit code."""
    layout = state.Layout(args.state)
    if args.command == 'up':
        lifecycle.up(layout, args.engine)
    elif args.command == 'down':
        lifecycle.down(layout)
    elif args.command == 'run':
        # Standard output belongs to the program.
        with contextlib.redirect_stdout(sys.stderr):
            return lifecycle.run(layout, args.program, args.engine)
    elif args.command == 'logs':
        return lifecycle.logs(layout, args.service, args.follow)
    elif args.command == 'demo':
        demo.run(layout)
    elif args.command == 'packaged':
        return packaged.run(layout, args.releases, args.fresh)
    else:
        control.order(state.load(layout.state), args.command, args.action)
    return 0


def _interrupt(*_):
    raise KeyboardInterrupt


def main(arguments=None):
    try:
        return execute(parse(arguments))
    except errors.SandboxError as e:
        print(e, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('Interrupted.', file=sys.stderr)
        return 130


if __name__ == '__main__':
    # So that what was started is stopped on SIGTERM as on Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(main())
