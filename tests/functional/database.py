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

"""The database of the sandbox's Heat."""

import configparser
import urllib.parse

import pymysql


def connect(cloud):
    """Return a connection to the database of Heat.

    :param cloud: sandbox.state.State.
    """
    parser = configparser.RawConfigParser()
    parser.read(cloud.heat_conf)
    url = urllib.parse.urlsplit(parser['database']['connection'])
    [path] = urllib.parse.parse_qs(url.query)['unix_socket']
    return pymysql.connect(unix_socket=path, user=url.username,
                           database=url.path[1:])


def tables(cloud):
    """Return the contents of each table, by its name."""
    texts = {}
    with connect(cloud) as database, database.cursor() as cursor:
        cursor.execute('SHOW TABLES')
        for (name,) in cursor.fetchall():
            cursor.execute('SELECT * FROM `%s`' % name)
            texts[name] = repr(cursor.fetchall())
    return texts
