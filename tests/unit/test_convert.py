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

"""Every converter, both ways, with values that are right and wrong."""

import ipaddress
import itertools

import hypothesis
from hypothesis import strategies as st
import testtools

from heat_docker import convert

# converter to the API, converter back, canonical value, JSON of the API
PAIRS = (
    (convert.same, convert.same, True, True),
    (convert.same, convert.same, 0, 0),
    (convert.image, convert.same, 'mariadb:11', 'mariadb:11'),
    (convert.texts, convert.or_empty, ['sleep', '9'], ['sleep', '9']),
    (convert.texts, convert.or_empty, [], []),
    (convert.env_to_api, convert.or_empty, ['A=1', 'B=', 'C', 'D=x=y'],
     ['A=1', 'B=', 'C', 'D=x=y']),
    (convert.dns_to_api, convert.or_empty, ['192.0.2.1', '2001:db8::1'],
     ['192.0.2.1', '2001:db8::1']),
    (convert.capabilities_to_api, convert.capabilities_from_api,
     ['ALL', 'NET_ADMIN'], ['ALL', 'NET_ADMIN']),
    (convert.restart_policy_to_api, convert.restart_policy_from_api,
     {'Name': 'on-failure', 'MaximumRetryCount': 3},
     {'Name': 'on-failure', 'MaximumRetryCount': 3}),
    (convert.restart_policy_to_api, convert.restart_policy_from_api,
     {'Name': 'always', 'MaximumRetryCount': 0},
     {'Name': 'always', 'MaximumRetryCount': 0}),
    (convert.devices_to_api, convert.devices_from_api,
     [{'path_on_host': '/dev/a', 'path_in_container': '/dev/b',
       'permissions': 'r'}],
     [{'PathOnHost': '/dev/a', 'PathInContainer': '/dev/b',
       'CgroupPermissions': 'r'}]),
    (convert.port_specs_to_api, convert.port_specs_from_api,
     ['53/udp', '80', '132/sctp'],
     {'53/udp': {}, '80/tcp': {}, '132/sctp': {}}),
    (convert.port_bindings_to_api, convert.port_bindings_from_api,
     {'53/udp': '127.0.0.1:', '80': ['8080', '[::1]:81'], '90': ''},
     {'53/udp': [{'HostIp': '127.0.0.1', 'HostPort': ''}],
      '80/tcp': [{'HostIp': '', 'HostPort': '8080'},
                 {'HostIp': '::1', 'HostPort': '81'}],
      '90/tcp': [{'HostIp': '', 'HostPort': ''}]}),
    (convert.volumes_to_api, convert.volumes_from_api,
     {'/srv': '/www:ro', 'data': '/data', '/a b': '/c:ro,z'},
     ['/srv:/www:ro', 'data:/data', '/a b:/c:ro,z']),
    (convert.volumes_from_to_api, convert.or_empty, ['one', 'two:ro'],
     ['one', 'two:ro']),
    (convert.links_to_api, convert.links_from_api, {'wiki-db': 'db'},
     ['wiki-db:db']),
)

