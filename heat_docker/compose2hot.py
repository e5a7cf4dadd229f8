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

"""Write a Heat template that creates what a Compose file describes.

The command of the pip package, and this script of a copy, are the same::

    compose2hot compose.yaml > stack.yaml
    python3 /usr/lib/heat/heat_docker/compose2hot.py compose.yaml > stack.yaml

They need PyYAML, and neither Heat nor Docker. The exit code is 0, or 1 if the
files cannot be translated. Warnings are on the standard error.
"""

import argparse
from collections import abc
import importlib
import importlib.util
import json
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))

# The names that Compose looks for.
_NAMES = ('compose.yaml', 'compose.yml', 'docker-compose.yaml',
          'docker-compose.yml')
_OVERRIDES = ('compose.override.yaml', 'compose.override.yml',
              'docker-compose.override.yaml', 'docker-compose.override.yml')


def main(arguments: list[str] | None = None) -> int:
    """Write the template, and return the exit code.

    :param arguments: command line; by default, that of the process.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.swarm and options.adopt:
        parser.error('--adopt is for containers, not for a swarm')
    package = _package()
    problems = importlib.import_module(package + '.compose.problems')
    try:
        text, notes = _translate(package, options)
        for note in notes:
            print('compose2hot: warning: %s' % note, file=sys.stderr)
        if options.output in (None, '-'):
            sys.stdout.write(text)
        else:
            with open(options.output, 'w', encoding='utf-8') as written:
                written.write(text)
    except problems.ComposeError as ex:
        return _fail(str(ex))
    except OSError as ex:
        return _fail('%s: %s' % (ex.filename, ex.strerror))
    return 0


def _fail(message):
    print('compose2hot: error: %s' % message, file=sys.stderr)
    return 1


def _parser():
    parser = argparse.ArgumentParser(
        prog='compose2hot',
        description='Write a Heat template that creates what a Compose file '
                    'describes.')
    parser.add_argument(
        'files', nargs='*', metavar='FILE',
        help='Compose files; later ones override earlier ones. Defaults to '
             'compose.yaml and its override file in the current directory.')
    parser.add_argument('-o', '--output', metavar='FILE',
                        help='file for the template; by default, the '
                             'standard output')
    parser.add_argument('-p', '--project-name', metavar='NAME',
                        default=os.environ.get('COMPOSE_PROJECT_NAME'),
                        help='name of the project')
    parser.add_argument('--profile', action='append', metavar='NAME',
                        help='active profile; can be repeated')
    parser.add_argument('--env-file', action='append', metavar='FILE',
                        help='file with variables; by default, .env beside '
                             'the first Compose file')
    parser.add_argument('--root', metavar='DIRECTORY',
                        help='directory that contains all files of the '
                             'project; by default, that of the first Compose '
                             'file')
    parser.add_argument('--scale', action='append', metavar='SERVICE=NUMBER',
                        default=[], type=_scale, help='number of containers')
    parser.add_argument('--swarm', action='store_true',
                        help='write services, secrets, configs and networks '
                             'of a swarm, instead of containers')
    parser.add_argument('--embed', action='store_true',
                        help='write the contents of files into the template, '
                             'instead of get_file')
    parser.add_argument('--adopt', metavar='FILE',
                        help='write a file for "openstack stack adopt", which '
                             'adopts what Compose has created; FILE is the '
                             'output of "docker inspect" for the containers, '
                             'networks and volumes of the project')
    parser.add_argument('--strict', action='store_true',
                        help='fail if a key of Compose cannot be carried out')
    return parser


def _scale(text):
    name, _equals, number = text.partition('=')
    if not name or not number.isdecimal() or len(number) > 9:
        raise argparse.ArgumentTypeError('%r is not SERVICE=NUMBER' % text)
    return name, int(number)


def _package():
    """Return the name of the package that contains this file.

    A script of a copy is in no package, and its directory must not be in the
    path of Python, because its files have names of other modules.
    """
    if __package__:
        return __package__
    sys.path[:] = [path for path in sys.path
                   if os.path.realpath(path) != HERE]
    name = 'heat_docker'
    if name not in sys.modules:
        found = importlib.util.spec_from_file_location(
            name, os.path.join(HERE, '__init__.py'),
            submodule_search_locations=[HERE])
        sys.modules[name] = importlib.util.module_from_spec(found)
    return name


def _translate(package, options):
    """Return the template and the notes."""
    projects = importlib.import_module(package + '.compose.project')
    hot = importlib.import_module(package + '.compose.hot')
    paths = options.files or _found()
    if not paths:
        raise projects.problems.ComposeError(
            'there is no %s in this directory' % _NAMES[0])
    root = os.path.realpath(options.root or os.path.dirname(paths[0]) or '.')
    disk = _disk(importlib.import_module(package + '.compose.contents'),
                 root, options.output)
    sources = [(_below(path, root), _read(path)) for path in paths]
    environment = _environment(package, options, os.path.dirname(paths[0]))
    profiles = options.profile or [
        name for name in environment.get('COMPOSE_PROFILES', '').split(',')
        if name]
    project = projects.load(
        sources, disk, environment, profiles,
        options.project_name, dict(options.scale), options.strict,
        projects.name_of_directory(os.path.dirname(os.path.realpath(
            paths[0]))), options.swarm)
    base = os.path.dirname(os.path.realpath(options.output)) if (
        options.output not in (None, '-')) else os.getcwd()
    template = hot.Template(
        project, None if options.embed or options.adopt else (
            lambda path: os.path.relpath(os.path.join(root, path), base)))
    if options.adopt:
        adopting = importlib.import_module(package + '.compose.adopting')
        text = json.dumps(adopting.document(template, _read(options.adopt)),
                          indent=2) + '\n'
    else:
        text = template.text('Written by compose2hot from %s.'
                             % ', '.join(os.path.basename(path)
                                         for path in paths))
    notes = list(project.report.notes)
    if template.required and not options.adopt:
        notes.append('The template does not contain the values of %s; set '
                     'these parameters' % ', '.join(template.required))
    return text, notes


def _found():
    """Return the Compose files of the current directory."""
    first = next((name for name in _NAMES if os.path.exists(name)), None)
    second = next((name for name in _OVERRIDES if os.path.exists(name)),
                  None)
    return [name for name in (first, second) if first and name]


def _below(path, root):
    """Return the path of a file relative to the root, with slashes."""
    return os.path.relpath(os.path.realpath(path), root).replace(os.sep, '/')


def _read(path):
    with open(path, encoding='utf-8', errors='surrogateescape') as file:
        return file.read()


def _environment(package, options, directory):
    """Return the variables of env files and of the shell, which win."""
    loading = importlib.import_module(package + '.compose.loading')
    problems = importlib.import_module(package + '.compose.problems')
    reading = importlib.import_module(package + '.compose.reading')
    given = options.env_file or [
        path for path in [os.path.join(directory, '.env')]
        if os.path.exists(path)]
    variables: dict = {}
    for path in given:
        scope = loading.Scope({**variables, **os.environ},
                              problems.Report(), reading.Budget())
        variables.update(scope.variables(_read(path), path))
    return {**variables, **os.environ}


def _disk(contents, root, output):
    """Return the files below a directory of this host.

    Without the output file, which is there from the last time: a template
    cannot contain itself.
    """
    own = os.path.realpath(output) if output not in (None, '-') else None

    class Disk(contents.Contents):

        def __init__(self):
            super().__init__()
            self.root = root

        def _path(self, path):
            """Return the path on this host, or None if it is elsewhere."""
            found = os.path.realpath(os.path.join(root, path))
            return found if (found + os.sep).startswith(
                os.path.join(root, '')) else None

        def _read(self, path) -> str | bytes | None:
            found = self._path(path)
            if found is None or not os.path.isfile(found):
                return None
            with open(found, 'rb') as file:
                content = file.read()
            try:
                return content.decode()
            except UnicodeDecodeError:
                return content

        def _list(self, directory) -> abc.Iterable[str]:
            start = self._path(directory)
            for folder, folders, names in os.walk(start or os.devnull):
                folders.sort()
                for name in sorted(names):
                    path = os.path.join(folder, name)
                    if os.path.realpath(path) != own:
                        yield _below_link(path, root)

    return Disk()


def _below_link(path, root):
    """Return the path of a file below the root, without following it."""
    return os.path.relpath(path, root).replace(os.sep, '/')


if __name__ == '__main__':
    sys.exit(main())
