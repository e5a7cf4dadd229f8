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

"""Each project is the same by docker compose and by Heat."""

import os
import pathlib

from tests.differential import base
from tests.differential import projects

# Directory of further projects, for a measurement.
ENV_MORE = 'HEAT_DOCKER_PROJECTS'


class ProjectsTest(base.DifferentialTest):
    """One test for each project."""


def _add(path):
    def test(self):
        self.check(path)

    test.__name__ = 'test_' + path.name.replace('-', '_')
    setattr(ProjectsTest, test.__name__, test)


for _name in projects.names():
    _add(projects.ROOT / _name)
for _path in sorted(pathlib.Path(os.environ.get(ENV_MORE, os.devnull)).glob(
        '*/compose.yaml')):
    _add(_path.parent)
