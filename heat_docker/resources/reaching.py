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

"""How a resource reaches its daemon, and bears that it is away."""

import contextlib
import dataclasses
import json
import math
import time

from heat.common import exception
from heat.common import policy as heat_policy
from heat.engine import resource
from oslo_log import log as logging

from .. import client as clients
from .. import endpoint
from .. import errors
from .. import i18n
from .. import masking
from .. import policy

_ = i18n._

LOG = logging.getLogger(__name__)

# How long, in seconds, a daemon may be away: for a create by default, and
# for whatever happens to an object that is there.
_ENDPOINT_TIMEOUT = 300.0
_AWAY_TIMEOUT = 60.0

# How long, in seconds, Heat waits between two polls; and how long one poll
# that nobody else waits for may sleep rather than cost another one.
_POLL = 1.0
_NAP = 2.0


@dataclasses.dataclass
class Progress:
    """How far an action is: what is left of its steps.

    A step is a method of the resource that takes a daemon and the progress,
    does one quick thing, and returns whether its aim is reached. If not, or
    if an answer of the daemon was lost, it is called again after a while. It
    has to bear that: nobody knows what the daemon has done.

    :ivar pause: seconds until the next step wants to be called; None if it
        is Heat's next poll.
    """

    steps: list
    notes: dict = dataclasses.field(default_factory=dict)
    pause: float | None = None

    def later(self, seconds):
        """Return False, for a step that wants to be called in a while."""
        self.pause = seconds
        return False

    def values(self, properties):
        """Return the values that hold after the action.

        :param properties: those that hold now; Heat leaves them as they were
            before an update until it has ended.
        """
        return self.notes.get('values', properties)


