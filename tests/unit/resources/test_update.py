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

"""Updates that change properties in place, replace or complete a resource."""

import io
import tarfile

from heat.common import exception
from heat.engine import resource
import requests

from heat_docker import client
from heat_docker import daemons
from heat_docker.lifecycle import creation
from heat_docker.lifecycle import plan
from tests.unit import base

LOST = {'exc': requests.exceptions.ReadTimeout}
REFUSED = {'exc': requests.exceptions.ConnectTimeout}
GONE = base.refusal(404, 'No such container: web')

PATH = base.ContainerTestCase.PATH
CREATE = ('POST', '/containers/create')
ARCHIVE = ('PUT', PATH + '/archive')
FOUND = ('GET', '/containers/json')
INSPECT = ('GET', PATH + '/json')
RENAME = ('POST', PATH + '/rename')
START = ('POST', PATH + '/start')
STOP = ('POST', PATH + '/stop')
UPDATE = ('POST', PATH + '/update')
REMOVE = ('DELETE', PATH)
CONNECT = ('POST', '/networks/%s/connect')
DISCONNECT = ('POST', '/networks/%s/disconnect')


def id_of(network):
    return network + '0123456789abcdef'


def to(verb_and_path, network):
    return verb_and_path[0], verb_and_path[1] % network


def leave(network):
    """Return the request to detach the container, by the network's id."""
    return to(DISCONNECT, id_of(network))


class UpdateTestCase(base.ContainerTestCase):

    def serve_update(self, *answers):
        self.daemon.on(*UPDATE, *(answers or [{'json': {'Warnings': None}}]))

    def replaces(self, made, **values):
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          **values)

    def complete(self, made, **values):
        self.update(made, **values)
        self.assertEqual(('UPDATE', 'COMPLETE'), made.state)
        return self.daemon.changes


class DevicesTestCase(UpdateTestCase):
    """Weights and limits of devices, which Docker 29.6 can change."""

    BEFORE = {'device_read_bps': [{'path': '/dev/sda', 'rate': '1m'}]}
    AFTER = {'device_read_bps': [{'path': '/dev/sda', 'rate': '2m'}]}
    NONE = {'BlkioWeightDevice': [], 'BlkioDeviceReadBps': [],
            'BlkioDeviceWriteBps': [], 'BlkioDeviceReadIOps': [],
            'BlkioDeviceWriteIOps': []}
    SENT = {**NONE, 'BlkioDeviceReadBps': [
        {'Path': '/dev/sda', 'Rate': 2 * 1024 * 1024}]}

    def make(self, api, **more):
        self.daemon.speak(api)
        made = self.make_running(blkio_config=self.BEFORE, **more)
        self.serve_update()
        return made

    def serve_devices(self, **lists):
        shown = self.inspected()
        shown['json']['HostConfig'].update(lists)
        self.serve_inspect(shown)

    def test_in_place(self):
        made = self.make('1.55')
        self.serve_devices(**self.SENT)
        self.assertEqual([UPDATE],
                         self.complete(made, blkio_config=self.AFTER))
        self.assertEqual(self.SENT, self.daemon.sent(*UPDATE)[0].json())

    def test_removed(self):
        made = self.make('1.55')
        self.serve_devices(**self.NONE)
        self.assertEqual([UPDATE], self.complete(made))
        self.assertEqual(self.NONE, self.daemon.sent(*UPDATE)[0].json())

    def test_ignored(self):
        made = self.make('1.55')
        self.serve_devices(BlkioDeviceReadBps=None)
        self.replaces(made, blkio_config=self.AFTER)

    def test_older_daemon(self):
        for api in ('1.41', '1.54'):
            for after in ({'blkio_config': self.AFTER}, {}):
                made = self.make(api)
                self.replaces(made, **after)
                self.assertEqual([], self.daemon.changes)

    def test_other_limit_on_an_older_daemon(self):
        made = self.make('1.54', memory=64)
        self.serve_inspect(self.inspected(Memory=128))
        self.assertEqual([UPDATE], self.complete(
            made, memory=128, blkio_config=self.BEFORE))
        self.assertEqual({'Memory': 128, 'MemorySwap': 256},
                         self.daemon.sent(*UPDATE)[0].json())

    def test_after_a_failed_update_on_an_older_daemon(self):
        """The failed update cannot have changed them."""
        values = {'name': 'web', 'blkio_config': self.BEFORE}
        made = self.make('1.54', memory=64, name='web')
        self.serve_update(base.refusal(500, 'no'), {'json': {}})
        self.serve_inspect(self.inspected(Memory=128))
        self.fail_update(made, memory=128, **values)
        self.forget()
        self.assertEqual([UPDATE],
                         self.complete(made, memory=128, **values))

    def test_unknown_version(self):
        """The update waits for the daemon, which may have been upgraded."""
        made = self.make('1.54')
        self.patch(client, '_POOL', daemons.Pool())
        self.daemon.go_away(2)
        self.replaces(made, blkio_config=self.AFTER)
        self.assertIn('Waiting for it', str(self.reasons))


