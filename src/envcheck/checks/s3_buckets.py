"""Do the buckets exist, do they keep versions, do they take an object and give it back?"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from envcheck.checks.reach import Amiss
from envcheck.checks.s3_codes import garbled
from envcheck.checks.s3_session import code_of, status_of
from envcheck.model.outcome import Observation, broken, not_yet, passed

NOT_FOUND = 404
SHOWN = 10  # buckets named in a sentence


def logged_in(buckets: Sequence[str]) -> Callable[[Any], Observation]:
    """A key may be known and yet not be allowed to list; then a bucket of its own must do."""

    def ask(client: Any) -> Observation:
        from botocore.exceptions import ClientError

        try:
            names = listed(client)
        except ClientError as error:
            if code_of(error.response) != "AccessDenied" or not buckets:
                raise
            return passed("the key is known; it may not list buckets")
        return passed(f"the key is accepted; {len(names)} buckets")

    return ask


def buckets_exist(wanted: Sequence[str]) -> Callable[[Any], Observation]:
    def ask(client: Any) -> Observation:
        from botocore.exceptions import ClientError

        try:
            present = listed(client)
        except ClientError as error:
            if code_of(error.response) != "AccessDenied":
                raise
            return _each_looked_into(client, wanted)
        return judge_buckets(wanted, present)

    return ask


def listed(client: Any) -> list[str]:
    """Raises Amiss for a page of another server: to botocore that is a list without buckets."""
    answer = client.list_buckets()
    if "Buckets" not in answer and "Owner" not in answer:
        raise Amiss(
            garbled(str(client.meta.endpoint_url), "the answer lists neither buckets nor owner")
        )
    return [str(bucket["Name"]) for bucket in answer.get("Buckets") or []]


def _each_looked_into(client: Any, wanted: Sequence[str]) -> Observation:
    """Without the right to list, a bucket that is refused may exist or not."""
    codes = {bucket: _refusal(client, bucket) for bucket in wanted}
    refused = [bucket for bucket, code in codes.items() if code == "AccessDenied"]
    if refused:
        return broken(
            f"the key may not look into {', '.join(refused)}, should it exist",
            cause="s3.denied",
            fix="attach a policy that allows s3:ListBucket on it to the key's user",
        )
    return judge_buckets(wanted, [bucket for bucket in wanted if not codes[bucket]])


def _refusal(client: Any, bucket: str) -> str:
    """Why one may not look into the bucket: denied, or missing; "" where one may."""
    from botocore.exceptions import ClientError

    try:
        client.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except ClientError as error:
        code = code_of(error.response)
        if code not in ("AccessDenied", "NoSuchBucket"):
            raise
        return code
    return ""


def judge_buckets(wanted: Sequence[str], present: Sequence[str]) -> Observation:
    missing = [bucket for bucket in wanted if bucket not in present]
    if not missing:
        return passed(f"{len(wanted)} buckets: {', '.join(wanted)}")
    there = ", ".join(sorted(present)[:SHOWN]) or "none"
    return not_yet(  # a seed or an init job may be creating it
        f"there is no bucket {', '.join(missing)}",
        cause="s3.bucket-missing",
        fix="create it: see how the job or the seed that does so ended",
        evidence=(f"buckets there: {there}",),
    )


def versions_kept(wanted: Mapping[str, str]) -> Callable[[Any], Observation]:
    def ask(client: Any) -> Observation:
        states = {bucket: _versioning(client, bucket) for bucket in wanted}
        wrong = [bucket for bucket in wanted if states[bucket] != wanted[bucket]]
        if not wrong:
            return passed(", ".join(f"{bucket}: {state}" for bucket, state in states.items()))
        on = any(states[bucket] == "enabled" for bucket in wrong)
        return broken(
            ", ".join(f"versioning of {bucket} is {states[bucket]}" for bucket in wrong),
            expected=", ".join(f"{bucket}: {wanted[bucket]}" for bucket in wrong),
            cause="s3.versioning-on" if on else "s3.versioning-off",
            fix="set the bucket's versioning (`mc version enable`, PutBucketVersioning)",
        )

    return ask


def _versioning(client: Any, bucket: str) -> str:
    return str(client.get_bucket_versioning(Bucket=bucket).get("Status") or "off").lower()


def round_trip(bucket: str) -> Callable[[Any], Observation]:
    """Write, read, delete an object of our own; no version and no marker of it stays."""

    def ask(client: Any) -> Observation:
        key, body = f"envcheck/{secrets.token_hex(8)}", secrets.token_bytes(64)
        version = client.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId")
        which = {"VersionId": version} if version and version != "null" else {}
        try:
            read = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        finally:
            client.delete_object(Bucket=bucket, Key=key, **which)
        if read != body:
            return broken(
                f"an object in {bucket} reads differently from what was written",
                cause="s3.lost-write",
                fix="see whether a proxy answers in the server's place, and the drives' health",
            )
        if _readable(client, bucket, key):
            return broken(
                f"an object deleted from {bucket} is still there",
                cause="s3.delete-ignored",
                fix="see whether object locking or a proxy's cache keeps it",
            )
        return passed(f"writes, reads and deletes in {bucket}")

    return ask


def _readable(client: Any, bucket: str, key: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if status_of(error.response) == NOT_FOUND:
            return False
        raise
    return True
