"""The pool, and the only place that says which tenant a transaction sees."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

Row = dict[str, Any]
Session = AsyncConnection[Row]

BUDGET = 2.0  # seconds for a whole transaction, waiting for a connection included
CONNECT = 0.7  # seconds of waiting for a free connection; how long an outage holds a request up
RECONNECT = 2.0  # seconds; longer, and the pool's backoff would outlast the database's return


class Database:
    """Starts and stays up without the database; the next request after its return succeeds.

    Raises psycopg.OperationalError, PoolTimeout or TimeoutError while it is away.
    """

    def __init__(self, url: str) -> None:
        self.pool: AsyncConnectionPool[Session] = AsyncConnectionPool(
            url,
            open=False,
            min_size=2,
            max_size=12,
            timeout=CONNECT,
            reconnect_timeout=RECONNECT,
            check=AsyncConnectionPool.check_connection,
            kwargs={
                "row_factory": dict_row,
                "connect_timeout": 2,
                "options": "-c statement_timeout=2000 -c lock_timeout=1500",
                "application_name": "backend-api",
            },
        )

    async def open(self) -> None:
        await self.pool.open(wait=False)

    async def close(self) -> None:
        await self.pool.close(timeout=1)

    @asynccontextmanager
    async def tenant(self, tenant_id: UUID) -> AsyncIterator[Session]:
        """One transaction that sees this tenant's rows and nobody else's."""
        async with self.gate() as session:
            await self.enter(session, tenant_id)
            yield session

    async def enter(self, session: Session, tenant_id: UUID) -> None:
        """Leave the tenant of this transaction, if any, for another. Nowhere else is it set."""
        await session.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id)])

    @asynccontextmanager
    async def gate(self) -> AsyncIterator[Session]:
        """One transaction of no tenant: sees `tenants`, may call the gate's functions."""
        async with asyncio.timeout(BUDGET), self.pool.connection() as session:
            yield session

    async def answers(self) -> None:
        async with self.gate() as session:
            await session.execute("SELECT 1")


async def one(session: Session, query: str, *values: object) -> Row | None:
    return await (await session.execute(query, values)).fetchone()


async def every(session: Session, query: str, *values: object, **named: object) -> list[Row]:
    return await (await session.execute(query, values or named)).fetchall()
