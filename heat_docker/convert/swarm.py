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
"""Objects of a swarm: secrets, configs and services."""

import base64

from .. import i18n

_ = i18n._


def text_to_data(value: str) -> str:
    """Convert text to the base64 of the API.

    Messages do not contain the text, which may be a secret.
    """
    try:
        return base64.b64encode(value.encode()).decode()
    except UnicodeEncodeError as ex:
        raise ValueError(_('the content is not valid Unicode')) from ex


def base64_to_data(value: str) -> str:
    """Check base64; messages do not contain it."""
    try:
        return base64.b64encode(base64.b64decode(
            ''.join(value.split()), validate=True)).decode()
    except ValueError as ex:
        raise ValueError(_('the content is not base64')) from ex


def masked(value: str) -> str:
    """Return the mask of a secret."""
    return '***'


def data(values) -> str | None:
    """Return the base64 of the content of a secret or a config.

    :param values: of the properties, of which one contains it.
    """
    if values['content']:
        return text_to_data(values['content'])
    if values['content_base64']:
        return base64_to_data(values['content_base64'])
    return None


def driver_to_api(value: str) -> dict:
    """Convert the name of a driver to the API's map."""
    return {'Name': value}


def driver_from_api(value: dict | None) -> str:
    """Convert the API's map to the name of a driver."""
    return (value or {}).get('Name') or ''
