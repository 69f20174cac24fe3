"""Which process is which. A pid alone proves nothing; with its start time it is that process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROC = Path("/proc")
NONCE = "ENVCHECK_NONCE"


@dataclass(frozen=True, slots=True)
class Process:
    """``started`` is boot id and clock ticks since that boot; equal only for the same process."""

    pid: int
    started: str
    parent: int = 0
    group: int = 0
    session: int = 0

    @property
    def age(self) -> int:
        """Orders processes of one boot: the smaller, the older."""
        return int(self.started.rpartition(":")[2])

    @property
    def alive(self) -> bool:
        now = look(self.pid)
        return now is not None and now.started == self.started


def look(pid: int) -> Process | None:
    """The process as it is now; None when there is none, or only its corpse."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # its name may hold spaces and brackets
    if fields[0] in "ZX":
        return None
    return Process(pid, f"{_boot()}:{fields[19]}", *map(int, fields[1:4]))


def everyone() -> dict[int, Process]:
    found = (look(int(entry)) for entry in os.listdir(PROC) if entry.isdigit())  # noqa: PTH208
    return {process.pid: process for process in found if process}


def carries(pid: int, nonce: str) -> bool:
    """Whether it was started by us: environments are inherited, so its children say so too."""
    try:
        variables = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"{NONCE}={nonce}".encode() in variables


def ours(nonce: str, known: Iterable[Process] = ()) -> list[Process]:
    """Everything we started that still runs: by nonce, by identity, and all they gave birth to.

    Servers that rewrite their own title (Redis, Airflow) wipe their environment: those are found
    as children, by their session, or because the launcher wrote down who they are.
    """
    table = everyone()
    found = {pid for pid in table if pid != os.getpid() and carries(pid, nonce)}
    found |= {one.pid for one in known if one.pid in table and one.alive}
    return [table[pid] for pid in _with_offspring(found, table)]


def end(processes: Iterable[Process], patience: float = 5.0) -> list[Process]:
    """Kill them, whatever they do about it; who is still there after ``patience`` seconds."""
    left = [process for process in processes if _kill(process)]
    deadline = time.monotonic() + patience
    while left and time.monotonic() < deadline:
        time.sleep(0.005)
        left = [process for process in left if process.alive]
    return left


def _kill(process: Process) -> bool:
    """Through a handle on the process itself: its pid cannot become another's in between."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        if not process.alive:
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def _with_offspring(roots: set[int], table: dict[int, Process]) -> set[int]:
    found = set(roots)
    while True:
        more = {
            process.pid
            for process in table.values()
            if process.pid not in found and (process.parent in found or process.session in found)
        }
        if not more:
            return found
        found |= more


@cache
def _boot() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text()[:8]