# converter to the API, another spelling, the same as
SPELLINGS = (
    (convert.texts, [1, True, False, 1.5, 'x'],
     ['1', 'true', 'false', '1.5', 'x']),
    (convert.env_to_api, [5], ['5']),
    (convert.dns_to_api, ['2001:DB8:0::1'], ['2001:db8::1']),
    (convert.capabilities_to_api, ['cap_net_admin', 'CAP_KILL', 'mknod'],
     ['NET_ADMIN', 'KILL', 'MKNOD']),
    (convert.restart_policy_to_api, {},
     {'Name': 'no', 'MaximumRetryCount': 0}),
    (convert.restart_policy_to_api, {'Name': '', 'MaximumRetryCount': None},
     {'Name': 'no', 'MaximumRetryCount': 0}),
    (convert.devices_to_api, [{'path_on_host': '/dev/x'}],
     [{'PathOnHost': '/dev/x', 'PathInContainer': '/dev/x',
       'CgroupPermissions': 'rwm'}]),
    (convert.port_specs_to_api, [80, '53/UDP', '7-9'],
     {'80/tcp': {}, '53/udp': {}, '7/tcp': {}, '8/tcp': {}, '9/tcp': {}}),
    (convert.port_bindings_to_api, {80: 8080},
     {'80/tcp': [{'HostIp': '', 'HostPort': '8080'}]}),
    (convert.port_bindings_to_api, {'80/TCP': 0},
     {'80/tcp': [{'HostIp': '', 'HostPort': ''}]}),
    (convert.port_bindings_to_api, {'80': []},
     {'80/tcp': [{'HostIp': '', 'HostPort': ''}]}),
    (convert.port_bindings_to_api, {'80': None},
     {'80/tcp': [{'HostIp': '', 'HostPort': ''}]}),
    (convert.port_bindings_to_api, {'5-6': '192.0.2.1:15-16'},
     {'5/tcp': [{'HostIp': '192.0.2.1', 'HostPort': '15'}],
      '6/tcp': [{'HostIp': '192.0.2.1', 'HostPort': '16'}]}),
    (convert.port_bindings_to_api, {'5-6/udp': ''},
     {'5/udp': [{'HostIp': '', 'HostPort': ''}],
      '6/udp': [{'HostIp': '', 'HostPort': ''}]}),
    (convert.port_bindings_to_exposed, {80: 8080, '5-6/udp': ''},
     {'80/tcp': {}, '5/udp': {}, '6/udp': {}}),
    # One host port per protocol, and per address.
    (convert.port_bindings_to_api, {'53': '53', '53/udp': '53'},
     {'53/tcp': [{'HostIp': '', 'HostPort': '53'}],
      '53/udp': [{'HostIp': '', 'HostPort': '53'}]}),
    (convert.port_bindings_to_api, {'1': '192.0.2.1:9', '2': '192.0.2.2:9'},
     {'1/tcp': [{'HostIp': '192.0.2.1', 'HostPort': '9'}],
      '2/tcp': [{'HostIp': '192.0.2.2', 'HostPort': '9'}]}),
    (convert.port_bindings_to_api, {'1': '0.0.0.0:9', '2': '[::]:9'},
     {'1/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '9'}],
      '2/tcp': [{'HostIp': '::', 'HostPort': '9'}]}),
    (convert.volumes_to_api, {'/a': {'bind': '/b'}}, ['/a:/b']),
    (convert.volumes_to_api, {'/a': {'bind': '/b', 'mode': 'ro'}},
     ['/a:/b:ro']),
    (convert.links_to_api, {'db': ''}, ['db:db']),
    (convert.links_to_api, {'wiki-db': 'd'}, ['wiki-db:d']),
)

