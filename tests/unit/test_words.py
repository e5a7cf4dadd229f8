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

"""The classification of a daemon's responses by status and words."""

import pathlib
import re

import testtools

from heat_docker import errors
from heat_docker import words

PACKAGE = pathlib.Path(errors.__file__).parent

CLASSES = (
    (404, 'No such container: x', errors.NotFound),
    (404, 'No such image: x', errors.NotFound),
    (404, 'network x not found', errors.NotFound),
    (404, 'failed to find image x: image not known', errors.NotFound),
    (404, 'get x: error while checking if volume "x" exists in driver "y": '
          'error looking up volume plugin y: plugin "y" not found',
     errors.Failed),
    (404, 'page not found', errors.Unsupported),
    (404, '', errors.Unsupported),
    (404, 'pull access denied', errors.Failed),
    (500, 'network name x already used: network already exists',
     errors.Conflict),
    (500, 'container x does not exist in database: no such container',
     errors.NotFound),
    (500, 'reading image "x": x: image not known', errors.NoAnswer),
    (409, 'The container name "/x" is already in use', errors.Conflict),
    (500, 'the container name "x" is already in use by y: that name is '
          'already in use', errors.Conflict),
    (500, 'address already in use', errors.Conflict),
    (403, 'Address already in use', errors.Conflict),
    (500, 'Bind for 0.0.0.0:80 failed: port is already allocated',
     errors.Conflict),
    (500, '"x" has associated containers with it: network is being used',
     errors.Conflict),
    (409, 'removal of container x is already in progress', errors.Busy),
    (400, 'removal already in progress', errors.Failed),
    (503, 'This node is already part of a swarm. Use x', errors.Conflict),
    (503, 'This node is not part of a swarm', errors.NotFound),
    (503, 'Swarm is encrypted and needs to be unlocked before it can be used',
     errors.Failed),
    (503, 'rpc error: code = Unknown desc = The swarm does not have a leader.',
     errors.NoAnswer),
    (500, 'raft: failed to process the request: node lost leader status',
     errors.NoAnswer),
    (500, 'rpc error: code = DeadlineExceeded desc = x', errors.NoAnswer),
    (500, 'rpc error: code = Unknown desc = update out of sequence',
     errors.OutOfSequence),
    (301, 'moved', errors.Failed),
    (400, 'bad parameter', errors.Failed),
    (401, 'unauthorized', errors.Failed),
    (403, 'forbidden', errors.Failed),
    (500, 'driver failed', errors.Failed),
    (500, 'cannot stop container: paused-web: permission denied',
     errors.Failed),
    (500, 'Container x is paused. Unpause the container before stopping',
     errors.Paused),
    (500, '', errors.NoAnswer),
    (501, 'not implemented', errors.Failed),
    (599, '', errors.NoAnswer),
    (400, '', errors.Failed),
    (409, 'Container x is paused, unpause the container before exec',
     errors.Conflict),
    (503, 'This site is paused', errors.NoAnswer),
    (403, 'container x is not connected to network y', errors.NotFound),
    (403, 'error while removing network: network x id y has active endpoints',
     errors.Conflict),
    (409, 'remove x: volume is in use - [y]', errors.Conflict),
    # From a daemon that shuts down.
    (500, 'get data: database not open', errors.NoAnswer),
    (500, 'grpc: the client connection is closing: context canceled',
     errors.NoAnswer),
    (500, 'transport is closing: unavailable', errors.NoAnswer),
    (500, 'failed to update store for object type *libnetwork.endpoint: open '
     ': no such file or directory', errors.NoAnswer),
    (502, 'bad gateway', errors.NoAnswer),
    (503, 'unavailable', errors.NoAnswer),
    (503, 'This node is not a swarm manager. Use "docker swarm init"',
     errors.Failed),
    (504, 'gateway timeout', errors.NoAnswer),
    (500, 'network 6jjo3n8dluybsxfga7hb532c9 not found', errors.NotFound),
    (400, 'rpc error: code = FailedPrecondition desc = network x is in use '
     'by task y', errors.Conflict),
    (500, 'rpc error: code = Unknown desc = update out of sequence',
     errors.OutOfSequence),
    (400, "rpc error: code = InvalidArgument desc = secret 'x' is in use by "
     'the following service: y', errors.Conflict),
)


class WordsTestCase(testtools.TestCase):

    def test_of_status(self):
        for status, message, expected in CLASSES:
            self.assertIs(expected, words.of_status(status, message),
                          '%d %s' % (status, message))

    def test_words(self):
        """Each row means what it says, and no row before it hides it."""
        for row in words.WORDS:
            for status in (404, 409, 500):
                if status in row.statuses:
                    self.assertIs(row.error,
                                  words.of_status(status, row.example), row)

    def test_words_of_other_statuses(self):
        for row in words.WORDS:
            if 404 in row.statuses and 500 not in row.statuses:
                self.assertIsNot(errors.NotFound,
                                 words.of_status(500, row.example), row)

    def test_words_are_in_one_table(self):
        """No other module decides by the message of an error."""
        for path in PACKAGE.rglob('*.py'):
            source = path.read_text(encoding='utf-8')
            found = re.search(
                r"""(['"] in str\(ex|['"] in message|match\(message|"""
                r"""search\([^)]*str\(ex|str\(ex\)\.)""", source)
            self.assertIsNone(found, '%s: %s' % (path, found))
