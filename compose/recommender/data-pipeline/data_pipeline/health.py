"""How we are: each dependency asked at the same time, none waited for longer than PATIENCE."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any

from data_pipeline.outbox import Outbox
from data_pipeline.settings import Settings
from data_pipeline.storage import Storage

PATIENCE = 0.9  # seconds
# ApiVersions, version 0, correlation 1, client "health": what any broker answers before all else
API_VERSIONS = struct.pack(">hhih6s", 18, 0, 1, 6, b"health")


class Probe:
    """One question. While an answer is awaited no second one is asked: a server that hangs must
    not be given more and more to hang on."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._running: asyncio.Task[str] | None = None

    async def error(self) -> str:
        """Empty when all is well; only the kind of error, a driver's text may hold addresses."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._once())
        try:
            return await asyncio.wait_for(asyncio.shield(self._running), PATIENCE)
        except TimeoutError:
            return "no answer in time"

    async def _once(self) -> str:
        try:
            await asyncio.to_thread(self._ask)
        except Exception as error:  # noqa: BLE001 (whatever a driver throws, the dependency is not well)
            return type(error).__name__
        return ""


class Health:
    def __init__(self, settings: Settings, storage: Storage, outbox: Outbox) -> None:
        self._outbox = outbox
        self._database = Probe(lambda: ask_database(settings.database_url))
        self._kafka = Probe(lambda: ask_kafka(settings.kafka))
        self._storage = Probe(storage.answers)

    async def look(self) -> dict[str, Any]:
        database, kafka, storage = await asyncio.gather(
            self._database.error(), self._kafka.error(), self._storage.error()
        )
        checks: dict[str, Any] = {
            "database": {"status": "unhealthy" if database else "healthy"},
            "kafka_connected": not kafka,
            "s3_connected": not storage,
            "queue_depth": self._outbox.depth(),
        }
        errors = {"database": database, "kafka": kafka, "s3": storage}
        said = {name: error for name, error in errors.items() if error}
        if said:
            checks["errors"] = said
        return {"status": "unhealthy" if said else "healthy", "checks": checks}


def ask_database(url: str) -> None:
    import psycopg

    with psycopg.connect(url, connect_timeout=2, options="-c statement_timeout=1s") as connection:
        connection.execute("SELECT 1")


def ask_kafka(servers: str) -> None:
    """Raises OSError unless one of the servers answers as a Kafka broker."""
    refusal = OSError("no server named")
    for server in servers.split(","):
        host, _, port = server.rpartition(":")
        try:
            return _ask_broker(host, int(port))
        except OSError as error:
            refusal = error
    raise refusal


def _ask_broker(host: str, port: int) -> None:
    with socket.create_connection((host, port), PATIENCE) as talk:
        talk.settimeout(PATIENCE)
        talk.sendall(struct.pack(">i", len(API_VERSIONS)) + API_VERSIONS)
        answer = talk.recv(8, socket.MSG_WAITALL)
    if answer[4:] != struct.pack(">i", 1):  # our correlation id comes back
        raise ConnectionError("this is no Kafka broker")
