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

"""What the plugin adds to the start of heat-engine, and to its memory.

Beyond the docker library, which is imported on both sides.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from benchmarks import common

ROUNDS = 7

_START = """\
import sys, time
import docker
import psutil
from oslo_config import cfg
from heat.common import config
from heat.engine import resources
cfg.CONF([], project='heat', default_config_files=[], default_config_dirs=[])
cfg.CONF.set_override('plugin_dirs', sys.argv[1:])
begin = time.monotonic(), time.process_time()
resources.initialise()
took = time.monotonic() - begin[0], time.process_time() - begin[1]
known = len(list(resources.global_env().registry.iterable_by(
    'DockerInc::Docker::Container')))
print(*took, psutil.Process().memory_full_info().uss, known)
"""


def run(options):
    """Run it."""
    rounds = options.rounds or ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ['rsync', '-a', '--exclude', '__pycache__',
             str(pathlib.Path(__file__).parents[1] / 'heat_docker'), folder],
            check=True)

        def start(*folders):
            out = subprocess.run(
                [sys.executable, '-W', 'ignore', '-c', _START, *folders],
                cwd=folder, check=True, capture_output=True, text=True,
                # So that what is compiled is kept, as it is in a service.
                env={name: value for name, value in os.environ.items()
                     if name != 'PYTHONDONTWRITEBYTECODE'}).stdout.split()
            assert int(out[3]) == len(folders), out
            return {'seconds': float(out[0]), 'cpu': float(out[1]),
                    'bytes': int(out[2])}

        start(folder)
        start()
        returned = common.alternately(rounds, {
            'with': lambda: start(folder), 'without': start})

    def added(key):
        return common.median([
            one - other for one, other in zip(
                common.column(returned, 'with', key),
                common.column(returned, 'without', key), strict=True)])

    claims = [
        common.Claim('added start-up time in ms',
                     round(1000 * added('seconds'), 1), 150),
        common.Claim('added processor time in ms',
                     round(1000 * added('cpu'), 1)),
        common.Claim('added memory in MB', round(added('bytes') / 1e6, 2),
                     10),
        common.Claim('start-up with / without', common.ratio(
            common.column(returned, 'with', 'seconds'),
            common.column(returned, 'without', 'seconds')))]
    common.save('load', {'machine': common.machine(),
                         'versions': common.versions(None)},
                rounds, claims, returned=returned)
