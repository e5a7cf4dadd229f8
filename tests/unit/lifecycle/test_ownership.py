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


"""References of properties to objects on a daemon that projects share."""

import functools
import json
import re
import urllib.parse

from heat.common import exception
from heat.engine import constraints as heat_constraints
from heat.engine import resource
from heat.engine import template as heat_template
import testtools

from heat_docker import conf
from heat_docker import operations
from heat_docker.convert import references
from tests.unit import base
from tests.unit import test_specs

OURS = {'org.openstack.heat.project_id': 'test_tenant_id'}
FOREIGN = {'org.openstack.heat.project_id': 'another'}
NOBODYS = {'a': 'b'}
FULL = 'a1' * 32
IMAGE_ID = 'sha256:' + FULL

# The limits on what containers may do have tests of their own.
WITHOUT_LIMITS = {
    limit.name: limit.own for limit in conf.LIMITS}

IMAGE_PATH = '/images/%s/json' % urllib.parse.quote(IMAGE_ID, safe='')

CREATE = ('POST', '/containers/create')
MAKE_VOLUME = ('POST', '/volumes/create')
START = ('POST', '/containers/%s/start' % base.ID)

# How the description of a property shows that it refers to an object.
_OBJECT = re.compile(
    r'\b(container|network|volume|image|secret|config)s?\b', re.IGNORECASE)
_NAME = re.compile(r'\b(names?|ids?|references?)\b', re.IGNORECASE)

# Properties with such a description that refer to no object of a daemon.
NO_REFERENCES = {
    *('%s.%s' % (kind, name) for kind in ('container', 'network', 'volume')
      for name in ('name', 'labels')),
    'container.hostname', 'container.user', 'container.domainname',
    'container.cgroup_parent',
    'container.env', 'container.sysctls', 'container.ulimits', 'network.ipam',
    'compose.project_name',
    *('service.' + name for name in (
        'env', 'hostname', 'name', 'sysctls', 'ulimits', 'user'))}


class TableTestCase(testtools.TestCase):
    """A property that refers to an object needs an entry."""

    REFERRING = {
        'container.image', 'container.links', 'container.volumes',
        'container.volumes_from', 'container.mounts', 'container.networks',
        'container.network_mode', 'container.ipc_mode',
        'container.pid_mode', 'network.config_from', 'volume.source_volume',
        'image.image', 'image.tags', 'image.build', 'service.image',
        'service.mounts', 'service.networks', 'service.secrets',
        'service.configs'}

    def test_all_fields_that_refer_to_objects(self):
        self.assertEqual(self.REFERRING, {
            where for where, _spec, field in test_specs.all_fields()
            if field.refers})

    def test_all_that_sound_like_it(self):
        """A new property needs an entry, or is listed as an exception."""
        sound = set()
        for where, _spec, field in test_specs.all_fields():
            texts = [field.doc, *(schema.description for schema
                                  in self.schemas(field.nested))]
            if any(_OBJECT.search(str(text)) and _NAME.search(str(text))
                   for text in texts):
                sound.add(where)
        self.assertEqual(set(), sound - self.REFERRING - NO_REFERENCES)
        self.assertEqual(set(), NO_REFERENCES - sound)

    def test_all_that_look_like_it(self):
        """A value like container:NAME refers to a container."""
        for where, _spec, field in test_specs.all_fields():
            for constraint in field.constraints:
                if 'container:' in str(getattr(constraint, 'pattern', '')):
                    self.assertIs(references.mode, field.refers, where)

    def schemas(self, nested):
        """Yield the schemas nested in a list or a map."""
        if nested is None:
            return
        if isinstance(nested, heat_constraints.AnyIndexDict):
            nested = nested[0]
        for schema in nested.values() if isinstance(nested, dict) else [
                nested]:
            yield schema
            yield from self.schemas(schema.schema)

    def test_all_names_are_found(self):
        """Each function returns all names, and keeps the rest of the value."""
        for where, _spec, field in test_specs.all_fields():
            if field.refers is None:
                continue
            names = []

            def find(kind, name, make=None, names=names):
                names.append(name)
                return (name, name) if kind in (
                    references.SECRET, references.CONFIG) else name

            find.values = {'volume_driver': None}
            self.assertEqual(field.to_api(field.example), field.to_api(
                field.refers(field.example, find)), where)
            if where not in ('container.network_mode', 'container.ipc_mode',
                             'container.pid_mode', 'image.build'):
                self.assertNotEqual([], names, where)


