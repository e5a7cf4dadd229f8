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

"""Platforms of images."""

# Other names of architectures, with the variant that they imply:
# https://github.com/containerd/platforms/blob/v1.0.0/database.go.
_ARCHITECTURES = {
    'i386': ('386', ''), 'x86_64': ('amd64', ''), 'x86-64': ('amd64', ''),
    'aarch64': ('arm64', ''), 'armhf': ('arm', 'v7'), 'armel': ('arm', 'v6')}

_SYSTEMS = ('linux', 'windows', 'freebsd', 'darwin')


def platform_to_api(value: str | None) -> dict[str, str]:
    """Convert ``linux/arm64/v8`` to the API's map of a platform.

    A platform can also be only a system or only an architecture.

    :returns: map with some of the keys ``os``, ``architecture`` and
        ``variant``; empty without a platform.
    """
    parts = [part.lower() for part in (value or '').split('/')]
    if len(parts) == 1 and parts[0] not in _SYSTEMS:
        parts.insert(0, '')
    system, architecture, variant = [*parts, '', ''][:3]
    architecture, implied = _ARCHITECTURES.get(architecture,
                                               (architecture, ''))
    variant = variant or implied
    if variant.isdigit():
        variant = 'v' + variant
    platform = {'os': system, 'architecture': architecture,
                'variant': variant}
    return {key: part for key, part in platform.items() if part}
