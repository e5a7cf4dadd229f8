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

"""The troubleshooting page quotes the plugin's messages."""

import ast
import pathlib
import re

import testtools

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / 'doc' / 'source' / 'user' / 'troubleshooting.rst'

# Messages from Heat or Docker, or with quotes from them.
OTHERS = ('The Resource Type (DockerInc::Docker::Container) could not be '
          'found', 'RESUME_FAILED', 'is already in use by container',
          'port is already allocated', 'The container … is unhealthy',
          'CHECK_FAILED', 'plugin … not found',
          'namespace {"time" ""} does not exist')


def messages():
    """Return the plugin's messages, with … for their variable parts."""
    said = []
    for path in (ROOT / 'heat_docker').rglob('*.py'):
        if 'specs' not in path.parts and path.name != 'conf.py':
            said += [node.args[0].value
                     for node in ast.walk(ast.parse(path.read_text()))
                     if isinstance(node, ast.Call)
                     and getattr(node.func, 'id', '') == '_']
    return [re.sub(r'%(\(\w+\))?[srd]', '…', words) for words in said]


class TroubleshootingTestCase(testtools.TestCase):

    def test_entries_are_said(self):
        said = '\n'.join(messages())
        entries = re.findall('\n\n(``.*)\n    ', PAGE.read_text())
        self.assertGreater(len(entries), 30)
        for quoted in re.findall('``(.+?)``', ' '.join(entries)):
            for words in re.split(r'\s*…\s*', quoted):
                self.assertTrue(quoted in OTHERS or words in said, quoted)