class SharedTestCase(base.ResourceTestCase):

    def setUp(self):
        super().setUp()
        self.configure(daemons='shared', **WITHOUT_LIMITS)
        self.daemon.on('GET', '/images/busybox%3A1/json', {
            'json': {'Id': IMAGE_ID, 'RepoDigests': ['busybox@sha256:1']}})
        self.daemon.on(*CREATE, {'status_code': 201,
                                 'json': {'Id': base.ID, 'Warnings': []}})

    def serve(self, labels):
        """Serve objects of each kind with labels."""
        self.daemon.on('GET', '/volumes/data', {
            'json': {'Name': 'data', 'Labels': labels}})
        self.daemon.on('GET', '/networks/front', {
            'json': {'Id': FULL, 'Name': 'front', 'Labels': labels}})
        self.daemon.on('GET', '/containers/db/json', {
            'json': {'Id': FULL, 'Name': '/db', 'State': {},
                     'Config': {'Labels': labels}}})
        for name in ('localhost%2Fheat-snapshot%2Fa%3Ab', 'web%3A1',
                     'a1a1a1a1a1a1'):
            self.daemon.on('GET', '/images/%s/json' % name, {
                'json': {'Id': IMAGE_ID, 'Config': {'Labels': labels}}})


# Property, value, expected message, and the part of the create request if
# the value is allowed.
CASES = (
    ('volumes', {'data': '/x'}, 'volume data',
     {'HostConfig': {'Binds': ['data:/x']}}),
    ('mounts', [{'source': 'data', 'target': '/x'}], 'volume data',
     {'HostConfig': {'Mounts': [{'Type': 'volume', 'Source': 'data',
                                 'Target': '/x'}]}}),
    ('volumes_from', ['db:ro'], 'container db',
     {'HostConfig': {'VolumesFrom': [FULL + ':ro']}}),
    ('links', {'db': ''}, 'container db',
     {'HostConfig': {'Links': [FULL + ':db']}}),
    ('networks', [{'network': 'front', 'aliases': ['w']}], 'network front',
     {'NetworkingConfig': {'EndpointsConfig': {FULL: {'Aliases': ['w']}}},
      'HostConfig': {'NetworkMode': FULL}}),
    ('network_mode', 'container:db', 'container db',
     {'HostConfig': {'NetworkMode': 'container:' + FULL}}),
    ('ipc_mode', 'container:db', 'container db',
     {'HostConfig': {'IpcMode': 'container:' + FULL}}),
    ('pid_mode', 'container:db', 'container db',
     {'HostConfig': {'PidMode': 'container:' + FULL}}),
    ('image', 'localhost/heat-snapshot/a:b',
     'image localhost/heat-snapshot/a:b',
     {'Image': 'localhost/heat-snapshot/a:b'}),
    ('image', 'a1a1a1a1a1a1', 'image a1a1a1a1a1a1', {'Image': IMAGE_ID}),
    ('image', 'web:1', 'image web:1', {'Image': IMAGE_ID}),
)


