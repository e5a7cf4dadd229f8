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

"""One case: an action in which one API call goes wrong, and what follows.

The checks are the promises of the plugin: the action ends in time with a
status that users understand; the next action succeeds; the object is as the
template says; a delete leaves nothing; objects of others stay as they are.
"""

import contextlib
import dataclasses
import json
import re
import time
import uuid

from heat.engine import resource
from heat.engine.notification import stack as notification
from oslo_config import cfg
import requests

from heat_docker import conf
from heat_docker.lifecycle import claims
from heat_docker.lifecycle import creation
from heat_docker.lifecycle import ownership
from heat_docker.lifecycle import removal
from tests.faults import faults
from tests.faults import life as lives
from tests.faults import scenarios
from tests.functional import base
from tests.functional import oracle
from tests.functional import oracle_values as values
from tests.unit import base as unit_base

# Options of the operator, so that a daemon that is away costs little time.
_OPTIONS = {'denied_networks': [], 'connect_timeout': 1.0,
            'read_timeout': 2.0, 'pull_stall_timeout': 6.0,
            'running_after': 0.3}
# Constants of the plugin, for the same reason, in seconds.
_CONSTANTS = ((creation, '_CREATE_PENDING', 4.0), (removal, '_LEAVING', 4.0),
              (claims, '_PATIENCE', 5.0))
# For how long the daemon may be away.
_AWAY = 3

# The longest time of an action, in seconds.
LIMIT = 40.0

_INTERNAL = re.compile('Internal error')
_HELPERS = ('copy_of', 'snapshot_of', 'helper_of')


@dataclasses.dataclass(frozen=True)
class Case:
    """One case of the product.

    :ivar scenario: key of :data:`scenarios.SCENARIOS`.
    :ivar fault: key of :data:`faults.FAULTS`; None for no fault.
    :ivar number: number of the call, from 1.
    """

    scenario: str
    fault: str | None = None
    number: int = 0

    def __str__(self):
        return '%s/%s/%d' % (self.scenario, self.fault, self.number)

    @classmethod
    def parse(cls, name):
        """Return the case of a name."""
        *scenario, fault, number = name.split('/')
        return cls('/'.join(scenario), fault, int(number))


