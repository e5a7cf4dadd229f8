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

"""Why a connection failed, as a class of error and in plain words."""

import collections.abc
import re
import socket
import ssl
import typing

import requests
import urllib3

from . import errors
from . import i18n

_ = i18n._

# https://docs.openssl.org/3.0/man1/openssl-verification-options/
_X509_PROBLEMS = {
    9: _('its certificate is not valid yet'),
    10: _('its certificate has expired'),
    18: _('its certificate is self-signed, and not in ca_cert of tls'),
    19: _('its certificate is not signed by ca_cert of tls'),
    20: _('its certificate is not signed by ca_cert of tls'),
    21: _('its certificate is not signed by ca_cert of tls'),
    62: _('its certificate is for another hostname'),
    64: _('its certificate is for another IP address'),
}


def is_timeout(ex: BaseException) -> bool:
    """Return whether an exception means that a timeout has expired."""
    return _find(ex, requests.exceptions.Timeout,
                 urllib3.exceptions.TimeoutError) is not None


def explain(ex: BaseException) -> tuple[type[errors.DockerError], str]:
    """Return the class of error that an exception means, and plain words.

    The libraries raise the same class for a connection that is refused and
    for one that breaks while the response is awaited. Only in the second
    case, the daemon may have received the request.

    :param ex: exception of requests, urllib3 or Python.
    :returns: subclass of :class:`errors.DockerError`, and the reason.
    """
    if _find(ex, ssl.SSLError) and not _find(ex, ssl.SSLEOFError):
        return errors.Untrusted, _tls_failure(ex)
    if isinstance(ex, requests.exceptions.ConnectTimeout) or _find(
            ex, urllib3.exceptions.NewConnectionError, FileNotFoundError,
            ConnectionRefusedError, PermissionError, socket.gaierror):
        return errors.Unreachable, _reason(ex)
    return (errors.AnswerTimeout if is_timeout(ex) else errors.NoAnswer,
            _reason(ex))


def _causes(ex: typing.Any) -> collections.abc.Iterator[BaseException]:
    """Yield an exception and its causes, down to the first cause.

    urllib3 passes some causes only as an argument.
    """
    while isinstance(ex, Exception) and not isinstance(
            ex, errors.DockerError):
        yield ex
        ex = ex.__cause__ or ex.__context__ or next(iter(ex.args), None)


def _find(ex: BaseException, *classes: type) -> BaseException | None:
    """Return the first cause of an exception that has one of the classes."""
    found = [cause for cause in _causes(ex) if isinstance(cause, classes)]
    return found[-1] if found else None


def _tls_failure(ex: BaseException) -> str:
    """Return in plain words why TLS failed."""
    cause: typing.Any = _find(ex, ssl.SSLError)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _X509_PROBLEMS.get(cause.verify_code, cause.verify_message)
    # OpenSSL's names contain which side raised the alert; its numbers do not.
    reason = cause.reason or ''
    if 'ALERT' in reason and re.search('CERTIFICATE|UNKNOWN_CA', reason):
        return _('it requires a client certificate, or rejects this one: see '
                 'client_cert of tls')
    if 'WRONG_VERSION' in reason or 'RECORD_LAYER' in reason:
        return _('it does not speak TLS: use tcp:// in docker_endpoint')
    return _('TLS failed, %s') % reason.lower().replace('_', ' ')


def _reason(ex: BaseException) -> str:
    """Return in plain words why a connection failed."""
    for cause in reversed(list(_causes(ex))):
        if isinstance(cause, TimeoutError):
            break
        if isinstance(cause, OSError) and cause.strerror and not isinstance(
                cause, ssl.SSLError):
            return cause.strerror
    if is_timeout(ex):
        return _('no response in time')
    return _('the connection broke')