class ContainerReferencesTestCase(SharedTestCase):

    def refused(self, labels, words):
        self.serve(labels)
        for name, value, what, _sent in CASES:
            made = self.make_resource({name: value})
            reason = self.fail_task(made.create)
            self.assertIn('The property %s: %s' % (name, words % what),
                          reason)
            self.assertIn('operator option daemons', reason)
            self.assertNotIn(CREATE, self.daemon.requests)
            self.assertEqual({}, made.data())

    def test_of_another_project(self):
        self.refused(FOREIGN, 'the %s belongs to another project')

    def test_of_nobody(self):
        """Most images have no labels, except for those that Heat builds."""
        self.serve(NOBODYS)
        for name, value, what, _sent in CASES:
            made = self.make_resource({name: value})
            if name == 'image' and 'snapshot' not in value:
                continue
            self.assertIn('The property %s: no stack has created the %s'
                          % (name, what), self.fail_task(made.create))
        self.assertNotIn(CREATE, self.daemon.requests)

    def start(self, made, image=None):
        """Return the create request of a container that does not start.

        :param dict image: inspect output of its image, in addition to the id.
        """
        self.daemon.on(*START, base.refusal(500, 'no further'))
        self.daemon.on('GET', '/containers/%s/json' % base.ID, {'json': {
            'Id': base.ID, 'State': {}, 'NetworkSettings': {},
            'Image': IMAGE_ID,
            'Config': {'Labels': made.object.owner.labels}}})
        self.daemon.on('GET', IMAGE_PATH, {'json': {
            'Id': IMAGE_ID, 'Config': {'Labels': OURS}, **(image or {})}})
        self.assertIn('no further', self.fail_task(made.create))
        return self.daemon.sent(*CREATE)[-1].json()

    def test_of_the_own_project(self):
        """Docker gets the id, because another object cannot have it."""
        self.serve(OURS)
        for name, value, _what, expected in CASES:
            sent = self.start(self.make_resource({name: value}))
            self.assertEqual(expected, {key: sent[key] for key in expected},
                             name)

    def test_daemon_of_one_project(self):
        """The plugin looks up no objects, and sends the template's values."""
        for options in ({'daemons': 'own', 'local_endpoint_access': 'all'},
                        {'daemons': None,
                         'local_endpoint_access': 'admin'}):
            self.configure(**options)
            for name, value, _what, _sent in CASES:
                self.daemon.reset()
                sent = self.start(self.make_resource({name: value}))
                self.assertNotIn(FULL, str(sent))
                self.assertEqual(CREATE, self.daemon.requests[0])

    def test_local_daemon_for_all_is_shared(self):
        self.configure(daemons=None, local_endpoint_access='all',
                       **WITHOUT_LIMITS)
        self.refused(FOREIGN, 'the %s belongs to another project')

    def test_missing_volume_is_made_with_labels(self):
        """Docker would create it without labels, and so without an owner."""
        self.daemon.on('GET', '/volumes/data', base.refusal(
            404, 'get data: no such volume'))
        self.daemon.on(*MAKE_VOLUME, {'status_code': 201, 'json': {
            'Name': 'data', 'Labels': OURS}})
        for properties, expected in (
                ({'volumes': {'data': '/x'}, 'volume_driver': 'rexray'},
                 {'Driver': 'rexray'}),
                ({'volumes': {'data': '/x'}}, {}),
                ({'mounts': [{'source': 'data', 'target': '/x',
                              'driver': 'local', 'labels': {'c': 'd'},
                              'driver_options': {'type': 'tmpfs'}}]},
                 {'Driver': 'local', 'DriverOpts': {'type': 'tmpfs'},
                  'Labels': {'c': 'd'}})):
            made = self.make_resource(properties)
            self.fail_task(made.create)
            sent = self.daemon.sent(*MAKE_VOLUME)[-1].json()
            self.assertEqual({'Name': 'data', **expected, 'Labels': {
                **expected.get('Labels', {}),
                **made.object.owner.labels}}, sent)

    def test_missing_volume_that_another_project_makes_first(self):
        self.daemon.on('GET', '/volumes/data', base.refusal(
            404, 'get data: no such volume'))
        self.daemon.on(*MAKE_VOLUME, {'status_code': 201, 'json': {
            'Name': 'data', 'Labels': FOREIGN}})
        self.assertIn('belongs to another project', self.fail_task(
            self.make_resource(volumes={'data': '/x'}).create))
        self.assertNotIn(CREATE, self.daemon.requests)

    def test_volume_that_becomes_another_projects(self):
        """Docker has created the container by then, but does not start it."""
        self.daemon.on('GET', '/volumes/data', *(
            {'json': {'Name': 'data', 'Labels': labels}}
            for labels in (OURS, FOREIGN)))
        self.daemon.on('DELETE', '/containers/' + base.ID, 204)
        self.assertIn('the volume data belongs to another project',
                      self.fail_task(self.make_resource(
                          volumes={'data': '/x'}, files=[
                              {'path': '/x/a', 'content': 'b'}]).create))
        self.assertEqual(('DELETE', '/containers/' + base.ID),
                         self.daemon.requests[-1])
        self.assertNotIn(START, self.daemon.requests)

    def test_image_that_becomes_another_projects(self):
        """Docker has created the container by then, but does not start it."""
        self.serve(OURS)
        image = {'Id': IMAGE_ID, 'Config': {'Labels': FOREIGN}}
        self.daemon.on('DELETE', '/containers/' + base.ID, 204)
        for digests in ([], ['elsewhere.test/web@sha256:1']):
            made = self.make_resource(image='web:1')
            self.daemon.on('GET', '/containers/%s/json' % base.ID, {'json': {
                'Id': base.ID, 'State': {}, 'Image': IMAGE_ID,
                'Config': {'Labels': made.object.owner.labels}}})
            self.daemon.on('GET', IMAGE_PATH, {
                'json': {**image, 'RepoDigests': digests}})
            self.assertIn('It belongs to another project',
                          self.fail_task(made.create))
            self.assertEqual(('DELETE', '/containers/' + base.ID),
                             self.daemon.requests[-1])
        self.assertNotIn(START, self.daemon.requests)

    def test_predefined_networks(self):
        for name in ('bridge', 'none', 'host'):
            self.daemon.reset()
            sent = self.start(self.make_resource(
                networks=[{'network': name}]))
            self.assertEqual([name], list(
                sent['NetworkingConfig']['EndpointsConfig']))
            self.assertEqual(CREATE, self.daemon.requests[1])

    def test_ids_of_predefined_networks(self):
        """Forbidden host networks are found by id on unshared daemons, too."""
        self.daemon.on('GET', '/networks/a1a1a1a1a1a1', {
            'json': {'Id': FULL, 'Name': 'host', 'Labels': {}}})
        for daemons in ('shared', 'own'):
            self.configure(daemons=daemons, allow_host_namespaces=False)
            self.assertIn(
                'The property networks: "host" is not allowed (operator '
                'option allow_host_namespaces)',
                self.fail_task(self.make_resource(networks=[
                    {'network': 'a1a1a1a1a1a1'}]).create))
        self.assertNotIn(CREATE, self.daemon.requests)
        self.daemon.on('GET', '/networks/a1a1a1a1a1a1', base.refusal(
            404, 'network a1a1a1a1a1a1 not found'))
        self.start(self.make_resource(networks=[
            {'network': 'a1a1a1a1a1a1'}]))

    def test_network_given_twice(self):
        self.serve(OURS)
        self.daemon.on('GET', '/networks/' + FULL[:12], {
            'json': {'Id': FULL, 'Name': 'front', 'Labels': OURS}})
        self.assertIn(
            'The property networks: the network %s is listed more than '
            'once' % FULL,
            self.fail_task(self.make_resource(networks=[
                {'network': 'front'}, {'network': FULL[:12]}]).create))

    def test_image_of_a_registry(self):
        """Anyone who may pull an image may use it, whatever its labels."""
        image = {'Id': IMAGE_ID, 'Config': {'Labels': FOREIGN},
                 'RepoDigests': ['r.test/web@sha256:1']}
        self.daemon.on('GET', '/images/r.test%2Fweb%3A1/json',
                       {'json': image})
        sent = self.start(self.make_resource(image='r.test/web:1'), image)
        self.assertEqual('r.test/web:1', sent['Image'])

    def test_image_of_another_registry(self):
        self.daemon.on('GET', '/images/web%3A1/json', {'json': {
            'Id': IMAGE_ID, 'Config': {'Labels': FOREIGN},
            'RepoDigests': ['r.test/web@sha256:1']}})
        self.assertIn('belongs to another project', self.fail_task(
            self.make_resource(image='web:1').create))

    def test_image_that_the_operator_has_loaded(self):
        image = {'Id': IMAGE_ID, 'Config': {'Labels': NOBODYS},
                 'RepoDigests': [], 'RepoTags': ['web:1']}
        self.daemon.on('GET', '/images/web%3A1/json', {'json': image})
        self.assertEqual('web:1', self.start(
            self.make_resource(image='web:1'), image)['Image'])


