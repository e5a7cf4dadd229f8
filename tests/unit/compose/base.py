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

"""Projects in memory."""

import textwrap

import testtools
import yaml

from heat_docker.compose import contents
from heat_docker.compose import hot
from heat_docker.compose import problems
from heat_docker.compose import project
from heat_docker.compose import swarm


class ComposeTestCase(testtools.TestCase):

    def load(self, *files, contents_=None, environment=None, **more):
        """Load texts or maps as the files compose.yaml, 1.yaml and so on."""
        sources = []
        for number, file in enumerate(files):
            if isinstance(file, str):
                file = textwrap.dedent(file)
            sources.append(('%s.yaml' % (number or 'compose'), file))
        more.setdefault('project_name', 'test')
        return project.load(sources, contents.Contents(contents_),
                            environment, **more)

    def values(self, *files, service='web', **more):
        """Return the keys of a service after all merges."""
        return self.load(*files, **more).services[service].values

    def resources(self, *files, **more):
        """Return the resources by name."""
        return {one.name: one for one in swarm.translate(
            self.load(*files, **more))}

    def properties(self, keys, service='web', sections='', **more):
        """Return the properties of a service with these keys.

        Without labels and networks.
        """
        text = 'services:\n  %s:\n    image: i\n%s\n%s' % (
            service, textwrap.indent(textwrap.dedent(keys), '    '),
            textwrap.dedent(sections))
        found = self.resources(text, **more)[service].properties
        return {name: value for name, value in found.items()
                if name not in ('labels', 'image', 'networks')}

    def template(self, *files, **more):
        """Return the template, as text and as a map."""
        text = hot.Template(self.load(*files, **more),
                            lambda path: path).text()
        return text, yaml.safe_load(text)

    def notes(self, *files, **more):
        """Return the notes about files."""
        loaded = self.load(*files, **more)
        swarm.translate(loaded)
        return loaded.report.notes

    def refused(self, words, *files, **more):
        """Return the error about files."""
        error = self.assertRaises(problems.ComposeError, self.resources,
                                  *files, **more)
        self.assertIn(words, str(error))
        return error
