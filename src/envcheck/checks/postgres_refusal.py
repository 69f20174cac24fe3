"""Why a login was refused, by SQLSTATE.

libpq hands out no SQLSTATE of a refused login, only text in the server's language. So a login that
failed is tried once more here, by hand, up to the first error the server sends.
SCRAM-SHA-256: RFC 5802 and 7677.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
import struct
from dataclasses import dataclass

from envcheck.checks.postgres_wire import NotPostgres, ask_tls, dial, message, send_startup
from envcheck.model.target import Endpoint

MESSAGES = 100  # a login has about twenty; a hostile server could send for ever
_OK, _CLEAR, _MD5, _SASL, _SASL_CONTINUE, _SASL_FINAL = 0, 3, 5, 10, 11, 12


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an ErrorResponse says: SQLSTATE, the server's own routine, and words for people."""

    sqlstate: str
    routine: str
    message: str


def refusal(endpoint: Endpoint, user: str, password: str, database: str) -> Refusal | None:
    """Log in and hang up; the error that ended it, or None when we were let in.

    Raises NotPostgres when the other side speaks something else, OSError when it is gone.
    """
    try:
        with _greeted(dial(endpoint)) as talk:
            send_startup(talk, user, database)
            return _Login(talk, user, password).outcome()
    except (ValueError, KeyError, struct.error) as error:
        raise NotPostgres("garbled") from error


def _greeted(talk: socket.socket) -> socket.socket:
    try:
        return _encrypted(talk) if ask_tls(talk) else talk
    except (OSError, NotPostgres):
        talk.close()
        raise


def _encrypted(talk: socket.socket) -> socket.socket:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # as the driver's sslmode=prefer: we ask why, not who
    return context.wrap_socket(talk)


class _Login:
    """The server's questions answered until it lets us in or says no."""

    def __init__(self, talk: socket.socket, user: str, password: str) -> None:
        self._talk = talk
        self._user = user
        self._password = password
        self._nonce = base64.b64encode(secrets.token_bytes(18)).decode()

    def outcome(self) -> Refusal | None:
        for _ in range(MESSAGES):
            kind, body = message(self._talk)
            if kind == b"E":
                return _refusal(body)
            if kind == b"Z":
                return None
            if kind == b"R":
                self._authenticate(struct.unpack("!i", body[:4])[0], body[4:])
        raise NotPostgres("garbled")

    def _authenticate(self, code: int, body: bytes) -> None:
        if code == _CLEAR:
            self._reply(self._password.encode() + b"\0")
        elif code == _MD5:
            self._reply(_md5(self._user, self._password, body[:4]))
        elif code == _SASL:
            first = f"n,,n=,r={self._nonce}".encode()
            self._reply(b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first)
        elif code == _SASL_CONTINUE:
            self._reply(_scram(self._password, self._nonce, body.decode()))
        elif code not in (_OK, _SASL_FINAL):
            raise NotPostgres("garbled", f"authentication method {code}".encode())

    def _reply(self, body: bytes) -> None:
        self._talk.sendall(b"p" + struct.pack("!i", len(body) + 4) + body)


def _refusal(body: bytes) -> Refusal:
    parts = (part.decode("utf-8", "replace") for part in body.split(b"\0") if part)
    said = {part[0]: part[1:] for part in parts}
    return Refusal(said.get("C", ""), said.get("R", ""), said.get("M", ""))


def _md5(user: str, password: str, salt: bytes) -> bytes:
    inner = hashlib.md5(password.encode() + user.encode(), usedforsecurity=False).hexdigest()
    outer = hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest()
    return f"md5{outer}".encode() + b"\0"


def _scram(password: str, nonce: str, server_first: str) -> bytes:
    said = dict(part.split("=", 1) for part in server_first.split(","))
    salted = hashlib.pbkdf2_hmac(
        "sha256", password.encode(), base64.b64decode(said["s"]), min(int(said["i"]), 100_000)
    )
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    bare = f"c=biws,r={said['r']}"
    signed = f"n=,r={nonce},{server_first},{bare}"
    signature = hmac.digest(hashlib.sha256(client_key).digest(), signed.encode(), "sha256")
    proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    return f"{bare},p={base64.b64encode(proof).decode()}".encode()