class NetworksTestCase(SharedTestCase):
    """Networks that an update attaches a container to."""

    def test_attached_by_the_id(self):
        self.serve(OURS)
        shown = {'json': {
            'Id': base.ID, 'Name': '/web', 'State': {'Status': 'running'},
            'RestartCount': 0, 'Config': {'Labels': OURS}, 'HostConfig': {},
            'Image': IMAGE_ID,
            'NetworkSettings': {'Networks': {'bridge': {
                'NetworkID': 'b' * 64, 'EndpointID': 'x'}}}}}
        self.daemon.on(*START, 204)
        self.daemon.on('GET', '/containers/%s/json' % base.ID, shown)
        self.daemon.on('GET', IMAGE_PATH, {'json': {
            'Id': IMAGE_ID, 'Config': {'Labels': None}}})
        self.daemon.on('POST', '/networks/%s/connect' % FULL, {})
        made = self.make_resource(networks=[{'network': 'bridge'}])
        self.run_task(made.create)
        self.forget()
        self.update(made, networks=[{'network': 'bridge'},
                                    {'network': 'front'}])
        self.assertEqual(1, len(self.daemon.sent(
            'POST', '/networks/%s/connect' % FULL)))
        self.serve(FOREIGN)
        made.state_set(made.UPDATE, made.COMPLETE)
        self.assertIn(
            'The property networks: the network front belongs to another',
            self.fail_update(made, networks=[
                {'network': 'front'}, {'network': 'bridge',
                                       'aliases': ['a']}]))


