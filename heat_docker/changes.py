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

"""Changes of the values in a table: what they mean, and how they are made."""

import typing

from . import errors
from . import fields
from . import i18n

_ = i18n._


def changed(table, before, after) -> set[str]:
    """Return the names of the properties whose change affects Docker.

    Two spellings of one value, such as the ports ``80`` and ``"80/tcp"``,
    produce requests with the same meaning, and are not a change.

    :param before: the old values.
    :param after: the new values.
    :returns: set of names.
    """
    return {field.name for field in table
            if _has_changed(field, before, after)}


def _has_changed(field, before, after):
    if before[field.name] == after[field.name]:
        return False
    try:
        return _meaning(field, before) != _meaning(field, after)
    except (AttributeError, LookupError, TypeError, ValueError):
        # The old value may no longer be valid.
        return True


def _meaning(field, values):
    """Return the meaning of all parts of the create request for a value.

    :returns: None if the value is unset, or means the same.
    """
    value = fields.effective_value(field, values)
    meaning = None if value is None else field.meaning(field.to_api(value))
    if meaning is None or not meaning and not field.empty_counts:
        return None
    return [meaning, *(to_api(value) for to_api in field.also.values())]


def requires_replace(table, changed, values) -> bool:
    """Return whether a change has to replace the object.

    :param changed: names of the properties that differ.
    :param values: the values after the change.
    """
    for field in table:
        if field.name not in changed or not (
                field.update or field.change is fields.REPLACES):
            continue
        value = fields.value_of(field, values)
        if field.change is fields.REPLACES or (
                field.update.unset is None and (
                    value is None or not field.to_api(value))):
            return True
    return False


def steps(table, changed):
    """Return the names of the steps that make the changes, in order.

    :param changed: names of the properties that differ.
    """
    return list(dict.fromkeys(
        field.step.name for field in table
        if field.step and field.name in changed))


def uncertain(table, values) -> set[str]:
    """Return the properties that a failed update may have left unchanged.

    :param values: the values that the update was to set.
    :returns: set of names.
    """
    return {field.name for field in table if field.in_place and (
        fields.value_of(field, values) is not None or field.step
        or (field.update and field.update.unset is not None))}


def needs_update(table, changed) -> bool:
    """Return whether a change may need Docker's update request.

    :param changed: names of the properties that differ.
    """
    return any(field.update and field.name in changed for field in table)


def too_new(table, changed, api: tuple) -> set[str]:
    """Return the changed properties that a daemon cannot update in place.

    :param changed: names of the properties that differ.
    :param tuple api: version of the daemon's API.
    :returns: set of names.
    """
    return {field.name for field in table if field.name in changed
            and field.update and field.update.since > api}


def update(table, changed, values, api: tuple) -> dict:
    """Return the body of Docker's update request.

    The body contains all values that an update request can set, changed or
    not: Docker refuses some values without others, and Podman treats a
    missing restart policy as an empty one.

    :param changed: names of the properties that differ.
    :param values: the values after the change.
    :param tuple api: version of the daemon's API. The body does not contain
        values that need a newer one.
    :returns: dict, empty if no request is needed.
    """
    table = [field for field in table
             if field.update and field.update.since <= api]
    if not needs_update(table, changed):
        return {}
    body: dict = {}
    for field in table:
        value = fields.value_of(field, values)
        if value is not None:
            fields.put(body, field.update.path, field.to_api(value))
            for path, to_api in field.update.also.items():
                fields.put(body, path, to_api(value))
        elif field.name in changed:
            fields.put(body, field.update.path, field.update.unset)
    return body


def ignored_changes(table, changed, body, inspected) -> bool:
    """Return whether a daemon has ignored a change in an update request.

    :param changed: names of the properties that differ and that the request
        contains.
    :param dict body: body of the update request.
    :param dict inspected: response to Docker's inspect request after it.
    """
    return any(
        _from_api(field, fields.read(inspected, field.live_path))
        != field.from_api(fields.read(body, field.update.path))
        for field in table
        if field.update and field.name in changed
        and fields.read(body, field.update.path) != field.update.unset)


def drift(table, values, inspected) -> dict[str, typing.Any]:
    """Return the live values of properties that differ from the template.

    Only values that are set and that all daemons can change in place are
    compared. Values that an image or a daemon adds are not a difference.

    :param values: values in the template.
    :param dict inspected: response to Docker's inspect request.
    """
    differ = {}
    for field, value in fields.set_fields(table, values):
        if not field.live_path or not (field.update or field.step) or (
                field.update and field.update.since > fields.OLDEST_API):
            continue
        wanted = field.to_api(value)
        there = fields.read(inspected, field.live_path)
        live = _from_api(field, there)
        same = (field.same_state(wanted, there) if field.same_state else
                field.from_api(wanted) == live)
        if not same:
            differ[field.name] = live
    return differ


def _from_api(field, json):
    """Return the value of what a daemon shows of a field.

    :raises errors.Failed: if it does not have the form that Docker documents.
    """
    try:
        return field.from_api(json)
    except (AttributeError, LookupError, TypeError, ValueError) as ex:
        raise errors.Failed(_('The daemon returned the property %s in an '
                              'unknown format') % field.name) from ex
