"""What lies under a prefix: how many objects, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from envcheck.checks.s3_parquet import differences, footer
from envcheck.errors import UnknownVerdict
from envcheck.kind import Count, Kind
from envcheck.model.amount import amount
from envcheck.model.outcome import Observation, broken, not_yet, passed

FOOTERS = 200  # read one after the other; more do not fit in the 3 s of a look


class Objects(Kind):
    """What a prefix should hold. ``schema`` maps columns to Arrow's type names (``string``,
    ``int64``, ``double``, ``timestamp[us]``); further columns may exist."""

    count: Count | None = None
    parquet_rows: Count | None = None
    schema_: dict[str, str] = {}  # noqa: RUF012 (pydantic copies it)

    def __str__(self) -> str:
        parts = []
        if self.count is not None:
            parts.append(f"{amount(self.count)} objects")
        if self.parquet_rows is not None:
            parts.append(f"{amount(self.parquet_rows)} Parquet rows")
        if self.schema_:
            parts.append(f"columns {', '.join(self.schema_)}")
        return " and ".join(parts) or "an object"


def holds(place: str, wanted: Objects) -> Callable[[Any], Observation]:
    """``place`` is ``bucket/prefix``. Raises UnknownVerdict for more files than can be read."""
    bucket, _, prefix = place.partition("/")
    enough = max(amount(wanted.count or 1).horizon, FOOTERS + 1)

    def ask(client: Any) -> Observation:
        keys = list(islice(_keys(client, bucket, prefix), enough))
        counted = _judge_count(place, len(keys), wanted)
        if not counted.passed or (wanted.parquet_rows is None and not wanted.schema_):
            return counted
        return _judge_files(client, bucket, place, keys, wanted)

    return ask


def _keys(client: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents") or []:
            yield str(item["Key"])


def _judge_count(place: str, count: int, wanted: Objects) -> Observation:
    if amount(wanted.count if wanted.count is not None else "> 0").holds(count):
        return passed(f"{count} objects under {place}")
    return _other_count(place, count, wanted) if count else _none(place)


def _judge_files(
    client: Any, bucket: str, place: str, keys: Sequence[str], wanted: Objects
) -> Observation:
    files = [key for key in keys if key.endswith(".parquet")]
    if not files:
        return _none(f"{place}*.parquet")
    if len(files) > FOOTERS:
        raise UnknownVerdict(f"more than {FOOTERS} Parquet files under {place}", "name fewer")
    rows = 0
    for key in files:
        try:
            count, schema = footer(client, bucket, key)
        except ValueError as error:  # ArrowInvalid is one
            return _unreadable(key, error)
        differing = differences(wanted.schema_, schema)
        if differing:
            return _other_schema(key, differing)
        rows += count
    return _judge_rows(place, rows, len(files), wanted)


def _judge_rows(place: str, rows: int, files: int, wanted: Objects) -> Observation:
    observed = f"{rows} rows in {files} Parquet files under {place}"
    if wanted.parquet_rows is None or amount(wanted.parquet_rows).holds(rows):
        return passed(observed)
    few = rows < amount(wanted.parquet_rows).number
    return not_yet(  # a seed may still be writing
        observed,
        expected=f"{amount(wanted.parquet_rows)} rows",
        cause="s3.rows-missing" if few else "s3.rows-too-many",
        fix="run the seed; see what removed files" if few else "see what wrote them twice",
    )


def _none(place: str) -> Observation:
    return not_yet(
        f"nothing under {place}",
        cause="s3.objects-missing",
        fix="run the seed; see what should write there",
    )


def _other_count(place: str, count: int, wanted: Objects) -> Observation:
    return not_yet(
        f"{count} objects under {place}",
        expected=str(wanted),
        cause="s3.objects-differ",
        fix="see what should write there, and what else does",
    )


def _other_schema(key: str, differing: Sequence[str]) -> Observation:
    return broken(
        f"{key}: {'; '.join(differing)}",
        cause="s3.schema-differs",
        fix="see which version of the writer made the file",
    )


def _unreadable(key: str, error: Exception) -> Observation:
    return broken(
        f"{key} is no readable Parquet file",
        cause="s3.parquet-unreadable",
        fix="see whether its writer was cut off, and write it again",
        evidence=(str(error)[:200],),
    )
