"""A tenant's Parquet files as columns: the samples first, then what the tenant uploaded."""

from __future__ import annotations

from typing import Any

from ml_engine.errors import Unusable
from ml_engine.storage import SAMPLES, UPLOADED_INTERACTIONS, UPLOADED_ITEMS, Storage

ITEMS = ((SAMPLES, "items/"), (UPLOADED_ITEMS, ""))  # buckets and where in them
INTERACTIONS = ((SAMPLES, "interactions/"), (UPLOADED_INTERACTIONS, ""))
NUMBERS = ("price", "rating", "duration_seconds")
DEMANDED = ("item_id", "name", "category", "user_id", "timestamp")  # without them: unusable


def items(storage: Storage, tenant: str) -> Any:
    """A pyarrow table, one row per line of the files; empty when there are none."""
    return _without_gaps(
        read(storage, ITEMS, tenant, ("item_id", "name", "category")), ("item_id",)
    )


def interactions(storage: Storage, tenant: str) -> Any:
    """A pyarrow table; ``timestamp`` in microseconds. Rows with a gap are left out."""
    import pyarrow as pa

    columns = ("user_id", "item_id", "timestamp")
    table = _without_gaps(read(storage, INTERACTIONS, tenant, columns), columns)
    return table.set_column(2, "timestamp", table.column("timestamp").cast(pa.int64()))


def read(
    storage: Storage, places: tuple[tuple[str, str], ...], tenant: str, columns: tuple[str, ...]
) -> Any:
    """These columns of every file, typed alike. Raises StorageAway, Unusable."""
    import pyarrow as pa

    found = [
        _file(storage.get(bucket, key) or b"", f"{bucket}/{key}", columns)
        for bucket, folder in places
        for key in storage.keys(bucket, f"{folder}tenant={tenant}/")
        if key.endswith(".parquet")
    ]
    empty = pa.table({name: pa.array([], _type(name)) for name in columns})
    return pa.concat_tables([empty, *found])


def _without_gaps(table: Any, columns: tuple[str, ...]) -> Any:
    import pyarrow.compute as pc

    for name in columns:
        table = table.filter(pc.is_valid(table.column(name)))
    return table


def _file(content: bytes, place: str, columns: tuple[str, ...]) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(pa.BufferReader(content)).read()
        missing = [n for n in columns if n in DEMANDED and n not in table.column_names]
        if missing:
            raise Unusable(f"{place} lacks the column {', '.join(missing)}", columns=missing)
        return pa.table({name: _column(table, name) for name in columns})
    except pa.ArrowException as error:
        raise Unusable(f"{place} cannot be read: {error}") from error


def _column(table: Any, name: str) -> Any:
    import pyarrow as pa

    if name not in table.column_names:
        return pa.nulls(len(table), _type(name))
    column = table.column(name)
    if pa.types.is_timestamp(column.type) and column.type.tz:
        column = column.cast(pa.timestamp(column.type.unit))  # same instant, zone dropped
    return column.cast(_type(name), safe=False)


def _type(name: str) -> Any:
    import pyarrow as pa

    if name == "timestamp":
        return pa.timestamp("us")
    return pa.float64() if name in NUMBERS else pa.string()