class LimitsTestCase(UpdateTestCase):

    def test_request_that_podman_lacks(self):
        self.daemon.be_podman()
        made = self.make_running(memory=64)
        self.serve_update(404)
        self.replaces(made, memory=128)

    def test_request_that_docker_lacks(self):
        made = self.make_running(memory=64)
        self.serve_update(404)
        self.assertIn('HTTP status 404, not found',
                      self.fail_update(made, memory=128))

    def test_changed_limits_are_sent_in_one_update(self):
        made = self.make_running(memory=64, cpu_shares=5,
                                 restart_policy={'Name': 'always'})
        self.serve_update()
        self.serve_inspect(self.inspected(Memory=128))
        self.assertEqual([UPDATE], self.complete(
            made, memory=128, cpu_shares=5,
            restart_policy={'Name': 'always'}))
        [sent] = self.daemon.sent(*UPDATE)
        self.assertEqual(
            {'Memory': 128, 'MemorySwap': 256, 'CpuShares': 5,
             'RestartPolicy': {'Name': 'always', 'MaximumRetryCount': 0}},
            sent.json())
        self.assertEqual([], self.reasons)
        self.assertEqual(128, made.properties['memory'])

    def test_body_with_swap(self):
        made = self.make_running(memory=64, memory_swap='-1')
        self.serve_update()
        self.serve_inspect(self.inspected(Memory=128, MemorySwap=-1))
        self.complete(made, memory=128, memory_swap='-1')
        [sent] = self.daemon.sent(*UPDATE)
        self.assertEqual({'Memory': 128, 'MemorySwap': -1}, sent.json())

    def test_removed_and_can_be(self):
        made = self.make_running(pids_limit=5,
                                 restart_policy={'Name': 'always'})
        self.serve_update()
        self.serve_inspect()
        self.complete(made)
        [sent] = self.daemon.sent(*UPDATE)
        self.assertEqual(
            {'PidsLimit': -1,
             'RestartPolicy': {'Name': 'no', 'MaximumRetryCount': 0}},
            sent.json())

    def test_removed_and_cannot_be(self):
        for name, value in (('memory', 64), ('cpus', 0.5), ('cpu_set', '0'),
                            ('memory_swap', '-1')):
            made = self.make_running({name: value})
            self.replaces(made)
            self.assertEqual([], self.daemon.requests)

    def test_warnings_are_shown_as_an_event(self):
        made = self.make_running(memory=64)
        self.serve_update({'json': {'Warnings': ['no swap limit']}})
        self.serve_inspect(self.inspected(Memory=128))
        self.complete(made, memory=128)
        self.assertEqual(['Docker warns: no swap limit'], self.reasons)

    def test_ignored_limit_replaces_the_container(self):
        """Old daemons ignore unknown limits; a new container gets them."""
        made = self.make_running(memory=64)
        self.serve_update()
        self.serve_inspect(self.inspected(Memory=64))
        self.replaces(made, memory=128)
        self.assertEqual([UPDATE], self.daemon.changes)

    def test_refused_update_fails_with_the_reason(self):
        made = self.make_running(memory=64)
        self.serve_update(base.refusal(409, 'cannot update a container'))
        self.assertIn('cannot update a container',
                      self.fail_update(made, memory=128))

    def test_answer_lost(self):
        made = self.make_running(memory=64)
        self.serve_update(LOST, {'json': {}})
        self.serve_inspect(self.inspected(Memory=128))
        self.assertEqual([UPDATE, UPDATE], self.complete(made, memory=128))

    def test_what_only_heat_knows(self):
        made = self.make_running()
        self.assertEqual([], self.complete(
            made, wait_for='none', wait_timeout=5, suspend_mode='pause',
            remove_volumes=False))
        self.assertEqual(5, made.properties['wait_timeout'])

    def test_what_was_updated_is_used(self):
        made = self.make_running()
        self.complete(made, remove_volumes=False)
        self.serve_stop()
        self.serve_remove()
        self.run_task(made.delete)
        [remove] = self.daemon.sent(*REMOVE)
        self.assertEqual({'v': ['0'], 'force': ['0']}, remove.qs)

    def test_nothing_changed(self):
        made = self.make_running(memory=64)
        self.update(made, memory=64)
        self.assertEqual(('CREATE', 'COMPLETE'), made.state)
        self.assertEqual([], self.daemon.requests)

    def test_too_old_daemon(self):
        made = self.make_running(networks=[{'network': 'n'}])
        self.assertIn('requires version 1.48', self.fail_update(
            made, networks=[{'network': 'n', 'gw_priority': 1}]))
        self.assertEqual([], self.daemon.requests)

    def test_all_at_once(self):
        made = self.make_running(memory=64, name='web',
                                 networks=[{'network': 'n'}])
        self.serve_update()
        self.daemon.on(*RENAME, 204)
        self.daemon.on(*to(CONNECT, 'm'), {})
        self.serve_inspect(self.inspected(
            Memory=128, Networks={'n': {'NetworkID': 'x'}}))
        self.assertEqual(
            [UPDATE, RENAME, to(CONNECT, 'm')],
            self.complete(made, memory=128, name='web-2',
                          networks=[{'network': 'n'}, {'network': 'm'}]))

    def make_running(self, properties=None, **more):
        self.serve_inspect(self.inspected(Networks={'n': {}}))
        self.daemon.on(*to(CONNECT, 'n'), {})
        made = super().make_running(properties, **more)
        return made


