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

"""What a resource takes from the table of its type, without a daemon."""

import contextlib
import typing

from heat.common import exception
from heat.engine import function
from heat.engine import resource
from heat.engine import rsrc_defn
from heat.engine import support

from .. import changes
from .. import errors
from .. import fields
from .. import hints
from .. import validation
from ..lifecycle import records
from . import superseding


@contextlib.contextmanager
def errors_of_heat():
    """Turn errors of Docker into errors of Heat.

    Heat shows the name of an exception's class in the status reason, so this
    raises the class with the plainest name. After ResourceInError, Heat would
    delete the object and create it again.
    """
    try:
        yield
    except errors.DockerError as ex:
        raise exception.Error(str(ex)) from ex


class TableResource(superseding.SupersedableResource):
    """A resource whose schema and rules are in a table.

    :cvar spec: module with ``FIELDS``, ``RULES`` and ``ATTRIBUTES``.
    """

    spec: typing.Any = None

    # A drop-in has no entry points, and therefore no client plugin of Heat.
    default_client_name = None

    support_status = support.SupportStatus(version='1.0.0')

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.spec is not None:
            cls.properties_schema = validation.properties_schema(
                cls.spec.FIELDS)
            cls.attributes_schema = validation.attributes_schema(
                cls.spec.ATTRIBUTES)

    @property
    def properties(self):
        """The values of the properties; an explicit null means unset."""
        return self._values

    @properties.setter
    def properties(self, values):
        self._values = validation.null_means_unset(values)

    def values_in(self, definition):
        """Return the values of the properties in a definition.

        An explicit null means unset.

        :param heat.engine.rsrc_defn.ResourceDefinition definition: of the
            resource in any template.
        """
        return validation.null_means_unset(definition.properties(
            self.properties_schema, self.context))

    def are_known(self, *names):
        """Return whether properties depend on no other resource."""
        return not any(function.dependencies(
            [self.properties.data.get(name) for name in names]))

    def attribute_named(self, name):
        """Return the :class:`fields.Attribute` of a name."""
        return next(attribute for attribute in self.spec.ATTRIBUTES
                    if attribute.name == name)

    @property
    def records(self):
        """The facts about the resource in Heat's database."""
        return records.Store(self)

    def validate(self):
        """Reject values that the operator does not allow.

        The create checks values that come from other resources.
        """
        unknown = hints.name_of_compose(self.spec, self.properties.data)
        if unknown:
            template = self.stack.t
            raise exception.StackValidationFailed(
                error='Property error', message=unknown,
                path=[template.RESOURCES, self.t.name,
                      template.get_section_name(rsrc_defn.PROPERTIES)])
        super().validate()
        try:
            self.check_known_values()
        except errors.DockerError as ex:
            raise exception.StackValidationFailed(message=str(ex)) from ex

    def check_known_values(self):
        """Raise if a value that is known is not allowed.

        :raises errors.DockerError: with the property.
        """
        # The reference of a resource that does not exist yet is its name.
        fields.check_policy([field for field in self.spec.FIELDS
                             if self.are_known(field.name)],
                            self.properties)
        fields.check_rules([rule for rule in self.spec.RULES
                            if self.are_known(*rule.needs)],
                           self.properties)

    def check_rules(self, values, changed=None):
        """Raise if values of several properties do not fit together.

        The validation of the template could not check values that come from
        other resources.

        :param values: of the properties after the action.
        :param changed: names of the properties that an update changes; None
            for all.
        """
        with errors_of_heat():
            fields.check_rules([
                rule for rule in self.spec.RULES if not rule.only_new
                and (changed is None or changed & set(rule.about))], values)

    def update_template_diff_properties(self, after_props, before_props):
        """Return the properties whose change has an effect.

        :returns: dict of name to new value.
        :raises resource.UpdateReplace: if they cannot be changed in place.
        """
        changed = changes.changed(self.spec.FIELDS, before_props, after_props)
        if changed and self.needs_replace_with_prop_diff(
                changed, after_props, before_props):
            raise resource.UpdateReplace(self)
        return {name: after_props[name] for name in changed}

    def needs_replace_with_prop_diff(self, changed_properties_set,
                                     after_props, before_props):
        """Return whether a change cannot be made in place."""
        return changes.requires_replace(
            self.spec.FIELDS, changed_properties_set, after_props)