# converter to the API, value that is refused, what the words have to say
REFUSED = (
    (convert.text, None, 'None is not text'),
    (convert.text, ['a'], r"\['a'\] is not text"),
    (convert.texts, ['a', {}], '{} is not text'),
    (convert.image, 'Upper', "'Upper' is not an image reference"),
    (convert.image, 'a b', "'a b' is not"),
    (convert.image, 'a:', "'a:' is not"),
    (convert.image, 'a//b', "'a//b' is not"),
    (convert.image, 'a@sha256:12', "'a@sha256:12' is not"),
    (convert.image, 'a\n', 'is not an image'),
    (convert.env_to_api, ['A=1', '=x'], '^entry 2 does not begin with'),
    (convert.env_to_api, [''], '^entry 1 does not begin with'),
    (convert.env_to_api, ['A=\0'], '^entry 1 does not begin with'),
    (convert.env_to_api, [None], '^entry 1 is not text'),
    (convert.env_to_api, [{'A': 1}], '^entry 1 is not text'),
    (convert.dns_to_api, ['dns.test'], "'dns.test' is not an IP address"),
    (convert.dns_to_api, ['1.2.3'], "'1.2.3' is not an IP address"),
    (convert.capabilities_to_api, ['NOPE'], "'NOPE' is not a Linux"),
    (convert.restart_policy_to_api,
     {'Name': 'always', 'MaximumRetryCount': 2}, '2.*on-failure.*always'),
    (convert.restart_policy_to_api,
     {'Name': 'on-failure', 'MaximumRetryCount': -1}, 'is -1'),
    (convert.port_specs_to_api, [0], 'port 0 is not in 1-65535'),
    (convert.port_specs_to_api, [65536], 'port 65536 is not in 1-65535'),
    (convert.port_specs_to_api, ['9-7'], "port '9-7' .*ascending"),
    (convert.port_specs_to_api, ['80/icmp'], "'80/icmp'.*'icmp'.*sctp"),
    (convert.port_specs_to_api, [True], 'True is not a port'),
    (convert.port_specs_to_api, [1.5], '1.5 is not a port'),
    (convert.port_specs_to_api, ['a'], "'a' is not a port"),
    (convert.port_specs_to_api, ['80:80'], "'80:80' is not a port"),
    (convert.port_specs_to_api, [-1], '-1 is not a port'),
    (convert.port_specs_to_api, ['80', 80], 'port 80/tcp is given twice'),
    (convert.port_specs_to_api, ['7-9', '8'], 'port 8/tcp is given twice'),
    (convert.port_bindings_to_api, {'x': '1'}, "'x' is not a port"),
    (convert.port_bindings_to_api, {'80': 'x'}, "'x' is not a port of the"),
    (convert.port_bindings_to_api, {'80': True}, 'True is not a port of'),
    (convert.port_bindings_to_api, {'80': 70000}, '70000 is not in'),
    (convert.port_bindings_to_api, {'80': '-5'}, "'-5' is not a port of"),
    (convert.port_bindings_to_api, {'80': 'h:1'}, "'h' is not an IP"),
    (convert.port_bindings_to_api, {'80': '[::1:1'}, r"'\[::1:1' is not"),
    (convert.port_bindings_to_api, {'80': '::1:81'}, "'::1:81' is not"),
    (convert.port_bindings_to_api, {'80': {'a': 1}}, 'is not text'),
    (convert.port_bindings_to_api, {'80-82': '80-81'},
     r'3 ports .* 2 ports of the host \(80-81\)'),
    (convert.port_bindings_to_api, {'80-82': '80'}, '3 ports .* 1 ports'),
    (convert.port_bindings_to_api, {'80': 1, '80/tcp': 2},
     'container port 80/tcp is given twice'),
    (convert.port_bindings_to_api, {'80': 9, '81': 9},
     'port 9/tcp of the host is given twice'),
    (convert.port_bindings_to_api, {'80': [9, 9]}, 'port 9/tcp'),
    (convert.port_bindings_to_api, {'80': '1.2.3.4:9', '81': '0.0.0.0:9'},
     'port 9/tcp of the host is given twice'),
    (convert.port_bindings_to_api, {'80': '[::]:9', '81': '[::1]:9'},
     'port 9/tcp of the host is given twice'),
    (convert.port_bindings_to_api, {'80-81': '8-9', '90': '9'},
     'port 9/tcp of the host is given twice'),
    (convert.volumes_to_api, {'x': '/y'}, "'x' is neither"),
    (convert.volumes_to_api, {'./x': '/y'}, "'./x' is neither"),
    (convert.volumes_to_api, {'/a:b': '/y'}, "'/a:b' has a colon"),
    (convert.volumes_to_api, {'/a': 'b'}, "'b', the target of /a, is not"),
    (convert.volumes_to_api, {'/a': '/'}, "'/', the target of /a, is not"),
    (convert.volumes_to_api, {'/a': {'bind': '/b:c'}}, "'/b:c', the target"),
    (convert.volumes_to_api, {'/a': '/b:maybe'}, r"'maybe' .*\(/a\)"),
    (convert.volumes_to_api, {'/a': '/b:ro,maybe'}, "'maybe' is not a mode"),
    (convert.volumes_to_api, {'/a': {'mode': 'ro'}}, '/a takes "bind"'),
    (convert.volumes_to_api, {'/a': {'bind': '/b', 'x': 1}}, '/a takes'),
    (convert.volumes_to_api, {'/a': '/t', '/b': '/t/'}, 'the target /t'),
    (convert.volumes_to_api, {'/a': ['/b']}, 'is not text'),
    (convert.volumes_from_to_api, ['x:maybe'], "'x:maybe' is not"),
    (convert.volumes_from_to_api, ['/a/b'], "'/a/b' is not"),
    (convert.links_to_api, {'a b': 'c'}, "'a b' is not the name"),
    (convert.links_to_api, {'db': 'a_b_'}, "'a_b_', the alias of db"),
    (convert.links_to_api, {'db': 'a/b'}, "'a/b', the alias of db"),
)

