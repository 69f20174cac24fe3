"""Topics: those that are missing are created; none is ever changed or deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, broken, passed
from envcheck.model.seed import Fixtures, Progress, Seeded, SeedFailed, SeedUnit
from envcheck.seeds.kafka_client import administered, partitions, topic_missing
from envcheck.seeds.reading import answered

ALREADY_THERE = 36  # Kafka's TOPIC_ALREADY_EXISTS: somebody was quicker


class KafkaTopics(Kind):
    """Topics and their number of partitions. An existing topic is left as it is, even when its
    number differs: verification then says so."""

    kind: ClassVar[str] = "kafka-topics"
    service: str
    topics: dict[str, int]
    replication: int = 1

    def units(self, fixtures: Fixtures) -> Sequence[SeedUnit]:  # noqa: ARG002 (the kind's shape)
        expected = f"{len(self.topics)} topics"
        return [SeedUnit("topics", self.service, self._write, expected, self.kind)]

    def proof(self, fixtures: Fixtures) -> Sequence[Check]:  # noqa: ARG002
        expected = ", ".join(f"{name} ({count})" for name, count in self.topics.items())
        look = answered(self._look)
        return [Check("topics", self.service, Level.OBJECT, look, expected, self.kind)]

    def missing(self, fixtures: Fixtures) -> Sequence[str]:  # noqa: ARG002
        return []

    def _write(self, scene: Scene, progress: Progress) -> Seeded:
        total = len(self.topics)
        with administered(scene.target(self.service)) as admin:
            there = partitions(admin)
            gone = {name: count for name, count in self.topics.items() if name not in there}
            progress(total - len(gone), total, "topics")
            if gone:
                self._create(admin, gone)
                progress(total, total, "topics")
        return Seeded(len(gone), total, "topics")

    def _create(self, admin: Any, topics: Mapping[str, int]) -> None:
        wanted = {
            name: {"num_partitions": count, "replication_factor": self.replication}
            for name, count in topics.items()
        }
        answer = admin.create_topics(wanted, timeout_ms=5000, raise_errors=False)
        for topic in answer["topics"]:
            if topic["error_code"] not in (0, ALREADY_THERE):
                raise SeedFailed(self._refused(topic))
        admin.wait_for_topics(list(topics), timeout_ms=5000)  # until each partition has a leader

    def _refused(self, topic: Mapping[str, Any]) -> Observation:
        said = topic.get("error_message") or "no reason given"
        return broken(
            f"{self.service} does not create {topic['name']}: error {topic['error_code']}, {said}",
            cause="kafka.topic-refused",
            fix="correct the number of partitions or the replication of this topic",
        )

    def _look(self, scene: Scene) -> Observation:
        target = scene.target(self.service)
        with administered(target) as admin:
            there = partitions(admin)
        gone = [name for name in self.topics if name not in there]
        if gone:
            return topic_missing(target, gone, there)
        other = [name for name, count in self.topics.items() if there[name] != count]
        if other:
            return self._other_count(other, there)
        return passed(f"{len(self.topics)} topics with {sum(self.topics.values())} partitions")

    def _other_count(self, names: Sequence[str], there: Mapping[str, int]) -> Observation:
        said = (f"{name} has {there[name]} partitions, not {self.topics[name]}" for name in names)
        return broken(
            "; ".join(said),
            cause="kafka.partition-count",
            fix="delete the topic and run `envcheck seed` (its messages are lost), or declare "
            "the number it has; an existing topic is never changed",
        )