class TakenTestCase(base.ContainerTestCase):
    """The id of a container now belongs to another project.

    A hostile daemon has chosen the id, and its host name now resolves to
    another daemon.
    """

    WORDS = 'now belongs to another project'

    def setUp(self):
        super().setUp()
        self.configure(daemons='shared', allowed_signals=['*'],
                       **WITHOUT_LIMITS)

    def make_taken(self, **properties):
        for path in ('/images/busybox%3A1/json', '/images/%s/json' %
                     self.inspected()['json']['Image'].replace(':', '%3A')):
            self.daemon.on('GET', path, {'json': {
                'Id': IMAGE_ID, 'RepoDigests': ['busybox@sha256:1']}})
        made = self.make_running(properties)
        self.serve_inspect(self.inspected(Labels=FOREIGN))
        return made

    def test_action_fails(self):
        for act in ('suspend', 'snapshot', 'check'):
            made = self.make_taken()
            self.assertIn(self.WORDS, self.fail_task(getattr(made, act)))
            self.assertEqual([], self.daemon.changes)
        made = self.make_taken()
        made.state_set(made.SUSPEND, made.COMPLETE)
        self.assertIn(self.WORDS, self.fail_task(made.resume))
        self.assertEqual([], self.daemon.changes)

    def test_update_fails(self):
        for values in ({'memory': 5}, {'name': 'other'},
                       {'networks': [{'network': 'bridge',
                                      'aliases': ['a']}]}):
            made = self.make_taken(networks=[{'network': 'bridge'}])
            self.assertIn(self.WORDS, self.fail_update(
                made, **{'networks': [{'network': 'bridge'}], **values}))
            self.assertEqual([], self.daemon.changes)

    def test_replacement_leaves_it_alone(self):
        """The foreign container does not step aside."""
        made = self.make_taken(name='web')
        self.assertRaises(resource.UpdateReplace, self.update, made,
                          name='web', cmd=['other'])
        self.assertEqual([], self.daemon.changes)

    def test_signal_fails(self):
        made = self.make_taken()
        for action in operations.names():
            ex = self.assertRaises(exception.ResourceFailure, made.signal,
                                   {'action': action, 'command': 'id'})
            self.assertIn(self.WORDS, str(ex))
        self.assertEqual([], self.daemon.changes)

    def test_attributes_show_nothing(self):
        made = self.make_taken()
        for name in ('logs', 'info', 'state'):
            self.assertIsNone(made.FnGetAtt(name))
        self.assertEqual({('GET', '/containers/%s/json' % base.ID)},
                         set(self.daemon.requests))

    def test_delete_leaves_it_alone(self):
        """Objects with the resource's own labels are removed anyway."""
        made = self.make_taken()
        self.stack.action = self.stack.DELETE
        self.daemon.on('GET', '/images/json', {'json': []})
        self.run_task(made.delete)
        self.assertEqual(('DELETE', 'COMPLETE'), made.state)
        self.assertEqual([], self.daemon.changes)
        self.assertIn(('GET', '/images/json'), self.daemon.requests)


class UnattainableTestCase(base.ContainerTestCase):
    """A container stays in use if policy forbids its replacement."""

    def test_object_of_another_project(self):
        self.configure(daemons='shared', **WITHOUT_LIMITS)
        for path in ('/images/busybox%3A1/json', '/images/%s/json' %
                     self.inspected()['json']['Image'].replace(':', '%3A')):
            self.daemon.on('GET', path, {'json': {
                'Id': IMAGE_ID, 'RepoDigests': ['busybox@sha256:1']}})
        self.daemon.on('GET', '/volumes/data', {
            'json': {'Name': 'data', 'Labels': FOREIGN}})
        made = self.make_running(name='web')
        after = {'name': 'web', 'volumes': {'data': '/x'}}
        self.stack.defn = self.stack.defn.clone_with_new_template(
            heat_template.Template(self.template(after)),
            self.stack.identifier())
        self.assertIn('the volume data belongs to another project',
                      self.fail_update(made, **after))
        self.assertEqual([], self.daemon.changes)
        self.assertNotIn('replaced', made.data())


class ExternalTestCase(SharedTestCase):

    def external(self, **properties):
        return self.make_resource(template=self.template(
            properties, external_id='web'))

    def inspected(self, labels):
        return {'json': {'Id': base.ID, 'Name': '/web', 'State': {
            'Status': 'running'}, 'Config': {'Labels': labels}}}

    def test_by_name_is_followed_by_its_id(self):
        self.configure(daemons='own')
        self.daemon.on('GET', '/containers/web/json', self.inspected({}))
        self.daemon.on('GET', '/containers/%s/json' % base.ID,
                       self.inspected({}))
        made = self.external()
        self.run_task(made.create)
        self.assertEqual(base.ID, made.resource_id)
        self.daemon.on('GET', '/containers/web/json',
                       self.inspected(FOREIGN))
        self.forget()
        self.assertEqual('running', made.FnGetAtt('state'))
        self.assertEqual({('GET', '/containers/%s/json' % base.ID)},
                         set(self.daemon.requests))

    def test_by_name_of_an_earlier_version(self):
        """The volume has no id, so the plugin checks its label each time."""
        self.configure(daemons='own')
        made = self.external()
        made.resource_id_set('web')
        made.state_set(made.CHECK, made.COMPLETE)
        self.daemon.on('GET', '/containers/web/json',
                       self.inspected(FOREIGN))
        self.assertIsNone(made.FnGetAtt('state'))

    def test_labels_elsewhere(self):
        """A resource cannot adopt an object whose labels cannot be found."""
        self.configure(daemons='own')
        for elsewhere in ({'Labels': FOREIGN}, {'Spec': {'Labels': FOREIGN}},
                          {'Config': None}, {'Config': {}}):
            self.daemon.on('GET', '/containers/web/json', {'json': {
                'Id': base.ID, 'Name': '/web',
                'State': {'Status': 'running'}, **elsewhere}})
            made = self.make_resource()
            self.assertRaises(
                exception.ResourceFailure, self.run_task,
                functools.partial(made.adopt, {'resource_id': 'web'}))
            self.assertIn('did not return its labels', made.status_reason)

    def test_of_nobody(self):
        self.daemon.on('GET', '/containers/web/json', self.inspected({}))
        self.external()
        refused = str(self.assertRaises(exception.StackValidationFailed,
                                        self.stack.validate))
        made = self.make_resource()
        self.assertRaises(exception.ResourceFailure, self.run_task,
                          lambda: made.adopt({'resource_id': 'web'}))
        for said in (refused, made.status_reason):
            self.assertIn('No stack has created it', said)
            self.assertIn('operator option daemons', said)