# converter from the API, JSON as daemons also give it, value
ANSWERS = (
    (convert.or_empty, None, []),
    (convert.name_from_api, '/web', 'web'),
    (convert.capabilities_from_api, None, []),
    (convert.capabilities_from_api, ['CAP_KILL', 'ALL'], ['KILL', 'ALL']),
    (convert.restart_policy_from_api, {'Name': ''},
     {'Name': 'no', 'MaximumRetryCount': 0}),
    (convert.devices_from_api, None, []),
    (convert.port_specs_from_api, None, []),
    (convert.port_specs_from_api, {'100/tcp': {}, '9/udp': {}, '9/tcp': {}},
     ['9', '9/udp', '100']),
    (convert.port_bindings_from_api, None, {}),
    (convert.port_bindings_from_api, {'80/tcp': None}, {'80': []}),
    (convert.volumes_from_api, None, {}),
    (convert.links_from_api, None, {}),
    (convert.links_from_api, ['/wiki-db:/web-1/db'], {'wiki-db': 'db'}),
    (convert.ports_from_api, {}, []),
    (convert.ports_from_api, {'Ports': None}, []),
    (convert.ports_from_api,
     {'Ports': {'80/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '8080'},
                           {'HostPort': '8080'}], '9/udp': None}},
     [{'container_port': 80, 'protocol': 'tcp', 'host_ip': '0.0.0.0',
       'host_port': 8080},
      {'container_port': 80, 'protocol': 'tcp', 'host_ip': '',
       'host_port': 8080}]),
    (convert.tcp_ports_from_api, {}, ''),
    (convert.udp_ports_from_api, {}, ''),
    (convert.networks_from_api, None, {}),
    (convert.networks_from_api, {'n': {'NetworkID': 'i', 'Aliases': ['a']}},
     {'n': {'network_id': 'i', 'ip_address': '', 'gateway': '',
            'ipv6_address': '', 'ipv6_gateway': '', 'mac_address': '',
            'aliases': ['a']}}),
    (convert.last_line, '', ''),
    (convert.last_line, 'a\nb\n', 'b'),
    (convert.last_line, 'a\nb', 'b'),
    (convert.first_address, {}, ''),
    (convert.first_gateway, {'NetworkSettings': {'Networks': {}}}, ''),
    (convert.network_info_from_api, {},
     {'IPAddress': '', 'Gateway': '', 'MacAddress': '', 'TcpPorts': '',
      'UdpPorts': ''}),
)

NETWORKS = {
    'a': {'IPAddress': '192.0.2.1', 'Gateway': '192.0.2.254'},
    'bridge': {'IPAddress': '198.51.100.1', 'Gateway': '198.51.100.254',
               'MacAddress': '02:42:00:00:00:01'},
}

PORT = st.integers(1, 65535)
PROTOCOL = st.sampled_from(convert.PROTOCOLS)
ADDRESS = st.none() | st.ip_addresses().map(str)
SCALAR = (st.none() | st.booleans() | st.integers() | st.floats() |
          st.text() | st.text('0123456789-:/.[]atcpudsor,'))
