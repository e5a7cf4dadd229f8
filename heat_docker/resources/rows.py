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

"""Rows of resources in Heat's database."""

from heat.common import exception
from heat.objects import resource as resource_objects


def stored(context, resource_id):
    """Return the row of a resource in Heat's database, or None."""
    if resource_id is None:
        return None
    try:
        return resource_objects.Resource.get_obj(context, resource_id)
    except exception.NotFound:
        return None