class Reaching:
    """What a resource does to talk to the daemon of its properties."""

    @property
    def endpoint(self):
        """The endpoint of the daemon that keeps this object."""
        return self._endpoint_of(self.properties)

    def _endpoint_of(self, values):
        """Return the endpoint that values of the properties name.

        Once something was asked of a daemon it is that one, whatever the
        property has become since, which other resources may give. It stays
        allowed, at the address that it had then: who tightens the policy
        does not want to keep what is there from being deleted.

        :raises errors.Refused: if the operator does not allow it.
        """
        requested = json.loads(self.data().get('requested', 'null'))
        url = (values['docker_endpoint'] if requested is None
               else requested['endpoint'])
        try:
            named = endpoint.of_values(url, values['tls'])
        except ValueError as ex:
            raise errors.Failed(str(ex)) from ex
        if requested is not None:
            return dataclasses.replace(named, trusted=requested['address'])
        if not url and not self._are_known('docker_endpoint'):
            raise errors.Failed(_(
                'docker_endpoint has no value: what it is made of has none'))
        policy.endpoint(named, self._is_admin)
        return named

    def _is_admin(self):
        # What acts for a user later on is no admin until its roles are read.
        return heat_policy.get_enforcer().check_is_admin(self.context)

    @property
    def _has_own_thread(self):
        """Whether no other resource of the stack waits for a poll of this.

        Without convergence Heat polls them one after the other. So do those
        before Heat 26 in a suspend and a resume of any stack. Only a resource
        with a thread has been told by which engine:
        https://github.com/openstack/heat/blob/master/heat/engine/scheduler.py.
        """
        return getattr(self, '_calling_engine_id', None) is not None

    @contextlib.contextmanager
    def _docker(self, values=None):
        """Connect to the daemon; its errors become those of Heat.

        Heat shows the name of an exception's class in the status reason, so
        it is Heat's plainest, and not ResourceInError, on which Heat would
        delete the object and try anew.

        :param values: of the properties; by default those that hold now.
        """
        try:
            with clients.DockerClient(
                    self._endpoint_of(values or self.properties),
                    lambda: self._secrets(values)) as client:
                yield client
        except errors.DockerError as ex:
            raise exception.Error(str(ex)) from ex
        except (AttributeError, IndexError, KeyError, RecursionError,
                TypeError) as ex:
            LOG.exception('An answer about %s is not of the shape that the '
                          'Docker API has', self.name)
            raise exception.Error(
                _('Docker at %s gave an answer that makes no sense')
                % (values or self.properties)['docker_endpoint']) from ex

    def _secrets(self, values):
        """Return the texts that a daemon may repeat, and nobody is shown.

        :param values: of the properties, beside those of the last action.
        """
        found = masking.secrets(self.spec.FIELDS,
                                self._stored_properties_data or {})
        try:
            values = dict(values or self.properties)
        except (exception.HeatException, TypeError, ValueError):
            # What they depend on is gone, so no daemon has been told them.
            return found
        return found | masking.secrets(self.spec.FIELDS, values)

    def _advance(self, progress):
        """Take steps until one needs time, and return whether all are done.

        A short pause of a step is slept here, without a connection, unless
        others have to wait: a poll of Heat's would take a second at least.

        :param Progress progress: changed in place.
        :raises resource.PollDelay: if the next poll would come too early.
        """
        self._shown = None
        slept, nap = 0.0, _NAP if self._has_own_thread else 0.0
        while progress.steps:
            progress.pause = None
            self._take_steps(progress)
            pause = progress.pause
            if pause is None:
                break
            slept += pause
            if slept > nap:
                if pause > _POLL:
                    raise resource.PollDelay(math.ceil(pause))
                break
            time.sleep(pause)
        return not progress.steps

    def _take_steps(self, progress):
        """Take steps until one is not done."""
        with self._docker(progress.values(self.properties)) as client:
            try:
                while progress.steps:
                    done = progress.steps[0](client, progress)
                    self._note_answer(progress, client)
                    if not done:
                        return
                    del progress.steps[0]
            except errors.Unreachable as ex:
                self._bear(progress, client, ex)

    def _retry_in_turn(self):
        """Have Heat process the resource again, after others of the stack.

        Heat puts the request back into its queue if nobody works on the
        resource. To wait longer would occupy a thread that the other resources
        may need.
        https://opendev.org/openstack/heat/src/branch/master/heat/engine/check_resource.py

        :raises exception.UpdateInProgress: always.
        """
        time.sleep(_POLL)
        raise exception.UpdateInProgress(self.name)

    def _bear(self, progress, client, ex):
        """Wait for an unreachable daemon, up to a limit."""
        self._give_way()
        now = time.monotonic()
        values = progress.values(self.properties)
        first = 'away since' not in progress.notes
        since = progress.notes.setdefault('away since', now)
        if now - since < self._patience(values):
            if first:
                self._event(_('%s. Waiting for it') % ex)
            return
        if self.action != self.DELETE:
            raise ex
        if not values['forget_unreachable']:
            raise type(ex)(_(
                '%s. Bring it back and delete the stack again. If it is gone '
                'for good, ask the operator of Heat to add it to '
                'forgotten_endpoints') % ex) from ex
        self._forget(ex)
        progress.steps.clear()

    def _is_forgotten(self):
        """Return whether the operator has given up the daemon, and tell."""
        try:
            named = self.endpoint
        except errors.DockerError:
            return False
        if not policy.forgotten(named.url):
            return False
        self._forget(_('The operator has given up Docker at %s') % named)
        return True

    def _forget(self, why):
        """Tell what the daemon may still have when the resource is gone."""
        self._event(_('%(why)s. What it may still have is forgotten: '
                      '%(object)s') % {'why': why, 'object': self.resource_id})

    def _patience(self, values):
        """Return how many seconds the daemon may be away."""
        timeout = values['endpoint_timeout']
        if timeout is None:
            timeout = _ENDPOINT_TIMEOUT
        if self.action == self.CREATE:
            return timeout
        return min(timeout, _AWAY_TIMEOUT)

    def _note_answer(self, progress, client):
        """Tell that a daemon that was away is there."""
        if client.answered and 'away since' in progress.notes:
            since = progress.notes.pop('away since')
            self._event(_('Docker at %(endpoint)s answers after %(seconds)d '
                          's') % {'endpoint': client.endpoint,
                                  'seconds': time.monotonic() - since})
