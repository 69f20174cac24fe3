"""Sample interactions as events on a topic, each exactly once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from envcheck.errors import Interrupted
from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, broken, not_yet, passed
from envcheck.model.seed import Fixtures, Progress, Seeded, SeedFailed, SeedUnit
from envcheck.seeds.generator.interactions import event
from envcheck.seeds.generator.parquet import history
from envcheck.seeds.generator.shape import Profile
from envcheck.seeds.kafka_client import asked
from envcheck.seeds.kafka_delivery import Message, deliver
from envcheck.seeds.kafka_marks import Marks, read_marks
from envcheck.seeds.reading import absent, answered
from envcheck.seeds.sample_data import sized

EVENTS_PER_SECOND = 10_000  # a third of what kafka-python reads on a slow machine


@dataclass(frozen=True)
class Batch:
    """All events of one seed: event ``i`` carries the mark ``fingerprint:i``."""

    tenant: str
    seed: int
    size: Profile

    @property
    def fingerprint(self) -> str:
        told = json.dumps([self.tenant, self.seed, self.size.model_dump()], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def total(self) -> int:
        return self.size.interactions

    def messages(self, indices: Sequence[int]) -> Iterator[Message]:
        rows, fingerprint = history(self.seed, self.size), self.fingerprint
        for index in indices:
            value = {"tenant_id": self.tenant, **event(rows, index)}
            mark = f"{fingerprint}:{index}".encode()
            yield Message(value["user_id"].encode(), json.dumps(value).encode(), mark)


class KafkaEvents(Kind):
    """The interactions of a sample-data fixture as JSON events, keyed by user.

    What is on the topic already is counted by the mark each event carries, and only what is missing
    is sent: an interrupted seed goes on where it stopped, a second one sends nothing.
    """

    kind: ClassVar[str] = "kafka-events"
    service: str
    topic: str
    file: str

    def units(self, fixtures: Fixtures) -> Sequence[SeedUnit]:
        batch = self._batch(fixtures)

        def write(scene: Scene, progress: Progress) -> Seeded:
            return self._write(scene, progress, batch)

        return [SeedUnit("events", self.service, write, self._expected(batch), self.kind)]

    def proof(self, fixtures: Fixtures) -> Sequence[Check]:
        batch = self._batch(fixtures)

        def look(scene: Scene) -> Observation:
            return self._look(scene, batch)

        return [
            Check(
                "events",
                self.service,
                Level.CONTENT,
                answered(look),
                self._expected(batch),
                self.kind,
                timeout=3.0 + batch.total / EVENTS_PER_SECOND,
            )
        ]

    def missing(self, fixtures: Fixtures) -> Sequence[str]:
        return absent(fixtures, self.file)

    def _batch(self, fixtures: Fixtures) -> Batch:
        shape, size = sized(fixtures, self.file)
        return Batch(shape.tenant, shape.seed, size)

    def _expected(self, batch: Batch) -> str:
        return f"{batch.total} seeded events on {self.topic}"

    def _read(self, scene: Scene, batch: Batch) -> Marks:
        target = scene.target(self.service)
        budget = 3.0 + batch.total / EVENTS_PER_SECOND
        return read_marks(scene, target, self.topic, batch, budget)

    def _write(self, scene: Scene, progress: Progress, batch: Batch) -> Seeded:
        seen = self._read(scene, batch).seen
        gone = [index for index in range(batch.total) if index not in seen]
        if gone:
            self._send(scene, progress, batch, gone)
        progress(batch.total, batch.total, "events")
        return Seeded(len(gone), batch.total, "events")

    def _send(self, scene: Scene, progress: Progress, batch: Batch, gone: Sequence[int]) -> None:
        def tick(sent: int) -> None:
            progress(batch.total - len(gone) + sent, batch.total, "events")
            if not scene.pause(0):
                raise Interrupted

        with asked(scene.target(self.service)) as settings:
            delivered = deliver(settings, self.topic, batch.messages(gone), tick)
        if delivered < len(gone):
            raise SeedFailed(
                not_yet(
                    f"{self.service} acknowledged {delivered} of {len(gone)} events",
                    cause="kafka.undelivered",
                    fix="run `envcheck seed` again: it sends only what is missing",
                )
            )

    def _look(self, scene: Scene, batch: Batch) -> Observation:
        marks = self._read(scene, batch)
        if len(marks.seen) < batch.total:
            return broken(
                f"{self.topic} holds {len(marks.seen)} of {batch.total} seeded events",
                cause="kafka.events-missing",
                fix="run `envcheck seed`, which sends only what is missing",
            )
        if marks.doubled:
            return broken(
                f"{self.topic} holds {marks.doubled} seeded events more than once",
                cause="kafka.events-doubled",
                fix="delete the topic and run `envcheck seed` again",
            )
        return passed(f"{batch.total} seeded events on {self.topic}, each once")
