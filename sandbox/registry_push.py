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

"""Put an image into a registry over its HTTP API, without any engine.

So images are built while the engine starts, and the engine keeps no copy:
what a test pulls is really pulled.
https://docs.docker.com/registry/spec/api/
"""

import dataclasses
import hashlib
import json

import requests

MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json'
CONFIG_TYPE = 'application/vnd.docker.container.image.v1+json'
LAYER_TYPE = 'application/vnd.docker.image.rootfs.diff.tar.gzip'


def digest(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


@dataclasses.dataclass
class Image:
    config: bytes
    layer: bytes        # tar.gz


class Pusher:
    def __init__(self, address, auth=None):
        self.url = f'http://{address}/v2'
        self.session = requests.Session()
        self.session.auth = auth

    def _request(self, method, url, **kwargs):
        response = self.session.request(method, url, timeout=60, **kwargs)
        response.raise_for_status()
        return response

    def _blob(self, name, data, media_type):
        upload = self._request('POST', f'{self.url}/{name}/blobs/uploads/')
        self._request('PUT', upload.headers['Location'], data=data,
                      params={'digest': digest(data)},
                      headers={'Content-Type': 'application/octet-stream'})
        return {'mediaType': media_type, 'size': len(data),
                'digest': digest(data)}

    def push(self, image, name, *tags):
        manifest = json.dumps({
            'schemaVersion': 2,
            'mediaType': MANIFEST_TYPE,
            'config': self._blob(name, image.config, CONFIG_TYPE),
            'layers': [self._blob(name, image.layer, LAYER_TYPE)],
        })
        for tag in tags:
            self._request('PUT', f'{self.url}/{name}/manifests/{tag}',
                          data=manifest,
                          headers={'Content-Type': MANIFEST_TYPE})
