"""supervisor's XML-RPC over its unix socket, with a time limit.

Its own transport has none (a stopped supervisor would hang us for good) and costs 40 ms to import.
"""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ProtocolError, ServerProxy, Transport

from envcheck.errors import StackError

ANSWER_SECONDS = 10.0  # no call of ours waits for a service


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(str(self._path))


class _Transport(Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> _Connection:
        made = _Connection(self._path)
        self._connection = host, made  # what close() closes
        return made


class Refused(StackError):  # noqa: N818 (it is an answer)
    """The supervisor answered, and the answer was no."""


def call(socket_path: Path, method: str, *arguments: Any) -> Any:
    """One call. Raises Refused, or StackError when nobody answers."""
    try:
        with ServerProxy("http://localhost", transport=_Transport(socket_path)) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)
    except Fault as error:
        raise Refused(f"the supervisor refuses {method}: {error.faultString}") from error
    except (OSError, ProtocolError, http.client.HTTPException) as error:
        raise StackError(f"the supervisor of local processes does not answer: {error}") from error
