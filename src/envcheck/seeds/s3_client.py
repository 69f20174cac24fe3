"""The S3 client of the seeds: any server, path style, quick to give up, refusals by code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from envcheck.model.outcome import Observation, broken, not_yet
from envcheck.model.seed import SeedFailed
from envcheck.model.target import Target
from envcheck.system import s3
from envcheck.system.tcp import unreachable

MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})
REFUSALS = {  # S3 error code → cause, fix
    "InvalidAccessKeyId": ("s3.key-unknown", "use the access key this server was started with"),
    "SignatureDoesNotMatch": ("s3.secret-wrong", "use the secret key that belongs to the key"),
    "AccessDenied": ("s3.denied", "allow the key to list, create and write buckets"),
    "NoSuchBucket": ("s3.bucket-missing", "run `envcheck seed`, which creates the bucket"),
}


@contextmanager
def opened(target: Target) -> Iterator[Any]:
    """A client. Raises SeedFailed, also in place of what the calls in the block raise."""
    refused = unreachable(target.endpoint())
    if refused is not None:
        raise SeedFailed(refused)
    from botocore.exceptions import BotoCoreError, ClientError

    client = _client(target)
    try:
        yield client
    except ClientError as error:
        raise SeedFailed(_refusal(target, error)) from error
    except BotoCoreError as error:
        raise SeedFailed(_no_answer(target, error)) from error


def code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _client(target: Target) -> Any:
    login = target.connection
    return s3.client(target.url(), login.user if login else "", login.password if login else "")


def _refusal(target: Target, error: Any) -> Observation:
    said = code(error)
    cause, fix = REFUSALS.get(said, ("s3.refused", f"look up the S3 error code {said}"))
    operation = getattr(error, "operation_name", "the request")
    return broken(f"{target.service} refuses {operation}: {said}", cause=cause, fix=fix)


def _no_answer(target: Target, error: Exception) -> Observation:
    name = type(error).__name__
    return not_yet(
        f"{target.service} does not answer as S3: {name}",
        cause="s3.no-answer",
        fix="see in its log whether the server hangs, and whether the port is its S3 API",
    )
