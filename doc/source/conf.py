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

"""Configuration of Sphinx."""

import configparser
import pathlib

from pbr import packaging

_SETUP = configparser.ConfigParser()
_SETUP.read(pathlib.Path(__file__).parents[2] / 'setup.cfg')

extensions = ['openstackdocstheme', 'sphinx.ext.graphviz']
project = 'heat_docker'
copyright = 'the authors of heat_docker'
html_theme = 'openstackdocs'
openstackdocs_auto_name = False
# The theme would ask pbr without the version in setup.cfg. In a repository
# without tags pbr then returns 0.0.1, unlike for the package.
openstackdocs_auto_version = False
version = release = packaging.get_version(
    _SETUP['metadata']['name'], _SETUP['metadata']['version'])
pygments_style = 'native'
graphviz_output_format = 'svg'
