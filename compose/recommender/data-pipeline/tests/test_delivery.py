"""None lost, none twice: whatever happens to Kafka or to us between acceptance and delivery."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import (
    DEMO,
    Pipeline,
    application,
    broker,
    create_topics,
    events,
    storage,
    until,
)
from tests.servers import Process, free_port

HEADER = "user_id,item_id,interaction_type,timestamp\n"
ROWS = 6000


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Process]:
    """One for each test: memory only, so a stop loses what it held."""
    yield from broker(tmp_path)


@pytest.fixture
def pipeline(database: Process, s3: Process, kafka: Process, tmp_path: Path) -> Iterator[Pipeline]:
    yield from application(database, s3, kafka, tmp_path)


def interactions(stem: str, count: int = ROWS) -> str:
    rows = (f"{stem}{n % 50},i{n},view,2026-01-01T00:00:00Z" for n in range(count))
    return HEADER + "\n".join(rows)


def queue_of(pipeline: Pipeline) -> str:
    environment = pipeline.process.options["env"]
    assert isinstance(environment, dict)
    return str(environment["QUEUE_PATH"])


def told(kafka: Process) -> Counter[tuple[bytes, bytes]]:
    """How often each (upload, row) is on the topic."""
    headers = [dict(record.headers) for record in events(kafka, "user_interactions")]
    return Counter((header["upload-id"], header["upload-row"]) for header in headers)


def each_once(kafka: Process, count: int) -> bool:
    found = told(kafka)
    return len(found) == count and set(found.values()) == {1}


def test_uploads_are_taken_while_kafka_is_away_and_told_later_in_order(
    pipeline: Pipeline, kafka: Process
) -> None:
    kafka.stop(signal.SIGKILL)
    first = pipeline.upload("interactions", interactions("a", 300)).json()
    second = pipeline.upload("interactions", interactions("a", 200)).json()
    assert first["status"] == second["status"] == "accepted"
    health = pipeline.get("/health").json()
    assert health["checks"]["queue_depth"] == 500
    assert health["checks"]["kafka_connected"] is False
    kafka.start()
    create_topics(kafka)
    until(lambda: pipeline.delivered(second["upload_id"]))
    assert each_once(kafka, 500)
    by_key: dict[bytes, list[tuple[bytes, int]]] = {}
    for record in events(kafka, "user_interactions"):
        header = dict(record.headers)
        by_key.setdefault(record.key, []).append((header["upload-id"], int(header["upload-row"])))
    wanted = {upload["upload_id"].encode(): place for place, upload in enumerate((first, second))}
    for seen in by_key.values():
        assert seen == sorted(seen, key=lambda one: (wanted[one[0]], one[1]))


def test_a_queue_survives_a_kill_and_a_restart_while_kafka_is_away(
    pipeline: Pipeline, kafka: Process
) -> None:
    kafka.stop(signal.SIGKILL)
    upload = pipeline.upload("interactions", interactions("b", 400)).json()
    pipeline.process.stop(signal.SIGKILL)
    pipeline.process.start()
    assert pipeline.status(upload["upload_id"])["events"] == {"total": 400, "delivered": 0}
    kafka.start()
    create_topics(kafka)
    until(lambda: pipeline.delivered(upload["upload_id"]))
    assert each_once(kafka, 400)


def test_killed_again_and_again_in_the_middle_of_delivery_nothing_is_lost_or_doubled(
    pipeline: Pipeline, kafka: Process
) -> None:
    uploads = [pipeline.upload("interactions", interactions(stem)).json() for stem in "cde"]

    def count() -> int:
        return sum(pipeline.status(one["upload_id"])["events"]["delivered"] for one in uploads)

    for _ in range(5):
        before = count()
        until(lambda before=before: count() > before or count() == 3 * ROWS)
        pipeline.process.stop(signal.SIGKILL)
        pipeline.process.start()
    until(lambda: all(pipeline.delivered(upload["upload_id"]) for upload in uploads))
    assert each_once(kafka, 3 * ROWS)


def test_a_kill_after_kafka_took_the_events_and_before_we_noted_it_doubles_nothing(
    pipeline: Pipeline, kafka: Process
) -> None:
    """The one moment a mark after the acknowledgement cannot cover by itself."""
    upload = pipeline.upload("interactions", interactions("f", 100)).json()
    until(lambda: pipeline.delivered(upload["upload_id"]))
    pipeline.process.stop(signal.SIGKILL)
    queue = sqlite3.connect(queue_of(pipeline))
    topic, offsets = "user_interactions", '{"0": 0, "1": 0, "2": 0, "3": 0, "4": 0, "5": 0}'
    for row in range(1, 101):
        values = (upload["upload_id"], row, topic, b"k", b"v")
        queue.execute(
            "INSERT INTO events (upload, row, topic, key, value) VALUES (?,?,?,?,?)", values
        )
    last = queue.execute("SELECT max(seq) FROM events").fetchone()[0]
    queue.execute("INSERT INTO flight VALUES (1, ?, ?, ?)", (topic, last, offsets))
    queue.execute("UPDATE uploads SET delivered = 0")
    queue.commit()
    queue.close()
    pipeline.process.start()
    until(lambda: pipeline.delivered(upload["upload_id"]))
    assert each_once(kafka, 100)


def test_a_frozen_broker_costs_no_upload_and_no_event(pipeline: Pipeline, kafka: Process) -> None:
    kafka.freeze()
    upload = pipeline.upload("interactions", interactions("g", 1000)).json()
    assert upload["status"] == "accepted"
    time.sleep(1)  # long enough for the delivery to have begun
    kafka.thaw()
    until(lambda: pipeline.delivered(upload["upload_id"]))
    assert each_once(kafka, 1000)


def test_two_processes_on_one_queue_do_not_deliver_twice(
    pipeline: Pipeline, kafka: Process
) -> None:
    port = free_port()
    second = Process(
        [*pipeline.process.argv[:-1], str(port)],
        port,
        pipeline.process.log.with_name("second.log"),
        **pipeline.process.options,
    )
    second.start()
    try:
        upload = pipeline.upload("interactions", interactions("h")).json()
        until(lambda: pipeline.delivered(upload["upload_id"]))
    finally:
        second.stop()
    assert each_once(kafka, ROWS)


def test_an_upload_a_kill_cut_short_before_its_acceptance_leaves_nothing(
    pipeline: Pipeline, s3: Process
) -> None:
    pipeline.process.stop(signal.SIGKILL)
    key = f"tenant={DEMO}/cut-short.parquet"
    client = storage(s3)
    client.put_object(Bucket="embeddings-user-data", Key=key, Body=b"x")
    queue = sqlite3.connect(queue_of(pipeline))
    queue.execute(
        "INSERT INTO uploads (id, tenant, kind, state, bucket, object, report, owner)"
        " VALUES ('cut-short', ?, 'interactions', 'storing', 'embeddings-user-data', ?, '{}', 'x')",
        (DEMO, key),
    )
    queue.commit()
    queue.close()
    pipeline.process.start()

    def gone() -> bool:
        listed = client.list_objects_v2(Bucket="embeddings-user-data", Prefix=key)
        return int(listed["KeyCount"]) == 0

    until(gone)
    client.close()
