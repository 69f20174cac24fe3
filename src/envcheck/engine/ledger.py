"""The ledger of everything we are about to make, append-only and on disk before it exists.

Whatever kills us, the next command knows what to look for: a run that was begun and never ended was
killed, and what it made is to be removed.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from envcheck.errors import StackError
from envcheck.model.runtime import Resource

PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that was begun and never ended: it was killed."""

    run: str
    command: str
    begun: str  # ISO 8601, UTC

    def __str__(self) -> str:
        return f"run {self.run} ({self.command}, begun {self.begun}, killed)"


class FileLedger:
    """Intents and results, one JSON line each, flushed as they are taken.

    ``looking`` promises that nothing is made: then nothing is written either.
    """

    def __init__(self, state: Path, run: str, *, looking: bool = False) -> None:
        self._path = state / "ledger.jsonl"
        self._run = run
        self._nonce = _nonce(state, keep=not looking)

    @property
    def nonce(self) -> str:
        return self._nonce

    @property
    def run(self) -> str:
        return self._run

    def begin(self, command: str) -> None:
        """From here on this run may make something; until ``finish`` it counts as unfinished."""
        begun = datetime.now(UTC).isoformat(timespec="seconds")
        self._append({"op": "begin", "run": self._run, "command": command, "begun": begun})

    def finish(self, run: str) -> None:
        """It came to its end, whichever, or what it left has been removed."""
        self._append({"op": "finish", "run": run})

    def unfinished(self) -> tuple[Unfinished, ...]:
        open_: dict[str, Unfinished] = {}
        for entry in self._entries():
            if entry["op"] == "begin":
                open_[entry["run"]] = Unfinished(entry["run"], entry["command"], entry["begun"])
            elif entry["op"] == "finish":
                open_.pop(entry["run"], None)
        return tuple(open_.values())

    def intend(self, resource: Resource) -> None:
        self._write("intend", resource)

    def made(self, resource: Resource) -> None:
        self._write("made", resource)

    def gone(self, resource: Resource) -> None:
        self._write("gone", resource)

    def standing(self, run: str | None = None) -> tuple[Resource, ...]:
        open_: dict[tuple[str, str, str], tuple[str, Resource]] = {}
        for entry in self._entries():
            if "resource" not in entry:
                continue
            resource = Resource(**entry["resource"])
            key = (resource.kind, resource.id, resource.service)
            if entry["op"] == "gone":
                open_.pop(key, None)
            else:
                open_[key] = (open_[key][0] if key in open_ else entry["run"], resource)
        return tuple(it for of_run, it in open_.values() if run in (None, of_run))

    def _write(self, op: str, resource: Resource) -> None:
        self._append({"op": op, "run": self._run, "resource": asdict(resource)})

    def _append(self, entry: Mapping[str, Any]) -> None:
        """Raises StackError when the disk does not take it: then the step must not be taken."""
        line = f"\n{json.dumps(entry)}".encode()  # newline first: a line cut short stays alone
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE)
            try:
                whole = os.write(descriptor, line) == len(line)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _unwritable(self._path, error.strerror or str(error)) from error
        if not whole:
            raise _unwritable(self._path, "the disk is full")

    def _entries(self) -> Iterator[Mapping[str, Any]]:
        """A line cut short by a kill was never acted on, and is left out."""
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            yield entry


def _unwritable(path: Path, reason: str) -> StackError:
    return StackError(f"{path} cannot be written: {reason}", "nothing is started unrecorded")


def _nonce(state: Path, *, keep: bool) -> str:
    """Stable per project: a label that changed per run would make every run look new."""
    path = state / "nonce"
    if not path.exists() and not keep:
        return secrets.token_hex(8)
    if not path.exists():
        fresh = path.with_name(f".nonce.{os.getpid()}")
        fresh.touch(PRIVATE)
        fresh.write_text(secrets.token_hex(8))
        fresh.replace(path)  # a kill in between must not leave an empty one
    return path.read_text()
