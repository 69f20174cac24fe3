"""The door to any server that speaks S3: path style, quick to give up, nothing of this machine.

A client takes 70 ms to make, mostly for reading botocore's models, and a request takes 2; so one
per login serves the whole run, from any thread.
"""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import Any

REGION = "us-east-1"  # what a server without regions answers to

# Neither the profile nor the files of whoever runs us may change what we ask.
_NOTHING_FROM_HERE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
_making = threading.Lock()  # botocore's sessions are not safe to share while they make clients


def client(url: str, key: str, secret: str, region: str = REGION) -> Any:
    """The client of this login, shared: never close it."""
    with _making:
        return _client(url, key, secret, region)


@cache
def _session() -> Any:
    import boto3
    from botocore.session import Session

    return boto3.session.Session(botocore_session=Session(_NOTHING_FROM_HERE))


@cache
def _client(url: str, key: str, secret: str, region: str) -> Any:
    from botocore.config import Config

    return _session().client(
        "s3",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(
            connect_timeout=1,
            read_timeout=2,
            retries={"total_max_attempts": 1},
            proxies={},
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            # checksum trailers are refused by servers older than the end of 2024
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
