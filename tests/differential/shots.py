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

"""What the daemon shows of a project, in a comparable form."""

import hashlib
import io
import json
import re
import tarfile

from tests.differential import projects

LABEL = 'com.docker.compose.'
CHOSEN = '<chosen by the daemon>'

# Labels of Compose that the objects have in common.
COMMON = ('project', 'service', 'container-number', 'oneoff', 'network',
          'volume')

# Keys that differ between two objects of one file, and the reason. In a path,
# "*" matches any key.
DROPPED = {
    'container': {
        'Created': 'a time',
        'State.Pid': 'is chosen by the kernel',
        'State.StartedAt': 'a time',
        'State.FinishedAt': 'a time',
        'State.Health': 'changes with each check',
        'ExecIDs': 'ids of running health checks',
        'GraphDriver.Data': 'paths of the layer of the container',
        'Storage.RootFS.Snapshot': 'an id of the layer of the container',
        'NetworkSettings.SandboxID': 'an id',
        'NetworkSettings.SandboxKey': 'a path of that id',
        'NetworkSettings.EndpointID': 'an id',
        'NetworkSettings.IPAddress': 'is in Networks, too',
        'NetworkSettings.IPPrefixLen': 'is in Networks, too',
        'NetworkSettings.GlobalIPv6Address': 'is in Networks, too',
        'NetworkSettings.GlobalIPv6PrefixLen': 'is in Networks, too',
        'NetworkSettings.MacAddress': 'is in Networks, too',
        'NetworkSettings.Gateway': 'is in Networks, too',
        'NetworkSettings.IPv6Gateway': 'is in Networks, too',
        'NetworkSettings.Networks.*.EndpointID': 'an id',
    },
    'network': {'Created': 'a time',
                'Containers': 'the containers show it, too',
                'Status': 'counts addresses'},
    'volume': {'CreatedAt': 'a time', 'Mountpoint': 'a path of its name'},
}


class Shot:
    """The objects of a project.

    :ivar objects: map of kind and name in the project to what the daemon
        shows, in a comparable form.
    """

    def __init__(self, docker, project, targets):
        """Look at a project.

        :param docker: client of the daemon.
        :param targets: paths of files in the containers, by service.
        """
        self._docker, self._project, self._targets = docker, project, targets
        containers, networks, volumes = self._find()
        self._words = {str(project.folder): '<directory>'}
        for found, word in ((containers, 'container'),
                            (networks, 'network'), (volumes, 'volume')):
            for name, shown in found.items():
                self._add_words('<%s %s>' % (word, name), shown)
        for name in project.external('networks'):
            self._add_words('<external network>',
                            docker.inspect_network(name))
        for name, shown in containers.items():
            shown['Files'] = self._files(shown, name.partition(' ')[0])
            self._add_chosen(shown)
        self.objects = {
            (kind, name): self._normal(kind, shown)
            for kind, found in (('container', containers),
                                ('network', networks), ('volume', volumes))
            for name, shown in found.items()}

    def _find(self):
        """Return containers, networks and volumes by name in the project."""
        docker = self._docker
        chosen = {'label': [LABEL + 'project=' + self._project.name]}
        containers = {}
        for one in docker.containers(all=True, filters=chosen):
            labels = one['Labels']
            containers['%s %s' % (labels[LABEL + 'service'],
                                  labels[LABEL + 'container-number'])] = (
                docker.inspect_container(one['Id']))
        networks = {one['Labels'][LABEL + 'network']:
                    docker.inspect_network(one['Id'])
                    for one in docker.networks(filters=chosen)}
        volumes = {one['Labels'][LABEL + 'volume']:
                   docker.inspect_volume(one['Name'])
                   for one in docker.volumes(filters=chosen)['Volumes'] or ()}
        return containers, networks, volumes

    def _add_words(self, word, shown):
        """Note the IDs and the name of an object."""
        own = {shown['Name'].lstrip('/')}
        if 'Id' in shown:
            own |= {shown['Id'], shown['Id'][:12]}
        self._words.update(dict.fromkeys(own, word))

    def _add_chosen(self, shown):
        """Note further IDs and names of a container."""
        for mount in shown['Mounts']:
            if re.fullmatch('[0-9a-f]{64}', mount.get('Name') or ''):
                self._words[mount['Name']] = '<anonymous>'
        image = self._docker.inspect_image(shown['Image'])
        if not image['RepoDigests']:
            self._words[shown['Image']] = '<built image>'
            # The name of the image can be that of a container, too.
            shown['Config']['Image'] = '<built image>'

    def _files(self, shown, service):
        """Return the files at the paths, by path."""
        found = {}
        for target in self._targets.get(service, ()):
            stream, _stat = self._docker.get_archive(shown['Id'], target)
            archive = tarfile.open(fileobj=io.BytesIO(b''.join(stream)))
            found[target] = {
                member.name: {
                    'Content': hashlib.sha256(
                        archive.extractfile(member).read()).hexdigest(),
                    'Mode': '%o' % member.mode,
                    'Owner': '%d:%d' % (member.uid, member.gid)}
                for member in archive if member.isfile()
                and not member.name.endswith('/' + projects.PRINTED)}
        return found

    def _normal(self, kind, shown):
        text = re.sub('/overlay2/[0-9a-f]{64}/', '/overlay2/<id>/',
                      json.dumps(shown))
        # Replace the longest first: one name may be in another.
        for name, word in sorted(self._words.items(),
                                 key=lambda item: -len(item[0])):
            text = text.replace(name, word)
        shown = json.loads(text)
        _labels(shown)
        _labels(shown.get('Config') or {})
        if kind == 'container':
            _container(shown)
        elif kind == 'network':
            _network(shown)
        for path in DROPPED[kind]:
            _drop(shown, path.split('.'))
        return shown


