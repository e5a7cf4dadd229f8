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

"""Limits of a Compose project, which may come from any user."""

# Characters of a file, and of all values after aliases and variables are
# replaced.
FILE = 1024 * 1024
CHARACTERS = 8 * 1024 * 1024
# Maps, lists and scalars of all files, after aliases are replaced, and
# variables in them. So many take half a second.
NODES = 25_000
# Characters of a command line: the maximum of Linux for an argument.
LINE = 128 * 1024
# Levels of maps and lists.
DEPTH = 32
# Levels of variables in the defaults of variables.
NESTED = 16
# Files that are included or extended.
FILES = 100
# Services, and their containers: the default of Heat's
# max_resources_per_stack.
SERVICES = 1000
CONTAINERS = 1000
# Ports of the services of a swarm: each port of a range is a map.
PORTS = 10_000
# Files below a directory of a bind mount or a build.
MOUNTED = 1000
# These files of all mounts, each of which is a map.
ALL_MOUNTED = 100_000
# Services that extend one another in a row.
EXTENDED = 32
