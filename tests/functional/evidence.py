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

"""Log lines of the sandbox about a failed test."""

import pathlib
import re

# Lines about a stack that are too many: polls, and Heat's libraries.
_NOISE = re.compile(
    r' (heat\.engine\.scheduler|oslo|amqp|sqlalchemy|keystone|urllib3)[\w.]* ')
# Request IDs make lines too long.
_REQUEST = re.compile(r' \[[^]]*\breq-[^]]*\]')
# The lines of a traceback have no request; its end is in the status reason.
_WARNING = re.compile(
    r' (WARNING|ERROR|CRITICAL) \S+ \[[^]]*\breq-|level=(error|fatal)')

# How many lines of a log are kept, and how much of each.
_LINES = 60
_WIDTH = 300


class Logs:
    """The logs of the main engine and of heat-engine, from now on."""

    def __init__(self, folder):
        self._begin = {path: path.stat().st_size
                       for name in ('*heat-engine.log', 'dockerd.log')
                       for path in pathlib.Path(folder).glob(name)}

    def since(self, words):
        """Return warnings, and lines with one of words, as texts by log."""
        return {path.name: '\n'.join(self._lines(path, words)[-_LINES:])
                for path in self._begin}

    def _lines(self, path, words):
        with open(path, errors='replace') as log:
            log.seek(self._begin[path])
            return [_REQUEST.sub('', line.rstrip())[:_WIDTH] for line in log
                    if _WARNING.search(line)
                    or (any(word in line for word in words)
                        and not _NOISE.search(line))]