class RenameTestCase(UpdateTestCase):

    def test_changed_name_renames_the_container(self):
        made = self.make_running(name='web')
        self.daemon.on(*RENAME, 204)
        self.assertEqual([RENAME], self.complete(made, name='web-2'))
        [sent] = self.daemon.sent(*RENAME)
        self.assertEqual({'name': ['web-2']}, sent.qs)

    def test_rename_answer_lost(self):
        made = self.make_running(name='web')
        self.daemon.on(*RENAME, LOST)
        self.serve_inspect(self.inspected(), self.inspected(Name='/web-2'))
        self.assertEqual([RENAME], self.complete(made, name='web-2'))

    def test_name_removed(self):
        made = self.make_running(name='web')
        self.daemon.on(*RENAME, 204)
        self.complete(made)
        [sent] = self.daemon.sent(*RENAME)
        self.assertEqual([made.physical_resource_name()], sent.qs['name'])

    def test_rename_taken(self):
        made = self.make_running(name='web')
        self.daemon.on(*RENAME, base.refusal(409, 'is already in use'))
        self.serve_found()
        self.assertIn('is already in use',
                      self.fail_update(made, name='web-2'))


class NetworksTestCase(UpdateTestCase):

    def live(self, *names, **more):
        return self.inspected(Networks=dict(
            {name: {'NetworkID': id_of(name), 'EndpointID': 'e1'}
             for name in names}, **more))

    def make_attached(self, *networks):
        self.serve_create()
        self.serve_run(self.live(*(one['network'] for one in networks)))
        made = self.make_resource(networks=list(networks))
        self.run_task(made.create)
        self.forget()
        return made

    def test_main_network_is_the_first_of_the_template(self):
        made = self.make_attached({'network': 'front'}, {'network': 'back'})
        self.serve_inspect(self.inspected(
            NetworkMode='bridge', IPAddress='', Networks={
                'back': {'IPAddress': '192.0.2.1', 'Gateway': '192.0.2.9'},
                'front': {'IPAddress': '198.51.100.1',
                          'Gateway': '198.51.100.9'}}))
        self.assertEqual('198.51.100.1', made.FnGetAtt('network_ip'))
        self.assertEqual('198.51.100.9', made.FnGetAtt('network_gateway'))
        self.assertEqual('198.51.100.1',
                         made.FnGetAtt('network_info')['IPAddress'])

    def serve_networks(self, *names):
        for name in names:
            self.daemon.on(*to(CONNECT, name), {})
            self.daemon.on(*leave(name), {})

    def create(self, api):
        self.daemon.speak(api)
        self.serve_create()
        self.serve_run(self.live('front', 'back')
                       if api >= '1.44' else self.live('front'))
        self.serve_networks('back')
        self.run_task(self.make_resource(networks=[
            {'network': 'front', 'aliases': ['web']},
            {'network': 'back', 'ipv4_address': '192.0.2.7'}]).create)
        [sent] = self.daemon.sent(*CREATE)
        return (sent.json()['HostConfig'].get('NetworkMode'),
                sent.json()['NetworkingConfig']['EndpointsConfig'])

    def test_create_on_an_old_daemon(self):
        self.assertEqual(('front', {'front': {'Aliases': ['web']}}),
                         self.create('1.43'))
        self.assertEqual([CREATE, to(CONNECT, 'back'), START],
                         self.daemon.changes)
        [sent] = self.daemon.sent(*to(CONNECT, 'back'))
        self.assertEqual(
            {'Container': base.ID, 'EndpointConfig': {
                'IPAMConfig': {'IPv4Address': '192.0.2.7'}}}, sent.json())

    def test_create_on_a_new_daemon(self):
        """The mode is unset: any of the networks may be detached later."""
        self.assertEqual(
            (None, {'front': {'Aliases': ['web']},
                    'back': {'IPAMConfig': {'IPv4Address': '192.0.2.7'}}}),
            self.create('1.44'))
        self.assertEqual([CREATE, START], self.daemon.changes)

    OPTION = 'com.docker.network.endpoint.ifname'

    def test_interface_name(self):
        self.daemon.speak('1.48')
        made = self.make_attached(
            {'network': 'a', 'interface_name': 'web0'})
        self.serve_inspect(self.live('a'))
        self.serve_networks('a')
        self.assertEqual(
            [leave('a'), to(CONNECT, 'a')], self.complete(made, networks=[
                {'network': 'a', 'interface_name': 'web1',
                 'driver_opts': {'b': 'c'}}]))
        [sent] = self.daemon.sent(*to(CONNECT, 'a'))
        self.assertEqual({'DriverOpts': {'b': 'c', self.OPTION: 'web1'}},
                         sent.json()['EndpointConfig'])

    def test_created_with_an_interface_name(self):
        self.daemon.speak('1.48')
        self.serve_create()
        self.serve_run(self.live('a'))
        self.run_task(self.make_resource(networks=[
            {'network': 'a', 'interface_name': 'web0'}]).create)
        [sent] = self.daemon.sent(*CREATE)
        self.assertEqual(
            {'a': {'DriverOpts': {self.OPTION: 'web0'}}},
            sent.json()['NetworkingConfig']['EndpointsConfig'])

    def test_interface_name_on_a_daemon_without(self):
        """It would create the interface under another name."""
        self.daemon.speak('1.47')
        self.assertIn(
            'networks[0].interface_name requires version 1.48',
            self.fail_task(self.make_resource(networks=[
                {'network': 'a', 'interface_name': 'web0'}]).create))
        self.assertEqual([], self.daemon.changes)

    def test_interface_name_that_is_none(self):
        for name in ('a' * 16, 'a b', 'a/b', 'a:b'):
            self.make_resource(networks=[
                {'network': 'a', 'interface_name': name}])
            self.assertRaises(exception.StackValidationFailed,
                              self.stack.validate)

    def test_create_in_one_network(self):
        """The container is created in its network on every daemon."""
        self.make_attached({'network': 'front'})
        made = self.make_resource(networks=[{'network': 'front'}])
        self.serve_run(self.live('front'))
        self.run_task(made.create)
        self.assertEqual([CREATE, START], self.daemon.changes)

    def test_connect_answer_lost(self):
        self.serve_create()
        self.serve_run(self.live('a'), self.live('a', 'b'))
        self.daemon.on(*to(CONNECT, 'b'), LOST)
        self.run_task(self.make_resource(
            networks=[{'network': 'a'}, {'network': 'b'}]).create)
        self.assertEqual(1, len(self.daemon.sent(*to(CONNECT, 'b'))))

    def test_only_what_changed(self):
        a, b, c, d = ({'network': name} for name in 'abcd')
        made = self.make_attached(a, dict(b, aliases=['x']), c)
        self.serve_inspect(self.live('a', 'b', 'c', 'by-hand'))
        self.serve_networks('b', 'c', 'd')
        self.assertEqual(
            [leave('b'), leave('c'),
             to(CONNECT, 'b'), to(CONNECT, 'd')],
            self.complete(made, networks=[a, dict(b, aliases=['y']), d]))
        [sent] = self.daemon.sent(*leave('b'))
        self.assertEqual({'Container': base.ID, 'Force': True}, sent.json())
        [sent] = self.daemon.sent(*to(CONNECT, 'b'))
        self.assertEqual({'Aliases': ['y']}, sent.json()['EndpointConfig'])

    def test_by_id(self):
        made = self.make_attached({'network': 'a'})
        self.serve_inspect(self.live('a', 'long'))
        self.assertEqual([], self.complete(made, networks=[
            {'network': 'a'}, {'network': 'long0123456789abcdef'}]))

    def test_by_id_where_podman_shows_the_name(self):
        made = self.make_attached({'network': 'a'})
        self.serve_inspect(self.inspected(Networks={
            'a': {'NetworkID': 'a', 'IPAddress': '192.0.2.1'},
            'gone': {'NetworkID': 'gone', 'IPAddress': '192.0.2.2'}}))
        self.daemon.on('GET', '/networks/a', {'json': {
            'Id': 'long0123456789abcdef'}})
        self.daemon.on('GET', '/networks/gone', base.refusal(
            404, 'unable to find network with name or ID gone: network not '
                 'found'))
        self.complete(made, networks=[{'network': 'long0123456789abcdef'}])
        self.assertEqual('long0123456789abcdef', made.FnGetAtt(
            'network_info')['Networks']['a']['NetworkID'])

    def test_update_answer_lost(self):
        """Steps that are already done are not repeated."""
        made = self.make_attached({'network': 'a'}, {'network': 'b'})
        self.serve_networks('b', 'c')
        self.daemon.on(*to(CONNECT, 'c'), LOST, {})
        self.serve_inspect(self.live('a', 'b'), self.live('a', 'c'))
        self.complete(made, networks=[{'network': 'a'}, {'network': 'c'}])
        self.assertEqual(1, len(self.daemon.sent(*leave('b'))))
        self.assertEqual(1, len(self.daemon.sent(*to(CONNECT, 'c'))))

    def test_changed_endpoint_and_answer_lost(self):
        made = self.make_attached({'network': 'a'}, {'network': 'b'})
        self.serve_networks('b')
        self.daemon.on(*to(CONNECT, 'b'), LOST, {})
        self.serve_inspect(self.live('a', 'b'), self.live('a'))
        self.complete(made, networks=[
            {'network': 'a'}, {'network': 'b', 'aliases': ['x']}])
        self.assertEqual(1, len(self.daemon.sent(*leave('b'))))
        self.assertEqual(2, len(self.daemon.sent(*to(CONNECT, 'b'))))

    MAC = '02:42:0a:09:00:01'

    def test_mac_address_cannot_be_kept(self):
        """Before version 1.54, Docker ignores it in a connect request."""
        self.daemon.speak('1.44')
        network = {'network': 'a', 'mac_address': self.MAC}
        made = self.make_attached(network)
        self.serve_inspect(self.live(a={'NetworkID': id_of('a'),
                                        'EndpointID': 'e1',
                                        'MacAddress': self.MAC}))
        self.serve_networks('b')
        # Attaching the container to another network keeps it.
        self.assertEqual(
            [to(CONNECT, 'b')],
            self.complete(made, networks=[network, {'network': 'b'}]))
        self.forget()
        self.daemon.on(*RENAME, 204)
        self.serve_stop()
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          networks=[dict(network, aliases=['x'])])
        self.assertEqual([RENAME, STOP], self.daemon.changes)

    def test_mac_address_in_version_1_54(self):
        """A connect request applies it, so no change replaces."""
        other = '02:42:0a:09:00:02'
        for after in ({'aliases': ['x'], 'mac_address': self.MAC},
                      {'mac_address': other}):
            self.daemon.speak('1.54')
            made = self.make_attached(
                {'network': 'a', 'mac_address': self.MAC})
            self.serve_inspect(self.live(a={'NetworkID': id_of('a'),
                                            'EndpointID': 'e1',
                                            'MacAddress': self.MAC}))
            self.serve_networks('a')
            self.assertEqual(
                [leave('a'), to(CONNECT, 'a')],
                self.complete(made, networks=[{'network': 'a', **after}]))
            [sent] = self.daemon.sent(*to(CONNECT, 'a'))
            self.assertEqual(after['mac_address'],
                             sent.json()['EndpointConfig']['MacAddress'])
            self.forget()

    def test_mac_address_removed(self):
        """The endpoint still has it, and Docker is to choose another one."""
        self.daemon.speak('1.44')
        made = self.make_attached({'network': 'a', 'mac_address': self.MAC})
        self.serve_inspect(self.live(a={'NetworkID': id_of('a'),
                                        'EndpointID': 'e1',
                                        'MacAddress': self.MAC}))
        self.serve_networks('a')
        self.assertEqual([leave('a'), to(CONNECT, 'a')],
                         self.complete(made, networks=[{'network': 'a'}]))

    def test_taken_over_by_a_new_network(self):
        """A replaced network has attached the container with old settings."""
        made = self.make_attached({'network': 'a', 'aliases': ['x', 'y']})
        taken = {'EndpointID': 'e1', 'Aliases': ['x', 'y', 12 * '0']}
        self.serve_networks('b')
        self.serve_inspect(self.live(
            b=dict(taken, NetworkID=id_of('b'))))
        self.assertEqual([leave('b'), to(CONNECT, 'b')],
                         self.complete(made, networks=[
                             {'network': 'b', 'aliases': ['x']}]))
        self.serve_inspect(self.live(
            c=dict(taken, NetworkID=id_of('c'))))
        self.forget()
        self.assertEqual([], self.complete(made, networks=[
            {'network': 'c', 'aliases': ['y', 'x']}]))

    def test_none_before_or_after(self):
        self.replaces(self.make_running(), networks=[{'network': 'a'}])
        self.replaces(self.make_attached({'network': 'a'}))
        self.assertEqual([], self.daemon.requests)

    def test_excludes_network_mode(self):
        made = self.make_resource(networks=[{'network': 'a'}],
                                  network_mode='none')
        self.assertRaises(exception.StackValidationFailed, made.validate)


