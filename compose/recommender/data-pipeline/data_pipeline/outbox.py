"""The durable queue between an accepted upload and Kafka: SQLite, one file, survives a kill.

An upload is *storing* until its rows lie in S3, then *accepted*: from then on each of its events
stands in ``events`` until Kafka has acknowledged it. ``flight`` says which events are on their way
and where the topic ended before they left, so that after a kill it can be looked up which arrived.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

SCHEMA = """
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
    bucket TEXT NOT NULL, object TEXT NOT NULL, report TEXT NOT NULL, owner TEXT NOT NULL,
    total INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, upload TEXT NOT NULL, row INTEGER NOT NULL,
    topic TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS flight (
    one INTEGER PRIMARY KEY CHECK (one = 1), topic TEXT NOT NULL, last INTEGER NOT NULL,
    offsets TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Upload:
    id: str
    tenant: str
    kind: str
    bucket: str
    object: str
    report: Mapping[str, Any]
    state: str = "storing"
    total: int = 0
    delivered: int = 0

    def said(self) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "upload_id": self.id,
            "kind": self.kind,
            "status": "delivered" if self.delivered == self.total else self.state,
            **self.report,
            "events": {"total": self.total, "delivered": self.delivered},
        }


@dataclass(frozen=True, slots=True)
class Event:
    seq: int
    upload: str
    row: int
    topic: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Flight:
    """Events up to ``last`` of one topic; ``offsets``: where each partition ended before."""

    topic: str
    last: int
    offsets: Mapping[int, int]


class Outbox:
    """Thread-safe. What a method has returned from is on the disk."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._owner = uuid4().hex
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = FULL")  # an acceptance survives a power cut
        self._file.execute("PRAGMA busy_timeout = 5000")
        self._file.executescript(SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def intend(self, upload: Upload) -> None:
        """Before its rows go to S3, so that a kill in between leaves no object nobody knows."""
        values = (upload.id, upload.tenant, upload.kind, upload.bucket, upload.object)
        with self._transaction() as file:
            file.execute(
                "INSERT INTO uploads (id, tenant, kind, bucket, object, state, report, owner)"
                " VALUES (?, ?, ?, ?, ?, 'storing', ?, ?)",
                (*values, json.dumps(upload.report), self._owner),
            )

    def accept(self, upload: Upload, topic: str, events: Iterable[tuple[bytes, bytes]]) -> None:
        rows = [(upload.id, row, topic, *event) for row, event in enumerate(events, 1)]
        with self._transaction() as file:
            file.executemany(
                "INSERT INTO events (upload, row, topic, key, value) VALUES (?, ?, ?, ?, ?)", rows
            )
            file.execute(
                "UPDATE uploads SET state = 'accepted', total = ? WHERE id = ?",
                (len(rows), upload.id),
            )

    def forget(self, upload_id: str) -> None:
        """An upload that came to nothing."""
        with self._transaction() as file:
            file.execute("DELETE FROM uploads WHERE id = ? AND state = 'storing'", (upload_id,))

    def left_behind(self) -> list[Upload]:
        """Uploads another process began to store and never accepted."""
        with self._lock:
            return self._uploads("state = 'storing' AND owner <> ?", (self._owner,))

    def upload(self, upload_id: str, tenant: str) -> Upload | None:
        with self._lock:
            found = self._uploads("id = ? AND tenant = ?", (upload_id, tenant))
        return found[0] if found else None

    def depth(self) -> int:
        with self._lock:
            return int(self._file.execute("SELECT count(*) FROM events").fetchone()[0])

    def first(self, most: int) -> list[Event]:
        """The oldest events in their order, all of one topic."""
        query = "SELECT seq, upload, row, topic, key, value FROM events ORDER BY seq LIMIT ?"
        with self._lock:
            found = [Event(*row) for row in self._file.execute(query, (most,))]
        return [event for event in found if event.topic == found[0].topic]

    def up_to(self, topic: str, last: int) -> list[Event]:
        query = "SELECT seq, upload, row, topic, key, value FROM events"
        with self._lock:
            rows = self._file.execute(f"{query} WHERE topic = ? AND seq <= ?", (topic, last))
            return [Event(*row) for row in rows]

    def take_off(self, flight: Flight) -> None:
        values = (flight.topic, flight.last, json.dumps(flight.offsets))
        with self._transaction() as file:
            file.execute("INSERT OR REPLACE INTO flight VALUES (1, ?, ?, ?)", values)

    def flight(self) -> Flight | None:
        with self._lock:
            row = self._file.execute("SELECT topic, last, offsets FROM flight").fetchone()
        if row is None:
            return None
        offsets = {int(number): int(end) for number, end in json.loads(row[2]).items()}
        return Flight(row[0], row[1], offsets)

    def land(self, arrived: Sequence[Event]) -> None:
        """Marks them delivered and ends the flight; what did not arrive stays queued."""
        with self._transaction() as file:
            file.executemany("DELETE FROM events WHERE seq = ?", [(e.seq,) for e in arrived])
            counts: dict[str, int] = {}
            for event in arrived:
                counts[event.upload] = counts.get(event.upload, 0) + 1
            file.executemany(
                "UPDATE uploads SET delivered = delivered + ? WHERE id = ?",
                [(count, upload) for upload, count in counts.items()],
            )
            file.execute("DELETE FROM flight")

    def _uploads(self, where: str, values: tuple[str, ...]) -> list[Upload]:
        query = "SELECT id, tenant, kind, bucket, object, report, state, total, delivered"
        rows = self._file.execute(f"{query} FROM uploads WHERE {where}", values).fetchall()
        return [Upload(*row[:5], json.loads(row[5]), *row[6:]) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield self._file
            except BaseException:
                self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")
