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

"""The daemon with TLS, with certificates of a stack."""

import pathlib

from sandbox import certificates
from sandbox import control
from tests.functional import base

# Attributes of the certificates, and the files of the daemon and its client.
FILES = {'ca_cert': 'ca.pem', 'server_cert': 'server-cert.pem',
         'server_key': 'server-key.pem', 'client_cert': 'cert.pem',
         'client_key': 'key.pem'}


class TLSDaemonTest(base.FunctionalTest):
    """A test that replaces the certificates of the daemon with TLS.

    The certificates must have the name 127.0.0.1, at which the sandbox waits
    for the daemon.

    :ivar at: endpoint of the daemon.
    """

    alone = True

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.cloud.tls_docker['ca']).parent
        self.at = self.cloud.tls_docker['endpoint']
        kept = {name: (self.folder / file).read_text()
                for name, file in FILES.items()}
        self.addCleanup(self.install, kept)

    def install(self, texts):
        """Restart the daemon with other certificates, given by attribute."""
        for name, file in FILES.items():
            certificates.write(self.folder / file, texts[name])
        control.order(self.cloud, 'docker-tls', 'restart')
