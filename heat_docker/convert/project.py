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

"""Values of a Compose project: conversion for the front end, and masks.

The messages contain names, but no values, which may be secrets.
"""

import base64
import binascii

from .. import i18n
from . import registry
from . import scalars

_ = i18n._

_BASE64 = 'base64'
_MASK = '***'
_CREDENTIALS = {'username', 'password', 'identity_token', 'server_address'}


def check_files(value: list) -> list:
    """Return Compose files, each as text or as a map.

    :raises ValueError: if one is something else.
    """
    for one in value:
        if not isinstance(one, (str, dict)):
            raise ValueError(_('overrides is a list of texts of Compose '
                               'files, or of maps'))
    return value


def check_contents(value: dict) -> dict[str, str | bytes]:
    """Return the contents of files, as text or as bytes.

    :raises ValueError: if one is something else.
    """
    return {path: _content(path, one) for path, one in value.items()}


def _content(path, value):
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and [*value] == [_BASE64] and isinstance(
            value[_BASE64], str):
        try:
            # Text of several lines is usual.
            return base64.b64decode(''.join(value[_BASE64].split()),
                                    validate=True)
        except (binascii.Error, ValueError) as ex:
            raise ValueError(_('contents: %s: base64 is invalid')
                             % path) from ex
    raise ValueError(_('contents: %s is the text of the file, or a map such '
                       'as {base64: iVBORw0KGgo=} for a binary file') % path)


def check_environment(value: dict) -> dict[str, str | None]:
    """Return variables, each as text; None for one that is not set.

    :raises ValueError: if the value of a variable is a list or a map.
    """
    for name, one in value.items():
        if isinstance(one, (list, dict)):
            raise ValueError(_('environment: the value of %s is not text')
                             % name)
    return {name: None if one is None else scalars.to_string(one)
            for name, one in value.items()}


def check_profiles(value: list) -> list[str]:
    """Return the names of profiles.

    :raises ValueError: if one is a list or a map.
    """
    return scalars.to_strings(one for one in value if one is not None)


def check_scale(value: dict) -> dict[str, int]:
    """Return the number of containers of each service.

    :raises ValueError: if one is not a whole number.
    """
    return {service: _number(service, one) for service, one in value.items()}


def _number(service, value):
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:9])
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(_('scale: the number of containers of %s is not a '
                           'whole number') % service)
    return value


def check_credentials(value: dict) -> dict[str, dict]:
    """Return the property registry_auth of resources, by registry.

    :raises ValueError: if credentials are incomplete.
    """
    found = {}
    for name, one in value.items():
        if not isinstance(one, dict):
            raise ValueError(_('registry_auth: %s is not a map such as '
                               '{username: wiki, password: secret}') % name)
        # Masks know the secrets of these keys only.
        for key in one.keys() - _CREDENTIALS:
            raise ValueError(_('registry_auth: %(registry)s: %(key)s is not '
                               'one of %(known)s')
                             % {'registry': name, 'key': key,
                                'known': ', '.join(sorted(_CREDENTIALS))})
        try:
            name = scalars.to_string(name)
            for value_of_key in one.values():
                if isinstance(value_of_key, (list, dict)):
                    raise ValueError(_('a value is not text'))
            address = registry.address(name)
            registry.auth_to_api({**one, 'server_address': address})
        except ValueError as ex:
            raise ValueError(_('registry_auth: %(registry)s: %(why)s')
                             % {'registry': name, 'why': ex}) from ex
        found[address] = {**one, 'server_address': address}
    return found


def credentials_masked(value: dict) -> dict:
    """Return credentials without their secrets."""
    return {name: registry.auth_masked(one) for name, one in value.items()}


def text_masked(value: str) -> str:
    """Return a mask, because a Compose file may contain passwords."""
    return _MASK


def map_masked(value: dict) -> dict:
    """Return a map with its keys only."""
    return dict.fromkeys(value, _MASK)


def list_masked(value: list) -> list:
    """Return a list with its length only."""
    return [_MASK] * len(value)
