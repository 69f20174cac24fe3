"""Topics and events on a real broker: each exactly once, whatever happens in between."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from envcheck.errors import Interrupted
from envcheck.model.outcome import Answer
from envcheck.seeds.kafka_events import KafkaEvents
from envcheck.seeds.kafka_topics import KafkaTopics
from tests.fakes.scene import FakeScene
from tests.seeds.given import SHAPE, fixtures, fresh, prove, refusal, silent, write
from tests.servers import KafkaServer

pytestmark = pytest.mark.real
TOTAL = SHAPE["profiles"]["small"]["interactions"]


@pytest.fixture
def scene(kafka_server: KafkaServer) -> FakeScene:
    return FakeScene(kafka_server.target)


@pytest.fixture
def admin(kafka_server: KafkaServer) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{kafka_server.port}")
    yield client
    client.close()


@pytest.fixture
def events(scene: FakeScene) -> KafkaEvents:
    """On a topic of its own, with three partitions."""
    topic = fresh("events")
    write(KafkaTopics(service="kafka", topics={topic: 3}), fixtures(), scene)
    return KafkaEvents(service="kafka", topic=topic, file="sample.yaml")


def records(server: KafkaServer, topic: str) -> list:
    consumer = KafkaConsumer(bootstrap_servers=f"127.0.0.1:{server.port}", fetch_max_wait_ms=20)
    consumer.assign([TopicPartition(topic, number) for number in range(3)])
    consumer.seek_to_beginning()
    found = []
    while batch := consumer.poll(timeout_ms=300, max_records=10_000):
        found += [record for some in batch.values() for record in some]
    consumer.close()
    return found


def test_missing_topics_are_created_once(scene: FakeScene) -> None:
    seed = KafkaTopics(service="kafka", topics={fresh("orders"): 3, fresh("audit"): 1})
    assert prove(seed, fixtures(), scene)["topics"].cause == "kafka.topic-missing"
    assert str(write(seed, fixtures(), scene)["topics"]) == "wrote 2 of 2 topics"
    assert prove(seed, fixtures(), scene)["topics"].observed == "2 topics with 4 partitions"
    assert str(write(seed, fixtures(), scene)["topics"]) == "unchanged (2 topics)"


def test_a_topic_with_other_partitions_is_left_alone_and_told(scene: FakeScene) -> None:
    name = fresh("orders")
    write(KafkaTopics(service="kafka", topics={name: 1}), fixtures(), scene)
    seed = KafkaTopics(service="kafka", topics={name: 3})
    assert write(seed, fixtures(), scene)["topics"].changed == 0
    seen = prove(seed, fixtures(), scene)["topics"]
    assert (seen.answer, seen.cause) == (Answer.BROKEN, "kafka.partition-count")
    assert seen.observed == f"{name} has 1 partitions, not 3"


def test_a_deleted_topic_is_named(scene: FakeScene, admin: KafkaAdminClient) -> None:
    here, gone = fresh("here"), fresh("gone")
    seed = KafkaTopics(service="kafka", topics={here: 1, gone: 1})
    write(seed, fixtures(), scene)
    admin.delete_topics([gone])
    seen = prove(seed, fixtures(), scene)["topics"]
    assert (seen.cause, seen.observed) == ("kafka.topic-missing", f"kafka has no topic {gone}")
    assert here in seen.evidence[0]


def test_every_event_is_there_once_keyed_by_its_user(
    scene: FakeScene, events: KafkaEvents, kafka_server: KafkaServer
) -> None:
    assert prove(events, fixtures(), scene)["events"].cause == "kafka.events-missing"
    assert str(write(events, fixtures(), scene)["events"]) == f"wrote {TOTAL} of {TOTAL} events"
    assert prove(events, fixtures(), scene)["events"].passed
    assert str(write(events, fixtures(), scene)["events"]) == f"unchanged ({TOTAL} events)"
    found = records(kafka_server, events.topic)
    assert len(found) == TOTAL
    assert all(record.key.decode() == json.loads(record.value)["user_id"] for record in found)
    partitions = {(record.key, record.partition) for record in found}
    assert len(partitions) == SHAPE["profiles"]["small"]["users"]


def test_a_stopped_seed_goes_on_where_it_was(scene: FakeScene, events: KafkaEvents) -> None:
    class Stopping(FakeScene):
        sending = False

        def pause(self, seconds: float) -> bool:
            return not self.sending

    stopping = Stopping(scene.target("kafka"))

    def stop_at(done: int, total: int, unit: str, note: str = "") -> None:
        stopping.sending = done >= 1000

    (unit,) = events.units(fixtures())
    with pytest.raises(Interrupted):
        unit.write(stopping, stop_at)
    again = unit.write(scene, silent)
    assert 0 < again.changed <= TOTAL
    assert prove(events, fixtures(), scene)["events"].passed


KILLED = """
import json, os, signal, sys
from tests.fakes.scene import FakeScene
from tests.seeds.given import fixtures
from envcheck.model.target import Connection, Endpoint, Target
from envcheck.seeds.kafka_events import KafkaEvents
port, topic = int(sys.argv[1]), sys.argv[2]
def killed(done, total, unit, note=""):
    if done >= 2000:
        os.kill(os.getpid(), signal.SIGKILL)