class VolumeTestCase(base.VolumeTestCase):

    SOURCE = ('GET', '/volumes/before')

    def setUp(self):
        super().setUp()
        self.configure(daemons='shared', **WITHOUT_LIMITS)

    def serve_source(self, *labels):
        self.daemon.on(*self.SOURCE, *(
            {'json': {'Name': 'before', 'Labels': each}} for each in labels))

    def test_source_of_another_project(self):
        for labels, words in ((FOREIGN, 'belongs to another project'),
                              ({}, 'no stack has created')):
            self.serve_source(labels)
            reason = self.fail_task(self.make_resource(
                source_volume='before').create)
            self.assertIn('The property source_volume: ', reason)
            self.assertIn(words, reason)
        self.assertNotIn(self.CREATE, self.daemon.requests)

    def test_source_is_never_made(self):
        self.daemon.on(*self.SOURCE, base.refusal(
            404, 'get before: no such volume'))
        self.assertIn('no such volume', self.fail_task(self.make_resource(
            source_volume='before').create))
        self.assertNotIn(self.CREATE, self.daemon.requests)

    def test_source_of_the_own_project(self):
        self.serve_source(OURS)
        self.serve_copy(b'files')
        self.run_task(self.make_resource(source_volume='before').create)
        self.assertEqual([b'files'], self.copied)

    def test_source_that_becomes_another_projects(self):
        """A helper has it by then, so that it cannot change any more."""
        self.serve_source(OURS, OURS, FOREIGN)
        self.serve_copy(b'files')
        self.assertIn('belongs to another project', self.fail_task(
            self.make_resource(source_volume='before').create))
        self.assertEqual([], self.copied)


class AdoptedVolumeTestCase(base.VolumeTestCase):

    def adopted(self):
        made = self.make_resource()
        self.daemon.on(*self.INSPECT, self.shown(made, Labels={'a': 'b'}))
        self.run_task(lambda: made.adopt({'resource_id': 'data'}))
        self.forget()
        return made

    def test_the_same(self):
        made = self.adopted()
        self.daemon.on(*self.REMOVE, 204)
        self.assertEqual('data', made.FnGetAtt('name'))
        self.run_task(made.delete)
        self.assertIn(self.REMOVE, self.daemon.requests)

    def test_another_of_its_name(self):
        for more in ({'Labels': FOREIGN}, {'Labels': None},
                     {'Labels': {'a': 'b'}, 'Driver': 'other'}):
            made = self.adopted()
            self.daemon.on(*self.INSPECT, self.shown(made, **more))
            self.assertIn('another volume has its name',
                          self.fail_task(made.check))
            self.assertIsNone(made.FnGetAtt('name'))
            made.state_set(made.CHECK, made.COMPLETE)
            self.run_task(made.delete)
            self.assertEqual(('DELETE', 'COMPLETE'), made.state)
            self.assertNotIn(self.REMOVE, self.daemon.requests)

    def test_another_of_its_name_is_not_copied(self):
        made = self.adopted()
        self.serve_copy(b'files')
        self.daemon.on(*self.INSPECT, self.shown(made, Labels=FOREIGN))
        for copy in ('heat', 'any'):
            self.daemon.on('DELETE', '/volumes/' + copy, 204)
        self.assertRaises(exception.ResourceFailure, self.run_task,
                          made.snapshot)
        self.assertEqual([], self.copied)

    def test_another_of_the_name_that_was_made(self):
        """Someone has removed the volume, and another project reuses its name.

        An unshared daemon may have created one by itself.
        """
        for daemons, taken in (('shared', False), ('own', True)):
            self.configure(daemons=daemons, **WITHOUT_LIMITS)
            made = self.make_made()
            self.serve_copy(b'files')
            self.daemon.on(*self.INSPECT, self.shown(made, Labels=FOREIGN))
            self.assertEqual('data' if taken else None,
                             made.FnGetAtt('name'))
            for copy in ('heat', 'any'):
                self.daemon.on('DELETE', '/volumes/' + copy, 204)
            if not taken:
                self.assertRaises(exception.ResourceFailure, self.run_task,
                                  made.snapshot)
                self.assertEqual([], self.copied)

    def test_of_an_earlier_version(self):
        made = self.adopted()
        made.data_set('adopted', 'true')
        self.daemon.on(*self.INSPECT, self.shown(made, Labels=None))
        self.assertEqual('data', made.FnGetAtt('name'))


