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

"""Serve one WSGI application with waitress: the program of the API services.

waitress-serve does not work, because OpenStack's applications read their own
options from the command line. uwsgi, which OpenStack documents, sometimes
drops keep-alive connections.
"""

import argparse
import importlib
import logging
import sys

import waitress

# heat-engine keeps a connection to Keystone for each thread. At its default
# limit of 100 connections, waitress accepts no more until it closes idle ones,
# which takes up to two minutes:
# https://docs.pylonsproject.org/projects/waitress/en/stable/arguments.html.
# By default it also uses select(), which is limited to 1024 files.
CONNECTIONS = 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('factory', help='MODULE:FUNCTION')
    parser.add_argument('port', type=int)
    parser.add_argument('options', nargs=argparse.REMAINDER)
    args = parser.parse_args()
    sys.argv[1:] = args.options
    module, _, function = args.factory.partition(':')
    application = getattr(importlib.import_module(module), function)()
    # A line for each queued request would be noise.
    logging.getLogger('waitress.queue').setLevel(logging.ERROR)
    waitress.serve(application, host='127.0.0.1', port=args.port, threads=16,
                   connection_limit=CONNECTIONS, asyncore_use_poll=True)


if __name__ == '__main__':
    main()