class FilesTestCase(UpdateTestCase):

    FILES = [{'path': '/etc/key', 'content': 'hunter2', 'mode': '0400'},
             {'path': '/b', 'content_base64': 'aHVudGVyMg=='}]

    def create(self, *answers):
        self.serve_create()
        self.serve_run()
        self.daemon.on(*ARCHIVE, *(answers or [200]))
        return self.make_resource(files=self.FILES)

    def assert_secret(self, made):
        said = '%s %s %s' % (made.status_reason, self.events,
                             self.log.output)
        for secret in ('hunter2', 'aHVudGVyMg'):
            self.assertNotIn(secret, said)

    def test_files_are_sent_as_an_archive_before_the_start(self):
        made = self.create()
        self.run_task(made.create)
        self.assertEqual([CREATE, ARCHIVE, START], self.daemon.changes)
        [sent] = self.daemon.sent(*ARCHIVE)
        self.assertEqual({'path': ['/']}, sent.qs)
        with tarfile.open(fileobj=io.BytesIO(sent.body)) as tar:
            self.assertEqual(
                [('etc/key', 0o400, b'hunter2'), ('b', 0o644, b'hunter2')],
                [(entry.name, entry.mode, tar.extractfile(entry).read())
                 for entry in tar])
        self.assertNotIn('hunter2', self.daemon.sent(*CREATE)[0].text)
        self.assert_secret(made)

    def test_files_answer_lost(self):
        made = self.create(LOST, 200)
        self.run_task(made.create)
        self.assertEqual(2, len(self.daemon.sent(*ARCHIVE)))
        self.assert_secret(made)

    def test_files_refused(self):
        made = self.create(base.refusal(500, 'rootfs is read-only'))
        self.assertIn('rootfs is read-only', self.fail_task(made.create))
        self.assertEqual([CREATE, ARCHIVE], self.daemon.requests)
        self.assert_secret(made)

    def test_files_invalid(self):
        for bad in ({'content': 'hunter2', 'content_base64': 'hunter2'},
                    {'content_base64': 'hunter2!'},
                    {'content': 'hunter2', 'mode': '99'}):
            made = self.make_resource(files=[dict(bad, path='/a')])
            self.fail_task(made.create)
            self.assert_secret(made)

    def test_files_are_in_no_attribute(self):
        made = self.create()
        self.run_task(made.create)
        self.serve_sources()
        self.assertNotIn('hunter2', str(made.FnGetAtt('show')))


