"""S3, quick to give up."""

from __future__ import annotations

import threading
from typing import Any

from data_pipeline.errors import Refused
from data_pipeline.settings import Settings


class Storage:
    """Thread-safe; the client is made at first use, because making it costs a third of a second."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: Any = None
        self._making = threading.Lock()

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Raises 503."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client().put_object(Bucket=bucket, Key=key, Body=body)
        except (BotoCoreError, ClientError) as error:
            raise Refused(503, "The upload cannot be stored now. Try again.") from error

    def delete(self, bucket: str, key: str) -> None:
        """Raises botocore's errors."""
        self._client().delete_object(Bucket=bucket, Key=key)

    def answers(self) -> None:
        """Raises botocore's errors."""
        self._client().list_buckets()

    def warm_up(self) -> None:
        """Talks to nobody."""
        self._client()

    def _client(self) -> Any:
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self._settings.s3_endpoint,
            region_name="us-east-1",
            aws_access_key_id=self._settings.s3_access_key,
            aws_secret_access_key=self._settings.s3_secret_key,
            config=Config(
                connect_timeout=1,
                read_timeout=3,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
