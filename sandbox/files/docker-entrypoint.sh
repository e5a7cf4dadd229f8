#!/bin/sh
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
#
# Start MariaDB with the environment variables of the official image:
# https://hub.docker.com/_/mariadb

set -eu

# Set $1 from MARIADB_$1, MYSQL_$1 or the file that one of them with _FILE
# names (a Docker secret).
setting() {
    for brand in MARIADB MYSQL; do
        eval "value=\${${brand}_$1:-}"
        eval "file=\${${brand}_$1_FILE:-}"
        if [ -n "$file" ]; then
            value=$(cat "$file")
        fi
        if [ -n "$value" ]; then
            eval "$1=\$value"
            return
        fi
    done
    eval "$1="
}

# Quote for SQL.
quoted() {
    printf "'%s'" "$(printf %s "$1" | sed "s/[\\\\']/\\\\&/g")"
}

say() {
    echo "[Entrypoint]: $*" >&2
}

bootstrap_sql() {
    # One statement a line is all that the bootstrap mode understands.
    echo 'CREATE DATABASE IF NOT EXISTS mysql;'
    echo 'USE mysql;'
    echo 'SET @auth_root_socket = NULL;'
    cat /usr/share/mysql/system_tables.sql \
        /usr/share/mysql/performance_tables.sql \
        /usr/share/mysql/system_tables_data.sql
    echo 'FLUSH PRIVILEGES;'
    for host in localhost 127.0.0.1 ::1 "$(hostname)"; do
        echo "DROP USER IF EXISTS root@'$host';"
    done
    for host in localhost %; do
        echo "CREATE USER root@'$host' IDENTIFIED BY" \
             "$(quoted "$ROOT_PASSWORD");"
        echo "GRANT ALL ON *.* TO root@'$host' WITH GRANT OPTION;"
    done
    if [ -n "$DATABASE" ]; then
        echo "CREATE DATABASE \`$DATABASE\`;"
    fi
    if [ -n "$USER" ] && [ -n "$PASSWORD" ]; then
        echo "CREATE USER $(quoted "$USER")@'%' IDENTIFIED BY" \
             "$(quoted "$PASSWORD");"
        if [ -n "$DATABASE" ]; then
            echo "GRANT ALL ON \`$DATABASE\`.* TO $(quoted "$USER")@'%';"
        fi
    fi
}

initialise() {
    setting ROOT_PASSWORD
    setting ALLOW_EMPTY_ROOT_PASSWORD
    setting DATABASE
    setting USER
    setting PASSWORD
    if [ -z "$ROOT_PASSWORD$ALLOW_EMPTY_ROOT_PASSWORD" ]; then
        say 'ERROR: Database is uninitialized and password option is not' \
            'specified. You need to specify MARIADB_ROOT_PASSWORD or' \
            'MARIADB_ALLOW_EMPTY_ROOT_PASSWORD.'
        exit 1
    fi
    say 'Initializing database files'
    chown mysql:mysql /var/lib/mysql
    if ! bootstrap_sql | mariadbd --bootstrap --skip-networking; then
        # The next start shall not take half a database for a whole one.
        rm -rf /var/lib/mysql/mysql
        say 'ERROR: Initializing the database failed.'
        exit 1
    fi
}

case ${1:-} in
    '' | -*) set -- mariadbd "$@" ;;
    mysqld) shift; set -- mariadbd "$@" ;;
esac

if [ "$1" = mariadbd ]; then
    if [ ! -d /var/lib/mysql/mysql ]; then
        initialise
        say 'MariaDB init process done. Ready for start up.'
    fi
fi
exec "$@"