class PauseTestCase(UpdateTestCase):

    PAUSE = ('POST', PATH + '/pause')
    UNPAUSE = ('POST', PATH + '/unpause')

    def paused(self):
        made = self.make_running(suspend_mode='pause')
        self.daemon.on(*self.PAUSE, 204)
        self.daemon.on(*self.UNPAUSE, 204)
        self.run_task(made.suspend)
        self.assertEqual(('SUSPEND', 'COMPLETE'), made.state)
        return made

    def test_suspend_pauses_the_container(self):
        self.paused()
        self.assertEqual([self.PAUSE], self.daemon.changes)

    def test_suspend_answer_lost(self):
        made = self.make_running(suspend_mode='pause')
        self.daemon.on(*self.PAUSE, LOST)
        self.serve_inspect(self.inspected(), self.inspected('paused'))
        self.run_task(made.suspend)
        self.assertEqual([self.PAUSE], self.daemon.changes)

    def test_suspend_what_has_ended(self):
        made = self.make_running(suspend_mode='pause')
        self.serve_inspect(self.inspected('exited'))
        self.run_task(made.suspend)
        self.assertEqual([], self.daemon.changes)

    def test_resume_unpauses_the_container(self):
        made = self.paused()
        self.forget()
        self.serve_inspect(self.inspected('paused'), self.inspected())
        self.run_task(made.resume)
        self.assertEqual([self.UNPAUSE], self.daemon.changes)

    def test_resume_completed(self):
        """A command that has completed does not run again."""
        ended = self.inspected('exited', ExitCode=0)
        self.serve_create()
        self.serve_run(ended)
        made = self.make_resource(wait_for='completed')
        self.run_task(made.create)
        self.serve_stop(304)
        self.run_task(made.suspend)
        self.forget()
        self.run_task(made.resume)
        self.assertEqual([], self.daemon.changes)

    def test_resume_not_completed(self):
        self.serve_create()
        ended = self.inspected('exited', ExitCode=0)
        self.serve_run(ended)
        made = self.make_resource(wait_for='completed')
        self.run_task(made.create)
        self.serve_stop()
        self.run_task(made.suspend)
        self.forget()
        self.serve_inspect(self.inspected('exited', ExitCode=137), ended)
        self.run_task(made.resume)
        self.assertEqual([START], self.daemon.changes)

    def stopped(self):
        made = self.make_running()
        self.serve_stop()
        self.run_task(made.suspend)
        self.forget()
        return made

    def at(self, status, second):
        return self.inspected(
            status, StartedAt='2026-11-24T10:00:%02dZ' % second)

    def test_resume_refused(self):
        """The plugin starts a container that surely was not started."""
        made = self.stopped()
        self.daemon.on(*START, REFUSED, 204)
        self.serve_inspect(self.at('exited', 1), self.at('exited', 1),
                           self.at('running', 2))
        self.run_task(made.resume)
        self.assertEqual([START] * 2, self.daemon.changes)

    def test_resume_answer_lost(self):
        """A command must not run twice."""
        made = self.stopped()
        self.daemon.on(*START, LOST)
        self.serve_log(b'')
        self.serve_inspect(self.at('exited', 1), self.at('exited', 2))
        self.assertIn('is not running', self.fail_task(made.resume))
        self.assertEqual(1, len(self.daemon.sent(*START)))

    def test_update_after_failed_resume(self):
        made = self.stopped()
        self.daemon.on(*START, base.refusal(500, 'no memory'), 204)
        self.serve_inspect(self.at('exited', 1))
        self.fail_task(made.resume)
        self.forget()
        self.serve_inspect(self.at('exited', 1), self.at('exited', 1),
                           self.at('running', 2))
        self.assertEqual([START], self.complete(made))

    def test_update_after_failed_resume_of_paused(self):
        made = self.paused()
        self.daemon.on(*self.UNPAUSE, base.refusal(500, 'no'), 204)
        self.serve_inspect(self.inspected('paused'))
        self.fail_task(made.resume)
        self.forget()
        self.serve_inspect(self.inspected('paused'),
                           self.inspected('paused'), self.inspected())
        self.assertEqual([self.UNPAUSE], self.complete(made))

    def test_resume_running(self):
        made = self.paused()
        self.forget()
        self.serve_inspect()
        self.run_task(made.resume)
        self.assertEqual(('RESUME', 'COMPLETE'), made.state)


