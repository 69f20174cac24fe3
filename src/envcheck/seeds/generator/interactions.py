"""What users did with items, when, for how long, and what they thought of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from envcheck.seeds.generator.items import item_id
from envcheck.seeds.generator.shape import Profile
from envcheck.seeds.generator.taste import Array, Generator, pairs

FIRST_SECOND = 1_767_225_600  # 2026-01-01T00:00:00Z: fixed, so that bytes do not depend on today
SPAN_SECONDS = 90 * 24 * 3600
TYPES = ("view", "cart", "purchase", "rating")
SHARES = (0.55, 0.75, 0.92)  # cumulative: views, carts, purchases; the rest are ratings


@dataclass(frozen=True)
class Interactions:
    """Columns in order of time. ``rating`` is 0 where the user gave none; ``second`` is UTC since
    the epoch."""

    user: Array
    item: Array
    type: Array
    second: Array
    rating: Array
    duration: Array

    def __len__(self) -> int:
        return len(self.user)


def user_id(position: int) -> str:
    return f"user_{position + 1:03d}"


def interactions(profile: Profile, rng: Generator) -> Interactions:
    import numpy as np

    users, items = pairs(profile, rng)
    order = rng.permutation(len(users))  # time must not tell which draw a pair came from
    types = np.searchsorted(SHARES, rng.random(len(users)), side="right")
    seconds = FIRST_SECOND + np.sort(rng.integers(0, SPAN_SECONDS, len(users)))
    return Interactions(
        user=users[order],
        item=items[order],
        type=types,
        second=seconds,
        rating=np.where(types == TYPES.index("rating"), rng.integers(3, 6, len(users)), 0),
        duration=rng.integers(3, 600, len(users)),
    )


def event(rows: Interactions, index: int) -> dict[str, Any]:
    """One interaction as the applications say it on Kafka."""
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(int(rows.second[index]), UTC)
    return {
        "user_id": user_id(int(rows.user[index])),
        "item_id": item_id(int(rows.item[index])),
        "interaction_type": TYPES[int(rows.type[index])],
        "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "rating": float(rows.rating[index]) or None,
        "duration_seconds": int(rows.duration[index]),
    }
