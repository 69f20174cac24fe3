"""One lock per project, held by a file descriptor, so that a SIGKILL frees it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from envcheck.engine.ledger import PRIVATE, FileLedger
from envcheck.errors import StackError
from envcheck.system.places import prepare_state

TRIES = 6  # whoever only asks who holds the lock holds it for a few microseconds
PAUSE = 0.05  # seconds between two tries
BOOKS = {"lock", "nonce", "ledger.jsonl"}  # ours in the state folder, and no data


@contextmanager
def locked(state: Path, command: str) -> Iterator[None]:
    """Hold the project. Raises StackError that says who holds it.

    On leaving, a state folder that holds nothing but empty books is removed.
    """
    descriptor = _acquired(state)
    try:
        _sign(descriptor, command)
        yield
    finally:
        os.ftruncate(descriptor, 0)
        _remove_if_over(state)
        os.close(descriptor)


def _acquired(state: Path) -> int:
    for _ in range(TRIES):
        prepare_state(state)
        with suppress(FileNotFoundError):  # whoever held it last has just removed the folder
            descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
            if _flocked(descriptor, fcntl.LOCK_EX) and _is(state / "lock", descriptor):
                return descriptor
            os.close(descriptor)
        time.sleep(PAUSE)
    holder = holder_of(state) or "another envcheck"
    raise StackError(
        f"{holder} holds this project", "wait until it has ended, or stop it with Ctrl-C there"
    )


def _flocked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is(path: Path, descriptor: int) -> bool:
    """False when the holder before us removed the file while we opened it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _sign(descriptor: int, command: str) -> None:
    since = datetime.now(UTC).strftime("%H:%M:%S UTC")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"envcheck {command} (pid {os.getpid()}, since {since})".encode(), 0)


def holder_of(state: Path) -> str:
    """Who holds the project now, in words; empty when nobody does."""
    try:
        descriptor = os.open(state / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    with os.fdopen(descriptor) as file:
        # a signature under a lock that can be had is that of a killed run
        return "" if _flocked(descriptor, fcntl.LOCK_SH) else file.read()


def _remove_if_over(state: Path) -> None:
    """Nothing of ours stands, nobody was killed here: the books go too."""
    ledger = FileLedger(state, "", looking=True)
    if ledger.standing() or ledger.unfinished() or {it.name for it in state.iterdir()} - BOOKS:
        return
    for name in ("ledger.jsonl", "nonce", "lock"):
        (state / name).unlink(missing_ok=True)
    with suppress(OSError):  # someone put a file there just now
        state.rmdir()
