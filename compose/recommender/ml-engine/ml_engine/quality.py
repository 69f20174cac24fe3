"""What is wrong with a tenant's data, as counts of rows per problem."""

from __future__ import annotations

from typing import Any

from ml_engine import tables
from ml_engine.errors import Absent
from ml_engine.storage import Storage

TYPES = ("view", "click", "cart", "purchase", "rating")
RATINGS = (1.0, 5.0)


def report(storage: Storage, tenant: str) -> dict[str, Any]:
    """Raises Absent when there is no data at all, StorageAway, Unusable."""
    items = tables.read(storage, tables.ITEMS, tenant, ("item_id", "name", "category", "price"))
    rows = tables.read(
        storage,
        tables.INTERACTIONS,
        tenant,
        ("user_id", "item_id", "interaction_type", "timestamp", "rating", "duration_seconds"),
    )
    if not len(items) and not len(rows):
        raise Absent(f"tenant {tenant} has no data", tenant_id=tenant)
    problems = {**_items(items), **_interactions(rows, items)}
    return {
        "tenant_id": tenant,
        "rows": {"items": len(items), "interactions": len(rows)},
        "findings": [{"problem": name, "rows": n} for name, n in problems.items() if n],
    }


def _items(items: Any) -> dict[str, int]:
    import pyarrow.compute as pc

    ids = items.column("item_id")
    return {
        "an item without id": ids.null_count,
        "an item without name": items.column("name").null_count,
        "an item without category": items.column("category").null_count,
        "a negative price": _count(pc.less(items.column("price"), 0)),
    }


def _interactions(rows: Any, items: Any) -> dict[str, int]:
    import pyarrow.compute as pc

    known = pc.is_in(rows.column("item_id"), value_set=items.column("item_id").combine_chunks())
    typed = pc.is_in(rows.column("interaction_type"), value_set=_strings(TYPES))
    rating, duration = rows.column("rating"), rows.column("duration_seconds")
    low, high = RATINGS
    return {
        "an interaction without user": rows.column("user_id").null_count,
        "an interaction without time": rows.column("timestamp").null_count,
        "an interaction with an unknown item": _count(pc.invert(known)),
        "an interaction of an unknown type": _count(pc.invert(typed)),
        f"a rating outside {low:g}–{high:g}": _count(
            pc.or_(pc.less(rating, low), pc.greater(rating, high))
        ),
        "a negative duration": _count(pc.less(duration, 0)),
    }


def _count(mask: Any) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(mask).as_py() or 0)


def _strings(values: tuple[str, ...]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string())
