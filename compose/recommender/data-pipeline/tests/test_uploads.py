"""An upload as a tenant sees it: what is taken, what is refused, and what becomes of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.conftest import (
    DEMO,
    INTERNAL,
    OTHER,
    SUSPENDED,
    Pipeline,
    application,
    bearer,
    broker,
    events,
    storage,
    until,
)
from tests.servers import Process

ITEMS = """item_id,name,category,price,tags
i1,Tent,camping,99.5,light|green
i2,Stove,camping,-1,
i3,,camping,5,
i1,Tent again,camping,1,
i4,Lamp,home,12,oak
"""
INTERACTIONS = """user_id,item_id,interaction_type,timestamp,rating,duration_seconds
u1,i1,view,2026-01-31T12:00:00Z,,30
u1,i2,PURCHASE,2026-01-31 13:00:00,5,
u2,i1,dance,2026-01-31T12:00:00Z,,
u2,i2,view,yesterday,9,
"""


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    yield from broker(tmp_path_factory.mktemp("kafka"))


@pytest.fixture(scope="module")
def pipeline(
    database: Process, s3: Process, kafka: Process, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pipeline]:
    """One for all of these tests: none of them breaks it."""
    yield from application(database, s3, kafka, tmp_path_factory.mktemp("pipeline"))


def told(kafka: Process, topic: str, upload_id: str) -> list[Any]:
    """The events of one upload."""
    mine = ("upload-id", upload_id.encode())
    return [record for record in events(kafka, topic) if mine in record.headers]


def test_good_rows_become_parquet_and_one_event_each(
    pipeline: Pipeline, kafka: Process, s3: Process
) -> None:
    answer = pipeline.upload("items", ITEMS)
    assert answer.status_code == 202
    said = answer.json()
    assert (said["accepted"], said["rejected"]) == (2, 3)
    assert said["errors"] == [
        {"row": 2, "column": "price", "message": "expected 0 or more"},
        {"row": 3, "column": "name", "message": "is missing"},
        {"row": 4, "column": "item_id", "message": "repeats row 1"},
    ]
    until(lambda: pipeline.delivered(said["upload_id"]))
    _parquet_holds(s3, said["upload_id"])
    found = {
        record.key.decode(): record for record in told(kafka, "item_catalog", said["upload_id"])
    }
    assert sorted(found) == ["i1", "i4"]
    assert json.loads(found["i1"].value) == {
        "tenant_id": DEMO,
        "upload_id": said["upload_id"],
        "item_id": "i1",
        "name": "Tent",
        "category": "camping",
        "price": 99.5,
        "description": None,
        "brand": None,
        "tags": ["light", "green"],
    }


def _parquet_holds(s3: Process, upload_id: str) -> None:
    client = storage(s3)
    key = f"tenant={DEMO}/{upload_id}.parquet"
    body = client.get_object(Bucket="embeddings-item-data", Key=key)["Body"].read()
    client.close()
    table = parquet.read_table(pa.BufferReader(body))
    assert table.column("item_id").to_pylist() == ["i1", "i4"]
    assert table.column("tags").to_pylist() == [["light", "green"], ["oak"]]


def test_interactions_are_keyed_by_user_and_their_times_are_utc(
    pipeline: Pipeline, kafka: Process
) -> None:
    said = pipeline.upload("interactions", INTERACTIONS).json()
    assert (said["accepted"], said["rejected"]) == (2, 2)
    assert {(error["row"], error["column"]) for error in said["errors"]} == {
        (3, "interaction_type"),
        (4, "timestamp"),
        (4, "rating"),
    }
    until(lambda: pipeline.delivered(said["upload_id"]))
    topic = "user_interactions"
    found = [json.loads(record.value) for record in told(kafka, topic, said["upload_id"])]
    assert [(row["user_id"], row["timestamp"]) for row in found] == [
        ("u1", "2026-01-31T12:00:00Z"),
        ("u1", "2026-01-31T13:00:00Z"),
    ]
    assert found[1]["interaction_type"] == "purchase"


def test_parquet_is_taken_like_csv(pipeline: Pipeline) -> None:
    table = pa.table({"item_id": ["i1"], "name": ["n"], "category": ["c"], "price": [1.5]})
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    answer = pipeline.upload("items", sink.getvalue(), "x.parquet")
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)


@pytest.mark.parametrize(
    ("content", "name", "status", "message"),
    [
        ("a,b\n1,2\n", "x.csv", 422, "The file lacks the column item_id, name, category, price."),
        ("", "x.csv", 422, "The file lacks the column item_id, name, category, price."),
        ("item_id,name,category,price\n,,,\n", "x.csv", 422, "No row of the file can be used."),
        (b"item_id,name,category,price\n\xff\xfe,,,\n", "x.csv", 422, "The file is not CSV"),
        (b"item_id,name,category,price\na\x00,b,c,1\n", "x.csv", 422, ""),
        (b"PAR1 but not really", "x.parquet", 422, "The file is no readable Parquet file."),
        ("hello", "x.txt", 415, "Send a CSV or a Parquet file."),
        ("x" * 3_100_000, "x.csv", 413, "The upload is larger than 3000000 bytes."),
    ],
)
def test_what_cannot_be_used_is_refused_readably(
    pipeline: Pipeline, content: Any, name: str, status: int, message: str
) -> None:
    answer = pipeline.upload("items", content, name)
    assert answer.status_code == status
    body = answer.json()
    assert body["error"]["message"].startswith(message)
    assert set(body) == {"error", "timestamp"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert "Traceback" not in pipeline.log()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Nothing": ""}, 401),
        ({"Authorization": "Bearer nonsense"}, 401),
        (bearer(secret="another-signing-key-of-32-bytes-or-more"), 401),
        (bearer(exp=1), 401),
        (bearer(type="refresh"), 401),
        (bearer(SUSPENDED), 403),
        (bearer("d0000000-0000-4000-8000-00000000dead"), 403),
        ({**bearer(), "X-Tenant-ID": OTHER}, 403),
        ({"X-Internal-Token": "wrong", "X-Tenant-ID": DEMO}, 401),
        ({"X-Internal-Token": INTERNAL}, 422),
        ({"X-Internal-Token": INTERNAL, "X-Tenant-ID": "demo"}, 422),
        ({"X-Internal-Token": INTERNAL, "X-Tenant-ID": DEMO}, 202),
        ({**bearer(role="platform_admin"), "X-Tenant-ID": OTHER}, 202),
    ],
)
def test_only_who_may_can_upload(pipeline: Pipeline, headers: dict, status: int) -> None:
    assert pipeline.upload("items", ITEMS, **headers).status_code == status


def test_an_upload_is_told_to_its_own_tenant_only(pipeline: Pipeline) -> None:
    upload_id = pipeline.upload("items", ITEMS).json()["upload_id"]
    path = f"/api/v1/uploads/{upload_id}"
    assert pipeline.get(path, headers=bearer()).status_code == 200
    assert pipeline.get(path, headers=bearer(OTHER)).status_code == 404
    assert pipeline.get(path).status_code == 401
    assert pipeline.get("/api/v1/uploads/none", headers=bearer()).status_code == 404


def test_other_addresses_methods_and_bodies_are_refused_in_the_same_words(
    pipeline: Pipeline,
) -> None:
    assert pipeline.upload("people", ITEMS).json()["error"]["code"] == "not_found"
    assert pipeline.get("/nowhere").json()["error"]["code"] == "not_found"
    assert pipeline.get("/api/v1/uploads/").status_code in (404, 405)


def test_health_says_how_each_dependency_is(pipeline: Pipeline, kafka: Process) -> None:
    answer = pipeline.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "healthy",
        "checks": {
            "database": {"status": "healthy"},
            "kafka_connected": True,
            "s3_connected": True,
            "queue_depth": 0,
        },
    }
    kafka.freeze()
    answer = pipeline.get("/health")
    kafka.thaw()
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert (checks["kafka_connected"], checks["s3_connected"]) == (False, True)


def metrics(pipeline: Pipeline) -> dict[str, float]:
    lines = pipeline.get("/metrics").text.splitlines()
    told = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in told}


def test_metrics_and_logs_tell_enough_and_no_secret(pipeline: Pipeline) -> None:
    path = 'path="/api/v1/uploads/{kind}"'
    requests = f'http_requests_total{{method="POST",{path},service="data-pipeline",status="202"}}'
    rows = 'upload_rows_total{kind="items",result="accepted"}'
    before = metrics(pipeline)
    upload_id = pipeline.upload("items", ITEMS).json()["upload_id"]
    until(lambda: pipeline.delivered(upload_id))
    until(lambda: metrics(pipeline)["outbox_depth"] == 0)
    after = metrics(pipeline)
    assert after[requests] == before.get(requests, 0) + 1
    assert after[rows] == before.get(rows, 0) + 2
    token = bearer()["Authorization"].split(".")[1]
    lines = [json.loads(line) for line in pipeline.log().splitlines()]
    assert any(line.get("path") == "/api/v1/uploads/{kind}" for line in lines)
    for secret in (INTERNAL, "the-s3-secret", "test-owner", "signing-key", token):
        assert secret not in pipeline.log()
