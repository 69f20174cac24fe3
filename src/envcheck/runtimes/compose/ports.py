"""Published ports: taken ones are moved, which is said, and remembered for the next command."""

from __future__ import annotations

import json
from pathlib import Path

from envcheck.errors import StackError
from envcheck.runtimes.compose.declared import Published
from envcheck.system.files import write_private
from envcheck.system.ports import free, owner

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


def _key(declared: Published) -> str:
    return f"{declared.service}:{declared.target}"


def _read(file: Path) -> dict[str, tuple[int, str]]:
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {key: (int(port), str(sentence)) for key, (port, sentence) in held.items()}
