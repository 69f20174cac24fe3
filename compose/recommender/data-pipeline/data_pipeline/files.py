"""An uploaded file as rows, and good rows as Parquet. The file is an attacker's until proven."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from data_pipeline.errors import Refused
from data_pipeline.rows import Kind

PARQUET = "parquet"
CSV = "csv"
MEDIA = {
    "text/csv": CSV,
    "application/csv": CSV,
    "application/vnd.ms-excel": CSV,  # what browsers on Windows call a .csv
    "application/vnd.apache.parquet": PARQUET,
    "application/x-parquet": PARQUET,
}
MOST_UNPACKED = 1024 * 1024 * 1024  # bytes a Parquet file may say it unpacks to


def file_format(name: str, media: str) -> str:
    """By the name's ending, else by the media type. Raises 415."""
    for ending in (CSV, PARQUET):
        if name.lower().endswith(f".{ending}"):
            return ending
    if known := MEDIA.get(media.partition(";")[0].strip().lower()):
        return known
    raise Refused(415, "Send a CSV or a Parquet file.")


def rows(kind: Kind, content: BinaryIO, form: str, most: int) -> Iterator[dict[str, Any]]:
    """Raises 422 for a file that is not what it says, lacks a column, or has too many rows."""
    read = _parquet(kind, content, most) if form == PARQUET else _csv(kind, content)
    for number, row in enumerate(read, 1):
        if number > most:
            raise Refused(422, f"The file has more than {most} rows.")
        yield row


def _csv(kind: Kind, content: BinaryIO) -> Iterator[dict[str, Any]]:
    text = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
    try:
        lines = csv.DictReader(text)
        _demand_columns(kind, lines.fieldnames or ())
        yield from lines
    except (csv.Error, UnicodeDecodeError) as error:
        raise Refused(422, f"The file is not CSV in UTF-8: {_reason(error)}.") from None


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, UnicodeDecodeError) else str(error)


def _parquet(kind: Kind, content: BinaryIO, most: int) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(content)
        _demand_columns(kind, file.schema_arrow.names)
        _demand_modest(file.metadata, most)
        wanted = [name for name in file.schema_arrow.names if name in kind.columns]
        for batch in file.iter_batches(batch_size=10_000, columns=wanted):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError):
        raise Refused(422, "The file is no readable Parquet file.") from None


def _demand_columns(kind: Kind, found: Sequence[str]) -> None:
    missing = [column for column in kind.required if column not in found]
    if missing:
        errors = [{"row": 0, "column": column, "message": "is missing"} for column in missing]
        message = f"The file lacks the column {', '.join(missing)}."
        raise Refused(422, message, {"accepted": 0, "rejected": 0, "errors": errors})


def _demand_modest(metadata: Any, most: int) -> None:
    unpacked = sum(
        metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)
    )
    if metadata.num_rows > most or unpacked > MOST_UNPACKED:
        raise Refused(
            422, f"The file has more than {most} rows or unpacks to more than a gigabyte."
        )


def packed(kind: Kind, good: Sequence[dict[str, Any]]) -> bytes:
    """The rows as Parquet (zstd), with the same columns whatever the upload left out."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(column, _type(column)) for column in kind.columns])
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(list(good), schema), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _type(column: str) -> Any:
    import pyarrow as pa

    special = {
        "price": pa.float64(),
        "rating": pa.float64(),
        "duration_seconds": pa.int32(),
        "timestamp": pa.timestamp("ms", tz="UTC"),
        "tags": pa.list_(pa.string()),
    }
    return special.get(column, pa.string())