class GraceTestCase(UpdateTestCase):

    def stopped(self, **properties):
        made = self.make_running(properties)
        self.serve_stop()
        self.serve_remove()
        self.run_task(made.suspend)
        self.run_task(made.delete)
        return [sent.qs for sent in self.daemon.sent(*STOP)]

    def test_stop_grace_period_is_sent_with_every_stop(self):
        self.assertEqual([{'t': ['30']}] * 2,
                         self.stopped(stop_grace_period=30))

    def test_grace_of_nothing(self):
        self.assertEqual([{'t': ['0']}] * 2,
                         self.stopped(stop_grace_period=0))

    def test_grace_on_podman(self):
        self.daemon.be_podman()
        self.assertEqual([{'t': ['10']}] * 2, self.stopped())

    def test_grace_unset(self):
        self.assertEqual([{}] * 2, self.stopped())

    def test_remove_volumes(self):
        for value, sent in ((None, '1'), (True, '1'), (False, '0')):
            self.stopped(**({} if value is None else
                            {'remove_volumes': value}))
            self.assertEqual([sent],
                             self.daemon.sent(*REMOVE)[-1].qs['v'], value)


class AdoptTestCase(UpdateTestCase):

    def adopt(self, made):
        return made.adopt({'resource_id': base.ID, 'resource_data': {},
                           'metadata': {}, 'name': 'web'})

    def test_adopt_changes_nothing_on_the_daemon(self):
        self.serve_inspect()
        made = self.make_resource()
        self.run_task(lambda: self.adopt(made))
        self.assertEqual(('ADOPT', 'COMPLETE'), made.state)
        self.assertEqual(base.ID, made.resource_id)
        self.assertEqual([], self.daemon.changes)

    def test_adopt_missing(self):
        self.serve_inspect(GONE)
        made = self.make_resource()
        self.assertRaises(exception.ResourceFailure, self.run_task,
                          lambda: self.adopt(made))
        self.assertEqual(('ADOPT', 'FAILED'), made.state)
        self.assert_plain(made.status_reason)

    def test_delete_adopted(self):
        self.serve_inspect()
        made = self.make_resource()
        self.run_task(lambda: self.adopt(made))
        self.serve_stop()
        self.serve_remove()
        self.forget()
        self.run_task(made.delete)
        self.assertEqual([STOP, REMOVE], self.daemon.requests)


