"""What a Parquet file in a bucket says of itself, read from its footer alone."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from envcheck.errors import UnknownVerdict


def footer(client: Any, bucket: str, key: str) -> tuple[int, dict[str, str]]:
    """Rows, and columns with their types; only the end of the object is read.

    Raises ValueError when it is no Parquet file, UnknownVerdict without pyarrow.
    """
    try:
        from pyarrow import PythonFile, parquet
    except ImportError as error:
        raise UnknownVerdict("Parquet needs pyarrow", "pip install 'envcheck[seed]'") from error

    file = parquet.ParquetFile(PythonFile(Ranged(client, bucket, key), mode="r"))
    return file.metadata.num_rows, {field.name: str(field.type) for field in file.schema_arrow}


def differences(wanted: Mapping[str, str], has: Mapping[str, str]) -> list[str]:
    missing = [f"{name} is missing" for name in wanted if name not in has]
    return missing + [
        f"{name} is {has[name]}, expected {kind}"
        for name, kind in wanted.items()
        if name in has and has[name] != kind
    ]


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
