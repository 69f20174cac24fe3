"""Recommendations: from the cache, from ml-engine, or what is popular while it is away."""

import hashlib
import json
from typing import Any
from uuid import UUID

from backend_api import metrics
from backend_api.cache import Cache
from backend_api.errors import ApiError
from backend_api.neighbours import Neighbour, NeighbourAway, NeighbourRefused
from backend_api.popular import Items, Popular

PATIENCE = 2.0  # seconds for ml-engine; its first answer loads the model
KEPT = 60  # seconds an answer is believed; a newly trained model is served within that


class Recommender:
    def __init__(self, cache: Cache, ml_engine: Neighbour, popular: Popular) -> None:
        self.cache, self.ml_engine, self.popular = cache, ml_engine, popular

    async def recommend(
        self, tenant_id: UUID, user_id: str, count: int, category: str | None
    ) -> dict[str, Any]:
        """At most ``count`` items, best first. Raises ApiError where nothing can be said."""
        key = cache_key(tenant_id, user_id, count, category)
        cached = await self.cache.get(key)
        metrics.CACHE.labels("miss" if cached is None else "hit").inc()
        if cached is not None:
            return {**cached, "cached": True}
        answer = await self.ask(tenant_id, user_id, count, category)
        if not answer["fallback"]:  # what stands in for an answer must not outlive the need
            await self.cache.put(key, answer, KEPT)
        return {**answer, "cached": False}

    async def ask(
        self, tenant_id: UUID, user_id: str, count: int, category: str | None
    ) -> dict[str, Any]:
        filters = {"category": category} if category else {}
        question = {"tenant_id": str(tenant_id), "user_id": user_id, "count": count}
        try:
            said = await self.ml_engine.call(
                "POST", "/api/v1/recommend", json={**question, "filters": filters}, timeout=PATIENCE
            )
        except NeighbourAway:
            return await self.stand_in(tenant_id, user_id, count, category)
        except NeighbourRefused as refusal:
            raise unusable(refusal) from None
        self.popular.refresh_soon(tenant_id, category)
        if said["fallback"]:
            metrics.FALLBACKS.labels("ml-engine said so").inc()
        items = ranked(said["recommendations"], count)
        return shaped(
            user_id, items, fallback=bool(said["fallback"]), version=said["model_version"]
        )

    async def stand_in(
        self, tenant_id: UUID, user_id: str, count: int, category: str | None
    ) -> dict[str, Any]:
        metrics.FALLBACKS.labels("ml-engine away").inc()
        items = await self.popular.of(tenant_id, category)
        if not items:
            raise ApiError(503, "No recommendations now: the engine does not answer.")
        return shaped(user_id, ranked(items, count), fallback=True, version=None)

    async def forget(self, tenant_id: UUID) -> None:
        """A deployed model must be seen at once: what was cached before it no longer counts."""
        self.popular.asked.clear()
        await self.cache.drop(f"recommend:{tenant_id}:*")

    async def close(self) -> None:
        await self.popular.close()


def cache_key(tenant_id: UUID, user_id: str, count: int, category: str | None) -> str:
    asked = json.dumps([user_id, count, category])
    return f"recommend:{tenant_id}:{hashlib.sha256(asked.encode()).hexdigest()[:32]}"


def ranked(items: Items, count: int) -> Items:
    return sorted(items, key=lambda item: -float(item["score"]))[:count]


def shaped(user_id: str, items: Items, *, fallback: bool, version: object) -> dict[str, Any]:
    kept = [{key: item.get(key) for key in ("item_id", "score", "reason")} for item in items]
    return {
        "user_id": user_id,
        "recommendations": kept,
        "fallback": fallback,
        "model_version": version,
    }


def unusable(refusal: NeighbourRefused) -> ApiError:
    """What was wrong with the question goes to the asker; what is wrong between us does not."""
    if refusal.status in {404, 422}:
        return ApiError(404, "There is nothing to recommend from yet.")
    return ApiError(502, "The engine refused our question.")
