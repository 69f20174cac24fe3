"""Made-up tenants: one whose users have tastes, one whose users pick at random."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pyarrow as pa
from pyarrow import parquet

LINE = 20  # items per product line


@dataclass(frozen=True)
class Sample:
    items: bytes
    interactions: bytes


@cache
def tenant(
    users: int = 300, items: int = 200, each: int = 10, *, tastes: bool = True, seed: int = 1
) -> Sample:
    """Parquet as the sample data's; with ``tastes`` a user mostly stays within one line."""
    random = np.random.default_rng(seed)
    line = np.arange(items) % (items // LINE)
    home = random.integers(0, items // LINE, users)
    rows = []
    for user in range(users):
        weight = np.where(line == home[user], 1.0, 0.01) if tastes else np.ones(items)
        picked = random.choice(items, size=each, replace=False, p=weight / weight.sum())
        rows += [(user, item) for item in picked]
    return Sample(_items(items, line), _interactions(rows, random))


def _items(count: int, line: np.ndarray) -> bytes:
    return _parquet(
        item_id=[f"item_{item + 1:04}" for item in range(count)],
        name=[f"Thing {item + 1}" for item in range(count)],
        category=[f"category-{at}" for at in line],
        price=[9.99] * count,
        description=[""] * count,
        brand=["Acme"] * count,
        tags=[["new"]] * count,
    )


def _interactions(rows: list[tuple[int, int]], random: np.random.Generator) -> bytes:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    seconds = random.integers(0, 90 * 86400, len(rows))
    return _parquet(
        user_id=[f"user_{user + 1:03}" for user, _ in rows],
        item_id=[f"item_{item + 1:04}" for _, item in rows],
        interaction_type=["view"] * len(rows),
        timestamp=[start + timedelta(seconds=int(second)) for second in seconds],
        rating=[None] * len(rows),
        duration_seconds=[3.5] * len(rows),
    )


def _parquet(**columns: list[object]) -> bytes:
    content = io.BytesIO()
    parquet.write_table(pa.table(columns), content, compression="zstd")
    return content.getvalue()