JSON = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) |
    st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6)
PORT_TEXT = st.from_regex(r'[0-9]{1,5}(-[0-9]{1,5})?(/[a-z]{1,4})?',
                          fullmatch=True) | st.text()
# Few, so that many of them are for the same port of the host.
HOST_TEXT = st.sampled_from([
    '%s%s' % host for host in itertools.product(
        ('', '127.0.0.1:', '127.0.0.2:', '0.0.0.0:', '[::]:', '[::1]:'),
        ('', '8', '9'))])
PATH = st.text(st.characters(blacklist_characters=':\0',
                             blacklist_categories=['Cs']),
               min_size=1).map('/{}'.format)
NAME = st.from_regex(convert.NAME, fullmatch=True)

SETTINGS = hypothesis.settings(
    max_examples=60, deadline=None, database=None, derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck))


def container_port(number, protocol):
    return str(number) if protocol == 'tcp' else '%d/%s' % (number, protocol)


def host_port(address, number):
    if address is None:
        return str(number)
    return ('[%s]:%s' if ':' in address else '%s:%s') % (address, number)


@st.composite
def port_bindings(draw):
    """Return a canonical map of which no two share a host port."""
    keys = draw(st.lists(st.tuples(PORT, PROTOCOL), unique=True, max_size=5))
    free = draw(st.lists(PORT, unique=True, min_size=15, max_size=15))
    value = {}
    for key in sorted(keys):
        hosts = [host_port(draw(ADDRESS), draw(st.sampled_from(
            [free.pop(), '']))) for _ in range(draw(st.integers(1, 3)))]
        value[container_port(*key)] = hosts[0] if len(hosts) == 1 else hosts
    return value


@st.composite
def volumes(draw):
    """Return a canonical map of source to target."""
    sources = draw(st.lists(PATH | NAME, unique=True, max_size=4))
    targets = draw(st.lists(
        PATH.filter(lambda path: path.strip('/')), min_size=len(sources),
        max_size=len(sources), unique_by=lambda path: path.rstrip('/')))
    modes = st.lists(st.sampled_from(sorted(convert.VOLUME_MODES)),
                     max_size=2).map(','.join)
    return {source: ':'.join(filter(None, (target, draw(modes))))
            for source, target in zip(sources, targets, strict=True)}


class TablesTestCase(testtools.TestCase):

    def test_to_api_canonical(self):
        for to_api, _from_api, value, api in PAIRS:
            self.expectThat(to_api(value), testtools.matchers.Equals(api))

    def test_from_api_canonical(self):
        for _to_api, from_api, value, api in PAIRS:
            self.expectThat(from_api(api), testtools.matchers.Equals(value))

    def test_order_kept(self):
        for _to_api, from_api, value, api in PAIRS:
            if isinstance(value, dict):
                self.assertEqual(list(value), list(from_api(api)))

    def test_to_api_spelling(self):
        for to_api, value, api in SPELLINGS:
            self.expectThat(to_api(value), testtools.matchers.Equals(api))

    def test_to_api_refused(self):
        for to_api, value, words in REFUSED:
            try:
                api = to_api(value)
            except ValueError as ex:
                self.expectThat(str(ex),
                                testtools.matchers.MatchesRegex(
                                    '(?s).*' + words if words[0] != '^'
                                    else words))
            else:
                self.fail('%s(%r) gives %r' % (to_api.__name__, value, api))

    def test_from_api_other_answers(self):
        for from_api, api, value in ANSWERS:
            self.expectThat(from_api(api), testtools.matchers.Equals(value))

    def test_all_converters_have_cases(self):
        tested = {function for table in (PAIRS, SPELLINGS, REFUSED, ANSWERS)
                  for row in table for function in row if callable(function)}
        missed = {name for name, function in vars(convert).items()
                  if callable(function) and not name.startswith('_')
                  and function not in tested}
        # Below those with the protocol.
        self.assertEqual({'host_ports_from_api'}, missed)


