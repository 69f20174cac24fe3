"""What lies under a prefix: how many objects, and what the footers of Parquet files say."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from envcheck.errors import UnknownVerdict
from envcheck.kind import Count, Kind
from envcheck.model.amount import amount
from envcheck.model.outcome import Observation, broken, not_yet, passed


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
    """``place`` is ``bucket/prefix``."""
    bucket, _, prefix = place.partition("/")

    def ask(client: Any) -> Observation:
        limit = amount(wanted.count or 1).horizon
        keys = list(_keys(client, bucket, prefix, limit))
        if not keys:
            return _none(place)
        if wanted.count is not None and not amount(wanted.count).holds(len(keys)):
            return _other_count(place, len(keys), wanted)
        if wanted.parquet_rows is None and not wanted.schema_:
            return passed(f"{len(keys)} objects under {place}")
        return _parquet(client, bucket, place, keys, wanted)

    return ask


def _keys(client: Any, bucket: str, prefix: str, limit: int) -> Iterator[str]:
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": limit}
    )
    for page in pages:
        for item in page.get("Contents") or []:
            yield str(item["Key"])


def _parquet(
    client: Any, bucket: str, place: str, keys: Sequence[str], wanted: Objects
) -> Observation:
    files = [key for key in keys if key.endswith(".parquet")]
    if not files:
        return _none(f"{place}*.parquet")
    rows = 0
    for key in files:
        try:
            count, schema = _footer(client, bucket, key)
        except ValueError as error:  # ArrowInvalid is one
            return _unreadable(key, error)
        differing = differences(wanted.schema_, schema)
        if differing:
            return _other_schema(key, differing)
        rows += count
    return _judge_rows(place, rows, len(files), wanted)


def _footer(client: Any, bucket: str, key: str) -> tuple[int, dict[str, str]]:
    """Rows and columns with their types; only the end of the object is read."""
    try:
        from pyarrow import PythonFile, parquet
    except ImportError as error:
        raise UnknownVerdict("Parquet needs pyarrow", "pip install 'envcheck[seed]'") from error

    file = parquet.ParquetFile(PythonFile(Ranged(client, bucket, key), mode="r"))
    return file.metadata.num_rows, {field.name: str(field.type) for field in file.schema_arrow}


class Ranged(io.RawIOBase):
    """An object as a file that is read by ranges."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        super().__init__()
        self._client = client
        self._at = {"Bucket": bucket, "Key": key}
        self._size = int(client.head_object(**self._at)["ContentLength"])
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._position + size, self._size)
        if end <= self._position:
            return b""
        span = f"bytes={self._position}-{end - 1}"
        data = bytes(self._client.get_object(**self._at, Range=span)["Body"].read())
        self._position += len(data)
        return data


def differences(wanted: Mapping[str, str], has: Mapping[str, str]) -> list[str]:
    missing = [f"{name} is missing" for name in wanted if name not in has]
    return missing + [
        f"{name} is {has[name]}, expected {kind}"
        for name, kind in wanted.items()
        if name in has and has[name] != kind
    ]


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
