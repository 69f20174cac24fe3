"""The popular items of each tenant, kept for the time when ml-engine is away.

ml-engine answers a user it has never seen with its popular items, marked as fallback. We ask it
for such a user now and then while it is well, and keep the answer in Redis and in memory.
"""

import asyncio
import time
from typing import Any
from uuid import UUID

from backend_api.cache import Cache
from backend_api.neighbours import Neighbour, NeighbourAway, NeighbourRefused

NOBODY = "~nobody~"  # no real user: ml-engine's cold start
MOST = 100
FRESH = 300.0  # seconds until we ask again
KEPT = 7 * 24 * 3600
CATEGORIES = 1000  # lists kept in memory at most

Items = list[dict[str, Any]]


class Popular:
    def __init__(self, cache: Cache, ml_engine: Neighbour) -> None:
        self.cache, self.ml_engine = cache, ml_engine
        self.lists: dict[str, Items] = {}
        self.asked: dict[str, float] = {}
        self.running: set[asyncio.Task[None]] = set()

    async def of(self, tenant_id: UUID, category: str | None) -> Items:
        """Best first; empty where we never had the chance to ask."""
        key = name(tenant_id, category)
        return self.lists.get(key) or await self.cache.get(key) or []

    def refresh_soon(self, tenant_id: UUID, category: str | None) -> None:
        """Ask behind the answer that is being given, at most every FRESH seconds."""
        key = name(tenant_id, category)
        if time.monotonic() - self.asked.get(key, -FRESH) < FRESH:
            return
        if len(self.asked) >= CATEGORIES:
            self.asked.clear()
            self.lists.clear()
        self.asked[key] = time.monotonic()
        task = asyncio.create_task(self.refresh(key, tenant_id, category))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def refresh(self, key: str, tenant_id: UUID, category: str | None) -> None:
        ask = {"tenant_id": str(tenant_id), "user_id": NOBODY, "count": MOST}
        if category:
            ask["filters"] = {"category": category}
        try:
            said = await self.ml_engine.call("POST", "/api/v1/recommend", json=ask)
        except (NeighbourAway, NeighbourRefused):
            self.asked.pop(key, None)
            return
        if said.get("fallback") and said.get("recommendations"):
            self.lists[key] = said["recommendations"]
            await self.cache.put(key, said["recommendations"], KEPT)

    async def close(self) -> None:
        for task in self.running:
            task.cancel()


def name(tenant_id: UUID, category: str | None) -> str:
    return f"popular:{tenant_id}:{category or ''}"
