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

"""Limits on the responses of a daemon and the values of a template.

All projects share heat-engine, so one daemon or template must not use up its
memory or time. Each limit is here, with the reason for its size. Those that
operators may want to change are options of ``[heat_docker]``: see
``max_answer_bytes``, ``max_report_bytes``, ``max_ports`` and
``attributes_timeout`` in :mod:`heat_docker.conf`.
"""

# Responses and reports of a daemon.

# Minimum bytes of a response for each comma or bracket in it: an empty map
# takes 3 bytes of JSON, but 70 of memory. Docker's lists have 11 or more;
# those of port bindings have the fewest.
BYTES_PER_VALUE = 8
# Commas and brackets to which that minimum does not apply, because strings
# contain some, too: an environment variable can be a large JSON file.
VALUES = 200_000
# Bytes of the headers of a response, with those of interim responses before
# it; Docker's have less than 1000. Also the bytes of a chunk's size or a
# trailer.
HEAD = 64 * 1024
# Seconds until the end of the longest response: the reports about a build or
# a pull, or the files of a volume.
STREAM_SECONDS = 24 * 3600.0
# Addresses of a hostname to which a connection is attempted.
ADDRESSES = 4
# Levels of maps and lists in a response or a property. Later code may be
# recursive. Docker's inspect requests return 8.
DEPTH = 32
# Bytes of a list of containers, as a multiple of max_answer_bytes. On a shared
# daemon, it contains what other projects have, with the labels that they like.
# What is used of it has to be within max_answer_bytes.
LIST_FACTOR = 16
# Objects in a list. A worker lists those of one stack or one network.
LISTED = 10_000
# Characters of an ID, a name or a reference. The longest is the reference of
# an image: 255 characters of a name, a tag and a digest.
ID = 512
# Characters of an error message. Heat shows 255 of them.
MESSAGE = 4096
# Warnings about one object, each of which is an event.
WARNINGS = 20
# Bytes of one report about a pull, a build or a push. A line of a build's
# output is the longest.
REPORT = 256 * 1024
# Minimum bytes for which a report or a piece of a stream counts, because each
# of them takes time, even a short one.
REPORT_COST = 256
# Layers whose progress is recorded. Docker's images have at most 127.
LAYERS = 1000
# Characters of a layer's ID. Docker's have 12.
LAYER_ID = 64

# Fraction of attributes_timeout for one daemon; the rest is for other daemons
# of the stack.
OF_ONE_DAEMON = 0.75
# Seconds after which a user's request has ended. By default, Heat's API waits
# for a minute.
REQUEST_SECONDS = 300.0
# Bytes that daemons can return for one user's request: the inspect responses
# of thousands of containers.
REQUEST_BYTES = 32 * 1024 ** 2
# Bytes, as an estimate of the memory, of all attributes that one user's
# request shows, and of one of them. A container's info has about 20,000, and
# with 1000 published ports a million.
SHOWN = 16 * 1024 ** 2
ATTRIBUTE = 2 * 1024 ** 2
# Bytes of memory of a value without its characters.
VALUE = 50

# Names of snapshots that are cached per stack while it is deleted, stacks with
# such a cache, and seconds for which it is valid.
SNAPSHOTS = 1000
SNAPSHOT_STACKS = 64
SNAPSHOT_SECONDS = 60.0

# Properties.

# Characters of the name of an object. A log option can repeat it in each line
# of a container.
NAME = 255

# Characters of a string: the maximum length of a path on Linux.
TEXT = 4096
# Characters of a string that becomes an argument or an environment variable of
# a process: the maximum on Linux.
WORD = 128 * 1024
# Characters of a string with the contents of a file: the default of Heat's
# max_json_body_size.
FILE = 1024 * 1024
# Entries of a list or a map.
ENTRIES = 1000
# Entries of a list or a map if Docker creates an object on its host for each:
# a mount, an endpoint of a network, a device.
OBJECTS = 256
# Ports of a container, including those in ranges. More would take a second to
# compare. The default of max_ports is lower.
PORTS = 10_000
# Bytes of JSON of the text in a property, or in all keys of a property, by
# name. The list of all containers repeats it, for every project of a daemon: a
# few containers must not make the list longer than max_answer_bytes.
LISTED_TEXT = {
    'labels': 64 * 1024, 'container_labels': 64 * 1024,
    'annotations': 64 * 1024, 'cmd': WORD,
    'entrypoint': WORD, 'mounts': WORD, 'volumes': WORD, 'networks': WORD}
# Values of a property, including those in its lists and maps. Aliases in YAML
# turn a few into many.
VALUES_OF_PROPERTY = 20_000
