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

"""A Git repository that a daemon can clone over HTTP."""

import functools
import http.server
import pathlib
import subprocess
import threading

import fixtures


class _Handler(http.server.SimpleHTTPRequestHandler):

    def log_message(self, *arguments):
        """Write no log."""


class Repository(fixtures.Fixture):
    """A repository with one commit in the branch main, on loopback.

    :ivar url: its URL.
    """

    def __init__(self, files):
        """Take the files, as a map of path to text; all are executable."""
        super().__init__()
        self._files = files

    def _setUp(self):  # noqa: N802
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        work = folder / 'work'
        for path, text in self._files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_text(text)
            (work / path).chmod(0o755)
        git = functools.partial(self._git, work)
        git('init', '--quiet', '--initial-branch=main')
        git('add', '.')
        git('-c', 'user.name=Test', '-c', 'user.email=test@example.com',
            'commit', '--quiet', '--message', 'Files')
        git('clone', '--quiet', '--bare', '.', str(folder / 'web.git'))
        # Files are enough for a client; there is no program on the server.
        self._git(folder / 'web.git', 'update-server-info')
        server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), functools.partial(_Handler,
                                                directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = 'http://127.0.0.1:%d/web.git' % server.server_port

    def _git(self, folder, *arguments):
        subprocess.run(['git', *arguments], cwd=folder, check=True)
