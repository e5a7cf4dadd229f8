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

"""What the operator decides: the group ``[heat_docker]`` of heat.conf."""

from oslo_config import cfg

from . import i18n

_ = i18n._

GROUP = 'heat_docker'

OPTIONS = [
    cfg.StrOpt(
        'default_endpoint',
        default='unix:///var/run/docker.sock',
        help=_('Docker daemon of the containers whose template names no '
               'docker_endpoint. The daemon runs on the host of heat-engine, '
               'and who controls it controls that host.')),
    cfg.FloatOpt(
        'running_after',
        default=1.0, min=0.1, max=30.0,
        help=_('Seconds that a started container has to keep running before '
               'it counts as running. A command that ends within this time '
               'fails its resource.')),
    cfg.IntOpt(
        'log_bytes',
        default=64 * 1024, min=0, max=1024 * 1024,
        help=_('Bytes of log that the attributes logs, logs_head and '
               'logs_tail read at the most.')),
]


def list_opts():
    """Return the options for oslo-config-generator."""
    return [(GROUP, OPTIONS)]


def group():
    """Return the values of ``[heat_docker]``, registering it if need be."""
    cfg.CONF.register_opts(OPTIONS, group=GROUP)
    return cfg.CONF[GROUP]
