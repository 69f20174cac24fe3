"""The first words of Postgres' protocol, spoken by hand, for what libpq does not tell.

Messages: PostgreSQL documentation, chapter "Frontend/Backend Protocol".
"""

from __future__ import annotations

import socket
import struct

from envcheck.model.target import Endpoint

SECONDS = 0.9  # the driver's 2 s and this stay below the 3 s a look may take
LONGEST = 65536  # bytes; no message of a login is near that
LENGTH_FIELD = 4  # bytes; a message's length counts itself
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_PROTOCOL_3 = 196608


class NotPostgres(Exception):  # noqa: N818 (an answer to be judged, not our error)
    """``kind`` is silent, closed or garbled; ``said`` is the beginning of what came instead."""

    def __init__(self, kind: str, said: bytes = b"") -> None:
        super().__init__(kind)
        self.kind = kind
        self.said = said


def greet(endpoint: Endpoint) -> None:
    """Ask for TLS, as a client's first word. Raises NotPostgres for any answer but S or N."""
    with dial(endpoint) as talk:
        try:
            ask_tls(talk)
        except NotPostgres as silence:
            if silence.kind != "silent":
                raise
            raise _provoked(talk) from silence


def _provoked(talk: socket.socket) -> NotPostgres:
    # A server of lines (HTTP, Redis) waits for the end of one before it says what it is.
    talk.settimeout(SECONDS / 2)
    try:
        talk.sendall(b"\r\n\r\n")
        said = talk.recv(80)
    except OSError:
        return NotPostgres("silent")
    return NotPostgres("garbled" if said else "closed", said)


def dial(endpoint: Endpoint) -> socket.socket:
    """An open connection on which nothing takes longer than SECONDS. Raises OSError."""
    talk = socket.create_connection((endpoint.host, endpoint.port), SECONDS)
    talk.settimeout(SECONDS)
    return talk


def ask_tls(talk: socket.socket) -> bool:
    talk.sendall(_SSL_REQUEST)
    answer = receive(talk, 1)
    if answer not in (b"S", b"N"):
        raise NotPostgres("garbled", answer + _rest(talk))
    return answer == b"S"


def send_startup(talk: socket.socket, user: str, database: str) -> None:
    words = ("user", user, "database", database, "application_name", "envcheck")
    body = b"".join(word.encode() + b"\0" for word in words) + b"\0"
    talk.sendall(struct.pack("!ii", len(body) + 8, _PROTOCOL_3) + body)


def message(talk: socket.socket) -> tuple[bytes, bytes]:
    """The next message: its letter and its body. Raises NotPostgres."""
    head = receive(talk, 5)
    length = int(struct.unpack("!i", head[1:])[0])
    if not LENGTH_FIELD <= length <= LONGEST:
        raise NotPostgres("garbled", head)
    return head[:1], receive(talk, length - LENGTH_FIELD)


def receive(talk: socket.socket, size: int) -> bytes:
    data = b""
    try:
        while len(data) < size:
            part = talk.recv(size - len(data))
            if not part:
                raise NotPostgres("closed", data)
            data += part
    except TimeoutError as error:
        raise NotPostgres("silent", data) from error
    except ConnectionError as error:
        raise NotPostgres("closed", data) from error
    return data


def _rest(talk: socket.socket) -> bytes:
    try:
        return talk.recv(80)
    except OSError:
        return b""
