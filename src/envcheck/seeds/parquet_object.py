"""Whether bytes read back are the Parquet we meant, and what differs when they are not."""

from __future__ import annotations

from typing import Any

from envcheck.model.outcome import Observation, broken
from envcheck.seeds.generator.parquet import Part

FIX = "run `envcheck seed`, which writes it again"


def compare(body: bytes, part: Part) -> Observation | None:
    """None when the rows are ours. Another pyarrow writes other bytes of the same rows, so where
    the bytes differ the rows decide."""
    if body == part.body:
        return None
    found, meant = _table(body), _table(part.body)
    if found is None:
        return _wrong(part, "is no readable Parquet file", "s3.object-damaged")
    if _columns(found) != _columns(meant):
        seen = ", ".join(f"{name} {kind}" for name, kind in _columns(found).items())
        return _wrong(part, f"has the columns {seen}", "s3.parquet-schema")
    if found.num_rows != part.rows:
        said = f"holds {found.num_rows} rows instead of {part.rows}"
        return _wrong(part, said, "s3.parquet-rows")
    if not found.equals(meant):
        return _wrong(part, "holds other rows than the seed wrote", "s3.object-changed")
    return None


def _columns(table: Any) -> dict[str, str]:
    return {field.name: str(field.type) for field in table.schema}


def _table(body: bytes) -> Any:
    """None for what is no Parquet: the bytes come from the system under test."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(pa.BufferReader(body))
    except (pa.ArrowException, OSError, ValueError):
        return None


def _wrong(part: Part, said: str, cause: str) -> Observation:
    return broken(f"{part.key} {said}", cause=cause, fix=FIX)