class ExternalTestCase(UpdateTestCase):

    def make_external(self, **values):
        return self.make_resource(template={
            'heat_template_version': '2018-08-31',
            'resources': {
                'other': {'type': base.TYPE, 'properties': self.properties()},
                'web': {'type': base.TYPE, 'external_id': base.ID,
                        'properties': self.properties(**values)}}})

    def test_external_container_is_only_inspected(self):
        self.serve_inspect()
        made = self.make_external()
        made.validate()
        self.run_task(made.create)
        self.assertEqual(base.ID, made.resource_id)
        self.assertEqual('running', made.FnGetAtt('state'))
        self.assertEqual({INSPECT}, set(self.daemon.requests))

    def test_endpoint_of_another_resource(self):
        made = self.make_external(docker_endpoint={
            'str_replace': {'template': 'tcp://h:2375', 'params': {
                'h': {'get_attr': ['other', 'network_ip']}}}})
        ex = self.assertRaises(exception.StackValidationFailed,
                               made.validate_external)
        self.assertIn('cannot come from another resource', str(ex))

    def test_wrong_external_id_fails_validation(self):
        for answer in (GONE, REFUSED, base.refusal(500, 'no')):
            self.serve_inspect(answer)
            made = self.make_external()
            ex = self.assertRaises(exception.StackValidationFailed,
                                   made.validate_external)
            self.assertIn('external_id %s: ' % base.ID, str(ex))
            self.assert_plain(str(ex).split(': ', 1)[1])

    def test_never_stopped(self):
        self.serve_inspect()
        for values in ({}, {'suspend_mode': 'pause'}):
            made = self.make_external(**values)
            self.run_task(made.create)
            self.forget()
            self.run_task(made.suspend)
            self.assertEqual(('SUSPEND', 'COMPLETE'), made.state)
            self.run_task(made.resume)
            self.assertEqual(('RESUME', 'COMPLETE'), made.state)
            self.run_task(made.delete)
            self.assertEqual([], self.daemon.requests)


class FinishTestCase(UpdateTestCase):
    """An update completes a usable container, and replaces any other."""

    def failed(self, *start, **properties):
        self.serve_create()
        self.serve_run(start=start or [base.refusal(500, 'port is taken')])
        made = self.make_resource(properties)
        self.fail_task(made.create)
        self.forget()
        return made

    def test_update_starts_a_container_that_never_ran(self):
        made = self.failed()
        self.serve_run(self.inspected('created'), self.inspected('created'),
                       self.inspected())
        self.assertEqual([START], self.complete(made))
        self.assertEqual(base.ID, made.resource_id)

    def test_created_with_files_and_networks(self):
        self.serve_create()
        self.daemon.on(*ARCHIVE, base.refusal(500, 'no'), 200)
        self.serve_run(self.inspected('created', Networks={'a': {}}))
        values = {'networks': [{'network': 'a'}],
                  'files': FilesTestCase.FILES}
        made = self.make_resource(values)
        self.fail_task(made.create)
        self.forget()
        created = self.inspected('created', Networks={'a': {}})
        self.serve_run(created, created, created, self.inspected())
        self.assertEqual([ARCHIVE, START], self.complete(made, **values))

    def test_update_keeps_a_running_container(self):
        made = self.failed()
        self.serve_run()
        self.assertEqual([], self.complete(made))

    def test_running_and_changed(self):
        """The update waits for the new conditions, not for the old ones."""
        self.serve_create()
        self.serve_run()
        made = self.make_resource(wait_for='healthy')
        self.fail_task(made.create)
        self.forget()
        self.complete(made, wait_for='running')

    def test_changed_and_finished(self):
        made = self.failed(memory=64)
        self.serve_update()
        created = self.inspected('created', Memory=128)
        self.serve_run(created, created, created,
                       self.inspected(Memory=128))
        self.assertEqual([UPDATE, START], self.complete(made, memory=128))

    def test_finishing_fails(self):
        made = self.failed()
        self.serve_run(self.inspected('created'),
                       start=[base.refusal(500, 'port is taken still')])
        self.assertIn('port is taken still', self.fail_update(made))

    def test_update_replaces_an_unusable_container(self):
        for status in ('exited', 'dead', 'restarting', 'removing'):
            made = self.failed()
            self.serve_inspect(self.inspected(status))
            self.assertTrue(made.needs_replace_failed(), status)
            self.replaces(made)

    def test_completed_late(self):
        """A command that has completed in the meantime does not run again."""
        made = self.failed(wait_for='completed')
        self.serve_run(self.inspected('exited', ExitCode=0))
        self.complete(made, wait_for='completed')

    def test_update_replaces_a_missing_container(self):
        made = self.failed()
        self.serve_inspect(GONE)
        self.replaces(made)

    def test_unreachable_daemon_does_not_cause_replacement(self):
        """The update waits for the daemon, and may fail."""
        made = self.failed()
        self.serve_inspect(REFUSED)
        self.assertFalse(made.needs_replace_failed())

    def test_never_made(self):
        self.serve_create(base.refusal(400, 'no'))
        made = self.make_resource()
        self.fail_task(made.create)
        self.forget()
        self.serve_found()
        self.replaces(made)
        self.assertEqual([FOUND], self.daemon.requests)


