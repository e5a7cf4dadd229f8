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
"""Names of objects that would also be those of their replacements."""

from heat.common import exception

from .. import i18n

_ = i18n._


def refuse_same(resource, changed, values):
    """Raise if a replacement would have the fixed name of its predecessor.

    A swarm has only one object of each kind with a name, and the old one is
    in use until the replacement exists.

    :param str resource: name of the resource.
    :param changed: names of the properties that an update changes.
    :param values: of the properties after the update.
    :raises exception.NotSupported: with the properties.
    """
    if values['name'] and not {'name', 'docker_endpoint'} & set(changed):
        raise exception.NotSupported(feature=_(
            'Changing %(changed)s of %(name)s without changing its property '
            'name, or removing it,')
            % {'changed': ', '.join(sorted(changed)), 'name': resource})