class NetworkTestCase(base.NetworkTestCase):

    CONFIG = ('GET', '/networks/config')
    FOUND = ('GET', '/networks')

    def test_configuration_of_another_project(self):
        self.configure(daemons='shared', **WITHOUT_LIMITS)
        self.daemon.on(*self.CONFIG, {'json': {
            'Id': FULL, 'Name': 'config', 'Labels': FOREIGN}})
        self.assertIn('The property config_from: the network config belongs '
                      'to another project', self.fail_task(
                          self.make_resource(config_from='config').create))
        self.assertNotIn(self.CREATE, self.daemon.requests)

    def test_configuration_of_the_own_project(self):
        """Docker finds a configuration only by its name."""
        self.configure(daemons='shared', **WITHOUT_LIMITS)
        self.daemon.on(*self.CONFIG, {'json': {
            'Id': FULL, 'Name': 'config', 'Labels': OURS}})
        self.make_made(config_from='config')
        self.assertEqual(self.CREATE, self.daemon.requests[-1]
                         if self.daemon.requests else self.CREATE)

    def test_network_with_the_labels_of_its_configuration(self):
        """The network is neither the configuration nor its replacement."""
        self.daemon.on(*self.CREATE, {
            'exc': base.requests.exceptions.ReadTimeout},
            base.refusal(409, 'network with name wiki already exists'))
        self.daemon.on(*self.FOUND, {'json': [
            {'Id': 'n', 'ConfigFrom': {'Network': 'wiki'}},
            {'Id': base.ID, 'ConfigOnly': True,
             'ConfigFrom': {'Network': ''}}]})
        made = self.make_resource(name='wiki', config_only=True)
        self.run_task(made.create)
        self.assertEqual(base.ID, made.resource_id)


