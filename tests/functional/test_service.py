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
"""Services, secrets and configs of a swarm."""

import time

from sandbox import waiting
from tests.functional import base
from tests.functional import swarms

# Serves a page until a second after it is told to stop: requests that are on
# their way are answered.
SERVE = swarms.serve(1)

# Asks all the time, and prints the pages and the failures. A static busybox
# looks up names only in nslookup, and some of its wget fail.
ASK = ['sh', '-c', """
    while :; do
        for a in $(nslookup web | sed -n '/^Name/,$s/^Address: //p;' |
                   head -n 1); do
            page=$(printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 $a 8080 |
                   tail -n 1)
            echo ${page:-failed}
        done
    done"""]


class ServiceTest(swarms.SwarmTest):

    def web(self, page, **properties):
        return self.template({
            'net': self.network(),
            'web': self.service(
                name='web', cmd=SERVE, env=['PAGE=' + page],
                networks=[{'get_resource': 'net'}], endpoint_mode='dnsrr',
                healthcheck={'test': 'wget -q -O /dev/null '
                                     'http://127.0.0.1:8080/',
                             'interval': 1},
                update_config={'parallelism': 2, 'order': 'start-first',
                               'monitor': 1},
                **properties),
            'client': self.container(
                cmd=ASK, networks=[{'get_resource': 'net'}],
                stop_grace_period=0),
        }, {'tasks': {'value': {'get_attr': ['web', 'tasks']}},
            'running': {'value': {'get_attr': ['web', 'running_replicas']}},
            'logs': {'value': {'get_attr': ['web', 'logs']}}})

    def heard(self, stack_id):
        """Return the lines of the client's output."""
        return self.docker.logs(self.inspect(stack_id, 'client')['Id']
                                ).decode().split()

    def test_rolling_update(self):
        """A client that asks all the time sees no failure."""
        stack_id = self.create_stack(self.web('old', replicas=4))
        outputs = self.outputs(stack_id)
        self.assertEqual(4, outputs['running'])
        self.assertEqual({1, 2, 3, 4}, {task['slot']
                                        for task in outputs['tasks']})
        service = self.shown(stack_id)
        base.wait_until(lambda: 'old' in self.heard(stack_id), 'an answer')
        before = len(self.heard(stack_id))
        self.update_stack(stack_id, self.web('new', replicas=4))
        base.wait_until(lambda: set(self.heard(stack_id)[-20:]) == {'new'},
                        'new answers only')
        after = self.heard(stack_id)[before:]
        self.assertEqual([], [line for line in after
                              if line not in ('old', 'new')])
        self.assertGreater(len(after), 20)
        self.assertEqual(service['ID'], self.shown(stack_id)['ID'])
        self.assertEqual(4, len(self.running(stack_id)))
        self.act(stack_id, 'check', 'CHECK_COMPLETE')
        self.delete_stack(stack_id)
        self.assertEqual([], self.containers(stack_id))

    def test_digest(self):
        """All nodes run the image that the tag has when it is set."""
        template = self.template({'web': self.service()})
        stack_id = self.create_stack(template)
        pinned = '%s@%s' % (self.busybox, self.docker.inspect_distribution(
            self.busybox)['Descriptor']['digest'])
        template['resources']['web'] = self.service(env=['A=b'])
        for _updated in range(2):
            self.assertEqual(pinned, self.shown(stack_id)['Spec'][
                'TaskTemplate']['ContainerSpec']['Image'])
            self.act(stack_id, 'check', 'CHECK_COMPLETE')
            self.update_stack(stack_id, template)

    def test_failing_update(self):
        """The reason names the node, and has the last output."""
        template = self.template({'web': self.service(replicas=2)})
        stack_id = self.create_stack(template)
        template['resources']['web'] = self.service(
            replicas=2, cmd=['sh', '-c', 'echo No such table >&2; exit 3'])
        self.update_stack(stack_id, template, 'UPDATE_FAILED')
        reason = self.resource(stack_id).resource_status_reason
        for part in ('task: non-zero exit (3)', 'on the node ',
                     'Its last output: No such table'):
            self.assertIn(part, reason)
        self.assertIn('paused', reason)
        template['resources']['web'] = self.service(replicas=2)
        self.update_stack(stack_id, template)
        self.assertEqual(2, len(self.running(stack_id)))

    def test_failing_create(self):
        stack_id = self.start_stack(self.template({'web': self.service(
            cmd=['sh', '-c', 'echo Out of luck; exit 3'],
            restart_policy={'delay': 0})}))
        self.expect(stack_id, 'CREATE_FAILED')
        self.assertIn('Its last output: Out of luck',
                      self.resource(stack_id).resource_status_reason)

    def test_jobs(self):
        begin = time.monotonic()
        stack_id = self.create_stack(self.template({
            'all': self.service(mode='global-job', update_config=None,
                                cmd=['true']),
            'three': self.service(mode='replicated-job', completions=3,
                                  max_concurrent=3, update_config=None,
                                  cmd=['sh', '-c', 'sleep 1'])},
            {'done': {'value': {'get_attr': ['three',
                                             'completed_tasks']}}}))
        self.assertGreater(time.monotonic() - begin, 1.0)
        self.assertEqual(3, self.outputs(stack_id)['done'])
        self.act(stack_id, 'check', 'CHECK_COMPLETE')

    def test_scale_suspend_resume(self):
        template = self.template({'web': self.service(replicas=1)})
        stack_id = self.create_stack(template)
        self.heat.resources.signal(stack_id, 'web', data={
            'action': 'scale', 'change': 2, 'maximum': 2})
        base.wait_until(lambda: len(self.running(stack_id)) == 2, 'scale')
        # An update of another property keeps the number.
        template['resources']['web'] = self.service(replicas=1,
                                                    env=['A=b'])
        self.update_stack(stack_id, template)
        self.assertEqual(2, len(self.running(stack_id)))
        self.act(stack_id, 'suspend', 'SUSPEND_COMPLETE')
        self.assertEqual([], self.running(stack_id))
        self.act(stack_id, 'resume', 'RESUME_COMPLETE')
        self.assertEqual(2, len(self.running(stack_id)))

    def secrets(self, content, replicas=2):
        return self.template({
            'password': {'type': 'DockerInc::Docker::Secret',
                         'properties': {'content': content}},
            'motd': {'type': 'DockerInc::Docker::Config',
                     'properties': {'content': 'Hello, ' + content}},
            'web': self.service(
                replicas=replicas,
                secrets=[{'source': {'get_resource': 'password'},
                          'target': 'password', 'mode': '0400'}],
                configs=[{'source': {'get_resource': 'motd'},
                          'target': '/etc/motd'}])})

    def test_content_changes_without_downtime(self):
        stack_id = self.create_stack(self.secrets('first'))
        old = self.resource(stack_id, 'password').physical_resource_id
        counts = []
        self.heat.stacks.update(stack_id, template=self.dump(
            self.secrets('second')))

        def is_updated():
            counts.append(len(self.running(stack_id)))
            return base.is_at(self.heat.stacks.get(stack_id),
                              'UPDATE_COMPLETE')

        waiting.until(is_updated, base.PATIENCE, 'update', pause=0.2)
        self.assertNotIn(0, counts)
        for task in self.running(stack_id):
            container = self.container_of(task)
            self.assertEqual('second', self.run_shell(
                container, 'cat /run/secrets/password'))
            self.assertEqual('Hello, second', self.run_shell(
                container, 'cat /etc/motd'))
        self.assertNotIn(old, [secret['ID']
                               for secret in self.docker.secrets()])
        self.assertEqual(1, len(self.docker.secrets()))
        self.assertEqual(1, len(self.docker.configs()))
        self.delete_stack(stack_id)
        self.assertEqual([], self.docker.secrets())
        self.assertEqual([], self.docker.configs())

    def test_labels_of_a_secret(self):
        template = self.secrets('first')
        stack_id = self.create_stack(template)
        secret = template['resources']['password']['properties']
        for labels in ({'a': 'b'}, {}):
            secret['labels'] = labels
            before = self.resource(stack_id, 'password').physical_resource_id
            self.update_stack(stack_id, template)
            self.assertEqual(before, self.resource(
                stack_id, 'password').physical_resource_id)
            shown = self.docker.inspect_secret(before)['Spec']['Labels']
            self.assertEqual(labels.get('a'), shown.get('a'))
            self.assertIn('org.openstack.heat.stack_id', shown)
