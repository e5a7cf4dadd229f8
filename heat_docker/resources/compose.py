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

"""``DockerInc::Docker::Compose``."""

import contextlib
import dataclasses
import re

from heat.common import exception
from heat.common import identifier
from heat.engine import function
from heat.engine import resource
from heat.engine.resources import stack_resource
from heat.objects import stack as stack_objects
from heat.rpc import api as rpc_api

from .. import fields
from .. import i18n
from .. import validation
from ..compose import contents
from ..compose import hot
from ..compose import problems
from ..compose import project as projects
from ..compose import resources
from ..compose import swarm
from ..convert import project as conversion
from ..lifecycle import records
from ..specs import compose as spec
from . import compose_template
from . import events
from . import registration

_ = i18n._

# Names of the Compose files in messages. Paths in the files are relative to
# the root of the contents.
_FILE, _OVERRIDE = 'compose.yaml', 'override-%d.yaml'

# Properties, except environment, without which there is no project.
_PROJECT = ('file', 'definition', 'overrides', 'contents', 'profiles',
            'project_name', 'scale', 'strict', 'swarm')

# Attributes of a container, and of a service of a swarm, that the attribute
# services contains.
_SHOWN = ('name', 'state', 'health', 'exit_code', 'ports')
_SHOWN_OF_SWARM = ('name', 'running_replicas', 'completed_tasks', 'tasks',
                   'ports', 'update_status')

# The reason why an action of the nested stack failed.
_REASON = re.compile(
    r'.*Resource [A-Z]+ failed: (?P<error>\w*): (?P<path>resources\.[^:]+): '
    r'(?P<words>.*?)(\. \'CHECK\' not fully supported.*)?', re.DOTALL)

# Maximum number of events about the Compose file that an action adds.
_NOTES = 20


