"""The sample data as Parquet (zstd): same rows and same pyarrow, same bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from envcheck.seeds.generator.interactions import (
    TYPES,
    Interactions,
    interactions,
    user_id,
)
from envcheck.seeds.generator.items import item_id, items
from envcheck.seeds.generator.shape import Profile

ITEMS_STREAM, INTERACTIONS_STREAM = 1, 2  # so that more of the one does not change the other


@dataclass(frozen=True)
class Outline:
    """One object before it is made: its key below the bucket and how many rows it will hold."""

    key: str
    rows: int


@dataclass(frozen=True)
class Part:
    """One object: its key below the bucket, its rows and its bytes."""

    key: str
    rows: int
    body: bytes

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@lru_cache(maxsize=2)
def history(seed: int, profile: Profile) -> Interactions:
    import numpy as np

    return interactions(profile, np.random.default_rng([seed, INTERACTIONS_STREAM]))


def outlines(tenant: str, profile: Profile) -> tuple[Outline, Outline]:
    """The two objects of a tenant: the catalogue and the interactions."""
    return (
        Outline(f"items/tenant={tenant}/part-00000.parquet", profile.items),
        Outline(f"interactions/tenant={tenant}/part-00000.parquet", profile.interactions),
    )


@lru_cache(maxsize=2)
def recipe(tenant: str, seed: int, profile: Profile) -> str:
    """Everything the rows follow from, in 16 characters: the numbers and the code itself."""
    told = [tenant, seed, profile.model_dump()]
    counted = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        counted.update(source.read_bytes())
    return counted.hexdigest()[:16]


@lru_cache(maxsize=2)
def parts(tenant: str, seed: int, profile: Profile) -> tuple[Part, Part]:
    """Both objects, made: half a second of a small machine, most of it for imports."""
    import numpy as np

    catalogue = items(profile, np.random.default_rng([seed, ITEMS_STREAM]))
    both = outlines(tenant, profile)
    return (
        _part(both[0].key, _item_table(catalogue)),
        _part(both[1].key, _interaction_table(history(seed, profile), profile)),
    )


def _part(key: str, table: Any) -> Part:
    import pyarrow.parquet as pq
    from pyarrow import BufferOutputStream

    sink = BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=3)
    return Part(key, table.num_rows, sink.getvalue().to_pybytes())


def _item_table(catalogue: dict[str, list[Any]]) -> Any:
    import pyarrow as pa

    return pa.table(catalogue)


def _interaction_table(rows: Interactions, profile: Profile) -> Any:
    import numpy as np
    import pyarrow as pa

    users = pa.array([user_id(position) for position in range(profile.users)])
    things = pa.array([item_id(position) for position in range(profile.items)])
    return pa.table(
        {
            "user_id": users.take(pa.array(rows.user)),
            "item_id": things.take(pa.array(rows.item)),
            "interaction_type": pa.array(TYPES).take(pa.array(rows.type)),
            "timestamp": pa.array(rows.second * 1000).cast(pa.timestamp("ms", tz="UTC")),
            "rating": pa.array(rows.rating.astype(np.float64), mask=rows.rating == 0),
            "duration_seconds": pa.array(rows.duration.astype(np.int32)),
        }
    )
