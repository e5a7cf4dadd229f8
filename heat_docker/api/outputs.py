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
"""The output of containers, of commands in them, and of tasks."""

import collections.abc
import contextlib
import struct

from .. import conf

_PIECE = 64 * 1024
_FRAME_HEADER = struct.Struct('>BxxxL')


def chunks(client, path: str, name: str, tty: bool, query: dict
           ) -> collections.abc.Iterator[bytes]:
    """Yield the output of an object as it arrives.

    :param client.DockerClient client: sends the request.
    :param path: path of the request, with ``%s`` for the name.
    :param tty: whether there is a terminal. If not, the daemon sends the
        output in frames.
    """
    response = client.request(
        'GET', path, name, stream=True,
        query={'stdout': '1', 'stderr': '1', **query})
    with contextlib.closing(response), client.translated_errors(), (
            client.time_limit(conf.group().read_timeout)):
        if tty:
            yield from response.iter_content(_PIECE)
        else:
            yield from frames(response.raw)


def tail(pieces: collections.abc.Iterable[bytes], size: int) -> str:
    """Return the end of an output as text.

    :param size: maximum size in bytes.
    """
    kept = bytearray()
    for piece in pieces:
        append(kept, piece, size)
    return end(kept, size)


def frames(raw):
    """Yield the contents of the frames that multiplex two streams.

    https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
    """
    while True:
        header = raw.read(_FRAME_HEADER.size)
        if len(header) < _FRAME_HEADER.size:
            return
        length = _FRAME_HEADER.unpack(header)[1]
        # According to its header, a frame may have 4 GiB.
        while length and (piece := raw.read(min(length, _PIECE))):
            length -= len(piece)
            yield piece


def append(tail: bytearray, piece: bytes, size: int) -> None:
    """Append a piece to a buffer of which only the end is needed.

    The beginning is not removed each time, because pieces may be tiny.

    :param tail: changed in place.
    """
    tail += piece
    if len(tail) > 2 * size + _PIECE:
        del tail[:-size or None]


def end(tail: bytearray, size: int) -> str:
    """Return the last bytes as text."""
    return tail[-size:].decode(errors='replace') if size else ''
