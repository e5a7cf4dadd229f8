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

"""Tells an operator whether heat-engine will offer the Docker types.

Run it with the Python and the configuration of heat-engine::

    python3 /usr/lib/heat/heat_docker/check.py [--config-file heat.conf]

It loads all plugins as heat-engine does when it starts, prints what became
of the types of this folder, and exits with 0 if all is well, else with 1.
"""

import logging
import os
import sys
import warnings

HERE = os.path.dirname(os.path.realpath(__file__))


def main(arguments):
    """Print what heat-engine makes of this folder, and return 0 or 1."""
    # Python puts the folder of a script first; its files are no modules.
    sys.path[:] = [path for path in sys.path
                   if os.path.realpath(path) != HERE]
    # Heat warns about every deprecated type, and about its own libraries.
    warnings.simplefilter('ignore')
    logging.disable()
    try:
        from heat.engine import resources
        from oslo_config import cfg
    except ImportError as ex:
        return _tell(['%s cannot import Heat (%s): run this with the Python '
                      'of heat-engine' % (sys.executable, ex)])

    cfg.CONF.import_opt('plugin_dirs', 'heat.common.config')
    try:
        cfg.CONF(arguments, project='heat', prog='check.py')
    except cfg.Error as ex:
        return _tell([str(ex)])
    folders = cfg.CONF.plugin_dirs
    print('plugin_dirs of %s: %s'
          % (', '.join(cfg.CONF.config_file) or 'Heat, by default',
             ', '.join(folders)))
    problems = _misplaced(folders)
    if not problems:
        try:
            environment = resources.global_env()
        except Exception as ex:
            problems = ['heat-engine will not start, because a plugin '
                        'raises %s: %s' % (type(ex).__name__, ex)]
        else:
            problems = _unregistered(environment)
    return _tell(problems)


def _tell(problems):
    """Print problems, and return the exit code."""
    for problem in problems:
        print('PROBLEM: %s' % problem)
    return 1 if problems else 0


def _misplaced(folders):
    """Return why heat-engine will not look at this folder, if so."""
    parent, name = os.path.split(HERE)
    present = [folder for folder in folders
               if os.path.isdir(os.path.join(folder, name))]
    places = [os.path.realpath(folder) for folder in present]
    if parent not in places:
        return ['%s is in none of the folders of plugin_dirs: add %s to '
                'plugin_dirs in the section [DEFAULT] of heat.conf'
                % (HERE, parent)]
    if places[0] != parent:
        return ['%s shadows %s, because its folder comes first in '
                'plugin_dirs: remove it'
                % (os.path.join(present[0], name), HERE)]
    return []


def _unregistered(environment):
    """Print the types of this folder, and return what is wrong with them."""
    from heat.engine import plugins

    plugin = getattr(plugins, os.path.basename(HERE))
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
            problems.append('%s is not registered: %s Does a file of the '
                            'environment_dir take it out?' % (name, ex))
            continue
        if registered is ours:
            print('%s: registered' % name)
            continue
        if not registered.__module__.startswith(plugins.__name__ + '.'):
            problems.append('a file of the environment_dir maps %s to %s of '
                            'Heat' % (name, registered.__name__))
            continue
        problems.append('%s is registered by %s, which shadows %s: remove it'
                        % (name, _file(registered), _file(ours)))
    return problems


def _types(package):
    for module in vars(package).values():
        if hasattr(module, 'resource_mapping'):
            yield from module.resource_mapping().items()


def _file(cls):
    return next((member.__code__.co_filename for member in vars(cls).values()
                 if hasattr(member, '__code__')), cls.__module__)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
