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

"""Check that heat-engine can load the Docker resource types.

Run this script with the Python and the configuration of heat-engine::

    python3 /usr/lib/heat/heat_docker/check.py [--config-file heat.conf]

It loads all plugins as heat-engine does at its start, and prints whether the
types of this directory are registered. The exit code is 0, or 1 for problems.

With the argument ``orphans``, it lists the objects on Docker daemons whose
stacks Heat no longer has; see ``check.py orphans --help``.
"""

import argparse
import logging
import os
import sys
import warnings

HERE = os.path.dirname(os.path.realpath(__file__))


def main(arguments: list[str]) -> int:
    """Print the state of this directory, and return the exit code.

    :param arguments: command line, such as ``--config-file``.
    """
    options = None
    if arguments[:1] == ['orphans']:
        options, arguments = _parser().parse_known_args(arguments[1:])
    # Python adds the script's directory, but its files are not modules.
    sys.path[:] = [path for path in sys.path
                   if os.path.realpath(path) != HERE]
    # Heat warns about deprecated types and about its own libraries.
    warnings.simplefilter('ignore')
    logging.disable()
    try:
        from heat.engine import resources
        from oslo_config import cfg
    except ImportError as ex:
        return _report(['%s cannot import Heat (%s): run this with the Python '
                      'of heat-engine' % (sys.executable, ex)])

    cfg.CONF.import_opt('plugin_dirs', 'heat.common.config')
    try:
        cfg.CONF(arguments, project='heat', prog='check.py')
    except cfg.Error as ex:
        return _report([str(ex)])
    directories = cfg.CONF.plugin_dirs
    print('plugin_dirs of %s: %s'
          % (', '.join(cfg.CONF.config_file) or 'Heat, by default',
             ', '.join(directories)))
    problems = _misplaced(directories)
    if not problems:
        try:
            environment = resources.global_env()
        except Exception as ex:
            problems = ['heat-engine will not start, because a plugin '
                        'raises %s: %s' % (type(ex).__name__, ex)]
        else:
            problems = _unregistered(environment)
    if options is not None and not problems:
        problems = _plugin().orphans.report(options)
    return _report(problems)


def _parser():
    """Return the parser of the arguments after ``orphans``."""
    orphans = argparse.ArgumentParser(
        prog='check.py orphans', allow_abbrev=False,
        description='List the objects on Docker daemons whose stacks are not '
                    'in the database of this Heat. These are also objects of '
                    'abandoned stacks, those that deletion_policy retains, '
                    'and those of another Heat that uses the same daemon.',
        epilog='All other options, such as --config-file, are those of '
               'heat-engine.')
    daemons = orphans.add_mutually_exclusive_group()
    daemons.add_argument(
        '--docker-endpoint', metavar='URL', action='append', default=[],
        help='the daemon, as in the property docker_endpoint; may be '
             'repeated; by default the local_endpoint')
    daemons.add_argument(
        '--all-endpoints', action='store_true',
        help='the daemons of all resources that Heat has')
    for name, text in (('tlscacert', 'CA certificate'),
                       ('tlscert', 'client certificate'),
                       ('tlskey', 'key of the client certificate')):
        orphans.add_argument('--' + name, metavar='FILE',
                             help='%s for --docker-endpoint' % text)
    orphans.add_argument(
        '--remove', metavar='STACK_ID', action='append', default=[],
        help='remove the listed objects of this stack, with all their data; '
             'may be repeated')
    return orphans


def _report(problems):
    """Print problems, and return the exit code."""
    for problem in problems:
        print('PROBLEM: %s' % problem)
    return 1 if problems else 0


def _misplaced(directories):
    """Return the problems if heat-engine does not load this directory."""
    parent, name = os.path.split(HERE)
    present = [directory for directory in directories
               if os.path.isdir(os.path.join(directory, name))]
    places = [os.path.realpath(directory) for directory in present]
    if parent not in places:
        return ['%s is in none of the directories of plugin_dirs: add %s to '
                'plugin_dirs in the section [DEFAULT] of heat.conf'
                % (HERE, parent)]
    if places[0] != parent:
        return ['%s shadows %s, because its directory is the first in '
                'plugin_dirs: remove it'
                % (os.path.join(present[0], name), HERE)]
    return []


def _unregistered(environment):
    """Print the types of this directory, and return their problems."""
    plugin = _plugin()
    try:
        print('docker library: %s in %s' % (plugin.client.library(),
                                            plugin.client.library_path()))
    except plugin.errors.DockerError as ex:
        return [str(ex)]
    problems = []
    for name, ours in _types(plugin.resources):
        try:
            registered = environment.get_class(name)
        except Exception as ex:
            problems.append('%s is not registered: %s Does a file in the '
                            'environment_dir remove it?' % (name, ex))
            continue
        if registered is ours:
            print('%s: registered' % name)
            continue
        if not registered.__module__.startswith('heat.engine.plugins.'):
            problems.append('a file in the environment_dir maps %s to %s of '
                            'Heat' % (name, registered.__name__))
            continue
        problems.append('%s is registered by %s, which shadows %s: remove it'
                        % (name, _file(registered), _file(ours)))
    return problems


def _plugin():
    """Return this directory as Heat has loaded it."""
    from heat.engine import plugins

    return getattr(plugins, os.path.basename(HERE))


def _types(package):
    for module in vars(package).values():
        if hasattr(module, 'resource_mapping'):
            yield from module.resource_mapping().items()


def _file(cls):
    return next((member.__code__.co_filename for member in vars(cls).values()
                 if hasattr(member, '__code__')), cls.__module__)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