class ImageTestCase(testtools.TestCase):

    def test_image_accepted(self):
        for image in ('mysql', 'a/b:c', 'a__b', 'localhost:5000/a',
                      '[::1]:5000/a', 'Host.test/a', 'a@sha256:' + 64 * 'a',
                      'h.test:1/x/y:T-1@sha256:' + 64 * '0',
                      'sha256:' + 64 * 'b', 12 * 'c'):
            self.assertEqual(image, convert.image(image))


class EnvironmentTestCase(testtools.TestCase):

    def test_env_refused_keeps_secret(self):
        for value in (['=hunter2'], ['A=hunter2\0'], [{'A': 'hunter2'}],
                      [['hunter2']], ['\0=hunter2']):
            ex = self.assertRaises(ValueError, convert.env_to_api, value)
            self.assertNotIn('hunter2', str(ex))


class NetworkTestCase(testtools.TestCase):

    def inspected(self, mode):
        return {'HostConfig': {'NetworkMode': mode},
                'NetworkSettings': {'Networks': NETWORKS}}

    def test_first_network_default_is_bridge(self):
        inspected = self.inspected('default')
        self.assertEqual('198.51.100.1', convert.first_address(inspected))
        self.assertEqual('198.51.100.254', convert.first_gateway(inspected))

    def test_first_network_named(self):
        self.assertEqual('192.0.2.1',
                         convert.first_address(self.inspected('a')))

    def test_first_network_unknown_mode(self):
        self.assertEqual('192.0.2.1',
                         convert.first_address(self.inspected('gone')))

    def test_network_info_without_top_level(self):
        info = convert.network_info_from_api(self.inspected('default'))
        self.assertEqual('198.51.100.1', info['IPAddress'])
        self.assertEqual('198.51.100.254', info['Gateway'])
        self.assertEqual('02:42:00:00:00:01', info['MacAddress'])

    def test_network_info_top_level_wins(self):
        inspected = self.inspected('default')
        inspected['NetworkSettings']['IPAddress'] = '203.0.113.1'
        info = convert.network_info_from_api(inspected)
        self.assertEqual('203.0.113.1', info['IPAddress'])
        self.assertNotIn('TcpPorts', inspected['NetworkSettings'])

    def test_host_ports_once_per_number(self):
        settings = {'Ports': {
            '80/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '80'},
                       {'HostIp': '::', 'HostPort': '80'}],
            '443/tcp': [{'HostIp': '', 'HostPort': '443'}],
            '53/udp': [{'HostIp': '', 'HostPort': '53'}]}}
        self.assertEqual('80,443', convert.tcp_ports_from_api(settings))
        self.assertEqual('53', convert.udp_ports_from_api(settings))
        self.assertEqual('', convert.host_ports_from_api('sctp', settings))