class LostCreateTestCase(UpdateTestCase):
    """The daemon has created a container whose id is unknown."""

    def lost(self):
        clock = self.set_clock(plan, step=200.0)
        self.serve_create(LOST)
        made = self.make_resource(name='web')
        self.fail_task(made.create)
        clock.step = 0.0
        self.forget()
        self.serve_found(base.ID)
        return made

    def test_daemon_is_still_at_it(self):
        self.set_clock(creation)
        made = self.lost()
        self.daemon.on(*FOUND, {'json': []}, {'json': []},
                       {'json': [{'Id': base.ID}]})
        created = self.inspected('created')
        self.serve_run(created, created, self.inspected())
        self.assertFalse(made.needs_replace_failed())
        self.forget()
        self.assertEqual([START], self.complete(made, name='web'))

    def test_replaced_while_the_daemon_is_at_it(self):
        """A replacement would need a name that is about to be used."""
        self.set_clock(creation)
        made = self.lost()
        self.serve_found()
        self.assertIn('Update the stack again in 30 seconds',
                      self.fail_update(made, name='web', hostname='other'))
        self.assertEqual([FOUND, FOUND], self.daemon.requests)
        self.serve_found(base.ID)
        self.serve_inspect(self.inspected('created'))
        self.daemon.on(*RENAME, 204)
        self.daemon.on(*STOP, 204)
        self.replaces(made, name='web', hostname='other')
        self.assertEqual(1, len(self.daemon.sent(*RENAME)))

    def test_never_came(self):
        clock = self.set_clock(creation)
        made = self.lost()
        self.serve_found()
        clock.now += 30
        self.replaces(made, name='web')

    def test_update_finds_and_starts_the_container(self):
        made = self.lost()
        created = self.inspected('created')
        self.serve_run(created, created, self.inspected())
        self.assertEqual([START], self.complete(made, name='web'))
        self.assertEqual(base.ID, made.resource_id)

    def test_makes_room(self):
        """Otherwise its name would block the replacement."""
        made = self.lost()
        self.serve_inspect(self.inspected('dead'))
        self.daemon.on(*RENAME, 204)
        self.daemon.on(*STOP, 204)
        self.replaces(made, name='web')
        self.assertEqual([RENAME, STOP], self.daemon.changes)

    def test_makes_room_for_what_has_changed(self):
        made = self.lost()
        self.serve_inspect(self.inspected('created'))
        self.daemon.on(*RENAME, 204)
        self.daemon.on(*STOP, 204)
        self.replaces(made, name='web', hostname='other')
        self.assertEqual([RENAME, STOP], self.daemon.changes)

    def test_daemon_away_at_first(self):
        made = self.lost()
        self.daemon.on(*FOUND, REFUSED, {'json': [{'Id': base.ID}]})
        created = self.inspected('created')
        self.serve_run(created, created, self.inspected())
        self.assertEqual([START], self.complete(made, name='web'))

    def test_daemon_away_at_first_and_there_is_none(self):
        clock = self.set_clock(creation)
        made = self.lost()
        clock.now += 30
        self.daemon.on(*FOUND, REFUSED, {'json': []})
        self.replaces(made, name='web')
        self.assertEqual(3 * [FOUND], self.daemon.requests)

    def test_answer_that_makes_no_sense(self):
        made = self.lost()
        self.serve_inspect({'json': {'Id': base.ID, 'State': None}})
        self.assertIn('returned data of unexpected types',
                      self.fail_update(made, name='web'))


class ConvergeTestCase(UpdateTestCase):
    """An update corrects changes from outside of Heat."""

    def converge(self, made, **values):
        made.converge = True
        self.update(made, **values)
        return self.daemon.changes

    def test_changed_by_hand(self):
        made = self.make_running(memory=64, env=['A=b'])
        self.serve_update()
        self.serve_inspect(self.inspected(Memory=32),
                           self.inspected(Memory=64))
        self.assertEqual([UPDATE], self.converge(made, memory=64, env=['A=b']))
        [sent] = self.daemon.sent(*UPDATE)
        self.assertEqual(64, sent.json()['Memory'])

    def test_not_changed(self):
        values = {'memory': 64, 'env': ['A=b'], 'labels': {'a': 'b'},
                  'name': 'web', 'networks': [{'network': 'n'}]}
        shown = self.inspected(Memory=64, Networks={
            'n': {'Aliases': ['c0ffee000000'], 'IPAMConfig': {}}})
        self.serve_create()
        self.serve_run(shown)
        made = self.make_resource(values)
        self.run_task(made.create)
        self.forget()
        self.assertEqual([], self.converge(made, **values))

    def test_converge_replaces_a_missing_container(self):
        made = self.make_running()
        self.serve_inspect(GONE)
        made.converge = True
        self.replaces(made)
