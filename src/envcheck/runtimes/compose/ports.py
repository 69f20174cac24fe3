"""Published ports: taken ones are moved, which is said, and remembered for the next command."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

from envcheck.errors import StackError
from envcheck.runtimes.compose.declared import Published
from envcheck.system.files import write_private

MOVED_FROM, MOVED_UNTIL = 20000, 30000  # below the range outgoing connections are given


class Ports:
    """``{"web:8000": [18000, "sentence"]}`` in one small file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._moved: dict[str, tuple[int, str]] = _read(file)

    def moved(self) -> tuple[str, ...]:
        return tuple(sentence for _port, sentence in self._moved.values())

    def chosen(self, declared: Published) -> int:
        return self._moved.get(_key(declared), (declared.wanted, ""))[0]

    def settle(self, declared: Published) -> None:
        """For a service that does not run now: take the wanted port back, or move away from it."""
        key = _key(declared)
        before = self._moved.pop(key, None)
        if not declared.wanted or declared.protocol != "tcp" or free(declared.wanted):
            pass
        elif before and free(before[0]):
            self._moved[key] = before
        else:
            self._moved[key] = self._elsewhere(declared)
        if self._moved.get(key) != before:
            write_private(self._file, json.dumps(self._moved))

    def forget(self) -> None:
        self._moved.clear()
        self._file.unlink(missing_ok=True)

    def _elsewhere(self, declared: Published) -> tuple[int, str]:
        taken = {port for port, _sentence in self._moved.values()}
        for port in range(MOVED_FROM, MOVED_UNTIL):
            if port not in taken and free(port):
                held = f"{declared.service}: port {declared.wanted} is taken by"
                return port, f"{held} {owner(declared.wanted)}, using {port}"
        raise StackError(f"no free port between {MOVED_FROM} and {MOVED_UNTIL}")


def free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def owner(port: int) -> str:
    """``pid 4242 (python3)`` as far as this user may know; Linux only."""
    inodes = set(_listening(port))
    for link in Path("/proc").glob("[0-9]*/fd/*") if inodes else ():
        try:
            if link.readlink().name in inodes:
                pid = link.parts[2]
                return f"pid {pid} ({Path('/proc', pid, 'comm').read_text().strip()})"
        except OSError:  # it ended while we looked, or is not ours to see
            continue
    return "another program"


def _listening(port: int) -> Iterator[str]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                yield f"socket:[{fields[9]}]"


def _key(declared: Published) -> str:
    return f"{declared.service}:{declared.target}"


def _read(file: Path) -> dict[str, tuple[int, str]]:
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {key: (int(port), str(sentence)) for key, (port, sentence) in held.items()}