target = Target("kafka", {9092: Endpoint("127.0.0.1", port)}, Connection("kafka", 9092))
(unit,) = KafkaEvents(service="kafka", topic=topic, file="x").units(fixtures())
unit.write(FakeScene(target), killed)
"""


def test_a_killed_seed_is_completed_and_never_doubled(
    scene: FakeScene, events: KafkaEvents, kafka_server: KafkaServer
) -> None:
    argv = [sys.executable, "-W", "ignore", "-c", KILLED, str(kafka_server.port), events.topic]
    assert subprocess.run(argv, check=False, timeout=60).returncode == -9
    part = len(records(kafka_server, events.topic))
    assert part < TOTAL
    assert write(events, fixtures(), scene)["events"].changed == TOTAL - part
    assert len(records(kafka_server, events.topic)) == TOTAL
    assert prove(events, fixtures(), scene)["events"].passed


def test_events_of_others_count_for_nothing(
    scene: FakeScene, events: KafkaEvents, kafka_server: KafkaServer
) -> None:
    other = fixtures({**SHAPE, "seed": 6})
    producer = KafkaProducer(bootstrap_servers=f"127.0.0.1:{kafka_server.port}")
    for header in ([], [("envcheck-seed", b"")], [("envcheck-seed", b"x:1")], [("a", b"b")]):
        producer.send(events.topic, b"theirs", headers=header)
    producer.close()
    write(events, other, scene)
    assert prove(events, fixtures(), scene)["events"].observed.endswith(
        f"holds 0 of {TOTAL} seeded events"
    )
    assert write(events, fixtures(), scene)["events"].changed == TOTAL
    assert prove(events, other, scene)["events"].passed


def test_an_event_that_is_there_twice_is_told(
    scene: FakeScene, events: KafkaEvents, kafka_server: KafkaServer
) -> None:
    write(events, fixtures(), scene)
    one = records(kafka_server, events.topic)[0]
    producer = KafkaProducer(bootstrap_servers=f"127.0.0.1:{kafka_server.port}")
    producer.send(events.topic, one.value, one.key, headers=list(one.headers))
    producer.close()
    seen = prove(events, fixtures(), scene)["events"]
    assert (seen.answer, seen.cause) == (Answer.BROKEN, "kafka.events-doubled")


def test_a_missing_topic_is_named_and_not_created_by_looking(
    scene: FakeScene, admin: KafkaAdminClient
) -> None:
    seed = KafkaEvents(service="kafka", topic=fresh("nowhere"), file="x")
    assert prove(seed, fixtures(), scene)["events"].cause == "kafka.topic-missing"
    assert refusal(seed, fixtures(), scene).cause == "kafka.topic-missing"
    assert seed.topic not in admin.list_topics()


def test_both_deliveries_choose_the_same_partition(
    scene: FakeScene, events: KafkaEvents, kafka_server: KafkaServer
) -> None:
    pytest.importorskip("confluent_kafka", reason="the extra `fast` is not installed")
    from envcheck.seeds import kafka_delivery
    from envcheck.seeds.kafka_client import asked

    messages = [kafka_delivery.Message(b"user_%d" % n, b"{}", b"x:%d" % n) for n in range(50)]
    with asked(scene.target("kafka")) as settings:
        for sender in (kafka_delivery.by_kafka_python, kafka_delivery.by_librdkafka):
            assert sender(settings, events.topic, messages, lambda _sent: None) == 50
    assert len({(one.key, one.partition) for one in records(kafka_server, events.topic)}) == 50


# kafka-python leaves its sockets to the collector when it cannot bootstrap
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_broker_that_is_gone_or_silent_is_said_so_at_once(kafka_server: KafkaServer) -> None:
    scene = FakeScene(kafka_server.target)
    seed = KafkaTopics(service="kafka", topics={"a": 1})
    kafka_server.freeze()
    try:
        seen = prove(seed, fixtures(), scene)["topics"]
        assert (seen.answer, seen.cause) == (Answer.NOT_YET, "kafka.no-answer")
    finally:
        kafka_server.thaw()
        gc.collect()
    kafka_server.stop()
    try:
        assert refusal(seed, fixtures(), scene).cause == "network.refused"
    finally:
        kafka_server.start()
