"""What to show someone we know nothing about: what most people of the tenant turned to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml_engine.dataset import Catalogue


@dataclass(frozen=True, slots=True)
class Recommendation:
    item_id: str
    score: float  # 0–1, comparable within one answer only
    reason: str


def popular(items: Catalogue, count: int, category: str | None) -> list[Recommendation]:
    """The most popular first; among equals the smaller id."""
    chosen = np.arange(len(items.ids))
    if category is not None:
        chosen = np.flatnonzero(items.categories == category)
    best = chosen[np.argsort(-items.popularity[chosen], kind="stable")][:count]
    most = max(int(items.popularity.max(initial=0)), 1)
    return [
        Recommendation(str(items.ids[item]), round(items.popularity[item] / most, 6), "popular")
        for item in best
    ]