def _labels(shown):
    """Drop the labels that only one of the ways sets."""
    if shown.get('Labels'):
        shown['Labels'] = {
            name: value for name, value in shown['Labels'].items()
            if not name.startswith('org.openstack.heat.')
            and (not name.startswith(LABEL)
                 or name.removeprefix(LABEL) in COMMON)}


def _network(shown):
    """Replace subnets that the daemon has chosen."""
    for pool in (shown.get('IPAM') or {}).get('Config') or ():
        if not pool.get('Subnet', '').startswith(('10.212.', 'fd00:212:')):
            pool.update(dict.fromkeys(pool, CHOSEN))


def _container(shown):
    """Replace what the daemon has chosen, and sort lists without order."""
    host, settings = shown['HostConfig'], shown['NetworkSettings']
    shown['Mounts'] = {mount.pop('Destination'): mount
                       for mount in shown['Mounts']}
    host['Mounts'] = {
        mount.pop('Target'): mount
        for mount in (*(host.get('Mounts') or ()),
                      *map(_bind, host.pop('Binds', None) or ()))}
    # Compose takes these from maps of Go, in an order that differs each time.
    for owner, names in ((host, 'CapAdd'), (host, 'CapDrop'),
                         (host, 'ExtraHosts'), (shown['Config'], 'Env')):
        owner[names] = sorted(owner.get(names) or ())
    host['Ulimits'] = {one.pop('Name'): one
                       for one in host.get('Ulimits') or ()}
    bindings = host.get('PortBindings') or {}
    for port, published in (settings.get('Ports') or {}).items():
        fixed = {asked['HostPort'] for asked in bindings.get(port) or ()}
        for there in published or ():
            if there['HostPort'] not in fixed:
                there['HostPort'] = CHOSEN
        if published:
            published.sort(key=lambda one: (one['HostIp'], one['HostPort']))
    for endpoint in (settings.get('Networks') or {}).values():
        _endpoint(endpoint)


def _bind(text):
    """Return the mount that "source:target:options" stands for."""
    source, _colon, rest = text.partition(':')
    target, _colon, options = rest.partition(':')
    options = options.split(',')
    shown = {'Source': source, 'Target': target}
    if 'ro' in options:
        shown['ReadOnly'] = True
    if not source.startswith(('/', '<directory>')):
        return {'Type': 'volume', **shown, **(
            {'VolumeOptions': {'NoCopy': True}} if 'nocopy' in options
            else {})}
    propagation = [one for one in options if one.endswith(
        ('private', 'shared', 'slave'))]
    return {'Type': 'bind', **shown, 'BindOptions': {
        'CreateMountpoint': True,
        **({'Propagation': propagation[0]} if propagation else {})}}


def _endpoint(endpoint):
    asked = endpoint.get('IPAMConfig') or {}
    fixed = {'IPAddress': (asked.get('IPv4Address') or CHOSEN,),
             'GlobalIPv6Address': (asked.get('IPv6Address') or CHOSEN,),
             # Those in the files.
             'MacAddress': ('06:00:00',),
             'Gateway': ('10.212.',), 'IPv6Gateway': ('fd00:212:',)}
    for key, beginnings in fixed.items():
        if endpoint.get(key) and not endpoint[key].startswith(beginnings):
            endpoint[key] = CHOSEN
    for names in ('Aliases', 'DNSNames'):
        if endpoint.get(names):
            endpoint[names] = sorted(set(endpoint[names]))


def _drop(shown, path):
    if not isinstance(shown, dict):
        return
    if len(path) == 1:
        shown.pop(path[0], None)
        return
    for key in list(shown) if path[0] == '*' else [path[0]]:
        _drop(shown.get(key), path[1:])


def differences(one, other, path=''):
    """Yield the path and both values of each difference."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(set(one) | set(other)):
            yield from differences(one.get(key), other.get(key),
                                   '%s.%s' % (path, key) if path else key)
    elif one != other:
        yield path, one, other
