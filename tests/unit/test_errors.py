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

"""The classification of a daemon's answers."""

import inspect

import testtools

from heat_docker import errors

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
    (404, 'image with reference x was found but does not match the specified '
          'platform: wanted linux/arm64', errors.NotFound),
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
)


class ErrorsTestCase(testtools.TestCase):

    def test_of_status(self):
        for status, words, expected in CLASSES:
            self.assertIs(expected, errors.of_status(status, words),
                          '%d %s' % (status, words))

    def test_tree_one_root(self):
        for name, member in vars(errors).items():
            if inspect.isclass(member):
                self.assertTrue(issubclass(member, errors.DockerError), name)

    def test_tree_leaves_apart(self):
        leaves = (errors.NotFound, errors.Conflict, errors.Busy,
                  errors.Unreachable, errors.Untrusted, errors.Refused,
                  errors.Unsupported, errors.Failed)
        for leaf in leaves:
            self.assertEqual([leaf], [other for other in leaves
                                      if issubclass(leaf, other)])

    def test_no_answer_is_unreachable(self):
        self.assertTrue(issubclass(errors.NoAnswer, errors.Unreachable))
        self.assertTrue(issubclass(errors.AnswerTimeout, errors.NoAnswer))

    def test_tree_in_docstring(self):
        for name, member in vars(errors).items():
            if inspect.isclass(member):
                self.assertIn(name, errors.__doc__)
