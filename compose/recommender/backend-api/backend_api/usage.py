"""Every API call leaves a row in usage_logs, written behind the answer, in batches."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from backend_api import metrics
from backend_api.database import Database

log = logging.getLogger(__name__)

MOST = 20_000  # rows held per tenant while the database is away; then new ones are dropped
BATCH = 500
PAUSE = 0.5  # seconds between two writes

INSERT = """INSERT INTO usage_logs (tenant_id, api_key_id, endpoint, method, status_code,
    latency_ms, request_size_bytes, response_size_bytes, "timestamp")
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
USED = """UPDATE api_keys SET last_used_at = greatest(last_used_at, %s) WHERE id = %s"""
AWAY = (psycopg.OperationalError, PoolTimeout, TimeoutError)


@dataclass(frozen=True, slots=True)
class Call:
    tenant_id: UUID
    api_key_id: UUID | None
    endpoint: str
    method: str
    status: int
    latency_ms: float
    request_bytes: int
    response_bytes: int
    at: datetime

    def row(self, known_keys: set[UUID]) -> tuple[object, ...]:
        key = self.api_key_id if self.api_key_id in known_keys else None
        numbers = (self.status, self.latency_ms, self.request_bytes, self.response_bytes)
        return (self.tenant_id, key, self.endpoint, self.method, *numbers, self.at)


class UsageLog:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.waiting: dict[UUID, list[Call]] = {}
        self.writing = asyncio.Lock()
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.task = asyncio.create_task(self.keep_writing())

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
        with contextlib.suppress(*AWAY):
            await asyncio.wait_for(self.flush(), 1.5)

    def note(self, call: Call) -> None:
        calls = self.waiting.setdefault(call.tenant_id, [])
        if len(calls) >= MOST:
            metrics.USAGE_LOST.inc()
        else:
            calls.append(call)

    async def keep_writing(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            try:
                await self.flush()
            except (*AWAY, psycopg.Error) as error:  # kept; the next round tries again
                fields = {"error": type(error).__name__}
                log.warning("usage could not be written", extra={"fields": fields})

    async def flush(self) -> None:
        """Write what is waiting. Raises what the database raises; nothing is lost by that."""
        async with self.writing:
            for tenant_id in list(self.waiting):
                while self.waiting[tenant_id]:
                    await self.flush_some(tenant_id)
                del self.waiting[tenant_id]

    async def flush_some(self, tenant_id: UUID) -> None:
        calls = self.waiting[tenant_id][:BATCH]
        try:
            await self.write(tenant_id, calls)
        except psycopg.errors.ForeignKeyViolation:
            metrics.USAGE_LOST.inc(len(calls))  # the tenant was deleted meanwhile
        del self.waiting[tenant_id][: len(calls)]  # meanwhile others were added behind them

    async def write(self, tenant_id: UUID, calls: list[Call]) -> None:
        used = {call.api_key_id: call.at for call in calls if call.api_key_id is not None}
        async with self.database.tenant(tenant_id) as session, session.cursor() as cursor:
            await cursor.execute("SELECT id FROM api_keys WHERE id = ANY(%s)", [list(used)])
            known = {row["id"] for row in await cursor.fetchall()}  # a key may be gone by now
            await cursor.executemany(INSERT, [call.row(known) for call in calls])
            for key, at in used.items():
                await cursor.execute(USED, [at, key])
