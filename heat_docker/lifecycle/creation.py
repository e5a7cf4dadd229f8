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

"""Steps that create, find, check and update an object of any kind."""

import collections
import dataclasses
import time

from .. import changes
from .. import errors
from .. import fields
from .. import i18n
from .. import policy
from . import ownership
from . import plan
from . import records

_ = i18n._

# Seconds that a daemon may work on a create request after its response was
# lost. During that time the name is in use, but no list shows the object.
_CREATE_PENDING = 30.0


def check_supported(ctx: plan.Context):
    """Raise if the operator or the daemon does not allow a property."""
    fields.check_policy(ctx.fields, ctx.properties)
    fields.check_api(ctx.fields, ctx.properties, ctx.client.api,
                     ctx.client.endpoint)


def record_request(client, store):
    """Record that the daemon may have an object, and its address."""
    return store.write(records.CreateRequest(client.endpoint.given,
                                             client.address))


def may_exist(obj):
    """Return whether a daemon may have the object, with or without an ID."""
    return obj.id is not None or obj.records.holds(records.CreateRequest)


def is_create_pending(obj):
    """Return whether an object without an ID may still appear."""
    return obj.id is None and _is_answer_lost(obj)


def _is_answer_lost(obj):
    """Return whether a response was lost that the daemon may not be done with.
    """
    request = obj.records.read(records.CreateRequest)
    lost = request and request.lost or 0
    return abs(time.time() - lost) < _CREATE_PENDING


def find_usable(ctx: plan.Context, client):
    """Find the object, store a lost ID, and look at the object's state.

    :returns: whether there is an object that can be finished.
    """
    try:
        return ctx.object.ensure_id(client, ctx.properties) and (
            ctx.object.is_usable(ctx, ctx.object.inspect(client)))
    except errors.NotFound:
        return False


class Create(plan.Step):
    """Create the object once, even if the response is lost.

    A type overrides :meth:`send` if its request differs.
    """

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Create the object and store its ID."""
        check_supported(ctx)
        values = ownership.resolve(ctx.client, ctx.fields, ctx.properties,
                                   ctx.object.owner)
        request = fields.request(ctx.fields, collections.ChainMap(
            {'name': ctx.object.name(values)}, values))
        request.body.setdefault('Labels', {}).update(ctx.object.owner.labels)
        # If heat-engine ends before it receives the ID, a delete must still
        # look for the object.
        recorded = ctx.records.read(records.CreateRequest)
        first = recorded is None
        if recorded is None:
            recorded = record_request(ctx.client, ctx.records)
        try:
            object_id: str | None = self.send(ctx, request)
        except errors.NoAnswer:
            ctx.records.write(dataclasses.replace(recorded,
                                                  lost=time.time()))
            raise
        except errors.Unreachable:
            if first:
                ctx.records.erase(records.CreateRequest)
            raise
        except errors.Conflict as ex:
            object_id = ctx.object.find_own(ctx.client, ctx.properties)
            if object_id is None:
                return self.name_in_use(ctx, ex)
        ctx.object.id = object_id
        return True

    def send(self, ctx: plan.Context, request: fields.Request) -> str:
        """Send the request and return the ID of the object."""
        made, warnings = ctx.object.collection(ctx.client).create(
            request.body)
        report_warnings(ctx, warnings)
        return made

    def name_in_use(self, ctx: plan.Context, ex):
        """Return the result of the step if another object has the name.

        :param errors.Conflict ex: error of the daemon.
        :raises errors.Conflict: if the step cannot wait for the name.
        """
        if not _is_answer_lost(ctx.object):
            raise ex
        return False


def report_warnings(ctx: plan.Context, warnings):
    """Add an event for each warning of the daemon."""
    for warning in warnings:
        ctx.event(_('Docker warns: %s') % warning)


class Find(plan.Step):
    """Find the object to delete; without an ID, by its labels."""

    def __init__(self, otherwise):
        """Prepare for an object that no longer exists.

        :param otherwise: the steps that do not need the object.
        """
        self._otherwise = otherwise

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Find the object, or complete the plan if there is none."""
        if ctx.object.ensure_id(ctx.client, ctx.properties):
            return self._confirm(ctx)
        if is_create_pending(ctx.object):
            return False
        return plan.Instead([])

    def _confirm(self, ctx: plan.Context):
        if policy.is_shared():
            try:
                ctx.object.inspect(ctx.client)
            except errors.NotFound:
                return plan.Instead(self._otherwise)
        return True


class Check(plan.Step):
    """Fail unless the object exists and belongs to the project."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Inspect the object."""
        ctx.object.inspect(ctx.client)
        return True


class Move(plan.Step):
    """Find out whether other managers of a swarm have the object, too.

    If they are those of another swarm, the object is replaced.
    """

    def __init__(self, replaces: bool = True):
        """Prepare to ask one of them.

        :param replaces: whether the object may be replaced.
        """
        self._replaces = replaces

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Inspect the object, and record the manager that has it."""
        try:
            ctx.object.inspect(ctx.client)
        except errors.NotFound as ex:
            if self._replaces:
                raise plan.Replace() from ex
            raise
        record_request(ctx.client, ctx.records)
        return True


class Recover(plan.Step):
    """Find the object of a create whose response was lost, or replace it."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Find the object."""
        if find_usable(ctx, ctx.client):
            return True
        if is_create_pending(ctx.object):
            return False
        raise plan.Replace()


class CheckSupported(plan.Step):
    """Fail if the daemon is too old for the new values of properties."""

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Compare the API versions."""
        fields.check_api(ctx.fields, ctx.values, ctx.client.api,
                         ctx.client.endpoint)
        return True


class Update(plan.Step):
    """Change properties by the update request, and verify the result.

    Daemons ignore fields that they do not know or cannot update. If the kernel
    does not support a change, they return a warning, and a replacement would
    not help.

    A type overrides :meth:`send` if its request differs.
    """

    def __call__(self, ctx: plan.Context) -> plan.Result:
        """Send the request, and inspect the object."""
        api = ctx.client.api
        # After a failed update, ctx.changed also contains what it may have
        # changed. It cannot have changed what the daemon cannot update.
        if changes.too_new(ctx.fields, changes.changed(
                ctx.fields, ctx.properties, ctx.values), api):
            raise plan.Replace()
        changed = set(ctx.changed) - changes.too_new(ctx.fields, ctx.changed,
                                                     api)
        body = changes.update(ctx.fields, changed, ctx.values, api)
        if not body:
            return True
        try:
            warnings = self.send(ctx, body)
        except errors.Unsupported as ex:
            # Podman can since 5.1:
            # https://github.com/containers/podman/pull/22322.
            if ctx.client.is_podman:
                raise plan.Replace() from ex
            raise
        report_warnings(ctx, warnings)
        inspected = ctx.object.inspect(ctx.client)
        if not warnings and changes.ignored_changes(
                ctx.fields, changed, body, inspected):
            raise plan.Replace()
        return True

    def send(self, ctx: plan.Context, body: dict) -> list[str]:
        """Send the request and return the daemon's warnings."""
        return ctx.object.collection(ctx.client).update(ctx.object.id, body)
