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

"""The effect of properties, in the kernel or in docker inspect."""

import hashlib
import pathlib

import testtools

from heat_docker import fields
from heat_docker.specs import container as spec
from tests.functional import base

ROOT = pathlib.Path(__file__).parents[2]


class MorePropertiesTest(base.FunctionalTest):

    @base.requires('domainname')
    def test_process(self):
        _stack_id, inspected = self.create_container(
            entrypoint=['sh', '-c'],
            cmd=['trap "exit 0" TERM; sleep 3600 & wait'],
            working_dir='/tmp', domainname='example.com', hostname='web',
            labels={'com.example.team': 'wiki', 'number': 7}, init=True,
            stop_signal='SIGTERM', stop_grace_period=3,
            group_add=['100', '1234'], runtime='runc')
        self.assertEqual('/tmp', self.run_shell(inspected, 'pwd'))
        self.assertIn('1234', self.run_shell(inspected, 'id -G').split())
        self.assertEqual('docker-init', self.run_shell(
            inspected, 'cat /proc/1/comm'))
        config = inspected['Config']
        self.assertEqual(('example.com', 'SIGTERM', 3), (
            config['Domainname'], config['StopSignal'],
            config['StopTimeout']))
        self.assertEqual(('wiki', '7'), (
            config['Labels']['com.example.team'],
            config['Labels']['number']))
        self.assertIn('org.openstack.heat.stack_id', config['Labels'])

    def test_names(self):
        _stack_id, inspected = self.create_container(
            dns=['192.0.2.53'], dns_search=['example.com'],
            dns_options=['ndots:2'],
            extra_hosts=['db:192.0.2.7', 'gate:host-gateway'])
        resolver = self.run_shell(inspected, 'cat /etc/resolv.conf')
        for line in ('nameserver 192.0.2.53', 'search example.com',
                     'options ndots:2'):
            self.assertIn(line, resolver)
        hosts = self.run_shell(inspected, 'cat /etc/hosts').split('\n')
        self.assertIn('192.0.2.7\tdb', hosts)
        self.assertTrue([line for line in hosts if line.endswith('\tgate')])

    def test_network_mode_none(self):
        stack_id, inspected = self.create_container(network_mode='none')
        self.assertEqual('lo', self.run_shell(inspected, 'ls /sys/class/net'))
        self.assertEqual('', self.resource(stack_id).attributes['network_ip'])

    def test_publish_all_ports(self):
        stack_id, _inspected = self.create_container(
            port_specs=[80], publish_all_ports=True)
        [port] = self.resource(stack_id).attributes['network_tcp_ports'
                                                    ].split(',')
        self.assertTrue(int(port) > 0)

    @base.requires('volume labels')
    def test_storage(self):
        volume = 'v-%s' % self.id().rsplit('.', 1)[-1]
        self.addCleanup(self.docker.remove_volume, volume)
        _stack_id, inspected = self.create_container(
            mounts=[{'type': 'bind', 'source': '/tmp', 'target': '/host',
                     'read_only': True},
                    {'type': 'volume', 'source': volume, 'target': '/data',
                     'labels': {'a': 'b'}},
                    {'type': 'tmpfs', 'target': '/memory',
                     'tmpfs_size': '1m', 'tmpfs_mode': '01700'}],
            tmpfs=['/run:size=2m,mode=755'], shm_size='3m')
        mounts = self.run_shell(inspected, 'cat /proc/mounts')
        for words in (' /host ', ' /data ', ' /memory tmpfs ',
                      'size=1024k,mode=1700', ' /run tmpfs ', 'size=2048k',
                      ' /dev/shm tmpfs ', 'size=3072k'):
            self.assertIn(words, mounts)
        self.assertNotEqual('', self.run_shell(
            inspected, 'touch /host/x 2>&1 || true'))
        self.assertEqual({'a': 'b'},
                         self.docker.inspect_volume(volume)['Labels'])

    def options_of(self, inspected, target):
        """Return the options of a mount in a container."""
        return self.run_shell(inspected, "awk '$2 == \"%s\" {print $4}' "
                           '/proc/mounts' % target)

    @base.requires('bind_recursive')
    def test_mounts_below_a_bind_mount(self):
        """A file system is mounted at /sys/fs/cgroup."""
        new = self.docker.version()['ApiVersion'] >= '1.44'
        mounts = [{'type': 'bind', 'source': '/sys', 'target': '/' + name,
                   'read_only': True, 'bind_recursive': name}
                  for name in ('enabled', 'disabled', *(
                      ('writable', 'readonly') if new else ()))]
        if not new:
            _stack_id, reason = self.fail_container(mounts=[
                {**mounts[0], 'bind_recursive': 'readonly'}])
            self.assertIn('bind_recursive requires version 1.44', reason)
        _stack_id, inspected = self.create_container(mounts=mounts)
        below = {mount['target']: self.options_of(
            inspected, mount['target'] + '/fs/cgroup') for mount in mounts}
        self.assertEqual('', below['/disabled'])
        self.assertNotEqual('', below['/enabled'])
        if new:
            self.assertEqual(['rw', 'ro', 'ro'], [
                below[target].partition(',')[0] for target in (
                    '/writable', '/enabled', '/readonly')])

    def test_options_of_a_tmpfs(self):
        mount = {'type': 'tmpfs', 'target': '/memory',
                 'tmpfs_options': ['exec']}
        if self.docker.version()['ApiVersion'] < '1.46':
            _stack_id, reason = self.fail_container(mounts=[mount])
            self.assertIn('tmpfs_options requires version 1.46', reason)
            return
        _stack_id, inspected = self.create_container(mounts=[
            mount, {'type': 'tmpfs', 'target': '/other'}])
        self.assertNotIn('noexec', self.options_of(inspected, '/memory'))
        self.assertIn('noexec', self.options_of(inspected, '/other'))
        _stack_id, reason = self.fail_container(mounts=[
            {**mount, 'tmpfs_options': ['fast']}])
        self.assertIn('invalid option: fast', reason)

    def test_files(self):
        stack_id, inspected = self.create_container(
            cmd=['sh', '-c', 'cat /etc/app/one; trap "exit 0" TERM; '
                 'sleep 3600 & wait'],
            files=[{'path': '/etc/app/one', 'content': 'hello\n',
                    'mode': '0640', 'uid': 65534, 'gid': 65534},
                   {'path': '/etc/app/two', 'content_base64': 'AP8='}])
        self.assertEqual('hello', self.resource(stack_id).attributes[
            'logs_head'])
        self.assertEqual('640 65534 65534', self.run_shell(
            inspected, 'stat -c "%a %u %g" /etc/app/one'))
        self.assertEqual(
            hashlib.md5(b'\0\xff').hexdigest(),
            self.run_shell(inspected, 'md5sum /etc/app/two').split()[0])

    def test_anonymous_volumes_that_stay(self):
        stack_id, inspected = self.create_container(
            mounts=[{'type': 'volume', 'target': '/data'}],
            remove_volumes=False)
        [mount] = inspected['Mounts']
        self.addCleanup(self.docker.remove_volume, mount['Name'])
        self.delete_stack(stack_id)
        self.assertEqual(mount['Name'], self.docker.inspect_volume(
            mount['Name'])['Name'])

    @base.requires('ulimits')
    def test_resources(self):
        stack_id, inspected = self.create_container(
            memory=64 * 1024 * 1024, memory_reservation='32m',
            memory_swappiness=10, oom_score_adj=100, cpu_period=50000,
            cpu_quota=25000, cpu_set_mems='0', pids_limit=77,
            ulimits=[{'name': 'nofile', 'soft': 100, 'hard': 200}])
        host = inspected['HostConfig']
        if self.has_cgroup_v2():
            self.assertRegex(self.reasons(stack_id),
                             'Docker warns: .*[Ss]wappiness')
        else:
            self.assertEqual(10, host['MemorySwappiness'])
        self.assertEqual(
            (32 * 1024 * 1024, 100, 50000, 25000, '0', 77),
            (host['MemoryReservation'], host['OomScoreAdj'],
             host['CpuPeriod'], host['CpuQuota'], host['CpusetMems'],
             host['PidsLimit']))
        # Check the container's own process: runc sometimes loses the soft
        # limit of a process that is executed in it,
        # https://github.com/opencontainers/runc/issues/4195.
        self.assertEqual('100 200', self.run_shell(
            inspected, 'set -- $(grep "open files" /proc/1/limits); '
            'echo $4 $5'))
        self.assertEqual('100', self.run_shell(
            inspected, 'cat /proc/1/oom_score_adj'))

    @base.requires('shows all')
    def test_block_devices(self):
        def config(rate):
            return {'blkio_config': {'device_read_bps': [
                {'path': '/dev/loop0', 'rate': rate}]}}

        def shown(inspected):
            return inspected['HostConfig']['BlkioDeviceReadBps']

        stack_id, inspected = self.create_container(**config('1m'))
        self.assertEqual([{'Path': '/dev/loop0', 'Rate': 1024 * 1024}],
                         shown(inspected))
        self.update_stack(stack_id, self.template({
            'web': self.container(**config('2m'))}))
        changed = self.inspect(stack_id)
        self.assertEqual([{'Path': '/dev/loop0', 'Rate': 2 * 1024 * 1024}],
                         shown(changed))
        version = self.docker.version()['ApiVersion'].split('.')
        self.assertEqual(tuple(map(int, version)) >= (1, 55),
                         changed['Id'] == inspected['Id'])
        self.update_stack(stack_id, self.template({'web': self.container()}))
        self.assertFalse(shown(self.inspect(stack_id)))

    @base.requires('shows all')
    def test_security(self):
        _stack_id, inspected = self.create_container(
            security_opt=['no-new-privileges:true'],
            sysctls={'net.ipv4.ip_forward': 0}, ipc_mode='private',
            pid_mode='host', uts_mode='host', cgroupns_mode='host',
            device_cgroup_rules=['c 42:* rmw'])
        self.assertEqual('0', self.run_shell(
            inspected, 'cat /proc/sys/net/ipv4/ip_forward'))
        self.assertIn('NoNewPrivs:\t1', self.run_shell(
            inspected, 'cat /proc/self/status'))
        self.assertTrue(int(self.run_shell(
            inspected, 'ls /proc 2>/dev/null | grep -c "^[0-9]"')) > 10)
        host = inspected['HostConfig']
        self.assertEqual(('private', 'host', 'host', ['c 42:* rmw']), (
            host['IpcMode'], host['UTSMode'], host['CgroupnsMode'],
            host['DeviceCgroupRules']))

    @base.requires('shows all')
    def test_logging(self):
        _stack_id, inspected = self.create_container(
            log_driver='json-file', log_options={'max-size': '1m',
                                                 'max-file': 2})
        self.assertEqual(
            {'Type': 'json-file',
             'Config': {'max-size': '1m', 'max-file': '2'}},
            inspected['HostConfig']['LogConfig'])

    def test_logs_that_cannot_be_read(self):
        stack_id, _inspected = self.create_container(log_driver='none')
        self.assertIsNone(self.resource(stack_id).attributes['logs'])
        _stack_id, reason = self.fail_container(log_driver='none',
                                                cmd=['false'])
        self.assertIn('exit code 1', reason)

    def test_too_new_for_the_daemon(self):
        if self.docker.version()['ApiVersion'] >= '1.43':
            _stack_id, inspected = self.create_container(
                annotations={'a': 'b'})
            # Podman has its own labels.
            self.assertEqual(
                {'a': 'b'},
                {name: value for name, value
                 in inspected['HostConfig']['Annotations'].items()
                 if not name.startswith(('io.container.manager',
                                         'org.opencontainers.image.',
                                         'org.systemd.property.'))})
            return
        stack_id, reason = self.fail_container(annotations={'a': 'b'})
        self.assertIn('annotations requires version 1.43', reason)
        self.assertEqual([], self.containers(stack_id))

    def test_attributes(self):
        stack_id, inspected = self.create_container()
        shown = self.resource(stack_id).attributes
        self.assertEqual(inspected['Image'], shown['image_id'])
        self.assertTrue(shown['image_digest'].startswith(
            self.busybox.rpartition(':')[0] + '@sha256:'))
        self.assertEqual((0, False, inspected['State']['StartedAt']), (
            shown['restart_count'], shown['oom_killed'],
            shown['started_at']))
        self.assertTrue(shown['stats']['memory_bytes'] > 0)
        self.assertTrue(shown['stats']['pids'] > 0)

    @base.requires('shows all')
    def test_what_most_leave_to_the_daemon(self):
        stack_id, inspected = self.create_container(
            platform='linux/amd64', userns_mode='host', volume_driver='local',
            cgroup_parent=self.cgroup_parent(), oom_kill_disable=True,
            memory=64 * 1024 * 1024, memory_swap='-1')
        host = inspected['HostConfig']
        self.assertEqual(('host', 'local', -1), (
            host['UsernsMode'], host['VolumeDriver'], host['MemorySwap']))
        if self.has_cgroup_v2():
            self.assertRegex(self.reasons(stack_id),
                             'Docker warns: .*OomKillDisable')
        else:
            self.assertTrue(host['OomKillDisable'])
        self.assertIn('heat-test', host['CgroupParent'])

    def cgroup_parent(self):
        """Return a group below that of the daemon's containers."""
        if self.docker.info()['CgroupDriver'] == 'systemd':
            return 'heat-test.slice'
        _stack_id, inspected = self.create_container()
        return inspected['HostConfig']['CgroupParent'] + '/heat-test'

    @base.requires('weights')
    def test_weight_that_the_kernel_may_not_know(self):
        """Docker then warns, and an event shows the warning."""
        stack_id, inspected = self.create_container(
            blkio_weight=300,
            blkio_config={'weight_device': [
                {'path': '/dev/loop0', 'weight': 400}]})
        if inspected['HostConfig']['BlkioWeight'] != 300:
            self.assertIn('Docker warns: ', self.reasons(stack_id))

    @base.requires('device_requests')
    def test_gpu_that_is_not_there(self):
        """The daemon reports it."""
        _stack_id, reason = self.fail_container(device_requests=[
            {'count': -1, 'capabilities': [['gpu']]}])
        # Docker 29 looks for a GPU before it selects a driver.
        self.assertRegex(
            reason, 'could not select device driver|no known GPU vendor')

    @base.requires('device_requests')
    def test_disk_quota_that_the_daemon_cannot_set(self):
        """The daemon reports it."""
        status = dict(self.docker.info().get('DriverStatus') or ())
        if 'driver-type' in status:
            self.skipTest('The containerd image store ignores storage_opt')
        _stack_id, reason = self.fail_container(storage_opt={'size': '10G'})
        self.assertIn('storage-opt', reason)

    @base.requires('endpoint options')
    def test_endpoints(self):
        name = 'n-%s' % self.id().rsplit('.', 1)[-1]
        self.docker.create_network(name, ipam={'Config': [
            {'Subnet': '10.123.47.0/24'}]})
        self.addCleanup(self.docker.remove_network, name)
        _stack_id, inspected = self.create_container(networks=[{
            'network': name, 'link_local_ips': ['169.254.8.8'],
            'driver_opts': {'com.example.a': 'b'}}])
        endpoint = inspected['NetworkSettings']['Networks'][name]
        self.assertEqual(['169.254.8.8'],
                         endpoint['IPAMConfig']['LinkLocalIPs'])
        self.assertEqual({'com.example.a': 'b'}, endpoint['DriverOpts'])

    def test_interface_name(self):
        name = 'n-%s' % self.id().rsplit('.', 1)[-1]
        self.docker.create_network(name)
        self.addCleanup(self.docker.remove_network, name)

        def networks(interface):
            return [{'network': name, 'interface_name': interface}]

        if self.docker.version()['ApiVersion'] < '1.48':
            stack_id, reason = self.fail_container(networks=networks('web0'))
            self.assertIn('interface_name requires version 1.48', reason)
            self.assertEqual([], self.containers(stack_id))
            return
        stack_id, inspected = self.create_container(networks=networks('web0'))
        self.assertIn('web0', self.run_shell(inspected, 'ls /sys/class/net'))
        self.update_stack(stack_id, self.template(
            {'web': self.container(networks=networks('web1'))}))
        self.assertEqual(inspected['Id'], self.inspect(stack_id)['Id'])
        self.assertEqual('lo web1', self.run_shell(
            inspected, 'echo $(ls /sys/class/net)'))

    def test_networks_exclude_a_mode(self):
        self.assertIn('mutually exclusive', self.refused({
            'web': self.container(networks=[{'network': 'bridge'}],
                                  network_mode='none')}))


