"""The numbers a sample-data fixture may hold, and what growing from them promises."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from pydantic import ValidationError

from envcheck.seeds.generator.interactions import event
from envcheck.seeds.generator.parquet import history, parts
from envcheck.seeds.generator.shape import Profile, Shape

TENANT = "d0000000-0000-4000-8000-000000000001"
SMALL = Profile(users=1000, items=500, interactions=10_000)
FULL = Profile(users=10_000, items=5_000, interactions=100_000)
CUT = np.array([1 / np.log2(rank + 2) for rank in range(10)])


def ndcg_at_10(users: np.ndarray, items: np.ndarray, profile: Profile) -> float:
    """Of an item-to-item baseline (cosine), on each user's last fifth, ranked over every item the
    user has not touched: no sampled negatives, nothing tuned."""
    last = _last_fifth(users, profile.users)
    train = np.zeros((profile.users, profile.items), np.float32)
    train[users[~last], items[~last]] = 1
    held = np.zeros_like(train, bool)
    held[users[last], items[last]] = True
    unit = train / np.maximum(np.sqrt(train.sum(0)), 1)
    like = unit.T @ unit
    np.fill_diagonal(like, 0)
    scores = np.where(train > 0, -np.inf, train @ like)
    top = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    gained = (np.take_along_axis(held, top, 1) * CUT).sum(1)
    ideal = np.concatenate([[0], np.cumsum(CUT)])[np.minimum(held.sum(1), 10)]
    asked = ideal > 0
    return float((gained[asked] / ideal[asked]).mean())


def _last_fifth(users: np.ndarray, count: int) -> np.ndarray:
    """Rows are in order of time."""
    seen, total = np.zeros(count, int), np.bincount(users, minlength=count)
    last = np.zeros(len(users), bool)
    for row, user in enumerate(users):
        seen[user] += 1
        last[row] = seen[user] > total[user] - max(1, total[user] // 5)
    return last


@pytest.mark.parametrize("profile", [SMALL, FULL.scaled(0.4)], ids=["small", "two fifths of full"])
def test_a_recommender_can_learn_from_it(profile: Profile) -> None:
    rows = history(20261121, profile)
    assert ndcg_at_10(rows.user, rows.item, profile) > 0.40


def test_the_same_rows_with_shuffled_items_teach_nothing() -> None:
    rows = history(20261121, SMALL)
    shuffled = np.random.default_rng(1).permutation(rows.item)
    assert ndcg_at_10(rows.user, shuffled, SMALL) < 0.08


@pytest.mark.parametrize("profile", [SMALL, FULL], ids=["small", "full"])
def test_it_holds_exactly_what_the_profile_says(profile: Profile) -> None:
    rows = history(7, profile)
    assert len(rows) == profile.interactions
    assert len(np.unique(rows.user)) == profile.users
    assert len(np.unique(rows.user * profile.items + rows.item)) == profile.interactions
    assert rows.item.min() >= 0
    assert rows.item.max() < profile.items
    assert (np.diff(rows.second) >= 0).all()


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    def checksums(seed: int) -> list[str]:
        parts.cache_clear()
        history.cache_clear()
        return [hashlib.sha256(part.body).hexdigest() for part in parts(TENANT, seed, SMALL)]

    assert checksums(1) == checksums(1)
    assert set(checksums(1)).isdisjoint(checksums(2))


def test_an_event_says_what_the_parquet_row_says() -> None:
    import pyarrow.parquet as pq
    from pyarrow import BufferReader

    table = pq.read_table(BufferReader(parts(TENANT, 3, SMALL)[1].body)).to_pylist()
    for index in (0, 17, 9_999):
        said = event(history(3, SMALL), index)
        row = dict(table[index])
        row["timestamp"] = row["timestamp"].strftime("%Y-%m-%dT%H:%M:%SZ")
        assert said == row


def test_scaling_keeps_within_the_shape() -> None:
    assert SMALL.scaled(2) == Profile(users=2000, items=1000, interactions=20_000)
    assert SMALL.scaled(0.001) == Profile(users=1, items=40, interactions=10)


def test_an_unknown_profile_is_answered_with_those_there_are() -> None:
    shape = Shape(tenant=TENANT, seed=1, profiles={"small": SMALL, "full": FULL})
    with pytest.raises(LookupError, match=r"no profile 'huge' \(there are: full, small\)"):
        shape.sized("huge", 1)


@pytest.mark.parametrize("interactions", [999, 20_001])
def test_more_or_fewer_interactions_than_users_can_have_are_refused(interactions: int) -> None:
    with pytest.raises(ValidationError, match="1000 users need 1000 to 20000 interactions"):
        Profile(users=1000, items=500, interactions=interactions)
