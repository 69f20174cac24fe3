"""What is ours: one lock per project, and the ledger of everything we are about to make.

The lock is held by a file descriptor, so a SIGKILL frees it. The ledger takes each intent before
the step and is append-only, so that whatever kills us, the next command knows what to look for.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from envcheck.errors import StackError
from envcheck.model.runtime import Resource

PRIVATE = 0o600


@contextmanager
def locked(state: Path, command: str) -> Iterator[None]:
    """Hold the project. Raises StackError that says who holds it."""
    descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = holder_of(state) or "another envcheck"
        os.close(descriptor)
        raise StackError(
            f"{holder} holds this project", "wait until it has ended, or stop it with Ctrl-C there"
        ) from None
    try:
        _sign(descriptor, command)
        yield
    finally:
        os.ftruncate(descriptor, 0)
        os.close(descriptor)


def _sign(descriptor: int, command: str) -> None:
    since = datetime.now(UTC).strftime("%H:%M:%S UTC")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"envcheck {command} (pid {os.getpid()}, since {since})".encode(), 0)


def holder_of(state: Path) -> str:
    """Who holds the project now, in words; empty when nobody does."""
    try:
        return (state / "lock").read_text()
    except FileNotFoundError:
        return ""


class FileLedger:
    """Intents and results, one JSON line each, flushed as they are taken."""

    def __init__(self, state: Path, run: str) -> None:
        self._path = state / "ledger.jsonl"
        self._run = run
        self._nonce = _nonce(state)

    @property
    def nonce(self) -> str:
        return self._nonce

    @property
    def run(self) -> str:
        return self._run

    def intend(self, resource: Resource) -> None:
        self._write("intend", resource)

    def made(self, resource: Resource) -> None:
        self._write("made", resource)

    def gone(self, resource: Resource) -> None:
        self._write("gone", resource)

    def standing(self, run: str | None = None) -> tuple[Resource, ...]:
        open_: dict[tuple[str, str, str], tuple[str, Resource]] = {}
        for op, of_run, resource in self._read():
            key = (resource.kind, resource.id, resource.service)
            if op == "gone":
                open_.pop(key, None)
            else:
                open_[key] = (open_[key][0] if key in open_ else of_run, resource)
        return tuple(it for of_run, it in open_.values() if run in (None, of_run))

    def _write(self, op: str, resource: Resource) -> None:
        line = json.dumps({"op": op, "run": self._run, "resource": asdict(resource)})
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE)
        try:
            os.write(descriptor, f"\n{line}".encode())  # first: a line cut short stays alone
        finally:
            os.close(descriptor)

    def _read(self) -> Iterator[tuple[str, str, Resource]]:
        """A line cut short by a kill was never acted on: it is the last one, and is left out."""
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            yield entry["op"], entry["run"], Resource(**entry["resource"])


def _nonce(state: Path) -> str:
    """Stable per project: a label that changed per run would make every run look new."""
    path = state / "nonce"
    if not path.exists():
        path.touch(PRIVATE)
        path.write_text(secrets.token_hex(8))
    return path.read_text()
