"""A tenant's Parquet files as columns: the samples first, then what the tenant uploaded."""

from __future__ import annotations

from typing import Any

from ml_engine.errors import Unusable
from ml_engine.storage import SAMPLES, UPLOADED_INTERACTIONS, UPLOADED_ITEMS, Storage

ITEM_COLUMNS = ("item_id", "name", "category")
INTERACTION_COLUMNS = ("user_id", "item_id", "timestamp")


def items(storage: Storage, tenant: str) -> Any:
    """A pyarrow table, one row per line of the files; empty when there are none."""
    places = [(SAMPLES, f"items/tenant={tenant}/"), (UPLOADED_ITEMS, f"tenant={tenant}/")]
    return _read(storage, places, ITEM_COLUMNS)


def interactions(storage: Storage, tenant: str) -> Any:
    """A pyarrow table; ``timestamp`` in microseconds. Rows without user or item are left out."""
    import pyarrow as pa

    places = [
        (SAMPLES, f"interactions/tenant={tenant}/"),
        (UPLOADED_INTERACTIONS, f"tenant={tenant}/"),
    ]
    table = _read(storage, places, INTERACTION_COLUMNS).drop_null()
    position = table.schema.get_field_index("timestamp")
    times = table.column(position).cast(pa.int64())
    return table.set_column(position, "timestamp", times)


def _read(storage: Storage, places: list[tuple[str, str]], columns: tuple[str, ...]) -> Any:
    import pyarrow as pa

    found = [
        _file(storage.get(bucket, key) or b"", f"{bucket}/{key}", columns)
        for bucket, prefix in places
        for key in storage.keys(bucket, prefix)
        if key.endswith(".parquet")
    ]
    empty = pa.table({name: pa.array([], _type(name)) for name in columns})
    return pa.concat_tables([empty, *found])


def _file(content: bytes, place: str, columns: tuple[str, ...]) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(pa.BufferReader(content)).read()
        missing = [name for name in columns if name not in table.column_names]
        if missing:
            raise Unusable(f"{place} lacks the column {', '.join(missing)}", columns=missing)
        return pa.table({name: _plain(table.column(name), _type(name)) for name in columns})
    except pa.ArrowException as error:
        raise Unusable(f"{place} cannot be read: {error}") from error


def _plain(column: Any, wanted: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.tz:
        column = column.cast(pa.timestamp(column.type.unit))  # same instant, zone dropped
    return column.cast(wanted, safe=False)


def _type(name: str) -> Any:
    import pyarrow as pa

    return pa.timestamp("us") if name == "timestamp" else pa.string()
