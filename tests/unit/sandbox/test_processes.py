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
    def start(self):
        process = subprocess.Popen(['sleep', '60'])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, processes.start_time(process.pid)

    def test_process_is_ended(self):
        process, started = self.start()
        processes.end({process.pid: started})
        self.assertFalse(processes.is_alive(process.pid, started))

    def test_recycled_pid_is_not_ended(self):
        process, started = self.start()
        processes.end({process.pid: started - 1}, timeout=0)
        self.assertIsNone(process.poll())


class NamespaceTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        if os.geteuid():
            self.skipTest('only root may make a namespace')
        self.namespace = processes.Namespace()
        self.addCleanup(self.namespace.end)

    def start(self, script):
        """Start a shell in a session of its own, and return its process."""
        process = self.namespace.popen(
            ['sh', '-c', script], stdout=subprocess.PIPE,
            start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        return process

    def test_program_runs_where_its_starter_is_and_sees_few_others(self):
        process = self.start('pwd; echo $(ls /proc | grep -c "^[0-9]")')
        where, count = process.stdout.read().decode().split()
        self.assertEqual(os.getcwd(), where)
        self.assertLess(int(count), 10)

    def test_group_is_ended_with_its_leader(self):
        process = self.start('sleep 60 & echo; wait')
        process.stdout.readline()
        processes.end_group(process)
        # The pipe closes once no process has it open.
        self.assertEqual(b'', process.stdout.read())

    def test_end_kills_what_has_left_its_group(self):
        process = self.start('setsid sleep 60 & echo')
        process.stdout.readline()
        self.namespace.end()
        self.assertEqual(b'', process.stdout.read())
