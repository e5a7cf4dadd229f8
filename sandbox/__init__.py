#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""A real one-node OpenStack cloud on loopback, to try and test the plugin.

``python -m sandbox up`` starts MariaDB, RabbitMQ, Keystone, Heat with the
plugin, two image registries, a Docker Engine, one more that speaks TLS, and
Podman; ``down`` leaves nothing.
"""
