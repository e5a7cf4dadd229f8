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

"""Which URLs name a daemon, and which do not."""

import hypothesis
from hypothesis import strategies as st
import testtools

from heat_docker import endpoint

# what users write, what it means, what the docker library is told
ACCEPTED = (
    ('tcp://docker.test:2375', 'tcp://docker.test:2375',
     'http://docker.test:2375'),
    ('tcp://docker.test', 'tcp://docker.test:2375',
     'http://docker.test:2375'),
    ('TCP://docker.test', 'tcp://docker.test:2375',
     'http://docker.test:2375'),
    ('tcp://docker.test:1/', 'tcp://docker.test:1', 'http://docker.test:1'),
    ('tcp://docker.test:', 'tcp://docker.test:2375',
     'http://docker.test:2375'),
    ('http://192.0.2.1', 'http://192.0.2.1:2375', 'http://192.0.2.1:2375'),
    ('https://docker.test', 'https://docker.test:2376',
     'https://docker.test:2376'),
    ('https://[2001:db8::1]', 'https://[2001:db8::1]:2376',
     'https://[2001:db8::1]:2376'),
    ('tcp://[::1]:99', 'tcp://[::1]:99', 'http://[::1]:99'),
    ('unix:///var/run/docker.sock', 'unix:///var/run/docker.sock',
     'unix:///var/run/docker.sock'),
)

REFUSED = (
    ('', "'' is not a Docker endpoint; say tcp://"),
    ('docker.test:2375', "'docker.test:2375' is not a Docker endpoint"),
    ('docker.test', 'is not a Docker endpoint'),
    ('ssh://docker.test', "'ssh://docker.test' is not a Docker endpoint"),
    ('npipe:////./pipe/docker_engine', 'is not a Docker endpoint'),
    ('tcp://', 'names no host'),
    ('tcp://:2375', "'tcp://:2375' names no host"),
    ('tcp:///var/run/docker.sock', 'has more than a host'),
    ('tcp://a b', 'names no host'),
    ('tcp://docker.test:0', 'names port 0'),
    ('tcp://docker.test:65536', 'is not a Docker endpoint'),
    ('tcp://docker.test:x', 'is not a Docker endpoint'),
    ('tcp://[::1', 'is not a Docker endpoint'),
    ('tcp://::1', 'not a Docker endpoint|names no host'),
    ('http://docker.test/path', 'more than a host and a port'),
    ('http://docker.test?a=b', 'more than a host and a port'),
    ('http://docker.test#a', 'more than a host and a port'),
    ('unix://', 'does not name an absolute path'),
    ('unix://relative', 'does not name an absolute path'),
    ('unix:///', 'does not name an absolute path'),
    ('unix:///a/', 'does not name an absolute path'),
    ('unix:///a?b', 'does not name an absolute path'),
)


class ParseTestCase(testtools.TestCase):

    def test_parse_accepted(self):
        for url, meaning, base_url in ACCEPTED:
            parsed = endpoint.parse(url)
            self.assertEqual((meaning, base_url),
                             (str(parsed), parsed.base_url), url)

    def test_parse_twice(self):
        for url, _meaning, _base_url in ACCEPTED:
            parsed = endpoint.parse(url)
            self.assertEqual(parsed, endpoint.parse(str(parsed)))
            self.assertEqual(1, len({parsed, endpoint.parse(str(parsed))}))

    def test_parse_refused(self):
        for url, words in REFUSED:
            ex = self.assertRaises(ValueError, endpoint.parse, url)
            self.assertThat(str(ex), testtools.matchers.MatchesRegex(
                '.*(?:%s)' % words), url)

    def test_parse_password_stays_secret(self):
        for url in ('tcp://me:hunter2@docker.test:1',
                    'ssh://me:hunter2@docker.test',
                    'https://me:hunter2@docker.test:x'):
            ex = self.assertRaises(ValueError, endpoint.parse, url)
            self.assertNotIn('hunter2', str(ex))

    @hypothesis.settings(database=None, deadline=None, derandomize=True)
    @hypothesis.given(
        st.text() | st.text('tcphsunix:/@[]?#.0159').map('tcp://{}'.format) |
        st.text('/a?#\0').map('unix://{}'.format))
    def test_parse_any_text(self, url):
        try:
            parsed = endpoint.parse(url)
        except ValueError as ex:
            self.assertTrue(str(ex))
        else:
            self.assertEqual(parsed, endpoint.parse(str(parsed)))

    def test_passwords_stay_out_of_messages(self):
        for url in ('tcp://me:hun/hunter2@h.test', 'unix://me:hunter2@h',
                    'tcp://me:a@hunter2@h.test'):
            ex = self.assertRaises(ValueError, endpoint.parse, url)
            self.assertNotIn('hunter2', str(ex))