class DockerCompose(events.MaskingResource, stack_resource.StackResource):
    """Containers, or services of a swarm, of a Compose project.

    The resource is a nested stack. The first container of the service web is
    its resource web, the second one web_2, and so on. There are also resources
    such as default_network, data_volume and, for a build, web_image.
    "openstack stack resource list -n 1" lists them. All operations on the
    stack include them.

    An update changes only what has changed in the Compose file. If it fails,
    the stack can roll back, as with any other resource. A preview of an update
    lists the changes. A snapshot of the stack contains the files in the
    volumes and containers.

    The values of variables come from environment, and files from contents,
    never from the host of heat-engine. The page "Compose files" of the
    documentation describes the differences from Compose, and the page "Keys of
    Compose" the keys that are supported.

    The objects have the labels of Compose. On the Docker host, "docker compose
    -p NAME ps" and "logs" show them. Do not change the objects with Compose.

    With swarm, the daemon at docker_endpoint is a manager of a swarm. Each
    service of the Compose file is a resource of the type
    DockerInc::Docker::Service with all its tasks, and configs and secrets are
    resources, too. Networks are those of the swarm. Each node creates the
    volumes that its tasks use; nothing deletes them. The objects have the
    label of "docker stack", so that "docker stack services NAME" and "docker
    stack ps NAME" show them.

    Marking the resource as unhealthy marks all containers of the project. The
    next update of the stack replaces them, or all tasks of the services.
    """

    spec = spec

    # Whether the next update marks the containers as unhealthy.
    _is_marked = False

    def __init__(self, name, definition, stack):
        super().__init__(name, definition, stack)
        self._found = None

    # The project.

    def _project(self, values, unknown=()):
        """Return the project of the values of the properties.

        :param unknown: names of variables whose values are not known yet.
        :raises problems.ComposeError: if the project is invalid.
        """
        sources = [(_FILE, values['file'] or values['definition'])]
        sources += [(_OVERRIDE % number, one) for number, one in enumerate(
            values['overrides'] or (), 1)]
        return projects.load(
            sources, contents.Contents(
                conversion.check_contents(values['contents'] or {})),
            {**conversion.check_environment(values['environment'] or {}),
             **dict.fromkeys(unknown, '')},
            conversion.check_profiles(values['profiles'] or ()),
            values['project_name'] or None,
            conversion.check_scale(values['scale'] or {}),
            fields.effective(self.spec.FIELDS, values)['strict'],
            projects.name_of_directory(
                '%s-%s' % (self.stack.name, self.name)),
            bool(values['swarm']))

    def _template(self, values, unknown=frozenset()):
        """Return the template of the nested stack.

        :param unknown: names of variables, and of properties in
            ``compose_template.COMMON``, whose values are not known yet.
        :raises problems.ComposeError: if the project is invalid.
        """
        common = {name: values[name] for name in compose_template.COMMON
                  if values[name] is not None and name not in unknown}
        if values['swarm']:
            common.pop('triggers', None)
        urls = common.get(compose_template.ENDPOINT)
        if urls is not None and (len(urls) < 2 or not values['swarm']):
            common[compose_template.ENDPOINT] = ''.join(urls[:1])
        auth = compose_template.AUTH
        if auth in common:
            common[auth] = conversion.check_credentials(common[auth])
        return compose_template.NestedTemplate(
            self._project(values, unknown - compose_template.COMMON.keys()),
            common, conversion.check_environment(values['environment'] or {}),
            unknown)

    def _unknown(self):
        """Return the names of variables and properties that are not known.

        None if too little is known to read the project: values can come from
        resources that do not exist yet.
        """
        data = self.properties.data
        variables = data.get('environment') or {}
        if any(_is_unknown(data.get(name)) for name in _PROJECT):
            return None
        if isinstance(variables, function.Function):
            if _is_unknown(variables):
                return None
            variables = {}
        return {name for known in (variables, {
                    name: data.get(name) for name in compose_template.COMMON})
                for name, value in known.items() if _is_unknown(value)}

    # Validation.

    def check_known_values(self):
        """Reject a project that is invalid."""
        super().check_known_values()
        unknown = self._unknown()
        if unknown is None:
            return
        try:
            self._template(self.properties, unknown).parsed()
        except problems.ComposeError as ex:
            # The front end may need the value of a variable.
            if not unknown:
                raise exception.StackValidationFailed(
                    message=str(ex)) from ex

    def validate_nested_stack(self):
        """Validate the resources of the project.

        They are not known if the project is invalid, or if the front end needs
        a value that is not known.
        """
        found = self._nested_if_known()
        if found is None:
            return
        try:
            nested = self._parse_nested_stack(
                '%s-%s' % (self.stack.name, self.name), *found)
            # Heat does not validate the values of other nested stacks.
            nested.strict_validate = self.stack.strict_validate
            nested.validate()
        except (exception.HeatException, ValueError) as ex:
            raise exception.StackValidationFailed(
                error=ex, path=[self.stack.t.RESOURCES, self.name]) from ex

    def _nested_if_known(self):
        """Return the template and parameters of the nested stack, or None."""
        unknown = self._unknown()
        if unknown is None:
            return None
        try:
            template = self._template(self.properties, unknown)
            return template.parsed(), template.parameters
        except problems.ComposeError:
            return None

    def validate_external(self):
        """Reject an external_id, because the project is a nested stack."""
        if self.external_id is not None:
            raise exception.StackValidationFailed(message=_(
                'A Compose project cannot have an external_id'))

    # The nested stack; Heat also validates and previews it.

    def child_template(self):
        """Return the template of the nested stack.

        :raises NotImplementedError: if the project is not known yet.
        """
        return self._known_nested()[0]

    def child_params(self):
        """Return the parameters of the nested stack; see child_template."""
        return self._known_nested()[1]

    def _known_nested(self):
        found = self._nested_if_known()
        if found is None:
            # Heat then previews the resource alone.
            raise NotImplementedError()
        return found

    def child_template_files(self, child_env):
        """Return the files to which the template refers."""
        files = conversion.check_contents(self.properties['contents'] or {})
        return {contents.normal(path): text for path, text in files.items()
                if isinstance(text, str)}

    def _nested_of(self, values):
        """Return the template and parameters for an action; add events."""
        self.check_rules(values)
        try:
            template = self._template(values)
            parsed = template.parsed()
        except problems.ComposeError as ex:
            raise exception.Error(str(ex)) from ex
        for note in template.project.report.notes[:_NOTES]:
            self.add_event(note)
        return parsed, template.parameters

    # Actions.

    def handle_create(self):
        """Create the nested stack."""
        self.create_with_template(*self._nested_of(self.properties))

    def handle_adopt(self, resource_data=None):
        """Adopt the resources of an abandoned stack."""
        self.create_with_template(*self._nested_of(self.properties),
                                  adopt_data=resource_data)

    def _needs_update(self, after, before, after_props, before_props,
                      *args, **kwargs):
        """Return whether an update has anything to do: always.

        The resources in the nested stack decide by themselves. Heat would
        replace a nested stack that is marked as unhealthy, while the old one
        has its ports and names.
        """
        for values in (after_props, before_props):
            validation.null_means_unset(values)
        try:
            return super()._needs_update(after, before, after_props,
                                         before_props, *args, **kwargs)
        except resource.UpdateReplace:
            if self.resource_id is None:
                raise
            self._is_marked = True
            return True

    def handle_update(self, json_snippet, tmpl_diff, prop_diff):
        """Update the nested stack, or restore its snapshot."""
        values = self.values_in(json_snippet)
        self._refuse_switch(values)
        self.properties = values
        parsed, parameters = self._nested_of(self.properties)
        restored = self.records.read(records.NestedRestore)
        if self.stack.action == self.stack.RESTORE and restored is not None:
            self.records.erase(records.NestedRestore)
            if restored.stack_id != self.resource_id:
                raise exception.Error(_(
                    'The snapshot cannot be restored, because it belongs to '
                    'a nested stack that was replaced or deleted'))
            with self.translate_remote_exceptions:
                self.rpc_client().stack_restore(
                    self.context, dict(self.nested_identifier()),
                    restored.id)
            return {'target_action': self.stack.RESTORE}
        if self._is_marked:
            self._mark_containers()
        return self.update_with_template(parsed, parameters)

    def _refuse_switch(self, values):
        """Raise if an update makes services of containers, or the reverse.

        Heat creates new objects before it deletes the old ones, which have the
        same ports and names. The volumes would be deleted with their files.
        """
        if bool(values['swarm']) != bool(self.properties['swarm']) and (
                self.resource_id is not None):
            raise exception.Error(_(
                'swarm cannot change, because the ports and names of the '
                'project are in use, and its volumes would be deleted. Save '
                'the files in the volumes, remove the resource from the '
                'template, update the stack, and add the resource again'))

    def _check_status_complete(self, *args, **kwargs):
        """Return whether an action of the nested stack is complete."""
        # Heat adds a space after each colon of a reason, even in images, and
        # omits the name of a resource that was being replaced:
        # https://opendev.org/openstack/heat/src/branch/master/heat/common/exception.py
        try:
            return super()._check_status_complete(*args, **kwargs)
        except exception.ResourceFailure as ex:
            reason = stack_objects.Stack.get_status(
                self.context, self.resource_id)[2]
            found = _REASON.fullmatch(reason or '')
            if found is None:
                raise
            ex.error_message = found['words']
            ex.path = [self.stack.t.RESOURCES, self.name,
                       *found['path'].split('.')]
            exception.HeatExceptionWithPath.__init__(
                ex, found['error'], ex.path, ex.error_message)
            raise

    def _mark_containers(self):
        """Mark the containers of the project as unhealthy.

        A second service could not have the ports of the first one, so the
        swarm replaces the tasks instead.
        """
        nested = dict(self.nested_identifier())
        for name, one in self.nested().items():
            if one.type() == resources.CONTAINER:
                self.rpc_client().resource_mark_unhealthy(
                    self.context, nested, name, True,
                    'The Compose project was marked as unhealthy')
            elif one.type() == resources.SERVICE:
                self.rpc_client().resource_signal(
                    self.context, nested, name, {'action': 'restart'},
                    sync_call=True)

    def handle_preempt(self):
        """Cancel the update of the nested stack for a newer one."""
        super().handle_preempt()
        stack_resource.StackResource.handle_preempt(self)

    # Snapshots.

    def handle_snapshot(self):
        """Make a snapshot of the nested stack."""
        nested = self.nested_identifier()
        if nested is None:
            raise exception.Error(_('There is no nested stack of which to '
                                    'make a snapshot'))
        with self.translate_remote_exceptions:
            made = self.rpc_client().stack_snapshot(
                self.context, dict(nested), None)
        self.records.write(records.NestedSnapshot(
            nested.stack_name, nested.stack_id, made[rpc_api.SNAPSHOT_ID]))

    def check_snapshot_complete(self, cookie=None):
        """Return whether the snapshot of the nested stack is complete."""
        return self._check_status_complete(self.SNAPSHOT)

    def handle_delete_snapshot(self, snapshot):
        """Delete the snapshot of the nested stack."""
        made = _snapshot_in(snapshot)
        if made is not None:
            with self._ignoring_missing():
                self.rpc_client().delete_snapshot(
                    self.context, self._stack_of(made), made.id)
        return made

    def check_delete_snapshot_complete(self, made):
        """Return whether the snapshot of the nested stack is deleted."""
        if made is None:
            return True
        with self._ignoring_missing():
            found = self.rpc_client().show_snapshot(
                self.context, self._stack_of(made), made.id)
            if found['status'] == self.FAILED:
                raise exception.Error(_(
                    'The snapshot of the nested stack cannot be deleted: %s')
                    % found['status_reason'])
            return False
        return True

    @contextlib.contextmanager
    def _ignoring_missing(self):
        """Ignore that a snapshot, or its nested stack, does not exist."""
        with self.rpc_client().ignore_error_by_name('NotFound'), \
                self.rpc_client().ignore_error_by_name('EntityNotFound'):
            yield

    def _stack_of(self, snapshot):
        """Return the identity of the nested stack that has a snapshot.

        Heat deletes a snapshot with an instance that has no resource ID.
        """
        return dict(identifier.HeatIdentifier(
            self.context.project_id, snapshot.stack_name, snapshot.stack_id))

    def prepare_abandon(self):
        """Return the data of the nested stack, and of this resource.

        Without convergence, Heat takes the data of a snapshot from here.
        """
        return {**super().prepare_abandon(), 'resource_data': self.data()}

    def handle_restore(self, defn, restore_data):
        """Have the next update restore the snapshot of the nested stack."""
        made = _snapshot_in(restore_data)
        if made is None:
            self.records.erase(records.NestedRestore)
        else:
            self.records.write(records.NestedRestore(
                **dataclasses.asdict(made)))
        return defn

    # Attributes.

    def get_attribute(self, key, *path):
        """Return an attribute, or one of a container of a service."""
        if key == 'services' and len(path) > 2:
            one = self._containers().get(str(path[0]), {}).get(
                _index(path[1]))
            if one is None:
                return None
            if path[2] != 'id':
                return one.FnGetAtt(*path[2:])
        return super().get_attribute(key, *path)

    def _containers(self):
        """Return the map of service to a map of index to the resource."""
        found = {}
        for (service, number), one in self._objects('services').items():
            found.setdefault(service, {})[number - 1] = one
        return found

    def _objects(self, section):
        """Return the resources of a section that exist, by their names."""
        nested = self.nested()
        if nested is None:
            return {}
        if self._found is None:
            self._found = swarm.translate(self._project(self.properties))
        return {one.of[1:]: nested[one.name] for one in self._found
                if one.of[0] == section and one.name in nested
                and nested[one.name].resource_id is not None}

    def described(self):
        """Return the map that the paths of the attributes refer to."""
        return {name: read() for name, read in self._readers().items()}

    def _readers(self):
        """Return the function for each key of :meth:`described`.

        An attribute asks only the containers that it is about.
        """
        return {'services': self._services, 'ports': self._ports,
                'networks': self._networks, 'volumes': self._volumes}

    def _services(self):
        return {service: [_described(one) for _index, one
                          in sorted(containers.items())]
                for service, containers in self._containers().items()}

    def _ports(self):
        container, host = (('target', 'published')
                           if self.properties['swarm']
                           else ('container_port', 'host_port'))
        return {service: {
            '%s/%s' % (port[container], port['protocol']): port.get(host)
            for port in containers[min(containers)].FnGetAtt('ports') or ()}
            for service, containers in self._containers().items()}

    def _networks(self):
        return {name: one.resource_id for (name,), one
                in self._objects('networks').items()}

    def _volumes(self):
        if self.properties['swarm']:
            return swarm.volumes(self._project(self.properties))
        return {name: one.FnGetAtt('name') for (name,), one
                in self._objects('volumes').items()}

    def written(self):
        """Return the template of the nested stack."""
        return hot.text_of(self._template(self.properties).sections())

    def _resolve_attribute(self, name):
        """Return the value of an attribute in the table."""
        attribute = self.attribute_named(name)
        if self.resource_id is None:
            return None
        if attribute.at is None:
            return getattr(self, attribute.source)()
        return self._readers()[attribute.at]()

    def _show_resource(self):
        """Return the attributes that describe the project.

        Heat shows this map instead of all attributes.
        """
        return self.described() if self.resource_id is not None else {}

    def parse_live_resource_data(self, resource_properties, resource_data):
        """Return no changes; the resources of the nested stack find them."""
        return {}


def _snapshot_in(data):
    """Return the record of the nested stack's snapshot, or None.

    :param data: what Heat stores about the resource in a snapshot.
    """
    return records.read((data or {}).get('resource_data') or {},
                        records.NestedSnapshot)


def _described(container):
    """Return a container or service as the attribute services shows it."""
    if container.type() == resources.SERVICE:
        return {'id': container.resource_id, **{
            name: container.FnGetAtt(name) for name in _SHOWN_OF_SWARM}}
    networks = container.FnGetAtt('networks') or {}
    return {
        'id': container.resource_id,
        **{name: container.FnGetAtt(name) for name in _SHOWN},
        'addresses': [address for network in networks.values()
                      for address in (network['ip_address'],
                                      network['ipv6_address']) if address]}


def _is_unknown(value):
    """Return whether a value comes from a resource that does not exist."""
    return any(one.action == one.INIT for one in function.dependencies(value))


def _index(part):
    """Return an index in a path, which can be text; None for another one."""
    try:
        return int(part)
    except (OverflowError, TypeError, ValueError):
        return None


resource_mapping, available_resource_mapping = registration.mappings(
    'DockerInc::Docker::Compose', DockerCompose)
