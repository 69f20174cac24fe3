"""What a tenant knows: items, users, and who met which item when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ml_engine import tables
from ml_engine.errors import Absent, Unusable
from ml_engine.storage import Storage

MINIMUM_USERS = 5
MINIMUM_INTERACTIONS = 20
KEPT_FOR_TRAINING = 4  # distinct items; a user with fewer has nothing to spare for the test
HELD_OUT_SHARE = 5  # one in five of a user's items, the latest ones


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Items in a fixed order; ``popularity`` counts interactions."""

    ids: np.ndarray
    names: np.ndarray
    categories: np.ndarray
    popularity: np.ndarray


@dataclass(frozen=True, slots=True)
class Dataset:
    """``pairs`` are positions (user, item), distinct, by user and then by time."""

    tenant_id: str
    users: np.ndarray
    items: Catalogue
    pairs: tuple[np.ndarray, np.ndarray]
    interactions: int

    @property
    def history(self) -> sparse.csr_matrix:
        return self.matrix(*self.pairs)

    def matrix(self, users: np.ndarray, items: np.ndarray) -> sparse.csr_matrix:
        ones = np.ones(len(users), np.float32)
        shape = (len(self.users), len(self.items.ids))
        return sparse.csr_matrix((ones, (users, items)), shape=shape)

    def split(self) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """(for training, held out): of each user's items the latest fifth is held out."""
        users, items = self.pairs
        count = np.bincount(users, minlength=len(self.users))
        kept_back = np.where(count > KEPT_FOR_TRAINING, np.maximum(count // HELD_OUT_SHARE, 1), 0)
        rank = np.arange(len(users)) - (np.cumsum(count) - count)[users]
        late = rank >= (count - kept_back)[users]
        return self.matrix(users[~late], items[~late]), self.matrix(users[late], items[late])


def read(storage: Storage, tenant: str) -> Dataset:
    """Raises Absent when the tenant has no data at all, StorageAway, Unusable."""
    items = tables.items(storage, tenant)
    rows = tables.interactions(storage, tenant)
    if not len(items) and not len(rows):
        raise Absent(f"tenant {tenant} has no data", tenant_id=tenant)
    users, user_at = _codes(rows.column("user_id"))
    catalogue, item_at = _catalogue(items, rows.column("item_id"))
    times = rows.column("timestamp").to_numpy()
    return Dataset(tenant, users, catalogue, _distinct(user_at, item_at, times), len(rows))


def demand_enough(data: Dataset) -> None:
    """Raises Unusable when there is too little to learn from."""
    if len(data.users) < MINIMUM_USERS or data.interactions < MINIMUM_INTERACTIONS:
        raise Unusable(
            f"too little to learn from: {len(data.users)} users and {data.interactions} "
            f"interactions; at least {MINIMUM_USERS} and {MINIMUM_INTERACTIONS} are needed",
            users=len(data.users),
            interactions=data.interactions,
        )


def _codes(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """(sorted distinct values, the position of each row's value among them)."""
    encoded = column.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_numpy(zero_copy_only=False).astype(str)
    order = np.argsort(values)
    position = np.empty(len(values), np.int64)
    position[order] = np.arange(len(values))
    return values[order], position[encoded.indices.to_numpy()]


def _catalogue(items: Any, met: Any) -> tuple[Catalogue, np.ndarray]:
    """All items declared or met; of an item declared twice the later row counts."""
    import pyarrow as pa

    declared = len(items)
    every = pa.chunked_array([*items.column("item_id").chunks, *met.chunks], pa.string())
    ids, at = _codes(every)
    columns = []
    for name in ("name", "category"):
        values = np.full(len(ids), "", dtype=object)
        values[at[:declared]] = items.column(name).fill_null("").to_pylist()
        columns.append(values.astype(str))
    popularity = np.bincount(at[declared:], minlength=len(ids))
    return Catalogue(ids, columns[0], columns[1], popularity), at[declared:]


def _distinct(
    users: np.ndarray, items: np.ndarray, times: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Each (user, item) once, at its first time. Ties are broken by item: order of rows is luck."""
    order = np.lexsort((times, items, users))
    users, items, times = users[order], items[order], times[order]
    fresh = np.ones(len(users), bool)
    fresh[1:] = (users[1:] != users[:-1]) | (items[1:] != items[:-1])
    users, items, times = users[fresh], items[fresh], times[fresh]
    order = np.lexsort((items, times, users))
    return users[order], items[order]
