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

"""Updates that keep the container, and those that cannot."""

from tests.functional import base


class InPlaceTest(base.FunctionalTest):

    def update(self, stack_id, **properties):
        """Update a stack of one container; return its new inspect."""
        self.update_stack(stack_id, self.template(
            {'web': self.container(**properties)}))
        return self.inspect(stack_id)

    @base.requires('in place')
    def test_limits(self):
        stack_id, before = self.create_container(
            memory=64 * 1024 * 1024, cpu_shares=512, pids_limit=50)
        after = self.update(
            stack_id, memory=256 * 1024 * 1024, cpu_shares=256, cpu_set='0',
            pids_limit=60, memory_reservation='32m')
        self.assertEqual(before['Id'], after['Id'])
        host = after['HostConfig']
        self.assertEqual(
            (256 * 1024 * 1024, 256, '0', 60, 32 * 1024 * 1024),
            (host['Memory'], host['CpuShares'], host['CpusetCpus'],
             host['PidsLimit'], host['MemoryReservation']))
        self.assertEqual(before['State']['StartedAt'],
                         after['State']['StartedAt'])

    @base.requires('cpus in place')
    def test_limits_reach_the_kernel(self):
        stack_id, before = self.create_container(pids_limit=50, cpus=0.5)
        after = self.update(stack_id, pids_limit=60, cpus=0.25)
        self.assertEqual(before['Id'], after['Id'])
        limits = self.run_in(after['Id'], [
            'sh', '-c', 'cat /sys/fs/cgroup/pids/pids.max '
            '/sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || '
            'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/cpu.max'])
        self.assertEqual(['60', '25000'], limits.split()[:2])

    def run_in(self, container, command):
        """Run a command in a container and return its output."""
        created = self.docker.exec_create(container, command)
        return self.docker.exec_start(created['Id']).decode()

    def test_removed_limit_replaces(self):
        stack_id, before = self.create_container(memory=64 * 1024 * 1024)
        after = self.update(stack_id)
        self.assertNotEqual(before['Id'], after['Id'])
        self.assertEqual(0, after['HostConfig']['Memory'])

    @base.requires('in place')
    def test_removed_limit_that_docker_can_remove(self):
        stack_id, before = self.create_container(
            pids_limit=50, restart_policy={'Name': 'always'})
        after = self.update(stack_id)
        self.assertEqual(before['Id'], after['Id'])
        self.assertEqual('no', after['HostConfig']['RestartPolicy']['Name'])
        self.assertIn(after['HostConfig']['PidsLimit'], (0, -1, None))

    def test_rename(self):
        stack_id, before = self.create_container()
        name = 'renamed-%s' % before['Id'][:12]
        after = self.update(stack_id, name=name)
        self.assertEqual((before['Id'], '/' + name),
                         (after['Id'], after['Name']))
        again = self.update(stack_id)
        self.assertEqual((before['Id'], before['Name']),
                         (again['Id'], again['Name']))

    def test_what_only_heat_knows(self):
        stack_id, before = self.create_container()
        after = self.update(stack_id, wait_for='none', suspend_mode='pause',
                            remove_volumes=False)
        self.assertEqual(before['Id'], after['Id'])
        self.assertEqual(before['State'], after['State'])

    def test_triggers_replace(self):
        stack_id, before = self.create_container(triggers={'build': 1})
        after = self.update(stack_id, triggers={'build': 2})
        self.assertNotEqual(before['Id'], after['Id'])


class NetworksTest(base.FunctionalTest):

    def network(self, subnet=None):
        """Return the name of a network that is removed at the end."""
        name = 'n-%s' % self.getUniqueString().rsplit('.', 1)[-1]
        ipam = None
        if subnet:
            ipam = {'Config': [{'Subnet': subnet}]}
        self.docker.create_network(name, ipam=ipam)
        self.addCleanup(self.docker.remove_network, name)
        return name

    def test_created_with_two_and_changed(self):
        one, two, three = self.network(), self.network(), self.network()
        stack_id, before = self.create_container(
            networks=[{'network': one, 'aliases': ['web']},
                      {'network': two}])
        self.assertEqual({one, two},
                         set(before['NetworkSettings']['Networks']))
        self.assertIn('web', before['NetworkSettings']['Networks'][one][
            'Aliases'])
        self.update_stack(stack_id, self.template({'web': self.container(
            networks=[{'network': one, 'aliases': ['web']},
                      {'network': three, 'aliases': ['late']}])}))
        after = self.inspect(stack_id)
        self.assertEqual(before['Id'], after['Id'])
        networks = after['NetworkSettings']['Networks']
        self.assertEqual({one, three}, set(networks))
        self.assertEqual(
            before['NetworkSettings']['Networks'][one]['EndpointID'],
            networks[one]['EndpointID'])
        self.assertIn('late', networks[three]['Aliases'])

    def test_static_address(self):
        name = self.network('10.123.45.0/24')
        _stack_id, inspected = self.create_container(
            networks=[{'network': name, 'ipv4_address': '10.123.45.67'}])
        self.assertEqual('10.123.45.67', inspected['NetworkSettings'][
            'Networks'][name]['IPAddress'])

    def test_static_address_is_free_for_the_replacement(self):
        name = self.network('10.123.46.0/24')
        networks = [{'network': name, 'ipv4_address': '10.123.46.67'}]
        stack_id, before = self.create_container(networks=networks)
        self.update_stack(stack_id, self.template({'web': self.container(
            networks=networks, env=['A=b'])}))
        after = self.inspect(stack_id)
        self.assertNotEqual(before['Id'], after['Id'])
        self.assertEqual('10.123.46.67', after['NetworkSettings'][
            'Networks'][name]['IPAddress'])

    @base.requires('failed connect')
    def test_failed_update_is_undone(self):
        """The rollback restores the changed properties."""
        one, two = self.network(), self.network('10.123.48.0/24')
        good = {'memory': 64 * 1024 * 1024,
                'networks': [{'network': one}, {'network': two}]}
        stack_id, before = self.create_container(**good)
        self.update_stack(stack_id, self.template({'web': self.container(
            memory=128 * 1024 * 1024, networks=[
                {'network': one},
                {'network': two, 'ipv4_address': '10.9.9.9'}])}),
            'ROLLBACK_COMPLETE', disable_rollback=False)
        after = self.inspect(stack_id)
        self.assertEqual(before['Id'], after['Id'])
        self.assertEqual(64 * 1024 * 1024, after['HostConfig']['Memory'])
        networks = after['NetworkSettings']['Networks']
        self.assertEqual({one, two}, set(networks))
        self.assertTrue(networks[two]['IPAddress'])
