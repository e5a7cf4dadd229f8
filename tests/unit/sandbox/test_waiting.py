#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

import testtools

from sandbox import errors
from sandbox import waiting


class UntilTest(testtools.TestCase):
    def until(self, *results, seconds=20, **kwargs):
        left = iter(results)

        def probe():
            result = next(left)
            if isinstance(result, Exception):
                raise result
            return result

        return waiting.until(probe, seconds, 'a page', pause=0, **kwargs)

    def test_first_true_value_is_returned(self):
        self.assertEqual(7, self.until(None, 0, 7, 8))

    def test_expected_error_means_not_yet(self):
        self.assertEqual(7, self.until(OSError(), 7, not_yet=OSError))

    def test_unexpected_error_is_raised(self):
        self.assertRaises(ValueError, self.until, ValueError(),
                          not_yet=OSError)

    def test_timeout_says_what_was_expected_and_why_it_is_not_there(self):
        error = self.assertRaises(
            errors.TimedOut, self.until, OSError('refused'), seconds=-1,
            not_yet=OSError)
        self.assertEqual('timed out after -1 s waiting for a page: refused',
                         str(error))
