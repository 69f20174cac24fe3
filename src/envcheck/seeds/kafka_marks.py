"""Which of our events a topic holds, read by assignment: no group, no committed offset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from envcheck.errors import Interrupted
from envcheck.model.check import Scene
from envcheck.model.outcome import Observation, not_yet
from envcheck.model.seed import SeedFailed
from envcheck.model.target import Target
from envcheck.seeds.kafka_client import asked, topic_missing

HEADER = "envcheck-seed"


class Wanted(Protocol):
    """Whose marks are looked for, and how many there should be."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def total(self) -> int: ...


@dataclass
class Marks:
    """The indices seen, and how many events were there more than once."""

    seen: set[int] = field(default_factory=set)
    doubled: int = 0

    def add(self, fingerprint: str, headers: Iterable[tuple[str, bytes | None]]) -> None:
        for name, value in headers:
            if name != HEADER or value is None:
                continue
            whose, _, index = value.partition(b":")
            if whose == fingerprint.encode() and index.isdigit():
                self.doubled += int(index) in self.seen
                self.seen.add(int(index))


def read_marks(scene: Scene, target: Target, topic: str, batch: Wanted, budget: float) -> Marks:
    """Read the topic from its beginning to its end. Raises SeedFailed, also when ``budget`` seconds
    did not show every event: who sends then, sends twice."""
    with asked(target) as settings:
        from kafka import KafkaConsumer

        consumer = KafkaConsumer(
            **settings,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            fetch_max_wait_ms=20,
            max_partition_fetch_bytes=8 * 1024 * 1024,
            max_poll_records=5000,
        )
        try:
            assigned = _assign(consumer, target, topic)
            return _read(scene, consumer, assigned, batch, scene.now() + budget)
        finally:
            consumer.close(autocommit=False)


def _assign(consumer: Any, target: Target, topic: str) -> Sequence[Any]:
    from kafka import TopicPartition

    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise SeedFailed(topic_missing(target, [topic], dict.fromkeys(consumer.topics(), 0)))
    assigned = [TopicPartition(topic, number) for number in sorted(numbers)]
    consumer.assign(assigned)
    consumer.seek_to_beginning()
    return assigned


def _read(
    scene: Scene, consumer: Any, assigned: Sequence[Any], batch: Wanted, deadline: float
) -> Marks:
    marks = Marks()
    while not _at_end(consumer, assigned):
        for records in consumer.poll(timeout_ms=100).values():
            for record in records:
                marks.add(batch.fingerprint, record.headers)
        if not scene.pause(0):
            raise Interrupted
        if scene.now() > deadline:
            if len(marks.seen) < batch.total:
                raise SeedFailed(_too_slow(assigned[0].topic, len(marks.seen), batch.total))
            break  # all ours are there; what others wrote since need not be read
    return marks


def _at_end(consumer: Any, assigned: Sequence[Any]) -> bool:
    """By the high watermark each fetch brings along. The broker of the embedded runtime answers end
    offsets that lack the last batch; its high watermarks are right."""
    for partition in assigned:
        mark = consumer.highwater(partition)
        if mark is None or consumer.position(partition) < mark:
            return False
    return True


def _too_slow(topic: str, seen: int, total: int) -> Observation:
    return not_yet(
        f"read {seen} of {total} seeded events, then time was up before the end of {topic}",
        cause="kafka.slow",
        fix="see what keeps the broker busy; with millions of other events, use a topic of its own",
    )
