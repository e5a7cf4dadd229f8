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

"""Registries: image names and credentials."""

import contextlib
import re

from .. import answers
from .. import i18n
from . import scalars

_ = i18n._

# All hostnames of Docker Hub; the first one is used in image names.
# https://github.com/moby/moby/blob/v28.0.0/registry/config.go
_HUB = ('docker.io', 'index.docker.io', 'registry-1.docker.io',
        'registry.hub.docker.com')
# Host of the names of images that the plugin creates. No external registry
# has this name.
OWN = 'localhost'
SNAPSHOTS = OWN + '/heat-snapshot'
HELPERS = OWN + '/heat-docker'
RESERVED = (SNAPSHOTS + '/', HELPERS + '/')

_HUB_ADDRESS = 'https://index.docker.io/v1/'


def parts(image: str) -> tuple[str, str]:
    """Return the host of the registry and the repository of an image.

    ``busybox:1`` is ``docker.io`` and ``library/busybox``:
    https://github.com/distribution/reference/blob/main/normalize.go. An
    image that is referenced by its ID, such as ``sha256:...``, has neither.
    """
    if re.fullmatch('sha256:[0-9a-f]{12,64}|[0-9a-f]{64}', image):
        return '', ''
    name = image.partition('@')[0]
    host, slash, repository = name.partition('/')
    if not slash or not (re.search('[.:]', host) or host == 'localhost'
                         or host != host.lower()):
        host, repository = _HUB[0], name
    repository = repository.partition(':')[0]
    if host in _HUB:
        host = _HUB[0]
        if '/' not in repository:
            repository = 'library/' + repository
    return host, repository


def full_name(image: str) -> str:
    """Return the name of an image in the full form that a daemon uses.

    ``busybox`` is ``docker.io/library/busybox:latest``.
    """
    tag = re.search('[:@].*', image.rpartition('/')[2])
    return '%s/%s%s' % (*parts(image), tag[0] if tag else ':latest')


def has_tag(image: str) -> bool:
    """Return whether a registry may have another image of the same name later.

    This is the case without a digest, and also without any tag.
    """
    host, _repository = parts(image)
    return '@' not in image and host not in ('', OWN)


def is_same(image: str, there: object) -> bool:
    """Return whether a service has an image, possibly with a digest added.

    :param image: reference in a template.
    :param there: reference that the daemon shows.
    """
    if not isinstance(there, str):
        return False
    return full_name(image) == full_name(
        there if '@' in image else there.partition('@')[0])


def by_digest(references: list[str] | None, image: str | None) -> str | None:
    """Return the reference by digest in the repository that an image names.

    A daemon that knows an image from several repositories shows a reference
    for each of them. An ID names no repository.

    :param references: ``RepoDigests`` of the image.
    :param image: reference of the image, or its ID.
    :returns: one such as ``mariadb@sha256:...``, the one with the digest in
        ``image`` if there is one, or None.
    """
    wanted = parts(image or '')
    found = [reference for reference in references or ()
             if answers.is_id(reference) and '@' in reference
             and parts(reference) == wanted]
    digest = (image or '').partition('@')[2]
    return next((reference for reference in found
                 if reference.endswith('@' + digest)), None) or next(
                     iter(found), None)


def auth_to_api(value: dict) -> dict:
    """Convert the credentials to the map in Docker's X-Registry-Auth header.

    Messages do not contain the credentials.
    https://docs.docker.com/reference/api/engine/#section/Authentication
    """
    value = scalars.drop_empty(value)
    if not value:
        return {}
    if bool(value.get('identity_token')) == bool(
            value.get('username') or value.get('password')):
        raise ValueError(_('either username and password or identity_token is '
                           'required'))
    if bool(value.get('username')) != bool(value.get('password')):
        raise ValueError(_('username and password must be set together'))
    keys = {'username': 'username', 'password': 'password',
            'identity_token': 'identitytoken'}
    auth = {key: value[name] for name, key in keys.items()
            if name in value}
    if 'server_address' in value:
        auth['serveraddress'] = address(value['server_address'])
    return auth


def address(value: str) -> str:
    """Return the address of a registry in the form that Docker expects.

    ``https://registry.example.com/v2/`` becomes ``registry.example.com``, and
    all names of Docker Hub become one.
    """
    host = re.sub('^https?://', '', value).partition('/')[0]
    if not host:
        raise ValueError(_('%r is not the address of a registry') % value)
    return _HUB_ADDRESS if host in _HUB else host


def auth_for(auth: dict, image: str) -> dict:
    """Return the credentials for the registry of an image.

    :param dict auth: result of :func:`auth_to_api`.
    :raises ValueError: if they are for another registry.
    """
    host = parts(image)[0]
    if not host:
        raise ValueError(_('the image is referenced by its ID and does not '
                           'come from a registry'))
    host = address(host)
    if auth.setdefault('serveraddress', host) != host:
        raise ValueError(_('the credentials are for %(server)s, but the image '
                           'is from %(host)s')
                         % {'server': auth['serveraddress'], 'host': host})
    return auth


def pull_credentials(values) -> dict | None:
    """Return the credentials for a pull as the API has them, or None.

    :param values: values of the properties.
    :raises ValueError: if they are for another registry.
    """
    value = scalars.drop_empty(values['registry_auth'])
    if not value or not values['image']:
        return None
    with _of_property():
        return auth_for(auth_to_api(value), values['image'])


def build_credentials(values) -> dict | None:
    """Return the credentials for a build and a push, or None.

    :param values: values of the properties.
    :raises ValueError: if they are for another registry.
    """
    with _of_property():
        auth = auth_to_api(values['registry_auth'] or {})
        if not auth:
            return None
        if 'serveraddress' not in auth:
            raise ValueError(_('a build requires server_address'))
        for tag in (values['tags'] or ()) if values['push'] else ():
            auth_for(auth, scalars.to_string(tag))
        return auth


@contextlib.contextmanager
def _of_property():
    """Name the property in messages."""
    try:
        yield
    except ValueError as ex:
        raise ValueError(_('registry_auth: %s') % ex) from ex


def auth_masked(value: dict) -> dict:
    """Return the credentials without their secrets."""
    return {name: '***' if name in ('password', 'identity_token') and item
            else item for name, item in value.items()}
