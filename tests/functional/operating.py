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

"""The tasks of an operator: change the configuration, and restart Heat."""

import configparser
import contextlib
import pathlib

from sandbox import control
from tests.functional import base


class OperatorTest(base.FunctionalTest):
    """A test that changes the configuration of Heat, and restores it."""

    alone = True

    def configure(self, **options):
        """Set options of [heat_docker]; None restores a default."""
        path = pathlib.Path(self.cloud.heat_conf)
        self._keep(path)
        parser = configparser.RawConfigParser()
        parser.read(path)
        for name, value in options.items():
            if value is None:
                parser.remove_option('heat_docker', name)
            else:
                parser.set('heat_docker', name, value)
        with path.open('w') as conf:
            parser.write(conf)
        self.restart()

    def _keep(self, path):
        content = path.read_text()
        self.addCleanup(self.restart)
        self.addCleanup(path.write_text, content)

    def restart(self):
        control.order(self.cloud, 'engine', 'restart')

    @contextlib.contextmanager
    def tenant(self, cloud):
        """Be another user for a while."""
        heat, self.heat = self.heat, self.heat_of(cloud)
        try:
            yield
        finally:
            self.heat = heat

    def fails_by(self, option, **properties):
        """Assert that a create fails because of an option."""
        stack_id, reason = self.fail_container(**properties)
        self.assertIn('option %s)' % option, reason)
        self.delete_stack(stack_id)

    def refused_by(self, option, **properties):
        """Assert that a template is refused because of an option."""
        self.assertIn('option %s)' % option, self.refused(
            {'web': self.container(**properties)}))
