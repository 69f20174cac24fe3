"""An event that follows from a request, seen on a real broker."""

from __future__ import annotations

import json
import uuid
from contextlib import closing
from typing import Any

import pytest

from envcheck.checks.api.kind import Api
from envcheck.checks.kafka_records import write
from envcheck.checks.kafka_wire import Talk
from envcheck.model.check import Check
from envcheck.model.outcome import Answer, Observation
from envcheck.model.target import Endpoint
from tests.checks.asking import explains
from tests.checks.web import Asked, Said, Web, web
from tests.servers import KafkaServer

pytestmark = pytest.mark.real


class Uploads:
    """An upload service that writes its event; ``partition`` and ``says`` are the test's to break."""

    def __init__(self, server: KafkaServer, topic: str) -> None:
        self.server, self.topic = server, topic
        self.partition, self.says = 2, True

    def __call__(self, asked: Asked) -> Said:
        if self.says:
            self.event({"upload": asked.json["ref"], "rows": 3})
        return Said({"id": "u1"}, 202)

    def event(self, value: Any) -> None:
        with Talk(Endpoint("127.0.0.1", self.server.port)) as talk:
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            write(talk, self.topic, self.partition, b"demo", data)


@pytest.fixture
def uploads(kafka_server: KafkaServer) -> Uploads:
    from kafka.admin import KafkaAdminClient

    topic = f"uploads_{uuid.uuid4().hex[:8]}"
    with closing(KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{kafka_server.port}")) as admin:
        admin.create_topics({topic: {"num_partitions": 3, "replication_factor": 1}})
    return Uploads(kafka_server, topic)


def check(topic: str, within: str = "3s", **message: Any) -> Check:
    upload = {"service": "api", "post": "/uploads", "json": {"ref": "{{unique}}"}}
    where = {"upload": "{{unique}}", "rows": {"min": 1}}
    event = {"service": "kafka", "topic": topic, "where": where, "within": within, **message}
    steps = [{"request": upload}, {"message": event, "capture": {"rows": "rows"}}]
    (made,) = Api.model_validate({"name": "an upload is an event", "steps": steps}).checks()
    return made


def look(made: Check, running: Web, uploads: Uploads) -> Observation:
    return made.look(running.scene(uploads.server.target))


def test_the_event_of_a_request_is_found_among_others(uploads: Uploads) -> None:
    for other in ({"upload": "older"}, b"no json", b""):
        uploads.event(other)
    with web({"POST /uploads": uploads}) as running:
        assert look(check(uploads.topic, key="demo"), running, uploads).passed
        assert look(check(uploads.topic), running, uploads).passed


def test_an_event_that_never_comes_is_named(uploads: Uploads) -> None:
    uploads.says = False
    with web({"POST /uploads": uploads}) as running:
        seen = look(check(uploads.topic, within="500ms"), running, uploads)
    explains(seen)
    assert (seen.cause, seen.answer) == ("api.event-missing", Answer.NOT_YET)
    assert uploads.topic in seen.observed
    assert seen.evidence[0].endswith("other messages came in that time")


def test_the_event_of_somebody_else_does_not_count(uploads: Uploads) -> None:
    with web({"POST /uploads": uploads}) as running:
        seen = look(check(uploads.topic, key="another", within="500ms"), running, uploads)
    assert seen.cause == "api.event-missing"


def test_a_topic_that_is_not_there_is_the_brokers_fault_and_nothing_is_asked(
    uploads: Uploads,
) -> None:
    with web({"POST /uploads": uploads}) as running:
        seen = look(check("no_such_topic"), running, uploads)
    assert (seen.cause, seen.culprit) == ("kafka.topic-missing", "kafka")
    assert running.asked == []
