"""Buckets and Parquet on a real S3 server: written once, compared, never taken from others."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from envcheck.model.outcome import Answer
from envcheck.seeds.generator.parquet import parts
from envcheck.seeds.s3_buckets import S3Buckets
from envcheck.seeds.sample_data import SampleData
from tests.fakes.scene import FakeScene
from tests.seeds.given import SHAPE, fixtures, fresh, prove, refusal, write
from tests.servers import S3Server

pytestmark = pytest.mark.real
ITEMS = f"items/tenant={SHAPE['tenant']}/part-00000.parquet"
INTERACTIONS = f"interactions/tenant={SHAPE['tenant']}/part-00000.parquet"


@pytest.fixture
def scene(s3_server: S3Server) -> FakeScene:
    return FakeScene(s3_server.target)


@pytest.fixture
def client(s3_server: S3Server) -> Iterator[Any]:
    login = s3_server.target.connection
    one = boto3.client(
        "s3",
        endpoint_url=s3_server.target.url(),
        region_name="us-east-1",
        aws_access_key_id=login.user,
        aws_secret_access_key=login.password,
    )
    yield one
    one.close()


@pytest.fixture
def sample(scene: FakeScene) -> SampleData:
    """Into a bucket of its own."""
    bucket = fresh("sample")
    write(S3Buckets(service="minio", buckets=[bucket]), fixtures(), scene)
    return SampleData(service="minio", bucket=bucket, file="sample.yaml")


def test_missing_buckets_are_created_once(scene: FakeScene) -> None:
    seed = S3Buckets(service="minio", buckets=[fresh("one"), fresh("two")])
    assert prove(seed, fixtures(), scene)["buckets"].cause == "s3.bucket-missing"
    assert str(write(seed, fixtures(), scene)["buckets"]) == "wrote 2 of 2 buckets"
    assert prove(seed, fixtures(), scene)["buckets"].passed
    assert str(write(seed, fixtures(), scene)["buckets"]) == "unchanged (2 buckets)"


def test_a_deleted_bucket_is_named(scene: FakeScene, client: Any) -> None:
    seed = S3Buckets(service="minio", buckets=[fresh("here"), fresh("gone")])
    write(seed, fixtures(), scene)
    client.delete_bucket(Bucket=seed.buckets[1])
    seen = prove(seed, fixtures(), scene)["buckets"]
    assert (seen.answer, seen.observed) == (Answer.BROKEN, f"there is no bucket {seed.buckets[1]}")


def test_sample_data_are_written_once_and_read_back(scene: FakeScene, sample: SampleData) -> None:
    assert prove(sample, fixtures(), scene)["sample-data"].cause == "s3.object-missing"
    assert str(write(sample, fixtures(), scene)["sample-data"]) == "wrote 3100 of 3100 rows"
    seen = prove(sample, fixtures(), scene)["sample-data"]
    assert seen.observed == f"100 rows in {ITEMS}, 3000 rows in {INTERACTIONS}"
    assert str(write(sample, fixtures(), scene)["sample-data"]) == "unchanged (3100 rows)"


def test_only_the_object_that_is_gone_is_written_again(
    scene: FakeScene, sample: SampleData, client: Any
) -> None:
    write(sample, fixtures(), scene)
    client.delete_object(Bucket=sample.bucket, Key=ITEMS)
    assert str(write(sample, fixtures(), scene)["sample-data"]) == "wrote 100 of 3100 rows"


def _rewritten(body: bytes, change: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(change(pq.read_table(pa.BufferReader(body))), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda table: table.slice(1), "s3.parquet-rows"),
        (lambda table: table.drop_columns(["rating"]), "s3.parquet-schema"),
        (lambda table: table.take(list(range(len(table)))[::-1]), "s3.object-changed"),
        (None, "s3.object-damaged"),
    ],
)
def test_what_was_done_to_our_object_is_told_and_mended(
    scene: FakeScene, sample: SampleData, client: Any, change: Any, cause: str
) -> None:
    write(sample, fixtures(), scene)
    there = client.get_object(Bucket=sample.bucket, Key=INTERACTIONS)
    body = there["Body"].read()
    changed = _rewritten(body, change) if change else body[: len(body) // 2]
    client.put_object(
        Bucket=sample.bucket, Key=INTERACTIONS, Body=changed, Metadata=there["Metadata"]
    )
    seen = prove(sample, fixtures(), scene)["sample-data"]
    assert (seen.answer, seen.cause) == (Answer.BROKEN, cause)
    assert str(write(sample, fixtures(), scene)["sample-data"]) == "wrote 3000 of 3100 rows"
    assert prove(sample, fixtures(), scene)["sample-data"].passed


def test_the_same_rows_in_other_bytes_are_left_alone(
    scene: FakeScene, sample: SampleData, client: Any
) -> None:
    write(sample, fixtures(), scene)
    body = client.get_object(Bucket=sample.bucket, Key=ITEMS)["Body"].read()
    other = _rewritten(body, lambda table: table)
    assert other != body
    client.put_object(Bucket=sample.bucket, Key=ITEMS, Body=other)
    assert prove(sample, fixtures(), scene)["sample-data"].passed
    assert write(sample, fixtures(), scene)["sample-data"].changed == 0


def test_an_object_of_somebody_else_is_never_replaced(
    scene: FakeScene, sample: SampleData, client: Any
) -> None:
    client.put_object(Bucket=sample.bucket, Key=ITEMS, Body=b"theirs")
    assert refusal(sample, fixtures(), scene).cause == "s3.object-foreign"
    assert client.get_object(Bucket=sample.bucket, Key=ITEMS)["Body"].read() == b"theirs"


def test_a_missing_bucket_is_told(scene: FakeScene) -> None:
    seed = SampleData(service="minio", bucket=fresh("nowhere"), file="x")
    assert prove(seed, fixtures(), scene)["sample-data"].cause == "s3.bucket-missing"
    assert refusal(seed, fixtures(), scene).cause == "s3.bucket-missing"


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [({"user": "AKIANOBODY"}, "s3.key-unknown"), ({"password": "wrong"}, "s3.secret-wrong")],
)
def test_a_wrong_key_and_a_wrong_secret_are_told_apart(
    s3_server: S3Server, wrong: dict, cause: str
) -> None:
    target = s3_server.target
    scene = FakeScene(replace(target, connection=replace(target.connection, **wrong)))
    seed = S3Buckets(service="minio", buckets=["a-bucket"])
    seen = prove(seed, fixtures(), scene)["buckets"]
    assert (seen.answer, seen.cause) == (Answer.BROKEN, cause)


def test_a_server_that_is_silent_is_said_so(s3_server: S3Server) -> None:
    seed = S3Buckets(service="minio", buckets=["a-bucket"])
    s3_server.freeze()
    try:
        seen = prove(seed, fixtures(), FakeScene(s3_server.target))["buckets"]
    finally:
        s3_server.thaw()
    assert (seen.answer, seen.cause) == (Answer.NOT_YET, "s3.no-answer")


def test_bytes_that_bear_our_mark_and_recipe_are_proven_without_making_them_again(
    scene: FakeScene, sample: SampleData
) -> None:
    write(sample, fixtures(), scene)
    parts.cache_clear()
    assert prove(sample, fixtures(), scene)["sample-data"].passed
    assert parts.cache_info().misses == 0


def test_a_recipe_that_changed_lets_the_rows_decide(
    scene: FakeScene, sample: SampleData, client: Any
) -> None:
    write(sample, fixtures(), scene)
    bucket = sample.bucket
    body = client.get_object(Bucket=bucket, Key=ITEMS)["Body"].read()
    fewer = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(body)).slice(1), fewer)
    marks = {"envcheck-seed": hashlib.sha256(fewer.getvalue()).hexdigest(), "envcheck-recipe": "0"}
    client.put_object(Bucket=bucket, Key=ITEMS, Body=fewer.getvalue(), Metadata=marks)
    assert prove(sample, fixtures(), scene)["sample-data"].cause == "s3.parquet-rows"
