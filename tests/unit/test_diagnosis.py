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

"""Why connections fail."""

import ssl

from heat_docker import diagnosis
from heat_docker import errors
from tests.unit import base


class ExplainTestCase(base.TestCase):

    def explain(self, ex, cause=None):
        ex.__cause__ = cause
        error, words = diagnosis.explain(ex)
        self.assert_plain(str(words))
        return error, words

    def test_tls_alerts_suggest_the_setting_to_check(self):
        for reason, expected in (
                ('TLSV13_ALERT_CERTIFICATE_REQUIRED', 'see client_cert'),
                ('TLSV1_ALERT_UNKNOWN_CA', 'see client_cert'),
                ('SSLV3_ALERT_BAD_CERTIFICATE', 'see client_cert'),
                ('WRONG_VERSION_NUMBER', 'does not speak TLS'),
                ('RECORD_LAYER_FAILURE', 'does not speak TLS'),
                ('TLSV1_ALERT_PROTOCOL_VERSION',
                 'TLS failed, tlsv1 alert protocol version')):
            cause = ssl.SSLError(1, '[SSL: %s] hm (_ssl.c:1)' % reason)
            cause.reason = reason
            error, words = self.explain(OSError('x'), cause)
            self.assertIs(errors.Untrusted, error)
            self.assertIn(expected, words)

    def test_unknown_fault_of_a_certificate(self):
        cause = ssl.SSLCertVerificationError(1, 'no')
        cause.verify_code, cause.verify_message = 23, 'certificate revoked'
        self.assertEqual((errors.Untrusted, 'certificate revoked'),
                         self.explain(OSError('x'), cause))