class ImageTestCase(base.ResourceTestCase):

    TYPE = 'DockerInc::Docker::Image'
    NEEDED = {}
    BUILD = ('POST', '/build')
    TAG = ('GET', '/images/web%3A1/json')
    LIST = ('GET', '/images/json')
    GIVE = ('POST', IMAGE_PATH.replace('/json', '/tag'))

    def setUp(self):
        super().setUp()
        self.configure(daemons='shared', **WITHOUT_LIMITS)
        self.daemon.on(*self.BUILD, {'text': json.dumps(
            {'aux': {'ID': IMAGE_ID}})})
        self.daemon.on(*self.GIVE, 201)

    def build(self, **properties):
        return self.make_resource(
            build={'dockerfile': 'FROM scratch'}, **properties)

    def test_tag_of_another_image(self):
        """Users of the tag would get this image instead."""
        for labels, words in ((FOREIGN, 'belongs to another project'),
                              (None, 'no stack has created')):
            self.daemon.on(*self.TAG, {'json': {
                'Id': 'x', 'Config': {'Labels': labels}}})
            reason = self.fail_task(self.build(tags=['web:1']).create)
            self.assertIn('The property tags: ', reason)
            self.assertIn(words, reason)
        self.assertNotIn(self.BUILD, self.daemon.requests)

    def test_tag_of_the_own_project_or_of_nobody(self):
        for answer in ({'json': {'Id': 'x', 'Config': {'Labels': OURS}}},
                       base.refusal(404, 'No such image: web:1')):
            self.daemon.on(*self.TAG, answer)
            self.run_task(self.build(tags=['web:1']).create)
        self.assertEqual(2, len(self.daemon.sent(*self.GIVE)))

    def test_tag_that_another_project_takes_meanwhile(self):
        """Builds take long, so the plugin tags the image afterwards."""
        self.daemon.on(*self.TAG, base.refusal(404, 'No such image: web:1'),
                       {'json': {'Id': 'x', 'Config': {'Labels': FOREIGN}}})
        made = self.build(tags=['web:1'])
        self.assertIn('The property tags: the image web:1 belongs to another '
                      'project', self.fail_task(made.create))
        [sent] = self.daemon.sent(*self.BUILD)
        self.assertNotIn('t', sent.qs)
        self.assertNotIn(self.GIVE, self.daemon.requests)
        self.assertEqual(IMAGE_ID, made.resource_id)

    NETWORK = ('GET', '/networks/front')
    CONTAINER = ('GET', '/containers/vpn/json')

    def build_with(self, **more):
        return self.make_resource(
            build={'dockerfile': 'FROM scratch', **more})

    def sent_query(self):
        [sent] = self.daemon.sent(*self.BUILD)
        return sent.qs

    def test_build_in_a_network_or_container_of_another_project(self):
        for labels, words in ((FOREIGN, 'belongs to another project'),
                              ({}, 'no stack has created')):
            self.daemon.on(*self.NETWORK, {'json': {
                'Id': 'f' * 64, 'Name': 'front', 'Labels': labels}})
            self.daemon.on(*self.CONTAINER, {'json': {
                'Id': base.ID, 'State': {}, 'Config': {'Labels': labels}}})
            for network in 'front', 'container:vpn':
                reason = self.fail_task(
                    self.build_with(network=network).create)
                self.assertIn('The property build: ', reason)
                self.assertIn(words, reason)
        self.assertNotIn(self.BUILD, self.daemon.requests)

    def test_build_in_a_network_or_container_of_the_own_project(self):
        self.daemon.on(*self.NETWORK, {'json': {
            'Id': 'f' * 64, 'Name': 'front', 'Labels': OURS}})
        self.daemon.on(*self.CONTAINER, {'json': {
            'Id': base.ID, 'State': {}, 'Config': {'Labels': OURS}}})
        for network, expected in (
                ('front', 'f' * 64), ('container:vpn', 'container:' + base.ID),
                ('bridge', 'bridge'), ('none', 'none')):
            self.run_task(self.build_with(network=network).create)
            self.assertEqual([expected], self.sent_query()['networkmode'])
            self.daemon.reset()

    def test_build_in_the_network_of_the_host_by_its_id(self):
        self.configure(daemons='shared', **WITHOUT_LIMITS | {
            'allow_host_namespaces': False})
        host = 64 * 'e'
        self.daemon.on('GET', '/networks/' + host, {'json': {
            'Id': host, 'Name': 'host', 'Labels': {}}})
        self.assertIn('The property build: "host" is not allowed (operator '
                      'option allow_host_namespaces)',
                      self.fail_task(self.build_with(network=host).create))
        self.assertNotIn(self.BUILD, self.daemon.requests)

    def test_cache_of_another_project(self):
        self.daemon.on(*self.TAG, {'json': {
            'Id': 'x', 'Config': {'Labels': FOREIGN}}})
        self.assertIn('The property build: the image web:1 belongs to another',
                      self.fail_task(self.build_with(
                          cache_from=['web:1']).create))
        self.assertNotIn(self.BUILD, self.daemon.requests)

    def test_cache_of_the_own_project_or_of_nobody(self):
        self.daemon.on(*self.TAG, {'json': {
            'Id': IMAGE_ID, 'Config': {'Labels': OURS}}})
        self.daemon.on('GET', '/images/none/json',
                       base.refusal(404, 'No such image: none'))
        self.daemon.on('GET', '/images/busybox/json', {'json': {
            'Id': 'x', 'Config': {'Labels': {}},
            'RepoDigests': ['busybox@sha256:1']}})
        self.run_task(self.build_with(
            cache_from=['web:1', 'none', 'busybox']).create)
        query = self.sent_query()
        self.assertEqual([IMAGE_ID, 'busybox'],
                         json.loads(query['cachefrom'][0]))
        self.assertNotIn('nocache', query)

    def test_cache_that_the_daemon_does_not_have(self):
        """Without any image, the daemon would use the cache of all builds.

        Another project could create the image by the time of the build.
        """
        self.daemon.on(*self.TAG, base.refusal(404, 'No such image: web:1'))
        self.run_task(self.build_with(cache_from=['web:1']).create)
        query = self.sent_query()
        self.assertEqual(['1'], query['nocache'])
        self.assertNotIn('cachefrom', query)

    def test_pulled_of_another_project(self):
        self.daemon.on(*self.TAG, {'json': {
            'Id': IMAGE_ID, 'Config': {'Labels': FOREIGN}}})
        self.assertIn('The property image: the image web:1 belongs to another',
                      self.fail_task(self.make_resource(
                          image='web:1').create))

    def test_labels_of_a_pulled_image_are_not_believed(self):
        """Only a built image is found by the labels of a build."""
        for images, found in (
                ([{'Id': 'x', 'RepoDigests': ['evil@sha256:1'],
                   'RepoTags': ['evil:1']}], None),
                ([{'Id': 'x', 'RepoDigests': None, 'RepoTags': None}], 'x'),
                ([{'Id': 'x', 'RepoDigests': ['web@sha256:1'],
                   'RepoTags': ['web:latest']}], 'x')):
            self.daemon.on(*self.LIST, {'json': images})
            made = self.build(tags=['web'])
            with made.connect() as client:
                self.assertEqual(found, made.object.find_own(
                    client, made.properties))
