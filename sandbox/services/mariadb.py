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

"""MariaDB: the databases of Keystone and Heat."""

from pifpaf.drivers import mysql
import pymysql

from sandbox.services import base

# Two heat-engine workers with 64 executor threads each, and the APIs.
CONNECTIONS = 1000


class MariaDB(base.Service, mysql.MySQLDriver):
    name = 'mariadb'

    def _setUp(self):
        super()._setUp()
        with pymysql.connect(unix_socket=self.socket, user='root') as db:
            with db.cursor() as cursor:
                cursor.execute('SELECT VERSION()')
                self.version = cursor.fetchone()[0]
                cursor.execute(f'SET GLOBAL max_connections = {CONNECTIONS}')
                # A temporary database need not survive a power cut.
                cursor.execute(
                    'SET GLOBAL innodb_flush_log_at_trx_commit = 0')
                for name in ('keystone', 'heat'):
                    cursor.execute(f'CREATE DATABASE {name} '
                                   'CHARACTER SET utf8mb4')

    def url_of(self, database):
        return (f'mysql+pymysql://root@localhost/{database}'
                f'?unix_socket={self.socket}&charset=utf8mb4')