class FaultTest(oracle.OracleTest):
    """A test on a daemon behind a server that lets calls go wrong.

    :ivar calls: first lines of the requests of the action of the last case.
    """

    case: Case | None = None

    def setUp(self):
        super().setUp()
        for name, value in _OPTIONS.items():
            cfg.CONF.set_override(name, value, group=conf.GROUP)
            self.addCleanup(cfg.CONF.clear_override, name, group=conf.GROUP)
        for module, name, value in _CONSTANTS:
            self.patch(module, name, value)
        # There is no message bus.
        self.patch(notification, 'send', lambda stack: None)
        self.word = uuid.uuid4().hex[:12]
        self.calls, self.wrong, self._reasons, self._seen = [], [], [], []
        self._add_event = resource.Resource._add_event
        self.patch(resource.Resource, '_add_event', self._keep_reason)

    def _keep_reason(self, action, status, reason):
        self._reasons.append(str(reason))

    def run_case(self):
        """Run :attr:`case`."""
        self.check(self.case)

    def check(self, case):
        """Run a case, and fail unless all promises are kept."""
        self.server = faults.Server(self.cloud.docker['tcp_endpoint']
                                    or self.cloud.docker['endpoint'])
        self.addCleanup(self.server.close)
        scenario = scenarios.SCENARIOS[case.scenario]
        self.life = lives.Life(
            self, scenario.kind, self._own(scenario.kind,
                                           scenario.properties),
            scenario.member and self._own('container', scenario.member))
        self._arranged.callback(self._sweep)
        stranger = self._stranger(scenario.kind)
        if scenario.act[0] == 'adopt':
            self.adopted = self._adoptable(scenario.kind)
        for act in scenario.before:
            self._before(act)
        self._go_wrong(case, scenario)
        self._end(case, stranger)
        if self.wrong:
            self.fail('%s\n%s\n%s' % (case, '\n'.join(self.wrong), '\n'.join(
                '  %d %s' % call for call in enumerate(self.calls, 1))))

    # Phases.

    def _before(self, act):
        """Carry out an action that must succeed, or fail if it says so."""
        name, *arguments = act
        if name == 'fail':
            name, *arguments = arguments
        try:
            self.life.act(name, *self._filled(arguments))
        except lives.FAILURES:
            if act[0] == 'fail':
                return
            raise
        if act[0] == 'fail':
            self.fail('%s does not fail' % (act,))

    def _go_wrong(self, case, scenario):
        """Carry out the action with the fault, and what follows."""
        fault = case.fault and faults.FAULTS[case.fault]
        self.server.arm(fault, case.number)
        succeeded = self._act('the action', scenario.act)
        self.calls = list(self.server.calls)
        self.server.disarm()
        if fault and not self.server.is_hit:
            self.skipTest('only %d calls' % len(self.calls))
        if succeeded:
            if not scenario.act[0].startswith('delete'):
                self._look('after the action', scenario)
            return
        if fault is None:
            self._tell('the action', 'fails without a fault')
        chosen = (list(faults.FAULTS).index(case.fault)
                  + case.number) if fault else 0
        after = scenario.after[chosen % len(scenario.after)]
        for act in after:
            if not self._act('then', act):
                self._tell('then %s' % act[0], 'fails')
                return
        if after and not scenario.act[0].startswith('delete'):
            self._look('after %s' % after[-1][0], scenario)

    def _end(self, case, stranger):
        """Delete the stack, and look for what is left."""
        if not self._act('the delete', ('delete',)) and (
                not self._act('the second delete', ('delete',))):
            self._tell('the delete', 'fails twice')
        # A request that was late may still be carried out.
        for what in self._left():
            self._tell('after the delete', 'left: %s %s (%s)' % what[:3])
        if self._shown_stranger(*stranger[:2]) != stranger[2]:
            self._tell('after the delete', 'the stranger has changed')
        self._compare_all()

    def _act(self, when, act):
        """Carry out an action; return whether it succeeds."""
        name, *arguments = act
        when = '%s (%s)' % (when, name)
        self._reasons.clear()
        begin = time.monotonic()
        try:
            self.life.act(name, *self._filled(arguments))
            return True
        except lives.FAILURES as ex:
            self._reasons.append(str(ex))
            return False
        finally:
            took = time.monotonic() - begin
            if took > LIMIT:
                self._tell(when, 'takes %.1f s' % took)
            for reason in self._reasons:
                for pattern in (unit_base.PYTHON, _INTERNAL):
                    found = pattern.search(reason)
                    if found:
                        self._tell(when, '%r in the reason %r' % (
                            found[0], reason))

    def _tell(self, when, what):
        self.wrong.append('%s: %s; reasons: %s' % (
            when, what, ' | '.join(self._reasons[-4:])))

    # Checks.

    def _look(self, when, scenario):
        """Compare the object with the template."""
        life, kind = self.life, scenario.kind
        self._look_for_others(when)
        try:
            with life.made.connect() as client:
                inspected = life.made.object.inspect(client)
        except lives.FAILURES as ex:
            self._tell(when, 'there is no object: %s' % ex)
            return
        if scenario.act[0] == 'adopt':
            return
        if life.is_down:
            state = inspected['State']['Status']
            if state not in ('exited', 'paused'):
                self._tell(when, 'is %s' % state)
            return
        # A fresh network has no member, and parallel cases share an image.
        if scenario.act[0] != 'restore' and not scenario.member and (
                kind != 'image'):
            self._compare(when, kind)
        if kind != 'image':
            drift = life.made.get_live_state(life.made.properties)
            if drift:
                self._tell(when, 'reports drift: %s' % drift)

    def _look_for_others(self, when):
        """Look for objects that no resource of the stack has."""
        life = self.life
        expected = {row.resource_id for row in life.rows}
        if life.member is not None and life.member.id is not None:
            expected.add(life.member.resource_id)
        for what in self._objects():
            if what[1] not in expected and not what[3]:
                self._tell(when, 'one too many: %s' % (what,))

    def _compare(self, when, kind):
        """Compare the object with a fresh one of the same template."""
        shown = self.shown(kind, self.life.made)
        self._seen.append((when, kind, shown, self.life.wanted))

    def _compare_all(self):
        """Make the comparisons, once names and ports are free again."""
        for when, kind, shown, wanted in self._seen:
            direct = {**wanted, 'docker_endpoint':
                      self.cloud.docker['tcp_endpoint']}
            for text in oracle.differences(
                    shown, self.fresh(kind, direct), self.api):
                self._tell(when, text)

    def _objects(self):
        """Return what the daemon has of the stack.

        :returns: list of tuples: kind, ID, name, and whether it is a helper
            or a copy.
        """
        stack, docker = self.life.stack, self.docker
        found = []
        for kind, listed in (
                ('container', docker.containers(all=True)),
                ('network', docker.networks()),
                ('volume', docker.volumes()['Volumes'] or ()),
                ('image', docker.images())):
            for one in listed:
                names = [str(name).lstrip('/') for name in [
                    *(one.get('Names') or ()), *(one.get('RepoTags') or ()),
                    one.get('Name') or '']]
                labels = {key.removeprefix(ownership.LABEL): value
                          for key, value in (one.get('Labels') or {}).items()}
                of_stack = any(stack.id in str(value)
                               for value in labels.values())
                named = any(name.startswith(stack.name) for name in names)
                # A pulled image stays while containers of others use it.
                tagged = kind == 'image' and any(
                    'built:' + self.word in name for name in names)
                if (of_stack or named or tagged) and (
                        'stranger' not in labels):
                    found.append((kind, one.get('Id') or one['Name'],
                                  names[0], any(key in labels
                                                for key in _HELPERS)))
        return found

    def _left(self):
        """Return what the daemon has of the stack that it should not have."""
        left = self._unkept()
        if left:
            # What was sent late is still on its way.
            time.sleep(1)
            left = self._unkept()
        return left

    def _unkept(self):
        """Return what is there, except copies that outlive the stack."""
        outlive = (scenarios.SCENARIOS[self.case.scenario].act[0]
                   == 'delete-but-keep')
        return [what for what in self._objects()
                if not (outlive and 'heat-snapshot' in what[2])]

    # Strangers, and objects to adopt.

    def _stranger(self, kind):
        """Make an object of another stack with a name that is alike.

        :returns: its kind, its name, and what the daemon shows.
        """
        made = self.life.made
        name = '%s-%s-stranger' % (made.stack.name, made.name)
        labels = {ownership.LABEL + key: value for key, value in {
            'stack_name': made.stack.name, 'resource_name': made.name,
            'stack_id': str(uuid.uuid4()), 'resource_id': str(uuid.uuid4()),
            'project_id': made.stack.tenant_id, 'stranger': '1'}.items()}
        self._make(kind, name, labels)
        return kind, name, self._shown_stranger(kind, name)

    def _make(self, kind, name, labels=None):
        docker = self.docker
        if kind == 'container':
            self._pull()
            made = docker.create_container(
                self.busybox, base.SLEEP, name=name, labels=labels,
                stop_signal='KILL')['Id']
            self._arranged.callback(self.remove_container, name)
            return made
        if kind == 'volume':
            docker.create_volume(name, labels=labels)
            self._arranged.callback(self._drop, docker.remove_volume, name)
            return name
        if kind == 'network':
            made = docker.create_network(name, labels=labels)['Id']
            self._arranged.callback(self._drop, docker.remove_network, name)
            return made
        self._pull()
        name = '%s/stranger:%s' % (self.cloud.registry, self.word)
        docker.tag(self.busybox, *name.rsplit(':', 1))
        self._arranged.callback(self._drop, docker.remove_image, name)
        return name

    def _pull(self):
        for _line in self.docker.pull(self.busybox, stream=True):
            pass

    def _drop(self, remove, name):
        with contextlib.suppress(Exception):
            remove(name)

    def _shown_stranger(self, kind, name):
        docker = self.docker
        if kind == 'image':
            return [one['Id'] for one in docker.images(
                '%s/stranger:%s' % (self.cloud.registry, self.word))]
        try:
            return json.dumps(getattr(docker, 'inspect_' + kind)(name),
                              sort_keys=True)
        except Exception as ex:
            return str(ex)

    def _adoptable(self, kind):
        made = self._make(kind, 'adopt-' + self.word)
        if kind == 'container':
            self.docker.start(made)
        return made

    def _sweep(self):
        """Remove what a failed case has left."""
        for kind, identity, _name, _helper in self._objects():
            if kind == 'container':
                self.remove_container(identity)
            elif kind == 'network':
                self._drop(self.docker.remove_network, identity)
        for kind, identity, _name, _helper in self._objects():
            if kind == 'volume':
                self._drop(self.docker.remove_volume, identity)
            elif kind == 'image':
                self._drop(self.docker.remove_image, identity)

    # Properties.

    def _own(self, kind, said):
        """Return the properties of a resource behind the server."""
        return self.properties(kind, {
            'docker_endpoint': self.server.endpoint,
            'endpoint_timeout': _AWAY, **{
                name: values.UNSET if value is None else value
                for name, value in said.items()}})

    def _filled(self, arguments):
        """Return the arguments of an action: properties are filled in."""
        return [self._own(self.life.kind, argument)
                if isinstance(argument, dict) and 'action' not in argument
                else argument for argument in arguments]

    def arrange_tag(self, name):
        """Put an image with a tag of its own into the registry."""
        repository = self.busybox.rpartition(':')[0]
        tag = '%s-own%s' % (self.word, '2' if name.endswith('2') else '')
        path = repository.partition('/')[2]
        url = 'http://%s/v2/%s/manifests/' % (self.cloud.registry, path)
        kind = 'application/vnd.docker.distribution.manifest.v2+json'
        got = requests.get(url + self.busybox.rpartition(':')[2],
                           headers={'Accept': kind}, timeout=10)
        requests.put(url + tag, data=got.content,
                     headers={'Content-Type': kind},
                     timeout=10).raise_for_status()
        return '%s:%s' % (repository, tag)

    def arrange_tag_new(self, name):
        return '%s/built:%s-own' % (self.cloud.registry, self.word)
