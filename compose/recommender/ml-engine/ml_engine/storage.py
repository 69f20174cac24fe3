"""The S3 door: objects in, objects out, every failure told apart."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ml_engine.errors import StorageAway
from ml_engine.settings import Settings

MODELS = "embeddings-models"
SAMPLES = "embeddings-data"
UPLOADED_ITEMS = "embeddings-item-data"
UPLOADED_INTERACTIONS = "embeddings-user-data"


class Storage:
    """One S3 account. Every method raises StorageAway when S3 cannot do what was asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made = threading.Lock()
        self._clients: dict[float, Any] = {}

    def get(self, bucket: str, key: str) -> bytes | None:
        """The object's bytes; None when there is no such object."""
        with self._answers(bucket) as client:
            try:
                return client.get_object(Bucket=bucket, Key=key)["Body"].read()
            except client.exceptions.NoSuchKey:
                return None

    def get_json(self, bucket: str, key: str) -> Any:
        found = self.get(bucket, key)
        return None if found is None else json.loads(found)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        with self._answers(bucket) as client:
            client.put_object(Bucket=bucket, Key=key, Body=content)

    def put_json(self, bucket: str, key: str, content: Any) -> None:
        self.put(bucket, key, json.dumps(content, indent=1).encode())

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """All keys under ``prefix``, sorted."""
        with self._answers(bucket) as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return sorted(row["Key"] for page in pages for row in page.get("Contents", ()))

    def folders(self, bucket: str, prefix: str) -> list[str]:
        """The next level under ``prefix``, with a short deadline: health asks this."""
        with self._answers(bucket, read_timeout=1) as client:
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=prefix, Delimiter="/"
            )
            return [row["Prefix"] for page in pages for row in page.get("CommonPrefixes", ())]

    @contextmanager
    def _answers(self, bucket: str, read_timeout: float = 15) -> Iterator[Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield self._client(read_timeout)
        except ClientError as error:
            raise StorageAway(_sentence(error.response, bucket), bucket=bucket) from error
        except BotoCoreError as error:
            raise StorageAway(f"S3 does not answer: {type(error).__name__}") from error

    def _client(self, read_timeout: float) -> Any:
        with self._made:  # boto3 sessions are not safe to use from two threads at once
            if read_timeout not in self._clients:
                self._clients[read_timeout] = self._connected(read_timeout)
            return self._clients[read_timeout]

    def _connected(self, read_timeout: float) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self._settings.s3_endpoint,
            aws_access_key_id=self._settings.s3_access_key,
            aws_secret_access_key=self._settings.s3_secret_key,
            region_name="us-east-1",
            config=Config(
                connect_timeout=1,
                read_timeout=read_timeout,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
            ),
        )


def _sentence(response: dict[str, Any], bucket: str) -> str:
    code = response.get("Error", {}).get("Code", "unknown")
    if code == "NoSuchBucket":
        return f"bucket {bucket} is missing"
    return f"S3 refuses access to bucket {bucket}: {code}"
