"""How we are: each dependency asked at the same time, none for longer than PATIENCE."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from backend_api import metrics
from backend_api.neighbours import Neighbour, NeighbourAway, NeighbourRefused
from backend_api.services import Services

PATIENCE = 0.9  # seconds
AWAY = (psycopg.Error, TimeoutError, RedisError, OSError, NeighbourRefused)


class NotWell(Exception):  # noqa: N818 (what the neighbour says of itself)
    """It answers, and says that it is not healthy."""


@dataclass(frozen=True, slots=True)
class Finding:
    status: str  # healthy | degraded | unhealthy
    latency_ms: float
    error: str = ""

    def body(self) -> dict[str, object]:
        said = {"status": self.status, "latency_ms": self.latency_ms}
        return {**said, "error": self.error} if self.error else said


async def neighbour(asked: Neighbour) -> None:
    said = await asked.call("GET", "/health", timeout=PATIENCE)
    if said.get("status") != "healthy":
        raise NotWell(f"says it is {str(said.get('status'))[:20]}")


async def find(ask: Callable[[], Awaitable[None]]) -> Finding:
    started = time.perf_counter()
    status, error = "healthy", ""
    try:
        await ask()
    except NotWell as said:
        status, error = "degraded", str(said)
    except (NeighbourAway, PoolTimeout) as why:
        status, error = "unhealthy", str(why)
    except AWAY as why:  # only the kind of error: a driver's text may hold addresses and names
        status, error = "unhealthy", type(why).__name__
    return Finding(status, round((time.perf_counter() - started) * 1000, 1), error)


async def look(services: Services) -> dict[str, Finding]:
    asks: dict[str, Callable[[], Awaitable[None]]] = {
        "database": services.database.answers,
        "redis": services.cache.answers,
        "ml_engine": lambda: neighbour(services.ml_engine),
        "data_pipeline": lambda: neighbour(services.data_pipeline),
    }
    tasks = {name: asyncio.create_task(find(ask)) for name, ask in asks.items()}
    done, late = await asyncio.wait(tasks.values(), timeout=PATIENCE)
    for task in late:
        task.cancel()  # abandoned, not awaited
    silent = Finding("unhealthy", PATIENCE * 1000, "no answer in time")
    found = {name: task.result() if task in done else silent for name, task in tasks.items()}
    for name, finding in found.items():
        metrics.DEPENDENCY.labels(name).set(finding.status == "healthy")
    return found


def overall(found: dict[str, Finding]) -> str:
    """Without the database nothing can be served; without the others, less."""
    if found["database"].status != "healthy":
        return "unhealthy"
    if any(finding.status != "healthy" for finding in found.values()):
        return "degraded"
    return "healthy"
