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

"""Registration of the resource types and of their policy rules."""

from heat.policies import base as heat_policies
from heat.policies import resource_types
from oslo_log import log as logging
from oslo_policy import policy

from .. import client
from .. import errors

LOG = logging.getLogger(__name__)


def mappings(name, cls, *libraries):
    """Return the two functions that a module of a type has.

    Heat calls ``available_resource_mapping`` when heat-engine starts. Tools
    that only read types call ``resource_mapping``.

    :param str name: of the type.
    :param cls: the class of its resources.
    :param libraries: see :func:`available`.
    """
    return (lambda: {name: cls},
            lambda: available({name: cls}, *libraries))


def available(mapping, *libraries):
    """Return the mapping of types, or an empty one if they cannot work here.

    heat-engine does not start if a plugin raises while it is loaded, so the
    reason is only logged.

    :param libraries: functions that raise :class:`errors.Unsupported` if a
        library that only these types need is missing.
    """
    try:
        for check in (client.library, *libraries):
            check()
    except errors.Unsupported as ex:
        LOG.error('The resource types %(types)s are not available: %(why)s',
                  {'types': ', '.join(mapping), 'why': ex})
        return {}
    _make_restrictable([*mapping, 'DockerInc::Docker::*'])
    return mapping


def _make_restrictable(names):
    """Register policy rules, so that the operator can restrict types.

    Heat ignores a rule in policy.yaml for a type unless code has registered
    the rule. It builds its policy enforcer after it has loaded plugins.
    """
    rules = resource_types.resource_types_policies
    known = {rule.name for rule in rules}
    for name in names:
        rule = resource_types.POLICY_ROOT % name
        if rule not in known:
            rules.append(policy.RuleDefault(
                rule, heat_policies.RULE_ALLOW_EVERYBODY))
