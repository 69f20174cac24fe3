"""The kind ``kafka`` against a real broker: right passes, each wrong is named."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envcheck.checks.kafka import Kafka
from envcheck.checks.kafka_cluster import Cluster, Partition, Topic, cluster
from envcheck.checks.kafka_records import read, refusal, write
from envcheck.checks.kafka_topics import leaders
from envcheck.checks.kafka_wire import Talk
from envcheck.model.outcome import Answer
from envcheck.model.target import Connection, Endpoint, Target
from tests.checks import half_started
from tests.checks.asking import ask, ask_all, explains, first_wrong
from tests.fakes.scene import FakeScene
from tests.servers import KafkaServer, free_port

pytestmark = pytest.mark.real


class World:
    """Topics of this test's own on the session's broker."""

    def __init__(self, server: KafkaServer) -> None:
        self.server = server
        self.prefix = f"t{uuid.uuid4().hex[:8]}"
        self.scene = FakeScene(server.target)

    def topic(self, name: str, partitions: int = 1) -> str:
        from kafka.admin import KafkaAdminClient

        full = f"{self.prefix}_{name}"
        address = f"127.0.0.1:{self.server.port}"
        with closing(KafkaAdminClient(bootstrap_servers=address)) as admin:
            admin.create_topics({full: {"num_partitions": partitions, "replication_factor": 1}})
        return full

    def talk(self) -> Talk:
        return Talk(Endpoint("127.0.0.1", self.server.port))


@pytest.fixture
def world(kafka_server: KafkaServer) -> World:
    return World(kafka_server)


def kafka(**fields: Any) -> Kafka:
    return Kafka.model_validate({"service": "kafka", **fields})


def test_a_broker_as_declared_passes_everything(world: World) -> None:
    six, one = world.topic("six", 6), world.topic("one")
    kind = kafka(**{"topics": {six: 6, one: 1}, "round-trip": one})
    seen = ask_all(kind, world.scene)
    assert [name for name, one in seen.items() if not one.passed] == []
    assert set(seen) == {"port", "brokers", "advertised-address", "leaders", "topics", "round-trip"}


def test_a_topic_that_is_missing_is_named_with_the_nearest(world: World) -> None:
    there = world.topic("orders")
    wanted = there[:-1]
    seen = first_wrong(kafka(topics={wanted: 1}), world.scene)
    explains(seen)
    assert (seen.cause, seen.answer) == ("kafka.topic-missing", Answer.NOT_YET)
    assert wanted in seen.observed
    assert f"the nearest there is {there}" in seen.evidence[0]


def test_asking_for_a_topic_does_not_create_it(world: World) -> None:
    name = f"{world.prefix}_never"
    for kind in (kafka(topics={name: 1}), kafka(**{"round-trip": name})):
        assert first_wrong(kind, world.scene).cause == "kafka.topic-missing"
    with world.talk() as talk:
        assert name not in cluster(talk).topics


@pytest.mark.parametrize(("there", "wanted", "fix"), [(1, 6, "--alter"), (6, 3, "recreate")])
def test_other_partitions_than_declared_will_not_mend_themselves(
    world: World, there: int, wanted: int, fix: str
) -> None:
    topic = world.topic("parts", there)
    seen = first_wrong(kafka(topics={topic: wanted}), world.scene)
    explains(seen)
    assert (seen.cause, seen.answer) == ("kafka.partition-count", Answer.BROKEN)
    assert (seen.expected, fix in seen.fix) == (f"{wanted} partitions", True)


def test_other_replicas_than_declared_are_named(world: World) -> None:
    topic = world.topic("replicas")
    seen = first_wrong(kafka(topics={topic: {"replication": 3}}), world.scene)
    assert seen.cause == "kafka.replication-factor"


def test_brokers_that_are_away_are_counted(world: World) -> None:
    seen = first_wrong(kafka(brokers=3), world.scene)
    explains(seen)
    assert seen.cause == "kafka.brokers-missing"
    assert seen.observed.startswith("1 of 3 brokers")


@contextmanager
def advertising(folder: Path, address: str) -> Iterator[KafkaServer]:
    class Elsewhere(KafkaServer):
        def argv(self) -> list[str]:
            return [*super().argv()[:-1], f"tcp://{address}"]

    server = Elsewhere(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("host", ["kafka.invalid:29092", "127.0.0.1:{closed}"])
def test_an_advertised_address_out_of_reach_is_named(tmp_path: Path, host: str) -> None:
    address = host.format(closed=free_port())
    with advertising(tmp_path, address) as server:
        scene = FakeScene(server.target)
        seen = first_wrong(kafka(), scene)
        explains(seen)
        assert (seen.cause, seen.answer) == ("kafka.advertised-address", Answer.BROKEN)
        assert address in seen.observed
        assert ask(kafka(), scene, "brokers").passed  # it does answer where it was asked
        unasked = kafka(advertised=False)
        assert all(check.look(scene).passed for check in unasked.checks())


def test_an_advertised_address_where_nobody_speaks_kafka_is_named(tmp_path: Path) -> None:
    with (
        half_started.speaks_http() as other,
        advertising(tmp_path, str(other)) as server,
    ):
        assert first_wrong(kafka(), FakeScene(server.target)).cause == "kafka.advertised-address"


def test_a_partition_without_a_leader_is_waited_for(world: World) -> None:
    brokers = {1: Endpoint("127.0.0.1", 9092)}
    topic = Topic("orders", False, [Partition(0, 1, 1), Partition(1, -1, 1), Partition(2, 9, 1)])
    with world.talk() as talk:
        seen = leaders({}, talk, Cluster("c", brokers, {"orders": topic}))
    explains(seen)
    assert (seen.cause, seen.answer) == ("kafka.no-leader", Answer.NOT_YET)
    assert "orders-1" in seen.observed


def test_a_round_trip_reads_its_own_message_between_others(world: World) -> None:
    topic = world.topic("trip")
    kind = kafka(**{"round-trip": topic})
    with world.talk() as talk:
        for number in range(3):
            write(talk, topic, 0, b"other", b"%d" % number)
    assert ask(kind, world.scene, "round-trip").passed
    assert ask(kind, world.scene, "round-trip").passed


def test_records_are_read_from_the_offset_asked_for(world: World) -> None:
    topic = world.topic("records", 2)
    with world.talk() as talk:
        offsets = [write(talk, topic, 1, b"k", b"%d" % number) for number in range(3)]
        records, then = read(talk, topic, {0: 0, 1: offsets[1]})
    assert [(record.partition, record.value) for record in records] == [(1, b"1"), (1, b"2")]
    assert then == {0: 0, 1: offsets[2] + 1}


@pytest.mark.parametrize(
    ("code", "cause", "answer"),
    [
        (3, "kafka.topic-missing", Answer.NOT_YET),
        (5, "kafka.no-leader", Answer.NOT_YET),
        (29, "kafka.denied", Answer.BROKEN),
        (38, "kafka.replication-factor", Answer.BROKEN),
        (999, "kafka.error", Answer.BROKEN),
    ],
)
def test_a_refusal_is_judged_by_its_number(code: int, cause: str, answer: Answer) -> None:
    seen = refusal(code, "could not write to t-0")
    explains(seen)
    assert (seen.cause, seen.answer) == (cause, answer)
    assert f"(Kafka error {code})" in seen.observed


@pytest.fixture
def consumer(world: World) -> Iterator[tuple[str, str, Callable[[], None]]]:
    """A topic with ten messages, a group that has read two of them, and how to end its member."""
    from kafka import KafkaConsumer, TopicPartition
    from kafka.structs import OffsetAndMetadata

    topic, group = world.topic("lagging"), f"{world.prefix}_readers"
    with world.talk() as talk:
        for number in range(10):
            write(talk, topic, 0, b"k", b"%d" % number)
    member = KafkaConsumer(
        bootstrap_servers=f"127.0.0.1:{world.server.port}", group_id=group, enable_auto_commit=False
    )
    member.assign([TopicPartition(topic, 0)])
    member.commit({TopicPartition(topic, 0): OffsetAndMetadata(2, "", -1)})
    with closing(member):
        yield topic, group, member.close


def test_a_group_that_falls_behind_is_counted(world: World, consumer: Any) -> None:
    topic, group, _ = consumer
    kind = kafka(groups={group: {"members": 0, "max-lag": 3}})
    seen = ask(kind, world.scene, f"lag of {group}")
    explains(seen)
    assert (seen.cause, seen.expected) == ("kafka.group-lag", "at most 3")
    assert f"{topic}-0" in seen.evidence[0]
    lax = kafka(groups={group: {"members": 0, "max-lag": 8}})
    assert ask(lax, world.scene, f"lag of {group}").passed


def test_lag_is_not_asked_where_end_offsets_cannot_be_believed(world: World) -> None:
    checks = kafka(groups={"g": {"max-lag": 3}}, topics={"t": {"config": {"a": "b"}}}).checks()
    assert {check.name: set(check.needs) for check in checks if check.needs} == {
        "lag of g": {"kafka.end-offsets"},
        "topic-config": {"kafka.topic-config"},
    }


def test_a_group_without_members_is_named_unless_declared_so(world: World) -> None:
    group = f"{world.prefix}_nobody"
    seen = ask(kafka(groups={group: {}}), world.scene, f"group {group}")
    explains(seen)
    assert (seen.cause, seen.answer) == ("kafka.no-members", Answer.NOT_YET)
    assert ask(kafka(groups={group: {"members": 0}}), world.scene, f"group {group}").passed


@pytest.mark.parametrize(
    ("port", "cause"),
    [
        (half_started.nothing_listens, "network.refused"),
        (half_started.says_nothing, "kafka.silent"),
        (half_started.hangs_up, "kafka.closed"),
        (lambda: half_started.replies(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "kafka.not-kafka"),
        (lambda: half_started.replies(b"\x00\x00\x00\x04\x00\x00\x00\x63"), "kafka.not-kafka"),
        (lambda: half_started.replies(b"\x00\x00\x00\x05\x00\x00\x00\x01\xff"), "kafka.not-kafka"),
    ],
)
def test_a_broker_that_is_half_there_is_rightly_named(
    port: Callable[[], AbstractContextManager[Endpoint]], cause: str
) -> None:
    with port() as endpoint:
        scene = FakeScene(Target("kafka", {9092: endpoint}, Connection("kafka", 9092)))
        for name in ("brokers", "leaders", "round-trip"):
            seen = ask(kafka(**{"round-trip": "t"}), scene, name)
            explains(seen)
            assert (seen.cause, seen.answer) == (cause, Answer.NOT_YET)


def test_a_frozen_broker_is_silent_and_well_again_after(world: World) -> None:
    world.server.freeze()
    try:
        assert first_wrong(kafka(), world.scene).cause == "kafka.silent"
    finally:
        world.server.thaw()
    assert first_wrong_or_none(kafka(), world.scene) is None


def first_wrong_or_none(kind: Kafka, scene: FakeScene) -> object:
    return next((seen for seen in ask_all(kind, scene).values() if not seen.passed), None)


def test_a_broker_without_logins_refuses_ours(world: World) -> None:
    login = Connection("kafka", 9092, "ada", "secret-word", options={"mechanism": "PLAIN"})
    scene = FakeScene(replace(world.server.target, connection=login))
    seen = ask(kafka(), scene, "brokers")
    explains(seen)
    assert "secret-word" not in str(seen)


def test_the_whole_kind_costs_little(world: World) -> None:
    """Not a timed assertion: it prints what the bench records, and guards against a hang."""
    topic = world.topic("quick", 6)
    kind = kafka(**{"topics": {topic: 6}, "round-trip": topic})
    ask_all(kind, world.scene)
    started = time.monotonic()
    ask_all(kind, world.scene)
    print(f"kafka kind, warm: {(time.monotonic() - started) * 1000:.0f} ms")
