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

import os
import subprocess

import testtools

from sandbox import processes


class ProcessesTest(testtools.TestCase):
    def start(self, **kwargs):
        process = subprocess.Popen(['sleep', '60'], **kwargs)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, processes.start_time(process.pid)

    def test_a_session_is_found_and_ended(self):
        process, started = self.start(start_new_session=True)
        found = processes.find([(process.pid, started)])
        self.assertEqual({process.pid: started}, found)
        self.assertEqual({}, processes.end(found))
        self.assertFalse(processes.is_alive(process.pid, started))

    def test_a_recycled_pid_is_not_ours(self):
        process, started = self.start(start_new_session=True)
        self.assertEqual({}, processes.find([(process.pid, started - 1)]))
        processes.end({process.pid: started - 1}, timeout=0)
        self.assertIsNone(process.poll())

    def test_found_by_tag(self):
        env = dict(os.environ, **{processes.ENV_TAG: 'hd-unit'})
        process, started = self.start(env=env)
        self.assertEqual({process.pid: started},
                         processes.find([], 'hd-unit'))

    def test_ourselves_never(self):
        sid = os.getsid(0)
        found = processes.find([(sid, processes.start_time(sid))])
        self.assertNotIn(os.getpid(), found)