class SameAgainTest(base.FunctionalTest):
    """An update does not change properties that are equal in the template."""

    SAFE = ('domainname', 'labels', 'init', 'stop_signal',
            'runtime', 'healthcheck', 'dns_search', 'dns_options',
            'extra_hosts', 'tmpfs', 'shm_size', 'memory', 'memory_swap',
            'memory_reservation', 'memory_swappiness', 'oom_score_adj',
            'cpus', 'cpu_set', 'cpu_set_mems', 'cpu_shares', 'pids_limit',
            'ulimits', 'security_opt', 'sysctls', 'device_cgroup_rules',
            'ipc_mode', 'cgroupns_mode', 'log_driver', 'log_options',
            'suspend_mode', 'triggers', 'stop_grace_period', 'env',
            'port_specs', 'hostname', 'user', 'cap_add', 'cap_drop', 'dns',
            'restart_policy', 'devices', 'files', 'tty', 'open_stdin')

    @base.requires('domainname')
    def test_same_again(self):
        examples = {field.name: field.example for field in spec.FIELDS
                    if field.name in self.SAFE}
        self.assertEqual(len(self.SAFE), len(examples))
        template = self.template({'web': self.container(**examples)})
        stack_id = self.create_stack(template)
        before = self.inspect(stack_id)
        for kwargs in ({}, {'converge': True}):
            self.update_stack(stack_id, template, **kwargs)
            after = self.inspect(stack_id)
            self.assertEqual(
                (before['Id'], before['State']['StartedAt']),
                (after['Id'], after['State']['StartedAt']))
        differ = {'env', 'labels'}
        if self.has_cgroup_v2():
            differ.add('memory_swappiness')
        for field in spec.FIELDS:
            if field.name in examples and field.live_path and (
                    field.name not in differ):
                self.assertEqual(field.example, field.from_api(
                    fields.read(after, field.live_path)), field.name)


class EveryPropertyTest(testtools.TestCase):

    def test_is_in_a_template(self):
        folders = (ROOT / 'tests' / 'functional', ROOT / 'examples')
        text = '\n'.join(path.read_text() for folder in folders
                         for path in folder.iterdir() if path.is_file())
        for field in spec.FIELDS:
            self.assertRegex(text, r'\b%s\b' % field.name)