class GeneratedTestCase(testtools.TestCase):

    @SETTINGS
    @hypothesis.given(st.sets(st.tuples(PORT, PROTOCOL), max_size=6))
    def test_port_specs_round_trip(self, ports):
        canonical = [container_port(*port) for port in sorted(ports)]
        self.assertEqual(canonical, convert.port_specs_from_api(
            convert.port_specs_to_api(canonical)))

    @SETTINGS
    @hypothesis.given(st.lists(PORT, min_size=2, max_size=2).map(sorted),
                      PROTOCOL)
    def test_port_specs_range(self, span, protocol):
        span[1] = min(span[1], span[0] + 50)
        exposed = convert.port_specs_to_api(
            ['%d-%d/%s' % (*span, protocol)])
        self.assertEqual(['%d/%s' % (port, protocol)
                          for port in range(span[0], span[1] + 1)],
                         list(exposed))

    @SETTINGS
    @hypothesis.given(port_bindings())
    def test_port_bindings_round_trip(self, canonical):
        self.assertEqual(canonical, convert.port_bindings_from_api(
            convert.port_bindings_to_api(canonical)))

    @SETTINGS
    @hypothesis.given(PORT, PORT, st.integers(1, 50), ADDRESS)
    def test_port_bindings_range(self, first, host, count, address):
        hypothesis.assume(max(first, host) + count <= 65536)
        bindings = convert.port_bindings_to_api({
            '%d-%d' % (first, first + count - 1):
            host_port(address, '%d-%d' % (host, host + count - 1))})
        self.assertEqual(
            {'%d/tcp' % (first + n): [{'HostIp': address or '',
                                       'HostPort': str(host + n)}]
             for n in range(count)}, bindings)
        self.assertEqual(set(bindings), set(convert.port_bindings_to_exposed(
            {'%d-%d' % (first, first + count - 1): ''})))

    @SETTINGS
    @hypothesis.given(st.dictionaries(
        st.sampled_from(['1', '2', '3', '4/udp']),
        HOST_TEXT | st.lists(HOST_TEXT, max_size=2), max_size=3))
    def test_port_bindings_share_nothing(self, value):
        try:
            bindings = convert.port_bindings_to_api(value)
        except ValueError:
            return
        taken = [(key.split('/')[1], host['HostPort'], host['HostIp'])
                 for key, hosts in bindings.items() for host in hosts
                 if host['HostPort']]
        for one, other in itertools.combinations(taken, 2):
            if one[:2] == other[:2]:
                # Without an address it is all of them.
                self.assertTrue(one[2] and other[2], bindings)
                mine, its = (ipaddress.ip_address(address)
                             for address in (one[2], other[2]))
                if mine.version == its.version:
                    self.assertNotEqual(mine, its, bindings)
                    self.assertFalse(mine.is_unspecified or
                                     its.is_unspecified, bindings)

    @SETTINGS
    @hypothesis.given(volumes())
    def test_volumes_round_trip(self, canonical):
        self.assertEqual(canonical, convert.volumes_from_api(
            convert.volumes_to_api(canonical)))

    @SETTINGS
    @hypothesis.given(st.text())
    def test_text_parses_or_is_refused(self, text):
        for to_api in (convert.image, convert.text):
            self.parses_or_is_refused(to_api, text)

    @SETTINGS
    @hypothesis.given(st.lists(PORT_TEXT | JSON, max_size=3))
    def test_list_parses_or_is_refused(self, values):
        for to_api in (convert.port_specs_to_api, convert.texts,
                       convert.env_to_api, convert.dns_to_api,
                       convert.capabilities_to_api,
                       convert.volumes_from_to_api):
            self.parses_or_is_refused(to_api, values)

    @SETTINGS
    @hypothesis.given(st.dictionaries(PORT_TEXT | PATH | NAME,
                                      HOST_TEXT | JSON, max_size=3))
    def test_map_parses_or_is_refused(self, value):
        for to_api in (convert.port_bindings_to_api, convert.volumes_to_api,
                       convert.links_to_api):
            self.parses_or_is_refused(to_api, value)

    def parses_or_is_refused(self, to_api, value):
        try:
            to_api(value)
        except ValueError as ex:
            self.assertTrue(str(ex))


class KeysTestCase(testtools.TestCase):
    """YAML makes numbers of keys, which JSON turns to text again."""

    def test_number_as_key(self):
        for to_api in (convert.volumes_to_api, convert.links_to_api):
            ex = self.assertRaises(ValueError, to_api, {1: '/x'})
            self.assertNotIn('attribute', str(ex))

    def test_target_is_no_root(self):
        self.assertRaises(ValueError, convert.volumes_to_api, {'/a': '//'})

    def test_address_with_a_zone(self):
        """Docker would take it for no address, and publish on all."""
        self.assertRaises(ValueError, convert.port_bindings_to_api,
                          {80: '[fe80::1%lo]:80'})

    def test_last_line_is_split_at_newlines_only(self):
        self.assertEqual('a\x0cb\u2028c', convert.last_line(
            'x\na\x0cb\u2028c\r\n'))

    def test_link_with_the_slash_of_docker(self):
        self.assertEqual(['db:db'], convert.links_to_api({'/db': 'db'}))
