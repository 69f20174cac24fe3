"""Which port on 127.0.0.1 stands for which container port, chosen once and remembered."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from envcheck.errors import StackError
from envcheck.system.files import write_private
from envcheck.system.ports import free, owner

# below the kernel's usual ephemeral range: no outgoing connection takes it before the server does
MOVED_FROM, MOVED_COUNT = 20000, 10000


@dataclass(frozen=True, slots=True)
class Wish:
    """A service's own port, and the published one it would like to have here (0: any)."""

    service: str
    port: int
    published: int = 0


class Ports:
    """The choices of one project, in ``ports.json`` so that the next command finds them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._chosen, self._moved = _read(path)

    def of(self, service: str) -> Mapping[int, int]:
        return self._chosen.get(service, {})

    def moved(self) -> tuple[str, ...]:
        return tuple(self._moved.values())

    def settle(self, wishes: Iterable[Wish], *, keep: frozenset[str]) -> None:
        """Choose a port for every wish; services in ``keep`` run and stay where they are."""
        with _alone(self._path.parent.parent):
            self._chosen = {name: self._chosen[name] for name in keep if name in self._chosen}
            self._moved = {key: text for key, text in self._moved.items() if _service(key) in keep}
            taken = _of_neighbours(self._path) | {
                port for ports in self._chosen.values() for port in ports.values()
            }
            for wish in wishes:
                if wish.port not in self.of(wish.service):
                    taken.add(self._choose(wish, taken))
            self._write()

    def _choose(self, wish: Wish, taken: set[int]) -> int:
        port = wish.published
        if not port or port in taken or not free(port):
            port = next(_others(self._path, wish, taken))
        if wish.published and port != wish.published:
            self._moved[f"{wish.service}:{wish.port}"] = (
                f"{wish.service}: port {wish.published} is taken by {owner(wish.published)}, "
                f"using {port}"
            )
        self._chosen.setdefault(wish.service, {})[wish.port] = port
        return port

    def _write(self) -> None:
        chosen = {
            name: {str(port): here for port, here in ports.items()}
            for name, ports in self._chosen.items()
        }
        write_private(self._path, json.dumps({"ports": chosen, "moved": self._moved}, indent=1))


def _others(path: Path, wish: Wish, taken: set[int]) -> Iterator[int]:
    """The same candidates in the same order every time: addresses do not change for fun."""
    seed = hashlib.sha256(f"{path}:{wish.service}:{wish.port}".encode()).digest()
    start = int.from_bytes(seed[:4], "big")
    for step in range(MOVED_COUNT):
        port = MOVED_FROM + (start + step) % MOVED_COUNT
        if port not in taken and free(port):
            yield port
    raise StackError(f"no free port between {MOVED_FROM} and {MOVED_FROM + MOVED_COUNT}")


def _read(path: Path) -> tuple[dict[str, dict[int, int]], dict[str, str]]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}, {}
    chosen = {
        name: {int(port): here for port, here in ports.items()}
        for name, ports in held["ports"].items()
    }
    return chosen, held["moved"]


def _of_neighbours(path: Path) -> set[int]:
    """What other projects of this user chose: their servers may be between two starts."""
    neighbours = (other for other in path.parent.parent.glob("*/ports.json") if other != path)
    return {
        port
        for other in neighbours
        for ports in _read(other)[0].values()
        for port in ports.values()
    }


def _service(key: str) -> str:
    return key.rpartition(":")[0]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One chooser at a time, or two projects starting together find the same port free."""
    with (folder / ".ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
