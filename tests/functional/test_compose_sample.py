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

"""A sample of the comparison with docker compose.

``tox -e compose`` runs all of it.
"""

from tests.differential import base
from tests.differential import projects

# Another seed chooses other projects.
SEED = 20
COUNT = 4


class SampleTest(base.DifferentialTest):
    """Some of the projects are the same by docker compose and by Heat."""


def _add(name):
    def test(self):
        self.check(projects.ROOT / name)

    test.__name__ = 'test_' + name.replace('-', '_')
    setattr(SampleTest, test.__name__, test)


for _name in projects.sample(COUNT, SEED):
    _add(_name)
