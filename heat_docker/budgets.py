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

"""How much a daemon may say, and a template may ask for.

heat-engine serves everybody: what one daemon or template fills is missing to
all others. Each budget is here, with the reason for its size. Those that
operators may want to change are options of ``[heat_docker]``: see
``max_answer_bytes``, ``max_report_bytes``, ``max_ports`` and
``attributes_timeout`` in :mod:`heat_docker.conf`.
"""

# Answers and reports of a daemon.

# Bytes of an answer for each comma or bracket in it, at the least: an empty
# map takes 3 bytes of JSON, and 70 of memory. What Docker lists has 11 and
# more, bindings of ports having the fewest.
BYTES_PER_VALUE = 8
# Commas and brackets of which there may be more, as texts have some, too: a
# variable of a container can be a large file of JSON.
VALUES = 200_000
# Levels of maps and lists in an answer or a property. Whatever reads them
# later may be recursive; inspect requests of Docker return 8.
DEPTH = 32
# Objects in a list. A worker looks for those of one stack or one network.
LISTED = 10_000
# Characters of an id, a name or a reference. The longest is a reference of
# an image: 255 characters of a name, a tag and a digest.
ID = 512
# Characters of an error of a daemon. Heat shows 255 of them.
WORDS = 4096
# Warnings of a daemon about one object, each of which is an event.
WARNINGS = 20
# Bytes of one report about a pull, a build or a push: a line of output of a
# build is the longest.
REPORT = 256 * 1024
# Bytes that a report and a piece of a stream count for, however short they
# are: that much work they are.
REPORT_COST = 256
# Layers whose progress is shown. No image that Docker can make has more than
# 127.
LAYERS = 1000
# Characters of the id of a layer; Docker gives 12.
LAYER_ID = 64

# Part of attributes_timeout that one daemon may take: the rest is for others
# that a stack is on.
OF_ONE_DAEMON = 0.75
# Seconds after which a request of a user has ended: Heat's API waits a minute
# for it by default.
REQUEST_SECONDS = 300.0

# Snapshots whose names are kept while a stack is deleted, how many stacks
# have theirs kept, and for how many seconds.
SNAPSHOTS = 1000
SNAPSHOT_STACKS = 64
SNAPSHOT_SECONDS = 60.0

# Properties.

# Characters of a text: a path of Linux has no more.
TEXT = 4096
# Characters of a text that becomes an argument or a variable of a process:
# Linux takes no more.
WORD = 128 * 1024
# Characters of a text that is a file. Heat's max_json_body_size is as much.
FILE = 1024 * 1024
# Entries of a list or a map.
ENTRIES = 1000
# Entries of a list or a map whose every entry Docker makes something of on
# its host: a mount, an endpoint of a network, a device.
OBJECTS = 256
# Ports of a container, with those in ranges: more of them take a second to
# compare. max_ports is less by default.
PORTS = 10_000
# Bytes of JSON of the text in a property, or in all keys of a property, by
# name. The list of all containers repeats it, for every project of a daemon: a
# few containers must not make the list longer than max_answer_bytes.
LISTED_TEXT = {
    'labels': 64 * 1024, 'annotations': 64 * 1024, 'cmd': WORD,
    'entrypoint': WORD, 'mounts': WORD, 'volumes': WORD, 'networks': WORD}
# Values in all of a property, with those in its lists and maps. An alias of
# YAML makes many of a few.
VALUES_OF_PROPERTY = 20_000
