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

"""The images to try things with, made of this machine's own packages.

No network is needed: busybox is one static file, and a MariaDB server is
its binary, the libraries it is linked with and a few data files.
"""

import gzip
import io
import json
import pathlib
import platform
import re
import subprocess
import tarfile
import time

from sandbox import errors
from sandbox import registry_push

FILES = pathlib.Path(__file__).parent / 'files'
LABELS = {'org.openstack.heat_docker.sandbox': 'true'}
ARCHITECTURES = {'x86_64': 'amd64', 'aarch64': 'arm64'}
PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
NOBODY = 65534
MYSQL = 999


class Layer:
    """A file system in a tar archive."""

    def __init__(self):
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode='w')
        self._folders = set()

    def _add(self, path, kind, mode, data=b'', owner=0, target=''):
        path = pathlib.PurePosixPath(path)
        if path.parent != path and path.parent not in self._folders:
            self.folder(path.parent)
        info = tarfile.TarInfo(str(path).lstrip('/'))
        info.type, info.mode, info.size = kind, mode, len(data)
        info.uid = info.gid = owner
        info.linkname = target
        self._tar.addfile(info, io.BytesIO(data))

    def folder(self, path, mode=0o755, owner=0):
        path = pathlib.PurePosixPath(path)
        if path != path.parent and path not in self._folders:
            self._add(path, tarfile.DIRTYPE, mode, owner=owner)
        self._folders.add(path)

    def link(self, path, target):
        self._add(path, tarfile.SYMTYPE, 0o777, target=target)

    def hard_link(self, path, target):
        self._add(path, tarfile.LNKTYPE, 0o755, target=target.lstrip('/'))

    def file(self, path, data, mode=0o644):
        if isinstance(data, str):
            data = data.encode()
        self._add(path, tarfile.REGTYPE, mode, data)

    def copy(self, source, path=None, mode=0o755):
        data = pathlib.Path(source).read_bytes()
        self.file(path or source, data, mode)

    def image(self, **config):
        """Close the layer and return it as an image.

        :param config: of the container, with the API's own names (Cmd, …).
        """
        self._tar.close()
        data = self._buffer.getvalue()
        config.setdefault('Env', []).insert(0, f'PATH={PATH}')
        config['Labels'] = LABELS
        machine = platform.machine()
        return registry_push.Image(
            config=json.dumps({
                'architecture': ARCHITECTURES.get(machine, machine),
                'os': 'linux',
                'created': time.strftime('%Y-%m-%dT%H:%M:%SZ',
                                         time.gmtime()),
                'config': config,
                'rootfs': {'type': 'layers',
                           'diff_ids': [registry_push.digest(data)]},
                'history': [{'created_by': 'heat_docker sandbox'}],
            }).encode(),
            layer=gzip.compress(data, compresslevel=1, mtime=0))


def _output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True,
                              check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError) as e:
        raise errors.SandboxError(f'cannot build the images: {e}') from e


def _busybox_layer():
    layer = Layer()
    layer.folder('/tmp', 0o1777)
    layer.folder('/root', 0o700)
    layer.folder('/home')
    layer.folder('/var/run')
    layer.file('/etc/passwd',
               'root:x:0:0:root:/root:/bin/sh\n'
               f'mysql:x:{MYSQL}:{MYSQL}:mysql:/var/lib/mysql:/bin/false\n'
               f'nobody:x:{NOBODY}:{NOBODY}:nobody:/home:/bin/false\n')
    layer.file('/etc/group', f'root:x:0:\nmysql:x:{MYSQL}:\n'
               f'nobody:x:{NOBODY}:\n')
    layer.copy('/bin/busybox')
    for applet in _output('/bin/busybox', '--list').split():
        if applet != 'busybox':
            layer.hard_link(f'/bin/{applet}', '/bin/busybox')
    return layer


def busybox():
    return _busybox_layer().image(Cmd=['sh'])


def httpd():
    """A web server with one page."""
    layer = _busybox_layer()
    layer.copy(FILES / 'index.html', '/www/index.html', 0o644)
    # As process 1 httpd would ignore SIGTERM, and each stop would take the
    # ten seconds until SIGKILL.
    return layer.image(
        Cmd=['sh', '-c', 'trap "exit 0" TERM; '
             'httpd -f -v -p 80 -h /www & wait'],
        ExposedPorts={'80/tcp': {}}, WorkingDir='/www')


def _libraries(*programs):
    """Return the paths of all libraries that the programs are linked with."""
    return sorted(set(re.findall(r'(/\S+) \(0x', _output('ldd', *programs))))


def _share(pattern):
    """Find one data file; the names begin with mysql or with mariadb."""
    for brand in ('mysql', 'mariadb'):
        for found in pathlib.Path('/usr/share', brand).glob(pattern):
            return found
    raise errors.SandboxError(f'mariadb-server has no {pattern}')


def mariadb():
    """A MariaDB server that is set up like the official image."""
    layer = _busybox_layer()
    programs = ('/usr/sbin/mariadbd', '/usr/bin/mariadb',
                '/usr/bin/mariadb-admin')
    for path in (*programs, *_libraries(*programs)):
        layer.copy(path)
    for old, new in (('mysqld', 'mariadbd'), ('mysql', 'mariadb'),
                     ('mysqladmin', 'mariadb-admin')):
        layer.link(f'/bin/{old}',
                   next(p for p in programs if p.endswith(f'/{new}')))
    for name in ('system_tables', 'performance_tables',
                 'system_tables_data'):
        layer.copy(_share(f'*_{name}.sql'),
                   f'/usr/share/mysql/{name}.sql', 0o644)
    layer.copy(_share('english/errmsg.sys'),
               '/usr/share/mysql/english/errmsg.sys', 0o644)
    charsets = _share('charsets/Index.xml').parent
    for path in sorted(charsets.glob('*.xml')):
        layer.copy(path, f'/usr/share/mysql/charsets/{path.name}', 0o644)
    layer.copy(FILES / 'my.cnf', '/etc/mysql/my.cnf', 0o644)
    layer.folder('/var/lib/mysql', owner=MYSQL)
    layer.folder('/run/mysqld', owner=MYSQL)
    for script in ('docker-entrypoint.sh', 'healthcheck.sh'):
        layer.copy(FILES / script, f'/usr/local/bin/{script}')
    return layer.image(
        Entrypoint=['docker-entrypoint.sh'], Cmd=['mariadbd'],
        ExposedPorts={'3306/tcp': {}}, Volumes={'/var/lib/mysql': {}})


def socat():
    """What busybox lacks: a server for UDP."""
    layer = _busybox_layer()
    for path in ('/usr/bin/socat', *_libraries('/usr/bin/socat')):
        layer.copy(path)
    return layer.image(Cmd=['socat', '-h'])


BUILDERS = {'busybox': busybox, 'httpd': httpd, 'mariadb': mariadb,
            'socat': socat}
EXTRA_TAGS = {'busybox': ('2',)}
PRIVATE = ('busybox', 'httpd')


def provide(registry, private_registry):
    """Build all images and push them; return {name: full reference}."""
    public = registry_push.Pusher(registry.address)
    private = registry_push.Pusher(private_registry.address,
                                   private_registry.auth)
    references = {}
    for name, build in BUILDERS.items():
        image = build()
        tags = ('latest', *EXTRA_TAGS.get(name, ()))
        public.push(image, name, *tags)
        if name in PRIVATE:
            private.push(image, name, *tags)
        references[name] = f'{registry.address}/{name}:latest'
    return references
